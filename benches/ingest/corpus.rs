//! A corpus of Claude Code and Codex transcripts as large as asked for: the same seed makes the same bytes.
//!
//! Shaped like real ones: most bytes are prompts, tool results and snapshots that bill nothing; a response is one to
//! four lines; a part of the sessions is resumed copies, subagents and forks.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::json;

/// SplitMix64.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }
}

/// 2026-10-01T00:00:00Z; the corpus spans fifty days from here.
const START_MS: i64 = 1_790_812_800_000;
const MODELS: [&str; 4] =
    ["claude-opus-5-5", "claude-sonnet-5-5", "claude-sonnet-4-5-20250929", "claude-opus-5"];

fn time(ms: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(ms).expect("a moment of this century"))
}

/// Text of about `n` bytes as agents read and write it.
fn prose(dice: &mut Dice, n: u64) -> String {
    const WORDS: [&str; 12] = [
        "fn main() {\n",
        "    let value = read(&path)?;\n",
        "the test fails because ",
        "error[E0382]: ",
        "\"quoted\" ",
        "\tindented\n",
        "src/ledger/read.rs:120:17 ",
        "usage of the cache ",
        "{\"json\": [1, 2, 3]} ",
        "naïve café ",
        "it should return None here. ",
        "\u{1f980} ",
    ];
    let mut text = String::with_capacity(n as usize + 40);
    while (text.len() as u64) < n {
        text.push_str(WORDS[dice.below(WORDS.len() as u64) as usize]);
    }
    text
}

/// Writes about `bytes` bytes of transcripts below `home`: three quarters Claude Code, one quarter Codex. Answers how
/// many it wrote.
pub(crate) fn write(home: &Path, bytes: u64) -> io::Result<u64> {
    let mut dice = Dice(2026);
    let (mut written, mut session, mut id) = (0, 0, 0);
    let mut last: Vec<String> = Vec::new();
    while written < bytes * 3 / 4 {
        session += 1;
        written += claude(home, &mut dice, session, &mut id, &mut last)?;
    }
    while written < bytes {
        session += 1;
        written += codex(home, &mut dice, session, &mut id)?;
    }
    Ok(written)
}

struct Out {
    file: BufWriter<File>,
    bytes: u64,
}

impl Out {
    fn create(path: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        Ok(Self { file: BufWriter::with_capacity(1 << 20, File::create(path)?), bytes: 0 })
    }

    fn line(&mut self, text: &str) -> io::Result<()> {
        self.bytes += text.len() as u64 + 1;
        self.file.write_all(text.as_bytes())?;
        self.file.write_all(b"\n")
    }
}

fn claude(home: &Path, dice: &mut Dice, n: u64, id: &mut u64, last: &mut Vec<String>) -> io::Result<u64> {
    let session = format!("5e551000-0000-4000-8000-{n:012}");
    let mut ms = START_MS + dice.below(49 * 86_400_000) as i64;
    let directory = home.join(format!(".claude/projects/-home-user-project-{}", n % 12));
    let mut out = Out::create(&directory.join(format!("{session}.jsonl")))?;
    let mut sub = None;
    if n.is_multiple_of(10) {
        // A resumed session begins with a copy of another's lines.
        for line in last.iter() {
            out.line(line)?;
        }
    }
    let mut copy = Vec::new();
    for turn in 0..20 + dice.below(120) {
        ms += 1000 + dice.below(60_000) as i64;
        let size = 300 + dice.below(12_000);
        out.line(&json!({"parentUuid": format!("p{turn}"), "isSidechain": false, "userType": "external", "cwd": "/home/user/project",
            "sessionId": session, "version": "2.1.329", "type": "user", "message": {"role": "user", "content": [{
            "type": "tool_result", "tool_use_id": format!("toolu_{turn}"), "content": prose(dice, size)}]},
            "uuid": format!("u{n}-{turn}"), "timestamp": time(ms)}).to_string())?;
        if dice.below(12) == 0 {
            let size = 2000 + dice.below(60_000);
            out.line(
                &json!({"type": "file-history-snapshot", "messageId": format!("m{turn}"), "snapshot": {
                "trackedFileBackups": {"a": prose(dice, size)}, "timestamp": time(ms)}})
                .to_string(),
            )?;
        }
        let lines = response(dice, &session, ms, id, false);
        for line in &lines {
            out.line(line)?;
        }
        copy.extend(lines);
        if dice.below(15) == 0 {
            let path = directory.join(format!("{session}/subagents/agent-{n}.jsonl"));
            let sub = match &mut sub {
                Some(sub) => sub,
                None => sub.insert(Out::create(&path)?),
            };
            for line in response(dice, &session, ms + 1, id, true) {
                sub.line(&line)?;
                out.line(&format!(
                    "{{\"type\":\"progress\",\"timestamp\":\"{}\",\"sessionId\":\"{session}\",\"data\":{{\"type\":\"agent_progress\",\"message\":{line}}}}}",
                    time(ms + 2)
                ))?;
            }
        }
    }
    *last = copy;
    Ok(out.bytes + sub.map_or(0, |s| s.bytes))
}

