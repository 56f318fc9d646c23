//! Starting and ending agents' processes.
//!
//! The pane's process is the agent itself: nothing stands between it and tmux.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use crate::agent::{HookKind, LaunchRequest, Profile, SettingsKind, Start, Told};
use crate::config::{AgentSpec, AnswerBy};
use crate::error::{Context, Error, Kind, Result};
use crate::handoff::brief;
use crate::observe::equip::{self, Equipment};
use crate::observe::evidence::{Foreground, ProcessFact};
use crate::observe::inject::{HookRequests, HookSetup};
use crate::observe::process::{self, Processes};
use crate::observe::status_tee;
use crate::state::{StartOrder, Started};
use crate::tmux::{Command, Launch, PaneId, Running};

use super::perform::Hands;
use super::{chores, instance_files};

/// Everything an agent is started with.
#[derive(Debug)]
pub struct Prepared {
    /// The process.
    pub launch: Launch,
    /// The options of its pane, which it has before the process starts.
    pub options: [(&'static str, String); 4],
    instance: String,
    token: String,
    session: Option<String>,
    note: Option<String>,
    doubt: Option<String>,
    since: Timestamp,
}

impl Prepared {
    /// The options as tmux is told them.
    pub fn options(&self) -> [(&str, &str); 4] {
        self.options.each_ref().map(|(name, value)| (*name, value.as_str()))
    }

    /// The instance that runs now.
    pub fn started(self, running: Running) -> Started {
        Started {
            window: running.window,
            pane: running.pane,
            pid_start: crate::observe::process::start_time(running.pid),
            pid: running.pid,
            since: self.since,
            instance: self.instance,
            token: self.token,
            session: self.session,
            note: self.note,
            doubt: self.doubt,
        }
    }
}

/// Starts an agent in its pane.
pub async fn start(hands: &Hands, order: &StartOrder) -> Result<Started> {
    let _turn = hands.chores.turn(&order.swarm, &order.spec.name).await;
    if !hands.versions.knows(&order.swarm) {
        let env = chores::session_environment(hands, order.session).await;
        let path = env.iter().find(|(key, _)| key == "PATH").map(|(_, path)| path);
        hands.versions.remember(&order.swarm, path);
    }
    let mut prepared = prepare(hands, order)?;
    let env = &prepared.launch.env;
    chores::before_start(hands, &order.swarm, &order.spec, order.session, env).await?;
    let pane = order.pane.ok_or_else(|| Error::failure("it has no pane"))?;
    let conn = hands.link.connection().await?;
    prepared.since = super::now();
    let running = conn.start(pane, &prepared.launch, &prepared.options()).await?;
    Ok(prepared.started(running))
}

/// Works out how an agent is started, and writes the files that it needs for that.
pub fn prepare(hands: &Hands, order: &StartOrder) -> Result<Prepared> {
    let spec = &order.spec;
    let profile = hands
        .profiles
        .get(&spec.profile)
        .ok_or_else(|| Error::new(Kind::Config, format!("no profile `{}`", spec.profile)))?;
    if !spec.directory.is_dir() {
        return Err(Error::failure(format!("its directory {} is not there", spec.directory.display())));
    }
    // With empty ones it might work for another account.
    if spec.env_unknown {
        return Err(Error::failure(
            "the values of its `env` are not known: the swarm file has changed since it was trusted, or is gone; `swarm \
             trust`, then `swarm up`",
        ));
    }
    let instance = uuid::Uuid::now_v7().to_string();
    let token = uuid::Uuid::new_v4().simple().to_string();
    let fresh_id = uuid::Uuid::new_v4().to_string();
    let dir = instance_files::make(&hands.paths.runtime_dir, &instance)?;
    let version = hands.versions.of(&order.swarm, spec, profile.program());
    let sources = &profile.data().sources;
    let answers = &sources.hook_answer;
    let hooks = HookSetup::for_launch(
        profile.hooks(),
        version.as_deref(),
        &hands.exe,
        &dir,
        HookRequests {
            messages_at: &sources.hook_delivery,
            answer_at: answers
                .event
                .as_deref()
                .zip(Some(&*answers.from))
                .filter(|_| spec.answer_by == AnswerBy::Hook),
        },
    )?;
    if let Some(settings) =
        hooks.settings_file.as_deref().filter(|_| profile.hooks() == HookKind::ClaudeSettings)
    {
        limits_line(hands, spec, version.as_deref(), settings)?;
    }
    let equipment = equipment(hands, &profile, order, &hooks, &dir)?;
    let told = order.brief.as_deref().zip(equipment.part.as_deref()).map(|(text, file)| Told {
        text,
        file,
        in_prompt: order.prompt && (spec.prompt.is_some() || brief::has_part(spec)),
    });
    let start = match &order.resume {
        Some(session_id) => Start::Resume { session_id },
        None => Start::Fresh { session_id: profile.wants_session_id().then_some(fresh_id.as_str()) },
    };
    let mut args = spec.args.clone();
    args.extend(hooks.args);
    let usage_log = usage_log(hands, &profile, &args, &instance)?;
    let launch = profile.launch(&LaunchRequest {
        program: program(hands, profile.program()),
        model: spec.model.as_deref(),
        permissions: spec.permissions,
        prompt: spec.prompt.as_deref().filter(|_| order.prompt),
        args: &args,
        command: spec.command.as_deref(),
        start,
        settings_file: hooks.settings_file.as_deref(),
        told,
        mcp: equipment.server.as_ref(),
        usage_log: usage_log.as_deref(),
        name: spec.name.as_str(),
    });
    let mut argv = launch.argv;
    if argv.is_empty() {
        argv.push(crate::paths::var_str("SHELL").unwrap_or_else(|| "/bin/sh".to_owned()));
    }
    let mut env: Vec<(String, String)> = vec![
        ("SWARM_NAME".into(), order.swarm.to_string()),
        ("SWARM_AGENT".into(), spec.name.to_string()),
        ("SWARM_INSTANCE".into(), instance.clone()),
        ("SWARM_SOCKET".into(), hands.socket.display().to_string()),
        ("SWARM_TOKEN".into(), token.clone()),
    ];
    // Hooks and commands in the pane find the same files as we do.
    env.extend(crate::paths::places());
    env.extend(launch.env);
    env.extend(hooks.env);
    env.extend(spec.env.iter().map(|(k, v)| (k.clone(), v.clone())));
    // Joined with what stood there before.
    env.extend(equipment.env);
    Ok(Prepared {
        launch: Launch { directory: spec.directory.display().to_string(), env, argv },
        options: [
            ("remain-on-exit", "on".to_owned()),
            ("@swarm_name", order.swarm.to_string()),
            ("@swarm_agent", spec.name.to_string()),
            ("@swarm_instance", instance.clone()),
        ],
        instance,
        token,
        session: launch.session_id,
        note: joined(order.about.clone(), launch.note),
        doubt: order.doubt.clone(),
        since: super::now(),
    })
}

/// What is said of a start by us and by the profile.
fn joined(ours: Option<String>, theirs: Option<String>) -> Option<String> {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => Some(format!("{ours}; {theirs}")),
        (ours, theirs) => ours.or(theirs),
    }
}

/// Takes the place of Claude Code's status line where it is free: only there it tells its usage limits.
fn limits_line(hands: &Hands, spec: &AgentSpec, version: Option<&str>, settings: &Path) -> Result<()> {
    // Settings that the user gives by hand may hold anything.
    if spec.args.iter().any(|arg| arg.starts_with("--setting")) {
        return Ok(());
    }
    let var = |key: &str| spec.env.get(key).cloned().or_else(|| crate::paths::var_str(key));
    let home = var("HOME").map_or_else(|| hands.paths.home.clone(), PathBuf::from);
    let config = var("CLAUDE_CONFIG_DIR").map_or_else(|| home.join(".claude"), PathBuf::from);
    let others = status_tee::settings_files(&config, &spec.directory);
    status_tee::take_place(settings, version, &hands.exe, &others).map(|_| ())
}

/// The file for what an agent uses, made so that the user alone can read it; `None` where the profile writes none, or
/// where the user's own arguments name another.
fn usage_log(hands: &Hands, profile: &Profile, args: &[String], instance: &str) -> Result<Option<PathBuf>> {
    let Some(flag) = profile.data().launch.usage_log.first() else { return Ok(None) };
    if args.iter().any(|arg| arg.split('=').next() == Some(flag)) {
        return Ok(None);
    }
    crate::client::private_dir(&hands.paths.usage_logs())?;
    let file = super::transcripts::usage_log(&hands.paths, instance);
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.create(true).append(true).open(&file).context(|| format!("create {}", file.display()))?;
    Ok(Some(file))
}

/// The profile's program: our own for the simulated agent; everything else is found with the session's PATH.
fn program(hands: &Hands, program: &str) -> Option<PathBuf> {
    (program == "swarm").then(|| hands.exe.clone())
}

/// What goes to the agent besides its command line: its part in the team and swarm's MCP server.
fn equipment(
    hands: &Hands,
    profile: &Profile,
    order: &StartOrder,
    hooks: &HookSetup,
    dir: &Path,
) -> Result<Equipment> {
    // A plain command reads neither.
    if order.spec.command.is_some() || profile.program().is_empty() {
        return Ok(Equipment::default());
    }
    let own = |key: &str| order.spec.env.get(key).cloned().or_else(|| crate::paths::var_str(key));
    let kind = profile.data().launch.settings;
    let takes = !profile.data().launch.mcp_config.is_empty() || kind != SettingsKind::None;
    let socket = hands.link.spec().socket_path();
    let server = (takes && cfg!(feature = "mcp"))
        .then(|| equip::server(&hands.exe, &socket, order.swarm.as_str(), &crate::paths::var_str));
    equip::equip(kind, order.brief.as_deref(), server, hooks, &own, dir)
}

/// Types the profile's polite exit. The caller has proven the pane fit; the last check happens inside tmux. An agent that
/// ends before the last key has done what was asked.
pub async fn ask_to_exit(hands: &Hands, pane: PaneId, profile: &str) -> Result<()> {
    let Some(profile) = hands.profiles.get(profile) else { return Ok(()) };
    let conn = hands.link.connection().await?;
    for (n, key) in profile.exit_keys().iter().enumerate() {
        if n > 0 {
            tokio::time::sleep(Duration::from_millis(profile.exit_gap_ms())).await;
        }
        match conn.one(guarded(pane, &[key])).await {
            Ok(reply) if reply.text().trim() == "sent" => {}
            Ok(_) => break,
            Err(err) if err.kind() == Kind::Gone => break,
            Err(err) => return Err(err),
        }
    }
    Ok(())
}

/// Keys for a pane that is alive and not in a mode, checked in the same command inside tmux.
pub fn guarded(pane: PaneId, keys: &[&str]) -> Command {
    guarded_by(pane, &[], keys)
}

/// [`guarded`], and only while these rows (as far as they are plain) are on its screen.
pub fn guarded_by(pane: PaneId, rows: &[String], keys: &[&str]) -> Command {
    let mut fit = "#{&&:#{==:#{pane_dead},0},#{==:#{pane_in_mode},0}}".to_owned();
    for fragment in fragments(rows) {
        fit = format!("#{{&&:{fit},#{{C:{fragment}}}}}");
    }
    Command::if_format(
        pane,
        &fit,
        &[Command::send_keys(pane, keys), Command::say("sent")],
        &[Command::say("unfit")],
    )
}

/// How many rows are looked for, and the shortest and longest piece of one.
const FRAGMENTS: (usize, usize, usize) = (6, 4, 60);

/// The longest piece of each row that means itself in a tmux format and in its search, of the rows with the longest.
fn fragments(rows: &[String]) -> Vec<&str> {
    let (count, shortest, longest) = FRAGMENTS;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '/' | '.' | '-');
    let pieces =
        rows.iter().filter_map(|row| row.split(|c| !plain(c)).map(str::trim).max_by_key(|p| p.len()));
    let mut pieces: Vec<&str> =
        pieces.filter(|p| p.len() >= shortest).map(|p| &p[..p.len().min(longest)]).map(str::trim).collect();
    pieces.sort_by_key(|p| std::cmp::Reverse(p.len()));
    pieces.truncate(count);
    pieces
}

