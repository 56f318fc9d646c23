//! Options and environments of servers, sessions and panes.

use tmux_interface as spell;

use super::Command;
use crate::tmux::id::{SessionId, Target};

/// Options and environment.
impl Command {
    /// Sets a session, window or pane option, by the kind of target.
    pub fn set_option(target: impl Into<Target>, name: &str, value: &str) -> Self {
        Self::option(target.into()).option(name).value(value).build().into()
    }

    /// Removes the target's own value of an option.
    pub fn unset_option(target: impl Into<Target>, name: &str) -> Self {
        Self::option(target.into()).unset().option(name).build().into()
    }

    fn option<'a>(target: Target) -> spell::SetOption<'a> {
        let text = target.to_string();
        match target {
            Target::Session(_) => spell::SetOption::new().target_pane(text),
            Target::Window(_) => spell::SetOption::new().window().target_pane(text),
            Target::Pane(_) => spell::SetOption::new().pane().target_pane(text),
        }
    }

    /// Sets one of our own server-wide user options, `@swarm_<name>`. No other global option is ever set.
    pub fn set_global(name: &str, value: &str) -> Self {
        spell::SetOption::new().global().option(format!("@swarm_{name}")).value(value).build().into()
    }

    /// Removes one of our own server-wide user options.
    pub fn unset_global(name: &str) -> Self {
        spell::SetOption::new().global().unset().option(format!("@swarm_{name}")).build().into()
    }

    /// Prints the value of one of our own server-wide user options; nothing when it has none.
    pub fn show_global(name: &str) -> Self {
        let show = spell::ShowOptions::new().global().quiet().value();
        show.option(format!("@swarm_{name}")).build().into()
    }

    /// Prints the value of an option, inherited ones included; nothing when it has none.
    pub fn show_option(target: impl Into<Target>, name: &str) -> Self {
        let (target, show) = (target.into(), spell::ShowOptions::new().include_inherited().quiet().value());
        let show = match target {
            Target::Session(_) => show,
            Target::Window(_) => show.window(),
            Target::Pane(_) => show.pane(),
        };
        show.target_pane(target.to_string()).option(name).build().into()
    }

    /// Sets a variable for processes started in the session from now on.
    pub fn set_environment(session: SessionId, name: &str, value: &str) -> Self {
        let target = session.to_string();
        spell::SetEnvironment::new().target_session(target).name(name).value(value).build().into()
    }

    /// The variables of the session's own environment, one a line; `-NAME` for those that are removed.
    pub fn show_environment(session: SessionId) -> Self {
        spell::ShowEnvironment::new().target_session(session.to_string()).build().into()
    }

    /// Removes a variable from the session's environment.
    pub fn unset_environment(session: SessionId, name: &str) -> Self {
        spell::SetEnvironment::new().unset().target_session(session.to_string()).name(name).build().into()
    }
}
