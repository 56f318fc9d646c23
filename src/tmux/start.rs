//! Starting a process in a pane without a race, without a shell, and without ending the server.
//!
//! `respawn-pane` is safe only in a pane that nothing has written to yet. tmux up to 3.7c keeps the old buffer's offsets
//! when it makes a new buffer; if output of the last process was still on its way to a control client, or came together
//! with its exit, the next output is read from beyond the buffer and the whole server crashes (measured on 3.3a: 9 of 20
//! with an `%output` client; fixed after 3.7c by tmux 4714f478f). So a used pane is never respawned: a new pane takes its
//! place, size and index, and the old one is killed.
//!
//! A new window has its process from the beginning: a placeholder would cost the server a second fork for each agent.

use super::command::{Command, Launch};
use super::control::{Connection, Reply};
use super::format::Created;
use super::id::{PaneId, SessionId, WindowId};
use crate::error::{Error, Kind, Result};

/// What was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Running {
    /// The pane it runs in: another than before when that one had been used.
    pub pane: PaneId,
    /// The window of the pane.
    pub window: WindowId,
    /// The process that tmux started.
    pub pid: u32,
}

/// A window to be made with a process in it.
#[derive(Debug)]
pub struct NewWindow<'a> {
    /// Its name.
    pub name: &'a str,
    /// What starts in it.
    pub launch: &'a Launch,
    /// Options of the window.
    pub options: &'a [(&'a str, &'a str)],
    /// Options of its pane, which it has before anything can happen to the process.
    pub pane_options: &'a [(&'a str, &'a str)],
}

/// A pane that was made empty, and what is to start in it.
#[derive(Debug)]
pub struct EmptyPane<'a> {
    /// The pane.
    pub pane: PaneId,
    /// What starts in it.
    pub launch: &'a Launch,
    /// Options of the pane, which it has from before the process starts.
    pub options: &'a [(&'a str, &'a str)],
}

/// What was started, or what tmux said against it.
pub type Outcome = std::result::Result<Running, String>;

/// Empty, or a placeholder: there is nothing in its buffers.
const UNUSED: &str =
    "#{||:#{==:#{pane_start_command},''},#{&&:#{==:#{pane_dead},0},#{==:#{pane_start_command},cat -}}}";
/// How many windows or panes are asked for before the answers are waited for: tmux takes about 2 ms for each.
const AT_ONCE: usize = 100;
/// What is said of a pane that is not.
const USED: &str = "used";
const FACTS: &str = "#{pane_id} #{window_id} #{session_id} #{pane_pid}";

impl Connection {
    /// Starts a process in the pane, or in a new pane in its place when a process has been in it before; what lives in
    /// the pane is ended. `options` are the pane options that the pane has from before the process starts: give all that
    /// a replacement must carry (`remain-on-exit`, `@swarm_…`).
    ///
    /// [`Kind::Gone`] when there is no such pane.
    pub async fn start(&self, pane: PaneId, launch: &Launch, options: &[(&str, &str)]) -> Result<Running> {
        let mut commands = set(pane, options);
        let respawn = Command::respawn_pane(pane, launch);
        commands.push(Command::if_format(pane, UNUSED, &[respawn], &[Command::say(USED)]));
        commands.push(Command::display_message(pane, FACTS));
        let (said, facts) = self.last_two(pane, commands).await?;
        if said.trim() != USED {
            return running(pane, &facts);
        }
        let session = facts.split(' ').nth(2).and_then(|id| id.parse().ok()).ok_or_else(|| gone(pane))?;
        // Should we die before it is swapped in, this window closes by itself.
        let waiting = Launch { argv: ["sleep", "60"].map(str::to_owned).to_vec(), ..Launch::default() };
        let made = self.one(Command::new_window(session, "swarm-restart", &waiting)).await?;
        let fresh = made.text().parse::<Created>()?.pane;
        let mut commands = set(fresh, options);
        // One list: nothing starts when the old pane has gone meanwhile.
        let steps =
            [Command::swap_pane(fresh, pane), Command::kill_pane(pane), Command::respawn_pane(fresh, launch)];
        commands.push(Command::if_format(fresh, "1", &steps, &[]));
        commands.push(Command::display_message(fresh, FACTS));
        match self.last_two(pane, commands).await {
            Ok((_, facts)) => running(fresh, &facts),
            Err(error) => {
                let _ = self.one(Command::kill_pane(fresh)).await;
                Err(error)
            }
        }
    }

