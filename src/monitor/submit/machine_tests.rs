//! The machine against a model of a pane in which anything may happen at any moment.

use proptest::prelude::*;

use super::*;

/// What the model's agent does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Idle,
    Working,
    Asking,
    /// Nothing on the screen is recognised.
    Odd,
    Shell,
    Dead,
}

/// What may happen between two actions.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Nothing,
    Mood(Mood),
    /// A person types into the composer.
    Typing,
    /// A person enters copy mode.
    CopyMode,
    /// What was pasted or pressed is drawn.
    Drawn,
    /// The hook tells of a submission.
    Hook,
}

/// A pane with an agent. The composer holds pieces of ours and of a person's.
#[derive(Debug)]
struct World {
    mood: Mood,
    ours: usize,
    person: usize,
    /// Pasted and not drawn yet.
    hidden: usize,
    in_mode: bool,
    person_at: Option<Duration>,
    now: Duration,
    loses_keys: bool,
    /// With the key goes the text, and nobody has read it.
    swallows: bool,
    keeps_hooks: bool,
    /// The person's draft is a paste, of which only the mark is shown.
    pasted: bool,
    pieces: usize,
    seen: Option<(Mood, usize, usize, bool)>,
    // What counts in the end.
    taken: usize,
    hook_due: bool,
    drafts_sent: usize,
    approved: usize,
    presses: usize,
    returns: usize,
    ran_in_shell: usize,
}

impl World {
    fn new(mood: Mood, draft: bool, loses_keys: bool, keeps_hooks: bool, pieces: usize) -> Self {
        Self {
            mood,
            ours: 0,
            person: usize::from(draft),
            hidden: 0,
            in_mode: false,
            person_at: None,
            now: Duration::from_secs(100),
            loses_keys,
            swallows: false,
            keeps_hooks,
            pasted: false,
            pieces,
            seen: None,
            taken: 0,
            hook_due: false,
            drafts_sent: 0,
            approved: 0,
            presses: 0,
            returns: 0,
            ran_in_shell: 0,
        }
    }

    fn key(&self) -> (Mood, usize, usize, bool) {
        (self.mood, self.ours, self.person, self.in_mode)
    }

    fn view(&mut self) -> View {
        self.seen = Some(self.key());
        let status = match self.mood {
            Mood::Idle => Status::Idle,
            Mood::Working => Status::Working,
            Mood::Asking => Status::Waiting,
            Mood::Odd => Status::Unknown,
            Mood::Shell | Mood::Dead => Status::Exited,
        };
        let draft = match (self.mood, self.ours, self.person) {
            (Mood::Asking | Mood::Odd | Mood::Shell | Mood::Dead, ..) => Draft::Absent,
            (_, 0, 0) => Draft::Empty,
            (_, 0, 1) if self.pasted => Draft::Marked,
            (_, n, 0) if n >= self.pieces => Draft::Ours,
            (_, _, 0) => Draft::Begun,
            _ => Draft::Foreign,
        };
        View {
            reader: match self.mood {
                Mood::Shell => Reader::Shell,
                Mood::Dead => Reader::Nobody,
                _ => Reader::Agent,
            },
            in_mode: self.in_mode,
            person: self.person_at.map(|at| self.now.saturating_sub(at)),
            status,
            reason: (status == Status::Waiting).then_some(Reason::Permission),
            file: None,
            draft,
            shown: 0,
            echoed: self.taken,
        }
    }

    /// The last check inside tmux and the act are one.
    fn guarded(&mut self, act: impl FnOnce(&mut Self)) -> Observation {
        // tmux sees the screen: the mood, the mode, whether the words of ours are still there, and by the cursor that
        // somebody typed.
        let fits = self.seen.is_some_and(|(mood, ours, person, mode)| {
            (mood, ours > 0, person, mode) == (self.mood, self.ours > 0, self.person, self.in_mode)
        });
        if !fits || self.mood == Mood::Dead || self.in_mode {
            return Observation::Answer(Answer::Unfit);
        }
        act(self);
        Observation::Answer(Answer::Done)
    }

    fn enter(&mut self) {
        match self.mood {
            Mood::Asking => self.approved += 1,
            Mood::Shell => self.ran_in_shell += 1,
            _ if self.loses_keys => {}
            _ if self.swallows => self.ours = 0,
            Mood::Idle | Mood::Working => {
                self.taken += usize::from(self.ours > 0);
                self.drafts_sent += self.person;
                self.hook_due = self.keeps_hooks && self.ours > 0;
                (self.ours, self.person) = (0, 0);
                self.mood = Mood::Working;
            }
            Mood::Odd | Mood::Dead => {}
        }
    }

    fn happens(&mut self, what: Happening) {
        match what {
            // A person answers what is asked, or starts the agent anew: not while it is dead.
            Happening::Mood(mood) if self.mood != Mood::Dead && self.mood != Mood::Shell => self.mood = mood,
            Happening::Typing if self.mood == Mood::Idle || self.mood == Mood::Working => {
                self.person += 1;
                self.person_at = Some(self.now);
            }
            Happening::CopyMode => {
                self.in_mode = true;
                self.person_at = Some(self.now);
            }
            Happening::Drawn => self.ours += std::mem::take(&mut self.hidden),
            _ => {}
        }
    }

