//! What there is and what is on the screens; what tmux is to tell of, and when to be silent.

use std::ops::RangeInclusive;

use tmux_interface as spell;

use super::{Capture, Command};
use crate::tmux::format;
use crate::tmux::id::{PaneId, Target};
use crate::tmux::quote;

/// Looking.
impl Command {
    /// Every pane of the server, once per session that shows it; read the reply with [`format::panes`].
    pub fn list_panes() -> Self {
        Self::list_panes_as(format::pane_format())
    }

    /// Every pane of the server in a format of the caller's, one line each.
    ///
    /// `#{C:text}` searches the visible screen inside the server (5–8 µs per pane).
    pub fn list_panes_as(format: &str) -> Self {
        spell::ListPanes::new().all().format(format).build().into()
    }

    /// Every client of the server; read the reply with [`format::clients`].
    pub fn list_clients() -> Self {
        spell::ListClients::new().format(format::client_format()).build().into()
    }

    /// Prints the visible screen, or the given rows: 0 is the first visible row, negative rows are history.
    pub fn capture_pane(pane: PaneId, capture: Capture, rows: Option<RangeInclusive<i32>>) -> Self {
        let mut built = spell::CapturePane::new().stdout().target_pane(pane.to_string());
        if capture == Capture::Escapes {
            built = built.escape_sequences();
        }
        if let Some(rows) = rows {
            built = built.start_line(rows.start().to_string()).end_line(rows.end().to_string());
        }
        built.build().into()
    }

    /// Prints an expanded format. A target that is gone answers with *another* pane's data and no error: ask for
    /// `#{pane_id}` too and compare.
    pub fn display_message(target: impl Into<Target>, format: &str) -> Self {
        spell::DisplayMessage::new()
            .print()
            .target_pane(target.into().to_string())
            .message(format)
            .build()
            .into()
    }

    /// Shows a line of literal text in the status line of a client. tmux 3.2 refuses it (its `-c` takes no value).
    pub fn notify_client(client: &str, text: &str) -> Self {
        let text = quote::format_literal(text).replace('%', "%%");
        spell::DisplayMessage::new().target_client(client).message(text).build().into()
    }

    /// Asks for `%subscription-changed` (at most one a second) when the format changes. `what` is empty for the
    /// attached session, `%*` for all its panes, `@*` for all its windows, or an id.
    pub fn subscribe(name: &str, what: &str, format: &str) -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-B", format!("{name}:{what}:{format}"));
        built.into()
    }

    /// Ends a subscription.
    pub fn unsubscribe(name: &str) -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-B", name.to_owned());
        built.into()
    }

    /// Prints the version of the server, which may be older than the `tmux` in `PATH`.
    pub(in crate::tmux) fn server_version() -> Self {
        spell::DisplayMessage::new().print().message("#{version}").build().into()
    }

    /// Ends the `no-output` of this client.
    pub(in crate::tmux) fn ask_for_output() -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-f", "!no-output");
        built.into()
    }

    /// Stops `%output` of a pane for this client. The `off` that tmux also offers kills servers up to 3.5a.
    pub fn pause_pane(pane: PaneId) -> Self {
        Self::flow(pane, "pause")
    }

    /// Lets `%output` of a pane flow again, from now on.
    pub fn continue_pane(pane: PaneId) -> Self {
        Self::flow(pane, "continue")
    }

    /// Stops all `%output` for this client. A client with paused panes still costs the server five points of a core when a
    /// hundred panes animate (3.3a); this costs nothing.
    pub fn stop_output() -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-f", "no-output");
        built.into()
    }

    /// Takes [`Command::stop_output`] back. Panes that were paused stay so.
    pub fn resume_output() -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-f", "!no-output");
        built.into()
    }

    fn flow(pane: PaneId, state: &str) -> Self {
        let mut built = spell::RefreshClient::new().build();
        built.push_option("-A", format!("{pane}:{state}"));
        Self { notifies: true, ..built.into() }
    }
}
