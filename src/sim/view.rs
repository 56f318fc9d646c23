//! What the simulated agent's screen shows: lines of styled text, made from the machine and the time.
//!
//! A function from values to values. The texts and their places are those of Claude Code 2.1.329: the box is a prompt
//! line between two rules near the bottom, and everything that wants an answer replaces it.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::machine::{Block, Doing, Machine, Now, Phase, clock_of, running_since};
use super::prompt::{Prompt, PromptKind};
use super::script::BackgroundKind;

/// How a piece of text looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Look {
    /// As the terminal shows text.
    #[default]
    Plain,
    /// Faint.
    Dim,
    /// Strong.
    Bold,
    /// The agent's own colour.
    Accent,
    /// A failure.
    Bad,
    /// A success.
    Good,
    /// Worth a look.
    Warn,
    /// The cursor.
    Reverse,
}

impl Look {
    /// The parameters of the SGR sequence (ECMA-48 8.3.117).
    pub const fn sgr(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Dim => "0;2",
            Self::Bold => "0;1",
            Self::Accent => "0;38;5;174",
            Self::Bad => "0;31",
            Self::Good => "0;32",
            Self::Warn => "0;33",
            Self::Reverse => "0;7",
        }
    }
}

/// One line of the screen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub Vec<(Look, String)>);

impl Line {
    /// A line in one look.
    pub fn new(look: Look, text: impl Into<String>) -> Self {
        Self(vec![(look, text.into())])
    }

    /// The text alone.
    pub fn text(&self) -> String {
        self.0.iter().map(|(_, t)| t.as_str()).collect()
    }

    /// The line, cut to `width` columns.
    #[must_use]
    pub fn clipped(self, width: usize) -> Self {
        let mut left = width;
        let mut out = Vec::new();
        for (look, text) in self.0 {
            let taken = take_columns(&text, left);
            left -= taken.width();
            let cut = taken.len() < text.len();
            out.push((look, taken.to_owned()));
            if cut {
                break;
            }
        }
        Self(out)
    }
}

/// The glyphs the spinner cycles through.
const GLYPHS: [char; 6] = ['·', '✢', '✳', '✶', '✻', '✽'];

/// The whole screen, exactly `height` lines.
pub fn screen(machine: &Machine, now: Now, width: u16, height: u16) -> Vec<Line> {
    let (width, height) = (usize::from(width.max(8)), usize::from(height.max(1)));
    if matches!(machine.phase, Phase::Starting(_)) {
        return vec![Line::default(); height];
    }
    let mut bottom = match &machine.prompt {
        Some(prompt) => prompt_lines(prompt, width),
        None => box_lines(machine, now, width),
    };
    if bottom.len() > height {
        bottom.drain(..bottom.len() - height);
    }
    let mut lines = body(machine, now, width, height - bottom.len());
    lines.resize(height - bottom.len(), Line::default());
    lines.append(&mut bottom);
    lines.into_iter().map(|l| l.clipped(width)).collect()
}

fn body(machine: &Machine, now: Now, width: usize, room: usize) -> Vec<Line> {
    if machine.prompt.as_ref().is_some_and(|p| p.kind == PromptKind::Trust) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    // From the last block upwards, until the room is filled.
    for block in live(machine, now).iter().chain(machine.blocks.iter().rev()) {
        let mut shown = block_lines(block, now, machine, width);
        shown.push(Line::default());
        shown.append(&mut lines);
        lines = shown;
        if lines.len() > room {
            break;
        }
    }
    if lines.len() < room {
        let mut top = logo(machine);
        top.push(Line::default());
        top.append(&mut lines);
        lines = top;
    }
    if lines.len() > room {
        lines.drain(..lines.len() - room);
    }
    lines
}

