//! What lies in the agents' boxes, what has settled, and what is to lie there.
//!
//! Blocks on files and knows no clock of its own: called off the loop, with the time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::{CStr, CString};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::handoff::file::{self, Flaw};
use crate::handoff::{Draft, Handoff, wording};
use crate::name::{AgentName, SwarmName};
use crate::state::Filed;

use super::super::hand_in::Settled;
use super::exclude;
use super::place::{DONE, Found, INBOX, Lay, Lock, OUTBOX, Place, REJECTED, SWARM};

/// How long a file must lie unchanged before it is read: a writer that stops in the middle for longer leaves something
/// that does not parse, and gets [`PATIENCE`].
pub(super) const SETTLE: Duration = Duration::from_millis(300);
/// How long a file may lie unchanged and half written before it is put aside.
const PATIENCE: Duration = Duration::from_secs(10);
/// When what could not be settled is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// An agent whose boxes are looked after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) swarm: SwarmName,
    pub(super) agent: AgentName,
    pub(super) directory: PathBuf,
    /// Its incarnation: the same one under another name is no other agent.
    pub(super) instance: String,
    /// It has no other way to write and to read: its boxes are made for it.
    pub(super) needs: bool,
    /// It has ended; what it wrote last is taken until then.
    pub(super) until: Option<Instant>,
}

/// A file that is a message.
#[derive(Debug)]
pub(super) struct Ready {
    name: CString,
    pub(super) swarm: SwarmName,
    pub(super) agent: AgentName,
    pub(super) draft: Draft,
}

/// The messages of one outbox; no other monitor takes from it meanwhile.
pub(super) struct Batch {
    outbox: Place,
    pub(super) ready: Vec<Ready>,
    _lock: Lock,
}

/// What one look found.
#[derive(Default)]
pub(super) struct Look {
    pub(super) batches: Vec<Batch>,
    /// When to look again although nothing is reported.
    pub(super) wake: Option<Instant>,
    /// The outboxes there are.
    pub(super) outboxes: BTreeSet<PathBuf>,
}

/// A message that is to lie in an inbox, or no longer.
#[derive(Debug)]
struct Letter {
    swarm: SwarmName,
    agent: Option<AgentName>,
    name: CString,
    /// What is to be written; `None` once it was, or where it is to go.
    handoff: Option<Arc<Handoff>>,
    keep: bool,
    /// Where it was written.
    place: Option<PathBuf>,
}

/// All boxes.
#[derive(Debug, Default)]
pub(super) struct Boxes {
    owners: Vec<Owner>,
    letters: BTreeMap<String, Letter>,
    /// How each file lies, and since when.
    lying: HashMap<(PathBuf, CString), (Lay, Instant)>,
    /// Directories that git was told about.
    excluded: BTreeSet<PathBuf>,
}

impl Boxes {
    /// The agents that run; those that ended lately are kept for a while.
    pub(super) fn set(&mut self, mut owners: Vec<Owner>, until: Instant) {
        for mut old in std::mem::take(&mut self.owners) {
            let same =
                |o: &Owner| (&o.swarm, &o.agent) == (&old.swarm, &old.agent) || o.instance == old.instance;
            if !owners.iter().any(same) {
                old.until.get_or_insert(until);
                owners.push(old);
            }
        }
        self.owners = owners;
    }

    /// Whether there is anything to look after.
    pub(super) fn is_idle(&self) -> bool {
        self.owners.is_empty()
    }

    /// A message is to lie in an inbox, or no longer.
    pub(super) fn file(&mut self, filed: Filed) {
        let Filed { swarm, handoff, agent, keep } = filed;
        let Ok(name) = CString::new(wording::file_name(&handoff)) else { return };
        let id = handoff.id.clone();
        let known = self.letters.remove(&id);
        // Another agent of the role has it now, or nobody: it was never this one's. Or somebody has another name.
        let place = known.and_then(|old| {
            if agent.is_some() && (old.agent == agent && old.name == name || !keep) {
                return Some((old.place?, old.handoff.is_none()));
            }
            if let Some(inbox) = old.place.as_deref().and_then(inbox_in) {
                inbox.remove(&old.name);
            }
            None
        });
        let written = place.as_ref().is_some_and(|(_, written)| *written);
        let place = place.map(|(place, _)| place);
        let handoff = (keep && !written).then_some(handoff);
        if keep || agent.is_some() || place.is_some() {
            self.letters.insert(id, Letter { swarm, agent, name, handoff, keep, place });
        }
    }

