//! What the subagents of one agent are called, what they used and when they last did something, each by its own files.
//!
//! Reads the family's transcripts and the notes beside them, every byte once; books nothing, and says nothing that does
//! not stand there.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use super::{Family, tokens};
use crate::ledger::discover::Found;
use crate::ledger::ingest::{Job, Remembered, read_one};
use crate::ledger::prices::PriceBook;
use crate::ledger::read::Batch;
use crate::ledger::read::codex::lineage;
use crate::ledger::report::Sums;
use crate::ledger::scan::Position;
use crate::ledger::usage::Source;
use crate::snapshot::{SubagentState, SubagentView};
use crate::text::{clip, one_line};

/// How many are kept in view.
const MOST: usize = 100;
/// How much of a transcript's end is searched for its last lines, and how long its first line may be.
const END: u64 = 64 << 10;
/// The largest note beside a transcript that is read.
const NOTE_MAX: u64 = 64 << 10;
/// The most columns of a name.
const NAME: usize = 80;

/// The subagents of one agent.
#[derive(Debug, Default)]
pub(super) struct Subagents(HashMap<PathBuf, Known>);

/// One of them, as far as its files were read.
#[derive(Debug, Default)]
struct Known {
    /// How its transcript and the note beside it lay.
    lay: [Option<(u64, i64)>; 2],
    before: Option<Remembered>,
    bills: Batch,
    view: SubagentView,
}

impl Subagents {
    /// Those of `family` that did something since `from`, oldest first. Reads what is new, so it may block.
    pub(super) fn look(
        &mut self,
        source: Source,
        family: &Family,
        from: Timestamp,
        prices: &PriceBook,
    ) -> Vec<SubagentView> {
        let files = family.files.iter().skip(1);
        let mut young: Vec<_> = files.filter_map(|path| Some((lay(path)?, path))).collect();
        let from_ns = i64::try_from(from.as_nanosecond()).unwrap_or(0);
        young.retain(|((_, written), _)| *written >= from_ns);
        young.sort_by_key(|((_, written), _)| std::cmp::Reverse(*written));
        young.truncate(MOST);
        self.0.retain(|known, _| young.iter().any(|(_, path)| *path == known));
        for (lay_now, path) in young {
            let known = self.0.entry(path.clone()).or_default();
            let note = note_of(path);
            let now = [Some(lay_now), lay(&note)];
            if known.lay != now {
                known.lay = now;
                known.read(source, path, &note, lay_now, from, prices);
            }
        }
        let mut views: Vec<_> = self.0.values().map(|known| known.view.clone()).collect();
        views.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
        views
    }
}

impl Known {
    fn read(
        &mut self,
        source: Source,
        path: &Path,
        note: &Path,
        (size, written): (u64, i64),
        from: Timestamp,
        prices: &PriceBook,
    ) {
        if self.before.as_ref().is_some_and(|b| b.position.offset > size) {
            (self.before, self.bills) = (None, Batch::default());
        }
        let view = &mut self.view;
        if self.before.is_none() {
            *view = named(source, path);
        }
        if let Ok(stat) = Position::stat(path) {
            let found = Found { path: path.to_owned(), source, stat };
            let job = Job { found, before: self.before.take(), moved_from: None };
            if let Some(outcome) = read_one(job, &mut Vec::new()) {
                if outcome.takes_back {
                    self.bills = Batch::default();
                }
                self.before = Some(outcome.after);
                for record in outcome.batch.into_records() {
                    self.bills.book(record);
                }
            }
        }
        let mut sums = Sums::default();
        for bill in self.bills.records().iter().filter(|bill| bill.ts_ms >= from.as_millisecond()) {
            let quote = prices.quote(source, bill.vendor.as_deref(), &bill.model);
            let cost = quote.booked(bill.reported, bill.ts_ms, &bill.usage, bill.terms);
            sums.add(&Sums::of(&bill.usage, cost, bill.estimated));
        }
        view.tokens = (sums.calls > 0).then(|| tokens(&sums));
        view.cost_usd =
            sums.cost_usd.and_then(|usd| u64::try_from(usd.0).ok()).map(crate::config::budget::format_usd);
        let model =
            self.bills.records().iter().max_by_key(|bill| bill.ts_ms).map(|bill| bill.model.to_string());
        view.model = model.filter(|m| !m.is_empty()).map(|m| shown(&m)).or(view.model.take());
        let end = last_lines(path);
        let said = end.iter().rev().find_map(timestamp);
        view.last = said.or_else(|| Timestamp::from_nanosecond(written.into()).ok());
        let ended = end.iter().rev().find_map(|line| ended(source, line));
        // One whose beginning is too far back is as it was.
        if let Some(state) = ended {
            view.state = state;
        }
        if source == Source::Claude {
            told_beside(note, view);
        }
    }
}

