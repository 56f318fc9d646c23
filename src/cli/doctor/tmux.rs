//! The tmux program and the running server.

use std::path::PathBuf;

use crate::error::Kind;
use crate::tmux::{Command, ServerSpec, Version};

use super::super::Ctx;
use super::Check;

/// The program, and the server when one runs.
pub(super) async fn checks(ctx: &Ctx) -> Vec<Check> {
    let spec = match ctx.server() {
        Ok(spec) => spec,
        Err(err) => return vec![Check::failed("tmux", &err)],
    };
    let version = match spec.version().await {
        Ok(version) => version,
        Err(err) => return vec![Check::failed("tmux", &err)],
    };
    let mut checks = vec![program(&version, &place(&spec))];
    checks.push(server(&spec, &version).await);
    checks
}

/// Where the program lies.
fn place(spec: &ServerSpec) -> PathBuf {
    let path = crate::paths::var("PATH").unwrap_or_default();
    let name = spec.program.to_string_lossy();
    crate::config::find_program(&name, &path).unwrap_or_else(|| spec.program.clone())
}

/// Versions that work and have a trap of their own.
fn program(version: &Version, place: &std::path::Path) -> Check {
    let found = format!("{version} ({})", place.display());
    if version.at_least(3, 7) {
        return Check::ok("tmux", found);
    }
    // See `tmux::gate`.
    if version.at_least(3, 4) {
        return Check::warning(
            "tmux",
            format!(
                "{found}: tmux before 3.7 may crash when a pane is selected, or a session or client comes or goes, in \
                 the very moment in which a control client attaches; swarm keeps its own doings apart"
            ),
            "tmux 3.7 or newer where you can have it",
        );
    }
    // Measured on Debian's 3.3a: a paste into a dead pane ends the whole server; half of the exit statuses are lost.
    Check::warning(
        "tmux",
        format!(
            "{found}: a paste into an ended pane can crash this version's server, and so can what happens in the very \
             moment in which a control client attaches; it loses exit statuses. swarm guards its own pastes, keeps its \
             own doings apart, and asks again for the statuses"
        ),
        "tmux 3.7 or newer; until then do not paste into a pane that has ended",
    )
}

async fn server(spec: &ServerSpec, program: &Version) -> Check {
    const NAME: &str = "tmux server";
    let socket = spec.socket_path();
    if !socket.exists() {
        return Check::ok(NAME, format!("none is running at {}", socket.display()));
    }
    match spec.run(&[Command::list_panes_as("#{version}")]).await {
        Ok(said) => running(&said, program, &socket.display().to_string()),
        Err(err) if err.kind() == Kind::Timeout => Check::failed(NAME, &err),
        Err(err) if err.message().contains("no server running") => {
            Check::ok(NAME, format!("none is running at {}", socket.display()))
        }
        Err(err) => Check::broken(
            NAME,
            err.to_string(),
            format!("see who owns {} and whether the server behind it lives", socket.display()),
        ),
    }
}

/// A server goes on with the version it was started with.
/// What can be found here.
pub(super) fn examples() -> Vec<Check> {
    let [old, new] = ["3.3a", "3.5a"].map(Version::parse);
    let socket = "tmux's socket";
    vec![
        program(&old, "/usr/bin/tmux".as_ref()),
        program(&new, "/usr/bin/tmux".as_ref()),
        running("3.1c\n", &new, socket),
        running("3.4\n", &new, socket),
    ]
}

fn running(said: &str, program: &Version, socket: &str) -> Check {
    const NAME: &str = "tmux server";
    let panes = said.lines().count();
    let Some(first) = said.lines().next() else {
        return Check::ok(NAME, format!("runs at {socket}, without panes"));
    };
    let version = Version::parse(first);
    if let Err(err) = version.check() {
        return Check::failed(NAME, &err)
            .mend("end that server when its sessions are done, and start it anew");
    }
    if version == *program {
        return Check::ok(NAME, format!("{version} runs at {socket}, {panes} panes"));
    }
    Check::warning(
        NAME,
        format!("{version} runs at {socket}, but the program is {program}"),
        "end that server when its sessions are done; it goes on with its old version until then",
    )
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn versions_with_traps_are_named() {
        let look = |version: &str| program(&Version::parse(version), "/usr/bin/tmux".as_ref());
        assert_eq!(look("tmux 3.3a").state, State::Warning);
        assert_eq!(look("tmux 3.2").state, State::Warning);
        assert_eq!(look("tmux 3.5a").state, State::Warning);
        assert_eq!(look("tmux next-3.8").state, State::Ok);
    }

    #[test]
    fn a_server_of_another_version_is_noticed() {
        let program = Version::parse("tmux 3.5a");
        assert_eq!(running("3.5a\n3.5a\n", &program, "/s").state, State::Ok);
        assert_eq!(running("3.4\n", &program, "/s").state, State::Warning);
        assert_eq!(running("3.1c\n", &program, "/s").state, State::Broken);
        assert_eq!(running("", &program, "/s").state, State::Ok);
    }
}
