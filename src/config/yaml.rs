//! YAML as plain values, in the order of the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::error::{Error, Kind, Result};

/// A YAML value; what is no text, list or table was turned into text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Yaml {
    Null,
    Text(String),
    List(Vec<Yaml>),
    Map(Vec<(String, Yaml)>),
}

impl Yaml {
    /// Reads one document.
    pub(super) fn parse(text: &str) -> Result<Self> {
        serde_saphyr::from_str(text).map_err(|err| {
            let shown = crate::text::block(&err.to_string());
            Error::new(Kind::Config, format!("this is not YAML: {}", shown.trim_end()))
                .hint("embedded Ruby (`<% … %>`) must be replaced by plain text first")
        })
    }

    /// The value at `key` of a table.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.pairs().iter().find(|(k, _)| k == key).map(|(_, v)| v)
    }

    /// The text at `key` of a table.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.as_text()
    }

    /// This value as text.
    pub(super) fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The pairs of a table; none for anything else.
    pub(super) fn pairs(&self) -> &[(String, Self)] {
        match self {
            Self::Map(pairs) => pairs,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The pairs of a table whose values are texts.
    pub(super) fn texts(&self) -> Vec<(String, String)> {
        self.pairs().iter().filter_map(|(k, v)| Some((k.clone(), v.as_text()?))).collect()
    }

    /// Command lines: a text, a list of texts, or of tables with `cmd`.
    pub(super) fn lines(&self) -> Vec<String> {
        match self {
            Self::Null => Vec::new(),
            Self::Text(text) => {
                let text = text.trim();
                if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
            }
            Self::List(items) => items.iter().flat_map(Self::lines).collect(),
            Self::Map(_) => self.get("cmd").map(Self::lines).unwrap_or_default(),
        }
    }
}

impl<'de> Deserialize<'de> for Yaml {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Yaml;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any YAML value")
    }

    fn visit_bool<E>(self, v: bool) -> Result<Yaml, E> {
        Ok(Yaml::Text(v.to_string()))
    }

    fn visit_i64<E>(self, v: i64) -> Result<Yaml, E> {
        Ok(Yaml::Text(v.to_string()))
    }

    fn visit_u64<E>(self, v: u64) -> Result<Yaml, E> {
        Ok(Yaml::Text(v.to_string()))
    }

    fn visit_f64<E>(self, v: f64) -> Result<Yaml, E> {
        Ok(Yaml::Text(v.to_string()))
    }

    fn visit_str<E>(self, v: &str) -> Result<Yaml, E> {
        Ok(Yaml::Text(v.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_none<E>(self) -> Result<Yaml, E> {
        Ok(Yaml::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Yaml, D::Error> {
        deserializer.deserialize_any(Any)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Yaml, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Yaml::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Yaml, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, value)) = map.next_entry::<Yaml, Yaml>()? {
            pairs.push((key.as_text().unwrap_or_default(), value));
        }
        Ok(Yaml::Map(pairs))
    }
}
