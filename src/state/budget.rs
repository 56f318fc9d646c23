//! What budgets do: tell people, stop dispatch, hold, interrupt, and let go again.
//!
//! Holds of budgets follow from how the budgets stand at every moment; nobody sets or takes them. A budget never ends an
//! agent. Interrupting is an act of its own, on an agent that is proven to be working.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::ledger::budget::{Action, Amount, Crossing, Key, Stretch};
use crate::name::{AgentName, SwarmName};
use crate::protocol::ExtendBudget;
use crate::snapshot::Hold;
use crate::status::{Source, Status};
use crate::store::budgets::{AgentSpent, Kind as WorkKind, Standings, Work};

use super::purse::{Purse, Written, action_word, ms};
use super::{Agent, Effect, LogEvent, Op, Origin, Record, Run, State, Swarm, Then};

/// Who holds an agent that a budget holds.
pub const HOLDER: &str = "budget";
/// How long after an interrupt a turn that goes on is interrupted once more.
const INTERRUPT_AGAIN: SignedDuration = SignedDuration::from_secs(15);
/// How often one turn is interrupted at most: the key may mean something else to an agent that ignores it.
const INTERRUPTS: u8 = 2;
/// How long to wait before a ledger that could not be read is tried again.
const READ_AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// Why an agent may not be sent work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped {
    /// Who stops it: a person, or [`HOLDER`].
    pub by: String,
    /// Why.
    pub reason: String,
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "on hold by {}: {}", self.by, self.reason)
    }
}

/// What budgets did to one agent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Enforced {
    /// Since when its first prompt waits until a budget has room for it; milliseconds since 1970 UTC.
    pub owed_prompt: Option<i64>,
    /// How often the turn was interrupted.
    interrupts: u8,
    /// When it may be interrupted once more.
    again: Option<Timestamp>,
}

impl State {
    /// Whether work may be sent to an agent now: nobody holds it and its budgets have room for a turn.
    pub fn may_send(&self, swarm: &SwarmName, agent: &AgentName) -> Result<(), Stopped> {
        let Some(found) = self.swarms.get(swarm) else { return Ok(()) };
        if let Some(hold) = found.agents.iter().find(|a| a.spec.name == *agent).and_then(|a| a.hold.as_ref())
        {
            return Err(Stopped { by: hold.by.clone(), reason: hold.reason.clone() });
        }
        found.purse.may_send(agent)
    }

    /// An agent took up a task, or has none any more: what it spends from now on counts for that.
    pub fn set_task(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        task: Option<&str>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        if found.purse.is_empty() {
            return;
        }
        let mut written = Written::default();
        found.purse.task(agent.as_str(), task, ms(at), &mut written);
        store_work(swarm, written.work, out);
        self.changed = true;
    }

    /// The store was asked what the budgets of a swarm stand on.
    pub(super) fn budgets_read(
        &mut self,
        swarm: &SwarmName,
        read: Result<Standings, String>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        match read {
            Ok(mut standings) => {
                for owed in standings.open.extract_if(.., |work| work.kind == WorkKind::Prompt) {
                    let agent = found.agents.iter_mut().find(|a| a.spec.name.as_str() == owed.agent);
                    if let Some(agent) = agent.filter(|_| owed.began_ms >= standings.up_ms) {
                        agent.enforced.owed_prompt = Some(owed.began_ms);
                    }
                }
                found.purse.read(standings);
            }
            Err(why) => {
                found.purse.unreadable(why);
                found.read_again = Some(at + READ_AGAIN);
            }
        }
        self.changed = true;
        let build = found.deferred_build.take();
        let starts = std::mem::take(&mut found.deferred);
        if let Some(build) = build {
            self.build(swarm, build, at, out);
        }
        for (agent, fresh) in starts {
            self.start(swarm, &agent, fresh, at, out);
        }
    }

    /// The ledger booked something of an agent.
    pub(super) fn spent(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        spent: Vec<AgentSpent>,
        day_ms: i64,
        up_ms: i64,
    ) {
        if let Some(found) = self.swarms.get_mut(swarm)
            && !found.purse.is_empty()
        {
            found.purse.heard(agent.as_str(), spent, day_ms, up_ms);
            self.changed = true;
        }
    }

