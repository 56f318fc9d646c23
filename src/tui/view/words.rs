//! How facts are said on screen: durations, counts, money, statuses. Unknown is never a number.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::snapshot::{AgentView, SubagentState, SubagentView, SwarmView};
use crate::status::{Attention, Reason, Status};
use crate::text::one_line;
use crate::tui::theme::Role;

/// Statuses in the order in which they matter to a person.
pub const STATUS_ORDER: [Status; 8] = [
    Status::Waiting,
    Status::Error,
    Status::Limited,
    Status::Working,
    Status::Starting,
    Status::Idle,
    Status::Exited,
    Status::Unknown,
];

/// The age of `then`, in at most five columns: `12s`, `7m`, `1h05`, `23h`, `4d`. A future time is `0s`.
pub fn age(then: Timestamp, now: Timestamp) -> String {
    let s = seconds(then, now);
    match s {
        0..60 => format!("{s}s"),
        60..3600 => format!("{}m", s / 60),
        3600..36_000 => format!("{}h{:02}", s / 3600, s % 3600 / 60),
        36_000..172_800 => format!("{}h", s / 3600),
        _ => format!("{}d", s / 86_400),
    }
}

/// In how many seconds [`age`] will say something else.
pub fn age_changes_in(then: Timestamp, now: Timestamp) -> u64 {
    let s = seconds(then, now);
    let step = match s {
        0..60 => 1,
        60..36_000 => 60,
        36_000..172_800 => 3600,
        _ => 86_400,
    };
    step - s % step
}

fn seconds(then: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.as_second() - then.as_second()).unwrap_or(0)
}

/// A time of day in `zone`, with the date when it is another day than `now`.
pub fn moment(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let (at, now) = (at.to_zoned(zone.clone()), now.to_zoned(zone.clone()));
    let format = if at.date() == now.date() { "%H:%M" } else { "%b %-d %H:%M" };
    at.strftime(format).to_string()
}

/// A count in at most five columns: `950`, `12k`, `3.4M`.
pub fn count(n: u64) -> String {
    match n {
        0..1000 => n.to_string(),
        1000..10_000 => format!("{}.{}k", n / 1000, n % 1000 / 100),
        10_000..1_000_000 => format!("{}k", n / 1000),
        1_000_000..10_000_000 => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
        _ => format!("{}M", n / 1_000_000),
    }
}

/// A decimal string of US dollars in pico-dollars (10⁻¹² $); `None` where it is unknown or no number.
pub fn pico_dollars(usd: Option<&str>) -> Option<i128> {
    let usd = usd?;
    let (sign, digits) = usd.strip_prefix('-').map_or((1, usd), |d| (-1, d));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 20 || fraction.len() > 12 || !plain(whole) || !plain(fraction) {
        return None;
    }
    format!("{whole}{fraction:0<12}").parse::<i128>().ok().map(|n| sign * n)
}

/// Money for reading: to the cent, half up; `<$0.01` for what would round to nothing; whole dollars from $10,000.
pub fn money(pico: i128) -> String {
    const CENT: i128 = 10_000_000_000;
    let sign = if pico < 0 { "-" } else { "" };
    let pico = pico.abs();
    let cents = (pico + CENT / 2) / CENT;
    if pico > 0 && cents == 0 {
        return format!("{sign}<$0.01");
    }
    if cents >= 1_000_000 {
        return format!("{sign}${}", (cents + 50) / 100);
    }
    format!("{sign}${}.{:02}", cents / 100, cents % 100)
}

/// What agents cost together: the sum, and whether something was used that could not be priced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Total {
    /// The sum of what is known; `None` when nothing is.
    pub pico: Option<i128>,
    /// Some agent used tokens without a price: the true sum is higher.
    pub more: bool,
}

