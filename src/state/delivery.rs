//! Messages on their way: what is stored of each step, what follows from it, and who gets the next one.
//!
//! Decides when an agent is fit to be written to; the last look at the pane and the typing are the performer's.

use jiff::Timestamp;
use serde_json::json;

use crate::agent::Profiles;
use crate::config::{Address, AgentSpec};
use crate::delivery::{self, Level, ProofSource, Receipt, Submission};
use crate::handoff::queue::{Due, Entry, Found, Outcome, Ready};
use crate::handoff::{self, Draft, Evidence, Handoff, Party, Proof, SCHEMA, Way, route, wording};
use crate::name::{AgentName, SwarmName};
use crate::observe::hook::HookEvent;
use crate::snapshot::{HandoffView, Inbox};

use crate::status::Status;
use crate::tmux::PaneId;

use super::mail::MAX_HUMAN;
use super::{Agent, Effect, Filed, LogEvent, Record, RefusedBlock, Run, SavedLetter, State};

/// Messages of one swarm in the snapshot: what the overview shows.
const SHOWN: usize = 100;

impl State {
    /// Makes ids different from those of every monitor before.
    pub const fn seed(&mut self, seed: u64) {
        self.seed = seed;
    }

    pub(super) fn new_id(&mut self, at: Timestamp) -> String {
        self.drawn += 1;
        let high = mix(self.seed.wrapping_add(self.drawn.wrapping_mul(2)));
        let low = mix(self.seed.wrapping_add(self.drawn.wrapping_mul(2)).wrapping_add(1));
        handoff::ulid(at, u128::from(high) << 64 | u128::from(low))
    }

    /// The store was read at the start of the monitor.
    pub(super) fn rebuild_mail(&mut self, letters: Vec<SavedLetter>, at: Timestamp, out: &mut Vec<Effect>) {
        for letter in letters {
            let queue = self.queues.entry(letter.swarm).or_default();
            queue.restore(letter.entry, at);
        }
        for (swarm, queue) in &self.queues {
            // What was typed in part and has ended lies there, unless its reader has taken it away.
            let known = queue.all().filter(|e| e.state != handoff::State::Injected || !e.is_over());
            out.extend(known.filter_map(|entry| filed(swarm, entry)));
        }
        self.store_mail(at, out);
    }

    /// Writes down every step since the last call.
    pub(super) fn store_mail(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        let mut moved = false;
        for (swarm, queue) in &mut self.queues {
            for change in queue.take_changes() {
                moved = true;
                let entry = &change.entry;
                out.extend(filed(swarm, entry));
                let event = LogEvent {
                    at,
                    swarm: swarm.clone(),
                    agent: entry.agent.clone(),
                    instance: entry.instance.clone(),
                    kind: entry.state.event(),
                    actor: change.actor,
                    cause: Some(change.cause),
                    data: json!({
                        "id": entry.handoff.id,
                        "from": entry.handoff.from,
                        "to": entry.handoff.draft.to,
                        "kind": entry.handoff.draft.kind,
                        "subject": entry.handoff.title(),
                        "attempts": entry.attempts,
                        "proof": entry.proof,
                        "note": entry.note,
                    }),
                };
                out.push(Effect::Store(Record::Letter {
                    swarm: swarm.clone(),
                    entry: Box::new(change.entry),
                    accepted: change.accepted,
                    event: Box::new(event),
                }));
            }
        }
        if moved {
            self.changed = true;
            self.answer_receipts(out);
        }
    }

    /// What time alone does to messages.
    pub(super) fn mail_tick(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        let swarms: Vec<SwarmName> = self.queues.keys().cloned().collect();
        for swarm in swarms {
            let due = self.queues.get_mut(&swarm).map(|q| q.tick(at)).unwrap_or_default();
            self.follow(&swarm, due, at, out);
        }
        self.store_mail(at, out);
    }

    /// Does what follows from a message that ended, or must be looked for.
    pub(super) fn follow(&mut self, swarm: &SwarmName, due: Vec<Due>, at: Timestamp, out: &mut Vec<Effect>) {
        for due in due {
            match due {
                Due::Search(search) => {
                    let entry = self.queues.get(swarm).and_then(|q| q.find(&search.id).ok());
                    let agent = entry.and_then(|e| e.agent.clone());
                    let watched = agent.and_then(|name| super::watched(swarm, self.agent(swarm, &name)?));
                    let watched = watched.map(Box::new);
                    out.push(Effect::Search { swarm: swarm.clone(), watched, search });
                }
                Due::Bounced(entry) => {
                    let why = entry.note.clone().unwrap_or_default();
                    let text = format!("not delivered to {}: {why}", entry.handoff.draft.to);
                    self.tell(swarm, &entry, &text, entry.state == handoff::State::Dead, at);
                }
                Due::Silent(entry) => {
                    let text = format!("{} read it and does not acknowledge it", entry.handoff.draft.to);
                    self.tell(swarm, &entry, &text, true, at);
                }
            }
        }
    }

