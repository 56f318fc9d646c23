//! Candidates for dynamic shell completion: asks the running monitor, answers nothing when there is none.

use clap_complete::CompletionCandidate;

use crate::client::{Client, Rendezvous};
use crate::paths::{Paths, var};
use crate::protocol::Request;
use crate::snapshot::Snapshot;
use crate::tmux::ServerSpec;

/// The agents of every swarm of this tmux server.
pub(super) fn agents() -> Vec<CompletionCandidate> {
    let agents = snapshot().map(|s| s.swarms).unwrap_or_default().into_iter().flat_map(|s| s.agents);
    agents.map(|a| CompletionCandidate::new(a.name).help(Some(a.status.to_string().into()))).collect()
}

/// The swarms of this tmux server.
pub(super) fn swarms() -> Vec<CompletionCandidate> {
    snapshot()
        .map(|s| s.swarms)
        .unwrap_or_default()
        .into_iter()
        .map(|s| CompletionCandidate::new(s.name))
        .collect()
}

fn snapshot() -> Option<Snapshot> {
    let paths = Paths::from_env().ok()?;
    let server = ServerSpec::from_env(None, None, &var);
    let at = Rendezvous::of(&paths, &server.socket_path()).ok()?;
    super::block_on(async move { Client::connect(&at).await?.call(Request::Status).await }).ok()
}
