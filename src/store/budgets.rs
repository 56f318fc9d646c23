//! The tables `budget`, `work` and `hold`: what people allowed on top, what they were told, when agents worked.
//!
//! What was spent is in the bills (`usage_event`) and read from there by the names of swarm, agent and role, never by
//! incarnation: a restart neither trips nor resets a budget.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Result, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::config::Limit;
use crate::ledger::budget::{Amount, Key, Scope, Stretch};
use crate::ledger::money::Usd;

/// What an agent's bills come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentSpent {
    /// The agent, which may be gone by now.
    pub agent: String,
    /// Its role.
    pub role: Option<String>,
    /// In the day that was asked for.
    pub day: Amount,
    /// Since the moment that was asked for.
    pub total: Amount,
    /// Responses since then that have no price: they count as tokens only.
    pub unpriced: u64,
}

/// What is kept of one budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Which.
    pub key: Key,
    /// When the turn, task, day or swarm began that the rest is about; milliseconds since 1970 UTC.
    pub period_ms: i64,
    /// What was allowed on top.
    pub extra: Limit,
    /// The highest threshold people were told of, in percent; 0 for none.
    pub told_percent: u16,
}

/// What a piece of work is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// From a prompt to the answer.
    Turn,
    /// A task of this name.
    Task(String),
    /// A first prompt that waits until a budget has room for it.
    Prompt,
}

/// A turn or a task of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The agent.
    pub agent: String,
    /// Its role.
    pub role: Option<String>,
    /// What it is.
    pub kind: Kind,
    /// When it began; milliseconds since 1970 UTC.
    pub began_ms: i64,
    /// When it ended; `None` while it goes on.
    pub ended_ms: Option<i64>,
    /// What the agent had spent since `up` when it began.
    pub base: Amount,
    /// What it came to.
    pub cost: Option<Amount>,
}

/// Everything the budgets of one swarm stand on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// When the swarm came up; milliseconds since 1970 UTC.
    pub up_ms: i64,
    /// When the day began.
    pub day_ms: i64,
    /// The agents, also those that are gone.
    pub spent: Vec<AgentSpent>,
    /// What is kept of each budget.
    pub kept: Vec<Kept>,
    /// Work that goes on.
    pub open: Vec<Work>,
    /// The last turns that ended, oldest first.
    pub recent: Vec<Work>,
    /// How long each agent worked in turns of the day that have ended, milliseconds.
    pub worked_ms: Vec<(String, u64)>,
}

/// How many past turns of a swarm are read back.
const RECENT: i64 = 200;

/// When the swarm of this name came up, in milliseconds since 1970 UTC.
pub fn up_ms(conn: &Connection, server: &str, swarm: &str) -> Result<Option<i64>> {
    let mut query = conn.prepare_cached("SELECT up_at FROM swarm WHERE server = ?1 AND name = ?2")?;
    let text: Option<String> = query.query_row([server, swarm], |r| r.get(0)).optional()?;
    Ok(text.and_then(|t| Timestamp::from_str(&t).ok()).map(Timestamp::as_millisecond))
}

/// Everything the budgets of a swarm stand on, for the day that began at `day_ms`.
pub fn standings(conn: &Connection, server: &str, swarm: &str, day_ms: i64) -> Result<Standings> {
    let up_ms = up_ms(conn, server, swarm)?.unwrap_or(0);
    let mut agents = conn.prepare_cached("SELECT DISTINCT agent FROM usage_owner WHERE swarm = ?1")?;
    let names: Vec<String> = agents.query_map([swarm], |r| r.get(0))?.collect::<Result<_>>()?;
    let mut spent = Vec::new();
    for agent in names {
        spent.extend(agent_spent(conn, swarm, &agent, day_ms, up_ms)?);
    }
    let of = "FROM work WHERE server = ?1 AND swarm = ?2";
    let worked = "SELECT agent, sum(ended_ms - max(began_ms, ?3)) FROM work
      WHERE server = ?1 AND swarm = ?2 AND kind = 'turn' AND ended_ms > ?3 GROUP BY agent";
    let mut worked = conn.prepare_cached(worked)?;
    let worked_ms = worked
        .query_map(params![server, swarm, day_ms], |r| Ok((r.get(0)?, unsigned(r.get(1)?))))?
        .collect::<Result<_>>()?;
    let mut recent = works(
        conn,
        &format!("{COLUMNS} {of} AND kind = 'turn' AND ended_ms IS NOT NULL ORDER BY id DESC LIMIT {RECENT}"),
        server,
        swarm,
    )?;
    recent.reverse();
    Ok(Standings {
        up_ms,
        day_ms,
        spent,
        kept: kept(conn, server, swarm)?,
        open: works(conn, &format!("{COLUMNS} {of} AND ended_ms IS NULL ORDER BY id"), server, swarm)?,
        recent,
        worked_ms,
    })
}

