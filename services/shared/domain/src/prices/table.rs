//! The price table: who pays what, and from which day on.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day};

use super::error::PriceError;
use super::plan::{CursorPrice, PlanDay};
use super::public;
use crate::identity::IdHasher;

/// Effective-dated prices of Cursor, each list in order of day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPrices {
    /// Of every account.
    general: Vec<CursorPrice>,
    /// Of one account, from the first of its own prices on.
    accounts: BTreeMap<AccountId, Vec<CursorPrice>>,
}

impl CursorPrices {
    /// The prices that Cursor published.
    pub fn public() -> Self {
        Self { general: public::prices(), accounts: BTreeMap::new() }
    }

    /// Own prices, and the public ones for the days before the first of them. Those of one account, in turn, take the
    /// place of all others for it, from the first of them on.
    pub fn overridden(own: impl IntoIterator<Item = (Option<AccountId>, CursorPrice)>) -> Self {
        let mut prices = Self::public();
        let mut general = Vec::new();
        for (account_id, price) in own {
            match account_id {
                Some(account_id) => prices.accounts.entry(account_id).or_default().push(price),
                None => general.push(price),
            }
        }
        if let Some(first) = general.iter().map(|price| price.from).min() {
            prices.general.retain(|public| public.from < first);
        }
        prices.general.extend(general);
        for list in prices.accounts.values_mut().chain([&mut prices.general]) {
            list.sort_by_key(|price| price.from);
        }
        prices
    }

    /// What an account pays on a day.
    pub fn on(&self, account_id: &AccountId, day: Day) -> Result<PlanDay, PriceError> {
        let own = self.accounts.get(account_id).and_then(|prices| effective(prices, day));
        let price = own.or_else(|| effective(&self.general, day)).ok_or(PriceError::Unpriced { day })?;
        Ok(price.on(day))
    }

    /// Adds every price to a fingerprint.
    pub(crate) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        let lists = self.accounts.iter().map(|(account_id, prices)| (Some(account_id.as_str()), prices));
        [(None, &self.general)].into_iter().chain(lists).fold(hasher, |hasher, (account_id, prices)| {
            let hasher = hasher.optional(account_id).number(prices.len() as i64);
            prices.iter().fold(hasher, |hasher, price| price.fingerprint(hasher))
        })
    }
}

fn effective(prices: &[CursorPrice], day: Day) -> Option<&CursorPrice> {
    prices.iter().rev().find(|price| price.from <= day)
}
