//! One watched pane: what was last seen of it, and whether it is heard or sampled.

use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::reading::Until;
use super::sample::{Pace, Paused, title_key};
use crate::observe::evidence::ProcessFact;
use crate::observe::osc;
use crate::observe::process::Occupant;
use crate::state::{Seen, Watched};
use crate::tmux::PaneRow;

/// How often one pane is captured at most, when it is heard.
pub const PER_PANE: Duration = Duration::from_millis(100);
/// How soon the processes of a pane are read again when it is not certain who is in front; each time it takes twice as
/// long, up to 16 times.
const DOUBT: Duration = Duration::from_secs(4);
/// How long a reading of an animated screen holds when only numbers and spinners have changed since.
const READING_HOLDS: Duration = Duration::from_secs(5);

/// Who lives in a pane.
#[derive(Debug, Default)]
pub struct Tenant {
    /// The pane's first process, as tmux names it.
    pub root: Option<u32>,
    /// What was in front when the processes were last read.
    pub command: Option<String>,
    /// The processes are to be read.
    pub unseen: bool,
    /// The agent was found by its profile's rules.
    pub recognised: bool,
    /// What was found.
    pub fact: Option<ProcessFact>,
    /// It is not certain: how often that was found, and when to look again.
    pub doubt: Option<(u32, Instant)>,
}

impl Tenant {
    /// Takes what was found; answers the fact where it is another.
    pub fn found(&mut self, found: Occupant, now: Instant) -> Option<ProcessFact> {
        self.recognised |= found.recognised;
        self.doubt = found.doubtful.then(|| {
            let times = self.doubt.map_or(0, |(times, _)| times + 1).min(4);
            (times, now + DOUBT * (1 << times))
        });
        if self.fact.as_ref() == Some(&found.fact) {
            return None;
        }
        self.fact = Some(found.fact.clone());
        Some(found.fact)
    }
}

/// One watched pane.
#[derive(Debug)]
pub struct Pane {
    /// What it is.
    pub watched: Watched,
    /// Reads its bytes.
    pub scanner: osc::Scanner,
    /// It has told its state by OSC 7501.
    pub tells_state: bool,
    /// When it told by that that it waits, if that was the last thing it told.
    pub asked: Option<Instant>,
    /// It is to be captured.
    pub dirty: bool,
    /// When it was captured last.
    pub captured: Option<Instant>,
    /// The fingerprint of that capture.
    pub hash: u64,
    /// That screen was taken for the same as before, and not read.
    pub unread: bool,
    /// Its title at that capture, without the phase of a spinner.
    title: (bool, String),
    /// `window_activity` at that capture, and whether it was the same at the one before.
    activity: (i64, bool),
    /// What was read last.
    pub last: Option<Seen>,
    /// Until when, by its screen.
    pub until: Option<Until>,
    /// The shape of the screen that was read last, and when.
    pub read: Option<(u64, Instant)>,
    /// When the state last heard of this pane.
    pub told: Option<Instant>,
    /// Who lives in it: as of the last reading of the processes.
    pub tenant: Tenant,
    /// The process of this pane has ended, though tmux may not show it yet.
    pub died: Option<Instant>,
    /// tmux shows it as dead.
    pub dead: bool,
    /// Waits for the end of its process.
    pub exit: Option<AbortHandle>,
    /// How it writes.
    pub pace: Pace,
    /// It animates without pause: its output does not come to us, it is sampled.
    pub paused: Option<Paused>,
}

impl Pane {
    /// A pane of which nothing is known yet.
    pub fn new(watched: Watched, exit: Option<AbortHandle>) -> Self {
        Self {
            watched,
            scanner: osc::Scanner::default(),
            tells_state: false,
            asked: None,
            dirty: true,
            captured: None,
            hash: 0,
            unread: false,
            title: (false, String::new()),
            activity: (0, false),
            last: None,
            until: None,
            read: None,
            told: None,
            tenant: Tenant::default(),
            died: None,
            dead: false,
            exit,
            pace: Pace::default(),
            paused: None,
        }
    }

    /// It was captured together with this row.
    pub fn looked(&mut self, row: &PaneRow) {
        let (spins, title) = title_key(&row.title);
        self.title = (spins, title.to_owned());
        self.activity = (row.window_activity, self.activity.0 == row.window_activity);
    }

    /// Notes who is in front by this row: somebody else than before is worth a look at the processes.
    pub fn meet(&mut self, row: &PaneRow) {
        self.tenant.root = row.pid.filter(|_| !row.dead);
        if self.tenant.command.as_ref() != Some(&row.current_command) {
            self.tenant.command = Some(row.current_command.clone());
            self.tenant.unseen = true;
        }
    }

    /// Whether its screen may differ from the last capture, for all that a row can tell. `window_activity` counts
    /// seconds: what was written in the second of the capture shows in a second one.
    pub fn may_have_changed(&self, row: &PaneRow) -> bool {
        let (spins, title) = title_key(&row.title);
        (spins, title) != (self.title.0, self.title.1.as_str())
            || self.activity != (row.window_activity, true)
    }

    /// How long until it may be captured again. A paused pane that is dirty is due at once: the samples set the pace.
    pub fn rest(&self, now: Instant) -> Duration {
        match self.captured {
            Some(at) if self.paused.is_none() => PER_PANE.saturating_sub(now.duration_since(at)),
            _ => Duration::ZERO,
        }
    }

    /// Whether a paused screen of this shape says what it said when it was last read.
    pub fn says_the_same(&self, shape: u64, now: Instant) -> bool {
        self.paused.is_some()
            && self.read.is_some_and(|(known, at)| known == shape && now.duration_since(at) < READING_HOLDS)
    }
}
