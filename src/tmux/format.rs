//! What is asked of tmux with `-F`, and how the rows are read.
//!
//! Titles, paths and process names are other people's text: they may hold tabs and line feeds, on purpose too. Each field
//! therefore ends in a separator that contains a random word of this process, so that no pane can forge a row.

use std::str::FromStr;
use std::sync::OnceLock;

use super::id::{PaneId, SessionId, WindowId};

/// The ids of what a command created; read with [`Created::from_str`].
pub const CREATED: &str = "#{session_id} #{window_id} #{pane_id}";

/// A condition for [`Command::if_format`](super::Command::if_format): no process is in the pane. `#{pane_dead}` alone is 0
/// for an empty pane from tmux 3.7 on.
pub const DEAD: &str = "#{||:#{pane_dead},#{==:#{pane_start_command},''}}";

/// What tmux says was started in a pane without a process.
const NOTHING: &str = "''";

/// What a new session, window or split consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Created {
    /// The session it is in.
    pub session: SessionId,
    /// The window it is or is in.
    pub window: WindowId,
    /// The new pane.
    pub pane: PaneId,
}

impl FromStr for Created {
    type Err = crate::Error;

    fn from_str(text: &str) -> crate::Result<Self> {
        let mut words = text.split_ascii_whitespace();
        let mut word = || words.next().unwrap_or_default();
        (|| {
            Some(Self {
                session: word().parse().ok()?,
                window: word().parse().ok()?,
                pane: word().parse().ok()?,
            })
        })()
        .ok_or_else(|| {
            let text = crate::text::one_line(text);
            crate::Error::new(crate::error::Kind::Tmux, format!("tmux did not say what it made: `{text}`"))
        })
    }
}

/// One pane as one session shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are tmux's own flags, one format each")]
pub struct PaneRow {
    /// The pane.
    pub pane: PaneId,
    /// The window it is in.
    pub window: WindowId,
    /// The session that shows the window; a linked window gives a row per session.
    pub session: SessionId,
    /// Where the window stands in the session; moves.
    pub window_index: u32,
    /// Where the pane stands in the window; moves.
    pub pane_index: u32,
    /// The process which tmux started; `None` for an empty pane, and from tmux 3.8 for a dead one.
    pub pid: Option<u32>,
    /// There is no process, any more or yet.
    pub dead: bool,
    /// The exit status, when the process exited and tmux knows it. tmux 3.3a loses half of them until nudged.
    pub dead_status: Option<i32>,
    /// The signal which ended the process (tmux 3.3 and later).
    pub dead_signal: Option<i32>,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// The cursor's column, from 0.
    pub cursor_x: u16,
    /// The cursor's row, from 0.
    pub cursor_y: u16,
    /// The cursor is visible.
    pub cursor_flag: bool,
    /// The alternate screen is shown.
    pub alternate_on: bool,
    /// The pane is in a mode (copy mode, …): it swallows keys.
    pub in_mode: bool,
    /// It is the active pane of its window.
    pub active: bool,
    /// Its window is the current one of the session.
    pub window_active: bool,
    /// How many clients look at the session, control clients included.
    pub session_attached: u32,
    /// Lines in the history.
    pub history_size: u64,
    /// Bytes of the history.
    pub history_bytes: u64,
    /// When a pane of the window last wrote something: Unix time, seconds.
    pub window_activity: i64,
    /// The agent in it, from `@swarm_agent`; empty for a pane that is not ours.
    pub agent: String,
    /// The incarnation of the agent, from `@swarm_instance`.
    pub instance: String,
    /// The swarm it belongs to, from `@swarm_name` on the pane or its session.
    pub swarm: String,
    /// The session's name.
    pub session_name: String,
    /// The window's name.
    pub window_name: String,
    /// The title which the program set.
    pub title: String,
    /// The name of the foreground process.
    pub current_command: String,
    /// The directory of the foreground process; empty when it cannot be read.
    pub current_path: String,
    /// What was started, as tmux writes it.
    pub start_command: String,
}

impl PaneRow {
    /// A process ended here and tmux does not (yet) say how.
    pub fn lost_status(&self) -> bool {
        self.dead && !self.is_empty() && self.dead_status.is_none() && self.dead_signal.is_none()
    }

    /// No process was started here yet.
    pub fn is_empty(&self) -> bool {
        self.start_command == NOTHING
    }

