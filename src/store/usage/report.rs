//! The `cost` report, made from booked bills.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::tz::TimeZone;
use rusqlite::{Connection, Result};

use super::query::{Event, Filter, scan};
use crate::ledger::report::{By, Calendar, Report, Sums};
use crate::ledger::usage::Source;

/// The bills that `filter` lets through, grouped by `by`; calendar groups are those of `zone`.
pub fn report(conn: &Connection, filter: &Filter, by: By, zone: &TimeZone) -> Result<Report> {
    if by.is_time() {
        let mut calendar = Calendar::new(zone.clone(), by);
        let mut groups: HashMap<String, Sums> = HashMap::new();
        scan(conn, filter, |event| {
            let name = calendar.name(event.ts_ms);
            match groups.get_mut(name) {
                Some(sums) => sums.add(&event.sums()),
                None => drop(groups.insert(name.to_owned(), event.sums())),
            }
        })?;
        return Ok(Report::new(by, groups.into_iter().map(|(name, sums)| (Some(name), sums))));
    }
    let groups = match by {
        By::Session => {
            let names = names(conn, "SELECT id, name FROM usage_session")?;
            group(conn, filter, |event| Some(event.session_id))?
                .into_iter()
                .map(|(id, sums)| (id.and_then(|id| names.get(&id).cloned()), sums))
                .collect()
        }
        By::Model => by_name(conn, filter, "SELECT id, name FROM usage_model", |e| Some(e.model_id))?,
        By::Profile => {
            let models = names(conn, "SELECT id, CAST(source AS TEXT) FROM usage_model")?;
            let profile = |id: &str| Source::from_id(id.parse().ok()?).map(Source::as_str).map(str::to_owned);
            let profiles: HashMap<i64, String> =
                models.into_iter().filter_map(|(id, source)| Some((id, profile(&source)?))).collect();
            merge(group(conn, filter, |e| Some(e.model_id))?, &profiles)
        }
        By::Swarm => by_name(conn, filter, "SELECT id, swarm FROM usage_owner", |e| e.owner_id)?,
        By::Task => by_name(conn, filter, "SELECT id, task FROM usage_task", |e| e.task_id)?,
        By::Agent => by_agent(conn, filter)?,
        By::Day | By::Week | By::Month => Vec::new(),
    };
    Ok(Report::new(by, groups))
}

/// Agents by name; by swarm and name where two swarms have one of the same name.
fn by_agent(conn: &Connection, filter: &Filter) -> Result<Vec<(Option<String>, Sums)>> {
    let swarms = names(conn, "SELECT id, swarm FROM usage_owner")?;
    let agents = names(conn, "SELECT id, agent FROM usage_owner")?;
    let groups = group(conn, filter, |e| e.owner_id)?;
    let mut seen: HashMap<&str, &str> = HashMap::new();
    let mut ambiguous: Vec<&str> = Vec::new();
    for id in groups.keys().flatten() {
        let (Some(swarm), Some(agent)) = (swarms.get(id), agents.get(id)) else { continue };
        if *seen.entry(agent).or_insert(swarm) != swarm.as_str() {
            ambiguous.push(agent);
        }
    }
    let titles: HashMap<i64, String> = agents
        .iter()
        .map(|(id, agent)| match swarms.get(id) {
            Some(swarm) if ambiguous.contains(&agent.as_str()) => (*id, format!("{swarm}/{agent}")),
            _ => (*id, agent.clone()),
        })
        .collect();
    Ok(merge(groups, &titles))
}

fn by_name(
    conn: &Connection,
    filter: &Filter,
    sql: &str,
    id: impl Fn(&Event) -> Option<i64>,
) -> Result<Vec<(Option<String>, Sums)>> {
    Ok(merge(group(conn, filter, id)?, &names(conn, sql)?))
}

fn group<K: Hash + Eq>(
    conn: &Connection,
    filter: &Filter,
    key: impl Fn(&Event) -> K,
) -> Result<HashMap<K, Sums>> {
    let mut groups: HashMap<K, Sums> = HashMap::new();
    scan(conn, filter, |event| groups.entry(key(event)).or_default().add(&event.sums()))?;
    Ok(groups)
}

/// Groups under their names; what has none, or an empty one, together.
fn merge(groups: HashMap<Option<i64>, Sums>, names: &HashMap<i64, String>) -> Vec<(Option<String>, Sums)> {
    let mut merged: HashMap<Option<String>, Sums> = HashMap::new();
    for (id, sums) in groups {
        let name = id.and_then(|id| names.get(&id)).filter(|n| !n.is_empty()).cloned();
        merged.entry(name).or_default().add(&sums);
    }
    merged.into_iter().collect()
}

fn names(conn: &Connection, sql: &str) -> Result<HashMap<i64, String>> {
    let mut statement = conn.prepare(sql)?;
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    rows.collect()
}
