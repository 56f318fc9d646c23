//! Deletes what is not to be kept any more: old events, a little at a time, and files of instances that have ended.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use crate::config::MonitorSettings;
use crate::store::Store;
use crate::store::retention::{Keep, prune};

use super::instance_files;

/// The first look comes when the swarm has settled.
const FIRST: Duration = Duration::from_secs(60);
/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(3600);
/// Events deleted in one transaction: a few milliseconds, so that nobody waits for it.
const BATCH: i64 = 500;
/// The pause between two of those.
const PAUSE: Duration = Duration::from_millis(100);

/// Runs until it is dropped.
pub async fn run(store: Store, settings: MonitorSettings, runtime_dir: PathBuf, now: fn() -> Timestamp) {
    let mut wait = FIRST;
    loop {
        tokio::time::sleep(wait).await;
        wait = EVERY;
        match once(&store, &keep(&settings, now())).await {
            Ok(0) => {}
            Ok(gone) => tracing::info!("{gone} old events deleted"),
            Err(err) => tracing::debug!("old events stay: {err}"),
        }
        if let Err(err) = files(&store, runtime_dir.clone(), now().into()).await {
            tracing::debug!("files of old instances stay: {err}");
        }
    }
}

/// Deletes all that is to go; answers how many events that were.
async fn once(store: &Store, keep: &Keep) -> crate::error::Result<usize> {
    let mut gone = 0;
    if *keep == Keep::default() {
        return Ok(gone);
    }
    loop {
        let keep = *keep;
        let some = store.write(move |tx| prune(tx, &keep, BATCH)).await?;
        gone += some;
        if some == 0 {
            return Ok(gone);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Removes the files of instances whose end nobody saw.
async fn files(store: &Store, runtime_dir: PathBuf, now: SystemTime) -> crate::error::Result<()> {
    let place = runtime_dir.clone();
    let listed = tokio::task::spawn_blocking(move || instance_files::listed(&place, now)).await;
    let Ok(listed) = listed else { return Ok(()) };
    if listed.is_empty() {
        return Ok(());
    }
    let stale = store.write(move |tx| instance_files::stale(tx, listed)).await?;
    let removed = tokio::task::spawn_blocking(move || {
        for err in stale.iter().filter_map(|i| instance_files::forget(&runtime_dir, i).err()) {
            tracing::debug!("{err}");
        }
    });
    let _ = removed.await;
    Ok(())
}

fn keep(settings: &MonitorSettings, now: Timestamp) -> Keep {
    let days = i64::from(settings.keep_events_days);
    let since = (days > 0).then(|| now.checked_sub(SignedDuration::from_hours(24 * days)).ok()).flatten();
    Keep { since, rows: Some(i64::from(settings.keep_events)).filter(|rows| *rows > 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn events_of_long_ago_go_by_themselves_and_bills_stay() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("swarm.db")).unwrap();
        let fill = store.write(|tx| {
            for n in 0..1200 {
                let at = if n < 1100 { "2026-01-01T00:00:00Z" } else { "2026-11-20T00:00:00Z" };
                tx.execute("INSERT INTO event(at, kind, actor) VALUES (?1, 'agent.status', 'x')", [at])?;
            }
            Ok(())
        });
        fill.await.unwrap();
        let now = || "2026-11-21T00:00:00Z".parse().unwrap();
        let task = tokio::spawn(run(store.clone(), MonitorSettings::default(), dir.path().into(), now));
        let count =
            || store.write(|tx| tx.query_row("SELECT count(*) FROM event", [], |r| r.get::<_, i64>(0)));
        assert_eq!(count().await.unwrap(), 1200);
        while count().await.unwrap() > 100 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        tokio::time::sleep(EVERY).await;
        assert_eq!(count().await.unwrap(), 100);
        task.abort();
    }

    #[test]
    fn nought_keeps_everything() {
        let settings = MonitorSettings { keep_events_days: 0, keep_events: 0, ..MonitorSettings::default() };
        assert_eq!(keep(&settings, Timestamp::UNIX_EPOCH), Keep::default());
    }
}
