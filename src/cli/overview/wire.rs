//! Between the screen and the monitor: requests out, updates in, one connection after the other.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::cli::{Ctx, add, attach, events as log, explain};
use crate::client::Asker;
use crate::client::Client;
use crate::config::Address;
use crate::config::edit::NewAgent;
use crate::error::{Error, Kind, Result};
use crate::handoff::{Draft, Handoff};
use crate::name::SwarmName;
use crate::protocol::{
    self as wire, Capture, Choice, Explanation, InboxWhat, LetterAct, Line, Notice, Target, Typed, UpReport,
};
use crate::snapshot::Snapshot;
use crate::store::agents::events;
use crate::tmux::ServerSpec;
use crate::tui::{AgentRef, Asked, EventView, LetterRef, Request, Update};

/// How long to wait before a lost monitor is looked for again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a screen is looked at just after something was typed into it.
const LOOKS: Duration = Duration::from_millis(40);
/// How often the screen that is shown is read again although nothing that is judged has changed: a draft that grows, a mark
/// that moves. One capture for each overview that is open.
const GLANCE: Duration = Duration::from_secs(1);
/// How many times.
const LOOKS_AFTER_KEY: u32 = 8;

/// What an answer will mean.
enum Pending {
    Preview(AgentRef),
    Explain(AgentRef),
    Act(String),
    /// A refusal of what this agent asked: what is said where it was told at once.
    Denied(String, String),
    /// A handoff: what it is called in words.
    Handed(String),
    /// The text of a message.
    Letter(String),
    /// What was typed into the pane of this agent arrived.
    Typed(AgentRef),
    Sent,
    Add(String),
    /// Nothing is said but a refusal.
    Gone,
    Quiet,
}

/// Between the screen and the monitor.
pub(super) struct Wire<'a> {
    ctx: &'a Ctx,
    server: &'a ServerSpec,
    updates: mpsc::Sender<Update>,
    from_screen: mpsc::Receiver<Request>,
    pending: HashMap<u64, Pending>,
    watched: Option<AgentRef>,
    /// The revision of the preview that was asked for last.
    shown: Option<u64>,
    /// What the person typed and the monitor has not been given yet: one request at a time keeps the order.
    typed: Option<(AgentRef, Vec<Typed>)>,
    /// When the screen that is typed into is looked at again, and how often still.
    look: Option<(Instant, u32)>,
    snapshot: Arc<Snapshot>,
}

impl<'a> Wire<'a> {
    /// Between these two ends.
    pub(super) fn new(
        ctx: &'a Ctx,
        server: &'a ServerSpec,
        updates: mpsc::Sender<Update>,
        from_screen: mpsc::Receiver<Request>,
    ) -> Self {
        Self {
            ctx,
            server,
            updates,
            from_screen,
            pending: HashMap::new(),
            watched: None,
            shown: None,
            typed: None,
            look: None,
            snapshot: Arc::default(),
        }
    }

    /// Carries until the screen is gone.
    pub(super) async fn carry(&mut self) {
        loop {
            let lost = match self.ctx.client().await {
                Ok(client) => match self.connected(client).await {
                    Ok(()) => return,
                    Err(err) => Update::Disconnected(err.to_string()),
                },
                // Neither a monitor nor, says the store, a swarm that should have one: nothing runs, and that is no fault.
                Err(err) if err.kind() == Kind::Monitor && !self.ctx.expects_monitor() => {
                    Update::Snapshot(Arc::default())
                }
                Err(err) => Update::Disconnected(err.to_string()),
            };
            self.snapshot = Arc::default();
            self.pending.clear();
            self.shown = None;
            self.typed = None;
            if self.updates.send(lost).await.is_err() || !self.wait().await {
                return;
            }
        }
    }

    /// Waits before the next try. What is asked for meanwhile is refused, not kept: it would happen when nobody expects
    /// it any more. `false` when the screen is gone.
    async fn wait(&mut self) -> bool {
        let until = Instant::now() + RETRY;
        while let Ok(request) = tokio::time::timeout_at(until, self.from_screen.recv()).await {
            match request {
                None => return false,
                Some(Request::Watch(agent)) => self.watched = agent,
                Some(Request::Events(_)) => {}
                Some(request) => {
                    let text = "no monitor: nothing was done".to_owned();
                    let update = match request {
                        Request::Type { agent, .. } => Update::Untyped { agent, text },
                        _ => Update::Outcome { text, failed: true },
                    };
                    let _ = self.updates.send(update).await;
                }
            }
        }
        true
    }

