//! Records as rows: what is booked, and what waits in a file while the database cannot be written.
//!
//! One JSON line for each row, in the order in which they are to be booked, readable by the user alone. A row that is
//! booked a second time (the monitor died between the commit and the removal of the file) changes nothing but the log of
//! events.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::handoff::queue::Entry;
use crate::state::{LogEvent, Record};
use crate::store::agents::{self, InstanceRow, NewEvent};
use crate::store::budgets::{self, HoldRow, Kept, Work};
use crate::store::handoffs;

/// The largest file, in bytes: log lines beyond it are kept in memory alone.
const SPOOL_MAX: u64 = 64 << 20;

/// A line of the event log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct EventLine {
    at: Timestamp,
    swarm: String,
    agent: Option<String>,
    instance: Option<String>,
    kind: String,
    actor: String,
    cause: Option<String>,
    data: serde_json::Value,
}

/// A record as the tables take it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Row {
    SwarmUp {
        session: Option<String>,
        config: Box<Config>,
        at: Timestamp,
    },
    SwarmDown {
        swarm: String,
        at: Timestamp,
    },
    InstanceStarted {
        swarm: String,
        row: InstanceRow,
    },
    InstanceSession {
        instance: String,
        session: String,
    },
    InstanceEnded {
        instance: String,
        status: Option<i32>,
        signal: Option<i32>,
        reason: String,
        at: Timestamp,
    },
    Renamed {
        swarm: String,
        from: String,
        to: String,
        instance: Option<String>,
    },
    Budget {
        swarm: String,
        kept: Kept,
    },
    Work {
        swarm: String,
        work: Work,
    },
    Hold {
        swarm: String,
        agent: String,
        hold: Option<HoldRow>,
    },
    Event(EventLine),
    Mark {
        id: String,
        mark: handoffs::Mark,
    },
    Letter {
        swarm: String,
        entry: Box<Entry>,
        accepted: bool,
        event: EventLine,
    },
}

impl From<LogEvent> for EventLine {
    fn from(event: LogEvent) -> Self {
        Self {
            at: event.at,
            swarm: event.swarm.to_string(),
            agent: event.agent.map(|a| a.to_string()),
            instance: event.instance,
            kind: event.kind.to_owned(),
            actor: event.actor,
            cause: event.cause,
            data: event.data,
        }
    }
}

impl EventLine {
    fn row(&self) -> NewEvent<'_> {
        NewEvent {
            at: self.at,
            swarm: &self.swarm,
            agent: self.agent.as_deref(),
            instance: self.instance.as_deref(),
            kind: &self.kind,
            actor: &self.actor,
            cause: self.cause.as_deref(),
            data: &self.data,
        }
    }
}

impl From<Record> for Row {
    fn from(record: Record) -> Self {
        match record {
            Record::SwarmUp { session, config, at } => {
                Self::SwarmUp { session: session.map(|s| s.to_string()), config, at }
            }
            Record::SwarmDown { swarm, at } => Self::SwarmDown { swarm: swarm.to_string(), at },
            Record::InstanceStarted {
                swarm,
                agent,
                profile,
                directory,
                pane,
                started,
                restarts,
                adopted,
                handoff_block,
                at,
            } => {
                let row = InstanceRow {
                    id: started.instance,
                    agent: agent.to_string(),
                    profile,
                    directory: directory.to_string_lossy().into_owned(),
                    pane: Some(pane.to_string()),
                    pid: Some(started.pid),
                    pid_start: started.pid_start,
                    session: started.session,
                    token: Some(started.token),
                    restarts,
                    adopted,
                    started: at,
                    ended: false,
                    end: None,
                    resumed: false,
                    handoff_block,
                };
                Self::InstanceStarted { swarm: swarm.to_string(), row }
            }
            Record::InstanceSession { instance, session } => Self::InstanceSession { instance, session },
            Record::InstanceEnded { instance, status, signal, reason, at } => {
                Self::InstanceEnded { instance, status, signal, reason: reason.as_str().to_owned(), at }
            }
            Record::Renamed { swarm, from, to, instance } => {
                let [swarm, from, to] = [swarm.to_string(), from.to_string(), to.to_string()];
                Self::Renamed { swarm, from, to, instance }
            }
            Record::Budget { swarm, kept } => Self::Budget { swarm: swarm.to_string(), kept },
            Record::Work { swarm, work } => Self::Work { swarm: swarm.to_string(), work },
            Record::Hold { swarm, agent, hold } => {
                let agent = agent.to_string();
                let row = |hold: crate::snapshot::Hold| HoldRow {
                    agent: agent.clone(),
                    by: hold.by,
                    reason: hold.reason,
                    since: hold.since,
                };
                Self::Hold { swarm: swarm.to_string(), hold: hold.map(row), agent }
            }
            Record::Event(event) => Self::Event(event.into()),
            Record::Mark { id, mark } => Self::Mark { id, mark },
            Record::Letter { swarm, entry, accepted, event } => {
                Self::Letter { swarm: swarm.to_string(), entry, accepted, event: (*event).into() }
            }
        }
    }
}

