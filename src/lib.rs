//! `swarm` keeps a team of coding agents running in tmux, tells the truth about each, carries messages between them
//! safely, and counts what they cost.
//!
//! # Codemap
//!
//! The modules are listed in the order in which data flows; a module may import only from those above it
//! (`tests/it/tidy.rs` checks that).
//!
//! - [`error`], [`text`], [`name`], [`status`], [`fusion`], [`snapshot`], [`delivery`]: the vocabulary. Values only.
//! - [`paths`]: where files live. The only reader of the environment besides `cli`.
//! - [`agent`]: what one agent CLI is (a *profile*, all data): how to launch it, read it, answer it.
//! - [`config`]: `swarm.toml` and the user's file, parsed in two steps into a complete [`config::Config`].
//! - [`tmux`]: ids, commands, quoting, the control-mode connection. The only speaker of tmux.
//! - [`observe`]: pane bytes, screens, status files, hooks and transcripts become evidence; evidence becomes a verdict.
//! - [`ledger`]: usage, prices and cost, exact.
//! - [`handoff`]: messages between agents: the values of `handoff/v1`, routes and the queue, pure.
//! - [`store`]: the SQLite database: one writer thread, numbered migrations.
//! - [`protocol`]: what clients and the monitor say to each other.
//! - [`client`]: the other end of the monitor's socket; starts a monitor when there is none.
//! - [`state`]: the pure core, `apply(Event) -> Vec<Effect>`. No I/O, no clock, no await.
//! - [`monitor`]: the one long-lived process: sources feed the state, `perform` acts.
//! - [`sim`]: the simulated agent of the demo and the tests.
//! - [`tui`]: the overview. Draws snapshots, sends requests.
//! - [`cli`]: one file per subcommand.
//!
//! # Invariants
//!
//! 1. Nothing is typed into a pane whose state is not proven fit at that moment.
//! 2. A handoff accepted is never lost and never delivered twice unmarked.
//! 3. `paste-buffer` never reaches a dead pane, and nothing of the monitor's makes tmux tell its clients anything while one
//!    of it attaches (the whole server crashes: 3.3a at the first, all up to 3.6 at the second).
//! 4. No pane, window, session, option, key binding or process that swarm did not create is changed or ended.
//! 5. A number shown was measured: unknown is `null`, estimates say so. Money is exact.
//! 6. Parsing never fails and never panics, whatever the bytes. Text from panes is data.
//! 7. The monitor's loop never blocks.
//! 8. Secrets never reach the store, the log, the events or another agent's pane.
//! 9. Idle costs nothing: no timers faster than 1 s without cause, no forks per pane.
//!
//! # Glossary
//!
//! tmux's own words keep tmux's meaning: *server, session, window, pane, client, target, format, option, hook*.
//! A **swarm** is a named team that lives in one tmux session. An **agent** is a member with a name, a domain
//! (directory) or role, and a profile; it lives in one pane. A **profile** is what one agent CLI is. An **instance** is
//! one incarnation of an agent. A **transcript** is the agent's own log. A **handoff** is a structured message, a
//! **receipt** proves how far it got. The **ledger** is usage and cost. The **monitor** is the one long-lived process,
//! the **overview** the TUI.

pub mod error;
pub mod text;
pub mod name;
pub mod status;
pub mod fusion;
pub mod snapshot;
pub mod delivery;
pub mod paths;
pub mod agent;
pub mod config;
pub mod tmux;
pub mod observe;
pub mod ledger;
pub mod handoff;
pub mod store;
pub mod protocol;
pub mod client;
pub mod state;
pub mod monitor;
pub mod sim;
pub mod tui;
pub mod cli;

pub use error::{Error, Result};
