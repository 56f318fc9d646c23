//! The list: one row per agent, with as many columns as the width allows. Only the rows on screen are made.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::{Parts, words};
use crate::snapshot::{AgentView, SubagentView};
use crate::status::Status;
use crate::tui::app::{App, Focus};
use crate::tui::message::AgentRef;
use crate::tui::order::{Row, Search};
use crate::tui::theme::Role;

/// Selection, mark, icon and a space: before the first column.
const LEAD: u16 = 4;
/// Cells of the context bar.
const BAR: u16 = 5;

/// What a column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Swarm,
    Name,
    Role,
    Profile,
    Status,
    Since,
    Context,
    Cost,
    Inbox,
    Last,
}

impl Column {
    const fn head(self) -> &'static str {
        match self {
            Self::Swarm => "SWARM",
            Self::Name => "AGENT",
            Self::Role => "ROLE",
            Self::Profile => "PROFILE",
            Self::Status => "STATUS",
            Self::Since => "SINCE",
            Self::Context => "CTX",
            Self::Cost => "COST",
            Self::Inbox => "INBOX",
            Self::Last => "LAST LINE",
        }
    }

    const fn is_right(self) -> bool {
        matches!(self, Self::Since | Self::Cost | Self::Inbox)
    }
}

/// The columns for a width, in their order on screen.
fn columns(app: &App, width: u16) -> Vec<(Column, u16)> {
    let gap = gap(width);
    let longest = |of: &dyn Fn(&AgentView) -> usize, least: usize, most: usize| {
        let longest = app.agents().map(|(_, a)| of(a)).max().unwrap_or(0);
        u16::try_from(longest.clamp(least, most)).unwrap_or(u16::MAX)
    };
    let name = longest(&|a| a.name.width() + folded(a).width(), 5, if width < 60 { 14 } else { 24 });
    // Not so much that the other columns lose their place.
    let name = name.max(below(app).min(if width < 60 {
        12
    } else if width < 100 {
        16
    } else {
        24
    }));
    let role = longest(&|a| a.role.as_deref().map_or(1, UnicodeWidthStr::width), 4, 14);
    let profile = longest(&|a| a.profile.width(), 7, 12);
    let cost =
        longest(&|a| words::pico_dollars(a.cost_usd.as_deref()).map_or(1, |p| words::money(p).len()), 5, 9);
    let mut chosen = vec![(Column::Name, name), (Column::Status, 11)];
    let mut left = width.saturating_sub(LEAD + name + gap + 11);
    // By worth: what fits is taken in this order, then widened in the second pass.
    let mut wanted = vec![(Column::Since, 5), (Column::Context, 4), (Column::Cost, cost)];
    if app.inbox_seen {
        wanted.push((Column::Inbox, 5));
    }
    if app.many_swarms() {
        let swarm = app.swarms().map(|s| s.name.width()).max().unwrap_or(5).clamp(5, 14);
        wanted.insert(0, (Column::Swarm, u16::try_from(swarm).unwrap_or(5)));
    }
    wanted.extend([(Column::Last, 16), (Column::Role, role), (Column::Profile, profile)]);
    for (column, columns) in wanted {
        if left >= columns + gap {
            left -= columns + gap;
            chosen.push((column, columns));
        }
    }
    for (column, more) in [(Column::Status, 10), (Column::Context, BAR + 1)] {
        if let Some(at) = chosen.iter_mut().find(|(c, _)| *c == column).filter(|_| left >= more) {
            at.1 += more;
            left -= more;
        }
    }
    let rest = if chosen.iter().any(|(c, _)| *c == Column::Last) { Column::Last } else { Column::Name };
    if let Some(at) = chosen.iter_mut().find(|(c, _)| *c == rest) {
        let most = if rest == Column::Name { name } else { u16::MAX };
        at.1 = at.1.saturating_add(left).min(most.max(at.1));
    }
    chosen.sort_by_key(|(c, _)| *c);
    chosen
}

const fn gap(width: u16) -> u16 {
    if width < 70 { 1 } else { 2 }
}