/// Size and time of change.
fn lay(path: &Path) -> Option<(u64, i64)> {
    Position::stat(path).ok().map(|stat| (stat.size, stat.mtime_ns))
}

/// Where Claude Code writes down what a subagent is.
pub(super) fn note_of(transcript: &Path) -> PathBuf {
    transcript.with_extension("meta.json")
}

fn shown(text: &str) -> String {
    clip(one_line(text).trim(), NAME)
}

fn word(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(shown).filter(|text| !text.is_empty())
}

fn timestamp(line: &Value) -> Option<Timestamp> {
    line.get("timestamp")?.as_str()?.parse().ok()
}

/// What is known of one before anything of it was read: its id by the name of its file, when it began, and what Codex
/// says in the first line.
fn named(source: Source, path: &Path) -> SubagentView {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut view =
        SubagentView { id: shown(stem.strip_prefix("agent-").unwrap_or(&stem)), ..SubagentView::default() };
    let mut first = Vec::new();
    let read = File::open(path).and_then(|file| file.take(END).read_to_end(&mut first));
    let line = first.split(|b| *b == b'\n').next().unwrap_or_default();
    let line: Option<Value> = read.ok().and_then(|_| serde_json::from_slice(line).ok());
    view.started = line.as_ref().and_then(timestamp);
    if let Some(lineage) = lineage(path).filter(|_| source == Source::Codex) {
        view.id = shown(&lineage.thread);
        (view.name, view.kind) = (lineage.nickname.map(|n| shown(&n)), lineage.role.map(|r| shown(&r)));
    }
    view
}

/// What Claude Code's note says.
fn told_beside(note: &Path, view: &mut SubagentView) {
    let mut text = Vec::new();
    let read = File::open(note).and_then(|file| file.take(NOTE_MAX).read_to_end(&mut text));
    let Some(note) = read.ok().and_then(|_| serde_json::from_slice::<Value>(&text).ok()) else { return };
    view.name = word(&note, "name").or_else(|| word(&note, "description"));
    view.kind = word(&note, "agentType");
    let is = |key: &str| note.get(key).and_then(Value::as_bool) == Some(true);
    if is("finished") || is("stoppedByUser") {
        view.state = Some(SubagentState::Finished);
    }
}

/// The complete lines at the end of a file, as far as they are JSON.
fn last_lines(path: &Path) -> Vec<Value> {
    let read = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let size = file.metadata()?.len();
        file.seek(SeekFrom::Start(size.saturating_sub(END)))?;
        let mut end = Vec::new();
        file.take(END).read_to_end(&mut end)?;
        Ok(end)
    };
    let end = read().unwrap_or_default();
    let complete = end.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    end[..complete].split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

