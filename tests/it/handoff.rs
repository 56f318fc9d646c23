//! Messages between simulated agents on a real tmux: handed off, announced, pulled, answered; typed by a person; and the
//! monitor killed at random in the middle of it all.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::shop::{self, TEAM, up};
use crate::up::Team;

/// Agents that read what is announced, and hand off when they are told to.
const SCRIPT: &str = r#"
[agent]
startup = "20ms"
[[scenario]]
name = "inbox"
match = "run: swarm inbox"
steps = [{ do = "run", argv = ["swarm", "inbox"] }, { do = "say", text = "I have read it." }]
[[scenario]]
name = "pass-on"
match = "pass it on"
steps = [{ do = "run", argv = ["swarm", "handoff", "--to", "web", "--subject", "The API is ready", "--body", "GET /search answers", "--need", "ack"] }, { do = "say", text = "Passed on." }]
[[scenario]]
name = "default"
steps = [{ do = "say", text = "Understood." }]
"#;

async fn team() -> Team {
    shop::open(TEAM, SCRIPT, None).await
}

/// The events of messages, oldest first, as kind and message.
async fn events(team: &Team) -> Vec<(String, String)> {
    let all = shop::events(team).await.into_iter();
    all.filter_map(|(kind, data)| Some((kind, data["id"].as_str()?.to_owned()))).collect()
}

async fn wait_for(team: &Team, kind: &str, id: Option<&str>) {
    let what = format!("a message is {kind}");
    let mut last = Vec::new();
    let start = Instant::now();
    team.server
        .wait_until(&what, async || {
            last = events(team).await;
            let done = last.iter().any(|(k, i)| k == kind && id.is_none_or(|id| i == id));
            assert!(done || start.elapsed() < Duration::from_secs(55), "{what}: {last:#?}\n{}", team.log());
            done
        })
        .await;
}

#[tokio::test]
async fn a_handoff_between_agents_is_announced_pulled_and_acknowledged() {
    let team = team().await;
    let sent = team.ok(&["send", "backend", "please pass it on", "--wait", "--timeout", "30"]).await;
    assert!(sent.starts_with("backend: seen") || sent.starts_with("backend: injected"), "{sent}");
    wait_for(&team, "seen", None).await;
    let all = events(&team).await;
    let handed: Vec<&str> =
        all.iter().rev().filter(|(k, _)| k == "seen").map(|(_, id)| id.as_str()).collect();
    let text = team.ok(&["inbox", "show", handed[0]]).await;
    assert!(text.contains("from agent backend") || text.contains("pass it on"), "{text}");
    let start = Instant::now();
    let mut shown = String::new();
    team.server
        .wait_until("the handoff was read", async || {
            shown = team.ok(&["inbox", "web", "--all"]).await;
            assert!(
                start.elapsed() < Duration::from_secs(55),
                "{shown}\n{:#?}\n{}",
                events(&team).await,
                team.log()
            );
            shown.contains("seen") && shown.contains("backend → web  The API is ready")
        })
        .await;
    assert_eq!(
        team.ok(&["inbox", "web"]).await,
        "nothing new for web\n",
        "what was read is never shown again"
    );
    let snapshot = team.status().await;
    assert_eq!(snapshot.swarms[0].agents[1].inbox.pending, 0);
    assert!(
        snapshot.swarms[0].handoffs.iter().any(|h| h.from == "backend" && h.proof.is_some()),
        "{snapshot:#?}"
    );
    // The person is not the receiver, and routes hold.
    let refused = team.run(&["ack", &id_of(&snapshot, "backend")]).await;
    assert_eq!(refused.status.code(), Some(11), "{}", String::from_utf8_lossy(&refused.stderr));
    let unknown = team.run(&["handoff", "--to", "nobody", "--subject", "x"]).await;
    assert_eq!(unknown.status.code(), Some(4));
}

fn id_of(snapshot: &swarm::snapshot::Snapshot, from: &str) -> String {
    snapshot.swarms[0].handoffs.iter().find(|h| h.from == from).unwrap().id.clone()
}

