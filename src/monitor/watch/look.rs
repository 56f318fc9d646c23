//! Looking at panes: a sample of those that animate, a capture of those that changed.

use std::time::Duration;

use tokio::time::Instant;

use super::pane::{PER_PANE, Pane};
use super::{AUDIT_SOON, COALESCE, Watcher, reading, sample};
use crate::error::Result;
use crate::observe::screen::{Screen, classify};
use crate::state::{EventKind, Seen};
use crate::status::Status;
use crate::tmux::command::Capture;
use crate::tmux::{Command, PaneId, PaneRow, Reply, format};

/// How often the state hears that a pane goes on writing while its screen says the same.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

impl Watcher {
    /// Looks at all paused panes at once, and fully at those that show something new.
    pub(super) async fn sample(&mut self, now: Instant) -> Result<()> {
        let paused: Vec<(PaneId, Command)> = self
            .panes
            .iter()
            .filter_map(|(id, pane)| {
                let rows = pane.paused.as_ref().filter(|_| !pane.dead)?.rows();
                Some((*id, Command::capture_pane(*id, Capture::Text, Some(rows))))
            })
            .collect();
        if paused.is_empty() {
            return Ok(());
        }
        let (ids, captures): (Vec<PaneId>, Vec<Command>) = paused.into_iter().unzip();
        let conn = self.hands.link.connection().await?;
        let mut commands = vec![Command::list_panes_as(sample::FORMAT)];
        commands.extend(captures);
        let mut replies = conn.batch(commands).await?.into_iter();
        let heads = sample::heads(replies.next().and_then(Result::ok).unwrap_or_default().bytes());
        let after = Instant::now();
        let mut gone = false;
        for (id, reply) in ids.iter().zip(replies) {
            let Some(pane) = self.panes.get_mut(id) else { continue };
            match (heads.get(id).filter(|head| !head.dead), reply, &mut pane.paused) {
                (Some(head), Ok(lines), Some(paused)) => {
                    pane.dirty |= paused.sampled(after, lines.bytes(), head.key);
                }
                _ => gone = true,
            }
        }
        if gone {
            self.schedule_audit(AUDIT_SOON);
        }
        self.sample_at = Some(after + self.sample_after(ids.len(), after.duration_since(now)));
        self.hear_or_not(after);
        if ids.iter().any(|id| self.panes.get(id).is_some_and(|pane| pane.dirty)) {
            self.flush(after).await?;
        }
        Ok(())
    }

    /// Captures every dirty pane in one batch and reports what changed.
    pub(super) async fn flush(&mut self, now: Instant) -> Result<()> {
        let due = |p: &Pane| p.dirty && p.rest(now) <= COALESCE;
        let dirty: Vec<PaneId> = self.panes.iter().filter(|(_, p)| due(p)).map(|(id, _)| *id).collect();
        if self.panes.values().any(|p| p.dirty && !due(p)) {
            self.schedule_flush(PER_PANE);
        }
        if dirty.is_empty() {
            return Ok(());
        }
        let conn = self.hands.link.connection().await?;
        // The variables after the screen: a screen is never older than the facts it is read with.
        let look = |id: &PaneId| {
            let variables = Command::display_message(*id, format::pane_format());
            [Command::capture_pane(*id, Capture::Text, None), variables]
        };
        let mut replies = conn.batch(dirty.iter().flat_map(look).collect()).await?.into_iter();
        for id in dirty {
            let (screen, row) = (replies.next(), replies.next());
            let Some(pane) = self.panes.get_mut(&id) else { continue };
            pane.dirty = false;
            pane.captured = Some(now);
            let (Some(Ok(screen)), Some(Ok(row))) = (screen, row) else { continue };
            // tmux answers for another pane when this one is gone.
            let Some(row) = format::panes(row.bytes()).into_iter().find(|row| row.pane == id) else {
                continue;
            };
            self.look(id, &screen, &row, now).await;
        }
        self.look_at_tenants();
        Ok(())
    }

    /// Reads one capture and tells the state what is new.
    pub(super) async fn look(&mut self, id: PaneId, screen: &Reply, row: &PaneRow, now: Instant) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        pane.looked(row);
        pane.meet(row);
        if let Some(paused) = &mut pane.paused {
            paused.aim(screen.bytes(), row.height);
        }
        let hash = reading::fingerprint(screen.bytes(), row);
        let still = hash == pane.hash;
        if still && !pane.unread {
            if pane.paused.as_ref().is_some_and(|paused| paused.is_calm(now)) {
                self.resume(id);
            }
            return;
        }
        let shape = reading::shape(screen.bytes(), row);
        pane.hash = hash;
        // What differs in numbers only is read once it stays: the next prompt may be about another one.
        pane.unread = !still && pane.says_the_same(shape, now);
        if pane.unread {
            return self.sign_of_life(id, now).await;
        }
        pane.read = Some((shape, now));
        let Some(profile) = self.hands.profiles.get(&pane.watched.profile) else { return };
        let screen = Screen::parse(screen.bytes(), reading::vars(row));
        let read = classify(&profile, &screen);
        let at = (self.now)();
        pane.until = reading::until(&read, pane.until.take(), at);
        let mut seen = reading::seen(&read, pane.until.as_ref().map(|(_, until)| *until), at);
        if row.dead && seen.last_line.is_none() {
            seen.last_line = pane.last.as_ref().and_then(|last| last.last_line.clone());
        }
        if pane.last.as_ref().is_some_and(|last| reading::same(last, &seen)) {
            if !still {
                self.sign_of_life(id, now).await;
            }
            return;
        }
        let said = |seen: &Seen| seen.evidence.first().and_then(|evidence| evidence.status);
        let turned = pane.last.as_ref().map(said) != Some(said(&seen)) && read.status != Status::Working;
        pane.told = Some(now);
        pane.last = Some(seen.clone());
        let _ = self.events.send(EventKind::Screen { pane: id, seen: Box::new(seen) }).await;
        if turned {
            // What it was doing is over, and the animation with it.
            self.resume(id);
        }
    }

    /// The pane goes on writing, though its screen says the same.
    pub(super) async fn sign_of_life(&mut self, id: PaneId, now: Instant) {
        let Some(pane) = self.panes.get_mut(&id) else { return };
        if pane.told.is_none_or(|t| now.duration_since(t) >= SIGN_OF_LIFE) {
            pane.told = Some(now);
            let _ = self.events.send(EventKind::Output { pane: id }).await;
        }
    }
}
