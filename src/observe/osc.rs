//! What an agent tells its terminal besides text: titles, state sequences, progress, bells, screen modes.
//!
//! Owns an incremental scanner over raw pane bytes that may be cut anywhere. Bounded memory whatever comes; never
//! fails, never panics, never interprets text. Follows tmux's own parser where terminals differ, as tmux is what the
//! agent talks to.

use jiff::Timestamp;
use memchr::{memchr2, memchr3};

use crate::observe::evidence::Evidence;
use crate::status::{Reason, Source, Status};

/// The most bytes of an operating-system command that are kept; a longer one is dropped whole.
const OSC_MAX: usize = 4096;
/// The most bytes of a mode sequence that are kept; a longer one is dropped whole.
const CSI_MAX: usize = 64;
/// The most characters of a title that are kept.
const TITLE_MAX: usize = 512;

const BEL: u8 = 0x07;
const CAN: u8 = 0x18;
const SUB: u8 = 0x1a;
const ESC: u8 = 0x1b;

/// Something the agent told its terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// The pane's title (OSC 0 or 2), made harmless.
    Title(String),
    /// The agent's own state (OSC 7501).
    State(AgentState),
    /// Progress (OSC 9;4).
    Progress(Progress),
    /// The bell.
    Bell,
    /// The alternate screen went on or off (DECSET 47, 1047, 1049).
    AlternateScreen(bool),
    /// Bracketed paste went on or off (DECSET 2004).
    BracketedPaste(bool),
}

/// What OSC 7501 says: `state=WORD:app=NAME[:kind=KIND]`, as Codex 0.169 sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentState {
    /// The state.
    pub word: StateWord,
    /// Who says it.
    pub app: String,
    /// What it is blocked on: `permission` or `question`.
    pub kind: Option<String>,
}

/// The states of OSC 7501.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateWord {
    /// Ready.
    Idle,
    /// Busy.
    Working,
    /// A turn has ended well.
    Done,
    /// A person is asked.
    Blocked,
    /// A turn has ended in an error.
    Error,
    /// The program ends, or takes its word back.
    Clear,
}

impl AgentState {
    fn parse(text: &str) -> Option<Self> {
        let field = |key: &str| text.split(':').find_map(|f| f.split_once('=').filter(|(k, _)| *k == key));
        let word = match field("state")?.1 {
            "idle" => StateWord::Idle,
            "working" => StateWord::Working,
            "done" => StateWord::Done,
            "blocked" => StateWord::Blocked,
            "error" => StateWord::Error,
            "clear" => StateWord::Clear,
            _ => return None,
        };
        let value = |key| field(key).map(|(_, v)| clean(v, 40));
        Some(Self { word, app: value("app").unwrap_or_default(), kind: value("kind") })
    }

    /// What it proves; `None` for `clear`, after which nothing is known ([`super::evidence::Board::forget`]).
    pub fn evidence(&self, at: Timestamp) -> Option<Evidence> {
        let (name, status, reason) = match self.word {
            StateWord::Idle => ("osc:idle", Status::Idle, None),
            StateWord::Working => ("osc:working", Status::Working, None),
            StateWord::Done => ("osc:done", Status::Idle, None),
            StateWord::Error => ("osc:error", Status::Error, None),
            StateWord::Blocked => {
                let reason = match self.kind.as_deref() {
                    Some("permission") => Reason::Permission,
                    Some("question") => Reason::Question,
                    _ => Reason::Dialog,
                };
                ("osc:blocked", Status::Waiting, Some(reason))
            }
            StateWord::Clear => return None,
        };
        let text =
            self.kind.as_deref().map_or_else(|| self.app.clone(), |kind| format!("{}: {kind}", self.app));
        Some(Evidence::new(Source::Osc, name, at).says(status).because(reason).text(&text))
    }
}

