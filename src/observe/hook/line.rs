//! One hook call on its way to the monitor: a line of JSON, on the socket or in the spool.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::HookEvent;

/// The longest line, in bytes; longer payloads are pruned until they fit.
pub const LINE_MAX: usize = 128 * 1024;

/// What `swarm hook` reports: the payload and what its environment said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HookLine {
    /// The profile whose hook was called.
    pub profile: String,
    /// The event that the command line named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// When.
    pub at: Timestamp,
    /// `$TMUX_PANE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pane: Option<String>,
    /// `$SWARM_NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swarm: Option<String>,
    /// `$SWARM_AGENT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// `$SWARM_INSTANCE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// `$SWARM_TOKEN`: on the socket only, never in the spool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The hook has printed what it was given under this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<u64>,
    /// What the agent wrote to the hook's stdin, pruned; `null` when that was no JSON.
    #[serde(default)]
    pub payload: Value,
}

impl HookLine {
    /// Reads the parameters of a `hook` notification, or a line of the spool; `None` when it is neither.
    pub fn from_value(value: Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }

    /// What happened.
    pub fn event(&self) -> HookEvent {
        let mut event = HookEvent::parse(&self.profile, self.event.as_deref(), &self.payload, self.at);
        event.pane.clone_from(&self.pane);
        event.instance.clone_from(&self.instance);
        event
    }

    /// The line for the socket: a JSON-RPC notification.
    pub fn notification(&self) -> Vec<u8> {
        self.fitted(|line| {
            serde_json::json!({"jsonrpc": "2.0", "method": "hook", "params": line}).to_string()
        })
    }

    /// The same as a call: answered by what the hook is to hand over, or `null`.
    pub fn question(&self) -> Vec<u8> {
        self.fitted(|line| {
            serde_json::json!({"jsonrpc": "2.0", "id": 1, "method": "hook", "params": line}).to_string()
        })
    }

    /// The line for the spool.
    pub fn spooled(&self) -> Vec<u8> {
        let bare = Self { token: None, ..self.clone() };
        bare.fitted(|line| serde_json::to_string(line).unwrap_or_default())
    }

    fn fitted(&self, write: impl Fn(&Self) -> String) -> Vec<u8> {
        let mut line = write(self);
        for limit in [4096, 256, 0] {
            if line.len() < LINE_MAX {
                break;
            }
            let mut smaller = self.clone();
            prune(&mut smaller.payload, limit);
            line = write(&smaller);
        }
        line.push('\n');
        line.into_bytes()
    }
}

/// Cuts what is long or deep: texts to `limit` bytes (what a person or the agent said to eight times as much), lists to
/// 64, nesting to 6. What tools put out is dropped whole.
pub fn prune(payload: &mut Value, limit: usize) {
    prune_at(payload, limit, 0);
}

/// What tools put out, and what nobody reads.
const DROPPED: [&str; 6] = [
    "tool_response",
    "toolResult",
    "compact_summary",
    "permission_suggestions",
    "permissionSuggestions",
    "tool_calls",
];
/// What was said.
const SAID: [&str; 5] =
    ["prompt", "submitted_prompt", "last_assistant_message", "last-assistant-message", "prompt_response"];

fn prune_at(value: &mut Value, limit: usize, depth: usize) {
    const DEPTH_MAX: usize = 6;
    const LIST_MAX: usize = 64;
    match value {
        Value::String(text) => cut(text, limit),
        Value::Array(_) | Value::Object(_) if depth >= DEPTH_MAX => *value = Value::Null,
        Value::Array(list) => {
            list.truncate(LIST_MAX);
            for v in list {
                prune_at(v, limit, depth + 1);
            }
        }
        Value::Object(map) => {
            if map.len() > LIST_MAX {
                *map = std::mem::take(map).into_iter().take(LIST_MAX).collect();
            }
            map.retain(|key, _| key.len() <= 256 && !DROPPED.contains(&key.as_str()));
            for (key, v) in map.iter_mut() {
                let limit = if SAID.contains(&key.as_str()) { 8 * limit } else { limit };
                prune_at(v, limit, depth + 1);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        let end = (0..=limit).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(end);
    }
}
