//! Makes a person aware: bell, a notification of their terminal or desktop, a program of theirs, a webhook.
//!
//! Told once, when it begins (the state decides that), if it lasts, if nobody looks at that pane, not again within the
//! cool-down, never in quiet hours. The settings are read when something is to be told: a changed file holds at once.
//! Text of agents is data: it reaches a terminal without control characters, a program as one argument, a webhook as the
//! body. The webhook's URL may be a secret: it goes to curl by its standard input, never to a log or an argument.

pub mod desktop;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::{Config, Notify, Occasion, TerminalNotify};
use crate::name::{AgentName, SwarmName};
use crate::snapshot::{AgentView, Snapshot};
use crate::state::EventKind;
use crate::status::Attention;
use crate::text::{clip, one_line};
use crate::tmux::ClientRow;

use super::perform::Hands;

/// How long a program or curl may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// From so many at once on they are told as one.
const MANY: usize = 4;
/// What may wait to be told; what comes beyond that is in the overview.
const QUEUE: usize = 256;
/// The most columns of an agent's text in a notification.
const BODY: usize = 200;

/// Something happened that a person may want to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happened {
    /// To an agent.
    Agent {
        /// In which swarm.
        swarm: SwarmName,
        /// To which one.
        agent: AgentName,
        /// What.
        attention: Attention,
    },
    /// A budget reached a threshold.
    Budget {
        /// In which swarm.
        swarm: SwarmName,
        /// How it stands.
        text: String,
    },
}

/// What a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    title: String,
    body: String,
    swarm: String,
    agent: String,
    kind: &'static str,
}

/// The channel to [`run`].
pub fn queue() -> (mpsc::Sender<Happened>, mpsc::Receiver<Happened>) {
    mpsc::channel(QUEUE)
}

/// Tells until the orders end.
pub async fn run(
    hands: Arc<Hands>,
    mut orders: mpsc::Receiver<Happened>,
    snapshots: watch::Receiver<Arc<Snapshot>>,
    events: mpsc::Sender<EventKind>,
    now: fn() -> Timestamp,
) {
    let mut notifier = Notifier {
        settings: Notify::default(),
        pending: Vec::new(),
        told: HashMap::new(),
        desktop: None,
        work: JoinSet::new(),
    };
    loop {
        let due = notifier.pending.iter().map(|(at, _)| *at).min();
        tokio::select! {
            order = orders.recv() => match order {
                Some(happened) => {
                    if notifier.pending.is_empty() {
                        notifier.read_settings(&hands).await;
                    }
                    let delay = Duration::from_secs(notifier.settings.delay_seconds);
                    notifier.pending.push((Instant::now() + delay, happened));
                }
                None => return,
            },
            () = super::sleep_till(due), if due.is_some() => {
                let at = Instant::now();
                let due = notifier.pending.extract_if(.., |(due, _)| *due <= at).map(|(_, h)| h).collect();
                let looked_at = clients(&hands).await;
                let tell = notifier.choose(due, &snapshots.borrow().clone(), &looked_at, now());
                notifier.tell(tell, &looked_at, &events);
            }
            Some(done) = notifier.work.join_next() => {
                if let Ok(Done::Desktop(outcome)) = done {
                    notifier.desktop_did(outcome);
                }
            }
        }
    }
}

async fn clients(hands: &Hands) -> Vec<ClientRow> {
    let Ok(conn) = hands.link.connection().await else { return Vec::new() };
    let mut clients = conn.clients().await.unwrap_or_default();
    clients.retain(|c| !c.control);
    clients
}

/// What came to its end.
enum Done {
    /// A notification of the desktop.
    Desktop(Result<(), String>),
    /// Anything else.
    Other,
}

struct Notifier {
    settings: Notify,
    pending: Vec<(Instant, Happened)>,
    /// When what was told of whom last.
    told: HashMap<(SwarmName, AgentName, Attention), Timestamp>,
    /// What was last wrong with the desktop: said once, not each time.
    desktop: Option<String>,
    work: JoinSet<Done>,
}

impl Notifier {
    /// Reads the settings; a file that is wrong leaves the last good ones in force.
    async fn read_settings(&mut self, hands: &Hands) {
        let paths = hands.paths.clone();
        match tokio::task::spawn_blocking(move || Config::user_notify(&paths)).await {
            Ok(Ok(settings)) => self.settings = settings,
            Ok(Err(report)) => {
                tracing::warn!("config.toml: {}; notifications go on as before", report.summary());
            }
            Err(_) => {}
        }
    }

