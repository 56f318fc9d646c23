//! The queue alone: no state, no tmux, no clock.

use super::*;
use crate::handoff::{Draft, Evidence, Kind, Need, SCHEMA, ulid};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn name(text: &str) -> AgentName {
    text.parse().unwrap()
}

struct Driven {
    queue: Queue,
    drawn: u128,
    number: u64,
}

impl Driven {
    fn new() -> Self {
        Self { queue: Queue::default(), drawn: 0, number: 0 }
    }

    fn put(&mut self, from: &str, to: &str, change: impl FnOnce(&mut Draft)) -> String {
        self.put_by(Way::Doorbell, from, to, change)
    }

    fn put_by(&mut self, way: Way, from: &str, to: &str, change: impl FnOnce(&mut Draft)) -> String {
        self.drawn += 1;
        let id = ulid(at(0), self.drawn);
        let mut draft = Draft::new(to.parse().unwrap(), "s", format!("body {}", self.drawn));
        change(&mut draft);
        let handoff = Handoff {
            schema: SCHEMA.into(),
            id: id.clone(),
            from: from.parse().unwrap(),
            created: at(0),
            draft,
        };
        self.queue.accept(handoff, way, None, from, at(0));
        id
    }

    fn offer(&mut self, agent: &str, rings: bool, seconds: i64) -> Option<u64> {
        let agent = name(agent);
        let ready = Ready { agent: &agent, role: Some("worker"), instance: "i1", rings, idle: true };
        self.number += 1;
        self.queue.offer(self.number, &ready, |_| true, || true, at(seconds)).then_some(self.number)
    }

    fn text(&self, number: u64) -> String {
        self.queue.text(number).unwrap().0
    }

    fn submitted(&mut self, number: u64, evidence: Evidence, seconds: i64) {
        let proof = Proof { evidence, text: "x".into(), at: at(seconds) };
        self.queue.injected(number, &Outcome::Submitted(proof), at(seconds));
        // It is idle again at once.
        self.queue.unblock(&name("b"));
    }

    fn state(&self, id: &str) -> State {
        self.queue.find(id).unwrap().state
    }

    /// What one look into the inbox returns; confirmed.
    fn read(&mut self, agent: &str, seconds: i64) -> Vec<String> {
        let party = Party::Agent(name(agent));
        let (unread, _) = self.queue.unread(&party, Some("worker"), |_| true);
        let ids: Vec<String> = unread.iter().map(|e| e.handoff.id.clone()).collect();
        self.queue.pull(&party, Some("i1"), &ids, at(seconds));
        assert_eq!(self.queue.shown(&party, &ids, at(seconds)), ids.len());
        ids
    }
}

#[test]
fn one_doorbell_announces_all_and_what_was_read_is_never_shown_again() {
    let mut driven = Driven::new();
    let ids: Vec<String> = (0..7).map(|_| driven.put("a", "b", |_| {})).collect();
    let number = driven.offer("b", true, 0).unwrap();
    assert!(driven.text(number).starts_with("[swarm] 7 new (m:"));
    assert_eq!(driven.offer("b", true, 0), None, "one at a time");
    driven.submitted(number, Evidence::Hook, 0);
    assert_eq!(driven.state(&ids[0]), State::Injected, "a doorbell proves nothing about the message");
    assert_eq!(driven.read("b", 1), ids[..5]);
    assert_eq!(driven.read("b", 2), ids[5..]);
    assert_eq!(driven.read("b", 3), Vec::<String>::new());
    assert!(ids.iter().all(|id| driven.state(id) == State::Seen) && driven.queue.is_empty());
    let changes = driven.queue.take_changes();
    assert_eq!(changes.iter().filter(|c| c.accepted).count(), 7);
}

#[test]
fn a_batch_has_at_most_1500_tokens_but_at_least_one_message() {
    let mut driven = Driven::new();
    let long = driven.put("a", "b", |d| d.body = "x".repeat(20_000));
    let rest: Vec<String> = (0..2).map(|_| driven.put("a", "b", |d| d.body = "y".repeat(4000))).collect();
    assert_eq!(driven.read("b", 0), [long]);
    assert_eq!(driven.read("b", 0), rest[..1]);
    assert_eq!(driven.read("b", 0), rest[1..]);
    // Whatever is shown counts.
    let noted: Vec<String> =
        (0..3).map(|_| driven.put("a", "b", |d| d.context.notes = "n".repeat(100_000))).collect();
    for one in &noted {
        assert_eq!(driven.read("b", 0), std::slice::from_ref(one));
    }
}

