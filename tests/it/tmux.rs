//! The speaker of tmux against a real one.

mod connection;
mod hostile;
mod panes;
mod quoting;
