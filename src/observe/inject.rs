//! Hooks for one launch: what an agent is given on its command line, in its environment, or in a file of its own
//! instance, so that it reports to swarm. The user's own files are never touched here (see [`super::install`]).
//!
//! Owns the formats of the agents' hook settings. Writes only below the instance's directory.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::agent::HookKind;
use crate::error::{Context, Result};
use crate::paths;

/// Seconds that Claude Code waits for a hook. Ours is done in 50 ms; this is for a machine that stands still.
const TIMEOUT_S: u64 = 5;
/// How long it lets a hook wait for the person's answer, in seconds: a prompt may stand over night.
const ANSWER_TIMEOUT_S: u64 = 86_400;
/// The same as [`TIMEOUT_S`] for Gemini CLI, which counts in milliseconds.
const TIMEOUT_MS: u64 = 5_000;
/// The largest foreign settings file that is merged.
const SETTINGS_MAX: u64 = 1 << 20;

/// Events that Claude Code 2.0.30 and everything newer takes. A name that a version does not know opens a blocking
/// dialog at its start (2.1.197), so nothing else may be named without knowing the version.
const CLAUDE_ALWAYS: [&str; 9] = [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PostToolUse",
    "Notification",
    "Stop",
    "SubagentStop",
    "PreCompact",
    "SessionEnd",
];
/// Events that 2.1.197 and 2.1.329 were seen to take.
const CLAUDE_SINCE_2_1_197: [&str; 5] =
    ["PermissionRequest", "StopFailure", "SubagentStart", "PostToolUseFailure", "PostCompact"];
/// Events of Gemini CLI that say something new. Its hooks run one after another before the agent goes on, so the ones
/// that the title and the screen show as well are left out.
const GEMINI: [&str; 6] =
    ["SessionStart", "SessionEnd", "BeforeAgent", "AfterAgent", "AfterTool", "Notification"];

/// What a launch needs so that the agent's hooks report to swarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HookSetup {
    /// A settings file for the profile's `settings_file` arguments.
    pub settings_file: Option<PathBuf>,
    /// Further arguments.
    pub args: Vec<String>,
    /// Environment.
    pub env: Vec<(String, String)>,
}

/// What hooks of one launch ask the monitor for, besides reporting.
#[derive(Debug, Clone, Copy, Default)]
pub struct HookRequests<'a> {
    /// Messages that wait for the agent, at these events.
    pub messages_at: &'a [String],
    /// The person's answer to a permission prompt, at this event, from this version on.
    pub answer_at: Option<(&'a str, &'a str)>,
}

impl HookSetup {
    /// The setup for an agent whose hooks are of this `kind`, of this `version` where it is known ([`version_of`]), that
    /// call `swarm_exe` (an absolute path). Files go to `instance_dir`, readable by the user alone.
    pub fn for_launch(
        kind: HookKind,
        version: Option<&str>,
        swarm_exe: &Path,
        instance_dir: &Path,
        asks: HookRequests<'_>,
    ) -> Result<Self> {
        match kind {
            HookKind::ClaudeSettings => claude("claude", version, swarm_exe, instance_dir, asks),
            // The simulated agent takes Claude Code's settings and knows every event.
            HookKind::Sim => claude("sim", Some("2.1.329"), swarm_exe, instance_dir, asks),
            HookKind::CodexNotify => Ok(codex(swarm_exe, user_notify().as_deref())),
            HookKind::GeminiSettings => gemini(swarm_exe, instance_dir),
            HookKind::AiderNotify => Ok(aider(swarm_exe)),
            HookKind::None | HookKind::QwenSettings | HookKind::CopilotHooks | HookKind::OpencodePlugin => {
                Ok(Self::default())
            }
        }
    }
}

/// `'/path/swarm' hook PROFILE`, as a shell reads it.
pub fn hook_command(swarm_exe: &Path, profile: &str) -> String {
    format!("{} hook {profile}", shell_quote(&swarm_exe.display().to_string()))
}

/// A word that a POSIX shell takes as it is.
pub fn shell_quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

