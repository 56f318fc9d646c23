//! How far each source of evidence is believed: data that a profile may carry as `[fusion]`.
//!
//! Values only. What is done with them is decided in `observe::fuse`.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::Source;

/// How the evidence about one kind of agent is weighed. The defaults fit an agent about which nothing special is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FusionPolicy {
    /// Which source decides between working and resting, strongest first; a source that is not listed never decides.
    pub precedence: Vec<Source>,
    /// Milliseconds a lone source must have said "not working" before `working` is left. A second source that agrees
    /// makes it immediate.
    pub confirm_leave_working_ms: u64,
    /// Milliseconds after a hook or transcript event in which the screen and the status file may still show what was
    /// before it. Measured for Claude Code: 40 ms (status file), 100–370 ms (prompt painted).
    pub grace_ms: u64,
    /// Milliseconds without any output after which a spinner on the screen is taken for a leftover when a structured
    /// source says that the agent rests. Live spinners of all recorded agents change at least once a second.
    pub spinner_stale_ms: u64,
    /// Milliseconds after which a hook's or transcript's "working" proves nothing any more unless something else, such
    /// as the screen, supports it. Long tools fire no hook for many minutes.
    pub working_stale_ms: u64,
    /// Milliseconds after which background work that a hook reported is no longer believed.
    pub background_stale_ms: u64,
    /// Whether a title alone may prove `idle`. Gemini's says "Ready" while a trust dialog is open.
    pub title_proves_idle: bool,
    /// Programs through which the agent's own screen is seen: with one of them in the foreground the screen is
    /// believed, as with `ssh host` and a nested tmux.
    pub carriers: Vec<String>,
}

impl Default for FusionPolicy {
    fn default() -> Self {
        use Source::{Hook, Osc, Screen, StatusFile, Title, Transcript};
        Self {
            precedence: vec![Osc, StatusFile, Hook, Screen, Title, Transcript],
            confirm_leave_working_ms: 1_000,
            grace_ms: 600,
            spinner_stale_ms: 5_000,
            working_stale_ms: 30 * 60_000,
            background_stale_ms: 60 * 60_000,
            title_proves_idle: false,
            carriers: [
                "ssh",
                "mosh-client",
                "et",
                "tmux",
                "screen",
                "zellij",
                "docker",
                "podman",
                "kubectl",
                "nerdctl",
                "distrobox",
                "toolbox",
                "sudo",
                "doas",
                "su",
                "script",
                "nix",
                "direnv",
                "npx",
                "uvx",
            ]
            .map(str::to_owned)
            .to_vec(),
        }
    }
}

impl FusionPolicy {
    /// See [`Self::confirm_leave_working_ms`].
    pub fn confirm(&self) -> SignedDuration {
        millis(self.confirm_leave_working_ms)
    }

    /// See [`Self::grace_ms`].
    pub fn grace(&self) -> SignedDuration {
        millis(self.grace_ms)
    }

    /// See [`Self::spinner_stale_ms`].
    pub fn spinner_stale(&self) -> SignedDuration {
        millis(self.spinner_stale_ms)
    }

    /// See [`Self::working_stale_ms`].
    pub fn working_stale(&self) -> SignedDuration {
        millis(self.working_stale_ms)
    }

    /// See [`Self::background_stale_ms`].
    pub fn background_stale(&self) -> SignedDuration {
        millis(self.background_stale_ms)
    }

    /// The place of `source` in the precedence; `None` when it never decides.
    pub fn rank(&self, source: Source) -> Option<usize> {
        self.precedence.iter().position(|s| *s == source)
    }
}

/// A file may say any number; a day is as good as for ever.
fn millis(ms: u64) -> SignedDuration {
    SignedDuration::from_millis(i64::try_from(ms).unwrap_or(i64::MAX).min(86_400_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_only_what_differs() {
        let policy: FusionPolicy =
            toml::from_str("precedence = [\"hook\", \"screen\"]\nconfirm_leave_working_ms = 250").unwrap();
        assert_eq!(policy.precedence, [Source::Hook, Source::Screen]);
        assert_eq!(policy.confirm(), SignedDuration::from_millis(250));
        assert_eq!(policy.grace(), FusionPolicy::default().grace());
        assert!(toml::from_str::<FusionPolicy>("precedense = []").is_err());
    }

    #[test]
    fn absurd_durations_are_cut_to_a_day() {
        let policy = FusionPolicy { grace_ms: u64::MAX, ..FusionPolicy::default() };
        assert_eq!(policy.grace(), SignedDuration::from_hours(24));
    }
}
