//! Sums and how they are grouped: the `cost` report as values.
//!
//! Days, weeks and months are made here, in the reader's time zone, from moments in UTC.

use std::collections::HashMap;
use std::fmt::Write;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use schemars::JsonSchema;
use serde::Serialize;

use super::money::Usd;
use super::usage::Usage;

/// The schema name of the JSON report.
pub const SCHEMA: &str = "swarm.cost/v1";

/// Bills added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Sums {
    /// Billed responses.
    pub calls: u64,
    /// Uncached input.
    pub input: u64,
    /// Output, reasoning included.
    pub output: u64,
    /// Input read from the cache.
    pub cache_read: u64,
    /// Input written to the cache for five minutes or the vendor's only duration.
    pub cache_write_5m: u64,
    /// Input written to the cache for one hour.
    pub cache_write_1h: u64,
    /// The part of `output` that was reasoning, where the agent says so.
    pub reasoning: u64,
    /// What the priced ones cost; `null` where nothing could be priced.
    #[schemars(with = "Option<String>")]
    pub cost_usd: Option<Usd>,
    /// Responses without a known price.
    pub unpriced_calls: u64,
    /// Responses whose numbers are rounded or derived.
    pub estimated_calls: u64,
}

impl Sums {
    /// One bill.
    pub fn of(usage: &Usage, cost: Option<Usd>, estimated: bool) -> Self {
        Self {
            calls: 1,
            input: usage.input,
            output: usage.output,
            cache_read: usage.cache_read,
            cache_write_5m: usage.cache_write_5m,
            cache_write_1h: usage.cache_write_1h,
            reasoning: usage.reasoning,
            cost_usd: cost,
            unpriced_calls: u64::from(cost.is_none()),
            estimated_calls: u64::from(estimated),
        }
    }

    /// Adds `other` to this.
    pub fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write_5m = self.cache_write_5m.saturating_add(other.cache_write_5m);
        self.cache_write_1h = self.cache_write_1h.saturating_add(other.cache_write_1h);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.cost_usd = match (self.cost_usd, other.cost_usd) {
            (Some(a), Some(b)) => Some(a + b),
            (a, b) => a.or(b),
        };
        self.unpriced_calls += other.unpriced_calls;
        self.estimated_calls += other.estimated_calls;
    }

    /// All tokens.
    pub fn tokens(&self) -> u64 {
        [self.input, self.output, self.cache_read, self.cache_write_5m, self.cache_write_1h]
            .iter()
            .fold(0, |sum, n| sum.saturating_add(*n))
    }
}

/// One line of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Row {
    /// What the line is about; `null` for what has no agent, model, swarm or task.
    pub key: Option<String>,
    /// The sums.
    #[serde(flatten)]
    pub sums: Sums,
}

/// A report: `swarm cost --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// What the rows are grouped by.
    pub by: By,
    /// The rows: times in their order, everything else dearest first.
    pub rows: Vec<Row>,
    /// All of them together.
    pub total: Sums,
}

/// What a report is grouped by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// Calendar days.
    #[default]
    Day,
    /// ISO weeks, Monday to Sunday.
    Week,
    /// Calendar months.
    Month,
    /// Agents of swarms.
    Agent,
    /// Models, as the agents name them.
    Model,
    /// Profiles: agent CLIs.
    Profile,
    /// Swarms.
    Swarm,
    /// Tasks.
    Task,
    /// The agents' own conversations.
    Session,
}

impl By {
    /// Whether the rows are times.
    pub const fn is_time(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month)
    }

    /// The heading of the first column.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Agent => "Agent",
            Self::Model => "Model",
            Self::Profile => "Profile",
            Self::Swarm => "Swarm",
            Self::Task => "Task",
            Self::Session => "Session",
        }
    }
}

