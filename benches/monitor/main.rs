//! What watching costs, against nobody watching and against the ways others watch; start-up, status, memory, latency.
//!
//! `make bench`. Every row is measured in one run on private tmux servers; compare within a row, machines differ.
//! `SWARM_BENCH=cpu,latency` chooses parts, `SWARM_BENCH_SECONDS` the length of one CPU window (4), `SWARM_BENCH_ROUNDS`
//! how often each is repeated (3; medians are shown).
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::exit,
    clippy::format_push_string,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "a program that measures and prints"
)]

mod animate;
mod rig;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rig::{Pipe, Rig, children_cpu, cpu, median, millis, nanos, quantile, rss, until};
use swarm::client::{Client, Rendezvous};
use swarm::paths::Paths;
use swarm::protocol::{Line, Notice, Request};
use swarm::status::Status;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flag, socket, ..] = args.as_slice()
        && flag == "--animate"
    {
        return animate::run(socket);
    }
    if !rig::has("tmux".as_ref()) {
        println!("no tmux: nothing to measure");
        return;
    }
    let parts = std::env::var("SWARM_BENCH").unwrap_or_default();
    let wanted = |part: &str| parts.is_empty() || parts.split(',').any(|p| p == part);
    if wanted("start") {
        start_up();
    }
    if wanted("cpu") {
        watching();
    }
    if wanted("latency") {
        latency();
    }
    if wanted("overview") {
        overview();
    }
}

