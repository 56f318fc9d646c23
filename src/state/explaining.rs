//! `swarm explain`: all evidence for an agent's status, what decided first.

use serde_json::json;

use crate::observe::fuse::{Outcome, Used};
use crate::protocol::{EvidenceLine, Explanation, Target};
use crate::status::Source;

use super::requests::Answered;
use super::{Agent, State};

impl State {
    pub(super) fn explain(&self, target: &Target) -> Answered {
        let agent = self.target(target)?;
        let explanation = Explanation {
            schema: "swarm.explain/v1".into(),
            agent: target.agent.to_string(),
            verdict: agent.verdict.clone(),
            evidence: evidence(agent),
        };
        Ok(Some(json!(explanation)))
    }
}

/// Everything that is known about an agent's status, what decided first.
fn evidence(agent: &Agent) -> Vec<EvidenceLine> {
    let won = agent.verdict.proof.as_ref();
    let line = |used: &Used| {
        let (outcome, why) = match used.outcome {
            Outcome::Decided => ("decided", None),
            Outcome::Agrees => ("agrees", None),
            Outcome::Silent => ("silent", None),
            Outcome::Overruled(why) => ("overruled", Some(why.to_owned())),
        };
        EvidenceLine {
            source: used.source,
            rule: used.rule.clone(),
            status: used.status,
            reason: used.reason,
            text: used.text.clone(),
            at: used.at,
            won: used.outcome == Outcome::Decided,
            outcome: Some(outcome.to_owned()),
            why,
            kept: used.kept.map(str::to_owned),
        }
    };
    let mut lines: Vec<EvidenceLine> = agent.weighed.iter().map(line).collect();
    let (rule, text) = agent.process.in_words();
    let decided = won.is_some_and(|p| p.source == Source::Process);
    lines.push(EvidenceLine {
        source: Source::Process,
        rule: won.filter(|_| decided).map_or_else(|| rule.to_owned(), |p| p.rule.clone()),
        status: decided.then_some(agent.verdict.status),
        reason: agent.verdict.reason.filter(|_| decided),
        text,
        at: agent.process_since,
        won: decided,
        outcome: Some(if decided { "decided" } else { "silent" }.to_owned()),
        why: None,
        kept: None,
    });
    lines.sort_by_key(|e| (!e.won, e.source));
    lines
}
