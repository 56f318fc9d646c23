//! The other side of the loop: the person, the monitor and the terminal, with paused time.

use std::cell::Cell as Shared;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use futures_util::Stream;
use jiff::{SignedDuration, Timestamp};
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use swarm::Result;
use swarm::snapshot::Snapshot;
use swarm::tui::{Exit, Options, Request, Update};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::fixture::now;

thread_local! {
    static STARTED: Shared<Option<Instant>> = const { Shared::new(None) };
}

/// The fixture's moment plus what the paused clock has advanced.
pub(super) fn clock() -> Timestamp {
    let elapsed = STARTED.get().map_or(Duration::ZERO, |s| s.elapsed());
    now() + SignedDuration::try_from(elapsed).unwrap()
}

/// A screen that can be read while the loop draws on it, and that counts frames.
#[derive(Clone)]
pub(super) struct Screen(pub(super) Rc<std::cell::RefCell<(TestBackend, usize)>>);

impl Screen {
    pub(super) fn text(&self) -> String {
        self.0.borrow().0.to_string()
    }
    pub(super) fn frames(&self) -> usize {
        self.0.borrow().1
    }
}

impl Backend for Screen {
    type Error = Infallible;
    fn draw<'a, I: Iterator<Item = (u16, u16, &'a Cell)>>(&mut self, content: I) -> Result<(), Infallible> {
        let mut screen = self.0.borrow_mut();
        screen.1 += 1;
        screen.0.draw(content)
    }
    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.hide_cursor()
    }
    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.show_cursor()
    }
    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.0.borrow_mut().0.get_cursor_position()
    }
    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.0.borrow_mut().0.set_cursor_position(position)
    }
    fn clear(&mut self) -> Result<(), Infallible> {
        self.0.borrow_mut().0.clear()
    }
    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.0.borrow_mut().0.clear_region(clear_type)
    }
    fn size(&self) -> Result<Size, Infallible> {
        self.0.borrow().0.size()
    }
    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.0.borrow_mut().0.window_size()
    }
    fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The other side of the loop: the person, the monitor and the terminal.
pub(super) struct Person {
    pub(super) screen: Screen,
    pub(super) updates: Option<mpsc::Sender<Update>>,
    pub(super) requests: mpsc::Receiver<Request>,
    pub(super) input: Option<mpsc::UnboundedSender<io::Result<Event>>>,
}

impl Person {
    /// Lets the loop do everything that is ready, and one frame's worth of time pass.
    pub(super) async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(150)).await;
    }

    pub(super) async fn told(&self, update: Update) {
        self.updates.as_ref().unwrap().send(update).await.unwrap();
        self.settle().await;
    }

    pub(super) async fn shown(&self, snapshot: Snapshot) {
        self.told(Update::Snapshot(Arc::new(snapshot))).await;
    }

    pub(super) async fn event(&self, event: Event) {
        self.input.as_ref().unwrap().send(Ok(event)).unwrap();
        self.settle().await;
    }

    pub(super) async fn key(&self, code: KeyCode) {
        self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE))).await;
    }

    pub(super) async fn keys(&self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c)).await;
        }
    }

    pub(super) async fn click(&self, column: u16, row: u16) {
        let kind = MouseEventKind::Down(MouseButton::Left);
        self.event(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })).await;
    }

    /// What was asked for since the last call, previews left out.
    pub(super) fn asked(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.requests.try_recv().ok())
            .filter(|r| !matches!(r, Request::Watch(_) | Request::Events(_)))
            .collect()
    }

    #[expect(clippy::print_stdout, reason = "the runner shows it when the test fails")]
    pub(super) fn sees(&self, text: &str) -> bool {
        let screen = self.screen.text();
        let seen = screen.contains(text);
        if !seen {
            println!("not on screen: {text}\n{screen}");
        }
        seen
    }
}

/// Runs the overview against `drive`; how it ended.
pub(super) fn with(options: Options, drive: impl AsyncFnOnce(&mut Person)) -> Result<Exit> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        STARTED.set(Some(Instant::now()));
        let screen = Screen(Rc::new(std::cell::RefCell::new((TestBackend::new(80, 24), 0))));
        let (update_tx, update_rx) = mpsc::channel(64);
        let (request_tx, request_rx) = mpsc::channel(64);
        let (input_tx, input_rx) = mpsc::unbounded_channel();
        let mut terminal = Terminal::new(screen.clone()).unwrap();
        let mut person =
            Person { screen, updates: Some(update_tx), requests: request_rx, input: Some(input_tx) };
        let options = Options { clock, ..options };
        let input = stream(input_rx);
        let overview = swarm::tui::run(&mut terminal, update_rx, request_tx, input, options);
        let driven = async {
            person.settle().await;
            drive(&mut person).await;
            // The terminal is gone: the overview ends by itself if it has not yet.
            drop(person.input.take());
            std::future::pending::<()>().await;
        };
        tokio::select! { biased; exit = overview => exit, () = driven => unreachable!() }
    })
}

fn stream(mut from: mpsc::UnboundedReceiver<io::Result<Event>>) -> impl Stream<Item = io::Result<Event>> {
    futures_util::stream::poll_fn(move |cx| from.poll_recv(cx))
}
