//! Directories and their permissions, the clock, the disk.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;

use crate::paths::Paths;

use super::Check;

/// Below this much free space something will fail soon.
const DISK_LOW: u64 = 200 * 1024 * 1024;
/// Below this much the database cannot grow for long.
const DISK_FULL: u64 = 20 * 1024 * 1024;
/// Free file entries below which new files soon cannot be made.
const INODES_LOW: u64 = 1000;
/// No swarm existed before this moment.
const RELEASED: &str = "2026-11-01T00:00:00Z";

/// The directories of swarm.
pub(super) fn checks(paths: &Paths) -> Vec<Check> {
    let mut checks = vec![directory("state", &paths.state_dir, true)];
    if !paths.runtime_dir.starts_with(&paths.state_dir) || paths.runtime_dir.exists() {
        checks.push(directory("runtime", &paths.runtime_dir, true));
    }
    checks.push(directory("config", &paths.config_dir, false));
    checks
}

/// Ours, writable, and where it holds secrets, ours alone.
fn directory(what: &str, dir: &Path, private: bool) -> Check {
    let name = format!("{what} directory");
    let place = dir.display();
    let Ok(meta) = std::fs::metadata(dir) else {
        return absent(&name, dir);
    };
    let me = rustix::process::geteuid().as_raw();
    if !meta.is_dir() {
        return Check::broken(&name, format!("{place} is no directory"), format!("move {place} away"));
    }
    if private && meta.uid() != me {
        return Check::broken(
            &name,
            format!("{place} belongs to user {}, not to you ({me})", meta.uid()),
            format!(
                "chown it (a `sudo swarm` may have made it), or set SWARM_STATE_DIR; see `ls -ld {place}`"
            ),
        );
    }
    if !writable(dir) {
        return Check::broken(&name, format!("{place} is not writable"), format!("chmod u+rwx {place}"));
    }
    if private && meta.mode() & 0o077 != 0 {
        let found = format!("others may look into {place} (mode {:o})", meta.mode() & 0o777);
        return Check::warning(&name, found, format!("chmod 700 {place}"));
    }
    Check::ok(&name, place.to_string())
}

fn absent(name: &str, dir: &Path) -> Check {
    let place = dir.display();
    match dir.ancestors().skip(1).find(|d| d.exists()) {
        Some(above) if above.is_dir() && writable(above) => {
            Check::ok(name, format!("{place} is made when it is needed"))
        }
        above => Check::broken(
            name,
            format!("{place} does not exist and cannot be made"),
            format!("see `ls -ld {}`", above.unwrap_or(dir).display()),
        ),
    }
}

fn writable(dir: &Path) -> bool {
    use rustix::fs::Access;
    rustix::fs::access(dir, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// The clock and the zone that days are counted in.
pub(super) fn clock(now: Timestamp) -> Vec<Check> {
    const NAME: &str = "clock";
    let mend = "set the clock (`timedatectl set-ntp true` keeps it right)";
    let mut checks = vec![match RELEASED.parse::<Timestamp>() {
        Ok(released) if now < released => {
            Check::broken(NAME, format!("it says {now:.0}, before this program was made"), mend)
        }
        _ => Check::ok(NAME, format!("{now:.0}")),
    }];
    if let Err(err) = jiff::tz::TimeZone::try_system() {
        checks.push(Check::warning(
            "time zone",
            format!("unknown, days are counted in UTC: {err}"),
            "set TZ, or name one with `swarm cost --tz`",
        ));
    }
    checks
}

/// Free space where the database is.
pub(super) fn disk(paths: &Paths) -> Option<Check> {
    let dir = paths.state_dir.ancestors().find(|d| d.is_dir())?;
    let found = rustix::fs::statvfs(dir).ok()?;
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    // A file system that does not count its entries says 0 of 0.
    let entries = (found.f_files > 0).then_some(found.f_favail);
    Some(space(dir, free, entries))
}

fn space(dir: &Path, free: u64, entries: Option<u64>) -> Check {
    const NAME: &str = "disk";
    let text = format!("{} free at {}", megabytes(free), dir.display());
    let mend = "free some space; swarm writes again by itself";
    match (free, entries) {
        (0..DISK_FULL, _) => Check::broken(NAME, text, mend),
        (_, Some(n @ 0..INODES_LOW)) => Check::warning(
            NAME,
            format!("{text}, but only {n} more files can be made"),
            "remove files you do not need",
        ),
        (0..DISK_LOW, _) => Check::warning(NAME, text, "free some space"),
        _ => Check::ok(NAME, text),
    }
}

/// `12 kB`, `3.4 MB`, `120 GB`.
/// What can be found here.
pub(super) fn examples() -> Vec<Check> {
    let mut checks = clock(Timestamp::UNIX_EPOCH);
    checks.retain(|check| check.name == "clock");
    let dir = Path::new("the state directory");
    checks.extend([
        space(dir, DISK_FULL / 2, None),
        space(dir, DISK_LOW / 2, None),
        space(dir, DISK_LOW, Some(7)),
    ]);
    checks
}

pub(super) fn megabytes(bytes: u64) -> String {
    let (value, unit) = match bytes {
        0..1_000_000 => (bytes as f64 / 1e3, "kB"),
        1_000_000..1_000_000_000 => (bytes as f64 / 1e6, "MB"),
        _ => (bytes as f64 / 1e9, "GB"),
    };
    let places = usize::from(value < 10.0);
    format!("{value:.places$} {unit}")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::State;
    use super::*;

    #[test]
    fn a_directory_that_others_may_read_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |mode: u32| {
            std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            directory("state", dir.path(), true)
        };
        assert_eq!(mode(0o700).state, State::Ok);
        assert_eq!(mode(0o755).state, State::Warning);
        assert_eq!(directory("config", dir.path(), false).state, State::Ok);
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(directory("state", &file, true).state, State::Broken);
        assert_eq!(directory("state", &file.join("below"), true).state, State::Broken);
        assert_eq!(directory("state", &dir.path().join("a/b"), true).state, State::Ok);
    }

    #[test]
    fn a_clock_before_the_release_is_wrong() {
        assert_eq!(clock("1970-01-01T00:10:00Z".parse().unwrap())[0].state, State::Broken);
        assert_eq!(clock("2027-01-01T00:00:00Z".parse().unwrap())[0].state, State::Ok);
    }

    #[test]
    fn a_full_disk_is_broken_before_it_is_full() {
        let look = |free, entries| space(Path::new("/"), free, entries).state;
        assert_eq!(look(10_000_000_000, Some(1_000_000)), State::Ok);
        assert_eq!(look(10_000_000_000, None), State::Ok);
        assert_eq!(look(100_000_000, None), State::Warning);
        assert_eq!(look(10_000_000_000, Some(3)), State::Warning);
        assert_eq!(look(0, Some(3)), State::Broken);
        assert_eq!(megabytes(3_400_000), "3.4 MB");
        assert_eq!(megabytes(12_345), "12 kB");
    }
}
