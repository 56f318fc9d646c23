//! `swarm detect`: reads saved screens by the rules of a profile, without tmux and without a monitor.
//!
//! This is how recordings are tested and how a wrong status is reproduced.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Ctx, output};
use crate::agent::{Profile, Profiles};
use crate::error::{Error, Kind, Result};
use crate::observe::screen::{self, Composer, DialogOption, PaneVars, Reading, Screen};
use crate::status::{Reason, Status};

/// Read saved screens and say what they prove
///
/// FILE is a captured screen (`tmux capture-pane -p`, or `-pe` with escapes); `-` is stdin. A file of the same name that
/// ends in `.json` and has an object `tmux` supplies what the options do not: `pane_title`, `cursor_x`, `cursor_y`,
/// `cursor_flag`, `pane_dead`, `pane_width`, `pane_height`, `alternate_on`, `pane_current_command`.
#[derive(Debug, clap::Args)]
pub struct DetectArgs {
    /// The profile to read with [default: a folder of the path named like one, else the one that proves something]
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The pane's title
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// The cursor's position, from 0
    #[arg(long, value_name = "X,Y", value_parser = position)]
    cursor: Option<(u16, u16)>,
    /// Whether the cursor is visible
    #[arg(long, value_name = "BOOL", value_parser = boolean)]
    cursor_visible: Option<bool>,
    /// Whether the pane's process has ended
    #[arg(long, value_name = "BOOL", value_parser = boolean)]
    dead: Option<bool>,
    /// The pane's width in columns
    #[arg(long, value_name = "COLUMNS")]
    width: Option<u16>,
    /// The pane's height in lines
    #[arg(long, value_name = "LINES")]
    height: Option<u16>,
    /// Whether the alternate screen is on
    #[arg(long, value_name = "BOOL", value_parser = boolean)]
    alternate: Option<bool>,
    /// The command that runs in the pane
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// Print one JSON object per file
    #[arg(long)]
    json: bool,
    /// The saved screens
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

fn position(word: &str) -> std::result::Result<(u16, u16), String> {
    let wrong = || format!("`{word}` is not of the form X,Y");
    let (x, y) = word.split_once(',').ok_or_else(wrong)?;
    Ok((x.trim().parse().map_err(|_| wrong())?, y.trim().parse().map_err(|_| wrong())?))
}

fn boolean(word: &str) -> std::result::Result<bool, String> {
    match word.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "0" | "false" | "no" | "off" | "" => Ok(false),
        _ => Err(format!("`{word}` is neither true nor false")),
    }
}

/// One line of the output: `swarm.detect/v1`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Detected {
    /// Always `swarm.detect/v1`.
    schema: &'static str,
    /// The file, as it was named.
    file: String,
    /// The profile it was read with.
    profile: String,
    /// What the screen proves.
    status: Status,
    /// Why.
    reason: Option<Reason>,
    /// The rule that decided; empty for `unknown`.
    rule: String,
    /// The text that matched.
    text: String,
    /// How full the context is by the agent's own words, 0–100; where it says only what is left until it compacts, the
    /// rest of that.
    context_percent_used: Option<f64>,
    /// What is left until the agent compacts by itself, 0–100, where it says so.
    context_to_compaction: Option<f64>,
    /// The choices of the dialog.
    options: Vec<OptionOut>,
    /// What is asked.
    question: Option<String>,
    /// What the question is about: the command, the file.
    subject: Option<String>,
    /// The model, as the screen names it.
    model: Option<String>,
    /// Tokens in the context, as the screen says it.
    tokens: Option<u64>,
    /// Until when, in the agent's words.
    until: Option<String>,
    /// `absent`, `empty`, `draft` or `unknown`.
    composer: &'static str,
    /// The text in the composer.
    draft: Option<String>,
}

/// One choice of a dialog.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct OptionOut {
    /// The key that stands for it.
    key: Option<String>,
    /// What it says.
    text: String,
    /// What stands below it as an explanation.
    detail: String,
    /// Whether it is selected.
    selected: bool,
}

impl From<DialogOption> for OptionOut {
    fn from(o: DialogOption) -> Self {
        Self { key: o.key, text: o.text, detail: o.detail, selected: o.selected }
    }
}

/// Runs the command.
#[expect(clippy::needless_pass_by_value, reason = "commands are handed their arguments")]
pub fn run(args: DetectArgs, ctx: &Ctx) -> Result<()> {
    let (profiles, problems) = Profiles::load(&ctx.paths.config_dir.join("agents"));
    for problem in &problems {
        output::error(problem);
    }
    let chosen = args.profile.as_deref().map(|name| known(&profiles, name)).transpose()?;
    for file in &args.files {
        let bytes = read(file)?;
        let screen = Screen::parse(&bytes, vars(&args, file)?);
        let (profile, reading) = match &chosen {
            Some(profile) => (Arc::clone(profile), screen::classify(profile, &screen)),
            None => guess(&profiles, file, &screen),
        };
        let found = detected(file, &profile, reading);
        if args.json {
            output::json(&found)?;
        } else {
            let reason = found.reason.map(|r| format!(" ({r})")).unwrap_or_default();
            let rule = if found.rule.is_empty() { "no rule" } else { &found.rule };
            let line = format!(
                "{}: {}{reason} · {} {rule} · {}\n",
                found.file, found.status, found.profile, found.text
            );
            output::print(&line)?;
        }
    }
    Ok(())
}

