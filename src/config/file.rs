//! What people write: `swarm.toml` and the user's `config.toml`, field by field.
//!
//! The doc comments here are the descriptions in the JSON Schema that editors show. Nothing is checked here but the
//! shape; what values mean is decided in `resolve`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::settings::{Icons, Occasion, TerminalNotify};
use super::{AnswerBy, Permissions, Restart};
use crate::status::Attention;

/// A value with its place in the file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct At<T>(toml::Spanned<T>);

impl<T> At<T> {
    /// The value.
    pub fn get(&self) -> &T {
        self.0.get_ref()
    }

    /// Its bytes in the file.
    pub fn span(&self) -> Range<usize> {
        self.0.span()
    }
}

impl<T: JsonSchema> JsonSchema for At<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// An amount of US dollars: a decimal number in quotes ("20.00"), or a whole number. Never a float, which is inexact.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// Decimal text.
    Text(String),
    /// Whole dollars.
    Whole(u64),
}

impl Amount {
    /// The amount as decimal text.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Whole(dollars) => Cow::Owned(dollars.to_string()),
        }
    }
}

impl JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"], "pattern": "^[0-9]+(\\.[0-9]{1,12})?$", "minimum": 0 })
    }
}

/// A swarm: a named team of agents in one tmux session.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "swarm.toml")]
pub struct SwarmFile {
    /// The swarm's name and its tmux session's: a-z, 0-9, `_` and `-`, starting with a letter, at most 32 characters.
    #[schemars(required, pattern("^[a-z][a-z0-9_-]{0,31}$"))]
    pub name: Option<At<String>>,
    /// Variables: `{{name}}` in the texts of this file stands for the value.
    #[serde(default)]
    pub vars: BTreeMap<At<String>, At<String>>,
    /// What agents have that say nothing else.
    #[serde(default)]
    pub defaults: Defaults,
    /// How windows and panes are made.
    #[serde(default)]
    pub layout: Layout,
    /// Roles that agents may have; agents of one role are addressed as `@role`.
    #[serde(default)]
    pub roles: BTreeMap<At<String>, Role>,
    /// The agents, in the order of their panes.
    #[schemars(required)]
    pub agents: Option<Vec<At<Agent>>>,
    /// Texts for messages, by name: `{agent}` and `{role}` stand for whoever gets the message. Chosen in the overview's
    /// editor, or by `swarm send --template NAME`.
    #[serde(default)]
    pub templates: BTreeMap<At<String>, At<String>>,
    /// What the whole swarm may spend.
    #[serde(default)]
    pub budget: Budget,
}

/// What a person sets for all swarms.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "config.toml of swarm")]
pub struct UserFile {
    /// Variables: `{{name}}` in the texts of a swarm file stands for the value.
    #[serde(default)]
    pub vars: BTreeMap<At<String>, At<String>>,
    /// What agents have that say nothing else.
    #[serde(default)]
    pub defaults: Defaults,
    /// How windows and panes are made.
    #[serde(default)]
    pub layout: Layout,
    /// Roles for every swarm; a swarm file's role of the same name is laid over it, key by key.
    #[serde(default)]
    pub roles: BTreeMap<At<String>, Role>,
    /// Texts for messages, by name: `{agent}` and `{role}` stand for whoever gets the message. Chosen in the overview's
    /// editor, or by `swarm send --template NAME`.
    #[serde(default)]
    pub templates: BTreeMap<At<String>, At<String>>,
    /// The overview.
    #[serde(default)]
    pub overview: Overview,
    /// How you are told that an agent needs you.
    #[serde(default)]
    pub notify: Notify,
    /// Your own prices by model, in US dollars per million tokens. `vendor/model` means one vendor's, `vendor/*` all of
    /// a vendor's models, a bare name the model whoever sells it.
    #[serde(default)]
    pub prices: BTreeMap<At<String>, Price>,
    /// What each swarm may spend.
    #[serde(default)]
    pub budget: Budget,
    /// The long-lived process.
    #[serde(default)]
    pub monitor: Monitor,
}

/// What agents have that say nothing else.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Defaults {
    /// The agent CLI: claude, codex, gemini, opencode, aider, …, `shell` for any command, `sim` for the simulated agent.
    pub profile: Option<At<String>>,
    /// The model, as the agent CLI names it.
    pub model: Option<At<String>>,
    /// The permission mode: your own settings of the agent CLI, ask before changes, or ask nothing.
    pub permissions: Option<Permissions>,
    /// How `swarm approve` and `swarm deny` answer permission prompts: by keys, or by the agent's own hook where it has one
    /// that waits beside its dialog (keys for the others, and for what the hook cannot say).
    pub answer_by: Option<AnswerBy>,
    /// What happens when an agent's process ends by itself.
    pub restart: Option<Restart>,
    /// How long agents that can resume their conversation may be idle and alone before they are put to sleep: "30m", "2h",
    /// or "never" (the default).
    pub hibernate_after: Option<At<String>>,
    /// Environment variables for every agent; `${NAME}` stands for a variable of your own environment.
    #[serde(default)]
    pub env: BTreeMap<At<String>, At<String>>,
    /// Names of variables that agents take over from your environment.
    #[serde(default)]
    pub pass_env: Vec<At<String>>,
    /// What each agent may spend.
    #[serde(default)]
    pub budget: Budget,
}

