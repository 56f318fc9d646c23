//! What the overview opens and moves in tmux on the person's word: a shell in an agent's directory, a diff, a pane.
//!
//! Makes windows of the person's own, which carry no mark of ours: nothing here is ever ended by swarm.

use crate::error::{Error, Kind, Result};
use crate::monitor::sessions::{OVERVIEW, WINDOW_MARK};
use crate::snapshot::{AgentView, Snapshot};
use crate::tmux::{Command, Created, Launch, ServerSpec, SessionId, WindowId};
use crate::tui::{AgentRef, Request, Update};

/// Shows what changed against the last commit, and what is not in git yet; waits, so that it can be read.
const DIFF: &str = r#"
git rev-parse --git-dir >/dev/null 2>&1 || { echo "this directory is not in a git repository"; read -r _; exit; }
{ git -c color.status=always status --short --branch; echo; git diff --color=always HEAD; } | ${PAGER:-less -R}
"#;

/// Does what was asked for; what came of it.
pub(super) async fn act(server: &ServerSpec, snapshot: &Snapshot, request: &Request) -> Result<Update> {
    let said = match request {
        Request::Directory(who) => {
            let shell = crate::paths::var_str("SHELL").unwrap_or_else(|| "/bin/sh".to_owned());
            open(server, snapshot, who, &who.agent, &[shell]).await?;
            format!("a window in the directory of {}", who.agent)
        }
        Request::Diff(who) => {
            let name = format!("{} diff", who.agent);
            open(server, snapshot, who, &name, &["sh", "-c", DIFF].map(str::to_owned)).await?;
            format!("a window with the diff of {}", who.agent)
        }
        Request::Move { agent, window } => {
            let (_, view) = find(snapshot, agent)?;
            let pane = view.pane.as_deref().and_then(|p| p.parse().ok());
            let pane = pane.ok_or_else(|| Error::new(Kind::Gone, format!("{} has no pane", agent.agent)))?;
            let command = match window {
                Some(id) => {
                    let window = id.parse().map_err(|_| Error::new(Kind::Gone, "that window is gone"))?;
                    Command::join_pane(pane, window)
                }
                None => Command::break_pane(pane, &agent.agent),
            };
            server.run(&[command]).await?;
            format!("moved {}", agent.agent)
        }
        _ => return names(server).await,
    };
    Ok(Update::Outcome { text: said, failed: false })
}

/// What the windows are called, those of overviews left out: no agent belongs there.
async fn names(server: &ServerSpec) -> Result<Update> {
    let facts =
        format!("#{{window_id}} #{{?#{{==:#{{{WINDOW_MARK}}},{OVERVIEW}}},own,other}} #{{window_name}}");
    let text = server.run(&[Command::list_panes_as(&facts)]).await?;
    let named = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (id, whose, name) = (words.next()?, words.next()?, words.next()?);
        (whose == "other").then(|| (id.to_owned(), crate::text::one_line(name)))
    };
    Ok(Update::Windows(text.lines().filter_map(named).collect()))
}

/// Opens a window in the agent's directory and shows it.
async fn open(
    server: &ServerSpec,
    snapshot: &Snapshot,
    who: &AgentRef,
    name: &str,
    argv: &[String],
) -> Result<()> {
    let (session, agent) = find(snapshot, who)?;
    let launch = Launch { directory: agent.directory.clone(), env: Vec::new(), argv: argv.to_vec() };
    let made = server.run(&[Command::new_window(session, name, &launch)]).await?;
    let window: WindowId = made.trim().parse::<Created>()?.window;
    server.run(&[Command::select_window(window)]).await.map(|_| ())
}

fn find<'s>(snapshot: &'s Snapshot, who: &AgentRef) -> Result<(SessionId, &'s AgentView)> {
    let gone = || Error::new(Kind::Gone, format!("{} is not there any more", who.agent));
    let swarm = snapshot.swarms.iter().find(|s| s.name == who.swarm).ok_or_else(gone)?;
    let session = swarm.session.as_deref().and_then(|s| s.parse().ok()).ok_or_else(gone)?;
    let agent = swarm.agents.iter().find(|a| a.name == who.agent).ok_or_else(gone)?;
    Ok((session, agent))
}
