//! What the overview remembers between two frames: selection, scroll, marks, filter, what is open.
//!
//! View state only; what is true about agents is in the snapshot and nowhere else. No I/O and no clock: the time comes
//! with each call.

mod mode;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::confirm::{Confirm, still_asks};
use super::message::{AgentRef, Arrangement, Asked, EventView, Exit, Kept, Options, Request, Update};
use super::order::{Need, Order, Row};
use super::view::{Parts, words};
use super::{ansi, view};
use crate::snapshot::{AgentView, Snapshot, SubagentView, SwarmView};
use crate::text::one_line;

pub use mode::{Compose, Drafts, Mode, Writing};

/// Which part of the screen the movement keys act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Focus {
    /// The list.
    List,
    /// The preview, or the details where they stand in its place.
    Preview,
}

/// A captured screen.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Whose.
    pub agent: AgentRef,
    /// Which `screen_rev`.
    pub rev: u64,
    /// Its lines.
    pub lines: Vec<Line<'static>>,
    /// Columns of the pane.
    pub width: u16,
    /// Rows of the pane.
    pub height: u16,
    /// Where its cursor is, where it shows one.
    pub cursor: Option<(u16, u16)>,
}

/// A sentence in the footer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The sentence.
    pub text: String,
    /// Whether it says that something did not happen.
    pub failed: bool,
    /// Since when it is shown.
    pub at: Timestamp,
}

impl Note {
    /// How many seconds more it is shown: long enough to be read.
    pub fn left(&self, now: Timestamp) -> u64 {
        let most = if self.failed { 30 } else { 8 };
        most - u64::try_from(now.as_second() - self.at.as_second()).unwrap_or(0).min(most)
    }
}

/// How many sent messages are remembered.
const HISTORY: usize = 50;
/// How many minutes of cost are remembered.
const COST_MINUTES: usize = 120;

/// The overview's state.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent thing a person switched")]
pub struct App {
    /// What it was started with.
    pub options: Options,
    /// What the monitor said last; `None` before it said anything.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Why there is no monitor now, and since when.
    pub disconnected: Option<(String, Timestamp)>,
    /// How the list is made.
    pub order: Order,
    /// The list.
    pub rows: Vec<Row>,
    /// The first row shown.
    pub offset: usize,
    /// Who is selected.
    pub selected: Option<AgentRef>,
    /// The selection stays on the first row, who needs the person most, until the person moves it.
    pub follows: bool,
    /// Who is marked.
    pub marks: BTreeSet<AgentRef>,
    /// The last captured screen.
    pub preview: Option<Preview>,
    /// How far the preview is scrolled up from its end, in rows.
    pub preview_scroll: usize,
    /// How far what covers the screen is scrolled down, in rows.
    pub cover_scroll: usize,
    /// Where the movement keys go.
    pub focus: Focus,
    /// The preview alone.
    pub zoom: bool,
    /// Details instead of the preview, where both do not fit.
    pub details: bool,
    /// How list and preview share the screen.
    pub arrangement: Arrangement,
    /// What is open.
    pub mode: Mode,
    /// What windows are called was asked and is not known yet.
    pub asking_windows: bool,
    /// Whose pane is to be moved, until the windows are known.
    pub moving: Option<AgentRef>,
    /// What the open question was asked from, where that is more than the list.
    pub behind: Option<Box<Mode>>,
    /// What happened to one agent, oldest first, as far as it was asked for.
    pub events: Option<(AgentRef, Vec<EventView>)>,
    /// When the person last looked at an agent: when the selection left it.
    pub looked: BTreeMap<AgentRef, Timestamp>,
    /// The last key of a person who typed into a pane while that ended by itself: the rest of it is no command.
    pub stray: Option<Timestamp>,
    /// What became of the last request.
    pub note: Option<Note>,
    /// Messages sent, oldest first.
    pub history: Vec<String>,
    /// What was typed and not sent.
    pub drafts: Drafts,
    /// Known cost of today by minute: minute since the epoch, pico-dollars.
    pub cost_history: Vec<(i64, i128)>,
    /// Whether any agent ever had something in its inbox: the column stays once it came.
    pub inbox_seen: bool,
    /// The size of the terminal.
    pub area: Rect,
    /// What time the next frame shows.
    pub now: Timestamp,
    /// What to ask for, in order; the loop takes it.
    pub requests: Vec<Request>,
    /// Set when the overview ends.
    pub exit: Option<Exit>,
    /// Draw every cell again.
    pub redraw: bool,
}

