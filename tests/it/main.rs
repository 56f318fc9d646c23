//! The one integration-test binary: one file per feature, real tmux on private sockets, no sleeps.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    missing_docs,
    unreachable_pub,
    reason = "tests start processes, look at the clock, and fail by panicking"
)]

mod add;
mod adversarial;
mod answer;
mod assets;
mod blocks;
mod bound;
mod budget;
mod capture;
mod config;
mod database;
mod demo;
mod detect;
mod doctor;
mod handoff;
mod harness;
mod hibernate;
#[cfg(feature = "import")]
mod import;
mod json;
mod ledger;
mod letterbox;
mod life;
#[cfg(feature = "mcp")]
mod mcp;
mod notify;
mod observe;
mod overview;
mod picture;
mod plugin;
mod profiles;
mod readme;
mod rename;
mod shop;
mod sim;
mod submit;
mod templates;
mod tenants;
mod tidy;
mod tmux;
mod tui;
mod up;
mod watch;