    /// A message was looked for.
    pub(super) fn searched(
        &mut self,
        swarm: &SwarmName,
        id: &str,
        found: Found,
        at: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let entry = self.queues.get(swarm).and_then(|q| q.find(id).ok());
        let Some((agent, instance)) = entry.map(|e| (e.agent.clone(), e.instance.clone())) else { return };
        let owner = agent.clone();
        let lives = agent.and_then(|name| super::watched(swarm, self.agent(swarm, &name)?));
        // What an instance has in its composer, or heard ring, ends with it; what it read, it has read.
        let gone = instance.is_some() && lives.map(|w| w.instance) != instance;
        let found = match found {
            Found::Body(evidence) if evidence.proves_reading() => found,
            _ if gone => Found::Gone,
            found => found,
        };
        // No hook tells of a turn that was interrupted.
        let rests = owner.filter(|name| self.agent(swarm, name).is_some_and(|agent| !agent.in_turn));
        let Some(queue) = self.queues.get_mut(swarm) else { return };
        if let Some(name) = rests {
            queue.turn_over(&name, at);
        }
        let due = queue.found(id, found, at);
        self.follow(swarm, due, at, out);
    }

    /// Tells the sender of a message what became of it, and the person where it matters.
    fn tell(&mut self, swarm: &SwarmName, about: &Entry, text: &str, person: bool, at: Timestamp) {
        let mut receivers = Vec::new();
        match &about.handoff.from {
            Party::Agent(sender) => {
                receivers.push(Address::Agent(sender.clone()));
                receivers.extend(person.then_some(Address::Human));
            }
            Party::Human => receivers.push(Address::Human),
            // A notice about a notice would never end.
            Party::Swarm if person => receivers.push(Address::Human),
            Party::Swarm => {}
        }
        for to in receivers {
            self.notice(swarm, to, text, about, at);
        }
    }

    fn notice(&mut self, swarm: &SwarmName, to: Address, text: &str, about: &Entry, at: Timestamp) {
        let known = |name: &AgentName| {
            self.swarms.get(swarm).is_some_and(|s| s.agents.iter().any(|a| a.spec.name == *name))
        };
        if matches!(&to, Address::Agent(name) if !known(name)) {
            return;
        }
        let subject = format!("{text} (m:{} “{}”)", about.handoff.nonce(), about.handoff.title());
        let mut draft = Draft::new(to, crate::text::clip(&crate::text::one_line(&subject), 190), "");
        draft.kind = handoff::Kind::Message;
        draft.thread = Some(about.handoff.thread().to_owned());
        draft.reply_to = Some(about.handoff.id.clone());
        draft.priority = 2;
        let id = self.new_id(at);
        let handoff = Handoff { schema: SCHEMA.to_owned(), id, from: Party::Swarm, created: at, draft };
        let queue = self.queues.entry(swarm.clone()).or_default();
        queue.accept(handoff, Way::Doorbell, None, "swarm", at);
    }

    /// Agents that wait for each other in a circle: the person is told.
    pub(super) fn report_circle(
        &mut self,
        swarm: &SwarmName,
        from: &Party,
        id: &str,
        text: &str,
        at: Timestamp,
    ) {
        let mut draft = Draft::new(Address::Human, crate::text::clip(text, 190), "");
        draft.kind = handoff::Kind::Message;
        draft.priority = 1;
        draft.body = format!(
            "m:{} from {from} closes the circle. Answer one of them, or drop one.",
            handoff::nonce(id)
        );
        let id = self.new_id(at);
        let handoff = Handoff { schema: SCHEMA.to_owned(), id, from: Party::Swarm, created: at, draft };
        let queue = self.queues.entry(swarm.clone()).or_default();
        queue.accept(handoff, Way::Doorbell, None, "swarm", at);
    }