#[tokio::test]
async fn a_message_to_a_held_or_ended_agent_waits_and_says_so() {
    let team = team().await;
    team.ok(&["hold", "web"]).await;
    let said = team.ok(&["send", "web", "hello there web", "--key", "k1"]).await;
    assert!(said.contains("queued") && said.contains("held by human"), "{said}");
    let again = team.ok(&["send", "web", "hello there web", "--key", "k1"]).await;
    assert!(again.contains("sent before"), "{again}");
    let waited = team.run(&["send", "web", "and another", "--wait", "--timeout", "0"]).await;
    assert_eq!(waited.status.code(), Some(10));
    assert_eq!(team.agent("web").await.inbox.pending, 2);
    team.ok(&["kill", "backend"]).await;
    team.wait("backend", "exited").await;
    let ended = team.run(&["send", "backend", "are you there", "--wait", "--timeout", "30"]).await;
    let said = String::from_utf8_lossy(&ended.stdout).into_owned();
    assert_eq!(ended.status.code(), Some(13), "{said}");
    assert!(said.contains("backend: queued"), "{said}");
    team.ok(&["resume", "web"]).await;
    wait_for(&team, "offered", None).await;
    let start = Instant::now();
    team.server
        .wait_until("both arrived", async || {
            let pending = team.agent("web").await.inbox.pending;
            assert!(start.elapsed() < Duration::from_secs(55), "{:#?}\n{}", events(&team).await, team.log());
            pending == 0
        })
        .await;
    let text = team.ok(&["handoff", "--to", "human", "--subject", "to myself", "--json"]).await;
    assert!(text.contains("accepted"), "{text}");
    let mine = team.ok(&["inbox"]).await;
    assert!(mine.contains("to myself"), "{mine}");
    assert_eq!(team.ok(&["inbox"]).await, "nothing new for human\n");
}

/// What is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Victim {
    Monitor,
    Agent,
    Tmux,
}

/// What the person types, over and over: nothing in it tells one message from the other.
const WORDS: &str = "remember the milk";

/// Kills the monitor, the agent and the tmux server again and again while messages go to the agent; each is read, none
/// twice unmarked.
#[tokio::test]
async fn the_monitor_the_agent_and_tmux_killed_in_the_middle_lose_and_repeat_nothing() {
    let kills = std::env::var("SWARM_CHAOS_TMUX").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let mut team = team().await;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut ids, mut typed) = (Vec::new(), Vec::new());
    let mut killed = [0; 3];
    let mut agent_died = Vec::new();
    for kill in 0..kills {
        let key = format!("message {kill}");
        let id = if kill % 3 == 2 {
            let text = team.ok(&["send", "web", WORDS, "--key", &key, "--json"]).await;
            let value: Value = serde_json::from_str(&text).unwrap();
            value["sent"][0]["accepted"]["id"].as_str().unwrap().to_owned()
        } else {
            let text = team.ok(&["handoff", "--to", "web", "--subject", &key, "--key", &key, "--json"]).await;
            let value: Value = serde_json::from_str(&text).unwrap();
            value["accepted"]["id"].as_str().unwrap().to_owned()
        };
        if kill % 3 == 2 { &mut typed } else { &mut ids }.push(id.clone());
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // It dies once the message has got so far, or is on its way there.
        let moment = ["queued", "offered", "injected", "seen"][usize::try_from(random % 4).unwrap()];
        reaches(&team, moment, &id).await;
        let victim = match kill % 8 {
            3 => Victim::Agent,
            6 => Victim::Tmux,
            _ => Victim::Monitor,
        };
        killed[victim as usize] += 1;
        let before = jiff::Timestamp::now();
        dies(&mut team, victim).await;
        if victim != Victim::Monitor {
            agent_died.push((before, jiff::Timestamp::now()));
        }
    }
    all_are_read(&team).await;
    let all = events(&team).await;
    for id in &ids {
        assert!(all.iter().any(|(kind, i)| kind == "seen" && i == id), "{id} was never read");
    }
    // An agent that is killed between the end of its `swarm inbox` and writing down what that printed has read it, as far
    // as anybody but itself can know. Where the machine is busy, the kill comes a while after it was decided.
    let shortly = jiff::SignedDuration::from_secs(5);
    let died_at_it = |seen: jiff::Timestamp| {
        agent_died.iter().any(|(from, to): &(jiff::Timestamp, _)| *from - shortly < seen && seen <= *to)
    };
    let start = Instant::now();
    let mut found = shown(&team, &ids);
    // What was printed last is written down a little after it counts as seen.
    team.server
        .wait_until("what was read is in a transcript", async || {
            found = shown(&team, &ids);
            for id in &found.2 {
                let seen = seen_at(&team, id).await;
                if !died_at_it(seen) {
                    let died = format!("{id} was seen at {seen}; the agent died {agent_died:?}");
                    assert!(start.elapsed() < Duration::from_secs(30), "{died}\n{all:#?}\n{}", team.log());
                    return false;
                }
            }
            true
        })
        .await;
    let (shown, marked, missing) = found;
    let (once, again) = said(&team, &typed);
    println!(
        "{} kills of the monitor, {} of the agent, {} of tmux: {} messages, shown {shown} times, {marked} marked as \
         repetitions, {} read by an agent that was killed at that; {} texts, typed {once} times, and {again} times marked as repetitions",
        killed[0],
        killed[1],
        killed[2],
        ids.len(),
        missing.len(),
        typed.len()
    );
}

