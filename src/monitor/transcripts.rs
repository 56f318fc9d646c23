//! Follows the transcripts of the agents that run: what they used, what it cost, how full their context is.
//!
//! Directories are watched and a slow sweep repairs what was missed. Books into the store and tells the state, also
//! what the same records say about the turn; never reads a pane and never decides a status.

mod family;
mod locate;
mod subagents;
mod turns;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::agent::TranscriptKind;
use crate::ledger::discover::Found;
use crate::ledger::ingest::{Job, read_one};
use crate::ledger::prices::PriceBook;
use crate::ledger::report::Sums;
use crate::ledger::scan::Position;
use crate::ledger::usage::{ContextSample, Source};
use crate::observe::transcript::TurnRecord;
use crate::paths::Paths;
use crate::snapshot::SubagentView;
use crate::state::{EventKind, Usage, Watched};
use crate::status::Tokens;
use crate::store::Store;
use crate::store::budgets::{AgentSpent, agent_spent, up_ms};
use crate::store::usage::{Owner, Update, attribute, follow, instance_totals, owner_cost_since};

use super::blocks::{Blocks, Order, Spoken};
use super::perform::Hands;
use super::socket::Inbound;
use family::{Family, Rollouts};
pub use locate::file_of;
use locate::{guess, lay, newest_session, session_of};
use subagents::Subagents;
use turns::Told;

/// How long changes are collected before they are read together.
const COALESCE: Duration = Duration::from_millis(100);
/// How often everything is looked at although nothing was reported: transcripts that appear late, events that were lost.
const SWEEP: Duration = Duration::from_secs(3);

/// The largest transcript that is read again as a whole after a restart, in bytes.
const WHOLE_MAX: u64 = 64 * 1024 * 1024;

/// One agent's transcript.
#[derive(Debug)]
struct Entry {
    watched: Watched,
    source: Source,
    /// The main file, once it is known and there.
    file: Option<PathBuf>,
    /// Everything its usage is in.
    family: Family,
    subagents: Subagents,
    usage: Usage,
    /// What was told of the agent's spending.
    spent: Option<Spent>,
    /// What was told of its turns.
    told: Told,
    /// How everything lay when it was last booked: nothing is to be done while it lies so.
    lay: Option<Lay>,
    /// What its file said when it was read for another agent: those of OpenCode share one.
    heard: Vec<TurnRecord>,
    /// The agent has ended; what it wrote last is booked until then.
    until: Option<Instant>,
}

/// What an agent's bills come to, for which day and since when.
type Spent = (Vec<AgentSpent>, i64, i64);
/// The day, and size and time of change of each file.
type Lay = (i64, Vec<(PathBuf, u64, i64)>);

/// What a booking gave.
struct Booked {
    usage: Usage,
    spent: Spent,
    /// The conversation.
    session: String,
    /// What its records say about the turn.
    turns: Vec<TurnRecord>,
}

/// How long the transcript of an agent that has ended is still looked at: its last lines may lie in no event.
const AFTERWARDS: Duration = Duration::from_secs(10);

/// Follows transcripts until the loop drops its end of the orders.
#[derive(Debug)]
pub struct Transcripts {
    hands: Arc<Hands>,
    store: Store,
    prices: Arc<PriceBook>,
    events: mpsc::Sender<EventKind>,
    server: String,
    now: fn() -> Timestamp,
    entries: HashMap<String, Entry>,
    rollouts: Rollouts,
    dirs: BTreeSet<PathBuf>,
    /// Where agents whose replies may hold handoffs are told of.
    blocks: Option<mpsc::UnboundedSender<Order>>,
}

impl Transcripts {
    /// Follows nothing yet.
    pub fn new(
        hands: Arc<Hands>,
        store: Store,
        prices: Arc<PriceBook>,
        events: mpsc::Sender<EventKind>,
        now: fn() -> Timestamp,
    ) -> Self {
        let server = hands.link.spec().socket_path().display().to_string();
        let (entries, rollouts, dirs) = (HashMap::new(), Rollouts::default(), BTreeSet::new());
        Self { hands, store, prices, events, server, now, entries, rollouts, dirs, blocks: None }
    }

