//! Usage windows: the five-hour blocks and weeks that subscriptions count by, how fast they fill and where that leads.
//!
//! Blocks are made from bookings as other tools make them (ccusage): one begins at the full UTC hour of its first call
//! and ends five hours later, or after five idle hours. That is an estimate; what the agent itself reports of a window
//! ([`super::usage::LimitSample`]) is not.

use serde::Serialize;

use super::money::Usd;
use super::report::Sums;

/// The length of a block.
pub const BLOCK_MS: i64 = 5 * 3_600_000;
const HOUR_MS: i64 = 3_600_000;

/// One five-hour block.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Block {
    /// Its full hour, milliseconds since 1970 UTC.
    pub start_ms: i64,
    /// Five hours later.
    pub end_ms: i64,
    /// Its first and last calls.
    pub first_ms: i64,
    /// See `first_ms`.
    pub last_ms: i64,
    /// What was used.
    pub sums: Sums,
}

/// How fast a block fills, and what it comes to if that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Burn {
    /// Tokens a minute between the first and the last call, reads from the cache included.
    pub tokens_per_minute: f64,
    /// Dollars an hour in the same time; `null` where nothing could be priced.
    #[schemars(with = "Option<String>")]
    pub usd_per_hour: Option<Usd>,
    /// Tokens at the end of the block.
    pub projected_tokens: u64,
    /// Dollars at the end of the block.
    #[schemars(with = "Option<String>")]
    pub projected_usd: Option<Usd>,
}

/// How [`Burn`] is made, in words for people.
pub const BURN_METHOD: &str =
    "mean rate between the first and the last call of the block, carried on to its end (estimate)";

/// The blocks of these calls; `calls` are moments with what was used, in any order.
pub fn blocks(mut calls: Vec<(i64, Sums)>) -> Vec<Block> {
    calls.sort_by_key(|(ts_ms, _)| *ts_ms);
    let mut blocks: Vec<Block> = Vec::new();
    for (ts_ms, sums) in calls {
        match blocks.last_mut() {
            Some(block) if ts_ms < block.end_ms && ts_ms - block.last_ms <= BLOCK_MS => {
                block.last_ms = ts_ms;
                block.sums.add(&sums);
            }
            _ => {
                let start_ms = ts_ms.div_euclid(HOUR_MS) * HOUR_MS;
                blocks.push(Block {
                    start_ms,
                    end_ms: start_ms + BLOCK_MS,
                    first_ms: ts_ms,
                    last_ms: ts_ms,
                    sums,
                });
            }
        }
    }
    blocks
}

impl Block {
    /// Whether the block is not over at `now_ms`.
    pub const fn is_active(&self, now_ms: i64) -> bool {
        now_ms < self.end_ms && now_ms - self.last_ms < BLOCK_MS
    }

    /// How fast it fills; `None` before there is a stretch of time to measure.
    pub fn burn(&self, now_ms: i64) -> Option<Burn> {
        let minutes = (self.last_ms - self.first_ms) as f64 / 60_000.0;
        if minutes <= 0.0 {
            return None;
        }
        let left = (self.end_ms - now_ms.max(self.last_ms)).max(0) as f64 / 60_000.0;
        let tokens = self.sums.tokens();
        let rate = tokens as f64 / minutes;
        let pico_per_minute = self.sums.cost_usd.map(|c| c.0 as f64 / minutes);
        Some(Burn {
            tokens_per_minute: rate,
            usd_per_hour: pico_per_minute.map(|p| Usd((p * 60.0) as i64)),
            projected_tokens: tokens.saturating_add((rate * left) as u64),
            projected_usd: pico_per_minute
                .and_then(|p| self.sums.cost_usd.map(|c| c + Usd((p * left) as i64))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::usage::Usage;

    fn call(minute: i64) -> (i64, Sums) {
        let usage = Usage { input: 600, ..Usage::default() };
        (minute * 60_000, Sums::of(&usage, Some(Usd(1_000_000_000_000)), false))
    }

    #[test]
    fn a_block_begins_at_the_full_hour_and_ends_five_hours_later() {
        let blocks = blocks(vec![call(310), call(70), call(359), call(360), call(1000)]);
        let spans: Vec<_> =
            blocks.iter().map(|b| (b.start_ms / 60_000, b.end_ms / 60_000, b.sums.calls)).collect();
        assert_eq!(spans, [(60, 360, 3), (360, 660, 1), (960, 1260, 1)]);
    }

    #[test]
    fn the_projection_carries_the_mean_rate_to_the_end() {
        let blocks = blocks(vec![call(0), call(60)]);
        let now = 60 * 60_000;
        assert!(blocks[0].is_active(now));
        let burn = blocks[0].burn(now).unwrap();
        assert_eq!((burn.tokens_per_minute, burn.projected_tokens), (20.0, 1200 + 20 * 240));
        assert_eq!(burn.usd_per_hour, Some(Usd(2_000_000_000_000)));
        assert_eq!(burn.projected_usd, Some(Usd(10_000_000_000_000)));
        assert_eq!(super::blocks(vec![call(5)])[0].burn(now), None);
        assert!(!blocks[0].is_active(6 * 3_600_000));
    }
}
