//! Snapshots of every view at every size, at a fixed time.

use std::sync::Arc;

use swarm::snapshot::{HandoffView, Snapshot, SubagentState, SubagentView, SwarmView};
use swarm::status::{Reason, Status, Tokens};
use swarm::tui::theme::Themes;
use swarm::tui::{Arrangement, EventView, JumpBy, Options, Update};

use super::fixture::{
    agent, ago, app, draw, many, options, press, preview, styles, team, text, type_text, waiting, who,
};

const SIZES: [(u16, u16); 4] = [(40, 15), (80, 24), (120, 40), (200, 50)];

fn check(name: &str, seen: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, seen));
}

/// One view at every size: `keys` are pressed on the team's list.
fn at_every_size(name: &str, keys: &str) {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        if !keys.is_empty() {
            press(&mut app, keys);
            preview(&mut app);
        }
        check(&format!("{name}_{width}x{height}"), &text(&app));
    }
}

#[test]
fn list_with_a_prompt() {
    at_every_size("list", "");
}

#[test]
fn list_with_a_working_agent_selected() {
    at_every_size("working", "j j j");
}

#[test]
fn help() {
    at_every_size("help", "?");
}

#[test]
fn details() {
    at_every_size("details", "j p");
}

fn with_subagents() -> Snapshot {
    let mut team = team();
    let subagent = |id: &str, name: Option<&str>, state, s| SubagentView {
        id: id.into(),
        name: name.map(str::to_owned),
        state,
        last: Some(ago(s)),
        ..SubagentView::default()
    };
    let tokens = Some(Tokens { input: 4100, output: 900, cache_read: 96_000, cache_write: 6000 });
    team.swarms[0].agents[2].subagents = vec![
        SubagentView {
            kind: Some("Explore".into()),
            model: Some("claude-haiku-4-5".into()),
            tokens,
            cost_usd: Some("0.0412".into()),
            ..subagent("a1", Some("Find every caller of the index"), Some(SubagentState::Finished), 95)
        },
        SubagentView {
            kind: Some("general-purpose".into()),
            tokens,
            ..subagent("a2", None, Some(SubagentState::Running), 4)
        },
        subagent("a3f0", Some("日本語の調査"), None, 7200),
    ];
    team
}

#[test]
fn subagents() {
    for (width, height) in SIZES {
        let mut app = app(with_subagents(), width, height, options());
        check(&format!("folded_{width}x{height}"), &text(&app));
        press(&mut app, "S");
        check(&format!("unfolded_{width}x{height}"), &text(&app));
        press(&mut app, "S p");
        check(&format!("subagents_in_details_{width}x{height}"), &text(&app));
    }
}

#[test]
fn subagents_are_passed_over() {
    let mut app = app(with_subagents(), 80, 24, options());
    press(&mut app, "S j");
    assert_eq!(app.selected, Some(who("deploy")), "the next agent, not a subagent");
    let rows = app.parts().rows;
    app.input(swarm::tui::control::Input::Click(rows.x + 6, rows.y + 2));
    assert_eq!(app.selected, Some(who("backend")), "a subagent stands for its agent");
    app.requests.clear();
    app.input(swarm::tui::control::Input::Click(rows.x + 6, rows.y + 2));
    assert_eq!(app.requests, [], "and has no pane to go to");
    press(&mut app, "G S");
    assert!(text(&app).contains("no subagents of shell are known"));
}

#[test]
fn confirm_kill() {
    at_every_size("kill", "x");
}

#[test]
fn confirm_approval() {
    at_every_size("approve", "a");
}

#[test]
fn confirm_choice() {
    at_every_size("choose", "2");
}

#[test]
fn confirm_restart_of_many() {
    at_every_size("restart", "Space Space j j Space r");
}

#[test]
fn confirm_hibernate() {
    at_every_size("hibernate", "j j j Z");
}

#[test]
fn rename() {
    at_every_size("rename", "R");
}

#[test]
fn one_that_sleeps() {
    let mut snapshot = team();
    let review = &mut snapshot.swarms[0].agents[4];
    (review.status, review.reason, review.pid, review.hold) =
        (Status::Exited, Some(Reason::Asleep), None, None);
    review.attention = None;
    review.last_line = Some("Resume this session with: claude --resume 0f9a".into());
    for (width, height) in SIZES {
        let mut app = app(snapshot.clone(), width, height, options());
        press(&mut app, "G k");
        check(&format!("asleep_{width}x{height}"), &text(&app));
    }
}

#[test]
fn message() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, "m");
        type_text(&mut app, "Read HANDOFF.md, then");
        press(&mut app, "C-j");
        type_text(&mut app, "start with 日本語");
        check(&format!("message_{width}x{height}"), &text(&app));
    }
}

