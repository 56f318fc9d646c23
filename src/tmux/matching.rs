//! Which reply belongs to which command. Pure bookkeeping, no I/O.
//!
//! tmux numbers replies, not commands, and the count is not always one per command: `if-shell` adds those inside it, a
//! user's command alias can add others. So a fence is written after every command of unknown count and at the end of
//! every batch: a `display-message` of a word that nothing else can print. A batch whose count is wrong fails alone.

use std::collections::VecDeque;

use tokio::sync::oneshot;

use super::command::{Blocks, Command};
use super::control::Reply;
use super::notification::{Block, Notification};
use crate::error::{Error, Kind, Result};

/// What a batch is answered with: one entry per command, `Err` holds what tmux said.
pub(super) type Answer = Result<Vec<Result<Reply, String>>>;

/// Commands between two fences.
#[derive(Debug)]
struct Segment {
    fence: u64,
    /// For each command: how many blocks, and whether notifications stand in them.
    expects: Vec<(Blocks, bool)>,
    got: Vec<Block>,
}

#[derive(Debug)]
struct Batch {
    segments: VecDeque<Segment>,
    results: Vec<Result<Reply, String>>,
    broken: Option<String>,
    answer: oneshot::Sender<Answer>,
}

/// The batches that were written and are not yet answered, oldest first.
#[derive(Debug)]
pub(super) struct Matching {
    word: String,
    next: u64,
    batches: VecDeque<Batch>,
}

impl Matching {
    pub(super) fn new() -> Self {
        let word = format!("swarm-{}", uuid::Uuid::new_v4().simple());
        Self { word, next: 0, batches: VecDeque::new() }
    }

    /// Registers a batch and gives the bytes to write for it.
    pub(super) fn add(&mut self, commands: &[Command], answer: oneshot::Sender<Answer>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut segments = VecDeque::new();
        let mut expects = Vec::new();
        for (i, command) in commands.iter().enumerate() {
            command.write(&mut out);
            out.push(b'\n');
            expects.push((command.blocks, command.notifies));
            if command.blocks == Blocks::Many || i + 1 == commands.len() {
                self.next += 1;
                Command::say(&format!("{} {}", self.word, self.next)).write(&mut out);
                out.push(b'\n');
                let expects = std::mem::take(&mut expects);
                segments.push_back(Segment { fence: self.next, expects, got: Vec::new() });
            }
        }
        self.batches.push_back(Batch { segments, results: Vec::new(), broken: None, answer });
        out
    }

    /// Takes a block; gives the notifications that stood in it.
    pub(super) fn block(&mut self, block: Block) -> Vec<Notification> {
        if !block.is_ours() {
            return Vec::new();
        }
        if let Some(fence) = self.fence(&block) {
            return self.close(fence);
        }
        if let Some(segment) = self.batches.front_mut().and_then(|batch| batch.segments.front_mut()) {
            segment.got.push(block);
        }
        Vec::new()
    }

    fn fence(&self, block: &Block) -> Option<u64> {
        let text = std::str::from_utf8(&block.body).ok()?;
        text.strip_prefix(&self.word)?.trim().parse().ok()
    }

    /// Settles every segment up to this fence; an earlier one can only be open when its own fence was lost.
    fn close(&mut self, fence: u64) -> Vec<Notification> {
        let mut notifications = Vec::new();
        while let Some(batch) = self.batches.front_mut() {
            while batch.segments.front().is_some_and(|segment| segment.fence <= fence) {
                let Some(segment) = batch.segments.pop_front() else { break };
                batch.settle(segment, &mut notifications);
            }
            if !batch.segments.is_empty() {
                break;
            }
            if let Some(batch) = self.batches.pop_front() {
                batch.send();
            }
        }
        notifications
    }

    /// The connection is over: a batch that has all its replies is answered, the others fail.
    pub(super) fn fail(&mut self, error: impl Fn() -> Error) {
        for mut batch in self.batches.drain(..) {
            for segment in std::mem::take(&mut batch.segments) {
                if segment.got.len() < segment.expects.len() {
                    batch.broken = Some(String::new());
                } else {
                    batch.settle(segment, &mut Vec::new());
                }
            }
            if batch.broken.is_some() {
                let _ = batch.answer.send(Err(error()));
            } else {
                batch.send();
            }
        }
    }
}

impl Batch {
    fn settle(&mut self, segment: Segment, notifications: &mut Vec<Notification>) {
        let (commands, blocks) = (segment.expects.len(), segment.got.len());
        let open = segment.expects.last().is_some_and(|(blocks, _)| *blocks == Blocks::Many);
        let fits = if open { blocks + 1 >= commands } else { blocks == commands };
        if !fits {
            self.broken = Some(format!("tmux gave {blocks} replies to {commands} commands"));
            return;
        }
        let mut got = segment.got.into_iter();
        for (expect, notifies) in segment.expects {
            let blocks = match expect {
                Blocks::One => got.by_ref().take(1).collect(),
                Blocks::Many => got.by_ref().collect::<Vec<_>>(),
            };
            self.results.push(reply(blocks, notifies, notifications));
        }
    }

