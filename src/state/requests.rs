//! What clients ask for: checked against who asks, then turned into changes and effects.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Down, Request, Restart, RpcError, Target, Up};
use crate::snapshot::Hold;
use crate::status::Status;

use super::budget::HOLDER;
use super::{Agent, Caller, Effect, LogEvent, Op, Origin, PendingUp, Record, Run, State, Swarm, Then};

/// The size of a session whose creator has no terminal, columns and rows (design.md).
pub(super) const DEFAULT_SIZE: (u16, u16) = (200, 50);
pub(super) type Answered = Result<Option<Value>, Error>;

impl State {
    /// A client asks. Answers at once, or remembers `op` for later.
    pub(super) fn call(
        &mut self,
        op: Op,
        caller: &Caller,
        request: Request,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(request) = self.mail(op, caller, request, at, out) else { return };
        // Work must not reach an agent again because a hold was believed and not kept.
        let kept = matches!(request, Request::Hold(_) | Request::Resume(_) | Request::Rename(_));
        let answer =
            self.allowed(caller, &request).and_then(|actor| self.handle(op, &actor, request, at, out));
        match answer {
            Ok(Some(value)) if kept => out.push(Effect::ReplyStored(op, Ok(value))),
            Ok(Some(value)) => out.push(Effect::Reply(op, Ok(value))),
            Ok(None) => {}
            Err(err) => out.push(Effect::Reply(op, Err(RpcError::from(&err)))),
        }
    }

    /// Who the caller is; an error where it may not do this.
    ///
    /// A guard rail, not a sandbox: all of it is one user. What runs below an agent's pane may look and report, never
    /// approve, end, hold or start anything.
    fn allowed(&self, caller: &Caller, request: &Request) -> Result<String, Error> {
        let below = self.agent_of(caller).map(|(swarm, agent)| format!("{swarm}/{agent}"));
        // Its parent may have ended, so that its ancestry says nothing any more.
        let unknown = caller.inside.is_some();
        if request.is_read_only() {
            return Ok(below.unwrap_or_else(|| "human".into()));
        }
        match below {
            Some(agent) => Err(Error::new(Kind::Blocked, format!("an agent ({agent}) may not do this"))
                .hint("run it from a pane that is no agent's")),
            None if unknown => Err(Error::new(
                Kind::Blocked,
                "this process is inside an agent's pane and cannot be told apart from it",
            )
            .hint("run it from another terminal")),
            None => Ok("human".into()),
        }
    }

    fn handle(
        &mut self,
        op: Op,
        actor: &str,
        request: Request,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        match request {
            Request::Hello(_) | Request::Subscribe | Request::Hook(_) => Ok(Some(Value::Null)),
            // Answered by `mail`.
            Request::Whoami(_)
            | Request::Handoff(_)
            | Request::HandOver(_)
            | Request::Send(_)
            | Request::Inbox(_)
            | Request::Shown(_)
            | Request::Ack(_)
            | Request::Letter(_)
            | Request::Receipts(_) => Ok(None),
            Request::Status => Ok(Some(json!(self.snapshot()))),
            Request::Up(up) => self.up(op, *up, at, out),
            Request::Add(add) => self.add(op, actor, *add, at, out),
            Request::Down(down) => self.down(op, &down, at, out),
            Request::Restart(restart) => self.restart(actor, &restart, at, out),
            Request::Hibernate(target) => self.hibernate(op, actor, &target, at, out),
            Request::Wake(target) => self.wake(actor, &target, at, out),
            Request::Rename(rename) => self.rename(actor, &rename, at, out),
            Request::Kill(target) => self.end_agent(actor, &target, Then::Stay, at, out),
            Request::Remove(target) => self.remove(actor, &target, at, out),
            Request::Adopt(adopt) => self.adopt(op, &adopt, out),
            Request::Hold(hold) => self.hold(actor, &hold.target, Some(hold.reason), at, out),
            Request::Resume(target) => self.hold(actor, &target, None, at, out),
            Request::ExtendBudget(request) => self.extend_budget(actor, &request, at, out),
            Request::Interrupt(target) => self.interrupt(op, actor, &target, at, out),
            Request::Answer(answer) => self.answer(op, actor, answer, at, out),
            Request::Type(keys) => self.type_keys(op, actor, keys, at, out),
            Request::Jump(jump) => self.jump(op, &jump, out),
            Request::Capture(target) => {
                let agent = self.target(&target)?;
                let pane = pane_of(agent)?;
                out.push(Effect::Capture { op, pane, rev: agent.screen_rev });
                Ok(None)
            }
            Request::Explain(target) => self.explain(&target),
            Request::Seen(target) => {
                self.target(&target)?;
                if let Some(agent) = self.target_mut(&target) {
                    agent.attention = None;
                }
                self.changed = true;
                Ok(Some(Value::Null))
            }
            Request::Stop => {
                out.push(Effect::Reply(op, Ok(Value::Null)));
                out.push(Effect::Leave);
                Ok(None)
            }
        }
    }