    /// What of all this is told now.
    fn choose(
        &mut self,
        due: Vec<Happened>,
        snapshot: &Snapshot,
        clients: &[ClientRow],
        now: Timestamp,
    ) -> Vec<Told> {
        let local = now.to_zoned(TimeZone::system());
        let minute = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        if self.settings.quiet.is_some_and(|quiet| quiet.holds(minute)) {
            return Vec::new();
        }
        let cool_down = i64::try_from(self.settings.cool_down_seconds).unwrap_or(i64::MAX);
        self.told.retain(|_, at| now.as_second() - at.as_second() < cool_down);
        let (mut tell, mut budgets) = (Vec::new(), Vec::new());
        for happened in due {
            match happened {
                Happened::Agent { swarm, agent, attention } => {
                    tell.extend(self.of_agent((swarm, agent, attention), snapshot, clients, now));
                }
                Happened::Budget { swarm, text } if self.settings.on.contains(&Occasion::Budget) => {
                    budgets.push(of_budget(&swarm, &text));
                }
                Happened::Budget { .. } => {}
            }
        }
        if tell.len() >= MANY {
            tell = vec![together(&tell)];
        }
        // Each threshold is told of once.
        tell.extend(budgets);
        tell
    }

    /// What is told of an agent, where it still holds, is wanted, is not looked at and was not told just before.
    fn of_agent(
        &mut self,
        key: (SwarmName, AgentName, Attention),
        snapshot: &Snapshot,
        clients: &[ClientRow],
        now: Timestamp,
    ) -> Option<Told> {
        let (swarm, agent, attention) = &key;
        let of = snapshot.swarms.iter().find(|s| s.name == swarm.as_str())?;
        let view = of.agents.iter().find(|a| a.name == agent.as_str())?;
        let shown = |c: &ClientRow| c.focused && c.pane.map(|p| p.to_string()) == view.pane;
        let tell = view.attention == Some(*attention)
            && wanted(&self.settings, swarm, agent, *attention)
            && !clients.iter().any(shown)
            && !self.told.contains_key(&key);
        if !tell {
            return None;
        }
        let told = told(swarm, *attention, view);
        self.told.insert(key, now);
        Some(told)
    }

    /// Tells it, by every way that is set.
    fn tell(&mut self, tell: Vec<Told>, clients: &[ClientRow], events: &mpsc::Sender<EventKind>) {
        if tell.is_empty() {
            return;
        }
        // The terminal that was used last is where the person is.
        if let Some(client) = clients.iter().max_by_key(|c| c.activity) {
            let bytes = terminal_bytes(&self.settings, &client.terminal, &tell);
            let tty = client.tty.clone();
            self.work.spawn_blocking(move || {
                if let Err(err) = write_tty(&tty, &bytes) {
                    tracing::debug!("cannot notify on {tty}: {err}");
                }
                Done::Other
            });
        }
        for told in tell {
            tracing::info!("told: {}", told.title);
            let (command, webhook) = (self.settings.command.clone(), self.settings.webhook.clone());
            let events = events.clone();
            if self.settings.desktop {
                let argv = desktop::argv(&told.title, &told.body);
                self.work.spawn(async move { Done::Desktop(run_program(&argv, String::new()).await) });
            }
            self.work.spawn(async move {
                let mut wrong = None;
                if !command.is_empty() {
                    let argv = filled(&command, &told);
                    wrong = run_program(&argv, String::new()).await.err();
                }
                if let Some(url) = webhook {
                    let curl = ["curl", "--config", "-"].map(str::to_owned);
                    wrong = run_program(&curl, curl_config(&url, &told)).await.err().or(wrong);
                }
                let text = wrong.map(|why| format!("notify: {why}"));
                let _ = events.send(EventKind::Problem { about: "notify", text }).await;
                Done::Other
            });
        }
    }

    /// A desktop that shows nothing is no fault of swarm's and harms nothing: it is said once in the log.
    fn desktop_did(&mut self, outcome: Result<(), String>) {
        let wrong = outcome.err();
        if let Some(why) = wrong.as_ref().filter(|_| wrong != self.desktop) {
            tracing::warn!("no notification of the desktop: {why}; `swarm doctor` says what is missing");
        }
        self.desktop = wrong;
    }
}

