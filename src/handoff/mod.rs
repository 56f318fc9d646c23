//! Handoffs: the values of `handoff/v1` and every decision about them that needs no world.
//!
//! `progress` says how far a message can get, `queue` holds what is under way and who is next, `route` says who may write to whom, `wording` how a message reads
//! in a terminal. Pure: times, ids and facts come in as arguments. Never types, stores or sends anything.

pub mod block;
pub mod brief;
pub mod file;
mod progress;
pub mod queue;
pub mod route;
pub mod said;
pub mod wording;

pub use progress::{Evidence, Proof, State, Way};

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::Address;
use crate::error::{Error, Kind as ErrorKind};
use crate::name::AgentName;

/// The schema name of [`Handoff`].
pub const SCHEMA: &str = "handoff/v1";
/// The longest body, in bytes (design.md, "Handoff/v1").
pub const MAX_BODY: usize = 256 * 1024;
/// The longest subject, in characters: one line of a terminal.
pub const MAX_SUBJECT: usize = 200;
/// Entries of each list of a message: what a person still reads.
pub const MAX_LIST: usize = 100;

/// Who wrote a message: an agent, the person, or swarm itself (a notice).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Party {
    /// An agent of the swarm.
    Agent(AgentName),
    /// The person.
    Human,
    /// swarm itself.
    Swarm,
}

impl FromStr for Party {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "human" => Ok(Self::Human),
            "swarm" => Ok(Self::Swarm),
            _ => AgentName::try_from(text).map(Self::Agent),
        }
    }
}

impl TryFrom<String> for Party {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Party> for String {
    fn from(party: Party) -> Self {
        party.to_string()
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(name) => f.pad(name.as_str()),
            Self::Human => f.pad("human"),
            Self::Swarm => f.pad("swarm"),
        }
    }
}

/// What a message is.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Work goes over to the receiver.
    #[default]
    Handoff,
    /// Something to know.
    Message,
    /// Something to answer; the sender waits.
    Question,
    /// The answer to another message.
    Reply,
    /// Something to do, from a queue of tasks.
    Task,
}

impl Kind {
    /// The word used in JSON and on screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Handoff => "handoff",
            Self::Message => "message",
            Self::Question => "question",
            Self::Reply => "reply",
            Self::Task => "task",
        }
    }
}

/// How far a message must get before its sender is content.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Need {
    /// The receiver has read it.
    #[default]
    Seen,
    /// The receiver said that it takes it.
    Ack,
    /// The receiver said what came of it; the sender waits for that.
    Outcome,
}

impl Need {
    /// The word used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Ack => "ack",
            Self::Outcome => "outcome",
        }
    }
}

/// Where the work stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Context {
    /// What is done.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub completed: Vec<String>,
    /// What comes next.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub next_steps: Vec<String>,
    /// What is in the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub blockers: Vec<String>,
    /// Anything else.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// A file that belongs to a message; it stays where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Artifact {
    /// Where it is.
    pub path: String,
    /// SHA-256 of its content when the message was written, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Where the work is in git.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Git {
    /// The branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The commit it started from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Its last commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
}

/// What a sender writes: a `handoff/v1` without what swarm adds (id, sender, time). Unknown keys are ignored, so that
/// a whole `handoff/v1` may be given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Draft {
    /// Whom it is for: an agent, `@role` (one of that role takes it) or `human`.
    #[schemars(with = "String")]
    pub to: Address,
    /// What it is.
    #[serde(default)]
    pub kind: Kind,
    /// One line that says what it is about.
    #[serde(default)]
    pub subject: String,
    /// The text, at most 256 KiB.
    #[serde(default)]
    pub body: String,
    /// A second message of the same sender with this key is the first one again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idem_key: Option<String>,
    /// The conversation it belongs to; a reply inherits it, another message starts one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The message it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// When it is of no use any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// 1 (first) to 5 (last); 3 where not given.
    #[serde(default = "normal_priority")]
    #[schemars(range(min = 1, max = 5))]
    pub priority: u8,
    /// Where the work stands.
    #[serde(default)]
    pub context: Context,
    /// Files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// Where the work is in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Git>,
    /// How far it must get.
    #[serde(default)]
    pub need: Need,
}

const fn normal_priority() -> u8 {
    3
}

impl Draft {
    /// A plain message.
    pub fn new(to: Address, subject: impl Into<String>, body: impl Into<String>) -> Self {
        Self {
            to,
            kind: Kind::Handoff,
            subject: subject.into(),
            body: body.into(),
            idem_key: None,
            thread: None,
            reply_to: None,
            expires: None,
            priority: normal_priority(),
            context: Context::default(),
            artifacts: Vec::new(),
            git: None,
            need: Need::Seen,
        }
    }

