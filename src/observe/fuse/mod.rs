//! Fusion: several sources, one verdict. A pure function from evidence, process and time to a verdict with its proof.
//!
//! Owns the arbitration. Never reads a clock, a file or a pane: whoever calls it says what time it is, and asks again
//! at [`Fused::recheck_at`].
//!
//! The order of the argument:
//!
//! 1. The process decides whether there is an agent at all (a status file and a title outlive a SIGKILL).
//! 2. Claims that cannot be true any more are dropped: no hook fires on Esc, spinners stay behind, limits run out
//!    (`claims.rs`).
//! 3. Anything that says that a person is asked wins: typing into a prompt would answer it.
//! 4. The strongest source of the profile's precedence decides between working and resting; a live spinner on the
//!    screen overrules a single source that says "resting".
//! 5. Among the ways to rest, a limit or an error of this turn is more exact than "idle"; and `idle` needs the screen's
//!    consent.
//! 6. `working` is left only on a second proof or after a short quiet time; `waiting` is entered at once.

mod claims;
mod settle;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod transcripts;

use jiff::{SignedDuration, Timestamp};

pub use crate::fusion::FusionPolicy;
use crate::observe::evidence::{Board, Evidence, Foreground, ProcessFact, Slot};
use crate::status::{Proof, Reason, Source, Status, Verdict};

use claims::{Claim, Class};

/// How long after a usage limit was hit its menu may appear: what covers the composer later is something else.
const MENU_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// How long an agent may show nothing at all before `starting` is no longer believed (designs.md: 90 s from Gas Town).
const STARTING_MAX: SignedDuration = SignedDuration::from_secs(90);

/// The verdict and how it came about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fused {
    /// What the agent is doing, with its proof.
    pub verdict: Verdict,
    /// When the verdict may change although nothing happens.
    pub recheck_at: Option<Timestamp>,
    /// Every claim that was weighed and what became of it, for `swarm explain`.
    pub evidence_used: Vec<Used>,
}

/// One claim and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// Who said it.
    pub source: Source,
    /// By which rule.
    pub rule: String,
    /// What it said.
    pub status: Option<Status>,
    /// Why.
    pub reason: Option<Reason>,
    /// The text that matched.
    pub text: String,
    /// When.
    pub at: Timestamp,
    /// What it is remembered for, although its source has said something else since.
    pub kept: Option<&'static str>,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is the proof.
    Decided,
    /// It says the same.
    Agrees,
    /// It said nothing about the status.
    Silent,
    /// It was dropped or overruled, because of this.
    Overruled(&'static str),
}

/// Everything that is looked at, and the times at which the answer may change.
struct Weighing<'a> {
    board: &'a Board,
    policy: &'a FusionPolicy,
    now: Timestamp,
    /// Whether the screen is the agent's own.
    screen_is_ours: bool,
    recheck_at: Option<Timestamp>,
}

impl<'a> Weighing<'a> {
    /// Asks to be called again then; answers whether that time has come.
    fn due(&mut self, at: Timestamp) -> bool {
        if at <= self.now {
            return true;
        }
        self.recheck_at = Some(self.recheck_at.map_or(at, |r| r.min(at)));
        false
    }

    fn screen(&self) -> Option<&'a Slot> {
        self.board.slot(Source::Screen).filter(|_| self.screen_is_ours)
    }

    /// Whether the pane wrote something lately (or nobody says when it did): then a spinner may be alive.
    fn output_is_live(&mut self) -> bool {
        let stale = self.policy.spinner_stale();
        match self.board.last_output() {
            None => true,
            Some(last) => !self.due(later(last, stale)),
        }
    }
}

/// Decides what the agent is doing.
pub fn fuse(
    board: &Board,
    process: &ProcessFact,
    policy: &FusionPolicy,
    now: Timestamp,
    previous: &Verdict,
) -> Fused {
    if let Some(verdict) = by_process(board, process, now) {
        let over = Outcome::Overruled("the process decides");
        let used = board.slots().iter().map(|s| used(&s.evidence, None, over));
        return Fused { verdict, recheck_at: None, evidence_used: used.collect() };
    }
    let screen_is_ours = match process {
        ProcessFact::Alive { foreground: Foreground::Other(name), .. } => {
            policy.carriers.iter().any(|c| c == name)
        }
        _ => true,
    };
    let mut weighing = Weighing { board, policy, now, screen_is_ours, recheck_at: None };
    let mut claims = claims::gather(&mut weighing);
    let candidate = decide(&mut weighing, &mut claims, process, previous);
    let verdict = settle::settle(&mut weighing, &claims, candidate, previous);
    let evidence_used = explain(&claims, &verdict);
    Fused { verdict, recheck_at: weighing.recheck_at, evidence_used }
}

