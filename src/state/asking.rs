//! Hooks that wait for the person's answer to a permission prompt (`answer_by = "hook"`): which may, and for how long.
//!
//! Decides only. The agent's dialog is open meanwhile and takes keys, so letting go of a hook too early costs nothing:
//! keys answer then. A hook must never be answered for another prompt than the one it was called for, so one that comes
//! while an older prompt stands is let go at once.

use jiff::{SignedDuration, Timestamp};

use crate::config::AnswerBy;
use crate::observe::hook::{HookEvent, HookEventKind, PermissionAsk};
use crate::status::Status;
use crate::tmux::PaneId;

use super::{Agent, Caller, Effect, Op, Run, State};

/// How much a prompt may be known before its own hook reports it: by the status file, by the screen.
const SAME_PROMPT: SignedDuration = SignedDuration::from_secs(1);
/// How long after its hook another source may still say that the agent works.
const SETTLES: SignedDuration = SignedDuration::from_secs(2);

impl State {
    /// A hook reports, and asks: for a person's answer to a permission prompt, or for messages.
    pub(super) fn hook_asks(
        &mut self,
        op: Op,
        caller: &Caller,
        hook: &HookEvent,
        ask: Option<Box<PermissionAsk>>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        match ask {
            Some(ask) => self.permission_hook(op, caller, hook, ask, at, out),
            None => self.hand_to_hook(op, caller, hook, at, out),
        }
    }

    fn permission_hook(
        &mut self,
        op: Op,
        caller: &Caller,
        hook: &HookEvent,
        ask: Box<PermissionAsk>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let waits = self.may_wait(caller, hook, &ask, at);
        self.hook(hook, at, out);
        // Whose process it is, not what it says of itself, decides whose prompt it is about.
        let found = self.agent_of(caller).filter(|_| waits);
        let agent = found.and_then(|(s, name)| self.swarms.get_mut(&s)?.agent_mut(&name));
        match agent.and_then(|agent| agent.pane().map(|pane| (agent, pane))) {
            Some((agent, pane)) => {
                agent.hook_waits = Some(at);
                out.push(Effect::AwaitAnswer { op, pane, ask });
            }
            None => out.push(Effect::ReplyNow(op, serde_json::Value::Null)),
        }
    }

    fn may_wait(&self, caller: &Caller, hook: &HookEvent, ask: &PermissionAsk, at: Timestamp) -> bool {
        let agent = self.agent_of(caller).and_then(|(swarm, name)| self.agent(&swarm, &name));
        let Some((agent, instance)) = agent.and_then(|a| Some((a, a.instance.as_ref()?))) else {
            return false;
        };
        let Some(profile) = self.profiles.get(&agent.spec.profile) else { return false };
        let rule = &profile.data().sources.hook_answer;
        let older = agent.verdict.status == Status::Waiting && at.duration_since(agent.since) > SAME_PROMPT;
        hook.kind == HookEventKind::Permission
            && rule.event.as_ref() == Some(&hook.name)
            && !rule.except.iter().any(|tool| tool == ask.tool())
            && agent.spec.answer_by == AnswerBy::Hook
            && agent.run == Run::Running
            && hook.instance.as_ref().is_none_or(|said| *said == instance.id)
            && hook.concerns(instance.session.as_deref())
            && !older
    }
}

impl Agent {
    /// The pane whose hooks need not wait any longer: its agent has gone on, or is gone.
    pub(super) fn lets_hooks_go(&mut self, at: Timestamp) -> Option<PaneId> {
        let since = self.hook_waits?;
        let over = match self.verdict.status {
            Status::Waiting => false,
            Status::Exited => true,
            _ => at.duration_since(since) > SETTLES,
        };
        over.then(|| self.hook_waits = None)?;
        self.pane()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Driven, at, config_of, started};
    use super::*;
    use crate::config::AgentSpec;
    use crate::state::EventKind;
    use serde_json::{Value, json};

    fn team(answer_by: AnswerBy) -> Driven {
        let mut spec = AgentSpec::new("a".parse().unwrap(), "sim", "/tmp");
        spec.answer_by = answer_by;
        let other = AgentSpec { name: "b".parse().unwrap(), ..spec.clone() };
        Driven::up_with(config_of(vec![spec, other]))
    }

    fn permission(tool: &str) -> Value {
        json!({"hook_event_name": "PermissionRequest", "tool_name": tool, "tool_input": {"command": "ls"}})
    }

    /// A hook below the process of the agent in pane `of` asks; the pane in whose name it waits.
    fn ask(driven: &mut Driven, op: u64, of: u32, says: &str, payload: &Value) -> Option<PaneId> {
        let started = started(PaneId(of), 100 + of);
        let mut hook = HookEvent::parse("sim", None, payload, at(driven.clock));
        hook.instance = Some(says.to_owned());
        let caller = Caller { ancestry: vec![9999, started.pid], ..Caller::default() };
        let ask = PermissionAsk::of(payload).map(Box::new);
        let effects = driven.event(EventKind::Asked { op: Op(op), caller, hook: Box::new(hook), ask });
        effects
            .iter()
            .find_map(|effect| match effect {
                Effect::ReplyNow(n, Value::Null) if n.0 == op => Some(None),
                Effect::AwaitAnswer { op: n, pane, .. } if n.0 == op => Some(Some(*pane)),
                _ => None,
            })
            .expect("a hook is answered, or waits")
    }

    fn own(pane: u32) -> String {
        started(PaneId(pane), 100 + pane).instance
    }

    fn let_go(effects: &[Effect]) -> Vec<PaneId> {
        effects.iter().filter_map(|e| if let Effect::LetGo(pane) = e { Some(*pane) } else { None }).collect()
    }

    #[test]
    fn it_waits_only_where_that_was_asked_for_and_for_its_own_agent() {
        let mut driven = team(AnswerBy::Keys);
        assert_eq!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")), None);
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 70, 0, &own(1), &permission("Bash")), None, "it says it is another's");
        assert_eq!(ask(&mut driven, 71, 0, &own(0), &permission("AskUserQuestion")), None);
        assert_eq!(ask(&mut driven, 72, 0, &own(0), &permission("ExitPlanMode")), None);
        let other =
            json!({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}});
        assert_eq!(ask(&mut driven, 73, 0, &own(0), &other), None);
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 70, 1, &own(1), &permission("Bash")), Some(PaneId(1)));
    }

    #[test]
    fn one_that_comes_while_an_older_prompt_stands_is_let_go() {
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")), Some(PaneId(0)));
        driven.clock += 5;
        assert_eq!(ask(&mut driven, 71, 0, &own(0), &permission("Bash")), None);
    }

    #[test]
    fn it_is_let_go_when_its_agent_goes_on() {
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        let went_on = |driven: &mut Driven| {
            let payload = json!({"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {}});
            let mut hook = HookEvent::parse("sim", None, &payload, at(driven.clock));
            hook.instance = Some(own(0));
            let_go(&driven.event(EventKind::Hook(Box::new(hook))))
        };
        assert_eq!(went_on(&mut driven), [], "another source may not know of the prompt yet");
        driven.clock += 3;
        assert_eq!(went_on(&mut driven), [PaneId(0)]);
        driven.clock += 3;
        assert_eq!(went_on(&mut driven), []);
    }
}
