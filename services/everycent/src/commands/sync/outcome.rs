//! How the windows of a sync ended, as coverage has it.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::wanted::{self, plan};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{CoverageState, Day, Timestamp};

use super::report::{RejectedMoney, WindowReport};
use crate::scope::{self, Feed};

/// Windows of which a day's last attempt failed, as coverage has it.
pub fn failed_windows(coverage: &[CoverageRow], asked: &BTreeSet<(Feed, Window)>) -> Vec<WindowReport> {
    let mut failed = Vec::new();
    for (feed, window) in asked {
        let mut days = coverage.iter().filter(|row| is_failed(row, feed, *window)).peekable();
        let Some(first) = days.peek() else { continue };
        let held = first
            .held
            .as_ref()
            .filter(|_| first.state == CoverageState::Held)
            .map(|held| format!("held: {held}; `everycent history {}` shows its answers", first.activity_date));
        let reason = held.or_else(|| first.failure.clone()).unwrap_or_default();
        failed.push(WindowReport::new(feed, *window, days.count(), reason));
    }
    failed
}

/// Reports of money of which records of these windows gave no row, and how many.
pub fn rejected_money(coverage: &[CoverageRow], asked: &BTreeSet<(Feed, Window)>) -> Vec<RejectedMoney> {
    let mut rejected: BTreeMap<&Feed, BTreeMap<Day, i64>> = BTreeMap::new();
    for (feed, window) in asked.iter().filter(|(feed, _)| feed.source.reports_money()) {
        let of_window = coverage.iter().filter(|row| {
            row.source == feed.source.name()
                && row.account_id == feed.account_id
                && window.contains(row.activity_date)
                && row.rejects.is_some_and(|rejects| rejects > 0)
        });
        let days = of_window.map(|row| (row.activity_date, row.rejects.unwrap_or_default()));
        rejected.entry(feed).or_default().extend(days);
    }
    let words = |(feed, days): (&Feed, BTreeMap<Day, i64>)| {
        let (first_day, _) = days.first_key_value()?;
        Some(RejectedMoney {
            source: feed.source.name().to_owned(),
            account_id: feed.account_id.clone(),
            records: days.values().sum(),
            days: days.len(),
            first_day: *first_day,
        })
    };
    rejected.into_iter().filter_map(words).collect()
}

/// Days of these windows that the vendor has not reported though it usually has by now.
pub fn late_windows(coverage: &[CoverageRow], asked: &BTreeSet<(Feed, Window)>, now: Timestamp) -> Vec<WindowReport> {
    let known = scope::known_days(coverage);
    let mut by_feed: BTreeMap<&Feed, Vec<Window>> = BTreeMap::new();
    for (feed, window) in asked {
        by_feed.entry(feed).or_default().push(*window);
    }
    let mut late = Vec::new();
    for (feed, windows) in by_feed {
        let Some(states) = known.get(&(feed.source.name().to_owned(), feed.account_id.clone())) else { continue };
        for window in plan(feed.source, wanted::late(feed.source, &windows, states, now.day())) {
            let reason = "not in the vendor's answer".to_owned();
            late.push(WindowReport::new(feed, window, window.days().count(), reason));
        }
    }
    late
}

fn is_failed(row: &CoverageRow, feed: &Feed, window: Window) -> bool {
    matches!(row.state, CoverageState::Failed | CoverageState::Held)
        && row.source == feed.source.name()
        && row.account_id == feed.account_id
        && window.contains(row.activity_date)
}
