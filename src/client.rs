//! The other end of the monitor's socket: connects, starts a monitor when there is none, asks.
//!
//! Used by every command, by the overview and by the MCP server. Holds no state of the swarm.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use crate::error::{Error, Kind, Result};
use crate::paths::{Paths, SOCKET_PATH_MAX};
use crate::protocol::{Call, Hello, Line, Notice, PROTOCOL, Request, Welcome, encode};

/// How long a monitor may take to come up. Opening and migrating the database is the longest part.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// How often a monitor that another process is starting is tried.
const CONNECT_EVERY: Duration = Duration::from_millis(20);

/// The version of this program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where the monitor of one tmux server keeps its things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// The Unix socket.
    pub socket: PathBuf,
    /// Held locked for as long as the monitor lives.
    pub lock: PathBuf,
    /// The monitor's log.
    pub log: PathBuf,
}

impl Rendezvous {
    /// The place for the tmux server with this socket path: one name per tmux server.
    pub fn of(paths: &Paths, tmux_socket: &Path) -> Result<Self> {
        let digest = Sha256::digest(tmux_socket.as_os_str().as_encoded_bytes());
        let name: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
        let socket = paths.runtime_dir.join(format!("{name}.sock"));
        if socket.as_os_str().len() > SOCKET_PATH_MAX {
            return Err(Error::failure(format!("the socket path {} is too long", socket.display()))
                .hint("set XDG_RUNTIME_DIR or SWARM_STATE_DIR to a shorter path"));
        }
        let lock = paths.runtime_dir.join(format!("{name}.lock"));
        let log = paths.state_dir.join("log").join(format!("monitor-{name}.log"));
        Ok(Self { socket, lock, log })
    }
}

/// A connection to a monitor, with the handshake done.
#[derive(Debug)]
pub struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    next_id: u64,
    welcome: Welcome,
}

