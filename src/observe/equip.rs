//! Part and tools for one launch: the files, settings and environment by which an agent hears of its part in the team
//! and gets swarm's MCP server. What is the user's own is read and joined, never changed.
//!
//! Writes only below the instance's directory.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::agent::{McpServer, SettingsKind};
use crate::error::{Context, Result};

use super::inject::{HookSetup, read_small, write_private, write_private_text};
use super::jsonc;

/// Variables that say where this user's files are, as far as the MCP server must find the same ones: some agents start
/// it with an environment of their own choice.
const PLACES: [&str; 6] =
    ["SWARM_STATE_DIR", "SWARM_CONFIG", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "HOME"];

/// What an agent is equipped with.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Equipment {
    /// The file that holds its part, called `AGENTS.md`, in a directory of its own.
    pub part: Option<PathBuf>,
    /// The MCP server.
    pub server: Option<McpServer>,
    /// Environment that goes before the agent's own.
    pub env: Vec<(String, String)>,
}

/// `swarm mcp` as agents start it: for one tmux server and one swarm, whatever the environment.
pub fn server(
    swarm_exe: &Path,
    tmux_socket: &Path,
    swarm: &str,
    own: &dyn Fn(&str) -> Option<String>,
) -> McpServer {
    let text = |path: &Path| path.display().to_string();
    McpServer {
        argv: vec![
            text(swarm_exe),
            "-S".into(),
            text(tmux_socket),
            "-s".into(),
            swarm.to_owned(),
            "mcp".into(),
        ],
        env: PLACES.iter().filter_map(|key| Some(((*key).to_owned(), own(key)?))).collect(),
        file: PathBuf::new(),
    }
}

/// Writes what a launch needs into `instance_dir`. `own` answers for the environment that the agent will have, as far
/// as it is known.
pub fn equip(
    kind: SettingsKind,
    part: Option<&str>,
    server: Option<McpServer>,
    hooks: &HookSetup,
    own: &dyn Fn(&str) -> Option<String>,
    instance_dir: &Path,
) -> Result<Equipment> {
    let mut out = Equipment::default();
    if let Some(text) = part {
        let dir = instance_dir.join("part");
        std::fs::create_dir_all(&dir).context(|| format!("make {}", dir.display()))?;
        let file = dir.join("AGENTS.md");
        write_private_text(&file, text)?;
        out.part = Some(file);
    }
    if let Some(mut server) = server {
        if kind == SettingsKind::Gemini
            && let Some(part) = &out.part
        {
            // Gemini CLI has no other place for it: what a server says of itself becomes part of its instructions.
            server.argv.extend(["--part".to_owned(), part.display().to_string()]);
        }
        server.file = instance_dir.join("mcp.json");
        write_private(&server.file, &json!({"mcpServers": {"swarm": entry(&server)}}))?;
        out.server = Some(server);
    }
    match kind {
        SettingsKind::None => {}
        SettingsKind::Gemini => system_settings(
            &mut out,
            "GEMINI_CLI_SYSTEM_SETTINGS_PATH",
            "GeminiCli",
            "gemini-cli",
            hooks,
            own,
            instance_dir,
        )?,
        SettingsKind::Qwen => system_settings(
            &mut out,
            "QWEN_CODE_SYSTEM_SETTINGS_PATH",
            "QwenCode",
            "qwen-code",
            hooks,
            own,
            instance_dir,
        )?,
        SettingsKind::Opencode => opencode(&mut out, own),
    }
    Ok(out)
}

/// A server in the format that Claude Code, Gemini CLI and their kin share.
fn entry(server: &McpServer) -> Value {
    let (command, args) = server.argv.split_first().map_or(("", &[][..]), |(c, a)| (c.as_str(), a));
    let env: serde_json::Map<String, Value> =
        server.env.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
    json!({"command": command, "args": args, "env": env})
}

/// The system's settings, above the user's, with our server in them.
fn system_settings(
    out: &mut Equipment,
    variable: &str,
    mac: &str,
    unix: &str,
    hooks: &HookSetup,
    own: &dyn Fn(&str) -> Option<String>,
    dir: &Path,
) -> Result<()> {
    let Some(server) = &out.server else { return Ok(()) };
    let ours = hooks.env.iter().find(|(key, _)| key == variable).map(|(_, value)| value.clone());
    let file = ours.or_else(|| own(variable)).map_or_else(
        || match cfg!(target_os = "macos") {
            true => PathBuf::from(format!("/Library/Application Support/{mac}/settings.json")),
            false => PathBuf::from(format!("/etc/{unix}/settings.json")),
        },
        PathBuf::from,
    );
    let mut settings = match read_small(&file).map(|text| jsonc::to_value(&text)) {
        None => json!({}),
        Some(Some(settings)) if settings.is_object() => settings,
        Some(_) => {
            // An administrator's rules matter more than our tools.
            tracing::warn!(
                "{} is not a JSON object: the agent is started without MCP server",
                file.display()
            );
            return Ok(());
        }
    };
    let servers = &mut settings["mcpServers"];
    if !servers.is_object() {
        *servers = json!({});
    }
    servers["swarm"] = entry(server);
    let target = dir.join("settings.json");
    write_private(&target, &settings)?;
    out.env.push((variable.to_owned(), target.display().to_string()));
    Ok(())
}

