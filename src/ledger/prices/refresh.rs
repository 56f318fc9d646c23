//! Refreshing the prices from a file that the user gives: LiteLLM's `model_prices_and_context_window.json` or
//! genai-prices' `data.json`.
//!
//! Nothing is fetched. The result lies beside the user's configuration and replaces the compiled-in file of its kind.
//! Prices are read as decimal text: the float that JSON readers make of them never enters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::data::{Body, Dated, DatedPrice, File, History, List, Listed};
use super::{HISTORY_FILE, LIST_FILE, PriceBook, name};
use crate::error::{Context, Error, Result};
use crate::ledger::money::Usd;

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Refreshed {
    /// Whose file it was: `LiteLLM` or `genai-prices`.
    pub source: &'static str,
    /// How many models it prices.
    pub models: usize,
    /// Where the result lies.
    pub path: PathBuf,
}

/// Reads the price list in `text` and puts it into `dir`, where [`PriceBook::load`] finds it. `today` is `YYYY-MM-DD`.
pub fn refresh(text: &str, dir: &Path, today: &str) -> Result<Refreshed> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| Error::failure("the price list is not JSON").because(e))?;
    let (source, file, models, text) = match &value {
        Value::Object(models) => {
            let models = litellm(models);
            let list: List = file("list", "LiteLLM, from a file given by the user", today, models);
            ("LiteLLM", LIST_FILE, list.models.len(), encode(&list)?)
        }
        Value::Array(providers) => {
            let models = genai(providers);
            let history: History =
                file("history", "genai-prices, from a file given by the user", today, models);
            ("genai-prices", HISTORY_FILE, history.models.len(), encode(&history)?)
        }
        _ => return Err(not_known()),
    };
    if models == 0 {
        return Err(not_known());
    }
    std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
    let path = dir.join(file);
    let draft = path.with_extension("new");
    std::fs::write(&draft, text).context(|| format!("write {}", draft.display()))?;
    std::fs::rename(&draft, &path).context(|| format!("write {}", path.display()))?;
    PriceBook::load(dir)?;
    Ok(Refreshed { source, models, path })
}

fn not_known() -> Error {
    Error::failure("no prices were found in the file").hint(
        "give LiteLLM's model_prices_and_context_window.json or the data.json of genai-prices, as published",
    )
}

fn file<M>(kind: &str, source: &str, today: &str, models: M) -> File<M> {
    File {
        schema: "swarm.prices/v1".to_owned(),
        kind: kind.to_owned(),
        source: source.to_owned(),
        licence: "MIT".to_owned(),
        date: today.to_owned(),
        models,
    }
}

fn encode(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::failure("cannot encode the prices").because(e))
}

/// A price as a JSON number, in pico-dollars. The number's shortest decimal form is exact for list prices.
fn pico(value: Option<&Value>) -> Option<i64> {
    match value? {
        Value::Number(n) => Usd::parse(&n.to_string()).map(|u| u.0),
        Value::String(s) => Usd::parse(s).map(|u| u.0),
        _ => None,
    }
}

/// A price for a million tokens.
fn per_million(value: Option<&Value>) -> Option<i64> {
    pico(value).map(|p| p / 1_000_000)
}

fn litellm(models: &serde_json::Map<String, Value>) -> BTreeMap<String, Listed> {
    let mut out = BTreeMap::new();
    for (key, model) in models {
        let provider = model.get("litellm_provider").and_then(Value::as_str).unwrap_or_default();
        let Some(vendor) = name::vendor(provider).filter(|_| !provider.starts_with("vertex_ai")) else {
            continue;
        };
        let text = model
            .get("mode")
            .and_then(Value::as_str)
            .is_none_or(|m| matches!(m, "chat" | "responses" | "completion"));
        if !text || model.get("input_cost_per_token").is_none() {
            continue;
        }
        let bare = key.rsplit_once('/').map_or(key.as_str(), |(_, bare)| bare);
        // Another maker's model keeps its vendor in front, so that its bare name stays its maker's.
        let guest = vendor == "dashscope" && !bare.starts_with('q');
        let key = if guest { format!("{vendor}/{bare}") } else { bare.to_owned() };
        out.entry(key).or_insert_with(|| listed(vendor, model));
    }
    out
}

