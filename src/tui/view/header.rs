//! The first line: which swarm, who does what, what it cost; and the line for what is wrong with swarm itself.

use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::{Parts, words};
use crate::status::{Reason, Status};
use crate::tui::app::App;
use crate::tui::order::{Group, Only, Row, Sort};
use crate::tui::theme::Role;

/// How many agents have each status and what it is called, in the order that matters; statuses nobody has are left out.
/// Those asleep have exited, and are counted apart: nothing is wrong with them.
pub fn counts(app: &App) -> Vec<(Status, &'static str, usize)> {
    let having = |status: Status, asleep: bool| {
        app.agents().filter(|(_, a)| a.status == status && a.is_asleep() == asleep).count()
    };
    let counted = words::STATUS_ORDER.map(|s| (s, s.as_str(), having(s, false)));
    let asleep = (Status::Exited, Reason::Asleep.as_str(), having(Status::Exited, true));
    counted.into_iter().chain([asleep]).filter(|(.., n)| *n > 0).collect()
}

/// Draws both lines.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) {
    draw_totals(canvas, app, parts);
    if let Some(area) = parts.problem {
        let text = problem(app);
        let style = canvas.style(Role::Bad);
        canvas.put(area.x, area.y, area.width, &text, style);
    }
}

fn draw_totals(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) {
    let area = parts.header;
    let title = title(app);
    let money = money(app, canvas);
    let mut x = canvas.put(area.x, area.y, area.width, &title, canvas.style(Role::Title));
    let money_width = u16::try_from(money.width()).unwrap_or(0);
    let end = area.right().saturating_sub(money_width + u16::from(money_width > 0) * 2);
    for (text, style) in state(app, canvas) {
        x = canvas.put(x + 2, area.y, end.saturating_sub(x + 2), &text, style);
    }
    let room = end.saturating_sub(x + 2);
    let mut pieces = tally(app, canvas, true);
    if width(&pieces) > room {
        pieces = tally(app, canvas, false);
    }
    canvas.pieces(x + 2, area.y, room, &pieces);
    if end > x {
        let style = canvas.style(Role::Title);
        canvas.put_right(end, area.y, area.right() - end, &money, style);
    }
}

fn title(app: &App) -> String {
    let mut swarms = app.swarms();
    let name = match (swarms.next(), swarms.next()) {
        (None, _) => return app.options.swarm.clone().unwrap_or_else(|| "swarm".to_owned()),
        (Some(only), None) => only.name.clone(),
        (Some(_), Some(_)) => words::plural(app.swarms().count(), "swarm"),
    };
    let narrow = app.area.width < 60;
    match shown(app) {
        Some((first, last, of)) if narrow => format!("{name}  {first}-{last}/{of}"),
        Some((first, last, of)) => format!("{name}  {first}-{last} of {of}"),
        None if narrow => name,
        None => format!("{name}  {}", words::plural(app.agents().count(), "agent")),
    }
}

/// Which of the listed agents are on screen, the first, the last, and of how many; `None` when all of them are.
fn shown(app: &App) -> Option<(usize, usize, usize)> {
    let agents = |rows: &[Row]| rows.iter().filter(|row| matches!(row, Row::Agent(..))).count();
    let (on_screen, all) = (agents(app.rows_shown()), agents(&app.rows));
    let above = agents(app.rows.get(..app.offset).unwrap_or_default());
    (on_screen > 0 && on_screen < all).then_some((above + 1, above + on_screen, all))
}

fn money(app: &App, canvas: &Canvas<'_>) -> String {
    if app.agents().next().is_none() {
        return String::new();
    }
    let said = words::Total::today(app.swarms()).say(&canvas.theme.icons.unknown);
    if app.area.width < 60 { said } else { format!("{said} today") }
}

/// What makes the list differ from the usual: filters, sorting, grouping, marks.
fn state(app: &App, canvas: &Canvas<'_>) -> Vec<(String, Style)> {
    let style = canvas.style(Role::Key);
    let mut said = Vec::new();
    if !app.order.filter.is_empty() {
        said.push(format!("/{}", app.order.filter));
    }
    if app.order.only != Only::All {
        said.push(format!("only: {}", app.order.only.as_str()));
    }
    if app.order.sort != Sort::Attention {
        said.push(format!("by {}", app.order.sort.as_str()));
    }
    if app.order.group != Group::None {
        said.push(format!("per {}", app.order.group.as_str()));
    }
    if !app.marks.is_empty() {
        said.push(format!("{} marked", app.marks.len()));
    }
    said.into_iter().map(|text| (text, style)).collect()
}

fn tally(app: &App, canvas: &Canvas<'_>, long: bool) -> Vec<(String, Style)> {
    let mut pieces = Vec::new();
    for (n, (status, name, count)) in counts(app).into_iter().enumerate() {
        let gap = if n == 0 {
            ""
        } else if long {
            "  "
        } else {
            " "
        };
        let icon = canvas.theme.icons.status(status);
        let text = if long { format!("{gap}{icon} {count} {name}") } else { format!("{gap}{icon}{count}") };
        pieces.push((text, canvas.style(Role::Status(status))));
    }
    pieces
}

fn width(pieces: &[(String, Style)]) -> u16 {
    u16::try_from(pieces.iter().map(|(t, _)| t.width()).sum::<usize>()).unwrap_or(u16::MAX)
}

fn problem(app: &App) -> String {
    if let Some((why, since)) = &app.disconnected {
        let age = words::age(*since, app.now);
        return match app.snapshot {
            Some(_) => format!("! no monitor for {age}, what you see is old: {why}"),
            None => format!("! no monitor for {age}: {why}"),
        };
    }
    let problems = app.snapshot.as_ref().map(|s| s.problems.as_slice()).unwrap_or_default();
    match problems {
        [] => String::new(),
        [one] => format!("! {one}"),
        [first, rest @ ..] => format!("! {first} (and {} more: swarm doctor)", rest.len()),
    }
}