/// What a line says about the end: `None` for a line that says nothing of it.
#[expect(clippy::option_option, reason = "a line may say that it goes on, that it is over, or nothing")]
fn ended(source: Source, line: &Value) -> Option<Option<SubagentState>> {
    let at = |pointer: &str| line.pointer(pointer).and_then(Value::as_str);
    match (source, at("/type")?) {
        // Its last answer ends the turn; what comes after that is another one.
        (Source::Claude, "assistant") => {
            let over = matches!(at("/message/stop_reason"), Some("end_turn" | "stop_sequence"));
            Some(over.then_some(SubagentState::Finished))
        }
        (Source::Claude, "user") => Some(None),
        (Source::Codex, "event_msg") => match at("/payload/type")? {
            "task_complete" | "turn_complete" | "turn_aborted" => Some(Some(SubagentState::Finished)),
            "task_started" | "turn_started" => Some(Some(SubagentState::Running)),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_795_000_000 + second).unwrap()
    }

    fn append(path: &Path, lines: &[Value]) {
        use std::io::Write as _;
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        for line in lines {
            writeln!(file, "{line}").unwrap();
        }
    }

    fn asked(second: i64) -> Value {
        serde_json::json!({"type": "user", "timestamp": at(second).to_string(), "isSidechain": true})
    }

    fn reply(id: &str, second: i64, stop: Option<&str>) -> Value {
        serde_json::json!({
            "type": "assistant", "timestamp": at(second).to_string(), "isSidechain": true, "requestId": "r",
            "message": {
                "id": id, "model": "claude-opus-4-5", "stop_reason": stop,
                "usage": {"input_tokens": 10, "output_tokens": 2, "cache_read_input_tokens": 5},
            },
        })
    }

    fn family(files: &[&Path]) -> Family {
        let files = std::iter::once(Path::new("/main.jsonl")).chain(files.iter().copied());
        Family { files: files.map(Path::to_owned).collect(), threads: Vec::new(), dirs: BTreeSet::new() }
    }

    #[test]
    fn what_a_subagent_of_claude_is_used_and_did_last() {
        let dir = tempfile::tempdir().unwrap();
        let [named, bare] =
            ["agent-a1.jsonl", "agent-b2.jsonl"].map(|f| dir.path().join("s/subagents").join(f));
        append(&named, &[asked(1), reply("m1", 2, Some("tool_use"))]);
        append(&bare, &[asked(5), reply("old", -50, None), reply("m3", 6, Some("end_turn"))]);
        let note = r#"{"agentType":"Explore","description":"Look \u001b[31maround","toolUseId":"x"}"#;
        std::fs::write(note_of(&named), note).unwrap();
        let (prices, mut subagents) = (PriceBook::builtin().unwrap(), Subagents::default());
        let family = family(&[&bare, &named]);
        let mut look = || subagents.look(Source::Claude, &family, at(0), &prices);
        let seen = look();
        assert_eq!(seen.iter().map(|s| s.id.as_str()).collect::<Vec<_>>(), ["a1", "b2"], "oldest first");
        assert_eq!(seen[0].name.as_deref(), Some("Look [31maround"));
        assert_eq!(
            (seen[0].kind.as_deref(), seen[0].state),
            (Some("Explore"), None),
            "nothing says that it ended"
        );
        assert_eq!((seen[0].started, seen[0].last), (Some(at(1)), Some(at(2))));
        assert_eq!(seen[0].tokens.map(|t| (t.input, t.output, t.cache_read)), Some((10, 2, 5)));
        assert_eq!(seen[0].cost_usd.as_deref(), Some("0.0001025"));
        assert_eq!((seen[1].name.as_deref(), seen[1].kind.as_deref()), (None, None));
        assert_eq!(seen[1].state, Some(SubagentState::Finished));
        assert_eq!(
            seen[1].tokens.map(|t| t.input),
            Some(10),
            "what came before this incarnation is not its own"
        );
        append(&named, &[asked(8), reply("m1", 2, Some("tool_use")), reply("m2", 9, Some("end_turn"))]);
        let seen = look();
        assert_eq!(seen[0].tokens.map(|t| t.input), Some(20), "each bill once, however it is read");
        assert_eq!((seen[0].state, seen[0].last), (Some(SubagentState::Finished), Some(at(9))));
        std::fs::write(note_of(&bare), r#"{"agentType":"general-purpose","stoppedByUser":true}"#).unwrap();
        append(&bare, &[asked(10)]);
        let seen = look();
        assert_eq!(seen[1].kind.as_deref(), Some("general-purpose"));
        assert_eq!(seen[1].state, Some(SubagentState::Finished), "the person stopped it");
        assert!(subagents.look(Source::Claude, &Family::default(), at(0), &prices).is_empty());
    }

    #[test]
    fn a_subagent_of_codex_is_called_what_its_first_line_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("rollout-2026-11-21T01-00-00-child.jsonl");
        let line = |kind: &str, payload: Value| serde_json::json!({"timestamp": at(1).to_string(), "type": kind, "payload": payload});
        let spawn =
            serde_json::json!({"parent_thread_id": "main", "agent_nickname": "Ada", "agent_role": "worker"});
        let meta = serde_json::json!({"id": "child", "source": {"subagent": {"thread_spawn": spawn}}});
        append(
            &path,
            &[line("session_meta", meta), line("event_msg", serde_json::json!({"type": "task_started"}))],
        );
        let (prices, mut subagents) = (PriceBook::builtin().unwrap(), Subagents::default());
        let family = family(&[&path]);
        let seen = subagents.look(Source::Codex, &family, at(0), &prices);
        assert_eq!((seen[0].id.as_str(), seen[0].name.as_deref()), ("child", Some("Ada")));
        assert_eq!((seen[0].kind.as_deref(), seen[0].state), (Some("worker"), Some(SubagentState::Running)));
        assert_eq!((seen[0].tokens, seen[0].cost_usd.as_deref()), (None, None));
        append(
            &path,
            &[
                line("event_msg", serde_json::json!({"type": "task_complete"})),
                line("event_msg", serde_json::json!({"type": "token_count"})),
            ],
        );
        let seen = subagents.look(Source::Codex, &family, at(0), &prices);
        assert_eq!(seen[0].state, Some(SubagentState::Finished));
    }
}
