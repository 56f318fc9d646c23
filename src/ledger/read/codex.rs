//! Codex: `sessions/YYYY/MM/DD/rollout-<time>-<thread>.jsonl`, compressed after a week, and `archived_sessions/`.
//!
//! A `token_usage_record` is a bill, known by its response id. Threads of versions without them have `token_count`
//! events: one bill for each change of the running total, never the total itself. Forks, resumes and subagents may
//! repeat their parent's history: see `replay`.

mod line;
mod lineage;
mod replay;

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::json::{parse, timestamp_ms};
use super::{Batch, Interned, Reader};
use crate::ledger::scan::Seen;
use crate::ledger::usage::{ContextSample, LimitSample, Service, Terms, UsageRecord, Wins};
use crate::observe::transcript::{Said, TurnRecord, failure};
use line::{Line, Payload, RateLimits, TURN_ENDS, Vector, matters, types, usage};
pub use lineage::{Lineage, lineage};
pub(crate) use replay::uuid_ms;
use replay::{Parent, Verdict};

/// A response id this long is unique in the world; shorter ones (of gateways and test servers) only in their thread.
const GLOBAL_ID: usize = 20;

/// How many running totals of interleaved lineages are remembered.
const HEADS: usize = 32;

/// What must be remembered until the file has grown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// The thread by its own first `session_meta`.
    thread: String,
    /// Whom its usage belongs to: a subagent's to the session that started it.
    session: String,
    subagent: bool,
    model: String,
    vendor: String,
    tier: String,
    window: u64,
    /// The last turn that began, by its id.
    turn: String,
    /// An error ended it: that it is complete says no more.
    failed: bool,
    /// When the limits that are used up begin anew.
    resets_ms: Option<i64>,
    /// Running totals, oldest first.
    heads: Vec<Vector>,
    /// The thread has usage records: its counts say the same again.
    records: bool,
    /// The last count that was booked, and its total.
    last_count: Option<(String, Vector)>,
    /// What is known of the history it may repeat.
    parent: Option<Parent>,
    /// The file was rewritten since: all this holds until a `session_meta` says otherwise.
    carried: bool,
}

/// The reader.
#[derive(Debug)]
pub struct Codex {
    path: std::path::PathBuf,
    stem: String,
    state: State,
    sessions: Interned,
    models: Interned,
    vendors: Interned,
}

