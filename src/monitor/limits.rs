//! Usage limits that Claude Code tells its status line: `swarm hook claude statusline`, called for each new line.
//!
//! Books what changed. Such a call is no evidence of a status and never reaches the state.

use std::collections::BTreeMap;

use crate::ledger::limits::statusline;
use crate::ledger::usage::Source;
use crate::observe::hook::HookLine;
use crate::observe::status_tee::EVENT;
use crate::store::{Store, usage};

/// Percent in thousandths, and when the window begins anew.
type Told = (i64, Option<i64>);

/// Books limits into the store.
#[derive(Debug)]
pub struct Limits {
    store: Store,
    told: BTreeMap<String, Told>,
}

impl Limits {
    /// Nothing was told yet.
    pub const fn new(store: Store) -> Self {
        Self { store, told: BTreeMap::new() }
    }

    /// Takes a call that comes from a status line; answers whether it was one.
    pub fn take(&mut self, line: &HookLine) -> bool {
        if line.event.as_deref() != Some(EVENT) {
            return false;
        }
        let payload = line.payload.to_string();
        let mut samples = statusline(payload.as_bytes(), line.at.as_millisecond());
        samples.retain(|sample| {
            let percent = sample.percent_used.map_or(-1, |p| (p * 1000.0) as i64);
            let now = (percent, sample.resets_ms);
            self.told.insert(sample.window.clone(), now) != Some(now)
        });
        if !samples.is_empty() {
            drop(self.store.write(move |tx| usage::note_limits(tx, Source::Claude, &samples)));
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_status_line_is_told_is_booked_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("swarm.db")).unwrap();
        let mut limits = Limits::new(store.clone());
        let mut line = HookLine {
            profile: "claude".into(),
            event: Some(EVENT.into()),
            at: "2026-11-20T12:00:00Z".parse().unwrap(),
            pane: None,
            swarm: None,
            agent: None,
            instance: None,
            token: None,
            printed: None,
            payload: serde_json::json!({"rate_limits": {
                "five_hour": {"used_percentage": 42.5, "resets_at": 1_795_190_000},
                "seven_day": {"used_percentage": 7, "resets_at": 1_795_600_000}}}),
        };
        assert!(limits.take(&line) && limits.take(&line));
        let booked = store.write(|tx| usage::limits(tx)).await.unwrap();
        let brief: Vec<_> = booked.iter().map(|(s, l)| (*s, l.window.as_str(), l.percent_used)).collect();
        let expected = [(Source::Claude, "five_hour", Some(42.5)), (Source::Claude, "seven_day", Some(7.0))];
        assert_eq!(brief, expected);
        assert_eq!(booked[0].1.resets_ms, Some(1_795_190_000_000));
        line.event = Some("Stop".into());
        assert!(!limits.take(&line), "other hooks are for the state");
    }
}
