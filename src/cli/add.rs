//! `swarm add`: one more agent for a swarm that is up, and with `--save` for its swarm file.
//!
//! The agent is described by the swarm file with one more table in it, so defaults, roles, `{{…}}` and all checks are
//! those of every other agent.

use std::path::{Path, PathBuf};

use crate::agent::Profiles;
use crate::config::edit::{self, NewAgent};
use crate::config::problem::{Level, Problem};
use crate::config::{Loaded, Loader, Report, TrustList, Warning, load, template};
use crate::error::{Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::paths::var;
use crate::protocol::{self as wire, Progress, Request, Step, UpReport};

use super::{Ctx, output};

/// Add an agent to a swarm that is up, and start it
///
/// It is described as in swarm.toml: what is not given comes from the file's defaults and from its role. It belongs to
/// the swarm until `swarm rm` or `swarm down`, whatever happens to monitor and tmux; with --save it is written into the
/// swarm file, too.
#[derive(Debug, clap::Args)]
pub struct AddArgs {
    /// The name it gets
    name: AgentName,
    /// What it is: claude, codex, shell, … [default: the file's]
    #[arg(long)]
    profile: Option<String>,
    /// The directory it works in [default: that of the swarm file]
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    domain: Option<PathBuf>,
    /// Its role
    #[arg(long)]
    role: Option<String>,
    /// The model
    #[arg(long)]
    model: Option<String>,
    /// The window it shares with others that name it
    #[arg(long)]
    window: Option<String>,
    /// Its first prompt
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// The program it runs, for the profile `shell`; arguments follow after `--`
    #[arg(long, value_name = "PROGRAM", num_args = 1..)]
    command: Vec<String>,
    /// Write it into the swarm file
    #[arg(long)]
    save: bool,
    /// Arguments for its program
    #[arg(last = true, value_name = "ARGS")]
    args: Vec<String>,
}

/// Runs the command.
pub fn run(args: AddArgs, ctx: &Ctx) -> Result<()> {
    super::config::only_people("add an agent")?;
    let name = args.name.clone();
    let save = args.save;
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = ctx.swarm(&snapshot)?;
        if let Some(known) = swarm.agents.iter().find(|a| a.name == name.as_str()) {
            let hint = match known.pane {
                Some(_) => "choose another name, or take that one out with `swarm rm`".to_owned(),
                None => format!("`swarm up --only {name}` starts it"),
            };
            let why = format!("the swarm `{}` has an agent `{name}` already", swarm.name);
            return Err(Error::new(Kind::Blocked, why).hint(hint));
        }
        let swarm: SwarmName = swarm.name.parse().map_err(|e: String| Error::failure(e))?;
        let found = prepare(ctx, &swarm, &args.describe()?)?;
        found.warnings.iter().for_each(|w| output::note(&w.render(ctx.global.color.enabled_on_stderr())));
        let mut request = found.request.clone();
        request.spec.added = !save;
        request.size = output::terminal_size();
        let report: UpReport = client.call(Request::Add(Box::new(request))).await?;
        outcome(&report)?;
        if !save {
            return output::print(&format!(
                "added {name}; it is not in {}, and goes with `swarm down`\n",
                found.file.display()
            ));
        }
        found.save(ctx).map_err(|e| e.hint(format!("`{name}` runs; it is not in the file")))?;
        output::print(&format!("added {name}, and wrote it into {}\n", found.file.display()))
    })
}

/// The error, when the agent could not be started.
pub fn outcome(report: &UpReport) -> Result<()> {
    let failed: Option<&Progress> = report.agents.iter().find(|a| a.step == Step::Failed);
    match failed {
        Some(failed) => {
            let why = failed.note.as_deref().unwrap_or("for an unknown reason");
            let why = crate::text::one_line(why);
            Err(Error::failure(format!("`{}` was not added: it could not be started: {why}", failed.agent)))
        }
        None => Ok(()),
    }
}

impl AddArgs {
    fn describe(self) -> Result<NewAgent> {
        let domain = self.domain.as_deref().map(written).transpose()?;
        let command = !self.command.is_empty();
        let profile = self.profile.or_else(|| command.then(|| "shell".to_owned()));
        // A command profile has no arguments of its own: they are the command.
        let bare = !command && profile.as_deref() == Some("shell");
        let (command, args) = if bare { (self.args, Vec::new()) } else { (self.command, self.args) };
        Ok(NewAgent {
            name: self.name.to_string(),
            profile,
            domain,
            role: self.role,
            model: self.model,
            window: self.window,
            prompt: self.prompt,
            command,
            args,
        })
    }
}

/// A directory, given relative to where the person is, as the swarm file takes it: one that starts with `~` as it is,
/// any other absolute.
fn written(domain: &Path) -> Result<String> {
    let text = domain.to_str().ok_or_else(|| Error::new(Kind::Usage, "the directory's name is not UTF-8"))?;
    if text.starts_with('~') {
        return Ok(text.to_owned());
    }
    let path = std::path::absolute(domain)
        .map_err(|e| Error::failure(format!("cannot find {}", domain.display())).because(e))?;
    Ok(path.to_string_lossy().into_owned())
}

