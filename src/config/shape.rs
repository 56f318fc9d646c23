//! The shape of a file, checked against its schema in one pass: unknown keys, wrong types and unknown words are all
//! reported, with the nearest right spelling, and taken out, so that the rest can still be read and checked.

use std::sync::Arc;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem, Source};

/// The largest file that is read, in bytes.
pub const MAX_FILE: u64 = 1 << 20;

/// Keys that people write from habit, and ours.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("domain", &["directory", "dir", "cwd", "path", "root", "workdir", "working_dir", "start_directory"]),
    ("prompt", &["task", "message", "initial_prompt", "first_prompt"]),
    ("command", &["cmd", "run", "program", "exec", "shell_command"]),
    ("profile", &["agent", "cli", "tool", "type", "backend", "provider"]),
    ("env", &["environment", "vars"]),
    ("vars", &["variables"]),
    ("args", &["arguments", "flags", "extra_args"]),
    ("permissions", &["permission", "permission_mode", "mode", "yolo", "approval", "sandbox"]),
    ("agents", &["agent", "panes", "members", "workers"]),
    ("templates", &["template", "messages", "prompts", "snippets"]),
    ("name", &["session", "session_name", "title", "id"]),
    ("windows", &["arrangement", "layout"]),
    ("instructions", &["system_prompt", "prompt", "description"]),
    ("budget", &["budgets", "limits", "cost"]),
    ("hibernate_after", &["sleep_after", "idle_timeout", "hibernate", "suspend_after"]),
    ("handoff_to", &["handoffs", "can_handoff_to", "delegates_to"]),
];

/// Reads `source` as a table of the given schema. What is wrong goes to `problems`; what is right comes back.
pub fn read<'s>(
    source: &'s Arc<Source>,
    schema: &Value,
    problems: &mut Vec<Problem>,
) -> toml::Spanned<DeTable<'s>> {
    let (mut table, errors) = DeTable::parse_recoverable(&source.text);
    for error in &errors {
        let span = error.span().unwrap_or(0..0);
        let problem = Problem::error(Place::new(source, span), syntax_message(error.message()));
        problems.push(problem.mend(syntax_mend(error.message())));
    }
    if !errors.is_empty() {
        // What is read around a syntax error is guesswork: complaining about it would mislead.
        return toml::Spanned::new(0..0, DeTable::new());
    }
    let span = table.span();
    let mut walk = Walk { source, root: schema, problems };
    walk.table(table.get_mut(), span, schema, "");
    table
}

fn syntax_message(message: &str) -> String {
    format!("this is not TOML: {}", message.lines().collect::<Vec<_>>().join(", "))
}

fn syntax_mend(message: &str) -> &'static str {
    match message {
        m if m.contains("duplicate key") => "remove one of the two",
        m if m.contains("invalid boolean") || m.contains("must be quoted") => "put text in quotes",
        _ => "",
    }
}

