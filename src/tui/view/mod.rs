//! Drawing: from the state to cells, nothing else. Every function takes `&App`.

pub mod canvas;
pub mod costs;
pub mod cover;
pub mod details;
pub mod footer;
pub mod header;
pub mod letters;
pub mod list;
pub mod panel;
pub mod preview;
pub mod words;

use ratatui::Frame;
use ratatui::layout::{Position, Rect};

use super::app::{App, Mode};
use super::message::Arrangement;
use super::theme::Role;
use canvas::Canvas;

/// Below this the overview says that it needs more room.
pub const SMALLEST: (u16, u16) = (40, 10);
/// From this width on, details stand beside the preview.
const DETAILS_BESIDE: u16 = 120;

/// Where everything is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Names and totals.
    pub header: Rect,
    /// What is wrong with swarm itself.
    pub problem: Option<Rect>,
    /// Everything between header and footer.
    pub body: Rect,
    /// The column headings.
    pub heads: Rect,
    /// The rows of the list.
    pub rows: Rect,
    /// The question or the editor, with the line above it.
    pub panel: Option<Rect>,
    /// The line above the preview or the details.
    pub rule: Option<Rect>,
    /// The preview.
    pub preview: Option<Rect>,
    /// The details.
    pub details: Option<Rect>,
    /// The line between the list and what stands beside it.
    pub side: Option<Rect>,
    /// The line between preview and details.
    pub divide: Option<Rect>,
    /// Hints and outcomes.
    pub footer: Rect,
}

impl Parts {
    /// The parts of `area` for `app`.
    pub fn of(app: &App, area: Rect) -> Self {
        let problem = u16::from(
            app.disconnected.is_some() || app.snapshot.as_ref().is_some_and(|s| !s.problems.is_empty()),
        );
        let line = |y: u16| {
            Rect::new(area.x, area.y + y.min(area.height.saturating_sub(1)), area.width, 1.min(area.height))
        };
        let above = 1 + problem;
        let body = Rect::new(
            area.x,
            area.y + above.min(area.height),
            area.width,
            area.height.saturating_sub(above + 1),
        );
        let mut parts = Self {
            header: line(0),
            problem: (problem > 0).then(|| line(1)),
            body,
            heads: Rect::new(body.x, body.y, body.width, 1.min(body.height)),
            rows: Rect::new(body.x, body.y, body.width, 0),
            panel: None,
            rule: None,
            preview: None,
            details: None,
            side: None,
            divide: None,
            footer: line(area.height.saturating_sub(1)),
        };
        if app.zoom || matches!(app.mode, Mode::Live(_)) {
            parts.lower(app, body);
        } else if sidebar(app, body) {
            parts.beside(app, body);
        } else {
            parts.stacked(app, body);
        }
        parts
    }

    fn stacked(&mut self, app: &App, body: Rect) {
        // A question of ours may take more than one of an agent's: it must be read whole.
        let question = matches!(app.mode, Mode::Confirm(_));
        let most = if question { body.height.saturating_sub(3) } else { body.height / 2 };
        let panel = panel::height(app, body.width).min(most);
        let left = body.height.saturating_sub(panel);
        let wanted = u16::try_from(app.rows.len()).unwrap_or(u16::MAX).saturating_add(1).max(4);
        // The list gets what it wants up to half; below a usable preview it gets everything.
        let list = if left < 8 { left } else { wanted.min((left / 2).max(left.min(5))) };
        let list = list.min(left);
        self.rows = Rect::new(body.x, body.y + 1.min(body.height), body.width, list.saturating_sub(1));
        self.lower(app, Rect::new(body.x, body.y + list, body.width, body.height - list));
    }

    fn beside(&mut self, app: &App, body: Rect) {
        let width = (body.width * 3 / 10).clamp(30, 60);
        self.heads.width = width;
        self.rows = Rect::new(body.x, body.y + 1, width, body.height.saturating_sub(1));
        self.side = Some(Rect::new(body.x + width, body.y, 1, body.height));
        self.lower(app, Rect::new(body.x + width + 1, body.y, body.width - width - 1, body.height));
    }

