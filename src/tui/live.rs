//! Live mode: what the person types goes into an agent's pane, until they leave it. Shown as what it is.

use jiff::SignedDuration;

use super::app::{App, Focus, Mode};
use super::key::Key;
use super::message::{AgentRef, Request};
use crate::protocol::Typed;
use crate::snapshot::AgentView;
use crate::status::Status;

/// Who pauses for so long has stopped typing.
const PAUSE: SignedDuration = SignedDuration::from_secs(1);

impl App {
    /// Begins to type into the agent's pane.
    pub(super) fn go_live(&mut self, who: &AgentRef, agent: &AgentView) {
        if agent.pane.is_none() || agent.pid.is_none() || agent.status == Status::Exited {
            return self.refuse(&format!("{} does not run: nothing can be typed into it", who.agent));
        }
        self.focus = Focus::List;
        self.preview_scroll = 0;
        self.follows = false;
        self.mode = Mode::Live(who.clone());
        // Only asks whether it could be typed into.
        self.requests.push(Request::Type { agent: who.clone(), keys: Vec::new() });
    }

    /// A key of the person's goes to the pane.
    pub(super) fn type_live(&mut self, key: Key) {
        self.type_into(key.typed());
    }

    /// Typed or pasted text goes to the pane, in one request with what was typed just before.
    pub(super) fn type_into(&mut self, typed: Typed) {
        let Mode::Live(who) = &self.mode else { return };
        let who = who.clone();
        if let Some(Request::Type { agent, keys }) = self.requests.last_mut()
            && *agent == who
        {
            match (keys.last_mut(), typed) {
                (Some(Typed::Text(before)), Typed::Text(text)) => before.push_str(&text),
                (_, typed) => keys.push(typed),
            }
            return;
        }
        self.requests.push(Request::Type { agent: who, keys: vec![typed] });
    }

    /// Whether this key is the rest of what a person types who has not seen yet that it goes nowhere any more. It is over
    /// when they pause for a moment, or leave on purpose.
    pub(super) fn is_stray(&mut self, leaves: bool) -> bool {
        let Some(last) = self.stray else { return false };
        let paused = self.now.duration_since(last) >= PAUSE;
        self.stray = (!paused && !leaves).then_some(self.now);
        !paused
    }

    /// Ends it, because the person left or because of `why`.
    pub(super) fn leave_live(&mut self, why: Option<&str>) {
        if let Mode::Live(who) = &self.mode {
            let text = format!("no longer typing into {}", who.agent);
            self.mode = Mode::Normal;
            match why {
                Some(why) => {
                    self.stray = Some(self.now);
                    self.refuse(&format!("{text}: {why}"));
                }
                None => self.say(&text),
            }
        }
    }

    /// A pane that ended takes no keys.
    pub(super) fn end_live_of_the_dead(&mut self) {
        let Mode::Live(who) = &self.mode else { return };
        let ended = self.agent(who).is_none_or(|a| a.pane.is_none() || a.status == Status::Exited);
        if ended {
            self.leave_live(Some("it has ended"));
        }
    }
}
