//! The command line: one file per subcommand, each with its `…Args` and a `run`.
//!
//! Commands are thin: they parse, ask the monitor or a library module, and print. Nothing here decides anything.

pub mod add;
pub mod answer;
pub mod attach;
pub mod capture;
mod complete;
pub mod budget;
pub mod completions;
pub mod config;
pub mod control;
pub mod cost;
pub mod demo;
pub mod detect;
mod dialogs;
pub mod doctor;
pub mod events;
pub mod explain;
pub mod freeze;
pub mod hook;
pub mod handoff;
pub mod help;
pub mod hooks;
pub mod import;
pub mod inbox;
pub mod ingest;
pub mod ledger;
pub mod mcp;
pub mod menu;
pub mod init;
pub mod monitor;
pub mod next;
pub mod output;
pub mod overview;
pub mod schema;
pub mod select;
pub mod send;
pub mod sim;
pub mod status;
pub mod tmux;
pub mod trust;
pub mod up;
pub mod wait;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::{Error, Kind, Result};
use crate::name::SwarmName;
use crate::paths::Paths;
use crate::protocol::Choice;

/// Keeps a team of coding agents running in tmux.
///
/// Without a command, opens the overview.
#[derive(Debug, Parser)]
#[command(
    name = "swarm",
    version,
    propagate_version = false,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "`swarm help TOPIC` tells about: status, handoffs, budgets, tmux, troubleshooting"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command takes.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Global {
    /// The swarm to act on [default: the one of this pane, this tmux session, the nearest swarm.toml, or the only one;
    /// what lists and reports takes all of them]
    #[arg(short = 's', long, global = true, value_name = "NAME")]
    pub swarm: Option<SwarmName>,
    /// The tmux socket name, as `tmux -L`
    #[arg(short = 'L', long, global = true, value_name = "NAME", conflicts_with = "socket_path")]
    pub socket_name: Option<String>,
    /// The tmux socket path, as `tmux -S`
    #[arg(short = 'S', long, global = true, value_name = "PATH")]
    pub socket_path: Option<PathBuf>,
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: output::ColorChoice,
}

/// Every subcommand, in the order of `swarm help`.
#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Import(import::ImportArgs),
    Freeze(freeze::FreezeArgs),
    Up(up::UpArgs),
    Down(control::DownArgs),
    Trust(trust::TrustArgs),
    Status(status::StatusArgs),
    Attach(attach::AttachArgs),
    #[command(about = "The same as attach")]
    Jump(attach::AttachArgs),
    Next(next::NextArgs),
    Menu(menu::MenuArgs),
    Send(send::SendArgs),
    Handoff(Box<handoff::HandoffArgs>),
    Inbox(inbox::InboxArgs),
    Ack(inbox::AckArgs),
    /// Allow what an agent asks for, once
    Approve(answer::PromptArgs),
    Deny(answer::DenyArgs),
    Answer(answer::AnswerArgs),
    /// Stop the turn an agent is working on
    Interrupt(control::AgentArg),
    Restart(control::RestartArgs),
    /// End an agent; its last screen stays readable
    Kill(control::AgentArg),
    /// Put an idle agent to sleep: it ends and frees its memory, and is woken with its conversation
    ///
    /// Only one that is proven idle, with an empty composer and nobody at it, and whose conversation can be resumed. A
    /// message to it wakes it, going to its pane does, and `swarm wake`; `swarm up` and a restart policy do not. See
    /// `hibernate_after` in the swarm file for agents that are left alone.
    Hibernate(control::AgentArg),
    /// Start an agent that sleeps, with its conversation
    Wake(control::AgentArg),
    Hold(control::HoldArgs),
    /// Hold an agent no longer: messages and tasks go to it again
    Resume(control::AgentArg),
    Add(add::AddArgs),
    /// End an agent and remove its pane; let go of one that was adopted
    Rm(control::AgentArg),
    Rename(control::RenameArgs),
    Adopt(control::AdoptArgs),
    Wait(wait::WaitArgs),
    Explain(explain::ExplainArgs),
    Capture(capture::CaptureArgs),
    Detect(detect::DetectArgs),
    Cost(cost::CostArgs),
    Budget(budget::BudgetArgs),
    Ingest(ingest::IngestArgs),
    /// Back up or check what is booked
    Ledger(ledger::LedgerArgs),
    Log(events::LogArgs),
    Events(events::EventsArgs),
    Config(config::ConfigArgs),
    Doctor(doctor::DoctorArgs),
    Help(help::HelpArgs),
    Completions(completions::CompletionsArgs),
    Monitor(monitor::MonitorArgs),
    Demo(demo::DemoArgs),
    /// Play an agent in this pane
    #[command(hide = true)]
    Sim(sim::SimArgs),
    #[command(hide = true)]
    Assets(completions::AssetsArgs),
    Hooks(hooks::HooksArgs),
    #[command(hide = true)]
    Hook(hook::HookArgs),
    Mcp(mcp::McpArgs),
}

