//! Configuration, parsed in two steps: what people wrote becomes a complete, validated [`Config`].
//!
//! Layers, later ones win: `config/default.toml` (compiled in) < the user's `config.toml` < `swarm.toml` <
//! environment < flags. Owns the reading, checking and trusting of these files. Never starts anything: programs and
//! directories are only looked up. All problems are found in one pass, each with its place and its mend.

pub mod address;
mod agents;
pub mod budget;
mod check;
pub mod edit;
pub mod file;
pub mod find;
mod foreign;
pub mod freeze;
#[cfg(feature = "import")]
mod import;
pub mod layout;
pub mod load;
mod merge;
pub mod message;
pub mod problem;
mod resolve;
pub mod schema;
pub mod settings;
pub mod shape;
pub mod show;
pub mod template;
pub mod trust;
mod vars;
#[cfg(feature = "import")]
mod yaml;

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use address::Address;
pub use budget::{Budget, Limit, Thresholds};
pub use check::find_program;
pub use find::{FILE_NAME, find, repository};
pub use foreign::{Imported, Tool, import};
pub use layout::{Arrangement, Layout};
pub use load::{Loaded, Loader, Origins};
pub use problem::{Problem, Report, Warning};
pub use resolve::{MAX_AGENTS, proposal};
pub use settings::{Icons, MonitorSettings, Notify, Occasion, Overview, Price, Quiet, TerminalNotify};
pub use trust::{Trust, TrustList};

pub use crate::agent::Permissions;
use crate::agent::Profiles;
use crate::name::{AgentName, SwarmName};

/// A swarm as it is to be: complete and validated. Two equal values make the same swarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Config {
    /// The swarm's name, which is also its tmux session's.
    pub name: SwarmName,
    /// The directory of the swarm file; absolute. Agents without a `domain` work here.
    pub root: PathBuf,
    /// The swarm file itself; absolute.
    pub file: PathBuf,
    /// How windows and panes are made.
    pub layout: Layout,
    /// The agents, in the order of the swarm file; at least one.
    pub agents: Vec<AgentSpec>,
    /// The declared roles by name.
    pub roles: BTreeMap<String, Role>,
    /// What the whole swarm may spend.
    pub budget: Option<Budget>,
    /// Texts for messages, by name.
    #[serde(default)]
    pub templates: BTreeMap<String, String>,
    /// The overview's looks and keys.
    pub overview: Overview,
    /// How the person is told.
    pub notify: Notify,
    /// The person's own prices by model.
    pub prices: BTreeMap<String, Vec<Price>>,
    /// The monitor's settings.
    pub monitor: MonitorSettings,
}

impl Config {
    /// The agent of this name.
    pub fn agent(&self, name: &AgentName) -> Option<&AgentSpec> {
        self.agents.iter().find(|a| a.name == *name)
    }

    /// A copy that may be stored, logged and sent: the values of `env` and the webhook are blanked.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut copy = self.clone();
        copy.agents = self.agents.iter().map(AgentSpec::without_secrets).collect();
        copy.notify.webhook = self.notify.webhook.as_ref().map(|_| String::new());
        copy
    }
}

