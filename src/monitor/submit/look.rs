//! One look at a pane, and the last check inside tmux that the pane is still as it was seen.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::agent::Profile;
use crate::error::Result;
use crate::observe::evidence::{Foreground, ProcessFact};
use crate::observe::process::{self, Processes};
use crate::observe::screen::{Composer, Screen, classify};
use crate::observe::status_file;
use crate::state::Watched;
use crate::status::{Reason, Status};
use crate::tmux::command::Capture;
use crate::tmux::{ClientRow, Command, Connection, PaneId, PaneRow, format};

use super::compare::Ours;
use super::machine::{Reader, View};

/// After so many refusals the cursor need not stand still: some agents move it while they animate.
const CURSOR_REFUSALS: u32 = 3;
/// The longest piece of our text that tmux is asked to find, and the shortest that means something.
const ANCHOR: std::ops::RangeInclusive<usize> = 4..=40;

/// What is looked at.
pub(super) struct Eye {
    pub(super) conn: Connection,
    pub(super) pane: PaneId,
    pub(super) profile: Arc<Profile>,
    pub(super) instance: String,
    /// What the monitor knows of the agent.
    pub(super) watched: Option<Watched>,
    /// Where the agent's status file lies.
    pub(super) status_dir: Option<std::path::PathBuf>,
    pub(super) ours: Ours,
    pub(super) now: fn() -> Timestamp,
    last: Last,
    refusals: u32,
}

/// What the last look found, to be found again by the last check.
#[derive(Debug, Default)]
struct Last {
    /// The process in front that was proven to be the agent.
    command: Option<String>,
    /// On which line each of the profile's dialog patterns stands, as tmux says it.
    marks: Vec<String>,
    /// Where the cursor stands.
    cursor: (String, String),
    /// Words of ours that stand in the composer.
    anchor: Option<String>,
}

impl Eye {
    pub(super) fn new(
        conn: Connection,
        pane: PaneId,
        profile: Arc<Profile>,
        instance: &str,
        ours: Ours,
        now: fn() -> Timestamp,
    ) -> Self {
        Self {
            conn,
            pane,
            profile,
            instance: instance.to_owned(),
            watched: None,
            status_dir: None,
            ours,
            now,
            last: Last::default(),
            refusals: 0,
        }
    }

    /// Looks once, freshly.
    pub(super) async fn look(&mut self) -> View {
        match self.try_look().await {
            Ok(view) => view,
            Err(err) => {
                tracing::debug!("look at {}: {err}", self.pane);
                View { reader: Reader::Unreachable, ..View::default() }
            }
        }
    }

    async fn try_look(&mut self) -> Result<View> {
        let gone = |reader| Ok(View { reader, ..View::default() });
        let commands = vec![
            Command::capture_pane(self.pane, Capture::Escapes, None),
            Command::display_message(self.pane, &self.marks_format()),
            Command::list_panes(),
            Command::list_clients(),
        ];
        let mut replies = self.conn.batch(commands).await?.into_iter();
        let mut next = || replies.next().and_then(std::result::Result::ok);
        let (screen, marks, rows, clients) = (next(), next(), next(), next());
        let Some(rows) = rows.map(|r| format::panes(r.bytes())) else { return gone(Reader::Unreachable) };
        let Some(row) = rows.into_iter().find(|r| r.pane == self.pane) else { return gone(Reader::NoPane) };
        if row.instance != self.instance {
            return gone(Reader::OtherInstance);
        }
        if row.dead {
            return gone(Reader::Nobody);
        }
        let (Some(screen), Some(marks)) = (screen, marks) else { return gone(Reader::Unreachable) };
        let reader = self.reader(&row).await;
        let screen = Screen::parse(screen.bytes(), crate::monitor::watch::vars(&row));
        let reading = classify(&self.profile, &screen);
        let (shown, echoed) = self.ours.shown(&screen, &reading.composer);
        self.remember(&marks.text(), &row, &reading.composer, reader);
        let clients = clients.map(|r| format::clients(r.bytes())).unwrap_or_default();
        Ok(View {
            reader,
            in_mode: row.in_mode,
            person: self.person(&clients),
            status: reading.status,
            reason: reading.reason,
            file: self.file(),
            draft: self.ours.draft(&reading.composer),
            shown,
            echoed,
        })
    }

    /// What is asked of tmux beside the screen: `%3|x|y|line of the first pattern|…`.
    fn marks_format(&self) -> String {
        let mut format = "#{pane_id}|#{cursor_x}|#{cursor_y}".to_owned();
        for pattern in self.profile.dialog_patterns() {
            format.extend(["|#{C/r:", pattern, "}"]);
        }
        format
    }

    fn remember(&mut self, marks: &str, row: &PaneRow, composer: &Composer, reader: Reader) {
        let mut words = marks.trim_end_matches('\n').split('|').map(str::to_owned);
        // Another pane's data would come for a target that is gone.
        if words.next().as_deref() != Some(self.pane.to_string().as_str()) {
            self.last = Last::default();
            return;
        }
        let mut word = || words.next().unwrap_or_default();
        self.last.cursor = (word(), word());
        self.last.marks = words.collect();
        // Who was not proven to be the agent is looked at anew each time.
        self.last.command = (reader == Reader::Agent).then(|| row.current_command.clone());
        self.last.anchor = match composer {
            Composer::Draft(draft) => anchor(draft),
            _ => None,
        };
    }

