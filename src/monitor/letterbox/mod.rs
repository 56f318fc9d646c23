//! Messages as files: what agents put into `.swarm/outbox`, and what lies for them in `.swarm/inbox`.
//!
//! An agent that can only read and write files writes a `handoff/v1` to `<its directory>/.swarm/outbox/NAME.json`. Once
//! the file has settled and parses it is handed in as the agent's own `swarm handoff`, under the same rules, and moved to
//! `outbox/done/` with its receipt or to `outbox/rejected/` with the reason beside it. What the agent gets lies in
//! `.swarm/inbox/` until it was read, or acknowledged where that is wanted, then in `inbox/done/`.
//!
//! Boxes are made only for agents that cannot run commands (`submit.runs_commands = false`) and are not alone in their
//! swarm; every other agent gets them by making `.swarm/outbox` itself, or by the person doing so. Nothing is written
//! where there are none. Decides nothing about messages, and never follows a link.

mod boxes;
mod exclude;
mod place;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::handoff::Handoff;
use crate::state::{Filed, Watched};

use super::hand_in::hand_in;
use super::perform::Hands;
use super::socket::Inbound;
use boxes::{Boxes, Look, Owner};

/// How long changes are collected before they are looked at together.
const COALESCE: Duration = Duration::from_millis(50);
/// How often agents are looked at for a box of their own, and events that were lost are made up for.
const SWEEP: Duration = Duration::from_secs(3);
/// How long the boxes of an agent that has ended are still looked at.
const AFTERWARDS: Duration = Duration::from_secs(30);
/// When what could not be handed in is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// Looks after boxes from now on: where its orders go, where messages that are to lie in inboxes go, and the task.
pub fn start(
    hands: Arc<Hands>,
    calls: mpsc::Sender<Inbound>,
) -> (mpsc::Sender<Vec<Watched>>, mpsc::UnboundedSender<Filed>, tokio::task::JoinHandle<()>) {
    let (orders, ordered) = mpsc::channel(16);
    let (filing, filed) = mpsc::unbounded_channel();
    (orders, filing, tokio::spawn(Letterbox::new(hands, calls).run(ordered, filed)))
}

/// Looks after the boxes until the loop drops its end of the orders.
#[derive(Debug)]
struct Letterbox {
    hands: Arc<Hands>,
    calls: mpsc::Sender<Inbound>,
    boxes: Boxes,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl Letterbox {
    /// Looks after nothing yet. `calls` is where clients' requests go: a file is a request of its agent.
    fn new(hands: Arc<Hands>, calls: mpsc::Sender<Inbound>) -> Self {
        Self { hands, calls, boxes: Boxes::default(), watcher: None, watched: BTreeSet::new() }
    }

    /// Looks after boxes until the orders end.
    async fn run(
        mut self,
        mut orders: mpsc::Receiver<Vec<Watched>>,
        mut filed: mpsc::UnboundedReceiver<Filed>,
    ) {
        let (changed, mut changes) = mpsc::channel::<()>(1);
        let mut due: Option<Instant> = None;
        loop {
            let soon = |due: Option<Instant>, after| {
                let at = Instant::now() + after;
                Some(due.map_or(at, |due: Instant| due.min(at)))
            };
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(watched) => {
                        self.boxes.set(self.owners(&watched), Instant::now() + AFTERWARDS);
                        due = soon(due, Duration::ZERO);
                    }
                    None => return,
                },
                Some(letter) = filed.recv() => {
                    self.boxes.file(letter);
                    due = soon(due, COALESCE);
                }
                Some(()) = changes.recv() => due = soon(due, COALESCE),
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    let Some(wake) = self.look(&changed).await else { return };
                    due = (!self.boxes.is_idle()).then_some(wake);
                }
            }
        }
    }

    fn owners(&self, watched: &[Watched]) -> Vec<Owner> {
        let needs = |w: &Watched| {
            let profile = self.hands.profiles.get(&w.profile);
            let team = watched.iter().filter(|other| other.swarm == w.swarm).count();
            team > 1 && profile.is_some_and(|p| !p.data().submit.runs_commands)
        };
        let owner = |w: &Watched| Owner {
            swarm: w.swarm.clone(),
            agent: w.agent.clone(),
            directory: w.directory.clone(),
            instance: w.instance.clone(),
            needs: needs(w),
            until: None,
        };
        watched.iter().map(owner).collect()
    }

    /// Looks at all boxes and hands in what is there; answers when to look again, `None` where the monitor ends.
    async fn look(&mut self, changed: &mpsc::Sender<()>) -> Option<Instant> {
        let mut boxes = std::mem::take(&mut self.boxes);
        let now = Instant::now();
        let (boxes, look) = tokio::task::spawn_blocking(move || {
            let look = boxes.look(now);
            (boxes, look)
        })
        .await
        .ok()?;
        self.boxes = boxes;
        let Look { batches, wake, outboxes } = look;
        self.watch(outboxes, changed);
        let mut next = wake.unwrap_or(now + SWEEP).min(now + SWEEP);
        for batch in batches {
            let mut settled = Vec::new();
            for message in &batch.ready {
                let draft = message.draft.clone();
                settled.push(hand_in(&self.calls, &message.swarm, &message.agent, draft).await?);
            }
            let moved = tokio::task::spawn_blocking(move || {
                let results = batch.ready.iter().zip(&settled).map(|(m, s)| batch.settle(m, s));
                results.fold(true, |all, result| all & result.is_ok())
            });
            if !moved.await.ok()? {
                next = next.max(Instant::now() + AGAIN);
            }
        }
        Some(next)
    }

    /// Watches the outboxes; one that cannot be watched is swept.
    fn watch(&mut self, outboxes: BTreeSet<PathBuf>, changed: &mpsc::Sender<()>) {
        if self.watcher.is_none() && !outboxes.is_empty() {
            let changed = changed.clone();
            let tell = move |event: notify::Result<notify::Event>| {
                if event.is_ok_and(|e| !matches!(e.kind, notify::EventKind::Access(_))) {
                    let _ = changed.try_send(());
                }
            };
            self.watcher = notify::recommended_watcher(tell)
                .inspect_err(|e| tracing::warn!("outboxes are only looked at every {SWEEP:?}: {e}"))
                .ok();
        }
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&outboxes) {
            let _ = watcher.unwatch(gone);
        }
        let known = std::mem::take(&mut self.watched);
        for outbox in outboxes {
            if known.contains(&outbox) || watcher.watch(&outbox, RecursiveMode::NonRecursive).is_ok() {
                self.watched.insert(outbox);
            }
        }
    }
}

/// Writes a message into the inbox below `directory` before its beginning is typed.
pub async fn deposit(directory: &Path, handoff: Arc<Handoff>) -> std::io::Result<()> {
    let directory = directory.to_owned();
    let written = tokio::task::spawn_blocking(move || boxes::deposit(&directory, &handoff));
    written.await.unwrap_or_else(|e| Err(std::io::Error::other(e)))
}
