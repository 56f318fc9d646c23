//! Handoffs from marked blocks in what agents say, of those for whom that is asked for.
//!
//! Reads what is new in the transcript of each such agent and hands every block in as the agent's own `swarm handoff`,
//! under the same rules; one that is none, or may not go out, is put on record and told to the person. Only what was
//! said since the instance started counts: it was told of blocks at its start, or never.
//!
//! The ledger's reading is not this one: its place in a file is shared with `swarm ingest`, and moves on before a block
//! is handed in. Here the place is kept in memory, and a new monitor reads the file from its start. Keys make that
//! harmless: those of messages are in the store for ever, and so are those of the notices about refused blocks (but for
//! those that found no room with the person: such a block is tried anew by the next monitor).
//! Never reads a screen, and never decides about a message.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::handoff::Party;
use crate::handoff::block::{Marked, marked};
use crate::handoff::file::place_artifacts;
use crate::handoff::said::{Said, Speech, opencode};
use crate::ledger::read::uuid_ms;
use crate::ledger::scan::{self, Lines, Position, Seen, lines, trim};
use crate::ledger::usage::Source;
use crate::state::{EventKind, RefusedBlock, Watched};

use super::hand_in::{Settled, hand_in};
use super::mail::of_keys;
use super::perform::Hands;
use super::socket::Inbound;

/// When what could not be handed in is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the follower of transcripts has found out.
#[derive(Debug)]
pub(super) enum Order {
    /// Something may be new in the transcript of this agent.
    Look(Box<Spoken>),
    /// Only these instances are followed.
    Keep(BTreeSet<String>),
}

/// Where an agent's words are.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) watched: Watched,
    pub(super) source: Source,
    pub(super) file: PathBuf,
}

/// The reading of one agent's transcript.
#[derive(Debug)]
struct Reading {
    spoken: Spoken,
    speech: Speech,
    position: Option<Position>,
    /// OpenCode: the newest row that was seen.
    newest: i64,
    /// What was said before is not this instance's.
    from_ms: i64,
    /// Blocks that are to be handed in, in their order.
    waiting: VecDeque<Marked>,
    /// Keys of those that were.
    done: BTreeSet<String>,
    /// There may be something new.
    stale: bool,
}

/// What is to be done with a block.
enum Outcome {
    Done,
    Later,
}

/// Hands in what stands in the agents' replies.
#[derive(Debug)]
pub(super) struct Blocks {
    hands: Arc<Hands>,
    calls: mpsc::Sender<Inbound>,
    events: mpsc::Sender<EventKind>,
    readings: BTreeMap<String, Reading>,
}

impl Blocks {
    /// Reads nothing yet. `calls` is where clients' requests go: a block is a request of its agent.
    pub(super) fn new(
        hands: Arc<Hands>,
        calls: mpsc::Sender<Inbound>,
        events: mpsc::Sender<EventKind>,
    ) -> Self {
        Self { hands, calls, events, readings: BTreeMap::new() }
    }

    /// Reads until the orders end.
    pub(super) async fn run(mut self, mut orders: mpsc::UnboundedReceiver<Order>) {
        let mut again: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => {
                    let Some(order) = order else { return };
                    self.take(order);
                    while let Ok(order) = orders.try_recv() {
                        self.take(order);
                    }
                }
                () = tokio::time::sleep_until(again.unwrap_or_else(Instant::now)), if again.is_some() => {}
            }
            let Some(waits) = self.look().await else { return };
            again = waits.then(|| Instant::now() + AGAIN);
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Keep(instances) => self.readings.retain(|instance, _| instances.contains(instance)),
            Order::Look(spoken) => match self.readings.get_mut(&spoken.watched.instance) {
                Some(reading) => reading.follow(*spoken),
                None => {
                    let instance = spoken.watched.instance.clone();
                    self.readings.extend(Reading::of(*spoken).map(|reading| (instance, reading)));
                }
            },
        }
    }

    /// Reads what is new and hands it in; answers whether something waits, `None` where the monitor ends.
    async fn look(&mut self) -> Option<bool> {
        let mut waits = false;
        let busy = self.readings.iter().filter(|(_, r)| r.stale || !r.waiting.is_empty());
        let busy: Vec<String> = busy.map(|(instance, _)| instance.clone()).collect();
        for instance in busy {
            let Some(mut reading) = self.readings.remove(&instance) else { continue };
            if reading.stale {
                let read = tokio::task::spawn_blocking(move || {
                    reading.read();
                    reading
                });
                match read.await {
                    Ok(read) => reading = read,
                    // The others are read on; this one begins anew when it changes. What was handed in is known by its key.
                    Err(err) => {
                        tracing::error!("the transcript of {instance} is not searched for handoffs: {err}");
                        continue;
                    }
                }
            }
            while let Some(next) = reading.waiting.front() {
                match self.settle(&reading.spoken.watched, next).await? {
                    Outcome::Done => reading.done.extend(reading.waiting.pop_front().map(|m| m.key)),
                    Outcome::Later => {
                        waits = true;
                        break;
                    }
                }
            }
            // What could not be read is tried again, too.
            waits |= reading.stale;
            self.readings.insert(instance, reading);
        }
        Some(waits)
    }

    /// Hands one block in, or tells why it is not; `None` where the monitor ends.
    async fn settle(&self, of: &Watched, marked: &Marked) -> Option<Outcome> {
        let (hands, swarm, key) = (self.hands.clone(), of.swarm.clone(), vec![marked.key.clone()]);
        let told =
            tokio::task::spawn_blocking(move || of_keys(&hands, &swarm, &Party::Swarm, &key)).await.ok()?;
        match told {
            Ok(told) if told.is_empty() => {}
            // A monitor before has refused it: it stays so.
            Ok(_) => return Some(Outcome::Done),
            Err(err) => {
                tracing::debug!("blocks of {}: {err}", of.agent);
                return Some(Outcome::Later);
            }
        }
        let why = match marked.read(&of.agent) {
            Ok(mut draft) => {
                place_artifacts(&mut draft, &of.directory);
                match hand_in(&self.calls, &of.swarm, &of.agent, draft).await? {
                    Settled::Taken(_) => return Some(Outcome::Done),
                    Settled::Later => return Some(Outcome::Later),
                    Settled::Refused(why) => why,
                }
            }
            Err(why) => why,
        };
        let refused = RefusedBlock {
            swarm: of.swarm.clone(),
            agent: of.agent.clone(),
            instance: of.instance.clone(),
            key: marked.key.clone(),
            why,
        };
        self.events.send(EventKind::BlockRefused(Box::new(refused))).await.ok()?;
        Some(Outcome::Done)
    }
}

