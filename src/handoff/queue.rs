//! What is under way between the agents of one swarm, and who is next.
//!
//! A state machine per message: queued → offered → injected → seen → acked → done, or expired, refused, dead, unknown.
//! Every step is a [`Change`] for the store, in order. Pure: no clock, no ids of its own making, no world. `timing`
//! holds what time alone does.

mod files;
mod handing;
mod pulling;
mod renaming;
#[cfg(test)]
mod tests;
mod timing;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Address;
use crate::name::AgentName;

use super::{Evidence, Handoff, Need, Party, Proof, State, Way, wording};

pub use timing::{Due, Found, Search, WAITS};

/// Messages that may wait for one receiver; the next one is refused to its sender (designs.md, rule 6).
pub const MAX_PENDING: usize = 50;
/// Bytes of bodies that may wait in one swarm.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Ended messages that are remembered for the overview and for replies.
const RECENT: usize = 500;
/// How long the first pause is after a pane was not fit, doubled to [`BLOCKED_MAX`].
const BLOCKED: SignedDuration = SignedDuration::from_secs(2);
/// How long an agent is left alone after a submission, unless it shows sooner that it is idle again.
const SETTLE: SignedDuration = SignedDuration::from_secs(1);
/// See [`BLOCKED`].
const BLOCKED_MAX: SignedDuration = SignedDuration::from_secs(30);

/// One message with how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The message; without its body once it has ended.
    #[serde(with = "whole")]
    pub handoff: Arc<Handoff>,
    /// How it is brought.
    pub way: Way,
    /// Counts up per swarm: the order of arrival.
    pub seq: u64,
    /// The agent that gets it; a message to a role is bound when it is offered.
    pub agent: Option<AgentName>,
    /// The instance it was offered to.
    pub instance: Option<String>,
    /// How far it got.
    pub state: State,
    /// How often it was submitted.
    pub attempts: u32,
    /// How often it may have been read: returned by `swarm inbox`, or typed whole.
    pub shown: u32,
    /// The receiver was reminded of it.
    pub reminded: bool,
    /// What proves the state.
    pub proof: Option<Proof>,
    /// Why it waits or ended.
    pub note: Option<String>,
    /// When something is due.
    pub due: Option<Timestamp>,
    /// Since when it is in this state.
    pub since: Timestamp,
    /// The submission that carries it right now.
    pub carried: Option<u64>,
    /// Its text was seen in the composer, typed and not submitted; whether it says that it is sent again.
    pub staged: Option<bool>,
}

/// A shared message written out whole.
mod whole {
    use super::{Arc, Deserialize, Handoff, Serialize};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(handoff: &Arc<Handoff>, out: S) -> Result<S::Ok, S::Error> {
        Handoff::serialize(handoff, out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<Arc<Handoff>, D::Error> {
        Handoff::deserialize(input).map(Arc::new)
    }
}

impl Entry {
    /// Whether the receiver may have it already.
    pub const fn is_again(&self) -> bool {
        self.attempts > 0 || self.shown > 0
    }

    /// Whether nothing will be done about it any more. A dead letter stays until the person decides.
    pub fn is_over(&self) -> bool {
        match self.state {
            State::Done | State::Expired | State::Refused => true,
            State::Seen | State::Acked => self.state.satisfies(self.handoff.draft.need),
            // Typed whole and submitted: nothing more can be proven, and nothing is repeated.
            State::Injected => self.due.is_none(),
            State::Queued | State::Offered | State::Dead | State::Unknown => false,
        }
    }

    /// Whom it waits for, as a lane: the bound agent, else as it was addressed.
    fn lane(&self) -> Address {
        self.agent.clone().map_or_else(|| self.handoff.draft.to.clone(), Address::Agent)
    }

    fn key(&self) -> (u8, u64) {
        (self.handoff.draft.priority, self.seq)
    }
}

/// One step of one message, for the store and the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// How it is now.
    pub entry: Entry,
    /// It is new: the message itself is to be stored, too.
    pub accepted: bool,
    /// Who caused it.
    pub actor: String,
    /// What caused it.
    pub cause: String,
}

/// Text that is being typed into a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    /// The receiver.
    pub agent: AgentName,
    /// Its instance.
    pub instance: String,
    /// The messages it carries or announces.
    pub ids: Vec<String>,
    /// What it is.
    pub what: What,
}

/// What is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The line that rings.
    Bell,
    /// One message, as it is or fenced.
    Text,
    /// The line that reminds of a message that was read.
    Reminder,
}

