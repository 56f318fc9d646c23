//! `swarm cost prices`: which prices are used, from when, and by whose word.

use std::fmt::Write;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::{Ctx, ingest, output};
use crate::error::{Context, Error, Result};
use crate::ledger::prices::{Model, Own, OwnSpan, Price, PriceBook, Rates, Refreshed, refresh};
use crate::ledger::usage::Source;

/// List the prices in use, or take them from a file
///
/// Prices are dollars for a million tokens. `--refresh` takes a file that you have fetched: LiteLLM's
/// model_prices_and_context_window.json (the current list) or the data.json of genai-prices (the history). Delete the
/// file it writes to go back to the prices that came with swarm.
#[derive(Debug, clap::Args)]
pub(super) struct PricesArgs {
    /// Only this model, as a transcript names it
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,
    /// Take the prices from this file from now on
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    refresh: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// The schema name of [`List`].
pub const SCHEMA: &str = "swarm.cost.prices/v1";
/// The schema name of [`Renewed`].
pub const REFRESH_SCHEMA: &str = "swarm.cost.refresh/v1";

/// What `swarm cost prices --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    /// Always `swarm.cost.prices/v1`.
    schema: &'static str,
    /// Each price, one for each time it changed.
    models: Vec<Entry>,
}

/// What `swarm cost prices --refresh FILE --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Renewed {
    /// Always `swarm.cost.refresh/v1`.
    schema: &'static str,
    /// What was done.
    #[serde(flatten)]
    done: Refreshed,
}

/// One price from one moment on; amounts are dollars for a million tokens, `null` where there is none.
#[derive(Debug, Serialize, JsonSchema)]
struct Entry {
    /// The model, as its vendor names it.
    model: String,
    /// The vendor; empty for a price of your own.
    vendor: String,
    /// The day it holds from; `null` for from the beginning.
    from: Option<String>,
    /// By whose word.
    source: String,
    /// The amounts.
    #[serde(flatten)]
    rates: Amounts,
    /// Tokens that fit into its context.
    context_window: Option<u64>,
    /// The factor of fast mode.
    fast: Option<String>,
    /// The factor of processing in the US only.
    us: Option<String>,
    /// Dollars for one web search.
    web_search: Option<String>,
    /// Other amounts for long inputs.
    steps: Vec<Step>,
    /// Tiers of service with amounts of their own.
    services: Vec<&'static str>,
}

/// Dollars for a million tokens of each kind.
#[derive(Debug, Serialize, JsonSchema)]
struct Amounts {
    /// Uncached input.
    input: Option<String>,
    /// Output.
    output: Option<String>,
    /// Input read from the cache.
    cache_read: Option<String>,
    /// Input written to the cache for five minutes.
    cache_write_5m: Option<String>,
    /// Input written to the cache for an hour.
    cache_write_1h: Option<String>,
}

/// Amounts that hold for requests above a length.
#[derive(Debug, Serialize, JsonSchema)]
struct Step {
    /// Tokens of input above which they hold.
    above: u64,
    /// The amounts.
    #[serde(flatten)]
    rates: Amounts,
}

/// Pico-dollars for one token as dollars for a million.
fn per_million(pico: i64) -> String {
    let text = format!("{}.{:06}", pico / 1_000_000, pico % 1_000_000);
    let trimmed = text.trim_end_matches('0');
    let places = trimmed.len() - trimmed.find('.').unwrap_or(0) - 1;
    if places >= 2 { trimmed.to_owned() } else { format!("{trimmed}{}", "0".repeat(2 - places)) }
}

fn amounts(rates: &Rates) -> Amounts {
    let amount = |rate: Option<i64>| rate.map(per_million);
    Amounts {
        input: amount(rates.input),
        output: amount(rates.output),
        cache_read: amount(rates.cache_read),
        cache_write_5m: amount(rates.cache_write_5m),
        cache_write_1h: amount(rates.cache_write_1h),
    }
}

/// Thousandths as a factor.
fn factor(thousandths: u32) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn entries(model: &Model) -> Vec<Entry> {
    let entry = |from_ms: i64, price: &Price, source: &str| Entry {
        model: model.name.clone(),
        vendor: model.vendor.clone(),
        from: day(from_ms),
        source: source.to_owned(),
        rates: amounts(&price.rates),
        context_window: model.context_window,
        fast: price.fast.map(factor),
        us: price.us.map(factor),
        web_search: price.web_search.map(|p| crate::ledger::money::Usd(p).to_string()),
        steps: price.tiers.iter().map(|t| Step { above: t.above, rates: amounts(&t.rates) }).collect(),
        services: price.services.keys().map(|s| s.as_str()).collect(),
    };
    model.spans.iter().map(|s| entry(s.from_ms, &s.price, &s.source)).collect()
}

/// The day that begins at this moment; `None` for from the beginning.
fn day(from_ms: i64) -> Option<String> {
    let from = jiff::Timestamp::from_millisecond(from_ms).ok().filter(|_| from_ms > 0);
    from.map(|t| t.to_string()[..10].to_owned())
}

