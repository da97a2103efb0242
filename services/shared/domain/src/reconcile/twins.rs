//! Accounts of which the vendor does not say what they open: two of them that cost the same are one organization, whose money
//! is in the tables twice.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{AccountId, Day, Usd};

use super::{AccountDay, Check, Figure, Verdict};
use crate::source::Source;
use crate::window::Window;

/// A verdict on each two accounts that may be one, by what a report says is billed. Two that are bound are not: each opens
/// something else.
pub fn no_twin_account(
    source: Source,
    window: Window,
    unbound: &BTreeSet<AccountId>,
    bill: &BTreeMap<AccountDay, Usd>,
) -> Vec<Verdict> {
    let mut accounts: BTreeMap<&AccountId, BTreeMap<Day, Usd>> = BTreeMap::new();
    for ((account_id, day), usd) in bill.iter().filter(|(_, usd)| **usd != Usd::ZERO) {
        accounts.entry(account_id).or_default().insert(*day, *usd);
    }
    let accounts: Vec<_> = accounts.into_iter().collect();
    let pairs =
        accounts.iter().enumerate().flat_map(|(place, one)| accounts[place + 1..].iter().map(move |two| (one, two)));
    let may_be_one = pairs.filter(|((one, _), (other, _))| unbound.contains(*one) || unbound.contains(*other));
    may_be_one.map(|(one, other)| verdict(source, window, one, other)).collect()
}

type Account<'a> = (&'a AccountId, BTreeMap<Day, Usd>);

/// They are one if most days on which both cost something cost the same to the nano-dollar.
fn verdict(source: Source, window: Window, (one, costs): &Account<'_>, (other, others): &Account<'_>) -> Verdict {
    let both = || costs.iter().filter_map(|(day, usd)| Some((usd, others.get(day)?)));
    let (days, equal) = (both().count(), both().filter(|(usd, other)| usd == other).count());
    let passed = 2 * equal <= days;
    let explanation = if passed {
        format!("{source}: accounts `{one}` and `{other}` cost something else")
    } else {
        format!(
            "{source}: accounts `{one}` and `{other}` cost the same on {equal} of {days} days, and the vendor does not say \
             what each of them opens. They are likely one organization, whose money is in the tables twice: take one of them \
             out of the configuration, and what it brought with `everycent accounts forget {other}`"
        )
    };
    Verdict {
        check: Check::NoTwinAccount,
        source: source.name().to_owned(),
        account_id: (*other).clone(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(if passed { 0 } else { i64::try_from(equal).unwrap_or(i64::MAX) }),
        passed,
        explanation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::vendors::anthropic::cost_report::SOURCE;

    fn day(number: u32) -> Day {
        Day::new(2026, 10, number).unwrap()
    }

    /// What some accounts cost from the first of October on.
    fn failed(accounts: &[(&str, &[i128])], unbound: &[&str]) -> Vec<String> {
        let bill = accounts.iter().flat_map(|(account, costs)| {
            costs
                .iter()
                .zip(1..)
                .map(|(nanos, number)| ((AccountId::from(*account), day(number)), Usd::from_nanos(*nanos)))
        });
        let unbound = unbound.iter().map(|account| AccountId::from(*account)).collect();
        let window = Window::new(day(1), day(9)).unwrap();
        let verdicts = no_twin_account(SOURCE, window, &unbound, &bill.collect());
        let failed = verdicts.into_iter().filter(|verdict| !verdict.passed);
        failed.map(|verdict| verdict.explanation).collect()
    }

    #[test]
    fn two_accounts_that_cost_the_same_are_one_unless_the_vendor_says_what_they_open() {
        let (a, b) = (("a", &[5, 6, 0, 7][..]), ("b", &[5, 6, 0, 8][..]));
        let said = failed(&[a, b], &["b"]);
        assert!(said.len() == 1 && said[0].contains("`a` and `b` cost the same on 2 of 3 days"), "{said:?}");
        assert!(failed(&[a, b], &[]).is_empty(), "each opens something else");
        assert!(failed(&[a, ("b", &[5, 7, 0, 8])], &["a", "b"]).is_empty(), "a third of the days are alike");
        assert!(failed(&[("a", &[0, 0]), ("b", &[0, 0])], &["a", "b"]).is_empty(), "nothing costs the same everywhere");
        assert!(failed(&[a, ("b", &[0, 0, 5, 0])], &["a", "b"]).is_empty(), "they have no day in common");
        assert_eq!(failed(&[a, b, ("c", &[5, 6, 0, 7])], &["c"]).len(), 2);
    }
}
