//! The README and the guide, run: every ```` ```console ```` block in order, on a private tmux server, with the simulated agent in
//! the place of the agent CLIs.
//!
//! A line `$ COMMAND` is run; the lines below it must come out in this order, others may come between. `…` stands for
//! anything within a line. `$ swarm` alone is the overview: it runs in a pane, and the lines must appear there. A
//! ```` ```toml ```` block that begins with `# swarm.toml` is written to that file first. Of ```` ```sh ```` blocks (they
//! install things) each `make` target must exist. A ```` ```tmux ```` block is read by tmux.

use std::path::{Path, PathBuf};
use std::process::Command;

use swarm::tmux::PaneId;

use crate::harness::Server;
use crate::up::Team;

/// An agent that reads what is announced. Whatever else it is asked, it wants to run a command, and needs a permission
/// for that.
const ASKS: &str = r#"
[[scenario]]
name = "inbox"
match = "run: swarm inbox"
steps = [{ do = "run", argv = ["swarm", "inbox"] }, { do = "say", text = "I have read it." }]
[[scenario]]
name = "default"
steps = [
  { do = "say", text = "I will look at it.", over = "100ms" },
  { do = "tool", name = "Bash", subject = "cargo test", permission = true, takes = "100ms", output = "12 passed" },
  { do = "say", text = "All tests pass.", over = "100ms" },
]
"#;

/// An agent that reads what is announced and does nothing else.
const READS: &str = r#"
[[scenario]]
name = "inbox"
match = "run: swarm inbox"
steps = [{ do = "run", argv = ["swarm", "inbox"] }, { do = "say", text = "I have read it." }]
[[scenario]]
name = "default"
steps = [{ do = "say", text = "Understood." }]
"#;

/// A place where commands run as a person would type them, with agent CLIs that are the simulated agent.
pub struct Stage {
    /// The project, the state and the tmux server.
    pub team: Team,
    bin: PathBuf,
}

impl Stage {
    /// An empty project with `claude` and `codex` on PATH.
    pub async fn new() -> Self {
        let team = Team::on(Server::start().await, "");
        std::fs::remove_file(team.project().join("swarm.toml")).unwrap();
        let bin = team.server.dir().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let swarm = env!("CARGO_BIN_EXE_swarm");
        std::os::unix::fs::symlink(swarm, bin.join("swarm")).unwrap();
        // Where Claude Code would keep its files, in the home of this test.
        let home = team.project().parent().unwrap().join(".claude");
        let script = bin.join("script.toml");
        std::fs::write(&script, ASKS).unwrap();
        let (home, script) = (home.display(), script.display());
        // The simulated agent has no use for an MCP server.
        let drop =
            "for arg; do shift; case $arg in --mcp-config=*) ;; *) set -- \"$@\" \"$arg\" ;; esac; done";
        let claude = format!("{drop}\nSWARM_SIM_HOME='{home}' exec '{swarm}' sim --script '{script}' \"$@\"");
        write_program(&bin.join("claude"), &claude);
        // What Codex needs on its command line means nothing to the simulated agent.
        write_program(&bin.join("codex"), &format!("exec '{swarm}' sim"));
        Self { team, bin }
    }

    fn path(&self) -> String {
        format!("{}:{}", self.bin.display(), std::env::var("PATH").unwrap())
    }

    /// Runs a shell command in the project; gives its output and error output, which it must end without failing.
    pub async fn sh(&self, line: &str) -> String {
        let mut command = Command::new("sh");
        let like = self.team.command(&[]);
        for (key, value) in like.get_envs() {
            match value {
                Some(value) => command.env(key, value),
                None => command.env_remove(key),
            };
        }
        command.args(["-c", &format!("exec 2>&1; {line}")]).current_dir(self.team.project());
        command.env("PATH", self.path()).env("SWARM_TMUX_SOCKET", self.team.server.socket());
        command.env_remove("SWARM_TMUX").stdin(std::process::Stdio::null());
        let output = tokio::process::Command::from(command).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "$ {line}\n{text}\n{}\n{}", output.status, self.team.log());
        text
    }

    /// The words that start a program with this stage's environment.
    pub fn words(&self, program: &str) -> Vec<String> {
        let mut words = vec!["env".to_owned()];
        let like = self.team.command(&[]);
        let set = like.get_envs().filter_map(|(k, v)| Some((k.to_str()?, v?.to_str()?)));
        words.extend(set.map(|(key, value)| format!("{key}={value}")));
        words.push(format!("PATH={}", self.path()));
        words.push(format!("SWARM_TMUX_SOCKET={}", self.team.server.socket().display()));
        words.extend(["COLORTERM=truecolor".into(), program.into()]);
        words
    }

    /// Shows a program in a window of its own of this size.
    pub async fn show(&self, program: &str, (columns, rows): (u16, u16)) -> PaneId {
        let mut words: Vec<String> = ["new-session", "-d", "-P", "-F", "#{pane_id}"].map(Into::into).into();
        words.extend(["-x".into(), columns.to_string(), "-y".into(), rows.to_string()]);
        words.extend(["-c".into(), self.team.project().display().to_string()]);
        words.extend(self.words(program));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.team.server.tmux(&words).await.trim().parse().unwrap()
    }
}

