//! One turn: the steps of a scenario, one after the other.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::super::prompt::Prompt;
use super::super::script::{BackgroundKind, Span, Step, Usage};
use super::super::transcript::Spent;
use super::{Act, Block, Machine, Now, Phase, Wake, tokens};

/// What the spinner says while a turn runs; any word does, the `…` is what matters.
const VERBS: [&str; 12] = [
    "Kneading",
    "Wibbling",
    "Whisking",
    "Pondering",
    "Churning",
    "Brewing",
    "Cultivating",
    "Orchestrating",
    "Simmering",
    "Tinkering",
    "Weaving",
    "Mulling",
];
/// The share of the window from which the agent compacts by itself before a turn, percent.
const AUTO_COMPACT: u64 = 92;

/// The steps that are left to do.
#[derive(Debug, Clone)]
pub struct Program {
    steps: Rc<[Step]>,
    at: usize,
    /// `None` runs until interrupted.
    left: Option<u32>,
}

impl Program {
    /// `steps`, `repeat` times; 0 means until interrupted.
    pub fn new(steps: Vec<Step>, repeat: u32) -> Self {
        Self { steps: steps.into(), at: 0, left: (repeat > 0).then(|| repeat - 1) }
    }

    /// `steps`, once.
    pub fn once(steps: Vec<Step>) -> Self {
        Self::new(steps, 1)
    }

    pub(super) fn peek(&self) -> Option<&Step> {
        self.steps.get(self.at)
    }

    fn next(&mut self) -> Option<Step> {
        if self.at >= self.steps.len() && !self.steps.is_empty() {
            match &mut self.left {
                None => self.at = 0,
                Some(0) => return None,
                Some(left) => {
                    *left -= 1;
                    self.at = 0;
                }
            }
        }
        let step = self.steps.get(self.at).cloned();
        self.at += 1;
        step
    }
}

/// What the turn is doing.
#[derive(Debug, Clone, PartialEq)]
pub enum Doing {
    /// About to take the next step.
    Next,
    /// Only thinking.
    Think {
        /// Until when.
        until: Duration,
    },
    /// Streaming.
    Say {
        /// All of it.
        text: String,
        /// Since when.
        from: Duration,
        /// Until when.
        until: Duration,
        /// What the script says about the request.
        usage: Usage,
    },
    /// A tool call.
    Tool {
        /// The step.
        call: Call,
        /// Where it is.
        stage: Stage,
    },
    /// A question, plan or dialog is open.
    Ask,
    /// The API fails.
    Retry {
        /// Attempts made.
        attempt: u32,
        /// Attempts that fail.
        attempts: u32,
        /// The most attempts.
        of: u32,
        /// The next attempt.
        until: Duration,
        /// Between two attempts.
        every: Duration,
        /// What the API said.
        message: String,
    },
    /// Compacting.
    Compact {
        /// Until when.
        until: Duration,
        /// Tokens left afterwards.
        to: u64,
        /// Whether the agent decided it.
        auto: bool,
    },
    /// Waiting for the test.
    Wait,
    /// Waiting for a hook.
    Gate {
        /// Which call.
        id: u64,
    },
}

/// A tool call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) subject: String,
    pub(super) description: String,
    pub(super) permission: bool,
    pub(super) takes: Duration,
    pub(super) output: String,
    pub(super) fails: bool,
}

/// Where a tool call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its PreToolUse hooks run.
    Gate(u64),
    /// It wants a permission.
    Permission(u64),
    /// It runs.
    Run {
        /// Since when.
        from: Duration,
        /// Until when.
        until: Duration,
    },
}

/// What is going on.
#[derive(Debug, Clone)]
pub struct Turn {
    /// The prompt as it was typed.
    pub shown: String,
    /// When the turn began.
    pub from: Duration,
    /// What it is doing.
    pub doing: Doing,
    /// The spinner's word.
    pub verb: &'static str,
    /// Tokens streamed, for the spinner.
    pub tokens: u64,
    /// Whether anything was streamed.
    pub streamed: bool,
    pub(super) program: Program,
    pub(super) last: String,
}

impl Turn {
    /// When it goes on by itself.
    pub const fn until(&self) -> Option<Duration> {
        match &self.doing {
            Doing::Think { until }
            | Doing::Say { until, .. }
            | Doing::Retry { until, .. }
            | Doing::Compact { until, .. }
            | Doing::Tool { stage: Stage::Run { until, .. }, .. } => Some(*until),
            _ => None,
        }
    }
}