    /// A marked block of an agent does not go out: it is on record, and the person is told.
    pub(super) fn block_refused(&mut self, refused: &RefusedBlock, at: Timestamp, out: &mut Vec<Effect>) {
        let RefusedBlock { swarm, agent, instance, key, why } = refused;
        let queue = self.queues.get(swarm);
        if queue.is_some_and(|q| q.duplicate(&Party::Swarm, key).is_some()) {
            return;
        }
        out.push(Effect::Store(Record::Event(LogEvent {
            at,
            swarm: swarm.clone(),
            agent: Some(agent.clone()),
            instance: Some(instance.clone()),
            kind: "handoff.rejected",
            actor: agent.to_string(),
            cause: Some("block in its reply".into()),
            data: json!({"from": agent, "note": why, "key": key}),
        })));
        // An agent that goes on like this must not drown the rest of what the person is told.
        if queue.is_some_and(|q| q.pending(&Address::Human) >= MAX_HUMAN) {
            return;
        }
        let first = crate::text::one_line(why.lines().next().unwrap_or_default());
        let subject = format!("a block of {agent} was not sent: {first}");
        let mut draft = Draft::new(Address::Human, crate::text::clip(&subject, 190), crate::text::block(why));
        draft.kind = handoff::Kind::Message;
        draft.priority = 2;
        draft.idem_key = Some(key.clone());
        let id = self.new_id(at);
        let handoff = Handoff { schema: SCHEMA.to_owned(), id, from: Party::Swarm, created: at, draft };
        let queue = self.queues.entry(swarm.clone()).or_default();
        queue.accept(handoff, Way::Doorbell, None, "swarm", at);
        self.store_mail(at, out);
    }

    /// Gives every agent that is fit what it gets next. It is stored before it is typed.
    pub(super) fn deliver(&mut self, at: Timestamp, out: &mut Vec<Effect>) {
        let mut orders = Vec::new();
        for (name, queue) in self.queues.iter_mut().filter(|(_, q)| !q.is_empty()) {
            let Some(swarm) = self.swarms.get_mut(name).filter(|s| s.ending.is_none()) else { continue };
            let (agents, purse) = (&swarm.agents, &mut swarm.purse);
            let specs: Vec<&AgentSpec> = agents.iter().map(|a| &a.spec).collect();
            for agent in agents {
                let Some((ready, pane)) = ready(agent, &self.profiles) else { continue };
                let number = self.next_submission;
                let accepts = |from: &Party| route::accepts(&agent.spec, from, &specs);
                // Work costs: none is handed out where a budget has no room for it. Who works gets only what the person wants
                // typed into that very turn.
                let room = || !ready.idle || purse.may_send(&agent.spec.name).is_ok();
                if !queue.offer(number, &ready, accepts, room, at) {
                    continue;
                }
                self.next_submission += 1;
                if ready.idle && !purse.is_empty() {
                    purse.promise(agent.spec.name.as_str(), at.as_millisecond());
                    self.changed = true;
                }
                let Some((text, nonce)) = queue.text(number) else { continue };
                let first = queue.cut(number).map(|whole| (agent.spec.directory.clone(), whole));
                orders.push(Effect::Submit {
                    delivery: number,
                    pane,
                    profile: agent.spec.profile.clone(),
                    instance: ready.instance.to_owned(),
                    submission: Box::new(Submission {
                        text,
                        nonce,
                        now: !ready.idle,
                        staged: queue.is_staged(number),
                    }),
                    searches: queue.searches(number),
                    first,
                });
            }
        }
        self.store_mail(at, out);
        if !self.waiting_receipts.is_empty() {
            self.answer_receipts(out);
        }
        out.append(&mut orders);
    }

    /// A submission came to its end.
    pub(super) fn submitted(&mut self, number: u64, receipt: &Receipt, at: Timestamp, out: &mut Vec<Effect>) {
        let found = self.queues.iter_mut().find(|(_, q)| q.injection(number).is_some());
        let Some((swarm, queue)) = found.map(|(s, q)| (s.clone(), q)) else { return };
        // What was set aside for a turn that does not begin is free again.
        if !matches!(receipt.outcome, delivery::Outcome::Submitted | delivery::Outcome::QueuedByAgent)
            && let Some(agent) = queue.injection(number).map(|i| i.agent.clone())
            && let Some(of) = self.swarms.get_mut(&swarm)
        {
            of.purse.cancel(agent.as_str());
        }
        let due = queue.injected(number, &outcome(receipt), at);
        self.follow(&swarm, due, at, out);
    }

