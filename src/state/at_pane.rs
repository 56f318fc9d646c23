//! What a person does at an agent's pane: interrupt its turn, answer its prompt, type into it, go to it.
//!
//! Decides who may and whether it makes sense now; what is on the screen is read again by whoever acts.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::Address;
use crate::error::{Error, Kind};
use crate::handoff::Party;
use crate::protocol::{Answer, Choice, Jump, RpcError, SendText, Sent, Target};
use crate::status::Status;

use super::requests::{Answered, pane_of};
use super::{Effect, Op, State};

/// The longest reason of a refusal, in bytes: a word to the agent, no handoff.
const BECAUSE_MAX: usize = 4096;

impl State {
    pub(super) fn interrupt(
        &mut self,
        op: Op,
        actor: &str,
        target: &Target,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(target)?;
        let pane = pane_of(agent)?;
        if agent.verdict.status != Status::Working {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` is not proven to be working ({})", target.agent, agent.verdict.status),
            ));
        }
        let profile = agent.spec.profile.clone();
        let instance = agent.instance.as_ref().map(|i| i.id.clone()).unwrap_or_default();
        self.log(target, "agent.interrupted", actor, at, out);
        out.push(Effect::Interrupt { op, pane, profile, instance });
        Ok(None)
    }

    pub(super) fn answer(
        &mut self,
        op: Op,
        actor: &str,
        answer: Answer,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(&answer.target)?;
        let pane = pane_of(agent)?;
        if agent.verdict.status != Status::Waiting {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` asks nothing now ({})", answer.target.agent, agent.verdict.status),
            ));
        }
        if answer.expect.is_none() {
            return Err(Error::new(
                Kind::Blocked,
                format!("nobody has seen what `{}` asks: nothing was sent", answer.target.agent),
            ));
        }
        let instance = agent.instance.as_ref().map(|i| i.id.as_str());
        if answer.expect.as_ref().is_some_and(|seen| seen.instance.as_deref() != instance) {
            return Err(Error::new(
                Kind::Blocked,
                format!("`{}` was started again since: nothing was sent", answer.target.agent),
            ));
        }
        if answer.because.as_ref().is_some_and(|b| answer.choice != Choice::Deny || b.len() > BECAUSE_MAX) {
            let message = format!("a reason goes with `deny`, and has at most {BECAUSE_MAX} bytes");
            return Err(Error::new(Kind::Usage, message));
        }
        let because = answer.because.map(|b| crate::text::block(b.trim())).filter(|b| !b.is_empty());
        let profile = agent.spec.profile.clone();
        let instance = instance.unwrap_or_default().to_owned();
        let (choice, expect) = (answer.choice, answer.expect);
        // Whatever comes of it, it takes the hook that waits; what was asked stays known until the agent goes on.
        if let Some(asked) = self.target_mut(&answer.target).and_then(|a| a.instance.as_mut()?.asked.as_mut())
        {
            (asked.waits, asked.answering) = (false, true);
        }
        let data = json!({ "choice": choice, "because": because });
        self.log_with(&answer.target, "agent.answered", (actor, data), at, out);
        let target = answer.target;
        out.push(Effect::Answer { op, pane, profile, choice, expect, because, instance, target });
        Ok(None)
    }

    /// A prompt was answered. A reason that could not be told with the answer goes as a message of the person's: the
    /// reply says so in `message`, as it says it of one that was sent.
    pub(super) fn answered(
        &mut self,
        op: Op,
        (target, instance): (Target, &str),
        because: Option<String>,
        result: Result<Value, RpcError>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        // By its incarnation: it may have been renamed, or started again.
        let agents = self.swarms.get_mut(&target.swarm).into_iter().flat_map(|swarm| &mut swarm.agents);
        let mut known = agents.filter(|agent| agent.instance.as_ref().is_some_and(|i| i.id == instance));
        let agent = known.next();
        let name = agent.as_ref().map(|agent| agent.spec.name.clone());
        if let Some(asked) = agent.and_then(|agent| agent.instance.as_mut()).map(|i| &mut i.asked) {
            // Another one may have been asked since.
            asked.take_if(|asked| asked.answering && result.is_ok());
            if let Some(asked) = asked {
                asked.answering = false;
            }
        }
        let (mut answer, text) = match (result, because) {
            (Ok(answer), Some(because)) if answer["told"] != true => (answer, because),
            (result, _) => return out.push(Effect::Reply(op, result)),
        };
        let to = name.clone().into_iter().map(Address::Agent).collect();
        let send = SendText { swarm: target.swarm, to, text, fill: false, now: false, idem_key: None };
        let sent = match &name {
            Some(_) => self.send(&Party::Human, &send, at),
            None => Err(Error::new(Kind::Gone, "it was started again since, or is gone")),
        };
        let name = name.unwrap_or(target.agent);
        self.store_mail(at, out);
        answer["message"] = match sent {
            Ok(sent) => sent.map_or(Value::Null, |sent| sent[0].clone()),
            Err(err) => json!(Sent { to: name.to_string(), outcome: Err(RpcError::from(&err)) }),
        };
        out.push(Effect::ReplyStored(op, Ok(answer)));
    }

    /// The person types. Where it begins is on record, what is typed is not.
    pub(super) fn type_keys(
        &mut self,
        op: Op,
        actor: &str,
        keys: crate::protocol::Type,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        let agent = self.target(&keys.target)?;
        let pane = pane_of(agent)?;
        if !agent.is_alive() {
            let text = format!("`{}` does not run: nothing can be typed into it", keys.target.agent);
            return Err(Error::new(Kind::Gone, text));
        }
        if keys.keys.is_empty() {
            self.log(&keys.target, "agent.typed_into", actor, at, out);
        }
        if let Some(agent) = self.target_mut(&keys.target) {
            self.changed |= agent.attention.take().is_some();
        }
        out.push(Effect::Type { op, pane, keys: keys.keys });
        Ok(None)
    }

    pub(super) fn jump(&mut self, op: Op, jump: &Jump, out: &mut Vec<Effect>) -> Answered {
        let swarm = self.swarm_or(&jump.swarm)?;
        let session = swarm
            .session
            .ok_or_else(|| Error::new(Kind::Gone, format!("the session of `{}` is gone", jump.swarm)))?;
        let pane = match &jump.agent {
            Some(agent) => {
                Some(pane_of(self.target(&Target { swarm: jump.swarm.clone(), agent: agent.clone() })?)?)
            }
            None => None,
        };
        let (swarm, root) = (jump.swarm.clone(), swarm.config.root.clone());
        out.push(Effect::Jump { op, session, pane, client: jump.client.clone(), swarm, root });
        Ok(None)
    }
}