/// What the process alone proves: that there is no agent to speak of.
fn by_process(board: &Board, process: &ProcessFact, now: Timestamp) -> Option<Verdict> {
    let proof = |rule: &str, text: String| {
        Some(Proof { source: Source::Process, rule: rule.to_owned(), text, at: now })
    };
    let verdict = match process {
        ProcessFact::Missing => Verdict {
            status: Status::Unknown,
            reason: Some(Reason::Lost),
            until: None,
            proof: proof("process:missing", "the pane is gone".to_owned()),
        },
        ProcessFact::Dead { status, signal } => {
            let (reason, text) = match (status, signal) {
                (_, Some(signal)) => (Some(Reason::Crashed), format!("ended by signal {signal}")),
                (Some(0), None) => (Some(Reason::Finished), "exit status 0".to_owned()),
                (Some(status), None) => (Some(Reason::Crashed), format!("exit status {status}")),
                (None, None) => (None, "exit status unknown".to_owned()),
            };
            let told = board.slot(Source::Swarm).filter(|s| s.evidence.status == Some(Status::Exited));
            let reason = told.and_then(|s| s.evidence.reason).or(reason);
            Verdict { status: Status::Exited, reason, until: None, proof: proof("process:dead", text) }
        }
        ProcessFact::Alive { foreground: Foreground::Shell, .. } => Verdict {
            status: Status::Exited,
            reason: Some(Reason::Shell),
            until: None,
            proof: proof("process:shell", "a shell holds the pane".to_owned()),
        },
        ProcessFact::Alive { foreground: Foreground::Suspended, .. } => Verdict {
            proof: proof("process:suspended", "stopped (Ctrl-Z); a shell holds the pane".to_owned()),
            ..Verdict::UNKNOWN
        },
        ProcessFact::Alive { .. } => return None,
    };
    Some(verdict)
}

/// The verdict of this moment, before flap control.
fn decide(w: &mut Weighing<'_>, claims: &mut [Claim], process: &ProcessFact, previous: &Verdict) -> Verdict {
    if let Some(verdict) = waiting(w, claims) {
        return verdict;
    }
    let Some(first) = strongest(w, claims) else {
        return unproven(w, claims, process, previous);
    };
    let first = overruled_by_spinner(w, claims, first);
    if claims[first].class == Class::Busy {
        return busy(w, claims, first);
    }
    resting(w, claims, first, process)
}

/// Somebody says that a person is asked.
fn waiting(w: &Weighing<'_>, claims: &mut [Claim]) -> Option<Verdict> {
    let of = |class: Class, claims: &[Claim]| -> Vec<usize> {
        (0..claims.len()).filter(|&i| claims[i].stands() && claims[i].class == class).collect()
    };
    let asking = of(Class::Asking, claims);
    let limits: Vec<usize> =
        of(Class::Resting, claims).into_iter().filter(|&i| claims[i].status == Status::Limited).collect();
    // The menu of a usage limit is a dialog to the status file and may be one to the screen; the limit says more.
    let only_dialogs = asking.iter().all(|&i| matches!(claims[i].reason, None | Some(Reason::Dialog)));
    // An event tells of the moment in which the limit was hit; what lasts shows the limit beside the dialog.
    let its_menu = limits.iter().any(|&l| {
        let menu_until = later(claims[l].evidence.at, MENU_WITHIN);
        !claims[l].is_event() || asking.iter().all(|&i| claims[i].since <= menu_until)
    });
    if !asking.is_empty() && its_menu && only_dialogs {
        for i in asking {
            claims[i].drop("it is the menu of the usage limit");
        }
        let best = limits.into_iter().min_by_key(|&i| w.order(&claims[i]))?;
        return Some(limited(claims, best));
    }
    // What is visible is the proof a person would check; then the precedence.
    let best =
        *asking.iter().min_by_key(|&&i| (claims[i].source() != Source::Screen, w.order(&claims[i])))?;
    let exact = |r: Option<Reason>| matches!(r, Some(Reason::Permission | Reason::Question | Reason::Auth));
    let reason = Some(claims[best].reason)
        .filter(|r| exact(*r))
        .or_else(|| asking.iter().map(|&i| claims[i].reason).find(|r| exact(*r)))
        .unwrap_or(claims[best].reason);
    Some(Verdict { status: Status::Waiting, reason, ..claims[best].verdict() })
}

