//! Plays recorded terminal output of real agents into a pane, so that tests do not only see what we drew ourselves.
//!
//! Three kinds of recordings: a byte stream with timing (`raw.bytes` beside `raw.bytes.idx`, JSON lines of `t` in
//! seconds, `off` and `n` in bytes), a byte stream without (played at a steady rate), and a captured screen (`.ansi`
//! with a sidecar `.json`). The bytes are written as they are. What the recording asked its terminal for is answered by
//! this terminal, and ignored. The last screen stays until Ctrl-C or SIGTERM.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use serde::Deserialize;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{Context as _, Result};

/// Bytes per second of a stream without timing.
const RATE: u64 = 16 * 1024;
/// The step of a stream without timing.
const STEP: Duration = Duration::from_millis(20);
/// Ends a replay.
const CTRL_C: u8 = 3;

/// A recording: what is written when.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recording {
    bytes: Vec<u8>,
    /// When the piece up to this offset has been written.
    cues: Vec<(Duration, usize)>,
}

#[derive(Deserialize)]
struct Cue {
    t: f64,
    off: usize,
    n: usize,
}

#[derive(Deserialize, Default)]
struct Sidecar {
    #[serde(default)]
    tmux: Facts,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Facts {
    pane_title: Option<String>,
    cursor_x: Option<String>,
    cursor_y: Option<String>,
    cursor_flag: Option<String>,
    alternate_on: Option<String>,
}

impl Recording {
    /// Reads a recording; a folder stands for the `raw.bytes` in it.
    pub fn load(path: &Path) -> Result<Self> {
        let file = if path.is_dir() { path.join("raw.bytes") } else { path.to_owned() };
        let bytes = fs::read(&file).context(|| format!("read the recording {}", file.display()))?;
        if file.extension().is_some_and(|e| e == "ansi" || e == "txt") {
            let sidecar = fs::read(file.with_extension("json")).ok();
            let sidecar = sidecar.and_then(|s| serde_json::from_slice(&s).ok()).unwrap_or_default();
            return Ok(Self::screen(&bytes, &sidecar));
        }
        let mut index = file.into_os_string();
        index.push(".idx");
        Ok(match fs::read_to_string(PathBuf::from(index)) {
            Ok(index) => Self::timed(bytes, &index),
            Err(_) => Self::steady(bytes),
        })
    }

    /// A stream with timing; lines of the index that are none are passed over, and what they left out comes with the
    /// next.
    fn timed(bytes: Vec<u8>, index: &str) -> Self {
        let cues: Vec<Cue> = index.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        let first = cues.first().map_or(0.0, |c| c.t);
        let mut at = Duration::ZERO;
        let mut out = Vec::new();
        for cue in cues {
            at = at.max(Duration::try_from_secs_f64(cue.t - first).unwrap_or_default());
            out.push((at, cue.off.saturating_add(cue.n).min(bytes.len())));
        }
        out.push((at, bytes.len()));
        Self { bytes, cues: out }
    }

    fn steady(bytes: Vec<u8>) -> Self {
        let piece = (RATE as usize * STEP.as_millis() as usize / 1000).max(1);
        let cues = (1..=bytes.len().div_ceil(piece))
            .map(|n| (STEP * n as u32, (n * piece).min(bytes.len())))
            .collect();
        Self { bytes, cues }
    }

    fn screen(text: &[u8], sidecar: &Sidecar) -> Self {
        let facts = &sidecar.tmux;
        let mut bytes = Vec::new();
        if facts.alternate_on.as_deref() == Some("1") {
            bytes.extend(b"\x1b[?1049h");
        }
        bytes.extend(b"\x1b[0m\x1b[2J\x1b[?7l");
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        for (row, line) in text.split(|b| *b == b'\n').enumerate() {
            bytes.extend(format!("\x1b[{};1H", row + 1).bytes());
            bytes.extend(line);
        }
        bytes.extend(b"\x1b[0m\x1b[?7h");
        let number = |text: &Option<String>| text.as_deref().and_then(|n| n.parse::<u32>().ok());
        if let (Some(x), Some(y)) = (number(&facts.cursor_x), number(&facts.cursor_y)) {
            bytes.extend(format!("\x1b[{};{}H", y + 1, x + 1).bytes());
        }
        if facts.cursor_flag.as_deref() == Some("0") {
            bytes.extend(b"\x1b[?25l");
        }
        if let Some(title) = &facts.pane_title {
            bytes.extend(format!("\x1b]0;{}\x07", crate::text::one_line(title)).bytes());
        }
        let cues = vec![(Duration::ZERO, bytes.len())];
        Self { bytes, cues }
    }

