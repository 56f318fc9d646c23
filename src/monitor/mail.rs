//! Looks for messages in the world: in an agent's transcript, on its screen, in the database.
//!
//! Reads only. What is found here decides whether a message is typed again, so "nowhere" is said only when the places
//! that exist were really read.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use crate::handoff::queue::{Found, Search};
use crate::handoff::{self, Evidence, Party, State, wording};
use crate::name::SwarmName;
use crate::observe::screen::{Composer, Screen, classify};
use crate::protocol::{INBOX_SCHEMA, InboxReply};
use crate::state::Watched;
use crate::store::handoffs::Mark;
use crate::tmux::command::Capture;
use crate::tmux::{Command, PaneId};

use super::perform::Hands;
use super::seek::{self, Since};
use super::submit::compare::squash;

/// How much of a transcript's end is searched, in bytes: far more than an agent writes between two attempts.
const TAIL: u64 = 8 * 1024 * 1024;
/// Rows of history that are searched above the screen.
const HISTORY: i32 = 2000;
/// The lowest row of any screen.
const SCREEN: i32 = 1000;
/// Messages that `swarm inbox --all` shows.
const SHOWN: u32 = 50;

/// Where each of these messages would be typed from now on: how long the transcript is, and what the screen shows of them
/// already.
pub async fn marks(
    hands: &Hands,
    pane: PaneId,
    watched: Option<&Watched>,
    searches: &[Search],
) -> Vec<(String, Mark)> {
    if searches.is_empty() {
        return Vec::new();
    }
    let transcript = watched.and_then(|w| super::transcripts::file_of(hands, w));
    let transcript = transcript.and_then(|f| Some((f.clone(), std::fs::metadata(f).ok()?.len())));
    let at = super::now();
    let above = history(hands, pane).await.ok();
    let mark = |search: &Search| {
        let screen =
            above.as_ref().map(|text| shown(text, search, texts(hands, watched, search).as_ref()) as u64);
        (search.id.clone(), Mark { at, transcript: transcript.clone(), screen })
    };
    searches.iter().map(mark).collect()
}

/// The person's words as they are typed into this agent: the first time, and again.
fn texts(hands: &Hands, watched: Option<&Watched>, search: &Search) -> Option<[String; 2]> {
    let typed = search.typed.as_deref()?;
    let profile = watched.and_then(|w| hands.profiles.get(&w.profile));
    let composed = |text: String| match profile.as_ref().map(|p| p.compose(&text)) {
        Some(Ok(composed)) => composed.text,
        _ => text,
    };
    let again = wording::typed_again(handoff::nonce(&search.id), typed);
    Some([composed(typed.to_owned()), composed(again)])
}

/// How often a screen shows what only counts behind the mark.
fn shown(screen: &str, search: &Search, texts: Option<&[String; 2]>) -> usize {
    match (texts, &search.bell) {
        (Some([typed, _]), _) => seek::prompts(screen, typed),
        (None, Some(bell)) => seek::count(screen, bell),
        (None, None) => 0,
    }
}

/// Where a message is: in the transcript, on the screen, in the composer, or nowhere.
pub async fn search(hands: &Arc<Hands>, watched: Option<&Watched>, search: &Search) -> Found {
    let current = watched.and_then(|w| super::transcripts::file_of(hands, w));
    let texts = texts(hands, watched, search);
    let (database, wanted, typed) = (hands.paths.database(), search.clone(), texts.clone());
    let read = tokio::task::spawn_blocking(move || {
        let conn = crate::store::open_reader(&database).ok();
        let mark = conn.and_then(|conn| crate::store::handoffs::marked(&conn, &wanted.id).ok().flatten());
        let typed = typed.as_ref().map(|[first, _]| first.as_str());
        (in_transcripts(current, mark.as_ref(), &wanted, typed), mark)
    });
    let (found, mark) = read.await.unwrap_or_default();
    match (found, watched) {
        (Some(found), _) => found,
        (None, None) => Found::Absent,
        (None, Some(watched)) => {
            on_screen(hands, watched, search, texts.as_ref(), mark.as_ref()).await.unwrap_or_else(|err| {
                tracing::debug!("cannot look for a message in {}: {err}", watched.pane);
                Found::Absent
            })
        }
    }
}

