//! Writes records to the store: batched, in order, and kept while the database cannot be written.
//!
//! A full disk or a locked database stops nothing: agents go on, records wait here (bounded) and in a file that
//! outlives the monitor ([`spool`]), and are written as soon as the database takes them again. A record that the database
//! refuses for good is left out and reported: it never keeps the others waiting. Never blocks the loop.

pub mod spool;

use std::collections::VecDeque;
use std::time::Duration;

use rusqlite::Transaction;
use tokio::sync::{mpsc, oneshot};

use crate::state::{EventKind, Record};
use crate::store::Store;

use spool::{Row, Spool};

/// How long to wait before the database is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// Records kept while the database cannot be written; beyond that the oldest log lines go first.
const KEEP: usize = 20_000;

/// What became of everything queued before a barrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booked {
    /// All of it is committed.
    All,
    /// All but this: the messages of which something was refused for good, and whether anything else was.
    Without {
        /// The ids of messages.
        letters: Vec<String>,
        /// Something that is no message.
        other: bool,
    },
    /// It has to wait, or nobody knows.
    Waits,
}

impl Booked {
    /// Whether all that was said of these messages, and everything that is no message, is committed.
    pub fn holds(&self, about: impl Fn(&str) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::Without { letters, other } => !other && !letters.iter().any(|id| about(id)),
            Self::Waits => false,
        }
    }
}

/// What the loop sends here.
enum Message {
    Write(Box<Record>),
    Barrier(oneshot::Sender<Booked>),
}

/// The loop's end of the queue.
#[derive(Debug, Clone)]
pub struct Booker {
    queue: mpsc::UnboundedSender<Message>,
}

impl Booker {
    /// Queues a record.
    pub fn write(&self, record: Record) {
        let _ = self.queue.send(Message::Write(Box::new(record)));
    }

    /// Resolves when it is known what became of everything queued before.
    pub fn barrier(&self) -> impl Future<Output = Booked> + Send + 'static {
        let (done, wait) = oneshot::channel();
        let sent = self.queue.send(Message::Barrier(done));
        async move { if sent.is_ok() { wait.await.unwrap_or(Booked::Waits) } else { Booked::Waits } }
    }
}

/// The queue and the task that empties it; the task ends, with everything written that can be, when the last
/// [`Booker`] is dropped.
pub fn booker(
    store: Store,
    server: String,
    spool: Spool,
    events: mpsc::Sender<EventKind>,
) -> (Booker, impl Future<Output = ()>) {
    let (queue, inbox) = mpsc::unbounded_channel();
    (Booker { queue }, run(inbox, store, server, spool, events))
}

/// Books what a monitor that died left in its spool. What still cannot be booked stays there, for [`booker`].
pub async fn recover(store: &Store, server: &str, spool: &Spool) {
    let rows = spool.rows();
    if rows.is_empty() {
        return spool.clear();
    }
    let (count, server) = (rows.len(), server.to_owned());
    let booked = store.write(move |tx| book_all(tx, &server, &rows));
    match booked.await {
        Ok(refused) => {
            for (_, why) in &refused {
                tracing::error!("a record that waited cannot be booked: {why}");
            }
            tracing::info!("{} records that waited are booked", count - refused.len());
            spool.clear();
        }
        Err(err) => tracing::warn!("{err}; {count} records go on waiting"),
    }
}

async fn run(
    mut inbox: mpsc::UnboundedReceiver<Message>,
    store: Store,
    server: String,
    spool: Spool,
    events: mpsc::Sender<EventKind>,
) {
    // What the last monitor left, and could not be booked when this one began.
    let mut waiting: VecDeque<Row> = spool.rows().into();
    let mut failing = !waiting.is_empty();
    // How many of them are in the file: the first ones.
    let mut spooled = waiting.len();
    loop {
        let message = if failing {
            match tokio::time::timeout(RETRY, inbox.recv()).await {
                Ok(message) => message.map(Some),
                Err(_) => Some(None),
            }
        } else {
            inbox.recv().await.map(Some)
        };
        let mut barriers = Vec::new();
        let mut booked = Booked::All;
        let closed = message.is_none();
        let mut next = message.flatten();
        while let Some(message) = next {
            match message {
                Message::Write(record) => waiting.push_back((*record).into()),
                Message::Barrier(done) => barriers.push(done),
            }
            next = inbox.try_recv().ok();
        }
        if !waiting.is_empty() {
            let batch: Vec<Row> = waiting.iter().cloned().collect();
            let server = server.clone();
            let result = store.write(move |tx| book_all(tx, &server, &batch)).await;
            if let Ok(refused) = &result
                && !refused.is_empty()
            {
                booked = leave_out(&waiting, refused, &events).await;
            }
            let text = result.as_ref().err().map(|err| format!("{err}; {} records wait", waiting.len()));
            if result.is_ok() {
                waiting.clear();
                if std::mem::take(&mut spooled) > 0 {
                    spool.clear();
                }
            } else {
                if keep(&spool, waiting.range(spooled.min(waiting.len())..).cloned().collect()).await {
                    spooled = waiting.len();
                }
                spooled -= shorten(&mut waiting, spooled);
                booked = Booked::Waits;
            }
            if failing != text.is_some() {
                tracing::warn!("database: {}", text.as_deref().unwrap_or("writable again"));
            }
            if failing || text.is_some() {
                failing = text.is_some();
                let _ = events.try_send(EventKind::Problem { about: "database", text });
            }
        }
        for done in barriers {
            let _ = done.send(booked.clone());
        }
        if closed {
            return;
        }
    }
}

