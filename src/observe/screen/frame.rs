//! Where things are on a screen, by a profile's word: composer, footer, last cell, dialog. Structure before wording.

use std::cell::RefCell;
use std::rc::Rc;

use regex::Regex;

use super::options::is_wrap;
use super::parse::{Line, Screen};
use crate::agent::{Composer, Form, Pattern, Region, Rules};

/// How many lines of the conversation a cell or dialog may reach back when nothing opens it.
const REACH: usize = 60;
/// How many rows before the last one may belong to the last words.
const WRAPS: usize = 5;

/// Where the composer is, in line numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// Which shape was found.
    pub(super) shape: usize,
    /// Its first line, the border included.
    pub(super) top: usize,
    /// Its first line of text.
    pub(super) start: usize,
    /// The line after its last line of text.
    pub(super) end: usize,
    /// The first line below it, the border left out.
    pub(super) below: usize,
    /// How many columns it has, by its lower border: what stands to the right of that belongs to something else.
    pub(super) columns: usize,
}

/// A screen seen through a profile.
pub(super) struct Frame<'a> {
    pub(super) screen: &'a Screen,
    pub(super) rules: &'a Rules,
    pub(super) composer: Option<Place>,
    /// The line that opens the last cell.
    cell: usize,
    /// The line that opens the dialog.
    dialog: usize,
    /// Regions as one line, made when first asked for.
    texts: RefCell<Vec<(Region, Form, Rc<str>)>>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(screen: &'a Screen, rules: &'a Rules) -> Self {
        let lines = screen.lines();
        let composer = find_composer(lines, &rules.composer);
        let end = composer.map_or(lines.len(), |c| c.top);
        let opening =
            rules.cell.as_ref().and_then(|re| lines.iter().take(end).rposition(|l| re.is_match(&l.text)));
        let cell = opening.unwrap_or_else(|| end.saturating_sub(REACH));
        // Below the last cell a border opens the dialog. With no cell in sight the dialog fills the screen, and a border
        // may be one inside it.
        let border = rules.dialog_top.as_ref().filter(|_| opening.is_some());
        let dialog = border
            .and_then(|re| (cell..end).find(|&i| lines.get(i).is_some_and(|l| re.is_match(&l.text))))
            .unwrap_or(cell);
        Self { screen, rules, composer, cell, dialog, texts: RefCell::new(Vec::new()) }
    }

    /// The lines of a region; empty for `title` and `command`.
    pub(super) fn lines(&self, region: Region) -> &'a [Line] {
        let lines = self.screen.lines();
        let end = self.composer.map_or(lines.len(), |c| c.top);
        let range = match region {
            Region::Screen => 0..lines.len(),
            Region::Cell => self.cell..end,
            Region::Dialog if self.composer.is_none() => self.dialog..lines.len(),
            Region::Composer => self.composer.map_or(0..0, |c| c.start..c.end),
            Region::Footer => self.composer.map_or(0..0, |c| c.below..lines.len()),
            Region::Above(n) => self.composer.map_or(0..0, |c| last_filled(lines, c.top, n)..c.top),
            Region::Bottom(n) => last_filled(lines, lines.len(), n)..lines.len(),
            Region::Dialog | Region::Title | Region::Command => 0..0,
        };
        lines.get(range).unwrap_or_default()
    }

    /// The region as one line, in the given form.
    fn text(&self, region: Region, form: Form) -> Rc<str> {
        if let Some((_, _, text)) = self.texts.borrow().iter().find(|(r, f, _)| *r == region && *f == form) {
            return Rc::clone(text);
        }
        let mut text = match region {
            Region::Title => self.screen.vars().title.clone().unwrap_or_default().trim().to_owned(),
            Region::Command => self.screen.vars().current_command.clone().unwrap_or_default(),
            region if form == Form::Block => {
                let lines: Vec<&str> = self.lines(region).iter().map(|l| l.text.as_str()).collect();
                lines.join("\n")
            }
            region => flatten(self.lines(region)),
        };
        if form == Form::Tight {
            text.retain(|c| !c.is_whitespace());
        }
        let text: Rc<str> = text.into();
        self.texts.borrow_mut().push((region, form, Rc::clone(&text)));
        text
    }

    /// The last words on the screen: a row above the composer (of a dead pane, also below it) that is no border and none of
    /// what the profile knows to be no words of the agent's, with the rows before it that it continues.
    pub(super) fn last_words(&self) -> Option<String> {
        let lines = self.screen.lines();
        let says = |i: &usize| lines.get(*i).is_some_and(|line| self.says(*i, strip(&line.text)));
        let last = (0..lines.len()).rev().find(says)?;
        let mut first = last;
        while last - first < WRAPS && is_wrap(self, lines, first) && says(&(first - 1)) {
            first -= 1;
        }
        let rows: Vec<&str> = lines.get(first..=last)?.iter().map(|line| strip(&line.text)).collect();
        Some(rows.join(" "))
    }

    /// Whether a row is words of the agent's.
    fn says(&self, i: usize, row: &str) -> bool {
        let dead = self.screen.vars().dead == Some(true);
        let own = match self.composer {
            Some(c) => i < c.top || dead && i >= c.below,
            None => true,
        };
        // tmux writes its own last line into a dead pane.
        let of_tmux = dead && row.starts_with("Pane is dead");
        own && !of_tmux
            && row.chars().any(char::is_alphanumeric)
            && !self.rules.chrome.iter().any(|re| re.is_match(row))
    }

    /// The text that a pattern matches, if it does.
    pub(super) fn find(&self, pattern: &Pattern) -> Option<String> {
        self.look(pattern, |regex, text| regex.find(text).map(|m| m.as_str().to_owned()))
    }

    /// The first group of a pattern, if it matches; of several lines the last one counts.
    pub(super) fn capture(&self, pattern: &Pattern) -> Option<String> {
        self.look(pattern, |regex, text| {
            let found = regex.captures_iter(text).last()?;
            // With alternatives, the first group that took part is the value.
            found.iter().skip(1).flatten().next().map(|m| m.as_str().trim().to_owned())
        })
    }

    fn look(&self, pattern: &Pattern, read: impl Fn(&Regex, &str) -> Option<String>) -> Option<String> {
        match (pattern.form, pattern.region) {
            (Form::Line, Region::Title | Region::Command) | (Form::Text | Form::Tight | Form::Block, _) => {
                read(&pattern.regex, &self.text(pattern.region, pattern.form))
            }
            (Form::Line, region) => {
                self.lines(region).iter().rev().find_map(|l| read(&pattern.regex, &l.text))
            }
        }
    }
}

