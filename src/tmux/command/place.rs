//! Sessions, windows and panes: made, arranged, ended.

use tmux_interface as spell;

use super::{Blocks, Command, Launch, Marks, Split, is_layout};
use crate::tmux::format;
use crate::tmux::id::{PaneId, SessionId, Target, WindowId};
use crate::tmux::quote;

/// Sessions, windows and panes: making, arranging and ending them.
impl Command {
    /// A detached session of `size` columns and rows with one pane; prints [`format::CREATED`].
    ///
    /// `env` is the environment of the whole session.
    pub fn new_session(
        name: &str,
        window: &str,
        size: (u16, u16),
        env: &[(String, String)],
        launch: &Launch,
    ) -> Self {
        let mut built = spell::NewSession::new()
            .detached()
            .print()
            .format(format::CREATED)
            .session_name(quote::format_literal(name))
            .width(size.0.into())
            .height(size.1.into());
        if !window.is_empty() {
            built = built.window_name(quote::format_literal(window));
        }
        for (key, value) in env {
            built = built.environment(key.as_str(), value.as_str());
        }
        launch.push(built.build())
    }

    /// A window at the end of `session`, not selected; prints [`format::CREATED`].
    pub fn new_window(session: SessionId, name: &str, launch: &Launch) -> Self {
        let mut built = spell::NewWindow::new().detached().print().format(format::CREATED);
        if !name.is_empty() {
            built = built.window_name(quote::format_literal(name));
        }
        launch.push(built.target_window(format!("{session}:")).build())
    }

    /// A window at the end of `session` in which a process starts at once, with the options of window and pane that it
    /// has from before anything else can happen; prints [`format::CREATED`], then `facts` of its pane.
    ///
    /// One list, run by tmux without looking at its children in between: however short the process lives, it is kept
    /// and marked. Until it has its name the window is called `token`, which must be unique and plain.
    pub(in crate::tmux) fn open_window(
        session: SessionId,
        token: &str,
        name: &str,
        launch: &Launch,
        options: Marks<'_>,
        pane_options: Marks<'_>,
        facts: &str,
    ) -> Self {
        let made = format!("{session}:={token}");
        let set = || spell::SetOption::new().target_pane(made.clone());
        let mut list = vec![Self::new_window(session, token, launch)];
        list.extend(options.iter().map(|(k, v)| set().window().option(*k).value(*v).build().into()));
        list.extend(pane_options.iter().map(|(k, v)| set().pane().option(*k).value(*v).build().into()));
        list.push(
            spell::DisplayMessage::new().print().target_pane(made.clone()).message(facts).build().into(),
        );
        let name = quote::format_literal(name);
        list.push(spell::RenameWindow::new().target_window(made).new_name(name).build().into());
        let stirs = Self::stirs(&list);
        let list = spell::IfShell::new().not_execute().shell_command("1").command(Self::nested(&list));
        Self { blocks: Blocks::Many, stirs, ..list.build().into() }
    }

    /// Ends the window that [`Command::open_window`] made and could not complete.
    pub(in crate::tmux) fn kill_half_made(session: SessionId, token: &str) -> Self {
        spell::KillWindow::new().target_window(format!("{session}:={token}")).build().into()
    }

    /// Prints the commands that a user hooked to a command of this name, in a session or everywhere.
    pub(in crate::tmux) fn show_hooks(session: Option<SessionId>, hook: &'static str) -> Self {
        let show = spell::ShowHooks::new();
        let mut built = match session {
            Some(session) => show.target_pane(session.to_string()).build(),
            None => show.global().build(),
        };
        built.push_param(hook);
        built.into()
    }

    /// An empty pane (no process, `pane_dead` is 1) beside the target's pane, not selected; prints [`format::CREATED`].
    ///
    /// Options can be set on it before [`Connection::start`](crate::tmux::Connection::start) puts a process there: no race, and
    /// no shell starts first.
    /// Re-tile after every split: without, a window of 200x50 takes 6 panes.
    pub fn split_empty(target: impl Into<Target>, split: Split) -> Self {
        let built = spell::SplitWindow::new().detached().print().format(format::CREATED);
        let built = match split {
            Split::Right => built.horizontal(),
            Split::Below => built.vertical(),
        };
        built.target_pane(target.into().to_string()).shell_command("").build().into()
    }

