//! Messages that an agent's own hook hands over: whether they may go, and what follows.
//!
//! Decides only. The hook has 50 ms, so it is told at once where there is nothing for it.

use jiff::Timestamp;
use serde_json::Value;

use crate::config::AgentSpec;
use crate::handoff::queue::Ready;
use crate::handoff::route;
use crate::observe::evidence::{Evidence, TurnChange};
use crate::observe::hook::{HookEvent, HookEventKind};
use crate::protocol::HandedOver;
use crate::status::{Source, Status};

use super::{Caller, Effect, Op, Run, State};

impl State {
    /// The hook of an agent reports and asks for what waits.
    pub(super) fn hand_to_hook(
        &mut self,
        op: Op,
        caller: &Caller,
        hook: &HookEvent,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        // As it was before: its prompt says that it works.
        let before = self.agent_of(caller).and_then(|(swarm, name)| self.agent(&swarm, &name));
        let queued = hook.kind == HookEventKind::Prompt && before.is_some_and(|agent| agent.in_turn);
        self.hook(hook, at, out);
        let Some(text) = self.waiting_for_hook(caller, hook, queued, at) else {
            out.push(Effect::ReplyNow(op, Value::Null));
            return;
        };
        let number = self.next_submission;
        self.next_submission += 1;
        self.store_mail(at, out);
        // Stored first: a monitor that ends now knows that it may have been shown.
        out.push(Effect::HandOver(op, HandedOver { number, text }));
    }

    fn waiting_for_hook(
        &mut self,
        caller: &Caller,
        hook: &HookEvent,
        queued: bool,
        at: Timestamp,
    ) -> Option<String> {
        if hook.is_side || !matches!(hook.kind, HookEventKind::Stop | HookEventKind::Prompt) {
            return None;
        }
        // Whose process it is, not what it says of itself, decides whose messages it gets.
        let (swarm, name) = self.agent_of(caller)?;
        self.may_send(&swarm, &name).ok()?;
        let found = self.swarms.get(&swarm).filter(|s| s.ending.is_none())?;
        let agent = found.agents.iter().find(|a| a.spec.name == name)?;
        let instance = agent.instance.as_ref()?;
        let known = hook.instance.as_ref().is_none_or(|said| *said == instance.id);
        let profile = self.profiles.get(&agent.spec.profile)?;
        let wanted = profile.data().sources.hook_delivery.contains(&hook.name);
        if !known || !wanted || agent.run != Run::Running || !agent.is_alive() {
            return None;
        }
        if !hook.concerns(instance.session.as_deref()) {
            return None;
        }
        let specs: Vec<&AgentSpec> = found.agents.iter().map(|a| &a.spec).collect();
        let ready = Ready {
            agent: &agent.spec.name,
            role: agent.spec.role.as_deref(),
            instance: &instance.id,
            rings: profile.data().submit.runs_commands,
            idle: true,
        };
        let accepts = |from: &crate::handoff::Party| route::accepts(&agent.spec, from, &specs);
        let queue = self.queues.get_mut(&swarm)?;
        let name = crate::text::one_line(&hook.name);
        queue.hand_over(self.next_submission, &ready, accepts, (&name, queued), at)
    }

    /// A hook was gone before it could be given what waited: nobody has seen it.
    pub(super) fn unprinted(&mut self, number: u64, at: Timestamp, out: &mut Vec<Effect>) {
        for queue in self.queues.values_mut() {
            queue.unprinted(number, at);
        }
        self.store_mail(at, out);
    }

