//! Random schedules against the core: the monitor, agents, panes and the whole tmux server end at any step, and no
//! message may be lost, shown twice unmarked, or typed into an agent that is not fit.
//!
//! The world is a model: a database that commits late, panes whose agents take, strand or refuse what is typed, texts
//! that are sent twice or begin like another, readers that end before they confirm. `SWARM_CHAOS=10000` runs so many schedules, `SWARM_CHAOS_SEED` one of them.

mod acting;

use std::collections::VecDeque;

use super::*;
use crate::delivery::{Level, Outcome, Proof, ProofSource, Receipt, Submission, Why};
use crate::handoff::queue::{Entry, Found, Search, What};
use crate::handoff::{Draft, Evidence as Strength, State as Reached, wording};
use crate::observe::evidence::{Evidence, ProcessFact};
use crate::protocol::{
    Accepted, HandoffRequest, InboxReply, InboxRequest, InboxWhat, Request, RpcError, SendText, Sent,
    ShownRequest,
};
use crate::status::Source;
use crate::store::handoffs::Mark;
use crate::tmux::{PaneRow, WindowId};

/// Schedules of a plain test run.
const SCHEDULES: u64 = 500;
/// Steps of one schedule before the world calms down.
const STEPS: u32 = 120;

/// A small generator: the same seed, the same schedule.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// An agent as it really is.
#[derive(Default)]
struct Pane {
    name: &'static str,
    instance: u32,
    alive: bool,
    idle: bool,
    /// Typed, and not submitted.
    composer: Option<Typed>,
    /// Its conversations, the last one under way; each line with its time.
    transcripts: Vec<Vec<(Timestamp, String)>>,
}

/// A text in a pane, and the messages that whoever reads it has read.
#[derive(Clone)]
struct Typed {
    text: String,
    ids: Vec<String>,
}

/// A submission on its way.
#[derive(Clone)]
struct Submit {
    number: u64,
    pane: usize,
    instance: String,
    submission: Submission,
    searches: Vec<Search>,
    ids: Vec<String>,
    /// Where it begins is written down.
    marked: bool,
}

/// Something that takes time.
enum Act {
    Submit(Submit),
    Search { swarm: SwarmName, pane: Option<usize>, search: Search },
    Answer { op: Op, result: Result<serde_json::Value, RpcError> },
}

/// Whose answer an `Op` is.
enum Asked {
    Send,
    Pull(usize),
    Nothing,
}

#[derive(Default)]
struct Counts {
    messages: usize,
    crashes: usize,
    tmux: usize,
    repeated: usize,
    dead: usize,
    lost_unanswered: usize,
}

struct World {
    random: Random,
    seed: u64,
    state: State,
    clock: i64,
    next_op: u64,
    monitors: u64,
    panes: Vec<Pane>,
    /// Written, not committed.
    writing: VecDeque<Record>,
    written: u64,
    committed: u64,
    rows: BTreeMap<String, Entry>,
    marks: BTreeMap<String, Mark>,
    /// Makes every moment of the same second another one.
    moment: i64,
    /// What the person sent.
    texts: Vec<String>,
    acts: VecDeque<(u64, Act)>,
    asked: BTreeMap<Op, Asked>,
    accepted: BTreeSet<String>,
    /// Every time a message was read: whether it was marked as a repetition.
    read: BTreeMap<String, Vec<bool>>,
    counts: Counts,
}

const AGENTS: [(&str, &str, &str); 4] =
    [("a", "sim", "worker"), ("b", "sim", "worker"), ("c", "aider", "reader"), ("d", "sim", "boss")];

fn swarm() -> SwarmName {
    "shop".parse().unwrap()
}

fn config() -> Config {
    let agents = AGENTS.iter().map(|(name, profile, role)| {
        let mut spec = crate::config::AgentSpec::new(name.parse().unwrap(), *profile, "/tmp");
        spec.role = Some((*role).to_owned());
        spec
    });
    super::tests::config_of(agents.collect())
}

