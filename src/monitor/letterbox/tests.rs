//! Boxes on real files, with a clock of the test's own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::super::hand_in::Settled;
use super::boxes::{Boxes, Look, Owner, SETTLE};
use crate::handoff::{Draft, Handoff, SCHEMA, State, ulid};
use crate::protocol::Accepted;
use crate::state::Filed;

fn owner(agent: &str, directory: &Path) -> Owner {
    Owner {
        swarm: "shop".parse().unwrap(),
        agent: agent.parse().unwrap(),
        directory: directory.to_owned(),
        instance: agent.to_owned(),
        needs: false,
        until: None,
    }
}

/// Boxes of these agents, in a directory each of them shares.
struct World {
    dir: tempfile::TempDir,
    boxes: Boxes,
    now: Instant,
}

impl World {
    fn new(agents: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join(".swarm/outbox")).unwrap();
        let now = Instant::now();
        let mut boxes = Boxes::default();
        boxes.set(agents.iter().map(|a| owner(a, dir.path())).collect(), now);
        Self { dir, boxes, now }
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(".swarm/outbox").join(name), text).unwrap();
    }

    fn look(&mut self, later: Duration) -> Look {
        self.now += later;
        self.boxes.look(self.now)
    }

    /// Looks until everything has settled.
    fn settle(&mut self) -> Look {
        self.look(Duration::ZERO);
        self.look(SETTLE)
    }

    fn file(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.dir.path().join(".swarm").join(path)).ok()
    }
}

fn accepted() -> Settled {
    Settled::Taken(Accepted {
        id: ulid(Timestamp::UNIX_EPOCH, 1),
        state: State::Queued,
        duplicate: false,
        note: None,
    })
}

