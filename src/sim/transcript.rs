//! The transcript: JSON lines as Claude Code 2.1.329 writes them, so that the ledger reads and prices them.
//!
//! Builds records (values); `write` appends them. Imitates what makes such files hard to read: one reply split over
//! several lines with the same id and a growing output count, records of other types in between, sidechains in files
//! of their own. Never writes below an agent's real home.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::script::Usage;
use crate::error::{Context as _, Result};

/// Tokens of one request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Uncached input.
    pub input: u64,
    /// Output.
    pub output: u64,
    /// Read from the prompt cache.
    pub cache_read: u64,
    /// Written to the prompt cache for five minutes.
    pub cache_write_5m: u64,
    /// Written to the prompt cache for one hour.
    pub cache_write_1h: u64,
}

impl Spent {
    /// What the request put into the context window.
    pub const fn context(&self) -> u64 {
        self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h
    }

    /// `self` with what the script says instead.
    #[must_use]
    pub fn with(self, usage: Usage) -> Self {
        Self {
            input: usage.input.unwrap_or(self.input),
            output: usage.output.unwrap_or(self.output),
            cache_read: usage.cache_read.unwrap_or(self.cache_read),
            cache_write_5m: usage.cache_write_5m.unwrap_or(self.cache_write_5m),
            cache_write_1h: usage.cache_write_1h.unwrap_or(self.cache_write_1h),
        }
    }

    fn json(self, output: u64) -> Value {
        json!({
            "input_tokens": self.input,
            "cache_creation_input_tokens": self.cache_write_5m + self.cache_write_1h,
            "cache_read_input_tokens": self.cache_read,
            "output_tokens": output,
            "server_tool_use": { "web_search_requests": 0, "web_fetch_requests": 0 },
            "service_tier": "standard",
            "cache_creation": {
                "ephemeral_1h_input_tokens": self.cache_write_1h,
                "ephemeral_5m_input_tokens": self.cache_write_5m,
            },
            "inference_geo": "",
            "speed": "standard",
        })
    }
}

/// One reply of the model, which several lines may describe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// `message.id`.
    pub id: String,
    /// `requestId`.
    pub request: String,
    /// What the request used.
    pub spent: Spent,
}

/// Which file a record goes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The session.
    pub session: String,
    /// The subagent whose own file it is.
    pub subagent: Option<String>,
    /// The line.
    pub line: Value,
    /// What is written beside the file of a subagent: what it is.
    pub note: Option<Value>,
}

/// Builds the records of one session.
#[derive(Debug)]
pub struct Scribe {
    session: String,
    cwd: String,
    model: String,
    parent: Option<String>,
    count: u64,
}

impl Scribe {
    /// A scribe for `session`; `count` is how many ids the session's file has used already.
    pub fn new(session: &str, cwd: &str, model: &str, count: u64) -> Self {
        Self {
            session: session.to_owned(),
            cwd: cwd.to_owned(),
            model: model.to_owned(),
            parent: None,
            count,
        }
    }

    /// The session.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// The model of the replies.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Another model from now on.
    pub fn set_model(&mut self, model: &str) {
        model.clone_into(&mut self.model);
    }

    /// An id that no other record of any session has, the same in every run of the same session.
    pub fn id(&mut self) -> uuid::Uuid {
        self.count += 1;
        let session = uuid::Uuid::parse_str(&self.session).unwrap_or_default().as_u128();
        // A permutation of 128 bits (odd multiplier), so that ids of one session neither repeat nor look alike.
        let mixed = session
            .wrapping_add(u128::from(self.count))
            .wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        uuid::Builder::from_random_bytes(mixed.to_be_bytes()).into_uuid()
    }

    /// A new reply.
    pub fn message(&mut self, spent: Spent) -> Message {
        Message {
            id: format!("msg_sim_{}", self.id().simple()),
            request: format!("req_sim_{}", self.id().simple()),
            spent,
        }
    }

    /// What the person, or a tool, said.
    pub fn user(&mut self, content: &Value, prompt_id: &str, at: Timestamp) -> Record {
        let line = json!({
            "isSidechain": false, "promptId": prompt_id, "type": "user",
            "message": { "role": "user", "content": content },
        });
        self.finish(line, at, None)
    }