/// The first of the last `n` non-empty lines before `end`.
fn last_filled(lines: &[Line], end: usize, n: usize) -> usize {
    let mut left = n;
    let mut at = end.min(lines.len());
    while at > 0 && left > 0 {
        at -= 1;
        if lines.get(at).is_some_and(|l| !l.text.is_empty()) {
            left -= 1;
        }
    }
    at
}

/// Lines as one line: borders stripped, rules left out, white space collapsed.
pub(super) fn flatten(lines: &[Line]) -> String {
    let mut out = String::new();
    for line in lines {
        for word in strip(&line.text).split_whitespace() {
            if word.chars().all(is_border) {
                continue;
            }
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

/// A line without the vertical borders at its ends.
pub(super) fn strip(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || is_side(c))
}

/// Vertical borders and scroll bars.
pub(super) fn is_side(c: char) -> bool {
    matches!(c, '│' | '┃' | '║' | '▎' | '▏' | '▕' | '█' | '╹' | '╻')
}

/// Characters that only draw boxes and rules.
pub(super) fn is_border(c: char) -> bool {
    is_side(c)
        || matches!(c, '─' | '━' | '═' | '╌' | '┄' | '┈' | '╭' | '╮' | '╰' | '╯' | '┌' | '┐' | '└' | '┘')
        || matches!(c, '▔' | '▁' | '▀' | '▄' | '▝' | '▘' | '▗' | '▖')
}

fn find_composer(lines: &[Line], shapes: &[Composer]) -> Option<Place> {
    shapes.iter().enumerate().find_map(|(shape, s)| match &s.bottom {
        Some(bottom) => framed(lines, shape, s, bottom),
        None => open(lines, shape, s),
    })
}

/// A composer between two borders. Only the lowest bottom border counts: what lies below a composer is never bordered.
fn framed(lines: &[Line], shape: usize, s: &Composer, bottom: &Regex) -> Option<Place> {
    let mut below = 0;
    for (i, line) in lines.iter().enumerate().rev() {
        let text = line.text.as_str();
        if bottom.is_match(text) {
            return place(lines, shape, s, i);
        }
        if s.stop.as_ref().is_some_and(|re| re.is_match(text)) {
            return None;
        }
        below += usize::from(!text.is_empty());
        if below > s.max_below {
            return None;
        }
    }
    None
}

fn place(lines: &[Line], shape: usize, s: &Composer, bottom: usize) -> Option<Place> {
    let from = bottom.saturating_sub(s.max_lines + 1);
    let above = (from..bottom).rev();
    let find = |re: &Regex| above.clone().find(|&i| lines.get(i).is_some_and(|l| re.is_match(&l.text)));
    let (top, start) = if let Some(re) = &s.top {
        match find(re) {
            Some(top) => (top, top + 1),
            None if cut_off(lines, s, bottom) => (0, 0),
            None => return None,
        }
    } else {
        let start = find(&s.prompt)?;
        (start, start)
    };
    let first = lines.get(start).filter(|_| start < bottom)?;
    let border = lines.get(bottom).map_or("", |l| l.text.as_str());
    let drawn = border
        .chars()
        .take_while(|c| *c == ' ' || is_border(*c))
        .collect::<String>()
        .trim_end()
        .chars()
        .count();
    // A border with text in it says nothing about the width.
    let columns = if drawn < 16 { usize::MAX } else { drawn };
    s.prompt.is_match(&first.text).then_some(Place {
        shape,
        top,
        start,
        end: bottom,
        below: bottom + 1,
        columns,
    })
}

/// Whether a pane is so low that the composer's upper border had no room: then its prompt is the first line, and what
/// follows down to the lower border continues it.
fn cut_off(lines: &[Line], s: &Composer, bottom: usize) -> bool {
    let prompt = lines.first().is_some_and(|l| s.prompt.is_match(&l.text));
    let rest = lines.get(1..bottom).unwrap_or_default();
    prompt && rest.iter().all(|l| l.text.starts_with("  ") && !l.text.trim().is_empty())
}

/// A composer without borders: its prompt, down to the next empty line.
fn open(lines: &[Line], shape: usize, s: &Composer) -> Option<Place> {
    let mut below = 0;
    for (i, line) in lines.iter().enumerate().rev() {
        let text = line.text.as_str();
        if s.stop.as_ref().is_some_and(|re| re.is_match(text)) {
            return None;
        }
        if s.prompt.is_match(text) {
            let end = (i..lines.len())
                .find(|&j| lines.get(j).is_some_and(|l| l.text.is_empty()))
                .unwrap_or(lines.len());
            let rest = lines.get(end..).unwrap_or_default().iter().filter(|l| !l.text.is_empty()).count();
            let is_prompt = |l: &&Line| s.prompt.is_match(&l.text);
            let above = lines[..i].iter().rev().take_while(is_prompt).take(s.max_lines).count();
            let i = if s.on_every_line { i - above } else { i };
            return (rest <= s.max_below).then_some(Place {
                shape,
                top: i,
                start: i,
                end,
                below: end,
                columns: usize::MAX,
            });
        }
        below += usize::from(!text.is_empty());
        if below > s.max_below + s.max_lines {
            return None;
        }
    }
    None
}
