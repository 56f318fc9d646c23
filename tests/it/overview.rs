//! The overview for real: the program in the window that `up` makes for it, keys in, screens out.

use swarm::status::Status;
use swarm::tmux::{Command, PaneId};

use crate::up::Team;

const SIMS: &str = r#"
name = "shop"
[layout]
panes_per_window = 2
[[agents]]
name = "asks"
profile = "sim"
role = "coder"
prompt = "SIM:bash please"
[[agents]]
name = "rests"
profile = "sim"
role = "reviewer"
"#;

const FOUR: &str = r#"
name = "shop"
[layout]
panes_per_window = 4
[[agents]]
name = "asks"
profile = "sim"
role = "coder"
prompt = "SIM:bash please"
[[agents]]
name = "denied"
profile = "sim"
role = "coder"
prompt = "SIM:bash again"
[[agents]]
name = "rests"
profile = "sim"
role = "reviewer"
[[agents]]
name = "types"
profile = "shell"
command = ["sh", "-c", "echo ready; exec cat"]
"#;

/// A person at the overview: keys in, screens out.
struct Seat<'t> {
    team: &'t Team,
    screen: PaneId,
}

impl Seat<'_> {
    async fn keys(&self, pressed: &[&str]) {
        keys(self.team, self.screen, pressed).await;
    }

    async fn types(&self, text: &str) {
        self.team.server.conn.one(Command::send_text(self.screen, text)).await.unwrap();
    }

    async fn sees(&self, text: &str) {
        self.team.server.wait_for_text(self.screen, text).await;
    }

    async fn sees_no(&self, text: &str) {
        let gone = async || !self.team.server.text(self.screen).await.contains(text);
        self.team.server.wait_until(&format!("`{text}` is gone"), gone).await;
    }

    /// Answers an agent's prompt until it works or rests again; tells what the overview says when it never does. An answer
    /// that was refused because the prompt was still being painted is given again, as a person would.
    async fn answers(&self, key: &str, question: &str, agent: &str) {
        let mut last = String::new();
        for _ in 0..3 {
            self.keys(&[key]).await;
            self.sees(question).await;
            self.keys(&["y"]).await;
            let mut refused = String::new();
            let said = [format!("answered {agent}"), format!("denied {agent}")];
            let settled = async || {
                let shown = self.team.server.text(self.screen).await;
                // What it says comes last, and would take the place of what is said next.
                let told = said.iter().any(|said| shown.contains(said));
                refused = if shown.contains("nothing was sent") || shown.contains("still there") {
                    shown
                } else {
                    String::new()
                };
                !refused.is_empty() || told && self.team.agent(agent).await.status == Status::Idle
            };
            self.team.server.wait_until(&format!("{agent} is answered"), settled).await;
            if refused.is_empty() {
                return;
            }
            last = refused;
        }
        panic!("{agent} could not be answered:\n{last}");
    }

    /// Selects an agent by the palette.
    async fn go_to(&self, agent: &str) {
        self.keys(&[":"]).await;
        self.types(&format!("go to {agent}")).await;
        self.sees(&format!("go to {agent} (shop)")).await;
        self.keys(&["Enter"]).await;
        self.sees(&format!("{agent} · ")).await;
    }
}

async fn keys(team: &Team, pane: PaneId, keys: &[&str]) {
    team.server.conn.one(Command::send_keys(pane, keys)).await.unwrap();
}

/// The pane of the window that `up` made for the overview.
async fn overview(team: &Team) -> PaneId {
    let panes = team.server.panes().await;
    panes.iter().find(|p| p.session_name == "shop" && p.window_name == "swarm").unwrap().pane
}

