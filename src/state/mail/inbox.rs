//! What is read of messages and said about them: inboxes, acknowledgements, receipts, the dead-letter list.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::AgentSpec;
use crate::error::{Error, Kind};
use crate::handoff::queue::{Entry, Queue};
use crate::handoff::{self, Party, route};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{
    AckRequest, INBOX_SCHEMA, InboxReply, InboxRequest, InboxWhat, Letter, LetterAct, LetterRequest, Receipt,
    ReceiptsRequest, ShownRequest,
};
use crate::state::{Effect, Op, Run, State};

use super::Answered;

/// Answers that wait until messages were tried or have ended.
#[derive(Debug, Clone)]
pub(in crate::state) struct PendingReceipts {
    op: Op,
    swarm: SwarmName,
    ids: Vec<String>,
}

impl State {
    pub(super) fn inbox(
        &mut self,
        op: Op,
        caller: &Party,
        request: &InboxRequest,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        self.swarm_or(&request.swarm)?;
        let of = match (&request.agent, caller) {
            (Some(agent), Party::Agent(own)) if agent != own => {
                return Err(Error::new(Kind::Blocked, "an agent reads its own inbox only"));
            }
            (Some(agent), _) => Party::Agent(agent.clone()),
            (None, own) => own.clone(),
        };
        if let Party::Agent(agent) = &of {
            self.target(&crate::protocol::Target { swarm: request.swarm.clone(), agent: agent.clone() })?;
        }
        let own = of == *caller;
        let Some(swarm) = self.swarms.get(&request.swarm) else { return Ok(None) };
        let everyone = request.agent.is_none() && *caller == Party::Human;
        let agent = match &of {
            Party::Agent(name) => swarm.agents.iter().find(|a| a.spec.name == *name),
            Party::Human | Party::Swarm => None,
        };
        let role = agent.and_then(|a| a.spec.role.clone());
        let instance = agent.and_then(|a| a.instance.as_ref()).map(|i| i.id.clone());
        let specs: Vec<&AgentSpec> = swarm.agents.iter().map(|a| &a.spec).collect();
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        let mut reply = InboxReply {
            schema: INBOX_SCHEMA.to_owned(),
            of: of.to_string(),
            messages: Vec::new(),
            more: 0,
            confirm: false,
        };
        match &request.what {
            InboxWhat::New => {
                let accepts = |from: &Party| agent.is_none_or(|a| route::accepts(&a.spec, from, &specs));
                let (unread, more) = queue.unread(&of, role.as_deref(), accepts);
                reply.messages = unread.into_iter().map(letter).collect();
                reply.more = u32::try_from(more).unwrap_or(u32::MAX);
                reply.confirm = own;
                if own {
                    let ids: Vec<String> = reply.messages.iter().map(|m| m.handoff.id.clone()).collect();
                    queue.pull(&of, instance.as_deref(), &ids, at);
                }
            }
            InboxWhat::Dead => {
                if everyone {
                    "all".clone_into(&mut reply.of);
                }
                let dead = queue.live().filter(|e| e.state == handoff::State::Dead);
                let of_them = dead.filter(|e| {
                    everyone || e.agent.as_ref().map(|a| Party::Agent(a.clone())) == Some(of.clone())
                });
                reply.messages = of_them.map(letter).collect();
            }
            InboxWhat::All | InboxWhat::One(_) => {
                let id = match &request.what {
                    InboxWhat::One(id) => Some(id.trim_start_matches("m:").to_ascii_uppercase()),
                    _ => None,
                };
                let of = (!(everyone && id.is_some())).then_some(of);
                out.push(Effect::Letters { op, swarm: request.swarm.clone(), of, id });
                return Ok(None);
            }
        }
        Ok(Some(json!(reply)))
    }

    pub(super) fn shown(&mut self, party: &Party, request: &ShownRequest, at: Timestamp) -> Value {
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        json!({"seen": queue.shown(party, &request.ids, at)})
    }

    pub(super) fn ack(&mut self, party: &Party, request: &AckRequest, at: Timestamp) -> Answered {
        self.swarm_or(&request.swarm)?;
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        let id = find(queue, &request.id)?;
        queue.ack(party, &id, request.outcome.as_deref(), at).map_err(|why| {
            Error::new(Kind::Blocked, format!("cannot acknowledge m:{}: {why}", handoff::nonce(&id)))
        })?;
        Ok(Some(json!(queue.find(&id).map(receipt).ok())))
    }

