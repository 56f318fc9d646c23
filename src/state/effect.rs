//! Everything the state may want done. Only `monitor::perform` does it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::config::{AgentSpec, Config};
use crate::delivery::Submission;
use crate::handoff::queue::Search;
use crate::handoff::{Handoff, Party};
use crate::name::{AgentName, SwarmName};
use crate::observe::hook::PermissionAsk;
use crate::protocol::{Adopt, HandedOver, Progress, Request, RpcError, Target};
use crate::status::Attention;
use crate::tmux::{PaneId, SessionId};

use super::plan::WindowPlan;
use super::{Caller, Op, Record};

/// Something to be done.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Answer a client; after everything stored before it is committed.
    Reply(Op, Result<Value, RpcError>),
    /// Answer a client once our own clients have attached to the session: what it does next, tmux may tell them of.
    ReplyFollowed {
        /// Whose answer it is.
        op: Op,
        /// The session; `None` where there is none.
        session: Option<SessionId>,
        /// The answer.
        answer: Value,
    },
    /// Answer a client only if everything before it is in the database: what is accepted is kept.
    ReplyStored(Op, Result<Value, RpcError>),
    /// Answer a client that cannot wait for the database.
    ReplyNow(Op, Value),
    /// Give a hook these messages once it is stored that it gets them; `Unprinted` where it has gone meanwhile.
    HandOver(Op, HandedOver),
    /// Let a hook wait for the person's answer to its prompt, until its instance ends.
    AwaitAnswer {
        /// The hook's call.
        op: Op,
        /// Whose hook it is.
        instance: String,
        /// What it asks a permission for.
        ask: Box<PermissionAsk>,
    },
    /// The hook of this instance need not wait any longer.
    LetGo(String),
    /// Look for a message in an agent's transcript and on its screen; answered by `Searched`.
    Search {
        /// Its swarm.
        swarm: SwarmName,
        /// The agent that may have it; `None` where it does not run: its transcript is still there.
        watched: Option<Box<Watched>>,
        /// What to look for.
        search: Search,
    },
    /// Ask the store for messages under keys that nobody remembers; answered by `KeysFound`.
    FindKeys {
        /// The number of the answer.
        op: Op,
        /// Who asks.
        caller: Caller,
        /// What.
        request: Box<Request>,
        /// The swarm.
        swarm: SwarmName,
        /// Who sends.
        from: Party,
        /// The keys.
        keys: Vec<String>,
    },
    /// Read messages from the store for a client.
    Letters {
        /// Whose answer.
        op: Op,
        /// The swarm.
        swarm: SwarmName,
        /// Whose inbox; `None` for all.
        of: Option<Party>,
        /// The end of the id of one message.
        id: Option<String>,
    },
    /// Tell a client that waits for `up` how it goes on.
    Progress(Op, Progress),
    /// Find or make the session of a swarm; answered by `SessionReady` or `SessionFailed`.
    EnsureSession {
        /// The `up` that wants it.
        op: Op,
        /// Whose.
        swarm: SwarmName,
        /// The size it is made with.
        size: (u16, u16),
        /// The directory of its first window.
        root: std::path::PathBuf,
        /// The environment of the session.
        env: BTreeMap<String, String>,
    },
    /// Make windows and panes with agents in them; answered by `Built`.
    Build {
        /// Whose.
        swarm: SwarmName,
        /// Where.
        session: SessionId,
        /// What.
        plan: Vec<WindowPlan>,
        /// How each agent of the plan is started.
        orders: Vec<StartOrder>,
    },
    /// Start the overview in the window that was made for it.
    ShowOverview {
        /// Whose.
        swarm: SwarmName,
        /// Its placeholder.
        pane: PaneId,
        /// Where it works.
        root: std::path::PathBuf,
    },
    /// Start an agent in its pane; answered by `Started`.
    Start(Box<StartOrder>),
    /// Run an agent's `after_exit`; nobody waits for it.
    AfterExit(Box<Ended>),
    /// Type the profile's polite exit into a pane that was proven fit for it.
    AskToExit {
        /// Which pane.
        pane: PaneId,
        /// The profile whose keys are used.
        profile: String,
    },
    /// Type the profile's polite exit after proving the pane fit for it once more; answered by `Dismissed`.
    Dismiss {
        /// Whose answer depends on it.
        op: Op,
        /// Which agent.
        target: Target,
        /// Its pane.
        pane: PaneId,
        /// The profile whose keys are used.
        profile: String,
        /// The instance that is to leave.
        instance: String,
    },
    /// Signal a process, if it is still the one that started then.
    Signal {
        /// The process.
        pid: u32,
        /// Its start time.
        pid_start: Option<u64>,
        /// SIGKILL instead of SIGTERM.
        kill: bool,
    },
    /// Kill a pane that swarm made for this agent.
    RemovePane {
        /// Which pane.
        pane: PaneId,
        /// The mark it must still carry.
        agent: AgentName,
    },
    /// Take the marks off a pane that was adopted.
    Release(PaneId),
    /// Look at a pane that is to be adopted; answered by `Found`.
    LookAt {
        /// The request.
        op: Op,
        /// Which pane.
        pane: PaneId,
        /// What was asked.
        adopt: Adopt,
    },
    /// Mark a pane as adopted.
    Mark {
        /// Which pane.
        pane: PaneId,
        /// The swarm.
        swarm: SwarmName,
        /// The agent.
        agent: AgentName,
        /// Its instance.
        instance: String,
    },
    /// Remove our window from a session and let it end if nothing else lives in it; then answer.
    EndSession {
        /// The `down` that wants it.
        op: Op,
        /// Whose.
        swarm: SwarmName,
        /// Which.
        session: SessionId,
    },
    /// Send the profile's interrupt key to a pane that is proven to work now, and prove what came of it.
    Interrupt {
        /// Whose answer depends on it.
        op: Op,
        /// Which pane.
        pane: PaneId,
        /// The profile whose key is used.
        profile: String,
        /// The instance that works there.
        instance: String,
    },
    /// Answer the dialog on a pane, after reading it again.
    Answer {
        /// Whose answer depends on it.
        op: Op,
        /// Which pane.
        pane: PaneId,
        /// The profile.
        profile: String,
        /// What to answer.
        choice: crate::protocol::Choice,
        /// What the person saw.
        expect: Option<crate::protocol::Prompt>,
        /// What the agent is told with a refusal.
        because: Option<String>,
        /// The instance whose hook may wait for it.
        instance: String,
        /// Which agent it is.
        target: Target,
    },
    /// Submit a text to the agent in a pane, after checking everything again; answered by `Submitted`.
    Submit {
        /// The state's own number for it.
        delivery: u64,
        /// Which pane.
        pane: PaneId,
        /// The profile.
        profile: String,
        /// The instance that it is for: another one in the same pane gets nothing.
        instance: String,
        /// What to submit.
        submission: Box<Submission>,
        /// What will be looked for should nobody learn what became of it: where it begins is marked before.
        searches: Vec<Search>,
        /// The message that must lie in the inbox below this directory before, as not all of it is typed.
        first: Option<(std::path::PathBuf, Arc<Handoff>)>,
    },
    /// Type what the person types.
    Type {
        /// Whose answer depends on it.
        op: Op,
        /// Which pane.
        pane: PaneId,
        /// What.
        keys: Vec<crate::protocol::Typed>,
    },
    /// Show a pane (or our window) to a client.
    Jump {
        /// Whose answer depends on it.
        op: Op,
        /// The session.
        session: SessionId,
        /// The pane; `None` for the overview's window, which is made again when it was closed.
        pane: Option<PaneId>,
        /// The client.
        client: Option<String>,
        /// The swarm.
        swarm: SwarmName,
        /// Where its overview works.
        root: std::path::PathBuf,
    },
    /// Capture a pane with colours for a client.
    Capture {
        /// Whose answer.
        op: Op,
        /// Which pane.
        pane: PaneId,
        /// The revision to report.
        rev: u64,
    },
    /// The set of panes to observe changed: pane, profile and instance of every agent that runs.
    Watch(Vec<Watched>),
    /// The set of panes changed of which only matters whether a person goes there.
    WatchFocus(Vec<PaneId>),
    /// A message is to lie in its receiver's inbox, or no longer.
    File(Box<Filed>),
    /// Read what the budgets of a swarm stand on, after everything stored before it; answered by `BudgetsRead`.
    ReadBudgets(SwarmName),
    /// Write to the store.
    Store(Record),
    /// Make the person aware (bell, notification).
    Notify {
        /// Whose.
        swarm: SwarmName,
        /// Which agent.
        agent: AgentName,
        /// What for.
        attention: Attention,
    },
    /// Make the person aware of a budget.
    NotifyBudget {
        /// Whose.
        swarm: SwarmName,
        /// How it stands.
        text: String,
    },
    /// The swarm's configuration, for those who need it outside the state (notifications, prices).
    Configured(Box<Config>),
    /// The monitor ends: nothing is left to do.
    Leave,
}