    /// One connection, from its start to its end; `Ok` when the screen is gone.
    async fn connected(&mut self, client: Client) -> Result<()> {
        let (mut listener, mut asker) = client.split();
        let id = asker.ask(wire::Request::Subscribe).await?;
        self.pending.insert(id, Pending::Quiet);
        // Reading a line is not to be cancelled in the middle: it has a task of its own.
        let (lines, mut arrived) = mpsc::channel(64);
        let mut reader = tokio::task::JoinSet::new();
        reader.spawn(async move {
            loop {
                let line = listener.line().await;
                let ended = line.is_err();
                if lines.send(line).await.is_err() || ended {
                    return;
                }
            }
        });
        let mut glance = tokio::time::interval(GLANCE);
        glance.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                line = arrived.recv() => match line {
                    Some(Ok(line)) => self.line(line, &mut asker).await?,
                    Some(Err(err)) => return Err(err),
                    None => return Err(Error::new(Kind::Monitor, "the connection ended")),
                },
                request = self.from_screen.recv() => match request {
                    Some(request) => self.request(request, &mut asker).await?,
                    None => return Ok(()),
                },
                _ = glance.tick() => {
                    self.shown = None;
                    self.preview(&mut asker).await?;
                }
                () = tokio::time::sleep_until(self.look.map_or_else(Instant::now, |(at, _)| at)),
                    if self.look.is_some() =>
                {
                    self.look_again(&mut asker).await?;
                }
            }
        }
    }

    /// Looks at the screen that is typed into sooner than it is noticed to have changed.
    async fn look_again(&mut self, asker: &mut Asker) -> Result<()> {
        self.look = self.look.and_then(|(at, left)| Some((at + LOOKS, left.checked_sub(1)?)));
        self.shown = None;
        self.preview(asker).await
    }

    /// Gives the monitor what was typed, unless it still types what came before.
    async fn pass_on(&mut self, asker: &mut Asker) -> Result<()> {
        if self.pending.values().any(|p| matches!(p, Pending::Typed(_))) {
            return Ok(());
        }
        let Some((agent, keys)) = self.typed.take() else { return Ok(()) };
        let Some(target) = target(&agent) else { return Ok(()) };
        let id = asker.ask(wire::Request::Type(wire::Type { target, keys })).await?;
        self.pending.insert(id, Pending::Typed(agent));
        Ok(())
    }

    /// The monitor said something.
    async fn line(&mut self, line: Line, asker: &mut Asker) -> Result<()> {
        match line {
            Line::Notice(Notice::Snapshot(snapshot)) => {
                self.snapshot = Arc::from(snapshot);
                let _ = self.updates.send(Update::Snapshot(self.snapshot.clone())).await;
                self.preview(asker).await
            }
            Line::Notice(Notice::Progress(_)) => Ok(()),
            Line::Answer { id, result } => {
                let update = match self.pending.remove(&id) {
                    Some(Pending::Preview(agent)) => {
                        serde_json::from_value::<Capture>(result).ok().map(|c| Update::Preview {
                            agent,
                            rev: c.rev,
                            ansi: c.ansi.into_bytes(),
                            width: c.width,
                            height: c.height,
                            cursor: c.cursor,
                        })
                    }
                    Some(Pending::Explain(agent)) => serde_json::from_value::<Explanation>(result)
                        .ok()
                        .map(|found| Update::Explained { agent, text: explain::text(&found) }),
                    Some(Pending::Sent) => {
                        serde_json::from_value::<Vec<wire::Sent>>(result).ok().map(|s| sent(&s))
                    }
                    Some(Pending::Handed(text)) => {
                        serde_json::from_value::<wire::Accepted>(result).ok().map(|accepted| {
                            let note = accepted.note.map(|n| format!(" ({n})")).unwrap_or_default();
                            Update::Outcome { text: format!("{text}{note}"), failed: false }
                        })
                    }
                    Some(Pending::Letter(id)) => serde_json::from_value::<wire::InboxReply>(result)
                        .ok()
                        .and_then(|reply| reply.messages.into_iter().next())
                        .map(|letter| Update::Letter { id, text: letter_text(&letter.handoff) }),
                    Some(Pending::Typed(_)) => {
                        self.look = Some((Instant::now(), LOOKS_AFTER_KEY));
                        self.pass_on(asker).await?;
                        None
                    }
                    Some(Pending::Denied(agent, said)) => {
                        serde_json::from_value(result).ok().map(|answered| denied(&agent, said, answered))
                    }
                    Some(Pending::Act(text)) => Some(Update::Outcome { text, failed: false }),
                    Some(Pending::Add(name)) => {
                        serde_json::from_value::<UpReport>(result).ok().map(|report| {
                            match add::outcome(&report) {
                                Ok(()) => Update::Outcome { text: format!("added {name}"), failed: false },
                                Err(err) => Update::Outcome { text: err.to_string(), failed: true },
                            }
                        })
                    }
                    Some(Pending::Gone | Pending::Quiet) | None => None,
                };
                if let Some(update) = update {
                    let _ = self.updates.send(update).await;
                }
                // The screen, or the selection, may have changed since it was asked for.
                self.preview(asker).await
            }
            Line::Refusal { id, error } => {
                let hint = error.hints.first().map(|h| format!(" ({h})")).unwrap_or_default();
                let text = crate::text::one_line(&format!("{}{hint}", error.message));
                let update = match self.pending.remove(&id) {
                    Some(Pending::Preview(_) | Pending::Quiet) | None => return Ok(()),
                    Some(Pending::Typed(agent)) => {
                        self.typed.take_if(|(to, _)| *to == agent);
                        self.pass_on(asker).await?;
                        Update::Untyped { agent, text }
                    }
                    Some(_) => Update::Outcome { text, failed: true },
                };
                let _ = self.updates.send(update).await;
                Ok(())
            }
        }
    }

    /// Asks for the screen of the watched agent when it changed.
    async fn preview(&mut self, asker: &mut Asker) -> Result<()> {
        let Some(agent) = &self.watched else { return Ok(()) };
        let view = self
            .snapshot
            .swarms
            .iter()
            .filter(|s| s.name == agent.swarm)
            .flat_map(|s| &s.agents)
            .find(|a| a.name == agent.agent && a.pane.is_some());
        let Some(view) = view else { return Ok(()) };
        let asked = self.pending.values().any(|p| matches!(p, Pending::Preview(_)));
        if asked || self.shown == Some(view.screen_rev) {
            return Ok(());
        }
        self.shown = Some(view.screen_rev);
        let Some(target) = target(agent) else { return Ok(()) };
        let id = asker.ask(wire::Request::Capture(target)).await?;
        self.pending.insert(id, Pending::Preview(agent.clone()));
        Ok(())
    }

    /// The person asked for something.
    async fn request(&mut self, request: Request, asker: &mut Asker) -> Result<()> {
        match request {
            Request::Watch(agent) => {
                self.watched = agent;
                self.shown = None;
                return self.preview(asker).await;
            }
            Request::Events(agent) => {
                let _ = self.updates.send(Update::Events(self.events(&agent))).await;
                return Ok(());
            }
            Request::Add { swarm, name, profile, directory } => {
                let new = NewAgent { name, profile, domain: directory, ..NewAgent::default() };
                return self.add(&swarm, new, asker).await;
            }
            Request::Send { to, text, fill } => return self.send(&to, &text, fill, asker).await,
            Request::HandOver { .. } => return self.hand_over(request, asker).await,
            Request::Type { agent, mut keys } => {
                match &mut self.typed {
                    Some((to, before)) if *to == agent => before.append(&mut keys),
                    typed => *typed = Some((agent, keys)),
                }
                return self.pass_on(asker).await;
            }
            Request::Windows | Request::Directory(_) | Request::Diff(_) | Request::Move { .. } => {
                let done = super::windows::act(self.server, &self.snapshot, &request).await;
                let update =
                    done.unwrap_or_else(|err| Update::Outcome { text: err.to_string(), failed: true });
                let _ = self.updates.send(update).await;
                return Ok(());
            }
            _ => {}
        }
        let client = match &request {
            Request::Jump(_) => attach::my_client(self.server).await,
            _ => None,
        };
        let Some((request, pending)) = translate(request, client) else {
            let text = "that agent has an impossible name".to_owned();
            let _ = self.updates.send(Update::Outcome { text, failed: true }).await;
            return Ok(());
        };
        let id = asker.ask(request).await?;
        self.pending.insert(id, pending);
        Ok(())
    }

    /// Sends a text to agents, swarm by swarm.
    async fn send(&mut self, to: &[AgentRef], text: &str, fill: bool, asker: &mut Asker) -> Result<()> {
        let mut swarms: BTreeMap<SwarmName, Vec<Address>> = BTreeMap::new();
        for target in to.iter().filter_map(target) {
            swarms.entry(target.swarm).or_default().push(Address::Agent(target.agent));
        }
        for (swarm, to) in swarms {
            let text = text.to_owned();
            let send = wire::SendText { swarm, to, text, fill, now: false, idem_key: None };
            let id = asker.ask(wire::Request::Send(send)).await?;
            self.pending.insert(id, Pending::Sent);
        }
        Ok(())
    }

    /// Hands the work of an agent over.
    async fn hand_over(&mut self, request: Request, asker: &mut Asker) -> Result<()> {
        let Request::HandOver { from, to, subject, body } = request else { return Ok(()) };
        let (Some(whose), Ok(receiver)) = (target(&from), to.parse::<Address>()) else {
            let text = format!("`{to}` is nobody that can be written to");
            let _ = self.updates.send(Update::Outcome { text, failed: true }).await;
            return Ok(());
        };
        let draft: Draft = serde_json::from_value(
            serde_json::json!({"to": receiver, "kind": "handoff", "subject": subject, "body": body}),
        )
        .map_err(|e| Error::failure("cannot write the handoff").because(e))?;
        let over = wire::HandOver { swarm: whose.swarm, from: whose.agent, draft };
        let id = asker.ask(wire::Request::HandOver(Box::new(over))).await?;
        self.pending.insert(id, Pending::Handed(format!("handed over from {} to {to}", from.agent)));
        Ok(())
    }

    /// Adds an agent to a swarm: described by the swarm file, as `swarm add` does.
    async fn add(&mut self, swarm: &str, new: NewAgent, asker: &mut Asker) -> Result<()> {
        let prepared = swarm
            .parse()
            .map_err(|e: String| Error::failure(e))
            .and_then(|swarm| add::prepare(self.ctx, &swarm, &new));
        match prepared {
            Ok(mut prepared) => {
                prepared.request.spec.added = true;
                let id = asker.ask(wire::Request::Add(Box::new(prepared.request))).await?;
                self.pending.insert(id, Pending::Add(new.name));
            }
            Err(err) => {
                let hint = err.hints().first().map(|h| format!(" ({h})")).unwrap_or_default();
                let text = crate::text::one_line(&format!("{err}{hint}"));
                let _ = self.updates.send(Update::Outcome { text, failed: true }).await;
            }
        }
        Ok(())
    }

    /// What happened to an agent lately.
    fn events(&self, agent: &AgentRef) -> Vec<EventView> {
        let Ok(conn) = crate::store::open_reader(&self.ctx.paths.database()) else { return Vec::new() };
        let rows = events(&conn, Some(&agent.swarm), Some(&agent.agent), 0, 100).unwrap_or_default();
        let views = rows.into_iter().filter_map(|row| {
            Some(EventView {
                at: row.at.parse().ok()?,
                agent: agent.clone(),
                text: log::sentence(&row),
                kind: row.kind,
            })
        });
        views.collect()
    }
}

