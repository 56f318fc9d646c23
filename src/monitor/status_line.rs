//! What tmux's own status line, windows and pane borders can show: user options that the monitor keeps.
//!
//! - `@swarm_status` (server): the segment for `status-right`, written `#{E:@swarm_status}` by the person.
//! - `@swarm_status` (each swarm's session): the same for this swarm alone; it wins in that session.
//! - `@swarm_waiting` (server): how many agents wait; for conditions.
//! - `@swarm_mark` (each window with agents): the icon of its most urgent agent.
//! - `@swarm_label` (each agent's pane): name, icon and status, for `pane-border-format`.
//!
//! Nothing is polled: an option is written when its text changed, many changes at once, and tmux redraws by itself.
//! Ages are counted by tmux from a start time in the text. Nothing but `@swarm_*` is ever written, no title and no
//! window name is touched (titles are evidence), and everything is taken back when the monitor ends.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::config::Icons;
use crate::error::Result;
use crate::snapshot::{AgentView, Snapshot, SwarmView};
use crate::status::{Attention, Reason, Status};
use crate::tmux::{Command, PaneId, SessionId, Target, WindowId};

use super::perform::Hands;

/// How long changes are collected while somebody waits to see them.
const SOON: Duration = Duration::from_millis(100);
/// The least time between two writes otherwise. Every write makes tmux redraw all terminals.
const CALM: Duration = Duration::from_secs(2);

/// Where the icons are named.
const THEME: &str = include_str!("../../config/theme.toml");

/// Where a text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A server-wide option `@swarm_<name>`.
    Server(&'static str),
    /// An option of a session.
    Session(SessionId),
    /// An option of a window.
    Window(WindowId),
    /// An option of a pane.
    Pane(PaneId),
}

impl Place {
    const fn option(self) -> &'static str {
        match self {
            Self::Server(_) | Self::Session(_) => "@swarm_status",
            Self::Window(_) => "@swarm_mark",
            Self::Pane(_) => "@swarm_label",
        }
    }

    fn write(self, text: Option<&str>) -> Command {
        let target: Target = match self {
            Self::Server(name) => {
                return text.map_or_else(|| Command::unset_global(name), |t| Command::set_global(name, t));
            }
            Self::Session(id) => id.into(),
            Self::Window(id) => id.into(),
            Self::Pane(id) => id.into(),
        };
        match text {
            Some(text) => Command::set_option(target, self.option(), text),
            None => Command::unset_option(target, self.option()),
        }
    }
}

/// The icon of each status, of the set that the person chose for the overview.
#[derive(Debug)]
struct Glyphs(BTreeMap<Status, String>);

impl Glyphs {
    fn of(icons: Icons) -> Self {
        let set = match icons {
            Icons::Unicode => "unicode",
            Icons::Ascii => "ascii",
            Icons::Nerd => "nerd",
        };
        let table: toml::Table = THEME.parse().unwrap_or_default();
        let glyphs = table.get("icons").and_then(|i| i.get(set)?.get("statuses")?.as_array());
        // In the order in which `config/theme.toml` names them.
        let statuses = [
            Status::Starting,
            Status::Idle,
            Status::Working,
            Status::Waiting,
            Status::Limited,
            Status::Error,
            Status::Exited,
            Status::Unknown,
        ];
        let glyphs = glyphs.into_iter().flatten().filter_map(|g| Some(g.as_str()?.to_owned()));
        Self(statuses.into_iter().zip(glyphs).collect())
    }
}

/// The texts and where they stand.
type Texts = BTreeMap<Place, String>;

