//! `swarm hooks`: puts swarm's hooks into an agent's own files, takes them away, says what is there.

use std::fmt::Write as _;

use clap::{Args, Subcommand};
use schemars::JsonSchema;
use serde::Serialize;

use super::config::{only_people, profiles};
use super::{Ctx, output};
use crate::agent::{HookKind, Profile};
use crate::error::{Context, Error, Kind, Result};
use crate::observe::install::{Installer, State};
use crate::paths;

/// Manage the hooks that must stand in an agent's own files
///
/// Claude Code, Gemini CLI, aider and Codex (by its state sequences and `notify`) report to swarm without any change to
/// your files. Hooks of Qwen Code, Copilot CLI and OpenCode, and Codex's own, have to stand in theirs: only this command
/// writes them, and `remove` undoes exactly what `install` added.
#[derive(Debug, Args)]
pub struct HooksArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add swarm's hooks to the agent's own files
    Install {
        /// The profile: codex, qwen, copilot or opencode
        profile: String,
    },
    /// Take them away again
    Remove {
        /// The profile
        profile: String,
    },
    /// Say how each agent reports, and what is installed
    Status {
        /// Only this profile
        profile: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Runs `swarm hooks`.
pub fn run(args: &HooksArgs, ctx: &Ctx) -> Result<()> {
    match &args.action {
        Action::Install { profile } => install(profile, ctx),
        Action::Remove { profile } => remove(profile, ctx),
        Action::Status { profile, json } => status(profile.as_deref(), *json, ctx),
    }
}

fn installer(profile: &Profile, ctx: &Ctx) -> Result<Option<Installer>> {
    let exe = std::env::current_exe().context(|| "find swarm's own program".to_owned())?;
    Ok(Installer::of(profile.hooks(), &ctx.paths, &exe, &|key| paths::var_str(key)))
}

fn required(name: &str, ctx: &Ctx) -> Result<Installer> {
    let known = profiles(ctx);
    let profile = known.get(name).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("no profile `{}`", name.escape_default()))
            .hint("`swarm hooks status` lists them")
    })?;
    installer(profile, ctx)?.ok_or_else(|| {
        let why = how(profile.hooks());
        Error::new(Kind::Usage, format!("`{name}` needs no hooks in your files: {why}"))
    })
}

fn install(name: &str, ctx: &Ctx) -> Result<()> {
    only_people("change an agent's own files")?;
    let installer = required(name, ctx)?;
    let existed = installer.file.exists();
    let changed = installer.install()?;
    let file = installer.file.display();
    if !changed {
        return output::print(&format!("{file} has swarm's hooks already.\n"));
    }
    let mut said = format!("Added swarm's hooks to {file}.\n");
    if existed && installer.backup().exists() {
        let _ = writeln!(said, "What it was before is kept in {}.", installer.backup().display());
    }
    if name == "codex" {
        said.push_str("Codex asks you to trust them at its next start.\n");
    }
    said.push_str("Agents that run already take them at their next start.\n");
    output::print(&said)
}

fn remove(name: &str, ctx: &Ctx) -> Result<()> {
    only_people("change an agent's own files")?;
    let installer = required(name, ctx)?;
    let file = installer.file.display();
    let said =
        if installer.remove()? { "Took swarm's hooks out of" } else { "There are none of swarm's hooks in" };
    output::print(&format!("{said} {file}.\n"))
}

/// One row of `swarm hooks status`.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The profile.
    profile: String,
    /// How its agents report, in words.
    how: &'static str,
    /// What is in the agent's own file; `null` where nothing has to be.
    state: Option<State>,
    /// That file.
    file: Option<String>,
}

/// The schema name of [`HooksReport`].
pub const SCHEMA: &str = "swarm.hooks/v1";

/// What `swarm hooks status --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HooksReport {
    /// Always `swarm.hooks/v1`.
    schema: &'static str,
    /// How the agents of each profile report.
    profiles: Vec<Row>,
}

fn status(only: Option<&str>, json: bool, ctx: &Ctx) -> Result<()> {
    let known = profiles(ctx);
    let mut rows = Vec::new();
    for profile in known.iter().filter(|p| only.is_none_or(|o| o == p.name())) {
        let installer = installer(profile, ctx)?;
        rows.push(Row {
            profile: profile.name().to_owned(),
            how: how(profile.hooks()),
            state: installer.as_ref().map(Installer::state).transpose()?,
            file: installer.map(|i| i.file.display().to_string()),
        });
    }
    if let (Some(name), true) = (only, rows.is_empty()) {
        return Err(Error::new(Kind::NotFound, format!("no profile `{}`", name.escape_default())));
    }
    if json {
        return output::json(&HooksReport { schema: SCHEMA, profiles: rows });
    }
    let mut said = String::new();
    for row in rows {
        let state = match row.state {
            None => "",
            Some(State::Absent) => "not installed",
            Some(State::Installed) => "installed",
            Some(State::Outdated) => "outdated: install again",
        };
        let line = format!("{:<13} {:<44} {state}", row.profile, row.how);
        let _ = writeln!(said, "{}", line.trim_end());
        if let Some(file) = row.file.filter(|_| row.state != Some(State::Absent)) {
            let _ = writeln!(said, "{:<13} {file}", "");
        }
    }
    output::print(&said)
}

/// How an agent with this kind of hooks reports.
fn how(kind: HookKind) -> &'static str {
    match kind {
        HookKind::None => "has no hooks; its screen is read",
        HookKind::ClaudeSettings | HookKind::Sim => "settings given at each launch",
        HookKind::CodexNotify => "state sequences and `notify`; hooks are extra",
        HookKind::GeminiSettings => "system settings given at each launch",
        HookKind::QwenSettings => "hooks in its settings",
        HookKind::CopilotHooks => "hooks in a file of their own",
        HookKind::OpencodePlugin => "a plugin",
        HookKind::AiderNotify => "a notification command at each launch",
    }
}
