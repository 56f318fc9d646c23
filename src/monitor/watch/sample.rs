//! Panes that animate without pause: when one is, what a cheap look at it says, and when it calms down.
//!
//! Hearing every frame of a hundred spinners costs tmux ten points of a core. So such a pane is paused for our client
//! and *sampled*: title and flags of all of them by one `list-panes`, and the last lines of each, in one batch. A sample
//! is never evidence. It only says whether the pane is worth a full look, which reads it like any other.
//!
//! A server-side search (`#{C/r:…}`) for the profile's dialogs was measured too: 6.9 ms per 100 panes of 120x50 with
//! Claude's six patterns on tmux 3.3a, against 2.3 ms for 15 lines and 1.0 ms for the list. The lines are
//! cheaper, and they show the end of the animation as well.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::time::Instant;

use crate::tmux::PaneId;

/// A longer silence than this ends a run of output: slower animations cost little and are heard.
const GAP: Duration = Duration::from_millis(350);
/// A run of output as long as this is an animation.
const RESTLESS: Duration = Duration::from_secs(1);
/// More than this in one run is a flood, in bytes.
const FLOOD: usize = 256 * 1024;
/// How often a pane is sampled at most; well below what a person or a test calls at once.
const PERIOD_MIN: Duration = Duration::from_millis(80);
/// How often at least, however many panes there are.
const PERIOD_MAX: Duration = Duration::from_secs(1);
/// The period grows with the square of the panes: 56 panes every 80 ms, 100 every 250 ms, 200 every second. A
/// sample costs tmux 30 µs per pane and its loop grows with the panes too, so the share of a core falls beyond 56.
const PANES_SQUARED_PER_MS: u64 = 40;
/// The lines of a sample, counted from the last one with text: composer, dialog and spinner are there.
const LINES: usize = 12;
/// How often the whole screen is looked at, though the sample says nothing new.
const LOOK_EVERY: Duration = Duration::from_secs(3);
/// News that come faster than this are streaming text: then only a screen that stands still is worth a look.
const STREAMING: Duration = Duration::from_millis(500);
/// As long as this without a change, and the animation is over.
const CALM: Duration = Duration::from_millis(700);

/// The `-F` of a sample. The title is last, as it may hold spaces; tmux lets no control character into it.
pub const FORMAT: &str =
    "#{pane_id} #{pane_dead} #{pane_in_mode} #{alternate_on} #{pane_height} #{pane_title}";

/// How long to wait for the next sample of `panes` panes when the last one took `took`.
pub fn period(panes: usize, took: Duration) -> Duration {
    let panes = u64::try_from(panes).unwrap_or(u64::MAX).min(10_000);
    let fair = Duration::from_millis(panes * panes / PANES_SQUARED_PER_MS);
    fair.max(took * 4).clamp(PERIOD_MIN, PERIOD_MAX)
}

/// How a pane has been writing lately.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pace {
    run: Option<(Instant, Instant)>,
    bytes: usize,
}

impl Pace {
    /// It wrote so many bytes; answers whether it does so without pause.
    pub fn wrote(&mut self, now: Instant, bytes: usize) -> bool {
        let began = match self.run {
            Some((began, last)) if now.duration_since(last) <= GAP => began,
            _ => {
                self.bytes = 0;
                now
            }
        };
        self.run = Some((began, now));
        self.bytes = self.bytes.saturating_add(bytes);
        now.duration_since(began) >= RESTLESS || self.bytes >= FLOOD
    }
}

/// One line of a sample's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// There is no process any more.
    pub dead: bool,
    /// What makes another screen of the same text: the title, modes, the height.
    pub key: u64,
}

/// The reply to [`FORMAT`]; what is not a row is left out.
pub fn heads(reply: &[u8]) -> HashMap<PaneId, Head> {
    let text = String::from_utf8_lossy(reply);
    let head = |line: &str| {
        let (id, rest) = line.split_once(' ')?;
        let (dead, rest) = rest.split_once(' ')?;
        let mut parts = rest.splitn(4, ' ');
        let flags = [parts.next()?, parts.next()?, parts.next()?];
        let mut hasher = DefaultHasher::new();
        (flags, title_key(parts.next().unwrap_or_default())).hash(&mut hasher);
        Some((id.parse().ok()?, Head { dead: dead == "1", key: hasher.finish() }))
    };
    text.lines().filter_map(head).collect()
}