/// An agent that may be added.
#[derive(Debug)]
pub struct Prepared {
    /// What the monitor is asked.
    pub request: wire::Add,
    /// What is probably not as meant.
    pub warnings: Vec<Warning>,
    /// The swarm file.
    pub file: PathBuf,
    agent: NewAgent,
}

/// Resolves an agent with the swarm file of a swarm that is up, which must be trusted as it is now. Prints nothing.
pub fn prepare(ctx: &Ctx, swarm: &SwarmName, agent: &NewAgent) -> Result<Prepared> {
    let file = file_of(ctx, swarm)?;
    let name: AgentName = agent.name.parse().map_err(|e: String| Error::new(Kind::Usage, e))?;
    let text = load::read(&file).map_err(|problem| Error::new(Kind::Config, problem.brief()))?;
    TrustList::new(&ctx.paths.state_dir).require(&file, &text)?;
    let (profiles, _) = Profiles::load(&ctx.paths.config_dir.join("agents"));
    let loader = Loader { paths: &ctx.paths, profiles: &profiles, env: &var, flags: &[] };
    let before = loader.load_text(&file, &text).map_err(|report| {
        let first = report.problems.iter().find(|p| p.level == Level::Error).map(Problem::brief);
        Error::new(Kind::Config, format!("the swarm file is not valid: {}", first.unwrap_or_default()))
            .hint(format!("`swarm config check {}` shows all of it", file.display()))
    })?;
    if before.config.agent(&name).is_some() {
        return Err(Error::new(Kind::Blocked, format!("{} has an agent `{name}` already", file.display()))
            .hint(format!("`swarm up --only {name}` starts it")));
    }
    if before.config.name != *swarm {
        return Err(Error::new(
            Kind::Blocked,
            format!("{} is the swarm `{}` by now", file.display(), before.config.name),
        ));
    }
    let Loaded { config, warnings, .. } =
        loader.load_text(&file, &edit::add(&text, agent)?).map_err(|report| refused(&name, &report))?;
    let spec = config.agent(&name).cloned();
    let spec = spec.ok_or_else(|| Error::failure(format!("the agent `{name}` got lost on the way")))?;
    let known: Vec<&str> = before.warnings.iter().map(|w| w.message.as_str()).collect();
    let warnings = warnings.into_iter().filter(|w| !known.contains(&w.message.as_str())).collect();
    let env = super::up::environment(&config, &profiles);
    let request = wire::Add { swarm: swarm.clone(), spec, env, size: None };
    Ok(Prepared { request, warnings, file, agent: agent.clone() })
}

impl Prepared {
    /// Writes the agent into the swarm file, which stays trusted.
    pub fn save(&self, ctx: &Ctx) -> Result<()> {
        let list = TrustList::new(&ctx.paths.state_dir);
        let text = load::read(&self.file).map_err(|problem| Error::new(Kind::Config, problem.brief()))?;
        list.require(&self.file, &text)?;
        let root = self.file.parent().unwrap_or(Path::new("/"));
        let mut agent = self.agent.clone();
        // Below the file it is written as people do, so that the project can be moved.
        if let Some(domain) = &mut agent.domain
            && let Ok(below) = Path::new(domain.as_str()).strip_prefix(root)
        {
            let below = below.to_string_lossy();
            *domain = if below.is_empty() { ".".to_owned() } else { below.into_owned() };
        }
        let text = edit::add(&text, &agent)?;
        template::write(&self.file, &text)?;
        list.trust(&self.file, &text)
    }
}

/// Why the agent cannot be added: the file alone is valid, so all of this is about the agent.
fn refused(name: &AgentName, report: &Report) -> Error {
    let errors = || report.problems.iter().filter(|p| p.level == Level::Error);
    let said = |p: &Problem| match p.label.as_str() {
        "" => p.message.clone(),
        label => format!("{} ({label})", p.message),
    };
    let why: Vec<String> = errors().map(said).collect();
    let why = crate::text::one_line(&why.join("; "));
    let err = Error::new(Kind::Config, format!("`{name}` cannot be added: {why}"));
    errors().filter(|p| !p.mend.is_empty()).fold(err, |err, p| err.hint(p.mend.clone()))
}

/// The swarm file that a swarm came up with; else the nearest one, if it is of that name.
fn file_of(ctx: &Ctx, swarm: &SwarmName) -> Result<PathBuf> {
    let server = ctx.server()?.socket_path().display().to_string();
    let stored = crate::store::open_reader(&ctx.paths.database())
        .ok()
        .and_then(|conn| crate::store::agents::live_swarms(&conn, &server).ok())
        .and_then(|rows| rows.into_iter().find(|row| row.name == swarm.as_str()))
        .map(|row| row.config.file);
    stored.or_else(super::select::nearest_file).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("nobody knows the swarm file of `{swarm}`"))
            .hint("run this in its directory")
    })
}
