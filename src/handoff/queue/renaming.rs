//! An agent has another name: what it has, sent and gets is found under that.

use std::sync::Arc;

use crate::config::Address;
use crate::name::AgentName;

use super::super::Party;
use super::{Entry, Queue, Wake};

impl Entry {
    /// Whether an agent has it, sent it or is to get it.
    pub fn concerns(&self, agent: &AgentName) -> bool {
        self.agent.as_ref() == Some(agent)
            || self.handoff.from == Party::Agent(agent.clone())
            || self.handoff.draft.to == Address::Agent(agent.clone())
    }

    fn rename(&mut self, old: &AgentName, new: &AgentName) {
        if self.agent.as_ref() == Some(old) {
            self.agent = Some(new.clone());
        }
        let handoff = Arc::make_mut(&mut self.handoff);
        if handoff.from == Party::Agent(old.clone()) {
            handoff.from = Party::Agent(new.clone());
        }
        if handoff.draft.to == Address::Agent(old.clone()) {
            handoff.draft.to = Address::Agent(new.clone());
        }
    }
}

impl Queue {
    /// Whether a hook has something that is not proven to be read.
    pub fn is_handing(&self, agent: &AgentName) -> bool {
        self.handed.values().any(|h| h.agent == *agent)
    }

    /// Whoever was called `old` is called `new`. The caller has seen to it that nothing is being typed into it.
    pub fn rename(&mut self, old: &AgentName, new: &AgentName) {
        self.wake = Wake::Stale;
        let theirs = self.entries.values().filter(|e| e.concerns(old));
        let theirs: Vec<String> = theirs.map(|e| e.handoff.id.clone()).collect();
        for id in theirs {
            let Some(mut entry) = self.entries.remove(&id) else { continue };
            self.unindex(&entry);
            entry.rename(old, new);
            self.index(&entry);
            self.entries.insert(id, entry);
        }
        self.recent.iter_mut().filter(|e| e.concerns(old)).for_each(|e| e.rename(old, new));
        if let Some(blocked) = self.blocked.remove(old) {
            self.blocked.insert(new.clone(), blocked);
        }
        let (was, is) = (Party::Agent(old.clone()), Party::Agent(new.clone()));
        let keys: Vec<String> =
            self.keys.keys().filter(|(from, _)| *from == was).map(|(_, key)| key.clone()).collect();
        for key in keys {
            if let Some(known) = self.keys.remove(&(was.clone(), key.clone())) {
                self.keys.insert((is.clone(), key), known);
            }
        }
    }
}
