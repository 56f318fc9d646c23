//! Another name for an agent on a real tmux: what is its own stays its own, over the end of the monitor too.

use swarm::status::Status;

use crate::up::Team;

const TEAM: &str = "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n";
const SCRIPT: &str = "[agent]\nstartup = \"20ms\"\n[[scenario]]\nname = \"default\"\n\
                      steps = [{ do = \"say\", text = \"Understood.\" }]\n";

#[tokio::test]
async fn an_added_agent_keeps_pane_process_messages_and_bills() {
    let team = Team::new(TEAM).await;
    std::fs::write(team.project().join("script.toml"), SCRIPT).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    // Somebody had that name before, and is gone.
    team.ok(&["add", "linter", "--profile", "shell", "--", "cat"]).await;
    team.ok(&["rm", "linter"]).await;
    let gone = async || team.status().await.swarms[0].agents.len() == 1;
    team.server.wait_until("it is gone", gone).await;
    let script = team.project().join("script.toml");
    let script = script.to_str().unwrap();
    team.ok(&["add", "extra", "--profile", "sim", "--", "--script", script]).await;
    team.wait("extra", "idle").await;
    team.ok(&["send", "extra", "begin"]).await;
    let billed = async || {
        let agent = team.agent("extra").await;
        agent.status == Status::Idle && agent.tokens.is_some() && agent.inbox.pending == 0
    };
    team.server.wait_until("it has answered", billed).await;
    let before = team.agent("extra").await;
    team.ok(&["hold", "extra"]).await;
    team.ok(&["send", "extra", "good morning to you"]).await;

    let output = team.run(&["rename", "extra", "linter"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("its own environment says `extra`"), "{said}");
    let after = team.agent("linter").await;
    assert_eq!(
        (&after.pane, &after.pid, &after.instance, &after.tokens, after.inbox.pending),
        (&before.pane, &before.pid, &before.instance, &before.tokens, 1)
    );
    let marked = async || team.server.panes().await.iter().any(|p| p.agent == "linter");
    team.server.wait_until("its pane is marked", marked).await;
    let refused = team.run(&["rename", "one", "two"]).await;
    assert_eq!(refused.status.code(), Some(11));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("swarm.toml"), "the file names it");

    // Another monitor knows it by that name, with what waits and who holds it.
    team.kill9(team.monitor().await).await;
    let again = team.agent("linter").await;
    assert_eq!((&again.pane, &again.pid, again.inbox.pending), (&before.pane, &before.pid, 1));
    assert!(again.hold.is_some() && !team.status().await.swarms[0].agents.iter().any(|a| a.name == "extra"));
    team.ok(&["resume", "linter"]).await;
    let pane = again.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "good morning to you").await;
    let report: serde_json::Value =
        serde_json::from_str(&team.ok(&["cost", "--json", "--by", "agent"]).await).unwrap();
    let keys: Vec<_> = report["rows"].as_array().unwrap().iter().map(|row| row["key"].clone()).collect();
    assert_eq!(keys, ["linter"], "{report:#}");
    // What has happened is told as it was.
    let log = team.ok(&["events", "-n", "200"]).await;
    assert!(log.contains("shop/extra") && log.contains("it was extra"), "{log}");
    let up = team.run(&["up", "--detach"]).await;
    assert!(String::from_utf8_lossy(&up.stderr).contains("= linter runs"), "{up:?}");
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn an_adopted_pane_gets_another_name_and_stays_the_persons() {
    let team = Team::new(TEAM).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let pane = team.server.spawn(&["cat"]).await;
    team.ok(&["adopt", &pane.to_string(), "--name", "mine", "--profile", "shell"]).await;
    assert_eq!(team.ok(&["rename", "mine", "yours"]).await, "mine is called yours now\n");
    let marked = async || team.server.row(pane).await.agent == "yours";
    team.server.wait_until("its pane is marked", marked).await;
    team.kill9(team.monitor().await).await;
    assert_eq!(team.agent("yours").await.pane.as_deref(), Some(pane.to_string().as_str()));
    let refused = team.run(&["kill", "yours"]).await;
    assert_eq!(refused.status.code(), Some(11), "it is watched, never ended");
    team.ok(&["down", "--yes"]).await;
    assert!(!team.server.row(pane).await.dead);
}