fn logo(machine: &Machine) -> Vec<Line> {
    vec![
        Line(vec![
            (Look::Accent, " ▗▄▖ ".to_owned()),
            (Look::Bold, "  Swarm Sim".to_owned()),
            (Look::Dim, format!(" v{}", env!("CARGO_PKG_VERSION"))),
        ]),
        Line(vec![
            (Look::Accent, " ▐▀▌ ".to_owned()),
            (Look::Dim, format!("  {} · simulated", machine.model())),
        ]),
        Line(vec![(Look::Accent, " ▝▀▘ ".to_owned()), (Look::Dim, format!("  {}", machine.who.cwd))]),
    ]
}

/// What is streaming right now.
fn live(machine: &Machine, now: Now) -> Vec<Block> {
    machine.streaming(now).map(Block::Say).into_iter().collect()
}

fn block_lines(block: &Block, now: Now, machine: &Machine, width: usize) -> Vec<Line> {
    match block {
        Block::Prompt(text) => hanging("❯ ", "  ", text, width, Look::Dim),
        Block::Say(text) => hanging("● ", "  ", text, width, Look::Plain),
        Block::Note(text) => hanging("  ⎿  ", "     ", text, width, Look::Dim),
        Block::Error(text) => hanging("  ⎿  ", "     ", text, width, Look::Bad),
        Block::Done(text) => hanging("", "  ", text, width, Look::Dim),
        Block::Queued(text) => {
            let mut lines = hanging("❯ ", "  ", text, width, Look::Dim);
            lines.push(Line::new(Look::Dim, "  ⎿  Queued · ↑ to edit"));
            lines
        }
        Block::Tool { name, subject, output, failed } => {
            let mut lines = hanging("● ", "  ", &format!("{name}({subject})"), width, Look::Bold);
            match output {
                None => lines.push(Line::new(Look::Dim, format!("  ⎿  {}", running(machine, now)))),
                Some(text) => {
                    let look = if *failed { Look::Bad } else { Look::Dim };
                    lines.extend(hanging("  ⎿  ", "     ", or_empty(text), width, look));
                }
            }
            lines
        }
    }
}

fn or_empty(text: &str) -> &str {
    if text.is_empty() { "(No content)" } else { text }
}

fn running(machine: &Machine, now: Now) -> String {
    match running_since(machine) {
        Some(from) => format!("Running… ({}s)", now.at.saturating_sub(from).as_secs()),
        None => "Waiting…".to_owned(),
    }
}

fn box_lines(machine: &Machine, now: Now, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(spinner) = spinner(machine, now) {
        lines.push(spinner);
    } else if let Some(kind) = machine.wakes.iter().find_map(|w| w.kind)
        && kind == BackgroundKind::Agent
    {
        lines.push(Line::new(Look::Dim, "✻ Waiting for 1 background agent to finish"));
    }
    let used = format!("{}% context used", machine.percent_used());
    lines.push(Line::new(Look::Dim, format!("{used:>width$}")));
    lines.push(rule(width, '─'));
    lines.extend(draft(machine, width));
    lines.push(rule(width, '─'));
    lines.extend(footer(machine, width));
    lines
}

fn spinner(machine: &Machine, now: Now) -> Option<Line> {
    let turn = machine.turn.as_ref()?;
    let elapsed = now.at.saturating_sub(turn.from);
    let frame = (elapsed.as_millis() / 120) as usize;
    let glyph = GLYPHS[frame % GLYPHS.len()];
    let seconds = elapsed.as_secs();
    let streamed = turn.tokens + streaming_tokens(machine, now);
    let text = match &turn.doing {
        Doing::Retry { attempt, of, until, message, .. } => {
            let left = until.saturating_sub(now.at).as_secs_f64().ceil() as u64;
            format!("{glyph} {message} · retrying in {left}s · attempt {attempt}/{of}")
        }
        Doing::Compact { .. } => format!("{glyph} Compacting conversation… ({seconds}s)"),
        _ if seconds == 0 => format!("{glyph} {}…", turn.verb),
        Doing::Think { .. } => {
            format!("{glyph} {}… ({seconds}s · ↓ {streamed} tokens · thinking)", turn.verb)
        }
        _ => format!("{glyph} {}… ({seconds}s · ↓ {streamed} tokens)", turn.verb),
    };
    Some(Line::new(Look::Accent, text))
}