    /// Takes the budgets of the configuration in force and asks the store what they stand on.
    pub(super) fn open_purse(&mut self, swarm: &SwarmName, out: &mut Vec<Effect>) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        found.reconfigure_purse();
        if !found.purse.is_empty() {
            out.push(Effect::ReadBudgets(swarm.clone()));
        }
    }

    /// What budgets per day stand on is another sum by now, also where nobody spends anything.
    pub(super) fn new_day(&self, out: &mut Vec<Effect>) {
        let limited = self.swarms.iter().filter(|(_, swarm)| !swarm.purse.is_empty());
        out.extend(limited.map(|(name, _)| Effect::ReadBudgets(name.clone())));
    }

    /// Whether a start with a first prompt has to wait for the ledger; it is made up for then.
    pub(super) fn defer_start(&mut self, swarm: &SwarmName, agent: &AgentName, fresh: bool) -> bool {
        let Some(found) = self.swarms.get_mut(swarm) else { return false };
        let waits = !found.purse.is_empty() && !found.purse.is_answered();
        if waits {
            found.deferred.push((agent.clone(), fresh));
        }
        waits
    }

    /// Whether a first prompt may be given now; else it is owed.
    pub(super) fn first_prompt(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> bool {
        let Some(found) = self.swarms.get_mut(swarm) else { return true };
        if found.purse.is_empty() {
            return true;
        }
        let allowed = found.purse.may_send(agent);
        if allowed.is_ok() {
            found.purse.promise(agent.as_str(), ms(at));
        }
        let Some(found) = found.agent_mut(agent) else { return true };
        match &allowed {
            Ok(()) => out.extend(found.settle_owed(swarm, at)),
            Err(stopped) if found.enforced.owed_prompt.is_none() => {
                found.enforced.owed_prompt = Some(ms(at));
                let data = json!({"reason": stopped.reason});
                out.push(event(swarm, Some(found), "budget.prompt_deferred", at, data));
                let work = found.owed(ms(at), None);
                out.push(Effect::Store(Record::Work { swarm: swarm.clone(), work }));
            }
            Err(_) => {}
        }
        allowed.is_ok()
    }

    /// Brings everything in line with how the budgets stand.
    pub(super) fn enforce(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        // Whom a budget held that is no more is let go, too.
        let waits =
            |a: &Agent| a.hold.as_ref().is_some_and(|h| h.by == HOLDER) || a.enforced.owed_prompt.is_some();
        let concerned = |s: &Swarm| !s.purse.is_empty() || s.agents.iter().any(waits);
        let names: Vec<SwarmName> =
            self.swarms.iter().filter(|(_, s)| concerned(s)).map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some(swarm) = self.swarms.get_mut(&name) else { continue };
            if swarm.read_again.is_some_and(|due| due <= at) {
                swarm.read_again = None;
                out.push(Effect::ReadBudgets(name.clone()));
            }
            let mut written = Written::default();
            for agent in &swarm.agents {
                let (status, since) = (agent.verdict.status, ms(agent.since));
                swarm.purse.turn(agent.spec.name.as_str(), status, since, ms(at), &mut written);
            }
            swarm.purse.weigh(ms(at), &mut written);
            drop_owed(&name, &mut swarm.agents, &written, at, out);
            let Written { crossings, kept, work } = written;
            for crossing in crossings {
                crossed(&name, &swarm.purse, &crossing, at, out);
                self.changed = true;
            }
            for kept in kept {
                out.push(Effect::Store(Record::Budget { swarm: name.clone(), kept }));
            }
            store_work(&name, work, out);
            // Until the ledger was read nobody is held or let go.
            if !swarm.purse.is_empty() && !swarm.purse.is_read() {
                continue;
            }
            let purse = std::mem::take(&mut swarm.purse);
            for agent in &mut swarm.agents {
                self.changed |= follow_hold(&name, &purse, agent, at, out);
                self.changed |= interrupt(&name, &purse, agent, at, out);
            }
            swarm.purse = purse;
            self.give_owed(&name, at, out);
        }
    }

    /// What an agent that is taken out of its swarm leaves with the budgets: its turn, its first prompt and its hold end.
    pub(super) fn settle_removed(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        let mut written = Written::default();
        found.purse.removed(name.as_str(), ms(at), &mut written);
        store_work(swarm, written.work, out);
        let Some(agent) = found.agent_mut(name) else { return };
        out.extend(agent.settle_owed(swarm, at));
        if agent.hold.is_some() {
            out.push(store_hold(swarm, agent, None));
        }
    }

    /// Gives first prompts that a budget has room for by now: the agent starts anew with it.
    fn give_owed(&mut self, swarm: &SwarmName, at: Timestamp, out: &mut Vec<Effect>) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        let owed = found.agents.iter().filter(|a| {
            let free = a.hold.as_ref().is_none_or(|hold| hold.by == HOLDER) && found.ending.is_none();
            a.enforced.owed_prompt.is_some()
                && free
                && a.origin == Origin::Made
                && a.run == Run::Running
                && a.fit_for_typing()
        });
        let owed: Vec<AgentName> = owed.map(|a| a.spec.name.clone()).collect();
        for agent in owed {
            let Some(found) = self.swarms.get_mut(swarm) else { return };
            if found.purse.may_send(&agent).is_err() {
                continue;
            }
            if !found.purse.is_empty() {
                found.purse.promise(agent.as_str(), ms(at));
            }
            if let Some(agent) = found.agent_mut(&agent) {
                out.extend(agent.settle_owed(swarm, at));
            }
            self.stop(swarm, &agent, Then::Restart { fresh: true }, at, out);
            self.changed = true;
        }
    }

    /// `swarm budget extend`.
    pub(super) fn extend_budget(
        &mut self,
        actor: &str,
        request: &ExtendBudget,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Result<Option<Value>, Error> {
        self.swarm_or(&request.swarm)?;
        let key = Key { scope: request.scope.clone(), stretch: request.stretch };
        let swarm = &request.swarm;
        let Some(found) = self.swarms.get_mut(swarm) else { return Ok(None) };
        let Some(account) = found.purse.account(&key) else {
            return Err(Error::new(Kind::NotFound, format!("`{swarm}` has no budget `{key}`"))
                .hint("`swarm budget` lists what is limited"));
        };
        if !found.purse.is_read() {
            return Err(Error::new(Kind::Blocked, "what was spent is not known yet")
                .hint("try again when `swarm budget` shows it"));
        }
        let (limit, more) = (account.limit, request.more);
        let limited = [
            (limit.usd_pico.is_some(), more.usd_pico.is_some(), "money"),
            (limit.tokens.is_some(), more.tokens.is_some(), "tokens"),
            (limit.wall_clock_seconds.is_some(), more.wall_clock_seconds.is_some(), "time"),
        ];
        if let Some((_, _, what)) = limited.iter().find(|(limited, more, _)| *more && !*limited) {
            return Err(Error::new(Kind::Usage, format!("the budget `{key}` does not limit {what}")));
        }
        let Some(kept) = found.purse.extend(&key, &request.more) else { return Ok(None) };
        out.push(Effect::Store(Record::Budget { swarm: swarm.clone(), kept }));
        self.changed = true;
        self.enforce(at, out);
        let Some(found) = self.swarms.get(swarm) else { return Ok(None) };
        let said = found.purse.say(&key);
        out.push(Effect::Store(Record::Event(LogEvent {
            at,
            swarm: swarm.clone(),
            agent: None,
            instance: None,
            kind: "budget.extended",
            actor: actor.to_owned(),
            cause: Some("request".into()),
            data: json!({"budget": key.to_string(), "by": request.more, "now": said}),
        })));
        let held: Vec<&str> = found
            .agents
            .iter()
            .filter(|a| a.hold.as_ref().is_some_and(|h| h.by == HOLDER))
            .map(|a| a.spec.name.as_str())
            .collect();
        Ok(Some(json!({"now": said, "held": held})))
    }

    /// When time alone changes something for the budgets.
    pub(super) fn budgets_wake(&self) -> impl Iterator<Item = Timestamp> {
        self.swarms.values().flat_map(|swarm| {
            let purse = swarm.purse.next_ms().and_then(|ms| Timestamp::from_millisecond(ms).ok());
            let interrupts = swarm.agents.iter().filter_map(|a| a.enforced.again);
            [purse, swarm.read_again].into_iter().flatten().chain(interrupts)
        })
    }
}

