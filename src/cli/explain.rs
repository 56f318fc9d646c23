//! `swarm explain`: all evidence for an agent's status, and what won.

use std::fmt::Write as _;

use crate::error::Result;
use crate::name::AgentName;
use crate::protocol::{EvidenceLine, Explanation, Request};

use super::{Ctx, output};

/// Show all evidence for an agent's status, with its age, and the rule that won
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: AgentName,
    /// Print `swarm.explain/v1` JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &ExplainArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, _) = ctx.agent(&snapshot, &args.agent)?;
        let found: Explanation = client.call(Request::Explain(target)).await?;
        if args.json {
            return output::json(&found);
        }
        output::print(&text(&found))
    })
}

/// The explanation for people.
#[expect(clippy::disallowed_methods, reason = "ages are shown against the clock")]
pub fn text(found: &Explanation) -> String {
    let now = jiff::Timestamp::now();
    let reason = found.verdict.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    let mut out = format!("{}: {}{reason}\n", found.agent, found.verdict.status);
    if let Some(proof) = &found.verdict.proof {
        let _ = writeln!(
            out,
            "  because {}: {}, {} ago{}",
            proof.source,
            proof.source.bare(&proof.rule),
            super::status::age(now, proof.at),
            if proof.text.is_empty() {
                String::new()
            } else {
                format!(", “{}”", crate::text::one_line(&proof.text))
            }
        );
    } else {
        out.push_str("  no proof of anything\n");
    }
    for line in &found.evidence {
        let status = line.status.map_or_else(|| "–".to_owned(), |s| s.to_string());
        let reason = line.reason.map(|r| format!(" ({r})")).unwrap_or_default();
        let row = format!(
            "  {} {:<11} {:<10} {status}{reason}  {}  {}",
            if line.won { "*" } else { " " },
            line.source.as_str(),
            super::status::age(now, line.at),
            line.source.bare(&line.rule),
            crate::text::clip(&crate::text::one_line(&line.text), 60)
        );
        let _ = writeln!(out, "{}{}", row.trim_end(), became(line));
    }
    out
}

/// What became of a claim, where that is not plain from the verdict.
fn became(line: &EvidenceLine) -> String {
    let kept = line.kept.as_ref().map(|kept| format!("remembered: {kept}"));
    let lost = (line.outcome.as_deref() == Some("overruled")).then(|| match &line.why {
        Some(why) => format!("overruled: {why}"),
        None => "overruled".to_owned(),
    });
    let notes: Vec<String> = [kept, lost].into_iter().flatten().collect();
    if notes.is_empty() { String::new() } else { format!("  [{}]", notes.join("; ")) }
}