/// Whether a message is to lie in an inbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filed {
    /// Its swarm.
    pub swarm: SwarmName,
    /// The message.
    pub handoff: Arc<Handoff>,
    /// Whose inbox; `None` while nobody of a role has it.
    pub agent: Option<AgentName>,
    /// It lies there; else it was read, or is no longer wanted.
    pub keep: bool,
}

/// A pane to observe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The swarm.
    pub swarm: SwarmName,
    /// The agent.
    pub agent: AgentName,
    /// Its pane.
    pub pane: PaneId,
    /// Its profile.
    pub profile: String,
    /// Its instance.
    pub instance: String,
    /// Its process.
    pub pid: Option<u32>,
    /// Its directory.
    pub directory: std::path::PathBuf,
    /// Its conversation, where known.
    pub session: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// Where it keeps its own files, if its environment says so.
    pub config_dir: Option<std::path::PathBuf>,
    /// What its environment says of where agents keep their data (`HOME`, `CODEX_HOME`, …).
    pub places: BTreeMap<&'static str, std::path::PathBuf>,
    /// Its transcript, where its hooks named it.
    pub transcript: Option<std::path::PathBuf>,
    /// When the instance started.
    pub started: Timestamp,
    /// Handoffs are taken from marked blocks in its replies.
    pub handoff_block: bool,
}

