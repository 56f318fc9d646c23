//! The one error type: what went wrong, where, and the mend.
//!
//! Owns the exit codes of the command line. Never prints: `main` prints an error once.

use std::fmt;
use std::process::ExitCode;

/// Shorthand used everywhere in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What class of failure this is; decides the exit code (README, "For scripts").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that has no class of its own.
    Failure,
    /// The command line or a request is malformed.
    Usage,
    /// A configuration file is invalid.
    Config,
    /// No such swarm or agent.
    NotFound,
    /// tmux is missing, too old, or refused.
    Tmux,
    /// The monitor cannot be reached.
    Monitor,
    /// Accepted but not yet delivered.
    Queued,
    /// Refused because acting now would be unsafe.
    Blocked,
    /// Typed but not proven to be submitted.
    Stranded,
    /// The pane or agent is gone.
    Gone,
    /// The swarm file has not been trusted.
    NotTrusted,
    /// A deadline passed.
    Timeout,
    /// Interrupted by a signal.
    Interrupted,
}

impl Kind {
    /// The process exit code of this class.
    pub const fn code(self) -> u8 {
        match self {
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Config => 3,
            Self::NotFound => 4,
            Self::Tmux => 5,
            Self::Monitor => 6,
            Self::Queued => 10,
            Self::Blocked => 11,
            Self::Stranded => 12,
            Self::Gone => 13,
            Self::NotTrusted => 14,
            Self::Timeout => 124,
            Self::Interrupted => 130,
        }
    }

    /// The kind with this exit code; `Failure` for a code that is not ours.
    pub const fn from_code(code: u8) -> Self {
        match code {
            2 => Self::Usage,
            3 => Self::Config,
            4 => Self::NotFound,
            5 => Self::Tmux,
            6 => Self::Monitor,
            10 => Self::Queued,
            11 => Self::Blocked,
            12 => Self::Stranded,
            13 => Self::Gone,
            14 => Self::NotTrusted,
            124 => Self::Timeout,
            130 => Self::Interrupted,
            _ => Self::Failure,
        }
    }
}

/// A failure with its class, one sentence, an optional cause and any number of mends.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    hints: Vec<String>,
}

impl Error {
    /// An error of `kind` that says `message` (no trailing full stop).
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// An error without a class of its own.
    pub fn failure(message: impl Into<String>) -> Self {
        Self::new(Kind::Failure, message)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds a mend: what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// The class of this failure.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence, without cause and hints.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The mends, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit code for the process.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind.code())
    }

    /// `Error: …` with its causes, then one `Hint: …` line per mend, as `main` prints it.
    pub fn report(&self) -> String {
        let mut out = format!("Error: {self}\n");
        for hint in &self.hints {
            out.push_str("Hint: ");
            out.push_str(hint);
            out.push('\n');
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let mut cause = self.source.as_deref().map(|s| s as &dyn std::error::Error);
        while let Some(err) = cause {
            write!(f, ": {err}")?;
            cause = err.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn std::error::Error + 'static))
    }
}

/// Turns a foreign error into ours with a sentence that says what was being done.
pub trait Context<T> {
    /// `what` completes "cannot …".
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|e| Error::failure(format!("cannot {}", what())).because(e))
    }
}