/// OSC 9;4: what a progress bar in the terminal's tab would show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing goes on.
    None,
    /// So many percent, 0–100.
    Percent(u8),
    /// Failed.
    Error,
    /// Something goes on.
    Indeterminate,
    /// Paused.
    Paused,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    Escape,
    Csi,
    Osc,
    /// DCS, APC, PM, SOS and screen's title: up to ESC `\`.
    Text,
    TextEscape,
}

/// The scanner: feed it every byte of a pane in order.
#[derive(Debug, Clone, Default)]
pub struct Scanner {
    state: State,
    kept: Vec<u8>,
    too_long: bool,
}

impl Scanner {
    /// Reads the next bytes and reports what they say, in order.
    pub fn feed(&mut self, mut bytes: &[u8], on_event: &mut dyn FnMut(TermEvent)) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Ground => self.ground(bytes, on_event),
                State::Escape => self.escape(bytes, on_event),
                State::Csi => self.csi(bytes, on_event),
                State::Osc => self.osc(bytes, on_event),
                State::Text => self.text(bytes),
                State::TextEscape => {
                    self.state = if bytes[0] == b'\\' { State::Ground } else { State::Text };
                    // The byte after the ESC may be another ESC: that one counts.
                    if bytes[0] == ESC {
                        self.state = State::TextEscape;
                    }
                    &bytes[1..]
                }
            };
        }
    }

    /// Everything that `bytes` say.
    pub fn scan(&mut self, bytes: &[u8]) -> Vec<TermEvent> {
        let mut events = Vec::new();
        self.feed(bytes, &mut |event| events.push(event));
        events
    }

    /// The stream had a gap: what was begun is void.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    fn ground<'a>(&mut self, bytes: &'a [u8], on_event: &mut dyn FnMut(TermEvent)) -> &'a [u8] {
        let Some(at) = memchr2(ESC, BEL, bytes) else { return &[] };
        if bytes[at] == BEL {
            on_event(TermEvent::Bell);
        } else {
            self.state = State::Escape;
        }
        &bytes[at + 1..]
    }

    fn escape<'a>(&mut self, bytes: &'a [u8], on_event: &mut dyn FnMut(TermEvent)) -> &'a [u8] {
        self.kept.clear();
        self.too_long = false;
        self.state = match bytes[0] {
            b'[' => State::Csi,
            b']' => State::Osc,
            b'P' | b'X' | b'^' | b'_' | b'k' => State::Text,
            b'c' => {
                // A full reset turns both modes off.
                on_event(TermEvent::AlternateScreen(false));
                on_event(TermEvent::BracketedPaste(false));
                State::Ground
            }
            BEL => {
                on_event(TermEvent::Bell);
                State::Escape
            }
            // Begun anew; or an intermediate byte, then one more: `ESC ( B`.
            ESC | 0x20..=0x2f => State::Escape,
            _ => State::Ground,
        };
        &bytes[1..]
    }

    fn csi<'a>(&mut self, bytes: &'a [u8], on_event: &mut dyn FnMut(TermEvent)) -> &'a [u8] {
        let byte = bytes[0];
        match byte {
            0x40..=0x7e => {
                if !self.too_long {
                    modes(&self.kept, byte, on_event);
                }
                self.state = State::Ground;
            }
            ESC => self.state = State::Escape,
            CAN | SUB => self.state = State::Ground,
            BEL => on_event(TermEvent::Bell),
            0x20..=0x3f => self.keep(&bytes[..1], CSI_MAX),
            _ => {}
        }
        &bytes[1..]
    }

    fn osc<'a>(&mut self, bytes: &'a [u8], on_event: &mut dyn FnMut(TermEvent)) -> &'a [u8] {
        let end = memchr3(BEL, ESC, CAN, bytes);
        self.keep(&bytes[..end.unwrap_or(bytes.len())], OSC_MAX);
        let Some(end) = end else { return &[] };
        if !self.too_long && bytes[end] != CAN {
            command(&self.kept, on_event);
        }
        self.state = if bytes[end] == ESC { State::Escape } else { State::Ground };
        self.kept.clear();
        &bytes[end + 1..]
    }

    fn text<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(at) = memchr3(ESC, CAN, SUB, bytes) else { return &[] };
        self.state = if bytes[at] == ESC { State::TextEscape } else { State::Ground };
        &bytes[at + 1..]
    }

    fn keep(&mut self, bytes: &[u8], max: usize) {
        if self.kept.len() + bytes.len() > max {
            self.too_long = true;
            self.kept.clear();
        }
        if !self.too_long {
            self.kept.extend_from_slice(bytes);
        }
    }
}

