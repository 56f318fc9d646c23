//! `swarm menu`: a tmux menu of what can be done with an agent, for a key binding.
//!
//! tmux shows the menu and runs what is chosen: this command again, with `--act`. Answers name the very prompt that the
//! menu showed, what ends something is confirmed by tmux, and what goes wrong is told in the client's status line.

use clap::ValueEnum;

use crate::error::{Error, Kind, Result};
use crate::name::AgentName;
use crate::protocol::{Hold, Jump, Prompt, Request, Restart, Target};
use crate::snapshot::{AgentView, Snapshot};
use crate::status::Status;
use crate::text;
use crate::tmux::{Command, MenuItem, ServerSpec};

use super::tmux::quoted;
use super::{Ctx, attach, next};

/// The most agents and options that are listed: a menu that does not fit is not shown by tmux.
const MOST: usize = 15;
/// The widest line of a menu.
const WIDTH: usize = 60;

/// Show a tmux menu: approve, deny, message, jump, restart or end an agent
///
/// In an agent's pane it is about that agent, elsewhere it lists all of them. The tmux plugin binds it to prefix A.
#[derive(Debug, clap::Args)]
pub struct MenuArgs {
    /// The agent [default: the one whose pane is shown; else a menu of all agents]
    #[arg(add = clap_complete::ArgValueCandidates::new(super::complete::agents))]
    agent: Option<AgentName>,
    /// The tmux client that shows it [default: yours]
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// The pane that is looked at
    #[arg(long, value_name = "PANE", hide = true)]
    pane: Option<String>,
    /// What was chosen
    #[arg(long, value_name = "ACT", hide = true, requires = "agent")]
    act: Option<Act>,
}

/// What a menu's line does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Act {
    Jump,
    Interrupt,
    Hold,
    Resume,
    Restart,
    Hibernate,
    Wake,
    Kill,
}

/// `swarm menu`.
pub fn run(args: &MenuArgs, ctx: &Ctx) -> Result<()> {
    let server = ctx.server()?;
    let shown = super::block_on(async {
        let client = match &args.client {
            Some(client) => client.clone(),
            None => attach::my_client(&server)
                .await
                .ok_or_else(|| Error::new(Kind::NotFound, "no terminal shows this tmux server"))?,
        };
        match (args.act, &args.agent) {
            (Some(act), Some(agent)) => perform(ctx, agent, act, client).await,
            _ => show(args, ctx, &server, &client).await,
        }
    });
    match (&args.client, shown) {
        (Some(client), Err(err)) => next::tell(&server, client, &err),
        (_, shown) => shown,
    }
}

/// Does what was chosen.
async fn perform(ctx: &Ctx, agent: &AgentName, act: Act, tmux_client: String) -> Result<()> {
    let mut client = ctx.client().await?;
    let snapshot = ctx.snapshot(&mut client).await?;
    let (target, _) = ctx.agent(&snapshot, agent)?;
    let request = match act {
        Act::Jump => {
            let Target { swarm, agent } = target;
            Request::Jump(Jump { agent: Some(agent), swarm, client: Some(tmux_client) })
        }
        Act::Interrupt => Request::Interrupt(target),
        Act::Hold => Request::Hold(Hold { target, reason: "held by hand".into() }),
        Act::Resume => Request::Resume(target),
        Act::Restart => Request::Restart(Restart { target, fresh: false }),
        Act::Hibernate => Request::Hibernate(target),
        Act::Wake => Request::Wake(target),
        Act::Kill => Request::Kill(target),
    };
    client.call::<serde_json::Value>(request).await.map(|_| ())
}

async fn show(args: &MenuArgs, ctx: &Ctx, server: &ServerSpec, client: &str) -> Result<()> {
    let mut monitor = ctx.client().await?;
    let snapshot = ctx.snapshot(&mut monitor).await?;
    let program = Program::here(server)?;
    let (title, items) = match &args.agent {
        Some(agent) => {
            let (target, view) = ctx.agent(&snapshot, agent)?;
            of_agent(&program, target.swarm.as_str(), view, client)
        }
        None => match at_pane(
            &snapshot,
            args.pane.clone().or_else(|| crate::paths::var_str("TMUX_PANE")).as_deref(),
        ) {
            Some((swarm, view)) => of_agent(&program, swarm, view, client),
            None => of_all(&program, &snapshot, client)?,
        },
    };
    server.show(Command::display_menu(client, &title, &items)).await
}

