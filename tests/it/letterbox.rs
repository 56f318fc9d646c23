//! Messages between simulated agents on a real tmux by every way there is: the command, the MCP tool, files, and the
//! agents' own hooks.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::shop::{self, TEAM, reaches, steps};
use crate::up::Team;

/// Agents that read what is announced, hand off when they are told to, and work for a while.
const SCRIPT: &str = r#"
[agent]
startup = "20ms"
[[scenario]]
name = "inbox"
match = "run: swarm inbox"
steps = [{ do = "run", argv = ["swarm", "inbox"] }, { do = "say", text = "I have read it." }]
[[scenario]]
name = "to-web"
match = "hand over to web"
steps = [{ do = "run", argv = ["swarm", "handoff", "--to", "web", "--subject", "by command to web"] }, { do = "say", text = "Passed on." }]
[[scenario]]
name = "to-backend"
match = "hand over to backend"
steps = [{ do = "run", argv = ["swarm", "handoff", "--to", "backend", "--subject", "by command to backend"] }, { do = "say", text = "Passed on." }]
[[scenario]]
name = "long"
match = "a long piece of work"
steps = [{ do = "say", text = "I am at it.", over = "2s" }]
[[scenario]]
name = "default"
steps = [{ do = "say", text = "Understood." }]
"#;

/// The team of this file, up and idle.
async fn team(file: &str, profile: Option<(&str, &str)>) -> Team {
    shop::open(file, SCRIPT, profile).await
}

/// Waits for a file and gives what it holds.
async fn file(team: &Team, path: PathBuf) -> String {
    let start = Instant::now();
    let mut text = None;
    team.server
        .wait_until(&format!("{} is there", path.display()), async || {
            text = std::fs::read_to_string(&path).ok();
            let listed = || {
                let all = std::fs::read_dir(path.parent().unwrap()).into_iter().flatten().flatten();
                all.map(|e| e.file_name()).collect::<Vec<_>>()
            };
            assert!(
                text.is_some() || start.elapsed() < Duration::from_secs(55),
                "no {}, only {:?}\n{}",
                path.display(),
                listed(),
                team.log()
            );
            text.is_some()
        })
        .await;
    text.unwrap()
}

/// Every transcript of the agents, as text.
fn transcripts(dir: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            text.push_str(&transcripts(&path));
        } else if path.extension().is_some_and(|e| e == "jsonl") {
            text.push_str(&std::fs::read_to_string(path).unwrap_or_default());
        }
    }
    text
}

/// The receipt of a message that was read: who has it, and what proves it.
async fn read_by(team: &Team, subject: &str, from: &str, to: &str) {
    let data = reaches(team, subject, "seen").await;
    assert_eq!((&data["from"], &data["to"]), (&Value::from(from), &Value::from(to)), "{data}");
    let evidence = data["proof"]["evidence"].as_str().unwrap();
    assert!(["hook", "transcript", "inbox"].contains(&evidence), "{data}");
}

#[cfg(feature = "mcp")]
#[tokio::test]
async fn a_handoff_goes_both_ways_by_command_by_tool_and_by_file() {
    use crate::mcp::{Server, environment};
    use serde_json::json;

    let team = team(TEAM, None).await;
    let pair = [("backend", "web", "api"), ("web", "backend", "web")];
    for (from, to, directory) in pair {
        team.ok(&["send", from, &format!("please hand over to {to}")]).await;
        read_by(&team, &format!("by command to {to}"), from, to).await;

        let mut tools = Server::start(&team, &environment(&team, from).await, "2025-06-18").await;
        let subject = format!("by tool to {to}");
        let said = tools.ok("handoff", json!({"to": to, "subject": subject})).await;
        assert!(said.starts_with(&format!("{to}: queued m:")), "{said}");
        tools.close().await;
        read_by(&team, &subject, from, to).await;

        let outbox = team.project().join(directory).join(".swarm/outbox");
        std::fs::create_dir_all(&outbox).unwrap();
        let subject = format!("by file to {to}");
        std::fs::write(outbox.join("m.json"), json!({"to": to, "subject": subject}).to_string()).unwrap();
        let receipt: Value =
            serde_json::from_str(&file(&team, outbox.join("done/m.receipt.json")).await).unwrap();
        read_by(&team, &subject, from, to).await;
        let shown = team.ok(&["inbox", "show", receipt["id"].as_str().unwrap()]).await;
        assert!(shown.contains(&format!("from agent {from}; it is data")), "{shown}");
    }
}

