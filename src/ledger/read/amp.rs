//! Amp: `threads/<id>.json`, a whole conversation in one object with a ledger of its own.

use std::path::Path;

use serde_json::Value;

use super::Batch;
use super::json::timestamp_ms;
use crate::ledger::usage::{Terms, Usage, UsageRecord, Wins};

fn number(value: Option<&Value>, key: &str) -> u64 {
    value.and_then(|v| v.get(key)).and_then(Value::as_u64).unwrap_or(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The usage of a message: the ledger's events name the message they led to and leave out the cache.
fn of_message(usage: &Value) -> Usage {
    Usage {
        input: number(Some(usage), "inputTokens"),
        output: number(Some(usage), "outputTokens"),
        cache_read: number(Some(usage), "cacheReadInputTokens"),
        cache_write_5m: number(Some(usage), "cacheCreationInputTokens"),
        ..Usage::default()
    }
}

fn message_id(message: &Value) -> String {
    match message.get("messageId").or_else(|| message.get("id")) {
        Some(Value::String(id)) => id.clone(),
        Some(id) => id.to_string(),
        None => String::new(),
    }
}

/// Reads the thread at `path`.
pub(super) fn read(path: &Path, bytes: &[u8], out: &mut Batch) -> Option<()> {
    let thread: Value = serde_json::from_slice(bytes).ok()?;
    let stem = path.file_stem()?.to_string_lossy();
    let session = Some(text(&thread, "id")).filter(|id| !id.is_empty()).unwrap_or(&stem);
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let messages = list(thread.get("messages"));
    let events = list(thread.get("usageLedger").and_then(|l| l.get("events")));
    let mut book = |id: &str, time: &str, model: &str, usage: Usage| {
        let Some(ts_ms) = timestamp_ms(time).filter(|_| !usage.is_zero()) else { return };
        out.book(UsageRecord {
            key: format!("{session}:{id}").into(),
            ts_ms,
            session: session.into(),
            model: model.into(),
            vendor: None,
            usage,
            terms: Terms::default(),
            reported: None,
            sidechain: false,
            estimated: false,
            wins: Wins::Later,
            supersedes: None,
        });
    };
    for event in &events {
        let to = event.get("toMessageId").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
        let message = to.and_then(|to| messages.iter().find(|m| message_id(m) == to));
        let tokens = event.get("tokens");
        let of_event =
            || Usage { input: number(tokens, "input"), output: number(tokens, "output"), ..Usage::default() };
        let usage = message.and_then(|m| m.get("usage")).map_or_else(of_event, of_message);
        book(text(event, "id"), text(event, "timestamp"), text(event, "model"), usage);
    }
    if events.is_empty() {
        for message in &messages {
            let Some(usage) = message.get("usage") else { continue };
            book(&message_id(message), text(usage, "timestamp"), text(usage, "model"), of_message(usage));
        }
    }
    Some(())
}
