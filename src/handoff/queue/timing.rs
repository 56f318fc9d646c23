//! What time alone does to messages: redelivery, expiry, reminders, dead letters.

use jiff::{SignedDuration, Timestamp};

use crate::config::Address;

use super::super::{Evidence, Need, Party, Proof, State, Way, wording};
use super::{Entry, Queue, Wake, unbind};

/// How long to wait after each attempt before the next (designs.md, rule 4); after the last one the message is dead.
pub const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_secs(30),
    SignedDuration::from_mins(2),
    SignedDuration::from_mins(10),
    SignedDuration::from_mins(30),
    SignedDuration::from_mins(30),
];
/// A pause that is over.
const PAST: Timestamp = Timestamp::MIN;
/// How long the receiver may take to acknowledge what it read before it is reminded, and again before the sender is
/// told (designs.md, rule 4).
const ACK: SignedDuration = SignedDuration::from_mins(30);
/// How long whoever pulled a message may take to confirm that it has it.
pub(super) const CONFIRM: SignedDuration = SignedDuration::from_secs(30);

/// The pause after the `attempt`th attempt, counted from 1.
pub(super) fn wait(attempt: u32) -> SignedDuration {
    let last = WAITS.len() - 1;
    WAITS[usize::try_from(attempt.saturating_sub(1)).unwrap_or(last).min(last)]
}

/// When a pulled message that is not confirmed waits again.
pub(super) fn confirm_by(at: Timestamp) -> Timestamp {
    at + CONFIRM
}

/// Something that became due and needs more than a step of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Look for a message before it is tried again.
    Search(Search),
    /// A message ended unread: its sender is told, and the person of a dead letter.
    Bounced(Box<Entry>),
    /// The receiver read a message long ago and says nothing: its sender and the person are told.
    Silent(Box<Entry>),
}

/// What to look for in an agent's transcript and on its screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The message.
    pub id: String,
    /// What proves, wherever it is found, that the message was read.
    pub body: String,
    /// What proves that its doorbell rang: of this attempt only behind the mark that was made before it.
    pub bell: Option<String>,
    /// The person's own words: only as a whole prompt, and only behind the mark, since nothing in them is unique.
    pub typed: Option<String>,
}

/// Where a message was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The message itself.
    Body(Evidence),
    /// Its doorbell.
    Bell(Evidence),
    /// In the composer, typed and not submitted.
    Composer {
        /// It says that it is sent again.
        again: bool,
    },
    /// Nowhere.
    Absent,
    /// Not where it could have been read, and the instance that it was offered to has ended.
    Gone,
}

impl Queue {
    /// When time alone makes something due.
    pub fn next_wake(&mut self) -> Option<Timestamp> {
        if let Wake::Known(known) = self.wake {
            return known;
        }
        let entries = self.entries.values().flat_map(|e| {
            let expires = e.handoff.draft.expires.filter(|_| e.state.is_pending());
            [e.due, expires]
        });
        let blocked = self
            .blocked
            .iter()
            .filter(|(_, (until, _))| *until > PAST)
            .filter(|(agent, _)| self.lanes.contains_key(&Address::Agent((*agent).clone())))
            .map(|(_, (until, _))| Some(*until));
        let wake = entries.chain(blocked).flatten().min();
        self.wake = Wake::Known(wake);
        wake
    }

    /// Does what has become due; answers what needs more than that.
    pub fn tick(&mut self, at: Timestamp) -> Vec<Due> {
        if self.next_wake().is_none_or(|wake| wake > at) {
            return Vec::new();
        }
        self.wake = Wake::Stale;
        // How long the last pause was is still known.
        for (until, _) in self.blocked.values_mut().filter(|(until, _)| *until <= at) {
            *until = PAST;
        }
        let mut out = Vec::new();
        let expired = |e: &Entry| {
            e.state.is_pending() && e.carried.is_none() && e.handoff.draft.expires.is_some_and(|t| t <= at)
        };
        let ids: Vec<String> = self
            .entries
            .values()
            .filter(|e| expired(e) || e.due.is_some_and(|t| t <= at))
            .map(|e| e.handoff.id.clone())
            .collect();
        for id in ids {
            let Some(entry) = self.entries.get(&id) else { continue };
            if expired(entry) {
                self.step(&id, State::Expired, "its time has passed", at, |e| {
                    e.due = None;
                    e.note = Some("its time has passed".into());
                });
                self.bounced(&id, &mut out);
                continue;
            }
            match entry.state {
                State::Injected | State::Unknown => out.push(Due::Search(search_of(entry))),
                // Pulled, and never confirmed.
                State::Offered => {
                    self.step(&id, State::Queued, "shown, and not confirmed", at, |e| e.due = None);
                }
                State::Seen if entry.reminded => {
                    out.push(Due::Silent(Box::new(entry.clone())));
                    self.step(&id, State::Seen, "not acknowledged; its sender was told", at, |e| {
                        e.due = None;
                    });
                }
                State::Seen => {
                    self.reminders.insert(id.clone());
                    self.step(&id, State::Seen, "not acknowledged; reminded", at, |e| {
                        e.reminded = true;
                        e.due = Some(at + ACK);
                    });
                }
                _ => self.undue(&id),
            }
        }
        // A search that is under way is not begun again: it is due anew only if nothing comes back.
        for due in &out {
            if let Due::Search(search) = due
                && let Some(entry) = self.entries.get_mut(&search.id)
            {
                entry.due = Some(at + CONFIRM);
            }
        }
        out
    }

