//! A private tmux server with a swarm of animated children in it, and the CPU that its processes used.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Nanoseconds of the wall clock: the one clock that two processes share.
pub fn nanos() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()
}

/// CPU time of a process, all threads that live, in seconds: nanosecond counters where there are, ticks elsewhere.
pub fn cpu(pid: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let spent = tasks.filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    });
    let spent: f64 = spent.sum();
    if spent > 0.0 { spent / 1e9 } else { ticks(&format!("/proc/{pid}/stat"), 11) }
}

/// CPU time of children that were waited for, in seconds.
pub fn children_cpu() -> f64 {
    ticks("/proc/self/stat", 13)
}

/// Two neighbouring fields of a `stat` file, counted after the name, as seconds.
fn ticks(stat: &str, field: usize) -> f64 {
    let text = std::fs::read_to_string(stat).unwrap_or_default();
    let after = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let sum: f64 = after.split_whitespace().skip(field).take(2).filter_map(|n| n.parse::<f64>().ok()).sum();
    // USER_HZ is 100 wherever Linux runs.
    sum / 100.0
}

/// Resident memory of a process, in megabytes.
pub fn rss(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// One child in a pane.
pub struct Child {
    /// Its pane.
    pub pane: String,
    stream: UnixStream,
    reader: BufReader<UnixStream>,
}

impl Child {
    /// Tells it what to do; gives the time when it had painted that.
    pub fn tell(&mut self, what: &str) -> u128 {
        writeln!(self.stream, "{what}").expect("the child lives");
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("the child answers");
        line.trim().parse().expect("a time")
    }
}

/// Everything of one measurement; ends it all on drop.
pub struct Rig {
    dir: tempfile::TempDir,
    listener: UnixListener,
    /// The panes.
    pub children: Vec<Child>,
    /// The tmux server.
    pub server: u32,
}

impl Rig {
    /// A rig without a server; `agents` children are what its swarm file names.
    pub fn new(agents: usize) -> Self {
        let dir = tempfile::Builder::new().prefix("swarm-bench").tempdir().unwrap();
        let listener = UnixListener::bind(dir.path().join("children")).unwrap();
        let profiles = dir.path().join("config/swarm/agents");
        std::fs::create_dir_all(&profiles).unwrap();
        std::fs::create_dir(dir.path().join("project")).unwrap();
        let rig = Self { dir, listener, children: Vec::new(), server: 0 };
        let argv = rig.child_argv();
        let profile = format!(
            "extends = \"claude\"\nname = \"animated\"\n[launch]\nprogram = {:?}\nbase = [{:?}, {:?}]\nsession_id = []\n\
             settings_file = []\nsystem_prompt = []\nmcp_config = []\nagent_name = []\n[launch.permissions]\nask = []\n\
             [sources]\nhooks = \"none\"\nstatus_file = \"none\"\ntranscript = \"none\"\n",
            argv[0], argv[1], argv[2]
        );
        std::fs::write(profiles.join("animated.toml"), profile).unwrap();
        let mut file = "name = \"bench\"\n[layout]\nwindows = \"per-agent\"\n".to_owned();
        for n in 0..agents {
            file += &format!("[[agents]]\nname = \"a{n}\"\nprofile = \"animated\"\n");
        }
        std::fs::write(rig.dir.path().join("project/swarm.toml"), file).unwrap();
        rig
    }

    /// The program of a child.
    pub fn child_argv(&self) -> [String; 3] {
        let exe = std::env::current_exe().unwrap().display().to_string();
        [exe, "--animate".to_owned(), self.path("children").display().to_string()]
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The tmux socket.
    pub fn socket(&self) -> PathBuf {
        self.path("s")
    }

    /// The variables that keep this swarm to itself.
    pub fn env(&self) -> HashMap<String, PathBuf> {
        let at = |key: &str, name: &str| (key.to_owned(), self.path(name));
        HashMap::from([at("SWARM_STATE_DIR", "state"), at("XDG_CONFIG_HOME", "config"), at("HOME", "")])
    }

    /// A `tmux` for the rig's server.
    pub fn tmux(&self) -> Command {
        let mut command = Command::new("tmux");
        command
            .arg("-S")
            .arg(self.socket())
            .args(["-f", "/dev/null"])
            .env_remove("TMUX")
            .env_remove("TMUX_PANE");
        command.stdin(Stdio::null()).current_dir(self.dir.path());
        command
    }

    /// `swarm` for the rig's server; gives what it printed.
    pub fn swarm(&self, args: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        for key in ["TMUX", "TMUX_PANE", "SWARM_NAME", "SWARM_AGENT", "SWARM_SOCKET", "SWARM_CONFIG"] {
            command.env_remove(key);
        }
        command.arg("-S").arg(self.socket()).args(args).envs(self.env());
        let output = command.current_dir(self.path("project")).stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "swarm {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until `n` more children have said hello.
    pub fn greet(&mut self, n: usize) {
        for _ in 0..n {
            let (stream, _) = self.listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut pane = String::new();
            reader.read_line(&mut pane).unwrap();
            self.children.push(Child { pane: pane.trim().to_owned(), stream, reader });
        }
    }

    /// Learns the process of the server.
    pub fn find_server(&mut self) {
        let output = self.tmux().args(["display-message", "-p", "#{pid}"]).output().unwrap();
        self.server = String::from_utf8_lossy(&output.stdout).trim().parse().expect("a server");
    }

    /// The overview's pane and process.
    pub fn overview(&self) -> (String, u32) {
        let format = "#{window_name} #{pane_id} #{pane_pid}";
        let output = self.tmux().args(["list-panes", "-a", "-F", format]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let found = text.lines().find_map(|line| line.strip_prefix("swarm ")?.split_once(' '));
        let (pane, pid) = found.expect("an overview");
        (pane.to_owned(), pid.parse().unwrap())
    }

    /// The monitor's process; starts the monitor when there is none.
    pub fn monitor(&self) -> u32 {
        self.swarm(&["status"]);
        let status: serde_json::Value =
            serde_json::from_str(&self.swarm(&["monitor", "status", "--json"])).unwrap();
        u32::try_from(status["monitor"]["pid"].as_u64().expect("a monitor")).unwrap()
    }

    /// Ends the monitor, if there is one, and waits until it is gone; the panes stay.
    pub fn stop_monitor(&self) {
        let status = self.quiet(&["monitor", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_slice(&status).unwrap_or_default();
        let Some(pid) = status["monitor"]["pid"].as_u64() else { return };
        self.quiet(&["monitor", "stop"]);
        while cpu(pid as u32) > 0.0 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `swarm`, whatever comes of it; gives what it printed.
    fn quiet(&self, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_swarm"));
        command.arg("-S").arg(self.socket()).args(args).envs(self.env()).stdin(Stdio::null());
        command.output().map(|output| output.stdout).unwrap_or_default()
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.stop_monitor();
        let _ = self.tmux().arg("kill-server").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A plain control client: what the third way to watch uses.
pub struct Pipe {
    process: std::process::Child,
    fences: u32,
    rest: Vec<u8>,
}

impl Pipe {
    /// Attaches to the rig's server.
    pub fn attach(rig: &Rig) -> Self {
        let mut command = rig.tmux();
        command.args(["-C", "attach", "-f", "no-output,ignore-size"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { process: command.spawn().unwrap(), fences: 0, rest: Vec::new() }
    }

    /// Runs commands in one write; gives everything that came back.
    pub fn run(&mut self, commands: &[String]) -> Vec<u8> {
        self.fences += 1;
        let fence = format!("fence-{}-fence", self.fences);
        // An empty line would end the client.
        let mut text: String = commands.iter().map(|command| format!("{command}\n")).collect();
        text += &format!("display-message -p {fence}\n");
        self.process.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
        let mut chunk = vec![0; 256 * 1024];
        let finder = memchr::memmem::Finder::new(fence.as_bytes());
        loop {
            let n = self.process.stdout.as_mut().unwrap().read(&mut chunk).unwrap();
            assert!(n > 0, "the control client ended: {}", String::from_utf8_lossy(&self.rest));
            let from = self.rest.len().saturating_sub(fence.len());
            self.rest.extend_from_slice(&chunk[..n]);
            if finder.find(&self.rest[from..]).is_some() {
                return std::mem::take(&mut self.rest);
            }
        }
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// The middle of some values.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which `share` of them lie.
pub fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = ((values.len() as f64 - 1.0) * share).round() as usize;
    values.get(at).copied().unwrap_or(f64::NAN)
}

/// How long `work` takes, in milliseconds.
pub fn millis(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}

/// Sleeps until `n` seconds after `start`.
pub fn until(start: Instant, seconds: f64) {
    std::thread::sleep(Duration::from_secs_f64(seconds).saturating_sub(start.elapsed()));
}

/// Whether the program is there.
pub fn has(program: &Path) -> bool {
    Command::new(program).arg("-V").stdout(Stdio::null()).status().is_ok()
}
