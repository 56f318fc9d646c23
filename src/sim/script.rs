//! What the simulated agent is told to do: a TOML file of scenarios, each a list of steps.
//!
//! Values only. A prompt chooses the scenario by the text it holds; the steps then run one after the other. Unknown
//! keys are errors that name their line. Never reads a clock or the environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};

/// The built-in script: every scenario the simulated agent knows.
pub const DEFAULT: &str = include_str!("../../config/demo/default.toml");

/// A length of time in a script, written as `"1.5s"`, `"150ms"` or `"2m 30s"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "jiff::SignedDuration")]
pub struct Span(pub Duration);

impl TryFrom<jiff::SignedDuration> for Span {
    type Error = String;
    fn try_from(value: jiff::SignedDuration) -> Result<Self, String> {
        Duration::try_from(value).map(Self).map_err(|_| "a length of time cannot be negative".to_owned())
    }
}

impl Span {
    /// A span of `ms` milliseconds.
    pub const fn millis(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }
}

/// Tokens of one request, as the transcript will say. What is left out is made up from the length of the texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Usage {
    /// Uncached input.
    pub input: Option<u64>,
    /// Output.
    pub output: Option<u64>,
    /// Read from the prompt cache.
    pub cache_read: Option<u64>,
    /// Written to the prompt cache for five minutes.
    pub cache_write_5m: Option<u64>,
    /// Written to the prompt cache for one hour.
    pub cache_write_1h: Option<u64>,
}

/// What the footer calls the permission mode; in `Manual` every tool with `permission = true` asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Asks before tools.
    #[default]
    Manual,
    /// Decides by itself.
    Auto,
    /// Edits without asking.
    AcceptEdits,
    /// Only plans.
    Plan,
    /// Never asks.
    Bypass,
}

impl Mode {
    /// The footer's words, as Claude Code 2.1.329 shows them.
    pub const fn footer(self) -> &'static str {
        match self {
            Self::Manual => "⏸ manual mode on",
            Self::Auto => "⏵⏵ auto mode on",
            Self::AcceptEdits => "⏵⏵ accept edits on",
            Self::Plan => "⏸ plan mode on",
            Self::Bypass => "⏵⏵ bypass permissions on",
        }
    }

    /// The name in hook payloads.
    pub const fn as_hook(self) -> &'static str {
        match self {
            Self::Manual => "default",
            Self::Auto => "auto",
            Self::AcceptEdits => "acceptEdits",
            Self::Plan => "plan",
            Self::Bypass => "bypassPermissions",
        }
    }

    /// Whether a tool that wants a permission has to ask.
    pub const fn asks(self) -> bool {
        matches!(self, Self::Manual | Self::Plan)
    }
}

/// Who the simulated agent is and how it treats its input.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the script file")]
pub struct Agent {
    /// The model named in the transcript; one that the price table knows.
    pub model: String,
    /// Tokens the context window holds.
    pub window: u64,
    /// Tokens in the context before the first prompt.
    pub base_context: u64,
    /// The permission mode.
    pub mode: Mode,
    /// Blank screen before the first paint.
    pub startup: Span,
    /// Asks at start whether the folder is trusted (default answer: No, exit).
    pub trust: bool,
    /// An Enter that comes sooner than this after a paste or a burst of keys is swallowed.
    pub swallow_enter: Span,
    /// Whether a paste of more than 3 lines or 800 characters reaches the model inside `<pasted_content>`.
    pub wrap_pastes: bool,
    /// Whether it keeps `sessions/<pid>.json`.
    pub status_file: bool,
    /// Whether it writes OSC 7501 state sequences, as Codex does.
    pub osc: bool,
    /// Redraws per second of the spinner.
    pub fps: u8,
    /// How long after a permission prompt the Notification hook comes.
    pub notify_after: Span,
    /// Chooses verbs and sizes; the same seed gives the same run.
    pub seed: u64,
    /// Played once the composer is shown, as if a person had typed it; `--prompt` comes first.
    pub on_start: Option<String>,
}

impl Default for Agent {
    fn default() -> Self {
        Self {
            model: "claude-sonnet-5-5".to_owned(),
            window: 200_000,
            base_context: 12_000,
            mode: Mode::Manual,
            startup: Span::millis(700),
            trust: false,
            swallow_enter: Span::default(),
            wrap_pastes: true,
            status_file: true,
            osc: false,
            fps: 10,
            notify_after: Span::millis(6000),
            seed: 1,
            on_start: None,
        }
    }
}