    /// Looks at all boxes: writes what is to lie in them, and finds what has settled.
    pub(super) fn look(&mut self, now: Instant) -> Look {
        self.owners.retain(|o| o.until.is_none_or(|until| until > now));
        self.write_inboxes();
        let mut look = Look::default();
        let mut seen = BTreeSet::new();
        let mut there = BTreeSet::new();
        for n in 0..self.owners.len() {
            let owner = self.owners[n].clone();
            let Some((outbox, identity)) = self.outbox(&owner) else { continue };
            // Agents that share a directory share its boxes.
            if !seen.insert(identity) {
                continue;
            }
            look.outboxes.insert(owner.directory.join(".swarm/outbox"));
            self.look_at(&owner.directory, outbox, now, &mut look, &mut there);
        }
        self.lying.retain(|key, _| there.contains(key));
        let ends = self.owners.iter().filter_map(|o| o.until).min();
        look.wake = look.wake.into_iter().chain(ends).min();
        look
    }

    /// An agent's outbox, if there is one or it needs one, and which directory it belongs to.
    fn outbox(&mut self, owner: &Owner) -> Option<(Place, (u64, u64))> {
        let own = Place::open(&owner.directory).ok()?;
        let found = own.sub(SWARM).and_then(|swarm| swarm.sub(OUTBOX));
        let outbox = match found {
            Some(outbox) => outbox,
            None if owner.needs => {
                let made = own.make(SWARM).and_then(|swarm| {
                    swarm.make(INBOX)?;
                    swarm.make(OUTBOX)
                });
                made.inspect_err(|e| tracing::debug!("no outbox in {}: {e}", owner.directory.display()))
                    .ok()?
            }
            None => return None,
        };
        self.exclude(&owner.directory);
        Some((outbox, own.identity().ok()?))
    }

    fn exclude(&mut self, directory: &Path) {
        if self.excluded.insert(directory.to_owned())
            && let Err(err) = exclude::ensure(directory)
        {
            tracing::warn!("git lists the messages in {}: {err}", directory.display());
        }
    }

    fn look_at(
        &mut self,
        directory: &Path,
        outbox: Place,
        now: Instant,
        look: &mut Look,
        there: &mut BTreeSet<(PathBuf, CString)>,
    ) {
        let mut wake = |at: Instant| look.wake = Some(look.wake.map_or(at, |w| w.min(at)));
        let mut settled = Vec::new();
        for found in outbox.messages() {
            let key = (directory.to_owned(), found.name.clone());
            there.insert(key.clone());
            let lies = self.lying.entry(key).or_insert((found.lay, now));
            if lies.0 != found.lay {
                *lies = (found.lay, now);
            }
            let since = now.saturating_duration_since(lies.1);
            if since < SETTLE {
                wake(lies.1 + SETTLE);
            } else {
                settled.push((found, since));
            }
        }
        if settled.is_empty() {
            return;
        }
        let Some(lock) = outbox.lock() else {
            wake(now + SETTLE);
            return;
        };
        let mut ready = Vec::new();
        for (found, since) in settled {
            match self.read(directory, &outbox, &found) {
                Ok(Some(message)) => ready.push(message),
                Ok(None) => wake(now + SETTLE),
                Err(Flaw::Torn(_)) if since < PATIENCE => wake(now + PATIENCE.saturating_sub(since)),
                Err(Flaw::Torn(why) | Flaw::Wrong(why)) => {
                    if let Err(err) = reject(&outbox, &found.name, &why) {
                        tracing::debug!("{}: {err}", directory.display());
                        wake(now + AGAIN);
                    }
                }
            }
        }
        if !ready.is_empty() {
            look.batches.push(Batch { outbox, ready, _lock: lock });
        }
    }

