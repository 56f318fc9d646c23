//! `swarm adopt`: a pane that swarm did not make joins as an agent, and is never ended by swarm.

use jiff::Timestamp;
use serde_json::json;

use crate::config::AgentSpec;
use crate::error::{Error, Kind};
use crate::name::AgentName;
use crate::protocol::Adopt;

use super::requests::Answered;
use super::{Agent, Effect, Op, Origin, Record, State, Swarm};

impl State {
    pub(super) fn adopt(&mut self, op: Op, adopt: &Adopt, out: &mut Vec<Effect>) -> Answered {
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
}

fn found_directory(swarm: &Swarm, agent: &AgentName) -> std::path::PathBuf {
    swarm.config.agent(agent).map(|a| a.directory.clone()).unwrap_or_default()
}