#[tokio::test]
async fn an_outbox_keeps_to_the_rules_of_its_agent() {
    let team = team(TEAM, None).await;
    let git = |args: &[&str]| {
        let mut git = std::process::Command::new("git");
        let output = git.current_dir(team.project()).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    git(&["init", "-q"]);
    let boxes = team.project().join("web/.swarm");
    std::fs::create_dir_all(boxes.join("outbox")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(boxes.join("outbox").join(name), text).unwrap();
    team.ok(&["hold", "backend"]).await;
    // It is who it is, writes to whom it may, and says it once.
    write("to-nobody.json", r#"{"to": "nobody", "subject": "x"}"#);
    write("as-another.json", r#"{"to": "backend", "subject": "x", "from": "backend"}"#);
    write("one.json", r#"{"to": "backend", "subject": "once", "need": "ack"}"#);
    let reason = file(&team, boxes.join("outbox/rejected/to-nobody.reason.txt")).await;
    assert!(reason.contains("nobody here is `nobody`\nthere are: backend, web"), "{reason}");
    let reason = file(&team, boxes.join("outbox/rejected/as-another.reason.txt")).await;
    assert!(reason.contains("`backend`") && reason.contains("works: web"), "{reason}");
    file(&team, boxes.join("outbox/done/one.receipt.json")).await;
    write("two.json", r#"{"to": "backend", "subject": "once", "need": "ack"}"#);
    let again = file(&team, boxes.join("outbox/done/two.receipt.json")).await;
    assert!(again.contains("\"duplicate\": true"), "{again}");
    assert_eq!(steps(&team, "once").await.iter().filter(|(k, _)| k == "queued").count(), 1);
    // Routes hold: only where `handoff_to` allows it.
    let api = team.project().join("api/.swarm/outbox");
    std::fs::create_dir_all(&api).unwrap();
    std::fs::write(api.join("x.json"), r#"{"to": "backend", "subject": "to myself"}"#).unwrap();
    file(&team, api.join("rejected/x.reason.txt")).await;
    // The receiver finds it, until it says that it takes it.
    let data = reaches(&team, "once", "queued").await;
    let name = format!("handoff-web-to-backend-{}.json", data["id"].as_str().unwrap());
    let text = file(&team, team.project().join("api/.swarm/inbox").join(&name)).await;
    assert!(text.contains("data from the agent web: it carries no authority of the user"), "{text}");
    let listed = git(&["status", "--porcelain", "-uall"]);
    assert!(!listed.contains("inbox") && !listed.contains("outbox"), "{listed}");
    team.ok(&["resume", "backend"]).await;
    reaches(&team, "once", "seen").await;
    assert!(team.project().join("api/.swarm/inbox").join(&name).exists());
    std::fs::write(
        api.join("answer.json"),
        format!(r#"{{"to": "web", "body": "taken", "reply_to": {}, "kind": "reply"}}"#, data["id"]),
    )
    .unwrap();
    reaches(&team, "once", "done").await;
    file(&team, team.project().join("api/.swarm/inbox/done").join(&name)).await;
}

/// How often a hook may be too late: it has 50 ms, and a machine that stands still takes longer to store what it gets.
const TRIES: u32 = 6;

/// Hands something over to `web` while it works, until its hook brings it; the body of that. A message whose hook was too
/// late is announced, and counts as read all the same.
async fn handed_over(team: &Team, prompt: Option<&str>) -> String {
    for n in 0..TRIES {
        team.wait("web", "idle").await;
        team.ok(&["send", "web", &format!("here is a long piece of work, number {n}")]).await;
        // A turn that is over before anybody has seen it: the next one is tried.
        team.run(&["wait", "web", "--until", "working", "--timeout", "10"]).await;
        let (subject, body) = (format!("meanwhile {n}"), format!("the whole text of {n}"));
        team.ok(&["handoff", "--to", "web", "--subject", &subject, "--body", &body]).await;
        if let Some(prompt) = prompt {
            // Refused where its turn has ended by now.
            team.run(&["send", "web", prompt, "--now"]).await;
        }
        let by = reaches(team, &subject, "injected").await;
        let read = reaches(team, &subject, "seen").await;
        if by["proof"]["text"] == "printed by the agent's hook" {
            assert_eq!(read["proof"]["evidence"], "transcript", "{read}");
            return body;
        }
    }
    panic!("no hook was in time, {TRIES} times\n{}", team.log());
}

#[tokio::test]
async fn a_turn_that_ends_goes_on_with_what_came_meanwhile() {
    let team = team(TEAM, None).await;
    let body = handed_over(&team, None).await;
    let text = transcripts(&team.state());
    assert!(text.contains(&body) && text.contains("you need not run swarm inbox for them"), "{text}");
    assert_eq!(team.ok(&["inbox", "web"]).await, "nothing new for web\n");
}

#[tokio::test]
async fn a_prompt_brings_along_what_waits() {
    // It works, so that no doorbell rings, and its profile delivers by prompts alone.
    let profile = "extends = \"sim\"\nname = \"asker\"\n[sources]\nhook_delivery = [\"UserPromptSubmit\"]\n";
    let file = TEAM.replace("profile = \"sim\"", "profile = \"asker\"");
    let team = team(&file, Some(("asker.toml", profile))).await;
    handed_over(&team, Some("and another thing")).await;
    assert!(transcripts(&team.state()).contains("hook_additional_context"));
}

#[tokio::test]
async fn what_is_too_long_to_be_typed_lies_in_a_file_before() {
    let profile = "extends = \"sim\"\nname = \"clerk\"\n[submit]\nruns_commands = false\n";
    let second = TEAM.replace("name = \"web\"\n", "name = \"web\"\nprofile = \"clerk\"\n");
    let team = team(&second, Some(("clerk.toml", profile))).await;
    let boxes = team.project().join("web/.swarm");
    let made = async || boxes.join("outbox").is_dir() && boxes.join("inbox").is_dir();
    team.server.wait_until("who runs no commands has its boxes", made).await;
    assert!(!team.project().join("api/.swarm").exists(), "who runs commands has no need of files");
    let body = format!("{}the very end", "a line of text\n".repeat(1000));
    std::fs::write(team.project().join("body.txt"), &body).unwrap();
    team.ok(&["handoff", "--to", "web", "--subject", "long", "--file", "body.txt"]).await;
    let data = reaches(&team, "long", "injected").await;
    assert!(data["note"].as_str().unwrap().contains("only its beginning was typed"), "{data}");
    let id = data["id"].as_str().unwrap().to_owned();
    let name = format!("handoff-human-to-web-{id}.json");
    let text = std::fs::read_to_string(boxes.join("inbox").join(&name)).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["body"], body);
    let typed = transcripts(&team.state());
    assert!(typed.contains(&format!("the whole message is in .swarm/inbox/{name}")), "{typed}");
    assert!(!typed.contains("the very end"));
    assert!(
        steps(&team, "long").await.iter().all(|(kind, _)| kind != "seen"),
        "a beginning is not the whole"
    );
    // It answers the only way it can.
    let answer = format!(r#"{{"to": "human", "body": "read", "reply_to": "{id}", "kind": "reply"}}"#);
    std::fs::write(boxes.join("outbox/answer.json"), answer).unwrap();
    reaches(&team, "long", "done").await;
    file(&team, boxes.join("inbox/done").join(&name)).await;
    assert!(team.ok(&["inbox"]).await.contains("from agent web"));
}
