//! What a person wants to see: goes to a pane or the overview, and reads what a pane shows. Called by `perform`.

use std::path::Path;

use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use crate::name::SwarmName;
use crate::protocol::Capture as CaptureReply;
use crate::tmux::command::Capture;
use crate::tmux::{Command, Launch, PaneId, SessionId};

use super::perform::Hands;
use super::sessions;

/// How the overview of a swarm is started in its window.
pub fn overview_launch(hands: &Hands, swarm: &SwarmName, root: &Path) -> Launch {
    let socket = hands.link.spec().socket_path().display().to_string();
    let argv = [hands.exe.display().to_string(), "-S".into(), socket, "-s".into(), swarm.to_string()];
    Launch { directory: root.display().to_string(), env: crate::paths::places(), argv: argv.to_vec() }
}

/// Shows a pane, or the overview, in a client; without one it is made the current one of its session, for who attaches.
pub async fn jump(
    hands: &Hands,
    session: SessionId,
    pane: Option<PaneId>,
    client: Option<String>,
    overview: &Launch,
) -> Result<Value> {
    let conn = hands.link.connection().await?;
    let mut commands = Vec::new();
    let mut target = session;
    match pane {
        Some(pane) => {
            let rows = conn.panes().await?;
            let row = rows.iter().find(|r| r.pane == pane);
            let row = row.ok_or_else(|| Error::new(Kind::Gone, format!("the pane {pane} is gone")))?;
            // A window may be linked into several sessions: ours first.
            target = rows.iter().find(|r| r.pane == pane && r.session == session).unwrap_or(row).session;
            commands.push(Command::select_window(row.window));
            commands.push(Command::select_pane(pane));
        }
        None => {
            let window = sessions::open_overview(&hands.link, session, overview).await?;
            commands.push(Command::select_window(window));
        }
    }
    if let Some(client) = client {
        commands.push(Command::switch_client(&client, target));
    }
    for reply in conn.batch(commands).await? {
        reply.map_err(|why| Error::new(Kind::Tmux, format!("tmux refused: {why}")))?;
    }
    Ok(json!({"session": target.to_string()}))
}

/// What a pane shows, with its size and cursor.
pub async fn capture(hands: &Hands, pane: PaneId, rev: u64) -> Result<Value> {
    let conn = hands.link.connection().await?;
    let commands = vec![
        Command::capture_pane(pane, Capture::Escapes, None),
        Command::display_message(
            pane,
            "#{pane_id} #{pane_width} #{pane_height} #{cursor_flag} #{cursor_x} #{cursor_y}",
        ),
    ];
    let mut replies = conn.batch(commands).await?.into_iter();
    let gone = |why: String| Error::new(Kind::Gone, format!("cannot read the pane {pane}: {why}"));
    let mut next = || replies.next().unwrap_or_else(|| Err("no answer".into())).map_err(gone);
    let screen = next()?;
    let size = next()?;
    let size = size.text().into_owned();
    let mut words = size.split_whitespace();
    if words.next() != Some(pane.to_string().as_str()) {
        return Err(gone("it is not there any more".into()));
    }
    let mut number = || words.next().and_then(|w| w.parse().ok()).unwrap_or(0);
    let [width, height, shown, x, y] = [number(), number(), number(), number(), number()];
    let cursor = (shown == 1).then_some((x, y));
    let reply = CaptureReply { ansi: screen.text().into_owned(), width, height, rev, cursor };
    Ok(json!(reply))
}
