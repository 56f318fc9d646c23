//! The box the person types into: a draft with a cursor, pastes that become placeholders, a history.
//!
//! Values only. Treats its input as Claude Code 2.1.329 was recorded to: a paste of more than 3 lines or 800
//! characters shows as `[Pasted text #1 +59 lines]` and reaches the model wrapped; a text that ends in `\` is continued
//! by Enter; `/` and `!` are special only as the first character.

/// More lines than this in one paste make a placeholder (Claude Code 2.1.329: 3 lines inline, 4 not).
pub const PASTE_LINES: usize = 3;
/// More characters than this in one paste make a placeholder (Claude Code 2.1.329: 790 inline, 810 not).
pub const PASTE_CHARS: usize = 800;

/// What Enter did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// Nothing: the box was empty.
    Nothing,
    /// The draft goes on in a new line.
    Newline,
    /// A message for the model: what is shown, and what the model gets.
    Message {
        /// As typed, with placeholders.
        shown: String,
        /// With the pastes in place.
        sent: String,
    },
    /// A `/command`.
    Command(String),
    /// A `!shell` line.
    Shell(String),
}

/// The draft.
#[derive(Debug, Clone, Default)]
pub struct Composer {
    text: Vec<char>,
    cursor: usize,
    pastes: Vec<String>,
    history: Vec<String>,
    recalled: Option<usize>,
    wrap: bool,
}

impl Composer {
    /// An empty box; `wrap` says whether large pastes reach the model inside `<pasted_content>`.
    pub fn new(wrap: bool) -> Self {
        Self { wrap, ..Self::default() }
    }

    /// What the box shows.
    pub fn text(&self) -> String {
        self.text.iter().collect()
    }

    /// Whether nothing is in the box.
    pub const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The cursor, counted in characters from the start of the draft.
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// Inserts what was typed.
    pub fn insert(&mut self, typed: &str) {
        for c in typed.chars() {
            self.text.insert(self.cursor, c);
            self.cursor += 1;
        }
        self.recalled = None;
    }

    /// Inserts what was pasted; line ends are made one kind, control characters vanish, a tab is four spaces.
    pub fn paste(&mut self, pasted: &str) {
        let clean = crate::text::block(&pasted.replace("\r\n", "\n").replace('\r', "\n"));
        let clean = clean.strip_suffix('\n').unwrap_or(&clean);
        let lines = clean.split('\n').count();
        if lines <= PASTE_LINES && clean.chars().count() <= PASTE_CHARS {
            self.insert(clean);
            return;
        }
        if let Some(known) = self.pastes.iter().position(|p| p == clean)
            && let Some(at) = self.text().find(&placeholder(known, &self.pastes[known]))
        {
            // The same text again expands its placeholder; the model still gets it wrapped.
            let start = self.text()[..at].chars().count();
            let length = placeholder(known, &self.pastes[known]).chars().count();
            self.text.drain(start..start + length);
            self.cursor = start;
        }
        self.pastes.push(clean.to_owned());
        let mark = placeholder(self.pastes.len() - 1, clean);
        self.insert(&mark);
    }