    fn act(&mut self, action: &Action) -> Observation {
        match action {
            Action::Look(after) => {
                self.now += *after;
                if std::mem::take(&mut self.hook_due) {
                    let proof = Proof { level: Level::E3, source: ProofSource::Hook, text: String::new() };
                    return Observation::Heard(proof);
                }
                Observation::Seen(Box::new(self.view()))
            }
            Action::LeaveMode => {
                self.in_mode = false;
                Observation::Seen(Box::new(self.view()))
            }
            Action::Paste(_) => self.guarded(|w| {
                assert!(matches!(w.mood, Mood::Idle | Mood::Working) && w.person == 0);
                w.hidden += 1;
            }),
            Action::Press | Action::PressReturn => {
                self.presses += 1;
                self.returns += usize::from(*action == Action::PressReturn);
                self.guarded(Self::enter)
            }
            Action::Clear => self.guarded(|w| {
                assert_eq!(w.person, 0, "a person's draft was destroyed");
                w.ours = w.ours.saturating_sub(1);
            }),
            Action::Done(_) => unreachable!(),
        }
    }
}

fn plan(pieces: usize, known: bool, while_working: bool, listens: bool) -> Plan {
    Plan {
        known,
        while_working,
        resend_after_error: true,
        pieces,
        size: (100, 2),
        gap: Duration::from_millis(300),
        piece_gap: Duration::from_millis(20),
        clears: true,
        listens,
        young: false,
    }
}

/// Runs to the end; `next` says what happens before each action.
fn run(world: &mut World, plan: Plan, mut next: impl FnMut(&Action) -> Happening) -> Settled {
    let mut machine = Machine::new(plan);
    let start = world.now;
    let mut action = Action::Look(Duration::ZERO);
    for _ in 0..5_000 {
        world.happens(next(&action));
        let seen = world.act(&action);
        action = machine.observe(world.now.saturating_sub(start), seen);
        if let Action::Done(settled) = action {
            return settled;
        }
    }
    panic!("it never ends: {machine:?} {world:?}");
}

/// Draws what was pasted before each look.
fn calm(action: &Action) -> Happening {
    if matches!(action, Action::Look(_)) { Happening::Drawn } else { Happening::Nothing }
}

#[test]
fn an_idle_agent_takes_it_and_the_hook_is_the_better_proof() {
    for (hooks, level) in [(true, Level::E3), (false, Level::E2)] {
        let mut world = World::new(Mood::Idle, false, false, hooks, 3);
        let settled = run(&mut world, plan(3, false, false, hooks), calm);
        assert_eq!((settled.outcome, settled.proof.unwrap().level), (Outcome::Submitted, level));
        assert_eq!((world.taken, world.presses), (1, 1));
    }
}

#[test]
fn a_lost_enter_is_followed_by_one_return_and_then_the_text_is_taken_back() {
    let mut world = World::new(Mood::Idle, false, true, false, 1);
    let settled = run(&mut world, plan(1, false, false, true), calm);
    // Whether we emptied the composer or the agent took it in that moment nobody saw: it is searched for first.
    assert_eq!((settled.outcome, settled.why), (Outcome::Stranded, Some(Why::NotTaken)));
    assert_eq!((world.presses, world.returns, world.ours, world.taken), (2, 1, 0, 0));
    assert!(settled.entered && !settled.left);
}

#[test]
fn a_key_that_is_taken_while_the_text_is_taken_back_was_taken() {
    let mut world = World::new(Mood::Idle, false, true, false, 1);
    let mut machine = Machine::new(plan(1, false, false, true));
    let (mut action, start) = (Action::Look(Duration::ZERO), world.now);
    while !matches!(action, Action::Clear) {
        world.happens(calm(&action));
        let seen = world.act(&action);
        action = machine.observe(world.now.saturating_sub(start), seen);
    }
    let said = proof(ProofSource::Hook, "UserPromptSubmit");
    let heard = Observation::Heard(Proof { level: Level::E3, ..said });
    let Action::Done(settled) = machine.observe(world.now.saturating_sub(start), heard) else { panic!() };
    assert_eq!((settled.outcome, settled.entered), (Outcome::Submitted, true));
}

/// The agent's screen is another one when the key arrives: the text has gone with the one before.
#[test]
fn an_empty_composer_of_an_agent_that_has_just_started_proves_nothing() {
    for (young, outcome) in [(true, Outcome::Stranded), (false, Outcome::Submitted)] {
        let mut world = World::new(Mood::Idle, false, false, false, 1);
        let mut plan = plan(1, false, false, false);
        plan.young = young;
        world.swallows = true;
        let settled = run(&mut world, plan, calm);
        assert_eq!((settled.outcome, settled.entered, world.taken), (outcome, true, 0), "{young}");
    }
}

