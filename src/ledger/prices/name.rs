//! Which listed model a name in a transcript means.
//!
//! Only decorations that are known to leave the price alone are taken off, one by one, and each result must be listed
//! exactly. Never the longest substring: that prices `claude-opus-4-6[1m]` as `claude-opus-4`, three times too dear.

/// The vendor of the price lists that a provider's name in a transcript stands for; `None` for gateways and for names
/// the lists do not know.
pub(super) fn vendor(provider: &str) -> Option<&'static str> {
    Some(match provider {
        "anthropic" | "claude" => "anthropic",
        "openai" | "codex" | "azure" | "openai-chat-completions" => "openai",
        "gemini" | "google" | "google-gemini" | "google-vertex" | "vertex_ai" => "gemini",
        "mistral" | "mistralai" => "mistral",
        "xai" | "x-ai" | "grok" => "xai",
        "dashscope" | "alibaba" | "qwen" | "bailian" => "dashscope",
        "zai" | "z-ai" | "zhipuai" | "zhipu" => "zai",
        "moonshot" | "moonshotai" | "kimi" => "moonshot",
        "deepseek" => "deepseek",
        "minimax" => "minimax",
        _ => return None,
    })
}

/// `model` as it is, then with ever more decoration taken off; the second value is the vendor named by a prefix.
pub(super) fn candidates(model: &str) -> Vec<(String, Option<&'static str>)> {
    let mut out: Vec<(String, Option<&'static str>)> = Vec::with_capacity(6);
    let mut push = |name: &str, vendor: Option<&'static str>| {
        if !name.is_empty() && !out.iter().any(|(n, v)| n == name && *v == vendor) {
            out.push((name.to_owned(), vendor));
        }
    };
    let mut name = model.trim();
    push(name, None);
    let mut prefix = None;
    name = without_brackets(name);
    push(name, prefix);
    while let Some((provider, rest)) = name.split_once('/') {
        prefix = vendor(provider).or(prefix);
        name = rest;
        push(name, prefix);
    }
    if let Some(bedrock) = without_bedrock(name) {
        name = bedrock;
        prefix = Some("anthropic");
        push(name, prefix);
        // Only there is it a version of the packaging: `deepseek-chat-v3` is another model.
        push(without_date(name), prefix);
        name = without_version(name);
        push(name, prefix);
    }
    push(without_date(name), prefix);
    out
}

/// Without the `[1m]` that Claude Code appends for the large window.
fn without_brackets(name: &str) -> &str {
    match name.strip_suffix(']').and_then(|n| n.rsplit_once('[')) {
        Some((bare, _)) => bare,
        None => name,
    }
}

/// Without Bedrock's region and vendor: `us.anthropic.claude-…` and `anthropic.claude-…`.
fn without_bedrock(name: &str) -> Option<&str> {
    let regions = ["us.", "eu.", "apac.", "global.", "jp.", "au.", "us-gov."];
    let name = regions.iter().find_map(|r| name.strip_prefix(r)).unwrap_or(name);
    name.strip_prefix("anthropic.")
}

/// Without Bedrock's `-v1` or `-v1:0`.
fn without_version(name: &str) -> &str {
    let Some((bare, version)) = name.rsplit_once("-v") else { return name };
    let mut parts = version.split(':');
    let number = |p: Option<&str>| p.is_some_and(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
    let plausible = number(parts.next()) && parts.next().is_none_or(|p| number(Some(p)));
    if plausible && parts.next().is_none() { bare } else { name }
}

/// Without a snapshot date: `-YYYYMMDD`, `@YYYYMMDD` or `-YYYY-MM-DD`.
fn without_date(name: &str) -> &str {
    let bytes = name.as_bytes();
    let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
    if let Some(at) = bytes.len().checked_sub(9).filter(|at| *at > 0)
        && matches!(bytes[at], b'-' | b'@')
        && bytes[at + 1..].starts_with(b"20")
        && digits(&bytes[at + 1..])
    {
        return &name[..at];
    }
    if let Some(at) = bytes.len().checked_sub(11).filter(|at| *at > 0) {
        let tail = &bytes[at..];
        if tail[0] == b'-'
            && tail[5] == b'-'
            && tail[8] == b'-'
            && digits(&tail[1..5])
            && digits(&tail[6..8])
            && digits(&tail[9..])
        {
            return &name[..at];
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(model: &str) -> Vec<String> {
        candidates(model).into_iter().map(|(n, _)| n).collect()
    }

    #[test]
    fn decorations_come_off_one_by_one() {
        assert_eq!(names("claude-opus-5-5"), ["claude-opus-5-5"]);
        assert_eq!(names("claude-opus-4-6[1m]"), ["claude-opus-4-6[1m]", "claude-opus-4-6"]);
        assert!(names("claude-sonnet-4-5-20250929[1m]").contains(&"claude-sonnet-4-5".to_owned()));
        assert!(names("claude-opus-4-1@20250805").contains(&"claude-opus-4-1".to_owned()));
        assert!(names("us.anthropic.claude-opus-4-6-20260205-v1:0").contains(&"claude-opus-4-6".to_owned()));
        assert!(names("anthropic.claude-sonnet-5-v1").contains(&"claude-sonnet-5".to_owned()));
        assert!(names("gpt-5.5-2026-04-23").contains(&"gpt-5.5".to_owned()));
        assert_eq!(
            candidates("openrouter/anthropic/claude-opus-5").last().unwrap(),
            &("claude-opus-5".to_owned(), Some("anthropic"))
        );
    }

    #[test]
    fn nothing_else_comes_off() {
        assert_eq!(names("claude-opus-4-6-turbo"), ["claude-opus-4-6-turbo"]);
        assert_eq!(names("gpt-5.5-12345678"), ["gpt-5.5-12345678"]);
        assert_eq!(names("deepseek-v4"), ["deepseek-v4"]);
        assert_eq!(names("deepseek-chat-v3"), ["deepseek-chat-v3"]);
        assert_eq!(names("claude-opus-5-v1:0"), ["claude-opus-5-v1:0"]);
        assert_eq!(names(""), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn any_name_is_answered(name in "\\PC*") {
            candidates(&name);
        }
    }
}
