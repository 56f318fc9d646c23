//! The simulated agent as a pure machine: keys, hook answers and the clock go in, acts come out.
//!
//! Owns everything the agent knows. Never draws, writes, runs or reads anything: `terminal` performs the acts and
//! hands in the time.

mod input;
mod turn;
mod tool;
mod over;
mod publish;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::composer::Composer;
use super::hooks::Said;
use super::prompt::Prompt;
use super::script::{BackgroundKind, Mode, Script};
use super::transcript::{Message, Record, Resumed, Scribe, Spent};
pub use turn::{Doing, Program, Stage, Turn, clock as clock_of};

/// The two clocks.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Since the agent started.
    pub at: Duration,
    /// The wall clock.
    pub wall: Timestamp,
}

/// A key or paste as the terminal delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A character.
    Char(char),
    /// A bracketed paste.
    Paste(String),
    /// Enter.
    Enter,
    /// Alt-Enter, Ctrl-J: a line break in the draft.
    Newline,
    /// Esc.
    Escape,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Left.
    Left,
    /// Right.
    Right,
    /// Up.
    Up,
    /// Down.
    Down,
    /// Home, Ctrl-A.
    Home,
    /// End, Ctrl-E.
    End,
    /// Tab.
    Tab,
    /// Shift-Tab.
    BackTab,
    /// A control character, by its letter.
    Ctrl(char),
}

/// What the shell around the machine has to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Run the hooks of this payload, then call [`Machine::hook_done`] with `id`.
    Hook {
        /// Which call this is.
        id: u64,
        /// What the hooks read.
        payload: Value,
    },
    /// Append to the transcript.
    Record(Record),
    /// The status file's new content; `None` removes it.
    StatusFile(Option<Value>),
    /// Set the terminal's title.
    Title(String),
    /// Write this OSC sequence's body.
    Osc(String),
    /// Ring the bell.
    Bell,
    /// Call [`Machine::released`] when this happens.
    Await {
        /// The file exists.
        file: Option<PathBuf>,
        /// The FIFO was written to.
        fifo: Option<PathBuf>,
        /// The channel was signalled.
        channel: Option<String>,
    },
    /// Run this program and call [`Machine::ran`] with what it printed.
    Run {
        /// The program and its arguments.
        argv: Vec<String>,
    },
    /// Make the file, signal the channel.
    Mark {
        /// The file to make.
        file: Option<PathBuf>,
        /// The `tmux wait-for -S` channel.
        channel: Option<String>,
    },
    /// Job control: stop as Ctrl-Z asks.
    Suspend,
    /// End.
    End(Ending),
}

/// How the agent ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Politely: the screen is restored, `text` says how to resume.
    Exit {
        /// What stays on the terminal.
        text: String,
    },
    /// Without a word to anybody.
    Crash {
        /// The exit status.
        code: Option<u8>,
        /// The signal's number.
        signal: Option<i32>,
        /// What stays on the screen.
        text: String,
    },
}

/// What the screen shows above the box, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What the person said.
    Prompt(String),
    /// What the agent said.
    Say(String),
    /// A tool call and, when it is over, what it printed.
    Tool {
        /// Its name.
        name: String,
        /// Command or file.
        subject: String,
        /// What it printed; `None` while it runs.
        output: Option<String>,
        /// Whether it failed or was refused.
        failed: bool,
    },
    /// A line below `⎿`.
    Note(String),
    /// An error line.
    Error(String),
    /// A finished turn.
    Done(String),
    /// A message that waits for its turn.
    Queued(String),
}

/// What will wake the agent.
#[derive(Debug, Clone)]
pub struct Wake {
    /// When.
    pub at: Duration,
    /// What runs; `None` for plain idling.
    pub kind: Option<BackgroundKind>,
    /// The subagent that runs, by its id.
    pub subagent: Option<String>,
    /// What goes on then.
    pub program: Program,
    /// The prompt it belongs to.
    pub prompt: String,
}

/// A usage limit that is waited out.
#[derive(Debug, Clone)]
pub struct Limited {
    /// Until when.
    pub until: Timestamp,
    /// What goes on then.
    pub program: Program,
    /// The prompt it belongs to.
    pub prompt: String,
}

/// Who this run is.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The session id (a UUID).
    pub session: String,
    /// Its name, shown in the title.
    pub name: String,
    /// Where it works.
    pub cwd: String,
    /// Where its transcript lies.
    pub transcript: String,
    /// Its process.
    pub pid: u32,
    /// The process's start time as the system counts it.
    pub started: Option<String>,
    /// The pane it runs in, as tmux says.
    pub tmux: Option<String>,
    /// What a resumed session starts with.
    pub resumed: Option<Resumed>,
}

/// Where in its life the agent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Blank until then; Enter does nothing.
    Starting(Duration),
    /// The composer or a prompt is shown.
    Ready,
    /// It has ended.
    Ended,
}

