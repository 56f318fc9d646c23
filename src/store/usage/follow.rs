//! Live booking: what a few transcripts have gained since they were last read.

use std::path::{Path, PathBuf};

use rusqlite::{OptionalExtension, Result, Transaction};

use super::book::Booker;
use super::query::session_totals;
use crate::ledger::discover::Found;
use crate::ledger::ingest::{Job, Remembered, read_one};
use crate::ledger::prices::PriceBook;
use crate::ledger::report::Sums;
use crate::ledger::scan::Position;
use crate::ledger::usage::{ContextSample, LimitSample, Source};
use crate::observe::transcript::TurnRecord;

/// What one transcript gained.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// The transcript.
    pub path: PathBuf,
    /// Whose it is.
    pub source: Source,
    /// The conversations with new bills, with all they used and cost so far, subagents included.
    pub sessions: Vec<(String, Sums)>,
    /// The last main-chain request among the new lines.
    pub context: Option<ContextSample>,
    /// The context was compacted and nothing was asked since: what is known of it is void.
    pub compacted: bool,
    /// Limits among the new lines.
    pub limits: Vec<LimitSample>,
    /// What the new lines say about the turn.
    pub turns: Vec<TurnRecord>,
}

/// Books what is new in `changed` and answers what each gained; transcripts with nothing new are left out. Offsets are
/// read and written in `tx`, so a rolled-back booking is repeated, and a committed one never is.
pub fn follow(
    tx: &Transaction<'_>,
    prices: &PriceBook,
    changed: &[(Source, PathBuf)],
) -> Result<Vec<Update>> {
    let mut buf = Vec::new();
    let mut updates = Vec::new();
    let mut booker = Booker::new(tx, prices);
    for (source, path) in changed {
        let Ok(stat) = Position::stat(path) else { continue };
        let found = Found { path: path.clone(), source: *source, stat };
        let job = Job { before: remembered(tx, path)?, found, moved_from: None };
        if !job.is_stale(false) {
            continue;
        }
        let Some(outcome) = read_one(job, &mut buf) else { continue };
        booker.book(&outcome)?;
        let mut sessions: Vec<&str> = outcome.batch.records().iter().map(|r| &*r.session).collect();
        sessions.sort_unstable();
        sessions.dedup();
        let totals = sessions.into_iter().map(|s| Ok((s.to_owned(), session_totals(tx, *source, s)?)));
        updates.push(Update {
            path: path.clone(),
            source: *source,
            sessions: totals.collect::<Result<_>>()?,
            context: outcome.batch.context,
            compacted: outcome.batch.compacted,
            limits: outcome.batch.limits,
            turns: outcome.batch.turns,
        });
    }
    Ok(updates)
}

fn remembered(tx: &Transaction<'_>, path: &Path) -> Result<Option<Remembered>> {
    let mut statement = tx.prepare_cached(
        "SELECT dev, ino, size, mtime_ns, offset, head, tail, reader_rev, state FROM usage_file WHERE path = ?1",
    )?;
    let row = statement.query_row([path.to_string_lossy()], |row| {
        let bits = |at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
        let position = Position {
            dev: bits(0)?,
            ino: bits(1)?,
            size: bits(2)?,
            mtime_ns: row.get(3)?,
            offset: bits(4)?,
            head: bits(5)?,
            tail: bits(6)?,
        };
        Ok(Remembered { position, reader_rev: row.get(7)?, state: row.get(8)? })
    });
    row.optional()
}