/// Keeps the options as the snapshots say, until those end; then takes them back.
pub async fn keep(hands: Arc<Hands>, mut snapshots: watch::Receiver<Arc<Snapshot>>) {
    let icons = Glyphs::of(crate::config::Config::user_overview(&hands.paths).unwrap_or_default().icons);
    let mut shown = Texts::new();
    let mut calm = Instant::now();
    let mut due: Option<Instant> = None;
    loop {
        tokio::select! {
            changed = snapshots.changed() => {
                if changed.is_err() {
                    break;
                }
                let wanted = texts(&snapshots.borrow_and_update(), &icons);
                let soon = Instant::now() + SOON;
                let at = if urgent(&shown, &wanted) { soon } else { calm.max(soon) };
                due = (wanted != shown).then(|| due.map_or(at, |due| due.min(at)));
            }
            () = super::sleep_till(due), if due.is_some() => {
                due = None;
                calm = Instant::now() + CALM;
                let wanted = texts(&snapshots.borrow(), &icons);
                match write(&hands, &shown, &wanted).await {
                    Ok(()) => shown = wanted,
                    Err(err) => {
                        tracing::debug!("status line: {err}");
                        // What tmux has now is not known: the next write is a whole one.
                        shown.clear();
                    }
                }
            }
        }
    }
    let commands = shown.keys().map(|place| place.write(None)).collect();
    let _ = perform(&hands, commands).await;
}

/// Whether somebody waits for a person who is not shown, or no longer.
fn urgent(shown: &Texts, wanted: &Texts) -> bool {
    let waiting = Place::Server("waiting");
    shown.get(&waiting) != wanted.get(&waiting) || shown.is_empty()
}

async fn write(hands: &Hands, shown: &Texts, wanted: &Texts) -> Result<()> {
    let gone = shown.keys().filter(|place| !wanted.contains_key(place)).map(|place| place.write(None));
    let new = wanted.iter().filter(|(place, text)| shown.get(place) != Some(text));
    let commands = gone.chain(new.map(|(place, text)| place.write(Some(text)))).collect();
    perform(hands, commands).await
}

/// A window or pane that has gone is no error: the next snapshot knows it.
async fn perform(hands: &Hands, commands: Vec<Command>) -> Result<()> {
    if hands.link.is_up().await {
        return hands.link.connection().await?.batch(commands).await.map(|_| ());
    }
    // The session of the last swarm has ended, and our client with it; the server may live on.
    let (server, _): (Vec<Command>, Vec<Command>) =
        commands.into_iter().partition(|c| c.words().iter().any(|w| w == "-g" || w == "-gu"));
    if server.is_empty() {
        return Ok(());
    }
    hands.link.spec().run(&server).await.map(|_| ())
}

/// Everything that is to stand somewhere now.
fn texts(snapshot: &Snapshot, icons: &Glyphs) -> Texts {
    let mut texts = Texts::new();
    let all: Vec<(&SwarmView, &AgentView)> =
        snapshot.swarms.iter().flat_map(|s| s.agents.iter().map(move |a| (s, a))).collect();
    let waiting = all.iter().filter(|(_, a)| a.status == Status::Waiting).count();
    texts.insert(Place::Server("status"), segment(&all, snapshot.swarms.len() > 1, icons));
    texts.insert(Place::Server("waiting"), waiting.to_string());
    for swarm in &snapshot.swarms {
        let own: Vec<_> = swarm.agents.iter().map(|a| (swarm, a)).collect();
        if let Some(session) = swarm.session.as_deref().and_then(|s| s.parse().ok()) {
            texts.insert(Place::Session(session), segment(&own, false, icons));
        }
    }
    let mut windows: BTreeMap<WindowId, &AgentView> = BTreeMap::new();
    for (_, agent) in all {
        let Some(pane) = agent.pane.as_deref().and_then(|p| p.parse().ok()) else { continue };
        texts.insert(Place::Pane(pane), label(agent, icons));
        let Some(window) = agent.window.as_deref().and_then(|w| w.parse().ok()) else { continue };
        let most = windows.entry(window).or_insert(agent);
        if urgency(agent) < urgency(most) {
            *most = agent;
        }
    }
    texts.extend(windows.into_iter().map(|(window, agent)| (Place::Window(window), mark(agent, icons))));
    texts
}

