//! The choices a dialog offers, and what it asks.

use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::frame::{Frame, is_border, is_side, strip};
use super::parse::Line;
use crate::agent::Region;
use crate::text;

/// One choice of a dialog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DialogOption {
    /// The key that stands for it, where the dialog shows one (`2`, `y`).
    pub key: Option<String>,
    /// What it says.
    pub text: String,
    /// What stands below it as an explanation.
    pub detail: String,
    /// Whether it is the one that Enter would choose.
    pub selected: bool,
}

/// `❯ 1. Yes`, `  2) No`, in a box or not.
static NUMBERED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(?P<lead>[\s│┃║]*(?P<mark>[❯›>●▶→◉*])?\s*[↑↓]?\s*(?P<key>\d{1,2})[.)]\s+)(?P<text>\S.*)$")
        .ok()
});

/// An option while it is being put together.
struct Found {
    line: usize,
    /// Where its text starts, in characters.
    column: usize,
    option: DialogOption,
}

/// The options of the dialog on this screen, in their order; empty when there is no dialog.
pub(super) fn options(frame: &Frame<'_>) -> Vec<DialogOption> {
    let lines = frame.lines(Region::Dialog);
    if lines.is_empty() {
        return Vec::new();
    }
    let mut found = inline(frame, lines)
        .or_else(|| numbered(frame, lines))
        .or_else(|| plain(frame, lines))
        .unwrap_or_default();
    if !found.iter().any(|f| f.option.selected) {
        select_by_style(lines, &mut found);
    }
    found.into_iter().map(|f| f.option).collect()
}

/// Marks the option that is drawn unlike all others, where the others are drawn alike.
fn select_by_style(lines: &[Line], found: &mut [Found]) {
    let style = |f: &Found| lines.get(f.line).map(|l| l.style(f.column)).unwrap_or_default();
    let styles: Vec<_> = found.iter().map(style).collect();
    let filled = |s: &super::parse::Style| s.inverse || s.background.is_some();
    let odd = |i: usize| {
        let others = styles.iter().enumerate().filter(|(n, _)| *n != i).map(|(_, s)| s);
        let mut others = others.peekable();
        let Some(first) = others.peek().copied().copied() else { return false };
        let own = styles.get(i).copied().unwrap_or_default();
        let alike = others.all(|s| *s == first);
        // Of two, only the one on a background of its own is surely the selected one.
        alike && own != first && (styles.len() > 2 || filled(&own) && own.background != first.background)
    };
    let odd_ones: Vec<usize> = (0..styles.len()).filter(|i| odd(*i)).collect();
    if let [only] = odd_ones.as_slice()
        && let Some(f) = found.get_mut(*only)
    {
        f.option.selected = true;
    }
}

/// The line of the dialog where its options begin.
fn first_line(frame: &Frame<'_>, lines: &[Line]) -> Option<usize> {
    inline(frame, lines)
        .or_else(|| numbered(frame, lines))
        .or_else(|| plain(frame, lines))?
        .first()
        .map(|f| f.line)
}

/// The rows of the dialog above its first option that say something.
pub(super) fn above(frame: &Frame<'_>) -> Vec<String> {
    let lines = frame.lines(Region::Dialog);
    let first = first_line(frame, lines).unwrap_or(lines.len());
    let rows = lines.iter().take(first).map(|line| strip(&line.text));
    rows.filter(|row| row.chars().any(char::is_alphanumeric)).map(text::one_line).collect()
}

/// What the dialog asks: the paragraph above its options.
pub(super) fn question(frame: &Frame<'_>) -> Option<String> {
    let lines = frame.lines(Region::Dialog);
    let first = first_line(frame, lines)?;
    if let Some(re) = &frame.rules.inline_options
        && let Some(line) = lines.get(first)
        && let Some(m) = re.find(&line.text)
    {
        let before = strip(line.text.get(..m.start()).unwrap_or_default());
        if !before.is_empty() {
            return Some(text::one_line(before));
        }
    }
    let mut words: Vec<String> = Vec::new();
    for line in lines.get(..first)?.iter().rev() {
        let text = strip(&line.text);
        let ruled = !text.is_empty() && text.chars().all(|c| is_border(c) || c == ' ');
        if text.is_empty() || ruled {
            if words.is_empty() {
                continue;
            }
            break;
        }
        words.push(text::one_line(text));
    }
    words.reverse();
    (!words.is_empty()).then(|| words.join(" "))
}

fn inline(frame: &Frame<'_>, lines: &[Line]) -> Option<Vec<Found>> {
    let re = frame.rules.inline_options.as_ref()?;
    // The last three lines may hold a wrapped list; the whole list is on the last line that matches.
    let (number, line) = lines.iter().enumerate().rev().find(|(_, l)| re.is_match(&l.text))?;
    let found: Vec<Found> = re
        .captures_iter(&line.text)
        .filter_map(|c| {
            let text = c.name("text")?;
            let column = line.text.get(..text.start())?.chars().count();
            let key = c.name("key").map(|k| k.as_str().to_owned());
            let shown = match c.name("key") {
                Some(k) if k.start() < text.start() => format!("{}{}", k.as_str(), text.as_str()),
                _ => text.as_str().trim().to_owned(),
            };
            let option =
                DialogOption { key, text: text::one_line(&shown), detail: String::new(), selected: false };
            Some(Found { line: number, column, option })
        })
        .collect();
    (!found.is_empty()).then_some(found)
}

