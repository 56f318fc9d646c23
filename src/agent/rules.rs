//! Screen rules in their compiled form: every regular expression is compiled once per profile.

use std::fmt;
use std::str::FromStr;

use regex::Regex;

use super::file::{Captured, ComposerData, ComposerIs, PatternData, ProfileData, RuleData};
use crate::status::{Reason, Status};

/// A part of the screen, or something known about the pane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Region {
    /// All of it.
    Screen,
    /// The last so many non-empty lines above the composer.
    Above(usize),
    /// From the last opening of the conversation to the composer, or to the end.
    Cell,
    /// The composer's own lines.
    Composer,
    /// What is below the composer.
    Footer,
    /// The last so many non-empty lines.
    Bottom(usize),
    /// What stands where the composer should be; empty when it is there.
    Dialog,
    /// The pane's title.
    Title,
    /// The pane's current command.
    Command,
}

impl FromStr for Region {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let number =
            |n: &str| n.parse::<usize>().map_err(|_| format!("`{word}`: `{n}` is no number of lines"));
        Ok(match word.split_once(':') {
            Some(("above", n)) => Self::Above(number(n)?),
            Some(("bottom", n)) => Self::Bottom(number(n)?),
            None if word == "screen" => Self::Screen,
            None if word == "cell" => Self::Cell,
            None if word == "composer" => Self::Composer,
            None if word == "footer" => Self::Footer,
            None if word == "dialog" => Self::Dialog,
            None if word == "title" => Self::Title,
            None if word == "command" => Self::Command,
            _ => {
                return Err(format!(
                    "`{word}` is no region: screen, above:N, cell, composer, footer, bottom:N, dialog, title, command"
                ));
            }
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Screen => f.write_str("screen"),
            Self::Above(n) => write!(f, "above:{n}"),
            Self::Cell => f.write_str("cell"),
            Self::Composer => f.write_str("composer"),
            Self::Footer => f.write_str("footer"),
            Self::Bottom(n) => write!(f, "bottom:{n}"),
            Self::Dialog => f.write_str("dialog"),
            Self::Title => f.write_str("title"),
            Self::Command => f.write_str("command"),
        }
    }
}

/// In which form a region is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// Each line as it is.
    Line,
    /// As one line: borders stripped, white space collapsed.
    Text,
    /// Without any white space.
    Tight,
    /// Its lines as they are, joined by line feeds.
    Block,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Pattern {
    /// Where it looks.
    pub region: Region,
    /// In which form.
    pub form: Form,
    /// What it looks for.
    pub regex: Regex,
}

/// A compiled rule.
#[derive(Debug)]
pub struct Rule {
    /// What the file says, its patterns apart.
    pub data: RuleData,
    /// All of these must match.
    pub all: Vec<Pattern>,
    /// One of these must match, if there are any.
    pub any: Vec<Pattern>,
    /// None of these may match.
    pub not: Vec<Pattern>,
}

impl Rule {
    /// The status it proves.
    pub fn status(&self) -> Status {
        self.data.status
    }

    /// Why.
    pub fn reason(&self) -> Option<Reason> {
        self.data.reason
    }

    /// Whether nothing but the title can make it hold.
    pub fn is_of_title(&self) -> bool {
        let mut patterns = self.all.iter().chain(&self.any).peekable();
        patterns.peek().is_some() && patterns.all(|p| p.region == Region::Title)
    }
}

/// A compiled shape of the composer.
#[derive(Debug)]
pub struct Composer {
    /// The line above it.
    pub top: Option<Regex>,
    /// Its first line.
    pub prompt: Regex,
    /// The prompt stands before each line.
    pub on_every_line: bool,
    /// The line below it.
    pub bottom: Option<Regex>,
    /// A line that proves that there is none.
    pub stop: Option<Regex>,
    /// Texts that stand in an empty one.
    pub placeholder: Vec<Regex>,
    /// A line of one in another mode.
    pub other_mode: Option<Regex>,
    /// Lines that are not the draft.
    pub chrome: Option<Regex>,
    /// How many lines it may have.
    pub max_lines: usize,
    /// How many non-empty lines may follow it.
    pub max_below: usize,
}

