//! The hooks that wait for a person's answer to a permission prompt, by pane.
//!
//! Owns their connections. Answers nothing by itself: a hook that is let go is told nothing, and its agent's dialog stays
//! as it is.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::observe::hook::PermissionAsk;
use crate::observe::screen::Reading;
use crate::protocol::Decision;
use crate::tmux::PaneId;

use super::socket::ReplyTo;

/// One hook that waits.
#[derive(Debug, Clone)]
pub struct Waiting {
    ask: PermissionAsk,
    reply: ReplyTo,
    id: Option<u64>,
}

impl Waiting {
    /// Whether `prompt` is what this hook was called for, and shows all of it.
    pub fn is(&self, prompt: &Reading) -> bool {
        prompt.reason == Some(crate::status::Reason::Permission)
            && self.ask.is_shown(&prompt.asked, prompt.subject.as_deref())
    }

    /// Tells it; `false` when it has gone in this moment.
    pub fn tell(&self, decision: &Decision) -> bool {
        let there = !self.reply.is_gone();
        self.reply.answer(self.id, Ok(json!(decision)));
        there
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Asks {
    by_pane: HashMap<PaneId, Vec<Waiting>>,
}

impl Asks {
    /// Lets a hook of the agent in `pane` wait.
    pub fn keep(&mut self, pane: PaneId, ask: PermissionAsk, reply: ReplyTo, id: Option<u64>) {
        let waiting = self.by_pane.entry(pane).or_default();
        waiting.retain(|w| !w.reply.is_gone());
        waiting.push(Waiting { ask, reply, id });
    }

    /// Lets those of `pane` go.
    pub fn let_go(&mut self, pane: PaneId) {
        for waiting in self.by_pane.remove(&pane).into_iter().flatten() {
            waiting.reply.answer(waiting.id, Ok(Value::Null));
        }
    }

    /// The hook that waits for the agent in `pane`. With two of them nobody can say which one a dialog belongs to.
    pub fn only(&self, pane: PaneId) -> Option<Waiting> {
        let mut there = self.by_pane.get(&pane)?.iter().filter(|w| !w.reply.is_gone());
        let only = there.next()?;
        there.next().is_none().then(|| only.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Line;
    use tokio::sync::mpsc;

    fn ask() -> PermissionAsk {
        let payload = json!({"tool_name": "Bash", "tool_input": {"command": "ls"}});
        PermissionAsk::of(&payload).unwrap()
    }

    fn hook(asks: &mut Asks) -> mpsc::Receiver<Line> {
        let (reply, line) = ReplyTo::channel();
        asks.keep(PaneId(1), ask(), reply, Some(1));
        line
    }

    #[test]
    fn only_one_alone_can_be_answered() {
        let mut asks = Asks::default();
        assert!(asks.only(PaneId(1)).is_none());
        let mut first = hook(&mut asks);
        assert!(asks.only(PaneId(1)).unwrap().tell(&Decision::Allow));
        assert_eq!(first.try_recv().unwrap(), Line::Answer { id: 1, result: json!("allow") });
        let second = hook(&mut asks);
        assert!(asks.only(PaneId(1)).is_none(), "which is it?");
        drop(first);
        let waiting = asks.only(PaneId(1)).unwrap();
        drop(second);
        assert!(!waiting.tell(&Decision::Allow) && asks.only(PaneId(1)).is_none());
    }

    #[test]
    fn who_is_let_go_is_told_nothing() {
        let mut asks = Asks::default();
        let mut line = hook(&mut asks);
        asks.let_go(PaneId(2));
        assert!(line.try_recv().is_err());
        asks.let_go(PaneId(1));
        assert_eq!(line.try_recv().unwrap(), Line::Answer { id: 1, result: Value::Null });
    }
}