    fn from_fields(fields: &[String]) -> Option<Self> {
        let [pane, window, session, rest @ ..] = fields else { return None };
        let (numbers, texts) = rest.split_at_checked(NUMBERS.len())?;
        let [
            agent,
            instance,
            swarm,
            session_name,
            window_name,
            title,
            current_command,
            current_path,
            start_command,
        ] = texts
        else {
            return None;
        };
        let number = |at: usize| numbers[at].parse::<i64>().ok();
        let count = |at: usize| number(at).and_then(|n| u64::try_from(n).ok()).unwrap_or_default();
        let small = |at: usize| u16::try_from(count(at)).unwrap_or(u16::MAX);
        let flag = |at: usize| count(at) > 0;
        let code = |at: usize| number(at).and_then(|n| i32::try_from(n).ok());
        let index = |at: usize| u32::try_from(count(at)).unwrap_or(u32::MAX);
        Some(Self {
            pane: pane.parse().ok()?,
            window: window.parse().ok()?,
            session: session.parse().ok()?,
            window_index: index(0),
            pane_index: index(1),
            pid: Some(index(2)).filter(|&pid| pid > 0),
            dead: flag(3) || start_command == NOTHING,
            dead_status: code(4),
            dead_signal: code(5),
            width: small(6),
            height: small(7),
            cursor_x: small(8),
            cursor_y: small(9),
            cursor_flag: flag(10),
            alternate_on: flag(11),
            in_mode: flag(12),
            active: flag(13),
            window_active: flag(14),
            session_attached: index(15),
            history_size: count(16),
            history_bytes: count(17),
            window_activity: number(18).unwrap_or_default(),
            agent: agent.clone(),
            instance: instance.clone(),
            swarm: swarm.clone(),
            session_name: session_name.clone(),
            window_name: window_name.clone(),
            title: title.clone(),
            current_command: current_command.clone(),
            current_path: current_path.clone(),
            start_command: start_command.clone(),
        })
    }
}

const IDS: [&str; 3] = ["pane_id", "window_id", "session_id"];

const NUMBERS: [&str; 19] = [
    "window_index",
    "pane_index",
    "pane_pid",
    "pane_dead",
    "pane_dead_status",
    "pane_dead_signal",
    "pane_width",
    "pane_height",
    "cursor_x",
    "cursor_y",
    "cursor_flag",
    "alternate_on",
    "pane_in_mode",
    "pane_active",
    "window_active",
    "session_attached",
    "history_size",
    "history_bytes",
    "window_activity",
];

const TEXTS: [&str; 9] = [
    "@swarm_agent",
    "@swarm_instance",
    "@swarm_name",
    "session_name",
    "window_name",
    "pane_title",
    "pane_current_command",
    "pane_current_path",
    "pane_start_command",
];

/// One client of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Its name: the terminal it runs on, or `client-<pid>` for control clients.
    pub name: String,
    /// The process.
    pub pid: u32,
    /// A control-mode client (ours, or iTerm's): not a person's terminal.
    pub control: bool,
    /// The session it shows.
    pub session: Option<SessionId>,
    /// The window it shows.
    pub window: Option<WindowId>,
    /// The active pane of that window.
    pub pane: Option<PaneId>,
    /// The last key press: Unix time, seconds.
    pub activity: i64,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
    /// The terminal it runs on; empty for control clients.
    pub tty: String,
    /// The terminal has the focus, as far as it tells (`focus-events`).
    pub focused: bool,
    /// What the terminal says it is (`kitty(0.36)`), else its name in terminfo.
    pub terminal: String,
}

impl ClientRow {
    fn from_fields(fields: &[String]) -> Option<Self> {
        let [pid, control, session, window, pane, activity, width, height, tty, flags, kind, term, name] =
            fields
        else {
            return None;
        };
        Some(Self {
            name: name.clone(),
            pid: pid.parse().ok()?,
            control: control == "1",
            session: session.parse().ok(),
            window: window.parse().ok(),
            pane: pane.parse().ok(),
            activity: activity.parse().unwrap_or_default(),
            width: width.parse().unwrap_or_default(),
            height: height.parse().unwrap_or_default(),
            tty: tty.clone(),
            focused: flags.split(',').any(|flag| flag == "focused"),
            terminal: if kind.is_empty() { term.clone() } else { kind.clone() },
        })
    }
}

