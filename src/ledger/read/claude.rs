//! Claude Code: `projects/<directory>/<session>.jsonl`, subagents in `<session>/subagents/agent-*.jsonl`.
//!
//! One bill for each `message.id`. A response is written as one line per content block: input and cache repeat, output
//! grows, the last line is final. Copies of it appear in resumed and forked sessions, side questions and progress
//! lines; `toolUseResult.usage` is a total and never a bill.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::json::{Flag, Float, List, Num, Obj, Str, parse, timestamp_ms};
use super::{Batch, Interned, Reader, weak_key};
use crate::ledger::prices::fingerprint;
use crate::ledger::scan::{Seen, trim};
use crate::ledger::usage::{ContextSample, LimitSample, Service, Terms, Usage, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord, failure};

/// The model of messages that Claude Code writes itself.
const SYNTHETIC: &str = "<synthetic>";

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Line<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    subtype: Str<'a>,
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    session_id: Str<'a>,
    #[serde(borrow)]
    request_id: Str<'a>,
    #[serde(borrow)]
    uuid: Str<'a>,
    is_sidechain: Flag,
    is_api_error_message: Flag,
    #[serde(rename = "costUSD")]
    cost_usd: Float,
    #[serde(borrow)]
    message: Obj<Message<'a>>,
    #[serde(borrow)]
    forked_from: Obj<Origin<'a>>,
    #[serde(borrow)]
    data: Obj<Progress<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Origin<'a> {
    #[serde(borrow)]
    session_id: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Progress<'a> {
    #[serde(borrow)]
    message: Obj<Echo<'a>>,
}

/// A line of a subagent, repeated in its parent's progress line.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Echo<'a> {
    #[serde(borrow)]
    timestamp: Str<'a>,
    #[serde(borrow)]
    request_id: Str<'a>,
    #[serde(borrow)]
    uuid: Str<'a>,
    #[serde(borrow)]
    message: Obj<Message<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message<'a> {
    #[serde(borrow)]
    id: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    #[serde(borrow)]
    usage: Obj<Tokens<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
struct Tokens<'a> {
    input_tokens: Num,
    output_tokens: Num,
    cache_creation_input_tokens: Num,
    cache_read_input_tokens: Num,
    cache_creation: Obj<CacheCreation>,
    output_tokens_details: Obj<OutputDetails>,
    server_tool_use: Obj<ServerTools>,
    #[serde(borrow)]
    service_tier: Str<'a>,
    #[serde(borrow)]
    speed: Str<'a>,
    #[serde(borrow)]
    inference_geo: Str<'a>,
    #[serde(borrow)]
    iterations: List<Iteration<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CacheCreation {
    ephemeral_5m_input_tokens: Num,
    ephemeral_1h_input_tokens: Num,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct OutputDetails {
    thinking_tokens: Num,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ServerTools {
    web_search_requests: Num,
}

/// One model call inside a response; only those that the response's own totals leave out are bills.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Iteration<'a> {
    #[serde(borrow, rename = "type")]
    kind: Str<'a>,
    #[serde(borrow)]
    model: Str<'a>,
    input_tokens: Num,
    output_tokens: Num,
    cache_creation_input_tokens: Num,
    cache_read_input_tokens: Num,
    cache_creation: Obj<CacheCreation>,
}

/// The parts of an error line that say which limit was hit.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ErrorLine<'a> {
    #[serde(borrow)]
    api_error: Str<'a>,
    #[serde(borrow)]
    error: Str<'a>,
    #[serde(borrow)]
    quota_limits: Obj<Quota<'a>>,
    #[serde(borrow)]
    api_error_params: Obj<ErrorParams<'a>>,
    #[serde(borrow)]
    message: Obj<ErrorMessage<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorParams<'a> {
    #[serde(borrow)]
    rate_limit_info: Obj<Quota<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Quota<'a> {
    resets_at: Float,
    #[serde(borrow)]
    rate_limit_type: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorMessage<'a> {
    #[serde(borrow)]
    content: List<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Text<'a> {
    #[serde(borrow)]
    text: Str<'a>,
}

