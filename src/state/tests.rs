//! The core driven by events alone: no tmux, no clock, no files.

mod adding;
mod conversations;
mod status;

use super::*;
use crate::config::{AgentSpec, Layout, Restart};
use crate::observe::evidence::{Evidence, Foreground, ProcessFact};
use crate::observe::hook::HookEvent;
use crate::protocol::{Down, Request, RpcError, Target, Up};
use crate::status::Reason;
use crate::status::{Attention, ContextUsage, Source};
use crate::tmux::{PaneRow, WindowId};
use adding::refusal;
pub(super) use status::claude;

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

pub(super) fn config(agents: &[&str]) -> Config {
    let specs = agents.iter().map(|name| {
        let mut spec = AgentSpec::new(name.parse().unwrap(), "shell", "/tmp");
        spec.restart = Restart::OnFailure;
        spec
    });
    config_of(specs.collect())
}

/// A swarm of these agents.
pub(super) fn config_of(agents: Vec<AgentSpec>) -> Config {
    let file = std::path::PathBuf::from("/tmp/swarm.toml");
    Config {
        name: "shop".parse().unwrap(),
        root: "/tmp".into(),
        file,
        layout: Layout::default(),
        agents,
        roles: BTreeMap::new(),
        budget: None,
        templates: BTreeMap::new(),
        overview: crate::config::Overview::default(),
        notify: crate::config::Notify::default(),
        prices: BTreeMap::new(),
        monitor: crate::config::MonitorSettings::default(),
    }
}

/// A pane as tmux lists it.
pub(super) fn pane_row(pane: PaneId) -> PaneRow {
    PaneRow {
        pane,
        window: WindowId(1),
        session: SessionId(1),
        window_index: 0,
        pane_index: 0,
        pid: None,
        dead: false,
        dead_status: None,
        dead_signal: None,
        width: 80,
        height: 24,
        cursor_x: 0,
        cursor_y: 0,
        cursor_flag: true,
        alternate_on: false,
        in_mode: false,
        active: true,
        window_active: true,
        session_attached: 0,
        history_size: 0,
        history_bytes: 0,
        window_activity: 0,
        agent: String::new(),
        instance: String::new(),
        swarm: String::new(),
        session_name: "shop".into(),
        window_name: String::new(),
        title: String::new(),
        current_command: String::new(),
        start_command: String::new(),
        current_path: String::new(),
    }
}

/// A state and what it wanted done.
pub(super) struct Driven {
    pub(super) state: State,
    pub(super) clock: i64,
    next_op: u64,
}

impl Driven {
    pub(super) fn new() -> Self {
        Self { state: State::new(Arc::new(Profiles::builtin())), clock: 0, next_op: 0 }
    }

    pub(super) fn event(&mut self, kind: EventKind) -> Vec<Effect> {
        self.state.apply(Event { at: at(self.clock), kind })
    }

    pub(super) fn ask(&mut self, request: Request) -> Vec<Effect> {
        self.ask_as(request, Caller::default())
    }

    pub(super) fn ask_as(&mut self, request: Request, caller: Caller) -> Vec<Effect> {
        self.next_op += 1;
        self.event(EventKind::Call { op: Op(self.next_op), caller, request: Box::new(request) })
    }

    /// Brings the agents up, each with a process numbered after its place.
    pub(super) fn up(agents: &[&str]) -> Self {
        Self::up_with(config(agents))
    }

    /// Brings a swarm up as it is configured.
    pub(super) fn up_with(config: Config) -> Self {
        let mut driven = Self::new();
        let up = Up { config, env: BTreeMap::new(), only: Vec::new(), size: None };
        let effects = driven.ask(Request::Up(Box::new(up)));
        assert!(matches!(effects[0], Effect::EnsureSession { .. }), "{effects:?}");
        let session =
            event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
        let effects = driven.event(EventKind::SessionReady { op: Op(1), swarm: swarm(), session });
        let plan =
            effects.iter().find_map(|e| if let Effect::Build { plan, .. } = e { Some(plan) } else { None });
        let names: Vec<AgentName> = plan.unwrap().iter().flat_map(|p| p.agents.clone()).collect();
        let started = |n: usize| started(PaneId(n as u32), 100 + n as u32);
        let placed = names.iter().enumerate().map(|(n, a)| (a.clone(), Ok(started(n)))).collect();
        driven.event(EventKind::Built { swarm: swarm(), placed });
        driven
    }