struct Walk<'a> {
    source: &'a Arc<Source>,
    root: &'a Value,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Walk<'a> {
    fn place(&self, span: std::ops::Range<usize>) -> Place {
        Place::new(self.source, span)
    }

    /// The schema that is meant, through `$ref` and a lone `allOf`.
    fn resolve(&self, mut schema: &'a Value) -> &'a Value {
        while let Some(next) = schema
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|r| self.root.pointer(r.strip_prefix('#')?))
            .or_else(|| schema.pointer("/allOf/0"))
        {
            schema = next;
        }
        schema
    }

    fn table(
        &mut self,
        table: &mut DeTable<'_>,
        span: std::ops::Range<usize>,
        schema: &'a Value,
        name: &str,
    ) {
        let known = schema.get("properties").and_then(Value::as_object);
        let open = schema.get("additionalProperties").filter(|s| s.is_object());
        let required = schema.get("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let required = required.iter().filter_map(Value::as_str);
        for key in required.filter(|key| !table.contains_key(*key)) {
            let what = if name.is_empty() { "the file".to_owned() } else { format!("`{name}`") };
            let problem = Problem::error(self.place(span.clone()), format!("{what} has no `{key}`"));
            self.problems.push(problem.mend(missing_mend(key)));
        }
        for (key, mut value) in std::mem::take(table) {
            let word = key.get_ref();
            if let Some(inner) = known.and_then(|k| k.get(word.as_ref())).or(open) {
                if self.value(&mut value, self.resolve(inner), word) {
                    table.insert(key, value);
                }
            } else {
                let names = known.map(|k| k.keys().map(String::as_str).collect::<Vec<_>>());
                self.unknown_key(word, key.span(), &names.unwrap_or_default(), name);
            }
        }
    }

    fn unknown_key(&mut self, word: &str, span: std::ops::Range<usize>, known: &[&str], inside: &str) {
        let place = self.place(span);
        let inside = if inside.is_empty() { String::new() } else { format!(" in `{inside}`") };
        let mut problem = Problem::error(place, format!("unknown key `{word}`{inside}"));
        if let Some(near) = synonym(word, known).or_else(|| nearest(word, known.iter().copied())) {
            problem = problem.label(format!("did you mean `{near}`?"));
        } else if USER_ONLY.contains(&word) && known.contains(&"agents") {
            problem = problem.mend(format!("`[{word}]` belongs in your own file: see `swarm config path`"));
        } else if !known.is_empty() {
            problem = problem.mend(format!("known keys: {}", known.join(", ")));
        }
        self.problems.push(problem);
    }

    /// Whether `value` may stay; tables and arrays keep what is right in them.
    fn value(&mut self, value: &mut toml::Spanned<DeValue<'_>>, schema: &'a Value, key: &str) -> bool {
        let span = value.span();
        let found = kind(value.get_ref());
        let allowed = types(schema);
        if !allowed.is_empty() && !allowed.contains(&found) {
            let problem = Problem::error(
                self.place(span),
                format!(
                    "`{key}` must be {}, found {}",
                    allowed.iter().map(|t| article(t)).collect::<Vec<_>>().join(" or "),
                    article(found)
                ),
            );
            self.problems.push(problem.mend(type_mend(key, found, &allowed)));
            return false;
        }
        match value.get_mut() {
            DeValue::Table(table) => self.table(table, span, schema, key),
            DeValue::Array(items) => {
                if let Some(inner) = schema.get("items") {
                    let inner = self.resolve(inner);
                    for mut item in std::mem::replace(items, std::iter::empty().collect()) {
                        if self.value(&mut item, inner, key) {
                            items.push(item);
                        }
                    }
                }
            }
            DeValue::String(text) => return self.word(text, span, schema, key),
            DeValue::Integer(number) => {
                let parsed = i128::from_str_radix(number.as_str(), number.radix()).ok();
                return self.number(parsed, span, schema, key);
            }
            _ => {}
        }
        true
    }

    fn word(&mut self, text: &str, span: std::ops::Range<usize>, schema: &Value, key: &str) -> bool {
        let words = words(schema);
        if words.is_empty() || words.contains(&text) {
            return true;
        }
        let mut problem = Problem::error(self.place(span), format!("`{key}` cannot be `{text}`"))
            .mend(format!("use one of: {}", words.join(", ")));
        if let Some(near) = nearest(text, words.iter().copied()) {
            problem = problem.label(format!("did you mean `{near}`?"));
        }
        self.problems.push(problem);
        false
    }

    fn number(
        &mut self,
        number: Option<i128>,
        span: std::ops::Range<usize>,
        schema: &Value,
        key: &str,
    ) -> bool {
        let bound = |name: &str| schema.get(name).and_then(Value::as_i64).map(i128::from);
        let low = bound("minimum").unwrap_or(i128::from(i64::MIN));
        let high = bound("maximum").unwrap_or(i128::from(i64::MAX));
        if number.is_some_and(|n| (low..=high).contains(&n)) {
            return true;
        }
        self.problems.push(Problem::error(self.place(span), format!("`{key}` must be from {low} to {high}")));
        false
    }
}

/// Sections that only the user's own file has.
const USER_ONLY: [&str; 4] = ["overview", "notify", "prices", "monitor"];

fn missing_mend(key: &str) -> String {
    match key {
        "name" => "add `name = \"…\"`".to_owned(),
        "agents" => "add an `[[agents]]` table with a `name`".to_owned(),
        _ => format!("add `{key}`"),
    }
}

fn type_mend(key: &str, found: &str, allowed: &[&str]) -> String {
    match (found, allowed) {
        ("float", ["string", "integer"]) => {
            format!("write it in quotes, so that it is exact: {key} = \"20.00\"")
        }
        ("string", ["array"]) => format!("put it in brackets, one string for each word: {key} = [\"…\"]"),
        ("table", ["array"]) if key == "agents" => "write `[[agents]]` with two brackets".to_owned(),
        (_, ["string"]) if matches!(found, "integer" | "float" | "boolean" | "datetime") => {
            "put it in quotes".to_owned()
        }
        _ => String::new(),
    }
}

/// The word of JSON Schema for the kind of a value, `object` and `number` said as TOML says them.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "float",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "datetime",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "table",
    }
}

