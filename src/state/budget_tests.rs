//! What budgets do, driven by events alone.

use super::tests::{Driven, at, config, replied, swarm, target};
use super::*;
use crate::config::{Address, Budget, Limit};
use crate::delivery::{Outcome, Why};
use crate::ledger::budget::{Amount, Key, Scope, Stretch};
use crate::ledger::money::Usd;
use crate::observe::evidence::Evidence;
use crate::protocol::{ExtendBudget, Hold as HoldRequest, Request, SendText};
use crate::status::Source;
use crate::store::budgets::{AgentSpent, Kept, Standings};

const NAMES: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

fn usd(cents: i64) -> Limit {
    Limit { usd_pico: Some(u64::try_from(cents).unwrap() * 10_000_000_000), ..Limit::default() }
}

fn cents(cents: i64) -> Amount {
    Amount { usd: Usd(cents * 10_000_000_000), tokens: u64::try_from(cents).unwrap() * 100, wall_ms: 0 }
}

fn per_day(limit: Limit) -> Budget {
    Budget { day: limit, ..Budget::default() }
}

/// What the store says, with what it kept of budgets.
fn standings(kept: Vec<Kept>) -> Standings {
    Standings {
        up_ms: at(0).as_millisecond(),
        day_ms: at(-1000).as_millisecond(),
        kept,
        ..Standings::default()
    }
}

fn spent_by(agent: &str, amount: Amount) -> AgentSpent {
    AgentSpent { agent: agent.into(), role: None, day: amount, total: amount, unpriced: 0 }
}

fn extend(limit: Limit) -> Request {
    let (scope, stretch) = (Scope::Swarm, Stretch::Day);
    Request::ExtendBudget(ExtendBudget { swarm: swarm(), scope, stretch, more: limit })
}

impl Driven {
    fn with(agents: &[&str], budget: Budget) -> Self {
        let mut config = config(agents);
        config.budget = Some(budget);
        let mut driven = Self::up_with(config);
        driven.read(standings(Vec::new()));
        driven
    }

    fn read(&mut self, standings: Standings) -> Vec<Effect> {
        self.event(EventKind::BudgetsRead { swarm: swarm(), read: Ok(Box::new(standings)) })
    }

    fn says(&mut self, agent: &str, status: Status) -> Vec<Effect> {
        let pane = self.agent(agent).pane().unwrap();
        let evidence = Evidence::new(Source::Screen, "rule", at(self.clock)).says(status);
        self.event(EventKind::Evidence { pane, evidence })
    }

    fn bill(&mut self, agent: &str, amount: Amount) -> Vec<Effect> {
        self.event(EventKind::Spent {
            swarm: swarm(),
            agent: agent.parse().unwrap(),
            spent: vec![spent_by(agent, amount)],
            day_ms: at(-1000).as_millisecond(),
            up_ms: at(0).as_millisecond(),
        })
    }

    fn sends(&mut self, agent: &str) -> Result<(), Stopped> {
        let now = at(self.clock);
        self.state.may_send(&swarm(), &agent.parse().unwrap())?;
        self.purse().promise(agent, now.as_millisecond());
        Ok(())
    }

    fn purse(&mut self) -> &mut purse::Purse {
        &mut self.state.swarms.get_mut(&swarm()).unwrap().purse
    }

    /// A whole turn that comes to `total` since `up`.
    fn turn(&mut self, agent: &str, total: Amount) -> Vec<Effect> {
        let mut effects = self.says(agent, Status::Working);
        self.clock += 10;
        effects.extend(self.bill(agent, total));
        effects.extend(self.rests(agent));
        self.clock += 6;
        effects.extend(self.event(EventKind::Tick));
        effects
    }

    /// The agent is idle, and that is believed.
    fn rests(&mut self, agent: &str) -> Vec<Effect> {
        let mut effects = self.says(agent, Status::Idle);
        self.clock += 3;
        effects.extend(self.event(EventKind::Tick));
        assert_eq!(self.agent(agent).verdict.status, Status::Idle);
        effects
    }

