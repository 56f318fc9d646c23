//! `swarm attach` and `jump`: go to a pane, from inside tmux or out.

use std::os::unix::process::CommandExt;

use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::paths::{var, var_str};
use crate::protocol::{Jump, Request};
use crate::tmux::{Command, ServerSpec, format};

use super::Ctx;

/// Go to an agent's pane, or to the overview: attaches outside tmux, switches the client inside
#[derive(Debug, clap::Args)]
pub struct AttachArgs {
    /// The agent [default: the swarm's overview window]
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: Option<AgentName>,
}

/// `swarm attach` and `swarm jump`.
pub fn run(args: &AttachArgs, ctx: &Ctx) -> Result<()> {
    go(ctx, args.agent.clone())
}

fn go(ctx: &Ctx, agent: Option<AgentName>) -> Result<()> {
    let (server, session) = super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = ctx.swarm(&snapshot)?;
        let name = swarm.name.parse().map_err(|e: String| Error::failure(e))?;
        let server = ctx.server()?;
        let inside = is_inside(&server);
        let tmux_client = if inside { my_client(&server).await } else { None };
        let answer: serde_json::Value =
            client.call(Request::Jump(Jump { agent, swarm: name, client: tmux_client })).await?;
        let session = answer.get("session").and_then(|s| s.as_str()).unwrap_or_default().to_owned();
        Ok((server, if inside { None } else { Some(session) }))
    })?;
    match session {
        Some(session) => attach(&server, &session),
        None => Ok(()),
    }
}

/// Goes to an agent's pane and comes back: switches the client inside tmux, attaches as a child outside.
pub fn to(ctx: &Ctx, swarm: &str, agent: &str) -> Result<()> {
    let server = ctx.server()?;
    let inside = is_inside(&server);
    let session = super::block_on(async {
        let mut client = ctx.client().await?;
        let tmux_client = if inside { my_client(&server).await } else { None };
        let jump = Jump {
            agent: Some(agent.parse().map_err(|e: String| Error::failure(e))?),
            swarm: swarm.parse().map_err(|e: String| Error::failure(e))?,
            client: tmux_client,
        };
        let answer: serde_json::Value = client.call(Request::Jump(jump)).await?;
        Ok(answer.get("session").and_then(|s| s.as_str()).unwrap_or_default().to_owned())
    })?;
    if inside {
        return Ok(());
    }
    let id = session.parse().map_err(|_| Error::new(Kind::Gone, "the session is gone"))?;
    let mut command = server.process(&[Command::attach(id)]);
    command.stdin(std::process::Stdio::inherit()).stdout(std::process::Stdio::inherit());
    let status = command.stderr(std::process::Stdio::inherit()).status();
    status.map(|_| ()).map_err(|e| Error::new(Kind::Tmux, "cannot start tmux").because(e))
}

/// Whether this process runs in a pane or popup of this very server.
pub fn is_inside(server: &ServerSpec) -> bool {
    let inside = var_str("TMUX").and_then(|t| t.split(',').next().map(std::path::PathBuf::from));
    inside.is_some_and(|path| path == server.socket_path())
}

/// The tmux client that shows this pane; in a popup, where `TMUX_PANE` is not set, the one used last.
pub async fn my_client(server: &ServerSpec) -> Option<String> {
    let reply = server.run(&[Command::list_clients()]).await.ok()?;
    let clients = format::clients(reply.as_bytes());
    let session = super::select::tmux_session();
    let terminal = clients.iter().filter(|c| !c.control);
    let mine = terminal
        .clone()
        .filter(|c| session.is_none() || c.session.map(|s| s.to_string()) == session)
        .max_by_key(|c| c.activity);
    mine.or_else(|| terminal.max_by_key(|c| c.activity)).map(|c| c.name.clone())
}

/// How a person inside another tmux server gets to this one.
pub fn way_there(server: &ServerSpec) -> String {
    let socket = super::tmux::quoted(&server.socket_path().display().to_string());
    format!("`swarm -S {socket} attach` in a terminal outside tmux, or after detaching from this one")
}

/// Becomes `tmux attach`: our process is replaced, as if the person had typed it.
pub fn attach(server: &ServerSpec, session: &str) -> Result<()> {
    let id = session.parse().map_err(|_| Error::new(Kind::Gone, "the session is gone"))?;
    let mut command = server.process(&[Command::attach(id)]);
    command.stdin(std::process::Stdio::inherit()).stdout(std::process::Stdio::inherit());
    command.stderr(std::process::Stdio::inherit());
    if var("TMUX").is_some() {
        return Err(Error::failure("this terminal is inside another tmux server").hint(way_there(server)));
    }
    Err(Error::new(Kind::Tmux, "cannot start tmux").because(command.exec()))
}