/// What became of a text, for the person who sent it: refusals first.
fn sent(sent: &[wire::Sent]) -> Update {
    let failed = sent.iter().any(|s| s.outcome.is_err());
    let words = sent.iter().filter(|s| !failed || s.outcome.is_err()).map(|s| match &s.outcome {
        Err(refused) => format!("{}: {}", s.to, refused.message),
        Ok(accepted) => match &accepted.note {
            Some(note) => format!("{} ({note})", s.to),
            None => s.to.clone(),
        },
    });
    let words = words.collect::<Vec<_>>().join(", ");
    let text = if failed { format!("not sent to {words}") } else { format!("sent to {words}") };
    Update::Outcome { text: crate::text::one_line(&text), failed }
}

/// What came of a refusal, and of its reason.
fn denied(agent: &str, said: String, answered: wire::Answered) -> Update {
    let (text, failed) = match answered.message.map(|sent| sent.outcome) {
        None => (said, false),
        Some(Ok(accepted)) => {
            let note = accepted.note.map(|note| format!(" ({note})")).unwrap_or_default();
            (format!("denied {agent}: the reason goes as a message{note}"), false)
        }
        Some(Err(refused)) => (format!("denied {agent}, but it was not told why: {}", refused.message), true),
    };
    Update::Outcome { text: crate::text::one_line(&text), failed }
}