impl App {
    /// The state before anything is known.
    pub fn new(mut options: Options, area: Rect) -> Self {
        let now = (options.clock)();
        let Kept { drafts, history, marks } = std::mem::take(&mut options.kept);
        Self {
            snapshot: None,
            disconnected: None,
            order: Order::default(),
            rows: Vec::new(),
            offset: 0,
            selected: options.selected.clone(),
            follows: options.selected.is_none(),
            marks,
            preview: None,
            preview_scroll: 0,
            cover_scroll: 0,
            focus: Focus::List,
            zoom: false,
            details: false,
            arrangement: options.arrangement,
            mode: Mode::Normal,
            asking_windows: false,
            moving: None,
            behind: None,
            events: None,
            looked: BTreeMap::new(),
            stray: None,
            note: None,
            history,
            drafts,
            cost_history: Vec::new(),
            inbox_seen: false,
            area,
            now,
            requests: Vec::new(),
            exit: None,
            redraw: false,
            options,
        }
    }

    /// The swarms that are shown.
    pub fn swarms(&self) -> impl Iterator<Item = &SwarmView> {
        let only = self.options.swarm.as_deref();
        self.snapshot.iter().flat_map(|s| &s.swarms).filter(move |v| only.is_none_or(|n| n == v.name))
    }

    /// The agents that are shown before filtering.
    pub fn agents(&self) -> impl Iterator<Item = (&SwarmView, &AgentView)> {
        self.swarms().flat_map(|s| s.agents.iter().map(move |a| (s, a)))
    }

    /// The agent of that name.
    pub fn agent(&self, who: &AgentRef) -> Option<&AgentView> {
        self.swarms().find(|s| s.name == who.swarm)?.agents.iter().find(|a| a.name == who.agent)
    }

    /// The selected agent.
    pub fn selected_agent(&self) -> Option<(&AgentRef, &AgentView)> {
        let who = self.selected.as_ref()?;
        Some((who, self.agent(who)?))
    }

    /// Name and view of the agent in `row`; `None` for a heading and for a subagent.
    pub fn at(&self, row: &Row) -> Option<(AgentRef, &AgentView)> {
        if matches!(row, Row::Agent(..)) { self.above(row) } else { None }
    }

    /// Name and view of the agent in `row`, or of the one whose subagent is in it.
    pub fn above(&self, row: &Row) -> Option<(AgentRef, &AgentView)> {
        let (Row::Agent(s, a) | Row::Subagent(s, a, _)) = *row else { return None };
        let swarm = self.snapshot.as_ref()?.swarms.get(s)?;
        let agent = swarm.agents.get(a)?;
        Some((AgentRef::new(&*swarm.name, &*agent.name), agent))
    }

    /// The subagent in `row`.
    pub fn subagent(&self, row: &Row) -> Option<&SubagentView> {
        let Row::Subagent(_, _, n) = *row else { return None };
        self.above(row)?.1.subagents.get(n)
    }

    /// The row of the selected agent.
    pub fn selected_row(&self) -> Option<usize> {
        let who = self.selected.as_ref()?;
        self.rows.iter().position(|row| self.at(row).is_some_and(|(w, _)| w == *who))
    }

    /// Whether more than one swarm is shown.
    pub fn many_swarms(&self) -> bool {
        self.swarms().nth(1).is_some()
    }

    /// The parts of the screen at its present size.
    pub fn parts(&self) -> Parts {
        Parts::of(self, self.area)
    }

