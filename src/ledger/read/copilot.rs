//! GitHub Copilot CLI: `session-state/<id>/events.jsonl`.
//!
//! Current versions write a `session.usage_record` for each response. Older ones only say at the end of a session what
//! each model used (`session.shutdown`); that is taken where no record was seen.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::json::{List, Num, Obj, Str, parse, timestamp_ms};
use super::{Batch, Interned, Reader};
use crate::ledger::scan::Seen;
use crate::ledger::usage::{ContextSample, Terms, Usage, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord, failure};
use crate::status::Reason;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    data: Obj<Data<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    usage: Obj<Response<'a>>,
    model_metrics: Option<Value>,
    /// What the model asked for; the turn that has asked for nothing is the last one.
    tool_requests: List<Anything>,
    #[serde(borrow)]
    request_id: Str<'a>,
    #[serde(borrow)]
    tool_call_id: Str<'a>,
    #[serde(borrow)]
    tool_name: Str<'a>,
    // session.error
    #[serde(borrow)]
    error_type: Str<'a>,
    #[serde(borrow)]
    message: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
struct Anything {}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Response<'a> {
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow)]
    provider_type: Str<'a>,
    input_tokens: Num,
    output_tokens: Num,
    cache_read_tokens: Num,
    cache_write_tokens: Num,
    reasoning_tokens: Num,
    max_prompt_tokens: Num,
    #[serde(borrow)]
    api_call_id: Str<'a>,
    #[serde(borrow)]
    initiator: Str<'a>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    session: String,
    records: bool,
    /// The model's last message asked for tools: another turn follows.
    goes_on: bool,
    /// The permissions and questions that are not settled, by their ids.
    asked: Vec<(String, Reason)>,
}

/// The tool with which the model asks a question.
const QUESTION: &str = "ask_user";

/// The most open requests that are remembered: Copilot shows one at a time.
const ASKED_MAX: usize = 32;

/// The events that say something about usage.
const BILLS: [&[u8]; 3] = [b"session.usage_record", b"session.shutdown", b"session.start"];

/// The events that say something about the turn.
const TURNS: [&[u8]; 10] = [
    b"session.error",
    b"user.message",
    b"assistant.turn_start",
    b"assistant.message",
    b"assistant.turn_end",
    b"permission.requested",
    b"permission.completed",
    b"tool.execution_start",
    b"tool.execution_complete",
    b"abort",
];

/// The type of a line, where Copilot writes it: first.
fn kind(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"{\"type\":\"")?;
    let end = rest.iter().take(64).position(|b| *b == b'"')?;
    Some(&rest[..end])
}

/// Whether a line can be one of `kinds`.
fn is_one_of(kinds: &[&[u8]], line: &[u8]) -> bool {
    let names = |name: &&[u8]| memchr::memmem::find(line, name).is_some();
    kind(line).map_or_else(|| kinds.iter().any(names), |kind| kinds.contains(&kind))
}

/// The reader.
#[derive(Debug)]
pub struct Copilot {
    state: State,
    models: Interned,
}

/// Copilot's own nesting: input includes what was read from and written to the cache.
fn usage(input: u64, output: u64, read: u64, written: u64, reasoning: u64) -> Usage {
    let cache_read = read.min(input);
    let cache_write_5m = written.min(input - cache_read);
    Usage {
        input: input - cache_read - cache_write_5m,
        output,
        cache_read,
        cache_write_5m,
        reasoning: reasoning.min(output),
        ..Usage::default()
    }
}

impl Copilot {
    /// The reader for the file at `path`, remembering `state`.
    pub fn new(path: &Path, state: &str) -> Self {
        let mut state: State = serde_json::from_str(state).unwrap_or_default();
        if state.session.is_empty() {
            let directory = path.parent().and_then(Path::file_name);
            state.session = directory.map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        }
        Self { state, models: Interned::default() }
    }

    fn book(&mut self, key: String, ts_ms: i64, model: &str, vendor: &str, usage: Usage, out: &mut Batch) {
        if usage.is_zero() {
            return;
        }
        out.book(UsageRecord {
            key: key.into(),
            ts_ms,
            session: self.state.session.as_str().into(),
            model: self.models.get(model),
            vendor: (!vendor.is_empty()).then(|| vendor.into()),
            usage,
            terms: Terms::default(),
            reported: None,
            sidechain: false,
            estimated: false,
            wins: Wins::Later,
            supersedes: None,
        });
    }

    fn asks(&mut self, id: &str, reason: Reason) {
        if self.state.asked.len() < ASKED_MAX {
            self.state.asked.push((id.to_owned(), reason));
        }
    }

    /// One of the open requests is settled. The next one is shown as soon as this one is.
    fn settled(&mut self, id: &str) -> Said {
        self.state.asked.retain(|(open, _)| open != id);
        self.state.asked.first().map_or(Said::Answered, |(_, reason)| Said::Asks(*reason))
    }

