//! The life of a pane: empty, started, ended, started again; and what is known of how it ended.

use swarm::tmux::command::Split;
use swarm::tmux::{Command, Created, EmptyPane, Launch, NewWindow, PaneId};

use crate::harness::Server;

fn sh(script: &str) -> Launch {
    let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
    Launch { argv, ..Launch::default() }
}

#[tokio::test]
async fn an_agent_starts_in_an_empty_pane_that_keeps_its_options() {
    let server = Server::start().await;
    let split = server.conn.one(Command::split_empty(server.window, Split::Below)).await.unwrap();
    let made: Created = split.text().parse().unwrap();
    assert_eq!(made.window, server.window);
    assert!(server.row(made.pane).await.is_empty());
    let mut launch = sh("echo; echo \"[$SWARM_X]\"; pwd; exit 3");
    launch.directory = "/usr".to_owned();
    launch.env = vec![("SWARM_X".to_owned(), "a b;".to_owned())];
    let options = [("remain-on-exit", "on"), ("@swarm_agent", "backend")];
    let running = server.conn.start(made.pane, &launch, &options).await.unwrap();
    assert_eq!((running.pane, running.window), (made.pane, server.window));
    server.wait_for_text(made.pane, "[a b;]").await;
    server.wait_for_text(made.pane, "/usr").await;
    server.wait_until("the exit status", async || server.row(made.pane).await.dead_status == Some(3)).await;
    let row = server.row(made.pane).await;
    assert_eq!((row.agent.as_str(), row.dead, row.is_empty()), ("backend", true, false));
    if !server.at_least(3, 8).await {
        assert_eq!(row.pid, Some(running.pid));
    }
}

/// Respawning a used pane crashes tmux up to 3.7c sooner or later; a replacement looks the same to the user.
#[tokio::test]
async fn a_restart_takes_the_place_of_the_old_pane() {
    let server = Server::start().await;
    let batch = vec![
        Command::split_empty(server.window, Split::Below),
        Command::split_empty(server.window, Split::Right),
        Command::select_layout(server.window, "tiled"),
    ];
    let replies = server.conn.batch(batch).await.unwrap();
    let mut pane = replies[0].as_ref().unwrap().text().parse::<Created>().unwrap().pane;
    let before = server.row(pane).await;
    // Much output, its end and the exit come together, and control clients lag behind.
    let flood = sh("seq 1 3000; exit 4");
    for round in 0..12 {
        let options = [("remain-on-exit", "on"), ("@swarm_agent", "backend")];
        let launch = if round % 3 == 2 { sh("seq 1 3000; cat") } else { flood.clone() };
        let running = server.conn.start(pane, &launch, &options).await.unwrap();
        assert_eq!(running.pane == pane, round == 0, "only an unused pane is kept");
        assert_eq!(running.window, server.window);
        pane = running.pane;
        // tmux 3.3a may lose the last words of a process that ends; then the end itself is what to wait for.
        let ended = async || server.row(pane).await.dead || server.text(pane).await.contains("2999");
        server.wait_until("it has written", ended).await;
    }
    server.conn.one(Command::select_pane(pane)).await.unwrap();
    let last = server.conn.start(pane, &sh("echo again; cat"), &[("@swarm_agent", "backend")]).await.unwrap();
    server.wait_for_text(last.pane, "again").await;
    let after = server.row(last.pane).await;
    assert_eq!(
        (after.pane_index, after.width, after.height),
        (before.pane_index, before.width, before.height)
    );
    assert!(after.active && after.window_active && after.agent == "backend");
    let rows = server.panes().await;
    assert!(rows.len() == 3 && rows.iter().all(|row| row.window == server.window), "{rows:?}");
    let error = server.conn.start(pane, &flood, &[]).await.unwrap_err();
    assert_eq!(error.kind(), swarm::error::Kind::Gone);
    assert_eq!(server.panes().await.len(), 3);
}

