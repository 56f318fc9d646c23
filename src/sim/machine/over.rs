//! How a turn ends: well, in an error, at a limit, by leaving something in the background, or with the agent.

use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::prompt::Prompt;
use super::super::script::{BackgroundKind, LimitMode, Span, Step};
use super::turn::{Doing, Turn, clock};
use super::{Act, Block, Ending, Limited, Machine, Now, Phase, Wake};

/// How long after a turn the idle notification comes (Claude Code 2.1.329: 60 s).
const NUDGE_AFTER: Duration = Duration::from_secs(60);

impl Machine {
    /// The steps after which the turn is over.
    pub(super) fn ending_step(&mut self, step: Step, now: Now) {
        match step {
            Step::Error { kind, status, text } => self.fail(&kind, status, &text, now),
            Step::Limit { resets_in, mode, name } => self.limit(resets_in, mode, &name, now),
            Step::Background { kind, span } => self.leave(Some(kind), span, now),
            Step::Idle { span } => self.leave(None, span, now),
            Step::Crash { once: true, .. } if self.who.resumed.is_some() => {
                if let Some(turn) = &mut self.turn {
                    turn.doing = Doing::Next;
                }
            }
            Step::Crash { code, signal, text, .. } => {
                self.phase = Phase::Ended;
                self.published = None;
                self.acts.push(Act::End(Ending::Crash { code, signal, text }));
            }
            _ => self.exit("prompt_input_exit"),
        }
    }

    pub(super) fn compacted(&mut self, to: u64, auto: bool, now: Now) {
        let trigger = if auto { "auto" } else { "manual" };
        let before = self.context;
        let extra = json!({ "content": "Conversation compacted",
            "compactMetadata": { "trigger": trigger, "preTokens": before } });
        let record = self.scribe.system("compact_boundary", &extra, now.wall);
        self.acts.push(Act::Record(record));
        self.context = to;
        self.cached = 0;
        self.fresh = to;
        self.blocks.push(Block::Note("Conversation compacted".to_owned()));
        self.hook("PostCompact", &json!({ "trigger": trigger }));
        let model = self.model().to_owned();
        self.hook("SessionStart", &json!({ "source": "compact", "model": model }));
        if let Some(turn) = &mut self.turn {
            turn.doing = Doing::Next;
        }
    }

    /// The turn's normal end.
    pub(super) fn stop(&mut self, now: Now) {
        let Some(turn) = self.turn.take() else { return };
        self.close(&turn, "", now);
        self.next_queued(now);
    }

    pub(super) fn close(&mut self, turn: &Turn, suffix: &str, now: Now) {
        let took = now.at.saturating_sub(turn.from);
        let clock = now.wall.to_zoned(TimeZone::UTC).strftime("%-I:%M %p").to_string();
        self.blocks.push(Block::Done(format!(
            "✻ {} for {}s · done {clock}{suffix}",
            past(turn.verb),
            took.as_secs()
        )));
        let record =
            self.scribe.system("turn_duration", &json!({ "durationMs": took.as_millis() as u64 }), now.wall);
        self.acts.push(Act::Record(record));
        let background: Vec<Value> = self
            .wakes
            .iter()
            .filter_map(|w| w.kind)
            .map(|kind| json!({ "type": if kind == BackgroundKind::Shell { "shell" } else { "agent" } }))
            .collect();
        let active = std::mem::take(&mut self.stop_active);
        self.hook(
            "Stop",
            &json!({ "stop_hook_active": active, "last_assistant_message": turn.last,
                "background_tasks": background, "session_crons": [] }),
        );
        self.nudge = Some(now.at + NUDGE_AFTER);
    }

    pub(super) fn next_queued(&mut self, now: Now) {
        if self.queue.is_empty() {
            return;
        }
        let (shown, sent) = self.queue.remove(0);
        if let Some(at) = self.blocks.iter().position(|b| *b == Block::Queued(shown.clone())) {
            self.blocks.remove(at);
        }
        self.run_prompt(&shown, &sent, now);
    }

    pub(super) fn fail(&mut self, kind: &str, status: u16, text: &str, now: Now) {
        let Some(_turn) = self.turn.take() else { return };
        let record = self.scribe.api_error(kind, status, text, now.wall);
        self.acts.push(Act::Record(record));
        self.hook("StopFailure", &json!({ "error": kind, "last_assistant_message": text }));
        self.blocks.push(Block::Error(text.to_owned()));
        self.error = true;
        let hint = match kind {
            "authentication_failed" | "billing_error" => "Once fixed, resend your message",
            _ => "Resend your message to try again",
        };
        hint.clone_into(&mut self.placeholder);
        self.next_queued(now);
    }

    pub(super) fn limit(&mut self, resets_in: Span, mode: LimitMode, name: &str, now: Now) {
        let until = jiff::SignedDuration::try_from(resets_in.0)
            .ok()
            .and_then(|span| now.wall.checked_add(span).ok())
            .unwrap_or(now.wall);
        let text = format!("You've hit your {name} · resets {} (UTC)", clock(until));
        let record = self.scribe.limit(&text, until, now.wall);
        self.acts.push(Act::Record(record));
        self.hook("StopFailure", &json!({ "error": "rate_limit", "last_assistant_message": text }));
        self.blocks.push(Block::Note(text));
        let Some(turn) = self.turn.take() else { return };
        self.limited = Some(Limited { until, program: turn.program.clone(), prompt: turn.shown.clone() });
        if mode == LimitMode::Menu {
            self.prompt = Some(Prompt::limit());
        }
    }

    /// The menu of a limit was answered: the agent waits, as if it had decided so itself.
    pub(super) fn finish_turn_waiting(&mut self) {
        self.turn = None;
    }

    /// The turn is over for the person; something goes on by itself later.
    pub(super) fn leave(&mut self, kind: Option<BackgroundKind>, span: Span, now: Now) {
        let at = now.at + self.scaled(span);
        let Some(turn) = self.turn.take() else { return };
        let subagent = (kind == Some(BackgroundKind::Agent)).then(|| self.subagent_starts(&turn.shown, now));
        let (program, prompt) = (turn.program.clone(), turn.shown.clone());
        self.wakes.push(Wake { at, kind, subagent, program, prompt });
        let suffix = if kind == Some(BackgroundKind::Shell) { " · 1 shell still running" } else { "" };
        self.close(&turn, suffix, now);
        self.next_queued(now);
    }
}

fn past(verb: &str) -> String {
    verb.strip_suffix("ing")
        .map_or_else(|| verb.to_owned(), |stem| format!("{}ed", stem.trim_end_matches('e')))
}
