//! How commands print: everything to stdout goes through here, so that a closed pipe is silence and not a panic.

use std::io::{self, IsTerminal, Write};

use crate::error::{Error, Result};

/// When to colour the output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// When stdout is a terminal and neither NO_COLOR nor TERM=dumb says otherwise.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The size of the terminal on stdout, columns and rows.
pub fn terminal_size() -> Option<(u16, u16)> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    (size.ws_col > 0 && size.ws_row > 0).then_some((size.ws_col, size.ws_row))
}

impl ColorChoice {
    /// Whether stdout gets colour, by the conventions of `NO_COLOR` and `CLICOLOR_FORCE`.
    pub fn enabled(self) -> bool {
        self.enabled_on(io::stdout().is_terminal())
    }

    /// The same for stderr.
    pub fn enabled_on_stderr(self) -> bool {
        self.enabled_on(io::stderr().is_terminal())
    }

    fn enabled_on(self, terminal: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                if crate::paths::var_str("NO_COLOR").is_some() {
                    return false;
                }
                if crate::paths::var_str("CLICOLOR_FORCE").is_some_and(|v| v != "0") {
                    return true;
                }
                terminal && crate::paths::var_str("TERM").is_none_or(|t| t != "dumb")
            }
        }
    }
}

/// Prints `text` to stdout, exactly as it is.
pub fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| Error::failure("cannot write to stdout").because(e))
}

/// Prints `value` as one line of JSON.
pub fn json(value: &impl serde::Serialize) -> Result<()> {
    let mut line =
        serde_json::to_string(value).map_err(|e| Error::failure("cannot encode JSON").because(e))?;
    line.push('\n');
    print(&line)
}

/// Prints a note for the person to stderr; a closed stderr is no failure.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error with its hints to stderr.
pub fn error(err: &Error) {
    let _ = io::stderr().write_all(err.report().as_bytes());
}

/// Whether `err` is only the reader of our stdout having gone away (`swarm log | head`).
pub fn is_broken_pipe(err: &Error) -> bool {
    std::error::Error::source(err)
        .and_then(|s| s.downcast_ref::<io::Error>())
        .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
}
