//! What tmux says of panes and processes: agents found in them, lost with them, found again, ended.

use jiff::Timestamp;

use crate::name::{AgentName, SwarmName};
use crate::observe::evidence::ProcessFact;
use crate::tmux::{PaneId, PaneRow};

use super::{Effect, Origin, Run, State, agent};

impl State {
    /// Compares what tmux shows with what we know: panes found again, moved, gone.
    pub(super) fn panes(
        &mut self,
        rows: &[PaneRow],
        looked_at: Option<&[PaneId]>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let names: Vec<SwarmName> = self.swarms.keys().cloned().collect();
        for name in names {
            self.find_again(&name, rows, at, out);
            let Some(swarm) = self.swarms.get_mut(&name) else { continue };
            let mut looked_in = Vec::new();
            for agent in &mut swarm.agents {
                let Some(looked_at) = looked_at else { continue };
                let now = agent.pane().is_some_and(|p| looked_at.contains(&p));
                let before = std::mem::replace(&mut agent.looked_at, now);
                if agent.looked_at && agent.attention.take().is_some() {
                    self.changed = true;
                }
                if before && !agent.looked_at {
                    agent.left_alone = at;
                }
                if std::mem::replace(&mut agent.alone, !agent.looked_at) && agent.looked_at {
                    looked_in.push(agent.spec.name.clone());
                }
            }
            if let Some(session) = swarm.session
                && !rows.iter().any(|r| r.session == session && r.swarm == name.as_str())
            {
                swarm.session = None;
                self.changed = true;
            }
            for agent in looked_in {
                self.looked_in(&name, &agent, at, out);
            }
        }
    }

    /// Finds the agents of one swarm among the panes by their marks, wherever the user moved them.
    pub(super) fn find_again(
        &mut self,
        name: &SwarmName,
        rows: &[PaneRow],
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(swarm) = self.swarms.get_mut(name) else { return };
        let ending = swarm.ending.is_some();
        let mut lost = Vec::new();
        let mut found = Vec::new();
        for agent in &mut swarm.agents {
            let row = rows.iter().find(|r| r.swarm == name.as_str() && r.agent == agent.spec.name.as_str());
            let instance = agent.instance.as_ref().map(|i| i.id.as_str());
            match row {
                // A pane that is being removed is not found again.
                Some(_) if ending && agent.place.is_none() => {}
                Some(row) if agent.place != Some((row.window, row.pane)) => {
                    let was_here = agent.place.is_some();
                    agent.place = Some((row.window, row.pane));
                    self.changed = true;
                    if !was_here && agent.run == Run::Absent && instance == Some(row.instance.as_str()) {
                        found.push((agent.spec.name.clone(), row.clone()));
                    }
                }
                None if agent.is_not_found_yet() => lost.push(agent.spec.name.clone()),
                // It is gone when the pane is; marks alone may be on their way.
                None if agent.pane().is_some_and(|p| rows.iter().all(|r| r.pane != p))
                    && !agent.is_busy_starting() =>
                {
                    lost.push(agent.spec.name.clone());
                }
                Some(_) | None => {}
            }
        }
        for (agent, row) in found {
            self.found(name, &agent, &row, at, out);
        }
        for agent in lost {
            self.pane_gone(name, &agent, agent::PANE_GONE, at, out);
        }
    }

    /// An agent that was known from the store is there again.
    fn found(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        row: &PaneRow,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let row = row.clone();
        self.on_agent(swarm, agent, at, out, |agent| {
            agent.cut_off = false;
            agent.run = Run::Running;
            if row.dead {
                let fact = ProcessFact::Dead { status: row.dead_status, signal: row.dead_signal };
                agent.process_is(fact, at);
            } else {
                // In an adopted pane the agent was started from a shell: the pane's first process is not it.
                let known = agent.instance.as_ref().and_then(|i| i.pid);
                let known = known.filter(|_| agent.origin == Origin::Adopted).or(row.pid);
                agent.process_is(ProcessFact::alive(known.unwrap_or(0)), at);
                if let Some(instance) = &mut agent.instance {
                    instance.pid = known;
                }
                agent.verdict = crate::status::Verdict::UNKNOWN;
                agent.since = at;
            }
        });
        if row.dead {
            self.exited(swarm, agent, at, out);
        }
    }

    /// What is known of a pane's process changed.
    pub(super) fn process(&mut self, pane: PaneId, fact: ProcessFact, at: Timestamp, out: &mut Vec<Effect>) {
        let Some((swarm, name)) = self.find_pane(pane) else { return };
        let Some(agent) = self.swarms.get_mut(&swarm).and_then(|s| s.agent_mut(&name)) else { return };
        let live = matches!(agent.run, Run::Running | Run::Stopping { .. });
        if !live || agent.process == fact {
            return;
        }
        if matches!(fact, ProcessFact::Dead { .. }) {
            // What its end means is not weighed from evidence: whether it was asked for decides.
            agent.process = fact;
            self.exited(&swarm, &name, at, out);
        } else {
            self.on_agent(&swarm, &name, at, out, |agent| agent.process_is(fact, at));
        }
    }
}
