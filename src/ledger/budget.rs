//! What budgets allow: pure arithmetic over limits, what was spent and what is reserved.
//!
//! Spending is *observed*, as absolute totals out of the ledger, never counted up here: a restart, a resume or a
//! repeated reading gives the same totals and so neither trips nor resets a budget. What is sent is *reserved* before
//! and settled after, so that agents working at the same time cannot overshoot together.
//!
//! # How far a budget can be overshot
//!
//! Usage is known only after a response was billed. The overshoot is at most what the responses in flight cost beyond
//! their reservations: one for each working agent, and one for each subagent it runs. A turn that begins alone, below the
//! point where nothing new is sent, may cost more than what is left.

mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::money::Usd;
use super::report::Sums;
use crate::config::Limit;

pub use key::{Key, Scope, Stretch};

/// What limits are measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Money.
    Usd,
    /// Tokens; reads from the cache are left out, or long conversations would trip at a fraction of their cost.
    Tokens,
    /// Time on the clock.
    WallClock,
}

/// An amount in every measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    /// Money.
    pub usd: Usd,
    /// Tokens without reads from the cache.
    pub tokens: u64,
    /// Time on the clock, milliseconds.
    pub wall_ms: u64,
}

impl Amount {
    /// What the ledger's sums come to, after `wall_ms` on the clock. Unpriced usage counts as tokens only.
    pub fn of(sums: &Sums, wall_ms: u64) -> Self {
        let tokens = sums.tokens().saturating_sub(sums.cache_read);
        Self { usd: sums.cost_usd.unwrap_or_default(), tokens, wall_ms }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            usd: self.usd + other.usd,
            tokens: self.tokens.saturating_add(other.tokens),
            wall_ms: self.wall_ms.saturating_add(other.wall_ms),
        }
    }

    /// What is more than `other`, in each measure.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            usd: Usd((self.usd - other.usd).0.max(0)),
            tokens: self.tokens.saturating_sub(other.tokens),
            wall_ms: self.wall_ms.saturating_sub(other.wall_ms),
        }
    }

    /// The amount in one measure: pico-dollars, tokens, milliseconds.
    pub fn measured(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Usd => u64::try_from(self.usd.0).unwrap_or(0),
            Measure::Tokens => self.tokens,
            Measure::WallClock => self.wall_ms,
        }
    }
}

/// At which percentages of a limit something happens; 0 never does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thresholds {
    /// People are told, ascending.
    pub warn: Vec<u16>,
    /// Nothing new is sent.
    pub stop_dispatch: u16,
    /// The agent is put on hold at the end of its turn.
    pub hold: u16,
    /// The turn itself is interrupted.
    pub interrupt: u16,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { warn: vec![50, 80, 95], stop_dispatch: 95, hold: 100, interrupt: 120 }
    }
}

impl From<&crate::config::Thresholds> for Thresholds {
    fn from(set: &crate::config::Thresholds) -> Self {
        let default = Self::default();
        Self {
            warn: set.warn.clone().unwrap_or(default.warn),
            stop_dispatch: set.stop.unwrap_or(default.stop_dispatch),
            hold: set.hold.unwrap_or(default.hold),
            interrupt: set.interrupt.unwrap_or(default.interrupt),
        }
    }
}

impl Thresholds {
    /// The threshold above `percent` that comes next, and what it asks for.
    pub fn next_above(&self, percent: u32) -> Option<(u16, Action)> {
        let acts = [
            (self.stop_dispatch, Action::StopDispatch),
            (self.hold, Action::Hold),
            (self.interrupt, Action::Interrupt),
        ];
        let warnings = self.warn.iter().map(|w| (*w, Action::Warn));
        let above = warnings.chain(acts).filter(|(at, _)| *at > 0 && u32::from(*at) > percent);
        above.min_by_key(|(at, action)| (*at, std::cmp::Reverse(*action)))
    }
}

/// What is to be done, least first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing.
    #[default]
    None,
    /// Tell people.
    Warn,
    /// Send nothing new.
    StopDispatch,
    /// Hold at the end of the turn.
    Hold,
    /// Interrupt the turn, by an act of its own on a proven `working`.
    Interrupt,
}

/// How a budget stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The percentage of the tightest limit that is spent, rounded down; `None` without limits.
    pub percent: Option<u32>,
    /// Which limit is the tightest.
    pub measure: Option<Measure>,
    /// What its thresholds ask for.
    pub action: Action,
    /// The highest warning threshold that was reached.
    pub warned: Option<u16>,
}

