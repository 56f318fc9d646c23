//! The immutable view of everything the monitor knows: `swarm.status/v1`.
//!
//! `swarm status --json`, the overview and the status line all read this and nothing else.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::{Attention, ContextUsage, Proof, Reason, Status, Tokens};

/// The schema name of [`Snapshot`].
pub const SCHEMA: &str = "swarm.status/v1";

/// Everything the monitor knows at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Always `swarm.status/v1`.
    pub schema: String,
    /// Every swarm of this tmux server, by name.
    pub swarms: Vec<SwarmView>,
    /// What is wrong with swarm itself (database not writable, tmux unreachable, …); empty when all is well.
    #[serde(default)]
    pub problems: Vec<String>,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { schema: SCHEMA.to_owned(), swarms: Vec::new(), problems: Vec::new() }
    }
}

/// One swarm.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SwarmView {
    /// The swarm's name.
    pub name: String,
    /// Its tmux session id (`$3`), `null` while it has none.
    pub session: Option<String>,
    /// Its agents, in the order of the swarm file.
    pub agents: Vec<AgentView>,
    /// Messages to the person.
    #[serde(default)]
    pub inbox: Inbox,
    /// Messages that are under way, then those that ended lately, newest first; at most 100.
    #[serde(default)]
    pub handoffs: Vec<HandoffView>,
    /// What it and its parts may spend and have spent; empty where nothing is limited.
    #[serde(default)]
    pub budgets: Vec<BudgetView>,
    /// Texts for messages, by name, as they were configured at the last `swarm up`; `{agent}` and `{role}` stand for
    /// whoever gets the message.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
}

/// A message with how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HandoffView {
    /// Its id.
    pub id: String,
    /// Who wrote it: an agent, `human` or `swarm`.
    pub from: String,
    /// Whom it is for: an agent, `@role` or `human`.
    pub to: String,
    /// The agent that has it, or gets it.
    pub agent: Option<String>,
    /// `handoff`, `message`, `question`, `reply` or `task`.
    pub kind: String,
    /// What it is about, in one harmless line.
    pub subject: String,
    /// 1 (first) to 5 (last).
    pub priority: u8,
    /// `queued`, `offered`, `injected`, `seen`, `acked`, `done`, `expired`, `refused`, `dead` or `unknown`.
    pub state: String,
    /// How often it was submitted.
    pub attempts: u32,
    /// What proves it.
    pub proof: Option<String>,
    /// Why it waits or ended.
    pub note: Option<String>,
    /// When it was accepted.
    pub created: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
}

/// One budget and how it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BudgetView {
    /// Whom it is for: `swarm`, `@role` or an agent's name.
    pub of: String,
    /// For how long it counts: `turn`, `task`, `day` or `total` (since `swarm up`).
    pub per: String,
    /// Money, where that is limited.
    pub usd: Option<MoneyGauge>,
    /// Tokens without reads from the cache, where those are limited.
    pub tokens: Option<CountGauge>,
    /// Time in whole seconds, where that is limited.
    pub seconds: Option<CountGauge>,
    /// What is spent of the tightest limit, in percent, rounded down; `null` until the ledger was read.
    pub percent: Option<u32>,
    /// What is in force: `none`, `warn`, `stop_dispatch`, `hold` or `interrupt`.
    pub action: String,
    /// What happens next, and at which percentage.
    pub next: Option<NextStep>,
    /// Responses without a known price since `swarm up`: they count as tokens, not as money.
    pub unpriced_calls: u64,
}

/// An amount of money against its limit: US dollars, exact, decimal strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MoneyGauge {
    /// The limit, extensions included.
    pub limit: String,
    /// What was billed.
    pub spent: String,
    /// What running turns are expected to take beyond that: an estimate.
    pub reserved: String,
}

/// A count against its limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CountGauge {
    /// The limit, extensions included.
    pub limit: u64,
    /// What was used.
    pub spent: u64,
    /// What running turns are expected to take beyond that: an estimate.
    pub reserved: u64,
}

/// A threshold of a budget that was not reached yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NextStep {
    /// At this percentage.
    pub percent: u32,
    /// This happens: `warn`, `stop_dispatch`, `hold` or `interrupt`.
    pub action: String,
}

impl AgentView {
    /// Whether it was put to sleep: it is gone, and nothing is wrong with that.
    pub fn is_asleep(&self) -> bool {
        self.status == Status::Exited && self.reason == Some(Reason::Asleep)
    }
}

