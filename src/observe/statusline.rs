//! The JSON that Claude Code gives to a statusline command: context, cost, limits.
//!
//! Reading never fails. It says nothing about the status: it is the same for an idle and for a working agent.

use jiff::Timestamp;
use serde_json::Value;

use crate::status::{ContextUsage, Source};

/// What a statusline payload says; `None` where it does not (nulls before the first reply, older versions).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statusline {
    /// The agent's own conversation id.
    pub session: Option<String>,
    /// Where the transcript lies.
    pub transcript_path: Option<String>,
    /// The model's id.
    pub model: Option<String>,
    /// The agent's version.
    pub version: Option<String>,
    /// How full the context is.
    pub context: Option<ContextUsage>,
    /// What the session cost in US dollars by the agent's own count, as it wrote it: an estimate, shown apart from ours.
    pub cost_usd: Option<String>,
    /// The limit of five hours.
    pub five_hours: Option<Limit>,
    /// The limit of seven days.
    pub seven_days: Option<Limit>,
}

/// How much of a usage limit is used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Percent, 0–100.
    pub used_percent: f64,
    /// When it is reset.
    pub resets_at: Option<Timestamp>,
}

impl Statusline {
    /// Reads a payload of any shape.
    pub fn parse(payload: &Value) -> Self {
        let text = |pointer: &str| {
            let text = payload.pointer(pointer)?.as_str()?;
            Some(crate::text::one_line(text).chars().take(4096).collect::<String>()).filter(|t| !t.is_empty())
        };
        Self {
            session: text("/session_id"),
            transcript_path: text("/transcript_path"),
            model: text("/model/id"),
            version: text("/version"),
            context: context(payload),
            cost_usd: payload
                .pointer("/cost/total_cost_usd")
                .filter(|c| c.is_number())
                .map(ToString::to_string),
            five_hours: limit(payload, "five_hour"),
            seven_days: limit(payload, "seven_day"),
        }
    }
}

fn context(payload: &Value) -> Option<ContextUsage> {
    let number = |key: &str| payload.pointer("/context_window")?.get(key)?.as_u64();
    let usage = payload.pointer("/context_window/current_usage").filter(|u| u.is_object());
    // The context is what was sent last: fresh input and both kinds of cache.
    let parts = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
    let used =
        usage.map(|u| parts.iter().filter_map(|k| u.get(k)?.as_u64()).fold(0_u64, u64::saturating_add));
    let window = number("context_window_size").filter(|w| *w > 0);
    if used.is_none() && window.is_none() {
        return None;
    }
    let shown = payload.pointer("/context_window/used_percentage").and_then(Value::as_f64);
    let percent_used = used.zip(window).map(|(u, w)| u as f64 * 100.0 / w as f64);
    Some(ContextUsage {
        used,
        window,
        percent_used,
        to_compaction: None,
        shown_by_agent: shown.filter(|p| (0.0..=100.0).contains(p)),
        source: Some(Source::Statusline),
    })
}

fn limit(payload: &Value, key: &str) -> Option<Limit> {
    let limit = payload.pointer("/rate_limits")?.get(key)?;
    let used_percent = limit.get("used_percentage")?.as_f64().filter(|p| (0.0..=1000.0).contains(p))?;
    let resets_at = limit.get("resets_at").and_then(Value::as_i64);
    Some(Limit { used_percent, resets_at: resets_at.and_then(|s| Timestamp::from_second(s).ok()) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Statusline {
        Statusline::parse(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn a_session_with_limits() {
        let line = read(include_str!("../../tests/data/statusline/oauth_rate_limits_last.json"));
        let context = line.context.unwrap();
        assert_eq!(
            (context.used, context.window, context.shown_by_agent),
            (Some(12_000), Some(1_000_000), Some(1.0))
        );
        assert_eq!(line.cost_usd.as_deref(), Some("0.034251199999999996"));
        assert_eq!(line.model.as_deref(), Some("claude-opus-5-5"));
        let five = line.five_hours.unwrap();
        assert_eq!(
            (five.used_percent.to_string().as_str(), five.resets_at.unwrap().as_second()),
            ("93", 1_795_215_596)
        );
        assert!(line.seven_days.is_some_and(|l| l.resets_at > five.resets_at));
    }

    #[test]
    fn the_agents_percentage_is_of_the_whole_window() {
        let context = read(include_str!("../../tests/data/statusline/api_key_last.json")).context.unwrap();
        assert_eq!(context.used, Some(190_000));
        assert_eq!((context.percent_used, context.shown_by_agent), (Some(19.0), Some(19.0)));
    }

    #[test]
    fn before_the_first_reply_nothing_is_used_that_is_known() {
        let context = read(include_str!("../../tests/data/statusline/api_key_first.json")).context.unwrap();
        assert_eq!((context.used, context.percent_used, context.shown_by_agent), (None, None, None));
        assert_eq!(context.window, Some(1_000_000));
    }

    #[test]
    fn an_old_version_says_only_what_it_cost() {
        let line = read(include_str!("../../tests/data/statusline/v2.0.30_last.json"));
        assert_eq!((line.context, line.five_hours), (None, None));
        assert_eq!(line.cost_usd.as_deref(), Some("0.015665"));
    }

    proptest! {
        #[test]
        fn any_numbers_are_taken(a in any::<f64>(), b in any::<i64>(), c in any::<u64>()) {
            let line = Statusline::parse(&serde_json::json!({
                "context_window": {"context_window_size": c, "used_percentage": a,
                    "current_usage": {"input_tokens": c, "cache_read_input_tokens": c, "output_tokens": b}},
                "rate_limits": {"five_hour": {"used_percentage": a, "resets_at": b}}, "cost": b,
            }));
            prop_assert!(line.context.is_none_or(|c| c.percent_used.is_none_or(f64::is_finite)));
        }
    }
}
