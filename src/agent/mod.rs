//! What one agent CLI is: how to launch it, read it and answer it. All of it is data (`config/agents/*.toml`).
//!
//! Owns the profiles: their file format, the built-in ones, the user's own, and the compiled form of their screen rules.
//! Never looks at a pane and never starts anything: [`Profile::launch`] only says what to start.
//!
//! # Adding an agent
//!
//! One file, `config/agents/NAME.toml` (or `agents/NAME.toml` in the user's configuration directory), and its
//! recordings under `tests/data/screens/NAME/STATE/`: a `.txt` or `.ansi` screen with a `.json` beside it that says which
//! statuses are right. `config/schema/agent.schema.json` describes the file; `swarm detect --profile NAME FILE…` tries
//! it. A user's file of a built-in name is laid over the built-in one: tables are merged, rules and captures with the
//! same `id` are replaced, new ones are added.

mod answer;
mod compose;
mod file;
mod launch;
mod load;
mod rules;

pub use answer::{Answer, Choose, Chunk, Keys, Submit};
pub use compose::Composed;
pub use file::{
    Captured, ComposerData, ComposerIs, DialogData, HookKind, KeyData, LaunchData, PatternData,
    PermissionArgs, ProcessData, ProfileData, RuleData, ScreenData, SettingsKind, SourceData, StatusFileKind,
    SubmitData, SubmitVersion, TranscriptKind,
};
pub use launch::{Launch, LaunchRequest, McpServer, Permissions, Start, Told};
pub use load::Profiles;
pub use rules::{Capture, Composer, Flaw, Form, Pattern, Region, Rule, Rules};

use std::sync::OnceLock;

use crate::fusion::FusionPolicy;

/// One agent CLI: its data and, once first needed, its compiled rules.
#[derive(Debug, Default)]
pub struct Profile {
    data: ProfileData,
    rules: OnceLock<Rules>,
}

impl Profile {
    /// A profile of `data`; its rules are compiled when first used, and those that cannot be are left out.
    pub fn from_data(data: ProfileData) -> Self {
        Self { data, rules: OnceLock::new() }
    }

    /// The name agents refer to it by.
    pub fn name(&self) -> &str {
        &self.data.name
    }

    /// What people call this agent CLI.
    pub fn title(&self) -> &str {
        &self.data.title
    }

    /// Whether no recording proves this profile.
    pub fn experimental(&self) -> bool {
        self.data.experimental
    }

    /// Everything the file says.
    pub fn data(&self) -> &ProfileData {
        &self.data
    }

    /// The screen rules, compiled once.
    pub fn rules(&self) -> &Rules {
        self.rules.get_or_init(|| Rules::compile(&self.data).0)
    }

    /// The program to start; empty for a profile that has none of its own (`shell`).
    pub fn program(&self) -> &str {
        &self.data.launch.program
    }

    /// Environment variables of the caller that must reach the agent: credentials, proxies, homes.
    pub fn pass_env(&self) -> &[String] {
        &self.data.launch.pass_env
    }

    /// tmux keys that end the agent from any state without approving anything, one after another with
    /// [`Self::exit_gap_ms`] between them.
    pub fn exit_keys(&self) -> &[String] {
        &self.data.keys.exit
    }

    /// Milliseconds between two exit keys.
    pub fn exit_gap_ms(&self) -> u64 {
        self.data.keys.exit_gap_ms
    }

    /// The command that ends the agent when typed at a proven idle, empty composer.
    pub fn exit_command(&self) -> Option<&str> {
        self.data.keys.exit_command.as_deref()
    }

    /// tmux keys that stop a running turn, one after another.
    pub fn interrupt_keys(&self) -> &[String] {
        &self.data.keys.interrupt
    }

    /// The first of [`Self::interrupt_keys`].
    pub fn interrupt_key(&self) -> Option<&str> {
        self.data.keys.interrupt.first().map(String::as_str)
    }

    /// tmux keys that act at once in some state of this agent: never send them on a guess.
    pub fn dangerous_keys(&self) -> &[String] {
        &self.data.keys.dangerous
    }

    /// Extended regular expressions for tmux's own search (`#{C/r:…}`): a match on any line of the pane means that a
    /// dialog may be open. Written without `#`, `,`, `{` and `}`, which tmux formats would read.
    pub fn dialog_patterns(&self) -> &[String] {
        &self.data.dialog.tmux_patterns
    }

    /// Extended regular expressions for tmux's own search: at least one must match for the composer to be on the screen.
    pub fn composer_patterns(&self) -> &[String] {
        &self.data.dialog.tmux_composer
    }

    /// Whether an earlier conversation can be resumed by its id.
    pub fn resumable(&self) -> bool {
        !self.data.launch.resume.is_empty()
    }

    /// Whether the CLI takes the session id we choose.
    pub fn wants_session_id(&self) -> bool {
        !self.data.launch.session_id.is_empty()
    }

    /// Which way of calling hooks this agent has.
    pub fn hooks(&self) -> HookKind {
        self.data.sources.hooks
    }

    /// Which status file this agent keeps.
    pub fn status_file(&self) -> StatusFileKind {
        self.data.sources.status_file
    }

    /// Whether what it uses is known while it runs. A plain command uses nothing that is counted.
    pub fn tells_usage(&self) -> bool {
        self.program().is_empty() || self.transcript() != TranscriptKind::None
    }

    /// Whether its transcript has what it said itself, so that marked blocks in it can be read.
    pub fn tells_words(&self) -> bool {
        self.data.tells_words()
    }

    /// Which transcript this agent writes.
    pub fn transcript(&self) -> TranscriptKind {
        self.data.sources.transcript
    }

    /// How far each source of evidence is believed.
    pub fn fusion(&self) -> &FusionPolicy {
        &self.data.fusion
    }

    /// Whether an `error` of this agent is fit for the next message (its composer is open and a resend is welcome).
    pub fn resend_after_error(&self) -> bool {
        self.data.submit.resend_after_error
    }

    /// Whether a process with this command name and these arguments is this agent. Many agents are `node`: then only
    /// the arguments tell.
    pub fn is_process(&self, comm: &str, argv: &[impl AsRef<str>]) -> bool {
        let process = &self.data.process;
        if process.comm.iter().any(|c| c == comm) && process.argv.is_empty() {
            return true;
        }
        if process.comm.iter().any(|c| c == comm) && !process.hosts.iter().any(|c| c == comm) {
            return true;
        }
        if !process.comm.iter().chain(&process.hosts).any(|c| c == comm) {
            return false;
        }
        let line = argv.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
        self.rules().argv.iter().any(|re| re.is_match(&line))
    }
}
