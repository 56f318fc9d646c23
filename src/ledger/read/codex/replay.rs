//! Which of a Codex thread's events repeat its parent's history.
//!
//! Forks, resumes and subagents may begin with a copy of the parent's lines, with the original or with new timestamps
//! (openai/codex; ccusage#950, #1370; CodexBar#2037, #3524). In this order: the boundary the file itself names; the
//! time at which its turn was made, when ids tell it (a replayed turn is older than the thread); the parent's own
//! running totals, one after the other; and where no parent is to be found, the first seconds of the thread's life.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::line::{Line, Vector, matters, types};
use crate::ledger::discover::transcripts;
use crate::ledger::read::json::{Obj, Str, parse, timestamp_ms};
use crate::ledger::scan::{Lines, Seen, lines, read, trim};
use crate::ledger::usage::Source;

/// Without a parent to compare with: what is stamped within so many milliseconds of the thread's creation is a copy.
/// A response takes longer than that.
const BURST_MS: i64 = 2_500;
/// A copy is written line after line: one that has begun goes on within so many milliseconds.
const PAUSE_MS: i64 = 15_000;

/// Whether an event is the thread's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A copy of the parent's.
    Replay,
    /// The thread's own.
    Own,
}

/// The thread that another began from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Parent {
    id: String,
    /// The thread's own birth, by its id where that holds a time.
    born_by_id: Option<i64>,
    /// The same by its first line.
    born_ms: Option<i64>,
    /// The first line that is the thread's own, where the file says it.
    own_from: Option<u64>,
    /// The parent's transcript and its size when it was read.
    path: Option<PathBuf>,
    size: u64,
    /// The parent's history until the birth of the thread may not have been complete.
    open: bool,
    /// How many of the parent's totals were known.
    known: usize,
    /// The next total of the parent's that would be a repetition; `None` before the first was found.
    next: Option<usize>,
    /// The copied part has ended.
    over: bool,
    /// When the last event was stamped that was a copy.
    copied_ms: Option<i64>,
    /// The parent's events; not kept between two readings.
    #[serde(skip)]
    history: Option<Vec<Event>>,
}

/// One event of the parent's.
#[derive(Debug, Clone, PartialEq)]
struct Event {
    total: Vector,
    ts_ms: Option<i64>,
    /// Empty in versions without usage records.
    response_id: String,
}

impl Parent {
    /// The parent `id` of the thread `own`, whose file is at `path`.
    pub(super) fn find(
        path: &Path,
        own: &str,
        id: &str,
        born_ms: Option<i64>,
        own_from: Option<u64>,
    ) -> Self {
        let mut parent =
            Self { id: id.to_owned(), born_by_id: uuid_ms(own), born_ms, own_from, ..Self::default() };
        parent.locate(path);
        parent
    }

    fn locate(&mut self, child: &Path) {
        self.path = locate(child, &self.id);
        let size = self.path.as_ref().and_then(|p| std::fs::metadata(p).ok()).map(|m| m.len());
        self.size = size.unwrap_or(0);
    }

    /// Whether a later look at the parent may change what was judged: it may have grown, or be among new arrivals.
    pub(super) const fn waits(&self, arrivals: bool) -> bool {
        self.open && (self.path.is_some() || arrivals)
    }

    /// Looks at the parent again: whether more of its history until the thread's birth has become known.
    pub(super) fn has_grown(&mut self, child: &Path) -> bool {
        if !self.open {
            return false;
        }
        let size = self.path.as_ref().and_then(|p| std::fs::metadata(p).ok()).map(|m| m.len());
        if size == Some(self.size) {
            return false;
        }
        let known = self.known;
        self.locate(child);
        self.load();
        self.known > known
    }

    /// Reads the parent's running totals until the thread's birth.
    fn load(&mut self) {
        let mut history = History { until: self.born_ms, events: Vec::new(), later: false };
        let seen = self.path.as_ref().and_then(|path| read(path, None, &mut history, &mut Vec::new()).ok());
        self.open = seen.is_none() || !history.later;
        self.known = history.events.len();
        self.history = Some(history.events);
    }

    /// Judges the next event of the thread.
    pub(super) fn judge(
        &mut self,
        ordinal: Option<u64>,
        turn_ms: Option<i64>,
        ts_ms: i64,
        total: Vector,
        response_id: &str,
    ) -> Verdict {
        if self.over {
            return Verdict::Own;
        }
        if let (Some(from), Some(ordinal)) = (self.own_from, ordinal) {
            return self.verdict(ordinal < from);
        }
        if let (Some(born), Some(turn)) = (self.born_by_id, turn_ms) {
            return self.verdict(turn < born);
        }
        if self.history.is_none() {
            self.load();
        }
        let history = self.history.as_deref().unwrap_or_default();
        if self.path.is_none() {
            let born = self.born_ms.unwrap_or(i64::MIN);
            return self.verdict(ts_ms <= born.saturating_add(BURST_MS));
        }
        // Equal totals prove nothing: two threads that ask the same are billed the same. An id does, and so does the
        // time: a copy has its original's, or is written in one go at the birth of the thread.
        let written_by = match self.copied_ms {
            Some(last) => last.saturating_add(PAUSE_MS),
            None => self.born_ms.unwrap_or(i64::MAX).saturating_add(BURST_MS),
        };
        let same = |known: &Event| {
            known.total == total
                && match (known.response_id.as_str(), response_id) {
                    ("", _) | (_, "") => known.ts_ms == Some(ts_ms) || ts_ms <= written_by,
                    (known, own) => known == own,
                }
        };
        let found = match self.next {
            None => history.iter().position(same),
            // The count and the record of one response have one total.
            Some(next) => (next.saturating_sub(1)..=next).find(|at| history.get(*at).is_some_and(same)),
        };
        self.next = found.map(|at| at + 1);
        if found.is_some() {
            self.copied_ms = Some(self.copied_ms.map_or(ts_ms, |last| last.max(ts_ms)));
        }
        self.verdict(found.is_some())
    }

