//! The files in which agents say what they do, or which session a process has.
//!
//! Owns the formats of `~/.claude/sessions/PID.json` (undocumented; Claude Code 2.1.197 and 2.1.329), of Qwen Code's and
//! of Copilot CLI's maps from process to session. A file outlives a SIGKILL: nothing in it counts before its process is
//! proven to be the one it was written by. The sibling `PID.HASH.key` holds a token and is never opened.

use std::io::Read;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::Value;

use crate::agent::StatusFileKind;
use crate::observe::evidence::Evidence;
use crate::observe::process;
use crate::paths::Paths;
use crate::status::{Reason, Source, Status};

/// The largest status file that is read; real ones have less than 2 KB.
const FILE_MAX: u64 = 64 * 1024;
/// The most session directories that are searched for a lock file.
const SESSIONS_MAX: usize = 4096;
/// The longest id that is believed to be one.
const ID_MAX: usize = 200;

/// What a status file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusFile {
    /// The process that wrote it.
    pub pid: u32,
    /// When that process started, in clock ticks since boot, where the file says so in that way.
    pub process_start: Option<u64>,
    /// The agent's own conversation id.
    pub session: Option<String>,
    /// The pane it believes to be in (`%3`).
    pub pane: Option<String>,
    /// The directory it works in.
    pub cwd: Option<String>,
    /// The agent's version.
    pub version: Option<String>,
    /// What it proves; `None` for a file that only maps a process to a session, or does not know yet.
    pub evidence: Option<Evidence>,
}

impl StatusFile {
    /// Reads the text of a Claude Code session file; `None` when it is none.
    pub fn parse_claude(text: &[u8]) -> Option<Self> {
        let file: Value = serde_json::from_slice(text).ok()?;
        let pid = u32::try_from(file.get("pid")?.as_u64()?).ok()?;
        let start = file.get("procStart");
        let process_start = start.and_then(|s| s.as_u64().or_else(|| s.as_str()?.parse().ok()));
        let tmux = word(&file, &["tmux"]);
        let pane = tmux.as_deref().and_then(|t| t.rsplit_once('.')).map(|(_, pane)| pane.to_owned());
        Some(Self {
            pid,
            process_start,
            session: word(&file, &["sessionId"]),
            pane: pane.filter(|p| p.starts_with('%')),
            cwd: word(&file, &["cwd"]),
            version: word(&file, &["version"]),
            evidence: claude_evidence(&file),
        })
    }

    /// Reads a Qwen Code session file (`~/.qwen/sessions/PID.json`): which session the process has.
    pub fn parse_qwen(text: &[u8], pid: u32) -> Option<Self> {
        let file: Value = serde_json::from_slice(text).ok()?;
        let session = word(&file, &["sessionId", "session_id", "id"])?;
        let said = file.get("pid").and_then(Value::as_u64);
        said.is_none_or(|p| p == u64::from(pid)).then(|| Self::mapping(pid, session, word(&file, &["cwd"])))
    }

    fn mapping(pid: u32, session: String, cwd: Option<String>) -> Self {
        let (process_start, pane, version, evidence) = (None, None, None, None);
        Self { pid, process_start, session: Some(session), pane, cwd, version, evidence }
    }

    /// Whether it was written by the process `pid` that started then; a file that does not say when is believed as long
    /// as the process lives.
    pub fn is_of(&self, pid: u32, start: Option<u64>) -> bool {
        self.pid == pid && start.is_some() && (self.process_start.is_none() || self.process_start == start)
    }
}

fn claude_evidence(file: &Value) -> Option<Evidence> {
    let millis = ["statusUpdatedAt", "updatedAt"].iter().find_map(|k| file.get(k)?.as_i64())?;
    let at = Timestamp::from_millisecond(millis).ok()?;
    let status = file.get("status")?.as_str()?;
    let waiting_for = file.get("waitingFor").and_then(Value::as_str).unwrap_or_default();
    let says = |status, reason: Option<Reason>| {
        Evidence::new(Source::StatusFile, "", at).says(status).because(reason).text(waiting_for)
    };
    let mut evidence = match status {
        "idle" => says(Status::Idle, None),
        "busy" => says(Status::Working, None),
        // The turn is over, a shell of it still runs and will wake the agent.
        "shell" => says(Status::Working, Some(Reason::Background)),
        "waiting" => says(
            Status::Waiting,
            Some(match waiting_for {
                "permission prompt" => Reason::Permission,
                "input needed" => Reason::Question,
                _ => Reason::Dialog,
            }),
        ),
        _ => Evidence::new(Source::StatusFile, "", at),
    };
    let known = matches!(status, "idle" | "busy" | "shell" | "waiting");
    evidence.rule = format!("status_file:{}", if known { status } else { "unknown" });
    Some(evidence)
}

/// Where an agent keeps its status files: the directory to watch. `var` answers for the *agent's* environment.
pub fn directory(
    kind: StatusFileKind,
    paths: &Paths,
    var: &dyn Fn(&str) -> Option<String>,
) -> Option<PathBuf> {
    let own = |key: &str, usual: PathBuf| var(key).map_or(usual, PathBuf::from);
    match kind {
        StatusFileKind::Claude => Some(own("CLAUDE_CONFIG_DIR", paths.home.join(".claude")).join("sessions")),
        StatusFileKind::Qwen => Some(own("QWEN_DATA_DIR", paths.home.join(".qwen")).join("sessions")),
        StatusFileKind::Copilot => Some(paths.home.join(".copilot/session-state")),
        StatusFileKind::Sim => Some(own("SWARM_SIM_HOME", paths.state_dir.join("sim")).join("sessions")),
        StatusFileKind::None => None,
    }
}