    /// Refuses what no receiver could use. Text is not changed: it is made harmless where it is shown.
    pub fn check(&self) -> Result<(), Error> {
        let wrong = |what: String| Err(Error::new(ErrorKind::Usage, what));
        if self.body.len() > MAX_BODY {
            return Err(Error::new(
                ErrorKind::Usage,
                format!("the body has {} bytes: {MAX_BODY} is the limit", self.body.len()),
            )
            .hint("put it into a file and name that in `artifacts`"));
        }
        if self.subject.trim().is_empty() && self.body.trim().is_empty() {
            return wrong("the message is empty: it needs a subject or a body".into());
        }
        if self.subject.chars().count() > MAX_SUBJECT || self.subject.contains(['\n', '\r']) {
            return wrong(format!("the subject must be one line of at most {MAX_SUBJECT} characters"));
        }
        if !(1..=5).contains(&self.priority) {
            return wrong(format!("the priority {} is not from 1 (first) to 5 (last)", self.priority));
        }
        let Context { completed, next_steps, blockers, notes } = &self.context;
        let listed = [completed.len(), next_steps.len(), blockers.len(), self.artifacts.len()];
        if listed.iter().any(|n| *n > MAX_LIST) {
            return wrong(format!("a list of the message has more than {MAX_LIST} entries"));
        }
        let texts = completed.iter().chain(next_steps).chain(blockers).map(String::len).sum::<usize>();
        if texts + notes.len() > MAX_BODY {
            return wrong(format!("`context` has more than {MAX_BODY} bytes"));
        }
        if self.to == Address::All {
            return wrong(
                "a handoff goes to one agent or to one of a role; `swarm send --all` tells all".into(),
            );
        }
        for (name, id) in
            [("idem_key", &self.idem_key), ("thread", &self.thread), ("reply_to", &self.reply_to)]
        {
            if id
                .as_ref()
                .is_some_and(|id| id.is_empty() || id.len() > 200 || id.chars().any(char::is_control))
            {
                return wrong(format!(
                    "`{name}` must have 1 to 200 characters and none that control a terminal"
                ));
            }
        }
        Ok(())
    }
}

/// A message: `handoff/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Handoff {
    /// Always `handoff/v1`.
    pub schema: String,
    /// Its id: 26 characters that sort by time (a ULID).
    pub id: String,
    /// Who wrote it: an agent's name, `human` or `swarm`.
    pub from: Party,
    /// When it was accepted.
    pub created: Timestamp,
    /// What the sender wrote; `thread` is always set.
    #[serde(flatten)]
    pub draft: Draft,
}

impl Handoff {
    /// The short name of a message that people and agents type: the end of its id.
    pub fn nonce(&self) -> &str {
        nonce(&self.id)
    }

    /// The conversation it belongs to.
    pub fn thread(&self) -> &str {
        self.draft.thread.as_deref().unwrap_or(&self.id)
    }

    /// What it is about, in one harmless line.
    pub fn title(&self) -> String {
        let subject = self.draft.subject.trim();
        let text =
            if subject.is_empty() { self.draft.body.trim().lines().next().unwrap_or("") } else { subject };
        crate::text::clip(&crate::text::one_line(text), 80)
    }

    /// Whether its sender goes on only when the receiver has done something.
    pub fn is_waited_for(&self) -> bool {
        self.draft.need == Need::Outcome || self.draft.kind == Kind::Question
    }
}

/// The short name of the message with this id.
pub fn nonce(id: &str) -> &str {
    // Six characters of the random part: 30 bits, unique among what one receiver has pending.
    id.get(id.len().saturating_sub(6)..).unwrap_or(id)
}

/// A ULID: the milliseconds of `at` and 80 bits of `random`, in Crockford's base 32.
pub fn ulid(at: Timestamp, random: u128) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let time = u128::from(u64::try_from(at.as_millisecond()).unwrap_or(0) & ((1 << 48) - 1));
    let value = time << 80 | (random & ((1 << 80) - 1));
    (0..26).rev().map(|n| char::from(DIGITS[(value >> (5 * n) & 31) as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_are_26_characters() {
        let at = |s: i64| Timestamp::from_second(1_800_000_000 + s).unwrap();
        let (a, b) = (ulid(at(0), u128::MAX), ulid(at(1), 0));
        assert_eq!((a.len(), b.len()), (26, 26));
        assert!(a < b, "{a} {b}");
        assert_eq!(nonce(&a), "ZZZZZZ");
    }

    #[test]
    fn a_whole_handoff_reads_as_a_draft_again() {
        let mut draft = Draft::new("@reviewer".parse().unwrap(), "look", "at this");
        draft.thread = Some("t".into());
        let handoff = Handoff {
            schema: SCHEMA.into(),
            id: ulid(Timestamp::UNIX_EPOCH, 7),
            from: Party::Human,
            created: Timestamp::UNIX_EPOCH,
            draft: draft.clone(),
        };
        let json = serde_json::to_string(&handoff).unwrap();
        assert_eq!(serde_json::from_str::<Draft>(&json).unwrap(), draft);
        assert_eq!(serde_json::from_str::<Handoff>(&json).unwrap(), handoff);
        let short: Draft = serde_json::from_str(r#"{"to":"backend","subject":"x"}"#).unwrap();
        assert_eq!((short.priority, short.kind, short.need), (3, Kind::Handoff, Need::Seen));
    }

    #[test]
    fn drafts_no_receiver_could_use_are_refused() {
        let good = Draft::new("backend".parse().unwrap(), "s", "b");
        assert!(good.check().is_ok());
        let bad: [fn(&mut Draft); 8] = [
            |d| d.body = "x".repeat(MAX_BODY + 1),
            |d| (d.subject, d.body) = (" ".into(), "\n".into()),
            |d| d.subject = "a\nb".into(),
            |d| d.priority = 0,
            |d| d.priority = 6,
            |d| d.to = Address::All,
            |d| d.idem_key = Some(String::new()),
            |d| d.thread = Some("\x1b[31m".into()),
        ];
        for (n, spoil) in bad.into_iter().enumerate() {
            let mut draft = good.clone();
            spoil(&mut draft);
            assert!(draft.check().is_err(), "{n}");
        }
    }

    #[test]
    fn words_round_trip() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
            assert_eq!(state.event(), format!("handoff.{state}"));
        }
    }
}