impl Codex {
    /// The reader for the file at `path`, remembering `state`. The second value says that what was booked from the
    /// file must be taken back and the file read again: more of its parent's history has become known.
    pub fn new(path: &Path, state: &str) -> (Self, bool) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let mut state: State = serde_json::from_str(state).unwrap_or_default();
        let again = state.parent.as_mut().is_some_and(|parent| parent.has_grown(path));
        if again {
            state = State::default();
        }
        let reader = Self {
            path: path.to_owned(),
            stem: name.split(".jsonl").next().unwrap_or_default().to_owned(),
            state,
            sessions: Interned::default(),
            models: Interned::default(),
            vendors: Interned::default(),
        };
        (reader, again)
    }

    /// Whether a file with this state must be looked at although it has not changed itself.
    pub fn waits(state: &str, arrivals: bool) -> bool {
        serde_json::from_str::<State>(state).is_ok_and(|s| s.parent.is_some_and(|p| p.waits(arrivals)))
    }

    /// The thread: by its `session_meta`, else by the name of the file.
    fn thread(&self) -> &str {
        match self.state.thread.as_str() {
            "" => uuid_in(&self.stem).unwrap_or(&self.stem),
            thread => thread,
        }
    }

    /// The first `session_meta` is the thread's own; later ones are its ancestors', repeated.
    fn meta(&mut self, line: &Line<'_>, meta: &Payload<'_>) {
        if (!self.state.thread.is_empty() && !self.state.carried) || meta.id.is_empty() {
            return;
        }
        if self.state.carried && self.state.thread != *meta.id {
            self.state = State::default();
        }
        self.state.carried = false;
        let Lineage { thread, parent, root, subagent, .. } = meta.lineage();
        let owner = if subagent { root.or_else(|| parent.clone()) } else { None };
        self.state.session = owner.unwrap_or_else(|| thread.clone());
        (self.state.thread, self.state.subagent) = (thread, subagent);
        meta.model_provider.some().unwrap_or_default().clone_into(&mut self.state.vendor);
        let born_ms = timestamp_ms(&meta.timestamp).or_else(|| timestamp_ms(&line.timestamp));
        self.state.parent = parent.map(|id| {
            Parent::find(&self.path, &meta.id, &id, born_ms, meta.subagent_history_start_ordinal.map(|n| n.0))
        });
    }

    /// Whether an event with this running total repeats the parent's history.
    fn is_replay(
        &mut self,
        line: &Line<'_>,
        ts_ms: i64,
        total: Vector,
        response_id: &str,
        turn_id: &str,
    ) -> bool {
        let turn = if turn_id.is_empty() { self.state.turn.as_str() } else { turn_id };
        let Some(parent) = &mut self.state.parent else { return false };
        let ordinal = line.ordinal.map(|n| n.0);
        parent.judge(ordinal, uuid_ms(turn), ts_ms, total, response_id) == Verdict::Replay
    }

    fn record(&mut self, line: &Line<'_>, payload: &Payload<'_>, ts_ms: i64, out: &mut Batch) -> Seen {
        let Some(used) = payload.usage.0 else { return Seen::Malformed };
        let total = payload.thread_token_usage.0.unwrap_or(used).vector();
        let first = !std::mem::replace(&mut self.state.records, true);
        let supersedes = self.state.last_count.take().filter(|(_, counted)| first && *counted == total);
        self.head(total);
        if self.is_replay(line, ts_ms, total, &payload.response_id, &payload.turn_id) {
            return Seen::Taken;
        }
        let thread = payload.thread_id.some().unwrap_or_else(|| self.thread()).to_owned();
        let key = match payload.response_id.some() {
            Some(id) if id.len() >= GLOBAL_ID => id.to_owned(),
            Some(id) => format!("{thread}|{id}"),
            None => self.count_key(total),
        };
        let session = if thread == self.state.thread { self.state.session.clone() } else { thread };
        let session = self.sessions.get(&session);
        self.context(ts_ms, used.vector(), out);
        self.book(key, ts_ms, session, used.vector(), supersedes.map(|(key, _)| key), out);
        Seen::Taken
    }

    fn count(&mut self, line: &Line<'_>, payload: &Payload<'_>, ts_ms: i64, out: &mut Batch) -> Seen {
        if let Some(limits) = &payload.rate_limits.0 {
            let before = out.limits.len();
            report_limits(limits, ts_ms, out);
            let used_up = |l: &&LimitSample| l.reached || l.percent_used.is_some_and(|p| p >= 100.0);
            self.state.resets_ms =
                out.limits[before..].iter().filter(used_up).filter_map(|l| l.resets_ms).max();
        }
        let Some(info) = &payload.info.0 else { return Seen::Taken };
        if info.model_context_window.0 > 0 {
            self.state.window = info.model_context_window.0;
        }
        let last = info.last_token_usage.0.map(|t| t.vector());
        let Some(total) = info.total_token_usage.0.map(|t| t.vector()).or(last) else { return Seen::Taken };
        if let Some(last) = last.filter(|_| self.state.records) {
            self.context(ts_ms, last, out);
        }
        if self.state.records || self.state.heads.contains(&total) {
            return Seen::Taken;
        }
        let delta = last.unwrap_or_else(|| self.since_head(total));
        self.head(total);
        if self.is_replay(line, ts_ms, total, "", "") {
            return Seen::Taken;
        }
        self.context(ts_ms, delta, out);
        let key = self.count_key(total);
        self.state.last_count = Some((key.clone(), total));
        let session =
            if self.state.session.is_empty() { self.thread().to_owned() } else { self.state.session.clone() };
        let session = self.sessions.get(&session);
        self.book(key, ts_ms, session, delta, None, out);
        Seen::Taken
    }

    fn count_key(&self, total: Vector) -> String {
        format!("{}#{}", self.thread(), total.map(|n| n.to_string()).join(","))
    }

    /// What was used since the nearest running total that this one can have grown from. Several lineages may be
    /// interleaved in one file: a total is compared with its own lineage's, never with another's.
    fn since_head(&self, total: Vector) -> Vector {
        let below = |head: &&Vector| head.iter().zip(total).all(|(h, t)| *h <= t);
        let head = self.state.heads.iter().filter(below).max_by_key(|h| h[0].saturating_add(h[3]));
        let head = head.copied().unwrap_or_default();
        std::array::from_fn(|at| total[at] - head[at])
    }

    fn head(&mut self, total: Vector) {
        self.state.heads.retain(|h| *h != total);
        if self.state.heads.len() == HEADS {
            self.state.heads.remove(0);
        }
        self.state.heads.push(total);
    }

    fn context(&self, ts_ms: i64, last: Vector, out: &mut Batch) {
        if self.state.subagent || last[0] == 0 {
            return;
        }
        let window = Some(self.state.window).filter(|w| *w > 0);
        out.context = Some(ContextSample { ts_ms, used: last[0], window, model: self.state.model.clone() });
        out.compacted = false;
    }

    fn book(
        &mut self,
        key: String,
        ts_ms: i64,
        session: Arc<str>,
        used: Vector,
        supersedes: Option<String>,
        out: &mut Batch,
    ) {
        let usage = usage(used);
        if usage.is_zero() {
            return;
        }
        out.book(UsageRecord {
            key: key.into(),
            ts_ms,
            session,
            model: self.models.get(&self.state.model),
            vendor: Some(self.state.vendor.as_str()).filter(|v| !v.is_empty()).map(|v| self.vendors.get(v)),
            usage,
            terms: Terms { service: Service::parse(&self.state.tier), ..Terms::default() },
            reported: None,
            sidechain: self.state.subagent,
            estimated: false,
            wins: Wins::First,
            supersedes: supersedes.map(Into::into),
        });
    }

    /// Takes over what is named; `tier` is `None` where nothing is said of it, and empty where there is none any more.
    fn settings(&mut self, model: &str, vendor: &str, tier: Option<&str>) {
        for (new, held) in [(model, &mut self.state.model), (vendor, &mut self.state.vendor)] {
            if !new.is_empty() && new != held.as_str() {
                new.clone_into(held);
            }
        }
        if let Some(tier) = tier {
            tier.clone_into(&mut self.state.tier);
        }
    }

    /// What an event says about the turn.
    fn turn(&mut self, name: &'static str, ts_ms: Option<i64>, payload: &Payload<'_>, out: &mut Batch) {
        let Some(ts_ms) = ts_ms else { return };
        let inner = payload.error.0.as_ref().map(|e| (e.codex_error_info.0.as_str(), &*e.message));
        let own = || (payload.codex_error_info.0.as_str(), &*payload.message);
        let error = inner.or_else(|| (name == "error").then(own));
        let resets_ms = self.state.resets_ms.filter(|resets| *resets > ts_ms);
        let record = match (name, error) {
            ("task_started", _) => TurnRecord::new(ts_ms, name, Said::Began),
            (_, Some((word, text))) => {
                TurnRecord::new(ts_ms, name, failure(word, text, resets_ms)).text(text)
            }
            ("task_complete", None) if self.state.failed => return,
            _ => TurnRecord::new(ts_ms, name, Said::Ended),
        };
        self.state.failed = matches!(record.said, Said::Failed(_) | Said::Limited(_));
        // A subagent has a rollout of its own; its parent's turn goes on.
        if !self.state.subagent {
            out.tell(record);
        }
    }

    fn event(&mut self, line: &Line<'_>, payload: &Payload<'_>, out: &mut Batch) -> Seen {
        match &*payload.kind {
            "token_count" => match timestamp_ms(&line.timestamp) {
                Some(ts_ms) => self.count(line, payload, ts_ms, out),
                None => Seen::Malformed,
            },
            "thread_settings_applied" => {
                if let Some(s) = &payload.thread_settings.0 {
                    // All the settings there are: a tier that is null or left out is the usual one.
                    self.settings(&s.model, &s.model_provider_id, Some(&s.service_tier));
                }
                Seen::Taken
            }
            "task_started" => {
                if payload.model_context_window.0 > 0 {
                    self.state.window = payload.model_context_window.0;
                }
                payload.turn_id.some().unwrap_or_default().clone_into(&mut self.state.turn);
                self.turn("task_started", timestamp_ms(&line.timestamp), payload, out);
                Seen::Taken
            }
            "task_complete" => {
                self.turn("task_complete", timestamp_ms(&line.timestamp), payload, out);
                Seen::Taken
            }
            "turn_aborted" => {
                self.turn("turn_aborted", timestamp_ms(&line.timestamp), payload, out);
                Seen::Taken
            }
            "error" => {
                self.turn("error", timestamp_ms(&line.timestamp), payload, out);
                Seen::Taken
            }
            "context_compacted" => {
                compacted(out);
                Seen::Taken
            }
            _ => Seen::Passed,
        }
    }
}

