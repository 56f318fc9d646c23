//! `swarm hook`: called by the agents' hooks; tells the monitor, or leaves a note for it.
//!
//! An agent waits for its hooks, takes a failure for a veto (exit code 2 blocks a tool call in Claude Code) and reads
//! what they print. So: no argument, no input and no monitor makes this fail, print, or wait longer than `BUDGET`, be
//! it for a payload that does not come or for a monitor that does not listen. It starts no runtime, reads no
//! configuration, and runs before the command line is parsed. It prints two things only, where the launch allows them:
//! messages that the monitor hands over (`--deliver`), in time, and a person's answer to a permission prompt (`--answer`).
//! For that answer it waits as long as the prompt stands: the agent shows its dialog meanwhile and takes whichever answer
//! comes first. Silence, whatever its cause, leaves the dialog as it is.

mod answer;

use std::ffi::OsString;
use std::io::{IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketType};
use serde_json::Value;

use crate::error::Result;
use crate::observe::hook::{HookLine, PermissionAsk};
use crate::observe::spool::Spool;
use crate::paths::{Paths, var, var_str};
use crate::protocol::{Decision, HandedOver, Line};

use super::Ctx;

/// The most of a payload that is read.
const PAYLOAD_MAX: usize = 1 << 20;
/// How long all of it may wait (design: "at most 50 ms"); the rest is for starting and ending.
const BUDGET: Duration = Duration::from_millis(40);
/// The largest payload that reaches the monitor as it is.
const WHOLE_MAX: usize = crate::observe::hook::LINE_MAX / 2;
/// How much of it the payload may take to come: agents write it before they wait for us.
const READ_BUDGET: Duration = Duration::from_millis(30);
/// How long a permission prompt may wait for the person's answer: less than the agent lets its hook run.
const ANSWER_BUDGET: Duration = Duration::from_secs(23 * 3600);
/// The longest answer of the monitor that is read: the messages of one batch, escaped.
const ANSWER_MAX: usize = 1 << 17;

/// Reports an agent's event to the monitor (called by the agents' hooks, not by people)
///
/// Reads the event as JSON from stdin. Never fails, and prints nothing but messages it hands over with `--deliver` and a
/// person's answer with `--answer`.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// The profile of the agent whose hook this is
    profile: String,
    /// The event, where the payload does not name it
    event: Option<String>,
    /// With `--chain`: another program and its arguments, which gets the payload too; last, the payload itself
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    rest: Vec<String>,
}

/// Only reached through odd options; does what [`intercept`] does.
pub fn run(args: HookArgs, _ctx: &Ctx) -> Result<()> {
    let words = [Some(args.profile), args.event].into_iter().flatten().chain(args.rest).map(OsString::from);
    report(words.collect());
    Ok(())
}

/// Takes over when the command line is `swarm hook …`; `None` for every other one, and for a plea for help.
pub fn intercept(args: &[OsString]) -> Option<ExitCode> {
    let rest = args.get(1..)?.split_first().filter(|(first, _)| *first == "hook")?.1;
    if rest.first().is_some_and(|a| a == "--help" || a == "-h") {
        return None;
    }
    let words = rest.to_vec();
    // A defect in here must not reach the agent: no word on stderr, no exit code.
    std::panic::set_hook(Box::new(|_| {}));
    let _ = std::panic::catch_unwind(|| report(words));
    Some(ExitCode::SUCCESS)
}

/// What the command line says: `PROFILE [EVENT] [--deliver | --answer] [--chain PROGRAM ARG…] [PAYLOAD]`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Call {
    profile: String,
    event: Option<String>,
    deliver: bool,
    answer: bool,
    chain: Vec<OsString>,
    payload: Option<OsString>,
}

impl Call {
    fn parse(words: Vec<OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        let mut call = Self { profile: words.next()?.into_string().ok()?, ..Self::default() };
        let mut rest: Vec<OsString> = words.collect();
        // An event's name is a word; whatever else comes first is a payload.
        let is_word = |w: &OsString| w.to_str().is_some_and(|w| !w.starts_with(['{', '[', '-']));
        if rest.first().is_some_and(is_word) {
            call.event = rest.remove(0).into_string().ok();
        }
        if rest.first().is_some_and(|w| w == "--deliver") {
            rest.remove(0);
            call.deliver = true;
        }
        if rest.first().is_some_and(|w| w == "--answer") {
            rest.remove(0);
            call.answer = true;
        }
        if rest.first().is_some_and(|w| w == "--chain") {
            rest.remove(0);
            call.payload = rest.pop();
            call.chain = rest;
        } else {
            call.payload = rest.pop();
        }
        Some(call)
    }
}