    /// Backspace.
    pub fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.text.remove(self.cursor);
        }
    }

    /// Delete under the cursor.
    pub fn delete(&mut self) {
        if self.cursor < self.text.len() {
            self.text.remove(self.cursor);
        }
    }

    /// Moves the cursor by `by` characters, stopping at the ends.
    pub fn move_by(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by).min(self.text.len());
    }

    /// Moves the cursor to the start.
    pub const fn home(&mut self) {
        self.cursor = 0;
    }

    /// Moves the cursor to the end.
    pub const fn end(&mut self) {
        self.cursor = self.text.len();
    }

    /// Empties the box.
    pub fn clear(&mut self) {
        self.text.clear();
        self.cursor = 0;
        self.pastes.clear();
        self.recalled = None;
    }

    /// Puts `text` into the box, as after an interrupt.
    pub fn restore(&mut self, text: &str) {
        self.clear();
        self.insert(text);
    }

    /// Up: the message before the one shown.
    pub fn recall_earlier(&mut self) {
        let next = self.recalled.map_or(self.history.len(), |at| at).checked_sub(1);
        if let Some(at) = next {
            let text = self.history[at].clone();
            self.restore(&text);
            self.recalled = Some(at);
        }
    }

    /// Down: the message after the one shown, then the empty box.
    pub fn recall_later(&mut self) {
        let Some(at) = self.recalled else { return };
        match self.history.get(at + 1).cloned() {
            Some(text) => {
                self.restore(&text);
                self.recalled = Some(at + 1);
            }
            None => self.clear(),
        }
    }

    /// Enter.
    pub fn enter(&mut self) -> Entered {
        if self.text.iter().all(|c| c.is_whitespace()) {
            self.clear();
            return Entered::Nothing;
        }
        if self.cursor == self.text.len() && self.text.last() == Some(&'\\') {
            self.backspace();
            self.insert("\n");
            return Entered::Newline;
        }
        let shown = self.text();
        let sent = self.expand(&shown);
        self.history.push(shown.clone());
        self.clear();
        match shown.chars().next() {
            Some('/') => Entered::Command(shown),
            Some('!') => Entered::Shell(shown[1..].trim().to_owned()),
            _ => Entered::Message { shown, sent },
        }
    }

    fn expand(&self, shown: &str) -> String {
        let mut sent = shown.to_owned();
        for (n, paste) in self.pastes.iter().enumerate() {
            let body = if self.wrap {
                format!("\n\n<pasted_content id=\"{n}\">\n{paste}\n</pasted_content id=\"{n}\">\n")
            } else {
                paste.clone()
            };
            sent = sent.replacen(&placeholder(n, paste), &body, 1);
        }
        sent
    }
}

fn placeholder(index: usize, paste: &str) -> String {
    format!("[Pasted text #{} +{} lines]", index + 1, paste.split('\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(composer: &mut Composer) -> String {
        match composer.enter() {
            Entered::Message { sent, .. } => sent,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn small_pastes_stay_and_large_ones_become_placeholders() {
        let mut c = Composer::new(true);
        c.paste("a\r\nb\nc\n");
        assert_eq!(c.text(), "a\nb\nc");
        assert_eq!(sent(&mut c), "a\nb\nc");
        c.insert("see ");
        c.paste("1\n2\n3\n4");
        assert_eq!(c.text(), "see [Pasted text #1 +4 lines]");
        assert_eq!(
            sent(&mut c),
            "see \n\n<pasted_content id=\"0\">\n1\n2\n3\n4\n</pasted_content id=\"0\">\n"
        );
        let mut plain = Composer::new(false);
        plain.paste("1\n2\n3\n4");
        assert_eq!(sent(&mut plain), "1\n2\n3\n4");
    }

    #[test]
    fn a_paste_cannot_smuggle_escapes() {
        let mut c = Composer::new(true);
        c.paste("a\x1b[201~b");
        assert_eq!(c.text(), "a[201~b");
    }

    #[test]
    fn a_trailing_backslash_continues_the_draft() {
        let mut c = Composer::new(true);
        c.insert("one\\");
        assert_eq!(c.enter(), Entered::Newline);
        c.insert("two");
        assert_eq!(sent(&mut c), "one\ntwo");
    }

    #[test]
    fn the_first_character_is_special() {
        let mut c = Composer::new(true);
        c.insert("/exit");
        assert_eq!(c.enter(), Entered::Command("/exit".to_owned()));
        c.insert("! ls ");
        assert_eq!(c.enter(), Entered::Shell("ls".to_owned()));
        c.insert("a /exit");
        assert_eq!(sent(&mut c), "a /exit");
    }

    #[test]
    fn history_goes_up_and_down() {
        let mut c = Composer::new(true);
        for text in ["one", "two"] {
            c.insert(text);
            c.enter();
        }
        c.recall_earlier();
        c.recall_earlier();
        c.recall_earlier();
        assert_eq!(c.text(), "one");
        c.recall_later();
        assert_eq!(c.text(), "two");
        c.recall_later();
        assert!(c.is_empty());
    }
}
