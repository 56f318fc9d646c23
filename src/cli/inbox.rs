//! `swarm inbox` and `swarm ack`: the receiver's side of a handoff.

use std::fmt::Write as _;

use serde_json::Value;

use crate::client::Client;
use crate::error::{Error, Kind, Result};
use crate::handoff::{nonce, wording};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{
    AckRequest, InboxReply, InboxRequest, InboxWhat, Letter, LetterAct, LetterRequest, Receipt, Request,
    ShownRequest,
};

use super::send::swarm_name;
use super::{Ctx, output};

/// Read the messages that wait for you
///
/// In an agent's pane these are the agent's, elsewhere the person's. What was read is never shown again. With the name
/// of an agent, a person looks into its inbox, and nothing counts as read.
#[derive(Debug, clap::Args)]
pub struct InboxArgs {
    /// An agent; or `show ID`, `retry ID`, `drop ID` for one message
    #[arg(value_name = "AGENT", num_args = 0..=2, add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    words: Vec<String>,
    /// Messages that could not be delivered (`retry ID` tries again, `drop ID` gives up)
    #[arg(long, conflicts_with = "all")]
    dead: bool,
    /// The last messages, whatever became of them
    #[arg(long)]
    all: bool,
    /// Print `swarm.inbox/v1` JSON
    #[arg(long)]
    json: bool,
}

/// Say that you take a message, or what came of it
#[derive(Debug, clap::Args)]
pub struct AckArgs {
    /// The message: its id, or the end of it (`m:7F3K00`)
    id: String,
    /// What came of it: its sender waits no longer
    #[arg(long, value_name = "TEXT")]
    outcome: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs `swarm inbox`.
pub fn run(args: &InboxArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = swarm_name(&ctx.swarm(&snapshot)?.name)?;
        let (agent, what) = match args.words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["retry", id] => return letter(&mut client, swarm, id, LetterAct::Retry).await,
            ["drop", id] => return letter(&mut client, swarm, id, LetterAct::Drop).await,
            ["show", id] => (None, InboxWhat::One(id.to_owned())),
            [] => (None, what(args)),
            [name] => (Some(agent(name)?), what(args)),
            _ => {
                return Err(Error::new(Kind::Usage, "one agent, or `show ID`, `retry ID`, `drop ID`"));
            }
        };
        let request = InboxRequest { swarm: swarm.clone(), agent, what };
        let reply: InboxReply = ctx.ask(&mut client, Request::Inbox(request.clone())).await?;
        if args.json {
            output::json(&reply)?;
        } else {
            output::print(&text(&reply, &request.what))?;
        }
        // Only what was really written out counts as seen.
        if reply.confirm && !reply.messages.is_empty() {
            let ids = reply.messages.iter().map(|m| m.handoff.id.clone()).collect();
            let _: Value = ctx.ask(&mut client, Request::Shown(ShownRequest { swarm, ids })).await?;
        }
        Ok(())
    })
}

const fn what(args: &InboxArgs) -> InboxWhat {
    match (args.dead, args.all) {
        (true, _) => InboxWhat::Dead,
        (_, true) => InboxWhat::All,
        _ => InboxWhat::New,
    }
}

fn agent(name: &str) -> Result<AgentName> {
    name.parse().map_err(|e: String| Error::new(Kind::Usage, e))
}

fn text(reply: &InboxReply, what: &InboxWhat) -> String {
    let mut out = String::new();
    match what {
        InboxWhat::New | InboxWhat::One(_) => {
            for message in &reply.messages {
                out.push_str(&wording::fenced(&message.handoff, message.redelivered));
            }
            if reply.messages.is_empty() {
                let _ = writeln!(out, "nothing new for {}", reply.of);
            }
            if reply.more > 0 {
                let _ = writeln!(out, "{} more: run swarm inbox again", reply.more);
            }
        }
        InboxWhat::Dead | InboxWhat::All => {
            for message in &reply.messages {
                line(&mut out, message);
            }
            if reply.messages.is_empty() {
                out.push_str("nothing\n");
            }
        }
    }
    out
}

fn line(out: &mut String, message: &Letter) {
    let receipt = &message.receipt;
    let why = receipt.note.clone().or_else(|| receipt.proof.as_ref().map(|p| p.text.clone()));
    let why = why.map(|w| format!(" ({})", crate::text::one_line(&w))).unwrap_or_default();
    let _ = writeln!(
        out,
        "m:{}  {:<8}  {} → {}  {}{why}",
        nonce(&receipt.id),
        receipt.state,
        receipt.from,
        receipt.to,
        receipt.subject,
    );
}

async fn letter(client: &mut Client, swarm: SwarmName, id: &str, act: LetterAct) -> Result<()> {
    let receipt: Option<Receipt> =
        client.call(Request::Letter(LetterRequest { swarm, id: id.to_owned(), act })).await?;
    said(receipt.as_ref(), id)
}

fn said(receipt: Option<&Receipt>, id: &str) -> Result<()> {
    output::print(&match receipt {
        Some(receipt) => format!("m:{} is {}\n", nonce(&receipt.id), receipt.state),
        None => format!("{} is gone\n", crate::text::one_line(id)),
    })
}

/// The schema name of [`AckReport`].
pub const ACK_SCHEMA: &str = "swarm.ack/v1";

/// What `swarm ack --json` prints.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct AckReport {
    /// Always `swarm.ack/v1`.
    schema: &'static str,
    /// How far the message is now; `null` where it is not kept any more.
    receipt: Option<Receipt>,
}

/// Runs `swarm ack`.
pub fn ack(args: &AckArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = swarm_name(&ctx.swarm(&snapshot)?.name)?;
        let request = AckRequest { swarm, id: args.id.clone(), outcome: args.outcome.clone() };
        let receipt: Option<Receipt> = ctx.ask(&mut client, Request::Ack(request)).await?;
        if args.json {
            output::json(&AckReport { schema: ACK_SCHEMA, receipt })
        } else {
            said(receipt.as_ref(), &args.id)
        }
    })
}