/// What came of an injection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Submitted, with the proof of it.
    Submitted(Proof),
    /// The pane was not fit: nothing was typed.
    Blocked(String),
    /// Typed, and not proven to be submitted.
    Stranded(String),
    /// The pane or the agent is gone.
    Gone(String),
    /// It can never be typed to this agent.
    Refused(String),
}

/// An agent that could be written to right now.
#[derive(Debug, Clone, Copy)]
pub struct Ready<'a> {
    /// Who.
    pub agent: &'a AgentName,
    /// Its role.
    pub role: Option<&'a str>,
    /// Its instance.
    pub instance: &'a str,
    /// It can run `swarm inbox`; else messages are typed whole.
    pub rings: bool,
    /// It is idle; else it works, and takes only what may be typed while it does.
    pub idle: bool,
}

/// When time alone makes something due.
#[derive(Debug, Clone, Copy, Default)]
enum Wake {
    /// To be computed again: something changed.
    #[default]
    Stale,
    /// Then, or never.
    Known(Option<Timestamp>),
}

/// The queue of one swarm.
#[derive(Debug, Clone, Default)]
pub struct Queue {
    entries: BTreeMap<String, Entry>,
    /// What was not read yet, by lane, in the order of delivery: priority, arrival, id.
    lanes: BTreeMap<Address, BTreeSet<(u8, u64, String)>>,
    injections: BTreeMap<u64, Injection>,
    /// What hooks were given and the transcript has not proven yet, by number.
    handed: BTreeMap<u64, handing::Handed>,
    /// The messages by their senders' keys, with how far those got that are not here any more.
    keys: HashMap<(Party, String), (String, State)>,
    recent: VecDeque<Entry>,
    blocked: BTreeMap<AgentName, (Timestamp, SignedDuration)>,
    reminders: BTreeSet<String>,
    changes: Vec<Change>,
    next_seq: u64,
    bytes: usize,
    wake: Wake,
}

impl Queue {
    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Steps since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// What is under way and what has ended lately.
    pub fn all(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values().chain(self.recent.iter().rev())
    }

    /// What is under way.
    pub fn live(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The message with this id, or whose id ends so; an error that says what is wrong with the name.
    pub fn find(&self, name: &str) -> Result<&Entry, String> {
        let name = name.trim_start_matches("m:");
        if let Some(entry) = self.entries.get(name) {
            return Ok(entry);
        }
        if name.len() < 4 {
            return Err(format!("`{}` is too short for a message", name.escape_default()));
        }
        let upper = name.to_ascii_uppercase();
        let mut found = self.all().filter(|e| e.handoff.id.ends_with(&upper));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(format!("there is no message `{}`", name.escape_default())),
            (Some(_), Some(_)) => Err(format!("more than one message ends in `{}`", name.escape_default())),
        }
    }

    /// The message that this sender sent under this key before, and how far it got.
    pub fn duplicate(&self, from: &Party, key: &str) -> Option<(&str, State)> {
        let (id, state) = self.keys.get(&(from.clone(), key.to_owned()))?;
        Some((id, self.find(id).map_or(*state, |entry| entry.state)))
    }

    /// How many messages wait for `lane` to read them.
    pub fn pending(&self, lane: &Address) -> usize {
        self.lanes.get(lane).map_or(0, BTreeSet::len)
    }

    /// Whether a message waits for `lane` that was not brought to anybody, from somebody who may write to it.
    pub fn waits_for(&self, lane: &Address, accepts: impl Fn(&Party) -> bool) -> bool {
        let ids = self.lanes.get(lane).into_iter().flatten();
        let mut waiting = ids.filter_map(|(_, _, id)| self.entries.get(id));
        waiting.any(|e| e.state == State::Queued && accepts(&e.handoff.from))
    }

    /// Whether something is being typed into an agent.
    pub fn is_typing(&self, agent: &AgentName) -> bool {
        self.injections.values().any(|i| i.agent == *agent)
    }

    /// How many dead letters there are for `lane`.
    pub fn dead(&self, lane: &Address) -> usize {
        self.entries.values().filter(|e| e.state == State::Dead && e.lane() == *lane).count()
    }

    /// Whether one more body of this size fits.
    pub const fn has_room(&self, bytes: usize) -> bool {
        self.bytes + bytes <= MAX_BYTES
    }

