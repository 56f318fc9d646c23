//! Evidence: what one source said about one agent at one moment, and the board that keeps the latest of each.
//!
//! Values only: nothing here looks at a pane, a file or a clock, and nothing decides; [`super::fuse`] does.

use jiff::Timestamp;

use crate::status::{Proof, Reason, Source, Status};

/// The most characters of matched text that are kept.
const TEXT_MAX: usize = 200;

/// What one source said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Who said it.
    pub source: Source,
    /// The rule, event or field, e.g. `screen:permission`, `hook:Stop`, `status_file:busy`.
    pub rule: String,
    /// The status it speaks for; `None` when the source was read and says nothing about it.
    pub status: Option<Status>,
    /// Why.
    pub reason: Option<Reason>,
    /// Until when, where the agent says so.
    pub until: Option<Timestamp>,
    /// The text that matched: harmless, one line, cut; empty where there is none.
    pub text: String,
    /// When it was said or seen.
    pub at: Timestamp,
    /// For a screen: whether the composer (where a person types) is visible. `None` where that is not known.
    pub composer: Option<bool>,
}

impl Evidence {
    /// Evidence of `source` by `rule`, observed `at`, that says nothing yet.
    pub fn new(source: Source, rule: impl Into<String>, at: Timestamp) -> Self {
        let (status, reason, until, composer) = (None, None, None, None);
        Self { source, rule: rule.into(), status, reason, until, text: String::new(), at, composer }
    }

    /// It speaks for `status`.
    #[must_use]
    pub fn says(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// Because of `reason`.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Option<Reason>>) -> Self {
        self.reason = reason.into();
        self
    }

    /// Until `until`.
    #[must_use]
    pub fn until(mut self, until: impl Into<Option<Timestamp>>) -> Self {
        self.until = until.into();
        self
    }

    /// The text that matched; made harmless and cut here.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        let start: String = text.chars().take(4 * TEXT_MAX).collect();
        self.text = crate::text::one_line(&start).trim().chars().take(TEXT_MAX).collect();
        self
    }

    /// Whether the composer is visible (screens only).
    #[must_use]
    pub fn composer(mut self, visible: impl Into<Option<bool>>) -> Self {
        self.composer = visible.into();
        self
    }

    /// The proof that `explain` and `status --json` show.
    pub fn proof(&self) -> Proof {
        Proof { source: self.source, rule: self.rule.clone(), text: self.text.clone(), at: self.at }
    }

    fn same_claim(&self, other: &Self) -> bool {
        (self.status, self.reason, self.until) == (other.status, other.reason, other.until)
    }
}

/// Who reads the keyboard of a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreground {
    /// The agent, or a child of it in its own process group.
    Agent,
    /// A shell: the agent has gone, and what is typed would be run.
    Shell,
    /// The agent was stopped (Ctrl-Z); a shell reads the keyboard until it is continued.
    Suspended,
    /// Another program, by its command name (an editor, ssh, a nested tmux).
    Other(String),
}

/// What is known of the process in a pane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProcessFact {
    /// It runs.
    Alive {
        /// The agent's own process.
        pid: u32,
        /// Who reads the keyboard.
        foreground: Foreground,
    },
    /// It has ended; its pane is still there. Both are `None` where tmux lost them (3.3a does so in half of the deaths).
    Dead {
        /// Its exit status.
        status: Option<i32>,
        /// The signal that ended it.
        signal: Option<i32>,
    },
    /// Its pane, or the whole tmux server, is gone.
    Missing,
}

impl ProcessFact {
    /// The rule it stands for, and what it says in words.
    pub fn in_words(&self) -> (&'static str, String) {
        match self {
            Self::Alive { pid, foreground } => match foreground {
                Foreground::Agent => ("process:agent", format!("process {pid} reads the keyboard")),
                Foreground::Shell => ("process:shell", "a shell holds the pane".to_owned()),
                Foreground::Suspended => ("process:suspended", format!("process {pid} is stopped (Ctrl-Z)")),
                Foreground::Other(name) => {
                    let name = crate::text::clip(&crate::text::one_line(name), 60);
                    ("process:foreground", format!("{name} holds the pane; the agent is process {pid}"))
                }
            },
            Self::Dead { status, signal } => {
                let how = match (status, signal) {
                    (_, Some(signal)) => format!("ended by signal {signal}"),
                    (Some(status), None) => format!("exit status {status}"),
                    (None, None) => "ended".to_owned(),
                };
                ("process:dead", how)
            }
            Self::Missing => ("process:missing", "no process is known".to_owned()),
        }
    }

