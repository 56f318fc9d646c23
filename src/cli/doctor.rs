//! `swarm doctor`: looks at everything swarm needs and says what is wrong, with the mend.
//!
//! Looks only: nothing is repaired, created or migrated here. One file per thing that is looked at; each check is
//! apart from the others, so that one that fails hides none.

mod agents;
mod configuration;
mod database;
mod files;
mod monitor;
mod tmux;

use std::fmt::Write as _;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{Error, Result};
use crate::text;

use super::{Ctx, output};

/// The schema name of [`Diagnosis`].
pub const SCHEMA: &str = "swarm.doctor/v1";

/// Look at everything swarm needs and say what is wrong, with the mend
///
/// tmux, the agent CLIs, the monitor, the database, permissions, configuration, clock and disk. Changes nothing. Exits
/// 1 when something is broken.
#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print `swarm.doctor/v1` JSON
    #[arg(long)]
    json: bool,
}

/// What was found: `swarm.doctor/v1`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Diagnosis {
    /// Always `swarm.doctor/v1`.
    schema: &'static str,
    /// The version of this program.
    version: &'static str,
    /// Whether nothing is broken; warnings do not count.
    ok: bool,
    /// What was looked at, in this order.
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Check {
    /// What: `tmux`, `database`, `agent claude`, …
    name: String,
    /// How it is.
    state: State,
    /// What was found, one line.
    found: String,
    /// What to do about it; `null` where there is nothing to do.
    mend: Option<String>,
}

/// How a thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// swarm works, but something is not as it should be.
    Warning,
    /// swarm cannot do its work.
    Broken,
}

impl Check {
    fn new(name: &str, state: State, found: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state, found: text::one_line(&found.into()), mend: None }
    }

    fn ok(name: &str, found: impl Into<String>) -> Self {
        Self::new(name, State::Ok, found)
    }

    fn warning(name: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Warning, found).mend(mend)
    }

    fn broken(name: &str, found: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::new(name, State::Broken, found).mend(mend)
    }

    /// A failure as it was reported, with its first hint as the mend.
    fn failed(name: &str, err: &Error) -> Self {
        let failed = Self::new(name, State::Broken, err.to_string());
        match err.hints().first() {
            Some(hint) => failed.mend(hint),
            None => failed,
        }
    }

    fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = Some(text::one_line(&mend.into()));
        self
    }
}

/// Runs the command.
pub fn run(args: &DoctorArgs, ctx: &Ctx) -> Result<()> {
    let checks = super::block_on(async { Ok(look(ctx).await) })?;
    let broken = checks.iter().filter(|c| c.state == State::Broken).count();
    let diagnosis = Diagnosis { schema: SCHEMA, version: crate::client::VERSION, ok: broken == 0, checks };
    if args.json {
        output::json(&diagnosis)?;
    } else {
        output::print(&table(&diagnosis.checks, ctx.global.color.enabled()))?;
    }
    match broken {
        0 => Ok(()),
        1 => Err(Error::failure("one thing is broken")),
        n => Err(Error::failure(format!("{n} things are broken"))),
    }
}

#[expect(clippy::disallowed_methods, reason = "the clock is one of the things that are looked at")]
async fn look(ctx: &Ctx) -> Vec<Check> {
    let now = Timestamp::now();
    let mut checks = tmux::checks(ctx).await;
    checks.extend(agents::checks(ctx).await);
    checks.extend(monitor::checks(ctx).await);
    checks.extend(database::checks(&ctx.paths, now));
    checks.extend(files::checks(&ctx.paths));
    checks.extend(configuration::checks(ctx));
    checks.extend(files::clock(now));
    checks.extend(files::disk(&ctx.paths));
    checks
}

/// What these checks can find, each with its mend: made by the very functions that look, given what is wrong.
pub fn examples() -> Vec<(String, String, String)> {
    let checks = [
        tmux::examples(),
        monitor::examples(),
        database::examples(),
        files::examples(),
        configuration::examples(),
    ];
    checks.into_iter().flatten().filter_map(|c| Some((c.name, c.found, c.mend?))).collect()
}

/// One line per check, its mend below it.
fn table(checks: &[Check], color: bool) -> String {
    let width = checks.iter().map(|c| c.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for check in checks {
        let (word, paint) = match check.state {
            State::Ok => ("ok    ", "32"),
            State::Warning => ("warn  ", "33"),
            State::Broken => ("BROKEN", "1;31"),
        };
        let word = if color { format!("\x1b[{paint}m{word}\x1b[0m") } else { word.to_owned() };
        let _ = writeln!(out, "{word}  {:<width$}  {}", check.name, check.found);
        if let Some(mend) = &check.mend {
            let _ = writeln!(out, "{:>8}{:<width$}  mend: {mend}", "", "");
        }
    }
    let count = |state| checks.iter().filter(|c| c.state == state).count();
    let (broken, warnings) = (count(State::Broken), count(State::Warning));
    let sum = match (broken, warnings) {
        (0, 0) => "all is well".to_owned(),
        (0, n) => format!("nothing is broken; {n} to look at"),
        (b, 0) => format!("{b} broken"),
        (b, n) => format!("{b} broken, {n} to look at"),
    };
    let _ = writeln!(out, "{sum}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_the_mend_below_what_is_wrong() {
        let checks = [
            Check::ok("tmux", "3.5a"),
            Check::broken("database", "damaged\nvery", "move it away"),
            Check::warning("disk", "90 MB free", "free some"),
        ];
        assert_eq!(
            table(&checks, false),
            "ok      tmux      3.5a\n\
             BROKEN  database  damaged very\n\
             \x20                 mend: move it away\n\
             warn    disk      90 MB free\n\
             \x20                 mend: free some\n\
             1 broken, 1 to look at\n"
        );
        assert!(table(&checks[..1], true).contains("\x1b[32mok"));
    }
}