/// The lines of one response.
fn response(dice: &mut Dice, session: &str, ms: i64, id: &mut u64, sidechain: bool) -> Vec<String> {
    *id += 1;
    let model = MODELS[dice.below(MODELS.len() as u64) as usize];
    let (w5, w1h) = if dice.below(5) == 0 { (dice.below(9000), 0) } else { (0, 1 + dice.below(9000)) };
    let (input, read, output) = (dice.below(900), dice.below(150_000), 1 + dice.below(4000));
    let blocks = 1 + dice.below(3);
    let lines = (1..=blocks).map(|block| {
        let size = 100 + dice.below(2500);
        let so_far = if block == blocks { output } else { 1 + output * block / (blocks + 1) };
        json!({"parentUuid": format!("p{id}"), "isSidechain": sidechain, "userType": "external", "cwd": "/home/user/project",
            "sessionId": session, "version": "2.1.329", "gitBranch": "main", "message": {"id": format!("msg_{id:024}"),
            "type": "message", "role": "assistant", "model": model, "content": [{"type": "text", "text": prose(dice, size)}],
            "stop_reason": null, "usage": {"input_tokens": input, "cache_creation_input_tokens": w5 + w1h,
            "cache_read_input_tokens": read, "output_tokens": so_far, "service_tier": "standard",
            "cache_creation": {"ephemeral_5m_input_tokens": w5, "ephemeral_1h_input_tokens": w1h},
            "inference_geo": "", "speed": "standard"}}, "requestId": format!("req_{id:024}"), "type": "assistant",
            "uuid": format!("u{id}-{block}"), "timestamp": time(ms)}).to_string()
    });
    lines.collect()
}

fn codex(home: &Path, dice: &mut Dice, n: u64, id: &mut u64) -> io::Result<u64> {
    let thread = format!("01a1fac0-f06f-7141-85fd-{n:012}");
    let mut ms = START_MS + dice.below(49 * 86_400_000) as i64;
    let day = time(ms)[..10].replace('-', "/");
    let name = format!(".codex/sessions/{day}/rollout-{}-{thread}.jsonl", time(ms)[..19].replace(':', "-"));
    let mut out = Out::create(&home.join(name))?;
    let instructions = prose(dice, 18_000);
    out.line(&json!({"timestamp": time(ms), "type": "session_meta", "payload": {"id": thread, "timestamp": time(ms),
        "model_provider": "openai", "base_instructions": {"text": instructions}}}).to_string())?;
    out.line(&json!({"timestamp": time(ms), "type": "turn_context", "payload": {"turn_id": "t", "model": "gpt-5.5"}}).to_string())?;
    let mut total = [0; 4];
    for _ in 0..20 + dice.below(150) {
        ms += 1000 + dice.below(60_000) as i64;
        *id += 1;
        for kind in ["function_call_output", "message", "reasoning"] {
            let size = 200 + dice.below(6000);
            out.line(&format!(
                "{{\"timestamp\":\"{}\",\"type\":\"response_item\",\"payload\":{}}}",
                time(ms),
                json!({"type": kind, "output": prose(dice, size)})
            ))?;
        }
        let cached = dice.below(100_000);
        let last = [cached + dice.below(20_000), cached, 0, 1 + dice.below(3000)];
        for (total, last) in total.iter_mut().zip(last) {
            *total += last;
        }
        let shape = |v: [u64; 4]| {
            json!({"input_tokens": v[0], "cached_input_tokens": v[1], "cache_write_input_tokens": v[2],
                "output_tokens": v[3], "reasoning_output_tokens": v[3] / 2, "total_tokens": v[0] + v[3]})
        };
        out.line(&format!(
            "{{\"timestamp\":\"{}\",\"type\":\"event_msg\",\"payload\":{{\"type\":\"token_count\",\"info\":{},\"rate_limits\":null}}}}",
            time(ms),
            json!({"total_token_usage": shape(total), "last_token_usage": shape(last), "model_context_window": 258_400})
        ))?;
    }
    Ok(out.bytes)
}
