use super::super::tests::{Driven, at, config_of, pane_row, replied, started, swarm, target};
use super::*;
use crate::config::Restart;
use crate::handoff::Draft;
use crate::observe::evidence::{Evidence, ProcessFact};
use crate::protocol::{HandoffRequest, Request, SendText, Up};
use crate::state::{Caller, EventKind, Op, SavedAgent, SavedSwarm, Seen, Usage, event};
use crate::status::{Attention, Reason, Tokens};
use crate::tmux::{PaneId, PaneRow, SessionId};

fn spec(name: &str) -> AgentSpec {
    let mut spec = AgentSpec::new(name.parse().unwrap(), "sim", "/tmp");
    spec.restart = Restart::Always;
    spec
}

/// `a` and `b`, idle, each with a conversation in which something was said.
fn team(change: impl Fn(&mut AgentSpec)) -> Driven {
    let mut specs = vec![spec("a"), spec("b")];
    specs.iter_mut().for_each(change);
    let mut driven = Driven::up_with(config_of(specs));
    for (n, name) in ["a", "b"].into_iter().enumerate() {
        let pane = PaneId(u32::try_from(n).unwrap());
        driven.event(EventKind::Conversation { pane, session: format!("talk-of-{name}") });
        let usage = Usage { tokens: Some(Tokens::default()), ..Usage::default() };
        driven.event(EventKind::Usage { instance: format!("i{}", 100 + n), usage: Box::new(usage) });
        driven.event(screen(pane.0, Status::Idle, driven.clock));
    }
    driven
}

fn screen(pane: u32, status: Status, second: i64) -> EventKind {
    let evidence = vec![Evidence::new(Source::Screen, "composer", at(second)).says(status)];
    let composer_empty = status == Status::Idle;
    EventKind::Screen {
        pane: PaneId(pane),
        seen: Box::new(Seen { evidence, composer_empty, ..Seen::default() }),
    }
}

/// It works no more, and that has settled.
fn rests(driven: &mut Driven, pane: u32) -> Vec<Effect> {
    driven.clock += 5;
    driven.event(screen(pane, Status::Idle, driven.clock));
    driven.clock += 5;
    driven.event(EventKind::Tick)
}

fn rows(driven: &Driven) -> Vec<PaneRow> {
    let row = |(n, name): (u32, &str)| PaneRow {
        agent: name.into(),
        swarm: "shop".into(),
        instance: format!("i{}", 100 + n),
        ..pane_row(PaneId(n))
    };
    let pane = |name: &str| driven.state.agent(&swarm(), &name.parse().ok()?)?.pane();
    ["a", "b"].into_iter().filter_map(|name| Some(row((pane(name)?.0, name)))).collect()
}

/// A person's terminal shows these panes.
fn looks_at(driven: &mut Driven, panes: &[u32]) -> Vec<Effect> {
    let rows = rows(driven);
    driven.event(EventKind::Panes { rows, looked_at: Some(panes.iter().map(|n| PaneId(*n)).collect()) })
}

fn why(effects: &[Effect]) -> String {
    let refused = effects.iter().find_map(|e| match e {
        Effect::Reply(_, Err(error)) => Some(error.message.clone()),
        _ => None,
    });
    refused.unwrap_or_else(|| panic!("not refused: {effects:?}"))
}

/// Event kinds with actor and cause.
fn logged(effects: &[Effect]) -> Vec<(&'static str, String)> {
    let line = |e: &Effect| match e {
        Effect::Store(Record::Event(l)) if !matches!(l.kind, "agent.status" | "agent.terminated") => {
            Some((l.kind, format!("{}: {}", l.actor, l.cause.clone().unwrap_or_default())))
        }
        _ => None,
    };
    effects.iter().filter_map(line).collect()
}

fn order(effects: &[Effect]) -> Option<(Option<PaneId>, Option<String>, bool)> {
    effects.iter().find_map(|e| match e {
        Effect::Start(order) => Some((order.pane, order.resume.clone(), order.prompts())),
        _ => None,
    })
}

fn dismisses(effects: &[Effect]) -> bool {
    effects.iter().any(|e| matches!(e, Effect::Dismiss { pane: PaneId(0), profile, .. } if profile == "sim"))
}

/// Puts `a` to sleep.
fn sleep(driven: &mut Driven) -> Vec<Effect> {
    let effects = driven.ask(Request::Hibernate(target("a")));
    assert!(dismisses(&effects), "{effects:?}");
    assert_eq!(replied(&effects), None, "it is answered when it was asked to leave");
    driven.dies(0, 0)
}

