//! `swarm mcp`: the agents' tools over the Model Context Protocol, on stdin and stdout.
//!
//! Started by the agents themselves (`observe::inject` says so in their launch). Prints nothing but the protocol, decides
//! nothing: every tool is a request to the monitor, which knows the caller by its process and its token.

#[cfg(feature = "mcp")]
mod tools;

use crate::error::Result;

use super::Ctx;

/// Serve an agent's tools over the Model Context Protocol (called by agents, not by people)
///
/// Speaks on stdin and stdout. Whoever calls a tool is the agent in whose pane this runs; elsewhere only looking works.
#[derive(Debug, clap::Args)]
pub struct McpArgs {
    /// A file with the agent's part in the team, told to the client besides what the tools are for
    #[arg(long, value_name = "FILE", hide = true)]
    part: Option<std::path::PathBuf>,
}

/// Runs the command until the client closes its end.
#[cfg(feature = "mcp")]
pub fn run(args: &McpArgs, ctx: Ctx) -> Result<()> {
    let part = args.part.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    super::block_on(tools::serve(ctx, part.unwrap_or_default()))
}

/// Says that this build cannot.
#[cfg(not(feature = "mcp"))]
pub fn run(_args: &McpArgs, _ctx: Ctx) -> Result<()> {
    Err(crate::error::Error::failure("this swarm was built without the feature `mcp`"))
}