    /// It runs and reads the keyboard.
    pub const fn alive(pid: u32) -> Self {
        Self::Alive { pid, foreground: Foreground::Agent }
    }
}

/// The latest evidence of one source, and since when it has been saying the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// What it said last.
    pub evidence: Evidence,
    /// When it began to say this status with this reason.
    pub since: Timestamp,
    /// When it last said that the agent works.
    pub worked: Option<Timestamp>,
}

/// How the last turn ended, kept until the next one begins: later events such as "waits for your input" would hide it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Turn {
    /// When the last prompt was submitted.
    pub prompt: Option<Timestamp>,
    /// When the last turn ended.
    pub stop: Option<Timestamp>,
    /// The evidence that ended it with an error or a limit.
    pub failure: Option<Evidence>,
    /// A permission or question that a hook announced and nothing has settled yet.
    pub asking: Option<Asking>,
    /// Tools that were started and have not ended, oldest first.
    pub tools: Vec<Tool>,
    /// Background tasks that outlive the turn, as of the last report.
    pub background: u32,
}

/// A tool call that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its id, where the agent gives one.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// When it started.
    pub since: Timestamp,
}

/// A prompt that a hook announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asking {
    /// The announcement.
    pub evidence: Evidence,
    /// The tool that wants to run, where the agent says so.
    pub tool: Option<String>,
}

/// What an event changes in the turn, apart from the evidence it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TurnChange {
    /// Nothing.
    #[default]
    None,
    /// A new session: whatever was is over.
    Reset,
    /// A prompt was submitted.
    Prompt,
    /// The turn ended well, with so many background tasks left, where the agent says.
    Stop(Option<u32>),
    /// The turn ended with an error or a limit.
    Failure,
    /// A tool is about to run.
    ToolStart(Tool),
    /// A tool has ended: its id and name, where given.
    ToolEnd(Option<String>, Option<String>),
    /// A person is asked; the tool it is about, where given.
    Ask(Option<String>),
    /// The question was answered.
    Answered,
    /// The turn goes on: what failed before it did not last.
    GoesOn,
}

/// The most running tools that are remembered; parallel calls beyond that only lose their names.
const TOOLS_MAX: usize = 64;

/// The latest evidence of each source about one instance, and how its turn stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Board {
    slots: Vec<Slot>,
    turn: Turn,
    /// When the turn was last changed, and by whom: two sources tell of the same turn, one of them later.
    changed: Option<(Timestamp, Source)>,
    settled: Option<Timestamp>,
    last_output: Option<Timestamp>,
}

impl Board {
    /// Keeps `evidence` as the latest of its source. Evidence older than what is known (a spooled hook, an event out of
    /// order) changes nothing; answers whether it was taken.
    pub fn record(&mut self, evidence: Evidence) -> bool {
        match self.slots.iter_mut().find(|s| s.evidence.source == evidence.source) {
            // What is read off the pane is always of now, whatever was done to the clock.
            Some(slot) if evidence.at < slot.evidence.at && !of_now(evidence.source) => false,
            Some(slot) => {
                if !slot.evidence.same_claim(&evidence) {
                    slot.since = evidence.at;
                }
                slot.worked = works(&evidence).or(slot.worked);
                slot.evidence = evidence;
                true
            }
            None => {
                self.slots.push(Slot { since: evidence.at, worked: works(&evidence), evidence });
                true
            }
        }
    }

