//! The pure core: `apply(Event) -> Vec<Effect>`.
//!
//! Everything the monitor knows is in [`State`]; everything that can happen is an [`event::Event`]; everything that
//! is to be done is an [`effect::Effect`]. No I/O, no clock, no randomness, no await: the same events give the same
//! state, and that is how it is tested. `requests` holds what clients ask for (what concerns a pane in `at_pane`),
//! `hooks`, `panes` and `transcripts` what is heard, `agent` one agent's life, `plan` what `up` must make.

pub mod agent;
pub mod budget;
pub mod effect;
pub mod event;
pub mod plan;
pub mod purse;
pub mod record;
mod adding;
mod adopting;
mod asking;
mod at_pane;
mod delivery;
mod ending;
mod explaining;
mod handing;
mod hooks;
mod mail;
mod panes;
mod renaming;
mod requests;
mod sleeping;
mod starting;
mod transcripts;
#[cfg(test)]
mod budget_tests;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;

use crate::agent::Profiles;
use crate::config::{Address, Config};
use crate::handoff::queue::Queue;
use crate::name::{AgentName, SwarmName};
use crate::observe::fuse::FusionPolicy;
use crate::protocol::Progress;
use crate::snapshot::{AgentView, Snapshot, SwarmView};
use crate::status::{Reason, Status, Verdict};
use crate::tmux::{PaneId, SessionId};

pub use agent::{AfterEnd, Agent, AskedByHook, Instance, Origin, Run, StopStep, Then};
pub use budget::Stopped;
pub use effect::{Effect, Ended, Filed, StartOrder, Watched};
pub use event::{Caller, Event, EventKind, Op, RefusedBlock, Seen, Started, Usage};
pub use mail::{letter, receipt};
pub use record::{LogEvent, Record, SavedAgent, SavedLetter, SavedSwarm};
pub use sleeping::{Rest, Waking, Why};

/// One swarm.
#[derive(Debug, Clone)]
pub struct Swarm {
    /// What it is to be.
    pub config: Config,
    /// Its tmux session.
    pub session: Option<SessionId>,
    /// Its agents, in the order of the swarm file.
    pub agents: Vec<Agent>,
    /// A `down` that waits for them to end.
    pub ending: Option<Op>,
    /// The pane that waits for the overview.
    pub overview: Option<PaneId>,
    /// What it may spend.
    pub purse: purse::Purse,
    /// When the ledger is read once more, because it could not be.
    read_again: Option<Timestamp>,
    /// Starts that wait for the ledger to be read, with whether they are fresh.
    deferred: Vec<(AgentName, bool)>,
    /// Panes that are made when the ledger was read: agents with first prompts are in them.
    deferred_build: Option<(SessionId, Vec<plan::WindowPlan>, Vec<StartOrder>)>,
}

impl Swarm {
    fn new(config: Config, session: Option<SessionId>, agents: Vec<Agent>) -> Self {
        let purse = purse::Purse::default();
        Self {
            config,
            session,
            agents,
            ending: None,
            overview: None,
            purse,
            read_again: None,
            deferred: Vec::new(),
            deferred_build: None,
        }
    }

    /// Its session, or the whole tmux server, went away with agents in it.
    fn lost_its_session(&self) -> bool {
        let lost = |a: &Agent| {
            a.verdict
                .proof
                .as_ref()
                .is_some_and(|p| [agent::PANE_GONE, agent::SERVER_GONE].contains(&p.rule.as_str()))
        };
        self.session.is_none() && self.ending.is_none() && self.agents.iter().any(lost)
    }

    fn agent_mut(&mut self, name: &AgentName) -> Option<&mut Agent> {
        self.agents.iter_mut().find(|a| a.spec.name == *name)
    }
}

/// An `up` that is not answered yet.
#[derive(Debug, Clone)]
struct PendingUp {
    op: Op,
    swarm: SwarmName,
    wanted: Vec<AgentName>,
    waiting: BTreeSet<AgentName>,
    done: BTreeMap<AgentName, Progress>,
    /// The agent that this is to add: it leaves again when it cannot be started.
    adds: Option<AgentName>,
    /// The agent that this is to wake; all others that sleep sleep on.
    wakes: Option<AgentName>,
}

/// Everything the monitor knows.
#[derive(Debug, Clone)]
pub struct State {
    profiles: Arc<Profiles>,
    swarms: BTreeMap<SwarmName, Swarm>,
    ups: Vec<PendingUp>,
    problems: BTreeMap<&'static str, String>,
    watched: Vec<Watched>,
    resting: Vec<PaneId>,
    changed: bool,
    /// What is under way between the agents, by swarm; also of swarms that are down.
    queues: BTreeMap<SwarmName, Queue>,
    waiting_receipts: Vec<mail::PendingReceipts>,
    next_submission: u64,
    seed: u64,
    drawn: u64,
}

