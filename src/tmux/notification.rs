//! What tmux writes in control mode: a byte-safe parser without I/O.
//!
//! Lines are bytes, not UTF-8. Inside a block everything is data, whatever it looks like, until the `%end` or `%error`
//! that repeats the numbers of its `%begin`. Nothing here fails, panics or grows without bound, whatever comes in.

use memchr::memchr;

use super::id::{PaneId, SessionId, WindowId};

/// The longest line that is kept, in bytes; the rest of a longer one is dropped. A paste buffer is one line.
pub const LINE_MAX: usize = 8 << 20;
/// The largest reply that is kept, in bytes; lines after that are dropped.
pub const REPLY_MAX: usize = 32 << 20;

/// One thing that tmux said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A block: what a command printed.
    Reply(Block),
    /// Something happened.
    Notification(Notification),
}

/// What stands between `%begin` and `%end`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Block {
    /// tmux's running number of the command.
    pub number: u64,
    /// 1 for a command of this client; 0 for what tmux or a hook of the user ran.
    pub flags: u32,
    /// The lines, each ended by a line feed.
    pub body: Vec<u8>,
    /// It ended in `%error`.
    pub error: bool,
    /// Something was dropped because it was too large.
    pub truncated: bool,
}

impl Block {
    /// The lines, without their ends.
    pub fn lines(&self) -> impl Iterator<Item = &[u8]> {
        lines(&self.body)
    }

    /// Answers a command that this client wrote.
    pub const fn is_ours(&self) -> bool {
        self.flags & 1 == 1
    }
}

/// The lines of a body in which each line ends in a line feed.
pub(super) fn lines(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    body.strip_suffix(b"\n").map(|body| body.split(|&b| b == b'\n')).into_iter().flatten()
}

/// Something that happened on the server (`tmux(1)`, "CONTROL MODE").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notification {
    /// A pane of the attached session wrote bytes. A chunk may end inside a character.
    Output {
        /// Which pane.
        pane: PaneId,
        /// What it wrote, as it wrote it.
        data: Vec<u8>,
    },
    /// Output of this pane was dropped here because nobody read it in time: what is known of its screen is stale.
    Overflow(PaneId),
    /// Notifications other than output were dropped here for the same reason: ask for everything again.
    Lost,
    /// tmux stopped the output of a pane because it was read too slowly, or because it was asked to.
    Pause(PaneId),
    /// Output of a pane flows again.
    Continue(PaneId),
    /// A window was linked into the attached session.
    WindowAdd(WindowId),
    /// A window of the attached session closed. Do not count on it: tmux 3.3a says
    /// [`Notification::UnlinkedWindowClose`] for the same, as the window has left the session by then.
    WindowClose(WindowId),
    /// A window of the attached session has a new name.
    WindowRenamed(WindowId, String),
    /// A window that is not in the attached session was made.
    UnlinkedWindowAdd(WindowId),
    /// A window closed that is not, or no longer, in the attached session.
    UnlinkedWindowClose(WindowId),
    /// A window that is not in the attached session has a new name.
    UnlinkedWindowRenamed(WindowId, String),
    /// This client is now attached to this session.
    SessionChanged(SessionId, String),
    /// A session was renamed.
    SessionRenamed(SessionId, String),
    /// A session was made or ended.
    SessionsChanged,
    /// A session has another current window.
    SessionWindowChanged(SessionId, WindowId),
    /// A window has another active pane.
    WindowPaneChanged(WindowId, PaneId),
    /// Panes of a window were made, moved, resized or ended.
    LayoutChange(WindowId),
    /// A pane entered or left copy mode or another mode.
    PaneModeChanged(PaneId),
    /// A client detached.
    ClientDetached(String),
    /// Another client shows another session.
    ClientSessionChanged {
        /// The client's name.
        client: String,
        /// The session it shows now.
        session: SessionId,
    },
    /// The value of a subscription changed, or is sent for the first time.
    SubscriptionChanged {
        /// The subscription's name.
        name: String,
        /// The session it was expanded for.
        session: Option<SessionId>,
        /// The window, for window and pane subscriptions.
        window: Option<WindowId>,
        /// The pane, for pane subscriptions.
        pane: Option<PaneId>,
        /// The new value.
        value: Vec<u8>,
    },
    /// tmux ends this client. The connection is over.
    Exit {
        /// Why, where tmux says so.
        reason: String,
    },
    /// Anything else, as it came: other versions, other notifications.
    Other(Vec<u8>),
}

/// Cuts a byte stream into items.
#[derive(Debug, Default)]
pub struct Parser {
    /// The start of a line whose end has not come yet.
    partial: Vec<u8>,
    /// The partial line is longer than is kept.
    overlong: bool,
    /// The open block and the arguments of its `%begin`.
    block: Option<(Vec<u8>, Block)>,
}

