//! The only place that acts: effects become tmux commands, signals, records and answers.
//!
//! Every effect that takes time runs in a task of its own and reports back as an event; the loop never waits here.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::delivery::{Outcome, Receipt, Why};
use crate::error::{Error, Kind, Result};
use crate::handoff::{Handoff, Party};
use crate::name::SwarmName;
use crate::paths::Paths;
use crate::protocol::{Adopt, HandedOver, Line, Notice, RpcError};
use crate::state::event::FoundPane;
use crate::state::{Effect, EventKind, Filed, Op, Record, Started, Watched};
use crate::status::Reason;
use crate::tmux::{Command, PaneId, SessionId};

use super::booking::{Booked, Booker};
use super::link::Link;
use super::notify::Happened;
use super::socket::ReplyTo;
use super::waiting_hooks::WaitingHooks;
use super::{answer, build, chores, instance_files, launch, sessions, show, submit};

/// What the tasks need to act.
#[derive(Debug)]
pub struct Hands {
    /// The command channel.
    pub link: Link,
    /// The agent CLIs.
    pub profiles: Arc<super::profiles::Current>,
    /// Where files live.
    pub paths: Paths,
    /// This program.
    pub exe: PathBuf,
    /// The monitor's own socket, for the agents' environment.
    pub socket: PathBuf,
    /// What agents report, for submissions that are under way.
    pub ears: submit::heard::Ears,
    /// The versions of the agent CLIs.
    pub versions: super::versions::Versions,
    /// Which agents' own programs run.
    pub chores: super::chores::Chores,
}

/// Performs effects.
#[derive(Debug)]
pub struct Performer {
    hands: Arc<Hands>,
    booker: Booker,
    events: mpsc::Sender<EventKind>,
    watch: mpsc::Sender<super::watch::Order>,
    files: [mpsc::Sender<Vec<Watched>>; 3],
    filing: mpsc::UnboundedSender<Filed>,
    tell: mpsc::Sender<Happened>,
    tasks: JoinSet<()>,
    /// What runs after agents have ended: nobody waits for it.
    chores: JoinSet<()>,
    replies: HashMap<Op, (ReplyTo, Option<u64>)>,
    waiting_hooks: WaitingHooks,
    /// Something was stored since the last answer.
    stored: bool,
    /// The monitor is to end.
    leaving: bool,
}

impl Performer {
    /// A performer with nothing to do.
    pub fn new(
        hands: Arc<Hands>,
        booker: Booker,
        events: mpsc::Sender<EventKind>,
        watch: mpsc::Sender<super::watch::Order>,
        files: [mpsc::Sender<Vec<Watched>>; 3],
        filing: mpsc::UnboundedSender<Filed>,
        tell: mpsc::Sender<Happened>,
    ) -> Self {
        Self {
            hands,
            booker,
            events,
            watch,
            files,
            filing,
            tell,
            tasks: JoinSet::new(),
            chores: JoinSet::new(),
            replies: HashMap::new(),
            waiting_hooks: WaitingHooks::default(),
            stored: false,
            leaving: false,
        }
    }

    /// Remembers where the answer to a call goes.
    pub fn expect(&mut self, op: Op, reply: ReplyTo, id: Option<u64>) {
        self.replies.insert(op, (reply, id));
    }

    /// Whether the monitor is to end.
    pub const fn leaving(&self) -> bool {
        self.leaving
    }

    /// Waits until what was begun has ended.
    pub async fn finish(&mut self) {
        while self.tasks.join_next().await.is_some() {}
    }

    /// Waits until what runs after agents' ends has ended. What is still running when this is dropped goes on alone.
    pub async fn finish_chores(&mut self) {
        while self.chores.join_next().await.is_some() {}
    }

    /// Forgets the tasks that have ended.
    pub fn reap(&mut self) {
        while self.chores.try_join_next().is_some() {}
        while self.tasks.try_join_next().is_some() {}
    }

