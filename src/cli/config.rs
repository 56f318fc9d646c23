//! `swarm config`: look at, check and change the configuration.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::schema::SchemaOf;
use super::{Ctx, output};
use crate::agent::Profiles;
use crate::config::problem::{Level, SHOWN, summary};
use crate::config::{
    self, Loaded, Loader, Problem, Report, Trust, TrustList, Warning, edit, load, schema, show, template,
};
use crate::error::{Context as _, Error, Kind, Result};
use crate::paths;

/// Look at, check and change the configuration
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Write your own config.toml, every key explained
    Init {
        /// Replace the file that is there
        #[arg(long)]
        force: bool,
    },
    /// Open a file in $VISUAL or $EDITOR; it is replaced only when it is right
    Edit(Which),
    /// Say everything that is wrong, with place and mend; exits 3 when there is an error
    Check {
        /// The swarm file [default: the nearest swarm.toml]
        file: Option<PathBuf>,
        /// Print `swarm.check/v1`
        #[arg(long)]
        json: bool,
    },
    /// Print what holds, all layers together
    Show {
        /// The swarm file [default: the nearest swarm.toml]
        file: Option<PathBuf>,
        /// Say for each value who set it
        #[arg(long)]
        origin: bool,
        /// Print `swarm.config/v1`
        #[arg(long, conflicts_with = "origin")]
        json: bool,
    },
    /// Set one key, such as `layout.windows` or `agents.NAME.model`; comments stay
    Set {
        #[command(flatten)]
        which: Which,
        /// The key, with dots
        key: String,
        /// The value: TOML where it is TOML, else text
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Print where the files are
    Path,
    /// Print the tmux plugin: keys, status line, marks. In ~/.tmux.conf: `run-shell 'swarm config tmux | sh'`
    Tmux,
    /// Print the JSON Schema of a file, for editors, or of what a command's `--json` prints
    Schema {
        /// Which file or output
        #[arg(value_enum, default_value = "swarm")]
        file: SchemaOf,
    },
}