    pub(super) fn swarm_or(&self, name: &SwarmName) -> Result<&Swarm, Error> {
        self.swarms.get(name).ok_or_else(|| {
            let known: Vec<_> = self.swarms.keys().map(SwarmName::as_str).collect();
            let err = Error::new(Kind::NotFound, format!("no swarm `{name}` is up"));
            match known.is_empty() {
                true => err.hint("`swarm up` starts one"),
                false => err.hint(format!("up are: {}", known.join(", "))),
            }
        })
    }

    pub(super) fn target(&self, target: &Target) -> Result<&Agent, Error> {
        let swarm = self.swarm_or(&target.swarm)?;
        swarm.agents.iter().find(|a| a.spec.name == target.agent).ok_or_else(|| {
            let known: Vec<_> = swarm.agents.iter().map(|a| a.spec.name.as_str()).collect();
            Error::new(
                Kind::NotFound,
                format!("the swarm `{}` has no agent `{}`", target.swarm, target.agent),
            )
            .hint(format!("its agents are: {}", known.join(", ")))
        })
    }

    pub(super) fn target_mut(&mut self, target: &Target) -> Option<&mut Agent> {
        self.swarms.get_mut(&target.swarm)?.agent_mut(&target.agent)
    }

    fn up(&mut self, op: Op, up: Up, at: Timestamp, out: &mut Vec<Effect>) -> Answered {
        let name = up.config.name.clone();
        for wanted in &up.only {
            if up.config.agent(wanted).is_none() {
                let known: Vec<_> = up.config.agents.iter().map(|a| a.name.as_str()).collect();
                return Err(Error::new(
                    Kind::NotFound,
                    format!("the swarm `{name}` has no agent `{wanted}`"),
                )
                .hint(format!("its agents are: {}", known.join(", "))));
            }
        }
        if self.swarms.get(&name).is_some_and(|s| s.ending.is_some()) {
            return Err(Error::new(Kind::Blocked, format!("the swarm `{name}` is going down"))
                .hint("wait for `swarm down` to end, then run `swarm up` again"));
        }
        if self.ups.iter().any(|u| u.swarm == name) {
            return Err(Error::new(Kind::Blocked, format!("another `swarm up` of `{name}` is under way")));
        }
        self.take_config(&up, at);
        let mut done = BTreeMap::new();
        let wanted: Vec<AgentName> = match up.only.is_empty() {
            true => {
                done = self.left_over(op, &up.config, out);
                let known = self.swarms.get(&name).into_iter().flat_map(|s| &s.agents).map(|a| &a.spec);
                let wanted = known.filter(|spec| spec.added || up.config.agent(&spec.name).is_some());
                wanted.map(|spec| spec.name.clone()).collect()
            }
            false => up.only,
        };
        let waiting: BTreeSet<AgentName> = wanted.iter().cloned().collect();
        self.ups.push(PendingUp { op, swarm: name.clone(), wanted, waiting, done, adds: None, wakes: None });
        out.push(Effect::EnsureSession {
            op,
            swarm: name,
            size: up.size.unwrap_or(DEFAULT_SIZE),
            root: up.config.root.clone(),
            env: up.env,
        });
        Ok(None)
    }

    /// The configuration of an `up` becomes ours: new agents join, known ones get their new description; agents that
    /// it does not name stay until they are removed, with or without a pane when they were added by hand.
    fn take_config(&mut self, up: &Up, at: Timestamp) {
        let name = up.config.name.clone();
        let before = self.swarms.remove(&name);
        let mut old = before.as_ref().map(|s| s.agents.clone()).unwrap_or_default();
        let mut agents: Vec<Agent> = Vec::new();
        for spec in &up.config.agents {
            match old.iter().position(|a| a.spec.name == spec.name) {
                Some(i) => {
                    let mut agent = old.remove(i);
                    agent.spec = spec.clone();
                    agents.push(agent);
                }
                None => agents.push(Agent::new(spec.clone(), at)),
            }
        }
        let mut config = up.config.clone();
        for agent in old.into_iter().filter(|a| a.place.is_some() || a.spec.added) {
            config.agents.push(agent.spec.clone());
            agents.push(agent);
        }
        let session = before.as_ref().and_then(|s| s.session);
        let mut swarm = Swarm::new(config, session, agents);
        if let Some(before) = before {
            (swarm.purse, swarm.overview) = (before.purse, None);
        }
        self.swarms.insert(name, swarm);
        self.changed = true;
    }

