//! How dialogs are answered and how text is submitted, as data with the decisions that follow from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Profile;
use crate::status::Reason;

/// How an option of a dialog is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Choose {
    /// The option's number; it acts at once.
    #[default]
    Digit,
    /// The option's number, then `confirm`.
    DigitThenConfirm,
    /// Arrow keys from the selected option, then `confirm`.
    Arrows,
    /// The option's own letter, then `confirm`.
    Letter,
}

/// How one kind of dialog is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The reasons this is for; empty means all.
    pub kinds: Vec<Reason>,
    /// The first version this holds for; absent means all.
    pub from: Option<String>,
    /// How an option is chosen.
    pub choose: Choose,
    /// The key to the next option.
    pub next: String,
    /// The key to the previous option.
    pub previous: String,
    /// The key that confirms.
    pub confirm: String,
    /// The key that cancels the dialog, where there is one that approves nothing.
    pub cancel: Option<String>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            kinds: Vec::new(),
            from: None,
            choose: Choose::Digit,
            next: "Down".to_owned(),
            previous: "Up".to_owned(),
            confirm: "Enter".to_owned(),
            cancel: Some("Escape".to_owned()),
        }
    }
}

/// Keys for a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// Pressed one after the other.
    pub press: Vec<String>,
    /// Pressed once the option at this position (0-based) is seen to be the selected one.
    pub confirm: Option<(String, usize)>,
}

impl Keys {
    /// Keys after which nothing need be looked at.
    pub const fn plain(press: Vec<String>) -> Self {
        Self { press, confirm: None }
    }
}

impl Answer {
    /// The tmux keys that choose the option at `position` (0-based) whose own key is `key`, while `selected` is the one
    /// selected now. `None` when the dialog does not show enough to do it safely.
    pub fn keys(&self, position: usize, key: Option<&str>, selected: Option<usize>) -> Option<Keys> {
        let plain = |keys: &[&str]| Keys::plain(keys.iter().map(|&key| key.to_owned()).collect());
        match (self.choose, key) {
            (Choose::Digit, Some(k)) => Some(plain(&[k])),
            (Choose::DigitThenConfirm | Choose::Letter, Some(k)) => Some(plain(&[k, &self.confirm])),
            _ => self.arrows(position, selected),
        }
    }

    fn arrows(&self, position: usize, selected: Option<usize>) -> Option<Keys> {
        let from = selected?;
        let (key, steps) =
            if position >= from { (&self.next, position - from) } else { (&self.previous, from - position) };
        let confirm = Some((self.confirm.clone(), position));
        Some(Keys { press: vec![key.clone(); steps], confirm })
    }
}

/// How a text is submitted to one version of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submit {
    /// Bracketed paste (`paste-buffer -p`).
    pub bracketed: bool,
    /// Line feeds stay line feeds (`paste-buffer -r`).
    pub raw: bool,
    /// Milliseconds between the paste and the key.
    pub gap_ms: u64,
    /// The key that submits.
    pub key: String,
    /// Paste in pieces of at most this many lines and characters, with this many milliseconds between them.
    pub chunk: Option<Chunk>,
}

/// A paste in pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// At most this many lines each.
    pub lines: usize,
    /// At most this many characters each.
    pub chars: usize,
    /// Milliseconds between two.
    pub gap_ms: u64,
}

impl Profile {
    /// How to submit text to `version` of this agent; an unknown version gets what holds for all of them.
    pub fn submit(&self, version: Option<&str>) -> Submit {
        let data = &self.data().submit;
        let mut submit = Submit {
            bracketed: data.bracketed,
            raw: data.raw,
            gap_ms: data.gap_ms,
            key: data.key.clone(),
            chunk: None,
        };
        for entry in &data.versions {
            if version.is_none_or(|v| !at_least(v, &entry.from)) {
                continue;
            }
            submit.gap_ms = entry.gap_ms.unwrap_or(submit.gap_ms);
            if let (Some(lines), Some(chars)) = (entry.chunk_lines, entry.chunk_chars) {
                submit.chunk = Some(Chunk { lines, chars, gap_ms: entry.chunk_gap_ms.unwrap_or(0) });
            }
        }
        submit
    }

    /// How a dialog of this kind is answered in `version`.
    pub fn answer(&self, kind: Reason, version: Option<&str>) -> Option<&Answer> {
        self.data().answer.iter().find(|a| {
            (a.kinds.is_empty() || a.kinds.contains(&kind))
                && a.from.as_deref().is_none_or(|from| version.is_some_and(|v| at_least(v, from)))
        })
    }

    /// The key that sends a refusal without words, where `rule` is that of the field that wants some.
    pub fn refusal(&self, rule: &str) -> Option<&str> {
        let refusal = self.data().dialog.refusal.as_ref()?;
        (rule == refusal.rule).then_some(refusal.send.as_str())
    }

    /// The position of the option that approves once, or of the one that denies, among the texts of a dialog's options.
    pub fn find_option<'a>(&self, approve: bool, texts: impl IntoIterator<Item = &'a str>) -> Option<usize> {
        let rules = self.rules();
        let (wanted, unwanted) = if approve {
            (&rules.approve, rules.approve_always.as_slice())
        } else {
            (&rules.deny, rules.deny_with_words.as_slice())
        };
        texts.into_iter().position(|text| {
            wanted.iter().any(|re| re.is_match(text)) && !unwanted.iter().any(|re| re.is_match(text))
        })
    }
}

/// Whether version `have` is `from` or newer, number by number.
fn at_least(have: &str, from: &str) -> bool {
    let numbers = |v: &str| -> Vec<u64> {
        v.split(|c: char| !c.is_ascii_digit())
            .filter(|p| !p.is_empty())
            .map(|p| p.parse().unwrap_or(0))
            .collect()
    };
    numbers(have) >= numbers(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(at_least("2.1.329", "2.1.329"));
        assert!(at_least("2.10.0", "2.9.9"));
        assert!(!at_least("2.1.197", "2.1.329"));
    }

    #[test]
    fn arrows_need_to_know_where_they_start() {
        let answer = Answer { choose: Choose::Arrows, ..Answer::default() };
        let arrows = |position, selected| answer.keys(position, None, Some(selected)).unwrap();
        let enter = |at| Some(("Enter".to_owned(), at));
        assert_eq!((arrows(2, 0).press, arrows(2, 0).confirm), (vec!["Down".to_owned(); 2], enter(2)));
        assert_eq!((arrows(0, 1).press, arrows(0, 1).confirm), (vec!["Up".to_owned()], enter(0)));
        assert_eq!(answer.keys(0, None, None), None);
        assert_eq!(Answer::default().keys(1, Some("2"), None).unwrap(), Keys::plain(vec!["2".to_owned()]));
    }
}