/// OpenCode joins the JSON in this variable with its files; lists of instructions are joined, too.
fn opencode(out: &mut Equipment, own: &dyn Fn(&str) -> Option<String>) {
    const VARIABLE: &str = "OPENCODE_CONFIG_CONTENT";
    let mut config = match own(VARIABLE).map(|text| jsonc::to_value(&text)) {
        None => json!({}),
        Some(Some(config)) if config.is_object() => config,
        Some(_) => return,
    };
    if let Some(part) = &out.part {
        match &mut config["instructions"] {
            Value::Array(files) => files.push(part.display().to_string().into()),
            other => *other = json!([part]),
        }
    }
    if let Some(server) = &out.server {
        let env: serde_json::Map<String, Value> =
            server.env.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
        if !config["mcp"].is_object() {
            config["mcp"] = json!({});
        }
        config["mcp"]["swarm"] =
            json!({"type": "local", "command": server.argv, "environment": env, "enabled": true});
    }
    if config.as_object().is_some_and(|c| c.values().any(|v| !v.is_null())) {
        out.env.push((VARIABLE.to_owned(), config.to_string()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: &str = "You are `backend`.";

    fn equipped(kind: SettingsKind, own: &dyn Fn(&str) -> Option<String>, dir: &Path) -> Equipment {
        let server = server(Path::new("/opt/swarm"), Path::new("/tmp/tmux"), "shop", own);
        equip(kind, Some(PART), Some(server), &HookSetup::default(), own, dir).unwrap()
    }

    fn json_of(file: &Path) -> Value {
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    }

    #[test]
    fn everyone_gets_its_part_and_the_server_as_files() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let own = |key: &str| (key == "SWARM_STATE_DIR").then(|| "/state".to_owned());
        let out = equipped(SettingsKind::None, &own, dir.path());
        let part = out.part.unwrap();
        assert_eq!(std::fs::read_to_string(&part).unwrap(), PART);
        let server = out.server.unwrap();
        for file in [&part, &server.file] {
            assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let swarm = &json_of(&server.file)["mcpServers"]["swarm"];
        assert_eq!(swarm["command"], "/opt/swarm");
        assert_eq!(swarm["args"], json!(["-S", "/tmp/tmux", "-s", "shop", "mcp"]));
        assert_eq!(swarm["env"], json!({"SWARM_STATE_DIR": "/state"}));
        assert_eq!(out.env, []);
    }

    #[test]
    fn geminis_settings_keep_our_hooks_and_the_systems_rules() {
        let dir = tempfile::tempdir().unwrap();
        let before = dir.path().join("gemini-settings.json");
        std::fs::write(&before, r#"{"hooks":{"AfterAgent":[1]},"mcpServers":{"own":{"command":"x"}}}"#)
            .unwrap();
        let variable = "GEMINI_CLI_SYSTEM_SETTINGS_PATH".to_owned();
        let hooks =
            HookSetup { env: vec![(variable.clone(), before.display().to_string())], ..HookSetup::default() };
        let server = server(Path::new("/opt/swarm"), Path::new("/t"), "shop", &|_| None);
        let out =
            equip(SettingsKind::Gemini, Some(PART), Some(server), &hooks, &|_| None, dir.path()).unwrap();
        assert_eq!(out.env[0].0, variable);
        let settings = json_of(Path::new(&out.env[0].1));
        assert_eq!(settings["hooks"]["AfterAgent"], json!([1]));
        assert_eq!(settings["mcpServers"]["own"]["command"], "x");
        let args = settings["mcpServers"]["swarm"]["args"].as_array().unwrap();
        assert_eq!(args[5], "--part");
        assert!(args[6].as_str().unwrap().ends_with("/part/AGENTS.md"));
    }

    #[test]
    fn a_system_file_that_cannot_be_read_stays_in_force() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("s.json");
        std::fs::write(&file, "no json").unwrap();
        let own = |key: &str| (key == "QWEN_CODE_SYSTEM_SETTINGS_PATH").then(|| file.display().to_string());
        assert_eq!(equipped(SettingsKind::Qwen, &own, dir.path()).env, []);
    }

    #[test]
    fn opencodes_own_configuration_is_joined() {
        let dir = tempfile::tempdir().unwrap();
        let own = |key: &str| {
            (key == "OPENCODE_CONFIG_CONTENT").then(|| {
                r#"{"theme":"x","instructions":["A.md"],"mcp":{"own":{"type":"remote"}}}"#.to_owned()
            })
        };
        let out = equipped(SettingsKind::Opencode, &own, dir.path());
        let config: Value = serde_json::from_str(&out.env[0].1).unwrap();
        assert_eq!(config["theme"], "x");
        assert_eq!(config["instructions"][0], "A.md");
        assert!(config["instructions"][1].as_str().unwrap().ends_with("AGENTS.md"));
        assert_eq!(config["mcp"]["own"]["type"], "remote");
        assert_eq!(config["mcp"]["swarm"]["command"][0], "/opt/swarm");
        // What cannot be read is left alone.
        let broken = |key: &str| (key == "OPENCODE_CONFIG_CONTENT").then(|| "no".to_owned());
        assert_eq!(equipped(SettingsKind::Opencode, &broken, dir.path()).env, []);
    }
}
