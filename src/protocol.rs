//! What clients and the monitor say to each other: JSON-RPC 2.0, one object per line, over a Unix socket.
//!
//! Values only. The protocol has a number; a client of another number replaces an older monitor (its state rebuilds)
//! and refuses a newer one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Address, AgentSpec, Config, Limit};
use crate::error::{Error, Kind, Result};
use crate::handoff::{Draft, Handoff, Party, Proof, State};
use crate::ledger::budget::{Scope, Stretch};
use crate::name::{AgentName, SwarmName};
use crate::snapshot::{AgentView, Snapshot};

/// Counts up with every incompatible change.
pub const PROTOCOL: u32 = 2;

/// The longest line either side accepts, in bytes: a resolved configuration of 500 agents fits many times over.
pub const MAX_LINE: usize = 8 * 1024 * 1024;

/// What a client may ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Request {
    /// Who are you? Always the first line; says who the caller is.
    Hello(Hello),
    /// The snapshot of this moment.
    Status,
    /// The snapshot now and after every change, as `snapshot` notifications.
    Subscribe,
    /// Makes what the configuration says and is not there yet.
    Up(Box<Up>),
    /// Adds an agent to a swarm that is up, and starts it; answered as `up` is.
    Add(Box<Add>),
    /// Ends a swarm.
    Down(Down),
    /// Ends an agent and starts it again.
    Restart(Restart),
    /// Ends an agent; its last screen stays readable.
    Kill(Target),
    /// Ends an agent that is proven idle, to be woken with its conversation; answered when it was asked to leave.
    Hibernate(Target),
    /// Starts an agent that sleeps, with its conversation.
    Wake(Target),
    /// Gives an agent that stands in no swarm file another name; answered when that is stored.
    Rename(Rename),
    /// Ends an agent and removes its pane.
    Remove(Target),
    /// Takes a pane that swarm did not make as an agent; it is watched, never ended.
    Adopt(Adopt),
    /// Stops dispatch to an agent.
    Hold(Hold),
    /// Takes the stop back.
    Resume(Target),
    /// Allows more of a budget.
    ExtendBudget(ExtendBudget),
    /// Sends the profile's interrupt key to an agent that is proven to work.
    Interrupt(Target),
    /// Answers the prompt that is on the agent's screen now.
    Answer(Answer),
    /// Types what the person types into the agent's pane, as a terminal that shows it would: their own act, without the
    /// checks of a delivery. Nothing to type only asks whether it could be. Refused for a dead pane and in copy mode.
    Type(Type),
    /// Shows the agent's pane to a tmux client.
    Jump(Jump),
    /// The agent's screen, with colours.
    Capture(Target),
    /// All evidence for the agent's status.
    Explain(Target),
    /// The agent was looked at: clears its attention.
    Seen(Target),
    /// Who the caller is in this swarm: its name, or `human`.
    Whoami(SwarmName),
    /// A handoff from whoever calls to one agent, one of a role, or the person; answered by [`Accepted`].
    Handoff(Box<HandoffRequest>),
    /// The person hands the work of an agent over to another one, in that agent's name; answered by [`Accepted`].
    HandOver(Box<HandOver>),
    /// A text from whoever calls to each of several agents; answered by a list of [`Sent`].
    Send(SendText),
    /// Messages for the caller (or, for the person, of any agent); answered by [`InboxReply`]. What it returns for the
    /// receiver itself must be confirmed by [`Request::Shown`], else it is shown again.
    Inbox(InboxRequest),
    /// The receiver has what [`Request::Inbox`] returned.
    Shown(ShownRequest),
    /// The receiver takes a message, or says what came of it; answered by [`Receipt`].
    Ack(AckRequest),
    /// What the person does with a dead letter, or with one that waits; answered by [`Receipt`].
    Letter(LetterRequest),
    /// How far messages got, at once or when each was tried or ended; answered by a list of [`Receipt`].
    Receipts(ReceiptsRequest),
    /// An agent's hook reports. Sent as a notification: no answer. Sent as a call it asks for messages that it may hand
    /// over: answered by [`HandedOver`] or `null`.
    Hook(Value),
    /// The monitor ends; agents go on.
    Stop,
}

/// The handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The client's [`PROTOCOL`].
    pub protocol: u32,
    /// The client's version.
    pub version: String,
    /// What the client's environment has of an agent's (`SWARM_AGENT`, else `SWARM_INSTANCE` or `SWARM_TOKEN`): a
    /// caller inside a pane says so.
    pub inside: Option<String>,
    /// `SWARM_TOKEN` of the client's environment: tells instances apart where the process tree does not.
    #[serde(default)]
    pub token: Option<String>,
}

/// The monitor's side of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Welcome {
    /// The monitor's [`PROTOCOL`].
    pub protocol: u32,
    /// The monitor's version.
    pub version: String,
    /// The monitor's process id.
    pub pid: u32,
    /// The tmux socket it serves.
    pub server: String,
    /// When it started.
    pub started: Timestamp,
}

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

/// `swarm approve | deny | answer`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Which agent.
    #[serde(flatten)]
    pub target: Target,
    /// What to answer.
    pub choice: Choice,
    /// What the person saw; the answer is refused when it is another incarnation or another prompt by now.
    pub expect: Option<Prompt>,
    /// With [`Choice::Deny`]: what the agent is told. Where it cannot be told with the answer, the reply says so.
    #[serde(default)]
    pub because: Option<String>,
}

/// A prompt as a person saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prompt {
    /// The incarnation that asked.
    pub instance: Option<String>,
    /// What it asked: the snapshot's `question`.
    pub question: Option<String>,
    /// The choices.
    pub options: Vec<String>,
    /// The snapshot's `prompt`, where it was given: a prompt of the same words about something else is another one.
    #[serde(default)]
    pub prompt: Option<String>,
}