#[test]
fn a_text_that_is_never_shown_is_not_submitted() {
    let mut world = World::new(Mood::Idle, false, false, false, 1);
    let settled = run(&mut world, plan(1, false, false, true), |_| Happening::Nothing);
    assert_eq!((settled.outcome, settled.why), (Outcome::Stranded, Some(Why::NotShown)));
    assert_eq!(world.presses, 0);
    assert!(settled.left);
}

#[test]
fn a_prompt_that_opens_after_the_paste_is_not_answered() {
    let mut world = World::new(Mood::Idle, false, false, false, 1);
    let mut looks = 0;
    let settled = run(&mut world, plan(1, false, false, true), |action| {
        looks += usize::from(matches!(action, Action::Look(_)));
        if looks == 3 { Happening::Mood(Mood::Asking) } else { calm(action) }
    });
    assert_eq!((settled.outcome, settled.why), (Outcome::Stranded, Some(Why::Permission)));
    assert_eq!((world.approved, world.taken), (0, 0));
}

#[test]
fn a_draft_of_ours_is_only_known_by_its_nonce() {
    for (nonce, outcome) in [(true, Outcome::Submitted), (false, Outcome::Blocked)] {
        let mut world = World::new(Mood::Idle, false, false, false, 1);
        world.ours = 1;
        let settled = run(&mut world, plan(1, nonce, false, false), calm);
        assert_eq!(settled.outcome, outcome);
        assert_eq!(world.taken, usize::from(nonce));
    }
}

#[test]
fn a_persons_paste_is_a_draft_whatever_its_mark_hides() {
    for nonce in [true, false] {
        let mut world = World::new(Mood::Idle, true, false, false, 1);
        world.pasted = true;
        let settled = run(&mut world, plan(1, nonce, false, false), calm);
        assert_eq!((settled.outcome, settled.why), (Outcome::Blocked, Some(Why::Draft)));
        assert_eq!((world.drafts_sent, world.person, world.presses), (0, 1, 0));
    }
}

#[test]
fn no_piece_follows_onto_a_screen_that_is_not_recognised() {
    let mut world = World::new(Mood::Idle, false, false, false, 3);
    let mut looks = 0;
    let settled = run(&mut world, plan(3, false, false, true), |action| {
        looks += usize::from(matches!(action, Action::Look(_)));
        match looks {
            // After the first piece, for a while: pasting meanwhile fails in `World::act`.
            2 => Happening::Mood(Mood::Odd),
            6 => Happening::Mood(Mood::Idle),
            _ => calm(action),
        }
    });
    assert_eq!((settled.outcome, world.taken), (Outcome::Submitted, 1), "{settled:?}");
}

fn mood() -> impl Strategy<Value = Mood> {
    prop::sample::select(vec![Mood::Idle, Mood::Working, Mood::Asking, Mood::Odd, Mood::Shell, Mood::Dead])
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => Just(Happening::Nothing),
        6 => Just(Happening::Drawn),
        2 => mood().prop_map(Happening::Mood),
        1 => Just(Happening::Mood(Mood::Idle)),
        1 => Just(Happening::Typing),
        1 => Just(Happening::CopyMode),
        1 => Just(Happening::Hook),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_nothing_is_approved_no_draft_is_lost_and_the_receipt_is_true(
        start in mood(),
        draft in any::<bool>(),
        loses_keys in any::<bool>(),
        hooks in any::<bool>(),
        while_working in any::<bool>(),
        nonce in any::<bool>(),
        pasted in any::<bool>(),
        pieces in 1..4_usize,
        script in prop::collection::vec(happening(), 0..60),
    ) {
        let mut world = World::new(start, draft, loses_keys, hooks, pieces);
        world.pasted = draft && pasted;
        let mut script = script.into_iter();
        // Afterwards everything goes its way.
        let settled = run(&mut world, plan(pieces, nonce, while_working, hooks), |action| {
            script.next().unwrap_or_else(|| calm(action))
        });
        prop_assert_eq!(world.approved, 0, "{:?}", settled);
        prop_assert_eq!(world.ran_in_shell, 0, "{:?}", settled);
        prop_assert_eq!(world.drafts_sent, 0, "{:?}", settled);
        prop_assert!(world.taken <= 1 && world.returns <= 1);
        match settled.outcome {
            Outcome::Submitted | Outcome::QueuedByAgent => {
                prop_assert_eq!(world.taken, 1, "{:?} {:?}", settled, world);
                prop_assert!(settled.entered && settled.proof.is_some());
            }
            Outcome::Blocked => {
                prop_assert_eq!((world.taken, world.ours, world.hidden), (0, 0, 0), "{:?}", settled);
            }
            Outcome::Gone => prop_assert_eq!(world.taken, 0, "{:?}", settled),
            Outcome::Stranded => {
                prop_assert!(settled.left || settled.entered && world.ours == 0, "{:?} {:?}", settled, world);
                // What may have been taken is said.
                prop_assert!(world.taken == 0 || settled.entered, "{:?} {:?}", settled, world);
            }
        }
    }
}
