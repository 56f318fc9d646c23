//! From a profile and a request to an argv and an environment. Starts nothing.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Profile, SettingsKind};

/// What an agent may do without asking.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Permissions {
    /// Whatever the user's own settings of that CLI say.
    #[default]
    Inherit,
    /// It asks before it changes anything.
    Ask,
    /// It never asks.
    Full,
}

impl Permissions {
    /// The word used in files and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inherit => "inherit",
            Self::Ask => "ask",
            Self::Full => "full",
        }
    }
}

impl std::fmt::Display for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Which conversation the agent starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start<'a> {
    /// A new one, with this id where the CLI takes one.
    Fresh {
        /// The id we would like it to have (a UUID).
        session_id: Option<&'a str>,
    },
    /// An earlier one.
    Resume {
        /// Its id.
        session_id: &'a str,
    },
    /// A copy of an earlier one.
    Fork {
        /// The id of the one to copy.
        session_id: &'a str,
    },
    /// The last one of this directory.
    ContinueLast,
}

/// What to start.
#[derive(Debug, Clone)]
pub struct LaunchRequest<'a> {
    /// The program, already resolved with the caller's PATH; the profile's own name for it otherwise.
    pub program: Option<PathBuf>,
    /// The model.
    pub model: Option<&'a str>,
    /// What it may do without asking.
    pub permissions: Permissions,
    /// The first message.
    pub prompt: Option<&'a str>,
    /// The user's own further arguments.
    pub args: &'a [String],
    /// A whole argv instead of the profile's (profile `shell`).
    pub command: Option<&'a [String]>,
    /// Which conversation.
    pub start: Start<'a>,
    /// A settings file that carries our hooks.
    pub settings_file: Option<&'a Path>,
    /// What the agent is told about its part.
    pub told: Option<Told<'a>>,
    /// The MCP server it gets.
    pub mcp: Option<&'a McpServer>,
    /// The file for what it used.
    pub usage_log: Option<&'a Path>,
    /// The agent's name.
    pub name: &'a str,
}

/// What an agent is told about its part, as text and as a file.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The text.
    pub text: &'a str,
    /// A file `AGENTS.md` that holds it, in a directory of its own.
    pub file: &'a Path,
    /// Whether it may come with the first prompt where the CLI has no other way.
    pub in_prompt: bool,
}

/// An MCP server that speaks on stdin and stdout.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct McpServer {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment to set for it.
    pub env: Vec<(String, String)>,
    /// The same as a file in Claude Code's format.
    pub file: PathBuf,
}

/// What to run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Launch {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Environment to set besides the caller's.
    pub env: Vec<(String, String)>,
    /// The id the conversation will have, where that is known before it starts.
    pub session_id: Option<String>,
    /// What could not be done as asked, for the person.
    pub note: Option<String>,
}

impl Launch {
    fn say(&mut self, what: &str) {
        match &mut self.note {
            None => self.note = Some(what.to_owned()),
            Some(note) => {
                note.push_str("; ");
                note.push_str(what);
            }
        }
    }
}

impl Profile {
    /// What to run for `request`. What this CLI cannot do is left out and noted.
    pub fn launch(&self, request: &LaunchRequest<'_>) -> Launch {
        let data = &self.data().launch;
        let mut out = Launch {
            env: data.env.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
            ..Launch::default()
        };
        if let Some(command) = request.command {
            out.argv = command.to_vec();
            out.argv.extend(request.args.iter().cloned());
            return out;
        }
        let program = request
            .program
            .as_ref()
            .map_or_else(|| data.program.clone(), |p| p.to_string_lossy().into_owned());
        if !program.is_empty() {
            out.argv.push(program);
        }
        out.argv.extend(data.subcommand.iter().cloned());
        self.start(request.start, &mut out);
        let path = |p: &Path| p.to_string_lossy().into_owned();
        out.argv.extend(data.base.iter().cloned());
        self.put(&mut out, "model", &data.model, request.model);
        match request.permissions {
            Permissions::Inherit => {}
            Permissions::Ask if !data.permissions.ask_env.is_empty() => {
                out.argv.extend(data.permissions.ask.iter().cloned());
                out.env.extend(data.permissions.ask_env.clone());
            }
            Permissions::Ask => self.permission(&mut out, Permissions::Ask, &data.permissions.ask),
            Permissions::Full => self.permission(&mut out, Permissions::Full, &data.permissions.full),
        }
        self.put(&mut out, "settings_file", &data.settings_file, request.settings_file.map(path).as_deref());
        if let Some(log) = request.usage_log.map(path) {
            out.argv.extend(fill(&data.usage_log, "usage_log", &log));
        }
        if let Some(mcp) = request.mcp {
            out.argv.extend(fill_all(&data.mcp_config, &mcp_values(mcp)));
        }
        let before = request.told.and_then(|told| self.tell(&mut out, &told));
        if !data.agent_name.is_empty() {
            out.argv.extend(fill(&data.agent_name, "name", request.name));
        }
        out.argv.extend(request.args.iter().cloned());
        // A prompt that looks like an option would be read as one.
        let prompt = request.prompt.map(|p| if p.starts_with('-') { format!(" {p}") } else { p.to_owned() });
        let prompt = match before {
            Some(before) => Some(prompt.map_or_else(|| before.to_owned(), |p| format!("{before}\n\n{p}"))),
            None => prompt,
        };
        self.put(&mut out, "prompt", &data.prompt, prompt.as_deref());
        out
    }

