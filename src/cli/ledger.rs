//! `swarm ledger`: looking after the database of what was booked.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::{Ctx, output};
use crate::error::{Error, Result};
use crate::store::{explain, open_reader};

/// Options of `swarm ledger`.
#[derive(Debug, clap::Args)]
pub struct LedgerArgs {
    #[command(subcommand)]
    command: LedgerCommand,
}

#[derive(Debug, clap::Subcommand)]
enum LedgerCommand {
    /// Copy the database while it is in use
    Backup {
        /// Where to; must not exist
        file: PathBuf,
        /// The database [default: the user's]
        #[arg(long, value_name = "FILE")]
        db: Option<PathBuf>,
    },
    /// Check the database for damage
    Check {
        /// The database [default: the user's]
        #[arg(long, value_name = "FILE")]
        db: Option<PathBuf>,
    },
}

/// Runs `swarm ledger`.
pub fn run(args: &LedgerArgs, ctx: &Ctx) -> Result<()> {
    let path = |db: &Option<PathBuf>| db.clone().unwrap_or_else(|| ctx.paths.database());
    match &args.command {
        LedgerCommand::Backup { file, db } => {
            backup(&path(db), file)?;
            output::print(&format!("{} holds all of {}\n", file.display(), path(db).display()))
        }
        LedgerCommand::Check { db } => check(&path(db)),
    }
}

/// How many pages are copied between two pauses in which others may write.
const PAGES: i32 = 1024;

fn backup(from: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        return Err(Error::failure(format!("{} exists already", to.display())).hint("choose another name"));
    }
    let source = open_reader(from)?;
    let draft = to.with_extension("part");
    let copy = || {
        let mut target = Connection::open(&draft)?;
        Backup::new(&source, &mut target)?.run_to_completion(PAGES, Duration::from_millis(5), None)?;
        // A copy stands alone: no write-ahead log beside it.
        target.pragma_update(None, "journal_mode", "DELETE")?;
        target.close().map_err(|(_, err)| err)
    };
    let copied = copy().map_err(|e| explain(&draft, e));
    let placed = copied.and_then(|()| {
        std::fs::rename(&draft, to)
            .map_err(|e| Error::failure(format!("cannot write {}", to.display())).because(e))
    });
    if placed.is_err() {
        let _ = std::fs::remove_file(&draft);
    }
    placed
}

fn check(path: &Path) -> Result<()> {
    let conn = open_reader(path)?;
    let mut found = Vec::new();
    let result = conn.pragma_query(None, "integrity_check", |row| {
        found.push(row.get::<_, String>(0)?);
        Ok(())
    });
    result.map_err(|e| explain(path, e))?;
    if found == ["ok"] {
        return output::print(&format!("{} is sound\n", path.display()));
    }
    let error = Error::failure(format!("{} is damaged: {}", path.display(), found.join("; ")));
    Err(error.hint("restore a backup, or move the file away and run `swarm ingest`"))
}
