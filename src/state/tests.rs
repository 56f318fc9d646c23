//! The core driven by events alone: no tmux, no clock, no files.

use super::*;
use crate::config::{AgentSpec, Layout, Restart};
use crate::observe::evidence::{Evidence, Foreground};
use crate::protocol::{Down, Request, RpcError, Target, Up};
use crate::status::Reason;
use crate::status::{Attention, ContextUsage, Source};
use crate::tmux::WindowId;

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

fn add(name: &str) -> Request {
    let mut spec = AgentSpec::new(name.parse().unwrap(), "shell", "/tmp");
    spec.added = true;
    Request::Add(Box::new(crate::protocol::Add { swarm: swarm(), spec, env: BTreeMap::new(), size: None }))
}

fn refusal(effects: &[Effect]) -> Option<&str> {
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
    assert!(effects.iter().any(|e| matches!(e, Effect::Reply(_, Ok(_)))), "{effects:?}");
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
fn an_agent_that_cannot_be_added_leaves_nothing() {
    let mut driven = Driven::up(&["one"]);
    driven.ask(add("two"));
    let effects = place(&mut driven, "two", Err("no space for new pane"));
    assert!(effects.iter().any(|e| matches!(e, Effect::Reply(_, Ok(_)))), "the report says it failed");
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

fn is_in_front(pid: u32, foreground: Foreground) -> EventKind {
    EventKind::Process { pane: PaneId(0), fact: ProcessFact::Alive { pid, foreground } }
}

fn screen(status: Status, reason: Option<Reason>, clock: i64) -> EventKind {
    let evidence = Evidence::new(Source::Screen, "screen:x", at(clock)).says(status).because(reason);
    let seen = Seen { evidence: vec![evidence.composer(status != Status::Waiting)], ..Seen::default() };
    EventKind::Screen { pane: PaneId(0), seen: Box::new(seen) }
}

/// An agent of `claude` that shows what the screen says.
pub(super) fn claude() -> Driven {
    let mut config = config(&["a"]);
    config.agents[0].profile = "claude".into();
    Driven::up_with(config)
}

impl Driven {
    pub(super) fn shows(&mut self, clock: i64, status: Status, reason: Option<Reason>) {
        self.clock = clock;
        self.event(screen(status, reason, clock));
        self.clock += 2;
        self.event(EventKind::Tick);
    }
}

#[test]
fn an_agent_that_exited_to_its_shell_has_exited_and_may_come_back() {
    let mut driven = claude();
    driven.shows(1, Status::Idle, None);
    assert_eq!(driven.agent("a").pid(), Some(100));
    driven.event(is_in_front(177, Foreground::Agent));
    assert_eq!((driven.agent("a").pid(), driven.agent("a").verdict.status), (Some(177), Status::Idle));
    let effects = driven.event(is_in_front(100, Foreground::Shell));
    let agent = driven.agent("a");
    assert_eq!((agent.verdict.status, agent.verdict.reason), (Status::Exited, Some(Reason::Shell)));
    assert_eq!(agent.verdict.proof.as_ref().map(|p| p.source), Some(Source::Process));
    assert_eq!((agent.pid(), agent.attention), (None, Some(Attention::Failed)));
    assert!(effects.iter().any(|e| matches!(e, Effect::Notify { .. })));
    let watched = effects.iter().find_map(|e| if let Effect::Watch(w) = e { Some(w) } else { None });
    assert_eq!(watched.unwrap()[0].pid, None, "no status file of it counts any more");
    driven.event(is_in_front(188, Foreground::Agent));
    let agent = driven.agent("a");
    assert_eq!(
        (agent.verdict.status, agent.pid()),
        (Status::Unknown, Some(188)),
        "nothing is known of the new one"
    );
}

#[test]
fn a_turn_that_ends_unseen_has_finished_however_it_went() {
    let mut driven = claude();
    driven.shows(1, Status::Waiting, Some(Reason::Dialog));
    driven.shows(5, Status::Idle, None);
    assert_eq!(driven.agent("a").attention, None, "a dialog of the start is no turn, and was answered");
    driven.shows(10, Status::Waiting, Some(Reason::Permission));
    assert_eq!(driven.agent("a").attention, Some(Attention::Asks));
    driven.shows(15, Status::Idle, None);
    assert_eq!(driven.agent("a").attention, Some(Attention::Finished));
}

#[test]
fn explain_says_why_claims_lost() {
    let mut driven = claude();
    driven.shows(1, Status::Working, None);
    let evidence = Evidence::new(Source::StatusFile, "status_file:waiting", at(4)).says(Status::Waiting);
    driven.clock = 4;
    driven.event(EventKind::Evidence { pane: PaneId(0), evidence: evidence.because(Reason::Permission) });
    let target = Target { swarm: swarm(), agent: "a".parse().unwrap() };
    let effects = driven.ask(Request::Explain(target));
    let Some(Effect::Reply(_, Ok(value))) = effects.first() else { panic!("{effects:?}") };
    let found: crate::protocol::Explanation = serde_json::from_value(value.clone()).unwrap();
    let lines: Vec<_> = found
        .evidence
        .iter()
        .map(|e| (e.source, e.outcome.as_deref().unwrap(), e.why.is_some(), e.won))
        .collect();
    assert_eq!(
        lines,
        [
            (Source::StatusFile, "decided", false, true),
            (Source::Process, "silent", false, false),
            (Source::Screen, "overruled", true, false)
        ]
    );
    driven.event(EventKind::Forgotten { pane: PaneId(0), source: Source::StatusFile });
    assert_eq!(driven.agent("a").verdict.status, Status::Working);
}

#[test]
fn after_a_restart_of_the_monitor_a_status_lasts_since_it_began() {
    let driven = claude();
    let agent = driven.agent("a");
    let usage = Usage { cost: Some(5), ..Usage::default() };
    let saved = SavedAgent {
        agent: "a".parse().unwrap(),
        instance: agent.instance.clone().unwrap(),
        ended: false,
        asleep: None,
        resumed: false,
        restarts: 0,
        adopted: true,
        usage: usage.clone(),
        status: Some((Status::Waiting, Some(Reason::Permission), at(-500))),
        hold: None,
    };
    let config = driven.state.swarms[&swarm()].config.clone();
    let rebuilt = SavedSwarm { config, session: Some(SessionId(1)), agents: vec![saved] };
    let mut second = Driven::new();
    second.event(EventKind::Rebuilt(vec![rebuilt]));
    let row = PaneRow {
        agent: "a".into(),
        swarm: "shop".into(),
        instance: "i100".into(),
        pid: Some(7),
        ..pane_row(PaneId(0))
    };
    second.event(EventKind::Panes { rows: vec![row], looked_at: None });
    assert_eq!(second.agent("a").pid(), Some(100), "the shell of an adopted pane is not its agent");
    assert_eq!(second.agent("a").usage, usage);
    second.clock = 1;
    let effects = second.event(screen(Status::Waiting, Some(Reason::Permission), 1));
    let agent = second.agent("a");
    assert_eq!((agent.since, agent.attention), (at(-500), Some(Attention::Asks)));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Notify { .. })), "it was told before");
}

