//! Sleep on a real tmux: an idle agent is ended, its pane stays, and a word, a message or a look at its pane brings it
//! back with its conversation.

use std::time::{Duration, Instant};

use swarm::snapshot::AgentView;
use swarm::status::{Reason, Source, Status};
use swarm::tmux::PaneId;

use crate::up::Team;

const TEAM: &str = r#"
name = "shop"
[layout]
panes_per_window = 1
[defaults]
profile = "sim"
restart = "always"
[[agents]]
name = "one"
args = ["--script", "script.toml"]
prompt = "remember the number 7"
[[agents]]
name = "two"
args = ["--script", "script.toml"]
"#;

const SCRIPT: &str = "[agent]\nstartup = \"20ms\"\n[[scenario]]\nname = \"default\"\n\
                      steps = [{ do = \"say\", text = \"I remember.\" }]\n";

/// `one` has answered and is idle.
async fn team(file: &str) -> Team {
    let team = Team::new(file).await;
    std::fs::write(team.project().join("script.toml"), SCRIPT).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    said_something(&team).await;
    team
}

async fn said_something(team: &Team) {
    let start = Instant::now();
    let said = async || {
        let one = team.agent("one").await;
        assert!(start.elapsed() < Duration::from_secs(55), "{one:#?}\n{}", team.log());
        // The answer is in its transcript.
        one.status == Status::Idle && one.context.is_some_and(|c| c.source == Some(Source::Transcript))
    };
    team.server.wait_until("one has answered", said).await;
}

async fn asleep(team: &Team) -> AgentView {
    team.server.wait_until("one sleeps", async || team.agent("one").await.is_asleep()).await;
    team.agent("one").await
}

/// Puts `one` to sleep; as a person would again, where its screen was being painted.
async fn put_to_sleep(team: &Team) -> AgentView {
    let mut last = String::new();
    let asked = async || {
        let output = team.run(&["hibernate", "one"]).await;
        last = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success()
    };
    team.server.wait_until("one is asked to leave", asked).await;
    asleep(team).await
}

async fn runs_again(team: &Team, before: &AgentView) -> AgentView {
    team.wait("one", "idle").await;
    let after = team.agent("one").await;
    assert_ne!(after.instance, before.instance);
    assert_eq!((after.restarts, after.attention), (0, None));
    after
}

/// Kind and cause of what happened to `one`, oldest first.
async fn story(team: &Team) -> Vec<(String, String)> {
    let text = team.ok(&["events", "--json", "-n", "10000"]).await;
    let rows = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    rows.filter(|row| row["agent"] == "one")
        .map(|row| {
            let word = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            (word("kind"), word("cause"))
        })
        .collect()
}

fn has(story: &[(String, String)], kind: &str, cause: &str) -> bool {
    story.iter().any(|(k, c)| k == kind && c.contains(cause))
}