#[test]
fn an_idle_agent_sleeps_without_a_fuss_and_is_woken_with_its_conversation() {
    let mut driven = team(|_| {});
    let effects = sleep(&mut driven);
    let agent = driven.agent("a");
    assert!(agent.is_asleep() && agent.pane() == Some(PaneId(0)) && agent.pid().is_none());
    assert_eq!((agent.attention, agent.run, agent.crashes.len()), (None, Run::Ended, 0));
    let ended = |e: &Effect| matches!(e, Effect::Store(Record::InstanceEnded { reason: Reason::Asleep, .. }));
    assert!(effects.iter().any(ended), "{effects:?}");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Notify { .. })));
    assert_eq!(logged(&effects), [("agent.hibernated", "human: request".to_owned())]);
    assert!(effects.iter().any(|e| matches!(e, Effect::WatchFocus(panes) if panes == &[PaneId(0)])));
    assert_eq!(driven.state.next_wake(), None, "also not by its restart policy");
    // Whoever asks again, or for what it cannot do, is told so.
    assert!(why(&driven.ask(Request::Hibernate(target("a")))).contains("asleep already"));
    assert!(why(&driven.ask(Request::Kill(target("a")))).contains("asleep"));
    let effects = driven.ask(Request::Wake(target("a")));
    assert_eq!(replied(&effects), Some(Ok(())));
    assert_eq!(order(&effects), Some((Some(PaneId(0)), Some("talk-of-a".into()), false)));
    assert_eq!(logged(&effects), [("agent.woken", "human: request".to_owned())]);
    driven.start("a", 200);
    assert_eq!((driven.agent("a").run, driven.agent("a").restarts), (Run::Running, 0));
    assert!(why(&driven.ask(Request::Wake(target("a")))).contains("not asleep"));
}

#[test]
fn only_what_is_proven_idle_and_can_be_had_back_is_put_to_sleep() {
    let refused = |driven: &mut Driven| why(&driven.ask(Request::Hibernate(target("a"))));
    let mut driven = team(|_| {});
    let agent = |driven: &mut Driven, change: &dyn Fn(&mut Agent)| {
        change(driven.state.swarms.get_mut(&swarm()).unwrap().agent_mut(&"a".parse().unwrap()).unwrap());
    };
    agent(&mut driven, &|a| a.seen.composer_empty = false);
    assert!(refused(&mut driven).contains("composer"));
    agent(&mut driven, &|a| (a.seen.composer_empty, a.looked_at) = (true, true));
    assert!(refused(&mut driven).contains("somebody is at its pane"));
    agent(&mut driven, &|a| (a.looked_at, a.usage.tokens) = (false, None));
    assert!(refused(&mut driven).contains("nothing is known to be said"));
    agent(&mut driven, &|a| {
        let source = Some(Source::Transcript);
        a.usage.context = Some(crate::status::ContextUsage { source, ..Default::default() });
    });
    let effects = driven.ask(Request::Hibernate(target("a")));
    assert!(dismisses(&effects), "its transcript holds an answer");
    let mut driven = team(|_| {});
    agent(&mut driven, &|a| (a.resumed, a.instance.as_mut().unwrap().session) = (true, None));
    assert!(refused(&mut driven).contains("conversation is not known"));
    agent(&mut driven, &|a| a.spec.profile = "aider".into());
    assert!(refused(&mut driven).contains("cannot resume"));
    agent(&mut driven, &|a| a.spec.profile = "shell".into());
    assert!(refused(&mut driven).contains("plain command"));

    let mut driven = team(|_| {});
    driven.event(screen(0, Status::Working, 0));
    assert!(refused(&mut driven).contains("it is working, not idle"));
    let draft = Draft::new("a".parse().unwrap(), "look", "at this");
    driven.ask(Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft })));
    rests(&mut driven, 0);
    assert!(refused(&mut driven).contains("a message is being typed"));
    driven.dies(0, 1);
    assert!(refused(&mut driven).contains("does not run"));
    // An agent puts nobody to sleep.
    let inside = Caller { ancestry: vec![4711, 101, 1], ..Caller::default() };
    for request in [Request::Hibernate(target("b")), Request::Wake(target("b"))] {
        assert!(why(&driven.ask_as(request, inside.clone())).contains("an agent (shop/b) may not do this"));
    }
}

