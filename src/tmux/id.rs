//! tmux's own ids as distinct types: `$1`, `@2`, `%3`.
//!
//! Ids are the only targets this crate uses. Indexes move with `base-index` and `renumber-windows`, names are matched by
//! prefix; an id names one thing for the life of the server.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The text was not an id of this kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseIdError {
    sigil: char,
    text: String,
}

impl fmt::Display for ParseIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not a tmux id like `{}3`", crate::text::one_line(&self.text), self.sigil)
    }
}

impl std::error::Error for ParseIdError {}

fn parse(sigil: char, text: &str) -> Result<u32, ParseIdError> {
    text.strip_prefix(sigil)
        .filter(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| ParseIdError { sigil, text: text.to_owned() })
}

macro_rules! id {
    ($name:ident, $sigil:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The id in the bytes that tmux wrote; `None` when they are anything else.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                std::str::from_utf8(bytes).ok()?.parse().ok()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $sigil, self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse($sigil, text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

id!(SessionId, '$', "A tmux session, `$1`.");
id!(WindowId, '@', "A tmux window, `@2`.");
id!(PaneId, '%', "A tmux pane, `%3`.");

/// What a command acts on: always an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A session, or its current window or pane where the command wants one of those.
    Session(SessionId),
    /// A window, or its active pane where the command wants a pane.
    Window(WindowId),
    /// A pane, or the window that holds it.
    Pane(PaneId),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(id) => id.fmt(f),
            Self::Window(id) => id.fmt(f),
            Self::Pane(id) => id.fmt(f),
        }
    }
}

impl From<SessionId> for Target {
    fn from(id: SessionId) -> Self {
        Self::Session(id)
    }
}

impl From<WindowId> for Target {
    fn from(id: WindowId) -> Self {
        Self::Window(id)
    }
}

impl From<PaneId> for Target {
    fn from(id: PaneId) -> Self {
        Self::Pane(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_and_write_as_tmux_does() {
        assert_eq!("%12".parse(), Ok(PaneId(12)));
        assert_eq!(PaneId(12).to_string(), "%12");
        assert_eq!(serde_json::to_string(&SessionId(3)).unwrap(), "\"$3\"");
        assert_eq!(serde_json::from_str::<WindowId>("\"@7\"").unwrap(), WindowId(7));
        assert_eq!(Target::from(WindowId(4)).to_string(), "@4");
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "%", "12", "@1", "%-1", "%+1", "% 1", "%1 ", "%99999999999"] {
            assert!(text.parse::<PaneId>().is_err(), "{text:?}");
        }
        assert!(serde_json::from_str::<PaneId>("\"$1\"").is_err());
    }
}