impl Prompt {
    /// What `agent` shows in this snapshot.
    pub fn of(agent: &AgentView) -> Self {
        Self {
            instance: agent.instance.clone(),
            question: agent.question.clone(),
            options: agent.options.clone(),
            prompt: agent.prompt.clone(),
        }
    }

    /// A short name for exactly this prompt, the same in every process: for key bindings and menus.
    pub fn id(&self) -> String {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(serde_json::to_vec(self).unwrap_or_default());
        digest.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"))
    }
}

/// An answer to a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// Allow it once.
    Approve,
    /// Refuse it.
    Deny,
    /// Take the option with this number, counted from 1.
    Option(usize),
}

/// What the person types into a pane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Type {
    /// Which agent.
    #[serde(flatten)]
    pub target: Target,
    /// What, in order.
    pub keys: Vec<Typed>,
}

/// A part of what is typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Typed {
    /// Characters.
    Text(String),
    /// A key, as tmux calls it.
    Key(String),
    /// Pasted text: bracketed where the program asked for it.
    Paste(String),
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

/// The agent's screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// `capture-pane -e`, invalid UTF-8 replaced.
    pub ansi: String,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// The snapshot's `screen_rev` at that moment.
    pub rev: u64,
    /// Column and row of the cursor, from 0; `None` where it is hidden.
    #[serde(default)]
    pub cursor: Option<(u16, u16)>,
}

/// All evidence for one agent's status: `swarm.explain/v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Always `swarm.explain/v1`.
    pub schema: String,
    /// The agent.
    pub agent: String,
    /// The verdict in force.
    pub verdict: crate::status::Verdict,
    /// One line per piece of evidence, the one that won first.
    pub evidence: Vec<EvidenceLine>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceLine {
    /// Where it comes from.
    pub source: crate::status::Source,
    /// The rule, event or field.
    pub rule: String,
    /// What it says, if it says a status.
    pub status: Option<crate::status::Status>,
    /// Why.
    pub reason: Option<crate::status::Reason>,
    /// The text that matched.
    pub text: String,
    /// When it was observed.
    pub at: Timestamp,
    /// Whether it decided.
    pub won: bool,
    /// What became of it: `decided`, `agrees`, `silent` or `overruled`; `null` where it was not weighed.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Why it was overruled.
    #[serde(default)]
    pub why: Option<String>,
    /// What it is remembered for, although its source has said something else since.
    #[serde(default)]
    pub kept: Option<String>,
}

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

/// What a person decided on a permission prompt: the answer to a hook that waits for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Allow it once.
    Allow,
    /// Refuse it.
    Deny {
        /// What the agent is told, and goes on with; `None` ends its turn.
        because: Option<String>,
    },
}

/// One line from a client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Absent for a notification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// One line from the monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Line {
    /// The answer to a call.
    Answer {
        /// The call's id.
        id: u64,
        /// The result.
        result: Value,
    },
    /// The refusal of a call.
    Refusal {
        /// The call's id.
        id: u64,
        /// Why.
        error: RpcError,
    },
    /// Something the client subscribed to.
    Notice(Notice),
}

/// A notification from the monitor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", content = "params", rename_all = "snake_case")]
pub enum Notice {
    /// The state changed.
    Snapshot(Box<Snapshot>),
    /// A running `up` went on.
    Progress(Progress),
}

/// A JSON-RPC error: `code` is our exit code.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RpcError {
    /// The exit code of [`Kind`].
    pub code: u8,
    /// One sentence.
    pub message: String,
    /// The mends.
    #[serde(default)]
    pub hints: Vec<String>,
}

impl From<&Error> for RpcError {
    fn from(err: &Error) -> Self {
        Self { code: err.kind().code(), message: err.to_string(), hints: err.hints().to_vec() }
    }
}

impl From<RpcError> for Error {
    fn from(err: RpcError) -> Self {
        err.hints.into_iter().fold(Self::new(Kind::from_code(err.code), err.message), Self::hint)
    }
}

/// `value` as one line of JSON-RPC.
pub fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut value =
        serde_json::to_value(value).map_err(|e| Error::failure("cannot encode a message").because(e))?;
    if let Value::Object(map) = &mut value {
        map.insert("jsonrpc".into(), "2.0".into());
    }
    let mut line =
        serde_json::to_vec(&value).map_err(|e| Error::failure("cannot encode a message").because(e))?;
    line.push(b'\n');
    Ok(line)
}

impl Request {
    /// Whether the request changes nothing.
    pub const fn is_read_only(&self) -> bool {
        matches!(
            self,
            Self::Hello(_)
                | Self::Status
                | Self::Subscribe
                | Self::Capture(_)
                | Self::Explain(_)
                | Self::Hook(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_round_trip() {
        let target = Target { swarm: "shop".parse().unwrap(), agent: "backend".parse().unwrap() };
        for request in [
            Request::Status,
            Request::Stop,
            Request::Restart(Restart { target: target.clone(), fresh: true }),
            Request::Hook(serde_json::json!({"a": 1})),
            Request::Kill(target),
        ] {
            let call = Call { id: Some(7), request };
            let line = encode(&call).unwrap();
            assert_eq!(serde_json::from_slice::<Call>(&line).unwrap(), call);
        }
    }

    #[test]
    fn errors_keep_their_exit_code_and_hints_across_the_socket() {
        let err = Error::new(Kind::Blocked, "no").hint("yes");
        let back: Error = RpcError::from(&err).into();
        assert_eq!(
            (back.kind(), back.message(), back.hints()),
            (Kind::Blocked, "no", &["yes".to_owned()][..])
        );
    }
}
