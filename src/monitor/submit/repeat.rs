//! The agent's own transcript as proof: what it has gained since the key was pressed is searched for the text.

use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde_json::Value;

use crate::agent::TranscriptKind;
use crate::state::Watched;

use super::compare::Ours;

/// The most bytes that are read at once; a transcript gains less in the seconds of a submission.
const READ_MAX: u64 = 4 << 20;
/// How deep a record is searched.
const DEPTH_MAX: usize = 8;

/// A transcript from where it ended when this was made.
#[derive(Debug)]
pub(super) struct Repeat {
    path: PathBuf,
    from: u64,
    plain: bool,
}

impl Repeat {
    /// The transcript of an agent, where it is known.
    pub(super) fn of(kind: TranscriptKind, watched: &Watched) -> Option<Self> {
        let plain = kind == TranscriptKind::Aider;
        let path = match kind {
            TranscriptKind::None | TranscriptKind::Opencode => return None,
            TranscriptKind::Aider => watched.directory.join(".aider.chat.history.md"),
            _ => watched.transcript.clone()?,
        };
        let from = std::fs::metadata(&path).map_or(0, |m| m.len());
        Some(Self { path, from, plain })
    }

    /// Whether the text was written down meanwhile. Only whole lines are read, each of them once.
    pub(super) fn found(&mut self, ours: &Ours) -> bool {
        self.read().is_some_and(|text| {
            if self.plain {
                // Each line of the person's begins with `#### `.
                let said: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("#### ")).collect();
                return ours.is_in(&said.join("\n"));
            }
            let records = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
            records.into_iter().any(|record| says(&record, ours, 0))
        })
    }

    fn read(&mut self) -> Option<String> {
        let mut file = std::fs::File::open(&self.path).ok()?;
        file.seek(SeekFrom::Start(self.from)).ok()?;
        let mut bytes = Vec::new();
        file.take(READ_MAX).read_to_end(&mut bytes).ok()?;
        let whole = bytes.iter().rposition(|b| *b == b'\n')? + 1;
        self.from += whole as u64;
        bytes.truncate(whole);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Whether some string of a record is the text.
fn says(value: &Value, ours: &Ours, depth: usize) -> bool {
    match value {
        Value::String(text) => ours.is_in(text),
        Value::Array(list) if depth < DEPTH_MAX => list.iter().any(|v| says(v, ours, depth + 1)),
        Value::Object(map) if depth < DEPTH_MAX => map.values().any(|v| says(v, ours, depth + 1)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_new_and_whole_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let old = "{\"message\":{\"content\":\"do this thing m:1234\"}}\n";
        std::fs::write(&path, old).unwrap();
        let mut repeat = Repeat { path: path.clone(), from: old.len() as u64, plain: false };
        let ours = Ours::new("do this thing m:1234", Some("m:1234"), None);
        assert!(!repeat.found(&ours));
        let begun = format!("{old}{{\"message\":{{\"content\":[{{\"text\":\"m:12");
        std::fs::write(&path, &begun).unwrap();
        assert!(!repeat.found(&ours));
        std::fs::write(&path, format!("{begun}34\"}}]}}}}\n")).unwrap();
        assert!(repeat.found(&ours));
    }
}