fn own(model: &str, span: &OwnSpan) -> Entry {
    let (rates, source) = match span.price {
        Own::Rates(rates) => (rates, "your configuration".to_owned()),
        Own::Discount(permille) => {
            let percent = factor(permille * 100);
            (Rates::default(), format!("your configuration: {percent} % off the list price"))
        }
    };
    Entry {
        model: model.to_owned(),
        vendor: String::new(),
        from: day(span.from_ms),
        source,
        rates: amounts(&rates),
        context_window: None,
        fast: None,
        us: None,
        web_search: None,
        steps: Vec::new(),
        services: Vec::new(),
    }
}

/// Runs `swarm cost prices`.
pub(super) fn run(args: &PricesArgs, ctx: &Ctx) -> Result<()> {
    if let Some(file) = &args.refresh {
        return renew(file, args.json, ctx);
    }
    let book = ingest::prices(&ctx.paths)?;
    let models = match &args.model {
        Some(name) => of_model(&book, name)?,
        None => {
            let own = book.overrides().flat_map(|(model, spans)| spans.iter().map(|s| own(model, s)));
            own.chain(book.models().iter().flat_map(entries)).collect()
        }
    };
    if args.json {
        return output::json(&List { schema: SCHEMA, models });
    }
    output::print(&table(&models, args.model.is_some()))
}

fn of_model(book: &PriceBook, name: &str) -> Result<Vec<Entry>> {
    let quotes = Source::ALL.iter().map(|s| book.quote(*s, None, name).own);
    let spans = quotes.into_iter().find(|own| !own.is_empty()).unwrap_or_default();
    let own: Vec<Entry> = spans.iter().map(|span| own(name, span)).collect();
    // Rates for all days leave nothing to the lists.
    if spans.first().is_some_and(|s| s.from_ms == i64::MIN)
        && spans.iter().all(|s| matches!(s.price, Own::Rates(_)))
    {
        return Ok(own);
    }
    // Whoever's transcript it is in: a bare name means the same to all, up to the vendor asked first.
    let mut models: Vec<&Model> = Source::ALL.iter().filter_map(|s| book.resolve(*s, None, name)).collect();
    models.dedup();
    let mut seen = Vec::new();
    for model in models {
        if !seen.contains(&model) {
            seen.push(model);
        }
    }
    if seen.is_empty() && own.is_empty() {
        return Err(Error::failure(format!("no price is known for `{name}`: its usage is counted and not priced"))
            .hint("set one in the configuration: [prices.\"MODEL\"] with input and output, dollars for a million tokens"));
    }
    Ok(own.into_iter().chain(seen.into_iter().flat_map(entries)).collect())
}

#[expect(clippy::disallowed_methods, reason = "a list that a person gives holds from today on")]
fn renew(file: &std::path::Path, json: bool, ctx: &Ctx) -> Result<()> {
    let text = std::fs::read_to_string(file).context(|| format!("read {}", file.display()))?;
    let today = jiff::Timestamp::now().to_string();
    let done = refresh(&text, &ctx.paths.config_dir.join("prices"), &today[..10])?;
    if json {
        return output::json(&Renewed { schema: REFRESH_SCHEMA, done });
    }
    output::print(&format!(
        "{} models priced from {}, kept in {}\nWhat is booked is priced anew by the next `swarm cost`.\n",
        done.models,
        done.source,
        done.path.display()
    ))
}

fn table(models: &[Entry], details: bool) -> String {
    let width = models.iter().map(|m| m.model.chars().count()).max().unwrap_or(0).max(5);
    let mut out = format!(
        "{:<width$} {:<10} {:<10} {:>9} {:>9} {:>9} {:>9} {:>9}\n",
        "Model", "Vendor", "From", "Input", "Output", "Cached", "Write 5m", "Write 1h"
    );
    let cell = |c: &Option<String>| c.clone().unwrap_or_else(|| "–".to_owned());
    let mut line = |name: &str, vendor: &str, from: &str, r: &Amounts| {
        let _ = writeln!(
            out,
            "{name:<width$} {vendor:<10} {from:<10} {:>9} {:>9} {:>9} {:>9} {:>9}",
            cell(&r.input),
            cell(&r.output),
            cell(&r.cache_read),
            cell(&r.cache_write_5m),
            cell(&r.cache_write_1h)
        );
    };
    for model in models {
        line(&model.model, &model.vendor, model.from.as_deref().unwrap_or("–"), &model.rates);
        for step in &model.steps {
            line(&format!("  above {}", step.above), "", "", &step.rates);
        }
    }
    if details {
        for model in models {
            let part = |what: &str, value: &Option<String>| value.as_ref().map(|v| format!("{what} {v}"));
            let mut parts = vec![format!("by {}", model.source)];
            parts.extend(part("fast ×", &model.fast));
            parts.extend(part("in the US ×", &model.us));
            parts.extend(part("a web search $", &model.web_search));
            parts.extend(model.context_window.map(|w| format!("context {w}")));
            if !model.services.is_empty() {
                parts.push(format!("also {}", model.services.join(", ")));
            }
            let from = model.from.as_deref().map(|f| format!(" from {f}")).unwrap_or_default();
            let _ = writeln!(out, "{}{from}: {}", model.model, parts.join("; "));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_dollars_for_a_million_tokens() {
        for (pico, text) in
            [(5_000_000, "5.00"), (200_000, "0.20"), (3_625, "0.003625"), (0, "0.00"), (75_000, "0.075")]
        {
            assert_eq!(per_million(pico), text);
        }
        assert_eq!((factor(1100), factor(2000)), ("1.1".to_owned(), "2".to_owned()));
    }
}
