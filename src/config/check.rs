//! Single values against what tmux, the system and the agents can take; directories and programs looked up.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::load::Env;
use super::problem::{Place, Problem, Source};
use super::{AgentSpec, Budget, Limit, Permissions, ProfileCatalog, Role};

/// The longest argument, prompt or value, in bytes: Linux takes 128 KiB for one string (MAX_ARG_STRLEN, execve(2)).
pub(super) const MAX_TEXT: usize = 64 * 1024;

/// The longest label (model, window), in characters.
const MAX_LABEL: usize = 100;

/// Variables that swarm or tmux set in each pane.
const SET_BY_US: [&str; 7] =
    ["SWARM_NAME", "SWARM_AGENT", "SWARM_INSTANCE", "SWARM_SOCKET", "SWARM_TOKEN", "TMUX", "TMUX_PANE"];

/// Whether argv or the environment can carry `text`; the error completes "this argument …".
pub(super) fn argument(text: &str) -> Result<(), String> {
    if text.contains('\0') {
        return Err("holds a NUL character".into());
    }
    too_long(text)
}

/// Whether `text` is fit to be read by an agent and shown by a terminal.
pub(super) fn prose(text: &str) -> Result<(), String> {
    if let Some(bad) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(format!("holds the control character `{}`", bad.escape_default()));
    }
    too_long(text)
}

fn too_long(text: &str) -> Result<(), String> {
    match text.len() {
        0..=MAX_TEXT => Ok(()),
        n => Err(format!("has {n} bytes: {MAX_TEXT} is the limit")),
    }
}

/// Whether `text` is a short line.
pub(super) fn label(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty".into());
    }
    if let Some(bad) = text.chars().find(|c| crate::text::is_hostile(*c)) {
        return Err(format!("holds the control character `{}`", bad.escape_default()));
    }
    match text.chars().count() {
        0..=MAX_LABEL => Ok(()),
        n => Err(format!("has {n} characters: {MAX_LABEL} is the limit")),
    }
}

/// Whether tmux takes `window` as the name of a window without changing or interpreting it.
pub(super) fn window(window: &str, place: &Place) -> Result<(), Problem> {
    if window == "swarm" {
        return Err(
            Problem::error(place.clone(), "the window `swarm` is the overview's").mend("use another name")
        );
    }
    match window.chars().find(|c| matches!(c, '#' | '\\')) {
        Some(bad) => {
            let message = format!("`window` holds `{bad}`, which tmux would change");
            Err(Problem::error(place.clone(), message).mend("leave it out"))
        }
        None => Ok(()),
    }
}

/// Whether `name` may be set in an agent's environment.
pub(super) fn variable(name: &str, place: &Place) -> Result<(), Problem> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || !chars.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let message = format!("`{}` is no name for an environment variable", name.escape_default());
        return Err(Problem::error(place.clone(), message));
    }
    if SET_BY_US.contains(&name) {
        let who = if name.starts_with("TMUX") { "tmux" } else { "swarm" };
        return Err(Problem::error(place.clone(), format!("`{name}` is set by {who} in every pane")));
    }
    Ok(())
}

/// The directory that `text` means, which must exist.
pub(super) fn directory(text: &str, root: &Path, home: &Path, place: &Place) -> Result<PathBuf, Problem> {
    let fail = |message: String, mend: String| Problem::error(place.clone(), message).mend(mend);
    if let Err(why) = argument(text) {
        return Err(fail(format!("`domain` {why}"), String::new()));
    }
    let path = match text.strip_prefix('~') {
        Some("") => home.to_owned(),
        Some(rest) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        Some(_) => return Err(fail("`~` stands for your own home only".into(), "write `~/…`".into())),
        None => root.join(text),
    };
    let path = cleaned(&path);
    match std::fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => Ok(path),
        Ok(_) => Err(fail(format!("{} is not a directory", path.display()), String::new())),
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            let mend = format!("create it: mkdir -p {}", quoted(&path));
            Err(fail(format!("the directory {} does not exist", path.display()), mend))
        }
        Err(err) => Err(fail(format!("cannot look at {}: {err}", path.display()), String::new())),
    }
}

