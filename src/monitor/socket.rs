//! The monitor's Unix socket: one task per client, lines in, lines out.
//!
//! Decides nothing: calls go to the loop, answers come back. A slow reader holds up nobody: it is sent only the
//! newest snapshot, and is dropped when it does not take its answers.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::OwnedReadHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};

use crate::error::{Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Call, Line, MAX_LINE, Notice, Request, RpcError, encode};
use crate::snapshot::Snapshot;

/// Answers that may wait for a client that does not read.
const OUTBOX: usize = 256;
/// How long one line may take to be taken by a client.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// Clients served at once; an agent's hooks are short, so this is far above any real number.
const MAX_CLIENTS: usize = 512;

/// One call from a client.
#[derive(Debug)]
pub struct Inbound {
    /// The call's id; `None` for a notification.
    pub id: Option<u64>,
    /// What is asked.
    pub request: Request,
    /// The caller's process and its ancestors, nearest first; empty where they cannot be known.
    pub ancestry: Vec<u32>,
    /// `SWARM_AGENT` of the caller, as it said in the handshake.
    pub inside: Option<String>,
    /// `SWARM_TOKEN` of the caller, as it said in the handshake.
    pub token: Option<String>,
    /// Who it is, where the monitor itself knows.
    pub owner: Option<(SwarmName, AgentName)>,
    /// Where the answer goes.
    pub reply: ReplyTo,
}

/// Where answers to one client go.
#[derive(Debug, Clone)]
pub struct ReplyTo {
    outbox: mpsc::Sender<Line>,
}

impl ReplyTo {
    /// For a call from inside the monitor, and where its answer arrives.
    pub fn channel() -> (Self, mpsc::Receiver<Line>) {
        let (outbox, answers) = mpsc::channel(OUTBOX);
        (Self { outbox }, answers)
    }

    /// Queues a line; a client that does not read loses it and is dropped by its task.
    pub fn send(&self, line: Line) {
        let _ = self.outbox.try_send(line);
    }

    /// Whether the client has closed its end: nothing reaches it any more.
    pub fn is_gone(&self) -> bool {
        self.outbox.is_closed()
    }

    /// Queues the answer to call `id`.
    pub fn answer(&self, id: Option<u64>, result: Result<serde_json::Value, RpcError>) {
        let Some(id) = id else { return };
        self.send(match result {
            Ok(result) => Line::Answer { id, result },
            Err(error) => Line::Refusal { id, error },
        });
    }
}

/// Binds the socket with mode 0600. The caller holds the lock file, so a socket that is left over is dead.
pub fn bind(path: &Path) -> Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let fail = |e: std::io::Error| {
        Error::new(Kind::Monitor, format!("cannot listen on {}", path.display())).because(e)
    };
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(fail(e)),
        _ => {}
    }
    let listener = UnixListener::bind(path).map_err(fail)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(fail)?;
    Ok(listener)
}

/// Accepts clients until the loop is gone.
pub async fn serve(
    listener: UnixListener,
    calls: mpsc::Sender<Inbound>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
) {
    let mut clients = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if clients.len() < MAX_CLIENTS => {
                    clients.spawn(client(stream, calls.clone(), snapshots.clone()));
                }
                Ok(_) => tracing::warn!("too many clients; one was turned away"),
                Err(e) => {
                    tracing::warn!("accept: {e}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            },
            Some(_) = clients.join_next() => {}
            () = calls.closed() => break,
        }
    }
}

async fn client(
    stream: UnixStream,
    calls: mpsc::Sender<Inbound>,
    mut snapshots: watch::Receiver<Arc<Snapshot>>,
) {
    let Ok(peer) = stream.peer_cred() else { return };
    if peer.uid() != rustix::process::geteuid().as_raw() {
        tracing::warn!("a process of user {} was turned away", peer.uid());
        return;
    }
    let pid = peer.pid().and_then(|p| u32::try_from(p).ok());
    let ancestry = pid.map(crate::observe::process::ancestry).unwrap_or_default();
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    let (outbox, mut outgoing) = mpsc::channel::<Line>(OUTBOX);
    let reply = ReplyTo { outbox };
    let mut subscribed = false;
    let mut inside = None;
    let mut token = None;
    let mut line = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some(out) = outgoing.recv() => {
                if write(&mut writer, &out).await.is_err() {
                    return;
                }
            }
            Ok(()) = snapshots.changed(), if subscribed => {
                let snapshot = snapshots.borrow_and_update().clone();
                let notice = Line::Notice(Notice::Snapshot(Box::new((*snapshot).clone())));
                if write(&mut writer, &notice).await.is_err() {
                    return;
                }
            }
            // `read_until` keeps what it has read in `line` when another branch wins.
            read = read_line(&mut reader, &mut line) => {
                match read {
                    Ok(0) | Err(_) => return,
                    Ok(_) if line.last() != Some(&b'\n') && line.len() >= MAX_LINE => return,
                    Ok(_) if line.last() != Some(&b'\n') => continue,
                    Ok(_) => {}
                }
                let parsed = serde_json::from_slice::<Call>(&line);
                let id = parsed.as_ref().ok().and_then(|c| c.id).or_else(|| id_of(&line));
                line.clear();
                match parsed {
                    Ok(Call { request, id }) => {
                        match &request {
                            Request::Hello(hello) => {
                                inside.clone_from(&hello.inside);
                                token.clone_from(&hello.token);
                            }
                            // What was published before is stale by now; the loop publishes anew for this client.
                            Request::Subscribe => {
                                snapshots.mark_unchanged();
                                subscribed = true;
                            }
                            _ => {}
                        }
                        let inbound = Inbound {
                            id, request, ancestry: ancestry.clone(), inside: inside.clone(),
                            token: token.clone(), owner: None, reply: reply.clone(),
                        };
                        if calls.send(inbound).await.is_err() {
                            return;
                        }
                    }
                    Err(e) => reply.answer(id, Err(RpcError {
                        code: Kind::Usage.code(),
                        message: format!("not a request this monitor knows: {e}"),
                        hints: vec!["is another version of swarm asking? `swarm monitor status`".into()],
                    })),
                }
            }
        }
    }
}

/// Reads to the next line feed, or to the limit; what was read stays in `line` when this is cancelled.
async fn read_line(reader: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> std::io::Result<usize> {
    reader.take(MAX_LINE as u64).read_until(b'\n', line).await
}

/// The id of a call that could not be parsed otherwise, so that its sender gets an answer.
fn id_of(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<serde_json::Value>(line).ok()?.get("id")?.as_u64()
}

async fn write(writer: &mut tokio::net::unix::OwnedWriteHalf, line: &Line) -> Result<(), ()> {
    let bytes = encode(line).map_err(|e| tracing::error!("{e}"))?;
    match tokio::time::timeout(WRITE_TIMEOUT, writer.write_all(&bytes)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(()),
        Err(_) => {
            tracing::warn!("a client does not read; dropped");
            Err(())
        }
    }
}