/// Cache writes by duration; a total without its parts was written for five minutes.
fn cache_writes(total: u64, parts: Option<&CacheCreation>) -> (u64, u64) {
    let (five, hour) =
        parts.map_or((0, 0), |p| (p.ephemeral_5m_input_tokens.0, p.ephemeral_1h_input_tokens.0));
    if five.saturating_add(hour) == 0 { (total, 0) } else { (five, hour) }
}

impl Tokens<'_> {
    fn usage(&self) -> Usage {
        let (cache_write_5m, cache_write_1h) =
            cache_writes(self.cache_creation_input_tokens.0, self.cache_creation.0.as_ref());
        Usage {
            input: self.input_tokens.0,
            output: self.output_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            cache_write_5m,
            cache_write_1h,
            reasoning: self.output_tokens_details.0.as_ref().map_or(0, |d| d.thinking_tokens.0),
            web_searches: self.server_tool_use.0.as_ref().map_or(0, |s| s.web_search_requests.0),
        }
    }

    fn terms(&self) -> Terms {
        let service = match &*self.service_tier {
            // Priority is bought by contract and not billed by another list price.
            "priority" => Service::Standard,
            word => Service::parse(word),
        };
        Terms { service, fast: &*self.speed == "fast", us: &*self.inference_geo == "us" }
    }
}

impl Iteration<'_> {
    fn usage(&self) -> Usage {
        let (cache_write_5m, cache_write_1h) =
            cache_writes(self.cache_creation_input_tokens.0, self.cache_creation.0.as_ref());
        Usage {
            input: self.input_tokens.0,
            output: self.output_tokens.0,
            cache_read: self.cache_read_input_tokens.0,
            cache_write_5m,
            cache_write_1h,
            ..Usage::default()
        }
    }
}

/// What a line says besides its message.
struct Frame<'a> {
    ts_ms: i64,
    session: &'a str,
    request_id: Option<&'a str>,
    uuid: Option<&'a str>,
    sidechain: bool,
    cost: Float,
    line: &'a [u8],
}

/// How many bills without any id are told apart in one file.
const NAMELESS_MAX: usize = 4096;

/// What must be remembered until the file has grown.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// How often each line without any id was seen: two equal lines of one file are two bills, a copy of the file is
    /// none.
    nameless: BTreeMap<u64, u32>,
}

/// The reader.
#[derive(Debug)]
pub struct Claude {
    state: State,
    /// The session by the file's place; lines of subagents belong to their parent.
    session: String,
    /// The file is a subagent's.
    subagent: bool,
    sessions: Interned,
    models: Interned,
}

impl Claude {
    /// The reader for the file at `path`, remembering `state`.
    pub fn new(path: &Path, state: &str) -> Self {
        let name = |p: Option<&Path>| {
            p.and_then(Path::file_name).map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
        };
        let above = path.ancestors().skip(1).find(|dir| dir.file_name().is_some_and(|n| n == "subagents"));
        let subagent = above.is_some();
        let session = match above {
            Some(directory) => name(directory.parent()),
            None => name(Some(path)).split(".jsonl").next().unwrap_or_default().to_owned(),
        };
        let state = serde_json::from_str(state).unwrap_or_default();
        Self { state, session, subagent, sessions: Interned::default(), models: Interned::default() }
    }

    /// The key of a line that names nothing: of a version before there were ids.
    fn nameless(&mut self, line: u64) -> String {
        let seen = match self.state.nameless.len() {
            NAMELESS_MAX.. => self.state.nameless.get_mut(&line),
            _ => Some(self.state.nameless.entry(line).or_insert(0)),
        };
        let nth = seen.map_or(0, |n| {
            *n += 1;
            *n
        });
        format!("@{line:x}:{nth}")
    }

