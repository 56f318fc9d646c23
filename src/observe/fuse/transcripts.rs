//! What a transcript says, beside what is seen: never stronger than a fresher look, and worn out by what came later.

use super::tests::{
    Act, ask, at, case, check, covered, fails, hook, play, prompt, reason, says, screen, until,
};
use super::{FusionPolicy, Outcome, fuse};
use crate::observe::evidence::{Board, Evidence, ProcessFact, TurnChange};
use crate::status::{Reason as R, Source, Status, Verdict};

use Source::{Hook, Osc, Screen, StatusFile, Transcript};
use Status::{Error, Idle, Limited, Unknown, Waiting, Working};

fn record(name: &str, status: Status, change: TurnChange) -> Act {
    Act::Event(Evidence::new(Transcript, format!("transcript:{name}"), at(0.0)).says(status), change)
}

fn began() -> Act {
    record("task_started", Working, TurnChange::Prompt)
}

fn ended() -> Act {
    record("task_complete", Idle, TurnChange::Stop(None))
}

fn failed(why: R) -> Act {
    reason(record("error", Error, TurnChange::Failure), why)
}

fn limit(seconds: f64) -> Act {
    until(reason(record("error", Limited, TurnChange::Failure), R::UsageLimit), seconds)
}

fn requested() -> Act {
    reason(record("permission.requested", Waiting, TurnChange::Ask(None)), R::Permission)
}

fn answers() -> Act {
    Act::Event(Evidence::new(Transcript, "transcript:assistant", at(0.0)), TurnChange::GoesOn)
}

