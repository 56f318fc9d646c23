//! Swarms, instances and the event log: what the monitor needs to find everything again.

use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// A swarm that was up when the monitor was last there.
#[derive(Debug, Clone)]
pub struct SwarmRow {
    /// Its name.
    pub name: String,
    /// Its session (`$3`).
    pub session: Option<String>,
    /// Its configuration, without the values of `env`.
    pub config: Config,
    /// The last instance of each agent.
    pub instances: Vec<InstanceRow>,
}

/// One incarnation of an agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Its id.
    pub id: String,
    /// The agent.
    pub agent: String,
    /// Its profile.
    pub profile: String,
    /// Its directory.
    pub directory: String,
    /// Its pane (`%5`).
    pub pane: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// The start time of the process in clock ticks since boot.
    pub pid_start: Option<u64>,
    /// Its conversation.
    pub session: Option<String>,
    /// Its token.
    pub token: Option<String>,
    /// How often it was restarted.
    pub restarts: u32,
    /// Whether its pane is the user's.
    pub adopted: bool,
    /// When it started.
    pub started: Timestamp,
    /// Whether it has ended.
    pub ended: bool,
    /// When it ended, and why, in our words.
    #[serde(default)]
    pub end: Option<(Timestamp, String)>,
    /// It was started with the conversation of one before.
    #[serde(default)]
    pub resumed: bool,
    /// Whether handoffs are taken from its replies.
    #[serde(default)]
    pub handoff_block: bool,
}

/// A line of the event log to be written.
#[derive(Debug, Clone)]
pub struct NewEvent<'a> {
    /// When.
    pub at: Timestamp,
    /// The swarm.
    pub swarm: &'a str,
    /// The agent.
    pub agent: Option<&'a str>,
    /// Its instance.
    pub instance: Option<&'a str>,
    /// `agent.status`, …
    pub kind: &'a str,
    /// Who caused it.
    pub actor: &'a str,
    /// What caused it.
    pub cause: Option<&'a str>,
    /// More about it.
    pub data: &'a serde_json::Value,
}

/// Books that a swarm is up; answers its row id.
pub fn swarm_up(
    tx: &Transaction<'_>,
    server: &str,
    session: Option<&str>,
    config: &Config,
    at: Timestamp,
) -> rusqlite::Result<i64> {
    let spec =
        serde_json::to_string(config).map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
    tx.query_row(
        "INSERT INTO swarm(server, name, session, file, spec, up_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT(server, name) DO UPDATE SET
           session = excluded.session, file = excluded.file, spec = excluded.spec, down_at = NULL,
           up_at = CASE WHEN down_at IS NULL THEN up_at ELSE excluded.up_at END
         RETURNING id",
        params![server, config.name.as_str(), session, config.file.to_string_lossy(), spec, at.to_string()],
        |row| row.get(0),
    )
}

/// Books that a swarm was ended.
pub fn swarm_down(tx: &Transaction<'_>, server: &str, name: &str, at: Timestamp) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE swarm SET session = NULL, down_at = ?3 WHERE server = ?1 AND name = ?2",
        params![server, name, at.to_string()],
    )?;
    // Nobody is held in the next one for what was wrong in this.
    tx.execute("DELETE FROM hold WHERE server = ?1 AND swarm = ?2", params![server, name])?;
    Ok(())
}

/// Books a new instance.
pub fn instance_started(
    tx: &Transaction<'_>,
    server: &str,
    swarm: &str,
    row: &InstanceRow,
) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO instance(id, swarm_id, agent, profile, directory, pane, pid, pid_start, session, token, restarts,
                              adopted, started_at, handoff_block)
         SELECT ?3, id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15 FROM swarm WHERE server = ?1 AND name = ?2",
        params![
            server,
            swarm,
            row.id,
            row.agent,
            row.profile,
            row.directory,
            row.pane,
            row.pid,
            row.pid_start.and_then(|t| i64::try_from(t).ok()),
            row.session,
            row.token,
            row.restarts,
            row.adopted,
            row.started.to_string(),
            row.handoff_block,
        ],
    )?;
    Ok(())
}

/// Books the conversation of an instance.
pub fn instance_session(tx: &Transaction<'_>, instance: &str, session: &str) -> rusqlite::Result<()> {
    tx.execute("UPDATE instance SET session = ?2 WHERE id = ?1", params![instance, session])?;
    Ok(())
}

