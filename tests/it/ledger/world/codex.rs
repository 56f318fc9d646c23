//! Codex threads, with what its versions differ in.

use super::*;

impl World {
    /// A Codex thread with forks and subagents of it.
    pub(super) fn codex_family(&mut self, dice: &mut Dice, n: u64) {
        let kind = Kind {
            records: dice.one_in(2),
            count_first: dice.one_in(2),
            timed: dice.one_in(2),
            constant: dice.one_in(3),
        };
        let mut ms = START_MS + dice.below(5 * 86_400_000) as i64;
        let turns = 1 + dice.below(6);
        let parent = Thread::grow(self, dice, &kind, &format!("{n}"), None, &mut ms, turns);
        self.rollout(dice, &kind, "10", &parent);
        for child in 0..dice.below(3) {
            ms += 60_000;
            let turns = dice.below(4);
            let made =
                Thread::grow(self, dice, &kind, &format!("{n}-{child}"), Some(&parent), &mut ms, turns);
            self.rollout(dice, &kind, "11", &made);
        }
    }

    /// Writes a thread's file, sometimes compressed, sometimes archived as well.
    fn rollout(&mut self, dice: &mut Dice, kind: &Kind, day: &str, thread: &Thread) {
        let bytes = join(thread.lines.clone());
        let name = format!("rollout-2026-03-{day}T00-00-00-{}.jsonl", thread.id);
        if dice.one_in(6) {
            self.files.insert(format!(".codex/archived_sessions/{name}"), bytes.clone());
        }
        let path = format!(".codex/sessions/2026/03/{day}/{name}");
        // Of a compressed file only its name tells whose it is before it is read.
        if kind.timed && dice.one_in(4) {
            let bytes =
                ruzstd::encoding::compress_to_vec(&bytes[..], ruzstd::encoding::CompressionLevel::Fastest);
            self.files.insert(format!("{path}.zst"), bytes);
        } else {
            self.files.insert(path, bytes);
        }
    }
}

/// What the versions of Codex differ in, for a whole family.
struct Kind {
    /// It writes usage records.
    records: bool,
    /// The count of a response comes before its record.
    count_first: bool,
    /// Ids tell their time (UUID version 7), and turns have ids.
    timed: bool,
    /// Every response uses the same: totals of different threads are equal.
    constant: bool,
}

impl Kind {
    fn id(&self, ms: i64, salt: u64, name: &str) -> String {
        if self.timed {
            let hex = format!("{ms:012x}");
            return format!("{}-{}-7{:03x}-8000-{salt:012x}", &hex[..8], &hex[8..], salt % 4096);
        }
        format!("thread-{name}")
    }
}

/// A Codex thread while it is made up.
struct Thread {
    id: String,
    lines: Vec<Vec<u8>>,
    /// Input, cached, written, output.
    total: [u64; 4],
    /// The service of its settings.
    service: &'static str,
    /// What of it a fork would repeat: lines with their time.
    history: Vec<Value>,
}

impl Thread {
    fn grow(
        world: &mut World,
        dice: &mut Dice,
        kind: &Kind,
        name: &str,
        parent: Option<&Self>,
        ms: &mut i64,
        responses: u64,
    ) -> Self {
        let id = kind.id(*ms, world.id(), name);
        let mut meta = json!({"timestamp": time(*ms), "type": "session_meta",
            "payload": {"id": id, "timestamp": time(*ms), "model_provider": "openai"}});
        let mut thread = Self { id, lines: Vec::new(), total: [0; 4], service: "", history: Vec::new() };
        // A fork repeats its parent, with the original or new times; a subagent begins at zero.
        let fork = parent.filter(|_| dice.one_in(2));
        if let Some(parent) = parent {
            if fork.is_some() {
                meta["payload"]["forked_from_id"] = json!(parent.id);
            } else {
                meta["payload"]["source"] =
                    json!({"subagent": {"thread_spawn": {"parent_thread_id": parent.id, "depth": 1}}});
            }
        }
        thread.lines.push(line(dice, &meta));
        if let Some(parent) = fork {
            let restamp = dice.one_in(2);
            for value in &parent.history {
                let mut value = value.clone();
                if restamp {
                    value["timestamp"] = json!(time(*ms));
                }
                thread.lines.push(line(dice, &value));
                thread.history.push(value);
            }
            thread.total = parent.total;
        }
        let context =
            json!({"timestamp": time(*ms), "type": "turn_context", "payload": {"model": "gpt-5.5"}});
        thread.lines.push(line(dice, &context));
        for _ in 0..responses {
            *ms += 20_000 + dice.below(30_000_000) as i64;
            thread.respond(world, dice, kind, ms);
        }
        thread
    }