/// A control sequence: only private modes being set or reset are of interest.
fn modes(parameters: &[u8], last: u8, on_event: &mut dyn FnMut(TermEvent)) {
    let on = match last {
        b'h' => true,
        b'l' => false,
        _ => return,
    };
    let Some(modes) = parameters.strip_prefix(b"?") else { return };
    for mode in modes.split(|b| *b == b';') {
        match mode {
            b"47" | b"1047" | b"1049" => on_event(TermEvent::AlternateScreen(on)),
            b"2004" => on_event(TermEvent::BracketedPaste(on)),
            _ => {}
        }
    }
}

/// An operating-system command, without its end.
fn command(bytes: &[u8], on_event: &mut dyn FnMut(TermEvent)) {
    let (number, rest) = match bytes.iter().position(|b| *b == b';') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &bytes[..0]),
    };
    let text = || String::from_utf8_lossy(rest);
    match number {
        b"0" | b"2" => on_event(TermEvent::Title(clean(&text(), TITLE_MAX))),
        b"7501" => {
            if let Some(state) = AgentState::parse(&text()) {
                on_event(TermEvent::State(state));
            }
        }
        b"9" => {
            if let Some(progress) = progress(&text()) {
                on_event(TermEvent::Progress(progress));
            }
        }
        _ => {}
    }
}

/// `4;STATE;PERCENT`; other uses of OSC 9 are notifications.
fn progress(text: &str) -> Option<Progress> {
    let mut fields = text.split(';');
    if fields.next()? != "4" {
        return None;
    }
    Some(match fields.next()? {
        "0" => Progress::None,
        "1" => Progress::Percent(fields.next()?.parse::<u8>().ok()?.min(100)),
        "2" => Progress::Error,
        "3" => Progress::Indeterminate,
        "4" => Progress::Paused,
        _ => return None,
    })
}

