//! Which days of which accounts are there to be compared, as coverage has it.

use std::collections::BTreeSet;

use everycent_domain::reconcile::AccountDay;
use everycent_domain::source::Source;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::AccountId;

/// What is loaded.
#[derive(Debug, Clone, Copy)]
pub struct Loaded<'a>(&'a [CoverageRow]);

impl<'a> Loaded<'a> {
    pub fn new(coverage: &'a [CoverageRow]) -> Self {
        Self(coverage)
    }

    /// Days of the window on which both reports are loaded.
    pub fn both(self, one: Source, other: Source, window: Window) -> Vec<AccountDay> {
        let other = self.days(other, |_| true);
        within(self.days(one, |_| true).intersection(&other), window)
    }

    /// Days of the window of which both reports were read when they were over. Until then the two may tell of different
    /// hours.
    pub fn both_whole(self, one: Source, other: Source, window: Window) -> Vec<AccountDay> {
        let other = self.whole(other);
        within(self.whole(one).intersection(&other), window)
    }

    /// Days of a report that were read when they were over.
    pub fn whole(self, source: Source) -> BTreeSet<AccountDay> {
        self.days(source, |row| row.fetched_at.is_some_and(|at| at >= row.activity_date.next().start()))
    }

    /// The accounts that anything of a report is loaded of.
    pub fn accounts(self, source: Source) -> BTreeSet<AccountId> {
        self.days(source, |_| true).into_iter().map(|(account_id, _)| account_id).collect()
    }

    fn days(self, source: Source, is_wanted: impl Fn(&CoverageRow) -> bool) -> BTreeSet<AccountDay> {
        let rows = self.0.iter().filter(|row| row.source == source.name() && row.fetched_at.is_some());
        rows.filter(|row| is_wanted(row)).map(|row| (row.account_id.clone(), row.activity_date)).collect()
    }
}

fn within<'a>(days: impl Iterator<Item = &'a AccountDay>, window: Window) -> Vec<AccountDay> {
    days.filter(|(_, day)| window.contains(*day)).cloned().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_domain::vendors::anthropic;
    use everycent_schemas::{CoverageState, Day};

    fn row(source: Source, day: u32, fetched_at: Option<&str>) -> CoverageRow {
        CoverageRow {
            fetched_at: fetched_at.map(|at| at.parse().unwrap()),
            ..CoverageRow::bare(source.name(), &"acme".into(), Day::new(2025, 10, day).unwrap(), CoverageState::Open)
        }
    }

    #[test]
    fn days_that_both_reports_tell_whole_are_compared() {
        let (cost, usage) = (anthropic::cost_report::SOURCE, anthropic::usage_messages::SOURCE);
        let late = Some("2025-10-09T00:00:00Z");
        let coverage = [
            row(cost, 3, late),
            row(cost, 4, late),
            row(cost, 5, late),
            row(cost, 6, Some("2025-10-06T23:59:59Z")),
            row(cost, 7, Some("2025-10-08T00:00:00Z")),
            row(cost, 8, late),
            row(usage, 3, late),
            row(usage, 4, None),
            row(usage, 6, late),
            row(usage, 7, late),
            row(usage, 8, late),
        ];
        let window = Window::new(Day::new(2025, 10, 1).unwrap(), Day::new(2025, 10, 7).unwrap()).unwrap();
        let numbers = |days: Vec<AccountDay>| {
            days.into_iter().map(|(_, day)| day.to_string()).map(|day| day[8..].to_owned()).collect::<Vec<_>>()
        };
        let loaded = Loaded::new(&coverage);
        assert_eq!(numbers(loaded.both(cost, usage, window)), ["03", "06", "07"]);
        assert_eq!(numbers(loaded.both_whole(cost, usage, window)), ["03", "07"]);
        assert_eq!(numbers(loaded.both_whole(usage, cost, window)), ["03", "07"]);
        assert_eq!(numbers(loaded.whole(usage).into_iter().collect()), ["03", "06", "07", "08"]);
    }
}
