//! The hook that waits for the person's answer to a permission prompt (`answer_by = "hook"`): which may, and for how long.
//!
//! Decides only. The agent's dialog is open meanwhile and takes keys, so letting go of a hook too early costs nothing:
//! keys answer then. A hook must never be answered for another prompt than the one it was called for, so it waits only
//! while it is the only one, and nothing but its own prompt has been asked since.

use jiff::{SignedDuration, Timestamp};

use crate::config::AnswerBy;
use crate::name::{AgentName, SwarmName};
use crate::observe::hook::{HookEvent, HookEventKind, PermissionAsk};
use crate::status::Status;

use super::{Agent, AskedByHook, Caller, Effect, Op, Run, State};

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
        let Some(ask) = ask else { return self.hand_to_hook(op, caller, hook, at, out) };
        // As it was before: its own report lets another one go.
        let waits = self.may_wait(caller, hook, &ask, at);
        self.hook(hook, at, out);
        // Whose process it is, not what it says of itself, decides whose prompt it is about.
        let found = self.agent_of(caller).filter(|_| waits);
        let agent = found.and_then(|(swarm, name)| self.swarms.get_mut(&swarm)?.agent_mut(&name));
        match agent.and_then(|agent| agent.instance.as_mut()) {
            Some(instance) => {
                instance.asked = Some(AskedByHook { at, waits: true, answering: false });
                out.push(Effect::AwaitAnswer { op, instance: instance.id.clone(), ask });
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
            && rule.commands.contains_key(ask.tool())
            && agent.spec.answer_by == AnswerBy::Hook
            && agent.run == Run::Running
            && hook.instance.as_ref().is_none_or(|said| *said == instance.id)
            && hook.concerns(instance.session.as_deref())
            && instance.asked.is_none()
            && !older
    }

    /// What a hook says of permissions: another one is asked for, or the agent has gone on. Either lets a hook go that
    /// waits: nobody can say any more which prompt is on the screen.
    pub(super) fn hook_about_permission(
        &mut self,
        swarm: &SwarmName,
        name: &AgentName,
        hook: &HookEvent,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        use HookEventKind as K;
        let Some(agent) = self.swarms.get_mut(swarm).and_then(|s| s.agent_mut(name)) else { return };
        let rule = self.profiles.get(&agent.spec.profile).map(|p| &p.data().sources.hook_answer);
        // Where keys answer, nobody needs to know.
        let asks = agent.spec.answer_by == AnswerBy::Hook
            && rule.is_some_and(|rule| rule.event.as_ref() == Some(&hook.name));
        let goes_on =
            matches!(hook.kind, K::ToolEnd | K::Answered | K::Prompt | K::Stop | K::Failure | K::SessionEnd);
        let Some(instance) = agent.instance.as_mut() else { return };
        // Whoever asks shows a dialog in this pane; only the conversation itself goes on with it.
        let own = !hook.is_side && !hook.of_subagent && hook.concerns(instance.session.as_deref());
        if !(asks || goes_on && own) {
            return;
        }
        let before = std::mem::replace(
            &mut instance.asked,
            asks.then_some(AskedByHook { at, waits: false, answering: false }),
        );
        if before.is_some_and(|asked| asked.waits) {
            out.push(Effect::LetGo(instance.id.clone()));
        }
    }
}

impl Agent {
    /// What a hook asked is over, as the agent works again: the instance whose hook need not wait any longer.
    pub(super) fn goes_on_without_hook(&mut self, at: Timestamp) -> Option<String> {
        self.hook_due().filter(|due| *due <= at)?;
        let instance = self.instance.as_mut()?;
        let asked = instance.asked.take()?;
        asked.waits.then(|| instance.id.clone())
    }

    /// When that is, as things stand.
    pub(super) fn hook_due(&self) -> Option<Timestamp> {
        let asked = self.instance.as_ref()?.asked?;
        (self.verdict.status != Status::Waiting).then(|| asked.at + SETTLES)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Driven, at, config_of, started};
    use super::*;
    use crate::config::AgentSpec;
    use crate::observe::evidence::Evidence;
    use crate::state::{EventKind, Seen};
    use crate::status::{Reason, Source};
    use crate::tmux::PaneId;
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