    /// Who reads the keyboard. The processes are read when the one in front is not the one that was proven last.
    async fn reader(&self, row: &PaneRow) -> Reader {
        if self.last.command.as_ref() == Some(&row.current_command) {
            return Reader::Agent;
        }
        let Some(pane_pid) = row.pid else { return Reader::Nobody };
        let (profile, known) = (self.profile.clone(), self.watched.as_ref().and_then(|w| w.pid));
        let fact = tokio::task::spawn_blocking(move || {
            Processes::read().pane(pane_pid, &|stat| process::is_agent(&profile, known, stat, &process::argv))
        });
        match fact.await {
            Ok(ProcessFact::Alive { foreground: Foreground::Agent, .. }) => Reader::Agent,
            Ok(ProcessFact::Alive { foreground: Foreground::Shell, .. }) => Reader::Shell,
            Ok(ProcessFact::Dead { .. }) => Reader::Nobody,
            _ => Reader::Other,
        }
    }

    /// How long ago a person who looks at the pane pressed a key. tmux counts whole seconds: the doubt is in favour of
    /// the person.
    fn person(&self, clients: &[ClientRow]) -> Option<Duration> {
        let now = (self.now)().as_second();
        let at_it = clients.iter().filter(|c| !c.control && c.pane == Some(self.pane));
        let ago = at_it.map(|c| now.saturating_sub(c.activity).saturating_sub(1).max(0)).min()?;
        Some(Duration::from_secs(ago.unsigned_abs()))
    }

    fn file(&self) -> Option<(Status, Option<Reason>)> {
        let evidence = self.status_file()?.evidence?;
        Some((evidence.status?, evidence.reason))
    }

    /// What the agent's own status file says now.
    pub(super) fn status_file(&self) -> Option<status_file::StatusFile> {
        let pid = self.watched.as_ref()?.pid?;
        status_file::read(self.profile.status_file(), self.status_dir.as_ref()?, pid)
    }

    /// The cursor need not stand still: what is done does not go where it stands.
    pub(super) const fn ignore_cursor(&mut self) {
        self.refusals = CURSOR_REFUSALS;
    }

    /// A guarded act was done, or refused because something was not as it had been seen.
    pub(super) const fn acted(&mut self, done: bool) {
        self.refusals = if done { 0 } else { self.refusals + 1 };
    }

    /// The condition under which the pane is still as it was seen last, for `if-shell -F`.
    pub(super) fn unchanged(&self) -> String {
        let mut all = vec![
            format!("#{{?{},0,1}}", format::DEAD),
            "#{==:#{pane_in_mode},0}".to_owned(),
            format!("#{{==:#{{@swarm_instance}},{}}}", self.instance),
        ];
        all.extend(
            self.last
                .command
                .as_ref()
                .filter(|c| plain(c))
                .map(|c| format!("#{{==:#{{pane_current_command}},{c}}}")),
        );
        let patterns = self.profile.dialog_patterns().iter().zip(&self.last.marks);
        all.extend(patterns.map(|(pattern, line)| format!("#{{==:#{{C/r:{pattern}}},{line}}}")));
        if self.refusals < CURSOR_REFUSALS {
            let (x, y) = &self.last.cursor;
            all.extend([format!("#{{==:#{{cursor_x}},{x}}}"), format!("#{{==:#{{cursor_y}},{y}}}")]);
        }
        all.extend(self.last.anchor.as_ref().map(|words| format!("#{{C:{words}}}")));
        // Nothing was seen: nothing may be done.
        if self.last.marks.len() != self.profile.dialog_patterns().len() || self.last.command.is_none() {
            return "0".to_owned();
        }
        let last = all.pop().unwrap_or_default();
        all.into_iter().rev().fold(last, |rest, one| format!("#{{&&:{one},{rest}}}"))
    }
}

/// A word that a format takes literally.
fn plain(word: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Words on the last line of a draft that a format and a search take literally: as long as there are some.
fn anchor(draft: &str) -> Option<String> {
    let line = draft.lines().rev().find(|l| !l.trim().is_empty())?;
    let runs = line.split(|c: char| !c.is_ascii_alphanumeric() && c != ' ').map(str::trim);
    let longest = runs.max_by_key(|run| run.len()).filter(|run| run.len() >= *ANCHOR.start())?;
    longest.get(..longest.len().min(*ANCHOR.end())).map(|a| a.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_is_taken_literally_by_tmux() {
        assert_eq!(anchor("first\n  fix #{x}, then the build *now*  \n").as_deref(), Some("then the build"));
        assert_eq!(anchor("日本語 * ? a-b"), None);
        assert!(plain("node") && plain("claude.exe") && !plain("a,b") && !plain("") && !plain("#{x}"));
    }
}