fn report(words: Vec<OsString>) {
    let began = clock();
    let Some(call) = Call::parse(words) else { return };
    if let Some(payload) = &call.payload {
        chain(&call.chain, payload);
    }
    let Ok(paths) = Paths::from_env() else { return };
    let own = var("SWARM_SOCKET").filter(|s| !s.is_empty()).map(PathBuf::from);
    let Some(socket) = own.or_else(|| monitor_of_tmux(&paths)) else { return };
    let payload = match call.payload.as_ref().and_then(|p| p.to_str()) {
        Some(text) => text.as_bytes().get(..PAYLOAD_MAX.min(text.len())).unwrap_or_default().to_vec(),
        None => read_payload(began + READ_BUDGET),
    };
    let line = HookLine {
        profile: call.profile,
        event: call.event,
        at: now(),
        pane: var_str("TMUX_PANE"),
        swarm: var_str("SWARM_NAME"),
        agent: var_str("SWARM_AGENT"),
        instance: var_str("SWARM_INSTANCE"),
        token: var_str("SWARM_TOKEN"),
        printed: None,
        payload: serde_json::from_slice(&payload).unwrap_or(Value::Null),
    };
    let name = line.event.as_deref().or_else(|| line.payload["hook_event_name"].as_str()).unwrap_or_default();
    let asks = call.deliver && line.token.is_some() && answer::may_hand_over(name, &line.payload);
    // Cut, it could not be compared with what the person sees.
    let whole = payload.len() <= WHOLE_MAX;
    let waits = call.answer && whole && line.token.is_some() && PermissionAsk::of(&line.payload).is_some();
    let message = if asks || waits { line.question() } else { line.notification() };
    let deadline = began + BUDGET;
    let Some(monitor) = send(&socket, &message, deadline) else {
        Spool::of(&paths.state_dir, &socket).append(&line);
        return;
    };
    if asks {
        hand_over(&monitor, name, &line, deadline);
    } else if waits {
        answer_prompt(&monitor, name);
    }
}

/// Prints the person's answer to a permission prompt; nothing where the monitor lets go of it, or goes away.
fn answer_prompt(monitor: &OwnedFd, event: &str) -> Option<()> {
    let decision: Decision = match serde_json::from_slice(&receive(monitor, clock() + ANSWER_BUDGET)?).ok()? {
        Line::Answer { result, .. } => serde_json::from_value(result).ok()?,
        Line::Refusal { .. } | Line::Notice(_) => return None,
    };
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", answer::decided(event, &decision)?).and_then(|()| stdout.flush()).ok()
}

/// Prints what the monitor hands over, and says so; nothing where it has nothing or is late.
fn hand_over(monitor: &OwnedFd, event: &str, line: &HookLine, deadline: Instant) -> Option<()> {
    let handed: HandedOver = match serde_json::from_slice(&receive(monitor, deadline)?).ok()? {
        Line::Answer { result, .. } => serde_json::from_value(result).ok()?,
        Line::Refusal { .. } | Line::Notice(_) => return None,
    };
    let text = answer::answer(event, &handed.text)?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).ok()?;
    let printed = HookLine { printed: Some(handed.number), payload: Value::Null, ..line.clone() };
    // It is printed: what is left is to say so, as long as any other hook may take.
    write(monitor, &printed.notification(), clock() + BUDGET)
}

/// The socket of the monitor of this tmux server, if there is one: it wants to know about agents that it did not start.
fn monitor_of_tmux(paths: &Paths) -> Option<PathBuf> {
    let tmux = var_str("TMUX")?;
    let server = tmux.split(',').next().filter(|s| !s.is_empty())?;
    let place = crate::client::Rendezvous::of(paths, Path::new(server)).ok()?;
    place.socket.exists().then_some(place.socket)
}

#[expect(clippy::disallowed_methods, reason = "a hook call is a source: it stamps its own event")]
fn now() -> Timestamp {
    Timestamp::now()
}

#[expect(clippy::disallowed_methods, reason = "a deadline of this process")]
fn clock() -> Instant {
    Instant::now()
}

/// What is left until `deadline`, as poll(2) wants it; `None` when it has passed.
fn left(deadline: Instant) -> Option<Timespec> {
    let left = deadline.checked_duration_since(clock()).filter(|l| !l.is_zero())?;
    Timespec::try_from(left).ok()
}

