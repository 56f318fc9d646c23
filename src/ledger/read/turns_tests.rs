//! What recorded transcripts say about the turn, read at once, in pieces, with torn ends and with garbage between.

use std::path::{Path, PathBuf};

use super::{Batch, Sink, reader};
use crate::ledger::scan::{Lines, Seen};
use crate::ledger::usage::Source;
use crate::observe::transcript::{Said, TurnRecord};
use crate::status::Reason;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// Reads `text` as the file at `path`, in pieces of so many lines, each by a reader that remembers the last one's state.
fn read(source: Source, path: &Path, text: &[u8], lines: usize) -> Vec<TurnRecord> {
    let (mut state, mut all_said, mut offset) = (String::new(), Batch::default(), 0);
    let all: Vec<&[u8]> = text.split_inclusive(|b| *b == b'\n').collect();
    for piece in all.chunks(lines) {
        let piece = piece.concat();
        let (reader, _) = reader(source, path, &state).unwrap();
        let mut sink = Sink { reader, batch: Batch::default() };
        if piece.ends_with(b"\n") {
            sink.block(offset, &piece);
        } else {
            sink.rest(offset, &piece);
        }
        offset += piece.len() as u64;
        state = sink.reader.state();
        sink.batch.turns.into_iter().for_each(|record| all_said.tell(record));
    }
    all_said.turns
}

fn recorded(source: Source, path: &str) -> Vec<(&'static str, Said)> {
    let path = data(path);
    let text = std::fs::read(&path).unwrap();
    brief(&read(source, &path, &text, usize::MAX))
}

fn brief(turns: &[TurnRecord]) -> Vec<(&'static str, Said)> {
    turns.iter().map(|t| (t.name, t.said)).collect()
}

const CLAUDE: &str = "transcripts/claude/projects/app/errors.jsonl";
const CODEX: &str = "turns/rollout-2026-11-29T19-27-36-01a228c6-f03b-7330-8f1b-8a008fa184ba.jsonl";
const COPILOT: &str = "turns/events.jsonl";
const GEMINI: &str = "transcripts/gemini/tmp/app/chats/session-2026-11-20T21-09-0273039b.jsonl";

#[test]
fn claude_says_how_a_turn_failed_and_until_when_a_limit_lasts() {
    let path = data(CLAUDE);
    let turns = read(Source::Claude, &path, &std::fs::read(&path).unwrap(), usize::MAX);
    let limits: Vec<_> = turns.iter().filter(|t| matches!(t.said, Said::Limited(_))).collect();
    let until: Vec<_> = limits.iter().map(|t| t.said).collect();
    // The weekly limit, the text of old versions, the five-hour limit.
    let expected =
        [1_795_381_227_000, 1_795_215_284_000, 1_795_215_611_000].map(|ms| Said::Limited(Some(ms)));
    assert_eq!(until, expected);
    assert_eq!(limits[0].text, "You've hit your weekly limit · resets Nov 22, 9pm (UTC)");
    let failed = |reason| turns.iter().filter(|t| t.said == Said::Failed(reason)).count();
    assert_eq!((failed(Reason::ContextFull), failed(Reason::Auth)), (1, 3));
    assert_eq!(turns.len(), 16, "every line ended a turn");
}

#[test]
fn an_answer_of_claude_ends_a_failure_and_a_subagent_says_nothing() {
    let (error, answer) = (error(""), answer(""));
    let turns = read(Source::Claude, Path::new("p/s.jsonl"), format!("{error}{answer}").as_bytes(), 1);
    let names: Vec<_> = brief(&turns);
    assert_eq!(names, [("api_error", Said::Failed(Reason::Api)), ("assistant", Said::Answers)]);
    let side = r#","isSidechain":true"#;
    let aside = format!("{}{}", self::error(side), self::answer(side));
    assert_eq!(read(Source::Claude, Path::new("p/s.jsonl"), aside.as_bytes(), 9), []);
    let subagent = Path::new("p/s/subagents/agent-1.jsonl");
    assert_eq!(read(Source::Claude, subagent, format!("{error}{answer}").as_bytes(), 9), []);
}

fn error(more: &str) -> String {
    format!(
        "{{\"type\":\"assistant\",\"timestamp\":\"2026-11-20T20:00:00Z\",\"error\":\"server_error\",\"isApiErrorMessage\":true{more},\
         \"message\":{{\"model\":\"<synthetic>\",\"usage\":{{}},\"content\":[{{\"type\":\"text\",\"text\":\"529\"}}]}}}}\n"
    )
}

fn answer(more: &str) -> String {
    format!(
        "{{\"type\":\"assistant\",\"timestamp\":\"2026-11-20T20:00:09Z\",\"requestId\":\"r\"{more},\
         \"message\":{{\"id\":\"m\",\"model\":\"x\",\"usage\":{{\"input_tokens\":1,\"output_tokens\":1}}}}}}\n"
    )
}

