//! The file format of a profile: what `config/agents/NAME.toml` may say.
//!
//! Data only. Every field has a default so that a user's file can say just what differs; what must be there is
//! checked when a profile is built (`load.rs`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fusion::FusionPolicy;
use crate::status::{Reason, Status};

/// One agent CLI, as its file says it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileData {
    /// The profile's name: the file's name without `.toml`.
    pub name: String,
    /// Another profile to start from; this file is laid over it.
    pub extends: Option<String>,
    /// What people call this agent CLI.
    pub title: String,
    /// No recording proves this profile.
    pub experimental: bool,
    /// Versions whose recordings the rules were checked against.
    pub tested: Vec<String>,
    /// How to start it.
    pub launch: LaunchData,
    /// Which keys do what.
    pub keys: KeyData,
    /// How text is submitted safely.
    pub submit: SubmitData,
    /// How it hands work over.
    pub handoff: HandoffData,
    /// How its dialogs are answered; the first entry that fits the kind and version counts.
    pub answer: Vec<super::Answer>,
    /// What tmux itself can search for in the pane.
    pub dialog: DialogData,
    /// How to recognise its process.
    pub process: ProcessData,
    /// Which sources of evidence it has.
    pub sources: SourceData,
    /// How far each source is believed.
    pub fusion: FusionPolicy,
    /// How its screen is read.
    pub screen: ScreenData,
}

impl ProfileData {
    /// Whether it has a hook that can answer its permission prompts.
    pub const fn answers_by_hook(&self) -> bool {
        matches!(self.sources.hooks, HookKind::ClaudeSettings | HookKind::Sim)
            && self.sources.hook_answer.event.is_some()
    }

    /// Whether its transcript has what the agent said itself.
    pub const fn tells_words(&self) -> bool {
        use TranscriptKind as T;
        match self.sources.transcript {
            T::Claude | T::Codex | T::Gemini | T::Opencode | T::Qwen | T::Sim => true,
            // Copilot's events are read for what was used, and aider's history does not tell whose line is whose.
            T::None | T::Copilot | T::Aider => false,
        }
    }
}

/// How an agent is started. Every list is a piece of argv in which `{model}`, `{prompt}`, `{session_id}`,
/// `{system_prompt}`, `{mcp_config}`, `{settings_file}`, `{usage_log}` and `{name}` stand for the value; an empty list means the CLI
/// cannot do it. `{system_prompt_toml}`, `{mcp_command_toml}`, `{mcp_args_toml}` and `{mcp_env_toml}` are values of a
/// TOML file, `{system_prompt_file}` is a file that holds the text, `{system_prompt_dir}` its directory, where it is
/// called `AGENTS.md`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LaunchData {
    /// The program, looked up on the caller's PATH.
    pub program: String,
    /// Words that come right after the program, before everything else: a subcommand.
    pub subcommand: Vec<String>,
    /// Arguments that are always given.
    pub base: Vec<String>,
    /// Arguments that choose the model.
    pub model: Vec<String>,
    /// Arguments that give the first prompt; always last.
    pub prompt: Vec<String>,
    /// Arguments that give the new conversation an id of our choice.
    pub session_id: Vec<String>,
    /// Arguments that resume the conversation with this id; always first, as it may be a subcommand.
    pub resume: Vec<String>,
    /// Arguments that continue the last conversation of the directory; always first.
    pub continue_last: Vec<String>,
    /// Arguments that make a resumed conversation a new one.
    pub fork: Vec<String>,
    /// Arguments that add to the system prompt.
    pub system_prompt: Vec<String>,
    /// Environment that adds to the system prompt, where arguments cannot.
    pub system_prompt_env: BTreeMap<String, String>,
    /// Arguments that name a file of MCP servers, or one server.
    pub mcp_config: Vec<String>,
    /// Settings of one launch that carry what arguments cannot: the MCP server, and with it the agent's part.
    pub settings: SettingsKind,
    /// Arguments that name a settings file (hooks).
    pub settings_file: Vec<String>,
    /// Arguments that name a file to which it is to write what each response used: `{usage_log}`.
    pub usage_log: Vec<String>,
    /// Arguments that name the agent inside its own interface.
    pub agent_name: Vec<String>,
    /// The permission modes.
    pub permissions: PermissionArgs,
    /// Environment to set for the agent.
    pub env: BTreeMap<String, String>,
    /// Environment of the caller to pass on.
    pub pass_env: Vec<String>,
}

/// Which settings of one launch an agent reads besides its user's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingsKind {
    /// None.
    #[default]
    None,
    /// Gemini CLI: the system's settings file, named by the environment.
    Gemini,
    /// Qwen Code: the same.
    Qwen,
    /// OpenCode: JSON in the environment, joined with the user's.
    Opencode,
}

