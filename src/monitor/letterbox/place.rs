//! An agent's `.swarm` directory: the only code that touches it.
//!
//! Directories are held open and every name is looked up in the open one, never through a link, so that nothing an agent
//! puts there leads elsewhere. Files are written under another name and renamed.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, FlockOperation, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::handoff::file::MAX_FILE;

/// The most files that are looked at in one go; the others wait for their turn.
const MANY: usize = 256;
/// How many names are tried for a file that is put aside.
const TRIES: u32 = 10_000;

/// The directory below an agent's own.
pub(super) const SWARM: &CStr = c".swarm";
/// Where an agent puts what it writes.
pub(super) const OUTBOX: &CStr = c"outbox";
/// Where an agent finds what it gets.
pub(super) const INBOX: &CStr = c"inbox";
/// What was taken, or was read.
pub(super) const DONE: &CStr = c"done";
/// What was not taken.
pub(super) const REJECTED: &CStr = c"rejected";

/// How a file lies: it has settled when this has not changed for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lay {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// A name in an outbox, and how it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) name: CString,
    pub(super) lay: Lay,
    pub(super) is_file: bool,
}

/// A directory, held open.
#[derive(Debug)]
pub(super) struct Place(OwnedFd);

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Place {
    /// An agent's own directory, wherever its configuration leads.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(CWD, directory, DIRECTORY, Mode::empty())?))
    }

    /// Which directory this is, whatever it is called.
    pub(super) fn identity(&self) -> io::Result<(u64, u64)> {
        let stat = rustix::fs::fstat(&self.0)?;
        Ok((wide(stat.st_dev), wide(stat.st_ino)))
    }

    /// A directory in this one; `None` where there is none, or only a link.
    pub(super) fn sub(&self, name: &CStr) -> Option<Self> {
        rustix::fs::openat(&self.0, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()).ok().map(Self)
    }

    /// A directory in this one, made where it is missing.
    pub(super) fn make(&self, name: &CStr) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::from_raw_mode(0o700)) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(err) => return Err(err.into()),
        }
        Ok(Self(rustix::fs::openat(&self.0, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())?))
    }

    /// Keeps other monitors out until the answer is dropped; `None` while one is in.
    pub(super) fn lock(&self) -> Option<Lock> {
        let file = File::from(self.0.try_clone().ok()?);
        // The lock is the open file's, which the copy shares: a second opening is what it keeps out.
        rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).ok()?;
        Some(Lock(file))
    }

    /// The `*.json` in here, in the order in which they were written last.
    pub(super) fn messages(&self) -> Vec<Found> {
        let Ok(dir) = Dir::read_from(&self.0) else { return Vec::new() };
        let named = dir.flatten().filter(|e| is_message(e.file_name().to_bytes()));
        let found = named.take(MANY).filter_map(|entry| {
            let name = entry.file_name().to_owned();
            let stat = rustix::fs::statat(&self.0, &name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
            Some(Found { name, lay: lay(&stat), is_file: is_file(&stat) })
        });
        let mut found: Vec<Found> = found.collect();
        found.sort_by(|a, b| (a.lay.changed, &a.name).cmp(&(b.lay.changed, &b.name)));
        found
    }

    /// What a file of ours holds, if it lies as it did; at most a byte more than a message may have.
    pub(super) fn read(&self, found: &Found) -> io::Result<Option<Vec<u8>>> {
        // Opening what became a pipe meanwhile must not wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.0, &found.name, flags, Mode::empty())?;
        let stat = rustix::fs::fstat(&fd)?;
        if !is_file(&stat) || lay(&stat) != found.lay {
            return Ok(None);
        }
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file is another user's"));
        }
        let mut bytes = Vec::new();
        let file = File::from(fd);
        (&file).take(MAX_FILE as u64 + 1).read_to_end(&mut bytes)?;
        let after = rustix::fs::fstat(&file)?;
        Ok((lay(&after) == found.lay).then_some(bytes))
    }

    /// Moves a file into a directory in here, with a note beside it that is there first. A name that is taken gets a
    /// number.
    pub(super) fn put_aside(&self, name: &CStr, into: &CStr, note: Option<(&str, &str)>) -> io::Result<()> {
        let target = self.make(into)?;
        let whole = name.to_string_lossy();
        let stem = whole.strip_suffix(".json").unwrap_or(&whole);
        for number in 1..=TRIES {
            let stem = if number == 1 { stem.to_owned() } else { format!("{stem}-{number}") };
            let aside = CString::new(format!("{stem}.json"))?;
            let beside = CString::new(format!("{stem}{}", note.map_or("", |(ending, _)| ending)))?;
            if target.has(&aside) || note.is_some() && target.has(&beside) {
                continue;
            }
            if let Some((_, text)) = note {
                target.write(&beside, text)?;
            }
            return Ok(rustix::fs::renameat(&self.0, name, &target.0, &aside)?);
        }
        Err(io::Error::new(io::ErrorKind::AlreadyExists, "too many files of that name"))
    }

    /// Whether there is anything of this name, a link included.
    pub(super) fn has(&self, name: &CStr) -> bool {
        rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Writes a file that only the user can read, all of it or nothing.
    pub(super) fn write(&self, name: &CStr, text: &str) -> io::Result<()> {
        let hidden = CString::new([b".", name.to_bytes(), b".new"].concat())?;
        // One of these is left over from a monitor that ended in the middle.
        let _ = rustix::fs::unlinkat(&self.0, &hidden, AtFlags::empty());
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::openat(&self.0, &hidden, flags, Mode::from_raw_mode(0o600))?;
        let written = File::from(fd).write_all(text.as_bytes());
        let renamed = written
            .and_then(|()| rustix::fs::renameat(&self.0, &hidden, &self.0, name).map_err(io::Error::from));
        if renamed.is_err() {
            let _ = rustix::fs::unlinkat(&self.0, &hidden, AtFlags::empty());
        }
        renamed
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &CStr) {
        let _ = rustix::fs::unlinkat(&self.0, name, AtFlags::empty());
    }
}