impl Client {
    /// Connects to a running monitor.
    pub async fn connect(at: &Rendezvous) -> Result<Self> {
        let stream = UnixStream::connect(&at.socket).await.map_err(|e| {
            let err = match e.kind() {
                std::io::ErrorKind::NotFound => {
                    Error::new(Kind::Monitor, "no swarm is up: no monitor is running")
                }
                _ => Error::new(Kind::Monitor, "no monitor is running").because(e),
            };
            err.hint("`swarm up` starts it with the swarm")
        })?;
        let (reader, writer) = stream.into_split();
        let welcome = Welcome {
            protocol: 0,
            version: String::new(),
            pid: 0,
            server: String::new(),
            started: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut client = Self { reader: BufReader::new(reader), writer, next_id: 1, welcome };
        let hello = Hello {
            protocol: PROTOCOL,
            version: VERSION.to_owned(),
            inside: ["SWARM_AGENT", "SWARM_INSTANCE", "SWARM_TOKEN"]
                .into_iter()
                .find_map(crate::paths::var_str),
            token: crate::paths::var_str("SWARM_TOKEN"),
        };
        client.welcome = client.call(Request::Hello(hello)).await?;
        Ok(client)
    }

    /// Connects, and starts a monitor first when none runs or an older one does.
    pub async fn ensure(at: &Rendezvous, tmux_socket: &Path) -> Result<Self> {
        if let Ok(mut client) = Self::connect(at).await {
            match compare(&client.welcome) {
                std::cmp::Ordering::Equal => return Ok(client),
                std::cmp::Ordering::Greater => {
                    return Err(Error::new(
                        Kind::Monitor,
                        format!(
                            "the running monitor is newer ({}) than this program ({VERSION})",
                            client.welcome.version
                        ),
                    )
                    .hint("use the newer `swarm`, or `swarm monitor stop` with it first"));
                }
                // Safe: all of its state rebuilds from the store and from tmux.
                std::cmp::Ordering::Less => {
                    let _: Value = client.call(Request::Stop).await?;
                    while client.line().await.is_ok() {}
                }
            }
        }
        start(at, tmux_socket).await?;
        // Another process may have started one in the same moment: that one has the lock and accepts in a moment.
        let waiting = async {
            loop {
                match Self::connect(at).await {
                    Err(err) if err.kind() == Kind::Monitor => tokio::time::sleep(CONNECT_EVERY).await,
                    connected => return connected,
                }
            }
        };
        match tokio::time::timeout(START_TIMEOUT, waiting).await {
            Ok(connected) => connected,
            Err(_) => Self::connect(at).await,
        }
    }

    /// What the monitor said of itself.
    pub const fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Asks and waits for the answer; notices that come before it are dropped.
    pub async fn call<T: DeserializeOwned>(&mut self, request: Request) -> Result<T> {
        self.call_with(request, |_| {}).await
    }

    /// Asks and waits for the answer; `on_notice` sees what comes before it.
    pub async fn call_with<T: DeserializeOwned>(
        &mut self,
        request: Request,
        mut on_notice: impl FnMut(Notice),
    ) -> Result<T> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&Call { id: Some(id), request }).await?;
        loop {
            match self.line().await? {
                Line::Answer { id: got, result } if got == id => {
                    return serde_json::from_value(result).map_err(|e| {
                        Error::new(Kind::Monitor, "the monitor answered something else").because(e)
                    });
                }
                Line::Refusal { id: got, error } if got == id => return Err(error.into()),
                Line::Notice(notice) => on_notice(notice),
                Line::Answer { .. } | Line::Refusal { .. } => {}
            }
        }
    }

    /// Sends a call without waiting for its answer.
    pub async fn send(&mut self, call: &Call) -> Result<()> {
        self.writer.write_all(&encode(call)?).await.map_err(lost)
    }

    /// The next line of the monitor.
    pub async fn line(&mut self) -> Result<Line> {
        let mut line = Vec::new();
        let n = self.reader.read_until(b'\n', &mut line).await.map_err(lost)?;
        if n == 0 {
            return Err(Error::new(Kind::Monitor, "the monitor closed the connection"));
        }
        serde_json::from_slice(&line).map_err(|e| {
            Error::new(Kind::Monitor, "the monitor said something this program does not know").because(e)
        })
    }

    /// The two halves of the connection, for a client that listens and asks at once (the overview).
    pub fn split(self) -> (Listener, Asker) {
        (Listener { reader: self.reader }, Asker { writer: self.writer, next_id: self.next_id })
    }
}

/// The listening half of a [`Client`].
#[derive(Debug)]
pub struct Listener {
    reader: BufReader<OwnedReadHalf>,
}

impl Listener {
    /// The next line of the monitor.
    pub async fn line(&mut self) -> Result<Line> {
        let mut line = Vec::new();
        let n = self.reader.read_until(b'\n', &mut line).await.map_err(lost)?;
        if n == 0 {
            return Err(Error::new(Kind::Monitor, "the monitor closed the connection"));
        }
        serde_json::from_slice(&line).map_err(|e| {
            Error::new(Kind::Monitor, "the monitor said something this program does not know").because(e)
        })
    }
}

/// The asking half of a [`Client`].
#[derive(Debug)]
pub struct Asker {
    writer: OwnedWriteHalf,
    next_id: u64,
}

impl Asker {
    /// Sends a request; the answer arrives at the [`Listener`] under the id returned here.
    pub async fn ask(&mut self, request: Request) -> Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.writer.write_all(&encode(&Call { id: Some(id), request })?).await.map_err(lost)?;
        Ok(id)
    }
}

fn lost(err: std::io::Error) -> Error {
    Error::new(Kind::Monitor, "lost the monitor").because(err).hint("`swarm monitor status` tells more")
}

/// The running monitor against this program.
fn compare(welcome: &Welcome) -> std::cmp::Ordering {
    let number = |v: &str| -> Vec<u64> { v.split(['.', '-']).map_while(|p| p.parse().ok()).collect() };
    welcome.protocol.cmp(&PROTOCOL).then_with(|| number(&welcome.version).cmp(&number(VERSION)))
}