impl Machine {
    /// A message from the person: runs it, or queues it behind the running turn.
    pub(super) fn submit(&mut self, shown: &str, sent: &str, now: Now) {
        if self.turn.is_some() {
            let line = json!({ "type": "queue-operation", "operation": "enqueue", "content": sent });
            let record = self.scribe.loose(&line, now.wall);
            self.acts.push(Act::Record(record));
            self.hook("UserPromptSubmit", &json!({ "prompt": sent }));
            self.queue.push((shown.to_owned(), sent.to_owned()));
            self.blocks.push(Block::Queued(shown.to_owned()));
        } else {
            self.prompt_id = self.scribe.id().to_string();
            self.hook("UserPromptSubmit", &json!({ "prompt": sent }));
            self.run_prompt(shown, sent, now);
        }
    }

    /// Starts the turn of a prompt whose hook has been called.
    pub(super) fn run_prompt(&mut self, shown: &str, sent: &str, now: Now) {
        self.limited = None;
        self.blocks.push(Block::Prompt(shown.to_owned()));
        let record = self.scribe.user(&json!(sent), &self.prompt_id.clone(), now.wall);
        self.acts.push(Act::Record(record));
        self.fresh += tokens(sent);
        let chosen = self.script.choose(sent).map(|s| (s.steps.clone(), s.repeat));
        let program = chosen.map_or_else(|| Program::once(Vec::new()), |(steps, n)| Program::new(steps, n));
        self.start_turn(shown.to_owned(), program, now);
    }

    /// The limit is over: goes on with what it stopped.
    pub(super) fn resume_program(&mut self, prompt: String, program: Program, now: Now) {
        self.prompt_id = self.scribe.id().to_string();
        self.go_on("Continue from where you left off.", prompt, program, now);
    }

    fn go_on(&mut self, text: &str, prompt: String, program: Program, now: Now) {
        self.hook("UserPromptSubmit", &json!({ "prompt": text }));
        let record = self.scribe.user(&json!(text), &self.prompt_id.clone(), now.wall);
        self.acts.push(Act::Record(record));
        self.start_turn(prompt, program, now);
    }

    /// What ran in the background is over: the agent wakes itself.
    pub(super) fn wake(&mut self, wake: Wake, now: Now) {
        if let Some(subagent) = &wake.subagent {
            self.subagent_replies(subagent, now);
        }
        self.prompt_id = self.scribe.id().to_string();
        let text = match wake.kind {
            Some(BackgroundKind::Shell) => {
                "<task-notification>background command finished</task-notification>"
            }
            Some(BackgroundKind::Agent) => "<task-notification>background agent finished</task-notification>",
            None => "Go on.",
        };
        self.go_on(text, wake.prompt, wake.program, now);
    }

    /// A subagent is asked to look around; its id.
    pub(super) fn subagent_starts(&mut self, prompt: &str, now: Now) -> String {
        let agent = self.scribe.id().simple().to_string();
        self.hook("SubagentStart", &json!({ "agent_id": agent, "agent_type": "general-purpose" }));
        let record = self.scribe.asked(&agent, prompt, now.wall);
        self.acts.push(Act::Record(record));
        agent
    }

    fn subagent_replies(&mut self, agent: &str, now: Now) {
        let text = "The subagent looked around and found nothing unusual.";
        let spent =
            Spent { input: 4, output: tokens(text), cache_read: 0, cache_write_5m: 6000, cache_write_1h: 0 };
        let message = self.scribe.message(spent);
        let record = self.scribe.sidechain(agent, &message, text, now.wall);
        self.acts.push(Act::Record(record));
        self.hook("SubagentStop", &json!({ "agent_id": agent, "agent_type": "general-purpose" }));
    }

    pub(super) fn start_turn(&mut self, shown: String, program: Program, now: Now) {
        let verb = VERBS[(self.random() >> 20) as usize % VERBS.len()];
        self.placeholder.clear();
        self.nudge = None;
        self.error = false;
        let mut turn = Turn {
            shown,
            from: now.at,
            doing: Doing::Next,
            verb,
            tokens: 0,
            streamed: false,
            program,
            last: String::new(),
        };
        if self.percent_used() >= AUTO_COMPACT {
            self.hook("PreCompact", &json!({ "trigger": "auto" }));
            let until = now.at + self.scaled(Span::millis(3000));
            turn.doing = Doing::Compact { until, to: self.script.agent.base_context, auto: true };
        }
        self.turn = Some(turn);
    }

    pub(super) fn scaled(&self, span: Span) -> Duration {
        span.0.div_f64(self.speed)
    }

    /// What of the reply has been streamed so far.
    pub fn streaming(&self, now: Now) -> Option<String> {
        let Doing::Say { text, from, until, .. } = &self.turn.as_ref()?.doing else { return None };
        let total = until.saturating_sub(*from).as_secs_f64();
        let done = if total > 0.0 { now.at.saturating_sub(*from).as_secs_f64() / total } else { 1.0 };
        let chars = (text.chars().count() as f64 * done.min(1.0)) as usize;
        (chars > 0).then(|| text.chars().take(chars).collect())
    }