#[test]
fn the_screen_is_the_last_to_say_how_full_the_context_is() {
    let mut driven = claude();
    let seen = Seen { context_shown: Some(62.0), to_compaction: Some(8.0), ..Seen::default() };
    driven.event(EventKind::Screen { pane: PaneId(0), seen: Box::new(seen) });
    let context = driven.agent("a").view().context.unwrap();
    assert_eq!((context.percent_used, context.source), (Some(62.0), Some(Source::Screen)));
    assert_eq!((context.to_compaction, context.shown_by_agent), (Some(8.0), Some(62.0)));
    let exact = ContextUsage {
        used: Some(5),
        percent_used: Some(50.0),
        source: Some(Source::Hook),
        ..ContextUsage::default()
    };
    let usage = Usage { context: Some(exact), ..Usage::default() };
    driven.event(EventKind::Usage { instance: "i100".into(), usage: Box::new(usage) });
    let context = driven.agent("a").view().context.unwrap();
    assert_eq!((context.percent_used, context.source), (Some(50.0), Some(Source::Hook)));
    // What only a hook said stays until something better comes.
    driven.event(EventKind::Usage { instance: "i100".into(), usage: Box::default() });
    assert_eq!(driven.agent("a").view().context.unwrap().used, Some(5));
}

#[test]
fn what_a_hook_says_of_the_context_is_heard() {
    let mut driven = claude();
    let hook = |event: &str, payload: serde_json::Value| {
        let mut hook = HookEvent::parse("qwen", Some(event), &payload, at(1));
        hook.instance = Some("i100".into());
        EventKind::Hook(Box::new(hook))
    };
    let used = json!({"context_usage": 0.0366, "context_limit": 262_144, "input_tokens": 9597});
    driven.event(hook("Stop", used.clone()));
    let context = driven.agent("a").view().context.unwrap();
    assert_eq!(
        (context.used, context.window, context.source),
        (Some(9597), Some(262_144), Some(Source::Hook))
    );
    driven.event(hook("PostCompact", json!({})));
    assert_eq!(driven.agent("a").view().context, None, "compaction voids it");
    // A transcript knows better.
    let exact = ContextUsage { used: Some(7), source: Some(Source::Transcript), ..ContextUsage::default() };
    let usage = Usage { context: Some(exact), ..Usage::default() };
    driven.event(EventKind::Usage { instance: "i100".into(), usage: Box::new(usage) });
    driven.event(hook("Stop", used));
    assert_eq!(driven.agent("a").view().context.unwrap().used, Some(7));
}

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
