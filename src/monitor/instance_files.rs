//! The files an instance is started with (hooks, MCP server, its part): one directory each, in the runtime directory.
//!
//! They may hold tokens and go with the instance: when it ends, or, where no monitor saw that, at the next look.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension};

use crate::error::{Context, Result};

/// A directory of which the database knows no end belongs to a start that failed, or to an agent that was lost from
/// sight and may run on: it goes when it is this old.
const STRAY: Duration = Duration::from_secs(30 * 24 * 3600);

fn all(runtime_dir: &Path) -> PathBuf {
    runtime_dir.join("instances")
}

/// Makes the directory of one instance, readable by the user alone.
pub fn make(runtime_dir: &Path, instance: &str) -> Result<PathBuf> {
    let dir = all(runtime_dir).join(instance);
    crate::client::private_dir(&dir)?;
    Ok(dir)
}

/// Removes the directory of an instance that has ended.
pub fn forget(runtime_dir: &Path, instance: &str) -> Result<()> {
    let dir = all(runtime_dir).join(instance);
    match std::fs::remove_dir_all(&dir) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.context(|| format!("remove {}", dir.display())),
    }
}

/// The instances that have a directory, and whether it is old.
pub fn listed(runtime_dir: &Path, now: SystemTime) -> Vec<(String, bool)> {
    let entries = std::fs::read_dir(all(runtime_dir)).into_iter().flatten().flatten();
    let aged = entries.filter_map(|entry| {
        let made = entry.metadata().and_then(|meta| meta.modified()).ok()?;
        let old = now.duration_since(made).is_ok_and(|age| age > STRAY);
        Some((entry.file_name().into_string().ok()?, old))
    });
    aged.collect()
}

/// Those of them that have ended, as far as the database knows, or must have.
pub fn stale(conn: &Connection, listed: Vec<(String, bool)>) -> rusqlite::Result<Vec<String>> {
    let mut ended =
        conn.prepare("SELECT ended_at IS NOT NULL AND end_reason IS NOT 'lost' FROM instance WHERE id = ?1")?;
    let mut stale = Vec::new();
    for (instance, old) in listed {
        if old || ended.query_row([&instance], |row| row.get(0)).optional()?.unwrap_or(false) {
            stale.push(instance);
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_has_ended_goes_and_what_may_run_stays() {
        let dir = tempfile::tempdir().unwrap();
        let runtime = dir.path().join("run");
        for instance in ["ended", "lost", "running", "unknown"] {
            make(&runtime, instance).unwrap();
        }
        let store = crate::store::Store::open(&dir.path().join("swarm.db")).unwrap();
        let fill = store.write(|tx| {
            tx.execute_batch(
                "INSERT INTO swarm(id, server, name, spec, up_at) VALUES (1, 's', 'one', '{}', 'x');",
            )
        });
        fill.await.unwrap();
        let rows = store.write(|tx| {
            let at = "2026-11-21T00:00:00Z";
            for (id, ended, why) in [
                ("ended", Some(at), Some("stopped")),
                ("lost", Some(at), Some("lost")),
                ("running", None, None),
            ] {
                tx.execute(
                    "INSERT INTO instance(id, swarm_id, agent, profile, directory, started_at, ended_at, end_reason)
                     VALUES (?1, 1, 'a', 'sim', '/', 'x', ?2, ?3)",
                    rusqlite::params![id, ended, why],
                )?;
            }
            Ok(())
        });
        rows.await.unwrap();
        let read = |now: SystemTime| {
            let listed = listed(&runtime, now);
            store.write(move |tx| stale(tx, listed))
        };
        let made = all(&runtime).join("unknown").metadata().unwrap().modified().unwrap();
        assert_eq!(read(made).await.unwrap(), ["ended"]);
        assert_eq!(read(made + 2 * STRAY).await.unwrap().len(), 4, "nothing runs for two months");
        forget(&runtime, "ended").unwrap();
        forget(&runtime, "ended").unwrap();
        assert!(!all(&runtime).join("ended").exists() && all(&runtime).join("running").exists());
    }
}
