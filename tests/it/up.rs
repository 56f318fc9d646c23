//! The main job on a real tmux: up, status, restart, kill, down, and everything that may die on the way.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use swarm::snapshot::{AgentView, Snapshot};
use swarm::status::{Reason, Status};
use swarm::tmux::PaneId;

use crate::harness::{Server, strangers_to_us};

/// A swarm in directories of its own, on a private tmux server.
pub struct Team {
    /// The tmux server.
    pub server: Server,
    dir: tempfile::TempDir,
}

impl Team {
    /// A team with this swarm file, trusted; nothing is started yet.
    pub async fn new(file: &str) -> Self {
        Self::on(Server::start().await, file)
    }

    /// The same on a given server.
    pub fn on(server: Server, file: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("project")).unwrap();
        let team = Self { server, dir };
        team.write(file);
        team
    }

    /// Writes the swarm file.
    pub fn write(&self, file: &str) {
        std::fs::write(self.project().join("swarm.toml"), file).unwrap();
    }

    /// Where the swarm file lies.
    pub fn project(&self) -> PathBuf {
        self.dir.path().join("project")
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.dir.path().join("state")
    }

    /// `swarm` with these arguments, as a person would run it outside tmux.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        command.current_dir(self.project());
        strangers_to_us(&mut command, self.dir.path());
        command.env("SWARM_STATE_DIR", self.state()).env("XDG_CONFIG_HOME", self.dir.path().join("config"));
        command.arg("-S").arg(self.server.socket()).args(args).stdin(Stdio::null());
        command
    }

    /// Runs `swarm` and gives what it printed, whatever its exit code.
    pub async fn run(&self, args: &[&str]) -> Output {
        tokio::process::Command::from(self.command(args)).output().await.unwrap()
    }

    /// Runs `swarm`, which must succeed, and gives its stdout.
    pub async fn ok(&self, args: &[&str]) -> String {
        let output = self.run(args).await;
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "swarm {args:?}: {}\n{stderr}\n{}", output.status, self.log());
        String::from_utf8(output.stdout).unwrap()
    }

    /// The monitor's log.
    pub fn log(&self) -> String {
        let logs = std::fs::read_dir(self.state().join("log")).into_iter().flatten().flatten();
        logs.map(|log| std::fs::read_to_string(log.path()).unwrap_or_default()).collect()
    }

    /// `swarm status --json`.
    pub async fn status(&self) -> Snapshot {
        serde_json::from_str(&self.ok(&["status", "--json"]).await).unwrap()
    }

    /// One agent of the first swarm.
    pub async fn agent(&self, name: &str) -> AgentView {
        let snapshot = self.status().await;
        snapshot.swarms[0].agents.iter().find(|a| a.name == name).unwrap().clone()
    }

    /// Waits until an agent has one of these statuses.
    pub async fn wait(&self, agent: &str, until: &str) {
        self.ok(&["wait", agent, "--until", until, "--timeout", "30"]).await;
    }

    /// The process of the monitor.
    pub async fn monitor(&self) -> u32 {
        let status: serde_json::Value =
            serde_json::from_str(&self.ok(&["monitor", "status", "--json"]).await).unwrap();
        status["monitor"]["pid"].as_u64().unwrap().try_into().unwrap()
    }

    /// Ends the overview that `up` opened, once it runs: it starts another monitor a second after it has lost one.
    pub async fn end_overview(&self) {
        let mut pid = None;
        let runs = async || {
            let panes = self.server.panes().await;
            let Some(pane) = panes.iter().find(|p| p.window_name == "swarm").map(|p| p.pane) else {
                return false;
            };
            let drawn = self.server.text(pane).await.contains("? help");
            pid = self.server.row(pane).await.pid;
            drawn && pid.is_some()
        };
        self.server.wait_until("the overview runs", runs).await;
        self.kill9(pid.unwrap()).await;
    }

    /// Ends a process at once and waits until it is gone.
    pub async fn kill9(&self, pid: u32) {
        use rustix::process::{Pid, Signal, kill_process};
        let target = Pid::from_raw(pid.cast_signed()).unwrap();
        kill_process(target, Signal::KILL).unwrap();
        let gone = async || !std::path::Path::new(&format!("/proc/{pid}")).exists() || is_zombie(pid);
        self.server.wait_until("a process is gone", gone).await;
    }
}

fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

impl Drop for Team {
    fn drop(&mut self) {
        let _ = self.command(&["monitor", "stop"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

const THREE: &str = r#"
name = "shop"
[layout]
panes_per_window = 2
[[agents]]
name = "one"
profile = "shell"
command = ["sh", "-c", "echo one; echo hello from one; exec cat"]
[[agents]]
name = "two"
profile = "shell"
command = ["sh", "-c", "echo path=$PATH who=$SWARM_AGENT; exec cat"]
[[agents]]
name = "three"
profile = "shell"
command = ["sh", "-c", "echo one; echo bye; sleep 0.3; exit 3"]
"#;

#[tokio::test]
async fn up_makes_one_pane_per_agent_and_down_leaves_nothing() {
    let team = Team::new(THREE).await;
    let before = team.server.panes().await.len();
    team.ok(&["up", "--trust", "--detach"]).await;
    let snapshot = team.status().await;
    assert_eq!(snapshot.swarms[0].name, "shop");
    let panes = team.server.panes().await;
    let of = |agent: &str| panes.iter().find(|p| p.agent == agent).unwrap().clone();
    assert_eq!(of("one").window, of("two").window, "two panes per window");
    assert_ne!(of("one").window, of("three").window);
    team.server.wait_for_text(of("one").pane, "hello from one").await;
    team.server.wait_for_text(of("two").pane, "who=two").await;
    // The agent itself is the pane's process: nothing stands in between.
    let one = of("one").pane;
    let is_cat = async || team.server.row(one).await.current_command == "cat";
    team.server.wait_until("its shell has become `cat`", is_cat).await;
    assert_eq!(team.agent("one").await.pid, of("one").pid);

    team.wait("three", "exited").await;
    let three = team.agent("three").await;
    assert_eq!((three.status, three.reason), (Status::Exited, Some(Reason::Crashed)));
    assert_eq!(three.proof.unwrap().text, "exit status 3");
    team.server.wait_for_text(of("three").pane, "bye").await;

    team.ok(&["down", "--yes"]).await;
    assert_eq!(team.server.panes().await.len(), before, "{:?}", team.server.panes().await);
}

#[tokio::test]
async fn up_again_changes_nothing_and_finds_panes_that_were_moved() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one,two"]).await;
    let first = team.agent("one").await;
    let panes = team.server.panes().await;
    let one = panes.iter().find(|p| p.agent == "one").unwrap().pane;
    team.server.tmux(&["break-pane", "-d", "-s", &one.to_string()]).await;
    team.ok(&["up", "--detach", "--only", "one,two"]).await;
    let again = team.agent("one").await;
    assert_eq!((&first.pid, &first.instance, &first.pane), (&again.pid, &again.instance, &again.pane));
    assert_ne!(first.window, again.window);
    assert_eq!(team.server.panes().await.len(), panes.len());
    // The rest comes up beside them.
    team.ok(&["up", "--detach"]).await;
    team.wait("three", "exited").await;
    assert_eq!(team.agent("one").await.pid, first.pid);
}

#[tokio::test]
async fn restart_makes_a_new_instance_in_the_same_place_and_kill_keeps_the_last_screen() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one"]).await;
    let first = team.agent("one").await;
    team.ok(&["restart", "one"]).await;
    team.server
        .wait_until("the agent has another process", async || {
            team.agent("one").await.instance != first.instance
        })
        .await;
    // Another pane in the same place: tmux up to 3.7c can crash when a used pane is respawned.
    let second = team.agent("one").await;
    let pane = second.pane.clone().unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "hello from one").await;
    assert_eq!(second.window, first.window);
    assert_ne!(second.instance, first.instance);
    assert_eq!(second.restarts, 1);
    team.ok(&["kill", "one"]).await;
    team.wait("one", "exited").await;
    let ended = team.agent("one").await;
    assert_eq!((ended.status, ended.reason), (Status::Exited, Some(Reason::Stopped)));
    assert!(team.server.text(pane).await.contains("hello from one"));
    assert!(team.server.row(pane).await.dead);
}

#[tokio::test]
async fn a_killed_monitor_loses_nothing() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("three", "exited").await;
    let before = team.status().await;
    let monitor = team.monitor().await;
    team.kill9(monitor).await;
    // Asking starts it again, and it finds everything.
    let after = team.status().await;
    assert_ne!(team.monitor().await, monitor);
    let key = |s: &Snapshot| -> Vec<_> {
        s.swarms[0]
            .agents
            .iter()
            .map(|a| (a.name.clone(), a.pane.clone(), a.pid, a.instance.clone()))
            .collect()
    };
    assert_eq!(key(&before), key(&after));
    assert_eq!(after.swarms[0].agents[2].status, Status::Exited);
}