/// Draws headings and rows.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) {
    let columns = columns(app, parts.rows.width);
    let gap = gap(parts.rows.width);
    let mut x = parts.heads.x + LEAD;
    let head_role = if app.focus == Focus::List { Role::Head } else { Role::Dim };
    let head = canvas.style(head_role);
    for &(column, width) in &columns {
        if column.is_right() {
            canvas.put_right(x, parts.heads.y, width, column.head(), head);
        } else {
            canvas.put(x, parts.heads.y, width, column.head(), head);
        }
        x += width + gap;
    }
    let mut search = Search::words(&app.order.filter);
    for (row, y) in app.rows_shown().iter().zip(parts.rows.y..) {
        let line = Rect { y, height: 1, ..parts.rows };
        match row {
            Row::Heading(name, n) => heading(canvas, line, name, *n),
            Row::Subagent(..) => {
                if let Some(subagent) = app.subagent(row) {
                    SubagentRow { app, subagent }.draw(canvas, line, &columns);
                }
            }
            Row::Agent(..) => {
                if let Some((who, agent)) = app.at(row) {
                    AgentRow { app, who, agent }.draw(canvas, line, &columns, &mut search);
                }
            }
        }
    }
}

fn heading(canvas: &mut Canvas<'_>, area: Rect, name: &str, n: usize) {
    let style = canvas.style(Role::Title);
    let x = canvas.put(area.x + 1, area.y, area.width.saturating_sub(8), name, style);
    canvas.put(x + 1, area.y, area.right().saturating_sub(x + 1), &n.to_string(), canvas.style(Role::Dim));
}

/// The columns that the names of the listed subagents take, their indent included.
fn below(app: &App) -> u16 {
    let named = |row: &Row| app.subagent(row).map_or(0, |s| words::subagent(s).width() + 3);
    let longest = app.rows.iter().map(named).max().unwrap_or(0);
    u16::try_from(longest).unwrap_or(u16::MAX)
}

/// How many subagents an agent has, behind its name.
fn folded(agent: &AgentView) -> String {
    match agent.subagents.len() {
        0 => String::new(),
        n => format!(" +{n}"),
    }
}

/// A subagent below its agent: the same columns, as far as they say something of it.
struct SubagentRow<'a> {
    app: &'a App,
    subagent: &'a SubagentView,
}

impl SubagentRow<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, columns: &[(Column, u16)]) {
        let (subagent, dim) = (self.subagent, canvas.style(Role::Dim));
        let unknown = canvas.theme.icons.unknown.clone();
        let gap = gap(area.width);
        let mut x = area.x + LEAD;
        // The name has the room up to the status.
        let named: u16 =
            columns.iter().take_while(|(c, _)| *c < Column::Status).map(|(_, width)| width + gap).sum();
        let name = format!("{} {}", canvas.theme.icons.dot, words::subagent(subagent));
        canvas.put(x + 1, area.y, named.saturating_sub(gap + 1), &name, canvas.style(Role::Text));
        for &(column, width) in columns {
            match column {
                Column::Status => {
                    let (said, role) = words::subagent_state(subagent);
                    canvas.put(x, area.y, width, said.unwrap_or(&unknown), canvas.style(role));
                }
                Column::Since => {
                    let age =
                        subagent.last.map_or_else(|| unknown.clone(), |at| words::age(at, self.app.now));
                    canvas.put_right(x, area.y, width, &age, dim);
                }
                Column::Cost => {
                    let cost = words::pico_dollars(subagent.cost_usd.as_deref());
                    canvas.put_right(
                        x,
                        area.y,
                        width,
                        &cost.map_or_else(|| unknown.clone(), words::money),
                        dim,
                    );
                }
                Column::Last => {
                    let said = words::subagent_facts(subagent, &canvas.theme.icons.dot);
                    canvas.put(x, area.y, width, &said, dim);
                }
                _ => {}
            }
            x += width + gap;
        }
    }
}

struct AgentRow<'a> {
    app: &'a App,
    who: AgentRef,
    agent: &'a AgentView,
}

