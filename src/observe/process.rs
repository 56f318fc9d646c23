//! Processes: who they are, since when, and which of them reads the keyboard of a pane.
//!
//! Owns the reading of `/proc` (and of `ps` where there is none); the parsing is apart from the reading. Never signals
//! anything. A pid alone proves nothing: pids are used again, so compare [`start_time`] too.

use std::collections::HashMap;

use crate::agent::Profile;
use crate::observe::evidence::{Foreground, ProcessFact};

/// The most bytes of a command line that are read; agents get their whole prompt as an argument.
const CMDLINE_MAX: usize = 32 * 1024;
/// The longest chain of ancestors that is followed; a cycle cannot happen, but a race may look like one.
const ANCESTRY_MAX: usize = 64;

/// What the kernel says about one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// Its id.
    pub pid: u32,
    /// Its command name: at most 15 bytes on Linux.
    pub comm: String,
    /// One letter: `R` runs, `S` sleeps, `T` stopped, `Z` has ended and is not reaped.
    pub state: char,
    /// Its parent.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// The foreground process group of its terminal; `None` without a terminal.
    pub foreground: Option<u32>,
    /// When it started: clock ticks since boot on Linux, seconds since the epoch from `ps`.
    pub start: Option<u64>,
}

impl Stat {
    /// Parses `/proc/PID/stat`. The name in it may hold anything, parentheses and line feeds too.
    pub fn parse(stat: &[u8]) -> Option<Self> {
        let open = memchr::memchr(b'(', stat)?;
        let close = memchr::memrchr(b')', stat)?;
        let pid = std::str::from_utf8(stat.get(..open)?).ok()?.trim().parse().ok()?;
        let comm = String::from_utf8_lossy(stat.get(open + 1..close)?).into_owned();
        let rest = std::str::from_utf8(stat.get(close + 1..)?).ok()?;
        // Fields 3 and up, as proc_pid_stat(5) counts them.
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |n: usize| fields.get(n - 3)?.parse::<i64>().ok();
        Some(Self {
            pid,
            comm,
            state: fields.first()?.chars().next()?,
            parent: u32::try_from(number(4)?).ok()?,
            group: u32::try_from(number(5)?).ok()?,
            foreground: number(8).and_then(|g| u32::try_from(g).ok()).filter(|g| *g > 0),
            start: number(22).and_then(|s| u64::try_from(s).ok()),
        })
    }

    /// Whether it has ended and only waits to be reaped.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether it is a command interpreter that would run what is typed.
    pub fn is_shell(&self) -> bool {
        const SHELLS: [&str; 17] = [
            "sh", "bash", "zsh", "fish", "dash", "ash", "ksh", "mksh", "ksh93", "tcsh", "csh", "nu",
            "elvish", "xonsh", "pwsh", "rbash", "busybox",
        ];
        let name = self.comm.trim_start_matches('-');
        SHELLS.contains(&name.rsplit('/').next().unwrap_or(name))
    }
}

/// Who lives in a pane, and how sure that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    /// What is known of the process.
    pub fact: ProcessFact,
    /// The agent was found by the rules of its profile.
    pub recognised: bool,
    /// What stands between the pane and the agent may be a script or an unknown program: worth another look.
    pub doubtful: bool,
}

/// Whether a process is the agent of `profile`: by its rules, or by the id of the one that was started. A shell that was
/// started is only the way to the agent, unless the profile has no program of its own.
pub fn is_agent(
    profile: &Profile,
    known: Option<u32>,
    stat: &Stat,
    argv: &dyn Fn(u32) -> Vec<String>,
) -> bool {
    let started = known == Some(stat.pid) && (!stat.is_shell() || profile.program().is_empty());
    started || by_rules(profile, stat, argv)
}

/// Whether a process is the agent of `profile` by its rules. Arguments are read only where the name leaves a doubt.
fn by_rules(profile: &Profile, stat: &Stat, argv: &dyn Fn(u32) -> Vec<String>) -> bool {
    let names = &profile.data().process;
    names.comm.iter().chain(&names.hosts).any(|name| *name == stat.comm)
        && profile.is_process(&stat.comm, &argv(stat.pid))
}

