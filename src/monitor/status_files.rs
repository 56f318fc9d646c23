//! Follows the status files that agents keep of themselves (Claude Code's `sessions/PID.json`, …).
//!
//! Their directories are watched; a file is believed only when that very process wrote it. What they say goes to the
//! state as evidence; nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::agent::StatusFileKind;
use crate::observe::evidence::Evidence;
use crate::observe::status_file;
use crate::state::{EventKind, Watched};
use crate::status::Source;

use super::perform::Hands;

/// How often directories that are not there yet are looked for, and events that were lost are made up for.
const SWEEP: Duration = Duration::from_secs(5);

/// One agent's status file.
#[derive(Debug)]
struct Entry {
    watched: Watched,
    kind: StatusFileKind,
    directory: PathBuf,
    told: Option<Evidence>,
    session: Option<String>,
}

/// Follows status files until the loop drops its end of the orders.
#[derive(Debug)]
pub struct StatusFiles {
    hands: Arc<Hands>,
    events: mpsc::Sender<EventKind>,
    entries: BTreeMap<String, Entry>,
    dirs: BTreeSet<PathBuf>,
}

impl StatusFiles {
    /// Follows nothing yet.
    pub fn new(hands: Arc<Hands>, events: mpsc::Sender<EventKind>) -> Self {
        Self { hands, events, entries: BTreeMap::new(), dirs: BTreeSet::new() }
    }

    /// Follows until the orders end.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Vec<Watched>>) {
        let (changed, mut changes) = mpsc::channel::<()>(1);
        let tell = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|e| !matches!(e.kind, notify::EventKind::Access(_))) {
                let _ = changed.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(tell)
            .inspect_err(|e| tracing::warn!("status files are only looked at every {SWEEP:?}: {e}"))
            .ok();
        loop {
            let sweep = (!self.entries.is_empty()).then(|| Instant::now() + SWEEP);
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(watched) => self.set(watched),
                    None => return,
                },
                Some(()) = changes.recv() => {}
                () = tokio::time::sleep_until(sweep.unwrap_or_else(Instant::now)), if sweep.is_some() => {}
            }
            self.watch(watcher.as_mut());
            self.look().await;
        }
    }

    fn set(&mut self, watched: Vec<Watched>) {
        let mut old = std::mem::take(&mut self.entries);
        for watched in watched {
            let Some(profile) = self.hands.profiles.get(&watched.profile) else { continue };
            let kind = profile.status_file();
            let own = watched.config_dir.as_ref().map(|dir| dir.display().to_string());
            let var = |key: &str| own.clone().filter(|_| key == "CLAUDE_CONFIG_DIR");
            let Some(directory) = status_file::directory(kind, &self.hands.paths, &var) else { continue };
            let known = old.remove(&watched.instance).filter(|e| e.directory == directory);
            let (told, session) = known.map_or((None, None), |e| (e.told, e.session));
            self.entries.insert(watched.instance.clone(), Entry { watched, kind, directory, told, session });
        }
    }

    fn watch(&mut self, watcher: Option<&mut RecommendedWatcher>) {
        let Some(watcher) = watcher else { return };
        let wanted: BTreeSet<PathBuf> =
            self.entries.values().map(|e| e.directory.clone()).filter(|d| d.is_dir()).collect();
        for gone in self.dirs.difference(&wanted) {
            let _ = watcher.unwatch(gone);
        }
        let known = std::mem::take(&mut self.dirs);
        for dir in wanted {
            if known.contains(&dir) || watcher.watch(&dir, RecursiveMode::NonRecursive).is_ok() {
                self.dirs.insert(dir);
            }
        }
    }

    /// Reads every agent's file and tells what is new.
    async fn look(&mut self) {
        for entry in self.entries.values_mut() {
            let pane = entry.watched.pane;
            let pid = entry.watched.pid;
            let Some(file) = pid.and_then(|pid| status_file::read(entry.kind, &entry.directory, pid)) else {
                // Removed, or of another process by now: what it said proves nothing more.
                if entry.told.take().is_some() {
                    let gone = EventKind::Forgotten { pane, source: Source::StatusFile };
                    let _ = self.events.send(gone).await;
                }
                continue;
            };
            if let Some(session) = file.session.filter(|s| entry.session.as_ref() != Some(s)) {
                entry.session = Some(session.clone());
                let _ = self.events.send(EventKind::Conversation { pane, session }).await;
            }
            let news = file.evidence.filter(|e| !entry.told.as_ref().is_some_and(|told| same(told, e)));
            if let Some(evidence) = news {
                entry.told = Some(evidence.clone());
                let _ = self.events.send(EventKind::Evidence { pane, evidence }).await;
            }
        }
    }
}

/// Whether two readings say the same but for the time at which they were written again.
fn same(a: &Evidence, b: &Evidence) -> bool {
    let at = Timestamp::UNIX_EPOCH;
    Evidence { at, ..a.clone() } == Evidence { at, ..b.clone() }
}
