//! Answers the prompt that is on an agent's screen now, on a person's explicit word.
//!
//! Reads the pane again, refuses when it shows something else by now, tells the hook that waits for this very prompt or
//! sends the keys of this profile for this option, and reports what the screen showed afterwards. Nothing here is ever
//! called without a person's request.

use std::time::Duration;

use serde_json::{Value, json};

use crate::agent::{Keys, Profile};
use crate::error::{Error, Kind, Result};
use crate::observe::screen::{Reading, Screen, classify};
use crate::protocol::{Answered, Choice, Decision, Prompt};
use crate::status::{Reason, Status};
use crate::text::clip;
use crate::tmux::command::Capture;
use crate::tmux::{Command, Connection, PaneId};

use super::launch::guarded_by;
use super::perform::Hands;
use super::waiting_hooks::WaitingHook;

/// How often and how long the screen is looked at for the outcome.
const LOOKS: u32 = 50;
/// How often the screen is looked at for a prompt that is announced and not painted yet, or still moves.
const PAINT_LOOKS: u32 = 12;
/// How many looks a prompt must stand still: Claude Code 2.1.329 lost a digit sent right after the paint in 3 of 12
/// answers, none once the prompt had stood for 300 ms.
const SETTLED_LOOKS: u32 = 3;
/// After how many looks a refusal that wants words is sent again.
const REFUSAL_LOOKS: u32 = 15;
/// The most columns of a prompt in an error.
const HINT: usize = 200;
/// See [`LOOKS`].
const BETWEEN: Duration = Duration::from_millis(100);

/// What a person wants a prompt to be answered.
#[derive(Debug)]
pub struct Wanted {
    /// The answer.
    pub choice: Choice,
    /// What the person saw.
    pub expect: Option<Prompt>,
    /// What the agent is told with a refusal.
    pub because: Option<String>,
}

impl Wanted {
    /// What a hook can say of it; one option of many is a matter of keys.
    fn decision(&self) -> Option<Decision> {
        match self.choice {
            Choice::Approve => Some(Decision::Allow),
            Choice::Deny => Some(Decision::Deny { because: self.because.clone() }),
            Choice::Option(_) => None,
        }
    }
}

/// Answers the dialog in `pane`, by the hook that is `waiting` where that was called for this prompt, else by keys.
///
/// Replies with an [`Answered`].
pub async fn answer(
    hands: &Hands,
    pane: PaneId,
    profile: &str,
    wanted: Wanted,
    waiting: Option<WaitingHook>,
) -> Result<Value> {
    let profile = hands
        .profiles
        .get(profile)
        .ok_or_else(|| Error::new(Kind::NotFound, format!("no profile `{profile}`")))?;
    let conn = hands.link.connection().await?;
    let before = settled(&conn, pane, &profile).await?;
    refuse_another(&before, wanted.expect.as_ref())?;
    let waiting = waiting.filter(|hook| is_about(hook, &profile, &before)).zip(wanted.decision());
    let by_hook = match waiting {
        // The last look: keys have theirs inside tmux.
        Some((hook, decision)) => {
            is_same_prompt(&before, &read(&conn, pane, &profile).await?) && hook.tell(&decision)
        }
        None => false,
    };
    if !by_hook {
        let Keys { press: first, confirm } = keys(&profile, &before, &wanted.choice)?;
        press(&conn, pane, &before, &first).await?;
        if let Some((key, position)) = confirm {
            marked(&conn, pane, &profile, (&before, position)).await?;
            press(&conn, pane, &before, &[key]).await?;
        }
    }
    let refused = match wanted.choice {
        Choice::Approve => false,
        Choice::Deny => true,
        Choice::Option(number) => {
            profile.find_option(false, before.options.iter().map(|o| o.text.as_str()))
                == number.checked_sub(1)
        }
    };
    let now = gone(&conn, pane, &profile, (&before, refused)).await?;
    let Some(now) = now else {
        let what = if by_hook { "its hook was answered" } else { "the keys were sent" };
        return Err(Error::new(Kind::Stranded, format!("{what}, but the prompt is still there"))
            .hint("look at the pane: `swarm attach AGENT`"));
    };
    Ok(json!(Answered {
        answered: before.question.unwrap_or_default(),
        by: if by_hook { "hook" } else { "keys" }.to_owned(),
        told: by_hook && wanted.because.is_some(),
        now,
        message: None,
    }))
}

