//! Prices: date-effective, by vendor and model, in pico-dollars for one token.
//!
//! Owns the compiled-in price files, the user's own prices on top of them, and the arithmetic. A price that is not
//! known is `None`, never 0 and never derived from another.

mod data;
mod name;
mod own;
mod refresh;

pub use own::{Override, Own, OwnPrices, OwnSpan};
pub use refresh::{Refreshed, refresh};

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use super::money::Usd;
use super::usage::{Service, Source, Terms, Usage};
use crate::error::{Context, Error, Result};

const LIST: &str = include_str!("../../../config/prices/list.json");
const HISTORY: &str = include_str!("../../../config/prices/history.json");

/// Where a refreshed list lies in the directory of prices.
const LIST_FILE: &str = "list.json";
/// Where a refreshed history lies.
const HISTORY_FILE: &str = "history.json";

/// Multiples of the list price for Claude's fast mode that no list holds any more: opus 4.6 and 4.7 were six-fold
/// (ccusage 20.0.24, its table of fast multipliers).
const RETIRED_FAST: [(&str, u32); 2] = [("claude-opus-4-6", 6_000), ("claude-opus-4-7", 6_000)];

/// What Anthropic bills for one web search, for models whose list entry does not say: $10 for a thousand.
const ANTHROPIC_WEB_SEARCH: i64 = 10_000_000_000;

/// Prices of one token by its kind, in pico-dollars; `None` is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rates {
    /// Uncached input.
    pub input: Option<i64>,
    /// Output.
    pub output: Option<i64>,
    /// Input read from the cache.
    pub cache_read: Option<i64>,
    /// Input written to the cache for five minutes or the vendor's only duration.
    pub cache_write_5m: Option<i64>,
    /// Input written to the cache for one hour.
    pub cache_write_1h: Option<i64>,
    /// Reasoning, where it has a price of its own; otherwise it is output.
    pub reasoning: Option<i64>,
}

impl Rates {
    /// These, with gaps filled from `base`.
    fn or(self, base: Self) -> Self {
        Self {
            input: self.input.or(base.input),
            output: self.output.or(base.output),
            cache_read: self.cache_read.or(base.cache_read),
            cache_write_5m: self.cache_write_5m.or(base.cache_write_5m),
            cache_write_1h: self.cache_write_1h.or(base.cache_write_1h),
            reasoning: self.reasoning.or(base.reasoning),
        }
    }
}

/// A step in the price: a prompt above it is billed at these rates as a whole, output included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Tokens of the prompt, cached ones included.
    pub above: u64,
    /// The step includes its threshold.
    pub inclusive: bool,
    /// Rates that differ from the base.
    pub rates: Rates,
}

/// A part of the day with rates of its own, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Bit 0 is Monday.
    pub days: u8,
    /// First minute of the day.
    pub start: u16,
    /// First minute of the day after it; less than `start` when it crosses midnight.
    pub end: u16,
    /// Rates that differ from the base.
    pub rates: Rates,
}

impl Window {
    fn holds_at(&self, ts_ms: i64) -> bool {
        let minutes = ts_ms.div_euclid(60_000);
        let minute = minutes.rem_euclid(1440) as u16;
        // 1970-01-01 was a Thursday.
        let weekday = (minutes.div_euclid(1440) + 3).rem_euclid(7) as u8;
        let inside = if self.start < self.end {
            (self.start..self.end).contains(&minute)
        } else {
            minute >= self.start || minute < self.end
        };
        inside && self.days & (1 << weekday) != 0
    }
}

/// What one model costs during one span of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Price {
    /// The base rates.
    pub rates: Rates,
    /// Steps, lowest first.
    pub tiers: Vec<Tier>,
    /// Parts of the day with rates of their own; the last that holds wins.
    pub windows: Vec<Window>,
    /// Other services: their rates and steps.
    pub services: BTreeMap<Service, (Rates, Vec<Tier>)>,
    /// Fast mode, in thousandths of the price.
    pub fast: Option<u32>,
    /// Inference inside the United States, in thousandths of the price.
    pub us: Option<u32>,
    /// One web search, in pico-dollars.
    pub web_search: Option<i64>,
}

/// A price from a moment on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Milliseconds since 1970 UTC; `i64::MIN` for as long as anyone knows.
    pub from_ms: i64,
    /// The price.
    pub price: Price,
    /// Which price list says so.
    pub source: Arc<str>,
}

/// One model of one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its listed name.
    pub name: String,
    /// Whose price this is.
    pub vendor: String,
    /// The vendor is the model's own maker: its bare name means this one.
    pub home: bool,
    /// Its prices, oldest first; never empty.
    pub spans: Vec<Span>,
    /// Tokens its context window holds.
    pub context_window: Option<u64>,
}

impl Model {
    /// The price at `ts_ms`.
    pub fn at(&self, ts_ms: i64) -> Option<&Price> {
        self.spans.iter().rev().find(|s| s.from_ms <= ts_ms).map(|s| &s.price)
    }
}

