//! Another name for an agent that stands in no swarm file: added or adopted.
//!
//! Its pane, process, conversation, messages and bills stay its own. What has happened stays on record under the name it
//! had then. An agent of the swarm file has its name from there, and the next `up` would make it again.

use jiff::Timestamp;
use serde_json::json;

use crate::config::{Address, AgentSpec};
use crate::error::{Error, Kind};
use crate::name::AgentName;
use crate::protocol::Rename;

use super::delivery::filed;
use super::requests::Answered;
use super::{Effect, LogEvent, Origin, Record, Run, State, Swarm};

impl State {
    /// `swarm rename`.
    pub(super) fn rename(
        &mut self,
        actor: &str,
        rename: &Rename,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        self.may_rename(rename)?;
        let (swarm, old) = (&rename.target.swarm, &rename.target.agent);
        let new = &rename.to;
        let Some(found) = self.swarms.get_mut(swarm) else { return Ok(None) };
        found.rename(old, new);
        let Some(agent) = found.agents.iter().find(|a| a.spec.name == *new) else { return Ok(None) };
        let (made, started) = (agent.origin == Origin::Made, agent.is_alive());
        let instance = agent.instance.as_ref().map(|i| i.id.clone());
        if let (Some(pane), Some(instance)) = (agent.pane(), &instance) {
            let (swarm, agent, instance) = (swarm.clone(), new.clone(), instance.clone());
            out.push(Effect::Mark { pane, swarm, agent, instance });
        }
        out.push(Effect::Store(Record::Renamed {
            swarm: swarm.clone(),
            from: old.clone(),
            to: new.clone(),
            instance: instance.clone(),
        }));
        self.keep_config(swarm, at, out);
        if let Some(queue) = self.queues.get_mut(swarm) {
            queue.rename(old, new);
            // Files carry the names of sender and receiver.
            let theirs = queue.live().filter(|e| e.concerns(new) && e.lies_in_inbox());
            out.extend(theirs.filter_map(|entry| filed(swarm, entry)));
        }
        out.push(Effect::Store(Record::Event(LogEvent {
            at,
            swarm: swarm.clone(),
            agent: Some(new.clone()),
            instance,
            kind: "agent.renamed",
            actor: actor.to_owned(),
            cause: Some(format!("it was {old}")),
            data: json!({"from": old, "to": new}),
        })));
        self.open_purse(swarm, out);
        self.changed = true;
        // Its environment cannot be changed from outside.
        let environment =
            (made && started).then(|| format!("its own environment says `{old}` until it is started again"));
        Ok(Some(json!({"note": environment})))
    }

    fn may_rename(&self, rename: &Rename) -> Result<(), Error> {
        let agent = self.target(&rename.target)?;
        let (swarm, old, new) = (&rename.target.swarm, &rename.target.agent, &rename.to);
        let found = self.swarm_or(swarm)?;
        let blocked = |why: String| Error::new(Kind::Blocked, why);
        if agent.origin == Origin::Made && !agent.spec.added {
            let file = found.config.file.display();
            return Err(blocked(format!("`{old}` has its name from {file}")).hint(format!(
                "change `name` there: `swarm up` starts it under the new one, with a new conversation, and `swarm rm {old}` ends this one"
            )));
        }
        if found.agents.iter().any(|a| a.spec.name == *new) {
            return Err(blocked(format!("the swarm `{swarm}` has an agent `{new}` already"))
                .hint("choose another name"));
        }
        let again = |why: String| blocked(why).hint("try again in a moment");
        if found.ending.is_some() {
            return Err(blocked(format!("the swarm `{swarm}` is going down")));
        }
        let starts = matches!(agent.run, Run::Placing | Run::Starting | Run::Stopping { .. });
        if starts || self.ups.iter().any(|up| up.swarm == *swarm) {
            return Err(again(format!("`{old}` or its swarm is being started or ended right now")));
        }
        if self.queues.get(swarm).is_some_and(|q| q.is_typing(old) || q.is_handing(old)) {
            return Err(again(format!("a message is on its way into `{old}`")));
        }
        if agent.in_turn && !found.purse.is_empty() {
            return Err(blocked(format!("`{old}` is in a turn that a budget counts"))
                .hint("rename it when the turn has ended"));
        }
        Ok(())
    }
}

