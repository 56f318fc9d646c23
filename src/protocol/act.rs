//! What is done to swarms and agents.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{AgentSpec, Config, Limit};
use crate::ledger::budget::{Scope, Stretch};
use crate::name::{AgentName, SwarmName};

/// `swarm up`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Up {
    /// The resolved configuration.
    pub config: Config,
    /// The caller's environment for the agents: PATH and what the profiles pass on. Never stored.
    pub env: BTreeMap<String, String>,
    /// Only these agents; empty for all.
    pub only: Vec<AgentName>,
    /// The size of the caller's terminal, columns and rows.
    pub size: Option<(u16, u16)>,
}

/// `swarm add`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Add {
    /// The swarm it joins.
    pub swarm: SwarmName,
    /// The resolved agent.
    pub spec: AgentSpec,
    /// The caller's environment, as in [`Up::env`]. Never stored.
    pub env: BTreeMap<String, String>,
    /// The size of the caller's terminal, columns and rows, should the session have to be made again.
    pub size: Option<(u16, u16)>,
}

/// How `up` goes on, while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The agent this is about.
    pub agent: String,
    /// What happened to it.
    pub step: Step,
    /// More about it.
    pub note: Option<String>,
}

/// A step of one agent's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// It runs already and was left alone.
    Kept,
    /// Its process was started.
    Started,
    /// It could not be started.
    Failed,
    /// It was put to sleep, and sleeps on.
    Asleep,
}

/// What `up` did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpReport {
    /// The tmux session id.
    pub session: String,
    /// What happened to each agent, in the order of the swarm file.
    pub agents: Vec<Progress>,
}

/// `swarm down`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Down {
    /// The swarm.
    pub swarm: SwarmName,
    /// End agents that are working, too.
    pub force: bool,
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its swarm.
    pub swarm: SwarmName,
    /// Its name.
    pub agent: AgentName,
}

/// `swarm restart`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restart {
    /// Which agent.
    #[serde(flatten)]
    pub target: Target,
    /// Start a new conversation even where the old one could be resumed.
    pub fresh: bool,
}

/// `swarm rename`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rename {
    /// Which agent.
    #[serde(flatten)]
    pub target: Target,
    /// The name it gets.
    pub to: AgentName,
}

/// `swarm hold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Which agent.
    #[serde(flatten)]
    pub target: Target,
    /// Why.
    pub reason: String,
}

/// `swarm budget extend`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendBudget {
    /// Whose budgets.
    pub swarm: SwarmName,
    /// Which of them: for whom.
    pub scope: Scope,
    /// Which of them: for how long it counts.
    pub stretch: Stretch,
    /// What is allowed on top, until that turn, task, day or swarm ends.
    pub more: Limit,
}

/// `swarm adopt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    /// The pane (`%5`).
    pub pane: String,
    /// The swarm it joins.
    pub swarm: SwarmName,
    /// The name it gets.
    pub agent: AgentName,
    /// What runs in it; guessed from its process where not given.
    pub profile: Option<String>,
}

/// `swarm attach` / `jump`, and Enter in the overview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jump {
    /// Which agent; `None` shows the swarm's overview window.
    pub agent: Option<AgentName>,
    /// Its swarm.
    pub swarm: SwarmName,
    /// The tmux client to switch (its name, as `#{client_name}`); `None` only selects window and pane.
    pub client: Option<String>,
}