#[test]
fn what_is_seen_now_beats_what_was_written() {
    check(vec![
        case(
            "the transcript says complete, a live spinner goes on",
            vec![
                (0.0, began()),
                (0.1, screen(Working)),
                (5.0, ended()),
                (7.0, Act::Output),
                (7.1, screen(Working)),
                (9.0, Act::Nothing),
            ],
            Working,
            None,
        ),
        case(
            "the transcript says complete, and the spinner is the last frame before the repaint",
            vec![
                (0.0, began()),
                (0.1, screen(Working)),
                (5.0, ended()),
                (5.2, screen(Idle)),
                (5.3, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "a dialog on the screen, whatever the transcript says last",
            vec![(0.0, ended()), (0.1, reason(screen(Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
        case(
            "a dialog that is opened long after the limit was hit is not its menu",
            vec![(0.0, limit(9000.0)), (0.1, screen(Idle)), (300.0, reason(screen(Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
        case(
            "an old record alone does not prove idle: an unknown picker may cover the composer",
            vec![(0.0, ended()), (0.1, screen(Unknown)), (30.0, Act::Nothing)],
            Unknown,
            None,
        ),
        case(
            "nor when something covers the composer",
            vec![(0.0, ended()), (0.1, screen(Idle)), (9.0, covered())],
            Unknown,
            None,
        ),
        case(
            "the transcript says that a turn began; Esc left nothing in it, and the screen rests",
            vec![(0.0, began()), (0.1, screen(Working)), (5.0, screen(Idle)), (9.0, Act::Nothing)],
            Idle,
            None,
        ),
        case(
            "a turn that began and never a word again",
            vec![(0.0, began()), (7200.0, Act::Nothing), (7202.0, Act::Nothing)],
            Unknown,
            None,
        ),
    ]);
}

#[test]
fn hook_and_transcript_tell_of_the_same_turn() {
    check(vec![
        case(
            "Esc: no hook, but the transcript says that the turn was aborted",
            vec![(0.0, prompt()), (0.2, screen(Idle)), (3.0, ended()), (3.1, Act::Nothing)],
            Idle,
            None,
        ),
        case(
            "a hook prompt after the transcript's end",
            vec![(0.0, ended()), (3.0, prompt()), (3.1, Act::Nothing)],
            Working,
            None,
        ),
        case(
            "the record of a turn's begin is read after the hook has asked",
            vec![(0.0, prompt()), (1.0, ask()), (1.1, screen(Waiting)), (1.2, answers())],
            Waiting,
            R::Permission,
        ),
        case(
            "a hook tells of an error, the transcript of the limit that it was",
            vec![(0.0, prompt()), (2.0, fails(R::Api)), (2.1, limit(900.0)), (2.2, screen(Idle))],
            Limited,
            R::UsageLimit,
        ),
        case(
            "the next prompt ends the error that the transcript told of",
            vec![(0.0, prompt()), (2.0, failed(R::Api)), (9.0, prompt()), (9.1, screen(Working))],
            Working,
            None,
        ),
        case(
            "background work outlives the turn that the transcript ends",
            vec![
                (0.0, prompt()),
                (3.0, reason(hook("Stop", Working, TurnChange::Stop(Some(1))), R::Background)),
                (3.1, ended()),
                (3.2, screen(Idle)),
                (60.0, hook("Notification", Idle, TurnChange::None)),
                (70.0, Act::Nothing),
            ],
            Working,
            R::Background,
        ),
        case(
            "a permission that the transcript says was answered: the hook's announcement is over",
            vec![
                (0.0, prompt()),
                (1.0, ask()),
                (1.1, requested()),
                (4.0, record("permission.completed", Working, TurnChange::Answered)),
                (4.1, Act::Nothing),
            ],
            Working,
            None,
        ),
    ]);
}

#[test]
fn permissions_that_only_the_transcript_knows() {
    check(vec![
        case(
            "asked",
            vec![(0.0, began()), (0.1, screen(Working)), (1.0, requested())],
            Waiting,
            R::Permission,
        ),
        case(
            "asked, and what covers the screen has no rule",
            vec![(0.0, began()), (1.0, requested()), (1.2, covered()), (60.0, Act::Nothing)],
            Waiting,
            R::Permission,
        ),
        case(
            "Esc at the prompt left nothing in the transcript: the composer is back",
            vec![
                (0.0, began()),
                (1.0, requested()),
                (1.2, screen(Waiting)),
                (4.0, screen(Idle)),
                (9.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "allowed by a rule of the user's: asked and answered, never shown",
            vec![
                (0.0, began()),
                (0.1, screen(Working)),
                (1.0, requested()),
                (1.0, record("permission.completed", Working, TurnChange::Answered)),
            ],
            Working,
            None,
        ),
    ]);
}

#[test]
fn failures_and_limits_that_only_the_transcript_knows() {
    check(vec![
        case(
            "the turn failed, the status file and the screen say idle",
            vec![
                (0.0, says(StatusFile, Working)),
                (2.0, failed(R::Auth)),
                (2.0, says(StatusFile, Idle)),
                (2.1, screen(Idle)),
            ],
            Error,
            R::Auth,
        ),
        case(
            "a spinner that is still painted when the error is written does not void it",
            vec![
                (0.0, screen(Working)),
                (2.0, failed(R::Api)),
                (2.2, screen(Working)),
                (2.4, screen(Idle)),
                (9.0, Act::Nothing),
            ],
            Error,
            R::Api,
        ),
        case(
            "the model answered since",
            vec![(2.0, failed(R::Api)), (2.1, screen(Idle)), (9.0, answers()), (9.1, Act::Nothing)],
            Idle,
            None,
        ),
        case(
            "it has worked since, and was interrupted before the model answered",
            vec![
                (2.0, failed(R::Api)),
                (2.1, screen(Idle)),
                (9.0, screen(Working)),
                (12.0, screen(Idle)),
                (15.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "a limit until its reset",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, limit(900.0)),
                (0.2, screen(Idle)),
                (800.0, Act::Nothing),
            ],
            Limited,
            R::UsageLimit,
        ),
        case(
            "the limit was reset",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, limit(900.0)),
                (0.2, screen(Idle)),
                (901.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "the agent's state says that it works: it goes on by itself after the reset",
            vec![
                (0.0, limit(900.0)),
                (0.1, screen(Idle)),
                (300.0, says(Osc, Working)),
                (300.1, screen(Working)),
            ],
            Working,
            None,
        ),
    ]);
}

#[test]
fn an_end_in_the_transcript_is_the_second_proof_that_needs_no_quiet_time() {
    let steps =
        [(0.0, began()), (0.1, screen(Working)), (5.0, screen(Idle)), (5.1, ended()), (5.2, Act::Nothing)];
    let policy = FusionPolicy { precedence: vec![Hook, Screen, Transcript], ..FusionPolicy::default() };
    assert_eq!(play(&policy, &steps).last().unwrap().1.status, Idle);
    assert_eq!(play(&policy, &steps[..3]).last().unwrap().1.status, Working);
}

#[test]
fn a_profile_that_does_not_list_the_transcript_is_not_decided_by_it() {
    let steps = [(0.0, ended()), (0.1, screen(Working)), (0.2, Act::Output), (3.0, Act::Nothing)];
    let policy = FusionPolicy { precedence: vec![Screen], ..FusionPolicy::default() };
    assert_eq!(play(&policy, &steps).last().unwrap().1.status, Working);
}

#[test]
fn it_is_explained_with_its_rule_and_age() {
    let mut board = Board::default();
    let error = Evidence::new(Transcript, "transcript:api_error", at(1.0)).says(Error).because(R::Api);
    board.record_event(error, TurnChange::Failure);
    board.record(Evidence::new(Screen, "screen:idle", at(2.0)).says(Idle).composer(true));
    let explain = |board: &Board| {
        let fused = fuse(board, &ProcessFact::alive(1), &FusionPolicy::default(), at(9.0), &Verdict::UNKNOWN);
        let mut used = fused.evidence_used.into_iter().filter(|u| u.source == Transcript);
        used.next().map(|u| (u.rule, u.at, u.outcome))
    };
    assert_eq!(explain(&board), Some(("transcript:api_error".to_owned(), at(1.0), Outcome::Decided)));
    board.record_event(Evidence::new(Transcript, "transcript:assistant", at(3.0)), TurnChange::GoesOn);
    assert_eq!(explain(&board), Some(("transcript:assistant".to_owned(), at(3.0), Outcome::Silent)));
}
