//! Crush and Goose: databases that keep only running totals of a session.
//!
//! What a total has grown by since the last look is one record, at the time of the session's last change; it is marked
//! as an estimate, because single responses cannot be told apart. Crush adds what a subagent cost to its parent's cost
//! when the subagent has ended: a parent's own cost is what remains without it.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

use super::Batch;
use super::json::timestamp_ms;
use super::opencode::{columns, root};
use crate::ledger::money::Usd;
use crate::ledger::usage::{Terms, Usage, UsageRecord, Wins};

/// Totals of one session, as last seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Seen {
    input: u64,
    output: u64,
    /// Pico-dollars.
    cost: i64,
}

type State = BTreeMap<String, Seen>;

/// One session's row.
struct Totals {
    id: String,
    /// The session at the top, where this is a subagent's.
    root: Option<String>,
    ts_ms: i64,
    model: String,
    vendor: Option<String>,
    now: Seen,
    has_cost: bool,
}

fn book(state: &mut State, totals: Totals, out: &mut Batch) {
    let before = state.get(&totals.id).cloned().unwrap_or_default();
    let now = &totals.now;
    if before == *now {
        return;
    }
    // A total that went down began anew.
    let grown = |now: u64, before: u64| now.checked_sub(before).unwrap_or(now);
    let usage = Usage {
        input: grown(now.input, before.input),
        output: grown(now.output, before.output),
        ..Usage::default()
    };
    let cost = Usd((now.cost - before.cost).max(0));
    if !usage.is_zero() || cost.0 > 0 {
        out.book(UsageRecord {
            key: format!("{}#{},{},{}", totals.id, now.input, now.output, now.cost).into(),
            ts_ms: totals.ts_ms,
            session: totals.root.as_deref().unwrap_or(&totals.id).into(),
            model: totals.model.as_str().into(),
            vendor: totals.vendor.as_deref().map(Into::into),
            usage,
            terms: Terms::default(),
            reported: totals.has_cost.then_some(cost),
            sidechain: totals.root.is_some(),
            estimated: true,
            wins: Wins::First,
            supersedes: None,
        });
    }
    state.insert(totals.id, totals.now);
}

fn number(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, Option<i64>>(at)?.unwrap_or(0)).unwrap_or(0))
}

/// Who started whom.
#[derive(Default)]
struct Family {
    parents: HashMap<String, String>,
    /// What the direct children of a session cost, their own children included.
    children: HashMap<String, i64>,
}

impl Family {
    fn read(conn: &Connection) -> rusqlite::Result<Self> {
        let sql =
            "SELECT id, parent_session_id, cost FROM sessions WHERE coalesce(parent_session_id, '') <> ''";
        let mut family = Self::default();
        let mut statement = conn.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (child, parent): (String, String) = (row.get(0)?, row.get(1)?);
            let cost = row.get::<_, Option<f64>>(2)?.and_then(Usd::from_float).unwrap_or_default();
            let sum = family.children.entry(parent.clone()).or_default();
            *sum = sum.saturating_add(cost.0);
            family.parents.insert(child, parent);
        }
        Ok(family)
    }

    fn is_parent(&self, id: &str) -> bool {
        self.children.contains_key(id)
    }

    fn children_cost(&self, id: &str) -> i64 {
        self.children.get(id).copied().unwrap_or(0)
    }

    fn root(&self, id: &str) -> Option<String> {
        root(&self.parents, id).map(str::to_owned)
    }
}

/// Reads a database of Crush: `sessions.{prompt_tokens, completion_tokens, cost}`, times in seconds.
pub(super) fn crush(conn: &Connection, state: &str, out: &mut Batch) -> rusqlite::Result<String> {
    let mut state: State = serde_json::from_str(state).unwrap_or_default();
    let has_provider = columns(conn, "messages")?.iter().any(|c| c == "provider");
    let has_parent = columns(conn, "sessions")?.iter().any(|c| c == "parent_session_id");
    let family = if has_parent { Family::read(conn)? } else { Family::default() };
    let provider = if has_provider { "m.provider" } else { "NULL" };
    let sql = format!(
        "SELECT s.id, s.prompt_tokens, s.completion_tokens, s.cost, s.updated_at,
           (SELECT m.model FROM messages m WHERE m.session_id = s.id AND m.model <> '' ORDER BY m.created_at DESC LIMIT 1),
           (SELECT {provider} FROM messages m WHERE m.session_id = s.id AND m.model <> '' ORDER BY m.created_at DESC LIMIT 1)
         FROM sessions s ORDER BY s.updated_at"
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let cost = row.get::<_, Option<f64>>(3)?.and_then(Usd::from_float).unwrap_or_default();
        let time: i64 = row.get(4)?;
        let id: String = row.get(0)?;
        // A subagent that runs is not in its parent's cost yet: what is booked as the parent's own is never taken back.
        let own = cost.0.saturating_sub(family.children_cost(&id));
        let booked = state.get(&id).map_or(0, |seen| seen.cost);
        let own = if family.is_parent(&id) { own.max(booked.min(cost.0)) } else { own };
        let totals = Totals {
            root: family.root(&id),
            id,
            // Milliseconds in some versions.
            ts_ms: if time < 100_000_000_000 { time * 1000 } else { time },
            model: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
            vendor: row.get(6)?,
            now: Seen { input: number(row, 1)?, output: number(row, 2)?, cost: own },
            has_cost: true,
        };
        book(&mut state, totals, out);
    }
    Ok(serde_json::to_string(&state).unwrap_or_default())
}

/// Reads a database of Goose: `sessions.accumulated_{input,output}_tokens`.
pub(super) fn goose(conn: &Connection, state: &str, out: &mut Batch) -> rusqlite::Result<String> {
    let mut state: State = serde_json::from_str(state).unwrap_or_default();
    let columns = columns(conn, "sessions")?;
    let optional = |name: &'static str| if columns.iter().any(|c| c == name) { name } else { "NULL" };
    let sql = format!(
        "SELECT id, accumulated_input_tokens, accumulated_output_tokens, CAST(updated_at AS TEXT), {}, {}
         FROM sessions ORDER BY updated_at",
        optional("model_config_json"),
        optional("provider_name")
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let time: String = row.get::<_, Option<String>>(3)?.unwrap_or_default();
        let utc = format!("{}Z", time.replacen(' ', "T", 1));
        let Some(ts_ms) = timestamp_ms(&time).or_else(|| timestamp_ms(&utc)) else { continue };
        let config: serde_json::Value =
            serde_json::from_str(&row.get::<_, Option<String>>(4)?.unwrap_or_default()).unwrap_or_default();
        let model = config.get("model_name").and_then(|m| m.as_str()).unwrap_or_default();
        let totals = Totals {
            id: row.get(0)?,
            root: None,
            ts_ms,
            model: model.to_owned(),
            vendor: row.get(5)?,
            now: Seen { input: number(row, 1)?, output: number(row, 2)?, cost: 0 },
            has_cost: false,
        };
        book(&mut state, totals, out);
    }
    Ok(serde_json::to_string(&state).unwrap_or_default())
}
