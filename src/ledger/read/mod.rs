//! The readers: one file for each agent CLI, each a function from bytes to [`UsageRecord`]s.
//!
//! A reader never fails. It keeps what it must remember between two readings of a growing file as text
//! ([`Reader::state`]), so that reading in pieces gives what reading at once gives.

pub mod aider;
mod amp;
pub mod claude;
pub mod codex;
pub mod copilot;
pub mod gemini;
pub(crate) mod json;
mod opencode;
pub mod qwen;
mod totals;
#[cfg(test)]
mod turns_tests;

use std::collections::HashMap;
use std::path::Path;

pub(crate) use codex::uuid_ms;

use super::scan::{Lines, Seen, lines, trim};
use super::usage::{ContextSample, LimitSample, Source, UsageRecord};
use crate::observe::transcript::{RECORDS_MAX, TurnRecord};

/// Raise it when a reader learns to see more: files already read are then read again (the keys make that harmless).
pub const READER_REV: i64 = 1;

/// What one reading of one file gave.
#[derive(Debug, Default)]
pub struct Batch {
    records: Vec<UsageRecord>,
    index: HashMap<Box<str>, usize>,
    /// How many keys are only good within their session; see [`Batch::book`].
    weak: usize,
    /// The last main-chain request.
    pub context: Option<ContextSample>,
    /// The context was compacted after `context`, and nothing was asked since.
    pub compacted: bool,
    /// Limits the agent reported, oldest first.
    pub limits: Vec<LimitSample>,
    /// What the last records of the main conversation say about its turn, oldest first.
    pub turns: Vec<TurnRecord>,
    /// Lines that looked like bills and could not be read.
    pub malformed: u64,
    /// Lines too long to look at.
    pub oversized: u64,
}

/// Marks a key that is only unique within its session: `~session|id`.
pub(crate) const WEAK: char = '~';

/// The key for a bill whose transcript gives it only an id that other sessions may use too.
pub(crate) fn weak_key(session: &str, id: &str) -> String {
    format!("{WEAK}{session}|{id}")
}

/// The session and id of a weak key.
pub(crate) fn split_weak(key: &str) -> Option<(&str, &str)> {
    key.strip_prefix(WEAK)?.split_once('|')
}

impl Batch {
    /// The records, one for each bill, in the order in which they were first seen.
    pub fn records(&self) -> &[UsageRecord] {
        &self.records
    }

    /// Takes the records out.
    pub fn into_records(self) -> Vec<UsageRecord> {
        self.records
    }

    /// Keeps what a record says about the turn.
    pub(crate) fn tell(&mut self, record: TurnRecord) {
        let same = |last: &&mut TurnRecord| TurnRecord { at_ms: last.at_ms, ..record.clone() } == **last;
        if let Some(last) = self.turns.last_mut().filter(same) {
            last.at_ms = last.at_ms.max(record.at_ms);
            return;
        }
        if self.turns.len() >= RECORDS_MAX {
            self.turns.drain(..RECORDS_MAX / 2);
        }
        self.turns.push(record);
    }

    /// Adds a record of this file: a second one for the same bill replaces the first if it wins.
    pub(crate) fn book(&mut self, record: UsageRecord) {
        self.put(record, UsageRecord::yields_to);
    }

    /// Adds what another file gave: copies of a bill are the same bill, and stay with the session that had it first.
    pub fn merge(&mut self, other: Batch) {
        self.limits.extend(other.limits);
        self.malformed += other.malformed;
        self.oversized += other.oversized;
        for record in other.records {
            self.put(record, UsageRecord::yields_to_copy);
        }
    }

    fn put(&mut self, mut record: UsageRecord, yields: fn(&UsageRecord, &UsageRecord) -> bool) {
        if let Some(old) = record.supersedes.as_deref()
            && let Some(at) = self.index.remove(old)
        {
            self.records[at].key = record.key.clone();
            self.index.insert(record.key.clone(), at);
            self.records[at] = record;
            return;
        }
        if let Some(at) = self.position(&record) {
            let held = &mut self.records[at];
            if yields(held, &record) {
                record.session = held.session.clone();
                record.key = held.key.clone();
                record.supersedes = record.supersedes.or(held.supersedes.take());
                *held = record;
            }
        } else {
            self.weak += usize::from(record.key.starts_with(WEAK));
            self.index.insert(record.key.clone(), self.records.len());
            self.records.push(record);
        }
    }

    /// Where the same bill is. Some lines of a response may lack the request id that makes its key good everywhere:
    /// a weak key also means the strong one of the same session, and the other way round.
    fn position(&mut self, record: &UsageRecord) -> Option<usize> {
        if let Some(at) = self.index.get(&record.key) {
            return Some(*at);
        }
        if let Some((session, id)) = split_weak(&record.key) {
            let at = *self.index.get(id)?;
            return (*self.records[at].session == *session).then_some(at);
        }
        if self.weak > 0 {
            let at = self.index.remove(weak_key(&record.session, &record.key).as_str())?;
            self.weak -= 1;
            self.records[at].key = record.key.clone();
            self.index.insert(record.key.clone(), at);
            return Some(at);
        }
        None
    }
}

