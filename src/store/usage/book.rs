//! Booking: transcripts' outcomes become rows.

use std::collections::HashMap;

use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, Result, Transaction, params};

use crate::ledger::ingest::Outcome;
use crate::ledger::money::Usd;
use crate::ledger::prices::{PriceBook, Quote};
use crate::ledger::read::{WEAK, split_weak, weak_key};
use crate::ledger::usage::{LimitSample, Service, Source, Terms, Usage, UsageRecord, Wins};

/// A new bill, or a better record of one that is booked: from the same file what comes later, from a copy only what
/// saw more of the response or saw it earlier. Session, owner and task stay with whoever had it first.
const UPSERT: &str = "INSERT INTO usage_event(source, dedup, ts_ms, session_id, model_id, owner_id, task_id, file_id,
    flags, input, output, cache_read, cache_write_5m, cache_write_1h, reasoning, web_searches, reported, cost, price_rev)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
  ON CONFLICT(source, dedup) DO UPDATE SET ts_ms = excluded.ts_ms, model_id = excluded.model_id,
    file_id = excluded.file_id, flags = excluded.flags, input = excluded.input, output = excluded.output,
    cache_read = excluded.cache_read, cache_write_5m = excluded.cache_write_5m,
    cache_write_1h = excluded.cache_write_1h, reasoning = excluded.reasoning,
    web_searches = excluded.web_searches, reported = excluded.reported, cost = excluded.cost,
    price_rev = excluded.price_rev
  WHERE CASE WHEN excluded.file_id = usage_event.file_id THEN CASE ?20 WHEN 1 THEN 1 WHEN 2 THEN 0
      ELSE excluded.output >= usage_event.output END
    ELSE excluded.output > usage_event.output
      OR (excluded.output = usage_event.output AND (excluded.ts_ms < usage_event.ts_ms
        OR (excluded.ts_ms = usage_event.ts_ms AND usage_event.cost IS NULL AND excluded.cost IS NOT NULL))) END";

const FILE: &str =
    "INSERT INTO usage_file(path, source, dev, ino, size, mtime_ns, offset, head, tail, reader_rev, state)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
  ON CONFLICT(path) DO UPDATE SET source = excluded.source, dev = excluded.dev, ino = excluded.ino,
    size = excluded.size, mtime_ns = excluded.mtime_ns, offset = excluded.offset, head = excluded.head,
    tail = excluded.tail, reader_rev = excluded.reader_rev, state = excluded.state
  RETURNING id";

const LIMIT: &str = "INSERT INTO usage_limit(source, name, ts_ms, percent_used, resets_ms, reached)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  ON CONFLICT(source, name) DO UPDATE SET ts_ms = excluded.ts_ms, percent_used = excluded.percent_used,
    resets_ms = excluded.resets_ms, reached = excluded.reached
  WHERE excluded.ts_ms >= usage_limit.ts_ms";

/// Takes back the bills that were made from running totals: only those depend on what else is known. Bills with ids
/// of their own stay, whoever told of them.
const TAKE_BACK: &str = "DELETE FROM usage_event WHERE file_id = ?1 AND instr(dedup, '#') > 0";

/// What a booking did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Booked {
    /// Files with something new.
    pub files: u64,
    /// Bills that were new or better known than before.
    pub events: u64,
    /// Lines that looked like bills and could not be read.
    pub malformed: u64,
    /// Lines too long to look at.
    pub oversized: u64,
}

/// Source, vendor and name, as the transcript has them.
type ModelKey = (Source, Box<str>, Box<str>);

/// Books outcomes into one transaction.
pub struct Booker<'a> {
    tx: &'a Transaction<'a>,
    prices: &'a PriceBook,
    models: HashMap<ModelKey, (i64, Quote<'a>)>,
    sessions: HashMap<(Source, Box<str>), Session>,
    weak: HashMap<Source, bool>,
    booked: Booked,
}

#[derive(Debug, Clone, Default)]
struct Session {
    id: i64,
    /// (from, id) of its owners, oldest first.
    owners: Vec<(i64, i64)>,
    /// (from, until, id) of its tasks, oldest first.
    tasks: Vec<(i64, i64, i64)>,
}

