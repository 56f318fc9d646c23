//! How often frames are drawn: ten a second at most in the long run, and a person's keys at once.

use std::time::Duration;

use tokio::time::Instant;

/// The time between two frames for what agents do.
const GAP: Duration = Duration::from_millis(100);
/// How many frames may be drawn early for what the person does before the long-run rate holds for those too.
const SPARE: u32 = 4;

/// A budget of frames that fills at the long-run rate.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the last frame was drawn.
    last: Instant,
    /// When the budget will be full again.
    full_at: Instant,
}

impl Pace {
    /// A full budget.
    pub(super) fn new(now: Instant) -> Self {
        Self { last: now.checked_sub(GAP).unwrap_or(now), full_at: now }
    }

    /// When the next frame may be drawn; for what the person did when `person`.
    pub(super) fn next(&self, person: bool) -> Instant {
        let regular = self.last + GAP;
        let early = self.full_at.checked_sub(GAP * SPARE).unwrap_or(regular);
        if person { early.min(regular) } else { regular }
    }

    /// Whether a frame may be drawn now.
    pub(super) fn allows(&self, now: Instant, person: bool) -> bool {
        now >= self.next(person)
    }

    /// A frame was drawn.
    pub(super) fn drawn(&mut self, now: Instant) {
        self.last = now;
        self.full_at = self.full_at.max(now) + GAP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn agents_get_ten_frames_a_second_and_a_person_some_more_at_once() {
        let mut pace = Pace::new(Instant::now());
        let mut frames = 0;
        for _ in 0..1000 {
            tokio::time::advance(Duration::from_millis(1)).await;
            if pace.allows(Instant::now(), false) {
                pace.drawn(Instant::now());
                frames += 1;
            }
        }
        assert!((10..=11).contains(&frames), "{frames}");
        let burst = (0..20).take_while(|_| {
            let may = pace.allows(Instant::now(), true);
            if may {
                pace.drawn(Instant::now());
            }
            may
        });
        assert!((3..=5).contains(&burst.count()));
        let mut frames = 0;
        for _ in 0..10_000 {
            tokio::time::advance(Duration::from_millis(1)).await;
            if pace.allows(Instant::now(), frames % 2 == 0) {
                pace.drawn(Instant::now());
                frames += 1;
            }
        }
        assert!((98..=105).contains(&frames), "{frames} in ten seconds of both");
    }
}