/// One option of a question or dialog.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The line that is chosen.
    pub label: String,
    /// The dim line below it.
    #[serde(default)]
    pub description: String,
}

/// Where the limit leaves the agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LimitMode {
    /// It waits by itself and says until when.
    #[default]
    Auto,
    /// It asks what to do.
    Menu,
}

/// What goes on after the turn is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackgroundKind {
    /// A shell command: the turn is over.
    Shell,
    /// A subagent: the agent waits for it.
    Agent,
}

/// One thing the agent does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Only the spinner.
    Think {
        /// How long.
        #[serde(rename = "for")]
        span: Span,
    },
    /// Streams a reply; one request in the transcript.
    Say {
        /// The reply.
        text: String,
        /// How long the stream takes.
        #[serde(default)]
        over: Span,
        /// What the request used.
        #[serde(default)]
        usage: Usage,
    },
    /// Calls a tool.
    Tool {
        /// `Bash`, `Edit`, `Write`, `Read` …
        name: String,
        /// What is shown: the command or the file.
        subject: String,
        /// What the tool is for.
        #[serde(default)]
        description: String,
        /// Asks first.
        #[serde(default)]
        permission: bool,
        /// How long it runs.
        #[serde(default)]
        takes: Span,
        /// What it prints.
        #[serde(default)]
        output: String,
        /// Whether it fails.
        #[serde(default)]
        fails: bool,
        /// What the request that called it used.
        #[serde(default)]
        usage: Usage,
    },
    /// Runs a program for real and shows what it prints; `swarm` is this program.
    Run {
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// Asks the person.
    Question {
        /// The tab's title.
        header: String,
        /// The question.
        question: String,
        /// The answers.
        options: Vec<Choice>,
    },
    /// Presents a plan for approval.
    Plan {
        /// The plan.
        text: String,
    },
    /// Covers the composer with a dialog.
    Dialog {
        /// Its first line.
        title: String,
        /// Its text.
        #[serde(default)]
        text: String,
        /// Its options.
        options: Vec<Choice>,
    },
    /// The API fails and the agent retries by itself.
    Retry {
        /// The HTTP status.
        status: u16,
        /// What the API said.
        message: String,
        /// How many attempts fail before one succeeds.
        attempts: u32,
        /// The most attempts, as the line shows.
        #[serde(default = "ten")]
        of: u32,
        /// Between two attempts.
        every: Span,
    },
    /// The turn ends in an API error.
    Error {
        /// `rate_limit`, `server_error`, `authentication_failed`, `billing_error`, `invalid_request`.
        kind: String,
        /// The HTTP status.
        status: u16,
        /// The line shown.
        text: String,
    },
    /// A usage limit.
    Limit {
        /// How long until it resets, in wall-clock time (never sped up).
        resets_in: Span,
        /// What the agent does.
        #[serde(default)]
        mode: LimitMode,
        /// The name of the limit.
        #[serde(default = "five_hour")]
        name: String,
    },
    /// Compacts the conversation.
    Compact {
        /// How long it takes.
        #[serde(rename = "for")]
        span: Span,
        /// Tokens left afterwards.
        to: u64,
    },
    /// Starts something that outlives the turn.
    Background {
        /// What.
        kind: BackgroundKind,
        /// How long it runs; then the agent wakes itself with the next steps.
        #[serde(rename = "for")]
        span: Span,
    },
    /// Ends the turn, stays idle, then goes on by itself.
    Idle {
        /// How long.
        #[serde(rename = "for")]
        span: Span,
    },
    /// Shows the spinner until the test says go on: a file exists, a FIFO is opened for writing, or
    /// `tmux wait-for -S` signals the channel.
    Wait {
        /// The file that has to exist.
        #[serde(default)]
        file: Option<PathBuf>,
        /// The FIFO that has to be written to.
        #[serde(default)]
        fifo: Option<PathBuf>,
        /// The `tmux wait-for` channel.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Tells the test that this point was reached.
    Mark {
        /// The file to make.
        #[serde(default)]
        file: Option<PathBuf>,
        /// The `tmux wait-for -S` channel.
        #[serde(default)]
        channel: Option<String>,
    },
    /// Rings the terminal's bell.
    Bell,
    /// Dies.
    Crash {
        /// The exit status.
        #[serde(default)]
        code: Option<u8>,
        /// The signal's number.
        #[serde(default)]
        signal: Option<i32>,
        /// What it prints to the screen first.
        #[serde(default)]
        text: String,
        /// Only in a session's first run: one that was resumed goes on with the next step.
        #[serde(default)]
        once: bool,
    },
    /// Ends as `/exit` does.
    Exit,
}

const fn ten() -> u32 {
    10
}

fn five_hour() -> String {
    "5-hour limit".to_owned()
}

/// A named list of steps.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// `SIM:<name>` in a prompt chooses it.
    pub name: String,
    /// A prompt that holds this text chooses it too.
    #[serde(default, rename = "match")]
    pub matches: Option<String>,
    /// How often the steps run; 0 means until interrupted.
    #[serde(default = "one")]
    pub repeat: u32,
    /// What it does.
    pub steps: Vec<Step>,
}

