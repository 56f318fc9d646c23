//! Sleep: an idle agent is ended to free its memory, and started again with its conversation when it is wanted.
//!
//! Only an agent that is proven idle is put to sleep, and only one that can be had back as it was. A person, a message
//! or a look at its pane wakes it; `up`, the restart policy and a new monitor do not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::config::{Address, AgentSpec};
use crate::error::{Error, Kind};
use crate::handoff::queue::Queue;
use crate::handoff::route;
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Progress, RpcError, Step, Target};
use crate::status::{Source, Status};

use super::requests::{Answered, DEFAULT_SIZE, refuse_adopted};
use super::{Agent, Effect, LogEvent, Op, PendingUp, Record, Run, State, StopStep, Swarm, Then, ending};

/// How long the keys by which an agent is asked to leave may wait for the pane to be free, and be typed.
const ASKING: SignedDuration = SignedDuration::from_secs(30);
/// How long it may take to leave, once asked and once signalled.
const STEP: SignedDuration = SignedDuration::from_secs(10);

/// An agent that is being put to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rest {
    /// Why.
    pub why: Why,
    /// It is wanted again before it has ended.
    pub wanted: Option<Waking>,
}

/// Why an agent is put to sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// A person said so.
    Asked,
    /// It was idle and alone for `hibernate_after`.
    LeftAlone,
}

impl Why {
    fn cause(self, spec: &AgentSpec) -> String {
        match (self, spec.hibernate_after_seconds) {
            (Self::LeftAlone, Some(seconds)) => format!("idle for {:#}", span(seconds)),
            _ => "request".to_owned(),
        }
    }

    const fn actor(self) -> &'static str {
        match self {
            Self::Asked => "human",
            Self::LeftAlone => "swarm",
        }
    }
}

/// What wakes an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waking {
    /// A person said so.
    Asked,
    /// A message waits for it.
    Message,
    /// A person went to its pane.
    Focus,
}

impl Waking {
    const fn cause(self) -> &'static str {
        match self {
            Self::Asked => "request",
            Self::Message => "a message waits for it",
            Self::Focus => "its pane was selected",
        }
    }

    const fn actor(self) -> &'static str {
        match self {
            Self::Asked | Self::Focus => "human",
            Self::Message => "swarm",
        }
    }
}

impl State {
    /// `swarm hibernate`: answered once the agent was asked to leave, or was found not to be fit for it.
    pub(super) fn hibernate(
        &mut self,
        op: Op,
        actor: &str,
        target: &Target,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        refuse_adopted(agent, "put to sleep")?;
        let name = &target.agent;
        if agent.is_asleep() {
            return Err(Error::new(Kind::Gone, format!("`{name}` is asleep already"))
                .hint(format!("`swarm wake {name}` starts it again, with its conversation")));
        }
        if let Some(why) = self.why_awake(&target.swarm, agent) {
            return Err(Error::new(Kind::Blocked, format!("`{name}` is not put to sleep: {why}"))
                .hint("only an agent that is proven idle, with nobody at it, and that can be had back is"));
        }
        self.log(target, "agent.hibernate_requested", actor, at, out);
        self.put_to_sleep(op, &target.swarm, name, Why::Asked, at, out);
        Ok(None)
    }

    /// `swarm wake`.
    pub(super) fn wake(
        &mut self,
        actor: &str,
        target: &Target,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        let (swarm, name) = (&target.swarm, &target.agent);
        self.refuse_in_down(swarm)?;
        if let Run::Stopping { then: Then::Sleep(_), .. } = agent.run {
            self.want_again(swarm, name, Waking::Asked);
            return Ok(Some(Value::Null));
        }
        if !agent.is_asleep() {
            let runs = agent.is_alive() || agent.is_busy_starting();
            let err =
                Error::new(Kind::Blocked, format!("`{name}` is not asleep: it is {}", agent.verdict.status));
            return Err(match runs {
                true => err,
                false => err.hint(format!("`swarm restart {name}` starts it again")),
            });
        }
        let placed = agent.pane().is_some();
        if !placed && self.swarm_or(swarm)?.session.is_none() {
            return Err(Error::new(Kind::Gone, format!("the session of `{swarm}` is gone"))
                .hint(format!("`swarm up` makes it again, then `swarm wake {name}`")));
        }
        if !placed && self.ups.iter().any(|up| up.swarm == *swarm) {
            return Err(Error::new(Kind::Blocked, format!("`{swarm}` is being started right now"))
                .hint("try again in a moment"));
        }
        let about = self.which_conversation(swarm, name, false);
        self.wake_up(swarm, name, Waking::Asked, actor, at, out);
        Ok(Some(json!({ "about": about })))
    }

