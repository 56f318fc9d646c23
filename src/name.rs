//! Names of swarms and agents: checked once, then passed around as types.
//!
//! The rule is `[a-z][a-z0-9_-]{0,31}`: tmux changes `.` and `:` in names on some versions, and a name is part of
//! file names and of the environment. `all`, `human` and `swarm` are words of the command line.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names nobody may take: they address everybody, the person, and the tool itself.
pub const RESERVED: [&str; 3] = ["all", "human", "swarm"];

/// Why a name was refused; completes "the name `x` …".
pub fn check(name: &str) -> Result<(), String> {
    check_word(name)?;
    if RESERVED.contains(&name) { Err("is reserved".into()) } else { Ok(()) }
}

/// What holds of every word that names something, reserved or not; completes "the name `x` …".
pub fn check_word(name: &str) -> Result<(), String> {
    let mut chars = name.chars();
    match chars.next() {
        None => return Err("is empty".into()),
        Some(c) if !c.is_ascii_lowercase() => return Err("must start with a letter from a to z".into()),
        Some(_) => {}
    }
    if let Some(bad) =
        chars.find(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-')))
    {
        let why = if matches!(bad, '.' | ':') { " (tmux would change it)" } else { "" };
        return Err(format!("holds `{}`{why}: only a-z, 0-9, `_` and `-` are allowed", bad.escape_default()));
    }
    if name.len() > 32 {
        return Err(format!("is {} characters long: 32 is the limit", name.len()));
    }
    Ok(())
}

macro_rules! name_type {
    ($(#[$doc:meta])* $ty:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(with = "String")]
        pub struct $ty(String);

        impl $ty {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $ty {
            type Error = String;
            fn try_from(name: String) -> Result<Self, String> {
                check(&name).map_err(|why| format!("the name `{}` {why}", name.escape_default()))?;
                Ok(Self(name))
            }
        }

        impl TryFrom<&str> for $ty {
            type Error = String;
            fn try_from(name: &str) -> Result<Self, String> {
                Self::try_from(name.to_owned())
            }
        }

        impl std::str::FromStr for $ty {
            type Err = String;
            fn from_str(name: &str) -> Result<Self, String> {
                Self::try_from(name.to_owned())
            }
        }

        impl From<$ty> for String {
            fn from(name: $ty) -> Self {
                name.0
            }
        }

        impl fmt::Display for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

name_type!(
    /// The name of a swarm, which is also the name of its tmux session.
    SwarmName
);
name_type!(
    /// The name of an agent, unique in its swarm.
    AgentName
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        for good in ["a", "backend", "api-2", "x_y", &"a".repeat(32)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "A", "1a", "a.b", "a:b", "a b", "all", "human", "swarm", "ä", &"a".repeat(33)] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