/// Waits until the prompt has gone; the status then, `None` where it stays. Where a refusal wants words first, it gets
/// none.
async fn gone(
    conn: &Connection,
    pane: PaneId,
    profile: &Profile,
    (before, refused): (&Reading, bool),
) -> Result<Option<Status>> {
    let mut shown = 0;
    for _ in 0..LOOKS {
        tokio::time::sleep(BETWEEN).await;
        let after = read(conn, pane, profile).await?;
        match profile.refusal(&after.rule) {
            Some(send) => {
                shown += 1;
                // Like the prompt itself it takes no key right after it was painted. One that does not fit, or is lost, is
                // sent again.
                if refused && shown % REFUSAL_LOOKS == SETTLED_LOOKS {
                    let _ = press(conn, pane, &after, &[send.to_owned()]).await;
                }
            }
            None if !still_asks(before, &after) => return Ok(Some(after.status)),
            None => {}
        }
    }
    Ok(None)
}

/// Whether `prompt` is what this hook was called for, and shows all of it.
fn is_about(hook: &WaitingHook, profile: &Profile, prompt: &Reading) -> bool {
    let title = profile.data().sources.hook_answer.commands.get(hook.ask.tool());
    prompt.reason == Some(Reason::Permission)
        && title.is_some_and(|title| hook.ask.is_shown(title, &prompt.asked, prompt.subject.as_deref()))
}

/// An error where the screen shows anything but what the person saw.
fn refuse_another(before: &Reading, expect: Option<&Prompt>) -> Result<()> {
    if before.status != Status::Waiting {
        let message = format!("the screen shows no prompt by now ({})", before.status);
        return Err(Error::new(Kind::Blocked, message));
    }
    let shown: Vec<String> = before.options.iter().map(|o| crate::text::one_line(&o.text)).collect();
    let another = |seen: &Prompt| {
        seen.options != shown
            || seen.question.as_deref() != before.question_shown()
            || seen.prompt.is_some() && seen.prompt != before.prompt_id()
    };
    if expect.is_some_and(another) {
        return Err(Error::new(Kind::Blocked, "the screen shows another prompt by now: nothing was sent")
            .hint(format!("it asks: {}", clip(&before.asked, HINT))));
    }
    Ok(())
}

/// Sends keys to the prompt that was read: the last look and each key are one command inside tmux.
async fn press(conn: &Connection, pane: PaneId, prompt: &Reading, keys: &[String]) -> Result<()> {
    for key in keys {
        let said = conn.one(guarded_by(pane, &prompt.asked_rows, &[key])).await?;
        if said.text().trim() != "sent" {
            return Err(Error::new(
                Kind::Blocked,
                format!("the prompt has gone in this moment, or the pane {pane} is dead or in copy mode"),
            ));
        }
    }
    Ok(())
}

/// Waits until the mark of this prompt stands at `position`. A key may be lost, and a person may move the mark, too: a prompt
/// is confirmed only where it is seen to stand.
async fn marked(
    conn: &Connection,
    pane: PaneId,
    profile: &Profile,
    (before, position): (&Reading, usize),
) -> Result<()> {
    for _ in 0..LOOKS {
        // A look may meet it half painted.
        let now = read(conn, pane, profile).await?;
        let selected = now.options.iter().position(|o| o.selected);
        if still_asks(before, &now) && selected == Some(position) {
            return Ok(());
        }
        tokio::time::sleep(BETWEEN).await;
    }
    Err(Error::new(Kind::Blocked, "the prompt's mark did not go to that option: nothing was confirmed")
        .hint("look at the pane: `swarm attach AGENT`"))
}