fn target(agent: &AgentRef) -> Option<Target> {
    Some(Target { swarm: agent.swarm.parse().ok()?, agent: agent.agent.parse().ok()? })
}

/// The monitor's request for what the person asked, and what its answer will mean.
fn translate(request: Request, client: Option<String>) -> Option<(wire::Request, Pending)> {
    let act = |text: &str, agent: &AgentRef| Pending::Act(format!("{text} {}", agent.agent));
    Some(match request {
        Request::Jump(agent) => {
            let Target { swarm, agent: name } = target(&agent)?;
            (wire::Request::Jump(wire::Jump { agent: Some(name), swarm, client }), Pending::Gone)
        }
        Request::Hibernate(agent) => {
            (wire::Request::Hibernate(target(&agent)?), act("put to sleep:", &agent))
        }
        Request::Wake(agent) => (wire::Request::Wake(target(&agent)?), act("waking", &agent)),
        Request::Rename { agent, name } => {
            let done = Pending::Act(format!("{} is called {name} now", agent.agent));
            let to = name.parse().ok()?;
            (wire::Request::Rename(wire::Rename { target: target(&agent)?, to }), done)
        }
        Request::Kill(agent) => (wire::Request::Kill(target(&agent)?), act("ending", &agent)),
        Request::Restart { agent, fresh } => (
            wire::Request::Restart(wire::Restart { target: target(&agent)?, fresh }),
            act("restarting", &agent),
        ),
        Request::Interrupt(agent) => (wire::Request::Interrupt(target(&agent)?), act("interrupted", &agent)),
        Request::Approve { agent, choice, asked } => {
            let choice = choice.map_or(Choice::Approve, |n| Choice::Option(n + 1));
            (answer(&agent, choice, asked)?, act("answered", &agent))
        }
        Request::Deny { agent, asked, because } => {
            let why = because.is_some();
            let Some(wire::Request::Answer(answer)) = answer(&agent, Choice::Deny, asked) else {
                return None;
            };
            let said = format!("denied {}{}", agent.agent, if why { ", and told it why" } else { "" });
            (wire::Request::Answer(wire::Answer { because, ..answer }), Pending::Denied(agent.agent, said))
        }
        Request::Hold(agent) => {
            let reason = "held in the overview".to_owned();
            // What it does goes on: nothing is paused.
            let said = format!("held {}: messages to it wait, what it does goes on", agent.agent);
            (wire::Request::Hold(wire::Hold { target: target(&agent)?, reason }), Pending::Act(said))
        }
        Request::Resume(agent) => {
            let said = format!("resumed {}: messages go to it again", agent.agent);
            (wire::Request::Resume(target(&agent)?), Pending::Act(said))
        }
        Request::Remove(agent) => (wire::Request::Remove(target(&agent)?), act("removing", &agent)),
        Request::Read(letter) => {
            let what = InboxWhat::One(letter.id.clone());
            let inbox = wire::InboxRequest { swarm: letter.swarm.parse().ok()?, agent: None, what };
            (wire::Request::Inbox(inbox), Pending::Letter(letter.id))
        }
        Request::Retry(letter) => {
            (act_on_letter(letter, LetterAct::Retry)?, Pending::Act("it is delivered again".to_owned()))
        }
        Request::Drop(letter) => {
            (act_on_letter(letter, LetterAct::Drop)?, Pending::Act("it was dropped".to_owned()))
        }
        Request::Explain(agent) => (wire::Request::Explain(target(&agent)?), Pending::Explain(agent)),
        Request::Seen(agent) => (wire::Request::Seen(target(&agent)?), Pending::Quiet),
        // Carried above.
        Request::Watch(_)
        | Request::Events(_)
        | Request::Send { .. }
        | Request::Add { .. }
        | Request::HandOver { .. }
        | Request::Type { .. }
        | Request::Windows
        | Request::Directory(_)
        | Request::Diff(_)
        | Request::Move { .. } => return None,
    })
}

