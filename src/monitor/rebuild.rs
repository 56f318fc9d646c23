//! Finds everything again: after a restart of the monitor, and after the tmux connection was lost.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::Connection;

use crate::config::edit::{self, NewAgent};
use crate::config::trust::{Trust, TrustList};
use crate::config::{Config, Loader};
use crate::error::Result;
use crate::ledger::money::Usd;
use crate::snapshot::Hold;
use crate::state::{EventKind, Instance, SavedAgent, SavedLetter, SavedSwarm, Usage};
use crate::status::{Reason, Status};
use crate::store::agents::{self, InstanceRow, SwarmRow};
use crate::store::budgets::{self, HoldRow};
use crate::store::handoffs;
use crate::store::usage::{instance_totals, last_request, owner_cost_since};
use crate::tmux::{Command, format};

use super::perform::Hands;
use super::sessions::no_server;
use super::transcripts::{midnight, tokens};

/// How often a lost connection is tried again before the server counts as gone.
const TRIES: u32 = 5;
/// Messages that ended are read back so that their idempotency keys hold.
const RECENT: u32 = 1000;

/// What the state must know before the first client is served: the swarms of the store, then the panes of tmux.
pub async fn rebuild(hands: &Hands, database: &Path, server: &Path, now: Timestamp) -> Vec<EventKind> {
    let (rows, letters) = match read(database, server, midnight(now)) {
        Ok(read) => read,
        Err(err) => return vec![EventKind::Problem { about: "database", text: Some(err.to_string()) }],
    };
    // Messages wait for swarms that are down, too.
    let letters = EventKind::Letters(letters);
    if rows.is_empty() {
        return vec![letters];
    }
    // A monitor was here before: its clients may be detaching right now.
    hands.link.unsettle();
    let saved: Vec<SavedSwarm> = rows.into_iter().map(|held| saved(hands, held)).collect();
    let sessions = saved.iter().filter_map(|s| s.session).collect();
    hands.link.set_sessions(sessions);
    let mut out = vec![EventKind::Rebuilt(saved), letters];
    if let Ok(text) = hands.link.spec().run(&[Command::list_panes()]).await {
        let rows = format::panes(text.as_bytes());
        out.push(EventKind::Panes { rows, looked_at: None });
    }
    out
}

/// A swarm as it is stored, the holds of its agents, and what is known of their instances, in their order.
struct HeldSwarm {
    holds: Vec<HoldRow>,
    row: SwarmRow,
    known: Vec<Known>,
}

/// What the store knows of an instance besides its row.
#[derive(Default)]
struct Known {
    usage: Usage,
    transcript: Option<PathBuf>,
    status: Option<(Status, Option<Reason>, Timestamp)>,
}

impl Known {
    fn read(conn: &Connection, swarm: &str, i: &InstanceRow, midnight: i64) -> rusqlite::Result<Self> {
        let pico = |usd: Usd| u64::try_from(usd.0).ok();
        let cost_today = owner_cost_since(conn, swarm, &i.agent, midnight)?.and_then(pico);
        // One that was lost from sight may be there.
        if i.ended && i.end.as_ref().is_none_or(|(_, why)| why != Reason::Lost.as_str()) {
            return Ok(Self { usage: Usage { cost_today, ..Usage::default() }, ..Self::default() });
        }
        let sums = instance_totals(conn, &i.id)?;
        let (transcript, model) = last_request(conn, &i.id)?.unzip();
        let usage = Usage {
            tokens: (sums.calls > 0).then(|| tokens(&sums)),
            cost: sums.cost_usd.filter(|_| sums.calls > 0).and_then(pico),
            cost_today,
            context: None,
            model: model.filter(|m: &String| !m.is_empty()),
            subagents: Vec::new(),
        };
        let status = agents::last_status(conn, swarm, &i.agent, &i.id)?.and_then(|(at, data)| {
            let word = |key: &str| data.get(key).cloned().unwrap_or_default();
            let status = serde_json::from_value(word("status")).ok()?;
            let reason = serde_json::from_value(word("reason")).ok()?;
            Some((status, reason, serde_json::from_value(word("since")).unwrap_or(at)))
        });
        Ok(Self { usage, transcript, status })
    }
}

