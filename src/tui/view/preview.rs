//! The selected pane's screen, its last rows first: that is where an agent's composer and prompts are.

use ratatui::layout::{Position, Rect};

use super::canvas::Canvas;
use super::{Parts, words};
use crate::tui::action::Action;
use crate::tui::app::{App, Focus, Mode};
use crate::tui::theme::Role;

/// Draws the line above and the screen; where the cursor belongs when the person types into it.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) -> Option<Position> {
    let rule = parts.rule?;
    let style = canvas.style(Role::Dim);
    if let Mode::Live(who) = &app.mode {
        live(canvas, app, &who.agent, rule);
    } else {
        let (title, note) = title(app);
        let note: Vec<_> = note.into_iter().map(|text| (text, style)).collect();
        canvas.rule(rule, &title, &note, app.focus == Focus::Preview || app.zoom);
    }
    let area = parts.preview?;
    let (who, agent) = app.selected_agent()?;
    let preview = app.preview.as_ref().filter(|p| p.agent == *who);
    let Some(preview) = preview else {
        let text = if agent.pane.is_none() { "no pane: it is not running" } else { &canvas.theme.icons.more };
        let text = text.to_owned();
        canvas.put(area.x, area.y, area.width, &text, style);
        return None;
    };
    if preview.lines.is_empty() {
        canvas.put(area.x, area.y, area.width, "the screen is empty", style);
        return None;
    }
    let height = usize::from(area.height);
    let last = preview.lines.len().saturating_sub(height);
    let first = last.saturating_sub(app.preview_scroll);
    for (line, y) in preview.lines.iter().skip(first).zip(area.top()..area.bottom()) {
        canvas.buf.set_line(area.x, y, line, area.width);
    }
    let (x, y) = preview.cursor.filter(|_| matches!(app.mode, Mode::Live(_)))?;
    let (x, y) = (area.x + x, area.y + u16::try_from(usize::from(y).checked_sub(first)?).ok()?);
    area.contains((x, y).into()).then_some(Position::new(x, y))
}

/// The line above a pane that is being typed into: not to be mistaken for anything else.
fn live(canvas: &mut Canvas<'_>, app: &App, agent: &str, area: Rect) {
    let leave = app.options.keymap.hint(Action::Leave).unwrap_or_default();
    let style = canvas.style(Role::Live);
    let text = format!(" LIVE: keys go to {agent} {} {leave} ends ", canvas.theme.icons.dot);
    let blank = " ".repeat(usize::from(area.width));
    canvas.put(area.x, area.y, area.width, &blank, style);
    canvas.put(area.x, area.y, area.width, &text, style);
}

fn title(app: &App) -> (String, Option<String>) {
    let Some((who, agent)) = app.selected_agent() else { return (String::new(), None) };
    let dot = &app.options.theme.icons.dot;
    let mut title = who.agent.clone();
    for part in
        [Some(agent.profile.as_str()), agent.model.as_deref(), agent.pane.as_deref()].into_iter().flatten()
    {
        title = format!("{title} {dot} {part}");
    }
    let preview = app.preview.as_ref().filter(|p| p.agent == *who);
    let mut note = preview.map(|p| format!("{}x{}", p.width, p.height));
    if app.preview_scroll > 0 {
        note = Some(format!("{} up", words::plural(app.preview_scroll, "line")));
    }
    (title, note)
}
