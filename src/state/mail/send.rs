//! `swarm send`: one text to several receivers, at once or when they are idle.

use jiff::Timestamp;
use serde_json::json;

use crate::config::Address;
use crate::error::{Error, Kind};
use crate::handoff::{self, Draft, MAX_BODY, Party, Way, route};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Accepted, RpcError, SendText, Sent};
use crate::state::{Agent, Run, State};
use crate::status::Status;

use super::Answered;

impl State {
    pub(in crate::state) fn send(&mut self, from: &Party, send: &SendText, at: Timestamp) -> Answered {
        if send.text.len() > MAX_BODY {
            return Err(Error::new(
                Kind::Usage,
                format!("the text has {} bytes: {MAX_BODY} is the limit", send.text.len()),
            ));
        }
        let by_person = *from == Party::Human;
        if send.now && !by_person {
            return Err(Error::new(Kind::Blocked, "only the person types into an agent that works"));
        }
        let mut thread = None;
        let mut sent = Vec::new();
        for to in self.receivers(from, send)? {
            let outcome = self.send_one(from, send, &to, thread.as_deref(), at);
            if let Ok(accepted) = &outcome {
                thread.get_or_insert_with(|| accepted.id.clone());
            }
            sent.push(Sent { to: to.to_string(), outcome: outcome.map_err(|e| RpcError::from(&e)) });
        }
        Ok(Some(json!(sent)))
    }

    /// Everyone a text goes to, each once.
    pub(super) fn receivers(&self, from: &Party, send: &SendText) -> Result<Vec<Address>, Error> {
        let known = self.swarm_or(&send.swarm)?;
        let mut receivers: Vec<Address> = Vec::new();
        for to in &send.to {
            let of = |a: &&Agent| route::names(to, &a.spec) && *from != Party::Agent(a.spec.name.clone());
            let named: Vec<Address> =
                known.agents.iter().filter(of).map(|a| Address::Agent(a.spec.name.clone())).collect();
            match to {
                Address::Role(_) | Address::All if !named.is_empty() => receivers.extend(named),
                one => receivers.push(one.clone()),
            }
        }
        let mut seen = std::collections::BTreeSet::new();
        receivers.retain(|to| seen.insert(to.clone()));
        Ok(receivers)
    }

    fn send_one(
        &mut self,
        from: &Party,
        send: &SendText,
        to: &Address,
        thread: Option<&str>,
        at: Timestamp,
    ) -> Result<Accepted, Error> {
        let text = if send.fill { self.filled(send, to)? } else { send.text.clone() };
        let mut draft = Draft::new(to.clone(), "", text);
        draft.kind = handoff::Kind::Message;
        draft.thread = thread.map(str::to_owned);
        draft.idem_key = send.idem_key.as_ref().map(|key| key_to(key, to));
        let way = match (from, to) {
            (Party::Human, Address::Agent(name)) => {
                if send.now {
                    self.may_type_now(&send.swarm, name)?;
                    Way::Now
                } else {
                    Way::Typed
                }
            }
            _ => Way::Doorbell,
        };
        self.accept(&send.swarm, from, draft, way, at)
    }

    /// The text of a template for one receiver.
    fn filled(&self, send: &SendText, to: &Address) -> Result<String, Error> {
        let role = match to {
            Address::Agent(name) => self.agent(&send.swarm, name).and_then(|a| a.spec.role.as_deref()),
            _ => None,
        };
        let name = to.to_string();
        crate::config::message::fill(&send.text, &name, role).map_err(|word| {
            Error::new(Kind::Usage, format!("the text names its {word}, and `{name}` has none"))
        })
    }

    /// Whether text may be typed into this agent at this moment, whatever it does.
    fn may_type_now(&self, swarm: &SwarmName, name: &AgentName) -> Result<(), Error> {
        let target = crate::protocol::Target { swarm: swarm.clone(), agent: name.clone() };
        let agent = self.target(&target)?;
        if agent.run != Run::Running || !agent.is_alive() {
            let err = Error::new(Kind::Gone, format!("`{name}` does not run"));
            return Err(match agent.is_asleep() {
                true => err.hint("it is asleep: without --now it is woken for this"),
                false => err,
            });
        }
        let queues =
            self.profiles.get(&agent.spec.profile).is_some_and(|p| p.data().submit.queues_while_working);
        match agent.verdict.status {
            Status::Idle => Ok(()),
            Status::Working if queues => Ok(()),
            Status::Working => Err(Error::new(
                Kind::Blocked,
                format!("`{name}` works, and {} does not queue what is typed meanwhile", agent.spec.profile),
            )
            .hint("without --now it is typed when the agent is idle")),
            status => Err(Error::new(Kind::Blocked, format!("`{name}` is {status}"))
                .hint("without --now it is typed when the agent is idle")),
        }
    }
}

/// The key of a text for one of its receivers.
pub(super) fn key_to(key: &str, to: &Address) -> String {
    format!("{key} to {to}")
}