    fn bill(&mut self, message: &Message<'_>, frame: &Frame<'_>, out: &mut Batch) -> Seen {
        let Some(tokens) = &message.usage.0 else { return Seen::Passed };
        if &*message.model == SYNTHETIC {
            return Seen::Taken;
        }
        let usage = tokens.usage();
        let reported = frame.cost.usd();
        let session = self.sessions.get(frame.session);
        let base = match (message.id.some(), frame.request_id, frame.uuid) {
            (Some(id), Some(_), _) => id.to_owned(),
            (Some(id), None, _) => weak_key(&session, id),
            (None, _, Some(uuid)) => format!("u:{uuid}"),
            (None, _, None) => self.nameless(fingerprint(frame.line)),
        };
        for (kind, prefix) in [("advisor_message", "advisor"), ("compaction", "compaction")] {
            let extra = tokens.iterations.0.iter().filter(|i| &*i.kind == kind);
            for (n, iteration) in extra.enumerate() {
                let model = iteration.model.some().unwrap_or(&message.model);
                out.book(UsageRecord {
                    key: format!("{base}:{prefix}:{n}").into(),
                    ts_ms: frame.ts_ms,
                    session: session.clone(),
                    model: model.into(),
                    vendor: None,
                    usage: iteration.usage(),
                    // Fast is a mode of the model that was asked, not of the one that advises it.
                    terms: Terms { fast: false, ..tokens.terms() },
                    reported: None,
                    sidechain: true,
                    estimated: false,
                    wins: Wins::MoreOutput,
                    supersedes: None,
                });
            }
        }
        if usage.is_zero() && reported.is_none_or(|r| r.0 == 0) {
            return Seen::Taken;
        }
        let model = self.models.get(&message.model);
        if !frame.sidechain {
            out.tell(TurnRecord::new(frame.ts_ms, "assistant", Said::Answers));
        }
        if !frame.sidechain && usage.prompt() > 0 {
            out.context = Some(ContextSample {
                ts_ms: frame.ts_ms,
                used: usage.prompt(),
                window: None,
                model: model.to_string(),
            });
            out.compacted = false;
        }
        out.book(UsageRecord {
            key: base.into(),
            ts_ms: frame.ts_ms,
            session,
            model,
            vendor: None,
            usage,
            terms: tokens.terms(),
            reported,
            sidechain: frame.sidechain,
            estimated: false,
            wins: Wins::MoreOutput,
            supersedes: None,
        });
        Seen::Taken
    }

    fn parsed(&mut self, bytes: &[u8], line: &Line<'_>, out: &mut Batch) -> Seen {
        let ts_ms = timestamp_ms(&line.timestamp);
        if &*line.kind == "system" {
            if &*line.subtype == "compact_boundary" && !line.is_sidechain.0 && !self.subagent {
                out.context = None;
                out.compacted = true;
                if let Some(ts_ms) = ts_ms {
                    out.tell(TurnRecord::new(ts_ms, "compact_boundary", Said::Answers));
                }
                return Seen::Taken;
            }
            return Seen::Passed;
        }
        let own = self.session.clone();
        let session = if self.subagent && !own.is_empty() {
            own.as_str()
        } else {
            let origin = line.forked_from.0.as_ref().and_then(|o| o.session_id.some());
            origin.or(line.session_id.some()).unwrap_or(&own)
        };
        if let (true, Some(ts_ms)) = (line.is_api_error_message.0, ts_ms) {
            let error: ErrorLine<'_> = parse(bytes).unwrap_or_default();
            let limit = limit(ts_ms, &error);
            if !line.is_sidechain.0 && !self.subagent {
                out.tell(failed(ts_ms, &error, limit.as_ref()));
            }
            out.limits.extend(limit);
        }
        let mut frame = Frame {
            ts_ms: 0,
            session,
            request_id: line.request_id.some(),
            uuid: line.uuid.some(),
            sidechain: line.is_sidechain.0 || self.subagent,
            cost: line.cost_usd,
            line: bytes,
        };
        let (message, ts_ms) = match &*line.kind {
            "" | "assistant" => (line.message.0.as_ref(), ts_ms),
            "progress" => {
                let Some(echo) = line.data.0.as_ref().and_then(|d| d.message.0.as_ref()) else {
                    return Seen::Passed;
                };
                frame.request_id = echo.request_id.some().or(frame.request_id);
                frame.uuid = echo.uuid.some().or(frame.uuid);
                frame.sidechain = true;
                (echo.message.0.as_ref(), timestamp_ms(&echo.timestamp).or(ts_ms))
            }
            _ => return Seen::Passed,
        };
        let Some(message) = message.filter(|m| m.usage.0.is_some()) else { return Seen::Passed };
        let Some(ts_ms) = ts_ms else { return Seen::Malformed };
        frame.ts_ms = ts_ms;
        self.bill(message, &frame, out)
    }
}

