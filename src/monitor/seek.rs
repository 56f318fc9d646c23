//! Finds a message in the text of a transcript or of a screen. Pure.
//!
//! A word with a nonce may be looked for anywhere. The person's own words hold nothing unique: they count only as one
//! whole prompt, and only behind the mark that was made before they were typed.

use jiff::Timestamp;
use serde_json::Value;

use super::submit::compare::squash;

/// How deep a record is searched.
const DEPTH_MAX: usize = 8;

/// Whether a text holds a needle, however it was wrapped.
pub(super) fn holds(text: &str, needle: &str) -> bool {
    count(text, needle) > 0
}

/// How often a text holds a needle. A terminal breaks lines where it likes: white space does not count.
pub(super) fn count(text: &str, needle: &str) -> usize {
    let tight = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
    let needle = tight(needle);
    if needle.is_empty() { 0 } else { tight(text).matches(needle.as_str()).count() }
}

/// How often the lines of a screen show this prompt, whole: from the beginning of a line, behind whatever the agent
/// draws there, to the end of one.
pub(super) fn prompts(screen: &str, wanted: &str) -> usize {
    let wanted = bare(wanted);
    if wanted.is_empty() {
        return 0;
    }
    let lines: Vec<String> = screen.lines().map(bare).collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
    starts.filter(|(n, _)| is_prompt(&lines[*n..], &wanted)).count()
}

fn is_prompt(lines: &[String], wanted: &str) -> bool {
    let mut rest = wanted;
    for (n, line) in lines.iter().enumerate() {
        // Behind the first line, what was taken off its ends may be of the text itself.
        let Some(left) = rest.strip_prefix(line.as_str()).or_else(|| (n > 0).then(|| behind(rest, line))?)
        else {
            return false;
        };
        if left.chars().all(|c| c.is_ascii_punctuation()) {
            return true;
        }
        rest = left;
    }
    false
}

/// What follows `line` in a text in which signs may stand before it.
fn behind<'a>(text: &'a str, line: &str) -> Option<&'a str> {
    let at = text.find(line)?;
    text[..at].chars().all(|c| c.is_ascii_punctuation()).then(|| &text[at + line.len()..])
}

/// A line without what is drawn around it, white space and signs at its ends.
fn bare(line: &str) -> String {
    squash(line).trim_matches(|c: char| c.is_ascii_punctuation()).to_owned()
}

/// Which lines of a transcript count.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since {
    /// All: the text begins at the mark.
    Start,
    /// Those that say that they were written later.
    Time(Timestamp),
}

/// The lines of a transcript that count.
pub(super) fn lines(text: &str, since: Since) -> impl Iterator<Item = &str> {
    text.lines().filter(move |line| match since {
        Since::Start => true,
        Since::Time(at) => written(line).is_some_and(|written| written >= at),
    })
}

fn written(line: &str) -> Option<Timestamp> {
    let record: Value = serde_json::from_str(line).ok()?;
    record.get("timestamp")?.as_str()?.parse().ok()
}

/// Whether a transcript holds this prompt, whole and said by the person.
pub(super) fn says(text: &str, since: Since, wanted: &str) -> bool {
    let wanted = said(wanted);
    if wanted.is_empty() {
        return false;
    }
    // aider's chat history: each line of the person's begins with `#### `.
    let mut block = String::new();
    for line in text.lines().chain([""]) {
        match line.strip_prefix("#### ") {
            Some(words) => block.push_str(words),
            None if !block.is_empty() && matches!(since, Since::Start) && squash(&block) == wanted => {
                return true;
            }
            None => block.clear(),
        }
    }
    let records = lines(text, since).filter_map(|line| serde_json::from_str::<Value>(line).ok());
    records.into_iter().any(|record| !is_the_agents(&record) && repeats(&record, &wanted, 0))
}

