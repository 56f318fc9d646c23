//! The one long-lived process of a tmux server: sources feed the state, `perform` acts, snapshots go out.
//!
//! Survives hang-ups, holds a lock for as long as it lives, and may be killed at any moment: everything it knows is
//! in the store, in tmux and in the agents' transcripts. Its loop never blocks.

pub mod answer;
mod blocks;
pub mod booking;
pub mod build;
pub mod chores;
pub mod exit;
pub mod forsaken;
mod hand_in;
pub mod instance_files;
pub mod launch;
pub mod letterbox;
pub mod limits;
pub mod link;
pub mod mail;
pub mod notify;
pub mod perform;
pub mod profiles;
pub mod rebuild;
pub mod retention;
mod seek;
pub mod sessions;
pub mod show;
pub mod socket;
pub mod status_files;
pub mod status_line;
pub mod submit;
pub mod transcripts;
pub mod versions;
pub mod waiting_hooks;
pub mod watch;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch as watch_channel};

use crate::client::{Rendezvous, VERSION, private_dir};
use crate::error::{Context, Error, Kind, Result};
use crate::ledger::prices::{Override, PriceBook};
use crate::observe::hook::{HookEventKind, HookLine, PermissionAsk};
use crate::observe::spool::Spool;
use crate::paths::Paths;
use crate::protocol::{PROTOCOL, Request, Welcome};
use crate::snapshot::Snapshot;
use crate::state::{Caller, Effect, Event, EventKind, Op, Record, State};
use crate::store::Store;
use crate::tmux::ServerSpec;

use forsaken::Forsaken;
use perform::{Hands, Performer};
use socket::Inbound;
use transcripts::midnight;

/// The most snapshots per second that clients are sent.
const PUBLISH_EVERY: Duration = Duration::from_millis(100);
/// How long a stopping monitor waits for what runs after agents have ended; it goes on without us.
const CHORES: Duration = Duration::from_secs(1);
/// How long a stopping monitor waits for what it began.
const FINISH: Duration = Duration::from_secs(3);
/// What a write beyond the limit on the size of files sends; the same number on Linux and macOS.
const SIGXFSZ: i32 = 25;
/// Events taken in one turn before effects are performed and the snapshot is published.
const BATCH: usize = 256;

/// Runs the monitor of one tmux server until its last swarm is down, it is told to stop, or the server is gone for good.
///
/// `ready` is called once the socket accepts connections.
pub fn run(paths: &Paths, spec: ServerSpec, ready: impl FnOnce()) -> Result<()> {
    let server = spec.socket_path();
    let at = Rendezvous::of(paths, &server)?;
    private_dir(&paths.runtime_dir)?;
    let Some(_lock) = lock(&at.lock)? else {
        // Another one is there, or about to be.
        ready();
        return Ok(());
    };
    // A process session of our own: a hang-up of the terminal that started us does not reach us. Fails only where we
    // lead a process group already, and then there is nothing to leave.
    let _ = rustix::process::setsid();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| "start the async runtime".into())?;
    runtime.block_on(serve(paths, spec, &server, &at, ready))
}

/// Ids are drawn from a seed that no monitor before had.
fn seeded(mut state: State) -> State {
    let (high, low) = uuid::Uuid::new_v4().as_u64_pair();
    state.seed(high ^ low);
    state
}