/// The limits as (measure, amount), in the measure's unit.
pub fn limits(limit: &Limit) -> impl Iterator<Item = (Measure, u64)> + use<> {
    let wall = limit.wall_clock_seconds.map(|s| s.saturating_mul(1000));
    let all = [(Measure::Usd, limit.usd_pico), (Measure::Tokens, limit.tokens), (Measure::WallClock, wall)];
    all.into_iter().filter_map(|(measure, limit)| Some((measure, limit?)))
}

/// Spent as a percentage of `limit`, rounded down. A limit of nothing is reached at once.
fn percent(spent: u64, limit: u64) -> u32 {
    let percent = (u128::from(spent) * 100).checked_div(u128::from(limit)).unwrap_or(u128::from(u32::MAX));
    u32::try_from(percent).unwrap_or(u32::MAX)
}

/// How a budget of `limit` stands when `spent` is spent.
pub fn standing(limit: &Limit, spent: &Amount, thresholds: &Thresholds) -> Standing {
    let tightest =
        limits(limit).map(|(m, limit)| (percent(spent.measured(m), limit), m)).max_by_key(|(p, _)| *p);
    let Some((percent, measure)) = tightest else { return Standing::default() };
    let reached = |threshold: u16| threshold > 0 && percent >= u32::from(threshold);
    let warned = thresholds.warn.iter().copied().filter(|w| reached(*w)).max();
    let action = if reached(thresholds.interrupt) {
        Action::Interrupt
    } else if reached(thresholds.hold) {
        Action::Hold
    } else if reached(thresholds.stop_dispatch) {
        Action::StopDispatch
    } else if warned.is_some() {
        Action::Warn
    } else {
        Action::None
    };
    Standing { percent: Some(percent), measure: Some(measure), action, warned }
}

/// One budget with what is spent and reserved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Account {
    /// The limit as it is configured.
    pub limit: Limit,
    /// What people allowed on top.
    pub extra: Limit,
    /// When what happens.
    pub thresholds: Thresholds,
    /// What the ledger says is spent.
    pub spent: Amount,
    /// What was sent and is not settled yet.
    pub reserved: Amount,
    /// How it stood when people were last told.
    pub told: Standing,
}

impl Account {
    /// The limit with what was allowed on top.
    pub fn allowed(&self) -> Limit {
        more(&self.limit, &self.extra)
    }

    /// How it stands.
    pub fn standing(&self) -> Standing {
        standing(&self.allowed(), &self.spent, &self.thresholds)
    }
}

/// `limit` and `extra` on top; what is not limited stays so.
fn more(limit: &Limit, extra: &Limit) -> Limit {
    let add = |limit: Option<u64>, extra: Option<u64>| Some(limit?.saturating_add(extra.unwrap_or(0)));
    Limit {
        usd_pico: add(limit.usd_pico, extra.usd_pico),
        tokens: add(limit.tokens, extra.tokens),
        wall_clock_seconds: add(limit.wall_clock_seconds, extra.wall_clock_seconds),
    }
}

/// A budget that began to stand differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crossing {
    /// Which budget.
    pub key: Key,
    /// How it stood.
    pub before: Standing,
    /// How it stands.
    pub now: Standing,
}

/// Why something may not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The budget that forbids it.
    pub key: Key,
    /// The limit that would be passed.
    pub measure: Measure,
    /// Spent and reserved, in percent of the limit.
    pub percent: u32,
}

/// What one piece of work may take from each budget it counts for.
pub type Claim = Vec<(Key, Amount)>;

/// The budgets of one swarm. Reservations are kept by the name of who works; one at a time each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets {
    accounts: BTreeMap<Key, Account>,
    open: BTreeMap<String, Claim>,
}

impl Budgets {
    /// Whether nothing is limited.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Makes the budgets those of `wanted`; what is spent, reserved, allowed on top and told of those that stay stays.
    pub fn configure(&mut self, wanted: impl IntoIterator<Item = (Key, Limit, Thresholds)>) {
        let mut old = std::mem::take(&mut self.accounts);
        for (key, limit, thresholds) in wanted {
            let before = old.remove(&key).unwrap_or_default();
            self.accounts.insert(key, Account { limit, thresholds, ..before });
        }
        self.recount();
    }

    /// One budget.
    pub fn account(&self, key: &Key) -> Option<&Account> {
        self.accounts.get(key)
    }

    /// One budget, to put back what is known of it.
    pub fn account_mut(&mut self, key: &Key) -> Option<&mut Account> {
        self.accounts.get_mut(key)
    }

