//! What a person does to one agent or to all: restart, kill, hibernate, wake, rename, rm, hold, resume, interrupt, approve, deny, answer, down.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::protocol::{Adopt, Answer, Choice, Down, Hold, Prompt, Rename, Request, Restart, Target};
use crate::status::Status;

use super::{Ctx, output};

/// One agent.
#[derive(Debug, clap::Args)]
pub struct AgentArg {
    /// The agent
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: AgentName,
}

/// End an agent and start it again; its conversation goes on where the profile can resume one
#[derive(Debug, clap::Args)]
pub struct RestartArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// Start a new conversation
    #[arg(long)]
    fresh: bool,
}

/// Give an agent another name: one that was added or adopted and stands in no swarm file
///
/// It keeps its pane, its conversation, its messages and its bills. What has happened stays in the log under the old name.
#[derive(Debug, clap::Args)]
pub struct RenameArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// The name it gets
    name: AgentName,
}

/// Hold an agent: messages and tasks to it wait, what it does goes on
#[derive(Debug, clap::Args)]
pub struct HoldArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// Why
    #[arg(default_value = "held by hand")]
    reason: String,
}

/// Which prompt an answer is for: what the screen shows when it is sent, read again then.
#[derive(Debug, clap::Args)]
pub struct PromptArgs {
    #[command(flatten)]
    agent: AgentArg,
    /// Only if the prompt contains this text
    #[arg(long, value_name = "TEXT")]
    if_asks: Option<String>,
    /// Only this very prompt (for menus)
    #[arg(long, value_name = "ID", hide = true)]
    prompt: Option<String>,
    /// The tmux client that is told what goes wrong (for menus)
    #[arg(long, value_name = "NAME", hide = true)]
    client: Option<String>,
}

/// Answer the prompt on an agent's screen
#[derive(Debug, clap::Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    agent: PromptArgs,
    /// The number of the option, counted from 1
    option: usize,
}

/// End a swarm: its agents and the panes swarm made for them
#[derive(Debug, clap::Args)]
pub struct DownArgs {
    /// The swarm [default: as for every command]
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::swarms))]
    name: Option<SwarmName>,
    /// End agents that are working, too, without asking
    #[arg(short, long)]
    yes: bool,
}

/// Take a pane that swarm did not make as an agent: it is watched, never ended
#[derive(Debug, clap::Args)]
pub struct AdoptArgs {
    /// The pane (`%5`; `tmux list-panes -a` shows them)
    pane: String,
    /// The name it gets [default: made from its profile]
    #[arg(long)]
    name: Option<AgentName>,
    /// What runs in it [default: guessed from its process]
    #[arg(long)]
    profile: Option<String>,
}

/// Which conversation an agent starts with, as the end of a sentence.
fn about(answer: &Value) -> String {
    answer["about"].as_str().map(|about| format!(": {about}")).unwrap_or_default()
}

/// `swarm restart`.
pub fn restart(args: &RestartArgs, ctx: &Ctx) -> Result<()> {
    let answer = ask(ctx, &args.agent, |target| Request::Restart(Restart { target, fresh: args.fresh }))?;
    output::print(&format!("restarting {}{}\n", args.agent.agent, about(&answer)))
}

/// `swarm kill`.
pub fn kill(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Kill, "ending")
}

/// `swarm hibernate`.
pub fn hibernate(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Hibernate, "putting to sleep")
}

/// `swarm wake`.
pub fn wake(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    let answer = ask(ctx, args, Request::Wake)?;
    output::print(&format!("waking {}{}\n", args.agent, about(&answer)))
}

/// `swarm rename`.
pub fn rename(args: &RenameArgs, ctx: &Ctx) -> Result<()> {
    let (old, to) = (&args.agent.agent, args.name.clone());
    let answer = ask(ctx, &args.agent, |target| Request::Rename(Rename { target, to }))?;
    if let Some(note) = answer["note"].as_str() {
        output::note(note);
    }
    output::print(&format!("{old} is called {} now\n", args.name))
}

/// `swarm rm`.
pub fn rm(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Remove, "removing")
}

/// `swarm hold`.
pub fn hold(args: &HoldArgs, ctx: &Ctx) -> Result<()> {
    on(ctx, &args.agent, |target| Request::Hold(Hold { target, reason: args.reason.clone() }), "held")
}

/// `swarm resume`.
pub fn resume(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Resume, "resumed")
}

/// `swarm interrupt`.
pub fn interrupt(args: &AgentArg, ctx: &Ctx) -> Result<()> {
    on(ctx, args, Request::Interrupt, "interrupted")
}

/// How often the screen is looked at for a prompt that is announced and not painted yet, and the pause between.
const PAINT_LOOKS: u32 = 40;
/// See [`PAINT_LOOKS`].
const BETWEEN: Duration = Duration::from_millis(50);

/// `swarm approve`, `deny` and `answer`.
pub fn answer(args: &PromptArgs, choice: Choice, ctx: &Ctx) -> Result<()> {
    match (&args.client, super::block_on(give(args, choice, ctx))) {
        (Some(client), Err(err)) => super::next::tell(&ctx.server()?, client, &err),
        (_, given) => given,
    }
}

