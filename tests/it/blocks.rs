//! Handoffs from marked blocks in what simulated agents say, on a real tmux.

use serde_json::Value;

use crate::shop::{self, TEAM, events, reaches};

const SCRIPT: &str = r#"
[agent]
startup = "20ms"
[[scenario]]
name = "inbox"
match = "run: swarm inbox"
steps = [{ do = "run", argv = ["swarm", "inbox"] }, { do = "say", text = "I have read it." }]
[[scenario]]
name = "first"
match = "the first"
steps = [{ do = "say", text = '''
It is done, and I quote:
````
```swarm-handoff
{"to": "web", "subject": "quoted"}
```
````
```swarm-handoff
{"to": "web", "subject": "first block", "body": "GET /search answers"}
```
''' }]
[[scenario]]
name = "second"
match = "the second"
steps = [{ do = "run", argv = ["printf", '```swarm-handoff\n{"to": "web", "subject": "from a tool"}\n```\n'] }, { do = "say", text = '''
```swarm-handoff
{"to": "nobody", "subject": "lost"}
```
```swarm-handoff
to: web
```
```swarm-handoff
{"to": "web", "subject": "second block"}
```
''' }]
[[scenario]]
name = "third"
match = "the third"
steps = [{ do = "say", text = '''
```swarm-handoff
{"to": "web", "subject": "third block"}
```
''' }]
[[scenario]]
name = "default"
steps = [{ do = "say", text = "Understood." }]
"#;

/// How often a message with this subject was accepted.
fn queued(events: &[(String, Value)], subject: &str) -> usize {
    events.iter().filter(|(kind, data)| kind == "queued" && data["subject"] == subject).count()
}

#[tokio::test]
async fn a_block_in_a_reply_reaches_the_other_agent_once() {
    let file = TEAM.replace("handoff_to = ", "handoff_block = true\nhandoff_to = ");
    let team = shop::open(&file, SCRIPT, None).await;
    // Whose blocks are not asked for, and what the person writes, is not taken.
    team.ok(&["send", "web", "say the third"]).await;
    let words = "look:\n```swarm-handoff\n{\"to\": \"web\", \"subject\": \"by the person\"}\n```";
    team.ok(&["send", "backend", words]).await;
    team.ok(&["send", "backend", "say the first"]).await;
    reaches(&team, "first block", "seen").await;
    team.kill9(team.monitor().await).await;
    team.ok(&["send", "backend", "say the second"]).await;
    reaches(&team, "second block", "seen").await;
    // The new monitor has read all of it again, in its order; the next one does so, too.
    team.kill9(team.monitor().await).await;
    team.ok(&["send", "backend", "say the third"]).await;
    reaches(&team, "third block", "seen").await;
    let all = events(&team).await;
    for (subject, times) in [
        ("first block", 1),
        ("second block", 1),
        ("third block", 1),
        ("quoted", 0),
        ("from a tool", 0),
        ("by the person", 0),
        ("lost", 0),
    ] {
        assert_eq!(queued(&all, subject), times, "{subject}: {all:#?}");
    }
    let rejected: Vec<&Value> =
        all.iter().filter(|(kind, _)| kind == "rejected").map(|(_, data)| data).collect();
    let [lost, torn] = rejected[..] else { panic!("{rejected:#?}") };
    assert!(lost["note"].as_str().unwrap().contains("nobody here is `nobody`"), "{lost}");
    assert!(torn["note"].as_str().unwrap().contains("not JSON"), "{torn}");
    let inbox = team.ok(&["inbox"]).await;
    for why in ["nobody here is", "not JSON"] {
        let told = format!("a block of backend was not sent: {why}");
        assert_eq!(inbox.matches(&told).count(), 1, "{inbox}");
    }
    let shown = team.ok(&["config", "show"]).await;
    assert_eq!(shown.matches("handoff_block = true").count(), 1, "{shown}");
}
