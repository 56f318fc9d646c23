//! The swarm files that `swarm init` starts from: complete files, fitted to what is found on this machine.

use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::resolve::proposal;
use super::{ProfileCatalog, find_program, load::Env};
use crate::error::{Context as _, Error, Kind, Result};

/// Where the schema lies beside a swarm file, and the first line that names it to editors.
pub const SCHEMA_FILE: &str = ".swarm/swarm.schema.json";

/// The most directories that become agents by themselves.
const MAX_DOMAINS: usize = 8;

/// A file to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Template {
    /// What `--template` takes.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    /// The whole file.
    pub text: &'static str,
    /// Its last agent stands for each directory found.
    per_directory: bool,
}

/// Every template, the usual first.
pub const TEMPLATES: &[Template] = &[
    Template {
        name: "plain",
        about: "one agent, everything else as comments",
        text: include_str!("../../config/templates/plain.toml"),
        per_directory: false,
    },
    Template {
        name: "roles",
        about: "a planner, a coder and a reviewer",
        text: include_str!("../../config/templates/roles.toml"),
        per_directory: false,
    },
    Template {
        name: "pair",
        about: "one drives, the other reads along",
        text: include_str!("../../config/templates/pair.toml"),
        per_directory: false,
    },
    Template {
        name: "review",
        about: "several reviewers and one list",
        text: include_str!("../../config/templates/review.toml"),
        per_directory: false,
    },
    Template {
        name: "hub",
        about: "a hub you talk to, and a worker for each directory",
        text: include_str!("../../config/templates/hub.toml"),
        per_directory: true,
    },
    Template {
        name: "panopticon",
        about: "an agent for each domain, all in one window",
        text: include_str!("../../config/templates/panopticon.toml"),
        per_directory: true,
    },
    Template {
        name: "sim",
        about: "simulated agents: comes up anywhere, costs nothing",
        text: include_str!("../../config/templates/sim.toml"),
        per_directory: false,
    },
];

/// What `swarm config init` writes: every key of the user's file, explained and commented out.
pub const USER: &str = include_str!("../../config/user.toml");

/// The template of this name.
pub fn get(name: &str) -> Result<&'static Template> {
    TEMPLATES.iter().find(|t| t.name == name).ok_or_else(|| {
        let names: Vec<&str> = TEMPLATES.iter().map(|t| t.name).collect();
        Error::new(Kind::Usage, format!("there is no template `{name}`"))
            .hint(format!("templates: {}", names.join(", ")))
    })
}

/// What `init` found around the file it is to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// A name for the swarm, from the directory.
    pub name: String,
    /// Whether the directory is in a git repository.
    pub git: bool,
    /// Profiles whose program is installed.
    pub installed: Vec<String>,
    /// Directories that could be domains, relative, in order.
    pub directories: Vec<String>,
}

impl Surroundings {
    /// Looks around `root`.
    pub fn of(root: &Path, profiles: &dyn ProfileCatalog, env: Env<'_>) -> Self {
        let path = env("PATH").unwrap_or_default();
        let mut installed: Vec<String> = profiles.names();
        installed.retain(|name| profiles.program(name).is_some_and(|p| find_program(&p, &path).is_some()));
        // The order in which most people would choose.
        let rank = |name: &String| PREFERRED.iter().position(|p| p == name).unwrap_or(PREFERRED.len());
        installed.sort_by_key(rank);
        let name = root.file_name().and_then(|n| proposal(&n.to_string_lossy()));
        Self {
            name: name.unwrap_or_else(|| "team".to_owned()),
            git: super::repository(root).is_some(),
            installed,
            directories: directories(root),
        }
    }
}

/// Agent CLIs in the order they are proposed.
const PREFERRED: [&str; 5] = ["claude", "codex", "gemini", "opencode", "aider"];

/// Directories that hold no work of a person.
const NO_DOMAINS: [&str; 9] =
    ["node_modules", "target", "build", "dist", "vendor", "venv", "__pycache__", "bin", "tmp"];

fn directories(root: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
        .filter_map(|e| e.file_name().into_string().ok())
        .filter(|n| !n.starts_with('.') && !n.contains(['{', '$', '~']) && !NO_DOMAINS.contains(&n.as_str()))
        .filter(|n| proposal(n).is_some())
        .collect();
    names.sort();
    names.truncate(MAX_DOMAINS);
    names
}

/// The text of a swarm file: `template` with this name and profile, fitted to the surroundings.
pub fn render(template: &Template, name: &str, profile: &str, around: &Surroundings) -> Result<String> {
    let mut doc: DocumentMut =
        template.text.parse().context(|| format!("read the template {}", template.name))?;
    set(&mut doc["name"], name);
    if template.name != "sim" {
        set(&mut doc["defaults"]["profile"], profile);
    }
    if let Some(agents) = doc.get_mut("agents").and_then(Item::as_array_of_tables_mut) {
        for agent in agents.iter_mut() {
            fit_profile(agent, around);
        }
        if template.per_directory && !around.directories.is_empty() {
            one_for_each(agents, &around.directories);
        }
    }
    Ok(format!("#:schema {SCHEMA_FILE}\n{doc}"))
}

/// Sets a value and keeps what stands around it.
fn set(item: &mut Item, text: &str) {
    let decor = item.as_value().map(|v| v.decor().clone());
    *item = value(text);
    if let (Some(new), Some(old)) = (item.as_value_mut(), decor) {
        *new.decor_mut() = old;
    }
}

/// An agent CLI that is not installed gives way to the default.
fn fit_profile(agent: &mut Table, around: &Surroundings) {
    let chosen = agent.get("profile").and_then(Item::as_str);
    if chosen.is_some_and(|p| p != "shell" && p != "sim" && !around.installed.iter().any(|i| i == p)) {
        agent.remove("profile");
    }
}

/// Replaces the last agent by one for each directory.
fn one_for_each(agents: &mut ArrayOfTables, directories: &[String]) {
    let Some(last) = agents.len().checked_sub(1) else { return };
    let Some(pattern) = agents.get(last).cloned() else { return };
    agents.remove(last);
    let mut taken: Vec<String> =
        agents.iter().filter_map(|a| a.get("name")?.as_str().map(str::to_owned)).collect();
    for (index, directory) in directories.iter().enumerate() {
        let Some(mut name) = proposal(directory) else { continue };
        while taken.contains(&name) {
            name = format!("{}-{}", name.chars().take(29).collect::<String>(), taken.len());
        }
        let mut agent = pattern.clone();
        set(&mut agent["name"], &name);
        set(&mut agent["domain"], directory);
        if index > 0 {
            agent.decor_mut().set_prefix("\n");
        }
        taken.push(name);
        agents.push(agent);
    }
}

/// Writes `text` to `file` as a whole: what was there stays until the new text is complete.
pub fn write(file: &Path, text: &str) -> Result<()> {
    let doing = || format!("write {}", file.display());
    // A link stays a link.
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let new = PathBuf::from(format!("{}.new", file.display()));
    let permissions = std::fs::metadata(&file).ok().map(|m| m.permissions());
    std::fs::write(&new, text).context(doing)?;
    if let Some(permissions) = permissions {
        std::fs::set_permissions(&new, permissions).context(doing)?;
    }
    std::fs::rename(&new, &file).context(doing)
}