    /// Makes windows at the end of the session with a process in each, all in one go; half of one is never left.
    pub async fn open(&self, session: SessionId, windows: &[NewWindow<'_>]) -> Result<Vec<Outcome>> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        // What a user runs after each new window may rename or move it before it is marked.
        const HOOK: &str = "after-new-window";
        let hooks = vec![Command::show_hooks(Some(session), HOOK), Command::show_hooks(None, HOOK)];
        let hooks = self.batch(hooks).await?;
        if hooks.iter().flatten().any(|hooks| hooks.text().contains(&format!("{HOOK}["))) {
            return self.open_marked_later(session, windows).await;
        }
        let mut outcomes = Vec::new();
        for windows in windows.chunks(AT_ONCE) {
            outcomes.extend(self.open_at_once(session, windows).await?);
        }
        Ok(outcomes)
    }

    async fn open_at_once(&self, session: SessionId, windows: &[NewWindow<'_>]) -> Result<Vec<Outcome>> {
        let token = format!("swarm-{}", uuid::Uuid::new_v4().simple());
        let tokens: Vec<String> = (0..windows.len()).map(|n| format!("{token}-{n}")).collect();
        let open = |(token, w): (&String, &NewWindow<'_>)| {
            Command::open_window(session, token, w.name, w.launch, w.options, w.pane_options, FACTS)
        };
        let replies = self.batch(tokens.iter().zip(windows).map(open).collect()).await?;
        let read = |reply: std::result::Result<Reply, String>| {
            let text = reply?.text().into_owned();
            let facts = text.lines().last().unwrap_or_default();
            let pane = facts.split(' ').next().and_then(|id| id.parse().ok());
            running(pane.ok_or("tmux did not say which pane it made")?, facts).map_err(|e| e.to_string())
        };
        let outcomes: Vec<Outcome> = replies.into_iter().map(read).collect();
        let failed = tokens.iter().zip(&outcomes).filter(|(_, outcome)| outcome.is_err());
        self.batch(failed.map(|(token, _)| Command::kill_half_made(session, token)).collect()).await?;
        Ok(outcomes)
    }

    /// The same in steps that a user's hook cannot come between: an idle placeholder, marked by its id, then the process.
    async fn open_marked_later(&self, session: SessionId, windows: &[NewWindow<'_>]) -> Result<Vec<Outcome>> {
        let placeholder = Launch::placeholder();
        let made = windows.iter().map(|w| Command::new_window(session, w.name, &placeholder)).collect();
        let mut outcomes = Vec::new();
        for (window, made) in windows.iter().zip(self.batch(made).await?) {
            let made = made.and_then(|r| r.text().parse::<Created>().map_err(|e| e.to_string()));
            outcomes.push(match made {
                Ok(made) => self.fill(made, window).await.map_err(|e| e.to_string()),
                Err(why) => Err(why),
            });
        }
        Ok(outcomes)
    }

    async fn fill(&self, made: Created, window: &NewWindow<'_>) -> Result<Running> {
        let marks = window.options.iter().map(|(name, value)| Command::set_option(made.window, name, value));
        let filled = async {
            self.batch(marks.collect()).await?;
            self.start(made.pane, window.launch, window.pane_options).await
        };
        let filled = filled.await;
        if filled.is_err() {
            let _ = self.one(Command::kill_pane(made.pane)).await;
        }
        filled
    }

    /// Starts a process in each of these panes, which are new and empty, all in one go.
    pub async fn start_all(&self, panes: &[EmptyPane<'_>]) -> Result<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for panes in panes.chunks(AT_ONCE) {
            outcomes.extend(self.start_at_once(panes).await?);
        }
        Ok(outcomes)
    }

    async fn start_at_once(&self, panes: &[EmptyPane<'_>]) -> Result<Vec<Outcome>> {
        let mut commands = Vec::new();
        let mut lengths = Vec::new();
        for EmptyPane { pane, launch, options } in panes {
            let respawn = Command::respawn_pane(*pane, launch);
            let mut list = set(*pane, options);
            list.push(Command::if_format(*pane, UNUSED, &[respawn], &[Command::say(USED)]));
            list.push(Command::display_message(*pane, FACTS));
            lengths.push(list.len());
            commands.extend(list);
        }
        let mut replies = self.batch(commands).await?.into_iter();
        let read = |(empty, length): (&EmptyPane<'_>, usize)| {
            let texts = replies.by_ref().take(length).map(|r| r.map(|r| r.text().trim_end().to_owned()));
            // All are taken, or the next pane would read what was said of this one.
            let texts: Vec<std::result::Result<String, String>> = texts.collect();
            let texts = texts.into_iter().collect::<std::result::Result<Vec<String>, String>>()?;
            match texts.as_slice() {
                [.., start, _] if start == USED => Err(format!("{} was used by something else", empty.pane)),
                [.., facts] => running(empty.pane, facts).map_err(|e| e.to_string()),
                [] => Err("tmux did not answer".to_owned()),
            }
        };
        Ok(panes.iter().zip(lengths).map(read).collect())
    }

    /// Runs commands on a pane and gives what the last two printed.
    async fn last_two(&self, pane: PaneId, commands: Vec<Command>) -> Result<(String, String)> {
        let mut texts = Vec::new();
        for reply in self.batch(commands).await? {
            let reply = reply.map_err(|said| {
                super::control::refused(&format!("tmux could not start a process in {pane}"), &said)
            })?;
            texts.push(reply.text().trim_end().to_owned());
        }
        let last = texts.pop().unwrap_or_default();
        Ok((texts.pop().unwrap_or_default(), last))
    }
}

fn set(pane: PaneId, options: &[(&str, &str)]) -> Vec<Command> {
    options.iter().map(|(name, value)| Command::set_option(pane, name, value)).collect()
}

/// Reads [`FACTS`]; tmux answers for another pane when the one asked for is gone.
fn running(pane: PaneId, facts: &str) -> Result<Running> {
    let words: Vec<&str> = facts.split(' ').collect();
    let [id, window, _, pid] = words[..] else { return Err(gone(pane)) };
    match (id.parse() == Ok(pane), window.parse(), pid.parse()) {
        (true, Ok(window), Ok(pid)) if pid > 0 => Ok(Running { pane, window, pid }),
        _ => Err(gone(pane)),
    }
}

fn gone(pane: PaneId) -> Error {
    Error::new(Kind::Gone, format!("the pane {pane} is gone"))
}
