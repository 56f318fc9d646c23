//! The programs that go with an agent's life: `before_start` and `after_exit`.
//!
//! Each runs in the agent's directory with the agent's environment (but not its token: it is not the agent), has a time
//! limit, and writes what it prints into a log file of its own. One agent's programs never run at the same time, and its
//! start waits for them; nobody else does, and the loop never.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;

use crate::config::AgentSpec;
use crate::error::{Context, Error, Result};
use crate::name::{AgentName, SwarmName};
use crate::observe::screen::redact::{Private, redact};
use crate::state::Ended;
use crate::text;
use crate::tmux::{Command, SessionId};

use super::perform::Hands;

/// How long `before_start` may take: it may build, fetch or set up.
const BEFORE_START: Duration = Duration::from_secs(5 * 60);
/// How long `after_exit` may take.
const AFTER_EXIT: Duration = Duration::from_secs(60);
/// How long a program that was told to end may take for it.
const GRACE: Duration = Duration::from_secs(2);
/// How much of the output is kept: the end of it.
const KEPT: usize = 64 * 1024;
/// How long the output of a program that has ended is waited for: what it left in the background may hold the pipe.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// One agent's turn: see [`Chores::turn`].
type Turn = Arc<tokio::sync::Mutex<()>>;

/// Which agents' programs run right now.
#[derive(Debug, Default)]
pub struct Chores(Mutex<HashMap<(SwarmName, AgentName), Turn>>);

impl Chores {
    /// One agent's turn: held while a program of it runs, and while it is being started.
    pub async fn turn(&self, swarm: &SwarmName, agent: &AgentName) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            turns.entry((swarm.clone(), agent.clone())).or_default().clone()
        };
        turn.lock_owned().await
    }
}

/// Runs an agent's `before_start`, if it has one. An error says why the agent must not start.
pub async fn before_start(
    hands: &Hands,
    swarm: &SwarmName,
    spec: &AgentSpec,
    session: Option<SessionId>,
    env: &[(String, String)],
) -> Result<()> {
    if spec.before_start.is_empty() {
        return Ok(());
    }
    let mut all = session_environment(hands, session).await;
    all.extend(env.iter().filter(|(key, _)| key != "SWARM_TOKEN").cloned());
    run(
        hands,
        swarm,
        spec,
        &Chore { what: "before_start", argv: &spec.before_start, limit: BEFORE_START },
        all,
    )
    .await
}

/// Runs an agent's `after_exit`. Nobody waits for it: what goes wrong is in the log.
pub async fn after_exit(hands: &Hands, ended: &Ended) {
    let Ended { swarm, spec, session, instance, status, signal } = ended;
    let _turn = hands.chores.turn(swarm, &spec.name).await;
    let mut all = session_environment(hands, *session).await;
    all.extend([
        ("SWARM_NAME".to_owned(), swarm.to_string()),
        ("SWARM_AGENT".to_owned(), spec.name.to_string()),
        ("SWARM_INSTANCE".to_owned(), instance.clone()),
        ("SWARM_EXIT_STATUS".to_owned(), status.map(|s| s.to_string()).unwrap_or_default()),
        ("SWARM_EXIT_SIGNAL".to_owned(), signal.map(|s| s.to_string()).unwrap_or_default()),
    ]);
    all.extend(crate::paths::places());
    all.extend(spec.env.iter().map(|(key, value)| (key.clone(), value.clone())));
    let chore = Chore { what: "after_exit", argv: &spec.after_exit, limit: AFTER_EXIT };
    if let Err(err) = run(hands, swarm, spec, &chore, all).await {
        tracing::warn!("{swarm}/{}: {err}", spec.name);
    }
}

/// What the panes of the session have besides tmux's own environment: the PATH of whoever ran `swarm up`, and what the
/// profiles pass on.
pub async fn session_environment(hands: &Hands, session: Option<SessionId>) -> Vec<(String, String)> {
    let Some(session) = session else { return Vec::new() };
    let Ok(conn) = hands.link.connection().await else { return Vec::new() };
    let Ok(reply) = conn.one(Command::show_environment(session)).await else { return Vec::new() };
    let text = reply.text();
    let pairs = text.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// A program to run.
struct Chore<'a> {
    what: &'static str,
    argv: &'a [String],
    limit: Duration,
}

