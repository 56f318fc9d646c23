//! The layers laid over each other, each value with the place it came from.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;

use super::budget::{self, Budget, Limit, Thresholds};
use super::file::{self, Amount, At};
use super::layout::Arrangement;
use super::problem::{Place, Problem, Source};
use super::settings::{MonitorSettings, Notify, Overview, Price};
use super::{AnswerBy, Permissions, Restart, address, check, message};

/// A value with its place.
#[derive(Debug, Clone)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

/// Texts by name.
pub(super) type Texts = BTreeMap<String, Placed<String>>;

/// All layers as one.
#[derive(Debug, Default)]
pub(super) struct Merged {
    pub(super) vars: Texts,
    pub(super) profile: Option<Placed<String>>,
    pub(super) model: Option<Placed<String>>,
    pub(super) permissions: Permissions,
    pub(super) answer_by: AnswerBy,
    pub(super) restart: Restart,
    pub(super) hibernate_after: Option<u64>,
    pub(super) env: Texts,
    pub(super) pass_env: Vec<Placed<String>>,
    pub(super) agent_budget: Budget,
    pub(super) windows: Option<Placed<Arrangement>>,
    /// With whether a person chose it.
    pub(super) panes_per_window: Option<(u16, bool)>,
    pub(super) roles: BTreeMap<String, MergedRole>,
    pub(super) templates: Texts,
    pub(super) overview: Overview,
    pub(super) notify: Notify,
    pub(super) prices: BTreeMap<String, Vec<Price>>,
    pub(super) swarm_budget: Budget,
    pub(super) monitor: MonitorSettings,
}

/// A role, its texts not yet expanded.
#[derive(Debug, Default, Clone)]
pub(super) struct MergedRole {
    pub(super) goal: Option<Placed<String>>,
    pub(super) instructions: Option<Placed<String>>,
    pub(super) constraints: Vec<Placed<String>>,
    pub(super) budget: Budget,
}

/// Lays layers on a [`Merged`], one after the other.
pub(super) struct Merger<'a> {
    pub(super) merged: Merged,
    pub(super) problems: &'a mut Vec<Problem>,
}

/// One layer's source, and whether a person wrote it.
struct From<'s> {
    source: &'s Arc<Source>,
    written: bool,
}

impl From<'_> {
    fn place<T>(&self, at: &At<T>) -> Place {
        Place::new(self.source, at.span())
    }

    fn put(&self, at: &At<String>) -> Placed<String> {
        placed(self.source, at)
    }

    fn texts(&self, map: &BTreeMap<At<String>, At<String>>) -> Texts {
        map.iter().map(|(k, v)| (k.get().clone(), self.put(v))).collect()
    }
}

/// The text of `at` with its place in `source`.
pub(super) fn placed(source: &Arc<Source>, at: &At<String>) -> Placed<String> {
    Placed { value: at.get().clone(), place: Place::new(source, at.span()) }
}

/// Replaces `old` where the layer says something.
fn lay<T>(old: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *old = new;
    }
}

