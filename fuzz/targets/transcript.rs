//! Transcripts of every agent CLI that writes lines: read at once and in two pieces, with what is remembered between
//! them; the tokens are the same, and so is what is said of the turn, which is weighed.
#![no_main]

use std::path::Path;

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use swarm::ledger::read::{Batch, reader};
use swarm::ledger::usage::Source;
use swarm::observe::evidence::{Board, ProcessFact};
use swarm::observe::fuse::{FusionPolicy, fuse};
use swarm::observe::transcript::TurnRecord;
use swarm::status::Verdict;

/// A source and a file name its reader accepts.
const FILES: [(Source, &str); 7] = [
    (Source::Claude, "p/01234567-89ab-4cde-8f01-23456789abcd.jsonl"),
    (Source::Codex, "rollout-2026-11-20T00-00-00-01234567-89ab-7cde-8f01-23456789abcd.jsonl"),
    (Source::Gemini, "chats/session-1.jsonl"),
    (Source::Qwen, "chats/1.jsonl"),
    (Source::Copilot, "s/events.jsonl"),
    (Source::Aider, ".aider.chat.history.md"),
    (Source::Aider, "analytics.jsonl"),
];

fuzz_target!(|data: &[u8]| {
    // From the end: a recorded file begins as it was recorded.
    let [bytes @ .., cut, which] = data else { return };
    let (source, path) = FILES[usize::from(*which) % FILES.len()];
    let path = Path::new(path);
    let read = |parts: &[(u64, &[u8])]| {
        let (mut batch, mut state) = (Batch::default(), String::new());
        for (offset, part) in parts {
            let Some((mut reader, _)) = reader(source, path, &state) else { return (0, 0, vec![]) };
            reader.block(*offset, part, &mut batch);
            state = reader.state();
        }
        let sum = |f: fn(&swarm::ledger::usage::UsageRecord) -> u64| {
            batch.records().iter().map(f).fold(0_u64, u64::saturating_add)
        };
        (sum(|r| r.usage.input), sum(|r| r.usage.output), batch.turns)
    };
    // Cut where a line ends: the caller gives complete lines.
    let end = bytes.iter().take(usize::from(*cut) * 16).rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let (a, b) = bytes.split_at(end);
    let whole = read(&[(0, bytes)]);
    weigh(&whole.2);
    assert_eq!(whole, read(&[(0, a), (end as u64, b)]));
});

/// What the records say becomes evidence and a verdict, whatever their times.
fn weigh(turns: &[TurnRecord]) {
    let (mut board, mut verdict) = (Board::default(), Verdict::UNKNOWN);
    let now = Timestamp::from_second(1_800_000_000).unwrap();
    let local = now.to_zoned(jiff::tz::TimeZone::UTC);
    for (evidence, change) in turns.iter().filter_map(|t| t.evidence(&local)) {
        board.record_event(evidence, change);
        verdict = fuse(&board, &ProcessFact::alive(1), &FusionPolicy::default(), now, &verdict).verdict;
    }
}
