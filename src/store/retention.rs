//! How long events are kept: deleted oldest first, in small transactions, never the bills.
//!
//! The file does not shrink: freed pages are used again. Never `VACUUM`s.

use jiff::Timestamp;
use rusqlite::{Connection, Result, params};

/// What is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Keep {
    /// Events from this moment on; `None` keeps them for ever.
    pub since: Option<Timestamp>,
    /// So many events at most; `None` for any number.
    pub rows: Option<i64>,
}

/// Deletes at most `batch` events that are not to be kept, the oldest; answers how many. What was worked on (turns,
/// tasks) goes with the events of its time.
pub fn prune(conn: &Connection, keep: &Keep, batch: i64) -> Result<usize> {
    let newest: i64 = conn.query_row("SELECT coalesce(max(id), 0) FROM event", [], |r| r.get(0))?;
    // Ids count up by one: what lies so far back is too many.
    let too_many = keep.rows.map_or(0, |rows| newest.saturating_sub(rows));
    let since = keep.since.map(|at| at.to_string()).unwrap_or_default();
    let mut delete = conn.prepare_cached(
        "DELETE FROM event WHERE id IN
           (SELECT id FROM (SELECT id, at FROM event ORDER BY id LIMIT ?1) WHERE id <= ?2 OR at < ?3)",
    )?;
    let gone = delete.execute(params![batch, too_many, since])?;
    if let Some(since) = keep.since {
        conn.prepare_cached("DELETE FROM work WHERE ended_ms < ?1")?.execute([since.as_millisecond()])?;
    }
    Ok(gone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::open_writer;

    fn database(events: i64) -> (tempfile::TempDir, Connection) {
        let dir = tempfile::tempdir().unwrap();
        let conn = open_writer(&dir.path().join("swarm.db")).unwrap();
        for n in 0..events {
            let at = Timestamp::from_second(1_800_000_000 + n * 3600).unwrap().to_string();
            conn.execute("INSERT INTO event(at, kind, actor) VALUES (?1, 'agent.status', 'x')", [at])
                .unwrap();
        }
        (dir, conn)
    }

    fn left(conn: &Connection) -> (i64, i64) {
        conn.query_row("SELECT count(*), min(id) FROM event", [], |r| Ok((r.get(0)?, r.get(1)?))).unwrap()
    }

    #[test]
    fn old_events_go_in_small_batches_oldest_first() {
        let (_dir, conn) = database(100);
        let keep = Keep { since: Timestamp::from_second(1_800_000_000 + 40 * 3600).ok(), rows: None };
        assert_eq!(prune(&conn, &keep, 30).unwrap(), 30);
        assert_eq!(prune(&conn, &keep, 30).unwrap(), 10);
        assert_eq!(prune(&conn, &keep, 30).unwrap(), 0);
        assert_eq!(left(&conn), (60, 41));
    }

    #[test]
    fn no_more_events_than_wanted_are_kept_and_none_go_without_a_limit() {
        let (_dir, conn) = database(100);
        assert_eq!(prune(&conn, &Keep::default(), 1000).unwrap(), 0);
        let keep = Keep { since: None, rows: Some(25) };
        while prune(&conn, &keep, 10).unwrap() > 0 {}
        assert_eq!(left(&conn), (25, 76));
    }
}
