//! `swarm import`: a swarm.toml from another tool's session file.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::config::{only_people, profiles, warn, with_loader};
use super::{Ctx, output};
use crate::config::{FILE_NAME, Tool, import, load, template};
use crate::error::{Error, Result};

/// Write a swarm.toml from a tmuxinator or tmuxp file
///
/// Only in a build with `--features import`. Every pane becomes an agent: an agent CLI where it starts one, a plain command
/// otherwise. What has no counterpart is named. The result is not trusted: read it first.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The tool that the file is for
    #[arg(value_enum)]
    tool: ToolName,
    /// Its file
    file: PathBuf,
    /// Where to write; `-` prints it
    #[arg(short, long, default_value = FILE_NAME, value_name = "FILE")]
    output: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ToolName {
    /// ~/.config/tmuxinator/NAME.yml
    Tmuxinator,
    /// ~/.config/tmuxp/NAME.yaml
    Tmuxp,
}

/// Runs `swarm import`.
pub fn run(args: &ImportArgs, ctx: &Ctx) -> Result<()> {
    only_people("write a swarm file")?;
    let to_stdout = args.output.as_os_str() == "-";
    if !to_stdout && args.output.exists() && !args.force {
        return Err(Error::failure(format!("{} exists", args.output.display())).hint("`--force` replaces it"));
    }
    let tool = match args.tool {
        ToolName::Tmuxinator => Tool::Tmuxinator,
        ToolName::Tmuxp => Tool::Tmuxp,
    };
    let text = load::read(&args.file).map_err(|problem| Error::failure(problem.brief()))?;
    let stem = args.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let shell = crate::paths::var_str("SHELL").and_then(|s| s.rsplit('/').next().map(str::to_owned));
    let shell = shell.unwrap_or_else(|| "sh".to_owned());
    let imported = import(tool, &text, &stem, &profiles(ctx), &shell)?;
    for note in &imported.notes {
        output::note(&format!("note: {note}"));
    }
    if to_stdout {
        return output::print(&imported.text);
    }
    let found = with_loader(ctx, |loader| loader.load_text(&args.output, &imported.text));
    warn(ctx, &found.map_or_else(|report| report.problems, |loaded| loaded.warnings));
    template::write(&args.output, &imported.text)?;
    output::print(&format!("wrote {}\nnext: read it, `swarm trust`, `swarm up`\n", args.output.display()))
}