/// One moment's processes.
#[derive(Debug, Clone, Default)]
pub struct Processes {
    by_pid: HashMap<u32, Stat>,
}

impl Processes {
    /// Every process of this machine, now. One reading serves all panes.
    pub fn read() -> Self {
        if cfg!(target_os = "linux") {
            let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            entries.filter_map(|e| stat(e.file_name().to_str()?.parse().ok()?)).collect()
        } else {
            Self::parse_ps(&ps(&["-axo", PS_COLUMNS]))
        }
    }

    /// Parses what `ps -axo pid=,ppid=,pgid=,tpgid=,state=,lstart=,comm=` prints.
    pub fn parse_ps(text: &str) -> Self {
        text.lines().filter_map(parse_ps_line).collect()
    }

    /// One process.
    pub fn get(&self, pid: u32) -> Option<&Stat> {
        self.by_pid.get(&pid)
    }

    /// The process and its ancestors, nearest first.
    pub fn ancestry(&self, pid: u32) -> Vec<u32> {
        climb(pid, |p| self.get(p).map(|s| s.parent))
    }

    /// Whether `pid` is `ancestor` or comes from it.
    pub fn comes_from(&self, pid: u32, ancestor: u32) -> bool {
        self.ancestry(pid).contains(&ancestor)
    }

    /// What lives in the pane whose first process is `pane_pid`, and who reads its keyboard. `is_agent` says whether a
    /// process is the agent that is looked for: by its id where we started it, by the profile's rules (command name and
    /// arguments) where we did not.
    pub fn pane(&self, pane_pid: u32, is_agent: &dyn Fn(&Stat) -> bool) -> ProcessFact {
        let Some(root) = self.get(pane_pid).filter(|s| !s.is_ended()) else {
            return ProcessFact::Dead { status: None, signal: None };
        };
        let agent = self.find_agent(root, is_agent);
        let Some(group) = root.foreground else {
            return ProcessFact::alive(agent.map_or(pane_pid, |a| a.pid));
        };
        let pid = agent.map_or(pane_pid, |a| a.pid);
        let reader = self.reader(group);
        let foreground = match (agent, reader) {
            (Some(agent), _) if agent.group == group => Foreground::Agent,
            (Some(agent), Some(reader)) if reader.is_shell() && !self.comes_from(reader.pid, agent.pid) => {
                if agent.state == 'T' {
                    Foreground::Suspended
                } else {
                    Foreground::Shell
                }
            }
            (None, Some(reader)) if reader.is_shell() => Foreground::Shell,
            (_, Some(reader)) => Foreground::Other(reader.comm.clone()),
            // The group has just ended: look again when the pane says something.
            (_, None) => Foreground::Agent,
        };
        ProcessFact::Alive { pid, foreground }
    }

    /// [`Self::pane`] for an agent of `profile` that may have come up through scripts and other programs: a shell is its
    /// end only where the shell waits for commands, and an unknown program is the agent itself as long as no process was
    /// ever `recognised` as the agent.
    pub fn occupant(
        &self,
        pane_pid: u32,
        profile: &Profile,
        known: Option<u32>,
        recognised: bool,
        argv: &dyn Fn(u32) -> Vec<String>,
    ) -> Occupant {
        let agent = |stat: &Stat| is_agent(profile, known, stat, argv);
        let fact = self.pane(pane_pid, &agent);
        let ProcessFact::Alive { pid, foreground } = &fact else {
            return Occupant { fact, recognised: false, doubtful: false };
        };
        let found = self.get(*pid).filter(|stat| agent(stat));
        let recognised_now = found.is_some_and(|stat| by_rules(profile, stat, argv));
        let doubtful = match foreground {
            Foreground::Shell => !self.waits_for_commands(pane_pid, argv),
            Foreground::Other(_) => found.is_none() && !recognised,
            _ => found.is_none(),
        };
        let fact = if doubtful { ProcessFact::alive(*pid) } else { fact };
        Occupant { fact, recognised: recognised_now, doubtful }
    }

