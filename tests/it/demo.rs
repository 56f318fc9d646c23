//! `swarm demo` as `make demo` runs it in a pipe: it shows the main job, ends well and leaves nothing behind.

use std::process::{Command, Stdio};

#[test]
fn the_demo_without_a_terminal_shows_six_agents_and_what_they_cost() {
    let place = tempfile::Builder::new().prefix("d").tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_swarm"))
        .args(["demo", "--seconds", "20"])
        .env("TMPDIR", place.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{said}");
    for agent in ["planner", "backend", "frontend", "tests", "reviewer", "docs"] {
        assert!(text.contains(agent), "{agent} is missing:\n{text}");
    }
    assert!(text.contains("claude-opus-5-5") && text.contains("$0."), "nothing was priced:\n{text}");
    assert!(text.contains("@coder per day") && text.contains("warns at 50 %"), "no budgets:\n{text}");
    assert!(text.contains("@writer per day"), "no role is limited:\n{text}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0, "the demo left something behind");
}
