//! From a screen and a profile to a reading: what the agent is doing, by which rule, and what the screen says besides.

use super::frame::{Frame, Place, strip};
use super::options::{self, DialogOption};
use super::parse::{Line, Screen};
use crate::agent::{ComposerIs, Profile, Region, Rule};
use crate::status::{Reason, Status};
use crate::text;

/// Shells: when one of these is what runs in the pane, the agent is gone.
const SHELLS: [&str; 12] =
    ["bash", "zsh", "fish", "sh", "dash", "ksh", "mksh", "tcsh", "csh", "nu", "pwsh", "elvish"];

/// How many characters of the matching text a proof keeps.
const PROOF_CHARS: usize = 160;

/// What is in the composer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Composer {
    /// There is none on the screen.
    Absent,
    /// It is empty, or holds only a placeholder.
    Empty,
    /// Someone's text is in it.
    Draft(String),
    /// It is in another mode, with this in it: what is typed there is run by a shell or kept as a note, not read as a
    /// message.
    OtherMode(String),
    /// This profile does not say where it is.
    Unknown,
}

/// What a screen says.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What the agent is doing; `unknown` when no rule proves anything.
    pub status: Status,
    /// Why.
    pub reason: Option<Reason>,
    /// The rule that decided; empty for `unknown`.
    pub rule: String,
    /// The text that matched, on one line.
    pub text: String,
    /// Whether that was the title alone, and nothing on the screen; `None` where no rule of the profile goes by it.
    pub by_title: Option<bool>,
    /// How full the context window is by the agent's own words, 0–100. Its meaning differs by agent.
    pub context_percent_used: Option<f64>,
    /// What is left until the agent compacts by itself, 0–100, where it says so.
    pub context_to_compaction: Option<f64>,
    /// The choices of the dialog.
    pub options: Vec<DialogOption>,
    /// What is asked.
    pub question: Option<String>,
    /// What the question is about: the command, the file.
    pub subject: Option<String>,
    /// The last row that says something, composer, footer and decoration left out.
    pub last_line: Option<String>,
    /// Everything the dialog says above its first choice, on one line: tells one prompt from another. Empty when it asks
    /// nothing.
    pub asked: String,
    /// The same, row by row as it is on screen.
    pub asked_rows: Vec<String>,
    /// The model, as the screen names it.
    pub model: Option<String>,
    /// Tokens in the context, as the screen says it.
    pub tokens: Option<u64>,
    /// Until when, in the agent's words (`11pm (UTC)`); see [`super::reset_time`].
    pub until: Option<String>,
    /// What is in the composer.
    pub composer: Composer,
}

impl Reading {
    /// How full the context is, as `detect` reports it: an agent that says only what is left until it compacts is that
    /// far from full.
    pub fn context_reported(&self) -> Option<f64> {
        self.context_percent_used.or(self.context_to_compaction.map(|left| 100.0 - left))
    }

    /// What a person is asked; where the profile does not find the question, all that the prompt says.
    pub fn question_shown(&self) -> Option<&str> {
        let all = Some(self.asked.as_str()).filter(|asked| !asked.is_empty());
        all.and(self.question.as_deref()).or(all)
    }

    /// A short name for all that the prompt says: another name is another prompt. `None` when nothing is asked.
    pub fn prompt_id(&self) -> Option<String> {
        use sha2::Digest as _;
        let digest = (!self.asked.is_empty()).then(|| sha2::Sha256::digest(&self.asked))?;
        Some(digest.iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}")))
    }
}

/// Reads a screen by the rules of a profile.
pub fn classify(profile: &Profile, screen: &Screen) -> Reading {
    let frame = Frame::new(screen, profile.rules());
    let mut reading = Reading {
        status: Status::Unknown,
        reason: None,
        rule: String::new(),
        text: String::new(),
        by_title: profile.rules().rules.iter().any(Rule::is_of_title).then_some(false),
        context_percent_used: None,
        context_to_compaction: None,
        options: options::options(&frame),
        question: None,
        subject: None,
        last_line: None,
        asked: String::new(),
        asked_rows: Vec::new(),
        model: None,
        tokens: None,
        until: None,
        composer: composer(&frame),
    };
    decide(profile, &frame, &mut reading);
    if reading.status == Status::Waiting || reading.status == Status::Limited {
        reading.question = options::question(&frame);
    } else {
        reading.options.clear();
    }
    if reading.status == Status::Exited || reading.status == Status::Starting {
        reading.composer = Composer::Absent;
    }
    read_captures(&frame, &mut reading);
    if reading.status == Status::Waiting {
        reading.asked_rows = options::above(&frame);
        let question = reading.question.as_deref().unwrap_or_default();
        // A profile that names what is asked leaves out what is not part of the prompt.
        let named = Some(reading.asked.as_str()).filter(|a| !a.is_empty()).or(reading.subject.as_deref());
        let asked = named.map_or_else(|| reading.asked_rows.join(" "), |named| format!("{named} {question}"));
        reading.asked = text::one_line(asked.trim());
        if reading.subject.is_none() && reading.reason == Some(Reason::Permission) {
            let rest = reading.asked.strip_suffix(question).filter(|_| !question.is_empty());
            reading.subject = rest.map(|s| s.trim().to_owned()).filter(|s| !s.is_empty());
        }
    }
    let asks = reading.subject.clone().or_else(|| reading.question.clone());
    let words = asks.filter(|_| reading.status == Status::Waiting).or_else(|| frame.last_words());
    reading.last_line = words.map(|words| text::one_line(&words).trim().to_owned()).filter(|w| !w.is_empty());
    reading
}