/// Books the end of an instance; a second end changes nothing, but of one that was only lost from sight.
pub fn instance_ended(
    tx: &Transaction<'_>,
    instance: &str,
    status: Option<i32>,
    signal: Option<i32>,
    reason: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE instance SET ended_at = ?2, exit_status = ?3, exit_signal = ?4, end_reason = ?5
         WHERE id = ?1 AND (ended_at IS NULL OR end_reason = 'lost')",
        params![instance, at.to_string(), status, signal, reason],
    )?;
    Ok(())
}

/// Books everything of an agent under another name, but what has happened: that stays as it was told.
///
/// Where an agent that was removed had that name and the same key, what was its own goes.
pub fn renamed(
    tx: &Transaction<'_>,
    (server, swarm): (&str, &str),
    from: &str,
    to: &str,
    instance: Option<&str>,
) -> rusqlite::Result<()> {
    const INSTANCES: &str = "SELECT id FROM instance WHERE agent = ?3 AND swarm_id = (SELECT id FROM swarm WHERE server = ?1 AND name = ?2)";
    let here = params![server, swarm, from, to];
    // Bills are found by the incarnations that made them: swarms of this name on other servers have their own.
    tx.execute(&format!("UPDATE usage_owner SET agent = ?4 WHERE instance IN ({INSTANCES})"), here)?;
    tx.execute(&format!("UPDATE instance SET agent = ?4 WHERE id IN ({INSTANCES})"), here)?;
    // The last row of a name is the one that counts.
    tx.execute(
        "UPDATE instance SET rowid = (SELECT max(rowid) + 1 FROM instance) WHERE id = ?1",
        params![instance],
    )?;
    for sql in [
        "UPDATE OR REPLACE hold SET agent = ?4 WHERE server = ?1 AND swarm = ?2 AND agent = ?3",
        "UPDATE OR REPLACE work SET agent = ?4 WHERE server = ?1 AND swarm = ?2 AND agent = ?3",
        "UPDATE OR REPLACE budget SET scope = ?4 WHERE server = ?1 AND swarm = ?2 AND scope = ?3",
        "UPDATE delivery SET agent = ?4 WHERE agent = ?3
           AND message_id IN (SELECT id FROM message WHERE server = ?1 AND swarm = ?2)",
        "UPDATE message SET recipient = ?4 WHERE server = ?1 AND swarm = ?2 AND recipient = ?3",
        "UPDATE message SET idem_key = NULL WHERE server = ?1 AND swarm = ?2 AND sender = ?4
           AND idem_key IN (SELECT idem_key FROM message WHERE server = ?1 AND swarm = ?2 AND sender = ?3)",
        "UPDATE message SET sender = ?4 WHERE server = ?1 AND swarm = ?2 AND sender = ?3",
    ] {
        tx.execute(sql, here)?;
    }
    Ok(())
}

/// Appends to the event log.
pub fn event(tx: &Transaction<'_>, event: &NewEvent<'_>) -> rusqlite::Result<i64> {
    correlated_event(tx, event, None)
}

/// Appends to the event log what belongs together with all events of the same `correlation`.
pub fn correlated_event(
    tx: &Transaction<'_>,
    event: &NewEvent<'_>,
    correlation: Option<&str>,
) -> rusqlite::Result<i64> {
    tx.execute(
        "INSERT INTO event(at, swarm, agent, instance, kind, actor, cause, data, correlation)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        params![
            event.at.to_string(),
            event.swarm,
            event.agent,
            event.instance,
            event.kind,
            event.actor,
            event.cause,
            event.data.to_string(),
            correlation,
        ],
    )?;
    Ok(tx.last_insert_rowid())
}

