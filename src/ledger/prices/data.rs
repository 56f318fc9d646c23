//! The price files: `config/prices/list.json` (what holds now) and `history.json` (dates and retired models).
//!
//! Numbers are pico-dollars for one token. The two are merged into one timeline for each (vendor, model).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Model, Price, Rates, Span, Tier, Window};
use crate::ledger::usage::Service;

/// A price file of either kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct File<M> {
    pub(super) schema: String,
    pub(super) kind: String,
    pub(super) source: String,
    pub(super) licence: String,
    /// The day until which the file is known to hold, `YYYY-MM-DD`.
    pub(super) date: String,
    pub(super) models: M,
}

/// What holds now, by model name.
pub(super) type List = File<BTreeMap<String, Listed>>;
/// What held when.
pub(super) type History = File<Vec<Dated>>;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(n: &u8) -> bool {
    *n == 0
}

/// Prices of one token by its kind; also the body of a tier, a service and an off-peak window.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) above: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) i: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) o: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cr: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw1h: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) or: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tiers: Vec<Body>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) windows: Vec<RawWindow>,
}

/// When an off-peak price holds, UTC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RawWindow {
    /// `HH:MM-HH:MM`; `00:00` at the end is midnight.
    pub(super) hours_utc: Vec<String>,
    /// Monday is 1; empty is every day.
    #[serde(default)]
    pub(super) weekdays: Vec<u8>,
}

/// One model of the list.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    pub(super) p: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) i: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) o: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cr: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw1h: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) or: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tiers: Vec<Body>,
    /// 1: a tier begins at its threshold instead of above it.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) incl: u8,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) svc: BTreeMap<String, Body>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) off_peak: Option<Body>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fast: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) us: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ws: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ctx: Option<u64>,
}

/// One model of the history.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Dated {
    pub(super) p: String,
    pub(super) names: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ctx: Option<u64>,
    pub(super) prices: Vec<DatedPrice>,
}

/// A price and when it holds; of several the last that applies wins.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DatedPrice {
    /// `YYYY-MM-DD`, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// `["HH:MM", "HH:MM"]`: only in this part of each day, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) utc: Option<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) i: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) o: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cr: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cw1h: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ws: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tiers: Vec<Body>,
}

impl Body {
    fn rates(&self) -> Rates {
        Rates {
            input: self.i,
            output: self.o,
            cache_read: self.cr,
            cache_write_5m: self.cw,
            cache_write_1h: self.cw1h,
            reasoning: self.or,
        }
    }
}

fn tiers(bodies: &[Body], inclusive: bool) -> Vec<Tier> {
    let mut tiers: Vec<Tier> =
        bodies.iter().filter_map(|b| Some(Tier { above: b.above?, inclusive, rates: b.rates() })).collect();
    tiers.sort_by_key(|t| t.above);
    tiers
}

/// Minutes since midnight.
fn minutes(text: &str) -> Option<u16> {
    let (h, m) = text.split_once(':')?;
    Some(h.parse::<u16>().ok()? * 60 + m.parse::<u16>().ok()?)
}

fn window(from: &str, to: &str, weekdays: &[u8], rates: Rates) -> Option<Window> {
    let (start, end) = (minutes(from)?, minutes(to)?);
    let days = if weekdays.is_empty() {
        0b111_1111
    } else {
        weekdays.iter().filter(|d| (1..=7).contains(*d)).fold(0, |m, d| m | 1 << (d - 1))
    };
    Some(Window { days, start, end: if end == 0 { 24 * 60 } else { end }, rates })
}

/// A decimal factor such as `1.1` in thousandths.
fn thousandths(text: &str) -> Option<u32> {
    let pico = crate::ledger::money::Usd::parse(text)?.0;
    u32::try_from(pico / 1_000_000_000).ok()
}

impl Listed {
    fn price(&self) -> Price {
        let inclusive = self.incl == 1;
        let rates = Rates {
            input: self.i,
            output: self.o,
            cache_read: self.cr,
            cache_write_5m: self.cw,
            cache_write_1h: self.cw1h,
            reasoning: self.or,
        };
        let windows = self.off_peak.iter().flat_map(|body| {
            body.windows.iter().flat_map(move |w| {
                w.hours_utc.iter().filter_map(move |hours| {
                    let (from, to) = hours.split_once('-')?;
                    window(from, to, &w.weekdays, body.rates())
                })
            })
        });
        let services = self
            .svc
            .iter()
            .map(|(name, body)| (Service::parse(name), (body.rates(), tiers(&body.tiers, inclusive))))
            .collect();
        Price {
            rates,
            tiers: tiers(&self.tiers, inclusive),
            windows: windows.collect(),
            services,
            fast: self.fast.as_deref().and_then(thousandths),
            us: self.us.as_deref().and_then(thousandths),
            web_search: self.ws,
        }
    }
}

