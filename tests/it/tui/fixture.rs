//! A team at a fixed moment, and a way to see what is drawn.

use std::fmt::Write;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use swarm::snapshot::{AgentView, Hold, Inbox, Snapshot, SwarmView};
use swarm::status::{Attention, ContextUsage, Proof, Reason, Source, Status, Tokens};
use swarm::tui::app::App;
use swarm::tui::control::Input;
use swarm::tui::key::Key;
use swarm::tui::{AgentRef, Options, Update, view};
use unicode_width::UnicodeWidthStr;

/// 2026-11-21 10:00:00 UTC.
pub(super) fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(super) fn agent(name: &str, status: Status, since: i64) -> AgentView {
    AgentView {
        name: name.into(),
        profile: "claude".into(),
        role: None,
        host: "local".into(),
        pane: Some("%1".into()),
        window: Some("@1".into()),
        pid: Some(4711),
        instance: Some("019a0000-0000-7000-8000-000000000001".into()),
        status,
        reason: None,
        until: None,
        ending: false,
        returning: false,
        hold: None,
        attention: None,
        since: ago(since),
        proof: Some(Proof {
            source: Source::Title,
            rule: "title:spinner".into(),
            text: String::new(),
            at: ago(2),
        }),
        permissions: "inherit".into(),
        model: Some("claude-opus-4-8".into()),
        context: None,
        tokens: None,
        cost_usd: None,
        cost_usd_today: None,
        inbox: Inbox::default(),
        restarts: 0,
        directory: format!("~/shop/{name}"),
        last_line: None,
        question: None,
        subject: None,
        prompt: None,
        options: Vec::new(),
        screen_rev: 1,
        subagents: Vec::new(),
    }
}

fn context(used: u64, window: u64) -> ContextUsage {
    ContextUsage {
        used: Some(used),
        window: Some(window),
        percent_used: Some(used as f64 / window as f64 * 100.0),
        to_compaction: Some(18.0),
        shown_by_agent: None,
        source: Some(Source::Transcript),
    }
}

pub(super) fn waiting(name: &str, since: i64) -> AgentView {
    AgentView {
        role: Some("coder".into()),
        reason: Some(Reason::Permission),
        attention: Some(Attention::Asks),
        pane: Some("%5".into()),
        proof: Some(Proof {
            source: Source::Screen,
            rule: "screen:permission".into(),
            text: "Do you want to proceed? rm -rf target && cargo build --release".into(),
            at: ago(3),
        }),
        question: Some("Do you want to proceed?".into()),
        subject: Some("rm -rf target && cargo build --release".into()),
        options: vec![
            "❯ 1. Yes".into(),
            "2. Yes, and don't ask again for rm commands".into(),
            "3. No (esc)".into(),
        ],
        context: Some(context(124_000, 200_000)),
        tokens: Some(Tokens { input: 12_345, output: 3400, cache_read: 1_234_567, cache_write: 80_000 }),
        cost_usd: Some("1.204999999999".into()),
        cost_usd_today: Some("3.11".into()),
        last_line: Some("Esc to cancel".into()),
        inbox: Inbox { pending: 2, dead: 0 },
        ..agent(name, Status::Waiting, since)
    }
}

pub(super) fn team() -> Snapshot {
    let tests = AgentView {
        role: Some("tester".into()),
        profile: "codex".into(),
        context: Some(context(24_000, 200_000)),
        tokens: Some(Tokens::default()),
        cost_usd: Some("0.10".into()),
        cost_usd_today: Some("0.10".into()),
        last_line: Some("• Running 12 tests in tests/api (4s • esc to interrupt)".into()),
        ..agent("tests", Status::Working, 4)
    };
    let docs = AgentView {
        role: Some("writer".into()),
        profile: "gemini".into(),
        reason: Some(Reason::Background),
        last_line: Some("日本語のドキュメントを更新しています".into()),
        tokens: Some(Tokens::default()),
        ..agent("docs", Status::Working, 731)
    };
    let deploy = AgentView {
        role: Some("ops".into()),
        reason: Some(Reason::Api),
        attention: Some(Attention::Failed),
        context: Some(context(184_000, 200_000)),
        cost_usd: Some("2".into()),
        cost_usd_today: Some("2".into()),
        restarts: 2,
        inbox: Inbox { pending: 1, dead: 1 },
        proof: Some(Proof {
            source: Source::Transcript,
            rule: "transcript:api_error".into(),
            text: "API Error: 529 overloaded".into(),
            at: ago(3900),
        }),
        ..agent("deploy", Status::Error, 3900)
    };
    let review = AgentView {
        role: Some("reviewer".into()),
        attention: Some(Attention::Finished),
        hold: Some(Hold { by: "human".into(), reason: "budget".into(), since: ago(300) }),
        last_line: Some("Two findings, both in src/api.rs.".into()),
        ..agent("review", Status::Idle, 185)
    };
    let limits = AgentView {
        role: Some("coder".into()),
        reason: Some(Reason::UsageLimit),
        until: Some("2026-11-21T14:30:00Z".parse().unwrap()),
        ..agent("frontend", Status::Limited, 1900)
    };
    let shell = AgentView {
        profile: "shell".into(),
        model: None,
        proof: None,
        last_line: Some("$ ".into()),
        ..agent("shell", Status::Unknown, 90_000)
    };
    Snapshot {
        swarms: vec![SwarmView {
            name: "shop".into(),
            session: Some("$3".into()),
            agents: vec![tests, docs, waiting("backend", 130), deploy, review, limits, shell],
            ..SwarmView::default()
        }],
        ..Snapshot::default()
    }
}

