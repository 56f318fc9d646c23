//! Changing one key of a file, or adding an agent to it, while its comments and order stay.

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike};

use super::load::as_toml;
use crate::error::{Context as _, Error, Kind, Result};

/// `text` with `key` (`layout.windows`, `agents.NAME.model`) set to `value`: TOML where it is TOML, else a string.
pub fn set(text: &str, key: &str, new: &str) -> Result<String> {
    let mut doc: DocumentMut = text.parse().context(|| "read the file as TOML".to_owned())?;
    let parts = toml_edit::Key::parse(key).context(|| format!("read the key `{key}`"))?;
    let parts: Vec<&str> = parts.iter().map(toml_edit::Key::get).collect();
    let parsed: toml_edit::Value = as_toml(new).parse().context(|| format!("read the value `{new}`"))?;
    let (last, parents) = parts.split_last().ok_or_else(|| Error::new(Kind::Usage, "the key is empty"))?;
    let table = match parents {
        ["agents", name, rest @ ..] => descend(agent(&mut doc, name)?, rest, key, true)?,
        _ => descend(doc.as_table_mut(), parents, key, false)?,
    };
    match table.get_mut(last) {
        Some(Item::Value(old)) => {
            let decor = old.decor().clone();
            *old = parsed;
            *old.decor_mut() = decor;
        }
        Some(Item::Table(_) | Item::ArrayOfTables(_)) => {
            return Err(
                Error::new(Kind::Usage, format!("`{key}` is a table")).hint("set one of the keys in it")
            );
        }
        _ => {
            table.insert(last, Item::Value(parsed));
        }
    }
    Ok(doc.to_string())
}

/// An agent as a person describes it on the command line; what is `None` or empty is left to the defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewAgent {
    /// Its name.
    pub name: String,
    /// Its profile.
    pub profile: Option<String>,
    /// Its directory, as the file takes it: absolute, `~/…`, or relative to the file.
    pub domain: Option<String>,
    /// Its role.
    pub role: Option<String>,
    /// The model.
    pub model: Option<String>,
    /// The window it shares.
    pub window: Option<String>,
    /// The first prompt.
    pub prompt: Option<String>,
    /// The program and its arguments, for a profile that runs commands.
    pub command: Vec<String>,
    /// Arguments added to the profile's own.
    pub args: Vec<String>,
}

impl NewAgent {
    /// Its keys in the order in which people write them.
    fn fill(&self, table: &mut dyn TableLike) {
        let texts = [
            ("name", Some(&self.name)),
            ("domain", self.domain.as_ref()),
            ("role", self.role.as_ref()),
            ("profile", self.profile.as_ref()),
            ("model", self.model.as_ref()),
            ("window", self.window.as_ref()),
            ("prompt", self.prompt.as_ref()),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                table.insert(key, toml_edit::value(text.as_str()));
            }
        }
        for (key, words) in [("command", &self.command), ("args", &self.args)] {
            if !words.is_empty() {
                table.insert(key, toml_edit::value(words.iter().map(String::as_str).collect::<Array>()));
            }
        }
    }
}

/// `text` with one more agent at its end; whether it is a valid one is for the loader to say.
pub fn add(text: &str, agent: &NewAgent) -> Result<String> {
    let mut doc: DocumentMut = text.parse().context(|| "read the file as TOML".to_owned())?;
    // Comments at the end of the file belong to what was there.
    let mut before = doc.trailing().as_str().unwrap_or_default().to_owned();
    if !before.is_empty() && !before.ends_with('\n') {
        before.push('\n');
    }
    let gap = if text.trim().is_empty() { "" } else { "\n" };
    let mut table = Table::new();
    table.decor_mut().set_prefix(before + gap);
    let tables = !doc.get("agents").is_some_and(Item::is_value);
    if tables {
        doc.set_trailing("");
    }
    match doc.entry("agents").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new())) {
        Item::ArrayOfTables(tables) => {
            agent.fill(&mut table);
            tables.push(table);
        }
        Item::Value(toml_edit::Value::Array(items)) => {
            let mut table = InlineTable::new();
            agent.fill(&mut table);
            items.push(table);
        }
        _ => return Err(Error::new(Kind::Config, "`agents` in the file is no list of tables")),
    }
    Ok(doc.to_string())
}

/// The table of the agent of this name.
fn agent<'d>(doc: &'d mut DocumentMut, name: &str) -> Result<&'d mut dyn TableLike> {
    let is = |table: &dyn TableLike| table.get("name").and_then(Item::as_str) == Some(name);
    let found = match doc.get_mut("agents") {
        Some(Item::ArrayOfTables(tables)) => {
            tables.iter_mut().find(|t| is(*t)).map(|t| -> &mut dyn TableLike { t })
        }
        Some(Item::Value(toml_edit::Value::Array(items))) => items
            .iter_mut()
            .filter_map(toml_edit::Value::as_inline_table_mut)
            .find(|t| is(*t))
            .map(|t| -> &mut dyn TableLike { t }),
        _ => None,
    };
    found.ok_or_else(|| Error::new(Kind::NotFound, format!("the file has no agent `{name}`")))
}