    fn held(&self, agent: &str) -> Option<&str> {
        self.agent(agent).hold.as_ref().map(|h| h.by.as_str())
    }
}

fn events(effects: &[Effect]) -> Vec<&'static str> {
    let kind = |e: &Effect| match e {
        Effect::Store(Record::Event(event)) if event.kind.starts_with("budget.") => Some(event.kind),
        _ => None,
    };
    effects.iter().filter_map(kind).collect()
}

fn ends_somebody(effects: &[Effect]) -> bool {
    effects
        .iter()
        .any(|e| matches!(e, Effect::Signal { .. } | Effect::AskToExit { .. } | Effect::RemovePane { .. }))
}

#[test]
fn ten_agents_and_a_budget_for_three_turns() {
    let mut driven = Driven::with(&NAMES, per_day(usd(300)));
    let sent: Vec<&str> = NAMES.into_iter().filter(|a| driven.sends(a).is_ok()).collect();
    assert_eq!(sent, ["a", "b", "c"], "nothing is known: a third of the limit each");
    let refused = driven.sends("d").unwrap_err();
    assert!(refused.to_string().contains("swarm per day"), "{refused}");
    let mut effects = Vec::new();
    for agent in &sent {
        effects.extend(driven.turn(agent, cents(110)));
    }
    assert_eq!(
        events(&effects).iter().filter(|k| **k == "budget.held").count(),
        10,
        "{:?}",
        events(&effects)
    );
    assert!(!ends_somebody(&effects));
    for agent in NAMES {
        let hold = driven.agent(agent).hold.clone().unwrap();
        assert_eq!(
            (hold.by.as_str(), hold.reason.as_str()),
            ("budget", "swarm per day: $3.30 of $3.00 (110 %)")
        );
        assert!(driven.sends(agent).is_err());
    }
    let answer = driven.ask(Request::Resume(target("a")));
    assert_eq!(replied(&answer), Some(Err(11)), "only more budget lets it go");
    let effects = driven.ask(extend(usd(300)));
    assert!(events(&effects).contains(&"budget.extended") && events(&effects).contains(&"budget.eased"));
    assert!(NAMES.iter().all(|a| driven.held(a).is_none()));
    // A turn is known to cost 1.10 by now: two fit into the 2.70 that are left.
    assert_eq!(NAMES.into_iter().filter(|a| driven.sends(a).is_ok()).count(), 2);
}

#[test]
fn extending_lets_go_only_whom_that_budget_holds() {
    let mut config = config(&["a", "b", "c"]);
    config.budget = Some(per_day(usd(100)));
    config.agents[1].budget = Some(Budget { total: usd(50), ..Budget::default() });
    let mut driven = Driven::up_with(config);
    driven.read(standings(Vec::new()));
    driven.ask(Request::Hold(HoldRequest { target: target("c"), reason: "lunch".into() }));
    driven.turn("b", cents(120));
    assert_eq!(
        (driven.held("a"), driven.held("b"), driven.held("c")),
        (Some("budget"), Some("budget"), Some("human"))
    );
    driven.ask(extend(usd(500)));
    assert_eq!((driven.held("a"), driven.held("b"), driven.held("c")), (None, Some("budget"), Some("human")));
    let reason = &driven.agent("b").hold.as_ref().unwrap().reason;
    assert_eq!(reason, "b in total: $1.20 of $0.50 (240 %)");
}

