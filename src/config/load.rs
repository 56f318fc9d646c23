//! Reading the layers: built-in, the user's file, the swarm file, the environment, the command line.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize as _;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{SwarmFile, UserFile};
use super::merge::{Merged, Merger};
use super::problem::{Level, Place, Problem, Report, Source, Warning};
use super::{Config, MonitorSettings, Notify, Overview, Price, ProfileCatalog, resolve, schema, shape};
use crate::paths::Paths;

/// The built-in layer.
const DEFAULT: &str = include_str!("../../config/default.toml");

/// Variables of the caller's environment that set a key.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("SWARM_PROFILE", "defaults.profile"),
    ("SWARM_ICONS", "overview.icons"),
    ("SWARM_THEME", "overview.theme"),
    ("SWARM_LOG", "monitor.log"),
];

/// The environment as the caller has it.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<OsString>;

/// Reads and checks a swarm file with everything below and above it.
#[derive(Clone, Copy)]
pub struct Loader<'a> {
    /// Where the user's file and home are.
    pub paths: &'a Paths,
    /// The profiles that exist.
    pub profiles: &'a dyn ProfileCatalog,
    /// The environment of whoever asks: PATH, `${NAME}`, `SWARM_…`.
    pub env: Env<'a>,
    /// Keys set on the command line, such as `("vars.branch", "main")`, the last word on them.
    pub flags: &'a [(String, String)],
}

/// A configuration with what was found on the way.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is probably not as meant.
    pub warnings: Vec<Warning>,
    /// Which layer set which key.
    pub origins: Origins,
    /// The swarm file as it was read: what `trust` must be asked about.
    pub contents: String,
}

/// Where each key that was set came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Origins(BTreeMap<String, String>);

impl Origins {
    /// Who set `key` (`layout.windows`, `agents.NAME.model`): `PATH:LINE`, `built-in`, `$SWARM_…` or `command line`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// Which layer a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    BuiltIn,
    User,
    Swarm,
    Environment,
    Flags,
}

impl Config {
    /// The configuration of `file`, or everything that is wrong with it.
    pub fn load(
        file: &Path,
        paths: &Paths,
        profiles: &dyn ProfileCatalog,
        env: Env<'_>,
    ) -> Result<(Self, Vec<Warning>), Report> {
        let loaded = Loader { paths, profiles, env, flags: &[] }.load(file)?;
        Ok((loaded.config, loaded.warnings))
    }

    /// The person's own prices, from the user's file alone: what reports without a swarm use.
    pub fn user_prices(paths: &Paths) -> Result<BTreeMap<String, Vec<Price>>, Report> {
        user_file(paths).map(|merged| merged.prices)
    }

    /// How long the monitor keeps events and what it logs, from the user's file alone: it serves many swarms.
    pub fn user_monitor(paths: &Paths) -> Result<MonitorSettings, Report> {
        user_file(paths).map(|merged| merged.monitor)
    }

    /// How the person is told, from the user's file alone.
    pub fn user_notify(paths: &Paths) -> Result<Notify, Report> {
        user_file(paths).map(|merged| merged.notify)
    }

    /// How the overview looks and is driven, from the user's file alone: it opens without a swarm file, too.
    pub fn user_overview(paths: &Paths) -> Result<Overview, Report> {
        user_file(paths).map(|merged| merged.overview)
    }
}

/// What the user's file alone says, over what is built in.
fn user_file(paths: &Paths) -> Result<Merged, Report> {
    let mut stack = Stack::default();
    stack.add(Layer::BuiltIn, &Source::new("built-in", DEFAULT));
    user_layer(paths, &mut stack);
    if stack.problems.iter().all(|p| p.level == Level::Warning) {
        Ok(stack.merged)
    } else {
        Err(Report { problems: stack.problems })
    }
}

