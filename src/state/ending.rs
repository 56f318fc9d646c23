//! How agents and swarms end: crashes, closed panes, polite and less polite stops, `down`.

use jiff::{SignedDuration, Timestamp};

use crate::name::{AgentName, SwarmName};
use crate::observe::evidence::ProcessFact;
use crate::protocol::RpcError;
use crate::status::Reason;

use super::{
    AfterEnd, Agent, Effect, Ended, Instance, Origin, Record, Run, State, StopStep, Then, log_status,
};

/// How long each step of ending an agent may take before the next, harder one.
const STOP_STEP: SignedDuration = SignedDuration::from_secs(5);

impl State {
    /// An agent's pane is gone, with these words for why.
    pub(super) fn pane_gone(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        what: &str,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let then = match agent.run {
            Run::Stopping { then, .. } => Some(then),
            _ => None,
        };
        let alive = agent.is_alive();
        let sleeps = agent.is_asleep() || matches!(then, Some(Then::Sleep(_)));
        if sleeps {
            agent.sleeps_without_pane(at);
        } else {
            agent.lost(what, at);
        }
        if let Some(queue) = self.queues.get_mut(swarm) {
            queue.instance_ended(name, None, at);
        }
        if then.is_some() && !sleeps {
            agent.attention = None;
        }
        self.changed = true;
        let agent = agent.clone();
        if alive {
            if let Some(instance) = &agent.instance {
                out.push(Effect::Store(Record::InstanceEnded {
                    instance: instance.id.clone(),
                    status: None,
                    signal: None,
                    reason: then.map_or(Reason::Lost, Then::reason),
                    at,
                }));
            }
            log_status(swarm, &agent, at, out);
            self.after_exit(swarm, &agent, out);
        }
        if let Some(Then::Sleep(rest)) = then {
            self.fell_asleep(swarm, name, rest, at, out);
        }
        if then == Some(Then::Remove) && self.swarms.get(swarm).is_some_and(|s| s.ending.is_none()) {
            self.forget(swarm, name, at, out);
        }
        self.finish_down(swarm, at, out);
    }

