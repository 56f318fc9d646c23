//! How agents come to life: `up`, panes, processes, and the answer to whoever waits.

use jiff::Timestamp;
use serde_json::json;

use crate::agent::Profiles;
use crate::config::AgentSpec;
use crate::handoff::brief;
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Progress, RpcError, Step, Target, UpReport};
use crate::snapshot::Hold;
use crate::status::Reason;
use crate::tmux::{PaneId, SessionId};

use super::adding::remark;
use super::event::{Placed, Session};
use super::{
    Agent, Effect, LogEvent, Op, PendingUp, Record, Run, StartOrder, Started, State, Swarm, log_status, plan,
};

impl State {
    /// Starts an agent in its pane.
    pub(super) fn start(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        fresh: bool,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(found) = self.swarms.get_mut(swarm) else { return };
        let brief = part(&self.profiles, swarm, found, name);
        let session = found.session;
        let Some(agent) = found.agent_mut(name) else { return };
        let Some(pane) = agent.pane() else { return };
        let place = (session, Some(pane));
        let mut order = order(&self.profiles, swarm, agent, place, fresh, brief);
        agent.run = Run::Starting;
        agent.recheck = None;
        agent.set_starting(at);
        self.changed = true;
        // A first prompt is work that is sent: budgets have a say.
        if order.prompts() {
            if self.defer_start(swarm, name, fresh) {
                return;
            }
            order.prompt = self.first_prompt(swarm, name, at, out);
        }
        out.push(Effect::Start(Box::new(order)));
        self.changed = true;
    }

    /// Says with which conversation an agent would start now.
    pub(super) fn which_conversation(
        &self,
        swarm: &SwarmName,
        name: &AgentName,
        fresh: bool,
    ) -> Option<String> {
        let agent = self.agent(swarm, name)?;
        conversation(&self.profiles, agent, fresh).about
    }

    /// The session is there: keep what runs, start what has a pane, plan the rest.
    pub(super) fn session_ready(
        &mut self,
        op: Op,
        name: &SwarmName,
        session: Session,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Session { id: session, rows, windows, overview } = session;
        self.find_again(name, &rows, at, out);
        let Some(swarm) = self.swarms.get_mut(name) else { return };
        swarm.session = Some(session);
        swarm.overview = overview;
        self.changed = true;
        out.push(Effect::Store(Record::SwarmUp {
            session: Some(session),
            config: Box::new(swarm.config.without_secrets()),
            at,
        }));
        out.push(Effect::Configured(Box::new(swarm.config.clone())));
        self.open_purse(name, out);
        let Some(swarm) = self.swarms.get_mut(name) else { return };
        let Some(up) = self.ups.iter_mut().find(|up| up.op == op && up.swarm == *name) else { return };
        let mut wanted = up.wanted.clone();
        let mut start = Vec::new();
        for agent in &swarm.agents {
            let agent_name = &agent.spec.name;
            if wanted.contains(agent_name) && agent.is_asleep() && up.wakes.as_ref() != Some(agent_name) {
                wanted.retain(|name| name != agent_name);
                up.waiting.remove(agent_name);
                let progress = Self::sleeps_on(agent_name);
                up.done.insert(agent_name.clone(), progress.clone());
                out.push(Effect::Progress(op, progress));
            }
            if !wanted.contains(agent_name) || agent.place.is_none() {
                continue;
            }
            if matches!(agent.run, Run::Ended | Run::Absent | Run::Backoff(_)) {
                start.push((agent_name.clone(), agent.verdict.reason == Some(Reason::Stopped)));
            } else if !agent.is_busy_starting() {
                up.waiting.remove(agent_name);
                let note = agent.spec.added.then(|| remark(agent_name));
                let progress = Progress { agent: agent_name.to_string(), step: Step::Kept, note };
                up.done.insert(agent_name.clone(), progress.clone());
                out.push(Effect::Progress(op, progress));
            }
        }
        let present = plan::Present {
            panes: swarm.agents.iter().filter_map(|a| Some((a.spec.name.clone(), a.place?))).collect(),
            windows,
        };
        let plan = plan::plan(&swarm.config.agents, &swarm.config.layout, &wanted, &present);
        let mut orders = Vec::new();
        for agent in plan.iter().flat_map(|p| &p.agents) {
            let brief = part(&self.profiles, name, swarm, agent);
            if let Some(agent) = swarm.agent_mut(agent) {
                // An agent that was lost with its pane goes on with its conversation; one that the user ended starts
                // anew.
                let fresh = agent.verdict.reason == Some(Reason::Stopped);
                orders.push(order(&self.profiles, name, agent, (Some(session), None), fresh, brief));
                agent.run = Run::Placing;
                agent.recheck = None;
                agent.set_starting(at);
            }
        }
        if !plan.is_empty() {
            let waits = !swarm.purse.is_empty() && !swarm.purse.is_answered();
            if waits && orders.iter().any(StartOrder::prompts) {
                swarm.deferred_build = Some((session, plan, orders));
            } else {
                self.build(name, (session, plan, orders), at, out);
            }
        }
        for (agent, fresh) in start {
            self.start(name, &agent, fresh, at, out);
        }
        self.finish_up(name, at, out);
    }

