//! What a hook prints when it hands messages over: the only thing `swarm hook` ever prints.
//!
//! Pure. The form is Claude Code's, which its kin share.

use serde_json::{Value, json};

use crate::handoff::wording;

/// Whether messages may be handed over at this event, as far as the payload says.
///
/// An agent that goes on because a hook kept it from stopping is not kept a second time: Claude Code itself ends a turn
/// that is kept too often. A doorbell asks for `swarm inbox`, which brings what it announces.
pub(super) fn may_hand_over(event: &str, payload: &Value) -> bool {
    match event {
        "Stop" => payload["stop_hook_active"] == Value::Bool(false),
        "UserPromptSubmit" => {
            payload["prompt"].as_str().is_some_and(|prompt| !wording::is_doorbell(prompt.trim()))
        }
        _ => false,
    }
}

/// The answer that hands this text over; `None` at an event that cannot take it.
pub(super) fn answer(event: &str, text: &str) -> Option<String> {
    let answer = match event {
        "Stop" => json!({"decision": "block", "reason": text}),
        "UserPromptSubmit" => {
            json!({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}})
        }
        _ => return None,
    };
    Some(answer.to_string()).filter(|_| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_kept_from_ending_once() {
        assert!(may_hand_over("Stop", &json!({"stop_hook_active": false, "background_tasks": []})));
        assert!(!may_hand_over("Stop", &json!({"stop_hook_active": true})));
        // A version that does not say it might be kept for ever.
        assert!(!may_hand_over("Stop", &json!({})));
        assert!(!may_hand_over("SubagentStop", &json!({"stop_hook_active": false})));
    }

    #[test]
    fn a_prompt_gets_what_waits_unless_it_is_a_doorbell() {
        assert!(may_hand_over("UserPromptSubmit", &json!({"prompt": "go on"})));
        let bell = format!("{}\n", wording::doorbell(&["7F3K00"], false));
        assert!(!may_hand_over("UserPromptSubmit", &json!({"prompt": bell})));
        assert!(!may_hand_over("UserPromptSubmit", &json!({})));
        assert!(!may_hand_over("PreToolUse", &json!({"prompt": "go on"})));
        assert!(!may_hand_over("Stop", &Value::Null));
    }

    #[test]
    fn answers_have_claude_codes_form() {
        let text = "----- message m:7F3K00 from agent a -----\n\"quoted\" \u{1f980}\n";
        let stop: Value = serde_json::from_str(&answer("Stop", text).unwrap()).unwrap();
        assert_eq!(stop, json!({"decision": "block", "reason": text}));
        let prompt: Value = serde_json::from_str(&answer("UserPromptSubmit", text).unwrap()).unwrap();
        assert_eq!(prompt["hookSpecificOutput"]["hookEventName"], "UserPromptSubmit");
        assert_eq!(prompt["hookSpecificOutput"]["additionalContext"], text);
        assert!(prompt.get("decision").is_none());
        assert_eq!(answer("Stop", " \n"), None);
        assert_eq!(answer("Notification", text), None);
    }
}
