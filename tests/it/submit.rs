//! Submitting a text to an agent in a real pane: idle, working, at a prompt, over a draft, in copy mode, while it starts,
//! after it has ended. Whatever the state, nothing is approved, no draft is lost, and the receipt is true.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use swarm::agent::Profiles;
use swarm::delivery::{Level, Outcome, ProofSource, Receipt, Submission, Why};
use swarm::error::Kind;
use swarm::monitor::chores::Chores;
use swarm::monitor::link::Link;
use swarm::monitor::perform::Hands;
use swarm::monitor::submit::heard::{Ears, Said};
use swarm::monitor::submit::interrupt::interrupt;
use swarm::monitor::submit::submit;
use swarm::monitor::versions::Versions;
use swarm::paths::Paths;
use swarm::state::Watched;
use swarm::tmux::{Command, PaneId};

use crate::harness::Server;

const BIN: &str = env!("CARGO_BIN_EXE_swarm");
const INSTANCE: &str = "instance-1";

/// An agent that answers, one that works for an hour, and one that asks.
const SCRIPT: &str = r#"
[agent]
startup = "20ms"
[[scenario]]
name = "work"
match = "work for"
steps = [{ do = "think", for = "1h" }]
[[scenario]]
name = "answer"
match = "answer"
steps = [{ do = "say", text = "Understood." }]
[[scenario]]
name = "ask"
match = "ask me"
steps = [{ do = "tool", name = "Bash", subject = "touch approved", description = "Touch", permission = true, output = "APPROVED" }, { do = "say", text = "Done." }]
[[scenario]]
name = "question"
match = "question me"
steps = [{ do = "question", header = "Pick", question = "Which one?", options = [{ label = "The first" }, { label = "The second" }] }, { do = "say", text = "Chosen." }]
[[scenario]]
name = "default"
steps = [{ do = "think", for = "1h" }]
"#;

/// What a monitor holds, for one server.
pub struct Desk<'a> {
    server: &'a Server,
    hands: Hands,
}

/// One agent in its pane.
struct Seat<'a> {
    desk: &'a Desk<'a>,
    pane: PaneId,
    profile: String,
}

impl<'a> Desk<'a> {
    /// A desk with the built-in profiles and those in the server's directory.
    pub fn new(server: &'a Server) -> Self {
        let dir = server.dir();
        let var = |key: &str| match key {
            "SWARM_STATE_DIR" => Some(dir.join("state").into_os_string()),
            "HOME" => Some(dir.clone().into_os_string()),
            _ => None,
        };
        let (lost, _) = tokio::sync::mpsc::channel(1);
        let (profiles, flaws) = Profiles::load(&dir.join("agents"));
        assert!(flaws.is_empty(), "{flaws:?}");
        let hands = Hands {
            link: Link::new(server.spec.clone(), lost),
            profiles: Arc::new(profiles.into()),
            paths: Paths::resolve(&var).unwrap(),
            exe: BIN.into(),
            socket: dir.join("no-socket"),
            ears: Ears::default(),
            versions: Versions::default(),
            chores: Chores::default(),
        };
        hands.link.set_sessions(vec![server.session]);
        Self { server, hands }
    }

    /// What [`submit`] says about a text for the agent in a pane.
    pub async fn submit(&self, pane: PaneId, profile: &str, submission: &Submission) -> Receipt {
        submit(&self.hands, pane, profile, INSTANCE, submission).await
    }

    /// Tells who lives in a pane, as the monitor does.
    pub async fn know(&self, pane: PaneId, profile: &str) {
        let mark = Command::set_option(pane, "@swarm_instance", INSTANCE);
        self.server.conn.one(mark).await.unwrap();
        let row = self.server.row(pane).await;
        self.hands.ears.know(&[Watched {
            swarm: "test".parse().unwrap(),
            agent: "one".parse().unwrap(),
            pane,
            profile: profile.to_owned(),
            instance: INSTANCE.to_owned(),
            pid: row.pid,
            directory: self.server.dir(),
            session: None,
            role: None,
            config_dir: None,
            places: std::collections::BTreeMap::new(),
            transcript: None,
            started: Timestamp::UNIX_EPOCH,
            handoff_block: false,
        }]);
    }

    async fn sim(&'a self, prompt: &str) -> Seat<'a> {
        let script = self.server.dir().join("script.toml");
        std::fs::write(&script, SCRIPT).unwrap();
        let state = format!("SWARM_STATE_DIR={}", self.server.dir().join("state").display());
        let mut argv = vec!["env", &state, BIN, "sim", "--script", script.to_str().unwrap()];
        if !prompt.is_empty() {
            argv.push(prompt);
        }
        let pane = self.server.spawn(&argv).await;
        self.know(pane, "sim").await;
        Seat { desk: self, pane, profile: "sim".to_owned() }
    }
}

impl Seat<'_> {
    async fn send(&self, text: &str) -> Receipt {
        self.send_as(Submission { text: text.to_owned(), ..Submission::default() }).await
    }

    async fn send_as(&self, submission: Submission) -> Receipt {
        self.desk.submit(self.pane, &self.profile, &submission).await
    }

