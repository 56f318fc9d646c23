//! `swarm mcp` on a real monitor, by a client of our own that speaks the protocol line by line.

use std::collections::BTreeMap;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::up::Team;

const FILE: &str = r#"
name = "shop"
[defaults]
profile = "shell"
[[agents]]
name = "backend"
command = ["cat"]
[[agents]]
name = "tests"
role = "reviewer"
command = ["cat"]
"#;

/// One agent's MCP server, with the handshake done.
pub struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: Lines<BufReader<ChildStdout>>,
    next: u64,
    info: Value,
}

impl Server {
    /// `swarm mcp` with this environment.
    pub async fn start(team: &Team, env: &BTreeMap<String, String>, version: &str) -> Self {
        let mut command = team.command(&["mcp"]);
        command.envs(env).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self { child, stdin, stdout, next: 0, info: Value::Null };
        let client = json!({"name": "test", "version": "1"});
        let hello = json!({"protocolVersion": version, "capabilities": {}, "clientInfo": client});
        server.info = server.ask("initialize", hello).await;
        server.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        server
    }

    async fn write(&mut self, message: &Value) {
        self.stdin.write_all(format!("{message}\n").as_bytes()).await.unwrap();
        self.stdin.flush().await.unwrap();
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        loop {
            let line = self.stdout.next_line().await.unwrap().expect("the server ended");
            // Whatever is on stdout is the protocol.
            let message: Value = serde_json::from_str(&line).unwrap();
            assert_eq!(message["jsonrpc"], "2.0", "{line}");
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {line}");
                return message["result"].clone();
            }
        }
    }

    /// Calls a tool; its text, and whether it failed.
    async fn tool(&mut self, name: &str, arguments: Value) -> (String, bool) {
        let result = self.ask("tools/call", json!({"name": name, "arguments": arguments})).await;
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        (text, result["isError"] == true)
    }

    /// Calls a tool, which must succeed.
    pub async fn ok(&mut self, name: &str, arguments: Value) -> String {
        let (text, failed) = self.tool(name, arguments).await;
        assert!(!failed, "{name}: {text}");
        text
    }

    /// Closes our end; the server must end by itself, successfully.
    pub async fn close(mut self) {
        drop(self.stdin);
        assert!(self.child.wait().await.unwrap().success());
    }
}

