//! Transcripts: what a record of the agent's own log says about its turn, as evidence.
//!
//! Owns the meaning of such records, whatever the agent calls them. Reads no file: the ledger's readers, which read every
//! line anyway, say which record it was ([`TurnRecord`]). A record proves what was at its time; how long that is
//! believed, [`super::fuse`] decides.

use jiff::{Timestamp, Zoned};

use crate::observe::evidence::{Evidence, TurnChange};
use crate::observe::screen::redact::{Private, redact};
use crate::observe::screen::reset_time;
use crate::status::{Reason, Source, Status};

/// The most characters of an error's text that are kept.
const TEXT_MAX: usize = 400;

/// The most records of one reading that are kept: only the last turn of each conversation matters.
pub const RECORDS_MAX: usize = 64;

/// What a record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// A turn began.
    Began,
    /// The turn goes on.
    Works,
    /// The model answered: whatever failed before did not last. Whether the turn goes on is not said.
    Answers,
    /// The turn is over, or was interrupted.
    Ended,
    /// The turn ended in an error.
    Failed(Reason),
    /// The turn ended at a usage limit, until this many milliseconds since 1970 where that is said.
    Limited(Option<i64>),
    /// A person is asked for a permission, or a question.
    Asks(Reason),
    /// Nothing is asked any more.
    Answered,
}

/// One record about the turn of the main conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnRecord {
    /// Its own time, in milliseconds since 1970.
    pub at_ms: i64,
    /// What the agent calls it.
    pub name: &'static str,
    /// What it says.
    pub said: Said,
    /// The agent's own words about a failure, cut.
    pub text: String,
    /// The conversation, where one file holds several.
    pub session: Option<Box<str>>,
}

impl TurnRecord {
    /// A record without words.
    pub fn new(at_ms: i64, name: &'static str, said: Said) -> Self {
        Self { at_ms, name, said, text: String::new(), session: None }
    }

    /// The agent's own words.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.text = text.chars().take(TEXT_MAX).collect();
        self
    }

    /// What it proves, and what it changes in the turn. `None` for a time that is none; one that has not come yet is
    /// taken for `now`, or nothing else would ever be newer. In the zone of `now` the agent's own words are meant.
    pub fn evidence(&self, now: &Zoned) -> Option<(Evidence, TurnChange)> {
        let at = Timestamp::from_millisecond(self.at_ms).ok()?.min(now.timestamp());
        let (status, reason, change) = match self.said {
            Said::Began => (Some(Status::Working), None, TurnChange::Prompt),
            Said::Works => (Some(Status::Working), None, TurnChange::GoesOn),
            Said::Answers => (None, None, TurnChange::GoesOn),
            Said::Ended => (Some(Status::Idle), None, TurnChange::Stop(None)),
            Said::Failed(reason) => (Some(Status::Error), Some(reason), TurnChange::Failure),
            Said::Limited(_) => (Some(Status::Limited), Some(Reason::UsageLimit), TurnChange::Failure),
            Said::Asks(reason) => (Some(Status::Waiting), Some(reason), TurnChange::Ask(None)),
            Said::Answered => (Some(Status::Working), None, TurnChange::Answered),
        };
        // Vendors repeat parts of keys in their errors.
        let text = redact(&self.text, &Private::default());
        let mut evidence = Evidence::new(Source::Transcript, format!("transcript:{}", self.name), at)
            .because(reason)
            .text(&text);
        evidence.status = status;
        if let Said::Limited(ms) = self.said {
            let exact = ms.and_then(|ms| Timestamp::from_millisecond(ms).ok());
            evidence.until = exact.or_else(|| reset_in(&self.text, &at.to_zoned(now.time_zone().clone())));
        }
        Some((evidence, change))
    }
}

/// Until when a limit lasts by the agent's words, said at `at`.
fn reset_in(text: &str, at: &Zoned) -> Option<Timestamp> {
    let words = ["try again at ", "resets at ", "resets ", "try again "];
    words.iter().find_map(|before| reset_time(text.split_once(before)?.1, at))
}

