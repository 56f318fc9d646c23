//! Where the transcript of an agent lies: said by its hooks, guessed from its conversation, or open in its process.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ledger::scan::Position;
use crate::ledger::usage::Source;
use crate::paths::Paths;
use crate::state::Watched;

use super::super::perform::Hands;
use super::{Entry, source_of, subagents, usage_log};

/// How the files of an agent lie.
pub(super) fn lay(entry: &Entry) -> Vec<(PathBuf, u64, i64)> {
    let stat = |file: &PathBuf| {
        let stat = Position::stat(file).ok()?;
        Some((file.clone(), stat.size, stat.mtime_ns))
    };
    let files = &entry.family.files;
    let notes: Vec<_> = files.iter().skip(1).map(|file| subagents::note_of(file)).collect();
    files.iter().chain(&notes).filter_map(stat).collect()
}

/// The main transcript of an agent, where it is known and there.
pub fn file_of(hands: &Hands, watched: &Watched) -> Option<PathBuf> {
    // What these two write for the ledger is no record of what was said to them.
    let source = source_of(hands, &watched.profile).filter(|s| !matches!(s, Source::Aider | Source::Copilot));
    let named = watched.transcript.clone();
    named.or_else(|| guess(source?, watched, &hands.paths)).filter(|f| f.is_file())
}

/// Where a transcript lies when no hook has said it.
pub(super) fn guess(source: Source, watched: &Watched, paths: &Paths) -> Option<PathBuf> {
    let home = watched.places.get("HOME").unwrap_or(&paths.home);
    let slug = || -> String {
        let directory = watched.directory.to_string_lossy();
        directory.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
    };
    match source {
        // The folder is the directory with every character that is not alphanumeric replaced (agents.md).
        Source::Claude => {
            let session = watched.session.as_ref()?;
            let root = watched.config_dir.clone().unwrap_or_else(|| home.join(".claude"));
            Some(root.join("projects").join(slug()).join(format!("{session}.jsonl")))
        }
        Source::Codex => {
            let root = watched.places.get("CODEX_HOME").cloned().unwrap_or_else(|| home.join(".codex"));
            let named = watched.session.as_ref().and_then(|session| rollout(&root.join("sessions"), session));
            // Codex keeps its rollout open; nothing else names it before the first turn has ended.
            named.or_else(|| {
                let mut family = vec![watched.pid?];
                family.extend(descendants(watched.pid?));
                family.into_iter().find_map(|pid| open_file(pid, |name| name.starts_with("rollout-")))
            })
        }
        Source::OpenCode => {
            let place = |key: &str| watched.places.get(key).cloned();
            let data =
                || place("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share")).join("opencode");
            Some(place("OPENCODE_DATA_DIR").unwrap_or_else(data).join("opencode.db"))
        }
        Source::Qwen => {
            let chats = home.join(".qwen/projects").join(slug()).join("chats");
            Some(chats.join(format!("{}.jsonl", watched.session.as_ref()?)))
        }
        Source::Gemini => chat(&home.join(".gemini/tmp"), watched.session.as_ref()?),
        Source::Copilot => {
            let session = watched.session.as_ref()?;
            Some(home.join(".copilot/session-state").join(session).join("events.jsonl"))
        }
        Source::Aider => Some(usage_log(paths, &watched.instance)),
        Source::Crush | Source::Goose | Source::Amp => None,
    }
}

/// The file of a conversation of Gemini CLI: `<project>/chats/session-<time>-<first 8 of its id>.jsonl`.
fn chat(projects: &Path, session: &str) -> Option<PathBuf> {
    let ending = format!("-{}.jsonl", session.get(..8)?);
    let chats = std::fs::read_dir(projects).ok()?.flatten().map(|project| project.path().join("chats"));
    let files = chats.filter_map(|dir| std::fs::read_dir(dir).ok()).flat_map(Iterator::flatten);
    let ours = |name: &str| name.starts_with("session-") && name.ends_with(&ending);
    files.map(|f| f.path()).find(|f| f.file_name().and_then(|n| n.to_str()).is_some_and(ours))
}

/// The rollout of a conversation, in the folder of the day its id (a uuid v7) was made, or of the days beside it.
fn rollout(sessions: &Path, session: &str) -> Option<PathBuf> {
    let hex: String = session.chars().filter(|c| *c != '-').take(12).collect();
    let made = Timestamp::from_millisecond(i64::from_str_radix(&hex, 16).ok()?).ok()?;
    let ending = format!("-{session}.jsonl");
    [0, -1, 1].into_iter().find_map(|days| {
        let day = made.checked_add(jiff::SignedDuration::from_hours(24 * days)).ok()?;
        let folder = sessions.join(day.strftime("%Y/%m/%d").to_string());
        let files = std::fs::read_dir(folder).ok()?.flatten();
        let mut rollouts = files.filter(|f| f.file_name().to_string_lossy().ends_with(&ending));
        rollouts.next().map(|f| f.path())
    })
}

