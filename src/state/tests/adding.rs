//! Agents that join, are refused, or are ended while they are being started.

use super::*;

fn add(name: &str) -> Request {
    let mut spec = AgentSpec::new(name.parse().unwrap(), "shell", "/tmp");
    spec.added = true;
    Request::Add(Box::new(crate::protocol::Add { swarm: swarm(), spec, env: BTreeMap::new(), size: None }))
}

pub(super) fn refusal(effects: &[Effect]) -> Option<&str> {
    effects.iter().find_map(|e| match e {
        Effect::Reply(_, Err(error)) => Some(error.message.as_str()),
        _ => None,
    })
}

/// What `swarm add` sets going, up to the process in the pane that was made, or why there is none.
fn place(driven: &mut Driven, name: &str, place: Result<u32, &str>) -> Vec<Effect> {
    let op = Op(driven.next_op);
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    let effects = driven.event(EventKind::SessionReady { op, swarm: swarm(), session });
    assert!(
        effects.iter().any(|e| matches!(e, Effect::Build { plan, .. } if plan.len() == 1)),
        "{effects:?}"
    );
    let outcome = place.map(|n| started(PaneId(n), 200)).map_err(str::to_owned);
    driven.event(EventKind::Built { swarm: swarm(), placed: vec![(name.parse().unwrap(), outcome)] })
}

#[test]
fn an_added_agent_joins_is_kept_by_up_and_made_again() {
    let mut driven = Driven::up(&["one"]);
    assert!(matches!(driven.ask(add("two")).last().unwrap(), Effect::EnsureSession { .. }));
    assert!(refusal(&driven.ask(add("three"))).unwrap().contains("another agent, right now"));
    driven.next_op -= 1;
    let effects = place(&mut driven, "two", Ok(5));
    assert!(effects.iter().any(|e| matches!(e, Effect::ReplyFollowed { .. })), "{effects:?}");
    assert!(refusal(&driven.ask(add("two"))).unwrap().contains("has an agent `two` already"));
    // It is lost with its pane; `up` with a file that does not name it makes it again all the same.
    driven.event(EventKind::TmuxLost);
    let up = Up { config: config(&["one"]), env: BTreeMap::new(), only: Vec::new(), size: None };
    driven.ask(Request::Up(Box::new(up)));
    let op = Op(driven.next_op);
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    let effects = driven.event(EventKind::SessionReady { op, swarm: swarm(), session });
    let names: Vec<_> = effects
        .iter()
        .filter_map(|e| if let Effect::Build { plan, .. } = e { Some(plan) } else { None })
        .flatten()
        .flat_map(|p| &p.agents)
        .map(AgentName::as_str)
        .collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn one_that_is_removed_before_it_has_come_up_keeps_nobody_waiting() {
    let mut driven = Driven::up(&["one"]);
    driven.ask(add("two"));
    let added = Op(driven.next_op);
    let effects = driven.ask(Request::Remove(target("two")));
    let answered = |e: &Effect| matches!(e, Effect::ReplyFollowed { op, answer, .. } if *op == added && answer["agents"][0]["step"] == "failed");
    assert!(effects.iter().any(answered), "{effects:?}");
    // The session that was asked for is there now, and the next one is added.
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    driven.event(EventKind::SessionReady { op: added, swarm: swarm(), session });
    assert!(refusal(&driven.ask(add("three"))).is_none());
}

#[test]
fn an_agent_that_cannot_be_added_leaves_nothing() {
    let mut driven = Driven::up(&["one"]);
    driven.ask(add("two"));
    let effects = place(&mut driven, "two", Err("no space for new pane"));
    assert!(effects.iter().any(|e| matches!(e, Effect::ReplyFollowed { .. })), "the report says it failed");
    assert!(effects.iter().any(|e| matches!(
        e,
        Effect::Store(Record::SwarmUp { config, .. }) if config.agents.len() == 1
    )));
    assert!(driven.state.agent(&swarm(), &"two".parse().unwrap()).is_none());
    driven.ask(add("two"));
    let (op, error) = (Op(driven.next_op), RpcError::from(&crate::error::Error::failure("no tmux")));
    driven.event(EventKind::SessionFailed { op, swarm: swarm(), error });
    assert!(driven.state.agent(&swarm(), &"two".parse().unwrap()).is_none());
    assert!(driven.state.agent(&swarm(), &"one".parse().unwrap()).is_some());
}

#[test]
fn an_agent_of_a_profile_nobody_knows_is_refused() {
    let mut driven = Driven::up(&["one"]);
    let Request::Add(mut request) = add("two") else { unreachable!() };
    request.spec.profile = "nothing".into();
    assert!(refusal(&driven.ask(Request::Add(request))).unwrap().contains("no profile `nothing`"));
}

/// What is asked of an agent while tmux is making its process happens as soon as that is there.
#[test]
fn an_agent_may_be_ended_while_it_is_being_started() {
    let restarting = || {
        let mut driven = Driven::up(&["one"]);
        driven.ask(Request::Restart(crate::protocol::Restart { target: target("one"), fresh: true }));
        let fact = ProcessFact::Dead { status: Some(0), signal: None };
        driven.event(EventKind::Process { pane: PaneId(0), fact });
        assert!(driven.agent("one").is_busy_starting());
        driven
    };
    let signals =
        |effects: &[Effect]| effects.iter().any(|e| matches!(e, Effect::Signal { kill: false, .. }));
    let mut driven = restarting();
    assert_eq!(refusal(&driven.ask(Request::Kill(target("one")))), None);
    assert!(signals(&driven.start("one", 300)));
    assert!(matches!(driven.agent("one").run, Run::Stopping { then: Then::Stay, .. }));

    let mut driven = restarting();
    assert_eq!(refusal(&driven.ask(Request::Remove(target("one")))), None);
    assert!(signals(&driven.start("one", 300)));
    let dead = ProcessFact::Dead { status: None, signal: Some(15) };
    let effects = driven.event(EventKind::Process { pane: driven.agent("one").pane().unwrap(), fact: dead });
    assert!(effects.iter().any(|e| matches!(e, Effect::RemovePane { .. })), "{effects:?}");
    assert!(driven.state.agent(&swarm(), &"one".parse().unwrap()).is_none());

    // A `down` waits for it.
    let mut driven = restarting();
    driven.ask(Request::Down(Down { swarm: swarm(), force: true }));
    assert!(driven.state.agent(&swarm(), &"one".parse().unwrap()).is_some());
    let outcome = Err("the program is gone".to_owned());
    let started = EventKind::Started { swarm: swarm(), agent: "one".parse().unwrap(), outcome };
    let effects = driven.event(started);
    assert!(effects.iter().any(|e| matches!(e, Effect::EndSession { .. })), "{effects:?}");

    // Changing one's mind.
    let mut driven = restarting();
    driven.ask(Request::Kill(target("one")));
    let again = crate::protocol::Restart { target: target("one"), fresh: true };
    assert_eq!(refusal(&driven.ask(Request::Restart(again))), None);
    assert!(!signals(&driven.start("one", 300)));
    assert_eq!(driven.agent("one").run, Run::Running);
}