    /// Ends what runs in the pane and starts a process there. Not public: in a pane that something has written to, this
    /// can crash the server (see [`Connection::start`](crate::tmux::Connection::start)).
    pub(in crate::tmux) fn respawn_pane(pane: PaneId, launch: &Launch) -> Self {
        launch.push(spell::RespawnPane::new().kill().target_pane(pane.to_string()).build())
    }

    /// Puts `pane` where `other` is, and that where it was, in another window too. Active panes and zoom stay as they
    /// are on screen.
    pub fn swap_pane(pane: PaneId, other: PaneId) -> Self {
        let swap = spell::SwapPane::new().detached().keep_zoomed();
        swap.src_pane(pane.to_string()).dst_pane(other.to_string()).build().into()
    }

    /// Puts `pane` into a window of its own, not selected; prints [`format::CREATED`].
    pub fn break_pane(pane: PaneId, name: &str) -> Self {
        let name = quote::format_literal(name);
        let built = spell::BreakPane::new().detached().print().format(format::CREATED).window_name(name);
        built.src_pane(pane.to_string()).build().into()
    }

    /// Puts `pane` into another window, not selected.
    pub fn join_pane(pane: PaneId, window: WindowId) -> Self {
        let built = spell::JoinPane::new().detached().src_pane(pane.to_string());
        built.dst_pane(window.to_string()).build().into()
    }

    /// Applies a layout: `tiled`, `even-horizontal`, `even-vertical`, `main-vertical`, … or a layout string.
    ///
    /// A word that tmux 3.3a does not know as a layout crashes its whole server (it frees a message that was never
    /// written). Such a word is sent with a wrong checksum before it, which every version refuses in peace.
    pub fn select_layout(window: WindowId, layout: &str) -> Self {
        let safe = if is_layout(layout) { layout.to_owned() } else { format!("0000,{layout}") };
        spell::SelectLayout::new().target_pane(window.to_string()).layout_name(safe).build().into()
    }

    /// Makes the pane the active one of its window.
    pub fn select_pane(pane: PaneId) -> Self {
        spell::SelectPane::new().target_pane(pane.to_string()).build().into()
    }

    /// Sets the pane's title.
    pub fn set_title(pane: PaneId, title: &str) -> Self {
        let title = quote::format_literal(title);
        spell::SelectPane::new().target_pane(pane.to_string()).title(title).build().into()
    }

    /// Makes the window the current one of its session.
    pub fn select_window(window: WindowId) -> Self {
        spell::SelectWindow::new().target_window(window.to_string()).build().into()
    }

    /// Ends the pane and what runs in it.
    pub fn kill_pane(pane: PaneId) -> Self {
        spell::KillPane::new().target_pane(pane.to_string()).build().into()
    }

    /// Ends the window and all its panes.
    pub fn kill_window(window: WindowId) -> Self {
        spell::KillWindow::new().target_window(window.to_string()).build().into()
    }

    /// Ends the session and all windows that are in no other session.
    pub fn kill_session(session: SessionId) -> Self {
        spell::KillSession::new().target_session(session.to_string()).build().into()
    }

    /// Attaches the terminal of this process to the session; for a process, not for the pipe.
    pub fn attach(session: SessionId) -> Self {
        spell::AttachSession::new().target_session(session.to_string()).build().into()
    }

    /// Shows the target in the client of this name (`/dev/pts/3`, see [`ClientRow`](crate::tmux::ClientRow)).
    ///
    /// Always with `-c`: without it tmux guesses a client, and a control client would move itself.
    pub fn switch_client(client: &str, target: impl Into<Target>) -> Self {
        let target = target.into().to_string();
        spell::SwitchClient::new().target_client(client).target_session(target).build().into()
    }

    /// Goes back to the session which the client showed before.
    pub fn switch_client_back(client: &str) -> Self {
        spell::SwitchClient::new().target_client(client).last_session().build().into()
    }
}
