//! What callers ask about messages: who they are, what they may, and what the queue makes of it.
//!
//! An agent only ever writes as itself and reads its own inbox; the person may do all.

mod inbox;
mod send;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{Address, AgentSpec};
use crate::error::{Error, Kind};
use crate::handoff::queue::{MAX_PENDING, Queue};
use crate::handoff::{self, Draft, Handoff, Need, Party, SCHEMA, Way, route};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Accepted, HandOver, HandoffRequest, Request, RpcError};
use crate::status::{Attention, Status};

pub(super) use inbox::PendingReceipts;
pub use inbox::{letter, receipt};
use send::key_to;

use super::budget::HOLDER;
use super::{Agent, Caller, Effect, Op, Run, State};

/// Messages that may wait for the person; agents get [`MAX_PENDING`].
pub(super) const MAX_HUMAN: usize = 1000;

type Answered = Result<Option<Value>, Error>;

impl State {
    /// The agent whose process, or whose token, is behind a call.
    pub(super) fn agent_of(&self, caller: &Caller) -> Option<(SwarmName, AgentName)> {
        let all = || self.swarms.iter().flat_map(|(name, s)| s.agents.iter().map(move |a| (name, a)));
        if let Some(owner) = &caller.owner {
            return Some(owner.clone());
        }
        let below = all().find(|(_, a)| {
            let pid = a.instance.as_ref().and_then(|i| i.pid);
            a.is_alive() && pid.is_some_and(|pid| caller.ancestry.contains(&pid))
        });
        let by_token = || {
            let token = caller.token.as_deref().filter(|t| !t.is_empty())?;
            all().find(|(_, a)| a.instance.as_ref().is_some_and(|i| i.token.as_deref() == Some(token)))
        };
        below.or_else(by_token).map(|(swarm, a)| (swarm.clone(), a.spec.name.clone()))
    }

    /// Who writes or reads in this swarm.
    fn party(&self, caller: &Caller, swarm: &SwarmName) -> Result<Party, Error> {
        match self.agent_of(caller) {
            Some((of, agent)) if of == *swarm => Ok(Party::Agent(agent)),
            Some((of, agent)) => Err(Error::new(
                Kind::Blocked,
                format!("the agent `{agent}` is of the swarm `{of}`, not `{swarm}`"),
            )),
            None if caller.inside.is_some() => Err(Error::new(
                Kind::Blocked,
                "this process is inside an agent's pane and cannot be told apart from it",
            )
            .hint("run it from another terminal")),
            None => Ok(Party::Human),
        }
    }

