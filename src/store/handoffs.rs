//! Messages and their deliveries. Every step is one transaction with its event.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::handoff::queue::Entry;
use crate::handoff::{Artifact, Context, Draft, Git, Handoff, Proof, State};

/// What has no column of its own.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct More {
    context: Context,
    artifacts: Vec<Artifact>,
    git: Option<Git>,
}

/// Books a new message.
pub fn accepted(tx: &Transaction<'_>, server: &str, swarm: &str, handoff: &Handoff) -> rusqlite::Result<()> {
    let draft = &handoff.draft;
    let more =
        More { context: draft.context.clone(), artifacts: draft.artifacts.clone(), git: draft.git.clone() };
    tx.prepare_cached(
        "INSERT INTO message(id, server, swarm, idem_key, thread_id, reply_to, schema, kind, prio, sender, recipient,
                             need, subject, body, body_sha256, more, created, expires)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18) ON CONFLICT(id) DO NOTHING",
    )?
    .execute(params![
        handoff.id,
        server,
        swarm,
        draft.idem_key,
        handoff.thread(),
        draft.reply_to,
        handoff.schema,
        draft.kind.as_str(),
        draft.priority,
        handoff.from.to_string(),
        draft.to.to_string(),
        draft.need.as_str(),
        draft.subject,
        draft.body,
        digest(&draft.body),
        serde_json::to_string(&more).unwrap_or_default(),
        handoff.created.to_string(),
        draft.expires.map(|t| t.to_string()),
    ])?;
    Ok(())
}

/// Books how far a message got.
pub fn delivery(tx: &Transaction<'_>, entry: &Entry, over: bool) -> rusqlite::Result<()> {
    let at = |is: bool| is.then(|| entry.since.to_string());
    let proof = entry.proof.as_ref();
    tx.prepare_cached(
        "INSERT INTO delivery(message_id, seq, way, agent, instance, state, attempts, shown, reminded, evidence, proof,
                              proof_at, note, due, since, seen_at, acked_at, over)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)
         ON CONFLICT(message_id) DO UPDATE SET
           agent = excluded.agent, instance = excluded.instance, state = excluded.state,
           attempts = excluded.attempts, shown = excluded.shown, reminded = excluded.reminded,
           evidence = excluded.evidence, proof = excluded.proof, proof_at = excluded.proof_at,
           note = excluded.note, due = excluded.due, since = excluded.since, over = excluded.over,
           seen_at = coalesce(seen_at, excluded.seen_at), acked_at = coalesce(acked_at, excluded.acked_at)",
    )?
    .execute(params![
        entry.handoff.id,
        i64::try_from(entry.seq).unwrap_or(i64::MAX),
        entry.way.as_str(),
        entry.agent.as_ref().map(crate::name::AgentName::as_str),
        entry.instance,
        entry.state.as_str(),
        entry.attempts,
        entry.shown,
        entry.reminded,
        proof.map(|p| p.evidence.as_str()),
        proof.map(|p| p.text.as_str()),
        proof.map(|p| p.at.to_string()),
        entry.note,
        entry.due.map(|t| t.to_string()),
        entry.since.to_string(),
        at(entry.state == State::Seen),
        at(entry.state == State::Acked),
        over,
    ])?;
    Ok(())
}

/// Where an attempt began: what lies behind it is of this attempt, what was there before proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When it was made.
    pub at: Timestamp,
    /// The receiver's transcript, and how many bytes it had.
    pub transcript: Option<(PathBuf, u64)>,
    /// How often the text, or its doorbell, stood on the screen and above it.
    pub screen: Option<u64>,
}

/// Books where an attempt begins, before anything is typed.
pub fn mark(tx: &Transaction<'_>, id: &str, mark: &Mark) -> rusqlite::Result<()> {
    let int = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    tx.prepare_cached(
        "INSERT INTO mark(message_id, at, transcript, bytes, screen) VALUES (?1,?2,?3,?4,?5)
         ON CONFLICT(message_id) DO UPDATE SET
           at = excluded.at, transcript = excluded.transcript, bytes = excluded.bytes, screen = excluded.screen",
    )?
    .execute(params![
        id,
        mark.at.to_string(),
        mark.transcript.as_ref().map(|(path, _)| path.to_string_lossy()),
        mark.transcript.as_ref().map(|(_, bytes)| int(*bytes)),
        mark.screen.map(int),
    ])?;
    Ok(())
}

/// Where the last attempt of a message began; `None` where nothing of it was ever typed.
pub fn marked(conn: &Connection, id: &str) -> rusqlite::Result<Option<Mark>> {
    let row = |row: &Row<'_>| {
        let number =
            |name: &str| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(name)?.map(i64::unsigned_abs));
        let path = row.get::<_, Option<String>>("transcript")?.map(PathBuf::from);
        Ok(Mark {
            at: time(&row.get::<_, String>("at")?),
            transcript: path.zip(number("bytes")?),
            screen: number("screen")?,
        })
    };
    conn.query_row("SELECT at, transcript, bytes, screen FROM mark WHERE message_id = ?1", [id], row)
        .optional()
}

