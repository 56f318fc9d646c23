//! The persistent control-mode connection: commands in, replies and notifications out.
//!
//! One task per connection owns the `tmux -C` process, its pipes and the bookkeeping. It never waits for a consumer: a
//! stopped reader can make tmux stop reading the ptys, and then the agents freeze. When notifications pile up, output is
//! dropped and the pane marked with [`Notification::Overflow`].

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot};

use super::command::Command;
use super::format::{self, ClientRow, PaneRow};
use super::gate::{Attaching, Gate};
use super::id::{PaneId, SessionId};
use super::matching::{Answer, Matching};
use super::notification::{self, Item, Notification, Parser};
use super::server::ServerSpec;
use super::version::Version;
use crate::error::{Error, Kind, Result};

/// How long a call may take before it is given up. Its replies are still read and thrown away.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// How many notifications may wait for their consumer. tmux sends output in chunks of at most 8 KiB.
const QUEUE: usize = 1024;
/// How much of what `tmux` writes to stderr is kept for the error message, in bytes.
const STDERR_MAX: usize = 4096;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Commands only: no `%output`. As long as one such client is attached, no other control client that stops reading
    /// can freeze a pane.
    Command,
    /// `%output` and the other notifications of the attached session's windows. A 3.2 server crashes when a pane dies
    /// whose output it has not passed on yet: there no output is asked for ([`Connection::has_output`]).
    Events,
}

impl Role {
    const fn flags(self) -> &'static str {
        match self {
            Self::Command => "no-output,ignore-size",
            // Output is asked for once the server is known to survive it.
            Self::Events => "no-output,pause-after=2,ignore-size",
        }
    }
}

/// What a command printed, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    body: Vec<u8>,
    truncated: bool,
}

impl Reply {
    pub(super) const fn new(body: Vec<u8>, truncated: bool) -> Self {
        Self { body, truncated }
    }

    /// Everything, each line ended by a line feed.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The lines, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        notification::lines(&self.body)
    }

    /// Everything as text; bytes that are not UTF-8 become U+FFFD here, and only here.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    /// Something was dropped because it was larger than [`notification::REPLY_MAX`].
    pub const fn truncated(&self) -> bool {
        self.truncated
    }
}

/// A connection to a session of a tmux server. Cheap to clone; the last clone to go ends the connection.
#[derive(Debug, Clone)]
pub struct Connection {
    requests: mpsc::Sender<Request>,
    state: Arc<State>,
    output: bool,
    gate: Gate,
}

#[derive(Debug)]
struct Request {
    commands: Vec<Command>,
    answer: oneshot::Sender<Answer>,
}

/// What the handles and the task share. Locks are held for a moment, never across an await.
#[derive(Debug)]
struct State {
    matching: Mutex<Matching>,
    /// Why the connection is over; empty while it lives.
    lost: Mutex<Option<String>>,
    /// Dead panes for which tmux was already asked to look again.
    nudged: Mutex<BTreeSet<(PaneId, Option<u32>)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn lost_error(&self) -> Error {
        let reason = lock(&self.lost).clone().unwrap_or_else(|| "closed".to_owned());
        Error::new(Kind::Tmux, format!("the tmux connection is lost: {reason}"))
    }
}

