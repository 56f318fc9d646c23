//! What must hold whatever the sources say, in any order.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::{FusionPolicy, Outcome, fuse};
use crate::observe::evidence::{Board, Evidence, Foreground, ProcessFact, Tool, TurnChange};
use crate::status::{Reason, Source, Status, Verdict};

fn at(millis: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_millis(millis)
}

fn any_evidence() -> impl Strategy<Value = Evidence> {
    use Source::{Hook, Osc, Screen, StatusFile, Statusline, Swarm, Title, Transcript};
    let source =
        prop::sample::select(vec![Hook, Osc, Screen, StatusFile, Statusline, Swarm, Title, Transcript]);
    let status = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    let reasons =
        vec![Reason::Permission, Reason::Dialog, Reason::Background, Reason::Retrying, Reason::UsageLimit];
    let reason = prop::option::of(prop::sample::select(reasons));
    let composer = prop::option::of(any::<bool>());
    (source, status, reason, prop::option::of(0_i64..200_000), composer).prop_map(
        |(source, status, why, until, box_)| {
            let composer = box_.filter(|_| source == Source::Screen);
            let mut evidence =
                Evidence::new(source, "rule", at(0)).because(why).until(until.map(at)).composer(composer);
            evidence.status = status;
            evidence
        },
    )
}

fn any_change() -> impl Strategy<Value = TurnChange> {
    let tool = Tool { id: None, name: "Bash".into(), since: at(0) };
    prop::sample::select(vec![
        TurnChange::None,
        TurnChange::Reset,
        TurnChange::Prompt,
        TurnChange::Stop(Some(0)),
        TurnChange::Stop(Some(2)),
        TurnChange::Failure,
        TurnChange::ToolStart(tool),
        TurnChange::ToolEnd(None, Some("Bash".into())),
        TurnChange::Ask(Some("Bash".into())),
        TurnChange::Answered,
        TurnChange::GoesOn,
    ])
}

fn any_process() -> impl Strategy<Value = ProcessFact> {
    let alive = |foreground| ProcessFact::Alive { pid: 7, foreground };
    prop_oneof![
        8 => Just(ProcessFact::alive(7)),
        1 => prop::sample::select(vec![
            alive(Foreground::Shell),
            alive(Foreground::Suspended),
            alive(Foreground::Other("vim".into())),
            alive(Foreground::Other("ssh".into())),
            ProcessFact::Dead { status: Some(0), signal: None },
            ProcessFact::Dead { status: None, signal: Some(9) },
            ProcessFact::Missing,
        ]),
    ]
}

proptest! {
    #[test]
    fn safe_whatever_is_said(
        steps in prop::collection::vec((any_evidence(), any_change(), any_process(), 0_i64..5_000, any::<bool>()), 1..40),
    ) {
        let policy = FusionPolicy::default();
        let (mut board, mut verdict, mut now) = (Board::default(), Verdict::UNKNOWN, 0);
        for (mut evidence, change, process, pause, output) in steps {
            now += pause;
            evidence.at = at(now);
            if matches!(evidence.source, Source::Hook | Source::Transcript) {
                board.record_event(evidence, change);
            } else {
                board.record(evidence);
            }
            if output {
                board.output(at(now));
            }
            let mut time = at(now);
            // It settles: asked again whenever it wants to be, it comes to an end.
            for round in 0.. {
                prop_assert!(round < 40, "it never settles");
                let fused = fuse(&board, &process, &policy, time, &verdict);
                let again = fuse(&board, &process, &policy, time, &verdict);
                prop_assert_eq!(&fused, &again, "it is a function");
                check(&board, &process, &fused.verdict)?;
                let decided = fused.evidence_used.iter().filter(|u| u.outcome == Outcome::Decided).count();
                prop_assert!(decided <= 2);
                verdict = fused.verdict;
                match fused.recheck_at {
                    Some(next) => {
                        prop_assert!(next > time, "it asks for a time that has come");
                        time = next;
                    }
                    None => break,
                }
            }
        }
    }
}

fn check(board: &Board, process: &ProcessFact, verdict: &Verdict) -> Result<(), TestCaseError> {
    let screen = board.slot(Source::Screen).map(|s| &s.evidence);
    let says = |source, status| board.slot(source).is_some_and(|s| s.evidence.status == Some(status));
    let proven = verdict.proof.is_some() || matches!(verdict.status, Status::Unknown | Status::Starting);
    prop_assert!(proven, "{verdict:?} without a proof");
    match process {
        ProcessFact::Alive { foreground: Foreground::Agent, .. } => {
            let dialog = screen.is_some_and(|s| s.status == Some(Status::Waiting));
            prop_assert!(
                !dialog || matches!(verdict.status, Status::Waiting | Status::Limited),
                "{verdict:?}"
            );
            let asked = says(Source::StatusFile, Status::Waiting) || says(Source::Osc, Status::Waiting);
            prop_assert!(!asked || verdict.status != Status::Idle, "{verdict:?}");
            let covered = screen.is_some_and(|s| s.status.is_none() && s.composer == Some(false));
            prop_assert!(!covered || verdict.status != Status::Idle, "idle behind something: {verdict:?}");
            prop_assert!(verdict.status != Status::Exited);
        }
        ProcessFact::Alive { foreground: Foreground::Other(name), .. } if name == "ssh" => {}
        ProcessFact::Alive { .. } | ProcessFact::Missing => {
            prop_assert!(verdict.status != Status::Idle, "{verdict:?} with {process:?}");
        }
        ProcessFact::Dead { .. } => prop_assert_eq!(verdict.status, Status::Exited),
    }
    Ok(())
}
