//! What keys and the mouse do to the overview. Decides nothing about agents: it asks, and the monitor decides.

use super::action::{Action, Context};
use super::app::{App, Focus, Mode, Note, Writing};
use super::confirm::{Confirm, Reply};
use super::editor::Editor;
use super::key::{Code, Key};
use super::message::{AgentRef, Arrangement, Exit, JumpBy, Kept, Request};
use super::order::Row;
use super::palette::Palette;
use super::theme::Role;
use super::view::{self, words};
use crate::snapshot::AgentView;
use crate::status::{Reason, Status};

/// What the terminal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key.
    Key(Key),
    /// Pasted text.
    Paste(String),
    /// A click at this column and row.
    Click(u16, u16),
    /// The wheel turned at this column and row; `true` is down.
    Wheel(u16, u16, bool),
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal got or lost the focus.
    Focus(bool),
}

/// Rows per turn of the wheel.
const WHEEL: isize = 3;

/// What a key of the overview may do while messages are listed: move, and get away.
const fn moves(action: Action) -> bool {
    matches!(
        action,
        Action::Up
            | Action::Down
            | Action::HalfPageUp
            | Action::HalfPageDown
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Back
            | Action::Quit
            | Action::Help
            | Action::Redraw
    )
}

impl App {
    /// Takes in what the terminal says; whether anything that can be seen may have changed.
    pub fn input(&mut self, input: Input) -> bool {
        match input {
            Input::Key(key) => {
                let live = matches!(self.mode, Mode::Live(_));
                self.key(key);
                // What was open is closed, and its agent may have left the list meanwhile.
                if matches!(self.mode, Mode::Normal) && self.selected_row().is_none() {
                    self.relist(None);
                }
                // What is typed shows when the pane shows it.
                return !(live && matches!(self.mode, Mode::Live(_)));
            }
            Input::Paste(_) if self.is_stray(false) => return false,
            Input::Paste(text) => self.paste(&text),
            Input::Click(x, y) => self.click(x, y),
            Input::Wheel(x, y, down) => self.wheel(x, y, if down { WHEEL } else { -WHEEL }),
            Input::Resize(width, height) => {
                self.area = ratatui::layout::Rect::new(0, 0, width, height);
                self.scroll_to_selection();
            }
            Input::Focus(_) => return false,
        }
        true
    }

    fn context(&self) -> Context {
        match self.mode {
            Mode::Confirm(_) => Context::Confirm,
            Mode::Filter(..) | Mode::Message(_) | Mode::Add(..) | Mode::Rename(..) | Mode::Palette(_) => {
                Context::Text
            }
            Mode::Letters(_) => Context::Letters,
            Mode::Live(_) => Context::Live,
            _ => Context::Overview,
        }
    }

    fn key(&mut self, key: Key) {
        let context = self.context();
        if self.is_stray(key.code == Code::Escape || self.options.keymap.action(Context::Live, key).is_some())
        {
            return;
        }
        let bound = self.options.keymap.action(context, key);
        self.note = None;
        match (context, bound) {
            (Context::Overview, Some((action, nth))) => self.act(action, nth),
            (Context::Letters, Some((action, _))) => self.act_on_letter(action),
            (Context::Letters, None) => match self.options.keymap.action(Context::Overview, key) {
                Some((action, nth)) if moves(action) => self.act(action, nth),
                _ => {}
            },
            (Context::Live, Some(_)) => self.leave_live(None),
            (Context::Live, None) => self.type_live(key),
            (Context::Confirm, Some((action, _))) => self.answer(action),
            (Context::Text, bound) => self.type_key(key, bound.map(|(action, _)| action)),
            (_, None) => {}
        }
    }

