//! The simulated agent in real panes: its screens mean what they should, its keys are as unforgiving as the real ones,
//! its hooks and its transcript are read by everything that reads Claude Code's.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;
use swarm::agent::Profiles;
use swarm::observe::screen::{PaneVars, Reading, Screen, classify};
use swarm::status::{Reason, Status};
use swarm::tmux::command::Capture;
use swarm::tmux::{Command, PaneId};

use crate::harness::Server;

const BIN: &str = env!("CARGO_BIN_EXE_swarm");

/// States that last until somebody ends them.
const HOLDS: &str = r#"
[agent]
startup = "20ms"

[[scenario]]
name = "hold-think"
steps = [{ do = "think", for = "1h" }]
[[scenario]]
name = "hold-stream"
steps = [{ do = "say", over = "1h", text = "One. Two. Three. Four. Five. Six. Seven. Eight. Nine. Ten. Eleven. Twelve." }]
[[scenario]]
name = "hold-tool"
steps = [{ do = "tool", name = "Bash", subject = "cargo build", takes = "1h" }]
[[scenario]]
name = "hold-retry"
steps = [{ do = "retry", status = 529, message = "Overloaded", attempts = 3, every = "1h" }]
[[scenario]]
name = "hold-compact"
steps = [{ do = "compact", for = "1h", to = 9000 }]
[[scenario]]
name = "hold-shell"
steps = [{ do = "say", text = "Started." }, { do = "background", kind = "shell", for = "1h" }]
[[scenario]]
name = "hold-agent"
steps = [{ do = "say", text = "Started." }, { do = "background", kind = "agent", for = "1h" }]
[[scenario]]
name = "ask"
steps = [{ do = "tool", name = "Bash", subject = "rm -rf build", description = "Clean", permission = true, output = "cleaned" }, { do = "say", text = "All clean." }]
"#;

struct Sim<'a> {
    server: &'a Server,
    pane: PaneId,
}

fn home(server: &Server) -> PathBuf {
    server.dir().join("sim-home")
}

fn script(server: &Server, name: &str, text: &str) -> PathBuf {
    let path = server.dir().join(name);
    // Once: an agent that starts may be reading it.
    if !path.exists() {
        std::fs::write(&path, text).unwrap();
    }
    path
}

/// A simulated agent with the script [`HOLDS`].
async fn start<'a>(server: &'a Server, args: &[&str]) -> Sim<'a> {
    let holds = script(server, "holds.toml", HOLDS);
    let script = ["--script", holds.to_str().unwrap()];
    let args: Vec<&str> = if args.contains(&"--script") { args.to_vec() } else { [&script, args].concat() };
    spawn(server, &args).await
}

async fn spawn<'a>(server: &'a Server, args: &[&str]) -> Sim<'a> {
    let home = format!("SWARM_SIM_HOME={}", home(server).display());
    let state = format!("SWARM_STATE_DIR={}", server.dir().join("state").display());
    let argv = [&["env", &home, &state, BIN, "sim"], args].concat();
    Sim { server, pane: server.spawn(&argv).await }
}

