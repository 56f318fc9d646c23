//! Hooks in the user's own files: written only when a person asks for it, and undone exactly.
//!
//! Owns what `swarm hooks install` adds. A file that swarm shares with the user keeps every byte that is not ours,
//! comments included; its state before is kept as a backup. A file of our own is never laid over one that is not.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::agent::HookKind;
use crate::error::{Context, Error, Kind, Result};
use crate::observe::inject::hook_command;
use crate::observe::jsonc;
use crate::paths::Paths;

/// Says in a file of our own whose it is.
const MARK: &str = "swarm hooks";

/// Where hooks of one profile go, and what they look like.
#[derive(Debug, Clone)]
pub struct Installer {
    profile: &'static str,
    /// The file that is changed.
    pub file: PathBuf,
    form: Form,
    exe: PathBuf,
    keep: PathBuf,
}

#[derive(Debug, Clone)]
enum Form {
    /// Entries in a file of the user's, in Claude Code's format; the timeout is in the agent's own unit.
    Shared { events: &'static [&'static str], timeout: u64 },
    /// A file of our own.
    Own(String),
}

/// What is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing of ours.
    Absent,
    /// Ours, as this swarm would write it.
    Installed,
    /// Ours, but for another swarm program or of another version.
    Outdated,
}

/// What was done, kept to undo it.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    file: PathBuf,
    existed: bool,
    written_sha256: String,
    /// Members that were not there before: `hooks`, and names of events.
    created: Vec<String>,
}