/// One agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AgentView {
    /// The agent's name.
    pub name: String,
    /// The profile it runs with.
    pub profile: String,
    /// Its role.
    pub role: Option<String>,
    /// The host its pane is on; `local` for this machine.
    pub host: String,
    /// Its tmux pane id (`%5`).
    pub pane: Option<String>,
    /// Its tmux window id (`@2`).
    pub window: Option<String>,
    /// The process id of the agent itself.
    pub pid: Option<u32>,
    /// This incarnation (a uuid v7); a restart makes a new one.
    pub instance: Option<String>,
    /// What it is doing.
    pub status: Status,
    /// Why.
    pub reason: Option<Reason>,
    /// Until when, where the agent says so (usage limits, retries).
    pub until: Option<Timestamp>,
    /// swarm is ending this incarnation right now: the status is what it still shows.
    #[serde(default)]
    pub ending: bool,
    /// It has ended, or sleeps, and swarm is about to start it: a pane is made for it, or its restart policy waits.
    #[serde(default)]
    pub returning: bool,
    /// Dispatch to it is stopped by someone.
    pub hold: Option<Hold>,
    /// What happened since a person last looked.
    pub attention: Option<Attention>,
    /// Since when it has this status.
    pub since: Timestamp,
    /// What proves the status.
    pub proof: Option<Proof>,
    /// The permission mode in force: `inherit`, `ask` or `full`.
    pub permissions: String,
    /// The model, as the agent names it.
    pub model: Option<String>,
    /// How full the context is.
    pub context: Option<ContextUsage>,
    /// Tokens of this instance, subagents included.
    pub tokens: Option<Tokens>,
    /// Cost of this instance in US dollars, exact, a decimal string; `null` where nothing could be priced.
    pub cost_usd: Option<String>,
    /// Cost of this agent today (all instances).
    pub cost_usd_today: Option<String>,
    /// Messages to it.
    pub inbox: Inbox,
    /// How often it was restarted since `up`.
    pub restarts: u32,
    /// The directory it works in.
    pub directory: String,
    /// The last line of text on its screen that says something: what it asks about when it waits, else the last words
    /// above its composer. Made harmless.
    pub last_line: Option<String>,
    /// What the agent asks, when it waits; where the question was not found in its prompt, all that the prompt says
    /// above the choices. Made harmless.
    #[serde(default)]
    pub question: Option<String>,
    /// What the question is about, when it waits: the command, the file. Made harmless.
    #[serde(default)]
    pub subject: Option<String>,
    /// A short name for all that the prompt says: another name is another prompt.
    #[serde(default)]
    pub prompt: Option<String>,
    /// What the agent asks, when it waits: the choices on its screen.
    #[serde(default)]
    pub options: Vec<String>,
    /// Counts up whenever the visible screen changed.
    pub screen_rev: u64,
    /// The subagents of its present conversation that did something in this incarnation, oldest first; at most the 100
    /// that were active last. Their usage is in `tokens` and `cost_usd` already.
    #[serde(default)]
    pub subagents: Vec<SubagentView>,
}

/// What an agent started beside its main conversation, by the transcript that it writes of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubagentView {
    /// The agent CLI's own id of it.
    pub id: String,
    /// What it is called, or what it was asked in a few words. Made harmless.
    pub name: Option<String>,
    /// What kind it is, as the agent CLI names it: `general-purpose`, `Explore`, `worker`, … Made harmless.
    pub kind: Option<String>,
    /// What it does, where a hook or its transcript says so.
    pub state: Option<SubagentState>,
    /// The model that answered it last, as the agent CLI names it.
    pub model: Option<String>,
    /// What it used in this incarnation; `null` before its first response.
    pub tokens: Option<Tokens>,
    /// What that cost in US dollars, exact, a decimal string; `null` where a part of it could not be priced.
    pub cost_usd: Option<String>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it last wrote to its transcript.
    pub last: Option<Timestamp>,
}

/// What a subagent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubagentState {
    /// It was started and nothing says that it has ended.
    Running,
    /// It has given its answer, or was ended.
    Finished,
}

impl SubagentState {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
        }
    }
}

/// A stop on dispatch, set by a person or a budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hold {
    /// Who set it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// How many messages wait for an agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Inbox {
    /// Accepted and not yet seen.
    pub pending: u32,
    /// Given up; `swarm inbox --dead` lists them.
    pub dead: u32,
}
