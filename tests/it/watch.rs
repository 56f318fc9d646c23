//! The watcher on a real tmux: a pane that animates without pause is no longer heard, and nothing about it is missed.

use swarm::status::Status;
use swarm::tmux::PaneId;

use crate::up::Team;

/// Paints Claude's composer below a spinner that turns ten times a second, until a file tells it to do something else:
/// `ask` paints a permission prompt, `rest` takes the spinner away.
const SPINNER: &str = r#"
BOX=────────────────────────────────────────────────────────────
COMPOSER="$BOX
❯
$BOX
  ⏸ manual mode on"
ASK="⏺ Bash(touch x)
$BOX
 Bash command

   touch x
   Create x

 Do you want to proceed?
 ❯ 1. Yes
   2. No

 Esc to cancel · Tab to amend"
title() { printf '\033]0;%s\007' "$1"; }
# One write: a screen is never seen half painted.
screen() { printf '\033[2J\033[H%s' "$(printf '%s\n' "$@")"; }
n=0
while [ ! -e ask ] && [ ! -e rest ]; do
  case $((n / 10 % 2)) in 0) title "⠂ Task" ;; *) title "⠐ Task" ;; esac
  case $((n % 6)) in 0) glyph=· ;; 1) glyph=✢ ;; 2) glyph=✳ ;; 3) glyph=✶ ;; 4) glyph=✻ ;; *) glyph=✽ ;; esac
  screen "⏺ I look at it." "" "$glyph Pondering… ($((n / 10))s · esc to interrupt)" "" "$COMPOSER"
  n=$((n + 1))
  sleep 0.1
done
title "✳ Task"
if [ -e ask ]; then screen "$ASK"; else screen "⏺ I look at it." "" "✻ Worked for 3s" "" "$COMPOSER"; fi
until [ -e end ]; do sleep 0.1; done
"#;

async fn team() -> (Team, PaneId) {
    let team = Team::new(
        "name = \"shop\"\n[[agents]]\nname = \"one\"\nprofile = \"spinner\"\n[[agents]]\nname = \"two\"\n\
                   profile = \"shell\"\ncommand = [\"cat\"]\n",
    )
    .await;
    let profile = team.project().join("../config/swarm/agents/spinner.toml");
    std::fs::create_dir_all(profile.parent().unwrap()).unwrap();
    let script = team.project().join("spinner.sh");
    std::fs::write(&script, SPINNER).unwrap();
    let profile_text = format!(
        "extends = \"claude\"\nname = \"spinner\"\n[launch]\nprogram = \"sh\"\nbase = [\"{}\"]\nsession_id = []\n\
         settings_file = []\nsystem_prompt = []\nagent_name = []\n[launch.permissions]\nask = []\n\
         [sources]\nhooks = \"none\"\nstatus_file = \"none\"\ntranscript = \"none\"\n",
        script.display()
    );
    std::fs::write(profile, profile_text).unwrap();
    let mut up = team.command(&["up", "--trust", "--detach"]);
    up.env("SWARM_LOG", "swarm::monitor=debug");
    let up = tokio::process::Command::from(up).output().await.unwrap();
    assert!(up.status.success(), "{}", String::from_utf8_lossy(&up.stderr));
    team.wait("one", "working").await;
    let pane = team.agent("one").await.pane.unwrap().parse().unwrap();
    // The monitor says in its log whom it stopped listening to.
    let told = format!("{pane} animates");
    team.server.wait_until("the spinner is sampled", async || team.log().contains(&told)).await;
    (team, pane)
}

#[tokio::test]
async fn the_dialog_of_a_pane_that_is_only_sampled_is_noticed() {
    let (team, pane) = team().await;
    assert_eq!(team.agent("one").await.status, Status::Working);
    std::fs::write(team.project().join("ask"), "").unwrap();
    team.wait("one", "waiting").await;
    let calm = format!("{pane} is calm");
    team.server.wait_until("it is heard again", async || team.log().contains(&calm)).await;
    assert!(!team.agent("one").await.options.is_empty());
}

#[tokio::test]
async fn a_pane_that_stops_animating_is_idle_and_its_end_is_seen() {
    let (team, _) = team().await;
    std::fs::write(team.project().join("rest"), "").unwrap();
    team.wait("one", "idle").await;
    std::fs::write(team.project().join("end"), "").unwrap();
    team.wait("one", "exited").await;
}

#[tokio::test]
async fn a_pane_that_dies_while_it_is_only_sampled_is_seen() {
    let (team, pane) = team().await;
    let pid = team.server.row(pane).await.pid.unwrap();
    team.kill9(pid).await;
    team.wait("one", "exited").await;
    // The other one is heard as before.
    let other: PaneId = team.agent("two").await.pane.unwrap().parse().unwrap();
    team.server.tmux(&["send-keys", "-t", &other.to_string(), "hello from two", "Enter"]).await;
    team.server
        .wait_until("the other pane is read", async || {
            team.agent("two").await.last_line.is_some_and(|line| line.contains("hello from two"))
        })
        .await;
}