impl AgentRow<'_> {
    fn draw(&self, canvas: &mut Canvas<'_>, area: Rect, columns: &[(Column, u16)], search: &mut Search) {
        let selected = self.app.selected.as_ref() == Some(&self.who);
        let base = if selected { canvas.style(Role::Row) } else { canvas.style(Role::Text) };
        let icons = &canvas.theme.icons;
        let (pointer, mark) = (icons.selected.clone(), icons.mark.clone());
        let icon = icons.status(self.agent.status).to_owned();
        if selected {
            canvas.put(area.x, area.y, 1, &pointer, canvas.style(Role::Focus));
        }
        if self.app.marks.contains(&self.who) {
            canvas.put(area.x + 1, area.y, 1, &mark, canvas.style(Role::Mark));
        }
        let status_style = canvas.style(Role::Status(self.agent.status));
        canvas.put(area.x + 2, area.y, 1, &icon, status_style);
        let gap = gap(area.width);
        let mut x = area.x + LEAD;
        for &(column, width) in columns {
            if column == Column::Name {
                self.name(canvas, (x, area.y), width, selected, search);
            } else if column == Column::Context {
                self.context(canvas, (x, area.y), width, base);
            } else {
                let (text, style) = self.cell(canvas, column, width, base);
                if column.is_right() {
                    canvas.put_right(x, area.y, width, &text, style);
                } else {
                    canvas.put(x, area.y, width, &text, style);
                }
            }
            x += width + gap;
        }
    }

    fn name(
        &self,
        canvas: &mut Canvas<'_>,
        (x, y): (u16, u16),
        width: u16,
        selected: bool,
        search: &mut Search,
    ) {
        let style = canvas.style(if selected { Role::Selected } else { Role::Text });
        let unfolded = self.app.order.unfolded.contains(&self.who);
        let below = if unfolded { String::new() } else { folded(self.agent) };
        let left = width.saturating_sub(u16::try_from(below.width()).unwrap_or(0));
        let end = canvas.put(x, y, left, &self.agent.name, style);
        canvas.put(end, y, x + width - end, &below, canvas.style(Role::Dim));
        let found = canvas.style(Role::Match);
        for at in search.found(&self.agent.name) {
            let at = u16::try_from(at).unwrap_or(u16::MAX);
            if at < left {
                canvas.buf.set_style(Rect::new(x + at, y, 1, 1), found);
            }
        }
    }

    fn context(&self, canvas: &mut Canvas<'_>, (x, y): (u16, u16), width: u16, base: Style) {
        let percent = words::percent(self.agent);
        if percent < 0.0 {
            let unknown = canvas.theme.icons.unknown.clone();
            canvas.put_right(x, y, width.min(4), &unknown, canvas.style(Role::Dim));
            return;
        }
        let style = match percent {
            p if p >= 90.0 => canvas.style(Role::Bad),
            p if p >= 75.0 => canvas.style(Role::Warn),
            _ => base,
        };
        canvas.put_right(x, y, 4, &format!("{percent:.0}%"), style);
        if width > BAR + 4 {
            let full = ((percent / 100.0 * f64::from(BAR)).round() as u16).min(BAR);
            let (on, off) = (canvas.theme.icons.full.clone(), canvas.theme.icons.empty.clone());
            let style = if percent >= 75.0 { style } else { canvas.style(Role::Good) };
            canvas.put(x + 5, y, BAR, &on.repeat(usize::from(full)), style);
            let style = canvas.style(Role::Dim);
            canvas.put(x + 5 + full, y, BAR - full, &off.repeat(usize::from(BAR - full)), style);
        }
    }

    fn cell(&self, canvas: &Canvas<'_>, column: Column, width: u16, base: Style) -> (String, Style) {
        let (agent, app) = (self.agent, self.app);
        let dim = canvas.style(Role::Dim);
        let unknown = || (canvas.theme.icons.unknown.clone(), dim);
        match column {
            Column::Swarm => (self.who.swarm.clone(), dim),
            Column::Role => agent.role.clone().map_or_else(unknown, |r| (r, base)),
            Column::Profile => (agent.profile.clone(), dim),
            Column::Status => {
                let full = words::status(agent, app.now, &app.options.zone);
                let short = words::status_short(agent, app.now, &app.options.zone);
                let said = if full.width() <= usize::from(width) { full } else { short };
                (said, canvas.style(Role::Status(agent.status)))
            }
            Column::Since => (words::age(agent.since, app.now), base),
            Column::Cost => words::pico_dollars(agent.cost_usd.as_deref())
                .map_or_else(unknown, |p| (words::money(p), base)),
            Column::Inbox => match (agent.inbox.pending, agent.inbox.dead) {
                (0, 0) => (String::new(), dim),
                (n, 0) => (n.to_string(), base),
                (n, dead) => (format!("{n} +{dead}!"), canvas.style(Role::Bad)),
            },
            Column::Last => {
                let style = if agent.status == Status::Waiting { base } else { dim };
                (words::last_line(agent).trim().to_owned(), style)
            }
            Column::Name | Column::Context => (String::new(), base),
        }
    }
}