impl Reading {
    fn of(spoken: Spoken) -> Option<Self> {
        let speech = Speech::of(spoken.source)?;
        // The instance's id was made before its process was: what it says at once is not too early.
        let started = spoken.watched.started.as_millisecond();
        let from_ms = uuid_ms(&spoken.watched.instance).map_or(started, |made| made.min(started));
        Some(Self {
            spoken,
            speech,
            position: None,
            newest: from_ms,
            from_ms,
            waiting: VecDeque::new(),
            done: BTreeSet::new(),
            stale: true,
        })
    }

    /// The transcript changed; it may be another one by now.
    fn follow(&mut self, spoken: Spoken) {
        let same = self.spoken.file == spoken.file && self.spoken.watched.session == spoken.watched.session;
        if !same {
            self.speech.restart();
            (self.position, self.newest) = (None, self.from_ms);
        }
        self.spoken = spoken;
        self.stale = true;
    }

    /// Reads what is new. Blocks on files.
    fn read(&mut self) {
        self.stale = false;
        let said = match self.spoken.source {
            Source::OpenCode => self.rows(),
            _ => self.lines(),
        };
        for marked in said.iter().filter(|s| s.at_ms >= self.from_ms).flat_map(marked) {
            let known = self.done.contains(&marked.key) || self.waiting.iter().any(|w| w.key == marked.key);
            if !known {
                self.waiting.push_back(marked);
            }
        }
    }

    fn lines(&mut self) -> Vec<Said> {
        let mut ear = Ear { speech: &mut self.speech, said: Vec::new() };
        let read = scan::read(&self.spoken.file, self.position.as_ref(), &mut ear, &mut Vec::new());
        let said = ear.said;
        match read {
            Ok(position) => self.position = Some(position),
            Err(err) => {
                tracing::debug!("{}: {err}", self.spoken.file.display());
                self.stale = true;
            }
        }
        said
    }

    fn rows(&mut self) -> Vec<Said> {
        let Some(session) = &self.spoken.watched.session else { return Vec::new() };
        let read = crate::store::open_reader(&self.spoken.file).map_err(|e| format!("{e}"));
        let read = read.and_then(|conn| opencode(&conn, session, self.newest).map_err(|e| format!("{e}")));
        match read {
            Ok((said, newest)) => {
                self.newest = newest;
                said
            }
            Err(err) => {
                tracing::debug!("{}: {err}", self.spoken.file.display());
                self.stale = true;
                Vec::new()
            }
        }
    }
}

/// Hears what is new in a file.
struct Ear<'a> {
    speech: &'a mut Speech,
    said: Vec<Said>,
}

impl Lines for Ear<'_> {
    fn block(&mut self, offset: u64, block: &[u8]) {
        for (_, line) in lines(offset, block) {
            self.said.extend(self.speech.line(line));
        }
    }

    fn rest(&mut self, _: u64, line: &[u8]) -> Seen {
        // What is torn is read again once it has its end.
        let line = trim(line);
        if line.ends_with(b"}") && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok() {
            self.said.extend(self.speech.line(line));
            return Seen::Taken;
        }
        Seen::Malformed
    }

    fn oversized(&mut self) {}

    fn restart(&mut self) {
        self.speech.restart();
    }
}

#[cfg(test)]
mod tests;