impl Sim<'_> {
    async fn read(&self) -> Reading {
        self.read_as("sim").await
    }

    async fn read_as(&self, profile: &str) -> Reading {
        let row = self.server.row(self.pane).await;
        let capture = Command::capture_pane(self.pane, Capture::Escapes, None);
        let bytes = self.server.conn.one(capture).await.unwrap().text().into_owned();
        let vars = PaneVars {
            title: Some(row.title.clone()),
            cursor: Some((row.cursor_x, row.cursor_y)),
            cursor_visible: Some(row.cursor_flag),
            dead: Some(row.dead),
            width: Some(row.width),
            height: Some(row.height),
            alternate: Some(row.alternate_on),
            current_command: None,
        };
        let profiles = Profiles::builtin();
        classify(profiles.get(profile).unwrap(), &Screen::parse(bytes.as_bytes(), vars))
    }

    async fn until(&self, status: Status, reason: Option<Reason>) -> Reading {
        let mut last = None;
        let wait = self.server.wait_until("the status", async || {
            let reading = self.read().await;
            let there = (reading.status, reason.is_none() || reading.reason == reason) == (status, true);
            last = Some(reading);
            there
        });
        let timeout = std::time::Duration::from_secs(25);
        let came = tokio::time::timeout(timeout, wait).await.is_ok();
        assert!(came, "never {status} {reason:?} but {last:?}:\n{}", self.server.text(self.pane).await);
        last.unwrap()
    }

    async fn keys(&self, keys: &[&str]) {
        self.server.conn.one(Command::send_keys(self.pane, keys)).await.unwrap();
    }

    async fn type_in(&self, text: &str) {
        self.server.conn.one(Command::send_text(self.pane, text)).await.unwrap();
    }

    async fn paste(&self, text: &str) {
        self.server.conn.one(Command::set_buffer("it", text)).await.unwrap();
        self.server.conn.one(Command::paste_buffer(self.pane, "it")).await.unwrap();
    }

    async fn shows(&self, text: &str) {
        self.server.wait_for_text(self.pane, text).await;
    }

    async fn dead(&self) -> swarm::tmux::PaneRow {
        self.server.wait_until("the agent has ended", async || self.server.row(self.pane).await.dead).await;
        // tmux 3.3a loses the status of half of the deaths until another child ends.
        let _ = self.server.conn.one(Command::nudge()).await;
        self.server
            .wait_until("its status is known", async || {
                let row = self.server.row(self.pane).await;
                row.dead_status.is_some() || row.dead_signal.is_some()
            })
            .await;
        self.server.row(self.pane).await
    }
}

/// The events that the hooks were called with, and their payloads.
fn hooks(log: &Path) -> Vec<(String, Value)> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|payload| (payload["hook_event_name"].as_str().unwrap().to_owned(), payload))
        .collect()
}

fn names(log: &Path) -> Vec<String> {
    hooks(log).into_iter().map(|(name, _)| name).collect()
}

fn logging(log: &Path) -> String {
    format!("cat >> '{0}'; echo >> '{0}'", log.display())
}

#[tokio::test]
async fn every_state_shows_a_screen_that_is_read_right() {
    let server = Server::start().await;
    let cases = [
        ("SIM:hold-think", Status::Working, None),
        ("SIM:hold-stream", Status::Working, None),
        ("SIM:hold-tool", Status::Working, None),
        ("SIM:hold-retry", Status::Working, Some(Reason::Retrying)),
        ("SIM:hold-compact", Status::Working, Some(Reason::Compacting)),
        ("SIM:hold-shell", Status::Working, Some(Reason::Background)),
        ("SIM:hold-agent", Status::Working, Some(Reason::Background)),
        ("SIM:bash", Status::Waiting, Some(Reason::Permission)),
        ("SIM:edit", Status::Waiting, Some(Reason::Permission)),
        ("SIM:write", Status::Waiting, Some(Reason::Permission)),
        ("SIM:plan", Status::Waiting, Some(Reason::Permission)),
        ("SIM:question", Status::Waiting, Some(Reason::Question)),
        ("SIM:dialog", Status::Waiting, Some(Reason::Dialog)),
        ("SIM:e529", Status::Error, Some(Reason::Api)),
        ("SIM:e401", Status::Error, Some(Reason::Auth)),
        ("SIM:credit", Status::Error, Some(Reason::Api)),
        ("SIM:ctxlen", Status::Error, Some(Reason::ContextFull)),
        ("SIM:limit", Status::Limited, Some(Reason::UsageLimit)),
        ("SIM:limitmenu", Status::Limited, Some(Reason::UsageLimit)),
        ("SIM:hello", Status::Idle, None),
    ];
    let mut sims = Vec::new();
    for (prompt, status, reason) in cases {
        sims.push((start(&server, &[prompt]).await, status, reason));
    }
    for (sim, status, reason) in &sims {
        sim.until(*status, *reason).await;
    }
    // The same agent's screens are read right by the rules of the agent it imitates.
    assert_eq!(sims[7].0.read_as("claude").await.reason, Some(Reason::Permission));
    // It animates: a look may find it half painted.
    let works = async || sims[0].0.read_as("claude").await.status == Status::Working;
    server.wait_until("it works by those rules", works).await;
}

