//! Submits a text to an agent as if a person had typed it, and proves what became of it.
//!
//! Types nothing into a pane that is not proven fit at that moment, never presses Enter on a guess, and never presses
//! digits, Escape or Ctrl-C. What is decided is in `machine`, which is pure; here it is done: each act on the pane is
//! one command inside tmux that first checks that the pane is still as it was seen (`look::Eye::unchanged`).

pub(super) mod compare;
pub mod dismiss;
pub mod heard;
pub mod interrupt;
pub mod live;
mod lock;
mod look;
mod machine;
mod repeat;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::agent::{Composed, HookKind, Profile, Submit, TranscriptKind};
use crate::delivery::{Level, Outcome, Proof, ProofSource, Receipt, Submission, Why};
use crate::observe::status_file;
use crate::tmux::{Command, Connection, PaneId};

use super::perform::Hands;
use compare::Ours;
use heard::Said;
use look::Eye;
use machine::{Action, Answer, Machine, Observation, Plan, Settled};
use repeat::Repeat;

/// So long after its start an agent may show another screen in the place of the one that was typed into.
const YOUNG: SignedDuration = SignedDuration::from_secs(30);
/// Keys that are never pressed to empty a composer, whatever a profile says.
const NEVER: [&str; 6] = ["Enter", "Escape", "C-c", "C-m", "C-j", "C-d"];

#[expect(clippy::disallowed_methods, reason = "a receipt says when it was settled")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Submits to the `instance` of an agent in `pane`.
pub async fn submit(
    hands: &Hands,
    pane: PaneId,
    profile: &str,
    instance: &str,
    submission: &Submission,
) -> Receipt {
    let refused = |why| Receipt::refused(Outcome::Blocked, why, now());
    let Some(profile) = hands.profiles.get(profile) else { return refused(Why::Unsupported) };
    let composed = match profile.compose(&submission.text) {
        Ok(composed) => composed,
        Err(why) => return refused(why),
    };
    let server = hands.link.spec().socket_path();
    let _lock = match lock::PaneLock::take(&hands.paths.runtime_dir, &server, pane, lock::PATIENCE).await {
        Ok(Some(lock)) => lock,
        Ok(None) => return refused(Why::Busy),
        Err(err) => {
            tracing::warn!("{err}");
            return refused(Why::Busy);
        }
    };
    let Ok(conn) = hands.link.connection().await else { return refused(Why::Tmux) };
    let marker = profile.data().submit.paste_marker.as_deref();
    let ours = Ours::new(&composed.text, submission.nonce.as_deref(), marker);
    let eye = eye(hands, conn, pane, &profile, instance, ours);
    let version = eye.status_file().and_then(|file| file.version);
    let how = profile.submit(version.as_deref());
    let said = hands.ears.listen();
    let settled = Run::new(eye, &profile, submission, &composed, &how, said).settle().await;
    let Settled { outcome, why, proof, entered, left } = settled;
    let proof = proof.map(|p| Proof { text: crate::text::clip(&crate::text::one_line(&p.text), 160), ..p });
    let changes = composed.changes;
    Receipt { outcome, reason: why, proof, entered, left_in_composer: left, changes, at: now() }
}

/// Looks at the pane of an agent, with all that is known of it.
fn eye(
    hands: &Hands,
    conn: Connection,
    pane: PaneId,
    profile: &Arc<Profile>,
    instance: &str,
    ours: Ours,
) -> Eye {
    let mut eye = Eye::new(conn, pane, profile.clone(), instance, ours, now);
    eye.watched = hands.ears.in_pane(pane, instance);
    eye.status_dir = eye.watched.as_ref().and_then(|watched| {
        let own = watched.config_dir.as_ref().map(|dir| dir.display().to_string());
        let var = |key: &str| own.clone().filter(|_| key == "CLAUDE_CONFIG_DIR");
        status_file::directory(profile.status_file(), &hands.paths, &var)
    });
    eye
}

/// A submission under way.
struct Run<'a> {
    eye: Eye,
    machine: Machine,
    pieces: Vec<String>,
    key: &'a str,
    clear: Vec<&'a str>,
    said: broadcast::Receiver<Arc<Said>>,
    transcript: Option<Repeat>,
    entered: bool,
}

impl<'a> Run<'a> {
    fn new(
        mut eye: Eye,
        profile: &'a Profile,
        submission: &Submission,
        composed: &Composed,
        how: &'a Submit,
        said: broadcast::Receiver<Arc<Said>>,
    ) -> Self {
        let pieces = how.chunk.map_or_else(|| vec![composed.text.clone()], |c| c.pieces(&composed.text));
        eye.ours.marks = pieces.len();
        let data = profile.data();
        let clear: Vec<&str> = data.keys.clear.iter().map(String::as_str).collect();
        let clears = !clear.is_empty() && !clear.iter().any(|key| NEVER.contains(key));
        let watched = eye.watched.is_some();
        let age = eye.watched.as_ref().map(|w| super::now().duration_since(w.started));
        let plan = Plan {
            known: submission.nonce.is_some() || submission.staged,
            while_working: submission.now && data.submit.queues_while_working,
            resend_after_error: profile.resend_after_error(),
            pieces: pieces.len(),
            size: (composed.text.len(), composed.text.lines().count()),
            gap: Duration::from_millis(how.gap_ms),
            piece_gap: Duration::from_millis(how.chunk.map_or(0, |c| c.gap_ms)),
            clears,
            listens: watched
                && (profile.hooks() != HookKind::None || profile.transcript() != TranscriptKind::None),
            young: age.is_some_and(|age| age < YOUNG),
        };
        let machine = Machine::new(plan);
        Self { eye, machine, pieces, key: &how.key, clear, said, transcript: None, entered: false }
    }

