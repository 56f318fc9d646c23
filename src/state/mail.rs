//! What callers ask about messages: who they are, what they may, and what the queue makes of it.
//!
//! An agent only ever writes as itself and reads its own inbox; the person may do all.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::config::{Address, AgentSpec};
use crate::error::{Error, Kind};
use crate::handoff::queue::{Entry, MAX_PENDING, Queue};
use crate::handoff::{self, Draft, Handoff, MAX_BODY, Need, Party, SCHEMA, Way, route};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{
    Accepted, AckRequest, HandOver, HandoffRequest, INBOX_SCHEMA, InboxReply, InboxRequest, InboxWhat,
    Letter, LetterAct, LetterRequest, Receipt, ReceiptsRequest, Request, RpcError, SendText, Sent,
    ShownRequest,
};
use crate::status::{Attention, Status};

use super::budget::HOLDER;
use super::{Agent, Caller, Effect, Op, Run, State};

/// Messages that may wait for the person; agents get [`MAX_PENDING`].
pub(super) const MAX_HUMAN: usize = 1000;

/// Answers that wait until messages were tried or have ended.
#[derive(Debug, Clone)]
pub(super) struct PendingReceipts {
    op: Op,
    swarm: SwarmName,
    ids: Vec<String>,
}

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
        let waits = names.iter().map(|name| why_waits(known.agents.iter().find(|a| a.spec.name == *name)));
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

    pub(super) fn send(&mut self, from: &Party, send: &SendText, at: Timestamp) -> Answered {
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
    fn receivers(&self, from: &Party, send: &SendText) -> Result<Vec<Address>, Error> {
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

    fn inbox(
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

    fn shown(&mut self, party: &Party, request: &ShownRequest, at: Timestamp) -> Value {
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        json!({"seen": queue.shown(party, &request.ids, at)})
    }

    fn ack(&mut self, party: &Party, request: &AckRequest, at: Timestamp) -> Answered {
        self.swarm_or(&request.swarm)?;
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        let id = find(queue, &request.id)?;
        queue.ack(party, &id, request.outcome.as_deref(), at).map_err(|why| {
            Error::new(Kind::Blocked, format!("cannot acknowledge m:{}: {why}", handoff::nonce(&id)))
        })?;
        Ok(Some(json!(queue.find(&id).map(receipt).ok())))
    }

    fn letter(
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
        let state = queue.find(&id).map_or(handoff::State::Done, |e| e.state);
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
            LetterAct::Drop if state == handoff::State::Dead || state.is_pending() => {
                let due = queue.refuse("human", &id, "dropped by the person", at);
                self.follow(&request.swarm.clone(), due, at, out);
            }
            LetterAct::Drop => return wrong("dropped"),
        }
        let queue = self.queues.entry(request.swarm.clone()).or_default();
        Ok(Some(json!(queue.find(&id).map(receipt).ok())))
    }

    fn receipts(&mut self, op: Op, request: &ReceiptsRequest, out: &mut Vec<Effect>) -> Answered {
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
    pub(super) fn answer_receipts(&mut self, out: &mut Vec<Effect>) {
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

/// The key of a text for one of its receivers.
fn key_to(key: &str, to: &Address) -> String {
    format!("{key} to {to}")
}

fn find(queue: &Queue, name: &str) -> Result<String, Error> {
    queue.find(name).map(|e| e.handoff.id.clone()).map_err(|why| Error::new(Kind::NotFound, why))
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
