//! Gemini CLI: `tmp/<project>/chats/session-*.jsonl` (0.39 and later) or `session-*.json`, and Qwen Code, its cousin.
//!
//! The last writing of a message holds. `$set` lines patch or repeat the conversation, `$rewindTo` takes messages out
//! of it: they were billed all the same. Input includes what was cached; thoughts are billed as output on top.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::json::{List, Num, Obj, Str, parse, timestamp_ms};
use super::{Batch, Interned, Reader};
use crate::ledger::scan::Seen;
use crate::ledger::usage::{ContextSample, Terms, Usage, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord, failure};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    /// Of errors and notices; people's messages have parts.
    #[serde(borrow)]
    content: Str<'a>,
    tokens: Obj<Tokens>,
    #[serde(borrow, rename = "$set")]
    set: Obj<Patch<'a>>,
    /// The older form: one object with everything.
    #[serde(borrow)]
    messages: List<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Patch<'a> {
    #[serde(borrow)]
    messages: List<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    tokens: Obj<Tokens>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input: Num,
    output: Num,
    cached: Num,
    thoughts: Num,
    /// Results of the vendor's own tools, billed as input.
    tool: Num,
}

impl Tokens {
    fn usage(self) -> Usage {
        let cached = self.cached.0.min(self.input.0);
        Usage {
            input: (self.input.0 - cached).saturating_add(self.tool.0),
            output: self.output.0.saturating_add(self.thoughts.0),
            cache_read: cached,
            reasoning: self.thoughts.0,
            ..Usage::default()
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The file's own session.
    own: String,
}

/// The reader.
#[derive(Debug)]
pub struct Gemini {
    state: State,
    /// The session that a subagent's file belongs to, by its place.
    parent: Option<String>,
    stem: String,
    sessions: Interned,
    models: Interned,
}

impl Gemini {
    /// The reader for the file at `path`, remembering `state`.
    pub fn new(path: &Path, state: &str) -> Self {
        let text =
            |p: Option<&std::ffi::OsStr>| p.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let directory = text(path.parent().and_then(Path::file_name));
        Self {
            state: serde_json::from_str(state).unwrap_or_default(),
            parent: (directory != "chats" && !directory.is_empty()).then_some(directory),
            stem: text(path.file_stem()),
            sessions: Interned::default(),
            models: Interned::default(),
        }
    }

    fn message(&mut self, message: &Message<'_>, out: &mut Batch) -> Seen {
        let (Some(tokens), Some(id)) = (message.tokens.0, message.id.some()) else { return Seen::Passed };
        let usage = tokens.usage();
        let Some(ts_ms) = timestamp_ms(&message.timestamp) else { return Seen::Malformed };
        if usage.is_zero() {
            return Seen::Taken;
        }
        if self.parent.is_none() {
            let model = message.model.0.clone().into_owned();
            out.context = Some(ContextSample { ts_ms, used: tokens.input.0, window: None, model });
        }
        let own = if self.state.own.is_empty() { &self.stem } else { &self.state.own };
        let key = format!("{own}:{id}");
        let session = self.sessions.get(self.parent.as_deref().unwrap_or(own));
        out.book(UsageRecord {
            key: key.into(),
            ts_ms,
            session,
            model: self.models.get(&message.model),
            vendor: None,
            usage,
            terms: Terms::default(),
            reported: None,
            sidechain: self.parent.is_some(),
            estimated: false,
            wins: Wins::Later,
            supersedes: None,
        });
        Seen::Taken
    }
}

/// What a line of the main conversation says about the turn. An answer says little: it is written before it is known
/// that it calls tools.
fn turn(bytes: &[u8], line: &Line<'_>) -> Option<TurnRecord> {
    let ts_ms = timestamp_ms(&line.timestamp)?;
    let record = |name, said| Some(TurnRecord::new(ts_ms, name, said));
    match &*line.kind {
        // Results of tools are people's messages to the model.
        "user" if memchr::memmem::find(bytes, b"\"functionResponse\"").is_some() => {
            record("tool", Said::Works)
        }
        "user" => record("user", Said::Began),
        "gemini" => record("gemini", Said::Answers),
        // Its other red lines are of commands and servers that failed: the turn has nothing to do with them.
        "error" if line.content.starts_with("[API Error:") => {
            Some(record("error", failure("", &line.content, None))?.text(&line.content))
        }
        "info" if &*line.content == "Request cancelled." => record("cancelled", Said::Ended),
        _ => None,
    }
}

impl Reader for Gemini {
    fn line(&mut self, _: u64, bytes: &[u8], out: &mut Batch) -> Seen {
        let Some(line) = parse::<Line<'_>>(bytes) else { return Seen::Malformed };
        if let Some(record) = turn(bytes, &line).filter(|_| self.parent.is_none()) {
            out.tell(record);
        }
        if let Some(session) = line.session_id.some() {
            session.clone_into(&mut self.state.own);
        }
        let message =
            Message { id: line.id, timestamp: line.timestamp, model: line.model, tokens: line.tokens };
        let mut seen = self.message(&message, out);
        for message in line.set.0.iter().flat_map(|s| &s.messages.0).chain(&line.messages.0) {
            seen = self.message(message, out);
        }
        seen
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    fn restart(&mut self) {
        self.state = State::default();
    }
}