const fn one() -> u32 {
    1
}

/// A whole script.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Who it is.
    #[serde(default)]
    pub agent: Agent,
    /// What it can do; the one named `default` answers every other prompt.
    #[serde(default, rename = "scenario")]
    pub scenarios: Vec<Scenario>,
}

impl Script {
    /// The built-in script.
    pub fn builtin() -> Result<Self> {
        Self::parse(DEFAULT, Path::new("the built-in script"))
    }

    /// The script in `file`; the built-in scenarios stay available behind its own.
    pub fn load(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file)
            .map_err(|e| Error::failure(format!("cannot read the script {}", file.display())).because(e))?;
        let mut script = Self::parse(&text, file)?;
        script.scenarios.extend(Self::builtin()?.scenarios);
        Ok(script)
    }

    fn parse(text: &str, file: &Path) -> Result<Self> {
        toml::from_str(text).map_err(|e| {
            Error::new(Kind::Config, format!("{} is no script of the simulated agent", file.display()))
                .because(e)
                .hint("`swarm sim --print-script` shows a script with every step")
        })
    }

    /// The scenario that answers `prompt`: the first one it names or holds the text of, else `default`.
    pub fn choose(&self, prompt: &str) -> Option<&Scenario> {
        let named = prompt
            .split("SIM:")
            .nth(1)
            .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '-')).next().unwrap_or_default());
        named
            .and_then(|name| self.scenarios.iter().find(|s| s.name == name))
            .or_else(|| {
                self.scenarios.iter().find(|s| s.matches.as_deref().is_some_and(|m| prompt.contains(m)))
            })
            .or_else(|| self.scenarios.iter().find(|s| s.name == "default"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_script_has_every_scenario() {
        let script = Script::builtin().unwrap();
        for name in [
            "default",
            "hello",
            "slow",
            "think",
            "bash",
            "edit",
            "write",
            "question",
            "plan",
            "dialog",
            "long",
            "fail",
            "retry",
            "e529",
            "e401",
            "credit",
            "ctxlen",
            "limit",
            "limitmenu",
            "compact",
            "use150",
            "shell",
            "agent",
            "crash",
            "kill",
            "exit",
            "loop",
            "inbox",
        ] {
            assert!(script.scenarios.iter().any(|s| s.name == name), "no scenario `{name}`");
        }
        let mut names: Vec<_> = script.scenarios.iter().map(|s| &s.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), script.scenarios.len(), "a name is used twice");
    }

    #[test]
    fn prompts_choose_scenarios() {
        let script = Script::builtin().unwrap();
        assert_eq!(script.choose("please SIM:bash, thanks").unwrap().name, "bash");
        assert_eq!(script.choose("anything else").unwrap().name, "default");
        assert_eq!(script.choose("SIM:nonesuch").unwrap().name, "default");
    }

    #[test]
    fn typing_errors_name_the_line() {
        let err = Script::parse("[agent]\nmodell = \"x\"\n", Path::new("s.toml")).unwrap_err();
        assert!(err.report().contains("line 2") && err.report().contains("modell"), "{}", err.report());
        let bad = "[[scenario]]\nname = \"x\"\nsteps = [{ do = \"think\", fro = \"1s\" }]\n";
        assert!(Script::parse(bad, Path::new("s.toml")).is_err());
    }
}
