//! The command channel: one control client without output, attached to a session of ours.
//!
//! Also owns the gate. tmux 3.3a crashes, and every agent with it, when a session is made or ends, or a client detaches,
//! in the moment in which a control client attaches: `%sessions-changed` and `%client-detached` are written to a client
//! that is not set up yet (reproduced within 200 attaches). So whatever of ours attaches, makes or ends a session holds
//! the gate, and nothing attaches before things have been quiet for a moment.
//!
//! It is also the guard that keeps a stuck event client from freezing agents (`tmux::control::Role`). Attaches again
//! when its session ends; whoever asks while there is no server gets an error, never a wait without end.

use std::sync::Mutex;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::tmux::{Command, Connection, Notification, Role, ServerSpec, SessionId};

/// How long tmux may take to tell its clients about a session or a client that came or went.
const SETTLE: std::time::Duration = std::time::Duration::from_millis(250);

/// The command channel.
#[derive(Debug)]
pub struct Link {
    spec: ServerSpec,
    conn: tokio::sync::Mutex<Option<Connection>>,
    sessions: Mutex<Vec<SessionId>>,
    lost: mpsc::Sender<()>,
    /// When things are quiet again.
    gate: tokio::sync::Mutex<Instant>,
    /// Held by whoever starts an overview: `up` and a jump may want it in the same moment.
    pub overview: tokio::sync::Mutex<()>,
}

impl Link {
    /// A channel to this server, not connected yet; `lost` is told when a connection ends.
    pub fn new(spec: ServerSpec, lost: mpsc::Sender<()>) -> Self {
        Self {
            spec,
            conn: tokio::sync::Mutex::new(None),
            sessions: Mutex::new(Vec::new()),
            lost,
            gate: tokio::sync::Mutex::new(Instant::now()),
            overview: tokio::sync::Mutex::default(),
        }
    }

    /// The server.
    pub const fn spec(&self) -> &ServerSpec {
        &self.spec
    }

    /// The sessions it may attach to: those that hold agents.
    pub fn set_sessions(&self, sessions: Vec<SessionId>) {
        if let Ok(mut known) = self.sessions.lock() {
            *known = sessions;
        }
    }

    /// One more session to attach to, tried first.
    pub fn add_session(&self, session: SessionId) {
        if let Ok(mut known) = self.sessions.lock() {
            known.retain(|s| *s != session);
            known.insert(0, session);
        }
    }

    /// The connection, made now if there is none.
    pub async fn connection(&self) -> Result<Connection> {
        let mut slot = self.conn.lock().await;
        if let Some(conn) = slot.as_ref().filter(|c| c.lost().is_none()) {
            return Ok(conn.clone());
        }
        if slot.take().is_some() {
            self.unsettle().await;
        }
        let sessions = self.sessions.lock().map(|s| s.clone()).unwrap_or_default();
        let mut last = Error::new(Kind::Tmux, "no tmux session of a swarm is there");
        for session in sessions {
            match self.attach(session, Role::Command).await {
                Ok((conn, notifications)) => {
                    tokio::spawn(until_lost(notifications, self.lost.clone()));
                    *slot = Some(conn.clone());
                    return Ok(conn);
                }
                Err(err) => last = err,
            }
        }
        Err(last)
    }

    /// Attaches a control client, when nothing else is going on.
    pub async fn attach(
        &self,
        session: SessionId,
        role: Role,
    ) -> Result<(Connection, mpsc::Receiver<Notification>)> {
        let quiet = self.gate.lock().await;
        tokio::time::sleep_until(*quiet).await;
        Connection::attach(&self.spec, session, role).await
    }

    /// Does something that makes or ends sessions or detaches clients of ours, while nothing attaches.
    pub async fn exclusively<T>(&self, work: impl Future<Output = T>) -> T {
        let mut quiet = self.gate.lock().await;
        let done = work.await;
        *quiet = Instant::now() + SETTLE;
        done
    }

    /// Makes a session: one more round trip, and tmux has told everybody about it.
    pub async fn make_session(&self, command: Command) -> Result<String> {
        let _quiet = self.gate.lock().await;
        self.spec.make_folder()?;
        let made = match self.spec.run(std::slice::from_ref(&command)).await {
            // Another program's `tmux attach` had started an empty server, which was about to end.
            Err(err) if err.to_string().contains("server exited") => self.spec.run(&[command]).await?,
            made => made?,
        };
        self.spec.run(&[Command::list_clients()]).await?;
        Ok(made)
    }

    /// A client of ours has gone: tmux may be telling others right now.
    pub async fn unsettle(&self) {
        self.exclusively(async {}).await;
    }

    /// Whether there is a live connection right now.
    pub async fn is_up(&self) -> bool {
        self.conn.lock().await.as_ref().is_some_and(|c| c.lost().is_none())
    }

    /// The same for who must not wait: while somebody connects, there may be one.
    pub fn may_be_up(&self) -> bool {
        self.conn.try_lock().map_or(true, |slot| slot.as_ref().is_some_and(|c| c.lost().is_none()))
    }

    /// Closes the connection.
    pub async fn close(&self) {
        *self.conn.lock().await = None;
    }
}

/// Ends with the connection; the command channel needs no notifications.
async fn until_lost(mut notifications: mpsc::Receiver<Notification>, lost: mpsc::Sender<()>) {
    while notifications.recv().await.is_some() {}
    let _ = lost.send(()).await;
}