fn streaming_tokens(machine: &Machine, now: Now) -> u64 {
    live(machine, now).iter().map(|b| if let Block::Say(t) = b { super::machine::tokens(t) } else { 0 }).sum()
}

fn rule(width: usize, glyph: char) -> Line {
    Line::new(Look::Dim, glyph.to_string().repeat(width))
}

/// The draft between the rules: the prompt glyph, the text, the cursor.
fn draft(machine: &Machine, width: usize) -> Vec<Line> {
    let text = machine.composer.text();
    if text.is_empty() {
        let hint = if machine.queue.is_empty() {
            machine.placeholder.as_str()
        } else {
            "Press up to edit queued messages"
        };
        let mut line = vec![(Look::Plain, "❯\u{a0}".to_owned())];
        let mut rest = hint.chars();
        line.push((Look::Reverse, rest.next().unwrap_or(' ').to_string()));
        line.push((Look::Dim, rest.collect()));
        return vec![Line(line)];
    }
    let mut rows: Vec<Vec<(char, bool)>> = vec![Vec::new()];
    let mut used = 2;
    for (n, c) in text.chars().chain([' ']).enumerate() {
        let wide = c.width().unwrap_or(0);
        if (c != '\n' && used + wide > width) || (n > 0 && text.chars().nth(n - 1) == Some('\n')) {
            rows.push(Vec::new());
            used = 2;
        }
        let shown = if c == '\n' { ' ' } else { c };
        if let Some(row) = rows.last_mut() {
            row.push((shown, n == machine.composer.cursor()));
        }
        used += wide;
    }
    let most = 12;
    let skip = rows.len().saturating_sub(most);
    rows.iter().enumerate().skip(skip).map(|(n, row)| draft_row(n == 0, row)).collect()
}

fn draft_row(first: bool, row: &[(char, bool)]) -> Line {
    let mut line = vec![(Look::Plain, if first { "❯\u{a0}" } else { "  " }.to_owned())];
    for (c, cursor) in row {
        let look = if *cursor { Look::Reverse } else { Look::Plain };
        match line.last_mut() {
            Some((last, text)) if *last == look => text.push(*c),
            _ => line.push((look, c.to_string())),
        }
    }
    Line(line)
}

fn footer(machine: &Machine, width: usize) -> Vec<Line> {
    if let Some(limit) = &machine.limited
        && machine.turn.is_none()
    {
        let at = clock_of(limit.until);
        return vec![
            Line::new(Look::Warn, format!("  ⚠ Usage limit reached · limit resets {at}")),
            Line::new(Look::Dim, format!("    Continuing automatically at {at} · Esc to cancel")),
        ];
    }
    if let Some((hint, _)) = &machine.hint {
        return vec![Line::new(Look::Dim, format!("  {hint}"))];
    }
    let mut left = format!("  {}", machine.mode.footer());
    if machine.turn.is_some() {
        left.push_str(" · esc to interrupt");
    }
    if machine.wakes.iter().any(|w| w.kind == Some(BackgroundKind::Shell)) {
        left.push_str(" · 1 shell");
    }
    let mut lines = vec![Line::new(Look::Dim, crate::text::clip(&left, width))];
    if machine.wakes.iter().any(|w| w.kind == Some(BackgroundKind::Agent)) {
        lines.push(Line::new(Look::Plain, "  ● main"));
        lines.push(Line::new(Look::Dim, "  ◯ general-purpose  Look around"));
    }
    lines
}