    /// One block of a reply; `output` is the count so far.
    pub fn assistant(&mut self, message: &Message, block: &Value, output: u64, at: Timestamp) -> Record {
        let line = self.reply(message, block, output, false);
        self.finish(line, at, None)
    }

    /// What a subagent is asked, in its own file, with a note beside it.
    pub fn asked(&mut self, agent: &str, prompt: &str, at: Timestamp) -> Record {
        let line = json!({
            "isSidechain": true, "agentId": agent, "type": "user",
            "message": { "role": "user", "content": prompt },
        });
        let mut record = self.finish(line, at, Some(agent.to_owned()));
        record.line["parentUuid"] = Value::Null;
        record.note = Some(json!({ "agentType": "general-purpose", "description": "Look around" }));
        record
    }

    /// A whole reply of a subagent, in its own file.
    pub fn sidechain(&mut self, agent: &str, message: &Message, text: &str, at: Timestamp) -> Record {
        let block = json!({ "type": "text", "text": text });
        let mut line = self.reply(message, &block, message.spent.output, true);
        line["agentId"] = json!(agent);
        let mut record = self.finish(line, at, Some(agent.to_owned()));
        record.line["parentUuid"] = Value::Null;
        record
    }

    /// An API error that ended the turn.
    pub fn api_error(&mut self, kind: &str, status: u16, text: &str, at: Timestamp) -> Record {
        let id = self.id().to_string();
        let zero = Spent::default().json(0);
        let line = json!({
            "isSidechain": false, "type": "assistant",
            "message": {
                "id": id, "model": "<synthetic>", "role": "assistant", "type": "message",
                "stop_reason": "stop_sequence", "stop_sequence": "", "usage": zero,
                "content": [{ "type": "text", "text": text }],
            },
            "error": kind, "isApiErrorMessage": true, "apiErrorStatus": status,
        });
        self.finish(line, at, None)
    }

    /// A usage limit with its exact reset time.
    pub fn limit(&mut self, text: &str, resets_at: Timestamp, at: Timestamp) -> Record {
        let mut record = self.api_error("rate_limit", 429, text, at);
        let info = json!({
            "status": "rejected", "resetsAt": resets_at.as_second(), "rateLimitType": "five_hour",
            "isUsingOverage": false,
        });
        record.line["apiError"] = json!("usage_limit_reached");
        record.line["apiErrorParams"] = json!({ "rate_limit_info": info });
        record
    }

    /// A record of type `system`.
    pub fn system(&mut self, subtype: &str, extra: &Value, at: Timestamp) -> Record {
        let mut line = json!({ "isSidechain": false, "type": "system", "subtype": subtype });
        merge(&mut line, extra);
        self.finish(line, at, None)
    }

    /// A record that is no part of the conversation's chain.
    pub fn loose(&self, line: &Value, at: Timestamp) -> Record {
        let mut line = line.clone();
        line["sessionId"] = json!(self.session);
        line["timestamp"] = json!(at.to_string());
        Record { session: self.session.clone(), subagent: None, line, note: None }
    }

    fn reply(&self, message: &Message, block: &Value, output: u64, sidechain: bool) -> Value {
        json!({
            "isSidechain": sidechain,
            "message": {
                "id": message.id, "type": "message", "role": "assistant", "model": self.model,
                "content": [block],
                "stop_reason": if output >= message.spent.output { json!("end_turn") } else { Value::Null },
                "stop_sequence": null, "usage": message.spent.json(output),
            },
            "requestId": message.request, "requestedModel": self.model, "type": "assistant",
        })
    }

    fn finish(&mut self, mut line: Value, at: Timestamp, subagent: Option<String>) -> Record {
        let uuid = self.id().to_string();
        let rest = json!({
            "parentUuid": self.parent, "uuid": uuid, "timestamp": at.to_string(), "userType": "external",
            "entrypoint": "cli", "cwd": self.cwd, "sessionId": self.session,
            "version": env!("CARGO_PKG_VERSION"), "gitBranch": "",
        });
        merge(&mut line, &rest);
        if subagent.is_none() {
            self.parent = Some(uuid);
        }
        Record { session: self.session.clone(), subagent, line, note: None }
    }
}