    /// Follows until the orders end. `calls` is where clients' requests go.
    pub async fn run(mut self, mut orders: mpsc::Receiver<Vec<Watched>>, calls: mpsc::Sender<Inbound>) {
        let (tell_blocks, told) = mpsc::unbounded_channel();
        self.blocks = Some(tell_blocks);
        let mut children = tokio::task::JoinSet::new();
        children.spawn(Blocks::new(self.hands.clone(), calls, self.events.clone()).run(told));
        let (changed, mut changes) = mpsc::channel::<()>(1);
        // What changed is found out by looking at the few files there are: one wake-up is enough.
        let tell = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|e| !matches!(e.kind, notify::EventKind::Access(_))) {
                let _ = changed.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(tell)
            .inspect_err(|e| tracing::warn!("transcripts are only looked at every {SWEEP:?}: {e}"))
            .ok();
        let mut due: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(watched) => {
                        self.set(watched);
                        due = Some(Instant::now());
                    }
                    None => return,
                },
                Some(()) = changes.recv() => {
                    let at = Instant::now() + COALESCE;
                    due = Some(due.map_or(at, |d| d.min(at)));
                }
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                    self.look(watcher.as_mut()).await;
                    due = (!self.entries.is_empty()).then(|| Instant::now() + SWEEP);
                }
            }
        }
    }

    fn set(&mut self, watched: Vec<Watched>) {
        let mut old = std::mem::take(&mut self.entries);
        for watched in watched {
            let Some(source) = source_of(&self.hands, &watched.profile) else { continue };
            let entry = match old.remove(&watched.instance) {
                Some(entry)
                    if entry.watched.session == watched.session
                        && entry.watched.transcript == watched.transcript =>
                {
                    Entry { watched, source, until: None, ..entry }
                }
                Some(entry) => {
                    let told = Told::default();
                    Entry {
                        watched,
                        source,
                        file: None,
                        lay: None,
                        heard: Vec::new(),
                        told,
                        until: None,
                        ..entry
                    }
                }
                None => Entry {
                    watched,
                    source,
                    file: None,
                    family: Family::default(),
                    subagents: Subagents::default(),
                    usage: Usage::default(),
                    spent: None,
                    told: Told::default(),
                    lay: None,
                    heard: Vec::new(),
                    until: None,
                },
            };
            self.entries.insert(entry.watched.instance.clone(), entry);
        }
        // What an agent wrote just before its end is not lost.
        let until = Instant::now() + AFTERWARDS;
        for (instance, mut entry) in old {
            let until = *entry.until.get_or_insert(until);
            if until > Instant::now() {
                self.entries.insert(instance, entry);
            }
        }
        self.tell_blocks(Order::Keep(self.entries.keys().cloned().collect()));
    }

    fn tell_blocks(&self, order: Order) {
        // Its reader ends with us.
        let _ = self.blocks.as_ref().map(|blocks| blocks.send(order));
    }

    /// Reads what is new in every transcript and tells what changed.
    async fn look(&mut self, watcher: Option<&mut RecommendedWatcher>) {
        self.locate();
        self.gather();
        self.watch(watcher);
        let instances: Vec<String> =
            self.entries.iter().filter(|(_, e)| e.file.is_some()).map(|(id, _)| id.clone()).collect();
        for instance in &instances {
            self.look_at(instance).await;
        }
        // What was read for another of those that share a file.
        for instance in &instances {
            if self.entries.get(instance).is_some_and(|entry| !entry.heard.is_empty()) {
                self.look_at(instance).await;
            }
            // It has no conversation yet that they could be of.
            self.entries.get_mut(instance).into_iter().for_each(|entry| entry.heard.clear());
        }
        let now = Instant::now();
        self.entries.retain(|_, e| e.until.is_none_or(|until| until > now));
    }

    /// Reads what is new for one agent and tells what changed.
    async fn look_at(&mut self, instance: &str) {
        let Some(entry) = self.entries.get(instance) else { return };
        let lay = (midnight((self.now)()), lay(entry));
        if entry.lay.as_ref() == Some(&lay) && entry.heard.is_empty() {
            return;
        }
        if let Some(file) = entry.file.clone().filter(|_| entry.watched.handoff_block) {
            let spoken = Spoken { watched: entry.watched.clone(), source: entry.source, file };
            self.tell_blocks(Order::Look(Box::new(spoken)));
        }
        let Some(Booked { mut usage, spent, session, mut turns }) = self.book(entry, &lay).await else {
            return;
        };
        self.hand_round(instance, &mut turns);
        usage.subagents = self.subagents(instance).await;
        let Some(entry) = self.entries.get(instance) else { return };
        if entry.spent.as_ref() != Some(&spent) {
            let (swarm, agent) = (entry.watched.swarm.clone(), entry.watched.agent.clone());
            let (spent, day_ms, up_ms) = spent.clone();
            let _ = self.events.send(EventKind::Spent { swarm, agent, spent, day_ms, up_ms }).await;
        }
        if usage != entry.usage {
            let event = EventKind::Usage { instance: instance.to_owned(), usage: Box::new(usage.clone()) };
            let _ = self.events.send(event).await;
        }
        if let Some(entry) = self.entries.get_mut(instance) {
            let said = entry.told.news(turns, &session, entry.watched.started, (self.now)());
            if !said.is_empty() {
                let event = EventKind::Transcript { instance: instance.to_owned(), session, said };
                let _ = self.events.send(event).await;
            }
            (entry.usage, entry.spent, entry.lay) = (usage, Some(spent), Some(lay));
        }
    }

    /// Finds the files that are there by now.
    fn locate(&mut self) {
        let paths = &self.hands.paths;
        for entry in self.entries.values_mut().filter(|e| e.file.is_none()) {
            // aider's history, which a hook may name, is rounded: what it was told to write is exact.
            let named = entry.watched.transcript.clone().filter(|_| entry.source != Source::Aider);
            let found = named.or_else(|| guess(entry.source, &entry.watched, paths)).filter(|f| f.is_file());
            if let Some(file) = found {
                // The log of aider is named after the instance: no conversation that could be resumed.
                if entry.watched.session.is_none()
                    && entry.source != Source::Aider
                    && let Some(session) = session_of(entry.source, &file)
                {
                    let event = EventKind::Conversation { pane: entry.watched.pane, session };
                    let _ = self.events.try_send(event);
                }
                entry.file = Some(file);
            }
        }
    }

    /// Finds the files of subagents that are there by now.
    fn gather(&mut self) {
        let now = (self.now)();
        for entry in self.entries.values_mut() {
            let Some(file) = &entry.file else { continue };
            let session = entry.watched.session.clone().or_else(|| session_of(entry.source, file));
            let started = entry.watched.started;
            entry.family =
                Family::of(entry.source, file, session.as_deref(), started, now, &mut self.rollouts);
        }
    }

    /// Watches the directories of the files; one that cannot be watched is swept.
    fn watch(&mut self, watcher: Option<&mut RecommendedWatcher>) {
        let Some(watcher) = watcher else { return };
        let located = self.entries.values().filter(|e| e.file.is_some());
        let wanted: BTreeSet<PathBuf> = located.flat_map(|e| e.family.dirs.iter().cloned()).collect();
        for gone in self.dirs.difference(&wanted) {
            let _ = watcher.unwatch(gone);
        }
        let mut kept = BTreeSet::new();
        for dir in wanted {
            if self.dirs.contains(&dir) || watcher.watch(&dir, RecursiveMode::NonRecursive).is_ok() {
                kept.insert(dir);
            }
        }
        self.dirs = kept;
    }

    /// Books what one agent's files have gained; `None` when there was nothing to say.
    async fn book(&self, entry: &Entry, lay: &Lay) -> Option<Booked> {
        let midnight = lay.0;
        let file = entry.file.clone()?;
        let files: Vec<(Source, PathBuf)> =
            entry.family.files.iter().map(|f| (entry.source, f.clone())).collect();
        let threads = entry.family.threads.clone();
        let prices = self.prices.clone();
        let (source, watched) = (entry.source, entry.watched.clone());
        let session = match source {
            Source::OpenCode => self.opencode_session(entry, &file)?,
            _ => watched.session.clone().or_else(|| session_of(source, &file))?,
        };
        let server = self.server.clone();
        let conversation = session.clone();
        let from = watched.started.as_millisecond();
        let booked = self.store.write(move |tx| {
            let owner = Owner {
                swarm: watched.swarm.as_str(),
                agent: watched.agent.as_str(),
                role: watched.role.as_deref(),
                instance: &watched.instance,
            };
            attribute(tx, source, &session, from, &owner)?;
            for thread in &threads {
                attribute(tx, source, thread, from, &owner)?;
            }
            let updates = follow(tx, &prices, &files)?;
            let sums = instance_totals(tx, &watched.instance)?;
            let up_ms = up_ms(tx, &server, owner.swarm)?.unwrap_or(0);
            let spent = agent_spent(tx, owner.swarm, owner.agent, midnight, up_ms)?;
            let today = owner_cost_since(tx, owner.swarm, owner.agent, midnight)?;
            Ok((updates, sums, today, (spent, midnight, up_ms)))
        });
        let (updates, sums, today, spent) =
            booked.await.inspect_err(|e| tracing::debug!("transcripts: {e}")).ok()?;
        let mut usage = entry.usage.clone();
        self.context(entry, &file, &updates, &mut usage);
        let mut turns = Vec::new();
        // `swarm ingest` may have read first what is new: the ledger's place in the file is one for all.
        let main = |lay: &Lay| lay.1.first().cloned();
        let is_new = entry.lay.as_ref().is_some_and(|before| main(before) != main(lay));
        let taken = is_new && !updates.iter().any(|u| u.path == file);
        if taken || entry.lay.is_none() && usage.context.is_none() {
            turns = self.so_far(entry, &file, &mut usage).await;
        }
        // Subagents have files of their own, which say nothing about the turn above them.
        turns.extend(updates.into_iter().filter(|u| u.path == file).flat_map(|u| u.turns));
        if sums.calls > 0 {
            usage.tokens = Some(tokens(&sums));
            usage.cost = sums.cost_usd.and_then(|usd| u64::try_from(usd.0).ok());
        }
        usage.cost_today = today.and_then(|usd| u64::try_from(usd.0).ok());
        Some(Booked { usage, spent, session: conversation, turns })
    }

    /// Gives an agent what was heard for it before, and the others that share its file what was heard now.
    fn hand_round(&mut self, instance: &str, turns: &mut Vec<TurnRecord>) {
        let Some(entry) = self.entries.get_mut(instance) else { return };
        let (heard, file) = (std::mem::take(&mut entry.heard), entry.file.clone());
        for (_, other) in self.entries.iter_mut().filter(|(id, e)| *id != instance && e.file == file) {
            other.heard.extend(turns.iter().cloned());
        }
        turns.extend(heard);
    }

    /// What is known of the subagents of an instance by now.
    async fn subagents(&mut self, instance: &str) -> Vec<SubagentView> {
        let Some(entry) = self.entries.get_mut(instance).filter(|e| e.family.files.len() > 1) else {
            return Vec::new();
        };
        let mut subagents = std::mem::take(&mut entry.subagents);
        let (source, from, family) = (entry.source, entry.watched.started, entry.family.clone());
        let prices = self.prices.clone();
        let read = move || {
            let views = subagents.look(source, &family, from, &prices);
            (subagents, views)
        };
        let Ok((subagents, views)) = tokio::task::spawn_blocking(read).await else { return Vec::new() };
        if let Some(entry) = self.entries.get_mut(instance) {
            entry.subagents = subagents;
        }
        views
    }

    /// The conversation of an OpenCode agent: all share one database, which knows each conversation's directory.
    fn opencode_session(&self, entry: &Entry, database: &Path) -> Option<String> {
        let others = self.entries.values().filter(|e| e.watched.instance != entry.watched.instance);
        let taken: Vec<&str> = others.filter_map(|e| e.watched.session.as_deref()).collect();
        let conn = crate::store::open_reader(database).ok()?;
        let found = newest_session(&conn, &entry.watched, &taken).ok().flatten();
        if let Some(session) = found.clone().filter(|s| entry.watched.session.as_ref() != Some(s)) {
            let event = EventKind::Conversation { pane: entry.watched.pane, session };
            let _ = self.events.try_send(event);
        }
        found.or_else(|| entry.watched.session.clone())
    }

    /// How full the context is, and how the turn stands, when a transcript is found again that was booked before.
    async fn so_far(&self, entry: &Entry, file: &Path, usage: &mut Usage) -> Vec<TurnRecord> {
        // One database for all conversations says it with the next request only.
        if entry.source == Source::OpenCode {
            return Vec::new();
        }
        let (source, path) = (entry.source, file.to_owned());
        let read = tokio::task::spawn_blocking(move || last_sample(source, path)).await;
        let Some((sample, turns)) = read.ok().flatten() else { return Vec::new() };
        if let Some(sample) = sample {
            usage.context = Some(crate::ledger::context::usage(source, &sample, &self.prices));
            usage.model = Some(sample.model).filter(|m| !m.is_empty());
        }
        turns
    }

    /// How full the context is by the main file's last request; a compaction voids what was known.
    fn context(&self, entry: &Entry, file: &Path, updates: &[Update], usage: &mut Usage) {
        // In a database that several agents share the last request may be anybody's.
        if self.entries.values().filter(|e| e.file.as_deref() == Some(file)).count() > 1 {
            return;
        }
        for update in updates.iter().filter(|u| u.path == file) {
            if update.compacted {
                usage.context = None;
            }
            if let Some(sample) = &update.context {
                usage.context = Some(crate::ledger::context::usage(entry.source, sample, &self.prices));
                usage.model = Some(sample.model.clone()).filter(|m| !m.is_empty());
            }
        }
    }
}