fn article(kind: &str) -> String {
    let article = if matches!(kind, "integer" | "array") { "an" } else { "a" };
    format!("{article} {kind}")
}

/// The kinds a schema allows, in TOML's words; empty allows any.
fn types(schema: &Value) -> Vec<&str> {
    let toml = |t: &Value| match t.as_str() {
        Some("object") => Some("table"),
        Some("number") => Some("float"),
        Some("string") => Some("string"),
        Some("integer") => Some("integer"),
        Some("boolean") => Some("boolean"),
        Some("array") => Some("array"),
        _ => None,
    };
    match schema.get("type") {
        Some(Value::Array(many)) => many.iter().filter_map(toml).collect(),
        Some(one) => toml(one).into_iter().collect(),
        None if !words(schema).is_empty() => vec!["string"],
        None => Vec::new(),
    }
}

/// The words a schema allows; empty allows any text.
fn words(schema: &Value) -> Vec<&str> {
    let list = |key: &str| schema.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let plain = list("enum").iter().filter_map(Value::as_str);
    let described = list("oneOf").iter().filter_map(|c| {
        c.get("const").and_then(Value::as_str).or_else(|| c.pointer("/enum/0").and_then(Value::as_str))
    });
    plain.chain(described).collect()
}

fn synonym<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let ours = SYNONYMS.iter().filter(|(_, theirs)| theirs.contains(&word)).map(|(ours, _)| *ours);
    ours.flat_map(|o| known.iter().copied().filter(move |k| *k == o)).next()
}

/// The candidate that `word` was most probably meant to be.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word: Vec<char> = word.chars().take(64).collect();
    let limit = (word.len() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|c| (distance(&word, &c.chars().take(64).collect::<Vec<_>>()), c))
        .filter(|(d, _)| *d <= limit)
        .min_by_key(|(d, _)| *d)
        .map(|(_, c)| c)
}

/// How many insertions, deletions, changes and swaps of neighbours lead from `a` to `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + change);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;
    use proptest::prelude::*;

    fn problems(text: &str) -> Vec<String> {
        let source = Source::new("swarm.toml", text);
        let mut problems = Vec::new();
        let table = read(&source, schema::swarm(), &mut problems);
        let file = <super::super::file::SwarmFile as serde::Deserialize>::deserialize(
            toml::Deserializer::from(table),
        );
        if problems.is_empty() || !problems.iter().any(|p| p.message.starts_with("this is not TOML")) {
            file.unwrap();
        }
        problems.iter().map(|p| format!("{} {}", p.message, p.label)).collect()
    }

    #[test]
    fn everything_wrong_is_said_at_once() {
        let text = "name = \"x\"\nlayuot = 1\n[[agents]]\nname = \"a\"\ndirectory = \".\"\nrestart = \"on-failur\"\nargs = \"-v\"\nmodel = 5\n";
        let found = problems(text);
        assert_eq!(found.len(), 5, "{found:#?}");
        assert!(
            found.iter().any(|p| p == "unknown key `directory` in `agents` did you mean `domain`?"),
            "{found:#?}"
        );
        assert!(
            found.iter().any(|p| p == "`restart` cannot be `on-failur` did you mean `on-failure`?"),
            "{found:#?}"
        );
    }

    #[test]
    fn missing_keys_are_said_once() {
        assert_eq!(problems("[[agents]]\nprofile = \"x\"\n").len(), 2);
        assert_eq!(problems("name = 5\nagents = []\n").len(), 1);
    }

    proptest! {
        #[test]
        fn what_is_left_always_reads(text in "(?s).{0,120}") {
            problems(&text);
        }

        #[test]
        fn any_value_at_any_key_is_read_or_reported(
            key in prop::sample::select(vec!["name", "vars", "defaults.env.A", "defaults.restart", "layout.panes_per_window", "roles.r.goal", "agents", "budget.usd_per_day", "defaults.budget.tokens_total"]),
            value in prop::sample::select(vec!["1", "-1", "99999999999999999999999", "0xff", "1.5", "\"x\"", "true", "[]", "{}", "[1]", "[{}]", "[\"a\"]", "{a=1}", "1979-05-27", "nan"]),
        ) {
            problems(&format!("{key} = {value}\n"));
        }
    }
}
