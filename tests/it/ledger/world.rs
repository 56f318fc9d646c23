//! Transcripts made up together with the truth about them.
//!
//! The truth is built from what was billed, with prices written down here: nothing of it comes from the program.

mod codex;

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// A small generator of numbers (SplitMix64): the same seed makes the same world.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// What is true of a group: calls, input, output, cache read, written 5 m and 1 h, pico-dollars, unpriced calls.
pub(super) type Sums = [i128; 8];

/// Everything that was billed, by day (UTC) and by model.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Truth {
    pub(super) by_day: BTreeMap<String, Sums>,
    pub(super) by_model: BTreeMap<String, Sums>,
}

/// Tokens of one response.
#[derive(Debug, Clone, Copy, Default)]
struct Used {
    input: i128,
    output: i128,
    read: i128,
    w5: i128,
    w1h: i128,
    searches: i128,
}

/// Pico-dollars for one token: input, output, cache read, 5 m, 1 h.
type Rates = [i128; 5];

/// Prices from the vendors' pages, by model and moment, with the steps for large prompts.
fn rates(model: &str, at: &str, prompt: i128) -> Option<Rates> {
    Some(match model {
        "claude-opus-5-5" => [4_000_000, 20_000_000, 200_000, 5_000_000, 8_000_000],
        "claude-haiku-5-5" if prompt > 100_000 => [500_000, 2_500_000, 50_000, 625_000, 1_000_000],
        "claude-haiku-5-5" => [100_000, 500_000, 10_000, 125_000, 200_000],
        "claude-sonnet-4-6" | "claude-sonnet-4-6[1m]" if at < "2026-03-13" && prompt > 200_000 => {
            [6_000_000, 22_500_000, 600_000, 7_500_000, 12_000_000]
        }
        "claude-sonnet-4-6" | "claude-sonnet-4-6[1m]" => {
            [3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000]
        }
        "claude-opus-4-1-20250805" => [15_000_000, 75_000_000, 1_500_000, 18_750_000, 30_000_000],
        "gpt-5.5" if prompt > 272_000 => [10_000_000, 45_000_000, 1_000_000, 10_000_000, 0],
        "gpt-5.5" => [5_000_000, 30_000_000, 500_000, 5_000_000, 0],
        _ => return None,
    })
}

/// The same for a service other than the usual one; a rate that nobody lists is `None`.
fn service_rates(service: &str, model: &str, at: &str, prompt: i128) -> Option<[Option<i128>; 5]> {
    let listed = |[i, o, r, w5, w1h]: [i128; 5]| Some([i, o, r, w5, w1h].map(|n| (n >= 0).then_some(n)));
    match (service, model) {
        // A batch writes for five minutes only.
        ("batch", "claude-opus-5-5") => listed([2_000_000, 10_000_000, 100_000, 2_500_000, -1]),
        ("batch", "claude-haiku-5-5") if prompt > 100_000 => {
            listed([250_000, 1_250_000, 25_000, 312_500, -1])
        }
        ("batch", "claude-haiku-5-5") => listed([50_000, 250_000, 5_000, 62_500, -1]),
        // What a batch cost before the last change of price was not recorded.
        ("batch", "claude-sonnet-4-6" | "claude-sonnet-4-6[1m]") if at >= "2026-03-13" => {
            listed([1_500_000, 7_500_000, 150_000, 1_875_000, -1])
        }
        ("batch", name) if name.starts_with("claude") => None,
        ("flex" | "batch", "gpt-5.5") if prompt > 272_000 => {
            listed([5_000_000, 22_500_000, 500_000, 5_000_000, 0])
        }
        ("flex" | "batch", "gpt-5.5") => listed([2_500_000, 15_000_000, 250_000, 2_500_000, 0]),
        // Large prompts are not sold with priority: they are billed as usual.
        ("priority", "gpt-5.5") if prompt <= 272_000 => {
            listed([12_500_000, 75_000_000, 1_250_000, 12_500_000, 0])
        }
        _ => rates(model, at, prompt).and_then(listed),
    }
}

