//! Hostile texts, submitted to an agent that records every byte it is given: each arrives exactly as it was made safe,
//! in one paste with one Enter behind it, or is refused with a reason and nothing of it arrives.
//!
//! `SWARM_ADVERSARIAL=1000` sends so many texts, `SWARM_ADVERSARIAL_SEED` chooses others.

use std::fmt::Write as _;
use std::io::{Read, Write};

use swarm::agent::Profiles;
use swarm::delivery::{MAX_TEXT, Outcome, Submission, Why};
use swarm::tmux::PaneId;

use crate::harness::Server;
use crate::submit::Desk;

/// Texts of a plain test run.
const TEXTS: u64 = 60;
/// What makes this test program the agent: where it records.
const RECORD: &str = "SWARM_TEST_RECORD";
/// The columns of the composer and of the conversation that the recorder shows: it scrolls like a one-line composer.
const COLUMNS: usize = 150;

/// A one-line composer at the bottom, and above it what was said.
const PROFILE: &str = r##"
name = "recorder"
title = "Recorder"

[launch]
program = "recorder"

[keys]
clear = ["C-u"]

[submit]
gap_ms = 5
special_first = ["/", "!", "#", "@"]
special_last = ["\\"]

[process]
comm = ["recorder"]

[[screen.composer]]
prompt = '^>(?:\s+|$)'
max_below = 0

[[screen.rules]]
id = "idle"
status = "idle"
priority = 20
composer = "present"
"##;

const LEADS: [&str; 16] =
    ["", "", "", "/", "/exit ", "!", "!ls ", "#", "@", "-", "--help ", "-t ", "{", "?", "&", "~"];
const TAILS: [&str; 12] = ["", "", "", "\\", ";", "\\;", " ;", "\\\\", "'", "\"", "$", "\t"];
const MIDDLES: [&str; 34] = [
    "please run the tests",
    "and then 42",
    "\t",
    "\n",
    "\n\n",
    "\r\n",
    "\r",
    "\x1b[201~",
    "\x1b[200~",
    "\x1b[201~\rrm -rf x\r",
    "\u{9b}201~",
    "\x1b",
    "\x03",
    "\x04",
    "\x00",
    "\x7f",
    "\x08",
    "\x1b]0;title\x07",
    "\u{202e}",
    "\u{feff}",
    "\u{fffd}",
    "日本語のテキスト",
    "👩‍💻",
    "e\u{301}",
    "#{pane_id}",
    "#(touch x)",
    "'; kill-server; '",
    "\"$HOME\" `id` $(id)",
    "%1 %output",
    "\\033\\n",
    "C-c Enter",
    "} ; {",
    "-- -t %0",
    "[Pasted text #1 +4 lines]",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % n as u64).unwrap()
    }

    fn text(&mut self, n: u64) -> String {
        let mut text = LEADS[self.below(LEADS.len())].to_owned();
        // Every other text has nothing in it that must be changed, but perhaps at its ends.
        let harmless = |m: &&str| n.is_multiple_of(2) && m.contains(char::is_control);
        let middles: Vec<&str> = MIDDLES.into_iter().filter(|m| !harmless(m)).collect();
        for _ in 0..self.below(7) {
            text.push_str(middles[self.below(middles.len())]);
            if self.below(2) == 0 {
                text.push(' ');
            }
        }
        match n % 50 {
            // Long: cut by tmux and by the terminal in the middle of characters.
            7 => text.push_str(&"wide 日本 and narrow 👩‍💻 ".repeat(MAX_TEXT / 40)),
            // As long as it may be, and one byte longer.
            17 => text = "x".repeat(MAX_TEXT),
            27 => text = "x".repeat(MAX_TEXT + 1),
            37 => " \x1b\r\n\t ".clone_into(&mut text),
            _ => {}
        }
        if n % 50 != 17 && n % 50 != 27 && n % 50 != 37 {
            // Each can be told from the others.
            let _ = write!(text, " text {n}");
            text.push_str(TAILS[self.below(TAILS.len())]);
        }
        text
    }
}

