//! What the commands print as JSON is what the shipped schemas say: every key, every type, every allowed word.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value};

use crate::up::Team;

fn shipped(name: &str) -> Value {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("config/schema").join(format!("{name}.schema.json"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    serde_json::from_str(&text).unwrap()
}

/// What is wrong with `value` by `schema` (the part of draft 7 that our schemas use). Stricter in one thing: a key that
/// the schema does not name is wrong, unless it says that there may be others.
fn flaws(root: &Value, schema: &Value, value: &Value, at: &str, out: &mut Vec<String>) {
    let Some(rules) = schema.as_object() else { return };
    if let Some(path) = rules.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(path.trim_start_matches('#'));
        flaws(root, target.unwrap_or_else(|| panic!("{path} leads nowhere")), value, at, out);
    }
    for all in rules.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        flaws(root, all, value, at, out);
    }
    for key in ["anyOf", "oneOf"] {
        let Some(ways) = rules.get(key).and_then(Value::as_array) else { continue };
        let tries: Vec<Vec<String>> = ways.iter().map(|way| found(root, way, value, at)).collect();
        if !tries.iter().any(Vec::is_empty) {
            out.push(format!("{at}: fits none of {key}: {tries:?}"));
        }
    }
    if rules.get("const").is_some_and(|c| c != value) {
        out.push(format!("{at}: {value} is not {}", rules["const"]));
    }
    if rules.get("enum").and_then(Value::as_array).is_some_and(|words| !words.contains(value)) {
        out.push(format!("{at}: {value} is none of {}", rules["enum"]));
    }
    if let Some(types) = rules.get("type") {
        let one = std::slice::from_ref(types);
        let types = types.as_array().map_or(one, Vec::as_slice);
        if !types.iter().any(|t| is(t.as_str().unwrap(), value)) {
            out.push(format!("{at}: {value} is no {types:?}"));
        }
    }
    match value {
        Value::Object(map) => keys(root, rules, map, at, out),
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                flaws(root, rules.get("items").unwrap_or(&Value::Null), item, &format!("{at}[{n}]"), out);
            }
        }
        _ => {}
    }
}

fn found(root: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let mut out = Vec::new();
    flaws(root, schema, value, at, &mut out);
    out
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("a schema of type {other}"),
    }
}

fn keys(root: &Value, rules: &Map<String, Value>, map: &Map<String, Value>, at: &str, out: &mut Vec<String>) {
    for needed in rules.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !map.contains_key(needed.as_str().unwrap()) {
            out.push(format!("{at}: {needed} is missing"));
        }
    }
    let Some(known) = rules.get("properties").and_then(Value::as_object) else {
        for (key, value) in map {
            let others = rules.get("additionalProperties").unwrap_or(&Value::Null);
            flaws(root, others, value, &format!("{at}.{key}"), out);
        }
        return;
    };
    for (key, value) in map {
        match (known.get(key), rules.get("additionalProperties")) {
            (Some(schema), _) | (None, Some(schema @ Value::Object(_))) => {
                flaws(root, schema, value, &format!("{at}.{key}"), out);
            }
            (None, Some(Value::Bool(true))) => {}
            (None, _) => out.push(format!("{at}.{key} is in no schema")),
        }
    }
}

/// Checks one object, or each line of several, against the schema that it names.
fn check(printed: &str) -> usize {
    let objects = serde_json::Deserializer::from_str(printed).into_iter::<Value>();
    let mut count = 0;
    for object in objects {
        let object = object.unwrap_or_else(|e| panic!("{e} in {printed}"));
        let named = object["schema"].as_str().map(|s| s.trim_start_matches("swarm.").replace('/', "."));
        let name = named.unwrap_or_else(|| panic!("it names no schema: {object:#}"));
        let schema = shipped(&name);
        let wrong = found(&schema, &schema, &object, &name);
        assert!(wrong.is_empty(), "{wrong:#?}\n{object:#}");
        count += 1;
    }
    count
}

/// A team in which something has happened: a turn that is booked, a question, an exit, a message to the person.
async fn team() -> Team {
    let swarm = env!("CARGO_BIN_EXE_swarm");
    let team = Team::new(&format!(
        "name = \"shop\"\n[defaults]\nenv = {{ A = \"1\" }}\n[roles.coder]\ngoal = \"Write it\"\n\
         [[agents]]\nname = \"sim\"\nprofile = \"sim\"\nrole = \"coder\"\nprompt = \"SIM:bash please\"\n\
         handoff_to = [\"@coder\"]\nbudget = {{ usd_per_day = \"20.00\" }}\n\
         [[agents]]\nname = \"gone\"\nprofile = \"shell\"\nhandoff_to = [\"human\"]\n\
         command = [\"sh\", \"-c\", \"'{swarm}' handoff --to human --subject Done --body 'It works'; exit 3\"]\n",
    ))
    .await;
    team.ok(&["up", "--trust", "--detach"]).await;
    team.wait("sim", "waiting").await;
    team.wait("gone", "exited").await;
    let priced = async || team.agent("sim").await.tokens.is_some();
    team.server.wait_until("the turn is booked", priced).await;
    team
}