    pub(super) fn start(&mut self, agent: &str, pid: u32) -> Vec<Effect> {
        let outcome = Ok(started(self.agent(agent).pane().unwrap(), pid));
        self.event(EventKind::Started { swarm: swarm(), agent: agent.parse().unwrap(), outcome })
    }

    pub(super) fn dies(&mut self, pane: u32, status: i32) -> Vec<Effect> {
        let fact = ProcessFact::Dead { status: Some(status), signal: None };
        self.event(EventKind::Process { pane: PaneId(pane), fact })
    }

    pub(super) fn agent(&self, name: &str) -> &Agent {
        self.state.agent(&swarm(), &name.parse().unwrap()).unwrap()
    }
}

pub(super) fn started(pane: PaneId, pid: u32) -> Started {
    Started {
        window: WindowId(1),
        pane,
        instance: format!("i{pid}"),
        token: String::new(),
        pid,
        pid_start: Some(1),
        since: Timestamp::MAX,
        session: None,
        note: None,
        doubt: None,
    }
}

pub(super) fn swarm() -> SwarmName {
    "shop".parse().unwrap()
}

pub(super) fn target(agent: &str) -> Target {
    Target { swarm: swarm(), agent: agent.parse().unwrap() }
}

pub(super) fn replied(effects: &[Effect]) -> Option<Result<(), u8>> {
    effects.iter().find_map(|e| match e {
        Effect::Reply(_, result) | Effect::ReplyStored(_, result) => {
            Some(result.as_ref().map(|_| ()).map_err(|e| e.code))
        }
        Effect::ReplyFollowed { .. } => Some(Ok(())),
        _ => None,
    })
}

#[test]
fn up_answers_when_the_last_agent_has_started() {
    let driven = Driven::up(&["a", "b"]);
    assert!(driven.state.ups.is_empty());
    assert_eq!(driven.agent("b").run, Run::Running);
    assert_eq!(driven.agent("b").verdict.status, Status::Starting);
}

#[test]
fn crashes_are_restarted_with_growing_pauses_until_three_make_a_loop() {
    let mut driven = Driven::up(&["a"]);
    for (crash, pause) in [(1, 1), (2, 2)] {
        driven.dies(0, 1);
        assert_eq!(driven.agent("a").run, Run::Backoff(at(driven.clock + pause)), "crash {crash}");
        assert!(driven.agent("a").view().returning, "crash {crash}");
        assert_eq!(driven.state.next_wake(), Some(at(driven.clock + pause)));
        driven.clock += pause;
        let effects = driven.event(EventKind::Tick);
        assert!(effects.iter().any(|e| matches!(e, Effect::Start(_))), "{effects:?}");
        driven.start("a", 200 + crash);
    }
    driven.dies(0, 1);
    assert_eq!(
        (driven.agent("a").run, driven.agent("a").verdict.reason),
        (Run::Ended, Some(Reason::CrashLoop))
    );
    assert_eq!(driven.state.next_wake(), None);
}

#[test]
fn a_clean_exit_is_not_restarted_on_failure() {
    let mut driven = Driven::up(&["a"]);
    driven.dies(0, 0);
    assert_eq!(
        (driven.agent("a").run, driven.agent("a").verdict.reason),
        (Run::Ended, Some(Reason::Finished))
    );
}

#[test]
fn a_kill_gets_harder_every_five_seconds() {
    let mut driven = Driven::up(&["a"]);
    let effects = driven.ask(Request::Kill(target("a")));
    assert!(effects.iter().any(|e| matches!(e, Effect::Signal { pid: 100, kill: false, .. })), "{effects:?}");
    driven.clock += 5;
    let effects = driven.event(EventKind::Tick);
    assert!(effects.iter().any(|e| matches!(e, Effect::Signal { pid: 100, kill: true, .. })), "{effects:?}");
    driven.dies(0, 0);
    assert_eq!(driven.agent("a").verdict.reason, Some(Reason::Stopped));
}

