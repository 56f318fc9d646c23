//! The database under the ledger: old, new, damaged, locked, read-only; live booking, owners, prices, backup.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rusqlite::{Connection, TransactionBehavior};
use swarm::ledger::prices::{Override, PriceBook, Rates};
use swarm::ledger::report::By;
use swarm::ledger::usage::Source;
use swarm::store::schema::{MIGRATIONS, VERSION, migrate};
use swarm::store::{Store, open_writer, usage};

use super::{Ledger, line, swarm, write};

/// Every released schema becomes today's, and what was in it stays.
#[test]
fn each_earlier_schema_is_brought_up() {
    for from in 0..MIGRATIONS.len() {
        let mut conn = Connection::open_in_memory().unwrap();
        for sql in &MIGRATIONS[..from] {
            conn.execute_batch(sql).unwrap();
        }
        if from > 0 {
            conn.execute(
                "INSERT INTO swarm(server, name, spec, up_at) VALUES ('s', 'kept', '{}', 'now')",
                [],
            )
            .unwrap();
        }
        conn.pragma_update(None, "user_version", from as i64).unwrap();
        assert_eq!(migrate(&mut conn).unwrap(), from as i64);
        assert_eq!(conn.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0)).unwrap(), VERSION);
        let kept: i64 = conn.query_row("SELECT count(*) FROM swarm", [], |r| r.get(0)).unwrap();
        assert_eq!(kept, i64::from(from > 0));
        conn.execute_batch("SELECT * FROM usage_event, usage_file, usage_owner, usage_task, usage_limit")
            .unwrap();
    }
}

/// What `swarm` says on stderr when it fails.
fn complaint(home: &Path, args: &[&str]) -> String {
    let out =
        Command::new(env!("CARGO_BIN_EXE_swarm")).args(args).env_clear().env("HOME", home).output().unwrap();
    assert!(!out.status.success(), "{args:?}");
    String::from_utf8(out.stderr).unwrap()
}

#[test]
fn a_database_that_cannot_be_used_is_named_with_a_mend() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write(&home.join(".claude/projects/p/s1.jsonl"), line("a", "2026-11-20T12:00:00.000Z", 5));
    let none = complaint(home, &["cost", "--db", "none.db"]);
    assert!(none.contains("none.db") && none.contains("swarm ingest"), "{none}");
    let damaged = home.join("damaged.db");
    write(&damaged, vec![b'x'; 10_000]);
    let said = complaint(home, &["ingest", "--db", damaged.to_str().unwrap()]);
    assert!(said.contains("damaged.db is damaged") && said.contains("Hint:"), "{said}");
    let newer = home.join("newer.db");
    open_writer(&newer).unwrap().pragma_update(None, "user_version", VERSION + 1).unwrap();
    for command in ["ingest", "cost"] {
        let said = complaint(home, &[command, "--db", newer.to_str().unwrap()]);
        assert!(said.contains("newer swarm") && said.contains("update swarm"), "{said}");
    }
    let empty = home.join("empty.db");
    write(&empty, "");
    let said = complaint(home, &["cost", "--db", empty.to_str().unwrap()]);
    assert!(said.contains("nothing is booked yet") && said.contains("swarm ingest"), "{said}");
    let older = home.join("older.db");
    let conn = Connection::open(&older).unwrap();
    conn.execute_batch(MIGRATIONS[0]).unwrap();
    conn.pragma_update(None, "user_version", 1).unwrap();
    let said = complaint(home, &["cost", "--db", older.to_str().unwrap()]);
    assert!(said.contains("older swarm (schema 1") && said.contains("swarm ingest"), "{said}");
    swarm(home, &["ingest", "--json", "--db", older.to_str().unwrap()]);
    assert_eq!(swarm(home, &["cost", "--json", "--db", older.to_str().unwrap()])["total"]["calls"], 1);
}

/// A full disk, by the page limit of SQLite itself: nothing of a batch is booked, and all of it once there is room.
#[test]
fn a_full_disk_loses_nothing() {
    let mut ledger = Ledger::new();
    let text: String =
        (0..3000).map(|n| line(&format!("message-{n:040}"), "2026-11-20T12:00:00.000Z", 5)).collect();
    write(&ledger.home.path().join(".claude/projects/p/s1.jsonl"), text);
    let pages: i64 = ledger.conn.query_row("PRAGMA page_count", [], |r| r.get(0)).unwrap();
    let limit = |conn: &Connection, pages: i64| {
        conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    };
    limit(&ledger.conn, pages + 20);
    let err = ledger.try_ingest().unwrap_err();
    assert!(
        err.to_string().contains("cannot grow") && err.report().contains("disk space"),
        "{}",
        err.report()
    );
    assert_eq!(ledger.report(By::Day).total.calls, 0);
    limit(&ledger.conn, 1 << 20);
    ledger.try_ingest().unwrap();
    assert_eq!(ledger.report(By::Day).total.calls, 3000);
}

