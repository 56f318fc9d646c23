//! What an agent itself said, by its transcript: the text of its replies and nothing else.
//!
//! Never what the person wrote, what a tool gave, what it thought, or what a subagent said. Parsing never fails: a line
//! that is not understood says nothing. Decides nothing about messages.

use rusqlite::Connection;
use serde_json::Value;

use crate::ledger::read::json::{parse, timestamp_ms};
use crate::ledger::read::uuid_ms;
use crate::ledger::usage::Source;

use super::block::MARK;

/// One record of a transcript in which a block may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Whose transcript it is.
    pub source: Source,
    /// The record's own id, which copies of it keep.
    pub record: String,
    /// When it was said, in milliseconds since 1970 UTC; of a record that is a copy, when the original was.
    pub at_ms: i64,
    /// The text.
    pub text: String,
}

/// Reads the lines of one transcript in their order.
#[derive(Debug)]
pub struct Speech {
    source: Source,
    /// Codex: the turn that the lines belong to.
    turn: String,
    /// Codex: the file began as a copy of another one.
    copied: bool,
}

impl Speech {
    /// The transcripts of `source`; `None` where no record of them is the agent's own text.
    pub fn of(source: Source) -> Option<Self> {
        let has_text = matches!(
            source,
            Source::Claude | Source::Codex | Source::Gemini | Source::Qwen | Source::OpenCode
        );
        has_text.then(|| Self { source, turn: String::new(), copied: false })
    }

    /// The file is read from its start.
    pub fn restart(&mut self) {
        (self.turn, self.copied) = (String::new(), false);
    }

    /// Whether a line has to be looked at at all; the others are passed over unread.
    fn matters(&self, line: &[u8]) -> bool {
        let has = |needle: &str| memchr::memmem::find(line, needle.as_bytes()).is_some();
        let of_codex = || ["\"session_meta\"", "\"turn_context\"", "\"task_started\""].into_iter().any(has);
        has(MARK) || (self.source == Source::Codex && of_codex())
    }

