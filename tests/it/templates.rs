//! Templates of messages, from the swarm file and the person's own, sent to real panes.

use crate::harness::Server;
use crate::up::Team;

const TEAM: &str = r#"
name = "shop"
[templates]
review = "{agent}, review it as a {role}."
[[agents]]
name = "one"
profile = "sim"
role = "coder"
[[agents]]
name = "two"
profile = "sim"
role = "tester"
[[agents]]
name = "three"
profile = "sim"
"#;

/// What stands in an agent's pane.
async fn screen(team: &Team, agent: &str) -> String {
    let pane = team.agent(agent).await.pane.unwrap().parse().unwrap();
    team.server.text(pane).await
}

#[tokio::test]
async fn each_receiver_gets_its_own_text() {
    let team = Team::on(Server::start().await, TEAM);
    let config = team.project().parent().unwrap().join("config/swarm");
    std::fs::create_dir_all(&config).unwrap();
    let own = "[templates]\nreview = \"hidden by the swarm file\"\nhello = \"Hello {agent}.\"\n";
    std::fs::write(config.join("config.toml"), own).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    for agent in ["one", "two", "three"] {
        team.wait(agent, "idle").await;
    }
    assert_eq!(team.status().await.swarms[0].templates.keys().collect::<Vec<_>>(), ["hello", "review"]);
    team.ok(&["send", "one,two", "--template", "review", "--wait"]).await;
    for (agent, text) in [("one", "one, review it as a coder."), ("two", "two, review it as a tester.")] {
        let typed = async || screen(&team, agent).await.contains(text);
        team.server.wait_until(&format!("{agent} has its text"), typed).await;
    }
    // One of them has no role: it gets nothing, the others do.
    let sent = team.run(&["send", "--all", "--template", "review"]).await;
    let said = String::from_utf8_lossy(&sent.stdout).into_owned() + &String::from_utf8_lossy(&sent.stderr);
    assert!(!sent.status.success() && said.contains("three: refused: the text names its role"), "{said}");
    assert!(said.contains("one: queued") || said.contains("one: "), "{said}");
    team.ok(&["send", "three", "--template", "hello"]).await;
    let typed = async || screen(&team, "three").await.contains("Hello three.");
    team.server.wait_until("a text without a role arrives", typed).await;
    let unknown = team.run(&["send", "one", "--template", "reviw"]).await;
    let said = String::from_utf8_lossy(&unknown.stderr);
    assert!(unknown.status.code() == Some(4) && said.contains("`shop` has hello, review"), "{said}");
    let both = team.run(&["send", "one", "text", "--template", "review"]).await;
    assert_eq!(both.status.code(), Some(2));
    let nowhere = team.run(&["send", "--all", "one", "--template", "review"]).await;
    assert_eq!(nowhere.status.code(), Some(2));
}
