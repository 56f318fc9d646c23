//! What is typed into an agent's pane, and the receipt that says how far it got. Values only.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Kind;

/// The longest text that is submitted, in bytes, after it was made safe.
pub const MAX_TEXT: usize = 256 * 1024;

/// A text to be submitted to an agent as if a person had typed it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// What to submit. Made safe for the agent's composer first: see [`Change`].
    pub text: String,
    /// A word inside `text` that occurs nowhere else: what a hook or a transcript is searched for, and what makes a text
    /// that is still in the composer recognisable as ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// Submit while the agent works too, where its profile says that it queues messages safely.
    #[serde(default)]
    pub now: bool,
    /// This very text was seen in the composer, left there by an earlier attempt: it is submitted, not pasted again.
    #[serde(default)]
    pub staged: bool,
}

/// What became of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The agent has taken it.
    Submitted,
    /// The agent works and has put it into its own queue.
    QueuedByAgent,
    /// Nothing was submitted and nothing of ours is left in the pane: it may be tried again later.
    Blocked,
    /// Something was typed and it is not proven what became of it, or it is still in the composer.
    Stranded,
    /// The pane, the agent or this instance of it is not there any more, and nothing was submitted.
    Gone,
}

impl Outcome {
    /// The exit code of a command that waited for this.
    pub const fn code(self) -> u8 {
        match self {
            Self::Submitted => 0,
            Self::QueuedByAgent => Kind::Queued.code(),
            Self::Blocked => Kind::Blocked.code(),
            Self::Stranded => Kind::Stranded.code(),
            Self::Gone => Kind::Gone.code(),
        }
    }

    /// The agent has it, now or in its own queue.
    pub const fn is_delivered(self) -> bool {
        matches!(self, Self::Submitted | Self::QueuedByAgent)
    }
}

/// Why a submission was not made, or not to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Someone's text is in the composer.
    Draft,
    /// A person is at the pane.
    Human,
    /// Another submission to this pane is under way.
    Busy,
    /// The pane is in copy mode and a person looks at it.
    CopyMode,
    /// A permission prompt is open.
    Permission,
    /// A question is open.
    Question,
    /// Another dialog is open.
    Dialog,
    /// The agent works.
    Working,
    /// The agent starts.
    Starting,
    /// The agent waits for its usage limit to reset.
    Limited,
    /// The agent shows an error that a message does not mend.
    Error,
    /// Nothing proves what the agent does.
    Unknown,
    /// The composer is not on the screen.
    NoComposer,
    /// Another program reads the keyboard.
    OtherProgram,
    /// This profile does not say how text is submitted safely.
    Unsupported,
    /// The text is empty once it is made safe.
    Empty,
    /// The text is longer than [`MAX_TEXT`].
    TooLong,
    /// The agent did not show what was pasted.
    NotShown,
    /// The agent did not take what it showed.
    NotTaken,
    /// A shell reads the keyboard: the agent has ended.
    Shell,
    /// Nothing runs in the pane.
    Dead,
    /// The pane is not there.
    NoPane,
    /// Another instance of the agent lives there by now.
    OtherInstance,
    /// tmux did not answer.
    Tmux,
    /// The database cannot be written: what is typed must be known to have been typed.
    NotStored,
    /// The file that holds the whole message cannot be written.
    NoInbox,
}

impl Why {
    /// Whether trying again can never help.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Unsupported | Self::Empty | Self::TooLong | Self::OtherInstance)
    }

    /// For people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Draft => "someone's draft is in the composer",
            Self::Human => "a person is at the pane",
            Self::Busy => "another message is being typed there",
            Self::CopyMode => "the pane is in copy mode and a person looks at it",
            Self::Permission => "a permission prompt is open",
            Self::Question => "a question is open",
            Self::Dialog => "a dialog is open",
            Self::Working => "the agent works",
            Self::Starting => "the agent is starting",
            Self::Limited => "the agent waits for its usage limit to reset",
            Self::Error => "the agent shows an error",
            Self::Unknown => "nothing proves what the agent does",
            Self::NoComposer => "the composer is not on the screen",
            Self::OtherProgram => "another program reads the keyboard",
            Self::Unsupported => "the profile does not say how text is submitted safely",
            Self::Empty => "the text is empty",
            Self::TooLong => "the text is longer than 256 KiB",
            Self::NotShown => "the agent did not show the text",
            Self::NotTaken => "the agent did not take the text",
            Self::Shell => "a shell reads the keyboard: the agent has ended",
            Self::Dead => "nothing runs in the pane",
            Self::NoPane => "the pane is not there",
            Self::OtherInstance => "another instance of the agent lives there by now",
            Self::Tmux => "tmux did not answer",
            Self::NotStored => "the database cannot be written now",
            Self::NoInbox => "the file for the whole message cannot be written",
        }
    }
}

