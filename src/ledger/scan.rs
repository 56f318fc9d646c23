//! Reading transcript files: complete lines only, from where the last reading ended.
//!
//! Owns the detection of growth, rewriting, truncation and rotation. Memory is bounded: a line longer than
//! [`LINE_MAX`] is passed over.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use serde::{Deserialize, Serialize};

use super::prices::{fingerprint, fnv};

/// The longest line that is looked at; longer ones are file snapshots, never bills (a 700 MB one was reported).
pub const LINE_MAX: usize = 32 << 20;

/// How much is read at a time.
const CHUNK: usize = 1 << 20;

/// How much of a file's beginning, and of what lies before the offset, tells whether it is still the same file.
const HEAD: usize = 4096;
const TAIL: usize = 256;

/// Where the reading of a file ended, and what tells whether the file is still the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The device and inode: a renamed file keeps them.
    pub dev: u64,
    /// See `dev`.
    pub ino: u64,
    /// The size when it was read.
    pub size: u64,
    /// The time of its last change, nanoseconds since 1970.
    pub mtime_ns: i64,
    /// The end of the last complete line that was read.
    pub offset: u64,
    /// Fingerprint of the first min(offset, 4096) bytes.
    pub head: u64,
    /// Fingerprint of the last min(offset, 256) bytes before `offset`.
    pub tail: u64,
}

impl Position {
    /// What the file system says about `path` now, with nothing read. A SQLite database changes in its write-ahead
    /// log first.
    pub fn stat(path: &Path) -> io::Result<Self> {
        let mut stat = Self::of(&std::fs::metadata(path)?);
        if path.extension().is_some_and(|e| e == "db")
            && let Ok(wal) = std::fs::metadata(path.with_extension("db-wal"))
        {
            let wal = Self::of(&wal);
            stat.size += wal.size;
            stat.mtime_ns = stat.mtime_ns.max(wal.mtime_ns);
        }
        Ok(stat)
    }

    /// The same, from metadata at hand.
    pub fn of(meta: &std::fs::Metadata) -> Self {
        #[cfg(unix)]
        let (dev, ino) = {
            use std::os::unix::fs::MetadataExt;
            (meta.dev(), meta.ino())
        };
        #[cfg(not(unix))]
        let (dev, ino) = (0, 0);
        let mtime_ns = meta
            .modified()
            .ok()
            .and_then(|t| t.duration_since(std::time::UNIX_EPOCH).ok())
            .map_or(0, |d| i64::try_from(d.as_nanos()).unwrap_or(i64::MAX));
        Self { dev, ino, size: meta.len(), mtime_ns, ..Self::default() }
    }

    /// Whether a file that looks like `now` has certainly not changed since.
    pub fn unchanged(&self, now: &Self) -> bool {
        self.ino == now.ino && self.dev == now.dev && self.size == now.size && self.mtime_ns == now.mtime_ns
    }

    /// Whether the bytes before `offset` are still those that were read.
    fn still_holds(&self, file: &mut File, size: u64) -> io::Result<bool> {
        if size < self.offset {
            return Ok(false);
        }
        let (head, tail) = fingerprints(file, self.offset)?;
        Ok(head == self.head && tail == self.tail)
    }
}

/// The fingerprints of a file read up to `offset`.
fn fingerprints(file: &mut File, offset: u64) -> io::Result<(u64, u64)> {
    let mut buf = vec![0; HEAD.min(usize::try_from(offset).unwrap_or(HEAD))];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut buf)?;
    let head = fingerprint(&buf);
    let tail_len = TAIL.min(usize::try_from(offset).unwrap_or(TAIL));
    buf.resize(tail_len, 0);
    file.seek(SeekFrom::Start(offset - tail_len as u64))?;
    file.read_exact(&mut buf)?;
    Ok((head, fnv(fingerprint(b"tail"), &buf)))
}

/// What became of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Not one that matters.
    Passed,
    /// Understood.
    Taken,
    /// Looked as if it mattered, and could not be read.
    Malformed,
}

/// Takes the pieces of a file: whole lines, one or many at a time.
pub trait Lines {
    /// `block` holds complete lines; `offset` is the file offset of its first byte.
    fn block(&mut self, offset: u64, block: &[u8]);

