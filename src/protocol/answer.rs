//! Answers to prompts, and what a person types: requests about what is on an agent's screen now.

use serde::{Deserialize, Serialize};

use crate::snapshot::AgentView;

use super::{Sent, Target};

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
    /// With [`Choice::Deny`]: what the agent is told, with the answer or by a message after it.
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

/// What came of an [`Answer`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// What was asked.
    pub answered: String,
    /// How: `hook` or `keys`.
    pub by: String,
    /// The agent was told why, with the answer.
    pub told: bool,
    /// Its status by its screen, after that.
    pub now: crate::status::Status,
    /// What became of the reason that could not be told with the answer.
    #[serde(default)]
    pub message: Option<Sent>,
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
