//! What a frame of the overview costs: taking in a snapshot, making the frame, and a key's way to the screen, for 20,
//! 200 and 500 agents; as milliseconds and as multiples of a frame with nothing on it.
//!
//! `cargo bench --bench overview`. The target is 4 ms at 200 agents (`design.md`, Numbers).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a program that measures and prints"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::layout::Rect;
use swarm::snapshot::{AgentView, Inbox, Snapshot, SwarmView};
use swarm::status::{ContextUsage, Proof, Source, Status};
use swarm::tui::app::App;
use swarm::tui::control::Input;
use swarm::tui::key::Key;
use swarm::tui::{Options, Update, ansi, view};

const ROUNDS: usize = 400;

fn main() {
    println!(
        "{:<10} {:>6}  {:>10} {:>10} {:>10} {:>10}  p50 (p99) ms",
        "size", "agents", "snapshot", "frame", "both", "key"
    );
    for (width, height) in [(80, 24), (200, 50)] {
        let floor = floor(width, height);
        println!("{:<10} {:>6}  {:>10} {:>10}", format!("{width}x{height}"), "none", "", show(&floor));
        for agents in [20, 200, 500] {
            let [snapshot, frame, both, key] = measure(width, height, agents);
            let ratio = p(&both, 50).as_secs_f64() / p(&floor, 50).as_secs_f64();
            let cells = [&snapshot, &frame, &both, &key].map(|m| format!("{:>10}", show(m))).join(" ");
            println!("{:<10} {agents:>6}  {cells}  {ratio:.1}x an empty frame", "");
        }
    }
    let screen = include_bytes!("../tests/data/tui/screen.ansi");
    let mut times: Vec<_> =
        (0..ROUNDS).map(|_| time(|| assert!(!ansi::parse(screen, true).is_empty()))).collect();
    times.sort();
    println!("preview: {} bytes of capture-pane -e in {} ms", screen.len(), show(&times));
}

fn p(times: &[Duration], percent: usize) -> Duration {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn show(times: &[Duration]) -> String {
    format!("{:.2} ({:.2})", p(times, 50).as_secs_f64() * 1e3, p(times, 99).as_secs_f64() * 1e3)
}

fn time(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

fn floor(width: u16, height: u16) -> Vec<Duration> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut times: Vec<_> = (0..ROUNDS).map(|_| time(|| assert!(terminal.draw(|_| {}).is_ok()))).collect();
    times.sort();
    times
}

/// Snapshot, frame, both, and a key with its frame; every snapshot differs from the one before.
fn measure(width: u16, height: u16, agents: usize) -> [Vec<Duration>; 4] {
    let mut app = App::new(Options::default(), Rect::new(0, 0, width, height));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut measured: [Vec<Duration>; 4] = Default::default();
    let snapshots: Vec<_> = (0..8).map(|n| Arc::new(team(agents, n))).collect();
    for round in 0..ROUNDS {
        let next = Update::Snapshot(Arc::clone(&snapshots[round % snapshots.len()]));
        let took = time(|| {
            app.update(next);
        });
        let drew = time(|| assert!(terminal.draw(|f| view::draw(f, &app)).is_ok()));
        let key = if round / 100 % 2 == 0 { 'j' } else { 'k' };
        let keyed = time(|| {
            app.input(Input::Key(Key::char(key)));
            terminal.draw(|f| view::draw(f, &app)).unwrap();
        });
        for (times, took) in measured.iter_mut().zip([took, drew, took + drew, keyed]) {
            times.push(took);
        }
        app.requests.clear();
    }
    for times in &mut measured {
        times.sort();
    }
    measured
}

fn team(n: usize, round: usize) -> Snapshot {
    let statuses = [Status::Working, Status::Idle, Status::Working, Status::Waiting, Status::Exited];
    let agents = (0..n)
        .map(|i| AgentView {
            name: format!("agent-{i:03}"),
            profile: "claude".into(),
            role: Some(["coder", "tester", "reviewer"][i % 3].into()),
            host: "local".into(),
            pane: Some(format!("%{i}")),
            window: Some(format!("@{}", i / 4)),
            pid: Some(1000 + i as u32),
            instance: Some(format!("019a0000-0000-7000-8000-{i:012}")),
            status: statuses[(i + round) % 5],
            reason: None,
            until: None,
            ending: false,
            returning: false,
            hold: None,
            attention: None,
            since: Timestamp::from_second(1_000_000_000 + i as i64).unwrap(),
            proof: Some(Proof {
                source: Source::Screen,
                rule: "screen:spinner".into(),
                text: "✳ Working… (12s · esc to interrupt)".into(),
                at: Timestamp::from_second(1_000_000_000 + round as i64).unwrap(),
            }),
            permissions: "inherit".into(),
            model: Some("claude-opus-4-8".into()),
            context: Some(ContextUsage { percent_used: Some((i % 100) as f64), ..ContextUsage::default() }),
            tokens: None,
            cost_usd: Some(format!("{i}.{round}4")),
            cost_usd_today: Some(format!("{i}.{round}4")),
            inbox: Inbox::default(),
            restarts: 0,
            directory: format!("~/project/{i}"),
            last_line: Some(format!(
                "● Reading src/file_{i}.rs, round {round}, und so weiter bis zum Ende der Zeile"
            )),
            question: None,
            subject: None,
            prompt: None,
            options: Vec::new(),
            screen_rev: round as u64,
            subagents: Vec::new(),
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