    /// Does what a key or a line of the palette stands for.
    pub fn act(&mut self, action: Action, nth: usize) {
        match action {
            Action::Up => self.step(-1),
            Action::Down => self.step(1),
            Action::HalfPageUp => self.step(-(self.page() / 2).max(1)),
            Action::HalfPageDown => self.step((self.page() / 2).max(1)),
            Action::PageUp => self.step(-self.page()),
            Action::PageDown => self.step(self.page()),
            Action::Top => {
                self.step(isize::MIN / 2);
                self.follows |= self.focus == Focus::List && !self.zoom && matches!(self.mode, Mode::Normal);
            }
            Action::Bottom => self.step(isize::MAX / 2),
            Action::Quit | Action::Back if self.mode.covers() => self.mode = Mode::Normal,
            Action::Back => self.back(),
            Action::Quit => self.exit = Some(Exit::Quit),
            Action::Help => self.cover(Mode::Help),
            Action::Costs => self.cover(Mode::Costs),
            Action::Letters => self.open_letters(),
            Action::Redraw => self.redraw = true,
            Action::Palette => {
                let agents = self.agents().map(|(s, a)| AgentRef::new(&*s.name, &*a.name)).collect();
                self.cover(Mode::Palette(Palette::new(agents)));
            }
            Action::Add => {
                // A line whose agent came to nothing is there to be mended.
                if self.added(&self.drafts.add).is_err() {
                    self.drafts.add.clear();
                }
                self.mode = Mode::Add(Editor::new(&self.drafts.add), None);
            }
            Action::Filter | Action::StatusFilter | Action::Sort | Action::Group | Action::MarkAll => {
                self.relist_by(action);
            }
            Action::NextPane | Action::PreviousPane => {
                self.focus = if self.focus == Focus::List { Focus::Preview } else { Focus::List };
            }
            Action::Zoom => self.zoom = !self.zoom,
            Action::Details if !self.zoom && view::details_beside(self) => {
                self.say("the details stand beside the preview already");
            }
            Action::Details => {
                self.details = !self.details;
                self.ask_for_events();
            }
            Action::Arrange => {
                self.arrangement = match self.arrangement {
                    Arrangement::Auto => Arrangement::Rows,
                    Arrangement::Rows => Arrangement::Sidebar,
                    Arrangement::Sidebar => Arrangement::Auto,
                };
                self.say(&format!("layout: {:?}", self.arrangement).to_lowercase());
                self.scroll_to_selection();
            }
            Action::NextWaiting => self.next_waiting(),
            _ => self.act_on_agent(action, nth),
        }
    }

    fn relist_by(&mut self, action: Action) {
        match action {
            Action::Filter => {
                let before = self.order.filter.clone();
                self.mode = Mode::Filter(Editor::new(&before), before);
                return;
            }
            Action::StatusFilter => self.order.only = self.order.only.next(),
            Action::Sort => self.order.sort = self.order.sort.next(),
            Action::Group => self.order.group = self.order.group.next(),
            _ if self.marks.is_empty() => {
                self.marks = self.rows.iter().filter_map(|r| Some(self.at(r)?.0)).collect();
            }
            _ => self.marks.clear(),
        }
        let row = self.selected_row();
        self.relist(row);
        if action == Action::Group && self.order.group == super::order::Group::Window {
            self.requests.push(Request::Windows);
        }
    }

