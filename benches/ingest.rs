//! `cargo bench --bench ingest`: reading, booking and reporting half a gigabyte of transcripts, beside ccusage.
//!
//! Options after `--`: `--mb N` (default 545), `--dir DIR` (kept for the next run; default a temporary one),
//! `--ccusage FILE` (the native binary of `@ccusage/ccusage-linux-x64@20.0.24`), `--runs N` (default 3). Every figure
//! is the best of its runs, each in a process of its own, with its peak memory; the ratios are what counts.
#![allow(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    missing_docs,
    reason = "a bench looks at the clock, starts processes and prints"
)]

#[path = "ingest/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use swarm::ledger::discover::{default_roots, transcripts};
use swarm::ledger::ingest::{Job, read_all};
use swarm::ledger::prices::PriceBook;
use swarm::ledger::read::Batch;
use swarm::ledger::report::Sums;
use swarm::ledger::usage::Source;

/// What one run took.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    peak_kb: u64,
}

struct Options {
    mb: u64,
    dir: Option<PathBuf>,
    ccusage: Option<PathBuf>,
    runs: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    if let [mode, home] = args.as_slice()
        && mode == "--parse"
    {
        return parse(Path::new(home));
    }
    let value = |name: &str| args.iter().position(|a| a == name).and_then(|at| args.get(at + 1));
    let options = Options {
        mb: value("--mb").map_or(545, |v| v.parse().unwrap()),
        dir: value("--dir").map(PathBuf::from),
        ccusage: value("--ccusage").map(PathBuf::from).filter(|path| path.is_file()),
        runs: value("--runs").map_or(3, |v| v.parse().unwrap()),
    };
    // Under `cargo test` only that it runs is of interest.
    if args.iter().any(|a| a == "--test") {
        return run(&Options { mb: 2, runs: 1, ..options });
    }
    run(&options);
}

/// The child that only reads: parse, deduplicate, price, in memory.
fn parse(home: &Path) {
    let begun = Instant::now();
    let prices = PriceBook::builtin().unwrap();
    let roots = default_roots(home, &|_| None);
    let jobs = roots.iter().flat_map(|(source, root)| transcripts(*source, root));
    let jobs: Vec<Job> = jobs.map(|found| Job { found, before: None, moved_from: None }).collect();
    let files = jobs.len();
    let mut all: BTreeMap<Source, Batch> = BTreeMap::new();
    read_all(jobs, NonZero::new(2).unwrap(), |outcome| {
        all.entry(outcome.found.source).or_default().merge(outcome.batch);
        true
    });
    let mut total = Sums::default();
    for (source, batch) in all {
        for record in batch.records() {
            let cost = prices.cost(source, None, &record.model, record.ts_ms, &record.usage, record.terms);
            total.add(&Sums::of(&record.usage, cost, false));
        }
    }
    println!(
        "{} files, {} responses, {} in {:?}",
        files,
        total.calls,
        total.cost_usd.unwrap(),
        begun.elapsed()
    );
}

/// Runs a command and answers how long it took and its peak memory, as the kernel counts it.
fn measure(command: &mut Command) -> Cost {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak =
            text.lines().find_map(|l| l.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        peak_kb = peak_kb.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?}");
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Cost { time: begun.elapsed(), peak_kb }
}

fn best(runs: usize, mut run: impl FnMut() -> Cost) -> Cost {
    let all: Vec<Cost> = (0..runs.max(1)).map(|_| run()).collect();
    Cost {
        time: all.iter().map(|c| c.time).min().unwrap(),
        peak_kb: all.iter().map(|c| c.peak_kb).max().unwrap(),
    }
}

/// The prices of the corpus's models: input, output, cache read and cache write, dollars for a million tokens.
const PINNED: [(&str, &str, [f64; 4]); 5] = [
    ("claude", "claude-opus-5-5", [4.0, 20.0, 0.2, 5.0]),
    ("claude", "claude-sonnet-5-5", [2.0, 10.0, 0.1, 2.5]),
    ("claude", "claude-sonnet-4-5-20250929", [3.0, 15.0, 0.3, 3.75]),
    ("claude", "claude-opus-5", [5.0, 25.0, 0.5, 6.25]),
    ("codex", "gpt-5.5", [5.0, 30.0, 0.5, 5.0]),
];

