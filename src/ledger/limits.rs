//! Usage limits as Claude Code's statusline payload tells them. Transcripts' limits come with their readers.

use serde::Deserialize;
use serde_json::Value;

use super::usage::LimitSample;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Payload {
    rate_limits: Option<serde_json::Map<String, Value>>,
}

/// The limits in a statusline payload that arrived at `ts_ms`. Percentages outside 0–100 are left out (some versions
/// put a time there), and so is a window that has been reset since.
pub fn statusline(payload: &[u8], ts_ms: i64) -> Vec<LimitSample> {
    let payload: Payload = serde_json::from_slice(payload).unwrap_or_default();
    let windows = payload.rate_limits.into_iter().flatten();
    let samples = windows.filter_map(|(window, value)| {
        let percent_used = value.get("used_percentage").and_then(Value::as_f64);
        let resets = value.get("resets_at").and_then(Value::as_f64).filter(|s| *s > 0.0 && *s < 1e11);
        let resets_ms = resets.map(|s| (s * 1000.0) as i64);
        if resets_ms.is_some_and(|at| at <= ts_ms) {
            return None;
        }
        let percent_used = percent_used.filter(|p| (0.0..=100.0).contains(p))?;
        Some(LimitSample {
            ts_ms,
            window,
            percent_used: Some(percent_used),
            resets_ms,
            reached: percent_used >= 100.0,
        })
    });
    samples.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_limits_are_read_and_nonsense_is_left_out() {
        let recorded = br#"{"rate_limits":{"five_hour":{"used_percentage":93,"resets_at":1795215596},
            "seven_day":{"used_percentage":1795381196,"resets_at":1795381196},"seven_day_opus":null}}"#;
        let limits = statusline(recorded, 1_795_200_000_000);
        assert_eq!(limits.len(), 1);
        assert_eq!((limits[0].window.as_str(), limits[0].percent_used), ("five_hour", Some(93.0)));
        assert_eq!(limits[0].resets_ms, Some(1_795_215_596_000));
        assert!(statusline(recorded, 1_795_215_596_000).is_empty(), "reset since");
        assert!(statusline(b"{}", 0).is_empty() && statusline(b"", 0).is_empty());
    }
}