#[test]
fn a_locked_database_is_waited_for_and_then_named() {
    let mut ledger = Ledger::new();
    write(&ledger.home.path().join(".claude/projects/p/s1.jsonl"), line("a", "2026-11-20T12:00:00.000Z", 5));
    ledger.conn.busy_timeout(std::time::Duration::from_millis(1)).unwrap();
    let mut other = Connection::open(ledger.home.path().join("swarm.db")).unwrap();
    let tx = other.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    assert!(ledger.try_ingest().unwrap_err().to_string().contains("locked by another process"));
    tx.rollback().unwrap();
    ledger.try_ingest().unwrap();
    assert_eq!(ledger.report(By::Day).total.calls, 1);
}

/// What the monitor does when a transcript has grown.
#[tokio::test]
async fn an_appended_line_is_booked_and_answered_with_totals_and_context() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(&home.path().join("swarm.db")).unwrap();
    let prices = Arc::new(PriceBook::builtin().unwrap());
    let path = home.path().join("projects/p/s1.jsonl");
    let follow = |path: &PathBuf| {
        let (prices, changed) = (prices.clone(), vec![(Source::Claude, path.clone())]);
        store.write(move |tx| usage::follow(tx, &prices, &changed))
    };
    let first = line("a", "2026-11-20T12:00:00.000Z", 5);
    write(&path, &first);
    let update = follow(&path).await.unwrap().remove(0);
    assert_eq!(update.context.as_ref().map(|c| c.used), Some(12_000));
    assert_eq!(update.sessions[0].0, "s1");
    assert!(follow(&path).await.unwrap().is_empty(), "nothing new");
    let owner = |tx: &rusqlite::Transaction<'_>, agent: &str, from| {
        let owner = usage::Owner { swarm: "shop", agent, role: Some("coder"), instance: "i1" };
        usage::attribute(tx, Source::Claude, "s1", from, &owner)
    };
    store.write(move |tx| owner(tx, "backend", 0)).await.unwrap();
    let compact = "{\"type\":\"system\",\"subtype\":\"compact_boundary\",\"timestamp\":\"2026-11-20T12:00:01.000Z\",\"sessionId\":\"s1\"}\n";
    write(&path, first.clone() + &line("b", "2026-11-20T12:00:02.000Z", 7) + compact);
    let update = follow(&path).await.unwrap().remove(0);
    assert_eq!(update.sessions[0].1.calls, 2);
    assert!(update.compacted && update.context.is_none());
    let agents = store
        .write(|tx| usage::report(tx, &usage::Filter::default(), By::Agent, &jiff::tz::TimeZone::UTC))
        .await
        .unwrap();
    assert_eq!(
        (agents.rows[0].key.as_deref(), agents.rows[0].sums.calls),
        (Some("backend"), 2),
        "booked before and after"
    );
    // The conversation is resumed by another agent.
    store.write(move |tx| owner(tx, "frontend", 1_795_176_002_000)).await.unwrap();
    let task = |tx: &rusqlite::Transaction<'_>| {
        usage::attribute_task(tx, Source::Claude, "s1", "login", 0, Some(1_795_176_002_000))
    };
    store.write(task).await.unwrap();
    let by = |by| {
        store.write(move |tx| usage::report(tx, &usage::Filter::default(), by, &jiff::tz::TimeZone::UTC))
    };
    let keys = |report: swarm::ledger::report::Report| {
        report
            .rows
            .into_iter()
            .map(|r| (r.key.unwrap_or_default(), r.sums.calls))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    assert_eq!(
        keys(by(By::Agent).await.unwrap()),
        [("backend".to_owned(), 1), ("frontend".to_owned(), 1)].into()
    );
    assert_eq!(keys(by(By::Task).await.unwrap()), [(String::new(), 1), ("login".to_owned(), 1)].into());
    assert_eq!(keys(by(By::Swarm).await.unwrap()), [("shop".to_owned(), 2)].into());
}

#[test]
fn other_prices_reprice_what_is_booked() {
    let mut ledger = Ledger::new();
    write(&ledger.home.path().join(".claude/projects/p/s1.jsonl"), line("a", "2026-11-20T12:00:00.000Z", 10));
    ledger.ingest();
    let before = ledger.report(By::Day).total.cost_usd;
    let one = Some(1);
    let rates = Rates { input: one, output: one, cache_read: one, cache_write_5m: one, ..Rates::default() };
    let own = PriceBook::builtin().unwrap().with_overrides([Override::always("claude-opus-5-5", rates)]);
    ledger.prices = Arc::new(own);
    ledger.ingest();
    assert_eq!(ledger.report(By::Day).total.cost_usd.map(|c| c.0), Some(12_010));
    ledger.prices = Arc::new(PriceBook::builtin().unwrap());
    assert_eq!(usage::reprice(&ledger.conn, &ledger.prices).unwrap(), 1);
    assert_eq!(ledger.report(By::Day).total.cost_usd, before);
}

