//! Which claims still stand: each source fails in its own way, and time wears claims out.

use jiff::Timestamp;

use super::{Weighing, later};
use crate::observe::evidence::{Evidence, Slot};
use crate::status::{Proof, Reason, Source, Status, Verdict};

/// What a claim comes down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// A person is asked.
    Asking,
    /// It works.
    Busy,
    /// It does not work: idle, error, limit.
    Resting,
    /// It has not shown itself yet.
    Starting,
    /// It says nothing.
    Silent,
}

/// A piece of evidence, and whether it still stands.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) evidence: Evidence,
    pub(super) class: Class,
    pub(super) status: Status,
    pub(super) reason: Option<Reason>,
    pub(super) until: Option<Timestamp>,
    /// Since when the source has been saying so.
    pub(super) since: Timestamp,
    /// What it is remembered for, although its source has said something else since.
    pub(super) kept: Option<&'static str>,
    /// Why it no longer stands.
    pub(super) dropped: Option<&'static str>,
}

impl Claim {
    fn new(evidence: &Evidence, since: Timestamp) -> Self {
        let status = evidence.status.unwrap_or(Status::Unknown);
        let class = match status {
            Status::Waiting => Class::Asking,
            Status::Working => Class::Busy,
            Status::Idle | Status::Error | Status::Limited => Class::Resting,
            Status::Starting => Class::Starting,
            // That an agent has exited is for the process to say: its words stay on the screen.
            Status::Exited | Status::Unknown => Class::Silent,
        };
        let (reason, until) = (evidence.reason, evidence.until);
        Self { evidence: evidence.clone(), class, status, reason, until, since, kept: None, dropped: None }
    }

    pub(super) fn source(&self) -> Source {
        self.evidence.source
    }

    pub(super) fn stands(&self) -> bool {
        self.dropped.is_none()
    }

    pub(super) fn drop(&mut self, why: &'static str) {
        self.dropped.get_or_insert(why);
    }

    /// Whether it does not come from looking at the pane.
    pub(super) fn is_structured(&self) -> bool {
        matches!(self.source(), Source::Osc | Source::StatusFile | Source::Hook | Source::Transcript)
    }

    /// Whether it is one event, after which the source may have nothing to say for a long time, whatever happens.
    pub(super) fn is_event(&self) -> bool {
        matches!(self.source(), Source::Hook | Source::Transcript)
    }

    pub(super) fn verdict(&self) -> Verdict {
        let proof: Option<Proof> = Some(self.evidence.proof());
        Verdict { status: self.status, reason: self.reason, until: self.until, proof }
    }
}

/// Every claim on the board, with those dropped that cannot hold any more.
pub(super) fn gather(w: &mut Weighing<'_>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = w
        .board
        .slots()
        .iter()
        .filter(|s| !matches!(s.evidence.source, Source::Process | Source::Swarm))
        .map(|s| Claim::new(&s.evidence, s.since))
        .collect();
    let turn = w.board.turn();
    let asking = turn.asking.as_ref().map(|a| ("an open question", &a.evidence));
    let failure = turn.failure.as_ref().map(|e| ("how the turn ended", e));
    for (what, evidence) in [asking, failure].into_iter().flatten() {
        if !claims.iter().any(|c| c.evidence == *evidence) {
            claims.push(Claim { kept: Some(what), ..Claim::new(evidence, evidence.at) });
        }
    }
    name_the_reset(&mut claims);
    for claim in &mut claims {
        adjust(w, claim);
    }
    for claim in &mut claims {
        if claim.is_event() {
            by_later_event(w, claim);
            wear_out(w, claim);
        }
    }
    claims
}

