//! What the agents cost today, dearest first, and how fast it grew while the overview was open.

use std::cmp::Reverse;

use ratatui::text::{Line, Span};

use super::canvas::clip;
use super::words;
use crate::tui::app::App;
use crate::tui::theme::Role;

/// How wide a full budget is, in cells.
const BUDGET_CELLS: u32 = 12;
/// Minutes in the chart.
const MINUTES: i64 = 60;

/// The table and the chart.
pub fn lines(app: &App, width: u16) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let (dim, text, title) = (theme.style(Role::Dim), theme.style(Role::Text), theme.style(Role::Title));
    let unknown = &theme.icons.unknown;
    let mut rows: Vec<_> =
        app.agents().map(|(_, a)| (words::pico_dollars(a.cost_usd_today.as_deref()), a)).collect();
    rows.sort_by_key(|(today, _)| Reverse(*today));
    let dollars = |pico: Option<i128>| pico.map_or_else(|| unknown.clone(), words::money);
    let mut lines = vec![Line::styled(
        format!("{:<16} {:>9} {:>9} {:>7} {:>7}  MODEL", "AGENT", "TODAY", "NOW", "IN", "OUT"),
        dim,
    )];
    for (today, agent) in rows {
        let tokens = |n: fn(&crate::status::Tokens) -> u64| {
            agent.tokens.as_ref().map_or_else(|| unknown.clone(), |t| words::count(n(t)))
        };
        let model = agent.model.as_deref().unwrap_or(unknown);
        let line = format!(
            "{:<16} {:>9} {:>9} {:>7} {:>7}  {}",
            clip(&agent.name, 16, &theme.icons.more),
            dollars(today),
            dollars(words::pico_dollars(agent.cost_usd.as_deref())),
            tokens(|t| t.input + t.cache_read + t.cache_write),
            tokens(|t| t.output),
            clip(model, usize::from(width).saturating_sub(54), &theme.icons.more),
        );
        lines.push(Line::styled(line, text));
    }
    let total = words::Total::today(app.swarms());
    lines.push(Line::styled(format!("{:<16} {:>9}", "all", total.say(unknown)), title));
    if total.more {
        lines.push(Line::styled("+ some usage has no price, the true sum is higher", dim));
    }
    lines.extend(budgets(app));
    lines.push(Line::default());
    lines.extend(chart(app));
    lines.push(Line::styled("swarm cost has days, models and sessions.", dim));
    lines
}

/// How the budgets stand: a bar, what it is about, and what happens next.
fn budgets(app: &App) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let all = app.swarms().flat_map(|swarm| &swarm.budgets);
    let mut lines: Vec<Line<'static>> = all
        .map(|budget| {
            let role = match budget.action.as_str() {
                "none" => Role::Good,
                "warn" | "stop_dispatch" => Role::Warn,
                _ => Role::Bad,
            };
            let percent = budget.percent.unwrap_or(0);
            let full = usize::try_from(percent.min(100) * BUDGET_CELLS / 100).unwrap_or(0);
            let rest = usize::try_from(BUDGET_CELLS).unwrap_or(0) - full;
            let bar = theme.icons.spark[7].repeat(full) + &theme.icons.spark[0].repeat(rest);
            let name = match budget.per.as_str() {
                "total" => format!("{} in total", budget.of),
                per => format!("{} per {per}", budget.of),
            };
            let next = match (&budget.next, budget.action.as_str()) {
                (_, "hold" | "interrupt") => format!("on hold: swarm budget extend {}", budget.of),
                (Some(next), _) => format!("{} at {} %", words::budget_action(&next.action), next.percent),
                (None, _) => String::new(),
            };
            let percent = budget.percent.map_or_else(|| theme.icons.unknown.clone(), |p| format!("{p} %"));
            Line::from(vec![
                Span::styled(format!("{:<20} ", clip(&name, 20, &theme.icons.more)), theme.style(Role::Text)),
                Span::styled(bar, theme.style(role)),
                Span::styled(format!(" {percent:>6}  {next}"), theme.style(Role::Dim)),
            ])
        })
        .collect();
    if !lines.is_empty() {
        lines.insert(0, Line::styled("BUDGET", theme.style(Role::Dim)));
        lines.insert(0, Line::default());
    }
    lines
}

/// Dollars per minute since the overview was opened, an hour at most.
fn chart(app: &App) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let dim = theme.style(Role::Dim);
    let now = app.now.as_second() / 60;
    let Some(&(first, _)) = app.cost_history.first() else { return Vec::new() };
    let from = first.max(now - MINUTES + 1);
    let at = |minute: i64| app.cost_history.iter().rev().find(|(m, _)| *m <= minute).map(|(_, pico)| *pico);
    let grown: Vec<i128> =
        (from + 1..=now).map(|m| at(m).zip(at(m - 1)).map_or(0, |(new, old)| (new - old).max(0))).collect();
    let Some(most) = grown.iter().copied().max().filter(|m| *m > 0) else {
        return vec![Line::styled("No cost was added since the overview was opened.", dim)];
    };
    let bars: String = grown
        .iter()
        .map(|&g| {
            let step =
                if g == 0 { 0 } else { usize::try_from((g * 7 + most - 1) / most).unwrap_or(7).min(7) };
            theme.icons.spark[step].as_str()
        })
        .collect();
    vec![
        Line::from(vec![Span::styled(bars, theme.style(Role::Good))]),
        Line::styled(
            format!(
                "per minute, {} shown, {} at most",
                words::plural(grown.len(), "minute"),
                words::money(most)
            ),
            dim,
        ),
    ]
}