    /// Keeps the evidence of an event and what it changes in the turn.
    pub fn record_event(&mut self, evidence: Evidence, change: TurnChange) {
        let known = evidence.clone();
        if !self.record(evidence) {
            return;
        }
        let at = known.at;
        if change == TurnChange::None {
            return;
        }
        // A transcript is read a moment after the hook of the same event: what the hook said later holds.
        if self.changed.is_some_and(|(last, source)| at < last && source != known.source) {
            return;
        }
        self.changed = Some((at, known.source));
        let turn = &mut self.turn;
        let settles = settles(&change);
        let asked = turn.asking.is_some();
        match change {
            TurnChange::None => {}
            TurnChange::Reset => *turn = Turn::default(),
            TurnChange::Prompt => {
                *turn = Turn {
                    prompt: Some(at),
                    stop: turn.stop,
                    background: turn.background,
                    ..Turn::default()
                };
            }
            TurnChange::Stop(background) => {
                *turn = Turn {
                    prompt: turn.prompt,
                    stop: Some(at),
                    // A transcript does not say it: what a hook said holds.
                    background: background.unwrap_or(turn.background),
                    ..Turn::default()
                };
            }
            TurnChange::Failure => {
                *turn = Turn { prompt: turn.prompt, stop: Some(at), failure: Some(known), ..Turn::default() };
            }
            TurnChange::ToolStart(tool) => {
                if turn.tools.len() >= TOOLS_MAX {
                    turn.tools.remove(0);
                }
                turn.tools.push(tool);
            }
            TurnChange::ToolEnd(id, name) => turn.tool_ended(id.as_deref(), name.as_deref()),
            TurnChange::Ask(tool) => turn.asking = Some(Asking { evidence: known, tool }),
            TurnChange::Answered => turn.asking = None,
            TurnChange::GoesOn => turn.failure = None,
        }
        if settles || asked && turn.asking.is_none() {
            self.settled = Some(at);
        }
    }

    /// The pane wrote something at `at`: what tells a live spinner from a leftover.
    pub fn output(&mut self, at: Timestamp) {
        self.last_output = self.last_output.max(Some(at));
    }

    /// When the pane last wrote something.
    pub fn last_output(&self) -> Option<Timestamp> {
        self.last_output
    }

    /// Forgets what `source` said: its stream had a gap (a paused pane), its file has gone, or another has taken its
    /// place.
    pub fn forget(&mut self, source: Source) {
        self.slots.retain(|s| s.evidence.source != source);
        self.turn.failure.take_if(|e| e.source == source);
        self.turn.asking.take_if(|a| a.evidence.source == source);
    }

    /// A new instance lives in the pane: nothing that is known holds for it.
    pub fn clear_instance(&mut self) {
        *self = Self::default();
    }

    /// The latest evidence of every source that spoke.
    pub fn iter(&self) -> impl Iterator<Item = &Evidence> {
        self.slots.iter().map(|s| &s.evidence)
    }

    /// The latest of every source, with since when it has been saying so.
    pub fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// The latest of `source`.
    pub fn slot(&self, source: Source) -> Option<&Slot> {
        self.slots.iter().find(|s| s.evidence.source == source)
    }

    /// When a hook or transcript last said that nothing is asked (any more).
    pub fn settled(&self) -> Option<Timestamp> {
        self.settled
    }

    /// How the turn stands, as far as hooks and transcripts said.
    pub fn turn(&self) -> &Turn {
        &self.turn
    }
}

/// Whether a source is read, not told: what it says now is newer than whatever it said before.
const fn of_now(source: Source) -> bool {
    matches!(source, Source::Screen | Source::Title | Source::Osc)
}

fn works(evidence: &Evidence) -> Option<Timestamp> {
    (evidence.status == Some(Status::Working)).then_some(evidence.at)
}

/// Whether a person cannot be asked any more after this.
fn settles(change: &TurnChange) -> bool {
    use TurnChange as C;
    matches!(change, C::Reset | C::Prompt | C::Stop(_) | C::Failure | C::Answered)
}

