//! The child in a pane: an agent's screen that stands still, spins ten times a second, floods, or asks, as it is told.
//!
//! It says over a socket when it has painted what it was told, so that latencies are counted from the paint.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::rig::nanos;

const FRAME: Duration = Duration::from_millis(100);
/// One megabyte a second, ten kilobytes at a time.
const GUSH: Duration = Duration::from_millis(10);
const GLYPHS: [&str; 6] = ["·", "✢", "✳", "✶", "✻", "✽"];

/// What a child does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Still,
    Spin,
    Flood,
    Ask,
}

/// Runs the child; `socket` is the rig's.
pub fn run(socket: &str) {
    let stream = UnixStream::connect(socket).expect("the rig listens");
    let mut answer = stream.try_clone().expect("a second handle");
    writeln!(answer, "{}", std::env::var("TMUX_PANE").unwrap_or_default()).expect("the rig reads");
    let (orders, inbox) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mode = match line.as_str() {
                "spin" => Mode::Spin,
                "flood" => Mode::Flood,
                "ask" => Mode::Ask,
                _ => Mode::Still,
            };
            if orders.send(mode).is_err() {
                break;
            }
        }
        std::process::exit(0);
    });
    let (mut mode, mut n) = (Mode::Still, 0usize);
    paint(mode, n);
    loop {
        let order = match mode {
            Mode::Spin => inbox.recv_timeout(FRAME),
            Mode::Flood => inbox.recv_timeout(GUSH),
            Mode::Still | Mode::Ask => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match order {
            Ok(next) => {
                mode = next;
                paint(mode, n);
                let _ = writeln!(answer, "{}", nanos());
            }
            Err(RecvTimeoutError::Timeout) => {
                n += 1;
                frame(mode, n);
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

fn spinner(n: usize) -> String {
    let (glyph, seconds) = (GLYPHS[n % 6], n / 10);
    format!("{glyph} Pondering… ({seconds}s · ↑ {}.{}k tokens · esc to interrupt)", n / 70, n / 7 % 10)
}

/// The whole screen, as Claude Code 2.1 draws it.
fn paint(mode: Mode, n: usize) {
    let rule = "─".repeat(110);
    let mut out = String::from("\x1b[2J\x1b[H");
    out.push_str(if mode == Mode::Spin { "\x1b]0;⠂ Task\x07" } else { "\x1b]0;✳ Task\x07" });
    for row in 0..24 {
        out.push_str(&format!(
            "  {row:2} a line of what the agent said and did, with fn code() {{ in(it) }} // {row}\r\n"
        ));
    }
    if mode == Mode::Ask {
        out.push_str(&format!(
            "● I'll create the marker file.\r\n\r\n{rule}\r\n Bash command\r\n Create marker file\r\n\r\n   touch marker\r\n\r\n \
             Do you want to proceed?\r\n ❯ 1. Yes\r\n   2. No\r\n\r\n Esc to cancel · Tab to amend"
        ));
    } else {
        let line = if mode == Mode::Spin { spinner(n) } else { "✻ Worked for 12s".to_owned() };
        out.push_str(&format!(
            "{line}\r\n\r\n{rule}\r\n❯ \r\n{rule}\r\n  ⏸ manual mode on · ? for shortcuts"
        ));
    }
    put(&out);
}

fn frame(mode: Mode, n: usize) {
    match mode {
        // The spinner stands five lines above the last one.
        Mode::Spin => {
            let title = if n.is_multiple_of(10) {
                format!("\x1b]0;{} Task\x07", ["⠂", "⠐"][n / 10 % 2])
            } else {
                String::new()
            };
            put(&format!(
                "{title}\x1b[?2026h\x1b7\x1b[5A\r\x1b[38;5;174m{}\x1b[39m\x1b[K\x1b8\x1b[?2026l",
                spinner(n)
            ));
        }
        Mode::Flood => {
            let line = "compiling some crate v1.2.3 (/somewhere/in/the/tree) and saying so at length\r\n";
            put(&line.repeat(128));
        }
        Mode::Still | Mode::Ask => {}
    }
}
