//! Keeps what makes tmux tell its control clients something apart from the attach of such a client.
//!
//! tmux up to 3.6 crashes, and every agent with it, when it tells a control client of something while that client is being
//! set up (`control_state` is not there yet): `%window-pane-changed`, `%session-window-changed`, `%pane-mode-changed`,
//! `%session-renamed`, `%sessions-changed`, `%client-detached` and, from 3.4 on, what it says of paste buffers are written to
//! it unasked; 3.7 looks first. It crashes, too, when such a client ends before it is set up. Measured: of 1000 attaches
//! beside a client that selects panes all the time 58 ended a 3.3a server, 37 a 3.5a, none a 3.8; and 6 of 132 tests that
//! start a swarm, or a new monitor, on a busy machine (3.3a; none of 120 with the gate). So whatever the monitor attaches has
//! the gate alone until it is set up, and what is told later, when a client or a session has gone, is waited for.
//!
//! What a person or another program does in these few milliseconds it cannot keep away.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};
use tokio::time::Instant;

/// How long tmux may take to tell its clients about a session or a client that came or went.
const SETTLE: Duration = Duration::from_millis(250);

/// What a command makes tmux tell its control clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stir {
    /// Nothing that could harm one.
    No,
    /// Something, before the command is answered.
    Now,
    /// Something more once a process has gone.
    Later,
}

impl Stir {
    /// By the name of the command.
    pub(super) fn of(name: &str) -> Self {
        match name {
            "new-session" | "new-window" | "respawn-pane" | "select-pane" | "select-window"
            | "split-window" | "swap-pane" | "break-pane" | "join-pane" | "switch-client" | "set-buffer"
            | "load-buffer" | "paste-buffer" | "delete-buffer" => Self::Now,
            "kill-pane" | "kill-session" | "kill-window" => Self::Later,
            _ => Self::No,
        }
    }
}

/// The gate of one server. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    turn: Arc<RwLock<()>>,
    /// When things are quiet again.
    quiet: Arc<Mutex<Option<Instant>>>,
}

/// Something is being told; nothing attaches meanwhile.
#[derive(Debug)]
pub struct Stirring {
    gate: Gate,
    later: bool,
    _turn: OwnedRwLockReadGuard<()>,
}

impl Drop for Stirring {
    fn drop(&mut self) {
        if self.later {
            self.gate.unsettle();
        }
    }
}

/// A client is being set up; nothing else goes on meanwhile.
#[derive(Debug)]
pub(super) struct Attaching(#[expect(dead_code, reason = "held, not read")] OwnedRwLockWriteGuard<()>);

impl Gate {
    /// For who makes a session with a process of its own.
    pub async fn stir(&self) -> Stirring {
        Stirring { gate: self.clone(), later: false, _turn: self.turn.clone().read_owned().await }
    }

    /// For who ends a client of ours, of which tmux tells the others later.
    pub async fn stir_later(&self) -> Stirring {
        let mut stirring = self.stir().await;
        stirring.later = true;
        stirring
    }

    /// For commands; `None` where nothing is told.
    pub(super) async fn stir_by(&self, stir: Stir) -> Option<Stirring> {
        match stir {
            Stir::No => None,
            Stir::Now => Some(self.stir().await),
            Stir::Later => Some(self.stir_later().await),
        }
    }

    /// A client of ours has gone: tmux may be telling others right now.
    pub fn unsettle(&self) {
        *self.quiet.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + SETTLE);
    }

    /// For who attaches: waits until nothing is told.
    pub(super) async fn attaching(&self) -> Attaching {
        loop {
            let turn = self.turn.clone().write_owned().await;
            let quiet = *self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
            match quiet.filter(|quiet| *quiet > Instant::now()) {
                None => return Attaching(turn),
                Some(quiet) => {
                    // Others need not wait for that.
                    drop(turn);
                    tokio::time::sleep_until(quiet).await;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_attaches_is_alone_and_waits_until_it_is_quiet() {
        let gate = Gate::default();
        let (first, second) = (gate.stir_by(Stir::Now).await, gate.stir_by(Stir::Later).await);
        let began = Instant::now();
        let attached = async { drop(gate.attaching().await) };
        let work = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            drop((first, second));
            // Nobody waits for the silence but who attaches.
            let third = gate.stir().await;
            assert_eq!(began.elapsed(), Duration::from_secs(1));
            drop(third);
        };
        tokio::join!(attached, work);
        assert_eq!(began.elapsed(), Duration::from_secs(1) + SETTLE);
        let alone = gate.attaching().await;
        assert!(gate.stir_by(Stir::No).await.is_none());
        let other = async {
            drop(gate.stir().await);
            assert_eq!(began.elapsed(), Duration::from_secs(3) + SETTLE);
        };
        let attached = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            drop(alone);
        };
        tokio::join!(other, attached);
    }
}