    /// Why an agent may not be put to sleep now; `None` where it may.
    fn why_awake(&self, swarm: &SwarmName, agent: &Agent) -> Option<String> {
        match agent.run {
            Run::Running if agent.is_alive() && agent.pane().is_some() => {}
            Run::Placing | Run::Starting => return Some("it is being started".into()),
            Run::Stopping { .. } => return Some("it is being ended".into()),
            _ => return Some("it does not run".into()),
        }
        if let Some(why) = self.why_lost(agent) {
            return Some(why);
        }
        let (status, reason) = (agent.verdict.status, agent.verdict.reason);
        if status != Status::Idle {
            let reason = reason.map(|r| format!(" ({r})")).unwrap_or_default();
            return Some(format!("it is {status}{reason}, not idle"));
        }
        if !agent.seen.composer_empty {
            return Some("its composer is not proven empty".into());
        }
        if agent.looked_at {
            return Some("somebody is at its pane".into());
        }
        let queue = self.queues.get(swarm)?;
        if queue.is_typing(&agent.spec.name) {
            return Some("a message is being typed into it".into());
        }
        match queue.pending(&Address::Agent(agent.spec.name.clone())) {
            0 => None,
            1 => Some("a message waits for it".into()),
            n => Some(format!("{n} messages wait for it")),
        }
    }

    /// Why an agent could not be had back with its conversation.
    fn why_lost(&self, agent: &Agent) -> Option<String> {
        let Some(profile) = self.profiles.get(&agent.spec.profile) else {
            return Some(format!("its profile `{}` is not known any more", agent.spec.profile));
        };
        if agent.spec.command.is_some() || profile.program().is_empty() {
            return Some("a plain command has no conversation to wake it with".into());
        }
        if !profile.resumable() {
            return Some(format!("{} cannot resume a conversation", profile.title()));
        }
        if agent.instance.as_ref().is_none_or(|instance| instance.session.is_none()) {
            return Some("its conversation is not known".into());
        }
        // An id that we chose ourselves stands for nothing before the first answer is in the transcript.
        let usage = &agent.usage;
        let read = usage.context.as_ref().is_some_and(|c| c.source == Some(Source::Transcript));
        let said = !profile.wants_session_id() || agent.resumed || usage.tokens.is_some() || read;
        (!said).then(|| "nothing is known to be said in its conversation yet".into())
    }

    fn put_to_sleep(
        &mut self,
        op: Op,
        swarm: &SwarmName,
        name: &AgentName,
        why: Why,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let (Some(pane), Some(instance)) = (agent.pane(), &agent.instance) else { return };
        out.push(Effect::Dismiss {
            op,
            target: Target { swarm: swarm.clone(), agent: name.clone() },
            pane,
            profile: agent.spec.profile.clone(),
            instance: instance.id.clone(),
        });
        let then = Then::Sleep(Rest { why, wanted: None });
        agent.run = Run::Stopping { step: StopStep::Asked, next: at + ASKING, then };
        self.changed = true;
    }

    /// The agent was asked to leave, or its pane was not fit for that.
    pub(super) fn dismissed(
        &mut self,
        op: Op,
        target: &Target,
        instance: &str,
        refused: Option<RpcError>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let current = self.target(target).ok().and_then(|a| a.instance.as_ref()).map(|i| i.id.as_str());
        if current == Some(instance) {
            match &refused {
                Some(err) => self.stay_awake(&target.swarm, &target.agent, &err.message, at, out),
                None => self.was_asked(target, at),
            }
        }
        out.push(Effect::Reply(op, refused.map_or(Ok(Value::Null), Err)));
    }

    /// The keys were typed: now it has its time to leave.
    fn was_asked(&mut self, target: &Target, at: Timestamp) {
        let found = self.swarms.get_mut(&target.swarm).and_then(|s| s.agent_mut(&target.agent));
        if let Some(agent) = found
            && let Run::Stopping { step: StopStep::Asked, then: then @ Then::Sleep(_), .. } = agent.run
        {
            agent.run = Run::Stopping { step: StopStep::Asked, next: at + STEP, then };
        }
    }

