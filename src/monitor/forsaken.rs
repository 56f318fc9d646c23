//! Whether anybody still needs the monitor: it stays while its tmux server is there or a client is connected.
//!
//! Looks, and never ends anything itself. What is on record is found again by the next monitor.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::Instant;

/// How often it is looked at.
pub const EVERY: Duration = Duration::from_secs(60);
/// How long the server may be away: whoever lost it has time to see what happened, and to start it again.
const PATIENCE: Duration = Duration::from_secs(600);

/// Since when nobody needs us.
#[derive(Debug)]
pub struct Forsaken {
    server: PathBuf,
    since: Option<Instant>,
}

impl Forsaken {
    /// For the monitor of the tmux server at this socket.
    pub const fn new(server: PathBuf) -> Self {
        Self { server, since: None }
    }

    /// Looks once; whether it is time to leave. `needed`: a client is connected to us, or we are to the server.
    pub fn look(&mut self, needed: bool) -> bool {
        // Answered by the kernel, whatever tmux is doing.
        let needed = needed || UnixStream::connect(&self.server).is_ok();
        let now = Instant::now();
        self.since = (!needed).then(|| self.since.unwrap_or(now));
        self.since.is_some_and(|since| now.duration_since(since) >= PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn only_a_monitor_without_server_and_clients_leaves_and_not_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("tmux");
        let mut forsaken = Forsaken::new(socket.clone());
        assert!(!forsaken.look(false));
        tokio::time::advance(EVERY * 9).await;
        assert!(!forsaken.look(false));
        assert!(!forsaken.look(true), "somebody came");
        tokio::time::advance(PATIENCE).await;
        assert!(!forsaken.look(false), "and left just now");
        tokio::time::advance(PATIENCE).await;
        let server = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert!(!forsaken.look(false), "the server is there again");
        drop(server);
        assert!(!forsaken.look(false));
        tokio::time::advance(PATIENCE).await;
        assert!(forsaken.look(false));
    }
}
