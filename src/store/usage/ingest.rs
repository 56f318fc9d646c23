//! Bulk booking: many transcripts at once, in the calling process.

use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};

use super::book::{Booked, Booker, Owner, attribute, reprice};
use super::query::{is_stale, known_files};
use crate::error::Result;
use crate::ledger::discover::Found;
use crate::ledger::ingest::{Outcome, read_all};
use crate::ledger::prices::PriceBook;
use crate::ledger::usage::Source;
use crate::store::explain;

/// How many bills are booked in one transaction: a few tenths of a second, so that other writers get their turn.
const EVENTS_PER_TRANSACTION: usize = 20_000;

/// Books everything new in `found` into the database at `path`, open in `conn`; then prices anew what was priced by
/// other prices. Doing it twice changes nothing.
pub fn ingest(
    conn: &mut Connection,
    path: &Path,
    prices: &Arc<PriceBook>,
    found: Vec<Found>,
    threads: NonZero<usize>,
) -> Result<Booked> {
    let jobs = known_files(conn, found).map_err(|e| explain(path, e))?;
    let mut booked = Booked::default();
    let mut waiting = Vec::new();
    let mut events = 0;
    let mut failed = None;
    read_all(jobs, threads, |outcome| {
        events += outcome.batch.records().len();
        waiting.push(outcome);
        if events < EVENTS_PER_TRANSACTION {
            return true;
        }
        events = 0;
        failed = commit(conn, prices, &mut waiting, &mut booked).err();
        failed.is_none()
    });
    let result = match failed {
        Some(err) => Err(err),
        None => commit(conn, prices, &mut waiting, &mut booked),
    };
    let result = result.and_then(|()| own_up(conn));
    let stale = result.and_then(|()| is_stale(conn, prices.rev()));
    let repriced = stale.and_then(|stale| if stale { reprice(conn, prices) } else { Ok(0) });
    repriced.map_err(|e| explain(path, e))?;
    Ok(booked)
}

/// Gives conversations that no monitor followed to the agents that held them: an instance knows its conversation.
fn own_up(conn: &mut Connection) -> rusqlite::Result<()> {
    let sql = "SELECT s.source, s.name, i.id, i.agent, i.started_at, w.name,
        (SELECT a.value ->> '$.role' FROM json_each(w.spec, '$.agents') a WHERE a.value ->> '$.name' = i.agent)
      FROM usage_session s JOIN instance i ON i.session = s.name JOIN swarm w ON w.id = i.swarm_id
      WHERE NOT EXISTS (SELECT 1 FROM usage_owner o WHERE o.session_id = s.id) ORDER BY i.started_at";
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut query = tx.prepare(sql)?;
    let rows = query.query_map([], |r| {
        let (source, session): (i64, String) = (r.get(0)?, r.get(1)?);
        let (instance, agent, started): (String, String, String) = (r.get(2)?, r.get(3)?, r.get(4)?);
        Ok((
            source,
            session,
            instance,
            agent,
            started,
            r.get::<_, String>(5)?,
            r.get::<_, Option<String>>(6)?,
        ))
    })?;
    for row in rows.collect::<rusqlite::Result<Vec<_>>>()? {
        let (source, session, instance, agent, started, swarm, role) = row;
        let (Some(source), Ok(started)) = (Source::from_id(source), started.parse::<jiff::Timestamp>())
        else {
            continue;
        };
        let owner = Owner { swarm: &swarm, agent: &agent, role: role.as_deref(), instance: &instance };
        attribute(&tx, source, &session, started.as_millisecond(), &owner)?;
    }
    drop(query);
    tx.commit()
}

/// Books `outcomes` in one transaction.
fn commit(
    conn: &mut Connection,
    prices: &PriceBook,
    outcomes: &mut Vec<Outcome>,
    booked: &mut Booked,
) -> rusqlite::Result<()> {
    if outcomes.is_empty() {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut booker = Booker::new(&tx, prices);
    for outcome in outcomes.drain(..) {
        booker.book(&outcome)?;
    }
    let done = booker.booked();
    drop(booker);
    tx.commit()?;
    booked.files += done.files;
    booked.events += done.events;
    booked.malformed += done.malformed;
    booked.oversized += done.oversized;
    Ok(())
}
