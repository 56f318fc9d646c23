//! `swarm next`: from agent to agent of those that wait for a person, and back to where the person was.
//!
//! Where that was is kept in tmux itself, as a user option per client, so that it outlives the monitor.

use crate::error::{Error, Kind, Result};
use crate::name::SwarmName;
use crate::protocol::{Jump, Request};
use crate::snapshot::{AgentView, Snapshot};
use crate::status::Status;
use crate::tmux::{ClientRow, Command, PaneId, ServerSpec, SessionId, WindowId, format};

use super::{Ctx, attach, output};

/// Go to the agent that has waited longest; again, to the one after it
#[derive(Debug, clap::Args)]
pub struct NextArgs {
    /// Print its name instead of going there
    #[arg(long)]
    print: bool,
    /// When nobody (else) waits, go back to where you were before the first
    #[arg(long, conflicts_with = "print")]
    back: bool,
    /// The tmux client to move; what goes wrong is shown in its status line (for key bindings)
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
}

/// `swarm next`.
pub fn run(args: &NextArgs, ctx: &Ctx) -> Result<()> {
    let server = ctx.server()?;
    if args.print {
        return super::block_on(async {
            let mut client = ctx.client().await?;
            let snapshot = ctx.snapshot(&mut client).await?;
            let (_, agent) = next(&waiting(ctx, &snapshot), None).ok_or_else(nobody)?;
            output::print(&format!("{}\n", agent.name))
        });
    }
    if args.client.is_none() && !attach::is_inside(&server) {
        return outside(ctx);
    }
    let moved = super::block_on(go(args, ctx, &server));
    match (&args.client, moved) {
        (Some(client), Err(err)) => tell(&server, client, &err),
        (_, moved) => moved,
    }
}

/// Shows an error where the person who pressed the key looks. Only when that fails is it ours.
pub fn tell(server: &ServerSpec, client: &str, err: &Error) -> Result<()> {
    server.run_blocking(&[Command::notify_client(client, &format!("swarm: {err}"))]).map(|_| ())
}

/// The agents that wait for a person, the most urgent first: those that ask, then those that ended a turn or failed and
/// were not looked at. Of the swarm that was named, else of all.
fn waiting<'s>(ctx: &Ctx, snapshot: &'s Snapshot) -> Vec<(&'s str, &'s AgentView)> {
    let named = |name: &str| ctx.global.swarm.as_ref().is_none_or(|wanted| wanted.as_str() == name);
    let swarms = snapshot.swarms.iter().filter(|s| named(&s.name));
    let agents = swarms.flat_map(|s| s.agents.iter().map(move |a| (s.name.as_str(), a)));
    let mut agents: Vec<_> = agents
        .filter(|(_, a)| a.pane.is_some() && (a.status == Status::Waiting || a.attention.is_some()))
        .collect();
    agents.sort_by_key(|(_, a)| (a.status != Status::Waiting, a.since));
    agents
}

/// The one after `here`, or the first; `None` after the last.
fn next<'s>(agents: &[(&'s str, &'s AgentView)], here: Option<&str>) -> Option<(&'s str, &'s AgentView)> {
    let at = here.and_then(|here| agents.iter().position(|(_, a)| a.pane.as_deref() == Some(here)));
    agents.get(at.map_or(0, |at| at + 1)).copied()
}

fn nobody() -> Error {
    Error::new(Kind::NotFound, "no agent waits for you")
}

fn outside(ctx: &Ctx) -> Result<()> {
    let (swarm, agent) = super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let (swarm, agent) = next(&waiting(ctx, &snapshot), None).ok_or_else(nobody)?;
        Ok((swarm.to_owned(), agent.name.clone()))
    })?;
    attach::to(ctx, &swarm, &agent)
}