    /// The end of the file without a line break. Answers [`Seen::Taken`] only if it is complete all the same.
    fn rest(&mut self, offset: u64, line: &[u8]) -> Seen;

    /// A line longer than [`LINE_MAX`] was passed over.
    fn oversized(&mut self);

    /// The file is not the one that was read before: whatever was kept from it is void.
    fn restart(&mut self);
}

/// Reads what is new in `path` since `from` and hands it to `into`; answers the new position.
///
/// A rewritten or truncated file is read again from its start: the keys of the records make that harmless.
pub fn read(
    path: &Path,
    from: Option<&Position>,
    into: &mut dyn Lines,
    buf: &mut Vec<u8>,
) -> io::Result<Position> {
    let mut file = File::open(path)?;
    let mut position = Position::of(&file.metadata()?);
    if path.extension().is_some_and(|e| e == "zst") {
        return read_compressed(file, from, into, buf, position);
    }
    let mut offset = 0;
    if let Some(from) = from {
        if from.still_holds(&mut file, position.size)? {
            offset = from.offset;
        } else {
            into.restart();
        }
    }
    file.seek(SeekFrom::Start(offset))?;
    position.offset = pump(&mut file, offset, into, buf)?;
    (position.head, position.tail) = fingerprints(&mut file, position.offset)?;
    Ok(position)
}

/// A compressed transcript is finished: it is read whole whenever it changes.
fn read_compressed(
    mut file: File,
    from: Option<&Position>,
    into: &mut dyn Lines,
    buf: &mut Vec<u8>,
    mut position: Position,
) -> io::Result<Position> {
    if from.is_some() {
        into.restart();
    }
    let mut magic = [0; 4];
    let plain = file.read_exact(&mut magic).is_err() || magic != [0x28, 0xb5, 0x2f, 0xfd];
    file.seek(SeekFrom::Start(0))?;
    if plain {
        pump(&mut file, 0, into, buf)?;
    } else {
        pump(&mut Frames { source: Some(BufReader::new(file)), frame: None }, 0, into, buf)?;
    }
    position.offset = position.size;
    Ok(position)
}

/// The frames of a zstd file, one after the other.
struct Frames {
    source: Option<BufReader<File>>,
    frame: Option<StreamingDecoder<BufReader<File>, FrameDecoder>>,
}

impl Read for Frames {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let got = frame.read(buf)?;
                if got > 0 {
                    return Ok(got);
                }
            }
            let source = self.frame.take().map(StreamingDecoder::into_inner).or_else(|| self.source.take());
            let Some(mut source) = source else { return Ok(0) };
            if source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.frame = Some(StreamingDecoder::new(source).map_err(io::Error::other)?);
        }
    }
}

/// Reads to the end; answers the offset after the last line that is complete.
fn pump(reader: &mut dyn Read, start: u64, into: &mut dyn Lines, buf: &mut Vec<u8>) -> io::Result<u64> {
    let mut offset = start;
    let mut filled = 0;
    let mut skipping = false;
    loop {
        if buf.len() < filled + CHUNK {
            buf.resize(filled + CHUNK, 0);
        }
        let got = match reader.read(&mut buf[filled..]) {
            Ok(got) => got,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
            // A damaged compressed file ends where the damage begins.
            Err(_) if offset > start || filled > 0 => 0,
            Err(err) => return Err(err),
        };
        if got == 0 {
            break;
        }
        let fresh = filled;
        filled += got;
        let Some(end) = memchr::memrchr(b'\n', &buf[fresh..filled]).map(|at| fresh + at + 1) else {
            if filled > LINE_MAX {
                if !skipping {
                    into.oversized();
                }
                skipping = true;
                offset += filled as u64;
                filled = 0;
            }
            continue;
        };
        let mut begin = 0;
        if skipping {
            begin = memchr::memchr(b'\n', &buf[..end]).map_or(end, |at| at + 1);
            skipping = false;
        }
        if begin < end {
            into.block(offset + begin as u64, &buf[begin..end]);
        }
        offset += end as u64;
        buf.copy_within(end..filled, 0);
        filled -= end;
    }
    if filled > 0 && !skipping && into.rest(offset, &buf[..filled]) == Seen::Taken {
        offset += filled as u64;
    }
    Ok(offset)
}

