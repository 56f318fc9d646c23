//! The real terminal: entered once, left on every way out. The only user of crossterm.

use std::io::{self, Stdout, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::event as ev;
use crossterm::{cursor, execute, terminal};
use futures_util::Stream;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::control::Input;
use super::key::{Code, Key};
use super::message::{Exit, Options, Request, Update};
use crate::error::{Context, Error, Kind, Result};

// ratatui and we must mean the same crossterm: a mismatch is a compile error here instead of silence at run time.
const _: fn(ev::Event) -> ratatui::crossterm::event::Event = |event| event;

/// Whether the terminal is ours now: what the panic hook and the guard undo at most once.
static ENTERED: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

/// Opens the overview in this process's terminal until the person leaves or a signal ends it.
pub async fn run(
    updates: mpsc::Receiver<Update>,
    requests: mpsc::Sender<Request>,
    options: Options,
) -> Result<Exit> {
    let mut ended = Signals::new()?;
    let (guard, mut screen) = Guard::enter()?;
    let outcome = tokio::select! {
        biased;
        () = ended.recv() => Err(Error::new(Kind::Interrupted, "ended by a signal")),
        outcome = super::run(&mut screen, updates, requests, ev::EventStream::new(), options) => outcome,
    };
    drop(guard);
    outcome
}

/// The signals that end a program in a terminal; Ctrl-C is a key while the terminal is raw.
struct Signals(Vec<tokio::signal::unix::Signal>);

impl Signals {
    fn new() -> Result<Self> {
        let kinds =
            [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()];
        let signals = kinds.into_iter().map(signal).collect::<io::Result<Vec<_>>>();
        Ok(Self(signals.context(|| "listen for signals".to_owned())?))
    }

    async fn recv(&mut self) {
        let waiting: Vec<_> = self.0.iter_mut().map(|s| Box::pin(s.recv())).collect();
        futures_util::future::select_all(waiting).await;
    }
}

/// Holds the terminal: raw, alternate screen, mouse, bracketed paste, focus events. Dropping it puts everything back.
#[derive(Debug)]
pub struct Guard;

impl Guard {
    /// Takes the terminal.
    pub fn enter() -> Result<(Self, Terminal<CrosstermBackend<io::BufWriter<Stdout>>>)> {
        HOOK.call_once(|| {
            let before = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                restore();
                before(info);
            }));
        });
        terminal::enable_raw_mode().context(|| "use the terminal: is stdin one?".to_owned())?;
        ENTERED.store(true, Ordering::SeqCst);
        let guard = Self;
        execute!(
            io::stdout(),
            terminal::EnterAlternateScreen,
            ev::EnableMouseCapture,
            ev::EnableBracketedPaste,
            ev::EnableFocusChange,
            cursor::Hide
        )
        .context(|| "set up the terminal".to_owned())?;
        let backend = CrosstermBackend::new(io::BufWriter::with_capacity(1 << 16, io::stdout()));
        let screen = Terminal::new(backend).context(|| "set up the terminal".to_owned())?;
        Ok((guard, screen))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

/// Puts the terminal back, once; called from the guard and from the panic hook.
fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = execute!(
        out,
        ev::DisableFocusChange,
        ev::DisableBracketedPaste,
        ev::DisableMouseCapture,
        cursor::Show,
        terminal::LeaveAlternateScreen
    );
    let _ = out.flush();
    let _ = terminal::disable_raw_mode();
}

/// What an event of the terminal library means to us; `None` for what means nothing.
pub(super) fn input(event: ev::Event) -> Option<Input> {
    match event {
        ev::Event::Key(key) if key.kind == ev::KeyEventKind::Release => None,
        ev::Event::Key(key) => self::key(key).map(Input::Key),
        ev::Event::Paste(text) => Some(Input::Paste(text)),
        ev::Event::Resize(width, height) => Some(Input::Resize(width, height)),
        ev::Event::FocusGained => Some(Input::Focus(true)),
        ev::Event::FocusLost => Some(Input::Focus(false)),
        ev::Event::Mouse(mouse) => match mouse.kind {
            ev::MouseEventKind::Down(ev::MouseButton::Left) => Some(Input::Click(mouse.column, mouse.row)),
            ev::MouseEventKind::ScrollDown => Some(Input::Wheel(mouse.column, mouse.row, true)),
            ev::MouseEventKind::ScrollUp => Some(Input::Wheel(mouse.column, mouse.row, false)),
            _ => None,
        },
    }
}

fn key(event: ev::KeyEvent) -> Option<Key> {
    let ctrl = event.modifiers.contains(ev::KeyModifiers::CONTROL);
    let code = match event.code {
        // The library's names for the bytes 0x1c to 0x1f.
        ev::KeyCode::Char(c @ '4'..='7') if ctrl => {
            Code::Char(['\\', ']', '^', '_'][c as usize - '4' as usize])
        }
        ev::KeyCode::Char(c) => Code::Char(c),
        ev::KeyCode::Enter => Code::Enter,
        ev::KeyCode::Esc => Code::Escape,
        ev::KeyCode::Tab if event.modifiers.contains(ev::KeyModifiers::SHIFT) => Code::BackTab,
        ev::KeyCode::Tab => Code::Tab,
        ev::KeyCode::BackTab => Code::BackTab,
        ev::KeyCode::Backspace => Code::Backspace,
        ev::KeyCode::Delete => Code::Delete,
        ev::KeyCode::Up => Code::Up,
        ev::KeyCode::Down => Code::Down,
        ev::KeyCode::Left => Code::Left,
        ev::KeyCode::Right => Code::Right,
        ev::KeyCode::Home => Code::Home,
        ev::KeyCode::End => Code::End,
        ev::KeyCode::PageUp => Code::PageUp,
        ev::KeyCode::PageDown => Code::PageDown,
        ev::KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt: event.modifiers.contains(ev::KeyModifiers::ALT) })
}

/// A stream of terminal events, as [`super::run`] takes it.
pub trait Events: Stream<Item = io::Result<ev::Event>> {}
impl<S: Stream<Item = io::Result<ev::Event>>> Events for S {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_events_become_keys() {
        let press = |code, modifiers| input(ev::Event::Key(ev::KeyEvent::new(code, modifiers)));
        let none = ev::KeyModifiers::NONE;
        assert_eq!(press(ev::KeyCode::Char('G'), ev::KeyModifiers::SHIFT), Some(Input::Key(Key::char('G'))));
        assert_eq!(
            press(ev::KeyCode::Char('d'), ev::KeyModifiers::CONTROL),
            Some(Input::Key(Key::ctrl('d')))
        );
        assert_eq!(press(ev::KeyCode::Esc, none), Some(Input::Key(Key::plain(Code::Escape))));
        assert_eq!(
            press(ev::KeyCode::BackTab, ev::KeyModifiers::SHIFT),
            Some(Input::Key(Key::plain(Code::BackTab)))
        );
        assert_eq!(
            press(ev::KeyCode::Char('5'), ev::KeyModifiers::CONTROL),
            Some(Input::Key("C-]".parse().unwrap()))
        );
        assert_eq!(press(ev::KeyCode::CapsLock, none), None);
        assert_eq!(input(ev::Event::Resize(80, 24)), Some(Input::Resize(80, 24)));
    }
}
