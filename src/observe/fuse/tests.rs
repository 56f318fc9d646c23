//! One row per trap: what the sources say, when, and what the answer must be at the end. The rows are played as the
//! monitor plays them: a verdict after each step, and again whenever the fusion asked for it.

mod ends;
mod turns;

use jiff::{SignedDuration, Timestamp};

use super::{FusionPolicy, Outcome, fuse};
use crate::observe::evidence::{Board, Evidence, Foreground, ProcessFact, Tool, TurnChange};
use crate::status::{Reason, Source, Status, Verdict};

use Reason as R;
use Source::{Hook, Osc, Screen, StatusFile, Title, Transcript};
use Status::{Error, Exited, Idle, Limited, Starting, Unknown, Waiting, Working};

pub(super) fn at(seconds: f64) -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap() + SignedDuration::from_secs_f64(seconds)
}

/// What happens.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// A source says something.
    Says(Evidence),
    /// An event of a hook or a transcript.
    Event(Evidence, TurnChange),
    /// The pane writes something.
    Output,
    /// A fact about the process.
    Process(ProcessFact),
    /// The stream of a source had a gap.
    Forget(Source),
    /// Nothing but time.
    Nothing,
}

pub(super) type Step = (f64, Act);

pub(super) fn says(source: Source, status: Status) -> Act {
    Act::Says(Evidence::new(source, format!("{source}:{status}"), at(0.0)).says(status))
}

pub(super) fn reason(act: Act, reason: Reason) -> Act {
    match act {
        Act::Says(e) => Act::Says(e.because(reason)),
        Act::Event(e, c) => Act::Event(e.because(reason), c),
        other => other,
    }
}

pub(super) fn until(act: Act, seconds: f64) -> Act {
    match act {
        Act::Says(e) => Act::Says(e.until(at(seconds))),
        Act::Event(e, c) => Act::Event(e.until(at(seconds)), c),
        other => other,
    }
}

/// A screen with its composer, as every rest and every spinner of a known agent has it.
pub(super) fn screen(status: Status) -> Act {
    let composer = match status {
        Waiting | Starting => Some(false),
        Unknown => None,
        _ => Some(true),
    };
    let evidence = Evidence::new(Screen, format!("screen:{status}"), at(0.0)).composer(composer);
    Act::Says(if status == Unknown { evidence } else { evidence.says(status) })
}

pub(super) fn covered() -> Act {
    Act::Says(Evidence::new(Screen, "screen:none", at(0.0)).composer(false))
}

pub(super) fn hook(name: &str, status: Status, change: TurnChange) -> Act {
    Act::Event(Evidence::new(Hook, format!("hook:{name}"), at(0.0)).says(status), change)
}

pub(super) fn prompt() -> Act {
    hook("UserPromptSubmit", Working, TurnChange::Prompt)
}

pub(super) fn stop() -> Act {
    hook("Stop", Idle, TurnChange::Stop(Some(0)))
}

pub(super) fn ask() -> Act {
    reason(hook("PermissionRequest", Waiting, TurnChange::Ask(Some("Bash".into()))), R::Permission)
}

fn tool() -> Act {
    let tool = Tool { id: Some("t1".into()), name: "Bash".into(), since: at(0.0) };
    hook("PreToolUse", Working, TurnChange::ToolStart(tool))
}

pub(super) fn fails(why: Reason) -> Act {
    reason(hook("StopFailure", Error, TurnChange::Failure), why)
}

fn foreground(foreground: Foreground) -> Act {
    Act::Process(ProcessFact::Alive { pid: 7, foreground })
}

fn stamp(mut evidence: Evidence, time: Timestamp) -> Evidence {
    evidence.at = time;
    evidence
}

/// Plays `steps` and answers every verdict that was in force, the last one at the end.
pub(super) fn play(policy: &FusionPolicy, steps: &[Step]) -> Vec<(f64, Verdict)> {
    let mut board = Board::default();
    let mut process = ProcessFact::alive(7);
    // As the monitor begins: swarm has just started it.
    let started = Evidence::new(Source::Swarm, "swarm:started", at(0.0)).says(Starting);
    let mut verdict = Verdict { status: Starting, proof: Some(started.proof()), ..Verdict::UNKNOWN };
    let mut seen = Vec::new();
    let mut due: Option<Timestamp> = None;
    for (seconds, act) in steps {
        let time = at(*seconds);
        let mut rounds = 0;
        while let Some(then) = due.filter(|d| *d < time) {
            let fused = fuse(&board, &process, policy, then, &verdict);
            assert!(fused.recheck_at.is_none_or(|r| r > then), "asks for a time that has come");
            seen.push((then.duration_since(at(0.0)).as_secs_f64(), fused.verdict.clone()));
            (verdict, due) = (fused.verdict, fused.recheck_at);
            rounds += 1;
            assert!(rounds < 50, "asks again and again");
        }
        match act.clone() {
            Act::Says(e) => {
                board.record(stamp(e, time));
            }
            Act::Event(e, c) => board.record_event(stamp(e, time), c),
            Act::Output => board.output(time),
            Act::Process(fact) => process = fact,
            Act::Forget(source) => board.forget(source),
            Act::Nothing => {}
        }
        let fused = fuse(&board, &process, policy, time, &verdict);
        seen.push((*seconds, fused.verdict.clone()));
        (verdict, due) = (fused.verdict, fused.recheck_at);
    }
    seen
}

pub(super) struct Case {
    trap: &'static str,
    steps: Vec<Step>,
    status: Status,
    reason: Option<Reason>,
}

pub(super) fn case(
    trap: &'static str,
    steps: Vec<Step>,
    status: Status,
    reason: impl Into<Option<Reason>>,
) -> Case {
    Case { trap, steps, status, reason: reason.into() }
}

pub(super) fn check(cases: Vec<Case>) {
    for case in cases {
        let seen = play(&FusionPolicy::default(), &case.steps);
        let last = &seen.last().unwrap().1;
        assert_eq!((last.status, last.reason), (case.status, case.reason), "{}: {seen:#?}", case.trap);
        assert!(
            last.proof.is_some() || matches!(last.status, Unknown | Starting),
            "{}: no proof for {last:?}",
            case.trap
        );
    }
}
