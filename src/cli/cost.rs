//! `swarm cost`: what the agents used and what it cost.

pub mod blocks;
pub mod prices;
mod table;

pub(super) use table::{bar, short};

use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::{Ctx, output};
use crate::error::{Error, Kind, Result};
use crate::ledger::report::{By, moment};
use crate::ledger::usage::Source;
use crate::store::{explain, open_ledger, open_writer, usage};

/// What the agents used and what it cost
///
/// Reports what is booked: the monitor books live, `swarm ingest` books what else there is.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CostArgs {
    #[command(subcommand)]
    command: Option<CostCommand>,
    #[command(flatten)]
    report: ReportArgs,
}

#[derive(Debug, clap::Subcommand)]
enum CostCommand {
    Prices(prices::PricesArgs),
}

/// What to report.
#[derive(Debug, clap::Args)]
struct ReportArgs {
    /// Group by this
    #[arg(long, value_name = "WHAT", default_value = "day")]
    by: By,
    /// From this day or time on: 2026-11-20, today, yesterday, 7d, 12h, or RFC 3339
    #[arg(long, value_name = "D")]
    since: Option<String>,
    /// Until the end of this day, or until this time
    #[arg(long, value_name = "D")]
    until: Option<String>,
    /// The time zone of days, by its IANA name [default: the system's]
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// The database [default: the user's]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// Only this profile
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Only this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Show five-hour blocks, how fast the current one fills, and the agents' own limits
    #[arg(long, conflicts_with_all = ["by", "csv"])]
    blocks: bool,
    /// Print one JSON object
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print comma-separated values
    #[arg(long)]
    csv: bool,
}

/// Runs `swarm cost`.
#[expect(
    clippy::disallowed_methods,
    reason = "`today`, `7d` and the current block are said by a person, now"
)]
pub fn run(args: &CostArgs, ctx: &Ctx) -> Result<()> {
    if let Some(CostCommand::Prices(prices)) = &args.command {
        return prices::run(prices, ctx);
    }
    let now = jiff::Timestamp::now();
    let args = &args.report;
    let zone = zone(args.tz.as_deref())?;
    let path = args.db.clone().unwrap_or_else(|| ctx.paths.database());
    let filter = filter(args, ctx, &zone, now)?;
    if !path.exists() {
        return Err(Error::failure(format!("nothing is booked yet: there is no {}", path.display()))
            .hint("`swarm ingest` books the transcripts of this user's agents"));
    }
    let conn = open_ledger(&path)?;
    let prices = super::ingest::prices(&ctx.paths)?;
    if usage::is_stale(&conn, prices.rev()).map_err(|e| explain(&path, e))? {
        let writer = open_writer(&path)?;
        usage::reprice(&writer, &prices).map_err(|e| explain(&path, e))?;
    }
    if args.blocks {
        let all = blocks::collect(&conn, &filter, now).map_err(|e| explain(&path, e))?;
        return if args.json { output::json(&all) } else { output::print(&blocks::table(&all, &zone)) };
    }
    let report = usage::report(&conn, &filter, args.by, &zone).map_err(|e| explain(&path, e))?;
    if args.json {
        output::json(&report)
    } else if args.csv {
        output::print(&report.csv())
    } else {
        output::print(&table::report(&report))
    }
}

/// The zone of this IANA name, or the system's.
fn zone(name: Option<&str>) -> Result<TimeZone> {
    match name {
        None => Ok(TimeZone::system()),
        Some(name) => TimeZone::get(name).map_err(|e| {
            Error::new(Kind::Usage, format!("there is no time zone `{name}`"))
                .because(e)
                .hint("IANA names look like Europe/Berlin or UTC")
        }),
    }
}

fn filter(args: &ReportArgs, ctx: &Ctx, zone: &TimeZone, now: jiff::Timestamp) -> Result<usage::Filter> {
    let at = |text: &Option<String>, until| match text {
        None => Ok(None),
        Some(text) => moment(text, now, zone, until).map(Some).ok_or_else(|| {
            Error::new(Kind::Usage, format!("`{text}` is no day or time"))
                .hint("write 2026-11-20, today, yesterday, 7d, 12h or 2026-11-20T12:00:00Z")
        }),
    };
    let source = match &args.profile {
        None => None,
        Some(name) => Some(Source::of_profile(name).ok_or_else(|| {
            let known = Source::ALL.map(Source::as_str).join(", ");
            Error::new(Kind::Usage, format!("no usage is read from the profile `{name}`"))
                .hint(format!("one of {known}"))
        })?),
    };
    Ok(usage::Filter {
        since_ms: at(&args.since, false)?,
        until_ms: at(&args.until, true)?,
        source,
        swarm: ctx.global.swarm.as_ref().map(ToString::to_string),
        agent: args.agent.clone(),
        instance: None,
    })
}