fn decide(profile: &Profile, frame: &Frame<'_>, reading: &mut Reading) {
    let vars = frame.screen.vars();
    let mut set = |status, reason, rule: &str, text: &str| {
        reading.status = status;
        reading.reason = reason;
        rule.clone_into(&mut reading.rule);
        reading.text = text::clip(text::one_line(text).trim(), PROOF_CHARS);
    };
    if vars.dead == Some(true) {
        return set(Status::Exited, None, "pane:dead", frame.screen.last_line());
    }
    let shell = shell_in_front(profile, frame);
    if let Some(shell) = shell
        && at_shell_prompt(frame)
    {
        return set(Status::Exited, Some(Reason::Shell), "pane:shell", shell);
    }
    let menu = reading.options.len();
    for rule in &frame.rules.rules {
        if let Some(text) = holds(rule, frame, menu) {
            set(rule.status(), rule.reason(), &rule.data.id, &text);
            reading.by_title = reading.by_title.map(|_| rule.is_of_title());
            return;
        }
    }
    if let Some(shell) = shell {
        set(Status::Exited, Some(Reason::Shell), "pane:shell", shell);
    }
}

/// The shell that runs in the pane of an agent that is not one.
fn shell_in_front<'a>(profile: &Profile, frame: &Frame<'a>) -> Option<&'a str> {
    let command = frame.screen.vars().current_command.as_deref()?.trim_start_matches('-');
    let own = profile.program().is_empty() || profile.data().process.comm.iter().any(|c| c == command);
    (!own && SHELLS.contains(&command)).then_some(command)
}

/// Whether the last line, below any composer that is still drawn, ends as a shell's prompt does. A shell in front alone
/// proves nothing: `sh -c AGENT` is named after the shell while the agent draws.
fn at_shell_prompt(frame: &Frame<'_>) -> bool {
    let last = frame.screen.lines().len().saturating_sub(1);
    let inside = frame.composer.is_some_and(|c| (c.top..c.below).contains(&last));
    !inside && frame.screen.last_line().ends_with(['$', '#', '%', '>', '❯', '➜', 'λ'])
}

/// The text that proves a rule, if it holds.
fn holds(rule: &Rule, frame: &Frame<'_>, menu: usize) -> Option<String> {
    let data = &rule.data;
    let vars = frame.screen.vars();
    let composer = match data.composer {
        None => true,
        Some(ComposerIs::Present) => frame.composer.is_some(),
        Some(ComposerIs::Absent) => frame.composer.is_none(),
    };
    let conditions = composer
        && data.blank.is_none_or(|b| b == frame.screen.is_blank())
        && data.cursor_visible.is_none_or(|b| vars.cursor_visible == Some(b))
        && data.alternate.is_none_or(|b| vars.alternate == Some(b))
        && data.title_known.is_none_or(|b| vars.title.is_some() == b)
        && data.menu.is_none_or(|n| menu >= n)
        && data.at_most_lines.is_none_or(|n| {
            frame.screen.lines().iter().filter(|l| !l.text.is_empty()).take(n + 1).count() <= n
        });
    if !conditions {
        return None;
    }
    let mut proof = None;
    for pattern in &rule.all {
        let found = frame.find(pattern)?;
        proof.get_or_insert(found);
    }
    if !rule.any.is_empty() {
        let found = rule.any.iter().find_map(|p| frame.find(p))?;
        proof.get_or_insert(found);
    }
    if rule.not.iter().any(|p| frame.find(p).is_some()) {
        return None;
    }
    Some(proof.unwrap_or_default())
}

fn read_captures(frame: &Frame<'_>, reading: &mut Reading) {
    let percent = |s: &str| s.replace(',', ".").parse::<f64>().ok().filter(|p| (0.0..=100.0).contains(p));
    for capture in &frame.rules.captures {
        let fits = match capture.composer {
            None => true,
            Some(ComposerIs::Present) => frame.composer.is_some(),
            Some(ComposerIs::Absent) => frame.composer.is_none(),
        };
        if !fits {
            continue;
        }
        let Some(value) = frame.capture(&capture.pattern).filter(|v| !v.is_empty()) else { continue };
        match capture.what.as_str() {
            "context_percent_used" if reading.context_percent_used.is_none() => {
                reading.context_percent_used = percent(&value);
            }
            "context_percent_left" if reading.context_percent_used.is_none() => {
                reading.context_percent_used = percent(&value).map(|p| 100.0 - p);
            }
            "context_to_compaction" if reading.context_to_compaction.is_none() => {
                reading.context_to_compaction = percent(&value);
            }
            "model" if reading.model.is_none() => reading.model = Some(text::one_line(&value)),
            "tokens" if reading.tokens.is_none() => reading.tokens = tokens(&value),
            "until"
                if reading.until.is_none() && matches!(reading.status, Status::Limited | Status::Working) =>
            {
                reading.until = Some(text::one_line(&value));
            }
            "subject" if reading.subject.is_none() && reading.status == Status::Waiting => {
                reading.subject = Some(one_row(&value));
            }
            "question" if reading.status == Status::Waiting => reading.question = Some(one_row(&value)),
            "asked" if reading.asked.is_empty() && reading.status == Status::Waiting => {
                reading.asked = text::one_line(&value);
            }
            _ => {}
        }
    }
}

