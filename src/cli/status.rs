//! `swarm status`: who works, who waits, what it costs.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::error::{Kind, Result};
use crate::ledger::money::{PICO, Usd};
use crate::protocol::{Line, Notice, Request};
use crate::snapshot::{AgentView, Snapshot, SwarmView};
use crate::status::Status;
use crate::text;

use super::{Ctx, output};

/// Show what every agent is doing
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Print `swarm.status/v1` JSON
    #[arg(long)]
    json: bool,
    /// Print again whenever something changes
    #[arg(short, long)]
    watch: bool,
}

/// Runs the command.
pub fn run(args: &StatusArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = match ctx.client().await {
            Ok(client) => client,
            // Nothing is up: an honest, empty answer.
            Err(err) if err.kind() == Kind::Monitor => {
                return if args.json {
                    output::json(&Snapshot::default())
                } else {
                    output::print("no swarm is up\n")
                };
            }
            Err(err) => return Err(err),
        };
        let snapshot = ctx.snapshot(&mut client).await?;
        show(args, ctx, &snapshot)?;
        if args.watch {
            let _: serde_json::Value = client.call(Request::Subscribe).await?;
            let mut last = snapshot;
            loop {
                if let Line::Notice(Notice::Snapshot(snapshot)) = client.line().await?
                    && *snapshot != last
                {
                    show(args, ctx, &snapshot)?;
                    last = *snapshot;
                }
            }
        }
        Ok(())
    })
}

fn show(args: &StatusArgs, ctx: &Ctx, snapshot: &Snapshot) -> Result<()> {
    let chosen: Vec<&SwarmView> = match &ctx.global.swarm {
        Some(_) => vec![ctx.swarm(snapshot)?],
        None => snapshot.swarms.iter().collect(),
    };
    if args.json {
        return output::json(&Snapshot { swarms: chosen.into_iter().cloned().collect(), ..snapshot.clone() });
    }
    let mut out = String::new();
    for problem in &snapshot.problems {
        let _ = writeln!(out, "! {}", text::one_line(problem));
    }
    if chosen.is_empty() {
        out.push_str("no swarm is up\n");
    }
    let now = now();
    for swarm in chosen {
        out.push_str(&table(swarm, now));
    }
    output::print(&out)
}

#[expect(clippy::disallowed_methods, reason = "ages are shown against the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// One swarm as a table; columns as wide as their content.
pub fn table(swarm: &SwarmView, now: Timestamp) -> String {
    let head =
        ["AGENT", "PROFILE", "STATUS", "FOR", "CONTEXT", "COST", "PANE", "LAST LINE"].map(str::to_owned);
    let mut rows = vec![head];
    rows.extend(swarm.agents.iter().map(|agent| row(agent, now)));
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    // The id alone (`$0`) would read as money.
    let session =
        swarm.session.as_deref().map_or_else(|| "no session".to_owned(), |id| format!("session {id}"));
    let mut out = format!("{} ({session})\n", swarm.name);
    for row in rows {
        let mut line = String::new();
        for (n, cell) in row.iter().enumerate() {
            if n + 1 == row.len() {
                line.push_str(&text::clip(cell, 60));
            } else {
                let _ = write!(line, "{cell:<width$}  ", width = widths[n]);
            }
        }
        let _ = writeln!(out, "  {}", line.trim_end());
    }
    out
}

fn row(agent: &AgentView, now: Timestamp) -> [String; 8] {
    let unknown = || "–".to_owned();
    let status = match agent.reason {
        Some(reason) if agent.status != Status::Exited || reason != crate::status::Reason::Finished => {
            format!("{} ({reason})", agent.status)
        }
        _ => agent.status.to_string(),
    };
    let context = agent.context.as_ref().and_then(|c| c.percent_used.or(c.shown_by_agent));
    [
        agent.name.clone(),
        agent.profile.clone(),
        if agent.hold.is_some() { format!("{status} held") } else { status },
        age(now, agent.since),
        context.map_or_else(unknown, |p| format!("{p:.0}%")),
        agent.cost_usd.as_deref().map_or_else(unknown, money),
        agent.pane.clone().unwrap_or_else(unknown),
        match &agent.hold {
            Some(hold) if agent.status == Status::Idle && hold.by != "human" => {
                format!("held by {}: {}", hold.by, text::one_line(&hold.reason))
            }
            // Nothing was ever on its screen: why it could not be started.
            _ => match (&agent.last_line, &agent.proof) {
                (Some(line), _) => line.trim_start().to_owned(),
                (None, Some(proof)) if agent.status == Status::Exited => text::one_line(&proof.text),
                _ => String::new(),
            },
        },
    ]
}

/// `3s`, `12m`, `4h05m`, `2d`.
pub fn age(now: Timestamp, since: Timestamp) -> String {
    let seconds = now.duration_since(since).as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A decimal string of dollars, rounded to cents for people; what is not zero never looks like zero.
pub fn money(usd: &str) -> String {
    match Usd::parse(usd) {
        Some(amount) if amount.0 > 0 && amount.0 < PICO / 200 => "<$0.01".to_owned(),
        Some(amount) if amount.0 > 0 && amount.0 < PICO / 100 => "$0.01".to_owned(),
        Some(amount) => amount.short(),
        None => format!("${usd}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_rounded_as_everywhere_and_never_hides_a_cost() {
        assert_eq!(money("12.349999"), "$12.35");
        assert_eq!(money("0.0050"), "$0.01");
        assert_eq!(money("0.000001"), "<$0.01");
        assert_eq!(money("0"), "$0.00");
        assert_eq!(money("3.5"), "$3.50");
    }
}