fn clean(text: &str, max: usize) -> String {
    crate::text::one_line(text).chars().take(max).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODEX: &[u8] = include_bytes!("../../tests/data/osc/codex.bytes");
    const CLAUDE: &[u8] = include_bytes!("../../tests/data/osc/claude.bytes");
    const QWEN: &[u8] = include_bytes!("../../tests/data/osc/qwen.bytes");
    const OPENCODE: &[u8] = include_bytes!("../../tests/data/osc/opencode.bytes");

    fn scan(bytes: &[u8]) -> Vec<TermEvent> {
        Scanner::default().scan(bytes)
    }

    fn titles(events: &[TermEvent]) -> Vec<&str> {
        events
            .iter()
            .filter_map(|e| if let TermEvent::Title(t) = e { Some(t.as_str()) } else { None })
            .collect()
    }

    #[test]
    fn codex_says_its_state() {
        let at = Timestamp::UNIX_EPOCH;
        let events = scan(CODEX);
        let said: Vec<(Status, Option<Reason>)> = events
            .iter()
            .filter_map(|e| match e {
                TermEvent::State(s) => s.evidence(at).map(|e| (e.status.unwrap(), e.reason)),
                _ => None,
            })
            .collect();
        for expected in
            [(Status::Idle, None), (Status::Working, None), (Status::Waiting, Some(Reason::Permission))]
        {
            assert!(said.contains(&expected), "{expected:?} not in {said:?}");
        }
        assert!(events.contains(&TermEvent::AlternateScreen(true)));
        assert!(events.contains(&TermEvent::BracketedPaste(true)));
    }

    #[test]
    fn a_question_about_the_state_is_no_state() {
        // Claude Code 2.1.329 asks its terminal whether it knows OSC 7501.
        let events = scan(CLAUDE);
        assert!(events.iter().all(|e| !matches!(e, TermEvent::State(_))));
        assert_eq!(titles(&events).first(), Some(&"✳ Claude Code"));
        assert!(events.contains(&TermEvent::BracketedPaste(false)));
    }

    #[test]
    fn qwen_titles() {
        let events = scan(QWEN);
        let titles = titles(&events);
        assert!(titles.contains(&"Qwen - qwen2"), "{titles:?}");
        assert!(titles.iter().any(|t| t.starts_with('✳')), "{titles:?}");
    }

    #[test]
    fn strings_for_the_outer_terminal_are_skipped() {
        let events = scan(OPENCODE);
        assert!(events.contains(&TermEvent::AlternateScreen(true)), "{events:?}");
        assert_eq!(scan(b"\x1bPtmux;\x1b\x1b]0;inner\x07\x1b\\\x07"), [TermEvent::Bell]);
    }

    #[test]
    fn each_sequence_is_read() {
        let table: [(&[u8], &[TermEvent]); 12] = [
            (b"\x1b]9;4;1;250\x07", &[TermEvent::Progress(Progress::Percent(100))]),
            (b"\x1b]9;4;1;42\x1b\\", &[TermEvent::Progress(Progress::Percent(42))]),
            (b"\x1b]9;4;3\x07", &[TermEvent::Progress(Progress::Indeterminate)]),
            (b"\x1b]9;build done\x07", &[]),
            (b"\x1b]2;a\x1b]2;b\x07", &[TermEvent::Title("a".into()), TermEvent::Title("b".into())]),
            (b"\x1b]0;x\x18\x07", &[TermEvent::Bell]),
            (b"\x1b]0\x07", &[TermEvent::Title(String::new())]),
            (b"\x1b[?1049;2004h", &[TermEvent::AlternateScreen(true), TermEvent::BracketedPaste(true)]),
            (b"\x1b[2004h\x1b[?2004$p", &[]),
            (b"\x1bc", &[TermEvent::AlternateScreen(false), TermEvent::BracketedPaste(false)]),
            (b"\x1b(B\x07", &[TermEvent::Bell]),
            (b"\x1b]7501;state=sleeping:app=x\x07", &[]),
        ];
        for (bytes, events) in table {
            assert_eq!(scan(bytes), events, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn endless_sequences_cost_no_memory_and_end() {
        let mut scanner = Scanner::default();
        scanner.scan(b"\x1b]0;");
        for _ in 0..1000 {
            scanner.scan(&[b'x'; 1000]);
        }
        assert!(scanner.kept.capacity() <= 2 * OSC_MAX);
        assert_eq!(scanner.scan(b"\x07\x07"), [TermEvent::Bell]);
    }

    proptest! {
        #[test]
        fn where_the_chunks_are_cut_does_not_matter(cuts in proptest::collection::vec(0usize..7680, 0..20)) {
            let whole = scan(CODEX);
            let mut scanner = Scanner::default();
            let (mut events, mut from) = (Vec::new(), 0);
            let mut cuts = cuts;
            cuts.sort_unstable();
            for cut in cuts.into_iter().map(|c| c.min(CODEX.len())).chain([CODEX.len()]) {
                events.extend(scanner.scan(&CODEX[from..cut]));
                from = cut;
            }
            prop_assert_eq!(events, whole);
        }

        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut scanner = Scanner::default();
            let events = scanner.scan(&bytes);
            prop_assert!(events.len() <= 2 * bytes.len());
            prop_assert!(scanner.kept.len() <= OSC_MAX);
        }

        #[test]
        fn titles_are_harmless(text in "[\\x00-\\x1a\\x1c-\\u{10ffff}]{0,200}") {
            for event in scan(format!("\x1b]2;{text}\x1b\\").as_bytes()) {
                if let TermEvent::Title(title) = event {
                    prop_assert!(!title.chars().any(crate::text::is_hostile));
                }
            }
        }
    }
}
