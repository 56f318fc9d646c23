//! Recorded payloads of every agent, and what is read from them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::observe::evidence::ProcessFact;
use crate::observe::fuse::{FusionPolicy, fuse};
use crate::status::Verdict;

fn at() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// Every row of a recording says in `says` what it must be read as: kind, status, reason, and whether it is beside the
/// main conversation.
fn check(profile: &str, recorded: &str) {
    for line in recorded.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let event = HookEvent::parse(profile, row["event"].as_str(), &row["payload"], at());
        let word = |w: Option<String>| w.unwrap_or_else(|| "-".to_owned());
        let status = word(event.evidence.status.map(|s| s.to_string()));
        let reason = word(event.evidence.reason.map(|r| r.to_string()));
        let side = if event.is_side { " side" } else { "" };
        let says = format!("{:?} {status} {reason}{side}", event.kind);
        assert_eq!(row["says"], says, "{profile} {}", row["case"]);
        assert!(event.agent_session.is_some() || event.kind == HookEventKind::Other, "{line}");
    }
}

#[test]
fn recorded_payloads_mean_what_they_meant() {
    check("claude", include_str!("../../../tests/data/hooks/claude.jsonl"));
    check("codex", include_str!("../../../tests/data/hooks/codex.jsonl"));
    check("gemini", include_str!("../../../tests/data/hooks/gemini.jsonl"));
    check("qwen", include_str!("../../../tests/data/hooks/qwen.jsonl"));
    check("copilot", include_str!("../../../tests/data/hooks/copilot.jsonl"));
    check("opencode", include_str!("../../../tests/data/hooks/opencode.jsonl"));
}

#[expect(clippy::needless_pass_by_value, reason = "the literals read better without a borrow")]
fn parse(profile: &str, payload: Value) -> HookEvent {
    HookEvent::parse(profile, None, &payload, at())
}

#[test]
fn a_stop_with_background_tasks_is_no_end() {
    let stop = parse("claude", json!({"hook_event_name": "Stop", "background_tasks": [{"id": 1}]}));
    assert_eq!(
        (stop.evidence.status, stop.evidence.reason),
        (Some(Status::Working), Some(Reason::Background))
    );
    assert_eq!(stop.background_tasks, Some(1));
}

#[test]
fn a_usage_limit_is_no_error() {
    let said = "You've hit your 5-hour limit · resets 11pm (UTC)";
    let failure =
        json!({"hook_event_name": "StopFailure", "error": "rate_limit", "last_assistant_message": said});
    let event = parse("claude", failure);
    assert_eq!(event.evidence.status, Some(Status::Limited));
    assert_eq!(event.evidence.text, said);
}

#[test]
fn aider_says_only_that_it_is_your_turn() {
    let event = HookEvent::parse("aider", Some("notify"), &Value::Null, at());
    assert_eq!((event.kind, event.evidence.status), (HookEventKind::Stop, Some(Status::Idle)));
    assert!(event.concerns(None));
}

#[test]
fn a_hidden_thread_and_another_session_are_not_the_conversation() {
    let title = json!({"type": "agent-turn-complete", "thread-id": "t2",
        "input-messages": ["Generate a concise, single-line task title of at most 36 characters"]});
    let title = HookEvent::parse("codex", Some("notify"), &title, at());
    assert!(!title.concerns(None));
    assert!(!title.concerns(Some("t1")));
    let stop = parse("codex", json!({"hook_event_name": "Stop", "session_id": "t1"}));
    assert!(stop.concerns(Some("t1")) && stop.concerns(None) && !stop.concerns(Some("t2")));
    let start =
        parse("claude", json!({"hook_event_name": "SessionStart", "session_id": "new", "source": "clear"}));
    assert!(start.concerns(Some("old")));
    let child = json!({"type": "session.status", "properties": {"sessionID": "c", "info": {"parentID": "p"},
        "status": {"type": "idle"}}});
    assert_eq!(parse("opencode", child).evidence.status, None);
}

#[test]
fn a_subagent_that_ends_does_not_hide_what_the_agent_does() {
    let mut board = Board::default();
    parse("claude", json!({"hook_event_name": "UserPromptSubmit", "session_id": "s", "prompt": "go"}))
        .book(&mut board);
    parse("claude", json!({"hook_event_name": "SubagentStop", "session_id": "s"})).book(&mut board);
    let policy = FusionPolicy::default();
    let fused = fuse(&board, &ProcessFact::alive(1), &policy, at(), &Verdict::UNKNOWN);
    assert_eq!(fused.verdict.status, Status::Working);
}

