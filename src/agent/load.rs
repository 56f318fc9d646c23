//! Where profiles come from: the built-in files and the user's own, which are laid over them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use toml::{Table, Value};

use super::file::ProfileData;
use super::{Flaw, Profile, Rules};
use crate::error::{Error, Kind, Result};

/// The built-in files, by name.
pub(crate) const BUILTIN: &[(&str, &str)] = &[
    ("aider", include_str!("../../config/agents/aider.toml")),
    ("amp", include_str!("../../config/agents/amp.toml")),
    ("claude", include_str!("../../config/agents/claude.toml")),
    ("codex", include_str!("../../config/agents/codex.toml")),
    ("copilot", include_str!("../../config/agents/copilot.toml")),
    ("crush", include_str!("../../config/agents/crush.toml")),
    ("cursor-agent", include_str!("../../config/agents/cursor-agent.toml")),
    ("gemini", include_str!("../../config/agents/gemini.toml")),
    ("goose", include_str!("../../config/agents/goose.toml")),
    ("opencode", include_str!("../../config/agents/opencode.toml")),
    ("qwen", include_str!("../../config/agents/qwen.toml")),
    ("shell", include_str!("../../config/agents/shell.toml")),
    ("sim", include_str!("../../config/agents/sim.toml")),
];

/// All profiles by name.
#[derive(Debug, Clone)]
pub struct Profiles {
    by_name: BTreeMap<String, Arc<Profile>>,
}

impl Profiles {
    /// The profiles that come with swarm.
    pub fn builtin() -> Self {
        // Parsed once per process; their rules are compiled when first used. That they are valid is tested.
        static BUILT: LazyLock<Profiles> = LazyLock::new(|| {
            let mut by_name = BTreeMap::new();
            for &(name, text) in BUILTIN {
                if let Ok(data) = builtin_table(text).and_then(|t| Value::Table(t).try_into::<ProfileData>())
                {
                    by_name.insert(name.to_owned(), Arc::new(Profile::from_data(data)));
                }
            }
            Profiles { by_name }
        });
        BUILT.clone()
    }

    /// The built-in profiles with the files of `dir` (`*.toml`) laid over them. A file that is wrong is reported and
    /// left out: what was there before it holds.
    pub fn load(dir: &Path) -> (Self, Vec<Error>) {
        Self::builtin().reload(dir)
    }

    /// Reads `dir` again. For a file that is wrong now, the profile that `self` has is kept.
    #[must_use]
    pub fn reload(&self, dir: &Path) -> (Self, Vec<Error>) {
        let mut profiles = Self::builtin();
        let mut errors = Vec::new();
        let entries = match std::fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => return (profiles, errors),
            Err(err) => {
                errors.push(Error::new(Kind::Config, format!("cannot read {}", dir.display())).because(err));
                return (profiles, errors);
            }
        };
        let mut files: Vec<_> = entries
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|e| e == "toml"))
            .collect();
        files.sort();
        for path in files {
            let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
            match std::fs::read_to_string(&path)
                .map_err(|err| {
                    Error::new(Kind::Config, format!("cannot read {}", path.display())).because(err)
                })
                .and_then(|text| overlay(&path, &name, &text))
            {
                Ok(profile) => {
                    profiles.by_name.insert(name, Arc::new(profile));
                }
                Err(err) => {
                    errors.push(err.hint("the profile as it was before stays in force"));
                    if let Some(old) = self.by_name.get(&name) {
                        profiles.by_name.insert(name, Arc::clone(old));
                    }
                }
            }
        }
        (profiles, errors)
    }

    /// The profile of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<Profile>> {
        self.by_name.get(name)
    }

    /// The names of all profiles, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// All profiles, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.by_name.values()
    }
}

/// A built-in file as a table, laid over the one it extends.
fn builtin_table(text: &str) -> std::result::Result<Table, toml::de::Error> {
    let table: Table = toml::from_str(text)?;
    let base = table.get("extends").and_then(Value::as_str);
    match base.and_then(|base| BUILTIN.iter().find(|(name, _)| *name == base)) {
        Some((_, base)) => {
            let mut merged: Table = toml::from_str(base)?;
            lay(&mut merged, table);
            Ok(merged)
        }
        None => Ok(table),
    }
}