    /// Sometimes another service tier: a snapshot of all settings, in which none is null, empty or left out.
    fn settle(&mut self, dice: &mut Dice, ms: i64) {
        if !dice.one_in(3) {
            return;
        }
        let mut settings = json!({"model": "gpt-5.5", "model_provider_id": "openai"});
        let (service, word) = dice.pick(&[
            ("", Some("default")),
            ("", Some("")),
            ("", None),
            ("priority", Some("priority")),
            ("priority", Some("fast")),
            ("flex", Some("flex")),
            ("batch", Some("batch")),
        ]);
        if word.is_some() || dice.one_in(2) {
            settings["service_tier"] = json!(word);
        }
        self.service = service;
        let event = json!({"timestamp": time(ms), "type": "event_msg",
            "payload": {"type": "thread_settings_applied", "thread_settings": settings}});
        self.lines.push(line(dice, &event));
    }

    fn respond(&mut self, world: &mut World, dice: &mut Dice, kind: &Kind, now: &mut i64) {
        let ms = *now;
        self.settle(dice, ms);
        let mut made = Vec::new();
        let turn = kind.timed.then(|| kind.id(ms, world.id(), ""));
        if let Some(turn) = &turn {
            made.push(json!({"timestamp": time(ms), "type": "turn_context",
                "payload": {"turn_id": turn, "model": "gpt-5.5"}}));
        }
        let cached = dice.below(200_000);
        let last = match kind.constant {
            true => [8000, 0, 0, 40],
            false => [1 + cached + dice.below(100_000), cached, 0, 1 + dice.below(5000)],
        };
        for (total, last) in self.total.iter_mut().zip(last) {
            *total += last;
        }
        let used = Used {
            input: i128::from(last[0] - last[1]),
            output: i128::from(last[3]),
            read: i128::from(last[1]),
            ..Used::default()
        };
        world.bill(ms, "gpt-5.5", used, How { service: self.service, ..PLAIN }, None);
        let shape = |v: [u64; 4]| {
            json!({"input_tokens": v[0], "cached_input_tokens": v[1], "cache_write_input_tokens": v[2],
                "output_tokens": v[3], "reasoning_output_tokens": v[3] / 2, "total_tokens": v[0] + v[3]})
        };
        let mut info = json!({"total_token_usage": shape(self.total), "model_context_window": 258_400});
        if kind.records || !dice.one_in(5) {
            info["last_token_usage"] = shape(last);
        }
        let count = json!({"timestamp": time(ms + 1), "type": "event_msg",
            "payload": {"type": "token_count", "info": info, "rate_limits": null}});
        let mut pair = vec![count.clone()];
        if kind.records {
            let response = format!("resp_{:032}", world.id());
            let record = json!({"timestamp": time(ms), "type": "token_usage_record", "payload": {"thread_id": self.id,
                "turn_id": turn, "response_id": response, "usage": shape(last), "thread_token_usage": shape(self.total)}});
            pair.insert(usize::from(kind.count_first), record);
        }
        made.extend(pair);
        self.lines.extend(made.iter().map(|v| line(dice, v)));
        if dice.one_in(3) {
            // The same total again, later.
            let mut again = count;
            *now += 90_000_000;
            again["timestamp"] = json!(time(*now));
            self.lines.push(line(dice, &again));
        }
        if dice.one_in(4) {
            self.lines.push(br#"{"timestamp":"2026-03-10T00:00:00.000Z","type":"event_msg","payload":{"type":"token_count","info":null}}"#.to_vec());
        }
        self.history.extend(made);
    }
}