fn listed(vendor: &str, model: &Value) -> Listed {
    let get = |key: &str| pico(model.get(key));
    let body = |suffix: &str| Body {
        i: get(&format!("input_cost_per_token{suffix}")),
        o: get(&format!("output_cost_per_token{suffix}")),
        cr: get(&format!("cache_read_input_token_cost{suffix}")),
        cw: get(&format!("cache_creation_input_token_cost{suffix}")),
        cw1h: get(&format!("cache_creation_input_token_cost_above_1hr{suffix}")),
        ..Body::default()
    };
    let steps = |service: &str| -> Vec<Body> {
        let mut steps: Vec<Body> = model
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, _)| {
                let above = key.strip_prefix("input_cost_per_token_above_")?.strip_suffix(service)?;
                let thousands: u64 = above.strip_suffix("k_tokens")?.parse().ok()?;
                let suffix = format!("_above_{thousands}k_tokens{service}");
                Some(Body { above: Some(thousands * 1000), ..body(&suffix) })
            })
            .collect();
        steps.sort_by_key(|b| b.above);
        steps
    };
    let base = body("");
    let services = ["batch", "flex", "priority", "ultrafast"].into_iter().filter_map(|service| {
        let suffix = if service == "batch" { "_batches".to_owned() } else { format!("_{service}") };
        let mut body = body(&suffix);
        body.i?;
        body.tiers = steps(&suffix);
        Some((service.to_owned(), body))
    });
    let entry = model.get("provider_specific_entry");
    let factor = |key: &str| entry.and_then(|e| e.get(key)).map(ToString::to_string);
    let search = model.get("search_context_cost_per_query").and_then(|s| s.get("search_context_size_medium"));
    Listed {
        p: vendor.to_owned(),
        i: base.i,
        o: base.o,
        cr: base.cr,
        cw: base.cw,
        cw1h: base.cw1h,
        or: get("output_cost_per_reasoning_token"),
        tiers: steps(""),
        incl: u8::from(vendor == "xai"),
        svc: services.collect(),
        off_peak: None,
        fast: factor("fast"),
        us: factor("us"),
        ws: pico(search),
        ctx: model.get("max_input_tokens").and_then(Value::as_u64),
    }
}

fn genai(providers: &[Value]) -> Vec<Dated> {
    let mut out = Vec::new();
    for provider in providers {
        let id = provider.get("id").and_then(Value::as_str).unwrap_or_default();
        let Some(vendor) = name::vendor(id) else { continue };
        for model in provider.get("models").and_then(Value::as_array).into_iter().flatten() {
            out.extend(dated(vendor, model));
        }
    }
    out
}

fn dated(vendor: &str, model: &Value) -> Option<Dated> {
    let id = model.get("id")?.as_str()?;
    let mut names = vec![id.to_owned()];
    if let Some(matching) = model.get("match") {
        spellings(matching, &mut names);
    }
    names.retain(|n| !n.contains('/'));
    let prices: Vec<DatedPrice> = match model.get("prices")? {
        Value::Array(prices) => prices
            .iter()
            .filter_map(|p| {
                let constraint = p.get("constraint");
                let text = |key: &str| {
                    constraint.and_then(|c| c.get(key)).and_then(Value::as_str).map(str::to_owned)
                };
                let clock = |key: &str| text(key).map(|t| t.chars().take(5).collect::<String>());
                let mut price = dated_price(p.get("prices")?)?;
                price.from = text("start_date");
                price.utc = clock("start_time").zip(clock("end_time")).map(|(a, b)| [a, b]);
                Some(price)
            })
            .collect(),
        prices => dated_price(prices).into_iter().collect(),
    };
    let ctx = model.get("context_window").and_then(Value::as_u64);
    (!prices.is_empty()).then(|| Dated { p: vendor.to_owned(), names, ctx, prices })
}

/// The names that a matching rule spells out.
fn spellings(rule: &Value, names: &mut Vec<String>) {
    for (kind, value) in rule.as_object().into_iter().flatten() {
        match (kind.as_str(), value) {
            ("or" | "and", Value::Array(rules)) => rules.iter().for_each(|rule| spellings(rule, names)),
            ("equals" | "starts_with", Value::String(name)) => {
                let name = name.trim_end_matches(['-', '@']).to_owned();
                if !names.contains(&name) {
                    names.push(name);
                }
            }
            _ => {}
        }
    }
}

/// A price that may have steps: a number, or `{"base": …, "tiers": [{"start": …, "price": …}]}`.
fn stepped(value: Option<&Value>, steps: &mut BTreeMap<u64, Body>, set: fn(&mut Body, i64)) -> Option<i64> {
    let value = value?;
    for step in value.get("tiers").and_then(Value::as_array).into_iter().flatten() {
        if let (Some(start), Some(price)) =
            (step.get("start").and_then(Value::as_u64), per_million(step.get("price")))
        {
            set(steps.entry(start).or_insert_with(|| Body { above: Some(start), ..Body::default() }), price);
        }
    }
    per_million(Some(value.get("base").unwrap_or(value)))
}