/// The swarms of this tmux server that were up, with the last instance of each agent. A row that cannot be read any
/// more is skipped: it must not keep the others from coming back.
pub fn live_swarms(conn: &Connection, server: &str) -> rusqlite::Result<Vec<SwarmRow>> {
    let mut swarms =
        conn.prepare("SELECT id, name, session, spec FROM swarm WHERE server = ?1 AND down_at IS NULL")?;
    let mut instances = conn.prepare(
        "SELECT id, agent, profile, directory, pane, pid, pid_start, session, token, restarts, adopted, started_at,
                ended_at IS NOT NULL, ended_at, end_reason,
                EXISTS (SELECT 1 FROM instance k WHERE k.swarm_id = i.swarm_id AND k.agent = i.agent
                          AND k.session = i.session AND k.rowid < i.rowid), handoff_block
         FROM instance i WHERE swarm_id = ?1
           AND rowid = (SELECT max(rowid) FROM instance j WHERE j.swarm_id = i.swarm_id AND j.agent = i.agent)",
    )?;
    let rows = swarms.query_map([server], |row| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, String>(1)?,
            row.get::<_, Option<String>>(2)?,
            row.get::<_, String>(3)?,
        ))
    })?;
    let mut out = Vec::new();
    for row in rows {
        let (id, name, session, spec) = row?;
        let Ok(config) = serde_json::from_str(&spec) else { continue };
        let instances = instances.query_map([id], instance_row)?.collect::<rusqlite::Result<_>>()?;
        out.push(SwarmRow { name, session, config, instances });
    }
    Ok(out)
}

fn instance_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<InstanceRow> {
    let started: String = row.get(11)?;
    let end = row.get::<_, Option<String>>(13)?.zip(row.get::<_, Option<String>>(14)?);
    Ok(InstanceRow {
        id: row.get(0)?,
        agent: row.get(1)?,
        profile: row.get(2)?,
        directory: row.get(3)?,
        pane: row.get(4)?,
        pid: row.get(5)?,
        pid_start: row.get::<_, Option<i64>>(6)?.and_then(|t| u64::try_from(t).ok()),
        session: row.get(7)?,
        token: row.get(8)?,
        restarts: row.get(9)?,
        adopted: row.get(10)?,
        started: Timestamp::from_str(&started).unwrap_or(Timestamp::UNIX_EPOCH),
        ended: row.get(12)?,
        end: end.and_then(|(at, why)| Some((at.parse().ok()?, why))),
        resumed: row.get(15)?,
        handoff_block: row.get(16)?,
    })
}

/// One line of the event log.
#[derive(Debug, Clone, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct EventRow {
    /// Counts up.
    pub id: i64,
    /// When (RFC 3339, UTC).
    pub at: String,
    /// The swarm.
    pub swarm: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// Its instance.
    pub instance: Option<String>,
    /// `agent.status`, …
    pub kind: String,
    /// Who caused it.
    pub actor: String,
    /// What caused it.
    pub cause: Option<String>,
    /// More about it.
    pub data: serde_json::Value,
}

/// The last status of an instance that is on record, as JSON with `status`, `reason` and since when (`since`, else the
/// time of the event).
pub fn last_status(
    conn: &Connection,
    swarm: &str,
    agent: &str,
    instance: &str,
) -> rusqlite::Result<Option<(Timestamp, serde_json::Value)>> {
    let mut query = conn.prepare_cached(
        "SELECT at, data FROM event WHERE swarm = ?1 AND agent = ?2 AND instance = ?3
           AND kind IN ('agent.status', 'agent.terminated') ORDER BY id DESC LIMIT 1",
    )?;
    let row = query.query_row(params![swarm, agent, instance], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
    });
    let Some((at, data)) = row.optional()? else { return Ok(None) };
    Ok(at.parse().ok().zip(serde_json::from_str(&data).ok()))
}

/// The newest `limit` events after `after`, oldest first, of one swarm and agent where given.
pub fn events(
    conn: &Connection,
    swarm: Option<&str>,
    agent: Option<&str>,
    after: i64,
    limit: u32,
) -> rusqlite::Result<Vec<EventRow>> {
    let mut query = conn.prepare_cached(
        "SELECT id, at, swarm, agent, instance, kind, actor, cause, data FROM (
           SELECT * FROM event WHERE id > ?3 AND (?1 IS NULL OR swarm = ?1) AND (?2 IS NULL OR agent = ?2)
           ORDER BY id DESC LIMIT ?4) ORDER BY id",
    )?;
    let rows = query.query_map(params![swarm, agent, after, limit], |row| {
        let data: String = row.get(8)?;
        Ok(EventRow {
            id: row.get(0)?,
            at: row.get(1)?,
            swarm: row.get(2)?,
            agent: row.get(3)?,
            instance: row.get(4)?,
            kind: row.get(5)?,
            actor: row.get(6)?,
            cause: row.get(7)?,
            data: serde_json::from_str(&data).unwrap_or(serde_json::Value::Null),
        })
    })?;
    rows.collect()
}
