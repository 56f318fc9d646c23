//! What covers list and preview: help, explanations, events, costs, the palette; and what stands there when there is
//! nothing to list.

use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, clip, wrap};
use super::{details, words};
use crate::text::{block, one_line};
use crate::tui::action::ACTIONS;
use crate::tui::app::{App, Mode};
use crate::tui::message::EventView;
use crate::tui::palette::Palette;
use crate::tui::theme::Role;

/// Draws what is open; where the cursor belongs.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, area: Rect) -> Option<Position> {
    let rule = Rect { height: 1.min(area.height), ..area };
    let inner = Rect::new(area.x + 1, area.y + 1, area.width - 1, area.height.saturating_sub(1));
    if let Mode::Palette(palette) = &app.mode {
        canvas.rule(rule, &title(app), &[], true);
        return Some(draw_palette(canvas, palette, inner));
    }
    if let Mode::Letters(panel) = &app.mode {
        canvas.rule(rule, &title(app), &[], true);
        super::letters::draw(canvas, app, panel, inner);
        return None;
    }
    let lines = lines(app, inner.width);
    let most = lines.len().saturating_sub(usize::from(inner.height));
    let first = app.cover_scroll.min(most);
    let note = if most > 0 {
        let last = lines.len().min(first + usize::from(inner.height));
        vec![(format!("{}-{last} of {}", first + 1, lines.len()), canvas.style(Role::Dim))]
    } else {
        Vec::new()
    };
    canvas.rule(rule, &title(app), &note, true);
    for (line, y) in lines.iter().skip(first).zip(inner.top()..inner.bottom()) {
        canvas.buf.set_line(inner.x, y, line, inner.width);
    }
    None
}

fn title(app: &App) -> String {
    match &app.mode {
        Mode::Explain(who, _) => format!("why {} has its status", who.agent),
        Mode::Events(who) => format!("what happened to {}", who.agent),
        Mode::Costs => "costs today".to_owned(),
        Mode::Palette(palette) => palette.title.clone(),
        Mode::Letters(panel) => match &panel.of {
            Some(who) => format!("handoffs and messages of {}", who.agent),
            None => "handoffs and messages".to_owned(),
        },
        _ => "keys".to_owned(),
    }
}

/// Everything that covers the screen, in lines; more than fit may come.
pub fn lines(app: &App, width: u16) -> Vec<Line<'static>> {
    match &app.mode {
        Mode::Help => help(app, width),
        Mode::Explain(_, said) => explain(app, said.as_deref(), width),
        Mode::Events(who) => events(app, app.events_of(who), width),
        Mode::Costs => super::costs::lines(app, width),
        _ => Vec::new(),
    }
}

/// The keys in force, from the keymap, in two columns where they fit.
fn help(app: &App, width: u16) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let (title, key_style, text) =
        (theme.style(Role::Title), theme.style(Role::Key), theme.style(Role::Text));
    let mut sections: Vec<(&str, Vec<Line<'static>>)> = Vec::new();
    for about in ACTIONS {
        if sections.last().is_none_or(|(name, _)| *name != about.section) {
            sections.push((about.section, vec![Line::styled(about.section, title)]));
        }
        let keys = app.options.keymap.keys(about.action);
        let keys = match keys {
            [] => theme.icons.unknown.clone(),
            [first, .., last] if keys.len() > 3 => format!("{first}-{last}"),
            keys => keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        let line = Line::from(vec![
            Span::styled(format!(" {keys:<12} "), key_style),
            Span::styled(clip(about.text, 40, &theme.icons.more), text),
        ]);
        if let Some((_, lines)) = sections.last_mut() {
            lines.push(line);
        }
    }
    for (_, lines) in &mut sections {
        lines.push(Line::default());
    }
    if width < 76 {
        return sections.into_iter().flat_map(|(_, lines)| lines).collect();
    }
    two_columns(sections.into_iter().map(|(_, lines)| lines).collect(), width)
}

fn two_columns(sections: Vec<Vec<Line<'static>>>, width: u16) -> Vec<Line<'static>> {
    let half: usize = sections.iter().map(Vec::len).sum::<usize>().div_ceil(2);
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for section in sections {
        if left.len() + section.len() <= half + 3 && right.is_empty() {
            left.extend(section);
        } else {
            right.extend(section);
        }
    }
    let column = usize::from(width.min(110)) / 2;
    let height = left.len().max(right.len());
    left.resize(height, Line::default());
    right.resize(height, Line::default());
    left.into_iter()
        .zip(right)
        .map(|(mut line, right)| {
            line.push_span(Span::raw(" ".repeat(column.saturating_sub(line.width()))));
            line.extend(right.spans);
            line
        })
        .collect()
}

fn explain(app: &App, said: Option<&str>, width: u16) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let mut lines = Vec::new();
    if let Some((_, agent)) = app.selected_agent() {
        for (label, text, role) in details::facts(app, agent) {
            for (n, part) in
                wrap(&one_line(&text), usize::from(width).saturating_sub(14)).into_iter().enumerate()
            {
                let label = if n == 0 { label } else { "" };
                lines.push(Line::from(vec![
                    Span::styled(format!("{label:<12}"), theme.style(Role::Dim)),
                    Span::styled(part, theme.style(role)),
                ]));
            }
        }
    }
    lines.push(Line::default());
    match said {
        Some(said) => {
            let text = block(said);
            lines.extend(
                wrap(text.trim_end(), usize::from(width).saturating_sub(1)).into_iter().map(Line::from),
            );
        }
        None => lines.push(Line::styled("asking the monitor for all its evidence", theme.style(Role::Dim))),
    }
    lines
}

fn events(app: &App, said: Option<&[EventView]>, width: u16) -> Vec<Line<'static>> {
    let theme = &app.options.theme;
    let dim = theme.style(Role::Dim);
    match said {
        None => vec![Line::styled("asking the monitor", dim)],
        Some([]) => vec![Line::styled("nothing is on record", dim)],
        Some(events) => {
            events.iter().rev().map(|event| self::event(app, event, width, width >= 60)).collect()
        }
    }
}