#[test]
fn templates() {
    for (width, height) in SIZES {
        let mut team = team();
        team.swarms[0].templates =
            [("review", "{agent}, review the last commit as a {role}."), ("stop", "Stop here.")]
                .map(|(name, text)| (name.to_owned(), text.to_owned()))
                .into();
        let mut app = app(team, width, height, options());
        press(&mut app, "m C-t");
        check(&format!("templates_{width}x{height}"), &text(&app));
        press(&mut app, "Enter");
        check(&format!("template_chosen_{width}x{height}"), &text(&app));
    }
}

#[test]
fn explain() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, "e");
        let text_of_explain = "screen  permission  matched \"Do you want to proceed?\"  3s ago  won\n\
            title   idle        \"✳ build\"  12s ago  lost: a dialog on screen outranks the title";
        app.update(Update::Explained { agent: who("backend"), text: text_of_explain.into() });
        check(&format!("explain_{width}x{height}"), &text(&app));
    }
}

#[test]
fn events() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, "E");
        let event = |s, kind: &str, text: &str| EventView {
            at: ago(s),
            agent: who("backend"),
            kind: kind.into(),
            text: text.into(),
        };
        app.looked.insert(who("backend"), ago(400));
        app.update(Update::Events(vec![
            event(90_000, "agent.spawned", "started in %5 with claude"),
            event(700, "agent.status", "idle -> working"),
            event(
                130,
                "agent.status",
                "working -> waiting permission: rm -rf target && cargo build --release",
            ),
        ]));
        check(&format!("events_{width}x{height}"), &text(&app));
        press(&mut app, "Esc p");
        check(&format!("lately_{width}x{height}"), &text(&app));
    }
}

fn letter(id: &str, state: &str, route: (&str, &str), subject: &str, s: i64) -> HandoffView {
    HandoffView {
        id: id.into(),
        from: route.0.into(),
        to: route.1.into(),
        agent: (!route.1.starts_with('@')).then(|| route.1.into()),
        kind: "handoff".into(),
        subject: subject.into(),
        priority: 3,
        state: state.into(),
        attempts: 1,
        proof: None,
        note: None,
        created: ago(s + 60),
        since: ago(s),
    }
}

fn with_letters() -> Snapshot {
    let mut team = team();
    let dead = HandoffView {
        attempts: 5,
        note: Some("given up: its composer was never empty".into()),
        ..letter("01K8DEAD", "dead", ("backend", "deploy"), "Roll back the index migration", 4000)
    };
    let seen = HandoffView {
        agent: Some("review".into()),
        proof: Some("read by `swarm inbox` at 09:58".into()),
        ..letter("01K8SEEN", "seen", ("backend", "@reviewer"), "API is ready for review", 120)
    };
    let other = letter("01K8OTHER", "done", ("docs", "human"), "docs are built", 9000);
    let queued = letter("01K8QUEUED", "queued", ("human", "backend"), "日本語 in a subject", 30);
    team.swarms[0].handoffs = vec![queued, seen, dead, other];
    team
}

#[test]
fn letters() {
    for (width, height) in SIZES {
        let mut app = app(with_letters(), width, height, options());
        press(&mut app, "M");
        check(&format!("letters_{width}x{height}"), &text(&app));
        press(&mut app, "j j Enter");
        let body = "All endpoints answer.\n\nLook at src/api.rs first.\nnotes: Handed over by the person.";
        app.update(Update::Letter { id: "01K8SEEN".into(), text: body.into() });
        check(&format!("letter_read_{width}x{height}"), &text(&app));
    }
}

#[test]
fn live() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, "t");
        check(&format!("live_{width}x{height}"), &text(&app));
    }
}

#[test]
fn hand_over() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, ">");
        check(&format!("receiver_{width}x{height}"), &text(&app));
        press(&mut app, "Enter");
        type_text(&mut app, "Finish the API");
        check(&format!("hand_over_{width}x{height}"), &text(&app));
    }
}

#[test]
fn marked_prompts_are_approved_in_one_question() {
    for (width, height) in SIZES {
        let mut two = team();
        let mut other = waiting("review", 60);
        other.subject = Some("curl -sS https://example.com | sh".into());
        two.swarms[0].agents[4] = other;
        let mut app = app(two, width, height, options());
        press(&mut app, "* a");
        check(&format!("approve_marked_{width}x{height}"), &text(&app));
    }
}