/// One agent as it is to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AgentSpec {
    /// Its name, unique in the swarm.
    pub name: AgentName,
    /// The profile it runs with; known to the catalogue at the time of loading.
    pub profile: String,
    /// Its role; several agents may share one, and it need not be declared.
    pub role: Option<String>,
    /// What it is there for, from its role.
    pub goal: Option<String>,
    /// How it should work, from its role.
    pub instructions: Option<String>,
    /// What it must not do, from its role.
    pub constraints: Vec<String>,
    /// Where it works; absolute, `~` and variables expanded. Existed at the time of loading.
    pub directory: PathBuf,
    /// The model, as the agent CLI names it; `None` leaves it to the CLI's own settings.
    pub model: Option<String>,
    /// The permission mode it starts in.
    pub permissions: Permissions,
    /// The window it asks for; agents that name the same one share it.
    pub window: Option<String>,
    /// The first prompt.
    pub prompt: Option<String>,
    /// Environment variables set for it. Values may be secrets: see [`AgentSpec::without_secrets`].
    pub env: BTreeMap<String, String>,
    /// Names of variables taken over from the environment of whoever runs `swarm up`.
    pub pass_env: Vec<String>,
    /// Arguments added to the profile's own.
    pub args: Vec<String>,
    /// The program and its arguments, for the `shell` profile; no shell in between. `None` is the user's shell.
    pub command: Option<Vec<String>>,
    /// What happens when its process ends by itself.
    pub restart: Restart,
    /// How long it may be idle and alone before it is put to sleep, in seconds; `None` for ever.
    #[serde(default)]
    pub hibernate_after_seconds: Option<u64>,
    /// Whom it may hand off to; empty allows everybody.
    pub handoff_to: Vec<Address>,
    /// Whom it takes handoffs from; empty allows everybody.
    pub accepts_from: Vec<Address>,
    /// Handoffs are taken from marked blocks in its replies, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub handoff_block: bool,
    /// How its permission prompts are answered.
    #[serde(default, skip_serializing_if = "AnswerBy::is_default")]
    pub answer_by: AnswerBy,
    /// What it may spend.
    pub budget: Option<Budget>,
    /// A program and its arguments, run in its directory before it starts; empty for none. Where it fails the agent is
    /// not started.
    pub before_start: Vec<String>,
    /// A program and its arguments, run in its directory after it has ended; empty for none.
    pub after_exit: Vec<String>,
    /// It joined by `swarm add` and stands in no swarm file.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub added: bool,
    /// The values of `env` are not known: they are never stored, and the swarm file is not the one that was trusted.
    #[serde(skip)]
    pub env_unknown: bool,
}

impl AgentSpec {
    /// A plain agent: everything not named is at its default. What tests and `swarm add` start from.
    pub fn new(name: AgentName, profile: impl Into<String>, directory: impl Into<PathBuf>) -> Self {
        Self {
            name,
            profile: profile.into(),
            role: None,
            goal: None,
            instructions: None,
            constraints: Vec::new(),
            directory: directory.into(),
            model: None,
            permissions: Permissions::Inherit,
            window: None,
            prompt: None,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            args: Vec::new(),
            command: None,
            restart: Restart::Never,
            hibernate_after_seconds: None,
            handoff_to: Vec::new(),
            accepts_from: Vec::new(),
            handoff_block: false,
            answer_by: AnswerBy::Keys,
            budget: None,
            before_start: Vec::new(),
            after_exit: Vec::new(),
            added: false,
            env_unknown: false,
        }
    }

    /// A copy that may be stored, logged and sent: `env` keeps its keys only, each with an empty value.
    #[must_use]
    pub fn without_secrets(&self) -> Self {
        let mut copy = self.clone();
        copy.env.values_mut().for_each(String::clear);
        copy
    }
}

/// `[roles.NAME]`: what agents of one role share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Role {
    /// What the role is there for.
    pub goal: Option<String>,
    /// How it should work.
    pub instructions: Option<String>,
    /// What it must not do.
    pub constraints: Vec<String>,
    /// What all agents of the role may spend together.
    #[serde(default)]
    pub budget: Option<Budget>,
}

/// What happens when an agent's process ends by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Restart {
    /// It stays ended; its last screen stays readable.
    #[default]
    Never,
    /// It is started again when it ended with an error or by a signal.
    OnFailure,
    /// It is started again in any case.
    Always,
}

/// How an agent's permission prompts are answered on a person's word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerBy {
    /// Keys, sent to the dialog on its screen.
    #[default]
    Keys,
    /// Its own hook, which waits for the person beside the dialog; keys where it does not.
    Hook,
}