#[test]
fn codex_says_when_a_turn_begins_and_how_it_ends() {
    let ends: Vec<_> = recorded(Source::Codex, CODEX);
    let (begun, ended): (Vec<_>, Vec<_>) = ends.into_iter().partition(|(_, said)| *said == Said::Began);
    assert_eq!(begun, [("task_started", Said::Began); 7]);
    let expected = [
        ("task_complete", Said::Ended),
        ("task_complete", Said::Limited(None)),
        ("task_complete", Said::Failed(Reason::Auth)),
        ("task_complete", Said::Failed(Reason::ContextFull)),
        ("task_complete", Said::Failed(Reason::Api)),
        ("turn_aborted", Said::Ended),
        ("turn_aborted", Said::Ended),
    ];
    assert_eq!(ended, expected);
}

#[test]
fn codex_dates_a_limit_by_what_it_was_told_of_its_windows_and_tells_an_error_once() {
    let event = |time: &str, payload: &str| {
        format!(
            "{{\"timestamp\":\"2026-11-20T20:00:{time}Z\",\"type\":\"event_msg\",\"payload\":{{{payload}}}}}\n"
        )
    };
    let limits = r#""type":"token_count","rate_limits":{"primary":{"used_percent":100.0,"window_minutes":300,"resets_at":1795215611}}"#;
    let failed = |how: &str| {
        let text = [
            event("00", r#""type":"task_started""#),
            event("01", limits),
            event("02", how),
            event("03", r#""type":"task_complete","last_agent_message":null"#),
        ];
        let turns = read(Source::Codex, Path::new("rollout-x.jsonl"), text.concat().as_bytes(), 1);
        brief(&turns)[1..].to_vec()
    };
    // Where the error is an event of its own, that the task is complete says no more.
    assert_eq!(
        failed(
            r#""type":"error","message":"You’ve hit your usage limit.","codex_error_info":"usage_limit_exceeded""#
        ),
        [("error", Said::Limited(Some(1_795_215_611_000)))]
    );
    let inside =
        r#""type":"task_complete","error":{"message":"401","codex_error_info":{"unauthorized":{"a":1}}}"#;
    assert_eq!(failed(inside), [("task_complete", Said::Failed(Reason::Auth))]);
    assert_eq!(failed(r#""type":"token_count""#), [("task_complete", Said::Ended)]);
}

#[test]
fn copilot_says_what_it_asks_and_which_turn_was_the_last() {
    let asks = |reason| Said::Asks(reason);
    let expected: Vec<(&str, Said)> = [
        // A text.
        vec![("assistant.turn_end", Said::Ended)],
        // A command that is allowed: a turn of Copilot's is one request, the first is not the last.
        vec![
            ("permission.requested", asks(Reason::Permission)),
            ("permission.completed", Said::Answered),
            ("assistant.turn_start", Said::Works),
            ("assistant.turn_end", Said::Ended),
        ],
        // A file, and Esc at the prompt.
        vec![
            ("permission.requested", asks(Reason::Permission)),
            ("permission.completed", Said::Answered),
            ("abort", Said::Ended),
        ],
        // A long answer, and Esc.
        vec![("assistant.turn_end", Said::Ended), ("abort", Said::Ended)],
        // A question, and Esc at it: the model is told.
        vec![
            ("ask_user", asks(Reason::Question)),
            ("ask_user", Said::Answered),
            ("assistant.turn_start", Said::Works),
            ("assistant.turn_end", Said::Ended),
        ],
        vec![("assistant.turn_end", Said::Ended), ("session.error", Said::Failed(Reason::Auth))],
        vec![("assistant.turn_end", Said::Ended), ("session.error", Said::Failed(Reason::Api))],
        // A request that is tried again and again.
        vec![],
    ]
    .into_iter()
    .flat_map(|turn| {
        [("user.message", Said::Began), ("assistant.turn_start", Said::Works)].into_iter().chain(turn)
    })
    .collect();
    assert_eq!(recorded(Source::Copilot, COPILOT), expected);
}

#[test]
fn of_two_open_permissions_of_copilot_one_answer_leaves_one() {
    let event = |kind: &str, id: &str| {
        format!(
            "{{\"type\":\"permission.{kind}\",\"data\":{{\"requestId\":\"{id}\"}},\"timestamp\":\"2026-11-20T20:00:00Z\"}}\n"
        )
    };
    let text =
        [event("requested", "a"), event("requested", "b"), event("completed", "a"), event("completed", "b")];
    let turns = read(Source::Copilot, Path::new("s/events.jsonl"), text.concat().as_bytes(), 1);
    let said: Vec<_> = turns.iter().map(|t| t.said).collect();
    assert_eq!(
        said,
        [Said::Asks(Reason::Permission); 2].into_iter().chain([Said::Answered]).collect::<Vec<_>>()
    );
}

#[test]
fn gemini_says_when_it_was_asked_what_failed_and_what_was_cancelled() {
    let turns = recorded(Source::Gemini, GEMINI);
    let count = |said| turns.iter().filter(|(_, s)| *s == said).count();
    assert_eq!(turns[0], ("user", Said::Began));
    assert_eq!(
        (count(Said::Failed(Reason::Auth)), count(Said::Limited(None)), count(Said::Ended)),
        (1, 1, 3)
    );
    assert_eq!(count(Said::Works), 1, "the result of a tool");
}

#[test]
fn qwen_says_when_it_was_asked() {
    let turns = recorded(Source::Qwen, "turns/qwen.jsonl");
    let expected = [
        ("user", Said::Began),
        ("assistant", Said::Answers),
        // Esc leaves nothing.
        ("user", Said::Began),
        ("user", Said::Began),
        ("assistant", Said::Answers),
        ("tool_cancelled", Said::Answers),
        // Nor do errors that say whether it tries again.
        ("user", Said::Began),
    ];
    let mut once = expected.to_vec();
    once.dedup();
    assert_eq!(turns, once);
}

#[test]
fn opencode_says_what_its_messages_are_and_whose() {
    let conn = rusqlite::Connection::open_in_memory().unwrap();
    conn.execute_batch(
        "CREATE TABLE session (id TEXT, parent_id TEXT);
         CREATE TABLE message (id TEXT, session_id TEXT, time_updated INTEGER, data TEXT);",
    )
    .unwrap();
    let text = std::fs::read_to_string(data("turns/opencode.jsonl")).unwrap();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| row[key].as_str().unwrap().to_owned();
        conn.execute(
            "INSERT INTO message VALUES (?1, ?2, ?3, ?4)",
            rusqlite::params![
                word("id"),
                word("session_id"),
                row["time_updated"].as_i64(),
                row["data"].to_string()
            ],
        )
        .unwrap();
    }
    let mut batch = Batch::default();
    super::opencode::database(&conn, "", &mut batch).unwrap();
    batch.turns.sort_by_key(|t| t.at_ms);
    assert!(batch.turns.iter().all(|t| t.session.as_deref().is_some_and(|s| s.starts_with("ses_"))));
    let mut turns = brief(&batch.turns);
    turns.dedup();
    let expected = [
        ("user", Said::Began),
        ("aborted", Said::Ended),
        // A tool that is refused leaves a message that asked for one. Neighbours that say the same are one.
        ("assistant", Said::Works),
        ("user", Said::Began),
        ("error", Said::Failed(Reason::Auth)),
        // Too long: compacted, twice, and asked again.
        ("user", Said::Began),
        ("assistant", Said::Works),
        ("user", Said::Began),
        ("assistant", Said::Works),
        ("user", Said::Began),
        ("finish", Said::Ended),
    ];
    assert_eq!(turns, expected);
}

#[test]
fn pieces_torn_ends_and_garbage_change_nothing() {
    let all = [
        (Source::Claude, CLAUDE),
        (Source::Codex, CODEX),
        (Source::Copilot, COPILOT),
        (Source::Gemini, GEMINI),
    ];
    for (source, path) in all {
        let path = data(path);
        let text = std::fs::read(&path).unwrap();
        let whole = read(source, &path, &text, usize::MAX);
        assert_eq!(read(source, &path, &text, 1), whole, "{source:?} line by line");
        let mut spoilt = Vec::new();
        for line in text.split_inclusive(|b| *b == b'\n') {
            spoilt.extend_from_slice(b"\0\0\xff{\"type\":\"task_complete\",\"payload\":[\n{}\nnull\n[1]\n");
            spoilt.extend_from_slice(line);
        }
        assert_eq!(read(source, &path, &spoilt, usize::MAX), whole, "{source:?} with garbage");
        // Wherever the last line is torn: what was whole before it is said, and of the torn one nothing.
        let last = text[..text.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
        let before = read(source, &path, &text[..last], usize::MAX);
        for end in (last + 1..text.len() - 1).step_by(7) {
            assert_eq!(read(source, &path, &text[..end], 1), before, "{source:?} torn at {end}");
        }
    }
}

#[test]
fn a_torn_line_is_taken_when_it_is_whole() {
    let path = data(CODEX);
    let (reader, _) = reader(Source::Codex, &path, "").unwrap();
    let mut sink = Sink { reader, batch: Batch::default() };
    let text = std::fs::read(&path).unwrap();
    let line = text.split(|b| *b == b'\n').nth(1).unwrap();
    assert_eq!(sink.rest(0, &line[..line.len() / 2]), Seen::Malformed);
    assert_eq!(sink.rest(0, line), Seen::Taken);
    assert_eq!(brief(&sink.batch.turns), [("task_started", Said::Began)]);
}

#[test]
fn only_the_last_records_are_kept() {
    let mut batch = Batch::default();
    for n in 0..10_000 {
        let said = if n % 2 == 0 { Said::Began } else { Said::Ended };
        batch.tell(TurnRecord::new(n, "x", said));
    }
    assert!(batch.turns.len() <= crate::observe::transcript::RECORDS_MAX);
    assert_eq!(batch.turns.last().map(|t| t.at_ms), Some(9_999));
    // What says the same again and again is one record.
    for n in 0..100 {
        batch.tell(TurnRecord::new(10_000 + n, "y", Said::Works));
    }
    assert_eq!(batch.turns.iter().filter(|t| t.name == "y").count(), 1);
}