    /// The process that reads the keyboard of a pane, if it is no shell.
    pub fn in_front(&self, pane_pid: u32) -> Option<u32> {
        let reader = self.reader(self.get(pane_pid)?.foreground?)?;
        (!reader.is_shell()).then_some(reader.pid)
    }

    /// Whether the shell in front of a pane is at its prompt: it runs no script, and is alone in its process group. What
    /// a prompt starts gets a group of its own, what a script starts does not.
    fn waits_for_commands(&self, pane_pid: u32, argv: &dyn Fn(u32) -> Vec<String>) -> bool {
        let Some(group) = self.get(pane_pid).and_then(|root| root.foreground) else { return false };
        let Some(shell) = self.reader(group) else { return false };
        let members = self.by_pid.values().filter(|s| s.group == group && !s.is_ended());
        members.count() == 1 && !runs_script(&argv(shell.pid))
    }

    /// The agent nearest to the pane's first process; of several at the same depth, the one that reads the keyboard.
    fn find_agent(&self, root: &Stat, is_agent: &dyn Fn(&Stat) -> bool) -> Option<&Stat> {
        let mut level = vec![self.get(root.pid)?];
        for _ in 0..ANCESTRY_MAX {
            let mut found: Vec<&Stat> =
                level.iter().copied().filter(|s| !s.is_ended() && is_agent(s)).collect();
            found.sort_by_key(|s| (Some(s.group) != root.foreground, s.pid));
            if let Some(agent) = found.first() {
                return Some(agent);
            }
            let parents: Vec<u32> = level.iter().map(|s| s.pid).collect();
            level =
                self.by_pid.values().filter(|s| parents.contains(&s.parent) && s.pid != s.parent).collect();
            if level.is_empty() {
                return None;
            }
        }
        None
    }

    /// Who stands for a process group: its leader, else its oldest member.
    fn reader(&self, group: u32) -> Option<&Stat> {
        let leader = self.get(group).filter(|s| s.group == group && !s.is_ended());
        leader.or_else(|| {
            self.by_pid
                .values()
                .filter(|s| s.group == group && !s.is_ended())
                .min_by_key(|s| (s.start, s.pid))
        })
    }
}

impl FromIterator<Stat> for Processes {
    fn from_iter<I: IntoIterator<Item = Stat>>(stats: I) -> Self {
        Self { by_pid: stats.into_iter().map(|s| (s.pid, s)).collect() }
    }
}

/// Whether a shell was started for a script or a command (`bash build.sh`, `sh -c …`).
fn runs_script(argv: &[String]) -> bool {
    let mut words = argv.iter().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--rcfile" | "--init-file" | "-o" | "+o" | "-O" | "+O" => {
                words.next();
            }
            "--" => return words.next().is_some(),
            flags if flags.starts_with("--") => {}
            flags if flags.starts_with(['-', '+']) => {
                if flags.contains('c') {
                    return true;
                }
            }
            _ => return true,
        }
    }
    false
}

/// What the kernel says about `pid` now.
pub fn stat(pid: u32) -> Option<Stat> {
    if cfg!(target_os = "linux") {
        Stat::parse(&std::fs::read(format!("/proc/{pid}/stat")).ok()?)
    } else {
        parse_ps_line(ps(&["-p", &pid.to_string(), "-o", PS_COLUMNS]).lines().next()?)
    }
}

/// When `pid` started: clock ticks since boot on Linux, seconds since the epoch elsewhere. With the pid it names a
/// process for good.
pub fn start_time(pid: u32) -> Option<u64> {
    stat(pid).filter(|s| !s.is_ended()).and_then(|s| s.start)
}

/// The process and its ancestors, nearest first.
pub fn ancestry(pid: u32) -> Vec<u32> {
    climb(pid, |p| stat(p).map(|s| s.parent))
}

