//! The report for people: numbers in columns, cost as a bar.

use std::fmt::Write;

use crate::ledger::money::Usd;
use crate::ledger::report::{Report, Sums};
use crate::text;

/// How wide the longest bar is, in cells.
const BAR: usize = 16;

/// The report as a table.
pub(super) fn report(report: &Report) -> String {
    let key = |k: &Option<String>| k.as_deref().map_or_else(|| "–".to_owned(), text::one_line);
    let rows: Vec<(String, &Sums)> = report.rows.iter().map(|r| (key(&r.key), &r.sums)).collect();
    let width = rows.iter().map(|(k, _)| k.chars().count()).max().unwrap_or(0).max(5);
    let mut out = format!(
        "{:<width$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>10}\n",
        report.by.heading(),
        "Calls",
        "Input",
        "Output",
        "Cached",
        "Written",
        "Cost"
    );
    let weight = |s: &Sums| s.cost_usd.map_or(0, |c| c.0.max(0)).cast_unsigned();
    let most = rows.iter().map(|(_, s)| weight(s)).max().unwrap_or(0);
    for (key, sums) in &rows {
        let bar = bar(weight(sums), most, BAR);
        let _ = writeln!(out, "{}", format!("{} {bar}", line(key, sums, width)).trim_end());
    }
    let _ = writeln!(out, "{}", line("Total", &report.total, width));
    if report.by.is_time() && rows.len() > 2 {
        let _ = writeln!(out, "\n{}", sparkline(&rows.iter().map(|(_, s)| weight(s)).collect::<Vec<_>>()));
    }
    if report.total.unpriced_calls > 0 {
        let _ = writeln!(
            out,
            "\n{} of {} responses have no known price and are not in the cost; `swarm cost --by model` tells which.",
            report.total.unpriced_calls, report.total.calls
        );
    }
    if report.total.estimated_calls > 0 {
        let _ = writeln!(
            out,
            "\n{} responses are estimates: their agent writes rounded numbers.",
            report.total.estimated_calls
        );
    }
    out
}

/// One line of numbers; a `+` says that the cost is not all.
fn line(key: &str, sums: &Sums, width: usize) -> String {
    let cost = sums.cost_usd.map_or_else(|| "–".to_owned(), Usd::short);
    let mark = if sums.unpriced_calls > 0 && sums.cost_usd.is_some() { '+' } else { ' ' };
    format!(
        "{key:<width$} {:>7} {:>7} {:>7} {:>7} {:>7} {:>10}{mark}",
        sums.calls,
        short(sums.input),
        short(sums.output),
        short(sums.cache_read),
        short(sums.cache_write_5m.saturating_add(sums.cache_write_1h)),
        cost
    )
}

/// A bar of at most `width` cells, in eighths of a cell.
pub(in crate::cli) fn bar(value: u64, most: u64, width: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (u128::from(value) * width as u128 * 8).checked_div(u128::from(most)).unwrap_or(0) as usize;
    // What is there at all is seen.
    let eighths = if value > 0 { eighths.max(1) } else { 0 };
    format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8])
}

/// One character for each value.
fn sparkline(values: &[u64]) -> String {
    const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = values.iter().copied().max().unwrap_or(0);
    let level = |v: &u64| (u128::from(*v) * 7).checked_div(u128::from(most)).unwrap_or(0) as usize;
    values.iter().map(|v| LEVELS[level(v).min(7)]).collect()
}

/// A count in at most five characters: `999`, `12.3k`, `4.56M`.
pub(in crate::cli) fn short(n: u64) -> String {
    let (value, unit) = match n {
        0..=999 => return n.to_string(),
        1_000..=999_499 => (n as f64 / 1e3, "k"),
        999_500..=999_499_999 => (n as f64 / 1e6, "M"),
        _ => (n as f64 / 1e9, "G"),
    };
    let places = if value < 9.995 { 2 } else { usize::from(value < 99.95) };
    format!("{value:.places$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::report::By;
    use crate::ledger::usage::Usage;

    #[test]
    fn counts_take_at_most_five_characters() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1.00k"),
            (12_345, "12.3k"),
            (99_960, "100k"),
            (999_499, "999k"),
            (999_500, "1.00M"),
            (4_560_000, "4.56M"),
            (7_000_000_000, "7.00G"),
        ] {
            assert_eq!(short(n), text);
        }
    }

    #[test]
    fn a_table_shows_what_is_not_priced() {
        let priced = Usage { input: 1_500, output: 20, ..Usage::default() };
        let mut mixed = Sums::of(&priced, Some(Usd(2_500_000_000_000)), false);
        mixed.add(&Sums::of(&priced, None, true));
        let unpriced = Sums::of(&priced, None, false);
        let text =
            report(&Report::new(By::Model, [(Some("claude\u{1b}[31m".to_owned()), mixed), (None, unpriced)]));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn bars_are_never_longer_than_asked_for() {
        assert_eq!(bar(10, 10, 4), "████");
        assert_eq!(bar(1, 1_000_000, 4), "▏");
        assert_eq!(bar(0, 0, 4), "");
        assert_eq!(sparkline(&[0, 5, 10]), "▁▄█");
    }
}