#[test]
fn down_names_who_works_and_ends_all_the_same_when_forced() {
    let mut driven = Driven::up(&["a", "b"]);
    let evidence = crate::observe::evidence::Evidence::new(crate::status::Source::Screen, "spinner", at(0));
    driven.event(EventKind::Evidence { pane: PaneId(0), evidence: evidence.says(Status::Working) });
    assert_eq!(driven.agent("a").verdict.status, Status::Working);
    let refused = driven.ask(Request::Down(Down { swarm: swarm(), force: false }));
    assert_eq!(replied(&refused), Some(Err(crate::error::Kind::Blocked.code())));
    let effects = driven.ask(Request::Down(Down { swarm: swarm(), force: true }));
    assert_eq!(replied(&effects), None, "it answers when all have ended");
    for request in [Request::Kill(target("a")), Request::Wake(target("a"))] {
        let refused = driven.ask(request);
        assert_eq!(replied(&refused), Some(Err(crate::error::Kind::Blocked.code())), "nothing is kept in it");
    }
    driven.dies(0, 0);
    let effects = driven.dies(1, 0);
    assert!(effects.iter().any(|e| matches!(e, Effect::EndSession { .. })), "{effects:?}");
    assert!(effects.iter().any(|e| matches!(e, Effect::Leave)), "{effects:?}");
}

#[test]
fn what_runs_below_an_agents_pane_may_look_but_not_touch() {
    let mut driven = Driven::up(&["a"]);
    let inside = Caller { ancestry: vec![4711, 100, 1], ..Caller::default() };
    for request in
        [Request::Kill(target("a")), Request::Stop, Request::Down(Down { swarm: swarm(), force: true })]
    {
        let effects = driven.ask_as(request, inside.clone());
        assert_eq!(replied(&effects), Some(Err(crate::error::Kind::Blocked.code())), "{effects:?}");
    }
    assert_eq!(replied(&driven.ask_as(Request::Status, inside)), Some(Ok(())));
    let unknown = Caller { inside: Some("a".into()), ..Caller::default() };
    // Its parent has ended, and its agent was started again: neither process nor token says whose it is.
    let left_over = Caller { ancestry: vec![4711, 1], token: Some("stale".into()), ..unknown.clone() };
    for caller in [unknown, left_over] {
        let send = crate::protocol::SendText {
            swarm: swarm(),
            to: vec!["a".parse().unwrap()],
            text: "do as the user says".into(),
            fill: false,
            now: false,
            idem_key: None,
        };
        let hold = crate::protocol::Hold { target: target("a"), reason: "x".into() };
        let draft = crate::handoff::Draft::new("human".parse().unwrap(), "s", "b");
        let handoff = crate::protocol::HandoffRequest { swarm: swarm(), draft };
        for request in [
            Request::Kill(target("a")),
            Request::Send(send),
            Request::Hold(hold),
            Request::Handoff(Box::new(handoff)),
        ] {
            assert_eq!(
                replied(&driven.ask_as(request.clone(), caller.clone())),
                Some(Err(11)),
                "{request:?}"
            );
        }
        assert_eq!(replied(&driven.ask_as(Request::Status, caller)), Some(Ok(())));
    }
}

#[test]
fn a_key_that_only_the_store_remembers_is_asked_of_it() {
    let mut driven = Driven::up(&["a"]);
    let mut draft = crate::handoff::Draft::new("a".parse().unwrap(), "s", "b");
    draft.idem_key = Some("daily".into());
    let request = crate::protocol::HandoffRequest { swarm: swarm(), draft };
    let mut ask = |found: &[(&str, crate::handoff::State)]| {
        let effects = driven.ask(Request::Handoff(Box::new(request.clone())));
        let asked = effects.iter().find_map(|effect| match effect {
            Effect::FindKeys { op, caller, request, from, keys, .. } => {
                assert_eq!((from, &keys[..]), (&crate::handoff::Party::Human, &["daily".to_owned()][..]));
                Some((*op, caller.clone(), request.clone()))
            }
            _ => None,
        });
        let Some((op, caller, request)) = asked else { return effects };
        let found = found
            .iter()
            .map(|(id, state)| (crate::handoff::Party::Human, "daily".to_owned(), (*id).to_owned(), *state));
        driven.event(EventKind::KeysFound { op, caller, request, found: found.collect() })
    };
    let accepted = |effects: &[Effect]| {
        effects.iter().find_map(|effect| match effect {
            Effect::ReplyStored(_, Ok(value)) => {
                serde_json::from_value::<crate::protocol::Accepted>(value.clone()).ok()
            }
            _ => None,
        })
    };
    let first = accepted(&ask(&[("OLD", crate::handoff::State::Expired)])).unwrap();
    assert_eq!(
        (first.id.as_str(), first.duplicate, first.state),
        ("OLD", true, crate::handoff::State::Expired)
    );
    // Now it is known.
    assert!(accepted(&ask(&[])).unwrap().duplicate);
}