/// The table at `path` below `table`, made where it is missing: in braces when `inline`.
fn descend<'t>(
    mut table: &'t mut dyn TableLike,
    path: &[&str],
    key: &str,
    mut inline: bool,
) -> Result<&'t mut dyn TableLike> {
    for part in path {
        let item = table.entry(part).or_insert_with(|| {
            if inline { Item::Value(InlineTable::new().into()) } else { Item::Table(Table::new()) }
        });
        inline |= item.is_value();
        table = item
            .as_table_like_mut()
            .ok_or_else(|| Error::new(Kind::Usage, format!("`{part}` in `{key}` is no table")))?;
    }
    Ok(table)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "# top\nname = \"x\" # name\n[layout] # how\nwindows = \"tiled\"\n[[agents]]\nname = \"a\" # first\nenv = { A = \"1\" }\n";

    #[test]
    fn comments_stay() {
        let out = set(TEXT, "layout.windows", "per-agent").unwrap();
        assert_eq!(out, TEXT.replace("tiled", "per-agent"));
        let out = set(TEXT, "layout.panes_per_window", "6").unwrap();
        assert!(out.contains("windows = \"tiled\"\npanes_per_window = 6\n"), "{out}");
        let out = set(TEXT, "agents.a.env.B", "2").unwrap();
        assert!(
            out.contains("env = { A = \"1\" , B = 2 }") || out.contains("env = { A = \"1\", B = 2 }"),
            "{out}"
        );
        let out = set(TEXT, "agents.a.args", "[\"-v\"]").unwrap();
        assert!(out.contains("args = [\"-v\"]"), "{out}");
        let out = set(TEXT, "defaults.env.TOKEN", "a b").unwrap();
        assert!(out.contains("[defaults.env]\nTOKEN = \"a b\"\n"), "{out}");
    }

    #[test]
    fn what_cannot_be_set_says_why() {
        assert_eq!(set(TEXT, "agents.b.model", "x").unwrap_err().kind(), Kind::NotFound);
        assert_eq!(set(TEXT, "layout", "x").unwrap_err().kind(), Kind::Usage);
        assert_eq!(set(TEXT, "name.x", "x").unwrap_err().kind(), Kind::Usage);
        assert!(set(TEXT, "a..b", "x").is_err());
        assert!(set("a = ", "a", "x").is_err());
    }

    #[test]
    fn an_agent_is_added_at_the_end_and_nothing_else_changes() {
        let new = NewAgent {
            name: "b".into(),
            profile: Some("shell".into()),
            prompt: Some("say \"hi\"".into()),
            command: vec!["cargo".into(), "watch".into()],
            ..NewAgent::default()
        };
        let table = "\n[[agents]]\nname = \"b\"\nprofile = \"shell\"\nprompt = 'say \"hi\"'\n\
                     command = [\"cargo\", \"watch\"]\n";
        assert_eq!(add(TEXT, &new).unwrap(), format!("{TEXT}{table}"));
        // A comment at the end stays at the end of what was there.
        let commented = format!("{TEXT}# the last word\n");
        let out = add(&commented, &new).unwrap();
        assert_eq!(out, format!("{commented}{table}"));
        let plain = NewAgent { name: "b".into(), ..NewAgent::default() };
        assert_eq!(add("name = \"x\"", &plain).unwrap(), "name = \"x\"\n\n[[agents]]\nname = \"b\"\n");
        let inline = add("agents = [{ name = \"a\" }] # all\n", &plain).unwrap();
        assert_eq!(inline, "agents = [{ name = \"a\" }, { name = \"b\" }] # all\n");
        assert_eq!(add("agents = 1", &plain).unwrap_err().kind(), Kind::Config);
    }

    proptest! {
        #[test]
        fn whatever_is_added_reads_back_as_it_was(texts in proptest::collection::vec(".{0,20}", 4)) {
            let [name, prompt, word, role] = &texts[..] else { unreachable!() };
            let new = NewAgent {
                name: name.clone(),
                prompt: Some(prompt.clone()),
                role: Some(role.clone()),
                args: vec![word.clone()],
                ..NewAgent::default()
            };
            let doc: DocumentMut = add(TEXT, &new).unwrap().parse().unwrap();
            let table = doc["agents"].as_array_of_tables().unwrap().get(1).unwrap();
            let text = |key: &str| table[key].as_str().unwrap().to_owned();
            prop_assert_eq!((&text("name"), &text("prompt"), &text("role")), (name, prompt, role));
            prop_assert_eq!(table["args"][0].as_str().unwrap(), word);
        }

        #[test]
        fn any_key_and_value_are_answered(key in "[a-z.\"\\[\\] ]{0,12}", value in ".{0,12}") {
            if let Ok(out) = set(TEXT, &key, &value) {
                prop_assert!(out.parse::<DocumentMut>().is_ok());
            }
        }
    }
}