    /// A prompt reached an agent, as its hook says: a doorbell or a message in it has arrived.
    pub(super) fn mail_hook(
        &mut self,
        swarm: &SwarmName,
        agent: &AgentName,
        hook: &HookEvent,
        at: Timestamp,
    ) {
        let (Some(prompt), Some(queue)) = (&hook.prompt, self.queues.get_mut(swarm)) else { return };
        let mine = |e: &&Entry| e.agent.as_ref() == Some(agent) && e.state == handoff::State::Injected;
        let found: Vec<(String, Found)> = queue
            .live()
            .filter(mine)
            .filter_map(|e| {
                let nonce = e.handoff.nonce();
                let found = if prompt.contains(&wording::body_needle(nonce)) {
                    Found::Body(Evidence::Hook)
                } else if prompt.contains(&wording::doorbell_needle(nonce)) {
                    Found::Bell(Evidence::Hook)
                } else {
                    return None;
                };
                let known = e.proof.as_ref().is_some_and(|p| p.evidence >= Evidence::Hook);
                (!known).then(|| (e.handoff.id.clone(), found))
            })
            .collect();
        for (id, found) in found {
            match found {
                Found::Bell(evidence) => {
                    let proof =
                        Proof { evidence, text: format!("hook:{}", crate::text::one_line(&hook.name)), at };
                    queue.proved(&id, proof, at);
                }
                found => drop(queue.found(&id, found, at)),
            }
        }
    }

    /// The messages of one swarm for the snapshot, and how many wait for the person.
    pub(super) fn mail_view(&self, swarm: &SwarmName) -> (Inbox, Vec<HandoffView>) {
        let Some(queue) = self.queues.get(swarm) else { return Default::default() };
        let human = self.mail_counts(swarm, &Address::Human);
        // What wants the person first, then the newest.
        let stuck = |e: &&Entry| matches!(e.state, handoff::State::Dead | handoff::State::Unknown);
        let (stuck, others) = (queue.live().rev().filter(stuck), queue.live().rev().filter(|e| !stuck(e)));
        (human, stuck.chain(others).chain(queue.recent()).take(SHOWN).map(view).collect())
    }

    pub(super) fn mail_counts(&self, swarm: &SwarmName, of: &Address) -> Inbox {
        let Some(queue) = self.queues.get(swarm) else { return Inbox::default() };
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Inbox { pending: count(queue.pending(of)), dead: count(queue.dead(of)) }
    }
}

/// Where a message is to lie now; `None` where files have no part in it.
pub(super) fn filed(swarm: &SwarmName, entry: &Entry) -> Option<Effect> {
    let keep = entry.lies_in_inbox();
    let concerns = entry.way == Way::Doorbell && entry.handoff.draft.to != Address::Human;
    concerns.then(|| {
        let (swarm, handoff, agent) = (swarm.clone(), entry.handoff.clone(), entry.agent.clone());
        Effect::File(Box::new(Filed { swarm, handoff, agent, keep }))
    })
}

/// An agent that may be written to, as far as the state knows; the pane itself is looked at again before anything is
/// typed.
fn ready<'a>(agent: &'a Agent, profiles: &Profiles) -> Option<(Ready<'a>, PaneId)> {
    let profile = profiles.get(&agent.spec.profile)?;
    let fit = agent.run == Run::Running && agent.is_alive() && agent.hold.is_none();
    let idle = match agent.verdict.status {
        Status::Idle => true,
        Status::Error => profile.resend_after_error(),
        Status::Working if profile.data().submit.queues_while_working => false,
        _ => return None,
    };
    if !fit || agent.verdict.status == Status::Error && !idle {
        return None;
    }
    let ready = Ready {
        agent: &agent.spec.name,
        role: agent.spec.role.as_deref(),
        instance: agent.instance.as_ref()?.id.as_str(),
        rings: profile.data().submit.runs_commands,
        idle,
    };
    Some((ready, agent.pane()?))
}

/// What a receipt means for the messages it carried.
fn outcome(receipt: &Receipt) -> Outcome {
    let why = receipt.reason.map_or_else(|| receipt.words(), |why| why.words().to_owned());
    match receipt.outcome {
        delivery::Outcome::Submitted | delivery::Outcome::QueuedByAgent => {
            let evidence = receipt.proof.as_ref().map_or(Evidence::Transport, evidence);
            let text = receipt.proof.as_ref().map_or_else(|| receipt.words(), |p| p.text.clone());
            let text = crate::text::clip(&crate::text::one_line(&text), 200);
            Outcome::Submitted(Proof { evidence, text, at: receipt.at })
        }
        delivery::Outcome::Blocked if receipt.reason.is_some_and(delivery::Why::is_final) => {
            Outcome::Refused(why)
        }
        delivery::Outcome::Blocked => Outcome::Blocked(why),
        delivery::Outcome::Stranded => Outcome::Stranded(why),
        delivery::Outcome::Gone => Outcome::Gone(why),
    }
}

