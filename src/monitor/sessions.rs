//! Making and ending what tmux holds for a swarm: its session, its windows, its panes.
//!
//! Only what carries our marks is ever changed. Called by `perform`; keeps nothing.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{Context, Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::state::event::Session;
use crate::tmux::{Command, Connection, Created, Launch, PaneId, PaneRow, SessionId, WindowId, format};

use super::link::Link;

/// The mark of a window that swarm made: which part of the layout it is.
pub const WINDOW_MARK: &str = "@swarm_window";
/// The value of [`WINDOW_MARK`] of the overview's window.
pub const OVERVIEW: &str = "overview";
/// The mark of the pane in which the overview was started.
pub const OVERVIEW_PANE: &str = "@swarm_overview";

/// Everything a session is made from.
#[derive(Debug)]
pub struct Wanted<'a> {
    /// The swarm's name, which becomes the session's.
    pub swarm: &'a SwarmName,
    /// Columns and rows, if it is made.
    pub size: (u16, u16),
    /// Where its first window works.
    pub root: &'a Path,
    /// The environment of the session.
    pub env: &'a BTreeMap<String, String>,
}

/// Finds the session of a swarm, or makes it. The overview is not started yet: its pane waits.
pub async fn ensure(link: &Link, wanted: &Wanted<'_>) -> Result<Session> {
    let (version, rows) = tokio::join!(link.spec().version(), server_panes(link));
    version?.check()?;
    let rows = rows?;
    let (session, made) = match find(&rows, wanted.swarm)? {
        Some(session) => (session, None),
        None => {
            let made = make(link, wanted).await?;
            (made.session, Some(made))
        }
    };
    link.add_session(session);
    let conn = link.connection().await?;
    let mut commands = vec![Command::set_option(session, "@swarm_name", wanted.swarm.as_str())];
    commands.extend(wanted.env.iter().map(|(k, v)| Command::set_environment(session, k, v)));
    commands.extend(made.map(|made| Command::set_option(made.window, WINDOW_MARK, OVERVIEW)));
    for reply in conn.batch(commands).await? {
        reply.map_err(|why| Error::new(Kind::Tmux, format!("tmux refused to mark the session: {why}")))?;
    }
    let (windows, overview) = with_overview(&conn, session).await?;
    let overview = match overview {
        Overview::Runs => None,
        Overview::Waits(pane) | Overview::Ended(pane) => Some(pane),
    };
    Ok(Session { id: session, rows: conn.panes().await?, windows, overview })
}

/// Every pane of the server; empty when there is no server.
async fn server_panes(link: &Link) -> Result<Vec<PaneRow>> {
    if link.is_up().await {
        return link.connection().await?.panes().await;
    }
    if !link.spec().socket_path().exists() {
        return Ok(Vec::new());
    }
    match link.spec().run(&[Command::list_panes()]).await {
        Ok(text) => Ok(format::panes(text.as_bytes())),
        // No server yet: it starts with our session.
        Err(err) if no_server(&err) => Ok(Vec::new()),
        Err(err) => Err(err),
    }
}

/// Whether tmux says that nothing listens on its socket.
pub fn no_server(err: &Error) -> bool {
    let text = err.to_string();
    ["no server running", "error connecting", "No such file or directory", "no sessions", "server exited"]
        .iter()
        .any(|needle| text.contains(needle))
}

/// The session of the swarm: the one that carries its mark, whatever its name is by now. A session of that name
/// without the mark is somebody else's.
fn find(rows: &[PaneRow], swarm: &SwarmName) -> Result<Option<SessionId>> {
    if let Some(row) = rows.iter().find(|r| r.swarm == swarm.as_str() && r.agent.is_empty()) {
        return Ok(Some(row.session));
    }
    let named = rows.iter().find(|r| r.session_name == swarm.as_str());
    match named {
        Some(row) if row.swarm == swarm.as_str() => Ok(Some(row.session)),
        Some(_) => Err(Error::failure(format!("a tmux session `{swarm}` is there already, and it is not ours"))
            .hint(format!("choose another `name` in the swarm file, or rename that session: tmux rename-session -t ={swarm} other"))),
        None => Ok(None),
    }
}

async fn make(link: &Link, wanted: &Wanted<'_>) -> Result<Created> {
    let env: Vec<(String, String)> = wanted.env.iter().map(|(k, v)| (k.clone(), v.clone())).collect();
    let command =
        Command::new_session(wanted.swarm.as_str(), "swarm", wanted.size, &env, &Launch::placeholder());
    link.make_session(command).await?.trim().parse()
}

/// How it is with the overview of a pane: a format.
const STATE: &str =
    "#{?#{==:#{pane_start_command},cat -},waits,#{?@swarm_overview,#{?pane_dead,ended,runs},other}}";

/// Starts the overview in its pane, unless it runs there by now or the pane is gone. Quitting it closes the window; when
/// it fails, the pane stays and shows why.
pub async fn start_overview(link: &Link, pane: PaneId, launch: &Launch) -> Result<()> {
    let _alone = link.overview.lock().await;
    let conn = link.connection().await?;
    let facts = conn.one(Command::display_message(pane, &format!("#{{pane_id}} {STATE}"))).await?;
    let here = pane.to_string();
    match facts.text().trim().split_once(' ') {
        Some((id, "waits" | "ended")) if id == here => start(&conn, pane, launch).await,
        _ => Ok(()),
    }
}

