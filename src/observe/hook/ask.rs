//! The command that a hook says its agent asks a permission for, and whether that is what the person sees.
//!
//! Lives only as long as the hook waits for the answer: a command may hold secrets, and is never logged.

use serde_json::Value;

/// The longest command that is compared with a screen, in bytes: far more than any screen shows.
const COMMAND_MAX: usize = 32 * 1024;

/// A command that needs a permission, as Claude Code's `PermissionRequest` hook says it.
#[derive(Clone, PartialEq, Eq)]
pub struct PermissionAsk {
    tool: String,
    /// With single spaces: screens wrap and indent.
    command: String,
}

impl std::fmt::Debug for PermissionAsk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PermissionAsk").field("tool", &self.tool).finish_non_exhaustive()
    }
}

impl PermissionAsk {
    /// Reads the payload of a hook; `None` where it names no command, or does more than the command says. What a subagent
    /// asks is none either: its dialog may come only after its hook has ended.
    pub fn of(payload: &Value) -> Option<Self> {
        let tool = payload["tool_name"].as_str().filter(|tool| !tool.is_empty())?.to_owned();
        let input = payload["tool_input"].as_object()?;
        let harmless = |(key, value): (&String, &Value)| match key.as_str() {
            "command" | "description" | "timeout" => true,
            _ => *value == Value::Bool(false),
        };
        let command = spaced(input.get("command")?.as_str()?);
        let plain = payload["agent_id"].is_null() && input.iter().all(harmless);
        (plain && !command.is_empty() && command.len() <= COMMAND_MAX).then_some(Self { tool, command })
    }

    /// The tool, as the agent calls it.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// Whether a dialog that says `asked`, about `subject`, is the one of this tool (it begins with `title`) and shows
    /// exactly this command. One that is cut off, or wrapped inside a word, does not.
    pub fn is_shown(&self, title: &str, asked: &str, subject: Option<&str>) -> bool {
        asked.trim_start().starts_with(title)
            && subject.is_some_and(|subject| spaced(subject) == self.command)
    }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TITLE: &str = "Bash command";

    fn ask(input: &Value) -> Option<PermissionAsk> {
        PermissionAsk::of(&json!({"tool_name": "Bash", "tool_input": input}))
    }

    #[test]
    fn a_command_must_be_the_one_that_is_shown() {
        let ask = ask(&json!({"command": "touch a &&\n  echo done", "description": "Make a"})).unwrap();
        let shown = |subject: &str| ask.is_shown(TITLE, &format!("Bash command {subject}"), Some(subject));
        assert!(shown("touch a && echo done") && shown("touch a &&\n echo done"));
        for other in
            ["touch a && echo done && rm -rf b", "touch a &&", "touch a && ec ho done", "touch a&& echo done"]
        {
            assert!(!shown(other), "{other}");
        }
        assert!(
            !ask.is_shown(TITLE, "Bash command touch a && echo done", None),
            "nobody knows where it ends"
        );
        assert!(
            !ask.is_shown(TITLE, "Run touch a && echo done", Some("touch a && echo done")),
            "another tool"
        );
    }

    #[test]
    fn what_is_not_all_on_the_screen_is_none() {
        assert!(ask(&json!({"command": "ls", "timeout": 5, "run_in_background": false})).is_some());
        for input in [
            json!(null),
            json!("ls"),
            json!({}),
            json!({"command": " \n"}),
            json!({"command": ["ls"]}),
            json!({"command": "ls", "run_in_background": true}),
            json!({"command": "ls", "sandbox": "none"}),
            json!({"file_path": "a", "content": ""}),
            json!({"command": "x".repeat(COMMAND_MAX + 1)}),
        ] {
            assert_eq!(ask(&input), None, "{input:.60}");
        }
        let nameless = json!({"tool_name": "", "tool_input": {"command": "ls"}});
        assert_eq!(PermissionAsk::of(&nameless), None);
        let subagent = json!({"tool_name": "Bash", "tool_input": {"command": "ls"}, "agent_id": "a1"});
        assert_eq!(PermissionAsk::of(&subagent), None);
    }

    #[test]
    fn no_command_is_ever_logged() {
        let ask = ask(&json!({"command": "curl -H 'token: s3cret'"})).unwrap();
        assert!(!format!("{ask:?}").contains("s3cret"));
    }
}
