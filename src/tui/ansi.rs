//! What `capture-pane -e` prints, as styled lines.
//!
//! Understands what tmux writes there: SGR with 256 and true colours, underline styles and colours, OSC 8 links (their
//! text is kept, the address is not), line drawing by SO/SI, wide characters. Everything else is dropped: the text is
//! an agent's, so nothing in it may reach the terminal as anything but text. Never fails, never panics.

use std::mem;

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use vte::{Params, Parser, Perform};

use crate::text::is_hostile;

/// The most lines that are kept; a pane has fewer, so more is somebody's mistake.
const MAX_LINES: usize = 4096;
/// The most characters of one line that are kept.
const MAX_COLUMNS: usize = 4096;

/// The lines of one capture. Trailing empty lines are dropped; with `color` false only weights remain.
pub fn parse(bytes: &[u8], color: bool) -> Vec<Line<'static>> {
    let mut screen = Screen { color, ..Screen::default() };
    // A capture separates its rows by a line feed alone; the parser sees it as one more control character.
    Parser::new().advance(&mut screen, bytes);
    screen.end_line();
    while screen
        .lines
        .last()
        .is_some_and(|l| l.spans.iter().all(|s| s.content.trim().is_empty() && s.style.bg.is_none()))
    {
        screen.lines.pop();
    }
    screen.lines
}

#[derive(Default)]
struct Screen {
    lines: Vec<Line<'static>>,
    spans: Vec<Span<'static>>,
    run: String,
    columns: usize,
    style: Style,
    drawing: bool,
    color: bool,
}

impl Screen {
    fn end_run(&mut self) {
        if !self.run.is_empty() {
            let style = if self.color {
                self.style
            } else {
                Style { fg: None, bg: None, underline_color: None, ..self.style }
            };
            self.spans.push(Span::styled(mem::take(&mut self.run), style));
        }
    }

    fn end_line(&mut self) {
        self.end_run();
        let spans = mem::take(&mut self.spans);
        self.columns = 0;
        if self.lines.len() < MAX_LINES {
            self.lines.push(Line::from(spans));
        }
    }

    fn sgr(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let &[code, ref sub @ ..] = param else { continue };
            match code {
                38 | 48 | 58 => {
                    let color = if sub.is_empty() { spread_color(&mut params) } else { nested_color(sub) };
                    let Some(color) = color else { continue };
                    match code {
                        38 => self.style.fg = Some(color),
                        48 => self.style.bg = Some(color),
                        _ => self.style.underline_color = Some(color),
                    }
                }
                4 => self.set(Modifier::UNDERLINED, sub.first() != Some(&0)),
                code => self.simple(code),
            }
        }
    }

    fn simple(&mut self, code: u16) {
        match code {
            0 => self.style = Style::default(),
            // Blinking (5, 6) is not calm: shown as bold.
            1 | 5 | 6 => self.set(Modifier::BOLD, true),
            2 => self.set(Modifier::DIM, true),
            3 => self.set(Modifier::ITALIC, true),
            7 => self.set(Modifier::REVERSED, true),
            8 => self.set(Modifier::HIDDEN, true),
            9 => self.set(Modifier::CROSSED_OUT, true),
            21 => self.set(Modifier::UNDERLINED, true),
            22 => self.set(Modifier::BOLD | Modifier::DIM, false),
            23 => self.set(Modifier::ITALIC, false),
            24 => self.set(Modifier::UNDERLINED, false),
            27 => self.set(Modifier::REVERSED, false),
            28 => self.set(Modifier::HIDDEN, false),
            29 => self.set(Modifier::CROSSED_OUT, false),
            30..=37 => self.style.fg = Some(named(code - 30)),
            39 => self.style.fg = None,
            40..=47 => self.style.bg = Some(named(code - 40)),
            49 => self.style.bg = None,
            59 => self.style.underline_color = None,
            90..=97 => self.style.fg = Some(named(code - 90 + 8)),
            100..=107 => self.style.bg = Some(named(code - 100 + 8)),
            _ => {}
        }
    }

    fn set(&mut self, modifier: Modifier, on: bool) {
        self.style.add_modifier.set(modifier, on);
    }
}