impl World {
    fn new(seed: u64) -> Self {
        let pane = |name| Pane { name, alive: true, transcripts: vec![Vec::new()], ..Pane::default() };
        let panes = AGENTS.iter().map(|(name, ..)| pane(name));
        let mut world = Self {
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            seed,
            state: State::new(Arc::new(Profiles::builtin())),
            clock: 0,
            next_op: 0,
            monitors: 0,
            panes: panes.collect(),
            writing: VecDeque::new(),
            written: 0,
            committed: 0,
            rows: BTreeMap::new(),
            marks: BTreeMap::new(),
            moment: 0,
            texts: Vec::new(),
            acts: VecDeque::new(),
            asked: BTreeMap::new(),
            accepted: BTreeSet::new(),
            read: BTreeMap::new(),
            counts: Counts::default(),
        };
        world.monitor_starts();
        world
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + self.clock).unwrap()
    }

    fn event(&mut self, kind: EventKind) {
        let effects = self.state.apply(Event { at: self.at(), kind });
        for effect in effects {
            match effect {
                Effect::Store(record) => {
                    self.writing.push_back(record);
                    self.written += 1;
                }
                Effect::Submit { delivery: number, pane, instance, submission, searches, .. } => {
                    let pane = pane.0 as usize;
                    self.check_fit(pane, number);
                    let injection = self.state.queues[&swarm()].injection(number).unwrap();
                    let ids = if injection.what == What::Text { injection.ids.clone() } else { Vec::new() };
                    let submission = *submission;
                    let act = Submit { number, pane, instance, submission, searches, ids, marked: false };
                    self.acts.push_back((0, Act::Submit(act)));
                }
                Effect::Search { swarm, watched, search } => {
                    let pane = watched.map(|w| w.pane.0 as usize);
                    self.acts.push_back((0, Act::Search { swarm, pane, search }));
                }
                Effect::Reply(op, result) | Effect::ReplyStored(op, result) => {
                    self.acts.push_back((self.written, Act::Answer { op, result }));
                }
                _ => {}
            }
        }
    }

    /// What the core knows of an agent must allow to type at this moment.
    fn check_fit(&self, pane: usize, number: u64) {
        let agent = self.state.agent(&swarm(), &self.panes[pane].name.parse().unwrap()).unwrap();
        let fit = agent.verdict.status == Status::Idle && agent.hold.is_none() && agent.run == Run::Running;
        assert!(fit, "seed {}: submission {number} to an agent that is {:?}", self.seed, agent.verdict);
    }

    fn ask(&mut self, from: Option<usize>, request: Request, asked: Asked) {
        self.next_op += 1;
        let op = Op(self.next_op);
        self.asked.insert(op, asked);
        let ancestry = from.map(|n| vec![self.pid(n)]).unwrap_or_default();
        let caller = Caller { ancestry, ..Caller::default() };
        self.event(EventKind::Call { op, caller, request: Box::new(request) });
    }

    fn pid(&self, pane: usize) -> u32 {
        u32::try_from(pane).unwrap() * 1000 + self.panes[pane].instance + 10
    }

    fn started(&self, pane: usize) -> Started {
        Started {
            window: WindowId(1),
            pane: PaneId(u32::try_from(pane).unwrap()),
            instance: format!("{}{}", self.panes[pane].name, self.panes[pane].instance),
            token: String::new(),
            pid: self.pid(pane),
            pid_start: Some(1),
            since: Timestamp::MAX,
            session: None,
            note: None,
            doubt: None,
        }
    }

    /// A monitor comes up: it knows what was committed, and finds the panes that are there.
    fn monitor_starts(&mut self) {
        self.monitors += 1;
        self.state = State::new(Arc::new(Profiles::builtin()));
        // Far enough apart that no two monitors draw the same id.
        self.state.seed((self.seed * 1000 + self.monitors) << 20);
        let agents = (0..self.panes.len()).map(|n| SavedAgent {
            agent: self.panes[n].name.parse().unwrap(),
            hold: None,
            instance: Instance {
                id: self.started(n).instance,
                pid: Some(self.pid(n)),
                pid_start: Some(1),
                token: None,
                session: None,
                transcript: None,
                started: self.at(),
                handoff_block: false,
                asked: None,
            },
            ended: false,
            why: None,
            asleep: None,
            resumed: false,
            restarts: 0,
            adopted: false,
            usage: Usage::default(),
            status: None,
        });
        let saved = SavedSwarm { config: config(), session: Some(SessionId(1)), agents: agents.collect() };
        self.event(EventKind::Rebuilt(vec![saved]));
        let letters = self.rows.values().cloned().map(|entry| SavedLetter { swarm: swarm(), entry });
        let letters = letters.collect();
        self.event(EventKind::Letters(letters));
        let rows: Vec<PaneRow> =
            (0..self.panes.len()).filter(|n| self.panes[*n].alive).map(|n| self.row(n)).collect();
        self.event(EventKind::Panes { rows, looked_at: None });
        for n in 0..self.panes.len() {
            self.tell(n);
        }
    }

    fn row(&self, pane: usize) -> PaneRow {
        let started = self.started(pane);
        PaneRow {
            agent: self.panes[pane].name.to_owned(),
            instance: started.instance,
            swarm: "shop".into(),
            pid: Some(started.pid),
            ..super::tests::pane_row(started.pane)
        }
    }

    fn monitor_crashes(&mut self) {
        self.counts.crashes += 1;
        // What was being typed is at some point of it.
        for (barrier, act) in std::mem::take(&mut self.acts) {
            if let Act::Submit(Submit { pane, instance, submission, ids, marked: true, .. }) = act
                && barrier <= self.committed
                && self.is_same(pane, &instance)
                && self.panes[pane].idle
                && self.panes[pane].composer.is_none()
            {
                let typed = Typed { text: submission.text, ids };
                match self.random.below(3) {
                    0 => {}
                    1 => self.panes[pane].composer = Some(typed),
                    _ => self.takes(pane, typed),
                }
            }
        }
        self.counts.lost_unanswered += self.asked.len();
        self.asked.clear();
        self.writing.clear();
        self.written = self.committed;
        self.monitor_starts();
    }

    fn is_same(&self, pane: usize, instance: &str) -> bool {
        self.panes[pane].alive && self.started(pane).instance == instance
    }

    fn stamp(&mut self) -> Timestamp {
        self.moment += 1;
        self.at() + jiff::SignedDuration::from_micros(self.moment)
    }

    /// The agent takes what was typed.
    fn takes(&mut self, pane: usize, typed: Typed) {
        let at = self.stamp();
        self.panes[pane].composer = None;
        self.panes[pane].transcripts.last_mut().unwrap().push((at, typed.text.clone()));
        for id in typed.ids {
            self.reads(&id, typed.text.contains("sent again"));
        }
    }

    /// The tmux server ends, and every pane with it.
    fn tmux_dies(&mut self) {
        self.counts.tmux += 1;
        for pane in &mut self.panes {
            pane.alive = false;
            pane.composer = None;
        }
        self.event(EventKind::TmuxLost);
    }

    fn reads(&mut self, id: &str, marked: bool) {
        let times = self.read.entry(id.to_owned()).or_default();
        assert!(times.is_empty() || marked, "seed {}: {id} was shown twice, unmarked", self.seed);
        self.counts.repeated += usize::from(!times.is_empty());
        times.push(marked);
    }

    /// The state hears how an agent is.
    fn tell(&mut self, pane: usize) {
        let Pane { alive, idle, .. } = self.panes[pane];
        if alive {
            let status = if idle { Status::Idle } else { Status::Working };
            let evidence = Evidence::new(Source::Screen, "model", self.at()).says(status);
            let place = PaneId(u32::try_from(pane).unwrap());
            let seen = Seen {
                evidence: vec![evidence],
                composer_empty: self.panes[pane].composer.is_none(),
                ..Seen::default()
            };
            self.event(EventKind::Screen { pane: place, seen: Box::new(seen) });
        }
    }

    fn commit(&mut self) {
        while let Some(record) = self.writing.pop_front() {
            self.committed += 1;
            match record {
                Record::Letter { entry, .. } => {
                    let mut entry = *entry;
                    // The body stays in its row.
                    if let Some(known) = self.rows.get(&entry.handoff.id) {
                        entry.handoff = known.handoff.clone();
                    }
                    let id = entry.handoff.id.clone();
                    self.rows.insert(id, Entry { carried: None, staged: None, ..entry });
                }
                Record::Mark { id, mark } => {
                    self.marks.insert(id, mark);
                }
                _ => {}
            }
        }
    }

    fn send(&mut self) {
        self.counts.messages += 1;
        let body = format!("body-{:04}-{}", self.seed % 10_000, self.counts.messages);
        // The same words again, or words that begin with them.
        let before = self.texts.get(self.random.below(self.texts.len() + 1)).cloned();
        let body = match (before, self.random.below(4)) {
            (Some(before), 0) => before,
            (Some(before), 1) => before + " and more",
            _ => body,
        };
        let to = ["a", "b", "c", "d", "@worker"][self.random.below(5)];
        if self.random.one_in(4) {
            let request = SendText {
                swarm: swarm(),
                to: vec![to.parse().unwrap()],
                text: body.clone(),
                fill: false,
                now: false,
                idem_key: None,
            };
            // To everyone of a role the same text goes: told apart by the receiver only.
            if to != "@worker" {
                self.texts.push(body);
                self.ask(None, Request::Send(request), Asked::Send);
            }
            return;
        }
        let from = self.random.below(self.panes.len());
        let mut draft = Draft::new(to.parse().unwrap(), body.clone(), body);
        draft.priority = u8::try_from(1 + self.random.below(5)).unwrap();
        let request = HandoffRequest { swarm: swarm(), draft };
        let from = self.panes[from].alive.then_some(from);
        self.ask(from, Request::Handoff(Box::new(request)), Asked::Send);
    }

    fn step(&mut self) {
        let pane = self.random.below(self.panes.len());
        match self.random.below(20) {
            0..4 => self.send(),
            4..8 => self.commit(),
            8..12 => self.act(false),
            12..14 => {
                self.panes[pane].idle = !self.panes[pane].idle;
                self.tell(pane);
            }
            14..16 if self.panes[pane].alive => self.pull(pane),
            16 => {
                self.clock += [1, 5, 31, 130, 700][self.random.below(5)];
                self.event(EventKind::Tick);
            }
            17 => self.agent_ends_or_starts(pane),
            18 => self.panes[pane].composer = None,
            19 => match self.random.below(8) {
                0 => self.tmux_dies(),
                1..5 => self.monitor_crashes(),
                _ => {}
            },
            _ => {}
        }
    }

    fn agent_ends_or_starts(&mut self, pane: usize) {
        let place = PaneId(u32::try_from(pane).unwrap());
        if self.panes[pane].alive {
            self.panes[pane].alive = false;
            self.panes[pane].composer = None;
            let fact = ProcessFact::Dead { status: Some(0), signal: None };
            self.event(EventKind::Process { pane: place, fact });
        } else {
            self.starts(pane);
        }
    }

    fn starts(&mut self, pane: usize) {
        self.panes[pane].instance += 1;
        self.panes[pane].alive = true;
        self.panes[pane].idle = true;
        // Half of them go on with their conversation.
        if self.random.one_in(2) {
            self.panes[pane].transcripts.push(Vec::new());
        }
        let (agent, outcome) = (self.panes[pane].name.parse().unwrap(), Ok(self.started(pane)));
        // With its pane, by `swarm up`, or in the pane that is still there.
        self.event(EventKind::Built { swarm: swarm(), placed: vec![(agent, outcome)] });
        self.tell(pane);
    }

    /// Nothing goes wrong any more: everything that was accepted must be read now, or be visible as given up.
    fn calm(&mut self) {
        for _ in 0..400 {
            for pane in 0..self.panes.len() {
                if !self.panes[pane].alive {
                    self.starts(pane);
                }
                // A person clears a draft of somebody else.
                self.panes[pane].composer = None;
                self.panes[pane].idle = true;
                self.tell(pane);
                self.pull(pane);
            }
            for _ in 0..4 {
                self.commit();
                while self.acts.iter().any(|(barrier, _)| *barrier <= self.committed) {
                    self.act(true);
                }
            }
            if self.rows.values().all(|e| !e.state.is_pending() || e.is_over() || is_to_human(e)) {
                break;
            }
            self.clock += 60;
            self.event(EventKind::Tick);
        }
    }

    fn check(&mut self) {
        for id in &self.accepted {
            let entry = self.rows.get(id);
            let entry = entry.unwrap_or_else(|| panic!("seed {}: {id} was accepted and is lost", self.seed));
            let read = self.read.get(id).map_or(0, Vec::len);
            let given_up = entry.state.is_bounced();
            self.counts.dead += usize::from(given_up);
            assert!(read > 0 || given_up || is_to_human(entry), "seed {}: never read: {entry:#?}", self.seed);
            assert!(
                !entry.state.is_pending() || entry.is_over() || is_to_human(entry),
                "seed {}: still open: {entry:#?}",
                self.seed
            );
        }
    }
}

