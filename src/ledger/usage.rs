//! What one billed response used: the values that every reader produces and everything else adds up.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::money::Usd;

/// Whose transcript a record comes from. The number is what the database stores; it never changes meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Claude Code.
    Claude = 1,
    /// Codex CLI.
    Codex = 2,
    /// Gemini CLI.
    Gemini = 3,
    /// Qwen Code.
    Qwen = 4,
    /// OpenCode.
    OpenCode = 5,
    /// aider.
    Aider = 6,
    /// GitHub Copilot CLI.
    Copilot = 7,
    /// Crush.
    Crush = 8,
    /// Goose.
    Goose = 9,
    /// Amp.
    Amp = 10,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 10] = [
        Self::Claude,
        Self::Codex,
        Self::Gemini,
        Self::Qwen,
        Self::OpenCode,
        Self::Aider,
        Self::Copilot,
        Self::Crush,
        Self::Goose,
        Self::Amp,
    ];

    /// The profile's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Claude => "claude",
            Self::Codex => "codex",
            Self::Gemini => "gemini",
            Self::Qwen => "qwen",
            Self::OpenCode => "opencode",
            Self::Aider => "aider",
            Self::Copilot => "copilot",
            Self::Crush => "crush",
            Self::Goose => "goose",
            Self::Amp => "amp",
        }
    }

    /// The source of the profile `name`.
    pub fn of_profile(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == name)
    }

    /// The source the database calls `id`.
    pub fn from_id(id: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.id() == id)
    }

    /// What the database calls it.
    pub const fn id(self) -> i64 {
        self as i64
    }

    /// The vendor whose price list applies when the transcript names none.
    pub const fn vendor(self) -> Option<&'static str> {
        match self {
            Self::Claude => Some("anthropic"),
            Self::Codex => Some("openai"),
            Self::Gemini => Some("gemini"),
            Self::Qwen => Some("dashscope"),
            _ => None,
        }
    }
}

/// Tokens of one response, in disjoint buckets, whatever the vendor's own way of nesting them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Input that was neither read from nor written to the cache.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Input read from the prompt cache.
    pub cache_read: u64,
    /// Input written to the prompt cache for five minutes, or for the vendor's only duration.
    pub cache_write_5m: u64,
    /// Input written to the prompt cache for one hour.
    pub cache_write_1h: u64,
    /// The part of `output` that was reasoning, where the agent says so.
    pub reasoning: u64,
    /// Web searches the vendor made and bills by the piece.
    pub web_searches: u64,
}

impl Usage {
    /// Whether there is nothing to bill.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }

    /// The size of the prompt: what vendors compare with the threshold of a price tier, and what fills the context.
    pub fn prompt(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write_5m)
            .saturating_add(self.cache_write_1h)
    }

    /// Prompt and output together.
    pub fn total(&self) -> u64 {
        self.prompt().saturating_add(self.output)
    }

    /// Adds `other` to this.
    pub fn add(&mut self, other: &Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write_5m = self.cache_write_5m.saturating_add(other.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.saturating_add(other.cache_write_1h);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.web_searches = self.web_searches.saturating_add(other.web_searches);
    }
}

/// The service a response was bought with; list prices differ. The number is what the database stores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// The list price.
    #[default]
    Standard = 0,
    /// Asynchronous batches, cheaper.
    Batch = 1,
    /// Slow and cheap.
    Flex = 2,
    /// Fast and dear; what Codex calls fast.
    Priority = 3,
    /// Faster and dearer still.
    Ultrafast = 4,
}

impl Service {
    /// The service of this word in a transcript; what is not known is standard.
    pub fn parse(word: &str) -> Self {
        match word {
            "batch" => Self::Batch,
            "flex" => Self::Flex,
            "priority" | "fast" => Self::Priority,
            "ultrafast" => Self::Ultrafast,
            _ => Self::Standard,
        }
    }

    /// Its word in transcripts and price lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Ultrafast => "ultrafast",
        }
    }

    /// The service the database calls `id`.
    pub fn from_id(id: i64) -> Self {
        [Self::Standard, Self::Batch, Self::Flex, Self::Priority, Self::Ultrafast]
            .into_iter()
            .find(|s| *s as i64 == id)
            .unwrap_or_default()
    }
}

/// How a response was bought: everything besides model and tokens that its price depends on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The service tier.
    pub service: Service,
    /// Claude's fast mode: a multiple of the list price.
    pub fast: bool,
    /// Claude's inference inside the United States: a multiple of the list price.
    pub us: bool,
}

/// One billed response.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageRecord {
    /// Identifies the bill within its source: two records with one key are the same bill.
    pub key: Box<str>,
    /// When, in milliseconds since 1970 UTC. Days are made at query time, never here.
    pub ts_ms: i64,
    /// The agent's own conversation id; of the parent where a subagent made the call.
    pub session: Arc<str>,
    /// The model as the transcript names it; empty when it does not.
    pub model: Arc<str>,
    /// The vendor, when the transcript names one.
    pub vendor: Option<Arc<str>>,
    /// What was used.
    pub usage: Usage,
    /// How it was bought.
    pub terms: Terms,
    /// What the agent itself says it cost, where that is what counts.
    pub reported: Option<Usd>,
    /// Made by a subagent or beside the main conversation.
    pub sidechain: bool,
    /// The numbers are rounded or derived, not the vendor's own.
    pub estimated: bool,
    /// Which of two lines for the same bill holds.
    pub wins: Wins,
    /// A bill that this one replaces, booked before the better record was seen.
    pub supersedes: Option<Box<str>>,
}

/// Which of two records with the same key holds, when both come from the same file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wins {
    /// The one with more output, the later on ties: a response that is written while it streams.
    MoreOutput,
    /// The earlier one: whatever comes later with the same key is a repetition.
    First,
    /// The later one: a message that is written again when it changes.
    Later,
}

impl UsageRecord {
    /// Whether `newer`, read after this from the same file, replaces it.
    pub fn yields_to(&self, newer: &Self) -> bool {
        match newer.wins {
            Wins::MoreOutput => newer.usage.output >= self.usage.output,
            Wins::First => false,
            Wins::Later => true,
        }
    }

    /// Whether `other`, from another file, replaces this: a copy that saw more of the response does; among equals the
    /// earliest holds, because a copy may be stamped anew but never before the original; then the one that names a model.
    pub fn yields_to_copy(&self, other: &Self) -> bool {
        let rank = |r: &Self| (r.usage.output, -r.ts_ms, !r.model.is_empty());
        rank(other) > rank(self)
    }
}

/// How full a conversation's context is, by its transcript.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextSample {
    /// When.
    pub ts_ms: i64,
    /// Tokens in the last main-chain request: input + cache read + cache write.
    pub used: u64,
    /// The window, where the transcript names it.
    pub window: Option<u64>,
    /// The model that answered, as the transcript names it.
    pub model: String,
}

/// A usage limit as the agent reports it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LimitSample {
    /// When it was reported.
    pub ts_ms: i64,
    /// Which window: `five_hour`, `seven_day`, `seven_day_opus`, … or the agent's own name for it.
    pub window: String,
    /// 0–100; `None` where only the fact of being limited is known.
    pub percent_used: Option<f64>,
    /// When it starts again, in milliseconds since 1970 UTC.
    pub resets_ms: Option<i64>,
    /// The agent was refused because of it.
    pub reached: bool,
}
