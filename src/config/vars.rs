//! Variables in texts: `{{name}}` from `[vars]`, and `${NAME}` from the caller's environment where that is allowed.
//!
//! One pass from left to right: what a value holds is never expanded again.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Replaces `{{name}}` by what `vars` holds; `{{{{` stands for `{{`. The error completes "this text …".
pub(super) fn expand(text: &str, vars: &BTreeMap<String, String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("{{") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        if let Some(after) = rest.strip_prefix("{{") {
            out.push_str("{{");
            rest = after;
            continue;
        }
        let end = rest.find("}}").ok_or("has `{{` without `}}`")?;
        let name = rest[..end].trim();
        let value =
            vars.get(name).ok_or_else(|| format!("uses the unknown variable `{}`", name.escape_default()))?;
        out.push_str(value);
        rest = &rest[end + 2..];
    }
    out.push_str(rest);
    Ok(out)
}

/// Replaces `${NAME}` and `${NAME:-default}` by the caller's environment; `$${` stands for `${`.
pub(super) fn expand_env(text: &str, env: &dyn Fn(&str) -> Option<OsString>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        if let Some(before) = rest[..at].strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &rest[at + 2..];
            continue;
        }
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let end = rest.find('}').ok_or("has `${` without `}`")?;
        let (name, default) =
            rest[..end].split_once(":-").map_or((&rest[..end], None), |(n, d)| (n, Some(d)));
        let value = env(name).filter(|v| !v.is_empty()).map(OsString::into_string);
        match (value, default) {
            (Some(Ok(value)), _) => out.push_str(&value),
            (Some(Err(_)), _) => return Err(format!("uses `${{{name}}}`, whose value is not UTF-8")),
            (None, Some(default)) => out.push_str(default),
            (None, None) => return Err(format!("uses `${{{}}}`, which is not set", name.escape_default())),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vars() -> BTreeMap<String, String> {
        BTreeMap::from([("a".into(), "1".into()), ("b".into(), "{{a}}".into())])
    }

    #[test]
    fn names_are_replaced_once() {
        assert_eq!(expand("x{{a}}y{{ b }}z", &vars()), Ok("x1y{{a}}z".into()));
        assert_eq!(expand("{{{{a}}", &vars()), Ok("{{a}}".into()));
        assert!(expand("{{c}}", &vars()).is_err());
        assert!(expand("{{a", &vars()).is_err());
    }

    #[test]
    fn the_environment_is_asked() {
        let env = |name: &str| (name == "HOME").then(|| OsString::from("/h"));
        assert_eq!(expand_env("${HOME}/x $${HOME} ${NO:-d} $HOME", &env), Ok("/h/x ${HOME} d $HOME".into()));
        assert!(expand_env("${NO}", &env).is_err());
        assert!(expand_env("${HOME", &env).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[a{}$:\\-]{0,30}") {
            let _ = expand(&text, &vars());
            let _ = expand_env(&text, &|_| None);
        }
    }
}
