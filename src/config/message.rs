//! Templates of messages: texts with a name in which `{agent}` and `{role}` stand for whoever gets the message.
//!
//! Pure: fills in, and says what cannot be filled in. Nothing else in a text is looked at.

use super::check;

/// What may stand in a template for its receiver.
pub const PLACEHOLDERS: [&str; 2] = ["agent", "role"];
/// The most bytes of a template.
const LONGEST: usize = 4096;
/// The most templates.
pub const MOST: usize = 64;

/// Whether `text` names its receiver.
pub fn names_receiver(text: &str) -> bool {
    words(text).any(|word| PLACEHOLDERS.contains(&word))
}

/// `text` for one receiver; the error is the placeholder that cannot be filled in.
pub fn fill(text: &str, agent: &str, role: Option<&str>) -> Result<String, &'static str> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    // In one pass: what is filled in is not looked at again.
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (value, length) = match () {
            () if rest.starts_with("{agent}") => (agent, "{agent}".len()),
            () if rest.starts_with("{role}") => (role.ok_or("role")?, "{role}".len()),
            () => ("{", 1),
        };
        out.push_str(value);
        rest = &rest[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether `text` may be a template. The error completes "this text …".
pub(super) fn check(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty".to_owned());
    }
    check::prose(text)?;
    match text.len() {
        0..=LONGEST => Ok(()),
        n => Err(format!("has {n} bytes: {LONGEST} is the limit of a template")),
    }
}

/// A word in braces that stands for nothing, where one was probably meant.
pub(super) fn stranger(text: &str) -> Option<&str> {
    words(text).find(|word| !PLACEHOLDERS.contains(word))
}

/// Every `{word}` of lower-case letters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let named = |part: &'_ str| part.find('}').map(|end| part[..end].len());
    text.split('{').skip(1).filter_map(move |part| {
        let word = &part[..named(part)?];
        (!word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_for_the_receiver_is_filled_in_once() {
        let filled = fill("{agent}, as {role}: {x} {", "api", Some("{agent}"));
        assert_eq!(filled.as_deref(), Ok("api, as {agent}: {x} {"));
        assert_eq!(fill("{role}", "api", None), Err("role"));
        assert_eq!(fill("{agent}", "api", None).as_deref(), Ok("api"));
    }

    #[test]
    fn only_what_looks_like_a_placeholder_is_one() {
        assert!(names_receiver("hello {agent}"));
        assert!(!names_receiver("{\"agent\": 1} {Agent} {agent"));
        assert_eq!(stranger("{agent} {rolle} {\"a\": {}}"), Some("rolle"));
        assert_eq!(stranger("{role}"), None);
        assert!(check(" \n").is_err() && check("a\x1bb").is_err() && check(&"x".repeat(4097)).is_err());
        assert!(check("two\nlines").is_ok());
    }
}