impl Installer {
    /// The installer for a profile's kind of hooks; `None` where nothing is ever written into a user's file. `exe` is
    /// the absolute path of swarm, `var` answers for the environment.
    pub fn of(
        kind: HookKind,
        paths: &Paths,
        exe: &Path,
        var: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Self> {
        let home = |key: &str, usual: &str| var(key).map_or_else(|| paths.home.join(usual), PathBuf::from);
        let (profile, file, form) = match kind {
            HookKind::CodexNotify => {
                let events = &[
                    "SessionStart",
                    "UserPromptSubmit",
                    "PreToolUse",
                    "PermissionRequest",
                    "PostToolUse",
                    "Stop",
                    "SessionEnd",
                ][..];
                (
                    "codex",
                    home("CODEX_HOME", ".codex").join("hooks.json"),
                    Form::Shared { events, timeout: 5 },
                )
            }
            HookKind::QwenSettings => {
                let events = &[
                    "SessionStart",
                    "SessionEnd",
                    "UserPromptSubmit",
                    "PreToolUse",
                    "PostToolUse",
                    "PermissionRequest",
                    "Notification",
                    "Stop",
                ][..];
                // A fork of Gemini CLI, which counts in milliseconds.
                ("qwen", paths.home.join(".qwen/settings.json"), Form::Shared { events, timeout: 5_000 })
            }
            HookKind::CopilotHooks => {
                ("copilot", paths.home.join(".copilot/hooks/swarm.json"), Form::Own(copilot(exe)))
            }
            HookKind::OpencodePlugin => {
                let config = home("XDG_CONFIG_HOME", ".config");
                ("opencode", config.join("opencode/plugin/swarm.js"), Form::Own(opencode(exe)))
            }
            _ => return None,
        };
        let keep = paths.state_dir.join("hooks");
        Some(Self { profile, file, form, exe: exe.to_owned(), keep })
    }

    /// What is there now.
    pub fn state(&self) -> Result<State> {
        let Some(text) = self.read()? else { return Ok(State::Absent) };
        Ok(match &self.form {
            Form::Own(content) if *content == text => State::Installed,
            Form::Own(_) if text.contains(MARK) => State::Outdated,
            Form::Own(_) => State::Absent,
            Form::Shared { events, .. } => {
                let ours = self.ours(&text);
                let current = hook_command(&self.exe, self.profile);
                if ours.is_empty() {
                    State::Absent
                } else if ours.len() == events.len() && ours.iter().all(|o| o.command == current) {
                    State::Installed
                } else {
                    State::Outdated
                }
            }
        })
    }

    /// Adds our hooks; answers whether anything had to be changed.
    pub fn install(&self) -> Result<bool> {
        if self.state()? == State::Installed {
            return Ok(false);
        }
        let before = self.read()?;
        match (&self.form, &before) {
            (Form::Own(_), Some(text)) if !text.contains(MARK) => {
                return Err(Error::failure(format!("{} is there and is not ours", self.file.display()))
                    .hint("move it away, then install again"));
            }
            (Form::Own(content), _) => self.write(content)?,
            (Form::Shared { events, timeout }, _) => {
                self.install_shared(events, *timeout, before.as_deref())?;
            }
        }
        Ok(true)
    }

    /// Takes away what [`Self::install`] added; answers whether there was anything.
    pub fn remove(&self) -> Result<bool> {
        let Some(text) = self.read()? else { return Ok(false) };
        if self.state()? == State::Absent {
            return Ok(false);
        }
        if let Form::Own(_) = self.form {
            std::fs::remove_file(&self.file).context(|| format!("remove {}", self.file.display()))?;
            return Ok(true);
        }
        let record = self.record().filter(|r| r.file == self.file);
        let untouched = record.as_ref().is_some_and(|r| r.written_sha256 == digest(&text));
        match (&record, std::fs::read_to_string(self.backup())) {
            (Some(record), _) if untouched && !record.existed => {
                std::fs::remove_file(&self.file).context(|| format!("remove {}", self.file.display()))?;
            }
            (Some(_), Ok(backup)) if untouched => self.write(&backup)?,
            // Changed since: only our entries go.
            _ => self.write(&self.without_ours(&text, &record.map(|r| r.created).unwrap_or_default()))?,
        }
        let _ = std::fs::remove_file(self.record_file());
        Ok(true)
    }

    /// Where the file's state before the installation is kept.
    pub fn backup(&self) -> PathBuf {
        self.keep.join(format!("{}.before", self.profile))
    }

    fn install_shared(&self, events: &[&str], timeout: u64, before: Option<&str>) -> Result<()> {
        let record = self.record().filter(|r| r.file == self.file);
        let clean = match (before, &record) {
            // An older installation: what was there before it is already kept.
            (Some(text), Some(record)) => self.without_ours(text, &record.created),
            (Some(text), None) => self.without_ours(text, &[]),
            (None, _) => String::new(),
        };
        let base = if clean.trim().is_empty() { "{}\n" } else { clean.as_str() };
        let entry = json!({"hooks": [{
            "type": "command", "command": hook_command(&self.exe, self.profile), "timeout": timeout,
        }]});
        let (text, created) = add_entries(base, events, &entry.to_string()).ok_or_else(|| {
            Error::new(
                Kind::Config,
                format!("{} does not have the shape of a settings file", self.file.display()),
            )
            .hint("mend it first; nothing was changed")
        })?;
        self.keep_private(&self.backup(), &clean)?;
        let existed = record.map_or(before.is_some(), |r| r.existed);
        let record = Record { file: self.file.clone(), existed, written_sha256: digest(&text), created };
        let record = serde_json::to_string(&record).context(|| "encode what was installed".to_owned())?;
        self.keep_private(&self.record_file(), &record)?;
        self.write(&text)
    }

    /// `text` without our entries, and without the members of `created` that are empty then.
    fn without_ours(&self, text: &str, created: &[String]) -> String {
        let mut text = text.to_owned();
        while let Some(found) = self.ours(&text).pop() {
            let Some(root) = jsonc::parse(&text) else { break };
            let Some(groups) = root.get("hooks").and_then(|h| h.get(&found.event)) else { break };
            let Some(entries) = groups.elements().get(found.group).and_then(|g| g.get("hooks")) else {
                break;
            };
            text = if entries.elements().len() == 1 {
                jsonc::remove_element(&text, groups, found.group)
            } else {
                jsonc::remove_element(&text, entries, found.entry)
            };
        }
        for name in created.iter().filter(|n| *n != "hooks") {
            let Some(root) = jsonc::parse(&text) else { break };
            let Some(hooks) = root.get("hooks") else { break };
            if hooks.get(name).is_some_and(|e| e.elements().is_empty()) {
                text = jsonc::remove_member(&text, hooks, name);
            }
        }
        if let (true, Some(root)) = (created.iter().any(|n| n == "hooks"), jsonc::parse(&text))
            && root.get("hooks").is_some_and(|h| h.members().is_empty())
        {
            text = jsonc::remove_member(&text, &root, "hooks");
        }
        text
    }

    /// Our entries in `text`.
    fn ours(&self, text: &str) -> Vec<Ours> {
        let Some(root) = jsonc::parse(text) else { return Vec::new() };
        let events = root.get("hooks").map(|h| h.members().to_vec()).unwrap_or_default();
        let mut found = Vec::new();
        for (event, groups) in events {
            for (group, node) in groups.elements().iter().enumerate() {
                for (entry, node) in
                    node.get("hooks").map(jsonc::Node::elements).unwrap_or_default().iter().enumerate()
                {
                    let command = node.get("command").and_then(|c| text.get(c.start..c.end));
                    let command =
                        command.and_then(|c| serde_json::from_str::<String>(c).ok()).unwrap_or_default();
                    if self.is_ours(&command) {
                        found.push(Ours { event: event.clone(), group, entry, command });
                    }
                }
            }
        }
        found
    }

    fn is_ours(&self, command: &str) -> bool {
        let program = command.strip_suffix(&format!(" hook {}", self.profile)).unwrap_or_default();
        program.trim_matches('\'').rsplit('/').next().is_some_and(|name| name == "swarm")
            || (!program.is_empty() && command == hook_command(&self.exe, self.profile))
    }

    fn read(&self) -> Result<Option<String>> {
        match std::fs::read_to_string(&self.file) {
            Ok(text) => Ok(Some(text)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(Error::failure(format!("cannot read {}", self.file.display())).because(e)),
        }
    }

    fn record_file(&self) -> PathBuf {
        self.keep.join(format!("{}.json", self.profile))
    }

    fn record(&self) -> Option<Record> {
        serde_json::from_str(&std::fs::read_to_string(self.record_file()).ok()?).ok()
    }

    fn keep_private(&self, file: &Path, text: &str) -> Result<()> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.keep);
        made.context(|| format!("create {}", self.keep.display()))?;
        replace(file, text, 0o600)
    }

