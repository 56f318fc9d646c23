//! The lines of Codex's rollouts: their shapes, and which of them matter without being read whole.

use serde::Deserialize;

use crate::ledger::read::json::{Float, Given, Num, Obj, Str};
use crate::ledger::usage::Usage;

/// The events that end a turn.
pub(super) const TURN_ENDS: [&[u8]; 3] = [b"task_complete", b"turn_aborted", b"error"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Line<'a> {
    #[serde(borrow)]
    pub(super) timestamp: Str<'a>,
    pub(super) ordinal: Option<Num>,
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    #[serde(borrow)]
    pub(super) payload: Obj<Payload<'a>>,
    /// `codex exec --json`.
    #[serde(borrow)]
    pub(super) thread_id: Str<'a>,
    pub(super) usage: Obj<Totals>,
}

/// The union of the payloads that matter; their field names do not collide.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Payload<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Str<'a>,
    // session_meta
    #[serde(borrow)]
    pub(super) id: Str<'a>,
    #[serde(borrow)]
    pub(super) timestamp: Str<'a>,
    #[serde(borrow)]
    pub(super) session_id: Str<'a>,
    #[serde(borrow)]
    pub(super) forked_from_id: Str<'a>,
    #[serde(borrow)]
    pub(super) parent_thread_id: Str<'a>,
    #[serde(borrow)]
    pub(super) thread_source: Str<'a>,
    #[serde(borrow)]
    pub(super) model_provider: Str<'a>,
    #[serde(borrow)]
    pub(super) source: Obj<Origin<'a>>,
    pub(super) subagent_history_start_ordinal: Option<Num>,
    // turn_context, task_started
    #[serde(borrow)]
    pub(super) model: Str<'a>,
    #[serde(borrow)]
    pub(super) turn_id: Str<'a>,
    #[serde(borrow)]
    pub(super) service_tier: Given<'a>,
    pub(super) model_context_window: Num,
    // thread_settings_applied
    #[serde(borrow)]
    pub(super) thread_settings: Obj<Settings<'a>>,
    // token_usage_record
    #[serde(borrow)]
    pub(super) thread_id: Str<'a>,
    #[serde(borrow)]
    pub(super) response_id: Str<'a>,
    pub(super) usage: Obj<Totals>,
    pub(super) thread_token_usage: Obj<Totals>,
    // token_count
    pub(super) info: Obj<Info>,
    #[serde(borrow)]
    pub(super) rate_limits: Obj<RateLimits<'a>>,
    // error; task_complete of newer versions has one inside
    #[serde(borrow)]
    pub(super) message: Str<'a>,
    pub(super) codex_error_info: ErrorKind,
    #[serde(borrow)]
    pub(super) error: Obj<TurnError<'a>>,
}

/// What ended a turn.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TurnError<'a> {
    #[serde(borrow)]
    pub(super) message: Str<'a>,
    pub(super) codex_error_info: ErrorKind,
}

/// Codex's word for an error: itself, or the key of an object with more about it; then its HTTP status.
#[derive(Debug, Default)]
pub(super) struct ErrorKind(pub(super) String);

impl<'de> Deserialize<'de> for ErrorKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let word = match value {
            serde_json::Value::String(word) => Some(word),
            serde_json::Value::Object(fields) => fields.into_iter().next().map(|(word, more)| {
                let status = more.get("http_status_code").and_then(serde_json::Value::as_u64);
                status.map_or_else(|| word.clone(), |status| format!("{word}:{status}"))
            }),
            _ => None,
        };
        Ok(Self(word.unwrap_or_default()))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Origin<'a> {
    #[serde(borrow)]
    pub(super) subagent: Obj<Subagent<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Subagent<'a> {
    #[serde(borrow)]
    pub(super) thread_spawn: Obj<Spawn<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spawn<'a> {
    #[serde(borrow)]
    pub(super) parent_thread_id: Str<'a>,
    #[serde(borrow)]
    pub(super) agent_nickname: Str<'a>,
    #[serde(borrow)]
    pub(super) agent_role: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Settings<'a> {
    #[serde(borrow)]
    pub(super) model: Str<'a>,
    #[serde(borrow)]
    pub(super) model_provider_id: Str<'a>,
    #[serde(borrow)]
    pub(super) service_tier: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Info {
    pub(super) total_token_usage: Obj<Totals>,
    pub(super) last_token_usage: Obj<Totals>,
    pub(super) model_context_window: Num,
}

