//! The decisions of a submission, as a pure function of what is observed. Never acts, has no clock.
//!
//! gate → (leave copy mode) → stage, piece by piece → see it shown → press → verify → (press CR once) → (clean up).
//! Each step is an [`Action`] for whoever acts, who comes back with an [`Observation`] of it.

use std::time::Duration;

use crate::delivery::{Level, Outcome, Proof, ProofSource, Why};
use crate::status::{Reason, Status};

/// A person who pressed a key within this time is at the pane (design.md, invariant 1).
pub(super) const AT_IT: Duration = Duration::from_secs(3);
/// A person who pressed no key for this long does not read in copy mode any more.
const READS: Duration = Duration::from_secs(60);
/// How long a text may take to be shown, apart from its length.
const SHOW: Duration = Duration::from_secs(10);
/// A composer that is drawn over and over may look like another draft for this long.
const FLICKER: Duration = Duration::from_millis(400);
/// How long an unchanged composer means that the key was lost. An agent under load took 0.5 s (agents.md).
const LOST_KEY: Duration = Duration::from_secs(2);
/// How long the proof of a submission may take after the last key.
const VERIFY: Duration = Duration::from_secs(10);
/// How long a hook or the transcript may come after the screen has proven it.
const BETTER_PROOF: Duration = Duration::from_millis(1500);
/// An empty composer alone is believed after this time: it may be between two paintings.
const SETTLED: Duration = Duration::from_millis(700);
/// How often a paste is tried again when the last check inside tmux finds something else than the look before.
const TRIES: u32 = 8;

/// What is fixed from the start.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(super) struct Plan {
    /// The text has a nonce, or was seen in the composer before: a draft that is this text is ours.
    pub(super) known: bool,
    /// The agent may be at work: it was asked for, and the profile says that it queues safely.
    pub(super) while_working: bool,
    /// An agent that shows an error takes messages.
    pub(super) resend_after_error: bool,
    /// How many pieces are pasted.
    pub(super) pieces: usize,
    /// How many bytes and lines the text has.
    pub(super) size: (usize, usize),
    /// Between the last paste and the key.
    pub(super) gap: Duration,
    /// Between two pieces.
    pub(super) piece_gap: Duration,
    /// The profile knows a key that empties the composer.
    pub(super) clears: bool,
    /// A hook or a transcript will say more than the screen.
    pub(super) listens: bool,
    /// The agent has only just started: it may yet put another screen in the place of the one that has our text
    /// (OpenCode taking up its conversation under load), so an empty composer alone proves nothing.
    pub(super) young: bool,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Look at the pane after this time; what is heard meanwhile comes first.
    Look(Duration),
    /// End copy mode, then look.
    LeaveMode,
    /// Paste a piece, guarded by the last check.
    Paste(usize),
    /// Press the key that submits, guarded by the last check.
    Press,
    /// Press a literal CR, guarded by the last check.
    PressReturn,
    /// Press the keys that empty the composer, guarded by the last check.
    Clear,
    /// It is settled.
    Done(Settled),
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    /// What became of it.
    pub(super) outcome: Outcome,
    /// Why it was not submitted.
    pub(super) why: Option<Why>,
    /// What proves it.
    pub(super) proof: Option<Proof>,
    /// A submit key was sent and may have acted.
    pub(super) entered: bool,
    /// Something of ours may be in the composer.
    pub(super) left: bool,
}

/// What came of an action.
#[derive(Debug, Clone)]
pub(super) enum Observation {
    /// A look.
    Seen(Box<View>),
    /// The answer to a guarded act.
    Answer(Answer),
    /// A source repeated the text or its nonce, or something else happened that makes a look worth while.
    Heard(Proof),
}

/// What tmux answered to a guarded act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was done.
    Done,
    /// The pane was not any more as it was seen: nothing was done.
    Unfit,
    /// tmux did not answer: nobody knows.
    Lost,
}

/// Who reads the keyboard of the pane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Reader {
    /// The agent.
    #[default]
    Agent,
    /// A shell.
    Shell,
    /// Another program, or the agent is stopped.
    Other,
    /// Nobody: the process has ended.
    Nobody,
    /// The pane is not there.
    NoPane,
    /// Another instance of the agent.
    OtherInstance,
    /// tmux did not answer.
    Unreachable,
}

