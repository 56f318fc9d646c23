//! The whole loop, driven by synthetic keys and updates, with paused time.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::SignedDuration;
use swarm::protocol::Typed;
use swarm::status::{Reason, Status};
use swarm::tui::{AgentRef, Exit, JumpBy, LetterRef, Options, Request, Update};

use super::fixture::{agent, now, options, team, who};
use super::person::{clock, with};

#[test]
fn keys_move_and_ask() {
    let exit = with(options(), async |p| {
        assert!(p.sees("Asking the monitor what runs."));
        p.shown(team()).await;
        assert_eq!(p.requests.try_recv(), Ok(Request::Watch(Some(who("backend")))));
        p.keys("jjjjj").await;
        assert_eq!(p.asked(), []);
        p.keys("k").await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Jump(who("tests"))]);
        p.keys("H").await;
        p.keys("u").await;
        assert_eq!(p.asked(), [Request::Hold(who("tests")), Request::Seen(who("tests"))]);
        p.keys("gjjjH").await;
        assert_eq!(p.asked(), [Request::Resume(who("review"))], "it was held");
        p.keys("q").await;
        unreachable!("q quits");
    });
    assert_eq!(exit.unwrap(), Exit::Quit);
}

#[test]
fn only_the_last_selection_is_watched() {
    with(options(), async |p| {
        p.shown(team()).await;
        while p.requests.try_recv().is_ok() {}
        for _ in 0..5 {
            let key = Event::Key(KeyEvent::new(KeyCode::Char('j'), KeyModifiers::NONE));
            p.input.as_ref().unwrap().send(Ok(key)).unwrap();
        }
        p.settle().await;
        let watched: Vec<_> = std::iter::from_fn(|| p.requests.try_recv().ok()).collect();
        assert_eq!(watched, [Request::Watch(Some(who("docs")))]);
        // A screen that comes late for another agent is not shown as this one's.
        p.told(Update::Preview {
            agent: who("deploy"),
            rev: 9,
            ansi: b"NOT MINE".to_vec(),
            width: 80,
            height: 24,
            cursor: None,
        })
        .await;
        assert!(!p.sees("NOT MINE"));
        p.told(Update::Preview {
            agent: who("docs"),
            rev: 9,
            ansi: b"MINE".to_vec(),
            width: 80,
            height: 24,
            cursor: None,
        })
        .await;
        assert!(p.sees("MINE"));
    })
    .unwrap();
}

#[test]
fn nothing_is_ended_without_a_yes() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("x").await;
        assert!(p.sees("Kill backend?") && p.sees("its question goes unanswered"));
        p.keys("n").await;
        assert_eq!(p.asked(), []);
        p.keys("xxx").await;
        assert_eq!(p.asked(), [], "the key that asks does not answer");
        p.keys("y").await;
        assert_eq!(p.asked(), [Request::Kill(who("backend"))]);
        p.keys("rf").await;
        assert_eq!(p.asked(), [Request::Restart { agent: who("backend"), fresh: true }]);
        p.keys("ry").await;
        assert_eq!(p.asked(), [Request::Restart { agent: who("backend"), fresh: false }]);
        p.keys("i").await;
        assert!(p.sees("nothing to interrupt"), "it waits, so no key may be sent");
        p.keys("jjjjiy").await;
        assert_eq!(p.asked(), [Request::Interrupt(who("tests"))]);
        p.keys("g  jxy").await;
        assert_eq!(p.asked(), [Request::Kill(who("backend")), Request::Kill(who("deploy"))]);
        assert!(!p.sees("marked"), "what was done to the marked unmarks them");
    })
    .unwrap();
}

