//! Which tmux server, and the few things that need a process of their own: its version and the first session.
//!
//! Everything else goes through [`Connection`](super::Connection).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use super::command::Command;
use super::version::Version;
use crate::error::{Error, Kind, Result};

/// How long a `tmux` process may take.
const RUN_TIMEOUT: Duration = Duration::from_secs(10);

/// How soon tmux refuses what it cannot show.
const REFUSAL: Duration = Duration::from_millis(300);

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Socket {
    /// Where tmux looks without being told.
    Default,
    /// `tmux -L name`.
    Name(String),
    /// `tmux -S path`.
    Path(PathBuf),
}

/// A tmux server and the program that speaks to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ServerSpec {
    /// The tmux program; a bare name is looked up in `PATH`.
    pub program: PathBuf,
    /// The server's socket.
    pub socket: Socket,
}

impl ServerSpec {
    /// The server that the flags or the environment name: `-L`/`-S`, then `SWARM_TMUX_SOCKET` (a name, or a path when it
    /// has a slash), then the server this process runs in (`$TMUX`), then tmux's own default. `SWARM_TMUX` is the program.
    pub fn from_env(
        flag_name: Option<&str>,
        flag_path: Option<&Path>,
        var: &dyn Fn(&str) -> Option<OsString>,
    ) -> Self {
        let var = |key: &str| var(key).filter(|value| !value.is_empty());
        let program = var("SWARM_TMUX").map_or_else(|| PathBuf::from("tmux"), PathBuf::from);
        let socket = match (flag_path, flag_name) {
            (Some(path), _) => Socket::Path(path.to_owned()),
            (None, Some(name)) => Socket::Name(name.to_owned()),
            (None, None) => var("SWARM_TMUX_SOCKET")
                .map(named)
                .or_else(|| var("TMUX").and_then(|value| inside(&value)))
                .unwrap_or(Socket::Default),
        };
        Self { program, socket }
    }

    /// The path of the socket: the identity of the server on this host.
    pub fn socket_path(&self) -> PathBuf {
        self.socket_path_in(&crate::paths::var)
    }