    /// Acts until it is settled.
    async fn settle(mut self) -> Settled {
        let began = Instant::now();
        let mut action = Action::Look(Duration::ZERO);
        loop {
            let seen = match action {
                Action::Done(settled) => return settled,
                Action::Look(after) => self.look(after).await,
                Action::LeaveMode => {
                    let leave = Command::cancel_mode(self.eye.pane);
                    let _ = self.eye.conn.one(leave).await;
                    self.look(Duration::from_millis(20)).await
                }
                Action::Paste(piece) => Observation::Answer(self.paste(piece).await),
                Action::Press => {
                    let watched = self.eye.watched.as_ref();
                    let kind = self.eye.profile.transcript();
                    self.transcript = watched.and_then(|w| Repeat::of(kind, w));
                    self.entered = true;
                    self.press(vec![Command::send_keys(self.eye.pane, &[self.key])]).await
                }
                Action::PressReturn => self.press(vec![Command::send_text(self.eye.pane, "\r")]).await,
                Action::Clear => self.press(vec![Command::send_keys(self.eye.pane, &self.clear)]).await,
            };
            tracing::trace!("{}: {seen:?}", self.eye.pane);
            action = self.machine.observe(began.elapsed(), seen);
        }
    }

    /// Looks after a while, or as soon as something is heard; a repetition of our text comes before any look.
    async fn look(&mut self, after: Duration) -> Observation {
        let until = tokio::time::sleep(after);
        tokio::pin!(until);
        loop {
            tokio::select! {
                biased;
                said = self.said.recv() => match said {
                    Ok(said) => match self.concerns(&said) {
                        Some(proof) => return Observation::Heard(proof),
                        None if self.is_here(&said) => break,
                        None => {}
                    },
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => {
                        until.await;
                        break;
                    }
                },
                () = &mut until => break,
            }
        }
        if let Some(transcript) = &mut self.transcript
            && transcript.found(&self.eye.ours)
        {
            let text = "the transcript repeats the text".to_owned();
            return Observation::Heard(Proof { level: Level::E3, source: ProofSource::Transcript, text });
        }
        Observation::Seen(Box::new(self.eye.look().await))
    }

    /// Whether it was said in this pane.
    fn is_here(&self, said: &Said) -> bool {
        let session = self.eye.watched.as_ref().and_then(|w| w.session.as_ref());
        match (&said.instance, &said.session) {
            (Some(instance), _) => *instance == self.eye.instance,
            (None, Some(of)) if session.is_some() => session == Some(of),
            _ => said.pane == Some(self.eye.pane),
        }
    }

    /// The proof, when the key was pressed and the agent repeats our text.
    fn concerns(&self, said: &Said) -> Option<Proof> {
        let prompt = said.prompt.as_ref().filter(|p| self.entered && self.eye.ours.is_in(p))?;
        self.is_here(said).then(|| Proof { level: Level::E3, source: said.source, text: prompt.clone() })
    }

    async fn paste(&mut self, piece: usize) -> Answer {
        let Some(text) = self.pieces.get(piece) else { return Answer::Unfit };
        let buffer = format!("swarm-{}", uuid::Uuid::new_v4().simple());
        let paste = Command::paste_buffer_if(self.eye.pane, &self.eye.unchanged(), &buffer);
        let commands = vec![Command::set_buffer(&buffer, text), paste];
        self.guarded(commands).await
    }

    async fn press(&mut self, keys: Vec<Command>) -> Observation {
        let then: Vec<Command> = keys.into_iter().chain([Command::say("done")]).collect();
        let unfit = [Command::say("unfit")];
        let press = Command::if_format(self.eye.pane, &self.eye.unchanged(), &then, &unfit);
        Observation::Answer(self.guarded(vec![press]).await)
    }

    /// Runs commands of which the last one checks and acts.
    async fn guarded(&mut self, commands: Vec<Command>) -> Answer {
        let replies = match self.eye.conn.batch(commands).await {
            Ok(replies) => replies,
            Err(err) => {
                tracing::warn!("{}: {err}", self.eye.pane);
                return Answer::Lost;
            }
        };
        match replies.into_iter().next_back() {
            Some(Ok(reply)) => {
                let done = reply.text().trim() == "done";
                self.eye.acted(done);
                if done { Answer::Done } else { Answer::Unfit }
            }
            Some(Err(said)) => {
                tracing::warn!("{}: tmux said {}", self.eye.pane, crate::text::one_line(&said));
                Answer::Lost
            }
            None => Answer::Lost,
        }
    }
}