pub(super) fn many(n: usize) -> Snapshot {
    let statuses = [Status::Working, Status::Idle, Status::Waiting, Status::Starting, Status::Exited];
    let agents = (0..n)
        .map(|i| AgentView {
            role: Some(["coder", "tester", "reviewer"][i % 3].into()),
            context: Some(context(1000 * i as u64, 200_000)),
            cost_usd: Some(format!("{}.5", i % 7)),
            cost_usd_today: Some(format!("{}.5", i % 7)),
            last_line: Some(format!("line {i} of what it last said")),
            ..agent(&format!("agent-{i:03}"), statuses[i % 5], 10 * i as i64)
        })
        .collect();
    Snapshot {
        swarms: vec![SwarmView {
            name: "farm".into(),
            session: Some("$1".into()),
            agents,
            ..SwarmView::default()
        }],
        ..Snapshot::default()
    }
}

pub(super) fn options() -> Options {
    Options { clock: now, ..Options::default() }
}

/// What a permission prompt looks like in the pane, with colours.
pub(super) fn prompt() -> Vec<u8> {
    let mut screen = String::from("\x1b[38;5;174m⏺\x1b[39m I will build it from scratch.\n\n");
    screen.push_str(
        "\x1b[38;2;177;185;249m──────────────────────────────────────────────────────────\x1b[39m\n",
    );
    screen.push_str(
        " \x1b[1m\x1b[38;2;177;185;249mBash command\x1b[0m\n\n   rm -rf target && cargo build --release\n",
    );
    screen.push_str("   \x1b[2mRemove the target directory and build\x1b[0m\n\n Do you want to proceed?\n");
    screen.push_str(" \x1b[38;2;177;185;249m❯ 1. Yes\x1b[39m\n   2. Yes, and don't ask again for rm commands\n   3. No (esc)\n\n\n");
    screen.into_bytes()
}

/// An overview of `width` by `height` that has been told `snapshot` and the selected pane's screen.
pub(super) fn app(snapshot: Snapshot, width: u16, height: u16, options: Options) -> App {
    let mut app = App::new(options, Rect::new(0, 0, width, height));
    app.update(Update::Snapshot(Arc::new(snapshot)));
    preview(&mut app);
    app
}

pub(super) fn preview(app: &mut App) {
    if let Some(agent) = app.selected.clone() {
        app.update(Update::Preview { agent, rev: 1, ansi: prompt(), width: 120, height: 40, cursor: None });
    }
}

/// Types keys by name: `x`, `Enter`, `C-d`.
pub(super) fn press(app: &mut App, keys: &str) {
    for key in keys.split(' ') {
        app.input(Input::Key(key.parse::<Key>().unwrap()));
    }
}

pub(super) fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        app.input(Input::Key(Key::char(c)));
    }
}

pub(super) fn who(agent: &str) -> AgentRef {
    AgentRef::new("shop", agent)
}

pub(super) fn draw(app: &App) -> Terminal<TestBackend> {
    let mut terminal = Terminal::new(TestBackend::new(app.area.width, app.area.height)).unwrap();
    terminal.draw(|frame| view::draw(frame, app)).unwrap();
    terminal
}

/// The characters on screen, one line per row; blanks at the end of rows left out.
pub(super) fn text(app: &App) -> String {
    let terminal = draw(app);
    let buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut line = String::new();
        let mut skip = 0;
        for x in 0..buffer.area.width {
            // The cell after a wide character belongs to it.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let symbol = buffer[(x, y)].symbol();
            skip = symbol.width().saturating_sub(1);
            line.push_str(symbol);
        }
        writeln!(out, "{}", line.trim_end()).unwrap();
    }
    out
}

/// The styles on screen: each row's runs as `style│text`, rows without style left out.
pub(super) fn styles(app: &App) -> String {
    let terminal = draw(app);
    let buffer: &Buffer = terminal.backend().buffer();
    let mut out = String::new();
    for y in 0..buffer.area.height {
        let mut runs: Vec<(String, String)> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut style = String::new();
            for (name, color) in [("", cell.fg), ("on ", cell.bg)] {
                if color != ratatui::style::Color::Reset {
                    write!(style, "{name}{color} ").unwrap();
                }
            }
            write!(style, "{:?}", cell.modifier).unwrap();
            let style = style.replace("Modifier(0x0)", "").replace("NONE", "");
            match runs.last_mut() {
                Some((last, text)) if *last == style => text.push_str(cell.symbol()),
                _ => runs.push((style, cell.symbol().to_owned())),
            }
        }
        for (style, text) in
            runs.iter().filter(|(s, t)| !s.is_empty() && (!t.trim().is_empty() || s.contains("on ")))
        {
            writeln!(out, "{y:>2} {:<28} {}", style.trim(), text.trim()).unwrap();
        }
    }
    out
}
