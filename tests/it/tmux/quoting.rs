//! What goes in is what arrives, byte for byte: through the pipe and through argv.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use swarm::tmux::{Command, PaneId};

use crate::harness::Server;

/// Texts full of what some layer treats specially, each at the ends too.
fn texts(count: usize) -> Vec<String> {
    let piece = prop_oneof![
        Just(";"),
        Just("~"),
        Just("$HOME"),
        Just("${HOME}"),
        Just("\""),
        Just("'"),
        Just("\\"),
        Just("\\;"),
        Just("#{pane_id}"),
        Just("#(id)"),
        Just("#[fg=red]"),
        Just("%s"),
        Just("{"),
        Just("}"),
        Just("\n"),
        Just("\r\n"),
        Just("\t"),
        Just(" "),
        Just("-l"),
        Just("#"),
        Just("\x1b[201~"),
        Just("\u{7f}"),
        Just("\x01"),
        Just("é"),
        Just("❯"),
        Just("e\u{301}"),
        Just("👩‍💻"),
        Just("\u{85}"),
        Just("\\u00e9"),
        Just("\\033"),
        Just("x"),
        Just("\n  # x\n"),
        Just("%1"),
    ];
    let made = prop_oneof![
        4 => proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat()),
        1 => "[^\0]{1,30}",
    ];
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| made.new_tree(&mut runner).unwrap().current()).collect()
}

async fn all_fine(server: &Server, commands: Vec<Command>) {
    let replies = server.conn.batch(commands).await.unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
}

#[tokio::test]
async fn pasted_text_is_exact() {
    let server = Server::start().await;
    let recorder = server.recorder().await;
    let mut texts = texts(400);
    if server.at_least(3, 7).await {
        // From 3.7 on a paste shows control characters instead of sending them.
        texts.retain(|text| !text.contains(|c: char| c.is_ascii_control() && !"\t\n\r".contains(c)));
    }
    let pasted = |text: &String| [Command::set_buffer("b", text), Command::paste_buffer(recorder.pane, "b")];
    all_fine(&server, texts.iter().flat_map(pasted).collect()).await;
    recorder.expect(texts.concat().as_bytes()).await;
}

#[tokio::test]
async fn typed_text_is_exact() {
    let server = Server::start().await;
    let recorder = server.recorder().await;
    let texts = texts(400);
    all_fine(&server, texts.iter().map(|text| Command::send_text(recorder.pane, text)).collect()).await;
    recorder.expect(texts.concat().as_bytes()).await;
}

/// Everything that is nested in another command is quoted twice.
#[tokio::test]
async fn nested_text_is_exact() {
    let server = Server::start().await;
    let recorder = server.recorder().await;
    let texts = texts(200);
    let nested = |text: &String| {
        let inner = Command::if_format(recorder.pane, "1", &[Command::send_text(recorder.pane, text)], &[]);
        Command::if_format(recorder.pane, "#{pane_dead}", &[], &[inner])
    };
    all_fine(&server, texts.iter().map(nested).collect()).await;
    recorder.expect(texts.concat().as_bytes()).await;
}

#[tokio::test]
async fn argv_text_is_exact() {
    let server = Server::start().await;
    let recorder = server.recorder().await;
    let texts = texts(60);
    for chunk in texts.chunks(20) {
        let commands: Vec<Command> =
            chunk.iter().map(|text| Command::send_text(recorder.pane, text)).collect();
        server.spec.run(&commands).await.unwrap();
    }
    recorder.expect(texts.concat().as_bytes()).await;
}

#[tokio::test]
async fn options_names_and_directories_are_literal() {
    let server = Server::start().await;
    let strange = server.dir().join("a #{pane_id} #[x] ;\ttab\nline ~ $HOME é");
    std::fs::create_dir(&strange).unwrap();
    let launch = swarm::tmux::Launch {
        directory: strange.to_str().unwrap().to_owned(),
        env: vec![("STRANGE".to_owned(), "#{x} \"$y\" ;".to_owned())],
        argv: vec!["cat".to_owned()],
    };
    let made = server.conn.one(Command::new_window(server.session, "w #{pane_id};", &launch)).await.unwrap();
    let pane = made.text().parse::<swarm::tmux::Created>().unwrap().pane;
    let title = "✳ #{pane_id} 50% ;";
    all_fine(
        &server,
        vec![Command::set_option(pane, "@swarm_agent", "~ \";"), Command::set_title(pane, title)],
    )
    .await;
    server.wait_until("cat runs there", async || server.row(pane).await.current_command == "cat").await;
    let row = server.row(pane).await;
    assert_eq!(row.agent, "~ \";");
    assert_eq!(row.title, title);
    assert_eq!(row.window_name, "w #{pane_id};");
    assert_eq!(row.current_path, launch.directory);
    assert_eq!(server.panes().await.len(), 2);
}

#[tokio::test]
async fn a_large_paste_is_exact_and_bracketed() {
    let server = Server::start().await;
    let recorder = server.bracketed_recorder().await;
    let text = "a line of a long text ❯\n".repeat(20_000);
    let file = server.dir().join("paste #{x}");
    std::fs::write(&file, &text).unwrap();
    let load = Command::load_buffer("big", file.to_str().unwrap());
    all_fine(&server, vec![load, Command::paste_buffer(recorder.pane, "big")]).await;
    all_fine(&server, vec![Command::set_buffer("big", &text), Command::paste_buffer(recorder.pane, "big")])
        .await;
    let bracketed = format!("\x1b[200~{text}\x1b[201~");
    recorder.expect(bracketed.repeat(2).as_bytes()).await;
}

#[tokio::test]
async fn a_paste_says_when_there_is_nothing_to_paste() {
    let server = Server::start().await;
    let load = Command::load_buffer("none", "/nonexistent/file");
    let replies = server
        .conn
        .batch(vec![load, Command::paste_buffer(server.pane, "none"), Command::say("on")])
        .await
        .unwrap();
    assert!(replies[1].as_ref().is_err_and(|said| said.contains("no buffer")), "{replies:?}");
    assert_eq!(replies[2].as_ref().unwrap().text(), "on\n");
    assert!(server.conn.one(Command::paste_buffer(PaneId(99), "none")).await.is_err());
}