/// Several rows as one, their indents and borders left out.
fn one_row(value: &str) -> String {
    let rows: Vec<&str> = value.lines().map(strip).filter(|row| !row.is_empty()).collect();
    text::one_line(&rows.join(" "))
}

/// `151.2K`, `2,470`, `1.2M` as a number of tokens.
fn tokens(value: &str) -> Option<u64> {
    let value = value.trim().replace(',', "");
    let (digits, factor) = match value.chars().last()? {
        'k' | 'K' => (value.trim_end_matches(['k', 'K']), 1e3),
        'm' | 'M' => (value.trim_end_matches(['m', 'M']), 1e6),
        _ => (value.as_str(), 1.0),
    };
    let number: f64 = digits.parse().ok()?;
    (0.0..1e12).contains(&number).then(|| (number * factor).round() as u64)
}

fn composer(frame: &Frame<'_>) -> Composer {
    if frame.rules.composer.is_empty() {
        return Composer::Unknown;
    }
    let Some(place) = frame.composer else { return Composer::Absent };
    let lines = frame.lines(Region::Composer);
    let draft = draft(frame, place, lines);
    let other = frame.rules.composer.get(place.shape).and_then(|shape| shape.other_mode.as_ref());
    if other.is_some_and(|mode| lines.iter().any(|line| mode.is_match(&line.text))) {
        return Composer::OtherMode(draft);
    }
    if draft.is_empty() || is_placeholder(frame, place, &draft) || is_ghost(frame, place, lines) {
        Composer::Empty
    } else {
        Composer::Draft(draft)
    }
}

/// The text in the composer, without its prompt and borders.
fn draft(frame: &Frame<'_>, place: Place, lines: &[Line]) -> String {
    let Some(shape) = frame.rules.composer.get(place.shape) else { return String::new() };
    let mut out = String::new();
    for (i, line) in lines.iter().enumerate() {
        if shape.chrome.as_ref().is_some_and(|re| re.is_match(&line.text)) {
            continue;
        }
        let end = line.text.char_indices().nth(place.columns).map_or(line.text.len(), |(at, _)| at);
        let own = line.text.get(..end).unwrap_or_default();
        let rest = match shape.prompt.find(own).filter(|_| i == 0 || shape.on_every_line) {
            Some(m) => own.get(m.end()..).unwrap_or_default(),
            None => own,
        };
        let rest = strip(rest);
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(rest);
    }
    out.trim().to_owned()
}

fn is_placeholder(frame: &Frame<'_>, place: Place, draft: &str) -> bool {
    let line = draft.split_whitespace().collect::<Vec<_>>().join(" ");
    frame.rules.composer.get(place.shape).is_some_and(|s| s.placeholder.iter().any(|re| re.is_match(&line)))
}

/// Whether the text in the composer is drawn as a suggestion: faint, or in another colour behind a cursor that stands at
/// its beginning. In doubt it is someone's draft.
fn is_ghost(frame: &Frame<'_>, place: Place, lines: &[Line]) -> bool {
    let Some(shape) = frame.rules.composer.get(place.shape).filter(|_| frame.screen.styled()) else {
        return false;
    };
    let mut first = true;
    let mut cursor_first = false;
    let (mut faint, mut coloured) = (true, true);
    for (i, line) in lines.iter().enumerate() {
        if shape.chrome.as_ref().is_some_and(|re| re.is_match(&line.text)) {
            continue;
        }
        let skip = shape
            .prompt
            .find(&line.text)
            .filter(|_| i == 0 || shape.on_every_line)
            .map_or(0, |m| line.text.get(..m.end()).unwrap_or_default().chars().count());
        for (n, c) in line.text.chars().enumerate().take(place.columns).skip(skip) {
            if c.is_whitespace() || super::frame::is_side(c) {
                continue;
            }
            let style = line.style(n);
            if first && (style.inverse || style.underline) {
                cursor_first = true;
            } else {
                faint &= style.dim;
                coloured &= style.foreground.is_some();
            }
            first = false;
        }
    }
    !first && (faint || (coloured && cursor_first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_counts_are_read_in_every_spelling() {
        assert_eq!(tokens("151.2K"), Some(151_200));
        assert_eq!(tokens("2,470"), Some(2_470));
        assert_eq!(tokens("1.2M"), Some(1_200_000));
        assert_eq!(tokens("-3"), None);
        assert_eq!(tokens("x"), None);
    }
}
