//! Replies, notifications, and what happens when one side is slow or gone.

use swarm::error::Kind;
use swarm::tmux::command::Split;
use swarm::tmux::{Command, Connection, Created, Gate, Notification, PaneId, Role, ServerSpec, SessionId};

use crate::harness::Server;

#[tokio::test]
async fn replies_come_in_order_whatever_stands_between() {
    let server = Server::start().await;
    let guarded = Command::if_format(server.pane, "1", &[Command::say("in"), Command::say("side")], &[]);
    let failing =
        Command::if_format(server.pane, "1", &[Command::kill_pane(PaneId(99)), Command::say("never")], &[]);
    let empty = Command::if_format(server.pane, "", &[Command::say("no")], &[]);
    let batch = vec![
        Command::say("a"),
        guarded,
        Command::nudge_and_wait(),
        failing,
        empty,
        Command::nudge(),
        Command::select_layout(server.window, "no such layout"),
        Command::say("b"),
    ];
    let replies = server.conn.batch(batch).await.unwrap();
    let texts: Vec<_> = replies.into_iter().map(|r| r.map(|r| r.text().into_owned())).collect();
    let layout = texts[6].clone().unwrap_err();
    assert!(layout.contains(": 0000,no such layout"), "{layout}");
    let expected = [
        Ok("a\n"),
        Ok("in\nside\n"),
        Ok(""),
        Err("can't find pane: %99"),
        Ok(""),
        Ok(""),
        Err(layout.as_str()),
        Ok("b\n"),
    ];
    assert_eq!(texts, expected.map(|r| r.map(str::to_owned).map_err(str::to_owned)));
}

#[tokio::test]
async fn many_callers_share_a_connection() {
    let server = Server::start().await;
    let calls = (0..200).map(|i| {
        let conn = server.conn.clone();
        async move { conn.one(Command::say(&format!("call {i}"))).await.unwrap().text().into_owned() }
    });
    let texts = futures_util::future::join_all(calls).await;
    assert!(texts.iter().enumerate().all(|(i, text)| *text == format!("call {i}\n")), "{texts:?}");
}

#[tokio::test]
async fn nothing_a_pane_prints_can_pass_for_a_reply() {
    let server = Server::start().await;
    let lies =
        r"printf '%%end 1 2 1\n%%error 1 2 1\n%%begin 1 2 1\n%%exit\n%%output %%0 x\nswarm-0 1\n'; cat";
    let pane = server.spawn(&["sh", "-c", lies]).await;
    server
        .wait_for_text(pane, "%end 1 2 1\n%error 1 2 1\n%begin 1 2 1\n%exit\n%output %0 x\nswarm-0 1\n")
        .await;
    assert_eq!(server.conn.one(Command::say("x")).await.unwrap().text(), "x\n");
}

#[tokio::test]
async fn events_tell_what_happens() {
    let server = Server::start().await;
    let split = server.conn.one(Command::split_empty(server.window, Split::Below)).await.unwrap();
    let made: Created = split.text().parse().unwrap();
    server.wait_for_event("layout", |e| *e == Notification::LayoutChange(server.window)).await;
    let (events, mut received) =
        Connection::attach(&server.spec, server.session, Role::Events, &Gate::default()).await.unwrap();
    if !events.has_output() {
        return;
    }
    assert_eq!(received.recv().await.unwrap(), Notification::SessionChanged(server.session, "main".into()));
    events.one(Command::subscribe("title", "%*", "#{pane_index} #{pane_title}")).await.unwrap();
    server.conn.one(Command::set_title(made.pane, "✳ a : b")).await.unwrap();
    server.conn.one(Command::send_text(server.pane, "é\x1b;")).await.unwrap();
    let (mut titled, mut echoed) = (false, Vec::new());
    while !titled || !echoed.ends_with(b";") {
        match received.recv().await.unwrap() {
            Notification::SubscriptionChanged { name, pane, value, window, session }
                if pane == Some(made.pane) =>
            {
                assert_eq!(
                    (name.as_str(), window, session),
                    ("title", Some(made.window), Some(server.session))
                );
                titled |= value == "1 ✳ a : b".as_bytes();
            }
            Notification::Output { pane, data } if pane == server.pane => echoed.extend(data),
            _ => {}
        }
    }
    assert_eq!(echoed, "é^[;".as_bytes(), "the terminal echoes an escape as ^[");
    for command in [Command::pause_pane(server.pane), Command::continue_pane(server.pane)] {
        events.one(command).await.unwrap();
    }
    let mut flow = Vec::new();
    while flow.len() < 2 {
        let event = received.recv().await.unwrap();
        flow.extend(matches!(event, Notification::Pause(_) | Notification::Continue(_)).then_some(event));
    }
    assert_eq!(flow, [Notification::Pause(server.pane), Notification::Continue(server.pane)]);
}

#[tokio::test]
async fn a_consumer_that_does_not_read_neither_blocks_nor_fills_memory() {
    let server = Server::start().await;
    let (events, mut received) =
        Connection::attach(&server.spec, server.session, Role::Events, &Gate::default()).await.unwrap();
    if !events.has_output() {
        return;
    }
    let pane = server.spawn(&["sh", "-c", "seq 1 400000; echo finis''hed; cat"]).await;
    server.wait_for_text(pane, "finished").await;
    // Who missed output is told so: by us where the queue was full, by tmux where it stopped sending before that.
    let missed = |event: &Notification| matches!(event, Notification::Overflow(p) | Notification::Pause(p) if *p == pane);
    let (mut bytes, mut told) = (0, false);
    while let Ok(event) = received.try_recv() {
        told |= missed(&event);
        if let Notification::Output { data, .. } = event {
            bytes += data.len();
        }
        tokio::task::yield_now().await;
    }
    assert!(bytes < 2_600_000, "all {bytes} bytes were kept");
    // Where the machine is slow the rest comes only now, and then nothing need be missed.
    let told_or_all = async {
        while !told && bytes < 2_600_000 {
            let event = received.recv().await.expect("the connection lives");
            told = missed(&event);
            if let Notification::Output { data, .. } = event {
                bytes += data.len();
            }
        }
    };
    let limit = std::time::Duration::from_secs(60);
    tokio::time::timeout(limit, told_or_all).await.expect("who missed output is told so");
}

