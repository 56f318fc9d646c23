//! The command channel: one control client without output, attached to a session of ours.
//!
//! Also owns the server's gate ([`Gate`]), which all our control clients share. It is the guard, too, that keeps a stuck
//! event client from freezing agents (`tmux::control::Role`). Attaches again when its session ends; whoever asks while there
//! is no server gets an error, never a wait without end.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use crate::error::{Error, Kind, Result};
use crate::tmux::gate::Stirring;
use crate::tmux::{Command, Connection, Gate, Notification, Role, ServerSpec, SessionId};

/// How long the answer to `up` waits for our own clients.
const FOLLOWED: Duration = Duration::from_secs(1);

/// The command channel.
#[derive(Debug)]
pub struct Link {
    spec: ServerSpec,
    conn: tokio::sync::Mutex<Option<Connection>>,
    sessions: Mutex<Vec<SessionId>>,
    lost: mpsc::Sender<()>,
    gate: Gate,
    /// The sessions that have an event client.
    followed: watch::Sender<BTreeSet<SessionId>>,
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
            gate: Gate::default(),
            followed: watch::Sender::default(),
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
        *slot = None;
        let sessions = self.sessions.lock().map(|s| s.clone()).unwrap_or_default();
        let mut last = Error::new(Kind::Tmux, "no tmux session of a swarm is there");
        for session in sessions {
            match self.attach(session, Role::Command).await {
                Ok((conn, notifications)) => {
                    tokio::spawn(until_lost(notifications, self.lost.clone(), self.gate.clone()));
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
        Connection::attach(&self.spec, session, role, &self.gate).await
    }

    /// A session has an event client for as long as the answer lives.
    pub fn follows(&self, session: SessionId) -> Follows<'_> {
        self.followed.send_modify(|sessions| _ = sessions.insert(session));
        Follows { link: self, session }
    }

    /// Waits, for a moment, until a session has its event client: then whoever was answered may go on with tmux.
    pub async fn followed(&self, session: SessionId) {
        let mut followed = self.followed.subscribe();
        let _ =
            tokio::time::timeout(FOLLOWED, followed.wait_for(|sessions| sessions.contains(&session))).await;
    }

    /// Makes a session: one more round trip, and tmux has told everybody about it.
    pub async fn make_session(&self, command: Command) -> Result<String> {
        let _stirring = self.gate.stir().await;
        self.spec.make_folder()?;
        let made = match self.spec.run(std::slice::from_ref(&command)).await {
            // Another program's `tmux attach` had started an empty server, which was about to end.
            Err(err) if err.to_string().contains("server exited") => self.spec.run(&[command]).await?,
            made => made?,
        };
        self.spec.run(&[Command::list_clients()]).await?;
        Ok(made)
    }

    /// For who ends a client of ours; nothing attaches meanwhile, nor until tmux has told the others.
    pub async fn leaving(&self) -> Stirring {
        self.gate.stir_later().await
    }

    /// Waits, for a moment, until no client is being set up: one that ended before would take the server with it.
    pub async fn set_up(&self) {
        let _ = tokio::time::timeout(FOLLOWED, self.gate.stir()).await;
    }

    /// A client of ours has gone: tmux may be telling others right now.
    pub fn unsettle(&self) {
        self.gate.unsettle();
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

/// A session is followed; see [`Link::follows`].
#[derive(Debug)]
pub struct Follows<'l> {
    link: &'l Link,
    session: SessionId,
}

impl Drop for Follows<'_> {
    fn drop(&mut self) {
        self.link.followed.send_modify(|sessions| _ = sessions.remove(&self.session));
    }
}

/// Ends with the connection; the command channel needs no notifications.
async fn until_lost(mut notifications: mpsc::Receiver<Notification>, lost: mpsc::Sender<()>, gate: Gate) {
    while notifications.recv().await.is_some() {}
    gate.unsettle();
    let _ = lost.send(()).await;
}
