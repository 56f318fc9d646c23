//! The ledger: usage, prices, cost, context and limits, exact to the token and to the pico-dollar.
//!
//! Reads the transcripts that agents write ([`read`]), one [`usage::UsageRecord`] for each billed response; prices
//! them by date ([`prices`]); says what a budget allows ([`budget`]). Values and files only: the tables are in
//! `store::usage`. Reading other people's bytes never fails and never panics; what cannot be read is counted.

pub mod money;
pub mod usage;
pub mod prices;
pub mod scan;
pub mod read;
pub mod discover;
pub mod ingest;
pub mod context;
pub mod limits;
pub mod budget;
pub mod report;
pub mod blocks;

pub use money::Usd;
pub use prices::PriceBook;
pub use usage::{Source, Terms, Usage, UsageRecord};