    async fn shows(&self, text: &str) {
        self.desk.server.wait_for_text(self.pane, text).await;
    }

    async fn text(&self) -> String {
        self.desk.server.text(self.pane).await
    }

    async fn keys(&self, keys: &[&str]) {
        self.desk.server.conn.one(Command::send_keys(self.pane, keys)).await.unwrap();
    }
}

fn says(receipt: &Receipt) -> (Outcome, Option<Why>) {
    (receipt.outcome, receipt.reason)
}

#[tokio::test]
async fn an_idle_agent_gets_it_once_with_proof() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    let receipt = seat.send("Please answer: what is 6*7;").await;
    assert_eq!(says(&receipt), (Outcome::Submitted, None), "{receipt:?}\n{}", seat.text().await);
    assert!(receipt.entered && !receipt.left_in_composer);
    assert!(receipt.proof.as_ref().is_some_and(|p| p.level >= Level::E2), "{receipt:?}");
    seat.shows("Understood.").await;
    assert_eq!(seat.text().await.matches("what is 6*7;").count(), 1, "{}", seat.text().await);
}

#[tokio::test]
async fn a_working_agent_is_left_alone_unless_it_queues_and_that_is_wanted() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("work for me").await;
    seat.shows("work for me").await;
    seat.shows("esc to interrupt").await;
    let receipt = seat.send("not now").await;
    assert_eq!(says(&receipt), (Outcome::Blocked, Some(Why::Working)), "{receipt:?}");
    assert!(!seat.text().await.contains("not now"));
    let queued = Submission { text: "after that".into(), now: true, ..Submission::default() };
    let receipt = seat.send_as(queued).await;
    assert_eq!(says(&receipt), (Outcome::QueuedByAgent, None), "{receipt:?}\n{}", seat.text().await);
    seat.shows("Queued").await;
}

#[tokio::test]
async fn nothing_reaches_a_prompt_or_a_question() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    for (prompt, shown, why) in
        [("ask me", "Do you want to proceed?", Why::Permission), ("question me", "Which one?", Why::Question)]
    {
        let seat = desk.sim(prompt).await;
        seat.shows(shown).await;
        // The last line of what it paints.
        seat.shows("Esc to cancel").await;
        let before = seat.text().await;
        for text in ["1", "yes, do it", "line\nline\nline\nline", "y"] {
            let now = Submission { text: text.into(), now: true, ..Submission::default() };
            let receipt = seat.send_as(now).await;
            assert_eq!(says(&receipt), (Outcome::Blocked, Some(why)), "{receipt:?}\n{}", seat.text().await);
            assert!(!receipt.entered);
        }
        assert_eq!(seat.text().await, before);
    }
}

#[tokio::test]
async fn a_draft_is_kept_and_never_sent() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    server.conn.one(Command::send_text(seat.pane, "half a thou")).await.unwrap();
    seat.shows("half a thou").await;
    let receipt = seat.send("something else").await;
    assert_eq!(says(&receipt), (Outcome::Blocked, Some(Why::Draft)), "{receipt:?}");
    assert!(seat.text().await.contains("half a thou") && !seat.text().await.contains("something else"));
}

#[tokio::test]
async fn a_text_of_ours_that_was_left_behind_is_sent_and_not_pasted_again() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    let text = "[swarm] please answer m:7F3K9";
    server.conn.one(Command::send_text(seat.pane, text)).await.unwrap();
    seat.shows("m:7F3K9").await;
    let mine = Submission { text: text.into(), nonce: Some("m:7F3K9".into()), ..Submission::default() };
    let receipt = seat.send_as(mine).await;
    assert_eq!(says(&receipt), (Outcome::Submitted, None), "{receipt:?}\n{}", seat.text().await);
    seat.shows("Understood.").await;
    assert_eq!(seat.text().await.matches("m:7F3K9").count(), 1);
}

#[tokio::test]
async fn copy_mode_is_left_when_nobody_looks() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    server.tmux(&["copy-mode", "-t", &seat.pane.to_string()]).await;
    assert!(server.row(seat.pane).await.in_mode);
    let receipt = seat.send("Please answer").await;
    assert_eq!(says(&receipt), (Outcome::Submitted, None), "{receipt:?}");
    assert!(!server.row(seat.pane).await.in_mode);
}

#[tokio::test]
async fn a_person_at_the_pane_is_not_disturbed() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    let window = server.row(seat.pane).await.window;
    server.conn.one(Command::select_window(window)).await.unwrap();
    let person = server.person(server.session).await;
    assert_eq!(person.pane, Some(seat.pane));
    let receipt = seat.send("Please answer").await;
    assert_eq!(says(&receipt), (Outcome::Blocked, Some(Why::Human)), "{receipt:?}");
    assert!(!seat.text().await.contains("Please answer"));
}

