//! Transcripts that the real agents wrote, and databases made as theirs are.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{swarm, write};

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts").join(name)
}

/// Ingests `path` for `agent` and answers the rows by model.
fn rows(agent: &str, path: &Path) -> Value {
    let home = tempfile::tempdir().unwrap();
    let db = home.path().join("l.db");
    let (db, path) = (db.to_str().unwrap(), path.to_str().unwrap());
    let done = swarm(home.path(), &["ingest", "--json", "--db", db, &format!("--{agent}"), path]);
    assert_eq!(done["malformed_lines"], 0);
    let again = swarm(home.path(), &["ingest", "--json", "--db", db, &format!("--{agent}"), path]);
    assert_eq!(again["events"], 0, "twice changes nothing");
    swarm(home.path(), &["cost", "--json", "--db", db, "--by", "model"])["rows"].clone()
}

/// What a row must say; the rest of it must be 0, and the cost as given.
fn row(key: &str, calls: u64, numbers: &[(&str, u64)], cost: Option<&str>) -> Value {
    let mut row = json!({"key": key, "calls": calls, "input": 0, "output": 0, "cache_read": 0, "cache_write_5m": 0,
        "cache_write_1h": 0, "reasoning": 0, "cost_usd": cost, "unpriced_calls": if cost.is_some() { 0 } else { calls },
        "estimated_calls": 0});
    for (field, number) in numbers {
        row[*field] = json!(number);
    }
    row
}

#[test]
fn claude_code_of_four_versions_and_its_errors() {
    let cached = [("cache_read", 8988), ("cache_write_5m", 3000), ("input", 12), ("output", 18)];
    let expected = json!([
        row(
            "claude-opus-5-5",
            2,
            &[("input", 24), ("output", 73), ("cache_read", 17976), ("cache_write_5m", 6000)],
            Some("0.0351512")
        ),
        row("claude-sonnet-4-20250514", 1, &cached, Some("0.0142524")),
        row("claude-sonnet-4-5-20250929", 1, &cached, Some("0.0142524")),
    ]);
    assert_eq!(rows("claude", &recorded("claude")), expected);
}

#[test]
fn codex_with_usage_records_beside_counts() {
    let expected = json!([row("gpt-5.5", 4, &[("input", 32_545), ("output", 160)], Some("0.167525"))]);
    assert_eq!(rows("codex", &recorded("codex")), expected);
}

#[test]
fn codex_compressed() {
    let expected = json!([row("gpt-5.5", 2, &[("input", 16_270), ("output", 80)], Some("0.08375"))]);
    assert_eq!(rows("codex", &recorded("codex-zst")), expected);
}

#[test]
fn gemini_repeats_its_messages_and_bills_them_once() {
    let numbers = [("input", 400_385), ("output", 1880), ("cache_read", 400_000), ("reasoning", 600)];
    assert_eq!(
        rows("gemini", &recorded("gemini")),
        json!([row("gemini-2.5-pro", 3, &numbers, Some("1.12828125"))])
    );
}

#[test]
fn qwen_and_copilot_with_models_nobody_lists() {
    assert_eq!(
        rows("qwen", &recorded("qwen")),
        json!([row("qwen2-fake", 2, &[("input", 19_143), ("output", 80)], None)])
    );
    let copilot = json!([row("copilot2-fake-tools", 2, &[("input", 12_459), ("output", 80)], None)]);
    assert_eq!(rows("copilot", &recorded("copilot")), copilot);
}

#[test]
fn aider_exact_by_its_analytics_and_estimated_by_its_history() {
    let mut expected = row("fake-aider", 4, &[("input", 10_400), ("output", 156)], Some("0.0222"));
    expected["estimated_calls"] = json!(4);
    assert_eq!(rows("aider", &recorded("aider/.aider.chat.history.md")), json!([expected]));
    let log = tempfile::tempdir().unwrap();
    let log = log.path().join("analytics.jsonl");
    write(
        &log,
        r#"{"event":"message_send","properties":{"main_model":"anthropic/claude-sonnet-5","prompt_tokens":1000,"completion_tokens":10,"cost":0.0021},"user_id":"u","time":1795208315}
{"event":"exit","properties":{},"user_id":"u","time":1795208316}
"#,
    );
    let expected = row("claude-sonnet-5", 1, &[("input", 1000), ("output", 10)], Some("0.0021"));
    assert_eq!(rows("aider", &log), json!([expected]));
}

