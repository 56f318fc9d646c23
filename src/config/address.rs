//! Whom a message may go to, or come from, as the swarm file and the command line spell it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::{self, AgentName};

/// A sender or receiver: `backend`, `@reviewer`, `human` or `all`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub enum Address {
    /// One agent of the swarm.
    Agent(AgentName),
    /// Every agent that has this role (`@reviewer`).
    Role(String),
    /// The person.
    Human,
    /// Every agent of the swarm.
    All,
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "human" => Ok(Self::Human),
            "all" => Ok(Self::All),
            _ => match text.strip_prefix('@') {
                Some(role) => check_role(role).map(|()| Self::Role(role.to_owned())),
                None => AgentName::try_from(text).map(Self::Agent),
            },
        }
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.to_string()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(name) => f.pad(name.as_str()),
            Self::Role(role) => f.pad(&format!("@{role}")),
            Self::Human => f.pad("human"),
            Self::All => f.pad("all"),
        }
    }
}

/// Role names follow the rule of agent names, so that `@role` reads the same everywhere.
pub fn check_role(role: &str) -> Result<(), String> {
    name::check(role).map_err(|why| format!("the role name `{}` {why}", role.escape_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_written() {
        for text in ["backend", "@reviewer", "human", "all"] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            let json = serde_json::to_string(&address).unwrap();
            assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
        for text in ["", "@", "@A", "swarm", "a b", "@all"] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
