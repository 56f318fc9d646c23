//! What keys do to the machine.
//!
//! Keys come in batches, as one read of the terminal delivered them: a burst of characters is no key press, which is
//! how the real agents tell typing from pasting.

use std::time::Duration;

use serde_json::json;

use super::super::composer::Entered;
use super::super::prompt::{Answer, PromptKey, PromptKind};
use super::super::script::Span;
use super::super::script::Step;
use super::turn::Program;
use super::{Act, Block, Doing, Key, Machine, Mode, Now, Phase};

/// How long a second Ctrl-C ends the agent after the first.
const QUIT_WINDOW: Duration = Duration::from_secs(2);

impl Machine {
    /// One batch of keys.
    pub fn keys(&mut self, batch: &[Key], now: Now) -> Vec<Act> {
        let mut at = 0;
        while at < batch.len() && self.phase != Phase::Ended {
            let burst = batch[at..].iter().take_while(|k| matches!(k, Key::Char(_))).count();
            if burst > 1 {
                let text: String = batch[at..at + burst]
                    .iter()
                    .filter_map(|k| if let Key::Char(c) = k { Some(*c) } else { None })
                    .collect();
                // A prompt drops a burst; the box takes it.
                if self.prompt.is_none() {
                    self.composer.insert(&text);
                    self.last_burst = Some(now.at);
                }
                at += burst;
            } else {
                self.key(&batch[at], now);
                at += 1;
            }
        }
        self.advance(now);
        self.finish(now)
    }

    fn key(&mut self, key: &Key, now: Now) {
        self.nudge = None;
        if *key == Key::Ctrl('z') {
            self.acts.push(Act::Suspend);
        } else if self.prompt.is_some() {
            self.prompt_key(key, now);
        } else {
            self.box_key(key, now);
        }
    }

    fn prompt_key(&mut self, key: &Key, now: Now) {
        let key = match key {
            Key::Enter => PromptKey::Enter,
            Key::Escape | Key::Ctrl('c') => PromptKey::Escape,
            Key::Up => PromptKey::Up,
            Key::Down | Key::Tab => PromptKey::Down,
            Key::Char(c) => PromptKey::Char(*c),
            _ => return,
        };
        let Some(prompt) = &mut self.prompt else { return };
        let kind = prompt.kind;
        match prompt.key(key) {
            Answer::Open => {}
            Answer::Took(option) => self.took(kind, option, now),
            Answer::Cancelled => self.cancelled(kind, now),
        }
    }

    fn took(&mut self, kind: PromptKind, option: usize, now: Now) {
        let Some(prompt) = self.prompt.take() else { return };
        self.notify = None;
        match kind {
            PromptKind::Trust if option == 0 => self.exit("other"),
            PromptKind::Trust => self.begin(now),
            PromptKind::Permission | PromptKind::Plan if option + 1 == prompt.options.len() => {
                self.refuse(now);
            }
            PromptKind::Permission => self.permit(option == 1, now),
            PromptKind::Plan => {
                self.mode = if option == 1 { Mode::AcceptEdits } else { Mode::Manual };
                self.answered("Plan approved");
            }
            PromptKind::Question => {
                let answer = format!("{} → {}", prompt.ask, prompt.options[option].label);
                self.answered(&answer);
            }
            PromptKind::Dialog => self.answered(&prompt.options[option].label),
            PromptKind::Limit => self.finish_turn_waiting(),
        }
    }

    fn cancelled(&mut self, kind: PromptKind, now: Now) {
        if kind == PromptKind::Trust {
            self.prompt = None;
            self.exit("other");
        } else if kind == PromptKind::Limit {
            self.prompt = None;
            self.finish_turn_waiting();
        } else {
            // As recorded: no hook fires on Esc.
            self.refuse(now);
        }
    }

    fn box_key(&mut self, key: &Key, now: Now) {
        match key {
            Key::Enter => self.enter(now),
            Key::Escape if self.turn.is_some() => self.interrupt(now),
            Key::Escape if self.limited.is_some() => self.limited = None,
            Key::Ctrl('c') if !self.composer.is_empty() => self.composer.clear(),
            Key::Ctrl('c') if self.turn.is_some() => self.interrupt(now),
            Key::Ctrl('c') => self.ask_to_quit("Ctrl-C", now),
            Key::Ctrl('d') if self.composer.is_empty() => self.ask_to_quit("Ctrl-D", now),
            Key::BackTab => self.next_mode(),
            other => self.edit(other, now),
        }
    }