    fn write(&self, text: &str) -> Result<()> {
        // Dotfiles are often links into a repository: the file behind the link is the one to change.
        let target = std::fs::canonicalize(&self.file).unwrap_or_else(|_| self.file.clone());
        if let Some(dir) = target.parent() {
            std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
        }
        let mode = std::fs::metadata(&target).map_or(0o644, |m| m.permissions().mode() & 0o777);
        replace(&target, text, mode)
    }
}

/// An entry of ours and where it stands.
#[derive(Debug)]
struct Ours {
    event: String,
    group: usize,
    entry: usize,
    command: String,
}

/// `text` with `entry` in every event's list, and the names of what was not there before.
fn add_entries(text: &str, events: &[&str], entry: &str) -> Option<(String, Vec<String>)> {
    let mut text = text.to_owned();
    let mut created = Vec::new();
    let root = jsonc::parse(&text)?;
    let jsonc::NodeKind::Object(_) = root.kind else { return None };
    if root.get("hooks").is_none() {
        text = jsonc::add_member(&text, &root, "hooks", "{}");
        created.push("hooks".to_owned());
    }
    for event in events {
        let root = jsonc::parse(&text)?;
        let hooks = root.get("hooks")?;
        let jsonc::NodeKind::Object(_) = hooks.kind else { return None };
        text = match hooks.get(event) {
            None => {
                created.push((*event).to_owned());
                jsonc::add_member(&text, hooks, event, &format!("[{entry}]"))
            }
            Some(list) if matches!(list.kind, jsonc::NodeKind::Array(_)) => jsonc::push(&text, list, entry),
            Some(_) => return None,
        };
    }
    jsonc::parse(&text).map(|_| (text, created))
}