    /// An agent's process has ended: record it, then restart, remove or leave it.
    pub(super) fn exited(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let looked = agent.attention;
        let after = agent.ended(at);
        if let Some(queue) = self.queues.get_mut(swarm) {
            queue.instance_ended(name, None, at);
        }
        self.changed = true;
        let ended = agent.clone();
        if let (Some(instance), ProcessFact::Dead { status, signal }) = (&ended.instance, &ended.process) {
            out.push(Effect::Store(Record::InstanceEnded {
                instance: instance.id.clone(),
                status: *status,
                signal: *signal,
                reason: ended.verdict.reason.unwrap_or(Reason::Finished),
                at,
            }));
        }
        log_status(swarm, &ended, at, out);
        self.after_exit(swarm, &ended, out);
        if let Some(attention) = ended.attention.filter(|a| looked != Some(*a)) {
            out.push(Effect::Notify { swarm: swarm.clone(), agent: name.clone(), attention });
        }
        match after {
            AfterEnd::Continue(Then::Restart { fresh }) => self.start(swarm, name, fresh, at, out),
            AfterEnd::Continue(Then::Remove) => {
                if let Some(pane) = ended.pane() {
                    out.push(Effect::RemovePane { pane, agent: name.clone() });
                }
                if let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) {
                    agent.place = None;
                    agent.run = Run::Absent;
                }
                if self.swarms.get(swarm).is_some_and(|s| s.ending.is_none()) {
                    self.forget(swarm, name, at, out);
                }
                self.finish_down(swarm, at, out);
            }
            AfterEnd::Continue(Then::Sleep(rest)) => self.fell_asleep(swarm, name, rest, at, out),
            AfterEnd::Continue(Then::Stay) | AfterEnd::RestartAt(_) | AfterEnd::Nothing => {}
        }
    }

    /// What the swarm file runs after an agent has ended.
    fn after_exit(&self, swarm: &SwarmName, agent: &Agent, out: &mut Vec<Effect>) {
        let Some(instance) = agent.instance.as_ref().filter(|_| agent.origin == Origin::Made) else { return };
        if agent.spec.after_exit.is_empty() {
            return;
        }
        let (status, signal) = match agent.process {
            ProcessFact::Dead { status, signal } => (status, signal),
            _ => (None, None),
        };
        out.push(Effect::AfterExit(Box::new(Ended {
            swarm: swarm.clone(),
            spec: agent.spec.clone(),
            session: self.swarms.get(swarm).and_then(|s| s.session),
            instance: instance.id.clone(),
            status,
            signal,
        })));
    }

    /// An agent could not be started; that it was to be ended meanwhile is settled with that.
    pub(super) fn not_started(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        if agent.end_when_started.take() == Some(Then::Remove) {
            let pane = agent.pane();
            agent.place = None;
            agent.run = Run::Absent;
            out.extend(pane.map(|pane| Effect::RemovePane { pane, agent: name.clone() }));
            if self.swarms.get(swarm).is_some_and(|s| s.ending.is_none()) {
                self.forget(swarm, name, at, out);
            }
        }
        self.finish_down(swarm, at, out);
    }

    /// The whole tmux server is gone.
    pub(super) fn tmux_lost(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        let names: Vec<SwarmName> = self.swarms.keys().cloned().collect();
        for name in names {
            let Some(swarm) = self.swarms.get_mut(&name) else { continue };
            swarm.session = None;
            let panes: Vec<AgentName> = swarm
                .agents
                .iter()
                .filter(|a| a.place.is_some() || a.is_not_found_yet())
                .map(|a| a.spec.name.clone())
                .collect();
            for agent in panes {
                self.pane_gone(&name, &agent, super::agent::SERVER_GONE, at, out);
            }
        }
        for up in std::mem::take(&mut self.ups) {
            let error = RpcError {
                code: crate::error::Kind::Tmux.code(),
                message: "the tmux server went away while the agents were being started".into(),
                hints: vec!["run `swarm up` again".into()],
            };
            out.push(Effect::Reply(up.op, Err(error)));
        }
        self.changed = true;
    }

    /// Begins to end an agent.
    pub(super) fn stop(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        then: Then,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let Some(pane) = agent.pane() else { return };
        let next = at + STOP_STEP;
        let step = if agent.fit_for_typing() {
            out.push(Effect::AskToExit { pane, profile: agent.spec.profile.clone() });
            StopStep::Asked
        } else {
            signal(agent, false, out);
            StopStep::Terminated
        };
        agent.run = Run::Stopping { step, next, then };
        self.changed = true;
    }

    pub(super) fn stop_harder(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let Run::Stopping { step, then, .. } = agent.run else { return };
        if let Then::Sleep(_) = then {
            return self.sleep_harder(swarm, name, at, out);
        }
        let step = match step {
            StopStep::Asked => {
                signal(agent, false, out);
                StopStep::Terminated
            }
            StopStep::Terminated | StopStep::Killed => {
                signal(agent, true, out);
                StopStep::Killed
            }
        };
        agent.run = Run::Stopping { step, next: at + STOP_STEP, then };
    }

    /// Ends a swarm whose agents have all ended.
    pub(super) fn finish_down(&mut self, name: &SwarmName, at: Timestamp, out: &mut Vec<Effect>) {
        let Some(swarm) = self.swarms.get(name) else { return };
        let Some(op) = swarm.ending else { return };
        let lives = |a: &Agent| a.place.is_some() || a.is_busy_starting();
        if swarm.agents.iter().any(|a| a.origin == Origin::Made && lives(a)) {
            return;
        }
        for agent in swarm.agents.iter().filter(|a| a.origin == Origin::Adopted) {
            out.extend(agent.pane().map(Effect::Release));
        }
        out.push(Effect::Store(Record::SwarmDown { swarm: name.clone(), at }));
        out.push(match swarm.session {
            Some(session) => Effect::EndSession { op, swarm: name.clone(), session },
            None => Effect::Reply(op, Ok(serde_json::Value::Null)),
        });
        self.swarms.remove(name);
        self.changed = true;
        self.leave_if_empty(out);
    }
}

pub(super) fn signal(agent: &Agent, kill: bool, out: &mut Vec<Effect>) {
    if let Some(Instance { pid: Some(pid), pid_start, .. }) = agent.instance {
        out.push(Effect::Signal { pid, pid_start, kill });
    }
}
