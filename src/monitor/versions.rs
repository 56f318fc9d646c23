//! Which version of an agent CLI a launch will start, read off its files: which hook events it knows depends on it.
//!
//! Looks programs up with the PATH that the session's panes have. Never runs a program; what is not certain is unknown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use crate::config::{AgentSpec, find_program};
use crate::name::SwarmName;
use crate::observe::inject::version_of;

/// A program's file, and when it was last changed.
type ProgramFile = (PathBuf, Option<SystemTime>);

/// What is known of programs, for as long as the monitor lives.
#[derive(Debug, Default)]
pub struct Versions {
    paths: Mutex<HashMap<SwarmName, String>>,
    known: Mutex<HashMap<ProgramFile, Option<String>>>,
}

impl Versions {
    /// Panes of this swarm have this PATH from now on.
    pub fn remember(&self, swarm: &SwarmName, path: Option<&String>) {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        match path {
            Some(path) => paths.insert(swarm.clone(), path.clone()),
            None => paths.remove(swarm),
        };
    }

    /// Whether the PATH of this swarm's panes is known: not in a monitor that was started after the swarm.
    pub fn knows(&self, swarm: &SwarmName) -> bool {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner).contains_key(swarm)
    }

    /// The version of `program` as this agent would start it; read once per file and change of it. `None` also where
    /// the PATH is not known.
    pub fn of(&self, swarm: &SwarmName, spec: &AgentSpec, program: &str) -> Option<String> {
        if program.is_empty() {
            return None;
        }
        let found = match Path::new(program).is_absolute() {
            true => Path::new(program).to_owned(),
            false => {
                let paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
                let path = spec.env.get("PATH").or_else(|| paths.get(swarm))?;
                find_program(program, path.as_ref())?
            }
        };
        let file = std::fs::canonicalize(&found).ok()?;
        let changed = std::fs::metadata(&file).and_then(|m| m.modified()).ok();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry((found, changed)).or_insert_with_key(|(found, _)| version_of(found)).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_program_is_read_again_only_when_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let package = dir.path().join("claude-code");
        std::fs::create_dir(&package).unwrap();
        let program = package.join("claude");
        std::fs::write(&program, "").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let say = |version: &str| {
            let text = format!(r#"{{"name":"@anthropic-ai/claude-code","version":"{version}"}}"#);
            std::fs::write(package.join("package.json"), text).unwrap();
        };
        say("2.1.197");
        let versions = Versions::default();
        let swarm: SwarmName = "shop".parse().unwrap();
        let spec = AgentSpec::new("a".parse().unwrap(), "claude", "/nonexistent");
        assert_eq!(versions.of(&swarm, &spec, "claude"), None, "nobody said the PATH");
        versions.remember(&swarm, Some(&package.display().to_string()));
        assert_eq!(versions.of(&swarm, &spec, "claude").as_deref(), Some("2.1.197"));
        say("2.1.329");
        assert_eq!(versions.of(&swarm, &spec, "claude").as_deref(), Some("2.1.197"));
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1);
        std::fs::File::options().write(true).open(&program).unwrap().set_modified(later).unwrap();
        assert_eq!(versions.of(&swarm, &spec, "claude").as_deref(), Some("2.1.329"));
        assert_eq!(versions.of(&swarm, &spec, "codex"), None);
        assert_eq!(versions.of(&swarm, &spec, ""), None);
    }
}