async fn go(args: &NextArgs, ctx: &Ctx, server: &ServerSpec) -> Result<()> {
    let name = match &args.client {
        Some(name) => name.clone(),
        None => attach::my_client(server)
            .await
            .ok_or_else(|| Error::new(Kind::NotFound, "no terminal shows this tmux server"))?,
    };
    let clients = format::clients(server.run(&[Command::list_clients()]).await?.as_bytes());
    let here = clients.into_iter().find(|c| c.name == name);
    let mut monitor = ctx.client().await?;
    let snapshot = ctx.snapshot(&mut monitor).await?;
    let pane = here.as_ref().and_then(|c| c.pane).map(|p| p.to_string());
    let waiting = waiting(ctx, &snapshot);
    match next(&waiting, pane.as_deref()) {
        Some((swarm, agent)) => {
            remember(server, &snapshot, &name, here.as_ref()).await;
            let swarm: SwarmName = swarm.parse().map_err(|e: String| Error::failure(e))?;
            let agent = agent.name.parse().map_err(|e: String| Error::failure(e))?;
            let jump = Jump { agent: Some(agent), swarm, client: Some(name) };
            monitor.call::<serde_json::Value>(Request::Jump(jump)).await.map(|_| ())
        }
        None if args.back => back(server, &name, waiting.is_empty()).await,
        // Round again.
        None => match waiting.first() {
            Some((_, only)) if only.pane == pane => Err(nobody_else()),
            Some((swarm, first)) => {
                let swarm: SwarmName = swarm.parse().map_err(|e: String| Error::failure(e))?;
                let agent = first.name.parse().map_err(|e: String| Error::failure(e))?;
                let jump = Jump { agent: Some(agent), swarm, client: Some(name) };
                monitor.call::<serde_json::Value>(Request::Jump(jump)).await.map(|_| ())
            }
            None => Err(nobody()),
        },
    }
}

fn nobody_else() -> Error {
    Error::new(Kind::NotFound, "no other agent waits for you")
}

/// The name of the option that says where a client was, without `@swarm_`.
fn place_of(client: &str) -> String {
    let name: String = client.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("back{name}")
}

/// Keeps where the person is, unless an earlier step brought them here.
async fn remember(server: &ServerSpec, snapshot: &Snapshot, client: &str, here: Option<&ClientRow>) {
    let Some((session, window, pane)) = here.and_then(|c| Some((c.session?, c.window?, c.pane?))) else {
        return;
    };
    let shown = pane.to_string();
    let at_agent = snapshot.swarms.iter().flat_map(|s| &s.agents).any(|a| a.pane.as_ref() == Some(&shown));
    let option = place_of(client);
    let known = || server.run_blocking(&[Command::show_global(&option)]).is_ok_and(|t| !t.trim().is_empty());
    if at_agent && known() {
        return;
    }
    let place = format!("{session} {window} {pane}");
    if let Err(err) = server.run(&[Command::set_global(&option, &place)]).await {
        tracing::debug!("cannot remember where you were: {err}");
    }
}

/// Shows the person what they saw before the first step.
async fn back(server: &ServerSpec, client: &str, nobody_waits: bool) -> Result<()> {
    let option = place_of(client);
    let text = server.run(&[Command::show_global(&option)]).await?;
    let mut words = text.split_whitespace();
    let place = (|| {
        let session: SessionId = words.next()?.parse().ok()?;
        let window: WindowId = words.next()?.parse().ok()?;
        let pane: PaneId = words.next()?.parse().ok()?;
        Some((session, window, pane))
    })();
    let Some((session, window, pane)) = place else {
        return Err(if nobody_waits { nobody() } else { nobody_else() });
    };
    server.run(&[Command::unset_global(&option)]).await?;
    let steps =
        [Command::select_window(window), Command::select_pane(pane), Command::switch_client(client, session)];
    server
        .run(&steps)
        .await
        .map(|_| ())
        .map_err(|err| Error::new(Kind::Gone, "where you were before is gone").because(err.to_string()))
}