    /// Who waits for whom: senders that go on only after an answer, and who owes it.
    pub fn waits(&self) -> Vec<(Party, Party)> {
        let open = self.entries.values().filter(|e| e.handoff.is_waited_for() && !e.state.is_bounced());
        open.filter_map(|e| Some((e.handoff.from.clone(), Party::Agent(e.agent.clone()?)))).collect()
    }

    /// Takes a message. The caller has checked routes, limits and the key.
    pub fn accept(&mut self, handoff: Handoff, way: Way, note: Option<String>, actor: &str, at: Timestamp) {
        let agent = match &handoff.draft.to {
            Address::Agent(name) => Some(name.clone()),
            _ => None,
        };
        let entry = Entry {
            agent,
            way,
            seq: self.next_seq,
            instance: None,
            state: State::Queued,
            attempts: 0,
            shown: 0,
            reminded: false,
            proof: None,
            note,
            due: None,
            since: at,
            carried: None,
            staged: None,
            handoff: Arc::new(handoff),
        };
        self.changes.push(Change {
            entry: entry.clone(),
            accepted: true,
            actor: actor.to_owned(),
            cause: format!("{} from {}", entry.handoff.draft.kind.as_str(), entry.handoff.from),
        });
        self.insert(entry);
    }

    /// Takes what the store knows. What was being offered when the monitor ended may have arrived: it is looked for
    /// before it is tried again.
    pub fn restore(&mut self, entry: Entry, at: Timestamp) {
        let offered = entry.state == State::Offered;
        let id = entry.handoff.id.clone();
        self.insert(entry);
        if offered {
            self.step(&id, State::Unknown, "the monitor ended while it was being offered", at, |e| {
                e.due = Some(at);
                e.proof = None;
            });
        }
    }

    /// Remembers the key of a message that has ended long ago, as the store says.
    pub fn restore_key(&mut self, from: Party, key: String, id: String, state: State) {
        self.keys.entry((from, key)).or_insert((id, state));
    }

    /// The store did not take a new message: it is as if it had not been sent.
    pub fn forget(&mut self, id: &str) {
        self.wake = Wake::Stale;
        let Some(entry) = self.take(id) else { return };
        if let Some(key) = &entry.handoff.draft.idem_key {
            self.keys.remove(&(entry.handoff.from.clone(), key.clone()));
        }
    }

    fn insert(&mut self, entry: Entry) {
        self.wake = Wake::Stale;
        self.next_seq = self.next_seq.max(entry.seq + 1);
        let id = entry.handoff.id.clone();
        if let Some(key) = &entry.handoff.draft.idem_key {
            self.keys.insert((entry.handoff.from.clone(), key.clone()), (id.clone(), entry.state));
        }
        if entry.is_over() {
            self.remember(entry);
            return;
        }
        self.bytes += entry.handoff.draft.body.len();
        self.index(&entry);
        self.entries.insert(id, entry);
    }

    fn index(&mut self, entry: &Entry) {
        if entry.state.is_pending() {
            let (priority, seq) = entry.key();
            let lane = self.lanes.entry(entry.lane()).or_default();
            lane.insert((priority, seq, entry.handoff.id.clone()));
        }
    }

    fn unindex(&mut self, entry: &Entry) {
        let lane = entry.lane();
        let (priority, seq) = entry.key();
        if let Some(ids) = self.lanes.get_mut(&lane) {
            ids.remove(&(priority, seq, entry.handoff.id.clone()));
            if ids.is_empty() {
                self.lanes.remove(&lane);
            }
        }
    }

    fn remember(&mut self, mut entry: Entry) {
        if let Some(key) = &entry.handoff.draft.idem_key {
            let known = (entry.handoff.id.clone(), entry.state);
            self.keys.insert((entry.handoff.from.clone(), key.clone()), known);
        }
        let handoff = Arc::make_mut(&mut entry.handoff);
        handoff.draft.body = String::new();
        self.recent.push_back(entry);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
    }

    /// The one way a message goes on.
    fn step(
        &mut self,
        id: &str,
        state: State,
        cause: impl Into<String>,
        at: Timestamp,
        change: impl FnOnce(&mut Entry),
    ) {
        self.step_by("swarm", id, state, cause, at, change);
    }

