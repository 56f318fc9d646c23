//! Paints lines onto a terminal: only the rows that changed are written.

use std::fmt::Write as _;

use super::view::{Line, Look};

/// What the terminal shows.
#[derive(Debug, Default)]
pub struct Painter {
    shown: Vec<Line>,
}

impl Painter {
    /// Forgets what the terminal shows: the next frame is written whole.
    pub fn forget(&mut self) {
        self.shown.clear();
    }

    /// The bytes that turn the screen shown last into `lines`.
    pub fn frame(&mut self, lines: Vec<Line>) -> String {
        let mut out = String::new();
        if self.shown.len() != lines.len() {
            out.push_str("\x1b[0m\x1b[2J");
            self.shown = vec![Line::default(); lines.len()];
        }
        for (row, (line, before)) in lines.iter().zip(&self.shown).enumerate() {
            if line != before {
                put(&mut out, row, line);
            }
        }
        self.shown = lines;
        out
    }
}

fn put(out: &mut String, row: usize, line: &Line) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\x1b[{};1H", row + 1);
    for (look, text) in line.0.iter().filter(|(_, t)| !t.is_empty()) {
        if *look == Look::Plain {
            out.push_str("\x1b[0m");
        } else {
            let _ = write!(out, "\x1b[{}m", look.sgr());
        }
        out.push_str(text);
    }
    out.push_str("\x1b[0m\x1b[K");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changed_rows_are_written() {
        let mut painter = Painter::default();
        let lines = |a: &str| vec![Line::new(Look::Plain, a), Line::new(Look::Dim, "b")];
        assert!(painter.frame(lines("a")).contains("\x1b[2;1H\x1b[0;2mb"));
        assert_eq!(painter.frame(lines("a")), "");
        assert_eq!(painter.frame(lines("c")), "\x1b[1;1H\x1b[0mc\x1b[0m\x1b[K");
    }
}
