//! How full a conversation's context window is, from what its transcript says.
//!
//! Used is what the last main-chain request sent: input, cache read and cache write. The window comes from the
//! transcript where it says it, else from the price list's model table.

use super::prices::PriceBook;
use super::usage::{ContextSample, Source};
use crate::status::{self, ContextUsage};

/// Claude Code's window unless the larger one was chosen, which transcripts do not say.
const CLAUDE_WINDOW: u64 = 200_000;

/// What Claude Code keeps free before it compacts by itself: 20,000 for output and 13,000 of buffer (found by users in
/// version 2.1; an estimate).
const CLAUDE_RESERVE: u64 = 33_000;

/// The context of a conversation of `source` that is as `sample` says.
pub fn usage(source: Source, sample: &ContextSample, prices: &PriceBook) -> ContextUsage {
    let window = sample.window.or_else(|| window(source, sample, prices));
    let percent = |tokens: u64| window.map(|w| (tokens as f64 * 100.0 / w as f64).clamp(0.0, 100.0));
    let left = window
        .and_then(|w| compaction_at(source, w))
        .and_then(|threshold| percent(threshold.saturating_sub(sample.used)));
    ContextUsage {
        used: Some(sample.used),
        window,
        percent_used: percent(sample.used),
        to_compaction: left,
        shown_by_agent: None,
        source: Some(status::Source::Transcript),
    }
}

/// The window by the model's name; `None` where the model is not listed.
fn window(source: Source, sample: &ContextSample, prices: &PriceBook) -> Option<u64> {
    let listed = prices.resolve(source, None, &sample.model).and_then(|m| m.context_window);
    if source != Source::Claude {
        return listed;
    }
    if sample.model.ends_with("[1m]") {
        return Some(1_000_000);
    }
    // Models before 5 have the large window only where it was chosen; a prompt that does not fit the small one tells.
    let chosen = ["claude-opus-4", "claude-sonnet-4", "claude-haiku-4", "claude-3"]
        .iter()
        .any(|old| sample.model.starts_with(old));
    if chosen && sample.used <= CLAUDE_WINDOW {
        Some(CLAUDE_WINDOW)
    } else {
        listed.map(|w| w.max(sample.used))
    }
}

/// Where the agent compacts by itself, in tokens; an estimate.
fn compaction_at(source: Source, window: u64) -> Option<u64> {
    match source {
        Source::Claude => window.checked_sub(CLAUDE_RESERVE),
        // Codex reports 95 % of the raw window and compacts at 90 % of it.
        Source::Codex => Some(window * 18 / 19),
        Source::Gemini => Some(window / 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(source: Source, model: &str, used: u64, window: Option<u64>) -> ContextUsage {
        let sample = ContextSample { ts_ms: 0, used, window, model: model.to_owned() };
        usage(source, &sample, &PriceBook::builtin().unwrap())
    }

    #[test]
    fn the_window_is_the_models_or_what_a_prompt_proves() {
        assert_eq!(of(Source::Claude, "claude-opus-5-5", 12_000, None).window, Some(1_000_000));
        assert_eq!(of(Source::Claude, "claude-sonnet-4-5", 12_000, None).window, Some(200_000));
        assert_eq!(of(Source::Claude, "claude-sonnet-4-6", 12_000, None).window, Some(200_000));
        assert_eq!(of(Source::Claude, "claude-sonnet-4-6[1m]", 12_000, None).window, Some(1_000_000));
        assert_eq!(of(Source::Claude, "claude-sonnet-4-6", 250_000, None).window, Some(1_000_000));
        let unknown = of(Source::Claude, "mystery", 12_000, None);
        assert_eq!((unknown.window, unknown.percent_used, unknown.used), (None, None, Some(12_000)));
    }

    #[test]
    fn what_is_left_until_compaction_follows_the_agents_own_thresholds() {
        let claude = of(Source::Claude, "claude-sonnet-4-5", 117_000, None);
        assert_eq!((claude.percent_used, claude.to_compaction), (Some(58.5), Some(25.0)));
        let codex = of(Source::Codex, "gpt-5.5", 244_800, Some(258_400));
        assert_eq!(codex.to_compaction, Some(0.0));
    }
}