    fn step_by(
        &mut self,
        actor: &str,
        id: &str,
        state: State,
        cause: impl Into<String>,
        at: Timestamp,
        change: impl FnOnce(&mut Entry),
    ) {
        let Some(mut entry) = self.take(id) else { return };
        self.wake = Wake::Stale;
        if entry.state != state {
            entry.since = at;
            entry.note = None;
        }
        entry.state = state;
        if state != State::Offered {
            entry.carried = None;
            entry.staged = None;
        }
        change(&mut entry);
        self.changes.push(Change {
            entry: entry.clone(),
            accepted: false,
            actor: actor.to_owned(),
            cause: cause.into(),
        });
        if entry.is_over() {
            self.remember(entry);
        } else {
            self.bytes += entry.handoff.draft.body.len();
            self.index(&entry);
            self.entries.insert(id.to_owned(), entry);
        }
    }

    /// Takes a message out, from what is under way or from what has ended lately.
    fn take(&mut self, id: &str) -> Option<Entry> {
        if let Some(entry) = self.entries.remove(id) {
            self.unindex(&entry);
            self.bytes = self.bytes.saturating_sub(entry.handoff.draft.body.len());
            return Some(entry);
        }
        let place = self.recent.iter().position(|e| e.handoff.id == id)?;
        self.recent.remove(place)
    }

    /// Offers an agent that could be written to now what it gets next, as submission `number`; whether there is
    /// anything.
    pub fn offer(
        &mut self,
        number: u64,
        ready: &Ready<'_>,
        accepts: impl Fn(&Party) -> bool,
        at: Timestamp,
    ) -> bool {
        if self.injections.values().any(|i| i.agent == *ready.agent)
            || self.blocked.get(ready.agent).is_some_and(|(until, _)| *until > at)
        {
            return false;
        }
        let Some((what, ids)) = self.next_for(ready, &accepts) else { return false };
        self.wake = Wake::Stale;
        if what == What::Reminder {
            for id in &ids {
                self.reminders.remove(id);
            }
        } else {
            for id in &ids {
                let (agent, instance) = (ready.agent.clone(), ready.instance.to_owned());
                self.step(id, State::Offered, format!("to {agent}"), at, |entry| {
                    entry.agent = Some(agent);
                    entry.instance = Some(instance);
                    entry.carried = Some(number);
                    entry.due = None;
                    entry.shown += u32::from(what == What::Text);
                });
            }
        }
        let injection =
            Injection { agent: ready.agent.clone(), instance: ready.instance.to_owned(), ids, what };
        self.injections.insert(number, injection);
        true
    }

    /// The messages to be typed or announced next.
    fn next_for(&self, ready: &Ready<'_>, accepts: &impl Fn(&Party) -> bool) -> Option<(What, Vec<String>)> {
        let mut bell: Vec<String> = Vec::new();
        let mut role_room = self.has_role_room(ready.agent);
        // What must not be overtaken: an earlier one of the same sender, lane and way that is still open.
        let mut open: BTreeSet<(&Party, u8, bool)> = BTreeSet::new();
        for id in self.lane_of(ready.agent, ready.role) {
            let Some(entry) = self.entries.get(id) else { continue };
            let from = &entry.handoff.from;
            if entry.agent.is_none() && (!role_room || !accepts(from)) {
                continue;
            }
            let typed = entry.way != Way::Doorbell;
            let place = (from, entry.handoff.draft.priority, typed);
            if entry.state != State::Queued {
                open.insert(place);
                continue;
            }
            if !ready.idle && entry.way != Way::Now {
                continue;
            }
            if ready.rings && !typed {
                role_room &= entry.agent.is_some();
                bell.push(id.clone());
            } else if bell.is_empty() && !open.contains(&place) {
                return Some((What::Text, vec![id.clone()]));
            }
        }
        if !bell.is_empty() {
            return Some((What::Bell, bell));
        }
        let mine =
            |id: &&String| self.entries.get(*id).is_some_and(|e| e.agent.as_ref() == Some(ready.agent));
        let reminder = self.reminders.iter().filter(|_| ready.idle).find(mine)?;
        Some((What::Reminder, vec![reminder.clone()]))
    }

    /// Whether an agent may take one more of what was addressed to its role: one at a time, so that the others of the
    /// role get theirs.
    fn has_role_room(&self, agent: &AgentName) -> bool {
        let own = self.lanes.get(&Address::Agent(agent.clone())).into_iter().flatten();
        let mut own = own.filter_map(|(_, _, id)| self.entries.get(id));
        !own.any(|e| matches!(e.handoff.draft.to, Address::Role(_)))
    }

