//! `swarm up`: reads the swarm file, starts what is missing, shows it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::PathBuf;

use crate::agent::Profiles;
use crate::client::Client;
use crate::config::{Config, Loaded, Loader, TrustList};
use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::paths::{var, var_str};
use crate::protocol::{Jump, Notice, Progress, Request, Step, Up, UpReport};

use super::{Ctx, dialogs, output};

/// Start the agents of a swarm file: one tmux session, one pane per agent
///
/// Only what is missing is made; agents that run, and those that sleep, are left alone. A swarm file can start programs,
/// so it runs only after `swarm trust`; at a terminal you are shown what it starts, and asked.
#[derive(Debug, clap::Args)]
pub struct UpArgs {
    /// The swarm file [default: swarm.toml here or above, up to the repository root]
    file: Option<PathBuf>,
    /// Only these agents
    #[arg(long, value_delimiter = ',', value_name = "AGENT")]
    only: Vec<AgentName>,
    /// Do not show the session afterwards
    #[arg(short, long)]
    detach: bool,
    /// Trust the swarm file as it is now
    #[arg(long)]
    trust: bool,
    /// Ask nothing: a file that is not trusted is refused, as without a terminal
    #[arg(short, long)]
    yes: bool,
    /// Print what would be made, and make nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
pub fn run(args: &UpArgs, ctx: &Ctx) -> Result<()> {
    let file = match &args.file {
        Some(file) => std::path::absolute(file)
            .map_err(|e| Error::failure(format!("cannot find {}", file.display())).because(e))?,
        None => super::select::nearest_file().ok_or_else(|| {
            Error::new(Kind::NotFound, "there is no swarm.toml here or above")
                .hint("`swarm init` writes one from what it finds")
        })?,
    };
    let (profiles, flaws) = Profiles::load(&ctx.paths.config_dir.join("agents"));
    for flaw in flaws {
        output::note(&format!("warning: {flaw}"));
    }
    let loaded = load(&file, ctx, &profiles)?;
    if args.dry_run {
        return output::print(&describe(&loaded.config, &args.only));
    }
    trusted(args, ctx, &file, &loaded, &profiles)?;
    ctx.server()?.version_blocking()?.check()?;
    let env = environment(&loaded.config, &profiles);
    let name = loaded.config.name.clone();
    super::block_on(async {
        let server = ctx.server()?;
        let mut client = Client::ensure(&ctx.rendezvous()?, &server.socket_path()).await?;
        let up = Up { config: loaded.config, env, only: args.only.clone(), size: output::terminal_size() };
        let report: UpReport = client
            .call_with(Request::Up(Box::new(up)), |notice| {
                if let Notice::Progress(progress) = notice {
                    output::note(&line(&progress));
                }
            })
            .await?;
        let failed: Vec<&Progress> = report.agents.iter().filter(|a| a.step == Step::Failed).collect();
        if !failed.is_empty() {
            let names: Vec<&str> = failed.iter().map(|a| a.agent.as_str()).collect();
            return Err(Error::failure(format!("not started: {}", names.join(", ")))
                .hint("the others run; mend it and run `swarm up` again"));
        }
        let inside = super::attach::is_inside(&server);
        let elsewhere = var("TMUX").is_some() && !inside;
        if args.detach || elsewhere || !std::io::stdout().is_terminal() {
            let count = match report.agents.len() {
                1 => "1 agent".to_owned(),
                n => format!("{n} agents"),
            };
            output::note(&format!(
                "{count} in session `{name}`; `swarm` shows them, `swarm attach` goes there"
            ));
            if elsewhere {
                output::note(&format!(
                    "it is on another tmux server than the one you are in: {}",
                    super::attach::way_there(&server)
                ));
            }
            dialogs::tell(client, &name, &report).await;
            return Ok(());
        }
        // The overview's window is shown, also where the session was left on another one.
        let shower = if inside { super::attach::my_client(&server).await } else { None };
        let jump = Jump { agent: None, swarm: name.clone(), client: shower };
        let _: serde_json::Value = client.call(Request::Jump(jump)).await?;
        if inside {
            return Ok(());
        }
        drop(client);
        super::attach::attach(&server, &report.session)
    })
}

fn load(file: &std::path::Path, ctx: &Ctx, profiles: &Profiles) -> Result<Loaded> {
    let loader = Loader { paths: &ctx.paths, profiles, env: &var, flags: &[] };
    match loader.load(file) {
        Ok(loaded) => {
            for warning in &loaded.warnings {
                output::note(&warning.render(ctx.global.color.enabled_on_stderr()));
            }
            Ok(loaded)
        }
        Err(report) => {
            output::note(&report.render(ctx.global.color.enabled_on_stderr()));
            Err(Error::new(Kind::Config, format!("{} is not valid: {}", file.display(), report.summary())))
        }
    }
}

/// Refuses a file that was not trusted, or changed since; a person at a terminal is shown what it starts, and asked.
/// `--yes` is no answer to that.
fn trusted(
    args: &UpArgs,
    ctx: &Ctx,
    file: &std::path::Path,
    loaded: &Loaded,
    profiles: &Profiles,
) -> Result<()> {
    let list = TrustList::new(&ctx.paths.state_dir);
    let Err(refused) = list.require(file, &loaded.contents) else { return Ok(()) };
    let asks = !args.yes && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if !args.trust && !asks {
        return Err(refused);
    }
    super::config::only_people("trust a file")?;
    if !args.trust {
        let starts = super::trust::what_it_starts(&loaded.config, profiles);
        output::note(&format!("{refused}\n{}", starts.trim_end()));
        if !super::init::yes("Trust the file as it is now, and start this?", false)? {
            return Err(refused);
        }
    }
    list.trust(file, &loaded.contents)
}

/// What the agents need of the caller's environment: programs are found with the caller's PATH, even where the tmux
/// server was started long ago with another one.
pub fn environment(config: &Config, profiles: &Profiles) -> BTreeMap<String, String> {
    let mut keys = vec!["PATH".to_owned()];
    for agent in &config.agents {
        keys.extend(profiles.get(&agent.profile).into_iter().flat_map(|p| p.pass_env().iter().cloned()));
        keys.extend(agent.pass_env.iter().cloned());
    }
    keys.into_iter().filter_map(|key| Some((key.clone(), var_str(&key)?))).collect()
}

fn line(progress: &Progress) -> String {
    let mark = match progress.step {
        Step::Kept => "=",
        Step::Started => "+",
        Step::Failed => "!",
        Step::Asleep => "z",
    };
    let word = match progress.step {
        Step::Kept => "runs",
        Step::Started => "started",
        Step::Failed => "failed",
        Step::Asleep => "asleep",
    };
    let note =
        progress.note.as_deref().map(|n| format!(": {}", crate::text::one_line(n))).unwrap_or_default();
    format!("{mark} {} {word}{note}", progress.agent)
}

/// What `--dry-run` prints.
fn describe(config: &Config, only: &[AgentName]) -> String {
    let wanted: Vec<AgentName> = config
        .agents
        .iter()
        .map(|a| a.name.clone())
        .filter(|name| only.is_empty() || only.contains(name))
        .collect();
    let plan = crate::state::plan::plan(
        &config.agents,
        &config.layout,
        &wanted,
        &crate::state::plan::Present::default(),
    );
    let mut out = format!("session {}\n  window swarm: the overview\n", config.name);
    for window in plan {
        let _ = writeln!(out, "  window {} ({})", window.name, window.layout);
        for name in &window.agents {
            let Some(agent) = config.agent(name) else { continue };
            let what = match &agent.command {
                Some(command) => command.join(" "),
                None => agent.profile.clone(),
            };
            let _ = writeln!(
                out,
                "    {name}: {what} in {} (permissions: {})",
                agent.directory.display(),
                agent.permissions.as_str()
            );
        }
    }
    out
}
