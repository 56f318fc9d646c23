//! `swarm handoff`: work goes over to another agent, with everything it needs to go on.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use crate::client::Client;
use crate::config::Address;
use crate::error::{Context as _, Error, Kind, Result};
use crate::handoff::{Artifact, Context, Draft, Git, Kind as What, Need, Party, nonce};
use crate::name::SwarmName;
use crate::protocol::{Accepted, HandoffRequest, InboxReply, InboxRequest, InboxWhat, Receipt, Request};

use super::send::{body, ended, key, kind_of, receipts, swarm_name};
use super::{Ctx, output};

/// The schema name of [`HandoffReport`].
pub const SCHEMA: &str = "swarm.handoff/v1";

/// What `swarm handoff --json` prints.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct HandoffReport {
    /// Always `swarm.handoff/v1`.
    schema: &'static str,
    /// The message, as it was accepted.
    accepted: Accepted,
    /// How far it got; `null` without `--wait`.
    receipt: Option<Receipt>,
}

/// Hand work over to another agent, ask it, or answer it
///
/// The message is in the database before this returns; the receiver is told when it is idle and reads it with
/// `swarm inbox`. Whoever runs this in an agent's pane writes as that agent.
#[derive(Debug, clap::Args)]
pub struct HandoffArgs {
    /// An agent, `@role` (one of that role takes it) or `human`
    #[arg(long, value_name = "WHO", required_unless_present = "reply_to",
          add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    to: Option<Address>,
    /// One line that says what it is about
    #[arg(long, default_value = "")]
    subject: String,
    /// The text; `-` reads it from stdin
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// Read the text from a file
    #[arg(long, value_name = "FILE", conflicts_with = "body")]
    file: Option<PathBuf>,
    /// What it is [default: handoff; reply with --reply-to]
    #[arg(long, value_name = "KIND", value_parser = ["handoff", "message", "question", "reply", "task"])]
    kind: Option<String>,
    /// How far it must get
    #[arg(long, value_name = "WHAT", value_parser = ["seen", "ack", "outcome"], default_value = "seen")]
    need: String,
    /// The message it answers: the answer goes to its sender
    #[arg(long, value_name = "ID")]
    reply_to: Option<String>,
    /// 1 (first) to 5 (last)
    #[arg(long, value_name = "N", default_value_t = 3)]
    priority: u8,
    /// Of no use any more after this time (`2h`, `30m`)
    #[arg(long, value_name = "TIME")]
    expires: Option<SignedDuration>,
    /// What is done; may be given several times
    #[arg(long, value_name = "TEXT")]
    completed: Vec<String>,
    /// What comes next; may be given several times
    #[arg(long, value_name = "TEXT")]
    next: Vec<String>,
    /// What is in the way; may be given several times
    #[arg(long, value_name = "TEXT")]
    blocker: Vec<String>,
    /// Anything else
    #[arg(long, value_name = "TEXT", default_value = "")]
    notes: String,
    /// A file that belongs to it (it stays where it is); may be given several times
    #[arg(long, value_name = "PATH")]
    artifact: Vec<PathBuf>,
    /// The git branch the work is on
    #[arg(long)]
    branch: Option<String>,
    /// The commit the work started from
    #[arg(long)]
    base: Option<String>,
    /// The last commit of the work
    #[arg(long)]
    head: Option<String>,
    /// A second message with this key is the first one again
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Wait until the receiver was told
    #[arg(long)]
    wait: bool,
    /// How long to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &HandoffArgs, ctx: &Ctx) -> Result<()> {
    let text = body(args.body.as_deref(), args.file.as_deref())?.unwrap_or_default();
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = swarm_name(&ctx.swarm(&snapshot)?.name)?;
        let to = match &args.to {
            Some(to) => to.clone(),
            None => sender(&mut client, &swarm, args.reply_to.as_deref().unwrap_or_default()).await?,
        };
        let request = HandoffRequest { swarm: swarm.clone(), draft: draft(args, to.clone(), text)? };
        let accepted: Accepted = ctx.ask(&mut client, Request::Handoff(Box::new(request))).await?;
        let receipt = match args.wait {
            true => {
                let limit = Duration::from_secs(args.timeout);
                receipts(&mut client, &swarm, std::slice::from_ref(&accepted.id), limit).await?.pop()
            }
            false => None,
        };
        let state = receipt.as_ref().map_or(accepted.state, |r| r.state);
        if args.json {
            output::json(&HandoffReport { schema: SCHEMA, accepted, receipt })?;
        } else {
            let note = accepted.note.as_ref().map(|n| format!(" ({n})")).unwrap_or_default();
            let again = if accepted.duplicate { ", sent before" } else { "" };
            let line = format!("{to}: {state}{again} m:{}{note}", nonce(&accepted.id));
            output::print(&format!("{}\n", crate::text::one_line(&line)))?;
        }
        let snapshot = ctx.snapshot(&mut client).await?;
        let gone = ended(ctx.swarm(&snapshot)?).contains(&to.to_string());
        match kind_of(state, gone).filter(|_| args.wait) {
            Some(kind) => Err(Error::new(kind, format!("{to} was not told yet: {state}"))),
            None => Ok(()),
        }
    })
}

