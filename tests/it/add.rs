//! `swarm add` on a real tmux: what it takes from the file, what it refuses, and what survives.

use swarm::status::Status;
use swarm::tmux::Command;

use crate::up::Team;

const TWO: &str = "# the shop\nname = \"shop\"\n[defaults]\nenv = { COLOUR = \"green\" } # for all\n\
                   [[agents]]\nname = \"one\" # first\nprofile = \"shell\"\ncommand = [\"cat\"]\n\
                   [[agents]]\nname = \"two\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n";

async fn team() -> Team {
    let team = Team::new(TWO).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one"]).await;
    team
}

fn file(team: &Team) -> String {
    std::fs::read_to_string(team.project().join("swarm.toml")).unwrap()
}

#[tokio::test]
async fn an_agent_joins_and_outlives_the_monitor_and_up() {
    let team = team().await;
    std::fs::create_dir(team.project().join("api")).unwrap();
    let show = "echo colour=$COLOUR in ${PWD##*/}; exec cat";
    let said =
        team.ok(&["add", "helper", "--profile", "shell", "--domain", "api", "--", "sh", "-c", show]).await;
    assert!(said.contains("added helper") && said.contains("swarm down"), "{said}");
    assert_eq!(file(&team), TWO, "nothing is written without --save");
    let helper = team.agent("helper").await;
    let pane = helper.pane.clone().unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "colour=green in api").await;
    assert_eq!(helper.window, team.agent("one").await.window, "it fills the window that has room");

    let monitor = team.monitor().await;
    team.kill9(monitor).await;
    assert_eq!(team.agent("helper").await.instance, helper.instance, "found again");
    let said = team.run(&["up", "--detach"]).await;
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("= helper runs: not in the swarm file; `swarm rm helper`"), "{said}");
    let kept = team.agent("helper").await;
    assert_eq!((&kept.instance, &kept.pid), (&helper.instance, &helper.pid));
    // Its variables are known again after the monitor had gone.
    team.ok(&["restart", "helper"]).await;
    team.server
        .wait_until("another instance", async || team.agent("helper").await.instance != helper.instance)
        .await;
    let pane = team.agent("helper").await.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "colour=green in api").await;

    team.ok(&["rm", "helper"]).await;
    let gone = async || team.status().await.swarms[0].agents.iter().all(|a| a.name != "helper");
    team.server.wait_until("it is gone", gone).await;
    let monitor = team.monitor().await;
    team.kill9(monitor).await;
    assert!(gone().await, "and stays gone");
}

#[tokio::test]
async fn a_saved_agent_stands_in_the_file_which_stays_trusted() {
    let team = team().await;
    let said = team.ok(&["add", "three", "--role", "tester", "--save", "--command", "cat", "--", "-"]).await;
    assert!(said.contains("wrote it into"), "{said}");
    let table = "\n[[agents]]\nname = \"three\"\nrole = \"tester\"\nprofile = \"shell\"\ncommand = [\"cat\"]\nargs = [\"-\"]\n";
    assert_eq!(file(&team), format!("{TWO}{table}"));
    assert_eq!(team.agent("three").await.role.as_deref(), Some("tester"));
    let said = team.run(&["up", "--detach"]).await;
    let said = String::from_utf8(said.stderr).unwrap();
    assert!(said.contains("= three runs\n") && said.contains("+ two started"), "{said}");
}

#[tokio::test]
async fn what_cannot_be_added_says_why_and_leaves_nothing() {
    let team = team().await;
    let panes = team.server.panes().await.len();
    let refused = async |args: &[&str], code: i32, words: &str| {
        let output = team.run(args).await;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    };
    refused(&["add", "one"], 11, "has an agent `one` already").await;
    refused(&["add", "two", "--profile", "shell"], 11, "swarm up --only two").await;
    refused(&["add", "All"], 2, "All").await;
    let none = ["add", "x", "--profile", "shell", "--domain", "nowhere"];
    refused(&none, 3, "nowhere does not exist").await;
    refused(&["add", "x", "--command", "no-such-program"], 3, "no-such-program").await;
    refused(&["add", "x", "--profile", "shel"], 3, "did you mean `shell`").await;
    refused(&["-s", "other", "add", "x"], 4, "no swarm `other`").await;
    assert_eq!(team.server.panes().await.len(), panes);
    assert_eq!(team.status().await.swarms[0].agents.len(), 2);
    // A file that was changed is read by a person first.
    team.write(&format!("{TWO}# changed\n"));
    refused(&["add", "x", "--command", "cat"], 14, "has changed").await;
}

#[tokio::test]
async fn the_overview_adds_an_agent_too() {
    let team = team().await;
    let panes = team.server.panes().await;
    let screen = panes.iter().find(|p| p.session_name == "shop" && p.window_name == "swarm").unwrap().pane;
    team.server.wait_for_text(screen, "one").await;
    let keys = async |keys: &[&str]| team.server.conn.one(Command::send_keys(screen, keys)).await.unwrap();
    keys(&["A"]).await;
    team.server.wait_for_text(screen, "add").await;
    team.server.conn.one(Command::send_text(screen, "helper shel")).await.unwrap();
    keys(&["Enter"]).await;
    team.server.wait_for_text(screen, "did you mean `shell`?").await;
    // The line is still there, to be mended.
    keys(&["A"]).await;
    team.server.conn.one(Command::send_text(screen, "l")).await.unwrap();
    keys(&["Enter"]).await;
    team.server.wait_for_text(screen, "added helper").await;
    assert!(team.agent("helper").await.pid.is_some());
}

#[tokio::test]
async fn an_agent_may_be_killed_right_after_its_restart() {
    let team = team().await;
    team.ok(&["restart", "one"]).await;
    team.ok(&["kill", "one"]).await;
    let ended = async || {
        let one = team.agent("one").await;
        one.status == Status::Exited && one.pid.is_none()
    };
    team.server.wait_until("it has ended", ended).await;
    let settled = team.agent("one").await.instance;
    let monitor = team.monitor().await;
    team.kill9(monitor).await;
    assert_eq!(team.agent("one").await.instance, settled, "it was not started again");
}
