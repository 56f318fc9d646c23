//! Which transcript files there are: the agents' own directories, walked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::scan::Position;
use super::usage::Source;

/// One file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub source: Source,
    /// What the file system said about it.
    pub stat: Position,
}

/// The transcripts of `source` under `root`, in no particular order. What cannot be read is passed over.
///
/// For Claude Code and Codex, `root` may be the agent's home or its transcript directory.
pub fn transcripts(source: Source, root: &Path) -> Vec<Found> {
    let mut out = Vec::new();
    let mut seen = HashSet::new();
    if source == Source::OpenCode && root.is_dir() {
        opencode(root, &mut seen, &mut out);
        return out;
    }
    let inner: Vec<PathBuf> =
        inner(source).iter().map(|name| root.join(name)).filter(|p| p.is_dir()).collect();
    let roots = if inner.is_empty() { vec![root.to_owned()] } else { inner };
    for root in roots {
        if root.is_dir() {
            walk(source, &root, 0, &mut seen, &mut out);
        } else if let Ok(stat) = Position::stat(&root) {
            out.push(Found { path: root, source, stat });
        }
    }
    out
}

/// The databases and the older messages in OpenCode's data directory, which holds much else.
fn opencode(root: &Path, seen: &mut HashSet<(u64, u64)>, out: &mut Vec<Found>) {
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_file()
            && is_transcript(Source::OpenCode, &path)
            && let Ok(stat) = Position::stat(&path)
        {
            out.push(Found { path, source: Source::OpenCode, stat });
        }
    }
    let messages = root.join("storage/message");
    if messages.is_dir() {
        walk(Source::OpenCode, &messages, 0, seen, out);
    }
}

/// What the directory of transcripts is called in the agent's home.
const fn inner(source: Source) -> &'static [&'static str] {
    match source {
        Source::Claude | Source::Qwen => &["projects"],
        Source::Codex => &["sessions", "archived_sessions"],
        Source::Gemini => &["tmp"],
        _ => &[],
    }
}

/// Where Claude's desktop keeps a home of Claude Code for each of its sessions.
const DESKTOP: &str = "local-agent-mode-sessions";

/// How deep a directory may lie: links that lead in circles end here at the latest.
const DEPTH_MAX: usize = 16;

fn walk(source: Source, dir: &Path, depth: usize, seen: &mut HashSet<(u64, u64)>, out: &mut Vec<Found>) {
    let Ok(meta) = std::fs::metadata(dir) else { return };
    let here = Position::of(&meta);
    if depth > DEPTH_MAX || (here.ino != 0 && !seen.insert((here.dev, here.ino))) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else { continue };
        let is_dir = if kind.is_symlink() { path.is_dir() } else { kind.is_dir() };
        if is_dir {
            walk(source, &path, depth + 1, seen, out);
        } else if is_transcript(source, &path)
            && let Ok(stat) = Position::stat(&path)
        {
            out.push(Found { path, source, stat });
        }
    }
}

/// Whether a file of this name can hold usage of `source`.
#[expect(clippy::case_sensitive_file_extension_comparisons, reason = "the agents write lower case")]
fn is_transcript(source: Source, path: &Path) -> bool {
    let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
    let within = |dir: &str| path.components().any(|c| c.as_os_str() == dir);
    match source {
        // The desktop's own logs repeat what its transcripts say.
        Source::Claude => name.ends_with(".jsonl") && (within("projects") || !within(DESKTOP)),
        Source::Codex => name.ends_with(".jsonl") || name.ends_with(".jsonl.zst"),
        Source::Gemini => {
            (name.ends_with(".jsonl") || (name.ends_with(".json") && name.starts_with("session-")))
                && within("chats")
        }
        Source::Qwen => name.ends_with(".jsonl") && within("chats"),
        Source::OpenCode => {
            (name.ends_with(".db") && name.starts_with("opencode"))
                || (name.ends_with(".json") && name.starts_with("msg_"))
        }
        Source::Copilot => name == "events.jsonl",
        Source::Amp => name.ends_with(".json"),
        Source::Aider => name.ends_with(".jsonl") || name == ".aider.chat.history.md",
        Source::Crush => name == "crush.db",
        Source::Goose => name == "sessions.db",
    }
}

/// Where the agents of this user keep their transcripts; directories that do not exist are left out. `var` answers
/// for the environment.
pub fn default_roots(home: &Path, var: &dyn Fn(&str) -> Option<String>) -> Vec<(Source, PathBuf)> {
    let config = var("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    let data = var("XDG_DATA_HOME").map_or_else(|| home.join(".local/share"), PathBuf::from);
    let list = |value: String| {
        value.split(',').map(str::trim).filter(|s| !s.is_empty()).map(PathBuf::from).collect()
    };
    let own = |key: &str, usual: Vec<PathBuf>| -> Vec<PathBuf> { var(key).map_or(usual, list) };
    let goose =
        var("GOOSE_PATH_ROOT").map_or_else(|| data.join("goose"), |root| Path::new(&root).join("data"));
    let crush = std::fs::read_to_string(data.join("crush/projects.json")).unwrap_or_default();
    let roots = [
        (Source::Claude, own("CLAUDE_CONFIG_DIR", vec![config.join("claude"), home.join(".claude")])),
        (
            Source::Claude,
            [&config, &home.join("Library/Application Support")]
                .map(|d| d.join("Claude").join(DESKTOP))
                .into(),
        ),
        (Source::Codex, own("CODEX_HOME", vec![home.join(".codex")])),
        (Source::Gemini, vec![home.join(".gemini")]),
        (Source::Qwen, own("QWEN_DATA_DIR", vec![home.join(".qwen")])),
        (Source::OpenCode, own("OPENCODE_DATA_DIR", vec![data.join("opencode")])),
        (Source::Copilot, vec![home.join(".copilot/session-state")]),
        (Source::Goose, vec![goose.join("sessions")]),
        (Source::Crush, crush_projects(&crush)),
        (
            Source::Amp,
            own("AMP_DATA_DIR", vec![data.join("amp")]).iter().map(|p| p.join("threads")).collect(),
        ),
    ];
    let all = roots.into_iter().flat_map(|(source, dirs)| dirs.into_iter().map(move |dir| (source, dir)));
    // A home without transcripts is not searched: it holds much else.
    let has_transcripts = |source: Source, dir: &Path| {
        let names = inner(source);
        names.is_empty()
            || dir.ends_with(DESKTOP)
            || names.iter().any(|n| dir.join(n).is_dir() || dir.file_name().is_some_and(|d| d == *n))
    };
    all.filter(|(source, dir)| dir.exists() && has_transcripts(*source, dir)).collect()
}

/// The databases of the projects that Crush knows: `{"projects":[{"path":…,"data_dir":…}]}`.
fn crush_projects(json: &str) -> Vec<PathBuf> {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let projects = value.get("projects").and_then(serde_json::Value::as_array).cloned().unwrap_or_default();
    let text = |p: &serde_json::Value, key: &str| p.get(key).and_then(|v| v.as_str()).map(PathBuf::from);
    let database = |p: &serde_json::Value| {
        text(p, "data_dir")
            .or_else(|| text(p, "path").map(|dir| dir.join(".crush")))
            .map(|dir| dir.join("crush.db"))
    };
    projects.iter().filter_map(database).collect()
}
