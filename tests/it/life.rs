//! An agent's life around its process: where tmux has never run, inside another tmux, what runs before and after, what
//! `up` says of conversations, and the dialogs that come first.

use std::process::Output;

use swarm::snapshot::Snapshot;
use swarm::status::{Reason, Status};

use crate::up::Team;

const ONE: &str = "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn a_swarm_comes_up_where_tmux_has_never_run() {
    let team = Team::new(ONE).await;
    let nowhere = tempfile::tempdir().unwrap();
    // The flags of `command` name the harness's server; a fresh user names none.
    let fresh = async |args: &[&str]| {
        let command = team.command(&[]);
        let mut bare = tokio::process::Command::new(env!("CARGO_BIN_EXE_swarm"));
        bare.args(args).current_dir(team.project()).env_clear();
        bare.envs(std::env::vars().filter(|(key, _)| !key.starts_with("TMUX") && !key.starts_with("SWARM_")));
        bare.envs(command.get_envs().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))));
        bare.env("TMUX_TMPDIR", nowhere.path()).env("SWARM_TMUX", crate::harness::program());
        bare.output().await.unwrap()
    };
    let up = fresh(&["up", "--trust", "--detach"]).await;
    assert!(up.status.success(), "{}", said(&up));
    let status = fresh(&["status", "--json"]).await;
    let snapshot: Snapshot = serde_json::from_slice(&status.stdout).unwrap();
    assert!(snapshot.swarms[0].agents[0].pid.is_some());
    // tmux itself is content with the folder.
    let sessions = tokio::process::Command::new(crate::harness::program())
        .args(["list-sessions", "-F", "#{session_name}"])
        .env("TMUX_TMPDIR", nowhere.path())
        .env_remove("TMUX")
        .output()
        .await
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&sessions.stdout), "shop\n");
    let down = fresh(&["down", "--yes"]).await;
    assert!(down.status.success(), "{}", said(&down));
}

#[tokio::test]
async fn inside_another_tmux_up_says_where_the_swarm_is() {
    let team = Team::new(ONE).await;
    let mut command = team.command(&["up", "--trust"]);
    command.env("TMUX", "/somewhere/else,1,0").env("TMUX_PANE", "%0");
    let output = tokio::process::Command::from(command).output().await.unwrap();
    let said = said(&output);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 agent in session `shop`"), "{said}");
    assert!(said.contains("another tmux server"), "{said}");
    let socket = team.server.socket().canonicalize().unwrap();
    assert!(said.contains(&format!("swarm -S '{}' attach", socket.display())), "{said}");
}

#[tokio::test]
async fn before_start_runs_in_the_agents_directory_with_its_environment() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ndomain = \"api\"\ncommand = [\"sh\", \"-c\", \"cat made; exec cat\"]\n\
         env = { GREETING = \"hello\" }\n\
         before_start = [\"sh\", \"-c\", \"echo $SWARM_AGENT $GREETING ${SWARM_TOKEN:-no token} > made; echo prepared\"]\n",
    )
    .await;
    std::fs::create_dir(team.project().join("api")).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    let pane = team.agent("one").await.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "one hello no token").await;
    let log = std::fs::read_to_string(team.state().join("log/shop-one-before_start.log")).unwrap();
    assert!(log.starts_with("$ sh -c ") && log.ends_with("\nprepared\n"), "{log}");
    // Again with each start.
    std::fs::remove_file(team.project().join("api/made")).unwrap();
    team.ok(&["restart", "one"]).await;
    let made = team.project().join("api/made");
    team.server.wait_until("it is made again", async || made.exists()).await;
}

#[tokio::test]
async fn an_agent_whose_before_start_fails_is_not_started_and_says_why() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n\
         before_start = [\"sh\", \"-c\", \"echo no compiler here >&2; exit 4\"]\n\
         [[agents]]\nname = \"two\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n",
    )
    .await;
    let output = team.run(&["up", "--trust", "--detach"]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("! one failed: before_start `sh -c"), "{said}");
    assert!(said.contains("exit status: 4: no compiler here"), "{said}");
    assert!(said.contains("+ two started"), "{said}");
    let one = team.agent("one").await;
    assert_eq!((one.status, one.reason, one.pane), (Status::Exited, Some(Reason::Crashed), None));
    let table = team.ok(&["status"]).await;
    assert!(table.contains("no compiler here"), "{table}");
    assert!(team.agent("two").await.pid.is_some());
}

#[tokio::test]
async fn after_exit_runs_after_every_end_and_nobody_waits_for_it() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ncommand = [\"sh\", \"-c\", \"exit 7\"]\n\
         after_exit = [\"sh\", \"-c\", \"echo $SWARM_AGENT $SWARM_EXIT_STATUS >> ended; exec sleep 30\"]\n\
         [[agents]]\nname = \"two\"\nprofile = \"shell\"\ncommand = [\"cat\"]\nafter_exit = [\"touch\", \"cleared\"]\n",
    )
    .await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("one", "exited").await;
    let ended = team.project().join("ended");
    let written = async || std::fs::read_to_string(&ended).is_ok_and(|text| text == "one 7\n");
    team.server.wait_until("what comes after has run", written).await;
    // It sleeps; all else goes on, and `down` too.
    team.ok(&["down", "--yes"]).await;
    let cleared = team.project().join("cleared");
    team.server.wait_until("also at `down`", async || cleared.exists()).await;
}