    fn socket_path_in(&self, var: &dyn Fn(&str) -> Option<OsString>) -> PathBuf {
        let name = match &self.socket {
            Socket::Path(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                return resolve_parent(&path);
            }
            Socket::Name(name) => name.as_str(),
            Socket::Default => "default",
        };
        let base = var("TMUX_TMPDIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let base = base.filter(|dir| dir.is_dir()).unwrap_or_else(|| PathBuf::from("/tmp"));
        resolve_parent(&base.join(folder_name()).join(name))
    }

    /// Makes the folder of the sockets where tmux has never run, as tmux itself would: `tmux-UID`, for its owner alone.
    /// With `-S`, as we call it, tmux leaves that to the caller; so is any other folder that is missing.
    pub fn make_folder(&self) -> Result<()> {
        use std::os::unix::fs::{DirBuilderExt, MetadataExt};
        let path = self.socket_path();
        let user = rustix::process::geteuid().as_raw();
        let Some(folder) = path.parent().filter(|f| f.ends_with(folder_name())) else { return Ok(()) };
        let failed = |what: &str| Error::new(Kind::Tmux, format!("{what} {}", folder.display()));
        match std::fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(e) if e.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(failed("cannot make tmux's folder").because(e));
            }
            _ => {}
        }
        let meta =
            folder.symlink_metadata().map_err(|e| failed("cannot look at tmux's folder").because(e))?;
        if !meta.is_dir() || meta.uid() != user || meta.mode() & 0o007 != 0 {
            return Err(failed("tmux's folder is not yours alone:")
                .hint(format!("look who made it; if you did: chmod 700 {}", folder.display())));
        }
        Ok(())
    }

    /// A `tmux` process for this server with these commands, joined by `;`: to `exec`, or to run where nothing is async.
    ///
    /// `$TMUX` and `$TMUX_PANE` are removed: inside tmux they would win over the socket's idea of "here".
    pub fn process(&self, commands: &[Command]) -> std::process::Command {
        self.process_with(&[], commands)
    }

    /// [`ServerSpec::process`] for output that we read. Without `-u` tmux replaces what is not ASCII by `_` wherever the
    /// locale is not UTF-8, as under cron: titles and names, and from 3.5 whole screens.
    pub(super) fn read_process(&self, commands: &[Command]) -> std::process::Command {
        self.process_with(&["-u"], commands)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where tmux processes are made")]
    fn process_with(&self, flags: &[&str], commands: &[Command]) -> std::process::Command {
        let mut process = std::process::Command::new(&self.program);
        process.args(flags);
        match &self.socket {
            Socket::Default => {}
            Socket::Name(name) => {
                process.arg("-L").arg(name);
            }
            Socket::Path(path) => {
                process.arg("-S").arg(path);
            }
        }
        for (i, command) in commands.iter().enumerate() {
            if i > 0 {
                process.arg(";");
            }
            process.args(command.argv());
        }
        process.env_remove("TMUX").env_remove("TMUX_PANE");
        process
    }

    /// Runs the commands in one `tmux` process and gives what they print. For bootstrapping only.
    pub async fn run(&self, commands: &[Command]) -> Result<String> {
        let output = self.output(self.read_process(commands)).await?;
        finish(&output, commands)
    }

    /// Runs a command that ends only when a person has chosen something, as a menu does: only a refusal is waited for.
    pub async fn show(&self, command: Command) -> Result<()> {
        let commands = [command];
        let mut process = tokio::process::Command::from(self.read_process(&commands));
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = process.spawn().map_err(|e| self.cannot_start(e))?;
        match tokio::time::timeout(REFUSAL, child.wait_with_output()).await {
            Ok(output) => finish(&output.map_err(|e| self.cannot_start(e))?, &commands).map(|_| ()),
            // It is shown; the process ends with it.
            Err(_) => Ok(()),
        }
    }

    /// [`ServerSpec::run`] for short commands without a runtime; without a time limit.
    pub fn run_blocking(&self, commands: &[Command]) -> Result<String> {
        let mut process = self.read_process(commands);
        let output = process.stdin(Stdio::null()).output().map_err(|e| self.cannot_start(e))?;
        finish(&output, commands)
    }

    /// The version of the tmux program, if it is new enough.
    pub async fn version(&self) -> Result<Version> {
        let output = self.output(self.version_process()).await?;
        checked_version(&output)
    }

    /// [`ServerSpec::version`] without a runtime.
    pub fn version_blocking(&self) -> Result<Version> {
        let output = self.version_process().output().map_err(|e| self.cannot_start(e))?;
        checked_version(&output)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place where tmux processes are made")]
    fn version_process(&self) -> std::process::Command {
        let mut process = std::process::Command::new(&self.program);
        process.arg("-V");
        process
    }

    async fn output(&self, process: std::process::Command) -> Result<Output> {
        let mut process = tokio::process::Command::from(process);
        process.stdin(Stdio::null()).kill_on_drop(true);
        match tokio::time::timeout(RUN_TIMEOUT, process.output()).await {
            Ok(output) => output.map_err(|e| self.cannot_start(e)),
            Err(_) => Err(Error::new(
                Kind::Timeout,
                format!("tmux did not answer within {} s", RUN_TIMEOUT.as_secs()),
            )
            .hint(format!("look at the server behind {}", self.socket_path().display()))),
        }
    }

    pub(super) fn cannot_start(&self, error: std::io::Error) -> Error {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let failure =
            Error::new(Kind::Tmux, format!("cannot start {}", self.program.display())).because(error);
        if missing {
            failure.hint("install tmux 3.2 or newer, or name it with SWARM_TMUX=/path/to/tmux")
        } else {
            failure
        }
    }
}

fn named(value: OsString) -> Socket {
    match value.to_str() {
        Some(name) if !name.contains('/') => Socket::Name(name.to_owned()),
        _ => Socket::Path(PathBuf::from(value)),
    }
}

/// `$TMUX` is `path,pid,session`; the path may hold commas itself.
fn inside(value: &OsString) -> Option<Socket> {
    let mut parts = value.to_str()?.rsplitn(3, ',');
    let path = parts.nth(2)?;
    (!path.is_empty()).then(|| Socket::Path(PathBuf::from(path)))
}

/// The folder of a user's sockets, as tmux names it.
fn folder_name() -> String {
    format!("tmux-{}", rustix::process::geteuid().as_raw())
}

/// The path with its folders' links resolved (`/tmp` is a link on macOS). Neither the socket nor its folder need exist:
/// the server is the same before and after tmux has run for the first time. tmux's own folder is never a link.
fn resolve_parent(path: &Path) -> PathBuf {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return path.to_owned() };
    match parent.canonicalize() {
        Ok(resolved) if !parent.ends_with(folder_name()) => resolved.join(name),
        _ => resolve_parent(parent).join(name),
    }
}

