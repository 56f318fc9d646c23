//! `swarm approve`, `deny` and `answer`: shows the prompt that is on an agent's screen, and answers exactly that one.

use std::time::Duration;

use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::protocol::{Answer, Answered, Choice, Prompt, Request, Sent};
use crate::status::Status;

use super::control::AgentArg;
use super::{Ctx, output};

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

/// Refuse what an agent asks for
#[derive(Debug, clap::Args)]
pub struct DenyArgs {
    #[command(flatten)]
    agent: PromptArgs,
    /// Why, for the agent: told with the answer where its hook gives it (`answer_by = "hook"`), else by a message after it
    #[arg(long, value_name = "TEXT")]
    because: Option<String>,
}

/// Answer the prompt on an agent's screen
#[derive(Debug, clap::Args)]
pub struct AnswerArgs {
    #[command(flatten)]
    agent: PromptArgs,
    /// The number of the option, counted from 1
    option: usize,
}

/// How often the screen is looked at for a prompt that is announced and not painted yet, and the pause between.
const PAINT_LOOKS: u32 = 40;
/// How many looks it must stand still.
const STILL_LOOKS: u32 = 2;
/// See [`PAINT_LOOKS`].
const BETWEEN: Duration = Duration::from_millis(50);

/// `swarm approve`, `deny` and `answer`.
pub fn answer(args: &PromptArgs, choice: Choice, because: Option<&str>, ctx: &Ctx) -> Result<()> {
    match (&args.client, super::block_on(give(args, choice, because, ctx))) {
        (Some(client), Err(err)) => super::next::tell(&ctx.server()?, client, &err),
        (_, given) => given,
    }
}

/// Reads the prompt, shows it, and answers exactly that one.
async fn give(args: &PromptArgs, choice: Choice, because: Option<&str>, ctx: &Ctx) -> Result<()> {
    let mut client = ctx.client().await?;
    let (mut looks, mut same, mut before) = (0, 0, None);
    let (target, status, seen, subject) = loop {
        let snapshot = ctx.snapshot(&mut client).await?;
        let (target, view) = ctx.agent(&snapshot, &args.agent.agent)?;
        let seen = Prompt::of(view);
        looks += 1;
        same = if before.as_ref() == Some(&seen) { same + 1 } else { 0 };
        // A hook or a status file may be faster than the paint, and a paint may come in parts.
        let painted = seen.question.is_some() && same >= STILL_LOOKS;
        if view.status != Status::Waiting || painted || looks > PAINT_LOOKS {
            break (target, view.status, seen, view.subject.clone().unwrap_or_default());
        }
        before = Some(seen);
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
    let request = Answer { target: target.clone(), choice, expect, because: because.map(str::to_owned) };
    let answered = client.call(Request::Answer(request)).await;
    let answered: Answered = answered.map_err(|err| match because {
        Some(_) => err.hint(format!("nothing says that `{}` was told why", target.agent)),
        None => err,
    })?;
    if args.client.is_none() {
        let by = if answered.by == "hook" { "answered by its hook" } else { "answered" };
        let asked = crate::text::one_line(&answered.answered);
        output::print(&format!("{by}: {asked} (now {})\n", answered.now))?;
    }
    match answered.message {
        Some(sent) => told_later(&target.agent, sent),
        None => Ok(()),
    }
}

/// Says what became of a reason that goes as a message: the keys that refused could not carry it.
fn told_later(agent: &AgentName, sent: Sent) -> Result<()> {
    let accepted = sent.outcome.map_err(|e| {
        let message = format!("the answer was no, but `{agent}` was not told why");
        Error::new(Kind::from_code(e.code), message).because(Error::from(e))
    })?;
    let note = accepted.note.map(|note| format!(": {}", crate::text::one_line(&note))).unwrap_or_default();
    output::note(&format!("`{agent}` gets the reason as a message{note}"));
    Ok(())
}

/// `swarm deny`.
pub fn deny(args: &DenyArgs, ctx: &Ctx) -> Result<()> {
    let because = args.because.as_deref().map(str::trim);
    if because.is_some_and(str::is_empty) {
        return Err(Error::new(Kind::Usage, "the reason is empty: nothing was sent")
            .hint("leave `--because` out, or say why"));
    }
    answer(&args.agent, Choice::Deny, because, ctx)
}

/// `swarm answer`.
pub fn answer_option(args: &AnswerArgs, ctx: &Ctx) -> Result<()> {
    answer(&args.agent, Choice::Option(args.option), None, ctx)
}