/// Hook and transcript tell of the same turns: what one of them said is over when the other has said something later.
fn by_later_event(w: &Weighing<'_>, claim: &mut Claim) {
    if claim.class == Class::Asking && w.board.settled().is_some_and(|at| at > claim.evidence.at) {
        claim.drop("it was answered");
        return;
    }
    let other = if claim.source() == Source::Hook { Source::Transcript } else { Source::Hook };
    let Some(later) = w.board.slot(other).filter(|s| s.evidence.at > claim.evidence.at) else { return };
    match (claim.class, later.evidence.status) {
        // Background work outlives the turn.
        (Class::Busy, Some(Status::Idle | Status::Error | Status::Limited))
            if claim.reason != Some(Reason::Background) =>
        {
            claim.drop("a later event says that the turn is over");
        }
        (Class::Resting, Some(Status::Working)) if later.evidence.reason != Some(Reason::Background) => {
            claim.drop("a later event says that it works");
        }
        _ => {}
    }
}

/// A hook says that a limit was hit, the screen says until when: both speak of the same limit, and end with it. Not so a
/// limit that was hit after the reset which an old screen still names.
fn name_the_reset(claims: &mut [Claim]) {
    let named = claims.iter().filter(|c| c.status == Status::Limited).filter_map(|c| {
        // A transcript has the second, a screen rounds to the hour.
        Some(((c.source() != Source::Transcript, c.source() != Source::Hook), c.until?))
    });
    let Some((_, until)) = named.min() else { return };
    for claim in claims.iter_mut().filter(|c| c.status == Status::Limited && c.evidence.at < until) {
        claim.until.get_or_insert(until);
    }
}

/// What a claim means, given everything else that is known.
fn adjust(w: &mut Weighing<'_>, claim: &mut Claim) {
    // The payload is the same for an idle and for a working agent.
    if claim.source() == Source::Statusline {
        (claim.class, claim.status) = (Class::Silent, Status::Unknown);
        return;
    }
    let of_pane = matches!(claim.source(), Source::Screen | Source::Title);
    if of_pane && !w.screen_is_ours && claim.class != Class::Silent {
        claim.drop("another program holds the pane");
        return;
    }
    // "Waits for your input" comes a minute after the turn ended, background work or not.
    if claim.source() == Source::Hook && claim.status == Status::Idle && w.board.turn().background > 0 {
        (claim.class, claim.status, claim.reason) = (Class::Busy, Status::Working, Some(Reason::Background));
    }
    if claim.status == Status::Limited && claim.until.is_some_and(|until| w.due(until)) {
        match (claim.source(), claim.evidence.composer) {
            (Source::Screen, Some(false)) => {
                (claim.class, claim.status, claim.reason) =
                    (Class::Asking, Status::Waiting, Some(Reason::Dialog));
            }
            (Source::Screen, _) => (claim.status, claim.reason) = (Status::Idle, None),
            _ => claim.drop("the limit was reset"),
        }
        claim.until = None;
    }
}

/// An event proves what was; what lasts and sees it differently, proves what is.
fn wear_out(w: &mut Weighing<'_>, claim: &mut Claim) {
    match claim.class {
        Class::Asking => wear_out_asking(w, claim),
        Class::Busy if claim.reason == Some(Reason::Background) => wear_out_background(w, claim),
        Class::Busy => wear_out_busy(w, claim),
        Class::Resting => wear_out_resting(w, claim),
        Class::Starting | Class::Silent => {}
    }
}

/// Esc at a prompt fires no hook, and a prompt may be answered by the user's own hook without ever being shown.
fn wear_out_asking(w: &mut Weighing<'_>, claim: &mut Claim) {
    let visible_from = later(claim.evidence.at, w.policy.grace());
    for source in [Source::StatusFile, Source::Osc, Source::Screen] {
        let Some(slot) = level(w, source) else { continue };
        // Every prompt of every recorded agent replaces the composer.
        let otherwise = slot.evidence.composer == Some(true)
            || slot.evidence.status.is_some_and(|s| {
                matches!(s, Status::Working | Status::Idle | Status::Error | Status::Limited)
            });
        if otherwise && sees_since(w, slot, visible_from) {
            claim.drop("the prompt is not there any more");
            return;
        }
    }
}