#[test]
fn warnings_come_once_and_dispatch_stops_before_the_hold() {
    let mut driven = Driven::with(&["a", "b"], per_day(usd(100)));
    driven.says("a", Status::Working);
    let (mut seen, mut told) = (Vec::new(), Vec::new());
    for amount in [10, 50, 60, 80, 95, 96, 100, 110] {
        let effects = driven.bill("a", cents(amount));
        seen.extend(events(&effects));
        told.extend(effects.into_iter().filter_map(|effect| match effect {
            Effect::NotifyBudget { text, .. } => Some(text),
            _ => None,
        }));
    }
    assert_eq!(
        told,
        [
            "swarm per day: $0.50 of $1.00 (50 %)",
            "swarm per day: $0.80 of $1.00 (80 %)",
            "swarm per day: $0.95 of $1.00 (95 %): nothing new is handed to its agents",
            "swarm per day: $1.00 of $1.00 (100 %): its agents are held",
        ]
    );
    assert_eq!(
        seen,
        ["budget.warned", "budget.warned", "budget.dispatch_stopped", "budget.reached", "budget.held"],
        "b is idle and held at once"
    );
    assert_eq!((driven.held("a"), driven.held("b")), (None, Some("budget")), "a is held when its turn ends");
    assert_eq!(events(&driven.rests("a")), ["budget.held"]);
}

#[test]
fn nothing_is_typed_into_an_agent_that_no_budget_has_room_for() {
    let mut driven = Driven::with(&["a", "b"], per_day(usd(100)));
    let typed = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Submit { .. })).count();
    let send = |to: &str| {
        let to = vec![Address::Agent(to.parse().unwrap())];
        let text = "go on".to_owned();
        Request::Send(SendText { swarm: swarm(), to, text, fill: false, now: false, idem_key: None })
    };
    driven.rests("a");
    driven.rests("b");
    driven.bill("a", cents(50));
    assert_eq!(typed(&driven.ask(send("a"))), 1);
    // What that turn is expected to take is set aside, and leaves no room for another.
    assert_eq!(typed(&driven.ask(send("b"))), 0);
    let (number, at) = (0, at(driven.clock));
    let blocked = crate::delivery::Receipt::refused(Outcome::Blocked, Why::Human, at);
    let effects = driven.event(EventKind::Submitted { delivery: number, receipt: Box::new(blocked) });
    assert_eq!(typed(&effects), 1, "it does not begin: what was set aside is free");
    driven.bill("a", cents(95));
    driven.rests("b");
    driven.clock += 100;
    assert_eq!(typed(&driven.event(EventKind::Tick)), 0, "at 95 % nothing is handed out");
    assert!(driven.agent("a").hold.is_none());
    assert_eq!(typed(&driven.ask(extend(usd(500)))), 1);
}

#[test]
fn a_turn_is_interrupted_only_when_it_is_proven_to_run() {
    let mut driven = Driven::with(&["a", "b"], per_day(usd(100)));
    let interrupts = |effects: &[Effect]| {
        effects.iter().filter(|e| matches!(e, Effect::Interrupt { op: Op::OURS, .. })).count()
    };
    driven.says("a", Status::Working);
    assert_eq!(interrupts(&driven.bill("a", cents(119))), 0);
    let effects = driven.bill("a", cents(120));
    assert_eq!(interrupts(&effects), 1);
    assert_eq!(interrupts(&driven.bill("a", cents(125))), 0, "not twice for the same");
    let again = driven.state.next_wake().unwrap();
    driven.clock = again.as_second() - at(0).as_second();
    assert_eq!(interrupts(&driven.event(EventKind::Tick)), 1, "once more when it goes on");
    driven.clock += 100;
    assert_eq!(interrupts(&driven.event(EventKind::Tick)), 0);
    assert_eq!(interrupts(&driven.says("b", Status::Waiting)), 0, "a prompt is nobody's turn to interrupt");
    assert!(!ends_somebody(&driven.event(EventKind::Tick)));
}