/// Arguments for the permission modes. `inherit`, the third, adds nothing: the user's own settings hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PermissionArgs {
    /// Ask before anything that changes something.
    pub ask: Vec<String>,
    /// Environment that goes with `ask`, for an agent that has no argument for it.
    pub ask_env: BTreeMap<String, String>,
    /// Never ask.
    pub full: Vec<String>,
}

/// Which keys do what, in tmux's names for keys.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyData {
    /// Keys that end the agent from any state without approving anything.
    pub exit: Vec<String>,
    /// Milliseconds between two of them.
    pub exit_gap_ms: u64,
    /// The command that ends it, typed at an idle, empty composer.
    pub exit_command: Option<String>,
    /// Keys that stop a running turn.
    pub interrupt: Vec<String>,
    /// Keys that empty the composer.
    pub clear: Vec<String>,
    /// Keys that act at once in some state.
    pub dangerous: Vec<String>,
}

/// How text is submitted safely.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "facts about an agent that are independent of each other")]
pub struct SubmitData {
    /// Bracketed paste (`paste-buffer -p`).
    pub bracketed: bool,
    /// Line feeds stay line feeds (`paste-buffer -r`).
    pub raw: bool,
    /// Milliseconds between the paste and the key.
    pub gap_ms: u64,
    /// The key that submits.
    pub key: String,
    /// First characters that mean a command instead of a message.
    pub special_first: Vec<String>,
    /// Last characters that keep the text from being submitted.
    pub special_last: Vec<String>,
    /// What is put before a text whose first character, or which as a whole, would act as a command or a key.
    pub lead: String,
    /// What is put behind a text that ends in one of `special_last`.
    pub tail: String,
    /// How many spaces a tab becomes, as a tab may complete or move the focus; 0 keeps tabs.
    pub tab_spaces: usize,
    /// How what the composer shows instead of a long paste begins (regular expression); it ends at the next `]`.
    pub paste_marker: Option<String>,
    /// An `error` of this agent leaves the composer open for the next message.
    pub resend_after_error: bool,
    /// Messages sent while it works are queued by the agent.
    pub queues_while_working: bool,
    /// It can run `swarm inbox` by itself: messages are announced by one line, not typed whole.
    pub runs_commands: bool,
    /// Differences by version: the last entry that fits counts.
    pub versions: Vec<SubmitVersion>,
}

impl Default for SubmitData {
    fn default() -> Self {
        Self {
            bracketed: true,
            raw: true,
            gap_ms: 300,
            key: "Enter".to_owned(),
            special_first: Vec::new(),
            special_last: Vec::new(),
            lead: "Message: ".to_owned(),
            tail: " .".to_owned(),
            tab_spaces: 4,
            paste_marker: None,
            resend_after_error: false,
            queues_while_working: false,
            runs_commands: true,
            versions: Vec::new(),
        }
    }
}

/// How an agent hands work over, besides by command, tool and file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HandoffData {
    /// A fenced block ```` ```swarm-handoff ```` in its replies, which holds what an outbox file holds, is handed in as its
    /// `swarm handoff`. Off unless it is asked for; needs a transcript that has the agent's own words. Agents say otherwise
    /// with `handoff_block` in swarm.toml.
    pub output_block: bool,
}

/// How some versions take text differently.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SubmitVersion {
    /// The first version this holds for.
    pub from: String,
    /// Paste in pieces of at most this many lines …
    pub chunk_lines: Option<usize>,
    /// … and this many characters.
    pub chunk_chars: Option<usize>,
    /// Milliseconds between two pieces.
    pub chunk_gap_ms: Option<u64>,
    /// Milliseconds between the paste and the key.
    pub gap_ms: Option<u64>,
}

/// What tmux itself can search for in the pane (`#{C/r:…}`, POSIX extended regular expressions, one line at a time).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DialogData {
    /// Any match: a dialog may be open.
    pub tmux_patterns: Vec<String>,
    /// No match: the composer is not there.
    pub tmux_composer: Vec<String>,
    /// Regular expressions for the option that approves.
    pub approve: Vec<String>,
    /// Regular expressions for options that approve for longer than once: never chosen by a plain `approve`.
    pub approve_always: Vec<String>,
    /// Regular expressions for the option that denies.
    pub deny: Vec<String>,
    /// Regular expressions for options that only open a field for words: never chosen by a plain `deny`.
    pub deny_with_words: Vec<String>,
    /// Rules of steps in which neither option approves or denies what was asked: only a choice by its number answers them.
    pub between: Vec<String>,
    /// What comes after a refusal where the agent wants to know why.
    pub refusal: Option<RefusalData>,
}

/// A field in which the person may say why they refuse, before the refusal counts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RefusalData {
    /// The rule that recognises it.
    pub rule: String,
    /// The key that sends it empty.
    pub send: String,
}