impl Report {
    /// The report of these groups.
    pub fn new(by: By, groups: impl IntoIterator<Item = (Option<String>, Sums)>) -> Self {
        let mut rows: Vec<Row> = groups.into_iter().map(|(key, sums)| Row { key, sums }).collect();
        if by.is_time() {
            rows.sort_by(|a, b| a.key.cmp(&b.key));
        } else {
            rows.sort_by(|a, b| {
                let cost = |r: &Row| (r.sums.cost_usd, r.sums.tokens());
                cost(b).cmp(&cost(a)).then_with(|| a.key.cmp(&b.key))
            });
        }
        let mut total = Sums::default();
        for row in &rows {
            total.add(&row.sums);
        }
        Self { schema: SCHEMA, by, rows, total }
    }

    /// The report as CSV with a header line, as RFC 4180 has it.
    pub fn csv(&self) -> String {
        let mut out = String::from(
            "key,calls,input,output,cache_read,cache_write_5m,cache_write_1h,reasoning,cost_usd,unpriced_calls\r\n",
        );
        for row in &self.rows {
            let s = &row.sums;
            let key = row.key.as_deref().unwrap_or("");
            let key = if key.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", key.replace('"', "\"\""))
            } else {
                key.to_owned()
            };
            let cost = s.cost_usd.map(|c| c.to_string()).unwrap_or_default();
            let numbers =
                [s.calls, s.input, s.output, s.cache_read, s.cache_write_5m, s.cache_write_1h, s.reasoning];
            let numbers = numbers.map(|n| n.to_string()).join(",");
            let _ = write!(out, "{key},{numbers},{cost},{}\r\n", s.unpriced_calls);
        }
        out
    }
}

/// Turns moments into calendar names of one time zone. Offsets are looked up once for each quarter of an hour: every
/// zone's changes fall on one.
#[derive(Debug)]
pub struct Calendar {
    zone: TimeZone,
    by: By,
    known: HashMap<i64, String>,
}

/// A quarter of an hour in milliseconds.
const QUARTER: i64 = 15 * 60 * 1000;

impl Calendar {
    /// The calendar of `zone` for days, weeks or months.
    pub fn new(zone: TimeZone, by: By) -> Self {
        Self { zone, by, known: HashMap::new() }
    }

    /// The name of the day, week or month that holds `ts_ms`.
    pub fn name(&mut self, ts_ms: i64) -> &str {
        let quarter = ts_ms.div_euclid(QUARTER);
        let (zone, by) = (&self.zone, self.by);
        self.known.entry(quarter).or_insert_with(|| {
            let Ok(time) = Timestamp::from_millisecond(quarter.saturating_mul(QUARTER)) else {
                return "unknown".to_owned();
            };
            name_of(by, time.to_zoned(zone.clone()).date())
        })
    }
}

fn name_of(by: By, date: Date) -> String {
    match by {
        By::Week => {
            let week = date.iso_week_date();
            format!("{:04}-W{:02}", week.year(), week.week())
        }
        By::Month => format!("{:04}-{:02}", date.year(), date.month()),
        _ => date.to_string(),
    }
}

/// The moment a person means by `text` in `zone`: a date (its first moment), `today`, `yesterday`, a span back such as
/// `7d` or `12h`, or an RFC 3339 time. For `until` a date includes its day.
pub fn moment(text: &str, now: Timestamp, zone: &TimeZone, until: bool) -> Option<i64> {
    let day_start = |date: Date| -> Option<Zoned> { date.to_zoned(zone.clone()).ok() };
    let today = now.to_zoned(zone.clone()).date();
    let date = match text {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        _ => text
            .parse::<Date>()
            .ok()
            .filter(|_| !text.contains(['T', ' ', ':']))
            .or_else(|| compact_date(text)),
    };
    if let Some(date) = date {
        let date = if until { date.tomorrow().ok()? } else { date };
        return Some(day_start(date)?.timestamp().as_millisecond());
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_millisecond());
    }
    let (number, unit) = text.split_at(text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at))?);
    let number: i64 = number.parse().ok().filter(|n| (0..100_000).contains(n))?;
    let hours = match unit {
        "h" => number,
        "d" => number * 24,
        "w" => number * 24 * 7,
        _ => return None,
    };
    Some(now.as_millisecond() - hours * 3_600_000)
}