impl Parser {
    /// A parser at the start of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and gives the items that they complete. Any way of cutting the stream gives the same items.
    pub fn push(&mut self, bytes: &[u8]) -> std::vec::IntoIter<Item> {
        let mut items = Vec::new();
        let mut rest = bytes;
        while let Some(end) = memchr(b'\n', rest) {
            let line = &rest[..end];
            rest = &rest[end + 1..];
            if self.partial.is_empty() {
                let cut = line.len().min(LINE_MAX);
                items.extend(self.line(&line[..cut], cut < line.len()));
            } else {
                self.keep(line);
                let whole = std::mem::take(&mut self.partial);
                let overlong = std::mem::take(&mut self.overlong);
                items.extend(self.line(&whole, overlong));
            }
        }
        self.keep(rest);
        items.into_iter()
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = LINE_MAX - self.partial.len();
        self.overlong |= bytes.len() > room;
        self.partial.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn line(&mut self, line: &[u8], overlong: bool) -> Option<Item> {
        if let Some((begun, block)) = &mut self.block {
            if let Some(error) = closes(line, begun) {
                block.error = error;
                return self.block.take().map(|(_, block)| Item::Reply(block));
            }
            if block.body.len() + line.len() < REPLY_MAX {
                block.body.extend_from_slice(line);
                block.body.push(b'\n');
                block.truncated |= overlong;
            } else {
                block.truncated = true;
            }
            return None;
        }
        if let Some(args) = line.strip_prefix(b"%begin ")
            && let Some(block) = begin(args)
        {
            self.block = Some((args.to_vec(), block));
            return None;
        }
        (!line.is_empty()).then(|| Item::Notification(Notification::read(line)))
    }
}

/// Whether `line` closes the block begun with `args`: `Some(false)` for `%end`, `Some(true)` for `%error`.
fn closes(line: &[u8], args: &[u8]) -> Option<bool> {
    if line.first() != Some(&b'%') {
        return None;
    }
    if line.strip_prefix(b"%end ") == Some(args) {
        Some(false)
    } else if line.strip_prefix(b"%error ") == Some(args) {
        Some(true)
    } else {
        None
    }
}

fn begin(args: &[u8]) -> Option<Block> {
    let mut words = std::str::from_utf8(args).ok()?.split(' ');
    let (_time, number, flags) = (words.next()?.parse::<i64>().ok()?, words.next()?, words.next()?);
    Some(Block { number: number.parse().ok()?, flags: flags.parse().ok()?, ..Block::default() })
}

/// The word before the first space and what follows it.
fn split(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr(b' ', bytes) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Notification {
    /// Reads one line from outside a block.
    pub fn read(line: &[u8]) -> Self {
        Self::known(line).unwrap_or_else(|| Self::Other(line.to_vec()))
    }

    fn known(line: &[u8]) -> Option<Self> {
        let (name, args) = split(line);
        let (first, rest) = split(args);
        let window = || WindowId::from_bytes(first);
        let pane = || PaneId::from_bytes(first);
        Some(match name {
            b"%output" => Self::Output { pane: pane()?, data: unescape(rest) },
            b"%extended-output" => Self::Output { pane: pane()?, data: unescape(after_colon(rest)?) },
            b"%pause" => Self::Pause(pane()?),
            b"%continue" => Self::Continue(pane()?),
            b"%window-add" => Self::WindowAdd(window()?),
            b"%window-close" => Self::WindowClose(window()?),
            b"%window-renamed" => Self::WindowRenamed(window()?, text(rest)),
            b"%unlinked-window-add" => Self::UnlinkedWindowAdd(window()?),
            b"%unlinked-window-close" => Self::UnlinkedWindowClose(window()?),
            b"%unlinked-window-renamed" => Self::UnlinkedWindowRenamed(window()?, text(rest)),
            b"%session-changed" => Self::SessionChanged(SessionId::from_bytes(first)?, text(rest)),
            b"%session-renamed" => Self::SessionRenamed(SessionId::from_bytes(first)?, text(rest)),
            b"%sessions-changed" => Self::SessionsChanged,
            b"%session-window-changed" => Self::SessionWindowChanged(
                SessionId::from_bytes(first)?,
                WindowId::from_bytes(split(rest).0)?,
            ),
            b"%window-pane-changed" => Self::WindowPaneChanged(window()?, PaneId::from_bytes(split(rest).0)?),
            b"%layout-change" => Self::LayoutChange(window()?),
            b"%pane-mode-changed" => Self::PaneModeChanged(pane()?),
            b"%client-detached" => Self::ClientDetached(text(args)),
            b"%client-session-changed" => Self::ClientSessionChanged {
                client: text(first),
                session: SessionId::from_bytes(split(rest).0)?,
            },
            b"%subscription-changed" => Self::subscription(first, rest)?,
            b"%exit" => Self::Exit { reason: text(args) },
            _ => return None,
        })
    }

    /// `name $1 @2 3 %4 … : value`, with `-` for what does not apply.
    fn subscription(name: &[u8], rest: &[u8]) -> Option<Self> {
        let (session, rest) = split(rest);
        let (window, rest) = split(rest);
        let (_index, rest) = split(rest);
        let (pane, _) = split(rest);
        Some(Self::SubscriptionChanged {
            name: text(name),
            session: SessionId::from_bytes(session),
            window: WindowId::from_bytes(window),
            pane: PaneId::from_bytes(pane),
            value: after_colon(rest)?.to_vec(),
        })
    }
}

/// What follows the first word that is a single colon; tmux may put new words before it.
fn after_colon(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        if rest.is_empty() {
            return None;
        }
        let (word, next) = split(rest);
        if word == b":" {
            return Some(next);
        }
        rest = next;
    }
}

/// Undoes `\ooo`, as which tmux writes bytes below 0x20 and the backslash. Everything else is as the program wrote it.
fn unescape(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = memchr(b'\\', rest) {
        out.extend_from_slice(&rest[..at]);
        let digits = rest.get(at + 1..at + 4).unwrap_or_default();
        if let [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7'] = digits {
            out.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
            rest = &rest[at + 4..];
        } else {
            out.push(b'\\');
            rest = &rest[at + 1..];
        }
    }
    out.extend_from_slice(rest);
    out
}

#[cfg(test)]
mod tests;