/// One line of the log: when, what kind where there is room, and what happened; bold when it is news.
pub fn event(app: &App, event: &EventView, width: u16, kind: bool) -> Line<'static> {
    let theme = &app.options.theme;
    let more = &theme.icons.more;
    let news = app.is_news(event);
    let at = words::moment(event.at, app.now, &app.options.zone);
    let kind_width = if kind { 21 } else { 0 };
    let said = if !kind && event.text.starts_with("by ") {
        // What has only its kind to say: `agent.kill_requested`, by whom.
        let what = event.kind.split_once('.').map_or(event.kind.as_str(), |(_, what)| what);
        format!("{} {}", what.replace('_', " "), event.text)
    } else {
        event.text.clone()
    };
    let text = clip(&said, usize::from(width).saturating_sub(14 + kind_width), more);
    let mark = if news { theme.icons.selected.as_str() } else { " " };
    Line::from(vec![
        Span::styled(format!("{mark}{at:<13}"), theme.style(if news { Role::Mark } else { Role::Dim })),
        Span::styled(
            format!("{:<kind_width$}", clip(&event.kind, kind_width.saturating_sub(1), more)),
            theme.style(Role::Key),
        ),
        Span::styled(text, theme.style(Role::Text)),
    ])
}

fn draw_palette(canvas: &mut Canvas<'_>, palette: &Palette, area: Rect) -> Position {
    let (text, key) = (canvas.style(Role::Text), canvas.style(Role::Key));
    let x = canvas.put(area.x, area.y, 1, ":", key);
    canvas.put(x, area.y, area.width.saturating_sub(1), &palette.editor.text(), text);
    let rows = Rect::new(area.x, area.y + 1, area.width, area.height.saturating_sub(1));
    if palette.found.is_empty() {
        let dim = canvas.style(Role::Dim);
        canvas.put(rows.x + 2, rows.y, rows.width, "nothing is called that", dim);
    }
    let first = (palette.chosen + 1).saturating_sub(usize::from(rows.height));
    for ((n, (line, _)), y) in palette.found.iter().enumerate().skip(first).zip(rows.top()..rows.bottom()) {
        let style = if n == palette.chosen { canvas.style(Role::Selected) } else { text };
        canvas.put(rows.x + 2, y, rows.width.saturating_sub(2), line, style);
    }
    let column = u16::try_from(palette.editor.columns_before_cursor()).unwrap_or(u16::MAX);
    Position::new(x.saturating_add(column).min(area.right().saturating_sub(1)), area.y)
}

/// What to do when there is nothing to list.
pub fn empty(canvas: &mut Canvas<'_>, app: &App, area: Rect) {
    let hidden = app.agents().next().is_some();
    let narrow = area.width < 60;
    let lines: Vec<String> = if app.snapshot.is_none() {
        vec!["Asking the monitor what runs.".into()]
    } else if hidden {
        let key = app.options.keymap.hint(crate::tui::action::Action::Back).unwrap_or_default();
        vec!["No agent fits the filter.".into(), format!("{key} shows all.")]
    } else if app.swarms().next().is_some() {
        vec![
            "This swarm has no agents.".into(),
            "Add [[agents]] to swarm.toml,".into(),
            "then: swarm up".into(),
        ]
    } else {
        // One swarm was asked for, and others may run.
        let none = match &app.options.swarm {
            Some(name) => format!("The swarm `{name}` is not running."),
            None => "No swarm is running.".into(),
        };
        vec![
            none,
            String::new(),
            if narrow {
                "swarm init   writes a swarm.toml"
            } else {
                "swarm init   writes a swarm.toml for this directory"
            }
            .into(),
            "swarm up     starts its agents".into(),
            "swarm demo   shows simulated ones".into(),
            String::new(),
            "They show up here once they run.".into(),
        ]
    };
    let widest = lines.iter().map(|l| l.width()).max().unwrap_or(0);
    let x = area.x + area.width.saturating_sub(u16::try_from(widest).unwrap_or(0)) / 2;
    let y = area.y + area.height.saturating_sub(u16::try_from(lines.len()).unwrap_or(0)) / 2;
    let style = canvas.style(Role::Text);
    for (line, y) in lines.iter().zip(y..area.bottom()) {
        canvas.put(x, y, area.right().saturating_sub(x), line, style);
    }
}