fn prompt_lines(prompt: &Prompt, width: usize) -> Vec<Line> {
    let mut lines = vec![rule(width, '─')];
    let push = |look: Look, text: &str, indent: &str, lines: &mut Vec<Line>| {
        lines.extend(hanging(indent, indent, text, width, look));
    };
    if !prompt.title.is_empty() {
        push(Look::Bold, &prompt.title, " ", &mut lines);
        lines.push(Line::default());
    }
    if !prompt.note.is_empty() {
        push(Look::Dim, &prompt.note, " ", &mut lines);
    }
    let framed = matches!(prompt.kind, PromptKind::Permission | PromptKind::Plan);
    if framed {
        lines.push(rule(width, '╌'));
    }
    for text in &prompt.body {
        push(Look::Plain, text, " ", &mut lines);
    }
    if framed {
        lines.push(rule(width, '╌'));
    }
    if !prompt.ask.is_empty() {
        push(
            Look::Plain,
            &prompt.ask,
            if prompt.kind == PromptKind::Question { "" } else { " " },
            &mut lines,
        );
    }
    if prompt.kind == PromptKind::Question {
        lines.push(Line::default());
    }
    lines.extend(options(prompt, width));
    lines.push(Line::default());
    push(Look::Dim, prompt.footer(), " ", &mut lines);
    lines
}

fn options(prompt: &Prompt, width: usize) -> Vec<Line> {
    let indent = if prompt.kind == PromptKind::Question { "" } else { " " };
    let mut lines = Vec::new();
    for (n, option) in prompt.options.iter().enumerate() {
        let here = n == prompt.selected;
        let mark = if here { "❯ " } else { "  " };
        let number = if prompt.numbered() { format!("{}. ", n + 1) } else { String::new() };
        let look = if here { Look::Accent } else { Look::Plain };
        lines.extend(hanging(
            &format!("{indent}{mark}{number}"),
            &format!("{indent}     "),
            &option.label,
            width,
            look,
        ));
        if !option.description.is_empty() {
            let pad = format!("{indent}     ");
            lines.extend(hanging(&pad, &pad, &option.description, width, Look::Dim));
        }
    }
    lines
}

/// `text` wrapped at spaces, `first` before the first line and `rest` before the others.
fn hanging(first: &str, rest: &str, text: &str, width: usize, look: Look) -> Vec<Line> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        let lead = |lines: &Vec<Line>| if lines.is_empty() { first } else { rest };
        for word in paragraph.split_inclusive(' ') {
            let mut word = word;
            if !line.is_empty() && lead(&lines).width() + line.width() + word.trim_end().width() > width {
                lines.push(Line::new(look, format!("{}{}", lead(&lines), line.trim_end())));
                line.clear();
            }
            // A word wider than the screen is cut where the screen ends.
            let room = width.saturating_sub(lead(&lines).width()).max(1);
            while word.trim_end().width() > room {
                let taken = take_columns(word, room);
                if taken.is_empty() {
                    break;
                }
                lines.push(Line::new(look, format!("{}{taken}", lead(&lines))));
                word = &word[taken.len()..];
            }
            line.push_str(word);
        }
        lines.push(Line::new(look, format!("{}{}", lead(&lines), line.trim_end())));
    }
    lines
}

/// The longest start of `text` that is at most `columns` wide.
fn take_columns(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return &text[..at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_wraps_at_spaces_and_long_words_are_cut() {
        let lines: Vec<_> =
            hanging("● ", "  ", "one two three", 9, Look::Plain).iter().map(Line::text).collect();
        assert_eq!(lines, ["● one two", "  three"]);
        let cut: Vec<_> = hanging("● ", "  ", "abcdefghij", 6, Look::Plain).iter().map(Line::text).collect();
        assert_eq!(cut, ["● abcd", "  efgh", "  ij"]);
        let wide: Vec<_> = hanging("", "", "日本語日本語", 5, Look::Plain).iter().map(Line::text).collect();
        assert_eq!(wide, ["日本", "語日", "本語"]);
    }

    #[test]
    fn clipping_never_splits_a_wide_character() {
        assert_eq!(Line::new(Look::Plain, "日本語").clipped(5).text(), "日本");
    }
}