#[test]
fn opencode_by_its_database_and_by_its_older_files() {
    let dir = tempfile::tempdir().unwrap();
    let message = |cost: &str| {
        format!(
            r#"{{"role":"assistant","modelID":"claude-sonnet-5","providerID":"anthropic","cost":{cost},
            "tokens":{{"input":10,"output":5,"reasoning":3,"cache":{{"read":7,"write":2}}}},"time":{{"created":1795208315000,"completed":1795208316000}}}}"#
        )
    };
    let path = dir.path().join("opencode.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE session(id TEXT PRIMARY KEY, parent_id TEXT);
         CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT);
         INSERT INTO session VALUES ('ses_1', NULL), ('ses_2', 'ses_1');",
    )
    .unwrap();
    let insert = "INSERT INTO message VALUES (?1, ?2, 1795208315000, 1795208316000, ?3)";
    db.execute(insert, ["msg_1", "ses_1", &message("0.5")]).unwrap();
    db.execute(insert, ["msg_2", "ses_2", &message("0")]).unwrap();
    db.execute(insert, ["msg_3", "ses_1", r#"{"role":"user"}"#]).unwrap();
    let numbers =
        [("input", 20), ("output", 16), ("reasoning", 6), ("cache_read", 14), ("cache_write_5m", 4)];
    assert_eq!(rows("opencode", &path), json!([row("claude-sonnet-5", 2, &numbers, Some("0.50"))]));
    drop(db);
    let old = tempfile::tempdir().unwrap();
    write(&old.path().join("storage/message/ses_1/msg_1.json"), message("0.5"));
    let numbers = [("input", 10), ("output", 8), ("reasoning", 3), ("cache_read", 7), ("cache_write_5m", 2)];
    assert_eq!(rows("opencode", old.path()), json!([row("claude-sonnet-5", 1, &numbers, Some("0.50"))]));
    // A subagent's messages belong to the session that started it.
    let storage = old.path().join("storage");
    write(&storage.join("message/ses_3/msg_3.json"), message("0.25"));
    write(&storage.join("session/p/ses_3.json"), r#"{"id":"ses_3","parentID":"ses_2"}"#);
    write(&storage.join("session/p/ses_2.json"), r#"{"id":"ses_2","parentID":"ses_1"}"#);
    write(&storage.join("session/p/ses_1.json"), r#"{"id":"ses_1"}"#);
    assert_eq!(calls(&sessions("opencode", old.path())), [("ses_1".to_owned(), 2)]);
}

/// Ingests `path` for `agent` and answers the rows by session.
fn sessions(agent: &str, path: &Path) -> Value {
    let home = tempfile::tempdir().unwrap();
    swarm(home.path(), &["ingest", "--json", &format!("--{agent}"), path.to_str().unwrap()]);
    swarm(home.path(), &["cost", "--json", "--by", "session"])["rows"].clone()
}

fn calls(rows: &Value) -> Vec<(String, u64)> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|r| (r["key"].as_str().unwrap().to_owned(), r["calls"].as_u64().unwrap())).collect()
}

/// aider's files have no ids: what is trimmed or rotated is not billed again.
#[test]
fn aider_bills_once_whatever_is_cut_off() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let read = |file: &Path| {
        swarm(home, &["ingest", "--json", "--aider", file.to_str().unwrap()]);
        let total = swarm(home, &["cost", "--json", "--tz", "UTC"])["total"].clone();
        (total["calls"].as_u64().unwrap(), total["cost_usd"].as_str().unwrap_or("").to_owned())
    };
    let log = home.join("a.jsonl");
    let sent = |n: u64, time: u64, total: f64| {
        format!(
            r#"{{"event":"message_send","properties":{{"main_model":"anthropic/claude-sonnet-5","prompt_tokens":{n},"completion_tokens":10,"cost":0.002,"total_cost":{total}}},"user_id":"u","time":{time}}}"#
        ) + "\n"
    };
    // The last two are alike up to the running total.
    let lines = [
        sent(1001, 1_795_208_316, 0.002),
        sent(1002, 1_795_208_317, 0.004),
        sent(1002, 1_795_208_317, 0.006),
    ];
    write(&log, lines.concat());
    assert_eq!(read(&log), (3, "0.006".into()));
    write(&log, lines[1..].concat());
    assert_eq!(read(&log), (3, "0.006".into()), "trimmed");
    write(&log, lines[2..].concat() + &sent(1, 1_795_208_400, 0.008));
    assert_eq!(read(&log), (4, "0.008".into()), "trimmed and grown");
    std::fs::rename(&log, home.join("b.jsonl")).unwrap();
    write(&log, sent(2, 1_795_208_500, 0.010));
    assert_eq!(read(&log), (5, "0.01".into()), "rotated");

    let history = home.join(".aider.chat.history.md");
    let said = |model: &str| format!("> Main model: {model} with diff edit format\n");
    let tokens = "> Tokens: 1.2k sent, 100 received. Cost: $0.05 message, $0.05 session.\n";
    let first = format!("# aider chat started at 2026-11-20 12:00:00\n{}{tokens}", said("claude-sonnet-5"));
    let second = format!("# aider chat started at 2026-11-21 12:00:00\n{tokens}{tokens}");
    write(&history, format!("{first}{second}"));
    assert_eq!(read(&history), (8, "0.16".into()));
    write(&history, &second);
    assert_eq!(read(&history), (8, "0.16".into()), "trimmed");
    let models = swarm(home, &["cost", "--json", "--by", "model"])["rows"].clone();
    assert_eq!(calls(&models), [("claude-sonnet-5".to_owned(), 8)], "what was known of them stays");
}

/// A running subagent has its own cost; when it has ended, its parent's cost includes it.
#[test]
fn crush_counts_a_subagent_once() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let path = home.join("crush.db");
    let crush = rusqlite::Connection::open(&path).unwrap();
    crush
        .execute_batch(
            "CREATE TABLE sessions(id TEXT, parent_session_id TEXT, prompt_tokens INTEGER, completion_tokens INTEGER,
               cost REAL, updated_at INTEGER);
             CREATE TABLE messages(session_id TEXT, model TEXT, provider TEXT, created_at INTEGER);
             INSERT INTO sessions VALUES ('p', NULL, 100, 10, 0.25, 1795208315);
             INSERT INTO messages VALUES ('p', 'claude-sonnet-5', 'anthropic', 1), ('sub', 'claude-sonnet-5', 'anthropic', 1);",
        )
        .unwrap();
    let total = || {
        swarm(home, &["ingest", "--json", "--crush", path.to_str().unwrap()]);
        let rows = swarm(home, &["cost", "--json", "--by", "session"]);
        let keys: Vec<_> = rows["rows"].as_array().unwrap().iter().map(|r| r["key"].clone()).collect();
        assert_eq!(keys, [json!("p")], "a subagent's usage is its parent's");
        rows["total"]["cost_usd"].as_str().unwrap().to_owned()
    };
    assert_eq!(total(), "0.25");
    crush.execute("INSERT INTO sessions VALUES ('sub', 'p', 50, 5, 0.10, 1795208320)", []).unwrap();
    assert_eq!(total(), "0.35", "while it runs");
    crush.execute("UPDATE sessions SET cost = 0.35 WHERE id = 'p'", []).unwrap();
    assert_eq!(total(), "0.35", "when it has ended");
    crush.execute("UPDATE sessions SET cost = 0.45, updated_at = 1795208330 WHERE id = 'p'", []).unwrap();
    assert_eq!(total(), "0.45", "and its parent goes on");
}