/// Everything on stdin, as far as it comes in time. A terminal is never read: aider's command inherits it, and what is
/// typed there is the agent's.
fn read_payload(deadline: Instant) -> Vec<u8> {
    let mut stdin = std::io::stdin().lock();
    let mut payload = Vec::new();
    if std::io::stdin().is_terminal() {
        return payload;
    }
    let mut buffer = vec![0; 64 * 1024];
    while payload.len() < PAYLOAD_MAX {
        // What has come is taken, however late it is.
        let timeout = left(deadline).unwrap_or_default();
        let ready = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], Some(&timeout));
        match ready {
            Ok(0) => break,
            Ok(_) => match stdin.read(&mut buffer) {
                Ok(0) | Err(_) => break,
                Ok(n) => payload.extend_from_slice(&buffer[..n]),
            },
            Err(Errno::INTR) => {}
            Err(_) => break,
        }
    }
    payload.truncate(PAYLOAD_MAX);
    payload
}

/// Writes `message` to the socket; `None` unless all of it was taken in time.
fn send(socket: &Path, message: &[u8], deadline: Instant) -> Option<OwnedFd> {
    let address = SocketAddrUnix::new(socket).ok()?;
    let fd = rustix::net::socket(AddressFamily::UNIX, SocketType::STREAM, None).ok()?;
    rustix::io::ioctl_fionbio(&fd, true).ok()?;
    // A full queue of connections answers EAGAIN: the monitor stands still.
    rustix::net::connect(fd.as_fd(), &address).ok()?;
    write(&fd, message, deadline)?;
    Some(fd)
}

/// Writes all of `message` in time.
fn write(fd: &OwnedFd, message: &[u8], deadline: Instant) -> Option<()> {
    let mut rest = message;
    while !rest.is_empty() {
        match rustix::io::write(fd, rest) {
            Ok(n) => rest = rest.get(n..)?,
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let timeout = left(deadline)?;
                let ready = poll(&mut [PollFd::new(fd, PollFlags::OUT)], Some(&timeout)).ok()?;
                if ready == 0 {
                    return None;
                }
            }
            Err(_) => return None,
        }
    }
    Some(())
}

/// One line from the monitor, if it comes in time.
fn receive(fd: &OwnedFd, deadline: Instant) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    let mut buffer = [0; 16 * 1024];
    while line.len() < ANSWER_MAX {
        match rustix::io::read(fd, &mut buffer[..]) {
            Ok(0) => return None,
            Ok(n) => line.extend_from_slice(&buffer[..n]),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => {
                let timeout = left(deadline)?;
                poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&timeout)).ok().filter(|n| *n > 0)?;
            }
            Err(_) => return None,
        }
        if let Some(end) = memchr::memchr(b'\n', &line) {
            line.truncate(end);
            // What comes too late is not printed: it will be shown again, marked.
            return left(deadline).map(|_| line);
        }
    }
    None
}

/// Starts the program that would have been called without us, and does not wait for it.
#[expect(clippy::disallowed_methods, reason = "the user's own notify program, which our override displaces")]
fn chain(argv: &[OsString], payload: &OsString) {
    use std::process::{Command, Stdio};
    let Some((program, args)) = argv.split_first() else { return };
    let mut command = Command::new(program);
    command.args(args).arg(payload).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = command.spawn();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(words: &[&str]) -> Option<Call> {
        Call::parse(words.iter().map(OsString::from).collect())
    }

    #[test]
    fn the_command_line_has_four_forms() {
        let plain = Call { profile: "claude".into(), ..Call::default() };
        assert_eq!(call(&["claude"]), Some(plain));
        let named = Call { profile: "copilot".into(), event: Some("agentStop".into()), ..Call::default() };
        assert_eq!(call(&["copilot", "agentStop"]), Some(named));
        let notify = call(&["codex", "notify", "{\"type\":1}"]).unwrap();
        assert_eq!((notify.event.as_deref(), notify.payload), (Some("notify"), Some("{\"type\":1}".into())));
        let chained = call(&["codex", "notify", "--chain", "ding", "-x", "{}"]).unwrap();
        assert_eq!(chained.chain, ["ding", "-x"]);
        assert_eq!(chained.payload, Some("{}".into()));
        assert_eq!(call(&["codex", "{}"]).unwrap().payload, Some("{}".into()));
        assert_eq!(call(&["codex", "notify", "--chain"]).unwrap().payload, None);
        let delivers = call(&["claude", "--deliver"]).unwrap();
        assert_eq!((delivers.deliver, delivers.event, delivers.payload), (true, None, None));
        assert!(!call(&["claude", "Stop"]).unwrap().deliver);
        let answers = call(&["claude", "--answer"]).unwrap();
        assert_eq!((answers.answer, answers.deliver, answers.payload), (true, false, None));
        assert_eq!(call(&[]), None);
    }

    #[test]
    fn only_hook_is_taken_over() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        assert!(intercept(&words(&["swarm"])).is_none());
        assert!(intercept(&words(&["swarm", "status"])).is_none());
        assert!(intercept(&words(&["swarm", "hook", "--help"])).is_none());
        assert!(intercept(&[]).is_none());
    }
}