    /// Panel, preview and details in what the list left over.
    fn lower(&mut self, app: &App, area: Rect) {
        let panel = panel::height(app, area.width).min(area.height);
        if panel > 1 {
            self.panel = Some(Rect::new(area.x, area.y, area.width, panel));
        }
        let rest = Rect::new(area.x, area.y + panel, area.width, area.height - panel);
        if rest.height < 3 {
            return;
        }
        self.rule = Some(Rect { height: 1, ..rest });
        let content = Rect::new(rest.x, rest.y + 1, rest.width, rest.height - 1);
        let alone = app.zoom || matches!(app.mode, Mode::Live(_));
        if content.width >= DETAILS_BESIDE && !alone {
            let details = (content.width / 3).min(56);
            let preview = content.width - details - 1;
            self.preview = Some(Rect { width: preview, ..content });
            self.divide = Some(Rect::new(content.x + preview, content.y, 1, content.height));
            self.details = Some(Rect::new(content.x + preview + 1, content.y, details, content.height));
        } else if app.details && !alone {
            self.details = Some(content);
        } else {
            self.preview = Some(content);
        }
    }
}

/// Whether the list stands at the side: when asked for, or when there are many agents and much width.
fn sidebar(app: &App, body: Rect) -> bool {
    match app.arrangement {
        Arrangement::Rows => false,
        Arrangement::Sidebar => body.width >= 80,
        Arrangement::Auto => body.width >= 140 && app.rows.len() > usize::from(body.height),
    }
}

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App) {
    let area = frame.area();
    let cursor = {
        let mut canvas = Canvas { buf: frame.buffer_mut(), theme: &app.options.theme };
        canvas.buf.set_style(area, canvas.theme.style(Role::Text));
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            too_small(&mut canvas, area);
            return;
        }
        let parts = Parts::of(app, area);
        header::draw(&mut canvas, app, &parts);
        let cursor = if app.mode.covers() {
            cover::draw(&mut canvas, app, parts.body)
        } else {
            draw_body(&mut canvas, app, &parts)
        };
        cursor.or(footer::draw(&mut canvas, app, &parts))
    };
    if let Some(cursor) = cursor {
        frame.set_cursor_position(cursor);
    }
}

fn draw_body(canvas: &mut Canvas<'_>, app: &App, parts: &Parts) -> Option<Position> {
    if app.rows.is_empty() && matches!(app.mode, Mode::Normal | Mode::Filter(..)) {
        cover::empty(canvas, app, parts.body);
        return None;
    }
    if parts.rows.height > 0 {
        list::draw(canvas, app, parts);
    }
    let cursor = parts.panel.and_then(|area| panel::draw(canvas, app, area));
    let cursor = cursor.or(preview::draw(canvas, app, parts));
    if let Some(area) = parts.details {
        details::draw(canvas, app, area);
    }
    for side in [parts.side, parts.divide].into_iter().flatten() {
        let (icon, style) = (canvas.theme.icons.side.clone(), canvas.style(Role::Rule));
        for y in side.top()..side.bottom() {
            canvas.put(side.x, y, 1, &icon, style);
        }
    }
    cursor
}

/// Whether there is room for the details beside the preview.
pub fn details_beside(app: &App) -> bool {
    app.parts().divide.is_some()
}

/// How many lines what covers the screen has in all.
pub fn cover_height(app: &App) -> usize {
    cover::lines(app, app.parts().body.width.saturating_sub(1)).len()
}

fn too_small(canvas: &mut Canvas<'_>, area: Rect) {
    let text = format!("swarm needs {}x{}", SMALLEST.0, SMALLEST.1);
    let more = format!("this is {}x{}", area.width, area.height);
    let style = canvas.style(Role::Text);
    canvas.put(area.x, area.y, area.width, &text, style);
    if area.height > 1 {
        canvas.put(area.x, area.y + 1, area.width, &more, style);
    }
}