fn known(profiles: &Profiles, name: &str) -> Result<Arc<Profile>> {
    profiles.get(name).cloned().ok_or_else(|| {
        let names: Vec<&str> = profiles.names().collect();
        Error::new(Kind::Usage, format!("there is no profile `{name}`"))
            .hint(format!("one of {}", names.join(", ")))
    })
}

fn read(file: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes).map(|_| ())
    } else {
        std::fs::read(file).map(|b| bytes = b)
    };
    read.map_err(|err| Error::failure(format!("cannot read {}", file.display())).because(err))?;
    Ok(bytes)
}

/// The `tmux` object of a recording's sidecar; everything else in that file is left unread.
#[derive(Debug, Default, Deserialize)]
struct Sidecar {
    #[serde(default)]
    tmux: serde_json::Map<String, serde_json::Value>,
}

impl Sidecar {
    fn beside(file: &Path) -> Result<Self> {
        let path = file.with_extension("json");
        if path == file {
            return Ok(Self::default());
        }
        match std::fs::read(&path) {
            Err(_) => Ok(Self::default()),
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|err| {
                Error::failure(format!("{} is not the JSON of a recording", path.display())).because(err)
            }),
        }
    }

    fn text(&self, key: &str) -> Option<String> {
        match self.tmux.get(key)? {
            serde_json::Value::String(s) => Some(s.clone()),
            serde_json::Value::Number(n) => Some(n.to_string()),
            serde_json::Value::Bool(b) => Some(b.to_string()),
            _ => None,
        }
    }

    fn number(&self, key: &str) -> Option<u16> {
        self.text(key)?.trim().parse().ok()
    }

    fn boolean(&self, key: &str) -> Option<bool> {
        boolean(&self.text(key)?).ok()
    }
}

fn vars(args: &DetectArgs, file: &Path) -> Result<PaneVars> {
    let side = Sidecar::beside(file)?;
    let cursor = side.number("cursor_x").zip(side.number("cursor_y"));
    Ok(PaneVars {
        title: args.title.clone().or_else(|| side.text("pane_title")),
        cursor: args.cursor.or(cursor),
        cursor_visible: args.cursor_visible.or_else(|| side.boolean("cursor_flag")),
        dead: args.dead.or_else(|| side.boolean("pane_dead")),
        width: args.width.or_else(|| side.number("pane_width")),
        height: args.height.or_else(|| side.number("pane_height")),
        alternate: args.alternate.or_else(|| side.boolean("alternate_on")),
        current_command: args
            .command
            .clone()
            .or_else(|| side.text("pane_current_command"))
            .filter(|c| !c.is_empty()),
    })
}

/// The profile a screen belongs to: a folder of its path that is named like one, else the one that proves the most.
fn guess(profiles: &Profiles, file: &Path, screen: &Screen) -> (Arc<Profile>, Reading) {
    let folder = file
        .parent()
        .into_iter()
        .flat_map(Path::iter)
        .rev()
        .find_map(|part| profiles.get(&part.to_string_lossy()));
    if let Some(profile) = folder {
        return (Arc::clone(profile), screen::classify(profile, screen));
    }
    let command = screen.vars().current_command.as_deref().unwrap_or_default();
    let mut best: Option<(i32, Arc<Profile>, Reading)> = None;
    for profile in profiles.iter() {
        let reading = screen::classify(profile, screen);
        let mut score = i32::from(reading.status != Status::Unknown) * 2;
        score += i32::from(!matches!(reading.composer, Composer::Absent | Composer::Unknown)) * 4;
        score += i32::from(!reading.options.is_empty());
        score += i32::from(profile.data().process.comm.iter().any(|c| c == command)) * 8;
        score -= i32::from(profile.experimental()) * 3 + i32::from(profile.program().is_empty()) * 4;
        if best.as_ref().is_none_or(|(s, ..)| score > *s) {
            best = Some((score, Arc::clone(profile), reading));
        }
    }
    best.map_or_else(
        || {
            let profile = profiles.iter().next().map_or_else(|| Arc::new(Profile::default()), Arc::clone);
            let reading = screen::classify(&profile, screen);
            (profile, reading)
        },
        |(_, profile, reading)| (profile, reading),
    )
}

fn detected(file: &Path, profile: &Profile, reading: Reading) -> Detected {
    let context_percent_used = reading.context_reported();
    let (composer, draft) = match reading.composer {
        Composer::Absent => ("absent", None),
        Composer::Empty => ("empty", None),
        Composer::Draft(text) | Composer::OtherMode(text) => ("draft", Some(text)),
        Composer::Unknown => ("unknown", None),
    };
    Detected {
        schema: "swarm.detect/v1",
        file: file.display().to_string(),
        profile: profile.name().to_owned(),
        status: reading.status,
        reason: reading.reason,
        rule: reading.rule,
        text: reading.text,
        context_percent_used,
        context_to_compaction: reading.context_to_compaction,
        options: reading.options.into_iter().map(OptionOut::from).collect(),
        question: reading.question,
        subject: reading.subject,
        model: reading.model,
        tokens: reading.tokens,
        until: reading.until,
        composer,
        draft,
    }
}