/// The lock file, held for as long as the handle lives; `None` when another monitor holds it.
fn lock(path: &Path) -> Result<Option<File>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .context(|| format!("open {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(e)) => {
            Err(Error::failure(format!("cannot lock {}", path.display())).because(e))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the monitor is where time enters")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Everything the loop holds.
struct Monitor {
    state: State,
    performer: Performer,
    limits: limits::Limits,
    hands: Arc<Hands>,
    welcome: Welcome,
    next_op: u64,
    /// A status changed: clients hear of it at once, not with the next regular snapshot.
    urgent: bool,
    /// How many listen to snapshots although no client is connected.
    own_receivers: usize,
    forsaken: Forsaken,
}

async fn serve(
    paths: &Paths,
    spec: ServerSpec,
    server: &Path,
    at: &Rendezvous,
    ready: impl FnOnce(),
) -> Result<()> {
    let store = Store::open(&paths.database())?;
    let agents = paths.config_dir.join("agents");
    let (current, files, flaws) = profiles::Current::load(&agents);
    for flaw in &flaws {
        tracing::warn!("{flaw}");
    }
    let current = Arc::new(current);
    let (lost, mut link_lost) = mpsc::channel(4);
    let exe = std::env::current_exe().context(|| "find the swarm program itself".into())?;
    let hands = Arc::new(Hands {
        link: link::Link::new(spec, lost),
        profiles: current.clone(),
        paths: paths.clone(),
        exe,
        socket: at.socket.clone(),
        ears: submit::heard::Ears::default(),
        versions: versions::Versions::default(),
        chores: chores::Chores::default(),
    });
    let (events, mut happened) = mpsc::channel::<EventKind>(1024);
    let (calls, mut called) = mpsc::channel::<Inbound>(256);
    let prices = prices(paths)?;
    let (follow, follow_orders) = mpsc::channel(16);
    let transcripts =
        transcripts::Transcripts::new(hands.clone(), store.clone(), prices, events.clone(), now);
    let transcripts = tokio::spawn(transcripts.run(follow_orders, calls.clone()));
    let (status, status_orders) = mpsc::channel(16);
    let status_files = status_files::StatusFiles::new(hands.clone(), events.clone());
    let status_files = tokio::spawn(status_files.run(status_orders));
    let settings = crate::config::Config::user_monitor(paths).unwrap_or_default();
    let low_power = settings.low_power;
    let retention = tokio::spawn(retention::run(store.clone(), settings, paths.runtime_dir.clone(), now));
    let limits = limits::Limits::new(store.clone());
    let spool = booking::spool::Spool::of(&paths.state_dir, &at.socket);
    booking::recover(&store, &server.display().to_string(), &spool).await;
    let (booker, booking) = booking::booker(store, server.display().to_string(), spool, events.clone());
    let booking = tokio::spawn(booking);
    let (orders, watch_orders) = mpsc::channel(16);
    let (watcher, inputs) = watch::Watcher::new(hands.clone(), events.clone(), low_power, now);
    let watcher = tokio::spawn(watcher.run(inputs, watch_orders));
    let follow_files = profiles::follow(current.clone(), agents, files, events.clone(), orders.clone());
    let profile_files = tokio::spawn(follow_files);
    let listener = socket::bind(&at.socket)?;
    let (snapshots, snapshots_out) = watch_channel::channel(Arc::default());
    let (tell, to_tell) = notify::queue();
    let notifier = notify::run(hands.clone(), to_tell, snapshots_out.clone(), events.clone(), now);
    let notifier = tokio::spawn(notifier);
    let status_line = tokio::spawn(status_line::keep(hands.clone(), snapshots_out.clone()));
    let (boxes, filing, letterbox) = letterbox::start(hands.clone(), calls.clone());
    let files = [follow, status, boxes];
    let clients = tokio::spawn(socket::serve(listener, calls, snapshots_out));
    // Each client holds one more.
    let own_receivers = snapshots.receiver_count();
    let welcome = Welcome {
        protocol: PROTOCOL,
        version: VERSION.to_owned(),
        pid: std::process::id(),
        server: server.display().to_string(),
        started: now(),
    };
    let mut monitor = Monitor {
        state: seeded(State::new(current.now())),
        performer: Performer::new(hands.clone(), booker, events.clone(), orders, files, filing, tell),
        limits,
        hands: hands.clone(),
        welcome,
        next_op: 0,
        urgent: false,
        own_receivers,
        forsaken: Forsaken::new(server.to_owned()),
    };
    monitor.take(profiles::problem(&flaws));
    for kind in rebuild::rebuild(&hands, &paths.database(), server, now()).await {
        monitor.take(kind);
    }
    // What agents reported while no monitor was there.
    for line in Spool::of(&paths.state_dir, &at.socket).drain() {
        monitor.hook(&line);
    }
    ready();
    tracing::info!("monitor {VERSION} for {}", server.display());

    monitor.run(&mut called, &mut happened, &mut link_lost, &snapshots, &events).await?;
    snapshots.send_replace(Arc::new(monitor.state.snapshot()));
    monitor.finish(&mut happened).await;
    watcher.abort();
    hands.link.set_up().await;
    transcripts.abort();
    status_files.abort();
    retention.abort();
    notifier.abort();
    letterbox.abort();
    profile_files.abort();
    drop(snapshots);
    let _ = tokio::time::timeout(FINISH, booking).await;
    let _ = tokio::time::timeout(FINISH, status_line).await;
    hands.link.close().await;
    clients.abort();
    let _ = std::fs::remove_file(&at.socket);
    tracing::info!("monitor ends");
    Ok(())
}

/// The prices that hold: swarm's own or those of a refresh, and over them the person's.
fn prices(paths: &Paths) -> Result<Arc<PriceBook>> {
    let prices = PriceBook::load(&paths.config_dir.join("prices")).or_else(|err| {
        tracing::warn!("{err}; the built-in prices are used");
        PriceBook::builtin()
    })?;
    let own = crate::config::Config::user_prices(paths).unwrap_or_default();
    let own = own.iter().map(|(model, price)| Override::from_config(model, price));
    Ok(Arc::new(prices.with_overrides(own)))
}

impl Monitor {
    /// The loop: one closed set of events, taken in batches.
    async fn run(
        &mut self,
        called: &mut mpsc::Receiver<Inbound>,
        happened: &mut mpsc::Receiver<EventKind>,
        link_lost: &mut mpsc::Receiver<()>,
        snapshots: &watch_channel::Sender<Arc<Snapshot>>,
        events: &mpsc::Sender<EventKind>,
    ) -> Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context(|| "listen for SIGTERM".into())?;
        let mut interrupt = signal(SignalKind::interrupt()).context(|| "listen for SIGINT".into())?;
        // A limit on the size of files is an error of a write, not our end.
        let _size = signal(SignalKind::from_raw(SIGXFSZ)).ok();
        let mut hangup = signal(SignalKind::hangup()).context(|| "listen for SIGHUP".into())?;
        let mut publish = tokio::time::interval(PUBLISH_EVERY);
        publish.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut needed = tokio::time::interval(forsaken::EVERY);
        needed.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut unpublished, mut day) = (true, midnight(now()));
        while !self.performer.leaving() {
            let wake = self.state.next_wake();
            tokio::select! {
                biased;
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => {}
                Some(inbound) = called.recv() => {
                    let subscribes = inbound.request == Request::Subscribe;
                    self.call(inbound);
                    if subscribes {
                        snapshots.send_replace(Arc::new(self.state.snapshot()));
                    }
                }
                Some(kind) = happened.recv() => {
                    self.take(kind);
                    for _ in 0..BATCH {
                        let Ok(kind) = happened.try_recv() else { break };
                        self.take(kind);
                    }
                }
                Some(()) = link_lost.recv() => {
                    let hands = self.hands.clone();
                    let events = events.clone();
                    tokio::spawn(async move {
                        if let Some(kind) = rebuild::look_again(&hands).await {
                            let _ = events.send(kind).await;
                        }
                    });
                }
                () = sleep_until(wake), if wake.is_some() => self.take(EventKind::Tick),
                _ = needed.tick() => {
                    let today = midnight(now());
                    if std::mem::replace(&mut day, today) != today {
                        self.take(EventKind::NewDay);
                    }
                    let clients = snapshots.receiver_count() > self.own_receivers;
                    if self.forsaken.look(clients || self.hands.link.may_be_up()) {
                        tracing::info!("the tmux server is gone and nobody asks");
                        break;
                    }
                }
                _ = publish.tick(), if unpublished => {
                    unpublished = false;
                    snapshots.send_replace(Arc::new(self.state.snapshot()));
                }
            }
            self.performer.reap();
            unpublished |= self.state.take_changed();
            if std::mem::take(&mut self.urgent) && unpublished {
                unpublished = false;
                publish.reset();
                snapshots.send_replace(Arc::new(self.state.snapshot()));
            }
        }
        Ok(())
    }

    /// What was begun is finished, and what it answers is passed on.
    async fn finish(mut self, happened: &mut mpsc::Receiver<EventKind>) {
        let finish = async {
            loop {
                self.performer.finish().await;
                let Ok(kind) = happened.try_recv() else { break };
                self.take(kind);
            }
        };
        let _ = tokio::time::timeout(FINISH, finish).await;
        let _ = tokio::time::timeout(CHORES, self.performer.finish_chores()).await;
    }

    /// Something happened.
    fn take(&mut self, kind: EventKind) {
        self.hands.ears.overhear(&kind);
        for effect in self.state.apply(Event { at: now(), kind }) {
            self.urgent |= matches!(effect, Effect::Store(Record::Event(_)));
            self.performer.perform(effect);
        }
    }

    /// An agent's hook calls.
    fn hook(&mut self, line: &HookLine) {
        if !self.limits.take(line) {
            self.take(EventKind::Hook(Box::new(line.event())));
        }
    }

    /// Remembers where an answer goes.
    fn expect(&mut self, reply: socket::ReplyTo, id: Option<u64>) -> Op {
        self.next_op += 1;
        let op = Op(self.next_op);
        self.performer.expect(op, reply, id);
        op
    }

    /// A client asks.
    fn call(&mut self, inbound: Inbound) {
        if let Request::Hello(_) = inbound.request {
            inbound.reply.answer(inbound.id, Ok(json!(self.welcome)));
            return;
        }
        if inbound.request == Request::Subscribe {
            // Before the first snapshot, which follows at once.
            inbound.reply.answer(inbound.id, Ok(serde_json::Value::Null));
            return;
        }
        if let Request::Hook(value) = inbound.request {
            let Some(line) = HookLine::from_value(value) else { return };
            match (line.printed, inbound.id) {
                (Some(number), _) => self.take(EventKind::Printed(number)),
                (None, None) => self.hook(&line),
                (None, Some(_)) => {
                    let hook = Box::new(line.event());
                    let ask =
                        (hook.kind == HookEventKind::Permission).then(|| PermissionAsk::of(&line.payload));
                    let ask = ask.flatten().map(Box::new);
                    let op = self.expect(inbound.reply, inbound.id);
                    let (ancestry, token) = (inbound.ancestry, line.token);
                    let caller = Caller { ancestry, inside: line.agent, token, owner: None };
                    self.take(EventKind::Asked { op, caller, hook, ask });
                }
            }
            return;
        }
        let op = self.expect(inbound.reply, inbound.id);
        let caller = Caller {
            ancestry: inbound.ancestry,
            inside: inbound.inside,
            token: inbound.token,
            owner: inbound.owner,
        };
        self.take(EventKind::Call { op, caller, request: Box::new(inbound.request) });
    }
}