#[test]
fn the_idle_are_put_to_sleep_and_those_that_sleep_are_woken() {
    with(options(), async |p| {
        let mut snapshot = team();
        p.shown(snapshot.clone()).await;
        p.keys("Z").await;
        assert!(p.sees("only what is provably idle is"), "it waits");
        p.keys("*Z").await;
        assert!(p.sees("Put review to sleep?"), "of all that are marked only the idle one");
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Hibernate(who("review"))]);
        let review = &mut snapshot.swarms[0].agents[4];
        (review.status, review.reason, review.hold) = (Status::Exited, Some(Reason::Asleep), None);
        p.shown(snapshot).await;
        p.keys("/review").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("Z wake") && p.sees("asleep"), "{}", p.screen.text());
        p.keys("Z").await;
        assert_eq!(p.asked(), [Request::Wake(who("review"))]);
        p.keys("m").await;
        assert!(p.sees("asleep: it is woken for it"));
    })
    .unwrap();
}

#[test]
fn a_name_is_checked_before_it_is_asked_for() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("R").await;
        assert!(p.sees("rename backend"));
        p.keys(" 2").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("the name `backend 2` holds ` `"), "{}", p.screen.text());
        p.key(KeyCode::Backspace).await;
        p.key(KeyCode::Backspace).await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [], "it has that name");
        p.keys("R-2").await;
        p.key(KeyCode::Enter).await;
        let name = "backend-2".to_owned();
        assert_eq!(p.asked(), [Request::Rename { agent: who("backend"), name }]);
    })
    .unwrap();
}

#[test]
fn a_still_team_costs_no_frame() {
    with(options(), async |p| {
        let mut old = team();
        for agent in &mut old.swarms[0].agents {
            agent.since = now() - SignedDuration::from_hours(100);
        }
        p.shown(old.clone()).await;
        let before = p.screen.frames();
        for rev in 0..100 {
            for agent in &mut old.swarms[0].agents {
                agent.screen_rev = rev;
                agent.proof.iter_mut().for_each(|proof| proof.at = clock());
            }
            p.shown(old.clone()).await;
        }
        tokio::time::sleep(Duration::from_hours(3)).await;
        assert_eq!(p.screen.frames(), before);
    })
    .unwrap();
}

#[test]
fn ages_tick_as_often_as_they_change() {
    with(options(), async |p| {
        let mut one = team();
        one.swarms[0].agents.retain(|a| a.name == "tests");
        p.shown(one).await;
        assert!(p.sees(" 4s "));
        let before = p.screen.frames();
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(p.sees(" 14s "));
        assert!((9..=11).contains(&(p.screen.frames() - before)));
        tokio::time::sleep(Duration::from_mins(1)).await;
        let before = p.screen.frames();
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert!((4..=6).contains(&(p.screen.frames() - before)));
    })
    .unwrap();
}

#[test]
fn a_flood_of_updates_is_drawn_ten_times_a_second() {
    with(options(), async |p| {
        let mut snapshot = team();
        p.shown(snapshot.clone()).await;
        let before = p.screen.frames();
        for n in 0..2000 {
            snapshot.swarms[0].agents[0].last_line = Some(format!("line {n}"));
            p.updates.as_ref().unwrap().send(Update::Snapshot(Arc::new(snapshot.clone()))).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        p.settle().await;
        let frames = p.screen.frames() - before;
        assert!((90..=102).contains(&frames), "{frames} frames in 10 s");
        assert!(p.sees("line 1999"), "the last one is shown");
    })
    .unwrap();
}

#[test]
fn a_key_is_drawn_at_once_even_in_a_flood() {
    with(options(), async |p| {
        p.shown(team()).await;
        let key = Event::Key(KeyEvent::new(KeyCode::Char('?'), KeyModifiers::NONE));
        let mut other = team();
        other.swarms[0].agents[0].last_line = Some("changed".into());
        p.shown(other).await;
        p.input.as_ref().unwrap().send(Ok(key)).unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert!(p.sees("keys"));
    })
    .unwrap();
}

#[test]
fn messages_are_typed_pasted_and_recalled() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.event(Event::Paste("xy".into())).await;
        assert!(p.sees("pasted text was ignored"));
        assert_eq!(p.asked(), [], "pasted text is not a row of commands");
        p.keys("mgo on").await;
        p.event(Event::Paste("\nwith \x1b[201~this".into())).await;
        p.key(KeyCode::Enter).await;
        let text = "go on\nwith [201~this".to_owned();
        assert_eq!(p.asked(), [Request::Send { to: vec![who("backend")], text: text.clone(), fill: false }]);
        p.keys("m").await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [], "nothing is no message");
        p.key(KeyCode::Up).await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Send { to: vec![who("backend")], text, fill: false }]);
        p.keys("g  m").await;
        assert!(p.sees("message to 2 agents: backend, deploy"));
        p.keys("stop").await;
        p.key(KeyCode::Esc).await;
        assert_eq!(p.asked(), []);
    })
    .unwrap();
}

