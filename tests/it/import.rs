//! `swarm import`: other tools' files in, a swarm file that loads and honest notes out.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use swarm::agent::Profiles;
use swarm::config::{Loader, Tool, import};
use swarm::paths::Paths;

fn tool(file: &Path) -> Tool {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    if name.starts_with("tmuxp") { Tool::Tmuxp } else { Tool::Tmuxinator }
}

/// The result as one text: the swarm file, then the notes as comments.
fn imported(file: &Path, text: &str) -> String {
    match import(tool(file), text, "stem", &Profiles::builtin(), "bash") {
        Ok(found) => {
            let notes: Vec<String> = found.notes.iter().map(|n| format!("# note: {n}\n")).collect();
            format!("{}\n{}", found.text, notes.concat())
        }
        Err(err) => err.report(),
    }
}

/// Errors that are about the file and not about what is installed here.
fn errors(text: &str) -> Vec<String> {
    let home = tempfile::tempdir().unwrap();
    let env = |name: &str| (name == "HOME").then(|| home.path().into());
    let paths = Paths::resolve(&env).unwrap();
    let profiles = Profiles::builtin();
    let loader = Loader { paths: &paths, profiles: &profiles, env: &env, flags: &[] };
    match loader.load_text(&home.path().join("swarm.toml"), text) {
        Ok(_) => Vec::new(),
        Err(report) => report
            .problems
            .iter()
            .filter(|p| {
                p.level == swarm::config::problem::Level::Error && !p.message.contains("does not exist")
            })
            .map(ToString::to_string)
            .collect(),
    }
}

#[test]
fn files_of_other_tools_become_swarm_files() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config/import");
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|f| f.extension().is_some_and(|e| e == "yml" || e == "yaml"));
    files.sort();
    for file in files {
        let found = imported(&file, &std::fs::read_to_string(&file).unwrap());
        if !found.starts_with("Error:") {
            assert_eq!(errors(&found), Vec::<String>::new(), "{found}");
        }
        super::config::expect_file(&file.with_extension("expected"), &found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_is_answered(text in "(?s).{0,200}", keys in "(name|root|windows|panes| |\n|:|-|\\{|\\}|\\[|\\]|x|&a|\\*a|\"|~){0,40}") {
        for text in [text, keys] {
            for tool in [Tool::Tmuxinator, Tool::Tmuxp] {
                if let Ok(found) = import(tool, &text, "stem", &Profiles::builtin(), "bash") {
                    prop_assert!(found.text.parse::<toml::Table>().is_ok(), "{}", found.text);
                }
            }
        }
    }

    #[test]
    fn any_command_arrives_whole(command in "[ -~]{1,40}", name in "\\PC{0,12}") {
        let yaml = format!("name: x\nwindows:\n  - {}: {}\n", serde_json::to_string(&name).unwrap(), serde_json::to_string(&command).unwrap());
        let found = import(Tool::Tmuxinator, &yaml, "stem", &Profiles::builtin(), "bash").unwrap();
        let errors: Vec<String> = errors(&found.text).into_iter().filter(|e| !e.contains("was not found")).collect();
        prop_assert_eq!(errors, Vec::<String>::new(), "{}", found.text);
        let table: toml::Table = found.text.parse().unwrap();
        if let Some(words) = table["agents"][0].get("command") {
            let words: Vec<&str> = words.as_array().unwrap().iter().filter_map(|w| w.as_str()).collect();
            let line = if words[0] == "bash" && words.len() == 3 && words[1] == "-ic" { words[2].to_owned() } else { words.join(" ") };
            let one_space = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(one_space(&line.replace("{{{{", "{{")), one_space(&command));
        }
    }
}
