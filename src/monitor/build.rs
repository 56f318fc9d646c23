//! Makes the windows and panes of a plan with the agents in them, in as few round trips as there can be: all windows
//! with the first agent of each, all splits, all agents in those.
//!
//! Called by `perform`; keeps nothing. A window or pane without its agent does not stay.

use crate::config::Arrangement;
use crate::error::Result;
use crate::name::AgentName;
use crate::state::StartOrder;
use crate::state::event::Placed;
use crate::state::plan::WindowPlan;
use crate::tmux::command::Split;
use crate::tmux::{Command, Connection, Created, EmptyPane, NewWindow, PaneId, SessionId, WindowId};

use super::chores;
use super::launch::{self, Prepared};
use super::perform::Hands;
use super::sessions::WINDOW_MARK;

/// Makes the windows and panes of a plan and starts the agents of `orders` in them.
pub async fn build(
    hands: &Hands,
    session: SessionId,
    plan: &[WindowPlan],
    orders: &[StartOrder],
) -> Result<Vec<Placed>> {
    let conn = hands.link.connection().await?;
    let mut placed: Vec<Placed> = Vec::new();
    let mut fit: Vec<(AgentName, Prepared)> = Vec::new();
    let ready = orders.iter().map(|order| ready(hands, session, order));
    for (order, ready) in orders.iter().zip(futures_util::future::join_all(ready).await) {
        match ready {
            Ok(prepared) => fit.push((order.spec.name.clone(), prepared)),
            Err(why) => placed.push((order.spec.name.clone(), Err(why.to_string()))),
        }
    }
    let rooms = open(&conn, session, plan, &mut fit, &mut placed).await?;
    fill(&conn, &rooms, fit, &mut placed).await?;
    Ok(placed)
}

/// Works out how an agent is started, once what runs before it has succeeded. Those of all agents run at the same time.
async fn ready(hands: &Hands, session: SessionId, order: &StartOrder) -> Result<Prepared> {
    let _turn = hands.chores.turn(&order.swarm, &order.spec.name).await;
    let prepared = launch::prepare(hands, order)?;
    let env = &prepared.launch.env;
    chores::before_start(hands, &order.swarm, &order.spec, Some(session), env).await?;
    Ok(prepared)
}

/// A window with the agents that still need a pane in it.
struct Room<'p> {
    window: WindowId,
    plan: &'p WindowPlan,
    agents: Vec<AgentName>,
}

/// Makes the new windows, each with its first agent; what was started leaves `fit`.
async fn open<'p>(
    conn: &Connection,
    session: SessionId,
    plan: &'p [WindowPlan],
    fit: &mut Vec<(AgentName, Prepared)>,
    placed: &mut Vec<Placed>,
) -> Result<Vec<Room<'p>>> {
    let mut rooms = Vec::new();
    let mut firsts: Vec<(&WindowPlan, Vec<AgentName>, AgentName, Prepared)> = Vec::new();
    for plan in plan {
        let mut agents = plan.agents.clone();
        agents.retain(|agent| fit.iter().any(|(name, _)| name == agent));
        match plan.window {
            Some(window) => rooms.push(Room { window, plan, agents }),
            None if agents.is_empty() => {}
            None => {
                let first = agents.remove(0);
                let Some(at) = fit.iter().position(|(name, _)| *name == first) else { continue };
                firsts.push((plan, agents, first, fit.remove(at).1));
            }
        }
    }
    let options: Vec<_> =
        firsts.iter().map(|(plan, .., p)| ([(WINDOW_MARK, plan.key.as_str())], p.options())).collect();
    let windows: Vec<NewWindow<'_>> = firsts
        .iter()
        .zip(&options)
        .map(|((plan, .., prepared), (options, pane_options))| NewWindow {
            name: &plan.name,
            launch: &prepared.launch,
            options,
            pane_options,
        })
        .collect();
    let made = conn.open(session, &windows).await?;
    for ((plan, agents, first, prepared), made) in firsts.into_iter().zip(made) {
        match made {
            Ok(running) => {
                rooms.push(Room { window: running.window, plan, agents });
                placed.push((first, Ok(prepared.started(running))));
            }
            // Without the window there is no room for the others either.
            Err(why) => {
                fit.retain(|(name, _)| !agents.contains(name));
                placed.extend(agents.into_iter().map(|agent| (agent, Err(why.clone()))));
                placed.push((first, Err(why)));
            }
        }
    }
    Ok(rooms)
}

/// Splits the windows until every agent has a pane, and starts all of them.
async fn fill(
    conn: &Connection,
    rooms: &[Room<'_>],
    mut fit: Vec<(AgentName, Prepared)>,
    placed: &mut Vec<Placed>,
) -> Result<()> {
    let mut panes: Vec<(PaneId, AgentName, Prepared)> = Vec::new();
    for (agent, pane) in split(conn, rooms).await? {
        let Some(at) = fit.iter().position(|(name, _)| *name == agent) else { continue };
        let prepared = fit.remove(at).1;
        match pane {
            Ok(pane) => panes.push((pane, agent, prepared)),
            Err(why) => placed.push((agent, Err(why))),
        }
    }
    let options: Vec<_> = panes.iter().map(|(_, _, prepared)| prepared.options()).collect();
    let empty = panes.iter().zip(&options);
    let empty = empty.map(|((pane, _, p), options)| EmptyPane { pane: *pane, launch: &p.launch, options });
    let started = conn.start_all(&empty.collect::<Vec<_>>()).await?;
    let mut undo = Vec::new();
    for ((pane, agent, prepared), outcome) in panes.into_iter().zip(started) {
        if outcome.is_err() {
            undo.push(Command::kill_pane(pane));
        }
        placed.push((agent, outcome.map(|running| prepared.started(running))));
    }
    conn.batch(undo).await?;
    Ok(())
}

/// An empty pane for every agent. A window is re-tiled after every split, or tmux runs out of room (6 panes at
/// 200x50); one that holds panes of the user keeps its layout as it is.
async fn split(
    conn: &Connection,
    rooms: &[Room<'_>],
) -> Result<Vec<(AgentName, std::result::Result<PaneId, String>)>> {
    // Only a window that was there before can hold what is not ours.
    let rows = if rooms.iter().any(|r| r.plan.window.is_some()) { conn.panes().await? } else { Vec::new() };
    let mut commands = Vec::new();
    let mut owners = Vec::new();
    for Room { window, plan, agents } in rooms {
        let foreign = plan.window.is_some() && rows.iter().any(|r| r.window == *window && r.agent.is_empty());
        let (literal, while_splitting) = match &plan.layout {
            Arrangement::Literal(layout) => (Some(layout), "tiled"),
            named => (None, named.select_layout().unwrap_or("tiled")),
        };
        for agent in agents {
            commands.push(Command::split_empty(*window, Split::Below));
            owners.push(Some(agent));
            if !foreign {
                commands.push(Command::select_layout(*window, while_splitting));
                owners.push(None);
            }
        }
        if !foreign && (literal.is_some() || agents.is_empty()) {
            commands.push(Command::select_layout(*window, literal.map_or(while_splitting, String::as_str)));
            owners.push(None);
        }
    }
    let replies = conn.batch(commands).await?;
    let made = owners.into_iter().zip(replies).filter_map(|(owner, reply)| {
        let made = reply.and_then(|r| r.text().parse::<Created>().map_err(|e| e.to_string()));
        Some((owner?.clone(), made.map(|created| created.pane)))
    });
    Ok(made.collect())
}
