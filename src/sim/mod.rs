//! The simulated agent of the demo and the tests: it behaves like an agent TUI in a pane, costs nothing, and does what
//! a script says, the same every time.
//!
//! Deliberately as unforgiving as the real ones: Enter at a permission prompt approves, pasted text is dropped there,
//! no hook fires on Esc, a status file outlives a SIGKILL. Runs no tool and asks no model. Never writes below a real
//! agent's home: its transcripts lie in `$SWARM_SIM_HOME`, else in `sim/` of the state directory.

pub mod script;
pub mod composer;
pub mod prompt;
pub mod transcript;
pub mod hooks;
pub mod machine;
pub mod view;
pub mod paint;
pub mod terminal;
pub mod replay;

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::paths::{Paths, var};
use hooks::Hooks;
use machine::{Identity, Machine};
use script::{Mode, Script};
pub use terminal::Outcome;

/// How the simulated agent is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The script; the built-in one where it is left out.
    pub script: Option<PathBuf>,
    /// Shown in the title.
    pub name: Option<String>,
    /// The model of the transcript.
    pub model: Option<String>,
    /// The id of a new session.
    pub session: Option<String>,
    /// The id of the session to go on with.
    pub resume: Option<String>,
    /// Goes on with the session of this directory that was written last.
    pub continue_last: bool,
    /// The permission mode.
    pub mode: Option<Mode>,
    /// Run for every hook event.
    pub hooks_command: Option<String>,
    /// Hooks in Claude Code's format: a file or JSON.
    pub settings: Option<String>,
    /// What its role is.
    pub system_prompt: Option<String>,
    /// Divides every span of the script.
    pub speed: f64,
    /// The first prompt.
    pub prompt: Option<String>,
}

/// Where the simulated agent keeps its files.
pub fn home(paths: &Paths) -> PathBuf {
    var("SWARM_SIM_HOME").filter(|h| !h.is_empty()).map_or_else(|| paths.state_dir.join("sim"), PathBuf::from)
}

/// Runs the simulated agent in this terminal.
pub async fn run(options: Options, paths: &Paths) -> Result<Outcome> {
    let mut script = match &options.script {
        Some(file) => Script::load(file)?,
        None => Script::builtin()?,
    };
    if let Some(model) = options.model {
        script.agent.model = model;
    }
    if let Some(mode) = options.mode {
        script.agent.mode = mode;
    }
    if let Some(role) = &options.system_prompt {
        script.agent.base_context += machine::tokens(role);
    }
    let hooks = match (options.settings, options.hooks_command) {
        (Some(settings), _) => Hooks::from_settings(&settings)?,
        (None, Some(command)) => Hooks::every(command),
        (None, None) => Hooks::default(),
    };
    let home = home(paths);
    let cwd = std::env::current_dir()
        .map_err(|e| Error::failure("cannot read the working directory").because(e))?
        .to_string_lossy()
        .into_owned();
    let resume = match options.resume {
        None if options.continue_last => Some(
            transcript::last_session(&home, &cwd)
                .ok_or_else(|| Error::failure("No conversation found to continue"))?,
        ),
        other => other,
    };
    let session = open_session(&home, &cwd, options.session, resume)?;
    let who = Identity {
        name: options.name.unwrap_or_else(|| "Swarm Sim".to_owned()),
        transcript: transcript::session_file(&home, &cwd, &session.id).to_string_lossy().into_owned(),
        pid: std::process::id(),
        started: process_start(),
        tmux: crate::paths::var_str("TMUX_PANE"),
        resumed: session.resumed,
        session: session.id,
        cwd,
    };
    let machine = Machine::new(script, who, options.prompt, options.speed);
    terminal::play(machine, hooks, home).await
}

struct Session {
    id: String,
    resumed: Option<transcript::Resumed>,
}

fn open_session(home: &Path, cwd: &str, new: Option<String>, resume: Option<String>) -> Result<Session> {
    let exists = |id: &str| transcript::session_file(home, cwd, id).is_file();
    match (resume, new) {
        (Some(id), _) if exists(&id) => {
            let resumed = transcript::resume(&transcript::session_file(home, cwd, &id))?;
            Ok(Session { id, resumed: Some(resumed) })
        }
        (Some(id), _) => Err(Error::failure(format!("No conversation found with session ID: {id}"))),
        (None, Some(id)) if exists(&id) => Err(Error::failure(format!("Session ID {id} is already in use"))),
        (None, Some(id)) => {
            uuid::Uuid::parse_str(&id)
                .map_err(|e| Error::new(Kind::Usage, format!("`{id}` is no session id")).because(e))?;
            Ok(Session { id, resumed: None })
        }
        (None, None) => Ok(Session { id: uuid::Uuid::new_v4().to_string(), resumed: None }),
    }
}

/// The start time of this process as `/proc/<pid>/stat` counts it (field 22), where there is a `/proc`.
fn process_start() -> Option<String> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let after = stat.rsplit_once(')')?.1;
    after.split_whitespace().nth(19).map(str::to_owned)
}
