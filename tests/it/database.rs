//! A database that fails under a real monitor: agents go on, it is said what is wrong, and all is booked later.
//!
//! Nothing here is done by permissions: whoever runs this may be root.

use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::up::Team;

const TWO: &str = r#"
name = "shop"
[[agents]]
name = "one"
profile = "shell"
command = ["sh", "-c", "while read line; do echo got $line; done"]
[[agents]]
name = "two"
profile = "shell"
command = ["cat"]
"#;

async fn up() -> Team {
    let team = Team::new(TWO).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team
}

impl Team {
    fn database(&self) -> std::path::PathBuf {
        self.state().join("swarm.db")
    }

    async fn problem(&self, of: &str) {
        let wrong = async || self.status().await.problems.iter().any(|p| p.contains(of));
        self.server.wait_until(of, wrong).await;
    }

    async fn well_again(&self) {
        let well = async || self.status().await.problems.is_empty();
        self.server.wait_until("the problem is gone", well).await;
    }

    /// Asks for something that is done, and says that it is not written down.
    async fn unsafely(&self, args: &[&str]) {
        let output = self.run(args).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains("not safe yet"), "{said}");
    }

    /// The agents run, and one does what it is asked.
    async fn agents_go_on(&self, word: &str) {
        let one = self.agent("one").await;
        assert!(one.pid.is_some() && self.agent("two").await.pid.is_some());
        let pane = one.pane.unwrap();
        self.server.tmux(&["send-keys", "-t", &pane, word, "Enter"]).await;
        self.server.wait_for_text(pane.parse().unwrap(), &format!("got {word}")).await;
    }

    /// The holds that were booked, in their order.
    async fn booked(&self) -> Vec<String> {
        let text = self.ok(&["events", "--json", "-n", "10000"]).await;
        let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let word = |e: &serde_json::Value, key: &str| e[key].as_str().unwrap_or_default().to_owned();
        let holds = lines.filter(|e| ["agent.paused", "agent.resumed"].contains(&word(e, "kind").as_str()));
        holds.map(|e| format!("{} {}", word(&e, "agent"), word(&e, "kind"))).collect()
    }
}

#[tokio::test]
async fn a_locked_database_stops_nothing_and_what_happened_is_booked_later() {
    let team = up().await;
    let other = Connection::open(team.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    team.unsafely(&["hold", "one", "while it is locked"]).await;
    assert!(team.agent("one").await.hold.is_some(), "it holds all the same");
    team.problem("is locked by another process").await;
    let said = team.ok(&["status"]).await;
    assert!(said.starts_with("! the database") && said.contains("wait"), "{said}");
    team.agents_go_on("locked").await;
    team.unsafely(&["resume", "one"]).await;
    assert!(team.booked().await.is_empty(), "nothing could be booked");
    other.execute_batch("ROLLBACK").unwrap();
    team.well_again().await;
    assert_eq!(team.booked().await, ["one agent.paused", "one agent.resumed"]);
}

#[tokio::test]
async fn a_disk_that_refuses_writes_stops_nothing_and_what_happened_is_booked_later() {
    let team = up().await;
    let pid = Pid::from_raw(team.monitor().await.cast_signed());
    // From now on no file may grow beyond what the log of the database is: writes fail with EFBIG.
    let full = Rlimit { current: Some(4096), maximum: None };
    prlimit(pid, Resource::Fsize, full).unwrap();
    team.unsafely(&["hold", "two", "while writes fail"]).await;
    team.problem("the database").await;
    team.agents_go_on("full").await;
    let doctor = team.run(&["doctor"]).await;
    let doctor = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(doctor.contains("the database"), "{doctor}");
    prlimit(pid, Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
    team.well_again().await;
    assert_eq!(team.booked().await, ["two agent.paused"]);
    assert_eq!(team.monitor().await.cast_signed(), pid.unwrap().as_raw_nonzero().get(), "the same monitor");
}

#[tokio::test]
async fn a_database_of_a_newer_swarm_or_a_damaged_one_is_named_and_left_alone() {
    let team = up().await;
    // It would start monitors while the database is being changed.
    team.end_overview().await;
    let panes = team.server.panes().await.len();
    team.kill9(team.monitor().await).await;
    let conn = Connection::open(team.database()).unwrap();
    let version: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0)).unwrap();
    conn.pragma_update(None, "user_version", 9999).unwrap();
    let refused = team.run(&["up", "--detach"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && said.contains("newer swarm") && said.contains("update swarm"),
        "{said}"
    );
    let doctor = team.run(&["doctor"]).await;
    assert!(String::from_utf8_lossy(&doctor.stdout).contains("newer swarm"));
    assert_eq!(team.server.panes().await.len(), panes, "agents go on");
    conn.pragma_update(None, "user_version", version).unwrap();
    drop(conn);
    team.agents_go_on("again").await;

    team.kill9(team.monitor().await).await;
    Connection::open(team.database()).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    for name in ["swarm.db-wal", "swarm.db-shm"] {
        let _ = std::fs::remove_file(team.state().join(name));
    }
    let whole = std::fs::read(team.database()).unwrap();
    let mut broken = whole.clone();
    broken[..4096].fill(0xa5);
    std::fs::write(team.database(), &broken).unwrap();
    let refused = team.run(&["up", "--detach"]).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("is damaged"), "{said}");
    assert_eq!(std::fs::read(team.database()).unwrap(), broken, "nothing is repaired over somebody's head");
    assert_eq!(team.server.panes().await.len(), panes, "agents go on");
    std::fs::write(team.database(), &whole).unwrap();
    team.agents_go_on("whole").await;
}