impl State {
    /// Nothing is known yet.
    pub fn new(profiles: Arc<Profiles>) -> Self {
        Self {
            profiles,
            swarms: BTreeMap::new(),
            ups: Vec::new(),
            problems: BTreeMap::new(),
            watched: Vec::new(),
            resting: Vec::new(),
            changed: true,
            queues: BTreeMap::new(),
            waiting_receipts: Vec::new(),
            next_submission: 0,
            seed: 0,
            drawn: 0,
        }
    }

    /// Takes in what happened; answers what is to be done, in order.
    pub fn apply(&mut self, event: Event) -> Vec<Effect> {
        let mut out = Vec::new();
        let at = event.at;
        match event.kind {
            EventKind::Call { op, caller, request } => self.call(op, &caller, *request, at, &mut out),
            EventKind::KeysFound { op, caller, request, found } => {
                self.keys_found(op, &caller, *request, found, at, &mut out);
            }
            EventKind::NotBooked { swarm, id } => {
                if let Some(queue) = self.queues.get_mut(&swarm) {
                    queue.forget(&id);
                    self.changed = true;
                }
            }
            EventKind::Letters(letters) => self.rebuild_mail(letters, at, &mut out),
            EventKind::BlockRefused(refused) => self.block_refused(&refused, at, &mut out),
            EventKind::Searched { swarm, id, found } => self.searched(&swarm, &id, found, at, &mut out),
            EventKind::Rebuilt(saved) => self.rebuild(saved, at, &mut out),
            EventKind::BudgetsRead { swarm, read } => {
                self.budgets_read(&swarm, read.map(|s| *s), at, &mut out);
            }
            EventKind::Spent { swarm, agent, spent, day_ms, up_ms } => {
                self.spent(&swarm, &agent, spent, day_ms, up_ms);
            }
            EventKind::SessionReady { op, swarm, session } => {
                self.session_ready(op, &swarm, session, at, &mut out);
            }
            EventKind::SessionFailed { op, swarm, error } => {
                self.session_failed(op, &swarm, error, at, &mut out);
            }
            EventKind::Built { swarm, placed } => self.built(&swarm, placed, at, &mut out),
            EventKind::Started { swarm, agent, outcome } => {
                self.started(&swarm, &agent, outcome, at, &mut out);
            }
            EventKind::Panes { rows, looked_at } => self.panes(&rows, looked_at.as_deref(), at, &mut out),
            EventKind::Process { pane, fact } => self.process(pane, fact, at, &mut out),
            EventKind::Output { pane } => {
                // Clients see nothing of it, unless the verdict changes with it.
                let (changed, verdict) = (self.changed, self.verdict(pane).cloned());
                self.on_pane(pane, at, &mut out, |agent| agent.board.output(at));
                self.changed = changed || self.verdict(pane) != verdict.as_ref();
            }
            EventKind::Screen { pane, seen } => self.on_pane(pane, at, &mut out, |agent| {
                agent.board.output(at);
                for evidence in seen.evidence.iter().cloned() {
                    agent.record(evidence);
                }
                agent.seen = *seen;
                agent.screen_rev += 1;
            }),
            EventKind::Evidence { pane, evidence } => {
                self.on_pane(pane, at, &mut out, |agent| agent.record(evidence));
            }
            EventKind::Transcript { instance, session, said } => {
                self.transcript(&instance, &session, said, at, &mut out);
            }
            EventKind::Forgotten { pane, source } => {
                self.on_pane(pane, at, &mut out, |agent| agent.board.forget(source));
            }
            EventKind::Hook(hook) => self.hook(&hook, at, &mut out),
            EventKind::Asked { op, caller, hook, ask } => {
                self.hook_asks(op, &caller, &hook, ask, at, &mut out);
            }
            EventKind::Answered { op, target, instance, because, result } => {
                self.answered(op, (target, &instance), because, result, at, &mut out);
            }
            EventKind::Printed(number) => self.printed(number, at, &mut out),
            EventKind::Unprinted(number) => self.unprinted(number, at, &mut out),
            EventKind::Conversation { pane, session } => self.conversation(pane, &session, at, &mut out),
            EventKind::Usage { instance, usage } => self.usage(&instance, *usage),
            EventKind::Found { op, adopt, found } => match found {
                Ok(found) => self.adopted(op, &adopt, *found, at, &mut out),
                Err(error) => out.push(Effect::Reply(op, Err(error))),
            },
            EventKind::Submitted { delivery, receipt } => self.submitted(delivery, &receipt, at, &mut out),
            EventKind::Dismissed { op, target, instance, refused } => {
                self.dismissed(op, &target, &instance, refused, at, &mut out);
            }
            EventKind::Done { op, result } => out.push(Effect::Reply(op, result)),
            EventKind::Profiles(profiles) => self.new_profiles(profiles, at, &mut out),
            EventKind::TmuxLost => self.tmux_lost(at, &mut out),
            EventKind::Problem { about, text } => {
                let before = self.problems.get(about).cloned();
                self.changed |= before != text;
                match text {
                    Some(text) => self.problems.insert(about, text),
                    None => self.problems.remove(about),
                };
            }
            EventKind::NewDay => self.new_day(&mut out),
            EventKind::Tick => {
                self.tick(at, &mut out);
                self.enforce(at, &mut out);
            }
        }
        if self.changed {
            self.enforce(at, &mut out);
        }
        self.wake_for_mail(at, &mut out);
        self.deliver(at, &mut out);
        self.watch(&mut out);
        out
    }

