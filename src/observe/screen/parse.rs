//! From captured bytes (`capture-pane -p`, with or without `-e`) to lines and, where needed, styles.

use vte::{Params, Parser, Perform};

/// More lines than any pane has; only the last ones are kept.
pub const MAX_LINES: usize = 600;
/// More characters than any line of a pane has; the rest is dropped.
pub const MAX_COLUMNS: usize = 2_000;
/// More bytes than a capture of the largest screen with escapes has; only the last ones are read.
const MAX_BYTES: usize = 4 << 20;

/// What tmux says about the pane at the moment of the capture. `None` is "not known".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaneVars {
    /// `pane_title`.
    pub title: Option<String>,
    /// `cursor_x`, `cursor_y`.
    pub cursor: Option<(u16, u16)>,
    /// `cursor_flag`.
    pub cursor_visible: Option<bool>,
    /// `pane_dead`.
    pub dead: Option<bool>,
    /// `pane_width`, in columns.
    pub width: Option<u16>,
    /// `pane_height`, in lines.
    pub height: Option<u16>,
    /// `alternate_on`.
    pub alternate: Option<bool>,
    /// `pane_current_command`.
    pub current_command: Option<String>,
}

/// How a character is drawn, as far as that means something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "attributes of a cell are independent of each other")]
pub struct Style {
    /// Faint: placeholders and hints.
    pub dim: bool,
    /// Bold.
    pub bold: bool,
    /// Reverse video: cursors and selections.
    pub inverse: bool,
    /// Underlined: some cursors.
    pub underline: bool,
    /// The foreground is not the default one.
    pub foreground: Option<u32>,
    /// The background is not the default one.
    pub background: Option<u32>,
}

/// One line of the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Its text without white space at the end.
    pub text: String,
    /// From which character on which style holds; empty when the whole line is in the default style.
    runs: Vec<(usize, Style)>,
}

impl Line {
    /// The style of the character at `index`.
    pub fn style(&self, index: usize) -> Style {
        let after = self.runs.partition_point(|(from, _)| *from <= index);
        after.checked_sub(1).and_then(|i| self.runs.get(i)).map_or_else(Style::default, |(_, style)| *style)
    }
}

/// A screen, parsed once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screen {
    lines: Vec<Line>,
    vars: PaneVars,
    styled: bool,
}

impl Screen {
    /// Parses a capture, plain or with escapes.
    pub fn parse(capture: &[u8], vars: PaneVars) -> Self {
        let start = capture.len().saturating_sub(MAX_BYTES);
        let bytes = capture.get(start..).unwrap_or_default();
        let mut sink = Sink::default();
        Parser::new().advance(&mut sink, bytes);
        sink.end_line();
        let mut lines = sink.lines;
        while lines.last().is_some_and(|l| l.text.is_empty()) {
            lines.pop();
        }
        if lines.len() > MAX_LINES {
            lines.drain(..lines.len() - MAX_LINES);
        }
        Self { lines, vars, styled: memchr::memchr(0x1b, bytes).is_some() }
    }

    /// The lines, empty ones at the end left out.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What tmux said.
    pub fn vars(&self) -> &PaneVars {
        &self.vars
    }

    /// Whether the capture had escapes, so that styles mean something.
    pub fn styled(&self) -> bool {
        self.styled
    }

    /// Nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.lines.is_empty()
    }

    /// The last line with text.
    pub fn last_line(&self) -> &str {
        self.lines.last().map_or("", |l| l.text.as_str())
    }

    /// The pane's width in columns; without tmux's word, that of the longest line.
    pub fn width(&self) -> usize {
        match self.vars.width {
            Some(width) if width > 0 => usize::from(width),
            _ => self.lines.iter().map(|l| l.text.chars().count()).max().unwrap_or(0),
        }
    }
}

#[derive(Default)]
struct Sink {
    lines: Vec<Line>,
    line: Line,
    count: usize,
    style: Style,
    graphics: bool,
}

impl Sink {
    fn end_line(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.text.truncate(line.text.trim_end().len());
        self.count = 0;
        // Memory stays bounded: old lines go in blocks.
        if self.lines.len() >= 2 * MAX_LINES {
            self.lines.drain(..MAX_LINES);
        }
        self.lines.push(line);
    }

    fn put(&mut self, c: char) {
        if self.count >= MAX_COLUMNS {
            return;
        }
        let last = self.line.runs.last().map_or_else(Style::default, |(_, s)| *s);
        if last != self.style {
            self.line.runs.push((self.count, self.style));
        }
        self.line.text.push(c);
        self.count += 1;
    }