#[test]
fn the_desktops_sessions_are_found() {
    let home = tempfile::tempdir().unwrap();
    let session = home.path().join(".config/Claude/local-agent-mode-sessions/user/org/local_1");
    write(&session.join(".claude/projects/p/s1.jsonl"), super::line("a", "2026-11-20T12:00:00.000Z", 5));
    write(&session.join("audit.jsonl"), super::line("b", "2026-11-20T12:00:00.000Z", 5));
    assert_eq!(swarm(home.path(), &["ingest", "--json"])["events"], 1);
}

#[test]
fn crush_and_goose_keep_totals_whose_growth_is_booked() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("crush.db");
    let crush = rusqlite::Connection::open(&path).unwrap();
    crush
        .execute_batch(
            "CREATE TABLE sessions(id TEXT, prompt_tokens INTEGER, completion_tokens INTEGER, cost REAL, updated_at INTEGER);
             CREATE TABLE messages(session_id TEXT, model TEXT, provider TEXT, created_at INTEGER);
             INSERT INTO sessions VALUES ('s', 100, 10, 0.25, 1795208315);
             INSERT INTO messages VALUES ('s', 'claude-sonnet-5', 'anthropic', 1);",
        )
        .unwrap();
    let db = home.path().join("l.db");
    let ingest = |flag: &str, file: &Path| {
        swarm(home.path(), &["ingest", "--json", "--db", db.to_str().unwrap(), flag, file.to_str().unwrap()])
    };
    ingest("--crush", &path);
    crush.execute("UPDATE sessions SET prompt_tokens = 150, completion_tokens = 30, cost = 0.75, updated_at = 1795294715", []).unwrap();
    ingest("--crush", &path);
    let goose_path = home.path().join("sessions.db");
    let goose = rusqlite::Connection::open(&goose_path).unwrap();
    goose
        .execute_batch(
            "CREATE TABLE sessions(id TEXT, accumulated_input_tokens INTEGER, accumulated_output_tokens INTEGER,
               updated_at TEXT, model_config_json TEXT, provider_name TEXT);
             INSERT INTO sessions VALUES ('g', 1000, 100, '2026-11-20 21:00:00', '{\"model_name\":\"gpt-5.5\"}', 'openai');",
        )
        .unwrap();
    ingest("--goose", &goose_path);
    let days = swarm(home.path(), &["cost", "--json", "--db", db.to_str().unwrap(), "--tz", "UTC"]);
    let brief: Vec<_> = days["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["key"].clone(), r["input"].clone(), r["cost_usd"].clone()))
        .collect();
    assert_eq!(
        brief,
        [(json!("2026-11-20"), json!(1100), json!("0.258")), (json!("2026-11-21"), json!(50), json!("0.50")),]
    );
    assert_eq!(days["total"]["estimated_calls"], 3);
}

