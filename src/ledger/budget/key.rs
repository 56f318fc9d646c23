//! Whom a budget is for and for how long it counts, and how that is written.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whom a budget is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// One agent by name.
    Agent(String),
    /// Every agent of a role together.
    Role(String),
    /// The whole swarm.
    Swarm,
}

/// For how long a budget counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stretch {
    /// One turn.
    Turn,
    /// One task.
    Task,
    /// One calendar day.
    Day,
    /// Since `swarm up`.
    Total,
}

impl Scope {
    /// Reads what `Display` writes: `swarm`, `@role` or an agent's name.
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix('@') {
            Some(role) => Self::Role(role.to_owned()),
            None if text == "swarm" => Self::Swarm,
            None => Self::Agent(text.to_owned()),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(name) => f.pad(name),
            Self::Role(role) => f.pad(&format!("@{role}")),
            Self::Swarm => f.pad("swarm"),
        }
    }
}

impl Stretch {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Turn, Self::Task, Self::Day, Self::Total];

    /// The word used in JSON, in the store and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Turn => "turn",
            Self::Task => "task",
            Self::Day => "day",
            Self::Total => "total",
        }
    }
}

impl std::str::FromStr for Stretch {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == word)
            .ok_or_else(|| format!("`{word}` is none of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// One budget.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Whom it is for.
    pub scope: Scope,
    /// For how long it counts.
    pub stretch: Stretch,
}

/// `swarm per day`, `@coder in total`, `backend per turn`.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stretch {
            Stretch::Total => write!(f, "{} in total", self.scope),
            stretch => write!(f, "{} per {}", self.scope, stretch.as_str()),
        }
    }
}
