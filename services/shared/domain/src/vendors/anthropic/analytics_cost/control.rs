//! Claude cost as the vendor's analytics tell it, against the cost report: the same money by another way.

use everycent_schemas::{Day, Usd};
use rust_decimal::Decimal;

use crate::reconcile::{Check, ComparedDay, Control, ControlSums, Shown, Slip, Verdict, is_near};
use crate::vendors::anthropic::cost_report;

/// The cost report can't hold what is used in claude.ai.
const OF_THE_API: &str = "NOT [[of_claude_ai:product]]";

/// The vendor takes a credit off the bill in a line of its own. The analytics tell what was used, before credits.
const BEFORE_CREDITS: &str = "[[exact:amount_usd]] > 0";

/// Within so many percent and a cent, for the days of which both were read after their end.
pub const CONTROL: Control = Control {
    check: Check::AnalyticsEqualsCostReport,
    fact: cost_report::NAME,
    of_fact: Some(BEFORE_CREDITS),
    sums: ControlSums {
        table: "claude_analytics_costs",
        amount_usd: "amount_usd",
        list_amount_usd: Some("list_amount_usd"),
        condition: Some(OF_THE_API),
    },
    whole_days: true,
    judge: verdict,
};

fn verdict(compared_day: &ComparedDay<'_>) -> Verdict {
    let ComparedDay { day, shown: told, billed_usd: billed, tolerances, .. } = *compared_day;
    let percent = tolerances.analytics_percent;
    let passed = is_near(told.amount_usd, billed, percent);
    let compared = format!("claude_analytics_costs of {day} against claude_costs");
    let explanation = if passed {
        format!("{compared}: within {percent} %")
    } else {
        format!("{compared}: {}", cause(told, billed, percent, day))
    };
    compared_day.verdict(Check::AnalyticsEqualsCostReport, billed, told.amount_usd, passed, explanation)
}

fn cause(told: Shown, billed: Usd, percent: Decimal, day: Day) -> String {
    let sync = format!("`everycent sync --from {day} --to {day}` reads both again");
    if let Some(slip) = Slip::of(told.amount_usd, billed) {
        return format!("in the analytics {}, or the other way round in the cost report; {sync}", slip.words());
    }
    if is_near(told.list_amount_usd, billed, percent) {
        let list = told.list_amount_usd.short();
        return format!("their amount before discounts, {list}, agrees: the cost report leaves your discount out");
    }
    if told.amount_usd < billed {
        format!("the analytics tell less: they lag, for up to a day, or rows are missing; {sync}")
    } else {
        format!(
            "the analytics tell more: they hold use that is billed elsewhere, or the cost report was restated; {sync}"
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    use crate::reconcile::{AccountDay, Figure, Tolerances};

    fn verdicts(
        compared: &[AccountDay],
        shown: &BTreeMap<AccountDay, Shown>,
        bill: &BTreeMap<AccountDay, Usd>,
    ) -> Vec<Verdict> {
        let tolerances = Tolerances { analytics_percent: Decimal::ONE, ..Tolerances::default() };
        CONTROL.verdicts("anthropic/analytics_cost", compared, shown, bill, &tolerances)
    }

    fn usd(text: &str) -> Usd {
        crate::money::usd_from_dollars(text).unwrap()
    }

    fn check(amount: &str, list: &str, billed: &str) -> Verdict {
        let bucket = ("acme".into(), Day::new(2026, 3, 5).unwrap());
        let told = Shown { amount_usd: usd(amount), list_amount_usd: usd(list) };
        let (told, billed) = ([(bucket.clone(), told)].into(), [(bucket.clone(), usd(billed))].into());
        verdicts(&[bucket], &told, &billed).remove(0)
    }

    #[test]
    fn the_two_may_differ_by_the_tolerance_and_a_cent() {
        for (amount, passed) in
            [("100", true), ("101.01", true), ("101.011", false), ("98.99", true), ("98.989", false)]
        {
            assert_eq!(check(amount, "500", "100").passed, passed, "{amount}");
        }
    }

    #[test]
    fn the_bill_is_what_is_expected_and_the_cause_fits_the_difference() {
        let less = check("90", "95", "100");
        assert_eq!((less.expected, less.found), (Figure::Usd(usd("100")), Figure::Usd(usd("90"))));
        assert_eq!((less.source.as_str(), less.account_id.as_str()), ("anthropic/analytics_cost", "acme"));
        for (amount, list, cause) in [
            ("90", "95", "they lag"),
            ("110", "120", "billed elsewhere"),
            ("80", "100", "leaves your discount out"),
            ("10000", "10000", "cents were read as dollars"),
            ("1", "1", "dollars were read as cents"),
        ] {
            let verdict = check(amount, list, "100");
            assert!(!verdict.passed && verdict.explanation.contains(cause), "{}", verdict.explanation);
            assert!(verdict.explanation.contains("2026-03-05"));
        }
    }

    #[test]
    fn a_day_without_rows_is_a_day_without_cost() {
        let bucket = ("acme".into(), Day::new(2026, 3, 5).unwrap());
        let billed = BTreeMap::from([(bucket.clone(), usd("1"))]);
        let compared = std::slice::from_ref(&bucket);
        assert!(!verdicts(compared, &BTreeMap::new(), &billed)[0].passed);
        let told = Shown { amount_usd: usd("1"), list_amount_usd: usd("1") };
        let told = BTreeMap::from([(bucket.clone(), told)]);
        assert!(!verdicts(compared, &told, &BTreeMap::new())[0].passed);
        assert!(verdicts(&[], &told, &billed).is_empty());
    }
}