/// Codex's own nesting: input includes what was read from and written to the cache, output includes reasoning.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(super) struct Totals {
    pub(super) input_tokens: Num,
    pub(super) cached_input_tokens: Num,
    pub(super) cache_read_input_tokens: Num,
    pub(super) cache_write_input_tokens: Num,
    pub(super) output_tokens: Num,
    pub(super) reasoning_output_tokens: Num,
}

/// A running total: input, cached, written, output, reasoning.
pub(super) type Vector = [u64; 5];

impl Totals {
    pub(super) fn vector(&self) -> Vector {
        [
            self.input_tokens.0,
            self.cached_input_tokens.max(self.cache_read_input_tokens).0,
            self.cache_write_input_tokens.0,
            self.output_tokens.0,
            self.reasoning_output_tokens.0,
        ]
    }
}

pub(super) fn usage([input, cached, written, output, reasoning]: Vector) -> Usage {
    let cached = cached.min(input);
    let written = written.min(input - cached);
    Usage {
        input: input - cached - written,
        output,
        cache_read: cached,
        cache_write_5m: written,
        reasoning: reasoning.min(output),
        ..Usage::default()
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RateLimits<'a> {
    #[serde(borrow)]
    pub(super) limit_id: Str<'a>,
    pub(super) primary: Obj<Window>,
    pub(super) secondary: Obj<Window>,
    #[serde(borrow)]
    pub(super) rate_limit_reached_type: Str<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(super) struct Window {
    pub(super) used_percent: Float,
    pub(super) window_minutes: Num,
    pub(super) resets_at: Float,
    /// The older name, relative to the time of the event.
    pub(super) resets_in_seconds: Float,
}

/// The types of a line and of its payload, when both stand at the line's beginning as Codex writes them; `None` means
/// the whole line must be read.
pub(super) fn types(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut at = expect(line, 0, b'{')?;
    let mut kind: Option<&[u8]> = None;
    loop {
        let (key, next) = string(line, at)?;
        at = expect(line, next, b':')?;
        if key == b"payload" {
            at = expect(line, at, b'{')?;
            let (key, next) = string(line, at)?;
            let inner = match kind? {
                b"event_msg" if key == b"type" => string(line, expect(line, next, b':')?)?.0,
                b"event_msg" => return None,
                _ => b"",
            };
            return Some((kind?, inner));
        }
        if line.get(at) == Some(&b'"') {
            let (value, next) = string(line, at)?;
            if key == b"type" {
                kind = Some(value);
            }
            at = next;
        } else {
            let rest = line.get(at..)?;
            at += rest.iter().take(32).position(|b| matches!(b, b',' | b'}' | b'{' | b'['))?;
        }
        at = expect(line, at, b',')?;
    }
}

/// The position after `byte`, which must stand at `at`, and after the blanks that follow.
fn expect(line: &[u8], at: usize, byte: u8) -> Option<usize> {
    let at = blanks(line, at);
    (line.get(at) == Some(&byte)).then(|| blanks(line, at + 1))
}

fn blanks(line: &[u8], mut at: usize) -> usize {
    while matches!(line.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// A short string without escapes at `at`, and the position after it.
fn string(line: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = line.get(at..)?.strip_prefix(b"\"")?;
    let end = rest.iter().take(64).position(|b| *b == b'"')?;
    let text = &rest[..end];
    (!text.contains(&b'\\')).then_some((text, at + end + 2))
}

/// Whether a line of these types can matter.
pub(super) fn matters(types: (&[u8], &[u8])) -> bool {
    match types {
        (b"event_msg", inner) => {
            let other = matches!(
                inner,
                b"token_count" | b"thread_settings_applied" | b"task_started" | b"context_compacted"
            );
            other || TURN_ENDS.contains(&inner)
        }
        (b"session_meta" | b"turn_context" | b"token_usage_record" | b"compacted", _) => true,
        _ => false,
    }
}