#[test]
fn costs_show_how_budgets_stand() {
    let mut team = team();
    let next = swarm::snapshot::NextStep { percent: 95, action: "stop_dispatch".into() };
    team.swarms[0].budgets = vec![swarm::snapshot::BudgetView {
        of: "@coder".into(),
        per: "day".into(),
        percent: Some(86),
        action: "warn".into(),
        next: Some(next),
        ..Default::default()
    }];
    let mut app = app(team, 120, 40, options());
    press(&mut app, "C");
    let seen = text(&app);
    assert!(seen.contains("@coder per day") && seen.contains("86 %  stops new work at 95 %"), "{seen}");
}

#[test]
fn costs() {
    at_every_size("costs", "C");
}

#[test]
fn palette() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, ":");
        type_text(&mut app, "res");
        check(&format!("palette_{width}x{height}"), &text(&app));
    }
}

#[test]
fn filter() {
    for (width, height) in SIZES {
        let mut app = app(team(), width, height, options());
        press(&mut app, "/");
        type_text(&mut app, "code");
        check(&format!("filter_{width}x{height}"), &text(&app));
    }
}

#[test]
fn zoom() {
    at_every_size("zoom", "z");
}

#[test]
fn grouped_by_role() {
    at_every_size("grouped", "o o");
}

#[test]
fn sidebar() {
    for (width, height) in SIZES {
        let options = Options { arrangement: Arrangement::Sidebar, ..options() };
        check(&format!("sidebar_{width}x{height}"), &text(&app(team(), width, height, options)));
    }
}

#[test]
fn two_hundred_agents() {
    for (width, height) in SIZES {
        let mut app = app(many(200), width, height, options());
        press(&mut app, "C-d C-d");
        check(&format!("many_{width}x{height}"), &text(&app));
    }
}

#[test]
fn two_swarms() {
    for (width, height) in SIZES {
        let mut two = team();
        let agents = vec![agent("backend", swarm::status::Status::Idle, 7200)];
        two.swarms.push(SwarmView { name: "blog".into(), session: None, agents, ..SwarmView::default() });
        check(&format!("two_swarms_{width}x{height}"), &text(&app(two, width, height, options())));
    }
}

#[test]
fn trouble() {
    for (width, height) in SIZES {
        let mut snapshot = team();
        snapshot.problems = vec!["the database cannot be written: disk full".into(), "another".into()];
        let mut app = app(snapshot, width, height, options());
        check(&format!("problem_{width}x{height}"), &text(&app));
        app.update(Update::Disconnected("connection refused".into()));
        app.update(Update::Outcome { text: "kill backend: no monitor".into(), failed: true });
        check(&format!("disconnected_{width}x{height}"), &text(&app));
    }
}

#[test]
fn nothing_to_show() {
    for (width, height) in SIZES {
        let mut app = app(Snapshot::default(), width, height, options());
        check(&format!("no_swarm_{width}x{height}"), &text(&app));
        app.update(Update::Snapshot(Arc::new(team())));
        press(&mut app, "/");
        type_text(&mut app, "zzz");
        press(&mut app, "Enter");
        check(&format!("no_match_{width}x{height}"), &text(&app));
    }
    let unasked = swarm::tui::app::App::new(options(), ratatui::layout::Rect::new(0, 0, 80, 24));
    check("no_snapshot_80x24", &text(&unasked));
    check("too_small_39x15", &text(&app(team(), 39, 15, options())));
    check("too_small_1x1", &text(&app(team(), 1, 1, options())));
}

#[test]
fn colours_ascii_and_no_colour() {
    check("styles_default_80x24", &styles(&app(team(), 80, 24, options())));
    let themes = Themes::default();
    let night = Options { theme: themes.theme("night", "unicode").unwrap(), ..options() };
    check("styles_night_80x24", &styles(&app(team(), 80, 24, night)));
    let plain = Options { theme: themes.theme("default", "ascii").unwrap().without_color(), ..options() };
    let plain = app(team(), 80, 24, plain);
    check("ascii_80x24", &text(&plain));
    check("styles_without_colour_80x24", &styles(&plain));
}

#[test]
fn no_size_panics() {
    for width in [1, 3, 7, 20, 39, 40, 41, 59, 60, 79, 119, 120, 139, 140, 250] {
        for height in [1, 2, 3, 5, 9, 10, 11, 13, 17, 23, 60] {
            let leaving = Options { jump: JumpBy::Leaving, ..options() };
            let mut app = app(with_subagents(), width, height, leaving);
            for keys in [
                "?", "Esc", "x", "n", "m", "Esc", "a", "n", ":", "Esc", "C", "Esc", "z", "z", "p", "v", "/",
                "Enter", "o", "M", "j", "Esc", ">", "Esc", "t", "x", "C-]", "S", "j", "p", "S", "m", "C-t",
                "Esc", "Esc",
            ] {
                press(&mut app, keys);
                draw(&app);
            }
        }
    }
}
