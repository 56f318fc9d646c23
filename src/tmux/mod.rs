//! The only speaker of tmux: ids, commands, quoting, the control-mode connection, and reading what comes back.
//!
//! Data flows from the top of this list to the bottom. Commands are spelled with `tmux_interface`; replies are framed
//! and read by our own byte-safe parser (the crate's reader loses lines and panics on bytes that are not UTF-8).
//! Never sends `refresh-client -C`, `-A …:off`, an empty or a comment line: each of them harms somebody on some version.

pub mod id;
pub mod quote;
pub mod command;
pub mod menu;
pub mod format;
pub mod notification;
pub mod version;
pub mod server;
pub mod gate;
mod matching;
pub mod control;
pub mod start;

pub use command::{Command, Launch};
pub use control::{Connection, Reply, Role};
pub use format::{ClientRow, Created, PaneRow};
pub use gate::Gate;
pub use id::{PaneId, SessionId, Target, WindowId};
pub use menu::MenuItem;
pub use notification::Notification;
pub use server::{ServerSpec, Socket};
pub use start::{EmptyPane, NewWindow, Outcome, Running};
pub use version::Version;
