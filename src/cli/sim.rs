//! `swarm sim`: the simulated agent. Hidden: it is for the demo and the tests.

use std::path::PathBuf;

use super::{Ctx, block_on, output};
use crate::error::Result;
use crate::sim::{self, Options, Outcome, replay, script};

/// Runs the simulated agent in this terminal.
#[derive(Debug, clap::Args)]
pub struct SimArgs {
    /// The script: what it does on which prompt
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Its name, shown in the title
    #[arg(long)]
    name: Option<String>,
    /// The model named in its transcript
    #[arg(long)]
    model: Option<String>,
    /// The id of the new session
    #[arg(long, value_name = "UUID", conflicts_with = "resume")]
    session_id: Option<String>,
    /// Goes on with this session
    #[arg(long, value_name = "UUID")]
    resume: Option<String>,
    /// Goes on with the last session of this directory
    #[arg(long = "continue", conflicts_with_all = ["resume", "session_id"])]
    continue_last: bool,
    /// ask, full, or Claude Code's manual, auto, acceptEdits, plan, bypassPermissions
    #[arg(long, value_name = "MODE", value_parser = mode)]
    permission_mode: Option<script::Mode>,
    /// Runs this command for every hook event
    #[arg(long, value_name = "CMD", conflicts_with = "settings")]
    hooks_command: Option<String>,
    /// Hooks in the format of Claude Code's settings: a file, or JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<String>,
    /// What its role is; counted into its context
    #[arg(long, value_name = "TEXT")]
    append_system_prompt: Option<String>,
    /// How many times faster than the script says
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Plays this recording of a real agent instead: a byte stream, a folder with one, or a captured screen
    #[arg(long, value_name = "FILE", conflicts_with_all = ["script", "prompt", "resume", "session_id"])]
    replay: Option<PathBuf>,
    /// Plays the recording only up to here, and holds that screen
    #[arg(long, value_name = "SPAN", requires = "replay")]
    to: Option<jiff::SignedDuration>,
    /// Prints the built-in script
    #[arg(long)]
    print_script: bool,
    /// The first prompt
    prompt: Option<String>,
}

fn speed(word: &str) -> Result<f64, String> {
    match word.parse::<f64>() {
        Ok(x) if x.is_finite() && (0.001..=100_000.0).contains(&x) => Ok(x),
        _ => Err(format!("`{word}` is no factor between 0.001 and 100000")),
    }
}

fn mode(word: &str) -> Result<script::Mode, String> {
    use script::Mode;
    match word {
        "manual" | "default" | "ask" => Ok(Mode::Manual),
        "auto" => Ok(Mode::Auto),
        "acceptEdits" => Ok(Mode::AcceptEdits),
        "plan" => Ok(Mode::Plan),
        "bypassPermissions" | "full" => Ok(Mode::Bypass),
        other => {
            Err(format!("`{other}` is none of ask, full, manual, auto, acceptEdits, plan, bypassPermissions"))
        }
    }
}

/// Runs `swarm sim`.
pub fn run(args: SimArgs, ctx: &Ctx) -> Result<()> {
    if args.print_script {
        return output::print(script::DEFAULT);
    }
    if let Some(file) = &args.replay {
        let recording = replay::Recording::load(file)?;
        let to = args.to.and_then(|to| to.try_into().ok());
        return block_on(replay::play(&recording, args.speed, to));
    }
    let options = Options {
        script: args.script,
        name: args.name,
        model: args.model,
        session: args.session_id,
        resume: args.resume,
        continue_last: args.continue_last,
        mode: args.permission_mode,
        hooks_command: args.hooks_command,
        settings: args.settings,
        system_prompt: args.append_system_prompt,
        speed: args.speed,
        prompt: args.prompt,
    };
    match block_on(sim::run(options, &ctx.paths))? {
        Outcome::Done => Ok(()),
        Outcome::Code(code) => crash(code),
    }
}

#[expect(
    clippy::exit,
    clippy::disallowed_methods,
    reason = "a crash asks nobody: the script chose this exit status"
)]
fn crash(code: u8) -> Result<()> {
    std::process::exit(i32::from(code))
}
