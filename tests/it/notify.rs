//! A person is told: by a program, a webhook and their terminal, once, and not while they look.

use std::path::PathBuf;

use crate::harness::Server;
use crate::up::Team;

const ASKS: &str = r#"
name = "shop"
[layout]
windows = "per-agent"
[[agents]]
name = "asks"
profile = "sim"
prompt = "SIM:bash please"
[[agents]]
name = "quiet"
profile = "sim"
prompt = "SIM:bash please"
"#;

/// A team whose person has a program that writes down what it is called with, and a curl that posts to a file.
async fn team(notify: &str) -> (Team, PathBuf) {
    let team = Team::on(Server::start().await, ASKS);
    let dir = team.project().parent().unwrap().to_owned();
    let bin = dir.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let told = dir.join("told");
    program(&bin.join("tell"), &format!("for word; do echo \"$word\"; done >> '{}'", told.display()));
    program(&bin.join("curl"), &format!("cat >> '{}'", dir.join("posted").display()));
    std::fs::create_dir_all(dir.join("config/swarm")).unwrap();
    std::fs::write(dir.join("config/swarm/config.toml"), format!("[notify]\ndelay = \"0s\"\n{notify}\n"))
        .unwrap();
    (team, dir)
}

fn program(path: &std::path::Path, line: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// `swarm` with the person's programs first on PATH: the monitor finds them there.
async fn ok(team: &Team, dir: &std::path::Path, args: &[&str]) {
    let mut command = team.command(args);
    command.env("PATH", format!("{}:{}", dir.join("bin").display(), std::env::var("PATH").unwrap()));
    let output = tokio::process::Command::from(command).output().await.unwrap();
    assert!(output.status.success(), "{}\n{}", String::from_utf8_lossy(&output.stderr), team.log());
}

fn read(path: PathBuf) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

#[tokio::test]
async fn a_prompt_is_told_by_program_and_webhook_to_whom_it_concerns() {
    let (team, dir) = team(
        "command = [\"tell\", \"{title}\", \"{kind}\", \"{body}\"]\nwebhook = \"https://ntfy.invalid/s3cret\"\n\
         agents = { quiet = [\"failed\"] }",
    )
    .await;
    ok(&team, &dir, &["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    team.wait("quiet", "waiting").await;
    let told = async || read(dir.join("told")).contains("waiting");
    team.server.wait_until("the program is called", told).await;
    let posted = async || read(dir.join("posted")).contains("data-raw");
    team.server.wait_until("the webhook is called", posted).await;
    let text = read(dir.join("told"));
    assert!(text.starts_with("shop/asks asks\nasks\nwaiting (permission): "), "{text}");
    assert!(!text.contains("quiet") && text.matches("shop/asks asks").count() == 1, "{text}");
    let posted = read(dir.join("posted"));
    assert!(posted.contains("url = \"https://ntfy.invalid/s3cret\""), "{posted}");
    assert!(!team.log().contains("s3cret"));
    assert!(team.status().await.problems.is_empty());
}

#[tokio::test]
async fn a_program_that_cannot_be_started_is_said_in_the_overview() {
    let (team, dir) = team("command = [\"no-such-program\"]").await;
    ok(&team, &dir, &["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    let said = async || team.status().await.problems.iter().any(|p| p.contains("no-such-program"));
    team.server.wait_until("the problem is said", said).await;
}

#[tokio::test]
async fn the_bell_and_the_terminals_own_notification_reach_the_person() {
    let (team, dir) = team("bell = true\nterminal = \"osc9\"\nagents = { quiet = [] }").await;
    let main = team.server.session;
    team.server.person(main).await;
    // What the person's terminal is sent, byte for byte.
    let sent = dir.join("sent");
    let mut tmux = tokio::process::Command::new(crate::harness::program());
    let pipe = format!("exec cat > '{}'", sent.display());
    tmux.arg("-S").arg(team.server.dir().join("terminal")).args(["pipe-pane", "-t", "terminal:", &pipe]);
    assert!(tmux.env_remove("TMUX").status().await.unwrap().success());
    ok(&team, &dir, &["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    let start = std::time::Instant::now();
    let rung = async || {
        let bytes = std::fs::read(&sent).unwrap_or_default();
        assert!(start.elapsed().as_secs() < 30, "{:?}\n{}", String::from_utf8_lossy(&bytes), team.log());
        let text = String::from_utf8_lossy(&bytes);
        text.contains("\x1b]9;shop/asks asks: waiting") && text.contains("\x1b\\\x07")
    };
    team.server.wait_until("the terminal is told", rung).await;
}

#[tokio::test]
async fn nobody_is_told_of_what_they_look_at() {
    let (team, dir) = team("command = [\"tell\", \"{title}\"]").await;
    ok(&team, &dir, &["up", "--trust", "--detach", "--only", "quiet"]).await;
    team.wait("quiet", "waiting").await;
    let told = async || read(dir.join("told")).contains("shop/quiet asks");
    team.server.wait_until("the first is told", told).await;
    // The person sits at the second when it asks, and the third is told after it: the second was left out.
    let agent = team.agent("quiet").await;
    team.ok(&["hold", "quiet"]).await;
    let session = team.server.panes().await.iter().find(|p| p.session_name == "shop").unwrap().session;
    team.server.tmux(&["select-window", "-t", agent.window.as_deref().unwrap()]).await;
    let person = team.server.person(session).await;
    assert_eq!(person.pane.map(|p| p.to_string()), agent.pane);
    let seen = async || team.agent("quiet").await.attention.is_none();
    team.server.wait_until("it is looked at", seen).await;
    team.ok(&["approve", "quiet"]).await;
    team.wait("quiet", "idle").await;
    let pane = agent.pane.as_deref().unwrap();
    team.server.tmux(&["send-keys", "-t", pane, "SIM:bash again", "Enter"]).await;
    team.wait("quiet", "waiting").await;
    ok(&team, &dir, &["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    let told = async || read(dir.join("told")).contains("shop/asks asks");
    team.server.wait_until("the other one is told", told).await;
    assert_eq!(read(dir.join("told")), "shop/quiet asks\nshop/asks asks\n");
}

#[tokio::test]
async fn the_desktop_is_told_by_its_own_program() {
    let (team, dir) = team("desktop = true\nagents = { quiet = [] }").await;
    let shown = dir.join("shown");
    let shower = swarm::monitor::notify::desktop::PROGRAM;
    program(
        &dir.join("bin").join(shower),
        &format!("for word; do echo \"$word\"; done >> '{}'", shown.display()),
    );
    ok(&team, &dir, &["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    let told = async || read(shown.clone()).contains("shop/asks asks\nwaiting (permission): ");
    team.server.wait_until("the desktop is told", told).await;
    let text = read(shown);
    assert!(!text.contains("quiet") && text.matches("shop/asks asks").count() == 1, "{text}");
    assert!(team.status().await.problems.is_empty());
}

#[tokio::test]
async fn a_desktop_that_cannot_be_told_is_said_once_and_harms_nothing() {
    let (team, dir) = team("desktop = true\ncommand = [\"tell\", \"{title}\"]").await;
    let shower = swarm::monitor::notify::desktop::PROGRAM;
    program(&dir.join("bin").join(shower), "echo no display >&2; exit 1");
    ok(&team, &dir, &["up", "--trust", "--detach"]).await;
    let told = async || {
        let text = read(dir.join("told"));
        text.contains("shop/asks asks") && text.contains("shop/quiet asks")
    };
    team.server.wait_until("both are told by the other way", told).await;
    let said = async || team.log().contains("no display");
    team.server.wait_until("the log says it", said).await;
    assert_eq!(team.log().matches("no notification of the desktop").count(), 1, "{}", team.log());
    assert!(team.status().await.problems.is_empty());
}
