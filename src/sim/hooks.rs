//! The hooks of the simulated agent: the configuration format and the payloads of Claude Code.
//!
//! Reads `--settings` (a file or JSON), runs the commands of an event one after the other with the payload on stdin,
//! and reads what they answer. A hook that fails or answers nonsense changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;

use crate::error::{Error, Kind, Result};

/// What an event's hooks said together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Stop (or the tool call) is refused for this reason.
    pub block: Option<String>,
    /// The permission is decided: `true` allows, `false` denies.
    pub allow: Option<bool>,
    /// What a denied permission is denied for; without a reason the turn ends.
    pub denied: Option<String>,
    /// Text added to the context.
    pub context: Option<String>,
}

/// The hooks that are configured.
#[derive(Debug, Clone, Default)]
pub struct Hooks {
    events: BTreeMap<String, Vec<Entry>>,
    every: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Settings {
    #[serde(default)]
    hooks: BTreeMap<String, Vec<Entry>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Entry {
    #[serde(default)]
    matcher: Option<String>,
    hooks: Vec<Command>,
}

#[derive(Debug, Clone, Deserialize)]
struct Command {
    command: String,
    /// Seconds, as Claude Code counts; 60 where it is left out.
    #[serde(default)]
    timeout: Option<f64>,
}

impl Hooks {
    /// `command` for every event.
    pub fn every(command: String) -> Self {
        Self { events: BTreeMap::new(), every: Some(command) }
    }

    /// The hooks of a settings file, or of JSON given in its place.
    pub fn from_settings(settings: &str) -> Result<Self> {
        let text = if settings.trim_start().starts_with('{') {
            settings.to_owned()
        } else {
            std::fs::read_to_string(Path::new(settings))
                .map_err(|e| Error::failure(format!("cannot read the settings {settings}")).because(e))?
        };
        let settings: Settings = serde_json::from_str(&text).map_err(|e| {
            Error::new(Kind::Config, "the settings are no settings of Claude Code").because(e)
        })?;
        Ok(Self { events: settings.hooks, every: None })
    }

    fn commands(&self, event: &str, tool: &str) -> Vec<(String, Duration)> {
        let every = self.every.iter().map(|c| (c.clone(), Duration::from_secs(60)));
        let entries = self.events.get(event).into_iter().flatten().filter(|e| e.applies(tool));
        let named = entries.flat_map(|e| &e.hooks).map(|c| {
            (c.command.clone(), Duration::from_secs_f64(c.timeout.unwrap_or(60.0).clamp(0.1, 3600.0)))
        });
        every.chain(named).collect()
    }

    /// Runs the hooks of `payload`'s event.
    pub async fn run(&self, payload: &Value) -> Said {
        let event = payload["hook_event_name"].as_str().unwrap_or_default();
        let tool = payload["tool_name"].as_str().unwrap_or_default();
        let mut said = Said::default();
        for (command, limit) in self.commands(event, tool) {
            if let Some((code, stdout, stderr)) = run_one(&command, payload, limit).await {
                said.read(code, &stdout, &stderr);
            }
        }
        said
    }
}

impl Entry {
    fn applies(&self, tool: &str) -> bool {
        match self.matcher.as_deref() {
            None | Some("" | "*") => true,
            Some(matcher) => {
                tool.is_empty()
                    || regex::Regex::new(&format!("^(?:{matcher})$")).is_ok_and(|re| re.is_match(tool))
            }
        }
    }
}

impl Said {
    fn read(&mut self, code: Option<i32>, stdout: &str, stderr: &str) {
        if code == Some(2) {
            self.block = Some(stderr.trim().to_owned());
            return;
        }
        let Ok(answer) = serde_json::from_str::<Value>(stdout.trim()) else { return };
        if answer["decision"] == "block" {
            self.block = Some(answer["reason"].as_str().unwrap_or_default().to_owned());
        }
        let specific = &answer["hookSpecificOutput"];
        if let Some(context) = specific["additionalContext"].as_str() {
            self.context = Some(context.to_owned());
        }
        let word =
            specific["permissionDecision"].as_str().or_else(|| specific["decision"]["behavior"].as_str());
        let decision = &specific["decision"];
        if decision["interrupt"] != true {
            self.denied = decision["message"].as_str().map(str::to_owned);
        }
        match word {
            Some("allow") => self.allow = Some(true),
            Some("deny") => self.allow = Some(false),
            _ => {}
        }
    }
}

async fn run_one(command: &str, payload: &Value, limit: Duration) -> Option<(Option<i32>, String, String)> {
    let mut child = tokio::process::Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A hook need not read its payload.
        let _ = stdin.write_all(payload.to_string().as_bytes()).await;
    }
    let out = tokio::time::timeout(limit, child.wait_with_output()).await.ok()?.ok()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some((out.status.code(), text(&out.stdout), text(&out.stderr)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_claude_code_are_understood() {
        let hooks = Hooks::from_settings(
            r#"{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"a","timeout":5}]}],
                "PreToolUse":[{"matcher":"Bash|Edit","hooks":[{"type":"command","command":"b"}]}]}, "model":"x"}"#,
        )
        .unwrap();
        assert_eq!(hooks.commands("Stop", ""), [("a".to_owned(), Duration::from_secs(5))]);
        assert_eq!(hooks.commands("PreToolUse", "Bash").len(), 1);
        assert_eq!(hooks.commands("PreToolUse", "Read").len(), 0);
        assert_eq!(hooks.commands("SessionEnd", "").len(), 0);
        assert_eq!(Hooks::every("x".into()).commands("SessionEnd", "").len(), 1);
    }

    #[test]
    fn answers_of_hooks_are_read_and_nonsense_is_not() {
        let mut said = Said::default();
        said.read(Some(0), "hello", "");
        assert_eq!(said, Said::default());
        said.read(Some(0), r#"{"decision":"block","reason":"go on"}"#, "");
        assert_eq!(said.block.as_deref(), Some("go on"));
        said.read(Some(0), r#"{"hookSpecificOutput":{"decision":{"behavior":"allow"}}}"#, "");
        assert_eq!(said.allow, Some(true));
        said.read(Some(2), "", "no\n");
        assert_eq!(said.block.as_deref(), Some("no"));
    }
}