impl Swarm {
    fn rename(&mut self, old: &AgentName, new: &AgentName) {
        for spec in self.config.agents.iter_mut().chain(self.agents.iter_mut().map(|a| &mut a.spec)) {
            respell(spec, old, new);
        }
    }
}

/// The new name in a description: its own, and where it says who may write to whom.
fn respell(spec: &mut AgentSpec, old: &AgentName, new: &AgentName) {
    if spec.name == *old {
        spec.name = new.clone();
    }
    for address in spec.handoff_to.iter_mut().chain(&mut spec.accepts_from) {
        if *address == Address::Agent(old.clone()) {
            *address = Address::Agent(new.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Driven, config_of, pane_row, replied, started, swarm, target};
    use super::*;
    use crate::handoff::{Draft, Party};
    use crate::protocol::{Add, HandoffRequest, Request};
    use crate::state::{Caller, EventKind, Op, event};
    use crate::status::Status;
    use crate::tmux::{PaneId, PaneRow, SessionId};
    use serde_json::Value;
    use std::collections::BTreeMap;

    /// `a` of the file, which may write to `extra` alone, and `extra`, which was added and has not come up.
    fn team() -> Driven {
        let spec = |name: &str| AgentSpec::new(name.parse().unwrap(), "sim", "/tmp");
        let mut a = spec("a");
        a.handoff_to = vec!["extra".parse().unwrap()];
        let mut driven = Driven::up_with(config_of(vec![a]));
        let mut extra = spec("extra");
        extra.added = true;
        let add = Add { swarm: swarm(), spec: extra, env: BTreeMap::new(), size: None };
        driven.ask(Request::Add(Box::new(add)));
        let session =
            event::Session { id: SessionId(1), rows: rows(), windows: BTreeMap::new(), overview: None };
        driven.event(EventKind::SessionReady { op: Op(2), swarm: swarm(), session });
        let placed = vec![("extra".parse().unwrap(), Ok(started(PaneId(5), 105)))];
        driven.event(EventKind::Built { swarm: swarm(), placed });
        driven
    }

    fn rows() -> Vec<PaneRow> {
        let row = |n: u32, agent: &str| PaneRow {
            agent: agent.into(),
            swarm: "shop".into(),
            instance: format!("i{}", 100 + n),
            ..pane_row(PaneId(n))
        };
        vec![row(0, "a"), row(5, "extra")]
    }

    fn rename(from: &str, to: &str) -> Request {
        Request::Rename(Rename { target: target(from), to: to.parse().unwrap() })
    }

    fn write(driven: &mut Driven, to: &str, key: Option<&str>, caller: Caller) -> Vec<Effect> {
        let mut draft = Draft::new(to.parse().unwrap(), "look", "at this");
        draft.idem_key = key.map(str::to_owned);
        driven.ask_as(Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft })), caller)
    }

    fn why(effects: &[Effect]) -> String {
        let refused = effects.iter().find_map(|e| match e {
            Effect::Reply(_, Err(error)) => Some(format!("{} ({})", error.message, error.hints.join(", "))),
            _ => None,
        });
        refused.unwrap_or_else(|| panic!("not refused: {effects:?}"))
    }

    #[test]
    fn an_added_agent_keeps_everything_under_another_name() {
        let mut driven = team();
        let from_a = Caller { ancestry: vec![4711, 100], ..Caller::default() };
        write(&mut driven, "extra", None, Caller::default());
        write(&mut driven, "extra", None, from_a.clone());
        write(&mut driven, "human", None, Caller { ancestry: vec![4711, 105], ..Caller::default() });
        let effects = driven.ask(rename("extra", "linter"));
        assert_eq!(replied(&effects), Some(Ok(())));
        let agent = driven.agent("linter");
        assert_eq!((agent.pane(), agent.instance.as_ref().unwrap().id.as_str()), (Some(PaneId(5)), "i105"));
        assert!(driven.state.agent(&swarm(), &"extra".parse().unwrap()).is_none());
        let marked = |e: &Effect| matches!(e, Effect::Mark { pane: PaneId(5), agent, .. } if agent.as_str() == "linter");
        let renamed = |e: &Effect| {
            matches!(e, Effect::Store(Record::Renamed { from, to, instance: Some(i), .. })
                if (from.as_str(), to.as_str(), i.as_str()) == ("extra", "linter", "i105"))
        };
        let logged = |e: &Effect| matches!(e, Effect::Store(Record::Event(l)) if l.kind == "agent.renamed");
        let watched =
            |e: &Effect| matches!(e, Effect::Watch(w) if w.iter().any(|w| w.agent.as_str() == "linter"));
        for found in [&marked as &dyn Fn(&Effect) -> bool, &renamed, &logged, &watched] {
            assert!(effects.iter().any(found), "{effects:?}");
        }
        // Its marks may be on their way: it is not lost meanwhile.
        driven.event(EventKind::Panes { rows: rows(), looked_at: None });
        assert_eq!(driven.agent("linter").run, Run::Running);
        // What waits for it waits for it, and what it wrote is its own.
        let snapshot = driven.state.snapshot();
        assert_eq!(snapshot.swarms[0].agents[1].inbox.pending, 2);
        assert!(snapshot.swarms[0].handoffs.iter().all(|h| h.from != "extra" && h.to != "extra"));
        let accepted = replied(&write(&mut driven, "linter", None, from_a.clone()));
        assert_eq!(accepted, Some(Ok(())), "who could write to it still can");
        assert!(why(&write(&mut driven, "extra", None, from_a)).contains("extra"));
        let evidence = crate::observe::evidence::Evidence::new(
            crate::status::Source::Screen,
            "c",
            super::super::tests::at(0),
        );
        let idle = EventKind::Evidence { pane: PaneId(5), evidence: evidence.says(Status::Idle) };
        let effects = driven.event(idle);
        let rings =
            |e: &Effect| matches!(e, Effect::Submit { pane: PaneId(5), searches, .. } if searches.len() == 3);
        assert!(effects.iter().any(rings), "{effects:?}");
        assert!(why(&driven.ask(rename("linter", "other"))).contains("on its way into"));
    }

    #[test]
    fn keys_of_what_it_sent_hold() {
        let mut driven = team();
        let itself = Caller { ancestry: vec![4711, 105], ..Caller::default() };
        let send = |driven: &mut Driven| {
            let effects = write(driven, "human", Some("daily"), itself.clone());
            let effects = match effects.iter().find(|e| matches!(e, Effect::FindKeys { .. })).cloned() {
                Some(Effect::FindKeys { op, caller, request, .. }) => {
                    driven.event(EventKind::KeysFound { op, caller, request, found: Vec::new() })
                }
                _ => effects,
            };
            let answer = effects.iter().find_map(|e| match e {
                Effect::ReplyStored(_, Ok(value)) => Some(value.clone()),
                _ => None,
            });
            answer.unwrap()
        };
        let first = send(&mut driven);
        driven.ask(rename("extra", "linter"));
        let again = send(&mut driven);
        assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &Value::Bool(true)));
    }

    #[test]
    fn not_every_name_and_not_at_any_time() {
        let mut driven = team();
        let said = why(&driven.ask(rename("a", "b")));
        assert!(
            said.contains("`a` has its name from /tmp/swarm.toml") && said.contains("`swarm rm a`"),
            "{said}"
        );
        assert!(why(&driven.ask(rename("extra", "a"))).contains("has an agent `a` already"));
        assert!(why(&driven.ask(rename("nobody", "b"))).contains("no agent `nobody`"));
        let inside = Caller { ancestry: vec![4711, 105], ..Caller::default() };
        assert!(why(&driven.ask_as(rename("extra", "b"), inside)).contains("may not do this"));
        driven.ask(Request::Kill(target("extra")));
        assert!(why(&driven.ask(rename("extra", "b"))).contains("started or ended right now"));
        driven.dies(5, 0);
        let effects = driven.ask(rename("extra", "b"));
        let noted = effects.iter().any(|e| matches!(e, Effect::ReplyStored(_, Ok(v)) if v["note"].is_null()));
        assert!(noted, "{effects:?}");
        let party = Party::Agent("b".parse().unwrap());
        assert!(driven.state.queues.get(&swarm()).is_none_or(|q| q.duplicate(&party, "x").is_none()));
    }
}