impl Merger<'_> {
    /// Lays `file`, read from `source`, on top; `written` unless it is built in.
    pub(super) fn lay(&mut self, file: &file::UserFile, source: &Arc<Source>, written: bool) {
        let from = From { source, written };
        for (name, value) in &file.vars {
            self.var(name, value, &from);
        }
        self.defaults(&file.defaults, &from);
        self.layout(&file.layout, &from);
        for (name, role) in &file.roles {
            self.role(name, role, &from);
        }
        for (name, text) in &file.templates {
            self.template(name, text, &from);
        }
        self.settings(file);
        self.notify(&file.notify, &from);
        for (model, price) in &file.prices {
            if let Some(prices) = self.prices(model, price, &from) {
                self.merged.prices.insert(model.get().clone(), prices);
            }
        }
        let swarm = self.budget(&file.budget, source);
        self.merged.swarm_budget = over(&swarm, &self.merged.swarm_budget);
    }

    fn var(&mut self, name: &At<String>, value: &At<String>, from: &From<'_>) {
        let word = name.get();
        let plain = word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        if BUILT_IN_VARS.contains(&word.as_str()) {
            let problem =
                Problem::error(from.place(name), format!("the variable `{word}` is set by swarm itself"));
            self.problems.push(problem.mend("choose another name"));
        } else if word.is_empty() || !plain {
            let message = format!("`{word}` is no name for a variable");
            self.problems
                .push(Problem::error(from.place(name), message).mend("use letters, digits, `_` and `-`"));
        } else {
            self.merged.vars.insert(word.clone(), from.put(value));
        }
    }

    fn defaults(&mut self, defaults: &file::Defaults, from: &From<'_>) {
        let budget = self.budget(&defaults.budget, from.source);
        for key in defaults.env.keys() {
            if let Err(problem) = check::variable(key.get(), &from.place(key)) {
                self.problems.push(problem);
            }
        }
        let rest = defaults.hibernate_after.as_ref().map(|at| self.rest(at, from.source));
        let merged = &mut self.merged;
        lay(&mut merged.hibernate_after, rest);
        lay(&mut merged.profile, defaults.profile.as_ref().map(|p| Some(from.put(p))));
        lay(&mut merged.model, defaults.model.as_ref().map(|m| Some(from.put(m))));
        lay(&mut merged.permissions, defaults.permissions);
        lay(&mut merged.answer_by, defaults.answer_by);
        lay(&mut merged.restart, defaults.restart);
        merged.env.extend(from.texts(&defaults.env));
        merged.pass_env.extend(defaults.pass_env.iter().map(|n| from.put(n)));
        merged.agent_budget = over(&budget, &merged.agent_budget);
    }

    fn layout(&mut self, layout: &file::Layout, from: &From<'_>) {
        if let Some(windows) = &layout.windows {
            match windows.get().parse::<Arrangement>() {
                Ok(value) => self.merged.windows = Some(Placed { value, place: from.place(windows) }),
                Err(why) => {
                    let names = Arrangement::NAMED.map(|a| a.as_str().to_owned());
                    let mut problem = Problem::error(from.place(windows), why).mend(format!(
                        "use one of {}, or a layout string of `tmux list-windows`",
                        names.join(", ")
                    ));
                    if let Some(near) = super::shape::nearest(windows.get(), names.iter().map(String::as_str))
                    {
                        problem = problem.label(format!("did you mean `{near}`?"));
                    }
                    self.problems.push(problem);
                }
            }
        }
        lay(&mut self.merged.panes_per_window, layout.panes_per_window.map(|n| Some((n, from.written))));
    }

    fn role(&mut self, name: &At<String>, role: &file::Role, from: &From<'_>) {
        if let Err(why) = address::check_role(name.get()) {
            self.problems.push(Problem::error(from.place(name), why));
            return;
        }
        let budget = self.budget(&role.budget, from.source);
        let merged = self.merged.roles.entry(name.get().clone()).or_default();
        merged.budget = over(&budget, &merged.budget);
        lay(&mut merged.goal, role.goal.as_ref().map(|t| Some(from.put(t))));
        lay(&mut merged.instructions, role.instructions.as_ref().map(|t| Some(from.put(t))));
        lay(
            &mut merged.constraints,
            role.constraints.as_ref().map(|c| c.iter().map(|t| from.put(t)).collect()),
        );
    }

    fn template(&mut self, name: &At<String>, text: &At<String>, from: &From<'_>) {
        let word = name.get();
        if let Err(why) = crate::name::check_word(word) {
            let message = format!("the name of the template, `{}`, {why}", word.escape_default());
            self.problems.push(Problem::error(from.place(name), message));
        } else if self.merged.templates.len() >= message::MOST && !self.merged.templates.contains_key(word) {
            let text = format!("there are more than {} templates", message::MOST);
            self.problems.push(Problem::error(from.place(name), text));
        } else {
            self.merged.templates.insert(word.clone(), from.put(text));
        }
    }

    fn settings(&mut self, file: &file::UserFile) {
        let merged = &mut self.merged;
        lay(&mut merged.overview.icons, file.overview.icons);
        lay(&mut merged.overview.theme, file.overview.theme.as_ref().map(|t| t.get().clone()));
        let keys = file.overview.keys.iter().map(|(action, keys)| (action.get().clone(), keys.clone()));
        merged.overview.keys.extend(keys);
        lay(&mut merged.monitor.log, file.monitor.log.as_ref().map(|t| t.get().clone()));
        lay(&mut merged.monitor.keep_events_days, file.monitor.keep_events_days);
        lay(&mut merged.monitor.keep_events, file.monitor.keep_events);
        lay(&mut merged.monitor.low_power, file.monitor.low_power);
    }

    fn notify(&mut self, notify: &file::Notify, from: &From<'_>) {
        let delay = notify.delay.as_ref().map(|at| self.span(at, from));
        let cool_down = notify.cool_down.as_ref().map(|at| self.span(at, from));
        let merged = &mut self.merged.notify;
        lay(&mut merged.on, notify.on.clone());
        let agents = notify.agents.iter().map(|(name, kinds)| (name.get().clone(), kinds.clone()));
        merged.agents.extend(agents);
        lay(&mut merged.bell, notify.bell);
        lay(&mut merged.terminal, notify.terminal);
        lay(&mut merged.desktop, notify.desktop);
        let command = notify.command.as_ref();
        lay(&mut merged.command, command.map(|c| c.iter().map(|w| w.get().clone()).collect()));
        lay(&mut merged.delay_seconds, delay);
        lay(&mut merged.cool_down_seconds, cool_down);
        if let Some(webhook) = &notify.webhook {
            let url = webhook.get();
            if url.starts_with("https://") || url.starts_with("http://") {
                merged.webhook = Some(url.clone());
            } else {
                let problem = Problem::error(from.place(webhook), "`webhook` is no http or https URL");
                self.problems.push(problem);
            }
        }
        if let Some(quiet) = &notify.quiet {
            match quiet.get().parse() {
                Ok(quiet) => merged.quiet = Some(quiet),
                Err(why) => {
                    let problem = Problem::error(from.place(quiet), why);
                    self.problems.push(problem.mend("write it as \"22:00-07:00\""));
                }
            }
        }
    }

    /// A length of time that may be nothing, in seconds.
    fn span(&mut self, at: &At<String>, from: &From<'_>) -> u64 {
        let parsed = at.get().parse::<SignedDuration>().ok().and_then(|d| u64::try_from(d.as_secs()).ok());
        parsed.unwrap_or_else(|| {
            let message = format!("`{}` is no length of time", at.get().escape_default());
            self.problems.push(Problem::error(from.place(at), message).mend("write it as \"30s\" or \"5m\""));
            0
        })
    }

    /// A model's prices, the earliest first.
    fn prices(&mut self, model: &At<String>, price: &file::Price, from: &From<'_>) -> Option<Vec<Price>> {
        let mut spans = vec![self.price(model, price, from)?];
        for change in &price.changes {
            let span = self.price(model, change, from)?;
            if span.from.is_none() || !change.changes.is_empty() {
                let message = format!("a change of the price of `{}` needs a day", model.get());
                let problem = Problem::error(from.place(model), message);
                self.problems
                    .push(problem.mend("write each as { from = \"2026-12-01\", input = 1, output = 2 }"));
                return None;
            }
            spans.push(span);
        }
        spans.sort_by(|a, b| a.from.cmp(&b.from));
        Some(spans)
    }

    fn price(&mut self, model: &At<String>, price: &file::Price, from: &From<'_>) -> Option<Price> {
        let name = model.get();
        let amounts =
            [&price.input, &price.output, &price.cache_read, &price.cache_write_5m, &price.cache_write_1h];
        let whole = match &price.discount_percent {
            Some(_) => amounts.iter().all(|a| a.is_none()),
            None => price.input.is_some() && price.output.is_some(),
        };
        if !whole || name.split('/').any(|part| part.trim().is_empty()) {
            let problem = Problem::error(from.place(model), format!("`{name}` is not priced by this"));
            self.problems.push(problem.mend(
                "write [prices.\"model\"] or [prices.\"vendor/model\"] with `input` and `output`, or with `discount_percent` alone",
            ));
            return None;
        }
        if let Some(day) = price.from.as_ref().filter(|day| day.get().parse::<jiff::civil::Date>().is_err()) {
            let problem =
                Problem::error(from.place(day), format!("`{}` is no day", day.get().escape_default()));
            self.problems.push(problem.mend("write it as \"2026-12-01\""));
            return None;
        }
        let discount_permille = match &price.discount_percent {
            None => None,
            Some(at) => {
                let pico = self.amount(at, from.source)?;
                // A tenth of a percent is a thousandth.
                let (permille, rest) = (pico / 100_000_000_000, pico % 100_000_000_000);
                if permille > 1000 || rest > 0 {
                    let message = "a discount is 0 to 100 percent, with at most one decimal place";
                    self.problems.push(Problem::error(from.place(at), message));
                    return None;
                }
                u32::try_from(permille).ok()
            }
        };
        let [input, output, cache_read, cache_write_5m, cache_write_1h] =
            amounts.map(|at| at.as_ref().map(|at| self.per_token(at, from)));
        Some(Price {
            from: price.from.as_ref().map(|day| day.get().clone()),
            input: input.flatten(),
            output: output.flatten(),
            cache_read: cache_read.flatten(),
            cache_write_5m: cache_write_5m.flatten(),
            cache_write_1h: cache_write_1h.flatten(),
            discount_permille,
        })
    }

    /// Dollars per million tokens as pico-dollars per token.
    fn per_token(&mut self, at: &At<Amount>, from: &From<'_>) -> Option<u64> {
        let per_million = self.amount(at, from.source)?;
        if per_million % 1_000_000 == 0 {
            return Some(per_million / 1_000_000);
        }
        self.problems.push(Problem::error(from.place(at), "a price has at most 6 decimal places"));
        None
    }

    fn amount(&mut self, at: &At<Amount>, source: &Arc<Source>) -> Option<u64> {
        let text = at.get().text();
        budget::parse_usd(&text)
            .map_err(|why| {
                let message = format!("the amount `{}` {why}", text.escape_default());
                self.problems.push(Problem::error(Place::new(source, at.span()), message));
            })
            .ok()
    }

    /// Reads the limits of one `budget` table; what is wrong is reported and left out.
    pub(super) fn budget(&mut self, budget: &file::Budget, source: &Arc<Source>) -> Budget {
        let mut limit = |usd: &Option<At<Amount>>, tokens: Option<u64>, time: &Option<At<String>>| Limit {
            usd_pico: usd.as_ref().and_then(|at| self.amount(at, source)),
            tokens,
            wall_clock_seconds: time.as_ref().and_then(|at| self.seconds(at, source)),
        };
        Budget {
            turn: limit(&budget.usd_per_turn, budget.tokens_per_turn, &budget.time_per_turn),
            task: limit(&budget.usd_per_task, budget.tokens_per_task, &budget.time_per_task),
            day: limit(&budget.usd_per_day, budget.tokens_per_day, &budget.time_per_day),
            total: limit(&budget.usd_total, budget.tokens_total, &budget.time_total),
            first_turn: limit(&budget.usd_first_turn, budget.tokens_first_turn, &None),
            at: thresholds(budget),
        }
    }

    /// How long an agent may be idle before it sleeps, in seconds; `None` for ever.
    pub(super) fn rest(&mut self, at: &At<String>, source: &Arc<Source>) -> Option<u64> {
        (at.get() != "never").then(|| self.seconds(at, source)).flatten()
    }

    fn seconds(&mut self, at: &At<String>, source: &Arc<Source>) -> Option<u64> {
        let parsed =
            at.get().parse::<SignedDuration>().ok().filter(|d| d.is_positive() && d.subsec_nanos() == 0);
        if parsed.is_none() {
            let message = format!("`{}` is no length of time in whole seconds", at.get().escape_default());
            let problem = Problem::error(Place::new(source, at.span()), message);
            self.problems.push(problem.mend("write it as \"90s\", \"30m\" or \"2h 30m\""));
        }
        parsed.and_then(|d| u64::try_from(d.as_secs()).ok())
    }
}

