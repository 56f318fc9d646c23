//! What turns that are under way are expected to cost is set aside, so that agents which work at the same time cannot
//! overshoot together.

use crate::ledger::budget::{Account, Amount, Claim, Refusal, Stretch, estimate};
use crate::ledger::money::Usd;
use crate::store::budgets::Kind;

use super::{PROMISE_MS, Phase, Purse, SETTLE_LATEST_MS, SETTLE_MS, Turn, Written, elapsed};

/// The part of a limit that a turn is reserved with while nothing is known: so many may begin at the same time.
const FIRST_PART: u64 = 3;
/// Turns that are remembered for estimates.
const REMEMBER: usize = 200;

impl Purse {
    /// Whether a turn for `agent` may be sent now.
    pub fn check(&self, agent: &str) -> Result<(), Refusal> {
        let ended = |turn: &Turn| matches!(turn.phase, Phase::Ended { .. });
        if self.turns.get(agent).is_some_and(|turn| !ended(turn)) {
            // What is reserved for it already may be used.
            return Ok(());
        }
        self.budgets.check(&self.claim(agent, Amount::default()))
    }

    /// Reserves what a turn of `agent` is expected to take.
    pub fn promise(&mut self, agent: &str, now_ms: i64) {
        let base = self.total(agent);
        self.turns.entry(agent.to_owned()).or_insert(Turn { phase: Phase::Promised, began_ms: now_ms, base });
        self.reserve(agent, now_ms);
        self.dirty = true;
    }

    /// What was promised will not begin.
    pub fn cancel(&mut self, agent: &str) {
        if self.turns.get(agent).is_some_and(|t| t.phase == Phase::Promised) {
            self.turns.remove(agent);
            self.budgets.settle(agent);
            self.dirty = true;
        }
    }

    /// An agent is of the swarm no longer: what it does is over.
    pub fn removed(&mut self, agent: &str, now_ms: i64, out: &mut Written) {
        if let Some(turn) = self.turns.get_mut(agent)
            && turn.phase == Phase::Running
        {
            turn.phase = Phase::Ended { at_ms: now_ms, heard: true };
        }
        self.settle(agent, out);
    }

    /// Reserves what the turn of `agent` is expected to take beyond what it has taken.
    pub(super) fn reserve(&mut self, agent: &str, now_ms: i64) {
        let Some(turn) = self.turns.get(agent) else { return };
        let taken = Amount { wall_ms: elapsed(turn.began_ms, now_ms), ..self.total(agent).minus(turn.base) };
        let claim = self.claim(agent, taken);
        self.budgets.reserve(agent, claim);
    }

    pub(super) fn settle_due(&mut self, now_ms: i64, out: &mut Written) {
        let due = |turn: &Turn| match turn.phase {
            Phase::Ended { at_ms, heard } => {
                now_ms >= at_ms + if heard { SETTLE_MS } else { SETTLE_LATEST_MS }
            }
            Phase::Promised => now_ms >= turn.began_ms + PROMISE_MS,
            Phase::Running => false,
        };
        let due: Vec<String> =
            self.turns.iter().filter(|(_, t)| due(t)).map(|(name, _)| name.clone()).collect();
        for agent in due {
            self.settle(&agent, out);
        }
    }

    /// A turn is over: what it came to is experience now.
    pub(super) fn settle(&mut self, agent: &str, out: &mut Written) {
        let Some(turn) = self.turns.remove(agent) else { return };
        self.budgets.settle(agent);
        self.dirty = true;
        let Phase::Ended { at_ms, .. } = turn.phase else { return };
        let wall_ms = elapsed(turn.began_ms, at_ms);
        let cost = Amount { wall_ms, ..self.total(agent).minus(turn.base) };
        let day = self.known.map_or(0, |(_, day)| day);
        *self.worked_ms.entry(agent.to_owned()).or_default() += elapsed(turn.began_ms.max(day), at_ms);
        self.last.insert(agent.to_owned(), (turn.began_ms, cost));
        self.recent.push((agent.to_owned(), cost));
        let excess = self.recent.len().saturating_sub(REMEMBER);
        self.recent.drain(..excess);
        let mut work = self.work(agent, Kind::Turn, turn.began_ms, turn.base);
        (work.ended_ms, work.cost) = (Some(at_ms), Some(cost));
        out.work.push(work);
    }

    /// What a turn of `agent` takes from each budget it counts for, beyond what it has `taken`.
    fn claim(&self, agent: &str, taken: Amount) -> Claim {
        let keys =
            self.keys(agent).into_iter().filter(|k| matches!(k.stretch, Stretch::Day | Stretch::Total));
        let expected = self.expected(agent);
        keys.filter_map(|key| {
            let account = self.budgets.account(&key)?;
            let mut amount = expected.unwrap_or_else(|| self.unknown(agent, account)).minus(taken);
            if key.stretch == Stretch::Total {
                // That clock runs whether or not anybody works.
                amount.wall_ms = 0;
            }
            Some((key, amount))
        })
        .collect()
    }

    /// What a turn will take by the turns of this agent, else of its role, else of anybody.
    fn expected(&self, agent: &str) -> Option<Amount> {
        let role = self.roles.get(agent).cloned().flatten();
        let own = |name: &str| name == agent;
        let role = |name: &str| role.is_some() && self.roles.get(name) == Some(&role);
        let of = |is: &dyn Fn(&str) -> bool| -> Vec<Amount> {
            let fit =
                self.recent.iter().filter(|(name, cost)| is(name) && (cost.usd.0 > 0 || cost.tokens > 0));
            fit.map(|(_, cost)| *cost).collect()
        };
        let known = [of(&own), of(&role), of(&|_| true)].into_iter().find(|turns| !turns.is_empty())?;
        Some(estimate(&known, Amount::default()))
    }

    /// What a turn is reserved with while nothing is known.
    fn unknown(&self, agent: &str, account: &Account) -> Amount {
        let first = self.first.get(agent).copied().unwrap_or_default();
        let limit = account.allowed();
        let usd = first.usd_pico.or_else(|| limit.usd_pico.map(|l| l / FIRST_PART)).unwrap_or(0);
        let tokens = first.tokens.or_else(|| limit.tokens.map(|l| l / FIRST_PART)).unwrap_or(0);
        Amount { usd: Usd(i64::try_from(usd).unwrap_or(i64::MAX)), tokens, wall_ms: 0 }
    }
}