/// The message that this sender sent under this key, whenever that was, and how far it got.
pub fn of_key(
    conn: &Connection,
    server: &str,
    swarm: &str,
    sender: &str,
    key: &str,
) -> rusqlite::Result<Option<(String, State)>> {
    let row = |row: &Row<'_>| {
        let state: String = row.get(1)?;
        Ok((row.get(0)?, state.parse().unwrap_or(State::Done)))
    };
    conn.query_row(
        "SELECT m.id, d.state FROM message m JOIN delivery d ON d.message_id = m.id
         WHERE m.server = ?1 AND m.swarm = ?2 AND m.sender = ?3 AND m.idem_key = ?4",
        params![server, swarm, sender, key],
        row,
    )
    .optional()
}

/// The messages of one tmux server that something is still to be done about, and those that ended lately (their keys
/// must hold); with their swarms, in the order of arrival.
pub fn live(conn: &Connection, server: &str, recent: u32) -> rusqlite::Result<Vec<(String, Entry)>> {
    let mut query = conn.prepare(&format!(
        "SELECT * FROM (
           SELECT {COLUMNS} FROM message m JOIN delivery d ON d.message_id = m.id WHERE m.server = ?1 AND d.over = 0
           UNION ALL
           SELECT * FROM (SELECT {COLUMNS} FROM message m JOIN delivery d ON d.message_id = m.id
                          WHERE m.server = ?1 AND d.over = 1 ORDER BY m.id DESC LIMIT ?2)
         ) ORDER BY seq"
    ))?;
    let rows = query.query_map(params![server, recent], |row| Ok((row.get("swarm")?, entry(row)?)))?;
    // A row that cannot be read any more must not keep the others from coming back.
    Ok(rows
        .filter_map(|row: rusqlite::Result<(String, Option<Entry>)>| row.ok())
        .filter_map(|(s, e)| Some((s, e?)))
        .collect())
}

/// Messages whatever became of them, newest first: to `of` (an agent or `human`) where given, and with an id that ends
/// in `id` where given. `_` and `%` in it find nothing.
pub fn letters(
    conn: &Connection,
    server: &str,
    swarm: &str,
    of: Option<&str>,
    id: Option<&str>,
    limit: u32,
) -> rusqlite::Result<Vec<Entry>> {
    let mut query = conn.prepare(&format!(
        "SELECT {COLUMNS} FROM message m JOIN delivery d ON d.message_id = m.id
         WHERE m.server = ?1 AND m.swarm = ?2
           AND (?3 IS NULL OR d.agent = ?3 OR m.recipient = ?3)
           AND (?4 IS NULL OR substr(m.id, -length(?4)) = ?4)
         ORDER BY m.id DESC LIMIT ?5"
    ))?;
    let rows = query.query_map(params![server, swarm, of, id, limit], entry)?;
    Ok(rows.filter_map(|row| row.ok().flatten()).collect())
}

const COLUMNS: &str = "m.id, m.swarm, m.idem_key, m.thread_id, m.reply_to, m.schema, m.kind, m.prio, m.sender, \
     m.recipient, m.need, m.subject, m.body, m.body_sha256, m.more, m.created, m.expires, d.seq, d.way, d.agent, \
     d.instance, d.state, d.attempts, d.shown, d.reminded, d.evidence, d.proof, d.proof_at, d.note, d.due, d.since";

