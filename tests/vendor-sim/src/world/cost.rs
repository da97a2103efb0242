//! Claude cost by day: rows, sums and what can happen to them.
//!
//! Owns the facts behind `cost_report`. It must never round or group: the endpoint does the grouping.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::{CostRow, World};

impl World {
    /// The cost rows of a day in the order in which the API gives them.
    pub fn cost_rows(&self, day: NaiveDate) -> &[CostRow] {
        self.costs.get(&day).map_or(&[], Vec::as_slice)
    }

    /// The sum of all cost of the days, both ends included, in cents.
    pub fn cost_cents(&self, first: NaiveDate, last: NaiveDate) -> Decimal {
        self.sum_cents(first, last, |_| true)
    }

    /// The same for one workspace; none is the default workspace.
    pub fn workspace_cost_cents(&self, workspace_id: Option<&str>, first: NaiveDate, last: NaiveDate) -> Decimal {
        self.sum_cents(first, last, |row| row.workspace_id.as_deref() == workspace_id)
    }

    /// Every amount of the day becomes another one (about 7 % more, never the same).
    pub fn restate_day(&mut self, day: NaiveDate) {
        for row in self.costs.entry(day).or_default() {
            let decimals = row.amount_cents.scale().max(2);
            let more = row.amount_cents * Decimal::new(7, 2) + Decimal::new(1, 2);
            row.amount_cents += more.round_dp(decimals);
        }
    }

    /// Replaces one amount of a day. Panics if the day has no such row.
    pub fn set_cost_amount(&mut self, day: NaiveDate, index: usize, amount_cents: Decimal) {
        self.costs.entry(day).or_default()[index].amount_cents = amount_cents;
    }

    /// A row vanishes from a day. None if the day has no such row.
    pub fn remove_cost_row(&mut self, day: NaiveDate, index: usize) -> Option<CostRow> {
        let rows = self.costs.get_mut(&day)?;
        (index < rows.len()).then(|| rows.remove(index))
    }

    /// A row appears at the end of a day.
    pub fn add_cost_row(&mut self, day: NaiveDate, row: CostRow) {
        self.costs.entry(day).or_default().push(row);
    }

    /// Made-up rows of descriptions that the day does not have yet appear at its end.
    pub fn add_late_cost_rows(&mut self, day: NaiveDate, count: u32) {
        for _ in 0..count {
            let position = self.cost_rows(day).len();
            let mut row = CostRow::other("web_search", Decimal::new(1_250 + position as i64, 2));
            row.description = format!("Late Usage {position}");
            self.add_cost_row(day, row);
        }
    }

    fn sum_cents(&self, first: NaiveDate, last: NaiveDate, wanted: impl Fn(&CostRow) -> bool) -> Decimal {
        self.costs
            .range(first..=last)
            .flat_map(|(_, rows)| rows)
            .filter(|row| wanted(row))
            .map(|row| row.amount_cents)
            .sum()
    }
}
