//! Everything a key can do, with the name used in `keymap.toml` and the sentence shown by `?` and the palette.

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "ACTIONS below says what each one does, in the words the person reads")]
pub enum Action {
    Up,
    Down,
    HalfPageUp,
    HalfPageDown,
    PageUp,
    PageDown,
    Top,
    Bottom,
    NextPane,
    PreviousPane,
    NextWaiting,
    Jump,
    Approve,
    Deny,
    Choose,
    Message,
    Interrupt,
    Restart,
    Hibernate,
    Kill,
    Hold,
    Seen,
    Explain,
    Events,
    Filter,
    StatusFilter,
    Sort,
    Group,
    Mark,
    MarkAll,
    Fold,
    Zoom,
    Details,
    Arrange,
    Costs,
    Add,
    Rename,
    Remove,
    Live,
    Letters,
    HandOver,
    Directory,
    Diff,
    MoveTo,
    Palette,
    Help,
    Redraw,
    Back,
    Quit,
    Read,
    Retry,
    Drop,
    AllLetters,
    Leave,
    Yes,
    Accept,
    No,
    Fresh,
    Reason,
    Send,
    Newline,
    Cancel,
    HistoryBack,
    HistoryForward,
    Template,
}

/// Where a key is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Context {
    /// The list, the preview and everything that only scrolls.
    Overview,
    /// The messages are listed; keys without a meaning here mean what they mean in the overview.
    Letters,
    /// Everything but this context's keys is typed into an agent's pane.
    Live,
    /// A question that wants a yes or a no.
    Confirm,
    /// A line or a message is being typed.
    Text,
}

impl Context {
    /// Every context, with its table name in `keymap.toml`.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Overview, "overview"),
        (Self::Letters, "letters"),
        (Self::Live, "live"),
        (Self::Confirm, "confirm"),
        (Self::Text, "text"),
    ];
}

/// What is known about one action.
#[derive(Debug)]
pub struct About {
    /// Which one.
    pub action: Action,
    /// Its name in `keymap.toml`.
    pub name: &'static str,
    /// Where its keys are read.
    pub context: Context,
    /// The heading it stands under in the help.
    pub section: &'static str,
    /// What it does, for a person.
    pub text: &'static str,
}

const fn about(
    action: Action,
    name: &'static str,
    context: Context,
    section: &'static str,
    text: &'static str,
) -> About {
    About { action, name, context, section, text }
}

use Action as A;
use Context::{Confirm, Letters, Live, Overview, Text};