/// A single word would go through the user's shell; the process must be the program itself, so that its pid and name are.
#[tokio::test]
async fn one_word_starts_without_a_shell() {
    let server = Server::start().await;
    for program in ["cat", "a=b", "-x"] {
        let path = server.dir().join(program);
        std::os::unix::fs::symlink("/bin/cat", &path).unwrap();
        let word = if program == "cat" { program.to_owned() } else { path.to_str().unwrap().to_owned() };
        let pane = server.spawn(&[&word]).await;
        server.wait_until("it runs", async || server.row(pane).await.current_command == program).await;
        let argv = swarm::observe::process::argv(server.row(pane).await.pid.unwrap());
        assert_eq!(argv, [word]);
    }
}

#[tokio::test]
async fn no_exit_status_is_lost() {
    let server = Server::start().await;
    let mut panes = Vec::new();
    // One after the other: tmux 3.3a loses the status of isolated deaths.
    for status in 0..12 {
        let pane = server.spawn(&["sh", "-c", &format!("exit {status}")]).await;
        server.wait_until("it ended", async || server.row(pane).await.dead).await;
        panes.push(pane);
    }
    for (status, pane) in (0..).zip(panes) {
        server.wait_until("the status", async || server.row(pane).await.dead_status == Some(status)).await;
        assert!(!server.row(pane).await.lost_status());
    }
    if server.at_least(3, 3).await {
        let killed = server.spawn(&["sh", "-c", "kill -9 $$"]).await;
        server.wait_until("the signal", async || server.row(killed).await.dead_signal == Some(9)).await;
    }
}

/// On tmux 3.3a an unguarded paste here ends the server and with it every agent.
#[tokio::test]
async fn nothing_is_pasted_into_a_dead_pane() {
    let server = Server::start().await;
    let dead = server.spawn(&["true"]).await;
    server.wait_until("it ended", async || server.row(dead).await.dead).await;
    let split = server.conn.one(Command::split_empty(server.window, Split::Right)).await.unwrap();
    let empty = split.text().parse::<Created>().unwrap().pane;
    for pane in [dead, empty] {
        let paste = vec![Command::set_buffer("b", "text"), Command::paste_buffer(pane, "b")];
        let replies = server.conn.batch(paste).await.unwrap();
        assert_eq!(replies[1].as_ref().unwrap().text(), "dead\n");
        assert!(server.conn.one(Command::show_buffer("b")).await.is_err(), "the buffer is gone");
    }
    let paste = vec![Command::set_buffer("b", "text"), Command::paste_buffer(server.pane, "b")];
    assert_eq!(server.conn.batch(paste).await.unwrap()[1].as_ref().unwrap().text(), "pasted\n");
    server.wait_for_text(server.pane, "text").await;
}

#[tokio::test]
async fn many_panes_fit_when_tiled_after_every_split() {
    let server = Server::start().await;
    let split =
        [Command::split_empty(server.window, Split::Below), Command::select_layout(server.window, "tiled")];
    // A window of 80x23, which tmux 3.2 makes, takes fewer.
    let panes = if server.at_least(3, 3).await { 40 } else { 20 };
    let commands = split.iter().cycle().take(2 * panes).cloned().collect();
    let replies = server.conn.batch(commands).await.unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    assert_eq!(server.panes().await.iter().filter(|row| row.is_empty()).count(), panes);
}

/// Window by window: what is in it, by name.
async fn named(server: &Server, name: &str) -> Vec<swarm::tmux::PaneRow> {
    server.panes().await.into_iter().filter(|row| row.window_name == name).collect()
}

const MARKS: [(&str, &str); 2] = [("remain-on-exit", "on"), ("@swarm_agent", "backend")];

