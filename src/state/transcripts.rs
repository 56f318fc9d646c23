//! What the agents' transcripts tell: whose they are, what was used, how the turn stands.

use jiff::Timestamp;

use crate::observe::evidence::{Evidence, TurnChange};
use crate::status::Source;
use crate::tmux::PaneId;

use super::{Agent, Effect, Record, State, Usage};

impl State {
    /// The agent in `pane` is in this conversation.
    pub(super) fn conversation(&mut self, pane: PaneId, session: &str, at: Timestamp, out: &mut Vec<Effect>) {
        let Some((swarm, name)) = self.find_pane(pane) else { return };
        let Some(instance) =
            self.swarms.get_mut(&swarm).and_then(|s| s.agent_mut(&name)).and_then(|a| a.instance.as_mut())
        else {
            return;
        };
        if instance.session.as_deref() == Some(session) {
            return;
        }
        let another = instance.session.replace(session.to_owned()).is_some();
        let instance = instance.id.clone();
        out.push(Effect::Store(Record::InstanceSession { instance, session: session.to_owned() }));
        self.changed = true;
        if another {
            // How the turn of the one before ended says nothing about this one.
            self.on_agent(&swarm, &name, at, out, |agent| agent.board.forget(Source::Transcript));
        }
    }

    /// What an instance used so far.
    pub(super) fn usage(&mut self, instance: &str, usage: Usage) {
        let agent = self.swarms.values_mut().flat_map(|s| &mut s.agents).find(|a| is(a, instance));
        if let Some(agent) = agent
            && agent.usage != usage
        {
            agent.usage = usage.over(&agent.usage);
            self.changed = true;
        }
    }

    /// New records of the transcript of `session` say something about the turn.
    pub(super) fn transcript(
        &mut self,
        instance: &str,
        session: &str,
        said: Vec<(Evidence, TurnChange)>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let mut all = self.swarms.iter().flat_map(|(name, s)| s.agents.iter().map(move |a| (name, a)));
        let Some((swarm, agent)) = all.find(|(_, a)| is(a, instance)) else { return };
        let current = agent.instance.as_ref().and_then(|i| i.session.as_deref());
        if current.is_some_and(|current| current != session) {
            return;
        }
        let (swarm, name) = (swarm.clone(), agent.spec.name.clone());
        self.on_agent(&swarm, &name, at, out, |agent| {
            for (evidence, change) in said {
                agent.board.record_event(evidence, change);
            }
        });
    }
}

fn is(agent: &Agent, instance: &str) -> bool {
    agent.instance.as_ref().is_some_and(|i| i.id == instance)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{at, claude};
    use super::super::{Effect, EventKind};
    use super::*;
    use crate::observe::transcript::{Said, TurnRecord};
    use crate::status::{Attention, Reason, Status};

    fn told(instance: &str, session: &str, seconds: i64, said: Said) -> EventKind {
        let record = TurnRecord::new(at(seconds).as_millisecond(), "record", said);
        let now = at(seconds).to_zoned(jiff::tz::TimeZone::UTC);
        let said = record.evidence(&now).into_iter().collect();
        EventKind::Transcript { instance: instance.to_owned(), session: session.to_owned(), said }
    }

    #[test]
    fn a_failure_in_the_transcript_is_shown_until_the_model_answers() {
        let mut driven = claude();
        driven.shows(1, Status::Working, None);
        driven.shows(5, Status::Idle, None);
        driven.event(told("i100", "s", 6, Said::Failed(Reason::Api)));
        let agent = driven.agent("a");
        assert_eq!((agent.verdict.status, agent.verdict.reason), (Status::Error, Some(Reason::Api)));
        assert_eq!(agent.verdict.proof.as_ref().map(|p| p.source), Some(Source::Transcript));
        driven.clock += 20;
        driven.event(told("i100", "s", 27, Said::Answers));
        assert_eq!(driven.agent("a").verdict.status, Status::Idle);
    }

    #[test]
    fn a_limit_ends_at_its_reset() {
        let mut driven = claude();
        driven.shows(1, Status::Idle, None);
        let reset = at(900).as_millisecond();
        let effects = driven.event(told("i100", "s", 3, Said::Limited(Some(reset))));
        assert_eq!(driven.agent("a").verdict.until, Some(at(900)));
        let failed = |e: &Effect| matches!(e, Effect::Notify { attention: Attention::Failed, .. });
        assert!(effects.iter().any(failed), "{effects:?}");
        driven.clock = 901;
        driven.event(EventKind::Tick);
        assert_eq!(driven.agent("a").verdict.status, Status::Idle);
    }

    #[test]
    fn another_instance_and_another_conversation_say_nothing() {
        let mut driven = claude();
        driven.shows(1, Status::Idle, None);
        driven.event(told("i99", "s", 3, Said::Failed(Reason::Api)));
        assert_eq!(driven.agent("a").verdict.status, Status::Idle);
        let pane = driven.agent("a").pane().unwrap();
        let conversation = |session: &str| EventKind::Conversation { pane, session: session.to_owned() };
        driven.event(conversation("s1"));
        driven.event(told("i100", "s0", 4, Said::Failed(Reason::Api)));
        assert_eq!(driven.agent("a").verdict.status, Status::Idle);
        driven.event(told("i100", "s1", 5, Said::Failed(Reason::Api)));
        assert_eq!(driven.agent("a").verdict.status, Status::Error);
        // A new conversation begins (`/clear`): the failure was another's.
        driven.event(conversation("s2"));
        assert_eq!(driven.agent("a").verdict.status, Status::Idle);
    }
}
