//! What is known about an agent: pane bytes, screens, status files, hooks and transcripts become evidence; evidence
//! becomes a verdict.
//!
//! Observing never fails: what cannot be read says nothing. Only [`fuse`] decides, and it is pure.

pub mod evidence;
pub mod fuse;
pub mod screen;
pub mod process;
pub mod osc;
pub mod jsonc;
pub mod inject;
pub mod equip;
pub mod hook;
pub mod spool;
pub mod status_file;
pub mod status_tee;
pub mod statusline;
pub mod transcript;
pub mod install;