    /// Tells the agent its part; answers with what must come before its first prompt, where that is the only way.
    fn tell<'a>(&self, out: &mut Launch, told: &Told<'a>) -> Option<&'a str> {
        let data = &self.data().launch;
        let path = |p: Option<&Path>| p.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
        let values = [
            ("system_prompt", told.text.to_owned()),
            ("system_prompt_toml", toml_text(told.text)),
            ("system_prompt_file", path(Some(told.file))),
            ("system_prompt_dir", path(told.file.parent())),
        ];
        out.argv.extend(fill_all(&data.system_prompt, &values));
        for (key, value) in &data.system_prompt_env {
            out.env.extend(fill_all(std::slice::from_ref(value), &values).map(|v| (key.clone(), v)));
        }
        let other = !data.system_prompt.is_empty()
            || !data.system_prompt_env.is_empty()
            || data.settings != SettingsKind::None;
        if other {
            return None;
        }
        if data.prompt.is_empty() {
            out.say(&format!("{} cannot be told its part in the team when it is started", self.title()));
        }
        Some(told.text).filter(|_| told.in_prompt && !data.prompt.is_empty())
    }

    fn start(&self, start: Start<'_>, out: &mut Launch) {
        let data = &self.data().launch;
        let cannot = |out: &mut Launch, what: &str| {
            out.say(&format!("{} cannot {what}: a fresh conversation was started", self.title()));
        };
        match start {
            Start::Fresh { session_id: None } => {}
            Start::Fresh { session_id: Some(id) } => {
                if !data.session_id.is_empty() {
                    out.argv.extend(fill(&data.session_id, "session_id", id));
                    out.session_id = Some(id.to_owned());
                }
            }
            Start::Resume { session_id } if data.resume.is_empty() => {
                cannot(out, &format!("resume conversation {session_id}"));
            }
            Start::Resume { session_id } => {
                out.argv.extend(fill(&data.resume, "session_id", session_id));
                out.session_id = Some(session_id.to_owned());
            }
            Start::Fork { session_id } if data.fork.is_empty() => {
                cannot(out, &format!("fork conversation {session_id}"));
            }
            Start::Fork { session_id } => out.argv.extend(fill(&data.fork, "session_id", session_id)),
            Start::ContinueLast if data.continue_last.is_empty() => {
                cannot(out, "continue the last conversation");
            }
            Start::ContinueLast => out.argv.extend(data.continue_last.iter().cloned()),
        }
    }

    fn put(&self, out: &mut Launch, what: &str, template: &[String], value: Option<&str>) {
        let Some(value) = value.filter(|v| !v.is_empty()) else { return };
        if template.is_empty() {
            out.say(&format!("{} takes no {} on its command line", self.title(), what.replace('_', " ")));
        } else {
            out.argv.extend(fill(template, what, value));
        }
    }

    fn permission(&self, out: &mut Launch, mode: Permissions, template: &[String]) {
        if template.is_empty() {
            out.say(&format!("{} has no permission mode `{mode}`: its own settings hold", self.title()));
        }
        out.argv.extend(template.iter().cloned());
    }
}

fn fill<'a>(template: &'a [String], key: &'a str, value: &'a str) -> impl Iterator<Item = String> + 'a {
    template.iter().map(move |part| part.replace(&format!("{{{key}}}"), value))
}