impl Weighing<'_> {
    /// Sorts by precedence; sources that never decide come last.
    fn order(&self, claim: &Claim) -> usize {
        self.policy.rank(claim.source()).unwrap_or(usize::MAX)
    }
}

/// The standing claim of the strongest source that says "working" or "resting".
fn strongest(w: &Weighing<'_>, claims: &[Claim]) -> Option<usize> {
    (0..claims.len())
        .filter(|&i| claims[i].stands() && matches!(claims[i].class, Class::Busy | Class::Resting))
        .filter(|&i| w.policy.rank(claims[i].source()).is_some())
        .min_by_key(|&i| w.order(&claims[i]))
}

/// A live spinner beats a single source that says "resting"; two of them, or a spinner that does not move, beat it.
fn overruled_by_spinner(w: &mut Weighing<'_>, claims: &mut [Claim], first: usize) -> usize {
    // Some agents spin in the title.
    let spins = |c: &Claim| matches!(c.source(), Source::Screen | Source::Title) && c.class == Class::Busy;
    let spinner = claims.iter().position(|c| c.stands() && spins(c));
    let (Class::Resting, Some(spinner)) = (claims[first].class, spinner) else { return first };
    // Between screen and title the precedence decides.
    let looks = !claims[first].is_structured();
    if w.policy.rank(claims[spinner].source()).is_none() || looks {
        return first;
    }
    let resting: Vec<(Source, Timestamp)> = claims
        .iter()
        .filter(|c| c.stands() && c.class == Class::Resting && c.is_structured())
        .map(|c| (c.source(), c.since))
        .collect();
    let several = resting.iter().any(|(s, _)| *s != resting[0].0);
    let newest = resting.iter().map(|(_, since)| *since).max();
    if several && newest.is_some_and(|since| w.due(later(since, w.policy.confirm()))) {
        claims[spinner].drop("two sources that do not look at the screen say otherwise");
        return first;
    }
    if !w.output_is_live() {
        claims[spinner].drop("the spinner does not move");
        return first;
    }
    spinner
}

fn busy(w: &Weighing<'_>, claims: &[Claim], first: usize) -> Verdict {
    let mut verdict = claims[first].verdict();
    // "Working" is true of a retry, of compaction, of background work: the claim that says which is more exact.
    let exact = (0..claims.len())
        .filter(|&i| claims[i].stands() && claims[i].class == Class::Busy && claims[i].reason.is_some())
        .min_by_key(|&i| w.order(&claims[i]));
    if let (None, Some(exact)) = (verdict.reason, exact) {
        verdict.reason = claims[exact].reason;
        verdict.until = claims[exact].until.or(verdict.until);
    }
    verdict
}

fn resting(w: &mut Weighing<'_>, claims: &[Claim], first: usize, process: &ProcessFact) -> Verdict {
    let best = |status: Status| {
        (0..claims.len())
            .filter(|&i| {
                claims[i].stands() && claims[i].class == Class::Resting && claims[i].status == status
            })
            .min_by_key(|&i| w.order(&claims[i]))
    };
    if let Some(limit) = best(Status::Limited) {
        return limited(claims, limit);
    }
    if let Some(error) = best(Status::Error) {
        let mut verdict = claims[error].verdict();
        // A state sequence says that it failed, the screen says why.
        let mut errors = claims.iter().filter(|c| c.stands() && c.status == Status::Error);
        verdict.reason = verdict.reason.or_else(|| errors.find_map(|c| c.reason));
        return verdict;
    }
    if let ProcessFact::Alive { foreground: Foreground::Other(name), .. } = process
        && !w.screen_is_ours
    {
        let text = crate::text::clip(&crate::text::one_line(name), 60);
        let rule = "process:foreground".to_owned();
        let proof =
            Proof { source: Source::Process, rule, text: format!("{text} holds the pane"), at: w.now };
        return Verdict { proof: Some(proof), ..Verdict::UNKNOWN };
    }
    let screen = w.screen().map(|s| &s.evidence);
    let screen_status = screen.and_then(|e| e.status);
    if screen_status == Some(Status::Starting) {
        return screen.map_or(Verdict::UNKNOWN, |e| starting(Some(e.proof())));
    }
    if let (None, Some(e)) = (screen_status, screen.filter(|e| e.composer == Some(false))) {
        let proof = Proof { text: "something covers the composer".to_owned(), ..e.proof() };
        return Verdict { proof: Some(proof), ..Verdict::UNKNOWN };
    }
    // A record of the last turn knows nothing of what has covered the composer since.
    let sees_composer =
        screen_status == Some(Status::Idle) || screen.is_some_and(|e| e.composer == Some(true));
    if claims[first].source() == Source::Transcript && !sees_composer {
        return Verdict::UNKNOWN;
    }
    let by_title = claims[first].source() == Source::Title;
    if by_title && !w.policy.title_proves_idle && screen_status != Some(Status::Idle) {
        return Verdict::UNKNOWN;
    }
    claims[first].verdict()
}