/// Every action, in the order of the help.
pub const ACTIONS: &[About] = &[
    about(A::Up, "up", Overview, "Move", "one up"),
    about(A::Down, "down", Overview, "Move", "one down"),
    about(A::HalfPageUp, "half_page_up", Overview, "Move", "half a page up"),
    about(A::HalfPageDown, "half_page_down", Overview, "Move", "half a page down"),
    about(A::PageUp, "page_up", Overview, "Move", "a page up"),
    about(A::PageDown, "page_down", Overview, "Move", "a page down"),
    about(A::Top, "top", Overview, "Move", "to the first"),
    about(A::Bottom, "bottom", Overview, "Move", "to the last"),
    about(A::NextPane, "next_pane", Overview, "Move", "next part of the screen"),
    about(A::PreviousPane, "previous_pane", Overview, "Move", "part before"),
    about(A::NextWaiting, "next_waiting", Overview, "Move", "next one that needs you"),
    about(A::Jump, "jump", Overview, "Agent", "go to its pane"),
    about(A::Approve, "approve", Overview, "Agent", "approve what it asks"),
    about(A::Deny, "deny", Overview, "Agent", "deny what it asks"),
    about(A::Choose, "choose", Overview, "Agent", "answer with this choice"),
    about(A::Message, "message", Overview, "Agent", "write to it (or marked)"),
    about(A::Live, "live", Overview, "Agent", "type into its pane"),
    about(A::HandOver, "hand_over", Overview, "Agent", "hand its work to another"),
    about(A::Letters, "letters", Overview, "Agent", "handoffs and messages"),
    about(A::Interrupt, "interrupt", Overview, "Agent", "interrupt what it does"),
    about(A::Restart, "restart", Overview, "Agent", "restart it"),
    about(A::Hibernate, "hibernate", Overview, "Agent", "put to sleep, or wake"),
    about(A::Kill, "kill", Overview, "Agent", "kill it"),
    about(A::Hold, "hold", Overview, "Agent", "hold or resume messages"),
    about(A::Seen, "seen", Overview, "Agent", "seen: clear attention"),
    about(A::Explain, "explain", Overview, "Agent", "why this status"),
    about(A::Events, "events", Overview, "Agent", "what happened to it"),
    about(A::Directory, "directory", Overview, "Agent", "a shell in its directory"),
    about(A::Diff, "diff", Overview, "Agent", "git diff of its directory"),
    about(A::MoveTo, "move_to", Overview, "Agent", "move to another window"),
    about(A::Filter, "filter", Overview, "List", "filter by text"),
    about(A::StatusFilter, "status_filter", Overview, "List", "filter by status"),
    about(A::Sort, "sort", Overview, "List", "sort by something else"),
    about(A::Group, "group", Overview, "List", "group by something else"),
    about(A::Mark, "mark", Overview, "List", "mark for a bulk action"),
    about(A::MarkAll, "mark_all", Overview, "List", "mark all, or none"),
    about(A::Fold, "fold", Overview, "List", "its subagents, or not"),
    about(A::Zoom, "zoom", Overview, "Screen", "the preview alone"),
    about(A::Details, "details", Overview, "Screen", "details or preview"),
    about(A::Arrange, "arrange", Overview, "Screen", "list above, or beside"),
    about(A::Costs, "costs", Overview, "Screen", "what it cost"),
    about(A::Add, "add", Overview, "Swarm", "add an agent"),
    about(A::Rename, "rename", Overview, "Swarm", "another name for it"),
    about(A::Remove, "remove", Overview, "Swarm", "remove from the swarm"),
    about(A::Palette, "palette", Overview, "Swarm", "find anything by name"),
    about(A::Help, "help", Overview, "Swarm", "this help"),
    about(A::Redraw, "redraw", Overview, "Swarm", "draw everything again"),
    about(A::Back, "back", Overview, "Swarm", "back, close, clear"),
    about(A::Quit, "quit", Overview, "Swarm", "leave; agents go on"),
    about(A::Read, "read", Letters, "In the messages", "read it"),
    about(A::Retry, "retry", Letters, "In the messages", "deliver it again"),
    about(A::Drop, "drop", Letters, "In the messages", "never deliver it"),
    about(A::AllLetters, "all_letters", Letters, "In the messages", "of everyone, or its own"),
    about(A::Leave, "leave", Live, "While live", "type no more into a pane"),
    about(A::Yes, "yes", Confirm, "In a question", "do it"),
    about(A::Accept, "accept", Confirm, "In a question", "do it, if nothing is lost"),
    about(A::No, "no", Confirm, "In a question", "do not"),
    about(A::Fresh, "fresh", Confirm, "In a question", "without conversation"),
    about(A::Reason, "reason", Confirm, "In a question", "deny, and say why"),
    about(A::Send, "send", Text, "While typing", "send, or accept"),
    about(A::Newline, "newline", Text, "While typing", "a new line"),
    about(A::Cancel, "cancel", Text, "While typing", "stop typing"),
    about(A::HistoryBack, "history_back", Text, "While typing", "message before"),
    about(A::HistoryForward, "history_forward", Text, "While typing", "message after"),
    about(A::Template, "template", Text, "While typing", "a text from [templates]"),
];

impl Action {
    /// What is known about it.
    pub fn about(self) -> &'static About {
        ACTIONS.iter().find(|a| a.action == self).unwrap_or(&ACTIONS[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_described_once() {
        let mut names: Vec<_> = ACTIONS.iter().map(|a| a.name).collect();
        let mut actions: Vec<_> = ACTIONS.iter().map(|a| a.action).collect();
        names.sort_unstable();
        names.dedup();
        actions.sort_unstable();
        actions.dedup();
        assert_eq!((names.len(), actions.len()), (ACTIONS.len(), ACTIONS.len()));
        assert_eq!(Action::Template as usize + 1, ACTIONS.len());
        // Two columns of the help at 80 columns.
        assert!(ACTIONS.iter().all(|a| a.text.len() <= 25));
    }
}