fn at_pane<'s>(snapshot: &'s Snapshot, pane: Option<&str>) -> Option<(&'s str, &'s AgentView)> {
    let pane = pane?;
    let mut agents = snapshot.swarms.iter().flat_map(|s| s.agents.iter().map(move |a| (s.name.as_str(), a)));
    agents.find(|(_, a)| a.pane.as_deref() == Some(pane))
}

/// How tmux calls this program again.
struct Program(String);

impl Program {
    fn here(server: &ServerSpec) -> Result<Self> {
        let exe = std::env::current_exe()
            .map_err(|e| Error::failure("cannot find the swarm program itself").because(e))?;
        // In a popup or job there is no pane of ours.
        let mut words = "exec env -u TMUX_PANE".to_owned();
        let places = crate::paths::places().into_iter().map(|(key, value)| format!("{key}={value}"));
        let socket = server.socket_path().display().to_string();
        let call = places.chain([exe.display().to_string(), "-S".to_owned(), socket]);
        for word in call {
            words.push(' ');
            words.push_str(&quoted(&word));
        }
        Ok(Self(words))
    }

    fn call(&self, swarm: &str, words: &[&str]) -> String {
        let words: String = words.iter().map(|word| format!(" {}", quoted(word))).collect();
        format!("{} -s {swarm}{words}", self.0)
    }
}

/// What can be done with one agent now.
fn of_agent(program: &Program, swarm: &str, agent: &AgentView, client: &str) -> (String, Vec<MenuItem>) {
    let name = agent.name.as_str();
    let run = |words: &[&str]| vec![Command::run_in_background(&program.call(swarm, words))];
    let act = |act: &str| run(&["menu", name, "--act", act, "--client", client]);
    let mut items = Vec::new();
    let seen = Prompt::of(agent);
    let unread = seen.question.is_none() && seen.options.is_empty() && seen.prompt.is_none();
    if agent.status == Status::Waiting && unread {
        // A hook or the status file was quicker than the screen. What nobody has read is not approved.
        items.push(MenuItem::label("its prompt is not read yet: open this again"));
        items.push(MenuItem::separator());
    } else if agent.status == Status::Waiting {
        let id = seen.id();
        let answer = |words: &[&str]| {
            let words: Vec<&str> =
                words.iter().copied().chain(["--prompt", &id, "--client", client]).collect();
            run(&words)
        };
        if let Some(question) = &seen.question {
            items.push(MenuItem::label(&line(question)));
        }
        items.push(MenuItem::new("Approve", "a", answer(&["approve", name])));
        items.push(MenuItem::new("Deny", "d", answer(&["deny", name])));
        for (n, option) in seen.options.iter().enumerate().take(9) {
            let number = (n + 1).to_string();
            let label = line(&format!("{number}. {option}"));
            items.push(MenuItem::new(&label, &number, answer(&["answer", name, &number])));
        }
        items.push(MenuItem::separator());
    }
    items.push(MenuItem::new("Go to its pane", "g", act("jump")));
    items.push(MenuItem::new("Send a message", "m", vec![Command::popup(&letter(program, swarm, name), 12)]));
    if agent.status == Status::Working {
        items.push(MenuItem::new("Interrupt its turn", "i", act("interrupt")));
    }
    items.push(match agent.hold {
        Some(_) => MenuItem::new("Hold no longer: send what waits", "h", act("resume")),
        None => MenuItem::new("Hold: messages to it wait", "h", act("hold")),
    });
    items.push(MenuItem::separator());
    let sure = |what: &str, then: &str| vec![Command::confirm(&format!("{what} {name}? (y/n)"), &act(then))];
    if agent.is_asleep() {
        items.push(MenuItem::new("Wake", "z", act("wake")));
    } else if agent.status == Status::Idle {
        items.push(MenuItem::new("Put to sleep", "z", act("hibernate")));
    }
    items.push(MenuItem::new("Restart", "r", sure("restart", "restart")));
    if agent.status != Status::Exited {
        items.push(MenuItem::new("End", "x", sure("end", "kill")));
    }
    items.push(MenuItem::separator());
    items.push(MenuItem::new("All agents", "l", run(&["menu", "--client", client])));
    let why = agent.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    (format!(" {name}: {}{why} ", agent.status), items)
}

