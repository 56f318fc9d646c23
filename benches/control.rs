//! Throughput of the control-mode parser against the least that any reader must do: find the line ends and copy each line.
//!
//! `cargo bench --bench control`. Absolute numbers depend on the machine; the ratio is what counts.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program that measures and prints"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use swarm::tmux::notification::Parser;

/// Bytes per push, as much as one read of the connection takes at most.
const CHUNK: usize = 64 * 1024;
/// How much of each stream is parsed per round, at least.
const SIZE: usize = 16 << 20;
const ROUNDS: usize = 9;

const RECORDED: [(&str, &[u8]); 4] = [
    ("recorded: replies", include_bytes!("../tests/data/control/blocks.txt")),
    ("recorded: events", include_bytes!("../tests/data/control/events.txt")),
    ("recorded: output", include_bytes!("../tests/data/control/output.txt")),
    ("recorded: flood", include_bytes!("../tests/data/control/pause.txt")),
];

fn main() {
    let mut streams: Vec<(&str, Vec<u8>)> = RECORDED
        .into_iter()
        .map(|(name, bytes)| {
            // A connection says so much once; what follows it is the stream.
            let end = bytes.windows(6).rposition(|w| w == b"\n%exit").unwrap_or(bytes.len());
            (name, bytes[..=end].repeat(SIZE / end + 1))
        })
        .collect();
    streams.push(("made: spinner redraws", spinner().repeat(SIZE / spinner().len())));
    streams.push(("made: screens of 50 rows", screens()));
    println!("{:28} {:>12} {:>12} {:>8}", "stream", "parser", "lines only", "ratio");
    for (name, bytes) in &streams {
        let (parser, lines) = (best(|| parse(bytes)), best(|| split(bytes)));
        let speed = |time: Duration| bytes.len() as f64 / time.as_secs_f64() / 1e6;
        println!(
            "{name:28} {:>7.0} MB/s {:>7.0} MB/s {:>7.2}x",
            speed(parser),
            speed(lines),
            parser.as_secs_f64() / lines.as_secs_f64()
        );
    }
}

/// The shortest of some rounds: what is left is the work itself.
fn best(mut work: impl FnMut() -> usize) -> Duration {
    let round = |_| {
        let start = Instant::now();
        black_box(work());
        start.elapsed()
    };
    (0..ROUNDS).map(round).min().unwrap()
}

fn parse(bytes: &[u8]) -> usize {
    let mut parser = Parser::new();
    bytes.chunks(CHUNK).map(|chunk| parser.push(chunk).map(black_box).count()).sum()
}

fn split(bytes: &[u8]) -> usize {
    let lines = memchr::memchr_iter(b'\n', bytes);
    let mut start = 0;
    lines
        .map(|end| {
            let line = black_box(bytes[start..end].to_vec());
            start = end + 1;
            line.len()
        })
        .sum()
}

/// What an agent's spinner looks like on the wire.
fn spinner() -> Vec<u8> {
    let frame = |glyph: &str| {
        format!(
            "%extended-output %3 12 : \\033[?2026h\\033[2K\\033[1A\\033[38;5;174m{glyph}\\033[39m Pondering\u{2026} \
             (esc to interrupt)\\015\\012\\033[?2026l\n"
        )
    };
    ["·", "✢", "✳", "✶", "✻", "✽"].map(frame).concat().into_bytes()
}

/// Replies to `capture-pane`.
fn screens() -> Vec<u8> {
    let mut out = Vec::new();
    let row = format!("{}\n", "│ some code that is on the screen of an agent ".repeat(2));
    for n in 0.. {
        if out.len() >= SIZE {
            break;
        }
        out.extend(format!("%begin 1795228912 {n} 1\n{}%end 1795228912 {n} 1\n", row.repeat(50)).bytes());
    }
    out
}
