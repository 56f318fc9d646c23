//! The spool: where hook calls wait while no monitor answers.
//!
//! One file per monitor in the state directory, one line per call, readable by the user alone, bounded. Writers append
//! under a shared lock; the reader takes the whole file away under an exclusive one, so no line is lost or halved.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::observe::hook::HookLine;

/// The largest spool, in bytes; what comes after is dropped. An hour of one busy agent is about 2 MB.
const SPOOL_MAX: u64 = 4 * 1024 * 1024;
/// How often a writer looks again when the file was taken away under it.
const ATTEMPTS: usize = 4;

/// The spool of one monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spool {
    file: PathBuf,
}

impl Spool {
    /// The spool for the monitor with this socket, below the state directory.
    pub fn of(state_dir: &Path, socket: &Path) -> Self {
        let name = socket.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name: String = name.chars().filter(|c| safe(*c)).take(80).collect();
        Self { file: state_dir.join("spool").join(format!("hooks-{name}.jsonl")) }
    }

    /// Appends a call; answers whether it was kept. Never waits for long: the lock is held only while a line is written.
    pub fn append(&self, line: &HookLine) -> bool {
        let bytes = line.spooled();
        (0..ATTEMPTS).find_map(|_| self.try_append(&bytes)).unwrap_or(false)
    }

    /// `None` when the file was taken away meanwhile.
    fn try_append(&self, line: &[u8]) -> Option<bool> {
        let Some(mut file) = self.open() else { return Some(false) };
        // Only the reader excludes writers, and it does not hold the lock while it works.
        if flock(&file, FlockOperation::LockShared).is_err() {
            return Some(false);
        }
        let meta = file.metadata().ok()?;
        if meta.nlink() == 0 || self.taken_away(&meta) {
            return None;
        }
        Some(meta.len() + line.len() as u64 <= SPOOL_MAX && file.write_all(line).is_ok())
    }

    fn open(&self) -> Option<File> {
        let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600).custom_flags(nofollow);
        options.open(&self.file).ok().or_else(|| {
            let dir = self.file.parent()?;
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).ok()?;
            options.open(&self.file).ok()
        })
    }

    /// Whether the name stands for another file by now.
    fn taken_away(&self, meta: &std::fs::Metadata) -> bool {
        std::fs::metadata(&self.file).map_or(true, |now| (now.dev(), now.ino()) != (meta.dev(), meta.ino()))
    }

    /// Takes everything that waits, oldest first. The calls are gone from the spool once this returns; a crash before
    /// that leaves them for the next one. Never waits: what a writer is just writing comes the next time.
    pub fn drain(&self) -> Vec<HookLine> {
        let taken = self.file.with_extension("taken");
        // What a reader that died left behind comes first.
        let Some(mut lines) = Self::consume(&taken) else { return Vec::new() };
        if std::fs::rename(&self.file, &taken).is_ok() {
            lines.extend(Self::consume(&taken).unwrap_or_default());
        }
        lines
    }

    /// `None` while a writer that opened it under its old name still writes.
    fn consume(file: &Path) -> Option<Vec<HookLine>> {
        let Ok(open) = File::open(file) else { return Some(Vec::new()) };
        flock(&open, FlockOperation::NonBlockingLockExclusive).ok()?;
        let mut bytes = Vec::new();
        let _ = (&open).take(2 * SPOOL_MAX).read_to_end(&mut bytes);
        let lines = bytes.split(|b| *b == b'\n').filter_map(|l| serde_json::from_slice(l).ok()).collect();
        let _ = std::fs::remove_file(file);
        Some(lines)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::sync::atomic::{AtomicBool, Ordering};

    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn line(n: usize) -> HookLine {
        let value =
            json!({"profile": "claude", "at": Timestamp::UNIX_EPOCH, "token": "t", "payload": {"n": n}});
        HookLine::from_value(value).unwrap()
    }

    #[test]
    fn what_was_spooled_is_drained_once_and_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("/run/x/../m-1.sock"));
        assert_eq!(spool.drain(), []);
        for n in 0..3 {
            assert!(spool.append(&line(n)));
        }
        assert_eq!(std::fs::metadata(&spool.file).unwrap().permissions().mode() & 0o777, 0o600);
        let numbers: Vec<_> = spool.drain().iter().map(|l| l.payload["n"].as_u64().unwrap()).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(spool.drain(), []);
    }

    #[test]
    fn a_reader_that_died_loses_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("m.sock"));
        spool.append(&line(0));
        std::fs::rename(&spool.file, spool.file.with_extension("taken")).unwrap();
        spool.append(&line(1));
        assert_eq!(spool.drain().len(), 2);
    }

    #[test]
    fn damaged_lines_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("m.sock"));
        spool.append(&line(0));
        let mut file = OpenOptions::new().append(true).open(&spool.file).unwrap();
        file.write_all(b"{\"half\n\xff\xfe\n[]\n").unwrap();
        spool.append(&line(1));
        assert_eq!(spool.drain().len(), 2);
    }

    #[test]
    fn it_does_not_grow_without_end() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("m.sock"));
        spool.append(&line(0));
        OpenOptions::new().append(true).open(&spool.file).unwrap().set_len(SPOOL_MAX).unwrap();
        assert!(!spool.append(&line(1)));
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("m.sock"));
        spool.append(&line(0));
        let aim = dir.path().join("aim");
        std::fs::rename(&spool.file, &aim).unwrap();
        std::os::unix::fs::symlink(&aim, &spool.file).unwrap();
        assert!(!spool.append(&line(1)));
    }

    #[test]
    fn writers_and_a_reader_lose_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::of(dir.path(), Path::new("m.sock"));
        let done = AtomicBool::new(false);
        let mut seen = 0;
        std::thread::scope(|scope| {
            let writers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..200).filter(|n| spool.append(&line(*n))).count()))
                .collect();
            let reader = scope.spawn(|| {
                let mut seen = 0;
                while !done.load(Ordering::Relaxed) {
                    seen += spool.drain().len();
                    std::thread::yield_now();
                }
                seen
            });
            let kept: usize = writers.into_iter().map(|w| w.join().unwrap()).sum();
            done.store(true, Ordering::Relaxed);
            // Twice: the first may only finish what the reader could not take.
            seen += reader.join().unwrap() + spool.drain().len() + spool.drain().len();
            assert_eq!(seen, kept);
            assert!(kept >= 700, "{kept} of 800 were kept");
        });
    }
}