#[test]
fn priority_goes_first_and_senders_keep_their_order() {
    let mut driven = Driven::new();
    let first = driven.put("a", "b", |_| {});
    let urgent = driven.put("a", "b", |d| d.priority = 1);
    let second = driven.put("a", "b", |_| {});
    assert_eq!(driven.read("b", 0), [urgent, first, second]);
}

#[test]
fn typed_texts_go_one_by_one_and_are_not_overtaken() {
    let mut driven = Driven::new();
    let first = driven.put_by(Way::Typed, "human", "b", |_| {});
    let second = driven.put_by(Way::Typed, "human", "b", |_| {});
    let number = driven.offer("b", true, 0).unwrap();
    assert_eq!(driven.text(number), "body 1");
    driven.queue.injected(number, &Outcome::Stranded("not taken".into()), at(0));
    assert_eq!(driven.state(&first), State::Unknown);
    assert_eq!(driven.offer("b", true, 1), None, "the first one is looked for before the second is typed");
    let due = driven.queue.tick(at(31));
    assert!(matches!(&due[..], [Due::Search(search)] if search.id == first), "{due:?}");
    assert!(driven.queue.found(&first, Found::Absent, at(31)).is_empty());
    let number = driven.offer("b", true, 31).unwrap();
    assert!(driven.text(number).starts_with("(sent again by swarm"), "a repetition is marked");
    driven.submitted(number, Evidence::Screen, 32);
    assert_eq!(driven.state(&first), State::Injected);
    let number = driven.offer("b", true, 32).unwrap();
    assert_eq!(driven.text(number), "body 2");
    driven.submitted(number, Evidence::Transcript, 33);
    assert_eq!(driven.state(&second), State::Seen);
    assert!(driven.queue.is_empty());
}

#[test]
fn five_attempts_then_the_dead_letters_and_the_sender_is_told() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let mut clock = 0;
    for attempt in 1..=5 {
        let number = driven.offer("b", true, clock).unwrap();
        driven.submitted(number, Evidence::Transport, clock);
        assert_eq!(driven.queue.find(&id).unwrap().attempts, attempt);
        let wake = driven.queue.next_wake().unwrap();
        assert_eq!(wake.duration_since(at(clock)), WAITS[attempt as usize - 1]);
        clock += WAITS[attempt as usize - 1].as_secs();
        let due = driven.queue.tick(at(clock));
        assert!(matches!(&due[..], [Due::Search(_)]), "{due:?}");
        let after = driven.queue.found(&id, Found::Absent, at(clock));
        assert_eq!(after.len(), usize::from(attempt == 5), "{after:?}");
    }
    assert_eq!((driven.state(&id), driven.queue.dead(&"b".parse().unwrap())), (State::Dead, 1));
    assert_eq!(driven.offer("b", true, clock), None);
    driven.queue.retry("human", &id, at(clock));
    let number = driven.offer("b", true, clock).unwrap();
    assert!(driven.text(number).contains("1 unread"), "marked");
    let due = driven.queue.refuse("human", &id, "dropped", at(clock));
    assert!(matches!(&due[..], [Due::Bounced(_)]));
    assert!(driven.queue.is_empty());
}

#[test]
fn a_doorbell_that_rang_is_not_repeated_early() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let number = driven.offer("b", true, 0).unwrap();
    driven.submitted(number, Evidence::Screen, 0);
    driven.queue.tick(at(30));
    driven.queue.found(&id, Found::Bell(Evidence::Transcript), at(30));
    assert_eq!(driven.offer("b", true, 60), None);
    assert_eq!(driven.queue.next_wake(), Some(at(30 + 120)));
    driven.queue.tick(at(150));
    driven.queue.found(&id, Found::Bell(Evidence::Transcript), at(150));
    let number = driven.offer("b", true, 150).unwrap();
    assert!(driven.text(number).contains("1 unread"));
}

#[test]
fn a_monitor_that_ended_while_offering_looks_before_it_types_again() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    driven.offer("b", true, 0).unwrap();
    let saved = driven.queue.find(&id).unwrap().clone();
    let mut driven = Driven::new();
    driven.queue.restore(Entry { carried: None, ..saved }, at(5));
    assert_eq!((driven.state(&id), driven.offer("b", true, 5)), (State::Unknown, None));
    assert!(matches!(&driven.queue.tick(at(5))[..], [Due::Search(_)]));
    driven.queue.found(&id, Found::Absent, at(6));
    let number = driven.offer("b", true, 6).unwrap();
    assert!(driven.text(number).contains("1 unread"), "marked as a repetition");
}

