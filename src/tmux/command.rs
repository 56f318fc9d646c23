//! Commands, spelled by `tmux_interface` and quoted by us. The only user of that crate.
//!
//! A [`Command`] is words; it becomes text in two ways: [`Command::argv`] for a process, [`Command::line`] for the
//! control-mode pipe. Constructors take ids, never names or indexes, and text where they say so is meant literally.

use std::ops::RangeInclusive;

use tmux_interface as spell;

use super::format;
use super::id::{PaneId, SessionId, Target, WindowId};
use super::quote;
use crate::config::Arrangement;

/// How many reply blocks a command gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Exactly one.
    One,
    /// One for itself and one for each command that runs inside it.
    Many,
}

/// One tmux command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    words: Vec<String>,
    pub(super) blocks: Blocks,
    /// tmux up to 3.7 writes `%pause` and `%continue` into the reply of this command.
    pub(super) notifies: bool,
}

impl From<spell::TmuxCommand<'_>> for Command {
    fn from(built: spell::TmuxCommand<'_>) -> Self {
        let words = built.to_vec().into_iter().map(std::borrow::Cow::into_owned).collect();
        Self { words, blocks: Blocks::One, notifies: false }
    }
}

/// What to start in a pane, and where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// The working directory, absolute; empty leaves it to tmux.
    pub directory: String,
    /// Variables for this process only.
    pub env: Vec<(String, String)>,
    /// Program and arguments. Started without a shell in between, whatever the user's `default-shell`.
    pub argv: Vec<String>,
}

impl Launch {
    /// A process that holds a pane open, reads what is typed, does nothing and costs nothing: for the first pane of a
    /// new window, which tmux up to 3.7 cannot make empty.
    pub fn placeholder() -> Self {
        Self { argv: vec!["cat".to_owned(), "-".to_owned()], ..Self::default() }
    }

    /// The words for tmux, which gives a single word to a shell but starts several directly.
    fn words(&self) -> Vec<String> {
        match self.argv.as_slice() {
            [one] if one.contains('=') || one.starts_with('-') => {
                vec!["/bin/sh".to_owned(), "-c".to_owned(), "exec \"$0\"".to_owned(), one.clone()]
            }
            [one] => vec!["/usr/bin/env".to_owned(), one.clone()],
            words => words.to_vec(),
        }
    }

    fn push(&self, mut built: spell::TmuxCommand<'_>) -> Command {
        if !self.directory.is_empty() {
            built.push_option("-c", quote::format_literal(&self.directory));
        }
        for (key, value) in &self.env {
            built.push_option("-e", format!("{key}={value}"));
        }
        built.push_param("--");
        for word in self.words() {
            built.push_param(word);
        }
        built.into()
    }
}

/// What `capture-pane` keeps of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capture {
    /// Text only: 20–30 µs for a pane of 120x50 on tmux 3.3a.
    Text,
    /// Text with escape sequences for attributes and links: 75–150 µs.
    Escapes,
}

/// How a pane is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// The new pane is to the right.
    Right,
    /// The new pane is below.
    Below,
}

/// Options and their values.
pub(super) type Marks<'a> = &'a [(&'a str, &'a str)];

/// The largest window that tmux makes, in columns and rows (`WINDOW_MAXIMUM`).
const WINDOW_MAX: u32 = 10_000;

