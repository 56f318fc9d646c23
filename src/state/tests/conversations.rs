//! Which conversation an agent goes on with, and what runs after it.

use super::*;

/// Starts a swarm again after its session was lost; the orders that come of it.
fn up_again(driven: &mut Driven, config: Config) -> Vec<StartOrder> {
    driven.event(EventKind::TmuxLost);
    let up = Up { config, env: BTreeMap::new(), only: Vec::new(), size: None };
    driven.ask(Request::Up(Box::new(up)));
    let op = Op(driven.next_op);
    let session =
        event::Session { id: SessionId(2), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    let effects = driven.event(EventKind::SessionReady { op, swarm: swarm(), session });
    let orders = effects.into_iter().filter_map(|e| match e {
        Effect::Build { orders, .. } => Some(orders),
        _ => None,
    });
    orders.flatten().collect()
}

fn conversing(names: &[&str]) -> Config {
    let mut config = config(names);
    for spec in &mut config.agents {
        spec.profile = "claude".into();
        spec.prompt = Some("begin".into());
        spec.command = None;
    }
    config
}

#[test]
fn after_a_lost_server_known_conversations_go_on_and_the_others_wait_for_a_person() {
    let config = conversing(&["known", "lost"]);
    let mut driven = Driven::up_with(config.clone());
    driven.event(EventKind::Conversation { pane: PaneId(0), session: "0198c0de-aaaa".into() });
    let orders = up_again(&mut driven, config);
    let [known, lost] = &orders[..] else { panic!("{orders:?}") };
    assert_eq!(known.resume.as_deref(), Some("0198c0de-aaaa"));
    assert_eq!(known.about.as_deref(), Some("resumes its conversation 0198c0de"));
    assert_eq!((known.doubt.as_ref(), known.prompt), (None, false));
    assert_eq!(
        (lost.resume.as_ref(), lost.prompt),
        (None, false),
        "it does not begin a second time by itself"
    );
    assert!(lost.about.as_deref().unwrap().contains("the last one is not known"), "{lost:?}");
    let doubt = lost.doubt.clone();
    let placed = vec![
        ("known".parse().unwrap(), Ok(started(PaneId(10), 200))),
        ("lost".parse().unwrap(), Ok(Started { doubt, ..started(PaneId(11), 201) })),
    ];
    let effects = driven.event(EventKind::Built { swarm: swarm(), placed });
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Store(Record::Hold { hold: Some(_), .. }))),
        "{effects:?}"
    );
    assert_eq!(driven.agent("known").hold, None);
    let hold = driven.agent("lost").hold.clone().unwrap();
    assert!(hold.by == "swarm" && hold.reason.contains("without its first prompt"), "{hold:?}");
}

#[test]
fn an_agent_that_ends_as_it_resumes_gets_a_new_conversation_and_waits() {
    let mut config = conversing(&["a"]);
    config.agents[0].restart = Restart::OnFailure;
    let mut driven = Driven::up_with(config);
    driven.event(EventKind::Conversation { pane: PaneId(0), session: "0198c0de-aaaa".into() });
    driven.dies(0, 1);
    driven.clock += 2;
    let resumed = |effects: &[Effect]| {
        effects.iter().find_map(|e| if let Effect::Start(order) = e { Some(order.clone()) } else { None })
    };
    let order = resumed(&driven.event(EventKind::Tick)).unwrap();
    assert!(order.resume.is_some() && order.doubt.is_none(), "{order:?}");
    let again = Started { session: order.resume.clone(), ..started(PaneId(0), 101) };
    driven.event(EventKind::Started { swarm: swarm(), agent: "a".parse().unwrap(), outcome: Ok(again) });
    driven.dies(0, 1);
    driven.clock += 4;
    let order = resumed(&driven.event(EventKind::Tick)).unwrap();
    assert_eq!((order.resume.as_ref(), order.prompt), (None, false), "{order:?}");
    assert!(order.doubt.unwrap().contains("could not be resumed"));
}

#[test]
fn what_runs_after_an_agent_knows_how_it_ended() {
    let mut config = config(&["a"]);
    config.agents[0].after_exit = vec!["true".into()];
    let mut driven = Driven::up_with(config);
    let effects = driven.dies(0, 7);
    let ended =
        effects.iter().find_map(|e| if let Effect::AfterExit(ended) = e { Some(ended) } else { None });
    assert_eq!(ended.map(|e| (e.instance.as_str(), e.status, e.signal)), Some(("i100", Some(7), None)));
    // Once.
    assert!(!driven.dies(0, 7).iter().any(|e| matches!(e, Effect::AfterExit(_))));
}
