//! How a text is made safe for one agent's composer, and cut into pieces where its version wants that.
//!
//! Pure. Everything that differs between agents is data (`[submit]` of a profile).

use super::{Chunk, Profile};
use crate::delivery::{Change, MAX_TEXT, Why};

/// A text that can be pasted into the composer of one agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// What reaches the composer.
    pub text: String,
    /// What was changed to make it safe, sorted.
    pub changes: Vec<Change>,
}

impl Profile {
    /// Makes `text` safe for this agent's composer, or says why that cannot be done.
    ///
    /// - CR and CRLF become LF; every other control character (the one that would end a bracketed paste first of all)
    ///   and every mark that reorders text is taken out; tabs become spaces where the profile says so.
    /// - White space at the ends is taken off: composers drop some of it, and nobody could tell how much.
    /// - A first character that means a command, and a text that is nothing but a key which acts at once, get the
    ///   profile's `lead`; a last character that keeps Enter from submitting gets its `tail`.
    pub fn compose(&self, text: &str) -> Result<Composed, Why> {
        if self.rules().composer.is_empty() {
            return Err(Why::Unsupported);
        }
        // Nothing below can shorten a text of this size to one that fits.
        if text.len() > 4 * MAX_TEXT {
            return Err(Why::TooLong);
        }
        let data = &self.data().submit;
        let mut changes = Vec::new();
        let mut changed = |to: Change, from: &str, into: String| {
            if from != into {
                changes.push(to);
            }
            into
        };
        let clean = changed(Change::LineEnds, text, text.replace("\r\n", "\n").replace('\r', "\n"));
        let kept =
            clean.chars().filter(|c| matches!(c, '\n' | '\t') || !crate::text::is_hostile(*c)).collect();
        let clean = changed(Change::Controls, &clean, kept);
        let spaced = match data.tab_spaces {
            0 => clean.clone(),
            n => clean.replace('\t', &" ".repeat(n)),
        };
        let clean = changed(Change::Tabs, &clean, spaced);
        let trimmed = clean.trim().to_owned();
        let clean = changed(Change::Ends, &clean, trimmed);
        if clean.is_empty() {
            return Err(Why::Empty);
        }
        let special = data.special_first.iter().any(|s| !s.is_empty() && clean.starts_with(s.as_str()))
            || clean.chars().all(|c| c.is_ascii_digit())
            || self.dangerous_keys().contains(&clean);
        let lead = if special { data.lead.as_str() } else { "" };
        let clean = changed(Change::Lead, &clean, format!("{lead}{clean}"));
        let stuck = data.special_last.iter().any(|s| !s.is_empty() && clean.ends_with(s.as_str()));
        let tail = if stuck { data.tail.as_str() } else { "" };
        let text = changed(Change::Tail, &clean, format!("{clean}{tail}"));
        if text.len() > MAX_TEXT {
            return Err(Why::TooLong);
        }
        changes.sort_unstable();
        Ok(Composed { text, changes })
    }
}

impl Chunk {
    /// Cuts `text` into pieces that are pasted one after the other and together are the text.
    ///
    /// No piece ends or begins with white space where that can be helped: composers trim what is pasted. So a cut goes
    /// through the middle of a line, and only where lines are too short for that a piece begins with its line feed.
    pub fn pieces(self, text: &str) -> Vec<String> {
        let (max_lines, max_chars) = (self.lines.max(1), self.chars.max(1));
        let chars: Vec<char> = text.chars().collect();
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < chars.len() {
            let limit = limit(&chars, start, max_lines, max_chars);
            let end = if limit == chars.len() { limit } else { cut(&chars, start, limit) };
            pieces.push(chars[start..end].iter().collect());
            start = end;
        }
        pieces
    }
}

/// The farthest end of a piece that begins at `start`: at most so many characters, and so many line feeds with text
/// behind them.
fn limit(chars: &[char], start: usize, max_lines: usize, max_chars: usize) -> usize {
    let mut feeds = 0;
    for (n, c) in chars[start..].iter().enumerate() {
        if n == max_chars {
            return start + n;
        }
        // A line feed at the very start opens no line of this piece's own.
        feeds += usize::from(*c == '\n' && n > 0);
        if feeds == max_lines {
            return start + n;
        }
    }
    chars.len()
}

