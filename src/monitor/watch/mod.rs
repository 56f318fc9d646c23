//! Watches panes: notices a change, coalesces, captures once, reads, reports.
//!
//! One event client per session that holds agents (`session`) marks panes dirty (`hear`); a batch of captures over the
//! command channel reads all dirty ones at once (`look`, `reading`). A pane that animates without pause is not heard but
//! sampled (`sample`). Who lives in a pane is read from its processes when somebody else is in front (`tenants`). Nothing
//! happens while no pane changes but an audit every few seconds, which repairs whatever was missed. Decides nothing: what
//! is seen goes to the state as events.

mod hear;
mod look;
pub mod pane;
pub mod reading;
pub mod sample;
pub mod session;
mod tenants;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use crate::error::Result;
use crate::observe::evidence::ProcessFact;
use crate::state::{EventKind, Watched};
use crate::tmux::{ClientRow, Notification, PaneId, PaneRow, SessionId};

use super::perform::Hands;
use pane::Pane;
use session::{Flow, Session};

pub use reading::vars;

/// How long changes are collected before they are captured together.
const COALESCE: Duration = Duration::from_millis(20);
/// How often everything is compared with what tmux shows.
const AUDIT: Duration = Duration::from_secs(5);
/// How often in low-power mode.
const AUDIT_SLOW: Duration = Duration::from_secs(30);
/// How often panes that animate are sampled at most in low-power mode.
const SAMPLE_SLOW: Duration = Duration::from_secs(1);
/// How soon after a structural change.
const AUDIT_SOON: Duration = Duration::from_millis(30);
/// How long after the death of a process tmux may take to show it before it counts as dead all the same.
const DEATH_GRACE: Duration = Duration::from_secs(2);
/// What the loop tells the watcher.
#[derive(Debug)]
pub enum Order {
    /// The panes to watch, all of them.
    Panes(Vec<Watched>),
    /// The panes of which only matters whether a person goes there, all of them.
    Focus(Vec<PaneId>),
    /// The rules are others by now: every screen is read again.
    Reread,
}

/// What the watcher's own tasks report.
#[derive(Debug)]
pub enum Input {
    /// tmux said something to the client of this session.
    Notification(SessionId, Notification),
    /// Output is told from now on; what was written before is not.
    Following,
    /// The client of this session is gone.
    Lost(SessionId),
    /// The process of a pane has ended.
    Died(PaneId, u32),
    /// The processes were read.
    Tenants(tenants::Found),
}

/// The watcher. Runs until the loop drops its end of the orders.
#[derive(Debug)]
pub struct Watcher {
    hands: Arc<Hands>,
    events: mpsc::Sender<EventKind>,
    now: fn() -> Timestamp,
    /// What nobody asked for is done less often.
    low_power: bool,
    panes: HashMap<PaneId, Pane>,
    /// Panes in which nothing happens until a person goes there.
    resting: BTreeSet<PaneId>,
    sessions: BTreeMap<SessionId, Session>,
    /// Panes of those sessions that are not ours: their output is of no use, and was asked to stop then.
    muted: BTreeMap<PaneId, Instant>,
    inputs: mpsc::Sender<Input>,
    tasks: JoinSet<()>,
    flush_at: Option<Instant>,
    audit_at: Option<Instant>,
    sample_at: Option<Instant>,
    /// The processes are being read.
    looking: bool,
    /// So many panes animate that none is heard, since then; all are sampled.
    deaf: Option<Instant>,
}

impl Watcher {
    /// A watcher that watches nothing yet; `now` is the clock that stamps evidence.
    pub fn new(
        hands: Arc<Hands>,
        events: mpsc::Sender<EventKind>,
        low_power: bool,
        now: fn() -> Timestamp,
    ) -> (Self, Inputs) {
        let (inputs, inbox) = mpsc::channel(4096);
        let watcher = Self {
            hands,
            events,
            now,
            low_power,
            panes: HashMap::new(),
            resting: BTreeSet::new(),
            sessions: BTreeMap::new(),
            muted: BTreeMap::new(),
            inputs,
            tasks: JoinSet::new(),
            flush_at: None,
            audit_at: None,
            sample_at: None,
            looking: false,
            deaf: None,
        };
        (watcher, Inputs(inbox))
    }

