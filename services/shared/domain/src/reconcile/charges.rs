//! Charges are derived from facts, and kept up to date by the merge: whether they are.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::{AccountId, Day};

use super::{Check, Figure, Verdict};
use crate::derived::inputs;
use crate::vendor::Vendor;
use crate::window::Window;

/// What was found out about the charges of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChargeFact {
    pub vendor: Vendor,
    pub account_id: AccountId,
    /// Days that are loaded and whose charges are made of something else.
    pub stale: BTreeSet<Day>,
    /// Rows that are not what their definition makes, by day, or by the first day of a month.
    pub differing: BTreeMap<Day, i64>,
}

/// The charges of each account are made of what is loaded, and are what that makes: a verdict for each day of which they are
/// not, or one that all are.
pub fn charges_equal_facts(window: Window, facts: &[ChargeFact]) -> Vec<Verdict> {
    facts.iter().flat_map(|fact| verdicts(window, fact)).collect()
}

fn verdicts(window: Window, fact: &ChargeFact) -> Vec<Verdict> {
    let ChargeFact { vendor, account_id, stale, differing } = fact;
    let source = inputs().iter().find(|source| source.vendor() == *vendor).map_or("", |source| source.name());
    let verdict = |days: Window, found: i64, explanation: String| Verdict {
        check: Check::ChargesEqualFacts,
        source: source.to_owned(),
        account_id: account_id.clone(),
        activity_date: days.to(),
        from_date: days.from(),
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: found == 0,
        explanation,
    };
    if stale.is_empty() && differing.is_empty() {
        let explanation = format!("{vendor}, account `{account_id}`: charges are what the facts make");
        return vec![verdict(window, 0, explanation)];
    }
    let of_stale = stale.iter().map(|day| {
        let explanation = format!(
            "{vendor}, account `{account_id}`: the charges of {day} are not made of what is loaded; `everycent rebuild` makes \
             them, or says why it can't"
        );
        verdict(Window::of(*day), 1, explanation)
    });
    // A stale day differs anyway.
    let of_strange = differing.iter().filter(|(day, _)| !stale.contains(day)).map(|(day, rows)| {
        let explanation = format!(
            "{vendor}, account `{account_id}`: {rows} rows of charges or their sums of {day} are not what the facts make: \
             somebody edited the tables. A replay puts edited facts right, and `everycent rebuild --all` edited charges"
        );
        verdict(Window::of(*day), *rows, explanation)
    });
    of_stale.chain(of_strange).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_stale_day_and_a_strange_row_fail_with_what_mends_them() {
        let day = |day| Day::new(2025, 10, day).unwrap();
        let window = Window::new(day(1), day(31)).unwrap();
        let fact = |stale: &[u32], differing: &[(u32, i64)]| ChargeFact {
            vendor: Vendor::Cursor,
            account_id: "acme".into(),
            stale: stale.iter().map(|of| day(*of)).collect(),
            differing: differing.iter().map(|(of, rows)| (day(*of), *rows)).collect(),
        };
        let facts = [fact(&[], &[]), fact(&[4, 3], &[(4, 9)]), fact(&[], &[(7, 2)])];
        let verdicts = charges_equal_facts(window, &facts);
        let told: Vec<(bool, Day, Figure)> =
            verdicts.iter().map(|verdict| (verdict.passed, verdict.activity_date, verdict.found)).collect();
        let expected = [
            (true, day(31), Figure::Count(0)),
            (false, day(3), Figure::Count(1)),
            (false, day(4), Figure::Count(1)),
            (false, day(7), Figure::Count(2)),
        ];
        assert_eq!(told, expected);
        assert!(verdicts[1].explanation.contains("`everycent rebuild`"), "{}", verdicts[1].explanation);
        assert!(verdicts[3].explanation.contains("rebuild --all"), "{}", verdicts[3].explanation);
    }
}