fn answer(agent: &AgentRef, choice: Choice, asked: Asked) -> Option<wire::Request> {
    let Asked { instance, question, options, prompt, .. } = asked;
    let (instance, prompt) = (instance.map(Into::into), prompt.map(Into::into));
    let seen = wire::Prompt { instance, question, options, prompt };
    Some(wire::Request::Answer(wire::Answer {
        target: target(agent)?,
        choice,
        expect: Some(seen),
        because: None,
    }))
}

fn act_on_letter(letter: LetterRef, act: LetterAct) -> Option<wire::Request> {
    let letter = wire::LetterRequest { swarm: letter.swarm.parse().ok()?, id: letter.id, act };
    Some(wire::Request::Letter(letter))
}

/// What a message says: its text, then what it carries.
fn letter_text(handoff: &Handoff) -> String {
    let Draft { body, context, artifacts, .. } = &handoff.draft;
    let mut text = body.trim_end().to_owned();
    for (name, list) in
        [("done", &context.completed), ("next", &context.next_steps), ("in the way", &context.blockers)]
    {
        for item in list {
            let _ = write!(text, "\n{name}: {item}");
        }
    }
    if !context.notes.is_empty() {
        let _ = write!(text, "\nnotes: {}", context.notes);
    }
    for artifact in artifacts {
        let _ = write!(text, "\nfile: {}", artifact.path);
    }
    if text.trim().is_empty() { "it has no text besides its subject".to_owned() } else { text }
}
