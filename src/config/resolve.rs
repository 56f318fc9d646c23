//! From what people wrote to what the program uses: every value checked, every reference followed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::check::{self, Programs};
use super::file::{self, At};
use super::layout::{Arrangement, Layout};
use super::load::Loader;
use super::merge::{Merged, MergedRole, Placed, placed};
use super::problem::{Place, Problem, Source};
use super::shape::nearest;
use super::{Address, AgentSpec, Config, Role, message, vars};
use crate::name::{self, SwarmName};

/// The most agents a swarm may have.
pub const MAX_AGENTS: usize = 500;

/// What only the swarm file says.
pub(super) struct Swarm<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) name: Option<At<String>>,
    pub(super) agents: Vec<At<file::Agent>>,
}

/// The complete configuration; `None` when something went to `problems` that leaves a hole in it.
pub(super) fn resolve(
    loader: &Loader<'_>,
    swarm: &Swarm<'_>,
    merged: Merged,
    problems: &mut Vec<Problem>,
) -> Option<Config> {
    let file = std::path::absolute(&swarm.source.path).unwrap_or_else(|_| swarm.source.path.clone());
    let root = file.parent().unwrap_or(Path::new("/")).to_owned();
    let start = Place::new(swarm.source, 0..0);
    if root.to_str().is_none() {
        problems.push(Problem::error(start, "the path of this file is not UTF-8").mend("move it elsewhere"));
        return None;
    }
    let name = swarm.name.as_ref().and_then(|at| {
        let place = Place::new(swarm.source, at.span());
        checked_name::<SwarmName>(at.get(), place, problems)
    });
    let known = Known::new(swarm, &merged);
    let mut resolver = Resolver {
        loader,
        source: swarm.source,
        root: &root,
        merged: &merged,
        known,
        vars: base_vars(&merged, name.as_ref(), &root),
        programs: Programs::new(loader.env),
        problems,
    };
    let agents = resolver.agents(&swarm.agents);
    let roles = resolver.roles();
    let templates = resolver.templates();
    let layout = resolver.layout(&swarm.agents);
    check::shared_directories(loader.profiles, swarm.source, &agents, problems);
    check::blind_budgets(loader.profiles, swarm.source, &agents, (&merged.swarm_budget, &roles), problems);
    check::task_budgets(swarm.source, &agents, (&merged.swarm_budget, &roles), problems);
    let agents: Vec<AgentSpec> = agents.into_iter().map(|(spec, _)| spec).collect();
    Some(Config {
        name: name?,
        root,
        file,
        layout,
        agents,
        roles,
        budget: Some(merged.swarm_budget).filter(|b| !b.is_unlimited()),
        templates,
        overview: merged.overview,
        notify: merged.notify,
        prices: merged.prices,
        monitor: merged.monitor,
    })
}

/// `text` as a name, or a problem that says why not and what to use instead.
pub(super) fn checked_name<N: std::str::FromStr<Err = String>>(
    text: &str,
    place: Place,
    problems: &mut Vec<Problem>,
) -> Option<N> {
    text.parse()
        .map_err(|why| {
            let problem = Problem::error(place, why);
            problems.push(match proposal(text) {
                Some(better) => problem.mend(format!("use `{better}`")),
                None => problem,
            });
        })
        .ok()
}

/// The nearest allowed name.
pub fn proposal(text: &str) -> Option<String> {
    let mut out = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' | '_' | '-' => out.push(c),
            _ if out.ends_with('-') || out.is_empty() => {}
            _ => out.push('-'),
        }
    }
    let out = out.trim_start_matches(|c: char| !c.is_ascii_lowercase());
    let cut: String = out.chars().take(32).collect();
    let cut = cut.trim_end_matches('-').to_owned();
    let cut = if name::RESERVED.contains(&cut.as_str()) { format!("{cut}-1") } else { cut };
    name::check(&cut).is_ok().then_some(cut)
}