/// How to recognise the agent's process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessData {
    /// Command names that are this agent and nothing else.
    pub comm: Vec<String>,
    /// Command names of interpreters it runs in: `argv` must match too.
    pub hosts: Vec<String>,
    /// Regular expressions over the arguments, joined by spaces.
    pub argv: Vec<String>,
}

/// Which ways an agent has to call hooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookKind {
    /// None.
    #[default]
    None,
    /// Claude Code: a settings file on the command line.
    ClaudeSettings,
    /// Codex: a `notify` override, and `hooks.json` once installed.
    CodexNotify,
    /// Gemini CLI: a merged system-settings file named by the environment.
    GeminiSettings,
    /// Qwen Code: `settings.json`, once installed.
    QwenSettings,
    /// Copilot CLI: `hooks/*.json`, once installed.
    CopilotHooks,
    /// OpenCode: a plugin, once installed.
    OpencodePlugin,
    /// aider: a notification command without payload.
    AiderNotify,
    /// The simulated agent.
    Sim,
}

/// Which status file an agent keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StatusFileKind {
    /// None.
    #[default]
    None,
    /// `~/.claude/sessions/PID.json`: state and session.
    Claude,
    /// `~/.qwen/sessions/PID.json`: maps a process to its session.
    Qwen,
    /// `~/.copilot/session-state/ID/inuse.PID.lock`: maps a process to its session.
    Copilot,
    /// The simulated agent's.
    Sim,
}

/// Which transcript an agent writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TranscriptKind {
    /// None.
    #[default]
    None,
    /// `~/.claude/projects/DIR/SESSION.jsonl`.
    Claude,
    /// `~/.codex/sessions/Y/M/D/rollout-….jsonl`.
    Codex,
    /// `~/.gemini/tmp/PROJECT/chats/session-….jsonl`.
    Gemini,
    /// OpenCode's SQLite database.
    Opencode,
    /// `~/.qwen/projects/DIR/chats/ID.jsonl`.
    Qwen,
    /// `~/.copilot/session-state/ID/events.jsonl`.
    Copilot,
    /// `.aider.chat.history.md`.
    Aider,
    /// The simulated agent's.
    Sim,
}

/// Which hook may answer a permission prompt: one that the agent calls beside its dialog, which stays open and can be
/// answered in the pane while the hook waits. An agent that shows its dialog only after its hook has none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HookAnswerData {
    /// The event, of those whose answer swarm knows how to give: `PermissionRequest`. None: keys answer.
    pub event: Option<String>,
    /// The first version of the agent for which that was measured.
    pub from: String,
    /// The tools it may be for, each a command that its dialog shows whole, and how that dialog begins. Keys answer for
    /// all others.
    pub commands: BTreeMap<String, String>,
}

/// Which sources of evidence an agent has.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SourceData {
    /// How it calls hooks.
    pub hooks: HookKind,
    /// Its status file.
    pub status_file: StatusFileKind,
    /// Its transcript.
    pub transcript: TranscriptKind,
    /// Events at which its hook may hand waiting messages over, of those whose answer swarm knows how to give: `Stop`
    /// and `UserPromptSubmit`. An empty list leaves them all to the doorbell.
    pub hook_delivery: Vec<String>,
    /// Which hook may answer its permission prompts, where the agent's table asks for that (`answer_by = "hook"`).
    pub hook_answer: HookAnswerData,
    /// It reports its state by OSC 7501.
    pub osc_state: bool,
    /// It draws its interface without end even when idle: a changed screen proves nothing.
    pub animates_when_idle: bool,
}

/// How the screen is read: where things are, and what they mean.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScreenData {
    /// Where the user types. The first that is found counts.
    pub composer: Vec<ComposerData>,
    /// A line that opens a message, a tool call or a spinner in the conversation.
    pub cell: Option<String>,
    /// A line that opens a dialog (its rule or upper border).
    pub dialog_top: Option<String>,
    /// Characters that mark the selected option of a dialog.
    pub cursor_glyphs: String,
    /// An option line of a dialog where the common form (a mark, a number, a text) does not do: groups `mark`, `key`, `text`.
    pub option: Option<String>,
    /// Several options on one line: one match per option, group `text`, maybe `key`.
    pub inline_options: Option<String>,
    /// Rows above the composer that are no words of the agent's: spinners, counters, hints. They are never shown as its
    /// last line.
    pub chrome: Vec<String>,
    /// The rules.
    pub rules: Vec<RuleData>,
    /// What to read off the screen.
    pub captures: Vec<Captured>,
}

