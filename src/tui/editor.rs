//! A small editor for one message (or one line): text, cursor, and the keys every line editor knows.

use unicode_width::UnicodeWidthChar;

use super::key::{Code, Key};
use crate::text::{block, one_line};

/// Text being typed. The cursor is a line and a character in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Editor {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Default for Editor {
    fn default() -> Self {
        Self { lines: vec![Vec::new()], row: 0, column: 0 }
    }
}

impl Editor {
    /// An editor that holds `text`, the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut editor = Self::default();
        editor.insert_block(text);
        editor
    }

    /// The text, lines joined by line feeds.
    pub fn text(&self) -> String {
        self.lines.iter().map(|l| l.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
    }

    /// Whether nothing but blanks was typed.
    pub fn is_blank(&self) -> bool {
        self.lines.iter().flatten().all(|c| c.is_whitespace())
    }

    /// How many lines there are; at least one.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The n-th line.
    pub fn line(&self, n: usize) -> String {
        self.lines.get(n).map(|l| l.iter().collect()).unwrap_or_default()
    }

    /// The cursor's line.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// Terminal columns left of the cursor in its line.
    pub fn columns_before_cursor(&self) -> usize {
        self.lines[self.row][..self.column].iter().map(|c| c.width().unwrap_or(0)).sum()
    }

    /// Whether the cursor is in the first line.
    pub const fn at_first_line(&self) -> bool {
        self.row == 0
    }

    /// Whether the cursor is in the last line.
    pub fn at_last_line(&self) -> bool {
        self.row + 1 == self.lines.len()
    }

    /// Inserts pasted text, line breaks kept.
    pub fn insert_block(&mut self, text: &str) {
        let text = block(&text.replace("\r\n", "\n").replace('\r', "\n"));
        for (n, line) in text.split('\n').enumerate() {
            if n > 0 {
                self.newline();
            }
            self.insert(line);
        }
    }

    /// Inserts pasted text into a field of one line: line breaks become spaces.
    pub fn insert_one_line(&mut self, text: &str) {
        self.insert(&one_line(text));
    }

    /// Breaks the line at the cursor.
    pub fn newline(&mut self) {
        let tail = self.lines[self.row].split_off(self.column);
        self.row += 1;
        self.column = 0;
        self.lines.insert(self.row, tail);
    }

    /// One key of ordinary editing; `false` when it means nothing here.
    pub fn key(&mut self, key: Key) -> bool {
        match (key.ctrl, key.alt, key.code) {
            (false, false, Code::Char(c)) => self.insert(c.encode_utf8(&mut [0; 4])),
            (false, false, Code::Backspace) | (true, false, Code::Char('h')) => self.backspace(),
            (false, false, Code::Delete) | (true, false, Code::Char('d')) => self.delete(),
            (false, false, Code::Left) | (true, false, Code::Char('b')) => self.left(),
            (false, false, Code::Right) | (true, false, Code::Char('f')) => self.right(),
            (false, false, Code::Up) => self.vertical(self.row.saturating_sub(1)),
            (false, false, Code::Down) => self.vertical(self.row + 1),
            (false, false, Code::Home) | (true, false, Code::Char('a')) => self.column = 0,
            (false, false, Code::End) | (true, false, Code::Char('e')) => {
                self.column = self.lines[self.row].len();
            }
            (_, true, Code::Char('b')) | (true, false, Code::Left) => self.column = self.word_start(),
            (_, true, Code::Char('f')) | (true, false, Code::Right) => self.column = self.word_end(),
            (true, false, Code::Char('w')) | (false, true, Code::Backspace) => {
                let start = self.word_start();
                self.lines[self.row].drain(start..self.column);
                self.column = start;
            }
            (true, false, Code::Char('u')) => {
                self.lines[self.row].drain(..self.column);
                self.column = 0;
            }
            (true, false, Code::Char('k')) => self.lines[self.row].truncate(self.column),
            _ => return false,
        }
        true
    }

    fn insert(&mut self, text: &str) {
        for c in text.chars() {
            self.lines[self.row].insert(self.column, c);
            self.column += 1;
        }
    }

    fn backspace(&mut self) {
        if self.column > 0 {
            self.column -= 1;
            self.lines[self.row].remove(self.column);
        } else if self.row > 0 {
            let tail = self.lines.remove(self.row);
            self.row -= 1;
            self.column = self.lines[self.row].len();
            self.lines[self.row].extend(tail);
        }
    }

    fn delete(&mut self) {
        if self.column < self.lines[self.row].len() {
            self.lines[self.row].remove(self.column);
        } else if self.row + 1 < self.lines.len() {
            let tail = self.lines.remove(self.row + 1);
            self.lines[self.row].extend(tail);
        }
    }

    fn left(&mut self) {
        if self.column > 0 {
            self.column -= 1;
        } else if self.row > 0 {
            self.row -= 1;
            self.column = self.lines[self.row].len();
        }
    }

    fn right(&mut self) {
        if self.column < self.lines[self.row].len() {
            self.column += 1;
        } else if self.row + 1 < self.lines.len() {
            self.row += 1;
            self.column = 0;
        }
    }

    fn vertical(&mut self, row: usize) {
        self.row = row.min(self.lines.len() - 1);
        self.column = self.column.min(self.lines[self.row].len());
    }

    fn word_start(&self) -> usize {
        let line = &self.lines[self.row];
        let mut at = self.column;
        while at > 0 && line[at - 1].is_whitespace() {
            at -= 1;
        }
        while at > 0 && !line[at - 1].is_whitespace() {
            at -= 1;
        }
        at
    }

    fn word_end(&self) -> usize {
        let line = &self.lines[self.row];
        let mut at = self.column;
        while at < line.len() && line[at].is_whitespace() {
            at += 1;
        }
        while at < line.len() && !line[at].is_whitespace() {
            at += 1;
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn typed(keys: &[Key]) -> Editor {
        let mut editor = Editor::new("one two\nthree");
        for key in keys {
            editor.key(*key);
        }
        editor
    }

    #[test]
    fn the_usual_keys_work() {
        let plain = Key::plain;
        for (keys, want) in [
            (vec![Key::char('!')], "one two\nthree!"),
            (vec![Key::ctrl('w')], "one two\n"),
            (vec![plain(Code::Up), Key::ctrl('w')], "one wo\nthree"),
            (vec![Key::ctrl('u'), plain(Code::Backspace)], "one two"),
            (vec![plain(Code::Home), plain(Code::Left), plain(Code::Delete)], "one twothree"),
            (vec![plain(Code::Up), plain(Code::Home), Key::ctrl('k')], "\nthree"),
            (vec![Key { code: Code::Char('b'), ctrl: false, alt: true }, Key::char('x')], "one two\nxthree"),
        ] {
            assert_eq!(typed(&keys).text(), want, "{keys:?}");
        }
    }

    #[test]
    fn pasted_text_is_made_harmless() {
        let mut editor = Editor::default();
        editor.insert_block("a\r\nb\x1b[201~\u{202e}c\td");
        assert_eq!(editor.text(), "a\nb[201~c    d");
        assert_eq!(editor.line_count(), 2);
        let mut editor = Editor::default();
        editor.insert_one_line("a\nb");
        assert_eq!(editor.text(), "a b");
        assert!(!editor.is_blank() && Editor::new(" \n ").is_blank());
    }

    #[test]
    fn the_cursor_counts_columns() {
        assert_eq!(Editor::new("日本").columns_before_cursor(), 4);
    }

    proptest! {
        #[test]
        fn no_key_sequence_panics(keys in proptest::collection::vec((0..20u8, any::<bool>(), any::<bool>()), 0..200)) {
            let codes = [Code::Char('a'), Code::Char(' '), Code::Char('日'), Code::Backspace, Code::Delete, Code::Up,
                Code::Down, Code::Left, Code::Right, Code::Home, Code::End, Code::Char('w'), Code::Char('u'),
                Code::Char('k'), Code::Char('d'), Code::Char('b'), Code::Char('f'), Code::Tab, Code::Enter, Code::Char('h')];
            let mut editor = Editor::default();
            for (n, ctrl, alt) in keys {
                if n == 18 { editor.newline(); }
                editor.key(Key { code: codes[n as usize], ctrl, alt });
                let _ = editor.columns_before_cursor();
            }
            prop_assert!(editor.row() < editor.line_count());
        }
    }
}