    fn sgr(&mut self, params: &Params) {
        let mut codes = params.iter();
        while let Some(code) = codes.next() {
            match code {
                [0] | [] => self.style = Style::default(),
                [1] => self.style.bold = true,
                [2] => self.style.dim = true,
                [22] => {
                    self.style.bold = false;
                    self.style.dim = false;
                }
                [4, 0] | [24] => self.style.underline = false,
                [4, ..] => self.style.underline = true,
                [7] => self.style.inverse = true,
                [27] => self.style.inverse = false,
                [39] => self.style.foreground = None,
                [49] => self.style.background = None,
                [n @ (30..=37 | 90..=97)] => self.style.foreground = Some(u32::from(*n)),
                [n @ (40..=47 | 100..=107)] => self.style.background = Some(u32::from(*n)),
                [38, rest @ ..] if !rest.is_empty() => {
                    self.style.foreground = Some(colour(rest.iter().copied()));
                }
                [48, rest @ ..] if !rest.is_empty() => {
                    self.style.background = Some(colour(rest.iter().copied()));
                }
                [38] => self.style.foreground = Some(spread(&mut codes)),
                [48] => self.style.background = Some(spread(&mut codes)),
                _ => {}
            }
        }
    }
}

/// A colour from the parts of one parameter (`38:2::R:G:B`, `38:5:N`); only equality matters.
fn colour(parts: impl Iterator<Item = u16>) -> u32 {
    parts.fold(1, |acc, p| acc.wrapping_mul(257).wrapping_add(u32::from(p)))
}

/// A colour spread over the following parameters (`38;2;R;G;B`, `38;5;N`).
fn spread<'a>(codes: &mut impl Iterator<Item = &'a [u16]>) -> u32 {
    let mut next = || codes.next().and_then(|p| p.first().copied()).unwrap_or(0);
    match next() {
        2 => colour([2, next(), next(), next()].into_iter()),
        5 => colour([5, next()].into_iter()),
        other => u32::from(other),
    }
}

/// The line-drawing set that `capture-pane -e` may leave switched on.
fn graphic(c: char) -> char {
    match c {
        'j' => '┘',
        'k' => '┐',
        'l' => '┌',
        'm' => '└',
        'n' => '┼',
        'q' => '─',
        't' => '├',
        'u' => '┤',
        'v' => '┴',
        'w' => '┬',
        'x' => '│',
        c => c,
    }
}

impl Perform for Sink {
    fn print(&mut self, c: char) {
        let c = if self.graphics { graphic(c) } else { c };
        self.put(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.end_line(),
            b'\t' => {
                for _ in 0..8 - self.count % 8 {
                    self.put(' ');
                }
            }
            0x0e => self.graphics = true,
            0x0f => self.graphics = false,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if action == 'm' && intermediates.is_empty() && !ignore {
            self.sgr(params);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Screen {
        Screen::parse(bytes, PaneVars::default())
    }

    #[test]
    fn escapes_become_styles_and_leave_the_text() {
        let screen = parse(b"\x1b[39m> \x1b[7mT\x1b[0;2mry\x1b[0m it\x1b[38;2;1;2;3mx\x1b[39my  \nplain\n\n");
        let texts: Vec<&str> = screen.lines().iter().map(|l| l.text.as_str()).collect();
        assert_eq!(texts, ["> Try itxy", "plain"]);
        let line = &screen.lines()[0];
        assert!(line.style(2).inverse && !line.style(2).dim);
        assert!(line.style(3).dim && !line.style(3).inverse);
        assert_eq!(line.style(6), Style::default());
        assert!(line.style(8).foreground.is_some() && line.style(9).foreground.is_none());
        assert!(screen.styled());
    }

    #[test]
    fn styles_hold_across_lines_as_tmux_writes_them() {
        let screen = parse(b"\x1b[2mone\ntwo\x1b[0m\n");
        assert!(screen.lines()[1].style(0).dim);
    }

    #[test]
    fn size_is_bounded() {
        let mut bytes = vec![b'x'; 100_000];
        bytes.push(b'\n');
        bytes.extend(b"y\n".repeat(5_000));
        let screen = parse(&bytes);
        assert_eq!(screen.lines().len(), MAX_LINES);
        let long = parse(&vec![b'x'; 100_000]);
        assert_eq!(long.lines()[0].text.len(), MAX_COLUMNS);
    }

    #[test]
    fn the_line_drawing_set_is_translated() {
        assert_eq!(parse(b"\x0elqk\x0f q\n").lines()[0].text, "┌─┐ q");
    }
}