/// Whether the person wants to be told this of this agent.
fn wanted(settings: &Notify, swarm: &SwarmName, agent: &AgentName, attention: Attention) -> bool {
    let own = settings.agents.get(&format!("{swarm}/{agent}"));
    match own.or_else(|| settings.agents.get(agent.as_str())) {
        Some(own) => own.contains(&attention),
        None => settings.on.contains(&attention.into()),
    }
}

fn of_budget(swarm: &SwarmName, text: &str) -> Told {
    Told {
        title: format!("{swarm}: budget"),
        body: clip(one_line(text).trim(), BODY),
        swarm: swarm.to_string(),
        agent: String::new(),
        kind: "budget",
    }
}

fn told(swarm: &SwarmName, attention: Attention, view: &AgentView) -> Told {
    let (kind, verb) = match attention {
        Attention::Asks => ("asks", "asks"),
        Attention::Failed => ("failed", "has failed"),
        Attention::Finished => ("finished", "has finished"),
    };
    let reason = view.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    let proof = view.proof.as_ref().map(|p| p.text.as_str()).filter(|t| !t.is_empty());
    let text = proof.or(view.last_line.as_deref()).unwrap_or_default();
    // Begins with a word of ours: a program cannot take it for an option.
    let body = clip(one_line(&format!("{}{reason}: {text}", view.status)).trim(), BODY);
    let (swarm, agent) = (swarm.to_string(), view.name.clone());
    Told { title: format!("{swarm}/{agent} {verb}"), body, swarm, agent, kind }
}

/// Many at once, as one.
fn together(tell: &[Told]) -> Told {
    let lines: Vec<&str> = tell.iter().map(|t| t.title.as_str()).collect();
    Told {
        title: format!("{} agents need you", tell.len()),
        body: lines.join(", "),
        swarm: tell[0].swarm.clone(),
        agent: String::new(),
        kind: "many",
    }
}

/// The user's program with its words filled in.
fn filled(command: &[String], told: &Told) -> Vec<String> {
    let values = [
        ("{title}", told.title.as_str()),
        ("{body}", &told.body),
        ("{swarm}", &told.swarm),
        ("{agent}", &told.agent),
        ("{kind}", told.kind),
    ];
    let fill = |word: &String| {
        // In one pass: what is filled in is not looked at again.
        let mut out = String::new();
        let mut rest = word.as_str();
        while let Some(at) = rest.find('{') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let found = values.iter().find(|(name, _)| rest.starts_with(name));
            let (name, value) = found.copied().unwrap_or(("{", "{"));
            out.push_str(value);
            rest = &rest[name.len()..];
        }
        out + rest
    };
    command.iter().map(fill).collect()
}

/// What goes to the person's terminal.
fn terminal_bytes(settings: &Notify, terminal: &str, tell: &[Told]) -> Vec<u8> {
    let mut out = String::new();
    for told in tell {
        // Both were made harmless where they were made, but for what may separate fields.
        let (title, body) = (one_line(&told.title), one_line(&told.body));
        let _ = match way(settings.terminal, terminal) {
            TerminalNotify::Off | TerminalNotify::Auto => Ok(()),
            TerminalNotify::Osc9 => write!(out, "\x1b]9;{title}: {body}\x1b\\"),
            TerminalNotify::Osc777 => write!(out, "\x1b]777;notify;{};{body}\x1b\\", title.replace(';', ",")),
            TerminalNotify::Osc99 => {
                write!(out, "\x1b]99;i=swarm:d=0;{title}\x1b\\\x1b]99;i=swarm:d=1:p=body;{body}\x1b\\")
            }
        };
    }
    if settings.bell {
        out.push('\x07');
    }
    out.into_bytes()
}

/// What a terminal understands, by what it says it is; a multiplexer passes nothing on.
fn way(chosen: TerminalNotify, terminal: &str) -> TerminalNotify {
    let name = terminal.to_ascii_lowercase();
    let is = |words: &[&str]| words.iter().any(|w| name.contains(w));
    match chosen {
        TerminalNotify::Auto if is(&["kitty"]) => TerminalNotify::Osc99,
        TerminalNotify::Auto if is(&["iterm", "wezterm", "ghostty", "windows terminal"]) => {
            TerminalNotify::Osc9
        }
        TerminalNotify::Auto if is(&["foot", "vte", "rxvt"]) => TerminalNotify::Osc777,
        TerminalNotify::Auto => TerminalNotify::Off,
        chosen => chosen,
    }
}

