//! One agent as the monitor knows it: where it lives, what its process does, what the evidence says.
//!
//! Pure: changes come in as facts with their time, decisions go out as return values.

mod view;

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::config::{AgentSpec, Restart};
use crate::observe::evidence::{Board, Evidence, Foreground, ProcessFact};
use crate::observe::fuse::{FusionPolicy, Used, fuse};
use crate::snapshot::{Hold, SubagentState};
use crate::status::{Attention, Proof, Reason, Source, Status, Verdict};
use crate::tmux::{PaneId, WindowId};

use super::event::{Seen, Started, Usage};
use super::sleeping::Rest;

/// Why an agent is lost: somebody closed its pane.
pub const PANE_GONE: &str = "the pane was closed";
/// What is said of an agent that a former monitor knew, until tmux was asked where it is.
pub const NOT_FOUND_YET: &str = "not found again yet";
/// Why an agent is lost: tmux itself went away.
pub const SERVER_GONE: &str = "the tmux server is gone";
/// Crashes within [`CRASH_WINDOW`] after which swarm stops restarting (designs.md: OTP and Gas City use the same).
const CRASH_LIMIT: usize = 3;
/// An agent that ends within this time of a resume, before it was anything but starting, could not resume.
const RESUME_WINDOW: SignedDuration = SignedDuration::from_secs(20);
/// See [`CRASH_LIMIT`].
const CRASH_WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// Who made the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// swarm did; it may end it.
    Made,
    /// The user did; it is watched, never ended.
    Adopted,
}

/// What happens once an agent that is being stopped has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Its pane stays, with the last screen.
    Stay,
    /// Its pane stays, and it sleeps until it is woken.
    Sleep(Rest),
    /// Its pane goes.
    Remove,
    /// It starts again.
    Restart {
        /// With a new conversation.
        fresh: bool,
    },
}

impl Then {
    /// Why the agent has ended, then.
    pub const fn reason(self) -> Reason {
        match self {
            Self::Sleep(_) => Reason::Asleep,
            Self::Stay | Self::Remove | Self::Restart { .. } => Reason::Stopped,
        }
    }
}

/// How far ending an agent got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopStep {
    /// The profile's polite exit was typed.
    Asked,
    /// SIGTERM was sent.
    Terminated,
    /// SIGKILL was sent.
    Killed,
}

/// The life of an agent's process, as far as swarm steers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// It has no pane.
    Absent,
    /// Its pane is being made.
    Placing,
    /// Its process is being started.
    Starting,
    /// Its process runs.
    Running,
    /// It is being ended.
    Stopping {
        /// What was done last.
        step: StopStep,
        /// When the next, harder step is due.
        next: Timestamp,
        /// What comes after.
        then: Then,
    },
    /// Its process has ended; the pane stays.
    Ended,
    /// Its process has ended and is started again then.
    Backoff(Timestamp),
}

/// One incarnation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its id (uuid v7).
    pub id: String,
    /// Its process.
    pub pid: Option<u32>,
    /// The start time of the process in clock ticks since boot.
    pub pid_start: Option<u64>,
    /// Its token: what its environment holds and no other's.
    pub token: Option<String>,
    /// Its conversation, once known.
    pub session: Option<String>,
    /// Its transcript, once its hooks named it.
    pub transcript: Option<PathBuf>,
    /// When it started.
    pub started: Timestamp,
    /// It was told at its start that handoffs are taken from marked blocks in its replies.
    pub handoff_block: bool,
    /// What its hooks said last of a permission, until it goes on.
    pub asked: Option<AskedByHook>,
}

/// A permission that a hook has said is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AskedByHook {
    /// When.
    pub at: Timestamp,
    /// That hook waits for the person's answer.
    pub waits: bool,
    /// It is being answered.
    pub answering: bool,
}