impl Agent {
    /// The first prompt that waits, for the store.
    fn owed(&self, began_ms: i64, ended_ms: Option<i64>) -> Work {
        Work {
            agent: self.spec.name.to_string(),
            role: self.spec.role.clone(),
            kind: WorkKind::Prompt,
            began_ms,
            ended_ms,
            base: Amount::default(),
            cost: None,
        }
    }

    /// The first prompt waits no more.
    fn settle_owed(&mut self, swarm: &SwarmName, at: Timestamp) -> Option<Effect> {
        let began_ms = self.enforced.owed_prompt.take()?;
        let work = self.owed(began_ms, Some(ms(at)));
        Some(Effect::Store(Record::Work { swarm: swarm.clone(), work }))
    }
}

impl Swarm {
    /// Takes the budgets of the configuration for the agents there are.
    pub(super) fn reconfigure_purse(&mut self) {
        let config = self.config.clone();
        self.purse.configure(&config, self.agents.iter().map(|a| &a.spec));
    }
}

impl Purse {
    /// Whether the budgets have room for a turn of `agent`.
    pub(super) fn may_send(&self, agent: &AgentName) -> Result<(), Stopped> {
        let stopped = |reason: String| Err(Stopped { by: HOLDER.to_owned(), reason });
        if self.is_empty() {
            return Ok(());
        }
        if let Some(why) = self.failure() {
            return stopped(format!("what was spent cannot be read: {why}"));
        }
        if !self.is_answered() {
            return stopped("what was spent is being read".to_owned());
        }
        if let Some((key, standing)) = self.strictest(agent.as_str())
            && standing.action >= Action::Hold
        {
            return stopped(self.say(&key));
        }
        match self.check(agent.as_str()) {
            Ok(()) => Ok(()),
            Err(refusal) => {
                stopped(format!("{}, with what running turns are expected to take", self.say(&refusal.key)))
            }
        }
    }
}