    /// Does one thing.
    pub fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Reply(op, result) => self.reply(op, result),
            Effect::ReplyStored(op, result) => self.reply_stored(op, result),
            Effect::ReplyFollowed { op, session, answer } => self.reply_followed(op, session, answer),
            Effect::ReplyNow(op, value) => {
                if let Some((reply, id)) = self.replies.remove(&op) {
                    reply.answer(id, Ok(value));
                }
            }
            Effect::HandOver(op, handed) => self.hand_over(op, handed),
            Effect::AwaitAnswer { op, instance, ask } => {
                if let Some((reply, id)) = self.replies.remove(&op) {
                    self.waiting_hooks.keep(instance, *ask, reply, id);
                }
            }
            Effect::LetGo(instance) => drop(self.waiting_hooks.take(&instance)),
            answer @ Effect::Answer { .. } => self.answer(answer),
            Effect::Letters { op, swarm, of, id } => self.letters(op, swarm, of, id),
            Effect::Progress(op, progress) => {
                if let Some((reply, _)) = self.replies.get(&op) {
                    reply.send(Line::Notice(Notice::Progress(progress)));
                }
            }
            Effect::Store(record) => {
                if !matches!(record, Record::Event(_)) {
                    self.stored = true;
                }
                if let Record::InstanceEnded { instance, reason, .. } = &record {
                    drop(self.waiting_hooks.take(instance));
                    // One that is only lost from sight may run on, and be found again.
                    if *reason != Reason::Lost {
                        self.forget_files(instance.clone());
                    }
                }
                self.booker.write(record);
            }
            Effect::Watch(watched) => {
                self.hands.ears.know(&watched);
                // The watcher drains its orders before anything else, so the newest set always arrives.
                let (watch, files) = (self.watch.clone(), self.files.clone());
                self.tasks.spawn(async move {
                    for followers in files {
                        let _ = followers.send(watched.clone()).await;
                    }
                    let _ = watch.send(super::watch::Order::Panes(watched)).await;
                });
            }
            Effect::WatchFocus(panes) => {
                let watch = self.watch.clone();
                self.tasks.spawn(async move {
                    let _ = watch.send(super::watch::Order::Focus(panes)).await;
                });
            }
            Effect::File(filed) => {
                let _ = self.filing.send(*filed);
            }
            submit @ Effect::Submit { .. } => self.submit(submit),
            keys @ Effect::FindKeys { .. } => self.find_keys(keys),
            Effect::ReadBudgets(swarm) => self.read_budgets(swarm),
            Effect::Leave => self.leaving = true,
            Effect::Signal { pid, pid_start, kill } => launch::signal(pid, pid_start, kill),
            Effect::Notify { swarm, agent, attention } => {
                // A full queue: more has happened than anybody could be told, and the overview shows it all.
                let _ = self.tell.try_send(Happened::Agent { swarm, agent, attention });
            }
            Effect::NotifyBudget { swarm, text } => {
                let _ = self.tell.try_send(Happened::Budget { swarm, text });
            }
            Effect::Configured(_) => {}
            Effect::AfterExit(ended) => {
                let hands = self.hands.clone();
                self.chores.spawn(async move { chores::after_exit(&hands, &ended).await });
            }
            other => self.act(other),
        }
    }

    fn forget_files(&mut self, instance: String) {
        let runtime_dir = self.hands.paths.runtime_dir.clone();
        self.tasks.spawn_blocking(move || {
            if let Err(err) = instance_files::forget(&runtime_dir, &instance) {
                tracing::debug!("{err}");
            }
        });
    }

    fn reply(&mut self, op: Op, result: Result<Value, RpcError>) {
        let Some((reply, id)) = self.replies.remove(&op) else { return };
        if std::mem::take(&mut self.stored) {
            let committed = self.booker.barrier();
            self.tasks.spawn(async move {
                let _ = committed.await;
                reply.answer(id, result);
            });
        } else {
            reply.answer(id, result);
        }
    }

    /// Answers once all before it was written, and our own clients have attached to the session.
    fn reply_followed(&mut self, op: Op, session: Option<SessionId>, answer: Value) {
        let Some((reply, id)) = self.replies.remove(&op) else { return };
        let committed = self.booker.barrier();
        let hands = self.hands.clone();
        self.tasks.spawn(async move {
            let _ = committed.await;
            if let Some(session) = session {
                hands.link.followed(session).await;
            }
            reply.answer(id, Ok(answer));
        });
    }

    /// Answers once all before it is in the database; an error where the database cannot take it now.
    fn reply_stored(&mut self, op: Op, result: Result<Value, RpcError>) {
        let Some((reply, id)) = self.replies.remove(&op) else { return };
        let committed = self.booker.barrier();
        self.tasks.spawn(async move {
            let about = result.as_ref().map(ToString::to_string).unwrap_or_default();
            let result = match committed.await {
                Booked::Waits => Err(RpcError::from(&not_stored())),
                booked if booked.holds(|id| about.contains(id)) => result,
                _ => Err(RpcError::from(&refused())),
            };
            reply.answer(id, result);
        });
    }

    /// Gives a hook what waits for its agent, once it is stored that it gets it.
    fn hand_over(&mut self, op: Op, handed: HandedOver) {
        let Some((reply, id)) = self.replies.remove(&op) else { return };
        let committed = self.booker.barrier();
        let events = self.events.clone();
        self.tasks.spawn(async move {
            if committed.await.holds(|_| true) && !reply.is_gone() {
                reply.answer(id, Ok(json!(handed)));
            } else {
                reply.answer(id, Ok(Value::Null));
                let _ = events.send(EventKind::Unprinted(handed.number)).await;
            }
        });
    }

    /// Answers a prompt, by the hook that waits for it where there is one.
    fn answer(&mut self, effect: Effect) {
        let Effect::Answer { op, pane, profile, choice, expect, because, instance, target } = effect else {
            return;
        };
        let waiting = self.waiting_hooks.take(&instance);
        let (hands, events) = (self.hands.clone(), self.events.clone());
        self.tasks.spawn(async move {
            let wanted = answer::Wanted { choice, expect, because: because.clone() };
            let answered = answer::answer(&hands, pane, &profile, wanted, waiting).await;
            let result = answered.map_err(|e| RpcError::from(&e));
            let _ = events.send(EventKind::Answered { op, target, instance, because, result }).await;
        });
    }

    /// Asks the store for the messages that were sent under keys which nobody remembers.
    fn find_keys(&mut self, effect: Effect) {
        let Effect::FindKeys { op, caller, request, swarm, from, keys } = effect else { return };
        let (hands, events) = (self.hands.clone(), self.events.clone());
        let committed = self.booker.barrier();
        self.tasks.spawn(async move {
            let _ = committed.await;
            let read =
                tokio::task::spawn_blocking(move || super::mail::of_keys(&hands, &swarm, &from, &keys));
            // Where it cannot be read, the database itself refuses a second message.
            let found = read.await.ok().and_then(Result::ok).unwrap_or_default();
            let _ = events.send(EventKind::KeysFound { op, caller, request, found }).await;
        });
    }

    /// Types only what the database knows is being typed, and from where: a monitor that ends in between looks for it
    /// first, behind that mark.
    fn submit(&mut self, effect: Effect) {
        let booker = self.booker.clone();
        let hands = self.hands.clone();
        let events = self.events.clone();
        self.tasks.spawn(async move {
            let Effect::Submit { delivery, pane, instance, searches, .. } = &effect else { return };
            let (delivery, watched) = (*delivery, hands.ears.in_pane(*pane, instance));
            let ids: Vec<String> = searches.iter().map(|s| s.id.clone()).collect();
            for (id, mark) in super::mail::marks(&hands, *pane, watched.as_ref(), searches).await {
                booker.write(Record::Mark { id, mark });
            }
            let committed = booker.barrier();
            drop(booker);
            let event = if committed.await.holds(|id| ids.iter().any(|i| i == id)) {
                act(&hands, effect).await
            } else {
                let receipt = Receipt::refused(Outcome::Blocked, Why::NotStored, super::now());
                Some(EventKind::Submitted { delivery, receipt: Box::new(receipt) })
            };
            if let Some(event) = event {
                let _ = events.send(event).await;
            }
        });
    }

    /// Reads messages from the database, after everything that is on its way there.
    fn letters(&mut self, op: Op, swarm: SwarmName, of: Option<Party>, id: Option<String>) {
        let Some((reply, number)) = self.replies.remove(&op) else { return };
        let committed = self.booker.barrier();
        let hands = self.hands.clone();
        self.tasks.spawn(async move {
            let _ = committed.await;
            let read = tokio::task::spawn_blocking(move || {
                super::mail::letters(&hands, &swarm, of.as_ref(), id.as_deref())
            });
            let result =
                read.await.unwrap_or_else(|e| Err(Error::failure("cannot read the messages").because(e)));
            reply.answer(number, result.map_err(|e| RpcError::from(&e)));
        });
    }

    /// Reads what the budgets of a swarm stand on, once everything queued before is booked.
    fn read_budgets(&mut self, swarm: SwarmName) {
        let (hands, events) = (self.hands.clone(), self.events.clone());
        let committed = self.booker.barrier();
        self.tasks.spawn(async move {
            committed.await;
            let server = hands.link.spec().socket_path().display().to_string();
            let (database, name) = (hands.paths.database(), swarm.clone());
            let day_ms = super::transcripts::midnight(super::now());
            let read = tokio::task::spawn_blocking(move || {
                let conn = crate::store::open_reader(&database)?;
                crate::store::budgets::standings(&conn, &server, name.as_str(), day_ms)
                    .map_err(|e| crate::store::explain(&database, e))
            });
            let read = match read.await {
                Ok(Ok(standings)) => Ok(Box::new(standings)),
                Ok(Err(err)) => Err(err.to_string()),
                Err(err) => Err(err.to_string()),
            };
            let _ = events.send(EventKind::BudgetsRead { swarm, read }).await;
        });
    }

    /// Effects that talk to tmux: each in a task, each ending in an event.
    fn act(&mut self, effect: Effect) {
        let hands = self.hands.clone();
        let events = self.events.clone();
        self.tasks.spawn(async move {
            if let Some(event) = act(&hands, effect).await {
                let _ = events.send(event).await;
            }
        });
    }
}

