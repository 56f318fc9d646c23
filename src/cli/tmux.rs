//! `swarm config tmux`: the tmux plugin, made for this very program.

use std::fmt::Write as _;

use crate::error::{Context as _, Result};

use super::output;

/// The plugin as it is shipped; TPM runs the file itself.
const PLUGIN: &str = include_str!("../../config/swarm.tmux");

/// Prints the plugin. It calls this program by its path, with the folders that this process was told to use: tmux's own
/// environment may be another.
pub fn print() -> Result<()> {
    let exe = std::env::current_exe().context(|| "find the swarm program itself".into())?;
    output::print(&script(&exe.display().to_string(), &crate::paths::places()))
}

fn script(exe: &str, places: &[(String, String)]) -> String {
    let mut environment = String::new();
    for (key, value) in places {
        let _ = write!(environment, "{key}={} ", quoted(&value.replace('#', "##")));
    }
    PLUGIN
        .replace("\ncommand=swarm\n", &format!("\ncommand={}\n", quoted(exe)))
        .replace("\nenvironment=\n", &format!("\nenvironment={}\n", quoted(environment.trim_end())))
}

/// One word for a shell.
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_and_its_folders_are_written_into_the_plugin() {
        let places = [("SWARM_STATE_DIR".to_owned(), "/a b#c".to_owned())];
        let text = script("/it's/swarm", &places);
        assert!(text.contains("\ncommand='/it'\\''s/swarm'\n"), "{text}");
        assert!(text.contains(r"environment='SWARM_STATE_DIR='\''/a b##c'\'''"), "{text}");
    }
}
