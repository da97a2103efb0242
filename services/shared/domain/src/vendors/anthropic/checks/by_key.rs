//! What the tokens of each API key cost: as the bill is shared out, against the vendor's own analytics.
//!
//! The bill names no key. It is shared out as the analytics tell it, so the two differ only where these tell more than the
//! bill, or nothing of a pool of it: then tokens decide, and where a price depends on something that they do not tell, such as
//! a fast mode, a key pays for another, and every total still agrees.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day, Usd};
use rust_decimal::Decimal;

use crate::reconcile::{AccountDay, Check, Figure, Verdict, is_near};
use crate::vendors::anthropic::cost_report;

/// What the tokens of a key cost on a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCost {
    pub account_id: AccountId,
    pub day: Day,
    pub api_key_id: String,
    pub usd: Usd,
}

/// A verdict for each compared day of which the analytics name keys, on the key that is furthest off. A key that they do not
/// name is not judged: they may know it by its person.
pub fn keys_equal_analytics(
    compared: &[AccountDay],
    shares: &[KeyCost],
    analytics: &[KeyCost],
    percent: Decimal,
) -> Vec<Verdict> {
    let (shares, analytics) = (by_day(shares), by_day(analytics));
    let none = BTreeMap::new();
    let verdict = |bucket: &AccountDay| {
        let named = analytics.get(bucket)?;
        let shared = shares.get(bucket).unwrap_or(&none);
        let keys = named.iter().map(|(key, usd)| Compared {
            key,
            shown: *usd,
            shared: *shared.get(key).unwrap_or(&Usd::ZERO),
        });
        verdict(bucket, keys.collect(), percent)
    };
    compared.iter().filter_map(verdict).collect()
}

fn by_day(costs: &[KeyCost]) -> BTreeMap<AccountDay, BTreeMap<&str, Usd>> {
    let mut days: BTreeMap<AccountDay, BTreeMap<&str, Usd>> = BTreeMap::new();
    for KeyCost { account_id, day, api_key_id, usd } in costs {
        let keys = days.entry((account_id.clone(), *day)).or_default();
        let sum = keys.entry(api_key_id).or_default();
        *sum = *sum + *usd;
    }
    days
}

/// A key as the analytics show it and as the bill is shared out.
struct Compared<'a> {
    key: &'a str,
    shown: Usd,
    shared: Usd,
}

impl Compared<'_> {
    fn distance(&self) -> i128 {
        (self.shared - self.shown).nanos().saturating_abs()
    }
}

fn verdict((account_id, day): &AccountDay, keys: Vec<Compared<'_>>, percent: Decimal) -> Option<Verdict> {
    let far: Vec<&Compared<'_>> = keys.iter().filter(|key| !is_near(key.shared, key.shown, percent)).collect();
    let worst = far.iter().copied().max_by_key(|key| key.distance());
    let worst = worst.or_else(|| keys.iter().max_by_key(|key| key.distance()))?;
    Some(Verdict {
        check: Check::KeysEqualAnalytics,
        source: cost_report::SOURCE.name().to_owned(),
        account_id: account_id.clone(),
        activity_date: *day,
        from_date: *day,
        expected: Figure::Usd(worst.shown),
        found: Figure::Usd(worst.shared),
        passed: far.is_empty(),
        explanation: explanation(worst, far.len(), keys.len()),
    })
}

fn explanation(worst: &Compared<'_>, far: usize, all: usize) -> String {
    let compared = "tokens of claude_cost_shares by API key against claude_analytics_costs";
    match far {
        0 => format!("{compared}: {all} keys"),
        _ => {
            let others = match far - 1 {
                0 => String::new(),
                others => format!(", and {others} more of {all} keys differ"),
            };
            format!(
                "{compared}: key {}{others}. Where the analytics tell nothing of a workspace, model and token type, the bill is \
                 shared out by tokens, of which some may cost more, such as those of a fast mode; where they tell more than \
                 the bill, their amounts are scaled down to it. The total is right; for the cost of a key take \
                 claude_analytics_costs",
                worst.key
            )
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day() -> Day {
        Day::new(2026, 10, 5).unwrap()
    }

    fn cost(key: &str, dollars: i128) -> KeyCost {
        let usd = Usd::from_nanos(dollars * 1_000_000_000);
        KeyCost { account_id: "acme".into(), day: day(), api_key_id: key.to_owned(), usd }
    }

    fn check(shares: &[KeyCost], analytics: &[KeyCost]) -> Option<Verdict> {
        keys_equal_analytics(&[("acme".into(), day())], shares, analytics, Decimal::ONE).pop()
    }

    #[test]
    fn keys_that_pay_for_each_other_fail_though_the_sum_is_right() {
        let verdict = check(&[cost("a", 247), cost("b", 28)], &[cost("a", 225), cost("b", 49)]).unwrap();
        assert!(!verdict.passed);
        assert_eq!(verdict.difference(), Figure::Usd(Usd::from_nanos(22_000_000_000)));
        assert!(verdict.explanation.contains("and 1 more of 2 keys differ"), "{}", verdict.explanation);
        assert!(verdict.explanation.contains("a fast mode"), "{}", verdict.explanation);
    }

    #[test]
    fn a_small_key_that_is_off_is_named_beside_a_large_one_within_its_tolerance() {
        let verdict =
            check(&[cost("large", 10_009), cost("small", 8)], &[cost("large", 10_000), cost("small", 4)]).unwrap();
        assert!(!verdict.passed);
        assert_eq!(verdict.difference(), Figure::Usd(Usd::from_nanos(4_000_000_000)));
        assert!(verdict.explanation.contains("key small."), "{}", verdict.explanation);
    }

    #[test]
    fn keys_that_agree_pass_and_those_that_the_analytics_do_not_name_are_not_judged() {
        assert!(check(&[cost("a", 225), cost("code", 9)], &[cost("a", 225)]).unwrap().passed);
        assert!(check(&[cost("a", 225)], &[]).is_none());
        assert!(!check(&[], &[cost("a", 225)]).unwrap().passed, "a key of which nothing is shared out");
    }
}
