//! What a captured screen says, as the state hears it. Pure.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::{Timestamp, tz::TimeZone};

use crate::observe::evidence::Evidence;
use crate::observe::screen::{Composer, PaneVars, Reading, reset_time};
use crate::state::Seen;
use crate::status::{Source, Status};
use crate::tmux::PaneRow;

/// Changes with anything that a reading may depend on.
pub fn fingerprint(screen: &[u8], row: &PaneRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    (screen, &row.title, row.cursor_x, row.cursor_y, row.cursor_flag, row.alternate_on, row.in_mode)
        .hash(&mut hasher);
    (row.dead, &row.current_command, row.width, row.height).hash(&mut hasher);
    hasher.finish()
}

/// [`fingerprint`] without what an animation changes.
pub fn shape(screen: &[u8], row: &PaneRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    (super::sample::shape(screen), super::sample::title_key(&row.title)).hash(&mut hasher);
    (row.alternate_on, row.in_mode, row.dead, &row.current_command, row.width, row.height).hash(&mut hasher);
    hasher.finish()
}

/// What the screen rules read besides the text.
pub fn vars(row: &PaneRow) -> PaneVars {
    PaneVars {
        title: Some(row.title.clone()),
        cursor: Some((row.cursor_x, row.cursor_y)),
        cursor_visible: Some(row.cursor_flag),
        dead: Some(row.dead),
        width: Some(row.width),
        height: Some(row.height),
        alternate: Some(row.alternate_on),
        current_command: Some(row.current_command.clone()),
    }
}

/// An agent's words about a reset with the time they mean.
pub type Until = (String, Timestamp);

/// Until when, by the words of a reading. Words that are still there mean what they meant when they came: "in 5 minutes"
/// does not move on, and "11pm" is not tomorrow's once it has passed.
pub fn until(reading: &Reading, known: Option<Until>, now: Timestamp) -> Option<Until> {
    let words = reading.until.clone()?;
    if let Some(known) = known.filter(|(before, _)| *before == words) {
        return Some(known);
    }
    let at = reset_time(&words, &now.to_zoned(TimeZone::system()))?;
    Some((words, at))
}

/// A reading as the state keeps it.
pub fn seen(reading: &Reading, until: Option<Timestamp>, at: Timestamp) -> Seen {
    // What is asked says more than the words that gave it away.
    let asked =
        [&reading.question, &reading.subject].map(|part| part.as_deref().unwrap_or_default()).join(" ");
    let text = if asked.trim().is_empty() { reading.text.as_str() } else { asked.trim() };
    let mut evidence = Evidence::new(Source::Screen, reading.rule.clone(), at)
        .because(reading.reason)
        .until(until)
        .text(text);
    if reading.status != Status::Unknown {
        evidence = evidence.says(reading.status);
    }
    let composer = match reading.composer {
        Composer::Empty | Composer::Draft(_) | Composer::OtherMode(_) => Some(true),
        Composer::Absent => Some(false),
        Composer::Unknown => None,
    };
    // What the source does not say by this screen, it says no more.
    let silent = |source| Evidence::new(source, "", at);
    let evidence = match reading.by_title {
        None => vec![evidence.composer(composer)],
        Some(false) => vec![evidence.composer(composer), silent(Source::Title)],
        Some(true) => {
            vec![Evidence { source: Source::Title, ..evidence }, silent(Source::Screen).composer(composer)]
        }
    };
    Seen {
        evidence,
        last_line: reading.last_line.clone(),
        question: reading.question_shown().map(str::to_owned),
        subject: reading.subject.clone(),
        prompt: reading.prompt_id(),
        options: reading.options.iter().map(|o| crate::text::one_line(&o.text)).collect(),
        composer_empty: reading.composer == Composer::Empty,
        context_shown: reading.context_percent_used,
        to_compaction: reading.context_to_compaction,
        model: reading.model.clone(),
    }
}

/// Whether two readings say the same but for the time.
pub fn same(a: &Seen, b: &Seen) -> bool {
    let strip = |seen: &Seen| {
        let mut seen = seen.clone();
        for evidence in &mut seen.evidence {
            evidence.at = Timestamp::UNIX_EPOCH;
        }
        seen
    };
    strip(a) == strip(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::Profiles;
    use crate::observe::screen::{Screen, classify};

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn what_only_the_title_says_is_evidence_of_the_title() {
        let profiles = Profiles::builtin();
        let read = |title: &str| {
            let vars = PaneVars { title: Some(title.to_owned()), ..PaneVars::default() };
            let screen = Screen::parse("› \n\n  ? for shortcuts\n".as_bytes(), vars);
            let reading = classify(profiles.get("codex").unwrap(), &screen);
            let said = |e: Evidence| (e.source, e.status, e.composer);
            seen(&reading, None, Timestamp::UNIX_EPOCH).evidence.into_iter().map(said).collect::<Vec<_>>()
        };
        let working = (Source::Title, Some(Status::Working), None);
        assert_eq!(read("\u{280b} proj"), [working, (Source::Screen, None, Some(true))]);
        assert_eq!(read("proj")[1], (Source::Title, None, None));
    }

    #[test]
    fn a_reset_time_stays_as_long_as_its_words() {
        let profiles = Profiles::builtin();
        let limited = |time: &str| {
            let rule = "─".repeat(40);
            let text = format!(
                "❯ go on\n  ⎿  You've hit your limit · resets {time}\n\n{rule}\n❯\u{a0}\n{rule}\n  ? for shortcuts\n"
            );
            classify(profiles.get("claude").unwrap(), &Screen::parse(text.as_bytes(), PaneVars::default()))
        };
        let read = limited("4:42pm (UTC)");
        assert_eq!((read.status, read.until.as_deref()), (Status::Limited, Some("4:42pm (UTC)")));
        let now = at("2026-11-20T15:00:00Z");
        let known = until(&read, None, now);
        assert_eq!(known.as_ref().map(|(_, t)| *t), Some(at("2026-11-20T16:42:00Z")));
        let evidence = seen(&read, known.as_ref().map(|(_, t)| *t), now).evidence.remove(0);
        assert_eq!(evidence.until, Some(at("2026-11-20T16:42:00Z")));
        // An hour after the reset the words are still on the screen.
        let later = at("2026-11-20T17:42:00Z");
        assert_eq!(until(&read, known.clone(), later), known);
        assert_eq!(until(&limited("9pm (UTC)"), known, later).unwrap().1, at("2026-11-20T21:00:00Z"));
    }
}
