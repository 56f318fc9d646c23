//! Limits, errors and ends; statuses that flap; what a profile may say about the sources.

use super::*;

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