/// One agent CLI's transcript, read line by line.
pub trait Reader: Send {
    /// Reads complete lines; readers that can skip ahead do.
    fn block(&mut self, offset: u64, block: &[u8], out: &mut Batch) {
        for (offset, line) in lines(offset, block) {
            if self.line(offset, line, out) == Seen::Malformed {
                out.malformed += 1;
            }
        }
    }

    /// Reads one line, trimmed and not empty.
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Batch) -> Seen;

    /// What to remember until the file has grown; empty for nothing.
    fn state(&self) -> String {
        String::new()
    }

    /// Forgets everything: the file is read from its start.
    fn restart(&mut self) {}
}

/// The reader for a file of `source`, remembering `state`. The second value says that what was booked from the file
/// must be taken back and the file read from its start.
pub fn reader(source: Source, path: &Path, state: &str) -> Option<(Box<dyn Reader>, bool)> {
    match source {
        Source::Claude => Some((Box::new(claude::Claude::new(path, state)), false)),
        Source::Codex => {
            let (reader, again) = codex::Codex::new(path, state);
            Some((Box::new(reader), again))
        }
        Source::Gemini if has_extension(path, "jsonl") => {
            Some((Box::new(gemini::Gemini::new(path, state)), false))
        }
        Source::Qwen => Some((Box::new(qwen::Qwen::new(path)), false)),
        Source::Copilot => Some((Box::new(copilot::Copilot::new(path, state)), false)),
        Source::Aider if has_extension(path, "md") => {
            Some((Box::new(aider::History::new(path, state)), false))
        }
        Source::Aider => Some((Box::new(aider::Analytics::new(path, state)), false)),
        _ => None,
    }
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|e| e == extension)
}

/// The largest file that is read as one piece.
const WHOLE_MAX: u64 = 256 << 20;

/// Reads a file that has no lines: one JSON object or a database. Answers the new state; `None` where it cannot be
/// read.
pub(crate) fn whole(source: Source, path: &Path, state: &str, out: &mut Batch) -> Option<String> {
    if has_extension(path, "db") {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = rusqlite::Connection::open_with_flags(path, flags).ok()?;
        conn.busy_timeout(std::time::Duration::from_secs(2)).ok()?;
        return match source {
            Source::OpenCode => opencode::database(&conn, state, out).ok(),
            Source::Crush => totals::crush(&conn, state, out).ok(),
            Source::Goose => totals::goose(&conn, state, out).ok(),
            _ => None,
        };
    }
    if std::fs::metadata(path).ok()?.len() > WHOLE_MAX {
        out.oversized += 1;
        return Some(String::new());
    }
    let bytes = std::fs::read(path).ok()?;
    let read = match source {
        Source::Gemini => {
            let seen = gemini::Gemini::new(path, "").line(0, trim(&bytes), out);
            (seen != Seen::Malformed).then_some(())
        }
        Source::OpenCode => {
            // Messages of people and unfinished ones have no usage.
            let _ = opencode::file(path, &bytes, out);
            Some(())
        }
        Source::Amp => amp::read(path, &bytes, out),
        _ => None,
    };
    out.malformed += u64::from(read.is_none());
    Some(String::new())
}

/// Whether a file with this state must be looked at although it has not changed itself; `arrivals` says that there
/// are files that were never read.
pub fn waits(source: Source, state: &str, arrivals: bool) -> bool {
    source == Source::Codex && codex::Codex::waits(state, arrivals)
}

/// A reader and what it gave: what [`super::scan::read`] feeds.
pub struct Sink {
    /// The reader.
    pub reader: Box<dyn Reader>,
    /// What it gave so far.
    pub batch: Batch,
}

impl Lines for Sink {
    fn block(&mut self, offset: u64, block: &[u8]) {
        self.reader.block(offset, block, &mut self.batch);
    }

    fn rest(&mut self, offset: u64, line: &[u8]) -> Seen {
        // What is torn now may be whole when it is read again: nothing is mended here.
        let line = trim(line);
        if line.ends_with(b"}") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() {
            return self.reader.line(offset, line, &mut self.batch);
        }
        Seen::Malformed
    }

    fn oversized(&mut self) {
        self.batch.oversized += 1;
    }

    fn restart(&mut self) {
        self.reader.restart();
    }
}

/// Keeps one shared text for equal neighbours: sessions and models repeat line after line.
#[derive(Debug, Default)]
pub(crate) struct Interned(Option<std::sync::Arc<str>>);

impl Interned {
    /// `text`, shared with the last call if it is the same.
    pub(crate) fn get(&mut self, text: &str) -> std::sync::Arc<str> {
        match &self.0 {
            Some(last) if **last == *text => last.clone(),
            _ => {
                let fresh: std::sync::Arc<str> = text.into();
                self.0 = Some(fresh.clone());
                fresh
            }
        }
    }
}