/// A user's file as a profile, laid over the built-in one of its name or the one it extends.
fn overlay(path: &Path, name: &str, text: &str) -> Result<Profile> {
    let place = |offset: usize| {
        let before = text.get(..offset).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("{}:{line}:{column}", path.display())
    };
    // Read by itself first: that is what gives an unknown key its place.
    let own: ProfileData = toml::from_str(text).map_err(|err| {
        let at = err.span().map_or_else(|| path.display().to_string(), |s| place(s.start));
        let said = err.message().lines().next().unwrap_or_default();
        let wrong = Error::new(Kind::Config, format!("{at}: {said}"));
        // Where the key was before `[fusion]` had it.
        let moved = said.starts_with("unknown field `precedence`");
        let wrong = if moved { wrong.hint("write `precedence` under `[fusion]`") } else { wrong };
        wrong.hint("`swarm config schema agent` prints what a profile may say")
    })?;
    let table: Table = toml::from_str(text)
        .map_err(|err| Error::new(Kind::Config, format!("{}: not TOML", path.display())).because(err))?;
    let base = own.extends.as_deref().unwrap_or(name);
    let base_text = BUILTIN.iter().find(|(n, _)| *n == base).map(|(_, t)| *t);
    if base_text.is_none() && own.extends.is_some() {
        let names: Vec<&str> = BUILTIN.iter().map(|(n, _)| *n).collect();
        let at = text.find("extends").map_or_else(|| path.display().to_string(), place);
        return Err(Error::new(Kind::Config, format!("{at}: there is no built-in profile `{base}`"))
            .hint(format!("one of {}", names.join(", "))));
    }
    let mut merged: Table = base_text.and_then(|t| builtin_table(t).ok()).unwrap_or_default();
    lay(&mut merged, table);
    merged.insert("name".to_owned(), Value::String(name.to_owned()));
    merged.entry("title").or_insert_with(|| Value::String(name.to_owned()));
    let data: ProfileData = Value::Table(merged).try_into().map_err(|err: toml::de::Error| {
        Error::new(Kind::Config, format!("{}: {}", path.display(), err.message()))
    })?;
    check(&data, own.name.as_str(), name)
        .map_err(|flaw| {
            let at = find(text, &flaw.at).map_or_else(|| path.display().to_string(), place);
            Error::new(Kind::Config, format!("{at}: {}", flaw.message))
        })
        .map(|()| Profile::from_data(data))
}

/// What a complete profile must fulfil.
pub(crate) fn check(data: &ProfileData, said: &str, name: &str) -> std::result::Result<(), Flaw> {
    let flaw = |at: &str, message: String| Err(Flaw { at: at.to_owned(), message });
    if !said.is_empty() && said != name {
        return flaw("name", format!("the file is called `{name}.toml`, but `name` says `{said}`"));
    }
    for (key, list) in [
        ("model", &data.launch.model),
        ("prompt", &data.launch.prompt),
        ("session_id", &data.launch.session_id),
        ("resume", &data.launch.resume),
        ("fork", &data.launch.fork),
        ("system_prompt", &data.launch.system_prompt),
        ("mcp_config", &data.launch.mcp_config),
        ("settings_file", &data.launch.settings_file),
        ("usage_log", &data.launch.usage_log),
    ] {
        let wanted = match key {
            "resume" | "fork" => "session_id",
            "mcp_config" if list.iter().any(|part| part.contains("{mcp_command_toml}")) => "mcp_command_toml",
            _ => key,
        };
        let there =
            |part: &String| part.contains(&format!("{{{wanted}}}")) || part.contains(&format!("{{{wanted}_"));
        if !list.is_empty() && !list.iter().any(there) {
            return flaw(key, format!("`launch.{key}` has no `{{{wanted}}}` to put the value in"));
        }
    }
    if data.handoff.output_block && !data.tells_words() {
        return flaw(
            "output_block",
            "`handoff.output_block` needs a transcript with the agent's own words, and this profile has none"
                .into(),
        );
    }
    if data.sources.hook_answer.event.as_ref().is_some_and(|event| event != "PermissionRequest") {
        return flaw("event", "`sources.hook_answer` has only the event `PermissionRequest`".into());
    }
    if data.sources.hook_answer.commands.values().any(|title| title.trim().is_empty()) {
        return flaw("commands", "`sources.hook_answer.commands` says how each dialog begins".into());
    }
    let named = data.dialog.refusal.iter().map(|refusal| &refusal.rule).chain(&data.dialog.between);
    for name in named {
        if !data.screen.rules.iter().any(|rule| rule.id == *name) {
            return flaw(name, format!("`dialog` names a rule `{name}` that is not there"));
        }
    }
    let mut ids: Vec<&str> = data.screen.rules.iter().map(|r| r.id.as_str()).collect();
    ids.sort_unstable();
    if let Some(twice) = ids.windows(2).find(|w| w[0] == w[1]) {
        return flaw(twice[0], format!("there are two rules `{}`", twice[0]));
    }
    match Rules::compile(data).1.into_iter().next() {
        Some(first) => Err(first),
        None => Ok(()),
    }
}

