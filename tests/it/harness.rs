//! One private tmux server per test, and ways to wait for what happens in it.
//!
//! ```ignore
//! let server = Server::start().await;                        // 200x50, one placeholder pane, ended on drop
//! let pane = server.spawn(&["sh", "-c", "echo hello; cat"]).await;
//! server.wait_for_text(pane, "hello").await;
//! server.wait_until("the pane is dead", async || server.row(pane).await.dead).await;
//! ```
//!
//! - Never sleep in a test: [`Server::wait_until`] wakes on every notification of the server.
//! - `server.conn` is a [`Role::Command`] connection; `server.spec` (or `-S`/`SWARM_TMUX_SOCKET` with
//!   [`Server::socket`]) is for code and binaries under test. `$TMUX` never reaches the server.
//! - `SWARM_TMUX=/path/to/tmux cargo test --test it` runs everything on another tmux.
//! - The server has no configuration; [`Server::start_with`] takes one.
#![allow(dead_code, reason = "each feature's tests use a part of this")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use swarm::tmux::command::Capture;
use swarm::tmux::{
    ClientRow, Command, Connection, Created, Gate, Launch, Notification, PaneId, PaneRow, Role, ServerSpec,
    SessionId, Socket, WindowId,
};
use tempfile::TempDir;
use tokio::sync::{Mutex, mpsc};

/// How long anything may take before a test fails. Generous: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often a condition is looked at when tmux says nothing, as for the death of a kept pane.
const QUIET_CHECK: Duration = Duration::from_millis(25);

/// What runs in a test's server finds nothing of whoever runs the tests: no configuration, no home, no swarm around it.
pub fn strangers_to_us<'a>(
    process: &'a mut std::process::Command,
    home: &Path,
) -> &'a mut std::process::Command {
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if ["TMUX", "SWARM_", "XDG_", "CLAUDE", "CODEX_"].iter().any(|start| name.starts_with(start))
            && name != "SWARM_TMUX"
        {
            process.env_remove(&key);
        }
    }
    process.env_remove("COLUMNS").env_remove("LINES").env("HOME", home)
}

/// The tmux under test: `SWARM_TMUX`, else the one in `PATH`.
pub fn program() -> PathBuf {
    std::env::var_os("SWARM_TMUX").map_or_else(|| "tmux".into(), PathBuf::from)
}

/// A private tmux server.
pub struct Server {
    /// How to reach it.
    pub spec: ServerSpec,
    /// A command connection to it.
    pub conn: Connection,
    /// Its first session, `main`.
    pub session: SessionId,
    /// The first session's window.
    pub window: WindowId,
    /// The placeholder pane in it.
    pub pane: PaneId,
    events: Mutex<mpsc::Receiver<Notification>>,
    // Keeps the event connection alive.
    events_conn: Connection,
    process: Process,
}

/// The server's process and folder; ends both.
struct Process {
    spec: ServerSpec,
    pid: Option<i32>,
    dir: TempDir,
}

impl Server {
    /// A server without configuration.
    pub async fn start() -> Self {
        Self::start_with("").await
    }

    /// A server with this `tmux.conf`.
    pub async fn start_with(config: &str) -> Self {
        let dir = tempfile::Builder::new().prefix("swarm-it").tempdir().unwrap();
        let spec = ServerSpec { program: program(), socket: Socket::Path(dir.path().join("s")) };
        let mut started = Process { spec: spec.clone(), pid: None, dir };
        let dir = started.dir.path();
        let conf = dir.join("tmux.conf");
        std::fs::write(&conf, config).unwrap();
        let session = Command::new_session("main", "first", (200, 50), &[], &Launch::placeholder());
        let mut process = spec.process(&[]);
        process.arg("-f").arg(&conf).args(session.argv()).args([";", "display-message", "-p", "pid=#{pid}"]);
        let output = strangers_to_us(process.current_dir(dir), dir).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let Created { session, window, pane } = text.lines().next().unwrap().parse().unwrap();
        started.pid = text.lines().find_map(|line| line.strip_prefix("pid=")?.parse().ok());
        let (conn, _) = Connection::attach(&spec, session, Role::Command, &Gate::default()).await.unwrap();
        let (events_conn, events) =
            Connection::attach(&spec, session, Role::Events, &Gate::default()).await.unwrap();
        let events = Mutex::new(events);
        Self { spec, conn, session, window, pane, events, events_conn, process: started }
    }

