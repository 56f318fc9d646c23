//! Sessions described for tmuxinator and tmuxp, turned into a swarm file. One way; what has no counterpart is named.
//!
//! The YAML is other people's text: whatever it holds, the answer is a swarm file with notes, or an error.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use toml_edit::Value as Toml;

use super::foreign::Imported;
use super::layout::Arrangement;
use super::resolve::proposal;
use super::yaml::Yaml;

/// What of this machine decides how panes are carried over.
#[derive(Debug)]
pub(super) struct Machine {
    /// The programs of agent CLIs, each with its profile.
    pub(super) programs: Vec<(String, String)>,
    /// The name of the person's shell.
    pub(super) shell: String,
}

/// A session as both tools describe it.
#[derive(Debug, Default)]
struct Session {
    name: String,
    root: Option<String>,
    env: Vec<(String, String)>,
    windows: Vec<Window>,
    notes: Vec<String>,
}

#[derive(Debug, Default)]
struct Window {
    name: String,
    layout: Option<String>,
    panes: Vec<Pane>,
}

#[derive(Debug, Default, Clone)]
struct Pane {
    name: Option<String>,
    root: Option<String>,
    env: Vec<(String, String)>,
    /// Lines as they would be typed into a shell.
    lines: Vec<String>,
}

/// Turns a tmuxinator project into a swarm file.
pub(super) fn tmuxinator(yaml: &Yaml, stem: &str, machine: &Machine) -> Imported {
    let mut session = Session {
        name: yaml.text("name").or_else(|| yaml.text("project_name")).unwrap_or_else(|| stem.to_owned()),
        root: yaml.text("root").or_else(|| yaml.text("project_root")),
        ..Session::default()
    };
    let before: Vec<String> = ["pre_window", "rbenv", "rvm", "pre_tab"]
        .iter()
        .flat_map(|key| {
            let lines = yaml.get(key).map(Yaml::lines).unwrap_or_default();
            let tool = match *key {
                "rbenv" => "rbenv shell ",
                "rvm" => "rvm use ",
                _ => "",
            };
            lines.into_iter().map(move |line| format!("{tool}{line}"))
        })
        .collect();
    let known = [
        "name",
        "project_name",
        "root",
        "project_root",
        "windows",
        "tabs",
        "pre_window",
        "rbenv",
        "rvm",
        "pre_tab",
    ];
    session.note_unknown(yaml, &known, "");
    for item in yaml.get("windows").or_else(|| yaml.get("tabs")).map(Yaml::items).unwrap_or_default() {
        match item.pairs() {
            [(name, body), ..] => session.tmuxinator_window(name, body, &before),
            [] => session.tmuxinator_window(&item.as_text().unwrap_or_default(), &Yaml::Null, &before),
        }
    }
    session.write(machine)
}

/// Turns a tmuxp workspace into a swarm file.
pub(super) fn tmuxp(yaml: &Yaml, stem: &str, machine: &Machine) -> Imported {
    let mut session = Session {
        name: yaml.text("session_name").unwrap_or_else(|| stem.to_owned()),
        root: yaml.text("start_directory"),
        env: yaml.get("environment").map(Yaml::texts).unwrap_or_default(),
        ..Session::default()
    };
    session.note_unknown(
        yaml,
        &["session_name", "start_directory", "environment", "windows", "shell_command_before"],
        "",
    );
    let before = yaml.get("shell_command_before").map(Yaml::lines).unwrap_or_default();
    for window in yaml.get("windows").map(Yaml::items).unwrap_or_default() {
        session.tmuxp_window(window, &before);
    }
    session.write(machine)
}

impl Session {
    fn note(&mut self, note: &str) {
        let note = crate::text::one_line(note);
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn note_unknown(&mut self, yaml: &Yaml, known: &[&str], place: &str) {
        for (key, _) in yaml.pairs().iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            self.note(&format!("`{key}`{place} has no counterpart and was left out"));
        }
    }

    fn tmuxinator_window(&mut self, name: &str, body: &Yaml, before: &[String]) {
        let mut window = Window { name: name.to_owned(), layout: body.text("layout"), ..Window::default() };
        let place = format!(" of the window `{name}`");
        let mut before = before.to_vec();
        before.extend(body.get("pre").map(Yaml::lines).unwrap_or_default());
        let root = body.text("root");
        let pane = |name: Option<String>, lines: Vec<String>| Pane {
            name,
            root: root.clone(),
            lines: if lines.is_empty() { lines } else { [before.clone(), lines].concat() },
            ..Pane::default()
        };
        if body.pairs().is_empty() {
            window.panes.push(pane(None, body.lines()));
        } else {
            self.note_unknown(body, &["layout", "root", "pre", "panes"], &place);
            for item in body.get("panes").map(Yaml::items).unwrap_or_default() {
                window.panes.push(match item.pairs() {
                    [(title, commands), ..] => pane(Some(title.clone()), commands.lines()),
                    [] => pane(None, item.lines()),
                });
            }
            if window.panes.is_empty() {
                window.panes.push(pane(None, Vec::new()));
            }
        }
        self.windows.push(window);
    }