async fn run(
    hands: &Hands,
    swarm: &SwarmName,
    spec: &AgentSpec,
    chore: &Chore<'_>,
    env: Vec<(String, String)>,
) -> Result<()> {
    let log = hands.paths.state_dir.join("log").join(format!("{swarm}-{}-{}.log", spec.name, chore.what));
    let shown = text::one_line(&chore.argv.join(" "));
    tracing::info!("{swarm}/{}: {} runs", spec.name, chore.what);
    let (outcome, output) = execute(chore, &spec.directory, env, tokio::time::sleep(chore.limit)).await;
    let output = without_secrets(&output, spec);
    if let Err(err) = keep(&log, &format!("$ {shown}\n{output}")) {
        tracing::warn!("{err}");
    }
    let why = match outcome {
        Ok(status) if status.success() => return Ok(()),
        Ok(status) => status.to_string(),
        Err(why) => why,
    };
    let last = output.lines().rev().map(text::one_line).find(|line| !line.trim().is_empty());
    let last = last.map(|line| format!(": {}", text::clip(&line, 200))).unwrap_or_default();
    Err(Error::failure(format!("{} `{}` failed, {why}{last}", chore.what, text::clip(&shown, 60)))
        .hint(format!("its output is in {}", log.display())))
}

/// Runs the program and gives how it ended, with the end of what it printed. When `over` comes first, it is ended.
async fn execute(
    chore: &Chore<'_>,
    directory: &std::path::Path,
    env: Vec<(String, String)>,
    over: impl Future<Output = ()>,
) -> (std::result::Result<ExitStatus, String>, String) {
    let Some((program, args)) = chore.argv.split_first() else {
        return (Err("it is empty".into()), String::new());
    };
    let pipe = std::io::pipe().and_then(|(reader, writer)| Ok((reader, writer.try_clone()?, writer)));
    let (reader, out, err) = match pipe {
        Ok(pipe) => pipe,
        Err(err) => return (Err(format!("no pipe for its output: {err}")), String::new()),
    };
    #[expect(clippy::disallowed_methods, reason = "what the trusted swarm file names runs here")]
    let mut command = std::process::Command::new(program);
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.args(args).current_dir(directory).envs(env).stdin(Stdio::null()).stdout(out).stderr(err);
    let mut command = tokio::process::Command::from(command);
    let started = command.spawn();
    // Our ends of the pipe are closed with it, or its end would never be seen.
    drop(command);
    let mut child = match started {
        Ok(child) => child,
        Err(err) => return (Err(format!("cannot start it: {err}")), String::new()),
    };
    let group = child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
    let mut output = Tail { kept: Vec::new(), reader: Receiver::from_owned_fd(reader.into()).ok() };
    tokio::pin!(over);
    let ended = loop {
        tokio::select! {
            status = child.wait() => break status.map_err(|err| err.to_string()),
            () = output.read(), if output.reader.is_some() => {}
            () = &mut over => {
                end(&mut child, group, &mut output).await;
                break Err(format!("still running after {} s", chore.limit.as_secs()));
            }
        }
    };
    let _ = tokio::time::timeout(LAST_WORDS, output.read_all()).await;
    (ended, String::from_utf8_lossy(&output.kept).into_owned())
}

/// Ends a program with what it started: first politely. What holds its output is what has not ended.
async fn end(child: &mut tokio::process::Child, group: Option<Pid>, output: &mut Tail) {
    for signal in [Signal::TERM, Signal::KILL] {
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
        // Reaped last: until then nobody else can have the number of its group.
        let all = async {
            output.read_all().await;
            let _ = child.wait().await;
        };
        if tokio::time::timeout(GRACE, all).await.is_ok() {
            return;
        }
    }
}

