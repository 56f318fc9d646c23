//! What one swarm may spend, has spent and has promised: pure, the clock comes in as a value.
//!
//! Spending comes out of the ledger as absolute sums by agent and role ([`Purse::heard`]); turns are seen in the
//! agents' statuses ([`Purse::turn`]). Decides nothing about agents: `budget` does, by what this says.

mod reserving;
mod view;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::config::{AgentSpec, Budget, Config, Limit};
use crate::ledger::budget::{
    Account, Amount, Budgets, Crossing, Key, Scope, Standing, Stretch, Thresholds, standing,
};
use crate::status::Status;
use crate::store::budgets::{AgentSpent, Kept, Kind, Standings, Work};

pub use view::action_word;

/// How long a promised turn may take to begin; then its reservation ends.
const PROMISE_MS: i64 = 60_000;
/// How long after its end a turn's last bill may still come in where the transcript is followed.
const SETTLE_MS: i64 = 1_000;
/// After this the turn is settled even if nothing more was heard: transcripts are swept every 3 s.
const SETTLE_LATEST_MS: i64 = 5_000;

/// How far a turn is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Work was sent; the agent has not been seen working yet.
    Promised,
    /// It works.
    Running,
    /// It has ended then; its last bills may still come in.
    Ended {
        /// When.
        at_ms: i64,
        /// Bills came in since.
        heard: bool,
    },
}

/// A turn that is not settled.
#[derive(Debug, Clone, PartialEq)]
struct Turn {
    phase: Phase,
    /// When it began; milliseconds since 1970 UTC.
    began_ms: i64,
    /// What the agent had spent since `up` by then.
    base: Amount,
}

/// What is known of one agent under one role.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Spent {
    day: Amount,
    total: Amount,
    unpriced: u64,
}

/// The budgets of one swarm with all they stand on.
#[derive(Debug, Clone, Default)]
pub struct Purse {
    budgets: Budgets,
    /// When the swarm came up and when the day began; `None` until the ledger was read.
    known: Option<(i64, i64)>,
    /// Why the ledger could not be read.
    failed: Option<String>,
    spent: BTreeMap<(String, Option<String>), Spent>,
    worked_ms: BTreeMap<String, u64>,
    turns: BTreeMap<String, Turn>,
    tasks: BTreeMap<String, Turn>,
    last: BTreeMap<String, (i64, Amount)>,
    recent: Vec<(String, Amount)>,
    roles: BTreeMap<String, Option<String>>,
    first: BTreeMap<String, Limit>,
    /// For which period each budget was extended.
    extended: BTreeMap<Key, i64>,
    /// What was heard before the ledger was read.
    early: Vec<(String, Vec<AgentSpent>, i64, i64)>,
    dirty: bool,
}

/// What the purse wants written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Written {
    /// Budgets that began to stand differently.
    pub crossings: Vec<Crossing>,
    /// What is to be kept of budgets.
    pub kept: Vec<Kept>,
    /// Turns and tasks that began or ended.
    pub work: Vec<Work>,
}

impl Purse {
    /// Whether nothing is limited: then nothing is kept either.
    pub fn is_empty(&self) -> bool {
        self.budgets.is_empty()
    }

    /// Whether the ledger was read, or cannot be.
    pub const fn is_answered(&self) -> bool {
        self.known.is_some() || self.failed.is_some()
    }

    /// Whether the ledger was read.
    pub const fn is_read(&self) -> bool {
        self.known.is_some()
    }