#[test]
fn a_restart_neither_trips_nor_resets_and_tells_nothing_twice() {
    let mut driven = Driven::with(&["a", "b"], per_day(usd(100)));
    let effects = driven.turn("a", cents(110));
    let kept: Vec<Kept> = effects
        .iter()
        .filter_map(|e| match e {
            Effect::Store(Record::Budget { kept, .. }) => Some(kept.clone()),
            _ => None,
        })
        .collect();
    // The monitor is killed; another one reads what was booked.
    let saved =
        Standings { spent: vec![spent_by("a", cents(110))], ..standings(vec![kept.last().unwrap().clone()]) };
    let mut config = config(&["a", "b"]);
    config.budget = Some(per_day(usd(100)));
    let hold = driven.agent("a").hold.clone();
    let agents = ["a", "b"].map(|name| SavedAgent {
        agent: name.parse().unwrap(),
        instance: driven.agent(name).instance.clone().unwrap(),
        ended: false,
        why: None,
        asleep: None,
        resumed: false,
        restarts: 0,
        adopted: false,
        usage: Usage::default(),
        status: None,
        hold: hold.clone(),
    });
    let rebuilt = SavedSwarm { config, session: Some(SessionId(1)), agents: agents.to_vec() };
    let mut second = Driven::new();
    let effects = second.event(EventKind::Rebuilt(vec![rebuilt]));
    assert!(effects.iter().any(|e| matches!(e, Effect::ReadBudgets(_))));
    assert_eq!(second.held("a"), Some("budget"), "held while the ledger is being read");
    assert!(second.sends("b").is_err(), "nothing is sent before it is known what was spent");
    assert_eq!(events(&second.read(saved.clone())), [""; 0]);
    assert_eq!((second.held("a"), second.held("b")), (Some("budget"), Some("budget")));
    // An agent's restart makes another incarnation: the bills stay.
    assert_eq!(events(&second.bill("a", cents(110))), [""; 0]);
    // The next day begins with nothing.
    let effects = second.event(EventKind::Spent {
        swarm: swarm(),
        agent: "a".parse().unwrap(),
        spent: vec![AgentSpent { day: Amount::default(), ..spent_by("a", cents(110)) }],
        day_ms: at(80_000).as_millisecond(),
        up_ms: at(0).as_millisecond(),
    });
    assert!(events(&effects).contains(&"budget.eased"), "{:?}", events(&effects));
    assert_eq!((second.held("a"), second.held("b")), (None, None));
}

#[test]
fn an_agent_can_never_extend_a_budget() {
    let mut driven = Driven::with(&["a"], per_day(usd(100)));
    let inside = Caller { ancestry: vec![4711, 100, 1], ..Caller::default() };
    assert_eq!(replied(&driven.ask_as(extend(usd(100)), inside)), Some(Err(11)));
    let unknown = Caller { inside: Some("a".into()), ..Caller::default() };
    assert_eq!(replied(&driven.ask_as(extend(usd(100)), unknown)), Some(Err(11)));
    let day = Key { scope: Scope::Swarm, stretch: Stretch::Day };
    let limit = driven.state.swarms[&swarm()].purse.account(&day).unwrap().allowed();
    assert_eq!(limit, usd(100));
    let tokens = Limit { tokens: Some(5), ..Limit::default() };
    assert_eq!(replied(&driven.ask(extend(tokens))), Some(Err(2)), "that budget limits no tokens");
}

#[test]
fn time_limits_are_reached_by_the_clock_alone() {
    let minute = Limit { wall_clock_seconds: Some(60), ..Limit::default() };
    let mut driven = Driven::with(&["a", "b"], Budget { turn: minute, ..Budget::default() });
    driven.says("a", Status::Working);
    let mut seen = Vec::new();
    while let Some(wake) = driven.state.next_wake().filter(|wake| *wake < at(1000)) {
        driven.clock = wake.as_second() - at(0).as_second();
        assert_eq!(at(driven.clock), wake);
        let effects = driven.event(EventKind::Tick);
        seen.extend(events(&effects).into_iter().map(|kind| (driven.clock, kind)));
        assert!(seen.len() < 20, "{seen:?}");
    }
    assert_eq!(
        seen,
        [
            (30, "budget.warned"),
            (48, "budget.warned"),
            (57, "budget.dispatch_stopped"),
            (60, "budget.reached"),
            (72, "budget.exceeded"),
            (72, "budget.interrupted"),
            (87, "budget.interrupted"),
        ]
    );
    driven.rests("a");
    assert_eq!((driven.held("a"), driven.held("b")), (Some("budget"), None));
}