/// Acts on tmux and says what came of it.
async fn act(hands: &Arc<Hands>, effect: Effect) -> Option<EventKind> {
    match effect {
        Effect::EnsureSession { op, swarm, size, root, env } => {
            if !env.is_empty() {
                hands.versions.remember(&swarm, env.get("PATH"));
            }
            let wanted = sessions::Wanted { swarm: &swarm, size, root: &root, env: &env };
            Some(match sessions::ensure(&hands.link, &wanted).await {
                Ok(session) => EventKind::SessionReady { op, swarm, session },
                Err(err) => EventKind::SessionFailed { op, swarm, error: RpcError::from(&err) },
            })
        }
        Effect::Build { swarm, session, plan, orders } => {
            let placed = match build::build(hands, session, &plan, &orders).await {
                Ok(placed) => placed,
                Err(err) => orders.into_iter().map(|o| (o.spec.name, Err(err.to_string()))).collect(),
            };
            Some(EventKind::Built { swarm, placed })
        }
        Effect::ShowOverview { swarm, pane, root } => {
            let launch = show::overview_launch(hands, &swarm, &root);
            warn("start the overview", sessions::start_overview(&hands.link, pane, &launch).await);
            None
        }
        Effect::Start(order) => {
            let outcome = launch::start(hands, &order).await.map_err(|e| e.to_string());
            Some(EventKind::Started { swarm: order.swarm, agent: order.spec.name, outcome })
        }
        Effect::AskToExit { pane, profile } => {
            warn("ask to exit", launch::ask_to_exit(hands, pane, &profile).await);
            None
        }
        Effect::Dismiss { op, target, pane, profile, instance } => {
            let asked = submit::dismiss::dismiss(hands, pane, &profile, &instance).await;
            let refused = asked.err().map(|err| RpcError::from(&err));
            Some(EventKind::Dismissed { op, target, instance, refused })
        }
        Effect::RemovePane { pane, agent } => {
            warn("remove a pane", sessions::remove_pane(&hands.link, pane, &agent).await);
            None
        }
        Effect::EndSession { op, swarm, session } => {
            let ended = sessions::end(&hands.link, &swarm, session).await;
            Some(done(op, ended.map(|()| Value::Null)))
        }
        Effect::Release(pane) => {
            let marks = ["@swarm_name", "@swarm_agent", "@swarm_instance"];
            warn("unmark a pane", run(hands, marks.map(|m| Command::unset_option(pane, m)).to_vec()).await);
            None
        }
        Effect::Mark { pane, swarm, agent, instance } => {
            let marks = vec![
                Command::set_option(pane, "@swarm_name", swarm.as_str()),
                Command::set_option(pane, "@swarm_agent", agent.as_str()),
                Command::set_option(pane, "@swarm_instance", &instance),
            ];
            warn("mark a pane", run(hands, marks).await);
            None
        }
        Effect::LookAt { op, pane, adopt } => {
            let found = look_at(hands, pane, &adopt).await.map(Box::new).map_err(|e| RpcError::from(&e));
            Some(EventKind::Found { op, adopt: Box::new(adopt), found })
        }
        Effect::Interrupt { op, pane, profile, instance } => {
            Some(done(op, submit::interrupt::interrupt(hands, pane, &profile, &instance).await))
        }
        submit @ Effect::Submit { .. } => typed(hands, submit).await,
        asked @ (Effect::Jump { .. } | Effect::Capture { .. } | Effect::Type { .. }) => {
            for_person(hands, asked).await
        }
        Effect::Search { swarm, watched, search } => {
            let id = search.id.clone();
            let found = super::mail::search(hands, watched.as_deref(), &search).await;
            Some(EventKind::Searched { swarm, id, found })
        }
        Effect::Reply(..)
        | Effect::ReplyStored(..)
        | Effect::ReplyFollowed { .. }
        | Effect::ReplyNow(..)
        | Effect::HandOver(..)
        | Effect::AwaitAnswer { .. }
        | Effect::LetGo(_)
        | Effect::Answer { .. }
        | Effect::Letters { .. }
        | Effect::Progress(..)
        | Effect::Store(_)
        | Effect::Watch(_)
        | Effect::WatchFocus(_)
        | Effect::File(_)
        | Effect::Leave
        | Effect::Signal { .. }
        | Effect::Notify { .. }
        | Effect::NotifyBudget { .. }
        | Effect::AfterExit(_)
        | Effect::ReadBudgets(_)
        | Effect::FindKeys { .. }
        | Effect::Configured(_) => None,
    }
}

