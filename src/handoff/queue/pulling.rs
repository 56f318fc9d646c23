//! The receiver's side: pulling, confirming, acknowledging, answering.

use jiff::Timestamp;

use crate::config::Address;
use crate::name::AgentName;

use super::super::{Evidence, Party, Proof, State, Way, wording};
use super::{Entry, Queue, What, timing};

impl Queue {
    /// What was not read, in the order of delivery: what one look returns, and how many more there are.
    pub fn unread(
        &self,
        of: &Party,
        role: Option<&str>,
        accepts: impl Fn(&Party) -> bool,
    ) -> (Vec<&Entry>, usize) {
        let mut role_room = matches!(of, Party::Agent(agent) if self.has_role_room(agent));
        let ids = match of {
            Party::Agent(agent) => self.lane_of(agent, role),
            Party::Human | Party::Swarm => {
                self.lanes.get(&Address::Human).into_iter().flatten().map(|(_, _, id)| id).collect()
            }
        };
        // The person's own words are typed, never shown as a message; what is being typed whole comes by itself.
        let typed = |e: &&Entry| {
            let injection = e.carried.and_then(|number| self.injections.get(&number));
            e.way != Way::Doorbell || injection.is_some_and(|i| i.what == What::Text)
        };
        let waiting = ids.into_iter().filter_map(|id| self.entries.get(id)).filter(|e| !typed(e));
        let mine = |e: &&Entry| {
            if e.agent.is_some() || e.handoff.draft.to == Address::Human {
                return true;
            }
            accepts(&e.handoff.from) && std::mem::take(&mut role_room)
        };
        let waiting: Vec<&Entry> = waiting.filter(mine).collect();
        let mut tokens = 0;
        let fits = waiting.iter().take(wording::BATCH_MESSAGES).take_while(|e| {
            // All that is shown counts: context, notes and files too.
            tokens += wording::tokens(&wording::fenced(&e.handoff, e.is_again()));
            tokens <= wording::BATCH_TOKENS
        });
        let count = fits.count().max(usize::from(!waiting.is_empty()));
        let more = waiting.len() - count;
        (waiting.into_iter().take(count).collect(), more)
    }

    /// Messages are returned to their receiver; they count as seen once it confirms.
    pub fn pull(&mut self, of: &Party, instance: Option<&str>, ids: &[String], at: Timestamp) {
        for id in ids {
            let (agent, instance) = match of {
                Party::Agent(agent) => (Some(agent.clone()), instance.map(str::to_owned)),
                Party::Human | Party::Swarm => (None, None),
            };
            self.step_by(&of.to_string(), id, State::Offered, "swarm inbox", at, |e| {
                e.agent = agent;
                e.instance = instance;
                e.shown += 1;
                e.carried = None;
                e.due = Some(timing::confirm_by(at));
            });
        }
    }

    /// The receiver has what it pulled; answers how many that were.
    pub fn shown(&mut self, of: &Party, ids: &[String], at: Timestamp) -> usize {
        let mut count = 0;
        for id in ids {
            let Some(entry) = self.entries.get(id) else { continue };
            if !belongs(entry, of) || !entry.state.is_pending() {
                continue;
            }
            self.read_by(of, id, "swarm inbox", at);
            count += 1;
        }
        count
    }

    fn read_by(&mut self, of: &Party, id: &str, how: &str, at: Timestamp) {
        let proof = Proof { evidence: Evidence::Inbox, text: how.to_owned(), at };
        let agent = match of {
            Party::Agent(agent) => Some(agent.clone()),
            Party::Human | Party::Swarm => None,
        };
        self.step_by(&of.to_string(), id, State::Seen, how, at, |e| {
            e.agent = agent;
            e.proof = Some(proof);
            e.due = None;
        });
        self.after_seen(id, at);
    }

    /// The receiver takes a message, or says what came of it; an error that says why that cannot be.
    pub fn ack(&mut self, of: &Party, id: &str, outcome: Option<&str>, at: Timestamp) -> Result<(), String> {
        let Some(entry) = self.all().find(|e| e.handoff.id == id) else {
            return Err("it has ended long ago".into());
        };
        if !belongs(entry, of) {
            return Err("it is not for you".into());
        }
        if entry.state == State::Done || (entry.state == State::Acked && outcome.is_none()) {
            return Ok(());
        }
        if entry.state.is_bounced() {
            return Err(format!("it has ended: {}", entry.state));
        }
        self.reminders.remove(id);
        let (state, evidence, text) = match outcome {
            Some(text) => {
                (State::Done, Evidence::Outcome, crate::text::clip(&crate::text::one_line(text), 200))
            }
            None => (State::Acked, Evidence::Inbox, "swarm ack".to_owned()),
        };
        let proof = Proof { evidence, text: text.clone(), at };
        self.step_by(&of.to_string(), id, state, text, at, |e| {
            e.proof = Some(proof);
            e.due = None;
        });
        Ok(())
    }

    /// A reply was sent: the message it answers is done.
    pub fn answered(&mut self, by: &Party, id: &str, reply: &str, at: Timestamp) {
        let Some(entry) = self.all().find(|e| e.handoff.id == id) else { return };
        if belongs(entry, by) && entry.state != State::Done && !entry.state.is_bounced() {
            self.reminders.remove(id);
            let text = format!("answered by m:{}", super::super::nonce(reply));
            let proof = Proof { evidence: Evidence::Outcome, text: text.clone(), at };
            self.step_by(&by.to_string(), id, State::Done, text, at, |e| {
                e.proof = Some(proof);
                e.due = None;
            });
        }
    }

    /// Whether `reply` may go back on the strength of this message: its receiver answers its sender.
    pub fn is_answer(&self, from: &Party, to: &Address, message: &str) -> Option<&Entry> {
        let entry = self.find(message).ok()?;
        let back = match (&entry.handoff.from, to) {
            (Party::Agent(sender), Address::Agent(to)) => sender == to,
            (Party::Human, Address::Human) => true,
            _ => false,
        };
        (back && belongs(entry, from)).then_some(entry)
    }

    /// The agents of whom a message to a role could still be.
    pub fn role_agent(&self, id: &str) -> Option<&AgentName> {
        self.entries.get(id)?.agent.as_ref()
    }
}

/// Whether `of` is the receiver of a message.
pub(super) fn belongs(entry: &Entry, of: &Party) -> bool {
    match of {
        Party::Agent(name) => match (&entry.agent, &entry.handoff.draft.to) {
            (Some(agent), _) => agent == name,
            // Nobody has it yet: whoever pulls it, and the caller has checked the role.
            (None, Address::Role(_)) => true,
            (None, _) => false,
        },
        Party::Human => entry.handoff.draft.to == Address::Human,
        Party::Swarm => false,
    }
}