fn read(database: &Path, server: &Path, midnight: i64) -> Result<(Vec<HeldSwarm>, Vec<SavedLetter>)> {
    let conn = crate::store::open_reader(database)?;
    let server = server.display().to_string();
    let failed = |e| crate::store::explain(database, e);
    let swarms = agents::live_swarms(&conn, &server).map_err(failed)?.into_iter();
    let swarms = swarms.map(|row| {
        let known = row.instances.iter().map(|i| Known::read(&conn, &row.name, i, midnight));
        let known = known.collect::<rusqlite::Result<_>>()?;
        Ok(HeldSwarm { holds: budgets::holds(&conn, &server, &row.name)?, row, known })
    });
    let swarms = swarms.collect::<rusqlite::Result<_>>().map_err(failed)?;
    let letters = handoffs::live(&conn, &server, RECENT).map_err(failed)?;
    let letters = letters
        .into_iter()
        .filter_map(|(swarm, entry)| Some(SavedLetter { swarm: swarm.parse().ok()?, entry }))
        .collect();
    Ok((swarms, letters))
}

fn saved(hands: &Hands, held: HeldSwarm) -> SavedSwarm {
    let HeldSwarm { holds, row, known } = held;
    let mut config = row.config;
    // The values of `env` are not stored; the swarm file has them, if it is still the trusted one.
    let fresh = reread(hands, &config);
    for agent in &mut config.agents {
        match fresh.as_ref().and_then(|fresh| fresh.agent(&agent.name)) {
            Some(now) => agent.env.clone_from(&now.env),
            None => agent.env_unknown = !agent.env.is_empty(),
        }
    }
    let agents = row.instances.into_iter().zip(known).filter_map(|(i, known)| {
        Some(SavedAgent {
            agent: i.agent.parse().ok()?,
            hold: holds.iter().find(|h| h.agent == i.agent).map(|h| Hold {
                by: h.by.clone(),
                reason: h.reason.clone(),
                since: h.since,
            }),
            ended: i.ended,
            why: i.end.as_ref().and_then(|(_, why)| serde_json::from_value(why.as_str().into()).ok()),
            asleep: i.end.filter(|(_, why)| why == Reason::Asleep.as_str()).map(|(at, _)| at),
            resumed: i.resumed,
            restarts: i.restarts,
            adopted: i.adopted,
            usage: known.usage,
            status: known.status,
            instance: Instance {
                id: i.id,
                pid: i.pid,
                pid_start: i.pid_start,
                token: i.token.filter(|t| !t.is_empty()),
                session: i.session,
                transcript: known.transcript,
                started: i.started,
                handoff_block: i.handoff_block,
                asked: None,
            },
        })
    });
    let agents = agents.collect();
    SavedSwarm { session: row.session.and_then(|s| s.parse().ok()), config, agents }
}

/// The swarm file as it is now, if it is valid and still the one that was trusted.
fn reread(hands: &Hands, config: &Config) -> Option<Config> {
    let contents = std::fs::read_to_string(&config.file).ok()?;
    let list = TrustList::new(&hands.paths.state_dir);
    if list.check(&config.file, &contents) != Trust::Trusted {
        return None;
    }
    let profiles = hands.profiles.now();
    let loader =
        Loader { paths: &hands.paths, profiles: profiles.as_ref(), env: &crate::paths::var, flags: &[] };
    let load = |text: &str| loader.load_text(&config.file, text).ok().map(|loaded| loaded.config);
    let plain = load(&contents)?;
    // Agents that were added by hand have their variables from the file's defaults.
    let added = config.agents.iter().filter(|a| a.added && plain.agent(&a.name).is_none());
    let described = added.fold(contents, |text, spec| {
        let (name, profile) = (spec.name.to_string(), Some(spec.profile.clone()));
        edit::add(&text, &NewAgent { name, profile, ..NewAgent::default() }).unwrap_or(text)
    });
    load(&described).or(Some(plain))
}

/// The connection ended: is the server gone, or only the session it was attached to?
pub async fn look_again(hands: &Hands) -> Option<EventKind> {
    for n in 0..TRIES {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(100 << n)).await;
        }
        match hands.link.spec().run(&[Command::list_panes()]).await {
            Ok(text) => {
                return Some(EventKind::Panes { rows: format::panes(text.as_bytes()), looked_at: None });
            }
            Err(err) if no_server(&err) => return Some(EventKind::TmuxLost),
            Err(err) => tracing::warn!("tmux: {err}"),
        }
    }
    Some(EventKind::TmuxLost)
}