fn is_to_human(entry: &Entry) -> bool {
    entry.handoff.draft.to == Address::Human
}

#[test]
fn nothing_is_lost_or_repeated_unmarked_whatever_ends_when() {
    #[expect(clippy::disallowed_methods, reason = "how many schedules is asked by whoever runs the test")]
    let number = |key: &str| std::env::var(key).ok().and_then(|v| v.parse::<u64>().ok());
    let one = number("SWARM_CHAOS_SEED");
    let schedules = number("SWARM_CHAOS").unwrap_or(SCHEDULES);
    let seeds = one.map_or(1..schedules + 1, |seed| seed..seed + 1);
    let mut total = Counts::default();
    let (mut accepted, mut reached) = (0, BTreeMap::<Reached, usize>::new());
    for seed in seeds.clone() {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.clock += i64::from(world.random.one_in(3));
            world.step();
        }
        world.calm();
        world.check();
        accepted += world.accepted.len();
        for id in &world.accepted {
            *reached.entry(world.rows[id].state).or_default() += 1;
        }
        total.crashes += world.counts.crashes;
        total.tmux += world.counts.tmux;
        total.repeated += world.counts.repeated;
        total.dead += world.counts.dead;
        total.lost_unanswered += world.counts.lost_unanswered;
    }
    println!(
        "seeds {}..{}: {accepted} messages accepted, {} crashes of the monitor, {} of tmux, {} marked \
         repetitions, {} given up, {} calls cut off; ended as {reached:?}",
        seeds.start, seeds.end, total.crashes, total.tmux, total.repeated, total.dead, total.lost_unanswered
    );
    assert!(one.is_some() || accepted > 0 && total.crashes > 0 && total.tmux > 0);
}