    fn send(self) {
        let answer = match self.broken {
            Some(what) => Err(Error::new(Kind::Tmux, what)
                .hint("a command-alias of this tmux server may have changed a command's meaning")),
            None => Ok(self.results),
        };
        // Nobody waits any more when the caller's time limit has passed.
        let _ = self.answer.send(answer);
    }
}

/// One reply of the blocks of one command.
fn reply(blocks: Vec<Block>, notifies: bool, notifications: &mut Vec<Notification>) -> Result<Reply, String> {
    let mut body = Vec::new();
    let mut truncated = false;
    for block in blocks {
        if block.error {
            return Err(String::from_utf8_lossy(&block.body).trim_end().to_owned());
        }
        truncated |= block.truncated;
        if notifies {
            notifications.extend(block.lines().map(Notification::read).filter(is_flow));
        } else if body.is_empty() {
            body = block.body;
        } else {
            body.extend_from_slice(&block.body);
        }
    }
    Ok(Reply::new(body, truncated))
}

fn is_flow(notification: &Notification) -> bool {
    matches!(notification, Notification::Pause(_) | Notification::Continue(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tmux::id::PaneId;

    fn block(body: &str, flags: u32, error: bool) -> Block {
        Block { number: 1, flags, body: body.as_bytes().to_vec(), error, truncated: false }
    }

    struct Case {
        matching: Matching,
        answer: oneshot::Receiver<Answer>,
        fences: Vec<String>,
    }

    fn case(commands: &[Command]) -> Case {
        let mut matching = Matching::new();
        let (tx, answer) = oneshot::channel();
        let written = String::from_utf8(matching.add(commands, tx)).unwrap();
        let word = matching.word.clone();
        let fences = written
            .lines()
            .filter_map(|line| Some(format!("{}\n", line.split_once(&word)?.1.trim_matches('"'))))
            .map(|rest| format!("{word}{rest}"))
            .collect();
        Case { matching, answer, fences }
    }

    fn texts(answer: Answer) -> Vec<Result<String, String>> {
        answer.unwrap().into_iter().map(|r| r.map(|r| r.text().into_owned())).collect()
    }

    #[test]
    fn a_conditional_may_give_any_number_of_blocks() {
        let guarded = Command::if_format(PaneId(1), "1", &[Command::say("a")], &[]);
        let mut case = case(&[Command::say("x"), guarded, Command::say("y")]);
        assert_eq!(case.fences.len(), 2);
        for body in ["x\n", "", "a\n", "b\n"] {
            case.matching.block(block(body, 1, false));
            case.matching.block(block("hook\n", 0, false));
        }
        case.matching.block(block(&case.fences[0], 1, false));
        case.matching.block(block("no\n", 1, true));
        case.matching.block(block(&case.fences[1], 1, false));
        let got = texts(case.answer.try_recv().unwrap());
        assert_eq!(got, [Ok("x\n".into()), Ok("a\nb\n".into()), Err("no".into())]);
    }

    #[test]
    fn a_wrong_count_fails_one_batch_and_not_the_next() {
        let mut first = case(&[Command::say("x")]);
        let (tx, mut second) = oneshot::channel();
        first.matching.add(&[Command::say("y")], tx);
        for body in ["x\n", "surprise\n", &first.fences[0], "y\n"] {
            first.matching.block(block(body, 1, false));
        }
        let word = first.matching.word.clone();
        first.matching.block(block(&format!("{word} 2\n"), 1, false));
        assert_eq!(first.answer.try_recv().unwrap().unwrap_err().kind(), Kind::Tmux);
        assert_eq!(texts(second.try_recv().unwrap()), [Ok("y\n".into())]);
    }

    #[test]
    fn a_lost_fence_is_made_up_by_the_next() {
        let mut first = case(&[Command::say("x")]);
        let (tx, mut second) = oneshot::channel();
        first.matching.add(&[Command::say("y")], tx);
        first.matching.block(block("x\n", 1, false));
        let word = first.matching.word.clone();
        first.matching.block(block(&format!("{word} 2\n"), 1, false));
        assert_eq!(texts(first.answer.try_recv().unwrap()), [Ok("x\n".into())]);
        assert!(second.try_recv().unwrap().is_err());
    }

    #[test]
    fn pause_inside_a_block_is_a_notification() {
        let mut case = case(&[Command::pause_pane(PaneId(3))]);
        case.matching.block(block("%pause %3\n", 1, false));
        let seen = case.matching.block(block(&case.fences[0], 1, false));
        assert_eq!(seen, [Notification::Pause(PaneId(3))]);
        assert_eq!(texts(case.answer.try_recv().unwrap()), [Ok(String::new())]);
    }

    #[test]
    fn what_was_answered_before_the_end_counts() {
        let mut ended = case(&[Command::say("x")]);
        ended.matching.block(block("x\n", 1, false));
        ended.matching.fail(|| Error::new(Kind::Tmux, "lost"));
        assert_eq!(texts(ended.answer.try_recv().unwrap()), [Ok("x\n".into())]);
        let mut open = case(&[Command::say("x")]);
        open.matching.fail(|| Error::new(Kind::Tmux, "lost"));
        assert!(open.answer.try_recv().unwrap().is_err());
    }
}