/// What the bills of one agent come to, one entry for each role it had.
pub fn agent_spent(
    conn: &Connection,
    swarm: &str,
    agent: &str,
    day_ms: i64,
    up_ms: i64,
) -> Result<Vec<AgentSpent>> {
    // Through the sessions: bills are indexed by those.
    let mut query = conn.prepare_cached(
        "SELECT o.role, e.ts_ms >= ?3, e.ts_ms >= ?4, coalesce(sum(e.cost), 0), sum(e.cost IS NULL),
           sum(e.input + e.output + e.cache_write_5m + e.cache_write_1h)
         FROM usage_owner o JOIN usage_event e ON e.session_id = o.session_id AND e.owner_id = o.id
         WHERE o.swarm = ?1 AND o.agent = ?2 AND e.ts_ms >= min(?3, ?4)
         GROUP BY o.role, e.ts_ms >= ?3, e.ts_ms >= ?4",
    )?;
    let rows = query.query_map(params![swarm, agent, day_ms, up_ms], |r| {
        let amount = Amount { usd: Usd(r.get(3)?), tokens: unsigned(r.get(5)?), wall_ms: 0 };
        Ok((r.get::<_, Option<String>>(0)?, r.get::<_, bool>(1)?, r.get::<_, bool>(2)?, amount, r.get(4)?))
    })?;
    let mut out: Vec<AgentSpent> = Vec::new();
    for row in rows {
        let (role, today, since_up, amount, unpriced) = row?;
        let at = out.iter().position(|s| s.role == role).unwrap_or_else(|| {
            out.push(AgentSpent { agent: agent.to_owned(), role: role.clone(), ..AgentSpent::default() });
            out.len() - 1
        });
        let entry = &mut out[at];
        if today {
            entry.day = entry.day.plus(amount);
        }
        if since_up {
            entry.total = entry.total.plus(amount);
            entry.unpriced += unsigned(unpriced);
        }
    }
    Ok(out)
}

const COLUMNS: &str =
    "SELECT agent, role, kind, name, began_ms, ended_ms, base_usd, base_tokens, usd, tokens";

fn works(conn: &Connection, sql: &str, server: &str, swarm: &str) -> Result<Vec<Work>> {
    let mut query = conn.prepare_cached(sql)?;
    let rows = query.query_map([server, swarm], |r| {
        let (began_ms, ended_ms): (i64, Option<i64>) = (r.get(4)?, r.get(5)?);
        let cost = r.get::<_, Option<i64>>(8)?.map(|usd| -> Result<Amount> {
            let wall_ms = ended_ms.map_or(0, |end| unsigned(end - began_ms));
            Ok(Amount { usd: Usd(usd), tokens: unsigned(r.get(9)?), wall_ms })
        });
        Ok(Work {
            agent: r.get(0)?,
            role: r.get(1)?,
            kind: match r.get::<_, String>(2)?.as_str() {
                "turn" => Kind::Turn,
                "prompt" => Kind::Prompt,
                _ => Kind::Task(r.get(3)?),
            },
            began_ms,
            ended_ms,
            base: Amount { usd: Usd(r.get(6)?), tokens: unsigned(r.get(7)?), wall_ms: 0 },
            cost: cost.transpose()?,
        })
    })?;
    rows.collect()
}

