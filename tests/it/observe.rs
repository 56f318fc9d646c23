//! `swarm hook` and `swarm hooks`, run as the agents and people run them.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use swarm::observe::hook::HookEventKind;
use swarm::observe::spool::Spool;

/// A private home, in which nothing of the person who runs the tests is found.
struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", self.path());
        command.env("SWARM_STATE_DIR", self.path().join("state")).env("TMUX_PANE", "%7");
        command
    }

    /// Runs a hook, which must succeed and say nothing.
    fn hook(&self, socket: &Path, args: &[&str], stdin: &[u8]) {
        let all: Vec<&str> = ["hook"].iter().chain(args).copied().collect();
        let mut command = self.command(&all);
        command.env("SWARM_SOCKET", socket).env("SWARM_INSTANCE", "i-1").env("SWARM_TOKEN", "t-1");
        let output = run(&mut command, stdin);
        assert!(output.status.success(), "{args:?}: {output:?}");
        assert_eq!((output.stdout.len(), output.stderr.len()), (0, 0), "{args:?}: {output:?}");
    }

    fn spool(&self, socket: &Path) -> Spool {
        Spool::of(&self.path().join("state"), socket)
    }
}

fn run(command: &mut Command, stdin: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A hook that has read enough hangs up.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn line(listener: &UnixListener) -> Value {
    let (stream, _) = listener.accept().unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}

const STOP: &[u8] = br#"{"hook_event_name":"Stop","session_id":"s-1","background_tasks":[]}"#;

#[test]
fn a_hook_tells_the_monitor() {
    let home = Home::new();
    let socket = home.path().join("m.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    home.hook(&socket, &["claude"], STOP);
    let said = line(&listener);
    assert_eq!((said["method"].as_str(), said.get("id")), (Some("hook"), None));
    let params = swarm::observe::hook::HookLine::from_value(said["params"].clone()).unwrap();
    assert_eq!((params.pane.as_deref(), params.token.as_deref()), (Some("%7"), Some("t-1")));
    let event = params.event();
    assert_eq!((event.kind, event.agent_session.as_deref()), (HookEventKind::Stop, Some("s-1")));
    assert_eq!(event.instance.as_deref(), Some("i-1"));
    assert!(home.spool(&socket).drain().is_empty());
}

#[test]
fn without_a_monitor_it_leaves_a_note() {
    let home = Home::new();
    let socket = home.path().join("gone.sock");
    home.hook(&socket, &["claude"], STOP);
    home.hook(&socket, &["copilot", "agentStop"], br#"{"sessionId":"s-2"}"#);
    let lines = home.spool(&socket).drain();
    let names: Vec<String> = lines.iter().map(|l| l.event().name).collect();
    assert_eq!(names, ["Stop", "agentStop"]);
    assert!(lines.iter().all(|l| l.token.is_none()));
}

#[test]
fn nothing_makes_a_hook_fail_or_print() {
    let home = Home::new();
    let socket = home.path().join("gone.sock");
    let huge = vec![b'{'; 3 << 20];
    for (args, stdin) in [
        (&[][..], &b""[..]),
        (&["--nonsense"], b"x"),
        (&["claude"], b""),
        (&["claude"], b"not json"),
        (&["claude"], b"\xff\xfe\x00"),
        (&["claude", "Stop", "{", "extra", "--words"], b"{}"),
        (&["claude"], &huge),
    ] {
        home.hook(&socket, args, stdin);
    }
    // No directory to write to, no socket path that fits, no environment at all.
    let long = home.path().join("x".repeat(200));
    home.hook(&long, &["claude"], STOP);
    std::fs::write(home.path().join("state2"), "").unwrap();
    let mut command = home.command(&["hook", "claude"]);
    command.env("SWARM_SOCKET", &socket).env("SWARM_STATE_DIR", home.path().join("state2"));
    let output = run(&mut command, STOP);
    assert!(output.status.success() && output.stderr.is_empty());
    let mut bare = Command::new(env!("CARGO_BIN_EXE_swarm"));
    let output = run(bare.args(["hook", "claude"]).env_clear(), STOP);
    assert!(output.status.success() && output.stderr.is_empty());
}

#[test]
fn a_monitor_that_does_not_listen_costs_nothing_but_a_note() {
    let home = Home::new();
    let socket = home.path().join("m.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    // Far more than the queue of connections and the buffers hold, and nobody accepts.
    let message = format!(r#"{{"hook_event_name":"Stop","prompt":"{}"}}"#, "x".repeat(100_000));
    for _ in 0..12 {
        home.hook(&socket, &["claude"], message.as_bytes());
    }
    drop(listener);
    home.hook(&socket, &["claude"], STOP);
    assert_eq!(home.spool(&socket).drain().last().unwrap().event().agent_session.as_deref(), Some("s-1"));
}

#[test]
fn the_users_own_notify_program_is_called_too() {
    let home = Home::new();
    let socket = home.path().join("m.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    let own = env!("CARGO_BIN_EXE_swarm");
    let payload = r#"{"type":"agent-turn-complete","thread-id":"t-9"}"#;
    home.hook(&socket, &["codex", "notify", "--chain", own, "hook", "codex", "mine", payload], b"");
    let mut names: Vec<String> = (0..2)
        .map(|_| {
            let said = line(&listener);
            assert_eq!(said["params"]["payload"]["thread-id"], "t-9");
            said["params"]["event"].as_str().unwrap().to_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["mine", "notify"]);
}

#[test]
fn hooks_are_installed_shown_and_removed() {
    let home = Home::new();
    let swarm = |args: &[&str]| {
        let output = run(home.command(args).env_remove("TMUX_PANE"), b"");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let state = || {
        let all: Value = serde_json::from_str(&swarm(&["hooks", "status", "--json"])).unwrap();
        let rows = all["profiles"].as_array().unwrap().clone();
        let row = rows.into_iter().find(|r| r["profile"] == "codex").unwrap();
        row["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state(), "absent");
    assert!(swarm(&["hooks", "install", "codex"]).contains("Codex asks you to trust them"));
    let file: Value =
        serde_json::from_slice(&std::fs::read(home.path().join(".codex/hooks.json")).unwrap()).unwrap();
    let command = file["hooks"]["Stop"][0]["hooks"][0]["command"].as_str().unwrap();
    assert!(command.ends_with(" hook codex"), "{command}");
    assert_eq!(state(), "installed");
    swarm(&["hooks", "remove", "codex"]);
    assert!(!home.path().join(".codex/hooks.json").exists());
    assert_eq!(state(), "absent");
    let refused = run(home.command(&["hooks", "install", "claude"]).env_remove("TMUX_PANE"), b"");
    assert_eq!(refused.status.code(), Some(2));
}
