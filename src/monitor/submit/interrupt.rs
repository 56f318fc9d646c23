//! Interrupts an agent at work, on a person's explicit word.
//!
//! The key is Escape or worse, which answers a dialog and undoes things in an agent that is idle: it is sent only to a
//! pane that a fresh look proves to be at work, by one command inside tmux that checks it once more, and what came of
//! it is proven by what the screen shows then.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::error::{Error, Kind, Result};
use crate::status::Status;
use crate::tmux::{Command, PaneId};

use super::super::perform::Hands;
use super::compare::Ours;
use super::lock::{PATIENCE, PaneLock};
use super::machine::{Reader, View};

/// How often a screen that changes between the look and the key is looked at again.
const TRIES: u32 = 25;
/// The pause between two keys: what arrives at once is read as one other key (OpenCode takes two Escapes for Alt-Escape),
/// and the first must have been acted on before the second is looked at (measured with OpenCode 1.18: 50 to 500 ms do).
const BETWEEN_KEYS: Duration = Duration::from_millis(200);
/// The pause between two looks.
const BETWEEN: Duration = Duration::from_millis(40);
/// How long an agent that does not look like it is at work is given to look so.
const PAINTS: Duration = Duration::from_millis(500);
/// How many looks in a row must show that it has stopped.
const STOPPED_LOOKS: u32 = 3;
/// How long the agent may take to stop, from the last key on.
const STOPS: Duration = Duration::from_secs(5);

/// Sends the profile's interrupt keys to the `instance` of an agent in `pane`.
pub async fn interrupt(hands: &Hands, pane: PaneId, profile: &str, instance: &str) -> Result<Value> {
    let blocked = |why: String| Error::new(Kind::Blocked, format!("{why}: nothing was sent"));
    let name = profile;
    let profile =
        hands.profiles.get(name).ok_or_else(|| Error::new(Kind::NotFound, format!("no profile `{name}`")))?;
    let keys = profile.interrupt_keys().to_vec();
    if keys.is_empty() {
        return Err(Error::new(Kind::Blocked, format!("the profile `{name}` has no interrupt key")));
    }
    let server = hands.link.spec().socket_path();
    let lock = PaneLock::take(&hands.paths.runtime_dir, &server, pane, PATIENCE).await?;
    let _lock = lock.ok_or_else(|| blocked("another message is being typed there".into()))?;
    let conn = hands.link.connection().await?;
    let mut eye = super::eye(hands, conn, pane, &profile, instance, Ours::new("", None, None));
    eye.ignore_cursor();
    let (mut sent, mut tries, mut stopped) = (0, 0, 0);
    let mut since = Instant::now();
    while since.elapsed() < STOPS {
        let view = eye.look().await;
        let why_not = why_not(&view);
        match (&why_not, keys.get(sent)) {
            (None, Some(key)) if sent == 0 || since.elapsed() >= BETWEEN_KEYS => {
                let then = [Command::send_keys(pane, &[key]), Command::say("done")];
                let press = Command::if_format(pane, &eye.unchanged(), &then, &[Command::say("unfit")]);
                let done = eye.conn.one(press).await?.text().trim() == "done";
                if done {
                    (sent, since) = (sent + 1, Instant::now());
                } else if sent == 0 && tries == TRIES {
                    return Err(blocked("its screen changes too fast to be sure of it".into()));
                }
                tries += u32::from(!done);
            }
            // What says first that it works may be faster than the paint.
            (Some(_), _) if sent == 0 && view.status != Status::Waiting && since.elapsed() < PAINTS => {}
            (Some(why), _) if sent == 0 => return Err(blocked(why.clone())),
            _ => {}
        }
        // An empty look, between two paintings, proves nothing; nor does one alone.
        let stands =
            sent > 0 && why_not.is_some() && !matches!(view.status, Status::Working | Status::Unknown);
        stopped = if stands { stopped + 1 } else { 0 };
        if stopped == STOPPED_LOOKS {
            return Ok(json!({"keys": &keys[..sent], "now": view.status, "reason": view.reason}));
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Error::new(Kind::Stranded, format!("{} was sent, and the agent still works", keys[..sent].join(" ")))
        .hint("look at the pane: `swarm attach AGENT`"))
}

/// Why the key may not be sent; `None` for an agent that is proven to work.
fn why_not(view: &View) -> Option<String> {
    let at_work = |status| status == Status::Working;
    match view.reader {
        Reader::Agent => {}
        Reader::Shell => return Some("a shell reads the keyboard: the agent has ended".into()),
        Reader::Other => return Some("another program reads the keyboard".into()),
        Reader::Nobody | Reader::NoPane | Reader::OtherInstance => return Some("the agent has ended".into()),
        Reader::Unreachable => return Some("tmux did not answer".into()),
    }
    if view.in_mode {
        return Some("the pane is in copy mode".into());
    }
    let file = view.file.map(|(status, _)| status);
    match view.status {
        Status::Working if file != Some(Status::Waiting) => None,
        // The file is faster than the paint, but a dialog that is seen is one.
        Status::Idle | Status::Unknown if file.is_some_and(at_work) => None,
        Status::Waiting => Some("it asks something".into()),
        status => Some(format!("it is not proven to be working ({status})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_agent_that_is_proven_to_work_is_interrupted() {
        let view =
            |status, file: Option<Status>| View { status, file: file.map(|s| (s, None)), ..View::default() };
        for (status, file, fit) in [
            (Status::Working, None, true),
            (Status::Idle, Some(Status::Working), true),
            (Status::Unknown, Some(Status::Working), true),
            (Status::Idle, None, false),
            (Status::Unknown, None, false),
            (Status::Waiting, Some(Status::Working), false),
            (Status::Working, Some(Status::Waiting), false),
        ] {
            assert_eq!(why_not(&view(status, file)).is_none(), fit, "{status} {file:?}");
        }
        let at_work = view(Status::Working, None);
        assert!(why_not(&View { in_mode: true, ..at_work.clone() }).is_some());
        assert!(why_not(&View { reader: Reader::Shell, ..at_work }).is_some());
    }
}