    /// Whether the snapshot may have changed since the last call of this function.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// When time alone makes something due.
    pub fn next_wake(&mut self) -> Option<Timestamp> {
        let mail = self.queues.values_mut().filter_map(Queue::next_wake).min();
        let agents = self
            .swarms
            .values()
            .flat_map(|s| &s.agents)
            .flat_map(|a| {
                let run = match a.run {
                    Run::Stopping { next, .. } => Some(next),
                    Run::Backoff(until) => Some(until),
                    _ => None,
                };
                [run, a.recheck, a.hook_due()]
            })
            .flatten()
            .chain(self.budgets_wake())
            .chain(self.rest_wake())
            .min();
        [mail, agents].into_iter().flatten().min()
    }

    /// The view of everything, for clients.
    pub fn snapshot(&self) -> Snapshot {
        let swarms = self.swarms.iter().map(|(name, swarm)| {
            let (inbox, handoffs) = self.mail_view(name);
            let woken =
                |of: &AgentName| self.ups.iter().any(|up| up.swarm == *name && up.wakes.as_ref() == Some(of));
            let agents = swarm.agents.iter().map(|agent| {
                let view = agent.view();
                AgentView {
                    inbox: self.mail_counts(name, &Address::Agent(agent.spec.name.clone())),
                    returning: view.returning || woken(&agent.spec.name),
                    ..view
                }
            });
            SwarmView {
                name: name.to_string(),
                session: swarm.session.map(|s| s.to_string()),
                agents: agents.collect(),
                inbox,
                handoffs,
                budgets: swarm.purse.view(),
                templates: swarm.config.templates.clone(),
            }
        });
        let gone = self.swarms.iter().filter(|(_, swarm)| swarm.lost_its_session()).map(|(name, _)| {
            format!("the tmux session of `{name}` is gone: `swarm up` starts its agents again, and their conversations go on where they can")
        });
        Snapshot {
            swarms: swarms.collect(),
            problems: self.problems.values().cloned().chain(gone).collect(),
            ..Snapshot::default()
        }
    }

    /// The agents known, for tests and for `explain`.
    pub fn agent(&self, swarm: &SwarmName, agent: &AgentName) -> Option<&Agent> {
        self.swarms.get(swarm)?.agents.iter().find(|a| a.spec.name == *agent)
    }

    fn policy(&self, profile: &str) -> FusionPolicy {
        self.profiles.get(profile).map(|p| p.fusion().clone()).unwrap_or_default()
    }

    /// Changes the agent in `pane`, weighs its evidence again and logs a change of status.
    fn on_pane(
        &mut self,
        pane: PaneId,
        at: Timestamp,
        out: &mut Vec<Effect>,
        change: impl FnOnce(&mut Agent),
    ) {
        let Some((swarm, agent)) = self.find_pane(pane) else { return };
        self.on_agent(&swarm, &agent, at, out, change);
    }

