//! Who started a Codex thread, by the first line of its rollout.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::line::{Line, Payload, Spawn};
use crate::ledger::read::json::parse;

/// The longest first line that is read: some hold all instructions.
const FIRST_MAX: u64 = 1 << 20;

/// Where a thread comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// The thread itself.
    pub thread: String,
    /// The thread that it began from.
    pub parent: Option<String>,
    /// The conversation at the top.
    pub root: Option<String>,
    /// It was started by its parent, not by a person.
    pub subagent: bool,
    /// What a subagent is called.
    pub nickname: Option<String>,
    /// What kind of subagent it is.
    pub role: Option<String>,
}

impl Payload<'_> {
    /// What a `session_meta` says.
    pub(super) fn lineage(&self) -> Lineage {
        let spawned = self.source.0.as_ref().and_then(|o| o.subagent.0.as_ref());
        let spawner = spawned.and_then(|s| s.thread_spawn.0.as_ref()).and_then(|s| s.parent_thread_id.some());
        let parent = spawner.or(self.parent_thread_id.some()).or(self.forked_from_id.some());
        let text = |of: fn(&'_ Spawn<'_>) -> Option<String>| {
            spawned.and_then(|s| s.thread_spawn.0.as_ref()).and_then(of)
        };
        let other = |id: Option<&str>| id.filter(|id| *id != &*self.id).map(str::to_owned);
        Lineage {
            thread: self.id.0.clone().into_owned(),
            parent: other(parent),
            root: other(self.session_id.some()),
            subagent: spawned.is_some() || &*self.thread_source == "subagent",
            nickname: text(|s| s.agent_nickname.some().map(str::to_owned)),
            role: text(|s| s.agent_role.some().map(str::to_owned)),
        }
    }
}

/// The lineage of the rollout at `path`; `None` while its first line is not complete, or where it says nothing.
pub fn lineage(path: &Path) -> Option<Lineage> {
    let mut first = Vec::new();
    let mut file = BufReader::new(File::open(path).ok()?.take(FIRST_MAX));
    file.read_until(b'\n', &mut first).ok()?;
    if !first.ends_with(b"\n") {
        return None;
    }
    let line = parse::<Line<'_>>(&first)?;
    let meta = line.payload.0.filter(|_| &*line.kind == "session_meta")?;
    Some(meta.lineage()).filter(|l| !l.thread.is_empty())
}