#[test]
fn what_was_shown_and_not_confirmed_is_shown_again_and_marked() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let party = Party::Agent(name("b"));
    driven.queue.pull(&party, Some("i1"), std::slice::from_ref(&id), at(0));
    assert_eq!((driven.state(&id), driven.offer("b", true, 1)), (State::Offered, None));
    driven.queue.tick(at(30));
    assert_eq!(driven.state(&id), State::Queued);
    let (unread, _) = driven.queue.unread(&party, None, |_| true);
    assert!(unread[0].shown > 0 && unread[0].is_again());
}

#[test]
fn a_role_is_a_queue_that_its_agents_share() {
    let mut driven = Driven::new();
    let ids: Vec<String> = (0..3).map(|_| driven.put("a", "@worker", |_| {})).collect();
    let one = driven.offer("b", true, 0).unwrap();
    let two = driven.offer("c", true, 0).unwrap();
    assert_eq!(driven.queue.injection(one).unwrap().ids, ids[..1]);
    assert_eq!(driven.queue.injection(two).unwrap().ids, ids[1..2]);
    driven.submitted(one, Evidence::Hook, 0);
    assert_eq!(driven.offer("b", true, 2), None, "one at a time");
    assert_eq!(driven.read("b", 1), ids[..1], "never what another agent has");
    driven.queue.injected(two, &Outcome::Gone("dead".into()), at(1));
    driven.queue.instance_ended(&name("c"), None, at(1));
    let next = driven.offer("b", true, 2).unwrap();
    assert_eq!(driven.queue.injection(next).unwrap().ids, ids[1..2], "what the dead one had goes on");
}

#[test]
fn what_a_role_was_asked_outlives_the_one_that_had_it() {
    let mut driven = Driven::new();
    let of_role = driven.put("a", "@worker", |_| {});
    let own = driven.put("a", "c", |_| {});
    let number = driven.offer("c", true, 0).unwrap();
    assert!(driven.queue.injection(number).unwrap().ids.contains(&of_role));
    driven.submitted(number, Evidence::Hook, 0);
    driven.queue.agent_removed(&name("c"), true, at(2));
    assert_eq!(driven.state(&own), State::Refused);
    let next = driven.offer("b", true, 3).unwrap();
    assert_eq!(driven.queue.injection(next).unwrap().ids, [of_role]);
}

#[test]
fn an_agent_that_cannot_run_commands_gets_messages_whole_and_fenced() {
    let mut driven = Driven::new();
    driven.put("a", "b", |d| d.body = "hello".into());
    let number = driven.offer("b", false, 0).unwrap();
    let text = driven.text(number);
    assert!(text.contains("from agent a") && text.contains("hello"), "{text}");
    driven.submitted(number, Evidence::Hook, 0);
    assert!(driven.queue.is_empty(), "a whole text that a hook saw was read");
}

#[test]
fn a_pane_that_is_not_fit_is_left_alone_for_longer_and_longer() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let mut clock = 0;
    for pause in [2, 4, 8, 16, 30, 30] {
        let number = driven.offer("b", true, clock).unwrap();
        driven.queue.injected(number, &Outcome::Blocked("a draft".into()), at(clock));
        assert_eq!((driven.state(&id), driven.queue.find(&id).unwrap().attempts), (State::Queued, 0));
        assert_eq!(driven.offer("b", true, clock + pause - 1), None);
        clock += pause;
    }
    assert_eq!(driven.queue.find(&id).unwrap().note.as_deref(), Some("a draft"));
    let number = driven.offer("b", true, clock).unwrap();
    driven.queue.injected(number, &Outcome::Blocked("a draft".into()), at(clock));
    driven.queue.unblock(&name("b"));
    assert!(driven.offer("b", true, clock).is_some());
}

#[test]
fn messages_expire_unread_only() {
    let mut driven = Driven::new();
    let late = driven.put("a", "b", |d| d.expires = Some(at(60)));
    assert_eq!(driven.queue.next_wake(), Some(at(60)));
    assert!(driven.queue.tick(at(59)).is_empty());
    assert!(matches!(&driven.queue.tick(at(60))[..], [Due::Bounced(e)] if e.handoff.id == late));
    let read = driven.put("a", "b", |d| (d.expires, d.need) = (Some(at(90)), Need::Outcome));
    driven.read("b", 70);
    assert!(driven.queue.tick(at(100)).is_empty());
    assert_eq!(driven.state(&read), State::Seen);
}

