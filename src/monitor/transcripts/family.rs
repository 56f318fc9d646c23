//! Which files an agent's usage is in: its own transcript and those of the subagents that it started.
//!
//! Looks only where a subagent of this very agent can be; never decides whose a bill is (the readers do).

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use crate::ledger::read::codex::{Lineage, lineage};
use crate::ledger::usage::Source;

/// The files of one agent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Family {
    /// The main file first.
    pub(super) files: Vec<PathBuf>,
    /// Conversations of subagents that have one of their own.
    pub(super) threads: Vec<String>,
    /// Where further files may appear.
    pub(super) dirs: BTreeSet<PathBuf>,
}

/// How deep the files of subagents may lie below their parent's.
const DEPTH_MAX: usize = 8;

/// What was read of Codex's rollouts: who started each never changes.
#[derive(Debug, Default)]
pub(super) struct Rollouts(HashMap<PathBuf, Lineage>);

impl Family {
    /// The files of the agent whose main transcript is `main`, in the conversation `session`, as of `now`.
    pub(super) fn of(
        source: Source,
        main: &Path,
        session: Option<&str>,
        started: Timestamp,
        now: Timestamp,
        rollouts: &mut Rollouts,
    ) -> Self {
        let mut family = Self { files: vec![main.to_owned()], ..Self::default() };
        family.dirs.extend(main.parent().map(Path::to_owned));
        match source {
            Source::Claude => {
                let own = main.with_extension("");
                // The directory of subagents is made inside this one.
                family.dirs.extend(Some(own.clone()).filter(|d| d.is_dir()));
                family.below(&own.join("subagents"), DEPTH_MAX);
            }
            Source::Gemini => {
                let own = session.and_then(|s| Some(main.parent()?.join(s)));
                if let Some(dir) = own {
                    family.below(&dir, DEPTH_MAX);
                }
            }
            Source::Codex => {
                if let Some(session) = session {
                    family.codex(main, session, started, now, rollouts);
                }
            }
            _ => {}
        }
        family
    }

    /// Every transcript below `dir`.
    fn below(&mut self, dir: &Path, depth: usize) {
        let Ok(entries) = std::fs::read_dir(dir) else { return };
        self.dirs.insert(dir.to_owned());
        for entry in entries.flatten() {
            let path = entry.path();
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                if depth > 0 {
                    self.below(&path, depth - 1);
                }
            } else if path.extension().is_some_and(|e| e == "jsonl") {
                self.files.push(path);
            }
        }
    }

    /// The rollouts of Codex's subagents, which lie among all others of their day; and of theirs.
    fn codex(
        &mut self,
        main: &Path,
        session: &str,
        started: Timestamp,
        now: Timestamp,
        known: &mut Rollouts,
    ) {
        self.dirs.extend(days(main, now));
        let mut young = Vec::new();
        for dir in &self.dirs {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let path = entry.path();
                let name = entry.file_name();
                let name = name.to_str().unwrap_or_default();
                // What was last written before the agent started is not its subagents'.
                let written = || entry.metadata().ok()?.modified().ok()?.try_into().ok();
                let is_young = || written().is_some_and(|at: Timestamp| at >= started);
                if name.starts_with("rollout-")
                    && path.extension().is_some_and(|e| e == "jsonl")
                    && is_young()
                {
                    young.extend(known.of(&path).filter(|l| l.subagent).map(|l| (path, l)));
                }
            }
        }
        loop {
            let ours = |l: &Lineage| {
                let is_ours = |id: &String| id == session || self.threads.contains(id);
                l.thread != session && [&l.root, &l.parent].into_iter().flatten().any(is_ours)
            };
            let Some(at) = young.iter().position(|(_, lineage)| ours(lineage)) else { break };
            let (path, lineage) = young.swap_remove(at);
            if path != main {
                self.files.push(path);
                self.threads.push(lineage.thread);
            }
        }
        self.files[1..].sort_unstable();
        self.threads.sort_unstable();
    }
}

