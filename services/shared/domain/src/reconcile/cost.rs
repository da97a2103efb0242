//! Claude cost, grouped against ungrouped: the same money told twice must be the same money.

use std::collections::BTreeMap;

use everycent_schemas::Usd;

use super::{AccountDay, Check, Figure, Verdict};
use crate::source::Source;

/// Exact, day by day, for the days on which both reports are loaded.
///
/// `compared` are those days by account; a day without a row has a cost of nothing.
pub fn grouped_equals_ungrouped(
    compared: &[AccountDay],
    grouped: &BTreeMap<AccountDay, Usd>,
    ungrouped: &BTreeMap<AccountDay, Usd>,
) -> Vec<Verdict> {
    let sum = |sums: &BTreeMap<AccountDay, Usd>, bucket| sums.get(bucket).copied().unwrap_or_default();
    compared.iter().map(|bucket| verdict(bucket, sum(grouped, bucket), sum(ungrouped, bucket))).collect()
}

fn verdict((account_id, day): &AccountDay, grouped: Usd, ungrouped: Usd) -> Verdict {
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
    Verdict {
        check: Check::GroupedEqualsUngrouped,
        source: Source::AnthropicCostReport.name().to_owned(),
        account_id: account_id.clone(),
        activity_date: *day,
        from_date: *day,
        expected: Figure::Usd(ungrouped),
        found: Figure::Usd(grouped),
        passed: grouped == ungrouped,
        explanation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use everycent_schemas::Day;

    #[test]
    fn a_nano_dollar_is_enough_to_fail_and_names_the_day() {
        let bucket = ("acme".to_owned(), Day::new(2025, 10, 5).unwrap());
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
        let bucket = ("acme".to_owned(), Day::new(2025, 10, 5).unwrap());
        let grouped = BTreeMap::from([(bucket.clone(), Usd::from_nanos(5))]);
        let verdicts = grouped_equals_ungrouped(&[bucket], &grouped, &BTreeMap::new());
        assert!(!verdicts[0].passed);
        assert_eq!(verdicts[0].expected, Figure::Usd(Usd::ZERO));
    }
}
