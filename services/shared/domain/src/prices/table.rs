//! The price table: who pays what, and from which day on.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day};

use super::error::PriceError;
use super::plan::{CursorPrice, PlanDay, PriceBasis};
use super::public;
use crate::identity::IdHasher;

/// Effective-dated prices of Cursor, each list in order of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPrices {
    /// What Cursor published, for the days before the first configured price.
    public: Vec<CursorPrice>,
    /// Configured for every account.
    general: Vec<CursorPrice>,
    /// Configured for one account, from the first of its own prices on.
    accounts: BTreeMap<AccountId, Vec<CursorPrice>>,
}

impl CursorPrices {
    /// The prices that Cursor published.
    pub fn public() -> Self {
        Self { public: public::prices(), general: Vec::new(), accounts: BTreeMap::new() }
    }

    /// Own prices, and the public ones for the days before the first of them. Those of one account, in turn, take the
    /// place of all others for it, from the first of them on.
    pub fn overridden(own: impl IntoIterator<Item = (Option<AccountId>, CursorPrice)>) -> Self {
        let mut prices = Self::public();
        for (account_id, price) in own {
            match account_id {
                Some(account_id) => prices.accounts.entry(account_id).or_default().push(price),
                None => prices.general.push(price),
            }
        }
        for list in prices.accounts.values_mut().chain([&mut prices.general]) {
            list.sort_by_key(|price| price.from);
        }
        prices
    }

    /// What an account pays on a day.
    pub fn on(&self, account_id: &AccountId, day: Day) -> Result<PlanDay, PriceError> {
        let of_account = self.accounts.get(account_id).and_then(|prices| effective(prices, day));
        let public = effective(&self.public, day);
        if let Some(own) = of_account.or_else(|| effective(&self.general, day)) {
            return Ok(own.on(day, PriceBasis::Configured, public));
        }
        Ok(public.ok_or(PriceError::Unpriced { day })?.on(day, PriceBasis::Public, public))
    }

    /// Adds every price to a fingerprint.
    pub(crate) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        let lists = self.accounts.iter().map(|(account_id, prices)| (Some(account_id.as_str()), prices));
        [(None, &self.public), (None, &self.general)].into_iter().chain(lists).fold(
            hasher,
            |hasher, (account_id, prices)| {
                let hasher = hasher.optional(account_id).number(prices.len() as i64);
                prices.iter().fold(hasher, |hasher, price| price.fingerprint(hasher))
            },
        )
    }
}

fn effective(prices: &[CursorPrice], day: Day) -> Option<&CursorPrice> {
    prices.iter().rev().find(|price| price.from <= day)
}