/// What is in the composer, compared with our text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Draft {
    /// There is no composer.
    Absent,
    /// The profile does not say where it is.
    Unknown,
    /// Nothing.
    #[default]
    Empty,
    /// All of our text, or its visible end.
    Ours,
    /// The mark of a paste, which hides what it is, and around it nothing but parts of our text: ours only for a
    /// submission that pasted into an empty composer itself.
    Marked,
    /// The beginning of our text.
    Begun,
    /// Something else.
    Foreign,
}

impl Draft {
    /// All that this submission pasted, as far as it is shown.
    const fn is_whole(self) -> bool {
        matches!(self, Self::Ours | Self::Marked)
    }
}

/// One look at the pane.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Who reads the keyboard.
    pub(super) reader: Reader,
    /// The pane is in copy mode or another mode of tmux.
    pub(super) in_mode: bool,
    /// How long ago a person who looks at the pane pressed a key.
    pub(super) person: Option<Duration>,
    /// What the screen proves.
    pub(super) status: Status,
    /// Why.
    pub(super) reason: Option<Reason>,
    /// What the agent's own status file says now.
    pub(super) file: Option<(Status, Option<Reason>)>,
    /// What is in the composer.
    pub(super) draft: Draft,
    /// How often the end of our text stands on the screen.
    pub(super) shown: usize,
    /// How often it stands there outside the composer.
    pub(super) echoed: usize,
}

#[derive(Debug)]
enum Phase {
    Gate,
    Stage { piece: usize },
    Between { piece: usize },
    Show { foreign_since: Option<Duration> },
    Press { again: bool },
    Verify { since: Duration, again: bool, changed: bool, proven: Option<(Duration, Proof)> },
    Clean { why: Why, left: usize },
    Done,
}

/// The state of one submission.
#[derive(Debug)]
pub(super) struct Machine {
    plan: Plan,
    phase: Phase,
    tries: u32,
    left_mode: bool,
    /// What stood on the screen before anything was pasted.
    before: (usize, usize),
    staged_at: Duration,
    /// The agent worked when the key was pressed.
    working: bool,
}

impl Machine {
    /// A submission of which nothing is done yet.
    pub(super) const fn new(plan: Plan) -> Self {
        Self {
            plan,
            phase: Phase::Gate,
            tries: 0,
            left_mode: false,
            before: (0, 0),
            staged_at: Duration::ZERO,
            working: false,
        }
    }

    /// What to do, after `seen` was observed at `now` (since the start).
    pub(super) fn observe(&mut self, now: Duration, seen: Observation) -> Action {
        match (std::mem::replace(&mut self.phase, Phase::Done), seen) {
            (Phase::Gate, Observation::Seen(view)) => self.gate(now, &view),
            (Phase::Stage { piece }, Observation::Answer(answer)) => self.staged(now, piece, answer),
            (Phase::Between { piece }, Observation::Seen(view)) => self.between(now, &view, piece),
            (Phase::Show { foreign_since }, Observation::Seen(view)) => self.show(now, &view, foreign_since),
            (Phase::Press { again }, Observation::Answer(answer)) => self.pressed(now, again, answer),
            (Phase::Verify { since, again, changed, proven }, Observation::Seen(view)) => {
                self.verify(now, &view, Verifying { since, again, changed, proven })
            }
            // Also while the text is being taken back: the key was taken after all, however late.
            (Phase::Verify { .. } | Phase::Clean { why: Why::NotTaken, .. }, Observation::Heard(proof))
                if proof.level >= Level::E3 =>
            {
                self.submitted(proof)
            }
            (Phase::Clean { why, left }, Observation::Seen(view)) => self.clean(&view, why, left),
            (Phase::Clean { why, left }, Observation::Answer(Answer::Done)) => {
                self.phase = Phase::Clean { why, left: left.saturating_sub(1) };
                Action::Look(Duration::from_millis(60))
            }
            (Phase::Clean { why, .. }, Observation::Answer(_)) => self.stranded(why, why == Why::NotTaken),
            // What is heard before the key was pressed is about something else.
            (phase, _) => {
                self.phase = phase;
                Action::Look(Duration::ZERO)
            }
        }
    }