#[test]
fn nothing_is_forced_on_an_agent_that_does_not_leave() {
    let mut driven = team(|_| {});
    let effects = driven.ask(Request::Hibernate(target("a")));
    let op = effects
        .iter()
        .find_map(|e| if let Effect::Dismiss { op, .. } = e { Some(*op) } else { None })
        .unwrap();
    // Its pane was not fit: it stays, and who asked hears why.
    let refused = Some(RpcError::from(&Error::new(Kind::Blocked, "somebody is typing there")));
    let gone = |refused| EventKind::Dismissed { op, target: target("a"), instance: "i100".into(), refused };
    let effects = driven.event(gone(refused.clone()));
    assert_eq!((replied(&effects), driven.agent("a").run), (Some(Err(11)), Run::Running));
    assert_eq!(logged(&effects), [("agent.hibernate_refused", "swarm: somebody is typing there".to_owned())]);
    // It took the keys and works: it is let be. One that does nothing is asked once more, by a signal.
    driven.ask(Request::Hibernate(target("a")));
    assert_eq!(replied(&driven.event(gone(None))), Some(Ok(())));
    driven.event(screen(0, Status::Working, driven.clock));
    driven.clock += 10;
    let effects = driven.event(EventKind::Tick);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Signal { .. })), "{effects:?}");
    assert_eq!(driven.agent("a").run, Run::Running);
    rests(&mut driven, 0);
    // The keys may have to wait for the pane: nothing is signalled before they were typed.
    assert!(dismisses(&driven.ask(Request::Hibernate(target("a")))));
    driven.clock += 10;
    let effects = driven.event(EventKind::Tick);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Signal { .. })), "{effects:?}");
    driven.event(gone(None));
    driven.clock += 10;
    let effects = driven.event(EventKind::Tick);
    assert!(effects.iter().any(|e| matches!(e, Effect::Signal { pid: 100, kill: false, .. })), "{effects:?}");
    driven.clock += 10;
    let effects = driven.event(EventKind::Tick);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Signal { .. })), "never SIGKILL: {effects:?}");
    assert_eq!(logged(&effects), [("agent.hibernate_refused", "swarm: it did not end".to_owned())]);
    // What an answer of long ago says is of another instance.
    driven.dies(0, 0);
    driven.clock += 1;
    driven.event(EventKind::Tick);
    driven.start("a", 200);
    driven.event(gone(refused));
    assert_eq!(driven.agent("a").run, Run::Running);
}

#[test]
fn who_comes_while_it_leaves_is_not_signalled_away() {
    let mut driven = team(|_| {});
    let effects = driven.ask(Request::Hibernate(target("a")));
    let op = effects.iter().find_map(|e| if let Effect::Dismiss { op, .. } = e { Some(*op) } else { None });
    let instance = "i100".into();
    let asked = EventKind::Dismissed { op: op.unwrap(), target: target("a"), instance, refused: None };
    driven.event(asked);
    let draft = Seen { composer_empty: false, ..Seen::default() };
    driven.event(EventKind::Screen { pane: PaneId(0), seen: Box::new(draft) });
    driven.clock += 10;
    let effects = driven.event(EventKind::Tick);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Signal { .. })), "{effects:?}");
    assert_eq!(logged(&effects), [("agent.hibernate_refused", "swarm: somebody is at it".to_owned())]);
}

#[test]
fn two_without_a_pane_are_woken_one_after_the_other() {
    let mut driven = team(|_| {});
    sleep(&mut driven);
    driven.ask(Request::Hibernate(target("b")));
    driven.dies(1, 0);
    assert!(driven.agent("b").is_asleep());
    let row = PaneRow { swarm: "shop".into(), ..pane_row(PaneId(7)) };
    driven.event(EventKind::Panes { rows: vec![row], looked_at: Some(Vec::new()) });
    let to = vec!["a".parse().unwrap(), "b".parse().unwrap()];
    let text = "good morning".into();
    let effects = driven.ask(Request::Send(SendText {
        swarm: swarm(),
        to,
        text,
        now: false,
        fill: false,
        idem_key: None,
    }));
    let sessions = effects.iter().filter(|e| matches!(e, Effect::EnsureSession { .. })).count();
    assert_eq!((sessions, driven.state.ups.len()), (1, 1), "{effects:?}");
}