/// Books what can be booked; answers the places of what the database refuses for good, and why.
fn book_all(tx: &Transaction<'_>, server: &str, batch: &[Row]) -> rusqlite::Result<Vec<(usize, String)>> {
    let mut refused = Vec::new();
    for (place, record) in batch.iter().enumerate() {
        tx.prepare_cached("SAVEPOINT record")?.execute([])?;
        match record.book(tx, server) {
            Ok(()) => {}
            Err(err) if is_refusal(&err) => {
                tx.prepare_cached("ROLLBACK TO record")?.execute([])?;
                refused.push((place, err.to_string()));
            }
            Err(err) => return Err(err),
        }
        tx.prepare_cached("RELEASE record")?.execute([])?;
    }
    Ok(refused)
}

/// Whether trying again can never help.
fn is_refusal(err: &rusqlite::Error) -> bool {
    use rusqlite::{Error, ErrorCode};
    match err.sqlite_error_code() {
        Some(code) => {
            matches!(code, ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
        }
        None => matches!(err, Error::ToSqlConversionFailure(_) | Error::InvalidParameterName(_)),
    }
}

/// Reports what was refused, so that nobody counts on it.
async fn leave_out(
    batch: &VecDeque<Row>,
    refused: &[(usize, String)],
    events: &mpsc::Sender<EventKind>,
) -> Booked {
    let (mut letters, mut other) = (Vec::new(), false);
    for (place, why) in refused {
        let what = match batch.get(*place) {
            Some(Row::Letter { swarm, entry, accepted, .. }) => {
                let id = entry.handoff.id.clone();
                letters.push(id.clone());
                if *accepted && let Ok(swarm) = swarm.parse() {
                    let _ = events.send(EventKind::NotBooked { swarm, id: id.clone() }).await;
                }
                format!("the message {id}")
            }
            Some(Row::Mark { id, .. }) => {
                letters.push(id.clone());
                format!("the message {id}")
            }
            _ => {
                other = true;
                "a record".to_owned()
            }
        };
        tracing::error!("database: {what} is refused: {why}");
        let text = Some(format!("the database refuses {what}: {why}"));
        let _ = events.try_send(EventKind::Problem { about: "refused record", text });
    }
    Booked::Without { letters, other }
}

/// Writes rows to the spool, on a thread where a slow disk holds up nobody.
async fn keep(spool: &Spool, rows: Vec<Row>) -> bool {
    let spool = spool.clone();
    rows.is_empty() || tokio::task::spawn_blocking(move || spool.append(&rows)).await.unwrap_or(false)
}

/// Keeps memory bounded: log lines go before what is needed to find agents again. Answers how many of the first
/// `spooled` ones went.
fn shorten(waiting: &mut VecDeque<Row>, spooled: usize) -> usize {
    let mut excess = waiting.len().saturating_sub(KEEP);
    let (mut at, mut gone) = (0, 0);
    if excess > 0 {
        tracing::error!("the database has not been writable for long: {excess} log lines are dropped");
        waiting.retain(|r| {
            let drop = excess > 0 && matches!(r, Row::Event(_));
            excess -= usize::from(drop);
            gone += usize::from(drop && at < spooled);
            at += 1;
            !drop
        });
    }
    gone
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use jiff::Timestamp;

    use super::*;
    use crate::state::LogEvent;

    fn line(n: usize) -> Record {
        Record::Event(LogEvent {
            at: Timestamp::UNIX_EPOCH,
            swarm: "shop".parse().unwrap(),
            agent: None,
            instance: None,
            kind: "agent.status",
            actor: "test".into(),
            cause: Some("x".repeat(500)),
            data: n.into(),
        })
    }

    fn letter(id: u128, key: &str) -> Record {
        let at = Timestamp::UNIX_EPOCH;
        let mut draft = crate::handoff::Draft::new("web".parse().unwrap(), "s", "b");
        draft.idem_key = Some(key.to_owned());
        let mut queue = crate::handoff::queue::Queue::default();
        let handoff = crate::handoff::Handoff {
            schema: crate::handoff::SCHEMA.into(),
            id: crate::handoff::ulid(at, id),
            from: crate::handoff::Party::Human,
            created: at,
            draft,
        };
        queue.accept(handoff, crate::handoff::Way::Doorbell, None, "human", at);
        let entry = Box::new(queue.take_changes().remove(0).entry);
        let Record::Event(event) = line(0) else { unreachable!() };
        Record::Letter { swarm: "shop".parse().unwrap(), entry, accepted: true, event: Box::new(event) }
    }

    /// A key that was used long ago, before this monitor: only its message is refused, and everything else goes on.
    #[tokio::test]
    async fn what_the_database_refuses_keeps_nothing_else_waiting() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("swarm.db")).unwrap();
        let (events, mut happened) = mpsc::channel(16);
        let spool = Spool::of(dir.path(), std::path::Path::new("m.sock"));
        let (booker, task) = booker(store.clone(), "server".into(), spool, events);
        let task = tokio::spawn(task);
        booker.write(letter(1, "daily"));
        assert_eq!(booker.barrier().await, Booked::All);
        let Record::Letter { entry: again, .. } = letter(2, "daily") else { unreachable!() };
        (0..3).for_each(|n| booker.write(line(n)));
        booker.write(letter(2, "daily"));
        booker.write(letter(3, "weekly"));
        let Booked::Without { letters, other: false } = booker.barrier().await else { panic!() };
        assert_eq!(letters, std::slice::from_ref(&again.handoff.id));
        let refused = happened.recv().await.unwrap();
        assert!(
            matches!(&refused, EventKind::NotBooked { id, .. } if *id == again.handoff.id),
            "{refused:?}"
        );
        let problem = happened.recv().await.unwrap();
        assert!(
            matches!(&problem, EventKind::Problem { text: Some(t), .. } if t.contains("UNIQUE")),
            "{problem:?}"
        );
        assert_eq!(booked(&store).await, 5, "three lines and the events of two messages");
        booker.write(line(9));
        assert_eq!(booker.barrier().await, Booked::All);
        drop(booker);
        task.await.unwrap();
    }

    async fn booked(store: &Store) -> i64 {
        store.write(|tx| tx.query_row("SELECT count(*) FROM event", [], |r| r.get(0))).await.unwrap()
    }

    /// A database that cannot grow (the same as a full disk to SQLite): nothing is lost, the problem is named, and all
    /// is booked once there is room again.
    #[tokio::test(start_paused = true)]
    async fn a_full_database_is_a_problem_and_nothing_is_lost() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("swarm.db")).unwrap();
        let limit = |pages: i64| {
            store.write(move |tx| {
                tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |r| r.get::<_, i64>(0))
            })
        };
        limit(1).await.unwrap();
        let (events, mut happened) = mpsc::channel(16);
        let spool = Spool::of(dir.path(), std::path::Path::new("m.sock"));
        let (booker, task) = booker(store.clone(), "server".into(), spool.clone(), events);
        let task = tokio::spawn(task);
        (0..500).for_each(|n| booker.write(line(n)));
        booker.barrier().await;
        let problem = happened.recv().await.unwrap();
        let EventKind::Problem { about: "database", text: Some(text) } = problem else {
            panic!("{problem:?}")
        };
        assert!(text.contains("cannot grow") && text.contains("500 records wait"), "{text}");
        assert_eq!(booked(&store).await, 0);
        limit(1_000_000).await.unwrap();
        booker.write(line(500));
        // It may have been tried again meanwhile; in the end the problem is taken back.
        while !matches!(happened.recv().await.unwrap(), EventKind::Problem { about: "database", text: None })
        {
        }
        assert_eq!(booked(&store).await, 501);
        assert!(spool.rows().is_empty(), "nothing waits any more");
        drop(booker);
        task.await.unwrap();
    }

    /// The monitor dies while the database is full: the next one books what waited, once.
    #[tokio::test(start_paused = true)]
    async fn what_waits_outlives_the_monitor() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("swarm.db");
        let spool = Spool::of(dir.path(), std::path::Path::new("m.sock"));
        let store = Store::open(&path).unwrap();
        let limit = |pages: i64| {
            store.write(move |tx| {
                tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |r| r.get::<_, i64>(0))
            })
        };
        limit(1).await.unwrap();
        let (events, _happened) = mpsc::channel(16);
        let (first, task) = booker(store.clone(), "server".into(), spool.clone(), events.clone());
        let task = tokio::spawn(task);
        (0..400).for_each(|n| first.write(line(n)));
        assert_eq!(first.barrier().await, Booked::Waits);
        (400..500).for_each(|n| first.write(line(n)));
        assert_eq!(first.barrier().await, Booked::Waits);
        task.abort();
        let mode = std::fs::metadata(dir.path().join("spool/records-m.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(spool.rows().len(), 500);

        // The next one finds it full, too; what the first left comes before its own.
        recover(&store, "server", &spool).await;
        let (second, task) = booker(store.clone(), "server".into(), spool.clone(), events);
        let task = tokio::spawn(task);
        second.write(line(500));
        assert_eq!(second.barrier().await, Booked::Waits);
        assert_eq!(spool.rows().len(), 501);
        task.abort();

        limit(1_000_000).await.unwrap();
        recover(&store, "server", &spool).await;
        assert_eq!(booked(&store).await, 501);
        assert!(spool.rows().is_empty());
        let last = store.write(|tx| {
            tx.query_row("SELECT data FROM event ORDER BY id DESC", [], |r| r.get::<_, String>(0))
        });
        assert_eq!(last.await.unwrap(), "500".to_owned(), "in their order");
    }
}