    /// How long it takes at speed 1.
    pub fn length(&self) -> Duration {
        self.cues.last().map_or(Duration::ZERO, |c| c.0)
    }
}

/// Plays `recording`, `speed` times as fast, up to `to`, and holds the last screen until Ctrl-C, SIGTERM or the end of
/// the terminal.
pub async fn play(recording: &Recording, speed: f64, to: Option<Duration>) -> Result<()> {
    enable_raw_mode().context(|| "put the terminal into raw mode".to_owned())?;
    let outcome = run(recording, speed, to).await;
    // The terminal may be gone already.
    let _ = emit(
        b"\x1b[0m\x1b[?2004l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?25h\x1b[?1049l",
    );
    let _ = disable_raw_mode();
    outcome
}

async fn run(recording: &Recording, speed: f64, to: Option<Duration>) -> Result<()> {
    let mut term = signal(SignalKind::terminate()).context(|| "watch for SIGTERM".to_owned())?;
    let mut quit = watch_for_ctrl_c();
    let start = Instant::now();
    let mut written = 0;
    for (at, end) in &recording.cues {
        if to.is_some_and(|to| *at > to) {
            break;
        }
        tokio::select! {
            () = tokio::time::sleep_until(start + at.div_f64(speed)) => {}
            _ = term.recv() => return Ok(()),
            _ = quit.recv() => return Ok(()),
        }
        if *end > written {
            emit(&recording.bytes[written..*end])?;
            written = *end;
        }
    }
    tokio::select! {
        _ = term.recv() => {}
        _ = quit.recv() => {}
    }
    Ok(())
}

/// Reads what is typed, and what the terminal answers, on a thread of its own that ends with the process.
fn watch_for_ctrl_c() -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = io::stdin().lock().read(&mut buffer) {
            if buffer[..n].contains(&CTRL_C) {
                break;
            }
        }
        // The receiver sees the sender go.
        drop(sender);
    });
    receiver
}

fn emit(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context(|| "write to the terminal".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timed_stream_keeps_its_pauses_and_every_byte() {
        let index = "{\"t\": 10.0, \"off\": 0, \"n\": 2}\nnonsense\n{\"t\": 11.5, \"off\": 2, \"n\": 1}\n";
        let recording = Recording::timed(b"abcd".to_vec(), index);
        assert_eq!(
            recording.cues,
            [(Duration::ZERO, 2), (Duration::from_millis(1500), 3), (Duration::from_millis(1500), 4)]
        );
    }

    #[test]
    fn an_index_that_lies_does_no_harm() {
        let index =
            "{\"t\": 5.0, \"off\": 18446744073709551615, \"n\": 9}\n{\"t\": 1.0, \"off\": 1, \"n\": 1}\n";
        let recording = Recording::timed(b"ab".to_vec(), index);
        assert!(recording.cues.iter().all(|c| c.1 <= 2) && recording.length() == Duration::ZERO);
    }

    #[test]
    fn a_stream_without_timing_is_played_whole() {
        let recording = Recording::steady(vec![b'x'; 1000]);
        assert_eq!(recording.cues.last().unwrap().1, 1000);
        assert!(Recording::steady(Vec::new()).cues.is_empty());
    }

    #[test]
    fn a_captured_screen_is_painted_row_by_row() {
        let sidecar: Sidecar = serde_json::from_str(
            r#"{"status":"idle","tmux":{"pane_title":"T","cursor_x":"1","cursor_y":"2","cursor_flag":"0"}}"#,
        )
        .unwrap();
        let recording = Recording::screen(b"one\ntwo\n", &sidecar);
        let text = String::from_utf8(recording.bytes).unwrap();
        assert!(text.contains("\x1b[1;1Hone\x1b[2;1Htwo"), "{text:?}");
        assert!(text.ends_with("\x1b[3;2H\x1b[?25l\x1b]0;T\x07"), "{text:?}");
    }
}
