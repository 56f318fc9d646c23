//! What a hook says that its agent asks a permission for, and whether that is what the person sees.
//!
//! Lives only as long as the hook waits for the answer: a tool's input may hold secrets, and is never stored or logged.

use serde_json::Value;

/// The largest tool input that is compared with a screen, in bytes: far more than any screen shows.
const INPUT_MAX: usize = 32 * 1024;

/// A tool call that needs a permission, as Claude Code's `PermissionRequest` hook says it.
#[derive(Clone, PartialEq, Eq)]
pub struct PermissionAsk {
    tool: String,
    /// The command, where it is one.
    command: Option<String>,
    /// Every line of every text of the input, without white space.
    lines: Vec<String>,
}

impl std::fmt::Debug for PermissionAsk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the input: it may hold secrets.
        f.debug_struct("PermissionAsk").field("tool", &self.tool).finish_non_exhaustive()
    }
}

impl PermissionAsk {
    /// Reads the payload of a hook; `None` where it names no tool with an input that could be compared.
    pub fn of(payload: &Value) -> Option<Self> {
        let tool = payload["tool_name"].as_str().filter(|tool| !tool.is_empty())?.to_owned();
        let input = payload["tool_input"].as_object()?;
        let root = payload["cwd"].as_str().map(|cwd| format!("{}/", cwd.trim_end_matches('/')));
        let mut lines = Vec::new();
        // A description says what the agent means to do; it does nothing.
        for (_, value) in input.iter().filter(|(key, _)| *key != "description") {
            texts(value, &mut |text| {
                // Paths in the agent's own directory are shown without it.
                let text = root.as_deref().and_then(|root| text.strip_prefix(root)).unwrap_or(text);
                lines.extend(text.lines().map(tight).filter(|line| !line.is_empty()));
            });
        }
        let size: usize = lines.iter().map(String::len).sum();
        let command = input.get("command").and_then(Value::as_str).map(tight);
        (!lines.is_empty() && size <= INPUT_MAX).then_some(Self { tool, command, lines })
    }

    /// The tool, as the agent calls it.
    pub fn tool(&self) -> &str {
        &self.tool
    }

    /// Whether a dialog that says `asked`, about `subject`, shows all of this: each line of the input, and as a command
    /// exactly this one. A dialog that is cut off, or wraps inside a gutter, does not.
    pub fn is_shown(&self, asked: &str, subject: Option<&str>) -> bool {
        let asked = tight(asked);
        let same = self.command.as_ref().is_none_or(|command| subject.is_some_and(|s| tight(s) == *command));
        same && self.lines.iter().all(|line| asked.contains(line.as_str()))
    }
}

fn texts(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(list) => list.iter().for_each(|v| texts(v, take)),
        Value::Object(map) => map.values().for_each(|v| texts(v, take)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Without white space: screens wrap and indent.
fn tight(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ask(tool: &str, input: &Value) -> PermissionAsk {
        let payload = json!({"tool_name": tool, "tool_input": input, "cwd": "/home/dev/shop"});
        PermissionAsk::of(&payload).unwrap()
    }

    #[test]
    fn a_command_must_be_the_one_that_is_shown() {
        let ask = ask("Bash", &json!({"command": "touch a &&\n  echo done", "description": "Make a"}));
        assert!(ask.is_shown("Bash command Make a touch a && echo done", Some("touch a && echo done")));
        assert!(ask.is_shown("Bash command touch a && ec ho done", Some("touch a && ec ho done")), "wrapped");
        assert!(!ask.is_shown("touch a && echo done && rm -rf b", Some("touch a && echo done && rm -rf b")));
        assert!(!ask.is_shown("Bash command touch a &&", Some("touch a &&")), "cut off");
        assert!(!ask.is_shown("Bash command touch a && echo done", None), "nobody knows where it ends");
    }

    #[test]
    fn an_edit_is_shown_whole_or_not_at_all() {
        let input = json!({"file_path": "/home/dev/shop/src/a.py", "old_string": "x = 1", "new_string": "x = 2\n\ny = 3"});
        let ask = ask("Edit", &input);
        let dialog = "Edit file src/a.py 1 -x = 1 1 +x = 2 2 + 3 +y = 3";
        assert!(ask.is_shown(dialog, Some("a.py")));
        assert!(!ask.is_shown("Edit file src/a.py 1 -x = 1 1 +x = 2", Some("a.py")), "its end is not seen");
        assert!(!ask.is_shown(&dialog.replace("a.py", "b.py"), Some("b.py")));
    }

    #[test]
    fn what_cannot_be_compared_is_none() {
        for payload in [
            json!(null),
            json!({"tool_name": "Bash"}),
            json!({"tool_name": "Bash", "tool_input": "ls"}),
            json!({"tool_name": "Bash", "tool_input": {}}),
            json!({"tool_name": "", "tool_input": {"command": "ls"}}),
            json!({"tool_name": "Bash", "tool_input": {"timeout": 5, "description": "nothing that does anything"}}),
            json!({"tool_name": "Write", "tool_input": {"content": "x".repeat(INPUT_MAX + 1)}}),
        ] {
            assert_eq!(PermissionAsk::of(&payload), None);
        }
    }

    #[test]
    fn no_input_is_ever_logged() {
        let ask = ask("Bash", &json!({"command": "curl -H 'token: s3cret'"}));
        assert!(!format!("{ask:?}").contains("s3cret"));
    }
}
