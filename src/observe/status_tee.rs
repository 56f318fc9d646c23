//! Claude Code tells its usage limits to a status line alone. For one launch swarm takes that place, if it is free.
//!
//! A status line given on the command line replaces the user's own. So it is only given where no settings file that may
//! be in force so much as mentions one; everyone else can pass their line's input on: `… | tee >(swarm hook claude statusline)`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::error::Result;

use super::inject::{at_least, hook_command, read_small, write_private};

/// The event by which `swarm hook` reports what a status line was told.
pub const EVENT: &str = "statusline";

/// The first version that tells its status line the limits.
const SINCE: &str = "2.1.80";

/// Adds a status line that prints nothing and reports the limits to the settings file of one launch, unless one of the
/// `others` may hold one. Answers whether it did.
pub fn take_place(
    settings: &Path,
    version: Option<&str>,
    swarm_exe: &Path,
    others: &[PathBuf],
) -> Result<bool> {
    let may_have_one = |file: &PathBuf| {
        file.exists()
            && read_small(file).is_none_or(|text| text.contains("statusLine") || text.contains("\\u"))
    };
    if !version.is_some_and(|v| at_least(v, SINCE)) || others.iter().any(may_have_one) {
        return Ok(false);
    }
    let own = read_small(settings).and_then(|text| serde_json::from_str::<Value>(&text).ok());
    let Some(mut own) = own.filter(Value::is_object) else { return Ok(false) };
    let command = format!("{} {EVENT}", hook_command(swarm_exe, "claude"));
    own["statusLine"] = json!({"type": "command", "command": command});
    write_private(settings, &own)?;
    Ok(true)
}

/// The settings files that Claude Code may read besides those of one launch, for an agent in `directory`.
pub fn settings_files(config_dir: &Path, directory: &Path) -> Vec<PathBuf> {
    let mut files = vec![
        PathBuf::from("/etc/claude-code/managed-settings.json"),
        PathBuf::from("/Library/Application Support/ClaudeCode/managed-settings.json"),
    ];
    let homes =
        std::iter::once(config_dir.to_owned()).chain(directory.ancestors().map(|d| d.join(".claude")));
    files.extend(homes.flat_map(|home| ["settings.json", "settings.local.json"].map(|name| home.join(name))));
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(dir: &Path) -> PathBuf {
        let file = dir.join("hooks.json");
        write_private(&file, &json!({"hooks": {"Stop": []}})).unwrap();
        file
    }

    #[test]
    fn a_free_place_is_taken_and_the_hooks_stay() {
        let dir = tempfile::tempdir().unwrap();
        let file = settings(dir.path());
        let exe = Path::new("/opt/swarm");
        let others = settings_files(&dir.path().join("home/.claude"), &dir.path().join("project"));
        assert!(!take_place(&file, None, exe, &others).unwrap(), "unknown version");
        assert!(!take_place(&file, Some("2.1.79"), exe, &others).unwrap());
        assert!(take_place(&file, Some("2.1.329"), exe, &others).unwrap());
        let now: Value = serde_json::from_str(&read_small(&file).unwrap()).unwrap();
        assert_eq!(now["statusLine"]["command"], "'/opt/swarm' hook claude statusline");
        assert!(now["hooks"]["Stop"].is_array());
    }

    #[test]
    fn the_users_own_line_is_never_replaced() {
        for place in
            ["home/.claude/settings.json", "project/.claude/settings.local.json", ".claude/settings.json"]
        {
            for text in
                [r#"{"statusLine": {"type": "command", "command": "mine"}}"#, r#"{"status\u004cine": 1}"#]
            {
                let dir = tempfile::tempdir().unwrap();
                let file = settings(dir.path());
                let before = read_small(&file);
                let own = dir.path().join(place);
                std::fs::create_dir_all(own.parent().unwrap()).unwrap();
                std::fs::write(&own, text).unwrap();
                let others = settings_files(&dir.path().join("home/.claude"), &dir.path().join("project"));
                assert!(
                    !take_place(&file, Some("2.1.329"), Path::new("/opt/swarm"), &others).unwrap(),
                    "{place}"
                );
                assert_eq!(read_small(&file), before);
            }
        }
    }
}
