//! Makes a capture fit to be shared: home directories, user and host names, keys and tokens become placeholders of the
//! same shape, so that the layout of the screen stays what it was.
//!
//! Used by `swarm capture`. Best effort by nature: the caller shows the result before it leaves the machine.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// What is private on this machine.
#[derive(Debug, Clone, Default)]
pub struct Private {
    /// The home directory.
    pub home: Option<String>,
    /// The user's name.
    pub user: Option<String>,
    /// The host's name.
    pub host: Option<String>,
}

/// Keys and tokens by their shape. The first group, where there is one, is kept.
const SECRETS: [&str; 9] = [
    // Vendors' key prefixes.
    r"\b(?:sk|pk|rk)-[A-Za-z0-9_\-]{16,}",
    r"\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs]|npm|pypi|hf)[_\-][A-Za-z0-9_\-]{16,}",
    r"\bAIza[0-9A-Za-z_\-]{30,}",
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"\bya29\.[0-9A-Za-z_\-]{20,}",
    // JSON web tokens.
    r"\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}(?:\.[A-Za-z0-9_\-]*)?",
    // What is named as a secret.
    r#"(?i)((?:api[_-]?key|access[_-]?key|secret|token|password|passwd|authorization|bearer|client_id|code_challenge|state)["']?\s*[:=]\s*["']?(?:bearer\s+)?)[^\s"'&│┃]{6,}"#,
    r"(?i)(\bbearer\s+)[A-Za-z0-9._\-]{12,}",
    // Credentials in URLs.
    r"(://)[^/\s:@]+:[^/\s@]+@",
];

static COMPILED: LazyLock<Vec<Regex>> =
    LazyLock::new(|| SECRETS.iter().filter_map(|p| Regex::new(p).ok()).collect());

static EMAIL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(://)?\b[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}\b").ok());

static HOMES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(/home/|/Users/)([A-Za-z0-9._\-]+)").ok());

/// `text` without what is private. Every replacement has as many characters as what it replaces, so that columns stay.
pub fn redact(text: &str, private: &Private) -> String {
    let mut out = text.to_owned();
    for re in COMPILED.iter() {
        out = re
            .replace_all(&out, |c: &Captures<'_>| {
                let whole = c.get(0).map_or("", |m| m.as_str());
                let kept = c.get(1).map_or("", |m| m.as_str());
                let rest = whole.chars().count() - kept.chars().count();
                // The `@` of a URL stays, so that it is still one.
                let tail = if whole.ends_with('@') { "@" } else { "" };
                format!("{kept}{}{tail}", "x".repeat(rest - tail.len()))
            })
            .into_owned();
    }
    if let Some(re) = EMAIL.as_ref() {
        // After `://` it is a URL whose credentials are gone already.
        out = re
            .replace_all(&out, |c: &Captures<'_>| match c.get(1) {
                Some(_) => c[0].to_owned(),
                None => same_length("someone@example.com", &c[0]),
            })
            .into_owned();
    }
    for name in [&private.home, &private.user, &private.host].into_iter().flatten() {
        let name = name.trim_end_matches('/');
        if name.len() < 3 {
            continue;
        }
        let stand_in = if name.starts_with('/') { "/home/user" } else { "user" };
        out = replace_word(&out, name, &same_length(stand_in, name));
    }
    if let Some(re) = HOMES.as_ref() {
        out = re
            .replace_all(&out, |c: &Captures<'_>| format!("{}{}", &c[1], same_length("user", &c[2])))
            .into_owned();
    }
    out
}

/// [`redact`] for text with escape sequences, which may stand in the middle of a word: they are looked past and kept.
pub fn redact_styled(text: &str, private: &Private) -> String {
    let parts = parts(text);
    let plain: String = parts.iter().filter(|(escape, _)| !escape).map(|(_, part)| *part).collect();
    // As many characters as before: they are dealt out again between the sequences.
    let clean = redact(&plain, private);
    let mut clean = clean.chars();
    let mut out = String::with_capacity(text.len());
    for (escape, part) in parts {
        if escape {
            // A link's address is text, too.
            out.push_str(&redact(part, private));
        } else {
            out.extend(clean.by_ref().take(part.chars().count()));
        }
    }
    out
}

