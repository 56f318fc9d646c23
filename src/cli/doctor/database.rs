//! The database: its file system, whether it is whole, of a known schema, and writable.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};

use crate::paths::Paths;
use crate::store::{explain, open_reader, schema};

use super::Check;
use super::files::megabytes;

const NAME: &str = "database";
/// A clock may be corrected by this much without anybody noticing.
const CLOCK_SLACK_S: i64 = 120;

/// Everything about the database.
pub(super) fn checks(paths: &Paths, now: Timestamp) -> Vec<Check> {
    let path = paths.database();
    let mut checks = Vec::new();
    if let Some(wrong) = file_system(&paths.state_dir) {
        checks.push(wrong);
    }
    if !path.exists() {
        checks.push(Check::ok(NAME, format!("none yet; {} is made at the first `swarm up`", path.display())));
        return checks;
    }
    checks.push(whole(&path).unwrap_or_else(|wrong| *wrong));
    checks.extend(from_the_future(&path, now));
    checks
}

/// What can be found here.
pub(super) fn examples() -> Vec<Check> {
    let path = Path::new("the database");
    vec![damaged(path, "…"), newer(path, schema::VERSION + 1)]
}

fn damaged(path: &Path, said: &str) -> Check {
    let mend = "stop the monitor (`swarm monitor stop`), keep a copy of the file, and save what can be read: \
                `sqlite3 swarm.db .recover | sqlite3 new.db`";
    Check::broken(NAME, format!("{} is damaged: {said}", path.display()), mend)
}

fn newer(path: &Path, version: i64) -> Check {
    let ours = schema::VERSION;
    Check::broken(
        NAME,
        format!("{} was written by a newer swarm (schema {version}, this one knows {ours})", path.display()),
        "update swarm, or set SWARM_STATE_DIR to another directory",
    )
}

/// Whole, of a known schema, writable; the first of these that it is not.
fn whole(path: &Path) -> Result<Check, Box<Check>> {
    let failed = |err| Box::new(Check::failed(NAME, &explain(path, err)));
    let conn = open_reader(path).map_err(|err| Box::new(Check::failed(NAME, &err)))?;
    let said: String = conn.query_row("PRAGMA quick_check(1)", [], |r| r.get(0)).map_err(failed)?;
    if said != "ok" {
        return Err(Box::new(damaged(path, &said)));
    }
    let version: i64 = conn.query_row("PRAGMA user_version", [], |r| r.get(0)).map_err(failed)?;
    let ours = schema::VERSION;
    if version > ours {
        return Err(Box::new(newer(path, version)));
    }
    writable(path).map_err(failed)?;
    let size = std::fs::metadata(path).map_or(0, |m| m.len());
    let mut found =
        format!("{} is whole and writable, schema {version}, {}", path.display(), megabytes(size));
    if version < ours {
        let _ = write!(found, "; brought to schema {ours} when it is next opened");
    }
    Ok(Check::ok(NAME, found))
}

/// Takes the write lock and gives it back.
fn writable(path: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(std::time::Duration::from_secs(2))?;
    if conn.is_readonly("main")? {
        return Err(rusqlite::Error::SqliteFailure(
            rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY),
            None,
        ));
    }
    conn.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
}

/// An event that has not happened yet: the clock was set back, and ages and days of costs are off.
fn from_the_future(path: &Path, now: Timestamp) -> Option<Check> {
    let conn = open_reader(path).ok()?;
    let last: String =
        conn.query_row("SELECT at FROM event ORDER BY id DESC LIMIT 1", [], |r| r.get(0)).ok()?;
    let last: Timestamp = last.parse().ok()?;
    (last.duration_since(now).as_secs() > CLOCK_SLACK_S).then(|| {
        Check::warning(
            "clock",
            format!("the last event was booked at {last:.0}, which is still to come"),
            "set the clock (`timedatectl set-ntp true` keeps it right)",
        )
    })
}

