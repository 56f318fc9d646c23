//! Compares what a screen, a hook or a transcript shows with the text that was sent. Pure.
//!
//! Composers wrap, indent, frame and trim; terminals lose marks that have no width. So only letters, digits and ASCII
//! punctuation are compared, in their order.

use regex::Regex;
use unicode_width::UnicodeWidthChar;

use crate::handoff::wording;
use crate::observe::screen::{Composer, Screen};

use super::machine::Draft;

/// How many characters of the end of a text are looked for on the screen.
const TAIL: usize = 40;
/// An end that is shorter than this is found by chance.
const TAIL_MIN: usize = 6;
/// What is enough of the beginning of a text to know it by in a hook or a transcript.
const HEAD: usize = 400;
/// What makes a command of a text that begins with it, somewhere.
const COMMANDS: &[char] = &['/', '!', '#', '@', '&', '?', '$', ':'];
/// What composers that are not known better show instead of a long paste.
const MARKER: &str = r"(?i)\[past(?:e|ed)\b";

/// The text that was sent, as it is looked for.
#[derive(Debug)]
pub(super) struct Ours {
    text: String,
    tail: Option<String>,
    nonce: Option<String>,
    marker: Option<Regex>,
    /// How many marks our own pastes may leave.
    pub(super) marks: usize,
}

impl Ours {
    /// `marker` is the profile's own expression for the beginning of a paste's mark.
    pub(super) fn new(text: &str, nonce: Option<&str>, marker: Option<&str>) -> Self {
        let text = squash(text);
        let from = text.char_indices().rev().nth(TAIL - 1).map_or(0, |(at, _)| at);
        let tail = text.get(from..).filter(|t| t.chars().count() >= TAIL_MIN).map(str::to_owned);
        let nonce = nonce.map(squash).filter(|n| n.chars().count() >= 4);
        let marker = marker.and_then(|m| Regex::new(m).ok()).or_else(|| Regex::new(MARKER).ok());
        Self { text, tail, nonce, marker, marks: 1 }
    }

    /// What is in the composer, seen from our text.
    pub(super) fn draft(&self, composer: &Composer) -> Draft {
        let draft = match composer {
            Composer::Absent => return Draft::Absent,
            Composer::Unknown => return Draft::Unknown,
            Composer::Empty => return Draft::Empty,
            // Whatever it is, our text or Enter would be taken for a command.
            Composer::OtherMode(_) => return Draft::Foreign,
            Composer::Draft(draft) => draft,
        };
        let (parts, marks) = self.unmarked(draft);
        if marks > 0 {
            // Behind a mark may be anything: only words of ours that nobody else has make it ours.
            let named =
                |part: &String| self.nonce.as_ref().is_some_and(|nonce| part.contains(nonce.as_str()));
            let hides = parts.iter().map(String::len).sum::<usize>() < self.text.len();
            return match in_order(&self.text, &parts) && hides && marks <= self.marks {
                false => Draft::Foreign,
                true if parts.iter().any(named) => Draft::Ours,
                true => Draft::Marked,
            };
        }
        let draft = parts.concat();
        // A composer that scrolls shows the end. Where the beginning was lost instead (an agent that is starting up reads
        // half of it), the rest must not be a command.
        let command = draft.starts_with(COMMANDS);
        let end = draft.chars().count() >= TAIL && self.text.ends_with(&draft) && !command;
        // A doorbell that an earlier attempt left there may name other messages; it rings for all of them.
        let bell = wording::is_doorbell(&self.text) && wording::is_doorbell(&draft);
        if draft == self.text || end || bell {
            Draft::Ours
        } else if self.text.starts_with(&draft) {
            Draft::Begun
        } else if draft.chars().count() >= TAIL && self.text.contains(&draft) {
            // A composer that scrolls, on its way to the end.
            Draft::Begun
        } else {
            Draft::Foreign
        }
    }

    /// The draft around the marks of pastes, and how many there are.
    fn unmarked(&self, draft: &str) -> (Vec<String>, usize) {
        let mut parts = Vec::new();
        let mut rest = draft;
        let mut marks = 0;
        while let Some(mark) = self.marker.as_ref().and_then(|m| m.find(rest)) {
            let Some(end) = rest[mark.start()..].find(']').map(|at| mark.start() + at + 1) else { break };
            parts.push(squash(&rest[..mark.start()]));
            rest = &rest[end..];
            marks += 1;
        }
        parts.push(squash(rest));
        // The text itself may speak of such marks.
        if marks > 0 && squash(draft) == self.text {
            return (vec![self.text.clone()], 0);
        }
        (parts, marks)
    }

    /// How often the end of the text stands on the screen, and how often outside the composer.
    pub(super) fn shown(&self, screen: &Screen, composer: &Composer) -> (usize, usize) {
        let Some(tail) = &self.tail else { return (0, 0) };
        let all: String = screen.lines().iter().map(|l| squash(&l.text)).collect();
        let shown = all.matches(tail.as_str()).count();
        let inside = match composer {
            Composer::Draft(draft) => squash(draft).matches(tail.as_str()).count(),
            _ => 0,
        };
        (shown, shown.saturating_sub(inside))
    }

    /// Whether a prompt that a hook or a transcript repeats is this text.
    pub(super) fn is_in(&self, said: &str) -> bool {
        let said = squash(said);
        if let Some(nonce) = &self.nonce {
            return said.contains(nonce.as_str());
        }
        let to = self.text.char_indices().nth(HEAD).map_or(self.text.len(), |(at, _)| at);
        let head = &self.text[..to];
        if head.is_empty() {
            return false;
        }
        // Short texts must be the whole of what was said: "yes" is a part of many prompts.
        if head.chars().count() < TAIL { said == head } else { said.contains(head) }
    }
}