/// A small editor in a popup: what is typed until Ctrl-D is sent.
fn letter(program: &Program, swarm: &str, name: &str) -> String {
    let send = program.call(swarm, &["send", name, "-"]);
    format!(
        "printf 'To {name}. Ctrl-D on a line of its own sends, Ctrl-C leaves.\\n\\n'; \
         ({send}) || {{ printf '\\nEnter closes. '; read -r _; }}"
    )
}

/// A line for each agent, those that wait first; choosing one opens its menu.
fn of_all(program: &Program, snapshot: &Snapshot, client: &str) -> Result<(String, Vec<MenuItem>)> {
    let agents = snapshot.swarms.iter().flat_map(|s| s.agents.iter().map(move |a| (s.name.as_str(), a)));
    // Those that were never started are not there.
    let mut agents: Vec<_> = agents.filter(|(_, a)| a.pane.is_some() || a.status == Status::Exited).collect();
    if agents.is_empty() {
        return Err(Error::new(Kind::NotFound, "no swarm is up").hint("`swarm up` starts one"));
    }
    agents.sort_by_key(|(_, a)| (a.status != Status::Waiting, a.attention.is_none(), a.since));
    let width = agents.iter().map(|(_, a)| a.name.len()).max().unwrap_or(0);
    let several = snapshot.swarms.len() > 1;
    let keys = "123456789".chars().map(String::from).chain(std::iter::repeat_with(String::new));
    let items = agents.into_iter().take(MOST).zip(keys).map(|((swarm, agent), key)| {
        let why = agent.reason.map(|r| format!(" ({r})")).unwrap_or_default();
        let of = if several { format!("  {swarm}") } else { String::new() };
        let label = line(&format!("{:<width$}  {}{why}{of}", agent.name, agent.status));
        let open = program.call(swarm, &["menu", &agent.name, "--client", client]);
        MenuItem::new(&label, &key, vec![Command::run_in_background(&open)])
    });
    Ok((" agents ".to_owned(), items.collect()))
}

fn line(text: &str) -> String {
    text::clip(&text::one_line(text), WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(status: Status) -> AgentView {
        let json = serde_json::json!({
            "name": "backend", "profile": "claude", "role": null, "host": "local", "pane": "%3", "window": "@1",
            "pid": 1, "instance": "i", "status": status, "reason": null, "until": null, "hold": null,
            "attention": null, "since": "2026-11-29T00:00:00Z", "proof": null, "permissions": "ask", "model": null,
            "context": null, "tokens": null, "cost_usd": null, "cost_usd_today": null,
            "inbox": {"pending": 0, "dead": 0}, "restarts": 0, "directory": "/", "last_line": null,
            "question": "Run #{x} 100%?", "options": ["Yes", "No"], "screen_rev": 1,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_agent_that_asks_is_answered_for_that_very_prompt() {
        let program = Program("exec swarm".into());
        let view = agent(Status::Waiting);
        let (title, items) = of_agent(&program, "shop", &view, "/dev/pts/1");
        assert_eq!(title, " backend: waiting ");
        let words = Command::display_menu("/dev/pts/1", &title, &items).words().join("\n");
        let id = Prompt::of(&view).id();
        for needle in
            ["-Run ##{x} 100%?", "Approve\na\n", "'--prompt' '", &id, "confirm-before", "2. No\n2\n"]
        {
            assert!(words.contains(needle), "no {needle} in {words}");
        }
    }

    #[test]
    fn a_prompt_that_nobody_has_read_is_not_answered() {
        let view = AgentView { question: None, options: Vec::new(), ..agent(Status::Waiting) };
        let (_, items) = of_agent(&Program("exec swarm".into()), "shop", &view, "/dev/pts/1");
        let words = Command::display_menu("/dev/pts/1", "", &items).words().join("\n");
        assert!(words.contains("not read yet") && !words.contains("Approve"), "{words}");
    }

    #[test]
    fn what_cannot_be_done_is_not_offered() {
        let program = Program("exec swarm".into());
        let labels = |status| -> Vec<String> {
            of_agent(&program, "shop", &agent(status), "c").1.into_iter().map(|item| item.label).collect()
        };
        assert!(!labels(Status::Idle).iter().any(|l| l == "Approve" || l.starts_with("Interrupt")));
        assert!(labels(Status::Working).iter().any(|l| l.starts_with("Interrupt")));
        assert!(!labels(Status::Exited).iter().any(|l| l == "End"));
    }
}