/// The UUID in the name of a rollout, also of one that was rotated (`rollout-<time>-<uuid>.1`).
fn uuid_in(stem: &str) -> Option<&str> {
    (0..=stem.len().checked_sub(36)?)
        .rev()
        .filter_map(|at| stem.get(at..at + 36))
        .find(|part| uuid::Uuid::try_parse(part).is_ok())
}

fn compacted(out: &mut Batch) {
    out.context = None;
    out.compacted = true;
}

fn report_limits(limits: &RateLimits<'_>, ts_ms: i64, out: &mut Batch) {
    // Other ids are limits of single models or features.
    let prefix = match limits.limit_id.some() {
        None | Some("codex") => String::new(),
        Some(other) => format!("{other}:"),
    };
    let reached = limits.rate_limit_reached_type.some();
    for (name, window) in [("primary", &limits.primary.0), ("secondary", &limits.secondary.0)] {
        let Some(window) = window else { continue };
        let label = match window.window_minutes.0 {
            300 => "five_hour".to_owned(),
            10_080 => "seven_day".to_owned(),
            0 => name.to_owned(),
            minutes => format!("{minutes}_minutes"),
        };
        let relative = window.resets_in_seconds.seconds_ms().map(|ms| ts_ms + ms);
        out.limits.push(LimitSample {
            ts_ms,
            window: format!("{prefix}{label}"),
            percent_used: window.used_percent.0.filter(|p| (0.0..=1000.0).contains(p)),
            resets_ms: window.resets_at.seconds_ms().or(relative),
            reached: reached.is_some_and(|r| r.contains(name)),
        });
    }
}

