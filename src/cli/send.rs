//! `swarm send`: a text to one agent, to several, to a role, or to all.

use std::fmt::Write as _;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::client::Client;
use crate::config::Address;
use crate::error::{Context, Error, Kind, Result};
use crate::handoff::{MAX_BODY, State, nonce};
use crate::name::SwarmName;
use crate::protocol::{Accepted, Receipt, ReceiptsRequest, Request, RpcError, SendText, Sent};
use crate::snapshot::SwarmView;
use crate::status::Status;

use super::{Ctx, output};

/// The schema name of [`SendReport`].
pub const SCHEMA: &str = "swarm.send/v1";

/// What `swarm send --json` prints.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct SendReport {
    /// Always `swarm.send/v1`.
    schema: &'static str,
    /// One for each receiver.
    sent: Vec<SentTo>,
    /// How far each message got; empty without `--wait`.
    receipts: Vec<Receipt>,
}

/// What became of the text for one receiver.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
struct SentTo {
    /// The receiver.
    to: String,
    /// The message; `null` where it was refused.
    accepted: Option<Accepted>,
    /// Why there is none.
    refused: Option<RpcError>,
}

impl From<&Sent> for SentTo {
    fn from(sent: &Sent) -> Self {
        let (accepted, refused) = match sent.outcome.clone() {
            Ok(accepted) => (Some(accepted), None),
            Err(refused) => (None, Some(refused)),
        };
        Self { to: sent.to.clone(), accepted, refused }
    }
}

/// Send a text to agents
///
/// What a person sends is typed into the agent's prompt, as the person would type it, once the agent is idle; what an
/// agent sends arrives as a message. It is in the database before this returns. With --wait the exit code says what
/// became of it: 0 submitted, 10 still waiting, 11 refused or blocked, 12 typed and not proven to be submitted, 13 gone.
#[derive(Debug, clap::Args)]
pub struct SendArgs {
    /// Agents (`a,b`), a role (`@reviewer`: everyone of it), or `human`
    #[arg(required_unless_present = "all", add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    to: Option<String>,
    /// The text; `-` reads it from stdin
    text: Option<String>,
    /// To every agent of the swarm
    #[arg(long)]
    all: bool,
    /// Read the text from a file
    #[arg(long, value_name = "FILE", conflicts_with = "text")]
    file: Option<PathBuf>,
    /// Send a template of the configuration; `{agent}` and `{role}` in it stand for each receiver
    #[arg(long, value_name = "NAME", conflicts_with_all = ["text", "file"])]
    template: Option<String>,
    /// Wait until it was submitted, and say with what proof
    #[arg(long)]
    wait: bool,
    /// How long to wait, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60, requires = "wait")]
    timeout: u64,
    /// Type it when the agent is idle (the default)
    #[arg(long, conflicts_with = "now")]
    when_idle: bool,
    /// Type it also while the agent works, where it queues safely; refused where that cannot be done now
    #[arg(long)]
    now: bool,
    /// A second text with this key is the first one again
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &SendArgs, ctx: &Ctx) -> Result<()> {
    // With --all the only word is the text.
    let (to, text) = if args.all && args.template.is_some() {
        if let Some(word) = &args.to {
            return Err(Error::new(
                Kind::Usage,
                format!("--all and --template leave no place for `{}`", word.escape_debug()),
            ));
        }
        (None, None)
    } else if args.all {
        (None, args.text.as_ref().or(args.to.as_ref()))
    } else {
        (args.to.as_ref(), args.text.as_ref())
    };
    let to = match to {
        Some(to) => addresses(to)?,
        None => vec![Address::All],
    };
    let text = body(text.map(String::as_str), args.file.as_deref())?;
    if text.is_none() && args.template.is_none() {
        return Err(
            Error::new(Kind::Usage, "what shall be sent?").hint("give the text, `-`, --file or --template")
        );
    }
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let shown = ctx.swarm(&snapshot)?;
        let swarm = swarm_name(&shown.name)?;
        let template = args.template.as_deref().map(|name| template(shown, name)).transpose()?;
        let request = SendText {
            swarm: swarm.clone(),
            to,
            text: text.or(template).unwrap_or_default(),
            fill: args.template.is_some(),
            now: args.now,
            idem_key: Some(key(args.key.as_deref())),
        };
        let sent: Vec<Sent> = ctx.ask(&mut client, Request::Send(request)).await?;
        let ids = sent.iter().filter_map(|s| Some(s.outcome.as_ref().ok()?.id.clone())).collect::<Vec<_>>();
        let receipts = match args.wait {
            true => receipts(&mut client, &swarm, &ids, Duration::from_secs(args.timeout)).await?,
            false => Vec::new(),
        };
        let snapshot = ctx.snapshot(&mut client).await?;
        report(args, &sent, &receipts, &ended(ctx.swarm(&snapshot)?))
    })
}

