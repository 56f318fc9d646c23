//! Answers are bound to the prompt that was shown: one that came meanwhile is never answered by them.

use swarm::client::{Client, Rendezvous};
use swarm::error::Kind;
use swarm::paths::Paths;
use swarm::protocol::{Answer, Choice, Prompt, Request, Target};

use crate::up::Team;

/// Wants to run one command, then another; the question and the choices are the same.
const SCRIPT: &str = r#"
[[scenario]]
name = "default"
steps = [
  { do = "tool", name = "Bash", subject = "cargo test", permission = true, takes = "10ms", output = "passed" },
  { do = "tool", name = "Bash", subject = "rm -rf build", permission = true, takes = "10ms", output = "gone" },
  { do = "say", text = "All is done.", over = "10ms" },
]
"#;

async fn team() -> Team {
    let team = Team::new("").await;
    std::fs::write(team.project().join("script.toml"), SCRIPT).unwrap();
    let script = team.project().join("script.toml");
    team.write(&format!(
        "name = \"shop\"\n[[agents]]\nname = \"asks\"\nprofile = \"sim\"\nprompt = \"go\"\nargs = [\"--script\", \"{}\"]\n",
        script.display()
    ));
    team.ok(&["up", "--trust", "--detach"]).await;
    team
}

/// Waits until the prompt about this command has been read, and gives it.
async fn prompt(team: &Team, command: &str) -> Prompt {
    let mut found = None;
    team.server
        .wait_until(command, async || {
            let agent = team.agent("asks").await;
            let asks = agent.subject.as_deref() == Some(command);
            found = Some(Prompt::of(&agent)).filter(|_| asks);
            asks
        })
        .await;
    found.unwrap()
}

async fn answer(team: &Team, expect: Prompt) -> swarm::Result<serde_json::Value> {
    let state = team.state().into_os_string();
    let paths = Paths::resolve(&|key| match key {
        "SWARM_STATE_DIR" => Some(state.clone()),
        "HOME" => Some("/nonexistent".into()),
        _ => None,
    });
    let at = Rendezvous::of(&paths.unwrap(), &team.server.spec.socket_path()).unwrap();
    let mut client = Client::connect(&at).await.unwrap();
    let target = Target { swarm: "shop".parse().unwrap(), agent: "asks".parse().unwrap() };
    let answer = Answer { target, choice: Choice::Approve, expect: Some(expect), because: None };
    client.call(Request::Answer(answer)).await
}

#[tokio::test]
async fn an_answer_to_another_command_is_refused() {
    let team = team().await;
    let first = prompt(&team, "cargo test").await;
    // The person answers in the pane itself; the agent asks again, in the same words but for the command.
    let pane = team.agent("asks").await.pane.unwrap();
    team.server.tmux(&["send-keys", "-t", &pane, "1"]).await;
    let second = prompt(&team, "rm -rf build").await;
    assert_eq!((&first.options, &first.instance), (&second.options, &second.instance));
    let refused = answer(&team, first.clone()).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Blocked, "{refused}");
    assert!(refused.hints()[0].contains("rm -rf build"), "{refused:?}");
    let by_id = team.run(&["approve", "asks", "--prompt", &first.id()]).await;
    assert_eq!(by_id.status.code(), Some(11));
    let by_text = team.run(&["approve", "asks", "--if-asks", "cargo test"]).await;
    assert_eq!(by_text.status.code(), Some(11));
    assert!(String::from_utf8_lossy(&by_text.stderr).contains("rm -rf build"));
    assert_eq!(prompt(&team, "rm -rf build").await, second, "nothing was sent");
    // Another incarnation's prompt, word for word the same, is another prompt.
    let stale = Prompt { instance: Some("before".into()), ..second.clone() };
    assert!(answer(&team, stale).await.unwrap_err().message().contains("started again"));
    answer(&team, second).await.unwrap();
    team.wait("asks", "idle").await;
}

#[tokio::test]
async fn the_overview_shows_the_command_and_withdraws_its_question_when_it_changes() {
    let team = team().await;
    prompt(&team, "cargo test").await;
    let panes = team.server.panes().await;
    let screen = panes.iter().find(|p| p.window_name == "swarm").unwrap().pane;
    team.server.wait_for_text(screen, "1 waiting").await;
    team.server.tmux(&["send-keys", "-t", &screen.to_string(), "a"]).await;
    team.server.wait_for_text(screen, "Approve for asks?").await;
    team.server.wait_for_text(screen, "cargo test\n Do you want to proceed?").await;
    let pane = team.agent("asks").await.pane.unwrap();
    team.server.tmux(&["send-keys", "-t", &pane, "1"]).await;
    let second = prompt(&team, "rm -rf build").await;
    team.server.wait_for_text(screen, "prompt changed while you were asked").await;
    // It may have been withdrawn while the agent worked in between.
    team.server.wait_for_text(screen, "1 waiting").await;
    team.server.tmux(&["send-keys", "-t", &screen.to_string(), "a"]).await;
    team.server.wait_for_text(screen, "rm -rf build\n Do you want to proceed?").await;
    assert_eq!(prompt(&team, "rm -rf build").await, second);
    team.server.tmux(&["send-keys", "-t", &screen.to_string(), "y"]).await;
    team.wait("asks", "idle").await;
}
