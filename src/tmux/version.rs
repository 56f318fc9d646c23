//! tmux versions, and the oldest one that works.

use std::fmt;

use crate::error::{Error, Kind, Result};

/// A tmux version as `tmux -V` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    number: Option<(u32, u32)>,
    text: String,
}

impl Version {
    /// The oldest version that has what we need: `pause-after`, `new-session -e`, client flags (2021).
    pub const OLDEST: (u32, u32) = (3, 2);

    /// Reads `tmux 3.3a`, `tmux next-3.8`, `tmux 3.5a-1+b1`; `tmux master` and `openbsd-7.6` have no number of their own.
    pub fn parse(output: &str) -> Self {
        let text = output.trim().strip_prefix("tmux ").unwrap_or(output.trim()).to_owned();
        let plain = text.strip_prefix("next-").unwrap_or(&text);
        let number = plain.split_once('.').and_then(|(major, rest)| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            Some((major.parse().ok()?, rest[..end].parse().ok()?))
        });
        Self { number, text }
    }

    /// At least this version. Builds without a number are taken for newer than any release.
    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        self.number.is_none_or(|number| number >= (major, minor))
    }

    /// An error with the mend when this version is too old.
    pub fn check(&self) -> Result<()> {
        let (major, minor) = Self::OLDEST;
        if self.at_least(major, minor) {
            return Ok(());
        }
        Err(Error::new(Kind::Tmux, format!("tmux {self} is too old: {major}.{minor} or newer is needed"))
            .hint("install a newer tmux, or name one with SWARM_TMUX=/path/to/tmux"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::text::one_line(&self.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_versions_are_refused_with_a_mend() {
        for old in ["tmux 3.1c", "tmux 2.9a", "tmux 1.8"] {
            let error = Version::parse(old).check().unwrap_err();
            assert_eq!(error.kind(), Kind::Tmux);
            assert!(!error.hints().is_empty());
        }
        for fine in
            ["tmux 3.2a\n", "tmux 3.3a", "tmux 3.10", "tmux next-3.8", "tmux master", "tmux openbsd-7.6"]
        {
            Version::parse(fine).check().unwrap();
        }
        assert_eq!(Version::parse("tmux 3.3a\n").to_string(), "3.3a");
        assert!(!Version::parse("tmux 3.3a").at_least(3, 7));
    }
}
