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

/// The charges of each account are made of what is loaded, and are what that makes.
pub fn charges_equal_facts(window: Window, facts: &[ChargeFact]) -> Vec<Verdict> {
    facts.iter().map(|fact| verdict(window, fact)).collect()
}

fn verdict(window: Window, fact: &ChargeFact) -> Verdict {
    let ChargeFact { vendor, account_id, stale, differing } = fact;
    let rows: i64 = differing.values().sum();
    let found = rows.saturating_add(i64::try_from(stale.len()).unwrap_or(i64::MAX));
    let first = |days: &mut dyn Iterator<Item = &Day>| days.next().map_or_else(String::new, ToString::to_string);
    let explanation = match (stale.len(), differing.len()) {
        (0, 0) => format!("{vendor}, account `{account_id}`: charges are what the facts make"),
        (0, days) => format!(
            "{vendor}, account `{account_id}`: {rows} rows of charges or their sums on {days} days, the first {}, are not \
             what the facts make; something else wrote to the tables: `everycent rebuild --all` makes them again",
            first(&mut differing.keys())
        ),
        (days, _) => format!(
            "{vendor}, account `{account_id}`: the charges of {days} days, the first {}, are not made of what is loaded; \
             `everycent rebuild` makes them again, or says why it can't",
            first(&mut stale.iter())
        ),
    };
    let source = inputs().iter().find(|source| source.vendor() == *vendor).map_or("", |source| source.name());
    Verdict {
        check: Check::ChargesEqualFacts,
        source: source.to_owned(),
        account_id: account_id.clone(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: found == 0,
        explanation,
    }
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
        let facts = [fact(&[], &[]), fact(&[4, 3], &[]), fact(&[], &[(7, 2), (8, 1)])];
        let verdicts = charges_equal_facts(window, &facts);
        let passed: Vec<bool> = verdicts.iter().map(|verdict| verdict.passed).collect();
        assert_eq!(passed, [true, false, false]);
        assert_eq!(verdicts[1].found, Figure::Count(2));
        assert!(verdicts[1].explanation.contains("2 days, the first 2025-10-03"), "{}", verdicts[1].explanation);
        assert_eq!(verdicts[2].found, Figure::Count(3));
        assert!(verdicts[2].explanation.contains("rebuild --all"), "{}", verdicts[2].explanation);
    }
}
