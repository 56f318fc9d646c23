//! The hooks that wait for a person's answer to a permission prompt: one of an instance at most.
//!
//! Owns their connections. Answers nothing by itself: a hook that is let go is told nothing, and its agent's dialog stays
//! as it is.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::observe::hook::PermissionAsk;
use crate::protocol::Decision;

use super::socket::ReplyTo;

/// One hook that waits. Dropped, it is let go.
#[derive(Debug)]
pub struct WaitingHook {
    /// What it asks a permission for.
    pub ask: PermissionAsk,
    answer: Option<(ReplyTo, Option<u64>)>,
}

impl WaitingHook {
    /// Tells it; `false` when it has gone in this moment.
    pub fn tell(mut self, decision: &Decision) -> bool {
        let Some((reply, id)) = self.answer.take() else { return false };
        let there = !reply.is_gone();
        reply.answer(id, Ok(json!(decision)));
        there
    }
}

impl Drop for WaitingHook {
    fn drop(&mut self) {
        if let Some((reply, id)) = self.answer.take() {
            reply.answer(id, Ok(Value::Null));
        }
    }
}

/// All of them, by instance.
#[derive(Debug, Default)]
pub struct WaitingHooks(HashMap<String, WaitingHook>);

impl WaitingHooks {
    /// Lets a hook wait.
    pub fn keep(&mut self, instance: String, ask: PermissionAsk, reply: ReplyTo, id: Option<u64>) {
        self.0.insert(instance, WaitingHook { ask, answer: Some((reply, id)) });
    }

    /// The hook of an instance, for an answer or to be let go: nobody else gets it.
    pub fn take(&mut self, instance: &str) -> Option<WaitingHook> {
        self.0.remove(instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::Line;
    use tokio::sync::mpsc;

    fn hook(hooks: &mut WaitingHooks) -> mpsc::Receiver<Line> {
        let payload = json!({"tool_name": "Bash", "tool_input": {"command": "ls"}});
        let (reply, line) = ReplyTo::channel();
        hooks.keep("i1".to_owned(), PermissionAsk::of(&payload).unwrap(), reply, Some(1));
        line
    }

    #[test]
    fn a_hook_is_told_once() {
        let mut hooks = WaitingHooks::default();
        assert!(hooks.take("i1").is_none());
        let mut line = hook(&mut hooks);
        let waiting = hooks.take("i1").unwrap();
        assert!(hooks.take("i1").is_none(), "of two answers one is the first");
        assert!(waiting.tell(&Decision::Allow));
        assert_eq!(line.try_recv().unwrap(), Line::Answer { id: 1, result: json!("allow") });
        assert!(line.try_recv().is_err());
        drop(hook(&mut hooks));
        assert!(!hooks.take("i1").unwrap().tell(&Decision::Allow), "it has gone");
    }

    #[test]
    fn who_is_let_go_is_told_nothing() {
        let mut hooks = WaitingHooks::default();
        let mut first = hook(&mut hooks);
        let mut second = hook(&mut hooks);
        assert_eq!(first.try_recv().unwrap(), Line::Answer { id: 1, result: Value::Null });
        drop(hooks.take("i1"));
        assert_eq!(second.try_recv().unwrap(), Line::Answer { id: 1, result: Value::Null });
    }
}
