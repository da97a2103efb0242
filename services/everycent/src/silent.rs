//! Reports that answer, and have reported nothing so far while another of the same account shows use.
//!
//! Nobody may use what such a report is about, or it is not filled for this organization: only a person can tell.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, Day};
use serde::Serialize;

use crate::show::{count, heading};

/// Empty days after which it is worth a word.
const DAYS: usize = 7;

/// A report without a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SilentReport {
    pub source: String,
    pub account_id: AccountId,
    /// How many of its days are loaded.
    pub days: usize,
    /// A report that shows use on these days.
    pub other: String,
}

/// All there are, by what is loaded.
pub fn silent_reports(coverage: &[CoverageRow]) -> Vec<SilentReport> {
    let mut feeds: BTreeMap<(&str, &AccountId), Loaded> = BTreeMap::new();
    let by_day = coverage.iter().filter(|row| row.fetched_at.is_some() && is_by_day(&row.source));
    for row in by_day {
        let loaded = feeds.entry((row.source.as_str(), &row.account_id)).or_default();
        let is_empty = row.rows.unwrap_or_default() == 0 && row.rejects.unwrap_or_default() == 0;
        if is_empty { &mut loaded.empty } else { &mut loaded.used }.insert(row.activity_date);
    }
    let silent = feeds.iter().filter(|(_, loaded)| loaded.used.is_empty() && loaded.empty.len() >= DAYS);
    let told = silent.filter_map(|((source, account_id), loaded)| {
        let shows_use = |((other, account), of_other): &(&(&str, &AccountId), &Loaded)| {
            account == account_id && vendor(other) == vendor(source) && !of_other.used.is_disjoint(&loaded.empty)
        };
        let ((other, _), _) = feeds.iter().find(shows_use)?;
        let (source, account_id) = ((*source).to_owned(), (*account_id).clone());
        Some(SilentReport { source, account_id, days: loaded.empty.len(), other: (*other).to_owned() })
    });
    told.collect()
}

/// Those that were not so before.
pub fn fell_silent(before: &[CoverageRow], after: &[CoverageRow]) -> Vec<SilentReport> {
    let known = silent_reports(before);
    let is_new = |report: &SilentReport| {
        !known.iter().any(|known| (&known.source, &known.account_id) == (&report.source, &report.account_id))
    };
    silent_reports(after).into_iter().filter(is_new).collect()
}

pub fn text(reports: &[SilentReport]) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let mut text = heading("Nothing reported so far, while another report shows use");
    for SilentReport { source, account_id, days, other } in reports {
        text += &format!(
            "  {source} of {account_id}: {} without a row, and {other} has some; if people use what it is about ask the \
             vendor, otherwise leave it out under `sources`\n",
            count(*days, "day")
        );
    }
    text
}

/// The days of a feed that are loaded.
#[derive(Debug, Default)]
struct Loaded {
    empty: BTreeSet<Day>,
    used: BTreeSet<Day>,
}

fn is_by_day(source: &str) -> bool {
    source.parse().is_ok_and(|source: Source| matches!(source.kind(), Kind::Days(_)))
}

fn vendor(source: &str) -> &str {
    source.split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_schemas::{CoverageState, Timestamp};

    use super::*;

    fn rows(source: &str, days: std::ops::RangeInclusive<u32>, rows: i64) -> Vec<CoverageRow> {
        let day = |number| Day::new(2026, 10, number).unwrap();
        days.map(|number| CoverageRow {
            fetched_at: Some(Timestamp::from_micros(5)),
            rows: Some(rows),
            ..CoverageRow::bare(source, &"acme".into(), day(number), CoverageState::Open)
        })
        .collect()
    }

    fn silent(parts: &[Vec<CoverageRow>]) -> Vec<String> {
        silent_reports(&parts.concat()).into_iter().map(|report| report.source).collect()
    }

    #[test]
    fn a_report_is_silent_when_a_week_is_empty_and_another_shows_use_on_its_days() {
        let usage = || rows("anthropic/usage_messages", 1..=9, 4);
        assert_eq!(silent(&[rows("anthropic/claude_code", 1..=7, 0), usage()]), ["anthropic/claude_code"]);
        assert!(silent(&[rows("anthropic/claude_code", 1..=6, 0), usage()]).is_empty(), "less than a week");
        let [quiet, one_row] = [rows("anthropic/claude_code", 1..=7, 0), rows("anthropic/claude_code", 8..=8, 1)];
        assert!(silent(&[quiet.clone(), one_row, usage()]).is_empty(), "it has reported something");
        assert!(silent(&[quiet.clone(), rows("anthropic/usage_messages", 8..=20, 4)]).is_empty(), "use on other days");
        assert!(silent(&[quiet, rows("cursor/daily_usage", 1..=9, 4)]).is_empty(), "another vendor");
        assert!(silent(&[rows("anthropic/users", 1..=7, 0), usage()]).is_empty(), "not a report by day");
    }

    #[test]
    fn it_is_told_by_the_sync_that_makes_it_so() {
        let usage = rows("anthropic/usage_messages", 1..=9, 4);
        let before = [rows("anthropic/claude_code", 1..=6, 0), usage.clone()].concat();
        let after = [rows("anthropic/claude_code", 1..=7, 0), usage.clone()].concat();
        let later = [rows("anthropic/claude_code", 1..=8, 0), usage].concat();
        assert_eq!(fell_silent(&before, &after).len(), 1);
        assert!(fell_silent(&after, &later).is_empty());
        assert!(text(&fell_silent(&before, &after)).contains("claude_code of acme: 7 days without a row"));
    }
}
