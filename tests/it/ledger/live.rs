//! What agents use is booked while they run: on a real tmux, by the monitor.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use swarm::snapshot::{AgentView, SubagentState};
use swarm::status::{Source, Status};

use super::line;
use crate::up::Team;

/// An executable script in the project's `bin`.
fn script(team: &Team, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let bin = team.project().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::write(bin.join(name), format!("#!/bin/sh\n{text}")).unwrap();
    std::fs::set_permissions(bin.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Starts the team with its own `bin` first on the PATH.
async fn up(team: &Team) {
    let path = std::env::var("PATH").unwrap();
    let mut command = team.command(&["up", "--detach", "--trust"]);
    command.env("PATH", format!("{}:{path}", team.project().join("bin").display()));
    let out = tokio::process::Command::from(command).output().await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

/// Waits until `agent` used what `is` says.
async fn used(team: &Team, agent: &str, what: &str, is: impl Fn(&AgentView) -> bool) {
    team.server.wait_until(what, async || is(&team.agent(agent).await)).await;
}

fn input(agent: &AgentView) -> u64 {
    agent.tokens.map_or(0, |t| t.input)
}

/// The only transcript below `dir`.
fn transcript(dir: &Path) -> Option<PathBuf> {
    let mut dirs = vec![dir.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                dirs.push(path);
            } else if path.extension().is_some_and(|e| e == "jsonl") {
                return Some(path);
            }
        }
    }
    None
}

#[tokio::test]
async fn an_appended_line_and_a_nested_subagent_are_booked() {
    let team =
        Team::new("name = \"shop\"\n[[agents]]\nname = \"a\"\nprofile = \"sim\"\nprompt = \"go\"\n").await;
    team.ok(&["up", "--detach", "--trust"]).await;
    used(&team, "a", "the first turn is booked", |a| a.tokens.is_some()).await;
    let before = input(&team.agent("a").await);
    let home = team.project().parent().unwrap().to_owned();
    let file = transcript(&home.join(".claude")).or_else(|| transcript(&home)).unwrap();
    let session = file.file_stem().unwrap().to_str().unwrap().to_owned();
    let now = || format!("{:.3}", jiff::Timestamp::now());
    let add = |path: &Path, id: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut out = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        let text = line(id, &now(), 5).replace("\"s1\"", &format!("{session:?}"));
        out.write_all(text.as_bytes()).unwrap();
    };
    add(&file, "appended");
    used(&team, "a", "the line is booked", |a| input(a) == before + 12).await;
    add(&file.with_extension("").join("subagents/x/agent-1.jsonl"), "nested");
    used(&team, "a", "the subagent is booked", |a| input(a) == before + 24).await;
    team.ok(&["down", "--yes"]).await;
}