/// `38;5;n` and `38;2;r;g;b`.
fn spread_color<'a>(params: &mut impl Iterator<Item = &'a [u16]>) -> Option<Color> {
    let mut next = || params.next().and_then(|p| p.first().copied());
    match next()? {
        5 => Some(Color::Indexed(u8::try_from(next()?).ok()?)),
        2 => rgb(next()?, next()?, next()?),
        _ => None,
    }
}

/// `38:5:n`, `38:2:r:g:b` and `38:2:<space>:r:g:b`.
fn nested_color(sub: &[u16]) -> Option<Color> {
    match *sub {
        [5, n, ..] => Some(Color::Indexed(u8::try_from(n).ok()?)),
        [2, r, g, b] | [2, _, r, g, b, ..] => rgb(r, g, b),
        _ => None,
    }
}

fn rgb(r: u16, g: u16, b: u16) -> Option<Color> {
    Some(Color::Rgb(u8::try_from(r).ok()?, u8::try_from(g).ok()?, u8::try_from(b).ok()?))
}

/// The 16 colours by number.
const fn named(n: u16) -> Color {
    match n {
        0 => Color::Black,
        1 => Color::Red,
        2 => Color::Green,
        3 => Color::Yellow,
        4 => Color::Blue,
        5 => Color::Magenta,
        6 => Color::Cyan,
        7 => Color::Gray,
        8 => Color::DarkGray,
        9 => Color::LightRed,
        10 => Color::LightGreen,
        11 => Color::LightYellow,
        12 => Color::LightBlue,
        13 => Color::LightMagenta,
        14 => Color::LightCyan,
        _ => Color::White,
    }
}