    /// May anything be typed at all?
    fn gate(&mut self, now: Duration, view: &View) -> Action {
        if let Some((outcome, why)) = unreachable(view.reader) {
            return self.done(outcome, why);
        }
        let person = |within: Duration| view.person.is_some_and(|ago| ago < within);
        if view.in_mode {
            if person(READS) || self.left_mode {
                return self.done(Outcome::Blocked, Why::CopyMode);
            }
            self.left_mode = true;
            self.phase = Phase::Gate;
            return Action::LeaveMode;
        }
        if person(AT_IT) {
            return self.done(Outcome::Blocked, Why::Human);
        }
        if let Err((outcome, why)) = self.fit(view) {
            return self.done(outcome, why);
        }
        match view.draft {
            Draft::Empty => {
                self.before = (view.shown, view.echoed);
                self.stage(0)
            }
            // Left there by an attempt that was cut short.
            Draft::Ours if self.plan.known => {
                self.before = (view.shown.saturating_sub(1), view.echoed);
                self.staged_at = now;
                self.phase = Phase::Show { foreign_since: None };
                Action::Look(self.plan.gap)
            }
            Draft::Ours | Draft::Marked | Draft::Begun | Draft::Foreign => {
                self.done(Outcome::Blocked, Why::Draft)
            }
            Draft::Absent => self.done(Outcome::Blocked, Why::NoComposer),
            Draft::Unknown => self.done(Outcome::Blocked, Why::Unsupported),
        }
    }

    /// Whether what the screen and the status file say is fit for typing.
    const fn fit(&self, view: &View) -> Result<(), (Outcome, Why)> {
        let (status, reason) = match view.file {
            // The file is faster than the paint; an idle in it cannot overrule what is seen.
            Some((status @ (Status::Waiting | Status::Working), reason))
                if !matches!(view.status, Status::Waiting) =>
            {
                (status, reason)
            }
            _ => (view.status, view.reason),
        };
        let why = match status {
            Status::Idle => return Ok(()),
            Status::Working if self.plan.while_working => return Ok(()),
            Status::Error if self.plan.resend_after_error => return Ok(()),
            Status::Working => Why::Working,
            Status::Waiting => match reason {
                Some(Reason::Permission) => Why::Permission,
                Some(Reason::Question) => Why::Question,
                _ => Why::Dialog,
            },
            Status::Limited => Why::Limited,
            Status::Starting => Why::Starting,
            Status::Error => Why::Error,
            Status::Exited => return Err((Outcome::Gone, Why::Shell)),
            Status::Unknown => Why::Unknown,
        };
        Err((Outcome::Blocked, why))
    }

    fn stage(&mut self, piece: usize) -> Action {
        self.phase = Phase::Stage { piece };
        Action::Paste(piece)
    }

    fn staged(&mut self, now: Duration, piece: usize, answer: Answer) -> Action {
        match answer {
            Answer::Done if piece + 1 < self.plan.pieces => {
                self.tries = 0;
                self.staged_at = now;
                self.phase = Phase::Between { piece: piece + 1 };
                Action::Look(self.plan.piece_gap)
            }
            Answer::Done => {
                self.staged_at = now;
                self.phase = Phase::Show { foreign_since: None };
                Action::Look(Duration::from_millis(10))
            }
            // The look that follows says what changed.
            Answer::Unfit if self.tries < TRIES => {
                self.tries += 1;
                self.phase = if piece == 0 { Phase::Gate } else { Phase::Between { piece } };
                Action::Look(Duration::from_millis(20))
            }
            Answer::Unfit if piece == 0 => self.done(Outcome::Blocked, Why::Unknown),
            Answer::Unfit => {
                self.phase = Phase::Clean { why: Why::NotShown, left: self.clears() };
                Action::Look(Duration::from_millis(50))
            }
            Answer::Lost => self.stranded(Why::Tmux, false),
        }
    }

    /// Some of it was pasted: may the rest follow?
    fn between(&mut self, now: Duration, view: &View, piece: usize) -> Action {
        if let Some((_, why)) = unreachable(view.reader) {
            return self.stranded(why, false);
        }
        let person = view.person.is_some_and(|ago| ago < AT_IT);
        let begun = view.draft.is_whole() || view.draft == Draft::Begun;
        let why = match self.fit(view) {
            _ if person => Why::Human,
            _ if view.in_mode => Why::CopyMode,
            Ok(()) if view.draft != Draft::Foreign => return self.stage(piece),
            // What it holds while it grows is only ours, so no dialog has taken its place.
            Err((_, Why::Unknown)) if begun => return self.stage(piece),
            // It may be between two paintings.
            Ok(()) | Err((_, Why::Unknown)) if now.saturating_sub(self.staged_at) < SHOW => {
                self.phase = Phase::Between { piece };
                return Action::Look(pace(now.saturating_sub(self.staged_at)));
            }
            Ok(()) => Why::Draft,
            Err((_, why)) => why,
        };
        self.clean(view, why, self.clears())
    }