    /// Watches until the orders end.
    pub async fn run(mut self, mut inbox: Inputs, mut orders: mpsc::Receiver<Order>) {
        loop {
            let due = [self.flush_at, self.sample_at, self.audit_at].into_iter().flatten().min();
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Panes(watched)) => self.set(watched),
                    Some(Order::Focus(panes)) => {
                        self.resting = panes.into_iter().collect();
                        self.schedule_audit(AUDIT_SOON);
                    }
                    Some(Order::Reread) => self.reread(),
                    None => return,
                },
                Some(input) = inbox.0.recv() => {
                    self.input(input).await;
                    while let Ok(input) = inbox.0.try_recv() {
                        self.input(input).await;
                    }
                }
                () = sleep_until(due), if due.is_some() => self.work().await,
                Some(_) = self.tasks.join_next() => {}
            }
        }
    }

    /// Does what is due.
    async fn work(&mut self) {
        let now = Instant::now();
        let is_due = |at: Option<Instant>| at.is_some_and(|t| t <= now);
        if is_due(self.audit_at) {
            let every = if self.low_power { AUDIT_SLOW } else { AUDIT };
            self.audit_at = self.has_panes().then(|| now + every);
            if let Err(err) = self.audit().await {
                tracing::debug!("audit: {err}");
            }
        }
        if is_due(self.sample_at) {
            self.sample_at = None;
            if let Err(err) = self.sample(now).await {
                tracing::debug!("sample: {err}");
                self.sample_at = Some(Instant::now() + AUDIT);
            }
        }
        if is_due(self.flush_at) {
            self.flush_at = None;
            if let Err(err) = self.flush(Instant::now()).await {
                tracing::debug!("capture: {err}");
            }
        }
    }

    fn has_panes(&self) -> bool {
        !self.panes.is_empty() || !self.resting.is_empty()
    }

    fn knows(&self, pane: PaneId) -> bool {
        self.panes.contains_key(&pane) || self.resting.contains(&pane)
    }

    /// Another set of panes.
    fn set(&mut self, watched: Vec<Watched>) {
        let mut old = std::mem::take(&mut self.panes);
        for watched in watched {
            let pane = match old.remove(&watched.pane) {
                Some(mut pane) if pane.watched.instance == watched.instance => {
                    if pane.watched.pid != watched.pid {
                        self.follow_process(&mut pane, watched.pid);
                    }
                    pane.watched = watched;
                    pane
                }
                other => {
                    if let Some(gone) = other {
                        self.forget(gone);
                    }
                    self.begin(watched)
                }
            };
            self.panes.insert(pane.watched.pane, pane);
        }
        for gone in old.into_values() {
            self.forget(gone);
        }
        self.schedule_audit(AUDIT_SOON);
        self.schedule_flush(COALESCE);
    }

    /// Every screen is captured and read again, also those that show what they showed.
    fn reread(&mut self) {
        for pane in self.panes.values_mut() {
            (pane.hash, pane.read, pane.last) = (0, None, None);
        }
        self.mark_all();
    }

    fn forget(&mut self, pane: Pane) {
        if let Some(exit) = pane.exit {
            exit.abort();
        }
        if let Some(paused) = pane.paused {
            self.muted.insert(pane.watched.pane, paused.hushed);
        }
    }

    fn begin(&mut self, watched: Watched) -> Pane {
        if self.muted.remove(&watched.pane).is_some() {
            self.order(Flow::Continue(watched.pane));
        }
        let exit = watched.pid.and_then(|pid| self.await_exit(watched.pane, pid));
        let mut pane = Pane::new(watched, exit);
        if self.deaf.is_some() {
            pane.paused = Some(sample::Paused::new(Instant::now()));
        }
        pane
    }

    /// Gives an order to every event client: a window may be linked into several sessions. A client that cannot take
    /// it is replaced by a new one, which hears everything.
    fn order(&mut self, flow: Flow) {
        if self.leave(|_, session| !session.order(flow)) {
            self.schedule_audit(AUDIT_SOON);
        }
    }

    /// Ends these clients; nothing attaches while tmux tells the others. Answers whether there were any.
    fn leave(&mut self, which: impl Fn(SessionId, &Session) -> bool) -> bool {
        let left: Vec<SessionId> =
            self.sessions.iter().filter(|(id, session)| which(**id, session)).map(|(id, _)| *id).collect();
        let left: Vec<Session> = left.iter().filter_map(|id| self.sessions.remove(id)).collect();
        if left.is_empty() {
            return false;
        }
        let hands = self.hands.clone();
        self.tasks.spawn(async move {
            let _leaving = hands.link.leaving().await;
            drop(left);
        });
        true
    }

    /// The agent in a pane is another process than was thought.
    fn follow_process(&mut self, pane: &mut Pane, pid: Option<u32>) {
        if let Some(exit) = pane.exit.take() {
            exit.abort();
        }
        pane.died = None;
        pane.exit = pid.and_then(|pid| self.await_exit(pane.watched.pane, pid));
    }

    /// Waits for the end of a process without polling, where the system can.
    fn await_exit(&mut self, pane: PaneId, pid: u32) -> Option<AbortHandle> {
        let inputs = self.inputs.clone();
        let exit = super::exit::Exit::of(pid)?;
        Some(self.tasks.spawn(async move {
            exit.wait().await;
            let _ = inputs.send(Input::Died(pane, pid)).await;
        }))
    }

    /// How long until the next sample of so many panes, when the last one took so long.
    fn sample_after(&self, panes: usize, took: Duration) -> Duration {
        let least = if self.low_power { SAMPLE_SLOW } else { Duration::ZERO };
        sample::period(panes, took).max(least)
    }

    fn schedule_flush(&mut self, after: Duration) {
        self.flush_at = Some(earlier(self.flush_at, after));
    }

    fn schedule_audit(&mut self, after: Duration) {
        self.audit_at = Some(earlier(self.audit_at, after));
    }

    async fn input(&mut self, input: Input) {
        match input {
            Input::Notification(session, Notification::Output { pane, data }) => {
                self.output(session, pane, &data).await;
            }
            Input::Notification(session, Notification::Pause(pane)) => self.stopped(session, pane),
            Input::Notification(_, Notification::Overflow(pane)) => self.mark(pane),
            Input::Following => self.mark_all(),
            Input::Notification(_, Notification::PaneModeChanged(_) | Notification::LayoutChange(_)) => {
                self.mark_all();
                self.schedule_audit(AUDIT_SOON);
            }
            Input::Notification(
                _,
                Notification::Lost
                | Notification::WindowAdd(_)
                | Notification::WindowClose(_)
                | Notification::UnlinkedWindowClose(_)
                | Notification::SessionChanged(..)
                | Notification::SessionsChanged
                | Notification::SessionWindowChanged(..)
                | Notification::WindowPaneChanged(..)
                | Notification::ClientDetached(_)
                | Notification::ClientSessionChanged { .. },
            ) => self.schedule_audit(AUDIT_SOON),
            Input::Notification(..) => {}
            Input::Lost(session) => {
                self.sessions.remove(&session);
                self.schedule_audit(AUDIT_SOON);
            }
            Input::Tenants(found) => self.tenants(found).await,
            Input::Died(pane, pid) => {
                if let Some(known) = self.panes.get_mut(&pane).filter(|p| p.watched.pid == Some(pid)) {
                    let now = Instant::now();
                    known.died = Some(now);
                    self.schedule_audit(Duration::from_millis(5));
                }
            }
        }
    }

    /// Compares everything with what tmux shows now.
    async fn audit(&mut self) -> Result<()> {
        // Event clients stay while their session is there: detaching and attaching again is what tmux takes badly.
        if !self.has_panes() {
            return Ok(());
        }
        let conn = self.hands.link.connection().await?;
        let rows = conn.panes().await?;
        let clients = conn.clients().await?;
        self.follow_sessions(&rows);
        self.muted.retain(|id, _| rows.iter().any(|row| row.pane == *id));
        self.deaths(&rows).await;
        for row in &rows {
            if let Some(pane) = self.panes.get_mut(&row.pane) {
                pane.dirty |= pane.may_have_changed(row);
                pane.meet(row);
            }
        }
        self.look_at_tenants();
        if self.panes.values().any(|pane| pane.dirty) {
            self.schedule_flush(COALESCE);
        }
        let looked_at = Some(looked_at(&clients).into_iter().collect());
        let _ = self.events.send(EventKind::Panes { rows, looked_at }).await;
        Ok(())
    }

    /// Reports processes that have ended.
    async fn deaths(&mut self, rows: &[PaneRow]) {
        let now = Instant::now();
        let mut again = false;
        let mut dead = Vec::new();
        for (id, pane) in &mut self.panes {
            let Some(row) = rows.iter().find(|r| r.pane == *id) else { continue };
            // A pane that was given another process meanwhile is the business of whoever did that.
            pane.dirty |= row.dead && !pane.dead;
            pane.dead = row.dead;
            if row.dead {
                dead.push((*id, ProcessFact::Dead { status: row.dead_status, signal: row.dead_signal }));
            } else if pane.died.is_some() && row.pid != pane.watched.pid {
                // It was started from a shell, which lives on.
                pane.died = None;
                pane.tenant.unseen = true;
            } else if let Some(died) = pane.died {
                if now.duration_since(died) >= DEATH_GRACE {
                    dead.push((*id, ProcessFact::Dead { status: None, signal: None }));
                } else {
                    again = true;
                }
            }
        }
        for (pane, fact) in dead {
            self.resume(pane);
            let _ = self.events.send(EventKind::Process { pane, fact }).await;
        }
        if again {
            self.schedule_audit(Duration::from_millis(50));
        }
    }

    /// One event client for each session that holds a watched pane.
    fn follow_sessions(&mut self, rows: &[PaneRow]) {
        let wanted: BTreeSet<SessionId> =
            rows.iter().filter(|r| self.knows(r.pane)).map(|r| r.session).collect();
        self.hands.link.set_sessions(wanted.iter().copied().collect());
        // A session without agents of ours is left as soon as it is certain that none comes back.
        let ours = |session: SessionId| rows.iter().any(|r| r.session == session && !r.swarm.is_empty());
        self.leave(|id, _| !wanted.contains(&id) && !ours(id));
        for session in wanted {
            if !self.sessions.contains_key(&session) {
                let (hands, inputs) = (self.hands.clone(), self.inputs.clone());
                let client = Session::follow(&mut self.tasks, hands, session, inputs);
                self.sessions.insert(session, client);
            }
        }
    }
}

/// The receiving end of what the watcher's own tasks report.
#[derive(Debug)]
pub struct Inputs(mpsc::Receiver<Input>);

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        tokio::time::sleep_until(at).await;
    }
}

fn earlier(at: Option<Instant>, after: Duration) -> Instant {
    let new = Instant::now() + after;
    at.map_or(new, |at| at.min(new))
}

/// The panes that a person's terminal shows as the active pane right now, if it has the focus, as far as it tells.
fn looked_at(clients: &[ClientRow]) -> BTreeSet<PaneId> {
    clients.iter().filter(|c| !c.control && c.focused).filter_map(|c| c.pane).collect()
}