    /// Makes panes with agents in them; budgets have a say in their first prompts.
    pub(super) fn build(
        &mut self,
        swarm: &SwarmName,
        (session, plan, mut orders): (SessionId, Vec<plan::WindowPlan>, Vec<StartOrder>),
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        for order in orders.iter_mut().filter(|order| order.prompts()) {
            order.prompt = self.first_prompt(swarm, &order.spec.name, at, out);
        }
        out.push(Effect::Build { swarm: swarm.clone(), session, plan, orders });
    }

    /// Panes were made with agents in them, or not.
    pub(super) fn built(
        &mut self,
        swarm: &SwarmName,
        placed: Vec<Placed>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        for (name, outcome) in placed {
            self.started(swarm, &name, outcome, at, out);
        }
    }

    /// A process was started, or not.
    pub(super) fn started(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        outcome: Result<Started, String>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        self.changed = true;
        match outcome {
            Ok(started) => {
                agent.started(&started, at);
                if let Some(queue) = self.queues.get_mut(swarm) {
                    queue.instance_ended(name, Some(&started.instance), at);
                }
                if let Some(pane) = agent.pane() {
                    out.push(Effect::Store(Record::InstanceStarted {
                        swarm: swarm.clone(),
                        agent: name.clone(),
                        profile: agent.spec.profile.clone(),
                        directory: agent.spec.directory.clone(),
                        pane,
                        restarts: agent.restarts,
                        adopted: false,
                        handoff_block: agent.spec.handoff_block,
                        at: started.since.min(at),
                        started: started.clone(),
                    }));
                }
                out.push(Effect::Store(Record::Event(LogEvent {
                    at,
                    swarm: swarm.clone(),
                    agent: Some(name.clone()),
                    instance: Some(started.instance.clone()),
                    kind: if agent.restarts > 0 { "agent.restarted" } else { "agent.spawned" },
                    actor: "swarm".into(),
                    cause: started.note.clone(),
                    data: json!({"profile": agent.spec.profile, "pid": started.pid}),
                })));
                let then = agent.end_when_started.take();
                let remark = agent.spec.added.then(|| remark(name));
                let held = started.doubt.filter(|_| agent.hold.is_none());
                let hint = held.as_ref().map(|_| format!("on hold until `swarm resume {name}`"));
                if let Some(reason) = held {
                    self.hold_in_doubt(swarm, name, reason, at, out);
                }
                let notes: Vec<String> = [started.note, hint, remark].into_iter().flatten().collect();
                let note = Some(notes.join("; ")).filter(|note| !note.is_empty());
                self.report(swarm, name, Step::Started, note, at, out);
                if let Some(then) = then {
                    self.stop(swarm, name, then, at, out);
                }
            }
            Err(why) => {
                // Half-made is not made: the pane goes again, unless it held an earlier life worth reading.
                let pane = agent.pane().filter(|_| agent.instance.is_none());
                out.extend(pane.map(|pane| Effect::RemovePane { pane, agent: name.clone() }));
                agent.not_started(&why, at);
                log_status(swarm, agent, at, out);
                self.report(swarm, name, Step::Failed, Some(why), at, out);
                self.not_started(swarm, name, at, out);
            }
        }
    }

