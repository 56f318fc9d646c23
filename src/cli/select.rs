//! Which tmux server and which swarm a command is about.

use std::path::{Path, PathBuf};

use crate::client::{Client, Rendezvous};
use crate::error::{Error, Kind, Result};
use crate::name::{AgentName, SwarmName};
use crate::paths::{var, var_str};
use crate::protocol::{Request, Target};
use crate::snapshot::{AgentView, Snapshot, SwarmView};
use crate::tmux::ServerSpec;

use super::Ctx;

/// How often a question is repeated to a monitor that was started anew.
const ASKED_AGAIN: u32 = 3;

impl Ctx {
    /// The tmux server: `-L`/`-S`, then the environment.
    pub fn server(&self) -> Result<ServerSpec> {
        Ok(ServerSpec::from_env(self.global.socket_name.as_deref(), self.global.socket_path.as_deref(), &var))
    }

    /// Where the monitor of that server is.
    pub fn rendezvous(&self) -> Result<Rendezvous> {
        Rendezvous::of(&self.paths, &self.server()?.socket_path())
    }

    /// A connection to the running monitor. One that was killed while swarms are up is started again: it finds
    /// everything.
    pub async fn client(&self) -> Result<Client> {
        let socket = self.server()?.socket_path();
        let at = self.rendezvous()?;
        match Client::connect(&at).await {
            Err(err) if err.kind() == Kind::Monitor && self.has_live_swarms(&socket) => {
                Client::ensure(&at, &socket).await
            }
            connected => connected,
        }
    }

    /// Whether a monitor should be running: swarms are up on this tmux server.
    pub fn expects_monitor(&self) -> bool {
        self.server().is_ok_and(|server| self.has_live_swarms(&server.socket_path()))
    }

    /// Whether the store says that swarms are up on this tmux server.
    fn has_live_swarms(&self, socket: &Path) -> bool {
        let database = self.paths.database();
        database.is_file()
            && crate::store::open_reader(&database)
                .and_then(|conn| {
                    crate::store::agents::live_swarms(&conn, &socket.display().to_string())
                        .map_err(|e| crate::store::explain(&database, e))
                })
                .is_ok_and(|swarms| !swarms.is_empty())
    }

    /// Asks, and asks again where the monitor ended in between: it is started anew and knows everything. Only for what
    /// may be asked twice.
    pub async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        client: &mut Client,
        request: Request,
    ) -> Result<T> {
        for _ in 0..ASKED_AGAIN {
            match client.call(request.clone()).await {
                Err(err) if err.kind() == Kind::Monitor => *client = self.client().await?,
                answered => return answered,
            }
        }
        client.call(request).await
    }

    /// The snapshot of the running monitor.
    pub async fn snapshot(&self, client: &mut Client) -> Result<Snapshot> {
        self.ask(client, Request::Status).await
    }

    /// The swarm this command is about: `-s`, `$SWARM_NAME`, this tmux session, the nearest swarm file, the only one.
    pub fn swarm<'s>(&self, snapshot: &'s Snapshot) -> Result<&'s SwarmView> {
        let known = || {
            let names: Vec<&str> = snapshot.swarms.iter().map(|s| s.name.as_str()).collect();
            if names.is_empty() { "none is up".to_owned() } else { format!("up are: {}", names.join(", ")) }
        };
        let find = |name: &str| snapshot.swarms.iter().find(|s| s.name == name);
        if let Some(name) = &self.global.swarm {
            return find(name.as_str())
                .ok_or_else(|| Error::new(Kind::NotFound, format!("no swarm `{name}` is up")).hint(known()));
        }
        let by_session = || {
            let session = tmux_session()?;
            snapshot.swarms.iter().find(|s| s.session.as_deref() == Some(session.as_str()))
        };
        let by_file = || {
            let file = nearest_file()?;
            let text = std::fs::read_to_string(file).ok()?;
            let table: toml::Table = text.parse().ok()?;
            find(table.get("name")?.as_str()?)
        };
        let only = || if let [only] = snapshot.swarms.as_slice() { Some(only) } else { None };
        var_str("SWARM_NAME")
            .as_deref()
            .and_then(find)
            .or_else(by_session)
            .or_else(by_file)
            .or_else(only)
            .ok_or_else(|| {
                let what = if snapshot.swarms.is_empty() { "no swarm is up" } else { "which swarm?" };
                let hint = if snapshot.swarms.is_empty() {
                    "`swarm up` starts one".to_owned()
                } else {
                    format!("say it with -s; {}", known())
                };
                Error::new(Kind::NotFound, what).hint(hint)
            })
    }

    /// The agent of that name in the swarm this command is about.
    pub fn agent<'s>(&self, snapshot: &'s Snapshot, name: &AgentName) -> Result<(Target, &'s AgentView)> {
        let swarm = self.swarm(snapshot)?;
        let agent = swarm.agents.iter().find(|a| a.name == name.as_str()).ok_or_else(|| {
            let names: Vec<&str> = swarm.agents.iter().map(|a| a.name.as_str()).collect();
            Error::new(Kind::NotFound, format!("the swarm `{}` has no agent `{name}`", swarm.name))
                .hint(format!("its agents are: {}", names.join(", ")))
        })?;
        let swarm: SwarmName = swarm
            .name
            .parse()
            .map_err(|e: String| Error::new(Kind::Monitor, "the monitor named a swarm oddly").because(e))?;
        Ok((Target { swarm, agent: name.clone() }, agent))
    }
}

/// The id of the tmux session this process runs in: the third part of `$TMUX`.
pub fn tmux_session() -> Option<String> {
    let tmux = var_str("TMUX")?;
    let number = tmux.rsplit(',').next()?;
    number.parse::<u32>().ok().map(|n| format!("${n}"))
}

/// The nearest `swarm.toml`, walking up from the current directory.
pub fn nearest_file() -> Option<PathBuf> {
    crate::config::find::find(&std::env::current_dir().ok()?)
}