#[test]
fn a_file_is_taken_once_it_has_settled_and_moved_with_its_receipt() {
    let mut world = World::new(&["backend"]);
    world.write("b.json", r#"{"to": "web", "subject": "ready", "artifacts": [{"path": "out/x.txt"}]}"#);
    let look = world.look(Duration::ZERO);
    assert!(look.batches.is_empty() && look.wake == Some(world.now + SETTLE));
    // It grows: it has not settled.
    world.write("b.json", r#"{"to": "web", "subject": "all ready", "artifacts": [{"path": "out/x.txt"}]}"#);
    assert!(world.look(SETTLE).batches.is_empty());
    let look = world.look(SETTLE);
    let [batch] = &look.batches[..] else { panic!("nothing to take") };
    let [message] = &batch.ready[..] else { panic!("{:?}", batch.ready) };
    assert_eq!((message.agent.as_str(), message.draft.subject.as_str()), ("backend", "all ready"));
    assert_eq!(message.draft.artifacts[0].path, world.dir.path().join("out/x.txt").to_str().unwrap());
    // Nobody else takes it meanwhile, and it stays where nothing is known.
    assert!(world.boxes.look(world.now).batches.is_empty());
    assert!(batch.settle(message, &Settled::Later).is_err());
    assert!(world.file("outbox/b.json").is_some());
    batch.settle(message, &accepted()).unwrap();
    assert!(world.file("outbox/b.json").is_none() && world.file("outbox/done/b.json").is_some());
    assert!(world.file("outbox/done/b.receipt.json").unwrap().contains("\"queued\""));
    drop(look);
    assert!(world.settle().batches.is_empty());
}

#[test]
fn what_is_no_message_is_put_aside_with_the_reason() {
    let mut world = World::new(&["backend"]);
    world.write("torn.json", r#"{"to": "web", "sub"#);
    world.write("wrong.json", r#"{"to": "web"}"#);
    world.write("large.json", &format!("{{\"body\":\"{}\"}}", "x".repeat(2 << 20)));
    world.write("notes.txt", "mine");
    std::os::unix::fs::symlink("/etc/hostname", world.dir.path().join(".swarm/outbox/link.json")).unwrap();
    world.settle();
    for (name, why) in [("wrong", "empty"), ("large", "bytes"), ("link", "not a plain file")] {
        let reason = world.file(&format!("outbox/rejected/{name}.reason.txt")).unwrap_or_default();
        assert!(reason.contains(why), "{name}: {reason}");
        assert!(!world.dir.path().join(format!(".swarm/outbox/{name}.json")).is_symlink());
        assert!(world.file(&format!("outbox/{name}.json")).is_none());
    }
    // Half a file may still become one.
    assert!(world.file("outbox/torn.json").is_some() && world.file("outbox/notes.txt").is_some());
    world.look(Duration::from_secs(10));
    assert!(world.file("outbox/rejected/torn.reason.txt").unwrap().contains("not JSON"));
    assert!(world.file("outbox/notes.txt").is_some());
}

#[test]
fn agents_that_share_a_directory_say_who_they_are() {
    let mut world = World::new(&["backend", "web"]);
    world.write("a.json", r#"{"to": "human", "subject": "x", "from": "web"}"#);
    world.write("b.json", r#"{"to": "human", "subject": "x"}"#);
    world.write("c.json", r#"{"to": "human", "subject": "x", "from": "human"}"#);
    let look = world.settle();
    assert_eq!(look.outboxes.len(), 1);
    let senders: Vec<&str> = look.batches.iter().flat_map(|b| &b.ready).map(|m| m.agent.as_str()).collect();
    assert_eq!(senders, ["web"]);
    assert!(world.file("outbox/rejected/b.reason.txt").unwrap().contains("backend, web"));
    assert!(world.file("outbox/rejected/c.reason.txt").unwrap().contains("`human`"));
}

#[test]
fn boxes_are_made_only_where_they_are_needed() {
    let dir = tempfile::tempdir().unwrap();
    let now = Instant::now();
    let mut boxes = Boxes::default();
    boxes.set(vec![owner("backend", dir.path())], now);
    let look = boxes.look(now);
    assert!(look.outboxes.is_empty() && look.wake.is_none() && !dir.path().join(".swarm").exists());
    let needs = Owner { needs: true, ..owner("backend", dir.path()) };
    boxes.set(vec![needs], now);
    assert_eq!(boxes.look(now).outboxes.len(), 1);
    assert!(dir.path().join(".swarm/outbox").is_dir() && dir.path().join(".swarm/inbox").is_dir());
    // An agent that has ended is looked after for a while.
    boxes.set(Vec::new(), now + Duration::from_secs(30));
    assert_eq!(boxes.look(now).wake, Some(now + Duration::from_secs(30)));
    assert!(boxes.look(now + Duration::from_secs(30)).outboxes.is_empty() && boxes.is_idle());
}

#[test]
fn a_message_lies_in_the_inbox_until_it_was_read() {
    let mut world = World::new(&["web"]);
    let handoff = Arc::new(Handoff {
        schema: SCHEMA.into(),
        id: ulid(Timestamp::UNIX_EPOCH, 7),
        from: "backend".parse().unwrap(),
        created: Timestamp::UNIX_EPOCH,
        draft: Draft::new("@reader".parse().unwrap(), "s", "the body"),
    });
    let name = format!("inbox/handoff-backend-to-reader-{}.json", handoff.id);
    let filed = |agent: Option<&str>, keep| Filed {
        swarm: "shop".parse().unwrap(),
        handoff: handoff.clone(),
        agent: agent.map(|a| a.parse().unwrap()),
        keep,
    };
    world.boxes.file(filed(None, false));
    world.look(Duration::ZERO);
    assert!(world.file(&name).is_none());
    world.boxes.file(filed(Some("web"), true));
    world.look(Duration::ZERO);
    assert!(world.file(&name).unwrap().contains("the body"));
    // Who takes it away does not get it again.
    std::fs::remove_file(world.dir.path().join(".swarm").join(&name)).unwrap();
    world.boxes.file(filed(Some("web"), true));
    world.look(Duration::ZERO);
    assert!(world.file(&name).is_none());
    super::boxes::deposit(world.dir.path(), &handoff).unwrap();
    world.boxes.file(filed(Some("web"), false));
    world.look(Duration::ZERO);
    assert!(world.file(&name).is_none());
    assert!(world.file(&name.replace("inbox/", "inbox/done/")).is_some());
    // One that goes back to the role was never this one's.
    world.boxes.file(filed(Some("web"), true));
    world.look(Duration::ZERO);
    assert!(world.file(&name).is_some());
    world.boxes.file(filed(None, false));
    world.look(Duration::ZERO);
    assert!(world.file(&name).is_none());
    assert!(world.file(&name.replace("inbox/", "inbox/done/").replace(".json", "-2.json")).is_none());
}