impl Loader<'_> {
    /// Reads `file` and resolves it.
    pub fn load(&self, file: &Path) -> Result<Loaded, Report> {
        let text = read(file).map_err(|problem| Report { problems: vec![*problem] })?;
        self.load_text(file, &text)
    }

    /// Resolves `text` as if it were the contents of `file`.
    pub fn load_text(&self, file: &Path, text: &str) -> Result<Loaded, Report> {
        let mut stack = Stack::default();
        stack.add(Layer::BuiltIn, &Source::new("built-in", DEFAULT));
        user_layer(self.paths, &mut stack);
        let source = Source::new(file, text);
        let swarm = stack.swarm(&source);
        stack.lines(Layer::Environment, "environment", &self.environment());
        stack.lines(Layer::Flags, "command line", self.flags);
        let mut problems = std::mem::take(&mut stack.problems);
        let agents = swarm.agents.unwrap_or_default();
        let swarm = resolve::Swarm { source: &source, name: swarm.name, agents };
        let config = resolve::resolve(self, &swarm, stack.merged, &mut problems);
        sort(&mut problems);
        match config.filter(|_| problems.iter().all(|p| p.level == Level::Warning)) {
            Some(config) => Ok(Loaded {
                config,
                warnings: problems,
                origins: origins(&stack.set),
                contents: text.to_owned(),
            }),
            None => Err(Report { problems }),
        }
    }

    /// Checks `text` as if it were the user's own file, alone.
    pub fn check_user(&self, text: &str) -> Result<Vec<Warning>, Report> {
        let mut stack = Stack::default();
        stack.add(Layer::User, &Source::new(&self.paths.config_file, text));
        let mut problems = stack.problems;
        sort(&mut problems);
        if problems.iter().all(|p| p.level == Level::Warning) {
            Ok(problems)
        } else {
            Err(Report { problems })
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        let set = ENVIRONMENT.iter().filter_map(|(var, key)| {
            let value = (self.env)(var)?.into_string().ok().filter(|v| !v.is_empty())?;
            Some(((*key).to_owned(), value))
        });
        set.collect()
    }
}

/// The user's file; that there is none is no problem.
fn user_layer(paths: &Paths, stack: &mut Stack) {
    let file = &paths.config_file;
    if !file.exists() {
        return;
    }
    match read(file) {
        Ok(text) => stack.add(Layer::User, &Source::new(file, text)),
        Err(problem) => stack.problems.push(*problem),
    }
}

/// Reads a file that should be a small UTF-8 text.
pub fn read(file: &Path) -> Result<String, Box<Problem>> {
    let fail = |text: String, at: usize, message: String, mend: &str| {
        Box::new(Problem::error(Place::new(&Source::new(file, text), at..at + 1), message).mend(mend))
    };
    let cannot = |err: std::io::Error| {
        let mend = if err.kind() == std::io::ErrorKind::NotFound { "`swarm init` writes one" } else { "" };
        fail(String::new(), 0, format!("cannot read {}: {err}", file.display()), mend)
    };
    let size = std::fs::metadata(file).map_err(cannot)?.len();
    if size > shape::MAX_FILE {
        return Err(fail(
            String::new(),
            0,
            format!("{} has {size} bytes", file.display()),
            "1 MiB is the limit",
        ));
    }
    let bytes = std::fs::read(file).map_err(cannot)?;
    String::from_utf8(bytes).map_err(|err| {
        let at = err.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(err.as_bytes()).into_owned();
        fail(text, at, "this byte is not UTF-8".to_owned(), "save the file as UTF-8")
    })
}

/// One key that a layer sets.
#[derive(Debug)]
struct Set {
    layer: Layer,
    /// The keys that lead to it; an agent stands with its name after `agents`.
    path: Vec<String>,
    key: Place,
}

/// The layers read so far.
#[derive(Default)]
struct Stack {
    merged: Merged,
    problems: Vec<Problem>,
    set: Vec<Set>,
}

