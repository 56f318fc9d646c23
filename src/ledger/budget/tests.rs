use super::*;
use proptest::prelude::*;

fn usd(dollars: u64) -> Limit {
    Limit { usd_pico: Some(dollars * 1_000_000_000_000), ..Limit::default() }
}

fn spent(cents: i64) -> Amount {
    Amount { usd: Usd(cents * 10_000_000_000), ..Amount::default() }
}

fn swarm_day() -> Key {
    Key { scope: Scope::Swarm, stretch: Stretch::Day }
}

#[test]
fn thresholds_ask_for_ever_more() {
    let at = |cents| standing(&usd(1), &spent(cents), &Thresholds::default());
    let expected = [
        (49, Action::None, None),
        (50, Action::Warn, Some(50)),
        (80, Action::Warn, Some(80)),
        (95, Action::StopDispatch, Some(95)),
        (100, Action::Hold, Some(95)),
        (119, Action::Hold, Some(95)),
        (120, Action::Interrupt, Some(95)),
    ];
    for (cents, action, warned) in expected {
        assert_eq!((at(cents).action, at(cents).warned), (action, warned), "{cents} %");
    }
    assert_eq!(standing(&Limit::default(), &spent(1_000_000), &Thresholds::default()), Standing::default());
    assert_eq!(standing(&usd(0), &spent(0), &Thresholds::default()).action, Action::Interrupt);
}

#[test]
fn the_tightest_measure_decides() {
    let limit = Limit { usd_pico: usd(1).usd_pico, tokens: Some(1000), wall_clock_seconds: Some(60) };
    let amount = Amount { usd: spent(10).usd, tokens: 500, wall_ms: 58_000 };
    let standing = standing(&limit, &amount, &Thresholds::default());
    assert_eq!((standing.measure, standing.percent), (Some(Measure::WallClock), Some(96)));
}

fn one(key: Key, limit: Limit) -> Budgets {
    let mut budgets = Budgets::default();
    budgets.configure([(key, limit, Thresholds::default())]);
    budgets
}

fn reserve(budgets: &mut Budgets, who: &str, claim: Claim) -> Result<(), Refusal> {
    budgets.check(&claim)?;
    budgets.reserve(who, claim);
    Ok(())
}

#[test]
fn each_threshold_is_told_once_and_a_restart_tells_nothing_new() {
    let mut budgets = one(swarm_day(), usd(1));
    let first = budgets.observe(&swarm_day(), spent(60)).unwrap();
    assert_eq!(first.now.warned, Some(50));
    assert_eq!(budgets.observe(&swarm_day(), spent(60)), None, "read again");
    assert_eq!(budgets.observe(&swarm_day(), spent(79)), None);
    assert_eq!(budgets.observe(&swarm_day(), spent(101)).unwrap().now.action, Action::Hold);
    budgets.configure([(swarm_day(), usd(1), Thresholds::default())]);
    assert_eq!(budgets.observe(&swarm_day(), spent(101)), None, "the same configuration again");
    budgets.extend(&swarm_day(), &usd(1));
    let freed = budgets.observe(&swarm_day(), spent(101)).unwrap();
    assert_eq!((freed.before.action, freed.now.action), (Action::Hold, Action::Warn));
    assert_eq!(budgets.observe(&swarm_day(), spent(0)).unwrap().now.action, Action::None, "the next day");
}

/// Ten agents at the same time, a budget that allows three turns.
#[test]
fn agents_working_at_the_same_time_cannot_overshoot_together() {
    let mut budgets = one(swarm_day(), usd(3));
    let claim = || vec![(swarm_day(), spent(100))];
    let sent: Vec<_> = (0..10).map(|n| reserve(&mut budgets, &n.to_string(), claim())).collect();
    assert_eq!(sent.iter().filter(|r| r.is_ok()).count(), 3);
    let refusal = sent[3].as_ref().unwrap_err();
    assert_eq!((refusal.measure, refusal.percent), (Measure::Usd, 100));
    for n in 0..3 {
        budgets.settle(&n.to_string());
        budgets.settle(&n.to_string());
        budgets.observe(&swarm_day(), spent(110 * (n + 1)));
    }
    assert_eq!(budgets.strictest(&[swarm_day()]).unwrap().1.action, Action::Hold);
    assert!(budgets.check(&vec![(swarm_day(), spent(1))]).is_err());
    budgets.extend(&swarm_day(), &usd(3));
    assert!(budgets.check(&claim()).is_ok());
}

#[test]
fn a_refusal_reserves_nothing_anywhere() {
    let agent = Key { scope: Scope::Agent("a".into()), stretch: Stretch::Total };
    let mut budgets = Budgets::default();
    budgets.configure([
        (agent.clone(), usd(10), Thresholds::default()),
        (swarm_day(), usd(1), Thresholds::default()),
    ]);
    // Beside others; alone it may begin.
    reserve(&mut budgets, "b", vec![(swarm_day(), spent(10))]).unwrap();
    let both = vec![(agent.clone(), spent(200)), (swarm_day(), spent(200))];
    assert!(Budgets::default().check(&both).is_ok());
    assert_eq!(reserve(&mut budgets, "a", both).unwrap_err().key, swarm_day());
    assert_eq!(budgets.account(&agent).unwrap().reserved, Amount::default());
    assert!(reserve(&mut budgets, "a", vec![(agent, spent(900))]).is_ok());
}

#[test]
fn thresholds_that_are_nought_never_come() {
    let never = Thresholds { warn: vec![], stop_dispatch: 0, hold: 0, interrupt: 0 };
    assert_eq!(standing(&usd(1), &spent(500), &never).action, Action::None);
    assert_eq!(never.next_above(0), None);
    let default = Thresholds::default();
    assert_eq!(default.next_above(40), Some((50, Action::Warn)));
    assert_eq!(default.next_above(94), Some((95, Action::StopDispatch)));
    assert_eq!(default.next_above(119), Some((120, Action::Interrupt)));
    assert_eq!(default.next_above(120), None);
}

#[test]
fn an_estimate_is_the_dearer_of_experience_and_context() {
    let recent: Vec<Amount> = (1..=100).map(spent).collect();
    assert_eq!(estimate(&recent, spent(0)).usd, spent(99).usd);
    assert_eq!(estimate(&recent, spent(500)).usd, spent(500).usd);
    assert_eq!(estimate(&[], spent(3)).usd, spent(3).usd);
}

proptest! {
    /// Whatever the order of reserving and settling: what is admitted never exceeds the limit, but for one that began alone.
    #[test]
    fn admitted_work_stays_within_the_limit(steps in proptest::collection::vec((0_i64..200, any::<bool>()), 1..60)) {
        let mut budgets = one(swarm_day(), usd(5));
        let (mut open, mut total) = (Vec::new(), 0);
        for (n, (cents, settle)) in steps.into_iter().enumerate() {
            if settle && let Some((who, cents)) = open.pop() {
                let who: String = who;
                budgets.settle(&who);
                total += cents;
                budgets.observe(&swarm_day(), spent(total));
            } else if reserve(&mut budgets, &n.to_string(), vec![(swarm_day(), spent(cents))]).is_ok() {
                open.push((n.to_string(), cents));
            }
            let promised: i64 = open.iter().map(|(_, c)| c).sum();
            let many = open.iter().filter(|(_, cents)| *cents > 0).count() > 1;
            prop_assert!(total + promised <= 500 || !many);
        }
    }
}