/// Whether the agent itself wrote a record: what it repeats of a prompt proves nothing.
fn is_the_agents(record: &Value) -> bool {
    let own = |v: Option<&Value>| {
        v.and_then(Value::as_str)
            .is_some_and(|w| matches!(w, "assistant" | "model" | "gemini" | "agent_message"))
    };
    let inner = record.get("message").or_else(|| record.get("payload"));
    own(record.get("type"))
        || own(record.get("role"))
        || own(inner.and_then(|i| i.get("role")))
        || own(inner.and_then(|i| i.get("type")))
}

fn repeats(value: &Value, wanted: &str, depth: usize) -> bool {
    match value {
        Value::String(text) => said(text) == wanted,
        Value::Array(list) if depth < DEPTH_MAX => list.iter().any(|v| repeats(v, wanted, depth + 1)),
        Value::Object(map) if depth < DEPTH_MAX => map.values().any(|v| repeats(v, wanted, depth + 1)),
        _ => false,
    }
}

/// A prompt without the tags that agents put around a paste.
fn said(text: &str) -> String {
    let mut text = text.trim();
    while let Some(inner) = text.strip_prefix('<').and_then(|t| t.split_once('>')).map(|(_, rest)| rest)
        && let Some(inner) = inner.strip_suffix('>').and_then(|t| t.rsplit_once("</")).map(|(rest, _)| rest)
    {
        text = inner.trim();
    }
    squash(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needles_are_found_across_line_ends() {
        let text = "> [swarm] 1 new (m:7F3\n  K00) — run";
        assert!(holds(text, "m:7F3K00"));
        assert!(!holds(text, "m:7F3K01") && !holds(text, ""));
        assert_eq!(count("m:7F3K00 m:7F3K00#2", "m:7F3K00"), 2);
    }

    #[test]
    fn only_a_whole_prompt_on_a_screen_is_one() {
        let screen = "❯ fix the tests and then\n  build it all\n\n● I fix the tests.\n\n│ > fix the tests │\n❯ fix the tests please\n";
        assert_eq!(prompts(screen, "fix the tests"), 1);
        assert_eq!(prompts(screen, "fix the tests and then build it all"), 1);
        assert_eq!(prompts(screen, "fix the tests please"), 1);
        assert_eq!(prompts(screen, "tests"), 0);
        assert_eq!(prompts(screen, "!"), 0);
        assert_eq!(prompts("> first\n  - second\n  third?\n", "first\n- second\nthird?"), 1);
    }

    #[test]
    fn only_the_persons_whole_prompt_in_a_transcript_is_one() {
        let line = |kind: &str, text: &str| {
            format!("{{\"type\":\"{kind}\",\"message\":{{\"content\":\"{text}\"}}}}\n")
        };
        let text = line("user", "fix the tests please") + &line("assistant", "fix the tests");
        assert!(!says(&text, Since::Start, "fix the tests"));
        assert!(says(&text, Since::Start, "fix the\ntests please"));
        let wrapped = line("user", "<pasted_content>\\nfix the tests\\n</pasted_content>");
        assert!(says(&wrapped, Since::Start, "fix the tests"));
        let aider = "#### fix the\n#### tests\n\n> done\n#### yes\n";
        assert!(says(aider, Since::Start, "fix the tests") && says(aider, Since::Start, "yes"));
        assert!(!says(aider, Since::Start, "fix the"));
    }

    #[test]
    fn what_does_not_say_when_it_was_written_is_older() {
        let at: Timestamp = "2026-01-01T12:00:00Z".parse().unwrap();
        let line = |time: &str| format!("{{\"timestamp\":\"{time}\",\"type\":\"user\",\"text\":\"yes\"}}\n");
        let says = |text: &str| says(text, Since::Time(at), "yes");
        assert!(says(&line("2026-01-01T12:00:01Z")) && !says(&line("2026-01-01T11:59:59Z")));
        assert!(!says("{\"type\":\"user\",\"text\":\"yes\"}\n") && !says("#### yes\n"));
    }
}
