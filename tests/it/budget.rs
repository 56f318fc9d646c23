//! Budgets on a real tmux, with simulated agents: what is overshot, who is held, and that nobody is ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use swarm::ledger::money::Usd;
use swarm::snapshot::{BudgetView, Snapshot};
use swarm::status::Status;

use crate::up::Team;

/// One turn of `$1.65`: 165,000 tokens of output at $10 for a million.
const TURN: &str = r#"
[[scenario]]
name = "default"
steps = [
  { do = "think", for = "300ms" },
  { do = "say", text = "Done.", over = "200ms", usage = { input = 0, output = 165000, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0 } },
]
"#;
/// Pico-dollars of one turn, and of the budget that allows three of what a turn is reserved with.
const COST: i64 = 1_650_000_000_000;
const LIMIT: i64 = 4_500_000_000_000;

fn swarm_file(agents: usize) -> String {
    let mut file = String::from(
        "name = \"shop\"\n[budget]\nusd_total = \"4.50\"\ninterrupt_at = 200\n[layout]\npanes_per_window = 4\n",
    );
    for n in 0..agents {
        let _ = write!(
            file,
            "[[agents]]\nname = \"a{n}\"\nprofile = \"sim\"\nmodel = \"claude-sonnet-5-5\"\nprompt = \"go\"\n\
             args = [\"--script\", \"script.toml\"]\n"
        );
    }
    file
}

fn budget(snapshot: &Snapshot) -> &BudgetView {
    &snapshot.swarms[0].budgets[0]
}

fn spent(snapshot: &Snapshot) -> i64 {
    Usd::parse(&budget(snapshot).usd.as_ref().unwrap().spent).unwrap().0
}

fn held(snapshot: &Snapshot) -> BTreeMap<&str, &str> {
    let agents = snapshot.swarms[0].agents.iter();
    agents.filter_map(|a| Some((a.name.as_str(), a.hold.as_ref()?.reason.as_str()))).collect()
}

fn pids(snapshot: &Snapshot) -> Vec<Option<u32>> {
    snapshot.swarms[0].agents.iter().map(|a| a.pid).collect()
}

/// How many events of a kind were logged.
async fn count(team: &Team, kind: &str) -> usize {
    let text = team.ok(&["events", "--json", "-n", "10000"]).await;
    text.matches(&format!("\"kind\":\"{kind}\"")).count()
}

#[tokio::test]
async fn ten_agents_and_a_budget_for_three_turns() {
    let team = Team::new(&swarm_file(10)).await;
    std::fs::write(team.project().join("script.toml"), TURN).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    let reached = "swarm in total: $4.95 of $4.50 (110 %)";
    let mut last = Snapshot::default();
    team.server
        .wait_until("all ten are on hold", async || {
            last = team.status().await;
            held(&last).values().filter(|reason| **reason == reached).count() == 10
        })
        .await;
    // Three turns fitted by what was reserved for each; the overshoot is what they cost beyond that, and no more.
    assert_eq!(spent(&last), 3 * COST);
    assert_eq!(spent(&last) - LIMIT, 3 * (COST - LIMIT / 3));
    assert!(last.swarms[0].agents.iter().all(|a| a.pid.is_some() && a.status != Status::Exited), "{last:#?}");
    assert_eq!(last.swarms[0].agents.iter().filter(|a| a.cost_usd.is_some()).count(), 3);
    let table = team.ok(&["budget"]).await;
    assert!(table.contains("swarm in total") && table.contains("110 %"), "{table}");
    assert!(table.contains("a9 is on hold: swarm in total"), "{table}");
    let resumed = team.run(&["resume", "a0"]).await;
    assert_eq!(resumed.status.code(), Some(11), "a budget's hold ends with more budget");

    // The monitor is killed: the next one knows all of it and says none of it twice.
    let before = (count(&team, "budget.reached").await, count(&team, "budget.held").await);
    team.kill9(team.monitor().await).await;
    team.server
        .wait_until("the next monitor has read the ledger", async || {
            last = team.status().await;
            budget(&last).percent == Some(110) && pids(&last).iter().all(Option::is_some)
        })
        .await;
    assert_eq!(held(&last).len(), 10);
    assert_eq!((count(&team, "budget.reached").await, count(&team, "budget.held").await), before);

    // More budget lets everybody go, and the seven first prompts that waited are given.
    let all = pids(&last);
    let said = team.ok(&["budget", "extend", "--usd", "20"]).await;
    assert!(said.contains("$4.95 of $24.50 (20 %)"), "{said}");
    team.server
        .wait_until("the other seven had their turn", async || {
            last = team.status().await;
            spent(&last) == 10 * COST && held(&last).is_empty()
        })
        .await;
    let kept = pids(&last).iter().zip(&all).filter(|(now, then)| now == then).count();
    assert_eq!(kept, 3, "those that had their turn were left alone");
    assert_eq!(budget(&last).percent, Some(67));
}
