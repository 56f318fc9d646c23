//! A person's own prices: what their contract says, in place of the lists or taken off them.

use std::collections::HashMap;

use super::Rates;
use super::data::day_ms;
use super::name::{candidates, vendor as known_vendor};

/// A person's own price of one model, or of all models of one vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// `model`, `vendor/model` or `vendor/*`, as transcripts or price lists name them.
    pub model: String,
    /// What it costs from when on, oldest first.
    pub spans: Vec<OwnSpan>,
}

/// One price from a moment on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnSpan {
    /// Milliseconds since 1970 UTC; `i64::MIN` for always.
    pub from_ms: i64,
    /// What holds.
    pub price: Own,
}

/// What a person said of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Own {
    /// These rates, for every service and prompt size.
    Rates(Rates),
    /// The list price, less so many thousandths.
    Discount(u32),
}

impl Override {
    /// Rates that hold at any time.
    pub fn always(model: &str, rates: Rates) -> Self {
        let span = OwnSpan { from_ms: i64::MIN, price: Own::Rates(rates) };
        Self { model: model.to_owned(), spans: vec![span] }
    }

    /// The override for one entry of the configuration's `[prices]`.
    pub fn from_config(model: &str, prices: &[crate::config::Price]) -> Self {
        let rate = |pico: Option<u64>| pico.and_then(|pico| i64::try_from(pico).ok());
        let spans = prices.iter().map(|price| OwnSpan {
            from_ms: price.from.as_deref().and_then(day_ms).unwrap_or(i64::MIN),
            price: match price.discount_permille {
                Some(permille) => Own::Discount(permille),
                None => Own::Rates(Rates {
                    input: rate(price.input),
                    output: rate(price.output),
                    cache_read: rate(price.cache_read),
                    cache_write_5m: rate(price.cache_write_5m),
                    cache_write_1h: rate(price.cache_write_1h),
                    reasoning: None,
                }),
            },
        });
        Self { model: model.to_owned(), spans: spans.collect() }
    }
}

/// What holds at `ts_ms`; `None` where the list does.
pub(super) fn at(spans: &[OwnSpan], ts_ms: i64) -> Option<Own> {
    spans.iter().rev().find(|s| s.from_ms <= ts_ms).map(|s| s.price)
}

/// All of a person's own prices, by the name they were given.
#[derive(Debug, Default)]
pub struct OwnPrices(HashMap<String, Vec<OwnSpan>>);

impl OwnPrices {
    pub(super) fn insert(&mut self, own: Override) {
        self.0.insert(own.model, own.spans);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[OwnSpan])> {
        self.0.iter().map(|(name, spans)| (name.as_str(), spans.as_slice()))
    }

    /// The prices for `model` in a transcript that names `vendor`, else bought from `seller`: those for this vendor's
    /// model first, then those for the model, then those for all of the vendor's models.
    pub(super) fn find(&self, vendor: Option<&str>, seller: Option<&str>, model: &str) -> &[OwnSpan] {
        if self.0.is_empty() {
            return &[];
        }
        let get = |name: &str| self.0.get(name).map(Vec::as_slice);
        let candidates = candidates(model);
        let prefix = candidates.iter().find_map(|(_, prefix)| *prefix);
        let mut sellers: Vec<&str> = vendor.into_iter().chain(prefix).collect();
        sellers.extend(vendor.and_then(known_vendor));
        if sellers.is_empty() {
            sellers.extend(seller);
        }
        let of_vendor = |name: &str| sellers.iter().find_map(|s| get(&format!("{s}/{name}")));
        let named = candidates.iter().find_map(|(name, _)| of_vendor(name).or_else(|| get(name)));
        named.or_else(|| of_vendor("*")).unwrap_or_default()
    }
}