impl<'a> Booker<'a> {
    /// Books into `tx` at `prices`.
    pub fn new(tx: &'a Transaction<'a>, prices: &'a PriceBook) -> Self {
        Self {
            tx,
            prices,
            models: HashMap::new(),
            sessions: HashMap::new(),
            weak: HashMap::new(),
            booked: Booked::default(),
        }
    }

    /// What was booked so far.
    pub const fn booked(&self) -> Booked {
        self.booked
    }

    /// Books what one file gave, and how far it was read.
    pub fn book(&mut self, outcome: &Outcome) -> Result<()> {
        let file_id = self.file(outcome)?;
        let source = outcome.found.source;
        if outcome.takes_back {
            self.tx.execute(TAKE_BACK, [file_id])?;
        }
        for record in outcome.batch.records() {
            self.event(source, file_id, record)?;
        }
        note_limits(self.tx, source, &outcome.batch.limits)?;
        self.booked.files += 1;
        self.booked.malformed += outcome.batch.malformed;
        self.booked.oversized += outcome.batch.oversized;
        Ok(())
    }

    fn file(&self, outcome: &Outcome) -> Result<i64> {
        let path = outcome.found.path.to_string_lossy();
        if let Some(old) = &outcome.moved_from {
            let mut moved =
                self.tx.prepare_cached("UPDATE OR IGNORE usage_file SET path = ?1 WHERE path = ?2")?;
            moved.execute(params![path, old.to_string_lossy()])?;
        }
        let after = &outcome.after;
        let at = &after.position;
        self.tx.prepare_cached(FILE)?.query_row(
            params![
                path,
                outcome.found.source.id(),
                at.dev.cast_signed(),
                at.ino.cast_signed(),
                at.size.cast_signed(),
                at.mtime_ns,
                at.offset.cast_signed(),
                at.head.cast_signed(),
                at.tail.cast_signed(),
                after.reader_rev,
                after.state
            ],
            |row| row.get(0),
        )
    }

    fn event(&mut self, source: Source, file_id: i64, record: &UsageRecord) -> Result<()> {
        if let Some(old) = &record.supersedes {
            let mut delete =
                self.tx.prepare_cached("DELETE FROM usage_event WHERE source = ?1 AND dedup = ?2")?;
            delete.execute(params![source.id(), old])?;
        }
        let key = self.key(source, record)?;
        let session = self.session(source, &record.session)?;
        let owner = session.owners.iter().rfind(|(from, _)| *from <= record.ts_ms).map(|(_, id)| *id);
        let within = |(from, until, _): &&(i64, i64, i64)| (*from..*until).contains(&record.ts_ms);
        let task = session.tasks.iter().rfind(within).map(|(_, _, id)| *id);
        let session_id = session.id;
        let (model_id, quote) = self.model(source, record.vendor.as_deref().unwrap_or(""), &record.model)?;
        let used = &record.usage;
        let cost = quote.booked(record.reported, record.ts_ms, used, record.terms);
        let changed = self.tx.prepare_cached(UPSERT)?.execute(params![
            source.id(),
            key.as_deref().unwrap_or(&record.key),
            record.ts_ms,
            session_id,
            model_id,
            owner,
            task,
            file_id,
            flags(record),
            count(used.input),
            count(used.output),
            count(used.cache_read),
            count(used.cache_write_5m),
            count(used.cache_write_1h),
            count(used.reasoning),
            count(used.web_searches),
            record.reported.map(|r| r.0),
            cost.map(|c| c.0),
            self.prices.rev(),
            match record.wins {
                Wins::MoreOutput => 0,
                Wins::Later => 1,
                Wins::First => 2,
            },
        ])?;
        self.booked.events += changed as u64;
        Ok(())
    }

    /// The key under which the bill is booked already, where that is another: see `Batch::position`.
    fn key(&mut self, source: Source, record: &UsageRecord) -> Result<Option<String>> {
        if let Some((session, id)) = split_weak(&record.key) {
            self.weak.insert(source, true);
            let mut strong = self.tx.prepare_cached(
                "SELECT 1 FROM usage_event e JOIN usage_session s ON s.id = e.session_id
                 WHERE e.source = ?1 AND e.dedup = ?2 AND s.name = ?3",
            )?;
            let found = strong.exists(params![source.id(), id, session])?;
            return Ok(found.then(|| id.to_owned()));
        }
        let any_weak = if let Some(known) = self.weak.get(&source) {
            *known
        } else {
            let mut weak = self.tx.prepare_cached(
                "SELECT 1 FROM usage_event WHERE source = ?1 AND dedup >= ?2 AND dedup < ?3 LIMIT 1",
            )?;
            let known = weak.exists(params![source.id(), WEAK.to_string(), "\u{7f}"])?;
            self.weak.insert(source, known);
            known
        };
        if any_weak {
            let weak = weak_key(&record.session, &record.key);
            let mut rename = self.tx.prepare_cached(
                "UPDATE OR IGNORE usage_event SET dedup = ?1 WHERE source = ?2 AND dedup = ?3",
            )?;
            rename.execute(params![record.key, source.id(), weak])?;
        }
        Ok(None)
    }