#[test]
fn a_message_wakes_its_receiver_and_is_typed_once_it_is_idle() {
    let mut driven = team(|_| {});
    sleep(&mut driven);
    let send = SendText {
        swarm: swarm(),
        to: vec!["a".parse().unwrap()],
        text: "good morning".into(),
        now: false,
        fill: false,
        idem_key: None,
    };
    let effects = driven.ask(Request::Send(send.clone()));
    assert_eq!(logged(&effects), [("agent.woken", "swarm: a message waits for it".to_owned())]);
    assert_eq!(order(&effects).unwrap().1.as_deref(), Some("talk-of-a"));
    let note = effects.iter().find_map(|e| match e {
        Effect::ReplyStored(_, Ok(value)) => Some(value.to_string()),
        _ => None,
    });
    assert!(note.as_ref().unwrap().contains("`a` is asleep: it is woken for this"), "{note:?}");
    let submits = |effects: &[Effect]| effects.iter().filter(|e| matches!(e, Effect::Submit { .. })).count();
    assert_eq!(submits(&driven.start("a", 200)), 0, "not before it is idle");
    let effects = driven.event(screen(0, Status::Idle, driven.clock));
    assert_eq!(submits(&effects), 1);
    assert_eq!(submits(&driven.event(screen(0, Status::Idle, driven.clock))), 0);
    // `--now` is for those that run.
    let mut driven = team(|_| {});
    sleep(&mut driven);
    let effects = driven.ask(Request::Send(SendText { now: true, ..send }));
    assert!(order(&effects).is_none(), "{effects:?}");
    // On hold it is sent no work, so nothing wakes it for that.
    driven.ask(Request::Hold(crate::protocol::Hold { target: target("a"), reason: "no".into() }));
    let draft = Draft::new("a".parse().unwrap(), "look", "at this");
    let handoff = Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft }));
    assert!(order(&driven.ask(handoff)).is_none());
    assert!(order(&driven.ask(Request::Resume(target("a")))).is_some(), "but now it does");
}

#[test]
fn what_is_for_a_role_wakes_one_of_it_and_only_where_nobody_is_up() {
    let mut driven = team(|spec| spec.role = Some("coder".into()));
    let write = |driven: &mut Driven| {
        let draft = Draft::new("@coder".parse().unwrap(), "look", "at this");
        driven.ask(Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft })))
    };
    sleep(&mut driven);
    driven.event(screen(1, Status::Working, 0));
    assert!(order(&write(&mut driven)).is_none(), "`b` gets it when it is free");
    let mut driven = team(|spec| spec.role = Some("coder".into()));
    sleep(&mut driven);
    driven.ask(Request::Hibernate(target("b")));
    driven.dies(1, 0);
    let effects = write(&mut driven);
    assert_eq!(effects.iter().filter(|e| matches!(e, Effect::Start(_))).count(), 1, "{effects:?}");
}

#[test]
fn who_goes_to_its_pane_wakes_it_and_who_was_there_all_the_time_does_not() {
    let mut driven = team(|_| {});
    looks_at(&mut driven, &[]);
    sleep(&mut driven);
    assert!(order(&looks_at(&mut driven, &[1])).is_none());
    let effects = looks_at(&mut driven, &[0]);
    assert_eq!(order(&effects).unwrap().1.as_deref(), Some("talk-of-a"));
    assert_eq!(logged(&effects), [("agent.woken", "human: its pane was selected".to_owned())]);
    // A monitor that begins does not know since when it is looked at.
    let mut driven = team(|_| {});
    sleep(&mut driven);
    assert!(order(&looks_at(&mut driven, &[0])).is_none());
    driven.event(EventKind::Panes { rows: Vec::new(), looked_at: None });
    let mut driven = team(|_| {});
    looks_at(&mut driven, &[]);
    // It is on its way out: it comes back as soon as it has left.
    driven.ask(Request::Hibernate(target("a")));
    assert!(order(&looks_at(&mut driven, &[0])).is_none());
    let effects = driven.dies(0, 0);
    assert!(order(&effects).is_some());
    assert_eq!(
        logged(&effects).iter().map(|(kind, _)| *kind).collect::<Vec<_>>(),
        ["agent.hibernated", "agent.woken"]
    );
}

