//! Claude Code's own estimate of what it used on API billing, against the bill that it is a part of.

use std::collections::BTreeMap;

use everycent_schemas::{Day, Usd};
use rust_decimal::Decimal;

use super::closeness::{Slip, allowance};
use super::{AccountDay, Check, Figure, Verdict};
use crate::source::Source;

/// A part is not more than the whole, but for so many percent and a cent; for the days on which both are loaded.
pub fn claude_code_within_bill(
    compared: &[AccountDay],
    estimates: &BTreeMap<AccountDay, Usd>,
    bill: &BTreeMap<AccountDay, Usd>,
    percent: Decimal,
) -> Vec<Verdict> {
    let of = |sums: &BTreeMap<AccountDay, Usd>, bucket| sums.get(bucket).copied().unwrap_or_default();
    compared.iter().map(|bucket| verdict(bucket, of(estimates, bucket), of(bill, bucket), percent)).collect()
}

fn verdict((account_id, day): &AccountDay, estimate: Usd, billed: Usd, percent: Decimal) -> Verdict {
    let passed = estimate <= billed + allowance(billed, percent);
    let compared =
        format!("estimates of claude_code_model_usage on API billing of {day} against the whole of claude_costs");
    let explanation = if passed {
        format!("{compared}: a part of it")
    } else {
        format!("{compared}: {}", cause(estimate, billed, *day))
    };
    Verdict {
        check: Check::ClaudeCodeWithinBill,
        source: Source::AnthropicClaudeCode.name().to_owned(),
        account_id: account_id.clone(),
        activity_date: *day,
        from_date: *day,
        expected: Figure::Usd(billed),
        found: Figure::Usd(estimate),
        passed,
        explanation,
    }
}

fn cause(estimate: Usd, billed: Usd, day: Day) -> String {
    let sync = format!("`everycent sync --from {day} --to {day}` reads both again");
    match Slip::of(estimate, billed) {
        Some(slip) => format!("in the estimates {}, or the other way round in the bill; {sync}", slip.words()),
        None => format!(
            "the part is more than the whole: cost lines are missing, the day was restated between the two readings, \
             or the estimates are at list price and your bill has a discount; {sync}"
        ),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn usd(text: &str) -> Usd {
        crate::money::usd_from_dollars(text).unwrap()
    }

    fn check(estimate: &str, billed: &str) -> Verdict {
        let bucket = ("acme".to_owned(), Day::new(2025, 10, 5).unwrap());
        let sums = |amount| BTreeMap::from([(bucket.clone(), usd(amount))]);
        let compared = std::slice::from_ref(&bucket);
        claude_code_within_bill(compared, &sums(estimate), &sums(billed), Decimal::ONE).remove(0)
    }

    #[test]
    fn the_estimate_may_be_anything_up_to_the_bill_and_the_tolerance() {
        for (estimate, passed) in [("0", true), ("100", true), ("101.01", true), ("101.010000001", false)] {
            assert_eq!(check(estimate, "100").passed, passed, "{estimate}");
        }
    }

    #[test]
    fn more_than_the_bill_is_explained() {
        let verdict = check("150", "100");
        assert_eq!((verdict.expected, verdict.found), (Figure::Usd(usd("100")), Figure::Usd(usd("150"))));
        assert_eq!((verdict.source.as_str(), verdict.account_id.as_str()), ("anthropic/claude_code", "acme"));
        assert!(verdict.explanation.contains("more than the whole") && verdict.explanation.contains("2025-10-05"));
        assert!(check("10000", "100").explanation.contains("cents were read as dollars"));
    }

    #[test]
    fn a_day_without_a_bill_allows_no_estimate() {
        let bucket = ("acme".to_owned(), Day::new(2025, 10, 5).unwrap());
        let estimates = BTreeMap::from([(bucket.clone(), usd("1"))]);
        let compared = std::slice::from_ref(&bucket);
        assert!(!claude_code_within_bill(compared, &estimates, &BTreeMap::new(), Decimal::ONE)[0].passed);
        assert!(claude_code_within_bill(compared, &BTreeMap::new(), &BTreeMap::new(), Decimal::ONE)[0].passed);
        assert!(claude_code_within_bill(&[], &estimates, &BTreeMap::new(), Decimal::ONE).is_empty());
    }
}
