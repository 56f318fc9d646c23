//! The JSON Schemas of the files that people write, made from their types: for editors, and for our own check of the
//! shape.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::Value;

use super::file::{SwarmFile, UserFile};
use crate::agent::ProfileData;

/// The schema of `swarm.toml`.
pub fn swarm() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(make::<SwarmFile>)
}

/// The schema of the user's `config.toml`.
pub fn user() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(make::<UserFile>)
}

/// The schema of a profile: `agents/NAME.toml`.
pub fn agent() -> &'static Value {
    static SCHEMA: OnceLock<Value> = OnceLock::new();
    SCHEMA.get_or_init(make::<ProfileData>)
}

/// Draft-07, which Taplo and most editors understand.
fn make<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with_transform(WithoutNull);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// TOML has no null: an absent key is enough.
#[derive(Debug, Clone)]
struct WithoutNull;

impl Transform for WithoutNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            object.remove("default");
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|t| t != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".into(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|c| c.get("type").is_none_or(|t| t != "null"));
                if choices.len() == 1
                    && let Some(Value::Object(only)) = choices.pop()
                {
                    object.remove("anyOf");
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            // Draft-07 ignores whatever stands beside a `$ref`.
            if object.len() > 1
                && let Some(target) = object.remove("$ref")
            {
                object.insert("allOf".into(), serde_json::json!([{ "$ref": target }]));
            }
        }
        transform_subschemas(self, schema);
    }
}