    /// Takes in an update; whether anything that can be seen changed.
    pub fn update(&mut self, update: Update) -> bool {
        match update {
            Update::Snapshot(snapshot) => return self.take(snapshot),
            Update::Preview { agent, rev, ansi, width, height, cursor } => {
                if self.selected.as_ref() != Some(&agent) {
                    return false;
                }
                let lines = ansi::parse(&ansi, self.options.theme.color);
                let was = self.preview.as_ref().filter(|p| p.agent == agent);
                let live = matches!(self.mode, Mode::Live(_));
                let same = was.is_some_and(|p| p.lines == lines && (!live || p.cursor == cursor));
                self.preview = Some(Preview { agent, rev, lines, width, height, cursor });
                return !same;
            }
            Update::Outcome { text, failed: true } => self.refuse(&one_line(&text)),
            Update::Untyped { agent, text } => match &self.mode {
                Mode::Live(who) if *who == agent => self.leave_live(Some(&one_line(&text))),
                _ => self.refuse(&one_line(&text)),
            },
            Update::Letter { id, text } => match &mut self.mode {
                Mode::Letters(panel) if panel.chosen.as_ref() == Some(&id) => panel.read = Some((id, text)),
                _ => return false,
            },
            Update::Windows(names) => {
                self.asking_windows = false;
                self.order.windows = names.into_iter().collect();
                // One that nobody can name is called by its id, and not asked for again.
                let ids: Vec<_> = self.agents().filter_map(|(_, a)| a.window.clone()).collect();
                for id in ids {
                    self.order.windows.entry(id.clone()).or_insert(id);
                }
                let row = self.selected_row();
                self.relist(row);
                self.open_windows();
            }
            Update::Outcome { text, failed: false } => self.say(&one_line(&text)),
            Update::Explained { agent, text } => match &mut self.mode {
                Mode::Explain(who, said) if *who == agent => *said = Some(text),
                _ => return false,
            },
            Update::Events(events) => {
                // No events name nobody: they answer what was asked last.
                let who = events.first().map(|e| e.agent.clone()).or_else(|| self.selected.clone());
                let known = who.map(|who| (who, events));
                let same = self.events == known;
                self.events = known;
                return !same;
            }
            Update::Disconnected(why) => {
                self.leave_live(Some("the monitor is gone"));
                self.asking_windows = false;
                if self.disconnected.as_ref().is_some_and(|(w, _)| *w == why) {
                    return false;
                }
                let since = self.disconnected.as_ref().map_or(self.now, |(_, since)| *since);
                self.disconnected = Some((why, since));
            }
        }
        true
    }

    fn take(&mut self, snapshot: Arc<Snapshot>) -> bool {
        let before = self.visible();
        let back = self.disconnected.take().is_some();
        let first = self.snapshot.is_none();
        let was = self.selected_agent().map(|(who, a)| (who.clone(), a.status, a.since));
        let old_row = self.selected_row();
        self.snapshot = Some(snapshot);
        let inbox = self.agents().any(|(_, a)| a.inbox.pending + a.inbox.dead > 0);
        self.inbox_seen |= inbox;
        self.marks =
            std::mem::take(&mut self.marks).into_iter().filter(|m| self.agent(m).is_some()).collect();
        self.relist(old_row);
        if first || back {
            // Whoever answers now has not been told whose screen we want.
            self.watch();
        } else if was != self.selected_agent().map(|(who, a)| (who.clone(), a.status, a.since)) {
            self.ask_for_events();
        }
        self.remember_cost();
        self.withdraw_stale_question();
        self.end_live_of_the_dead();
        self.ask_for_windows();
        back || before != self.visible()
    }

    /// Makes the list again; keeps the selection, or takes the row that is now where it was.
    pub fn relist(&mut self, old_row: Option<usize>) {
        self.rows = match &self.snapshot {
            Some(snapshot) => self.order.rows(snapshot, self.options.swarm.as_deref()),
            None => Vec::new(),
        };
        // Under an open question or message nothing moves.
        if self.follows && matches!(self.mode, Mode::Normal | Mode::Filter(..)) {
            let first = self.rows.iter().find_map(|row| self.at(row)).map(|(who, _)| who);
            self.select(first);
        } else if self.snapshot.is_some() && self.selected_row().is_none() && !self.is_bound() {
            let from = old_row.unwrap_or(0).min(self.rows.len());
            let near = (from..self.rows.len()).chain((0..from).rev()).find_map(|i| self.at(&self.rows[i]));
            let near = near.map(|(who, _)| who);
            self.select(near);
        }
        self.scroll_to_selection();
    }

    /// What is open is about the selected agent, which is there, be it in the list or not.
    fn is_bound(&self) -> bool {
        let about = matches!(
            self.mode,
            Mode::Live(_)
                | Mode::Confirm(_)
                | Mode::Message(_)
                | Mode::Explain(..)
                | Mode::Events(_)
                | Mode::Rename(..)
        );
        about && self.selected_agent().is_some()
    }

    /// Selects `who` and asks for its screen.
    pub fn select(&mut self, who: Option<AgentRef>) {
        if self.selected != who {
            if let Some(left) = std::mem::replace(&mut self.selected, who) {
                self.looked.insert(left, self.now);
            }
            self.preview = None;
            self.preview_scroll = 0;
            self.watch();
        }
        self.scroll_to_selection();
    }