    /// Is all of it in the composer, and is it still the right moment?
    fn show(&mut self, now: Duration, view: &View, foreign_since: Option<Duration>) -> Action {
        match view.reader {
            Reader::Agent => {}
            Reader::Nobody | Reader::NoPane => {
                return self.done(Outcome::Gone, unreachable(view.reader).map_or(Why::Dead, |(_, why)| why));
            }
            other => {
                return self.stranded(unreachable(other).map_or(Why::OtherProgram, |(_, why)| why), false);
            }
        }
        let waited = now.saturating_sub(self.staged_at);
        let (fit, ready) = (self.fit(view), self.ready(view));
        if let Err((_, why @ (Why::Permission | Why::Question | Why::Dialog | Why::Shell))) = fit
            && !(ready && view.draft.is_whole())
        {
            // It took the place of the composer, and with it perhaps the text.
            return self.stranded(why, false);
        }
        let person = view.person.is_some_and(|ago| ago < AT_IT);
        if ready && fit.is_ok() && !person && !view.in_mode {
            if waited >= self.plan.gap {
                let file_works = matches!(view.file, Some((Status::Working, _)));
                self.working = view.status == Status::Working || file_works;
                self.phase = Phase::Press { again: false };
                return Action::Press;
            }
            self.phase = Phase::Show { foreign_since: None };
            return Action::Look(self.plan.gap.saturating_sub(waited));
        }
        let foreign_since = (view.draft == Draft::Foreign && !ready).then(|| foreign_since.unwrap_or(now));
        if foreign_since.is_some_and(|since| now.saturating_sub(since) >= FLICKER) {
            return self.stranded(Why::Draft, false);
        }
        if waited > self.patience() {
            let why = match fit {
                _ if person => Why::Human,
                _ if view.in_mode => Why::CopyMode,
                Err((_, why)) => why,
                Ok(()) => Why::NotShown,
            };
            if person || view.in_mode {
                return self.stranded(why, false);
            }
            return self.clean(view, why, self.clears());
        }
        self.phase = Phase::Show { foreign_since };
        Action::Look(pace(waited))
    }

    /// The composer holds our text, or the screen shows its end where it did not before: a composer whose text has empty
    /// lines cannot be told from what is around it by every profile.
    const fn ready(&self, view: &View) -> bool {
        match view.draft {
            Draft::Ours | Draft::Marked => true,
            Draft::Begun | Draft::Absent => view.shown > self.before.0,
            _ => false,
        }
    }

    fn pressed(&mut self, now: Duration, again: bool, answer: Answer) -> Action {
        match answer {
            Answer::Done | Answer::Lost => {
                let changed = answer == Answer::Lost;
                self.phase = Phase::Verify { since: now, again, changed, proven: None };
                Action::Look(Duration::from_millis(10))
            }
            Answer::Unfit if again => {
                self.phase = Phase::Verify { since: now, again, changed: true, proven: None };
                Action::Look(Duration::from_millis(50))
            }
            Answer::Unfit => {
                self.phase = Phase::Show { foreign_since: None };
                Action::Look(Duration::from_millis(50))
            }
        }
    }

    /// Was it taken?
    fn verify(&mut self, now: Duration, view: &View, mut v: Verifying) -> Action {
        if let Some((_, why)) = unreachable(view.reader) {
            return match v.proven {
                Some((_, proof)) => self.submitted(proof),
                None => self.stranded(why, true),
            };
        }
        let waited = now.saturating_sub(v.since);
        let works = view.status == Status::Working || matches!(view.file, Some((Status::Working, _)));
        let held = view.draft.is_whole() || (self.ready(view) && view.echoed <= self.before.1);
        v.changed |= !held || (works && !self.working);
        let echoed = view.echoed > self.before.1;
        let taken = match view.draft {
            Draft::Empty => works || echoed || (waited >= SETTLED && !self.plan.young),
            Draft::Absent | Draft::Foreign => echoed,
            _ => false,
        };
        if held {
            v.proven = None;
        }
        if taken && v.proven.is_none() {
            let text = match (works, echoed) {
                (true, _) => "the composer is empty and the agent works",
                (false, true) => "the composer is empty and the text is in the conversation",
                (false, false) => "the composer is empty",
            };
            v.proven = Some((now, proof(ProofSource::Screen, text)));
        }
        if let Some((at, proof)) = &v.proven
            && (!self.plan.listens || now.saturating_sub(*at) >= BETTER_PROOF)
        {
            let proof = proof.clone();
            return self.submitted(proof);
        }
        let person = view.person.is_some_and(|ago| ago < AT_IT);
        let untouched = held && !v.changed && self.fit(view).is_ok() && !person && !view.in_mode;
        if untouched && waited >= LOST_KEY {
            if !v.again && view.draft.is_whole() {
                self.phase = Phase::Press { again: true };
                return Action::PressReturn;
            }
            return self.clean(view, Why::NotTaken, self.clears());
        }
        if waited > VERIFY {
            return self.stranded(Why::NotTaken, true);
        }
        let Verifying { since, again, changed, proven } = v;
        self.phase = Phase::Verify { since, again, changed, proven };
        Action::Look(pace(waited))
    }

