//! Life in tmux: the status line, the plugin's keys, marks and titles, under a person's own configuration.

use swarm::tmux::{ClientRow, Command, PaneId, SessionId};

use crate::harness::Server;
use crate::up::Team;

/// What people have in their `tmux.conf`: other indexes, another prefix, bindings on our keys, hooks.
const HOSTILE: &str = r"
set -g base-index 1
setw -g pane-base-index 1
set -g renumber-windows on
set -g prefix C-a
set -g mouse on
setw -g pane-border-status bottom
set -g default-command 'exit 9'
set -g status-interval 1
set -g detach-on-destroy off
setw -g aggressive-resize on
set-hook -g after-set-option 'display-message -p from-hook'
set-hook -g after-select-window 'display-message -p from-hook'
bind-key N display-message mine
set -g @swarm_status_line right
set -g @swarm_window_marks on
set -g @swarm_pane_titles on
set -g @swarm_icon_waiting W
set -g @swarm_style_waiting fg=red,bold
";

const TWO: &str = r#"
name = "shop"
[layout]
windows = "per-agent"
[[agents]]
name = "asks"
profile = "sim"
prompt = "SIM:bash please"
[[agents]]
name = "more"
profile = "sim"
prompt = "SIM:bash please"
[[agents]]
name = "rests"
profile = "sim"
"#;

impl Team {
    /// Loads the plugin as `run-shell 'swarm config tmux | sh'` does.
    async fn plug_in(&self) {
        let script = self.project().join("plugin");
        std::fs::write(&script, self.ok(&["config", "tmux"]).await).unwrap();
        self.server.tmux(&["run-shell", &format!("sh {}", script.display())]).await;
    }