/// Every price there is to use.
#[derive(Debug)]
pub struct PriceBook {
    models: Vec<Model>,
    /// (vendor, name) to an index into `models`.
    by_vendor: HashMap<(String, String), usize>,
    /// A bare name to the model of its own maker.
    by_name: HashMap<String, usize>,
    own: OwnPrices,
    rev: i64,
}

impl PriceBook {
    /// The compiled-in prices.
    pub fn builtin() -> Result<Self> {
        Self::from_texts(LIST, HISTORY)
    }

    /// The compiled-in prices, or those that `swarm cost prices --refresh` put into `dir`.
    pub fn load(dir: &Path) -> Result<Self> {
        let read = |name: &str, builtin: &'static str| -> Result<std::borrow::Cow<'static, str>> {
            let path = dir.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => Ok(text.into()),
                Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(builtin.into()),
                Err(err) => Err(err).context(|| format!("read {}", path.display())),
            }
        };
        let (list, history) = (read(LIST_FILE, LIST)?, read(HISTORY_FILE, HISTORY)?);
        Self::from_texts(&list, &history)
            .map_err(|e| e.hint(format!("delete {} to use the prices that came with swarm", dir.display())))
    }

    fn from_texts(list: &str, history: &str) -> Result<Self> {
        let bad = |e: serde_json::Error| Error::failure("the price file is malformed").because(e);
        let list_file: data::List = serde_json::from_str(list).map_err(bad)?;
        let history_file: data::History = serde_json::from_str(history).map_err(bad)?;
        let mut book = Self {
            models: Vec::new(),
            by_vendor: HashMap::new(),
            by_name: HashMap::new(),
            own: OwnPrices::default(),
            rev: fnv(fnv(FNV_START, list.as_bytes()), history.as_bytes()).cast_signed(),
        };
        let mut spellings = Vec::new();
        for (names, mut model) in data::merge(&list_file, &history_file) {
            complete(&mut model);
            let at = book.models.len();
            let mut names = names.into_iter();
            book.names(at, &model, names.next());
            spellings.push((at, names));
            book.models.push(model);
        }
        // A name that is listed means that entry, not the one that also goes by it.
        for (at, names) in spellings {
            let model = book.models[at].clone();
            book.names(at, &model, names);
        }
        for (at, model) in book.models.iter().enumerate() {
            book.by_name.entry(model.name.clone()).or_insert(at);
        }
        Ok(book)
    }

    fn names(&mut self, at: usize, model: &Model, names: impl IntoIterator<Item = String>) {
        for name in names {
            self.by_vendor.entry((model.vendor.clone(), name.clone())).or_insert(at);
            if model.home {
                self.by_name.entry(name).or_insert(at);
            }
        }
    }

    /// The same with a person's own prices on top.
    #[must_use]
    pub fn with_overrides(mut self, overrides: impl IntoIterator<Item = Override>) -> Self {
        let mut sorted: Vec<Override> = overrides.into_iter().collect();
        sorted.sort_by(|a, b| a.model.cmp(&b.model));
        for own in sorted {
            self.rev = fnv(self.rev.cast_unsigned(), format!("{own:?}").as_bytes()).cast_signed();
            self.own.insert(own);
        }
        self
    }

    /// Changes whenever any price does: booked costs carry it, so that stale ones are found by one statement.
    pub const fn rev(&self) -> i64 {
        self.rev
    }

    /// Every listed model, in the order of the files.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The models a person set prices for, with them.
    pub fn overrides(&self) -> impl Iterator<Item = (&str, &[OwnSpan])> {
        self.own.iter()
    }

    /// The listed model that `model` in a transcript means. The vendor that the transcript names is asked first; the
    /// bare name otherwise means the model of its own maker.
    pub fn resolve(&self, source: Source, vendor: Option<&str>, model: &str) -> Option<&Model> {
        let named = vendor.and_then(name::vendor);
        for (candidate, prefix) in name::candidates(model) {
            let vendors = [prefix, named, source.vendor()];
            let known = vendors
                .into_iter()
                .flatten()
                .find_map(|v| self.by_vendor.get(&(v.to_owned(), candidate.clone())));
            if let Some(at) = known.or_else(|| self.by_name.get(&candidate)) {
                return Some(&self.models[*at]);
            }
        }
        None
    }

    /// A quote for `model`: resolved once, asked many times.
    pub fn quote(&self, source: Source, vendor: Option<&str>, model: &str) -> Quote<'_> {
        let listed = self.resolve(source, vendor, model);
        let seller = source.vendor().or_else(|| listed.map(|m| m.vendor.as_str()));
        Quote { model: listed, own: self.own.find(vendor, seller, model) }
    }

    /// What `usage` costs; `None` when any part of it has no known price.
    pub fn cost(
        &self,
        source: Source,
        vendor: Option<&str>,
        model: &str,
        ts_ms: i64,
        usage: &Usage,
        terms: Terms,
    ) -> Option<Usd> {
        self.quote(source, vendor, model).cost(ts_ms, usage, terms)
    }
}

