//! What panes write, and which of them are heard at all.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::sample::{Pace, Paused};
use super::session::Flow;
use super::{COALESCE, Watcher};
use crate::observe::evidence::Evidence;
use crate::observe::osc;
use crate::state::EventKind;
use crate::status::{Source, Status};
use crate::tmux::{PaneId, SessionId};

/// A pane whose output still comes so long after it was asked to stop is asked again: another client hears it too.
const HUSH_AGAIN: Duration = Duration::from_millis(500);

/// So long a pane is heard, however it animates, after it has told that it waits: Codex 0.169 spins on for up to a second
/// before it paints what it asks, when somebody has just typed.
const ASKS: Duration = Duration::from_secs(3);

/// From so many animated panes on, when they are half of all, nothing is heard.
const DEAF_FROM: usize = 16;
/// For at least so long.
const DEAF_FOR: Duration = Duration::from_secs(5);

impl Watcher {
    /// A pane wrote something: state sequences are evidence at once, the screen is read a little later.
    pub(super) async fn output(&mut self, session: SessionId, id: PaneId, data: &[u8]) {
        let now = Instant::now();
        let Some(pane) = self.panes.get_mut(&id) else { return self.mute(session, id, now) };
        if let Some(paused) = &mut pane.paused {
            // What was under way still arrives.
            if now.duration_since(paused.hushed) >= HUSH_AGAIN {
                paused.hushed = now;
                self.hush(session, id);
            }
            return;
        }
        let at = (self.now)();
        let mut found = Vec::new();
        pane.scanner.feed(data, &mut |event| {
            if let osc::TermEvent::State(state) = event {
                // `clear` takes back what was said.
                found.push(state.evidence(at).unwrap_or_else(|| silent("osc:clear", at)));
            }
        });
        pane.tells_state |= !found.is_empty();
        if let Some(last) = found.last() {
            // From the first time: it may say so again with each frame.
            let waits = last.status == Some(Status::Waiting);
            pane.asked = waits.then(|| pane.asked.unwrap_or(now));
        }
        let asks = pane.asked.is_some_and(|at| now.duration_since(at) < ASKS);
        if pane.pace.wrote(now, data.len()) && !asks {
            found.extend(pane.tells_state.then(|| silent("osc:paused", at)));
            self.pause(id, now);
        } else {
            self.mark(id);
        }
        for evidence in found {
            let _ = self.events.send(EventKind::Evidence { pane: id, evidence }).await;
        }
    }

    /// The output of a pane that is not ours is of no use.
    pub(super) fn mute(&mut self, session: SessionId, id: PaneId, now: Instant) {
        if self.muted.get(&id).is_none_or(|at| now.duration_since(*at) >= HUSH_AGAIN) {
            self.muted.insert(id, now);
            self.hush(session, id);
        }
    }

    pub(super) fn hush(&self, session: SessionId, id: PaneId) {
        if let Some(session) = self.sessions.get(&session) {
            session.order(if self.deaf.is_some() { Flow::Deaf } else { Flow::Pause(id) });
        }
    }

    /// tmux stopped a pane's output: because it was asked to, or because we read too slowly.
    pub(super) fn stopped(&mut self, session: SessionId, id: PaneId) {
        let asked = self.panes.get(&id).map_or(self.muted.contains_key(&id), |pane| pane.paused.is_some());
        if !asked {
            tracing::debug!("{session} {id} paused by tmux");
            if let Some(pane) = self.panes.get_mut(&id) {
                pane.scanner.reset();
            }
            self.mark(id);
            if let Some(session) = self.sessions.get(&session) {
                session.order(Flow::Continue(id));
            }
        }
    }

    /// From hearing a pane to sampling it. Its state sequences are lost from now on: what they said proves nothing more.
    pub(super) fn pause(&mut self, id: PaneId, now: Instant) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        tracing::debug!("{id} animates without pause; it is sampled");
        pane.paused = Some(Paused::new(now));
        pane.dirty = true;
        pane.scanner.reset();
        self.order(Flow::Pause(id));
        let first = now + self.sample_after(1, Duration::ZERO);
        self.sample_at = Some(self.sample_at.map_or(first, |at| at.min(first)));
        self.schedule_flush(COALESCE);
    }

    /// Whether to hear at all. A client whose panes are all paused still costs the server: every turn of its loop asks
    /// each pane for each such client. Where most panes animate, nothing is heard and all are sampled.
    pub(super) fn hear_or_not(&mut self, now: Instant) {
        let all = self.panes.len();
        let restless =
            self.panes.values().filter(|p| p.paused.as_ref().is_some_and(|p| !p.is_calm(now))).count();
        match self.deaf {
            None if restless >= DEAF_FROM && restless * 2 >= all => {
                tracing::debug!("{restless} of {all} panes animate; none is heard");
                self.deaf = Some(now);
                self.order(Flow::Deaf);
                for pane in self.panes.values_mut().filter(|pane| pane.paused.is_none()) {
                    pane.paused = Some(Paused::new(now));
                    pane.scanner.reset();
                    pane.dirty = true;
                }
                self.schedule_flush(COALESCE);
            }
            Some(since)
                if now.duration_since(since) >= DEAF_FOR
                    && (restless < DEAF_FROM / 2 || restless * 4 < all) =>
            {
                tracing::debug!("{restless} of {all} panes animate; the others are heard again");
                self.deaf = None;
                self.order(Flow::Hear);
                let ids: Vec<(PaneId, bool)> = self
                    .panes
                    .iter()
                    .filter_map(|(id, pane)| Some((*id, pane.paused.as_ref()?.is_calm(now) || pane.dead)))
                    .collect();
                for (id, calm) in ids {
                    if calm {
                        self.resume(id);
                    } else {
                        self.order(Flow::Pause(id));
                    }
                }
            }
            _ => {}
        }
    }

    /// From sampling a pane to hearing it, where anything is heard.
    pub(super) fn resume(&mut self, id: PaneId) {
        if self.deaf.is_some() {
            return;
        }
        let Some(pane) = self.panes.get_mut(&id) else { return };
        if pane.paused.take().is_some() {
            tracing::debug!("{id} is calm; it is heard again");
            pane.pace = Pace::default();
            pane.scanner.reset();
            // What it wrote between the last look and now is not heard.
            pane.dirty = true;
            self.order(Flow::Continue(id));
            self.schedule_flush(COALESCE);
        }
    }

    pub(super) fn mark_all(&mut self) {
        let all: Vec<PaneId> = self.panes.keys().copied().collect();
        for pane in all {
            self.mark(pane);
        }
    }

    pub(super) fn mark(&mut self, id: PaneId) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        if !pane.dirty {
            pane.dirty = true;
            let rest = pane.rest(Instant::now());
            self.schedule_flush(COALESCE.max(rest));
        }
    }
}

/// Evidence that says nothing: it takes back what the source said before.
fn silent(rule: &str, at: Timestamp) -> Evidence {
    Evidence::new(Source::Osc, rule, at)
}