/// `text` cut into escape sequences (`true`) and what stands between them.
fn parts(text: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\x1b') {
        let (before, from) = rest.split_at(at);
        let (escape, after) = from.split_at(escape_len(from));
        parts.extend([(false, before), (true, escape)]);
        rest = after;
    }
    parts.push((false, rest));
    parts
}

/// How long the escape sequence is that `text` begins with.
fn escape_len(text: &str) -> usize {
    let after = |end: Option<usize>| end.unwrap_or(text.len());
    match text.as_bytes().get(1) {
        Some(b'[') => after(
            text.bytes().enumerate().skip(2).find(|(_, b)| (0x40..0x7f).contains(b)).map(|(i, _)| i + 1),
        ),
        Some(b']' | b'P' | b'_' | b'^' | b'X') => {
            let bell = text.find('\x07').map(|i| i + 1);
            let st = text.find("\x1b\\").map(|i| i + 2);
            after(bell.into_iter().chain(st).min())
        }
        Some(_) => after(text.char_indices().nth(2).map(|(i, _)| i)),
        None => text.len(),
    }
}

/// `stand_in`, cut or filled up to the length of `original`.
fn same_length(stand_in: &str, original: &str) -> String {
    stand_in.chars().chain(std::iter::repeat('x')).take(original.chars().count()).collect()
}

/// Replaces `from` where it is not part of a longer word.
fn replace_word(text: &str, from: &str, to: &str) -> String {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(from) {
        let (head, tail) = rest.split_at(at);
        let after = tail.get(from.len()..).unwrap_or_default();
        out.push_str(head);
        let left = head.chars().next_back().or(before);
        let inside = word(left) && word(from.chars().next())
            || word(after.chars().next()) && word(from.chars().next_back());
        out.push_str(if inside { from } else { to });
        before = from.chars().next_back();
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> Private {
        Private { home: Some("/home/alice".into()), user: Some("alice".into()), host: Some("box7".into()) }
    }

    #[test]
    fn what_is_private_goes_and_columns_stay() {
        let cases = [
            ("│ cwd: /home/alice/shop │", "│ cwd: /home/userx/shop │"),
            ("alice@box7:~$ malice box70", "userx@user:~$ malice box70"),
            ("key sk-ant-api03-abcdefghijklmnop end", "key xxxxxxxxxxxxxxxxxxxxxxxxxxxxx end"),
            ("OPENAI_API_KEY=abcdefgh123", "OPENAI_API_KEY=xxxxxxxxxxx"),
            ("Authorization: Bearer abc.def.ghi123", "Authorization: Bearer xxxxxxxxxxxxxx"),
            ("https://bob:hunter22@example.com/x", "https://xxxxxxxxxxxx@example.com/x"),
            ("mail bob@example.org now", "mail someone@example now"),
            ("/Users/carol/x", "/Users/userx/x"),
        ];
        for (text, wanted) in cases {
            let got = redact(text, &private());
            assert_eq!(got, wanted);
            assert_eq!(got.chars().count(), text.chars().count(), "{text}");
        }
    }

    #[test]
    fn ordinary_text_stays() {
        let text = "✻ Baked for 0s · done 8:53 PM\n────\n❯ \n  ⏸ manual mode on · esc to interrupt";
        assert_eq!(redact(text, &private()), text);
        assert_eq!(redact(text, &Private::default()), text);
    }

    #[test]
    fn escapes_hide_nothing_and_stay_where_they_were() {
        let text = "\x1b[1m/home/\x1b[32malice\x1b[0m/x \x1b]8;;file:///home/alice/y\x1b\\sk-ant-\x1b[1mapi03-abcdefghij\x1b[m end";
        let got = redact_styled(text, &private());
        assert_eq!(
            got,
            "\x1b[1m/home/\x1b[32muserx\x1b[0m/x \x1b]8;;file:///home/userx/y\x1b\\xxxxxxx\x1b[1mxxxxxxxxxxxxxxxx\x1b[m end"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_keeps_its_length_in_characters(text in "(\\PC|\x1b[\\[\\]Pm;\\\\]?|\x07|\n){0,80}") {
            proptest::prop_assert_eq!(redact_styled(&text, &private()).chars().count(), text.chars().count());
        }
    }
}