    /// The ids that wait for an agent, its own and those of its role that nobody has, in the order of delivery.
    fn lane_of(&self, agent: &AgentName, role: Option<&str>) -> Vec<&String> {
        let own = self.lanes.get(&Address::Agent(agent.clone()));
        let role = role.and_then(|role| self.lanes.get(&Address::Role(role.to_owned())));
        let mut all: Vec<_> = own.into_iter().chain(role).flatten().collect();
        if role.is_some() {
            all.sort();
        }
        all.into_iter().map(|(_, _, id)| id).collect()
    }

    /// The text of an injection, and a word in it that occurs nowhere else.
    pub fn text(&self, number: u64) -> Option<(String, Option<String>)> {
        let injection = self.injections.get(&number)?;
        let entries: Vec<&Entry> = injection.ids.iter().filter_map(|id| self.entries.get(id)).collect();
        let first = entries.first()?;
        let nonce = first.handoff.nonce();
        // What stands in the composer is submitted as it is.
        let again = first.staged.unwrap_or(first.attempts > 0 || first.shown > 1);
        Some(match injection.what {
            What::Bell => {
                // The same message may ring more than once: each ring can be told apart.
                let word = match first.attempts {
                    0 => nonce.to_owned(),
                    rung => format!("{nonce}#{}", rung + 1),
                };
                let rest = entries.iter().skip(1).map(|e| e.handoff.nonce());
                let names: Vec<&str> = std::iter::once(word.as_str()).chain(rest).collect();
                let text = wording::doorbell(&names, entries.iter().all(|e| e.is_again()));
                (text, Some(wording::doorbell_needle(&word)))
            }
            What::Reminder => (wording::reminder(nonce), None),
            What::Text if first.way == Way::Doorbell => {
                let file = format!(".swarm/inbox/{}", wording::file_name(&first.handoff));
                let text = wording::inline(&first.handoff, &file, again);
                (text, Some(wording::doorbell_needle(nonce)))
            }
            What::Text if again => {
                let text = wording::typed_again(nonce, &first.handoff.draft.body);
                (text, Some(wording::doorbell_needle(nonce)))
            }
            What::Text => (first.handoff.draft.body.clone(), None),
        })
    }

    /// Whether the text of an injection was seen in the composer, left there by an earlier attempt.
    pub fn is_staged(&self, number: u64) -> bool {
        let first = self.injections.get(&number).and_then(|i| self.entries.get(i.ids.first()?));
        first.is_some_and(|entry| entry.staged.is_some())
    }

    /// What will be looked for should nobody learn what became of an injection.
    pub fn searches(&self, number: u64) -> Vec<Search> {
        let ids = self.injections.get(&number).into_iter().filter(|i| i.what != What::Reminder);
        let entries = ids.flat_map(|i| &i.ids).filter_map(|id| self.entries.get(id));
        entries.map(timing::search_of).collect()
    }

    /// A running injection.
    pub fn injection(&self, number: u64) -> Option<&Injection> {
        self.injections.get(&number)
    }

    /// An injection came to its end; answers what follows.
    pub fn injected(&mut self, number: u64, outcome: &Outcome, at: Timestamp) -> Vec<Due> {
        let mut out = Vec::new();
        let Some(injection) = self.injections.remove(&number) else { return out };
        self.wake = Wake::Stale;
        match outcome {
            Outcome::Blocked(_) => {
                let pause = self
                    .blocked
                    .get(&injection.agent)
                    .map_or(BLOCKED, |(_, p)| (*p * 2).clamp(BLOCKED, BLOCKED_MAX));
                self.blocked.insert(injection.agent.clone(), (at + pause, pause));
            }
            // What it does with the text shows in a moment.
            Outcome::Submitted(_) => {
                self.blocked.insert(injection.agent.clone(), (at + SETTLE, SignedDuration::ZERO));
            }
            Outcome::Stranded(_) | Outcome::Gone(_) | Outcome::Refused(_) => {
                self.blocked.remove(&injection.agent);
            }
        }
        if injection.what == What::Reminder {
            if matches!(outcome, Outcome::Blocked(_) | Outcome::Gone(_)) {
                self.reminders.extend(injection.ids);
            }
            return out;
        }
        for id in &injection.ids {
            // One that was pulled meanwhile is not carried any more.
            if self.entries.get(id).is_some_and(|e| e.carried == Some(number)) {
                self.carried(id, injection.what, outcome, at, &mut out);
            }
        }
        out
    }

