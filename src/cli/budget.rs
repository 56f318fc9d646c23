//! `swarm budget`: what may be spent, what was, what comes next; and more of it.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::agent::Profiles;
use crate::config::{Limit, budget::parse_usd};
use crate::error::{Error, Kind, Result};
use crate::ledger::budget::{Scope, Stretch};
use crate::ledger::money::Usd;
use crate::name::SwarmName;
use crate::protocol::{ExtendBudget, Request};
use crate::snapshot::{AgentView, BudgetView, CountGauge, SwarmView};
use crate::text;

use super::cost::{bar, short};
use super::{Ctx, output};

/// How wide a full bar is, in cells.
const BAR: u64 = 20;

/// Show what may be spent, what was, and what happens next; or allow more
///
/// A budget warns, stops new work at 95 %, holds agents when their turn has ended at 100 % and interrupts a running turn
/// at 120 %; it never ends an agent. What a turn is expected to take is reserved before work is sent. Usage is known only
/// once a response was billed, so a budget can be overshot by what the turns in flight cost beyond what was reserved for
/// them: at most one turn of each working agent, its subagents included, cut off at 120 %.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct BudgetArgs {
    #[command(subcommand)]
    command: Option<BudgetCommand>,
    #[command(flatten)]
    show: ShowArgs,
}

#[derive(Debug, clap::Subcommand)]
enum BudgetCommand {
    /// Show every budget (the default)
    Show(ShowArgs),
    Extend(ExtendArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// Print `swarm.budget/v1` JSON
    #[arg(long)]
    json: bool,
}

/// Allow more until the day, the task, the turn or the swarm ends; agents it held go on
#[derive(Debug, clap::Args)]
struct ExtendArgs {
    /// Whose budget: `swarm`, `@role` or an agent
    #[arg(default_value = "swarm", value_name = "OF")]
    of: String,
    /// Which of its budgets: turn, task, day or total [default: the only one there is]
    #[arg(long, value_name = "STRETCH")]
    per: Option<Stretch>,
    /// So many US dollars more
    #[arg(long, value_name = "AMOUNT", value_parser = dollars)]
    usd: Option<u64>,
    /// So many tokens more
    #[arg(long, value_name = "N")]
    tokens: Option<u64>,
    /// So much time more: 30m, 2h
    #[arg(long, value_name = "TIME", value_parser = seconds)]
    time: Option<u64>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

fn dollars(text: &str) -> Result<u64, String> {
    parse_usd(text.trim_start_matches('$')).map_err(|why| format!("the amount {why}"))
}

fn seconds(text: &str) -> Result<u64, String> {
    let length: jiff::SignedDuration = text.parse().map_err(|e| format!("{e}"))?;
    u64::try_from(length.as_secs()).ok().filter(|s| *s > 0).ok_or_else(|| "must be a second or more".into())
}

/// The schema name of [`BudgetReport`].
pub const SCHEMA: &str = "swarm.budget/v1";
/// The schema name of [`Extended`].
pub const EXTEND_SCHEMA: &str = "swarm.budget.extend/v1";

/// `swarm budget --json`.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BudgetReport {
    /// Always `swarm.budget/v1`.
    schema: &'static str,
    /// The swarms with their budgets.
    swarms: Vec<BudgetsOf>,
}

/// The budgets of one swarm.
#[derive(Debug, Serialize, JsonSchema)]
struct BudgetsOf {
    /// The swarm.
    name: String,
    /// Its budgets.
    budgets: Vec<BudgetView>,
    /// The agents that are on hold because of one.
    held: Vec<Held>,
    /// The agents whose usage is not known while they run: no budget of money or tokens counts it.
    unseen: Vec<String>,
}

/// `swarm budget extend --json`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Extended {
    /// Always `swarm.budget.extend/v1`.
    #[serde(default)]
    schema: String,
    /// Where the budget stands now, in words; `null` where there is nothing to say.
    #[serde(default)]
    now: Option<String>,
    /// The agents that a budget still holds.
    #[serde(default)]
    held: Vec<String>,
}

/// An agent on hold.
#[derive(Debug, Serialize, JsonSchema)]
struct Held {
    /// The agent.
    agent: String,
    /// Why.
    reason: String,
}

/// Runs the command.
pub fn run(args: &BudgetArgs, ctx: &Ctx) -> Result<()> {
    match &args.command {
        None => show(&args.show, ctx),
        Some(BudgetCommand::Show(args)) => show(args, ctx),
        Some(BudgetCommand::Extend(args)) => extend(args, ctx),
    }
}

