//! The tables of the ledger: `usage_file`, `usage_event` and what they refer to.
//!
//! Offset and events of a file are committed together, so each bill is booked exactly once. What was booked stays,
//! whatever becomes of the transcript. Days are never stored: they are made when a report asks, in its time zone.

mod book;
mod follow;
mod ingest;
mod query;
mod report;

pub use book::{Booked, Booker, Owner, attribute, attribute_task, note_limits, reprice};
pub use follow::{Update, follow};
pub use ingest::ingest;
pub use query::{
    Event, Filter, instance_totals, is_stale, known_files, last_request, limits, owner_cost_since, scan,
    session_totals,
};
pub use report::report;
