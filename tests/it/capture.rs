//! `swarm capture`: what it saves of a live pane is read offline as it was read live, and holds nothing private.

use serde_json::Value;

use crate::up::Team;

const ASKING: &str = r#"
name = "shop"
[[agents]]
name = "asks"
profile = "sim"
args = ["--script", "sim.toml"]
prompt = "go"
"#;

const SCRIPT: &str = r#"
[[scenario]]
name = "default"
steps = [
  { do = "tool", name = "Bash", subject = "curl -H 'Authorization: Bearer abcdef0123456789' x", permission = true, takes = "100ms", output = "ok" },
]
"#;

#[tokio::test]
async fn a_captured_screen_is_detected_as_it_was_seen() {
    let team = Team::new(ASKING).await;
    std::fs::write(team.project().join("sim.toml"), SCRIPT).unwrap();
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("asks", "waiting").await;
    let read = async || team.agent("asks").await.question.is_some();
    team.server.wait_until("its prompt is on the screen", read).await;
    let said = team.ok(&["capture", "asks", "-o", "saved", "--note", "as it was"]).await;
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(words[..4], ["swarm", "detect", "--profile", "sim"]);
    let mut again = words[1..].to_vec();
    again.push("--json");
    for line in team.ok(&again).await.lines() {
        let seen: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&seen["status"], &seen["reason"]), (&"waiting".into(), &"permission".into()), "{line}");
    }
    let home = team.project().parent().unwrap().to_str().unwrap().to_owned();
    for file in &words[4..] {
        let text = std::fs::read_to_string(team.project().join(file)).unwrap();
        assert!(!text.contains("abcdef0123456789") && !text.contains(&home), "{text}");
    }
    let side = team.project().join(words[4]).with_extension("json");
    let side = std::fs::read_to_string(side).unwrap();
    assert!(!side.contains(&home), "{side}");
    let side: Value = serde_json::from_str(&side).unwrap();
    assert_eq!((&side["note"], &side["accept"][0]), (&"as it was".into(), &"waiting".into()));
    assert!(side["evidence"].as_array().is_some_and(|e| !e.is_empty()));
    // A second one takes another name.
    assert_ne!(team.ok(&["capture", "asks", "-o", "saved"]).await, said);
    team.ok(&["down", "--yes"]).await;
}
