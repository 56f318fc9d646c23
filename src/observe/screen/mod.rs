//! The visible screen as evidence: parsed once, read by the rules of a profile.
//!
//! Owns the reading of other people's screens. Never looks at a pane itself (it is handed bytes and pane variables),
//! never fails and never panics, and takes bounded time whatever the bytes: at most [`MAX_LINES`] lines of
//! [`MAX_COLUMNS`] characters are kept.

mod classify;
mod frame;
mod options;
mod parse;
pub mod redact;
mod reset;

pub use classify::{Composer, Reading, classify};
pub use options::DialogOption;
pub use parse::{Line, MAX_COLUMNS, MAX_LINES, PaneVars, Screen, Style};
pub use reset::reset_time;