/// Esc ends a turn without a hook.
fn wear_out_busy(w: &mut Weighing<'_>, claim: &mut Claim) {
    for source in [Source::StatusFile, Source::Osc] {
        let Some(slot) = level(w, source).filter(|s| rests(&s.evidence)) else { continue };
        if sees_since(w, slot, later(claim.evidence.at, w.policy.grace())) {
            claim.drop("the agent's own state says that the turn is over");
            return;
        }
    }
    if let Some(slot) = level(w, Source::Screen).filter(|s| rests(&s.evidence)) {
        let quiet_from = slot.since.max(later(claim.evidence.at, w.policy.grace()));
        if w.due(later(quiet_from, w.policy.confirm())) && sees_since(w, slot, quiet_from) {
            claim.drop("the screen shows that the turn is over");
            return;
        }
    }
    let supported = [Source::StatusFile, Source::Osc, Source::Screen, Source::Title]
        .into_iter()
        .any(|s| level(w, s).is_some_and(|s| s.evidence.status == Some(Status::Working)));
    if !supported && w.due(later(claim.evidence.at, w.policy.working_stale())) {
        claim.drop("too old, and nothing else says so");
    }
}

/// The screen shows a free composer while background work goes on: only the agent's own state, or time, ends this.
fn wear_out_background(w: &mut Weighing<'_>, claim: &mut Claim) {
    for source in [Source::StatusFile, Source::Osc] {
        let Some(slot) = level(w, source).filter(|s| rests(&s.evidence)) else { continue };
        if source == Source::StatusFile && sees_since(w, slot, later(claim.evidence.at, w.policy.grace())) {
            claim.drop("the agent's own state says that nothing runs");
            return;
        }
    }
    if w.due(later(claim.evidence.at, w.policy.background_stale())) {
        claim.drop("too old");
    }
}

/// A turn that began without a prompt: the agent woke itself, or a hook was lost.
fn wear_out_resting(w: &mut Weighing<'_>, claim: &mut Claim) {
    let state_rests = [Source::StatusFile, Source::Osc]
        .into_iter()
        .any(|s| level(w, s).is_some_and(|s| rests(&s.evidence)));
    for source in [Source::StatusFile, Source::Osc, Source::Screen, Source::Title] {
        let Some(slot) = level(w, source).filter(|s| s.evidence.status == Some(Status::Working)) else {
            continue;
        };
        if matches!(source, Source::Screen | Source::Title) && (state_rests || !w.output_is_live()) {
            continue;
        }
        let from = later(claim.evidence.at, w.policy.grace());
        let began_later = slot.since > claim.evidence.at;
        if began_later || sees_since(w, slot, from) {
            claim.drop("it works again");
            return;
        }
    }
    // A turn that was interrupted before the model answered leaves nothing in some transcripts.
    let from = later(claim.evidence.at, w.policy.grace());
    let worked = |source| level(w, source).and_then(|s| s.worked).is_some_and(|at| at > from);
    if claim.source() == Source::Transcript
        && [Source::StatusFile, Source::Osc, Source::Screen].into_iter().any(worked)
    {
        claim.drop("it has worked since");
    }
}

fn level<'a>(w: &Weighing<'a>, source: Source) -> Option<&'a Slot> {
    match source {
        Source::Screen => w.screen(),
        _ => w.board.slot(source),
    }
}

fn rests(evidence: &Evidence) -> bool {
    matches!(evidence.status, Some(Status::Idle | Status::Error | Status::Limited))
}

/// Whether what `slot` says was still true at `from`: it was said after that, or it lasts and `from` has come.
fn sees_since(w: &mut Weighing<'_>, slot: &Slot, from: Timestamp) -> bool {
    if slot.evidence.at >= from {
        return true;
    }
    // A screen that is older than the pane's last output will be read again in a moment.
    let outdated =
        slot.evidence.source == Source::Screen && w.board.last_output().is_some_and(|o| o > slot.evidence.at);
    w.due(from) && !outdated
}
