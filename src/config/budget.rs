//! Limits on money, tokens and time, and the exact reading of amounts.
//!
//! Money is an integer of pico-dollars (10⁻¹² USD), read from decimal text; a float never touches it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pico-dollars in one US dollar.
pub const PICO: u64 = 1_000_000_000_000;

/// The largest amount a budget or price may name, in US dollars: `u64` pico-dollars hold 18 million.
pub const MAX_USD: u64 = 1_000_000;

/// What may be spent, by the stretch it counts for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Budget {
    /// In one turn: from a prompt to the agent's answer.
    pub turn: Limit,
    /// On one task.
    pub task: Limit,
    /// In one calendar day, in the person's time zone.
    pub day: Limit,
    /// Since `swarm up`.
    pub total: Limit,
    /// What one turn is reserved with while nothing is known of what turns cost.
    #[serde(default)]
    pub first_turn: Limit,
    /// At which percentages something happens.
    #[serde(default)]
    pub at: Thresholds,
}

impl Budget {
    /// Whether nothing is limited.
    pub fn is_unlimited(&self) -> bool {
        [self.turn, self.task, self.day, self.total].iter().all(|limit| *limit == Limit::default())
    }
}

/// At which percentages of a limit something happens; `None` leaves it to the default, 0 never does it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Thresholds {
    /// People are told, ascending.
    pub warn: Option<Vec<u16>>,
    /// Nothing new is sent.
    pub stop: Option<u16>,
    /// The agent is put on hold at the end of its turn.
    pub hold: Option<u16>,
    /// The turn itself is interrupted.
    pub interrupt: Option<u16>,
}

/// The limits of one stretch; `None` means no limit of that kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// Money, in pico-dollars.
    pub usd_pico: Option<u64>,
    /// Tokens: input, output and cache, as the ledger counts them.
    pub tokens: Option<u64>,
    /// Time on the clock, in seconds.
    pub wall_clock_seconds: Option<u64>,
}

/// Reads a decimal amount of dollars exactly; the error completes "the amount `x` …".
pub fn parse_usd(text: &str) -> Result<u64, String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
        return Err("is not a decimal number such as \"20.00\"".into());
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 12 {
        return Err("has more than 12 decimal places".into());
    }
    let whole: u64 = whole.parse().ok().filter(|w| *w <= MAX_USD).ok_or_else(too_large)?;
    let scale = 10_u64.pow(12 - fraction.len() as u32);
    let pico =
        if fraction.is_empty() { 0 } else { fraction.parse::<u64>().map_err(|e| e.to_string())? * scale };
    Ok(whole * PICO + pico)
}

fn too_large() -> String {
    format!("is above the limit of {MAX_USD} dollars")
}

/// The amount as the shortest decimal text with at least two places: `20.00`, `0.000003`.
pub fn format_usd(pico: u64) -> String {
    let fraction = format!("{:012}", pico % PICO);
    let kept = fraction.trim_end_matches('0').len().max(2);
    format!("{}.{}", pico / PICO, &fraction[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_exact() {
        assert_eq!(parse_usd("20.00"), Ok(20 * PICO));
        assert_eq!(parse_usd("0.1"), Ok(PICO / 10));
        assert_eq!(parse_usd("0.000000000001"), Ok(1));
        assert_eq!(parse_usd("3"), Ok(3 * PICO));
        for bad in
            ["", ".", "1.", ".5", "-1", "1e3", "1,5", "0.0000000000001", "1000001", "99999999999999999999"]
        {
            assert!(parse_usd(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn amounts_read_back(pico in 0..=MAX_USD * PICO) {
            prop_assert_eq!(parse_usd(&format_usd(pico)), Ok(pico));
        }

        #[test]
        fn any_text_is_answered(text in ".*") {
            let _ = parse_usd(&text);
        }
    }
}
