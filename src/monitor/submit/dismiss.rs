//! Asks an idle agent to leave, so that it can be put to sleep.
//!
//! The keys are Ctrl-C or the like, which stop a turn and throw a draft away: the first one goes only into a pane that a
//! fresh look proves to be idle, empty and left alone, by one command inside tmux that checks it once more; each further
//! one only while it has not begun to work and nobody types. Never signals anything: what does not leave, stays.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::status::Status;
use crate::tmux::{Command, PaneId};

use super::super::launch::guarded;
use super::super::perform::Hands;
use super::compare::Ours;
use super::lock::{PATIENCE, PaneLock};
use super::machine::{AT_IT, Draft, Reader, View};

/// How often a screen that changes between the look and the key is looked at again.
const TRIES: u32 = 25;
/// The pause between two looks.
const BETWEEN: Duration = Duration::from_millis(40);

/// Types the profile's polite exit into the `pane` of an idle `instance`.
pub async fn dismiss(hands: &Hands, pane: PaneId, profile: &str, instance: &str) -> Result<()> {
    let blocked = |why: &str| Error::new(Kind::Blocked, format!("it is not put to sleep: {why}"));
    let name = profile;
    let profile =
        hands.profiles.get(name).ok_or_else(|| Error::new(Kind::NotFound, format!("no profile `{name}`")))?;
    let Some((first, rest)) = profile.exit_keys().split_first() else {
        return Err(blocked(&format!("the profile `{name}` has no keys to leave by")));
    };
    let server = hands.link.spec().socket_path();
    let lock = PaneLock::take(&hands.paths.runtime_dir, &server, pane, PATIENCE).await?;
    let _lock = lock.ok_or_else(|| blocked("a message is being typed there"))?;
    let conn = hands.link.connection().await?;
    let mut eye = super::eye(hands, conn.clone(), pane, &profile, instance, Ours::new("", None, None));
    for attempt in 0.. {
        if let Some(why) = why_not(&eye.look().await) {
            return Err(blocked(why));
        }
        let then = [Command::send_keys(pane, &[first]), Command::say("done")];
        let press = Command::if_format(pane, &eye.unchanged(), &then, &[Command::say("unfit")]);
        let done = conn.one(press).await?.text().trim() == "done";
        eye.acted(done);
        if done {
            break;
        }
        if attempt == TRIES {
            return Err(blocked("its screen changes too fast to be sure of it"));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    for key in rest {
        tokio::time::sleep(Duration::from_millis(profile.exit_gap_ms())).await;
        let view = eye.look().await;
        match view.reader {
            Reader::Agent => {}
            Reader::Unreachable => return Err(blocked("tmux did not answer")),
            _ => return Ok(()),
        }
        if view.person.is_some_and(|ago| ago < AT_IT) {
            return Err(blocked("somebody is typing there"));
        }
        let file = view.file.map(|(status, _)| status);
        if let Some(status) = [Some(view.status), file].into_iter().flatten().find(|s| is_busy(*s)) {
            return Err(blocked(&format!("it is {status} by now")));
        }
        conn.one(guarded(pane, &[key])).await?;
    }
    Ok(())
}

/// What the key would stop or answer.
const fn is_busy(status: Status) -> bool {
    matches!(status, Status::Working | Status::Waiting)
}

/// Why the first key may not be sent; `None` for an agent that is proven idle and left alone.
fn why_not(view: &View) -> Option<&'static str> {
    match view.reader {
        Reader::Agent => {}
        Reader::Shell => return Some("a shell reads the keyboard"),
        Reader::Other => return Some("another program reads the keyboard"),
        Reader::Nobody | Reader::NoPane | Reader::OtherInstance => return Some("it has ended"),
        Reader::Unreachable => return Some("tmux did not answer"),
    }
    if view.in_mode {
        return Some("its pane is in copy mode");
    }
    if view.person.is_some_and(|ago| ago < AT_IT) {
        return Some("somebody is typing there");
    }
    if view.draft != Draft::Empty {
        return Some("its composer is not proven empty");
    }
    let file = view.file.map(|(status, _)| status);
    (view.status != Status::Idle || file.is_some_and(|status| status != Status::Idle))
        .then_some("its screen does not prove that it is idle")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_agent_that_is_proven_idle_and_left_alone_is_asked_to_leave() {
        let idle = View { status: Status::Idle, file: Some((Status::Idle, None)), ..View::default() };
        assert_eq!(why_not(&idle), None);
        assert_eq!(why_not(&View { file: None, ..idle.clone() }), None, "many keep no such file");
        for unfit in [
            View { reader: Reader::Shell, ..idle.clone() },
            View { reader: Reader::Other, ..idle.clone() },
            View { reader: Reader::OtherInstance, ..idle.clone() },
            View { in_mode: true, ..idle.clone() },
            View { person: Some(Duration::from_secs(2)), ..idle.clone() },
            View { draft: Draft::Foreign, ..idle.clone() },
            View { draft: Draft::Unknown, ..idle.clone() },
            View { draft: Draft::Absent, ..idle.clone() },
            View { status: Status::Unknown, ..idle.clone() },
            View { status: Status::Working, ..idle.clone() },
            View { status: Status::Waiting, ..idle.clone() },
            View { file: Some((Status::Working, None)), ..idle.clone() },
            View { file: Some((Status::Waiting, None)), ..idle.clone() },
        ] {
            assert!(why_not(&unfit).is_some(), "{unfit:?}");
        }
        assert_eq!(why_not(&View { person: Some(Duration::from_secs(3)), ..idle }), None);
    }
}