/// How windows and panes are made.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// tiled, even-horizontal, even-vertical, main-horizontal, main-vertical, per-agent, or a layout string of tmux.
    pub windows: Option<At<String>>,
    /// How many agents share one window, unless they name theirs.
    #[schemars(range(min = 1, max = 64))]
    pub panes_per_window: Option<u16>,
}

/// What agents of one role share.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// What the role is there for.
    pub goal: Option<At<String>>,
    /// How it should work.
    pub instructions: Option<At<String>>,
    /// What it must not do.
    pub constraints: Option<Vec<At<String>>>,
    /// What all agents of the role may spend together.
    #[serde(default)]
    pub budget: Budget,
}

/// One agent: a member of the swarm in a pane of its own.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// Its name, unique in the swarm: a-z, 0-9, `_` and `-`, starting with a letter, at most 32 characters.
    #[schemars(required, pattern("^[a-z][a-z0-9_-]{0,31}$"))]
    pub name: Option<At<String>>,
    /// Its working directory: absolute, from `~`, or from the directory of this file (the default).
    pub domain: Option<At<String>>,
    /// Its role.
    pub role: Option<At<String>>,
    /// The agent CLI: claude, codex, gemini, opencode, aider, …, `shell` for any command, `sim` for the simulated agent.
    pub profile: Option<At<String>>,
    /// The model, as the agent CLI names it.
    pub model: Option<At<String>>,
    /// The permission mode: your own settings of the agent CLI, ask before changes, or ask nothing.
    pub permissions: Option<Permissions>,
    /// The window it is in; agents that name the same window share it.
    pub window: Option<At<String>>,
    /// Its first prompt.
    pub prompt: Option<At<String>>,
    /// Environment variables; `${NAME}` stands for a variable of your own environment.
    #[serde(default)]
    pub env: BTreeMap<At<String>, At<String>>,
    /// Names of variables that it takes over from your environment.
    #[serde(default)]
    pub pass_env: Vec<At<String>>,
    /// Arguments for the agent CLI, after those of its profile.
    #[serde(default)]
    pub args: Vec<At<String>>,
    /// For the `shell` profile: the program and its arguments, with no shell in between. Default: your shell.
    pub command: Option<At<Vec<At<String>>>>,
    /// What happens when its process ends by itself.
    pub restart: Option<Restart>,
    /// How long it may be idle and alone before it is put to sleep, to be woken with its conversation by a message or a
    /// look at its pane: "30m", "2h", or "never".
    pub hibernate_after: Option<At<String>>,
    /// Whom it may hand off to: agent names, @roles, `all`. Default: everybody. To you (`human`) it may always write.
    #[serde(default)]
    pub handoff_to: Vec<At<String>>,
    /// Whom it takes handoffs from. Default: everybody.
    #[serde(default)]
    pub accepts_from: Vec<At<String>>,
    /// Take handoffs from fenced blocks `swarm-handoff` in its replies, too. Default: what its profile says, which is false
    /// unless you said otherwise there. Holds from its next start.
    pub handoff_block: Option<At<bool>>,
    /// How `swarm approve` and `swarm deny` answer its permission prompts: by keys (the default), or by its own hook, from its
    /// next start on.
    pub answer_by: Option<At<AnswerBy>>,
    /// What it may spend.
    #[serde(default)]
    pub budget: Budget,
    /// A program and its arguments, run in its directory before it starts; where it fails the agent is not started.
    #[serde(default)]
    pub before_start: Vec<At<String>>,
    /// A program and its arguments, run in its directory after it has ended.
    #[serde(default)]
    pub after_exit: Vec<At<String>>,
}

