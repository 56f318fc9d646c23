//! What is wrong in a file, with its place and its mend, shown as rustc shows it.
//!
//! Rendering never fails and never emits a control character that came from the file. No colour unless asked.

use std::fmt::{self, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level as Severity, Origin, Renderer, Snippet};

use crate::error::{Error, Kind};
use crate::text;

/// Columns that a rendered problem fits in; longer source lines are cut around the mark.
const WIDTH: usize = 110;

/// How many problems are shown in full: whoever mends these reads the rest in the next round.
pub const SHOWN: usize = 50;

/// One text that configuration was read from: a file, or the environment written down as one.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// Where it lies, as shown to people: a path, `environment` or `command line`.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

impl Source {
    /// A source to be shared by its places.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let before = &self.text[..self.boundary(offset)];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before[start..].chars().count() + 1)
    }

    /// The nearest character boundary at or before `offset`.
    fn boundary(&self, offset: usize) -> usize {
        let mut at = offset.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// A stretch of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text it is in.
    pub source: Arc<Source>,
    /// The bytes it covers; may be empty, may lie past the end (it is clamped when shown).
    pub span: Range<usize>,
}

impl Place {
    /// The stretch `span` of `source`.
    pub fn new(source: &Arc<Source>, span: Range<usize>) -> Self {
        Self { source: Arc::clone(source), span }
    }
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but probably not as meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub level: Level,
    /// What is wrong, one sentence without a full stop; holds no value of `env`.
    pub message: String,
    /// What is written beside the marked text; may be empty.
    pub label: String,
    /// What to do about it; may be empty.
    pub mend: String,
    /// The marked text.
    pub place: Place,
}

/// A problem that does not prevent use.
pub type Warning = Problem;

impl Problem {
    /// An error at `place`.
    pub fn error(place: Place, message: impl Into<String>) -> Self {
        Self::new(Level::Error, place, message)
    }

    /// A warning at `place`.
    pub fn warning(place: Place, message: impl Into<String>) -> Self {
        Self::new(Level::Warning, place, message)
    }

    fn new(level: Level, place: Place, message: impl Into<String>) -> Self {
        Self { level, message: message.into(), label: String::new(), mend: String::new(), place }
    }

    /// Adds what is written beside the marked text.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn mend(mut self, mend: impl Into<String>) -> Self {
        self.mend = mend.into();
        self
    }

    /// The line it starts in, from 1.
    pub fn line(&self) -> usize {
        self.place.source.position(self.place.span.start).0
    }

    /// The column it starts in, in characters from 1.
    pub fn column(&self) -> usize {
        self.place.source.position(self.place.span.start).1
    }

    /// The file it is in.
    pub fn file(&self) -> &Path {
        &self.place.source.path
    }

    /// `swarm.toml:3:8: message (mend)`: one line without any text of the file, fit for the log.
    pub fn brief(&self) -> String {
        let at = format!("{}:{}:{}", self.file().display(), self.line(), self.column());
        let mend = if self.mend.is_empty() { String::new() } else { format!(" ({})", self.mend) };
        text::one_line(&format!("{at}: {}{mend}", self.message))
    }

    /// Several lines with the marked text, ending in a line feed.
    pub fn render(&self, color: bool) -> String {
        let source = &self.place.source;
        let start = source.boundary(self.place.span.start);
        let end = source.boundary(self.place.span.end).max(start);
        let (snippet, first_line, span) = excerpt(&source.text, start..end);
        let level = match self.level {
            Level::Error => Severity::ERROR,
            Level::Warning => Severity::WARNING,
        };
        let mut mark = AnnotationKind::Primary.span(span);
        if !self.label.is_empty() {
            mark = mark.label(text::one_line(&self.label));
        }
        let path = text::one_line(&source.path.to_string_lossy());
        let title = level.primary_title(text::one_line(&self.message));
        let mut group = if source.text.is_empty() {
            title.element(Origin::path(path))
        } else {
            title.element(Snippet::source(snippet).path(path).line_start(first_line).annotation(mark))
        };
        if !self.mend.is_empty() {
            group = group.element(Severity::HELP.message(text::one_line(&self.mend)));
        }
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        let mut out = renderer.term_width(WIDTH).render(&[group]);
        out.push('\n');
        out
    }
}

