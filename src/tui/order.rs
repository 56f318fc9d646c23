//! Which agents are listed, and in what order: attention first, then working, then the rest.
//!
//! Within a rank, those who need a person come by how long they have, all others in the order of the swarm file, so
//! that rows do not wander while one looks at them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::message::AgentRef;
use super::view::words;
use crate::snapshot::{AgentView, Snapshot};
use crate::status::{Attention, Reason, Status};

/// How much an agent needs a person, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// It asks.
    Answer,
    /// It failed, is limited, or is gone without having been told to.
    Mend,
    /// It finished and nobody has looked.
    Look,
    /// It works.
    Nothing,
    /// It has nothing to do, or nothing is known.
    Rest,
}

impl Need {
    /// What `agent` needs.
    pub fn of(agent: &AgentView) -> Self {
        let crashed = matches!(agent.reason, Some(Reason::Crashed | Reason::CrashLoop | Reason::Shell));
        match (agent.status, agent.attention) {
            (Status::Waiting, _) => Self::Answer,
            (Status::Error | Status::Limited, _) | (_, Some(Attention::Failed)) => Self::Mend,
            (Status::Exited, _) if crashed => Self::Mend,
            (Status::Working | Status::Starting, _) => Self::Nothing,
            (_, Some(Attention::Finished | Attention::Asks)) => Self::Look,
            _ => Self::Rest,
        }
    }

    /// Whether a person should do something.
    pub fn is_urgent(self) -> bool {
        self <= Self::Look
    }
}

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Sort {
    #[default]
    Attention,
    File,
    Name,
    Since,
    Context,
    Cost,
}

impl Sort {
    const ALL: [Self; 6] = [Self::Attention, Self::File, Self::Name, Self::Since, Self::Context, Self::Cost];

    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// What it is called on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::File => "file",
            Self::Name => "name",
            Self::Since => "since",
            Self::Context => "context",
            Self::Cost => "cost",
        }
    }
}

/// What the list is grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Group {
    #[default]
    None,
    Status,
    Role,
    Profile,
    Window,
    Host,
    Swarm,
}

impl Group {
    const ALL: [Self; 7] =
        [Self::None, Self::Status, Self::Role, Self::Profile, Self::Window, Self::Host, Self::Swarm];

    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// What it is called on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "nothing",
            Self::Status => "status",
            Self::Role => "role",
            Self::Profile => "profile",
            Self::Window => "window",
            Self::Host => "host",
            Self::Swarm => "swarm",
        }
    }

    /// The group of `agent`: what it is sorted by (`false` first), and the heading.
    fn of(self, swarm: &str, agent: &AgentView, windows: &BTreeMap<String, String>) -> (bool, u64, String) {
        let by_name = |name: Option<&str>, none: &str| match name {
            Some(name) => (false, 0, name.to_owned()),
            None => (true, 0, none.to_owned()),
        };
        match self {
            Self::None => (false, 0, String::new()),
            Self::Status => {
                let rank = words::STATUS_ORDER.iter().position(|s| *s == agent.status).unwrap_or(0);
                (false, rank as u64, agent.status.to_string())
            }
            Self::Role => by_name(agent.role.as_deref(), "no role"),
            Self::Profile => by_name(Some(&agent.profile), ""),
            Self::Window => match &agent.window {
                Some(id) => {
                    let name = windows.get(id).map_or(id.as_str(), String::as_str);
                    (false, id.trim_start_matches('@').parse().unwrap_or(u64::MAX), format!("window {name}"))
                }
                None => (true, 0, "no window".to_owned()),
            },
            Self::Host => by_name(Some(&agent.host), ""),
            Self::Swarm => by_name(Some(swarm), ""),
        }
    }
}

/// Which statuses are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Only {
    #[default]
    All,
    NeedsYou,
    Working,
    Idle,
    Gone,
}

impl Only {
    const ALL: [Self; 5] = [Self::All, Self::NeedsYou, Self::Working, Self::Idle, Self::Gone];

    /// The next one, round and round.
    #[must_use]
    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// What it is called on screen.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::NeedsYou => "needs you",
            Self::Working => "working",
            Self::Idle => "idle",
            Self::Gone => "gone",
        }
    }

    fn keeps(self, agent: &AgentView) -> bool {
        match self {
            Self::All => true,
            Self::NeedsYou => Need::of(agent).is_urgent(),
            Self::Working => matches!(agent.status, Status::Working | Status::Starting),
            Self::Idle => agent.status == Status::Idle,
            Self::Gone => matches!(agent.status, Status::Exited | Status::Error | Status::Unknown),
        }
    }
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row {
    /// A group's heading and how many it holds.
    Heading(String, usize),
    /// An agent: its swarm's and its own place in the snapshot.
    Agent(usize, usize),
    /// A subagent of the agent above: the agent's place, and its own among the agent's. It is never selected.
    Subagent(usize, usize, usize),
}

