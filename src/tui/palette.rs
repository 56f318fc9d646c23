//! `:` — everything that can be done and every agent, found by name; and the same list for choosing a receiver or a
//! window.

use super::action::{ACTIONS, Action, Context};
use super::app::Compose;
use super::editor::Editor;
use super::message::AgentRef;
use super::order::Search;

/// What a line of the palette leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// An action, as if its key had been pressed.
    Do(Action),
    /// An agent to select.
    Go(AgentRef),
    /// Whom this agent's work is handed over to: an agent, `@role` or `human`.
    HandOver(AgentRef, String),
    /// The window this agent's pane is put into; `None` for one of its own.
    Move(AgentRef, Option<String>),
    /// The text that is put into the message being written.
    Template(String),
}

/// The palette: what was typed and what fits it.
#[derive(Debug, Clone)]
pub struct Palette {
    /// What is being looked for.
    pub title: String,
    /// What was typed.
    pub editor: Editor,
    /// What fits, best first.
    pub found: Vec<(String, Entry)>,
    /// Which one is chosen.
    pub chosen: usize,
    /// The message that is gone on with when nothing is chosen.
    pub behind: Option<Box<Compose>>,
    all: Vec<(String, Entry)>,
}

impl Palette {
    /// A palette over all actions and these agents.
    pub fn new(agents: Vec<AgentRef>) -> Self {
        let actions = ACTIONS
            .iter()
            .filter(|a| {
                a.context == Context::Overview && !matches!(a.action, Action::Choose | Action::Palette)
            })
            .map(|a| (format!("{}: {}", a.name.replace('_', " "), a.text), Entry::Do(a.action)));
        let agents =
            agents.into_iter().map(|who| (format!("go to {} ({})", who.agent, who.swarm), Entry::Go(who)));
        Self::over("find", actions.chain(agents).collect())
    }

    /// A palette over these lines.
    pub fn over(title: impl Into<String>, all: Vec<(String, Entry)>) -> Self {
        let (title, editor) = (title.into(), Editor::default());
        let mut palette = Self { title, editor, found: Vec::new(), chosen: 0, behind: None, all };
        palette.search();
        palette
    }

    /// Looks again after typing: for the words as they are written, else for their letters in that order.
    pub fn search(&mut self) {
        let typed = self.editor.text();
        let mut scored = self.scored(Search::words(typed.trim()));
        if scored.is_empty() {
            scored = self.scored(Search::new(typed.trim()));
        }
        scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        self.found = scored.into_iter().map(|(_, line)| line.clone()).collect();
        self.chosen = 0;
    }

    fn scored(&self, mut search: Search) -> Vec<(u32, &(String, Entry))> {
        self.all.iter().filter_map(|line| Some((search.score(&line.0)?, line))).collect()
    }

    /// Chooses the one above or below.
    pub fn step(&mut self, down: bool) {
        let last = self.found.len().saturating_sub(1);
        self.chosen = if down { (self.chosen + 1).min(last) } else { self.chosen.saturating_sub(1) };
    }
}