fn show(args: &ShowArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let chosen: Vec<&SwarmView> = match &ctx.global.swarm {
            Some(_) => vec![ctx.swarm(&snapshot)?],
            None => snapshot.swarms.iter().collect(),
        };
        let profiles = super::config::profiles(ctx);
        if args.json {
            let swarms = chosen.iter().map(|swarm| BudgetsOf {
                name: swarm.name.clone(),
                budgets: swarm.budgets.clone(),
                held: held(swarm).map(|(agent, reason)| Held { agent: agent.name.clone(), reason }).collect(),
                unseen: unseen(swarm, &profiles).map(|(agent, _)| agent.to_owned()).collect(),
            });
            return output::json(&BudgetReport { schema: SCHEMA, swarms: swarms.collect() });
        }
        let tables = chosen.into_iter().map(|swarm| table(swarm, unseen(swarm, &profiles)));
        output::print(&tables.collect::<Vec<_>>().join("\n"))
    })
}

/// The agents that budgets of money and tokens do not see, with their profiles.
fn unseen<'a>(swarm: &'a SwarmView, profiles: &'a Profiles) -> impl Iterator<Item = (&'a str, &'a str)> + 'a {
    let agents = swarm.agents.iter().map(|a| (a.name.as_str(), a.profile.as_str()));
    agents.filter(|(_, profile)| profiles.get(profile).is_some_and(|p| !p.tells_usage()))
}

/// The agents that a budget holds, with the reason.
fn held(swarm: &SwarmView) -> impl Iterator<Item = (&AgentView, String)> {
    swarm.agents.iter().filter_map(|agent| {
        let hold = agent.hold.as_ref().filter(|h| h.by == "budget")?;
        Some((agent, hold.reason.clone()))
    })
}

/// One swarm's budgets: a line for each limit.
fn table<'a>(swarm: &SwarmView, unseen: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = format!("{}\n", swarm.name);
    if swarm.budgets.is_empty() {
        out.push_str("  nothing is limited; `[budget]` in the swarm file limits money, tokens and time\n");
        return out;
    }
    let mut rows: Vec<[String; 6]> =
        vec![["BUDGET", "SPENT", "RESERVED", "LIMIT", "", ""].map(str::to_owned)];
    for budget in &swarm.budgets {
        rows.extend(lines(budget));
    }
    let mut widths = [0; 6];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &rows {
        let [name, spent, reserved, limit, bar, next] = row;
        let [w0, w1, w2, w3, w4, _] = widths;
        let line = format!("  {name:<w0$}  {spent:>w1$}  {reserved:>w2$}  {limit:>w3$}  {bar:<w4$}  {next}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let unpriced = swarm.budgets.iter().map(|b| b.unpriced_calls).max().unwrap_or(0);
    if unpriced > 0 {
        let _ =
            writeln!(out, "  {unpriced} responses have no known price: they count as tokens, not as money");
    }
    if swarm.budgets.iter().any(|b| b.usd.is_some() || b.tokens.is_some()) {
        for (agent, profile) in unseen {
            let _ = writeln!(
                out,
                "  no budget of money or tokens sees what {agent} uses: {profile} does not tell while it runs"
            );
        }
    }
    let held: Vec<(&AgentView, String)> = held(swarm).collect();
    for (agent, reason) in &held {
        let _ = writeln!(out, "  {} is on hold: {}", agent.name, text::one_line(reason));
    }
    if !held.is_empty() {
        for budget in swarm.budgets.iter().filter(|b| matches!(b.action.as_str(), "hold" | "interrupt")) {
            let _ = writeln!(out, "  `{}` allows more", extension(budget));
        }
    }
    out
}

fn lines(budget: &BudgetView) -> Vec<[String; 6]> {
    let name = match budget.per.as_str() {
        "total" => format!("{} in total", budget.of),
        per => format!("{} per {per}", budget.of),
    };
    let money = |text: &str| Usd::parse(text).map_or_else(|| text.to_owned(), Usd::short);
    let pico = |text: &str| Usd::parse(text).map_or(0, |usd| u64::try_from(usd.0).unwrap_or(0));
    let mut gauges: Vec<(String, String, String, u64, u64)> = Vec::new();
    if let Some(usd) = &budget.usd {
        let (spent, limit) = (pico(&usd.spent), pico(&usd.limit));
        gauges.push((money(&usd.spent), money(&usd.reserved), money(&usd.limit), spent, limit));
    }
    if let Some(t) = &budget.tokens {
        let count = |n| format!("{} tok", short(n));
        gauges.push((count(t.spent), count(t.reserved), count(t.limit), t.spent, t.limit));
    }
    if let Some(t) = &budget.seconds {
        gauges.push((clock(t.spent), clock(t.reserved), clock(t.limit), t.spent, t.limit));
    }
    let tightest = gauges.iter().map(|(.., spent, limit)| percent(*spent, *limit)).max().unwrap_or(0);
    let mut next = Some(next(budget));
    gauges
        .into_iter()
        .map(|(spent, reserved, limit, used, most)| {
            let full = percent(used, most);
            let cells = bar(full.min(100), 100, BAR as usize);
            let gauge = match budget.percent {
                Some(_) => format!("{cells:<20} {full:>4} %"),
                None => "not read yet".to_owned(),
            };
            // What comes next is said once, beside the limit it is about.
            let next = if full == tightest { next.take().unwrap_or_default() } else { String::new() };
            [name.clone(), spent, reserved, limit, gauge, next]
        })
        .collect()
}

/// The command that allows more of a budget that is used up.
fn extension(budget: &BudgetView) -> String {
    let used_up = |gauge: Option<&CountGauge>| gauge.is_some_and(|g| g.spent >= g.limit);
    let more = if used_up(budget.tokens.as_ref()) {
        "--tokens N"
    } else if used_up(budget.seconds.as_ref()) {
        "--time 1h"
    } else {
        "--usd AMOUNT"
    };
    format!("swarm budget extend {} --per {} {more}", budget.of, budget.per)
}

fn percent(spent: u64, limit: u64) -> u64 {
    let percent = (u128::from(spent) * 100).checked_div(u128::from(limit)).unwrap_or(999);
    u64::try_from(percent).unwrap_or(u64::MAX)
}

fn next(budget: &BudgetView) -> String {
    let now = match budget.action.as_str() {
        "stop_dispatch" => "no new work; ",
        "hold" => "on hold; ",
        "interrupt" => "interrupted; ",
        _ => "",
    };
    let next = budget.next.as_ref().map(|next| {
        let what = match next.action.as_str() {
            "warn" => "warns",
            "stop_dispatch" => "stops new work",
            "hold" => "holds when the turn ends",
            "interrupt" => "interrupts",
            other => other,
        };
        format!("{what} at {} %", next.percent)
    });
    match next {
        Some(next) => format!("{now}{next}"),
        None => now.trim_end_matches("; ").to_owned(),
    }
}

fn clock(seconds: u64) -> String {
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn extend(args: &ExtendArgs, ctx: &Ctx) -> Result<()> {
    let more = Limit { usd_pico: args.usd, tokens: args.tokens, wall_clock_seconds: args.time };
    if more == Limit::default() {
        return Err(
            Error::new(Kind::Usage, "how much more?").hint("--usd 5.00, --tokens 100000 or --time 30m")
        );
    }
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let view = ctx.swarm(&snapshot)?;
        let stretch = match args.per {
            Some(per) => per,
            None => only(view, &args.of)?,
        };
        let swarm: SwarmName = view.name.parse().map_err(|e: String| Error::failure(e))?;
        let scope = Scope::parse(&args.of);
        let request = Request::ExtendBudget(ExtendBudget { swarm, scope, stretch, more });
        let mut answer: Extended = client.call(request).await?;
        if args.json {
            EXTEND_SCHEMA.clone_into(&mut answer.schema);
            return output::json(&answer);
        }
        let rest = match answer.held.as_slice() {
            [] => String::new(),
            held => format!("; still on hold by a budget: {}", held.join(", ")),
        };
        output::print(&format!("{}{rest}\n", text::one_line(answer.now.as_deref().unwrap_or_default())))
    })
}