/// The processes that a process started, and theirs: what npm installs is a script that starts the program. Linux only.
fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut todo = vec![pid];
    while let Some(pid) = todo.pop().filter(|_| found.len() < 64) {
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
        for task in tasks {
            let children = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
            let children: Vec<u32> = children.split_whitespace().filter_map(|c| c.parse().ok()).collect();
            found.extend(&children);
            todo.extend(children);
        }
    }
    found
}

/// The conversation of OpenCode that was used last in the agent's directory since it started, unless it is another's.
pub(super) fn newest_session(
    conn: &rusqlite::Connection,
    watched: &Watched,
    taken: &[&str],
) -> rusqlite::Result<Option<String>> {
    let mut query = conn.prepare(
        "SELECT id FROM session WHERE parent_id IS NULL AND directory IN (?1, ?2) AND time_updated >= ?3
         ORDER BY time_updated DESC LIMIT 50",
    )?;
    let directory = watched.directory.to_string_lossy();
    let real = std::fs::canonicalize(&watched.directory).unwrap_or_else(|_| watched.directory.clone());
    let since = watched.started.as_millisecond();
    let rows = query
        .query_map(rusqlite::params![directory, real.to_string_lossy(), since], |r| r.get::<_, String>(0))?;
    for session in rows {
        let session = session?;
        if !taken.contains(&session.as_str()) {
            return Ok(Some(session));
        }
    }
    Ok(None)
}

/// A file that a process holds open, by its name. Linux only: elsewhere it is not found this way.
fn open_file(pid: u32, is: impl Fn(&str) -> bool) -> Option<PathBuf> {
    let fds = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    let targets = fds.flatten().filter_map(|fd| std::fs::read_link(fd.path()).ok());
    targets.into_iter().find(|t| t.file_name().and_then(|n| n.to_str()).is_some_and(&is))
}

/// The conversation's id by the name of its file.
pub(super) fn session_of(source: Source, file: &Path) -> Option<String> {
    let stem = file.file_stem()?.to_str()?;
    match source {
        // `rollout-2026-11-21T02-01-59-<uuid>`
        Source::Codex => stem.get(stem.len().checked_sub(36)?..).map(str::to_owned),
        Source::Claude | Source::Qwen | Source::Aider => Some(stem.to_owned()),
        Source::Copilot => Some(file.parent()?.file_name()?.to_str()?.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversations_are_read_off_file_names() {
        let codex = Path::new("/x/rollout-2026-11-21T02-01-59-01a1fc04-1e13-70dd-8e6d-7d45307742a1.jsonl");
        assert_eq!(session_of(Source::Codex, codex).as_deref(), Some("01a1fc04-1e13-70dd-8e6d-7d45307742a1"));
        assert_eq!(session_of(Source::Claude, Path::new("/x/abc.jsonl")).as_deref(), Some("abc"));
        assert_eq!(session_of(Source::Codex, Path::new("/x/r.jsonl")), None);
        let copilot = Path::new("/x/session-state/c30a2e91/events.jsonl");
        assert_eq!(session_of(Source::Copilot, copilot).as_deref(), Some("c30a2e91"));
    }

    #[test]
    fn a_chat_of_gemini_is_found_by_the_beginning_of_its_id() {
        let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/transcripts/gemini/tmp");
        let found = chat(&recorded, "0273039b-aaaa-4bbb-8ccc-0123456789ab").unwrap();
        assert!(found.ends_with("app/chats/session-2026-11-20T21-09-0273039b.jsonl"), "{found:?}");
        assert_eq!(chat(&recorded, "1273039b-aaaa-4bbb-8ccc-0123456789ab"), None);
        assert_eq!(chat(&recorded, "short"), None);
    }

    #[test]
    fn a_rollout_is_found_by_the_day_of_its_conversation() {
        let dir = tempfile::tempdir().unwrap();
        let session = "01a1fd03-3345-7903-96de-207858d0a91e";
        let day = dir.path().join("2026/11/21");
        std::fs::create_dir_all(&day).unwrap();
        let file = day.join(format!("rollout-2026-11-21T07-30-07-{session}.jsonl"));
        std::fs::write(&file, "").unwrap();
        assert_eq!(rollout(dir.path(), session), Some(file));
        assert_eq!(rollout(dir.path(), "01a1fd03-3345-7903-96de-207858d0a91f"), None);
        assert_eq!(rollout(dir.path(), "no id"), None);
    }
}