/// What a person can do something about comes first.
const fn urgency(agent: &AgentView) -> u8 {
    match (agent.status, agent.attention) {
        (Status::Waiting, _) => 0,
        (Status::Error | Status::Limited, _) => 1,
        (Status::Exited, Some(_)) if !matches!(agent.reason, Some(Reason::Asleep)) => 1,
        (_, Some(Attention::Finished)) => 2,
        (Status::Working, _) => 3,
        (Status::Starting, _) => 4,
        (Status::Idle, _) => 5,
        (Status::Unknown, _) => 6,
        (Status::Exited, _) => 7,
    }
}

/// What is counted together in the segment.
const COUNTED: [&[Status]; 5] = [
    &[Status::Error, Status::Limited],
    &[Status::Working],
    &[Status::Idle],
    &[Status::Starting],
    &[Status::Unknown],
];

/// The segment: who waits longest and since when, then how many are in trouble, working, idle, …
fn segment(agents: &[(&SwarmView, &AgentView)], several: bool, icons: &Glyphs) -> String {
    let mut parts = Vec::new();
    let waiting = || agents.iter().filter(|(_, a)| a.status == Status::Waiting);
    if let Some((swarm, longest)) = waiting().min_by_key(|(_, a)| a.since) {
        let mut text = format!("{} ", icon(Status::Waiting, icons));
        if several {
            let _ = write!(text, "{}/", swarm.name);
        }
        let _ = write!(text, "{}{}", longest.name, age(longest.since.as_second()));
        let more = waiting().count() - 1;
        if more > 0 {
            let _ = write!(text, " +{more}");
        }
        parts.push(styled(Status::Waiting, &text));
    }
    for statuses in COUNTED {
        let count = agents.iter().filter(|(_, a)| a.pane.is_some() && statuses.contains(&a.status)).count();
        if count > 0 {
            parts.push(styled(statuses[0], &format!("{} {count}", icon(statuses[0], icons))));
        }
    }
    let has_failed = |a: &AgentView| a.status == Status::Exited && a.attention.is_some() && !a.is_asleep();
    let failed = agents.iter().filter(|(_, a)| has_failed(a)).count();
    if failed > 0 {
        parts.push(styled(Status::Exited, &format!("{} {failed}", icon(Status::Exited, icons))));
    }
    parts.join(" ")
}

fn mark(agent: &AgentView, icons: &Glyphs) -> String {
    styled(style_of(agent), &icon(agent.status, icons))
}

fn label(agent: &AgentView, icons: &Glyphs) -> String {
    let reason = agent.reason.map(|r| format!(" ({r})")).unwrap_or_default();
    format!(
        "{} {}{reason}",
        agent.name,
        styled(style_of(agent), &format!("{} {}", icon(agent.status, icons), agent.status))
    )
}

/// The status in whose colour an agent is shown: one that sleeps is no worse than an idle one.
fn style_of(agent: &AgentView) -> Status {
    if agent.is_asleep() { Status::Idle } else { agent.status }
}

/// The icon of a status: the person's `@swarm_icon_<status>` where set, else one of the set chosen in `overview.icons`.
fn icon(status: Status, icons: &Glyphs) -> String {
    let own = format!("@swarm_icon_{status}");
    let builtin = icons.0.get(&status).map_or("?", String::as_str);
    format!("#{{?{own},#{{{own}}},{builtin}}}")
}

/// `text` in the colour of a status: the person's `@swarm_style_<status>` where set.
fn styled(status: Status, text: &str) -> String {
    let own = format!("@swarm_style_{status}");
    let colour = match status {
        Status::Waiting => "yellow",
        Status::Working => "green",
        Status::Error | Status::Limited | Status::Exited => "red",
        Status::Starting => "cyan",
        Status::Idle | Status::Unknown => "default",
    };
    format!("#[#{{?{own},#{{{own}}},fg={colour}}}]{text}#[default]")
}

