//! What a person does to one agent or to all: restart, kill, hibernate, wake, rename, rm, hold, resume, interrupt, down.

use std::io::{IsTerminal, Write};

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Adopt, Down, Hold, Rename, Request, Restart, Target};

use super::{Ctx, output};

/// One agent.
#[derive(Debug, clap::Args)]
pub struct AgentArg {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    pub(super) agent: AgentName,
}

/// End an agent and start it again; its conversation goes on where the profile can resume one
#[derive(Debug, clap::Args)]
pub struct RestartArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// Start a new conversation
    #[arg(long)]
    fresh: bool,
}

/// Give an agent another name: one that was added or adopted and stands in no swarm file
///
/// It keeps its pane, its conversation, its messages and its bills. What has happened stays in the log under the old name.
#[derive(Debug, clap::Args)]
pub struct RenameArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// The name it gets
    name: AgentName,
}

/// Hold an agent: messages and tasks to it wait, what it does goes on
#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// Why
    #[arg(default_value = "held by hand")]
    reason: String,
}

/// End a swarm: its agents and the panes swarm made for them
#[derive(Debug, clap::Args)]
pub struct DownArgs {
    /// The swarm [default: as for every command]
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::swarms))]
    name: Option<SwarmName>,
    /// End agents that are working, too, without asking
    #[arg(short, long)]
    yes: bool,
}

/// Take a pane that swarm did not make as an agent: it is watched, never ended
///
/// `swarm rm` lets go of it again: pane and process stay as they are.
#[derive(Debug, clap::Args)]
pub struct AdoptArgs {
    /// The pane (`%5`; `tmux list-panes -a` shows them)
    pane: String,
    /// The name it gets [default: that of --profile, else `pane`; with a number where it is taken]
    #[arg(long)]
    name: Option<AgentName>,
    /// What runs in it [default: guessed from its process]
    #[arg(long)]
    profile: Option<String>,
}

/// Which conversation an agent starts with, as the end of a sentence.
fn about(answer: &Value) -> String {
    answer["about"].as_str().map(|about| format!(": {about}")).unwrap_or_default()
}

/// `swarm restart`.
pub fn restart(args: &RestartArgs, ctx: &Ctx) -> Result<()> {
    let answer = ask(ctx, &args.agent, |target| Request::Restart(Restart { target, fresh: args.fresh }))?;
    output::print(&format!("restarting {}{}\n", args.agent.agent, about(&answer)))
}

/// `swarm kill`.
pub fn kill(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Kill, "ending")
}

/// `swarm hibernate`.
pub fn hibernate(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Hibernate, "putting to sleep")
}

/// `swarm wake`.
pub fn wake(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    let answer = ask(ctx, args, Request::Wake)?;
    output::print(&format!("waking {}{}\n", args.agent, about(&answer)))
}

/// `swarm rename`.
pub fn rename(args: &RenameArgs, ctx: &Ctx) -> Result<()> {
    let (old, to) = (&args.agent.agent, args.name.clone());
    let answer = ask(ctx, &args.agent, |target| Request::Rename(Rename { target, to }))?;
    if let Some(note) = answer["note"].as_str() {
        output::note(note);
    }
    output::print(&format!("{old} is called {} now\n", args.name))
}

/// `swarm rm`.
pub fn rm(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Remove, "removing")
}

/// `swarm hold`.
pub fn hold(args: &HoldArgs, ctx: &Ctx) -> Result<()> {
    on(ctx, &args.agent, |target| Request::Hold(Hold { target, reason: args.reason.clone() }), "held")
}

/// `swarm resume`.
pub fn resume(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Resume, "resumed")
}

/// `swarm interrupt`.
pub fn interrupt(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Interrupt, "interrupted")
}

fn on(ctx: &Ctx, agent: &AgentArg, request: impl FnOnce(Target) -> Request, word: &str) -> Result<()> {
    ask(ctx, agent, request)?;
    output::print(&format!("{word} {}\n", agent.agent))
}

fn ask(ctx: &Ctx, agent: &AgentArg, request: impl FnOnce(Target) -> Request) -> Result<Value> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, _) = ctx.agent(&snapshot, &agent.agent)?;
        client.call(request(target)).await
    })
}

/// `swarm down`.
pub fn down(args: &DownArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let swarm = match &args.name {
            Some(name) => name.clone(),
            None => {
                let snapshot = ctx.snapshot(&mut client).await?;
                ctx.swarm(&snapshot)?.name.parse().map_err(|e: String| Error::failure(e))?
            }
        };
        let mut request = Down { swarm, force: args.yes };
        let mut result = client.call::<Value>(Request::Down(request.clone())).await;
        if let Err(err) = &result
            && err.kind() == Kind::Blocked
            && !args.yes
            && std::io::stdin().is_terminal()
        {
            if !confirm(&format!("{} End them all the same?", err.message()))? {
                return Err(Error::new(Kind::Interrupted, "left as it is"));
            }
            request.force = true;
            result = client.call(Request::Down(request.clone())).await;
        }
        result?;
        output::print(&format!("{} is down\n", request.swarm))
    })
}

/// Asks on the terminal; anything but a yes is a no.
fn confirm(question: &str) -> Result<bool> {
    let mut err = std::io::stderr();
    let _ = write!(err, "{} [y/N] ", crate::text::one_line(question));
    let _ = err.flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| Error::failure("cannot read the answer").because(e))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// `swarm adopt`.
pub fn adopt(args: &AdoptArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = ctx.swarm(&snapshot)?;
        let name = match &args.name {
            Some(name) => name.clone(),
            None => {
                let stem = args.profile.as_deref().unwrap_or("pane");
                let free = |name: &String| !swarm.agents.iter().any(|a| a.name == *name);
                let name = (1..1000)
                    .map(|n| if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") })
                    .find(free);
                name.unwrap_or_default()
                    .parse()
                    .map_err(|e: String| Error::new(Kind::Usage, e).hint("give one with --name"))?
            }
        };
        let swarm = swarm.name.parse().map_err(|e: String| Error::failure(e))?;
        let request =
            Adopt { pane: args.pane.clone(), swarm, agent: name.clone(), profile: args.profile.clone() };
        let answer: Value = client.call(Request::Adopt(request)).await?;
        let profile = answer.get("profile").and_then(Value::as_str).unwrap_or_default();
        output::print(&format!(
            "{} is the agent `{name}` now ({profile}); it is watched, never ended by swarm\n",
            args.pane
        ))
    })
}
