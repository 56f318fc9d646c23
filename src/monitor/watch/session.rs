//! The event client of one session: what its panes write comes in here, and here it is stopped and let go again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Input;
use crate::monitor::perform::Hands;
use crate::tmux::{Command, PaneId, Role, SessionId};

/// Orders that may wait for a client: more than a server has panes.
const QUEUE: usize = 4096;
/// How long to wait before a session is attached again that could not be.
const AGAIN: Duration = Duration::from_millis(500);

/// Whether a pane's output comes to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// It stops. The pane itself goes on.
    Pause(PaneId),
    /// It comes again, from now on.
    Continue(PaneId),
    /// Nothing comes from any pane.
    Deaf,
    /// Output comes again, but that of paused panes.
    Hear,
}

impl Flow {
    fn command(self) -> Command {
        match self {
            Self::Pause(pane) => Command::pause_pane(pane),
            Self::Continue(pane) => Command::continue_pane(pane),
            Self::Deaf => Command::stop_output(),
            Self::Hear => Command::resume_output(),
        }
    }
}

/// A session that is followed.
#[derive(Debug)]
pub struct Session {
    task: AbortHandle,
    flow: mpsc::Sender<Flow>,
}

impl Session {
    /// Follows a session in a task of the set.
    pub fn follow(
        tasks: &mut tokio::task::JoinSet<()>,
        hands: Arc<Hands>,
        session: SessionId,
        inputs: mpsc::Sender<Input>,
    ) -> Self {
        let (flow, orders) = mpsc::channel(QUEUE);
        Self { task: tasks.spawn(follow(hands, session, inputs, orders)), flow }
    }

    /// Gives an order; answers whether it will be carried out.
    pub fn order(&self, flow: Flow) -> bool {
        self.flow.try_send(flow).is_ok()
    }
}

impl Drop for Session {
    /// Ends the client.
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Reads one session's events until its connection ends.
async fn follow(
    hands: Arc<Hands>,
    session: SessionId,
    inputs: mpsc::Sender<Input>,
    mut orders: mpsc::Receiver<Flow>,
) {
    match hands.link.attach(session, Role::Events).await {
        Ok((conn, mut notifications)) => {
            let _followed = hands.link.follows(session);
            // An agent that painted its only screen while we were attaching would never be looked at again.
            if inputs.send(Input::Following).await.is_err() {
                return;
            }
            loop {
                tokio::select! {
                    biased;
                    Some(first) = orders.recv() => {
                        let mut commands = vec![first.command()];
                        while let Ok(next) = orders.try_recv() {
                            commands.push(next.command());
                        }
                        // Whether a pane is heard must never be in doubt: a new client hears all.
                        if let Err(err) = conn.batch(commands).await {
                            tracing::debug!("flow of {session}: {err}");
                            break;
                        }
                    }
                    notification = notifications.recv() => {
                        let Some(notification) = notification else { break };
                        if inputs.send(Input::Notification(session, notification)).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
        Err(err) => {
            tracing::debug!("events of {session}: {err}");
            hands.link.unsettle();
            tokio::time::sleep(AGAIN).await;
        }
    }
    hands.link.unsettle();
    let _ = inputs.send(Input::Lost(session)).await;
}