const CLIENT: [&str; 13] = [
    "client_pid",
    "client_control_mode",
    "session_id",
    "window_id",
    "pane_id",
    "client_activity",
    "client_width",
    "client_height",
    "client_tty",
    "client_flags",
    "client_termtype",
    "client_termname",
    "client_name",
];

/// What no text of a pane can contain: a tab and a random word, fresh for each process.
fn separator() -> &'static str {
    static WORD: OnceLock<String> = OnceLock::new();
    WORD.get_or_init(|| format!("\t{}\t", &uuid::Uuid::new_v4().simple().to_string()[..12]))
}

fn format_of<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut format = String::new();
    for name in names {
        format.extend(["#{", name, "}", separator()]);
    }
    format
}

/// The `-F` of [`Command::list_panes`](super::Command::list_panes).
pub fn pane_format() -> &'static str {
    static FORMAT: OnceLock<String> = OnceLock::new();
    FORMAT.get_or_init(|| format_of(IDS.into_iter().chain(NUMBERS).chain(TEXTS)))
}

/// The `-F` of [`Command::list_clients`](super::Command::list_clients).
pub fn client_format() -> &'static str {
    static FORMAT: OnceLock<String> = OnceLock::new();
    FORMAT.get_or_init(|| format_of(CLIENT))
}

/// The rows of a reply to [`Command::list_panes`](super::Command::list_panes); what is not a row is left out.
pub fn panes(reply: &[u8]) -> Vec<PaneRow> {
    rows(reply, IDS.len() + NUMBERS.len() + TEXTS.len(), PaneRow::from_fields)
}

/// The rows of a reply to [`Command::list_clients`](super::Command::list_clients).
pub fn clients(reply: &[u8]) -> Vec<ClientRow> {
    rows(reply, CLIENT.len(), ClientRow::from_fields)
}

fn rows<T>(reply: &[u8], width: usize, read: impl Fn(&[String]) -> Option<T>) -> Vec<T> {
    let separator = memchr::memmem::Finder::new(separator());
    let mut fields = Vec::with_capacity(width);
    let mut out = Vec::new();
    let mut start = 0;
    for at in separator.find_iter(reply) {
        let mut field = &reply[start..at];
        if fields.is_empty() {
            field = field.strip_prefix(b"\n").unwrap_or(field);
        }
        fields.push(String::from_utf8_lossy(field).into_owned());
        start = at + separator.needle().len();
        if fields.len() == width {
            out.extend(read(&fields));
            fields.clear();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(title: &str, path: &str) -> String {
        let mut fields: Vec<String> = ["%3", "@2", "$1"].map(str::to_owned).to_vec();
        fields.extend(NUMBERS.iter().enumerate().map(|(i, _)| i.to_string()));
        fields.extend(["a", "i", "s", "sess", "win", title, "cat", path, "cat -"].map(str::to_owned));
        fields.join(separator()) + separator()
    }

    #[test]
    fn free_text_cannot_break_or_forge_a_row() {
        let evil = "/x\n%9\t@9\t$9\t1\t1";
        let reply = format!("{}\n{}\n", row("a\tb", evil), row("", "/y"));
        let rows = panes(reply.as_bytes());
        assert_eq!(rows.len(), 2);
        assert_eq!(
            (rows[0].pane, rows[0].title.as_str(), rows[0].current_path.as_str()),
            (PaneId(3), "a\tb", evil)
        );
        assert_eq!((rows[1].session, rows[1].width, rows[1].dead_status), (SessionId(1), 6, Some(4)));
    }

    #[test]
    fn absent_values_are_none() {
        let fields: Vec<String> =
            (0..31).map(|i| ["%3", "@2", "$1"].get(i).copied().unwrap_or("").to_owned()).collect();
        let row = PaneRow::from_fields(&fields).unwrap();
        assert_eq!((row.pid, row.dead_status, row.dead_signal), (None, None, None));
        assert!(PaneRow::from_fields(&fields[..30]).is_none());
    }

    #[test]
    fn noise_gives_no_rows() {
        assert!(panes(b"can't find pane\n\xff\n").is_empty());
        assert!("".parse::<Created>().is_err());
        let made: Created = "$1 @2 %3\n".parse().unwrap();
        assert_eq!((made.session, made.window, made.pane), (SessionId(1), WindowId(2), PaneId(3)));
    }
}