/// The title without the phase of its spinner: a braille pattern stands for any other.
pub fn title_key(title: &str) -> (bool, &str) {
    let rest = title.trim_start_matches(|c: char| ('\u{2800}'..='\u{28ff}').contains(&c));
    (rest.len() < title.len(), rest.trim_start())
}

/// What a screen says apart from numbers, rules and spinners: its letters.
pub fn shape(screen: &[u8]) -> u64 {
    let mut words = Vec::with_capacity(screen.len() / 2);
    let mut bytes = screen.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let letter = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => true,
            // U+2180 to U+2BFF (arrows, boxes, blocks, dingbats, braille) and U+00B7.
            0xe2 if bytes.peek().is_some_and(|b| (0x86..=0xaf).contains(b)) => {
                bytes.next();
                bytes.next();
                false
            }
            0xc2 => {
                bytes.next();
                false
            }
            other => other >= 0x80,
        };
        if letter {
            words.push(byte);
        } else if words.last().is_some_and(|b| *b != b' ') {
            words.push(b' ');
        }
    }
    if words.last() == Some(&b' ') {
        words.pop();
    }
    hash(&words)
}

/// A fingerprint of bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

/// What is known of a paused pane from its samples.
#[derive(Debug, Clone)]
pub struct Paused {
    /// When its output was last asked to stop.
    pub hushed: Instant,
    rows: RangeInclusive<i32>,
    exact: u64,
    still_since: Instant,
    looked: Instant,
    news: Instant,
    known: Option<u64>,
    /// Looks since it stands still: the first may show a new last frame, the second that nothing came after it.
    last_looks: u8,
}

impl Paused {
    /// A pane that is paused now.
    pub fn new(now: Instant) -> Self {
        Self {
            hushed: now,
            rows: 0..=0,
            exact: 0,
            still_since: now,
            looked: now,
            news: now,
            known: None,
            last_looks: 0,
        }
    }

    /// The rows to sample.
    pub fn rows(&self) -> RangeInclusive<i32> {
        self.rows.clone()
    }

    /// Takes the rows to sample from a full look at the screen.
    pub fn aim(&mut self, screen: &[u8], height: u16) {
        let filled = memchr::memchr_iter(b'\n', screen.trim_ascii_end()).count() + 1;
        let rows = i32::try_from(filled.saturating_sub(LINES)).unwrap_or(0)..=i32::from(height.max(1)) - 1;
        if rows != self.rows {
            self.rows = rows;
            self.known = None;
        }
    }

    /// Takes a sample; answers whether the pane is worth a full look now.
    pub fn sampled(&mut self, now: Instant, lines: &[u8], key: u64) -> bool {
        let exact = hash(lines) ^ key;
        let moves = exact != self.exact;
        if moves {
            self.exact = exact;
            self.still_since = now;
            self.last_looks = 0;
        }
        let shape = shape(lines) ^ key;
        // Other rows than before: nothing can be compared.
        let known = *self.known.get_or_insert(shape);
        let since = now.duration_since(self.looked);
        let look = if shape == known {
            let last = self.is_calm(now) && self.last_looks < 2 && since >= CALM / 2;
            self.last_looks += u8::from(last);
            since >= LOOK_EVERY || last
        } else {
            let news = !moves || now.duration_since(self.news) >= STREAMING;
            if news {
                self.known = Some(shape);
                self.news = now;
            }
            news
        };
        if look {
            self.looked = now;
        }
        look
    }