impl Turn {
    fn tool_ended(&mut self, id: Option<&str>, name: Option<&str>) {
        let found = self
            .tools
            .iter()
            .position(|t| id.is_some() && t.id.as_deref() == id)
            .or_else(|| self.tools.iter().position(|t| name.is_some_and(|n| n == t.name)));
        if let Some(found) = found {
            self.tools.remove(found);
        }
        // A tool that ended was not refused: the prompt about it is over. Another tool's prompt may still be open.
        let settled = self.asking.as_ref().is_some_and(|a| a.tool.is_none() || a.tool.as_deref() == name);
        if settled {
            self.asking = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + second).unwrap()
    }

    fn hook(second: i64) -> Evidence {
        Evidence::new(Source::Hook, "hook:x", at(second))
    }

    #[test]
    fn since_is_kept_while_the_claim_stays() {
        let mut board = Board::default();
        board.record(hook(1).says(Status::Idle));
        board.record(hook(5).says(Status::Idle).text("other text"));
        assert_eq!(board.slot(Source::Hook).unwrap().since, at(1));
        board.record(hook(6).says(Status::Working));
        assert_eq!(board.slot(Source::Hook).unwrap().since, at(6));
    }

    #[test]
    fn a_spooled_event_that_comes_late_changes_nothing() {
        let mut board = Board::default();
        board.record_event(hook(9).says(Status::Idle), TurnChange::Stop(None));
        board.record_event(hook(3).says(Status::Working), TurnChange::Prompt);
        assert_eq!(board.slot(Source::Hook).unwrap().evidence.status, Some(Status::Idle));
        assert_eq!(board.turn().prompt, None);
    }

    #[test]
    fn another_tools_end_does_not_settle_a_prompt() {
        let mut board = Board::default();
        board.record_event(hook(1).says(Status::Waiting), TurnChange::Ask(Some("Bash".into())));
        board.record_event(hook(2).says(Status::Working), TurnChange::ToolEnd(None, Some("Read".into())));
        assert!(board.turn().asking.is_some());
        board.record_event(hook(3).says(Status::Working), TurnChange::ToolEnd(None, Some("Bash".into())));
        assert!(board.turn().asking.is_none());
    }

    #[test]
    fn a_transcript_that_is_read_late_does_not_undo_what_a_hook_said_since() {
        let transcript = |second| Evidence::new(Source::Transcript, "transcript:x", at(second));
        let mut board = Board::default();
        board.record_event(hook(2).says(Status::Waiting), TurnChange::Ask(Some("Bash".into())));
        board.record_event(transcript(1).says(Status::Working), TurnChange::Prompt);
        assert!(board.turn().asking.is_some());
        assert_eq!(board.slot(Source::Transcript).unwrap().evidence.status, Some(Status::Working));
        board.record_event(transcript(3).says(Status::Working), TurnChange::Answered);
        assert!(board.turn().asking.is_none());
        assert_eq!(board.settled(), Some(at(3)));
    }

    #[test]
    fn a_transcript_that_ends_a_turn_leaves_the_background_work_that_a_hook_counted() {
        let mut board = Board::default();
        board.record_event(hook(1).says(Status::Working), TurnChange::Stop(Some(2)));
        let ended = Evidence::new(Source::Transcript, "transcript:x", at(2)).says(Status::Idle);
        board.record_event(ended, TurnChange::Stop(None));
        assert_eq!(board.turn().background, 2);
        board.record_event(hook(3).says(Status::Idle), TurnChange::Stop(Some(0)));
        assert_eq!(board.turn().background, 0);
    }

    #[test]
    fn with_a_transcript_its_failure_is_forgotten() {
        let mut board = Board::default();
        let failed = Evidence::new(Source::Transcript, "transcript:x", at(1)).says(Status::Error);
        board.record_event(failed, TurnChange::Failure);
        board.record_event(hook(2).says(Status::Idle), TurnChange::None);
        board.forget(Source::Transcript);
        assert_eq!(board.turn().failure, None);
        assert!(board.slot(Source::Hook).is_some());
    }

    #[test]
    fn text_is_made_harmless_and_cut() {
        let evidence = hook(1).text(&format!("  a\x1b[31m\nb{}", "x".repeat(100_000)));
        assert!(evidence.text.starts_with("a[31m b"));
        assert!(evidence.text.chars().count() <= TEXT_MAX);
    }
}