/// What the pane shows once it stands still: a hook or a status file may be faster than the paint, and a prompt takes no
/// keys in the first moments after it was painted.
async fn settled(conn: &Connection, pane: PaneId, profile: &Profile) -> Result<Reading> {
    let mut before = read(conn, pane, profile).await?;
    let mut same = 0;
    for _ in 0..PAINT_LOOKS {
        let shown = before.status == Status::Waiting && !before.options.is_empty();
        if shown && same >= SETTLED_LOOKS {
            break;
        }
        tokio::time::sleep(BETWEEN).await;
        let now = read(conn, pane, profile).await?;
        same = if is_same_prompt(&before, &now) { same + 1 } else { 0 };
        before = now;
    }
    Ok(before)
}

/// Whether the prompt is still there. A key that only moved its mark has answered nothing: Copilot CLI 1.0.102 does so at
/// "No, and tell Copilot what to do differently".
fn still_asks(before: &Reading, after: &Reading) -> bool {
    let texts = |reading: &Reading| reading.options.iter().map(|o| o.text.clone()).collect::<Vec<_>>();
    (before.status, &before.asked, texts(before)) == (after.status, &after.asked, texts(after))
}

fn is_same_prompt(a: &Reading, b: &Reading) -> bool {
    (a.status, &a.asked, &a.options) == (b.status, &b.asked, &b.options)
}

async fn read(conn: &Connection, pane: PaneId, profile: &Profile) -> Result<Reading> {
    let screen = conn.one(Command::capture_pane(pane, Capture::Escapes, None)).await?;
    let rows = conn.panes().await?;
    let row = rows
        .iter()
        .find(|r| r.pane == pane && !r.dead)
        .ok_or_else(|| Error::new(Kind::Gone, format!("the pane {pane} is dead or gone")))?;
    Ok(classify(profile, &Screen::parse(screen.bytes(), super::watch::vars(row))))
}

/// The keys that give this answer to this dialog.
fn keys(profile: &Profile, reading: &Reading, choice: &Choice) -> Result<Keys> {
    let reason = reading.reason.unwrap_or(crate::status::Reason::Dialog);
    let unsure = |what: &str| {
        Error::new(Kind::Blocked, what.to_owned()).hint("answer it in the pane itself: `swarm attach AGENT`")
    };
    let how = profile.answer(reason, None).ok_or_else(|| {
        unsure(&format!("the profile `{}` does not say how a {reason} is answered", profile.name()))
    })?;
    let texts = || reading.options.iter().map(|o| o.text.as_str());
    if profile.data().dialog.between.contains(&reading.rule) && !matches!(choice, Choice::Option(_)) {
        return Err(unsure("this step neither allows nor refuses what was asked"));
    }
    if let (Choice::Deny, Some(send)) = (choice, profile.refusal(&reading.rule)) {
        return Ok(Keys::plain(vec![send.to_owned()]));
    }
    let position = match choice {
        Choice::Option(number) => number.checked_sub(1).filter(|n| *n < reading.options.len()),
        Choice::Approve => profile.find_option(true, texts()),
        Choice::Deny => match (profile.find_option(false, texts()), &how.cancel) {
            (None, Some(cancel)) => return Ok(Keys::plain(vec![cancel.clone()])),
            (found, _) => found,
        },
    };
    let position = position.ok_or_else(|| unsure("the prompt shows no such option"))?;
    let selected = reading.options.iter().position(|o| o.selected);
    how.keys(position, reading.options[position].key.as_deref(), selected)
        .ok_or_else(|| unsure("the prompt does not show enough to choose safely"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Profiles;
    use crate::observe::screen::PaneVars;

    fn read(screen: &str) -> Reading {
        let profiles = Profiles::builtin();
        classify(profiles.get("claude").unwrap(), &Screen::parse(screen.as_bytes(), PaneVars::default()))
    }

    #[test]
    fn a_mark_that_moves_has_answered_nothing() {
        let dialog = "────────────────────────────\n Bash command\n\n   ls\n\n Do you want to proceed?\n ❯ 1. Yes\n   2. No\n\n Esc to cancel\n";
        let (before, marked) = (read(dialog), read(&dialog.replace("❯ 1", "  1").replace("  2", "❯ 2")));
        assert_eq!((before.status, before.options.len()), (Status::Waiting, 2));
        assert!(!is_same_prompt(&before, &marked) && still_asks(&before, &marked));
        assert!(!still_asks(&before, &read(&dialog.replace("ls", "rm -rf build"))));
    }
}