/// How a response was bought: a factor on the price of its tokens, and the service.
#[derive(Debug, Clone, Copy)]
struct How {
    factor: (i128, i128),
    service: &'static str,
}

const PLAIN: How = How { factor: (1, 1), service: "" };

const CLAUDE_MODELS: [&str; 6] = [
    "claude-opus-5-5",
    "claude-haiku-5-5",
    "claude-sonnet-4-6",
    "claude-sonnet-4-6[1m]",
    "claude-opus-4-1-20250805",
    "claude-unheard-of",
];

/// Files by their path below the home directory, and the truth about them.
#[derive(Default)]
pub(super) struct World {
    pub(super) files: BTreeMap<String, Vec<u8>>,
    pub(super) truth: Truth,
    ids: u64,
}

/// 2026-03-10T00:00:00Z: the generated days lie around a change of price.
const START_MS: i64 = 1_773_100_800_000;

fn time(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).unwrap())
}

impl World {
    /// The world of `seed`.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut world = Self::default();
        let mut past: Vec<(String, String, Vec<Value>)> = Vec::new();
        for n in 0..=dice.below(4) {
            world.claude_session(&mut dice, n, &mut past);
        }
        for n in 0..dice.below(4) {
            world.codex_family(&mut dice, n);
        }
        world
    }

    fn id(&mut self) -> u64 {
        self.ids += 1;
        self.ids
    }

    fn bill(&mut self, ms: i64, model: &str, used: Used, how: How, reported: Option<i128>) {
        let day = time(ms)[..10].to_owned();
        let prompt = used.input + used.read + used.w5 + used.w1h;
        let priced = service_rates(how.service, model, &day, prompt).and_then(|rates| {
            let used = [used.input, used.output, used.read, used.w5, used.w1h];
            let parts = used.iter().zip(rates).filter(|(tokens, _)| **tokens > 0);
            let tokens: Option<i128> = parts.map(|(tokens, rate)| Some(tokens * rate?)).sum();
            Some(tokens? * how.factor.0 / how.factor.1)
        });
        let priced = priced.map(|tokens| tokens + used.searches * 10_000_000_000);
        let cost = reported.or(priced);
        let sums = [
            1,
            used.input,
            used.output,
            used.read,
            used.w5,
            used.w1h,
            cost.unwrap_or(0),
            i128::from(cost.is_none()),
        ];
        for (group, key) in [(&mut self.truth.by_day, day), (&mut self.truth.by_model, model.to_owned())] {
            let held = group.entry(key).or_default();
            for (held, new) in held.iter_mut().zip(sums) {
                *held += new;
            }
        }
    }

    fn used(dice: &mut Dice) -> Used {
        let mut used = Used {
            input: i128::from(dice.below(3000)),
            output: i128::from(1 + dice.below(2000)),
            read: i128::from(dice.below(60_000)),
            ..Used::default()
        };
        if dice.one_in(4) {
            used.read += 220_000;
        }
        match dice.below(4) {
            0 => used.w5 = i128::from(dice.below(20_000)),
            1 => used.w1h = i128::from(dice.below(20_000)),
            2 => (used.w5, used.w1h) = (i128::from(dice.below(9000)), i128::from(1 + dice.below(9000))),
            _ => {}
        }
        if dice.one_in(12) {
            used.searches = i128::from(1 + dice.below(3));
        }
        used
    }

    /// One session: its file, its subagent's, copies in a resumed session and in a side question.
    fn claude_session(&mut self, dice: &mut Dice, n: u64, past: &mut Vec<(String, String, Vec<Value>)>) {
        let session = format!("5e551000-0000-4000-8000-{n:012}");
        let mut lines: Vec<Vec<u8>> = Vec::new();
        let mut sub: Vec<Vec<u8>> = Vec::new();
        let mut values = Vec::new();
        let mut ms = START_MS + dice.below(5 * 86_400_000) as i64;
        if let Some((_, old, copied)) = past.get(dice.below(2 * past.len() as u64 + 1) as usize) {
            // A resumed session begins with a copy, under the new session's id or the old one's.
            let rename = dice.one_in(2);
            for value in &copied[..dice.below(copied.len() as u64 + 1) as usize] {
                let mut value = value.clone();
                if rename && value["requestId"].is_string() {
                    value["sessionId"] = json!(session);
                } else {
                    value["sessionId"] = json!(old);
                }
                lines.push(line(dice, &value));
            }
        }
        for _ in 0..=dice.below(12) {
            ms += 1 + dice.below(40_000_000) as i64;
            match dice.below(14) {
                0 => lines.push(b"{\"type\":\"assistant\",\"message\":{\"id\":\"torn\",\"usage\":{\"input_tok".to_vec()),
                1 => lines.push(br#"{"type":"user","toolUseResult":{"usage":{"input_tokens":9999,"output_tokens":9}}}"#.to_vec()),
                2 => self.legacy(dice, ms, &session, &mut lines),
                3 => lines.push(line(dice, &json!({"type": "assistant", "timestamp": time(ms), "sessionId": session,
                    "isApiErrorMessage": true, "message": {"id": format!("err{}", self.id()), "model": "<synthetic>",
                    "usage": {"input_tokens": 0, "output_tokens": 0}}}))),
                4 => lines.push(vec![0; 1 + dice.below(40) as usize]),
                5 => self.subagent(dice, ms, &session, &mut lines, &mut sub),
                6 => self.gateway(dice, ms, &session, &mut lines),
                _ => {
                    let made = self.response(dice, ms, &session, false);
                    lines.extend(made.iter().map(|v| line(dice, v)));
                    values.extend(made);
                }
            }
        }
        if dice.one_in(2) {
            // A side question replays messages under other request ids.
            let copies = values.iter().map(|v| {
                let mut v = v.clone();
                v["isSidechain"] = json!(true);
                if v["requestId"].is_string() {
                    v["requestId"] = json!(format!("other{}", self.ids));
                }
                line(dice, &v)
            });
            let copies = join(copies.collect());
            self.files.insert(format!(".claude/projects/p/btw-{session}.jsonl"), copies);
        }
        if !sub.is_empty() {
            self.files.insert(format!(".claude/projects/p/{session}/subagents/agent-1.jsonl"), join(sub));
        }
        let path = format!(".claude/projects/p/{session}.jsonl");
        self.files.insert(path.clone(), join(lines));
        past.push((path, session, values));
    }

    /// One response as the one to four lines that Claude Code writes of it.
    fn response(&mut self, dice: &mut Dice, ms: i64, session: &str, sidechain: bool) -> Vec<Value> {
        let id = self.id();
        let model = dice.pick(&CLAUDE_MODELS);
        let used = Self::used(dice);
        let (fast, us) =
            (model == "claude-opus-5-5" && dice.one_in(4), model == "claude-opus-5-5" && dice.one_in(4));
        let factor = match (fast, us) {
            (true, true) => (22, 10),
            (true, false) => (2, 1),
            (false, true) => (11, 10),
            (false, false) => (1, 1),
        };
        // Priority is bought by contract, at the usual price.
        let tier = if factor == (1, 1) {
            dice.pick(&["standard", "standard", "priority", "batch"])
        } else {
            "standard"
        };
        let how = How { factor, service: if tier == "batch" { "batch" } else { "" } };
        let mut iterations = Vec::new();
        if factor == (1, 1) && tier == "standard" && dice.one_in(8) {
            let advisor = Used { input: i128::from(1 + dice.below(500)), output: 7, ..Used::default() };
            iterations.push(json!({"type": "message", "input_tokens": 1, "output_tokens": 1}));
            iterations.push(json!({"type": "advisor_message", "model": "claude-opus-4-1-20250805",
                "input_tokens": advisor.input as u64, "output_tokens": 7}));
            self.bill(ms, "claude-opus-4-1-20250805", advisor, PLAIN, None);
        }
        self.bill(ms, model, used, how, None);
        let blocks = 1 + dice.below(4);
        let split = used.w1h > 0 || dice.one_in(2);
        let whole = (1..=blocks).map(|block| {
            let output = if block == blocks { used.output } else { used.output * i128::from(block) / i128::from(blocks + 1) };
            let mut usage = json!({
                "input_tokens": used.input as u64,
                "output_tokens": output as u64,
                "cache_read_input_tokens": used.read as u64,
                "cache_creation_input_tokens": (used.w5 + used.w1h) as u64,
                "service_tier": tier,
                "speed": if fast { "fast" } else { "standard" },
                "inference_geo": if us { "us" } else { "" },
                "server_tool_use": {"web_search_requests": used.searches as u64},
                "iterations": iterations,
            });
            if split {
                usage["cache_creation"] =
                    json!({"ephemeral_5m_input_tokens": used.w5 as u64, "ephemeral_1h_input_tokens": used.w1h as u64});
            }
            json!({"type": "assistant", "timestamp": time(ms), "sessionId": session, "isSidechain": sidechain,
                "requestId": format!("req{id}"), "uuid": format!("u{id}-{block}"), "parent": {"id": null},
                "message": {"id": format!("msg{id}"), "role": "assistant", "model": model, "usage": usage,
                    "content": [{"type": "text", "text": "a \"usage\" quoted \n and \u{1f980}"}]}})
        });
        whole.collect()
    }

    /// A record of the first versions: no ids, and the price.
    fn legacy(&mut self, dice: &mut Dice, ms: i64, session: &str, lines: &mut Vec<Vec<u8>>) {
        let used = Used {
            input: i128::from(dice.below(900)),
            output: i128::from(1 + dice.below(90)),
            ..Used::default()
        };
        let micro = i128::from(dice.below(5_000_000));
        self.bill(ms, "claude-opus-4-1-20250805", used, PLAIN, Some(micro * 1_000_000));
        lines.push(line(
            dice,
            &json!({"timestamp": time(ms), "sessionId": session, "version": "1.0.3",
            "costUSD": micro as f64 / 1e6, "message": {"model": "claude-opus-4-1-20250805",
            "usage": {"input_tokens": used.input as u64, "output_tokens": used.output as u64}}}),
        ));
    }

    /// A gateway's response: no request id, and an id that every session uses again.
    fn gateway(&mut self, dice: &mut Dice, ms: i64, session: &str, lines: &mut Vec<Vec<u8>>) {
        let used = Used {
            input: i128::from(dice.below(900)),
            output: i128::from(2 + dice.below(90)),
            ..Used::default()
        };
        let id = format!("chatcmpl-{}", lines.len());
        self.bill(ms, "claude-unheard-of", used, PLAIN, None);
        for output in [1, used.output] {
            lines.push(line(
                dice,
                &json!({"type": "assistant", "timestamp": time(ms), "sessionId": session,
                "message": {"id": id, "model": "claude-unheard-of",
                "usage": {"input_tokens": used.input as u64, "output_tokens": output as u64}}}),
            ));
        }
    }

    /// A subagent's response: its own file, and an echo in the parent's.
    fn subagent(
        &mut self,
        dice: &mut Dice,
        ms: i64,
        session: &str,
        lines: &mut Vec<Vec<u8>>,
        sub: &mut Vec<Vec<u8>>,
    ) {
        let made = self.response(dice, ms, session, true);
        for value in &made {
            sub.push(line(dice, value));
            if dice.one_in(2) {
                lines.push(line(
                    dice,
                    &json!({"type": "progress", "timestamp": time(ms + 500), "sessionId": session,
                    "data": {"type": "agent_progress", "message": value}}),
                ));
            }
        }
    }
}

/// One line of JSON, sometimes with blanks between everything, sometimes glued to the torn rest of another.
fn line(dice: &mut Dice, value: &Value) -> Vec<u8> {
    let mut text = value.to_string();
    if dice.one_in(6) {
        let pretty = serde_json::to_string_pretty(value).unwrap();
        text = pretty.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    }
    if dice.one_in(25) {
        text = format!("{{\"type\":\"assistant\",\"mess{text}");
    }
    if dice.one_in(25) {
        text = format!("\0\0\0{text}\r");
    }
    text.into_bytes()
}

fn join(lines: Vec<Vec<u8>>) -> Vec<u8> {
    lines
        .into_iter()
        .flat_map(|mut line| {
            line.push(b'\n');
            line
        })
        .collect()
}
