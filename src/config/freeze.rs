//! A running tmux session as a swarm file: what `swarm freeze` writes. Pure; looking at tmux is the caller's.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use super::resolve::proposal;

/// Names of windows that say nothing.
const SHELLS: [&str; 6] = ["sh", "bash", "zsh", "fish", "dash", "ksh"];

/// One pane as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenPane {
    /// The agent that it already is.
    pub agent: Option<String>,
    /// Where it works.
    pub directory: PathBuf,
    /// What runs in it.
    pub runs: Runs,
}

/// What runs in a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runs {
    /// An agent CLI, by its profile.
    Profile(String),
    /// Any program, with its arguments.
    Command(Vec<String>),
    /// A shell that waits for input.
    Shell,
}

/// One window as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenWindow {
    /// Its name.
    pub name: String,
    /// Its layout, as `#{window_layout}`.
    pub layout: String,
    /// Its panes.
    pub panes: Vec<FrozenPane>,
}

/// The swarm file for a session, and what could not be carried over.
pub fn freeze(session: &str, windows: &[FrozenWindow], root: &Path, home: &Path) -> (String, Vec<String>) {
    let mut notes = Vec::new();
    let name = proposal(session).unwrap_or_else(|| "frozen".to_owned());
    let mut doc = DocumentMut::new();
    doc["name"] = value(&name);
    doc["layout"] = Item::Table(layout(windows, &mut notes));
    let (mut names, mut titles) = (BTreeSet::new(), BTreeSet::new());
    let mut agents = ArrayOfTables::new();
    for window in windows {
        let title = unique(&mut titles, &window_name(&window.name));
        for pane in &window.panes {
            let mut table = Table::new();
            table["name"] = value(unique(&mut names, &agent_name(pane, &window.name)));
            table["window"] = value(&title);
            let domain = shortened(&pane.directory, root, home);
            if domain != "." {
                table["domain"] = value(plain(&domain).replace("${", "$${"));
            }
            match &pane.runs {
                Runs::Profile(profile) => table["profile"] = value(profile),
                Runs::Shell => table["profile"] = value("shell"),
                Runs::Command(argv) => {
                    table["profile"] = value("shell");
                    table["command"] = value(argv.iter().map(|word| plain(word)).collect::<Array>());
                }
            }
            agents.push(table);
        }
    }
    doc["agents"] = Item::ArrayOfTables(agents);
    if name != session {
        notes.push(format!("the session is named `{session}`; the swarm is `{name}`"));
    }
    let about =
        "# A tmux session as it was found. Read it: what each pane ran is guessed from its process.\n";
    (format!("{about}{doc}"), notes)
}

/// One arrangement holds for all windows: the layout itself where only one window has several panes.
fn layout(windows: &[FrozenWindow], notes: &mut Vec<String>) -> Table {
    let mut table = Table::new();
    let several: Vec<&FrozenWindow> = windows.iter().filter(|w| w.panes.len() > 1).collect();
    let largest = windows.iter().map(|w| w.panes.len()).max().unwrap_or(1);
    table["windows"] = match several.as_slice() {
        // From 3.8 tmux describes layouts in JSON, which names panes: it fits no other session.
        [one] if windows.len() == 1 && !one.layout.starts_with('{') => value(&one.layout),
        [] => value("per-agent"),
        _ => {
            for window in &several {
                notes.push(format!(
                    "the layout of `{}` becomes `tiled`: it was {}",
                    window.name, window.layout
                ));
            }
            value("tiled")
        }
    };
    table["panes_per_window"] = value(i64::try_from(largest).unwrap_or(1));
    table
}

fn agent_name(pane: &FrozenPane, window: &str) -> String {
    let of_command = |argv: &[String]| {
        let program = argv.first()?;
        proposal(program.rsplit('/').next().unwrap_or(program))
    };
    let of_directory = || proposal(&pane.directory.file_name()?.to_string_lossy());
    let found = pane.agent.clone().or_else(|| match &pane.runs {
        Runs::Profile(profile) => proposal(profile),
        Runs::Command(argv) => of_command(argv),
        // tmux names a window after its shell by itself.
        Runs::Shell => proposal(window).filter(|name| !SHELLS.contains(&name.as_str())).or_else(of_directory),
    });
    found.unwrap_or_else(|| "pane".to_owned())
}

/// Text in which nothing is a variable.
fn plain(text: &str) -> String {
    text.replace("{{", "{{{{")
}

fn window_name(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !matches!(c, '#' | '\\') && !c.is_control()).collect();
    match plain.trim() {
        "" | "swarm" => "window".to_owned(),
        plain => plain.to_owned(),
    }
}

fn unique(taken: &mut BTreeSet<String>, name: &str) -> String {
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let free = free.unwrap_or_default();
    taken.insert(free.clone());
    free
}

/// A directory as a person would write it in a file that lies in `root`.
fn shortened(directory: &Path, root: &Path, home: &Path) -> String {
    if let Ok(below) = directory.strip_prefix(root) {
        return if below.as_os_str().is_empty() { ".".to_owned() } else { below.display().to_string() };
    }
    match directory.strip_prefix(home) {
        Ok(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Ok(below) => format!("~/{}", below.display()),
        Err(_) => directory.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pane(directory: &str, runs: Runs) -> FrozenPane {
        FrozenPane { agent: None, directory: directory.into(), runs }
    }

    #[test]
    fn a_session_becomes_a_file_that_says_what_each_pane_ran() {
        let argv = ["cargo", "watch"].map(str::to_owned).to_vec();
        let windows = [
            FrozenWindow {
                name: "work".into(),
                layout: "abcd,80x24,0,0{40x24,0,0,1,39x24,41,0,2}".into(),
                panes: vec![
                    pane("/home/me/shop/api", Runs::Profile("claude".into())),
                    pane("/home/me/shop/web", Runs::Profile("claude".into())),
                ],
            },
            FrozenWindow {
                name: "bash".into(),
                layout: String::new(),
                panes: vec![pane("/home/me/other", Runs::Shell), pane("/home/me/shop", Runs::Command(argv))],
            },
        ];
        let (text, notes) = freeze("My Shop", &windows, Path::new("/home/me/shop"), Path::new("/home/me"));
        for needle in [
            "name = \"my-shop\"",
            "windows = \"tiled\"",
            "panes_per_window = 2",
            "name = \"claude\"\nwindow = \"work\"\ndomain = \"api\"\nprofile = \"claude\"",
            "name = \"claude-2\"",
            "name = \"other\"\nwindow = \"bash\"\ndomain = \"~/other\"\nprofile = \"shell\"",
            "name = \"cargo\"\nwindow = \"bash\"\nprofile = \"shell\"\ncommand = [\"cargo\", \"watch\"]",
        ] {
            assert!(text.contains(needle), "no {needle} in\n{text}");
        }
        assert_eq!(notes.len(), 3, "{notes:?}");
    }

    #[test]
    fn the_layout_of_the_only_window_is_kept() {
        let layout = "d9a9,80x24,0,0{40x24,0,0,1,39x24,41,0,2}";
        let panes = vec![pane("/x", Runs::Shell), pane("/x", Runs::Shell)];
        let window = FrozenWindow { name: "one".into(), layout: layout.into(), panes };
        let (text, notes) = freeze("one", &[window], Path::new("/x"), Path::new("/home/me"));
        assert!(text.contains(&format!("windows = \"{layout}\"")), "{text}");
        assert!(notes.is_empty(), "{notes:?}");
    }
}
