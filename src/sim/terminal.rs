//! The acting shell of the simulated agent: reads the terminal, keeps the time, performs the machine's acts.
//!
//! The only part that touches the world. It draws when something changed or animates, and sleeps otherwise.

use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use super::hooks::{Hooks, Said};
use super::machine::{Act, Ending, Key, Machine, Now, Phase};
use super::paint::Painter;
use super::{transcript, view};
use crate::error::{Context as _, Error, Result};

/// Alternate screen off, cursor on, bracketed paste off, colours reset.
const RESTORE: &str = "\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";
/// How long the last hooks may take.
const LAST_HOOKS: Duration = Duration::from_secs(5);

/// How the run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Politely.
    Done,
    /// With this exit status, at once.
    Code(u8),
}

type Call = (u64, serde_json::Value);
type Done = (u64, String, Said);

struct Shell {
    home: PathBuf,
    painter: Painter,
    painted: bool,
    from: Instant,
    calls: Option<UnboundedSender<Call>>,
    worker: Option<JoinHandle<()>>,
    released: UnboundedSender<Option<Ran>>,
    waits: Vec<JoinHandle<()>>,
    ending: Option<Ending>,
}

/// What a program that was run for real printed.
struct Ran {
    argv: Vec<String>,
    output: String,
    failed: bool,
}

/// Plays `machine` in this process's terminal until it ends.
pub async fn play(mut machine: Machine, hooks: Hooks, home: PathBuf) -> Result<Outcome> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(Error::failure("the simulated agent needs a terminal").hint("run it in a tmux pane"));
    }
    let raw = Raw::enter()?;
    let (released, mut releases) = unbounded_channel();
    let (calls, mut done, worker) = hook_worker(hooks);
    let mut shell = Shell {
        home,
        painter: Painter::default(),
        painted: false,
        from: Instant::now(),
        calls: Some(calls),
        worker: Some(worker),
        released,
        waits: Vec::new(),
        ending: None,
    };
    let mut term = signal(SignalKind::terminate()).context(|| "watch for SIGTERM".to_owned())?;
    let mut hangup = signal(SignalKind::hangup()).context(|| "watch for SIGHUP".to_owned())?;
    let mut events = read_terminal();
    let acts = machine.tick(shell.now());
    shell.perform(acts, &mut machine)?;
    while shell.ending.is_none() {
        shell.draw(&machine)?;
        let due = machine.deadline(shell.now()).map(|at| shell.from + at);
        let acts = tokio::select! {
            batch = events.recv() => shell.input(batch, &mut machine)?,
            Some((id, event, said)) = done.recv() => machine.hook_done(id, &event, said, shell.now()),
            Some(release) = releases.recv() => match release {
                None => machine.released(shell.now()),
                Some(ran) => machine.ran(&ran.argv, ran.output, ran.failed, shell.now()),
            },
            _ = term.recv() => machine.terminate(shell.now()),
            _ = hangup.recv() => machine.terminate(shell.now()),
            () = sleep_until(due) => machine.tick(shell.now()),
        };
        shell.perform(acts, &mut machine)?;
    }
    shell.end(raw).await
}

async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Reads the terminal on a thread of its own, which ends with the process. What one read delivered comes in one batch.
fn read_terminal() -> UnboundedReceiver<io::Result<Vec<Event>>> {
    let (batches, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        loop {
            let batch = read_batch();
            let over = batch.is_err();
            if batches.send(batch).is_err() || over {
                return;
            }
        }
    });
    receiver
}

fn read_batch() -> io::Result<Vec<Event>> {
    let mut batch = vec![event::read()?];
    while event::poll(Duration::ZERO)? {
        batch.push(event::read()?);
    }
    Ok(batch)
}

/// How long what follows waits for a permission hook.
const PERMISSION_HOOK: Duration = Duration::from_millis(200);

