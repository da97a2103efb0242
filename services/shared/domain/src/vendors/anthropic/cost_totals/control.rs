//! Claude cost, grouped against ungrouped: the same money told twice must be the same money.

use crate::reconcile::{Check, ComparedDay, Control, ControlSums, Verdict};
use crate::vendors::anthropic::cost_report;

/// Exact, day by day, for the days on which both reports are loaded.
pub const CONTROL: Control = Control {
    check: Check::GroupedEqualsUngrouped,
    fact: cost_report::NAME,
    of_fact: None,
    sums: ControlSums { table: "claude_cost_totals", amount_usd: "amount_usd", list_amount_usd: None, condition: None },
    whole_days: false,
    judge: verdict,
};

fn verdict(compared_day: &ComparedDay<'_>) -> Verdict {
    let ComparedDay { day, shown, billed_usd: grouped, .. } = *compared_day;
    let ungrouped = shown.amount_usd;
    let compared = format!("claude_costs of {day} against claude_cost_totals");
    let explanation = match grouped.cmp(&ungrouped) {
        std::cmp::Ordering::Equal => compared,
        std::cmp::Ordering::Less => format!(
            "{compared}: rows are missing; a workspace was dropped, a row rejected, or the day restated between the \
             two readings. Run `everycent sync --from {day} --to {day}`"
        ),
        std::cmp::Ordering::Greater => format!(
            "{compared}: there is too much; a row was counted twice or changed by hand, or the day restated between \
             the two readings. Run `everycent sync --from {day} --to {day}`"
        ),
    };
    let passed = grouped == ungrouped;
    // The verdict is about the report whose rows may be wrong.
    ComparedDay { source: cost_report::NAME, ..*compared_day }.verdict(
        Check::GroupedEqualsUngrouped,
        ungrouped,
        grouped,
        passed,
        explanation,
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    use crate::reconcile::{AccountDay, Figure, Shown, Tolerances};
    use everycent_schemas::{Day, Usd};

    fn grouped_equals_ungrouped(
        compared: &[AccountDay],
        grouped: &BTreeMap<AccountDay, Usd>,
        ungrouped: &BTreeMap<AccountDay, Usd>,
    ) -> Vec<Verdict> {
        let shown = |(bucket, amount_usd): (&AccountDay, &Usd)| {
            (bucket.clone(), Shown { amount_usd: *amount_usd, ..Shown::default() })
        };
        let ungrouped = ungrouped.iter().map(shown).collect();
        CONTROL.verdicts("anthropic/cost_totals", compared, &ungrouped, grouped, &Tolerances::default())
    }

    #[test]
    fn a_nano_dollar_is_enough_to_fail_and_names_the_day() {
        let bucket = ("acme".into(), Day::new(2025, 10, 5).unwrap());
        let sums = |nanos| BTreeMap::from([(bucket.clone(), Usd::from_nanos(nanos))]);
        let check = |grouped, ungrouped| {
            let compared = std::slice::from_ref(&bucket);
            grouped_equals_ungrouped(compared, &sums(grouped), &sums(ungrouped)).remove(0)
        };
        assert!(check(10, 10).passed);
        let less = check(9, 10);
        assert!(!less.passed);
        assert_eq!(less.difference(), Figure::Usd(Usd::from_nanos(-1)));
        assert!(less.explanation.contains("2025-10-05") && less.explanation.contains("missing"));
        assert!(check(11, 10).explanation.contains("too much"));
    }

    #[test]
    fn a_day_that_only_one_report_has_rows_of_is_compared_with_nothing() {
        let bucket = ("acme".into(), Day::new(2025, 10, 5).unwrap());
        let grouped = BTreeMap::from([(bucket.clone(), Usd::from_nanos(5))]);
        let verdicts = grouped_equals_ungrouped(&[bucket], &grouped, &BTreeMap::new());
        assert!(!verdicts[0].passed);
        assert_eq!(verdicts[0].expected, Figure::Usd(Usd::ZERO));
    }
}