    fn undue(&mut self, id: &str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.due = None;
        }
    }

    fn bounced(&self, id: &str, out: &mut Vec<Due>) {
        let ended = self.all().find(|e| e.handoff.id == id).cloned();
        out.extend(ended.map(|e| Due::Bounced(Box::new(e))));
    }

    /// A message was looked for.
    pub fn found(&mut self, id: &str, found: Found, at: Timestamp) -> Vec<Due> {
        let mut out = Vec::new();
        let Some(entry) = self.entries.get(id) else { return out };
        if !matches!(entry.state, State::Injected | State::Unknown) {
            return out;
        }
        let proof = |evidence: Evidence, text: &str| Proof { evidence, text: text.to_owned(), at };
        match found {
            Found::Body(evidence) if evidence.proves_reading() => {
                let proof = proof(evidence, "found in the transcript");
                self.step(id, State::Seen, "found in the transcript", at, |e| {
                    e.proof = Some(proof);
                    e.due = None;
                });
                self.after_seen(id, at);
            }
            Found::Body(evidence) => {
                // On the screen, so it is not repeated; nothing more can be proven.
                let proof = proof(evidence, "found on the screen");
                self.step(id, State::Injected, "found on the screen", at, |e| {
                    e.proof = Some(proof);
                    e.due = None;
                });
            }
            // Known before, it proves nothing new.
            Found::Bell(evidence) if entry.proof.as_ref().is_none_or(|p| p.evidence < evidence) => {
                // It rang, and the agent has not pulled yet: it gets the next, longer pause.
                let text = if evidence.proves_reading() {
                    "the doorbell is in the transcript"
                } else {
                    "the doorbell is on the screen"
                };
                let proof = proof(evidence, text);
                let due = at + wait(entry.attempts + 1);
                self.step(id, State::Injected, text, at, |e| {
                    e.attempts = e.attempts.max(1);
                    e.proof = Some(proof);
                    e.due = Some(due);
                });
            }
            // The very same text is submitted once more: it is recognised as ours.
            Found::Composer { again } if !self.is_spent(id) => {
                self.step(id, State::Queued, "it stands in the composer, not submitted", at, |e| {
                    e.due = None;
                    e.staged = Some(again);
                });
            }
            Found::Gone if !self.is_spent(id) => {
                self.step(id, State::Queued, "the instance it was offered to has ended", at, |e| {
                    // It may have arrived all the same: the next one is marked.
                    e.attempts = e.attempts.max(1);
                    unbind(e);
                });
            }
            Found::Absent if self.may_come_yet(id, at) => {}
            Found::Bell(_) | Found::Composer { .. } | Found::Absent | Found::Gone => {
                if self.is_spent(id) {
                    self.die(id, "not read after five attempts", at, &mut out);
                } else {
                    // Tried already, though nothing proves it: the next one is marked.
                    self.step(id, State::Queued, "tried again", at, |e| {
                        e.attempts = e.attempts.max(1);
                        e.due = None;
                    });
                }
            }
        }
        out
    }

    /// The doorbell of a message rang, as something proves: when it is rung again does not change.
    pub fn proved(&mut self, id: &str, proof: Proof, at: Timestamp) {
        if self.entries.get(id).is_some_and(|e| e.state == State::Injected) {
            self.step(id, State::Injected, proof.text.clone(), at, |e| e.proof = Some(proof));
        }
    }

    fn is_spent(&self, id: &str) -> bool {
        self.entries.get(id).is_some_and(|e| usize::try_from(e.attempts).unwrap_or(0) >= WAITS.len())
    }

    fn die(&mut self, id: &str, why: &str, at: Timestamp, out: &mut Vec<Due>) {
        self.step(id, State::Dead, why, at, |e| {
            e.due = None;
            e.note = Some(why.to_owned());
        });
        self.bounced(id, out);
    }

    /// What follows once a message was read.
    pub(super) fn after_seen(&mut self, id: &str, at: Timestamp) {
        if let Some(entry) = self.entries.get_mut(id)
            && entry.handoff.draft.need != Need::Seen
            && matches!(entry.handoff.from, Party::Agent(_) | Party::Human)
        {
            entry.due = Some(at + ACK);
            self.wake = Wake::Stale;
        }
    }

    /// Ends a message unread.
    pub fn refuse(&mut self, actor: &str, id: &str, why: &str, at: Timestamp) -> Vec<Due> {
        let mut out = Vec::new();
        self.step_by(actor, id, State::Refused, why, at, |e| {
            e.due = None;
            e.note = Some(why.to_owned());
        });
        self.bounced(id, &mut out);
        out
    }

    /// Gives a message all its attempts again.
    pub fn retry(&mut self, actor: &str, id: &str, at: Timestamp) {
        self.step_by(actor, id, State::Queued, "tried again by hand", at, |e| {
            e.attempts = 1;
            unbind(e);
        });
    }
}

pub(super) fn search_of(entry: &Entry) -> Search {
    let nonce = entry.handoff.nonce();
    let (body, bell, typed) = match entry.way {
        Way::Doorbell => (wording::body_needle(nonce), Some(wording::doorbell_needle(nonce)), None),
        Way::Typed | Way::Now => (wording::again_needle(nonce), None, Some(entry.handoff.draft.body.clone())),
    };
    Search { id: entry.handoff.id.clone(), body, bell, typed }
}
