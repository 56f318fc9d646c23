//! Messages between agents and the person: how they are handed in, read, acknowledged, and how far they got.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Address;
use crate::handoff::{Draft, Handoff, Party, Proof, State};
use crate::name::{AgentName, SwarmName};

use super::RpcError;

/// `swarm handoff`, and the MCP tool and outbox files that do the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// What the caller writes. The sender is whoever calls: an agent only ever sends as itself.
    pub draft: Draft,
}

/// Work goes over from one agent to another on the person's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// The swarm.
    pub swarm: SwarmName,
    /// The agent whose work it was: the message is in its name, and answers go to it.
    pub from: AgentName,
    /// What the person writes.
    pub draft: Draft,
}

/// `swarm send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendText {
    /// The swarm.
    pub swarm: SwarmName,
    /// Each receiver; a role or `all` stands for all of its agents.
    pub to: Vec<Address>,
    /// The text, at most 256 KiB.
    pub text: String,
    /// `{agent}` and `{role}` in it stand for each receiver; refused for one that has no role where it names that.
    #[serde(default)]
    pub fill: bool,
    /// Also while the agent works, where it queues safely; refused where it cannot be typed now.
    #[serde(default)]
    pub now: bool,
    /// A second text of the same sender with this key is the first one again.
    #[serde(default)]
    pub idem_key: Option<String>,
}

/// A message that was accepted: it is in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
    /// It was accepted before, under the same idempotency key.
    #[serde(default)]
    pub duplicate: bool,
    /// What its sender should know: why it waits, that agents wait for each other in a circle.
    pub note: Option<String>,
}

/// What became of a text for one receiver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sent {
    /// The receiver.
    pub to: String,
    /// The message, or why there is none.
    pub outcome: std::result::Result<Accepted, RpcError>,
}

/// `swarm inbox`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// Whose; `None` is the caller's own: the agent's, or the person's.
    #[serde(default)]
    pub agent: Option<AgentName>,
    /// Which messages.
    #[serde(default)]
    pub what: InboxWhat,
}

/// Which messages of an inbox.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InboxWhat {
    /// The next ones that were not seen: at most 5, about 1,500 tokens. Nothing seen is ever in it.
    #[default]
    New,
    /// The dead letters; for the person of the whole swarm where no agent is named.
    Dead,
    /// The last ones, whatever became of them; nothing is marked as seen.
    All,
    /// This one, whole; nothing is marked as seen.
    One(String),
}

/// Messages: `swarm.inbox/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InboxReply {
    /// Always `swarm.inbox/v1`.
    pub schema: String,
    /// Whose inbox: an agent's name or `human`; `all` for the dead letters of a whole swarm.
    pub of: String,
    /// The messages, first come first.
    pub messages: Vec<Letter>,
    /// How many more wait.
    pub more: u32,
    /// They count as seen once confirmed: the caller is their receiver.
    pub confirm: bool,
}

/// The schema name of [`InboxReply`].
pub const INBOX_SCHEMA: &str = "swarm.inbox/v1";

/// A message with how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Letter {
    /// The message.
    #[serde(flatten)]
    pub handoff: Handoff,
    /// How far it got.
    pub receipt: Receipt,
    /// It may have been shown before: the proof of that is missing.
    pub redelivered: bool,
}

/// How far a message got, with the proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// The message.
    pub id: String,
    /// Who wrote it.
    pub from: Party,
    /// Whom it is for, as it was addressed.
    #[schemars(with = "String")]
    pub to: Address,
    /// The agent that has it, or gets it.
    pub agent: Option<AgentName>,
    /// Its instance, once it was offered.
    pub instance: Option<String>,
    /// What it is.
    pub kind: crate::handoff::Kind,
    /// What it is about, in one harmless line.
    pub subject: String,
    /// 1 (first) to 5 (last).
    pub priority: u8,
    /// How far it must get.
    pub need: crate::handoff::Need,
    /// How far it got.
    pub state: State,
    /// How often it was submitted.
    pub attempts: u32,
    /// What proves it.
    pub proof: Option<Proof>,
    /// Why it waits or ended.
    pub note: Option<String>,
    /// When it was accepted.
    pub created: Timestamp,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// When something is due: it is tried again, or looked for.
    pub due: Option<Timestamp>,
}

/// Confirms what an inbox returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// The messages.
    pub ids: Vec<String>,
}

/// `swarm ack`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AckRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// The message: its id, or the end of it.
    pub id: String,
    /// What came of it; `None` only says that it is taken.
    #[serde(default)]
    pub outcome: Option<String>,
}

/// What the person does with a message that was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// The message: its id, or the end of it.
    pub id: String,
    /// What to do.
    pub act: LetterAct,
}

/// See [`LetterRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterAct {
    /// Deliver it again, with all attempts.
    Retry,
    /// Never deliver it.
    Drop,
}

/// How far messages got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptsRequest {
    /// The swarm.
    pub swarm: SwarmName,
    /// Which; empty for all that are under way.
    pub ids: Vec<String>,
    /// Answer only when each was submitted, or ended.
    #[serde(default)]
    pub wait: bool,
}

/// What a hook hands over to its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandedOver {
    /// The monitor's number for it: the hook says it back once it has printed the text.
    pub number: u64,
    /// The messages, fenced.
    pub text: String,
}
