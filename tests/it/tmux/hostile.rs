//! Users' configurations that break tools which count on the defaults.

use swarm::tmux::command::Split;
use swarm::tmux::{Command, Created, Launch};

use crate::harness::Server;

const HOSTILE: &str = r"
set -g base-index 1
setw -g pane-base-index 1
set -g renumber-windows on
setw -g pane-border-status top
setw -g remain-on-exit on
set -g default-command 'exit 9'
set -g default-size 30x8
set -g prefix C-a
set -g mouse on
setw -g mode-keys vi
setw -g automatic-rename on
set -g allow-rename on
set -g detach-on-destroy off
set -g visual-activity on
setw -g monitor-activity on
setw -g aggressive-resize on
set -g history-limit 10
set -g status-position top
set -g set-titles on
set-hook -g after-new-window 'rename-window hooked ; display-message -p from-hook'
set-hook -g after-new-session 'display-message -p from-hook'
set-hook -g after-split-window 'select-layout even-vertical ; display-message -p from-hook'
set-hook -g after-list-panes 'display-message -p from-hook'
set-hook -g after-display-message 'list-sessions'
set-hook -g after-set-option 'display-message -p from-hook'
set-hook -g after-if-shell 'display-message -p from-hook'
set-hook -g after-select-layout 'display-message -p from-hook'
set-hook -g after-capture-pane 'display-message -p from-hook'
set-hook -g pane-died 'run-shell -b true'
set-hook -g after-send-keys 'no-such-command'
";

/// The whole path of creation: session, window, first pane, split, options, layout, start, type, read, end.
#[tokio::test]
async fn agents_start_under_any_configuration() {
    let server = Server::start_with(HOSTILE).await;
    // Not `cat` alone: GNU programs close their terminal before they exit, and tmux may be quick enough to hang up on them.
    let argv = ["sh", "-c", "cat; exit 5"].map(str::to_owned).to_vec();
    let agent = Launch { argv, directory: "/".to_owned(), ..Launch::default() };
    let session = Command::new_session("team", "build", (120, 40), &[], &Launch::placeholder());
    let first: Created = server.conn.one(session).await.unwrap().text().parse().unwrap();
    let window = Command::new_window(first.session, "tests", &Launch::placeholder());
    let second: Created = server.conn.one(window).await.unwrap().text().parse().unwrap();
    let split = server.conn.one(Command::split_empty(second.window, Split::Below)).await.unwrap();
    let third: Created = split.text().parse().unwrap();
    assert_eq!((third.session, third.window), (second.session, second.window));
    for made in [first, second, third] {
        let options = [("remain-on-exit", "on"), ("@swarm_agent", "a")];
        let running = server.conn.start(made.pane, &agent, &options).await.unwrap();
        assert_eq!(running.pane, made.pane);
        server.conn.one(Command::select_layout(made.window, "tiled")).await.unwrap();
    }
    for made in [first, second, third] {
        server.wait_until("it runs", async || server.row(made.pane).await.current_command == "sh").await;
        server.conn.one(Command::send_text(made.pane, "hello;")).await.unwrap();
        server.wait_for_text(made.pane, "hello;").await;
        let row = server.row(made.pane).await;
        assert!(row.agent == "a" && !row.dead && row.session == first.session, "{row:?}");
    }
    server.conn.one(Command::send_keys(third.pane, &["Enter", "C-d"])).await.unwrap();
    server.wait_until("the status", async || server.row(third.pane).await.dead_status == Some(5)).await;
    let again = server.conn.start(third.pane, &agent, &[("@swarm_agent", "a")]).await.unwrap();
    assert_eq!((again.window, server.row(again.pane).await.pane_index), (third.window, 2));
    server.conn.one(Command::kill_window(second.window)).await.unwrap();
    let left = server.panes().await;
    assert_eq!(left.iter().filter(|row| row.session == first.session).count(), 1);
    server.conn.one(Command::kill_session(first.session)).await.unwrap();
    assert!(server.panes().await.iter().all(|row| row.session == server.session));
}

/// A command alias changes how many replies a command has: the batch fails, and only it.
#[tokio::test]
async fn a_command_alias_spoils_its_own_batch_only() {
    let server =
        Server::start_with("set -s command-alias[90] select-pane='list-sessions ; list-windows'").await;
    let spoiled = vec![Command::say("a"), Command::select_pane(server.pane), Command::say("b")];
    let error = server.conn.batch(spoiled).await.unwrap_err();
    assert!(error.to_string().contains("4 replies to 3 commands"), "{error}");
    assert_eq!(server.conn.one(Command::say("c")).await.unwrap().text(), "c\n");
}

/// A user's variables and options stay theirs, and ours go when we remove them.
#[tokio::test]
async fn options_and_environment_come_and_go() {
    let server = Server::start().await;
    let (session, window, pane) = (server.session, server.window, server.pane);
    let show = |option: &str| Command::show_option(pane, option);
    let batch = vec![
        Command::set_option(session, "@a", "s"),
        Command::show_option(session, "@a"),
        Command::set_option(window, "@a", "w"),
        show("@a"),
        Command::set_option(pane, "@a", "p"),
        show("@a"),
        Command::unset_option(pane, "@a"),
        show("@a"),
        Command::set_global("status", "2 working"),
        Command::show_option(session, "@swarm_status"),
        Command::set_environment(session, "SWARM_T", "x y;"),
    ];
    let replies = server.conn.batch(batch).await.unwrap();
    let texts: Vec<String> = replies.into_iter().map(|r| r.unwrap().text().trim_end().to_owned()).collect();
    assert_eq!(texts, ["", "s", "", "w", "", "p", "", "w", "", "2 working", ""]);
    let started = server.spawn(&["sh", "-c", "echo \"[$SWARM_T]\"; cat"]).await;
    server.wait_for_text(started, "[x y;]").await;
    server.conn.one(Command::unset_environment(session, "SWARM_T")).await.unwrap();
    let started = server.spawn(&["sh", "-c", "echo \"[$SWARM_T]\"; cat"]).await;
    server.wait_for_text(started, "[]").await;
}

/// A person's terminal is told from control clients, and is what is switched.
#[tokio::test]
async fn a_persons_client_is_switched_by_name() {
    let server = Server::start().await;
    let other = Command::new_session("other", "", (100, 30), &[], &Launch::placeholder());
    let other: Created = server.conn.one(other).await.unwrap().text().parse().unwrap();
    let person = server.person(other.session).await;
    assert_eq!((person.control, person.session, person.pane), (false, Some(other.session), Some(other.pane)));
    server.conn.one(Command::switch_client(&person.name, server.pane)).await.unwrap();
    let shown = async || {
        let clients = server.conn.clients().await.unwrap();
        clients.into_iter().find(|c| c.name == person.name).and_then(|c| c.session)
    };
    assert_eq!(shown().await, Some(server.session));
    server.conn.one(Command::switch_client_back(&person.name)).await.unwrap();
    assert_eq!(shown().await, Some(other.session));
    if server.at_least(3, 3).await {
        server.conn.one(Command::notify_client(&person.name, "50% #{pane_id}")).await.unwrap();
    }
}
