//! Codex transcripts that were billed wrong once: each a small file made up, with the truth beside it.

use serde_json::{Value, json};
use swarm::ledger::report::By;

use super::{Ledger, write};

const PARENT: &str = "5f31c28e-81a9-4d59-a865-a766b292c695";
const CHILD: &str = "91a7b0c2-1b7e-4c7d-9d55-0e6f3a1d2c11";

/// A moment of the day of these files.
fn at(minute: u32, second: u32) -> String {
    format!("2026-11-20T12:{minute:02}:{second:02}.000Z")
}

/// Codex's counters: input and output.
fn tokens(input: u64, output: u64) -> Value {
    json!({"input_tokens": input, "cached_input_tokens": 0, "cache_write_input_tokens": 0, "output_tokens": output,
        "reasoning_output_tokens": 0, "total_tokens": input + output})
}

fn meta(id: &str, time: &str, more: &Value) -> Value {
    let mut payload = json!({"id": id, "timestamp": time, "model_provider": "openai"});
    for (key, value) in more.as_object().unwrap() {
        payload[key] = value.clone();
    }
    json!({"timestamp": time, "type": "session_meta", "payload": payload})
}

fn spawned_by(parent: &str) -> Value {
    json!({"source": {"subagent": {"thread_spawn": {"parent_thread_id": parent, "depth": 1}}}})
}

fn context(time: &str) -> Value {
    json!({"timestamp": time, "type": "turn_context", "payload": {"model": "gpt-5.5"}})
}

fn settings(time: &str, settings: &Value) -> Value {
    json!({"timestamp": time, "type": "event_msg",
        "payload": {"type": "thread_settings_applied", "thread_settings": settings}})
}

fn count(time: &str, total: Value, last: Value) -> Value {
    let mut info = json!({});
    info["total_token_usage"] = total;
    info["last_token_usage"] = last;
    json!({"timestamp": time, "type": "event_msg", "payload": {"type": "token_count", "info": info}})
}

fn record(time: &str, thread: &str, id: char, used: Value, total: Value) -> Value {
    let id = format!("resp_{}", id.to_string().repeat(30));
    let mut payload = json!({"thread_id": thread, "response_id": id});
    payload["usage"] = used;
    payload["thread_token_usage"] = total;
    json!({"timestamp": time, "type": "token_usage_record", "payload": payload})
}

/// A Codex home in a ledger of its own.
struct Codex(Ledger);

impl Codex {
    fn new() -> Self {
        Self(Ledger::new())
    }

    /// Writes the rollout of `thread`.
    fn rollout(&self, thread: &str, lines: &[Value]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        write(&self.path(thread), text);
    }

    fn path(&self, thread: &str) -> std::path::PathBuf {
        let name = format!("rollout-2026-11-20T12-00-00-{thread}.jsonl");
        self.0.home.path().join(".codex/sessions/2026/11/20").join(name)
    }

    /// Calls, input, output and dollars after reading everything.
    fn read(&mut self) -> (u64, u64, u64, String) {
        self.0.ingest();
        let total = self.0.report(By::Model).total;
        let usd = total.cost_usd.map(|c| c.to_string()).unwrap_or_default();
        (total.calls, total.input, total.output, usd)
    }
}

/// A tier holds until the settings no longer name it, however they say so.
#[test]
fn a_tier_ends_when_the_settings_name_none() {
    for after in [
        json!({"model": "gpt-5.5", "service_tier": null}),
        json!({"model": "gpt-5.5", "service_tier": ""}),
        json!({"model": "gpt-5.5"}),
        json!({"model": "gpt-5.5", "service_tier": "default"}),
    ] {
        let mut codex = Codex::new();
        codex.rollout(
            PARENT,
            &[
                meta(PARENT, &at(0, 0), &json!({})),
                context(&at(0, 0)),
                settings(&at(0, 0), &json!({"model": "gpt-5.5", "service_tier": "priority"})),
                // A turn says nothing of the tier.
                context(&at(0, 30)),
                record(&at(1, 0), PARENT, '1', tokens(1000, 0), tokens(1000, 0)),
                settings(&at(2, 0), &after),
                record(&at(3, 0), PARENT, '2', tokens(1000, 0), tokens(2000, 0)),
            ],
        );
        assert_eq!(codex.read(), (2, 2000, 0, "0.0175".into()), "{after}");
    }
}