impl Reader for Codex {
    fn line(&mut self, offset: u64, line: &[u8], out: &mut Batch) -> Seen {
        let types = types(line);
        if types.is_some_and(|types| !matters(types)) {
            return Seen::Passed;
        }
        let Some(line) = parse::<Line<'_>>(line) else {
            let no_bill = types.is_some_and(|(_, inner)| TURN_ENDS.contains(&inner));
            return if no_bill { Seen::Passed } else { Seen::Malformed };
        };
        if let Some(payload) = &line.payload.0 {
            return match &*line.kind {
                "session_meta" => {
                    self.meta(&line, payload);
                    Seen::Taken
                }
                "turn_context" => {
                    self.settings(&payload.model, "", payload.service_tier.0.as_deref());
                    payload.turn_id.some().unwrap_or_default().clone_into(&mut self.state.turn);
                    Seen::Taken
                }
                "token_usage_record" => match timestamp_ms(&line.timestamp) {
                    Some(ts_ms) => self.record(&line, payload, ts_ms, out),
                    None => Seen::Malformed,
                },
                "event_msg" => self.event(&line, payload, out),
                "compacted" => {
                    compacted(out);
                    Seen::Taken
                }
                _ => Seen::Passed,
            };
        }
        match &*line.kind {
            "thread.started" => {
                line.thread_id.some().unwrap_or_default().clone_into(&mut self.state.thread);
                self.state.session = self.state.thread.clone();
                Seen::Taken
            }
            "turn.completed" => {
                let (Some(used), Some(ts_ms)) = (line.usage.0, timestamp_ms(&line.timestamp)) else {
                    return Seen::Passed;
                };
                let session = self.sessions.get(&self.state.session.clone());
                self.book(format!("{}@{offset}", self.stem), ts_ms, session, used.vector(), None, out);
                Seen::Taken
            }
            _ => Seen::Passed,
        }
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    /// The thread is the same, whatever was cut off or written anew; its totals that were seen are booked.
    fn restart(&mut self) {
        self.state.carried = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_at_the_beginning_of_a_line() {
        let t = |line: &'static str| {
            types(line.as_bytes())
                .map(|(a, b)| (std::str::from_utf8(a).unwrap(), std::str::from_utf8(b).unwrap()))
        };
        assert_eq!(
            t(
                r#"{"timestamp":"x","ordinal":12,"type":"event_msg","payload":{"type":"token_count","info":null}}"#
            ),
            Some(("event_msg", "token_count"))
        );
        assert_eq!(t(r#"{ "type" : "turn_context" , "payload" : { "a" : 1 } }"#), Some(("turn_context", "")));
        assert_eq!(t(r#"{"payload":{"type":"token_count"},"type":"event_msg"}"#), None);
        assert_eq!(t(r#"{"type":"event_msg","payload":{"info":{},"type":"token_count"}}"#), None);
        assert_eq!(t(r#"{"type":"event_msg""#), None);
        assert_eq!(t(""), None);
    }

    #[test]
    fn a_total_is_compared_with_its_own_lineage() {
        let mut codex = Codex::new(Path::new("rollout-x.jsonl"), "").0;
        codex.head([1000, 0, 0, 100, 0]);
        codex.head([200, 0, 0, 20, 0]);
        assert_eq!(codex.since_head([1500, 100, 0, 150, 0]), [500, 100, 0, 50, 0]);
        assert_eq!(codex.since_head([250, 0, 0, 30, 0]), [50, 0, 0, 10, 0]);
        assert_eq!(codex.since_head([100, 0, 0, 10, 0]), [100, 0, 0, 10, 0]);
    }
}