/// Which file to change.
#[derive(Debug, Args)]
struct Which {
    /// Your own config.toml
    #[arg(long, conflicts_with = "file")]
    user: bool,
    /// This swarm file [default: the nearest swarm.toml, else your own config.toml]
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// Runs `swarm config …`.
pub fn run(args: ConfigArgs, ctx: &Ctx) -> Result<()> {
    match args.command {
        ConfigCommand::Init { force } => init(ctx, force),
        ConfigCommand::Edit(which) => edit_file(ctx, &which),
        ConfigCommand::Check { file, json } => check(ctx, file, json),
        ConfigCommand::Show { file, origin, json } => show_config(ctx, file, origin, json),
        ConfigCommand::Set { which, key, value } => set(ctx, &which, &key, &value),
        ConfigCommand::Tmux => super::tmux::print(),
        ConfigCommand::Path => output::print(&format!("{}\n", where_files_are(ctx).join("\n"))),
        ConfigCommand::Schema { file } => output::print(&format!("{:#}\n", file.schema())),
    }
}

/// The profiles that exist for this user; what is wrong with one of the user's own is shown, and a built-in holds.
pub fn profiles(ctx: &Ctx) -> Profiles {
    let (profiles, errors) = load_profiles(ctx);
    errors.iter().for_each(output::error);
    profiles
}

fn load_profiles(ctx: &Ctx) -> (Profiles, Vec<Error>) {
    Profiles::load(&ctx.paths.config_dir.join("agents"))
}

/// Calls `with` with a loader for the environment of this process.
pub fn with_loader<T>(ctx: &Ctx, with: impl FnOnce(&Loader<'_>) -> T) -> T {
    let profiles = profiles(ctx);
    with(&Loader { paths: &ctx.paths, profiles: &profiles, env: &paths::var, flags: &[] })
}

/// The swarm file that was named, or the nearest one.
pub fn swarm_file(named: Option<PathBuf>) -> Result<PathBuf> {
    if let Some(file) = named {
        return Ok(if file.is_dir() { file.join(config::FILE_NAME) } else { file });
    }
    let here = std::env::current_dir().context(|| "find the current directory".to_owned())?;
    let file = config::find(&here).ok_or_else(|| {
        Error::new(Kind::NotFound, "there is no swarm.toml here or above").hint("`swarm init` writes one")
    })?;
    // Shown as people would write it.
    Ok(file.strip_prefix(&here).map(Path::to_owned).unwrap_or(file))
}

/// Prints warnings to stderr, coloured as asked for.
pub fn warn(ctx: &Ctx, warnings: &[Warning]) {
    for warning in warnings.iter().take(SHOWN) {
        output::note(&warning.render(ctx.global.color.enabled()));
    }
    if warnings.len() > SHOWN {
        output::note(&format!("… and {} more\n", warnings.len() - SHOWN));
    }
}

/// Prints everything a report says to stderr; the error that is left is one line.
pub fn refuse(ctx: &Ctx, report: &Report) -> Error {
    output::note(report.render(ctx.global.color.enabled()).trim_end());
    let errors = report.problems.iter().find(|p| p.level == Level::Error);
    let file = errors.map_or_else(String::new, |p| p.file().display().to_string());
    Error::new(Kind::Config, format!("{file} is not valid: {}", report.summary()))
}

/// Refuses when this process runs in an agent's pane: what a person must decide.
pub fn only_people(what: &str) -> Result<()> {
    match paths::var_str("SWARM_AGENT") {
        Some(agent) => Err(Error::new(Kind::Blocked, format!("the agent `{agent}` may not {what}"))
            .hint("ask a person to do it in a terminal of their own")),
        None => Ok(()),
    }
}

fn init(ctx: &Ctx, force: bool) -> Result<()> {
    let file = &ctx.paths.config_file;
    if file.exists() && !force {
        return Err(Error::failure(format!("{} exists", file.display()))
            .hint("`swarm config edit --user` changes it, `--force` replaces it"));
    }
    let dir = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
    template::write(&dir.join("config.schema.json"), &format!("{:#}\n", schema::user()))?;
    template::write(file, template::USER)?;
    output::print(&format!("wrote {}\n", file.display()))
}

fn check(ctx: &Ctx, file: Option<PathBuf>, json: bool) -> Result<()> {
    let user = &ctx.paths.config_file;
    let named_none = file.is_none();
    let (file, found) = match swarm_file(file) {
        Ok(file) => {
            let found = with_loader(ctx, |loader| loader.load(&file));
            (file, found.map(|loaded| loaded.warnings))
        }
        // Without a swarm file there is still the user's own.
        Err(_) if named_none && user.is_file() => {
            let text =
                load::read(user).map_err(|problem| refuse(ctx, &Report { problems: vec![*problem] }))?;
            (user.clone(), with_loader(ctx, |loader| loader.check_user(&text)))
        }
        Err(err) => return Err(err),
    };
    let (mut valid, problems) = match found {
        Ok(warnings) => (true, warnings),
        Err(report) => (false, report.problems),
    };
    // Shown when the profiles were loaded.
    let wrong_profiles = load_profiles(ctx).1;
    valid &= wrong_profiles.is_empty();
    if json {
        output::json(&as_json(&file, valid, &problems, &wrong_profiles))?;
    } else {
        warn(ctx, &problems);
        if valid {
            let with = if problems.is_empty() { String::new() } else { format!(" ({})", summary(&problems)) };
            output::print(&format!("{} is valid{with}\n", file.display()))?;
        }
    }
    if valid {
        return Ok(());
    }
    let what = if wrong_profiles.is_empty() {
        format!("{} is not valid: {}", file.display(), summary(&problems))
    } else {
        let dir = ctx.paths.config_dir.join("agents");
        format!("{} of your profiles in {} are wrong", wrong_profiles.len(), dir.display())
    };
    Err(Error::new(Kind::Config, what))
}

/// The schema name of [`Checked`].
pub const CHECK: &str = "swarm.check/v1";
/// The schema name of [`Shown`].
pub const SHOW: &str = "swarm.config/v1";

/// What `swarm config check --json` prints: `swarm.check/v1`.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Checked {
    /// Always `swarm.check/v1`.
    schema: &'static str,
    /// The file that was checked.
    file: PathBuf,
    /// Whether the file and the user's own profiles may be used as they are.
    valid: bool,
    /// Errors and warnings, in the order of the files.
    problems: Vec<CheckedProblem>,
}

/// One thing that is wrong, or probably not as meant.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct CheckedProblem {
    /// `error` or `warning`.
    level: &'static str,
    /// The file; absent where the message names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    /// The line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// What is wrong.
    message: String,
    /// More about the marked text.
    label: Option<String>,
    /// How it is mended.
    mend: Option<String>,
}

