//! `swarm events` and `swarm log`: what happened, from the store.

use std::fmt::Write as _;

use rusqlite::Connection;

use crate::error::{Context as _, Result};
use crate::name::AgentName;
use crate::store::agents::{EventRow, events};
use crate::text;

use super::{Ctx, output};

/// The schema name of one line of `swarm events --json`.
pub const SCHEMA: &str = "swarm.event/v1";

/// One line of `swarm events --json`: `swarm.event/v1`.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct EventLine {
    /// Always `swarm.event/v1`.
    schema: &'static str,
    #[serde(flatten)]
    row: EventRow,
}

/// Print what happened: starts, status changes, handoffs, costs
#[derive(Debug, clap::Args)]
pub struct EventsArgs {
    /// Go on with what happens next
    #[arg(short, long)]
    follow: bool,
    /// Print NDJSON, one `swarm.event/v1` object per line
    #[arg(long)]
    json: bool,
    /// Only this agent
    #[arg(long, add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: Option<AgentName>,
    /// Only events after this id
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most this many of the newest
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: u32,
}

/// Print what happened to one agent, or to all
#[derive(Debug, clap::Args)]
pub struct LogArgs {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: Option<AgentName>,
    /// At most this many of the newest
    #[arg(short = 'n', long, default_value_t = 50)]
    lines: u32,
}

/// `swarm log`.
pub fn log(args: LogArgs, ctx: &Ctx) -> Result<()> {
    run(&EventsArgs { follow: false, json: false, agent: args.agent, after: 0, lines: args.lines }, ctx)
}

/// `swarm events`.
pub fn run(args: &EventsArgs, ctx: &Ctx) -> Result<()> {
    let database = ctx.paths.database();
    if !database.is_file() {
        return Ok(());
    }
    let conn = crate::store::open_reader(&database)?;
    let mut last = show(args, ctx, &conn, args.after, args.lines)?;
    if !args.follow {
        return Ok(());
    }
    // The monitor tells when something changed; the store says what.
    super::block_on(async {
        let mut client = ctx.client().await?;
        let _: serde_json::Value = client.call(crate::protocol::Request::Subscribe).await?;
        loop {
            client.line().await?;
            last = show(args, ctx, &conn, last, u32::MAX)?;
        }
    })
}

fn show(args: &EventsArgs, ctx: &Ctx, conn: &Connection, after: i64, limit: u32) -> Result<i64> {
    let swarm = ctx.global.swarm.as_ref().map(crate::name::SwarmName::as_str);
    let agent = args.agent.as_ref().map(AgentName::as_str);
    let rows = events(conn, swarm, agent, after, limit)
        .map_err(|e| crate::store::explain(&ctx.paths.database(), e))?;
    let mut out = String::new();
    for row in &rows {
        if args.json {
            let line = EventLine { schema: SCHEMA, row: row.clone() };
            out.push_str(&serde_json::to_string(&line).context(|| "encode an event".into())?);
            out.push('\n');
        } else {
            let _ = writeln!(out, "{}", line(row));
        }
    }
    output::print(&out)?;
    Ok(rows.last().map_or(after, |r| r.id))
}

fn line(row: &EventRow) -> String {
    let who = match (&row.swarm, &row.agent) {
        (Some(swarm), Some(agent)) => format!("{swarm}/{agent}"),
        (Some(swarm), None) => swarm.clone(),
        _ => "–".to_owned(),
    };
    let at = row.at.get(..19).unwrap_or(&row.at).replace('T', " ");
    text::one_line(format!("{at}  {who:<24} {:<18} {}", row.kind, sentence(row)).trim_end())
}

/// What an event says besides its time, its agent and its kind.
pub fn sentence(row: &EventRow) -> String {
    let word = |key: &str| row.data.get(key).and_then(|s| s.as_str());
    let number = |key: &str| row.data.get(key).and_then(serde_json::Value::as_u64);
    let cause = row.cause.as_deref().map(|c| format!("  {c}")).unwrap_or_default();
    let said = match row.kind.as_str() {
        "agent.spawned" | "agent.restarted" => {
            format!("{}{cause}", word("profile").map(|p| format!("started {p}")).unwrap_or_default())
        }
        "cost.turn" => {
            let usd = crate::tui::view::words::pico_dollars(word("usd"));
            let cost =
                usd.map(|pico| format!("{}, ", crate::tui::view::words::money(pico))).unwrap_or_default();
            let [tokens, seconds] = ["tokens", "seconds"].map(|key| number(key).unwrap_or(0));
            format!("a turn: {cost}{tokens} tokens, {seconds} s")
        }
        // The kinds are older than the words: an agent that is held goes on with what it does.
        "agent.paused" => format!("held by {}: messages to it wait", row.actor),
        "agent.resumed" => format!("no longer held, by {}", row.actor),
        "agent.renamed" => row.cause.clone().unwrap_or_default(),
        _ if row.cause.as_deref() == Some("request") => format!("by {}", row.actor),
        _ => {
            let reason = word("reason").map(|r| format!(" ({r})")).unwrap_or_default();
            let why = word("why").map(|w| format!(": {w}")).unwrap_or_default();
            format!("{}{reason}{cause}{why}", word("status").unwrap_or_default())
        }
    };
    let said = text::one_line(said.trim());
    // What has no words of its own still says who did it.
    if said.is_empty() { format!("by {}", row.actor) } else { said }
}