impl Total {
    /// What the agents of `swarms` cost today.
    pub fn today<'a>(swarms: impl Iterator<Item = &'a SwarmView>) -> Self {
        let mut total = Self::default();
        for agent in swarms.flat_map(|s| &s.agents) {
            match pico_dollars(agent.cost_usd_today.as_deref()) {
                Some(pico) => total.pico = Some(total.pico.unwrap_or(0).saturating_add(pico)),
                None => total.more |= agent.tokens.is_some(),
            }
        }
        total
    }

    /// `$4.21`, `$4.21+` when more is unknown, `unknown` when nothing is known.
    pub fn say(self, unknown: &str) -> String {
        let more = if self.more { "+" } else { "" };
        self.pico.map_or_else(|| unknown.to_owned(), |pico| format!("{}{more}", money(pico)))
    }
}

/// How full the context is, 0 to 100; below 0 where unknown.
pub fn percent(agent: &AgentView) -> f64 {
    agent.context.as_ref().and_then(|c| c.percent_used).filter(|p| p.is_finite()).unwrap_or(-1.0)
}

/// A reason in words.
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::UsageLimit => "usage limit",
        Reason::ContextFull => "context full",
        Reason::CrashLoop => "crash loop",
        Reason::Auth => "login",
        Reason::Shell => "to a shell",
        reason => reason.as_str(),
    }
}

/// Status and reason: `waiting permission`, `limited till 14:30`, `idle, finished`.
pub fn status(agent: &AgentView, now: Timestamp, zone: &TimeZone) -> String {
    let mut said = agent.status.to_string();
    match (agent.until, agent.reason) {
        (None, Some(Reason::Asleep)) => said = Reason::Asleep.to_string(),
        (Some(until), _) => said = format!("{said} till {}", moment(until, now, zone)),
        (None, Some(why)) => said = format!("{said} {}", reason(why)),
        (None, None) => {}
    }
    if let Some(more) = beside(agent) {
        said = format!("{said}, {more}");
    }
    said
}

/// The same in at most twelve columns: the reason alone where it says which status it is.
pub fn status_short(agent: &AgentView, now: Timestamp, zone: &TimeZone) -> String {
    match (agent.status, agent.until, agent.reason) {
        (Status::Limited, Some(until), _) => format!("till {}", moment(until, now, zone)),
        (Status::Waiting | Status::Error | Status::Exited, _, Some(why)) => reason(why).to_owned(),
        _ => beside(agent).map_or_else(|| agent.status.to_string(), str::to_owned),
    }
}

fn beside(agent: &AgentView) -> Option<&'static str> {
    if agent.ending && agent.status != Status::Exited {
        return Some("ending");
    }
    if agent.hold.is_some() {
        return Some("held");
    }
    let rests = agent.status == Status::Idle || agent.is_asleep();
    (rests && agent.attention == Some(Attention::Finished)).then_some("finished")
}

/// What an agent asks, in its own words, taken apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asks {
    /// What it wants to do: the command, the file.
    pub subject: Option<String>,
    /// The question about it.
    pub question: Option<String>,
}

impl Asks {
    /// One part a line, the subject so that it stands out.
    pub fn lines(&self) -> Vec<(Role, String)> {
        let subject = self.subject.clone().map(|s| (Role::Title, s));
        let question = self.question.clone().map(|q| (Role::Text, q));
        subject.into_iter().chain(question).collect()
    }
}

/// What `agent` asks; where nothing was read yet, the words that gave it away.
pub fn asks(agent: &AgentView) -> Asks {
    let said = |text: &String| Some(one_line(text).trim().to_owned()).filter(|t| !t.is_empty());
    let subject = agent.subject.as_ref().and_then(said);
    let question = agent.question.as_ref().and_then(said);
    let proof = || agent.proof.as_ref().and_then(|p| said(&p.text));
    let question = if subject.is_none() { question.or_else(proof) } else { question };
    Asks { subject, question }
}

