//! What `reconcile` checks of it: that what is loaded was made by the rules in use, and that what is stored is loaded. Its
//! other checks have the rest.

use std::collections::BTreeSet;

use everycent_domain::reconcile::{Check, Figure, Verdict};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, Day};

use super::gap::{Gap, in_ranges};
use super::gaps;
use super::recipes::{is_made_by_a_recipe, is_older, recipes_in_use};
use super::stored::look;
use super::words::{days_text, words};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::show::count;

/// A verdict for each report of an account that has stored answers about the days which are not in the tables, or one that
/// there is none. `coverage` is that of all days there are.
pub async fn stored_verdicts(
    deployment: &Deployment,
    stored: Window,
    coverage: &[CoverageRow],
) -> Result<Vec<Verdict>, Failure> {
    let look = look(deployment, stored, None, coverage).await?;
    let gaps: Vec<Gap> = gaps::stored_days(&look).into_iter().map(Gap::with_mend).collect();
    let judged = |source: &str, account_id: &AccountId, found: usize, explanation: String| Verdict {
        check: Check::StoredAnswersAreLoaded,
        source: source.to_owned(),
        account_id: account_id.clone(),
        activity_date: stored.to(),
        from_date: stored.from(),
        expected: Figure::Count(0),
        found: Figure::Count(i64::try_from(found).unwrap_or(i64::MAX)),
        passed: found == 0,
        explanation,
    };
    if gaps.is_empty() {
        return Ok(vec![judged("", &"".into(), 0, "every stored answer is in the tables".to_owned())]);
    }
    let verdict = |gap: &Gap| {
        let source = gap.sources.first().copied().unwrap_or_default();
        let mend = gap.mend.as_deref().unwrap_or_default();
        judged(source, &gap.account_id, gap.days.len(), format!("{}: {mend} loads them", words(gap)))
    };
    Ok(gaps.iter().map(verdict).collect())
}

/// A verdict for each report of an account that has days in the window. `coverage` is that of all days there are.
pub fn verdicts(deployment: &Deployment, window: Window, coverage: &[CoverageRow]) -> Vec<Verdict> {
    let recipes = recipes_in_use(deployment, coverage);
    let is_judged = |row: &&CoverageRow| window.contains(row.activity_date) && is_made_by_a_recipe(row);
    let judged: Vec<&CoverageRow> = coverage.iter().filter(is_judged).collect();
    let feeds: BTreeSet<(&str, &AccountId)> = judged.iter().map(|row| (row.source.as_str(), &row.account_id)).collect();
    let of_feed = |(source, account_id): (&str, &AccountId)| {
        let rows = judged.iter().filter(|row| (row.source.as_str(), &row.account_id) == (source, account_id));
        let older = rows.filter(|row| is_older(row, &recipes)).map(|row| row.activity_date);
        verdict(window, source, account_id, &older.collect())
    };
    feeds.into_iter().map(of_feed).collect()
}

fn verdict(window: Window, source: &str, account_id: &AccountId, older: &BTreeSet<Day>) -> Verdict {
    let explanation = match in_ranges(older).first().zip(older.last()) {
        None => format!("{source} of account `{account_id}`: all days were made by the rules in use"),
        Some((first, last)) => format!(
            "{source} of account `{account_id}`: {} were made by older rules, prices or program than are in use now ({}): \
             `everycent replay --from {} --to {last}` makes them again",
            count(older.len(), "day"),
            days_text(older),
            first.from()
        ),
    };
    Verdict {
        check: Check::MadeByRulesInUse,
        source: source.to_owned(),
        account_id: account_id.clone(),
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(i64::try_from(older.len()).unwrap_or(i64::MAX)),
        passed: older.is_empty(),
        explanation,
    }
}