/// Writes to a person's terminal; a terminal that is stopped takes nothing, and nobody waits for it.
fn write_tty(tty: &str, bytes: &[u8]) -> std::io::Result<()> {
    if bytes.is_empty() || !tty.starts_with("/dev/") {
        return Ok(());
    }
    let flags = rustix::fs::OFlags::NOCTTY | rustix::fs::OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).unwrap_or_default();
    let mut file = std::fs::OpenOptions::new().write(true).custom_flags(flags).open(tty)?;
    if file.metadata()?.file_type().is_char_device() {
        file.write_all(bytes)?;
    }
    Ok(())
}

/// Starts a program without a shell, gives it `input`, and waits for it.
async fn run_program(argv: &[String], input: String) -> Result<(), String> {
    let Some((program, args)) = argv.split_first() else { return Ok(()) };
    let mut command = tokio::process::Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let shown = one_line(program);
    let mut child = command.spawn().map_err(|err| format!("cannot start `{shown}`: {err}"))?;
    let stdin = child.stdin.take();
    let done = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    match tokio::time::timeout(TIMEOUT, done).await {
        Err(_) => Err(format!("`{shown}` took longer than {} s", TIMEOUT.as_secs())),
        Ok(Err(err)) => Err(format!("`{shown}`: {err}")),
        Ok(Ok(output)) if output.status.success() => Ok(()),
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("`{shown}` failed ({}): {}", output.status, clip(one_line(said.trim()).trim(), BODY)))
        }
    }
}