/// The price of one model, found.
#[derive(Debug, Clone, Copy)]
pub struct Quote<'a> {
    /// The listed model, if any.
    pub model: Option<&'a Model>,
    /// The person's own prices, oldest first; mostly none.
    pub own: &'a [OwnSpan],
}

impl Quote<'_> {
    /// What is booked for `usage`: by the person's own price, else what the agent itself says it cost (nought is a
    /// valid price: a subscription), else by the list. `None` when none of them is known.
    pub fn booked(&self, reported: Option<Usd>, ts_ms: i64, usage: &Usage, terms: Terms) -> Option<Usd> {
        match own::at(self.own, ts_ms) {
            Some(_) => self.cost(ts_ms, usage, terms).or(reported),
            None => reported.or_else(|| self.cost(ts_ms, usage, terms)),
        }
    }

    /// What `usage` costs; `None` when any part of it has no known price.
    pub fn cost(&self, ts_ms: i64, usage: &Usage, terms: Terms) -> Option<Usd> {
        let listed = self.model.and_then(|m| m.at(ts_ms));
        let own = own::at(self.own, ts_ms);
        let rates = match own {
            Some(Own::Rates(rates)) => rates,
            _ => listed?.rates_for(ts_ms, usage.prompt(), terms.service)?,
        };
        let openai = self.model.is_some_and(|m| m.vendor == "openai") && !matches!(own, Some(Own::Rates(_)));
        let reasoning = usage.reasoning.min(usage.output);
        let (plain_output, reasoning) = match rates.reasoning {
            Some(_) => (usage.output - reasoning, reasoning),
            None => (usage.output, 0),
        };
        // OpenAI bills cache writes as input for models without a price for them.
        let write = rates.cache_write_5m.or(if openai { rates.input } else { None });
        let mut pico: i128 = 0;
        for (tokens, rate) in [
            (usage.input, rates.input),
            (plain_output, rates.output),
            (reasoning, rates.reasoning),
            (usage.cache_read, rates.cache_read),
            (usage.cache_write_5m, write),
            (usage.cache_write_1h, rates.cache_write_1h),
        ] {
            if tokens > 0 {
                pico = pico.checked_add(i128::from(tokens).checked_mul(i128::from(rate?))?)?;
            }
        }
        if terms.fast {
            pico *= i128::from(listed.and_then(|p| p.fast)?);
            pico = (pico + 500) / 1000;
        }
        if terms.us {
            pico *= i128::from(listed.and_then(|p| p.us).unwrap_or(1000));
            pico = (pico + 500) / 1000;
        }
        if usage.web_searches > 0 {
            pico += i128::from(usage.web_searches) * i128::from(listed.and_then(|p| p.web_search)?);
        }
        if let Some(Own::Discount(permille)) = own {
            pico *= i128::from(1000_u32.saturating_sub(permille));
            pico = (pico + 500) / 1000;
        }
        i64::try_from(pico).ok().map(Usd)
    }
}

impl Price {
    /// The rates for a prompt of `prompt` tokens at `ts_ms`.
    pub fn rates_for(&self, ts_ms: i64, prompt: u64, service: Service) -> Option<Rates> {
        let step = |tiers: &[Tier]| {
            tiers
                .iter()
                .rfind(|t| if t.inclusive { prompt >= t.above } else { prompt > t.above })
                .map(|t| t.rates)
        };
        let base = match step(&self.tiers) {
            Some(rates) => rates.or(self.rates),
            None => match self.windows.iter().rfind(|w| w.holds_at(ts_ms)) {
                Some(window) => window.rates.or(self.rates),
                None => self.rates,
            },
        };
        match (service, self.services.get(&service)) {
            (_, Some((rates, tiers))) => match step(tiers) {
                Some(stepped) => Some(stepped.or(*rates)),
                // Of a service whose price nobody recorded, nothing is known, whatever the prompt.
                None if *rates == Rates::default() => Some(*rates),
                // A service without steps of its own does not sell large prompts: they are billed as usual.
                None if tiers.is_empty() && step(&self.tiers).is_some() => Some(base),
                None => Some(*rates),
            },
            // Not sold for this model: a faster service falls back to the usual one, a cheaper one is unknown.
            (Service::Standard | Service::Priority | Service::Ultrafast, None) => Some(base),
            (Service::Batch | Service::Flex, None) => None,
        }
    }
}

/// Fills in what no list says but is known.
fn complete(model: &mut Model) {
    if model.vendor != "anthropic" {
        return;
    }
    let bare = model.name.get(..15).unwrap_or(&model.name);
    let retired = RETIRED_FAST.iter().find(|(name, _)| *name == bare).map(|(_, factor)| *factor);
    for span in &mut model.spans {
        span.price.fast = span.price.fast.or(retired);
        span.price.web_search = span.price.web_search.or(Some(ANTHROPIC_WEB_SEARCH));
    }
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: a fingerprint that stays the same from release to release.
pub(crate) fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The fingerprint of `bytes`.
pub(crate) fn fingerprint(bytes: &[u8]) -> u64 {
    fnv(FNV_START, bytes)
}

#[cfg(test)]
mod tests;