async fn sleep_until(at: Option<Timestamp>) {
    if let Some(at) = at {
        let wait = Duration::try_from(at.duration_since(now())).unwrap_or_default();
        tokio::time::sleep(wait).await;
    }
}

/// Waits until then; for ever where there is no such moment.
async fn sleep_till(at: Option<tokio::time::Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Asks a monitor that runs to say who it is.
pub async fn status(at: &Rendezvous) -> Result<Welcome> {
    let client = crate::client::Client::connect(at).await?;
    Ok(client.welcome().clone())
}

/// The error for commands that need a monitor when there is none.
pub fn none_running() -> Error {
    Error::new(Kind::Monitor, "no monitor is running").hint("`swarm up` starts it with the swarm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::prices::refresh;
    use crate::ledger::usage::Source;

    #[test]
    fn bookings_are_priced_by_the_list_of_a_refresh() {
        let home = tempfile::tempdir().unwrap();
        let var = |key: &str| (key == "HOME").then(|| home.path().as_os_str().to_owned());
        let paths = Paths::resolve(&var).unwrap();
        let known = || prices(&paths).unwrap().resolve(Source::Claude, None, "claude-opus-9").is_some();
        assert!(!known());
        let list = r#"{"claude-opus-9": {"litellm_provider": "anthropic", "mode": "chat",
            "input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05}}"#;
        refresh(list, &paths.config_dir.join("prices"), "2027-02-01").unwrap();
        assert!(known());
    }
}