/// What the transcript of the attempt says, and the one that the agent writes now.
fn in_transcripts(
    current: Option<PathBuf>,
    mark: Option<&Mark>,
    search: &Search,
    typed: Option<&str>,
) -> Option<Found> {
    let marked = mark.and_then(|m| m.transcript.as_ref());
    let mut files: Vec<PathBuf> = marked.map(|(path, _)| path.clone()).into_iter().chain(current).collect();
    files.dedup();
    if files.iter().filter_map(|f| tail(f, 0)).any(|text| seek::holds(&text, &search.body)) {
        return Some(Found::Body(Evidence::Transcript));
    }
    let mut bell = false;
    for file in files {
        let from = marked.filter(|(path, _)| *path == file).map(|(_, bytes)| *bytes);
        let since = match (mark, from) {
            (_, Some(_)) => Since::Start,
            (Some(mark), None) => Since::Time(mark.at),
            // Nothing was ever typed of it, or long ago: only what is unique counts.
            (None, None) if typed.is_none() => Since::Start,
            (None, None) => continue,
        };
        let Some(text) = tail(&file, from.unwrap_or(0)) else { continue };
        if typed.is_some_and(|typed| seek::says(&text, since, typed)) {
            return Some(Found::Body(Evidence::Transcript));
        }
        let rings = |needle: &String| match since {
            Since::Start => seek::holds(&text, needle),
            Since::Time(_) => seek::lines(&text, since).any(|line| seek::holds(line, needle)),
        };
        bell |= search.bell.as_ref().is_some_and(rings);
    }
    bell.then_some(Found::Bell(Evidence::Transcript))
}

async fn on_screen(
    hands: &Hands,
    watched: &Watched,
    search: &Search,
    texts: Option<&[String; 2]>,
    mark: Option<&Mark>,
) -> Result<Found> {
    let conn = hands.link.connection().await?;
    let rows = conn.panes().await?;
    let Some(row) = rows.iter().find(|r| r.pane == watched.pane) else { return Ok(Found::Absent) };
    let screen = conn.one(Command::capture_pane(watched.pane, Capture::Escapes, None)).await?;
    if let Some(profile) = hands.profiles.get(&watched.profile) {
        let reading = classify(&profile, &Screen::parse(screen.bytes(), super::watch::vars(row)));
        if let Composer::Draft(draft) = reading.composer
            && let Some(again) = staged(&draft, search, texts)
        {
            return Ok(Found::Composer { again });
        }
    }
    let text = history(hands, watched.pane).await?;
    if seek::holds(&text, &search.body) {
        return Ok(Found::Body(Evidence::Screen));
    }
    let before = match mark {
        Some(mark) => mark.screen.and_then(|n| usize::try_from(n).ok()),
        None => None,
    };
    // Without a count from before, nothing that may have stood there proves anything.
    let before = before.or_else(|| texts.is_none().then_some(0)).unwrap_or(usize::MAX);
    Ok(match (shown(&text, search, texts) > before, texts.is_some()) {
        (true, true) => Found::Body(Evidence::Screen),
        (true, false) => Found::Bell(Evidence::Screen),
        (false, _) => Found::Absent,
    })
}

/// Whether a draft is a message that was typed and not submitted; and if so, whether it says that it is sent again.
fn staged(draft: &str, search: &Search, texts: Option<&[String; 2]>) -> Option<bool> {
    match texts {
        Some(texts) => texts.iter().position(|text| squash(text) == squash(draft)).map(|n| n == 1),
        None if seek::holds(draft, &search.body) => Some(seek::holds(draft, "(sent again:")),
        None => search.bell.as_ref().is_some_and(|bell| seek::holds(draft, bell)).then_some(false),
    }
}

/// The screen of a pane, and what has gone off its upper edge.
async fn history(hands: &Hands, pane: PaneId) -> Result<String> {
    let conn = hands.link.connection().await?;
    let capture = Command::capture_pane(pane, Capture::Text, Some(-HISTORY..=SCREEN));
    Ok(conn.one(capture).await?.text().into_owned())
}

/// The end of a file from `from` on, as text.
fn tail(file: &Path, from: u64) -> Option<String> {
    let mut file = std::fs::File::open(file).ok()?;
    let length = file.metadata().ok()?.len();
    // A file that is shorter than it was is another one.
    let from = if from <= length { from } else { 0 };
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(TAIL)))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The messages that were sent under these keys, whenever that was.
pub fn of_keys(
    hands: &Hands,
    swarm: &SwarmName,
    from: &Party,
    keys: &[String],
) -> Result<Vec<(Party, String, String, State)>> {
    let database = hands.paths.database();
    let conn = crate::store::open_reader(&database)?;
    let server = hands.link.spec().socket_path().display().to_string();
    let sender = from.to_string();
    let mut found = Vec::new();
    for key in keys {
        let known = crate::store::handoffs::of_key(&conn, &server, swarm.as_str(), &sender, key)
            .map_err(|e| crate::store::explain(&database, e))?;
        found.extend(known.map(|(id, state)| (from.clone(), key.clone(), id, state)));
    }
    Ok(found)
}

