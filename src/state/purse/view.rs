//! Budgets in words and for clients.

use crate::config::budget::format_usd;
use crate::ledger::budget::{Account, Action, Key, Measure, limits};
use crate::ledger::money::Usd;
use crate::snapshot::{BudgetView, CountGauge, MoneyGauge, NextStep};

use super::Purse;

impl Purse {
    /// The budgets as clients see them.
    pub fn view(&self) -> Vec<BudgetView> {
        self.budgets.accounts().map(|(key, account)| self.view_of(key, account)).collect()
    }

    fn view_of(&self, key: &Key, account: &Account) -> BudgetView {
        let now = account.standing();
        let allowed = account.allowed();
        let usd = |usd: Usd| format_usd(u64::try_from(usd.0).unwrap_or(0));
        let (spent, reserved) = (account.spent, account.reserved);
        let unpriced = self.spent.iter().filter(|((agent, _), _)| self.is_of(agent, &key.scope));
        BudgetView {
            of: key.scope.to_string(),
            per: key.stretch.as_str().to_owned(),
            usd: allowed.usd_pico.map(|limit| MoneyGauge {
                limit: format_usd(limit),
                spent: usd(spent.usd),
                reserved: usd(reserved.usd),
            }),
            tokens: allowed.tokens.map(|limit| CountGauge {
                limit,
                spent: spent.tokens,
                reserved: reserved.tokens,
            }),
            seconds: allowed.wall_clock_seconds.map(|limit| CountGauge {
                limit,
                spent: spent.wall_ms / 1000,
                reserved: reserved.wall_ms / 1000,
            }),
            percent: now.percent.filter(|_| self.known.is_some()),
            action: action_word(now.action).to_owned(),
            next: account.thresholds.next_above(now.percent.unwrap_or(0)).map(|(percent, action)| NextStep {
                percent: u32::from(percent),
                action: action_word(action).to_owned(),
            }),
            unpriced_calls: unpriced.map(|(_, s)| s.unpriced).sum(),
        }
    }

    /// How a budget stands, in words: `swarm per day: $3.30 of $3.00 (110 %)`.
    pub fn say(&self, key: &Key) -> String {
        let Some(account) = self.budgets.account(key) else { return key.to_string() };
        let now = account.standing();
        let (allowed, spent) = (account.allowed(), account.spent);
        let limit = |m: Measure| limits(&allowed).find(|(of, _)| *of == m).map_or(0, |(_, limit)| limit);
        let amounts = match now.measure {
            Some(Measure::Usd) => {
                let limit = Usd(i64::try_from(limit(Measure::Usd)).unwrap_or(i64::MAX));
                format!("{} of {}", spent.usd.short(), limit.short())
            }
            Some(Measure::Tokens) => format!("{} of {} tokens", spent.tokens, limit(Measure::Tokens)),
            Some(Measure::WallClock) => {
                format!("{} of {}", seconds(spent.wall_ms / 1000), seconds(limit(Measure::WallClock) / 1000))
            }
            None => "no limit".to_owned(),
        };
        format!("{key}: {amounts} ({} %)", now.percent.unwrap_or(0))
    }
}

/// The word for an action in JSON.
pub fn action_word(action: Action) -> &'static str {
    match action {
        Action::None => "none",
        Action::Warn => "warn",
        Action::StopDispatch => "stop_dispatch",
        Action::Hold => "hold",
        Action::Interrupt => "interrupt",
    }
}

/// Seconds as people write them: `90s`, `12m`, `3h 20m`.
fn seconds(all: u64) -> String {
    match (all / 3600, all / 60 % 60, all % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}