#[tokio::test]
async fn an_agent_sleeps_over_everything_but_a_word_to_it() {
    let team = team(TEAM).await;
    let before = team.agent("one").await;
    let refused = team.run(&["hibernate", "two"]).await;
    assert_eq!(refused.status.code(), Some(11), "nothing was said to it yet");
    let one = put_to_sleep(&team).await;
    assert_eq!((one.status, one.reason), (Status::Exited, Some(Reason::Asleep)));
    assert_eq!((one.pid, one.pane.clone(), one.instance.clone()), (None, before.pane, before.instance));
    // Its pane stays, with what it left there.
    let pane: PaneId = one.pane.as_deref().unwrap().parse().unwrap();
    assert!(team.server.row(pane).await.dead);
    let shown = team.server.text(pane).await;
    assert!(shown.contains("Resume this session"), "{shown}");
    assert!(team.ok(&["status"]).await.contains("exited (asleep)"));
    // Neither its restart policy nor `up` nor another monitor wakes it.
    let output = team.run(&["up", "--detach"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("z one asleep: `swarm wake one`"), "{said}");
    team.kill9(team.monitor().await).await;
    let again = team.agent("one").await;
    assert!(again.is_asleep() && again.pane == one.pane && again.since <= one.since, "{again:?}");
    let said = team.ok(&["wake", "one"]).await;
    assert!(said.starts_with("waking one: resumes its conversation "), "{said}");
    let after = runs_again(&team, &one).await;
    let words = std::fs::read_to_string(format!("/proc/{}/cmdline", after.pid.unwrap())).unwrap();
    assert!(words.contains("\0--resume\0") && !words.contains("remember the number"), "{words}");
    let story = story(&team).await;
    assert!(
        has(&story, "agent.hibernated", "request") && has(&story, "agent.woken", "request"),
        "{story:#?}"
    );
    assert!(has(&story, "agent.spawned", "resumes its conversation"), "{story:#?}");
    // One that was woken can be put to sleep again, whoever asks it to.
    team.kill9(team.monitor().await).await;
    team.wait("one", "idle").await;
    put_to_sleep(&team).await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn a_message_wakes_its_receiver_and_is_delivered_once() {
    let team = team(TEAM).await;
    let before = put_to_sleep(&team).await;
    let sent = team.ok(&["send", "one", "good morning to you", "--wait", "--timeout", "30"]).await;
    assert!(sent.starts_with("one: seen") || sent.starts_with("one: injected"), "{sent}");
    let after = runs_again(&team, &before).await;
    let pane = after.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "good morning to you").await;
    let settled = async || {
        let one = team.agent("one").await;
        one.status == Status::Idle && one.inbox.pending == 0
    };
    team.server.wait_until("it was read", settled).await;
    let text = team.server.text(pane).await;
    assert_eq!(text.matches("good morning to you").count(), 1, "{text}");
    let story = story(&team).await;
    let count = |kind: &str| story.iter().filter(|(k, _)| k == kind).count();
    // A try that found its screen not fit has typed nothing.
    assert!(count("agent.woken") == 1 && count("handoff.offered") >= 1, "{story:#?}");
    assert!(has(&story, "agent.woken", "a message waits for it"), "{story:#?}");
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn who_goes_to_its_pane_wakes_it() {
    let team = team(TEAM).await;
    let session = team.status().await.swarms[0].session.clone().unwrap();
    let two = team.agent("two").await;
    team.server.tmux(&["select-window", "-t", two.window.as_deref().unwrap()]).await;
    team.server.person(session.parse().unwrap()).await;
    let before = put_to_sleep(&team).await;
    // Other panes of the session are no concern of it.
    team.server.tmux(&["select-window", "-t", &format!("{session}:0")]).await;
    team.server.tmux(&["select-window", "-t", two.window.as_deref().unwrap()]).await;
    assert!(team.agent("one").await.is_asleep());
    team.server.tmux(&["select-window", "-t", before.window.as_deref().unwrap()]).await;
    let woken = async || team.agent("one").await.instance != before.instance;
    team.server.wait_until("one is woken", woken).await;
    let after = runs_again(&team, &before).await;
    // The person is where the agent is: another pane has taken the place of the dead one.
    let clients = team.server.conn.clients().await.unwrap();
    let shown = clients.iter().find(|c| !c.control).unwrap().pane;
    assert_eq!(shown, after.pane.unwrap().parse().ok());
    let story = story(&team).await;
    assert!(has(&story, "agent.woken", "its pane was selected"), "{story:#?}");
    // With somebody at it, it is not put to sleep.
    let refused = async || {
        let refused = team.run(&["hibernate", "one"]).await;
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(11), "{said}");
        // Its composer may not have been read yet.
        said.contains("somebody is at its pane")
    };
    team.server.wait_until("it is said that somebody is there", refused).await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn who_is_left_alone_is_put_to_sleep_where_the_file_says_so() {
    let file = TEAM.replace("name = \"one\"", "name = \"one\"\nhibernate_after = \"2s\"");
    let team = Team::new(&file).await;
    std::fs::write(team.project().join("script.toml"), SCRIPT).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    let one = asleep(&team).await;
    // Its pane goes: it sleeps on, and has another one when it is wanted.
    team.server.tmux(&["kill-pane", "-t", one.pane.as_deref().unwrap()]).await;
    team.server.wait_until("its pane is gone", async || team.agent("one").await.pane.is_none()).await;
    assert!(team.agent("one").await.is_asleep());
    team.ok(&["wake", "one"]).await;
    let woken = async || team.agent("one").await.instance != one.instance;
    team.server.wait_until("one is woken", woken).await;
    let story = story(&team).await;
    assert!(has(&story, "agent.hibernated", "idle for 2s"), "{story:#?}");
    team.ok(&["down", "--yes"]).await;
}
