use std::io::Write as _;
use std::path::Path;

use serde_json::json;

use super::*;

const STARTED: &str = "2026-11-20T20:00:00Z";

fn reading(source: Source, file: &Path, session: Option<&str>) -> Reading {
    let watched = Watched {
        swarm: "shop".parse().unwrap(),
        agent: "backend".parse().unwrap(),
        pane: "%1".parse().unwrap(),
        profile: source.as_str().into(),
        instance: "i1".into(),
        pid: None,
        directory: "/p".into(),
        session: session.map(str::to_owned),
        role: None,
        config_dir: None,
        places: BTreeMap::new(),
        transcript: None,
        started: STARTED.parse().unwrap(),
        handoff_block: true,
    };
    Reading::of(Spoken { watched, source, file: file.to_owned() }).unwrap()
}

/// A reply of Claude Code with one block in it.
fn reply(id: &str, at: &str, subject: &str) -> String {
    let text = format!("```swarm-handoff\n{{\"to\": \"web\", \"subject\": \"{subject}\"}}\n```");
    let line = json!({"type": "assistant", "timestamp": at, "uuid": id, "message": {"id": id, "role": "assistant",
        "content": [{"type": "text", "text": text}]}});
    format!("{line}\n")
}

/// Reads, and takes what is to be handed in as done.
fn subjects(reading: &mut Reading) -> Vec<String> {
    reading.read();
    let waiting = std::mem::take(&mut reading.waiting);
    reading.done.extend(waiting.iter().map(|m| m.key.clone()));
    waiting.iter().map(|m| m.read(&"backend".parse().unwrap()).unwrap().subject).collect()
}

#[test]
fn only_what_was_said_since_the_start_counts_and_only_once() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("s1.jsonl");
    let old = reply("m0", "2026-11-20T19:59:59Z", "before");
    std::fs::write(&file, old.clone() + &reply("m1", "2026-11-20T20:00:01Z", "one")).unwrap();
    let mut one = reading(Source::Claude, &file, None);
    assert_eq!(subjects(&mut one), ["one"]);
    assert_eq!(subjects(&mut one), [] as [String; 0]);
    let two = reply("m2", "2026-11-20T20:00:02Z", "two");
    std::fs::OpenOptions::new().append(true).open(&file).unwrap().write_all(two.as_bytes()).unwrap();
    assert_eq!(subjects(&mut one), ["two"]);
    // Rewritten from its start, and the same in a file of another conversation.
    let copies = reply("m2", "2026-11-20T20:00:02Z", "two") + &reply("m1", "2026-11-20T20:00:01Z", "one");
    std::fs::write(&file, &copies).unwrap();
    assert_eq!(subjects(&mut one), [] as [String; 0]);
    let fork = dir.path().join("s2.jsonl");
    std::fs::write(&fork, copies + &reply("m3", "2026-11-20T20:00:03Z", "three")).unwrap();
    one.follow(Spoken { file: fork, ..one.spoken.clone() });
    assert!(one.stale);
    assert_eq!(subjects(&mut one), ["three"]);
}

#[test]
fn a_torn_line_waits_for_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("s1.jsonl");
    let line = reply("m1", "2026-11-20T20:00:01Z", "one");
    let mut writer = std::fs::File::create(&file).unwrap();
    let mut one = reading(Source::Claude, &file, None);
    let bytes = line.trim_end().as_bytes();
    for piece in bytes[..bytes.len() - 1].chunks(7) {
        writer.write_all(piece).unwrap();
        assert_eq!(subjects(&mut one), [] as [String; 0]);
    }
    writer.write_all(b"}").unwrap();
    assert_eq!(subjects(&mut one), ["one"], "whole, though its line feed is not there yet");
    writer.write_all(b"\n").unwrap();
    assert_eq!(subjects(&mut one), [] as [String; 0]);
}

#[test]
fn a_new_monitor_finds_the_same_keys() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("s1.jsonl");
    std::fs::write(&file, reply("m1", "2026-11-20T20:00:01Z", "one")).unwrap();
    let keys = || {
        let mut fresh = reading(Source::Claude, &file, None);
        fresh.read();
        fresh.waiting.iter().map(|m| m.key.clone()).collect::<Vec<_>>()
    };
    assert_eq!((keys().len(), keys()), (1, keys()));
}

#[test]
fn what_is_said_while_the_start_is_being_booked_is_of_this_instance() {
    let mut spoken = reading(Source::Claude, Path::new("/nonexistent"), None).spoken;
    spoken.watched.started = "2026-11-20T20:58:40Z".parse().unwrap();
    // Made at 20:58:35.864.
    spoken.watched.instance = "01a1fac1-03d8-7203-94c3-78028d19e415".into();
    assert_eq!(Reading::of(spoken).unwrap().from_ms, 1_795_208_315_864);
}

#[test]
fn opencode_is_read_in_the_agents_own_conversation() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("opencode.db");
    let conn = rusqlite::Connection::open(&file).unwrap();
    let at = STARTED.parse::<jiff::Timestamp>().unwrap().as_millisecond() + 1000;
    let text = "```swarm-handoff\n{\"to\": \"web\", \"subject\": \"one\"}\n```";
    let part = json!({"type": "text", "text": text, "time": {"start": at, "end": at}});
    conn.execute_batch(&format!(
        "CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, time_updated INTEGER, data TEXT);
         CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, time_created INTEGER,
                           time_updated INTEGER, data TEXT);
         INSERT INTO message VALUES ('m1', 's1', {at}, {at}, '{{\"role\":\"assistant\",\"time\":{{\"created\":{at}}}}}');
         INSERT INTO part VALUES ('p1', 'm1', 's1', {at}, {at}, '{part}');"
    ))
    .unwrap();
    assert_eq!(subjects(&mut reading(Source::OpenCode, &file, None)), [] as [String; 0]);
    assert_eq!(subjects(&mut reading(Source::OpenCode, &file, Some("s2"))), [] as [String; 0]);
    let mut one = reading(Source::OpenCode, &file, Some("s1"));
    assert_eq!(subjects(&mut one), ["one"]);
    assert_eq!(subjects(&mut one), [] as [String; 0]);
}
