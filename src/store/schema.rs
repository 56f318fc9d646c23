//! Numbered migrations, append-only: a released migration is never edited, only followed by another.
//!
//! All pending migrations run in one transaction; `PRAGMA user_version` counts them.

use rusqlite::{Connection, Result, TransactionBehavior};

/// Each entry brings the schema from its index to index + 1.
pub const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_agents.sql"),
    include_str!("migrations/0002_usage.sql"),
    include_str!("migrations/0003_handoffs.sql"),
    include_str!("migrations/0004_budgets.sql"),
    include_str!("migrations/0005_marks.sql"),
    include_str!("migrations/0006_blocks.sql"),
];

/// The schema version this program writes.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// Brings the database up to [`VERSION`]; answers the version found before. A newer one is left alone.
pub fn migrate(conn: &mut Connection) -> Result<i64> {
    let version = |conn: &Connection| conn.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    let found = version(conn)?;
    if found >= VERSION {
        return Ok(found);
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have migrated while we waited for the lock.
    let current = usize::try_from(version(&tx)?).unwrap_or(0);
    for sql in MIGRATIONS.iter().skip(current) {
        tx.execute_batch(sql)?;
    }
    tx.pragma_update(None, "user_version", VERSION)?;
    tx.commit()?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tables look like.
    fn shape(conn: &Connection) -> Vec<String> {
        let mut query = conn
            .prepare("SELECT name || ': ' || sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name")
            .unwrap();
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_>>().unwrap()
    }

    #[test]
    fn every_earlier_version_becomes_this_one_with_its_rows() {
        let mut fresh = Connection::open_in_memory().unwrap();
        assert_eq!(migrate(&mut fresh).unwrap(), 0);
        for version in 1..MIGRATIONS.len() {
            let mut old = Connection::open_in_memory().unwrap();
            for sql in &MIGRATIONS[..version] {
                old.execute_batch(sql).unwrap();
            }
            old.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
            old.execute("INSERT INTO event(at, kind, actor) VALUES ('t', 'agent.status', 'swarm')", [])
                .unwrap();
            assert_eq!(migrate(&mut old).unwrap(), i64::try_from(version).unwrap());
            assert_eq!(shape(&old), shape(&fresh), "from version {version}");
            let rows: i64 = old.query_row("SELECT count(*) FROM event", [], |r| r.get(0)).unwrap();
            assert_eq!(rows, 1);
            assert_eq!(migrate(&mut old).unwrap(), VERSION, "a second time changes nothing");
        }
    }
}