fn number(key: &str, default: f64) -> f64 {
    std::env::var(key).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

/// 20 panes on a cold server: by `swarm up`, its monitor cold too, and by one chained tmux call. Until every child has
/// said hello.
fn start_up() {
    const PANES: usize = 20;
    let (mut floors, mut ups, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..5 {
        let mut bare = Rig::new(PANES);
        let floor = millis(|| {
            let mut tmux = bare.tmux();
            let argv = bare.child_argv();
            tmux.args(["new-session", "-d", "-s", "bench", "-x", "200", "-y", "50", "--"]).args(&argv);
            for _ in 1..PANES {
                tmux.args([";", "new-window", "-d", "--"]).args(&argv);
            }
            assert!(tmux.status().unwrap().success());
            bare.greet(PANES);
        });
        drop(bare);
        let mut rig = Rig::new(PANES);
        let up = millis(|| {
            rig.swarm(&["up", "--trust", "--detach"]);
            rig.greet(PANES);
        });
        floors.push(floor);
        ups.push(up);
        ratios.push(up / floor);
    }
    println!("start-up of {PANES} agents, cold (median of 5)");
    println!("  one chained tmux call {:>7.0} ms", median(floors));
    println!("  swarm up              {:>7.0} ms   {:.2} x\n", median(ups), median(ratios));
}

/// The ways to watch.
const WAYS: [&str; 4] = ["nobody", "swarm", "list+capture 1 s", "fork per pane 1 s"];

/// CPU of the tmux server plus whoever watches, in points of a core.
fn watching() {
    println!(
        "CPU of the tmux server and the watcher, points of one core; in brackets what is added to `nobody`"
    );
    println!("{:24} {:>8} {:>18} {:>18} {:>20}   forks / swarm", "panes", WAYS[0], WAYS[1], WAYS[2], WAYS[3]);
    for (name, panes, noisy, mode) in [
        ("20 idle", 20, 0, "still"),
        ("20 spinning at 10 Hz", 20, 0, "spin"),
        ("100 idle", 100, 0, "still"),
        ("100 spinning at 10 Hz", 100, 0, "spin"),
        ("90 spinning, 10 at 1 MB/s", 100, 10, "spin"),
    ] {
        let mut rig = swarm_of(panes);
        for (n, child) in rig.children.iter_mut().enumerate() {
            child.tell(if n < noisy { "flood" } else { mode });
        }
        let rounds = number("SWARM_BENCH_ROUNDS", 3.0) as usize;
        let mut spent: HashMap<&str, Vec<f64>> = HashMap::new();
        let mut apart = Vec::new();
        for _ in 0..rounds {
            for way in WAYS {
                let (total, own) = points(&rig, way);
                spent.entry(way).or_default().push(total);
                if way == "swarm" {
                    apart.push(own);
                }
            }
        }
        let of = |way: &str| median(spent[way].clone());
        let added = |way: &str| {
            let pairs = spent[way].iter().zip(&spent["nobody"]);
            median(pairs.map(|(with, without)| with - without).collect())
        };
        let cell = |way: &str| format!("{:.2} ({:+.2})", of(way), added(way));
        println!(
            "{name:24} {:>8.2} {:>18} {:>18} {:>20}   {:>6.0} x   monitor alone {:.2}",
            of("nobody"),
            cell(WAYS[1]),
            cell(WAYS[2]),
            cell(WAYS[3]),
            added(WAYS[3]) / added(WAYS[1]).max(0.01),
            median(apart)
        );
        if name == "100 idle" {
            status(&rig);
        }
    }
    println!();
}

/// A swarm of so many children, each idle, with its monitor settled.
fn swarm_of(panes: usize) -> Rig {
    let mut rig = Rig::new(panes);
    rig.swarm(&["up", "--trust", "--detach"]);
    rig.greet(panes);
    rig.find_server();
    rig
}

/// Points of a core in one window: of everything, and of the watcher alone.
fn points(rig: &Rig, way: &str) -> (f64, f64) {
    let seconds = number("SWARM_BENCH_SECONDS", 4.0);
    let monitor = (way == "swarm").then(|| rig.monitor());
    let mut pipe = (way == WAYS[2]).then(|| Pipe::attach(rig));
    let mut known = HashMap::new();
    if monitor.is_none() {
        rig.stop_monitor();
        until(Instant::now(), 1.0);
    } else {
        // Until it has found everything and knows who animates.
        until(Instant::now(), 4.0);
    }
    if let Some(pipe) = &mut pipe {
        changed(pipe, &mut known);
    }
    let me = std::process::id();
    let count = || {
        let watcher = match way {
            "swarm" => monitor.map_or(0.0, cpu),
            "nobody" => 0.0,
            _ => cpu(me) + children_cpu(),
        };
        (cpu(rig.server), watcher)
    };
    let (start, before) = (Instant::now(), count());
    for tick in 1..=seconds as u32 {
        match (&mut pipe, way) {
            (Some(pipe), _) => changed(pipe, &mut known),
            (None, way) if way == WAYS[3] => {
                let _ = rig.tmux().args(["list-panes", "-a", "-F", "#{pane_id}"]).output();
                for child in &rig.children {
                    let _ = rig.tmux().args(["capture-pane", "-p", "-t", &child.pane]).output();
                }
            }
            _ => {}
        }
        until(start, f64::from(tick));
    }
    let (after, took) = (count(), start.elapsed().as_secs_f64());
    let own = after.1 - before.1;
    ((after.0 - before.0 + own) / took * 100.0, own / took * 100.0)
}

/// One tick of the cheapest poller: list what may have changed, capture what did.
fn changed(pipe: &mut Pipe, known: &mut HashMap<String, String>) {
    let format = "#{pane_id} #{window_activity} #{history_size} #{cursor_x} #{cursor_y} #{pane_title}";
    let reply = pipe.run(&[format!("list-panes -a -F '{format}'")]);
    let mut captures = Vec::new();
    for line in String::from_utf8_lossy(&reply).lines().filter(|l| l.starts_with('%')) {
        let Some((id, rest)) = line.split_once(' ') else { continue };
        if id[1..].parse::<u32>().is_ok()
            && known.insert(id.to_owned(), rest.to_owned()).as_deref() != Some(rest)
        {
            captures.push(format!("capture-pane -p -t {id}"));
        }
    }
    pipe.run(&captures);
}

/// What asking costs, and the monitor's memory.
fn status(rig: &Rig) {
    let monitor = rig.monitor();
    let runs = (0..30).map(|_| millis(|| drop(rig.swarm(&["status"]))));
    let floor = (0..30).map(|_| millis(|| drop(rig.swarm(&["--version"]))));
    let (runs, floor) = (median(runs.collect()), median(floor.collect()));
    println!(
        "  `swarm status` {runs:.1} ms (median of 30; `swarm --version` {floor:.1} ms); monitor RSS {:.1} MB",
        rss(monitor)
    );
}

/// From a permission prompt that is painted to the status in a snapshot on the socket, 50 panes.
fn latency() {
    println!("a prompt is painted -> the status arrives on the socket, 50 panes, ms");
    for mode in ["still", "spin"] {
        let mut rig = swarm_of(50);
        for child in &mut rig.children {
            child.tell(mode);
        }
        until(Instant::now(), 5.0);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let spans = runtime.block_on(prompts(&mut rig, mode, number("SWARM_BENCH_PROMPTS", 100.0) as usize));
        println!(
            "  {:18} p50 {:>6.1}   p99 {:>6.1}   worst {:>6.1}",
            if mode == "spin" { "50 spinning" } else { "50 idle" },
            quantile(spans.clone(), 0.5),
            quantile(spans.clone(), 0.99),
            quantile(spans, 1.0)
        );
    }
}

async fn prompts(rig: &mut Rig, mode: &str, count: usize) -> Vec<f64> {
    let env = rig.env();
    let paths = Paths::resolve(&|key| env.get(key).map(|v| v.clone().into_os_string())).unwrap();
    let at = Rendezvous::of(&paths, &rig.socket()).unwrap();
    let mut client = Client::connect(&at).await.unwrap();
    let _: serde_json::Value = client.call(Request::Subscribe).await.unwrap();
    let mut spans = Vec::new();
    for n in 0..count {
        let at = n % rig.children.len();
        let child = &mut rig.children[at];
        let painted = child.tell("ask");
        wait(&mut client, &child.pane, |status| status == Status::Waiting).await;
        spans.push((nanos() - painted) as f64 / 1e6);
        child.tell(mode);
        wait(&mut client, &child.pane, |status| status != Status::Waiting).await;
        // Not in step with anything.
        tokio::time::sleep(Duration::from_millis(37 + (n as u64 * 61) % 97)).await;
    }
    spans
}

async fn wait(client: &mut Client, pane: &str, fits: impl Fn(Status) -> bool) {
    let seen = async {
        loop {
            let Line::Notice(Notice::Snapshot(snapshot)) = client.line().await.unwrap() else { continue };
            let agents = snapshot.swarms.iter().flat_map(|s| &s.agents);
            if agents.filter(|a| a.pane.as_deref() == Some(pane)).any(|a| fits(a.status)) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("the status comes");
}

/// The overview in its window beside 100 agents: its own CPU, and how long a key takes to the screen that tmux holds.
fn overview() {
    println!("the overview beside 100 agents, points of one core (median of the rounds)");
    let seconds = number("SWARM_BENCH_SECONDS", 4.0);
    let mut spans = Vec::new();
    for (name, mode) in [("100 idle", "still"), ("100 spinning at 10 Hz", "spin")] {
        let mut rig = swarm_of(100);
        for child in &mut rig.children {
            child.tell(mode);
        }
        let (pane, pid) = rig.overview();
        until(Instant::now(), 6.0);
        let rounds = (0..number("SWARM_BENCH_ROUNDS", 3.0) as usize).map(|_| {
            let (start, before) = (Instant::now(), cpu(pid));
            until(start, seconds);
            (cpu(pid) - before) / start.elapsed().as_secs_f64() * 100.0
        });
        println!("  {name:24} {:>6.2}   RSS {:.1} MB", median(rounds.collect()), rss(pid));
        if mode == "still" {
            spans = keys(&rig, &pane);
        }
    }
    println!(
        "  a key to the screen: p50 {:.1}   p99 {:.1} ms; of that `send-keys` and `capture-pane` {:.1} ms",
        quantile(spans.iter().map(|s| s.0).collect(), 0.5),
        quantile(spans.iter().map(|s| s.0).collect(), 0.99),
        median(spans.iter().map(|s| s.1).collect()),
    );
}

/// From a key that moves the selection to a screen that has changed, and what asking tmux twice takes of it.
fn keys(rig: &Rig, pane: &str) -> Vec<(f64, f64)> {
    let mut pipe = Pipe::attach(rig);
    let mut screen = |keys: Option<&str>| {
        let send = keys.map(|key| format!("send-keys -t {pane} {key}"));
        let commands: Vec<String> =
            send.into_iter().chain([format!("capture-pane -e -p -t {pane}")]).collect();
        let reply = String::from_utf8_lossy(&pipe.run(&commands)).into_owned();
        // Without the guards, which count, and the fence.
        reply.lines().filter(|l| !l.starts_with('%') && !l.contains("-fence")).collect::<String>()
    };
    (0..60)
        .map(|n| {
            let asking = millis(|| drop(screen(None)));
            let before = screen(None);
            let span = millis(|| {
                let mut now = screen(Some(if n % 4 < 2 { "j" } else { "k" }));
                while now == before {
                    now = screen(None);
                }
            });
            until(Instant::now(), 0.13 + f64::from(n % 7) * 0.01);
            (span, asking)
        })
        .collect()
}
