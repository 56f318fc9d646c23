//! What a person sets for all swarms: the overview, notifications, prices, the monitor.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::status::Attention;

/// `[overview]`: how the overview looks and is driven.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Overview {
    /// Which glyphs show a status.
    pub icons: Icons,
    /// The name of the colour theme; `default` uses the terminal's 16 colours.
    pub theme: String,
    /// Keys bound differently from the built-in keymap: action to keys.
    pub keys: BTreeMap<String, Vec<String>>,
}

/// A set of glyphs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Icons {
    /// Plain ASCII letters.
    Ascii,
    /// Symbols every Unicode font has.
    #[default]
    Unicode,
    /// Glyphs of a Nerd Font.
    Nerd,
}

/// `[notify]`: how a person is told that an agent needs them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Notify {
    /// What is told.
    pub on: Vec<Occasion>,
    /// What is told of single agents, by name (`backend`, or `shop/backend` for that swarm's).
    pub agents: BTreeMap<String, Vec<Attention>>,
    /// Ring the terminal's bell.
    pub bell: bool,
    /// Which notification of its own the terminal shows.
    pub terminal: TerminalNotify,
    /// Show a notification of the desktop.
    #[serde(default)]
    pub desktop: bool,
    /// A program and its arguments, started for each notification; empty for none.
    pub command: Vec<String>,
    /// A URL that each notification is posted to (ntfy style); may hold a secret, never shown.
    pub webhook: Option<String>,
    /// How long it must last before a person is told, in seconds.
    pub delay_seconds: u64,
    /// How long nothing of the same kind is told of the same agent again, in seconds.
    pub cool_down_seconds: u64,
    /// When nothing is told.
    pub quiet: Option<Quiet>,
}

/// What a person is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Occasion {
    /// An agent asks.
    Asks,
    /// An agent failed or is gone.
    Failed,
    /// An agent finished a turn.
    Finished,
    /// A budget reached one of its thresholds.
    Budget,
}

impl From<Attention> for Occasion {
    fn from(attention: Attention) -> Self {
        match attention {
            Attention::Asks => Self::Asks,
            Attention::Failed => Self::Failed,
            Attention::Finished => Self::Finished,
        }
    }
}

/// Which escape sequence makes a terminal show a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TerminalNotify {
    /// None.
    #[default]
    Off,
    /// What this terminal is known to understand; none where it is not known.
    Auto,
    /// OSC 9 (iTerm2, WezTerm, Ghostty, Windows Terminal).
    Osc9,
    /// OSC 777 (foot, urxvt, VTE).
    Osc777,
    /// OSC 99 (kitty).
    Osc99,
}

/// Hours of the day in which nothing is told, in the person's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Quiet {
    /// The first minute of the day, from 0.
    pub from: u16,
    /// The first minute that is not quiet any more; before `from` when the night lies between.
    pub to: u16,
}

impl Quiet {
    /// Whether this minute of the day is quiet.
    pub const fn holds(self, minute: u16) -> bool {
        if self.from <= self.to {
            self.from <= minute && minute < self.to
        } else {
            self.from <= minute || minute < self.to
        }
    }
}

impl std::str::FromStr for Quiet {
    type Err = String;

    /// Reads `22:00-07:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let minute = |text: &str| {
            let (hour, minute) = text.trim().split_once(':')?;
            let digits = |s: &str| (s.len() == 2 || s.len() == 1) && s.bytes().all(|b| b.is_ascii_digit());
            let (hour, minute) =
                (digits(hour).then_some(hour)?, (digits(minute) && minute.len() == 2).then_some(minute)?);
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            (hour < 24 && minute < 60).then_some(hour * 60 + minute)
        };
        text.split_once('-')
            .and_then(|(from, to)| Some(Self { from: minute(from)?, to: minute(to)? }))
            .filter(|quiet| quiet.from != quiet.to)
            .ok_or_else(|| format!("`{}` is no stretch of the day", text.escape_default()))
    }
}

/// `[monitor]`: the long-lived process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MonitorSettings {
    /// What goes to the log, in the filter language of `SWARM_LOG` (`info`, `swarm::tmux=debug`).
    pub log: String,
    /// For how many days events are kept; 0 for ever.
    pub keep_events_days: u32,
    /// How many events are kept at most; 0 for any number.
    pub keep_events: u32,
    /// Look less often at panes that animate, and check less often for what was missed: for a battery, or for very many
    /// agents.
    pub low_power: bool,
}

impl Default for MonitorSettings {
    fn default() -> Self {
        Self { log: String::new(), keep_events_days: 30, keep_events: 1_000_000, low_power: false }
    }
}

/// A person's own price of one model from one day on: `[prices."model"]`, pico-dollars for one token.
///
/// One pico-dollar for one token is 0.000001 dollars for a million, so list prices are exact integers. What is `None`
/// is not known, never derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Price {
    /// The first day it holds for, `YYYY-MM-DD` UTC; `None` for all days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Uncached input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<u64>,
    /// Output, reasoning included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
    /// Input read from the cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_read: Option<u64>,
    /// Input written to the cache for five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_5m: Option<u64>,
    /// Input written to the cache for one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_write_1h: Option<u64>,
    /// Thousandths taken off the list price, instead of amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_permille: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_may_span_midnight() {
        let night: Quiet = "22:00-07:30".parse().unwrap();
        assert!(night.holds(23 * 60) && night.holds(0) && night.holds(449) && !night.holds(450));
        let noon: Quiet = "9:00 - 10:00".parse().unwrap();
        assert!(noon.holds(540) && !noon.holds(600) && !noon.holds(0));
        for bad in ["", "22", "22:00", "24:00-01:00", "1:00-1:00", "1:0-2:00", "-1:00-2:00", "x-y"] {
            assert!(bad.parse::<Quiet>().is_err(), "{bad}");
        }
    }
}