    /// Takes our own text out of the composer, as long as it is provably nothing else.
    fn clean(&mut self, view: &View, why: Why, left: usize) -> Action {
        if view.reader == Reader::Agent && view.draft == Draft::Empty && left < self.clears() {
            // Emptied by us, or by the agent that took it in this moment: it is looked for before it is sent again.
            let outcome = if why == Why::NotTaken { Outcome::Stranded } else { Outcome::Blocked };
            return self.ended(outcome, why, why == Why::NotTaken, false);
        }
        let person = view.person.is_some_and(|ago| ago < AT_IT);
        let ours = (view.draft.is_whole() || view.draft == Draft::Begun) && view.reader == Reader::Agent;
        let quiet = !person && !view.in_mode && !matches!(view.status, Status::Waiting | Status::Exited);
        if !(ours && quiet && self.plan.clears) || left == 0 {
            return self.stranded(why, why == Why::NotTaken);
        }
        self.phase = Phase::Clean { why, left };
        Action::Clear
    }

    /// How often the keys that empty the composer may be pressed: some take one line at a time.
    const fn clears(&self) -> usize {
        2 * self.plan.size.1 + 2
    }

    /// How long the text may take to be shown: Codex drew 4 KB for 25 s under load (agents.md), most take no time.
    fn patience(&self) -> Duration {
        SHOW + Duration::from_millis(self.plan.size.0 as u64 / 4)
    }

    fn submitted(&mut self, proof: Proof) -> Action {
        self.phase = Phase::Done;
        let outcome = if self.working { Outcome::QueuedByAgent } else { Outcome::Submitted };
        Action::Done(Settled { outcome, why: None, proof: Some(proof), entered: true, left: false })
    }

    fn stranded(&mut self, why: Why, entered: bool) -> Action {
        self.ended(Outcome::Stranded, why, entered, true)
    }

    fn done(&mut self, outcome: Outcome, why: Why) -> Action {
        self.ended(outcome, why, false, false)
    }

    fn ended(&mut self, outcome: Outcome, why: Why, entered: bool, left: bool) -> Action {
        self.phase = Phase::Done;
        let proof = entered.then(|| Proof {
            level: Level::E1,
            source: ProofSource::Tmux,
            text: "tmux has sent the key".to_owned(),
        });
        Action::Done(Settled { outcome, why: Some(why), proof, entered, left })
    }
}

/// What [`Phase::Verify`] holds.
struct Verifying {
    since: Duration,
    again: bool,
    changed: bool,
    proven: Option<(Duration, Proof)>,
}

const fn unreachable(reader: Reader) -> Option<(Outcome, Why)> {
    Some(match reader {
        Reader::Agent => return None,
        Reader::Shell => (Outcome::Gone, Why::Shell),
        Reader::Other => (Outcome::Blocked, Why::OtherProgram),
        Reader::Nobody => (Outcome::Gone, Why::Dead),
        Reader::NoPane => (Outcome::Gone, Why::NoPane),
        Reader::OtherInstance => (Outcome::Gone, Why::OtherInstance),
        Reader::Unreachable => (Outcome::Blocked, Why::Tmux),
    })
}

fn proof(source: ProofSource, text: &str) -> Proof {
    Proof { level: Level::E2, source, text: text.to_owned() }
}

/// When to look again after having waited so long.
fn pace(waited: Duration) -> Duration {
    (waited / 4).clamp(Duration::from_millis(10), Duration::from_millis(250))
}

#[cfg(test)]
#[path = "machine_tests.rs"]
mod tests;