    pub(super) fn letter(
        &mut self,
        party: &Party,
        request: &LetterRequest,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Answered {
        if *party != Party::Human {
            return Err(Error::new(Kind::Blocked, "an agent may not do this")
                .hint("run it from a pane that is no agent's"));
        }
        self.swarm_or(&request.swarm)?;
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        let id = find(queue, &request.id)?;
        let entry = queue.find(&id).ok();
        let state = entry.map_or(handoff::State::Done, |e| e.state);
        // In the pane already, or on its way there: nobody can take it back.
        let typed =
            entry.is_some_and(|e| e.carried.is_some() || e.state == handoff::State::Injected && e.is_over());
        let wrong = |what: &str| {
            Err(Error::new(
                Kind::Blocked,
                format!("m:{} is {state}: it cannot be {what}", handoff::nonce(&id)),
            ))
        };
        match request.act {
            LetterAct::Retry if matches!(state, handoff::State::Dead | handoff::State::Unknown) => {
                queue.retry("human", &id, at);
            }
            LetterAct::Retry => return wrong("tried again"),
            LetterAct::Drop if !typed && (state == handoff::State::Dead || state.is_pending()) => {
                let due = queue.refuse("human", &id, "dropped by the person", at);
                self.follow(&request.swarm.clone(), due, at, out);
            }
            LetterAct::Drop => return wrong("dropped"),
        }
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        Ok(Some(json!(queue.find(&id).map(receipt).ok())))
    }

    pub(super) fn receipts(&mut self, op: Op, request: &ReceiptsRequest, out: &mut Vec<Effect>) -> Answered {
        self.swarm_or(&request.swarm)?;
        if request.wait && !request.ids.is_empty() {
            self.waiting_receipts.push(PendingReceipts {
                op,
                swarm: request.swarm.clone(),
                ids: request.ids.clone(),
            });
            self.answer_receipts(out);
            return Ok(None);
        }
        let Some(queue) = self.queues.get(&request.swarm) else { return Ok(Some(json!([]))) };
        let found: Vec<Receipt> = if request.ids.is_empty() {
            queue.live().map(receipt).collect()
        } else {
            request.ids.iter().filter_map(|id| queue.find(id).ok()).map(receipt).collect()
        };
        Ok(Some(json!(found)))
    }

    /// Whether an agent has ended and is not started again by itself.
    fn has_ended(&self, swarm: &SwarmName, agent: Option<&AgentName>) -> bool {
        let agent = agent.and_then(|name| self.agent(swarm, name));
        agent.is_some_and(|a| matches!(a.run, Run::Ended | Run::Absent))
    }

    /// Answers those who wait for messages that were tried by now, or have ended, or whose receiver has.
    pub(in crate::state) fn answer_receipts(&mut self, out: &mut Vec<Effect>) {
        let waiting = std::mem::take(&mut self.waiting_receipts);
        for pending in waiting {
            let queue = self.queues.get(&pending.swarm);
            let found: Vec<&Entry> =
                pending.ids.iter().filter_map(|id| queue.and_then(|q| q.find(id).ok())).collect();
            let open = |e: &&Entry| match e.state {
                handoff::State::Queued => !self.has_ended(&pending.swarm, e.agent.as_ref()),
                state => state == handoff::State::Offered,
            };
            if found.iter().any(open) {
                self.waiting_receipts.push(pending);
            } else {
                let receipts: Vec<Receipt> = found.into_iter().map(receipt).collect();
                out.push(Effect::ReplyStored(pending.op, Ok(json!(receipts))));
            }
        }
    }
}

fn find(queue: &Queue, name: &str) -> Result<String, Error> {
    queue.find(name).map(|e| e.handoff.id.clone()).map_err(|why| Error::new(Kind::NotFound, why))
}

/// A message with how far it got.
pub fn letter(entry: &Entry) -> Letter {
    Letter { handoff: (*entry.handoff).clone(), receipt: receipt(entry), redelivered: entry.shown > 0 }
}

/// How far a message got.
pub fn receipt(entry: &Entry) -> Receipt {
    let draft = &entry.handoff.draft;
    Receipt {
        id: entry.handoff.id.clone(),
        from: entry.handoff.from.clone(),
        to: draft.to.clone(),
        agent: entry.agent.clone(),
        instance: entry.instance.clone(),
        kind: draft.kind,
        subject: entry.handoff.title(),
        priority: draft.priority,
        need: draft.need,
        state: entry.state,
        attempts: entry.attempts,
        proof: entry.proof.clone(),
        note: entry.note.clone(),
        created: entry.handoff.created,
        since: entry.since,
        due: entry.due,
    }
}
