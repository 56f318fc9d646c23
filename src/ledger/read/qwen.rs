//! Qwen Code: `projects/<project>/chats/<session>.jsonl`, one `assistant` line for each response.

use std::path::Path;

use serde::Deserialize;

use super::json::{Flag, Num, Obj, Str, parse, timestamp_ms};
use super::{Batch, Interned, Reader};
use crate::ledger::scan::Seen;
use crate::ledger::usage::{ContextSample, Terms, Usage, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    /// Who a person's line comes from, where that is said.
    #[serde(borrow)]
    provenance: Str<'a>,
    #[serde(borrow)]
    tool_call_result: Obj<ToolResult<'a>>,
    #[serde(borrow)]
    uuid: Str<'a>,
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    is_sidechain: Flag,
    usage_metadata: Obj<Tokens>,
    context_window_size: Num,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ToolResult<'a> {
    #[serde(borrow)]
    status: Str<'a>,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
struct Tokens {
    prompt_token_count: Num,
    candidates_token_count: Num,
    thoughts_token_count: Num,
    cached_content_token_count: Num,
    total_token_count: Num,
}

impl Tokens {
    fn usage(self) -> Usage {
        let (prompt, answer, thoughts) =
            (self.prompt_token_count.0, self.candidates_token_count.0, self.thoughts_token_count.0);
        let cached = self.cached_content_token_count.0.min(prompt);
        // Vendors differ in whether the answer includes the thoughts; the total tells.
        let apart = prompt.saturating_add(answer).saturating_add(thoughts) == self.total_token_count.0;
        Usage {
            input: prompt - cached,
            output: if apart { answer.saturating_add(thoughts) } else { answer.max(thoughts) },
            cache_read: cached,
            reasoning: thoughts,
            ..Usage::default()
        }
    }
}

/// What a line says about the turn.
fn turn(ts_ms: i64, line: &Line<'_>) -> Option<TurnRecord> {
    Some(match &*line.kind {
        "user" if matches!(&*line.provenance, "" | "real_user") => {
            TurnRecord::new(ts_ms, "user", Said::Began)
        }
        // Whoever refuses a tool ends the turn, unless others run beside it.
        "tool_result" if line.tool_call_result.0.as_ref().is_some_and(|r| &*r.status == "cancelled") => {
            TurnRecord::new(ts_ms, "tool_cancelled", Said::Answers)
        }
        "tool_result" => TurnRecord::new(ts_ms, "tool_result", Said::Works),
        "assistant" => TurnRecord::new(ts_ms, "assistant", Said::Answers),
        _ => return None,
    })
}

/// The reader.
#[derive(Debug)]
pub struct Qwen {
    stem: String,
    sessions: Interned,
    models: Interned,
}

impl Qwen {
    /// The reader for the file at `path`.
    pub fn new(path: &Path) -> Self {
        let stem = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self { stem, sessions: Interned::default(), models: Interned::default() }
    }
}

impl Reader for Qwen {
    fn line(&mut self, _: u64, line: &[u8], out: &mut Batch) -> Seen {
        let has = |needle: &[u8]| memchr::memmem::find(line, needle).is_some();
        let bill = has(b"\"usageMetadata\"");
        if !bill && !has(b"\"type\":\"user\"") && !has(b"\"type\":\"tool_result\"") {
            return Seen::Passed;
        }
        let Some(line) = parse::<Line<'_>>(line) else {
            return if bill { Seen::Malformed } else { Seen::Passed };
        };
        if !line.is_sidechain.0
            && let Some(record) = timestamp_ms(&line.timestamp).and_then(|ts_ms| turn(ts_ms, &line))
        {
            out.tell(record);
        }
        let (Some(tokens), Some(uuid)) = (line.usage_metadata.0, line.uuid.some()) else {
            return Seen::Passed;
        };
        let Some(ts_ms) = timestamp_ms(&line.timestamp) else { return Seen::Malformed };
        let usage = tokens.usage();
        if usage.is_zero() {
            return Seen::Taken;
        }
        let session = line.session_id.some().unwrap_or(&self.stem);
        if !line.is_sidechain.0 {
            out.context = Some(ContextSample {
                ts_ms,
                used: tokens.prompt_token_count.0,
                window: Some(line.context_window_size.0).filter(|w| *w > 0),
                model: line.model.0.clone().into_owned(),
            });
        }
        out.book(UsageRecord {
            key: format!("{session}:{uuid}").into(),
            ts_ms,
            session: self.sessions.get(session),
            model: self.models.get(&line.model),
            vendor: None,
            usage,
            terms: Terms::default(),
            reported: None,
            sidechain: line.is_sidechain.0,
            estimated: false,
            wins: Wins::Later,
            supersedes: None,
        });
        Seen::Taken
    }
}
