//! `swarm monitor run | status | stop`.

use crate::error::{Kind, Result};
use crate::protocol::{Request, Welcome};

use super::{Ctx, output};

/// The schema name of [`MonitorStatus`].
pub const SCHEMA: &str = "swarm.monitor/v1";

/// What `swarm monitor status --json` prints: `swarm.monitor/v1`.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub struct MonitorStatus {
    /// Always `swarm.monitor/v1`.
    schema: &'static str,
    /// The running monitor; `null` when there is none.
    monitor: Option<Welcome>,
}

/// The background process that watches the agents of one tmux server
#[derive(Debug, clap::Args)]
pub struct MonitorArgs {
    #[command(subcommand)]
    command: MonitorCommand,
}

/// What to do with it.
#[derive(Debug, clap::Subcommand)]
enum MonitorCommand {
    /// Run it in the foreground (`swarm up` starts it by itself)
    Run,
    /// Say whether it runs, which version, since when
    Status {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// End it; the agents go on
    Stop,
}

/// Runs the command.
pub fn run(args: &MonitorArgs, ctx: &Ctx) -> Result<()> {
    match args.command {
        MonitorCommand::Run => {
            log(ctx);
            let server = ctx.server()?;
            crate::monitor::run(&ctx.paths, server, || {
                let _ = output::print("ready\n");
            })
        }
        MonitorCommand::Status { json } => super::block_on(async {
            match crate::monitor::status(&ctx.rendezvous()?).await {
                Ok(welcome) if json => {
                    output::json(&MonitorStatus { schema: SCHEMA, monitor: Some(welcome) })
                }
                Ok(welcome) => output::print(&format!(
                    "running: version {}, process {}, since {}, for {}\n",
                    welcome.version, welcome.pid, welcome.started, welcome.server
                )),
                Err(err) if err.kind() == Kind::Monitor && json => {
                    output::json(&MonitorStatus { schema: SCHEMA, monitor: None })
                }
                Err(err) => Err(err),
            }
        }),
        MonitorCommand::Stop => super::block_on(async {
            let mut client = ctx.client().await?;
            let _: serde_json::Value = client.call(Request::Stop).await?;
            // The connection closes when it is gone.
            while client.line().await.is_ok() {}
            output::print("stopped; the agents go on\n")
        }),
    }
}

/// The log goes to stderr, which `client::start` points at the log file; `SWARM_LOG`, or else `log` in the person's own
/// file, says what goes there.
fn log(ctx: &Ctx) {
    let own = crate::config::Config::user_monitor(&ctx.paths).map(|settings| settings.log);
    let wanted = crate::paths::var_str("SWARM_LOG").or_else(|| own.ok().filter(|log| !log.is_empty()));
    let filter = tracing_subscriber::EnvFilter::try_new(wanted.as_deref().unwrap_or("info"))
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .try_init();
}