    fn act_on_agent(&mut self, action: Action, nth: usize) {
        let Some((who, agent)) = self.selected_agent().map(|(w, a)| (w.clone(), a.clone())) else {
            return self.refuse("no agent is selected");
        };
        match action {
            Action::Jump => self.jump(who, &agent),
            Action::Approve | Action::Deny | Action::Choose => self.answer_prompt(action, nth, &who, &agent),
            Action::Message => {
                let what = Writing::Message(self.targets());
                self.write(what);
            }
            Action::Hibernate if agent.is_asleep() => {
                let all = self.targets().into_iter();
                let asleep: Vec<_> =
                    all.filter(|w| self.agent(w).is_some_and(AgentView::is_asleep)).collect();
                self.requests.extend(asleep.into_iter().map(Request::Wake));
            }
            Action::Interrupt | Action::Restart | Action::Hibernate | Action::Kill | Action::Remove => {
                self.confirm_many(action);
            }
            Action::Hold => {
                let all = self.targets();
                let hold = self.agent(&all[0]).is_none_or(|a| a.hold.is_none());
                self.requests.extend(all.into_iter().map(if hold { Request::Hold } else { Request::Resume }));
            }
            Action::Seen => {
                let all = self.targets();
                self.requests.extend(all.into_iter().map(Request::Seen));
            }
            Action::Rename => {
                let editor = Editor::new(&who.agent);
                self.mode = Mode::Rename(who, editor, None);
            }
            Action::Explain => {
                self.requests.push(Request::Explain(who.clone()));
                self.cover(Mode::Explain(who, None));
            }
            Action::Live => self.go_live(&who, &agent),
            Action::HandOver => self.choose_receiver(&who),
            Action::Directory => self.requests.push(Request::Directory(who)),
            Action::Diff => self.requests.push(Request::Diff(who)),
            Action::MoveTo => self.choose_window(&who, &agent),
            Action::Events => {
                self.requests.push(Request::Events(who.clone()));
                self.cover(Mode::Events(who));
            }
            Action::Fold => self.fold(who, &agent),
            Action::Mark => {
                self.follows = false;
                if !self.marks.remove(&who) {
                    self.marks.insert(who);
                }
                self.step(1);
            }
            _ => {}
        }
    }

    fn fold(&mut self, who: AgentRef, agent: &AgentView) {
        if !self.order.unfolded.remove(&who) {
            if agent.subagents.is_empty() {
                return self.say(&format!("no subagents of {} are known", who.agent));
            }
            self.order.unfolded.insert(who);
        }
        let row = self.selected_row();
        self.relist(row);
    }

    fn jump(&mut self, who: AgentRef, agent: &AgentView) {
        if agent.pane.is_none() {
            let first = if agent.is_asleep() { "wake" } else { "restart" };
            return self.refuse(&format!("{} has no pane: {first} it first", who.agent));
        }
        match self.options.jump {
            JumpBy::Asking => self.requests.push(Request::Jump(who)),
            JumpBy::Leaving => {
                let kept = Kept {
                    drafts: std::mem::take(&mut self.drafts),
                    history: std::mem::take(&mut self.history),
                    marks: std::mem::take(&mut self.marks),
                };
                self.exit = Some(Exit::Jump(who, Box::new(kept)));
            }
        }
    }

    /// Asks before answering the prompt of the selected agent, or those of all that are marked.
    fn answer_prompt(&mut self, action: Action, nth: usize, who: &AgentRef, agent: &AgentView) {
        if !self.marks.is_empty() {
            return self.answer_marked(action);
        }
        let name = &who.agent;
        if agent.status != Status::Waiting {
            return self.refuse(&format!("{name} asks nothing: it is {}", agent.status));
        }
        let question = agent.reason != Some(Reason::Permission);
        let reply = match action {
            Action::Deny => Reply::Deny,
            Action::Choose if agent.options.is_empty() => {
                return self.refuse(&format!("the choices of {name} could not be read: go to its pane"));
            }
            Action::Choose if nth >= agent.options.len() => {
                return self.refuse(&format!("{name} offers {} choices", agent.options.len()));
            }
            Action::Choose => Reply::Choice(nth),
            _ if question && !agent.options.is_empty() => {
                return self.refuse(&format!("{name} asks a question: choose 1 to {}", agent.options.len()));
            }
            _ if question => {
                return self.refuse(&format!("{name} wants an answer of your own: go to its pane"));
            }
            _ => Reply::Approve,
        };
        self.ask_before(Confirm::reply(&[(who.clone(), agent)], reply));
    }