    /// What the agent says in this line.
    pub fn line(&mut self, line: &[u8]) -> Vec<Said> {
        if !self.matters(line) {
            return Vec::new();
        }
        let Some(value) = parse::<Value>(line) else { return Vec::new() };
        match self.source {
            Source::Claude => self.claude(&value).unwrap_or_default(),
            Source::Codex => self.codex(&value).unwrap_or_default(),
            Source::Gemini => self.gemini(&value),
            Source::Qwen => self.qwen(&value).unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    fn said(&self, record: &str, at_ms: i64, text: String) -> Option<Said> {
        let there = !record.is_empty() && text.contains(MARK);
        there.then(|| Said { source: self.source, record: record.to_owned(), at_ms, text })
    }

    /// The texts of a list of content blocks of one kind: each by itself, as a fence does not go on in the next.
    fn each(&self, record: &str, at_ms: i64, content: &Value, kind: &str) -> Vec<Said> {
        let blocks = content.as_array().into_iter().flatten();
        let texts = blocks.filter(|b| b["type"] == kind).filter_map(|b| b["text"].as_str());
        texts.filter_map(|text| self.said(record, at_ms, text.to_owned())).collect()
    }

    /// One line for each content block; a copy in a fork says whose it is.
    fn claude(&self, line: &Value) -> Option<Vec<Said>> {
        let message = &line["message"];
        let own = line["type"] == "assistant"
            && message["role"] == "assistant"
            && message["model"] != "<synthetic>"
            && line["isSidechain"] != true
            && line["isApiErrorMessage"] != true
            && line["forkedFrom"].is_null()
            && line["agentId"].is_null();
        if !own {
            return None;
        }
        let id = message["id"].as_str().or_else(|| line["uuid"].as_str())?;
        Some(self.each(id, time(line)?, &message["content"], "text"))
    }

    /// Lines that a fork repeats are stamped anew; their turn is not, and its id says when it began.
    fn codex(&mut self, line: &Value) -> Option<Vec<Said>> {
        let payload = &line["payload"];
        let word = |value: &Value| value.as_str().map(str::to_owned);
        match line["type"].as_str()? {
            "session_meta" => {
                let parents = [&payload["forked_from_id"], &payload["parent_thread_id"]];
                self.copied |= parents.iter().any(|p| p.is_string());
                return None;
            }
            "turn_context" => self.turn = word(&payload["turn_id"]).unwrap_or_default(),
            "event_msg" if payload["type"] == "task_started" => {
                self.turn = word(&payload["turn_id"]).unwrap_or_default();
            }
            _ => {}
        }
        let own =
            line["type"] == "response_item" && payload["type"] == "message" && payload["role"] == "assistant";
        if !own {
            return None;
        }
        let turn = word(&payload["internal_chat_message_metadata_passthrough"]["turn_id"])
            .unwrap_or_else(|| self.turn.clone());
        let stamp = time(line)?;
        let at_ms = match uuid_ms(&turn) {
            Some(began) => began.min(stamp),
            None if self.copied => return None,
            None => stamp,
        };
        // Without an id of its own it is known by its time; a copy has another.
        let id = match payload["id"].as_str() {
            Some(id) => id.to_owned(),
            None if self.copied => return None,
            None => stamp.to_string(),
        };
        Some(self.each(&format!("{turn}:{id}"), at_ms, &payload["content"], "output_text"))
    }

    /// Messages are written again when they change, and `$set` repeats all of them.
    fn gemini(&self, line: &Value) -> Vec<Said> {
        let message = |message: &Value| {
            if message["type"] != "gemini" {
                return None;
            }
            let text = match &message["content"] {
                Value::String(text) => text.clone(),
                content => plain_parts(content),
            };
            self.said(message["id"].as_str()?, time(message)?, text)
        };
        let set = line["$set"]["messages"].as_array().into_iter().flatten();
        std::iter::once(line).chain(set).filter_map(message).collect()
    }

    fn qwen(&self, line: &Value) -> Option<Vec<Said>> {
        let own = line["type"] == "assistant" && line["isSidechain"] != true && line["forkedFrom"].is_null();
        if !own {
            return None;
        }
        let text = plain_parts(&line["message"]["parts"]);
        Some(self.said(line["uuid"].as_str()?, time(line)?, text).into_iter().collect())
    }
}

fn time(record: &Value) -> Option<i64> {
    timestamp_ms(record["timestamp"].as_str()?)
}

/// The text of a list of parts as Google's API has them, which is cut anywhere; without thoughts.
fn plain_parts(content: &Value) -> String {
    let parts = content.as_array().into_iter().flatten();
    let texts = parts.filter(|p| p["thought"] != true).filter_map(|p| p["text"].as_str());
    texts.collect::<Vec<_>>().join("")
}

/// How much older than the latest change a row may be and still be looked at: rows of one moment are written one by one.
const LOOK_BACK_MS: i64 = 10_000;

/// What the agent said in a conversation of OpenCode's database since its row of time `since`; answers the newest time.
///
/// A part that is still being written has no end yet. Forks copy messages under new ids, with the times they had.
pub fn opencode(conn: &Connection, session: &str, since: i64) -> rusqlite::Result<(Vec<Said>, i64)> {
    let mut query = conn.prepare(
        "SELECT max(p.time_updated, m.time_updated), CAST(p.data AS TEXT), CAST(m.data AS TEXT)
         FROM part p JOIN message m ON m.id = p.message_id
         WHERE p.session_id = ?1 AND (p.time_updated >= ?2 OR m.time_updated >= ?2)
           AND instr(CAST(p.data AS TEXT), ?3) > 0
         ORDER BY p.id",
    )?;
    let from = since.saturating_sub(LOOK_BACK_MS);
    let row =
        |r: &rusqlite::Row<'_>| Ok((r.get::<_, i64>(0)?, r.get::<_, String>(1)?, r.get::<_, String>(2)?));
    let mut newest = since;
    let mut found = Vec::new();
    for row in query.query_map(rusqlite::params![session, from, MARK], row)? {
        let (updated, part, message) = row?;
        newest = newest.max(updated);
        found.extend(opencode_part(&part, &message));
    }
    Ok((found, newest))
}

fn opencode_part(part: &str, message: &str) -> Option<Said> {
    let part: Value = serde_json::from_str(part).ok()?;
    let message: Value = serde_json::from_str(message).ok()?;
    let own = part["type"] == "text"
        && message["role"] == "assistant"
        && part["synthetic"] != true
        && part["ignored"] != true
        && message["summary"] != true;
    let ended = part["time"]["end"].is_number() || message["time"]["completed"].is_number();
    let at_ms = message["time"]["created"].as_i64().filter(|_| own && ended)?;
    let text = part["text"].as_str()?.to_owned();
    Some(Said { source: Source::OpenCode, record: at_ms.to_string(), at_ms, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const BLOCK: &str = "Here.\n```swarm-handoff\n{\"to\": \"web\", \"subject\": \"x\"}\n```\n";

    /// The records of which something was heard, with their times.
    fn heard(source: Source, lines: &[Value]) -> Vec<(String, i64)> {
        let mut speech = Speech::of(source).unwrap();
        let said = lines.iter().flat_map(|line| speech.line(line.to_string().as_bytes()));
        said.inspect(|said| assert_eq!((said.source, said.text.as_str()), (source, BLOCK)))
            .map(|said| (said.record, said.at_ms))
            .collect()
    }

    fn ms(text: &str) -> i64 {
        timestamp_ms(text).unwrap()
    }

    #[test]
    fn claude_is_heard_and_nobody_else_in_its_transcript() {
        let at = "2026-11-20T20:41:51.904Z";
        let line = |more: Value| {
            let mut line = json!({
                "parentUuid": "5568e185", "isSidechain": false, "type": "assistant", "uuid": "u1", "timestamp": at,
                "message": {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-5-5",
                    "content": [{"type": "text", "text": BLOCK}], "usage": {"output_tokens": 18}},
                "requestId": "req_1", "sessionId": "3d69c8ad",
            });
            for (key, value) in more.as_object().unwrap() {
                line[key] = value.clone();
            }
            line
        };
        let said =
            |content: Value| line(json!({"message": {"id": "m", "role": "assistant", "content": content}}));
        let others = [
            line(json!({"type": "user", "message": {"role": "user", "content": BLOCK}})),
            line(json!({"type": "user", "message": {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t", "content": BLOCK}]}, "toolUseResult": BLOCK})),
            line(json!({"type": "queue-operation", "operation": "enqueue", "content": BLOCK})),
            line(json!({"type": "progress", "data": {"message": {"type": "assistant", "message": {
                "role": "assistant", "content": [{"type": "text", "text": BLOCK}]}}}})),
            line(json!({"isSidechain": true, "agentId": "a1"})),
            line(json!({"isApiErrorMessage": true})),
            line(json!({"forkedFrom": {"sessionId": "s0", "messageUuid": "u0"}})),
            line(json!({"timestamp": "never"})),
            said(json!([{"type": "thinking", "thinking": BLOCK}])),
            said(json!([{"type": "tool_use", "name": "Write", "input": {"content": BLOCK}, "text": BLOCK}])),
            said(json!(BLOCK)),
            said(json!([{"type": "text", "text": "nothing"}])),
        ];
        assert_eq!(heard(Source::Claude, &others), []);
        assert_eq!(heard(Source::Claude, &[line(json!({}))]), [("msg_1".to_owned(), ms(at))]);
    }

    #[test]
    fn codex_is_heard_at_the_time_of_its_turn() {
        let (turn, at) = ("01a1fac1-03d8-7203-94c3-78028d19e415", "2026-11-20T20:59:03.291Z");
        let line = |kind: &str, payload: Value| json!({"timestamp": at, "type": kind, "payload": payload});
        let item = |role: &str, kind: &str, text: &str, id: &str| {
            line(
                "response_item",
                json!({"type": "message", "id": id, "role": role,
                "content": [{"type": kind, "text": text}]}),
            )
        };
        let began = line("turn_context", json!({"turn_id": turn, "cwd": "/p"}));
        let reply = item("assistant", "output_text", BLOCK, "msg_22_0");
        let others = [
            item("user", "input_text", BLOCK, "msg_1"),
            item("developer", "input_text", BLOCK, "msg_2"),
            item(
                "assistant",
                "output_text",
                &json!({"author": "/root_task/a", "content": BLOCK}).to_string(),
                "msg_3",
            ),
            line("response_item", json!({"type": "function_call_output", "call_id": "c", "output": BLOCK})),
            line(
                "response_item",
                json!({"type": "reasoning", "summary": [{"type": "summary_text", "text": BLOCK}]}),
            ),
            line("event_msg", json!({"type": "agent_message", "message": BLOCK})),
            line("event_msg", json!({"type": "task_complete", "turn_id": turn, "last_agent_message": BLOCK})),
            line(
                "compacted",
                json!({"message": "", "replacement_history": [{"type": "message",
                "role": "assistant", "content": [{"type": "output_text", "text": BLOCK}]}]}),
            ),
        ];
        let quoted = heard_any(Source::Codex, &others);
        assert!(quoted.iter().all(|s| super::super::block::blocks(&s.text).is_empty()), "{quoted:?}");
        // The turn began at 20:58:35.864.
        let turned = (format!("{turn}:msg_22_0"), ms("2026-11-20T20:58:35.864Z"));
        assert_eq!(heard(Source::Codex, &[began.clone(), reply.clone()])[..], *std::slice::from_ref(&turned));
        let meta = line("session_meta", json!({"id": "t2", "forked_from_id": "t1"}));
        assert_eq!(heard(Source::Codex, &[meta.clone(), began, reply.clone()]), [turned], "a copy is as old");
        assert_eq!(heard(Source::Codex, &[meta, reply.clone()]), [], "nobody knows how old this copy is");
        assert_eq!(heard(Source::Codex, &[reply]), [(":msg_22_0".to_owned(), ms(at))]);
    }

    fn heard_any(source: Source, lines: &[Value]) -> Vec<Said> {
        let mut speech = Speech::of(source).unwrap();
        lines.iter().flat_map(|line| speech.line(line.to_string().as_bytes())).collect()
    }

    #[test]
    fn gemini_and_qwen_are_heard() {
        let at = "2026-11-20T21:09:57.440Z";
        let gemini = |kind: &str, id: &str, content: Value| {
            json!({"id": id, "timestamp": at, "type": kind, "content": content, "thoughts": [{"description": BLOCK}],
                "tokens": {"output": 40}, "model": "gemini-2.5-pro"})
        };
        let (first, second) = BLOCK.split_at(9);
        let lines = [
            json!({"sessionId": "0273039b", "kind": "main"}),
            gemini("user", "g0", json!([{"text": BLOCK}])),
            gemini("user", "g1", json!([{"functionResponse": {"id": "c", "response": {"output": BLOCK}}}])),
            gemini("info", "g2", json!(BLOCK)),
            gemini("gemini", "g3", json!(BLOCK)),
            json!({"$set": {"messages": [gemini("user", "g0", json!([{"text": BLOCK}])),
                gemini("gemini", "g4", json!([{"text": first}, {"text": BLOCK, "thought": true}, {"text": second}]))]}}),
        ];
        assert_eq!(heard(Source::Gemini, &lines), [("g3".to_owned(), ms(at)), ("g4".to_owned(), ms(at))]);
        let qwen = |kind: &str, uuid: &str, role: &str, part: Value, side: bool| {
            json!({"uuid": uuid, "sessionId": "8690f7e0", "timestamp": at, "type": kind, "isSidechain": side,
                "message": {"role": role, "parts": [part]}})
        };
        let text = json!({"text": BLOCK});
        let lines = [
            qwen("user", "q0", "user", text.clone(), false),
            qwen(
                "tool_result",
                "q1",
                "user",
                json!({"functionResponse": {"response": {"output": BLOCK}}}),
                false,
            ),
            qwen("system", "q2", "model", text.clone(), false),
            qwen("assistant", "q3", "model", text.clone(), true),
            qwen("assistant", "q4", "model", json!({"text": BLOCK, "thought": true}), false),
            qwen("assistant", "q5", "model", text, false),
        ];
        assert_eq!(heard(Source::Qwen, &lines), [("q5".to_owned(), ms(at))]);
    }

    #[test]
    fn opencode_is_heard_once_its_words_have_an_end() {
        let conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT);
             CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, time_created INTEGER,
                               time_updated INTEGER, data TEXT);",
        )
        .unwrap();
        let message = |id: &str, session: &str, data: Value| {
            let sql = "INSERT INTO message VALUES (?1, ?2, 1000, 1000, ?3)";
            conn.execute(sql, [id, session, &data.to_string()]).unwrap();
        };
        let part = |id: &str, message: &str, session: &str, data: Value| {
            let sql = "INSERT INTO part VALUES (?1, ?2, ?3, 1000, 2000, ?4)";
            conn.execute(sql, [id, message, session, &data.to_string()]).unwrap();
        };
        let role = |role: &str, created: i64| json!({"role": role, "time": {"created": created}});
        let (text, ended) = (json!({"type": "text", "text": BLOCK}), json!({"start": 1, "end": 2}));
        let with = |key: &str, value: Value| {
            let mut text = json!({"type": "text", "text": BLOCK, "time": ended});
            text[key] = value;
            text
        };
        message("m1", "s1", role("user", 1));
        message("m2", "s1", role("assistant", 2));
        message("m3", "s2", role("assistant", 3));
        let mut summary = role("assistant", 4);
        summary["summary"] = json!(true);
        message("m4", "s1", summary);
        part("p1", "m1", "s1", with("type", json!("text")));
        part("p2", "m2", "s1", text.clone());
        part("p3", "m2", "s1", with("synthetic", json!(true)));
        part("p4", "m2", "s1", with("type", json!("reasoning")));
        part("p5", "m2", "s1", json!({"type": "tool", "state": {"output": BLOCK}, "time": ended}));
        part("p6", "m3", "s2", with("type", json!("text")));
        part("p7", "m4", "s1", with("type", json!("text")));
        assert_eq!(opencode(&conn, "s1", 0).unwrap(), (Vec::new(), 2000), "p2 is being written");
        let whole = with("type", json!("text")).to_string();
        conn.execute("UPDATE part SET data = ?1, time_updated = 60000 WHERE id = 'p2'", [whole]).unwrap();
        let said = Said { source: Source::OpenCode, record: "2".into(), at_ms: 2, text: BLOCK.into() };
        assert_eq!(opencode(&conn, "s1", 2000).unwrap(), (vec![said.clone()], 60_000));
        // A fork has it under other ids.
        message("m8", "s3", role("assistant", 2));
        part("p8", "m8", "s3", with("type", json!("text")));
        assert_eq!(opencode(&conn, "s3", 0).unwrap().0, [said]);
        assert_eq!(opencode(&conn, "s1", 100_000).unwrap(), (Vec::new(), 100_000));
    }

    proptest! {
        #[test]
        fn any_line_is_answered(head in "[\\[{]?(\"(type|message|payload|\\$set|content)\":)?[\\[{\"0a]?", end in "[}\\]\"]{0,4}") {
            for source in [Source::Claude, Source::Codex, Source::Gemini, Source::Qwen] {
                let line = format!("{head}{MARK} \"session_meta\" {end}");
                let _ = Speech::of(source).unwrap().line(line.as_bytes());
                let line = format!("{{\"x\":\"{MARK}\",\"session_meta\":0,\"type\":{head}1{end}}}");
                let _ = Speech::of(source).unwrap().line(line.as_bytes());
            }
        }
    }

    #[test]
    fn whose_transcripts_have_no_words_is_not_heard() {
        for source in [Source::Aider, Source::Copilot, Source::Crush, Source::Goose, Source::Amp] {
            assert!(Speech::of(source).is_none(), "{source:?}");
        }
    }
}