fn is_layout(text: &str) -> bool {
    let known = match text.parse() {
        Ok(Arrangement::PerAgent) | Err(_) => return false,
        Ok(Arrangement::Literal(cells)) => cells.split_once(',').map(|(_, cells)| cells.to_owned()),
        Ok(_) => None,
    };
    let numbers = known.iter().flat_map(|cells| cells.split(|c: char| !c.is_ascii_digit()));
    numbers.filter(|n| !n.is_empty()).all(|n| n.parse::<u32>().is_ok_and(|n| n <= WINDOW_MAX))
}

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
    pub(super) fn open_window(
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
        let list = spell::IfShell::new().not_execute().shell_command("1").command(Self::nested(&list));
        Self { blocks: Blocks::Many, ..list.build().into() }
    }

    /// Ends the window that [`Command::open_window`] made and could not complete.
    pub(super) fn kill_half_made(session: SessionId, token: &str) -> Self {
        spell::KillWindow::new().target_window(format!("{session}:={token}")).build().into()
    }

    /// Prints the commands that a user hooked to a command of this name, in a session or everywhere.
    pub(super) fn show_hooks(session: Option<SessionId>, hook: &'static str) -> Self {
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
    /// Options can be set on it before [`Connection::start`](super::Connection::start) puts a process there: no race, and
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
    /// can crash the server (see [`Connection::start`](super::Connection::start)).
    pub(super) fn respawn_pane(pane: PaneId, launch: &Launch) -> Self {
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

    /// Shows the target in the client of this name (`/dev/pts/3`, see [`ClientRow`](super::ClientRow)).
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
    pub(super) fn server_version() -> Self {
        spell::DisplayMessage::new().print().message("#{version}").build().into()
    }

    /// Ends the `no-output` of this client.
    pub(super) fn ask_for_output() -> Self {
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

/// Typing.
impl Command {
    /// Presses named keys (`Enter`, `C-c`, `Escape`). Copy mode swallows them.
    pub fn send_keys(pane: PaneId, keys: &[&str]) -> Self {
        let mut built = spell::SendKeys::new().target_pane(pane.to_string()).build();
        built.push_param("--");
        for key in keys {
            built.push_param(*key);
        }
        built.into()
    }

    /// Ends copy mode or whatever mode the pane is in.
    pub fn cancel_mode(pane: PaneId) -> Self {
        Self::if_format(pane, "#{pane_in_mode}", &[Self::leave_mode(pane)], &[])
    }

    fn leave_mode(pane: PaneId) -> Self {
        let mut built = spell::SendKeys::new().target_pane(pane.to_string()).build();
        built.push_flag("-X").push_param("cancel");
        built.into()
    }

    /// Types literal text, best up to 512 bytes; longer text is pasted.
    pub fn send_text(pane: PaneId, text: &str) -> Self {
        let mut built = spell::SendKeys::new().disable_lookup().target_pane(pane.to_string()).build();
        built.push_param("--").push_param(text);
        built.into()
    }

    /// Fills a named paste buffer.
    pub fn set_buffer(buffer: &str, data: &str) -> Self {
        let mut built = spell::SetBuffer::new().buffer_name(buffer).build();
        built.push_param("--").push_param(data);
        built.into()
    }

    /// Fills a named paste buffer from a file on tmux's host: 10x cheaper for the server above 16 KB.
    ///
    /// A file that cannot be read is *not* an error of this command on tmux up to 3.7; the paste then says so.
    pub fn load_buffer(buffer: &str, path: &str) -> Self {
        spell::LoadBuffer::new().buffer_name(buffer).path(quote::format_literal(path)).build().into()
    }

    /// Prints a paste buffer.
    pub fn show_buffer(buffer: &str) -> Self {
        spell::ShowBuffer::new().buffer_name(buffer).build().into()
    }

    /// Forgets a paste buffer.
    pub fn delete_buffer(buffer: &str) -> Self {
        spell::DeleteBuffer::new().buffer_name(buffer).build().into()
    }

    /// Pastes a buffer (bracketed where the program asked for it, line feeds kept) and forgets it, unless the pane is
    /// dead. Prints `pasted` or `dead`.
    ///
    /// The check and the paste are one command inside tmux: `paste-buffer` into a dead pane crashes a 3.3a server.
    /// From 3.7 on tmux writes control characters other than tab, LF and CR as `^X`.
    pub fn paste_buffer(pane: PaneId, buffer: &str) -> Self {
        let dead = [Self::delete_buffer(buffer), Self::say("dead")];
        Self::if_format(pane, format::DEAD, &dead, &[Self::paste(pane, buffer), Self::say("pasted")])
    }

    /// Pastes a buffer as [`Command::paste_buffer`] does, but only while `condition` holds for the pane, which must be
    /// false for a dead one; forgets the buffer in any case. Prints `done` or `unfit`.
    pub fn paste_buffer_if(pane: PaneId, condition: &str, buffer: &str) -> Self {
        let unfit = [Self::delete_buffer(buffer), Self::say("unfit")];
        Self::if_format(pane, condition, &[Self::paste(pane, buffer), Self::say("done")], &unfit)
    }

    fn paste(pane: PaneId, buffer: &str) -> Self {
        let built = spell::PasteBuffer::new().bracket_codes().no_replacement().delete();
        built.buffer_name(buffer).target_pane(pane.to_string()).build().into()
    }

    /// Prints `word`, literally; for the branches of [`Command::if_format`].
    pub fn say(word: &str) -> Self {
        let word = quote::format_literal(word).replace('%', "%%");
        spell::DisplayMessage::new().print().message(word).build().into()
    }
}

/// Putting commands together.
impl Command {
    /// Expands `condition` for the pane and runs one of the two lists, all inside tmux with nothing in between.
    ///
    /// The reply is what the commands printed, in order; it is an error as soon as one of them fails, and those after it
    /// do not run.
    pub fn if_format(pane: PaneId, condition: &str, then: &[Self], otherwise: &[Self]) -> Self {
        let mut built = spell::IfShell::new()
            .not_execute()
            .target_pane(pane.to_string())
            .shell_command(condition)
            .command(Self::nested(then))
            .build();
        if !otherwise.is_empty() {
            built.push_param(Self::nested(otherwise));
        }
        Self { blocks: Blocks::Many, ..built.into() }
    }

    /// Runs `true` in the background. Its exit makes tmux 3.3a notice deaths of which it lost the status.
    pub fn nudge() -> Self {
        spell::RunShell::new().background().shell_command("true").build().into()
    }

    /// Runs `true` and answers when it has ended, so that what tmux reaped with it shows in the next command.
    pub fn nudge_and_wait() -> Self {
        spell::RunShell::new().shell_command("true").build().into()
    }

    /// Wakes what waits in `wait-for` on the channel, in any client.
    pub fn signal_channel(channel: &str) -> Self {
        spell::WaitFor::new().woken().channel(channel).build().into()
    }

    pub(super) fn nested(commands: &[Self]) -> String {
        let mut line = Vec::new();
        for (i, command) in commands.iter().enumerate() {
            if i > 0 {
                line.extend(b" ; ");
            }
            command.write(&mut line);
        }
        String::from_utf8_lossy(&line).into_owned()
    }

    /// The words, before any quoting.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The words as arguments of a `tmux` process.
    pub fn argv(&self) -> Vec<String> {
        self.words.iter().map(|word| quote::argv_word(word)).collect()
    }

    /// The command as one line for the control-mode pipe, without the line feed.
    pub fn line(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for (i, word) in self.words.iter().enumerate() {
            if i == 0 {
                out.extend(word.as_bytes());
            } else {
                out.push(b' ');
                quote::line_word(word, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(command: &Command) -> String {
        String::from_utf8(command.line()).unwrap()
    }

    fn launch(argv: &[&str]) -> Launch {
        let env = vec![("A".to_owned(), "x y".to_owned()), ("B".to_owned(), "1;".to_owned())];
        Launch { directory: "/d#{x}".into(), env, argv: argv.iter().map(|&a| a.to_owned()).collect() }
    }

    #[test]
    fn a_process_starts_without_a_shell() {
        assert_eq!(
            line(&Command::respawn_pane(PaneId(3), &launch(&["claude"]))),
            r#"respawn-pane "-k" "-t" "%3" "-c" "/d##{x}" "-e" "A=x y" "-e" "B=1;" "--" "/usr/bin/env" "claude""#
        );
        let odd = Command::respawn_pane(PaneId(3), &launch(&["/a=b/c"]));
        assert_eq!(odd.argv()[9..], ["B=1\\;", "--", "/bin/sh", "-c", "exec \"$0\"", "/a=b/c"]);
        let two = Command::new_window(SessionId(1), "build", &launch(&["cargo", "watch;"]));
        assert_eq!(two.argv().last().unwrap(), "watch\\;");
        assert!(line(&two).contains(r#""-t" "\$1:""#), "{}", line(&two));
    }

    #[test]
    fn a_paste_is_guarded_in_the_same_command() {
        assert_eq!(
            line(&Command::paste_buffer(PaneId(7), "b1")),
            concat!(
                r##"if-shell "-F" "-t" "%7" "#{||:#{pane_dead},#{==:#{pane_start_command},''}}" "##,
                r#""delete-buffer \"-b\" \"b1\" ; display-message \"-p\" \"dead\"" "#,
                r#""paste-buffer \"-d\" \"-p\" \"-r\" \"-b\" \"b1\" \"-t\" \"%7\" ; "#,
                r#"display-message \"-p\" \"pasted\"""#
            )
        );
    }

    #[test]
    fn options_go_where_the_target_says() {
        assert_eq!(
            line(&Command::set_option(PaneId(1), "@swarm_agent", "a")),
            r#"set-option "-p" "-t" "%1" "@swarm_agent" "a""#
        );
        assert_eq!(line(&Command::unset_option(WindowId(2), "x")), r#"set-option "-u" "-w" "-t" "@2" "x""#);
        assert_eq!(line(&Command::set_global("status", "")), r#"set-option "-g" "@swarm_status" """#);
    }

    #[test]
    fn nothing_here_can_hurt_a_server() {
        let layout = |text| Command::select_layout(WindowId(1), text).words()[3].clone();
        for fine in ["tiled", "even-vertical", "8205,80x24,0,0{40x24,0,0,0,39x24,41,0,1}"] {
            assert_eq!(layout(fine), fine);
        }
        for wrong in ["", "tile", "per-agent", "0000,80x24,0,0", "no such layout"] {
            assert_eq!(layout(wrong), format!("0000,{wrong}"));
        }
        assert_eq!(line(&Command::pause_pane(PaneId(4))), r#"refresh-client "-A" "%4:pause""#);
        assert_eq!(line(&Command::subscribe("n", "%*", "#{x}")), r#"refresh-client "-B" "n:%*:#{x}""#);
    }
}
