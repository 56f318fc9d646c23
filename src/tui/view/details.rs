//! Everything known about the selected agent, with the proof of its status.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::{Canvas, wrap};
use super::words;
use crate::snapshot::AgentView;
use crate::status::ContextUsage;
use crate::text::one_line;
use crate::tui::app::App;
use crate::tui::theme::Role;

/// Columns of the left side.
const LABEL: usize = 12;

/// How many subagents have a line of their own.
const SUBAGENTS: usize = 6;

/// From this height on, some lines are kept for events.
const ROOMY: u16 = 16;

/// Draws what fits.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, area: Rect) {
    let Some((who, agent)) = app.selected_agent() else { return };
    let events = app.events_of(who).unwrap_or_default();
    // What happened lately is worth more than the last facts.
    let reserved = if area.height >= ROOMY && !events.is_empty() { events.len().min(4) + 2 } else { 0 };
    let end = area.bottom() - u16::try_from(reserved).unwrap_or(0);
    let mut y = area.y;
    for (label, text, role) in facts(app, agent) {
        let style = canvas.style(role);
        let width = usize::from(area.width).saturating_sub(LABEL + 2);
        for (n, line) in wrap(&one_line(&text), width).into_iter().take(3).enumerate() {
            if y >= end {
                break;
            }
            put(canvas, area, y, if n == 0 { label } else { "" }, &line, style);
            y += 1;
        }
    }
    if events.is_empty() || y + 2 >= area.bottom() {
        return;
    }
    canvas.put(area.x + 1, y + 1, area.width - 1, "lately", canvas.style(Role::Dim));
    for (event, y) in events.iter().rev().zip(y + 2..area.bottom()) {
        let line = super::cover::event(app, event, area.width, false);
        canvas.buf.set_line(area.x, y, &line, area.width);
    }
}

fn put(canvas: &mut Canvas<'_>, area: Rect, y: u16, label: &str, text: &str, style: Style) {
    let dim = canvas.style(Role::Dim);
    canvas.put(area.x + 1, y, area.width.saturating_sub(1), label, dim);
    let x = area.x + 1 + LABEL as u16;
    canvas.put(x, y, area.right().saturating_sub(x), text, style);
}

/// Label and text of everything known, most telling first.
pub fn facts(app: &App, agent: &AgentView) -> Vec<(&'static str, String, Role)> {
    let (now, zone) = (app.now, &app.options.zone);
    let unknown = || app.options.theme.icons.unknown.clone();
    let status = words::status(agent, now, zone);
    let mut facts = vec![(
        "status",
        format!("{status}, {} ({})", words::age(agent.since, now), words::moment(agent.since, now, zone)),
        Role::Status(agent.status),
    )];
    match &agent.proof {
        Some(proof) => {
            let age = words::age(proof.at, now);
            facts.push(("proof", format!("{}, {}, {age} ago", proof.source, proof.rule), Role::Text));
            if !proof.text.is_empty() {
                facts.push(("", format!("\"{}\"", proof.text), Role::Dim));
            }
        }
        None => facts.push(("proof", "none: nothing shows what it does".to_owned(), Role::Dim)),
    }
    if let Some(hold) = &agent.hold {
        let age = words::age(hold.since, now);
        let text = format!("messages to it wait; by {}, {age}: {}", hold.by, hold.reason);
        facts.push(("held", text, Role::Warn));
    }
    facts.push(("model", agent.model.clone().unwrap_or_else(unknown), Role::Text));
    facts.push(("context", agent.context.as_ref().and_then(context).unwrap_or_else(unknown), Role::Text));
    let tokens = agent.tokens.map_or_else(unknown, |t| {
        let [input, output, read, write] = [t.input, t.output, t.cache_read, t.cache_write].map(words::count);
        format!("{input} in, {output} out; cache {read} read, {write} written")
    });
    facts.push(("tokens", tokens, Role::Text));
    let dollars = |usd: Option<&str>| words::pico_dollars(usd).map_or_else(unknown, words::money);
    let cost = format!(
        "{} now, {} today",
        dollars(agent.cost_usd.as_deref()),
        dollars(agent.cost_usd_today.as_deref())
    );
    facts.push(("cost", cost, Role::Text));
    facts.extend(subagents(app, agent));
    if agent.inbox.pending + agent.inbox.dead > 0 {
        let text = format!("{} waiting, {} given up", agent.inbox.pending, agent.inbox.dead);
        facts.push(("inbox", text, if agent.inbox.dead > 0 { Role::Bad } else { Role::Text }));
    }
    facts.push(("directory", agent.directory.clone(), Role::Text));
    facts.push(("permissions", agent.permissions.clone(), Role::Text));
    facts.push(("restarts", agent.restarts.to_string(), Role::Text));
    let pid = agent.pid.map_or_else(unknown, |p| p.to_string());
    let place =
        [agent.pane.as_deref(), agent.window.as_deref()].map(|p| p.map_or_else(unknown, str::to_owned));
    facts.push((
        "place",
        format!("pane {}, window {}, pid {pid}, {}", place[0], place[1], agent.host),
        Role::Dim,
    ));
    facts.push(("instance", agent.instance.clone().unwrap_or_else(unknown), Role::Dim));
    facts
}

/// A line for each of the subagents that were active last, the youngest first.
fn subagents(app: &App, agent: &AgentView) -> Vec<(&'static str, String, Role)> {
    let dot = &app.options.theme.icons.dot;
    let mut young: Vec<_> = agent.subagents.iter().collect();
    young.sort_by_key(|s| std::cmp::Reverse(s.last));
    let mut lines: Vec<_> = young
        .iter()
        .take(SUBAGENTS)
        .map(|subagent| {
            let (state, role) = words::subagent_state(subagent);
            let cost = words::pico_dollars(subagent.cost_usd.as_deref()).map(words::money);
            let facts = words::subagent_facts(subagent, dot);
            let last = subagent.last.map(|at| format!("{} ago", words::age(at, app.now)));
            // What does not fit is cut from the end.
            let known = [state.map(str::to_owned), last, cost, Some(facts).filter(|f| !f.is_empty())];
            let known: Vec<String> = known.into_iter().flatten().collect();
            let text = format!("{}: {}", words::subagent(subagent), known.join(&format!(" {dot} ")));
            ("", text, if role == Role::Dim { Role::Text } else { role })
        })
        .collect();
    if let Some(first) = lines.first_mut() {
        first.0 = "subagents";
    }
    if let Some(more) = young.len().checked_sub(SUBAGENTS).filter(|more| *more > 0) {
        lines.push(("", format!("and {more} that did something longer ago"), Role::Dim));
    }
    lines
}

fn context(context: &ContextUsage) -> Option<String> {
    let mut parts = Vec::new();
    if let Some(used) = context.used {
        let window = context.window.map(|w| format!(" of {}", words::count(w))).unwrap_or_default();
        parts.push(format!("{}{window}", words::count(used)));
    }
    if let Some(percent) = context.percent_used {
        parts.push(format!("{percent:.0}% used"));
    }
    if let Some(left) = context.to_compaction {
        parts.push(format!("{left:.0}% to compaction"));
    }
    if let Some(shown) = context.shown_by_agent {
        parts.push(format!("it shows {shown:.0}%"));
    }
    if let Some(source) = context.source.filter(|_| !parts.is_empty()) {
        parts.push(format!("from {source}"));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}