/// A row as a message; `None` where its words are not ours any more, or its body is not what was stored.
fn entry(row: &Row<'_>) -> rusqlite::Result<Option<Entry>> {
    let text = |name: &str| row.get::<_, String>(name);
    let maybe = |name: &str| row.get::<_, Option<String>>(name);
    let body = text("body")?;
    let intact = text("body_sha256")? == digest(&body);
    let more: More = serde_json::from_str(&text("more")?).unwrap_or_default();
    let word = |name: &str| text(name).map(serde_json::Value::String);
    let read = || -> Option<Entry> {
        let draft = Draft {
            to: text("recipient").ok()?.parse().ok()?,
            kind: serde_json::from_value(word("kind").ok()?).ok()?,
            subject: text("subject").ok()?,
            body: body.clone(),
            idem_key: maybe("idem_key").ok()?,
            thread: Some(text("thread_id").ok()?),
            reply_to: maybe("reply_to").ok()?,
            expires: maybe("expires").ok()?.and_then(|t| t.parse().ok()),
            priority: row.get("prio").ok()?,
            context: more.context.clone(),
            artifacts: more.artifacts.clone(),
            git: more.git.clone(),
            need: serde_json::from_value(word("need").ok()?).ok()?,
        };
        let handoff = Handoff {
            schema: text("schema").ok()?,
            id: text("id").ok()?,
            from: text("sender").ok()?.parse().ok()?,
            created: time(&text("created").ok()?),
            draft,
        };
        let evidence = maybe("evidence").ok()?.and_then(|e| e.parse().ok());
        let proof = evidence.map(|evidence| Proof {
            evidence,
            text: maybe("proof").ok().flatten().unwrap_or_default(),
            at: time(&maybe("proof_at").ok().flatten().unwrap_or_default()),
        });
        Some(Entry {
            handoff: Arc::new(handoff),
            way: text("way").ok()?.parse().ok()?,
            seq: u64::try_from(row.get::<_, i64>("seq").ok()?).unwrap_or(0),
            agent: maybe("agent").ok()?.and_then(|a| a.parse().ok()),
            instance: maybe("instance").ok()?,
            state: text("state").ok()?.parse().ok()?,
            attempts: row.get("attempts").ok()?,
            shown: row.get("shown").ok()?,
            reminded: row.get("reminded").ok()?,
            proof,
            note: maybe("note").ok()?,
            due: maybe("due").ok()?.and_then(|t| t.parse().ok()),
            since: time(&text("since").ok()?),
            carried: None,
            staged: None,
        })
    };
    Ok(if intact { read() } else { None })
}

fn time(text: &str) -> Timestamp {
    Timestamp::from_str(text).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn digest(body: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(body).iter().fold(String::with_capacity(64), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handoff::{Evidence, Party, SCHEMA, Way};

    #[test]
    fn messages_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let mut conn = crate::store::open_writer(&dir.path().join("swarm.db")).unwrap();
        let at = Timestamp::from_second(1_800_000_000).unwrap();
        let mut draft = Draft::new("@reviewer".parse().unwrap(), "look", "at \u{1b}[31mthis\nand that");
        draft.thread = Some("t".into());
        draft.idem_key = Some("k".into());
        draft.context.blockers = vec!["none".into()];
        draft.git = Some(Git { branch: Some("main".into()), ..Git::default() });
        draft.expires = Some(at);
        let handoff = Handoff {
            schema: SCHEMA.into(),
            id: crate::handoff::ulid(at, 9),
            from: Party::Agent("backend".parse().unwrap()),
            created: at,
            draft,
        };
        let mut one = Entry {
            handoff: Arc::new(handoff),
            way: Way::Doorbell,
            seq: 3,
            agent: None,
            instance: None,
            state: State::Queued,
            attempts: 0,
            shown: 0,
            reminded: false,
            proof: None,
            note: Some("waits".into()),
            due: None,
            since: at,
            carried: None,
            staged: None,
        };
        let tx = conn.transaction().unwrap();
        accepted(&tx, "s", "shop", &one.handoff).unwrap();
        accepted(&tx, "s", "shop", &one.handoff).unwrap();
        delivery(&tx, &one, false).unwrap();
        one.state = State::Seen;
        one.agent = Some("web".parse().unwrap());
        one.proof = Some(Proof { evidence: Evidence::Inbox, text: "swarm inbox".into(), at });
        one.due = Some(at);
        delivery(&tx, &one, false).unwrap();
        let first = Mark { at, transcript: None, screen: Some(2) };
        let second = Mark { at, transcript: Some(("/t.jsonl".into(), 7)), screen: None };
        mark(&tx, &one.handoff.id, &first).unwrap();
        mark(&tx, &one.handoff.id, &second).unwrap();
        tx.commit().unwrap();
        assert_eq!(marked(&conn, &one.handoff.id).unwrap(), Some(second));
        assert_eq!(marked(&conn, "other").unwrap(), None);
        let known = of_key(&conn, "s", "shop", "backend", "k").unwrap();
        assert_eq!(known, Some((one.handoff.id.clone(), State::Seen)));
        assert_eq!(of_key(&conn, "s", "shop", "human", "k").unwrap(), None);
        assert_eq!(live(&conn, "s", 10).unwrap(), [("shop".to_owned(), one.clone())]);
        assert!(live(&conn, "other", 10).unwrap().is_empty());
        let end = &one.handoff.id[20..];
        for (of, id, count) in
            [(None, None, 1), (Some("web"), Some(end), 1), (Some("x"), None, 0), (None, Some("%"), 0)]
        {
            assert_eq!(letters(&conn, "s", "shop", of, id, 10).unwrap().len(), count, "{of:?} {id:?}");
        }
        conn.execute("UPDATE message SET body = 'other'", []).unwrap();
        assert!(live(&conn, "s", 10).unwrap().is_empty(), "a body that is not what was stored is not shown");
    }
}
