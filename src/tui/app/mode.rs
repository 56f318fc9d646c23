//! What is open on top of list and preview, and what is being written there.

use std::collections::BTreeMap;

use crate::tui::confirm::Confirm;
use crate::tui::editor::Editor;
use crate::tui::letters::Letters;
use crate::tui::message::{AgentRef, Asked};
use crate::tui::palette::Palette;

/// What is being written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writing {
    /// A message to these.
    Message(Vec<AgentRef>),
    /// A handoff of this agent's work: the first line says what it is about.
    HandOver {
        /// Whose work.
        from: AgentRef,
        /// To whom: an agent, `@role` or `human`.
        to: String,
    },
    /// Why what this agent asks is refused.
    Because(AgentRef, Asked),
}

/// A message being written.
#[derive(Debug, Clone)]
pub struct Compose {
    /// What it is.
    pub what: Writing,
    /// The text so far.
    pub editor: Editor,
    /// Which sent message is shown, counted from the newest; `None` for the one being written.
    pub recalled: Option<usize>,
    /// `{agent}` and `{role}` in it are filled in for each receiver: it came from a template.
    pub fill: bool,
}

/// What is open on top of list and preview.
#[derive(Debug, Clone)]
pub enum Mode {
    /// Nothing.
    Normal,
    /// The keys.
    Help,
    /// Why a status; `None` until the answer is there.
    Explain(AgentRef, Option<String>),
    /// What happened.
    Events(AgentRef),
    /// What it cost.
    Costs,
    /// A question.
    Confirm(Confirm),
    /// The filter is being typed; holds what it was before.
    Filter(Editor, String),
    /// A message is being written.
    Message(Compose),
    /// An agent is being added; with what is wrong so far.
    Add(Editor, Option<String>),
    /// An agent gets another name; with what is wrong so far.
    Rename(AgentRef, Editor, Option<String>),
    /// Everything by name.
    Palette(Palette),
    /// Handoffs and messages.
    Letters(Letters),
    /// What is typed goes into this agent's pane.
    Live(AgentRef),
}

impl Mode {
    /// Whether it covers list and preview.
    pub fn covers(&self) -> bool {
        matches!(
            self,
            Self::Help
                | Self::Explain(..)
                | Self::Events(..)
                | Self::Costs
                | Self::Palette(_)
                | Self::Letters(_)
        )
    }
}

/// What was typed and not sent: it is there again when the same thing is opened next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drafts {
    /// Messages and handoffs, by what they are and whom they are for; with [`Compose::fill`].
    pub messages: BTreeMap<Writing, (Editor, bool)>,
    /// The line that describes a new agent: kept until that agent is there.
    pub add: String,
}
