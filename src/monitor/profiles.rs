//! The profiles in force, and the task that reads the user's own again when their files change.
//!
//! A file that is wrong changes nothing: what held before goes on to hold, and the problem is shown until it is mended.
//! Agents that run keep running; their screens are read with the new rules from then on.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;

use crate::agent::{Profile, Profiles};
use crate::error::Error;
use crate::state::EventKind;

use super::watch::Order;

/// How often the directory is looked at in case it came, went or was replaced; changes in it are heard at once.
const SWEEP: Duration = Duration::from_secs(10);
/// How long the changes of one save are collected: editors write, rename and remove.
const SETTLE: Duration = Duration::from_millis(100);

/// The profiles in force; replaced as a whole.
#[derive(Debug)]
pub struct Current(Mutex<Arc<Profiles>>);

impl Current {
    /// Reads the profiles of a directory: what is right, the files as they were then, and what is wrong.
    pub fn load(dir: &Path) -> (Self, Files, Vec<Error>) {
        // Looked at first: a file that changes while it is read is read again.
        let files = files(dir);
        let (profiles, errors) = Profiles::load(dir);
        (profiles.into(), files, errors)
    }

    /// All of them, as they are now.
    pub fn now(&self) -> Arc<Profiles> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The profile of this name, as it is now.
    pub fn get(&self, name: &str) -> Option<Arc<Profile>> {
        self.now().get(name).cloned()
    }

    fn set(&self, profiles: Arc<Profiles>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = profiles;
    }
}

impl From<Profiles> for Current {
    fn from(profiles: Profiles) -> Self {
        Self(Mutex::new(Arc::new(profiles)))
    }
}

/// What is wrong with the user's profiles, as the status shows it; `None` when all is well.
pub fn problem(errors: &[Error]) -> EventKind {
    let first = errors.first().map(|err| {
        let more = match errors.len() {
            0 | 1 => String::new(),
            n => format!(" (and {} more)", n - 1),
        };
        // The mend, and that the last good one holds.
        let hints = err.hints().iter().map(|hint| format!("; {hint}")).collect::<String>();
        crate::text::one_line(&format!("profiles: {err}{more}{hints}"))
    });
    EventKind::Problem { about: "profiles", text: first }
}

/// Each file with what tells one version of it from another.
pub type Files = BTreeMap<PathBuf, (Option<SystemTime>, u64, u64)>;

fn files(dir: &Path) -> Files {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| {
        let path = entry.path();
        let meta = path.extension().is_some_and(|e| e == "toml").then(|| std::fs::metadata(&path).ok())??;
        Some((path, (meta.modified().ok(), meta.len(), meta.ino())))
    });
    files.collect()
}

/// Keeps `current` at what the files of `dir` say, until the loop is gone.
pub async fn follow(
    current: Arc<Current>,
    dir: PathBuf,
    mut known: Files,
    events: mpsc::Sender<EventKind>,
    watcher: mpsc::Sender<Order>,
) {
    let (changed, mut changes) = mpsc::channel::<()>(1);
    let tell = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|e| !matches!(e.kind, notify::EventKind::Access(_))) {
            let _ = changed.try_send(());
        }
    };
    let mut ears = notify::recommended_watcher(tell)
        .inspect_err(|e| tracing::warn!("profiles are only looked at every {SWEEP:?}: {e}"))
        .ok();
    let mut heard = false;
    loop {
        heard = listen(ears.as_mut(), &dir, heard);
        if let Ok(Some(())) = tokio::time::timeout(SWEEP, changes.recv()).await {
            tokio::time::sleep(SETTLE).await;
            while changes.try_recv().is_ok() {}
        }
        let found = files(&dir);
        if found == known {
            continue;
        }
        known = found;
        let (profiles, errors) = current.now().reload(&dir);
        for err in &errors {
            tracing::warn!("{err}; {}", err.hints().join("; "));
        }
        tracing::info!("the profiles in {} were read again", dir.display());
        let profiles = Arc::new(profiles);
        current.set(profiles.clone());
        let told = events.send(EventKind::Profiles(profiles)).await.is_ok()
            && events.send(problem(&errors)).await.is_ok()
            && watcher.send(Order::Reread).await.is_ok();
        if !told {
            return;
        }
    }
}

/// Listens to the directory, once it is there; answers whether it does.
fn listen(ears: Option<&mut RecommendedWatcher>, dir: &Path, heard: bool) -> bool {
    let Some(ears) = ears else { return false };
    if !dir.is_dir() {
        if heard {
            let _ = ears.unwatch(dir);
        }
        return false;
    }
    heard || ears.watch(dir, RecursiveMode::NonRecursive).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: &str = "extends = \"shell\"\nname = \"mine\"\n";

    #[tokio::test(start_paused = true)]
    async fn a_changed_file_is_read_again_and_a_wrong_one_changes_nothing() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("agents");
        let (current, files, _) = Current::load(&dir);
        let current = Arc::new(current);
        let (events, mut told) = mpsc::channel(16);
        let (orders, mut ordered) = mpsc::channel(16);
        let task = tokio::spawn(follow(current.clone(), dir.clone(), files, events, orders));
        let mut next = async || {
            let profiles = told.recv().await.unwrap();
            assert!(matches!(profiles, EventKind::Profiles(_)), "{profiles:?}");
            assert!(matches!(ordered.recv().await.unwrap(), Order::Reread));
            match told.recv().await.unwrap() {
                EventKind::Problem { about: "profiles", text } => text,
                other => panic!("{other:?}"),
            }
        };
        assert!(current.get("mine").is_none());
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("mine.toml"), format!("{MINE}title = \"One\"\n")).unwrap();
        assert_eq!(next().await, None);
        assert_eq!(current.get("mine").unwrap().data().title, "One");
        std::fs::write(dir.join("mine.toml"), format!("{MINE}tittle = \"Two\"\n")).unwrap();
        let text = next().await.unwrap();
        assert!(text.contains("mine.toml:3:1") && text.contains("stays in force"), "{text}");
        assert_eq!(current.get("mine").unwrap().data().title, "One", "the last good one");
        std::fs::write(dir.join("mine.toml"), format!("{MINE}title = \"Three, mended\"\n")).unwrap();
        assert_eq!(next().await, None);
        assert_eq!(current.get("mine").unwrap().data().title, "Three, mended");
        task.abort();
    }
}