    fn binding(&self, key: &str) -> String {
        let mut command = self.server.spec.process(&[]);
        let output = command.args(["list-keys", "-T", "prefix", key]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    async fn session(&self, name: &str) -> SessionId {
        self.server.panes().await.iter().find(|p| p.session_name == name).unwrap().session
    }

    async fn client(&self) -> ClientRow {
        let clients = self.server.conn.clients().await.unwrap();
        clients.into_iter().find(|c| !c.control).unwrap()
    }

    /// Presses keys at the person's terminal: tmux itself reads them, prefix and all.
    async fn press(&self, keys: &[&str]) {
        let terminal = self.server.dir().join("terminal");
        let mut tmux = tokio::process::Command::new(crate::harness::program());
        tmux.arg("-S").arg(terminal).args(["send-keys", "-t", "terminal:", "--"]).args(keys);
        assert!(tmux.env_remove("TMUX").status().await.unwrap().success());
    }

    /// What the person's terminal shows, status line included.
    async fn screen(&self) -> String {
        let terminal = self.server.dir().join("terminal");
        let mut tmux = tokio::process::Command::new(crate::harness::program());
        tmux.arg("-S").arg(terminal).args(["capture-pane", "-p", "-t", "terminal:"]);
        let output = tmux.env_remove("TMUX").output().await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    async fn wait_screen(&self, needle: &str) {
        let start = std::time::Instant::now();
        self.server
            .wait_until(needle, async || {
                let screen = self.screen().await;
                let found = screen.contains(needle);
                assert!(
                    found || start.elapsed().as_secs() < 30,
                    "never `{needle}` in\n{screen}\n{}",
                    self.log()
                );
                found
            })
            .await;
    }

    async fn wait_pane(&self, pane: &str) {
        let shown = async || self.client().await.pane.map(|p| p.to_string()).as_deref() == Some(pane);
        self.server.wait_until(&format!("the person is at {pane}"), shown).await;
    }

    async fn pane_of(&self, agent: &str) -> String {
        self.agent(agent).await.pane.unwrap()
    }
}

async fn global(team: &Team, option: &str) -> String {
    team.server.tmux(&["show-options", "-gqv", option]).await.trim().to_owned()
}

#[tokio::test]
async fn the_status_line_follows_without_polling_and_goes_with_the_monitor() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.plug_in().await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let main = team.server.session;
    team.server.person(main).await;
    team.wait("asks", "waiting").await;
    team.wait("more", "waiting").await;
    team.wait("rests", "idle").await;
    let mut order = [team.agent("asks").await, team.agent("more").await];
    order.sort_by_key(|a| a.since);
    // Icon and style are the person's own; the segment is in a session that is not the swarm's.
    team.wait_screen(&format!("W {}", order[0].name)).await;
    team.wait_screen("+1").await;
    let written = global(&team, "@swarm_status").await;
    assert_eq!(global(&team, "@swarm_waiting").await, "2");
    team.ok(&["approve", &order[0].name]).await;
    team.wait_screen(&format!("W {}", order[1].name)).await;
    assert_ne!(global(&team, "@swarm_status").await, written);
    team.ok(&["approve", &order[1].name]).await;
    let calm = async || global(&team, "@swarm_waiting").await == "0";
    team.server.wait_until("nobody waits", calm).await;
    // The overview would start another one.
    team.end_overview().await;
    team.ok(&["monitor", "stop"]).await;
    let gone = async || global(&team, "@swarm_status").await.is_empty();
    team.server.wait_until("nothing is claimed without a monitor", gone).await;
    let gone = async || global(&team, "@swarm_waiting").await.is_empty();
    team.server.wait_until("neither that somebody waits", gone).await;
}

#[tokio::test]
async fn marks_and_titles_show_each_agent() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.plug_in().await;
    team.ok(&["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    let agent = team.agent("asks").await;
    let window = agent.window.unwrap();
    let mark = async || {
        let shown = team.server.tmux(&["show-options", "-wqv", "-t", &window, "@swarm_mark"]).await;
        shown.contains("@swarm_icon_waiting")
    };
    team.server.wait_until("the window is marked", mark).await;
    let session = team.session("shop").await;
    team.server.person(session).await;
    team.wait_screen("2:asks  W").await;
    let pane = agent.pane.unwrap();
    team.server.tmux(&["select-window", "-t", &window]).await;
    team.server.tmux(&["split-window", "-d", "-t", &pane, "cat", "-"]).await;
    team.wait_screen("asks W waiting (permission)").await;
    // What was chosen is kept, and a second run adds nothing.
    let before = global(&team, "status-right").await;
    team.plug_in().await;
    assert_eq!(global(&team, "status-right").await, before);
    let border = team.server.tmux(&["show-options", "-gwqv", "pane-border-status"]).await;
    assert_eq!(border.trim(), "bottom");
}

#[tokio::test]
async fn keys_are_bound_only_where_they_are_free_or_chosen() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.plug_in().await;
    assert!(team.binding("S").contains("display-popup"));
    assert!(team.binding("A").contains("menu --client"));
    assert!(team.binding("N").contains("display-message mine"), "{}", team.binding("N"));
    // Chosen by the person: theirs to give away. Again: nothing changes.
    team.server.tmux(&["set-option", "-g", "@swarm_next_key", "N"]).await;
    team.server.tmux(&["set-option", "-g", "@swarm_popup_key", "none"]).await;
    team.server.tmux(&["unbind-key", "S"]).await;
    team.plug_in().await;
    team.plug_in().await;
    assert!(team.binding("N").contains("next --back"));
    assert_eq!(team.binding("S"), "");
}

#[tokio::test]
async fn a_key_goes_from_agent_to_agent_and_back() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.server.tmux(&["set-option", "-g", "@swarm_next_key", "N"]).await;
    team.plug_in().await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    team.wait("more", "waiting").await;
    team.wait("rests", "idle").await;
    let main = team.server.session;
    let person = team.server.person(main).await;
    let home = person.pane.unwrap().to_string();
    let mut order = [team.agent("asks").await, team.agent("more").await];
    order.sort_by_key(|a| a.since);
    let [first, second] = order.map(|a| a.pane.unwrap());
    team.press(&["C-a", "N"]).await;
    team.wait_pane(&first).await;
    team.press(&["C-a", "N"]).await;
    team.wait_pane(&second).await;
    team.press(&["C-a", "N"]).await;
    team.wait_pane(&home).await;
    assert_eq!(team.client().await.session, Some(main));
    // Nobody waits and there is no way back: the status line says so.
    team.ok(&["approve", "asks"]).await;
    team.ok(&["approve", "more"]).await;
    team.wait("asks", "idle").await;
    team.wait("more", "idle").await;
    for agent in ["asks", "more"] {
        let pane: PaneId = team.pane_of(agent).await.parse().unwrap();
        team.server.conn.one(Command::select_pane(pane)).await.unwrap();
    }
    let seen = async || {
        team.run(&["next", "--print"]).await.status.code() == Some(4) || {
            // Looked at by this very person, until no turn that ended is left.
            team.press(&["C-a", "N"]).await;
            false
        }
    };
    team.server.wait_until("nobody waits", seen).await;
}

#[tokio::test]
async fn the_overview_opens_in_a_popup() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.plug_in().await;
    team.ok(&["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    let main = team.server.session;
    team.server.person(main).await;
    team.press(&["C-a", "S"]).await;
    team.wait_screen("Do you want to proceed?").await;
    // Enter goes to the agent, in the client that the popup is on, and the popup is gone.
    let pane = team.pane_of("asks").await;
    team.press(&["Enter"]).await;
    team.wait_pane(&pane).await;
}

#[tokio::test]
async fn a_menu_answers_the_prompt_it_showed_and_ends_an_agent_only_when_told_twice() {
    let team = Team::on(Server::start_with(HOSTILE).await, TWO);
    team.plug_in().await;
    team.ok(&["up", "--trust", "--detach", "--only", "asks"]).await;
    team.wait("asks", "waiting").await;
    // Announced it may be and not read yet: an answer of the menu is for the prompt that it shows.
    let read = async || team.agent("asks").await.question.is_some();
    team.server.wait_until("its prompt is read", read).await;
    let main = team.server.session;
    team.server.person(main).await;
    // Not in an agent's pane: all of them, then one.
    team.press(&["C-a", "A"]).await;
    team.wait_screen("asks  waiting (permission)").await;
    team.press(&["1"]).await;
    team.wait_screen("Go to its pane").await;
    team.press(&["a"]).await;
    team.wait("asks", "idle").await;
    // In its pane: its own menu.
    team.press(&["C-a", "A"]).await;
    team.wait_screen("asks  idle").await;
    team.press(&["1"]).await;
    team.wait_screen("Go to its pane").await;
    team.press(&["g"]).await;
    let pane = team.pane_of("asks").await;
    team.wait_pane(&pane).await;
    team.press(&["C-a", "A"]).await;
    team.wait_screen(" asks: idle ").await;
    team.press(&["m"]).await;
    team.wait_screen("To asks. Ctrl-D").await;
    team.press(&["hello there", "Enter", "C-d"]).await;
    // The popup is gone: a key while it is open would be the editor's.
    let closed = async || {
        let screen = team.screen().await;
        screen.contains("Understood.") && !screen.contains("Ctrl-D")
    };
    team.server.wait_until("the message has arrived and the popup is gone", closed).await;
    team.wait("asks", "idle").await;
    team.press(&["C-a", "A"]).await;
    team.wait_screen("Go to its pane").await;
    team.press(&["x"]).await;
    team.wait_screen("end asks? (y/n)").await;
    team.press(&["n"]).await;
    assert!(team.agent("asks").await.pid.is_some());
    team.press(&["C-a", "A"]).await;
    team.wait_screen("Go to its pane").await;
    team.press(&["x"]).await;
    team.wait_screen("end asks? (y/n)").await;
    team.press(&["y"]).await;
    team.wait("asks", "exited").await;
}
