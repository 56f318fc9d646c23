//! What the state wants kept, and what it gets back after the monitor was away.

use jiff::Timestamp;

use crate::config::Config;
use crate::handoff::queue::Entry;
use crate::name::{AgentName, SwarmName};
use crate::snapshot::Hold;
use crate::status::{Reason, Status};
use crate::store::budgets::{Kept, Work};
use crate::store::handoffs::Mark;
use crate::tmux::{PaneId, SessionId};

use super::{Instance, Started, Usage};

/// Something for the store.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A swarm is up, with this configuration (no secrets in it).
    SwarmUp {
        /// Its session; `None` while it has none.
        session: Option<SessionId>,
        /// What it is.
        config: Box<Config>,
        /// When.
        at: Timestamp,
    },
    /// A swarm was ended by the user.
    SwarmDown {
        /// Which.
        swarm: SwarmName,
        /// When.
        at: Timestamp,
    },
    /// An agent's process was started or adopted.
    InstanceStarted {
        /// Its swarm.
        swarm: SwarmName,
        /// The agent.
        agent: AgentName,
        /// Its profile.
        profile: String,
        /// Its directory.
        directory: std::path::PathBuf,
        /// Its pane.
        pane: PaneId,
        /// The instance.
        started: Started,
        /// How often it was restarted.
        restarts: u32,
        /// Whether its pane is the user's.
        adopted: bool,
        /// Whether handoffs are taken from its replies.
        handoff_block: bool,
        /// When.
        at: Timestamp,
    },
    /// The conversation of an instance became known.
    InstanceSession {
        /// Which instance.
        instance: String,
        /// The conversation.
        session: String,
    },
    /// An instance ended.
    InstanceEnded {
        /// Which.
        instance: String,
        /// Its exit status.
        status: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
        /// Why, in our words.
        reason: Reason,
        /// When.
        at: Timestamp,
    },
    /// An agent has another name: all that is its own is kept under that.
    Renamed {
        /// Its swarm.
        swarm: SwarmName,
        /// What it was called.
        from: AgentName,
        /// What it is called.
        to: AgentName,
        /// Its last incarnation.
        instance: Option<String>,
    },
    /// What is to be kept of a budget.
    Budget {
        /// Whose.
        swarm: SwarmName,
        /// What.
        kept: Kept,
    },
    /// A turn or task began or ended.
    Work {
        /// The agent's swarm.
        swarm: SwarmName,
        /// What.
        work: Work,
    },
    /// A person put an agent on hold, or took the hold back.
    Hold {
        /// Its swarm.
        swarm: SwarmName,
        /// The agent.
        agent: AgentName,
        /// The hold; `None` when it was taken back.
        hold: Option<Hold>,
    },
    /// Something for the event log.
    Event(LogEvent),
    /// A message is about to be typed.
    Mark {
        /// Which.
        id: String,
        /// Where the attempt begins.
        mark: Mark,
    },
    /// A message went one step on: stored together with its event.
    Letter {
        /// Its swarm.
        swarm: SwarmName,
        /// How it is now.
        entry: Box<Entry>,
        /// It is new: the message itself is stored, too.
        accepted: bool,
        /// The event.
        event: Box<LogEvent>,
    },
}

/// A message that the store knows.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedLetter {
    /// Its swarm.
    pub swarm: SwarmName,
    /// How it was.
    pub entry: Entry,
}

/// A line of the event log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEvent {
    /// When.
    pub at: Timestamp,
    /// The swarm.
    pub swarm: SwarmName,
    /// The agent, where it is about one.
    pub agent: Option<AgentName>,
    /// Its instance.
    pub instance: Option<String>,
    /// `agent.spawned`, `agent.status`, …
    pub kind: &'static str,
    /// Who caused it.
    pub actor: String,
    /// What caused it.
    pub cause: Option<String>,
    /// More about it.
    pub data: serde_json::Value,
}

/// What the store knows of a swarm when the monitor starts.
#[derive(Debug, Clone)]
pub struct SavedSwarm {
    /// Its configuration, with the values of `env` where the swarm file could be read again.
    pub config: Config,
    /// The session it had.
    pub session: Option<SessionId>,
    /// The last instance of each agent, with whether it had ended, and the restarts.
    pub agents: Vec<SavedAgent>,
}

/// What the store knows of an agent.
#[derive(Debug, Clone)]
pub struct SavedAgent {
    /// Which.
    pub agent: AgentName,
    /// Its last instance.
    pub instance: Instance,
    /// Whether that had ended.
    pub ended: bool,
    /// Why, where it has ended.
    pub why: Option<Reason>,
    /// It was put to sleep then.
    pub asleep: Option<Timestamp>,
    /// It was started with the conversation of one before.
    pub resumed: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// Whether its pane was adopted.
    pub adopted: bool,
    /// The hold a person put on it.
    pub hold: Option<Hold>,
    /// What its last instance used.
    pub usage: Usage,
    /// The last status of that instance that is on record, and since when.
    pub status: Option<(Status, Option<Reason>, Timestamp)>,
}
