//! Delivery by typing: what is offered to an agent next, what is typed for it, and what became of that.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::config::Address;
use crate::handoff::{Evidence, Party, State, Way, wording};
use crate::name::AgentName;

use super::timing::{self, Due, Search};
use super::{Entry, Injection, Outcome, Queue, Ready, Wake, What, unbind};

/// How long the first pause is after a pane was not fit, doubled to [`BLOCKED_MAX`].
const BLOCKED: SignedDuration = SignedDuration::from_secs(2);
/// How long an agent is left alone after a submission, unless it shows sooner that it is idle again.
pub(super) const SETTLE: SignedDuration = SignedDuration::from_secs(1);
/// See [`BLOCKED`].
const BLOCKED_MAX: SignedDuration = SignedDuration::from_secs(30);

impl Queue {
    /// Offers an agent that could be written to now what it gets next, as submission `number`; whether there is
    /// anything. Only where there is, `room` is asked whether the agent may be given work.
    pub fn offer(
        &mut self,
        number: u64,
        ready: &Ready<'_>,
        accepts: impl Fn(&Party) -> bool,
        room: impl FnOnce() -> bool,
        at: Timestamp,
    ) -> bool {
        if self.injections.values().any(|i| i.agent == *ready.agent)
            || self.blocked.get(ready.agent).is_some_and(|(until, _)| *until > at)
        {
            return false;
        }
        let Some((what, ids)) = self.next_for(ready, &accepts).filter(|_| room()) else { return false };
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
    pub(super) fn has_role_room(&self, agent: &AgentName) -> bool {
        let own = self.lanes.get(&Address::Agent(agent.clone())).into_iter().flatten();
        let mut own = own.filter_map(|(_, _, id)| self.entries.get(id));
        !own.any(|e| matches!(e.handoff.draft.to, Address::Role(_)))
    }

    /// The ids that wait for an agent, its own and those of its role that nobody has, in the order of delivery.
    pub(super) fn lane_of(&self, agent: &AgentName, role: Option<&str>) -> Vec<&String> {
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
}