#[test]
fn agents_are_added_by_a_checked_name() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("AApi").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("the name `Api` must start with a letter from a to z"));
        p.key(KeyCode::Esc).await;
        p.keys("Aapi codex ~/shop/api").await;
        p.key(KeyCode::Enter).await;
        let add = Request::Add {
            swarm: "shop".into(),
            name: "api".into(),
            profile: Some("codex".into()),
            directory: Some("~/shop/api".into()),
        };
        assert_eq!(p.asked(), [add]);
    })
    .unwrap();
}

#[test]
fn filters_sorting_and_the_palette() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("/review").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("/review") && p.sees("reviewer") && !p.sees("deploy"));
        p.key(KeyCode::Esc).await;
        assert!(p.sees("deploy"));
        p.keys("f").await;
        assert!(p.sees("only: needs you") && !p.sees("docs"));
        p.keys("n").await;
        p.key(KeyCode::Esc).await;
        p.keys("ss").await;
        assert!(p.sees("by name"));
        p.keys(":go docs").await;
        p.key(KeyCode::Enter).await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Jump(who("docs"))]);
        p.keys(":kill").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("Kill docs?"));
    })
    .unwrap();
}

#[test]
fn the_mouse_selects_goes_there_and_chooses() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.click(10, 3).await;
        assert_eq!(p.asked(), []);
        p.click(10, 3).await;
        assert_eq!(p.asked(), [Request::Jump(who("deploy"))]);
        p.click(10, 2).await;
        p.click(30, 12).await;
        assert!(p.sees("Answer backend with choice 2?"));
    })
    .unwrap();
}

#[test]
fn losing_and_finding_the_monitor() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.told(Update::Disconnected("connection refused".into())).await;
        tokio::time::sleep(Duration::from_mins(2)).await;
        assert!(p.sees("no monitor for 2m, what you see is old: connection refused"));
        p.shown(team()).await;
        assert!(!p.sees("no monitor"));
        drop(p.updates.take());
        p.settle().await;
        assert!(p.sees("the connection to the monitor ended"));
        p.keys("?").await;
        assert!(p.sees("approve what it asks"), "it still answers");
    })
    .unwrap();
}

#[test]
fn a_monitor_that_does_not_keep_up_is_told() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys(&"u".repeat(64)).await;
        assert!(p.sees("the monitor does not keep up"));
    })
    .unwrap();
}

#[test]
fn the_selection_follows_its_agent_and_survives_its_end() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("jjjj").await;
        let mut other = team();
        other.swarms[0].agents[0].status = Status::Waiting;
        p.shown(other.clone()).await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Jump(who("tests"))]);
        other.swarms[0].agents.remove(0);
        p.shown(other.clone()).await;
        p.key(KeyCode::Enter).await;
        assert!(matches!(p.asked().as_slice(), [Request::Jump(_)]));
        other.swarms[0].agents = vec![agent("solo", Status::Idle, 5)];
        p.shown(other).await;
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Jump(who("solo"))]);
    })
    .unwrap();
}