#[tokio::test]
async fn an_agent_that_starts_has_ended_or_is_another_one_gets_nothing() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let slow: PathBuf = server.dir().join("slow.toml");
    std::fs::write(&slow, "[agent]\nstartup = \"1h\"\n").unwrap();
    let pane = server.spawn(&[BIN, "sim", "--script", slow.to_str().unwrap()]).await;
    let pid = desk.server.row(pane).await.pid.unwrap();
    // What tmux has forked is not yet the agent.
    let runs = async || swarm::observe::process::argv(pid).iter().any(|word| word == "sim");
    server.wait_until("the agent runs", runs).await;
    desk.know(pane, "sim").await;
    let text = Submission { text: "hello there".into(), ..Submission::default() };
    let receipt = desk.submit(pane, "sim", &text).await;
    assert_eq!(says(&receipt), (Outcome::Blocked, Some(Why::Starting)), "{receipt:?}");

    let other = submit(&desk.hands, pane, "sim", "instance-2", &text).await;
    assert_eq!(says(&other), (Outcome::Gone, Some(Why::OtherInstance)));

    let seat = desk.sim("").await;
    seat.shows("❯").await;
    seat.keys(&["C-c"]).await;
    seat.keys(&["C-c"]).await;
    server.wait_until("it has ended", async || server.row(seat.pane).await.dead).await;
    let receipt = seat.send("hello there").await;
    assert_eq!(says(&receipt), (Outcome::Gone, Some(Why::Dead)), "{receipt:?}");

    // The agent has ended and left its person's shell.
    let shell = server.spawn(&["sh", "-c", "PS1='$ '; export PS1; exec sh -i"]).await;
    server.wait_for_text(shell, "$").await;
    server.conn.one(Command::set_option(shell, "@swarm_instance", INSTANCE)).await.unwrap();
    let receipt = desk.submit(shell, "sim", &text).await;
    assert_eq!(says(&receipt), (Outcome::Gone, Some(Why::Shell)), "{receipt:?}");
    assert!(!server.text(shell).await.contains("hello"));

    let gone = desk.submit(PaneId(999), "sim", &text).await;
    assert_eq!(says(&gone), (Outcome::Gone, Some(Why::NoPane)));
}

#[tokio::test]
async fn a_hook_that_repeats_the_text_is_the_proof() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    let text = "Please answer m:ABCD";
    // Over and over: what is heard before the key was pressed is about something else, and long after it the screen
    // has proven it alone.
    let tell = server.wait_until("it is submitted", async || {
        desk.hands.ears.tell(Said {
            pane: None,
            instance: Some(INSTANCE.into()),
            session: None,
            source: ProofSource::Hook,
            prompt: Some(text.into()),
        });
        false
    });
    let submission = Submission { text: text.into(), nonce: Some("m:ABCD".into()), ..Submission::default() };
    let receipt = tokio::select! {
        receipt = seat.send_as(submission) => receipt,
        () = tell => unreachable!("it is told without end"),
    };
    let proof = receipt.proof.clone().unwrap();
    assert_eq!((proof.level, proof.source, proof.text.as_str()), (Level::E3, ProofSource::Hook, text));
}

#[tokio::test]
async fn a_persons_paste_that_shows_only_its_mark_is_never_sent() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("").await;
    seat.shows("❯").await;
    let paste = [
        Command::set_buffer("person", "one\ntwo\nthree\nfour\nfive\nsix"),
        Command::paste_buffer(seat.pane, "person"),
    ];
    for command in paste {
        server.conn.one(command).await.unwrap();
    }
    seat.shows("[Pasted text #1 +6 lines]").await;
    let texts = ["[swarm] 1 new (m:7F3KAB) — run: swarm inbox", "a\nb\nc\nd\ne\nm:7F3KAB", "m:7F3KAB"];
    for text in texts {
        let mine = Submission { text: text.into(), nonce: Some("m:7F3KAB".into()), ..Submission::default() };
        let receipt = seat.send_as(mine).await;
        assert_eq!(
            says(&receipt),
            (Outcome::Blocked, Some(Why::Draft)),
            "{receipt:?}\n{}",
            seat.text().await
        );
        assert!(!receipt.entered && seat.text().await.contains("[Pasted text #1 +6 lines]"));
    }
}

#[tokio::test]
async fn only_an_agent_at_work_is_interrupted_and_what_came_of_it_is_proven() {
    let server = Server::start().await;
    let desk = Desk::new(&server);
    let seat = desk.sim("work for me").await;
    seat.shows("esc to interrupt").await;
    let answer = interrupt(&desk.hands, seat.pane, "sim", INSTANCE).await.unwrap();
    assert_eq!(
        (&answer["keys"], &answer["now"]),
        (&serde_json::json!(["Escape"]), &serde_json::json!("idle"))
    );
    for instance in [INSTANCE, "instance-2"] {
        let refused = interrupt(&desk.hands, seat.pane, "sim", instance).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Blocked, "{refused}");
    }
    let asks = desk.sim("ask me").await;
    asks.shows("Esc to cancel").await;
    let before = asks.text().await;
    let refused = interrupt(&desk.hands, asks.pane, "sim", INSTANCE).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Blocked, "{refused}");
    assert_eq!(asks.text().await, before, "Escape would have answered it");
}