    fn down(&mut self, op: Op, down: &Down, at: Timestamp, out: &mut Vec<Effect>) -> Answered {
        let swarm = self.swarm_or(&down.swarm)?;
        if swarm.ending.is_some() {
            return Err(Error::new(
                Kind::Blocked,
                format!("the swarm `{}` is going down already", down.swarm),
            ));
        }
        let working: Vec<String> = swarm
            .agents
            .iter()
            .filter(|a| a.origin == Origin::Made && a.is_alive())
            .filter(|a| matches!(a.verdict.status, Status::Working | Status::Waiting))
            .map(|a| format!("{} ({})", a.spec.name, a.verdict.status))
            .collect();
        if !working.is_empty() && !down.force {
            return Err(Error::new(Kind::Blocked, format!("not idle: {}", working.join(", ")))
                .hint("`swarm down --yes` ends them all the same"));
        }
        let names: Vec<AgentName> = swarm.agents.iter().map(|a| a.spec.name.clone()).collect();
        if let Some(swarm) = self.swarms.get_mut(&down.swarm) {
            swarm.ending = Some(op);
        }
        for up in std::mem::take(&mut self.ups) {
            if up.swarm == down.swarm {
                let err = Error::new(Kind::Interrupted, "the swarm is going down");
                out.push(Effect::Reply(up.op, Err(RpcError::from(&err))));
            } else {
                self.ups.push(up);
            }
        }
        for name in names {
            self.end_for_good(&down.swarm, &name, at, out);
        }
        self.finish_down(&down.swarm, at, out);
        Ok(None)
    }

    /// Ends one agent and its pane, whatever it is doing.
    fn end_for_good(&mut self, swarm: &SwarmName, name: &AgentName, at: Timestamp, out: &mut Vec<Effect>) {
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        if agent.origin == Origin::Adopted {
            return;
        }
        match agent.run {
            Run::Running => self.stop(swarm, name, Then::Remove, at, out),
            Run::Stopping { step, next, .. } => agent.run = Run::Stopping { step, next, then: Then::Remove },
            // Its pane is not known before it has come up.
            Run::Placing | Run::Starting => agent.end_when_started = Some(Then::Remove),
            Run::Ended | Run::Backoff(_) | Run::Absent => {
                if let Some(pane) = agent.pane() {
                    out.push(Effect::RemovePane { pane, agent: name.clone() });
                }
                agent.place = None;
                agent.run = Run::Absent;
            }
        }
    }

    /// What is going down does so: nothing is begun or kept in it.
    pub(super) fn refuse_in_down(&self, swarm: &SwarmName) -> Result<(), Error> {
        match self.swarms.get(swarm).is_some_and(|s| s.ending.is_some()) {
            true => Err(Error::new(Kind::Blocked, format!("`{swarm}` is going down"))),
            false => Ok(()),
        }
    }

    fn restart(&mut self, actor: &str, restart: &Restart, at: Timestamp, out: &mut Vec<Effect>) -> Answered {
        let Target { swarm, agent: name } = &restart.target;
        let agent = self.target(&restart.target)?;
        self.refuse_in_down(swarm)?;
        refuse_adopted(agent, "restarted")?;
        if agent.is_busy_starting() {
            let ending = agent.end_when_started.is_some();
            if ending && let Some(agent) = self.target_mut(&restart.target) {
                agent.end_when_started = None;
                return Ok(Some(Value::Null));
            }
            return Err(Error::new(Kind::Blocked, format!("`{name}` is being started already")));
        }
        pane_of(agent)?;
        let running = matches!(agent.run, Run::Running | Run::Stopping { .. });
        if let Some(agent) = self.target_mut(&restart.target) {
            agent.restarts += 1;
            agent.crashes.clear();
        }
        self.log(&restart.target, "agent.restart_requested", actor, at, out);
        let about = self.which_conversation(swarm, name, restart.fresh);
        if running {
            self.stop(swarm, name, Then::Restart { fresh: restart.fresh }, at, out);
        } else {
            self.start(swarm, name, restart.fresh, at, out);
        }
        Ok(Some(json!({ "about": about })))
    }

