//! Prices that no API tells, each with the day from which it holds.

use everycent_schemas::{Day, Usd};

use crate::identity::IdHasher;
use crate::money;

/// What Cursor asks for one usage-based request, from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CursorPrice {
    pub from: Day,
    pub request_usd: Usd,
}

/// Effective-dated prices of Cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPrices(Vec<CursorPrice>);

/// Why a day's requests have no cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// The table does not reach back to the day: a person must complete it.
    #[error("no Cursor price is known for {day}; add a [[prices.cursor]] that begins on or before it")]
    Unpriced { day: Day },
    /// The count can't be meant.
    #[error("{requests} usage-based requests cost more than can be kept")]
    Absurd { requests: i64 },
}

impl CursorPrices {
    /// The public price of a request on Cursor's request plans, $0.04 since they exist.
    pub fn public() -> Self {
        let from = Day::new(2023, 1, 1).expect("invariant: a day of the calendar");
        Self(vec![CursorPrice { from, request_usd: Usd::from_nanos(40_000_000) }])
    }

    /// These prices, and the public ones for the days before the first of them.
    pub fn overridden(prices: impl IntoIterator<Item = CursorPrice>) -> Self {
        let mut own: Vec<CursorPrice> = prices.into_iter().collect();
        own.sort_by_key(|price| price.from);
        let mut all = Self::public().0;
        if let Some(first) = own.first() {
            all.retain(|public| public.from < first.from);
        }
        all.extend(own);
        Self(all)
    }

    /// Estimated cost of a day's usage-based requests.
    pub fn estimate(&self, day: Day, usage_based_requests: i64) -> Result<Usd, PriceError> {
        if usage_based_requests == 0 {
            return Ok(Usd::ZERO);
        }
        let price = self.0.iter().rev().find(|price| price.from <= day).ok_or(PriceError::Unpriced { day })?;
        let absurd = PriceError::Absurd { requests: usage_based_requests };
        let cost = price.request_usd.checked_mul(usage_based_requests).map_err(|_| absurd)?;
        if money::is_storable(cost) { Ok(cost) } else { Err(absurd) }
    }

    /// Adds every price to a fingerprint.
    pub(crate) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        self.0.iter().fold(hasher.number(self.0.len() as i64), |hasher, price| {
            hasher.number(price.from.epoch_days().into()).part(&price.request_usd.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    #[test]
    fn the_price_of_the_day_counts() {
        let raised = CursorPrice { from: day("2025-06-01"), request_usd: Usd::from_nanos(80_000_000) };
        let prices = CursorPrices::overridden([raised]);
        assert_eq!(prices.estimate(day("2025-05-31"), 5).unwrap().short(), "0.20");
        assert_eq!(prices.estimate(day("2025-06-01"), 5).unwrap().short(), "0.40");
    }

    #[test]
    fn an_own_price_takes_the_place_of_every_public_one_from_its_day_on() {
        let own = CursorPrice { from: day("2022-01-01"), request_usd: Usd::from_nanos(80_000_000) };
        let prices = CursorPrices::overridden([own]);
        assert_eq!(prices.estimate(day("2025-05-31"), 5).unwrap().short(), "0.40");
        assert_eq!(prices.estimate(day("2022-05-31"), 5).unwrap().short(), "0.40");
    }

    #[test]
    fn a_day_before_the_first_price_is_an_error_that_names_it() {
        let error = CursorPrices::public().estimate(day("2022-12-31"), 1).unwrap_err();
        assert!(error.to_string().contains("2022-12-31"));
        assert_eq!(CursorPrices::public().estimate(day("2022-12-31"), 0).unwrap(), Usd::ZERO);
    }

    #[test]
    fn a_count_that_cannot_be_meant_is_refused() {
        let error = CursorPrices::public().estimate(day("2025-01-01"), i64::MAX).unwrap_err();
        assert_eq!(error, PriceError::Absurd { requests: i64::MAX });
    }
}