#[tokio::test]
async fn the_context_that_was_used_is_shown() {
    let server = Server::start().await;
    let sim = start(&server, &["SIM:use150"]).await;
    sim.shows("Usage reported.").await;
    let reading = sim.until(Status::Idle, None).await;
    assert_eq!(reading.context_percent_used, Some(75.0));
}

#[tokio::test]
async fn a_permission_prompt_drops_pastes_and_enter_approves() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log), "SIM:ask"]).await;
    let reading = sim.until(Status::Waiting, Some(Reason::Permission)).await;
    assert!(reading.options.iter().any(|o| o.text == "Yes"), "{reading:?}");
    sim.paste("1\nplease do not\n").await;
    sim.type_in("2 files to fix").await;
    sim.type_in("n").await;
    // Down and up again shows that everything before was read, and that nothing was taken.
    sim.keys(&["Down"]).await;
    sim.shows("❯ 2. ").await;
    sim.keys(&["Up"]).await;
    sim.shows("❯ 1. ").await;
    assert!(!names(&log).contains(&"PostToolUse".to_owned()));
    sim.keys(&["Enter"]).await;
    sim.shows("All clean.").await;
    server.wait_until("Stop", async || names(&log).last().is_some_and(|n| n == "Stop")).await;
    assert_eq!(
        names(&log),
        ["SessionStart", "UserPromptSubmit", "PreToolUse", "PermissionRequest", "PostToolUse", "Stop"]
    );
    let composer = sim.until(Status::Idle, None).await.composer;
    assert_eq!(composer, swarm::observe::screen::Composer::Empty, "the paste left a draft");
}

#[tokio::test]
async fn a_bare_digit_answers_and_escape_declines_without_a_hook() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log), "SIM:question"]).await;
    sim.until(Status::Waiting, Some(Reason::Question)).await;
    sim.keys(&["2"]).await;
    sim.shows("→ PostgreSQL").await;
    sim.until(Status::Idle, None).await;
    sim.type_in("SIM:ask").await;
    sim.shows("SIM:ask").await;
    sim.keys(&["Enter"]).await;
    sim.until(Status::Waiting, Some(Reason::Permission)).await;
    server
        .wait_until("the request", async || names(&log).last().is_some_and(|n| n == "PermissionRequest"))
        .await;
    let before = names(&log);
    sim.keys(&["Escape"]).await;
    sim.until(Status::Idle, None).await;
    sim.keys(&["C-c", "C-c"]).await;
    sim.dead().await;
    assert_eq!(names(&log), [before, vec!["SessionEnd".to_owned()]].concat());
}

#[tokio::test]
async fn escape_interrupts_without_a_hook_and_gives_the_prompt_back() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log)]).await;
    sim.until(Status::Idle, None).await;
    sim.type_in("SIM:hold-think").await;
    sim.shows("❯\u{a0}SIM:hold-think").await;
    sim.keys(&["Enter"]).await;
    sim.until(Status::Working, None).await;
    sim.keys(&["Escape"]).await;
    sim.until(Status::Idle, None).await;
    sim.shows("❯\u{a0}SIM:hold-think").await;
    sim.keys(&["C-u"]).await;
    sim.type_in("/exit").await;
    sim.shows("/exit").await;
    sim.keys(&["Enter"]).await;
    sim.dead().await;
    assert_eq!(names(&log), ["SessionStart", "UserPromptSubmit", "SessionEnd"]);
}