    /// A hook has printed what it was given: its agent goes on with it.
    pub(super) fn printed(&mut self, number: u64, at: Timestamp, out: &mut Vec<Effect>) {
        let found = self.queues.iter_mut().find_map(|(s, q)| Some((s.clone(), q.printed(number, at)?)));
        let Some((swarm, agent)) = found else { return };
        self.store_mail(at, out);
        self.on_agent(&swarm, &agent, at, out, |agent| {
            let evidence = Evidence::new(Source::Hook, "hook:messages", at).says(Status::Working);
            agent.board.record_event(evidence.text("goes on with messages"), TurnChange::Prompt);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Driven, at, config_of, started, swarm};
    use super::super::{EventKind, Record};
    use super::*;
    use serde_json::json;

    use crate::handoff::queue::Found;
    use crate::handoff::{self, Draft, wording};
    use crate::protocol::{HandoffRequest, Request, Target};
    use crate::tmux::PaneId;

    fn team(profile: &str) -> Driven {
        let agents = ["a", "b"].map(|name| AgentSpec::new(name.parse().unwrap(), profile, "/tmp"));
        Driven::up_with(config_of(agents.to_vec()))
    }

    fn write(driven: &mut Driven, body: &str) {
        let draft = Draft::new("a".parse().unwrap(), "look", body);
        driven.ask(Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft })));
    }

    /// The hook of the agent in a pane asks; what it is answered.
    fn ask(driven: &mut Driven, pane: u32, payload: &Value) -> (Option<HandedOver>, Vec<Effect>) {
        let started = started(PaneId(pane), 100 + pane);
        let mut hook = HookEvent::parse("sim", None, payload, at(driven.clock));
        hook.instance = Some(started.instance);
        let caller = Caller { ancestry: vec![9999, started.pid], ..Caller::default() };
        let effects = driven.event(EventKind::Asked { op: Op(77), caller, hook: Box::new(hook), ask: None });
        let answered = effects.iter().find_map(|effect| match effect {
            Effect::ReplyNow(Op(77), Value::Null) => Some(None),
            Effect::HandOver(Op(77), handed) => Some(Some(handed.clone())),
            _ => None,
        });
        (answered.expect("a hook is always answered"), effects)
    }

    /// It works: nothing is typed into it.
    fn work(driven: &mut Driven, pane: u32) {
        assert_eq!(ask(driven, pane, &json!({"hook_event_name": "PreToolUse", "tool_name": "Bash"})).0, None);
    }

    fn stop() -> Value {
        json!({"hook_event_name": "Stop", "stop_hook_active": false})
    }

    fn states(effects: &[Effect]) -> Vec<handoff::State> {
        let of = |effect: &Effect| match effect {
            Effect::Store(Record::Letter { entry, .. }) => Some(entry.state),
            _ => None,
        };
        effects.iter().filter_map(of).collect()
    }

    #[test]
    fn a_turn_that_ends_goes_on_with_what_waits_and_the_transcript_proves_it() {
        let mut driven = team("sim");
        write(&mut driven, "first\x1b[31m");
        write(&mut driven, "second");
        let (handed, effects) = ask(&mut driven, 0, &stop());
        let handed = handed.unwrap();
        assert_eq!(states(&effects), [handoff::State::Offered; 2]);
        assert!(handed.text.starts_with(wording::HANDED) && !handed.text.contains('\x1b'), "{}", handed.text);
        assert_eq!(handed.text.matches("from the user -----\n").count(), 2, "{}", handed.text);
        assert!(!effects.iter().any(|e| matches!(e, Effect::Submit { .. })), "nothing is typed besides");
        // Not twice while the first may still arrive.
        assert_eq!(ask(&mut driven, 0, &stop()).0, None);
        let effects = driven.event(EventKind::Printed(handed.number));
        assert_eq!(states(&effects), [handoff::State::Injected; 2], "printing proves no reading");
        let agent = driven.state.agent(&swarm(), &"a".parse().unwrap()).unwrap();
        assert_eq!(agent.verdict.status, Status::Working);
        assert!(
            driven.event(EventKind::Printed(handed.number)).iter().all(|e| !matches!(e, Effect::Store(_)))
        );
        driven.clock += 2;
        ask(&mut driven, 0, &json!({"hook_event_name": "Stop", "stop_hook_active": true}));
        let effects = driven.event(EventKind::Tick);
        let searched: Vec<String> = effects
            .iter()
            .filter_map(
                |e| if let Effect::Search { search, .. } = e { Some(search.id.clone()) } else { None },
            )
            .collect();
        assert_eq!(searched.len(), 2, "{effects:?}");
        for id in searched {
            let found = Found::Body(handoff::Evidence::Transcript);
            let effects = driven.event(EventKind::Searched { swarm: swarm(), id, found });
            assert_eq!(states(&effects), [handoff::State::Seen]);
        }
    }

    #[test]
    fn what_goes_with_a_queued_prompt_is_not_sent_again_before_that_is_taken() {
        let mut driven = team("sim");
        work(&mut driven, 0);
        driven.clock += 1;
        driven.event(EventKind::Tick);
        write(&mut driven, "first");
        write(&mut driven, "second");
        let prompt = json!({"hook_event_name": "UserPromptSubmit", "prompt": "and another thing"});
        let handed = ask(&mut driven, 0, &prompt).0.unwrap();
        driven.event(EventKind::Printed(handed.number));
        let absent = |driven: &mut Driven| {
            let effects = driven.event(EventKind::Tick);
            let searched = effects.iter().filter_map(|e| match e {
                Effect::Search { search, .. } => Some(search.id.clone()),
                _ => None,
            });
            let searched: Vec<String> = searched.collect();
            assert_eq!(searched.len(), 2, "both are looked for");
            let absent = |id| EventKind::Searched { swarm: swarm(), id, found: Found::Absent };
            searched.into_iter().flat_map(|id| states(&driven.event(absent(id)))).collect::<Vec<_>>()
        };
        // The turn goes on for long.
        for _ in 0..3 {
            driven.clock += 31;
            assert_eq!(absent(&mut driven), []);
        }
        // It ends: nothing yet, and half a minute later it never was taken.
        assert_eq!(ask(&mut driven, 0, &stop()).0, None);
        assert_eq!(absent(&mut driven), []);
        driven.clock += 31;
        let again = absent(&mut driven);
        assert_eq!(again.iter().filter(|state| **state == handoff::State::Queued).count(), 2, "{again:?}");
    }

    #[test]
    fn what_a_hook_did_not_print_waits_again_marked() {
        let mut driven = team("sim");
        write(&mut driven, "first");
        assert!(ask(&mut driven, 0, &stop()).0.is_some());
        work(&mut driven, 0);
        driven.clock += 31;
        driven.event(EventKind::Tick);
        let prompt = json!({"hook_event_name": "UserPromptSubmit", "prompt": "go on"});
        let again = ask(&mut driven, 0, &prompt).0.unwrap();
        assert!(again.text.contains("sent again: you may have it already"), "{}", again.text);
    }

    #[test]
    fn a_hook_that_did_not_wait_has_shown_nothing() {
        let mut driven = team("sim");
        write(&mut driven, "first");
        let handed = ask(&mut driven, 0, &stop()).0.unwrap();
        work(&mut driven, 0);
        let effects = driven.event(EventKind::Unprinted(handed.number));
        assert_eq!(states(&effects), [handoff::State::Queued]);
        assert!(
            driven.event(EventKind::Printed(handed.number)).iter().all(|e| !matches!(e, Effect::Store(_)))
        );
        let again = ask(&mut driven, 0, &stop()).0.unwrap();
        assert!(!again.text.contains("sent again"), "{}", again.text);
    }

    #[test]
    fn nothing_goes_where_it_may_not() {
        let mut driven = team("sim");
        assert_eq!(ask(&mut driven, 0, &stop()).0, None, "nothing waits");
        work(&mut driven, 0);
        write(&mut driven, "for a");
        assert_eq!(ask(&mut driven, 1, &stop()).0, None, "another's process gets nothing");
        assert_eq!(ask(&mut driven, 0, &json!({"hook_event_name": "SubagentStop"})).0, None);
        let target = Target { swarm: swarm(), agent: "a".parse().unwrap() };
        driven.ask(Request::Hold(crate::protocol::Hold { target: target.clone(), reason: "no".into() }));
        assert_eq!(ask(&mut driven, 0, &stop()).0, None, "it is held");
        work(&mut driven, 0);
        driven.ask(Request::Resume(target));
        assert!(ask(&mut driven, 0, &stop()).0.is_some());
        // Longer than a batch: the doorbell brings it.
        let mut driven = team("sim");
        write(&mut driven, &"word ".repeat(2000));
        assert_eq!(ask(&mut driven, 0, &stop()).0, None);
        // The profile does not want it.
        let mut driven = team("shell");
        write(&mut driven, "for a");
        assert_eq!(ask(&mut driven, 0, &stop()).0, None);
    }

    #[test]
    fn a_batch_has_a_limit() {
        let mut driven = team("sim");
        for n in 0..7 {
            write(&mut driven, &format!("message {n} {}", "x".repeat(1600)));
        }
        let handed = ask(&mut driven, 0, &stop()).0.unwrap();
        assert!(wording::tokens(&handed.text) <= wording::BATCH_TOKENS + 20, "{}", handed.text.len());
        assert_eq!(handed.text.matches("from the user -----\n").count(), 3, "{}", handed.text);
        assert!(handed.text.ends_with("4 more: run swarm inbox\n"), "{}", handed.text);
    }
}