    fn verdict(&mut self, replay: bool) -> Verdict {
        if replay {
            return Verdict::Replay;
        }
        self.over = true;
        Verdict::Own
    }
}

/// Collects the running totals of a thread.
struct History {
    until: Option<i64>,
    events: Vec<Event>,
    /// The last line is later than `until`: the history is complete.
    later: bool,
}

impl History {
    fn line(&mut self, line: &[u8]) -> Seen {
        if types(line).is_some_and(|types| !matters(types)) {
            return Seen::Passed;
        }
        let Some(line) = parse::<Line<'_>>(line) else { return Seen::Malformed };
        let ts_ms = timestamp_ms(&line.timestamp);
        if let (Some(until), Some(ts_ms)) = (self.until, ts_ms) {
            self.later = ts_ms > until;
            if self.later {
                return Seen::Taken;
            }
        }
        let Some(payload) = &line.payload.0 else { return Seen::Passed };
        let total = match (&*line.kind, &*payload.kind) {
            ("token_usage_record", _) => payload.thread_token_usage.0,
            ("event_msg", "token_count") => payload.info.0.as_ref().and_then(|i| i.total_token_usage.0),
            _ => None,
        };
        let Some(total) = total.map(|t| t.vector()) else { return Seen::Taken };
        let response_id = payload.response_id.0.clone().into_owned();
        match self.events.last_mut().filter(|last| last.total == total) {
            // The count and the record of one response, in either order.
            Some(last) if last.response_id.is_empty() => last.response_id = response_id,
            Some(_) => {}
            None => self.events.push(Event { total, ts_ms, response_id }),
        }
        Seen::Taken
    }
}

impl Lines for History {
    fn block(&mut self, offset: u64, block: &[u8]) {
        for (_, line) in lines(offset, block) {
            self.line(line);
        }
    }

    fn rest(&mut self, _: u64, line: &[u8]) -> Seen {
        self.line(trim(line))
    }

    fn oversized(&mut self) {}

    fn restart(&mut self) {}
}

/// The time in a version 7 UUID, milliseconds since 1970.
pub(crate) fn uuid_ms(id: &str) -> Option<i64> {
    let id = uuid::Uuid::try_parse(id).ok()?;
    let (seconds, nanos) = id.get_timestamp().filter(|_| id.get_version_num() == 7)?.to_unix();
    let ms = i64::try_from(seconds).ok()?.checked_mul(1000)? + i64::from(nanos / 1_000_000);
    // Ids made up by hand rarely fall into the years in which Codex exists.
    (1_700_000_000_000..4_000_000_000_000).contains(&ms).then_some(ms)
}

/// The transcript of the thread `id`, looked for where the file at `child` is: by name, then by what files whose names
/// tell nothing begin with.
fn locate(child: &Path, id: &str) -> Option<PathBuf> {
    let stores = ["sessions", "archived_sessions"];
    let is_store = |p: &&Path| p.file_name().is_some_and(|n| stores.iter().any(|s| n == *s));
    let dir = child.parent()?;
    let root = child.ancestors().find(is_store).and_then(Path::parent).unwrap_or(dir);
    let near = std::fs::read_dir(dir).ok()?.flatten().map(|e| e.path()).find(|p| named(p, id));
    near.or_else(|| {
        let all = transcripts(Source::Codex, root);
        let by_name = all.iter().find(|f| named(&f.path, id));
        let by_content = || all.iter().find(|f| f.path != child && begins_with_thread(&f.path, id));
        by_name.or_else(by_content).map(|f| f.path.clone())
    })
}

fn named(path: &Path, id: &str) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    name.split(".jsonl").next().is_some_and(|stem| stem.ends_with(id))
}

/// Whether the first line of a file is the `session_meta` of `id`. Names that end in a UUID have said it already.
fn begins_with_thread(path: &Path, id: &str) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let stem = name.split(".jsonl").next().unwrap_or_default();
    let tail = stem.len().checked_sub(36).and_then(|at| stem.get(at..));
    if tail.is_some_and(|tail| uuid::Uuid::try_parse(tail).is_ok()) {
        return false;
    }
    let mut head = Vec::new();
    let read = File::open(path).and_then(|f| f.take(64 * 1024).read_to_end(&mut head));
    let first = head.split(|b| *b == b'\n').next().unwrap_or_default();
    read.is_ok() && memchr::memmem::find(first, format!("\"{id}\"").as_bytes()).is_some() && {
        let own = parse::<Meta<'_>>(first);
        own.and_then(|m| m.payload.0).is_some_and(|p| &*p.id == id)
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta<'a> {
    #[serde(borrow)]
    payload: Obj<MetaId<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MetaId<'a> {
    #[serde(borrow)]
    id: Str<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_7_ids_tell_their_time() {
        assert_eq!(uuid_ms("01a1fac0-f06f-7141-85fd-7f15b5a18701"), Some(1_795_208_310_895));
        assert_eq!(uuid_ms("5f31c28e-81a9-4d59-a865-a766b292c695"), None);
        assert_eq!(uuid_ms("parent"), None);
    }
}