/// A compiled capture.
#[derive(Debug)]
pub struct Capture {
    /// What it reads.
    pub what: String,
    /// Where and how; the first group is the value.
    pub pattern: Pattern,
    /// Only when the composer is there or not.
    pub composer: Option<ComposerIs>,
}

/// Everything about one profile's screen, compiled.
#[derive(Debug, Default)]
pub struct Rules {
    /// Shapes of the composer.
    pub composer: Vec<Composer>,
    /// A line that opens something in the conversation.
    pub cell: Option<Regex>,
    /// A line that opens a dialog.
    pub dialog_top: Option<Regex>,
    /// Characters that mark the selected option.
    pub cursor_glyphs: Vec<char>,
    /// An option line of its own form.
    pub option: Option<Regex>,
    /// Several options on one line.
    pub inline_options: Option<Regex>,
    /// Rows above the composer that are no words of the agent's.
    pub chrome: Vec<Regex>,
    /// The rules, the ones to try first first.
    pub rules: Vec<Rule>,
    /// What to read off the screen.
    pub captures: Vec<Capture>,
    /// The option that approves.
    pub approve: Vec<Regex>,
    /// Options that approve for longer than once.
    pub approve_always: Vec<Regex>,
    /// The option that denies.
    pub deny: Vec<Regex>,
    /// Options that only open a field for words.
    pub deny_with_words: Vec<Regex>,
    /// The arguments of the agent's process.
    pub argv: Vec<Regex>,
}

/// Something wrong in a profile: the text in the file that it stands at, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Text to find in the file, such as a rule's id or a pattern.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

/// Collects flaws while it compiles.
struct Compiler {
    flaws: Vec<Flaw>,
}

impl Compiler {
    fn regex(&mut self, pattern: &str) -> Option<Regex> {
        match Regex::new(pattern) {
            Ok(regex) => Some(regex),
            Err(err) => {
                let message = err.to_string().lines().last().unwrap_or_default().trim().to_owned();
                self.flaws.push(Flaw {
                    at: pattern.to_owned(),
                    message: format!("not a regular expression: {message}"),
                });
                None
            }
        }
    }

    fn optional(&mut self, pattern: Option<&String>) -> Option<Regex> {
        pattern.and_then(|p| self.regex(p))
    }

    fn list(&mut self, patterns: &[String]) -> Vec<Regex> {
        patterns.iter().filter_map(|p| self.regex(p)).collect()
    }

    fn region(&mut self, word: &str) -> Option<Region> {
        word.parse().map_err(|message| self.flaws.push(Flaw { at: word.to_owned(), message })).ok()
    }

    fn pattern(&mut self, id: &str, region: &str, forms: [(Form, Option<&String>); 4]) -> Option<Pattern> {
        let mut given = forms.into_iter().filter_map(|(form, source)| source.map(|s| (form, s)));
        let (Some((form, source)), None) = (given.next(), given.next()) else {
            let message = "a pattern has exactly one of `line`, `text`, `tight` and `block`".to_owned();
            self.flaws.push(Flaw { at: id.to_owned(), message });
            return None;
        };
        Some(Pattern { region: self.region(region)?, form, regex: self.regex(source)? })
    }

    fn patterns(&mut self, rule: &RuleData, patterns: &[PatternData]) -> Vec<Pattern> {
        let mut out = Vec::new();
        for p in patterns {
            let region = p.region.as_deref().unwrap_or(&rule.region);
            let forms = [
                (Form::Line, p.line.as_ref()),
                (Form::Text, p.text.as_ref()),
                (Form::Tight, p.tight.as_ref()),
                (Form::Block, p.block.as_ref()),
            ];
            out.extend(self.pattern(&rule.id, region, forms));
        }
        out
    }