#[tokio::test]
async fn messages_queue_while_it_works() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log), "SIM:hold-think"]).await;
    sim.until(Status::Working, None).await;
    sim.paste("SIM:hello to you").await;
    sim.shows("SIM:hello to you").await;
    sim.keys(&["Enter"]).await;
    sim.shows("Queued").await;
    sim.shows("Press up to edit queued messages").await;
    // The hook comes when it is queued, not when it is delivered.
    server.wait_until("the hook", async || names(&log).len() == 3).await;
    assert_eq!(hooks(&log)[2].1["prompt"], "SIM:hello to you");
    sim.keys(&["Escape"]).await;
    sim.shows("Hello! I am ready").await;
}

#[tokio::test]
async fn large_pastes_reach_the_model_wrapped_and_small_ones_as_they_are() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log)]).await;
    sim.until(Status::Idle, None).await;
    sim.paste("one\ntwo\nthree").await;
    sim.shows("three").await;
    sim.keys(&["Enter"]).await;
    server.wait_until("the first prompt", async || names(&log).len() >= 2).await;
    assert_eq!(hooks(&log)[1].1["prompt"], "one\ntwo\nthree");
    sim.keys(&["Escape"]).await;
    sim.keys(&["C-u"]).await;
    sim.paste("1\n2\n3\n4").await;
    sim.shows("[Pasted text #1 +4 lines]").await;
    sim.keys(&["Enter"]).await;
    let prompts = || hooks(&log).into_iter().filter(|(n, _)| n == "UserPromptSubmit").collect::<Vec<_>>();
    server.wait_until("the second prompt", async || prompts().len() == 2).await;
    let prompt = prompts()[1].1["prompt"].as_str().unwrap().to_owned();
    assert!(
        prompt.contains("<pasted_content id=\"0\">\n1\n2\n3\n4\n</pasted_content id=\"0\">"),
        "{prompt:?}"
    );
}

#[tokio::test]
async fn what_is_typed_before_the_box_is_there_is_kept_and_not_submitted() {
    let server = Server::start().await;
    let slow = script(&server, "slow.toml", "[agent]\nstartup = \"3s\"\n");
    let sim = start(&server, &["--script", slow.to_str().unwrap()]).await;
    // Echo is off as soon as the terminal is raw; the kernel keeps what is typed before that.
    sim.paste("too early").await;
    sim.keys(&["Enter"]).await;
    sim.shows("too early").await;
    let reading = sim.until(Status::Idle, None).await;
    assert_eq!(reading.composer, swarm::observe::screen::Composer::Draft("too early".to_owned()));
}

#[tokio::test]
async fn the_trust_dialog_says_no_by_default() {
    let server = Server::start().await;
    let trust = script(&server, "trust.toml", "[agent]\nstartup = \"10ms\"\ntrust = true\n");
    let args = ["--script", trust.to_str().unwrap()];
    let sim = start(&server, &args).await;
    sim.until(Status::Waiting, Some(Reason::Dialog)).await;
    sim.keys(&["Enter"]).await;
    assert_eq!(sim.dead().await.dead_status, Some(0));
    let sim = start(&server, &args).await;
    sim.until(Status::Waiting, Some(Reason::Dialog)).await;
    sim.keys(&["Down", "Enter"]).await;
    sim.until(Status::Idle, None).await;
}

#[tokio::test]
async fn crashes_end_as_the_script_says() {
    let server = Server::start().await;
    let crash = start(&server, &["SIM:crash"]).await;
    let kill = start(&server, &["SIM:kill"]).await;
    assert_eq!(crash.dead().await.dead_status, Some(3));
    assert!(server.text(crash.pane).await.contains("TypeError"));
    assert_eq!(kill.dead().await.dead_signal, Some(9));
    // As with the real one, a SIGKILL leaves the status file behind.
    assert!(std::fs::read_dir(home(&server).join("sessions")).unwrap().count() >= 1);
}

