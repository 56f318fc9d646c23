//! What the overview and the rest of the program say to each other: values only.
//!
//! The overview never speaks to tmux or the store. It is told ([`Update`]) and it asks ([`Request`]); whoever wires it
//! (the command line) carries both over the monitor's socket.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::app::Drafts;
use super::keymap::Keymap;
use super::theme::Theme;
use crate::protocol::Typed;
use crate::snapshot::{AgentView, Snapshot};

/// One agent of one swarm, by name: what the selection, the marks and every request refer to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentRef {
    /// The swarm's name.
    pub swarm: String,
    /// The agent's name.
    pub agent: String,
}

impl AgentRef {
    /// The agent `agent` of the swarm `swarm`.
    pub fn new(swarm: impl Into<String>, agent: impl Into<String>) -> Self {
        Self { swarm: swarm.into(), agent: agent.into() }
    }
}

/// One message of one swarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterRef {
    /// The swarm's name.
    pub swarm: String,
    /// The message's id.
    pub id: String,
}

/// What the person saw when they answered: whoever acts reads the prompt again and refuses when it is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asked {
    /// The incarnation of the agent that asked.
    pub instance: Option<Box<str>>,
    /// Since when it waits: one that was answered and asks again waits anew.
    pub since: Timestamp,
    /// What was asked; `None` while it was not read yet.
    pub question: Option<String>,
    /// What that is about; where nothing was read, the text of the proof that was shown instead.
    pub text: String,
    /// The choices that were shown.
    pub options: Vec<String>,
    /// What stands for all that the prompt said.
    pub prompt: Option<Box<str>>,
}

impl Asked {
    /// What `agent` asks at this moment.
    pub fn of(agent: &AgentView) -> Self {
        Self {
            instance: agent.instance.as_deref().map(Into::into),
            since: agent.since,
            question: agent.question.clone(),
            text: match (&agent.question, &agent.proof) {
                (None, Some(proof)) => proof.text.clone(),
                _ => agent.subject.clone().unwrap_or_default(),
            },
            options: agent.options.clone(),
            prompt: agent.prompt.as_deref().map(Into::into),
        }
    }
}

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventView {
    /// When it happened.
    pub at: Timestamp,
    /// Whom it is about.
    pub agent: AgentRef,
    /// What it is, e.g. `agent.status`.
    pub kind: String,
    /// One sentence for the person.
    pub text: String,
}

/// What the overview is told.
#[derive(Debug, Clone)]
pub enum Update {
    /// Everything the monitor knows now.
    Snapshot(Arc<Snapshot>),
    /// The screen of the agent last asked for with [`Request::Watch`].
    Preview {
        /// Whose screen.
        agent: AgentRef,
        /// The `screen_rev` it belongs to.
        rev: u64,
        /// What `capture-pane -e -p` printed.
        ansi: Vec<u8>,
        /// Columns of the pane.
        width: u16,
        /// Rows of the pane.
        height: u16,
        /// Where its cursor is, where it shows one: column and row, from 0.
        cursor: Option<(u16, u16)>,
    },
    /// What became of a request.
    Outcome {
        /// One sentence.
        text: String,
        /// Whether it did not happen.
        failed: bool,
    },
    /// What was typed into this agent's pane has not arrived, nor will what was typed since.
    Untyped {
        /// Whose pane.
        agent: AgentRef,
        /// Why.
        text: String,
    },
    /// The answer to [`Request::Explain`].
    Explained {
        /// Who was explained.
        agent: AgentRef,
        /// All evidence and the rule that won, as `swarm explain` prints it.
        text: String,
    },
    /// The answer to [`Request::Events`], oldest first; replaces what was there.
    Events(Vec<EventView>),
    /// The text of a message, as it was asked for with [`Request::Read`].
    Letter {
        /// Which.
        id: String,
        /// What it says.
        text: String,
    },
    /// What the windows are called, by id: the answer to [`Request::Windows`].
    Windows(Vec<(String, String)>),
    /// The monitor cannot be reached: what is shown grows old until the next snapshot.
    Disconnected(String),
}