    /// A settled file as a message; `None` where it does not lie as it did.
    fn read(&self, directory: &Path, outbox: &Place, found: &Found) -> Result<Option<Ready>, Flaw> {
        if !found.is_file {
            return Err(Flaw::Wrong("not a plain file".into()));
        }
        let bytes = match outbox.read(found) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(err) => return Err(Flaw::Torn(format!("cannot be read: {err}"))),
        };
        let mut written = file::read(&bytes)?;
        let (swarm, agent) = self.sender(directory, written.from.as_deref())?;
        file::place_artifacts(&mut written.draft, directory);
        Ok(Some(Ready { name: found.name.clone(), swarm, agent, draft: written.draft }))
    }

    /// Whose file it is: the agent that works there, or the one of several that the file names.
    fn sender(&self, directory: &Path, from: Option<&str>) -> Result<(SwarmName, AgentName), Flaw> {
        let identity = |d: &Path| Place::open(d).and_then(|p| p.identity()).ok();
        let here = identity(directory);
        let owners: Vec<&Owner> = self.owners.iter().filter(|o| identity(&o.directory) == here).collect();
        let named: Vec<&Owner> =
            owners.iter().copied().filter(|o| from.is_none_or(|from| o.agent.as_str() == from)).collect();
        let names = owners.iter().map(|o| o.agent.as_str()).collect::<Vec<_>>().join(", ");
        match (named[..].as_ref(), from) {
            ([one], _) => Ok((one.swarm.clone(), one.agent.clone())),
            ([], Some(from)) => Err(Flaw::Wrong(format!(
                "`from` says `{}`, and in this directory works: {names}",
                crate::text::one_line(from)
            ))),
            (_, None) => Err(Flaw::Wrong(format!(
                "several agents work in this directory: `from` must say which of them wrote this: {names}"
            ))),
            (_, Some(_)) => Err(Flaw::Wrong("agents of several swarms with this name work here".into())),
        }
    }

    /// Writes what is to lie in inboxes, and moves away what was read.
    fn write_inboxes(&mut self) {
        let mut opened: HashMap<PathBuf, Option<Place>> = HashMap::new();
        let mut exclude = Vec::new();
        for letter in self.letters.values_mut().filter(|l| !l.keep || l.handoff.is_some()) {
            let of = |o: &&Owner| o.swarm == letter.swarm && Some(&o.agent) == letter.agent.as_ref();
            let owner = self.owners.iter().find(of).map(|o| o.directory.clone());
            let Some(directory) = letter.place.clone().or(owner) else { continue };
            let inbox = opened.entry(directory.clone()).or_insert_with(|| inbox_of(&directory));
            match (inbox, &letter.handoff) {
                (Some(inbox), Some(handoff)) => {
                    exclude.push(directory.clone());
                    match inbox.write(&letter.name, &file::inbox(handoff)) {
                        Ok(()) => (letter.handoff, letter.place) = (None, Some(directory)),
                        Err(err) => tracing::debug!("cannot write to the inbox of {directory:?}: {err}"),
                    }
                }
                (Some(inbox), None) => {
                    if inbox.has(&letter.name)
                        && let Err(err) = inbox.put_aside(&letter.name, DONE, None)
                    {
                        tracing::debug!("cannot move a message in {directory:?}: {err}");
                    }
                    letter.agent = None;
                }
                (None, None) => letter.agent = None,
                (None, Some(_)) => {}
            }
        }
        // What was moved away is no matter any more.
        self.letters.retain(|_, l| l.keep || l.agent.is_some());
        for directory in exclude {
            self.exclude(&directory);
        }
    }
}

impl Batch {
    /// Moves a message where it belongs by what came of it.
    pub(super) fn settle(&self, message: &Ready, settled: &Settled) -> io::Result<()> {
        match settled {
            Settled::Taken(accepted) => {
                let receipt = serde_json::to_string_pretty(accepted).unwrap_or_default();
                self.outbox.put_aside(&message.name, DONE, Some((".receipt.json", &format!("{receipt}\n"))))
            }
            Settled::Refused(why) => reject(&self.outbox, &message.name, why),
            Settled::Later => Err(io::Error::other("not settled")),
        }
    }
}

fn reject(outbox: &Place, name: &CStr, why: &str) -> io::Result<()> {
    outbox.put_aside(name, REJECTED, Some((".reason.txt", &format!("{}\n", crate::text::block(why)))))
}

/// The inbox of an agent that reads files: one that has boxes.
fn inbox_of(directory: &Path) -> Option<Place> {
    let swarm = Place::open(directory).ok()?.sub(SWARM)?;
    match swarm.sub(INBOX) {
        Some(inbox) => Some(inbox),
        None => swarm.sub(OUTBOX).and_then(|_| swarm.make(INBOX).ok()),
    }
}

fn inbox_in(directory: &Path) -> Option<Place> {
    Place::open(directory).ok()?.sub(SWARM)?.sub(INBOX)
}

/// Writes one message into the inbox below `directory`, which is made where it is missing.
pub(super) fn deposit(directory: &Path, handoff: &Handoff) -> io::Result<()> {
    let inbox = Place::open(directory)?.make(SWARM)?.make(INBOX)?;
    if let Err(err) = exclude::ensure(directory) {
        tracing::warn!("git lists the messages in {}: {err}", directory.display());
    }
    inbox.write(&CString::new(wording::file_name(handoff))?, &file::inbox(handoff))
}
