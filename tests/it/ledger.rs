//! The ledger end to end: transcripts in, `cost --json` out, through the real binary; and whole made-up worlds through
//! the library.

mod codex;
mod database;
mod live;
mod recorded;
mod world;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::Value;
use swarm::ledger::discover::{default_roots, transcripts};
use swarm::ledger::prices::PriceBook;
use swarm::ledger::report::{By, Report};
use swarm::store::{open_writer, usage};

use world::{Dice, Sums, World};

/// Runs `swarm` with a home of its own and answers its stdout as JSON.
fn swarm(home: &Path, args: &[&str]) -> Value {
    let out = Command::new(env!("CARGO_BIN_EXE_swarm"))
        .args(args)
        .env_clear()
        .env("HOME", home)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .output()
        .unwrap();
    assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

fn write(path: &Path, text: impl AsRef<[u8]>) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn line(id: &str, at: &str, output: u64) -> String {
    format!(
        r#"{{"type":"assistant","timestamp":"{at}","sessionId":"s1","requestId":"req_{id}","message":{{"id":"{id}","model":"claude-opus-5-5","usage":{{"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":8988,"output_tokens":{output}}}}}}}"#
    ) + "\n"
}

#[test]
fn what_is_ingested_is_reported_and_a_second_time_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let file = home.join(".claude/projects/p/s1.jsonl");
    let text = line("a", "2026-11-20T23:59:59.000Z", 3)
        + &line("a", "2026-11-20T23:59:59.500Z", 18)
        + &line("b", "2026-11-21T00:00:01.000Z", 18);
    write(&file, text);
    let ingest = || swarm(home, &["ingest", "--json"]);
    let first = ingest();
    assert_eq!((first["events"].as_u64(), first["files"].as_u64()), (Some(2), Some(1)));
    assert_eq!(ingest()["files"], 0);
    let report = swarm(home, &["cost", "--json", "--tz", "UTC"]);
    assert_eq!(report["schema"], "swarm.cost/v1");
    // 12 at $4, 3000 written at $5, 8988 read at $0.20, 18 out at $20, all for a million.
    let one = serde_json::json!({"key": "2026-11-20", "calls": 1, "input": 12, "output": 18, "cache_read": 8988,
        "cache_write_5m": 3000, "cache_write_1h": 0, "reasoning": 0, "cost_usd": "0.0172056",
        "unpriced_calls": 0, "estimated_calls": 0});
    assert_eq!(report["rows"][0], one);
    assert_eq!(report["total"]["cost_usd"], "0.0344112");
    let kolkata = swarm(home, &["cost", "--json", "--tz", "Asia/Kolkata"]);
    assert_eq!(kolkata["rows"].as_array().unwrap().len(), 1);
    assert_eq!(kolkata["rows"][0]["key"], "2026-11-21");
    std::fs::remove_file(&file).unwrap();
    ingest();
    assert_eq!(swarm(home, &["cost", "--json", "--tz", "UTC"]), report);
}

/// A ledger in a home of its own.
struct Ledger {
    home: tempfile::TempDir,
    conn: rusqlite::Connection,
    prices: Arc<PriceBook>,
}

impl Ledger {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let conn = open_writer(&home.path().join("swarm.db")).unwrap();
        conn.pragma_update(None, "synchronous", "OFF").unwrap();
        Self { conn, prices: Arc::new(PriceBook::builtin().unwrap()), home }
    }

    fn ingest(&mut self) {
        self.try_ingest().unwrap();
    }

    fn try_ingest(&mut self) -> swarm::Result<usage::Booked> {
        let roots = default_roots(self.home.path(), &|_| None);
        let found = roots.iter().flat_map(|(source, root)| transcripts(*source, root)).collect();
        let path = self.home.path().join("swarm.db");
        usage::ingest(&mut self.conn, &path, &self.prices, found, NonZero::new(2).unwrap())
    }

    fn report(&self, by: By) -> Report {
        usage::report(&self.conn, &usage::Filter::default(), by, &TimeZone::UTC).unwrap()
    }

    fn sums(&self, by: By) -> BTreeMap<String, Sums> {
        let rows = self.report(by).rows.into_iter();
        rows.map(|row| {
            let s = row.sums;
            let numbers = [s.calls, s.input, s.output, s.cache_read, s.cache_write_5m, s.cache_write_1h]
                .map(i128::from);
            let [calls, input, output, read, w5, w1h] = numbers;
            let cost = s.cost_usd.map_or(0, |c| i128::from(c.0));
            (
                row.key.unwrap_or_default(),
                [calls, input, output, read, w5, w1h, cost, i128::from(s.unpriced_calls)],
            )
        })
        .collect()
    }

    fn assert_is(&self, world: &World) {
        assert_eq!(self.sums(By::Model), world.truth.by_model);
        assert_eq!(self.sums(By::Day), world.truth.by_day);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn totals_are_the_truth_when_everything_is_read_at_once(seed in any::<u64>()) {
        let world = World::new(seed);
        let mut ledger = Ledger::new();
        for (path, bytes) in &world.files {
            write(&ledger.home.path().join(path), bytes);
        }
        ledger.ingest();
        ledger.assert_is(&world);
        ledger.ingest();
        ledger.assert_is(&world);
    }

    /// Files arrive one by one in any order.
    #[test]
    fn totals_are_the_truth_in_any_order_of_arrival(seed in any::<u64>()) {
        let world = World::new(seed);
        let mut dice = Dice(seed ^ 1);
        let mut ledger = Ledger::new();
        let mut files: Vec<_> = world.files.iter().collect();
        while !files.is_empty() {
            let (path, bytes) = files.swap_remove(dice.below(files.len() as u64) as usize);
            write(&ledger.home.path().join(path), bytes);
            ledger.ingest();
        }
        ledger.assert_is(&world);
    }

    /// Files grow in cuts anywhere; then each is renamed, begins anew with its second half, both, or goes.
    #[test]
    fn totals_are_the_truth_in_random_cuts_with_rotation(seed in any::<u64>()) {
        let world = World::new(seed);
        let mut dice = Dice(seed ^ 2);
        let mut ledger = Ledger::new();
        let mut written: BTreeMap<&String, usize> = BTreeMap::new();
        for round in 0..4 {
            for (path, bytes) in &world.files {
                let done = written.entry(path).or_default();
                let left = bytes.len() - *done;
                let end = *done + if round == 3 { left } else { dice.below(left as u64 + 1) as usize };
                let file = ledger.home.path().join(path);
                write(&file, &bytes[..end]);
                *done = end;
            }
            ledger.ingest();
        }
        ledger.assert_is(&world);
        for (path, bytes) in &world.files {
            let file = ledger.home.path().join(path);
            let rest = &bytes[bytes.len() / 2..];
            // What is left of a thread's file says whose it is by its name alone, and only if that has the whole id.
            let named = !path.starts_with(".codex") || !path.contains("-thread-");
            match dice.below(4) {
                _ if file.extension().is_some_and(|e| e == "zst") => std::fs::remove_file(&file).unwrap(),
                0 => std::fs::rename(&file, file.with_extension("0.jsonl")).unwrap(),
                1 => write(&file, rest),
                2 if named => {
                    std::fs::rename(&file, file.with_extension("0.jsonl")).unwrap();
                    write(&file, rest);
                }
                _ => std::fs::remove_file(&file).unwrap(),
            }
        }
        ledger.ingest();
        ledger.assert_is(&world);
    }
}
