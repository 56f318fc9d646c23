//! Handing a message in as its agent would: what lies in its outbox, and what stands in its replies.
//!
//! Such a message is a request of the agent like every other. Decides nothing about it.

use std::time::Duration;

use tokio::sync::mpsc;

use crate::error::{Error, Kind};
use crate::handoff::Draft;
use crate::handoff::file::reason;
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Accepted, HandoffRequest, Line, Request};

use super::socket::{Inbound, ReplyTo};

/// How long the answer to one message may take.
const ANSWER: Duration = Duration::from_secs(10);

/// What came of a message that was handed in.
#[derive(Debug)]
pub(super) enum Settled {
    /// It is in the database.
    Taken(Accepted),
    /// It is not wanted.
    Refused(String),
    /// Nothing is known: it stays where it is.
    Later,
}

/// Hands a message in as `agent` would; `None` where the monitor ends.
pub(super) async fn hand_in(
    calls: &mpsc::Sender<Inbound>,
    swarm: &SwarmName,
    agent: &AgentName,
    draft: Draft,
) -> Option<Settled> {
    let (reply, mut answers) = ReplyTo::channel();
    let inbound = Inbound {
        id: Some(0),
        request: Request::Handoff(Box::new(HandoffRequest { swarm: swarm.clone(), draft })),
        ancestry: Vec::new(),
        inside: None,
        token: None,
        owner: Some((swarm.clone(), agent.clone())),
        reply,
    };
    calls.send(inbound).await.ok()?;
    let answer = tokio::time::timeout(ANSWER, answers.recv()).await;
    Some(match answer {
        Ok(Some(Line::Answer { result, .. })) => {
            serde_json::from_value(result).map_or(Settled::Later, Settled::Taken)
        }
        // The database cannot be written: the key of the message makes it one when it is handed in again.
        Ok(Some(Line::Refusal { error, .. })) if error.code == Kind::Failure.code() => Settled::Later,
        Ok(Some(Line::Refusal { error, .. })) => Settled::Refused(reason(&Error::from(error))),
        Ok(Some(Line::Notice(_)) | None) | Err(_) => Settled::Later,
    })
}
