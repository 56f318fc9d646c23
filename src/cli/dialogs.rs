//! First-run dialogs (trust, login, theme, updates): agent CLIs ask them before they work. After `up` they are gathered:
//! who waits, for what, and how to go from one to the next.

use std::fmt::Write as _;
use std::time::Duration;

use crate::client::Client;
use crate::name::SwarmName;
use crate::protocol::{Line, Notice, Request, Step, UpReport};
use crate::snapshot::{AgentView, Snapshot};
use crate::status::{Reason, Status};
use crate::text;

use super::output;

/// How long agents may take to show their first screen before nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(6);

/// Waits until the agents that were just started show something, and says which of them ask before they work.
pub(super) async fn tell(mut client: Client, swarm: &SwarmName, report: &UpReport) {
    let started: Vec<&str> =
        report.agents.iter().filter(|a| a.step == Step::Started).map(|a| a.agent.as_str()).collect();
    if started.is_empty() || client.call::<serde_json::Value>(Request::Subscribe).await.is_err() {
        return;
    }
    let mut last = None;
    let waiting = async {
        while let Ok(line) = client.line().await {
            let Line::Notice(Notice::Snapshot(snapshot)) = line else { continue };
            let settled = agents(&snapshot, swarm, &started).all(is_settled);
            last = Some(snapshot);
            if settled {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(PATIENCE, waiting).await;
    if let Some(said) = last.and_then(|snapshot| gathered(agents(&snapshot, swarm, &started))) {
        output::note(&said);
    }
}

fn agents<'s>(
    snapshot: &'s Snapshot,
    swarm: &SwarmName,
    wanted: &[&str],
) -> impl Iterator<Item = &'s AgentView> {
    let swarm = snapshot.swarms.iter().find(|s| s.name == swarm.as_str());
    swarm.into_iter().flat_map(|s| &s.agents).filter(|a| wanted.contains(&a.name.as_str()))
}

/// It has shown what it is doing. Of a plain command that may never be known, and it asks nothing.
fn is_settled(agent: &AgentView) -> bool {
    agent.profile == "shell" || !matches!(agent.status, Status::Starting | Status::Unknown)
}

/// Which agents ask before they work, in a few lines.
fn gathered<'s>(agents: impl Iterator<Item = &'s AgentView>) -> Option<String> {
    let asks = |a: &&AgentView| {
        a.status == Status::Waiting && matches!(a.reason, None | Some(Reason::Dialog | Reason::Auth))
    };
    let asking: Vec<&AgentView> = agents.filter(asks).collect();
    let mut out = match asking.len() {
        0 => return None,
        1 => "1 agent asks you something before it works:".to_owned(),
        n => format!("{n} agents ask you something before they work:"),
    };
    for agent in asking {
        let what = match (&agent.question, agent.reason) {
            (Some(question), _) => text::clip(&text::one_line(question), 70),
            (None, Some(reason)) => reason.to_string(),
            (None, None) => "a dialog".to_owned(),
        };
        let _ = write!(out, "\n  {}: {what}", agent.name);
    }
    out.push_str("\n`swarm next` goes from one to the next (with the tmux plugin: prefix N)");
    Some(out)
}
