//! The last line: what became of the last request, the filter being typed, or the keys that matter now.

use std::borrow::Cow;

use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, wrap};
use super::{Parts, panel};
use crate::status::{Reason, Status};
use crate::tui::action::Action;
use crate::tui::app::{App, Focus, Mode, Note};
use crate::tui::letters::Letters;
use crate::tui::theme::Role;

/// Lines that a note may take.
const NOTE_LINES: usize = 3;

/// Draws it; where the cursor belongs when something is typed here.
pub fn draw(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) -> Option<Position> {
    let area = parts.footer;
    if let Mode::Filter(editor, _) = &app.mode {
        let x = canvas.put(area.x, area.y, 1, "/", canvas.style(Role::Key));
        canvas.put(x, area.y, area.width.saturating_sub(1), &editor.text(), canvas.style(Role::Text));
        let column = u16::try_from(editor.columns_before_cursor()).unwrap_or(u16::MAX);
        return Some(Position::new(x.saturating_add(column).min(area.right() - 1), area.y));
    }
    // Without its keys a question cannot be answered.
    let asks = matches!(
        app.mode,
        Mode::Message(_) | Mode::Add(..) | Mode::Rename(..) | Mode::Confirm(_) | Mode::Live(_)
    );
    if let Some(note) = app.note() {
        draw_note(canvas, note, if asks { Rect { y: area.y.saturating_sub(1), ..area } } else { area });
        if !asks {
            return None;
        }
    }
    let wanted = wanted(app);
    let mut hints: Vec<(Option<String>, &str)> = Vec::new();
    let mut used = 0;
    for (action, word) in &wanted {
        let Some(key) = app.options.keymap.hint(*action) else { continue };
        let width = key.width() + word.width() + 3;
        if used + width <= usize::from(area.width) + 2 {
            used += width;
            hints.push((Some(key), word));
        }
    }
    let pieces = panel::keys(canvas, &hints);
    canvas.pieces(area.x, area.y, area.width, &pieces);
    None
}

/// Writes a note so that it ends in the line `last`, over what stands above where it needs more than one.
fn draw_note(canvas: &mut Canvas<'_>, note: &Note, last: Rect) {
    let style = canvas.style(if note.failed { Role::Bad } else { Role::Good });
    let mut lines = wrap(&note.text, usize::from(last.width));
    if lines.len() > NOTE_LINES {
        lines.truncate(NOTE_LINES);
        if let Some(cut) = lines.last_mut() {
            cut.push_str(&canvas.theme.icons.more);
        }
    }
    let blank = " ".repeat(usize::from(last.width));
    for (line, up) in lines.iter().rev().zip(0..) {
        let Some(y) = last.y.checked_sub(up) else { return };
        canvas.put(last.x, y, last.width, &blank, style);
        canvas.put(last.x, y, last.width, line, style);
    }
}

/// The keys that matter now, most first.
fn wanted(app: &App) -> Vec<(Action, Cow<'static, str>)> {
    if let Mode::Letters(panel) = &app.mode {
        return letters(app, panel);
    }
    wanted_anywhere(app).into_iter().map(|(action, word)| (action, word.into())).collect()
}

/// The keys of the handoffs and messages: whose are listed is said by name.
fn letters(app: &App, panel: &Letters) -> Vec<(Action, Cow<'static, str>)> {
    let mut wanted: Vec<(Action, Cow<'static, str>)> = vec![(Action::Quit, "close".into())];
    if !app.letters(panel).is_empty() {
        wanted.extend([
            (Action::Read, "read".into()),
            (Action::Retry, "retry".into()),
            (Action::Drop, "drop".into()),
        ]);
    }
    match (&panel.of, &panel.on) {
        (Some(_), _) => wanted.push((Action::AllLetters, "everyone's".into())),
        (None, Some(on)) => wanted.push((Action::AllLetters, format!("only {}'s", on.agent).into())),
        (None, None) => {}
    }
    wanted
}

fn wanted_anywhere(app: &App) -> Vec<(Action, &'static str)> {
    if app.mode.covers() {
        return match app.mode {
            Mode::Palette(ref palette) if palette.behind.is_some() => {
                vec![(Action::Send, "insert"), (Action::Cancel, "back to the message")]
            }
            Mode::Palette(_) => vec![(Action::Send, "do it"), (Action::Cancel, "close")],
            _ => vec![(Action::Quit, "close"), (Action::Down, "down"), (Action::Up, "up")],
        };
    }
    match &app.mode {
        Mode::Confirm(confirm) => {
            let fresh = confirm.fresh.as_ref().map(|(word, _)| (Action::Fresh, *word));
            let yes = [(Action::Yes, confirm.yes.0)].into_iter().chain(fresh);
            let why = confirm.refused().map(|_| (Action::Reason, "say why"));
            return yes.chain(why).chain([(Action::No, "cancel")]).collect();
        }
        Mode::Message(_) => {
            return vec![
                (Action::Send, "send"),
                (Action::Newline, "new line"),
                (Action::Template, "template"),
                (Action::Cancel, "close"),
            ];
        }
        Mode::Live(_) => return vec![(Action::Leave, "ends typing into the pane")],
        Mode::Add(..) => return vec![(Action::Send, "add"), (Action::Cancel, "close")],
        Mode::Rename(..) => return vec![(Action::Send, "rename"), (Action::Cancel, "close")],
        _ => {}
    }
    if app.focus == Focus::Preview && !app.zoom {
        return vec![
            (Action::Back, "back to the list"),
            (Action::Up, "scroll up"),
            (Action::Down, "scroll down"),
            (Action::Zoom, "zoom"),
            (Action::Jump, "go there"),
        ];
    }
    let Some((_, agent)) = app.selected_agent() else {
        return vec![(Action::Help, "help"), (Action::Back, "back"), (Action::Quit, "quit")];
    };
    let mut wanted = vec![(Action::Help, "help")];
    if agent.status == Status::Waiting && app.area.width < panel::KEYS_FIT {
        // A question is answered by a choice.
        if agent.reason == Some(Reason::Permission) {
            wanted.push((Action::Approve, "approve"));
        } else if !agent.options.is_empty() {
            wanted.push((Action::Choose, "choose"));
        }
        wanted.push((Action::Deny, "deny"));
    }
    wanted.extend([(Action::Jump, "go there"), (Action::Message, "message")]);
    match agent.status {
        Status::Working => wanted.push((Action::Interrupt, "interrupt")),
        Status::Exited if agent.is_asleep() => wanted.push((Action::Hibernate, "wake")),
        Status::Exited | Status::Error => wanted.push((Action::Restart, "restart")),
        _ => {}
    }
    if app.needing().len() > usize::from(crate::tui::order::Need::of(agent).is_urgent()) {
        wanted.push((Action::NextWaiting, "next"));
    }
    if !agent.subagents.is_empty() {
        wanted.push((Action::Fold, "subagents"));
    }
    wanted.extend([
        (Action::Filter, "filter"),
        (Action::Kill, "kill"),
        (Action::Live, "type"),
        (Action::Zoom, "zoom"),
    ]);
    if !super::details_beside(app) {
        wanted.push((Action::Details, if app.details { "preview" } else { "details" }));
    }
    wanted.extend([(Action::Explain, "why"), (Action::Quit, "quit")]);
    wanted
}