    fn on_agent(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
        change: impl FnOnce(&mut Agent),
    ) {
        let Some(found) = self.agent(swarm, agent) else { return };
        let policy = self.policy(&found.spec.profile);
        let Some(found) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(agent)) else { return };
        let (before, empty) = (found.attention, found.seen.composer_empty);
        change(found);
        self.changed = true;
        let weighed = found.weigh(&policy, at);
        if weighed {
            log_status(swarm, found, at, out);
        }
        out.extend(found.goes_on_without_hook(at).map(Effect::LetGo));
        // What kept a message away may be gone.
        if (weighed && found.verdict.status == Status::Idle || !empty && found.seen.composer_empty)
            && let Some(queue) = self.queues.get_mut(swarm)
        {
            queue.unblock(agent);
        }
        // What a monitor before has told is not told again.
        if let Some(attention) = found.attention.filter(|a| before != Some(*a) && found.since >= at) {
            out.push(Effect::Notify { swarm: swarm.clone(), agent: agent.clone(), attention });
        }
    }

    /// Other profiles are in force: the evidence there is is weighed by them.
    fn new_profiles(&mut self, profiles: Arc<Profiles>, at: Timestamp, out: &mut Vec<Effect>) {
        self.profiles = profiles;
        let agents = self.swarms.iter().flat_map(|(name, s)| s.agents.iter().map(move |a| (name, a)));
        let agents: Vec<_> = agents.map(|(name, a)| (name.clone(), a.spec.name.clone())).collect();
        for (swarm, agent) in agents {
            self.on_agent(&swarm, &agent, at, out, |_| {});
        }
    }

    fn verdict(&self, pane: PaneId) -> Option<&Verdict> {
        let mut agents = self.swarms.values().flat_map(|swarm| &swarm.agents);
        agents.find(|agent| agent.pane() == Some(pane)).map(|agent| &agent.verdict)
    }

    fn find_pane(&self, pane: PaneId) -> Option<(SwarmName, AgentName)> {
        self.swarms.iter().find_map(|(name, swarm)| {
            let agent = swarm.agents.iter().find(|a| a.pane() == Some(pane))?;
            Some((name.clone(), agent.spec.name.clone()))
        })
    }

    fn rebuild(&mut self, saved: Vec<SavedSwarm>, at: Timestamp, out: &mut Vec<Effect>) {
        for swarm in saved {
            let agents = swarm.config.agents.iter().map(|spec| {
                let mut agent = Agent::new(spec.clone(), at);
                if let Some(known) = swarm.agents.iter().find(|s| s.agent == spec.name) {
                    agent.instance = Some(known.instance.clone());
                    agent.restarts = known.restarts;
                    agent.usage.clone_from(&known.usage);
                    agent.on_record = known.status;
                    agent.hold.clone_from(&known.hold);
                    agent.origin = if known.adopted { Origin::Adopted } else { Origin::Made };
                    agent.verdict = agent::by_swarm(Status::Unknown, None, agent::NOT_FOUND_YET, at);
                    agent.cut_off = !known.ended;
                    agent.resumed = known.resumed;
                    if known.ended {
                        // One that was lost from sight did not come to its end by anybody's will, and may be found again.
                        agent.cut_off = known.why == Some(Reason::Lost);
                        agent.run = if agent.cut_off { Run::Absent } else { Run::Ended };
                        let what = "ended before the monitor started";
                        agent.verdict = agent::by_swarm(Status::Exited, known.why, what, at);
                        agent.since = known.asleep.unwrap_or(at);
                    }
                }
                agent
            });
            let agents = agents.collect();
            let name = swarm.config.name.clone();
            self.swarms.insert(name.clone(), Swarm::new(swarm.config, swarm.session, agents));
            self.open_purse(&name, out);
        }
        self.changed = true;
    }

    /// Takes an agent that the user removed out of the swarm.
    fn forget(&mut self, swarm: &SwarmName, name: &AgentName, at: Timestamp, out: &mut Vec<Effect>) {
        self.settle_removed(swarm, name, at, out);
        let role = self.agent(swarm, name).and_then(|a| a.spec.role.clone());
        let mut others =
            self.swarms.get(swarm).into_iter().flat_map(|s| &s.agents).filter(|a| a.spec.name != *name);
        let share = role.is_some() && others.any(|a| a.spec.role == role);
        if let Some(swarm) = self.swarms.get_mut(swarm) {
            swarm.agents.retain(|a| a.spec.name != *name);
            swarm.config.agents.retain(|a| a.name != *name);
            swarm.reconfigure_purse();
            self.changed = true;
        }
        let due = self.queues.get_mut(swarm).map(|q| q.agent_removed(name, share, at)).unwrap_or_default();
        self.follow(swarm, due, at, out);
        self.keep_config(swarm, at, out);
        self.up_without(swarm, name, at, out);
    }

    /// Does what has become due.
    fn tick(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        self.mail_tick(at, out);
        let due: Vec<(SwarmName, AgentName)> = self
            .swarms
            .iter()
            .flat_map(|(name, s)| s.agents.iter().map(move |a| (name.clone(), a.spec.name.clone())))
            .collect();
        for (swarm, name) in due {
            let Some(agent) = self.agent(&swarm, &name) else { continue };
            match agent.run {
                Run::Backoff(until) if until <= at => {
                    if let Some(agent) = self.swarms.get_mut(&swarm).and_then(|s| s.agent_mut(&name)) {
                        agent.restarts += 1;
                    }
                    self.start(&swarm, &name, false, at, out);
                }
                Run::Stopping { next, .. } if next <= at => self.stop_harder(&swarm, &name, at, out),
                _ if agent.recheck.into_iter().chain(agent.hook_due()).any(|t| t <= at) => {
                    self.on_agent(&swarm, &name, at, out, |_| {});
                }
                _ => {}
            }
            self.rest_tick(&swarm, &name, at, out);
        }
    }

    fn leave_if_empty(&self, out: &mut Vec<Effect>) {
        if self.swarms.is_empty() {
            out.push(Effect::Leave);
        }
    }

    /// Announces the panes to observe, when they changed.
    fn watch(&mut self, out: &mut Vec<Effect>) {
        let watched: Vec<Watched> = self
            .swarms
            .iter()
            .flat_map(|(name, swarm)| swarm.agents.iter().filter_map(move |agent| watched(name, agent)))
            .collect();
        if watched != self.watched {
            self.watched.clone_from(&watched);
            out.push(Effect::Watch(watched));
        }
        let agents = self.swarms.values().flat_map(|swarm| &swarm.agents);
        let resting: Vec<PaneId> = agents.filter(|a| a.is_asleep()).filter_map(Agent::pane).collect();
        if resting != self.resting {
            self.resting.clone_from(&resting);
            out.push(Effect::WatchFocus(resting));
        }
    }
}