fn numbered(frame: &Frame<'_>, lines: &[Line]) -> Option<Vec<Found>> {
    let re = frame.rules.option.as_ref().or(NUMBERED.as_ref())?;
    let mut run: Vec<Found> = Vec::new();
    let mut wanted: Option<u32> = None;
    for (number, line) in lines.iter().enumerate().rev() {
        let Some(c) = re.captures(&line.text) else { continue };
        let (Some(key), Some(text)) = (c.name("key"), c.name("text")) else { continue };
        let Ok(value) = key.as_str().parse::<u32>() else { continue };
        // Numbers count down to 1; one that is scrolled out or beyond a divider may be missing.
        if wanted.is_some_and(|n| value > n) {
            continue;
        }
        let option = DialogOption {
            key: Some(key.as_str().to_owned()),
            text: text::one_line(strip(text.as_str())),
            detail: String::new(),
            selected: c
                .name("mark")
                .is_some_and(|m| m.as_str().chars().all(|g| frame.rules.cursor_glyphs.contains(&g))),
        };
        let column = line.text.get(..text.start()).unwrap_or_default().chars().count();
        run.push(Found { line: number, column, option });
        match value.checked_sub(1) {
            None | Some(0) => break,
            next => wanted = next,
        }
    }
    run.reverse();
    join_wraps(frame, lines, &mut run);
    (!run.is_empty()).then_some(run)
}

/// Options without numbers: the marked line and its neighbours whose text starts in the same column.
fn plain(frame: &Frame<'_>, lines: &[Line]) -> Option<Vec<Found>> {
    let glyphs = &frame.rules.cursor_glyphs;
    let starts = |line: &Line| -> Option<(bool, usize, String)> {
        let mut column = 0;
        let mut marked = false;
        let mut chars = line.text.chars().peekable();
        while let Some(&c) = chars.peek() {
            if !marked && glyphs.contains(&c) {
                marked = true;
            } else if !(c.is_whitespace() || is_side(c)) {
                break;
            }
            column += 1;
            chars.next();
        }
        let text: String = chars.collect();
        let text = strip(&text).to_owned();
        (!text.is_empty() && !text.chars().all(is_border)).then_some((marked, column, text))
    };
    let (at, (_, column, _)) = lines
        .iter()
        .enumerate()
        .rev()
        .find_map(|(i, l)| starts(l).filter(|(marked, ..)| *marked).map(|s| (i, s)))?;
    let same = |i: usize| lines.get(i).and_then(&starts).filter(|(_, c, _)| *c == column);
    let mut first = at;
    while let Some(before) = first.checked_sub(1)
        && same(before).is_some()
    {
        first = before;
    }
    let mut run = Vec::new();
    let mut i = first;
    while let Some((marked, column, text)) = same(i) {
        let option =
            DialogOption { key: None, text: text::one_line(&text), detail: String::new(), selected: marked };
        run.push(Found { line: i, column, option });
        i += 1;
    }
    // A line that the line above it had no room for belongs to that option.
    let mut joined: Vec<Found> = Vec::new();
    for found in run {
        match joined.last_mut() {
            // Where an option fills its line the next one looks like its rest, but for its capital.
            Some(last)
                if !found.option.selected
                    && !found.option.text.starts_with(char::is_uppercase)
                    && is_wrap(frame, lines, found.line) =>
            {
                last.option.text.push(' ');
                last.option.text.push_str(&found.option.text);
            }
            _ => joined.push(found),
        }
    }
    Some(joined)
}

/// Puts the lines between two options where they belong: to the text when they only wrapped, else to the explanation.
fn join_wraps(frame: &Frame<'_>, lines: &[Line], run: &mut [Found]) {
    let ends: Vec<usize> = run.iter().skip(1).map(|f| f.line).chain(std::iter::once(lines.len())).collect();
    for (found, end) in run.iter_mut().zip(ends) {
        let mut wraps = true;
        for number in found.line + 1..end {
            let Some(line) = lines.get(number) else { break };
            let bare = line.text.trim_matches(|c: char| c.is_whitespace() || is_side(c));
            if bare.is_empty() || bare.chars().all(|c| is_border(c) || c == ' ') {
                break;
            }
            let indent = line.text.chars().take_while(|c| c.is_whitespace() || is_side(*c)).count();
            let mark = bare.chars().next().filter(|c| frame.rules.cursor_glyphs.contains(c));
            if mark.is_some() {
                found.option.selected = true;
            }
            if indent + 3 < found.column && mark.is_none() {
                break;
            }
            let text = text::one_line(bare.trim_start_matches(|c| Some(c) == mark));
            wraps = wraps && is_wrap(frame, lines, number);
            let target = if wraps { &mut found.option.text } else { &mut found.option.detail };
            if !target.is_empty() {
                target.push(' ');
            }
            target.push_str(&text);
        }
    }
}

/// Whether the first word of this line had no room at the end of the line above.
pub(super) fn is_wrap(frame: &Frame<'_>, lines: &[Line], number: usize) -> bool {
    let Some(above) = number.checked_sub(1).and_then(|n| lines.get(n)) else { return false };
    let Some(line) = lines.get(number) else { return false };
    let boxed = above.text.chars().next_back().is_some_and(is_side);
    let inner = above.text.trim_end_matches(|c: char| c.is_whitespace() || is_side(c)).chars().count();
    let word = strip(&line.text).split_whitespace().next().map_or(0, |w| w.chars().count());
    let room = frame.screen.width().saturating_sub(if boxed { 2 } else { 0 });
    // Agents keep up to two columns of padding at the right.
    inner + 1 + word + 2 > room
}