/// Whether `parts` are found in `text` one after the other, the first at its start and the last at its end where they are
/// not empty.
fn in_order(text: &str, parts: &[String]) -> bool {
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    let Some((last, middle)) = rest.split_last() else { return left.is_empty() };
    for part in middle {
        match left.find(part.as_str()) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

/// Letters, digits and ASCII punctuation, in their order.
pub(in crate::monitor) fn squash(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_ascii_punctuation() || (c.is_alphanumeric() && c.width().is_some_and(|w| w > 0)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str, shown: &str) -> Draft {
        Ours::new(text, None, Some(r"\[Pasted text")).draft(&Composer::Draft(shown.to_owned()))
    }

    #[test]
    fn a_draft_is_ours_however_it_is_wrapped_or_marked() {
        assert_eq!(draft("one two\n  three 👩‍💻", "one\ntwo three"), Draft::Ours);
        assert_eq!(draft("one two", "one"), Draft::Begun);
        assert_eq!(draft("one two", "one two and mine"), Draft::Foreign);
        assert_eq!(draft("one two", "mine"), Draft::Foreign);
        assert_eq!(draft("a\nb\nc\nd", "[Pasted text #1 +4 lines]"), Draft::Marked);
        assert_eq!(draft("see a b c end", "see [Pasted text #1 +4 lines] end"), Draft::Marked);
        assert_eq!(draft("see a b c end", "mine [Pasted text #1 +4 lines]"), Draft::Foreign);
        assert_eq!(draft("say [Pasted text #1] now", "say [Pasted text #1] now"), Draft::Ours);
        let long = format!("start {}", "word ".repeat(40));
        assert_eq!(draft(&long, &"word ".repeat(20)), Draft::Ours);
        let made_safe = format!("Message: /exit {}", "word ".repeat(40));
        assert_eq!(draft(&made_safe, &made_safe), Draft::Ours);
        assert_ne!(draft(&made_safe, &made_safe["Message: ".len()..]), Draft::Ours, "it would be a command");
    }

    #[test]
    fn nothing_in_a_shells_composer_is_ours() {
        for text in ["", "ls -l", "one two"] {
            let composer = Composer::OtherMode(text.to_owned());
            assert_eq!(Ours::new("one two", None, None).draft(&composer), Draft::Foreign);
        }
    }

    #[test]
    fn a_mark_alone_may_be_anybodys_paste() {
        let text = "----- message m:7F3KAB from agent a -----\na\nb\nc\n----- end of m:7F3KAB -----";
        let seen = |shown: &str| {
            Ours::new(text, Some("m:7F3KAB"), Some(r"\[Pasted text"))
                .draft(&Composer::Draft(shown.to_owned()))
        };
        assert_eq!(seen("[Pasted text #1 +6 lines]"), Draft::Marked);
        assert_eq!(seen("[Pasted text #1 +2 lines] end of m:7F3KAB -----"), Draft::Ours);
        assert_eq!(seen("mine [Pasted text #1 +2 lines] end of m:7F3KAB -----"), Draft::Foreign);
        assert_eq!(seen("[Pasted text #1 +6 lines][Pasted text #2 +4 lines]"), Draft::Foreign);
        assert_eq!(
            seen(&format!("{text}[Pasted text #2 +4 lines]")),
            Draft::Foreign,
            "it hides nothing of ours"
        );
    }

    #[test]
    fn an_earlier_doorbell_is_ours_to_ring_and_nothing_else_is() {
        let new = wording::doorbell(&["7F3KAB", "9Q2MXX"], false);
        let old = wording::doorbell(&["7F3KAB#2"], true);
        assert_eq!(draft(&new, &old.replace(" — ", " —\n  ")), Draft::Ours);
        assert_eq!(draft(&new, &format!("{old} please")), Draft::Foreign);
        assert_eq!(draft(&new, &format!("look: {old}")), Draft::Foreign);
        assert_eq!(draft(&new, &format!("{old}{old}")), Draft::Foreign);
        assert_eq!(draft("another text", &old), Draft::Foreign);
    }

    #[test]
    fn what_was_said_is_known_by_its_nonce_or_its_beginning() {
        let nonce = Ours::new("[swarm] m:7F3K", Some("m:7F3K"), None);
        assert!(nonce.is_in("… m:7F3K …") && !nonce.is_in("m:7F3L"));
        let short = Ours::new("yes", None, None);
        assert!(short.is_in(" yes\n") && !short.is_in("yes, do it"));
        let long = Ours::new(&"do this thing now ".repeat(30), None, None);
        assert!(long.is_in(&format!("<pasted>\n{}</pasted>", "do this thing\nnow ".repeat(30))));
    }

    #[test]
    fn the_end_of_the_text_is_counted_inside_and_outside_the_composer() {
        let ours = Ours::new("please run the tests", None, None);
        let screen = Screen::parse(
            b"> please run the tests\n\n> please run\n  the tests\n",
            crate::observe::screen::PaneVars::default(),
        );
        let composer = Composer::Draft("please run\nthe tests".into());
        assert_eq!(ours.shown(&screen, &composer), (2, 1));
        assert_eq!(ours.shown(&screen, &Composer::Empty), (2, 2));
    }
}