#[test]
fn amps_ledger_is_joined_with_the_cache_of_its_messages() {
    let dir = tempfile::tempdir().unwrap();
    write(
        &dir.path().join("threads/T-1.json"),
        r#"{"id":"T-1","messages":[{"messageId":2,"usage":{"model":"claude-opus-5","inputTokens":10,"outputTokens":5,
        "cacheCreationInputTokens":3,"cacheReadInputTokens":100,"timestamp":"2026-11-20T21:00:00Z"}}],
        "usageLedger":{"events":[{"id":"e1","timestamp":"2026-11-20T21:00:01Z","model":"claude-opus-5","toMessageId":2,"tokens":{"input":10,"output":5}},
        {"id":"e2","timestamp":"2026-11-20T21:00:02Z","model":"claude-haiku-5-5","tokens":{"input":7,"output":1}}]}}"#,
    );
    let rows = rows("amp", &dir.path().join("threads"));
    let opus = [("input", 10), ("output", 5), ("cache_read", 100), ("cache_write_5m", 3)];
    assert_eq!(
        rows,
        json!([
            row("claude-opus-5", 1, &opus, Some("0.00024375")),
            row("claude-haiku-5-5", 1, &[("input", 7), ("output", 1)], Some("0.0000012")),
        ])
    );
}

/// A resumed conversation begins with a copy under its own id: the bills stay with the one that ended first, whatever
/// the file system says. Subagents' belong to their parent, however deep their files lie.
#[test]
fn bills_belong_to_the_conversation_that_had_them_first() {
    let home = tempfile::tempdir().unwrap();
    let projects = home.path().join(".claude/projects/p");
    let first = super::line("a", "2026-11-20T12:00:00.000Z", 5);
    let later = super::line("b", "2026-11-20T13:00:00.000Z", 5);
    write(&projects.join("resumed.jsonl"), (first.clone() + &later).replace("\"s1\"", "\"resumed\""));
    write(&projects.join("s1.jsonl"), &first);
    write(
        &projects.join("s1/subagents/deep/agent-1.jsonl"),
        super::line("c", "2026-11-20T12:30:00.000Z", 5).replace("\"s1\"", "\"other\""),
    );
    swarm(home.path(), &["ingest", "--json"]);
    let rows = swarm(home.path(), &["cost", "--json", "--by", "session"])["rows"].clone();
    let calls =
        |key: &str| rows.as_array().unwrap().iter().find(|r| r["key"] == key).map(|r| r["calls"].clone());
    assert_eq!((calls("s1"), calls("resumed"), calls("other")), (Some(json!(2)), Some(json!(1)), None));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    /// Whatever is cut, flipped, doubled or overwritten in a transcript: reading it answers.
    #[test]
    fn damaged_transcripts_are_read_without_failing(seed in proptest::prelude::any::<u64>()) {
        use swarm::ledger::discover::transcripts;
        use swarm::ledger::ingest::{Job, read_one};
        use swarm::ledger::usage::Source;
        let mut dice = super::Dice(seed);
        let dir = tempfile::tempdir().unwrap();
        for source in [Source::Claude, Source::Codex, Source::Gemini, Source::Qwen, Source::Copilot, Source::Aider] {
            for found in transcripts(source, &recorded(source.as_str())) {
                let mut bytes = std::fs::read(&found.path).unwrap();
                for _ in 0..dice.below(12) {
                    let at = dice.below(bytes.len() as u64) as usize;
                    match dice.below(5) {
                        0 => bytes.truncate(at + 1),
                        1 => bytes[at] = dice.below(256) as u8,
                        2 => bytes.insert(at, b'{'),
                        3 => drop(bytes.splice(at..at, *b"18446744073709551615")),
                        _ => bytes.extend_from_within(at..),
                    }
                }
                let path = dir.path().join(source.as_str()).join("chats").join(found.path.file_name().unwrap());
                write(&path, &bytes);
                for found in transcripts(source, &path) {
                    let outcome = read_one(Job { found, before: None, moved_from: None }, &mut Vec::new());
                    proptest::prop_assert!(outcome.is_some());
                }
            }
        }
    }
}