/// What `swarm config show --json` prints: `swarm.config/v1`.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct Shown<'a> {
    /// Always `swarm.config/v1`.
    schema: &'static str,
    /// What is used, complete; the values of `env` are blank.
    config: config::Config,
    /// Who set which key: `PATH:LINE`, `built-in`, `$SWARM_…` or `command line`.
    origins: &'a config::Origins,
}

fn as_json(file: &Path, valid: bool, problems: &[Problem], profiles: &[Error]) -> Checked {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let problem = |p: &Problem| CheckedProblem {
        level: if p.level == Level::Error { "error" } else { "warning" },
        file: Some(p.file().to_owned()),
        line: Some(p.line()),
        column: Some(p.column()),
        message: p.message.clone(),
        label: some(&p.label),
        mend: some(&p.mend),
    };
    let profile = |err: &Error| CheckedProblem {
        level: "error",
        file: None,
        line: None,
        column: None,
        message: err.to_string(),
        label: None,
        mend: err.hints().first().cloned(),
    };
    let problems = problems.iter().map(problem).chain(profiles.iter().map(profile)).collect();
    Checked { schema: CHECK, file: file.to_owned(), valid, problems }
}

fn show_config(ctx: &Ctx, file: Option<PathBuf>, origin: bool, json: bool) -> Result<()> {
    let file = swarm_file(file)?;
    let loaded = with_loader(ctx, |loader| loader.load(&file)).map_err(|report| refuse(ctx, &report))?;
    if json {
        let config = loaded.config.without_secrets();
        return output::json(&Shown { schema: SHOW, config, origins: &loaded.origins });
    }
    output::print(&show::show(&loaded, origin))
}

fn where_files_are(ctx: &Ctx) -> Vec<String> {
    let here = std::env::current_dir().ok();
    let swarm = here.and_then(|dir| config::find(&dir));
    let state = |path: &Path| if path.exists() { "" } else { " (does not exist)" };
    let line = |what: &str, path: &Path| format!("{what:<9} {}{}", path.display(), state(path));
    vec![
        swarm.map_or_else(|| "swarm     none here or above".to_owned(), |file| line("swarm", &file)),
        line("user", &ctx.paths.config_file),
        line("profiles", &ctx.paths.config_dir.join("agents")),
        line("state", &ctx.paths.state_dir),
    ]
}

/// A file that is about to be changed.
struct Target {
    file: PathBuf,
    user: bool,
    old: String,
    trusted: bool,
}

impl Target {
    fn find(ctx: &Ctx, which: &Which) -> Result<Self> {
        let swarm = if which.user { None } else { Some(swarm_file(which.file.clone())) };
        let (file, user) = match swarm {
            Some(Ok(file)) => (file, false),
            Some(Err(err)) if which.file.is_some() => return Err(err),
            _ => (ctx.paths.config_file.clone(), true),
        };
        let old = match load::read(&file) {
            Ok(text) => text,
            Err(_) if user && !file.exists() => String::new(),
            Err(problem) => return Err(refuse(ctx, &Report { problems: vec![*problem] })),
        };
        let trusted = !user && TrustList::new(&ctx.paths.state_dir).check(&file, &old) == Trust::Trusted;
        Ok(Self { file, user, old, trusted })
    }

