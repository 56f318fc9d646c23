//! The monitor: its socket, and whether it answers.

use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use crate::client::{Client, Rendezvous, VERSION};
use crate::protocol::{PROTOCOL, Request, Welcome};
use crate::snapshot::Snapshot;

use super::super::Ctx;
use super::Check;

const NAME: &str = "monitor";
/// How long a healthy monitor may take to answer; its loop never blocks.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);

/// The socket and the process behind it.
pub(super) async fn checks(ctx: &Ctx) -> Vec<Check> {
    let at = match ctx.rendezvous() {
        Ok(at) => at,
        Err(err) => return vec![Check::failed(NAME, &err)],
    };
    let Ok(meta) = std::fs::symlink_metadata(&at.socket) else {
        return vec![Check::ok(NAME, format!("not running; its socket would be {}", at.socket.display()))];
    };
    let mut checks: Vec<Check> = wrong_socket(&at.socket, &meta).into_iter().collect();
    match tokio::time::timeout(ANSWER_TIMEOUT, ask(&at)).await {
        Err(_) => checks.push(silent(&at.lock)),
        // A socket without a process is what `kill -9` leaves behind.
        Ok(None) => checks.push(Check::ok(
            NAME,
            "not running; its socket was left behind, and the next command that needs it starts it again",
        )),
        Ok(Some((welcome, snapshot))) => {
            checks.push(running(&welcome));
            checks.extend(snapshot.problems.iter().map(|problem| {
                Check::warning(NAME, problem, format!("its log tells more: {}", at.log.display()))
            }));
        }
    }
    checks
}

async fn ask(at: &Rendezvous) -> Option<(Welcome, Snapshot)> {
    let mut client = Client::connect(at).await.ok()?;
    let snapshot = client.call(Request::Status).await.unwrap_or_default();
    Some((client.welcome().clone(), snapshot))
}

/// Somebody else could talk to the monitor, or it is no socket at all.
fn wrong_socket(socket: &Path, meta: &std::fs::Metadata) -> Option<Check> {
    let place = socket.display();
    let me = rustix::process::geteuid().as_raw();
    if !meta.file_type().is_socket() {
        return Some(Check::broken("socket", format!("{place} is no socket"), format!("move {place} away")));
    }
    if meta.uid() != me {
        return Some(Check::broken(
            "socket",
            format!("{place} belongs to user {}", meta.uid()),
            "set XDG_RUNTIME_DIR or SWARM_STATE_DIR to a directory of your own",
        ));
    }
    (meta.mode() & 0o077 != 0).then(|| {
        Check::broken(
            "socket",
            format!("others may use {place} (mode {:o})", meta.mode() & 0o777),
            format!("chmod 600 {place}"),
        )
    })
}

/// What can be found here.
pub(super) fn examples() -> Vec<Check> {
    let other = |protocol, version: &str| {
        running(&Welcome {
            protocol,
            version: version.into(),
            pid: 4711,
            server: "tmux's socket".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
        })
    };
    vec![silent(Path::new("its lock file")), other(PROTOCOL + 1, "9.0.0"), other(0, "0.0.1")]
}

fn silent(lock: &Path) -> Check {
    Check::broken(
        NAME,
        format!("does not answer within {} s", ANSWER_TIMEOUT.as_secs()),
        format!("end the process that holds {} (`fuser` names it); nothing is lost", lock.display()),
    )
}

fn running(welcome: &Welcome) -> Check {
    let found = format!("version {} runs as process {} for {}", welcome.version, welcome.pid, welcome.server);
    if welcome.protocol > PROTOCOL {
        return Check::broken(
            NAME,
            format!("{found}; it is newer than this program ({VERSION})"),
            "use the newer `swarm`",
        );
    }
    if welcome.protocol < PROTOCOL || welcome.version != VERSION {
        return Check::warning(
            NAME,
            format!("{found}; this program is {VERSION}"),
            "`swarm up` replaces it; agents go on",
        );
    }
    Check::ok(NAME, found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::super::State;
    use super::*;

    #[test]
    fn a_socket_that_others_may_use_is_broken() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.sock");
        let _listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let mode = |mode: u32| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            wrong_socket(&path, &std::fs::symlink_metadata(&path).unwrap())
        };
        assert_eq!(mode(0o600), None);
        assert!(mode(0o666).unwrap().mend.unwrap().starts_with("chmod 600"));
        let file = dir.path().join("f");
        std::fs::write(&file, "").unwrap();
        let found = wrong_socket(&file, &std::fs::symlink_metadata(&file).unwrap()).unwrap();
        assert_eq!(found.state, State::Broken);
    }

    #[test]
    fn another_version_is_noticed() {
        let welcome = |protocol, version: &str| Welcome {
            protocol,
            version: version.into(),
            pid: 7,
            server: "/s".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(running(&welcome(PROTOCOL, VERSION)).state, State::Ok);
        assert_eq!(running(&welcome(PROTOCOL, "0.0.1")).state, State::Warning);
        assert_eq!(running(&welcome(PROTOCOL + 1, "9.0.0")).state, State::Broken);
    }
}