    /// What was asked to leave has not ended. It was idle and alone: it is asked once more, by SIGTERM, and left as it is
    /// when it is anything else by now.
    pub(super) fn sleep_harder(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let Run::Stopping { step, then, .. } = agent.run else { return };
        let status = agent.verdict.status;
        if step != StopStep::Asked {
            return self.stay_awake(swarm, name, "it did not end", at, out);
        }
        if !matches!(status, Status::Idle | Status::Unknown) {
            return self.stay_awake(swarm, name, &format!("it is {status} by now"), at, out);
        }
        let wanted = matches!(then, Then::Sleep(Rest { wanted: Some(_), .. }));
        if wanted || agent.looked_at || (status == Status::Idle && !agent.seen.composer_empty) {
            return self.stay_awake(swarm, name, "somebody is at it", at, out);
        }
        ending::signal(agent, false, out);
        agent.run = Run::Stopping { step: StopStep::Terminated, next: at + STEP, then };
    }

    fn stay_awake(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        why: &str,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        if !matches!(agent.run, Run::Stopping { then: Then::Sleep(_), .. }) {
            return;
        }
        agent.run = Run::Running;
        agent.left_alone = at;
        self.changed = true;
        let target = Target { swarm: swarm.clone(), agent: name.clone() };
        self.log_sleep(&target, "agent.hibernate_refused", ("swarm", why), at, out);
    }

    /// An agent sleeps now.
    pub(super) fn fell_asleep(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        rest: Rest,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.agent(swarm, name) else { return };
        let cause = rest.why.cause(&agent.spec);
        let target = Target { swarm: swarm.clone(), agent: name.clone() };
        self.log_sleep(&target, "agent.hibernated", (rest.why.actor(), &cause), at, out);
        let can = self.agent(swarm, name).is_some_and(|agent| self.can_wake(swarm, agent));
        if let Some(waking) = rest.wanted.filter(|_| can) {
            self.wake_up(swarm, name, waking, waking.actor(), at, out);
        }
    }

