//! `swarm wait`: blocks until an agent has a status. For scripts, and for agents themselves.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::protocol::{Line, Notice, Request};
use crate::snapshot::{AgentView, Snapshot};
use crate::status::Status;

use super::{Ctx, output};

/// Wait until an agent has one of these statuses
///
/// Exit code 0 when it has, 13 when the agent ended instead, 124 when the time is up. An agent that is being restarted or
/// woken is waited for: what the old incarnation still shows does not count. One that ends again and again and is always
/// restarted is waited for until `--timeout`.
#[derive(Debug, clap::Args)]
pub struct WaitArgs {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: AgentName,
    /// The status to wait for; several with commas
    #[arg(long, value_delimiter = ',', default_value = "idle", value_name = "STATUS")]
    until: Vec<Status>,
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
}

/// Runs the command.
pub fn run(args: &WaitArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let first = ctx.snapshot(&mut client).await?;
        let swarm = ctx.swarm(&first)?.name.clone();
        ctx.agent(&first, &args.agent)?;
        let _: serde_json::Value = client.call(Request::Subscribe).await?;
        let waiting = async {
            if let Some(done) = check(&first, &swarm, args) {
                return done;
            }
            loop {
                if let Line::Notice(Notice::Snapshot(snapshot)) = client.line().await?
                    && let Some(done) = check(&snapshot, &swarm, args)
                {
                    return done;
                }
            }
        };
        let found = match args.timeout.map(Duration::try_from_secs_f64) {
            None => waiting.await,
            Some(Err(_)) => Err(Error::new(Kind::Usage, "--timeout takes a number of seconds")),
            Some(Ok(limit)) => tokio::time::timeout(limit, waiting).await.unwrap_or_else(|_| {
                Err(Error::new(Kind::Timeout, format!("`{}` did not get there in {limit:?}", args.agent)))
            }),
        };
        output::print(&format!("{}\n", found?))
    })
}

fn check(snapshot: &Snapshot, swarm: &str, args: &WaitArgs) -> Option<Result<Status>> {
    let agents = snapshot.swarms.iter().find(|s| s.name == swarm).map(|s| &s.agents);
    let agent = agents.and_then(|agents| agents.iter().find(|a| a.name == args.agent.as_str()));
    match agent.map(|a| a.status) {
        Some(status) if status != Status::Exited && agent.is_some_and(|a| a.ending) => None,
        // Nothing of the one that is being woken has been seen yet.
        Some(Status::Exited) if agent.is_some_and(|a| a.returning && a.is_asleep()) => None,
        Some(status) if args.until.contains(&status) => Some(Ok(status)),
        None => Some(Err(Error::new(Kind::Gone, format!("`{}` is not in the swarm any more", args.agent)))),
        Some(Status::Exited) if agent.is_some_and(|a| a.returning) => None,
        Some(Status::Exited) => {
            let what = if agent.is_some_and(AgentView::is_asleep) { "is asleep" } else { "has ended" };
            Some(Err(Error::new(Kind::Gone, format!("`{}` {what}", args.agent))))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AgentSpec;
    use crate::snapshot::SwarmView;
    use crate::state::Agent;
    use crate::status::Reason;

    #[test]
    fn an_end_counts_where_it_is_waited_for_and_a_return_where_not() {
        let check = |status: Status, reason: Option<Reason>, returning: bool, until: Status| {
            let agent =
                Agent::new(AgentSpec::new("a".parse().unwrap(), "sim", "/tmp"), jiff::Timestamp::UNIX_EPOCH);
            let view = AgentView { status, reason, returning, ..agent.view() };
            let swarm = SwarmView { name: "shop".into(), agents: vec![view], ..SwarmView::default() };
            let snapshot = Snapshot { swarms: vec![swarm], ..Snapshot::default() };
            let args = WaitArgs { agent: "a".parse().unwrap(), until: vec![until], timeout: None };
            super::check(&snapshot, "shop", &args).map(|done| done.map_err(|e| e.kind()))
        };
        let (exited, idle) = (Status::Exited, Status::Idle);
        assert_eq!(check(exited, None, false, idle), Some(Err(Kind::Gone)));
        assert_eq!(check(exited, None, true, idle), None);
        assert_eq!(check(exited, None, true, exited), Some(Ok(exited)));
        assert_eq!(check(exited, Some(Reason::Asleep), true, exited), None, "it is being woken");
        assert_eq!(check(exited, Some(Reason::Asleep), false, exited), Some(Ok(exited)));
        assert_eq!(check(idle, None, false, idle), Some(Ok(idle)));
    }
}