/// How the list is made from a snapshot.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Sorted by what.
    pub sort: Sort,
    /// Grouped by what.
    pub group: Group,
    /// Which statuses.
    pub only: Only,
    /// What was typed after `/`; empty for everything.
    pub filter: String,
    /// What windows are called, by id, as far as it is known.
    pub windows: BTreeMap<String, String>,
    /// Whose subagents are listed.
    pub unfolded: BTreeSet<AgentRef>,
}

impl Order {
    /// Whether anything keeps agents from being listed.
    pub fn hides(&self) -> bool {
        self.only != Only::All || !self.filter.is_empty()
    }

    /// The rows for `snapshot`; only of `swarm` where one is named.
    pub fn rows(&self, snapshot: &Snapshot, swarm: Option<&str>) -> Vec<Row> {
        let mut search = Search::words(&self.filter);
        let mut picked: Vec<(usize, usize)> = Vec::new();
        for (s, view) in snapshot.swarms.iter().enumerate().filter(|(_, v)| swarm.is_none_or(|n| n == v.name))
        {
            for (a, agent) in view.agents.iter().enumerate() {
                if self.only.keeps(agent) && search.keeps(&view.name, agent) {
                    picked.push((s, a));
                }
            }
        }
        let agent = |&(s, a): &(usize, usize)| &snapshot.swarms[s].agents[a];
        match self.sort {
            Sort::File => {}
            Sort::Attention => picked.sort_by_key(|at| {
                let need = Need::of(agent(at));
                (need, need.is_urgent().then(|| agent(at).since))
            }),
            Sort::Name => picked.sort_by(|x, y| agent(x).name.cmp(&agent(y).name)),
            Sort::Since => picked.sort_by_key(|at| agent(at).since),
            Sort::Context => {
                picked.sort_by(|x, y| words::percent(agent(y)).total_cmp(&words::percent(agent(x))));
            }
            Sort::Cost => {
                picked.sort_by_key(|at| Reverse(words::pico_dollars(agent(at).cost_usd.as_deref())));
            }
        }
        let unfold = |(s, a): (usize, usize)| {
            let view = &snapshot.swarms[s];
            let who = AgentRef::new(&*view.name, &*view.agents[a].name);
            let below = if self.unfolded.contains(&who) { view.agents[a].subagents.len() } else { 0 };
            std::iter::once(Row::Agent(s, a)).chain((0..below).map(move |n| Row::Subagent(s, a, n)))
        };
        if self.group == Group::None {
            return picked.into_iter().flat_map(unfold).collect();
        }
        let mut groups: BTreeMap<(bool, u64, String), Vec<(usize, usize)>> = BTreeMap::new();
        for (s, a) in picked {
            let key = self.group.of(&snapshot.swarms[s].name, agent(&(s, a)), &self.windows);
            groups.entry(key).or_default().push((s, a));
        }
        let headed = groups.into_iter().flat_map(|((_, _, name), agents)| {
            std::iter::once(Row::Heading(name, agents.len())).chain(agents.into_iter().flat_map(unfold))
        });
        headed.collect()
    }
}

/// A search over what is known about an agent, or over any line.
pub struct Search {
    pattern: Option<Pattern>,
    matcher: Matcher,
    buffer: Vec<char>,
}

impl Search {
    /// Looks for every word of `text`, each as it is written (`!word` must not be there, `^word` begins it, `word$` ends
    /// it); for nothing when it is empty.
    pub fn words(text: &str) -> Self {
        let word = |word: &str| {
            let special = word.starts_with(['!', '^', '\'']) || word.len() > 1 && word.ends_with('$');
            if special { word.to_owned() } else { format!("'{word}") }
        };
        Self::new(&text.split_whitespace().map(word).collect::<Vec<_>>().join(" "))
    }

    /// Looks for the letters of `text` in their order, not only side by side; for nothing when it is empty.
    pub fn new(text: &str) -> Self {
        let pattern =
            (!text.is_empty()).then(|| Pattern::parse(text, CaseMatching::Smart, Normalization::Smart));
        Self { pattern, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new() }
    }

    fn keeps(&mut self, swarm: &str, agent: &AgentView) -> bool {
        if self.pattern.is_none() {
            return true;
        }
        let words = [
            agent.name.as_str(),
            agent.role.as_deref().unwrap_or_default(),
            &agent.profile,
            agent.status.as_str(),
            agent.reason.map_or("", Reason::as_str),
            swarm,
        ];
        self.score(&words.join(" ")).is_some()
    }

    /// How well `haystack` fits; `None` when it does not.
    pub fn score(&mut self, haystack: &str) -> Option<u32> {
        let Some(pattern) = &self.pattern else { return Some(0) };
        pattern.score(Utf32Str::new(haystack, &mut self.buffer), &mut self.matcher)
    }

    /// Which characters of `haystack` were found, ascending; none when it does not fit by itself.
    pub fn found(&mut self, haystack: &str) -> Vec<u32> {
        let mut found = Vec::new();
        if let Some(pattern) = &self.pattern {
            let text = Utf32Str::new(haystack, &mut self.buffer);
            if pattern.indices(text, &mut self.matcher, &mut found).is_none() {
                found.clear();
            }
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}