fn evidence(proof: &delivery::Proof) -> Evidence {
    match (proof.level, proof.source) {
        (Level::E1, _) => Evidence::Transport,
        (Level::E2, ProofSource::StatusFile) => Evidence::Status,
        (Level::E2, _) => Evidence::Screen,
        (Level::E3, ProofSource::Hook) => Evidence::Hook,
        (Level::E3, _) => Evidence::Transcript,
        (Level::E4, _) => Evidence::Inbox,
        (Level::E5, _) => Evidence::Outcome,
    }
}

fn view(entry: &Entry) -> HandoffView {
    let draft = &entry.handoff.draft;
    HandoffView {
        id: entry.handoff.id.clone(),
        from: entry.handoff.from.to_string(),
        to: draft.to.to_string(),
        agent: entry.agent.as_ref().map(ToString::to_string),
        kind: draft.kind.as_str().to_owned(),
        subject: entry.handoff.title(),
        priority: draft.priority,
        state: entry.state.as_str().to_owned(),
        attempts: entry.attempts,
        proof: entry.proof.as_ref().map(|p| format!("{}: {}", p.evidence.as_str(), p.text)),
        note: entry.note.clone(),
        created: entry.handoff.created,
        since: entry.since,
    }
}

/// `SplitMix64`: every number once, in an order that looks random.
const fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::tests::{Driven, config, swarm};
    use super::super::{Caller, EventKind, Op};
    use super::*;
    use crate::protocol::{Request, Up};

    fn refused(key: &str) -> EventKind {
        EventKind::BlockRefused(Box::new(RefusedBlock {
            swarm: swarm(),
            agent: "a".parse().unwrap(),
            instance: "i1".into(),
            key: key.into(),
            why: "not JSON: \u{1b}[31mexpected value\nwrite it anew".into(),
        }))
    }

    /// The kinds of events that go on record, and the messages to the person.
    fn record(effects: &[Effect]) -> (Vec<&'static str>, Vec<String>) {
        let kinds = effects.iter().filter_map(|e| match e {
            Effect::Store(Record::Event(event)) => Some(event.kind),
            _ => None,
        });
        let letters = effects.iter().filter_map(|e| match e {
            Effect::Store(Record::Letter { entry, .. }) => {
                assert_eq!((&entry.handoff.from, &entry.handoff.draft.to), (&Party::Swarm, &Address::Human));
                Some(entry.handoff.draft.subject.clone())
            }
            _ => None,
        });
        (kinds.collect(), letters.collect())
    }

    #[test]
    fn a_block_that_is_no_message_is_told_of_once_for_each_key() {
        let mut driven = Driven::up(&["a", "b"]);
        let told = driven.event(refused("block:1"));
        let subject = "a block of a was not sent: not JSON: [31mexpected value";
        assert_eq!(record(&told), (vec!["handoff.rejected"], vec![subject.to_owned()]));
        assert_eq!(record(&driven.event(refused("block:1"))), (Vec::new(), Vec::new()));
        assert_eq!(record(&driven.event(refused("block:2"))).0, ["handoff.rejected"]);
        for n in 0..MAX_HUMAN {
            driven.event(refused(&format!("more:{n}")));
        }
        let (kinds, letters) = record(&driven.event(refused("block:3")));
        assert_eq!((kinds.len(), letters.len()), (1, 0), "on record, but no flood");
    }

    #[test]
    fn blocks_are_taken_from_an_instance_that_was_told_of_them_at_its_start() {
        let asked = |on: bool| {
            let mut config = config(&["a"]);
            config.agents[0].handoff_block = on;
            config
        };
        let mut driven = Driven::up_with(asked(false));
        let again = Up { config: asked(true), env: BTreeMap::new(), only: Vec::new(), size: None };
        let (op, request) = (Op(9), Box::new(Request::Up(Box::new(again))));
        driven.event(EventKind::Call { op, caller: Caller::default(), request });
        let of = |driven: &Driven| {
            let agent = driven.state.agent(&swarm(), &"a".parse().unwrap()).unwrap();
            let watched = super::super::watched(&swarm(), agent).unwrap();
            (agent.spec.handoff_block, watched.handoff_block)
        };
        assert_eq!(of(&driven), (true, false));
        assert_eq!(of(&Driven::up_with(asked(true))), (true, true));
    }
}
