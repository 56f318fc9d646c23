//! The panel of handoffs and messages: which are listed, which one is chosen, what may be done with it.
//!
//! What is true about them is in the snapshot; only the place in the list is kept here.

use super::action::Action;
use super::app::{App, Mode};
use super::confirm::Confirm;
use super::message::{AgentRef, LetterRef, Request};
use crate::snapshot::HandoffView;

/// What the panel remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Letters {
    /// Whose messages; `None` for those of all.
    pub of: Option<AgentRef>,
    /// The agent it was opened on.
    pub on: Option<AgentRef>,
    /// The id of the chosen message; `None` for the first.
    pub chosen: Option<String>,
    /// The message that was read, and what it says.
    pub read: Option<(String, String)>,
}

/// States in which a message goes nowhere without a person.
pub fn is_stuck(state: &str) -> bool {
    matches!(state, "dead" | "unknown")
}

/// Whether a message is still under way.
pub fn is_pending(state: &str) -> bool {
    matches!(state, "queued" | "offered" | "injected")
}

impl App {
    /// Opens the panel for the selected agent, or for all where there is nothing of its own.
    pub(super) fn open_letters(&mut self) {
        let on = self.selected.clone();
        let mut letters = Letters { of: on.clone(), on, ..Letters::default() };
        if self.letters(&letters).is_empty() {
            letters.of = None;
        }
        self.cover_scroll = 0;
        self.show_letters(letters);
    }

    /// Opens the panel on its first message: what is chosen does not change when others come.
    fn show_letters(&mut self, mut panel: Letters) {
        panel.chosen = self.letters(&panel).first().map(|(_, letter)| letter.id.clone());
        self.mode = Mode::Letters(panel);
    }

    /// The messages that are listed, with their swarm: those that are stuck first.
    pub fn letters(&self, panel: &Letters) -> Vec<(&str, &HandoffView)> {
        let concerns = |swarm: &str, letter: &HandoffView| {
            panel.of.as_ref().is_none_or(|who| {
                let named =
                    [&letter.from, &letter.to].into_iter().chain(&letter.agent).any(|n| *n == who.agent);
                who.swarm == swarm && named
            })
        };
        let all = self.swarms().flat_map(|s| s.handoffs.iter().map(move |letter| (s.name.as_str(), letter)));
        let mut listed: Vec<_> = all.filter(|(swarm, letter)| concerns(swarm, letter)).collect();
        listed.sort_by_key(|(_, letter)| (!is_stuck(&letter.state), !is_pending(&letter.state)));
        listed
    }

    /// The place of the chosen message in the list; the first where it is gone.
    pub fn chosen_letter(&self, panel: &Letters) -> usize {
        let chosen = panel.chosen.as_deref();
        self.letters(panel).iter().position(|(_, letter)| Some(letter.id.as_str()) == chosen).unwrap_or(0)
    }

    /// Moves in the list.
    pub(super) fn step_letters(&mut self, by: isize) {
        let Mode::Letters(panel) = &self.mode else { return };
        let listed = self.letters(panel);
        let at = self.chosen_letter(panel).saturating_add_signed(by).min(listed.len().saturating_sub(1));
        let chosen = listed.get(at).map(|(_, letter)| letter.id.clone());
        if let Mode::Letters(panel) = &mut self.mode {
            panel.chosen = chosen;
        }
    }

    /// Does something with the chosen message.
    pub(super) fn act_on_letter(&mut self, action: Action) {
        let Mode::Letters(panel) = &self.mode else { return };
        if action == Action::AllLetters {
            let of = if panel.of.is_some() { None } else { panel.on.clone() };
            let panel = Letters { of, on: panel.on.clone(), ..Letters::default() };
            self.show_letters(panel);
            return;
        }
        let listed = self.letters(panel);
        let Some((swarm, letter)) = listed.get(self.chosen_letter(panel)).copied() else {
            return self.refuse("there is no message");
        };
        let (which, letter) = (LetterRef { swarm: swarm.to_owned(), id: letter.id.clone() }, letter.clone());
        match action {
            Action::Read => {
                let open = panel.read.as_ref().is_some_and(|(id, _)| *id == letter.id);
                if let Mode::Letters(panel) = &mut self.mode {
                    panel.chosen = Some(letter.id);
                    panel.read = None;
                }
                if !open {
                    self.requests.push(Request::Read(which));
                }
            }
            Action::Retry if is_stuck(&letter.state) => self.requests.push(Request::Retry(which)),
            Action::Retry => {
                self.refuse(&format!("it is {}: only what was given up is tried again", letter.state));
            }
            Action::Drop if is_stuck(&letter.state) || is_pending(&letter.state) => {
                self.behind = Some(Box::new(self.mode.clone()));
                self.mode = Mode::Confirm(Confirm::drop(which, &letter));
            }
            Action::Drop => self.refuse(&format!("it is {}: there is nothing to drop", letter.state)),
            _ => {}
        }
    }
}
