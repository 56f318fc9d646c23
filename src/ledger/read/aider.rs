//! aider: `--analytics-log FILE` is exact; `.aider.chat.history.md` is rounded to two digits and booked as an estimate.
//!
//! No message has an id. A bill is known by what it says (time, counters, running total), never by where it stands:
//! people trim and rotate these files.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::json::{Float, Num, Obj, Str, parse};
use super::{Batch, Interned, Reader};
use crate::ledger::money::Usd;
use crate::ledger::prices::fingerprint;
use crate::ledger::scan::Seen;
use crate::ledger::usage::{Terms, Usage, UsageRecord, Wins};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line<'a> {
    #[serde(borrow)]
    event: Str<'a>,
    #[serde(borrow)]
    properties: Obj<Properties<'a>>,
    #[serde(borrow)]
    user_id: Str<'a>,
    time: Float,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties<'a> {
    #[serde(borrow)]
    main_model: Str<'a>,
    prompt_tokens: Num,
    completion_tokens: Num,
    cost: Float,
    total_cost: Float,
}

/// What of a log must be remembered: how often the last bill came in a row, word for word.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Repeated {
    key: String,
    times: u32,
}

/// The reader of an analytics log.
#[derive(Debug, Default)]
pub struct Analytics {
    state: Repeated,
    /// The file's name: a log of its own for each run is a session, and the log names no other.
    session: Interned,
    stem: String,
    models: Interned,
}

impl Analytics {
    /// The reader for the file at `path`, remembering `state`.
    pub fn new(path: &Path, state: &str) -> Self {
        let stem = path.file_stem().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let state = serde_json::from_str(state).unwrap_or_default();
        Self { state, stem, ..Self::default() }
    }

    /// The key of a bill that says `said`: twice the same within a second are two.
    fn key(&mut self, said: String) -> String {
        if self.state.key == said {
            self.state.times += 1;
        } else {
            self.state = Repeated { key: said, times: 1 };
        }
        format!("{}:{}", self.state.key, self.state.times)
    }
}

/// A model as aider names it: `provider/model`.
fn split_model(name: &str) -> (Option<&str>, &str) {
    name.split_once('/').map_or((None, name), |(provider, model)| (Some(provider), model))
}