/// Keeps other monitors out of an outbox while it lives.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        let _ = rustix::fs::flock(self.0.as_fd(), FlockOperation::Unlock);
    }
}

fn is_message(name: &[u8]) -> bool {
    !name.starts_with(b".") && name.len() > 5 && name.ends_with(b".json")
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

fn lay(stat: &Stat) -> Lay {
    Lay {
        device: wide(stat.st_dev),
        inode: wide(stat.st_ino),
        size: u64::try_from(stat.st_size).unwrap_or(0),
        changed: (stat.st_mtime, i64::try_from(stat.st_mtime_nsec).unwrap_or(0)),
    }
}

/// Numbers of files have another width on every system.
fn wide<T: TryInto<u64>>(number: T) -> u64 {
    number.try_into().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn outbox(dir: &Path) -> Place {
        Place::open(dir).unwrap().make(SWARM).unwrap().make(OUTBOX).unwrap()
    }

    fn only(place: &Place) -> Found {
        let mut found = place.messages();
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn links_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join("secret.json"), "{}").unwrap();
        symlink(elsewhere.path(), dir.path().join(".swarm")).unwrap();
        assert!(Place::open(dir.path()).unwrap().sub(SWARM).is_none());
        assert!(Place::open(dir.path()).unwrap().make(SWARM).is_err());
        std::fs::remove_file(dir.path().join(".swarm")).unwrap();
        let outbox = outbox(dir.path());
        let path = dir.path().join(".swarm/outbox");
        symlink(elsewhere.path().join("secret.json"), path.join("a.json")).unwrap();
        let found = only(&outbox);
        assert!(!found.is_file);
        assert!(outbox.read(&found).is_err());
        // The link itself goes; what it named stays.
        symlink(elsewhere.path(), path.join("rejected")).unwrap();
        assert!(outbox.put_aside(&found.name, REJECTED, None).is_err());
        std::fs::remove_file(path.join("rejected")).unwrap();
        outbox.put_aside(&found.name, REJECTED, Some((".reason.txt", "no"))).unwrap();
        assert!(path.join("rejected/a.json").is_symlink());
        assert!(elsewhere.path().join("secret.json").exists());
        assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_a_file_that_lies_still_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = outbox(dir.path());
        let file = dir.path().join(".swarm/outbox/a.json");
        std::fs::write(&file, "{").unwrap();
        let found = only(&outbox);
        assert_eq!(outbox.read(&found).unwrap().as_deref(), Some(&b"{"[..]));
        std::fs::write(&file, "{}").unwrap();
        assert_eq!(outbox.read(&found).unwrap(), None);
        std::fs::write(&file, vec![b'x'; MAX_FILE + 10]).unwrap();
        assert_eq!(outbox.read(&only(&outbox)).unwrap().unwrap().len(), MAX_FILE + 1);
        std::fs::remove_file(&file).unwrap();
        rustix::fs::mkfifoat(CWD, &file, Mode::from_raw_mode(0o600)).unwrap();
        let found = only(&outbox);
        assert!(!found.is_file && outbox.read(&found).unwrap().is_none());
        std::fs::write(dir.path().join(".swarm/outbox/.b.json"), "").unwrap();
        std::fs::write(dir.path().join(".swarm/outbox/c.json.tmp"), "").unwrap();
        assert_eq!(outbox.messages().len(), 1);
    }

    #[test]
    fn what_is_put_aside_overwrites_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = outbox(dir.path());
        for n in 1..=3 {
            std::fs::write(dir.path().join(".swarm/outbox/a.json"), n.to_string()).unwrap();
            outbox.put_aside(c"a.json", DONE, Some((".receipt.json", "{}"))).unwrap();
        }
        let done = dir.path().join(".swarm/outbox/done");
        for (name, text) in
            [("a.json", "1"), ("a-2.json", "2"), ("a-3.json", "3"), ("a-3.receipt.json", "{}")]
        {
            assert_eq!(std::fs::read_to_string(done.join(name)).unwrap(), text);
        }
    }

    #[test]
    fn files_are_written_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = outbox(dir.path());
        let path = dir.path().join(".swarm/outbox/x.json");
        std::fs::write(dir.path().join(".swarm/outbox/.x.json.new"), "left over").unwrap();
        outbox.write(c"x.json", "one").unwrap();
        outbox.write(c"x.json", "two").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn two_monitors_do_not_take_from_one_box_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (outbox(dir.path()), outbox(dir.path()));
        let held = one.lock().unwrap();
        assert!(two.lock().is_none());
        drop(held);
        assert!(two.lock().is_some());
    }
}
