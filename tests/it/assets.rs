//! What is generated and committed (`completions/`, `man/`, the schemas of what `--json` prints) is what the program
//! says now; and names complete from a running monitor.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::up::Team;

const MEND: &str = "refresh them with: SWARM_UPDATE_ASSETS=1 cargo test --test it assets::";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of a directory, by name; directories inside are somebody else's.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files = entries.filter(|e| e.file_type().unwrap().is_file());
    files.map(|e| (e.file_name().into_string().unwrap(), std::fs::read(e.path()).unwrap())).collect()
}

fn generate(into: &Path) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
    // Neither the terminal's width nor the user's environment may show in them.
    command.arg("assets").arg(into).env("COLUMNS", "37").env("HOME", into).env_remove("SWARM_NAME");
    assert!(command.status().unwrap().success());
}

#[test]
fn committed_assets_are_what_the_program_says_now() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path());
    for place in ["completions", "man", "config/schema"] {
        let fresh = files(&dir.path().join(place));
        let committed = root().join(place);
        // Schemas of files are compared by `config::`.
        let ours = |name: &str| place != "config/schema" || name.contains(".v1.");
        if std::env::var_os("SWARM_UPDATE_ASSETS").is_some() {
            std::fs::create_dir_all(&committed).unwrap();
            for name in files(&committed).keys().filter(|name| ours(name)) {
                std::fs::remove_file(committed.join(name)).unwrap();
            }
            for (name, bytes) in &fresh {
                std::fs::write(committed.join(name), bytes).unwrap();
            }
        }
        let mut there = files(&committed);
        there.retain(|name, _| ours(name));
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&there), names(&fresh), "{place} has other files than the program makes; {MEND}");
        for (name, bytes) in fresh {
            assert!(there[&name] == bytes, "{place}/{name} is stale; {MEND}");
        }
    }
}

#[test]
fn assets_are_the_same_wherever_and_whenever_they_are_made() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    generate(one.path());
    generate(two.path());
    for place in ["completions", "man", "config/schema"] {
        assert!(files(&one.path().join(place)) == files(&two.path().join(place)), "{place}");
    }
}

/// What bash gets for `swarm WORDS` with the cursor on the last word.
async fn complete(team: &Team, words: &[&str]) -> String {
    let mut command = team.command(&[]);
    let mut all = vec!["swarm"];
    all.extend(words);
    command = {
        let mut plain = Command::new(command.get_program());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => plain.env(key, value),
                None => plain.env_remove(key),
            };
        }
        plain.current_dir(team.project());
        plain
    };
    command.env("COMPLETE", "bash").env("SWARM_TMUX_SOCKET", team.server.socket());
    command.env("_CLAP_COMPLETE_INDEX", (all.len() - 1).to_string()).env("_CLAP_COMPLETE_COMP_TYPE", "9");
    command.env("_CLAP_IFS", "\n").env("_CLAP_COMPLETE_SPACE", "false");
    command.arg("--").args(all);
    let output = tokio::process::Command::from(command).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn agent_names_complete_from_the_running_monitor() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"backend\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n\
         [[agents]]\nname = \"tests\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n",
    )
    .await;
    // No monitor: no names, no error, nothing started.
    assert!(!complete(&team, &["kill", ""]).await.contains("backend"));
    team.ok(&["up", "--trust", "--detach"]).await;
    let all = complete(&team, &["kill", ""]).await;
    assert!(all.contains("backend") && all.contains("tests"), "{all}");
    let some = complete(&team, &["explain", "ba"]).await;
    assert!(some.contains("backend") && !some.contains("tests"), "{some}");
    assert!(complete(&team, &["expl"]).await.contains("explain"));
}