/// Runs hook calls in order, so that an observer sees the events in the order in which they happened. A permission hook may
/// wait for a person: after [`PERMISSION_HOOK`] it goes on beside the others, as in Claude Code.
fn hook_worker(hooks: Hooks) -> (UnboundedSender<Call>, UnboundedReceiver<Done>, JoinHandle<()>) {
    let (calls, mut queue) = unbounded_channel::<Call>();
    let (results, done) = unbounded_channel();
    let worker = tokio::spawn(async move {
        let hooks = Arc::new(hooks);
        let mut beside = JoinSet::new();
        while let Some((id, payload)) = queue.recv().await {
            let event = payload["hook_event_name"].as_str().unwrap_or_default().to_owned();
            let waits = event == "PermissionRequest";
            let (hooks, results) = (hooks.clone(), results.clone());
            let (over, ended) = oneshot::channel();
            let call = async move {
                let said = hooks.run(&payload).await;
                // The agent may be ending; the rest of the queue still runs.
                let _ = results.send((id, event, said));
                let _ = over.send(());
            };
            if waits {
                beside.spawn(call);
                let _ = tokio::time::timeout(PERMISSION_HOOK, ended).await;
            } else {
                call.await;
            }
        }
    });
    (calls, done, worker)
}

impl Shell {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulated agent is a program of its own: this is its clock"
    )]
    fn now(&self) -> Now {
        Now { at: self.from.elapsed(), wall: jiff::Timestamp::now() }
    }

    fn input(&mut self, batch: Option<io::Result<Vec<Event>>>, machine: &mut Machine) -> Result<Vec<Act>> {
        let Some(batch) = batch else { return Ok(machine.terminate(self.now())) };
        let mut keys = Vec::new();
        for event in batch.context(|| "read the terminal".to_owned())? {
            match event {
                Event::Key(key) => keys.extend(translate(key)),
                Event::Paste(text) => keys.push(Key::Paste(text)),
                Event::Resize(..) => self.painter.forget(),
                _ => {}
            }
        }
        Ok(machine.keys(&keys, self.now()))
    }

    fn draw(&mut self, machine: &Machine) -> Result<()> {
        if matches!(machine.phase, Phase::Starting(_)) {
            return Ok(());
        }
        let (width, height) =
            crossterm::terminal::size().context(|| "read the terminal's size".to_owned())?;
        let frame = self.painter.frame(view::screen(machine, self.now(), width, height));
        if !self.painted {
            self.painted = true;
            emit("\x1b[?1049h\x1b[?25l\x1b[2J")?;
        }
        if frame.is_empty() { Ok(()) } else { emit(&frame) }
    }

    fn perform(&mut self, acts: Vec<Act>, machine: &mut Machine) -> Result<()> {
        for act in acts {
            match act {
                Act::Hook { id, payload } => {
                    if let Some(calls) = &self.calls {
                        // The worker lives as long as this sender.
                        let _ = calls.send((id, payload));
                    }
                }
                Act::Record(record) => {
                    if let Err(err) = transcript::write(&self.home, &machine.who.cwd, &record) {
                        machine.warn(&format!("cannot write the transcript: {err}"));
                    }
                }
                Act::StatusFile(file) => {
                    if let Err(err) = self.status_file(machine.who.pid, file.as_ref()) {
                        machine.warn(&format!("cannot write the status file: {err}"));
                    }
                }
                Act::Title(title) => emit(&format!("\x1b]0;{}\x07", crate::text::one_line(&title)))?,
                Act::Osc(body) => emit(&format!("\x1b]{body}\x1b\\"))?,
                Act::Bell => emit("\x07")?,
                Act::Await { file, fifo, channel } => self.wait_for(file, fifo, channel),
                Act::Run { argv } => self.run_program(argv),
                Act::Mark { file, channel } => mark(file.as_deref(), channel)?,
                Act::Suspend => self.suspend()?,
                Act::End(ending) => self.ending = Some(ending),
            }
        }
        Ok(())
    }

    fn status_file(&self, pid: u32, file: Option<&serde_json::Value>) -> io::Result<()> {
        let dir = self.home.join("sessions");
        let path = dir.join(format!("{pid}.json"));
        match file {
            None => fs::remove_file(path)
                .or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) }),
            Some(value) => {
                fs::create_dir_all(&dir)?;
                let part = dir.join(format!(".{pid}.part"));
                fs::write(&part, value.to_string())?;
                fs::rename(part, path)
            }
        }
    }

    fn wait_for(&mut self, file: Option<PathBuf>, fifo: Option<PathBuf>, channel: Option<String>) {
        let released = self.released.clone();
        if let Some(fifo) = fifo {
            // Opening a FIFO blocks until there is a writer; a thread of its own, which ends with the process.
            std::thread::spawn(move || {
                if fs::read(&fifo).is_ok() {
                    let _ = released.send(None);
                }
            });
            return;
        }
        self.waits.push(tokio::spawn(async move {
            match (file, channel) {
                (Some(file), _) => {
                    while !file.exists() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
                (None, Some(channel)) => {
                    let mut wait = tokio::process::Command::new("tmux");
                    let _ = wait.args(["wait-for", &channel]).kill_on_drop(true).output().await;
                }
                (None, None) => {}
            }
            let _ = released.send(None);
        }));
    }

    fn run_program(&mut self, argv: Vec<String>) {
        let released = self.released.clone();
        self.waits.push(tokio::spawn(async move {
            let (program, args) = argv.split_first().map_or(("true", &[][..]), |(p, a)| (p.as_str(), a));
            let program = match program {
                "swarm" => std::env::current_exe().unwrap_or_else(|_| "swarm".into()),
                other => other.into(),
            };
            let mut command = tokio::process::Command::new(program);
            command.args(args).stdin(std::process::Stdio::null()).kill_on_drop(true);
            let (output, failed) = match command.output().await {
                Ok(done) => {
                    let text = [done.stdout, done.stderr].concat();
                    (String::from_utf8_lossy(&text).trim_end().to_owned(), !done.status.success())
                }
                Err(err) => (err.to_string(), true),
            };
            let _ = released.send(Some(Ran { argv, output, failed }));
        }));
    }

    fn suspend(&mut self) -> Result<()> {
        emit(RESTORE)?;
        disable_raw_mode().context(|| "restore the terminal".to_owned())?;
        kill_process(getpid(), Signal::TSTP).context(|| "stop".to_owned())?;
        enable_raw_mode().context(|| "take the terminal back".to_owned())?;
        emit("\x1b[?2004h\x1b[?1049h\x1b[?25l")?;
        self.painter.forget();
        Ok(())
    }

    async fn end(mut self, raw: Raw) -> Result<Outcome> {
        for wait in self.waits.drain(..) {
            wait.abort();
        }
        match self.ending.take() {
            Some(Ending::Crash { signal: Some(number), .. }) => {
                let signal = Signal::from_named_raw(number).unwrap_or(Signal::KILL);
                kill_process(getpid(), signal).context(|| "crash".to_owned())?;
                // A signal that does not end the process (0, SIGCONT …) still has to end the run.
                Ok(Outcome::Code(1))
            }
            Some(Ending::Crash { code, text, .. }) => {
                raw.leave();
                emit(&last_words(&text))?;
                Ok(Outcome::Code(code.unwrap_or(1)))
            }
            ending => {
                drop(self.calls.take());
                if let Some(worker) = self.worker.take() {
                    let _ = tokio::time::timeout(LAST_HOOKS, worker).await;
                }
                raw.leave();
                if let Some(Ending::Exit { text }) = ending {
                    emit(&last_words(&text))?;
                }
                Ok(Outcome::Done)
            }
        }
    }
}

