//! Everything that can happen, on one screen. Each event carries its time: the state has no clock.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::agent::Profiles;
use crate::delivery::Receipt;
use crate::handoff::queue::Found;
use crate::handoff::{Party, State as Reached};
use crate::name::{AgentName, SwarmName};
use crate::observe::evidence::{Evidence, ProcessFact, TurnChange};
use crate::observe::hook::{HookEvent, HookEventKind, PermissionAsk};
use crate::protocol::{Adopt, Request, RpcError, Target};
use crate::snapshot::SubagentView;
use crate::status::{ContextUsage, Source, Tokens};
use crate::store::budgets::{AgentSpent, Standings};
use crate::tmux::{PaneId, PaneRow, SessionId, WindowId};

use super::{SavedLetter, SavedSwarm};

/// A running request: its answer is an effect with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op(pub u64);

impl Op {
    /// What swarm does by itself: nobody waits for the answer.
    pub const OURS: Self = Self(0);
}

/// What was started of one agent in a pane that was made for it, or why there is none.
pub type Placed = (AgentName, Result<Started, String>);

/// A session that is there.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Every pane of the server.
    pub rows: Vec<PaneRow>,
    /// The windows marked as ours (`@swarm_window`) in it.
    pub windows: BTreeMap<String, WindowId>,
    /// The pane that waits for the overview, where that is not there yet.
    pub overview: Option<PaneId>,
}