/// The window of the overview, for showing it; the overview is started first when it ended or its window was closed.
pub async fn open_overview(link: &Link, session: SessionId, launch: &Launch) -> Result<WindowId> {
    let _alone = link.overview.lock().await;
    let conn = link.connection().await?;
    let (windows, overview) = with_overview(&conn, session).await?;
    if let Overview::Waits(pane) | Overview::Ended(pane) = overview {
        start(&conn, pane, launch).await?;
    }
    windows.get(OVERVIEW).copied().ok_or_else(|| Error::new(Kind::Gone, "the overview's window is gone"))
}

async fn start(conn: &Connection, pane: PaneId, launch: &Launch) -> Result<()> {
    conn.start(pane, launch, &[("remain-on-exit", "failed"), (OVERVIEW_PANE, "1")]).await.map(|_| ())
}

/// How it is with the overview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Overview {
    /// Its pane was made and holds nothing yet.
    Waits(PaneId),
    /// It runs.
    Runs,
    /// Its pane holds what it left behind.
    Ended(PaneId),
}

/// The windows that carry our mark, that of the overview among them: made anew when it was closed.
async fn with_overview(
    conn: &Connection,
    session: SessionId,
) -> Result<(BTreeMap<String, WindowId>, Overview)> {
    let (mut windows, overview) = marked_windows(conn, session).await?;
    if let Some(overview) = overview {
        return Ok((windows, overview));
    }
    // What is left in it is the person's own.
    if let Some(left) = windows.get(OVERVIEW) {
        conn.one(Command::unset_option(*left, WINDOW_MARK)).await?;
    }
    let placeholder = Launch::placeholder();
    let made: Created =
        conn.one(Command::new_window(session, "swarm", &placeholder)).await?.text().parse()?;
    conn.one(Command::set_option(made.window, WINDOW_MARK, OVERVIEW)).await?;
    windows.insert(OVERVIEW.to_owned(), made.window);
    Ok((windows, Overview::Waits(made.pane)))
}

/// The windows that carry our mark, and how it is with the overview; `None` when it has no pane.
async fn marked_windows(
    conn: &Connection,
    session: SessionId,
) -> Result<(BTreeMap<String, WindowId>, Option<Overview>)> {
    let facts = format!("#{{session_id}} #{{window_id}} #{{pane_id}} {STATE} #{{{WINDOW_MARK}}}");
    let reply = conn.one(Command::list_panes_as(&facts)).await?;
    let (mut windows, mut overview) = (BTreeMap::new(), None);
    for line in reply.text().lines() {
        let mut words = line.splitn(5, ' ');
        let mut next = || words.next().unwrap_or_default();
        let (of, window, pane, state, mark) = (next(), next(), next(), next(), next());
        let (Ok(of), Ok(window), Ok(pane)) = (of.parse::<SessionId>(), window.parse(), pane.parse()) else {
            continue;
        };
        if of != session || mark.is_empty() {
            continue;
        }
        windows.insert(mark.to_owned(), window);
        if mark == OVERVIEW {
            overview = match state {
                "runs" => Some(Overview::Runs),
                "waits" => overview.or(Some(Overview::Waits(pane))),
                "ended" => overview.or(Some(Overview::Ended(pane))),
                _ => overview,
            };
        }
    }
    Ok((windows, overview))
}

/// Takes our window and marks out of the session; the session ends when nothing else lives in it.
pub async fn end(link: &Link, swarm: &SwarmName, session: SessionId) -> Result<()> {
    let conn = link.connection().await?;
    let rows = conn.panes().await?;
    let (windows, _) = marked_windows(&conn, session).await?;
    let ours: Vec<WindowId> = windows.values().copied().collect();
    let foreign = rows
        .iter()
        .any(|r| r.session == session && (!ours.contains(&r.window) || !is_ours(r, swarm, &windows)));
    if foreign {
        let mut commands = vec![Command::unset_option(session, "@swarm_name")];
        commands.extend(windows.get(OVERVIEW).map(|w| Command::kill_window(*w)));
        conn.batch(commands).await?;
        return Ok(());
    }
    // The session ends under our own client: no answer is an answer.
    let _ = conn.one(Command::kill_session(session)).await;
    Ok(())
}

fn is_ours(row: &PaneRow, swarm: &SwarmName, windows: &BTreeMap<String, WindowId>) -> bool {
    windows.get(OVERVIEW) == Some(&row.window) || (row.swarm == swarm.as_str() && !row.agent.is_empty())
}

/// Kills a pane, if it still carries the mark of this agent: checked and done in one command inside tmux.
pub async fn remove_pane(link: &Link, pane: PaneId, agent: &AgentName) -> Result<()> {
    let conn = link.connection().await?;
    let condition = format!("#{{==:#{{@swarm_agent}},{agent}}}");
    let remove = Command::if_format(pane, &condition, &[Command::kill_pane(pane)], &[]);
    conn.one(remove).await.map(|_| ()).context(|| format!("remove {pane}"))
}