impl DatedPrice {
    fn price(&self) -> Price {
        Price {
            rates: self.rates(),
            tiers: tiers(&self.tiers, false),
            web_search: self.ws,
            ..Price::default()
        }
    }

    fn rates(&self) -> Rates {
        Rates {
            input: self.i,
            output: self.o,
            cache_read: self.cr,
            cache_write_5m: self.cw,
            cache_write_1h: self.cw1h,
            reasoning: None,
        }
    }
}

/// Midnight UTC of `YYYY-MM-DD` in milliseconds since 1970.
pub(super) fn day_ms(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

impl Dated {
    fn spans(&self, source: &str) -> Vec<Span> {
        let mut spans: Vec<Span> = self
            .prices
            .iter()
            .filter(|p| p.utc.is_none())
            .map(|p| Span {
                from_ms: p.from.as_deref().and_then(day_ms).unwrap_or(i64::MIN),
                price: p.price(),
                source: source.into(),
            })
            .collect();
        spans.sort_by_key(|s| s.from_ms);
        for p in &self.prices {
            let Some([from, to]) = &p.utc else { continue };
            for span in &mut spans {
                span.price.windows.extend(window(from, to, &[], p.rates()));
            }
        }
        spans
    }
}

/// One timeline for each model of both files. The list holds from the last dated change before its own date until the
/// next one; before and after that, and for models it no longer names, the history holds.
pub(super) fn merge(list: &List, history: &History) -> Vec<(Vec<String>, Model)> {
    let as_of = day_ms(&list.date).unwrap_or(i64::MAX);
    let mut models = Vec::new();
    let mut used = vec![false; history.models.len()];
    for (key, listed) in &list.models {
        let bare = key.split_once('/').map_or(key.as_str(), |(_, bare)| bare);
        let at = history.models.iter().position(|d| d.p == listed.p && d.names.iter().any(|n| n == bare));
        if let Some(at) = at {
            used[at] = true;
        }
        let dated = at.map(|at| &history.models[at]);
        let spans = timeline(listed, dated, as_of, list, history);
        // A key with its vendor in front stands aside: the bare name belongs to the model's own maker.
        let model = Model {
            name: bare.to_owned(),
            vendor: listed.p.clone(),
            home: !key.contains('/'),
            spans,
            context_window: listed.ctx.or_else(|| dated.and_then(|d| d.ctx)),
        };
        models.push((vec![bare.to_owned()], model));
    }
    for (dated, used) in history.models.iter().zip(used) {
        // Spellings of a model that the list names are spellings of that model.
        let listed = used
            .then(|| models.iter_mut().find(|(n, m)| m.vendor == dated.p && dated.names.contains(&n[0])))
            .flatten();
        if let Some((names, _)) = listed {
            names.extend(dated.names.iter().cloned());
        } else {
            let model = Model {
                name: dated.names.first().cloned().unwrap_or_default(),
                vendor: dated.p.clone(),
                home: true,
                spans: dated.spans(&history.source),
                context_window: dated.ctx,
            };
            models.push((dated.names.clone(), model));
        }
    }
    models
}

fn timeline(listed: &Listed, dated: Option<&Dated>, as_of: i64, list: &List, history: &History) -> Vec<Span> {
    let now = listed.price();
    let past = dated.map(|d| d.spans(&history.source)).unwrap_or_default();
    let current_from = past.iter().map(|s| s.from_ms).filter(|from| *from <= as_of).max();
    let current_from = current_from.unwrap_or(i64::MIN);
    let web = now.web_search.or_else(|| past.iter().find_map(|s| s.price.web_search));
    let mut spans = Vec::with_capacity(past.len() + 1);
    let mut price = now.clone();
    price.web_search = web;
    spans.push(Span { from_ms: current_from, price, source: list.source.as_str().into() });
    for mut span in past {
        if span.from_ms < current_from || span.from_ms > as_of {
            span.price.fast = now.fast;
            span.price.us = now.us;
            span.price.web_search = span.price.web_search.or(web);
            // A service that was sold has a price of its own at that time, which nobody recorded: unknown.
            span.price.services = now.services.keys().map(|s| (*s, (Rates::default(), Vec::new()))).collect();
            spans.push(span);
        }
    }
    spans.sort_by_key(|s| s.from_ms);
    spans
}
