//! `swarm trust`: allow a swarm file to start programs.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;

use super::config::{only_people, profiles, swarm_file, warn, with_loader};
use super::{Ctx, output};
use crate::config::{AgentSpec, Config, ProfileCatalog, Trust, TrustList, load};
use crate::error::{Error, Kind, Result};
use crate::text;

/// Allow a swarm file to start programs, as it is now
///
/// A swarm file names programs that `swarm up` starts. It runs after you have trusted it; a change of one byte needs
/// your trust again.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// The swarm file [default: the nearest swarm.toml]
    file: Option<PathBuf>,
    /// Take the trust back
    #[arg(long)]
    remove: bool,
    /// Print the files you have trusted
    #[arg(long, conflicts_with_all = ["remove", "file"])]
    list: bool,
}

/// Runs `swarm trust`.
pub fn run(args: TrustArgs, ctx: &Ctx) -> Result<()> {
    let list = TrustList::new(&ctx.paths.state_dir);
    if args.list {
        return print_list(&list);
    }
    only_people("trust a file")?;
    let file = swarm_file(args.file)?;
    if args.remove {
        let known = list.untrust(&file)?;
        let said = if known { "is no longer trusted" } else { "was not trusted" };
        return output::print(&format!("{} {said}\n", file.display()));
    }
    let contents = load::read(&file).map_err(|problem| Error::new(Kind::Config, problem.brief()))?;
    let before = list.check(&file, &contents);
    match with_loader(ctx, |loader| loader.load_text(&file, &contents)) {
        Ok(loaded) => {
            warn(ctx, &loaded.warnings);
            output::print(&what_it_starts(&loaded.config, &profiles(ctx)))?;
        }
        Err(report) => output::note(&format!("{} is not valid yet: {}", file.display(), report.summary())),
    }
    list.trust(&file, &contents)?;
    let said = match before {
        Trust::Trusted => "was trusted already",
        Trust::Changed => "is trusted again, as it is now",
        Trust::Unknown => "is trusted",
    };
    output::print(&format!("{} {said}\n", file.display()))
}

fn print_list(list: &TrustList) -> Result<()> {
    let mut out = String::new();
    for (path, state) in list.list()? {
        let state = match state {
            Some(Trust::Trusted) => "trusted",
            Some(_) => "changed since",
            None => "gone",
        };
        let _ = writeln!(out, "{state:<13} {}", text::one_line(&path.to_string_lossy()));
    }
    output::print(&out)
}

/// One line for each program that the file makes swarm start.
pub fn what_it_starts(config: &Config, profiles: &dyn ProfileCatalog) -> String {
    let mut out = format!("the swarm `{}` starts:\n", config.name);
    for agent in &config.agents {
        let mut line = format!("  {:<16} {}", agent.name, command(agent, profiles));
        let _ = write!(line, "  in {}", agent.directory.display());
        if !agent.env.is_empty() {
            let keys: Vec<&str> = agent.env.keys().map(String::as_str).collect();
            let _ = write!(line, "  with {}", keys.join(", "));
        }
        out.push_str(&text::one_line(&line));
        out.push('\n');
        for (when, words) in [("before", &agent.before_start), ("after", &agent.after_exit)] {
            if !words.is_empty() {
                out.push_str(&text::one_line(&format!("  {:<16} {when}: {}", "", words.join(" "))));
                out.push('\n');
            }
        }
    }
    out
}

fn command(agent: &AgentSpec, profiles: &dyn ProfileCatalog) -> String {
    let mut words = match &agent.command {
        Some(command) => command.clone(),
        None if profiles.is_command(&agent.profile) => vec!["your shell".to_owned()],
        None => vec![profiles.program(&agent.profile).unwrap_or_else(|| agent.profile.clone())],
    };
    words.extend(agent.args.iter().cloned());
    if agent.permissions == crate::config::Permissions::Full {
        words.push("(asks nothing)".to_owned());
    }
    text::clip(&words.join(" "), 60)
}