    /// Why the ledger could not be read.
    pub fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Takes the budgets of `config` for these agents.
    pub fn configure<'a>(&mut self, config: &Config, agents: impl Iterator<Item = &'a AgentSpec>) {
        let none = Budget::default();
        let swarm = config.budget.as_ref().unwrap_or(&none);
        let mut wanted: BTreeMap<Key, (Limit, Thresholds)> = BTreeMap::new();
        let mut put = |scope: Scope, stretch, limit: Limit, budget: &Budget| {
            if limit != Limit::default() {
                wanted.insert(Key { scope, stretch }, (limit, Thresholds::from(&budget.at)));
            }
        };
        for (stretch, limit) in [(Stretch::Day, swarm.day), (Stretch::Total, swarm.total)] {
            put(Scope::Swarm, stretch, limit, swarm);
        }
        for (name, role) in &config.roles {
            let budget = role.budget.as_ref().unwrap_or(&none);
            for (stretch, limit) in [(Stretch::Day, budget.day), (Stretch::Total, budget.total)] {
                put(Scope::Role(name.clone()), stretch, limit, budget);
            }
        }
        self.roles.clear();
        self.first.clear();
        for agent in agents {
            let own = agent.budget.as_ref().unwrap_or(&none);
            let role =
                agent.role.as_ref().and_then(|r| config.roles.get(r)?.budget.as_ref()).unwrap_or(&none);
            // A limit on turns or tasks of a role or a swarm holds for each agent's.
            let nearest = |limit: fn(&Budget) -> Limit| {
                [own, role, swarm].into_iter().find(|b| limit(b) != Limit::default())
            };
            let name = agent.name.to_string();
            let scope = || Scope::Agent(name.clone());
            for (stretch, limit) in [
                (Stretch::Turn, (|b: &Budget| b.turn) as fn(&Budget) -> Limit),
                (Stretch::Task, |b: &Budget| b.task),
            ] {
                if let Some(budget) = nearest(limit) {
                    put(scope(), stretch, limit(budget), budget);
                }
            }
            put(scope(), Stretch::Day, own.day, own);
            put(scope(), Stretch::Total, own.total, own);
            let turn = nearest(|b| b.turn).map(|b| b.turn).unwrap_or_default();
            let first = nearest(|b| b.first_turn).map_or(turn, |b| b.first_turn);
            self.first.insert(name.clone(), first);
            self.roles.insert(name.clone(), agent.role.clone());
        }
        self.budgets.configure(wanted.into_iter().map(|(key, (limit, at))| (key, limit, at)));
        self.dirty = true;
    }

    /// What the store knows; turns that are known already are kept.
    pub fn read(&mut self, standings: Standings) {
        let Standings { up_ms, day_ms, spent, kept, open, recent, worked_ms } = standings;
        let newer = match self.known {
            Some((up, _)) if up != up_ms => {
                self.turns.clear();
                self.tasks.clear();
                BTreeMap::new()
            }
            Some((_, day)) if day == day_ms => std::mem::take(&mut self.spent),
            _ => BTreeMap::new(),
        };
        self.known = Some((up_ms, day_ms));
        self.failed = None;
        self.spent = spent.into_iter().map(entry).collect();
        // What was heard of an agent while the store was being read is newer than what was read. One that has another name
        // by now, or is gone, is in the store under what it is called there.
        let sum = |of: &BTreeMap<(String, Option<String>), Spent>, agent: &str| -> u64 {
            of.iter().filter(|((name, _), _)| name == agent).map(|(_, s)| s.total.tokens).sum()
        };
        for agent in self.roles.keys() {
            if sum(&newer, agent) > sum(&self.spent, agent) {
                self.spent.retain(|(name, _), _| name != agent);
                let heard = newer.iter().filter(|((name, _), _)| name == agent);
                self.spent.extend(heard.map(|(of, spent)| (of.clone(), *spent)));
            }
        }
        self.worked_ms = worked_ms.into_iter().collect();
        self.recent.clear();
        self.last.clear();
        for work in recent {
            let cost = work.cost.unwrap_or_default();
            if work.began_ms >= up_ms {
                self.last.insert(work.agent.clone(), (work.began_ms, cost));
            }
            self.recent.push((work.agent, cost));
        }
        for work in open {
            if work.began_ms < up_ms || !self.roles.contains_key(&work.agent) {
                continue;
            }
            let turn = Turn { phase: Phase::Running, began_ms: work.began_ms, base: work.base };
            let of = match work.kind {
                Kind::Turn => &mut self.turns,
                Kind::Task(_) => &mut self.tasks,
                Kind::Prompt => continue,
            };
            of.entry(work.agent).or_insert(turn);
        }
        for Kept { key, period_ms, extra, told_percent } in kept {
            if period_ms != self.period(&key) {
                continue;
            }
            let spent = self.spent_of(&key, day_ms.max(up_ms));
            let Some(account) = self.budgets.account_mut(&key) else { continue };
            account.extra = extra;
            self.extended.insert(key, period_ms);
            let now = standing(&account.allowed(), &spent, &account.thresholds);
            if told(now, &account.thresholds) <= told_percent {
                account.told = now;
            }
        }
        for (agent, spent, day_ms, up_ms) in std::mem::take(&mut self.early) {
            self.heard(&agent, spent, day_ms, up_ms);
        }
        self.dirty = true;
    }

    /// The ledger could not be read.
    pub fn unreadable(&mut self, why: String) {
        if self.known.is_none() {
            self.failed = Some(why);
        }
    }

    /// What the ledger says of one agent, in the day that began at `day_ms`, for the swarm that came up at `up_ms`.
    pub fn heard(&mut self, agent: &str, spent: Vec<AgentSpent>, day_ms: i64, up_ms: i64) {
        let Some((up, day)) = &mut self.known else {
            self.early.push((agent.to_owned(), spent, day_ms, up_ms));
            return;
        };
        if up_ms != *up || day_ms < *day {
            return;
        }
        if day_ms > *day {
            *day = day_ms;
            self.spent.values_mut().for_each(|s| s.day = Amount::default());
            self.worked_ms.clear();
        }
        // All of it, in whatever roles: its role may be another by now.
        self.spent.retain(|(name, _), _| name != agent);
        self.spent.extend(spent.into_iter().map(entry));
        if let Some(Turn { phase: Phase::Ended { heard, .. }, .. }) = self.turns.get_mut(agent) {
            *heard = true;
        }
        self.dirty = true;
    }

    /// Follows an agent's turn by its status.
    pub fn turn(&mut self, agent: &str, status: Status, since_ms: i64, now_ms: i64, out: &mut Written) {
        let Some((up_ms, _)) = self.known else { return };
        let total = self.total(agent);
        let phase = self.turns.get(agent).map(|t| t.phase);
        match (phase, status) {
            (None | Some(Phase::Promised), Status::Working) => {
                let began_ms = since_ms.max(up_ms);
                self.begin(agent, began_ms, total, out);
            }
            (Some(Phase::Ended { .. }), Status::Working) => {
                self.settle(agent, out);
                self.begin(agent, since_ms.max(up_ms), total, out);
            }
            (
                Some(Phase::Running),
                Status::Idle | Status::Exited | Status::Error | Status::Limited | Status::Starting,
            ) => {
                if let Some(turn) = self.turns.get_mut(agent) {
                    turn.phase = Phase::Ended { at_ms: now_ms, heard: false };
                }
                self.dirty = true;
            }
            _ => {}
        }
    }

    fn begin(&mut self, agent: &str, began_ms: i64, base: Amount, out: &mut Written) {
        self.turns.insert(agent.to_owned(), Turn { phase: Phase::Running, began_ms, base });
        out.work.push(self.work(agent, Kind::Turn, began_ms, base));
        self.dirty = true;
    }

    fn work(&self, agent: &str, kind: Kind, began_ms: i64, base: Amount) -> Work {
        let role = self.roles.get(agent).cloned().flatten();
        Work { agent: agent.to_owned(), role, kind, began_ms, ended_ms: None, base, cost: None }
    }

    /// An agent took up a task (or with `None` has none any more).
    pub fn task(&mut self, agent: &str, task: Option<&str>, now_ms: i64, out: &mut Written) {
        if let Some(old) = self.tasks.remove(agent) {
            let mut work = self.work(agent, Kind::Task(String::new()), old.began_ms, old.base);
            work.ended_ms = Some(now_ms);
            work.cost = Some(self.total(agent).minus(old.base));
            out.work.push(work);
        }
        if let Some(name) = task {
            let base = self.total(agent);
            let turn = Turn { phase: Phase::Running, began_ms: now_ms, base };
            self.tasks.insert(agent.to_owned(), turn);
            out.work.push(self.work(agent, Kind::Task(name.to_owned()), now_ms, base));
        }
        self.dirty = true;
    }

    /// Whether an agent is in a turn, or about to be.
    pub fn in_turn(&self, agent: &str) -> bool {
        self.turns.get(agent).is_some_and(|t| !matches!(t.phase, Phase::Ended { .. }))
    }

    /// Allows more of a budget until its stretch ends; answers what is to be kept.
    pub fn extend(&mut self, key: &Key, extra: &Limit) -> Option<Kept> {
        self.budgets.extend(key, extra)?;
        self.extended.insert(key.clone(), self.period(key));
        self.dirty = true;
        Some(self.kept(key))
    }

    fn kept(&self, key: &Key) -> Kept {
        let account = self.budgets.account(key).cloned().unwrap_or_default();
        let told_percent = told(account.told, &account.thresholds);
        Kept { key: key.clone(), period_ms: self.period(key), extra: account.extra, told_percent }
    }

    /// Settles what is due and weighs every budget again; cheap when nothing happened.
    pub fn weigh(&mut self, now_ms: i64, out: &mut Written) {
        if self.known.is_none() {
            return;
        }
        self.settle_due(now_ms, out);
        let timed = self.next_ms().is_some_and(|next| next <= now_ms);
        if !std::mem::take(&mut self.dirty) && !timed {
            return;
        }
        let keys: Vec<Key> = self.budgets.accounts().map(|(key, _)| key.clone()).collect();
        for key in keys {
            let period = self.period(&key);
            if self.extended.get(&key).is_some_and(|p| *p != period)
                && let Some(account) = self.budgets.account_mut(&key)
            {
                account.extra = Limit::default();
                self.extended.remove(&key);
            }
            let spent = self.spent_of(&key, now_ms);
            if let Some(crossing) = self.budgets.observe(&key, spent) {
                out.kept.push(self.kept(&key));
                out.crossings.push(crossing);
            }
        }
        let open: Vec<String> = self.turns.keys().cloned().collect();
        for agent in open {
            self.reserve(&agent, now_ms);
        }
    }

    /// The budgets that an agent's work counts for.
    pub fn keys(&self, agent: &str) -> Vec<Key> {
        let mut scopes = vec![Scope::Agent(agent.to_owned()), Scope::Swarm];
        scopes.extend(self.roles.get(agent).cloned().flatten().map(Scope::Role));
        let all = scopes
            .into_iter()
            .flat_map(|scope| Stretch::ALL.map(|stretch| Key { scope: scope.clone(), stretch }));
        all.filter(|key| self.budgets.account(key).is_some()).collect()
    }

    /// The strictest budget of an agent.
    pub fn strictest(&self, agent: &str) -> Option<(Key, Standing)> {
        self.budgets.strictest(&self.keys(agent)).map(|(key, standing)| (key.clone(), standing))
    }

    /// One budget.
    pub fn account(&self, key: &Key) -> Option<&Account> {
        self.budgets.account(key)
    }

    fn total(&self, agent: &str) -> Amount {
        let of = self.spent.iter().filter(|((name, _), _)| name == agent);
        of.fold(Amount::default(), |sum, (_, s)| sum.plus(s.total))
    }

    /// When the turn, task, day or swarm began that a budget is about.
    fn period(&self, key: &Key) -> i64 {
        let (up, day) = self.known.unwrap_or_default();
        match (&key.scope, key.stretch) {
            (_, Stretch::Day) => day,
            (Scope::Agent(agent), Stretch::Turn) => self
                .turns
                .get(agent)
                .filter(|t| t.phase != Phase::Promised)
                .map(|t| t.began_ms)
                .or_else(|| self.last.get(agent).map(|(began, _)| *began))
                .unwrap_or(up),
            (Scope::Agent(agent), Stretch::Task) => self.tasks.get(agent).map_or(up, |t| t.began_ms),
            _ => up,
        }
    }

    /// What is spent of a budget.
    fn spent_of(&self, key: &Key, now_ms: i64) -> Amount {
        match (&key.scope, key.stretch) {
            (Scope::Agent(agent), Stretch::Turn) => match self.turns.get(agent) {
                Some(turn) if turn.phase != Phase::Promised => {
                    Amount { wall_ms: turn.wall_ms(now_ms), ..self.total(agent).minus(turn.base) }
                }
                _ => self.last.get(agent).map(|(_, cost)| *cost).unwrap_or_default(),
            },
            (Scope::Agent(agent), Stretch::Task) => match self.tasks.get(agent) {
                Some(task) => Amount { wall_ms: task.wall_ms(now_ms), ..self.total(agent).minus(task.base) },
                None => Amount::default(),
            },
            (scope, stretch) => self.pooled(scope, stretch, now_ms),
        }
    }

    fn pooled(&self, scope: &Scope, stretch: Stretch, now_ms: i64) -> Amount {
        let (up, day) = self.known.unwrap_or_default();
        let of = self.spent.iter().filter(|((agent, role), _)| match scope {
            Scope::Agent(name) => agent == name,
            Scope::Role(name) => role.as_ref() == Some(name),
            Scope::Swarm => true,
        });
        let day_wanted = stretch == Stretch::Day;
        let mut sum =
            of.fold(Amount::default(), |sum, (_, s)| sum.plus(if day_wanted { s.day } else { s.total }));
        sum.wall_ms = match stretch {
            Stretch::Day => {
                let ended = self.worked_ms.iter().filter(|(agent, _)| self.is_of(agent, scope));
                let running =
                    self.turns.iter().filter(|(agent, t)| self.is_of(agent, scope) && !t.is_promised());
                ended.map(|(_, ms)| *ms).sum::<u64>()
                    + running.map(|(_, t)| elapsed(t.began_ms.max(day), t.end_ms(now_ms))).sum::<u64>()
            }
            _ => elapsed(up, now_ms),
        };
        sum
    }

    fn is_of(&self, agent: &str, scope: &Scope) -> bool {
        match scope {
            Scope::Agent(name) => agent == name,
            Scope::Role(role) => self.roles.get(agent).is_some_and(|r| r.as_ref() == Some(role)),
            Scope::Swarm => true,
        }
    }

    /// When time alone changes something: a turn is to be settled, a limit on time reaches its next threshold.
    pub fn next_ms(&self) -> Option<i64> {
        // Where nothing is limited nobody settles what is still open.
        self.known.filter(|_| !self.is_empty())?;
        let turns = self.turns.values().filter_map(|turn| match turn.phase {
            Phase::Ended { at_ms, heard: true } => Some(at_ms + SETTLE_MS),
            Phase::Ended { at_ms, heard: false } => Some(at_ms + SETTLE_LATEST_MS),
            Phase::Promised => Some(turn.began_ms + PROMISE_MS),
            Phase::Running => None,
        });
        let walls = self.budgets.accounts().filter_map(|(key, account)| self.next_wall(key, account));
        turns.chain(walls).min()
    }

    /// When a limit on time reaches its next threshold, as things go now. Counted from what was observed last, so
    /// that the moment does not move while nothing happens.
    fn next_wall(&self, key: &Key, account: &Account) -> Option<i64> {
        let limit = i64::try_from(account.allowed().wall_clock_seconds?).ok()?.checked_mul(1000)?;
        let at_once = self.workers(key);
        if at_once == 0 {
            return None;
        }
        let percent = standing(
            &Limit { wall_clock_seconds: account.allowed().wall_clock_seconds, ..Limit::default() },
            &account.spent,
            &account.thresholds,
        )
        .percent?;
        let (threshold, _) = account.thresholds.next_above(percent)?;
        // Rounded up: by then it is reached.
        let due = (limit * i64::from(threshold) + 99) / 100;
        let zero = self.spent_of(key, 0).wall_ms;
        let began: i64 = self.running(key).sum();
        // `at_once` clocks run: together they show `due` at this moment.
        Some((due - i64::try_from(zero).ok()? + began + at_once - 1) / at_once)
    }

    /// Since when the clocks of a budget have been running.
    fn running<'a>(&'a self, key: &'a Key) -> Box<dyn Iterator<Item = i64> + 'a> {
        let (up, day) = self.known.unwrap_or_default();
        let runs = |turn: &&Turn| turn.phase == Phase::Running;
        match (&key.scope, key.stretch) {
            (Scope::Agent(agent), Stretch::Turn) => {
                Box::new(self.turns.get(agent).into_iter().filter(runs).map(|t| t.began_ms))
            }
            (Scope::Agent(agent), Stretch::Task) => {
                Box::new(self.tasks.get(agent).into_iter().map(|t| t.began_ms))
            }
            (scope, Stretch::Day) => {
                let of = self.turns.iter().filter(move |(agent, t)| self.is_of(agent, scope) && runs(t));
                Box::new(of.map(move |(_, t)| t.began_ms.max(day)))
            }
            _ => Box::new(std::iter::once(up)),
        }
    }

    fn workers(&self, key: &Key) -> i64 {
        i64::try_from(self.running(key).count()).unwrap_or(i64::MAX)
    }
}

