//! What clients see of an agent: its state with what its screen, its transcript and its hooks say of context and subagents.

use crate::observe::hook::{HookEvent, HookEventKind};
use crate::snapshot::{AgentView, Inbox, SubagentState, SubagentView};
use crate::status::{ContextUsage, Source, Status};

use super::{Agent, Run};

/// How many subagents are remembered.
const SUBAGENTS_MAX: usize = 500;

impl Agent {
    /// How full its context is. The screen is the last to be asked; what the agent itself says of its own compaction is
    /// more exact than our estimate.
    fn context(&self) -> Option<ContextUsage> {
        let (shown, left) = (self.seen.context_shown, self.seen.to_compaction);
        let mut context = self.usage.context.clone();
        if shown.is_none() && left.is_none() {
            return context;
        }
        let known = context.get_or_insert_default();
        known.shown_by_agent = shown.or(known.shown_by_agent);
        known.to_compaction = left.or(known.to_compaction);
        if known.percent_used.is_none() && known.used.is_none() && shown.is_some() {
            (known.percent_used, known.source) = (shown, Some(Source::Screen));
        }
        context
    }

    /// What clients see of it.
    pub fn view(&self) -> AgentView {
        let live = self.instance.as_ref();
        let waits = self.verdict.status == Status::Waiting;
        AgentView {
            name: self.spec.name.to_string(),
            profile: self.spec.profile.clone(),
            role: self.spec.role.clone(),
            host: "local".into(),
            pane: self.place.map(|(_, pane)| pane.to_string()),
            window: self.place.map(|(window, _)| window.to_string()),
            pid: self.pid(),
            instance: live.map(|i| i.id.clone()),
            status: self.verdict.status,
            reason: self.verdict.reason,
            until: self.verdict.until,
            ending: matches!(self.run, Run::Stopping { .. }),
            returning: matches!(self.run, Run::Backoff(_)),
            hold: self.hold.clone(),
            attention: self.attention,
            since: self.since,
            proof: self.verdict.proof.clone(),
            permissions: self.spec.permissions.as_str().to_owned(),
            model: self
                .usage
                .model
                .clone()
                .or_else(|| self.seen.model.clone())
                .or_else(|| self.spec.model.clone()),
            context: self.context(),
            tokens: self.usage.tokens,
            cost_usd: self.usage.cost.map(crate::config::budget::format_usd),
            cost_usd_today: self.usage.cost_today.map(crate::config::budget::format_usd),
            inbox: Inbox::default(),
            restarts: self.restarts,
            directory: self.spec.directory.display().to_string(),
            last_line: self.seen.last_line.clone(),
            question: self.seen.question.clone().filter(|_| waits),
            subject: self.seen.subject.clone().filter(|_| waits),
            prompt: self.seen.prompt.clone().filter(|_| waits),
            options: self.seen.options.clone(),
            screen_rev: self.screen_rev,
            subagents: self.usage.subagents.iter().map(|s| self.subagent(s)).collect(),
        }
    }

    /// A hook said that a subagent began or ended.
    pub fn hear_of_subagent(&mut self, hook: &HookEvent) {
        let Some(id) = &hook.subagent else { return };
        let ended = hook.kind == HookEventKind::SubagentStop;
        if self.subagents.len() >= SUBAGENTS_MAX {
            self.subagents.retain(|_, state| *state == SubagentState::Running);
        }
        let state = if ended { SubagentState::Finished } else { SubagentState::Running };
        self.subagents.insert(id.clone(), state);
    }

    /// A subagent with the last word of the hooks; where the agent itself is gone, nothing runs.
    fn subagent(&self, seen: &SubagentView) -> SubagentView {
        let state = self.subagents.get(&seen.id).copied().or(seen.state);
        let state = state.filter(|s| *s != SubagentState::Running || self.is_alive());
        SubagentView { state, ..seen.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::AgentSpec;
    use crate::observe::evidence::ProcessFact;
    use jiff::Timestamp;

    #[test]
    fn the_hooks_have_the_last_word_on_subagents() {
        let at = Timestamp::UNIX_EPOCH;
        let mut agent = Agent::new(AgentSpec::new("a".parse().unwrap(), "claude", "/"), at);
        let seen = |id: &str, state| SubagentView { id: id.into(), state, ..SubagentView::default() };
        agent.usage.subagents = vec![
            seen("a1", Some(SubagentState::Finished)),
            seen("b2", None),
            seen("c3", Some(SubagentState::Running)),
        ];
        let hear = |agent: &mut Agent, event: &str, id: &str| {
            let payload = serde_json::json!({"hook_event_name": event, "session_id": "s", "agent_id": id});
            agent.hear_of_subagent(&HookEvent::parse("claude", None, &payload, at));
        };
        hear(&mut agent, "SubagentStart", "a1");
        hear(&mut agent, "SubagentStart", "b2");
        hear(&mut agent, "SubagentStop", "b2");
        hear(&mut agent, "Stop", "a1");
        let states = |agent: &Agent| agent.view().subagents.iter().map(|s| s.state).collect::<Vec<_>>();
        agent.process_is(ProcessFact::alive(7), at);
        let (running, finished) = (Some(SubagentState::Running), Some(SubagentState::Finished));
        assert_eq!(states(&agent), [running, finished, running]);
        agent.process_is(ProcessFact::Missing, at);
        assert_eq!(states(&agent), [None, finished, None], "what became of them is not known");
    }
}