/// Starts `swarm monitor run` for the tmux server and waits until it accepts connections.
///
/// The monitor makes its own process session, so that a hang-up of this terminal does not reach it.
async fn start(at: &Rendezvous, tmux_socket: &Path) -> Result<()> {
    let exe = std::env::current_exe()
        .map_err(|e| Error::failure("cannot find the swarm program itself").because(e))?;
    for dir in [at.socket.parent(), at.log.parent()].into_iter().flatten() {
        private_dir(dir)?;
    }
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&at.log)
        .map_err(|e| Error::failure(format!("cannot open the log {}", at.log.display())).because(e))?;
    let logged = log.metadata().map_or(0, |m| m.len());
    #[expect(clippy::disallowed_methods, reason = "this is where the monitor is started")]
    let mut command = std::process::Command::new(exe);
    command.arg("-S").arg(tmux_socket).args(["monitor", "run"]);
    // A monitor started from inside a pane must not believe that it lives there.
    for key in
        ["TMUX", "TMUX_PANE", "SWARM_AGENT", "SWARM_INSTANCE", "SWARM_TOKEN", "SWARM_NAME", "SWARM_SOCKET"]
    {
        command.env_remove(key);
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .map_err(|e| Error::new(Kind::Monitor, "cannot start the monitor").because(e))?;
    let stdout = child.stdout.take().ok_or_else(|| Error::failure("the monitor has no stdout"))?;
    let mut said = String::new();
    let heard = tokio::time::timeout(START_TIMEOUT, BufReader::new(stdout).read_line(&mut said)).await;
    let failed = |why: String| {
        Error::new(Kind::Monitor, format!("the monitor did not start: {why}"))
            .hint(format!("its log is {}", at.log.display()))
    };
    match heard {
        Ok(Ok(_)) if said.trim() == "ready" => Ok(()),
        Ok(Ok(0)) => {
            let (why, hints) = last_words(&at.log, logged);
            let failed = failed(why.unwrap_or_else(|| "it ended at once".into()));
            Err(hints.into_iter().rev().fold(failed, Error::hint))
        }
        Ok(Ok(_)) => Err(failed(said.trim().to_owned())),
        Ok(Err(e)) => Err(failed(e.to_string())),
        Err(_) => {
            Err(Error::new(Kind::Timeout, format!("the monitor was not ready after {START_TIMEOUT:?}"))
                .hint(format!("its log is {}", at.log.display())))
        }
    }
}

/// The error and its hints that a monitor which ended wrote into its log, behind what was there `before`.
fn last_words(log: &Path, before: u64) -> (Option<String>, Vec<String>) {
    let bytes = std::fs::read(log).unwrap_or_default();
    let new = bytes.get(usize::try_from(before).unwrap_or(usize::MAX)..).unwrap_or_default();
    let text = String::from_utf8_lossy(new);
    let said = |what: &'static str| -> Vec<String> {
        text.lines().filter_map(|line| line.strip_prefix(what)).map(crate::text::one_line).collect()
    };
    (said("Error: ").pop(), said("Hint: "))
}

/// Makes `dir` with mode 0700 and refuses one that belongs to somebody else.
pub fn private_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
    let fail = |e: std::io::Error| Error::failure(format!("cannot make {}", dir.display())).because(e);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(fail)?;
    let meta = std::fs::metadata(dir).map_err(fail)?;
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::failure(format!("{} belongs to another user", dir.display()))
            .hint("set XDG_RUNTIME_DIR or SWARM_STATE_DIR to a directory of your own"));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        let welcome = |protocol, version: &str| Welcome {
            protocol,
            version: version.into(),
            pid: 1,
            server: String::new(),
            started: jiff::Timestamp::UNIX_EPOCH,
        };
        assert_eq!(compare(&welcome(PROTOCOL, VERSION)), std::cmp::Ordering::Equal);
        assert_eq!(compare(&welcome(PROTOCOL, "0.0.9")), std::cmp::Ordering::Less);
        assert_eq!(compare(&welcome(PROTOCOL, "10.0.0")), std::cmp::Ordering::Greater);
        assert_eq!(compare(&welcome(PROTOCOL + 1, "0.0.1")), std::cmp::Ordering::Greater);
    }
}