/// What a person sees of panes and types into them.
async fn for_person(hands: &Arc<Hands>, effect: Effect) -> Option<EventKind> {
    let (op, result) = match effect {
        Effect::Jump { op, session, pane, client, swarm, root } => {
            let overview = show::overview_launch(hands, &swarm, &root);
            (op, show::jump(hands, session, pane, client, &overview).await)
        }
        Effect::Capture { op, pane, rev } => (op, show::capture(hands, pane, rev).await),
        Effect::Type { op, pane, keys } => (op, submit::live::keys(hands, pane, &keys).await),
        _ => return None,
    };
    Some(done(op, result))
}

/// Submits a text to an agent, once the file with the whole lies there where it is typed only in part.
async fn typed(hands: &Arc<Hands>, effect: Effect) -> Option<EventKind> {
    let Effect::Submit { delivery, pane, profile, instance, submission, first, .. } = effect else {
        return None;
    };
    let receipt = match lay(first, &instance).await {
        Ok(()) => submit::submit(hands, pane, &profile, &instance, &submission).await,
        Err(why) => Receipt::refused(Outcome::Blocked, why, super::now()),
    };
    Some(EventKind::Submitted { delivery, receipt: Box::new(receipt) })
}

/// Lays the message that is typed only in part into its receiver's inbox.
async fn lay(first: Option<(PathBuf, Arc<Handoff>)>, instance: &str) -> Result<(), Why> {
    let Some((directory, handoff)) = first else { return Ok(()) };
    super::letterbox::deposit(&directory, handoff).await.map_err(|err| {
        tracing::warn!("cannot write to the inbox of {instance}: {err}");
        Why::NoInbox
    })
}