/// What the overview asks for. Nothing here has been decided by the overview: the monitor checks everything again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Send previews of this agent, and of no other.
    Watch(Option<AgentRef>),
    /// Select the agent's pane in the person's client.
    Jump(AgentRef),
    /// End the agent.
    Kill(AgentRef),
    /// End an idle agent until it is wanted again.
    Hibernate(AgentRef),
    /// Start an agent that sleeps.
    Wake(AgentRef),
    /// End the agent and start it again.
    Restart {
        /// Whom.
        agent: AgentRef,
        /// Without its conversation.
        fresh: bool,
    },
    /// Stop what a proven `working` agent does, with its profile's key.
    Interrupt(AgentRef),
    /// Answer the prompt: the profile's approval, or the n-th choice.
    Approve {
        /// Whom.
        agent: AgentRef,
        /// Which choice, from 0; `None` for the profile's way to approve.
        choice: Option<usize>,
        /// What the person saw.
        asked: Asked,
    },
    /// Answer the prompt with the profile's refusal.
    Deny {
        /// Whom.
        agent: AgentRef,
        /// What the person saw.
        asked: Asked,
        /// What the agent is told.
        because: Option<String>,
    },
    /// Hand this text to each of these agents when it is fit to take it.
    Send {
        /// To whom.
        to: Vec<AgentRef>,
        /// The text.
        text: String,
        /// `{agent}` and `{role}` in it stand for each of them.
        fill: bool,
    },
    /// Hand the work of an agent over to somebody, in that agent's name.
    HandOver {
        /// Whose work.
        from: AgentRef,
        /// To whom: an agent, `@role` or `human`.
        to: String,
        /// One line that says what it is about.
        subject: String,
        /// The text.
        body: String,
    },
    /// Say what a message says.
    Read(LetterRef),
    /// Deliver a dead letter again.
    Retry(LetterRef),
    /// Never deliver a message.
    Drop(LetterRef),
    /// Type into the agent's pane what the person types. Nothing asks whether it could be done.
    Type {
        /// Whom.
        agent: AgentRef,
        /// What.
        keys: Vec<Typed>,
    },
    /// Open a window with a shell in the agent's directory.
    Directory(AgentRef),
    /// Open a window that shows what changed in the agent's directory.
    Diff(AgentRef),
    /// Put the agent's pane into this window (`@3`); `None` for one of its own.
    Move {
        /// Whose pane.
        agent: AgentRef,
        /// Where to.
        window: Option<String>,
    },
    /// Say what the windows are called.
    Windows,
    /// Stop dispatch to the agent.
    Hold(AgentRef),
    /// Start dispatch again.
    Resume(AgentRef),
    /// Add an agent to a swarm that runs.
    Add {
        /// To which swarm.
        swarm: String,
        /// The new agent's name, already checked.
        name: String,
        /// Its profile; `None` for the swarm's default.
        profile: Option<String>,
        /// Its directory; `None` for the swarm's own.
        directory: Option<String>,
    },
    /// Give the agent another name.
    Rename {
        /// Whom.
        agent: AgentRef,
        /// The name, already checked.
        name: String,
    },
    /// Take the agent out of its swarm, ending it.
    Remove(AgentRef),
    /// Say how its status was decided.
    Explain(AgentRef),
    /// List what happened to it.
    Events(AgentRef),
    /// The person looked at it: clears `attention`.
    Seen(AgentRef),
}

/// How the overview ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exit {
    /// The person left.
    Quit,
    /// The person wants to be at this agent's pane (only with [`JumpBy::Leaving`]).
    Jump(AgentRef, Box<Kept>),
}

/// What an overview that makes room for a pane leaves to the next one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// What was typed and not sent.
    pub drafts: Drafts,
    /// Messages sent, oldest first.
    pub history: Vec<String>,
    /// Who is marked.
    pub marks: BTreeSet<AgentRef>,
}

/// What `Enter` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JumpBy {
    /// Ask for it and stay: the overview has a window of its own.
    #[default]
    Asking,
    /// End with [`Exit::Jump`]: in a popup, or outside tmux, where the caller attaches and then starts us again.
    Leaving,
}

/// How the list and the preview share the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Arrangement {
    /// Rows, unless many agents on a wide screen ask for a sidebar.
    #[default]
    Auto,
    /// The list above the preview.
    Rows,
    /// The list as a sidebar left of the preview.
    Sidebar,
}

/// What the overview is started with.
#[derive(Debug, Clone)]
pub struct Options {
    /// Show this swarm only.
    pub swarm: Option<String>,
    /// Start with this agent selected.
    pub selected: Option<AgentRef>,
    /// What the last one left.
    pub kept: Kept,
    /// What `Enter` does.
    pub jump: JumpBy,
    /// How list and preview share the screen.
    pub arrangement: Arrangement,
    /// Which key does what.
    pub keymap: Keymap,
    /// Colours and icons.
    pub theme: Theme,
    /// The zone in which times of day are shown.
    pub zone: TimeZone,
    /// What time it is.
    pub clock: fn() -> Timestamp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            swarm: None,
            selected: None,
            kept: Kept::default(),
            jump: JumpBy::default(),
            arrangement: Arrangement::default(),
            keymap: Keymap::default(),
            theme: Theme::default(),
            zone: TimeZone::UTC,
            clock: system_clock,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the overview shows ages, so it needs the wall clock; tests pass their own"
)]
fn system_clock() -> Timestamp {
    Timestamp::now()
}
