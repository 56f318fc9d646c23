//! Questions before anything that cannot be taken back: what will happen to whom, and what will be lost.

use super::message::{AgentRef, Asked, LetterRef, Request};
use super::theme::Role;
use super::view::words;
use crate::snapshot::{AgentView, HandoffView};
use crate::status::{Reason, Status};
use crate::text::one_line;

/// A question with what follows from each answer.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// The question.
    pub title: String,
    /// What the person should know before answering, and how each part is drawn.
    pub body: Vec<(Role, String)>,
    /// What `yes` is called, and what it asks for.
    pub yes: (&'static str, Vec<Request>),
    /// The same for `fresh`, where there is that choice.
    pub fresh: Option<(&'static str, Vec<Request>)>,
    /// The prompts that are being answered, one for each request: when one changes, its answer is withdrawn.
    pub about: Vec<(AgentRef, Asked)>,
    /// Something is lost for good: the key that accepts anything is not enough.
    pub grave: bool,
}

/// Agents with what is known about them.
pub type Targets<'a> = [(AgentRef, &'a AgentView)];

/// How prompts are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// By the profile's way to approve.
    Approve,
    /// With the n-th choice, from 0.
    Choice(usize),
    /// By the profile's way to refuse.
    Deny,
}

impl Confirm {
    /// Before ending agents.
    pub fn kill(targets: &Targets<'_>) -> Self {
        let mut body = losses(targets);
        body.push(text(
            "Panes close with what is on them. Transcripts stay on disk: restart resumes where the CLI can.",
        ));
        Self {
            title: format!("Kill {}?", names(targets)),
            body,
            yes: ("kill", each(targets, Request::Kill)),
            fresh: None,
            about: Vec::new(),
            grave: true,
        }
    }

    /// Before taking agents out of their swarm.
    pub fn remove(targets: &Targets<'_>) -> Self {
        let mut body = losses(targets);
        body.push(text(if targets.len() == 1 {
            "It ends and leaves the running swarm."
        } else {
            "They end and leave the running swarm."
        }));
        Self {
            title: format!("Remove {}?", names(targets)),
            body,
            yes: ("remove", each(targets, Request::Remove)),
            fresh: None,
            about: Vec::new(),
            grave: true,
        }
    }

    /// Before putting idle agents to sleep.
    pub fn hibernate(targets: &Targets<'_>) -> Self {
        let body = match targets {
            [_] => [
                "It ends to free memory; its pane stays, with what is left there.",
                "A message, a look at its pane or the same key wakes it with its conversation.",
            ],
            _ => [
                "They end to free memory; their panes stay, with what is left there.",
                "A message, a look at its pane or the same key wakes each with its conversation.",
            ],
        };
        let body = body.map(text).to_vec();
        Self {
            title: format!("Put {} to sleep?", names(targets)),
            body,
            yes: ("sleep", each(targets, Request::Hibernate)),
            fresh: None,
            about: Vec::new(),
            grave: false,
        }
    }

    /// Before restarting agents: with their conversation, or fresh.
    pub fn restart(targets: &Targets<'_>) -> Self {
        let mut body = losses(targets);
        body.push(text(
            "Resume keeps the conversation (where the CLI can, else it starts fresh and says so).",
        ));
        body.push(text(forgotten(targets)));
        Self {
            title: format!("Restart {}?", names(targets)),
            body,
            yes: ("resume", each(targets, |agent| Request::Restart { agent, fresh: false })),
            fresh: Some(("fresh", each(targets, |agent| Request::Restart { agent, fresh: true }))),
            about: Vec::new(),
            grave: targets.iter().any(|(_, a)| a.status == Status::Working),
        }
    }

    /// Before interrupting agents that work.
    pub fn interrupt(targets: &Targets<'_>) -> Self {
        Self {
            title: format!("Interrupt {}?", names(targets)),
            body: vec![text("The turn stops where it is; what was done so far stays.")],
            yes: ("interrupt", each(targets, Request::Interrupt)),
            fresh: None,
            about: Vec::new(),
            grave: false,
        }
    }

    /// Before a message is given up for good.
    pub fn drop(which: LetterRef, letter: &HandoffView) -> Self {
        Self {
            title: format!("Drop the {} to {}?", letter.kind, letter.to),
            body: vec![
                (Role::Title, letter.subject.clone()),
                text(format!("From {}. It is never delivered; {0} is told.", letter.from)),
            ],
            yes: ("drop", vec![Request::Drop(which)]),
            fresh: None,
            about: Vec::new(),
            grave: true,
        }
    }

    /// Before answering what agents ask: each with what exactly it asks.
    pub fn reply(targets: &Targets<'_>, reply: Reply) -> Self {
        let about: Vec<_> = targets.iter().map(|(who, agent)| (who.clone(), Asked::of(agent))).collect();
        let request = |(who, asked): &(AgentRef, Asked)| {
            let (agent, asked) = (who.clone(), asked.clone());
            match reply {
                Reply::Deny => Request::Deny { agent, asked, because: None },
                Reply::Approve => Request::Approve { agent, choice: None, asked },
                Reply::Choice(n) => Request::Approve { agent, choice: Some(n), asked },
            }
        };
        let (word, title) = match reply {
            Reply::Approve => ("approve", format!("Approve for {}?", names(targets))),
            Reply::Deny => ("deny", format!("Deny for {}?", names(targets))),
            Reply::Choice(n) => ("answer", format!("Answer {} with choice {}?", names(targets), n + 1)),
        };
        let body =
            match targets {
                [(_, agent)] => {
                    let mut body = words::asks(agent).lines();
                    match reply {
                        Reply::Approve => body.extend(choices(agent)),
                        Reply::Choice(n) => body.extend(agent.options.get(n).map(|option| {
                            (Role::Title, format!("Your answer: {}. {}", n + 1, label(option)))
                        })),
                        Reply::Deny => {}
                    }
                    body
                }
                many => many.iter().flat_map(|(who, agent)| one_of_many(who, agent)).collect(),
            };
        let requests = about.iter().map(request).collect();
        Self { title, body, yes: (word, requests), fresh: None, grave: targets.len() > 1, about }
    }

