//! Which report decides what use of the API costs, where somebody says so.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day};

use crate::identity::IdHasher;

/// As rows name the analytics.
pub const ANALYTICS: &str = "analytics";

/// The day from which the analytics decide, for some accounts. Of the others the cost report does, from the first day that it
/// answered for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MoneyFrom(BTreeMap<AccountId, Day>);

impl MoneyFrom {
    pub fn analytics(days: impl IntoIterator<Item = (AccountId, Day)>) -> Self {
        Self(days.into_iter().collect())
    }

    /// The report that decides a day by what somebody says; none where nobody says anything.
    pub fn on(&self, account_id: &AccountId, day: Day) -> Option<&'static str> {
        self.first_day(account_id).is_some_and(|first| day >= first).then_some(ANALYTICS)
    }

    /// The first day that the analytics decide.
    pub fn first_day(&self, account_id: &AccountId) -> Option<Day> {
        self.0.get(account_id).copied()
    }

    /// Nothing said is the same recipe as before anything could be said.
    pub(super) fn fingerprint(&self, hasher: IdHasher) -> IdHasher {
        self.0.iter().fold(hasher, |hasher, (account_id, day)| {
            hasher.part("money_from").part(account_id.as_str()).part(&day.to_string())
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_analytics_decide_from_their_day_on_and_for_their_account_alone() {
        let day = |day| Day::new(2026, 11, day).unwrap();
        let said = MoneyFrom::analytics([("acme".into(), day(5))]);
        assert_eq!(said.on(&"acme".into(), day(4)), None);
        assert_eq!(said.on(&"acme".into(), day(5)), Some("analytics"));
        assert_eq!(said.on(&"other".into(), day(5)), None);
        let printed = |said: &MoneyFrom| said.fingerprint(IdHasher::new("x")).finish();
        assert_ne!(printed(&said), printed(&MoneyFrom::analytics([("acme".into(), day(6))])));
        assert_eq!(printed(&MoneyFrom::default()), IdHasher::new("x").finish());
    }
}