impl Reader for Analytics {
    fn line(&mut self, _: u64, line: &[u8], out: &mut Batch) -> Seen {
        if memchr::memmem::find(line, b"\"message_send\"").is_none() {
            return Seen::Passed;
        }
        let Some(line) = parse::<Line<'_>>(line) else { return Seen::Malformed };
        let (Some(p), "message_send") = (&line.properties.0, &*line.event) else { return Seen::Passed };
        let Some(ts_ms) = line.time.seconds_ms() else { return Seen::Malformed };
        let usage = Usage { input: p.prompt_tokens.0, output: p.completion_tokens.0, ..Usage::default() };
        if usage.is_zero() {
            return Seen::Taken;
        }
        let (vendor, model) = split_model(&p.main_model);
        let pico = |cost: Float| cost.usd().map_or(0, |usd| usd.0);
        let said = format!(
            "{ts_ms}:{}:{}:{},{}:{}/{}",
            &*line.user_id,
            &*p.main_model,
            usage.input,
            usage.output,
            pico(p.cost),
            pico(p.total_cost)
        );
        out.book(UsageRecord {
            key: self.key(said).into(),
            ts_ms,
            session: self.session.get(&self.stem),
            model: self.models.get(model),
            vendor: vendor.map(Into::into),
            usage,
            terms: Terms::default(),
            // 0 is what aider says of a model whose price it does not know.
            reported: p.cost.usd().filter(|cost| cost.0 > 0),
            sidechain: false,
            estimated: false,
            wins: Wins::First,
            supersedes: None,
        });
        Seen::Taken
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    fn restart(&mut self) {
        self.state = Repeated::default();
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct State {
    /// When the session began: no message has a time of its own.
    started_ms: i64,
    model: String,
    /// How often each line was seen in this session: rounded as they are, some are alike.
    seen: BTreeMap<u64, u32>,
}

/// The reader of a chat history.
#[derive(Debug)]
pub struct History {
    directory: String,
    state: State,
}

impl History {
    /// The reader for the file at `path`, remembering `state`.
    pub fn new(path: &Path, state: &str) -> Self {
        let directory = path.parent().map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        Self { directory, state: serde_json::from_str(state).unwrap_or_default() }
    }
}

/// `2.5k` is 2500, `12` is 12, `1.2M` is 1200000.
fn rounded(text: &str) -> Option<u64> {
    let (number, unit) = match text.as_bytes().last()? {
        b'k' | b'K' => (&text[..text.len() - 1], 1e3),
        b'M' => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    let value: f64 = number.replace(',', "").parse().ok()?;
    (0.0..1e12).contains(&value).then(|| (value * unit).round() as u64)
}

/// `> Tokens: 12k sent, 3k cache write, 9k cache hit, 1.2k received. Cost: $0.05 message, $1.20 session.`
fn tokens_line(line: &str) -> Option<(Usage, Option<Usd>)> {
    let rest = line.trim_start_matches(['>', ' ']).strip_prefix("Tokens: ")?;
    let (counts, cost) = rest.split_once(" Cost: ").map_or((rest, None), |(c, cost)| (c, Some(cost)));
    let (mut sent, mut written, mut hit, mut received) = (0, 0, 0, 0);
    for part in counts.trim_end_matches(['.', ' ']).split(", ") {
        let (number, what) = part.split_once(' ')?;
        let number = rounded(number)?;
        match what.trim() {
            "sent" => sent = number,
            "cache write" => written = number,
            "cache hit" => hit = number,
            "received" => received = number,
            _ => {}
        }
    }
    let cost = cost.and_then(|c| Usd::parse(c.strip_prefix('$')?.split(' ').next()?));
    let hit = hit.min(sent);
    let usage = Usage {
        input: (sent - hit).saturating_sub(written),
        output: received,
        cache_read: hit,
        cache_write_5m: written,
        ..Usage::default()
    };
    Some((usage, cost))
}

impl Reader for History {
    fn line(&mut self, _: u64, line: &[u8], out: &mut Batch) -> Seen {
        let Ok(line) = std::str::from_utf8(line) else { return Seen::Passed };
        if let Some(time) = line.strip_prefix("# aider chat started at ") {
            let local = DateTime::strptime("%Y-%m-%d %H:%M:%S", time.trim());
            let time = local.ok().and_then(|t| t.to_zoned(TimeZone::system()).ok());
            self.state.seen.clear();
            self.state.started_ms = time.map_or(0, |t| t.timestamp().as_millisecond());
            return Seen::Taken;
        }
        let said = line.trim_start_matches(['>', ' ']);
        if let Some(model) = said.strip_prefix("Model: ").or_else(|| said.strip_prefix("Main model: ")) {
            model.split(" with ").next().unwrap_or_default().trim().clone_into(&mut self.state.model);
            return Seen::Taken;
        }
        let Some((usage, cost)) = tokens_line(line).filter(|_| line.starts_with('>')) else {
            return Seen::Passed;
        };
        if usage.is_zero() || self.state.started_ms == 0 {
            return Seen::Taken;
        }
        let said = fingerprint(line.trim_end().as_bytes());
        let nth = self.state.seen.entry(said).or_insert(0);
        *nth += 1;
        let key = format!("{}@{}:{said:x}:{nth}", self.directory, self.state.started_ms);
        let (vendor, model) = split_model(&self.state.model);
        out.book(UsageRecord {
            key: key.into(),
            ts_ms: self.state.started_ms,
            session: format!("{}@{}", self.directory, self.state.started_ms).into(),
            model: model.into(),
            vendor: vendor.map(Into::into),
            usage,
            terms: Terms::default(),
            reported: cost.filter(|c| c.0 > 0),
            sidechain: false,
            estimated: true,
            wins: Wins::First,
            supersedes: None,
        });
        Seen::Taken
    }

    fn state(&self) -> String {
        serde_json::to_string(&self.state).unwrap_or_default()
    }

    fn restart(&mut self) {
        self.state = State::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_chat_history_is_read() {
        let (usage, cost) =
            tokens_line("> Tokens: 12k sent, 3k cache write, 8.5k cache hit, 1.2k received. Cost: $0.05 message, $1.20 session.  ")
                .unwrap();
        let expected =
            Usage { input: 500, output: 1200, cache_read: 8500, cache_write_5m: 3000, ..Usage::default() };
        assert_eq!((usage, cost), (expected, Some(Usd(50_000_000_000))));
        assert_eq!(tokens_line("> Tokens: 12 sent, 3 received.").unwrap().1, None);
        for other in ["", "> Tokens: many", "> Tokens: x sent", "Add file to the chat?"] {
            assert!(tokens_line(other).is_none(), "{other}");
        }
    }
}