/// The complete lines of `block`, each with its offset, without line break, blanks and the NULs that a crash leaves.
pub fn lines(offset: u64, block: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    let mut at = 0;
    std::iter::from_fn(move || {
        (at < block.len()).then(|| {
            let end = memchr::memchr(b'\n', &block[at..]).map_or(block.len(), |n| at + n);
            let line = (offset + at as u64, trim(&block[at..end]));
            at = end + 1;
            line
        })
    })
    .filter(|(_, line)| !line.is_empty())
}

/// `line` without blanks and control characters at both ends, a byte order mark included.
pub fn trim(line: &[u8]) -> &[u8] {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let start = line.iter().position(|b| *b > b' ').unwrap_or(line.len());
    let end = line.iter().rposition(|b| *b > b' ').map_or(start, |at| at + 1);
    &line[start..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Collect {
        lines: Vec<(u64, Vec<u8>)>,
        oversized: usize,
        restarts: usize,
    }

    impl Lines for Collect {
        fn block(&mut self, offset: u64, block: &[u8]) {
            self.lines.extend(lines(offset, block).map(|(o, l)| (o, l.to_vec())));
        }

        fn rest(&mut self, offset: u64, line: &[u8]) -> Seen {
            if line.ends_with(b"}") {
                self.block(offset, line);
                return Seen::Taken;
            }
            Seen::Malformed
        }

        fn oversized(&mut self) {
            self.oversized += 1;
        }

        fn restart(&mut self) {
            self.restarts += 1;
        }
    }

    fn text(seen: &Collect) -> Vec<&str> {
        seen.lines.iter().map(|(_, l)| std::str::from_utf8(l).unwrap()).collect()
    }

    #[test]
    fn only_new_complete_lines_are_handed_over() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut buf = Vec::new();
        std::fs::write(&path, "{1}\n\0\0\0{2}\r\n{to").unwrap();
        let mut seen = Collect::default();
        let first = read(&path, None, &mut seen, &mut buf).unwrap();
        assert_eq!(text(&seen), ["{1}", "{2}"]);
        assert_eq!(first.offset, 12);
        std::fs::write(&path, "{1}\n\0\0\0{2}\r\n{torn}\n{4}").unwrap();
        let mut seen = Collect::default();
        let second = read(&path, Some(&first), &mut seen, &mut buf).unwrap();
        assert_eq!(text(&seen), ["{torn}", "{4}"]);
        assert_eq!((second.offset, seen.restarts), (22, 0));
        let mut seen = Collect::default();
        read(&path, Some(&second), &mut seen, &mut buf).unwrap();
        assert!(seen.lines.is_empty());
    }

    #[test]
    fn a_rewritten_or_truncated_file_is_read_from_its_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let mut buf = Vec::new();
        std::fs::write(&path, "{1}\n{2}\n").unwrap();
        let first = read(&path, None, &mut Collect::default(), &mut buf).unwrap();
        for changed in ["{3}\n", "{8}\n{2}\n{3}\n", "{1}\n{9}\n{3}\n"] {
            std::fs::write(&path, changed).unwrap();
            let mut seen = Collect::default();
            read(&path, Some(&first), &mut seen, &mut buf).unwrap();
            assert_eq!((text(&seen).len(), seen.restarts), (changed.lines().count(), 1), "{changed:?}");
        }
    }

    #[test]
    fn an_endless_line_is_passed_over_and_the_next_one_is_found() {
        struct Giant(usize);
        impl Read for Giant {
            fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
                let part = buf.len().min(self.0);
                buf[..part].fill(b'x');
                self.0 -= part;
                Ok(part)
            }
        }
        let mut source =
            io::Cursor::new(b"{1}\n").chain(Giant(LINE_MAX + 5)).chain(io::Cursor::new(b"\n{2}\n"));
        let mut seen = Collect::default();
        let end = pump(&mut source, 0, &mut seen, &mut Vec::new()).unwrap();
        assert_eq!(text(&seen), ["{1}", "{2}"]);
        assert_eq!((seen.oversized, end), (1, (4 + LINE_MAX + 5 + 5) as u64));
        assert_eq!(seen.lines[1].0, end - 4);
    }
}