    fn edit(&mut self, key: &Key, now: Now) {
        match key {
            Key::Char(c) => self.composer.insert(c.encode_utf8(&mut [0; 4])),
            Key::Paste(text) => {
                self.composer.paste(text);
                self.last_burst = Some(now.at);
            }
            Key::Newline => self.composer.insert("\n"),
            Key::Backspace => self.composer.backspace(),
            Key::Delete => self.composer.delete(),
            Key::Left => self.composer.move_by(-1),
            Key::Right => self.composer.move_by(1),
            Key::Home => self.composer.home(),
            Key::End => self.composer.end(),
            Key::Up if !self.queue.is_empty() && self.composer.is_empty() => self.take_back_queue(),
            Key::Up => self.composer.recall_earlier(),
            Key::Down => self.composer.recall_later(),
            Key::Ctrl('u') => self.composer.clear(),
            _ => {}
        }
    }

    /// Up with messages queued: they come back into the box.
    fn take_back_queue(&mut self) {
        let text = std::mem::take(&mut self.queue).into_iter().map(|q| q.0).collect::<Vec<_>>().join("\n");
        self.blocks.retain(|b| !matches!(b, Block::Queued(_)));
        self.composer.restore(&text);
    }

    fn enter(&mut self, now: Now) {
        if matches!(self.phase, Phase::Starting(_)) {
            return;
        }
        let Span(deaf) = self.script.agent.swallow_enter;
        if self.last_burst.is_some_and(|at| now.at.saturating_sub(at) < deaf) {
            return;
        }
        match self.composer.enter() {
            Entered::Nothing | Entered::Newline => {}
            Entered::Message { shown, sent } => self.submit(&shown, &sent, now),
            Entered::Command(command) => self.command(&command, now),
            Entered::Shell(line) => {
                self.blocks.push(Block::Prompt(format!("! {line}")));
                self.blocks.push(Block::Note("(the simulated agent runs no commands)".to_owned()));
            }
        }
    }

    fn command(&mut self, command: &str, now: Now) {
        let mut words = command.split_whitespace();
        match (words.next().unwrap_or_default(), words.next()) {
            ("/exit" | "/quit", _) => self.exit("prompt_input_exit"),
            ("/compact", _) => {
                let steps = vec![Step::Compact { span: Span::millis(3000), to: 9000 }];
                self.start_turn(command.to_owned(), Program::once(steps), now);
            }
            ("/clear", _) => self.clear_session(),
            ("/model", Some(model)) => {
                self.scribe.set_model(model);
                self.blocks.push(Block::Note(format!("Set model to {model}")));
            }
            (other, _) => self.blocks.push(Block::Note(format!("Unknown command: {other}"))),
        }
    }

    fn clear_session(&mut self) {
        self.hook("SessionEnd", &json!({ "reason": "clear" }));
        let next = self.scribe.id().to_string();
        let file = self.who.transcript.replace(&self.who.session, &next);
        self.scribe = super::Scribe::new(&next, &self.who.cwd, self.scribe.model(), 0);
        self.who.session = next;
        self.who.transcript = file;
        self.blocks.clear();
        self.context = 0;
        self.cached = 0;
        self.fresh = self.script.agent.base_context;
        self.published = None;
        let model = self.model().to_owned();
        self.hook("SessionStart", &json!({ "source": "clear", "model": model }));
    }

    fn ask_to_quit(&mut self, key: &str, now: Now) {
        if self.quit.take().is_some() {
            self.exit("prompt_input_exit");
        } else {
            self.quit = Some(now.at + QUIT_WINDOW);
            self.hint = Some((format!("Press {key} again to exit"), now.at + QUIT_WINDOW));
        }
    }

    const fn next_mode(&mut self) {
        self.mode = match self.mode {
            Mode::Manual => Mode::AcceptEdits,
            Mode::AcceptEdits => Mode::Plan,
            Mode::Plan | Mode::Bypass => Mode::Auto,
            Mode::Auto => Mode::Manual,
        };
    }

    /// Esc while working: no hook fires; the prompt comes back into the box when nothing had streamed.
    fn interrupt(&mut self, now: Now) {
        let partial = self.streaming(now);
        let Some(turn) = self.turn.take() else { return };
        self.open = None;
        let streamed = turn.streamed || partial.is_some();
        self.blocks.extend(partial.map(Block::Say));
        if let Doing::Tool { .. } = turn.doing {
            self.close_tool("Interrupted", true);
        }
        if streamed || !self.composer.is_empty() {
            self.blocks.push(Block::Note("Interrupted · What should the agent do instead?".to_owned()));
        } else {
            if self.blocks.last() == Some(&Block::Prompt(turn.shown.clone())) {
                self.blocks.pop();
            }
            self.composer.restore(&turn.shown);
        }
        if !self.queue.is_empty() {
            let queued = std::mem::take(&mut self.queue);
            self.blocks.retain(|b| !matches!(b, Block::Queued(_)));
            let join =
                |pick: fn(&(String, String)) -> &str| queued.iter().map(pick).collect::<Vec<_>>().join("\n");
            self.run_prompt(&join(|q| &q.0), &join(|q| &q.1), now);
        }
    }
}