fn base_vars(merged: &Merged, name: Option<&SwarmName>, root: &Path) -> BTreeMap<String, String> {
    let mut vars: BTreeMap<String, String> =
        merged.vars.iter().map(|(name, text)| (name.clone(), text.value.clone())).collect();
    vars.insert("swarm".into(), name.map(ToString::to_string).unwrap_or_default());
    vars.insert("root".into(), root.to_string_lossy().into_owned());
    vars
}

/// The names that may be referred to.
pub(super) struct Known {
    pub(super) agents: Vec<String>,
    pub(super) declared_roles: Vec<String>,
    pub(super) used_roles: Vec<String>,
}

impl Known {
    fn new(swarm: &Swarm<'_>, merged: &Merged) -> Self {
        let text = |at: &Option<At<String>>| at.as_ref().map(|at| at.get().clone());
        Self {
            agents: swarm.agents.iter().filter_map(|a| text(&a.get().name)).collect(),
            declared_roles: merged.roles.keys().cloned().collect(),
            used_roles: swarm.agents.iter().filter_map(|a| text(&a.get().role)).collect(),
        }
    }
}

pub(super) struct Resolver<'a> {
    pub(super) loader: &'a Loader<'a>,
    pub(super) source: &'a Arc<Source>,
    pub(super) root: &'a Path,
    pub(super) merged: &'a Merged,
    pub(super) known: Known,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) programs: Programs<'a>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl Resolver<'_> {
    pub(super) fn place<T>(&self, at: &At<T>) -> Place {
        Place::new(self.source, at.span())
    }

    pub(super) fn say(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    pub(super) fn role(&mut self, role: &MergedRole) -> Role {
        let mut text = |t: &Option<Placed<String>>| t.as_ref().and_then(|t| self.prose(t));
        let (goal, instructions) = (text(&role.goal), text(&role.instructions));
        Role {
            goal,
            instructions,
            constraints: role.constraints.iter().filter_map(|c| self.prose(c)).collect(),
            budget: Some(role.budget.clone()).filter(|b| !b.is_unlimited()),
        }
    }

    /// The declared roles as the whole swarm sees them; `{{agent}}` and the like stay as they are written.
    fn roles(&mut self) -> BTreeMap<String, Role> {
        for own in ["agent", "role", "profile"] {
            self.vars.insert(own.to_owned(), format!("{{{{{own}}}}}"));
        }
        let declared: Vec<_> = self.merged.roles.iter().collect();
        declared.into_iter().map(|(name, role)| (name.clone(), self.role(role))).collect()
    }

    /// Reports what several agents have in common only once.
    pub(super) fn say_once(&mut self, problem: Problem) {
        if self.problems.iter().all(|p| p.place != problem.place) {
            self.say(problem);
        }
    }

    pub(super) fn addresses(&mut self, written: &[At<String>]) -> Vec<Address> {
        let parsed = written.iter().map(|at| (at, at.get().parse::<Address>()));
        let parsed: Vec<_> = parsed.collect();
        let mut out = Vec::new();
        for (at, address) in parsed {
            let place = self.place(at);
            match address
                .map_err(|why| Problem::error(place.clone(), why))
                .and_then(|a| self.exists(a, place))
            {
                Ok(address) => out.push(address),
                Err(problem) => self.say(problem),
            }
        }
        out
    }

    fn exists(&mut self, address: Address, place: Place) -> Result<Address, Problem> {
        let (what, word, candidates) = match &address {
            Address::Human | Address::All => return Ok(address),
            Address::Agent(name) => ("agent", name.to_string(), self.known.agents.clone()),
            Address::Role(role) => {
                let roles = [self.known.used_roles.clone(), self.known.declared_roles.clone()].concat();
                ("role", role.clone(), roles)
            }
        };
        if candidates.contains(&word) {
            if what == "role" && !self.known.used_roles.contains(&word) {
                self.say(Problem::warning(place, format!("no agent has the role `{word}`")));
            }
            return Ok(address);
        }
        let sigil = if what == "role" { "@" } else { "" };
        let mut problem = Problem::error(place, format!("there is no {what} `{word}`"));
        if what == "agent"
            && [&self.known.used_roles, &self.known.declared_roles].iter().any(|r| r.contains(&word))
        {
            problem = problem.label(format!("did you mean the role `@{word}`?"));
        } else if let Some(near) = nearest(&word, candidates.iter().map(String::as_str)) {
            problem = problem.label(format!("did you mean `{sigil}{near}`?"));
        }
        Err(problem)
    }

    /// The templates of messages, their variables expanded.
    fn templates(&mut self) -> BTreeMap<String, String> {
        // Who gets the message is not known yet, however it is written.
        for word in message::PLACEHOLDERS {
            self.vars.insert(word.to_owned(), format!("{{{word}}}"));
        }
        let mut templates = BTreeMap::new();
        for (name, text) in &self.merged.templates.clone() {
            let Some(expanded) = self.expanded(text) else { continue };
            if let Err(why) = message::check(&expanded) {
                self.say_once(Problem::error(text.place.clone(), format!("this text {why}")));
                continue;
            }
            if let Some(word) = message::stranger(&expanded) {
                let problem = format!("`{{{word}}}` stands for nothing and is sent as it is");
                let problem = Problem::warning(text.place.clone(), problem);
                self.say_once(problem.mend("`{agent}` and `{role}` stand for whoever gets the message"));
            }
            templates.insert(name.clone(), expanded);
        }
        for word in message::PLACEHOLDERS {
            self.vars.remove(word);
        }
        templates
    }

    fn layout(&mut self, agents: &[At<file::Agent>]) -> Layout {
        let (mut panes, chosen) = self.merged.panes_per_window.unwrap_or((4, false));
        let Some(windows) = self.merged.windows.clone() else { return Layout::default() };
        if let Some(cells) = windows.value.literal_panes() {
            if !chosen {
                panes = u16::try_from(cells).unwrap_or(u16::MAX);
            }
            let mut named: BTreeMap<&str, usize> = BTreeMap::new();
            for window in agents.iter().filter_map(|a| a.get().window.as_ref()) {
                *named.entry(window.get()).or_default() += 1;
            }
            let most = named.into_values().max().unwrap_or(0).max(usize::from(panes).min(agents.len()));
            if most > cells {
                let message = format!("this layout string has {cells} panes, but a window gets {most}");
                self.say(
                    Problem::error(windows.place, message)
                        .mend("lower `panes_per_window`, or use a larger layout"),
                );
            }
        }
        if windows.value == Arrangement::PerAgent {
            panes = 1;
        }
        Layout { windows: windows.value, panes_per_window: panes }
    }

    /// Arguments: variables expanded, nothing that argv cannot carry.
    pub(super) fn words(&mut self, written: &[At<String>]) -> Vec<String> {
        let mut out = Vec::new();
        for at in written {
            let Some(word) = self.expanded(&placed(self.source, at)) else { continue };
            match check::argument(&word) {
                Ok(()) => out.push(word),
                Err(why) => self.say(Problem::error(self.place(at), format!("this argument {why}"))),
            }
        }
        out
    }

    /// A text of several lines for an agent to read.
    pub(super) fn prose(&mut self, text: &Placed<String>) -> Option<String> {
        let expanded = self.expanded(text)?;
        match check::prose(&expanded) {
            Ok(()) => Some(expanded),
            Err(why) => {
                self.say_once(Problem::error(text.place.clone(), format!("this text {why}")));
                None
            }
        }
    }

    /// A short text of one line.
    pub(super) fn label(&mut self, key: &str, text: &Placed<String>) -> Option<String> {
        let expanded = self.expanded(text)?;
        match check::label(&expanded) {
            Ok(()) => Some(expanded),
            Err(why) => {
                self.say_once(Problem::error(text.place.clone(), format!("`{key}` {why}")));
                None
            }
        }
    }

    pub(super) fn expanded(&mut self, text: &Placed<String>) -> Option<String> {
        match vars::expand(&text.value, &self.vars) {
            Ok(expanded) => Some(expanded),
            Err(why) => {
                let names = self.vars.keys().cloned().collect::<Vec<_>>().join(", ");
                let mend = format!("known variables: {names}; write `{{{{{{{{` for `{{{{`");
                self.say_once(Problem::error(text.place.clone(), format!("this text {why}")).mend(mend));
                None
            }
        }
    }
}