#[test]
fn working_time_of_several_agents_adds_up() {
    let minute = Limit { wall_clock_seconds: Some(100), ..Limit::default() };
    let mut driven = Driven::with(&["a", "b"], per_day(minute));
    driven.says("a", Status::Working);
    driven.says("b", Status::Working);
    assert_eq!(driven.state.next_wake(), Some(at(25)), "two clocks reach 50 s after 25");
    driven.clock = 25;
    assert_eq!(events(&driven.event(EventKind::Tick)), ["budget.warned"]);
    driven.rests("b");
    assert_eq!(driven.clock, 28);
    assert_eq!(driven.state.next_wake(), Some(at(33)), "b's turn is settled then");
    driven.clock = 33;
    driven.event(EventKind::Tick);
    assert_eq!(driven.state.next_wake(), Some(at(52)));
    driven.clock = 52;
    let effects = driven.event(EventKind::Tick);
    assert_eq!(events(&effects), ["budget.warned"], "28 + 52 seconds");
}

#[test]
fn a_promise_that_is_not_kept_gives_back_what_it_reserved() {
    let mut driven = Driven::with(&["a", "b", "c", "d"], per_day(usd(300)));
    assert!(["a", "b", "c"].iter().all(|a| driven.sends(a).is_ok()));
    assert!(driven.sends("d").is_err());
    assert!(driven.sends("a").is_ok(), "what is reserved for it may be used");
    driven.purse().cancel("a");
    assert!(driven.sends("d").is_ok());
    driven.clock = 61;
    driven.event(EventKind::Tick);
    assert!(["a", "b", "c"].iter().all(|a| driven.sends(a).is_ok()));
}

#[test]
fn first_prompts_wait_for_room_and_are_given_then() {
    let mut config = config(&["a", "b", "c", "d"]);
    for agent in &mut config.agents {
        agent.prompt = Some("go".into());
    }
    config.budget = Some(per_day(usd(300)));
    let mut driven = Driven::new();
    let up = crate::protocol::Up { config, env: BTreeMap::new(), only: Vec::new(), size: None };
    driven.ask(Request::Up(Box::new(up)));
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    let effects = driven.event(EventKind::SessionReady { op: Op(1), swarm: swarm(), session });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Build { .. })), "the ledger was not read yet");
    let effects = driven.read(standings(Vec::new()));
    let orders =
        effects.iter().find_map(|e| if let Effect::Build { orders, .. } = e { Some(orders) } else { None });
    let prompts: Vec<bool> = orders.unwrap().iter().map(StartOrder::prompts).collect();
    assert_eq!(prompts, [true, true, true, false]);
    let placed = (0..4).map(|n| {
        let outcome = Ok(super::tests::started(PaneId(n), 100 + n));
        (NAMES[n as usize].parse().unwrap(), outcome)
    });
    driven.event(EventKind::Built { swarm: swarm(), placed: placed.collect() });
    assert!(
        driven.agent("d").hold.as_ref().unwrap().reason.starts_with("the first prompt waits: swarm per day")
    );
    let seen = || Box::new(Seen { composer_empty: true, ..Seen::default() });
    driven.says("d", Status::Idle);
    driven.event(EventKind::Screen { pane: PaneId(3), seen: seen() });
    let effects = driven.turn("a", cents(10));
    // Another three could go now; d goes by starting anew, with its prompt.
    let asked = effects.iter().any(|e| matches!(e, Effect::AskToExit { pane: PaneId(3), .. }));
    assert!(asked && driven.held("d").is_none(), "{effects:?}");
    let effects = driven.dies(3, 0);
    assert!(effects.iter().any(|e| matches!(e, Effect::Start(order) if order.prompt)), "{effects:?}");
}

#[test]
fn a_ledger_that_cannot_be_read_stops_dispatch_and_is_tried_again() {
    let mut config = config(&["a"]);
    config.budget = Some(per_day(usd(100)));
    let mut driven = Driven::up_with(config);
    let read = Err("the disk failed".to_owned());
    driven.event(EventKind::BudgetsRead { swarm: swarm(), read });
    assert!(driven.sends("a").unwrap_err().reason.contains("the disk failed"));
    assert_eq!(driven.held("a"), None, "nobody is held for it");
    driven.clock = 5;
    assert_eq!(driven.state.next_wake(), Some(at(5)));
    assert!(driven.event(EventKind::Tick).iter().any(|e| matches!(e, Effect::ReadBudgets(_))));
    driven.read(standings(Vec::new()));
    assert!(driven.sends("a").is_ok());
}