fn claude(
    profile: &str,
    version: Option<&str>,
    exe: &Path,
    dir: &Path,
    asks: HookRequests<'_>,
) -> Result<HookSetup> {
    // 1.0.60 has no --settings at all.
    if version.is_some_and(|v| !at_least(v, "2.0.0")) {
        return Ok(HookSetup::default());
    }
    let mut events = CLAUDE_ALWAYS.to_vec();
    if version.is_some_and(|v| at_least(v, "2.1.197")) {
        events.extend(CLAUDE_SINCE_2_1_197);
    }
    let entry = |event: &str| {
        let mut command = hook_command(exe, profile);
        let mut timeout = TIMEOUT_S;
        if asks.messages_at.iter().any(|e| e == event) {
            command.push_str(" --deliver");
        }
        let measured = |from: &str| version.is_some_and(|v| at_least(v, from));
        if asks.answer_at.is_some_and(|(at, from)| at == event && measured(from)) {
            command.push_str(" --answer");
            timeout = ANSWER_TIMEOUT_S;
        }
        json!([{"matcher": "", "hooks": [{"type": "command", "command": command, "timeout": timeout}]}])
    };
    let hooks: Map<String, Value> = events.into_iter().map(|e| (e.to_owned(), entry(e))).collect();
    let file = dir.join("hooks.json");
    write_private(&file, &json!({"hooks": hooks}))?;
    Ok(HookSetup { settings_file: Some(file), ..HookSetup::default() })
}

/// Codex takes one `notify` program: ours, which calls the user's own in turn.
fn codex(exe: &Path, own: Option<&[String]>) -> HookSetup {
    let mut argv =
        vec![exe.display().to_string(), "hook".to_owned(), "codex".to_owned(), "notify".to_owned()];
    if let Some(own) = own.filter(|o| !o.is_empty()) {
        argv.push("--chain".to_owned());
        argv.extend(own.iter().cloned());
    }
    let list = toml::Value::Array(argv.into_iter().map(toml::Value::String).collect());
    HookSetup { args: vec!["-c".to_owned(), format!("notify={list}")], ..HookSetup::default() }
}

/// The `notify` program of the user's own Codex configuration.
fn user_notify() -> Option<Vec<String>> {
    let home = paths::var("CODEX_HOME").filter(|v| !v.is_empty()).map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(paths::var("HOME")?).join(".codex")))?;
    let config: toml::Table = toml::from_str(&read_small(&home.join("config.toml"))?).ok()?;
    let words = config.get("notify")?.as_array()?.iter();
    words.map(|w| w.as_str().map(str::to_owned)).collect()
}