/// Replaces a file in one step: whoever reads it sees the old one or the new one.
fn replace(file: &Path, text: &str, mode: u32) -> Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let _ = std::fs::remove_file(&temporary);
    let mut options = std::fs::OpenOptions::new();
    let written = options.write(true).create_new(true).mode(mode).open(&temporary).and_then(|mut f| {
        f.write_all(text.as_bytes())?;
        f.sync_all()?;
        std::fs::rename(&temporary, file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written.context(|| format!("write {}", file.display()))
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut out, b| {
        let _ = write!(out, "{b:02x}");
        out
    })
}

fn copilot(exe: &Path) -> String {
    const EVENTS: [&str; 8] = [
        "sessionStart",
        "sessionEnd",
        "userPromptSubmitted",
        "preToolUse",
        "permissionRequest",
        "notification",
        "postToolUse",
        "agentStop",
    ];
    let hooks: serde_json::Map<String, Value> = EVENTS
        .into_iter()
        .map(|event| {
            let command = format!("{} {event} # {MARK}", hook_command(exe, "copilot"));
            (event.to_owned(), json!([{"type": "command", "bash": command, "timeoutSec": 5}]))
        })
        .collect();
    let file = json!({"version": 1, "hooks": hooks});
    serde_json::to_string_pretty(&file).unwrap_or_default() + "\n"
}

fn opencode(exe: &Path) -> String {
    let quoted = Value::from(exe.display().to_string()).to_string();
    include_str!("../../config/hooks/opencode.js").replace("\"@SWARM@\"", &quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        dir: tempfile::TempDir,
    }

    impl Place {
        fn new() -> Self {
            Self { dir: tempfile::tempdir().unwrap() }
        }

        fn installer(&self, kind: HookKind, exe: &str) -> Installer {
            let home = self.dir.path().to_owned();
            let paths = Paths::resolve(&|key| (key == "HOME").then(|| home.clone().into())).unwrap();
            Installer::of(kind, &paths, Path::new(exe), &|_| None).unwrap()
        }

        fn put(installer: &Installer, text: &str) {
            std::fs::create_dir_all(installer.file.parent().unwrap()).unwrap();
            std::fs::write(&installer.file, text).unwrap();
        }
    }

    const KINDS: [HookKind; 4] =
        [HookKind::CodexNotify, HookKind::QwenSettings, HookKind::CopilotHooks, HookKind::OpencodePlugin];
    const SHARED: [HookKind; 2] = [HookKind::CodexNotify, HookKind::QwenSettings];
    const USERS: &str = "{\n\t// my own\n\t\"theme\": \"dark\",\n\t\"hooks\": {\n\t\t\"Stop\": [\n\t\t\t{\"hooks\": [{\"type\": \"command\", \"command\": \"ding\"}]}\n\t\t]\n\t}\n}";

    #[test]
    fn what_was_not_there_is_gone_afterwards() {
        for kind in KINDS {
            let place = Place::new();
            let installer = place.installer(kind, "/opt/swarm");
            assert_eq!(installer.state().unwrap(), State::Absent);
            assert!(!installer.remove().unwrap());
            assert!(installer.install().unwrap());
            assert_eq!(installer.state().unwrap(), State::Installed);
            assert!(!installer.install().unwrap(), "a second time changes nothing");
            assert!(installer.remove().unwrap());
            assert!(!installer.file.exists(), "{kind:?}");
        }
    }

    #[test]
    fn the_users_file_comes_back_byte_for_byte() {
        for kind in SHARED {
            let place = Place::new();
            let installer = place.installer(kind, "/opt/swarm");
            Place::put(&installer, USERS);
            installer.install().unwrap();
            let text = std::fs::read_to_string(&installer.file).unwrap();
            let value = jsonc::to_value(&text).unwrap();
            assert_eq!(value["theme"], "dark");
            assert_eq!(value["hooks"]["Stop"][0]["hooks"][0]["command"], "ding");
            assert_eq!(value["hooks"]["Stop"][1]["hooks"][0]["type"], "command");
            assert!(text.contains("// my own"));
            installer.remove().unwrap();
            assert_eq!(std::fs::read_to_string(&installer.file).unwrap(), USERS);
        }
    }

    #[test]
    fn what_the_user_wrote_since_stays() {
        for kind in SHARED {
            let place = Place::new();
            let installer = place.installer(kind, "/opt/swarm");
            Place::put(&installer, USERS);
            installer.install().unwrap();
            let text = std::fs::read_to_string(&installer.file).unwrap();
            std::fs::write(&installer.file, text.replace("dark", "light")).unwrap();
            installer.remove().unwrap();
            assert_eq!(std::fs::read_to_string(&installer.file).unwrap(), USERS.replace("dark", "light"));
        }
    }

    #[test]
    fn another_program_replaces_the_old_one() {
        for kind in KINDS {
            let place = Place::new();
            let old = place.installer(kind, "/old/swarm");
            if SHARED.contains(&kind) {
                Place::put(&old, USERS);
            }
            old.install().unwrap();
            let new = place.installer(kind, "/new/swarm");
            assert_eq!(new.state().unwrap(), State::Outdated);
            new.install().unwrap();
            let text = std::fs::read_to_string(&new.file).unwrap();
            assert!(text.contains("/new/swarm") && !text.contains("/old/swarm"), "{text}");
            new.remove().unwrap();
            if SHARED.contains(&kind) {
                assert_eq!(std::fs::read_to_string(&new.file).unwrap(), USERS);
            }
        }
    }

    #[test]
    fn a_file_that_is_not_ours_or_not_json_is_left_alone() {
        for kind in KINDS {
            let place = Place::new();
            let installer = place.installer(kind, "/opt/swarm");
            Place::put(&installer, "export const mine = 1\n");
            assert!(installer.install().is_err(), "{kind:?}");
            assert!(!installer.remove().unwrap());
            assert_eq!(std::fs::read_to_string(&installer.file).unwrap(), "export const mine = 1\n");
        }
    }

    #[test]
    fn a_link_stays_a_link() {
        let place = Place::new();
        let installer = place.installer(HookKind::QwenSettings, "/opt/swarm");
        let real = place.dir.path().join("dotfiles.json");
        std::fs::write(&real, USERS).unwrap();
        std::fs::create_dir_all(installer.file.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(&real, &installer.file).unwrap();
        installer.install().unwrap();
        assert!(std::fs::symlink_metadata(&installer.file).unwrap().file_type().is_symlink());
        assert!(std::fs::read_to_string(&real).unwrap().contains("/opt/swarm"));
        installer.remove().unwrap();
        assert_eq!(std::fs::read_to_string(&real).unwrap(), USERS);
    }

    #[test]
    fn agents_with_hooks_per_launch_need_nothing() {
        let paths = Paths::resolve(&|key| (key == "HOME").then(|| "/nonexistent".into())).unwrap();
        let of = |kind| Installer::of(kind, &paths, Path::new("/opt/swarm"), &|_| None);
        assert!(of(HookKind::ClaudeSettings).is_none() && of(HookKind::GeminiSettings).is_none());
    }
}