/// What swarm put into the environment of an agent.
pub async fn environment(team: &Team, agent: &str) -> BTreeMap<String, String> {
    let pid = team.agent(agent).await.pid.unwrap();
    let mut bytes = Vec::new();
    // Before it has become its program, its environment is that of tmux.
    let own = async || {
        bytes = std::fs::read(format!("/proc/{pid}/environ")).unwrap();
        bytes.split(|b| *b == 0).any(|pair| pair.starts_with(b"SWARM_INSTANCE="))
    };
    team.server.wait_until("it has its environment", own).await;
    let pairs = bytes.split(|b| *b == 0).filter_map(|pair| {
        let (key, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        key.starts_with("SWARM_").then(|| (key.to_owned(), value.to_owned()))
    });
    pairs.collect()
}

#[tokio::test]
async fn agents_hand_over_ask_and_answer() {
    let team = Team::new(FILE).await;
    team.ok(&["up", "--detach", "--trust"]).await;
    let mut backend = Server::start(&team, &environment(&team, "backend").await, "2025-06-18").await;
    let mut tests = Server::start(&team, &environment(&team, "tests").await, "2024-11-05").await;
    assert_eq!(backend.info["serverInfo"]["name"], "swarm");
    assert!(backend.info["instructions"].as_str().unwrap().contains("inbox"));
    assert_eq!(tests.info["protocolVersion"], "2024-11-05");

    let listed = backend.ask("tools/list", json!({})).await;
    let mut names: Vec<&str> =
        listed["tools"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    let tools = ["ack", "agent_status", "ask_human", "handoff", "inbox", "list_agents", "send_message"];
    assert_eq!(names, tools);

    let agents: Value = serde_json::from_str(&backend.ok("list_agents", json!({})).await).unwrap();
    assert_eq!(
        (&agents["agents"][0]["name"], &agents["agents"][0]["you"]),
        (&json!("backend"), &json!(true))
    );
    assert_eq!(
        (&agents["agents"][1]["role"], &agents["agents"][1]["you"]),
        (&json!("reviewer"), &json!(false))
    );
    let status: Value =
        serde_json::from_str(&tests.ok("agent_status", json!({"agent": "backend"})).await).unwrap();
    assert_eq!(status["profile"], "shell");
    let (text, failed) = tests.tool("agent_status", json!({"agent": "nobody"})).await;
    assert!(failed && text.contains("backend, tests"), "{text}");

    // A handoff is read once, and said what came of.
    let draft = json!({
        "to": "@reviewer", "subject": "the cart is ready", "body": "look at it", "need": "outcome",
        "context": {"completed": ["totals"], "next_steps": ["break it"]},
    });
    let sent = backend.ok("handoff", draft).await;
    assert!(sent.starts_with("@reviewer: queued m:"), "{sent}");
    let nonce = sent.split("m:").nth(1).unwrap()[..6].to_owned();
    let read = tests.ok("inbox", json!({})).await;
    assert!(read.contains(&format!("message m:{nonce} from agent backend")), "{read}");
    assert!(read.contains("break it") && read.contains("look at it"), "{read}");
    assert_eq!(tests.ok("inbox", json!({})).await, "nothing new");
    assert!(tests.ok("ack", json!({"id": nonce, "outcome": "holds"})).await.ends_with("is done"));
    // The doorbell or the outcome, whatever comes: an answer reaches its sender.
    let answer = json!({"to": "backend", "reply_to": nonce, "body": "it holds"});
    tests.ok("handoff", answer).await;
    let read = backend.ok("inbox", json!({})).await;
    assert!(read.contains("it holds") && read.contains("kind: reply"), "{read}");

    let told = tests.ok("send_message", json!({"to": "all", "text": "done for today"})).await;
    assert!(told.starts_with("backend: queued m:"), "{told}");
    let (text, failed) = tests.tool("send_message", json!({"to": "nobody", "text": "x"})).await;
    assert!(failed && text.contains("nobody"), "{text}");

    // A question raises the agent's hand; the person's answer comes to its inbox.
    let asked = backend.ok("ask_human", json!({"question": "Which port?", "context": "80 or 8080"})).await;
    assert!(asked.starts_with("human: queued m:"), "{asked}");
    let nonce = asked.split("m:").nth(1).unwrap()[..6].to_owned();
    assert_eq!(serde_json::to_value(team.agent("backend").await.attention).unwrap(), "asks");
    assert!(team.ok(&["inbox"]).await.contains("Which port?"));
    team.ok(&["handoff", "--reply-to", &nonce, "--body", "8080"]).await;
    let read = backend.ok("inbox", json!({})).await;
    assert!(read.contains("from the user") && read.contains("8080"), "{read}");
    assert!(read.contains("done for today"), "{read}");

    // What left with the last answer counts as seen when the client closes its end.
    backend.close().await;
    let all = team.ok(&["inbox", "backend", "--all", "--json"]).await;
    let all: Value = serde_json::from_str(&all).unwrap();
    let states: Vec<&str> =
        all["messages"].as_array().unwrap().iter().map(|m| m["receipt"]["state"].as_str().unwrap()).collect();
    assert!(states.iter().all(|s| matches!(*s, "seen" | "acked" | "done")), "{states:?}");
    tests.close().await;
}

#[tokio::test]
async fn who_is_no_agent_may_only_look() {
    let team = Team::new(FILE).await;
    team.ok(&["up", "--detach", "--trust"]).await;
    let mut server = Server::start(&team, &BTreeMap::new(), "2025-06-18").await;
    let agents: Value = serde_json::from_str(&server.ok("list_agents", json!({})).await).unwrap();
    assert_eq!(agents["agents"][0]["you"], false);
    for (tool, arguments) in [
        ("handoff", json!({"to": "tests", "subject": "x"})),
        ("send_message", json!({"to": "tests", "text": "x"})),
        ("ask_human", json!({"question": "x"})),
        ("ack", json!({"id": "AAAAAA"})),
        ("inbox", json!({})),
    ] {
        let (text, failed) = server.tool(tool, arguments).await;
        assert!(failed && text.contains("no agent of the swarm"), "{tool}: {text}");
    }
    server.close().await;
    // Without any swarm the tools say so; the server stays.
    team.ok(&["down", "--yes"]).await;
    let mut server = Server::start(&team, &BTreeMap::new(), "2025-06-18").await;
    let (text, failed) = server.tool("list_agents", json!({})).await;
    assert!(failed, "{text}");
    server.close().await;
}