fn dated_price(prices: &Value) -> Option<DatedPrice> {
    let mut steps = BTreeMap::new();
    let get = |key: &str| prices.get(key);
    let price = DatedPrice {
        i: Some(stepped(get("input_mtok"), &mut steps, |b, p| b.i = Some(p))?),
        o: stepped(get("output_mtok"), &mut steps, |b, p| b.o = Some(p)),
        cr: stepped(get("cache_read_mtok"), &mut steps, |b, p| b.cr = Some(p)),
        cw: stepped(get("cache_write_mtok"), &mut steps, |b, p| b.cw = Some(p)),
        cw1h: stepped(get("cache_write_1h_mtok"), &mut steps, |b, p| b.cw1h = Some(p)),
        ws: pico(get("web_search_kcount")).map(|p| p / 1000),
        ..DatedPrice::default()
    };
    Some(DatedPrice { tiers: steps.into_values().collect(), ..price })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::usage::{Source, Terms, Usage};

    fn cost(dir: &Path, model: &str, at: &str, usage: Usage) -> Option<i64> {
        let book = PriceBook::load(dir).unwrap();
        let ts_ms = at.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        book.cost(Source::Claude, None, model, ts_ms, &usage, Terms::default()).map(|u| u.0)
    }

    #[test]
    fn litellms_own_file_replaces_the_list() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"{"sample_spec":{"litellm_provider":"one of"},
            "claude-opus-9":{"litellm_provider":"anthropic","mode":"chat","input_cost_per_token":4e-06,"output_cost_per_token":2e-05,
              "cache_read_input_token_cost":2e-07,"cache_creation_input_token_cost":5e-06,
              "cache_creation_input_token_cost_above_1hr":8e-06,"input_cost_per_token_above_200k_tokens":8e-06,
              "provider_specific_entry":{"us":1.1,"fast":2.0},"max_input_tokens":1000000},
            "gemini/gemini-9":{"litellm_provider":"gemini","input_cost_per_token":1e-06,"output_cost_per_token":1e-06}}"#;
        let done = refresh(text, dir.path(), "2027-02-01").unwrap();
        assert_eq!((done.source, done.models), ("LiteLLM", 2));
        let used = |input| Usage { input, cache_write_1h: 1, ..Usage::default() };
        assert_eq!(cost(dir.path(), "claude-opus-9", "2027-02-02T00:00:00Z", used(10)), Some(48_000_000));
        assert_eq!(
            cost(dir.path(), "claude-opus-9", "2027-02-02T00:00:00Z", used(200_000)),
            Some(200_000 * 8_000_000 + 8_000_000)
        );
        assert!(
            cost(dir.path(), "claude-3-opus", "2025-01-01T00:00:00Z", Usage { input: 1, ..Usage::default() })
                .is_some()
        );
    }

    #[test]
    fn genai_prices_own_file_replaces_the_history() {
        let dir = tempfile::tempdir().unwrap();
        let text = r#"[{"id":"anthropic","models":[{"id":"claude-x","match":{"or":[{"equals":"claude-x"},{"starts_with":"claude-x-"}]},
            "prices":[{"prices":{"input_mtok":{"base":3,"tiers":[{"start":200000,"price":6}]},"output_mtok":15}},
              {"constraint":{"start_date":"2027-01-01"},"prices":{"input_mtok":0.3,"output_mtok":1.5,"web_search_kcount":10}}]}]}]"#;
        assert_eq!(refresh(text, dir.path(), "2027-02-01").unwrap().source, "genai-prices");
        let used = |input| Usage { input, ..Usage::default() };
        assert_eq!(cost(dir.path(), "claude-x", "2026-12-31T23:59:59Z", used(10)), Some(30_000_000));
        assert_eq!(
            cost(dir.path(), "claude-x", "2026-12-31T23:59:59Z", used(200_001)),
            Some(200_001 * 6_000_000)
        );
        assert_eq!(cost(dir.path(), "claude-x-20270101", "2027-01-01T00:00:00Z", used(10)), Some(3_000_000));
    }

    #[test]
    fn anything_else_is_refused_and_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        for bad in ["", "{}", "[]", "3", "{\"a\":{\"litellm_provider\":\"anthropic\"}}"] {
            assert!(refresh(bad, dir.path(), "2027-02-01").is_err(), "{bad}");
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