fn source_of(hands: &Hands, profile: &str) -> Option<Source> {
    Some(match hands.profiles.get(profile)?.transcript() {
        TranscriptKind::Claude | TranscriptKind::Sim => Source::Claude,
        TranscriptKind::Codex => Source::Codex,
        TranscriptKind::Gemini => Source::Gemini,
        TranscriptKind::Qwen => Source::Qwen,
        TranscriptKind::Opencode => Source::OpenCode,
        TranscriptKind::Copilot => Source::Copilot,
        TranscriptKind::Aider => Source::Aider,
        TranscriptKind::None => return None,
    })
}

/// Where an agent that writes a log of its usage only when told so is told to write it.
pub(super) fn usage_log(paths: &Paths, instance: &str) -> PathBuf {
    paths.usage_logs().join(format!("{instance}.jsonl"))
}

/// What was used, as it is shown.
pub(super) fn tokens(sums: &Sums) -> Tokens {
    Tokens {
        input: sums.input,
        output: sums.output,
        cache_read: sums.cache_read,
        cache_write: sums.cache_write_5m + sums.cache_write_1h,
    }
}

/// How full the context is, and how the turn stands, by all of a transcript, which other readings have booked already;
/// nothing is booked here.
fn last_sample(source: Source, path: PathBuf) -> Option<(Option<ContextSample>, Vec<TurnRecord>)> {
    let stat = Position::stat(&path).ok().filter(|stat| stat.size <= WHOLE_MAX)?;
    let job = Job { found: Found { path, source, stat }, before: None, moved_from: None };
    let batch = read_one(job, &mut Vec::new())?.batch;
    Some((batch.context.filter(|_| !batch.compacted), batch.turns))
}

/// The start of the person's day, in milliseconds since 1970 UTC.
pub(super) fn midnight(now: Timestamp) -> i64 {
    let zoned = now.to_zoned(TimeZone::system());
    zoned.start_of_day().map_or(0, |day| day.timestamp().as_millisecond())
}