/// Limits on money (US dollars), tokens and time ("30m", "2h").
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// US dollars for one turn.
    pub usd_per_turn: Option<At<Amount>>,
    /// US dollars for one task.
    pub usd_per_task: Option<At<Amount>>,
    /// US dollars for one day.
    pub usd_per_day: Option<At<Amount>>,
    /// US dollars since `swarm up`.
    pub usd_total: Option<At<Amount>>,
    /// Tokens for one turn.
    pub tokens_per_turn: Option<u64>,
    /// Tokens for one task.
    pub tokens_per_task: Option<u64>,
    /// Tokens for one day.
    pub tokens_per_day: Option<u64>,
    /// Tokens since `swarm up`.
    pub tokens_total: Option<u64>,
    /// Time for one turn.
    pub time_per_turn: Option<At<String>>,
    /// Time for one task.
    pub time_per_task: Option<At<String>>,
    /// Working time for one day.
    pub time_per_day: Option<At<String>>,
    /// Time since `swarm up`.
    pub time_total: Option<At<String>>,
    /// US dollars that are reserved for a turn while nothing is known of what turns cost. Default: the limit of a
    /// turn, else a third of the tightest limit.
    pub usd_first_turn: Option<At<Amount>>,
    /// Tokens that are reserved for a turn while nothing is known of what turns take.
    pub tokens_first_turn: Option<u64>,
    /// Percentages of a limit at which you are told. Default: 50, 80, 95.
    pub warn_at: Option<Vec<u16>>,
    /// The percentage from which nothing new is sent; 0 for never. Default: 95.
    pub stop_at: Option<u16>,
    /// The percentage from which agents are on hold once their turn has ended; 0 for never. Default: 100.
    pub hold_at: Option<u16>,
    /// The percentage from which a running turn is interrupted; 0 for never. Default: 120.
    pub interrupt_at: Option<u16>,
}

/// How the overview looks and is driven.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Which glyphs show a status.
    pub icons: Option<Icons>,
    /// The colour theme; `default` uses your terminal's 16 colours.
    pub theme: Option<At<String>>,
    /// Keys bound differently: action to keys.
    #[serde(default)]
    pub keys: BTreeMap<At<String>, Vec<String>>,
}

/// How you are told that an agent needs you.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// What you are told: asks, failed, finished, and budget (one reached a threshold).
    pub on: Option<Vec<Occasion>>,
    /// What you are told of single agents, by name (backend, or shop/backend for one swarm's): asks, failed, finished, or
    /// nothing.
    #[serde(default)]
    pub agents: BTreeMap<At<String>, Vec<Attention>>,
    /// Ring the terminal's bell.
    pub bell: Option<bool>,
    /// A notification by your terminal: off, auto (by what it says it is), osc9, osc777, osc99.
    pub terminal: Option<TerminalNotify>,
    /// A notification of your desktop, by `notify-send` or, on macOS, `osascript`. Default: false.
    pub desktop: Option<bool>,
    /// A program and its arguments, started for each notification; {title}, {body}, {swarm}, {agent} and {kind} are
    /// replaced.
    pub command: Option<Vec<At<String>>>,
    /// A URL that each notification is posted to.
    pub webhook: Option<At<String>>,
    /// How long it must last before you are told ("1s").
    pub delay: Option<At<String>>,
    /// How long nothing of the same kind is told of the same agent again ("30s").
    pub cool_down: Option<At<String>>,
    /// When nothing is told, in your time zone ("22:00-07:00").
    pub quiet: Option<At<String>>,
}

/// The price of one model in US dollars per million tokens, with at most 6 decimal places: `input` and `output` with
/// what goes with them, or `discount_percent`. What is left out is not known: responses that used it have no price.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// The first day (UTC) it holds for, `YYYY-MM-DD`; the list price holds before. Default: it holds for all days.
    pub from: Option<At<String>>,
    /// Uncached input.
    pub input: Option<At<Amount>>,
    /// Output, reasoning included.
    pub output: Option<At<Amount>>,
    /// Input read from the cache.
    pub cache_read: Option<At<Amount>>,
    /// Input written to the cache for five minutes.
    pub cache_write_5m: Option<At<Amount>>,
    /// Input written to the cache for one hour.
    pub cache_write_1h: Option<At<Amount>>,
    /// What a contract takes off the list price, 0 to 100, with at most one decimal place.
    pub discount_percent: Option<At<Amount>>,
    /// What it costs from a later day on: the same keys again, each with `from`.
    #[serde(default)]
    pub changes: Vec<Price>,
}

/// The long-lived process.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Monitor {
    /// What goes to its log: `info`, `debug`, `swarm::tmux=debug`, …
    pub log: Option<At<String>>,
    /// For how many days events are kept; 0 keeps them for ever. Bills are always kept. Default: 30.
    pub keep_events_days: Option<u32>,
    /// How many events are kept at most; 0 for any number. Default: 1,000,000.
    pub keep_events: Option<u32>,
    /// Look at panes that animate once a second instead of up to 12 times, and check every 30 seconds instead of every 5
    /// for what was missed: for a battery, or for very many agents. Holds from the next start of the monitor. Default:
    /// false.
    pub low_power: Option<bool>,
}