/// Lays `over` over `base`: tables are merged, arrays of tables with an `id` by that id, all else is replaced.
fn lay(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => lay(old, new),
            (Some(Value::Array(old)), Value::Array(new))
                if new.iter().all(|v| id(v).is_some()) && !new.is_empty() =>
            {
                for entry in new {
                    match old.iter_mut().find(|o| id(o) == id(&entry)) {
                        Some(slot) => *slot = entry,
                        None => old.push(entry),
                    }
                }
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn id(value: &Value) -> Option<&str> {
    value.as_table()?.get("id")?.as_str()
}

fn find(text: &str, at: &str) -> Option<usize> {
    // A pattern may be spelled with escapes in the file; then its first plain piece has to do.
    text.find(at).or_else(|| {
        let piece = at.split(['\\', '"']).max_by_key(|p| p.len())?;
        (piece.len() > 3).then(|| text.find(piece)).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_builtin_is_valid() {
        for &(name, text) in BUILTIN {
            // By itself first, so that the message has a place.
            let _: ProfileData = toml::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}"));
            let data: ProfileData = Value::Table(builtin_table(text).unwrap()).try_into().unwrap();
            assert_eq!(data.name, name);
            assert!(!data.title.is_empty(), "{name}");
            let flaws = Rules::compile(&data).1;
            assert!(flaws.is_empty(), "{name}: {flaws:?}");
            check(&data, name, name).unwrap();
            for pattern in data.dialog.tmux_patterns.iter().chain(&data.dialog.tmux_composer) {
                assert!(!pattern.contains(['#', ',', '{', '}', '\'']), "{name}: {pattern}");
            }
        }
        assert_eq!(Profiles::builtin().names().count(), BUILTIN.len());
    }

    fn with(name: &str, text: &str) -> (Profiles, Vec<Error>) {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(name), text).unwrap();
        Profiles::load(dir.path())
    }

    #[test]
    fn a_users_file_is_laid_over_the_builtin_one() {
        let (profiles, errors) = with(
            "claude.toml",
            "[launch]\nprogram = \"claude-work\"\n[[screen.rules]]\nid = \"mine\"\nstatus = \"idle\"\nall = [{ text = \"x\" }]\n",
        );
        assert!(errors.is_empty(), "{errors:?}");
        let claude = profiles.get("claude").unwrap();
        assert_eq!(claude.program(), "claude-work");
        assert!(claude.resumable());
        let builtin = Profiles::builtin();
        let before = builtin.get("claude").unwrap().data().screen.rules.len();
        assert_eq!(claude.data().screen.rules.len(), before + 1);
    }

    #[test]
    fn a_new_profile_may_extend_a_builtin_one() {
        let (profiles, errors) = with("work.toml", "extends = \"codex\"\ntitle = \"Codex at work\"\n");
        assert!(errors.is_empty(), "{errors:?}");
        let work = profiles.get("work").unwrap();
        assert_eq!((work.name(), work.title(), work.program()), ("work", "Codex at work", "codex"));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_the_old_profile_stays() {
        let cases = [
            ("[launch]\nprogramm = \"x\"\n", ":2:1: unknown field `programm`"),
            ("[[screen.rules]]\nid = \"a\"\nstatus = \"idle\"\nall = [{ text = \"(x\" }]\n", ":4:"),
            (
                "[[screen.rules]]\nid = \"a\"\nstatus = \"idle\"\nin = \"nowhere\"\nall = [{ text = \"x\" }]\n",
                "no region",
            ),
            ("extends = \"nothing\"\n", "no built-in profile `nothing`"),
            ("name = \"other\"\n", "the file is called `claude.toml`"),
            ("[launch]\nmodel = [\"-m\"]\n", "has no `{model}`"),
            (
                "[sources]\ntranscript = \"copilot\"\n[handoff]\noutput_block = true\n",
                ":4:1: `handoff.output_block` needs a transcript",
            ),
            ("[sources.hook_answer]\nevent = \"PreToolUse\"\n", ":2:1: `sources.hook_answer` has only"),
        ];
        for (text, wanted) in cases {
            let (profiles, errors) = with("claude.toml", text);
            assert_eq!(errors.len(), 1, "{text}");
            assert!(errors[0].message().contains(wanted), "{}\n{text}", errors[0].message());
            assert_eq!(profiles.get("claude").unwrap().program(), "claude");
        }
    }

    #[test]
    fn an_old_key_says_where_it_is_now() {
        let (_, errors) = with("claude.toml", "[sources]\nprecedence = [\"hook\"]\n");
        assert!(errors[0].message().contains(":2:1: unknown field `precedence`"), "{errors:?}");
        assert!(errors[0].hints().iter().any(|h| h.contains("`[fusion]`")), "{errors:?}");
    }

    #[test]
    fn reloading_a_broken_file_keeps_the_last_good_one() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("claude.toml");
        std::fs::write(&file, "[launch]\nprogram = \"mine\"\n").unwrap();
        let (first, errors) = Profiles::load(dir.path());
        assert!(errors.is_empty());
        std::fs::write(&file, "[launch\n").unwrap();
        let (second, errors) = first.reload(dir.path());
        assert_eq!(errors.len(), 1);
        assert_eq!(second.get("claude").unwrap().program(), "mine");
    }
}