    /// A request about messages; every other one comes back.
    pub(super) fn mail(
        &mut self,
        op: Op,
        caller: &Caller,
        request: Request,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Option<Request> {
        let Some((swarm, from, keys)) = self.unknown_keys(caller, &request) else {
            return self.mail_now(op, caller, request, at, out);
        };
        let (caller, request) = (caller.clone(), Box::new(request));
        out.push(Effect::FindKeys { op, caller, request, swarm, from, keys });
        None
    }

    /// The keys of a request that only the store may know.
    fn unknown_keys(&self, caller: &Caller, request: &Request) -> Option<(SwarmName, Party, Vec<String>)> {
        let (swarm, key) = match request {
            Request::Handoff(request) => (&request.swarm, request.draft.idem_key.as_ref()?),
            Request::Send(send) => (&send.swarm, send.idem_key.as_ref()?),
            _ => return None,
        };
        let from = self.party(caller, swarm).ok()?;
        let mut keys = match request {
            Request::Send(send) => {
                self.receivers(&from, send).ok()?.iter().map(|to| key_to(key, to)).collect()
            }
            _ => vec![key.clone()],
        };
        let queue = self.queues.get(swarm);
        keys.retain(|key| queue.is_none_or(|q| q.duplicate(&from, key).is_none()));
        (!keys.is_empty()).then(|| (swarm.clone(), from, keys))
    }

    /// The store was asked for the keys of a request, which now goes on.
    pub(super) fn keys_found(
        &mut self,
        op: Op,
        caller: &Caller,
        request: Request,
        found: Vec<(Party, String, String, handoff::State)>,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let swarm = match &request {
            Request::Handoff(request) => &request.swarm,
            Request::Send(send) => &send.swarm,
            _ => return,
        };
        if !found.is_empty() {
            let queue = self.queues.entry(swarm.clone()).or_default();
            for (from, key, id, state) in found {
                queue.restore_key(from, key, id, state);
            }
        }
        self.mail_now(op, caller, request, at, out);
    }

    fn mail_now(
        &mut self,
        op: Op,
        caller: &Caller,
        request: Request,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) -> Option<Request> {
        let answer = match request {
            Request::Whoami(swarm) => {
                let known = self.swarm_or(&swarm).map(|_| ());
                known.and_then(|()| self.party(caller, &swarm)).map(|party| Some(json!(party)))
            }
            Request::Handoff(request) => self.party(caller, &request.swarm).and_then(|party| {
                let accepted = self.handoff(&party, &request, at)?;
                self.asks(&party, &request, out);
                Ok(Some(json!(accepted)))
            }),
            Request::HandOver(over) => {
                self.party(caller, &over.swarm).and_then(|party| self.hand_over(&party, *over, at))
            }
            Request::Send(send) => {
                self.party(caller, &send.swarm).and_then(|party| self.send(&party, &send, at))
            }
            Request::Inbox(inbox) => {
                self.party(caller, &inbox.swarm).and_then(|party| self.inbox(op, &party, &inbox, at, out))
            }
            Request::Shown(shown) => {
                self.party(caller, &shown.swarm).map(|party| Some(self.shown(&party, &shown, at)))
            }
            Request::Ack(ack) => self.party(caller, &ack.swarm).and_then(|party| self.ack(&party, &ack, at)),
            Request::Letter(letter) => {
                self.party(caller, &letter.swarm).and_then(|party| self.letter(&party, &letter, at, out))
            }
            Request::Receipts(asked) => self.receipts(op, &asked, out),
            other => return Some(other),
        };
        self.store_mail(at, out);
        match answer {
            Ok(Some(value)) => out.push(Effect::ReplyStored(op, Ok(value))),
            Ok(None) => {}
            Err(err) => out.push(Effect::Reply(op, Err(RpcError::from(&err)))),
        }
        None
    }

    /// Takes a message of `from`, or says why not.
    fn handoff(&mut self, from: &Party, request: &HandoffRequest, at: Timestamp) -> Result<Accepted, Error> {
        self.accept(&request.swarm, from, request.draft.clone(), Way::Doorbell, at)
    }

    /// The person hands an agent's work over in its name; the message says whose word it is.
    fn hand_over(&mut self, party: &Party, over: HandOver, at: Timestamp) -> Answered {
        if *party != Party::Human {
            return Err(Error::new(Kind::Blocked, "an agent hands over its own work only")
                .hint("swarm handoff --to AGENT"));
        }
        let target = crate::protocol::Target { swarm: over.swarm.clone(), agent: over.from.clone() };
        self.target(&target)?;
        let mut draft = over.draft;
        if draft.context.notes.is_empty() {
            "Handed over by the person.".clone_into(&mut draft.context.notes);
        }
        let from = Party::Agent(over.from);
        let accepted = self.accept(&over.swarm, &from, draft, Way::Doorbell, at)?;
        Ok(Some(json!(accepted)))
    }

    /// An agent that asks the person wants to be looked at.
    fn asks(&mut self, from: &Party, request: &HandoffRequest, out: &mut Vec<Effect>) {
        let draft = &request.draft;
        let (Party::Agent(name), Address::Human, handoff::Kind::Question) = (from, &draft.to, draft.kind)
        else {
            return;
        };
        let agents = self.swarms.get_mut(&request.swarm).into_iter().flat_map(|s| &mut s.agents);
        for agent in agents.filter(|a| a.spec.name == *name && a.attention != Some(Attention::Asks)) {
            agent.attention = Some(Attention::Asks);
            let (swarm, agent) = (request.swarm.clone(), name.clone());
            out.push(Effect::Notify { swarm, agent, attention: Attention::Asks });
        }
    }

    fn accept(
        &mut self,
        swarm: &SwarmName,
        from: &Party,
        mut draft: Draft,
        way: Way,
        at: Timestamp,
    ) -> Result<Accepted, Error> {
        draft.check()?;
        let known = self.swarm_or(swarm)?;
        let specs: Vec<&AgentSpec> = known.agents.iter().map(|a| &a.spec).collect();
        let queue = self.queues.get(swarm);
        if let Some(key) = &draft.idem_key
            && let Some((id, state)) = queue.and_then(|q| q.duplicate(from, key))
        {
            return Ok(Accepted { id: id.to_owned(), state, duplicate: true, note: None });
        }
        let mut answers = None;
        if let Some(reply_to) = &draft.reply_to
            && let Some(original) = queue.and_then(|q| q.find(reply_to).ok())
        {
            draft.thread.get_or_insert_with(|| original.handoff.thread().to_owned());
            let id = original.handoff.id.clone();
            answers = queue.and_then(|q| q.is_answer(from, &draft.to, &id)).map(|_| id.clone());
            draft.reply_to = Some(id);
        }
        let receivers = route::receivers(from, &draft.to, answers.is_some(), &specs)?;
        if draft.kind == handoff::Kind::Question && draft.need == Need::Seen {
            draft.need = Need::Outcome;
        }
        if let Some(queue) = queue {
            has_room(queue, &draft)?;
        }
        let names: Vec<AgentName> = receivers.iter().map(|a| a.name.clone()).collect();
        let waits = names.iter().map(|name| {
            let agent = known.agents.iter().find(|a| a.spec.name == *name);
            let no_room = || known.purse.may_send(name).err();
            why_waits(agent)
                .or_else(|| no_room().map(|why| format!("`{name}` gets no new work: {}", why.reason)))
        });
        let waits: Vec<Option<String>> = waits.collect();
        // One of a role that is free is enough.
        let mut note =
            if waits.iter().all(Option::is_some) { waits.into_iter().flatten().next() } else { None };
        let circle = self.circle(swarm, from, &draft, &names);
        let id = self.new_id(at);
        draft.thread.get_or_insert_with(|| id.clone());
        if let Some(circle) = &circle {
            let circle: Vec<String> = circle.iter().map(ToString::to_string).collect();
            let text = format!("they wait for each other in a circle: {}", circle.join(" → "));
            note = Some(note.map_or_else(|| text.clone(), |n| format!("{n}; {text}")));
            self.report_circle(swarm, from, &id, &text, at);
        }
        let to = draft.to.clone();
        let message =
            Handoff { schema: SCHEMA.to_owned(), id: id.clone(), from: from.clone(), created: at, draft };
        let queue = self.queues.entry(swarm.clone()).or_default();
        queue.accept(message, way, note.clone().filter(|_| to != Address::Human), &from.to_string(), at);
        if let Some(original) = answers {
            queue.answered(from, &original, &id, at);
        }
        Ok(Accepted { id, state: handoff::State::Queued, duplicate: false, note })
    }

    /// The circle that this message would close.
    fn circle(&self, swarm: &SwarmName, from: &Party, draft: &Draft, to: &[AgentName]) -> Option<Vec<Party>> {
        let waiting = draft.need == Need::Outcome && matches!(from, Party::Agent(_));
        let [to] = to else { return None };
        let waits = self.queues.get(swarm).filter(|_| waiting)?.waits();
        // What this very message answers is no longer waited for.
        let waits: Vec<_> = waits
            .into_iter()
            .filter(|(a, b)| !(draft.reply_to.is_some() && *a == Party::Agent(to.clone()) && b == from))
            .collect();
        route::cycle(&waits, from, &Party::Agent(to.clone()))
    }
}

/// Refuses what would make a receiver drown.
fn has_room(queue: &Queue, draft: &Draft) -> Result<(), Error> {
    let limit = if draft.to == Address::Human { MAX_HUMAN } else { MAX_PENDING };
    let pending = queue.pending(&draft.to);
    if pending >= limit {
        return Err(Error::new(Kind::Blocked, format!("{pending} messages wait for `{}` already", draft.to))
            .hint("wait until it has read some, or write to another"));
    }
    if !queue.has_room(draft.body.len()) {
        return Err(Error::new(Kind::Blocked, "too much text waits in this swarm already")
            .hint("`swarm inbox --dead` shows what can be dropped"));
    }
    Ok(())
}

/// Why a message to this agent is not delivered at once.
fn why_waits(agent: Option<&Agent>) -> Option<String> {
    let agent = agent?;
    let name = &agent.spec.name;
    if let Some(hold) = &agent.hold {
        let until = match hold.by.as_str() {
            HOLDER => "there is more of it: `swarm budget extend`".to_owned(),
            _ => format!("`swarm resume {name}`"),
        };
        return Some(format!("`{name}` is held by {} ({}): it waits until {until}", hold.by, hold.reason));
    }
    match agent.verdict.status {
        _ if agent.is_asleep() => Some(format!("`{name}` is asleep: it is woken for this")),
        _ if agent.run != Run::Running || !agent.is_alive() => {
            Some(format!("`{name}` does not run: it waits until the agent is started again"))
        }
        Status::Idle => None,
        status => Some(format!("`{name}` is {status}: it waits until the agent is idle")),
    }
}
