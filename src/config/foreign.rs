//! The door to other tools' session files; what is behind it is built with the cargo feature `import`.

use super::ProfileCatalog;
use crate::error::Result;

/// A tool whose session files can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// <https://github.com/tmuxinator/tmuxinator>
    Tmuxinator,
    /// <https://github.com/tmux-python/tmuxp>
    Tmuxp,
}

/// A swarm file made from another tool's, and what it does not carry over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The swarm file.
    pub text: String,
    /// What was left out or changed, one sentence each.
    pub notes: Vec<String>,
}

/// Turns `text`, a session file of `tool` named `stem`, into a swarm file; lines that need a shell get `shell`.
#[cfg(feature = "import")]
pub fn import(
    tool: Tool,
    text: &str,
    stem: &str,
    profiles: &dyn ProfileCatalog,
    shell: &str,
) -> Result<Imported> {
    let yaml = super::yaml::Yaml::parse(text)?;
    if yaml.pairs().is_empty() {
        return Err(crate::Error::new(crate::error::Kind::Config, "the file describes no session"));
    }
    let programs = profiles.names().into_iter().filter_map(|name| Some((profiles.program(&name)?, name)));
    let place = super::import::Machine { programs: programs.collect(), shell: shell.to_owned() };
    Ok(match tool {
        Tool::Tmuxinator => super::import::tmuxinator(&yaml, stem, &place),
        Tool::Tmuxp => super::import::tmuxp(&yaml, stem, &place),
    })
}

/// Says that this build cannot.
#[cfg(not(feature = "import"))]
pub fn import(_: Tool, _: &str, _: &str, _: &dyn ProfileCatalog, _: &str) -> Result<Imported> {
    Err(crate::Error::failure("this build of swarm reads no YAML")
        .hint("build it with `cargo install tmux-swarm --features import`"))
}