/// Which limit an error line reports.
fn limit(ts_ms: i64, line: &ErrorLine<'_>) -> Option<LimitSample> {
    let params = || line.api_error_params.0.as_ref()?.rate_limit_info.0.as_ref();
    let quota = line.quota_limits.0.as_ref().or_else(params);
    let old_style = || {
        let texts = line.message.0.as_ref()?.content.0.iter();
        texts.filter_map(|t| t.text.split_once("limit reached|")).find_map(|(_, rest)| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse::<i64>().ok()?.checked_mul(1000)
        })
    };
    let (window, resets_ms) = match quota {
        Some(quota) => {
            let name = quota.rate_limit_type.some().unwrap_or("usage").to_owned();
            (name, quota.resets_at.seconds_ms())
        }
        None => match old_style() {
            Some(resets) => ("usage".to_owned(), Some(resets)),
            None if &*line.api_error == "usage_limit_reached" => ("usage".to_owned(), None),
            None => return None,
        },
    };
    Some(LimitSample { ts_ms, window, percent_used: None, resets_ms, reached: true })
}

/// How a turn failed that ended with this line.
fn failed(ts_ms: i64, line: &ErrorLine<'_>, limit: Option<&LimitSample>) -> TurnRecord {
    let text = line.message.0.as_ref().and_then(|m| m.content.0.iter().find_map(|t| t.text.some()));
    let (text, resets_ms) = (text.unwrap_or_default(), limit.and_then(|l| l.resets_ms));
    // What is left of a limit may also be told with an error that has nothing to do with it.
    let said = match &*line.api_error {
        "usage_limit_reached" => Said::Limited(resets_ms),
        _ => failure(&line.error, text, resets_ms),
    };
    TurnRecord::new(ts_ms, "api_error", said).text(text)
}

impl Reader for Claude {
    /// Jumps from one line with usage to the next; nothing else is looked at.
    fn block(&mut self, offset: u64, block: &[u8], out: &mut Batch) {
        let mut usage = memchr::memmem::find_iter(block, b"\"usage\"").peekable();
        let mut compact = memchr::memmem::find_iter(block, b"\"compact_boundary\"").peekable();
        let mut done = 0;
        loop {
            while usage.next_if(|at| *at < done).is_some() {}
            while compact.next_if(|at| *at < done).is_some() {}
            let hit = match (usage.peek(), compact.peek()) {
                (Some(a), Some(b)) => *a.min(b),
                (Some(a), None) | (None, Some(a)) => *a,
                (None, None) => break,
            };
            let start = memchr::memrchr(b'\n', &block[done..hit]).map_or(done, |at| done + at + 1);
            let end = memchr::memchr(b'\n', &block[hit..]).map_or(block.len(), |at| hit + at);
            let line = trim(&block[start..end]);
            if self.line(offset + start as u64, line, out) == Seen::Malformed {
                out.malformed += 1;
            }
            done = end;
        }
    }

    fn state(&self) -> String {
        if self.state == State::default() {
            return String::new();
        }
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    fn restart(&mut self) {
        self.state = State::default();
    }

    fn line(&mut self, _: u64, line: &[u8], out: &mut Batch) -> Seen {
        match parse::<Line<'_>>(line) {
            Some(parsed) => self.parsed(line, &parsed, out),
            None => Seen::Malformed,
        }
    }
}