    /// The one prompt that is refused, where it is one: why can be said.
    pub fn refused(&self) -> Option<&(AgentRef, Asked)> {
        match self.about.as_slice() {
            [one] if self.how() == Some(Reply::Deny) => Some(one),
            _ => None,
        }
    }

    /// How its prompts are answered.
    pub fn how(&self) -> Option<Reply> {
        match self.yes.1.first()? {
            Request::Deny { .. } => Some(Reply::Deny),
            Request::Approve { choice: None, .. } => Some(Reply::Approve),
            Request::Approve { choice: Some(n), .. } => Some(Reply::Choice(*n)),
            _ => None,
        }
    }
}

/// Whether `agent` still asks what was shown; what was not read then may have been read since.
pub fn still_asks(shown: &Asked, agent: &AgentView) -> bool {
    let now = Asked::of(agent);
    let unread = shown.question.is_none() && shown.options.is_empty();
    let same = (&shown.instance, shown.since) == (&now.instance, now.since);
    agent.status == Status::Waiting && (now == *shown || unread && same && now.question.is_some())
}

fn one_of_many(who: &AgentRef, agent: &AgentView) -> Vec<(Role, String)> {
    let asks = words::asks(agent);
    let said = asks.subject.or(asks.question).unwrap_or_else(|| "what it asks could not be read".into());
    vec![(Role::Dim, format!("{}:", who.agent)), (Role::Title, format!("  {said}"))]
}

fn text(text: impl Into<String>) -> (Role, String) {
    (Role::Text, text.into())
}

/// A choice without the number and the pointer that the agent draws before it.
pub fn label(option: &str) -> String {
    let text = one_line(option);
    let text = text.trim().trim_start_matches(['❯', '›', '>', '●', '○', '*']).trim_start();
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let unnumbered = (rest.len() < text.len()).then(|| rest.strip_prefix(['.', ')', ':'])).flatten();
    unnumbered.unwrap_or(text).trim().to_owned()
}

fn choices(agent: &AgentView) -> Option<(Role, String)> {
    let listed: Vec<_> =
        agent.options.iter().enumerate().map(|(n, o)| format!("{} {}", n + 1, label(o))).collect();
    (!listed.is_empty()).then(|| (Role::Dim, listed.join("   ")))
}

fn names(targets: &Targets<'_>) -> String {
    match targets {
        [(who, _)] => who.agent.clone(),
        many => words::plural(many.len(), "agent"),
    }
}

fn each(targets: &Targets<'_>, request: impl Fn(AgentRef) -> Request) -> Vec<Request> {
    targets.iter().map(|(who, _)| request(who.clone())).collect()
}

/// What ending these agents costs, one sentence each; only what is known.
fn losses(targets: &Targets<'_>) -> Vec<(Role, String)> {
    let one = targets.len() == 1;
    let mut lines = Vec::new();
    for (who, agent) in targets {
        let mut lost = Vec::new();
        match agent.status {
            Status::Working if agent.reason == Some(Reason::Background) => {
                lost.push("its background work stops".into());
            }
            Status::Working => lost.push("it works: the turn is lost".into()),
            Status::Waiting => lost.push("it waits: its question goes unanswered".into()),
            Status::Unknown => lost.push("what it does is not known: it may be working".into()),
            _ => {}
        }
        if agent.inbox.pending > 0 {
            lost.push(format!(
                "{} for it stay queued",
                words::plural(agent.inbox.pending as usize, "message")
            ));
        }
        if lost.is_empty() {
            lost.push(format!("it is {}: no turn is lost", agent.status));
        }
        let said: String = lost.join("; ");
        lines.push(text(if one { capital(&said) } else { format!("{}: {said}", who.agent) }));
    }
    lines
}

fn forgotten(targets: &Targets<'_>) -> String {
    let used = match targets {
        [(_, agent)] => agent.context.as_ref().and_then(|c| c.used),
        _ => None,
    };
    match used {
        Some(used) => format!("Fresh forgets the conversation ({} tokens of context).", words::count(used)),
        None => "Fresh forgets the conversation.".into(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).chain(['.']).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_lose_the_numbers_the_agent_drew() {
        for (drawn, want) in [
            ("❯ 1. Yes", "Yes"),
            ("2) No, and tell it why", "No, and tell it why"),
            ("Yes", "Yes"),
            ("3 files", "3 files"),
            ("› 10. x", "x"),
            ("", ""),
            ("42", "42"),
            ("1. \x1b[31mred", "[31mred"),
        ] {
            assert_eq!(label(drawn), want);
        }
    }
}