    /// The server is at least of this version.
    pub async fn at_least(&self, major: u32, minor: u32) -> bool {
        self.spec.version().await.unwrap().at_least(major, minor)
    }

    /// The socket's path, for `-S` and `SWARM_TMUX_SOCKET`.
    pub fn socket(&self) -> PathBuf {
        self.process.dir.path().join("s")
    }

    /// Another server was started in the place of this one, which had ended: connects to it.
    pub async fn reconnect(&mut self) {
        let mut process = self.spec.process(&[]);
        let output = process.args(["display-message", "-p", "#{session_id} #{pid}"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (session, pid) = text.trim().split_once(' ').unwrap();
        self.session = session.parse().unwrap();
        self.process.pid = pid.parse().ok();
        (self.conn, _) =
            Connection::attach(&self.spec, self.session, Role::Command, &Gate::default()).await.unwrap();
        let (events_conn, events) =
            Connection::attach(&self.spec, self.session, Role::Events, &Gate::default()).await.unwrap();
        (self.events_conn, self.events) = (events_conn, Mutex::new(events));
    }

    /// A directory that goes with the server.
    pub fn dir(&self) -> PathBuf {
        self.process.dir.path().to_owned()
    }

    /// The server's process.
    pub fn pid(&self) -> rustix::process::Pid {
        self.process.pid.and_then(rustix::process::Pid::from_raw).unwrap()
    }

    /// Starts a program without a shell in a window of its own, in [`Server::dir`]; the pane stays when it ends.
    pub async fn spawn(&self, argv: &[&str]) -> PaneId {
        let launch = Launch {
            directory: self.process.dir.path().to_str().unwrap().to_owned(),
            env: Vec::new(),
            argv: argv.iter().map(|&word| word.to_owned()).collect(),
        };
        let window = Command::new_window(self.session, "spawned", &Launch::placeholder());
        let made: Created = self.conn.one(window).await.unwrap().text().parse().unwrap();
        let running = self.conn.start(made.pane, &launch, &[("remain-on-exit", "on")]).await.unwrap();
        assert_eq!(running.pane, made.pane);
        made.pane
    }

    /// Runs tmux as a person would type it; it must succeed. Gives what it printed.
    pub async fn tmux(&self, args: &[&str]) -> String {
        let mut command = tokio::process::Command::new(program());
        command.arg("-S").arg(self.socket()).args(args).env_remove("TMUX").current_dir(self.dir());
        let output = command.output().await.unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every pane.
    pub async fn panes(&self) -> Vec<PaneRow> {
        self.conn.panes().await.unwrap()
    }

    /// One pane; panics when it is gone.
    pub async fn row(&self, pane: PaneId) -> PaneRow {
        let rows = self.panes().await;
        let found = rows.iter().find(|row| row.pane == pane).cloned();
        found.unwrap_or_else(|| panic!("{pane} is not in {rows:#?}"))
    }

    /// What the pane shows.
    pub async fn text(&self, pane: PaneId) -> String {
        let capture = Command::capture_pane(pane, Capture::Text, None);
        self.conn.one(capture).await.unwrap().text().into_owned()
    }

    /// Waits until the condition holds, looking again whenever tmux notifies of something.
    pub async fn wait_until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        let mut events = self.events.lock().await;
        while !holds().await {
            assert!(start.elapsed() < 2 * DEADLINE, "waited in vain: {what}");
            let said = tokio::time::timeout(QUIET_CHECK, events.recv()).await;
            if matches!(said, Ok(None)) {
                // The server has ended: it says nothing any more.
                let _ = tokio::time::timeout(QUIET_CHECK, std::future::pending::<()>()).await;
            }
            while events.try_recv().is_ok() {}
        }
    }

    /// Waits until the pane shows the text; says what it shows when it never does.
    pub async fn wait_for_text(&self, pane: PaneId, needle: &str) {
        let start = Instant::now();
        let mut last = String::new();
        self.wait_until("text", async || {
            last = self.text(pane).await;
            assert!(start.elapsed() < DEADLINE, "`{needle}` never came in {pane}, which shows:\n{last}");
            last.contains(needle)
        })
        .await;
    }

    /// Waits for a notification that the caller accepts, and throws away those before it.
    pub async fn wait_for_event(
        &self,
        what: &str,
        mut accept: impl FnMut(&Notification) -> bool,
    ) -> Notification {
        let mut events = self.events.lock().await;
        let wait = async {
            loop {
                let event = events.recv().await.unwrap_or_else(|| panic!("the server ended: {what}"));
                if accept(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(DEADLINE, wait).await.unwrap_or_else(|_| panic!("waited in vain: {what}"))
    }

    /// A pane whose program has its terminal in raw mode and keeps every byte that is typed.
    pub async fn recorder(&self) -> Recorder<'_> {
        self.recorder_with("").await
    }

    /// [`Server::recorder`] with bracketed paste switched on.
    pub async fn bracketed_recorder(&self) -> Recorder<'_> {
        self.recorder_with(r"\033[?2004h").await
    }

    /// A person's terminal that shows the session: a real client, which runs in a pane of another private server.
    pub async fn person(&self, session: SessionId) -> ClientRow {
        let socket = self.process.dir.path().join("terminal");
        let spec = ServerSpec { program: program(), socket: Socket::Path(socket) };
        let attach = self.spec.process(&[Command::attach(session)]);
        let attach = std::iter::once(attach.get_program()).chain(attach.get_args());
        let attach = attach.map(|word| word.to_str().unwrap().to_owned());
        let argv = ["env", "-u", "TMUX"].map(str::to_owned).into_iter().chain(attach).collect();
        let launch = Launch { argv, ..Launch::default() };
        let terminal = Command::new_session("terminal", "", (200, 50), &[], &launch);
        let mut process = spec.process(&[]);
        let output = process.args(["-f", "/dev/null"]).args(terminal.argv()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let mut found = None;
        self.wait_until("the person is there", async || {
            let clients = self.conn.clients().await.unwrap();
            found = clients.into_iter().find(|c| !c.control && c.session == Some(session));
            found.is_some()
        })
        .await;
        found.unwrap()
    }

    async fn recorder_with(&self, greeting: &str) -> Recorder<'_> {
        let n = std::fs::read_dir(self.process.dir.path()).unwrap().count();
        let path = self.process.dir.path().join(format!("recorded{n}"));
        std::fs::write(&path, b"").unwrap();
        let script = format!("stty raw -echo; printf '{greeting}recording'; exec cat > '{}'", path.display());
        let pane = self.spawn(&["sh", "-c", &script]).await;
        self.wait_for_text(pane, "recording").await;
        Recorder { server: self, pane, path }
    }
}

impl Drop for Process {
    /// Ends the server: politely, then, should a client of the test hold it up, by its process id.
    fn drop(&mut self) {
        let mut process = self.spec.process(&[]);
        let polite = process.arg("kill-server").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        if let Ok(mut child) = polite {
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(1) && matches!(child.try_wait(), Ok(None)) {
                std::thread::yield_now();
                std::thread::park_timeout(Duration::from_millis(2));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        if self.dir.path().join("s").exists()
            && let Some(pid) = self.pid.and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

/// A pane that keeps what is typed into it, byte for byte.
pub struct Recorder<'a> {
    server: &'a Server,
    /// The pane.
    pub pane: PaneId,
    path: PathBuf,
}

impl Recorder<'_> {
    /// What has arrived so far.
    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }

    /// Waits until exactly these bytes have arrived (since [`Recorder::clear`]); says what came when they do not.
    pub async fn expect(&self, bytes: &[u8]) {
        let what = format!("{} recorded bytes", bytes.len());
        self.server.wait_until(&what, async || self.bytes().len() >= bytes.len()).await;
        let got = self.bytes();
        assert!(
            got == bytes,
            "recorded {:?}\nexpected {:?}",
            String::from_utf8_lossy(&got),
            String::from_utf8_lossy(bytes)
        );
    }
}
