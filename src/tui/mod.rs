//! The overview: draws [`crate::snapshot::Snapshot`] values and sends [`Request`]s.
//!
//! Owns what a person sees and touches: selection, layout, keys, colours. Never talks to tmux or the store, and never
//! decides anything about an agent: it asks, and the monitor checks again.
//!
//! One loop ([`run`]): input first, then updates, then the clock. Everything that is ready is taken in before one frame
//! is drawn; a frame is drawn only when something that can be seen changed, at most ten times a second for what agents
//! do. The clock ticks only as often as a shown age reads differently.

pub mod action;
pub mod ansi;
pub mod app;
pub mod confirm;
pub mod control;
pub mod editor;
pub mod key;
pub mod keymap;
pub mod letters;
pub mod live;
pub mod message;
pub mod order;
pub mod palette;
pub mod terminal;
pub mod theme;
pub mod typing;
pub mod view;

mod pace;

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

pub use message::{
    AgentRef, Arrangement, Asked, EventView, Exit, JumpBy, LetterRef, Options, Request, Update,
};

use crate::error::{Context, Error, Result};
use app::App;
use pace::Pace;

/// How many waiting events are taken in before a frame is considered.
const BATCH: usize = 256;

/// Runs the overview on `terminal` until the person leaves, the input ends, or `requests` closes.
pub async fn run<B: Backend>(
    terminal: &mut Terminal<B>,
    mut updates: mpsc::Receiver<Update>,
    requests: mpsc::Sender<Request>,
    input: impl terminal::Events,
    options: Options,
) -> Result<Exit>
where
    B::Error: Send + Sync + 'static,
{
    let size = terminal.size().context(|| "ask for the terminal's size".to_owned())?;
    let mut app = App::new(options, Rect::new(0, 0, size.width, size.height));
    // Never polled with another waker than this task's: crossterm's stream keeps the first one it was given.
    let mut input = pin!(input.ready_chunks(BATCH).fuse());
    let mut pace = Pace::new(Instant::now());
    let mut connected = true;
    // What is owed: nothing, a frame for what agents did, or a frame for what the person did.
    let mut due = Due::Person;
    loop {
        if due != Due::Nothing && pace.allows(Instant::now(), due == Due::Person) {
            frame(terminal, &mut app)?;
            pace.drawn(Instant::now());
            due = Due::Nothing;
        }
        let wake = match due {
            Due::Nothing => app.changes_in().map(|s| Instant::now() + Duration::from_secs(s)),
            Due::Agents => Some(pace.next(false)),
            Due::Person => Some(pace.next(true)),
        };
        tokio::select! {
            biased;
            events = input.next() => {
                app.now = (app.options.clock)();
                // Without events the terminal is gone.
                if events.is_none() {
                    app.exit = Some(Exit::Quit);
                }
                for event in events.into_iter().flatten() {
                    let event = event.context(|| "read the terminal".to_owned())?;
                    if app.exit.is_none()
                        && let Some(event) = terminal::input(event)
                        && app.input(event)
                    {
                        due = Due::Person;
                    }
                }
            }
            update = updates.recv(), if connected => {
                app.now = (app.options.clock)();
                let Some(update) = update else {
                    connected = false;
                    let gone = Update::Disconnected("the connection to the monitor ended".into());
                    if app.update(gone) { due = due.max(Due::Agents); }
                    continue;
                };
                if take_in(&mut app, update, &mut updates) {
                    // What is typed into a pane is the person's own.
                    let live = matches!(app.mode, app::Mode::Live(_));
                    due = due.max(if live { Due::Person } else { Due::Agents });
                }
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                app.now = (app.options.clock)();
                due = due.max(Due::Agents);
            }
        }
        send(&mut app, &requests)?;
        if let Some(exit) = app.exit.take() {
            return Ok(exit);
        }
    }
}

/// Why a frame is owed, in rising order of hurry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Nothing,
    Agents,
    Person,
}

/// Takes in `first` and whatever else is ready; of several snapshots only the last counts.
fn take_in(app: &mut App, first: Update, updates: &mut mpsc::Receiver<Update>) -> bool {
    let mut batch = vec![first];
    while batch.len() < BATCH
        && let Ok(update) = updates.try_recv()
    {
        batch.push(update);
    }
    let last_of = |is: fn(&Update) -> bool| batch.iter().rposition(is);
    let snapshot = last_of(|u| matches!(u, Update::Snapshot(_) | Update::Disconnected(_)));
    let preview = last_of(|u| matches!(u, Update::Preview { .. }));
    let mut changed = false;
    for (n, update) in batch.into_iter().enumerate() {
        let stale = match update {
            Update::Snapshot(_) => snapshot.is_some_and(|last| n < last),
            Update::Preview { .. } => preview.is_some_and(|last| n < last),
            _ => false,
        };
        changed |= !stale && app.update(update);
    }
    changed
}

fn frame<B: Backend>(terminal: &mut Terminal<B>, app: &mut App) -> Result<()>
where
    B::Error: Send + Sync + 'static,
{
    if std::mem::take(&mut app.redraw) {
        terminal.clear().context(|| "clear the terminal".to_owned())?;
    }
    terminal.draw(|frame| view::draw(frame, app)).context(|| "draw".to_owned())?;
    Ok(())
}

/// Hands over what the person asked for; what cannot be taken is said, never dropped in silence.
fn send(app: &mut App, requests: &mpsc::Sender<Request>) -> Result<()> {
    for request in std::mem::take(&mut app.requests) {
        match requests.try_send(request) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => {
                app.refuse("the monitor does not keep up: that was not sent, try again");
            }
            Err(mpsc::error::TrySendError::Closed(_)) => {
                return Err(Error::failure("the overview lost its connection"));
            }
        }
    }
    Ok(())
}
