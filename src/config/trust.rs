//! Which swarm files may start programs: those that a person has looked at, byte for byte.
//!
//! One JSON file in the state directory maps the real path of a swarm file to the SHA-256 of its contents. It is
//! replaced as a whole and is the user's alone (0600).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Context as _, Error, Kind, Result};

/// What is known about a swarm file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A person has trusted these very contents.
    Trusted,
    /// A person has trusted other contents of this file.
    Changed,
    /// Nobody has trusted this file.
    Unknown,
}

/// The list of trusted files.
#[derive(Debug)]
pub struct TrustList {
    file: PathBuf,
}

/// The form of the list on disk.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    /// Real path to hex SHA-256.
    trusted: BTreeMap<PathBuf, String>,
}

impl TrustList {
    /// The list in `state_dir`; it need not exist yet.
    pub fn new(state_dir: &Path) -> Self {
        Self { file: state_dir.join("trust.json") }
    }

    /// Whether a person has trusted `file` with these `contents`: exactly what was read and will be used.
    pub fn check(&self, file: &Path, contents: &str) -> Trust {
        // A list that cannot be read trusts nobody.
        let stored = self.read().unwrap_or_default();
        match stored.trusted.get(&real(file)) {
            Some(hash) if *hash == digest(contents) => Trust::Trusted,
            Some(_) => Trust::Changed,
            None => Trust::Unknown,
        }
    }

    /// [`TrustList::check`] as a refusal that names the mend.
    pub fn require(&self, file: &Path, contents: &str) -> Result<()> {
        let shown = file.display();
        let why = match self.check(file, contents) {
            Trust::Trusted => return Ok(()),
            Trust::Changed => format!("{shown} has changed since you trusted it"),
            Trust::Unknown => format!("{shown} can start programs and is not trusted yet"),
        };
        Err(Error::new(Kind::NotTrusted, why)
            .hint(format!("read it, then run `swarm trust {shown}`, or `swarm up --trust`")))
    }

    /// Trusts `file` with these `contents` and no others.
    pub fn trust(&self, file: &Path, contents: &str) -> Result<()> {
        let (path, hash) = (real(file), digest(contents));
        self.change(|stored| {
            stored.trusted.insert(path, hash);
        })
    }

    /// Forgets `file`; answers whether it was known.
    pub fn untrust(&self, file: &Path) -> Result<bool> {
        let path = real(file);
        let mut known = false;
        self.change(|stored| known = stored.trusted.remove(&path).is_some())?;
        Ok(known)
    }

    /// Every file somebody trusted, with what holds for it now.
    pub fn list(&self) -> Result<Vec<(PathBuf, Option<Trust>)>> {
        let stored = self.read()?;
        let now = |(path, hash): (PathBuf, String)| {
            let state = std::fs::read_to_string(&path)
                .ok()
                .map(|text| if digest(&text) == hash { Trust::Trusted } else { Trust::Changed });
            (path, state)
        };
        Ok(stored.trusted.into_iter().map(now).collect())
    }

    fn read(&self) -> Result<Stored> {
        match std::fs::read(&self.file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|err| {
                Error::failure(format!("{} is damaged", self.file.display()))
                    .because(err)
                    .hint("remove it and trust your swarm files again")
            }),
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(Stored::default()),
            Err(err) => Err(err).context(|| format!("read {}", self.file.display())),
        }
    }

    /// Changes the list under a lock and replaces the file as a whole.
    fn change(&self, change: impl FnOnce(&mut Stored)) -> Result<()> {
        let doing = || format!("write {}", self.file.display());
        let dir = self.file.parent().unwrap_or(Path::new("."));
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).context(doing)?;
        let lock = private(&self.file.with_extension("lock")).context(doing)?;
        lock.lock().context(doing)?;
        let mut stored = self.read()?;
        change(&mut stored);
        let text = serde_json::to_vec_pretty(&stored).context(doing)?;
        let new = self.file.with_extension("new");
        let mut file = private(&new).context(doing)?;
        file.write_all(&text).and_then(|()| file.sync_all()).context(doing)?;
        std::fs::rename(&new, &self.file).context(doing)
    }
}

/// Opens a file of the user's alone, emptied.
fn private(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
}

/// The path that stands for the file however it was reached.
fn real(file: &Path) -> PathBuf {
    std::fs::canonicalize(file).or_else(|_| std::path::absolute(file)).unwrap_or_else(|_| file.to_owned())
}

/// Hex SHA-256 of a file's contents.
pub fn digest(contents: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(contents.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn trust_is_for_these_bytes_only() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("swarm.toml");
        std::fs::write(&file, "one").unwrap();
        let list = TrustList::new(&dir.path().join("state"));
        assert_eq!(list.check(&file, "one"), Trust::Unknown);
        list.trust(&file, "one").unwrap();
        assert_eq!(list.check(&file, "one"), Trust::Trusted);
        assert_eq!(list.check(&file, "two"), Trust::Changed);
        let err = list.require(&file, "two").unwrap_err();
        assert_eq!(err.kind(), Kind::NotTrusted);
        assert!(err.message().contains("changed"), "{err}");
        // Reached by another path, it is the same file.
        std::os::unix::fs::symlink(&file, dir.path().join("link.toml")).unwrap();
        assert_eq!(list.check(&dir.path().join("link.toml"), "one"), Trust::Trusted);
        let mode = std::fs::metadata(dir.path().join("state/trust.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(list.untrust(&file).unwrap());
        assert!(!list.untrust(&file).unwrap());
        assert_eq!(list.check(&file, "one"), Trust::Unknown);
    }

    #[test]
    fn a_damaged_list_trusts_nobody_and_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("trust.json"), "{").unwrap();
        let list = TrustList::new(dir.path());
        assert_eq!(list.check(Path::new("/x"), ""), Trust::Unknown);
        assert!(list.trust(Path::new("/x"), "").is_err());
        assert_eq!(std::fs::read_to_string(dir.path().join("trust.json")).unwrap(), "{");
    }
}