/// Ids that tell no time, and a subagent whose first bill equals its parent's.
#[test]
fn a_subagent_that_begins_at_zero_keeps_its_bills() {
    let (used, one) = (|| tokens(8000, 40), |time: &str| count(time, tokens(8000, 40), tokens(8000, 40)));
    let parent = [
        meta(PARENT, &at(0, 0), &json!({})),
        context(&at(0, 0)),
        one(&at(1, 0)),
        count(&at(2, 0), tokens(16_000, 80), used()),
    ];
    let child = [meta(CHILD, &at(3, 0), &spawned_by(PARENT)), context(&at(3, 0)), one(&at(4, 0))];
    let mut codex = Codex::new();
    codex.rollout(PARENT, &parent);
    codex.rollout(CHILD, &child);
    assert_eq!(codex.read().0, 3, "counts");

    // With usage records, the count before or after each.
    for count_first in [false, true] {
        let pair = |time: &str, thread, id| {
            let mut pair = [record(time, thread, id, used(), used()), one(time)];
            if count_first {
                pair.reverse();
            }
            pair
        };
        let mut parent = vec![meta(PARENT, &at(0, 0), &json!({})), context(&at(0, 0))];
        parent.extend(pair(&at(1, 0), PARENT, '1'));
        let mut child = vec![meta(CHILD, &at(3, 0), &spawned_by(PARENT)), context(&at(3, 0))];
        child.extend(pair(&at(4, 0), CHILD, '2'));
        let mut codex = Codex::new();
        codex.rollout(PARENT, &parent);
        codex.rollout(CHILD, &child);
        assert_eq!(codex.read().0, 2, "records, count first: {count_first}");
    }
}

/// A fork repeats its parent's records and counts in either order, with the original or with new times.
#[test]
fn a_fork_repeats_counts_and_records_of_one_response() {
    for (count_first, restamped) in [(false, false), (false, true), (true, false), (true, true)] {
        let history = |time: &dyn Fn(u32) -> String| {
            let mut lines = Vec::new();
            for (n, id) in [(1, '1'), (2, '2'), (3, '3')] {
                let (used, total) = (tokens(1000, 10), tokens(1000 * u64::from(n), 10 * u64::from(n)));
                let mut pair =
                    [record(&time(n), PARENT, id, used.clone(), total.clone()), count(&time(n), total, used)];
                if count_first {
                    pair.reverse();
                }
                lines.extend(pair);
            }
            lines
        };
        let mut parent = vec![meta(PARENT, &at(0, 0), &json!({})), context(&at(0, 0))];
        parent.extend(history(&|n| at(n, 0)));
        let mut fork = vec![meta(CHILD, &at(5, 0), &json!({"forked_from_id": PARENT})), context(&at(5, 0))];
        fork.extend(history(&|n| if restamped { at(5, 0) } else { at(n, 0) }));
        fork.push(record(&at(6, 0), CHILD, '4', tokens(500, 5), tokens(3500, 35)));
        let mut codex = Codex::new();
        codex.rollout(PARENT, &parent);
        codex.rollout(CHILD, &fork);
        let (calls, input, output, _) = codex.read();
        assert_eq!((calls, input, output), (4, 3500, 35), "{count_first} {restamped}");
    }
}

/// The parent goes on after the fork, and both use the same: what is stamped later is no copy.
#[test]
fn a_fork_is_billed_for_what_its_parent_was_billed_for_later() {
    let one = |time: &str, n: u64| count(time, tokens(1000 * n, 10 * n), tokens(1000, 10));
    let mut codex = Codex::new();
    codex.rollout(
        PARENT,
        &[
            meta(PARENT, &at(0, 0), &json!({})),
            context(&at(0, 0)),
            one(&at(1, 0), 1),
            one(&at(2, 0), 2),
            one(&at(8, 0), 3),
        ],
    );
    codex.rollout(
        CHILD,
        &[
            meta(CHILD, &at(5, 0), &json!({"forked_from_id": PARENT})),
            context(&at(5, 0)),
            one(&at(5, 0), 1),
            one(&at(6, 0), 2),
        ],
    );
    assert_eq!(codex.read().0, 4);
}

/// What is left of a file that was cut at its beginning is the same thread, with the same model.
#[test]
fn a_rewritten_file_without_its_first_lines_changes_nothing() {
    let one = |time: &str, n: u64| count(time, tokens(1000 * n, 10 * n), tokens(1000, 10));
    let all = [
        meta(PARENT, &at(0, 0), &json!({})),
        context(&at(0, 0)),
        one(&at(1, 0), 1),
        one(&at(2, 0), 2),
        one(&at(3, 0), 3),
    ];
    let truth = (3, 3000, 30, "0.0159".to_owned());
    let mut codex = Codex::new();
    codex.rollout(PARENT, &all);
    assert_eq!(codex.read(), truth);
    codex.rollout(PARENT, &all[3..]);
    assert_eq!(codex.read(), truth, "cut");
    let more: Vec<Value> = all[3..].iter().cloned().chain([one(&at(4, 0), 4)]).collect();
    codex.rollout(PARENT, &more);
    assert_eq!(codex.read(), (4, 4000, 40, "0.0212".into()), "and it goes on");
    codex.rollout(PARENT, &all);
    assert_eq!(codex.read().0, 4, "the first lines are back");

    // Rotated: what was read lies under another name, and the rest begins anew.
    let mut codex = Codex::new();
    codex.rollout(PARENT, &all[..3]);
    assert_eq!(codex.read().0, 1);
    std::fs::rename(codex.path(PARENT), codex.path(PARENT).with_extension("1.jsonl")).unwrap();
    codex.rollout(PARENT, &all[2..]);
    assert_eq!(codex.read(), truth, "rotated");
}