    fn answer_marked(&mut self, action: Action) {
        let reply = match action {
            Action::Approve => Reply::Approve,
            Action::Deny => Reply::Deny,
            _ => return self.refuse("a choice is for one agent: unmark the marked first"),
        };
        // A question is not a permission, and what was not read is approved one by one.
        let fits = |a: &AgentView| {
            let asks = a.status == Status::Waiting && a.reason == Some(Reason::Permission);
            asks && words::asks(a).subject.is_some()
        };
        let marked = self.marks.len();
        let targets: Vec<_> =
            self.marks.iter().filter_map(|w| Some((w.clone(), self.agent(w).filter(|a| fits(a))?))).collect();
        if targets.is_empty() {
            return self.refuse("none of the marked asks for a permission that could be read whole");
        }
        let mut confirm = Confirm::reply(&targets, reply);
        let others = marked - targets.len();
        if others > 0 {
            let text = format!(
                "Not among them: {others} of the marked, which ask nothing or could not be read whole"
            );
            confirm.body.push((Role::Dim, text));
        }
        self.ask_before(confirm);
    }

    fn ask_before(&mut self, confirm: Confirm) {
        self.mode = Mode::Confirm(confirm);
        self.zoom = false;
        self.preview_scroll = 0;
    }

    fn confirm_many(&mut self, action: Action) {
        let names = self.targets();
        let mut targets: Vec<_> =
            names.into_iter().filter_map(|w| self.agent(&w).map(|a| (w.clone(), a))).collect();
        if action == Action::Interrupt {
            targets.retain(|(_, a)| a.status == Status::Working);
            if targets.is_empty() {
                return self.refuse("nothing to interrupt: only what provably works is interrupted");
            }
        }
        if action == Action::Hibernate {
            targets.retain(|(_, a)| a.status == Status::Idle);
            if targets.is_empty() {
                return self.refuse("nobody to put to sleep: only what is provably idle is");
            }
        }
        let confirm = match action {
            Action::Hibernate => Confirm::hibernate(&targets),
            Action::Interrupt => Confirm::interrupt(&targets),
            Action::Restart => Confirm::restart(&targets),
            Action::Remove => Confirm::remove(&targets),
            _ => Confirm::kill(&targets),
        };
        self.mode = Mode::Confirm(confirm);
    }

    fn answer(&mut self, action: Action) {
        let Mode::Confirm(confirm) = &self.mode else { return };
        let requests = match action {
            Action::Accept if confirm.grave => {
                let yes = self.options.keymap.hint(Action::Yes).unwrap_or_default();
                let text = format!("press {yes} to {}: this needs more than one careless key", confirm.yes.0);
                return self.refuse(&text);
            }
            Action::Yes | Action::Accept => confirm.yes.1.clone(),
            Action::Reason => {
                match confirm.refused().cloned() {
                    Some((_, asked)) if asked.question.is_none() => {
                        self.refuse("what it asks could not be read yet: a reason needs that");
                    }
                    Some((who, asked)) => self.write(Writing::Because(who, asked)),
                    None => {}
                }
                return;
            }
            Action::Fresh => match &confirm.fresh {
                Some((_, requests)) => requests.clone(),
                None => return,
            },
            _ => Vec::new(),
        };
        if !requests.is_empty() {
            self.marks.clear();
        }
        self.requests.extend(requests);
        self.mode = self.behind.take().map_or(Mode::Normal, |mode| *mode);
    }

    fn back(&mut self) {
        if self.zoom {
            self.zoom = false;
        } else if self.focus == Focus::Preview {
            self.focus = Focus::List;
            self.preview_scroll = 0;
        } else if !self.marks.is_empty() {
            self.marks.clear();
        } else if self.order.hides() {
            self.order.filter.clear();
            self.order.only = super::order::Only::All;
            let row = self.selected_row();
            self.relist(row);
        } else if self.options.jump == JumpBy::Leaving {
            self.exit = Some(Exit::Quit);
        }
    }

    fn cover(&mut self, mode: Mode) {
        self.mode = mode;
        self.cover_scroll = 0;
    }

    fn next_waiting(&mut self) {
        let needing = self.needing();
        let after =
            self.selected.as_ref().and_then(|s| needing.iter().position(|n| n == s)).map_or(0, |i| i + 1);
        match needing.get(after % needing.len().max(1)).cloned() {
            Some(who) => {
                if !self.rows.iter().any(|r| self.at(r).is_some_and(|(w, _)| w == who)) {
                    self.order.filter.clear();
                    self.order.only = super::order::Only::All;
                    let row = self.selected_row();
                    self.relist(row);
                }
                self.go_to(who);
            }
            None => self.say("nobody needs you"),
        }
    }