    fn composer(&mut self, data: &ComposerData) -> Option<Composer> {
        Some(Composer {
            top: self.optional(data.top.as_ref()),
            prompt: self.regex(&data.prompt)?,
            on_every_line: data.prompt_on_every_line,
            bottom: self.optional(data.bottom.as_ref()),
            stop: self.optional(data.stop.as_ref()),
            placeholder: self.list(&data.placeholder),
            other_mode: self.optional(data.other_mode.as_ref()),
            chrome: self.optional(data.chrome.as_ref()),
            max_lines: data.max_lines,
            max_below: data.max_below,
        })
    }

    fn rule(&mut self, data: &RuleData) -> Option<Rule> {
        let before = self.flaws.len();
        let rule = Rule {
            data: data.clone(),
            all: self.patterns(data, &data.all),
            any: self.patterns(data, &data.any),
            not: self.patterns(data, &data.not),
        };
        if data.id.is_empty() {
            self.flaws
                .push(Flaw { at: "[[screen.rules]]".to_owned(), message: "a rule has no `id`".to_owned() });
        }
        if data.status == Status::Unknown {
            self.flaws.push(Flaw { at: data.id.clone(), message: "a rule has no `status`".to_owned() });
        }
        // A rule that lost a pattern would say more than it was meant to.
        (self.flaws.len() == before).then_some(rule)
    }

    fn capture(&mut self, data: &Captured) -> Option<Capture> {
        if !CAPTURES.contains(&data.what.as_str()) {
            let message = format!("`{}` cannot be read off a screen: {}", data.what, CAPTURES.join(", "));
            self.flaws.push(Flaw { at: data.id.clone(), message });
        }
        let forms = [
            (Form::Line, data.line.as_ref()),
            (Form::Text, data.text.as_ref()),
            (Form::Tight, data.tight.as_ref()),
            (Form::Block, data.block.as_ref()),
        ];
        let pattern = self.pattern(&data.id, &data.region, forms)?;
        if pattern.regex.captures_len() < 2 {
            let message = "a capture needs a group around the value".to_owned();
            self.flaws.push(Flaw { at: data.id.clone(), message });
            return None;
        }
        Some(Capture { what: data.what.clone(), pattern, composer: data.composer })
    }
}

/// What can be read off a screen.
const CAPTURES: [&str; 10] = [
    "context_percent_used",
    "context_percent_left",
    "context_to_compaction",
    "model",
    "tokens",
    "window",
    "until",
    "subject",
    "question",
    "asked",
];

impl Rules {
    /// Compiles what a profile says about its screen. What is wrong is left out and reported.
    pub fn compile(data: &ProfileData) -> (Self, Vec<Flaw>) {
        let mut c = Compiler { flaws: Vec::new() };
        let screen = &data.screen;
        let mut rules: Vec<Rule> = screen.rules.iter().filter_map(|r| c.rule(r)).collect();
        rules.sort_by_key(|r| std::cmp::Reverse(r.data.priority));
        let out = Self {
            composer: screen.composer.iter().filter_map(|d| c.composer(d)).collect(),
            cell: c.optional(screen.cell.as_ref()),
            dialog_top: c.optional(screen.dialog_top.as_ref()),
            cursor_glyphs: screen.cursor_glyphs.chars().collect(),
            option: c.optional(screen.option.as_ref()),
            inline_options: c.optional(screen.inline_options.as_ref()),
            chrome: c.list(&screen.chrome),
            rules,
            captures: screen.captures.iter().filter_map(|d| c.capture(d)).collect(),
            approve: c.list(&data.dialog.approve),
            approve_always: c.list(&data.dialog.approve_always),
            deny: c.list(&data.dialog.deny),
            deny_with_words: c.list(&data.dialog.deny_with_words),
            argv: c.list(&data.process.argv),
        };
        (out, c.flaws)
    }
}