/// The last place in `start + 1 ..= limit` between two characters that are not white space; else the last one that is not
/// behind a line feed; else the limit.
fn cut(chars: &[char], start: usize, limit: usize) -> usize {
    let solid = |at: usize| !chars[at - 1].is_whitespace() && !chars[at].is_whitespace();
    let whole = |at: usize| !joins(chars[at]) && !joins(chars[at - 1]);
    let from = start + (limit - start) / 2;
    (from.max(start + 1)..=limit)
        .rev()
        .find(|&at| solid(at) && whole(at))
        .or_else(|| (start + 1..=limit).rev().find(|&at| chars[at - 1] != '\n' && whole(at)))
        .unwrap_or(limit)
}

/// Characters that belong to the one before or after them: a cut there would tear one that is seen as a unit.
fn joins(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{1f1e6}'..='\u{1f1ff}')
        || unicode_width::UnicodeWidthChar::width(c) == Some(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::agent::Profiles;

    fn claude() -> std::sync::Arc<Profile> {
        Profiles::builtin().get("claude").unwrap().clone()
    }

    fn composed(text: &str) -> (String, Vec<Change>) {
        let composed = claude().compose(text).unwrap();
        (composed.text, composed.changes)
    }

    #[test]
    fn an_ordinary_text_stays_as_it_is() {
        assert_eq!(
            composed("Fix the build;\n  then test ü"),
            ("Fix the build;\n  then test ü".into(), vec![])
        );
    }

    #[test]
    fn control_bytes_and_the_end_of_a_paste_are_taken_out() {
        let (text, changes) = composed("a\x1b[201~\x03b\r\nc\td\u{202e}");
        assert_eq!(text, "a[201~b\nc    d");
        assert_eq!(changes, [Change::LineEnds, Change::Controls, Change::Tabs]);
    }

    #[test]
    fn what_would_be_a_command_or_a_key_becomes_a_message() {
        for text in ["/exit", "!rm -rf x", "#memory", "@file", "&x", "1", "42"] {
            let (made, changes) = composed(text);
            assert_eq!((made, changes), (format!("Message: {text}"), vec![Change::Lead]));
        }
        assert_eq!(composed("- a list"), ("- a list".into(), vec![]));
        assert_eq!(composed(r"C:\dir\").0, r"C:\dir\ .");
    }

    #[test]
    fn what_cannot_be_sent_is_refused_with_a_reason() {
        assert_eq!(claude().compose(" \n\x07\t "), Err(Why::Empty));
        assert_eq!(claude().compose(&"x".repeat(MAX_TEXT + 1)), Err(Why::TooLong));
        assert_eq!(claude().compose(&"x".repeat(MAX_TEXT)).unwrap().text.len(), MAX_TEXT);
        let shell = Profiles::builtin().get("shell").unwrap().clone();
        assert_eq!(shell.compose("ls"), Err(Why::Unsupported));
    }

    #[test]
    fn pieces_are_cut_inside_lines() {
        let chunk = Chunk { lines: 2, chars: 700, gap_ms: 0 };
        let pieces = chunk.pieces("first line\nsecond line\nthird line\nfourth");
        assert_eq!(pieces.concat(), "first line\nsecond line\nthird line\nfourth");
        assert!(pieces.iter().all(|p| p.trim() == p && p.lines().count() <= 2), "{pieces:?}");
        assert_eq!(chunk.pieces("one\ntwo"), ["one\ntwo"]);
    }

    proptest! {
        #[test]
        fn pieces_are_small_and_together_the_text(
            text in "([a-zé👩‍💻 ]{0,12}\n?){0,40}", lines in 1..4_usize, chars in 1..40_usize,
        ) {
            let pieces = Chunk { lines, chars, gap_ms: 0 }.pieces(&text);
            prop_assert_eq!(pieces.concat(), text);
            for piece in pieces {
                prop_assert!(!piece.is_empty() && piece.chars().count() <= chars);
                prop_assert!(piece.chars().skip(1).filter(|c| *c == '\n').count() <= lines, "{:?}", piece);
            }
        }

        #[test]
        fn a_composed_text_holds_nothing_that_acts(text in any::<String>()) {
            if let Ok(Composed { text: made, changes }) = claude().compose(&text) {
                prop_assert!(!made.chars().any(|c| c != '\n' && crate::text::is_hostile(c)));
                prop_assert_eq!(made.trim(), made.as_str());
                prop_assert!(!made.starts_with(['/', '!', '#', '@', '&']) && !made.ends_with('\\'));
                prop_assert_eq!(changes.is_empty(), made == text);
                // Making it safe again changes nothing.
                prop_assert_eq!(claude().compose(&made).unwrap().text, made);
            }
        }
    }
}
