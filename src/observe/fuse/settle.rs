//! Flap control: `working` is left on a second proof or after a short quiet time; what asks for a person is never held
//! back.

use jiff::Timestamp;

use super::claims::{Claim, Class};
use super::{Weighing, later};
use crate::status::{Status, Verdict};

/// The verdict to show, given the one before.
pub(super) fn settle(
    w: &mut Weighing<'_>,
    claims: &[Claim],
    candidate: Verdict,
    previous: &Verdict,
) -> Verdict {
    // The menu of a usage limit asks for a person too.
    if w.screen().is_some_and(|s| s.evidence.status == Some(Status::Waiting)) {
        return candidate;
    }
    let since = match (previous.status, candidate.status) {
        (_, Status::Waiting | Status::Exited | Status::Working) | (Status::Unknown | Status::Exited, _) => {
            None
        }
        (Status::Working, Status::Idle | Status::Error | Status::Limited) => resting_since(claims),
        // A screen in the middle of being drawn. But what covers the composer must not be shown as idle.
        (Status::Idle, Status::Unknown | Status::Starting) => {
            w.screen().filter(|s| s.evidence.composer == Some(true)).map(|s| s.since)
        }
        (_, Status::Unknown | Status::Starting) if previous.status != candidate.status => {
            w.screen().map(|s| s.since)
        }
        _ => None,
    };
    let Some(since) = since else { return candidate };
    if w.due(later(since, w.policy.confirm())) { candidate } else { previous.clone() }
}

/// Since when a lone source has been saying that the agent rests; `None` when a second one agrees.
fn resting_since(claims: &[Claim]) -> Option<Timestamp> {
    let resting: Vec<&Claim> = claims.iter().filter(|c| c.stands() && c.class == Class::Resting).collect();
    let several = resting.iter().any(|c| c.source() != resting[0].source());
    if several { None } else { resting.iter().map(|c| c.since).max() }
}
