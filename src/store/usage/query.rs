//! Reading the ledger back.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::book::terms;
use crate::ledger::discover::Found;
use crate::ledger::ingest::{Job, Remembered};
use crate::ledger::money::Usd;
use crate::ledger::report::Sums;
use crate::ledger::scan::Position;
use crate::ledger::usage::{LimitSample, Source, Terms, Usage};

/// One booked bill as reports see it. The ids name rows of the tables of the same name.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// When.
    pub ts_ms: i64,
    /// The conversation.
    pub session_id: i64,
    /// The model.
    pub model_id: i64,
    /// Whose it was.
    pub owner_id: Option<i64>,
    /// What it was working on.
    pub task_id: Option<i64>,
    /// What was used.
    pub usage: Usage,
    /// How it was bought.
    pub terms: Terms,
    /// Made by a subagent or beside the main conversation.
    pub sidechain: bool,
    /// The numbers are rounded or derived.
    pub estimated: bool,
    /// What it cost; `None` where that is not known.
    pub cost: Option<Usd>,
}

impl Event {
    /// This bill as a sum of one.
    pub fn sums(&self) -> Sums {
        Sums::of(&self.usage, self.cost, self.estimated)
    }
}

/// Which bills.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// From this moment on.
    pub since_ms: Option<i64>,
    /// Until before this moment.
    pub until_ms: Option<i64>,
    /// Of this agent CLI only.
    pub source: Option<Source>,
    /// Of this swarm only.
    pub swarm: Option<String>,
    /// Of this agent only.
    pub agent: Option<String>,
    /// Of this incarnation only.
    pub instance: Option<String>,
}

/// Hands every bill that `filter` lets through to `take`, in no particular order.
pub fn scan(conn: &Connection, filter: &Filter, mut take: impl FnMut(&Event)) -> Result<()> {
    let owned = filter.swarm.is_some() || filter.agent.is_some() || filter.instance.is_some();
    let mut sql = String::from(
        "SELECT e.ts_ms, e.session_id, e.model_id, e.owner_id, e.task_id, e.flags, e.input, e.output, e.cache_read,
           e.cache_write_5m, e.cache_write_1h, e.reasoning, e.web_searches, e.cost
         FROM usage_event e",
    );
    if owned {
        sql.push_str(
            " JOIN usage_owner o ON o.id = e.owner_id AND (?4 IS NULL OR o.swarm = ?4)
              AND (?5 IS NULL OR o.agent = ?5) AND (?6 IS NULL OR o.instance = ?6)",
        );
    }
    sql.push_str(" WHERE (?3 IS NULL OR e.source = ?3)");
    if !owned {
        sql.push_str(" AND ?4 IS NULL AND ?5 IS NULL AND ?6 IS NULL");
    }
    // Only a bounded time is worth the detour through its index.
    for (bound, test) in [(filter.since_ms, " AND e.ts_ms >= ?1"), (filter.until_ms, " AND e.ts_ms < ?2")] {
        sql.push_str(if bound.is_some() { test } else { "" });
    }
    sql.push_str(" AND (?1 IS NULL OR 1) AND (?2 IS NULL OR 1)");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        filter.since_ms,
        filter.until_ms,
        filter.source.map(Source::id),
        filter.swarm,
        filter.agent,
        filter.instance
    ])?;
    while let Some(row) = rows.next()? {
        let number = |at: usize| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
        let flags: i64 = row.get(5)?;
        take(&Event {
            ts_ms: row.get(0)?,
            session_id: row.get(1)?,
            model_id: row.get(2)?,
            owner_id: row.get(3)?,
            task_id: row.get(4)?,
            usage: Usage {
                input: number(6)?,
                output: number(7)?,
                cache_read: number(8)?,
                cache_write_5m: number(9)?,
                cache_write_1h: number(10)?,
                reasoning: number(11)?,
                web_searches: number(12)?,
            },
            terms: terms(flags),
            sidechain: flags & 1 != 0,
            estimated: flags & 2 != 0,
            cost: row.get::<_, Option<i64>>(13)?.map(Usd),
        });
    }
    Ok(())
}

/// Whether anything was priced by other prices than those of revision `rev`.
pub fn is_stale(conn: &Connection, rev: i64) -> Result<bool> {
    conn.prepare_cached("SELECT 1 FROM usage_event WHERE price_rev <> ?1 LIMIT 1")?.exists([rev])
}

/// What a conversation used and cost so far, subagents included.
pub fn session_totals(conn: &Connection, source: Source, session: &str) -> Result<Sums> {
    let mut sums = Sums::default();
    let mut statement = conn.prepare_cached(
        "SELECT flags, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, web_searches, cost
         FROM usage_event WHERE session_id = (SELECT id FROM usage_session WHERE source = ?1 AND name = ?2)",
    )?;
    let mut rows = statement.query(params![source.id(), session])?;
    while let Some(row) = rows.next()? {
        sums.add(&sums_of(row)?);
    }
    Ok(sums)
}

/// These two run at each line of a transcript: through the sessions, by which bills are indexed.
const OF_INSTANCE: &str =
    "SELECT e.flags, e.input, e.output, e.cache_read, e.cache_write_5m, e.cache_write_1h,
   e.reasoning, e.web_searches, e.cost
 FROM usage_owner o JOIN usage_event e ON e.session_id = o.session_id AND e.owner_id = o.id
 WHERE o.instance = ?1";