/// Whether `pid` is a command interpreter.
pub fn is_shell(pid: u32) -> bool {
    stat(pid).is_some_and(|s| s.is_shell())
}

/// The command name and the arguments of `pid`. Many agents are `node`: only the arguments tell which.
pub fn command(pid: u32) -> Option<(String, Vec<String>)> {
    Some((stat(pid)?.comm, argv(pid)))
}

/// The arguments of `pid`, the program first; empty where they cannot be read. Without `/proc` they are split at
/// spaces, as `ps` does not say where one ends.
pub fn argv(pid: u32) -> Vec<String> {
    if cfg!(target_os = "linux") {
        use std::io::Read;
        let mut bytes = Vec::new();
        let Ok(file) = std::fs::File::open(format!("/proc/{pid}/cmdline")) else { return Vec::new() };
        let _ = file.take(CMDLINE_MAX as u64).read_to_end(&mut bytes);
        parse_cmdline(&bytes)
    } else {
        ps(&["-ww", "-p", &pid.to_string(), "-o", "command="]).split_whitespace().map(str::to_owned).collect()
    }
}

/// Parses `/proc/PID/cmdline`: arguments ended by NUL. A program that renamed itself leaves spaces instead.
pub fn parse_cmdline(bytes: &[u8]) -> Vec<String> {
    let bytes = &bytes[..bytes.len().min(CMDLINE_MAX)];
    let trimmed = bytes.strip_suffix(b"\0").unwrap_or(bytes);
    if trimmed.is_empty() {
        return Vec::new();
    }
    trimmed.split(|b| *b == 0).map(|a| String::from_utf8_lossy(a).into_owned()).collect()
}

const PS_COLUMNS: &str = "pid=,ppid=,pgid=,tpgid=,state=,lstart=,comm=";

/// `  501   1   501   501 Ss+  Sat Nov 21 02:31:00 2026 /opt/bin/claude`
fn parse_ps_line(line: &str) -> Option<Stat> {
    let mut rest = line;
    let mut word = || {
        rest = rest.trim_start();
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (first, after) = rest.split_at(end);
        rest = after;
        Some(first).filter(|f| !f.is_empty())
    };
    let pid = word()?.parse().ok()?;
    let parent = word()?.parse().ok()?;
    let group = word()?.parse().ok()?;
    let foreground = word()?.parse::<i64>().ok()?;
    let state = word()?.chars().next()?;
    let lstart: Vec<&str> = (0..5).filter_map(|_| word()).collect();
    let comm = rest.trim().rsplit('/').next().unwrap_or_default().to_owned();
    let foreground = u32::try_from(foreground).ok().filter(|g| *g > 0);
    Some(Stat { pid, comm, state, parent, group, foreground, start: epoch(&lstart.join(" ")) })
}

/// `Sat Nov 21 02:31:00 2026` as seconds; the zone does not matter, as it is only compared with itself.
fn epoch(lstart: &str) -> Option<u64> {
    let time = jiff::civil::DateTime::strptime("%a %b %d %H:%M:%S %Y", lstart).ok()?;
    let seconds = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second();
    u64::try_from(seconds).ok()
}

/// What `ps` prints; empty when it cannot be run.
#[expect(clippy::disallowed_methods, reason = "macOS and the BSDs have no /proc; never run on Linux")]
fn ps(args: &[&str]) -> String {
    let run = std::process::Command::new("/bin/ps").args(args).env("LC_ALL", "C").output();
    run.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default()
}