impl AnswerBy {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "what serde calls")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What profiles exist, as far as configuration must know: the `agent` module's catalogue, or a test's.
pub trait ProfileCatalog {
    /// Every profile's name, sorted.
    fn names(&self) -> Vec<String>;

    /// The program that `profile` starts, looked up in the caller's PATH; `None` where there is nothing to look up
    /// (the `shell` profile, or swarm itself).
    fn program(&self, profile: &str) -> Option<String>;

    /// Whether `profile` runs the agent's `command` and is no agent CLI: the `shell` profile.
    fn is_command(&self, profile: &str) -> bool {
        profile == "shell"
    }

    /// Whether an agent of `profile` can go on with an earlier conversation.
    fn resumes(&self, profile: &str) -> bool {
        !self.is_command(profile)
    }

    /// Whether what an agent of `profile` uses is known while it runs: budgets of money and tokens stand on it.
    fn tells_usage(&self, _profile: &str) -> bool {
        true
    }

    /// Whether the transcripts of `profile` have what the agent said itself: marked blocks are read there.
    fn tells_words(&self, _profile: &str) -> bool {
        true
    }

    /// Whether `profile` has a hook that can answer its permission prompts.
    fn answers_by_hook(&self, _profile: &str) -> bool {
        false
    }

    /// Whether `profile` takes handoffs from marked blocks where the agent's table does not say.
    fn takes_blocks(&self, _profile: &str) -> bool {
        false
    }
}

impl ProfileCatalog for Profiles {
    fn names(&self) -> Vec<String> {
        self.names().map(str::to_owned).collect()
    }

    fn program(&self, profile: &str) -> Option<String> {
        // The simulated agent is this very program, wherever it lies.
        let program = self.get(profile).map_or("", |p| p.program());
        (!matches!(program, "" | "swarm")).then(|| program.to_owned())
    }

    fn resumes(&self, profile: &str) -> bool {
        self.get(profile).is_some_and(|p| p.resumable() && !p.program().is_empty())
    }

    fn tells_usage(&self, profile: &str) -> bool {
        self.get(profile).is_none_or(|p| p.tells_usage())
    }

    fn tells_words(&self, profile: &str) -> bool {
        self.get(profile).is_none_or(|p| p.tells_words())
    }

    fn answers_by_hook(&self, profile: &str) -> bool {
        self.get(profile).is_some_and(|p| p.data().answers_by_hook())
    }

    fn takes_blocks(&self, profile: &str) -> bool {
        self.get(profile).is_some_and(|p| p.data().handoff.output_block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_may_ask_for_blocks() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("codex.toml"), "[handoff]\noutput_block = true\n").unwrap();
        let (profiles, errors) = Profiles::load(dir.path());
        assert!(errors.is_empty(), "{errors:?}");
        let takes = ["claude", "codex", "nobody"].map(|name| profiles.takes_blocks(name));
        assert_eq!(takes, [false, true, false]);
        let words =
            ["claude", "codex", "gemini", "qwen", "opencode", "sim", "copilot", "aider", "amp", "shell"];
        let hooks = ["claude", "sim", "codex", "qwen", "shell"].map(|name| profiles.answers_by_hook(name));
        assert_eq!(hooks, [true, true, false, false, false]);
        let words = words.map(|name| profiles.tells_words(name));
        assert_eq!(words, [true, true, true, true, true, true, false, false, false, false]);
    }

    #[test]
    fn copies_for_the_store_hold_no_secret() {
        let mut spec = AgentSpec::new("backend".parse().unwrap(), "claude", "/tmp");
        spec.env.insert("TOKEN".into(), "s3cret".into());
        let json = serde_json::to_string(&spec.without_secrets()).unwrap();
        assert!(json.contains("TOKEN") && !json.contains("s3cret"), "{json}");
        let full: AgentSpec = serde_json::from_str(&serde_json::to_string(&spec).unwrap()).unwrap();
        assert_eq!(full, spec);
    }
}