fn finish(output: &Output, commands: &[Command]) -> Result<String> {
    // tmux says "error connecting to …" and exits with 0 where it cannot make the socket (`tmux -S missing/x new -d`).
    let silent = output.stdout.is_empty() && !output.stderr.is_empty();
    if output.status.success() && !silent {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = crate::text::one_line(String::from_utf8_lossy(&output.stderr).trim());
    let names: Vec<&str> = commands.iter().filter_map(|c| c.words().first()).map(String::as_str).collect();
    Err(Error::new(Kind::Tmux, format!("tmux refused {}: {said}", names.join(", "))))
}

fn checked_version(output: &Output) -> Result<Version> {
    let version = Version::parse(&String::from_utf8_lossy(&output.stdout));
    version.check()?;
    Ok(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(flags: (Option<&str>, Option<&str>), pairs: &[(&str, &str)]) -> ServerSpec {
        ServerSpec::from_env(flags.0, flags.1.map(Path::new), &|key| {
            pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v))
        })
    }

    #[test]
    fn flags_then_variable_then_here_then_default() {
        let env = [("SWARM_TMUX_SOCKET", "work"), ("TMUX", "/tmp/a,b/s,12,0"), ("SWARM_TMUX", "/opt/tmux")];
        assert_eq!(spec((None, Some("/s")), &env).socket, Socket::Path("/s".into()));
        assert_eq!(spec((Some("n"), None), &env).socket, Socket::Name("n".into()));
        assert_eq!(spec((None, None), &env).socket, Socket::Name("work".into()));
        assert_eq!(spec((None, None), &env).program, PathBuf::from("/opt/tmux"));
        assert_eq!(spec((None, None), &env[1..]).socket, Socket::Path("/tmp/a,b/s".into()));
        assert_eq!(spec((None, None), &[("SWARM_TMUX_SOCKET", "/x/y")]).socket, Socket::Path("/x/y".into()));
        assert_eq!(spec((None, None), &[("TMUX", "")]).socket, Socket::Default);
    }

    #[test]
    fn the_socket_path_is_where_tmux_puts_it() {
        let dir = tempfile::tempdir().unwrap();
        let user = rustix::process::geteuid().as_raw();
        let named = ServerSpec { program: "tmux".into(), socket: Socket::Name("n".into()) };
        let var = |key: &str| (key == "TMUX_TMPDIR").then(|| dir.path().as_os_str().to_owned());
        assert_eq!(named.socket_path_in(&var), dir.path().join(format!("tmux-{user}/n")));
        let path = ServerSpec { program: "tmux".into(), socket: Socket::Path(dir.path().join("s")) };
        assert_eq!(path.socket_path(), dir.path().canonicalize().unwrap().join("s"));
    }

    #[test]
    fn the_socket_path_is_the_same_before_tmux_has_ever_run() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("real")).unwrap();
        std::os::unix::fs::symlink("real", dir.path().join("link")).unwrap();
        let socket = dir.path().join("link/tmux-0/default");
        let spec = ServerSpec { program: "tmux".into(), socket: Socket::Path(socket) };
        let before = spec.socket_path();
        std::fs::create_dir(dir.path().join("real/tmux-0")).unwrap();
        assert_eq!(spec.socket_path(), before);
    }

    #[test]
    fn the_folder_of_the_sockets_is_made_as_tmux_makes_it_and_no_other() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let spec = |path: PathBuf| ServerSpec { program: "tmux".into(), socket: Socket::Path(path) };
        let folder = dir.path().join(format!("tmux-{}", rustix::process::geteuid().as_raw()));
        let ours = spec(folder.join("default"));
        ours.make_folder().unwrap();
        ours.make_folder().unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o707)).unwrap();
        assert!(ours.make_folder().unwrap_err().to_string().contains("not yours alone"));
        std::fs::remove_dir(&folder).unwrap();
        std::os::unix::fs::symlink(dir.path(), &folder).unwrap();
        assert!(ours.make_folder().is_err(), "a link is not a folder of ours");
        spec(dir.path().join("other/s")).make_folder().unwrap();
        assert!(!dir.path().join("other").exists());
    }

    #[test]
    fn a_missing_program_names_the_mend() {
        let none = ServerSpec { program: "/nonexistent/tmux".into(), socket: Socket::Default };
        let error = none.version_blocking().unwrap_err();
        assert_eq!(error.kind(), Kind::Tmux);
        assert!(error.hints()[0].contains("SWARM_TMUX"));
    }
}
