//! How what agents report reaches a submission that is under way: the monitor's own events, overheard.
//!
//! Decides nothing and never waits: a listener that is too slow misses something and has the screen to go by.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::broadcast;

use crate::delivery::ProofSource;
use crate::observe::hook::HookEventKind;
use crate::state::{EventKind, Watched};
use crate::tmux::PaneId;

/// What a listener may be behind.
const BEHIND: usize = 64;

/// Something an agent said.
#[derive(Debug, Clone)]
pub struct Said {
    /// The pane, where it is known.
    pub pane: Option<PaneId>,
    /// The instance, where it is known.
    pub instance: Option<String>,
    /// The agent's own conversation, where it is known.
    pub session: Option<String>,
    /// Where it was said.
    pub source: ProofSource,
    /// The prompt that it repeats; `None` when something merely changed.
    pub prompt: Option<String>,
}

/// Passes on what agents say, and knows who lives in which pane.
#[derive(Debug)]
pub struct Ears {
    said: broadcast::Sender<Arc<Said>>,
    panes: Mutex<BTreeMap<PaneId, Watched>>,
}

impl Default for Ears {
    fn default() -> Self {
        Self { said: broadcast::channel(BEHIND).0, panes: Mutex::default() }
    }
}

impl Ears {
    /// Overhears an event on its way to the state.
    pub fn overhear(&self, event: &EventKind) {
        if self.said.receiver_count() == 0 {
            return;
        }
        let said = match event {
            EventKind::Hook(hook) | EventKind::Asked { hook, .. } => Said {
                pane: hook.pane.as_deref().and_then(|p| p.parse().ok()),
                instance: hook.instance.clone(),
                session: hook.agent_session.clone(),
                source: ProofSource::Hook,
                prompt: hook.prompt.clone().filter(|_| hook.kind == HookEventKind::Prompt && !hook.is_side),
            },
            EventKind::Evidence { pane, .. } => Said {
                pane: Some(*pane),
                instance: None,
                session: None,
                source: ProofSource::StatusFile,
                prompt: None,
            },
            _ => return,
        };
        self.tell(said);
    }

    /// Passes something on.
    pub fn tell(&self, said: Said) {
        let _ = self.said.send(Arc::new(said));
    }

    /// Hears everything from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Said>> {
        self.said.subscribe()
    }

    /// Who lives in which pane now.
    pub fn know(&self, watched: &[Watched]) {
        if let Ok(mut panes) = self.panes.lock() {
            *panes = watched.iter().map(|w| (w.pane, w.clone())).collect();
        }
    }

    /// Who lives in a pane.
    pub fn in_pane(&self, pane: PaneId, instance: &str) -> Option<Watched> {
        self.panes.lock().ok()?.get(&pane).filter(|w| w.instance == instance).cloned()
    }
}
