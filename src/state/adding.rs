//! Agents that join a swarm that is up, and agents that no swarm file names.
//!
//! An agent is added by the same way as `up` makes one. One that cannot be started leaves again; one that was started
//! stays, also over the end of the monitor, until it is removed or the swarm is down.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::config::{Config, MAX_AGENTS};
use crate::error::{Error, Kind};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Add, Progress, Step, Target};

use super::requests::{Answered, DEFAULT_SIZE};
use super::{Agent, Effect, Op, Origin, PendingUp, Record, State};

impl State {
    /// `swarm add`: the agent joins and is started.
    pub(super) fn add(
        &mut self,
        op: Op,
        actor: &str,
        add: Add,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let (swarm, spec) = (add.swarm, add.spec);
        self.may_join(&swarm, &spec.name)?;
        if self.profiles.get(&spec.profile).is_none() {
            return Err(Error::new(Kind::NotFound, format!("no profile `{}`", spec.profile))
                .hint(format!("known are: {}", self.profiles.names().collect::<Vec<_>>().join(", "))));
        }
        let name = spec.name.clone();
        let Some(known) = self.swarms.get_mut(&swarm) else { return Ok(None) };
        known.config.agents.push(spec.clone());
        known.agents.push(Agent::new(spec, at));
        let root = known.config.root.clone();
        self.changed = true;
        self.log(&Target { swarm: swarm.clone(), agent: name.clone() }, "agent.added", actor, at, out);
        self.ups.push(PendingUp {
            op,
            swarm: swarm.clone(),
            wanted: vec![name.clone()],
            waiting: BTreeSet::from([name.clone()]),
            done: BTreeMap::new(),
            adds: Some(name),
            wakes: None,
        });
        let size = add.size.unwrap_or(DEFAULT_SIZE);
        out.push(Effect::EnsureSession { op, swarm, size, root, env: add.env });
        Ok(None)
    }

    /// Whether an agent of this name may join.
    fn may_join(&self, swarm: &SwarmName, name: &AgentName) -> Result<(), Error> {
        let known = self.swarm_or(swarm)?;
        let blocked = |why: String| Error::new(Kind::Blocked, why);
        if known.ending.is_some() {
            return Err(blocked(format!("the swarm `{swarm}` is going down"))
                .hint("wait for `swarm down` to end, then `swarm up` and add it"));
        }
        if known.agents.iter().any(|a| a.spec.name == *name) {
            return Err(blocked(format!("the swarm `{swarm}` has an agent `{name}` already"))
                .hint("choose another name, or take that one out with `swarm rm`"));
        }
        if known.agents.len() >= MAX_AGENTS {
            return Err(blocked(format!("the swarm `{swarm}` has {MAX_AGENTS} agents: that is the limit")));
        }
        if self.ups.iter().any(|up| up.swarm == *swarm) {
            return Err(blocked(format!("`{swarm}` is being started, or gets another agent, right now"))
                .hint("try again in a moment"));
        }
        Ok(())
    }

    /// Says of each agent that the configuration of an `up` does not name any more that it is left as it is.
    pub(super) fn left_over(
        &self,
        op: Op,
        config: &Config,
        out: &mut Vec<Effect>,
    ) -> BTreeMap<AgentName, Progress> {
        let known = self.swarms.get(&config.name).into_iter().flat_map(|s| &s.agents);
        let left = known
            .filter(|a| a.origin == Origin::Made && !a.spec.added && config.agent(&a.spec.name).is_none());
        let mut done = BTreeMap::new();
        for agent in left {
            let name = agent.spec.name.clone();
            let note = format!("no longer in the swarm file; `swarm rm {name}` ends it");
            let progress = Progress { agent: name.to_string(), step: Step::Kept, note: Some(note) };
            out.push(Effect::Progress(op, progress.clone()));
            done.insert(name, progress);
        }
        done
    }

    /// Stores who belongs to a swarm, after that has changed outside an `up`.
    pub(super) fn keep_config(&self, swarm: &SwarmName, at: Timestamp, out: &mut Vec<Effect>) {
        let Some(swarm) = self.swarms.get(swarm) else { return };
        let config = Box::new(swarm.config.without_secrets());
        out.push(Effect::Store(Record::SwarmUp { session: swarm.session, config, at }));
    }
}

/// What `up` says of an agent that stands in no swarm file.
pub(super) fn remark(name: &AgentName) -> String {
    format!("not in the swarm file; `swarm rm {name}` takes it out")
}
