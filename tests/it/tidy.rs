//! The written rules of the house, checked: layer order and file length.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MAX_LINES: usize = 800;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

/// `lib.rs` lists the modules in the order of the data flow: a module imports only from those above it.
#[test]
fn modules_import_only_from_those_above_them() {
    let lib = std::fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let order: BTreeMap<&str, usize> = lib
        .lines()
        .filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';'))
        .enumerate()
        .map(|(i, name)| (name, i))
        .collect();
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let rel = file.strip_prefix(root().join("src")).unwrap().to_owned();
        let first = rel.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        let Some(&here) = order.get(first.as_str()) else { continue };
        for (n, line) in std::fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for part in line.split("crate::").skip(1) {
                let used: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if order.get(used.as_str()).is_some_and(|&at| at > here) {
                    wrong.push(format!("{}:{}: `{first}` uses `{used}`", rel.display(), n + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "against the order in lib.rs:\n{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_the_limit() {
    let mut files = Vec::new();
    for dir in ["src", "tests", "benches"] {
        let dir = root().join(dir);
        if dir.is_dir() {
            rust_files(&dir, &mut files);
        }
    }
    let long: Vec<String> = files
        .iter()
        .filter_map(|f| {
            let lines = std::fs::read_to_string(f).unwrap().lines().count();
            (lines > MAX_LINES).then(|| format!("{}: {lines}", f.display()))
        })
        .collect();
    assert!(long.is_empty(), "over {MAX_LINES} lines, split by what they own:\n{}", long.join("\n"));
}

#[test]
fn no_test_is_ignored() {
    let needle = concat!("#[", "ignore");
    let mut files = Vec::new();
    rust_files(&root().join("src"), &mut files);
    rust_files(&root().join("tests"), &mut files);
    for file in files {
        assert!(!std::fs::read_to_string(&file).unwrap().contains(needle), "{}", file.display());
    }
}
