//! What replaces the composer: a permission prompt, a question, a plan, a dialog.
//!
//! Values only. Deliberately as unforgiving as the real ones: Enter takes the highlighted option, a single digit acts
//! at once, pasted text and bursts of keys are dropped without a trace.

use super::script::Choice;

/// What kind of prompt it is; decides its looks, its hooks and what Esc does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// A tool wants a permission.
    Permission,
    /// The agent asks.
    Question,
    /// A plan wants an approval.
    Plan,
    /// A menu or a start-up dialog.
    Dialog,
    /// Whether the folder is trusted; No ends the agent.
    Trust,
    /// What to do about a usage limit.
    Limit,
}

/// The prompt that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What kind.
    pub kind: PromptKind,
    /// The first line.
    pub title: String,
    /// What a tool says it is for, above the frame.
    pub note: String,
    /// The framed lines: command, plan, text.
    pub body: Vec<String>,
    /// The line above the options.
    pub ask: String,
    /// The options.
    pub options: Vec<Choice>,
    /// The highlighted option.
    pub selected: usize,
}

/// What a key did to a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing, or the highlight moved.
    Open,
    /// Option `0`-based was taken.
    Took(usize),
    /// Esc.
    Cancelled,
}

/// A key as a prompt understands it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKey {
    /// Enter.
    Enter,
    /// Esc or Ctrl-C.
    Escape,
    /// Up.
    Up,
    /// Down or Tab.
    Down,
    /// A single character that came alone.
    Char(char),
}

impl Prompt {
    /// The permission prompt of a tool call; the texts are those of Claude Code 2.1.329.
    pub fn permission(tool: &str, subject: &str, description: &str) -> Self {
        let (title, ask) = match tool {
            "Bash" => ("Bash command".to_owned(), "Do you want to proceed?".to_owned()),
            "Edit" => ("Edit file".to_owned(), format!("Do you want to make this edit to {subject}?")),
            "Write" => ("Create file".to_owned(), format!("Do you want to create {subject}?")),
            other => (format!("Tool use: {other}"), "Do you want to proceed?".to_owned()),
        };
        let always = match tool {
            "Edit" | "Write" => "Yes, and switch to accept edits for this session (shift+tab)".to_owned(),
            _ => format!("Yes, and don't ask again for {tool} in this session"),
        };
        Self {
            kind: PromptKind::Permission,
            title,
            note: description.to_owned(),
            body: vec![subject.to_owned()],
            ask,
            options: choices(&["Yes", &always, "No"]),
            selected: 0,
        }
    }

    /// A question of the agent.
    pub fn question(header: &str, question: &str, options: &[Choice]) -> Self {
        let mut options = options.to_vec();
        options.extend(choices(&["Type something.", "Chat about this"]));
        Self {
            kind: PromptKind::Question,
            title: format!("☐ {header}"),
            note: String::new(),
            body: Vec::new(),
            ask: question.to_owned(),
            options,
            selected: 0,
        }
    }

    /// A plan that wants an approval.
    pub fn plan(text: &str) -> Self {
        Self {
            kind: PromptKind::Plan,
            title: "Ready to code? Here is the plan:".to_owned(),
            note: String::new(),
            body: text.lines().map(str::to_owned).collect(),
            ask: "Exit plan mode?".to_owned(),
            options: choices(&[
                "Yes, and switch to default",
                "Yes, and auto-accept edits",
                "No, keep planning",
            ]),
            selected: 0,
        }
    }

    /// A dialog.
    pub fn dialog(title: &str, text: &str, options: &[Choice]) -> Self {
        Self {
            kind: PromptKind::Dialog,
            title: title.to_owned(),
            note: String::new(),
            body: text.lines().map(str::to_owned).collect(),
            ask: String::new(),
            options: options.to_vec(),
            selected: 0,
        }
    }

    /// The start-up question; its default ends the agent.
    pub fn trust(directory: &str) -> Self {
        Self {
            kind: PromptKind::Trust,
            title: "Do you trust the files in this folder?".to_owned(),
            note: String::new(),
            body: vec![directory.to_owned(), "The agent may read files and run commands here.".to_owned()],
            ask: String::new(),
            options: choices(&["No, exit", "Yes, I trust this folder"]),
            selected: 0,
        }
    }

    /// The menu of a usage limit.
    pub fn limit() -> Self {
        Self {
            kind: PromptKind::Limit,
            title: String::new(),
            note: String::new(),
            body: Vec::new(),
            ask: "What do you want to do?".to_owned(),
            options: choices(&["Stop and wait for limit to reset", "Upgrade your plan"]),
            selected: 0,
        }
    }

    /// Whether options carry numbers; the dialogs of Claude Code 2.1.329 do not.
    pub const fn numbered(&self) -> bool {
        !matches!(self.kind, PromptKind::Dialog | PromptKind::Trust)
    }

    /// The line below the options.
    pub const fn footer(&self) -> &'static str {
        match self.kind {
            PromptKind::Permission | PromptKind::Plan => "Esc to cancel · Tab to amend",
            PromptKind::Question => "Enter to select · ↑/↓ to navigate · Esc to cancel",
            PromptKind::Dialog | PromptKind::Trust | PromptKind::Limit => "Enter to confirm · Esc to cancel",
        }
    }

    /// What the status file calls it.
    pub const fn waiting_for(&self) -> &'static str {
        match self.kind {
            PromptKind::Permission | PromptKind::Plan => "permission prompt",
            PromptKind::Question => "input needed",
            PromptKind::Dialog | PromptKind::Trust | PromptKind::Limit => "dialog open",
        }
    }

    /// Applies a key.
    pub fn key(&mut self, key: PromptKey) -> Answer {
        let last = self.options.len().saturating_sub(1);
        match key {
            PromptKey::Enter => Answer::Took(self.selected),
            PromptKey::Escape => Answer::Cancelled,
            PromptKey::Up => {
                self.selected = self.selected.checked_sub(1).unwrap_or(last);
                Answer::Open
            }
            PromptKey::Down => {
                self.selected = if self.selected >= last { 0 } else { self.selected + 1 };
                Answer::Open
            }
            PromptKey::Char(c) => match c.to_digit(10) {
                Some(n) if n >= 1 && (n as usize) <= self.options.len() && self.numbered() => {
                    Answer::Took(n as usize - 1)
                }
                _ => Answer::Open,
            },
        }
    }
}

fn choices(labels: &[&str]) -> Vec<Choice> {
    labels.iter().map(|l| Choice { label: (*l).to_owned(), description: String::new() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enter_and_one_approve_letters_do_not() {
        let mut prompt = Prompt::permission("Bash", "rm -rf build", "Clean");
        assert_eq!(prompt.key(PromptKey::Char('y')), Answer::Open);
        assert_eq!(prompt.key(PromptKey::Char('9')), Answer::Open);
        assert_eq!(prompt.key(PromptKey::Char('1')), Answer::Took(0));
        assert_eq!(prompt.key(PromptKey::Enter), Answer::Took(0));
        assert_eq!(prompt.key(PromptKey::Up), Answer::Open);
        assert_eq!(prompt.key(PromptKey::Enter), Answer::Took(2));
    }

    #[test]
    fn the_default_of_the_trust_dialog_is_no() {
        let mut prompt = Prompt::trust("/p");
        assert_eq!(prompt.key(PromptKey::Char('2')), Answer::Open);
        assert_eq!(prompt.key(PromptKey::Enter), Answer::Took(0));
        assert_eq!(prompt.options[0].label, "No, exit");
    }
}