/// What a program prints, of which the end is kept.
struct Tail {
    kept: Vec<u8>,
    /// `None` at its end.
    reader: Option<Receiver>,
}

impl Tail {
    /// Reads what is there.
    async fn read(&mut self) {
        let Some(open) = &mut self.reader else { return };
        let mut chunk = [0; 4096];
        match open.read(&mut chunk).await {
            Ok(n) if n > 0 => {
                self.kept.extend_from_slice(&chunk[..n]);
                let over = self.kept.len().saturating_sub(KEPT);
                self.kept.drain(..over);
            }
            _ => self.reader = None,
        }
    }

    async fn read_all(&mut self) {
        while self.reader.is_some() {
            self.read().await;
        }
    }
}

/// The output without the values of the agent's variables and without what looks like a key.
fn without_secrets(output: &str, spec: &AgentSpec) -> String {
    let long = spec.env.values().filter(|value| value.len() >= 8);
    let output = long.fold(output.to_owned(), |out, value| out.replace(value.as_str(), "…"));
    redact(&output, &Private::default())
}

fn keep(log: &PathBuf, text: &str) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let file = std::fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(log);
    file.and_then(|mut file| file.write_all(text.as_bytes())).context(|| format!("write {}", log.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Ran = (std::result::Result<i32, String>, String);

    async fn execute_sh(script: &str, over: impl Future<Output = ()>) -> Ran {
        let argv = ["sh", "-c", script].map(str::to_owned);
        let chore = Chore { what: "before_start", argv: &argv, limit: GRACE };
        let env = vec![("GREETING".to_owned(), "hello".to_owned())];
        let (ended, output) = execute(&chore, std::path::Path::new("/"), env, over).await;
        (ended.map(|status| status.code().unwrap_or(-1)), output)
    }

    #[tokio::test]
    async fn both_outputs_are_kept_in_order_with_how_it_ended() {
        let ran = execute_sh("echo $GREETING; echo oops >&2; pwd; exit 3", std::future::pending()).await;
        assert_eq!(ran, (Ok(3), "hello\noops\n/\n".to_owned()));
    }

    #[tokio::test]
    async fn a_program_that_goes_on_too_long_ends_with_all_it_started() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("started");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, rustix::fs::Mode::RWXU).unwrap();
        let mut theirs = tokio::net::unix::pipe::OpenOptions::new().open_receiver(&fifo).unwrap();
        // Open for writing, too: or it would be at its end until somebody else has it open.
        let both_ways = std::fs::OpenOptions::new().read(true).write(true).open(&fifo).unwrap();
        let mut started = Receiver::from_file(both_ways).unwrap();
        let over = async { started.read_u8().await.map(drop).unwrap() };
        let script = format!("exec 3>{}; sleep 1000 & echo >&3; wait", fifo.display());
        let (ended, _) = execute_sh(&script, over).await;
        assert!(ended.unwrap_err().contains("still running"));
        drop(started);
        let mut said = Vec::new();
        let all_ended = theirs.read_to_end(&mut said);
        tokio::time::timeout(Duration::from_secs(60), all_ended).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_it_leaves_in_the_background_holds_nobody_up() {
        let (ended, output) = execute_sh("sleep 5 & echo done", std::future::pending()).await;
        assert_eq!((ended, output.as_str()), (Ok(0), "done\n"));
    }

    #[tokio::test]
    async fn only_the_end_of_much_output_is_kept() {
        let (_, output) = execute_sh("yes | head -c 200000; echo end", std::future::pending()).await;
        assert!(output.len() <= KEPT && output.ends_with("end\n"), "{}", output.len());
    }

    #[test]
    fn values_of_variables_do_not_reach_the_log() {
        let mut spec = AgentSpec::new("one".parse().unwrap(), "shell", "/");
        spec.env.insert("TOKEN".into(), "s3cret-value".into());
        assert_eq!(without_secrets("is s3cret-value", &spec), "is …");
    }
}