    fn end_agent(
        &mut self,
        actor: &str,
        target: &Target,
        then: Then,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        self.refuse_in_down(&target.swarm)?;
        refuse_adopted(agent, "ended")?;
        match agent.run {
            Run::Running | Run::Stopping { .. } => {
                self.log(target, "agent.kill_requested", actor, at, out);
                self.stop(&target.swarm, &target.agent, then, at, out);
            }
            Run::Backoff(_) => {
                if let Some(agent) = self.target_mut(target) {
                    agent.run = Run::Ended;
                }
                self.changed = true;
            }
            // It ends as soon as it has come up: tmux is making its process right now.
            Run::Placing | Run::Starting => {
                self.log(target, "agent.kill_requested", actor, at, out);
                if let Some(agent) = self.target_mut(target) {
                    agent.end_when_started = Some(then);
                }
            }
            Run::Ended | Run::Absent => {
                let name = &target.agent;
                return Err(match agent.is_asleep() {
                    true => Error::new(Kind::Gone, format!("`{name}` is asleep: it does not run"))
                        .hint(format!("`swarm hold {name}` keeps messages from waking it, `swarm rm {name}` takes it out")),
                    false => Error::new(Kind::Gone, format!("`{name}` has ended already")),
                });
            }
        }
        Ok(Some(Value::Null))
    }

    fn remove(&mut self, actor: &str, target: &Target, at: Timestamp, out: &mut Vec<Effect>) -> Answered {
        let agent = self.target(target)?;
        if agent.origin == Origin::Adopted {
            out.extend(agent.pane().map(Effect::Release));
            self.forget(&target.swarm, &target.agent, at, out);
            return Ok(Some(Value::Null));
        }
        self.log(target, "agent.remove_requested", actor, at, out);
        let alive = agent.is_busy_starting() || matches!(agent.run, Run::Running | Run::Stopping { .. });
        self.end_for_good(&target.swarm, &target.agent, at, out);
        if !alive {
            self.forget(&target.swarm, &target.agent, at, out);
        }
        Ok(Some(Value::Null))
    }

    fn hold(
        &mut self,
        actor: &str,
        target: &Target,
        reason: Option<String>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        if let Some(hold) = agent.hold.as_ref().filter(|h| reason.is_none() && h.by == HOLDER) {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` is held by its budget: {}", target.agent, hold.reason),
            )
            .hint("`swarm budget extend` allows more, and lets it go"));
        }
        let kind = if reason.is_some() { "agent.paused" } else { "agent.resumed" };
        let hold = reason.map(|reason| Hold { by: actor.to_owned(), reason, since: at });
        if let Some(agent) = self.target_mut(target) {
            agent.hold.clone_from(&hold);
        }
        let (swarm, agent) = (target.swarm.clone(), target.agent.clone());
        out.push(Effect::Store(Record::Hold { swarm, agent, hold }));
        self.changed = true;
        self.log(target, kind, actor, at, out);
        Ok(Some(Value::Null))
    }

    pub(super) fn log(
        &self,
        target: &Target,
        kind: &'static str,
        actor: &str,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        self.log_with(target, kind, (actor, Value::Null), at, out);
    }

    pub(super) fn log_with(
        &self,
        target: &Target,
        kind: &'static str,
        (actor, data): (&str, Value),
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let instance =
            self.agent(&target.swarm, &target.agent).and_then(|a| a.instance.as_ref()).map(|i| i.id.clone());
        out.push(Effect::Store(Record::Event(LogEvent {
            at,
            swarm: target.swarm.clone(),
            agent: Some(target.agent.clone()),
            instance,
            kind,
            actor: actor.to_owned(),
            cause: Some("request".into()),
            data,
        })));
    }
}

pub(super) fn pane_of(agent: &Agent) -> Result<crate::tmux::PaneId, Error> {
    agent.pane().ok_or_else(|| {
        let name = &agent.spec.name;
        Error::new(Kind::Gone, format!("`{name}` has no pane")).hint(match agent.is_asleep() {
            true => format!("it is asleep: `swarm wake {name}` makes it again"),
            false => "`swarm up` makes it again".to_owned(),
        })
    })
}

pub(super) fn refuse_adopted(agent: &Agent, what: &str) -> Result<(), Error> {
    match agent.origin {
        Origin::Made => Ok(()),
        Origin::Adopted => Err(Error::new(
            Kind::Blocked,
            format!("`{}` was adopted: swarm watches it, but it is not {what} by swarm", agent.spec.name),
        )
        .hint("end it in its own pane, or `swarm rm` takes it out of the swarm")),
    }
}
