//! One submission at a time into one pane, whoever types: a lock file per server and pane, which the system releases
//! when its holder ends, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::tmux::PaneId;

/// How long another submission to the same pane is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);
/// How often.
const EVERY: Duration = Duration::from_millis(50);

/// Held for as long as it lives.
#[derive(Debug)]
pub(super) struct PaneLock {
    _file: File,
}

/// Where the lock of a pane lies.
fn path(runtime_dir: &Path, server: &Path, pane: PaneId) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(server.as_os_str().as_bytes());
    let server: String = digest.iter().take(6).map(|b| format!("{b:02x}")).collect();
    runtime_dir.join("locks").join(format!("{server}-{}.lock", pane.0))
}

impl PaneLock {
    /// Waits for the lock, `patience` at most; `None` when another submission holds it for longer.
    pub(super) async fn take(
        runtime_dir: &Path,
        server: &Path,
        pane: PaneId,
        patience: Duration,
    ) -> Result<Option<Self>> {
        let path = path(runtime_dir, server, pane);
        if let Some(dir) = path.parent() {
            crate::client::private_dir(dir)?;
        }
        let open = File::options().create(true).truncate(false).write(true).open(&path);
        let file = open.context(|| format!("open {}", path.display()))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(std::fs::TryLockError::WouldBlock) if waited < patience => {
                    tokio::time::sleep(EVERY).await;
                    waited += EVERY;
                }
                Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
                Err(std::fs::TryLockError::Error(e)) => {
                    return Err(Error::failure(format!("cannot lock {}", path.display())).because(e));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_at_a_time_and_free_when_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let take = |pane| PaneLock::take(dir.path(), Path::new("/s"), PaneId(pane), PATIENCE);
        let held = take(1).await.unwrap().unwrap();
        assert!(take(2).await.unwrap().is_some());
        assert!(take(1).await.unwrap().is_none());
        drop(held);
        assert!(take(1).await.unwrap().is_some());
    }
}