/// Waits until another incarnation than `before` rests: one that is being ended may still be called idle.
async fn is_again(team: &Team, agent: &str, before: Option<&str>) {
    let is_again = async || {
        let now = team.agent(agent).await;
        now.instance.as_deref() != before && now.status == Status::Idle
    };
    team.server.wait_until("it is there again", is_again).await;
}

#[tokio::test]
async fn up_says_which_conversation_each_agent_has_and_gathers_first_dialogs() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"asks\"\nprofile = \"sim\"\nargs = [\"--script\", \"asks.toml\"]\n\
         [[agents]]\nname = \"works\"\nprofile = \"sim\"\nargs = [\"--script\", \"works.toml\"]\n",
    )
    .await;
    std::fs::write(team.project().join("asks.toml"), "[agent]\nstartup = \"10ms\"\ntrust = true\n").unwrap();
    std::fs::write(team.project().join("works.toml"), "[agent]\nstartup = \"10ms\"\n").unwrap();
    let output = team.run(&["up", "--trust", "--detach"]).await;
    let first = said(&output);
    assert!(output.status.success(), "{first}");
    assert!(first.contains("+ works started: new conversation\n"), "{first}");
    assert!(first.contains("1 agent asks you something before it works:\n  asks: "), "{first}");
    assert!(first.contains("`swarm next`"), "{first}");
    // The pane is lost: its conversation goes on.
    let works = team.agent("works").await;
    team.server.tmux(&["kill-pane", "-t", works.pane.as_deref().unwrap()]).await;
    let lost = async || team.agent("works").await.reason == Some(Reason::Lost);
    team.server.wait_until("the loss is noticed", lost).await;
    let again = said(&team.run(&["up", "--detach"]).await);
    assert!(again.contains("+ works started: resumes its conversation "), "{again}");
    assert!(again.contains("= asks runs"), "{again}");
    let mut before = team.agent("works").await.instance;
    let restarting = team.ok(&["restart", "works"]).await;
    assert!(restarting.starts_with("restarting works: resumes its conversation "), "{restarting}");
    is_again(&team, "works", before.as_deref()).await;
    before = team.agent("works").await.instance;
    let anew = team.ok(&["restart", "--fresh", "works"]).await;
    assert_eq!(anew, "restarting works: new conversation: the last one was ended\n");
    // What the one before still shows is not what a script waits for.
    team.ok(&["wait", "works", "--timeout", "60"]).await;
    assert_ne!(team.agent("works").await.instance, before);
    is_again(&team, "works", before.as_deref()).await;
    // Files are there for those that run, and for the one that was lost, which may.
    let files = team.state().join("run/instances");
    let only_theirs = async || {
        let agents = team.status().await.swarms[0].agents.clone();
        let mut runs: Vec<String> = agents.into_iter().filter_map(|a| a.instance).collect();
        runs.extend(works.instance.clone());
        let there = std::fs::read_dir(&files).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
        let mut there: Vec<String> = there.collect();
        runs.sort();
        there.sort();
        runs == there
    };
    team.server.wait_until("files of the others are gone", only_theirs).await;
}

#[tokio::test]
async fn a_running_session_becomes_a_swarm_file_that_comes_up_alike() {
    let team = Team::new(ONE).await;
    let project = team.project();
    std::fs::create_dir(project.join("web")).unwrap();
    let web = project.join("web");
    team.server
        .tmux(&["new-session", "-d", "-s", "by-hand", "-n", "work", "-x", "120", "-y", "40", "cat"])
        .await;
    team.server
        .tmux(&["split-window", "-h", "-t", "by-hand:", "-c", web.to_str().unwrap(), "sleep", "1000"])
        .await;
    // What tmux has forked is not yet what it was told to run.
    let run = async || {
        let panes = team.server.panes().await;
        let of_them = panes.iter().filter(|p| p.session_name == "by-hand");
        let run: Vec<&str> = of_them.map(|p| p.current_command.as_str()).collect();
        run == ["cat", "sleep"]
    };
    team.server.wait_until("both programs run", run).await;
    let printed = team.ok(&["freeze", "by-hand"]).await;
    assert!(printed.contains("command = [\"sleep\", \"1000\"]"), "{printed}");
    assert!(printed.contains("domain = \"web\""), "{printed}");
    let refused = team.run(&["freeze", "by-hand", "-o", "swarm.toml"]).await;
    assert!(said(&refused).contains("--force"), "{}", said(&refused));
    team.ok(&["freeze", "by-hand", "-o", "swarm.toml", "--force"]).await;
    assert_eq!(std::fs::read_to_string(project.join("swarm.toml")).unwrap(), printed);
    team.server.tmux(&["kill-session", "-t", "by-hand"]).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let agents = team.status().await.swarms[0].agents.clone();
    let names: Vec<&str> = agents.iter().map(|a| a.name.as_str()).collect();
    assert_eq!(names, ["cat", "sleep"]);
    assert!(agents[1].directory.ends_with("/web") && agents[0].window == agents[1].window);
    if team.server.at_least(3, 8).await {
        return;
    }
    // Side by side, as it was.
    let panes = team.server.panes().await;
    let of = |name: &str| panes.iter().find(|p| p.agent == name).unwrap();
    assert_eq!(of("cat").height, of("sleep").height);
}