/// Who was given work by hand meanwhile keeps that conversation: its first prompt is not given any more.
fn drop_owed(
    swarm: &SwarmName,
    agents: &mut [Agent],
    written: &Written,
    at: Timestamp,
    out: &mut Vec<Effect>,
) {
    let began = written.work.iter().filter(|w| w.kind == WorkKind::Turn && w.ended_ms.is_none());
    for work in began {
        let agent = agents.iter_mut().find(|a| a.spec.name.as_str() == work.agent);
        if let Some(agent) = agent
            && let Some(effect) = agent.settle_owed(swarm, at)
        {
            out.push(effect);
            out.push(event(swarm, Some(agent), "budget.prompt_dropped", at, Value::Null));
        }
    }
}

/// Puts an agent on hold, or lets it go, as its budgets say; answers whether something changed.
fn follow_hold(
    swarm: &SwarmName,
    purse: &Purse,
    agent: &mut Agent,
    at: Timestamp,
    out: &mut Vec<Effect>,
) -> bool {
    let name = agent.spec.name.as_str();
    let held = agent.hold.as_ref().is_some_and(|h| h.by == HOLDER);
    let strictest = purse.strictest(name).filter(|(_, standing)| standing.action >= Action::Hold);
    let reason = match strictest {
        Some((key, _)) => Some(purse.say(&key)),
        None if agent.enforced.owed_prompt.is_some() => {
            purse.may_send(&agent.spec.name).err().map(|s| format!("the first prompt waits: {}", s.reason))
        }
        None => None,
    };
    match reason {
        // A turn that runs is held when it ends; who is held by a person stays so.
        Some(_) if !held && (agent.hold.is_some() || purse.in_turn(name)) => false,
        Some(reason) => {
            let same = agent.hold.as_ref().is_some_and(|h| h.reason == reason);
            let since = agent.hold.as_ref().map_or(at, |h| h.since);
            let hold = Hold { by: HOLDER.to_owned(), reason, since };
            if !held {
                out.push(event(swarm, Some(agent), "budget.held", at, json!({"reason": hold.reason})));
                out.push(store_hold(swarm, agent, Some(hold.clone())));
            }
            agent.hold = Some(hold);
            !same
        }
        None if held => {
            agent.hold = None;
            out.push(event(swarm, Some(agent), "budget.released", at, Value::Null));
            out.push(store_hold(swarm, agent, None));
            true
        }
        None => false,
    }
}