impl Turn {
    fn is_promised(&self) -> bool {
        self.phase == Phase::Promised
    }

    fn end_ms(&self, now_ms: i64) -> i64 {
        match self.phase {
            Phase::Ended { at_ms, .. } => at_ms,
            Phase::Promised | Phase::Running => now_ms,
        }
    }

    fn wall_ms(&self, now_ms: i64) -> u64 {
        elapsed(self.began_ms, self.end_ms(now_ms))
    }
}

fn entry(spent: AgentSpent) -> ((String, Option<String>), Spent) {
    let AgentSpent { agent, role, day, total, unpriced } = spent;
    ((agent, role), Spent { day, total, unpriced })
}

fn elapsed(from_ms: i64, to_ms: i64) -> u64 {
    u64::try_from(to_ms - from_ms).unwrap_or(0)
}

/// The highest threshold that a standing has reached.
fn told(standing: Standing, at: &Thresholds) -> u16 {
    let percent = standing.percent.unwrap_or(0);
    let all = at.warn.iter().copied().chain([at.stop_dispatch, at.hold, at.interrupt]);
    all.filter(|t| *t > 0 && u32::from(*t) <= percent).max().unwrap_or(0)
}

/// A moment in milliseconds since 1970 UTC.
pub fn ms(at: Timestamp) -> i64 {
    at.as_millisecond()
}