fn merge(into: &mut Value, from: &Value) {
    if let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) {
        into.extend(from.iter().map(|(k, v)| (k.clone(), v.clone())));
    }
}

/// The folder of a project's transcripts: every character of the directory that is not alphanumeric becomes `-`.
pub fn project_dir(home: &Path, cwd: &str) -> PathBuf {
    let slug: String = cwd.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    home.join("projects").join(slug)
}

/// The file of a session.
pub fn session_file(home: &Path, cwd: &str, session: &str) -> PathBuf {
    project_dir(home, cwd).join(format!("{session}.jsonl"))
}

/// The session of a directory that was written last.
pub fn last_session(home: &Path, cwd: &str) -> Option<String> {
    let newest = fs::read_dir(project_dir(home, cwd))
        .ok()?
        .flatten()
        .filter(|e| e.path().extension().is_some_and(|x| x == "jsonl"))
        .max_by_key(|e| e.metadata().and_then(|m| m.modified()).ok())?;
    Some(newest.path().file_stem()?.to_str()?.to_owned())
}

/// What a session that goes on starts with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resumed {
    /// How many ids its file may have used: more than one line ever needs, for every line.
    pub ids: u64,
    /// Tokens in the context after its last request.
    pub context: u64,
}

/// Reads what a session's file leaves behind; lines that are no records are passed over.
pub fn resume(file: &Path) -> Result<Resumed> {
    let text = fs::read_to_string(file).context(|| format!("read {}", file.display()))?;
    let ids = 16 * (text.lines().count() as u64 + 1);
    let context = text.lines().rev().find_map(|line| {
        let record: Value = serde_json::from_str(line).ok()?;
        let usage = record.get("message")?.get("usage")?;
        let count = |key: &str| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
        let sum =
            count("input_tokens") + count("cache_read_input_tokens") + count("cache_creation_input_tokens");
        (sum > 0).then_some(sum)
    });
    Ok(Resumed { ids, context: context.unwrap_or(0) })
}

/// Appends `record` to its file with one write.
pub fn write(home: &Path, cwd: &str, record: &Record) -> io::Result<()> {
    let file = match &record.subagent {
        None => session_file(home, cwd, &record.session),
        Some(agent) => project_dir(home, cwd)
            .join(&record.session)
            .join("subagents")
            .join(format!("agent-{agent}.jsonl")),
    };
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    if let Some(note) = &record.note {
        fs::write(file.with_extension("meta.json"), note.to_string())?;
    }
    let mut line = record.line.to_string();
    line.push('\n');
    OpenOptions::new().create(true).append(true).open(file)?.write_all(line.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_in_the_next_run_and_never_in_the_same() {
        let session = "7d1f3c1e-0d4f-4c7b-9b60-0a5a6f6f7a11";
        let run = || {
            let mut scribe = Scribe::new(session, "/p", "m", 0);
            (0..1000).map(|_| scribe.id()).collect::<std::collections::BTreeSet<_>>()
        };
        assert_eq!(run().len(), 1000);
        assert_eq!(run(), run());
    }

    #[test]
    fn a_reply_reads_as_claude_codes_do() {
        let mut scribe = Scribe::new("7d1f3c1e-0d4f-4c7b-9b60-0a5a6f6f7a11", "/p", "claude-opus-5-5", 0);
        let message = scribe.message(Spent {
            input: 12,
            output: 18,
            cache_read: 8988,
            cache_write_5m: 3000,
            cache_write_1h: 0,
        });
        let line =
            scribe.assistant(&message, &json!({"type": "text", "text": "x"}), 18, Timestamp::UNIX_EPOCH).line;
        assert_eq!(line["message"]["usage"]["cache_creation_input_tokens"], 3000);
        assert_eq!(line["message"]["usage"]["cache_creation"]["ephemeral_5m_input_tokens"], 3000);
        assert_eq!(line["message"]["model"], "claude-opus-5-5");
        assert_eq!(line["type"], "assistant");
        assert_eq!(line["timestamp"], "1970-01-01T00:00:00Z");
    }

    #[test]
    fn projects_are_named_as_claude_code_names_them() {
        assert_eq!(project_dir(Path::new("/h"), "/a/b_c.d"), PathBuf::from("/h/projects/-a-b-c-d"));
    }
}