#[tokio::test]
async fn a_person_sees_who_waits_answers_jumps_and_kills() {
    let team = Team::new(SIMS).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    team.wait("rests", "idle").await;
    let screen = overview(&team).await;
    team.server.wait_for_text(screen, "1 waiting").await;
    team.server.wait_for_text(screen, "Do you want to proceed?").await;
    // Who waits comes first, and its pane is previewed.
    let text = team.server.text(screen).await;
    let row = |name: &str| text.lines().position(|l| l.contains(name) && l.contains("sim")).unwrap();
    assert!(row("asks") < row("rests"), "{text}");

    keys(&team, screen, &["?"]).await;
    team.server.wait_for_text(screen, "restart").await;
    keys(&team, screen, &["q"]).await;

    // Enter goes to the agent's pane in the person's own client.
    let session = team.server.panes().await.iter().find(|p| p.pane == screen).unwrap().session;
    team.server.person(session).await;
    keys(&team, screen, &["Enter"]).await;
    let pane: PaneId = team.agent("asks").await.pane.unwrap().parse().unwrap();
    let shown = async || {
        let clients = team.server.conn.clients().await.unwrap();
        clients.iter().any(|c| !c.control && c.pane == Some(pane))
    };
    team.server.wait_until("the person's client shows the agent", shown).await;

    // x asks first, and ends only then.
    let rests = team.agent("rests").await;
    keys(&team, screen, &["G", "x"]).await;
    team.server.wait_for_text(screen, "Kill rests?").await;
    assert_eq!(team.agent("rests").await.status, Status::Idle);
    keys(&team, screen, &["y"]).await;
    team.wait("rests", "exited").await;
    assert_eq!(team.agent("rests").await.instance, rests.instance);
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn a_permission_is_approved_only_on_a_persons_word_and_proven() {
    let team = Team::new(SIMS).await;
    team.ok(&["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    // Announced by its status file it may be, and not painted yet: what is answered is what was shown.
    let output = team.run(&["approve", "asks"]).await;
    let (said, shown) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("Do you want to proceed?"), "{said}{shown}");
    assert!(
        shown.contains("touch marker.txt") && shown.contains("  1. Yes"),
        "the command and the options: {shown}"
    );
    team.wait("asks", "idle").await;
    let refused = team.run(&["approve", "asks"]).await;
    assert_eq!(refused.status.code(), Some(11), "nothing is asked any more");
    // What it used is in the ledger, and the status shows it.
    let priced = async || team.agent("asks").await.cost_usd.is_some();
    team.server.wait_until("the turn is priced", priced).await;
    let report: serde_json::Value =
        serde_json::from_str(&team.ok(&["cost", "--json", "--by", "agent"]).await).unwrap();
    assert_eq!(report["rows"][0]["key"], "asks");
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn agents_are_answered_written_to_and_typed_into_from_the_keyboard() {
    let team = Team::new(FOUR).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    for (agent, status) in [("asks", "waiting"), ("denied", "waiting"), ("rests", "idle")] {
        team.wait(agent, status).await;
    }
    let seat = Seat { team: &team, screen: overview(&team).await };
    // The command that is asked for stands in the row, and again in the question.
    seat.sees("2 waiting").await;
    seat.sees("touch marker.txt").await;
    seat.go_to("asks").await;
    seat.answers("a", "y approve  n cancel", "asks").await;
    seat.go_to("denied").await;
    seat.answers("d", "Deny for denied?", "denied").await;

    seat.go_to("rests").await;
    seat.keys(&["m"]).await;
    seat.types("SIM:hello there").await;
    seat.keys(&["Enter"]).await;
    seat.sees("sent to rests").await;
    let pane = team.agent("rests").await.pane.unwrap().parse().unwrap();
    team.server.wait_for_text(pane, "SIM:hello there").await;
    seat.keys(&["H"]).await;
    seat.sees("held rests").await;
    seat.keys(&["H"]).await;
    seat.sees("resumed rests").await;
    seat.keys(&["E"]).await;
    seat.sees("started sim").await;
    seat.keys(&["q", "C"]).await;
    seat.sees("costs today").await;
    seat.keys(&["q"]).await;

    // Work goes over, and its receipt is in the panel.
    seat.keys(&[">"]).await;
    seat.sees("hand rests's work to whom").await;
    seat.types("types").await;
    seat.keys(&["Enter"]).await;
    seat.sees("rests > types").await;
    seat.types("Count the tests").await;
    seat.keys(&["Enter"]).await;
    seat.sees("handed over from rests to types").await;
    seat.keys(&["M"]).await;
    seat.sees("rests > types  Count the tests").await;
    seat.keys(&["g", "Enter"]).await;
    seat.sees("Handed over by the person.").await;
    seat.keys(&["x"]).await;
    seat.sees("Drop the handoff to types?").await;
    seat.keys(&["y"]).await;
    seat.sees("it was dropped").await;
    seat.keys(&["q"]).await;

    // Every key goes to the pane, those of the overview too.
    seat.go_to("types").await;
    let pane = team.agent("types").await.pane.unwrap().parse().unwrap();
    seat.keys(&["t"]).await;
    seat.sees("LIVE: keys go to types").await;
    // Nothing in it means anything to tmux or a shell.
    let said = r#"q; 'live' "é" #{pane_id} $HOME \ %% ~"#;
    seat.types(said).await;
    seat.keys(&["Enter"]).await;
    team.server.wait_for_text(pane, &format!("{said}\n{said}")).await;
    seat.sees(said).await;
    seat.keys(&["C-]"]).await;
    seat.sees("no longer typing into types").await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn the_overview_arranges_filters_ends_agents_and_comes_back_after_it_was_quit() {
    let team = Team::new(FOUR).await;
    // It is opened before anything runs, and says so; it finds the swarm once there is one.
    let (exe, socket) = (env!("CARGO_BIN_EXE_swarm"), team.server.socket());
    let start = format!(
        "cd '{}' && exec env -u TMUX_PANE SWARM_STATE_DIR='{}' '{exe}' -S '{}'",
        team.project().display(),
        team.state().display(),
        socket.display()
    );
    let early = team.server.spawn(&["sh", "-c", &start]).await;
    team.server.wait_for_text(early, "No swarm is running.").await;
    assert!(!team.server.text(early).await.contains("no monitor"));
    team.ok(&["up", "--trust", "--detach", "--only", "rests,types"]).await;
    team.wait("rests", "idle").await;
    team.server.wait_for_text(early, "types").await;

    let seat = Seat { team: &team, screen: overview(&team).await };
    seat.sees("rests").await;
    seat.keys(&["v", "v"]).await;
    seat.sees("layout: sidebar").await;
    seat.keys(&["v", "/"]).await;
    seat.types("idle rev").await;
    seat.keys(&["Enter"]).await;
    seat.sees("/idle rev").await;
    seat.sees_no("shell").await;
    seat.keys(&["Escape"]).await;
    seat.sees("shell").await;
    seat.go_to("rests").await;
    let before = team.agent("rests").await.instance;
    seat.keys(&["r"]).await;
    seat.sees("Restart rests?").await;
    seat.keys(&["y"]).await;
    let again = async || {
        let now = team.agent("rests").await;
        now.instance != before && now.status == Status::Idle
    };
    team.server.wait_until("it was restarted", again).await;
    seat.keys(&["x"]).await;
    seat.sees("Kill rests?").await;
    seat.keys(&["Enter"]).await;
    seat.sees("press y to kill").await;
    assert_eq!(team.agent("rests").await.status, Status::Idle);
    seat.keys(&["y"]).await;
    team.wait("rests", "exited").await;
    seat.keys(&[":"]).await;
    seat.types("directory").await;
    seat.keys(&["Enter"]).await;
    let opened = async || team.server.panes().await.iter().any(|p| p.window_name == "rests");
    team.server.wait_until("a window in its directory", opened).await;

    // The overview is not among the windows it may be moved to.
    seat.go_to("types").await;
    let before = team.agent("types").await;
    seat.keys(&[":"]).await;
    seat.types("move to").await;
    seat.sees("move to: move to another window").await;
    seat.keys(&["Enter"]).await;
    seat.sees("a window of its own").await;
    assert!(!team.server.text(seat.screen).await.contains("swarm (@"));
    seat.keys(&["Enter"]).await;
    seat.sees("moved types").await;
    let moved = async || {
        let now = team.agent("types").await;
        now.window != before.window && now.pid == before.pid
    };
    team.server.wait_until("it is found in its new window", moved).await;

    // Quitting leaves no dead pane; attach and up make the window again and show it.
    seat.keys(&["q"]).await;
    let closed = async || !team.server.panes().await.iter().any(|p| p.pane == seat.screen);
    team.server.wait_until("the window closes", closed).await;
    team.run(&["attach"]).await;
    let first = overview(&team).await;
    team.server.wait_for_text(first, "types").await;
    let pid = team.server.row(first).await.pid.unwrap();
    team.kill9(pid).await;
    let dead = async || team.server.row(first).await.dead;
    team.server.wait_until("its pane is dead", dead).await;
    team.ok(&["up", "--detach", "--only", "types"]).await;
    let second = async || {
        let panes = team.server.panes().await;
        panes.iter().any(|p| p.session_name == "shop" && p.window_name == "swarm" && !p.dead)
    };
    team.server.wait_until("the overview is back", second).await;
    team.server.wait_for_text(overview(&team).await, "types").await;
    team.ok(&["down", "--yes"]).await;
}