    fn tmuxp_window(&mut self, yaml: &Yaml, before: &[String]) {
        let name = yaml.text("window_name").unwrap_or_else(|| format!("window {}", self.windows.len() + 1));
        let place = format!(" of the window `{name}`");
        let known = [
            "window_name",
            "layout",
            "start_directory",
            "shell_command_before",
            "panes",
            "environment",
            "focus",
        ];
        self.note_unknown(yaml, &known, &place);
        let mut before = before.to_vec();
        before.extend(yaml.get("shell_command_before").map(Yaml::lines).unwrap_or_default());
        let mut window = Window { name, layout: yaml.text("layout"), ..Window::default() };
        let whole = Pane {
            root: yaml.text("start_directory"),
            env: yaml.get("environment").map(Yaml::texts).unwrap_or_default(),
            ..Pane::default()
        };
        for item in yaml.get("panes").map(Yaml::items).unwrap_or_default() {
            let mut pane = whole.clone();
            let mut lines = item.lines();
            if !item.pairs().is_empty() {
                let known = [
                    "shell_command",
                    "start_directory",
                    "environment",
                    "shell_command_before",
                    "title",
                    "focus",
                ];
                self.note_unknown(item, &known, &format!(" of a pane{place}"));
                pane.name = item.text("title");
                let own = item.text("start_directory");
                pane.root = below(pane.root.as_deref(), own.as_deref());
                pane.env.extend(item.get("environment").map(Yaml::texts).unwrap_or_default());
                lines = item.get("shell_command_before").map(Yaml::lines).unwrap_or_default();
                lines.extend(item.get("shell_command").map(Yaml::lines).unwrap_or_default());
            }
            // Words of tmuxp for an empty pane.
            lines.retain(|line| !matches!(line.as_str(), "pane" | "blank" | ""));
            pane.lines = if lines.is_empty() { lines } else { [before.clone(), lines].concat() };
            window.panes.push(pane);
        }
        if window.panes.is_empty() {
            window.panes.push(whole);
        }
        self.windows.push(window);
    }

    /// The layout all windows share.
    fn layout(&mut self) -> Option<String> {
        let layouts: BTreeSet<String> = self.windows.iter().filter_map(|w| w.layout.clone()).collect();
        let mut layouts = layouts.into_iter();
        let (first, more) = (layouts.next()?, layouts.next());
        if more.is_some() {
            self.note(&format!("every window gets the layout `{first}`: a swarm has one layout for all"));
        }
        match first.parse::<Arrangement>() {
            Ok(_) => Some(first),
            Err(why) => {
                self.note(&format!("the layout was left out: {why}"));
                None
            }
        }
    }

    fn write(mut self, machine: &Machine) -> Imported {
        let name = proposal(&self.name).unwrap_or_else(|| "imported".to_owned());
        if name != self.name {
            self.note(&format!("the session `{}` is named `{name}` here", self.name));
        }
        let layout = self.layout();
        let most = self.windows.iter().map(|w| w.panes.len()).max().unwrap_or(1).clamp(1, 64);
        let mut out = format!(
            "#:schema {}\nname = {}\n\n[defaults]\nprofile = \"shell\"\n",
            super::template::SCHEMA_FILE,
            quoted(&name)
        );
        if !self.env.is_empty() {
            let _ = writeln!(out, "env = {}", table(&self.env));
        }
        let _ = writeln!(out, "\n[layout]");
        if let Some(layout) = layout {
            let _ = writeln!(out, "windows = {}", quoted(&layout));
        }
        let _ = writeln!(out, "panes_per_window = {most}");
        let mut taken = BTreeSet::new();
        let mut endings = false;
        for window in std::mem::take(&mut self.windows) {
            let alone = window.panes.len() == 1;
            for pane in &window.panes {
                let wanted = pane.name.clone().unwrap_or_else(|| window.name.clone());
                let name = unique(&wanted, alone || pane.name.is_some(), &mut taken);
                let _ = write!(out, "\n[[agents]]\nname = {}\n", quoted(&name));
                let label: String =
                    window.name.chars().filter(|c| !matches!(c, '#' | '\\') && !c.is_control()).collect();
                if !label.trim().is_empty() && label != "swarm" {
                    let _ = writeln!(out, "window = {}", quoted(&escaped(&label)));
                }
                if let Some(domain) = join(self.root.as_deref(), pane.root.as_deref()) {
                    let _ = writeln!(out, "domain = {}", quoted(&escaped(&domain)));
                }
                if !pane.env.is_empty() {
                    let _ = writeln!(out, "env = {}", table(&pane.env));
                }
                endings |= self.start(&mut out, &pane.lines, machine);
            }
        }
        if endings {
            self.note("a pane ends with its command; in the other tool a shell was left");
        }
        Imported { text: out, notes: self.notes }
    }
}

