//! Reading many files: in parallel, in a fixed order of precedence, only what is new.
//!
//! Knows nothing of the database: the caller says where each file's reading ended and gets what each file gave.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::discover::Found;
use super::read::json::timestamp_ms;
use super::read::{Batch, READER_REV, Sink, reader, waits, whole};
use super::scan::{Position, read};

/// What is remembered of a file between two readings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Where the reading ended.
    pub position: Position,
    /// What the reader keeps.
    pub state: String,
    /// The reader that read it: see [`READER_REV`].
    pub reader_rev: i64,
}

/// One file to read and what is known of it.
#[derive(Debug, Clone)]
pub struct Job {
    /// The file.
    pub found: Found,
    /// What is remembered of it.
    pub before: Option<Remembered>,
    /// Where it was when it was last read, if it has been moved since.
    pub moved_from: Option<PathBuf>,
}

impl Job {
    /// Whether there can be anything new; `arrivals` says that other files were never read.
    pub fn is_stale(&self, arrivals: bool) -> bool {
        let changed = |b: &Remembered| b.reader_rev != READER_REV || !b.position.unchanged(&self.found.stat);
        let waits = |b: &Remembered| waits(self.found.source, &b.state, arrivals);
        self.moved_from.is_some() || self.before.as_ref().is_none_or(|b| changed(b) || waits(b))
    }
}

/// What one file gave.
#[derive(Debug)]
pub struct Outcome {
    /// The file.
    pub found: Found,
    /// What to remember of it.
    pub after: Remembered,
    /// Where it was when it was last read, if it has been moved since.
    pub moved_from: Option<PathBuf>,
    /// What was booked from it so far is void.
    pub takes_back: bool,
    /// Its records.
    pub batch: Batch,
}

/// Reads one file from where the last reading ended. `None` where it cannot be read (any more).
pub fn read_one(job: Job, buf: &mut Vec<u8>) -> Option<Outcome> {
    let before = job.before.filter(|b| b.reader_rev == READER_REV);
    let state = before.as_ref().map_or("", |b| b.state.as_str());
    let Some((reader, again)) = reader(job.found.source, &job.found.path, state) else {
        let mut batch = Batch::default();
        let state = whole(job.found.source, &job.found.path, state, &mut batch)?;
        let after = Remembered { position: job.found.stat.clone(), state, reader_rev: READER_REV };
        return Some(Outcome {
            found: job.found,
            after,
            moved_from: job.moved_from,
            takes_back: false,
            batch,
        });
    };
    let from = before.as_ref().map(|b| &b.position).filter(|_| !again);
    let mut sink = Sink { reader, batch: Batch::default() };
    let position = read(&job.found.path, from, &mut sink, buf).ok()?;
    let after = Remembered { position, state: sink.reader.state(), reader_rev: READER_REV };
    Some(Outcome {
        found: job.found,
        after,
        moved_from: job.moved_from,
        takes_back: again,
        batch: sink.batch,
    })
}

/// Files larger than this are begun first, so that the last thread does not end alone with one of them.
const LARGE: u64 = 32 << 20;

/// Reads every file with something new, on `threads` threads, and gives the outcomes to `take` one after the other:
/// oldest file first, because the first file that had a bill owns it. `take` ends the reading by answering false.
pub fn read_all(mut jobs: Vec<Job>, threads: NonZero<usize>, mut take: impl FnMut(Outcome) -> bool) {
    let arrivals = jobs.iter().any(|job| job.before.is_none());
    jobs.retain(|job| job.is_stale(arrivals));
    jobs.sort_by_cached_key(precedence);
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| jobs[*at].found.stat.size <= LARGE);
    let next = AtomicUsize::new(0);
    let (send, receive) = mpsc::sync_channel::<(usize, Option<Outcome>)>(64);
    let (jobs, order, next) = (&jobs, &order, &next);
    std::thread::scope(|scope| {
        for _ in 0..threads.get().min(jobs.len()) {
            let send = send.clone();
            scope.spawn(move || {
                let mut buf = Vec::new();
                while let Some(at) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = read_one(jobs[*at].clone(), &mut buf);
                    if send.send((*at, outcome)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut due = 0;
        for (at, outcome) in receive {
            waiting.insert(at, outcome);
            while let Some(outcome) = waiting.remove(&due) {
                due += 1;
                if outcome.is_some_and(|outcome| !take(outcome)) {
                    return;
                }
            }
        }
    });
}

/// Which files are read first: of a live and an archived copy the live one; then the one that ended first, because a
/// resumed conversation goes on where the original ended.
fn precedence(job: &Job) -> (bool, i64, PathBuf) {
    let found = &job.found;
    let archived = found.path.components().any(|c| c.as_os_str() == "archived_sessions");
    let last = || last_timestamp(&found.path).ok().flatten();
    let ended = job.before.is_none().then(last).flatten().unwrap_or(found.stat.mtime_ns / 1_000_000);
    (archived, ended, found.path.clone())
}

/// How much of a file's end is searched for a time.
const END: u64 = 8192;

/// The last time that is written in a file, if it stands near its end. What the file system says is lost when files are
/// copied or restored.
fn last_timestamp(path: &Path) -> std::io::Result<Option<i64>> {
    if path.extension().is_none_or(|e| e != "jsonl") {
        return Ok(None);
    }
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(END)))?;
    let mut end = Vec::with_capacity(END as usize);
    file.take(END).read_to_end(&mut end)?;
    let needle = b"\"timestamp\":\"";
    Ok(memchr::memmem::rfind(&end, needle).and_then(|at| {
        let text = &end[at + needle.len()..];
        let text = &text[..memchr::memchr(b'"', text)?];
        timestamp_ms(std::str::from_utf8(text).ok()?)
    }))
}