#[test]
fn leaving_jumps_end_the_overview_and_remember_who() {
    let options = Options { jump: JumpBy::Leaving, selected: Some(who("docs")), ..options() };
    let exit = with(options, async |p| {
        p.shown(team()).await;
        p.keys("mThe half of it").await;
        p.key(KeyCode::Esc).await;
        p.key(KeyCode::Enter).await;
    });
    let Ok(Exit::Jump(to, kept)) = exit else { panic!("{exit:?}") };
    assert_eq!(to, AgentRef::new("shop", "docs"));
    // Whoever comes back finds what they left.
    let options = Options { jump: JumpBy::Leaving, selected: Some(to), kept: *kept, ..self::options() };
    with(options, async |p| {
        p.shown(team()).await;
        p.keys("m").await;
        assert!(p.sees("The half of it"));
    })
    .unwrap();
}

#[test]
fn what_is_open_stays_with_its_agent_when_the_list_goes_on_without_it() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("ft").await;
        assert!(p.sees("LIVE: keys go to backend"));
        let mut answered = team();
        for agent in &mut answered.swarms[0].agents {
            (agent.status, agent.attention) = (Status::Working, None);
        }
        p.asked();
        p.shown(answered).await;
        assert!(p.sees("LIVE: keys go to backend"), "whose screen is shown, too");
        p.keys("x").await;
        assert_eq!(p.asked(), [Request::Type { agent: who("backend"), keys: vec![Typed::Text("x".into())] }]);
    })
    .unwrap();
}

#[test]
fn a_terminal_that_is_gone_ends_it_and_one_that_grows_is_filled() {
    let exit = with(options(), async |p| {
        p.shown(team()).await;
        p.screen.0.borrow_mut().0.resize(120, 40);
        p.event(Event::Resize(120, 40)).await;
        assert!(p.sees("waiting permission"));
    });
    assert_eq!(exit.unwrap(), Exit::Quit);
    let lost = with(options(), async |p| {
        p.shown(team()).await;
        p.requests.close();
        p.keys("u").await;
    });
    assert!(lost.unwrap_err().to_string().contains("lost its connection"));
}

#[test]
fn the_selection_stays_on_top_until_it_is_moved() {
    with(options(), async |p| {
        let mut calm = team();
        calm.swarms[0].agents[2] = agent("backend", Status::Working, 5);
        p.shown(calm.clone()).await;
        p.shown(team()).await;
        p.keys("H").await;
        assert_eq!(p.asked(), [Request::Hold(who("backend"))], "who waits came to the top");
        p.keys("jk").await;
        p.shown(calm).await;
        p.keys("H").await;
        assert_eq!(p.asked(), [Request::Hold(who("backend"))], "the person chose it");
    })
    .unwrap();
}

#[test]
fn what_is_lost_for_good_takes_more_than_enter() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("x").await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("press y to kill") && p.sees("Kill backend?"));
        assert_eq!(p.asked(), []);
        p.keys("y").await;
        assert_eq!(p.asked(), [Request::Kill(who("backend"))]);
    })
    .unwrap();
}

#[test]
fn every_word_of_a_filter_is_found_as_it_is_written() {
    with(options(), async |p| {
        let mut team = team();
        let crashed = &mut team.swarms[0].agents[0];
        (crashed.status, crashed.reason) = (Status::Exited, Some(Reason::Crashed));
        p.shown(team).await;
        p.keys("/wait perm").await;
        assert!(p.sees("backend") && !p.screen.text().contains("tests "), "{}", p.screen.text());
    })
    .unwrap();
}

#[test]
fn a_draft_is_there_again_and_only_for_the_same() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("mhalf a thought").await;
        p.key(KeyCode::Esc).await;
        assert!(p.sees("the draft is kept"));
        p.keys("jm").await;
        assert!(!p.screen.text().contains("half a thought"));
        p.key(KeyCode::Esc).await;
        p.keys("gm").await;
        assert!(p.sees("half a thought"));
        p.key(KeyCode::Enter).await;
        assert_eq!(
            p.asked(),
            [Request::Send { to: vec![who("backend")], text: "half a thought".into(), fill: false }]
        );
        p.keys("Anew codex web").await;
        p.key(KeyCode::Enter).await;
        p.told(Update::Outcome { text: "no such directory".into(), failed: true }).await;
        p.keys("A").await;
        assert!(p.sees("new codex web"), "a line that came to nothing is there to be mended");
    })
    .unwrap();
}

