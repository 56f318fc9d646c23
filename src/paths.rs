//! Where files live: configuration, state, cache, the monitor's socket.
//!
//! Our own XDG layer comes first (`directories` ignores `XDG_*` on macOS by design, and users object), then
//! `directories`. The only reader of the process environment besides `cli`.

use std::ffi::OsString;
use std::path::PathBuf;

use directories::ProjectDirs;

use crate::error::{Error, Result};

/// The longest socket path that every supported system takes, in bytes (`sun_path` is 104 on macOS, 108 on Linux).
pub const SOCKET_PATH_MAX: usize = 103;

/// The folders of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The user's configuration file.
    pub config_file: PathBuf,
    /// Holds `config.toml` and `agents/*.toml`.
    pub config_dir: PathBuf,
    /// Holds the ledger, logs, trust and spool.
    pub state_dir: PathBuf,
    /// Holds what can be made again.
    pub cache_dir: PathBuf,
    /// Holds the monitors' sockets and lock files.
    pub runtime_dir: PathBuf,
    /// The user's home directory: where the agents keep their own files.
    pub home: PathBuf,
}

impl Paths {
    /// The folders for the environment of this process.
    pub fn from_env() -> Result<Self> {
        Self::resolve(&var)
    }

    /// The folders for the environment that `var` answers.
    pub fn resolve(var: &dyn Fn(&str) -> Option<OsString>) -> Result<Self> {
        let path = |key: &str| var(key).filter(|v| !v.is_empty()).map(PathBuf::from);
        let absolute = |key: &str| path(key).filter(|p| p.is_absolute());
        let dirs = ProjectDirs::from("", "", "swarm");
        let home = absolute("HOME")
            .or_else(|| directories::BaseDirs::new().map(|b| b.home_dir().to_owned()))
            .ok_or_else(|| Error::failure("cannot find your home directory").hint("set HOME"))?;
        let dot_config = home.join(".config/swarm");
        let config_dir = absolute("XDG_CONFIG_HOME")
            .map(|p| p.join("swarm"))
            .or_else(|| dot_config.is_dir().then(|| dot_config.clone()))
            .or_else(|| dirs.as_ref().filter(|_| path("HOME").is_none()).map(|d| d.config_dir().to_owned()))
            .unwrap_or(dot_config);
        let config_file = path("SWARM_CONFIG").unwrap_or_else(|| config_dir.join("config.toml"));
        let state_dir = path("SWARM_STATE_DIR")
            .or_else(|| absolute("XDG_STATE_HOME").map(|p| p.join("swarm")))
            .unwrap_or_else(|| home.join(".local/state/swarm"));
        let cache_dir =
            absolute("XDG_CACHE_HOME").map_or_else(|| home.join(".cache/swarm"), |p| p.join("swarm"));
        let runtime_dir = match path("SWARM_STATE_DIR") {
            Some(state) => state.join("run"),
            None => absolute("XDG_RUNTIME_DIR").map_or_else(|| state_dir.join("run"), |p| p.join("swarm")),
        };
        Ok(Self { config_file, config_dir, state_dir, cache_dir, runtime_dir, home })
    }

    /// The ledger and everything else that must not be lost.
    pub fn database(&self) -> PathBuf {
        self.state_dir.join("swarm.db")
    }

    /// Where agents write what they used that do so only when told: one file for each instance.
    pub fn usage_logs(&self) -> PathBuf {
        self.state_dir.join("usage")
    }
}

/// The variables that say where this user's files are, as far as this process was given any: what we start must find
/// the same ones, whatever environment the tmux server has.
pub fn places() -> Vec<(String, String)> {
    ["SWARM_STATE_DIR", "SWARM_CONFIG"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), var_str(key)?)))
        .collect()
}

/// One variable of this process's environment.
#[expect(clippy::disallowed_methods, reason = "the one place where the environment is read")]
pub fn var(key: &str) -> Option<OsString> {
    std::env::var_os(key)
}

/// One variable as text; `None` when unset, empty or not UTF-8.
pub fn var_str(key: &str) -> Option<String> {
    var(key).and_then(|v| v.into_string().ok()).filter(|v| !v.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Paths {
        Paths::resolve(&|key| pairs.iter().find(|(k, _)| *k == key).map(|(_, v)| OsString::from(v))).unwrap()
    }

    #[test]
    fn xdg_comes_before_the_defaults() {
        let plain = with(&[("HOME", "/nonexistent")]);
        assert_eq!(plain.config_file, PathBuf::from("/nonexistent/.config/swarm/config.toml"));
        assert_eq!(plain.database(), PathBuf::from("/nonexistent/.local/state/swarm/swarm.db"));
        assert_eq!(plain.runtime_dir, PathBuf::from("/nonexistent/.local/state/swarm/run"));
        let xdg = with(&[("HOME", "/nonexistent"), ("XDG_CONFIG_HOME", "/c"), ("XDG_RUNTIME_DIR", "/r")]);
        assert_eq!(xdg.config_dir, PathBuf::from("/c/swarm"));
        assert_eq!(xdg.runtime_dir, PathBuf::from("/r/swarm"));
    }

    #[test]
    fn relative_xdg_values_are_ignored_as_the_specification_says() {
        let paths = with(&[("HOME", "/nonexistent"), ("XDG_CONFIG_HOME", "rel")]);
        assert_eq!(paths.config_dir, PathBuf::from("/nonexistent/.config/swarm"));
    }
}