/// What a command runs with.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The options that every command takes.
    pub global: Global,
    /// Where files live.
    pub paths: Paths,
}

/// Parses the process's arguments, runs the command and turns its outcome into an exit code.
pub fn main() -> ExitCode {
    if let Some(code) = hook::intercept(&std::env::args_os().collect::<Vec<_>>()) {
        return code;
    }
    // Answers and exits when a shell asks for completions (`COMPLETE=bash swarm`), before anything else is started.
    clap_complete::CompleteEnv::with_factory(<Cli as clap::CommandFactory>::command).complete();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(err) => {
            let code = if err.use_stderr() { Kind::Usage.code() } else { 0 };
            let _ = err.print();
            return ExitCode::from(code);
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) if output::is_broken_pipe(&err) => ExitCode::SUCCESS,
        Err(err) => {
            output::error(&err);
            err.exit_code()
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    let ctx = Ctx { global: cli.global, paths: Paths::from_env()? };
    match cli.command {
        Some(command) => dispatch(command, &ctx),
        None => overview::run(&ctx),
    }
}

fn dispatch(command: Command, ctx: &Ctx) -> Result<()> {
    match command {
        Command::Init(args) => init::run(&args, ctx),
        Command::Trust(args) => trust::run(args, ctx),
        Command::Config(args) => config::run(args, ctx),
        Command::Demo(args) => demo::run(&args, ctx),
        Command::Sim(args) => sim::run(args, ctx),
        Command::Import(args) => import::run(&args, ctx),
        Command::Freeze(args) => freeze::run(&args, ctx),
        Command::Cost(args) => cost::run(&args, ctx),
        Command::Budget(args) => budget::run(&args, ctx),
        Command::Ingest(args) => ingest::run(&args, ctx),
        Command::Ledger(args) => ledger::run(&args, ctx),
        Command::Up(args) => up::run(&args, ctx),
        Command::Down(args) => control::down(&args, ctx),
        Command::Status(args) => status::run(&args, ctx),
        Command::Attach(args) | Command::Jump(args) => attach::run(&args, ctx),
        Command::Next(args) => next::run(&args, ctx),
        Command::Menu(args) => menu::run(&args, ctx),
        Command::Send(args) => send::run(&args, ctx),
        Command::Handoff(args) => handoff::run(&args, ctx),
        Command::Inbox(args) => inbox::run(&args, ctx),
        Command::Ack(args) => inbox::ack(&args, ctx),
        Command::Approve(args) => answer::answer(&args, Choice::Approve, None, ctx),
        Command::Deny(args) => answer::deny(&args, ctx),
        Command::Answer(args) => answer::answer_option(&args, ctx),
        Command::Interrupt(args) => control::interrupt(&args, ctx),
        Command::Restart(args) => control::restart(&args, ctx),
        Command::Kill(args) => control::kill(&args, ctx),
        Command::Hibernate(args) => control::hibernate(&args, ctx),
        Command::Wake(args) => control::wake(&args, ctx),
        Command::Hold(args) => control::hold(&args, ctx),
        Command::Resume(args) => control::resume(&args, ctx),
        Command::Add(args) => add::run(args, ctx),
        Command::Rm(args) => control::rm(&args, ctx),
        Command::Rename(args) => control::rename(&args, ctx),
        Command::Adopt(args) => control::adopt(&args, ctx),
        Command::Wait(args) => wait::run(&args, ctx),
        Command::Capture(args) => capture::run(&args, ctx),
        Command::Detect(args) => detect::run(args, ctx),
        Command::Doctor(args) => doctor::run(&args, ctx),
        Command::Help(args) => help::run(&args),
        Command::Log(args) => events::log(args, ctx),
        Command::Events(args) => events::run(&args, ctx),
        Command::Completions(args) => completions::run(&args),
        Command::Assets(args) => completions::assets(&args),
        Command::Explain(args) => explain::run(&args, ctx),
        Command::Monitor(args) => monitor::run(&args, ctx),
        Command::Hooks(args) => hooks::run(&args, ctx),
        Command::Hook(args) => hook::run(args, ctx),
        Command::Mcp(args) => mcp::run(&args, ctx.clone()),
    }
}

/// Runs `future` on a runtime of this thread: what every command that talks to the monitor uses.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::failure("cannot start the async runtime").because(e))?
        .block_on(future)
}