/// Kills, and puts things right as a person would.
async fn dies(team: &mut Team, victim: Victim) {
    match victim {
        Victim::Monitor => {
            let monitor = team.monitor().await;
            team.kill9(monitor).await;
            // The next command starts another one.
            team.ok(&["status", "--json"]).await;
        }
        Victim::Agent => {
            // A monitor that has just started may not have found it again yet.
            let mut pid = None;
            let found = async || {
                pid = team.agent("web").await.pid;
                pid.is_some()
            };
            team.server.wait_until("the agent runs", found).await;
            team.kill9(pid.unwrap()).await;
            team.ok(&["wait", "web", "--until", "exited", "--timeout", "30"]).await;
            team.ok(&["restart", "web"]).await;
            team.wait("web", "idle,working").await;
        }
        Victim::Tmux => {
            let pid = team.server.pid().as_raw_nonzero().get();
            team.kill9(pid.cast_unsigned()).await;
            let start = Instant::now();
            // The monitor may be finding out right now.
            loop {
                let output = up(team).await;
                if output.status.success() {
                    break;
                }
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(start.elapsed() < Duration::from_secs(60), "{said}\n{}", team.log());
            }
            team.server.reconnect().await;
            for agent in ["backend", "web"] {
                team.wait(agent, "idle,working").await;
            }
        }
    }
}

/// Waits until nothing is unread. A doorbell whose reader met a dead monitor rings again half a minute later, or more.
async fn all_are_read(team: &Team) {
    let start = Instant::now();
    let mut pending = u32::MAX;
    while pending > 0 && start.elapsed() < Duration::from_secs(300) {
        let round = Instant::now();
        team.server
            .wait_until("all were read", async || {
                pending = team.agent("web").await.inbox.pending;
                pending == 0 || round.elapsed() > Duration::from_secs(30)
            })
            .await;
    }
    if pending > 0 {
        let inbox = team.ok(&["inbox", "web", "--all"]).await;
        panic!("{pending} not read:\n{inbox}\n{:#?}\n{}", events(team).await, team.log());
    }
}

/// When a message was read, as the events say.
async fn seen_at(team: &Team, id: &str) -> jiff::Timestamp {
    let text = team.ok(&["events", "--json", "-n", "10000"]).await;
    let rows = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut seen = rows.filter(|row| row["kind"] == "handoff.seen" && row["data"]["id"] == id);
    seen.next().unwrap()["at"].as_str().unwrap().parse().unwrap()
}

/// How often these messages were shown, how often as a repetition, and which are nowhere: what the agent was shown, by its
/// command or its hook, is in its transcript, once, or marked.
fn shown(team: &Team, ids: &[String]) -> (usize, usize, Vec<String>) {
    let (mut shown, mut marked, mut missing) = (0, 0, ids.to_vec());
    for file in transcripts(&team.state()) {
        let text = std::fs::read_to_string(file).unwrap();
        for id in ids {
            let nonce = &id[20..];
            let told = |l: &&str| l.contains("tool_result") || l.contains("hook_additional_context");
            let heading = format!("----- message m:{nonce} from");
            let times = text.lines().filter(told).flat_map(|l| l.split(heading.as_str()).skip(1));
            let times: Vec<bool> = times
                .map(|rest| rest.split("-----").next().is_some_and(|h| h.contains("sent again")))
                .collect();
            shown += times.len();
            missing.retain(|m| m != id || times.is_empty());
            assert!(times.iter().skip(1).all(|again| *again), "{id} was shown twice, unmarked: {times:?}");
            marked += times.iter().filter(|again| **again).count();
        }
    }
    (shown, marked, missing)
}

/// How often the person's words reached the agent unmarked, and how often as a repetition: none is lost, and none is
/// there twice.
fn said(team: &Team, ids: &[String]) -> (usize, usize) {
    let (mut once, mut again) = (0, Vec::new());
    for file in transcripts(&team.state()) {
        let text = std::fs::read_to_string(file).unwrap();
        let records = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
        for record in records.filter(|r| r["type"] == "user") {
            let words = record["message"]["content"].as_str().unwrap_or_default();
            if words.trim() == WORDS {
                once += 1;
            } else if words.contains(WORDS) {
                again.extend(ids.iter().filter(|id| words.contains(&format!("m:{}", &id[20..]))));
            }
        }
    }
    let mut repeated = again.clone();
    repeated.sort();
    repeated.dedup();
    assert!(once <= ids.len(), "{once} unmarked of {}", ids.len());
    assert!(once + repeated.len() >= ids.len(), "{once} and {repeated:?} of {}", ids.len());
    (once, again.len())
}

/// Waits until a message has got so far, or something else keeps it: then that is the moment.
async fn reaches(team: &Team, kind: &str, id: &str) {
    let start = Instant::now();
    team.server
        .wait_until("a message goes on", async || {
            let all = events(team).await;
            all.iter().any(|(k, i)| k == kind && i == id) || start.elapsed() > Duration::from_secs(3)
        })
        .await;
}

/// Every transcript below a directory.
fn transcripts(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(transcripts(&path));
        } else if path.extension().is_some_and(|e| e == "jsonl") {
            found.push(path);
        }
    }
    found
}
