//! `swarm capture`: an agent's screen, tmux's variables and all evidence, as files that `swarm detect` reads again.
//!
//! Secrets, home directories, names of the user and the host are made unreadable before anything is written. Never
//! replaces a file that is there.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::observe::screen::redact::{Private, redact, redact_styled};
use crate::protocol::{Explanation, Request};
use crate::snapshot::AgentView;
use crate::tmux::command::Capture;
use crate::tmux::{Command, PaneId, ServerSpec};

use super::{Ctx, output};

/// What tmux knows of a pane and `swarm detect` reads, and what helps a reader.
const VARIABLES: [&str; 15] = [
    "pane_title",
    "pane_current_command",
    "cursor_x",
    "cursor_y",
    "cursor_flag",
    "cursor_character",
    "alternate_on",
    "pane_in_mode",
    "pane_width",
    "pane_height",
    "pane_dead",
    "pane_dead_status",
    "history_size",
    "window_zoomed_flag",
    "version",
];

/// Save an agent's screen and evidence as a test case
///
/// Writes NAME.txt (the screen), NAME.ansi (with colours) and NAME.json (tmux's variables and all evidence), with
/// secrets and home paths made unreadable, and prints the `swarm detect` command that reads them. When the status is
/// wrong, put what is right into `accept` in NAME.json: that is the bug report, and under tests/data/screens the test.
#[derive(Debug, clap::Args)]
pub struct CaptureArgs {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: AgentName,
    /// The directory to write to
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// What is wrong, for whoever reads it
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
}

/// Runs the command.
pub fn run(args: &CaptureArgs, ctx: &Ctx) -> Result<()> {
    let (view, found, pane) = super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, view) = ctx.agent(&snapshot, &args.agent)?;
        let view = view.clone();
        let found: Explanation = client.call(Request::Explain(target)).await?;
        let pane = view.pane.as_deref().and_then(|p| p.parse().ok()).ok_or_else(|| {
            Error::new(Kind::Gone, format!("`{}` has no pane", args.agent)).hint("swarm up")
        })?;
        Ok((view, found, pane))
    })?;
    let private = private();
    let screen = Screen::take(&ctx.server()?, pane)?;
    let sidecar = sidecar(args, &view, &found, &screen, &private)?;
    let base = write(args, &view, &screen, &sidecar, &private)?;
    let name = base.display();
    output::note(&format!("wrote {name}.txt, {name}.ansi and {name}.json; read them before you share them"));
    output::print(&format!("swarm detect --profile {} {name}.txt {name}.ansi\n", view.profile))
}

/// The pane at one moment.
struct Screen {
    plain: String,
    styled: String,
    variables: Map<String, Value>,
}

impl Screen {
    /// Everything in one go of the server, so that the cursor belongs to the text.
    fn take(server: &ServerSpec, pane: PaneId) -> Result<Self> {
        let mut commands: Vec<Command> =
            VARIABLES.iter().map(|name| Command::display_message(pane, &format!("#{{{name}}}"))).collect();
        let mark = format!("=={}==", uuid::Uuid::new_v4());
        commands.push(Command::capture_pane(pane, Capture::Text, None));
        commands.push(Command::display_message(pane, &mark));
        commands.push(Command::capture_pane(pane, Capture::Escapes, None));
        let said = server.run_blocking(&commands)?;
        let mut rest = said.as_str();
        let mut variables = Map::new();
        for name in VARIABLES {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            variables.insert(name.to_owned(), json!(line));
            rest = after;
        }
        let (plain, styled) = rest
            .split_once(&format!("{mark}\n"))
            .ok_or_else(|| Error::new(Kind::Gone, format!("the pane {pane} went away meanwhile")))?;
        Ok(Self { plain: plain.to_owned(), styled: styled.to_owned(), variables })
    }
}

fn sidecar(
    args: &CaptureArgs,
    view: &AgentView,
    found: &Explanation,
    screen: &Screen,
    private: &Private,
) -> Result<Value> {
    let evidence = serde_json::to_value(&found.evidence)
        .map_err(|err| Error::failure("cannot write the evidence down").because(err))?;
    let mut sidecar = json!({
        "agent": view.profile,
        "note": args.note,
        "accept": [found.verdict.status],
        "status": found.verdict.status,
        "reason": found.verdict.reason,
        "swarm": env!("CARGO_PKG_VERSION"),
        "tmux": screen.variables,
        "evidence": evidence,
    });
    clean(&mut sidecar, private);
    Ok(sidecar)
}

/// Makes every text in `value` fit to be shared.
fn clean(value: &mut Value, private: &Private) {
    match value {
        Value::String(text) => *text = redact(text, private),
        Value::Array(items) => items.iter_mut().for_each(|item| clean(item, private)),
        Value::Object(map) => map.values_mut().for_each(|item| clean(item, private)),
        _ => {}
    }
}

/// Writes the three files under a name that is free; the path without the ending.
fn write(
    args: &CaptureArgs,
    view: &AgentView,
    screen: &Screen,
    sidecar: &Value,
    private: &Private,
) -> Result<PathBuf> {
    let failed = |path: &Path, err| {
        Error::failure(format!("cannot write {}", path.display()))
            .because(err)
            .hint("choose another directory: -o DIR")
    };
    std::fs::create_dir_all(&args.output).map_err(|err| failed(&args.output, err))?;
    let size = |name: &str| screen.variables.get(name).and_then(Value::as_str).unwrap_or("0").to_owned();
    let stem = format!("{}-{}-{}x{}", args.agent, view.status, size("pane_width"), size("pane_height"));
    let free = |name: &str| {
        ["txt", "ansi", "json"].iter().all(|e| !args.output.join(format!("{name}.{e}")).exists())
    };
    let mut name = stem.clone();
    let mut n = 1;
    while !free(&name) {
        n += 1;
        name = format!("{stem}-{n}");
    }
    let base = args.output.join(&name);
    let mut json = serde_json::to_string_pretty(sidecar)
        .map_err(|err| Error::failure("cannot write the variables down").because(err))?;
    json.push('\n');
    for (ending, text) in [
        ("txt", redact(&screen.plain, private)),
        ("ansi", redact_styled(&screen.styled, private)),
        ("json", json),
    ] {
        let path = args.output.join(format!("{name}.{ending}"));
        std::fs::write(&path, text).map_err(|err| failed(&path, err))?;
    }
    Ok(base)
}

/// What must not be read in a capture of this machine.
#[expect(clippy::disallowed_methods, reason = "the command line's own environment")]
fn private() -> Private {
    let var = |name| std::env::var(name).ok().filter(|v| !v.is_empty());
    Private {
        home: var("HOME"),
        user: var("USER").or_else(|| var("LOGNAME")),
        host: Some(rustix::system::uname().nodename().to_string_lossy().into_owned())
            .filter(|host| host != "localhost"),
    }
}