/// Interrupts a turn that went too far; answers whether it did.
fn interrupt(
    swarm: &SwarmName,
    purse: &Purse,
    agent: &mut Agent,
    at: Timestamp,
    out: &mut Vec<Effect>,
) -> bool {
    let proven = agent.verdict.status == Status::Working
        && agent.verdict.proof.as_ref().is_some_and(|p| p.source != Source::Swarm);
    if agent.verdict.status != Status::Working {
        (agent.enforced.interrupts, agent.enforced.again) = (0, None);
        return false;
    }
    let strictest = purse.strictest(agent.spec.name.as_str());
    let Some((key, _)) = strictest.filter(|(_, s)| s.action == Action::Interrupt) else {
        agent.enforced.again = None;
        return false;
    };
    let Some(pane) = agent.pane().filter(|_| proven && agent.run == Run::Running) else { return false };
    if agent.enforced.interrupts >= INTERRUPTS || agent.enforced.again.is_some_and(|again| again > at) {
        return false;
    }
    agent.enforced.interrupts += 1;
    agent.enforced.again = (agent.enforced.interrupts < INTERRUPTS).then_some(at + INTERRUPT_AGAIN);
    let data = json!({"reason": purse.say(&key), "try": agent.enforced.interrupts});
    out.push(event(swarm, Some(agent), "budget.interrupted", at, data));
    let instance = agent.instance.as_ref().map(|i| i.id.clone()).unwrap_or_default();
    out.push(Effect::Interrupt { op: Op::OURS, pane, profile: agent.spec.profile.clone(), instance });
    true
}

/// Writes down that a budget crossed a threshold, and tells the person of one that got worse.
fn crossed(swarm: &SwarmName, purse: &Purse, crossing: &Crossing, at: Timestamp, out: &mut Vec<Effect>) {
    let (before, now) = (crossing.before, crossing.now);
    let worse = (now.action, now.warned) > (before.action, before.warned);
    let kind = match now.action {
        _ if !worse => "budget.eased",
        Action::None | Action::Warn => "budget.warned",
        Action::StopDispatch => "budget.dispatch_stopped",
        Action::Hold => "budget.reached",
        Action::Interrupt => "budget.exceeded",
    };
    let data = json!({
        "budget": crossing.key.to_string(),
        "percent": now.percent,
        "threshold": now.warned,
        "action": action_word(now.action),
        "now": purse.say(&crossing.key),
    });
    out.push(event(swarm, None, kind, at, data));
    // Every turn begins at nothing: of one that is merely long nobody is told again and again.
    if worse && (crossing.key.stretch != Stretch::Turn || now.action >= Action::Hold) {
        let then = match now.action {
            Action::None | Action::Warn => "",
            Action::StopDispatch => ": nothing new is handed to its agents",
            Action::Hold => ": its agents are held",
            Action::Interrupt => ": its agents are held, and a turn that runs is interrupted",
        };
        let text = format!("{}{then}", purse.say(&crossing.key));
        out.push(Effect::NotifyBudget { swarm: swarm.clone(), text });
    }
}

fn event(swarm: &SwarmName, agent: Option<&Agent>, kind: &'static str, at: Timestamp, data: Value) -> Effect {
    Effect::Store(Record::Event(LogEvent {
        at,
        swarm: swarm.clone(),
        agent: agent.map(|a| a.spec.name.clone()),
        instance: agent.and_then(|a| a.instance.as_ref()).map(|i| i.id.clone()),
        kind,
        actor: HOLDER.to_owned(),
        cause: None,
        data,
    }))
}

fn store_hold(swarm: &SwarmName, agent: &Agent, hold: Option<Hold>) -> Effect {
    Effect::Store(Record::Hold { swarm: swarm.clone(), agent: agent.spec.name.clone(), hold })
}

fn store_work(swarm: &SwarmName, work: Vec<Work>, out: &mut Vec<Effect>) {
    for work in work {
        if let (WorkKind::Turn, Some(cost), Some(ended)) = (&work.kind, work.cost, work.ended_ms) {
            let at = Timestamp::from_millisecond(ended).unwrap_or(Timestamp::UNIX_EPOCH);
            out.push(Effect::Store(Record::Event(LogEvent {
                at,
                swarm: swarm.clone(),
                agent: work.agent.parse().ok(),
                instance: None,
                kind: "cost.turn",
                actor: "swarm".into(),
                cause: None,
                data: json!({"usd": cost.usd, "tokens": cost.tokens, "seconds": cost.wall_ms / 1000}),
            })));
        }
        out.push(Effect::Store(Record::Work { swarm: swarm.clone(), work }));
    }
}
