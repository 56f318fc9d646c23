//! What an agent's hook reports, booked on the agent it is about.

use jiff::Timestamp;

use crate::observe::hook::{HookEvent, HookEventKind};
use crate::tmux::PaneId;

use super::{Agent, Effect, Instance, Run, State};

impl State {
    /// An agent's hook reported: by instance where its environment says which, else by conversation, else by pane.
    pub(super) fn hook(&mut self, hook: &HookEvent, at: Timestamp, out: &mut Vec<Effect>) {
        let all = || self.swarms.iter().flat_map(|(name, s)| s.agents.iter().map(move |a| (name, a)));
        let known = |a: &Agent, of: &dyn Fn(&Instance) -> Option<String>| a.instance.as_ref().and_then(of);
        let by_instance = || {
            let id = hook.instance.as_deref()?;
            all().find(|(_, a)| known(a, &|i| Some(i.id.clone())).as_deref() == Some(id))
        };
        let by_session = || {
            let id = hook.agent_session.as_deref()?;
            all().find(|(_, a)| known(a, &|i| i.session.clone()).as_deref() == Some(id))
        };
        let by_pane = || {
            let pane: PaneId = hook.pane.as_deref()?.parse().ok()?;
            all().find(|(_, a)| a.pane() == Some(pane))
        };
        let Some((swarm, agent)) = by_instance().or_else(by_session).or_else(by_pane) else { return };
        let (swarm, name) = (swarm.clone(), agent.spec.name.clone());
        self.hook_about_permission(&swarm, &name, hook, at, out);
        let Some(agent) = self.agent(&swarm, &name) else { return };
        let prompted = hook.prompt.is_some() && !hook.is_side;
        let session = agent.instance.as_ref().and_then(|i| i.session.clone());
        if !matches!(agent.run, Run::Running | Run::Stopping { .. }) || !hook.concerns(session.as_deref()) {
            return;
        }
        let pane = agent.pane();
        if prompted {
            self.mail_hook(&swarm, &name, hook, at);
        }
        if let (HookEventKind::Stop, false, Some(queue)) =
            (hook.kind, hook.is_side, self.queues.get_mut(&swarm))
        {
            queue.look_for_handed(&name, at);
        }
        if let (Some(session), Some(pane), false) = (&hook.agent_session, pane, hook.is_side) {
            self.conversation(pane, session, at, out);
        }
        self.on_agent(&swarm, &name, at, out, |agent| {
            hook.book(&mut agent.board);
            if let Some(instance) = agent.instance.as_mut().filter(|_| !hook.is_side)
                && let Some(path) = &hook.transcript_path
            {
                instance.transcript = Some(path.into());
            }
            if let Some(model) = hook.model.as_ref().filter(|_| !hook.is_side) {
                agent.usage.model = Some(model.clone());
            }
            if !hook.is_side {
                agent.usage.hear(hook);
            }
            agent.hear_of_subagent(hook);
        });
    }
}
