//! Two simulated agents, `backend` and `web`, that hand work to each other: what the tests of messages stand on.

use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::up::Team;

/// Their swarm file.
pub const TEAM: &str = r#"
name = "shop"
[defaults]
profile = "sim"
permissions = "full"
[[agents]]
name = "backend"
domain = "api"
role = "coder"
args = ["--script", "../script.toml"]
handoff_to = ["web", "human"]
[[agents]]
name = "web"
domain = "web"
role = "reader"
args = ["--script", "../script.toml"]
"#;

/// The team of this file, up and idle; its agents play the script. A profile of its own is given by file name and text.
pub async fn open(file: &str, script: &str, profile: Option<(&str, &str)>) -> Team {
    let team = Team::new(file).await;
    for dir in ["api", "web"] {
        std::fs::create_dir(team.project().join(dir)).unwrap();
    }
    std::fs::write(team.project().join("script.toml"), script).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_swarm"), team.project().join("swarm")).unwrap();
    if let Some((name, text)) = profile {
        let dir = team.project().parent().unwrap().join("config/swarm/agents");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join(name), text).unwrap();
    }
    let output = up(&team).await;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for agent in team.status().await.swarms[0].agents.iter().map(|a| a.name.clone()) {
        team.wait(&agent, "idle").await;
    }
    team
}

/// `swarm up`, with `swarm` on the agents' PATH.
pub async fn up(team: &Team) -> Output {
    let mut up = team.command(&["up", "--trust", "--detach"]);
    up.env("PATH", format!("{}:{}", team.project().display(), std::env::var("PATH").unwrap()));
    tokio::process::Command::from(up).output().await.unwrap()
}

/// The events of messages, oldest first, as kind and data.
pub async fn events(team: &Team) -> Vec<(String, Value)> {
    let text = team.ok(&["events", "--json", "-n", "10000"]).await;
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    rows.filter_map(|row| {
        let kind = row["kind"].as_str()?.strip_prefix("handoff.")?.to_owned();
        Some((kind, row["data"].clone()))
    })
    .collect()
}

/// What became of messages with this subject, oldest first.
pub async fn steps(team: &Team, subject: &str) -> Vec<(String, Value)> {
    let mut all = events(team).await;
    all.retain(|(_, data)| data["subject"] == subject);
    all
}

/// Waits until a message has got so far; its data then.
pub async fn reaches(team: &Team, subject: &str, kind: &str) -> Value {
    let start = Instant::now();
    let mut found = None;
    team.server
        .wait_until(&format!("“{subject}” is {kind}"), async || {
            let all = steps(team, subject).await;
            found = all.iter().find(|(k, _)| k == kind).map(|(_, data)| data.clone());
            assert!(
                found.is_some() || start.elapsed() < Duration::from_secs(55),
                "“{subject}” is never {kind}: {all:#?}\n{}",
                team.log()
            );
            found.is_some()
        })
        .await;
    found.unwrap()
}
