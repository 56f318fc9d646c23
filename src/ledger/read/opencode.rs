//! OpenCode: SQLite since 1.2.0 (`opencode*.db`), before that `storage/message/<session>/msg_*.json`.
//!
//! Token buckets are disjoint, reasoning apart from output. The cost is OpenCode's own: 0 is what a subscription costs.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::Batch;
use super::json::{Float, Num, Obj, Str, parse};
use crate::ledger::usage::{ContextSample, Terms, Usage, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord, failure};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow, rename = "sessionID")]
    session_id: Str<'a>,
    #[serde(borrow)]
    role: Str<'a>,
    #[serde(borrow, rename = "modelID")]
    model_id: Str<'a>,
    #[serde(borrow, rename = "providerID")]
    provider_id: Str<'a>,
    cost: Float,
    tokens: Obj<Tokens>,
    time: Obj<Time>,
    /// What made it: `build`, `compaction`, ….
    #[serde(borrow)]
    mode: Str<'a>,
    /// Why the model stopped.
    #[serde(borrow)]
    finish: Str<'a>,
    #[serde(borrow)]
    error: Obj<Failure<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Failure<'a> {
    #[serde(borrow)]
    name: Str<'a>,
    #[serde(borrow)]
    data: Obj<FailureData<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FailureData<'a> {
    #[serde(borrow)]
    message: Str<'a>,
    #[serde(rename = "statusCode")]
    status: Num,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input: Num,
    output: Num,
    reasoning: Num,
    cache: Obj<Cache>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Cache {
    read: Num,
    write: Num,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Time {
    created: Num,
    completed: Num,
}

/// Books one message; `parent` is the session that started a subagent's.
fn message(bytes: &[u8], row: (&str, &str), parent: Option<&str>, out: &mut Batch) -> Option<()> {
    let message: Message<'_> = parse(bytes)?;
    if let Some(record) = turn(&message, row.1).filter(|_| parent.is_none()) {
        out.tell(record);
    }
    let tokens = message.tokens.0.as_ref().filter(|_| &*message.role == "assistant")?;
    let cache = tokens.cache.0.as_ref();
    let usage = Usage {
        input: tokens.input.0,
        output: tokens.output.0.saturating_add(tokens.reasoning.0),
        cache_read: cache.map_or(0, |c| c.read.0),
        cache_write_5m: cache.map_or(0, |c| c.write.0),
        reasoning: tokens.reasoning.0,
        ..Usage::default()
    };
    if usage.is_zero() {
        return None;
    }
    let time = message.time.0.as_ref()?;
    let ts_ms = i64::try_from(if time.completed.0 > 0 { time.completed.0 } else { time.created.0 }).ok()?;
    let (id, session) = row;
    let id = message.id.some().unwrap_or(id);
    let session = message.session_id.some().unwrap_or(session);
    if parent.is_none() {
        let model = message.model_id.0.clone().into_owned();
        out.context = Some(ContextSample { ts_ms, used: usage.prompt(), window: None, model });
    }
    out.book(UsageRecord {
        key: id.into(),
        ts_ms,
        session: parent.unwrap_or(session).into(),
        model: (*message.model_id).into(),
        vendor: message.provider_id.some().map(Into::into),
        usage,
        terms: Terms::default(),
        reported: message.cost.usd(),
        sidechain: parent.is_some(),
        estimated: false,
        wins: Wins::Later,
        supersedes: None,
    });
    Some(())
}

/// What a message says about the turn.
fn turn(message: &Message<'_>, session: &str) -> Option<TurnRecord> {
    let time = message.time.0.as_ref()?;
    let created = i64::try_from(time.created.0).ok().filter(|ms| *ms > 0)?;
    let completed = i64::try_from(time.completed.0).ok().filter(|ms| *ms > 0);
    let at_ms = completed.unwrap_or(created);
    // The turn goes on with what compaction has left of it.
    let over = !matches!(&*message.finish, "" | "tool-calls" | "unknown") && &*message.mode != "compaction";
    let record = match (&*message.role, &message.error.0) {
        ("user", _) => TurnRecord::new(created, "user", Said::Began),
        ("assistant", Some(error)) if &*error.name == "MessageAbortedError" => {
            TurnRecord::new(at_ms, "aborted", Said::Ended)
        }
        ("assistant", Some(error)) => {
            let data = error.data.0.as_ref();
            let text = data.map(|d| &*d.message).unwrap_or_default();
            let word = format!("{}:{}", &*error.name, data.map_or(0, |d| d.status.0));
            TurnRecord::new(at_ms, "error", failure(&word, text, None)).text(text)
        }
        // As OpenCode's own loop decides whether it asks the model again.
        ("assistant", None) if completed.is_some() && over => TurnRecord::new(at_ms, "finish", Said::Ended),
        ("assistant", None) => TurnRecord::new(at_ms, "assistant", Said::Works),
        _ => return None,
    };
    let session = message.session_id.some().unwrap_or(session);
    Some(TurnRecord { session: Some(session.into()), ..record })
}

/// Reads one message of the older storage.
pub(super) fn file(path: &Path, bytes: &[u8], out: &mut Batch) -> Option<()> {
    let text = |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let (id, session) = (text(path.file_stem()), text(path.parent().and_then(Path::file_name)));
    let parent = path.ancestors().nth(3).and_then(|storage| stored_root(storage, &session));
    message(bytes, (&id, &session), parent.as_deref(), out)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Session<'a> {
    #[serde(borrow, rename = "parentID")]
    parent_id: Str<'a>,
}

/// How long a chain of subagents is followed.
const CHAIN_MAX: usize = 16;

/// The session at the top of a chain of subagents in the older storage: `session/<project>/<session>.json`.
fn stored_root(storage: &Path, session: &str) -> Option<String> {
    let projects = std::fs::read_dir(storage.join("session")).ok()?.flatten().map(|e| e.path());
    let projects: Vec<_> = projects.collect();
    let parent = |session: &str| {
        let name = format!("{session}.json");
        let bytes = projects.iter().find_map(|dir| std::fs::read(dir.join(&name)).ok())?;
        parse::<Session<'_>>(&bytes)?.parent_id.some().map(str::to_owned)
    };
    let mut top = parent(session)?;
    for _ in 0..CHAIN_MAX {
        match parent(&top) {
            Some(next) => top = next,
            None => break,
        }
    }
    Some(top)
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The latest change that was seen.
    updated: i64,
}

/// How much older than the latest change a row may be and still be looked at again: rows change while they stream.
const LOOK_BACK_MS: i64 = 3_600_000;

/// Reads what changed in a database since `state`; answers the new state.
pub(super) fn database(conn: &Connection, state: &str, out: &mut Batch) -> rusqlite::Result<String> {
    let mut state: State = serde_json::from_str(state).unwrap_or_default();
    let columns = columns(conn, "message")?;
    let has = |name: &str| columns.iter().any(|c| c == name);
    let updated = if has("time_updated") { "time_updated" } else { "0" };
    let parents = parents(conn).unwrap_or_default();
    let since = if updated == "0" { i64::MIN } else { state.updated.saturating_sub(LOOK_BACK_MS) };
    let sql = format!(
        "SELECT id, session_id, CAST(data AS TEXT), {updated} FROM message WHERE {updated} >= ?1 ORDER BY {updated}, id"
    );
    let mut statement = conn.prepare(&sql)?;
    let mut rows = statement.query([since])?;
    while let Some(row) = rows.next()? {
        let (id, session): (String, String) = (row.get(0)?, row.get(1)?);
        let data: String = row.get(2)?;
        message(data.as_bytes(), (&id, &session), root(&parents, &session), out);
        state.updated = state.updated.max(row.get(3)?);
    }
    Ok(serde_json::to_string(&state).unwrap_or_default())
}

/// The session at the top of a chain of subagents.
pub(super) fn root<'a>(parents: &'a HashMap<String, String>, session: &str) -> Option<&'a str> {
    let mut top = parents.get(session)?;
    for _ in 0..parents.len() {
        match parents.get(top) {
            Some(next) => top = next,
            None => break,
        }
    }
    Some(top)
}

fn parents(conn: &Connection) -> rusqlite::Result<HashMap<String, String>> {
    let mut statement = conn.prepare("SELECT id, parent_id FROM session WHERE parent_id IS NOT NULL")?;
    statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?.collect()
}

/// The columns of a table that another program owns.
pub(super) fn columns(conn: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = conn.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |r| r.get(0))?.collect()
}
