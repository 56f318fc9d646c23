//! One row per trap: what the sources say, when, and what the answer must be at the end. The rows are played as the
//! monitor plays them: a verdict after each step, and again whenever the fusion asked for it.

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

#[test]
fn interruptions_that_no_hook_reports() {
    check(vec![
        case(
            "Esc interrupts a turn: no hook, only the screen",
            vec![(0.0, prompt()), (0.2, screen(Working)), (5.0, screen(Idle)), (9.0, Act::Nothing)],
            Idle,
            None,
        ),
        case(
            "Esc interrupts a turn: the status file says idle, no hook",
            vec![
                (0.0, prompt()),
                (0.0, says(StatusFile, Working)),
                (5.0, says(StatusFile, Idle)),
                (5.1, screen(Idle)),
            ],
            Idle,
            None,
        ),
        case(
            "Esc at a permission prompt: no hook, the composer is back",
            vec![
                (0.0, prompt()),
                (1.0, ask()),
                (1.2, screen(Waiting)),
                (4.0, screen(Idle)),
                (9.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "a permission was given: no hook until the long tool ends, but it works",
            vec![(0.0, prompt()), (1.0, ask()), (1.2, screen(Waiting)), (4.0, screen(Working))],
            Working,
            None,
        ),
        case(
            "the user's own hook allowed the tool: announced, never shown",
            vec![
                (0.0, prompt()),
                (0.2, screen(Working)),
                (1.0, ask()),
                (1.5, Act::Nothing),
                (2.0, Act::Nothing),
            ],
            Working,
            None,
        ),
    ]);
}

#[test]
fn prompts_are_seen_at_once_by_any_source() {
    check(vec![
        case(
            "a hook announces a prompt before it is painted",
            vec![(0.0, prompt()), (0.2, screen(Working)), (1.0, ask())],
            Waiting,
            R::Permission,
        ),
        case(
            "another agent of the same session goes on calling tools while a prompt is open",
            vec![(0.0, prompt()), (1.0, ask()), (1.1, screen(Waiting)), (1.5, tool())],
            Waiting,
            R::Permission,
        ),
        case(
            "a prompt that only hooks know, while other tools of the session end",
            vec![
                (0.0, prompt()),
                (1.0, ask()),
                (1.2, hook("PostToolUse", Working, TurnChange::ToolEnd(None, Some("Read".into())))),
            ],
            Waiting,
            R::Permission,
        ),
        case(
            "a dialog on the screen beats idle from everything else",
            vec![
                (0.0, stop()),
                (0.0, says(StatusFile, Idle)),
                (0.0, says(Osc, Idle)),
                (0.1, screen(Waiting)),
            ],
            Waiting,
            None,
        ),
        case(
            "a dialog on the screen beats a title that says it works",
            vec![(0.0, says(Title, Working)), (0.1, reason(screen(Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
        case(
            "a menu without stock wording: the status file knows that it is a permission",
            vec![
                (0.0, reason(screen(Waiting), R::Dialog)),
                (0.1, reason(says(StatusFile, Waiting), R::Permission)),
            ],
            Waiting,
            R::Permission,
        ),
        case(
            "a question raises a permission hook too: the screen shows which",
            vec![(0.0, prompt()), (1.0, ask()), (1.2, reason(screen(Waiting), R::Question))],
            Waiting,
            R::Question,
        ),
        case(
            "Codex says blocked while a stale composer is still on the screen",
            vec![(0.0, screen(Working)), (1.0, reason(says(Osc, Waiting), R::Permission))],
            Waiting,
            R::Permission,
        ),
        case(
            "an unknown picker covers the composer while the status file says idle: not idle",
            vec![(0.0, says(StatusFile, Idle)), (0.1, screen(Idle)), (5.0, covered())],
            Unknown,
            None,
        ),
        case(
            "a picker that the status file calls a dialog",
            vec![(0.0, screen(Idle)), (1.0, covered()), (1.0, reason(says(StatusFile, Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
    ]);
}

#[test]
fn starting_up() {
    check(vec![
        case("nothing is known yet", vec![(1.0, Act::Nothing)], Starting, None),
        case(
            "a title that says Ready while the screen is blank",
            vec![(0.1, says(Title, Idle)), (0.2, screen(Starting))],
            Starting,
            None,
        ),
        case(
            "a title that says Ready while a trust dialog is open",
            vec![(0.1, says(Title, Idle)), (0.2, reason(screen(Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
        case(
            "a title that says Ready on a screen that no rule knows",
            vec![(0.1, says(Title, Idle)), (0.2, screen(Unknown)), (4.0, Act::Nothing)],
            Unknown,
            None,
        ),
        case(
            "a startup dialog: neither hook nor status file",
            vec![(0.5, screen(Starting)), (1.5, reason(screen(Waiting), R::Dialog))],
            Waiting,
            R::Dialog,
        ),
        case(
            "the first hook comes before the first paint",
            vec![
                (0.5, screen(Starting)),
                (0.9, hook("SessionStart", Unknown, TurnChange::Reset)),
                (1.0, Act::Nothing),
            ],
            Starting,
            None,
        ),
        case(
            "nothing shows for two minutes: no longer believed to be starting",
            vec![(0.0, screen(Unknown)), (120.0, Act::Nothing), (125.0, Act::Nothing)],
            Unknown,
            None,
        ),
    ]);
}

#[test]
fn work_that_goes_on() {
    check(vec![
        case(
            "API retries: no hook, the status file says busy",
            vec![
                (0.0, prompt()),
                (0.0, says(StatusFile, Working)),
                (2.0, reason(screen(Working), R::Retrying)),
            ],
            Working,
            R::Retrying,
        ),
        case(
            "an error text on the screen while the agent still retries",
            vec![(0.0, prompt()), (0.0, says(StatusFile, Working)), (2.0, reason(screen(Error), R::Api))],
            Working,
            None,
        ),
        case(
            "the turn is over but a background shell runs",
            vec![
                (0.0, prompt()),
                (3.0, reason(hook("Stop", Working, TurnChange::Stop(Some(1))), R::Background)),
                (3.1, screen(Idle)),
                (60.0, Act::Nothing),
            ],
            Working,
            R::Background,
        ),
        case(
            "'waits for your input' comes a minute later, background work or not",
            vec![
                (3.0, reason(hook("Stop", Working, TurnChange::Stop(Some(1))), R::Background)),
                (3.1, screen(Idle)),
                (63.0, hook("Notification", Idle, TurnChange::None)),
                (70.0, Act::Nothing),
            ],
            Working,
            R::Background,
        ),
        case(
            "background work has ended: the status file says so, no hook does",
            vec![
                (3.0, reason(hook("Stop", Working, TurnChange::Stop(Some(1))), R::Background)),
                (3.0, reason(says(StatusFile, Working), R::Background)),
                (3.1, screen(Idle)),
                (20.0, says(StatusFile, Idle)),
                (21.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "a background subagent wakes the agent: a turn without a prompt",
            vec![
                (3.0, stop()),
                (3.1, screen(Idle)),
                (9.0, says(StatusFile, Working)),
                (9.1, screen(Working)),
            ],
            Working,
            None,
        ),
        case(
            "compaction",
            vec![
                (0.0, says(StatusFile, Working)),
                (1.0, reason(hook("PreCompact", Working, TurnChange::Prompt), R::Compacting)),
                (1.2, screen(Working)),
            ],
            Working,
            R::Compacting,
        ),
        case(
            "a long tool: no hook for twenty minutes, the spinner lives",
            vec![
                (0.0, prompt()),
                (1.0, tool()),
                (1.2, screen(Working)),
                (1200.0, Act::Output),
                (1200.1, screen(Working)),
            ],
            Working,
            None,
        ),
        case(
            "a text stream without a spinner: the state sequence knows better than the screen",
            vec![(0.0, says(Osc, Working)), (2.0, screen(Idle)), (30.0, Act::Nothing)],
            Working,
            None,
        ),
        case(
            "hooks only, and then never a word again",
            vec![(0.0, prompt()), (7200.0, Act::Nothing), (7202.0, Act::Nothing)],
            Unknown,
            None,
        ),
    ]);
}

#[test]
fn spinners_that_lie() {
    check(vec![
        case(
            "a stale spinner line on an idle screen, with a state that says idle",
            vec![
                (0.0, screen(Working)),
                (0.5, Act::Output),
                (1.0, says(StatusFile, Idle)),
                (20.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "a live spinner while the status file lags behind",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, screen(Idle)),
                (9.0, Act::Output),
                (9.1, screen(Working)),
            ],
            Working,
            None,
        ),
        case(
            "a reply that quotes a spinner on a screen that animates: hook and state both say the turn is over",
            vec![
                (0.0, prompt()),
                (3.0, stop()),
                (3.1, says(StatusFile, Idle)),
                (3.2, screen(Working)),
                (8.0, Act::Output),
                (8.1, screen(Working)),
            ],
            Idle,
            None,
        ),
        case(
            "a spinner in the last frame before the repaint, just after Stop",
            vec![(0.0, prompt()), (3.0, screen(Working)), (3.1, stop()), (3.2, screen(Idle))],
            Idle,
            None,
        ),
    ]);
}

#[test]
fn limits_and_errors() {
    check(vec![
        case(
            "the usage-limit menu is a dialog to the status file",
            vec![
                (0.0, reason(says(StatusFile, Waiting), R::Dialog)),
                (0.1, until(reason(screen(Limited), R::UsageLimit), 900.0)),
            ],
            Limited,
            R::UsageLimit,
        ),
        case(
            "the usage-limit menu is a dialog to the screen, the transcript knows the reset",
            vec![
                (0.0, until(reason(says(Transcript, Limited), R::UsageLimit), 900.0)),
                (0.1, reason(screen(Waiting), R::Dialog)),
            ],
            Limited,
            R::UsageLimit,
        ),
        case(
            "a statusline shows a limit whatever the agent does",
            vec![(0.0, says(Osc, Working)), (0.1, reason(says(Source::Statusline, Limited), R::UsageLimit))],
            Working,
            None,
        ),
        case(
            "a permission prompt is never hidden by a limit",
            vec![
                (0.0, until(reason(says(Transcript, Limited), R::UsageLimit), 900.0)),
                (0.1, reason(screen(Waiting), R::Permission)),
            ],
            Waiting,
            R::Permission,
        ),
        case(
            "the agent waits for the reset by itself: its status file says idle",
            vec![(0.0, says(StatusFile, Idle)), (0.1, until(reason(screen(Limited), R::UsageLimit), 900.0))],
            Limited,
            R::UsageLimit,
        ),
        case(
            "the limit was reset, the old text is still there",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, until(reason(screen(Limited), R::UsageLimit), 900.0)),
                (901.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "the turn ended in an error, the status file says idle",
            vec![(0.0, prompt()), (2.0, fails(R::Api)), (2.0, says(StatusFile, Idle)), (2.1, screen(Idle))],
            Error,
            R::Api,
        ),
        case(
            "'waits for your input' comes a minute after the error",
            vec![
                (0.0, prompt()),
                (2.0, fails(R::Auth)),
                (2.1, screen(Idle)),
                (62.0, hook("Notification", Idle, TurnChange::None)),
            ],
            Error,
            R::Auth,
        ),
        case(
            "a state sequence knows that it failed, the screen knows why",
            vec![(0.0, says(Osc, Error)), (0.1, reason(screen(Error), R::ContextFull))],
            Error,
            R::ContextFull,
        ),
        case(
            "a new prompt after an error",
            vec![(0.0, prompt()), (2.0, fails(R::Api)), (9.0, prompt()), (9.1, screen(Working))],
            Working,
            None,
        ),
        case(
            "the next turn went well after an error",
            vec![(2.0, fails(R::Api)), (9.0, prompt()), (12.0, stop()), (12.1, screen(Idle))],
            Idle,
            None,
        ),
    ]);
}

#[test]
fn processes_that_are_gone() {
    let dead = |status, signal| Act::Process(ProcessFact::Dead { status, signal });
    check(vec![
        case(
            "SIGKILL leaves the status file and the title behind",
            vec![
                (0.0, says(StatusFile, Working)),
                (0.0, says(Title, Working)),
                (0.1, screen(Working)),
                (1.0, dead(None, Some(9))),
            ],
            Exited,
            R::Crashed,
        ),
        case(
            "SIGKILL while a prompt is on the screen",
            vec![(0.1, screen(Waiting)), (1.0, dead(None, Some(9)))],
            Exited,
            R::Crashed,
        ),
        case(
            "it ended by itself",
            vec![(0.1, screen(Idle)), (1.0, dead(Some(0), None))],
            Exited,
            R::Finished,
        ),
        case("tmux lost the exit status", vec![(0.1, screen(Idle)), (1.0, dead(None, None))], Exited, None),
        case(
            "swarm ended it",
            vec![
                (0.1, screen(Idle)),
                (1.0, reason(says(Source::Swarm, Exited), R::Stopped)),
                (1.5, dead(None, Some(15))),
            ],
            Exited,
            R::Stopped,
        ),
        case(
            "the agent exited to a shell, its last screen still shows the composer",
            vec![(0.0, says(StatusFile, Idle)), (0.1, screen(Idle)), (1.0, foreground(Foreground::Shell))],
            Exited,
            R::Shell,
        ),
        case(
            "Ctrl-Z: the agent lives, but a shell reads the keyboard",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, screen(Idle)),
                (1.0, foreground(Foreground::Suspended)),
            ],
            Unknown,
            None,
        ),
        case(
            "the pane is gone",
            vec![(0.1, screen(Idle)), (1.0, Act::Process(ProcessFact::Missing))],
            Unknown,
            R::Lost,
        ),
        case(
            "words about an exit on the screen of a living agent",
            vec![(0.0, says(StatusFile, Idle)), (0.1, says(Screen, Exited))],
            Idle,
            None,
        ),
        case(
            "an editor holds the pane: its text may look like anything",
            vec![
                (0.0, says(StatusFile, Idle)),
                (0.1, screen(Idle)),
                (1.0, foreground(Foreground::Other("vim".into()))),
            ],
            Unknown,
            None,
        ),
        case(
            "an editor holds the pane while the agent works",
            vec![(0.0, says(StatusFile, Working)), (1.0, foreground(Foreground::Other("vim".into())))],
            Working,
            None,
        ),
        case(
            "an agent on another host: ssh holds the pane, the screen is the agent's",
            vec![(0.0, foreground(Foreground::Other("ssh".into()))), (0.1, screen(Working))],
            Working,
            None,
        ),
        case(
            "nested tmux: a prompt of the inner agent",
            vec![(0.0, foreground(Foreground::Other("tmux".into()))), (0.1, screen(Waiting))],
            Waiting,
            None,
        ),
    ]);
}

#[test]
fn flaps() {
    check(vec![
        case(
            "one frame without a spinner between two tools",
            vec![(0.0, screen(Working)), (2.0, screen(Idle)), (2.4, Act::Nothing)],
            Working,
            None,
        ),
        case(
            "a lone screen that stays idle",
            vec![(0.0, screen(Working)), (2.0, screen(Idle)), (3.5, Act::Nothing)],
            Idle,
            None,
        ),
        case(
            "a second proof needs no quiet time",
            vec![(0.0, screen(Working)), (0.0, prompt()), (2.0, screen(Idle)), (2.01, stop())],
            Idle,
            None,
        ),
        case(
            "a screen caught in the middle of being drawn while it works",
            vec![(0.0, screen(Working)), (2.0, screen(Unknown)), (2.3, Act::Nothing)],
            Working,
            None,
        ),
        case(
            "a working screen that no rule knows any more",
            vec![(0.0, screen(Working)), (2.0, screen(Unknown)), (5.0, Act::Nothing)],
            Unknown,
            None,
        ),
        case(
            "an idle agent whose composer stays while the rest is drawn",
            vec![
                (0.0, screen(Idle)),
                (2.0, Act::Says(Evidence::new(Screen, "screen:none", at(0.0)).composer(true))),
                (2.2, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case(
            "an idle agent whose screen goes blank is not shown as idle for another second",
            vec![(0.0, screen(Idle)), (2.0, screen(Starting))],
            Starting,
            None,
        ),
        case(
            "the stream had a gap: the state sequence is forgotten, the screen decides",
            vec![
                (0.0, says(Osc, Working)),
                (0.0, screen(Idle)),
                (5.0, Act::Forget(Osc)),
                (7.0, Act::Nothing),
            ],
            Idle,
            None,
        ),
        case("nothing but a process", vec![(0.0, Act::Nothing), (80.0, Act::Nothing)], Starting, None),
    ]);
}

#[test]
fn a_title_counts_only_where_the_profile_says_so() {
    let steps = [(0.1, says(Title, Idle)), (0.2, screen(Unknown)), (4.0, Act::Nothing)];
    let policy = FusionPolicy { title_proves_idle: true, ..FusionPolicy::default() };
    assert_eq!(play(&policy, &steps).last().unwrap().1.status, Idle);
}

#[test]
fn the_precedence_is_data() {
    let steps = [(0.0, says(Title, Working)), (0.1, screen(Idle)), (5.0, Act::Nothing)];
    assert_eq!(play(&FusionPolicy::default(), &steps).last().unwrap().1.status, Idle);
    let policy = FusionPolicy { precedence: vec![Title, Screen], ..FusionPolicy::default() };
    assert_eq!(play(&policy, &steps).last().unwrap().1.status, Working);
}

#[test]
fn every_claim_is_explained() {
    let mut board = Board::default();
    board.record(Evidence::new(StatusFile, "status_file:idle", at(0.0)).says(Idle));
    board.record(Evidence::new(Screen, "screen:working", at(1.0)).says(Working).composer(true));
    board.record(Evidence::new(Title, "title", at(1.0)));
    let fused = fuse(&board, &ProcessFact::alive(1), &FusionPolicy::default(), at(1.2), &Verdict::UNKNOWN);
    let outcome = |source| fused.evidence_used.iter().find(|u| u.source == source).unwrap().outcome;
    assert_eq!(outcome(Screen), Outcome::Decided);
    assert_eq!(outcome(Title), Outcome::Silent);
    assert!(matches!(outcome(StatusFile), Outcome::Overruled(_)));
}