/// What the status file of the process `pid` says, if there is one in `directory` and that very process wrote it.
pub fn read(kind: StatusFileKind, directory: &Path, pid: u32) -> Option<StatusFile> {
    let start = process::start_time(pid);
    let file = match kind {
        StatusFileKind::Claude | StatusFileKind::Sim => {
            StatusFile::parse_claude(&read_small(&directory.join(format!("{pid}.json")))?)?
        }
        StatusFileKind::Qwen => {
            StatusFile::parse_qwen(&read_small(&directory.join(format!("{pid}.json")))?, pid)?
        }
        StatusFileKind::Copilot => copilot(directory, pid)?,
        StatusFileKind::None => return None,
    };
    file.is_of(pid, start).then_some(file)
}

/// `<directory>/SESSION/inuse.PID.lock`.
fn copilot(directory: &Path, pid: u32) -> Option<StatusFile> {
    let lock = format!("inuse.{pid}.lock");
    let sessions = std::fs::read_dir(directory).ok()?.flatten().take(SESSIONS_MAX);
    let found = sessions.filter(|s| s.path().join(&lock).exists());
    // A process that changed its session may leave a lock behind: the newest counts.
    let newest = found.max_by_key(|s| s.path().join(&lock).metadata().and_then(|m| m.modified()).ok())?;
    let session = newest.file_name().into_string().ok()?;
    Some(StatusFile::mapping(pid, session, None))
}

fn read_small(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(FILE_MAX).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

fn word(file: &Value, keys: &[&str]) -> Option<String> {
    let text = keys.iter().find_map(|k| file.get(k)?.as_str())?;
    let max = if keys.contains(&"cwd") { 4096 } else { ID_MAX };
    (!text.is_empty() && text.len() <= max && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SEEN: &str = include_str!("../../tests/data/status_files/claude_seen.jsonl");
    const STALE: &[u8] = include_bytes!("../../tests/data/status_files/claude_stale_after_kill.json");

    #[test]
    fn recorded_files_of_claude_are_read() {
        let said: Vec<_> = SEEN
            .lines()
            .map(|l| StatusFile::parse_claude(l.as_bytes()).unwrap())
            .map(|f| {
                assert_eq!((f.pid, f.pane.as_deref()), (23588, Some("%2")));
                let evidence = f.evidence.unwrap();
                (evidence.rule, evidence.status.unwrap(), evidence.reason)
            })
            .collect();
        let expected = [
            ("status_file:idle", Status::Idle, None),
            ("status_file:busy", Status::Working, None),
            ("status_file:waiting", Status::Waiting, Some(Reason::Permission)),
            ("status_file:waiting", Status::Waiting, Some(Reason::Question)),
        ];
        assert_eq!(said, expected.map(|(rule, status, reason)| (rule.to_owned(), status, reason)));
    }

    #[test]
    fn a_background_shell_is_work_and_an_unknown_word_is_nothing() {
        let says = |status: &str| {
            let text = format!(r#"{{"pid":1,"status":"{status}","updatedAt":1795210892594}}"#);
            let evidence = StatusFile::parse_claude(text.as_bytes()).unwrap().evidence.unwrap();
            (evidence.status, evidence.reason)
        };
        assert_eq!(says("shell"), (Some(Status::Working), Some(Reason::Background)));
        assert_eq!(says("dreaming"), (None, None));
    }

    #[test]
    fn a_file_that_outlived_its_process_is_not_believed() {
        let file = StatusFile::parse_claude(STALE).unwrap();
        assert_eq!(file.process_start, Some(451_918));
        assert!(file.is_of(19102, Some(451_918)));
        assert!(!file.is_of(19102, Some(451_919)), "the pid was used again");
        assert!(!file.is_of(19102, None), "the process is gone");
        assert!(!file.is_of(7, Some(451_918)));
    }

    #[test]
    fn files_are_found_by_process() {
        let dir = tempfile::tempdir().unwrap();
        let me = std::process::id();
        let start = process::start_time(me).unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
        assert_eq!(read(StatusFileKind::Claude, dir.path(), me), None);
        let text = |start: u64| {
            format!(
                r#"{{"pid":{me},"procStart":"{start}","sessionId":"s","status":"busy","updatedAt":1795210892594}}"#
            )
        };
        write(&format!("{me}.json"), text(start));
        let file = read(StatusFileKind::Claude, dir.path(), me).unwrap();
        assert_eq!(file.session.as_deref(), Some("s"));
        write(&format!("{me}.json"), text(start + 1));
        assert_eq!(read(StatusFileKind::Claude, dir.path(), me), None);
        write(&format!("{me}.json"), format!(r#"{{"pid":{me},"sessionId":"q-1","cwd":"/x"}}"#));
        assert_eq!(read(StatusFileKind::Qwen, dir.path(), me).unwrap().session.as_deref(), Some("q-1"));
        for session in ["c-1", "c-2"] {
            std::fs::create_dir(dir.path().join(session)).unwrap();
        }
        write(&format!("c-2/inuse.{me}.lock"), String::new());
        assert_eq!(read(StatusFileKind::Copilot, dir.path(), me).unwrap().session.as_deref(), Some("c-2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = StatusFile::parse_claude(&bytes);
            let _ = StatusFile::parse_qwen(&bytes, 1);
        }

        #[test]
        fn any_values_are_taken(pid in any::<i64>(), at in any::<f64>(), status in ".{0,12}", tmux in ".{0,20}") {
            let json = serde_json::json!({"pid": pid, "status": status, "statusUpdatedAt": at, "tmux": tmux,
                "updatedAt": pid, "waitingFor": status, "procStart": tmux});
            let _ = StatusFile::parse_claude(json.to_string().as_bytes());
        }
    }
}