fn mark(file: Option<&Path>, channel: Option<String>) -> Result<()> {
    if let Some(file) = file {
        fs::write(file, "").context(|| format!("write {}", file.display()))?;
    }
    if let Some(channel) = channel {
        let spawned = tokio::process::Command::new("tmux").args(["wait-for", "-S", &channel]).spawn();
        drop(spawned.context(|| "start tmux".to_owned())?);
    }
    Ok(())
}

/// The terminal in raw mode; leaves it again on every way out.
struct Raw;

impl Raw {
    fn enter() -> Result<Self> {
        enable_raw_mode().context(|| "put the terminal into raw mode".to_owned())?;
        emit("\x1b[?2004h")?;
        Ok(Self)
    }

    fn leave(self) {
        drop(self);
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal may be gone already.
        let _ = emit(RESTORE);
        let _ = disable_raw_mode();
    }
}

fn emit(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).context(|| "write to the terminal".to_owned())
}

/// What stays on the terminal. The empty line goes first because tmux scrolls a dead pane up by one line to say that it
/// is dead.
fn last_words(text: &str) -> String {
    format!("\n{text}\n")
}

fn translate(key: KeyEvent) -> Option<Key> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Enter if alt => Key::Newline,
        KeyCode::Enter => Key::Enter,
        KeyCode::Char('j') if ctrl => Key::Newline,
        KeyCode::Char('a') if ctrl => Key::Home,
        KeyCode::Char('e') if ctrl => Key::End,
        KeyCode::Char('h') if ctrl => Key::Backspace,
        KeyCode::Char(c) if ctrl => Key::Ctrl(c.to_ascii_lowercase()),
        KeyCode::Char(c) if !alt => Key::Char(c),
        KeyCode::Esc => Key::Escape,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        _ => return None,
    })
}