#[test]
fn who_reads_and_says_nothing_is_reminded_then_the_sender_is_told() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |d| d.need = Need::Ack);
    driven.read("b", 0);
    assert!(driven.queue.tick(at(1800)).is_empty());
    let number = driven.offer("b", true, 1800).unwrap();
    assert!(driven.text(number).contains("waits for your word"));
    driven.submitted(number, Evidence::Hook, 1800);
    assert!(matches!(&driven.queue.tick(at(3600))[..], [Due::Silent(_)]));
    assert_eq!(driven.queue.next_wake(), None);
    let party = Party::Agent(name("b"));
    assert!(driven.queue.ack(&Party::Agent(name("c")), &id, None, at(3600)).is_err());
    driven.queue.ack(&party, &id, None, at(3600)).unwrap();
    assert_eq!(driven.state(&id), State::Acked);
    driven.queue.ack(&party, &id, Some("built it"), at(3700)).unwrap();
    assert_eq!(driven.state(&id), State::Done);
}

#[test]
fn an_answer_ends_the_question() {
    let mut driven = Driven::new();
    let question = driven.put("a", "b", |d| (d.kind, d.need) = (Kind::Question, Need::Outcome));
    assert_eq!(driven.queue.waits(), [("a".parse().unwrap(), "b".parse().unwrap())]);
    driven.read("b", 0);
    let (b, a) = ("b".parse().unwrap(), "a".parse().unwrap());
    assert!(driven.queue.is_answer(&b, &a, &question).is_some());
    let reply = driven.put("b", "a", |_| {});
    driven.queue.answered(&b, &question, &reply, at(1));
    assert_eq!((driven.state(&question), driven.queue.waits().len()), (State::Done, 0));
}

#[test]
fn what_stands_in_the_composer_is_submitted_as_it_is() {
    let mut driven = Driven::new();
    let id = driven.put_by(Way::Typed, "human", "b", |d| d.body = "please fix the tests".into());
    driven.offer("b", true, 0).unwrap();
    let saved = driven.queue.find(&id).unwrap().clone();
    let mut driven = Driven::new();
    driven.queue.restore(Entry { carried: None, ..saved }, at(5));
    driven.queue.tick(at(5));
    driven.queue.found(&id, Found::Composer { again: false }, at(5));
    let number = driven.offer("b", true, 6).unwrap();
    assert_eq!(driven.queue.text(number).unwrap(), ("please fix the tests".to_owned(), None));
    assert!(driven.queue.is_staged(number));
    // Left there once more, now as a repetition.
    driven.queue.injected(number, &Outcome::Stranded("not taken".into()), at(7));
    driven.queue.tick(at(60));
    driven.queue.found(&id, Found::Composer { again: true }, at(60));
    let number = driven.offer("b", true, 60).unwrap();
    assert!(driven.text(number).starts_with("(sent again by swarm, m:") && driven.queue.is_staged(number));
}

#[test]
fn after_a_submission_the_agent_is_given_a_moment() {
    let mut driven = Driven::new();
    driven.put_by(Way::Typed, "human", "b", |_| {});
    driven.put_by(Way::Typed, "human", "b", |_| {});
    let number = driven.offer("b", true, 0).unwrap();
    let proof = Proof { evidence: Evidence::Hook, text: "x".into(), at: at(0) };
    driven.queue.injected(number, &Outcome::Submitted(proof), at(0));
    assert_eq!((driven.offer("b", true, 0), driven.queue.next_wake()), (None, Some(at(1))));
    driven.queue.tick(at(1));
    assert_eq!(driven.queue.next_wake(), None, "a pause that is over wakes nobody");
    assert!(driven.offer("b", true, 1).is_some());
}

#[test]
fn an_inline_message_left_in_the_composer_is_rebuilt_letter_for_letter() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let number = driven.offer("b", false, 0).unwrap();
    let first = driven.text(number);
    driven.queue.injected(number, &Outcome::Stranded("not taken".into()), at(0));
    driven.queue.tick(at(31));
    driven.queue.found(&id, Found::Composer { again: first.contains("sent again") }, at(31));
    let number = driven.offer("b", false, 31).unwrap();
    assert_eq!(driven.text(number), first);
    assert!(driven.queue.is_staged(number));
}