/// Something that happened.
#[derive(Debug, Clone)]
pub struct Event {
    /// When it was observed.
    pub at: Timestamp,
    /// What it was.
    pub kind: EventKind,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Caller {
    /// The caller's process and its ancestors, nearest first.
    pub ancestry: Vec<u32>,
    /// What the caller's environment says it is.
    pub inside: Option<String>,
    /// The token the caller's environment has.
    pub token: Option<String>,
    /// Who it is, where the monitor itself knows: a file in an agent's outbox is the agent's.
    pub owner: Option<(SwarmName, AgentName)>,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// A client asks.
    Call {
        /// The number of the answer.
        op: Op,
        /// Who asks.
        caller: Caller,
        /// What.
        request: Box<Request>,
    },
    /// The store was read at the start of the monitor.
    Rebuilt(Vec<SavedSwarm>),
    /// The messages of the store were read at the start of the monitor.
    Letters(Vec<SavedLetter>),
    /// The store was asked for the messages that were sent under the keys of a request.
    KeysFound {
        /// The number of the answer.
        op: Op,
        /// Who asks.
        caller: Caller,
        /// What.
        request: Box<Request>,
        /// What there is: who sent it, its key, its id and how far it got.
        found: Vec<(Party, String, String, Reached)>,
    },
    /// The store refuses a new message: it is as if it had not been sent.
    NotBooked {
        /// Its swarm.
        swarm: SwarmName,
        /// Which.
        id: String,
    },
    /// A marked block of an agent is no message that goes out.
    BlockRefused(Box<RefusedBlock>),
    /// A message was looked for.
    Searched {
        /// Its swarm.
        swarm: SwarmName,
        /// Which.
        id: String,
        /// Where it was found.
        found: Found,
    },
    /// The session of a swarm is there (made, or found again), with everything in it.
    SessionReady {
        /// The `up` that wanted it.
        op: Op,
        /// Whose session.
        swarm: SwarmName,
        /// What it holds.
        session: Session,
    },
    /// The session could not be made.
    SessionFailed {
        /// The `up` that wanted it.
        op: Op,
        /// Whose session.
        swarm: SwarmName,
        /// Why.
        error: RpcError,
    },
    /// Panes were made with agents in them, or not.
    Built {
        /// Whose.
        swarm: SwarmName,
        /// Each agent's new instance, or why there is none.
        placed: Vec<Placed>,
    },
    /// An agent's process was started, or not.
    Started {
        /// Its swarm.
        swarm: SwarmName,
        /// Which agent.
        agent: AgentName,
        /// The new instance, or why there is none.
        outcome: Result<Started, String>,
    },
    /// The panes of the server, as `list-panes -a` shows them now.
    Panes {
        /// Every pane.
        rows: Vec<PaneRow>,
        /// Panes a person is looking at right now; `None` where nobody has asked.
        looked_at: Option<Vec<PaneId>>,
    },
    /// What is known of a pane's process changed.
    Process {
        /// Which pane.
        pane: PaneId,
        /// The fact.
        fact: ProcessFact,
    },
    /// A pane's screen changed and was read.
    Screen {
        /// Which pane.
        pane: PaneId,
        /// What was seen.
        seen: Box<Seen>,
    },
    /// A pane goes on writing, though its screen says the same.
    Output {
        /// Which pane.
        pane: PaneId,
    },
    /// A source said something about the agent in a pane.
    Evidence {
        /// Which pane.
        pane: PaneId,
        /// What.
        evidence: Evidence,
    },
    /// New records of an agent's transcript say something about its turn.
    Transcript {
        /// Which instance.
        instance: String,
        /// The conversation whose transcript it is.
        session: String,
        /// What they prove, oldest first, and what each changes.
        said: Vec<(Evidence, TurnChange)>,
    },
    /// A source is gone: what it said proves nothing more.
    Forgotten {
        /// Which pane.
        pane: PaneId,
        /// Which source.
        source: Source,
    },
    /// An agent's hook reported.
    Hook(Box<HookEvent>),
    /// An agent's hook reported, and may hand messages over or bring a person's decision with its answer.
    Asked {
        /// The number of the answer.
        op: Op,
        /// Who asks.
        caller: Caller,
        /// What it reported.
        hook: Box<HookEvent>,
        /// What it asks a permission for.
        ask: Option<Box<PermissionAsk>>,
    },
    /// A prompt was answered, or was not.
    Answered {
        /// Whose answer depends on it.
        op: Op,
        /// The agent that asked.
        target: Target,
        /// Its incarnation.
        instance: String,
        /// What it is to be told with the refusal.
        because: Option<String>,
        /// What came of it.
        result: Result<serde_json::Value, RpcError>,
    },
    /// A hook has printed what it was given under this number.
    Printed(u64),
    /// A hook was gone before it could be given this; it has shown nothing.
    Unprinted(u64),
    /// The agent's own conversation id became known.
    Conversation {
        /// Which pane.
        pane: PaneId,
        /// The id.
        session: String,
    },
    /// The ledger or a transcript said more about an instance.
    Usage {
        /// Which instance.
        instance: String,
        /// What it used.
        usage: Box<Usage>,
    },
    /// The store was asked what the budgets of a swarm stand on.
    BudgetsRead {
        /// Whose.
        swarm: SwarmName,
        /// What it says, or why it says nothing.
        read: Result<Box<Standings>, String>,
    },
    /// The ledger booked something of an agent.
    Spent {
        /// Its swarm.
        swarm: SwarmName,
        /// Which agent.
        agent: AgentName,
        /// What its bills come to, by role.
        spent: Vec<AgentSpent>,
        /// When the day began that this is about; milliseconds since 1970 UTC.
        day_ms: i64,
        /// When the swarm came up that this is about.
        up_ms: i64,
    },
    /// A pane that is to be adopted was looked at.
    Found {
        /// The request.
        op: Op,
        /// What it asked.
        adopt: Box<Adopt>,
        /// What is there.
        found: Result<Box<FoundPane>, RpcError>,
    },
    /// A submission is settled.
    Submitted {
        /// The state's own number for it.
        delivery: u64,
        /// How far it got.
        receipt: Box<Receipt>,
    },
    /// An agent that is to sleep was asked to leave, or not.
    Dismissed {
        /// Whose answer depends on it.
        op: Op,
        /// Which agent.
        target: Target,
        /// Its instance.
        instance: String,
        /// Why it was not asked: nothing was typed, or it began to work in the middle of it.
        refused: Option<RpcError>,
    },
    /// The answer to an effect that a client waits for.
    Done {
        /// Whose answer.
        op: Op,
        /// The answer.
        result: Result<serde_json::Value, RpcError>,
    },
    /// Other profiles are in force.
    Profiles(Arc<Profiles>),
    /// The tmux server cannot be reached any more.
    TmuxLost,
    /// Something is wrong with swarm itself, or well again (`None`).
    Problem {
        /// What it is about (`database`, `tmux`, …).
        about: &'static str,
        /// What is wrong.
        text: Option<String>,
    },
    /// Time passed.
    Tick,
    /// Another day has begun.
    NewDay,
}

/// A marked block that is no message, or none that may go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBlock {
    /// Its swarm.
    pub swarm: SwarmName,
    /// Whose it is.
    pub agent: AgentName,
    /// The incarnation that wrote it.
    pub instance: String,
    /// The block's key: it is told of once.
    pub key: String,
    /// What is wrong with it.
    pub why: String,
}