/// The text of a template.
fn template(swarm: &SwarmView, name: &str) -> Result<String> {
    swarm.templates.get(name).cloned().ok_or_else(|| {
        let known: Vec<&str> = swarm.templates.keys().map(String::as_str).collect();
        let hint = if known.is_empty() {
            "write `[templates]` and lines such as `review = \"…\"` into swarm.toml or your config.toml, then `swarm up`"
                .to_owned()
        } else {
            format!("`{}` has {}; what was added since comes with `swarm up`", swarm.name, known.join(", "))
        };
        Error::new(Kind::NotFound, format!("no template `{}`", name.escape_debug())).hint(hint)
    })
}

/// The agents that have ended: what waits for them waits until a person starts them again. Those that sleep are woken.
pub fn ended(swarm: &SwarmView) -> Vec<String> {
    let ended = swarm.agents.iter().filter(|a| a.status == Status::Exited && !a.is_asleep());
    ended.map(|a| a.name.clone()).collect()
}

/// Prints what became of each, and fails with the worst of it.
fn report(args: &SendArgs, sent: &[Sent], receipts: &[Receipt], ended: &[String]) -> Result<()> {
    if args.json {
        let sent = sent.iter().map(SentTo::from).collect();
        output::json(&SendReport { schema: SCHEMA, sent, receipts: receipts.to_vec() })?;
    }
    let mut worst: Option<Error> = None;
    let mut lines = String::new();
    for one in sent {
        match &one.outcome {
            Err(refused) => {
                let err = Error::from(refused.clone());
                let _ = writeln!(lines, "{}: refused: {err}", one.to);
                keep_worst(&mut worst, err);
            }
            Ok(accepted) => {
                let receipt = receipts.iter().find(|r| r.id == accepted.id);
                let state = receipt.map_or(accepted.state, |r| r.state);
                let note = receipt.map_or(accepted.note.as_ref(), |r| {
                    r.proof.as_ref().map(|p| &p.text).or(r.note.as_ref())
                });
                let note = note.map(|n| format!(" ({n})")).unwrap_or_default();
                let again = if accepted.duplicate { ", sent before" } else { "" };
                let _ = writeln!(lines, "{}: {state}{again} m:{}{note}", one.to, nonce(&accepted.id));
                if args.wait
                    && let Some(kind) = kind_of(state, ended.contains(&one.to))
                {
                    keep_worst(&mut worst, Error::new(kind, format!("{} has not got it: {state}", one.to)));
                }
            }
        }
    }
    if !args.json {
        output::print(&crate::text::block(&lines))?;
    }
    worst.map_or(Ok(()), Err)
}

fn keep_worst(worst: &mut Option<Error>, err: Error) {
    if worst.as_ref().is_none_or(|w| w.kind().code() < err.kind().code()) {
        *worst = Some(err);
    }
}

/// The failure that a message in this state is to someone who waited for it; `ended` says that its receiver has ended.
pub fn kind_of(state: State, ended: bool) -> Option<Kind> {
    match state {
        State::Queued if ended => Some(Kind::Gone),
        State::Injected | State::Seen | State::Acked | State::Done => None,
        State::Queued | State::Offered => Some(Kind::Queued),
        State::Expired | State::Refused | State::Dead => Some(Kind::Blocked),
        State::Unknown => Some(Kind::Stranded),
    }
}

/// How far messages got once each was tried or has ended, or when the time is over.
pub async fn receipts(
    client: &mut Client,
    swarm: &SwarmName,
    ids: &[String],
    limit: Duration,
) -> Result<Vec<Receipt>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let ask = |wait| Request::Receipts(ReceiptsRequest { swarm: swarm.clone(), ids: ids.to_vec(), wait });
    match tokio::time::timeout(limit, client.call(ask(true))).await {
        Ok(receipts) => receipts,
        Err(_) => client.call(ask(false)).await,
    }
}

/// The key under which a message may be sent twice and is one: given, or drawn for this run of the command.
pub fn key(given: Option<&str>) -> String {
    given.map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned)
}

/// `a,b`, `@role`, `human`.
pub fn addresses(text: &str) -> Result<Vec<Address>> {
    let words = text.split(',').map(str::trim).filter(|w| !w.is_empty());
    let parsed = words.map(|w| w.parse().map_err(|e: String| Error::new(Kind::Usage, e)));
    parsed.collect()
}

/// The text of a message: given, from stdin (`-`), or from a file; `None` where nothing is said.
pub fn body(text: Option<&str>, file: Option<&Path>) -> Result<Option<String>> {
    let read = |mut from: Box<dyn Read>, what: &str| {
        let mut bytes = Vec::new();
        // One byte more than fits, so that what is too long is refused and not cut.
        from.by_ref().take(MAX_BODY as u64 + 1).read_to_end(&mut bytes).context(|| format!("read {what}"))?;
        String::from_utf8(bytes).map_err(|_| Error::new(Kind::Usage, format!("{what} is not UTF-8 text")))
    };
    match (text, file) {
        (Some("-"), _) => read(Box::new(std::io::stdin()), "stdin").map(Some),
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some(path)) => {
            let file = std::fs::File::open(path).context(|| format!("open {}", path.display()))?;
            read(Box::new(file), &path.display().to_string()).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The name of a swarm as a type.
pub fn swarm_name(name: &str) -> Result<SwarmName> {
    name.parse().map_err(|e: String| Error::new(Kind::Monitor, "the monitor named a swarm oddly").because(e))
}
