//! Handoffs and messages: a line each, and everything about the chosen one, its proof first.

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, wrap};
use super::words;
use crate::snapshot::HandoffView;
use crate::text::{block, one_line};
use crate::tui::app::App;
use crate::tui::letters::{Letters, is_pending, is_stuck};
use crate::tui::theme::Role;

/// Columns of a state.
const STATE: u16 = 8;
/// Columns of an age.
const AGE: u16 = 5;
/// Columns of the left side of what is known about one.
const LABEL: u16 = 9;

/// Draws the list, and below it the chosen message.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, panel: &Letters, area: Rect) {
    let listed = app.letters(panel);
    let dim = canvas.style(Role::Dim);
    if listed.is_empty() {
        canvas.put(area.x, area.y, area.width, "no message was sent here", dim);
        return;
    }
    let chosen = app.chosen_letter(panel);
    let about = about(app, panel, listed[chosen].1, area.width);
    let height = usize::from(area.height);
    // The chosen one is read; the list keeps a third, or what it needs.
    let rows =
        listed.len().min((height / 3).max(3)).max(height.saturating_sub(about.len() + 1).min(listed.len()));
    let first = (chosen + 1).saturating_sub(rows);
    let narrow = area.width < 60;
    let route =
        listed.iter().map(|(_, l)| route(l).width()).max().unwrap_or(0).min(if narrow { 16 } else { 30 });
    let route = u16::try_from(route).unwrap_or(0);
    for (n, (_, letter)) in listed.iter().enumerate().skip(first).take(rows) {
        let y = area.y + u16::try_from(n - first).unwrap_or(0);
        line(canvas, app, letter, Rect { y, height: 1, ..area }, route, n == chosen);
    }
    let y = area.y + u16::try_from(rows).unwrap_or(0);
    let note = if rows < listed.len() {
        vec![(format!("{}-{} of {}", first + 1, first + rows, listed.len()), dim)]
    } else {
        Vec::new()
    };
    if y >= area.bottom() {
        return;
    }
    canvas.rule(Rect { x: area.x.saturating_sub(1), y, width: area.width + 1, height: 1 }, "", &note, false);
    for ((label, text, role), y) in about.iter().zip(y + 1..area.bottom()) {
        canvas.put(area.x, y, LABEL, label, dim);
        let style = canvas.style(*role);
        canvas.put(area.x + LABEL, y, area.width.saturating_sub(LABEL), text, style);
    }
}

fn route(letter: &HandoffView) -> String {
    let to = match &letter.agent {
        Some(agent) if *agent != letter.to => format!("{} ({agent})", letter.to),
        _ => letter.to.clone(),
    };
    format!("{} > {to}", letter.from)
}

fn role(state: &str) -> Role {
    match state {
        _ if is_stuck(state) => Role::Bad,
        _ if is_pending(state) => Role::Warn,
        "seen" | "acked" | "done" => Role::Good,
        _ => Role::Dim,
    }
}

fn line(canvas: &mut Canvas<'_>, app: &App, letter: &HandoffView, area: Rect, route: u16, chosen: bool) {
    let text = canvas.style(if chosen { Role::Row } else { Role::Text });
    if chosen {
        let pointer = canvas.theme.icons.selected.clone();
        canvas.put(area.x.saturating_sub(1), area.y, 1, &pointer, canvas.style(Role::Focus));
    }
    let state = canvas.style(role(&letter.state));
    canvas.put(area.x, area.y, STATE, &letter.state, state);
    let dim = canvas.style(Role::Dim);
    canvas.put_right(area.x + STATE + 1, area.y, AGE, &words::age(letter.since, app.now), dim);
    let x = area.x + STATE + AGE + 3;
    canvas.put(x, area.y, route, &self::route(letter), text);
    let x = x + route + 2;
    // A person's text has no subject.
    let bare = letter.subject.trim().is_empty();
    let (said, style) = if bare { (&letter.kind, dim) } else { (&letter.subject, text) };
    canvas.put(x, area.y, area.right().saturating_sub(x), &one_line(said), style);
}

/// Everything about one message, in lines: what proves how far it got, then what it says where that was asked for.
fn about(app: &App, panel: &Letters, letter: &HandoffView, width: u16) -> Vec<(&'static str, String, Role)> {
    let zone = &app.options.zone;
    let since = words::moment(letter.since, app.now, zone);
    let subject = Some(&letter.subject).filter(|s| !s.trim().is_empty());
    let mut said: Vec<_> = subject.map(|s| ("subject", s.clone(), Role::Title)).into_iter().collect();
    said.push(("state", format!("{} since {since}", letter.state), role(&letter.state)));
    match &letter.proof {
        Some(proof) => said.push(("receipt", proof.clone(), Role::Text)),
        None if is_pending(&letter.state) => said.push(("receipt", "none yet".to_owned(), Role::Dim)),
        None => said.push(("receipt", "none: nothing proves that it arrived".to_owned(), Role::Dim)),
    }
    said.extend(letter.note.clone().map(|note| ("note", note, Role::Text)));
    let tries = words::plural(letter.attempts as usize, "attempt");
    let created = words::moment(letter.created, app.now, zone);
    said.push((
        "sent",
        format!("{created}, {}, priority {}, {tries}", letter.kind, letter.priority),
        Role::Dim,
    ));
    said.push(("id", letter.id.clone(), Role::Dim));
    if let Some((_, text)) = panel.read.as_ref().filter(|(id, _)| *id == letter.id) {
        said.push(("", String::new(), Role::Text));
        let lines = block(text);
        said.extend(lines.lines().map(|line| ("", line.to_owned(), Role::Text)));
    }
    let width = usize::from(width.saturating_sub(LABEL)).max(1);
    let wrapped = said.into_iter().flat_map(|(label, text, role)| {
        let lines = wrap(&one_line(&text), width).into_iter().enumerate();
        lines.map(move |(n, line)| (if n == 0 { label } else { "" }, line, role)).collect::<Vec<_>>()
    });
    wrapped.collect()
}