/// The limit with the most exact reset time that anybody names.
fn limited(claims: &[Claim], best: usize) -> Verdict {
    let mut verdict = claims[best].verdict();
    let exact = claims.iter().filter(|c| c.stands() && c.status == Status::Limited && c.until.is_some());
    // A transcript has the second, a screen rounds to the hour.
    let exact = exact.min_by_key(|c| (c.source() != Source::Transcript, c.source() != Source::Hook));
    verdict.until = exact.map_or(verdict.until, |c| c.until);
    verdict.reason = verdict.reason.or(Some(Reason::UsageLimit));
    verdict
}

/// Nothing says "working" or "resting".
fn unproven(w: &mut Weighing<'_>, claims: &[Claim], process: &ProcessFact, previous: &Verdict) -> Verdict {
    if let ProcessFact::Alive { foreground: Foreground::Other(_), .. } = process
        && !w.screen_is_ours
    {
        return Verdict::UNKNOWN;
    }
    if let Some(blank) = claims.iter().find(|c| c.class == Class::Starting) {
        return starting(Some(blank.evidence.proof()));
    }
    if previous.status == Status::Starting && !w.board.slots().iter().any(|s| has_shown_itself(&s.evidence)) {
        let began = previous.proof.as_ref().map(|p| p.at);
        if began.is_none_or(|at| !w.due(later(at, STARTING_MAX))) {
            return previous.clone();
        }
        return Verdict::UNKNOWN;
    }
    let silent =
        w.screen().map(|s| Proof { text: "no rule fits this screen".to_owned(), ..s.evidence.proof() });
    Verdict { proof: silent, ..Verdict::UNKNOWN }
}

/// Whether this evidence means that the agent is past its start.
fn has_shown_itself(evidence: &Evidence) -> bool {
    evidence.composer == Some(true)
        || evidence.status.is_some_and(|s| !matches!(s, Status::Starting | Status::Unknown | Status::Exited))
}

fn starting(proof: Option<Proof>) -> Verdict {
    Verdict { status: Status::Starting, reason: None, until: None, proof }
}

fn explain(claims: &[Claim], verdict: &Verdict) -> Vec<Used> {
    let is_proof = |e: &Evidence| {
        verdict.proof.as_ref().is_some_and(|p| (p.source, p.at) == (e.source, e.at) && p.rule == e.rule)
    };
    claims
        .iter()
        .map(|c| {
            let outcome = match c.dropped {
                _ if is_proof(&c.evidence) => Outcome::Decided,
                Some(why) => Outcome::Overruled(why),
                None if c.class == Class::Silent => Outcome::Silent,
                None if Some(c.status) == Some(verdict.status) => Outcome::Agrees,
                None => Outcome::Overruled("another source is believed first"),
            };
            used(&c.evidence, c.kept, outcome)
        })
        .collect()
}

fn used(evidence: &Evidence, kept: Option<&'static str>, outcome: Outcome) -> Used {
    let Evidence { source, status, reason, at, .. } = *evidence;
    let (rule, text) = (evidence.rule.clone(), evidence.text.clone());
    Used { source, rule, status, reason, text, at, kept, outcome }
}

/// `at` plus `by`, at most the end of time.
fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