/// SQLite's locks and shared memory do not hold across machines.
#[cfg(target_os = "linux")]
fn file_system(dir: &Path) -> Option<Check> {
    let exists = dir.ancestors().find(|d| d.is_dir())?;
    let kind = rustix::fs::statfs(exists).ok()?.f_type;
    // Sign extension differs between platforms; the magic numbers have 32 bits.
    let (name, certain) = remote(kind as u32)?;
    let found = format!("{} is on {name}: SQLite cannot lock there safely", dir.display());
    let mend = "set SWARM_STATE_DIR (or XDG_STATE_HOME) to a directory on a local disk";
    Some(if certain { Check::broken(NAME, found, mend) } else { Check::warning(NAME, found, mend) })
}

/// Only Linux has one number for this that means the same everywhere.
#[cfg(not(target_os = "linux"))]
fn file_system(_dir: &Path) -> Option<Check> {
    None
}

/// The name of a file system that may be on another machine, and whether it certainly is (statfs(2), magic.h).
#[cfg(any(target_os = "linux", test))]
fn remote(magic: u32) -> Option<(&'static str, bool)> {
    Some(match magic {
        0x6969 => ("NFS", true),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => ("SMB", true),
        0x00c3_6400 => ("Ceph", true),
        0x5346_414f => ("AFS", true),
        0x0102_1997 => ("9P (a folder of the host)", true),
        0x7375_7245 => ("Coda", true),
        0x0bd0_0bd0 => ("Lustre", true),
        0x4750_4653 => ("GPFS", true),
        // sshfs and many a cloud drive, but local ones too.
        0x6573_5546 => ("FUSE, perhaps on another machine", false),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;
    use crate::store::open_writer;

    fn database() -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("swarm.db");
        open_writer(&path).unwrap();
        (dir, path)
    }

    #[test]
    fn a_healthy_database_is_said_to_be() {
        let (_dir, path) = database();
        let check = whole(&path).unwrap();
        assert!(check.found.contains("whole and writable"), "{check:?}");
    }

    #[test]
    fn a_damaged_one_is_broken_and_left_as_it_is() {
        let (_dir, path) = database();
        std::fs::write(&path, [b"SQLite format 3\0".as_slice(), &vec![0xa5; 20_000]].concat()).unwrap();
        let before = std::fs::read(&path).unwrap();
        let check = whole(&path).unwrap_err();
        assert_eq!(check.state, State::Broken);
        assert!(check.mend.is_some(), "{check:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn one_of_a_newer_swarm_is_broken() {
        let (_dir, path) = database();
        open_writer(&path).unwrap().pragma_update(None, "user_version", 9999).unwrap();
        assert!(whole(&path).unwrap_err().found.contains("newer swarm"));
    }

    #[test]
    fn an_event_that_is_still_to_come_shows_a_wrong_clock() {
        let (_dir, path) = database();
        let conn = open_writer(&path).unwrap();
        conn.execute(
            "INSERT INTO event(at, kind, actor, data) VALUES ('2026-11-21T12:00:00Z', 'x', 'x', '{}')",
            [],
        )
        .unwrap();
        let at = |now: &str| from_the_future(&path, now.parse().unwrap());
        assert!(at("2026-11-21T11:00:00Z").is_some());
        assert_eq!(at("2026-11-21T11:59:00Z"), None);
        assert_eq!(at("2026-11-22T00:00:00Z"), None);
    }

    #[test]
    fn network_file_systems_are_known_and_local_ones_pass() {
        assert_eq!(remote(0x6969), Some(("NFS", true)));
        assert!(!remote(0x6573_5546).unwrap().1);
        // ext4, btrfs, tmpfs, overlayfs, xfs, zfs
        for local in [0xef53, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x5846_5342, 0x2fc1_2fc1] {
            assert_eq!(remote(local), None);
        }
    }
}
