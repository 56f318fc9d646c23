//! Usage limits that one source tells of and another dates.

use jiff::{SignedDuration, Timestamp};

use super::{FusionPolicy, fuse};
use crate::observe::evidence::{Board, Evidence, ProcessFact, TurnChange};
use crate::status::{Reason, Source, Status, Verdict};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

fn limited(source: Source, seconds: i64) -> Evidence {
    Evidence::new(source, format!("{source}:limit"), at(seconds))
        .says(Status::Limited)
        .because(Reason::UsageLimit)
}

fn verdict(board: &Board, seconds: i64) -> Verdict {
    let policy = FusionPolicy { precedence: vec![Source::Hook, Source::Screen], ..FusionPolicy::default() };
    fuse(board, &ProcessFact::alive(7), &policy, at(seconds), &Verdict::UNKNOWN).verdict
}

#[test]
fn the_hook_wins_the_screen_says_until_when_and_both_end_then() {
    let mut board = Board::default();
    board.record_event(limited(Source::Hook, 2), TurnChange::Failure);
    assert_eq!(verdict(&board, 2).until, None);
    board.record(limited(Source::Screen, 3).until(at(900)).composer(true));
    let found = verdict(&board, 3);
    assert_eq!((found.status, found.until), (Status::Limited, Some(at(900))));
    assert_eq!(found.proof.unwrap().source, Source::Hook);
    assert_eq!(verdict(&board, 901).status, Status::Idle);
}

#[test]
fn a_limit_that_is_hit_after_the_reset_is_another_one() {
    let mut board = Board::default();
    board.record(limited(Source::Screen, 3).until(at(900)).composer(true));
    board.record_event(limited(Source::Hook, 903), TurnChange::Failure);
    let found = verdict(&board, 904);
    assert_eq!((found.status, found.until), (Status::Limited, None));
}
