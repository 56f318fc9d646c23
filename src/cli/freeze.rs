//! `swarm freeze`: a running tmux session as a swarm file.

use std::path::{Path, PathBuf};

use crate::agent::Profiles;
use crate::config::freeze::{FrozenPane, FrozenWindow, Runs, freeze};
use crate::config::template;
use crate::error::{Error, Kind, Result};
use crate::observe::process::{self, Processes};
use crate::tmux::{Command, PaneRow, format};

use super::config::{only_people, profiles, warn, with_loader};
use super::{Ctx, output, select};

/// Write a swarm.toml of a running tmux session: its windows, layout, directories, and what its panes run
///
/// A pane in which an agent CLI runs becomes an agent of that profile, any other a plain command or a shell. Nothing in
/// the session changes. The result is not trusted: read it first.
#[derive(Debug, clap::Args)]
pub struct FreezeArgs {
    /// The session [default: the one you are in, or the only one]
    session: Option<String>,
    /// Where to write [default: print it]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a file that is there
    #[arg(long, requires = "output")]
    force: bool,
}

/// `swarm freeze`.
pub fn run(args: &FreezeArgs, ctx: &Ctx) -> Result<()> {
    only_people("write a swarm file")?;
    if let Some(file) = args.output.as_ref().filter(|file| file.exists() && !args.force) {
        return Err(Error::failure(format!("{} exists", file.display())).hint("`--force` replaces it"));
    }
    let server = ctx.server()?;
    let rows = format::panes(server.run_blocking(&[Command::list_panes()])?.as_bytes());
    let facts =
        server.run_blocking(&[Command::list_panes_as("#{window_id} #{window_layout} #{@swarm_window}")])?;
    let session = chosen(args.session.as_deref(), &rows)?;
    let name = session.session_name.clone();
    let mine: Vec<&PaneRow> = rows.iter().filter(|row| row.session == session.session).collect();
    let windows = windows(&mine, &facts, &profiles(ctx));
    if windows.is_empty() {
        return Err(Error::new(Kind::NotFound, format!("nothing runs in the session `{name}`")));
    }
    let file = args.output.clone().unwrap_or_else(|| PathBuf::from(crate::config::FILE_NAME));
    let file = std::path::absolute(&file).unwrap_or(file);
    let root = file.parent().unwrap_or(Path::new("/"));
    let (text, notes) = freeze(&name, &windows, root, &ctx.paths.home);
    for note in &notes {
        output::note(&format!("note: {note}"));
    }
    if args.output.is_none() {
        return output::print(&text);
    }
    let found = with_loader(ctx, |loader| loader.load_text(&file, &text));
    warn(ctx, &found.map_or_else(|report| report.problems, |loaded| loaded.warnings));
    template::write(&file, &text)?;
    output::print(&format!("wrote {}\nnext: read it, `swarm trust`, `swarm up`\n", file.display()))
}

/// A pane of the session that is meant.
fn chosen<'r>(named: Option<&str>, rows: &'r [PaneRow]) -> Result<&'r PaneRow> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.session_name.as_str()).collect();
    names.dedup();
    let here = select::tmux_session();
    let found = match (named, here) {
        (Some(named), _) => {
            rows.iter().find(|row| row.session_name == named || row.session.to_string() == named)
        }
        (None, Some(here)) => rows.iter().find(|row| row.session.to_string() == here),
        (None, None) if names.len() == 1 => rows.first(),
        (None, None) => None,
    };
    found.ok_or_else(|| {
        let what = named
            .map_or_else(|| "which session?".to_owned(), |named| format!("there is no session `{named}`"));
        Error::new(Kind::NotFound, what).hint(match names.is_empty() {
            true => "no tmux server runs here; -L or -S names another".to_owned(),
            false => format!("sessions are: {}", names.join(", ")),
        })
    })
}

fn windows(rows: &[&PaneRow], facts: &str, profiles: &Profiles) -> Vec<FrozenWindow> {
    let processes = Processes::read();
    let mut windows: Vec<(crate::tmux::WindowId, FrozenWindow)> = Vec::new();
    for row in rows.iter().filter(|row| !row.dead) {
        let id = row.window.to_string();
        let mut words = facts.lines().map(|line| line.splitn(3, ' '));
        let fact = words.find_map(|mut words| (words.next()? == id).then(|| (words.next(), words.next())));
        let (layout, mark) =
            fact.map_or(("", ""), |(layout, mark)| (layout.unwrap_or(""), mark.unwrap_or("")));
        // The overview comes by itself.
        if mark == "overview" {
            continue;
        }
        let pane = FrozenPane {
            agent: Some(row.agent.clone()).filter(|agent| !agent.is_empty()),
            directory: PathBuf::from(&row.current_path),
            runs: runs(row, &processes, profiles),
        };
        match windows.iter_mut().find(|(window, _)| *window == row.window) {
            Some((_, window)) => window.panes.push(pane),
            None => windows.push((
                row.window,
                FrozenWindow { name: row.window_name.clone(), layout: layout.to_owned(), panes: vec![pane] },
            )),
        }
    }
    windows.into_iter().map(|(_, window)| window).collect()
}

/// What a pane runs: the program that reads its keyboard, be it its first process or one that a shell started.
fn runs(row: &PaneRow, processes: &Processes, profiles: &Profiles) -> Runs {
    let Some(root) = row.pid.and_then(|pid| processes.get(pid)) else { return Runs::Shell };
    let reader = root.foreground.and_then(|group| processes.get(group)).unwrap_or(root);
    let argv = process::argv(reader.pid);
    let agent = profiles.iter().find(|p| p.is_process(&reader.comm, &argv));
    match agent {
        Some(profile) => Runs::Profile(profile.name().to_owned()),
        None if argv.is_empty() || (reader.is_shell() && argv.len() == 1) => Runs::Shell,
        None => Runs::Command(argv),
    }
}