#[test]
fn compaction_by_hand_ends_without_a_stop() {
    let mut board = Board::default();
    parse("claude", json!({"hook_event_name": "PreCompact", "trigger": "manual"})).book(&mut board);
    parse("claude", json!({"hook_event_name": "PostCompact", "trigger": "manual"})).book(&mut board);
    board.record(Evidence::new(Source::Screen, "screen:idle", at()).says(Status::Idle).composer(true));
    let fused = fuse(&board, &ProcessFact::alive(1), &FusionPolicy::default(), at(), &Verdict::UNKNOWN);
    assert_eq!(fused.verdict.status, Status::Idle);
}

#[test]
fn nothing_of_a_tools_input_is_kept() {
    let event = parse(
        "claude",
        json!({"hook_event_name": "PermissionRequest", "tool_name": "Bash",
            "tool_input": {"command": "curl -H 'Authorization: Bearer hunter2'"}}),
    );
    assert!(!format!("{event:?}").contains("hunter2"));
}

#[test]
fn qwen_says_how_full_its_context_is() {
    let event =
        parse("qwen", json!({"hook_event_name": "Stop", "input_tokens": 9597, "context_limit": 262_144}));
    let context = event.context.unwrap();
    assert_eq!((context.used, context.window), (Some(9597), Some(262_144)));
    assert!(context.percent_used.is_some_and(|p| (p - 3.661).abs() < 0.001));
    assert_eq!(parse("qwen", json!({"hook_event_name": "Stop", "context_limit": 0})).context, None);
}

fn line(payload: Value) -> HookLine {
    HookLine {
        profile: "claude".into(),
        event: None,
        at: at(),
        pane: Some("%3".into()),
        swarm: None,
        agent: None,
        instance: Some("i".into()),
        token: Some("secret".into()),
        printed: None,
        payload,
    }
}

#[test]
fn lines_round_trip_and_the_spool_has_no_token() {
    let line = line(json!({"hook_event_name": "Stop"}));
    let sent: Value = serde_json::from_slice(&line.notification()).unwrap();
    assert_eq!(sent["method"], "hook");
    assert_eq!(HookLine::from_value(sent["params"].clone()).unwrap(), line);
    let spooled: Value = serde_json::from_slice(&line.spooled()).unwrap();
    assert_eq!(spooled.get("token"), None);
    let event = HookLine::from_value(spooled).unwrap().event();
    assert_eq!((event.kind, event.pane.as_deref()), (HookEventKind::Stop, Some("%3")));
}

#[test]
fn huge_payloads_are_pruned_to_a_line() {
    let big = "x".repeat(1 << 20);
    let line = line(json!({"hook_event_name": "Stop", "last_assistant_message": big,
        "tool_input": {"a": {"b": [big, big, big]}}, "tool_response": big}));
    let bytes = line.notification();
    assert!(bytes.len() <= LINE_MAX);
    let sent: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(sent["params"]["payload"]["hook_event_name"], "Stop");
    assert!(sent["params"]["payload"]["last_assistant_message"].as_str().is_some_and(|m| m.len() == 32_768));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        Just("hook_event_name".to_owned()),
        Just("session_id".to_owned()),
        Just("properties".to_owned()),
        Just("background_tasks".to_owned()),
        Just("prompt".to_owned()),
        ".{0,8}",
    ];
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            proptest::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_an_event(payload in any_json(), profile in "[a-z]{0,8}", event in proptest::option::of(".{0,12}")) {
        let event = HookEvent::parse(&profile, event.as_deref(), &payload, at());
        let mut board = Board::default();
        event.book(&mut board);
        prop_assert!(!event.evidence.text.chars().any(crate::text::is_hostile));
        prop_assert!(event.agent_session.iter().all(|s| s.chars().count() <= WORD_MAX));
    }

    #[test]
    fn every_line_fits(payload in any_json()) {
        let bytes = line(payload).notification();
        prop_assert!(bytes.len() <= LINE_MAX && bytes.ends_with(b"\n"));
        prop_assert!(serde_json::from_slice::<Value>(&bytes).is_ok());
    }
}