#[test]
fn own_prices_replace_what_the_agent_says_and_give_it_back() {
    let mut ledger = Ledger::new();
    let said = line("a", "2026-11-20T12:00:00.000Z", 10).replacen('{', "{\"costUSD\":0.5,", 1);
    write(&ledger.home.path().join(".claude/projects/p/s1.jsonl"), said);
    ledger.ingest();
    let cost = |ledger: &Ledger| ledger.report(By::Day).total.cost_usd.map(|c| c.0);
    assert_eq!(cost(&ledger), Some(500_000_000_000));
    let one = Some(1);
    let rates = Rates { input: one, output: one, cache_read: one, cache_write_5m: one, ..Rates::default() };
    let own = PriceBook::builtin().unwrap().with_overrides([Override::always("claude-opus-5-5", rates)]);
    ledger.prices = Arc::new(own);
    ledger.ingest();
    assert_eq!(cost(&ledger), Some(12_010));
    ledger.prices = Arc::new(PriceBook::builtin().unwrap());
    ledger.ingest();
    assert_eq!(cost(&ledger), Some(500_000_000_000));
}

#[test]
fn the_users_own_prices_blocks_and_a_backup_through_the_command_line() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write(&home.join(".claude/projects/p/s1.jsonl"), line("a", "2026-11-20T12:00:00.000Z", 10));
    let own = |text: &str| write(&home.join(".config/swarm/config.toml"), text);
    own("[prices.\"claude-opus-5-5\"]\ninput = 1\noutput = 2\n");
    swarm(home, &["ingest", "--json"]);
    let report = swarm(home, &["cost", "--json"]);
    assert!(report["rows"][0]["cost_usd"].is_null(), "the cache has no price: {report}");
    assert_eq!(report["rows"][0]["unpriced_calls"], 1);
    let first = "[prices.\"anthropic/claude-opus-5-5\"]\nfrom = \"2026-11-20\"\ninput = 1\noutput = 2\ncache_read = 1\ncache_write_5m = 1\n";
    own(first);
    let report = swarm(home, &["cost", "--json", "--by", "profile", "--profile", "claude"]);
    assert_eq!(
        (report["rows"][0]["key"].as_str(), report["rows"][0]["cost_usd"].as_str()),
        (Some("claude"), Some("0.01202"))
    );
    let prices = swarm(home, &["cost", "prices", "--json", "--model", "claude-opus-5-5"]);
    assert_eq!(
        (prices["models"][0]["input"].as_str(), prices["models"][0]["source"].as_str()),
        (Some("1.00"), Some("your configuration"))
    );
    assert_eq!(prices["models"][0]["from"], "2026-11-20");
    own("[prices.\"anthropic/*\"]\nfrom = \"2026-11-21\"\ndiscount_percent = 50\n");
    let listed = swarm(home, &["cost", "--json"])["total"]["cost_usd"].clone();
    own("[prices.\"anthropic/*\"]\ndiscount_percent = 50\n");
    let half = swarm(home, &["cost", "--json"])["total"]["cost_usd"].clone();
    let usd = |text: &serde_json::Value| text.as_str().unwrap().parse::<f64>().unwrap();
    assert!((usd(&listed) - 2.0 * usd(&half)).abs() < 1e-12, "{listed} {half}");
    for (wrong, mend) in [
        ("[prices.\"anthropic/\"]\ninput = 1\noutput = 2\n", "vendor/model"),
        ("[prices.\"x\"]\ninput = 1\n", "`input` and `output`"),
        ("[prices.\"x\"]\ninput = 1\noutput = 2\nfrom = \"soon\"\n", "2026-12-01"),
        ("[prices.\"x\"]\ndiscount_percent = 101\n", "0 to 100"),
    ] {
        own(wrong);
        let said = complaint(home, &["cost"]);
        assert!(said.contains(mend), "{wrong}: {said}");
    }
    own(first);
    let dated = swarm(home, &["cost", "prices", "--json", "--model", "claude-opus-4-6[1m]"]);
    let from: Vec<_> = dated["models"].as_array().unwrap().iter().map(|m| m["from"].as_str()).collect();
    assert_eq!(from, [None, Some("2026-03-13")]);
    let blocks = swarm(home, &["cost", "--blocks", "--json"]);
    assert_eq!(
        (blocks["blocks"][0]["start"].as_str(), blocks["blocks"][0]["calls"].as_u64()),
        (Some("2026-11-20T12:00:00Z"), Some(1))
    );
    let copy = home.join("copy.db");
    let done = Command::new(env!("CARGO_BIN_EXE_swarm"))
        .args(["ledger", "backup"])
        .arg(&copy)
        .env_clear()
        .env("HOME", home)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let copied = swarm(home, &["cost", "--json", "--by", "profile", "--db", copy.to_str().unwrap()]);
    assert_eq!(copied["total"], report["total"]);
    assert!(complaint(home, &["ledger", "backup", copy.to_str().unwrap()]).contains("exists already"));
}
