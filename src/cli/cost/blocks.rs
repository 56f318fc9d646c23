//! `swarm cost --blocks`: the windows that subscriptions count by.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use schemars::JsonSchema;
use serde::Serialize;

use super::table::{bar, short};
use crate::ledger::blocks::{BURN_METHOD, Block, Burn, blocks};
use crate::ledger::money::Usd;
use crate::ledger::report::Sums;
use crate::ledger::usage::Source;
use crate::store::usage;

/// How many blocks people see.
const SHOWN: usize = 12;

/// The schema name of [`Windows`].
pub const SCHEMA: &str = "swarm.cost.blocks/v1";

/// What `swarm cost --blocks --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Windows {
    /// Always `swarm.cost.blocks/v1`.
    schema: &'static str,
    /// Made from bookings: an estimate of the vendor's own windows.
    blocks: Vec<BlockRow>,
    /// How `burn` is made, in words.
    method: &'static str,
    /// What the agents themselves say of their limits.
    limits: Vec<LimitRow>,
    /// The last seven days, by bookings.
    last_seven_days: Sums,
}

/// Five hours from the full hour of the first response.
#[derive(Debug, Serialize, JsonSchema)]
struct BlockRow {
    /// Its start, RFC 3339 UTC.
    start: String,
    /// Its end.
    end: String,
    /// Whether it is the one that runs.
    active: bool,
    /// What was used.
    #[serde(flatten)]
    sums: Sums,
    /// How fast the running one fills; `null` for others and where that cannot be said.
    burn: Option<Burn>,
}

/// What an agent said of a limit of its vendor.
#[derive(Debug, Serialize, JsonSchema)]
struct LimitRow {
    /// Whose agent.
    profile: &'static str,
    /// Which limit, in the agent's word.
    window: String,
    /// How much of it is used, 0 to 100.
    percent_used: Option<f64>,
    /// When it begins anew, RFC 3339 UTC.
    resets: Option<String>,
    /// Whether it is used up.
    reached: bool,
    /// When the agent said so.
    told_at: String,
}

fn utc(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map(|t| t.to_string()).unwrap_or_default()
}

/// The windows as of `now`.
pub(super) fn collect(
    conn: &Connection,
    filter: &usage::Filter,
    now: Timestamp,
) -> rusqlite::Result<Windows> {
    let now_ms = now.as_millisecond();
    let mut calls = Vec::new();
    let mut week = Sums::default();
    let week_ago = now_ms - 7 * 24 * 3_600_000;
    usage::scan(conn, filter, |event| {
        calls.push((event.ts_ms, event.sums()));
        if (week_ago..=now_ms).contains(&event.ts_ms) {
            week.add(&event.sums());
        }
    })?;
    let row = |block: Block| BlockRow {
        start: utc(block.start_ms),
        end: utc(block.end_ms),
        active: block.is_active(now_ms),
        sums: block.sums,
        burn: block.burn(now_ms).filter(|_| block.is_active(now_ms)),
    };
    let limits = usage::limits(conn)?.into_iter();
    let limits = limits.filter(|(source, _)| filter.source.is_none_or(|s| s == *source));
    // What was said of a window that has begun anew since is void.
    let limits = limits.filter(|(_, l)| l.resets_ms.is_none_or(|at| at > now_ms));
    Ok(Windows {
        schema: SCHEMA,
        blocks: blocks(calls).into_iter().map(row).collect(),
        method: BURN_METHOD,
        limits: limits.map(|(source, l)| limit(source, l)).collect(),
        last_seven_days: week,
    })
}

fn limit(source: Source, sample: crate::ledger::usage::LimitSample) -> LimitRow {
    LimitRow {
        profile: source.as_str(),
        window: sample.window,
        percent_used: sample.percent_used,
        resets: sample.resets_ms.map(utc),
        reached: sample.reached,
        told_at: utc(sample.ts_ms),
    }
}

/// The windows for people, in `zone`.
pub(super) fn table(all: &Windows, zone: &TimeZone) -> String {
    let local = |text: &str| {
        let time = text.parse::<Timestamp>();
        time.map_or_else(
            |_| text.to_owned(),
            |t| t.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        )
    };
    let mut out = String::from("Five-hour blocks (estimate, from bookings)\n");
    let first = all.blocks.len().saturating_sub(SHOWN);
    let shown = &all.blocks[first..];
    let most = shown.iter().map(|b| b.sums.tokens()).max().unwrap_or(0);
    for block in shown {
        let cost = block.sums.cost_usd.map_or_else(|| "–".to_owned(), Usd::short);
        let mark = if block.active { "now" } else { "" };
        let bar = bar(block.sums.tokens(), most, 16);
        let text =
            format!("{} {mark:>3} {:>7} {cost:>10} {bar}", local(&block.start), short(block.sums.tokens()));
        let _ = writeln!(out, "{}", text.trim_end());
        if let Some(burn) = &block.burn {
            let hourly = burn.usd_per_hour.map_or_else(|| "–".to_owned(), Usd::short);
            let end = burn.projected_usd.map_or_else(|| "–".to_owned(), Usd::short);
            let _ = writeln!(
                out,
                "  {} tokens a minute, {hourly} an hour; {} tokens and {end} at {}\n  ({})",
                short(burn.tokens_per_minute as u64),
                short(burn.projected_tokens),
                local(&block.end),
                all.method
            );
        }
    }
    if all.blocks.is_empty() {
        out.push_str("  none\n");
    }
    let week = all.last_seven_days;
    let cost = week.cost_usd.map_or_else(|| "–".to_owned(), Usd::short);
    let _ = writeln!(out, "\nLast seven days: {} tokens, {cost}", short(week.tokens()));
    if !all.limits.is_empty() {
        out.push_str("\nLimits, as the agents say\n");
    }
    for limit in &all.limits {
        let used = limit.percent_used.map_or_else(|| "–".to_owned(), |p| format!("{p:.0}%"));
        let reached = if limit.reached { ", reached" } else { "" };
        let resets = limit.resets.as_deref().map(|r| format!(", resets {}", local(r))).unwrap_or_default();
        let _ = writeln!(out, "  {} {}: {used}{reached}{resets}", limit.profile, limit.window);
    }
    out
}
