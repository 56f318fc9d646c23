//! Who lives in a pane: agents that were started from a shell, end to it and come back, and what survives the monitor.

use swarm::status::{Attention, Reason, Source, Status};
use swarm::tmux::{Command, PaneId};

use crate::up::Team;

const ONE: &str = r#"
name = "shop"
[[agents]]
name = "one"
profile = "shell"
command = ["cat"]
"#;

/// A pane of a person's own, with a shell that has these variables.
async fn shell(team: &Team) -> PaneId {
    let state = format!("SWARM_STATE_DIR={}", team.state().display());
    let home = format!("HOME={}", team.project().parent().unwrap().display());
    team.server.spawn(&["env", &state, &home, "PS1=$ ", "bash", "--norc", "--noprofile", "-i"]).await
}

async fn types(team: &Team, pane: PaneId, line: &str) {
    team.server.conn.one(Command::send_text(pane, line)).await.unwrap();
    team.server.conn.one(Command::send_keys(pane, &["Enter"])).await.unwrap();
}

#[tokio::test]
async fn an_adopted_agent_that_exits_to_its_shell_has_exited() {
    let team = Team::new(ONE).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let pane = shell(&team).await;
    let sim = format!("{} sim", env!("CARGO_BIN_EXE_swarm"));
    types(&team, pane, &sim).await;
    team.server.wait_for_text(pane, "manual mode on").await;
    team.ok(&["adopt", &pane.to_string(), "--name", "mine"]).await;
    team.wait("mine", "idle").await;
    let mine = team.agent("mine").await;
    let shell = team.server.row(pane).await.pid.unwrap();
    assert_eq!(mine.profile, "sim");
    assert_ne!(mine.pid, Some(shell), "the agent is not the pane's first process");
    assert!(mine.pid.is_some());
    let explained = async || team.ok(&["explain", "mine"]).await.contains("status_file: idle");
    team.server.wait_until("its status file is read", explained).await;

    types(&team, pane, "/exit").await;
    team.wait("mine", "exited").await;
    let mine = team.agent("mine").await;
    assert_eq!((mine.reason, mine.pid), (Some(Reason::Shell), None));
    assert_eq!(mine.proof.map(|p| p.source), Some(Source::Process));
    assert_eq!(mine.attention, Some(Attention::Failed));

    types(&team, pane, &sim).await;
    let back = async || team.agent("mine").await.status == Status::Idle;
    team.server.wait_until("it is back", back).await;
    // The monitor that comes next finds the agent, not the shell.
    team.kill9(team.monitor().await).await;
    let found = async || {
        let mine = team.agent("mine").await;
        mine.status == Status::Idle && mine.pid.is_some_and(|pid| pid != shell)
    };
    team.server.wait_until("it is found again", found).await;
}