impl Connection {
    /// Attaches a control client to the session, when nothing else is going on at the server's gate. The receiver closes
    /// when the connection is over.
    pub async fn attach(
        spec: &ServerSpec,
        session: SessionId,
        role: Role,
        gate: &Gate,
    ) -> Result<(Self, mpsc::Receiver<Notification>)> {
        let alone = gate.attaching().await;
        let mut child = spawn(spec, session, role)?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(Error::new(Kind::Tmux, "tmux was started without its pipes"));
        };
        let state = Arc::new(State {
            matching: Mutex::new(Matching::new()),
            lost: Mutex::new(None),
            nudged: Mutex::new(BTreeSet::new()),
        });
        let (requests, inbox) = mpsc::channel(64);
        let (events, receiver) = mpsc::channel(QUEUE);
        let (told, attached) = oneshot::channel();
        let (set_up, may_write) = oneshot::channel();
        let ready = Ready { told, set_up, alone };
        let task = Task { child, stdin, stdout, stderr, state: Arc::clone(&state), inbox, may_write };
        tokio::spawn(task.run(Outbox::new(events), ready));
        match tokio::time::timeout(CALL_TIMEOUT, attached).await {
            Ok(Ok(())) => {
                let conn = Self { requests, state, output: role == Role::Events, gate: gate.clone() };
                // Without it the client goes again.
                let conn = conn.with_output().await.inspect_err(|_| gate.unsettle())?;
                Ok((conn, receiver))
            }
            Ok(Err(_)) => {
                let reason = lock(&state.lost).clone().unwrap_or_default();
                Err(Error::new(Kind::Tmux, format!("cannot attach to tmux session {session}: {reason}")))
            }
            Err(_) => Err(too_slow()),
        }
    }

    /// Asks for output where that is wanted and safe.
    async fn with_output(mut self) -> Result<Self> {
        if self.output {
            let version = self.one(Command::server_version()).await?;
            self.output = Version::parse(&version.text()).at_least(3, 3);
        }
        if self.output {
            self.one(Command::ask_for_output()).await?;
        }
        Ok(self)
    }

    /// `%output` comes. Otherwise changes must be found by asking.
    pub const fn has_output(&self) -> bool {
        self.output
    }

    /// Runs the commands in order, written at once, and gives their replies in the same order; the inner `Err` is what
    /// tmux said to a command that failed. A command that fails does not stop those after it.
    pub async fn batch(&self, commands: Vec<Command>) -> Answer {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, replies) = oneshot::channel();
        let call = async {
            let _stirring = self.gate.stir_by(Command::stirs(&commands)).await;
            self.requests.send(Request { commands, answer }).await.map_err(|_| self.state.lost_error())?;
            replies.await.map_err(|_| self.state.lost_error())?
        };
        tokio::time::timeout(CALL_TIMEOUT, call).await.unwrap_or_else(|_| Err(too_slow()))
    }

    /// Runs one command; what tmux says against it is an error.
    pub async fn one(&self, command: Command) -> Result<Reply> {
        let name = command.words().first().cloned().unwrap_or_default();
        match self.batch(vec![command]).await?.pop() {
            Some(Ok(reply)) => Ok(reply),
            Some(Err(said)) => Err(refused(&format!("tmux refused {name}"), &said)),
            None => Err(self.state.lost_error()),
        }
    }

    /// Every pane of the server, once per session that shows it.
    ///
    /// Where tmux has lost how a process ended, it is made to look once more before this answers.
    pub async fn panes(&self) -> Result<Vec<PaneRow>> {
        let rows = format::panes(self.one(Command::list_panes()).await?.bytes());
        let fresh: Vec<_> = {
            let nudged = lock(&self.state.nudged);
            let lost = rows.iter().filter(|row| row.lost_status()).map(|row| (row.pane, row.pid));
            lost.filter(|key| !nudged.contains(key)).collect()
        };
        if fresh.is_empty() {
            return Ok(rows);
        }
        let mut replies = self.batch(vec![Command::nudge_and_wait(), Command::list_panes()]).await?;
        let mut nudged = lock(&self.state.nudged);
        nudged.retain(|(pane, pid)| rows.iter().any(|row| (row.pane, row.pid) == (*pane, *pid)));
        nudged.extend(fresh);
        match replies.pop() {
            Some(Ok(reply)) => Ok(format::panes(reply.bytes())),
            _ => Ok(rows),
        }
    }

    /// Every client of the server, control clients (ours too) included.
    pub async fn clients(&self) -> Result<Vec<ClientRow>> {
        Ok(format::clients(self.one(Command::list_clients()).await?.bytes()))
    }

    /// Why the connection is over; `None` while it lives.
    pub fn lost(&self) -> Option<String> {
        lock(&self.state.lost).clone()
    }
}