fn kept(conn: &Connection, server: &str, swarm: &str) -> Result<Vec<Kept>> {
    let mut query = conn.prepare_cached(
        "SELECT scope, stretch, period_ms, extra_usd, extra_tokens, extra_seconds, told_percent FROM budget
         WHERE server = ?1 AND swarm = ?2",
    )?;
    let rows = query.query_map([server, swarm], |r| {
        let number = |at: usize| r.get::<_, Option<i64>>(at).map(|n| n.map(unsigned));
        let (scope, stretch): (String, String) = (r.get(0)?, r.get(1)?);
        let Ok(stretch) = stretch.parse::<Stretch>() else { return Ok(None) };
        Ok(Some(Kept {
            key: Key { scope: Scope::parse(&scope), stretch },
            period_ms: r.get(2)?,
            extra: Limit { usd_pico: number(3)?, tokens: number(4)?, wall_clock_seconds: number(5)? },
            told_percent: r.get(6)?,
        }))
    })?;
    rows.filter_map(Result::transpose).collect()
}

fn unsigned(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Keeps what is to be kept of a budget, in place of what was.
pub fn keep(tx: &Transaction<'_>, server: &str, swarm: &str, kept: &Kept) -> Result<()> {
    let extra = &kept.extra;
    tx.execute(
        "INSERT OR REPLACE INTO budget(server, swarm, scope, stretch, period_ms, extra_usd, extra_tokens, extra_seconds,
           told_percent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            server,
            swarm,
            kept.key.scope.to_string(),
            kept.key.stretch.as_str(),
            kept.period_ms,
            extra.usd_pico.map(signed),
            extra.tokens.map(signed),
            extra.wall_clock_seconds.map(signed),
            kept.told_percent
        ],
    )?;
    Ok(())
}

/// Books that a turn or task began, goes on or ended: the same work again replaces what was booked of it.
pub fn work(tx: &Transaction<'_>, server: &str, swarm: &str, work: &Work) -> Result<()> {
    let (kind, name) = match &work.kind {
        Kind::Turn => ("turn", ""),
        Kind::Prompt => ("prompt", ""),
        Kind::Task(name) => ("task", name.as_str()),
    };
    tx.execute(
        "INSERT INTO work(server, swarm, agent, role, kind, name, began_ms, ended_ms, base_usd, base_tokens, usd, tokens)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT(server, swarm, agent, kind, began_ms) DO UPDATE SET
           ended_ms = excluded.ended_ms, usd = excluded.usd, tokens = excluded.tokens",
        params![
            server,
            swarm,
            work.agent,
            work.role,
            kind,
            name,
            work.began_ms,
            work.ended_ms,
            work.base.usd.0,
            signed(work.base.tokens),
            work.cost.map(|c| c.usd.0),
            work.cost.map(|c| signed(c.tokens))
        ],
    )?;
    Ok(())
}

/// A hold that was set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRow {
    /// Whose.
    pub agent: String,
    /// Who set it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// Books a hold, or with `None` its end.
pub fn hold(
    tx: &Transaction<'_>,
    server: &str,
    swarm: &str,
    agent: &str,
    hold: Option<&HoldRow>,
) -> Result<()> {
    match hold {
        Some(HoldRow { by, reason, since, .. }) => tx.execute(
            "INSERT OR REPLACE INTO hold(server, swarm, agent, by, reason, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![server, swarm, agent, by, reason, since.to_string()],
        )?,
        None => tx.execute(
            "DELETE FROM hold WHERE server = ?1 AND swarm = ?2 AND agent = ?3",
            params![server, swarm, agent],
        )?,
    };
    Ok(())
}

/// The holds of a swarm's agents.
pub fn holds(conn: &Connection, server: &str, swarm: &str) -> Result<Vec<HoldRow>> {
    let mut query =
        conn.prepare_cached("SELECT agent, by, reason, since FROM hold WHERE server = ?1 AND swarm = ?2")?;
    let rows = query.query_map([server, swarm], |r| {
        let since: String = r.get(3)?;
        Ok(HoldRow {
            agent: r.get(0)?,
            by: r.get(1)?,
            reason: r.get(2)?,
            since: Timestamp::from_str(&since).unwrap_or(Timestamp::UNIX_EPOCH),
        })
    })?;
    rows.collect()
}