#[tokio::test]
async fn looking_on_does_not_resize_anything() {
    let server = Server::start().await;
    let (_events, _received) =
        Connection::attach(&server.spec, server.session, Role::Events, &Gate::default()).await.unwrap();
    let row = server.row(server.pane).await;
    // tmux 3.2 makes the first session at the size of a client that has none.
    let size = if server.at_least(3, 3).await { (200, 50) } else { (80, 23) };
    assert_eq!((row.width, row.height), size);
    assert_eq!(server.conn.clients().await.unwrap().iter().filter(|client| client.control).count(), 3);
}

#[tokio::test]
async fn the_last_handle_ends_the_process_and_leaves_no_zombie() {
    let server = Server::start().await;
    let before: Vec<u32> = server.conn.clients().await.unwrap().iter().map(|c| c.pid).collect();
    let (conn, mut received) =
        Connection::attach(&server.spec, server.session, Role::Command, &Gate::default()).await.unwrap();
    let clients = server.conn.clients().await.unwrap();
    let pid = clients.iter().map(|c| c.pid).find(|pid| !before.contains(pid)).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    drop(conn.clone());
    assert!(conn.one(Command::say("x")).await.is_ok());
    drop(conn);
    while received.recv().await.is_some() {}
    server.wait_until("it was reaped", async || rustix::process::test_kill_process(pid).is_err()).await;
    server
        .wait_until("tmux let it go", async || server.conn.clients().await.unwrap().len() == before.len())
        .await;
}

#[tokio::test]
async fn a_lost_server_is_an_error_with_a_reason() {
    let server = Server::start().await;
    let missing = Connection::attach(&server.spec, SessionId(77), Role::Command, &Gate::default()).await;
    let error = missing.unwrap_err().to_string();
    assert!(error.contains("can't find session"), "{error}");
    let (conn, mut events) =
        Connection::attach(&server.spec, server.session, Role::Events, &Gate::default()).await.unwrap();
    let ended = server.conn.batch(vec![Command::kill_session(server.session)]).await;
    assert!(ended.is_ok_and(|replies| replies[0].is_ok()), "the answer came before the end");
    while events.recv().await.is_some() {}
    let error = conn.one(Command::say("x")).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Tmux);
    assert!(conn.lost().is_some());
    let nobody =
        Connection::attach(&server.spec, server.session, Role::Command, &Gate::default()).await.unwrap_err();
    let nobody = nobody.to_string();
    let reasons = ["no sessions", "no server", "server exited", "error connecting"];
    assert!(reasons.iter().any(|reason| nobody.contains(reason)), "{nobody}");
}

#[tokio::test]
async fn a_killed_server_fails_the_calls_that_wait() {
    let server = Server::start().await;
    let pid = server.pid();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    let conn = server.conn.clone();
    let call = tokio::spawn(async move { conn.one(Command::say("x")).await });
    tokio::task::yield_now().await;
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    assert_eq!(call.await.unwrap().unwrap_err().kind(), Kind::Tmux);
    assert!(server.conn.lost().is_some());
}

#[tokio::test]
async fn a_server_that_hangs_is_a_timeout_and_not_the_end() {
    let server = Server::start().await;
    let pid = server.pid();
    rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    tokio::time::pause();
    assert_eq!(server.conn.one(Command::say("late")).await.unwrap_err().kind(), Kind::Timeout);
    tokio::time::resume();
    rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
    assert_eq!(server.conn.one(Command::say("again")).await.unwrap().text(), "again\n");
}

/// Under cron or a bare ssh the locale is C; tmux would write `_` for all that is not ASCII.
#[tokio::test]
async fn replies_are_utf8_in_any_locale() {
    let server = Server::start().await;
    let wrapper = server.dir().join("tmux");
    std::fs::write(
        &wrapper,
        format!("#!/bin/sh\nLC_ALL=C exec '{}' \"$@\"\n", server.spec.program.display()),
    )
    .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&wrapper, executable).unwrap();
    let spec = ServerSpec { program: wrapper, ..server.spec.clone() };
    let (conn, _) = Connection::attach(&spec, server.session, Role::Command, &Gate::default()).await.unwrap();
    conn.one(Command::set_title(server.pane, "✳ é")).await.unwrap();
    assert_eq!(conn.panes().await.unwrap()[0].title, "✳ é");
    assert_eq!(spec.run(&[Command::list_panes_as("#{pane_title}")]).await.unwrap(), "✳ é\n");
}

#[tokio::test]
async fn the_version_is_known_and_new_enough() {
    let server = Server::start().await;
    let version = server.spec.version().await.unwrap();
    assert!(version.at_least(3, 2));
    assert_eq!(server.spec.version_blocking().unwrap(), version);
    let listed =
        server.spec.run_blocking(&[Command::list_panes_as("#{pane_id}"), Command::say("x;")]).unwrap();
    assert_eq!(listed, format!("{}\nx;\n", server.pane));
    let refused = server.spec.run(&[Command::kill_pane(PaneId(9))]).await.unwrap_err();
    assert!(refused.to_string().contains("kill-pane: can't find pane"), "{refused}");
}