/// Signals a process, if it is still the one that started then.
pub fn signal(pid: u32, pid_start: Option<u64>, kill: bool) {
    use rustix::process::{Pid, Signal, kill_process};
    let Some(target) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return };
    if pid_start.is_some() && crate::observe::process::start_time(pid) != pid_start {
        return;
    }
    if kill {
        let _ = kill_process(target, Signal::KILL);
    } else {
        let _ = kill_process(target, Signal::TERM);
        // Interactive shells ignore SIGTERM; a hang-up is what a closing terminal would send them.
        if crate::observe::process::is_shell(pid) {
            let _ = kill_process(target, Signal::HUP);
        }
    }
}

/// The profile whose process rules fit what runs in a pane (only this one, where it is known), and the process that is
/// the agent: the pane's first one, or one that was started from it. Reads the processes of the machine.
pub fn guess_profile(hands: &Hands, pane_pid: u32, wanted: Option<&str>) -> (Option<String>, u32) {
    let all = Processes::read();
    let profiles = hands.profiles.now();
    let agents = profiles.iter().filter(|p| !p.program().is_empty() && wanted.is_none_or(|w| w == p.name()));
    let found = agents.filter_map(|profile| {
        let found = all.occupant(pane_pid, profile, None, true, &process::argv);
        match found.fact {
            ProcessFact::Alive { pid, foreground } if found.recognised => {
                Some((foreground != Foreground::Agent, profile.name().to_owned(), pid))
            }
            _ => None,
        }
    });
    match found.min_by_key(|(behind, ..)| *behind) {
        Some((_, profile, pid)) => (Some(profile), pid),
        // Of an agent that the rules do not know, whoever is in front is it.
        None => {
            let chosen = wanted.and_then(|w| profiles.get(w)).is_some_and(|p| !p.program().is_empty());
            (None, all.in_front(pane_pid).filter(|_| chosen).unwrap_or(pane_pid))
        }
    }
}
