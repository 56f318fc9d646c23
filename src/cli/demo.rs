//! `swarm demo`: the main job with simulated agents, in a place of its own.
//!
//! Makes a directory with state, home, swarm file and tmux socket, runs `swarm` in it as a user would, and removes all of
//! it again: nothing of the user's is read or changed.

use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use super::{Ctx, output};
use crate::error::{Context as _, Error, Result};
use crate::paths::var;

/// The swarm file of the demo.
const SWARM: &str = include_str!("../../config/demo/swarm.toml");
/// The agents' directories and scripts.
const AGENTS: [(&str, &str); 6] = [
    ("plan", include_str!("../../config/demo/scripts/planner.toml")),
    ("api", include_str!("../../config/demo/scripts/backend.toml")),
    ("web", include_str!("../../config/demo/scripts/frontend.toml")),
    ("tests", include_str!("../../config/demo/scripts/tests.toml")),
    ("review", include_str!("../../config/demo/scripts/reviewer.toml")),
    ("docs", include_str!("../../config/demo/scripts/docs.toml")),
];
/// Variables of the caller that would lead out of the demo's own place.
const FOREIGN: [&str; 14] = [
    "TMUX",
    "TMUX_PANE",
    "TMUX_TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "SWARM_NAME",
    "SWARM_AGENT",
    "SWARM_INSTANCE",
    "SWARM_TOKEN",
    "SWARM_CONFIG",
    "SWARM_SIM_HOME",
    "CLAUDE_CONFIG_DIR",
];

/// Show the main job with six simulated agents, in a place of its own
///
/// Opens the overview on a swarm that works, waits, crashes and costs. With no terminal on stdin it runs for a while,
/// prints the status and the cost, and ends. Nothing of yours is read or changed.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// How long to run without a terminal, in seconds
    #[arg(long, value_name = "N", default_value_t = 20)]
    seconds: u64,
    /// Keep the demo's directory and say where it is
    #[arg(long)]
    keep: bool,
}

/// Runs `swarm demo`.
pub fn run(args: &DemoArgs, _ctx: &Ctx) -> Result<()> {
    let stage = Stage::build(args.keep)?;
    let shown = show(&stage, args);
    let ended = stage.end();
    shown.and(ended)
}

fn show(stage: &Stage, args: &DemoArgs) -> Result<()> {
    let file = stage.root.join("demo/swarm.toml");
    stage.swarm(&["up", "--trust", "--detach", &file.to_string_lossy()])?;
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        return stage.swarm(&[]);
    }
    output::note(&format!("six simulated agents work for {} s …", args.seconds));
    super::block_on(async {
        tokio::time::sleep(Duration::from_secs(args.seconds)).await;
        Ok(())
    })?;
    stage.swarm(&["status"])?;
    output::print("\n")?;
    // Whatever the monitor has not read yet; what it has is not booked twice.
    stage.swarm_quietly(&["ingest", "--claude", &stage.root.join("state/sim").to_string_lossy()])?;
    stage.swarm(&["cost", "--by", "model"])?;
    output::print("\n")?;
    stage.swarm(&["budget"])
}

/// The demo's own place.
struct Stage {
    root: PathBuf,
    program: PathBuf,
    keep: bool,
}

impl Stage {
    fn build(keep: bool) -> Result<Self> {
        let program = std::env::current_exe().context(|| "find this program".to_owned())?;
        let root = std::env::temp_dir().join(format!("swarm-demo-{}", std::process::id()));
        let make = |dir: &Path| fs::create_dir_all(dir).context(|| format!("make {}", dir.display()));
        // A fresh directory: what somebody else prepared there is refused.
        fs::create_dir(&root).context(|| format!("make {}", root.display()))?;
        private(&root)?;
        for dir in ["home", "state", "config", "bin"] {
            make(&root.join(dir))?;
        }
        let write = |file: PathBuf, text: &str| {
            fs::write(&file, text).context(|| format!("write {}", file.display()))
        };
        for (dir, script) in AGENTS {
            let dir = root.join("demo").join(dir);
            make(&dir)?;
            write(dir.join("script.toml"), script)?;
        }
        write(root.join("demo/swarm.toml"), SWARM)?;
        // The profile of the simulated agent starts `swarm`, whatever this file is called.
        std::os::unix::fs::symlink(&program, root.join("bin/swarm"))
            .context(|| "link this program".to_owned())?;
        Ok(Self { root, program, keep })
    }

    fn socket(&self) -> PathBuf {
        self.root.join("tmux")
    }

    #[expect(clippy::disallowed_methods, reason = "the demo runs this very program as a user would")]
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for key in FOREIGN {
            command.env_remove(key);
        }
        let mut path = OsString::from(self.root.join("bin"));
        if let Some(rest) = var("PATH") {
            path.push(":");
            path.push(rest);
        }
        command
            .env("PATH", path)
            .env("HOME", self.root.join("home"))
            .env("XDG_CONFIG_HOME", self.root.join("config"))
            .env("SWARM_STATE_DIR", self.root.join("state"))
            .current_dir(self.root.join("demo"));
        command
    }

    /// Runs `swarm` with these arguments in the demo's place.
    fn swarm(&self, args: &[&str]) -> Result<()> {
        checked(self.invoke(args).status().context(|| "start swarm".to_owned())?, args)
    }

    /// [`Stage::swarm`] without what it prints.
    fn swarm_quietly(&self, args: &[&str]) -> Result<()> {
        let quiet = self.invoke(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
        checked(quiet.context(|| "start swarm".to_owned())?, args)
    }

    fn invoke(&self, args: &[&str]) -> Command {
        let mut command = self.command(&self.program);
        command.arg("-S").arg(self.socket()).args(args);
        command
    }

    /// Ends everything that was started and removes the directory.
    fn end(&self) -> Result<()> {
        let ended = self.swarm_quietly(&["down", "--yes"]);
        // Whatever `down` could not end: the server and the monitor are the demo's own.
        let mut kill = self.command(Path::new("tmux"));
        kill.arg("-S").arg(self.socket()).arg("kill-server").stdout(Stdio::null()).stderr(Stdio::null());
        let _ = kill.status();
        let _ = self.swarm_quietly(&["monitor", "stop"]);
        if self.keep {
            output::note(&format!("kept {}", self.root.display()));
        } else {
            fs::remove_dir_all(&self.root).context(|| format!("remove {}", self.root.display()))?;
        }
        ended
    }
}

fn private(dir: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700))
        .context(|| format!("close {} to others", dir.display()))
}

fn checked(status: ExitStatus, args: &[&str]) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    let what = args.first().unwrap_or(&"(the overview)");
    Err(Error::failure(format!("`swarm {what}` in the demo failed: {status}"))
        .hint("`swarm demo --keep` keeps the demo's directory with the monitor's log"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::script::Script;

    #[test]
    fn every_script_is_one_and_names_what_it_starts_with() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo/scripts");
        for entry in fs::read_dir(dir).unwrap() {
            let file = entry.unwrap().path();
            let script = Script::load(&file).unwrap();
            let start = script.agent.on_start.clone().unwrap();
            let chosen = script.choose(&start).unwrap();
            assert_eq!(chosen.name, script.scenarios[0].name, "{}", file.display());
        }
    }

    #[test]
    fn every_agent_of_the_swarm_file_has_its_directory() {
        let table: toml::Table = SWARM.parse().unwrap();
        let agents = table["agents"].as_array().unwrap();
        let domains: Vec<&str> = agents.iter().map(|a| a["domain"].as_str().unwrap()).collect();
        assert_eq!(domains, AGENTS.map(|(dir, _)| dir));
    }
}