#[tokio::test]
async fn exit_is_polite_and_says_how_to_resume() {
    let server = Server::start().await;
    let log = server.dir().join("hooks");
    let sim = start(&server, &["--hooks-command", &logging(&log)]).await;
    sim.until(Status::Idle, None).await;
    let file = std::fs::read_dir(home(&server).join("sessions")).unwrap().next().unwrap().unwrap().path();
    let status: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(status["status"], "idle");
    sim.type_in("/exit").await;
    sim.shows("/exit").await;
    sim.keys(&["Enter"]).await;
    assert_eq!(sim.dead().await.dead_status, Some(0));
    assert!(server.text(sim.pane).await.contains("swarm sim --resume "));
    assert_eq!(names(&log), ["SessionStart", "SessionEnd"]);
    assert_eq!(hooks(&log)[1].1["reason"], "prompt_input_exit");
    assert!(!file.exists(), "a polite end removes the status file");
}

#[tokio::test]
async fn two_interrupts_end_it() {
    let server = Server::start().await;
    let sim = start(&server, &[]).await;
    sim.until(Status::Idle, None).await;
    sim.keys(&["C-c"]).await;
    sim.shows("Press Ctrl-C again to exit").await;
    sim.keys(&["C-c"]).await;
    assert_eq!(sim.dead().await.dead_status, Some(0));
}

#[tokio::test]
async fn job_control_works() {
    let server = Server::start().await;
    let pane = server.spawn(&["bash", "--norc", "-i"]).await;
    let sim = Sim { server: &server, pane };
    let home = home(&server);
    sim.type_in(&format!("PS1='ready> '; SWARM_SIM_HOME={} {BIN} sim\n", home.display())).await;
    sim.until(Status::Idle, None).await;
    sim.keys(&["C-z"]).await;
    sim.shows("Stopped").await;
    sim.type_in("fg\n").await;
    sim.shows("% context used").await;
    sim.type_in("still here").await;
    sim.shows("❯\u{a0}still here").await;
}

#[tokio::test]
async fn a_stop_hook_can_make_it_go_on() {
    let server = Server::start().await;
    let once = server.dir().join("once");
    let answer = r#"{"decision":"block","reason":"SIM:bell please"}"#;
    let stop = format!("test -e '{0}' || echo '{answer}'; touch '{0}'", once.display());
    let settings =
        serde_json::json!({ "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": stop }] }] } });
    let file = script(&server, "settings.json", &settings.to_string());
    let sim = start(&server, &["--settings", file.to_str().unwrap(), "SIM:hello"]).await;
    sim.shows("Rang.").await;
}

#[tokio::test]
async fn scripts_wait_for_the_test_and_tell_it() {
    let server = Server::start().await;
    let fifo = server.dir().join("fifo");
    let here = server.dir().join("here");
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
    let text = format!(
        "[agent]\nstartup = \"1ms\"\n[[scenario]]\nname = \"w\"\nsteps = [{{ do = \"mark\", file = {here:?} }}, \
         {{ do = \"wait\", fifo = {fifo:?} }}, {{ do = \"say\", text = \"first\" }}, \
         {{ do = \"wait\", channel = \"it-sim\" }}, {{ do = \"say\", text = \"second\" }}]\n"
    );
    let steps = script(&server, "wait.toml", &text);
    let sim = start(&server, &["--script", steps.to_str().unwrap(), "SIM:w"]).await;
    server.wait_until("the mark", async || here.exists()).await;
    sim.until(Status::Working, None).await;
    std::fs::write(&fifo, "go").unwrap();
    sim.shows("● first").await;
    let signal = server.spec.process(&[]).args(["wait-for", "-S", "it-sim"]).status().unwrap();
    assert!(signal.success());
    sim.shows("● second").await;
}