/// Gemini reads one system settings file, above the user's; lists of hooks of all files are joined. What is in the
/// machine's own stays in force.
fn gemini(exe: &Path, dir: &Path) -> Result<HookSetup> {
    const VARIABLE: &str = "GEMINI_CLI_SYSTEM_SETTINGS_PATH";
    let own = paths::var(VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
    let own = own.unwrap_or_else(|| {
        PathBuf::from(if cfg!(target_os = "macos") {
            "/Library/Application Support/GeminiCli/settings.json"
        } else {
            "/etc/gemini-cli/settings.json"
        })
    });
    let settings = read_small(&own).map(|text| super::jsonc::to_value(&text));
    if matches!(settings, Some(None)) {
        // A system file that we cannot read must stay the one in force: an administrator's rules matter more.
        tracing::warn!("{} is not JSON: Gemini CLI is started without hooks", own.display());
        return Ok(HookSetup::default());
    }
    let file = dir.join("gemini-settings.json");
    write_private(&file, &gemini_settings(settings.flatten().unwrap_or_else(|| json!({})), exe))?;
    Ok(HookSetup { env: vec![(VARIABLE.to_owned(), file.display().to_string())], ..HookSetup::default() })
}

fn gemini_settings(mut settings: Value, exe: &Path) -> Value {
    let entry = json!({"hooks": [{
        "type": "command", "name": "swarm", "command": hook_command(exe, "gemini"), "timeout": TIMEOUT_MS,
    }]});
    if !settings.is_object() {
        settings = json!({});
    }
    let hooks = &mut settings["hooks"];
    if !hooks.is_object() {
        *hooks = json!({});
    }
    for event in GEMINI {
        match &mut hooks[event] {
            Value::Array(entries) => entries.push(entry.clone()),
            other => *other = json!([entry]),
        }
    }
    settings
}

fn aider(exe: &Path) -> HookSetup {
    let command = format!("{} notify", hook_command(exe, "aider"));
    let args = ["--notifications", "--notifications-command", &command].map(str::to_owned).to_vec();
    HookSetup { args, ..HookSetup::default() }
}

/// The version of an npm-installed or native agent CLI, read off its files without running it: `package.json` beside
/// or above the program, or a version in its path. `None` where neither is there and clearly this program's.
pub fn version_of(program: &Path) -> Option<String> {
    let name = program.file_name()?.to_str()?;
    let real = std::fs::canonicalize(program).ok()?;
    for dir in real.ancestors().skip(1).take(3) {
        let Some(text) = read_small(&dir.join("package.json")) else { continue };
        let Ok(package) = serde_json::from_str::<Value>(&text) else { continue };
        // A wrapper script may lie in somebody else's package.
        if package["name"].as_str().is_some_and(|n| n.contains(name)) {
            return package["version"].as_str().filter(|v| is_version(v)).map(str::to_owned);
        }
    }
    // `~/.local/share/claude/versions/2.1.329`
    let parts: Vec<&str> = real.iter().filter_map(|p| p.to_str()).collect();
    let versions = parts.windows(3).find(|w| w[0] == name && w[1] == "versions");
    versions.map(|w| w[2]).filter(|v| is_version(v)).map(str::to_owned)
}

fn is_version(text: &str) -> bool {
    text.split('.').count() >= 3 && text.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether `version` is `least` or newer, by its numbers.
pub fn at_least(version: &str, least: &str) -> bool {
    let numbers =
        |v: &str| -> Vec<u64> { v.split(['.', '-', '+', ' ']).map_while(|n| n.parse().ok()).collect() };
    numbers(version) >= numbers(least)
}

/// Writes `value` to a file that only the user can read.
pub(super) fn write_private(file: &Path, value: &Value) -> Result<()> {
    write_private_text(file, &value.to_string())
}

/// Writes `text` to a file that only the user can read.
pub(super) fn write_private_text(file: &Path, text: &str) -> Result<()> {
    let _ = std::fs::remove_file(file);
    let mut options = std::fs::OpenOptions::new();
    let open = options.write(true).create_new(true).mode(0o600).open(file);
    let mut out = open.context(|| format!("create {}", file.display()))?;
    out.write_all(text.as_bytes()).context(|| format!("write {}", file.display()))
}

/// A file of at most [`SETTINGS_MAX`] bytes.
pub(super) fn read_small(path: &Path) -> Option<String> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > SETTINGS_MAX { None } else { std::fs::read_to_string(path).ok() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn exe() -> &'static Path {
        Path::new("/opt/it's/swarm")
    }

    fn claude_events(version: Option<&str>) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        let setup = HookSetup::for_launch(
            HookKind::ClaudeSettings,
            version,
            exe(),
            dir.path(),
            HookRequests::default(),
        )
        .unwrap();
        let Some(file) = setup.settings_file else { return Vec::new() };
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        let settings: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(settings["hooks"]["Stop"][0]["hooks"][0]["command"], r"'/opt/it'\''s/swarm' hook claude");
        settings["hooks"].as_object().unwrap().keys().cloned().collect()
    }

    #[test]
    fn claude_gets_only_event_names_that_its_version_knows() {
        assert_eq!(claude_events(None).len(), 9);
        assert_eq!(claude_events(Some("2.0.30")).len(), 9);
        assert_eq!(claude_events(Some("2.1.329")).len(), 14);
        assert!(claude_events(Some("2.1.197")).contains(&"PermissionRequest".to_owned()));
        assert_eq!(claude_events(Some("1.0.60")), Vec::<String>::new());
    }

    #[test]
    fn a_second_launch_in_the_same_directory_replaces_the_file() {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let messages_at = ["Stop".to_owned(), "NoSuchEvent".to_owned()];
            let asks =
                HookRequests { messages_at: &messages_at, answer_at: Some(("PermissionRequest", "2.1.329")) };
            HookSetup::for_launch(HookKind::Sim, None, exe(), dir.path(), asks).unwrap();
        }
        let text = std::fs::read_to_string(dir.path().join("hooks.json")).unwrap();
        let settings: Value = serde_json::from_str(&text).unwrap();
        let command =
            |event: &str| settings["hooks"][event][0]["hooks"][0]["command"].as_str().unwrap().to_owned();
        assert!(
            command("Stop").ends_with(" hook sim --deliver") && command("PreToolUse").ends_with(" hook sim")
        );
        assert!(!text.contains("NoSuchEvent"));
        assert!(command("PermissionRequest").ends_with(" hook sim --answer"));
        let timeout = |event: &str| settings["hooks"][event][0]["hooks"][0]["timeout"].as_u64();
        assert_eq!(
            (timeout("PermissionRequest"), timeout("Stop")),
            (Some(ANSWER_TIMEOUT_S), Some(TIMEOUT_S))
        );
    }

    #[test]
    fn codex_calls_the_users_own_program_in_turn() {
        let own = ["/home/dev/bin/ding".to_owned(), "--title=\"x\"".to_owned()];
        let setup = codex(Path::new("/opt/swarm"), Some(&own));
        let (key, list) = setup.args[1].split_once('=').unwrap();
        assert_eq!((setup.args[0].as_str(), key), ("-c", "notify"));
        let parsed: toml::Table = toml::from_str(&format!("x = {list}")).unwrap();
        let words: Vec<&str> = parsed["x"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
        assert_eq!(words[..4], ["/opt/swarm", "hook", "codex", "notify"]);
        assert_eq!(words[4..], ["--chain", "/home/dev/bin/ding", "--title=\"x\""]);
    }

    #[test]
    fn geminis_system_settings_stay_in_force() {
        let own =
            json!({"tools": {"sandbox": true}, "hooks": {"AfterAgent": [{"hooks": []}], "BeforeTool": [1]}});
        let merged = gemini_settings(own, Path::new("/opt/swarm"));
        assert_eq!(merged["tools"]["sandbox"], true);
        assert_eq!(merged["hooks"]["BeforeTool"], json!([1]));
        assert_eq!(merged["hooks"]["AfterAgent"].as_array().unwrap().len(), 2);
        assert_eq!(merged["hooks"]["Notification"][0]["hooks"][0]["command"], "'/opt/swarm' hook gemini");
        assert!(gemini_settings(json!([]), exe())["hooks"]["SessionStart"].is_array());
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(at_least("2.1.329", "2.1.197"));
        assert!(at_least("2.10.0", "2.9.9"));
        assert!(!at_least("2.0.30", "2.1.0"));
        assert!(!at_least("", "2.0.0"));
        assert!(at_least("2.1.329 (Claude Code)", "2.1.329"));
    }

    #[test]
    fn a_version_is_read_off_the_files() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("lib/claude-code");
        std::fs::create_dir_all(package.join("bin")).unwrap();
        let text = r#"{"name":"@anthropic-ai/claude-code","version":"2.1.197"}"#;
        std::fs::write(package.join("package.json"), text).unwrap();
        std::fs::write(package.join("bin/cli.js"), "").unwrap();
        std::os::unix::fs::symlink(package.join("bin/cli.js"), dir.path().join("claude")).unwrap();
        assert_eq!(version_of(&dir.path().join("claude")).as_deref(), Some("2.1.197"));
        let native = dir.path().join("share/claude/versions/2.1.329");
        std::fs::create_dir_all(native.parent().unwrap()).unwrap();
        std::fs::write(&native, "").unwrap();
        std::fs::create_dir(dir.path().join("bin")).unwrap();
        let link = dir.path().join("bin/claude");
        std::os::unix::fs::symlink(&native, &link).unwrap();
        assert_eq!(version_of(&link).as_deref(), Some("2.1.329"));
        // Somebody else's package, and an interpreter's version.
        let other = dir.path().join("versions/3.11.7/bin");
        std::fs::create_dir_all(&other).unwrap();
        std::fs::write(other.join("claude"), "").unwrap();
        let text = r#"{"name":"my-dotfiles","version":"9.9.9"}"#;
        std::fs::write(other.join("package.json"), text).unwrap();
        assert_eq!(version_of(&other.join("claude")), None);
        assert_eq!(version_of(Path::new("/nonexistent/claude")), None);
    }
}
