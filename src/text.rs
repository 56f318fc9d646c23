//! Text from panes, agents and files is data: made harmless here before it is shown, logged or written.
//!
//! Never used to *change* what is stored as the truth (bodies, transcripts); only what a terminal or a log will see.

use unicode_width::UnicodeWidthChar;

/// One line that a terminal can show safely: control characters (C0, C1, DEL), line breaks and bidirectional
/// overrides become spaces or vanish; nothing else changes.
pub fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_hostile(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Like [`one_line`], but keeps line feeds and turns tabs into four spaces.
pub fn block(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('\n'),
            '\t' => out.push_str("    "),
            c if is_hostile(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// Control characters and the Unicode marks that reorder or hide text (Trojan Source, CVE-2021-42574).
pub fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
}

/// Cuts `text` to at most `width` terminal columns, ending in `…` when something was cut.
pub fn clip(text: &str, width: usize) -> String {
    let full: usize = text.chars().map(|c| c.width().unwrap_or(0)).sum();
    if full <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let w = c.width().unwrap_or(0);
        if used + w + 1 > width {
            break;
        }
        used += w;
        out.push(c);
    }
    if width > 0 {
        out.push('…');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_overrides_vanish() {
        assert_eq!(one_line("a\x1b[31mb\u{202e}c\nd\u{9b}e"), "a[31mbc de");
        assert_eq!(block("a\tb\n\x07c"), "a    b\nc");
    }

    #[test]
    fn clipping_counts_columns() {
        assert_eq!(clip("日本語", 6), "日本語");
        assert_eq!(clip("日本語", 5), "日本…");
        assert_eq!(clip("abc", 0), "");
    }
}