/// What tmux said against a command; a pane that is not there any more is a kind of its own.
pub(super) fn refused(what: &str, said: &str) -> Error {
    let gone = said.starts_with("can't find pane") || said.starts_with("no such pane");
    let kind = if gone { Kind::Gone } else { Kind::Tmux };
    Error::new(kind, format!("{what}: {}", crate::text::one_line(said)))
}

fn too_slow() -> Error {
    Error::new(Kind::Timeout, format!("tmux did not answer within {} s", CALL_TIMEOUT.as_secs()))
}

fn spawn(spec: &ServerSpec, session: SessionId, role: Role) -> Result<Child> {
    let mut process = tokio::process::Command::from(spec.read_process(&[]));
    // `-N`: a plain attach starts a server that is not there, which ends at once and takes a `new-session` of the same
    // moment with it ("server exited unexpectedly").
    process.args(["-N", "-C", "attach-session", "-t", &session.to_string(), "-f", role.flags()]);
    process.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    process.spawn().map_err(|e| spec.cannot_start(e))
}

/// The owner of one `tmux -C` process.
struct Task {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
    state: Arc<State>,
    inbox: mpsc::Receiver<Request>,
    may_write: oneshot::Receiver<()>,
}

/// What waits until the client is set up.
struct Ready {
    told: oneshot::Sender<()>,
    set_up: oneshot::Sender<()>,
    /// Nothing else goes on at the server until then.
    alone: Attaching,
}

impl Ready {
    fn tell(self) {
        drop(self.alone);
        let _ = self.set_up.send(());
        let _ = self.told.send(());
    }
}

impl Task {
    async fn run(self, outbox: Outbox, ready: Ready) {
        let Self { mut child, stdin, stdout, mut stderr, state, mut inbox, may_write } = self;
        let (mut said, mut ready) = (Vec::new(), Some(ready));
        let reason = tokio::select! {
            reason = read(stdout, &state, outbox, &mut ready) => reason,
            reason = write(stdin, &state, &mut inbox, may_write) => reason,
            never = collect(&mut stderr, &mut said) => match never {},
        };
        // The process is about to end by itself or is ended here; what it still has to say comes at once.
        let _ = tokio::time::timeout(Duration::from_millis(200), stderr.read_to_end(&mut said)).await;
        let _ = child.kill().await;
        said.truncate(STDERR_MAX);
        let said = String::from_utf8_lossy(&said);
        let reason = [reason.as_str(), said.trim()].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>();
        let reason = crate::text::one_line(&reason.join(": "));
        *lock(&state.lost) = Some(if reason.is_empty() { "tmux closed it".to_owned() } else { reason });
        lock(&state.matching).fail(|| state.lost_error());
        // Whoever waits on these learns the reason, which is set by now.
        drop((ready, inbox));
    }
}

/// Writes what is asked, once the client is set up: one that ends before takes the server with it, so that not even a
/// caller who has gone ends it sooner.
async fn write(
    mut stdin: ChildStdin,
    state: &State,
    inbox: &mut mpsc::Receiver<Request>,
    may_write: oneshot::Receiver<()>,
) -> String {
    if tokio::time::timeout(CALL_TIMEOUT, may_write).await.is_err() {
        return too_slow().to_string();
    }
    while let Some(Request { commands, answer }) = inbox.recv().await {
        let bytes = lock(&state.matching).add(&commands, answer);
        if let Err(error) = stdin.write_all(&bytes).await {
            // tmux has gone; the reading side may know why, so let it speak first.
            tokio::time::sleep(Duration::from_millis(200)).await;
            return error.to_string();
        }
    }
    "closed".to_owned()
}

async fn collect(stderr: &mut ChildStderr, said: &mut Vec<u8>) -> std::convert::Infallible {
    let mut chunk = [0; 512];
    while let Ok(n @ 1..) = stderr.read(&mut chunk).await {
        let room = STDERR_MAX.saturating_sub(said.len());
        said.extend_from_slice(&chunk[..n.min(room)]);
    }
    std::future::pending().await
}

