//! One agent after the other: from what its table says to a complete [`AgentSpec`].

use std::collections::BTreeMap;

use super::check;
use super::file::{self, At};
use super::merge::{Merged, Merger, Placed, Texts, over, placed};
use super::problem::{Level, Place, Problem};
use super::resolve::{MAX_AGENTS, Resolver, checked_name};
use super::shape::nearest;
use super::{AgentSpec, AnswerBy, Budget, Permissions, address, vars};
use crate::name::AgentName;

impl Resolver<'_> {
    /// Every agent with the place that stands for it.
    pub(super) fn agents(&mut self, agents: &[At<file::Agent>]) -> Vec<(AgentSpec, Place)> {
        if agents.len() > MAX_AGENTS {
            let message = format!("{} agents: {MAX_AGENTS} is the limit", agents.len());
            self.say(Problem::error(self.place(&agents[MAX_AGENTS]), message));
            return Vec::new();
        }
        if agents.is_empty() && self.problems.iter().all(|p| p.place.source != *self.source) {
            let problem = Problem::error(Place::new(self.source, 0..0), "a swarm needs at least one agent");
            self.say(problem.mend("add an `[[agents]]` table with a `name`"));
        }
        let mut taken: BTreeMap<String, usize> = BTreeMap::new();
        let mut out = Vec::new();
        for agent in agents {
            let Some(name) = self.agent_name(agent, &mut taken) else { continue };
            if let Some(spec) = self.agent(name, agent.get()) {
                let place = agent.get().domain.as_ref().or(agent.get().name.as_ref());
                let place = place.map_or_else(|| self.place(agent), |at| self.place(at));
                out.push((spec, place));
            }
        }
        out
    }

    fn agent_name(
        &mut self,
        agent: &At<file::Agent>,
        taken: &mut BTreeMap<String, usize>,
    ) -> Option<AgentName> {
        let at = agent.get().name.as_ref()?;
        let place = self.place(at);
        let name = checked_name::<AgentName>(at.get(), place.clone(), self.problems)?;
        let (line, _) = self.source.position(at.span().start);
        if let Some(first) = taken.insert(at.get().clone(), line) {
            taken.insert(at.get().clone(), first);
            let problem = Problem::error(place, format!("two agents are named `{name}`"));
            self.say(problem.label(format!("taken in line {first}")));
            return None;
        }
        Some(name)
    }

    fn agent(&mut self, name: AgentName, written: &file::Agent) -> Option<AgentSpec> {
        let before = self.problems.len();
        let (profile, profile_place) = self.profile(written, &name);
        let role = self.role_of(written);
        self.vars.insert("agent".into(), name.to_string());
        self.vars.insert("profile".into(), profile.clone());
        self.vars.insert("role".into(), role.clone().unwrap_or_default());
        let mut spec = AgentSpec::new(name, profile, self.root);
        if let Some(domain) = &written.domain {
            self.directory(&mut spec, domain);
        }
        self.apply_role(&mut spec, role);
        self.texts(&mut spec, written);
        self.environment(&mut spec, written);
        spec.permissions = written.permissions.unwrap_or(self.merged.permissions);
        spec.restart = written.restart.unwrap_or(self.merged.restart);
        spec.hibernate_after_seconds = self.rest(&spec, written);
        spec.args = self.words(&written.args);
        spec.handoff_to = self.addresses(&written.handoff_to);
        spec.accepts_from = self.addresses(&written.accepts_from);
        spec.handoff_block = self.handoff_block(&spec.profile, written);
        spec.answer_by = self.answer_by(&spec.profile, written);
        spec.before_start = self.words(&written.before_start);
        spec.after_exit = self.words(&written.after_exit);
        spec.budget = self.budget(written);
        self.command(&mut spec, written);
        self.find_programs(&spec, written, profile_place);
        // Warnings leave the agent usable; the caller refuses the whole when there is an error anywhere.
        (self.problems[before..].iter().all(|p| p.level == Level::Warning)).then_some(spec)
    }

    fn profile(&mut self, written: &file::Agent, name: &AgentName) -> (String, Place) {
        let own = written.profile.as_ref().map(|at| placed(self.source, at));
        let at_name = written.name.as_ref().map_or(0..0, At::span);
        let chosen = own
            .or_else(|| self.merged.profile.clone())
            .unwrap_or_else(|| Placed { value: String::new(), place: Place::new(self.source, at_name) });
        let names = self.loader.profiles.names();
        if !names.contains(&chosen.value) {
            let seen = format!("unknown profile `{}`", chosen.value.escape_default());
            let mut problem = Problem::error(chosen.place.clone(), seen);
            if chosen.value.is_empty() {
                problem.message = format!("the agent `{name}` has no profile");
            }
            problem = problem.mend(format!("known profiles: {}", names.join(", ")));
            if let Some(near) = nearest(&chosen.value, names.iter().map(String::as_str)) {
                problem = problem.label(format!("did you mean `{near}`?"));
            }
            if !self.problems.contains(&problem) {
                self.say(problem);
            }
        }
        (chosen.value, chosen.place)
    }

    fn handoff_block(&mut self, profile: &str, written: &file::Agent) -> bool {
        let Some(at) = &written.handoff_block else { return self.loader.profiles.takes_blocks(profile) };
        if *at.get() && !self.loader.profiles.tells_words(profile) {
            let message =
                format!("`handoff_block` reads transcripts, and those of {profile} do not have its words");
            let mend = "leave it out: it hands over by `swarm handoff`, by tool, or by `.swarm/outbox`";
            self.say(Problem::error(self.place(at), message).mend(mend));
        }
        *at.get()
    }

    /// An agent whose own table asks for what its profile cannot do is warned about; the default leaves those alone.
    fn answer_by(&mut self, profile: &str, written: &file::Agent) -> AnswerBy {
        let can = self.loader.profiles.answers_by_hook(profile);
        let Some(at) = &written.answer_by else {
            return if can { self.merged.answer_by } else { AnswerBy::Keys };
        };
        if *at.get() == AnswerBy::Hook && !can {
            let message =
                format!("{profile} has no hook that answers while its dialog is open: keys answer it");
            self.say(Problem::warning(self.place(at), message).mend("leave `answer_by` out"));
            return AnswerBy::Keys;
        }
        *at.get()
    }

    fn role_of(&mut self, written: &file::Agent) -> Option<String> {
        let at = written.role.as_ref()?;
        let (role, place) = (at.get(), self.place(at));
        if let Err(why) = address::check_role(role) {
            self.say(Problem::error(place, why));
            return None;
        }
        if !self.known.declared_roles.contains(role)
            && let Some(near) = nearest(role, self.known.declared_roles.iter().map(String::as_str))
        {
            let near = near.to_owned();
            let problem = Problem::warning(place, format!("there is no `[roles.{role}]`"));
            self.say(problem.label(format!("did you mean `{near}`?")));
        }
        Some(role.clone())
    }

    fn directory(&mut self, spec: &mut AgentSpec, domain: &At<String>) {
        let place = self.place(domain);
        let Some(text) = self.expanded(&placed(self.source, domain)) else { return };
        match vars::expand_env(&text, self.loader.env)
            .map_err(|why| Problem::error(place.clone(), format!("`domain` {why}")))
            .and_then(|text| check::directory(&text, self.root, &self.loader.paths.home, &place))
        {
            Ok(directory) => spec.directory = directory,
            Err(problem) => self.say(problem),
        }
    }

    fn apply_role(&mut self, spec: &mut AgentSpec, role: Option<String>) {
        if let Some(declared) = role.as_ref().and_then(|r| self.merged.roles.get(r)) {
            let role = self.role(declared);
            spec.goal = role.goal;
            spec.instructions = role.instructions;
            spec.constraints = role.constraints;
        }
        spec.role = role;
    }

    fn texts(&mut self, spec: &mut AgentSpec, written: &file::Agent) {
        let own_model = written.model.as_ref().map(|at| placed(self.source, at));
        let no_agent = self.loader.profiles.is_command(&spec.profile);
        let model = own_model.or_else(|| self.merged.model.clone().filter(|_| !no_agent));
        spec.model = model.and_then(|m| self.label("model", &m));
        spec.window = written.window.as_ref().and_then(|at| {
            let window = self.label("window", &placed(self.source, at))?;
            let place = self.place(at);
            check::window(&window, &place).map_err(|p| self.say(p)).ok().map(|()| window)
        });
        spec.prompt = written.prompt.as_ref().and_then(|at| self.prose(&placed(self.source, at)));
        if no_agent {
            let permissions = written.permissions.filter(|p| *p != Permissions::Inherit);
            let span =
                [written.model.as_ref(), written.prompt.as_ref()].into_iter().flatten().map(At::span).next();
            if let Some(span) = span.or_else(|| permissions.and(written.name.as_ref()).map(At::span)) {
                let message = "`model`, `prompt` and `permissions` mean nothing to a plain command";
                self.say(Problem::warning(Place::new(self.source, span), message));
            }
        }
    }

    fn environment(&mut self, spec: &mut AgentSpec, written: &file::Agent) {
        let own: Texts = written.env.iter().map(|(k, v)| (k.get().clone(), placed(self.source, v))).collect();
        for key in written.env.keys() {
            if let Err(problem) = check::variable(key.get(), &self.place(key)) {
                self.say(problem);
            }
        }
        let mut env = self.merged.env.clone();
        env.extend(own);
        for (key, text) in env {
            // What is wrong with a key was said where it stands.
            if check::variable(&key, &text.place).is_err() {
                continue;
            }
            let Some(value) = self.expanded(&text) else { continue };
            match vars::expand_env(&value, self.loader.env).and_then(|v| check::argument(&v).map(|()| v)) {
                Ok(value) => {
                    spec.env.insert(key, value);
                }
                Err(why) => self.say_once(Problem::error(text.place, format!("the variable `{key}` {why}"))),
            }
        }
        let mut passed = self.merged.pass_env.clone();
        passed.extend(written.pass_env.iter().map(|at| placed(self.source, at)));
        for name in passed {
            match check::variable(&name.value, &name.place) {
                Ok(()) if !spec.pass_env.contains(&name.value) => spec.pass_env.push(name.value),
                Ok(()) => {}
                Err(problem) => self.say_once(problem),
            }
        }
    }

    /// How long it may be idle. What holds for all is not for those that could not be woken as they were.
    fn rest(&mut self, spec: &AgentSpec, written: &file::Agent) -> Option<u64> {
        let resumes = self.loader.profiles.resumes(&spec.profile);
        let Some(own) = &written.hibernate_after else {
            return self.merged.hibernate_after.filter(|_| resumes);
        };
        let mut merger = Merger { merged: Merged::default(), problems: self.problems };
        let seconds = merger.rest(own, self.source);
        if seconds.is_some() && !resumes {
            let message = format!(
                "an agent of the profile `{}` is never put to sleep: it cannot resume its conversation",
                spec.profile
            );
            self.say(Problem::warning(self.place(own), message).mend("leave `hibernate_after` out"));
        }
        seconds.filter(|_| resumes)
    }

    fn budget(&mut self, written: &file::Agent) -> Option<Budget> {
        let mut merger = Merger { merged: Merged::default(), problems: self.problems };
        let own = merger.budget(&written.budget, self.source);
        Some(over(&own, &self.merged.agent_budget)).filter(|b| !b.is_unlimited())
    }

    fn command(&mut self, spec: &mut AgentSpec, written: &file::Agent) {
        let Some(command) = &written.command else { return };
        let place = self.place(command);
        if !self.loader.profiles.is_command(&spec.profile) {
            let message = format!("`command` is not for the profile `{}`", spec.profile);
            self.say(
                Problem::error(place, message).mend("use `args` to add arguments, or the profile `shell`"),
            );
            return;
        }
        let words = self.words(command.get());
        if words.first().is_none_or(String::is_empty) {
            self.say(Problem::error(place, "`command` names no program"));
        }
        spec.command = Some(words);
    }

    fn find_programs(&mut self, spec: &AgentSpec, written: &file::Agent, profile_place: Place) {
        let first = |words: &[At<String>]| words.first().map(|at| Place::new(self.source, at.span()));
        let mut wanted: Vec<(String, Place)> = Vec::new();
        if let (Some(command), Some(at)) = (&spec.command, &written.command) {
            wanted.extend(command.first().cloned().zip(first(at.get())));
        } else {
            wanted.extend(self.loader.profiles.program(&spec.profile).map(|p| (p, profile_place)));
        }
        wanted.extend(spec.before_start.first().cloned().zip(first(&written.before_start)));
        wanted.extend(spec.after_exit.first().cloned().zip(first(&written.after_exit)));
        for (program, place) in wanted.into_iter().filter(|(p, _)| !p.is_empty()) {
            if let Err(mend) = self.programs.find(&program, spec) {
                let message = format!("the program `{}` was not found", program.escape_default());
                self.say_once(Problem::error(place, message).mend(mend));
            }
        }
    }
}
