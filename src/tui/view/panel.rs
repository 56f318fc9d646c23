//! Between list and preview: what the selected agent asks, a question of ours, or a message being written. The preview
//! stays in sight, because what is being approved is there in full.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, wrap};
use super::words;
use crate::snapshot::AgentView;
use crate::status::{Reason, Status};
use crate::text::one_line;
use crate::tui::action::Action;
use crate::tui::app::{App, Compose, Mode, Writing};
use crate::tui::confirm::{Confirm, label};
use crate::tui::editor::Editor;
use crate::tui::theme::Role;

/// Between two choices on one line.
const BETWEEN: &str = "   ";
/// From this height on, every choice gets a line of its own.
const ROOMY: u16 = 30;
/// Lines of what an agent asks that are shown beside its screen.
const ASKED_LINES: usize = 4;
/// Lines of a message that are shown at once, at least.
const MESSAGE_LINES: u16 = 4;

/// From this width on, the keys that answer a prompt stand in the panel's own line.
pub const KEYS_FIT: u16 = 72;

/// Rows the panel wants, its line included; 0 for none.
pub fn height(app: &App, width: u16) -> u16 {
    let lines = match &app.mode {
        Mode::Confirm(confirm) => confirm_lines(confirm, width).len() + 1,
        Mode::Message(compose) => compose.editor.line_count().max(MESSAGE_LINES.into()) + 1,
        Mode::Add(..) | Mode::Rename(..) => 3,
        Mode::Normal | Mode::Filter(..) => match dialog(app, width) {
            lines if lines.is_empty() => 0,
            lines => lines.len() + 1,
        },
        _ => 0,
    };
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// Draws it; where the cursor belongs.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, area: Rect) -> Option<Position> {
    let rule = Rect { height: 1, ..area };
    let inner = Rect::new(area.x + 1, area.y + 1, area.width - 1, area.height - 1);
    match &app.mode {
        Mode::Confirm(confirm) => {
            canvas.rule(rule, &confirm.title, &[], true);
            lines(canvas, inner, &confirm_lines(confirm, area.width));
            None
        }
        Mode::Message(compose) => Some(message(canvas, app, compose, rule, inner)),
        Mode::Add(editor, wrong) => {
            let title = "add an agent: name, profile, directory";
            Some(one_line_of(canvas, (title, editor, wrong.as_deref()), rule, inner))
        }
        Mode::Rename(who, editor, wrong) => {
            let title = format!("rename {}", who.agent);
            Some(one_line_of(canvas, (&title, editor, wrong.as_deref()), rule, inner))
        }
        _ => {
            let (who, agent) = app.selected_agent()?;
            let title = format!("{} {}", who.agent, words::status(agent, app.now, &app.options.zone));
            let keys = if area.width < KEYS_FIT { Vec::new() } else { dialog_keys(canvas, app, agent) };
            canvas.rule(rule, &title, &keys, false);
            lines(canvas, inner, &dialog(app, area.width));
            None
        }
    }
}

/// A line that is typed, under its title and over what is wrong with it; where its cursor belongs.
fn one_line_of(
    canvas: &mut Canvas<'_>,
    (title, editor, wrong): (&str, &Editor, Option<&str>),
    rule: Rect,
    inner: Rect,
) -> Position {
    canvas.rule(rule, title, &[], true);
    let style = canvas.style(Role::Text);
    canvas.put(inner.x, inner.y, inner.width, &editor.text(), style);
    if let (Some(wrong), true) = (wrong, inner.height > 1) {
        let style = canvas.style(Role::Bad);
        canvas.put(inner.x, inner.y + 1, inner.width, wrong, style);
    }
    let x = u16::try_from(editor.columns_before_cursor()).unwrap_or(u16::MAX);
    Position::new(inner.x.saturating_add(x).min(inner.right() - 1), inner.y)
}

/// Writes lines; where they do not fit, the last place says how many more there are.
fn lines(canvas: &mut Canvas<'_>, area: Rect, lines: &[(Role, String)]) {
    let height = usize::from(area.height);
    let fit = if lines.len() > height { height.saturating_sub(1) } else { height };
    for ((role, line), y) in lines.iter().take(fit).zip(area.top()..) {
        let style = canvas.style(*role);
        canvas.put(area.x, y, area.width, line, style);
    }
    if fit < height && lines.len() > height {
        let text = format!("{} {} more lines do not fit here", canvas.theme.icons.more, lines.len() - fit);
        let style = canvas.style(Role::Warn);
        canvas.put(area.x, area.bottom() - 1, area.width, &text, style);
    }
}

fn wrapped(lines: &[(Role, String)], width: u16) -> Vec<(Role, String)> {
    let width = usize::from(width).saturating_sub(2);
    let parts = |(role, text): &(Role, String)| {
        let role = *role;
        wrap(&one_line(text), width).into_iter().map(move |line| (role, line))
    };
    lines.iter().flat_map(parts).collect()
}

fn confirm_lines(confirm: &Confirm, width: u16) -> Vec<(Role, String)> {
    wrapped(&confirm.body, width)
}

/// What the selected agent asks and offers; empty when it does not wait.
fn dialog(app: &App, width: u16) -> Vec<(Role, String)> {
    let Some((_, agent)) = app.selected_agent().filter(|(_, a)| a.status == Status::Waiting) else {
        return Vec::new();
    };
    let mut lines: Vec<_> =
        words::asks(agent).lines().iter().flat_map(|l| wrapped(std::slice::from_ref(l), width)).collect();
    // The preview below has it whole.
    if lines.len() > ASKED_LINES {
        lines.truncate(ASKED_LINES);
        if let Some((_, cut)) = lines.last_mut() {
            cut.push_str(&app.options.theme.icons.more);
        }
    }
    lines.extend(options(app, &agent.options, width).into_iter().map(|line| (Role::Text, line)));
    if lines.is_empty() {
        lines.push((Role::Text, "what it asks could not be read: look at its pane".to_owned()));
    }
    lines
}