fn draft(args: &HandoffArgs, to: Address, text: String) -> Result<Draft> {
    let mut draft = Draft::new(to, args.subject.clone(), text);
    draft.kind = match args.kind.as_deref() {
        Some("message") => What::Message,
        Some("question") => What::Question,
        Some("reply") => What::Reply,
        Some("task") => What::Task,
        None if args.reply_to.is_some() => What::Reply,
        _ => What::Handoff,
    };
    draft.need = match args.need.as_str() {
        "ack" => Need::Ack,
        "outcome" => Need::Outcome,
        _ => Need::Seen,
    };
    draft.reply_to.clone_from(&args.reply_to);
    draft.priority = args.priority;
    draft.expires = args.expires.map(|after| now() + after);
    draft.idem_key = Some(key(args.key.as_deref()));
    draft.context = Context {
        completed: args.completed.clone(),
        next_steps: args.next.clone(),
        blockers: args.blocker.clone(),
        notes: args.notes.clone(),
    };
    draft.artifacts = args.artifact.iter().map(|path| artifact(path)).collect::<Result<_>>()?;
    let git = Git { branch: args.branch.clone(), base: args.base.clone(), head: args.head.clone() };
    draft.git = (git != Git::default()).then_some(git);
    Ok(draft)
}

/// A file with what it holds now.
fn artifact(path: &Path) -> Result<Artifact> {
    let open = || -> std::io::Result<String> {
        let mut hash = Sha256::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut hash)?;
        Ok(hash.finalize().iter().fold(String::new(), |out, byte| format!("{out}{byte:02x}")))
    };
    let sha256 = open().context(|| format!("read the artifact {}", path.display()))?;
    let path = std::path::absolute(path).context(|| format!("find {}", path.display()))?;
    Ok(Artifact { path: path.to_string_lossy().into_owned(), sha256: Some(sha256) })
}

/// Who wrote a message.
async fn sender(client: &mut Client, swarm: &SwarmName, id: &str) -> Result<Address> {
    let what = InboxWhat::One(id.to_owned());
    let request = InboxRequest { swarm: swarm.clone(), agent: None, what };
    let reply: InboxReply = client.call(Request::Inbox(request)).await?;
    match reply.messages.first().map(|m| &m.handoff.from) {
        Some(Party::Agent(agent)) => Ok(Address::Agent(agent.clone())),
        Some(Party::Human) => Ok(Address::Human),
        Some(Party::Swarm) => Err(Error::new(Kind::Usage, "nobody reads an answer to a notice of swarm")),
        None => Err(Error::new(Kind::NotFound, format!("there is no message `{}`", id.escape_default()))),
    }
}

#[expect(clippy::disallowed_methods, reason = "an expiry counts from when the command is run")]
fn now() -> Timestamp {
    Timestamp::now()
}