    /// What is wrong with `text` in place of this file; errors that were there before do not count.
    fn check(&self, ctx: &Ctx, text: &str) -> Result<Vec<Warning>, Report> {
        let look = |text: &str| {
            with_loader(ctx, |loader| {
                if self.user {
                    return loader.check_user(text);
                }
                loader.load_text(&self.file, text).map(|Loaded { warnings, .. }| warnings)
            })
        };
        let report = match look(text) {
            Ok(warnings) => return Ok(warnings),
            Err(report) => report,
        };
        let before = look(&self.old).err().map(|r| r.problems).unwrap_or_default();
        let known = |p: &Problem| before.iter().any(|b| b.message == p.message);
        if report.problems.iter().all(|p| p.level == Level::Warning || known(p)) && !self.old.is_empty() {
            return Ok(report.problems);
        }
        Err(report)
    }

    /// Replaces the file. What a person trusted and now changed themselves stays trusted.
    fn replace(&self, ctx: &Ctx, text: &str) -> Result<()> {
        if let Some(dir) = self.file.parent().filter(|d| !d.as_os_str().is_empty()) {
            std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
        }
        template::write(&self.file, text)?;
        if self.trusted {
            TrustList::new(&ctx.paths.state_dir).trust(&self.file, text)?;
        }
        Ok(())
    }
}

fn set(ctx: &Ctx, which: &Which, key: &str, value: &str) -> Result<()> {
    only_people("change the configuration")?;
    let target = Target::find(ctx, which)?;
    let text = edit::set(&target.old, key, value)?;
    let checked = match target.check(ctx, &text) {
        Ok(_) => Ok(text),
        // `7` for a key that takes text is meant as text.
        Err(report) => {
            let quoted = toml_edit::Value::from(value).to_string();
            let text = edit::set(&target.old, key, &quoted)?;
            target.check(ctx, &text).map(|_| text).map_err(|_| report)
        }
    };
    let text = checked.map_err(|report| refuse(ctx, &report))?;
    target.replace(ctx, &text)?;
    output::note(&format!("set {key} in {}", target.file.display()));
    Ok(())
}

fn edit_file(ctx: &Ctx, which: &Which) -> Result<()> {
    only_people("change the configuration")?;
    let target = Target::find(ctx, which)?;
    let editor =
        paths::var_str("VISUAL").or_else(|| paths::var_str("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let stem = target.file.with_extension("");
    let draft = PathBuf::from(format!("{}.draft-{}.toml", stem.display(), std::process::id()));
    let start = if target.old.is_empty() && target.user { template::USER } else { &target.old };
    if let Some(dir) = draft.parent().filter(|d| !d.as_os_str().is_empty()) {
        std::fs::create_dir_all(dir).context(|| format!("create {}", dir.display()))?;
    }
    std::fs::write(&draft, start).context(|| format!("write {}", draft.display()))?;
    let kept = || {
        Error::new(Kind::Config, "the file was not changed")
            .hint(format!("your draft is {}", draft.display()))
    };
    loop {
        open_editor(&editor, &draft)?;
        let text = load::read(&draft).map_err(|problem| refuse(ctx, &Report { problems: vec![*problem] }))?;
        if text == target.old {
            let _ = std::fs::remove_file(&draft);
            output::note("nothing was changed");
            return Ok(());
        }
        match target.check(ctx, &text) {
            Ok(warnings) => {
                warn(ctx, &warnings);
                target.replace(ctx, &text)?;
                let _ = std::fs::remove_file(&draft);
                output::note(&format!("changed {}", target.file.display()));
                return Ok(());
            }
            Err(report) => {
                let _ = refuse(ctx, &report);
                if !std::io::stdin().is_terminal() || !super::init::yes("Edit again?", true)? {
                    return Err(kept());
                }
            }
        }
    }
}

/// Runs the editor as git does: its value may hold arguments.
#[expect(
    clippy::disallowed_methods,
    reason = "the person's editor, in their terminal, while they wait for it"
)]
fn open_editor(editor: &str, file: &Path) -> Result<()> {
    let status = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("{editor} \"$1\""))
        .arg("sh")
        .arg(file)
        .status()
        .context(|| format!("start the editor `{editor}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(Error::failure(format!("the editor `{editor}` ended with {status}"))
        .hint(format!("your draft is {}", file.display())))
}