/// The choices: one line for all where room is short and they fit, else one line each.
fn options(app: &App, options: &[String], width: u16) -> Vec<String> {
    let each: Vec<_> = options.iter().enumerate().map(|(n, o)| format!("{} {}", n + 1, label(o))).collect();
    let joined = each.join(BETWEEN);
    if app.area.height < ROOMY && !each.is_empty() && joined.width() + 2 <= usize::from(width) {
        return vec![joined];
    }
    each
}

/// Which choice is drawn at this place of the screen.
pub fn choice_at(app: &App, at: Position) -> Option<usize> {
    let area = app.parts().panel?;
    let (_, agent) = app.selected_agent().filter(|(_, a)| a.status == Status::Waiting)?;
    let drawn = options(app, &agent.options, area.width);
    let text = dialog(app, area.width).len() - drawn.len();
    let line = usize::from(at.y.checked_sub(area.y + 1)?).checked_sub(text)?;
    if drawn.len() == agent.options.len() {
        return (line < drawn.len()).then_some(line);
    }
    let mut left = usize::from(at.x.checked_sub(area.x + 1)?);
    for (n, option) in agent.options.iter().enumerate().filter(|_| line == 0) {
        let width = format!("{} {}", n + 1, label(option)).width();
        if left < width {
            return Some(n);
        }
        left = left.checked_sub(width + BETWEEN.len())?;
    }
    None
}

/// `a approve · d deny · 1-3 choose`, from the keymap.
fn dialog_keys(canvas: &Canvas<'_>, app: &App, agent: &AgentView) -> Vec<(String, Style)> {
    let options = agent.options.len();
    let key = |action| app.options.keymap.hint(action);
    let choose = match (app.options.keymap.keys(Action::Choose), options) {
        ([], _) | (_, 0) => None,
        ([first, ..], 1) => Some(first.to_string()),
        (keys, n) => Some(format!("{}-{}", keys[0], keys[n.min(keys.len()) - 1])),
    };
    // A question is answered by a choice.
    let permission = agent.reason == Some(Reason::Permission);
    let approve = if permission { key(Action::Approve) } else { None };
    keys(canvas, &[(approve, "approve"), (key(Action::Deny), "deny"), (choose, "choose")])
}

/// Keys with what they do, for the right end of a line.
pub fn keys(canvas: &Canvas<'_>, keys: &[(Option<String>, &str)]) -> Vec<(String, Style)> {
    let (key_style, dim) = (canvas.style(Role::Key), canvas.style(Role::Dim));
    let mut pieces = Vec::new();
    for (key, what) in keys {
        if let Some(key) = key {
            let gap = if pieces.is_empty() { "" } else { "  " };
            pieces.push((format!("{gap}{key}"), key_style));
            pieces.push((format!(" {what}"), dim));
        }
    }
    pieces
}

fn message(canvas: &mut Canvas<'_>, app: &App, compose: &Compose, rule: Rect, inner: Rect) -> Position {
    canvas.rule(rule, &message_title(app, compose), &[], true);
    let editor = &compose.editor;
    let height = usize::from(inner.height).max(1);
    let first = (editor.row() + 1).saturating_sub(height);
    let column = editor.columns_before_cursor();
    // A line longer than the place is shown from where the cursor is.
    let hidden = (column + 1).saturating_sub(usize::from(inner.width));
    let style = canvas.style(Role::Text);
    for (n, y) in (first..editor.line_count()).zip(inner.top()..inner.bottom()) {
        let line = editor.line(n);
        let shown = if n == editor.row() { skip_columns(&line, hidden) } else { line };
        canvas.put(inner.x, y, inner.width, &shown, style);
    }
    let x = u16::try_from(column - hidden.min(column)).unwrap_or(0);
    let y = u16::try_from(editor.row() - first).unwrap_or(0);
    Position::new((inner.x + x).min(inner.right().saturating_sub(1)), inner.y + y)
}

fn skip_columns(text: &str, columns: usize) -> String {
    let mut skipped = 0;
    text.chars()
        .skip_while(|c| {
            let skip = skipped < columns;
            skipped += unicode_width::UnicodeWidthChar::width(*c).unwrap_or(0);
            skip
        })
        .collect()
}

/// To whom, and what will happen to the text before it arrives.
fn message_title(app: &App, compose: &Compose) -> String {
    let to = match &compose.what {
        Writing::Message(to) => to,
        Writing::HandOver { from, to } => return format!("{} > {to}: subject first", from.agent),
        Writing::Because(who, _) => return format!("deny {}, because", who.agent),
    };
    match to.as_slice() {
        [who] => {
            let when = match app.agent(who) {
                Some(a) if a.hold.is_some() => " (held: it stays queued)",
                Some(a) if a.status == Status::Idle => "",
                Some(a) if a.is_asleep() => " (asleep: it is woken for it)",
                Some(a) if a.status == Status::Exited => " (not running: it stays queued)",
                _ => " (queued until it is idle)",
            };
            format!("message to {}{when}", who.agent)
        }
        many => {
            let names: Vec<_> = many.iter().map(|w| w.agent.as_str()).collect();
            let fill = if compose.fill { " ({agent} and {role} are filled in for each)" } else { "" };
            format!("message to {}{fill}: {}", words::plural(many.len(), "agent"), names.join(", "))
        }
    }
}
