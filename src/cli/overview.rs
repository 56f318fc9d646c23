//! `swarm` without a command: the overview, wired to the monitor.
//!
//! Carries updates and requests between the screen and the socket; comes back by itself when the monitor was away.

use std::fmt::Write as _;

use tokio::sync::mpsc;

use crate::error::{Context, Error, Kind, Result};
use crate::tmux::{Command, PaneId, ServerSpec};
use crate::tui::{Exit, JumpBy, Options};

use super::{Ctx, attach};
use wire::Wire;

mod windows;
mod wire;

/// Opens the overview until the person leaves.
pub fn run(ctx: &Ctx) -> Result<()> {
    use std::io::IsTerminal;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Error::new(Kind::Usage, "the overview needs a terminal")
            .hint("`swarm status` prints the same, `swarm status --json` for scripts"));
    }
    let server = ctx.server()?;
    // In a window of its own the overview stays; in a popup or outside tmux it makes room for the pane.
    let inside = attach::is_inside(&server) && crate::paths::var("TMUX_PANE").is_some();
    let popup = attach::is_inside(&server) && !inside;
    let (mut selected, mut kept) = (None, Box::default());
    loop {
        let options = Options {
            swarm: ctx.global.swarm.as_ref().map(ToString::to_string),
            selected: selected.take(),
            kept: std::mem::take(&mut *kept),
            jump: if inside { JumpBy::Asking } else { JumpBy::Leaving },
            zone: jiff::tz::TimeZone::system(),
            ..looks(ctx)?
        };
        let exit = super::block_on(session(ctx, &server, options));
        if inside && matches!(&exit, Ok(Exit::Quit))
            || exit.as_ref().is_err_and(|e| e.kind() == Kind::Interrupted)
        {
            close_window(&server);
        }
        match exit? {
            Exit::Quit => return Ok(()),
            Exit::Jump(agent, left) => {
                attach::to(ctx, &agent.swarm, &agent.agent)?;
                if popup {
                    return Ok(());
                }
                (selected, kept) = (Some(agent), left);
            }
        }
    }
}

/// Keys, colours and icons: what is built in, and the user's own on top.
fn looks(ctx: &Ctx) -> Result<Options> {
    let mut options = Options::default();
    let overview = crate::config::Config::user_overview(&ctx.paths)?;
    if !overview.keys.is_empty() {
        let mut text = String::from("[keys]\n");
        for (action, keys) in &overview.keys {
            let keys: Vec<String> = keys.iter().map(|k| format!("{k:?}")).collect();
            let _ = writeln!(text, "{action} = [{}]", keys.join(", "));
        }
        options.keymap.overlay("config.toml", &text)?;
    }
    let icons = match overview.icons {
        crate::config::Icons::Ascii => "ascii",
        crate::config::Icons::Unicode => "unicode",
        crate::config::Icons::Nerd => "nerd",
    };
    let mut themes = crate::tui::theme::Themes::default();
    let own = ctx.paths.config_dir.join("theme.toml");
    match std::fs::read_to_string(&own) {
        Ok(text) => themes.overlay(&own.display().to_string(), &text)?,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {}
        Err(err) => return Err(err).context(|| format!("read {}", own.display())),
    }
    let name = if overview.theme.is_empty() { "default" } else { overview.theme.as_str() };
    options.theme = themes.theme(name, icons)?;
    if !ctx.global.color.enabled() {
        options.theme = options.theme.without_color();
    }
    Ok(options)
}

/// In the window that `up` made for us: nothing is left of it when we end. The pane stays only when we fail.
fn close_window(server: &ServerSpec) {
    let Some(pane) = crate::paths::var_str("TMUX_PANE").and_then(|p| p.parse::<PaneId>().ok()) else {
        return;
    };
    if attach::is_inside(server) {
        let ours = format!("#{{==:#{{{}}},1}}", crate::monitor::sessions::OVERVIEW_PANE);
        let close = Command::set_option(pane, "remain-on-exit", "off");
        // Without tmux there is no window.
        let _ = server.run_blocking(&[Command::if_format(pane, &ours, &[close], &[])]);
    }
}

/// One run of the screen, with the wire beside it.
async fn session(ctx: &Ctx, server: &ServerSpec, options: Options) -> Result<Exit> {
    let (updates, to_screen) = mpsc::channel(64);
    let (requests, from_screen) = mpsc::channel(64);
    let mut wire = Wire::new(ctx, server, updates, from_screen);
    tokio::select! {
        exit = crate::tui::terminal::run(to_screen, requests, options) => exit,
        () = wire.carry() => Ok(Exit::Quit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Paths;

    #[test]
    fn a_theme_of_ones_own_is_laid_over_ours_and_a_wrong_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let home = dir.path().as_os_str().to_owned();
        let var = |key: &str| ["HOME", "XDG_CONFIG_HOME"].contains(&key).then(|| home.clone());
        let paths = Paths::resolve(&var).unwrap();
        std::fs::create_dir(at("swarm")).unwrap();
        std::fs::write(at("swarm/config.toml"), "[overview]\ntheme = \"mine\"\n").unwrap();
        let ctx = Ctx { global: super::super::Global::default(), paths };
        assert!(looks(&ctx).unwrap_err().to_string().contains("no theme `mine`"));
        std::fs::write(at("swarm/theme.toml"), "[themes.mine]\nwaiting = { fg = \"cyan\" }\n").unwrap();
        looks(&ctx).unwrap();
        std::fs::write(at("swarm/theme.toml"), "[themes.mine]\nwaiting = { fg = 1.5 }\n").unwrap();
        let wrong = looks(&ctx).unwrap_err().to_string();
        assert!(wrong.contains("theme.toml:2:"), "{wrong}");
    }
}
