//! Permission prompts that the agent's own hook answers (`answer_by = "hook"`), beside a dialog that takes keys.

use std::path::PathBuf;

use swarm::protocol::Explanation;

use crate::up::Team;

/// Wants to run one command after the other.
const SCRIPT: &str = r#"
[[scenario]]
name = "default"
steps = [
  { do = "tool", name = "Bash", subject = "cargo test", permission = true, takes = "10ms", output = "all passed" },
  { do = "tool", name = "Bash", subject = "rm -rf build", permission = true, takes = "10ms", output = "gone" },
  { do = "wait", file = "GO-ON" },
  { do = "tool", name = "Bash", subject = "git push", permission = true, takes = "10ms", output = "pushed" },
  { do = "say", text = "All is done.", over = "10ms" },
]
"#;

/// What the agent waits for after the second command: a model takes its time.
fn go_on(team: &Team) -> PathBuf {
    team.project().join("go-on")
}

async fn team() -> Team {
    let team = Team::new("").await;
    let script = team.project().join("script.toml");
    std::fs::write(&script, SCRIPT.replace("GO-ON", &go_on(&team).display().to_string())).unwrap();
    team.write(&format!(
        "name = \"shop\"\n[defaults]\nanswer_by = \"hook\"\n[[agents]]\nname = \"asks\"\nprofile = \"sim\"\n\
         prompt = \"go\"\nargs = [\"--script\", \"{}\"]\n",
        script.display()
    ));
    team.ok(&["up", "--trust", "--detach"]).await;
    team
}

/// Waits until the prompt about this command has been read, and its hook has been heard.
async fn asks(team: &Team, command: &str) {
    let heard = async || {
        let agent = team.agent("asks").await;
        let explained = team.ok(&["explain", "asks", "--json"]).await;
        let explained: Explanation = serde_json::from_str(&explained).unwrap();
        let hook = explained.evidence.iter().find(|line| line.rule == "hook:PermissionRequest");
        // The status is that of this prompt: what the last hook said is older.
        agent.subject.as_deref() == Some(command)
            && hook.is_some_and(|line| line.outcome.as_deref() == Some("agrees") || line.won)
            && waiting(team).len() == 1
    };
    team.server.wait_until(command, heard).await;
}

/// The processes of this team's hooks that wait.
fn waiting(team: &Team) -> Vec<PathBuf> {
    let own = team.state();
    let processes = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let waits = |process: &PathBuf| {
        let words = std::fs::read(process.join("cmdline")).unwrap_or_default();
        let environment = std::fs::read(process.join("environ")).unwrap_or_default();
        let words: Vec<&[u8]> = words.split(|b| *b == 0).collect();
        words.get(1..4) == Some(&[&b"hook"[..], b"sim", b"--answer"])
            && String::from_utf8_lossy(&environment).contains(&own.display().to_string())
    };
    processes.filter(waits).collect()
}

async fn screen(team: &Team) -> String {
    let pane = team.agent("asks").await.pane.unwrap();
    team.server.text(pane.parse().unwrap()).await
}

#[tokio::test]
async fn a_hook_brings_the_answer_and_the_reason() {
    let team = team().await;
    asks(&team, "cargo test").await;
    let said = team.ok(&["approve", "asks"]).await;
    assert!(said.starts_with("answered by its hook: "), "{said}");
    asks(&team, "rm -rf build").await;
    assert!(screen(&team).await.contains("all passed"));
    let said = team.ok(&["deny", "asks", "--because", "the build is needed"]).await;
    assert!(said.starts_with("answered by its hook: "), "{said}");
    // It goes on, knowing why.
    std::fs::write(go_on(&team), "").unwrap();
    asks(&team, "git push").await;
    let seen = screen(&team).await;
    assert!(seen.contains("the build is needed") && !seen.contains("gone"), "{seen}");
    // Without a reason its turn is over.
    team.ok(&["deny", "asks"]).await;
    team.wait("asks", "idle").await;
    assert!(!screen(&team).await.contains("All is done."));
    team.server.wait_until("no hook is left", async || waiting(&team).is_empty()).await;
}

#[tokio::test]
async fn the_person_answers_in_the_pane_and_the_hook_is_let_go() {
    let team = team().await;
    asks(&team, "cargo test").await;
    let first = waiting(&team);
    let pane = team.agent("asks").await.pane.unwrap();
    team.server.tmux(&["send-keys", "-t", &pane, "1"]).await;
    let gone = async || first.iter().all(|pid| !waiting(&team).contains(pid));
    team.server.wait_until("its hook has ended", gone).await;
    let next = async || team.agent("asks").await.subject.as_deref() == Some("rm -rf build");
    team.server.wait_until("the next prompt", next).await;
    // Whichever way it is answered, it is this one that is.
    team.ok(&["deny", "asks"]).await;
    team.wait("asks", "idle").await;
    let seen = screen(&team).await;
    assert!(seen.contains("all passed") && !seen.contains("gone"), "{seen}");
}

#[tokio::test]
async fn a_reason_needs_words_and_goes_with_no_other_answer() {
    let team = team().await;
    asks(&team, "cargo test").await;
    let refused = team.run(&["deny", "asks", "--because", " "]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let long = "why ".repeat(2000);
    let refused = team.run(&["deny", "asks", "--because", &long]).await;
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    asks(&team, "cargo test").await;
    team.ok(&["deny", "asks"]).await;
    // By keys it goes as a message, once the agent is idle.
    team.ok(&["down", "--yes"]).await;
    let file = std::fs::read_to_string(team.project().join("swarm.toml")).unwrap();
    team.write(&file.replace("\"hook\"", "\"keys\""));
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    let output = team.run(&["deny", "asks", "--because", "the build is needed"]).await;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && said.contains("gets the reason as a message"), "{output:?}");
    let told = async || screen(&team).await.contains("the build is needed");
    team.server.wait_until("it was told", told).await;
}

#[tokio::test]
async fn a_hook_whose_monitor_dies_leaves_the_dialog_and_keys_answer() {
    let team = team().await;
    team.end_overview().await;
    asks(&team, "cargo test").await;
    team.kill9(team.monitor().await).await;
    team.server.wait_until("the hook has ended", async || waiting(&team).is_empty()).await;
    assert!(screen_of_the_only_pane(&team).await.contains("Do you want to proceed?"));
    team.ok(&["up", "--detach"]).await;
    team.wait("asks", "waiting").await;
    let said = team.ok(&["approve", "asks"]).await;
    assert!(said.starts_with("answered: "), "{said}");
    asks(&team, "rm -rf build").await;
    assert!(screen(&team).await.contains("all passed"));
}

async fn screen_of_the_only_pane(team: &Team) -> String {
    let panes = team.server.panes().await;
    let pane = panes.iter().find(|p| p.session != team.server.session && p.window_name != "swarm").unwrap();
    team.server.text(pane.pane).await
}
