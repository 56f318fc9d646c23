//! Messages that go over in the answer of an agent's own hook.
//!
//! The hook asks, gets a text and says that it has printed it; the agent's transcript proves the rest. Until it does, the
//! message counts as submitted and no more.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::name::AgentName;

use super::super::{Evidence, Party, Proof, State, wording};
use super::offering::SETTLE;
use super::{Queue, Ready, timing, unbind};

/// How long a hook may take to say that it has printed what it was given: it has 50 ms, this is for a machine that
/// stands still. After that the message waits again, marked.
const PRINT: SignedDuration = SignedDuration::from_secs(3);

/// What a hook was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Handed {
    pub(super) agent: AgentName,
    ids: Vec<String>,
    /// The hook has printed it.
    printed: bool,
    taken: Taken,
}

/// When the agent takes up what its hook has printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// In the turn that the hook belongs to.
    Now,
    /// With a prompt that was typed while it works and waits for the end of the turn (Claude Code 2.1.329 runs the hook
    /// when the prompt is queued and writes its answer down when the prompt is taken).
    AfterThisTurn,
    /// The turn has ended: until then.
    Soon(Timestamp),
}

impl Handed {
    fn turn_over(&mut self, at: Timestamp) {
        if self.taken == Taken::AfterThisTurn {
            self.taken = Taken::Soon(at + timing::wait(1));
        }
    }
}

impl Queue {
    /// Gives the hook of an agent what waits for it, as handing-over `number`; `None` where nothing may or needs to go.
    ///
    /// At most [`wording::BATCH_MESSAGES`] and [`wording::BATCH_TOKENS`]; a longer message is left to the doorbell. With
    /// `queued` the hook is of a prompt that waits for the end of the present turn.
    pub fn hand_over(
        &mut self,
        number: u64,
        ready: &Ready<'_>,
        accepts: impl Fn(&Party) -> bool,
        (hook, queued): (&str, bool),
        at: Timestamp,
    ) -> Option<String> {
        let of = Party::Agent(ready.agent.clone());
        let (waiting, more) = self.unread(&of, ready.role, accepts);
        // What is on its way already is not sent again here, and nothing of its sender overtakes it.
        let mut open = BTreeSet::new();
        let waiting = waiting.into_iter().filter(|e| {
            let from = &e.handoff.from;
            !open.contains(from) && (e.state == State::Queued || !open.insert(from))
        });
        let waiting: Vec<_> = waiting.collect();
        let mut text = wording::HANDED.to_owned();
        let mut ids = Vec::new();
        for entry in waiting.iter().take(wording::BATCH_MESSAGES) {
            let message = wording::fenced(&entry.handoff, entry.shown > 0);
            if wording::tokens(&text) + wording::tokens(&message) > wording::BATCH_TOKENS {
                break;
            }
            text.push_str(&message);
            ids.push(entry.handoff.id.clone());
        }
        let more = more + waiting.len() - ids.len();
        if ids.is_empty() {
            return None;
        }
        if more > 0 {
            text.push_str(&wording::more(more));
        }
        for id in &ids {
            let (agent, instance) = (ready.agent.clone(), ready.instance.to_owned());
            self.step(id, State::Offered, format!("by its hook {hook}"), at, |e| {
                e.agent = Some(agent);
                e.instance = Some(instance);
                e.shown += 1;
                e.carried = None;
                e.due = Some(at + PRINT);
            });
        }
        self.blocked.insert(ready.agent.clone(), (at + SETTLE, SignedDuration::ZERO));
        // What it did not print of an earlier one waits again by itself.
        self.handed.retain(|_, h| h.printed || h.agent != *ready.agent);
        let taken = if queued { Taken::AfterThisTurn } else { Taken::Now };
        let handed = Handed { agent: ready.agent.clone(), ids, printed: false, taken };
        self.handed.insert(number, handed);
        Some(text)
    }

    /// A hook has printed what it was given; whether it was given that here.
    pub fn printed(&mut self, number: u64, at: Timestamp) -> Option<AgentName> {
        let handed = self.handed.get_mut(&number).filter(|h| !h.printed)?;
        handed.printed = true;
        let (agent, ids) = (handed.agent.clone(), handed.ids.clone());
        for id in &ids {
            if !self.entries.get(id).is_some_and(|e| e.state == State::Offered && e.carried.is_none()) {
                continue;
            }
            let proof =
                Proof { evidence: Evidence::Transport, text: "printed by the agent's hook".to_owned(), at };
            self.step(id, State::Injected, proof.text.clone(), at, |e| {
                e.attempts += 1;
                e.due = Some(at + timing::wait(e.attempts));
                e.proof = Some(proof);
            });
        }
        Some(agent)
    }

    /// A hook did not wait for what it would have been given: nothing was shown.
    pub fn unprinted(&mut self, number: u64, at: Timestamp) {
        let Some(handed) = self.handed.remove(&number).filter(|h| !h.printed) else { return };
        self.blocked.remove(&handed.agent);
        for id in &handed.ids {
            if self.entries.get(id).is_some_and(|e| e.state == State::Offered && e.carried.is_none()) {
                self.step(id, State::Queued, "its hook did not wait", at, |e| {
                    e.shown = e.shown.saturating_sub(1);
                    unbind(e);
                });
            }
        }
    }

    /// The turn of an agent has ended: what its hook printed before is in the transcript by now, or never was taken; what
    /// goes with a queued prompt is taken now.
    pub fn look_for_handed(&mut self, agent: &AgentName, at: Timestamp) {
        let mut looked_for = Vec::new();
        self.handed.retain(|_, h| {
            if h.agent != *agent || !h.printed {
                return true;
            }
            looked_for.extend(h.ids.iter().cloned());
            h.turn_over(at);
            matches!(h.taken, Taken::Soon(until) if at < until)
        });
        for id in looked_for {
            if let Some(entry) = self.entries.get_mut(&id).filter(|e| e.state == State::Injected) {
                entry.due = Some(at);
                self.wake = super::Wake::Stale;
            }
        }
    }

    /// An agent is in no turn, whatever its hooks said of the last one: what goes with a queued prompt is taken now.
    pub fn turn_over(&mut self, agent: &AgentName, at: Timestamp) {
        self.handed.values_mut().filter(|h| h.agent == *agent).for_each(|h| h.turn_over(at));
    }

    /// What was not found may come yet, with a prompt that waits: it is looked for once more. Answers whether it may.
    pub(super) fn may_come_yet(&mut self, id: &str, at: Timestamp) -> bool {
        let last = self.handed.values().rev().find(|h| h.printed && h.ids.iter().any(|i| i == id));
        let again = match last.map(|h| h.taken) {
            Some(Taken::AfterThisTurn) => at + timing::wait(1),
            Some(Taken::Soon(until)) if at < until => until,
            _ => return false,
        };
        if let Some(entry) = self.entries.get_mut(id) {
            entry.due = Some(again);
            self.wake = super::Wake::Stale;
        }
        true
    }
}
