//! From an agent's words about a reset ("11pm (UTC)", "Nov 22, 9pm (UTC)", "10:54 PM", "2 days 3 hours") to a point in
//! time.

use std::sync::LazyLock;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use regex::Regex;

static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^(?:on\s+)?(?:(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?(?:,?\s+(?P<year>\d{4}))?,?\s*(?:at\s+)?)?(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?\s*(?P<half>[ap]\.?m\.?)?\s*(?:\((?P<zone>[A-Za-z_/+\-0-9]+)\))?",
    )
    .ok()
});

/// `2 days 3 hours`, `in 5 minutes`, `3h 20m`: one number with its unit.
static SPAN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)^(?:in\s+|,\s*|and\s+|\s)*(?P<n>\d{1,6})\s*(?P<unit>d|h|m|s|days?|hours?|hrs?|minutes?|mins?|seconds?|secs?)\b")
        .ok()
});

/// The next moment that fits `words`, seen from `now`; its zone holds where the words name none. `None` when the words
/// do not name a time.
pub fn reset_time(words: &str, now: &Zoned) -> Option<Timestamp> {
    if let Some(span) = span(words.trim()) {
        return now.timestamp().checked_add(span).ok();
    }
    let c = WORDS.as_ref()?.captures(words.trim())?;
    let number = |name: &str| c.name(name).and_then(|m| m.as_str().parse::<i16>().ok());
    if c.name("half").is_none() && c.name("minute").is_none() {
        return None;
    }
    let zone = match c.name("zone") {
        Some(z) => TimeZone::get(z.as_str()).ok()?,
        None => now.time_zone().clone(),
    };
    let now = now.with_time_zone(zone.clone());
    let mut hour = number("hour")?;
    match c.name("half").map(|h| h.as_str().to_ascii_lowercase().starts_with('p')) {
        Some(true) if hour < 12 => hour += 12,
        Some(false) if hour == 12 => hour = 0,
        _ => {}
    }
    let time =
        Time::new(i8::try_from(hour).ok()?, i8::try_from(number("minute").unwrap_or(0)).ok()?, 0, 0).ok()?;
    let at = |date: Date| date.to_datetime(time).to_zoned(zone.clone()).ok();
    let Some(month) = c.name("month") else {
        let today = at(now.date())?;
        // A minute of grace: the words have no seconds.
        let due =
            if today.timestamp() < now.timestamp() - 60.seconds() { today.tomorrow().ok()? } else { today };
        return Some(due.timestamp());
    };
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let name = month.as_str().to_ascii_lowercase();
    let month = MONTHS.iter().position(|m| *m == name)? as i8 + 1;
    let day = i8::try_from(number("day")?).ok()?;
    let year = number("year");
    let first = at(Date::new(year.unwrap_or(now.year()), month, day).ok()?)?;
    if year.is_none() && first.timestamp() < now.timestamp() - 24.hours() {
        return Some(at(Date::new(now.year() + 1, month, day).ok()?)?.timestamp());
    }
    Some(first.timestamp())
}

/// How long `words` say it takes, where they begin with numbers and units; what follows them does not matter.
fn span(words: &str) -> Option<SignedDuration> {
    let (mut rest, mut total) = (words, None);
    while let Some(c) = SPAN.as_ref()?.captures(rest) {
        let seconds = match c.name("unit")?.as_str().to_ascii_lowercase().as_bytes().first()? {
            b'd' => 86_400,
            b'h' => 3600,
            b'm' => 60,
            _ => 1,
        };
        let part = c.name("n")?.as_str().parse::<i64>().ok()?.checked_mul(seconds)?;
        total = Some(total.unwrap_or(0_i64).checked_add(part)?);
        rest = rest.get(c.get(0)?.end()..)?;
    }
    // A reset that is further away than a year is no reset.
    total.filter(|seconds| *seconds <= 366 * 86_400).map(SignedDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(words: &str) -> Option<String> {
        let now: Zoned = "2026-11-20T21:00:00+00:00[UTC]".parse().unwrap();
        reset_time(words, &now).map(|t| t.to_string())
    }

    #[test]
    fn the_words_of_every_recorded_agent_are_understood() {
        assert_eq!(at("11pm (UTC)").as_deref(), Some("2026-11-20T23:00:00Z"));
        assert_eq!(at("Nov 22, 9pm (UTC)").as_deref(), Some("2026-11-22T21:00:00Z"));
        assert_eq!(at("10:54 PM").as_deref(), Some("2026-11-20T22:54:00Z"));
        assert_eq!(at("10:59pm (UTC)").as_deref(), Some("2026-11-20T22:59:00Z"));
        assert_eq!(at("8am").as_deref(), Some("2026-11-21T08:00:00Z"));
        assert_eq!(at("12am").as_deref(), Some("2026-11-21T00:00:00Z"));
        assert_eq!(at("Jan 3rd, 2027 8:00 AM").as_deref(), Some("2027-01-03T08:00:00Z"));
        assert_eq!(at("Jan 3, 8am").as_deref(), Some("2027-01-03T08:00:00Z"));
        assert_eq!(at("5 minutes").as_deref(), Some("2026-11-20T21:05:00Z"));
        assert_eq!(at("2 days 3 hours").as_deref(), Some("2026-11-23T00:00:00Z"));
        assert_eq!(at("in 1 day, 2 hours and 3 minutes.").as_deref(), Some("2026-11-21T23:03:00Z"));
        assert_eq!(at("3h 20m").as_deref(), Some("2026-11-21T00:20:00Z"));
        assert_eq!(at("999999 days 999999 days"), None);
        assert_eq!(at("soon"), None);
        assert_eq!(at("99pm"), None);
    }
}