/// How long ago `start` (Unix time, seconds) was, counted by tmux at every redraw; nothing where it never redraws by
/// itself.
fn age(start: i64) -> String {
    let age = format!("#{{e|-|:%s,{start}}}");
    let hours = format!("#{{e|/|:{age},3600}}h");
    let minutes = format!("#{{e|/|:{age},60}}m");
    let words = format!("#{{?#{{e|>=|:{age},3600}},{hours},#{{?#{{e|>=|:{age},60}},{minutes},now}}}}");
    format!("#{{?status-interval, {words},}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agent(name: &str, status: Status, since: i64) -> AgentView {
        let spec = crate::config::AgentSpec::new(name.parse().unwrap(), "sim", "/");
        let mut agent = crate::state::Agent::new(spec, jiff::Timestamp::from_second(since).unwrap());
        agent.verdict.status = status;
        let id = u32::try_from(since).unwrap();
        agent.place = Some((WindowId(id % 2), PaneId(id)));
        agent.view()
    }

    fn swarm(name: &str, agents: Vec<AgentView>) -> SwarmView {
        SwarmView { name: name.into(), session: Some("$1".into()), agents, ..SwarmView::default() }
    }

    /// Without what the person may choose, and without ages.
    fn plain(text: &str) -> String {
        let age = regex::Regex::new(r"#\{\?status-interval, .*?,now\}\},\}").unwrap();
        let icon = regex::Regex::new(r"#\{\?@swarm_icon_\w+,#\{@swarm_icon_\w+\},(.)\}").unwrap();
        let style = regex::Regex::new(r"#\[[^\]]*\]").unwrap();
        let text = age.replace_all(text, "");
        let text = icon.replace_all(&text, "$1");
        style.replace_all(&text, "").into_owned()
    }

    #[test]
    fn who_waits_longest_comes_first_and_the_rest_is_counted() {
        let agents = vec![
            agent("a", Status::Working, 1),
            agent("b", Status::Waiting, 9),
            agent("c", Status::Waiting, 5),
            agent("d", Status::Idle, 3),
            agent("e", Status::Limited, 4),
        ];
        let icons = Glyphs::of(Icons::Unicode);
        let one = Snapshot { swarms: vec![swarm("shop", agents)], ..Snapshot::default() };
        let shown = texts(&one, &icons);
        assert_eq!(plain(&shown[&Place::Server("status")]), "▲ c +1 ✗ 1 ● 1 ○ 1");
        assert_eq!(shown[&Place::Server("waiting")], "2");
        assert_eq!(shown[&Place::Session(SessionId(1))], shown[&Place::Server("status")]);
        // Window 1 holds a, b, c and d; window 0 holds e.
        assert_eq!(plain(&shown[&Place::Window(WindowId(1))]), "▲");
        assert_eq!(plain(&shown[&Place::Window(WindowId(0))]), "◔");
        assert_eq!(plain(&shown[&Place::Pane(PaneId(4))]), "e ◔ limited");
        let mut two = one.clone();
        two.swarms.push(swarm("blog", vec![agent("x", Status::Waiting, 2)]));
        assert_eq!(plain(&texts(&two, &icons)[&Place::Server("status")]), "▲ blog/x +2 ✗ 1 ● 1 ○ 1");
    }

    #[test]
    fn every_status_has_an_icon_of_the_overview() {
        for icons in [Icons::Unicode, Icons::Ascii, Icons::Nerd] {
            let glyphs = Glyphs::of(icons);
            assert_eq!(glyphs.0.len(), Status::ALL.len());
            // None may end a tmux condition.
            assert!(glyphs.0.values().all(|g| !g.contains([',', '}', '#', '%'])));
        }
    }

    #[test]
    fn an_empty_monitor_says_nothing() {
        let shown = texts(&Snapshot::default(), &Glyphs::of(Icons::Ascii));
        assert_eq!(shown[&Place::Server("status")], "");
        assert_eq!(shown[&Place::Server("waiting")], "0");
    }
}