/// Messages whatever became of them: of one receiver, or the one whose id ends so.
pub fn letters(hands: &Hands, swarm: &SwarmName, of: Option<&Party>, id: Option<&str>) -> Result<Value> {
    let database = hands.paths.database();
    let conn = crate::store::open_reader(&database)?;
    let server = hands.link.spec().socket_path().display().to_string();
    let name = of.map(ToString::to_string);
    let found = crate::store::handoffs::letters(&conn, &server, swarm.as_str(), name.as_deref(), id, SHOWN)
        .map_err(|e| crate::store::explain(&database, e))?;
    match (id, found.len()) {
        (Some(id), 0) => {
            return Err(Error::new(Kind::NotFound, format!("there is no message `{}`", id.escape_default())));
        }
        (Some(id), 2..) => {
            return Err(Error::new(
                Kind::Usage,
                format!("more than one message ends in `{}`", id.escape_default()),
            ));
        }
        _ => {}
    }
    Ok(json!(InboxReply {
        schema: INBOX_SCHEMA.to_owned(),
        of: name.unwrap_or_else(|| "all".to_owned()),
        messages: found.iter().map(crate::state::letter).collect(),
        more: 0,
        confirm: false,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> String {
        format!("{{\"type\":\"user\",\"timestamp\":\"2026-01-01T12:00:00Z\",\"text\":\"{text}\"}}\n")
    }

    #[test]
    fn only_what_was_written_behind_the_mark_proves_anything() {
        let dir = tempfile::tempdir().unwrap();
        let (file, other) = (dir.path().join("a.jsonl"), dir.path().join("b.jsonl"));
        let old = line("fix it") + &line("[swarm] 1 new (m:7F3K00)");
        std::fs::write(&file, &old).unwrap();
        let typed = Search {
            id: "01ARZ3NDEKTSV4RRFF7F3K00".into(),
            body: wording::again_needle("7F3K00"),
            bell: None,
            typed: Some("fix it".into()),
        };
        let bell = Search {
            body: wording::body_needle("7F3K00"),
            bell: Some(wording::doorbell_needle("7F3K00")),
            typed: None,
            ..typed.clone()
        };
        let at = "2026-01-01T13:00:00Z".parse().unwrap();
        let mark = Mark { at, transcript: Some((file.clone(), old.len() as u64)), screen: None };
        let look = |search: &Search, current: Option<&PathBuf>, mark: Option<&Mark>| {
            in_transcripts(current.cloned(), mark, search, search.typed.as_deref())
        };
        assert_eq!(look(&typed, Some(&file), Some(&mark)), None, "the same text, typed before");
        assert_eq!(look(&bell, Some(&file), Some(&mark)), None, "an earlier ring");
        assert_eq!(look(&typed, Some(&file), None), None, "it was never typed");
        assert_eq!(look(&bell, Some(&file), None), Some(Found::Bell(Evidence::Transcript)));
        // A new conversation, in which the old one is repeated.
        std::fs::write(&other, &old).unwrap();
        assert_eq!(look(&typed, Some(&other), Some(&mark)), None);
        std::fs::write(&file, old.clone() + &line("fix it and more")).unwrap();
        assert_eq!(look(&typed, Some(&file), Some(&mark)), None, "a longer text");
        std::fs::write(&file, old + &line("fix it")).unwrap();
        for current in [Some(&file), Some(&other), None] {
            assert_eq!(look(&typed, current, Some(&mark)), Some(Found::Body(Evidence::Transcript)));
        }
    }

    #[test]
    fn a_draft_is_ours_when_it_is_all_of_the_text() {
        let search = Search {
            id: "01ARZ3NDEKTSV4RRFF7F3K00".into(),
            body: wording::again_needle("7F3K00"),
            bell: None,
            typed: Some("fix it".into()),
        };
        let texts = Some(["fix it".to_owned(), wording::typed_again("7F3K00", "fix it")]);
        assert_eq!(staged("fix\n  it", &search, texts.as_ref()), Some(false));
        assert_eq!(staged(&wording::typed_again("7F3K00", "fix it"), &search, texts.as_ref()), Some(true));
        assert_eq!(staged("fix it now", &search, texts.as_ref()), None);
    }
}
