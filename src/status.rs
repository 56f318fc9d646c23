//! The vocabulary of status: what an agent is doing, why we think so, and what proves it.
//!
//! Values only: nothing here looks at a pane, a file or a clock.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent is doing. `Unknown` is an honest answer: there is no proof of anything else.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The process runs and has not shown its composer yet.
    Starting,
    /// Ready for the next message.
    Idle,
    /// Busy: thinking, streaming, running a tool.
    Working,
    /// Blocked on a person: a permission, a question, a dialog.
    Waiting,
    /// Stopped by a usage limit until a reset.
    Limited,
    /// The turn ended in an error.
    Error,
    /// The agent's process is gone.
    Exited,
    /// No proof.
    #[default]
    Unknown,
}

impl Status {
    /// Every status, in the order above.
    pub const ALL: [Self; 8] = [
        Self::Starting,
        Self::Idle,
        Self::Working,
        Self::Waiting,
        Self::Limited,
        Self::Error,
        Self::Exited,
        Self::Unknown,
    ];

    /// The word used in JSON, on the command line and in rules.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Idle => "idle",
            Self::Working => "working",
            Self::Waiting => "waiting",
            Self::Limited => "limited",
            Self::Error => "error",
            Self::Exited => "exited",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == word)
            .ok_or_else(|| format!("`{word}` is no status: {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

/// Why an agent is in its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Waiting: a tool call wants an approval.
    Permission,
    /// Waiting: the agent asked the person something.
    Question,
    /// Waiting: a dialog, menu or picker covers the composer (trust, login, theme, model, …).
    Dialog,
    /// Working: the turn is over, but a background shell or subagent will wake the agent.
    Background,
    /// Working: the context is being compacted.
    Compacting,
    /// Working: the API failed and the agent retries by itself.
    Retrying,
    /// Waiting or error: credentials are missing or refused.
    Auth,
    /// Limited: a usage limit with a reset time.
    UsageLimit,
    /// Error: the API answered with an error.
    Api,
    /// Error: the context window is full.
    ContextFull,
    /// Exited: ended by itself with status 0.
    Finished,
    /// Exited: ended with another status, or by a signal.
    Crashed,
    /// Exited: ended because swarm was told to end it.
    Stopped,
    /// Exited: put to sleep while it was idle; it is woken with its conversation.
    Asleep,
    /// Exited: the agent is gone and a shell holds the pane.
    Shell,
    /// Exited: crashed too often in a row; swarm no longer restarts it.
    CrashLoop,
    /// Unknown: the pane or the tmux server is gone.
    Lost,
}

impl Reason {
    /// The word used in JSON and in rules.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Permission => "permission",
            Self::Question => "question",
            Self::Dialog => "dialog",
            Self::Background => "background",
            Self::Compacting => "compacting",
            Self::Retrying => "retrying",
            Self::Auth => "auth",
            Self::UsageLimit => "usage_limit",
            Self::Api => "api",
            Self::ContextFull => "context_full",
            Self::Finished => "finished",
            Self::Crashed => "crashed",
            Self::Stopped => "stopped",
            Self::Asleep => "asleep",
            Self::Shell => "shell",
            Self::CrashLoop => "crash_loop",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The pane's process: alive, dead, or replaced by another.
    Process,
    /// A state sequence the agent writes to its terminal (OSC 7501).
    Osc,
    /// A status file the agent keeps.
    StatusFile,
    /// A hook the agent calls.
    Hook,
    /// The agent's transcript.
    Transcript,
    /// The statusline payload the agent prints.
    Statusline,
    /// The pane's title.
    Title,
    /// The visible screen.
    Screen,
    /// swarm itself (it started or ended the agent).
    Swarm,
}

impl Source {
    /// The word used in JSON and in profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Osc => "osc",
            Self::StatusFile => "status_file",
            Self::Hook => "hook",
            Self::Transcript => "transcript",
            Self::Statusline => "statusline",
            Self::Title => "title",
            Self::Screen => "screen",
            Self::Swarm => "swarm",
        }
    }

    /// A rule of this source without the source's name, which some rules begin with.
    pub fn bare(self, rule: &str) -> &str {
        rule.strip_prefix(self.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(rule)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What proves a status: shown by `swarm explain` and in `status --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Where the evidence came from.
    pub source: Source,
    /// The rule, event or field that decided, e.g. `screen:permission` or `hook:Stop`.
    pub rule: String,
    /// The text that matched, made harmless and cut to one line; empty where there is none.
    pub text: String,
    /// When the evidence was observed.
    pub at: Timestamp,
}

impl Proof {
    /// Source and rule in one word, `screen:trust` or `hook:Stop`: some rules name their source themselves.
    pub fn origin(&self) -> String {
        format!("{}:{}", self.source, self.source.bare(&self.rule))
    }
}

/// A status with its reason and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// What the agent is doing.
    pub status: Status,
    /// Why.
    pub reason: Option<Reason>,
    /// Until when, for `limited` and `retrying`, where the agent says so.
    pub until: Option<Timestamp>,
    /// What proves it; `None` only for `unknown` and `starting`.
    pub proof: Option<Proof>,
}

impl Verdict {
    /// No proof of anything.
    pub const UNKNOWN: Self = Self { status: Status::Unknown, reason: None, until: None, proof: None };
}

/// Something happened that a person has not looked at yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Attention {
    /// The agent finished a turn.
    Finished,
    /// The agent failed or is gone.
    Failed,
    /// The agent asks.
    Asks,
}

/// How full the context window is. `None` is "not known", never 0.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ContextUsage {
    /// Tokens in the last main-chain request: input + cache read + cache write.
    pub used: Option<u64>,
    /// Tokens the window holds.
    pub window: Option<u64>,
    /// `used` of `window`, 0–100.
    pub percent_used: Option<f64>,
    /// What is left until the agent compacts by itself, percent of the window, 0–100; an estimate where the agent
    /// does not say it.
    pub to_compaction: Option<f64>,
    /// The percentage the agent itself shows (its own meaning, which differs by agent), 0–100.
    pub shown_by_agent: Option<f64>,
    /// Where `used` and `window` come from.
    pub source: Option<Source>,
}

/// Tokens of one agent instance, subagents included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tokens {
    /// Uncached input.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Read from the prompt cache.
    pub cache_read: u64,
    /// Written to the prompt cache.
    pub cache_write: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_names_its_source_once() {
        let at = Timestamp::UNIX_EPOCH;
        let proof = |source, rule: &str| Proof { source, rule: rule.into(), text: String::new(), at };
        assert_eq!(proof(Source::Hook, "hook:Stop").origin(), "hook:Stop");
        assert_eq!(proof(Source::Screen, "prompt").origin(), "screen:prompt");
        assert_eq!(proof(Source::Hook, "hooked").origin(), "hook:hooked");
    }

    #[test]
    fn words_round_trip() {
        for status in Status::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
            assert_eq!(serde_json::to_string(&status).unwrap(), format!("\"{status}\""));
        }
    }
}