fn not_stored() -> Error {
    Error::failure(
        "the database cannot be written: what was asked is taken, but not safe yet; it is written as soon as it can",
    )
    .hint("`swarm doctor` tells more; a message may be sent again with the same idempotency key to be sure")
}

fn refused() -> Error {
    Error::failure("the database refuses what was asked: nothing of it was done")
        .hint("`swarm status` shows what is wrong with it")
}

fn done(op: Op, result: Result<Value>) -> EventKind {
    EventKind::Done { op, result: result.map_err(|e| RpcError::from(&e)) }
}

fn warn(what: &str, result: Result<()>) {
    if let Err(err) = result {
        tracing::warn!("cannot {what}: {err}");
    }
}

async fn run(hands: &Hands, commands: Vec<Command>) -> Result<()> {
    for reply in hands.link.connection().await?.batch(commands).await? {
        reply.map_err(|why| Error::new(Kind::Tmux, why))?;
    }
    Ok(())
}

/// What a pane that swarm did not make is.
async fn look_at(hands: &Arc<Hands>, pane: PaneId, adopt: &Adopt) -> Result<FoundPane> {
    let rows = match hands.link.connection().await {
        Ok(conn) => conn.panes().await?,
        Err(_) => {
            crate::tmux::format::panes(hands.link.spec().run(&[Command::list_panes()]).await?.as_bytes())
        }
    };
    let row = rows.iter().find(|r| r.pane == pane).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no pane {pane}")).hint("tmux list-panes -a")
    })?;
    let pid = row
        .pid
        .filter(|_| !row.dead)
        .ok_or_else(|| Error::new(Kind::Gone, format!("nothing runs in {pane}")))?;
    let (own, wanted) = (hands.clone(), adopt.profile.clone());
    let guess = move || launch::guess_profile(&own, pid, wanted.as_deref());
    let (guessed, pid) = tokio::task::spawn_blocking(guess).await.unwrap_or((None, pid));
    let profile = adopt.profile.clone().or(guessed).unwrap_or_else(|| "shell".to_owned());
    hands.link.add_session(row.session);
    Ok(FoundPane {
        profile,
        directory: PathBuf::from(&row.current_path),
        started: Started {
            window: row.window,
            pane,
            instance: uuid::Uuid::now_v7().to_string(),
            token: String::new(),
            pid,
            pid_start: crate::observe::process::start_time(pid),
            since: super::now(),
            session: None,
            note: None,
            doubt: None,
        },
    })
}
