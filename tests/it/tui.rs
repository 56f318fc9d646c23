//! The overview: every view at every size, and the whole loop driven by keys and updates.

mod fixture;
mod looped;
mod person;
mod prompts;
mod screens;
mod templates;