/// The stretch of the only budget there is for `of`.
fn only(swarm: &SwarmView, of: &str) -> Result<Stretch> {
    let found: Vec<&BudgetView> = swarm.budgets.iter().filter(|b| b.of == of).collect();
    match found.as_slice() {
        [one] => one.per.parse().map_err(|e: String| Error::failure(e)),
        [] => Err(Error::new(Kind::NotFound, format!("`{}` has no budget for `{of}`", swarm.name))
            .hint("`swarm budget` lists what is limited")),
        many => {
            let names: Vec<&str> = many.iter().map(|b| b.per.as_str()).collect();
            Err(Error::new(Kind::Usage, format!("`{of}` has several budgets"))
                .hint(format!("say which with --per {}", names.join("|"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{MoneyGauge, NextStep};

    #[test]
    fn a_table_has_a_line_for_each_limit() {
        let usd = |limit: &str, spent: &str, reserved: &str| MoneyGauge {
            limit: limit.into(),
            spent: spent.into(),
            reserved: reserved.into(),
        };
        let day = BudgetView {
            of: "swarm".into(),
            per: "day".into(),
            usd: Some(usd("20.00", "17.20", "1.10")),
            tokens: Some(CountGauge { limit: 1_000_000, spent: 120_000, reserved: 0 }),
            percent: Some(86),
            action: "warn".into(),
            next: Some(NextStep { percent: 95, action: "stop_dispatch".into() }),
            ..BudgetView::default()
        };
        let turn = BudgetView {
            of: "backend".into(),
            per: "turn".into(),
            seconds: Some(CountGauge { limit: 1800, spent: 2400, reserved: 0 }),
            percent: Some(133),
            action: "interrupt".into(),
            unpriced_calls: 2,
            ..BudgetView::default()
        };
        let swarm = SwarmView { name: "shop".into(), budgets: vec![day, turn], ..SwarmView::default() };
        insta::assert_snapshot!(table(&swarm, [("docs", "crush")].into_iter()));
    }
}