#[tokio::test]
async fn windows_open_with_their_processes_and_lose_none() {
    let server = Server::start().await;
    let gone = sh("exit 7");
    let stays = sh("echo \"hello; ${SWARM_X}\"; exec cat");
    let stays = Launch { env: vec![("SWARM_X".to_owned(), "a $b \"c\" ~ #{pid};".to_owned())], ..stays };
    let window = |name: &'static str, launch| NewWindow {
        name,
        launch,
        options: &[("@swarm_window", "group:1")],
        pane_options: &MARKS,
    };
    let mut windows = vec![window("stays", &stays)];
    // A process that ends before tmux has done anything else is kept all the same.
    windows.extend((0..20).map(|_| window("#gone", &gone)));
    let made = server.conn.open(server.session, &windows).await.unwrap();
    assert!(made.iter().all(Result::is_ok), "{made:?}");
    let dead =
        async || named(&server, "#gone").await.iter().filter(|row| row.dead_status == Some(7)).count() == 20;
    server.wait_until("all are kept", dead).await;
    let row = named(&server, "stays").await.remove(0);
    let running = made[0].clone().unwrap();
    assert_eq!((row.agent.as_str(), row.pane, row.pid), ("backend", running.pane, Some(running.pid)));
    server.wait_for_text(row.pane, "hello; a $b \"c\" ~ #{pid};").await;
    let mark = server.conn.one(Command::show_option(row.window, "@swarm_window")).await.unwrap();
    assert_eq!(mark.text().trim(), "group:1");
    assert!(server.row(server.pane).await.window_active, "the user's window stays in front");
}

#[tokio::test]
async fn half_a_window_is_never_left() {
    let server = Server::start().await;
    let before = server.panes().await.len();
    let stays = sh("exec cat");
    let bad = [("remain-on-exit", "perhaps")];
    let windows = [&MARKS[..], &bad[..], &MARKS[..]].map(|pane_options| NewWindow {
        name: "agent",
        launch: &stays,
        options: &[],
        pane_options,
    });
    let made = server.conn.open(server.session, &windows).await.unwrap();
    let fine: Vec<bool> = made.iter().map(Result::is_ok).collect();
    assert_eq!(fine, [true, false, true], "{made:?}");
    assert_eq!(server.panes().await.len(), before + 2);
}

/// What a user runs after each new window may rename or move it at once.
#[tokio::test]
async fn windows_open_under_a_users_hooks() {
    let hook =
        "set-hook -g after-new-window 'rename-window mine ; move-window -r'\nset -g renumber-windows on\n";
    let server = Server::start_with(hook).await;
    let stays = sh("exec cat");
    let window =
        NewWindow { name: "agent", launch: &stays, options: &[("@swarm_window", "w")], pane_options: &MARKS };
    let made = server.conn.open(server.session, &[window]).await.unwrap().remove(0).unwrap();
    assert_eq!(server.row(made.pane).await.agent, "backend");
}

#[tokio::test]
async fn empty_panes_are_filled_together() {
    let server = Server::start().await;
    let mut batch = Vec::new();
    for _ in 0..6 {
        batch.push(Command::split_empty(server.window, Split::Below));
        batch.push(Command::select_layout(server.window, "tiled"));
    }
    let replies = server.conn.batch(batch).await.unwrap();
    let panes =
        replies.iter().step_by(2).map(|r| r.as_ref().unwrap().text().parse::<Created>().unwrap().pane);
    let mut panes: Vec<PaneId> = panes.collect();
    let launch = sh("echo started; exec cat");
    // One that is in use, and one that is gone: the others start all the same.
    panes[1] = server.spawn(&["sh", "-c", "exec cat"]).await;
    server.conn.one(Command::kill_pane(panes[2])).await.unwrap();
    let empty = panes.iter().map(|pane| EmptyPane { pane: *pane, launch: &launch, options: &MARKS });
    let made = server.conn.start_all(&empty.collect::<Vec<_>>()).await.unwrap();
    for (n, (pane, made)) in panes.iter().zip(&made).enumerate() {
        assert_eq!(made.is_ok(), n != 1 && n != 2, "{n}: {made:?}");
        if let Ok(made) = made {
            assert_eq!(made.pane, *pane);
            server.wait_for_text(*pane, "started").await;
        }
    }
}
