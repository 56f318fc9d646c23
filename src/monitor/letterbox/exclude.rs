//! Keeps outboxes and inboxes out of git: by `info/exclude` of the repository, which is nobody's commit.
//!
//! Reads `.git` as git does and starts no git. Only ever adds a line that is not there.

use std::fs::OpenOptions;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// What is added, at any depth of the repository: `.swarm` may hold what is meant to be committed, too.
const LINES: [&str; 2] = ["**/.swarm/inbox/", "**/.swarm/outbox/"];
/// Lines that say the same of all of `.swarm`.
const WIDER: [&str; 4] = [".swarm", ".swarm/", "**/.swarm", "**/.swarm/"];
/// The largest file that is read for it.
const MAX: u64 = 1 << 20;

/// Sees to it that git does not list the boxes of an agent that works in `directory`; nothing where that is in no
/// repository.
pub(super) fn ensure(directory: &Path) -> io::Result<()> {
    let Some(git) = common_dir(directory) else { return Ok(()) };
    let info = git.join("info");
    match std::fs::create_dir(&info) {
        Err(err) if err.kind() != io::ErrorKind::AlreadyExists => return Err(err),
        _ => {}
    }
    let nofollow = i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).custom_flags(nofollow);
    let mut file = options.open(info.join("exclude"))?;
    // Two monitors, or two agents of one repository, add a line once.
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive)?;
    let mut text = Vec::new();
    (&file).take(MAX).read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let has = |line: &str| text.lines().any(|l| l.trim_end() == line);
    if WIDER.iter().any(|line| has(line)) {
        return Ok(());
    }
    let missing: Vec<&str> = LINES.into_iter().filter(|line| !has(line)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{gap}{}\n", missing.join("\n")).as_bytes())
}

/// The directory that all work trees of a repository share.
fn common_dir(directory: &Path) -> Option<PathBuf> {
    let directory = std::fs::canonicalize(directory).ok()?;
    let dot_git = directory.ancestors().map(|d| d.join(".git")).find(|git| git.exists())?;
    let git = if dot_git.is_dir() {
        dot_git
    } else {
        // A work tree or a submodule: `gitdir: PATH`.
        let text = small(&dot_git)?;
        dot_git.parent()?.join(text.strip_prefix("gitdir:")?.trim())
    };
    let shared = small(&git.join("commondir")).map(|text| git.join(text.trim()));
    let git = shared.unwrap_or(git);
    git.join("HEAD").exists().then_some(git)
}

fn small(path: &Path) -> Option<String> {
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(4096).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "the test asks git itself")]
    fn git(dir: &Path, args: &[&str]) -> String {
        let mut git = std::process::Command::new("git");
        git.current_dir(dir).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        for (key, value) in [("NAME", "x"), ("EMAIL", "x@example.org")] {
            git.env(format!("GIT_AUTHOR_{key}"), value).env(format!("GIT_COMMITTER_{key}"), value);
        }
        let output = git.args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn boxes(dir: &Path) {
        for place in ["inbox", "outbox/done"] {
            std::fs::create_dir_all(dir.join(".swarm").join(place)).unwrap();
            std::fs::write(dir.join(".swarm").join(place).join("x.json"), "{}").unwrap();
        }
    }

    #[test]
    fn git_does_not_list_them_in_the_main_tree_nor_in_a_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        let main = dir.path().join("main");
        std::fs::create_dir_all(main.join("api/.swarm")).unwrap();
        std::fs::write(main.join("api/.swarm/swarm.schema.json"), "{}").unwrap();
        git(&main, &["init", "-q"]);
        std::fs::write(main.join(".git/info/exclude"), "# mine\n*.log").unwrap();
        git(&main, &["commit", "-q", "--allow-empty", "-m", "x"]);
        git(&main, &["worktree", "add", "-q", "../tree"]);
        let tree = dir.path().join("tree");
        std::fs::create_dir(tree.join("web")).unwrap();
        for place in [main.join("api"), tree.join("web"), tree.clone()] {
            boxes(&place);
            ensure(&place).unwrap();
            ensure(&place).unwrap();
        }
        let text = std::fs::read_to_string(main.join(".git/info/exclude")).unwrap();
        assert_eq!(text, format!("# mine\n*.log\n{}\n", LINES.join("\n")));
        assert_eq!(git(&main, &["status", "--porcelain", "-uall"]), "?? api/.swarm/swarm.schema.json\n");
        assert_eq!(git(&tree, &["status", "--porcelain", "-uall"]), "");
    }

    #[test]
    fn nothing_is_done_without_a_repository_or_where_all_is_excluded() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(".git"), "gitdir: ../nowhere").unwrap();
        ensure(dir.path()).unwrap();
        std::fs::remove_file(dir.path().join(".git")).unwrap();
        git(dir.path(), &["init", "-q"]);
        std::fs::write(dir.path().join(".git/info/exclude"), ".swarm/\n").unwrap();
        ensure(dir.path()).unwrap();
        assert_eq!(std::fs::read_to_string(dir.path().join(".git/info/exclude")).unwrap(), ".swarm/\n");
        // A link is not followed.
        let aim = dir.path().join("aim");
        std::fs::write(&aim, "").unwrap();
        std::fs::remove_file(dir.path().join(".git/info/exclude")).unwrap();
        std::os::unix::fs::symlink(&aim, dir.path().join(".git/info/exclude")).unwrap();
        assert!(ensure(dir.path()).is_err());
        assert_eq!(std::fs::read_to_string(&aim).unwrap(), "");
    }
}