#[tokio::test]
async fn everything_that_is_printed_fits_its_schema() {
    let team = team().await;
    let prices = team.project().join("prices.json");
    let price = r#"{"gpt-5.5": {"litellm_provider": "openai", "mode": "chat",
        "input_cost_per_token": 1e-06, "output_cost_per_token": 1e-05}}"#;
    std::fs::write(&prices, price).unwrap();
    let inbox: Value = serde_json::from_str(&team.ok(&["inbox", "--json", "--all"]).await).unwrap();
    let message = inbox["messages"][0]["id"].as_str().unwrap_or_else(|| panic!("{inbox:#}"));
    for args in [
        &["status", "--json"][..],
        &["explain", "sim", "--json"],
        &["explain", "gone", "--json"],
        &["ingest", "--json"],
        &["cost", "--json"],
        &["cost", "--json", "--by", "agent"],
        &["cost", "--blocks", "--json"],
        &["cost", "prices", "--json"],
        &["cost", "prices", "--json", "--model", "claude-sonnet-5-5"],
        &["cost", "prices", "--json", "--refresh", prices.to_str().unwrap()],
        &["budget", "--json"],
        &["budget", "extend", "sim", "--usd", "1", "--json"],
        &["send", "sim", "Go on", "--json"],
        &["handoff", "--to", "sim", "--subject", "More", "--json"],
        &["inbox", "--json"],
        &["inbox", "--json", "--all"],
        &["ack", message, "--json"],
        &["hooks", "status", "--json"],
        &["monitor", "status", "--json"],
        &["config", "check", "--json"],
        &["config", "show", "--json"],
    ] {
        assert_eq!(check(&team.ok(args).await), 1, "{args:?}");
    }
    assert!(check(&team.ok(&["events", "--json"]).await) > 2);
    // Whatever is wrong with this machine, it is said in the same form.
    for (args, code) in [(&["doctor", "--json"][..], None), (&["send", "nobody", "x", "--json"], Some(4))] {
        let output = team.run(args).await;
        assert!(code.is_none_or(|code| output.status.code() == Some(code)), "{args:?}: {output:?}");
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(check(&printed) <= 1, "{args:?}");
    }
    let screen = team.project().join("screen.txt");
    std::fs::write(&screen, "Do you want to proceed?\n 1. Yes\n").unwrap();
    let detected = team.ok(&["detect", "--json", "--profile", "claude", screen.to_str().unwrap()]).await;
    assert_eq!(check(&detected), 1);
    team.write("name = \"Shop\"\nnothing = 1\n[[agents]]\nname = \"x\"\nprofile = \"shel\"\n");
    let wrong = team.run(&["config", "check", "--json"]).await;
    assert_eq!(wrong.status.code(), Some(3));
    assert_eq!(check(&String::from_utf8(wrong.stdout).unwrap()), 1);
}

#[test]
fn every_schema_that_the_program_names_is_shipped() {
    let named = names_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(named.len() > 15, "{named:?}");
    // The price lists that come with swarm are files of its own; no command prints them.
    for name in named.iter().filter(|name| *name != "swarm.prices/v1") {
        shipped(&name.trim_start_matches("swarm.").replace('/', "."));
    }
}

/// The schema names in the sources below `dir`: string literals `"swarm.….…/v1"`.
fn names_in(dir: &Path) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
        if entry.is_dir() {
            names.extend(names_in(&entry));
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&entry).unwrap();
            let named = |s: &&str| s.starts_with("swarm.") && s.ends_with("/v1");
            names.extend(text.split('"').filter(named).map(str::to_owned));
        }
    }
    names
}

#[test]
fn what_does_not_fit_is_found() {
    let schema = shipped("status.v1");
    let fits = |value: Value| found(&schema, &schema, &value, "status");
    let empty = serde_json::json!({"schema": "swarm.status/v1", "swarms": [], "problems": []});
    assert!(fits(empty.clone()).is_empty(), "{:?}", fits(empty.clone()));
    for (key, value) in [("schema", "swarm.status/v2".into()), ("swarms", 1.into()), ("more", Value::Null)] {
        let mut wrong = empty.clone();
        wrong[key] = value;
        assert!(!fits(wrong).is_empty(), "{key}");
    }
    assert!(!fits(serde_json::json!({"schema": "swarm.status/v1"})).is_empty());
}