/// Variables that swarm sets: the swarm's name and root, the agent's name, role and profile.
pub(super) const BUILT_IN_VARS: [&str; 5] = ["swarm", "root", "agent", "role", "profile"];

fn thresholds(budget: &file::Budget) -> Thresholds {
    let warn = budget.warn_at.clone().map(|mut warn| {
        warn.sort_unstable();
        warn.dedup();
        warn.retain(|percent| *percent > 0);
        warn
    });
    Thresholds { warn, stop: budget.stop_at, hold: budget.hold_at, interrupt: budget.interrupt_at }
}

/// `top` laid over `below`, limit by limit.
pub(super) fn over(top: &Budget, below: &Budget) -> Budget {
    let limit = |top: Limit, below: Limit| Limit {
        usd_pico: top.usd_pico.or(below.usd_pico),
        tokens: top.tokens.or(below.tokens),
        wall_clock_seconds: top.wall_clock_seconds.or(below.wall_clock_seconds),
    };
    Budget {
        turn: limit(top.turn, below.turn),
        task: limit(top.task, below.task),
        day: limit(top.day, below.day),
        total: limit(top.total, below.total),
        first_turn: limit(top.first_turn, below.first_turn),
        at: Thresholds {
            warn: top.at.warn.clone().or_else(|| below.at.warn.clone()),
            stop: top.at.stop.or(below.at.stop),
            hold: top.at.hold.or(below.at.hold),
            interrupt: top.at.interrupt.or(below.at.interrupt),
        },
    }
}
