//! `swarm init`: write a swarm.toml from what is found here.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::config::{only_people, profiles, with_loader};
use super::{Ctx, output};
use crate::config::template::{self, SCHEMA_FILE, Surroundings, TEMPLATES};
use crate::config::{FILE_NAME, TrustList, schema};
use crate::error::{Context as _, Error, Kind, Result};
use crate::name::SwarmName;
use crate::paths;

/// Write a swarm.toml for this directory
///
/// Looks for agent CLIs on your PATH, the git repository and its directories, and asks a few short questions when there
/// is a terminal to ask in. Nothing is overwritten.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// Where to write it
    #[arg(default_value = ".")]
    directory: PathBuf,
    /// Ask nothing, take what is found
    #[arg(short, long)]
    yes: bool,
    /// Start from a template: plain, roles, pair, review, hub, panopticon, sim
    #[arg(short, long, value_name = "NAME")]
    template: Option<String>,
    /// The agent CLI of all agents [default: the first that is installed]
    #[arg(short, long, value_name = "NAME")]
    profile: Option<String>,
    /// The swarm's name [default: from the directory]
    #[arg(short, long)]
    name: Option<SwarmName>,
    /// Replace a swarm.toml that is there
    #[arg(long)]
    force: bool,
}

/// What goes into the file.
struct Choice {
    name: String,
    profile: String,
    template: String,
}

/// Runs `swarm init`.
pub fn run(args: &InitArgs, ctx: &Ctx) -> Result<()> {
    only_people("write a swarm file")?;
    let root =
        std::path::absolute(&args.directory).context(|| format!("find {}", args.directory.display()))?;
    let file = root.join(FILE_NAME);
    if file.exists() && !args.force {
        return Err(Error::failure(format!("{} exists", file.display()))
            .hint("`swarm config edit` changes it, `swarm init --force` replaces it"));
    }
    let around = Surroundings::of(&root, &profiles(ctx), &paths::var);
    let choice = choose(args, &around)?;
    let text = template::render(template::get(&choice.template)?, &choice.name, &choice.profile, &around)?;
    let loaded = with_loader(ctx, |loader| loader.load_text(&file, &text));
    let loaded = loaded.map_err(|report| super::config::refuse(ctx, &report))?;
    write_schema(&root)?;
    template::write(&file, &text)?;
    TrustList::new(&ctx.paths.state_dir).trust(&file, &text)?;
    for warning in &loaded.warnings {
        output::note(&format!("warning: {}", warning.brief()));
    }
    let mut said = format!("wrote {} with ", file.display());
    let names: Vec<String> =
        loaded.config.agents.iter().map(|a| format!("{} ({})", a.name, a.profile)).collect();
    let _ = writeln!(said, "{}", names.join(", "));
    said.push_str("next: `swarm up`\n");
    output::print(&said)
}

/// The schema lies beside the file for editors, out of git's sight.
fn write_schema(root: &Path) -> Result<()> {
    let file = root.join(SCHEMA_FILE);
    let dir = file.parent().unwrap_or(root);
    std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
    let ignore = dir.join(".gitignore");
    if !ignore.exists() {
        template::write(&ignore, "*\n")?;
    }
    template::write(&file, &format!("{:#}\n", schema::swarm()))
}

fn choose(args: &InitArgs, around: &Surroundings) -> Result<Choice> {
    let found = match around.installed.as_slice() {
        [] => "no agent CLI".to_owned(),
        some => some.join(", "),
    };
    let repository = if around.git { "in a git repository" } else { "not in a git repository" };
    output::note(&format!("found {found}; {repository}"));
    let ask = !args.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut choice = Choice {
        name: args.name.as_ref().map_or_else(|| around.name.clone(), ToString::to_string),
        profile: args
            .profile
            .clone()
            .or_else(|| around.installed.first().cloned())
            .unwrap_or_else(|| "sim".to_owned()),
        template: args.template.clone().unwrap_or_else(|| default_template(args, around).to_owned()),
    };
    if ask && args.name.is_none() {
        choice.name = question("Name of the swarm", &choice.name, crate::name::check)?;
    }
    if ask && args.profile.is_none() && around.installed.len() > 1 {
        let names = around.installed.join(", ");
        choice.profile = question(&format!("Agent CLI ({names})"), &choice.profile, |text| {
            around
                .installed
                .iter()
                .any(|i| i == text)
                .then_some(())
                .ok_or_else(|| "is not installed".to_owned())
        })?;
    }
    if ask && args.template.is_none() {
        for template in TEMPLATES {
            output::note(&format!("  {:<11} {}", template.name, template.about));
        }
        choice.template = question("Template", &choice.template, |text| {
            template::get(text).map(|_| ()).map_err(|_| "is no template".to_owned())
        })?;
    }
    Ok(choice)
}

/// Without any agent CLI, only the simulated agents come up.
fn default_template(args: &InitArgs, around: &Surroundings) -> &'static str {
    if around.installed.is_empty() && args.profile.is_none() { "sim" } else { "roles" }
}

/// Asks until the answer is right; an empty one takes the default.
fn question(what: &str, default: &str, check: impl Fn(&str) -> Result<(), String>) -> Result<String> {
    loop {
        let answer = ask(&format!("{what} [{default}]: "))?;
        let answer = if answer.is_empty() { default.to_owned() } else { answer };
        match check(&answer) {
            Ok(()) => return Ok(answer),
            Err(why) => output::note(&format!("`{}` {why}", crate::text::one_line(&answer))),
        }
    }
}

/// Asks a question with two answers.
pub fn yes(what: &str, default: bool) -> Result<bool> {
    let answer = ask(&format!("{what} [{}] ", if default { "Y/n" } else { "y/N" }))?;
    Ok(match answer.as_str() {
        "" => default,
        text => text.starts_with(['y', 'Y']),
    })
}

/// One line from stdin after a prompt on stderr; the end of input is an interruption.
fn ask(prompt: &str) -> Result<String> {
    let mut err = std::io::stderr();
    let _ = err.write_all(prompt.as_bytes()).and_then(|()| err.flush());
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).context(|| "read your answer".to_owned())?;
    if read == 0 {
        return Err(Error::new(Kind::Interrupted, "no answer"));
    }
    Ok(line.trim().to_owned())
}