fn swarm(server: &Server, args: &[&str]) -> std::process::Output {
    std::process::Command::new(BIN)
        .args(args)
        .env("SWARM_SIM_HOME", home(server))
        .env("SWARM_STATE_DIR", server.dir().join("state"))
        .env("HOME", server.dir())
        .env_remove("XDG_CONFIG_HOME")
        .current_dir(server.dir())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[tokio::test]
async fn the_transcript_is_read_and_priced() {
    let server = Server::start().await;
    let id = "7d1f3c1e-0d4f-4c7b-9b60-0a5a6f6f7a11";
    let sim = start(&server, &["--session-id", id, "--model", "claude-sonnet-5-5", "SIM:use150"]).await;
    sim.shows("Usage reported.").await;
    sim.until(Status::Idle, None).await;
    let (db, home) = (server.dir().join("x.db"), home(&server));
    let (db, home) = (db.to_str().unwrap(), home.to_str().unwrap());
    let ingest = swarm(&server, &["ingest", "--db", db, "--claude", home]);
    assert!(ingest.status.success(), "{ingest:?}");
    let cost = swarm(&server, &["cost", "--json", "--db", db]);
    let report: Value = serde_json::from_slice(&cost.stdout).unwrap();
    // 12 · $2 + 146,988 · $0.10 + 3,000 · $2.50 + 18 · $10 per million.
    let total = &report["total"];
    assert_eq!(total["cost_usd"].as_str().map(|c| c.trim_end_matches('0')), Some("0.0224028"), "{report}");
    assert_eq!((&total["calls"], &total["output"]), (&Value::from(1), &Value::from(18)), "{report}");
}

#[tokio::test]
async fn a_session_goes_on_in_the_same_file() {
    let server = Server::start().await;
    let id = "7d1f3c1e-0d4f-4c7b-9b60-0a5a6f6f7a12";
    let log = server.dir().join("hooks");
    let first = start(&server, &["--session-id", id, "SIM:use150"]).await;
    first.shows("Usage reported.").await;
    // In a turn, the first of them would only end that.
    first.until(Status::Idle, None).await;
    first.keys(&["C-c", "C-c"]).await;
    first.dead().await;
    let again = start(&server, &["--resume", id, "--hooks-command", &logging(&log)]).await;
    let reading = again.until(Status::Idle, None).await;
    assert_eq!(reading.context_percent_used, Some(75.0));
    server.wait_until("the hook", async || !names(&log).is_empty()).await;
    assert_eq!(hooks(&log)[0].1["source"], "resume");
    let path = hooks(&log)[0].1["transcript_path"].as_str().unwrap().to_owned();
    let before = std::fs::read_to_string(&path).unwrap().lines().count();
    again.type_in("SIM:hello").await;
    again.shows("❯\u{a0}SIM:hello").await;
    again.keys(&["Enter"]).await;
    again.shows("I am ready to help").await;
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(after.lines().count() > before);
    let mut ids: Vec<String> = after
        .lines()
        .filter_map(|l| serde_json::from_str::<Value>(l).ok()?["uuid"].as_str().map(str::to_owned))
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all, "a resumed session reuses no id");
    let used = start(&server, &["--session-id", id]).await;
    assert_eq!(used.dead().await.dead_status, Some(1));
    let unknown = start(&server, &["--resume", "00000000-0000-4000-8000-000000000000"]).await;
    assert_eq!(unknown.dead().await.dead_status, Some(1));
}

#[tokio::test]
async fn recordings_of_real_agents_show_what_they_showed() {
    let server = Server::start().await;
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/replay");
    let cases = [
        ("claude-e529", "claude", Status::Working, Some(Reason::Retrying)),
        ("claude-permission", "claude", Status::Waiting, Some(Reason::Permission)),
        ("codex-permission.bytes", "codex", Status::Waiting, Some(Reason::Permission)),
    ];
    for (name, profile, status, reason) in cases {
        let file = data.join(name);
        let sim = spawn(&server, &["--replay", file.to_str().unwrap(), "--speed", "1000"]).await;
        let mut last = None;
        let wait = server.wait_until(name, async || {
            let reading = sim.read_as(profile).await;
            let there = (reading.status, reading.reason) == (status, reason);
            last = Some(reading);
            there
        });
        let timeout = std::time::Duration::from_secs(25);
        let came = tokio::time::timeout(timeout, wait).await.is_ok();
        assert!(came, "{name}: {last:?}\n{}", server.text(sim.pane).await);
        sim.keys(&["C-c"]).await;
        assert_eq!(sim.dead().await.dead_status, Some(0));
    }
}