/// One agent.
#[derive(Debug, Clone)]
pub struct Agent {
    /// What it is to be.
    pub spec: AgentSpec,
    /// Who made its pane.
    pub origin: Origin,
    /// Its window and pane.
    pub place: Option<(WindowId, PaneId)>,
    /// Its process, as far as swarm steers it.
    pub run: Run,
    /// Its incarnation; stays after the end until the next start.
    pub instance: Option<Instance>,
    /// What is known of its process.
    pub process: ProcessFact,
    /// Since when.
    pub process_since: Timestamp,
    /// The latest evidence of each source.
    pub board: Board,
    /// What it is doing.
    pub verdict: Verdict,
    /// Since when.
    pub since: Timestamp,
    /// Every claim that was weighed last, and what became of it.
    pub weighed: Vec<Used>,
    /// A turn is under way, whether it works or asks: its end is worth a look.
    pub in_turn: bool,
    /// The last status of this instance that is on record, and since when: what a monitor before said.
    pub on_record: Option<(Status, Option<Reason>, Timestamp)>,
    /// When the verdict must be looked at again although nothing happens.
    pub recheck: Option<Timestamp>,
    /// What nobody has looked at yet.
    pub attention: Option<Attention>,
    /// Dispatch is stopped.
    pub hold: Option<Hold>,
    /// What budgets did to it.
    pub enforced: super::budget::Enforced,
    /// How often it was restarted since `up`.
    pub restarts: u32,
    /// When it crashed lately.
    pub crashes: Vec<Timestamp>,
    /// Its screen.
    pub seen: Seen,
    /// Counts the changes of its screen.
    pub screen_rev: u64,
    /// What it used.
    pub usage: Usage,
    /// What hooks said of its subagents, by id: the last word on each.
    pub subagents: BTreeMap<String, SubagentState>,
    /// Whether a person is looking at its pane right now.
    pub looked_at: bool,
    /// It is known that nobody looks at its pane: to look at it is something new.
    pub alone: bool,
    /// From when on it counts as left alone: since somebody looked at it last, or since it could not be put to sleep.
    pub left_alone: Timestamp,
    /// It was lost while its process ran: what it was doing may be half done.
    pub cut_off: bool,
    /// It ended at once when it was to resume its last conversation.
    pub resume_failed: bool,
    /// It was started with its last conversation.
    pub resumed: bool,
    /// This incarnation was anything but starting.
    pub shown: bool,
    /// It was asked to end while it was being started: what comes after its end.
    pub end_when_started: Option<Then>,
}

/// What an agent's end means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterEnd {
    /// Nothing more to do.
    Nothing,
    /// Start it again then.
    RestartAt(Timestamp),
    /// It was being stopped; go on with this.
    Continue(Then),
}

impl Agent {
    /// An agent that has no pane yet.
    pub fn new(spec: AgentSpec, at: Timestamp) -> Self {
        Self {
            spec,
            origin: Origin::Made,
            place: None,
            run: Run::Absent,
            instance: None,
            process: ProcessFact::Missing,
            process_since: at,
            board: Board::default(),
            verdict: Verdict::UNKNOWN,
            since: at,
            weighed: Vec::new(),
            in_turn: false,
            on_record: None,
            recheck: None,
            attention: None,
            hold: None,
            enforced: super::budget::Enforced::default(),
            restarts: 0,
            crashes: Vec::new(),
            seen: Seen::default(),
            screen_rev: 0,
            usage: Usage::default(),
            subagents: BTreeMap::new(),
            looked_at: false,
            alone: false,
            left_alone: at,
            cut_off: false,
            resume_failed: false,
            resumed: false,
            shown: false,
            end_when_started: None,
        }
    }

    /// Its pane.
    pub fn pane(&self) -> Option<PaneId> {
        self.place.map(|(_, pane)| pane)
    }

    /// Its own process; `None` once it is gone, also where a shell lives on in its pane.
    pub fn pid(&self) -> Option<u32> {
        match self.process {
            ProcessFact::Alive { foreground: Foreground::Shell, .. }
            | ProcessFact::Dead { .. }
            | ProcessFact::Missing => None,
            ProcessFact::Alive { pid, .. } if pid > 0 => Some(pid),
            ProcessFact::Alive { .. } => self.instance.as_ref()?.pid,
        }
    }

    /// What is known of its process changed.
    pub fn process_is(&mut self, fact: ProcessFact, at: Timestamp) {
        let shell =
            |fact: &ProcessFact| matches!(fact, ProcessFact::Alive { foreground: Foreground::Shell, .. });
        if shell(&self.process) && !shell(&fact) {
            // Somebody started it again: what is known is of the one before.
            self.board.clear_instance();
            self.verdict = Verdict::UNKNOWN;
        }
        self.process = fact;
        self.process_since = at;
    }

    /// Whether a process of it is alive as far as we know.
    pub fn is_alive(&self) -> bool {
        matches!(self.process, ProcessFact::Alive { .. })
    }

    /// Whether nothing may be done to it before it has come up or gone down.
    pub fn is_busy_starting(&self) -> bool {
        matches!(self.run, Run::Placing | Run::Starting)
    }

