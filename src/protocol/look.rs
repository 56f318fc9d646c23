//! What clients look at besides the snapshot: a screen, and all evidence for a status.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The agent's screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// `capture-pane -e`, invalid UTF-8 replaced.
    pub ansi: String,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// The snapshot's `screen_rev` at that moment.
    pub rev: u64,
    /// Column and row of the cursor, from 0; `None` where it is hidden.
    #[serde(default)]
    pub cursor: Option<(u16, u16)>,
}

/// All evidence for one agent's status: `swarm.explain/v1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// Always `swarm.explain/v1`.
    pub schema: String,
    /// The agent.
    pub agent: String,
    /// The verdict in force.
    pub verdict: crate::status::Verdict,
    /// One line per piece of evidence, the one that won first.
    pub evidence: Vec<EvidenceLine>,
}

/// One piece of evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceLine {
    /// Where it comes from.
    pub source: crate::status::Source,
    /// The rule, event or field.
    pub rule: String,
    /// What it says, if it says a status.
    pub status: Option<crate::status::Status>,
    /// Why.
    pub reason: Option<crate::status::Reason>,
    /// The text that matched.
    pub text: String,
    /// When it was observed.
    pub at: Timestamp,
    /// Whether it decided.
    pub won: bool,
    /// What became of it: `decided`, `agrees`, `silent` or `overruled`; `null` where it was not weighed.
    #[serde(default)]
    pub outcome: Option<String>,
    /// Why it was overruled.
    #[serde(default)]
    pub why: Option<String>,
    /// What it is remembered for, although its source has said something else since.
    #[serde(default)]
    pub kept: Option<String>,
}
