//! What becomes of evidence: statuses, attention, context, explanations.

use super::*;

fn is_in_front(pid: u32, foreground: Foreground) -> EventKind {
    EventKind::Process { pane: PaneId(0), fact: ProcessFact::Alive { pid, foreground } }
}

fn screen(status: Status, reason: Option<Reason>, clock: i64) -> EventKind {
    let evidence = Evidence::new(Source::Screen, "screen:x", at(clock)).says(status).because(reason);
    let seen = Seen { evidence: vec![evidence.composer(status != Status::Waiting)], ..Seen::default() };
    EventKind::Screen { pane: PaneId(0), seen: Box::new(seen) }
}

/// An agent of `claude` that shows what the screen says.
pub(in crate::state) fn claude() -> Driven {
    let mut config = config(&["a"]);
    config.agents[0].profile = "claude".into();
    Driven::up_with(config)
}

impl Driven {
    pub(in crate::state) fn shows(&mut self, clock: i64, status: Status, reason: Option<Reason>) {
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

/// The pane of `a`, as it was left by the monitor before.
fn row_of_a() -> PaneRow {
    PaneRow {
        agent: "a".into(),
        swarm: "shop".into(),
        instance: "i100".into(),
        pid: Some(7),
        ..pane_row(PaneId(0))
    }
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
        why: None,
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
    second.event(EventKind::Panes { rows: vec![row_of_a()], looked_at: None });
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

#[test]
fn who_was_lost_before_the_monitor_restarted_is_lost_still_and_found_again() {
    let driven = claude();
    let mut instance = driven.agent("a").instance.clone().unwrap();
    instance.session = None;
    let saved = SavedAgent {
        agent: "a".parse().unwrap(),
        instance,
        ended: true,
        why: Some(Reason::Lost),
        asleep: None,
        resumed: false,
        restarts: 0,
        adopted: false,
        usage: Usage::default(),
        status: None,
        hold: None,
    };
    let config = driven.state.swarms[&swarm()].config.clone();
    let rebuilt =
        || SavedSwarm { config: config.clone(), session: Some(SessionId(1)), agents: vec![saved.clone()] };
    let mut second = Driven::new();
    second.event(EventKind::Rebuilt(vec![rebuilt()]));
    let effects = second.event(EventKind::Panes { rows: Vec::new(), looked_at: None });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Notify { .. })), "it was told before");
    assert_eq!(second.agent("a").verdict.reason, Some(Reason::Lost));
    assert!(second.agent("a").cut_off, "its work does not begin a second time by itself");
    // Its pane is there after all: it is watched, and not started over.
    let mut third = Driven::new();
    third.event(EventKind::Rebuilt(vec![rebuilt()]));
    third.event(EventKind::Panes { rows: vec![row_of_a()], looked_at: None });
    assert_eq!((third.agent("a").run, third.agent("a").cut_off), (Run::Running, false));
}