    /// Asks for the selected agent's screen.
    fn watch(&mut self) {
        self.requests.retain(|r| !matches!(r, Request::Watch(_)));
        self.requests.push(Request::Watch(self.selected.clone()));
        self.ask_for_events();
    }

    /// Asks for what happened to the selected agent, where that is shown beside its screen.
    pub fn ask_for_events(&mut self) {
        let shown = self.parts().details.is_some();
        self.requests.retain(|r| !matches!(r, Request::Events(_)));
        if let Some(who) = self.selected.clone().filter(|_| shown) {
            self.requests.push(Request::Events(who));
        }
    }

    /// Asks what the windows are called, where the list shows them and one is not known.
    fn ask_for_windows(&mut self) {
        let grouped = self.order.group == super::order::Group::Window;
        let known = |id: &String| self.order.windows.contains_key(id);
        if grouped
            && !self.asking_windows
            && self.agents().filter_map(|(_, a)| a.window.as_ref()).any(|id| !known(id))
        {
            self.asking_windows = true;
            self.requests.push(Request::Windows);
        }
    }

    /// The events of the selected agent, oldest first; `None` when they are not known.
    pub fn events_of(&self, who: &AgentRef) -> Option<&[EventView]> {
        self.events.as_ref().filter(|(of, _)| of == who).map(|(_, events)| events.as_slice())
    }

    /// Whether `event` came after the person last looked at its agent.
    pub fn is_news(&self, event: &EventView) -> bool {
        self.looked.get(&event.agent).is_some_and(|looked| event.at > *looked)
    }

    /// Scrolls the list so that the selected row is shown.
    pub fn scroll_to_selection(&mut self) {
        let height = usize::from(self.parts().rows.height);
        let row = self.selected_row().unwrap_or(0);
        // A heading just above the first agent belongs to it.
        let top =
            if row > 0 && matches!(self.rows.get(row - 1), Some(Row::Heading(..))) { row - 1 } else { row };
        if top < self.offset {
            self.offset = top;
        } else if height > 0 {
            // Its subagents are shown with it, as far as they fit.
            let below = self.rows.iter().skip(row + 1).take_while(|r| matches!(r, Row::Subagent(..))).count();
            let bottom = (row + below).min(top + height - 1).max(row);
            if bottom >= self.offset + height {
                self.offset = bottom + 1 - height;
            }
        }
        self.offset = self.offset.min(self.rows.len().saturating_sub(height));
    }

    /// The rows that are on screen.
    pub fn rows_shown(&self) -> &[Row] {
        let height = usize::from(self.parts().rows.height);
        let end = self.rows.len().min(self.offset + height);
        self.rows.get(self.offset..end).unwrap_or(&[])
    }

    /// The names of those who act on a bulk action: the marked, or the selected one.
    pub fn targets(&self) -> Vec<AgentRef> {
        if self.marks.is_empty() {
            self.selected.iter().cloned().collect()
        } else {
            self.marks.iter().cloned().collect()
        }
    }

    /// Who needs a person, the one that has longest first.
    pub fn needing(&self) -> Vec<AgentRef> {
        let mut needing: Vec<_> = self
            .agents()
            .filter(|(_, a)| Need::of(a).is_urgent())
            .map(|(s, a)| (Need::of(a), a.since, AgentRef::new(&*s.name, &*a.name)))
            .collect();
        needing.sort();
        needing.into_iter().map(|(_, _, who)| who).collect()
    }

    /// The times whose age is on screen.
    pub fn ages(&self) -> Vec<Timestamp> {
        let mut ages: Vec<_> = self.rows_shown().iter().filter_map(|r| Some(self.at(r)?.1.since)).collect();
        ages.extend(self.rows_shown().iter().filter_map(|r| self.subagent(r)?.last));
        if let Some((_, agent)) = self.selected_agent() {
            ages.push(agent.since);
            let parts = self.parts();
            if parts.details.is_some() {
                ages.extend(agent.proof.as_ref().map(|p| p.at));
                ages.extend(agent.hold.as_ref().map(|h| h.since));
                ages.extend(agent.subagents.iter().filter_map(|s| s.last));
            }
        }
        if let Mode::Letters(panel) = &self.mode {
            ages.extend(self.letters(panel).into_iter().map(|(_, letter)| letter.since));
        }
        ages.extend(self.disconnected.iter().map(|(_, since)| *since));
        ages
    }