/// What curl is told by its standard input: an ntfy-style post.
fn curl_config(url: &str, told: &Told) -> String {
    let quoted = |text: &str| format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""));
    let priority = if told.kind == "finished" { "default" } else { "high" };
    format!(
        "silent\nshow-error\nfail\nmax-time = 8\nproto = \"=http,https\"\nrequest = \"POST\"\nurl = {}\n\
         header = {}\nheader = \"Priority: {priority}\"\ndata-raw = {}\n",
        quoted(url),
        quoted(&format!("Title: {}", told.title)),
        quoted(&told.body),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::SwarmView;
    use crate::status::{Proof, Source, Status};

    fn happened(agent: &str, attention: Attention) -> Happened {
        Happened::Agent { swarm: "shop".parse().unwrap(), agent: agent.parse().unwrap(), attention }
    }

    fn snapshot(agents: &[(&str, Attention)]) -> Snapshot {
        let views = agents.iter().enumerate().map(|(n, (name, attention))| {
            let spec = crate::config::AgentSpec::new(name.parse().unwrap(), "sim", "/");
            let mut view = crate::state::Agent::new(spec, Timestamp::UNIX_EPOCH).view();
            view.attention = Some(*attention);
            view.status = Status::Waiting;
            view.pane = Some(format!("%{n}"));
            let text = "rm -rf \x1b]0;x\x07 {agent}".to_owned();
            view.proof =
                Some(Proof { source: Source::Screen, rule: String::new(), text, at: Timestamp::UNIX_EPOCH });
            view
        });
        let swarm =
            SwarmView { name: "shop".into(), session: None, agents: views.collect(), ..SwarmView::default() };
        Snapshot { swarms: vec![swarm], ..Snapshot::default() }
    }

    fn notifier(settings: Notify) -> Notifier {
        Notifier { settings, pending: Vec::new(), told: HashMap::new(), desktop: None, work: JoinSet::new() }
    }

    fn settings() -> Notify {
        Notify {
            on: vec![Occasion::Asks, Occasion::Failed, Occasion::Budget],
            cool_down_seconds: 30,
            ..Notify::default()
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn client(pane: &str, focused: bool) -> ClientRow {
        ClientRow {
            name: "/dev/pts/1".into(),
            pid: 1,
            control: false,
            session: None,
            window: None,
            pane: pane.parse().ok(),
            activity: 0,
            width: 80,
            height: 24,
            tty: "/dev/pts/1".into(),
            focused,
            terminal: "xterm".into(),
        }
    }

    #[test]
    fn told_once_if_it_lasts_and_nobody_looks() {
        let mut notifier = notifier(settings());
        let shown = snapshot(&[("a", Attention::Asks), ("b", Attention::Finished)]);
        let due = || vec![happened("a", Attention::Asks), happened("b", Attention::Finished)];
        assert!(notifier.choose(due(), &shown, &[client("%0", true)], at(0)).is_empty(), "it is looked at");
        let told = notifier.choose(due(), &shown, &[client("%0", false), client("%1", true)], at(0));
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].title.as_str(), told[0].kind), ("shop/a asks", "asks"));
        assert!(notifier.choose(due(), &shown, &[], at(29)).is_empty(), "cool-down");
        assert_eq!(notifier.choose(due(), &shown, &[], at(30)).len(), 1);
        let answered = snapshot(&[("b", Attention::Finished)]);
        assert!(notifier.choose(due(), &answered, &[], at(90)).is_empty(), "it did not last");
    }

    #[test]
    fn each_agent_may_have_its_own_kinds_and_nights_are_quiet() {
        let mut own = settings();
        own.agents.insert("a".into(), vec![Attention::Finished]);
        own.agents.insert("shop/b".into(), Vec::new());
        for (agent, attention, want) in [
            ("a", Attention::Asks, false),
            ("a", Attention::Finished, true),
            ("b", Attention::Asks, false),
            ("c", Attention::Asks, true),
        ] {
            let (swarm, name) = ("shop".parse().unwrap(), agent.parse().unwrap());
            assert_eq!(wanted(&own, &swarm, &name, attention), want, "{agent} {attention:?}");
        }
        let mut night =
            notifier(Notify { quiet: Some(crate::config::Quiet { from: 0, to: 1440 }), ..settings() });
        let shown = snapshot(&[("a", Attention::Asks)]);
        assert!(night.choose(vec![happened("a", Attention::Asks)], &shown, &[], at(0)).is_empty());
    }

    #[test]
    fn many_are_told_as_one() {
        let names = ["a", "b", "c", "d"];
        let shown = snapshot(&names.map(|n| (n, Attention::Failed)));
        let due = names.map(|n| happened(n, Attention::Failed)).to_vec();
        let told = notifier(settings()).choose(due, &shown, &[], at(0));
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].title, "4 agents need you");
    }

    #[test]
    fn budgets_are_told_where_they_are_wanted_each_by_itself() {
        let text = "swarm per day: $8.00 of $10.00 (80 %)\n".to_owned();
        let names = ["a", "b", "c", "d"];
        let mut due = names.map(|n| happened(n, Attention::Failed)).to_vec();
        due.push(Happened::Budget { swarm: "shop".parse().unwrap(), text });
        let shown = snapshot(&names.map(|n| (n, Attention::Failed)));
        let told = notifier(settings()).choose(due.clone(), &shown, &[], at(0));
        let told: Vec<_> = told.iter().map(|t| (t.title.as_str(), t.body.trim(), t.kind)).collect();
        assert_eq!(told[1..], [("shop: budget", "swarm per day: $8.00 of $10.00 (80 %)", "budget")]);
        let mut others = notifier(Notify { on: vec![Occasion::Asks], ..settings() });
        assert!(others.choose(due, &shown, &[], at(0)).is_empty());
    }

    #[test]
    fn what_agents_write_is_data() {
        let shown = snapshot(&[("a", Attention::Asks)]);
        let told = notifier(settings()).choose(vec![happened("a", Attention::Asks)], &shown, &[], at(0));
        let bytes = |terminal, is| {
            let settings = Notify { terminal, bell: true, ..settings() };
            String::from_utf8(terminal_bytes(&settings, is, &told)).unwrap()
        };
        assert_eq!(bytes(TerminalNotify::Off, "kitty"), "\x07");
        assert_eq!(bytes(TerminalNotify::Auto, "tmux-256color"), "\x07");
        let body = "waiting: rm -rf ]0;x {agent}";
        assert_eq!(
            bytes(TerminalNotify::Auto, "iTerm2 3.4"),
            format!("\x1b]9;shop/a asks: {body}\x1b\\\x07")
        );
        assert_eq!(
            bytes(TerminalNotify::Auto, "kitty(0.36)"),
            format!("\x1b]99;i=swarm:d=0;shop/a asks\x1b\\\x1b]99;i=swarm:d=1:p=body;{body}\x1b\\\x07")
        );
        let words = ["notify", "{title}", "x{body}{agent}{", "{unknown}"].map(str::to_owned);
        assert_eq!(
            filled(&words, &told[0])[1..],
            ["shop/a asks".into(), format!("x{body}a{{"), "{unknown}".into()]
        );
        let curl = curl_config("https://x/\"\n", &told[0]);
        assert!(
            curl.contains("url = \"https://x/\\\" \"\n") && curl.contains("data-raw = \"waiting: "),
            "{curl}"
        );
        assert_eq!(curl.lines().count(), 10);
    }
}
