//! What a person types into a pane from elsewhere: their own keys, passed on as they are.
//!
//! None of the checks of a submission: whoever types looks at the screen. Never into a dead pane or copy mode, and never
//! in the middle of a submission: the pane's lock is held.

use std::time::Duration;

use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use crate::protocol::Typed;
use crate::tmux::{Command, PaneId};

use super::lock::PaneLock;
use crate::monitor::perform::Hands;

/// Alive, and what is typed goes to the program.
const OPEN: &str = "#{&&:#{==:#{pane_dead},0},#{==:#{pane_in_mode},0}}";
/// How long a message that is being typed there is waited for: later the keys would meet another screen than the one they
/// were pressed for.
const PATIENCE: Duration = Duration::from_millis(300);
/// Characters that are sent at once.
const PART: usize = 256;

/// Types `keys` into `pane`, in order; with none, only looks whether it could.
pub async fn keys(hands: &Hands, pane: PaneId, keys: &[Typed]) -> Result<Value> {
    let server = hands.link.spec().socket_path();
    let _lock = PaneLock::take(&hands.paths.runtime_dir, &server, pane, PATIENCE)
        .await?
        .ok_or_else(|| Error::new(Kind::Blocked, "a message is being typed there: try again"))?;
    let conn = hands.link.connection().await?;
    let mut commands = Vec::new();
    for (n, typed) in keys.iter().enumerate() {
        match typed {
            Typed::Key(key) => commands.push(guarded(pane, Command::send_keys(pane, &[key]))),
            Typed::Text(text) => {
                let chars: Vec<char> = text.chars().collect();
                let parts = chars.chunks(PART).map(|part| part.iter().collect::<String>());
                commands.extend(parts.map(|part| guarded(pane, Command::send_text(pane, &part))));
            }
            Typed::Paste(text) => {
                let buffer = format!("swarm-live-{}-{n}", pane.0);
                commands.push(Command::set_buffer(&buffer, text));
                commands.push(Command::paste_buffer_if(pane, OPEN, &buffer));
            }
        }
    }
    if commands.is_empty() {
        commands.push(guarded(pane, Command::say("done")));
    }
    for reply in conn.batch(commands).await? {
        let said = reply.map_err(|why| Error::new(Kind::Gone, format!("tmux refused: {why}")))?;
        if said.text().trim() == "unfit" {
            return Err(Error::new(Kind::Blocked, "the pane is dead or in copy mode: nothing was typed"));
        }
    }
    Ok(json!(null))
}

fn guarded(pane: PaneId, command: Command) -> Command {
    Command::if_format(pane, OPEN, &[command], &[Command::say("unfit")])
}
