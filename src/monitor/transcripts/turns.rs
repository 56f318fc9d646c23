//! Which records of a transcript are told to the state: each once, and only those of this incarnation's conversation.

use jiff::{Timestamp, tz::TimeZone};

use crate::observe::evidence::{Evidence, TurnChange};
use crate::observe::transcript::TurnRecord;

/// What was told last: a database is read again from a while before its last change.
#[derive(Debug, Default)]
pub(super) struct Told(Vec<TurnRecord>);

impl Told {
    /// What is new in `records`, as evidence, oldest first. `session` is the conversation where one file holds several,
    /// `started` when the agent did: what a conversation that goes on says from before is not about it.
    pub(super) fn news(
        &mut self,
        mut records: Vec<TurnRecord>,
        session: &str,
        started: Timestamp,
        now: Timestamp,
    ) -> Vec<(Evidence, TurnChange)> {
        // A time to come, of a clock that was set back, would hide all that follows.
        let now_ms = now.as_millisecond();
        for record in &mut records {
            record.at_ms = record.at_ms.min(now_ms);
        }
        records.sort_by_key(|r| r.at_ms);
        let now = now.to_zoned(TimeZone::system());
        let mut news = Vec::new();
        for record in records {
            let ours = record.session.as_deref().is_none_or(|of| of == session);
            let last = self.0.first().map_or(i64::MIN, |r| r.at_ms);
            let told = record.at_ms < last || self.0.contains(&record);
            if !ours || told || record.at_ms < started.as_millisecond() {
                continue;
            }
            news.extend(record.evidence(&now));
            if record.at_ms > last {
                self.0.clear();
            }
            self.0.push(record);
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::transcript::Said;

    fn record(at_ms: i64, said: Said) -> TurnRecord {
        TurnRecord::new(at_ms, "r", said)
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms).unwrap()
    }

    #[test]
    fn a_time_to_come_hides_nothing_that_follows() {
        let mut told = Told::default();
        assert_eq!(told.news(vec![record(i64::MAX, Said::Began)], "s", at(0), at(100)).len(), 1);
        assert_eq!(told.news(vec![record(150, Said::Answers)], "s", at(0), at(200)).len(), 1);
    }

    #[test]
    fn each_record_is_told_once_in_the_order_of_time() {
        let mut told = Told::default();
        let mut news = |records| {
            let news = told.news(records, "s", at(0), at(100));
            news.into_iter().map(|(e, _)| e.at.as_millisecond()).collect::<Vec<_>>()
        };
        assert_eq!(news(vec![record(20, Said::Works), record(10, Said::Began)]), [10, 20]);
        assert_eq!(
            news(vec![record(10, Said::Began), record(20, Said::Works), record(20, Said::Ended)]),
            [20]
        );
        assert_eq!(news(vec![record(20, Said::Ended), record(15, Said::Works)]), [0; 0]);
    }

    #[test]
    fn another_conversation_and_what_was_before_the_start_are_left_out() {
        let of =
            |session: &str, at_ms| TurnRecord { session: Some(session.into()), ..record(at_ms, Said::Began) };
        let mut told = Told::default();
        let news = told.news(vec![of("a", 5), of("a", 20), of("b", 30)], "a", at(10), at(100));
        assert_eq!(news.len(), 1);
        assert_eq!(told.news(vec![of("b", 40)], "a", at(10), at(100)), []);
    }
}