    /// Nobody knows how far an agent's last conversation got: nothing is sent to it before a person says so.
    fn hold_in_doubt(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        reason: String,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let hold = Hold { by: "swarm".into(), reason, since: at };
        agent.hold = Some(hold.clone());
        out.push(Effect::Store(Record::Hold { swarm: swarm.clone(), agent: name.clone(), hold: Some(hold) }));
        let target = Target { swarm: swarm.clone(), agent: name.clone() };
        self.log(&target, "agent.paused", "swarm", at, out);
    }

    /// Tells the `up` that waits for this agent.
    fn report(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        step: Step,
        note: Option<String>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let progress = Progress { agent: name.to_string(), step, note };
        for up in self.ups.iter_mut().filter(|up| up.swarm == *swarm) {
            if up.waiting.remove(name) {
                up.done.insert(name.clone(), progress.clone());
                out.push(Effect::Progress(up.op, progress.clone()));
            }
        }
        self.finish_up(swarm, at, out);
    }

    /// There is no session for an `up`: what was to be in it is not there either.
    pub(super) fn session_failed(
        &mut self,
        op: Op,
        swarm: &SwarmName,
        error: RpcError,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let of = |up: &PendingUp| up.op == op && up.swarm == *swarm;
        let (adds, wakes) =
            self.ups.iter().find(|up| of(up)).map_or((None, None), |up| (up.adds.clone(), up.wakes.clone()));
        self.ups.retain(|up| !of(up));
        if let Some(agent) = adds {
            self.forget(swarm, &agent, at, out);
        }
        // It does not go back to sleep: the next message would only try the same again.
        if let Some(agent) = wakes.and_then(|name| self.swarms.get_mut(swarm)?.agent_mut(&name)) {
            agent.not_started(&error.message, at);
            log_status(swarm, agent, at, out);
        }
        let is_empty = |s: &Swarm| s.session.is_none() && s.agents.iter().all(|a| a.instance.is_none());
        if self.swarms.get(swarm).is_some_and(is_empty) {
            self.swarms.remove(swarm);
            self.leave_if_empty(out);
        }
        out.push(Effect::Reply(op, Err(error)));
    }

    /// Nothing that is under way waits any longer for an agent that was taken out of its swarm.
    pub(super) fn up_without(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let mut waited = false;
        for up in self.ups.iter_mut().filter(|up| up.swarm == *swarm) {
            if up.waiting.remove(name) {
                let note = Some("it was removed meanwhile".to_owned());
                let progress = Progress { agent: name.to_string(), step: Step::Failed, note };
                out.push(Effect::Progress(up.op, progress.clone()));
                up.done.insert(name.clone(), progress);
                up.adds.take_if(|adds| adds == name);
                waited = true;
            }
        }
        if waited {
            self.finish_up(swarm, at, out);
        }
    }

    /// Answers every `up` of this swarm that waits for nobody any more.
    pub(super) fn finish_up(&mut self, name: &SwarmName, at: Timestamp, out: &mut Vec<Effect>) {
        let swarm = self.swarms.get(name);
        let session = swarm.and_then(|s| s.session);
        let lives = swarm.is_some_and(|s| s.agents.iter().any(Agent::is_alive));
        let (done, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.ups)
            .into_iter()
            .partition(|up| up.swarm == *name && up.waiting.is_empty());
        self.ups = rest;
        // Not before: until then it would only take the agents' time.
        if !done.is_empty()
            && let Some(swarm) = self.swarms.get_mut(name)
            && let Some(pane) = swarm.overview.take()
        {
            let root = swarm.config.root.clone();
            out.push(Effect::ShowOverview { swarm: name.clone(), pane, root });
        }
        for mut up in done {
            let failed = |name: &AgentName| up.done.get(name).is_some_and(|p| p.step == Step::Failed);
            if let Some(name) = up.adds.take().filter(failed) {
                self.forget(&up.swarm, &name, at, out);
            }
            let mut agents: Vec<Progress> = up.wanted.iter().filter_map(|a| up.done.remove(a)).collect();
            agents.extend(up.done.into_values());
            let name = session.map(|s| s.to_string()).unwrap_or_default();
            let answer = json!(UpReport { session: name, agents });
            // Who has no agents that run is not followed.
            let session = session.filter(|_| lives);
            out.push(Effect::ReplyFollowed { op: up.op, session, answer });
        }
    }
}

