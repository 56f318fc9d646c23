//! A configuration as people read it: TOML-like lines, each with where its value came from.

use std::fmt::Write as _;

use serde_json::Value;

use super::budget::format_usd;
use super::load::Loaded;

/// The resolved configuration as text; with `origins`, each line says who set it.
///
/// Values of `env` are shown as `…`: what is on a screen ends up in recordings.
pub fn show(loaded: &Loaded, origins: bool) -> String {
    let config = serde_json::to_value(loaded.config.without_secrets()).unwrap_or(Value::Null);
    let mut out = Lines { loaded, origins, text: String::new() };
    out.line("name", &config["name"], &["name"]);
    out.line("root", &config["root"], &[]);
    out.section("[layout]", &config["layout"], "layout", None);
    out.section("[budget]", &config["budget"], "budget", None);
    for (name, role) in config["roles"].as_object().into_iter().flatten() {
        out.section(&format!("[roles.{name}]"), role, &format!("roles.{name}"), None);
    }
    for agent in config["agents"].as_array().into_iter().flatten() {
        let name = agent["name"].as_str().unwrap_or_default();
        let role = agent["role"].as_str().map(|r| format!("roles.{r}"));
        out.section("[[agents]]", agent, &format!("agents.{name}"), role.as_deref());
    }
    for section in ["templates", "overview", "notify", "prices", "monitor"] {
        out.section(&format!("[{section}]"), &config[section], section, None);
    }
    out.text
}

/// The keys that say what something is come first.
const ORDER: [&str; 8] = ["name", "role", "directory", "profile", "command", "args", "model", "permissions"];

struct Lines<'a> {
    loaded: &'a Loaded,
    origins: bool,
    text: String,
}

impl Lines<'_> {
    /// A table with its keys; what is null or empty is left out, and an empty section with it.
    fn section(&mut self, header: &str, table: &Value, path: &str, role: Option<&str>) {
        let before = self.text.len();
        let _ = writeln!(self.text, "\n{header}");
        let empty = self.text.len();
        let mut pairs: Vec<_> = table.as_object().into_iter().flatten().collect();
        pairs.sort_by_key(|(key, _)| ORDER.iter().position(|k| k == key).unwrap_or(ORDER.len()));
        for (key, value) in pairs {
            let shown = match key.as_str() {
                "directory" => "domain",
                "hibernate_after_seconds" => "hibernate_after",
                key => key,
            };
            let mut asked = vec![format!("{path}.{shown}")];
            asked.extend(role.map(|r| format!("{r}.{shown}")));
            if path.starts_with("agents.") {
                asked.push(format!("defaults.{shown}"));
            }
            let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
            self.line(shown, value, &asked);
        }
        if self.text.len() == empty {
            self.text.truncate(before);
        }
    }

    fn line(&mut self, key: &str, value: &Value, asked: &[&str]) {
        let shown = match (key, value) {
            (_, Value::Null) => return,
            (_, Value::Array(items)) if items.is_empty() => return,
            (_, Value::Object(map)) if map.is_empty() => return,
            ("budget" | "turn" | "task" | "day" | "total" | "first_turn" | "at", Value::Object(_)) => {
                match limits(value) {
                    empty if empty.is_empty() => return,
                    limits => limits,
                }
            }
            ("env", Value::Object(map)) => {
                let keys: Vec<String> = map.keys().map(|k| format!("{k} = \"…\"")).collect();
                format!("{{ {} }}", keys.join(", "))
            }
            ("webhook", _) => "\"…\"".to_owned(),
            ("hibernate_after", seconds) => format!("\"{seconds}s\""),
            _ => toml(value),
        };
        let shown = crate::text::one_line(&shown);
        if !self.origins {
            let _ = writeln!(self.text, "{key} = {shown}");
            return;
        }
        let nobody = match key {
            "root" | "domain" => "the directory of the swarm file",
            // Where no table of an agent says it.
            "handoff_block" => "its profile",
            _ => "built-in",
        };
        let origin = asked.iter().find_map(|path| self.loaded.origins.get(path)).unwrap_or(nobody);
        let _ = writeln!(self.text, "{:<50} # {origin}", format!("{key} = {shown}"));
    }
}

/// The limits of a budget, or of one stretch of it, as they could be written.
fn limits(value: &Value) -> String {
    let mut out = Vec::new();
    for (key, limit) in value.as_object().into_iter().flatten() {
        match (key.as_str(), limit) {
            (_, Value::Null) => {}
            ("usd_pico", usd) => {
                let usd = format_usd(usd.as_u64().unwrap_or_default());
                out.push(format!("usd = \"{usd}\""));
            }
            ("wall_clock_seconds", time) => out.push(format!("time = \"{time}s\"")),
            (_, Value::Object(_)) => {
                let inner = limits(limit);
                if !inner.is_empty() {
                    out.push(format!("{key} = {inner}"));
                }
            }
            (key, other) => out.push(format!("{key} = {other}")),
        }
    }
    if out.is_empty() { String::new() } else { format!("{{ {} }}", out.join(", ")) }
}

/// A JSON value as TOML.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(toml).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(k, v)| format!("{} = {}", toml_edit::Key::new(k), toml(v))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        // JSON's strings, numbers and booleans are TOML's too, and stay on one line.
        other => other.to_string(),
    }
}