/// Asserts that both say the same of every day, to the token of each kind, with ccusage's prices pinned to the ones in
/// use here. Its sums are floats: they agree when they round to the same micro-dollar.
fn compare(ccusage: &Path, home: &Path, db: &Path) {
    let mut config = serde_json::json!({});
    for (agent, model, [input, output, read, write]) in PINNED {
        config[agent]["defaults"]["pricingOverrides"][model] = serde_json::json!({
            "inputCostPerToken": input / 1e6, "outputCostPerToken": output / 1e6,
            "cacheReadInputTokenCost": read / 1e6, "cacheCreationInputTokenCost": write / 1e6});
    }
    let pinned = db.with_extension("ccusage.json");
    std::fs::write(&pinned, config.to_string()).unwrap();
    let json = |command: &mut Command| -> Value {
        let out = command.env_clear().env("HOME", home).env("TZ", "UTC").output().unwrap();
        serde_json::from_slice(&out.stdout).unwrap()
    };
    for agent in ["claude", "codex"] {
        let theirs = json(
            Command::new(ccusage)
                .args([agent, "daily", "--json", "--offline", "--timezone", "UTC", "--config"])
                .arg(&pinned),
        );
        let ours = json(
            Command::new(env!("CARGO_BIN_EXE_swarm"))
                .args(["cost", "--json", "--tz", "UTC", "--profile", agent, "--db"])
                .arg(db),
        );
        let (theirs, ours) = (theirs["daily"].as_array().unwrap(), ours["rows"].as_array().unwrap());
        let wrong: Vec<String> = theirs.iter().zip(ours).flat_map(|(t, o)| differences(t, o)).collect();
        let days = theirs.len();
        assert!(days == ours.len() && days > 0, "{agent}: {days} days of ccusage's, {} of ours", ours.len());
        assert!(wrong.is_empty(), "{agent} differs from ccusage:\n{}", wrong.join("\n"));
        println!("{agent}: all {days} days equal to ccusage's, every kind of token and the cost");
    }
}

/// Where two reports of one day differ: the field, ccusage's number, ours.
fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let count = |row: &Value, key: &str| row[key].as_u64().unwrap_or(0);
    let written = count(ours, "cache_write_5m") + count(ours, "cache_write_1h");
    let fields = [
        ("inputTokens", count(ours, "input")),
        ("outputTokens", count(ours, "output")),
        ("cacheReadTokens", count(ours, "cache_read")),
        ("cacheCreationTokens", written),
    ];
    let day = ours["key"].as_str().unwrap_or_default();
    let mut wrong: Vec<String> = fields
        .into_iter()
        .filter(|(field, ours)| count(theirs, field) != *ours)
        .map(|(field, ours)| format!("{day} {field}: {} and {ours}", theirs[field]))
        .collect();
    if theirs["date"] != ours["key"] {
        wrong.push(format!("{} and {day}", theirs["date"]));
    }
    let cost = theirs["totalCost"].as_f64().or_else(|| theirs["costUSD"].as_f64()).unwrap_or(-1.0);
    let exact: f64 = ours["cost_usd"].as_str().unwrap_or("0").parse().unwrap();
    if (cost - exact).abs() >= 1e-6 {
        wrong.push(format!("{day} cost: {cost} and {exact}"));
    }
    wrong
}

fn run(options: &Options) {
    let temporary = tempfile::tempdir().unwrap();
    let home = options.dir.clone().unwrap_or_else(|| temporary.path().to_owned());
    if !home.join(".codex").is_dir() {
        let bytes = corpus::write(&home, options.mb << 20).unwrap();
        println!("wrote {} MB below {}", bytes >> 20, home.display());
    }
    let me = std::env::current_exe().unwrap();
    let swarm = |args: &[&str], db: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        command.args(args).arg("--db").arg(db).env_clear().env("HOME", &home).env("TZ", "UTC");
        measure(&mut command)
    };
    let db = temporary.path().join("bench.db");
    let clear = || {
        for name in ["bench.db", "bench.db-wal", "bench.db-shm"] {
            let _ = std::fs::remove_file(temporary.path().join(name));
        }
    };
    let read = best(options.runs, || measure(Command::new(&me).arg("--parse").arg(&home)));
    let book = best(options.runs, || {
        clear();
        swarm(&["ingest", "--json"], &db)
    });
    let again = best(options.runs, || swarm(&["ingest", "--json"], &db));
    let report = best(options.runs, || swarm(&["cost", "--json", "--by", "day"], &db));
    let mut rows = vec![
        ("swarm: read, deduplicate, price", read),
        ("swarm: the same and booked", book),
        ("swarm: ingest with nothing new", again),
        ("swarm: report", report),
    ];
    if let Some(ccusage) = &options.ccusage {
        let one = |agent: &str| {
            let mut command = Command::new(ccusage);
            command.args([agent, "daily", "--json", "--offline", "--timezone", "UTC"]);
            measure(command.env_clear().env("HOME", &home).env("TZ", "UTC"))
        };
        let both = best(options.runs, || {
            let (claude, codex) = (one("claude"), one("codex"));
            Cost { time: claude.time + codex.time, peak_kb: claude.peak_kb.max(codex.peak_kb) }
        });
        rows.push(("ccusage: claude daily + codex daily", both));
        println!("read: {:.2}x of ccusage's time", read.time.as_secs_f64() / both.time.as_secs_f64());
        println!("booked: {:.2}x of ccusage's time", book.time.as_secs_f64() / both.time.as_secs_f64());
    }
    if let Some(ccusage) = &options.ccusage {
        compare(ccusage, &home, &db);
    }
    for (name, cost) in rows {
        println!(
            "{name:<38} {:>8.1} ms {:>7.1} MB",
            cost.time.as_secs_f64() * 1e3,
            cost.peak_kb as f64 / 1024.0
        );
    }
}