/// How strong a proof is; only [`Level::E3`] and above prove that the agent has seen the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Level {
    /// tmux has taken it.
    E1,
    /// The screen changed as it does when a text is submitted, and the composer is empty.
    E2,
    /// A hook or the transcript repeats the text or its nonce.
    E3,
    /// The receiver has fetched or acknowledged the message with its own token.
    E4,
    /// An outcome was recorded.
    E5,
}

/// What says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofSource {
    /// tmux's answer.
    Tmux,
    /// The screen.
    Screen,
    /// The agent's status file.
    StatusFile,
    /// The agent's hook.
    Hook,
    /// The agent's transcript.
    Transcript,
    /// The receiver itself, by a request of its own.
    Receiver,
}

/// What proves a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// How strong it is.
    pub level: Level,
    /// What says so.
    pub source: ProofSource,
    /// The words that prove it, on one line, cut.
    pub text: String,
}

/// What was changed in a text to make it safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// CR and CRLF became LF.
    LineEnds,
    /// Control characters and marks that reorder text were taken out.
    Controls,
    /// Tabs became spaces.
    Tabs,
    /// White space at the ends was taken off.
    Ends,
    /// Words were put before a first character that means a command.
    Lead,
    /// Words were put behind a last character that keeps the text from being submitted.
    Tail,
}

/// How far a submission got, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Receipt {
    /// What became of it.
    pub outcome: Outcome,
    /// Why it was not submitted.
    pub reason: Option<Why>,
    /// What proves the outcome.
    pub proof: Option<Proof>,
    /// The submit key was sent: whatever the outcome says, the agent may have the text.
    pub entered: bool,
    /// Something of ours is, or may be, in the composer.
    pub left_in_composer: bool,
    /// What was changed in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// When it was settled.
    pub at: Timestamp,
}

impl Receipt {
    /// A receipt for a submission that nothing was typed for.
    pub const fn refused(outcome: Outcome, why: Why, at: Timestamp) -> Self {
        Self {
            outcome,
            reason: Some(why),
            proof: None,
            entered: false,
            left_in_composer: false,
            changes: Vec::new(),
            at,
        }
    }

    /// One line for people.
    pub fn words(&self) -> String {
        let what = match self.outcome {
            Outcome::Submitted => "submitted",
            Outcome::QueuedByAgent => "queued by the agent",
            Outcome::Blocked => "blocked",
            Outcome::Stranded => "stranded",
            Outcome::Gone => "gone",
        };
        let because = self.reason.map_or(String::new(), |why| format!(": {}", why.words()));
        let left = if self.left_in_composer { " (the text is still in the composer)" } else { "" };
        format!("{what}{because}{left}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_travel_as_json() {
        let receipt = Receipt {
            proof: Some(Proof { level: Level::E3, source: ProofSource::Hook, text: "m:7F3K".into() }),
            ..Receipt::refused(Outcome::Submitted, Why::Draft, Timestamp::UNIX_EPOCH)
        };
        let text = serde_json::to_string(&receipt).unwrap();
        assert!(text.contains(r#""outcome":"submitted""#) && text.contains(r#""level":"E3""#), "{text}");
        assert_eq!(serde_json::from_str::<Receipt>(&text).unwrap(), receipt);
    }

    #[test]
    fn outcomes_have_the_exit_codes_of_the_contract() {
        use Outcome::{Blocked, Gone, QueuedByAgent, Stranded, Submitted};
        let codes = [Submitted, QueuedByAgent, Blocked, Stranded, Gone].map(Outcome::code);
        assert_eq!(codes, [0, 10, 11, 12, 13]);
    }
}
