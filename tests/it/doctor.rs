//! `swarm doctor` on things that are really broken.

use std::process::Command;

use serde_json::Value;

use crate::up::Team;

const ONE: &str = "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"shell\"\ncommand = [\"cat\"]\n";

/// What doctor says, and its exit code.
async fn diagnose(command: Command) -> (Value, Option<i32>) {
    let output = tokio::process::Command::from(command).output().await.unwrap();
    let json = serde_json::from_slice(&output.stdout).unwrap();
    (json, output.status.code())
}

/// The checks of this name in this state: what was found and the mend.
fn checks<'a>(diagnosis: &'a Value, name: &str, state: &str) -> Vec<(&'a str, Option<&'a str>)> {
    let all = diagnosis["checks"].as_array().unwrap().iter();
    let these = all.filter(|c| c["name"] == name && c["state"] == state);
    these.map(|c| (c["found"].as_str().unwrap(), c["mend"].as_str())).collect()
}

#[tokio::test]
async fn a_healthy_swarm_is_healthy() {
    let team = Team::new(ONE).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    let (found, code) = diagnose(team.command(&["doctor", "--json"])).await;
    assert_eq!((code, &found["ok"]), (Some(0), &Value::Bool(true)), "{found:#}");
    assert_eq!(found["schema"], "swarm.doctor/v1");
    assert!(checks(&found, "database", "ok")[0].0.contains("whole and writable"), "{found:#}");
    assert!(checks(&found, "monitor", "ok")[0].0.contains("runs as process"), "{found:#}");
    assert!(checks(&found, "tmux server", "ok")[0].0.contains("panes"), "{found:#}");
    assert_eq!(checks(&found, "trust", "ok").len(), 1, "{found:#}");
    assert!(team.ok(&["doctor"]).await.lines().any(|line| line.starts_with("ok      database")));
}

#[tokio::test]
async fn a_damaged_database_a_missing_tmux_and_a_wrong_file_are_all_found_at_once() {
    let team = Team::new("name = \"shop\"\nnam = 1\n").await;
    std::fs::create_dir_all(team.state()).unwrap();
    let database = team.state().join("swarm.db");
    let damaged = [b"SQLite format 3\0".as_slice(), &vec![0xa5; 20_000]].concat();
    std::fs::write(&database, &damaged).unwrap();
    let empty = team.project().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = team.command(&["doctor", "--json"]);
    command.env("PATH", &empty).env_remove("SWARM_TMUX");
    let (found, code) = diagnose(command).await;
    assert_eq!((code, &found["ok"]), (Some(1), &Value::Bool(false)));
    for (name, mend) in
        [("tmux", "install tmux"), ("database", "move it away"), ("swarm file", "swarm config check")]
    {
        let these = checks(&found, name, "broken");
        assert!(these.iter().any(|(_, m)| m.unwrap_or_default().contains(mend)), "{name}: {found:#}");
    }
    assert_eq!(checks(&found, "agents", "warning").len(), 1, "{found:#}");
    assert_eq!(std::fs::read(&database).unwrap(), damaged, "doctor changes nothing");
}

#[tokio::test]
async fn a_database_of_a_newer_swarm_is_named() {
    let team = Team::new(ONE).await;
    let database = team.state().join("swarm.db");
    swarm::store::open_writer(&database).unwrap().pragma_update(None, "user_version", 9999).unwrap();
    let (found, code) = diagnose(team.command(&["doctor", "--json"])).await;
    assert_eq!(code, Some(1));
    assert!(checks(&found, "database", "broken")[0].0.contains("newer swarm"), "{found:#}");
    let version: i64 = swarm::store::open_reader(&database)
        .unwrap()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, 9999, "doctor changes nothing");
}

#[tokio::test]
async fn what_a_killed_monitor_leaves_behind_is_no_fault() {
    let team = Team::new(ONE).await;
    team.ok(&["up", "--trust", "--detach"]).await;
    // The overview would start another one.
    team.end_overview().await;
    team.kill9(team.monitor().await).await;
    let (found, code) = diagnose(team.command(&["doctor", "--json"])).await;
    assert_eq!(code, Some(0), "{found:#}");
    assert!(checks(&found, "monitor", "ok")[0].0.contains("left behind"), "{found:#}");
}

#[tokio::test]
async fn a_desktop_that_cannot_be_told_is_found() {
    let team = Team::new(ONE).await;
    let config = team.project().parent().unwrap().join("config/swarm");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("config.toml"), "[notify]\ndesktop = true\n").unwrap();
    let bin = team.project().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let (program, away) = (swarm::monitor::notify::desktop::PROGRAM, ["DISPLAY", "XDG_RUNTIME_DIR"]);
    let doctor = || {
        let mut command = team.command(&["doctor", "--json"]);
        away.iter().chain(&swarm::monitor::notify::desktop::DESKTOP).for_each(|name| {
            command.env_remove(name);
        });
        command.env("PATH", &bin);
        command
    };
    let (found, _) = diagnose(doctor()).await;
    let missing = checks(&found, "notify desktop", "warning");
    assert!(missing[0].0.contains(&format!("`{program}` is not on PATH")), "{found:#}");
    std::os::unix::fs::symlink("/bin/true", bin.join(program)).unwrap();
    let (found, _) = diagnose(doctor()).await;
    let state = if cfg!(target_os = "macos") { "ok" } else { "warning" };
    assert_eq!(checks(&found, "notify desktop", state).len(), 1, "{found:#}");
    let mut shown = doctor();
    shown.env("DISPLAY", ":0");
    let (found, _) = diagnose(shown).await;
    assert_eq!(checks(&found, "notify desktop", "ok").len(), 1, "{found:#}");
}