    /// A hook below the process of the agent in pane `of` asks; the instance in whose name it waits.
    fn ask(driven: &mut Driven, op: u64, of: u32, says: &str, payload: &Value) -> Option<String> {
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
                Effect::AwaitAnswer { op: n, instance, .. } if n.0 == op => Some(Some(instance.clone())),
                _ => None,
            })
            .expect("a hook is answered, or waits")
    }

    fn own(pane: u32) -> String {
        started(PaneId(pane), 100 + pane).instance
    }

    fn let_go(effects: &[Effect]) -> Vec<String> {
        let gone = |e: &Effect| if let Effect::LetGo(instance) = e { Some(instance.clone()) } else { None };
        effects.iter().filter_map(gone).collect()
    }

    fn hears(driven: &mut Driven, payload: &Value) -> Vec<String> {
        let mut hook = HookEvent::parse("sim", None, payload, at(driven.clock));
        hook.instance = Some(own(0));
        let_go(&driven.event(EventKind::Hook(Box::new(hook))))
    }

    #[test]
    fn it_waits_only_where_that_was_asked_for_and_for_its_own_agent() {
        let mut driven = team(AnswerBy::Keys);
        assert_eq!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")), None);
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 70, 0, &own(1), &permission("Bash")), None, "it says it is another's");
        // Each for itself: what was asked once keeps the next one from waiting.
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 71, 0, &own(0), &permission("mcp__shell__run")), None);
        let mut driven = team(AnswerBy::Hook);
        let other =
            json!({"hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}});
        assert_eq!(ask(&mut driven, 72, 0, &own(0), &other), None);
        let mut driven = team(AnswerBy::Hook);
        assert_eq!(ask(&mut driven, 70, 1, &own(1), &permission("Bash")), Some(own(1)));
    }

    #[test]
    fn one_that_comes_while_an_older_prompt_stands_does_not_wait() {
        let mut driven = team(AnswerBy::Hook);
        driven.event(EventKind::Screen { pane: PaneId(0), seen: Box::new(asks_something(&driven)) });
        driven.clock += 5;
        assert_eq!(ask(&mut driven, 71, 0, &own(0), &permission("Bash")), None);
    }

    fn asks_something(driven: &Driven) -> Seen {
        let evidence = Evidence::new(Source::Screen, "permission", at(driven.clock)).says(Status::Waiting);
        Seen { evidence: vec![evidence.because(Some(Reason::Permission)).composer(false)], ..Seen::default() }
    }

    #[test]
    fn of_two_prompts_neither_hook_waits() {
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        // Whatever else it asks: a question, something too long, a subagent's command.
        let question =
            json!({"hook_event_name": "PermissionRequest", "tool_name": "AskUserQuestion", "tool_input": {}});
        assert_eq!(hears(&mut driven, &question), [own(0)]);
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        assert_eq!(ask(&mut driven, 71, 0, &own(0), &permission("Bash")), None);
        assert_eq!(ask(&mut driven, 72, 0, &own(0), &permission("Bash")), None, "both stand");
        // What Claude Code says of a prompt six seconds later is about the same one.
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        driven.clock += 6;
        let notice = json!({"hook_event_name": "Notification", "notification_type": "permission_prompt"});
        assert_eq!(hears(&mut driven, &notice), Vec::<String>::new());
    }

    #[test]
    fn what_a_subagent_asks_counts_and_what_it_does_does_not() {
        let mut driven = team(AnswerBy::Hook);
        let mut of_subagent = permission("Bash");
        of_subagent["agent_id"] = json!("a1");
        assert_eq!(hears(&mut driven, &of_subagent), Vec::<String>::new());
        assert_eq!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")), None, "its dialog stands");
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        let done = json!({"hook_event_name": "PostToolUse", "tool_name": "Read", "tool_input": {}, "agent_id": "a1"});
        assert_eq!(hears(&mut driven, &done), Vec::<String>::new());
        assert_eq!(hears(&mut driven, &of_subagent), [own(0)]);
    }

    #[test]
    fn it_is_let_go_when_its_agent_goes_on() {
        let done = json!({"hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {}});
        let mut driven = team(AnswerBy::Hook);
        assert!(ask(&mut driven, 70, 0, &own(0), &permission("Bash")).is_some());
        assert_eq!(hears(&mut driven, &done), [own(0)]);
        assert_eq!(hears(&mut driven, &done), Vec::<String>::new());
        // Or when another source says so, once all of them have had time to know of the prompt.
        assert!(ask(&mut driven, 71, 0, &own(0), &permission("Bash")).is_some());
        driven.clock += 1;
        let busy = Evidence::new(Source::StatusFile, "busy", at(driven.clock)).says(Status::Working);
        let effects = driven.event(EventKind::Evidence { pane: PaneId(0), evidence: busy });
        assert_eq!(let_go(&effects), Vec::<String>::new());
        assert_eq!(driven.state.next_wake(), Some(at(driven.clock + 1)));
        driven.clock += 1;
        assert_eq!(let_go(&driven.event(EventKind::Tick)), [own(0)]);
    }
}
