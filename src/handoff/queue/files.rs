//! Which messages lie as files in a receiver's inbox.

use std::sync::Arc;

use super::super::{Handoff, State, Way, wording};
use super::{Entry, Need, Queue, What};

impl Entry {
    /// Whether the message is to lie in its receiver's inbox: until it was read, and acknowledged where that is wanted.
    /// What was typed only in part stays: nothing but its beginning is proven to be read.
    pub fn lies_in_inbox(&self) -> bool {
        if self.way != Way::Doorbell || self.agent.is_none() {
            return false;
        }
        match self.state {
            State::Queued | State::Offered | State::Unknown => true,
            State::Injected => !self.is_over() || wording::is_cut(&self.handoff),
            State::Seen => self.handoff.draft.need != Need::Seen,
            State::Acked | State::Done | State::Expired | State::Refused | State::Dead => false,
        }
    }
}

impl Queue {
    /// The message that a running injection types only in part: the file with the whole must be there before.
    pub fn cut(&self, number: u64) -> Option<Arc<Handoff>> {
        let injection = self.injections.get(&number).filter(|i| i.what == What::Text)?;
        let entry = self.entries.get(injection.ids.first()?)?;
        (entry.way == Way::Doorbell && wording::is_cut(&entry.handoff)).then(|| entry.handoff.clone())
    }
}