impl Session {
    /// Writes what a pane starts; answers whether it is a command that leaves no shell behind.
    fn start(&mut self, out: &mut String, lines: &[String], machine: &Machine) -> bool {
        let Some((last, before)) = lines.split_last() else { return false };
        let words = plain_words(last);
        let profile = words.as_ref().and_then(|w| {
            let program = w.first()?;
            machine.programs.iter().find(|(p, _)| p == program).map(|(_, profile)| profile)
        });
        match (words, profile) {
            (Some(words), Some(profile)) => {
                for line in before {
                    self.note(&format!(
                        "`{line}` is not run before `{last}`: agents get your own environment"
                    ));
                }
                let _ = writeln!(out, "profile = {}", quoted(profile));
                if words.len() > 1 {
                    let _ = writeln!(out, "args = {}", list(&words[1..]));
                }
                false
            }
            (Some(words), None) if before.is_empty() => {
                let _ = writeln!(out, "command = {}", list(&words));
                true
            }
            _ => {
                // As typed: functions and aliases of the person's shell exist only in an interactive one.
                let flag =
                    if matches!(machine.shell.as_str(), "bash" | "zsh" | "fish") { "-ic" } else { "-c" };
                let words = [machine.shell.clone(), flag.to_owned(), lines.join("\n")];
                let _ = writeln!(out, "command = {}", list(&words));
                true
            }
        }
    }
}

/// The words of a line that needs no shell to be understood.
fn plain_words(line: &str) -> Option<Vec<String>> {
    let plain = |c: char| c.is_alphanumeric() || " _-./:=,@%+".contains(c);
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let first = words.first()?;
    // `A=1 cmd` sets a variable; `cd x` and the like are the shell's own.
    let shell = ["cd", "source", ".", "export", "alias", "eval", "exec", "set", "unset", "ulimit", "umask"];
    (line.chars().all(plain) && !first.contains('=') && !shell.contains(&first.as_str())).then_some(words)
}

/// `own`, below `root` unless it stands for itself.
fn below(root: Option<&str>, own: Option<&str>) -> Option<String> {
    match (root, own) {
        (Some(root), Some(own)) if !own.starts_with(['/', '~', '$']) => {
            Some(Path::new(root).join(own).to_string_lossy().into_owned())
        }
        (root, own) => own.or(root).map(str::to_owned),
    }
}

/// `$NAME` as `${NAME}`, joined below the session's root.
fn join(root: Option<&str>, own: Option<&str>) -> Option<String> {
    let joined = below(root, own)?;
    let mut out = String::new();
    let mut rest = joined.as_str();
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 {
            let _ = write!(out, "${{{}}}", &rest[..end]);
        } else {
            out.push('$');
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    Some(out)
}

/// An agent name from what the pane or window is called, not taken yet.
fn unique(wanted: &str, alone: bool, taken: &mut BTreeSet<String>) -> String {
    let base = proposal(wanted).unwrap_or_else(|| "pane".to_owned());
    let base: String = base.chars().take(28).collect();
    let mut name = base.clone();
    let mut number = 1;
    while (number == 1 && !alone) || taken.contains(&name) {
        name = format!("{}-{number}", base.trim_end_matches('-'));
        number += 1;
    }
    taken.insert(name.clone());
    name
}

fn quoted(text: &str) -> String {
    Toml::from(text).to_string().trim().to_owned()
}

/// `{{` begins a variable in a swarm file.
fn escaped(text: &str) -> String {
    text.replace("{{", "{{{{")
}

fn list(words: &[String]) -> String {
    format!("[{}]", words.iter().map(|w| quoted(&escaped(w))).collect::<Vec<_>>().join(", "))
}

fn table(pairs: &[(String, String)]) -> String {
    let value = |text: &str| quoted(&escaped(text).replace("${", "$${"));
    let pairs: Vec<String> =
        pairs.iter().map(|(k, v)| format!("{} = {}", toml_edit::Key::new(k.as_str()), value(v))).collect();
    format!("{{ {} }}", pairs.join(", "))
}