/// Reads the prompt, shows it, and answers exactly that one.
async fn give(args: &PromptArgs, choice: Choice, ctx: &Ctx) -> Result<()> {
    let mut client = ctx.client().await?;
    let mut looks = 0;
    let (target, status, seen, subject) = loop {
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, view) = ctx.agent(&snapshot, &args.agent.agent)?;
        let seen = Prompt::of(view);
        looks += 1;
        // A hook or a status file may be faster than the paint.
        if view.status != Status::Waiting || seen.question.is_some() || looks > PAINT_LOOKS {
            break (target, view.status, seen, view.subject.clone().unwrap_or_default());
        }
        tokio::time::sleep(BETWEEN).await;
    };
    let another = || Error::new(Kind::Blocked, "it asks something else by now: nothing was sent");
    if args.prompt.as_ref().is_some_and(|id| *id != seen.id()) {
        return Err(another());
    }
    if let Some(text) = &args.if_asks {
        let asked = format!("{subject} {}", seen.question.as_deref().unwrap_or_default());
        if !asked.contains(text.as_str()) {
            return Err(another().hint(format!("it asks: {}", crate::text::clip(asked.trim(), 200))));
        }
    }
    if let Some(question) = &seen.question {
        let options = seen.options.iter().enumerate();
        let options = options.map(|(n, o)| format!("\n  {}. {}", n + 1, crate::text::one_line(o)));
        let subject = crate::text::one_line(&subject);
        let subject = if subject.is_empty() { subject } else { format!("{subject}\n") };
        let question = crate::text::one_line(question);
        output::note(&format!("{subject}{question}{}", options.collect::<String>()));
    } else if status == Status::Waiting {
        // Nobody has seen what would be answered.
        return Err(Error::new(
            Kind::Blocked,
            "its screen shows no prompt that can be read: nothing was sent",
        )
        .hint(format!("look at the pane: `swarm attach {}`", args.agent.agent)));
    }
    let expect = seen.question.is_some().then_some(seen);
    let answer: Value = client.call(Request::Answer(Answer { target, choice, expect })).await?;
    let asked = answer.get("answered").and_then(Value::as_str).unwrap_or_default();
    let now = answer.get("now").and_then(Value::as_str).unwrap_or_default();
    if args.client.is_some() {
        return Ok(());
    }
    output::print(&format!("answered: {} (now {now})\n", crate::text::one_line(asked)))
}

/// `swarm answer`.
pub fn answer_option(args: &AnswerArgs, ctx: &Ctx) -> Result<()> {
    answer(&args.agent, Choice::Option(args.option), ctx)
}

fn on(ctx: &Ctx, agent: &AgentArg, request: impl FnOnce(Target) -> Request, word: &str) -> Result<()> {
    ask(ctx, agent, request)?;
    output::print(&format!("{word} {}\n", agent.agent))
}

fn ask(ctx: &Ctx, agent: &AgentArg, request: impl FnOnce(Target) -> Request) -> Result<Value> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, _) = ctx.agent(&snapshot, &agent.agent)?;
        client.call(request(target)).await
    })
}

/// `swarm down`.
pub fn down(args: &DownArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let swarm = match &args.name {
            Some(name) => name.clone(),
            None => {
                let snapshot = ctx.snapshot(&mut client).await?;
                ctx.swarm(&snapshot)?.name.parse().map_err(|e: String| Error::failure(e))?
            }
        };
        let mut request = Down { swarm, force: args.yes };
        let mut result = client.call::<Value>(Request::Down(request.clone())).await;
        if let Err(err) = &result
            && err.kind() == Kind::Blocked
            && !args.yes
            && std::io::stdin().is_terminal()
        {
            if !confirm(&format!("{} End them all the same?", err.message()))? {
                return Err(Error::new(Kind::Interrupted, "left as it is"));
            }
            request.force = true;
            result = client.call(Request::Down(request.clone())).await;
        }
        result?;
        output::print(&format!("{} is down\n", request.swarm))
    })
}

/// Asks on the terminal; anything but a yes is a no.
fn confirm(question: &str) -> Result<bool> {
    let mut err = std::io::stderr();
    let _ = write!(err, "{} [y/N] ", crate::text::one_line(question));
    let _ = err.flush();
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| Error::failure("cannot read the answer").because(e))?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// `swarm adopt`.
pub fn adopt(args: &AdoptArgs, ctx: &Ctx) -> Result<()> {
    super::block_on(async {
        let mut client = ctx.client().await?;
        let snapshot = ctx.snapshot(&mut client).await?;
        let swarm = ctx.swarm(&snapshot)?;
        let name = match &args.name {
            Some(name) => name.clone(),
            None => {
                let stem = args.profile.as_deref().unwrap_or("pane");
                let free = |name: &String| !swarm.agents.iter().any(|a| a.name == *name);
                let name = (1..1000)
                    .map(|n| if n == 1 { stem.to_owned() } else { format!("{stem}-{n}") })
                    .find(free);
                name.unwrap_or_default()
                    .parse()
                    .map_err(|e: String| Error::new(Kind::Usage, e).hint("give one with --name"))?
            }
        };
        let swarm = swarm.name.parse().map_err(|e: String| Error::failure(e))?;
        let request =
            Adopt { pane: args.pane.clone(), swarm, agent: name.clone(), profile: args.profile.clone() };
        let answer: Value = client.call(Request::Adopt(request)).await?;
        let profile = answer.get("profile").and_then(Value::as_str).unwrap_or_default();
        output::print(&format!(
            "{} is the agent `{name}` now ({profile}); it is watched, never ended by swarm\n",
            args.pane
        ))
    })
}