/// A new instance of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// Its window.
    pub window: WindowId,
    /// Its pane: another than before when that one had been used.
    pub pane: PaneId,
    /// Its id.
    pub instance: String,
    /// Its token.
    pub token: String,
    /// Its process.
    pub pid: u32,
    /// The start time of the process in clock ticks since boot, where the system tells.
    pub pid_start: Option<u64>,
    /// Right before it was started: what is billed from then on is its own, also what comes before we hear of it.
    pub since: Timestamp,
    /// Its conversation, where we chose or know the id.
    pub session: Option<String>,
    /// What the person should know (a resume that became a fresh start).
    pub note: Option<String>,
    /// Why it must not go on by itself: it is held.
    pub doubt: Option<String>,
}

/// A pane that swarm did not make, as it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundPane {
    /// The profile that was asked for, or the one its process looks like.
    pub profile: String,
    /// Where it works.
    pub directory: std::path::PathBuf,
    /// The instance it becomes.
    pub started: Started,
}

/// What a screen says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Seen {
    /// The evidence of the screen and the title.
    pub evidence: Vec<Evidence>,
    /// The last line of text above composer and footer, made harmless.
    pub last_line: Option<String>,
    /// What is asked.
    pub question: Option<String>,
    /// What that is about: the command, the file.
    pub subject: Option<String>,
    /// A short name for all that the prompt says.
    pub prompt: Option<String>,
    /// The choices of a dialog.
    pub options: Vec<String>,
    /// Whether the composer is there and empty.
    pub composer_empty: bool,
    /// The percentage of the context window that the agent shows as used.
    pub context_shown: Option<f64>,
    /// What is left until the agent compacts by itself, by its own word.
    pub to_compaction: Option<f64>,
    /// The model the agent shows.
    pub model: Option<String>,
}

/// What an instance used.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Tokens, subagents included.
    pub tokens: Option<Tokens>,
    /// Cost of this instance in pico-USD; `None` where nothing could be priced.
    pub cost: Option<u64>,
    /// Cost of the agent today in pico-USD.
    pub cost_today: Option<u64>,
    /// How full the context is.
    pub context: Option<ContextUsage>,
    /// The model of the last response.
    pub model: Option<String>,
    /// Its subagents, by their own transcripts.
    pub subagents: Vec<SubagentView>,
}

impl Usage {
    /// A hook said how full the context is, or that it was compacted. A transcript knows better.
    pub fn hear(&mut self, hook: &HookEvent) {
        let by_hook = self.context.as_ref().is_none_or(|c| c.source == Some(Source::Hook));
        if !by_hook {
            return;
        }
        if let Some(context) = &hook.context {
            self.context = Some(context.clone());
        } else if hook.kind == HookEventKind::CompactEnd {
            self.context = None;
        }
    }

    /// This over what was known: what only a hook said stays until something better comes.
    #[must_use]
    pub fn over(mut self, known: &Self) -> Self {
        let by_hook = known.context.as_ref().filter(|c| c.source == Some(Source::Hook));
        if self.context.is_none() {
            self.context = by_hook.cloned();
        }
        if self.model.is_none() {
            self.model.clone_from(&known.model);
        }
        self
    }
}