/// What a failed turn comes down to, by the vendor's own word for the error (a name, then `:` and an HTTP status where
/// there is one) and its text.
pub fn failure(word: &str, text: &str, resets_ms: Option<i64>) -> Said {
    let any = |hay: &str, needles: &[&str]| needles.iter().any(|n| hay.contains(n));
    let (word, text) = (word.to_ascii_lowercase(), text.to_ascii_lowercase());
    if any(&word, &["usage_limit", "quota_exceeded"])
        || text.contains("hit your") && text.contains("limit")
        || any(&text, &["usage limit reached|", "exhausted your daily quota", "exhausted your capacity"])
    {
        Said::Limited(resets_ms)
    } else if any(&word, &["context_window", "contextoverflow", "context_limit"])
        || any(&text, &["prompt is too long", "context limit reached", "context window"])
    {
        Said::Failed(Reason::ContextFull)
    } else if any(
        &word,
        &["authentication", "unauthorized", "providerauth", "permission_error", ":401", ":403"],
    ) || any(&text, &["unauthenticated", "run /login", "api key not valid", "incorrect api key"])
    {
        Said::Failed(Reason::Auth)
    } else {
        Said::Failed(Reason::Api)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Zoned {
        Timestamp::from_second(1_800_000_000).unwrap().to_zoned(jiff::tz::TimeZone::UTC)
    }

    #[test]
    fn a_record_becomes_evidence_with_its_own_time() {
        let now = now();
        let record = TurnRecord::new(1_799_999_999_500, "error", Said::Limited(Some(1_800_003_600_000)))
            .text("You've hit your limit\u{1b}[31m sk-abcdefghijklmnopqrstuvwxyz");
        let (evidence, change) = record.evidence(&now).unwrap();
        assert_eq!((evidence.status, evidence.reason), (Some(Status::Limited), Some(Reason::UsageLimit)));
        assert_eq!(evidence.at.as_millisecond(), 1_799_999_999_500);
        assert_eq!(evidence.until.unwrap().as_second(), 1_800_003_600);
        assert_eq!((evidence.rule.as_str(), change), ("transcript:error", TurnChange::Failure));
        assert!(!evidence.text.contains("abcdef") && !evidence.text.contains('\u{1b}'), "{}", evidence.text);
    }

    #[test]
    fn times_that_cannot_be_are_no_time() {
        let now = now();
        let at = |ms| TurnRecord::new(ms, "x", Said::Began).evidence(&now).map(|(e, _)| e.at);
        assert_eq!(at(i64::MAX), None);
        assert_eq!(at(i64::MIN), None);
        assert_eq!(at(1_900_000_000_000), Some(now.timestamp()));
    }

    #[test]
    fn a_reset_is_read_off_the_words_where_the_record_has_no_number() {
        let until = |said, text: &str| {
            let record = TurnRecord::new(1_795_980_467_573, "task_complete", said).text(text);
            record.evidence(&now()).unwrap().0.until.map(|at| at.to_string())
        };
        let codex = "You’ve hit your usage limit. Upgrade to Pro (https://x/pro) or try again at 9:27 PM.";
        assert_eq!(until(Said::Limited(None), codex).as_deref(), Some("2026-11-29T21:27:00Z"));
        let span = "You’ve hit your usage limit. Try again later, or try again in 2 hours.";
        assert_eq!(until(Said::Limited(None), span).as_deref(), Some("2026-11-29T21:27:47.573Z"));
        assert_eq!(
            until(Said::Limited(Some(1_795_990_000_000)), codex).as_deref(),
            Some("2026-11-29T22:06:40Z")
        );
        assert_eq!(until(Said::Limited(None), "You have exhausted your daily quota. Try again later"), None);
        assert_eq!(until(Said::Failed(Reason::Api), codex), None);
    }

    #[test]
    fn failures_are_told_apart_by_words_of_every_vendor() {
        let said = |word, text| failure(word, text, Some(7));
        assert_eq!(said("usage_limit_exceeded", ""), Said::Limited(Some(7)));
        assert_eq!(said("rate_limit", "You've hit your weekly limit · resets 9pm"), Said::Limited(Some(7)));
        assert_eq!(
            said("", "[API Error: You have exhausted your daily quota on this model.]"),
            Said::Limited(Some(7))
        );
        assert_eq!(
            said("rate_limit", "(not your usage limit) · 50 requests per minute"),
            Said::Failed(Reason::Api)
        );
        assert_eq!(said("context_window_exceeded", ""), Said::Failed(Reason::ContextFull));
        assert_eq!(said("invalid_request", "Prompt is too long"), Said::Failed(Reason::ContextFull));
        assert_eq!(said("authentication_failed", "Not logged in"), Said::Failed(Reason::Auth));
        assert_eq!(said("http_connection_failed:401", ""), Said::Failed(Reason::Auth));
        assert_eq!(said("", "{\"status\":\"UNAUTHENTICATED\"}"), Said::Failed(Reason::Auth));
        assert_eq!(said("server_error", "529 Overloaded"), Said::Failed(Reason::Api));
    }
}