    /// What an event says about the turn.
    fn turn(&mut self, ts_ms: i64, kind: &str, data: &Data<'_>, out: &mut Batch) {
        let (name, said) = match kind {
            "user.message" => ("user.message", Said::Began),
            "assistant.turn_start" => {
                self.state.goes_on = false;
                ("assistant.turn_start", Said::Works)
            }
            "assistant.message" => {
                self.state.goes_on = !data.tool_requests.0.is_empty();
                return;
            }
            // A turn of Copilot's is one request to the model.
            "assistant.turn_end" if self.state.goes_on => return,
            "assistant.turn_end" => ("assistant.turn_end", Said::Ended),
            "abort" => ("abort", Said::Ended),
            "session.error" => ("session.error", failure(&data.error_type, &data.message, None)),
            "permission.requested" => {
                self.asks(&data.request_id, Reason::Permission);
                ("permission.requested", Said::Asks(Reason::Permission))
            }
            "permission.completed" => ("permission.completed", self.settled(&data.request_id)),
            "tool.execution_start" if &*data.tool_name == QUESTION => {
                self.asks(&data.tool_call_id, Reason::Question);
                (QUESTION, Said::Asks(Reason::Question))
            }
            "tool.execution_complete" if self.state.asked.iter().any(|(id, _)| *id == *data.tool_call_id) => {
                (QUESTION, self.settled(&data.tool_call_id))
            }
            _ => return,
        };
        if matches!(said, Said::Began | Said::Ended | Said::Failed(_) | Said::Limited(_)) {
            self.state.asked.clear();
        }
        let text: &str = if kind == "session.error" { &data.message } else { "" };
        out.tell(TurnRecord::new(ts_ms, name, said).text(text));
    }

    fn shutdown(&mut self, ts_ms: i64, event: &str, metrics: &Value, out: &mut Batch) {
        for (model, metrics) in metrics.as_object().into_iter().flatten() {
            let used = metrics.get("usage").unwrap_or(metrics);
            let number = |key: &str| used.get(key).and_then(Value::as_u64).unwrap_or(0);
            let usage = usage(
                number("inputTokens"),
                number("outputTokens"),
                number("cacheReadTokens"),
                number("cacheWriteTokens"),
                number("reasoningTokens"),
            );
            let key = format!("{}:{event}:{model}", self.state.session);
            self.book(key, ts_ms, model, "", usage, out);
        }
    }
}

impl Reader for Copilot {
    fn line(&mut self, _: u64, line: &[u8], out: &mut Batch) -> Seen {
        let bill = is_one_of(&BILLS, line);
        // What tools are given and answer is large, and matters only where a person is asked.
        let of_a_tool = match kind(line) {
            Some(b"tool.execution_start") => memchr::memmem::find(line, QUESTION.as_bytes()).is_some(),
            Some(b"tool.execution_complete") => !self.state.asked.is_empty(),
            _ => true,
        };
        if !(bill || is_one_of(&TURNS, line) && of_a_tool) {
            return Seen::Passed;
        }
        let unread = if bill { Seen::Malformed } else { Seen::Passed };
        let Some(line) = parse::<Line<'_>>(line) else { return unread };
        let Some(data) = &line.data.0 else { return Seen::Passed };
        let Some(ts_ms) = timestamp_ms(&line.timestamp) else { return unread };
        self.turn(ts_ms, &line.kind, data, out);
        match (&*line.kind, &data.usage.0, &data.model_metrics) {
            ("session.start", _, _) => {
                if let Some(session) = data.session_id.some() {
                    session.clone_into(&mut self.state.session);
                }
            }
            ("session.usage_record", Some(used), _) => {
                self.state.records = true;
                let tokens = usage(
                    used.input_tokens.0,
                    used.output_tokens.0,
                    used.cache_read_tokens.0,
                    used.cache_write_tokens.0,
                    used.reasoning_tokens.0,
                );
                if &*used.initiator != "sub-agent" {
                    out.context = Some(ContextSample {
                        ts_ms,
                        used: used.input_tokens.0,
                        window: Some(used.max_prompt_tokens.0).filter(|w| *w > 0),
                        model: used.model.0.clone().into_owned(),
                    });
                }
                let id = used.api_call_id.some().or(line.id.some()).unwrap_or_default();
                let key = format!("{}:{id}", self.state.session);
                self.book(key, ts_ms, &used.model, &used.provider_type, tokens, out);
            }
            ("session.shutdown", _, Some(metrics)) if !self.state.records => {
                let event = line.id.0.clone();
                self.shutdown(ts_ms, &event, metrics, out);
            }
            _ => return Seen::Passed,
        }
        Seen::Taken
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    fn restart(&mut self) {
        self.state = State { session: std::mem::take(&mut self.state.session), ..State::default() };
    }
}