fn climb(pid: u32, parent: impl Fn(u32) -> Option<u32>) -> Vec<u32> {
    let mut chain = Vec::new();
    let mut next = Some(pid);
    while let Some(pid) = next.filter(|p| *p > 0 && chain.len() < ANCESTRY_MAX && !chain.contains(p)) {
        chain.push(pid);
        next = parent(pid);
    }
    chain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: u32, parent: u32, group: u32, foreground: u32, state: char, comm: &str) -> Stat {
        let comm = comm.to_owned();
        Stat { pid, comm, state, parent, group, foreground: Some(foreground), start: Some(u64::from(pid)) }
    }

    fn claude(stat: &Stat) -> bool {
        stat.comm == "claude"
    }

    fn pane(stats: Vec<Stat>) -> ProcessFact {
        stats.into_iter().collect::<Processes>().pane(10, &claude)
    }

    #[test]
    fn names_with_parentheses_and_spaces_are_read() {
        let stat =
            Stat::parse(b"42 (a) (b c) S 1 42 42 34816 42 4194304 1 0 0 0 1 2 0 0 20 0 11 0 451918 1 1")
                .unwrap();
        assert_eq!((stat.comm.as_str(), stat.state, stat.parent), ("a) (b c", 'S', 1));
        assert_eq!((stat.group, stat.foreground, stat.start), (42, Some(42), Some(451_918)));
    }

    #[test]
    fn a_process_without_a_terminal_has_no_foreground() {
        let stat = Stat::parse(b"7 (kworker) I 2 0 0 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0").unwrap();
        assert_eq!(stat.foreground, None);
        assert_eq!(Stat::parse(b"7 (x"), None);
        assert_eq!(Stat::parse(b""), None);
    }

    #[test]
    fn our_own_process_is_found() {
        let me = std::process::id();
        assert!(start_time(me).is_some());
        assert_eq!(ancestry(me).first(), Some(&me));
        assert!(ancestry(me).len() > 1);
        let (_, argv) = command(me).unwrap();
        assert!(argv.first().is_some_and(|a| !a.is_empty()));
        assert!(Processes::read().get(me).is_some());
        assert_eq!(start_time(u32::MAX), None);
    }

    #[test]
    fn the_agent_is_the_pane() {
        assert_eq!(pane(vec![process(10, 1, 10, 10, 'S', "claude")]), ProcessFact::alive(10));
    }

    #[test]
    fn the_agent_was_started_from_a_shell() {
        let fact = pane(vec![process(10, 1, 10, 11, 'S', "bash"), process(11, 10, 11, 11, 'S', "claude")]);
        assert_eq!(fact, ProcessFact::alive(11));
    }

    #[test]
    fn the_agent_hides_below_a_launcher_in_the_same_group() {
        let fact = pane(vec![
            process(10, 1, 10, 11, 'S', "-zsh"),
            process(11, 10, 11, 11, 'S', "npx"),
            process(12, 11, 11, 11, 'S', "claude"),
        ]);
        assert_eq!(fact, ProcessFact::alive(12));
    }

    #[test]
    fn the_agent_exited_to_its_shell() {
        let fact = pane(vec![process(10, 1, 10, 10, 'S', "bash")]);
        assert_eq!(fact, ProcessFact::Alive { pid: 10, foreground: Foreground::Shell });
    }

    #[test]
    fn the_agent_was_stopped() {
        let fact = pane(vec![process(10, 1, 10, 10, 'S', "bash"), process(11, 10, 11, 10, 'T', "claude")]);
        assert_eq!(fact, ProcessFact::Alive { pid: 11, foreground: Foreground::Suspended });
    }

    #[test]
    fn the_agent_opened_an_editor() {
        let fact = pane(vec![process(10, 1, 10, 12, 'S', "claude"), process(12, 10, 12, 12, 'S', "vim")]);
        assert_eq!(fact, ProcessFact::Alive { pid: 10, foreground: Foreground::Other("vim".into()) });
    }

    #[test]
    fn a_shell_that_the_agent_opened_is_not_its_end() {
        let fact = pane(vec![process(10, 1, 10, 12, 'S', "claude"), process(12, 10, 12, 12, 'S', "bash")]);
        assert_eq!(fact, ProcessFact::Alive { pid: 10, foreground: Foreground::Other("bash".into()) });
    }

    /// A pane of `bash` (10) in which an agent of this profile is looked for; `argv` by process.
    fn occupant(stats: Vec<Stat>, known: Option<u32>, recognised: bool, argv: &[(u32, &str)]) -> Occupant {
        let profiles = crate::agent::Profiles::builtin();
        let words = |pid: u32| {
            let found = argv.iter().find(|(p, _)| *p == pid);
            found.map(|(_, a)| a.split(' ').map(str::to_owned).collect()).unwrap_or_default()
        };
        let all = stats.into_iter().collect::<Processes>();
        all.occupant(10, profiles.get("claude").unwrap(), known, recognised, &words)
    }

    #[test]
    fn a_shell_is_the_end_only_at_its_prompt() {
        let shell = |pid: u32| ProcessFact::Alive { pid, foreground: Foreground::Shell };
        let bash = || process(10, 1, 10, 10, 'S', "bash");
        for argv in ["-bash", "bash", "bash --login -i", "zsh -o vi"] {
            let found = occupant(vec![bash()], None, true, &[(10, argv)]);
            assert_eq!((found.fact, found.doubtful), (shell(10), false), "{argv}");
        }
        for argv in ["bash run-agent.sh", "sh -c true;agent", "bash -lc agent", "bash -- x"] {
            let found = occupant(vec![bash()], None, false, &[(10, argv)]);
            assert_eq!((found.fact, found.doubtful), (ProcessFact::alive(10), true), "{argv}");
        }
        // A script's program has the script's group.
        let docker = process(11, 10, 10, 10, 'S', "docker");
        let found = occupant(vec![bash(), docker], Some(10), false, &[(10, "bash"), (11, "docker run x")]);
        assert_eq!((found.fact, found.doubtful), (ProcessFact::alive(10), true));
    }

    #[test]
    fn a_shell_that_was_started_is_only_the_way_to_the_agent() {
        let stats = vec![process(10, 1, 10, 11, 'S', "bash"), process(11, 10, 11, 11, 'S', "node")];
        let argv = [(10, "bash"), (11, "node /x/bin/claude --resume")];
        let found = occupant(stats, Some(10), false, &argv);
        assert_eq!(found, Occupant { fact: ProcessFact::alive(11), recognised: true, doubtful: false });
    }

    #[test]
    fn an_unknown_program_is_the_agent_until_the_agent_was_seen() {
        let stats = || vec![process(10, 1, 10, 11, 'S', "bash"), process(11, 10, 11, 11, 'S', "mywrap")];
        let argv = [(10, "bash"), (11, "mywrap")];
        assert_eq!(occupant(stats(), None, false, &argv).fact, ProcessFact::alive(10));
        let other = Foreground::Other("mywrap".into());
        let fact = ProcessFact::Alive { pid: 10, foreground: other };
        assert_eq!(occupant(stats(), None, true, &argv).fact, fact);
        // One that was taken for the agent stays it.
        assert_eq!(occupant(stats(), Some(11), true, &argv).fact, ProcessFact::alive(11));
    }

    #[test]
    fn a_zombie_is_no_process() {
        let dead = ProcessFact::Dead { status: None, signal: None };
        assert_eq!(pane(vec![process(10, 1, 10, 10, 'Z', "claude")]), dead);
        assert_eq!(pane(vec![]), dead);
    }

    #[test]
    fn ps_lines_are_read() {
        let text = "  501     1   501   501 Ss+  Sat Nov 21 02:31:00 2026 /opt/some dir/claude\nnonsense\n";
        let all = Processes::parse_ps(text);
        let stat = all.get(501).unwrap();
        assert_eq!((stat.comm.as_str(), stat.state, stat.foreground), ("claude", 'S', Some(501)));
        assert_eq!(stat.start, Some(1_795_228_260));
    }

    #[test]
    fn command_lines_are_split_at_nul() {
        assert_eq!(parse_cmdline(b"node\0/x/codex.js\0\0"), ["node", "/x/codex.js", ""]);
        assert_eq!(parse_cmdline(b""), Vec::<String>::new());
        assert!(parse_cmdline(&vec![b'x'; 1 << 20])[0].len() <= CMDLINE_MAX);
    }
}