fn of_swarm(driven: &mut Driven) -> Amount {
    let key = Key { scope: Scope::Swarm, stretch: Stretch::Day };
    driven.event(EventKind::Tick);
    driven.purse().account(&key).unwrap().spent
}

#[test]
fn another_name_or_role_spends_nothing_twice() {
    let mut config = config(&["a", "b"]);
    config.budget = Some(per_day(usd(1000)));
    config.agents[0].added = true;
    let mut driven = Driven::up_with(config);
    driven.read(standings(Vec::new()));
    driven.bill("a", cents(40));
    driven.event(EventKind::Spent {
        swarm: swarm(),
        agent: "a".parse().unwrap(),
        spent: vec![AgentSpent { role: Some("coder".into()), ..spent_by("a", cents(50)) }],
        day_ms: at(-1000).as_millisecond(),
        up_ms: at(0).as_millisecond(),
    });
    assert_eq!(of_swarm(&mut driven).usd, cents(50).usd, "it has another role by now");
    // The store has all of it under the new name.
    let rename = crate::protocol::Rename { target: target("a"), to: "c".parse().unwrap() };
    assert_eq!(replied(&driven.ask(Request::Rename(rename))), Some(Ok(())));
    driven.read(Standings { spent: vec![spent_by("c", cents(50))], ..standings(Vec::new()) });
    assert_eq!(of_swarm(&mut driven).usd, cents(50).usd);
}

#[test]
fn who_is_removed_leaves_no_turn_and_no_hold() {
    let time = Limit { wall_clock_seconds: Some(1000), ..Limit::default() };
    let mut driven = Driven::with(&["a", "b"], per_day(time));
    driven.says("b", Status::Working);
    driven.ask(Request::Hold(HoldRequest { target: target("b"), reason: "lunch".into() }));
    driven.clock += 10;
    let mut effects = driven.ask(Request::Remove(target("b")));
    effects.extend(driven.dies(1, 0));
    assert!(driven.state.agent(&swarm(), &"b".parse().unwrap()).is_none());
    let ended = effects.iter().any(|e| match e {
        Effect::Store(Record::Work { work, .. }) => work.agent == "b" && work.ended_ms.is_some(),
        _ => false,
    });
    let let_go = effects.iter().any(|e| matches!(e, Effect::Store(Record::Hold { hold: None, .. })));
    assert!(ended && let_go, "{effects:#?}");
    driven.clock += 900;
    assert!(of_swarm(&mut driven).wall_ms <= 10_000, "nobody works any more");
}

#[test]
fn a_budget_that_is_no_more_holds_nobody() {
    let mut driven = Driven::with(&["a"], per_day(usd(100)));
    driven.turn("a", cents(120));
    assert_eq!(driven.held("a"), Some("budget"));
    let up =
        crate::protocol::Up { config: config(&["a"]), env: BTreeMap::new(), only: Vec::new(), size: None };
    let effects = driven.ask(Request::Up(Box::new(up)));
    let op = effects.iter().find_map(|e| match e {
        Effect::EnsureSession { op, .. } => Some(*op),
        _ => None,
    });
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    driven.event(EventKind::SessionReady { op: op.unwrap(), swarm: swarm(), session });
    assert_eq!(driven.held("a"), None);
}

#[test]
fn a_new_day_is_read_where_something_is_limited() {
    let mut driven = Driven::with(&["a"], per_day(usd(100)));
    let reads = |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::ReadBudgets(_)));
    assert!(reads(&driven.event(EventKind::NewDay)));
    let mut free = Driven::up(&["a"]);
    assert!(!reads(&free.event(EventKind::NewDay)));
}