/// The same path without `.` components.
fn cleaned(path: &Path) -> PathBuf {
    path.components().filter(|c| *c != Component::CurDir).collect()
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%".contains(c);
    if text.chars().all(plain) { text.into_owned() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Looks programs up in the caller's PATH, each once.
pub(super) struct Programs<'a> {
    env: Env<'a>,
    seen: BTreeMap<(String, OsString), bool>,
}

impl<'a> Programs<'a> {
    pub(super) fn new(env: Env<'a>) -> Self {
        Self { env, seen: BTreeMap::new() }
    }

    /// Whether `program` can be started for this agent; the error is the mend.
    pub(super) fn find(&mut self, program: &str, spec: &AgentSpec) -> Result<(), String> {
        if program.contains('/') {
            let path = cleaned(&spec.directory.join(program));
            return if is_program(&path) { Ok(()) } else { Err(format!("{} is no program", path.display())) };
        }
        let own = spec.env.get("PATH").map(OsString::from);
        let Some(path) = own.or_else(|| (self.env)("PATH")) else { return Ok(()) };
        let found = *self
            .seen
            .entry((program.to_owned(), path.clone()))
            .or_insert_with(|| find_program(program, &path).is_some());
        if found { Ok(()) } else { Err("install it, or add its directory to your PATH".to_owned()) }
    }
}

/// The first program of this name in `path`.
pub fn find_program(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path).filter(|d| d.is_absolute()).map(|d| d.join(program)).find(|p| is_program(p))
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

/// How many names a message lists before it counts.
const SHOWN: usize = 5;

/// Warns about budgets of money or tokens that cannot see what an agent uses: they would never trip.
pub(super) fn blind_budgets(
    profiles: &dyn ProfileCatalog,
    source: &Arc<Source>,
    agents: &[(AgentSpec, Place)],
    (swarm, roles): (&Budget, &BTreeMap<String, Role>),
    problems: &mut Vec<Problem>,
) {
    for (spec, place) in agents.iter().filter(|(spec, _)| !profiles.tells_usage(&spec.profile)) {
        let role = spec.role.as_ref().and_then(|role| roles.get(role)?.budget.as_ref());
        let limits = spec.budget.iter().chain(role).chain([swarm]);
        let limited = limits
            .flat_map(|b| [b.turn, b.task, b.day, b.total])
            .any(|limit| limit.usd_pico.is_some() || limit.tokens.is_some());
        if limited {
            let message = format!(
                "no budget of money or tokens sees what `{}` uses: {} does not tell while it runs",
                spec.name, spec.profile
            );
            let mend = "limit its time instead, for instance `budget = { time_per_turn = \"30m\" }`";
            problems.push(Problem::warning(Place::new(source, place.span.clone()), message).mend(mend));
        }
    }
}

/// Warns about limits per task: nothing tells yet when a task begins and ends.
pub(super) fn task_budgets(
    source: &Arc<Source>,
    agents: &[(AgentSpec, Place)],
    (swarm, roles): (&Budget, &BTreeMap<String, Role>),
    problems: &mut Vec<Problem>,
) {
    let limited = |spec: &AgentSpec| {
        let role = spec.role.as_ref().and_then(|role| roles.get(role)?.budget.as_ref());
        spec.budget.iter().chain(role).chain([swarm]).any(|budget| budget.task != Limit::default())
    };
    if let Some((spec, place)) = agents.iter().find(|(spec, _)| limited(spec)) {
        let message = format!(
            "limits per task, as `{}` has one, count nothing yet: swarm does not know where a task ends",
            spec.name
        );
        let place = Place::new(source, place.span.clone());
        problems.push(Problem::warning(place, message).mend("limit its turns, its days or its total"));
    }
}

/// Warns about agents that would write over each other: same directory, no worktrees.
pub(super) fn shared_directories(
    profiles: &dyn ProfileCatalog,
    source: &Arc<Source>,
    agents: &[(AgentSpec, Place)],
    problems: &mut Vec<Problem>,
) {
    let mut by_directory: BTreeMap<PathBuf, Vec<&(AgentSpec, Place)>> = BTreeMap::new();
    // Plain commands and the simulated agent edit nothing; one that asks first does not do it unseen.
    let edits =
        |spec: &AgentSpec| profiles.program(&spec.profile).is_some() && spec.permissions != Permissions::Ask;
    for agent in agents.iter().filter(|(spec, _)| edits(spec)) {
        let real = std::fs::canonicalize(&agent.0.directory).unwrap_or_else(|_| agent.0.directory.clone());
        by_directory.entry(real).or_default().push(agent);
    }
    for (directory, sharers) in by_directory {
        let [_, (_, place), ..] = sharers.as_slice() else { continue };
        let names: Vec<String> = sharers.iter().map(|(spec, _)| format!("`{}`", spec.name)).collect();
        let more = format!("{} more", names.len().saturating_sub(SHOWN));
        let (last, rest) = match names.as_slice() {
            many if many.len() > SHOWN + 1 => (more.as_str(), &many[..SHOWN]),
            few => few.split_last().map_or(("", few), |(last, rest)| (last.as_str(), rest)),
        };
        let message = format!(
            "the agents {} and {last} work in the same directory, {}",
            rest.join(", "),
            directory.display()
        );
        let mend = "give each a `domain` of its own, for instance a git worktree";
        problems.push(Problem::warning(Place::new(source, place.span.clone()), message).mend(mend));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Limit;

    #[test]
    fn budgets_that_see_nothing_are_named() {
        let usd = Limit { usd_pico: Some(1), ..Limit::default() };
        let time = Limit { wall_clock_seconds: Some(60), ..Limit::default() };
        let budget = |turn| Budget { turn, ..Budget::default() };
        let source = Source::new("swarm.toml", "");
        let agent = |name: &str, profile: &str, role: Option<&str>, limit: Option<Limit>| {
            let mut spec = AgentSpec::new(name.parse().unwrap(), profile, "/tmp");
            spec.role = role.map(str::to_owned);
            spec.budget = limit.map(budget);
            (spec, Place::new(&source, 0..0))
        };
        let agents = [
            agent("own", "crush", None, Some(usd)),
            agent("role", "goose", Some("coder"), None),
            agent("timed", "amp", None, Some(time)),
            agent("seen", "claude", None, Some(usd)),
            agent("tests", "shell", None, Some(usd)),
        ];
        let role = Role { budget: Some(budget(usd)), ..Role::default() };
        let roles = BTreeMap::from([("coder".to_owned(), role)]);
        let warned = |swarm: &Budget| {
            let mut problems = Vec::new();
            blind_budgets(
                &crate::agent::Profiles::builtin(),
                &source,
                &agents,
                (swarm, &roles),
                &mut problems,
            );
            problems.iter().map(Problem::brief).collect::<Vec<_>>()
        };
        let said = warned(&Budget::default());
        assert!(
            said.len() == 2 && said[0].contains("`own` uses: crush") && said[1].contains("`role`"),
            "{said:?}"
        );
        assert_eq!(warned(&budget(usd)).len(), 3, "the swarm's own budget is as blind");
    }
}