impl Rollouts {
    fn of(&mut self, path: &Path) -> Option<Lineage> {
        if let Some(known) = self.0.get(path) {
            return Some(known.clone());
        }
        // A first line that is not complete yet is read again.
        let fresh = lineage(path)?;
        self.0.insert(path.to_owned(), fresh.clone());
        Some(fresh)
    }
}

/// The folders of the days around `now`, in whatever zone Codex counts them.
fn days(main: &Path, now: Timestamp) -> Vec<PathBuf> {
    let Some(sessions) = main.ancestors().find(|dir| dir.file_name().is_some_and(|n| n == "sessions")) else {
        return Vec::new();
    };
    let day = |days: i64| {
        let day = now.checked_add(SignedDuration::from_hours(24 * days)).ok()?;
        Some(sessions.join(day.strftime("%Y/%m/%d").to_string()))
    };
    [-1, 0, 1].into_iter().filter_map(day).filter(|dir| dir.is_dir()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, text: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn family(source: Source, main: &Path, session: &str) -> Family {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        Family::of(source, main, Some(session), Timestamp::UNIX_EPOCH, now, &mut Rollouts::default())
    }

    #[test]
    fn subagents_of_claude_lie_below_their_parent_however_deep() {
        let dir = tempfile::tempdir().unwrap();
        let main = dir.path().join("s1.jsonl");
        for file in ["s1.jsonl", "s2.jsonl", "s1/subagents/agent-1.jsonl", "s1/subagents/x/agent-2.jsonl"] {
            write(&dir.path().join(file), "");
        }
        write(&dir.path().join("s1/tool-results/a.txt"), "");
        let mut files = family(Source::Claude, &main, "s1").files;
        files.sort();
        let expected = ["s1.jsonl", "s1/subagents/agent-1.jsonl", "s1/subagents/x/agent-2.jsonl"];
        let mut expected = expected.map(|f| dir.path().join(f));
        expected.sort();
        assert_eq!(files, expected);
    }

    #[test]
    fn subagents_of_gemini_lie_in_a_directory_of_their_parents_name() {
        let dir = tempfile::tempdir().unwrap();
        let chats = dir.path().join("tmp/p/chats");
        let main = chats.join("session-2026-11-21T12-00-abc.jsonl");
        for file in ["session-2026-11-21T12-00-abc.jsonl", "S/k1.jsonl", "other/k2.jsonl"] {
            write(&chats.join(file), "");
        }
        let found = family(Source::Gemini, &main, "S");
        assert_eq!(found.files, [main, chats.join("S/k1.jsonl")]);
        assert!(found.dirs.contains(&chats.join("S")));
    }

    #[test]
    fn subagents_of_codex_name_their_parent_in_rollouts_of_their_own() {
        let dir = tempfile::tempdir().unwrap();
        let rollout = |day: &str, id: &str, more: &str| {
            let path =
                dir.path().join(format!("sessions/2026/11/{day}/rollout-2026-11-{day}T01-00-00-{id}.jsonl"));
            write(&path, &format!("{{\"type\":\"session_meta\",\"payload\":{{\"id\":\"{id}\"{more}}}}}\n"));
            path
        };
        let spawned = |parent: &str| {
            format!(",\"source\":{{\"subagent\":{{\"thread_spawn\":{{\"parent_thread_id\":\"{parent}\"}}}}}}")
        };
        let main = rollout("19", "main", "");
        let child = rollout("20", "child", &spawned("main"));
        let grandchild = rollout("21", "grandchild", &spawned("child"));
        rollout("21", "other", &spawned("somebody"));
        rollout("21", "fork", ",\"forked_from_id\":\"main\"");
        let torn = dir.path().join("sessions/2026/11/21/rollout-torn.jsonl");
        write(&torn, "{\"type\":\"session_meta\",\"payload\":{\"id\":\"torn\"");
        let found = family(Source::Codex, &main, "main");
        assert_eq!(found.files, [main, child, grandchild]);
        assert_eq!(found.threads, ["child", "grandchild"]);
    }
}
