//! The configuration: the user's file and the swarm file that holds here.

use crate::agent::Profiles;
use crate::config::problem::Level;
use crate::config::{self, Loader, Problem, Trust, TrustList, load};
use crate::monitor::notify::desktop::{DESKTOP, PROGRAM};

use super::super::Ctx;
use super::Check;

/// The user's file, and the nearest swarm file with whether it is trusted.
pub(super) fn checks(ctx: &Ctx) -> Vec<Check> {
    // What is wrong with a profile is said by the check of the agents.
    let (profiles, _) = Profiles::load(&ctx.paths.config_dir.join("agents"));
    let loader = Loader { paths: &ctx.paths, profiles: &profiles, env: &crate::paths::var, flags: &[] };
    let mut checks = vec![user(ctx, &loader)];
    checks.extend(desktop(ctx));
    let here = std::env::current_dir().ok();
    match here.and_then(|dir| config::find(&dir)) {
        None => checks.push(Check::ok("swarm file", "none here or above; `swarm init` writes one")),
        Some(file) => match loader.load(&file) {
            Ok(loaded) => {
                let name = loaded.config.name.clone();
                checks.push(judged("swarm file", &file.display().to_string(), &loaded.warnings));
                checks.push(trusted(ctx, &file, &loaded.contents, name.as_str()));
            }
            Err(report) => {
                checks.push(judged("swarm file", &file.display().to_string(), &report.problems));
            }
        },
    }
    checks
}

fn user(ctx: &Ctx, loader: &Loader<'_>) -> Check {
    const NAME: &str = "user's config";
    let file = &ctx.paths.config_file;
    let place = file.display().to_string();
    if !file.exists() {
        return Check::ok(NAME, format!("none; `swarm config init` would write {place}"));
    }
    match load::read(file) {
        Ok(text) => match loader.check_user(&text) {
            Ok(warnings) => judged(NAME, &place, &warnings),
            Err(report) => judged(NAME, &place, &report.problems),
        },
        Err(problem) => judged(NAME, &place, &[*problem]),
    }
}

/// Whether notifications of the desktop, where they are wanted, can be shown.
fn desktop(ctx: &Ctx) -> Option<Check> {
    // What is wrong with the file is said above.
    config::Config::user_notify(&ctx.paths).ok().filter(|notify| notify.desktop)?;
    let set = |name: &&str| crate::paths::var(name).is_some_and(|value| !value.is_empty());
    let bus = || {
        crate::paths::var("XDG_RUNTIME_DIR")
            .is_some_and(|dir| std::path::Path::new(&dir).join("bus").exists())
    };
    let reached = cfg!(target_os = "macos") || DESKTOP.iter().any(set) || bus();
    let program = config::find_program(PROGRAM, &crate::paths::var("PATH").unwrap_or_default());
    Some(shown_by(program.as_deref(), reached))
}

fn shown_by(program: Option<&std::path::Path>, reached: bool) -> Check {
    const NAME: &str = "notify desktop";
    match program {
        None => Check::warning(
            NAME,
            format!("`[notify] desktop` is on, and `{PROGRAM}` is not on PATH"),
            "install libnotify's notify-send, or set `desktop = false`",
        ),
        Some(_) if !reached => Check::warning(
            NAME,
            "`[notify] desktop` is on, and no desktop can be reached from here",
            format!("start the monitor where one of {} is set, or set `desktop = false`", DESKTOP.join(", ")),
        ),
        Some(place) => Check::ok(NAME, format!("shown by {}", place.display())),
    }
}

/// The first thing that is wrong, and how many more there are.
fn judged(name: &str, place: &str, problems: &[Problem]) -> Check {
    let errors = problems.iter().filter(|p| p.level == Level::Error).count();
    let first = problems.iter().find(|p| p.level == Level::Error).or_else(|| problems.first());
    let Some(first) = first else { return Check::ok(name, format!("{place} is valid")) };
    let found = format!("{place}:{}: {}", first.line(), first.message);
    let more = "`swarm config check` shows everything with its place";
    let mend = if first.mend.is_empty() { more.to_owned() } else { format!("{}; {more}", first.mend) };
    if errors > 0 { Check::broken(name, found, mend) } else { Check::warning(name, found, mend) }
}

/// What can be found here.
pub(super) fn examples() -> Vec<Check> {
    let file = std::path::Path::new("swarm.toml");
    let shower = std::path::Path::new(PROGRAM);
    vec![
        trust(file, "", Trust::Unknown),
        trust(file, "", Trust::Changed),
        shown_by(None, true),
        shown_by(Some(shower), false),
    ]
}

fn trusted(ctx: &Ctx, file: &std::path::Path, contents: &str, swarm: &str) -> Check {
    trust(file, swarm, TrustList::new(&ctx.paths.state_dir).check(file, contents))
}

fn trust(file: &std::path::Path, swarm: &str, trust: Trust) -> Check {
    const NAME: &str = "trust";
    let mend = format!("read it, then `swarm trust {}`", file.display());
    match trust {
        Trust::Trusted => Check::ok(NAME, format!("`{swarm}` may start its programs")),
        Trust::Changed => Check::warning(NAME, "the swarm file has changed since you trusted it", mend),
        Trust::Unknown => Check::warning(NAME, "the swarm file is not trusted yet", mend),
    }
}