/// What an agent that waits asks, why something but a person holds it, or the last line on its screen.
pub fn last_line(agent: &AgentView) -> String {
    if let Some(hold) = agent.hold.as_ref().filter(|h| agent.status == Status::Idle && h.by != "human") {
        return hold.reason.clone();
    }
    if agent.status == Status::Waiting {
        let asks = asks(agent);
        if let Some(said) = asks.subject.or(asks.question) {
            return said;
        }
    }
    let asked = agent.proof.as_ref().map(|p| p.text.as_str()).filter(|t| !t.is_empty());
    match agent.status {
        Status::Error | Status::Limited => asked.or(agent.last_line.as_deref()),
        _ => agent.last_line.as_deref(),
    }
    .unwrap_or_default()
    .to_owned()
}

/// What a subagent is called: its name, else its kind, else its id.
pub fn subagent(subagent: &SubagentView) -> &str {
    let named = subagent.name.as_deref().or(subagent.kind.as_deref());
    named.unwrap_or(&subagent.id)
}

/// What a subagent does, where that is known.
pub fn subagent_state(subagent: &SubagentView) -> (Option<&'static str>, Role) {
    let role = match subagent.state {
        Some(SubagentState::Running) => Role::Status(Status::Working),
        Some(SubagentState::Finished) | None => Role::Dim,
    };
    (subagent.state.map(SubagentState::as_str), role)
}

/// Kind, model and tokens of a subagent, as far as they are known.
pub fn subagent_facts(subagent: &SubagentView, dot: &str) -> String {
    let kind = subagent.kind.clone().filter(|_| subagent.name.is_some());
    let tokens = subagent.tokens.map(|t| {
        let all =
            [t.output, t.cache_read, t.cache_write].iter().fold(t.input, |sum, n| sum.saturating_add(*n));
        format!("{} tokens", count(all))
    });
    let known: Vec<String> = [kind, tokens, subagent.model.clone()].into_iter().flatten().collect();
    known.join(&format!(" {dot} "))
}

/// `1 agent`, `2 agents`.
pub fn plural(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// What a budget does, in a word or two.
pub fn budget_action(action: &str) -> &'static str {
    match action {
        "warn" => "warns",
        "stop_dispatch" => "stops new work",
        "hold" => "holds",
        "interrupt" => "interrupts",
        _ => "nothing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    #[test]
    fn ages_are_short_and_change_when_they_say() {
        for (s, want) in [
            (-5, "0s"),
            (0, "0s"),
            (59, "59s"),
            (60, "1m"),
            (3599, "59m"),
            (3600, "1h00"),
            (3900, "1h05"),
            (35_999, "9h59"),
            (36_000, "10h"),
            (172_799, "47h"),
            (172_800, "2d"),
            (8_640_000, "100d"),
        ] {
            assert_eq!(age(at(0), at(s)), want, "{s}");
            let change = i64::try_from(age_changes_in(at(0), at(s))).unwrap();
            let s = s.max(0);
            assert_ne!(age(at(0), at(s + change)), want, "{s}");
            assert_eq!(age(at(0), at(s + change - 1)), want, "{s}");
        }
    }

    #[test]
    fn what_was_not_read_yet_is_shown_by_its_proof() {
        let spec = crate::config::AgentSpec::new("a".parse().unwrap(), "shell", "/tmp");
        let proof = r#"{"source":"screen","rule":"r","text":"asks","at":"2026-01-01T00:00:00Z"}"#;
        let proof = serde_json::from_str(proof).unwrap();
        let mut agent = AgentView { proof: Some(proof), ..crate::state::Agent::new(spec, at(0)).view() };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(asks(&agent), Asks { subject: None, question: some("asks") });
        agent.question = some("Do you want to proceed?");
        assert_eq!(asks(&agent), Asks { subject: None, question: some("Do you want to proceed?") });
        agent.subject = some("ls -l");
        assert_eq!(asks(&agent), Asks { subject: some("ls -l"), question: some("Do you want to proceed?") });
    }
}