/// DEC special graphics, as `terminfo(5)`'s `acsc` names them.
const fn line_drawing(c: char) -> char {
    match c {
        '`' => '◆',
        'a' | 'h' => '▒',
        'f' => '°',
        'g' => '±',
        'i' => '␋',
        'j' => '┘',
        'k' => '┐',
        'l' => '┌',
        'm' => '└',
        'n' => '┼',
        'o' => '⎺',
        'p' => '⎻',
        'q' => '─',
        'r' => '⎼',
        's' => '⎽',
        't' => '├',
        'u' => '┤',
        'v' => '┴',
        'w' => '┬',
        'x' => '│',
        'y' => '≤',
        'z' => '≥',
        '{' => 'π',
        '|' => '≠',
        '}' => '£',
        '~' => '·',
        '+' => '→',
        ',' => '←',
        '-' => '↑',
        '.' => '↓',
        '0' => '█',
        c => c,
    }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        if self.columns >= MAX_COLUMNS || is_hostile(c) {
            return;
        }
        self.columns += 1;
        self.run.push(if self.drawing { line_drawing(c) } else { c });
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.end_line(),
            b'\t' => {
                for _ in 0..8 - self.columns % 8 {
                    self.print(' ');
                }
            }
            0x0e => self.drawing = true,
            0x0f => self.drawing = false,
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: char) {
        if action == 'm' && intermediates.is_empty() && !ignore {
            self.end_run();
            self.sgr(params);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(bytes: &[u8]) -> Vec<String> {
        parse(bytes, true).iter().map(|l| l.spans.iter().map(|s| s.content.as_ref()).collect()).collect()
    }

    fn first_style(bytes: &[u8]) -> Style {
        parse(bytes, true)[0].spans[0].style
    }

    #[test]
    fn sgr_becomes_style() {
        let plain = Style::default();
        for (bytes, want) in [
            ("\x1b[31mx", plain.fg(Color::Red)),
            ("\x1b[97;44mx", plain.fg(Color::White).bg(Color::Blue)),
            ("\x1b[38;5;208mx", plain.fg(Color::Indexed(208))),
            ("\x1b[38:5:208mx", plain.fg(Color::Indexed(208))),
            ("\x1b[38;2;1;2;3mx", plain.fg(Color::Rgb(1, 2, 3))),
            ("\x1b[48:2::1:2:3mx", plain.bg(Color::Rgb(1, 2, 3))),
            ("\x1b[48:2:1:2:3mx", plain.bg(Color::Rgb(1, 2, 3))),
            (
                "\x1b[4:3;58;2;9;8;7mx",
                plain.add_modifier(Modifier::UNDERLINED).underline_color(Color::Rgb(9, 8, 7)),
            ),
            ("\x1b[58:5:3mx", plain.underline_color(Color::Indexed(3))),
            ("\x1b[4m\x1b[4:0mx", plain),
            (
                "\x1b[1;2;3;7;9mx",
                plain.add_modifier(
                    Modifier::BOLD
                        | Modifier::DIM
                        | Modifier::ITALIC
                        | Modifier::REVERSED
                        | Modifier::CROSSED_OUT,
                ),
            ),
            ("\x1b[1;31m\x1b[0mx", plain),
            ("\x1b[1;31m\x1b[mx", plain),
            ("\x1b[1;31m\x1b[22;39mx", plain),
            ("\x1b[38;5;999mx", plain),
            ("\x1b[38mx", plain),
            ("\x1b[?25lx", plain),
            ("\x1b[>4;2mx", plain),
        ] {
            assert_eq!(first_style(bytes.as_bytes()), want, "{bytes:?}");
        }
    }

    #[test]
    fn style_runs_go_on_across_lines() {
        let lines = parse(b"\x1b[32ma\nb\x1b[39mc", true);
        assert_eq!(lines[1].spans[0].style.fg, Some(Color::Green));
        assert_eq!(lines[1].spans[1].style.fg, None);
    }

    #[test]
    fn link_text_is_kept_and_line_drawing_is_drawn() {
        let link = "a \x1b]8;id=1;https://example.com/x\x1b\\link\x1b]8;;\x1b\\ after";
        assert_eq!(text(link.as_bytes()), ["a link after"]);
        assert_eq!(text("a \x1b]8;;u\x07link\x1b]8;;\x07 z".as_bytes()), ["a link z"]);
        assert_eq!(text(b"\x0elqqk\x0f lqqk"), ["┌──┐ lqqk"]);
    }

    #[test]
    fn hostile_text_is_harmless() {
        assert_eq!(text(b"a\x1b]0;title\x07b\x1b[2Jc\x1b[10;10Hd\x1bPq#0\x1b\\e\x07\x08\rf"), ["abcdef"]);
        assert_eq!(text("x\u{202e}y\u{9b}31mz".as_bytes()), ["xy31mz"]);
        assert_eq!(text(b"\xff\xfeok"), ["\u{fffd}\u{fffd}ok"]);
        assert_eq!(text(b"a\tb"), ["a       b"]);
        assert_eq!(text("日本\u{301}語".as_bytes()), ["日本\u{301}語"]);
    }

    #[test]
    fn trailing_blank_lines_go_but_painted_ones_stay() {
        assert_eq!(text(b"a\n\n  \n"), ["a"]);
        assert_eq!(text(b"a\n\x1b[41m  \x1b[0m\n"), ["a", "  "]);
        assert_eq!(parse(b"", true), []);
    }

    #[test]
    fn without_colour_weights_remain() {
        assert_eq!(
            parse(b"\x1b[1;31;44mx", false)[0].spans[0].style,
            Style::default().add_modifier(Modifier::BOLD)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_parse_and_nothing_hostile_comes_out(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            for line in parse(&bytes, true) {
                for span in &line.spans {
                    prop_assert!(!span.content.chars().any(is_hostile));
                }
            }
        }

        #[test]
        fn escape_soup_parses(soup in "(\x1b\\[[0-9;:]{0,12}[mKHJ]|\x1b\\]8;;x\x07|[ -~é日\u{202e}\n]|\x0e|\x0f){0,80}") {
            for line in parse(soup.as_bytes(), true) {
                for span in &line.spans {
                    prop_assert!(!span.content.chars().any(is_hostile));
                }
            }
        }
    }
}