    /// Whether nothing moves any more.
    pub fn is_calm(&self, now: Instant) -> bool {
        now.duration_since(self.still_since) >= CALM
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn a_spinner_is_restless_and_a_person_who_types_is_not() {
        let start = Instant::now();
        let mut pace = Pace::default();
        assert!((0..10).all(|n| !pace.wrote(start + ms(100) * n, 40)));
        assert!(pace.wrote(start + ms(1000), 40));
        let mut pace = Pace::default();
        assert!((0..20).all(|n| !pace.wrote(start + ms(400) * n, 40)));
        assert!(pace.wrote(start + ms(400) * 19, FLOOD));
    }

    #[test]
    fn letters_make_the_shape() {
        let a = shape("✻ Pondering… (12s · ↑ 1.2k tokens)\n──────\n❯ \n".as_bytes());
        let b = shape("✢ Pondering… (3s · ↓ 988.1k tokens)\n────\n> \n\n".as_bytes());
        assert_eq!(a, b);
        assert_ne!(a, shape("✻ Pondering… (12s)\nDo you want to proceed?".as_bytes()));
        assert_ne!(shape("作業中".as_bytes()), shape("待機中".as_bytes()));
        shape(b"\xe2");
        shape(b"\xe2\x90");
        assert_eq!(title_key("⠂ Fix it"), title_key("⠐ Fix it"));
        assert_ne!(title_key("⠂ Fix it"), title_key("✳ Fix it"));
        assert_ne!(title_key("⠂ Fix it"), title_key("Fix it"));
    }

    #[test]
    fn heads_are_read_from_anything() {
        let heads = heads(b"%3 0 0 1 50 \xe2\xa0\x82 a title\n%4 1 0 0 50 \nnoise\n%x 0 0 0 1 t\n");
        assert_eq!(heads.len(), 2);
        assert!(!heads[&PaneId(3)].dead && heads[&PaneId(4)].dead);
        assert_ne!(heads[&PaneId(3)].key, heads[&PaneId(4)].key);
    }

    #[test]
    fn a_dialog_is_looked_at_with_the_first_sample_that_shows_it() {
        let start = Instant::now();
        let mut paused = Paused::new(start);
        let frames = ["✻ Working 1s".as_bytes(), "✢ Working 2s".as_bytes()];
        for n in 0..15 {
            assert!(!paused.sampled(start + ms(100) * n, frames[n as usize % 2], 7), "{n}");
        }
        assert!(paused.sampled(start + ms(1500), b"Do you want to proceed?", 7));
        // Another title is news, too.
        assert!(paused.sampled(start + ms(2500), b"Do you want to proceed?", 8));
    }

    #[test]
    fn streaming_text_is_looked_at_now_and_then_and_when_it_stands_still() {
        let start = Instant::now();
        let mut paused = Paused::new(start);
        let text = |n: usize| format!("line {}", "x".repeat(n));
        let looks: Vec<usize> =
            (0..20).filter(|n| paused.sampled(start + ms(100) * *n as u32, text(*n).as_bytes(), 0)).collect();
        assert_eq!(looks, [5, 10, 15]);
        assert!(paused.sampled(start + ms(2000), text(19).as_bytes(), 0), "it stands still");
    }

    #[test]
    fn what_stands_still_is_calm_and_gets_a_last_look() {
        let start = Instant::now();
        let mut paused = Paused::new(start);
        paused.sampled(start, b"done", 0);
        assert!(!paused.is_calm(start + ms(600)));
        assert!(!paused.sampled(start + ms(600), b"done", 0));
        assert!(paused.sampled(start + ms(800), b"done", 0));
        assert!(paused.is_calm(start + ms(800)));
    }

    #[test]
    fn the_rows_follow_the_text() {
        let mut paused = Paused::new(Instant::now());
        paused.aim("x\n".repeat(40).as_bytes(), 50);
        assert_eq!(paused.rows(), 28..=49);
        paused.aim(b"x\n\n\n\n", 50);
        assert_eq!(paused.rows(), 0..=49);
    }

    #[test]
    fn more_panes_are_sampled_less_often() {
        assert_eq!(period(1, ms(1)), PERIOD_MIN);
        assert_eq!(period(50, ms(2)), PERIOD_MIN);
        assert_eq!(period(100, ms(4)), ms(250));
        assert_eq!(period(1, ms(100)), ms(400));
        assert_eq!(period(100_000, ms(1)), PERIOD_MAX);
    }
}