/// How an agent is started, in its pane or in one that is made for it.
fn order(
    profiles: &Profiles,
    swarm: &SwarmName,
    agent: &Agent,
    (session, pane): (Option<SessionId>, Option<PaneId>),
    fresh: bool,
    brief: Option<String>,
) -> StartOrder {
    let Conversation { resume, about, doubt } = conversation(profiles, agent, fresh);
    StartOrder {
        swarm: swarm.clone(),
        spec: agent.spec.clone(),
        pane,
        session,
        prompt: resume.is_none() && doubt.is_none(),
        resume,
        about,
        doubt,
        restarts: agent.restarts,
        brief,
    }
}

/// Which conversation an agent is started with.
#[derive(Debug, Default)]
struct Conversation {
    resume: Option<String>,
    about: Option<String>,
    doubt: Option<String>,
}

/// The last conversation where it is known and can be resumed, else a new one. An agent whose conversation was cut off
/// and is lost does not begin its work a second time by itself.
fn conversation(profiles: &Profiles, agent: &Agent, fresh: bool) -> Conversation {
    let Some(profile) = profiles.get(&agent.spec.profile) else { return Conversation::default() };
    if agent.spec.command.is_some() || profile.program().is_empty() {
        return Conversation::default();
    }
    let anew = |why: &str| Some(format!("new conversation{why}"));
    let Some(last) = &agent.instance else {
        return Conversation { about: anew(""), ..Conversation::default() };
    };
    if fresh {
        return Conversation { about: anew(": the last one was ended"), ..Conversation::default() };
    }
    let why = match &last.session {
        Some(session) if profile.resumable() => {
            let short = session.get(..8).unwrap_or(session);
            let about = Some(format!("resumes its conversation {short}"));
            return Conversation { resume: Some(session.clone()), about, doubt: None };
        }
        _ if !profile.resumable() => format!("{} cannot resume one", profile.title()),
        _ if agent.resume_failed => "the last one could not be resumed".to_owned(),
        _ => "the last one is not known".to_owned(),
    };
    let doubt = (agent.cut_off || agent.resume_failed)
        .then(|| format!("started anew without its first prompt: {why}"));
    Conversation { resume: None, about: anew(&format!(": {why}")), doubt }
}

/// What an agent is told about its part and its team.
fn part(profiles: &Profiles, name: &SwarmName, swarm: &Swarm, agent: &AgentName) -> Option<String> {
    let team: Vec<&AgentSpec> = swarm.agents.iter().map(|a| &a.spec).collect();
    let spec = team.iter().find(|spec| spec.name == *agent)?;
    let commands = profiles.get(&spec.profile).is_none_or(|p| p.data().submit.runs_commands);
    brief::brief(spec, name, &team, commands)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Driven, at, started, swarm};
    use super::super::{EventKind, Record};
    use super::*;
    use crate::tmux::PaneId;

    /// Under load an agent may have answered before we hear that it runs: that answer is billed to it all the same.
    #[test]
    fn an_instance_counts_from_before_its_process_was_started() {
        let mut driven = Driven::up(&["one"]);
        let since = at(driven.clock - 3);
        let outcome = Ok(Started { since, ..started(PaneId(0), 300) });
        let effects =
            driven.event(EventKind::Started { swarm: swarm(), agent: "one".parse().unwrap(), outcome });
        let stored = effects.iter().find_map(|effect| match effect {
            Effect::Store(Record::InstanceStarted { at, .. }) => Some(*at),
            _ => None,
        });
        assert_eq!(stored, Some(since));
        assert_eq!(driven.agent("one").instance.as_ref().map(|i| i.started), Some(since));
    }
}
