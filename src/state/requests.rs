//! What clients ask for: checked against who asks, then turned into changes and effects.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::AgentSpec;
use crate::error::{Error, Kind};
use crate::name::{AgentName, SwarmName};
use crate::observe::fuse::{Outcome, Used};
use crate::protocol::{
    Adopt, Answer, Choice, Down, EvidenceLine, Explanation, Jump, Request, Restart, RpcError, Target, Up,
};
use crate::snapshot::Hold;
use crate::status::{Source, Status};

use super::budget::HOLDER;
use super::{Agent, Caller, Effect, LogEvent, Op, Origin, PendingUp, Record, Run, State, Swarm, Then};

/// The size of a session whose creator has no terminal, columns and rows (design.md).
pub(super) const DEFAULT_SIZE: (u16, u16) = (200, 50);
/// The longest reason of a refusal, in bytes: a word to the agent, no handoff.
const BECAUSE_MAX: usize = 4096;

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

    fn target_mut(&mut self, target: &Target) -> Option<&mut Agent> {
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

    fn restart(&mut self, actor: &str, restart: &Restart, at: Timestamp, out: &mut Vec<Effect>) -> Answered {
        let Target { swarm, agent: name } = &restart.target;
        let agent = self.target(&restart.target)?;
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

    fn adopt(&mut self, op: Op, adopt: &Adopt, out: &mut Vec<Effect>) -> Answered {
        let pane = adopt.pane.parse().map_err(|e| {
            Error::new(Kind::Usage, format!("`{}` is no pane id", adopt.pane)).because(format!("{e}"))
        })?;
        if let Some((swarm, agent)) = self.find_pane(pane) {
            return Err(Error::new(
                Kind::Blocked,
                format!("{pane} is the agent `{agent}` of `{swarm}` already"),
            ));
        }
        if self.swarms.get(&adopt.swarm).is_some_and(|s| s.agents.iter().any(|a| a.spec.name == adopt.agent))
        {
            return Err(Error::new(
                Kind::Blocked,
                format!("the swarm `{}` has an agent `{}` already", adopt.swarm, adopt.agent),
            ));
        }
        if let Some(profile) = &adopt.profile
            && self.profiles.get(profile).is_none()
        {
            return Err(Error::new(Kind::NotFound, format!("no profile `{profile}`"))
                .hint(format!("known are: {}", self.profiles.names().collect::<Vec<_>>().join(", "))));
        }
        self.swarm_or(&adopt.swarm)?;
        out.push(Effect::LookAt { op, pane, adopt: adopt.clone() });
        Ok(None)
    }

    /// The pane that is to be adopted was looked at: it joins.
    pub(super) fn adopted(
        &mut self,
        op: Op,
        adopt: &Adopt,
        found: super::event::FoundPane,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(swarm) = self.swarms.get_mut(&adopt.swarm) else { return };
        let spec = AgentSpec::new(adopt.agent.clone(), found.profile.clone(), found.directory);
        let mut agent = Agent::new(spec.clone(), at);
        agent.origin = Origin::Adopted;
        agent.started(&found.started, at);
        swarm.config.agents.push(spec);
        swarm.agents.push(agent);
        swarm.reconfigure_purse();
        self.changed = true;
        let (swarm, agent) = (adopt.swarm.clone(), adopt.agent.clone());
        out.push(Effect::Mark {
            pane: found.started.pane,
            swarm: swarm.clone(),
            agent: agent.clone(),
            instance: found.started.instance.clone(),
        });
        out.push(Effect::Store(Record::InstanceStarted {
            directory: found_directory(&self.swarms[&swarm], &agent),
            swarm,
            agent,
            profile: found.profile.clone(),
            pane: found.started.pane,
            started: found.started,
            restarts: 0,
            adopted: true,
            handoff_block: false,
            at,
        }));
        self.keep_config(&adopt.swarm, at, out);
        out.push(Effect::Reply(op, Ok(json!({"profile": found.profile}))));
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

    fn interrupt(
        &mut self,
        op: Op,
        actor: &str,
        target: &Target,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        let pane = pane_of(agent)?;
        if agent.verdict.status != Status::Working {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` is not proven to be working ({})", target.agent, agent.verdict.status),
            ));
        }
        let profile = agent.spec.profile.clone();
        let instance = agent.instance.as_ref().map(|i| i.id.clone()).unwrap_or_default();
        self.log(target, "agent.interrupted", actor, at, out);
        out.push(Effect::Interrupt { op, pane, profile, instance });
        Ok(None)
    }

    fn answer(
        &mut self,
        op: Op,
        actor: &str,
        answer: Answer,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(&answer.target)?;
        let pane = pane_of(agent)?;
        if agent.verdict.status != Status::Waiting {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` asks nothing now ({})", answer.target.agent, agent.verdict.status),
            ));
        }
        if answer.expect.is_none() {
            return Err(Error::new(
                Kind::Blocked,
                format!("nobody has seen what `{}` asks: nothing was sent", answer.target.agent),
            ));
        }
        let instance = agent.instance.as_ref().map(|i| i.id.as_str());
        if answer.expect.as_ref().is_some_and(|seen| seen.instance.as_deref() != instance) {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` was started again since: nothing was sent", answer.target.agent),
            ));
        }
        if answer.because.as_ref().is_some_and(|b| answer.choice != Choice::Deny || b.len() > BECAUSE_MAX) {
            let message = format!("a reason goes with `deny`, and has at most {BECAUSE_MAX} bytes");
            return Err(Error::new(Kind::Usage, message));
        }
        let because = answer.because.map(|b| crate::text::block(&b)).filter(|b| !b.trim().is_empty());
        let profile = agent.spec.profile.clone();
        self.log(&answer.target, "agent.answered", actor, at, out);
        let (choice, expect) = (answer.choice, answer.expect);
        out.push(Effect::Answer { op, pane, profile, choice, expect, because });
        Ok(None)
    }

    /// The person types. Where it begins is on record, what is typed is not.
    fn type_keys(
        &mut self,
        op: Op,
        actor: &str,
        keys: crate::protocol::Type,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(&keys.target)?;
        let pane = pane_of(agent)?;
        if !agent.is_alive() {
            let text = format!("`{}` does not run: nothing can be typed into it", keys.target.agent);
            return Err(Error::new(Kind::Gone, text));
        }
        if keys.keys.is_empty() {
            self.log(&keys.target, "agent.typed_into", actor, at, out);
        }
        if let Some(agent) = self.target_mut(&keys.target) {
            self.changed |= agent.attention.take().is_some();
        }
        out.push(Effect::Type { op, pane, keys: keys.keys });
        Ok(None)
    }

    fn jump(&mut self, op: Op, jump: &Jump, out: &mut Vec<Effect>) -> Answered {
        let swarm = self.swarm_or(&jump.swarm)?;
        let session = swarm
            .session
            .ok_or_else(|| Error::new(Kind::Gone, format!("the session of `{}` is gone", jump.swarm)))?;
        let pane = match &jump.agent {
            Some(agent) => {
                Some(pane_of(self.target(&Target { swarm: jump.swarm.clone(), agent: agent.clone() })?)?)
            }
            None => None,
        };
        let (swarm, root) = (jump.swarm.clone(), swarm.config.root.clone());
        out.push(Effect::Jump { op, session, pane, client: jump.client.clone(), swarm, root });
        Ok(None)
    }

    fn explain(&self, target: &Target) -> Answered {
        let agent = self.target(target)?;
        let explanation = Explanation {
            schema: "swarm.explain/v1".into(),
            agent: target.agent.to_string(),
            verdict: agent.verdict.clone(),
            evidence: evidence(agent),
        };
        Ok(Some(json!(explanation)))
    }

    pub(super) fn log(
        &self,
        target: &Target,
        kind: &'static str,
        actor: &str,
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
            data: Value::Null,
        })));
    }
}

/// Everything that is known about an agent's status, what decided first.
fn evidence(agent: &Agent) -> Vec<EvidenceLine> {
    let won = agent.verdict.proof.as_ref();
    let line = |used: &Used| {
        let (outcome, why) = match used.outcome {
            Outcome::Decided => ("decided", None),
            Outcome::Agrees => ("agrees", None),
            Outcome::Silent => ("silent", None),
            Outcome::Overruled(why) => ("overruled", Some(why.to_owned())),
        };
        EvidenceLine {
            source: used.source,
            rule: used.rule.clone(),
            status: used.status,
            reason: used.reason,
            text: used.text.clone(),
            at: used.at,
            won: used.outcome == Outcome::Decided,
            outcome: Some(outcome.to_owned()),
            why,
            kept: used.kept.map(str::to_owned),
        }
    };
    let mut lines: Vec<EvidenceLine> = agent.weighed.iter().map(line).collect();
    let (rule, text) = agent.process.in_words();
    let decided = won.is_some_and(|p| p.source == Source::Process);
    lines.push(EvidenceLine {
        source: Source::Process,
        rule: won.filter(|_| decided).map_or_else(|| rule.to_owned(), |p| p.rule.clone()),
        status: decided.then_some(agent.verdict.status),
        reason: agent.verdict.reason.filter(|_| decided),
        text,
        at: agent.process_since,
        won: decided,
        outcome: Some(if decided { "decided" } else { "silent" }.to_owned()),
        why: None,
        kept: None,
    });
    lines.sort_by_key(|e| (!e.won, e.source));
    lines
}

fn found_directory(swarm: &Swarm, agent: &AgentName) -> std::path::PathBuf {
    swarm.config.agent(agent).map(|a| a.directory.clone()).unwrap_or_default()
}

fn pane_of(agent: &Agent) -> Result<crate::tmux::PaneId, Error> {
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
