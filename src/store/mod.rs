//! The database of this user: `swarm.db`, SQLite in WAL mode.
//!
//! One writer thread owns the only writing connection; every write is one short `BEGIN IMMEDIATE` transaction. The
//! handle is cheap to clone and never blocks an async task: results come back through a channel. Tables belong to the
//! file that is named after them; the schema is in [`schema`]. Never `VACUUM`s; bills are never deleted, events after a time ([`retention`]).

pub mod agents;
pub mod budgets;
pub mod handoffs;
pub mod retention;
pub mod schema;
pub mod usage;

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use crate::error::{Error, Result};

/// How long a connection waits for another process's write lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle to the writer thread.
#[derive(Debug, Clone)]
pub struct Store {
    jobs: mpsc::Sender<Job>,
    path: PathBuf,
}

impl Store {
    /// Opens (and creates or migrates) the database at `path` and starts its writer thread, which ends when the last
    /// handle is dropped.
    pub fn open(path: &Path) -> Result<Self> {
        let mut conn = open_writer(path)?;
        let (jobs, inbox) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || {
                for job in inbox {
                    job(&mut conn);
                }
            })
            .map_err(|e| Error::failure("cannot start the database thread").because(e))?;
        Ok(Self { jobs, path: path.to_owned() })
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Runs `work` in one `BEGIN IMMEDIATE` transaction on the writer thread and commits it; an error rolls back.
    ///
    /// The work is queued before this returns, so writes happen in the order of the calls, whether or not the
    /// returned future is awaited.
    pub fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let (done, answer) = oneshot::channel();
        let path = self.path.clone();
        let sent = self.jobs.send(Box::new(move |conn| {
            let result = (|| {
                let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
                let value = work(&tx)?;
                tx.commit()?;
                Ok(value)
            })();
            let _ = done.send(result);
        }));
        async move {
            sent.map_err(|_| Error::failure("the database thread has ended"))?;
            let result = answer.await.map_err(|_| Error::failure("the database thread has ended"))?;
            result.map_err(|e| explain(&path, e))
        }
    }
}

/// Opens the database for writing: created, configured, migrated.
pub fn open_writer(path: &Path) -> Result<Connection> {
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)
            .map_err(|e| Error::failure(format!("cannot create {}", dir.display())).because(e))?;
    }
    let open = || {
        let mut conn = Connection::open(path)?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        conn.pragma_update(None, "journal_mode", "WAL")?;
        conn.pragma_update(None, "synchronous", "FULL")?;
        conn.pragma_update(None, "foreign_keys", "ON")?;
        conn.pragma_update(None, "temp_store", "MEMORY")?;
        conn.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
        let found = schema::migrate(&mut conn)?;
        Ok((conn, found))
    };
    let (conn, found) = open().map_err(|e| explain(path, e))?;
    if found > schema::VERSION {
        return Err(newer(path, found));
    }
    Ok(conn)
}

/// Opens the database for reading only; it must exist.
pub fn open_reader(path: &Path) -> Result<Connection> {
    let open = || {
        let conn = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        conn.busy_timeout(BUSY_TIMEOUT)?;
        Ok(conn)
    };
    open().map_err(|e| explain(path, e))
}

/// Opens the ledger for a report: what is there must be a database of this program's schema.
pub fn open_ledger(path: &Path) -> Result<Connection> {
    let conn = open_reader(path)?;
    let read = |sql: &str| conn.query_row(sql, [], |r| r.get::<_, i64>(0)).map_err(|e| explain(path, e));
    let (found, tables) = (read("PRAGMA user_version")?, read("SELECT count(*) FROM sqlite_schema")?);
    let place = path.display();
    if tables == 0 {
        return Err(Error::failure(format!("nothing is booked yet: {place} is empty"))
            .hint("`swarm ingest` books the transcripts of this user's agents"));
    }
    if found > schema::VERSION {
        return Err(newer(path, found));
    }
    if found < schema::VERSION {
        let message =
            format!("{place} is of an older swarm (schema {found}, this one reads {})", schema::VERSION);
        return Err(Error::failure(message)
            .hint("`swarm ingest --db FILE` brings it up, and so does the monitor with its own"));
    }
    Ok(conn)
}

fn newer(path: &Path, found: i64) -> Error {
    Error::failure(format!(
        "{} was written by a newer swarm (schema {found}, this one knows {})",
        path.display(),
        schema::VERSION
    ))
    .hint("update swarm, or set SWARM_STATE_DIR to another directory")
}

/// A sentence with the mend for what SQLite says.
pub fn explain(path: &Path, err: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode as Code;
    let place = path.display();
    let (message, hint) = match err.sqlite_error_code() {
        Some(Code::DiskFull) => (
            format!("the database {place} cannot grow"),
            "free some disk space; swarm goes on and writes again by itself",
        ),
        Some(Code::ReadOnly) => (
            format!("the database {place} is read-only"),
            "check the permissions of the file and its directory",
        ),
        Some(Code::DatabaseBusy | Code::DatabaseLocked) => (
            format!("the database {place} is locked by another process"),
            "see which with `fuser` or `lsof`, and end it",
        ),
        Some(Code::DatabaseCorrupt | Code::NotADatabase) => (
            format!("the database {place} is damaged"),
            "move it away and start again, or restore a backup (`swarm doctor` tells more)",
        ),
        Some(Code::CannotOpen) => {
            (format!("cannot open the database {place}"), "check that the directory exists and is yours")
        }
        Some(Code::SystemIoFailure) => {
            (format!("the disk failed under the database {place}"), "check the disk and its file system")
        }
        _ => (format!("the database {place} refused"), "`swarm doctor` checks it"),
    };
    Error::failure(message).because(err).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_are_ordered_and_rolled_back_on_error() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("swarm.db")).unwrap();
        let first = store.write(|tx| tx.execute("CREATE TABLE t(x INTEGER)", []).map(|_| ()));
        let bad = store.write(|tx| {
            tx.execute("INSERT INTO t VALUES (1)", [])?;
            tx.execute("INSERT INTO missing VALUES (1)", [])
        });
        let count = store.write(|tx| tx.query_row("SELECT count(*) FROM t", [], |r| r.get::<_, i64>(0)));
        first.await.unwrap();
        assert!(bad.await.unwrap_err().to_string().contains("missing"));
        assert_eq!(count.await.unwrap(), 0);
    }

    #[test]
    fn a_newer_schema_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("swarm.db");
        open_writer(&path).unwrap().pragma_update(None, "user_version", 9999).unwrap();
        assert!(open_writer(&path).unwrap_err().to_string().contains("newer swarm"));
    }

    #[test]
    fn a_file_that_is_no_database_is_named_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("swarm.db");
        std::fs::write(&path, vec![b'x'; 8192]).unwrap();
        let err = open_writer(&path).unwrap_err();
        assert!(err.to_string().contains("damaged"), "{err}");
        assert_eq!(std::fs::read(&path).unwrap().len(), 8192);
    }
}