    /// In how many seconds something that is shown will read differently; `None` for never.
    pub fn changes_in(&self) -> Option<u64> {
        let ages = self.ages().into_iter().map(|at| words::age_changes_in(at, self.now));
        ages.chain(self.note().map(|note| note.left(self.now))).min()
    }

    /// What became of the last request, for as long as it is of interest.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref().filter(|note| note.left(self.now) > 0)
    }

    /// Everything of the snapshot that the screen shows, for telling whether a frame is due. The count of a screen's
    /// changes is not shown, nor is the proof of an agent that is not selected.
    fn visible(&self) -> impl PartialEq + use<> {
        let parts = self.parts();
        let shown: Vec<_> = self
            .rows_shown()
            .iter()
            .map(|row| match row {
                Row::Heading(name, n) => (name.clone(), *n, None, None),
                Row::Subagent(..) => (String::new(), 0, None, self.subagent(row).cloned()),
                Row::Agent(..) => {
                    let agent = self.at(row).map(|(who, agent)| {
                        let selected = self.selected.as_ref() == Some(&who);
                        let proof = agent.proof.clone().map(|p| {
                            let at = if selected && parts.details.is_some() {
                                p.at
                            } else {
                                Timestamp::UNIX_EPOCH
                            };
                            crate::status::Proof { at, ..p }
                        });
                        let detailed = selected && parts.details.is_some();
                        let folded = agent.subagents.len();
                        let subagents = if detailed { agent.subagents.clone() } else { Vec::new() };
                        (who, folded, AgentView { screen_rev: 0, proof, subagents, ..agent.clone() })
                    });
                    (String::new(), 0, agent, None)
                }
            })
            .collect();
        let counts = view::header::counts(self);
        let costs = self.mode.covers().then(|| self.cost_history.clone());
        let question = match &self.mode {
            Mode::Confirm(confirm) => Some(confirm.title.clone()),
            _ => None,
        };
        let letters = match &self.mode {
            Mode::Letters(panel) => {
                self.letters(panel).into_iter().map(|(_, letter)| letter.clone()).collect()
            }
            _ => Vec::new(),
        };
        let problems = self.snapshot.as_ref().map(|s| s.problems.clone());
        (
            shown,
            counts,
            words::Total::today(self.swarms()),
            costs,
            (question, letters),
            problems,
            self.rows.len(),
            self.offset,
        )
    }

    /// A question about a prompt that is no longer there must not be answered; one that was opened before the prompt was
    /// read shows it once it is.
    fn withdraw_stale_question(&mut self) {
        let Mode::Confirm(confirm) = &self.mode else { return };
        let Some(how) = confirm.how().filter(|_| !confirm.about.is_empty()) else { return };
        let now = |(who, _): &(AgentRef, Asked)| self.agent(who).map(Asked::of);
        if confirm.about.iter().all(|about| now(about).as_ref() == Some(&about.1)) {
            return;
        }
        let keeps = |(who, asked): &(AgentRef, Asked)| self.agent(who).is_some_and(|a| still_asks(asked, a));
        let (kept, gone): (Vec<_>, Vec<_>) = confirm.about.clone().into_iter().partition(keeps);
        let kept: Vec<_> =
            kept.into_iter().filter_map(|(who, _)| self.agent(&who).map(|a| (who, a))).collect();
        let mode = if kept.is_empty() { Mode::Normal } else { Mode::Confirm(Confirm::reply(&kept, how)) };
        let names: Vec<_> = gone.iter().map(|(who, _)| who.agent.as_str()).collect();
        let names = names.join(", ");
        self.mode = mode;
        if !names.is_empty() {
            self.refuse(&format!("{names}: the prompt changed while you were asked, nothing was sent there"));
        }
    }

    fn remember_cost(&mut self) {
        let Some(pico) = words::Total::today(self.swarms()).pico else { return };
        let minute = self.now.as_second() / 60;
        match self.cost_history.last_mut() {
            Some((at, known)) if *at == minute => *known = pico,
            _ => self.cost_history.push((minute, pico)),
        }
        let extra = self.cost_history.len().saturating_sub(COST_MINUTES);
        self.cost_history.drain(..extra);
    }

    /// Remembers a message that was sent.
    pub fn remember_message(&mut self, text: &str) {
        self.history.retain(|t| t != text);
        self.history.push(text.to_owned());
        let extra = self.history.len().saturating_sub(HISTORY);
        self.history.drain(..extra);
    }
}
