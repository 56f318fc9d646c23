//! Which swarm file holds here: the nearest one, looking upwards to the top of the repository.

use std::path::{Component, Path, PathBuf};

/// The name of a swarm file.
pub const FILE_NAME: &str = "swarm.toml";

/// The nearest swarm file at or above `start`.
///
/// The search ends at the top level of the git repository. In a linked worktree without a swarm file of its own, the
/// main worktree's top level is looked at too, so that an agent there belongs to the swarm it was started by. Outside
/// a repository it ends at the root directory.
pub fn find(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    for dir in start.ancestors() {
        let file = dir.join(FILE_NAME);
        if file.is_file() {
            return Some(file);
        }
        match top_level(dir) {
            Top::No => {}
            Top::Repository => return None,
            Top::Worktree(main) => return Some(main.join(FILE_NAME)).filter(|f| f.is_file()),
        }
    }
    None
}

/// The top level of the git repository that holds `start`; a linked worktree is a top level of its own.
pub fn repository(start: &Path) -> Option<PathBuf> {
    let start = std::path::absolute(start).ok()?;
    start.ancestors().find(|dir| top_level(dir) != Top::No).map(Path::to_owned)
}

/// What a directory is to git.
#[derive(Debug, PartialEq, Eq)]
enum Top {
    /// No top level; a submodule is none either, it belongs to the repository around it.
    No,
    /// The top level of a repository.
    Repository,
    /// The top level of a linked worktree; holds the main worktree's.
    Worktree(PathBuf),
}

fn top_level(dir: &Path) -> Top {
    let dot_git = dir.join(".git");
    let Ok(meta) = std::fs::metadata(&dot_git) else { return Top::No };
    if meta.is_dir() {
        return Top::Repository;
    }
    // `gitdir: PATH`, see gitrepository-layout(5).
    let Some(text) = std::fs::read_to_string(&dot_git).ok().filter(|t| t.len() < 8192) else {
        return Top::Repository;
    };
    let Some(git_dir) = text.strip_prefix("gitdir:").map(str::trim) else { return Top::Repository };
    let git_dir = dir.join(git_dir);
    let parts: Vec<Component<'_>> = git_dir.components().collect();
    let is = |at: usize, name: &str| {
        parts.len().checked_sub(at).and_then(|i| parts.get(i)).is_some_and(|c| c.as_os_str() == name)
    };
    if is(2, "worktrees") && is(3, ".git") {
        return Top::Worktree(parts[..parts.len() - 3].iter().collect());
    }
    if parts.windows(2).any(|w| w[0].as_os_str() == ".git" && w[1].as_os_str() == "modules") {
        return Top::No;
    }
    Top::Repository
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text.replace("ROOT", dir.path().to_str().unwrap())).unwrap();
        }
        dir
    }

    #[test]
    fn the_nearest_file_up_to_the_repository_wins() {
        let dir = tree(&[
            ("swarm.toml", ""),
            ("repo/.git/HEAD", ""),
            ("repo/a/b/x", ""),
            ("with/.git/HEAD", ""),
            ("with/swarm.toml", ""),
            ("with/a/b/x", ""),
            ("plain/a/x", ""),
        ]);
        let root = dir.path();
        assert_eq!(find(&root.join("with/a/b")), Some(root.join("with/swarm.toml")));
        assert_eq!(find(&root.join("repo/a/b")), None);
        assert_eq!(find(&root.join("plain/a")), Some(root.join("swarm.toml")));
        assert_eq!(repository(&root.join("repo/a/b")), Some(root.join("repo")));
    }

    #[test]
    fn linked_worktrees_and_submodules_belong_to_their_repository() {
        let dir = tree(&[
            ("main/.git/HEAD", ""),
            ("main/swarm.toml", ""),
            ("main/sub/.git", "gitdir: ../.git/modules/sub\n"),
            ("main/sub/deep/x", ""),
            ("tree/.git", "gitdir: ROOT/main/.git/worktrees/tree\n"),
            ("tree/a/x", ""),
            ("odd/.git", "\u{0}"),
        ]);
        let root = dir.path();
        assert_eq!(find(&root.join("tree/a")), Some(root.join("main/swarm.toml")));
        assert_eq!(find(&root.join("main/sub/deep")), Some(root.join("main/swarm.toml")));
        assert_eq!(find(&root.join("odd")), None);
    }
}