#[test]
fn who_is_idle_and_alone_for_long_is_put_to_sleep() {
    let mut driven = team(|spec| spec.hibernate_after_seconds = (spec.name.as_str() == "a").then_some(1800));
    assert_eq!(driven.state.next_wake(), Some(at(1800)));
    driven.clock = 1799;
    assert!(!dismisses(&driven.event(EventKind::Tick)));
    // Somebody looked at it: it is left alone from then on.
    looks_at(&mut driven, &[0]);
    assert_eq!(driven.state.next_wake(), None, "a timer that cannot do anything does not run");
    driven.clock = 2000;
    assert!(!dismisses(&driven.event(EventKind::Tick)));
    looks_at(&mut driven, &[]);
    assert_eq!(driven.state.next_wake(), Some(at(3800)));
    // What nobody has seen yet stays to be seen.
    driven.state.swarms.get_mut(&swarm()).unwrap().agents[0].attention = Some(Attention::Finished);
    driven.clock = 3800;
    assert!(dismisses(&driven.event(EventKind::Tick)));
    let effects = driven.dies(0, 0);
    assert_eq!(logged(&effects), [("agent.hibernated", "swarm: idle for 30m".to_owned())]);
    assert_eq!(
        (driven.agent("a").attention, driven.agent("b").run),
        (Some(Attention::Finished), Run::Running)
    );
    // A refusal is no reason to try again at once.
    let mut driven = team(|spec| spec.hibernate_after_seconds = (spec.name.as_str() == "a").then_some(60));
    driven.clock = 60;
    driven.event(EventKind::Tick);
    let refused = Some(RpcError::from(&Error::new(Kind::Blocked, "no")));
    let dismissed =
        EventKind::Dismissed { op: Op::OURS, target: target("a"), instance: "i100".into(), refused };
    driven.event(dismissed);
    assert_eq!(driven.state.next_wake(), Some(at(120)));
}

fn up_again(driven: &mut Driven, specs: Vec<AgentSpec>) -> (Vec<Effect>, serde_json::Value) {
    let up = Up { config: config_of(specs), env: BTreeMap::new(), only: Vec::new(), size: None };
    let effects = driven.ask(Request::Up(Box::new(up)));
    let op =
        effects.iter().find_map(|e| if let Effect::EnsureSession { op, .. } = e { Some(*op) } else { None });
    let effects = ready(driven, op.unwrap());
    let report = effects.iter().find_map(|e| match e {
        Effect::ReplyFollowed { answer, .. } => Some(answer.clone()),
        _ => None,
    });
    (effects, report.unwrap_or_default())
}

fn ready(driven: &mut Driven, op: Op) -> Vec<Effect> {
    let session =
        event::Session { id: SessionId(1), rows: rows(driven), windows: BTreeMap::new(), overview: None };
    driven.event(EventKind::SessionReady { op, swarm: swarm(), session })
}

#[test]
fn up_wakes_nobody_and_says_how_to() {
    let mut driven = team(|_| {});
    sleep(&mut driven);
    let (effects, report) = up_again(&mut driven, vec![spec("a"), spec("b")]);
    assert!(order(&effects).is_none(), "{effects:?}");
    assert_eq!(report["agents"][0]["step"], "asleep");
    assert!(report["agents"][0]["note"].as_str().unwrap().contains("`swarm wake a`"), "{report}");
    assert!(driven.agent("a").is_asleep());
    // Without its pane it sleeps on, and is woken in another one.
    looks_at(&mut driven, &[]);
    let rows = vec![PaneRow { agent: "b".into(), swarm: "shop".into(), ..pane_row(PaneId(1)) }];
    let effects = driven.event(EventKind::Panes { rows, looked_at: Some(Vec::new()) });
    assert!(driven.agent("a").is_asleep() && driven.agent("a").pane().is_none(), "{effects:?}");
    assert!(!effects.iter().any(|e| matches!(e, Effect::Notify { .. })));
    let (effects, _) = up_again(&mut driven, vec![spec("a"), spec("b")]);
    assert!(!effects.iter().any(|e| matches!(e, Effect::Build { .. })), "{effects:?}");
    let returns = |driven: &Driven| driven.state.snapshot().swarms[0].agents[0].returning;
    assert!(!returns(&driven));
    assert!(replied(&driven.ask(Request::Wake(target("a")))) == Some(Ok(())));
    assert!(returns(&driven), "`swarm wait` waits for it");
    let effects = ready(&mut driven, Op::OURS);
    let orders =
        effects.iter().find_map(|e| if let Effect::Build { orders, .. } = e { Some(orders) } else { None });
    let [order] = orders.unwrap().as_slice() else { panic!("{effects:?}") };
    assert_eq!((order.spec.name.as_str(), order.resume.as_deref()), ("a", Some("talk-of-a")));
    let placed = vec![("a".parse().unwrap(), Ok(started(PaneId(9), 300)))];
    driven.event(EventKind::Built { swarm: swarm(), placed });
    assert_eq!((driven.agent("a").run, driven.state.ups.len()), (Run::Running, 0));
    assert!(!returns(&driven));
}