    /// Takes steps until something has to be waited for.
    pub(super) fn advance(&mut self, now: Now) {
        // A script that never waits still has to let the screen be drawn: at most this many steps in a row.
        for _ in 0..1000 {
            if self.phase != Phase::Ready || self.prompt.is_some() {
                return;
            }
            let Some(turn) = &mut self.turn else { return };
            match turn.doing.clone() {
                Doing::Next => match turn.program.next() {
                    Some(step) => self.step(step, now),
                    None => self.stop(now),
                },
                Doing::Think { until } if now.at >= until => turn.doing = Doing::Next,
                Doing::Say { text, until, usage, .. } if now.at >= until => self.said(&text, usage, now),
                Doing::Tool { call, stage: Stage::Run { until, .. } } if now.at >= until => {
                    self.tool_done(&call, now);
                }
                Doing::Retry { attempt, attempts, until, every, of, message } if now.at >= until => {
                    turn.doing = if attempt >= attempts {
                        Doing::Next
                    } else {
                        Doing::Retry {
                            attempt: attempt + 1,
                            attempts,
                            of,
                            until: until + every,
                            every,
                            message,
                        }
                    };
                }
                Doing::Compact { until, to, auto } if now.at >= until => self.compacted(to, auto, now),
                _ => return,
            }
        }
    }

    fn step(&mut self, step: Step, now: Now) {
        let doing = match step {
            Step::Think { span } => Doing::Think { until: now.at + self.scaled(span) },
            Step::Say { text, over, usage } => {
                Doing::Say { text, from: now.at, until: now.at + self.scaled(over), usage }
            }
            Step::Tool { name, subject, description, permission, takes, output, fails, usage } => {
                let id = format!("toolu_sim_{}", self.scribe.id().simple());
                let takes = self.scaled(takes);
                let call = Call { id, name, subject, description, permission, takes, output, fails };
                self.call_tool(call, usage, now)
            }
            Step::Question { header, question, options } => {
                let prompt = Prompt::question(&header, &question, &options);
                let input = json!({ "questions": [{ "question": question, "header": header, "multiSelect": false,
                    "options": options.iter().map(|o| json!({ "label": o.label, "description": o.description })).collect::<Vec<_>>() }] });
                self.ask("AskUserQuestion", &input, prompt)
            }
            Step::Plan { text } => self.ask("ExitPlanMode", &json!({ "plan": text }), Prompt::plan(&text)),
            Step::Dialog { title, text, options } => {
                self.prompt = Some(Prompt::dialog(&title, &text, &options));
                Doing::Ask
            }
            Step::Retry { status, message, attempts, of, every } => {
                let every = self.scaled(every);
                let message = format!("{status} {message}");
                Doing::Retry { attempt: 1, attempts, of, until: now.at + every, every, message }
            }
            Step::Compact { span, to } => {
                self.hook("PreCompact", &json!({ "trigger": "manual", "custom_instructions": "" }));
                Doing::Compact { until: now.at + self.scaled(span), to, auto: false }
            }
            Step::Wait { file, fifo, channel } => {
                self.acts.push(Act::Await { file, fifo, channel });
                Doing::Wait
            }
            Step::Run { argv } => {
                self.acts.push(Act::Run { argv });
                Doing::Wait
            }
            Step::Mark { file, channel } => {
                self.acts.push(Act::Mark { file, channel });
                Doing::Next
            }
            Step::Bell => {
                self.acts.push(Act::Bell);
                Doing::Next
            }
            ending => return self.ending_step(ending, now),
        };
        if let Some(turn) = &mut self.turn {
            turn.doing = doing;
        }
    }

    fn said(&mut self, text: &str, usage: Usage, now: Now) {
        let spent = self.estimate(text).with(usage);
        self.settle(spent);
        let message = self.scribe.message(spent);
        let block = json!({ "type": "text", "text": text });
        let record = self.scribe.assistant(&message, &block, spent.output, now.wall);
        self.acts.push(Act::Record(record));
        self.blocks.push(Block::Say(text.to_owned()));
        if let Some(turn) = &mut self.turn {
            // A tool that follows belongs to the same reply, as with the real one.
            self.open = matches!(turn.program.peek(), Some(Step::Tool { .. })).then_some(message);
            turn.tokens += spent.output;
            turn.streamed = true;
            text.clone_into(&mut turn.last);
            turn.doing = Doing::Next;
        }
    }
}

/// The hour of a reset, as Claude Code writes it: `11pm`, `10:59pm`.
pub fn clock(at: Timestamp) -> String {
    let zoned = at.to_zoned(TimeZone::UTC);
    let format = if zoned.minute() == 0 { "%-I%P" } else { "%-I:%M%P" };
    zoned.strftime(format).to_string()
}