    /// Whether it was put to sleep and nobody has woken it.
    pub fn is_asleep(&self) -> bool {
        let rests = matches!(self.run, Run::Ended | Run::Absent);
        rests && self.verdict.status == Status::Exited && self.verdict.reason == Some(Reason::Asleep)
    }

    /// Whether the profile's polite exit may be typed: a proven idle, an empty composer, nobody at the pane.
    pub fn fit_for_typing(&self) -> bool {
        self.verdict.status == Status::Idle && self.seen.composer_empty && !self.looked_at
    }

    /// It is about to be started.
    pub fn set_starting(&mut self, at: Timestamp) {
        self.set(by_swarm(Status::Starting, None, "being started", at), at);
    }

    /// A new incarnation runs.
    pub fn started(&mut self, started: &Started, at: Timestamp) {
        self.run = Run::Running;
        self.resumed = started.session.is_some()
            && self.instance.as_ref().is_some_and(|last| last.session == started.session);
        (self.resume_failed, self.cut_off, self.shown) = (false, false, false);
        self.place = Some((started.window, started.pane));
        self.instance = Some(Instance {
            id: started.instance.clone(),
            pid: Some(started.pid),
            pid_start: started.pid_start,
            token: Some(started.token.clone()).filter(|t| !t.is_empty()),
            session: started.session.clone(),
            transcript: None,
            started: started.since.min(at),
            handoff_block: self.spec.handoff_block,
            asked: None,
        });
        self.process_is(ProcessFact::alive(started.pid), at);
        self.board = Board::default();
        self.weighed.clear();
        (self.in_turn, self.on_record) = (false, None);
        self.seen = Seen::default();
        self.usage = Usage { cost_today: self.usage.cost_today, ..Usage::default() };
        self.subagents.clear();
        self.recheck = None;
        self.attention = None;
        self.set(by_swarm(Status::Starting, None, "started", at), at);
    }

    /// Its process is gone.
    pub fn ended(&mut self, at: Timestamp) -> AfterEnd {
        let clean = matches!(self.process, ProcessFact::Dead { status: Some(0), signal: None });
        self.recheck = None;
        if let Run::Stopping { then, .. } = self.run {
            self.run = Run::Ended;
            self.set(self.exit_verdict(then.reason(), at), at);
            return AfterEnd::Continue(then);
        }
        self.run = Run::Ended;
        // Before it showed anything of itself: that conversation cannot be had.
        let at_once = !self.shown
            && self.instance.as_ref().is_some_and(|i| at.duration_since(i.started) < RESUME_WINDOW);
        if self.resumed && !clean && at_once {
            self.resume_failed = true;
            if let Some(instance) = &mut self.instance {
                instance.session = None;
            }
        }
        self.attention =
            (!self.looked_at).then_some(if clean { Attention::Finished } else { Attention::Failed });
        let wanted = match self.spec.restart {
            Restart::Never => false,
            Restart::OnFailure => !clean,
            Restart::Always => true,
        };
        let mut reason = if clean { Reason::Finished } else { Reason::Crashed };
        let mut after = AfterEnd::Nothing;
        if !clean {
            self.crashes.retain(|t| at.duration_since(*t) < CRASH_WINDOW);
            self.crashes.push(at);
        }
        if wanted && self.origin == Origin::Made {
            if self.crashes.len() >= CRASH_LIMIT {
                reason = Reason::CrashLoop;
            } else {
                // 1 s, 2 s, 4 s, … so that a broken program does not spin.
                let exponent = u32::try_from(self.crashes.len().saturating_sub(1)).unwrap_or(6).min(6);
                let until = at + SignedDuration::from_secs(1 << exponent);
                self.run = Run::Backoff(until);
                after = AfterEnd::RestartAt(until);
            }
        }
        self.set(self.exit_verdict(reason, at), at);
        after
    }

    /// Its pane is gone, or the whole tmux server is.
    pub fn lost(&mut self, what: &str, at: Timestamp) {
        self.cut_off |= self.is_alive();
        self.place = None;
        self.run = Run::Absent;
        self.process_is(ProcessFact::Missing, at);
        self.recheck = None;
        self.attention = Some(Attention::Failed);
        self.set(by_swarm(Status::Exited, Some(Reason::Lost), what, at), at);
    }

    /// It sleeps, and its pane is gone: it is woken in another one.
    pub fn sleeps_without_pane(&mut self, at: Timestamp) {
        self.place = None;
        self.run = Run::Absent;
        self.process_is(ProcessFact::Missing, at);
        self.recheck = None;
        self.set(by_swarm(Status::Exited, Some(Reason::Asleep), "its pane is gone", at), at);
    }