impl Row {
    /// Books this row.
    pub(super) fn book(&self, tx: &Transaction<'_>, server: &str) -> rusqlite::Result<()> {
        match self {
            Self::SwarmUp { session, config, at } => {
                agents::swarm_up(tx, server, session.as_deref(), config, *at).map(|_| ())
            }
            Self::SwarmDown { swarm, at } => agents::swarm_down(tx, server, swarm, *at),
            Self::InstanceStarted { swarm, row } => agents::instance_started(tx, server, swarm, row),
            Self::InstanceSession { instance, session } => agents::instance_session(tx, instance, session),
            Self::InstanceEnded { instance, status, signal, reason, at } => {
                agents::instance_ended(tx, instance, *status, *signal, reason, *at)
            }
            Self::Renamed { swarm, from, to, instance } => {
                agents::renamed(tx, (server, swarm), from, to, instance.as_deref())
            }
            Self::Budget { swarm, kept } => budgets::keep(tx, server, swarm, kept),
            Self::Work { swarm, work } => budgets::work(tx, server, swarm, work),
            Self::Hold { swarm, agent, hold } => budgets::hold(tx, server, swarm, agent, hold.as_ref()),
            Self::Event(event) => agents::event(tx, &event.row()).map(|_| ()),
            Self::Mark { id, mark } => handoffs::mark(tx, id, mark),
            Self::Letter { swarm, entry, accepted, event } => {
                if *accepted {
                    handoffs::accepted(tx, server, swarm, &entry.handoff)?;
                }
                handoffs::delivery(tx, entry, entry.is_over())?;
                agents::correlated_event(tx, &event.row(), Some(entry.handoff.thread())).map(|_| ())
            }
        }
    }
}

/// The file in which rows wait.
#[derive(Debug, Clone)]
pub struct Spool(PathBuf);

impl Spool {
    /// The spool of the monitor with this socket, below the state directory.
    pub fn of(state_dir: &Path, socket: &Path) -> Self {
        let name = socket.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Self(state_dir.join("spool").join(format!("records-{name}.jsonl")))
    }

    /// Everything that waits, in order; a line that a crash has torn is left out.
    pub(super) fn rows(&self) -> Vec<Row> {
        let Ok(file) = File::open(&self.0) else { return Vec::new() };
        let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
        lines.filter_map(|line| serde_json::from_slice(&line).ok()).collect()
    }

    /// Adds rows at the end; answers whether they are safe.
    pub(super) fn append(&self, rows: &[Row]) -> bool {
        let write = || -> std::io::Result<()> {
            if let Some(dir) = self.0.parent() {
                std::fs::create_dir_all(dir)?;
            }
            let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.0)?;
            let full = file.metadata()?.len() > SPOOL_MAX;
            let mut bytes = Vec::new();
            for row in rows.iter().filter(|row| !full || !matches!(row, Row::Event(_))) {
                serde_json::to_writer(&mut bytes, row)?;
                bytes.push(b'\n');
            }
            file.write_all(&bytes)?;
            file.sync_data()
        };
        write().inspect_err(|e| tracing::warn!("{}: {e}", self.0.display())).is_ok()
    }

    /// Everything was booked.
    pub(super) fn clear(&self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
