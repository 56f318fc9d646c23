//! The agent CLIs: which are installed, where, and their versions.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use crate::agent::{Profile, Profiles};
use crate::config::{ProfileCatalog as _, find_program};
use crate::observe::inject::version_of;

use super::super::Ctx;
use super::Check;

/// How long `PROGRAM --version` may take: some agents are slow to start on a cold disk.
const VERSION_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest version that is shown, in characters.
const VERSION_MAX: usize = 40;

/// One check per installed agent CLI, and the user's own profiles.
pub(super) async fn checks(ctx: &Ctx) -> Vec<Check> {
    let dir = ctx.paths.config_dir.join("agents");
    let (profiles, errors) = Profiles::load(&dir);
    let mut checks: Vec<Check> = errors.iter().map(|err| Check::failed("profiles", err)).collect();
    let path = crate::paths::var("PATH").unwrap_or_default();
    let (mut seen, mut missing) = (0, Vec::new());
    for profile in profiles.iter() {
        let Some(program) = profiles.program(profile.name()) else { continue };
        match find_program(&program, &path) {
            Some(place) => {
                seen += 1;
                let version = match version_of(&place) {
                    Some(version) => Some(version),
                    None => ask(&place).await,
                };
                checks.push(found(profile, &place, version.as_deref()));
            }
            None => missing.push(profile.name()),
        }
    }
    if seen == 0 {
        checks.push(Check::warning(
            "agents",
            format!("no agent CLI is on PATH (looked for {})", missing.join(", ")),
            "install one, or start with the profile `shell`, which runs any command",
        ));
    }
    checks
}

fn found(profile: &Profile, place: &Path, version: Option<&str>) -> Check {
    let name = format!("agent {}", profile.name());
    let shown = version.map_or_else(|| "version unknown".to_owned(), ToOwned::to_owned);
    let mut text = format!("{shown} ({})", place.display());
    let tested = &profile.data().tested;
    if profile.experimental() {
        text.push_str("; this profile is experimental: no recording proves its rules");
    } else if let (Some(version), false) = (version, tested.is_empty())
        && !tested.iter().any(|t| t == version)
    {
        text.push_str("; the rules were checked with ");
        text.push_str(&tested.join(", "));
    }
    Check::ok(&name, text)
}

/// `PROGRAM --version`, for those whose files do not tell. Its output is other people's text.
async fn ask(program: &PathBuf) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "asks an installed agent for its version, with a time limit"
    )]
    let mut command = std::process::Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stderr(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    command.kill_on_drop(true);
    let output = tokio::time::timeout(VERSION_TIMEOUT, command.output()).await.ok()?.ok()?;
    number(&String::from_utf8_lossy(&output.stdout))
}

/// The first word that looks like a version: `aider 0.86.1`, `1.2.3 (Some Agent)`, `v0.4.0`.
fn number(said: &str) -> Option<String> {
    let word = said.split_whitespace().map(|w| w.trim_start_matches('v')).find(|w| {
        w.starts_with(|c: char| c.is_ascii_digit())
            && w.contains('.')
            && w.chars().all(|c| c.is_ascii_graphic())
    })?;
    Some(word.chars().take(VERSION_MAX).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        assert_eq!(number("aider 0.86.1\n").as_deref(), Some("0.86.1"));
        assert_eq!(number("2.1.329 (Claude Code)").as_deref(), Some("2.1.329"));
        assert_eq!(number("v0.4.0").as_deref(), Some("0.4.0"));
        assert_eq!(number("usage: goose [options]"), None);
        assert_eq!(number(""), None);
        assert!(number(&format!("1.{}", "9".repeat(500))).unwrap().len() <= VERSION_MAX);
    }
}