impl Stack {
    fn table<'s>(&mut self, layer: Layer, source: &'s Arc<Source>, schema: &Value) -> Spanned<DeTable<'s>> {
        let table = shape::read(source, schema, &mut self.problems);
        walk(table.get_ref(), &mut Vec::new(), &mut |path, span| {
            self.set.push(Set { layer, path: path.to_vec(), key: Place::new(source, span) });
        });
        table
    }

    /// Reads a layer that may say everything a user's file may.
    fn add(&mut self, layer: Layer, source: &Arc<Source>) {
        let table = self.table(layer, source, schema::user());
        let file = decode(source, table, &mut self.problems, UserFile::deserialize);
        self.lay(layer, source, &file);
    }

    /// Reads the swarm file; what it says about all agents is laid on the stack.
    fn swarm(&mut self, source: &Arc<Source>) -> SwarmFile {
        let table = self.table(Layer::Swarm, source, schema::swarm());
        let mut file = decode(source, table, &mut self.problems, SwarmFile::deserialize);
        let general = UserFile {
            vars: std::mem::take(&mut file.vars),
            defaults: std::mem::take(&mut file.defaults),
            layout: std::mem::take(&mut file.layout),
            roles: std::mem::take(&mut file.roles),
            budget: std::mem::take(&mut file.budget),
            templates: std::mem::take(&mut file.templates),
            ..UserFile::default()
        };
        self.lay(Layer::Swarm, source, &general);
        file
    }

    /// Reads `KEY`, `VALUE` pairs as a layer: each value as TOML where it is TOML, else as text.
    fn lines(&mut self, layer: Layer, name: &str, pairs: &[(String, String)]) {
        if pairs.is_empty() {
            return;
        }
        let mut text = String::new();
        for (key, value) in pairs {
            let _ = writeln!(text, "{key} = {}", as_toml(value));
        }
        self.add(layer, &Source::new(PathBuf::from(name), text));
    }

    fn lay(&mut self, layer: Layer, source: &Arc<Source>, file: &UserFile) {
        let merged = std::mem::take(&mut self.merged);
        let mut merger = Merger { merged, problems: &mut self.problems };
        merger.lay(file, source, layer != Layer::BuiltIn);
        self.merged = merger.merged;
    }
}

/// `value` as it is when it is a TOML value, else as a TOML string.
pub fn as_toml(value: &str) -> String {
    let plain = DeValue::parse(value).is_ok() && !value.contains(['\n', '#']);
    if plain { value.to_owned() } else { toml_edit::Value::from(value).to_string() }
}

/// Turns a table whose shape was checked into its type; what still fails is reported, never hidden.
fn decode<'s, T: Default>(
    source: &Arc<Source>,
    table: Spanned<DeTable<'s>>,
    problems: &mut Vec<Problem>,
    read: impl FnOnce(toml::Deserializer<'s>) -> Result<T, toml::de::Error>,
) -> T {
    read(toml::Deserializer::from(table)).unwrap_or_else(|err| {
        let place = Place::new(source, err.span().unwrap_or(0..0));
        problems.push(Problem::error(place, err.message().to_owned()));
        T::default()
    })
}

/// Calls `found` with the path of every leaf and of every table, and the place of its key.
fn walk(table: &DeTable<'_>, path: &mut Vec<String>, found: &mut dyn FnMut(&[String], Range<usize>)) {
    for (key, value) in table {
        path.push(key.get_ref().to_string());
        found(path, key.span());
        match value.get_ref() {
            DeValue::Table(inner) => walk(inner, path, found),
            DeValue::Array(items) if path.len() == 1 => {
                for item in items {
                    let DeValue::Table(inner) = item.get_ref() else { continue };
                    let name = inner.get("name").and_then(|n| n.get_ref().as_str()).unwrap_or("?");
                    path.push(name.to_owned());
                    walk(inner, path, found);
                    path.pop();
                }
            }
            _ => {}
        }
        path.pop();
    }
}

fn origins(set: &[Set]) -> Origins {
    let mut origins = BTreeMap::new();
    for one in set {
        let place = match one.layer {
            Layer::BuiltIn => "built-in".to_owned(),
            Layer::Environment => {
                let key = one.path.join(".");
                let var = ENVIRONMENT.iter().find(|(_, k)| *k == key).map_or("environment", |(var, _)| var);
                format!("${var}")
            }
            Layer::Flags => "command line".to_owned(),
            Layer::User | Layer::Swarm => {
                let (line, _) = one.key.source.position(one.key.span.start);
                format!("{}:{line}", one.key.source.path.display())
            }
        };
        origins.insert(one.path.join("."), place);
    }
    Origins(origins)
}

/// In the order of the files, then of the places in them.
fn sort(problems: &mut [Problem]) {
    let mut files: Vec<PathBuf> = Vec::new();
    for problem in problems.iter() {
        if !files.iter().any(|f| f == problem.file()) {
            files.push(problem.file().to_owned());
        }
    }
    problems.sort_by_key(|p| (files.iter().position(|f| f == p.file()), p.place.span.start));
}