#[test]
fn a_note_goes_by_itself() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.told(Update::Outcome { text: "sent to backend".into(), failed: false }).await;
        assert!(p.sees("sent to backend"));
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert!(!p.screen.text().contains("sent to backend"));
    })
    .unwrap();
}

#[test]
fn live_keys_go_to_the_pane_and_nowhere_else() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("t").await;
        assert!(p.sees("LIVE: keys go to backend"));
        let typed = |keys| Request::Type { agent: who("backend"), keys };
        assert_eq!(p.asked(), [typed(vec![])], "asked before anything is typed");
        p.keys("q").await;
        p.key(KeyCode::Enter).await;
        p.event(Event::Paste("a\nb".into())).await;
        assert_eq!(
            p.asked(),
            [
                typed(vec![Typed::Text("q".into())]),
                typed(vec![Typed::Key("Enter".into())]),
                typed(vec![Typed::Paste("a\nb".into())])
            ]
        );
        p.event(Event::Key(KeyEvent::new(KeyCode::Char('5'), KeyModifiers::CONTROL))).await;
        assert!(p.sees("no longer typing into backend"));
        p.keys("tx").await;
        p.asked();
        p.told(Update::Outcome { text: "docs was not answered".into(), failed: true }).await;
        assert!(p.sees("LIVE: keys go to backend"), "what becomes of something else does not end it");
        let untyped = |who| Update::Untyped { agent: who, text: "the pane is dead".into() };
        p.told(untyped(who("docs"))).await;
        assert!(p.sees("LIVE: keys go to backend"));
        p.told(untyped(who("backend"))).await;
        assert!(p.sees("no longer typing into backend: the pane is dead"));
        // Who types on has not seen it: none of that is a command.
        p.keys("x every qy").await;
        p.event(Event::Paste("q".into())).await;
        assert_eq!(p.asked(), []);
        assert!(p.sees("no longer typing into backend: the pane is dead") && !p.sees("Kill"));
        p.key(KeyCode::Esc).await;
        p.keys("t").await;
        let mut gone = team();
        gone.swarms[0].agents[2].status = Status::Exited;
        p.shown(gone).await;
        assert!(p.sees("it has ended"));
    })
    .unwrap();
}

#[test]
fn work_is_handed_over_and_letters_are_mended() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys(">review").await;
        p.key(KeyCode::Enter).await;
        p.keys("Finish it").await;
        p.event(Event::Paste("\nThe rest is in NOTES.md".into())).await;
        p.key(KeyCode::Enter).await;
        let over = Request::HandOver {
            from: who("backend"),
            to: "review".into(),
            subject: "Finish it".into(),
            body: "The rest is in NOTES.md".into(),
        };
        assert_eq!(p.asked(), [over]);
        let mut dead = team();
        let letter = |id: &str, state: &str| swarm::snapshot::HandoffView {
            id: id.into(),
            from: "backend".into(),
            to: "review".into(),
            agent: None,
            kind: "handoff".into(),
            subject: format!("subject {id}"),
            priority: 3,
            state: state.into(),
            attempts: 5,
            proof: None,
            note: None,
            created: now(),
            since: now(),
        };
        dead.swarms[0].handoffs = vec![letter("A", "seen"), letter("B", "dead")];
        p.shown(dead).await;
        p.keys("M").await;
        let which = |id: &str| LetterRef { swarm: "shop".into(), id: id.into() };
        p.keys("r").await;
        assert_eq!(p.asked(), [Request::Retry(which("B"))], "what is stuck comes first");
        p.keys("x").await;
        assert!(p.sees("Drop the handoff to review?"));
        p.keys("y").await;
        assert_eq!(p.asked(), [Request::Drop(which("B"))]);
        assert!(p.sees("subject A"), "back in the list");
        p.keys("jx").await;
        assert!(p.sees("there is nothing to drop"));
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [Request::Read(which("A"))]);
        p.keys("q").await;
        assert!(!p.screen.text().contains("subject A"));
    })
    .unwrap();
}