/// The agent.
#[derive(Debug)]
pub struct Machine {
    /// What it is told to do.
    pub script: Script,
    /// Who it is.
    pub who: Identity,
    /// Where in its life.
    pub phase: Phase,
    /// The box.
    pub composer: Composer,
    /// What replaces the box.
    pub prompt: Option<Prompt>,
    /// What the screen shows above.
    pub blocks: Vec<Block>,
    /// What is going on.
    pub turn: Option<Turn>,
    /// Messages that wait.
    pub queue: Vec<(String, String)>,
    /// What will wake it.
    pub wakes: Vec<Wake>,
    /// The limit that is waited out.
    pub limited: Option<Limited>,
    /// What the empty box says.
    pub placeholder: String,
    /// A line under the box instead of the mode.
    pub hint: Option<(String, Duration)>,
    /// Tokens in the context window after the last request.
    pub context: u64,
    /// The permission mode.
    pub mode: Mode,
    speed: f64,
    scribe: Scribe,
    first: Option<String>,
    cached: u64,
    fresh: u64,
    open: Option<Message>,
    allowed: BTreeSet<String>,
    rng: u64,
    hooks: u64,
    prompt_id: String,
    notify: Option<Duration>,
    nudge: Option<Duration>,
    quit: Option<Duration>,
    last_burst: Option<Duration>,
    trusted: bool,
    error: bool,
    stop_active: bool,
    published: Option<Value>,
    osc: String,
    acts: Vec<Act>,
}

impl Machine {
    /// An agent that starts now. `first` is the prompt it was started with, `speed` divides every span of the script.
    pub fn new(script: Script, who: Identity, first: Option<String>, speed: f64) -> Self {
        let agent = &script.agent;
        let scribe = Scribe::new(&who.session, &who.cwd, &agent.model, who.resumed.map_or(0, |r| r.ids));
        let mut machine = Self {
            phase: Phase::Starting(agent.startup.0.div_f64(speed)),
            composer: Composer::new(agent.wrap_pastes),
            prompt: None,
            blocks: Vec::new(),
            turn: None,
            queue: Vec::new(),
            wakes: Vec::new(),
            limited: None,
            placeholder: String::new(),
            hint: None,
            context: 0,
            mode: agent.mode,
            speed,
            scribe,
            first: first.or_else(|| agent.on_start.clone()),
            cached: 0,
            fresh: agent.base_context,
            open: None,
            allowed: BTreeSet::new(),
            rng: agent.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            hooks: 0,
            prompt_id: String::new(),
            notify: None,
            nudge: None,
            quit: None,
            last_burst: None,
            trusted: !agent.trust,
            error: false,
            stop_active: false,
            published: None,
            osc: String::new(),
            acts: Vec::new(),
            who,
            script,
        };
        if let Some(resumed) = machine.who.resumed {
            machine.context = resumed.context;
            machine.cached = resumed.context;
            machine.blocks.push(Block::Note("Resumed the conversation".to_owned()));
        }
        machine
    }

    /// The model that answers.
    pub fn model(&self) -> &str {
        self.scribe.model()
    }

    /// How full the context window is, 0–100, as the footer shows it.
    pub fn percent_used(&self) -> u64 {
        (self.context * 100).checked_div(self.script.agent.window).unwrap_or(0).min(100)
    }

    /// Whether the screen changes by itself.
    pub const fn animates(&self) -> bool {
        self.turn.is_some() && self.prompt.is_none()
    }

