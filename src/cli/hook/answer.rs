//! What a hook prints when it hands messages over, or a person's answer to a permission prompt: all that `swarm hook` ever
//! prints.
//!
//! Pure. The form is Claude Code's, which its kin share.

use serde_json::{Value, json};

use crate::handoff::wording;
use crate::protocol::Decision;

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

/// The answer to a permission prompt, in Claude Code's words; `None` at an event that cannot take one.
///
/// A refusal without a reason ends the turn, as "No" in the dialog does; with one the agent goes on with it. (2.1.329:
/// without `interrupt` it goes on in either case.)
pub(super) fn decided(event: &str, decision: &Decision) -> Option<String> {
    let decision = match decision {
        Decision::Allow => json!({"behavior": "allow"}),
        Decision::Deny { because: None } => {
            json!({"behavior": "deny", "message": "The user said no.", "interrupt": true})
        }
        Decision::Deny { because: Some(because) } => json!({"behavior": "deny", "message": because}),
    };
    let answer = json!({"hookSpecificOutput": {"hookEventName": event, "decision": decision}});
    (event == "PermissionRequest").then(|| answer.to_string())
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
    fn a_refusal_says_why_or_ends_the_turn() {
        let of = |decision: &Decision| {
            let text = decided("PermissionRequest", decision).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()["hookSpecificOutput"]["decision"].clone()
        };
        assert_eq!(of(&Decision::Allow), json!({"behavior": "allow"}));
        assert_eq!(of(&Decision::Deny { because: None })["interrupt"], true);
        let why = Decision::Deny { because: Some("use make test".to_owned()) };
        assert_eq!(of(&why), json!({"behavior": "deny", "message": "use make test"}));
        assert_eq!(decided("PreToolUse", &Decision::Allow), None);
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