/// One shape of the composer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ComposerData {
    /// The line above it.
    pub top: Option<String>,
    /// Its first line; what matches is cut off, the rest is the draft.
    pub prompt: String,
    /// The prompt stands before each of its lines, not before the first alone.
    pub prompt_on_every_line: bool,
    /// The line below it.
    pub bottom: Option<String>,
    /// A line that, met on the way up from the bottom of the screen, proves that there is no composer.
    pub stop: Option<String>,
    /// Texts that stand in an empty composer.
    pub placeholder: Vec<String>,
    /// A line of it while it is in another mode, in which what is typed is no message but a shell command or a note:
    /// nothing is ever typed there.
    pub other_mode: Option<String>,
    /// Lines inside the composer that are not the draft (a status line in its frame).
    pub chrome: Option<String>,
    /// How many lines it may have.
    pub max_lines: usize,
    /// How many non-empty lines may follow it.
    pub max_below: usize,
}

impl Default for ComposerData {
    fn default() -> Self {
        Self {
            top: None,
            prompt: String::new(),
            prompt_on_every_line: false,
            bottom: None,
            stop: None,
            placeholder: Vec::new(),
            other_mode: None,
            chrome: None,
            max_lines: 60,
            max_below: 30,
        }
    }
}

/// What a rule may ask of the composer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ComposerIs {
    /// Somewhere on the screen.
    Present,
    /// Not on the screen.
    Absent,
}

/// One rule: when everything it says holds, the screen means `status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleData {
    /// Its name, unique in the profile; shown as proof.
    pub id: String,
    /// The status it proves.
    pub status: Status,
    /// Why.
    pub reason: Option<Reason>,
    /// Rules with a higher number are tried first; equal ones in the order of the file.
    pub priority: i32,
    /// Whether the composer must or must not be there.
    pub composer: Option<ComposerIs>,
    /// Whether the screen must be blank.
    pub blank: Option<bool>,
    /// Whether the cursor must be visible. Does not hold where that is not known.
    pub cursor_visible: Option<bool>,
    /// Whether the alternate screen must be on. Does not hold where that is not known.
    pub alternate: Option<bool>,
    /// Whether the pane's title must be known.
    pub title_known: Option<bool>,
    /// At least this many options of a dialog must be there, one of them selected.
    pub menu: Option<usize>,
    /// At most this many lines of the screen may have text.
    pub at_most_lines: Option<usize>,
    /// Where the patterns look that do not say it themselves.
    #[serde(rename = "in")]
    pub region: String,
    /// All of these must match.
    pub all: Vec<PatternData>,
    /// One of these must match, if there are any.
    pub any: Vec<PatternData>,
    /// None of these may match.
    pub not: Vec<PatternData>,
}

impl Default for RuleData {
    fn default() -> Self {
        Self {
            id: String::new(),
            status: Status::Unknown,
            reason: None,
            priority: 0,
            composer: None,
            blank: None,
            cursor_visible: None,
            alternate: None,
            title_known: None,
            menu: None,
            at_most_lines: None,
            region: "screen".to_owned(),
            all: Vec::new(),
            any: Vec::new(),
            not: Vec::new(),
        }
    }
}

/// A regular expression and where it looks. Exactly one of `line`, `text`, `tight` and `block` is given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatternData {
    /// The region: `screen`, `above:N` (N non-empty lines above the composer), `cell` (from the last opening of the
    /// conversation to the composer or the end), `composer`, `footer` (below the composer), `bottom:N`, `dialog` (what
    /// replaced the composer), `title`, `command`. Default: the rule's own.
    #[serde(rename = "in")]
    pub region: Option<String>,
    /// Matched against each line as it is.
    pub line: Option<String>,
    /// Matched against the region as one line: borders stripped, white space collapsed.
    pub text: Option<String>,
    /// Matched against the region without any white space: holds where narrow panes wrap inside a word.
    pub tight: Option<String>,
    /// Matched against the region's lines as they are, joined by line feeds.
    pub block: Option<String>,
}

/// Something to read off the screen. The first that matches counts for its `what`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Captured {
    /// Its name, unique in the profile.
    pub id: String,
    /// What it is: `context_percent_used`, `context_percent_left`, `context_to_compaction`, `model`, `tokens`, `window`,
    /// `until`, `question` (where it is not what stands above the choices), `subject` (what that is about: the command,
    /// the file), `asked` (all that tells a prompt from another; the subject where it is not given).
    pub what: String,
    /// The region; see rules.
    #[serde(rename = "in")]
    pub region: String,
    /// Matched against each line; the first group is the value.
    pub line: Option<String>,
    /// Matched against the region as one line; the first group is the value.
    pub text: Option<String>,
    /// Matched against the region without white space; the first group is the value.
    pub tight: Option<String>,
    /// Matched against the region's lines as they are, joined by line feeds; the first group is the value.
    pub block: Option<String>,
    /// Only when the composer is there or not.
    pub composer: Option<ComposerIs>,
}