    /// Its process could not be started. The pane of an earlier life stays: it is worth reading.
    pub fn not_started(&mut self, why: &str, at: Timestamp) {
        self.place = self.place.filter(|_| self.instance.is_some());
        self.run = if self.place.is_some() { Run::Ended } else { Run::Absent };
        self.process = ProcessFact::Missing;
        self.recheck = None;
        self.attention = Some(Attention::Failed);
        let mut verdict = by_swarm(Status::Exited, Some(Reason::Crashed), "not started", at);
        if let Some(proof) = &mut verdict.proof {
            why.clone_into(&mut proof.text);
        }
        self.set(verdict, at);
    }

    /// Nobody has looked yet whether it is still there.
    pub fn is_not_found_yet(&self) -> bool {
        self.run == Run::Absent && self.verdict.proof.as_ref().is_some_and(|p| p.rule == NOT_FOUND_YET)
    }

    /// A source said something.
    pub fn record(&mut self, evidence: Evidence) {
        self.board.record(evidence);
    }

    /// Weighs the evidence again; answers whether the verdict changed.
    pub fn weigh(&mut self, policy: &FusionPolicy, at: Timestamp) -> bool {
        if !matches!(self.run, Run::Running | Run::Stopping { .. }) {
            return false;
        }
        let fused = fuse(&self.board, &self.process, policy, at, &self.verdict);
        self.recheck = fused.recheck_at;
        self.weighed = fused.evidence_used;
        self.set(fused.verdict, at)
    }

    /// Puts a verdict in force; answers whether status or reason changed.
    fn set(&mut self, verdict: Verdict, at: Timestamp) -> bool {
        self.shown |= !matches!(verdict.status, Status::Starting | Status::Unknown | Status::Exited);
        let changed = (verdict.status, verdict.reason) != (self.verdict.status, self.verdict.reason);
        if changed {
            if let Some(attention) = attention_of(self.in_turn, &verdict) {
                self.attention = (!self.looked_at).then_some(attention);
            } else if verdict.status == Status::Working
                || verdict.status == Status::Idle && self.attention == Some(Attention::Asks)
            {
                // It was answered.
                self.attention = None;
            }
            self.in_turn = match (verdict.status, verdict.reason) {
                (Status::Working, _) | (Status::Waiting, Some(Reason::Permission | Reason::Question)) => true,
                (Status::Waiting | Status::Unknown, _) => self.in_turn,
                _ => false,
            };
            self.since = self.recorded_since(&verdict).unwrap_or(at);
        }
        self.verdict = verdict;
        changed
    }

    /// Since when a status lasts that a monitor before has recorded: the first one that is proven again may be the same.
    fn recorded_since(&mut self, verdict: &Verdict) -> Option<Timestamp> {
        if matches!(verdict.status, Status::Unknown | Status::Starting) {
            return None;
        }
        let (status, reason, since) = self.on_record.take()?;
        ((status, reason) == (verdict.status, verdict.reason)).then_some(since)
    }

    fn exit_verdict(&self, reason: Reason, at: Timestamp) -> Verdict {
        let text = match self.process {
            ProcessFact::Dead { status, signal } => match (status, signal) {
                (_, Some(signal)) => format!("ended by signal {signal}"),
                (Some(status), None) => format!("exit status {status}"),
                (None, None) => "exit status unknown".to_owned(),
            },
            _ => "the process is gone".to_owned(),
        };
        let proof = Proof { source: Source::Process, rule: "pane_dead".into(), text, at };
        Verdict { status: Status::Exited, reason: Some(reason), until: None, proof: Some(proof) }
    }
}

/// A verdict that swarm gives from its own knowledge.
pub fn by_swarm(status: Status, reason: Option<Reason>, what: &str, at: Timestamp) -> Verdict {
    let proof = Proof { source: Source::Swarm, rule: what.to_owned(), text: String::new(), at };
    Verdict { status, reason, until: None, proof: Some(proof) }
}

/// What a change of status means for a person who did not look; a turn that was answered elsewhere and then ended, or
/// was lost from sight for a moment, has finished too.
fn attention_of(in_turn: bool, after: &Verdict) -> Option<Attention> {
    match after.status {
        Status::Waiting => Some(Attention::Asks),
        Status::Error | Status::Limited => Some(Attention::Failed),
        Status::Exited if after.reason == Some(Reason::Shell) => Some(Attention::Failed),
        Status::Idle if in_turn => Some(Attention::Finished),
        _ => None,
    }
}
