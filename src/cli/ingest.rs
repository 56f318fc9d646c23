//! `swarm ingest`: books transcripts without a monitor.

use std::fmt::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::{Ctx, output};
use crate::config::Config;
use crate::error::Result;
use crate::ledger::discover::{Found, default_roots, transcripts};
use crate::ledger::prices::{Override, PriceBook};
use crate::ledger::usage::Source;
use crate::paths::{Paths, var_str};
use crate::store::{open_writer, usage};

/// Book transcripts without a monitor
///
/// Without directories, every agent's own are read.
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// The database [default: the user's]
    #[arg(long, value_name = "FILE")]
    db: Option<PathBuf>,
    /// A directory of Claude Code: its home or its `projects`
    #[arg(long, value_name = "DIR")]
    claude: Vec<PathBuf>,
    /// A directory of Codex: its home or its `sessions`
    #[arg(long, value_name = "DIR")]
    codex: Vec<PathBuf>,
    /// A directory of Gemini CLI: its home or its `tmp`
    #[arg(long, value_name = "DIR")]
    gemini: Vec<PathBuf>,
    /// A directory of Qwen Code: its home or its `projects`
    #[arg(long, value_name = "DIR")]
    qwen: Vec<PathBuf>,
    /// A database or data directory of OpenCode
    #[arg(long, value_name = "FILE")]
    opencode: Vec<PathBuf>,
    /// An analytics log of aider (`--analytics-log`), or a chat history (rounded: booked as an estimate)
    #[arg(long, value_name = "FILE")]
    aider: Vec<PathBuf>,
    /// A directory of Copilot CLI: its `session-state`
    #[arg(long, value_name = "DIR")]
    copilot: Vec<PathBuf>,
    /// A database of Crush
    #[arg(long, value_name = "FILE")]
    crush: Vec<PathBuf>,
    /// A database of Goose
    #[arg(long, value_name = "FILE")]
    goose: Vec<PathBuf>,
    /// A directory of Amp: its `threads`
    #[arg(long, value_name = "DIR")]
    amp: Vec<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The schema name of [`Report`].
pub const SCHEMA: &str = "swarm.ingest/v1";

/// What `swarm ingest --json` prints.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Report {
    /// Always `swarm.ingest/v1`.
    schema: &'static str,
    /// Files with something new in them.
    files: u64,
    /// Responses that were booked.
    events: u64,
    /// Lines that could not be read.
    malformed_lines: u64,
    /// Lines that were too long to look at.
    oversized_lines: u64,
    /// The database.
    db: PathBuf,
}

impl IngestArgs {
    fn roots(&self, paths: &Paths) -> Vec<(Source, PathBuf)> {
        let given = [
            (Source::Claude, &self.claude),
            (Source::Codex, &self.codex),
            (Source::Gemini, &self.gemini),
            (Source::Qwen, &self.qwen),
            (Source::OpenCode, &self.opencode),
            (Source::Aider, &self.aider),
            (Source::Copilot, &self.copilot),
            (Source::Crush, &self.crush),
            (Source::Goose, &self.goose),
            (Source::Amp, &self.amp),
        ];
        let roots: Vec<_> =
            given.iter().flat_map(|(source, dirs)| dirs.iter().map(|d| (*source, d.clone()))).collect();
        if !roots.is_empty() {
            return roots;
        }
        let mut roots = default_roots(&paths.home, &var_str);
        roots.extend(Some((Source::Aider, paths.usage_logs())).filter(|(_, dir)| dir.is_dir()));
        roots
    }
}

/// Runs `swarm ingest`.
pub fn run(args: &IngestArgs, ctx: &Ctx) -> Result<()> {
    let path = args.db.clone().unwrap_or_else(|| ctx.paths.database());
    let given =
        args.claude.iter().chain(&args.codex).chain(&args.gemini).chain(&args.qwen).chain(&args.opencode);
    let given =
        given.chain(&args.aider).chain(&args.copilot).chain(&args.crush).chain(&args.goose).chain(&args.amp);
    if let Some(missing) = given.into_iter().find(|dir| !dir.exists()) {
        return Err(crate::Error::failure(format!("there is no {}", missing.display())));
    }
    let found: Vec<Found> =
        args.roots(&ctx.paths).iter().flat_map(|(source, root)| transcripts(*source, root)).collect();
    let prices = prices(&ctx.paths)?;
    let mut conn = open_writer(&path)?;
    let threads = std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let booked = usage::ingest(&mut conn, &path, &prices, found, threads)?;
    if args.json {
        return output::json(&Report {
            schema: SCHEMA,
            files: booked.files,
            events: booked.events,
            malformed_lines: booked.malformed,
            oversized_lines: booked.oversized,
            db: path,
        });
    }
    output::print(&summary(&booked, &path))
}

fn summary(booked: &usage::Booked, path: &Path) -> String {
    let mut text = format!(
        "{} from {} booked into {}\n",
        plural(booked.events, "response"),
        plural(booked.files, "file"),
        path.display()
    );
    if booked.malformed > 0 {
        let _ = writeln!(text, "{} could not be read", plural(booked.malformed, "line"));
    }
    if booked.oversized > 0 {
        let _ = writeln!(text, "{} too long to look at", plural(booked.oversized, "line"));
    }
    text
}

fn plural(n: u64, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

/// The prices in force: the compiled-in or refreshed files, with the user's own on top.
pub(super) fn prices(paths: &Paths) -> Result<Arc<PriceBook>> {
    let own = Config::user_prices(paths)?;
    let own = own.iter().map(|(model, price)| Override::from_config(model, price));
    Ok(Arc::new(PriceBook::load(&paths.config_dir.join("prices"))?.with_overrides(own)))
}