#[test]
fn a_proof_is_no_stronger_than_what_was_found() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let number = driven.offer("b", true, 0).unwrap();
    driven.queue.injected(number, &Outcome::Stranded("not taken".into()), at(0));
    driven.queue.tick(at(30));
    driven.queue.found(&id, Found::Bell(Evidence::Screen), at(30));
    let proof = |driven: &Driven| driven.queue.find(&id).unwrap().proof.clone().unwrap().evidence;
    assert_eq!((driven.state(&id), proof(&driven)), (State::Injected, Evidence::Screen));
    // The transcript says more; after that the same proves nothing new, and it is rung again.
    assert!(matches!(&driven.queue.tick(at(160))[..], [Due::Search(_)]));
    driven.queue.found(&id, Found::Bell(Evidence::Transcript), at(160));
    assert_eq!((driven.state(&id), proof(&driven)), (State::Injected, Evidence::Transcript));
    driven.queue.tick(at(2000));
    driven.queue.found(&id, Found::Bell(Evidence::Transcript), at(2000));
    assert_eq!(driven.state(&id), State::Queued);
}

#[test]
fn what_an_instance_had_when_it_ended_is_looked_for_before_it_is_sent_again() {
    let mut driven = Driven::new();
    let (typed, second) = (driven.put_by(Way::Typed, "human", "b", |_| {}), driven.put("a", "b", |_| {}));
    let number = driven.offer("b", true, 0).unwrap();
    driven.queue.injected(number, &Outcome::Blocked("a draft".into()), at(0));
    driven.queue.instance_ended(&name("b"), None, at(1));
    let blocked = driven.queue.find(&typed).unwrap();
    assert_eq!((blocked.state, blocked.is_again()), (State::Queued, false), "nothing of it was typed");
    let number = driven.offer("b", true, 2).unwrap();
    assert_eq!(driven.text(number), "body 1");
    driven.queue.instance_ended(&name("b"), None, at(3));
    assert_eq!(driven.state(&typed), State::Unknown);
    let due = driven.queue.tick(at(3));
    assert!(matches!(&due[..], [Due::Search(search)] if search.id == typed), "{due:?}");
    // A second end of the same changes nothing: it is being looked for.
    driven.queue.instance_ended(&name("b"), Some("i2"), at(4));
    assert!(driven.queue.tick(at(4)).is_empty());
    driven.queue.found(&typed, Found::Body(Evidence::Transcript), at(5));
    assert_eq!(driven.state(&typed), State::Seen);
    let number = driven.offer("b", true, 6).unwrap();
    driven.submitted(number, Evidence::Hook, 6);
    driven.queue.instance_ended(&name("b"), None, at(7));
    driven.queue.tick(at(7));
    driven.queue.found(&second, Found::Gone, at(8));
    let entry = driven.queue.find(&second).unwrap();
    assert_eq!((entry.state, entry.is_again(), entry.instance.clone()), (State::Queued, true, None));
}

#[test]
fn a_key_holds_for_as_long_as_somebody_knows_it() {
    let mut driven = Driven::new();
    let human = Party::Human;
    driven.queue.restore_key(human.clone(), "daily".into(), "OLD".into(), State::Expired);
    assert_eq!(driven.queue.duplicate(&human, "daily"), Some(("OLD", State::Expired)));
    let id = driven.put("human", "b", |d| d.idem_key = Some("k".into()));
    assert_eq!(driven.queue.duplicate(&human, "k"), Some((id.as_str(), State::Queued)));
    driven.queue.refuse("human", &id, "no", at(1));
    assert_eq!(driven.queue.duplicate(&human, "k"), Some((id.as_str(), State::Refused)));
    let lost = driven.put("human", "b", |d| d.idem_key = Some("l".into()));
    driven.queue.forget(&lost);
    assert!(driven.queue.duplicate(&human, "l").is_none() && driven.queue.is_empty());
}

#[test]
fn what_is_being_typed_whole_is_not_pulled_as_well() {
    let mut driven = Driven::new();
    let id = driven.put("a", "b", |_| {});
    let number = driven.offer("b", false, 0).unwrap();
    assert_eq!(driven.read("b", 0), Vec::<String>::new());
    driven.queue.injected(number, &Outcome::Blocked("a draft".into()), at(0));
    assert_eq!(driven.read("b", 1), [id]);
}