    /// The person chose `who`: the selection stays there.
    pub(super) fn go_to(&mut self, who: AgentRef) {
        self.follows = false;
        self.select(Some(who));
    }

    fn page(&self) -> isize {
        let parts = self.parts();
        let height = match self.focus {
            _ if self.mode.covers() => parts.body.height,
            Focus::Preview => parts.preview.map_or(1, |r| r.height),
            Focus::List => parts.rows.height,
        };
        isize::try_from(height.max(2) - 1).unwrap_or(1)
    }

    /// Moves by `by` in whatever has the focus.
    fn step(&mut self, by: isize) {
        if matches!(self.mode, Mode::Letters(_)) {
            self.step_letters(by);
        } else if self.mode.covers() {
            let last = view::cover_height(self)
                .saturating_sub(usize::from(self.parts().body.height.saturating_sub(1)));
            self.cover_scroll = self.cover_scroll.saturating_add_signed(by).min(last);
        } else if self.zoom || self.focus == Focus::Preview {
            let lines = self.preview.as_ref().map_or(0, |p| p.lines.len());
            let height = self.parts().preview.map_or(0, |r| usize::from(r.height));
            let scroll = self.preview_scroll.saturating_add_signed(by.saturating_neg());
            self.preview_scroll = scroll.min(lines.saturating_sub(height));
        } else {
            self.step_list(by);
        }
    }

    pub(super) fn step_list(&mut self, by: isize) {
        let agents: Vec<usize> =
            (0..self.rows.len()).filter(|&i| matches!(self.rows[i], Row::Agent(..))).collect();
        let here = self.selected_row().and_then(|row| agents.iter().position(|&i| i == row)).unwrap_or(0);
        let there = here.saturating_add_signed(by).min(agents.len().saturating_sub(1));
        if let Some(who) = agents.get(there).and_then(|&i| self.at(&self.rows[i])).map(|(who, _)| who) {
            self.go_to(who);
        }
    }

    fn click(&mut self, x: u16, y: u16) {
        if !matches!(self.mode, Mode::Normal) {
            return;
        }
        let parts = self.parts();
        let at = ratatui::layout::Position { x, y };
        if parts.rows.contains(at) {
            self.focus = Focus::List;
            let row = self.offset + usize::from(y - parts.rows.y);
            let Some(row) = self.rows.get(row) else { return };
            let Some((who, _)) = self.above(row) else { return };
            // A click on what is selected already goes there, as Enter does; a subagent has no pane to go to.
            if self.selected.as_ref() == Some(&who) && matches!(row, Row::Agent(..)) {
                self.act(Action::Jump, 0);
            } else {
                self.go_to(who);
            }
        } else if parts.panel.is_some_and(|r| r.contains(at)) {
            if let Some(nth) = view::panel::choice_at(self, at) {
                self.act(Action::Choose, nth);
            }
        } else if parts.preview.is_some_and(|r| r.contains(at)) {
            self.focus = Focus::Preview;
        }
    }

    fn wheel(&mut self, x: u16, y: u16, by: isize) {
        let parts = self.parts();
        let at = ratatui::layout::Position { x, y };
        let before = self.focus;
        if parts.preview.is_some_and(|r| r.contains(at)) {
            self.focus = Focus::Preview;
        } else if parts.rows.contains(at) {
            self.focus = Focus::List;
        }
        if matches!(self.mode, Mode::Normal) || self.mode.covers() {
            self.step(by);
        }
        self.focus = before;
    }

    pub(super) fn say(&mut self, text: &str) {
        self.note = Some(Note { text: text.to_owned(), failed: false, at: self.now });
    }

    pub(super) fn refuse(&mut self, text: &str) {
        self.note = Some(Note { text: text.to_owned(), failed: true, at: self.now });
    }
}
