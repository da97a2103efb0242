//! Claude Code's own estimate of what it used on API billing, against the bill that it is a part of.

use everycent_schemas::{Day, Usd};

use crate::reconcile::{Check, ComparedDay, Control, ControlSums, Slip, Verdict, allowance};
use crate::vendors::anthropic::cost_report;

/// A part is not more than the whole, but for so many percent and a cent; for the days of which both were read after
/// their end.
pub const CONTROL: Control = Control {
    check: Check::ClaudeCodeWithinBill,
    fact: cost_report::NAME,
    of_fact: None,
    sums: ControlSums {
        table: "claude_code_model_usage",
        amount_usd: "estimated_cost_usd",
        list_amount_usd: None,
        // Use of a subscription is not billed by tokens.
        condition: Some("customer_type = 'api'"),
    },
    whole_days: true,
    judge: verdict,
};

fn verdict(compared_day: &ComparedDay<'_>) -> Verdict {
    let ComparedDay { day, shown, billed_usd: billed, tolerances, .. } = *compared_day;
    let (estimate, percent) = (shown.amount_usd, tolerances.claude_code_percent);
    let passed = estimate <= billed + allowance(billed, percent);
    let compared =
        format!("estimates of claude_code_model_usage on API billing of {day} against the whole of claude_costs");
    let explanation = if passed {
        format!("{compared}: a part of it")
    } else {
        format!("{compared}: {}", cause(estimate, billed, day))
    };
    compared_day.verdict(Check::ClaudeCodeWithinBill, billed, estimate, passed, explanation)
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
    use std::collections::BTreeMap;

    use crate::reconcile::{AccountDay, Figure, Shown, Tolerances};
    use rust_decimal::Decimal;

    fn verdicts(
        compared: &[AccountDay],
        estimates: &BTreeMap<AccountDay, Usd>,
        bill: &BTreeMap<AccountDay, Usd>,
    ) -> Vec<Verdict> {
        let shown = |(bucket, amount_usd): (&AccountDay, &Usd)| {
            (bucket.clone(), Shown { amount_usd: *amount_usd, ..Shown::default() })
        };
        let tolerances = Tolerances { claude_code_percent: Decimal::ONE, ..Tolerances::default() };
        CONTROL.verdicts("anthropic/claude_code", compared, &estimates.iter().map(shown).collect(), bill, &tolerances)
    }

    fn usd(text: &str) -> Usd {
        crate::money::usd_from_dollars(text).unwrap()
    }

    fn check(estimate: &str, billed: &str) -> Verdict {
        let bucket = ("acme".into(), Day::new(2025, 10, 5).unwrap());
        let sums = |amount| BTreeMap::from([(bucket.clone(), usd(amount))]);
        let compared = std::slice::from_ref(&bucket);
        verdicts(compared, &sums(estimate), &sums(billed)).remove(0)
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
        let bucket = ("acme".into(), Day::new(2025, 10, 5).unwrap());
        let estimates = BTreeMap::from([(bucket.clone(), usd("1"))]);
        let compared = std::slice::from_ref(&bucket);
        assert!(!verdicts(compared, &estimates, &BTreeMap::new())[0].passed);
        assert!(verdicts(compared, &BTreeMap::new(), &BTreeMap::new())[0].passed);
        assert!(verdicts(&[], &estimates, &BTreeMap::new()).is_empty());
    }
}