#[tokio::test]
async fn hostile_texts_arrive_byte_for_byte_or_not_at_all() {
    let number = |key: &str| std::env::var(key).ok().and_then(|v| v.parse::<u64>().ok());
    let texts = number("SWARM_ADVERSARIAL").unwrap_or(TEXTS);
    let seed = number("SWARM_ADVERSARIAL_SEED").unwrap_or(1);
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let server = Server::start().await;
    let agents = server.dir().join("agents");
    std::fs::create_dir(&agents).unwrap();
    std::fs::write(agents.join("recorder.toml"), PROFILE).unwrap();
    let (profiles, flaws) = Profiles::load(&agents);
    assert!(flaws.is_empty(), "{flaws:?}");
    let profile = profiles.get("recorder").unwrap();
    let desk = Desk::new(&server);
    let record = server.dir().join("record");
    let pane = recorder(&server, &desk, &record).await;
    let (mut exact, mut changed, mut refused) = (0, 0, std::collections::BTreeMap::<_, u64>::new());
    for n in 0..texts {
        let text = random.text(n);
        std::fs::write(&record, "").unwrap();
        let submission = Submission { text: text.clone(), ..Submission::default() };
        let receipt = desk.submit(pane, "recorder", &submission).await;
        let got = std::fs::read(&record).unwrap();
        let told =
            format!("seed {seed}, text {n} {:?}: {receipt:?}", text.chars().take(300).collect::<String>());
        match (receipt.outcome, receipt.reason) {
            (Outcome::Submitted, None) => {
                let composed = profile.compose(&text).unwrap();
                assert!(!composed.text.contains(|c: char| c.is_control() && c != '\n'), "{told}");
                assert_eq!(composed.changes, receipt.changes, "{told}");
                let wanted = format!("\x1b[200~{}\x1b[201~\r", composed.text);
                assert!(got == wanted.as_bytes(), "{told}\n{}", server.text(pane).await);
                if receipt.changes.is_empty() {
                    assert_eq!(composed.text, text, "{told}");
                    exact += 1;
                } else {
                    changed += 1;
                }
            }
            (Outcome::Blocked, Some(why @ (Why::Empty | Why::TooLong))) => {
                assert!(got.is_empty() && !receipt.entered, "{told}");
                *refused.entry(why.words()).or_default() += 1;
            }
            _ => panic!("{told}\n{}\n{:?}", server.text(pane).await, String::from_utf8_lossy(&got)),
        }
    }
    println!("seed {seed}: {texts} texts: {exact} as they were, {changed} made safe, refused {refused:?}");
    assert!(exact > 0 && changed > 0 && refused.len() == 2);
}

/// Text that is no text is refused before anything is asked of a monitor.
#[tokio::test]
async fn bytes_that_are_cut_in_the_middle_of_a_character_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cut");
    let whole = "日本 👩‍💻".as_bytes();
    for end in 1..whole.len() {
        std::fs::write(&file, &whole[..end]).unwrap();
        if std::str::from_utf8(&whole[..end]).is_ok() {
            continue;
        }
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_swarm"))
            .args(["send", "someone", "--file", file.to_str().unwrap()])
            .env("SWARM_STATE_DIR", dir.path())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("is not UTF-8 text"), "{said}");
    }
}

async fn recorder(server: &Server, desk: &Desk<'_>, record: &std::path::Path) -> PaneId {
    std::fs::write(record, "").unwrap();
    let place = format!("{RECORD}={}", record.display());
    let program = std::env::current_exe().unwrap();
    let name = "adversarial::an_agent_that_records";
    // With one thread, the test program prints nothing of its own while it runs.
    let argv = ["env", &place, program.to_str().unwrap(), name, "--exact", "--nocapture", "--test-threads=1"];
    let pane = server.spawn(&argv).await;
    server.wait_for_text(pane, "recording").await;
    desk.know(pane, "recorder").await;
    pane
}

/// Not a test but the agent: it runs in a pane, records what it is given, and shows it as agents do.
#[test]
fn an_agent_that_records() {
    let Some(place) = std::env::var_os(RECORD) else { return };
    let mut record = std::fs::File::options().append(true).open(place).unwrap();
    let stdin = std::io::stdin();
    let mut mode = rustix::termios::tcgetattr(&stdin).unwrap();
    mode.make_raw();
    rustix::termios::tcsetattr(&stdin, rustix::termios::OptionalActions::Now, &mode).unwrap();
    let mut composer = Composer::default();
    composer.draw();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(n @ 1..) = stdin.lock().read(&mut buffer) else { return };
        record.write_all(&buffer[..n]).unwrap();
        composer.takes(&buffer[..n]);
        composer.draw();
    }
}

#[derive(Default)]
struct Composer {
    draft: Vec<u8>,
    pasting: bool,
    said: Vec<String>,
}

impl Composer {
    fn takes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.draft.push(*byte);
            if self.draft.ends_with(b"\x1b[200~") || self.draft.ends_with(b"\x1b[201~") {
                self.pasting = self.draft.ends_with(b"\x1b[200~");
                self.draft.truncate(self.draft.len() - 6);
            } else if !self.pasting && *byte == b'\r' {
                self.draft.pop();
                self.said.push(self.shown());
                self.draft.clear();
            } else if !self.pasting && *byte == 0x15 {
                self.draft.clear();
            }
        }
    }

    /// The end of the draft, as far as it fits into its line.
    fn shown(&self) -> String {
        use unicode_width::UnicodeWidthChar;
        let text = String::from_utf8_lossy(&self.draft).replace('\n', " ");
        let mut room = COLUMNS;
        let mut end: Vec<char> = Vec::new();
        for c in text.chars().rev() {
            let width = c.width().unwrap_or(1);
            if width > room {
                break;
            }
            room -= width;
            end.push(c);
        }
        end.into_iter().rev().collect()
    }

    fn draw(&self) {
        let from = self.said.len().saturating_sub(20);
        let mut screen = "\x1b[?2004h\x1b[H\x1b[2Jrecording\r\n".to_owned();
        for line in &self.said[from..] {
            let _ = write!(screen, "* {line}\r\n");
        }
        let _ = write!(screen, "\r\n> {}", self.shown());
        let mut out = std::io::stdout().lock();
        out.write_all(screen.as_bytes()).unwrap();
        out.flush().unwrap();
    }
}