fn write_program(path: &Path, line: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{line}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A fenced block: what its fence says, and its lines.
struct Block {
    kind: String,
    lines: Vec<String>,
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(kind) => {
                blocks.push(Block { kind: kind.trim().to_owned(), lines: Vec::new() });
                open = true;
            }
            None if open => blocks.last_mut().unwrap().lines.push(line.to_owned()),
            None => {}
        }
    }
    assert!(!open, "a block is not closed");
    blocks
}

/// Each command of a block with the lines that it must print.
fn commands(block: &Block) -> Vec<(&str, Vec<&str>)> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in &block.lines {
        match line.strip_prefix("$ ") {
            Some(command) => found.push((command, Vec::new())),
            None => found.last_mut().expect("a console block begins with `$ `").1.push(line),
        }
    }
    found
}

/// Whether `line` is what `pattern` says, `…` standing for anything and runs of blanks for one.
fn matches(pattern: &str, line: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (pattern, line) = (plain(pattern), plain(line));
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[tokio::test]
async fn every_command_block_of_the_readme_runs() {
    run_page(&Stage::new().await, "README.md").await;
}

#[tokio::test]
async fn every_command_block_of_the_guide_runs() {
    let stage = Stage::new().await;
    // Who reads handoffs needs no permission for it.
    std::fs::write(stage.bin.join("script.toml"), READS).unwrap();
    run_page(&stage, "man/guide/handoffs.md").await;
}

/// Runs every command block of a page.
async fn run_page(stage: &Stage, page: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let makefile = std::fs::read_to_string(root.join("Makefile")).unwrap();
    let mut run = 0;
    for block in blocks(&std::fs::read_to_string(root.join(page)).unwrap()) {
        match block.kind.as_str() {
            "console" => {
                for (command, expected) in commands(&block) {
                    run += 1;
                    check(stage, command, &expected).await;
                }
            }
            "toml" if block.lines[0] == "# swarm.toml" => stage.team.write(&(block.lines.join("\n") + "\n")),
            "sh" => {
                for line in &block.lines {
                    let Some(rest) = line.strip_prefix("make ") else { continue };
                    let target = rest.split_whitespace().next().unwrap();
                    assert!(makefile.contains(&format!("\n{target}:")), "the Makefile has no {target}");
                }
            }
            "tmux" => load(stage, &block.lines.join("\n")).await,
            "text" | "json" => {}
            other => panic!("a block of kind `{other}` that nothing tests"),
        }
    }
    assert!(run >= 10, "only {run} commands: is the README still read as it is written?");
}

/// Reads a piece of a `tmux.conf`, which must bind our keys.
async fn load(stage: &Stage, text: &str) {
    let server = &stage.team.server;
    let file = stage.team.project().join("tmux.conf");
    std::fs::write(&file, text).unwrap();
    server.tmux(&["set-environment", "-g", "PATH", &stage.path()]).await;
    server.tmux(&["source-file", file.to_str().unwrap()]).await;
    let bound = async || server.tmux(&["list-keys", "-T", "prefix"]).await.contains("SWARM_PLUGIN");
    server.wait_until("the plugin has bound its keys", bound).await;
}

async fn check(stage: &Stage, command: &str, expected: &[&str]) {
    if command == "swarm" {
        let pane = stage.show("swarm", (120, 40)).await;
        for line in expected {
            stage.team.server.wait_for_text(pane, line.trim()).await;
        }
        stage.team.server.tmux(&["send-keys", "-t", &pane.to_string(), "q"]).await;
        return;
    }
    let said = stage.sh(command).await;
    let mut lines = said.lines();
    for line in expected {
        assert!(lines.any(|l| matches(line, l)), "$ {command}\nno line (any more) like: {line}\nin:\n{said}");
    }
}

#[test]
fn patterns_match_what_they_say() {
    assert!(matches("a … c", "a  b  c"));
    assert!(matches("…c", "a b c") && matches("a…", "a b") && matches("…", ""));
    assert!(!matches("a … d", "a b c") && !matches("a", "a b"));
    assert!(matches("a…b…c", "a1b2c") && !matches("a…b…c", "a1c2b"));
}