    fn carried(&mut self, id: &str, what: What, outcome: &Outcome, at: Timestamp, out: &mut Vec<Due>) {
        let Some(entry) = self.entries.get(id) else { return };
        let cut = what == What::Text && entry.way == Way::Doorbell && wording::is_cut(&entry.handoff);
        let typed = entry.way != Way::Doorbell || cut;
        let pause = timing::wait(entry.attempts + 1);
        let now_only = entry.way == Way::Now;
        // Nothing was typed, so nothing was read.
        let untyped = |e: &mut Entry| e.shown = e.shown.saturating_sub(u32::from(what == What::Text));
        match outcome {
            Outcome::Submitted(proof) => {
                // The bell proves that it rang; only the whole text proves that the message was read.
                let read = what == What::Text && !cut && proof.evidence.proves_reading();
                let state = if read { State::Seen } else { State::Injected };
                let settled = read || typed && proof.evidence >= Evidence::Screen;
                let due = (!settled).then(|| at + pause);
                let proof = proof.clone();
                self.step(id, state, format!("submitted: {}", proof.text), at, |e| {
                    e.attempts += 1;
                    e.proof = Some(proof);
                    e.due = due;
                    e.note = cut.then(|| "only its beginning was typed; the file has the rest".to_owned());
                });
                if read {
                    self.after_seen(id, at);
                }
            }
            Outcome::Blocked(why) if now_only => {
                self.step(id, State::Refused, format!("blocked: {why}"), at, |e| {
                    untyped(e);
                    e.note = Some(why.clone());
                });
            }
            Outcome::Blocked(why) => {
                self.step(id, State::Queued, format!("blocked: {why}"), at, |e| {
                    untyped(e);
                    e.note = Some(why.clone());
                });
            }
            Outcome::Stranded(why) => {
                self.step(id, State::Unknown, format!("stranded: {why}"), at, |e| {
                    e.attempts += 1;
                    e.note = Some(why.clone());
                    e.due = Some(at + pause);
                    // What proved the attempt before says nothing about this one.
                    e.proof = None;
                });
            }
            Outcome::Refused(why) => out.extend(self.refuse("swarm", id, why, at)),
            Outcome::Gone(why) => {
                self.step(id, State::Queued, format!("gone: {why}"), at, |e| {
                    untyped(e);
                    unbind(e);
                    e.note = Some(why.clone());
                });
            }
        }
    }

    /// An agent has another instance than before, or none: what the last one was offered is looked for, and waits again
    /// where it cannot have been read.
    pub fn instance_ended(&mut self, agent: &AgentName, now: Option<&str>, at: Timestamp) {
        self.injections.retain(|_, i| i.agent != *agent || Some(i.instance.as_str()) == now);
        self.handed.retain(|_, h| h.agent != *agent);
        self.blocked.remove(agent);
        self.wake = Wake::Stale;
        let lost = self.entries.values().filter(|e| {
            e.agent.as_ref() == Some(agent)
                && e.instance.is_some()
                && e.instance.as_deref() != now
                && e.state.is_pending()
        });
        let lost: Vec<String> = lost.map(|e| e.handoff.id.clone()).collect();
        for id in lost {
            let Some(entry) = self.entries.get(&id) else { continue };
            match entry.state {
                // Nothing of this attempt was typed.
                State::Queued if entry.staged.is_none() => {
                    self.step(&id, State::Queued, "the instance it was meant for has ended", at, unbind);
                }
                // It is being looked for already.
                State::Unknown if entry.due.is_some_and(|due| due <= at + timing::CONFIRM) => {}
                _ => {
                    self.step(&id, State::Unknown, "the instance it was offered to has ended", at, |e| {
                        e.due = Some(at);
                    });
                }
            }
        }
    }

    /// An agent is of the swarm no longer: what waits for it is refused to its senders.
    pub fn agent_removed(&mut self, agent: &AgentName, at: Timestamp) -> Vec<Due> {
        self.instance_ended(agent, None, at);
        let lane = self.lanes.get(&Address::Agent(agent.clone()));
        let ids: Vec<String> = lane.into_iter().flatten().map(|(_, _, id)| id.clone()).collect();
        ids.iter().flat_map(|id| self.refuse("swarm", id, "the agent was removed", at)).collect()
    }

    /// An agent's pane may be fit again: what was blocked is tried without waiting.
    pub fn unblock(&mut self, agent: &AgentName) {
        if self.blocked.remove(agent).is_some() {
            self.wake = Wake::Stale;
        }
    }
}

/// A message to a role goes back to the role.
fn unbind(entry: &mut Entry) {
    entry.instance = None;
    entry.due = None;
    if matches!(entry.handoff.draft.to, Address::Role(_)) {
        entry.agent = None;
    }
}