/// The turn of the simulated agent, as Claude Code writes its end at a usage limit.
#[tokio::test]
async fn a_limit_in_the_transcript_is_shown_with_its_reset_and_ends_with_an_answer() {
    let team =
        Team::new("name = \"shop\"\n[[agents]]\nname = \"a\"\nprofile = \"sim\"\nprompt = \"go\"\n").await;
    team.ok(&["up", "--detach", "--trust"]).await;
    used(&team, "a", "the first turn is over", |a| a.tokens.is_some() && a.status == Status::Idle).await;
    let home = team.project().parent().unwrap().to_owned();
    let file = transcript(&home.join(".claude")).or_else(|| transcript(&home)).unwrap();
    let now = || jiff::Timestamp::now();
    let reset = now().as_second() + 9_000;
    let error = format!(
        "{{\"type\":\"assistant\",\"isSidechain\":false,\"timestamp\":\"{:.3}\",\"error\":\"rate_limit\",\"isApiErrorMessage\":true,\
         \"apiError\":\"usage_limit_reached\",\"quotaLimits\":{{\"status\":\"rejected\",\"resetsAt\":{reset},\"rateLimitType\":\"five_hour\"}},\
         \"message\":{{\"model\":\"<synthetic>\",\"usage\":{{}},\"content\":[{{\"type\":\"text\",\"text\":\"You've hit your limit\"}}]}}}}\n",
        now()
    );
    let append = |text: &str| {
        let mut out = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
        out.write_all(text.as_bytes()).unwrap();
    };
    append(&error);
    used(&team, "a", "the limit is shown", |a| a.status == Status::Limited).await;
    let agent = team.agent("a").await;
    assert_eq!(agent.proof.map(|p| p.source), Some(Source::Transcript));
    assert_eq!(agent.until.map(jiff::Timestamp::as_second), Some(reset));
    let explained = team.ok(&["explain", "a"]).await;
    assert!(explained.contains("because transcript: api_error"), "{explained}");
    append(&line("answer", &format!("{:.3}", now()), 5));
    used(&team, "a", "an answer ends it", |a| a.status == Status::Idle).await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn aider_is_booked_by_the_log_it_is_told_to_write() {
    let team =
        Team::new("name = \"shop\"\n[[agents]]\nname = \"a\"\nprofile = \"aider\"\nmodel = \"m\"\n").await;
    // The time of a message is a whole second: later than the start.
    let said = r#"{"event":"message_send","properties":{"main_model":"anthropic/claude-sonnet-5","prompt_tokens":1000,"completion_tokens":10,"cost":0.0021,"total_cost":0.0021},"user_id":"u","time":%s}"#;
    script(
        &team,
        "aider",
        &format!(
            "while [ $# -gt 0 ]; do [ \"$1\" = --analytics-log ] && log=$2; shift; done\n\
             printf '{said}\\n' $(($(date +%s) + 5)) >> \"$log\"\nexec cat\n"
        ),
    );
    up(&team).await;
    used(&team, "a", "aider is booked", |a| input(a) == 1000 && a.cost_usd.as_deref() == Some("0.0021"))
        .await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn a_subagent_of_codex_is_booked_to_its_parent() {
    const MAIN: &str = "5f31c28e-81a9-4d59-a865-a766b292c695";
    const CHILD: &str = "91a7b0c2-1b7e-4c7d-9d55-0e6f3a1d2c11";
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"a\"\nprofile = \"codex\"\nenv = { CODEX_HOME = \"{{root}}/home\" }\n",
    )
    .await;
    // Later than the start, whenever that is: what an agent used before it began is not its own, and what was written
    // before is no subagent's.
    let later = format!("{:.3}", jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60));
    script(
        &team,
        "codex",
        &format!(
            r#"day="$CODEX_HOME/sessions/$(date -u +%Y/%m/%d)"; at={later}
mkdir -p "$day"
rollout() {{
  printf '{{"timestamp":"%s","type":"session_meta","payload":{{"id":"%s","timestamp":"%s"%s}}}}\n' "$at" "$1" "$at" "$3"
  printf '{{"timestamp":"%s","type":"turn_context","payload":{{"model":"gpt-5.5"}}}}\n' "$at"
  printf '{{"timestamp":"%s","type":"token_usage_record","payload":{{"thread_id":"%s","response_id":"resp_%s","usage":{{"input_tokens":%s,"output_tokens":1}}}}}}\n' "$at" "$1" "$1" "$2"
}}
exec 3>>"$day/rollout-1-{MAIN}.jsonl"
rollout {MAIN} 1000 '' >&3
rollout {CHILD} 200 ',"source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{MAIN}"}}}}}}' > "$day/rollout-2-{CHILD}.jsonl"
touch -t 203801010000 "$day/rollout-2-{CHILD}.jsonl"
rollout 00000000-0000-4000-8000-000000000000 50000 '' > "$day/rollout-3-00000000-0000-4000-8000-000000000000.jsonl"
while :; do read -r line || exec sleep 1000; done
"#
        ),
    );
    up(&team).await;
    used(&team, "a", "both threads are booked, and no other", |a| input(a) == 1200).await;
    team.ok(&["down", "--yes"]).await;
}

#[tokio::test]
async fn a_subagent_is_seen_while_it_runs() {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"a\"\nprofile = \"sim\"\nprompt = \"SIM:agent please\"\n",
    )
    .await;
    team.ok(&["up", "--detach", "--trust"]).await;
    let running = |a: &AgentView| a.subagents.iter().any(|s| s.state == Some(SubagentState::Running));
    used(&team, "a", "the subagent runs", running).await;
    let seen = team.agent("a").await.subagents.remove(0);
    assert_eq!((seen.name.as_deref(), seen.kind.as_deref()), (Some("Look around"), Some("general-purpose")));
    assert_eq!((seen.tokens, seen.cost_usd), (None, None), "it has answered nothing yet");
    let home = team.project().parent().unwrap().to_owned();
    let file = transcript(&home.join(".claude")).or_else(|| transcript(&home)).unwrap();
    let mut out = std::fs::OpenOptions::new().append(true).open(subagent_file(&file, &seen.id)).unwrap();
    out.write_all(line("answer", &format!("{:.3}", jiff::Timestamp::now()), 5).as_bytes()).unwrap();
    used(&team, "a", "its usage is its own", |a| a.subagents[0].tokens.is_some_and(|t| t.input == 12)).await;
    team.ok(&["down", "--yes"]).await;
}

/// The transcript of a subagent, whose parent's, or whose own, is `known`.
fn subagent_file(known: &Path, id: &str) -> PathBuf {
    let name = format!("agent-{id}.jsonl");
    if known.file_name().is_some_and(|f| *f == *name) {
        return known.to_owned();
    }
    known.with_extension("").join("subagents").join(name)
}