/// Where the agent keeps its own files, if its environment says so (`CLAUDE_CONFIG_DIR`, or a home of its own).
fn config_dir(spec: &crate::config::AgentSpec) -> Option<std::path::PathBuf> {
    let home = || spec.env.get("HOME").map(|home| std::path::Path::new(home).join(".claude"));
    spec.env.get("CLAUDE_CONFIG_DIR").map(Into::into).or_else(home)
}

/// What the agent's environment says of where agents keep their data.
fn places(spec: &crate::config::AgentSpec) -> BTreeMap<&'static str, std::path::PathBuf> {
    let keys = ["HOME", "CODEX_HOME", "XDG_DATA_HOME", "OPENCODE_DATA_DIR"];
    keys.into_iter().filter_map(|key| Some((key, spec.env.get(key)?.into()))).collect()
}

fn watched(swarm: &SwarmName, agent: &Agent) -> Option<Watched> {
    if !matches!(agent.run, Run::Running | Run::Stopping { .. }) {
        return None;
    }
    let instance = agent.instance.as_ref()?;
    Some(Watched {
        swarm: swarm.clone(),
        agent: agent.spec.name.clone(),
        pane: agent.pane()?,
        profile: agent.spec.profile.clone(),
        instance: instance.id.clone(),
        pid: agent.pid(),
        directory: agent.spec.directory.clone(),
        session: instance.session.clone(),
        role: agent.spec.role.clone(),
        config_dir: config_dir(&agent.spec),
        places: places(&agent.spec),
        transcript: instance.transcript.clone(),
        started: instance.started,
        handoff_block: instance.handoff_block,
    })
}

fn log_status(swarm: &SwarmName, agent: &Agent, at: Timestamp, out: &mut Vec<Effect>) {
    let proof = agent.verdict.proof.as_ref();
    // Only our own words: what is on a screen may be private.
    let why =
        proof.filter(|p| p.source == crate::status::Source::Swarm && !p.text.is_empty()).map(|p| &p.text);
    out.push(Effect::Store(Record::Event(LogEvent {
        at,
        swarm: swarm.clone(),
        agent: Some(agent.spec.name.clone()),
        instance: agent.instance.as_ref().map(|i| i.id.clone()),
        kind: if agent.verdict.status == Status::Exited { "agent.terminated" } else { "agent.status" },
        actor: "swarm".into(),
        cause: proof.map(crate::status::Proof::origin),
        data: json!({
            "status": agent.verdict.status,
            "reason": agent.verdict.reason,
            "observed": proof.map(|p| p.at),
            "since": agent.since,
            "why": why,
        }),
    })));
}