#[tokio::test]
async fn an_agent_that_fails_is_restarted_until_it_is_a_crash_loop() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"flaky\"\nprofile = \"shell\"\nrestart = \"on-failure\"\n\
         command = [\"sh\", \"-c\", \"echo x >> runs; exit 7\"]\n",
    )
    .await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let mut view = team.agent("flaky").await;
    while view.reason != Some(Reason::CrashLoop) {
        team.ok(&["wait", "flaky", "--until", "exited", "--timeout", "30"]).await;
        view = team.agent("flaky").await;
    }
    assert_eq!(view.restarts, 2);
    assert_eq!(std::fs::read_to_string(team.project().join("runs")).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn an_agent_killed_from_outside_is_a_crash_with_its_signal() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one"]).await;
    let one = team.agent("one").await;
    team.kill9(one.pid.unwrap()).await;
    team.wait("one", "exited").await;
    let one = team.agent("one").await;
    assert_eq!((one.reason, one.attention), (Some(Reason::Crashed), Some(swarm::status::Attention::Failed)));
    assert_eq!(one.pid, None);
    team.ok(&["up", "--detach", "--only", "one"]).await;
    assert!(team.agent("one").await.pid.is_some());
}

#[tokio::test]
async fn a_file_that_nobody_trusted_starts_nothing() {
    let team = Team::new(THREE).await;
    let before = team.server.panes().await.len();
    let output = team.run(&["up", "--detach"]).await;
    assert_eq!(output.status.code(), Some(14), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("swarm trust"));
    // Nor may an agent say that it is trusted.
    let mut agent = tokio::process::Command::from(team.command(&["up", "--detach", "--trust"]));
    let output = agent.env("SWARM_AGENT", "one").output().await.unwrap();
    assert_eq!(output.status.code(), Some(11), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(team.run(&["up", "--detach"]).await.status.code(), Some(14), "and it is not");
    assert_eq!(team.server.panes().await.len(), before);
}

/// Runs `swarm` in a pane, as a person types it there.
async fn typed(team: &Team, args: &[&str]) -> PaneId {
    let command = team.command(args);
    let (keep, gone): (Vec<_>, Vec<_>) = command.get_envs().partition(|(_, value)| value.is_some());
    let there = ["sh", "-c", "cd \"$0\" && exec env \"$@\""].map(str::to_owned);
    let mut argv: Vec<String> = there.into_iter().chain([team.project().display().to_string()]).collect();
    argv.extend(gone.iter().flat_map(|(key, _)| ["-u".to_owned(), key.display().to_string()]));
    argv.extend(keep.iter().map(|(key, value)| format!("{}={}", key.display(), value.unwrap().display())));
    argv.push(command.get_program().display().to_string());
    argv.extend(command.get_args().map(|arg| arg.display().to_string()));
    team.server.spawn(&argv.iter().map(String::as_str).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn a_person_at_a_terminal_is_shown_what_a_file_starts_and_asked() {
    let team = Team::new(THREE).await;
    let asked = async |answer: &str| {
        let pane = typed(&team, &["up", "--detach", "--only", "one"]).await;
        team.server.wait_for_text(pane, "the swarm `shop` starts:").await;
        team.server.wait_for_text(pane, "start this? [y/N]").await;
        team.server.tmux(&["send-keys", "-t", &pane.to_string(), answer, "Enter"]).await;
        pane
    };
    let pane = asked("").await;
    team.server.wait_for_text(pane, "Hint: read it").await;
    assert_eq!(team.run(&["up", "--detach"]).await.status.code(), Some(14), "it still is not");
    // `--yes` answers confirmations, and trust is none.
    let pane = typed(&team, &["up", "--yes", "--detach", "--only", "one"]).await;
    team.server.wait_for_text(pane, "Hint: read it").await;
    assert!(!team.server.text(pane).await.contains("[y/N]"));
    let pane = asked("y").await;
    team.server.wait_for_text(pane, "1 agent in session `shop`").await;
    assert!(team.agent("one").await.pid.is_some());
}

#[tokio::test]
async fn a_session_of_that_name_that_is_not_ours_is_left_alone() {
    let team = Team::new(THREE).await;
    team.server.tmux(&["new-session", "-d", "-s", "shop"]).await;
    let before = team.server.panes().await.len();
    let output = team.run(&["up", "--trust", "--detach"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not ours"));
    assert_eq!(team.server.panes().await.len(), before);
}

#[tokio::test]
async fn a_pane_of_the_user_survives_down() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one"]).await;
    let session = team.status().await.swarms[0].session.clone().unwrap();
    team.server.tmux(&["new-window", "-d", "-t", &session, "-n", "mine", "cat"]).await;
    team.ok(&["down", "--yes"]).await;
    let panes = team.server.panes().await;
    let mine: Vec<_> = panes.iter().filter(|p| p.session.to_string() == session).collect();
    assert_eq!(mine.len(), 1, "{mine:?}");
    assert_eq!(mine[0].window_name, "mine");
}

#[tokio::test]
async fn agents_get_the_environment_of_the_caller_not_of_the_server() {
    let team = Team::new(THREE).await;
    let bin = team.project().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut command = team.command(&["up", "--trust", "--detach", "--only", "two"]);
    let status = tokio::process::Command::from({
        command.env("PATH", &path);
        command
    })
    .status()
    .await
    .unwrap();
    assert!(status.success());
    let pane = team.agent("two").await.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, &format!("path={}", bin.display())).await;
}

#[tokio::test]
async fn an_adopted_pane_is_watched_and_never_ended() {
    let team = Team::new(THREE).await;
    team.ok(&["up", "--trust", "--detach", "--only", "one"]).await;
    let pane = team.server.spawn(&["cat"]).await;
    team.ok(&["adopt", &pane.to_string(), "--name", "mine", "--profile", "shell"]).await;
    assert_eq!(team.agent("mine").await.pane.as_deref(), Some(pane.to_string().as_str()));
    let refused = team.run(&["kill", "mine"]).await;
    assert_eq!(refused.status.code(), Some(11));
    team.ok(&["down", "--yes"]).await;
    assert!(!team.server.row(pane).await.dead);
    let released = async || team.server.row(pane).await.agent.is_empty();
    team.server.wait_until("its mark is taken away", released).await;
}

#[tokio::test]
async fn a_lost_tmux_server_is_a_state_and_up_brings_all_back() {
    let team = Team::new(THREE).await;
    // The swarm's own server, so that the harness keeps its connection.
    let own = team.project().join("own.sock");
    let own = own.to_str().unwrap();
    let swarm = async |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        strangers_to_us(&mut command, &team.project()).env("SWARM_STATE_DIR", team.state());
        command.current_dir(team.project()).args(["-S", own]).args(args).stdin(Stdio::null());
        let output = tokio::process::Command::from(command).output().await.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let status = async || serde_json::from_str::<Snapshot>(&swarm(&["status", "--json"]).await).unwrap();
    swarm(&["up", "--trust", "--detach", "--only", "one"]).await;
    let tmux = async |args: &[&str]| {
        tokio::process::Command::new(crate::harness::program())
            .args(["-S", own])
            .args(args)
            .env_remove("TMUX")
            .output()
            .await
            .unwrap()
    };
    let pid = tmux(&["display-message", "-p", "#{pid}"]).await;
    let pid: u32 = String::from_utf8(pid.stdout).unwrap().trim().parse().unwrap();
    team.kill9(pid).await;
    team.server
        .wait_until("the loss is noticed", async || {
            status().await.swarms[0].agents[0].reason == Some(Reason::Lost)
        })
        .await;
    let said = swarm(&["status"]).await;
    assert!(said.contains("! the tmux session of `shop` is gone: `swarm up`"), "{said}");
    swarm(&["up", "--detach", "--only", "one"]).await;
    let one = status().await.swarms[0].agents[0].clone();
    assert!(one.pid.is_some() && one.pane.is_some(), "{one:?}");
    swarm(&["down", "--yes"]).await;
}
