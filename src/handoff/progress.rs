//! How far a message got, by which way, and what proves it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Need;

/// How far a message got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted; waits until the receiver is fit.
    Queued,
    /// Being typed into the receiver's pane, or being shown by `swarm inbox`, right now.
    Offered,
    /// Submitted; the receiver has not proven that it read it.
    Injected,
    /// Read: a hook, the transcript or `swarm inbox` proves it.
    Seen,
    /// The receiver said that it takes it.
    Acked,
    /// The receiver said what came of it.
    Done,
    /// Its time passed before it was read.
    Expired,
    /// It was not, or no longer, wanted.
    Refused,
    /// Given up after too many attempts; `swarm inbox --dead` lists it.
    Dead,
    /// It may have been submitted and nothing proves it: looked for before it is tried again.
    Unknown,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Queued,
        Self::Offered,
        Self::Injected,
        Self::Seen,
        Self::Acked,
        Self::Done,
        Self::Expired,
        Self::Refused,
        Self::Dead,
        Self::Unknown,
    ];

    /// The word used in JSON, in the database and in events (`handoff.seen`).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Offered => "offered",
            Self::Injected => "injected",
            Self::Seen => "seen",
            Self::Acked => "acked",
            Self::Done => "done",
            Self::Expired => "expired",
            Self::Refused => "refused",
            Self::Dead => "dead",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of its event.
    pub const fn event(self) -> &'static str {
        match self {
            Self::Queued => "handoff.queued",
            Self::Offered => "handoff.offered",
            Self::Injected => "handoff.injected",
            Self::Seen => "handoff.seen",
            Self::Acked => "handoff.acked",
            Self::Done => "handoff.done",
            Self::Expired => "handoff.expired",
            Self::Refused => "handoff.refused",
            Self::Dead => "handoff.dead",
            Self::Unknown => "handoff.unknown",
        }
    }

    /// Whether the receiver has yet to read it.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Offered | Self::Injected | Self::Unknown)
    }

    /// Whether it ended without being read.
    pub const fn is_bounced(self) -> bool {
        matches!(self, Self::Expired | Self::Refused | Self::Dead)
    }

    /// Whether a sender that needs `need` is content.
    pub fn satisfies(self, need: Need) -> bool {
        match need {
            Need::Seen => matches!(self, Self::Seen | Self::Acked | Self::Done),
            Need::Ack => matches!(self, Self::Acked | Self::Done),
            Need::Outcome => self == Self::Done,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or_else(|| format!("`{text}` is no state"))
    }
}

/// What proves a state, weakest first (designs.md, "evidence ladder").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Evidence {
    /// tmux took the keys (E1).
    Transport,
    /// The pane changed and the composer is empty again (E2).
    Screen,
    /// The agent's own status says that a turn began (E2).
    Status,
    /// The agent's hook reported the message (E3).
    Hook,
    /// The agent's transcript holds the message (E3).
    Transcript,
    /// `swarm inbox` or `swarm ack` was called by the receiver (E4).
    Inbox,
    /// A reply, or the outcome (E5).
    Outcome,
}

impl Evidence {
    /// The word used in JSON and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transport => "transport",
            Self::Screen => "screen",
            Self::Status => "status",
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::Inbox => "inbox",
            Self::Outcome => "outcome",
        }
    }

    /// Whether it proves that the receiver read what was typed (E3 and above).
    pub fn proves_reading(self) -> bool {
        self >= Self::Hook
    }
}

impl FromStr for Evidence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [
            Self::Transport,
            Self::Screen,
            Self::Status,
            Self::Hook,
            Self::Transcript,
            Self::Inbox,
            Self::Outcome,
        ]
        .into_iter()
        .find(|e| e.as_str() == text)
        .ok_or_else(|| format!("`{text}` is no evidence"))
    }
}

/// What proves how far a message got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// What kind of proof.
    pub evidence: Evidence,
    /// The hook, file or text, in one harmless line.
    pub text: String,
    /// When it was observed.
    pub at: Timestamp,
}

/// How a message reaches its receiver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A short line is typed; the receiver pulls the message. Agents that cannot run commands get it inline, fenced.
    #[default]
    Doorbell,
    /// The person's own words are typed as they are, as the person would.
    Typed,
    /// The same, also while the agent works, where the agent queues safely.
    Now,
}

impl Way {
    /// The word used in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Doorbell => "doorbell",
            Self::Typed => "typed",
            Self::Now => "now",
        }
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Doorbell, Self::Typed, Self::Now]
            .into_iter()
            .find(|w| w.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no way"))
    }
}