/// `YYYYMMDD`, as ccusage writes dates.
fn compact_date(text: &str) -> Option<Date> {
    let digits = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    let number = |r: std::ops::Range<usize>| text.get(r)?.parse::<i16>().ok();
    let date = Date::new(number(0..4)?, i8::try_from(number(4..6)?).ok()?, i8::try_from(number(6..8)?).ok()?);
    date.ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn day(zone: &str, at: &str) -> String {
        Calendar::new(TimeZone::get(zone).unwrap(), By::Day).name(ms(at)).to_owned()
    }

    #[test]
    fn days_follow_the_zone_through_half_hours_and_daylight_saving() {
        assert_eq!(day("UTC", "2026-11-20T23:59:59.999Z"), "2026-11-20");
        assert_eq!(day("Asia/Kolkata", "2026-11-20T18:29:59Z"), "2026-11-20");
        assert_eq!(day("Asia/Kolkata", "2026-11-20T18:30:00Z"), "2026-11-21");
        assert_eq!(day("Asia/Kathmandu", "2026-11-20T18:14:59Z"), "2026-11-20");
        assert_eq!(day("Asia/Kathmandu", "2026-11-20T18:15:00Z"), "2026-11-21");
        // In New York, 2026-11-01 has 25 hours and 2026-03-08 has 23.
        assert_eq!(day("America/New_York", "2026-11-01T03:59:59Z"), "2026-10-31");
        assert_eq!(day("America/New_York", "2026-11-02T04:59:59Z"), "2026-11-01");
        assert_eq!(day("America/New_York", "2026-11-02T05:00:00Z"), "2026-11-02");
        assert_eq!(day("America/New_York", "2026-03-09T03:59:59Z"), "2026-03-08");
        assert_eq!(day("America/New_York", "2026-03-09T04:00:00Z"), "2026-03-09");
    }

    #[test]
    fn weeks_begin_on_monday_and_belong_to_the_iso_year() {
        let mut weeks = Calendar::new(TimeZone::UTC, By::Week);
        assert_eq!(weeks.name(ms("2026-11-22T23:00:00Z")), "2026-W47");
        assert_eq!(weeks.name(ms("2026-11-23T00:00:00Z")), "2026-W48");
        assert_eq!(weeks.name(ms("2027-01-01T00:00:00Z")), "2026-W53");
        assert_eq!(Calendar::new(TimeZone::UTC, By::Month).name(ms("2026-02-28T23:59:59Z")), "2026-02");
    }

    #[test]
    fn moments_are_read_as_people_write_them() {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let zone = TimeZone::get("America/New_York").unwrap();
        let at = |text: &str, until| moment(text, now, &zone, until);
        assert_eq!(at("2026-11-20", false), Some(ms("2026-11-20T05:00:00Z")));
        assert_eq!(at("2026-11-20", true), Some(ms("2026-11-21T05:00:00Z")));
        assert_eq!(at("20261120", false), at("2026-11-20", false));
        assert_eq!(at("today", false), at("2026-11-20", false));
        assert_eq!(at("yesterday", false), at("2026-11-19", false));
        assert_eq!(at("12h", false), Some(ms("2026-11-20T14:00:00Z")));
        assert_eq!(at("2026-11-20T12:00:00Z", true), Some(ms("2026-11-20T12:00:00Z")));
        for bad in ["", "x", "5", "é", "2026-13-01", "-3d"] {
            assert_eq!(at(bad, false), None, "{bad}");
        }
    }

    #[test]
    fn nothing_priced_is_null_and_not_zero() {
        let mut sums = Sums::of(&Usage { input: 1, ..Usage::default() }, None, false);
        assert_eq!(serde_json::to_value(sums).unwrap()["cost_usd"], serde_json::Value::Null);
        sums.add(&Sums::of(&Usage::default(), Some(Usd(1)), false));
        assert_eq!((sums.cost_usd, sums.unpriced_calls, sums.calls), (Some(Usd(1)), 1, 2));
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let report =
            Report::new(By::Model, [(Some("a,\"b".to_owned()), Sums::default()), (None, Sums::default())]);
        assert_eq!(report.csv().lines().nth(1), Some(",0,0,0,0,0,0,0,,0"));
        assert!(report.csv().contains("\"a,\"\"b\",0"));
    }
}
