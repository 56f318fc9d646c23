//! Putting text into cells: clipped to its place, harmless, with the theme's icons.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::text::one_line;
use crate::tui::theme::{Role, Theme};

/// A buffer with the theme that draws on it.
pub struct Canvas<'a> {
    /// The cells.
    pub buf: &'a mut Buffer,
    /// Colours and icons.
    pub theme: &'a Theme,
}

impl Canvas<'_> {
    /// Writes `text` at (`x`, `y`), cut to `width`; the column after it.
    pub fn put(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) -> u16 {
        if width == 0 || !self.buf.area.contains((x, y).into()) {
            return x;
        }
        let text = clip(text, usize::from(width), &self.theme.icons.more);
        // What stood there before must not lend its style.
        let style = Style::reset().patch(self.theme.style(Role::Text)).patch(style);
        self.buf.set_stringn(x, y, text, usize::from(width), style).0
    }

    /// Writes `text` so that it ends at the right edge of the `width` columns from `x`.
    pub fn put_right(&mut self, x: u16, y: u16, width: u16, text: &str, style: Style) {
        let used = u16::try_from(text.width()).unwrap_or(u16::MAX).min(width);
        self.put(x + width - used, y, used, text, style);
    }

    /// Writes pieces one after the other from `x`, at most `width` columns; the column after the last.
    pub fn pieces(&mut self, x: u16, y: u16, width: u16, pieces: &[(String, Style)]) -> u16 {
        let end = x.saturating_add(width);
        let mut at = x;
        for (text, style) in pieces {
            at = self.put(at, y, end.saturating_sub(at), text, *style);
        }
        at
    }

    /// A horizontal line with a title at its left and a note at its right; the title wins where both do not fit.
    pub fn rule(&mut self, area: Rect, title: &str, note: &[(String, Style)], focused: bool) {
        let role = if focused { Role::Focus } else { Role::Rule };
        let style = self.theme.style(role);
        let icon = self.theme.icons.rule.clone();
        self.put(area.x, area.y, area.width, &icon.repeat(usize::from(area.width)), style);
        let title = one_line(title);
        let mut after = area.x;
        if !title.is_empty() && area.width > 6 {
            let title_style = if focused { style } else { self.theme.style(Role::Title) };
            let text = clip(&title, usize::from(area.width) - 4, &self.theme.icons.more);
            after = self.put(area.x + 1, area.y, area.width - 2, &format!(" {text} "), title_style);
        }
        let wanted = note.iter().map(|(t, _)| t.width()).sum::<usize>();
        let wanted = u16::try_from(wanted).unwrap_or(u16::MAX);
        if wanted > 0 && after.saturating_add(wanted + 4) < area.right() {
            let x = area.right() - wanted - 3;
            self.put(x, area.y, 1, " ", style);
            let end = self.pieces(x + 1, area.y, wanted, note);
            self.put(end, area.y, 1, " ", style);
        }
    }

    /// The style for `role`.
    pub const fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }
}

/// `text` in one harmless line of at most `width` columns, ending in `more` when something was cut.
pub fn clip(text: &str, width: usize, more: &str) -> String {
    let plain = text.bytes().all(|b| (b' '..0x7f).contains(&b));
    let text = if plain { text.to_owned() } else { one_line(text) };
    if text.width() <= width {
        return text;
    }
    let mut out = String::new();
    // Measured as a whole: a variation selector or a joiner changes the width of what it follows.
    for c in text.chars() {
        out.push(c);
        if out.width() + more.width() > width {
            out.pop();
            break;
        }
    }
    if more.width() <= width {
        out.push_str(more);
    }
    out
}

/// `text` in lines of at most `width` columns, broken at spaces where there are any; line feeds are kept.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let rest = paragraph.trim_start_matches(' ');
        let indent = " ".repeat((paragraph.len() - rest.len()).min(width / 2));
        let mut line = indent.clone();
        for (n, word) in rest.split(' ').enumerate() {
            if n > 0 && line.width() + 1 + word.width() <= width {
                line.push(' ');
            } else if n > 0 {
                lines.push(std::mem::replace(&mut line, indent.clone()).trim_end().to_owned());
            }
            for c in word.chars() {
                line.push(c);
                if line.width() > width {
                    line.pop();
                    let full = std::mem::replace(&mut line, indent.clone());
                    if full.trim_start().is_empty() {
                        // Not even one character fits beside the indent.
                        line.clear();
                    } else {
                        lines.push(full);
                    }
                    line.push(c);
                    if line.width() > width {
                        line = c.into();
                    }
                }
            }
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_wrapped_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 5), ["a", "", "b"]);
        assert_eq!(wrap("日本語", 4), ["日本", "語"]);
        assert_eq!(wrap("  in dent", 6), ["  in", "  dent"]);
    }

    #[test]
    fn a_wide_character_that_does_not_fit_beside_its_indent_has_the_line_alone() {
        assert_eq!(wrap(" ﹔", 2), ["﹔"]);
        assert_eq!(wrap("    日本", 4), ["  日", "  本"]);
        assert_eq!(wrap("  日本", 3), ["日", "本"].map(|c| format!(" {c}")));
    }

    #[test]
    fn a_selector_that_widens_its_character_counts() {
        for line in wrap("a\u{263a}\u{fe0f}b", 2) {
            assert!(line.width() <= 2, "{line:?}");
        }
        assert!(clip("ab\u{263a}\u{fe0f}cdef", 4, "…").width() <= 4);
    }

    proptest! {
        #[test]
        fn nothing_is_wider_than_its_place(text in "[ a\u{263a}\u{fe0f}\u{200d}日\u{1f468}\\PC]{0,60}", width in 2usize..30) {
            for line in wrap(&text, width) {
                prop_assert!(line.width() <= width, "{line:?}");
            }
            prop_assert!(clip(&text, width, "…").width() <= width);
        }
    }
}