fn fill_all<'a>(
    template: &'a [String],
    values: &'a [(&'static str, String)],
) -> impl Iterator<Item = String> + 'a {
    template.iter().map(move |part| {
        // One pass: a value that looks like a placeholder stays as it is.
        let mut out = String::new();
        let mut rest = part.as_str();
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = values
                .iter()
                .find(|(key, _)| rest[1..].strip_prefix(key).is_some_and(|after| after.starts_with('}')));
            let (text, length) = known.map_or(("{", 1), |(key, value)| (value.as_str(), key.len() + 2));
            out.push_str(text);
            rest = &rest[length..];
        }
        out.push_str(rest);
        out
    })
}

/// A TOML string on one line: JSON's escapes are TOML's, and DEL, which JSON leaves alone, is not in it.
fn toml_text(text: &str) -> String {
    serde_json::Value::from(text.replace('\u{7f}', "")).to_string()
}

fn mcp_values(mcp: &McpServer) -> [(&'static str, String); 4] {
    let (command, args) = mcp.argv.split_first().map_or(("", &[][..]), |(c, a)| (c.as_str(), a));
    let args: Vec<String> = args.iter().map(|a| toml_text(a)).collect();
    let env: Vec<String> =
        mcp.env.iter().map(|(k, v)| format!("{} = {}", toml_text(k), toml_text(v))).collect();
    [
        ("mcp_config", mcp.file.to_string_lossy().into_owned()),
        ("mcp_command_toml", toml_text(command)),
        ("mcp_args_toml", format!("[{}]", args.join(", "))),
        ("mcp_env_toml", format!("{{{}}}", env.join(", "))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Profiles;

    fn request<'a>() -> LaunchRequest<'a> {
        LaunchRequest {
            program: None,
            model: None,
            permissions: Permissions::Inherit,
            prompt: None,
            args: &[],
            command: None,
            start: Start::Fresh { session_id: None },
            settings_file: None,
            told: None,
            mcp: None,
            usage_log: None,
            name: "backend",
        }
    }

    #[test]
    fn aider_is_told_where_to_write_what_it_used() {
        let out = launch("aider", &LaunchRequest { usage_log: Some(Path::new("/s/i.jsonl")), ..request() });
        assert_eq!(out.argv, ["aider", "--analytics-log", "/s/i.jsonl"]);
    }

    fn told(text: &str) -> Told<'_> {
        Told { text, file: Path::new("/run/i/part/AGENTS.md"), in_prompt: true }
    }

    fn server() -> McpServer {
        McpServer {
            argv: ["/opt/swarm", "-s", "shop", "mcp"].map(str::to_owned).to_vec(),
            env: vec![("SWARM_STATE_DIR".into(), "/s \"x\"".into())],
            file: "/run/i/mcp.json".into(),
        }
    }

    fn launch(profile: &str, request: &LaunchRequest<'_>) -> Launch {
        Profiles::builtin().get(profile).unwrap().launch(request)
    }

    #[test]
    fn a_subcommand_comes_before_everything_else() {
        let start = Start::Resume { session_id: "1-2" };
        let out = launch("sim", &LaunchRequest { start, told: Some(told("be good")), ..request() });
        assert_eq!(
            out.argv,
            ["swarm", "sim", "--resume", "1-2", "--append-system-prompt", "be good", "--name", "backend"]
        );
        assert_eq!(out.note, None);
        let out = launch("goose", &LaunchRequest { start: Start::ContinueLast, ..request() });
        assert_eq!(out.argv[..3], ["goose", "session", "--resume"]);
    }

    #[test]
    fn who_does_not_ask_by_itself_is_told_to() {
        let ask = |profile| launch(profile, &LaunchRequest { permissions: Permissions::Ask, ..request() });
        for profile in ["claude", "codex", "gemini", "qwen", "opencode", "aider", "copilot"] {
            assert_eq!(ask(profile).note, None, "{profile} knows how");
        }
        let opencode = ask("opencode");
        assert_eq!(opencode.argv, ["opencode"]);
        let (key, rules) = &opencode.env[0];
        let rules: serde_json::Value = serde_json::from_str(rules).unwrap();
        assert_eq!(
            (key.as_str(), &rules["bash"], &rules["edit"]),
            ("OPENCODE_PERMISSION", &"ask".into(), &"ask".into())
        );
        assert!(ask("copilot").env.contains(&("COPILOT_ALLOW_ALL".into(), "false".into())));
        assert!(ask("crush").note.is_some_and(|note| note.contains("no permission mode `ask`")));
    }

    #[test]
    fn claude_gets_its_session_id_and_its_prompt_last() {
        let start = Start::Fresh { session_id: Some("1-2") };
        let out = launch(
            "claude",
            &LaunchRequest {
                start,
                prompt: Some("-x go"),
                permissions: Permissions::Full,
                args: &["--verbose".to_owned()],
                ..request()
            },
        );
        assert_eq!(
            out.argv,
            [
                "claude",
                "--session-id",
                "1-2",
                "--dangerously-skip-permissions",
                "--name",
                "backend",
                "--verbose",
                " -x go"
            ]
        );
        assert_eq!(out.session_id.as_deref(), Some("1-2"));
        assert_eq!(out.note, None);
    }

    #[test]
    fn codex_resumes_by_subcommand_and_never_in_the_shared_daemon() {
        let out = launch("codex", &LaunchRequest { start: Start::Resume { session_id: "abc" }, ..request() });
        assert_eq!(out.argv, ["codex", "resume", "abc", "--no-daemon"]);
    }

    #[test]
    fn what_a_cli_cannot_do_is_said() {
        let out = launch("aider", &LaunchRequest { start: Start::Resume { session_id: "abc" }, ..request() });
        assert!(out.note.as_deref().unwrap().contains("cannot resume"), "{out:?}");
    }

    #[test]
    fn a_command_is_taken_as_it_is() {
        let command = ["cargo".to_owned(), "watch".to_owned()];
        let out = launch("shell", &LaunchRequest { command: Some(&command), ..request() });
        assert_eq!(out.argv, command);
    }

    #[test]
    fn every_agent_is_told_its_part_in_its_own_way() {
        let text = "line one\nsay \"x\" {prompt} {system_prompt}";
        let request = LaunchRequest { told: Some(told(text)), prompt: Some("go"), ..request() };
        let argv = |profile| launch(profile, &request).argv;
        for profile in ["claude", "qwen", "sim"] {
            let argv = argv(profile);
            let at = argv.iter().position(|a| a == "--append-system-prompt").unwrap();
            assert_eq!(argv[at + 1], text, "{profile}");
            assert_eq!(argv.last().unwrap(), "go");
        }
        let codex = argv("codex");
        let set = codex.iter().find_map(|a| a.strip_prefix("developer_instructions=")).unwrap();
        assert!(!set.contains('\n'), "{set}");
        let table: toml::Table = format!("x = {set}").parse().unwrap();
        assert_eq!(table["x"].as_str(), Some(text));
        assert!(argv("aider").windows(2).any(|w| w == ["--read", "/run/i/part/AGENTS.md"]));
        let copilot = launch("copilot", &request);
        assert_eq!(copilot.env, [("COPILOT_CUSTOM_INSTRUCTIONS_DIRS".into(), "/run/i/part".into())]);
        // By its settings: neither arguments nor prompt.
        assert_eq!(argv("gemini"), ["gemini", "-i", "go"]);
        assert_eq!(argv("opencode"), ["opencode", "--prompt", "go"]);
        // No other way than the first prompt.
        assert_eq!(argv("cursor-agent").last().unwrap(), &format!("{text}\n\ngo"));
        let later = LaunchRequest { told: Some(Told { in_prompt: false, ..told(text) }), ..request.clone() };
        assert_eq!(launch("cursor-agent", &later).argv.last().unwrap(), "go");
        let out = launch("crush", &request);
        assert!(out.note.as_deref().unwrap().contains("cannot be told its part"), "{out:?}");
    }

    #[test]
    fn the_mcp_server_is_named_in_each_agents_own_way() {
        let server = server();
        let request = LaunchRequest { mcp: Some(&server), ..request() };
        let argv = |profile| launch(profile, &request).argv;
        assert!(argv("claude").contains(&"--mcp-config=/run/i/mcp.json".to_owned()));
        assert!(argv("copilot").contains(&"@/run/i/mcp.json".to_owned()));
        let codex = argv("codex");
        let set: Vec<&str> =
            codex.iter().filter(|a| a.starts_with("mcp_servers.")).map(String::as_str).collect();
        let table: toml::Table = set.join("\n").parse().unwrap();
        let swarm = &table["mcp_servers"]["swarm"];
        assert_eq!(swarm["command"].as_str(), Some("/opt/swarm"));
        assert_eq!(swarm["args"].as_array().unwrap().len(), 3);
        assert_eq!(swarm["env"]["SWARM_STATE_DIR"].as_str(), Some("/s \"x\""));
        // Who cannot is not told about it.
        assert_eq!(argv("aider"), ["aider"]);
        assert_eq!(launch("aider", &request).note, None);
    }
}