    /// When [`Machine::tick`] has to be called next; `None` while nothing will happen by itself.
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let mut due: Vec<Duration> = Vec::new();
        if let Phase::Starting(until) = self.phase {
            due.push(until);
        }
        if self.animates() {
            due.push(now.at + Duration::from_secs(1) / u32::from(self.script.agent.fps.clamp(1, 60)));
        }
        due.extend(self.turn.as_ref().and_then(Turn::until));
        due.extend(self.wakes.iter().map(|w| w.at));
        due.extend([self.notify, self.nudge, self.quit].into_iter().flatten());
        if let Some(limit) = &self.limited {
            let wait = Duration::try_from(limit.until.duration_since(now.wall)).unwrap_or_default();
            due.push(now.at + wait);
        }
        due.into_iter().min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) -> Vec<Act> {
        if let Phase::Starting(until) = self.phase
            && now.at >= until
        {
            self.phase = Phase::Ready;
            let title = format!("✳ {}", self.who.name);
            self.acts.push(Act::Title(title));
            if self.trusted {
                self.begin(now);
            } else {
                self.prompt = Some(Prompt::trust(&self.who.cwd));
            }
        }
        if self.phase == Phase::Ready {
            self.pass_time(now);
            self.advance(now);
        }
        self.finish(now)
    }

    /// The hooks of call `id` are done.
    pub fn hook_done(&mut self, id: u64, event: &str, said: Said, now: Now) -> Vec<Act> {
        self.after_hook(id, event, said, now);
        self.advance(now);
        self.finish(now)
    }

    /// What [`Act::Await`] asked for has happened.
    pub fn released(&mut self, now: Now) -> Vec<Act> {
        if let Some(turn) = &mut self.turn
            && turn.doing == Doing::Wait
        {
            turn.doing = Doing::Next;
        }
        self.advance(now);
        self.finish(now)
    }

    /// The terminal asks the agent to end (SIGTERM, SIGHUP).
    pub fn terminate(&mut self, now: Now) -> Vec<Act> {
        self.exit("other");
        self.finish(now)
    }

    /// Shows a line about the simulation itself.
    pub fn warn(&mut self, text: &str) {
        self.blocks.push(Block::Error(crate::text::one_line(text)));
    }

    /// The composer is there: the session begins.
    fn begin(&mut self, now: Now) {
        self.trusted = true;
        let source = if self.who.resumed.is_some() { "resume" } else { "startup" };
        let model = self.model().to_owned();
        self.hook("SessionStart", &json!({ "source": source, "model": model }));
        let mode = json!({ "type": "permission-mode", "permissionMode": self.mode.as_hook() });
        let record = self.scribe.loose(&mode, now.wall);
        self.acts.push(Act::Record(record));
        if let Some(first) = self.first.take() {
            self.submit(&first, &first, now);
        }
    }

    fn pass_time(&mut self, now: Now) {
        if self.notify.is_some_and(|at| now.at >= at) {
            self.notify = None;
            let message = "The agent needs your permission";
            self.hook(
                "Notification",
                &json!({ "message": message, "notification_type": "permission_prompt" }),
            );
        }
        if self.nudge.is_some_and(|at| now.at >= at) {
            self.nudge = None;
            let message = "The agent is waiting for your input";
            self.hook("Notification", &json!({ "message": message, "notification_type": "idle_prompt" }));
        }
        if self.quit.is_some_and(|at| now.at >= at) {
            self.quit = None;
        }
        if self.hint.as_ref().is_some_and(|(_, until)| now.at >= *until) {
            self.hint = None;
        }
        if self.limited.as_ref().is_some_and(|l| now.wall >= l.until)
            && self.turn.is_none()
            && let Some(limit) = self.limited.take()
        {
            self.resume_program(limit.prompt, limit.program, now);
        }
        if self.turn.is_none()
            && self.prompt.is_none()
            && let Some(at) = self.wakes.iter().position(|w| now.at >= w.at)
        {
            let wake = self.wakes.remove(at);
            self.wake(wake, now);
        }
    }

    /// Puts a hook call among the acts and answers its id.
    fn hook(&mut self, event: &str, extra: &Value) -> u64 {
        self.hooks += 1;
        let mut payload = json!({
            "session_id": self.who.session, "transcript_path": self.who.transcript, "cwd": self.who.cwd,
            "prompt_id": self.prompt_id, "permission_mode": self.mode.as_hook(), "hook_event_name": event,
        });
        if let (Some(into), Some(from)) = (payload.as_object_mut(), extra.as_object()) {
            into.extend(from.iter().map(|(k, v)| (k.clone(), v.clone())));
        }
        self.acts.push(Act::Hook { id: self.hooks, payload });
        self.hooks
    }

    /// Ends politely.
    fn exit(&mut self, reason: &str) {
        if self.phase == Phase::Ended {
            return;
        }
        if self.trusted && self.phase == Phase::Ready {
            self.hook("SessionEnd", &json!({ "reason": reason }));
        }
        let text = format!("Resume this session with: swarm sim --resume {}", self.who.session);
        self.phase = Phase::Ended;
        self.acts.push(Act::Title(String::new()));
        self.acts.push(Act::End(Ending::Exit { text }));
    }

    /// What the request used, where the script does not say.
    fn estimate(&mut self, output: &str) -> Spent {
        let spent = Spent {
            input: 4,
            output: tokens(output).max(1),
            cache_read: self.cached,
            cache_write_5m: std::mem::take(&mut self.fresh),
            cache_write_1h: 0,
        };
        self.cached += spent.cache_write_5m;
        self.fresh = spent.output;
        spent
    }

    fn settle(&mut self, spent: Spent) {
        self.context = spent.context();
        self.cached = spent.cache_read + spent.cache_write_5m + spent.cache_write_1h;
    }

    /// The next number of the seeded sequence (xorshift64, G. Marsaglia 2003).
    const fn random(&mut self) -> u64 {
        self.rng ^= self.rng << 13;
        self.rng ^= self.rng >> 7;
        self.rng ^= self.rng << 17;
        self.rng
    }
}

/// About how many tokens a text is (4 characters each, the common rule of thumb).
pub fn tokens(text: &str) -> u64 {
    (text.chars().count() as u64).div_ceil(4)
}

/// Since when the running tool runs.
pub fn running_since(machine: &Machine) -> Option<Duration> {
    match machine.turn.as_ref().map(|t| &t.doing) {
        Some(Doing::Tool { stage: Stage::Run { from, .. }, .. }) => Some(*from),
        _ => None,
    }
}