    fn model(&mut self, source: Source, vendor: &str, name: &str) -> Result<(i64, Quote<'a>)> {
        let key = (source, vendor.into(), name.into());
        if let Some(found) = self.models.get(&key) {
            return Ok(*found);
        }
        let params = params![source.id(), vendor, name];
        self.tx
            .execute("INSERT OR IGNORE INTO usage_model(source, vendor, name) VALUES (?1, ?2, ?3)", params)?;
        let sql = "SELECT id FROM usage_model WHERE source = ?1 AND vendor = ?2 AND name = ?3";
        let id = self.tx.query_row(sql, params, |row| row.get(0))?;
        let quote = self.prices.quote(source, Some(vendor).filter(|v| !v.is_empty()), name);
        self.models.insert(key, (id, quote));
        Ok((id, quote))
    }

    fn session(&mut self, source: Source, name: &str) -> Result<&Session> {
        let key = (source, Box::from(name));
        if !self.sessions.contains_key(&key) {
            let id = session_id(self.tx, source, name)?;
            let mut owners = self.tx.prepare_cached(
                "SELECT from_ms, id FROM usage_owner WHERE session_id = ?1 ORDER BY from_ms",
            )?;
            let owners = owners.query_map([id], |r| Ok((r.get(0)?, r.get(1)?)))?.collect::<Result<_>>()?;
            let mut tasks = self.tx.prepare_cached(
                "SELECT from_ms, coalesce(until_ms, 9223372036854775807), id FROM usage_task
                 WHERE session_id = ?1 ORDER BY from_ms",
            )?;
            let tasks =
                tasks.query_map([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?.collect::<Result<_>>()?;
            self.sessions.insert(key.clone(), Session { id, owners, tasks });
        }
        Ok(&self.sessions[&key])
    }
}

/// Keeps the latest word on each usage limit.
pub fn note_limits(tx: &Transaction<'_>, source: Source, limits: &[LimitSample]) -> Result<()> {
    for limit in limits {
        tx.prepare_cached(LIMIT)?.execute(params![
            source.id(),
            limit.window,
            limit.ts_ms,
            limit.percent_used,
            limit.resets_ms,
            limit.reached
        ])?;
    }
    Ok(())
}

fn session_id(tx: &Transaction<'_>, source: Source, name: &str) -> Result<i64> {
    let found = tx
        .prepare_cached("SELECT id FROM usage_session WHERE source = ?1 AND name = ?2")?
        .query_row(params![source.id(), name], |r| r.get(0))
        .optional()?;
    match found {
        Some(id) => Ok(id),
        None => tx
            .prepare_cached("INSERT INTO usage_session(source, name) VALUES (?1, ?2) RETURNING id")?
            .query_row(params![source.id(), name], |r| r.get(0)),
    }
}

fn count(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

fn flags(record: &UsageRecord) -> i64 {
    i64::from(record.sidechain)
        | i64::from(record.estimated) << 1
        | i64::from(record.terms.fast) << 2
        | i64::from(record.terms.us) << 3
        | (record.terms.service as i64) << 4
}

/// How a response was bought, from its flags.
pub(super) fn terms(flags: i64) -> Terms {
    Terms { service: Service::from_id(flags >> 4), fast: flags & 4 != 0, us: flags & 8 != 0 }
}

/// Whose a conversation is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The swarm's name.
    pub swarm: &'a str,
    /// The agent's name.
    pub agent: &'a str,
    /// Its role.
    pub role: Option<&'a str>,
    /// The incarnation.
    pub instance: &'a str,
}

/// Says that the conversation `session` belongs to `owner` from `from_ms` on (0 for all of it), also for what is
/// booked already.
pub fn attribute(
    tx: &Transaction<'_>,
    source: Source,
    session: &str,
    from_ms: i64,
    owner: &Owner<'_>,
) -> Result<()> {
    let session_id = session_id(tx, source, session)?;
    let id: i64 = tx.query_row(
        "INSERT INTO usage_owner(session_id, from_ms, swarm, agent, role, instance) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT(session_id, from_ms) DO UPDATE SET swarm = excluded.swarm, agent = excluded.agent,
           role = excluded.role, instance = excluded.instance
         RETURNING id",
        params![session_id, from_ms, owner.swarm, owner.agent, owner.role, owner.instance],
        |row| row.get(0),
    )?;
    tx.execute(
        "UPDATE usage_event SET owner_id = ?1 WHERE session_id = ?2 AND ts_ms >= ?3
           AND ts_ms < coalesce((SELECT min(from_ms) FROM usage_owner WHERE session_id = ?2 AND from_ms > ?3),
             9223372036854775807)",
        params![id, session_id, from_ms],
    )?;
    Ok(())
}

/// Says that the conversation `session` worked on `task` from `from_ms` until `until_ms` (`None`: until further
/// notice), also for what is booked already.
pub fn attribute_task(
    tx: &Transaction<'_>,
    source: Source,
    session: &str,
    task: &str,
    from_ms: i64,
    until_ms: Option<i64>,
) -> Result<()> {
    let session_id = session_id(tx, source, session)?;
    let id: i64 = tx.query_row(
        "INSERT INTO usage_task(session_id, from_ms, until_ms, task) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT(session_id, from_ms) DO UPDATE SET until_ms = excluded.until_ms, task = excluded.task
         RETURNING id",
        params![session_id, from_ms, until_ms, task],
        |row| row.get(0),
    )?;
    tx.execute(
        "UPDATE usage_event SET task_id = NULL WHERE task_id = ?1 AND ts_ms >= ?2",
        params![id, until_ms.unwrap_or(i64::MAX)],
    )?;
    tx.execute(
        "UPDATE usage_event SET task_id = ?1 WHERE session_id = ?2 AND ts_ms >= ?3 AND ts_ms < ?4",
        params![id, session_id, from_ms, until_ms.unwrap_or(i64::MAX)],
    )?;
    Ok(())
}

/// Prices everything anew that was priced by other prices: one statement. Answers how many rows changed.
pub fn reprice(conn: &Connection, prices: &std::sync::Arc<PriceBook>) -> Result<usize> {
    type Known = HashMap<i64, (Source, String, String)>;
    let mut statement = conn.prepare("SELECT id, source, vendor, name FROM usage_model")?;
    let models: Known = statement
        .query_map([], |r| Ok((r.get(0)?, (r.get::<_, i64>(1)?, r.get(2)?, r.get(3)?))))?
        .filter_map(|row| match row {
            Ok((id, (source, vendor, name))) => Some(Ok((id, (Source::from_id(source)?, vendor, name)))),
            Err(err) => Some(Err(err)),
        })
        .collect::<Result<_>>()?;
    let book = prices.clone();
    conn.create_scalar_function("swarm_cost", 11, FunctionFlags::SQLITE_UTF8, move |ctx| {
        let number = |at: usize| ctx.get::<i64>(at).map(|n| u64::try_from(n).unwrap_or(0));
        let Some((source, vendor, name)) = models.get(&ctx.get::<i64>(0)?) else { return Ok(None) };
        let usage = Usage {
            input: number(3)?,
            output: number(4)?,
            cache_read: number(5)?,
            cache_write_5m: number(6)?,
            cache_write_1h: number(7)?,
            reasoning: number(8)?,
            web_searches: number(9)?,
        };
        let vendor = Some(vendor.as_str()).filter(|v| !v.is_empty());
        let reported = ctx.get::<Option<i64>>(10)?.map(Usd);
        let quote = book.quote(*source, vendor, name);
        let cost = quote.booked(reported, ctx.get(1)?, &usage, terms(ctx.get(2)?));
        Ok(cost.map(|Usd(pico)| pico))
    })?;
    conn.execute(
        "UPDATE usage_event SET price_rev = ?1, cost = swarm_cost(model_id, ts_ms, flags, input,
           output, cache_read, cache_write_5m, cache_write_1h, reasoning, web_searches, reported)
         WHERE price_rev <> ?1",
        [prices.rev()],
    )
}
