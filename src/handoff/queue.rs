//! What is under way between the agents of one swarm, and who is next.
//!
//! A state machine per message: queued → offered → injected → seen → acked → done, or expired, refused, dead, unknown.
//! Every step is a [`Change`] for the store, in order. Pure: no clock, no ids of its own making, no world. `offering`
//! holds what is typed, `handing` what hooks bring, `pulling` what agents fetch, `timing` what time alone does.

mod files;
mod handing;
mod offering;
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

use super::{Handoff, Need, Party, Proof, State, Way};

pub use timing::{Due, Found, Search, WAITS};

/// Messages that may wait for one receiver; the next one is refused to its sender (designs.md, rule 6).
pub const MAX_PENDING: usize = 50;
/// Bytes of bodies that may wait in one swarm.
pub const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Ended messages that are remembered for the overview and for replies.
const RECENT: usize = 500;

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

    /// What has ended lately, the newest first.
    pub fn recent(&self) -> impl Iterator<Item = &Entry> {
        self.recent.iter().rev()
    }

    /// What is under way, the oldest first.
    pub fn live(&self) -> impl DoubleEndedIterator<Item = &Entry> {
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

    /// An agent is of the swarm no longer: what waits for it is refused to its senders, and what was for its role, too,
    /// unless there are others who `share` it.
    pub fn agent_removed(&mut self, agent: &AgentName, share: bool, at: Timestamp) -> Vec<Due> {
        self.instance_ended(agent, None, at);
        let lane = self.lanes.get(&Address::Agent(agent.clone()));
        let ids: Vec<String> = lane.into_iter().flatten().map(|(_, _, id)| id.clone()).collect();
        let mut due = Vec::new();
        for id in &ids {
            let of_role =
                self.entries.get(id).is_some_and(|e| matches!(e.handoff.draft.to, Address::Role(_)));
            if of_role && share {
                // Another one of the role takes it, marked: nobody knows how far the first came.
                self.step(id, State::Queued, "the agent was removed", at, |e| {
                    unbind(e);
                    e.attempts = e.attempts.max(1);
                    e.due = None;
                });
            } else {
                due.extend(self.refuse("swarm", id, "the agent was removed", at));
            }
        }
        due
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
