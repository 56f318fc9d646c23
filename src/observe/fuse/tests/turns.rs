//! Turns: how they begin, go on, wait and are interrupted.

use super::*;

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