/// The lines that hold `span`, made harmless byte for byte, with the number of the first and the span within.
///
/// Only these lines are given to the renderer: it sees no more of a large or hostile file than it shows.
fn excerpt(text: &str, span: Range<usize>) -> (String, usize, Range<usize>) {
    let from = text[..span.start].rfind('\n').map_or(0, |at| at + 1);
    // A span over many lines (a whole table) is marked by its first line.
    let line_end = text[span.start..].find('\n').map_or(text.len(), |at| span.start + at);
    let span_end = span.end.min(line_end);
    let mut harmless = String::with_capacity(line_end - from);
    for c in text[from..line_end].chars() {
        if c != '\t' && text::is_hostile(c) {
            harmless.extend(std::iter::repeat_n('?', c.len_utf8()));
        } else {
            harmless.push(c);
        }
    }
    (harmless, text[..from].matches('\n').count() + 1, span.start - from..span_end - from)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

/// Everything that is wrong with a configuration: at least one error, and the warnings found on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// In the order of the files, errors and warnings mixed.
    pub problems: Vec<Problem>,
}

impl Report {
    /// How many errors there are.
    pub fn errors(&self) -> usize {
        self.problems.iter().filter(|p| p.level == Level::Error).count()
    }

    /// All problems as text with a closing count.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        for problem in self.problems.iter().take(SHOWN) {
            out.push_str(&problem.render(color));
            out.push('\n');
        }
        if self.problems.len() > SHOWN {
            let _ = write!(out, "… and {} more\n\n", self.problems.len() - SHOWN);
        }
        out.push_str(&self.summary());
        out.push('\n');
        out
    }

    /// `2 errors, 1 warning`.
    pub fn summary(&self) -> String {
        summary(&self.problems)
    }
}

/// `2 errors, 1 warning` for any list of problems.
pub fn summary(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|p| p.level == Level::Error).count();
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    match problems.len() - errors {
        0 => count(errors, "error"),
        warnings if errors == 0 => count(warnings, "warning"),
        warnings => format!("{}, {}", count(errors, "error"), count(warnings, "warning")),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Report {}

impl From<Report> for Error {
    fn from(report: Report) -> Self {
        let shown = report.render(false);
        Self::new(Kind::Config, format!("the configuration is not valid\n\n{}", shown.trim_end()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_problem_shows_place_mark_and_mend() {
        let source = Source::new("swarm.toml", "name = \"x\"\nprofile = \"cluade\"\n");
        let problem = Problem::error(Place::new(&source, 21..29), "unknown profile `cluade`")
            .label("did you mean `claude`?")
            .mend("known profiles: claude, codex");
        assert_eq!((problem.line(), problem.column()), (2, 11));
        insta::assert_snapshot!(problem.render(false), @r#"
        error: unknown profile `cluade`
         --> swarm.toml:2:11
          |
        2 | profile = "cluade"
          |           ^^^^^^^^ did you mean `claude`?
          |
          = help: known profiles: claude, codex
        "#);
    }

    proptest! {
        #[test]
        fn any_place_in_any_text_renders_harmlessly(text in "(?s).{0,200}", from in 0_usize..300, len in 0_usize..300) {
            let source = Source::new("a\u{1b}b", text);
            let problem = Problem::error(Place::new(&source, from..from + len), "m").label("l").mend("h");
            let shown = problem.render(false);
            prop_assert!(!shown.chars().any(|c| c != '\n' && text::is_hostile(c)), "{shown:?}");
            let _ = problem.brief();
        }
    }
}