    /// Allows `extra` on top: what `swarm budget extend` does. Answers what is allowed on top now.
    pub fn extend(&mut self, key: &Key, extra: &Limit) -> Option<Limit> {
        let account = self.accounts.get_mut(key)?;
        let add = |now: Option<u64>, extra: Option<u64>| match (now, extra) {
            (Some(now), Some(extra)) => Some(now.saturating_add(extra)),
            (now, extra) => now.or(extra),
        };
        account.extra = Limit {
            usd_pico: add(account.extra.usd_pico, extra.usd_pico),
            tokens: add(account.extra.tokens, extra.tokens),
            wall_clock_seconds: add(account.extra.wall_clock_seconds, extra.wall_clock_seconds),
        };
        Some(account.extra)
    }

    /// Says what the ledger says: `spent` in all of this stretch, not since the last time. A new turn, task or day
    /// begins with what is spent in it. Answers whether the budget stands differently now than people were told.
    pub fn observe(&mut self, key: &Key, spent: Amount) -> Option<Crossing> {
        let account = self.accounts.get_mut(key)?;
        account.spent = spent;
        let now = account.standing();
        let before = std::mem::replace(&mut account.told, now);
        let changed = before.action != now.action || before.warned != now.warned;
        changed.then(|| Crossing { key: key.clone(), before, now })
    }

    /// Whether what `claim` says may be sent, or which budget forbids it: one that has reached the point where nothing
    /// new is sent, or would pass its limit with what is reserved for others. Alone, below that point, a turn may begin
    /// whatever it is expected to take: an estimate is no spending, and what has room for no turn would have room for none
    /// all day.
    pub fn check(&self, claim: &Claim) -> Result<(), Refusal> {
        for (key, estimate) in claim {
            let Some(account) = self.accounts.get(key) else { continue };
            let stop = u32::from(account.thresholds.stop_dispatch);
            let committed = account.spent.plus(account.reserved);
            let after = committed.plus(*estimate);
            for (measure, limit) in limits(&account.allowed()) {
                let percent = percent(committed.measured(measure), limit);
                let beside = account.reserved.measured(measure) > 0;
                if stop > 0 && (percent >= stop || beside && after.measured(measure) > limit) {
                    return Err(Refusal { key: key.clone(), measure, percent });
                }
            }
        }
        Ok(())
    }

    /// Reserves what `claim` says for `who`, in place of what was reserved before, whether or not there is room: the
    /// caller has asked [`Budgets::check`], or the work has begun already.
    pub fn reserve(&mut self, who: &str, claim: Claim) {
        self.open.insert(who.to_owned(), claim);
        self.recount();
    }

    /// Ends the reservation of `who`; what the work really cost is observed. Doing it twice changes nothing.
    pub fn settle(&mut self, who: &str) {
        if self.open.remove(who).is_some() {
            self.recount();
        }
    }

    fn recount(&mut self) {
        for account in self.accounts.values_mut() {
            account.reserved = Amount::default();
        }
        for (key, amount) in self.open.values().flatten() {
            if let Some(account) = self.accounts.get_mut(key) {
                account.reserved = account.reserved.plus(*amount);
            }
        }
    }

    /// Every budget.
    pub fn accounts(&self) -> impl Iterator<Item = (&Key, &Account)> {
        self.accounts.iter()
    }

    /// The strictest of `keys` and what it asks for.
    pub fn strictest<'a>(&'a self, keys: &'a [Key]) -> Option<(&'a Key, Standing)> {
        let accounts = keys.iter().filter_map(|key| Some((key, self.accounts.get(key)?.standing())));
        accounts.max_by_key(|(_, standing)| (standing.action, standing.percent))
    }
}

/// How many past calls an estimate looks at.
const RECENT: usize = 20;

/// What the next turn will cost: the 95th percentile of the last 20 turns, or what sending the context again and
/// receiving a usual answer costs, whichever is more. An estimate, for reservations only.
pub fn estimate(recent: &[Amount], context: Amount) -> Amount {
    let recent = &recent[recent.len().saturating_sub(RECENT)..];
    let p95 = |values: Vec<u64>| -> u64 {
        let mut values = values;
        values.sort_unstable();
        let rank = (values.len() * 95).div_ceil(100);
        values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
    };
    let usd = p95(recent.iter().map(|a| a.measured(Measure::Usd)).collect());
    Amount {
        usd: context.usd.max(Usd(i64::try_from(usd).unwrap_or(i64::MAX))),
        tokens: context.tokens.max(p95(recent.iter().map(|a| a.tokens).collect())),
        wall_ms: context.wall_ms.max(p95(recent.iter().map(|a| a.wall_ms).collect())),
    }
}