const COST_SINCE: &str = "SELECT sum(e.cost) FROM usage_owner o
   JOIN usage_event e ON e.session_id = o.session_id AND e.owner_id = o.id AND e.ts_ms >= ?3
 WHERE o.swarm = ?1 AND o.agent = ?2";

/// What an instance used and cost so far, subagents included.
pub fn instance_totals(conn: &Connection, instance: &str) -> Result<Sums> {
    let mut sums = Sums::default();
    let mut statement = conn.prepare_cached(OF_INSTANCE)?;
    let mut rows = statement.query([instance])?;
    while let Some(row) = rows.next()? {
        sums.add(&sums_of(row)?);
    }
    Ok(sums)
}

/// The transcript and the model of an instance's last main-chain request.
pub fn last_request(conn: &Connection, instance: &str) -> Result<Option<(PathBuf, String)>> {
    let mut statement = conn.prepare_cached(
        "SELECT f.path, m.name FROM usage_owner o
           JOIN usage_event e ON e.session_id = o.session_id AND e.owner_id = o.id
           JOIN usage_file f ON f.id = e.file_id JOIN usage_model m ON m.id = e.model_id
         WHERE o.instance = ?1 AND e.flags & 1 = 0 ORDER BY e.ts_ms DESC, e.id DESC LIMIT 1",
    )?;
    let row = statement.query_row([instance], |r| Ok((r.get::<_, String>(0)?.into(), r.get(1)?)));
    row.optional()
}

/// What an agent's instances cost since `from_ms`; `None` where nothing could be priced.
pub fn owner_cost_since(conn: &Connection, swarm: &str, agent: &str, from_ms: i64) -> Result<Option<Usd>> {
    let mut statement = conn.prepare_cached(COST_SINCE)?;
    statement.query_row(params![swarm, agent, from_ms], |row| Ok(row.get::<_, Option<i64>>(0)?.map(Usd)))
}

/// One bill of the columns flags, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, web_searches,
/// cost.
fn sums_of(row: &rusqlite::Row<'_>) -> Result<Sums> {
    let number = |at: usize| row.get::<_, i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
    let usage = Usage {
        input: number(1)?,
        output: number(2)?,
        cache_read: number(3)?,
        cache_write_5m: number(4)?,
        cache_write_1h: number(5)?,
        reasoning: number(6)?,
        web_searches: number(7)?,
    };
    let cost = row.get::<_, Option<i64>>(8)?.map(Usd);
    Ok(Sums::of(&usage, cost, row.get::<_, i64>(0)? & 2 != 0))
}

/// The latest word on each usage limit, with whose it is.
pub fn limits(conn: &Connection) -> Result<Vec<(Source, LimitSample)>> {
    let sql =
        "SELECT source, name, ts_ms, percent_used, resets_ms, reached FROM usage_limit ORDER BY source, name";
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([], |r| {
        let sample = LimitSample {
            window: r.get(1)?,
            ts_ms: r.get(2)?,
            percent_used: r.get(3)?,
            resets_ms: r.get(4)?,
            reached: r.get(5)?,
        };
        Ok((r.get::<_, i64>(0)?, sample))
    })?;
    rows.filter_map(|row| match row {
        Ok((id, sample)) => Source::from_id(id).map(|s| Ok((s, sample))),
        Err(err) => Some(Err(err)),
    })
    .collect()
}

/// The jobs for `found`: each with what is remembered of its file, also when that has been moved.
pub fn known_files(conn: &Connection, found: Vec<Found>) -> Result<Vec<Job>> {
    let mut by_path: HashMap<String, Remembered> = HashMap::new();
    let mut by_inode: HashMap<(u64, u64), String> = HashMap::new();
    let mut statement = conn.prepare_cached(
        "SELECT path, dev, ino, size, mtime_ns, offset, head, tail, reader_rev, state FROM usage_file",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bits = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let path: String = row.get(0)?;
        let position = Position {
            dev: bits(1)?,
            ino: bits(2)?,
            size: bits(3)?,
            mtime_ns: row.get(4)?,
            offset: bits(5)?,
            head: bits(6)?,
            tail: bits(7)?,
        };
        by_inode.insert((position.dev, position.ino), path.clone());
        by_path.insert(path, Remembered { position, state: row.get(9)?, reader_rev: row.get(8)? });
    }
    let jobs = found.into_iter().map(|found| {
        let path = found.path.to_string_lossy();
        if let Some(before) = by_path.get(&*path) {
            return Job { before: Some(before.clone()), found, moved_from: None };
        }
        let old = by_inode.get(&(found.stat.dev, found.stat.ino)).filter(|_| found.stat.ino != 0);
        match old.filter(|old| !Path::new(old).exists()) {
            Some(old) => {
                let before = by_path.get(old).cloned();
                Job { before, moved_from: Some(PathBuf::from(old)), found }
            }
            None => Job { before: None, found, moved_from: None },
        }
    });
    Ok(jobs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_agent_has_spent_is_not_read_off_every_bill() {
        let mut conn = Connection::open_in_memory().unwrap();
        crate::store::schema::migrate(&mut conn).unwrap();
        for sql in [OF_INSTANCE, COST_SINCE] {
            let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            for at in 1..=plan.parameter_count() {
                plan.raw_bind_parameter(at, "x").unwrap();
            }
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().unwrap() {
                let step: String = row.get(3).unwrap();
                assert!(step.starts_with("SEARCH"), "{step}: {sql}");
            }
        }
    }
}