/// How to start an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct StartOrder {
    /// Its swarm.
    pub swarm: SwarmName,
    /// What it is.
    pub spec: AgentSpec,
    /// Its pane; `None` where one is to be made for it.
    pub pane: Option<PaneId>,
    /// The session that holds the pane.
    pub session: Option<SessionId>,
    /// The conversation to resume; `None` starts a new one.
    pub resume: Option<String>,
    /// Which conversation it is, for the person.
    pub about: Option<String>,
    /// Why it must not go on by itself: nobody knows how far its last conversation got.
    pub doubt: Option<String>,
    /// Whether the first prompt is given (not on a resume).
    pub prompt: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// What it is told about its part in the team.
    pub brief: Option<String>,
}

/// An agent that has ended, for what runs after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Its swarm.
    pub swarm: SwarmName,
    /// What it was.
    pub spec: AgentSpec,
    /// Its tmux session.
    pub session: Option<SessionId>,
    /// The incarnation that ended.
    pub instance: String,
    /// Its exit status, where it is known.
    pub status: Option<i32>,
    /// The signal that ended it, where it is known.
    pub signal: Option<i32>,
}

impl StartOrder {
    /// Whether the agent is given work as it starts.
    pub fn prompts(&self) -> bool {
        self.prompt && self.spec.prompt.is_some()
    }
}