    fn want_again(&mut self, swarm: &SwarmName, name: &AgentName, waking: Waking) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        if let Run::Stopping { then: Then::Sleep(rest), .. } = &mut agent.run {
            rest.wanted.get_or_insert(waking);
        }
    }

    /// Whether there is a place for an agent that sleeps: a session that somebody ended is not brought back for it, and
    /// one pane is made at a time.
    fn can_wake(&self, swarm: &SwarmName, agent: &Agent) -> bool {
        let Some(found) = self.swarms.get(swarm).filter(|s| s.ending.is_none()) else { return false };
        let free = || found.session.is_some() && !self.ups.iter().any(|up| up.swarm == *swarm);
        agent.pane().is_some() || free()
    }

    /// Starts an agent that sleeps, in its pane or in one that is made for it.
    fn wake_up(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        waking: Waking,
        actor: &str,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let target = Target { swarm: swarm.clone(), agent: name.clone() };
        self.log_sleep(&target, "agent.woken", (actor, waking.cause()), at, out);
        if self.agent(swarm, name).is_some_and(|agent| agent.pane().is_some()) {
            return self.start(swarm, name, false, at, out);
        }
        let Some(found) = self.swarms.get(swarm) else { return };
        out.push(Effect::EnsureSession {
            op: Op::OURS,
            swarm: swarm.clone(),
            size: DEFAULT_SIZE,
            root: found.config.root.clone(),
            // The session has what `up` gave it.
            env: BTreeMap::new(),
        });
        self.ups.push(PendingUp {
            op: Op::OURS,
            swarm: swarm.clone(),
            wanted: vec![name.clone()],
            waiting: BTreeSet::from([name.clone()]),
            done: BTreeMap::new(),
            adds: None,
            wakes: Some(name.clone()),
        });
    }

    /// A person went to the pane of an agent that sleeps, or is about to.
    pub(super) fn looked_in(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        self.want_again(swarm, name, Waking::Focus);
        if self.agent(swarm, name).is_some_and(Agent::is_asleep) {
            self.wake_up(swarm, name, Waking::Focus, Waking::Focus.actor(), at, out);
        }
    }

    /// Wakes those for whom a message waits.
    pub(super) fn wake_for_mail(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        let mut wanted = Vec::new();
        for (name, queue) in self.queues.iter().filter(|(_, q)| !q.is_empty()) {
            let Some(swarm) = self.swarms.get(name).filter(|s| s.ending.is_none()) else { continue };
            if !swarm.agents.iter().any(Agent::is_asleep) {
                continue;
            }
            let can = |agent: &&Agent| {
                agent.is_asleep()
                    && self.can_wake(name, agent)
                    && self.may_send(name, &agent.spec.name).is_ok()
            };
            let names = called(swarm, queue, can).into_iter();
            wanted.extend(names.map(|agent| (name.clone(), agent)));
        }
        for (swarm, agent) in wanted {
            // Another of them may have taken the place; its message waits, and it is asked again.
            if self.agent(&swarm, &agent).is_some_and(|a| self.can_wake(&swarm, a)) {
                self.wake_up(&swarm, &agent, Waking::Message, Waking::Message.actor(), at, out);
            }
        }
    }

    /// Puts to sleep whom `hibernate_after` is for.
    pub(super) fn rest_tick(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let due = self.agent(swarm, name).and_then(|agent| self.rest_due(swarm, agent));
        if due.is_some_and(|due| due <= at) {
            self.put_to_sleep(Op::OURS, swarm, name, Why::LeftAlone, at, out);
        }
    }

    /// When an agent is put to sleep because it is idle and alone, as things stand.
    fn rest_due(&self, swarm: &SwarmName, agent: &Agent) -> Option<Timestamp> {
        let after = agent.spec.hibernate_after_seconds?;
        if self.swarms.get(swarm)?.ending.is_some() || agent.origin == super::Origin::Adopted {
            return None;
        }
        if self.why_awake(swarm, agent).is_some() {
            return None;
        }
        agent.since.max(agent.left_alone).checked_add(span(after)).ok()
    }

    /// When the next one is due.
    pub(super) fn rest_wake(&self) -> Option<Timestamp> {
        let agents = self.swarms.iter().flat_map(|(name, s)| s.agents.iter().map(move |a| (name, a)));
        agents.filter_map(|(swarm, agent)| self.rest_due(swarm, agent)).min()
    }

    /// What `up` says of an agent that sleeps: it wakes nobody.
    pub(super) fn sleeps_on(name: &AgentName) -> Progress {
        let note = Some(format!("`swarm wake {name}` starts it, with its conversation"));
        Progress { agent: name.to_string(), step: Step::Asleep, note }
    }

    fn log_sleep(
        &self,
        target: &Target,
        kind: &'static str,
        (actor, cause): (&str, &str),
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let instance = self.target(target).ok().and_then(|a| a.instance.as_ref()).map(|i| i.id.clone());
        out.push(Effect::Store(Record::Event(LogEvent {
            at,
            swarm: target.swarm.clone(),
            agent: Some(target.agent.clone()),
            instance,
            kind,
            actor: actor.to_owned(),
            cause: Some(cause.to_owned()),
            data: Value::Null,
        })));
    }
}

fn span(seconds: u64) -> SignedDuration {
    SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
}

/// The agents for whom a message waits, of those that `can` be woken. What is addressed to a role wakes one of it, and
/// only where nobody of the role is up.
fn called(swarm: &Swarm, queue: &Queue, can: impl Fn(&&Agent) -> bool) -> Vec<AgentName> {
    let specs: Vec<&AgentSpec> = swarm.agents.iter().map(|a| &a.spec).collect();
    let mut roles = BTreeSet::new();
    let up = swarm.agents.iter().filter(|a| !matches!(a.run, Run::Ended | Run::Absent));
    roles.extend(up.filter_map(|a| a.spec.role.as_deref()));
    let mut called = Vec::new();
    for agent in swarm.agents.iter().filter(can) {
        let spec = &agent.spec;
        let own = queue.waits_for(&Address::Agent(spec.name.clone()), |_| true);
        let role = spec.role.as_deref().filter(|role| !own && !roles.contains(role));
        let of_role = role.is_some_and(|role| {
            queue.waits_for(&Address::Role(role.to_owned()), |from| route::accepts(spec, from, &specs))
        });
        if own || of_role {
            roles.extend(spec.role.as_deref());
            called.push(spec.name.clone());
        }
    }
    called
}

#[cfg(test)]
mod tests;