#[test]
fn without_a_session_a_message_waits_and_a_wake_that_fails_is_no_sleep() {
    let mut driven = team(|_| {});
    sleep(&mut driven);
    driven.event(EventKind::TmuxLost);
    assert!(driven.agent("a").is_asleep(), "the server took its pane, not its sleep");
    let draft = Draft::new("a".parse().unwrap(), "look", "at this");
    let handoff = Request::Handoff(Box::new(HandoffRequest { swarm: swarm(), draft }));
    let effects = driven.ask(handoff);
    assert!(!effects.iter().any(|e| matches!(e, Effect::EnsureSession { .. })), "nobody wants tmux back");
    assert!(why(&driven.ask(Request::Wake(target("a")))).contains("session of `shop` is gone"));
    // With the session the message has its way, in a pane that is made for it.
    let (effects, _) = up_again(&mut driven, vec![spec("a")]);
    let ours = effects.iter().any(|e| matches!(e, Effect::EnsureSession { op: Op::OURS, .. }));
    assert!(ours && !driven.state.ups.is_empty(), "{effects:?}");
    let error = RpcError::from(&Error::failure("no tmux"));
    let effects = driven.event(EventKind::SessionFailed { op: Op::OURS, swarm: swarm(), error });
    assert_eq!(driven.agent("a").verdict.reason, Some(Reason::Crashed));
    assert!(!effects.iter().any(|e| matches!(e, Effect::EnsureSession { .. })), "not again and again");
}

#[test]
fn another_monitor_lets_it_sleep() {
    let mut first = team(|_| {});
    sleep(&mut first);
    let saved = SavedAgent {
        agent: "a".parse().unwrap(),
        instance: first.agent("a").instance.clone().unwrap(),
        ended: true,
        why: Some(Reason::Asleep),
        asleep: Some(at(-500)),
        resumed: false,
        restarts: 0,
        adopted: false,
        hold: None,
        usage: Usage::default(),
        status: None,
    };
    let mut driven = Driven::new();
    let agents = vec![saved];
    driven.event(EventKind::Rebuilt(vec![SavedSwarm {
        config: config_of(vec![spec("a")]),
        session: Some(SessionId(1)),
        agents,
    }]));
    let row = PaneRow {
        agent: "a".into(),
        swarm: "shop".into(),
        instance: "i100".into(),
        dead: true,
        dead_status: Some(0),
        ..pane_row(PaneId(0))
    };
    let effects = driven.event(EventKind::Panes { rows: vec![row.clone()], looked_at: None });
    let agent = driven.agent("a");
    assert!(agent.is_asleep() && agent.pane() == Some(PaneId(0)), "{agent:?}");
    assert_eq!((agent.since, agent.attention), (at(-500), None));
    assert!(effects.iter().any(|e| matches!(e, Effect::WatchFocus(panes) if panes == &[PaneId(0)])));
    // It may have been looked at all the time.
    let looked_at =
        |panes: &[PaneId]| EventKind::Panes { rows: vec![row.clone()], looked_at: Some(panes.to_vec()) };
    assert!(order(&driven.event(looked_at(&[PaneId(0)]))).is_none());
    driven.event(looked_at(&[]));
    assert!(order(&driven.event(looked_at(&[PaneId(0)]))).is_some());
}

#[test]
fn the_process_may_end_in_any_way() {
    let mut driven = team(|_| {});
    driven.ask(Request::Hibernate(target("a")));
    let fact = ProcessFact::Dead { status: None, signal: Some(15) };
    driven.event(EventKind::Process { pane: PaneId(0), fact });
    assert!(driven.agent("a").is_asleep());
    // Or with its pane.
    let mut driven = team(|_| {});
    driven.ask(Request::Hibernate(target("a")));
    let rows = vec![PaneRow { agent: "b".into(), swarm: "shop".into(), ..pane_row(PaneId(1)) }];
    let effects = driven.event(EventKind::Panes { rows, looked_at: Some(Vec::new()) });
    assert!(driven.agent("a").is_asleep());
    let ended = |e: &Effect| matches!(e, Effect::Store(Record::InstanceEnded { reason: Reason::Asleep, .. }));
    assert!(effects.iter().any(ended), "{effects:?}");
}