#[test]
fn who_waits_for_a_receiver_that_has_ended_is_answered_at_once() {
    let mut driven = Driven::up(&["a"]);
    driven.dies(0, 0);
    let send = crate::protocol::SendText {
        swarm: swarm(),
        to: vec!["a".parse().unwrap()],
        text: "hello".into(),
        fill: false,
        now: false,
        idem_key: None,
    };
    let effects = driven.ask(Request::Send(send));
    let sent = effects.iter().find_map(|effect| match effect {
        Effect::ReplyStored(_, Ok(value)) => {
            serde_json::from_value::<Vec<crate::protocol::Sent>>(value.clone()).ok()
        }
        _ => None,
    });
    let ids = vec![sent.unwrap()[0].outcome.clone().unwrap().id];
    let asked = crate::protocol::ReceiptsRequest { swarm: swarm(), ids, wait: true };
    let effects = driven.ask(Request::Receipts(asked));
    assert!(effects.iter().any(|e| matches!(e, Effect::ReplyStored(_, Ok(_)))), "{effects:?}");
}

#[test]
fn only_a_person_types_into_a_pane_and_only_while_something_runs_there() {
    use crate::protocol::{HandOver, Type, Typed};
    let mut driven = Driven::up(&["a", "b"]);
    let keys = |text: &str| Request::Type(Type { target: target("a"), keys: vec![Typed::Text(text.into())] });
    let inside = Caller { ancestry: vec![4711, 100, 1], ..Caller::default() };
    assert_eq!(replied(&driven.ask_as(keys("rm"), inside.clone())), Some(Err(11)));
    let effects = driven.ask(keys("hello"));
    assert!(matches!(effects.last(), Some(Effect::Type { pane: PaneId(0), .. })), "{effects:?}");
    let begun = driven.ask(Request::Type(Type { target: target("a"), keys: Vec::new() }));
    let logged = |e: &Effect| matches!(e, Effect::Store(Record::Event(l)) if l.kind == "agent.typed_into");
    assert!(begun.iter().any(logged) && !effects.iter().any(logged), "that it began is on record");
    // In an agent's name work goes over on the person's word only.
    let over = || {
        let draft = serde_json::from_value(json!({"to": "b", "subject": "go on"})).unwrap();
        Request::HandOver(Box::new(HandOver { swarm: swarm(), from: "a".parse().unwrap(), draft }))
    };
    assert!(refusal(&driven.ask_as(over(), inside)).is_some());
    let effects = driven.ask(over());
    let stored = effects.iter().find_map(|e| match e {
        Effect::Store(Record::Letter { entry, .. }) => Some(entry.handoff.clone()),
        _ => None,
    });
    let handoff = stored.unwrap_or_else(|| panic!("{effects:?}"));
    assert_eq!(handoff.from.to_string(), "a");
    assert_eq!(handoff.draft.context.notes, "Handed over by the person.");
    driven.dies(0, 1);
    assert!(refusal(&driven.ask(keys("x"))).unwrap().contains("does not run"));
}

#[test]
fn a_closed_pane_is_noticed_and_up_makes_it_again() {
    let mut driven = Driven::up(&["a"]);
    driven.event(EventKind::Panes { rows: Vec::new(), looked_at: None });
    let agent = driven.agent("a");
    assert_eq!((agent.run, agent.verdict.reason), (Run::Absent, Some(Reason::Lost)));
    let up = Up { config: config(&["a"]), env: BTreeMap::new(), only: Vec::new(), size: None };
    driven.ask(Request::Up(Box::new(up)));
    let session =
        event::Session { id: SessionId(1), rows: Vec::new(), windows: BTreeMap::new(), overview: None };
    let effects = driven.event(EventKind::SessionReady { op: Op(driven.next_op), swarm: swarm(), session });
    assert!(effects.iter().any(|e| matches!(e, Effect::Build { .. })), "{effects:?}");
}

#[test]
fn the_same_events_give_the_same_state() {
    let run = || {
        let mut driven = Driven::up(&["a", "b"]);
        driven.dies(0, 1);
        driven.clock += 1;
        driven.event(EventKind::Tick);
        driven.state.snapshot()
    };
    assert_eq!(run(), run());
}
