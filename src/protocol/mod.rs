//! What clients and the monitor say to each other: JSON-RPC 2.0, one object per line, over a Unix socket.
//!
//! Values only. The protocol has a number; a client of another number replaces an older monitor (its state rebuilds)
//! and refuses a newer one.

mod act;
mod answer;
mod look;
mod mail;

pub use act::{
    Add, Adopt, Down, ExtendBudget, Hold, Jump, Progress, Rename, Restart, Step, Target, Up, UpReport,
};
pub use answer::{Answer, Answered, Choice, Decision, Prompt, Type, Typed};
pub use look::{Capture, EvidenceLine, Explanation};
pub use mail::{
    Accepted, AckRequest, HandOver, HandedOver, HandoffRequest, INBOX_SCHEMA, InboxReply, InboxRequest,
    InboxWhat, Letter, LetterAct, LetterRequest, Receipt, ReceiptsRequest, SendText, Sent, ShownRequest,
};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::name::SwarmName;
use crate::snapshot::Snapshot;

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
