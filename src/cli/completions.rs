//! `swarm completions SHELL`, and the hidden `swarm assets DIR` that writes what is committed under `completions/`,
//! `man/` and, for what `--json` prints, `config/schema/`.

use std::path::{Path, PathBuf};

use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::error::{Context, Error, Result};

use super::{Cli, output};

/// Print the completion script of a shell
///
/// Agent and swarm names complete too with the dynamic script: `source <(COMPLETE=bash swarm)`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Write the completion scripts, man pages and JSON Schemas
#[derive(Debug, clap::Args)]
pub struct AssetsArgs {
    /// Where `completions/`, `man/` and `config/schema/` are written
    directory: PathBuf,
}

/// `swarm completions`.
pub fn run(args: &CompletionsArgs) -> Result<()> {
    output::print(&script(args.shell))
}

fn script(shell: Shell) -> String {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "swarm", &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// `swarm assets`.
pub fn assets(args: &AssetsArgs) -> Result<()> {
    let completions = args.directory.join("completions");
    let man = args.directory.join("man");
    let schemas = args.directory.join("config/schema");
    for dir in [&completions, &man, &schemas] {
        std::fs::create_dir_all(dir).context(|| format!("make {}", dir.display()))?;
    }
    for shell in Shell::value_variants() {
        let name = match shell {
            Shell::Bash => "swarm.bash",
            Shell::Elvish => "swarm.elv",
            Shell::Fish => "swarm.fish",
            Shell::PowerShell => "swarm.ps1",
            Shell::Zsh => "_swarm",
            _ => return Err(Error::failure(format!("no file name for {shell}"))),
        };
        write(&completions.join(name), script(*shell).as_bytes())?;
    }
    for (name, schema) in super::schema::printed_schemas() {
        write(&schemas.join(name), format!("{schema:#}\n").as_bytes())?;
    }
    for topic in &super::help::TOPICS {
        write(&man.join(format!("swarm-{}.7", topic.name)), topic.page().as_bytes())?;
    }
    pages(&Cli::command().bin_name("swarm"), "swarm", &man)
}

/// One page per command, hidden ones left out.
fn pages(command: &clap::Command, name: &str, dir: &Path) -> Result<()> {
    let mut page = Vec::new();
    // No version and no date in the page: it changes only when the text does.
    let named =
        command.clone().name(name.to_owned()).bin_name(name.replace('-', " ")).disable_help_subcommand(true);
    clap_mangen::Man::new(named)
        .manual("swarm manual")
        .source("swarm")
        .date("")
        .render(&mut page)
        .context(|| "render a man page".into())?;
    write(&dir.join(format!("{name}.1")), &page)?;
    for sub in command.get_subcommands().filter(|s| !s.is_hide_set()) {
        pages(sub, &format!("{name}-{}", sub.get_name()), dir)?;
    }
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).context(|| format!("write {}", path.display()))
}