async fn read(
    mut stdout: ChildStdout,
    state: &State,
    mut outbox: Outbox,
    ready: &mut Option<Ready>,
) -> String {
    let mut parser = Parser::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut reason = String::new();
    loop {
        let n = tokio::select! {
            n = stdout.read(&mut buffer) => n.unwrap_or_default(),
            () = outbox.pay(), if outbox.owes() => continue,
        };
        if n == 0 {
            return reason;
        }
        for item in parser.push(&buffer[..n]) {
            match item {
                Item::Reply(block) if block.is_ours() => {
                    let inside = lock(&state.matching).block(block);
                    for notification in inside {
                        outbox.push(notification);
                    }
                }
                // The reply to our own attach-session.
                Item::Reply(block) if block.error && ready.is_some() => {
                    String::from_utf8_lossy(&block.body).trim().clone_into(&mut reason);
                }
                Item::Reply(_) => {}
                Item::Notification(notification) => {
                    match &notification {
                        Notification::SessionChanged(..) => {
                            if let Some(ready) = ready.take() {
                                ready.tell();
                            }
                        }
                        Notification::Exit { reason: why } if !why.is_empty() => reason.clone_from(why),
                        _ => {}
                    }
                    outbox.push(notification);
                }
            }
        }
    }
}

/// The bounded way out for notifications, and what is owed to a consumer that was too slow.
struct Outbox {
    queue: mpsc::Sender<Notification>,
    overflow: BTreeSet<PaneId>,
    lost: bool,
}

impl Outbox {
    const fn new(queue: mpsc::Sender<Notification>) -> Self {
        Self { queue, overflow: BTreeSet::new(), lost: false }
    }

    fn owes(&self) -> bool {
        self.lost || !self.overflow.is_empty()
    }

    fn push(&mut self, notification: Notification) {
        while self.owes() {
            let Ok(permit) = self.queue.try_reserve() else { break };
            permit.send(pop_marker(&mut self.lost, &mut self.overflow));
        }
        let unsent = match self.queue.try_reserve() {
            Ok(permit) => return permit.send(notification),
            Err(mpsc::error::TrySendError::Full(())) => notification,
            Err(mpsc::error::TrySendError::Closed(())) => return,
        };
        match unsent {
            Notification::Output { pane, .. } | Notification::Overflow(pane) => {
                self.overflow.insert(pane);
            }
            _ => self.lost = true,
        }
    }

    /// Waits for room and puts one marker there.
    async fn pay(&mut self) {
        let Ok(permit) = self.queue.reserve().await else {
            self.lost = false;
            self.overflow.clear();
            return;
        };
        permit.send(pop_marker(&mut self.lost, &mut self.overflow));
    }
}

/// The next thing that is owed; [`Notification::Lost`] when nothing is.
fn pop_marker(lost: &mut bool, overflow: &mut BTreeSet<PaneId>) -> Notification {
    if std::mem::take(lost) {
        return Notification::Lost;
    }
    overflow.pop_first().map_or(Notification::Lost, Notification::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(pane: u32) -> Notification {
        Notification::Output { pane: PaneId(pane), data: vec![b'x'] }
    }

    #[tokio::test]
    async fn a_slow_consumer_is_told_what_it_missed() {
        let (tx, mut rx) = mpsc::channel(2);
        let mut outbox = Outbox::new(tx);
        for n in [output(1), output(1), output(2), output(1), Notification::SessionsChanged, output(3)] {
            outbox.push(n);
        }
        assert!(outbox.owes());
        let mut seen = Vec::new();
        while outbox.owes() {
            seen.push(rx.recv().await.unwrap());
            outbox.pay().await;
        }
        while let Ok(n) = rx.try_recv() {
            seen.push(n);
        }
        outbox.push(output(4));
        seen.push(rx.try_recv().unwrap());
        let overflow = [1, 2, 3].map(|pane| Notification::Overflow(PaneId(pane)));
        assert_eq!(seen[..2], [output(1), output(1)]);
        assert_eq!(seen[2], Notification::Lost);
        assert_eq!(seen[3..6], overflow);
        assert_eq!(seen[6..], [output(4)]);
    }
}
