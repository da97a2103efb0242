//! Prices of the days of a snapshot, worked out once for all its records.

use everycent_schemas::{AccountId, Day};

use super::error::PriceError;
use super::plan::PlanDay;
use super::table::CursorPrices;

/// What one account pays on each of a few days.
#[derive(Debug, Clone)]
pub struct PlanDays<'p> {
    prices: &'p CursorPrices,
    account_id: AccountId,
    /// In order of day. A day without a price is an error only for who asks for it.
    known: Vec<(Day, Result<PlanDay, PriceError>)>,
}

impl<'p> PlanDays<'p> {
    fn new(prices: &'p CursorPrices, account_id: &AccountId, days: &[Day]) -> Self {
        let mut known: Vec<_> = days.iter().map(|day| (*day, prices.on(account_id, *day))).collect();
        known.sort_by_key(|(day, _)| *day);
        Self { prices, account_id: account_id.clone(), known }
    }

    /// The same as [`CursorPrices::on`] for this account.
    pub fn on(&self, day: Day) -> Result<PlanDay, PriceError> {
        match self.known.binary_search_by_key(&day, |(known, _)| *known) {
            Ok(place) => self.known[place].1,
            Err(_) => self.prices.on(&self.account_id, day),
        }
    }
}

impl CursorPrices {
    /// The same for many records of a few days.
    pub fn plan_days(&self, account_id: &AccountId, days: &[Day]) -> PlanDays<'_> {
        PlanDays::new(self, account_id, days)
    }
}
