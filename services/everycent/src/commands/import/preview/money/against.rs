//! The same money must not be there twice: what an API or another file reports of the same days.

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::report::Contents;
use everycent_domain::source::Source;
use everycent_domain::vendors::upload::money::{Lines, Sums};
use everycent_domain::vendors::upload::{claude_console_cost, claude_spend};
use everycent_domain::vendors::{anthropic, cursor};
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day};

use crate::facts::imported_money::{days_by_analytics, days_of_claude_ai, loaded_days, spend_periods};
use crate::failure::Failure;

/// Refuses a file of days whose money is known otherwise, with both named.
pub async fn refuse_the_same_money(
    source: Source,
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    contents: &Contents,
    (lines, sums): (&Lines, &Sums),
) -> Result<(), Failure> {
    let window = contents.window;
    if source == claude_spend::SOURCE {
        refuse_other_periods(warehouse, account_id, contents).await?;
    }
    if lines.is_empty() {
        return Ok(());
    }
    let refuse =
        |api: Source, money: &str, days: BTreeSet<Day>| refuse_days(api, money, source, account_id, window, &days);
    let days_of_file: BTreeSet<Day> = lines.keys().map(|(day, _)| *day).collect();
    let of_file = |days: BTreeSet<Day>| days.intersection(&days_of_file).copied().collect();
    if source == claude_spend::SOURCE {
        let analytics = anthropic::analytics_cost::SOURCE;
        refuse(analytics, "money of claude.ai", days_of_claude_ai(warehouse, account_id, window).await?)?;
        let days = days_by_analytics(warehouse, account_id, window, Some(&sums.products)).await?;
        return refuse(analytics, "money of a product of the file", days);
    }
    if source == claude_console_cost::SOURCE {
        let (bill, analytics) = (anthropic::cost_report::SOURCE, anthropic::analytics_cost::SOURCE);
        let of_bill = loaded_days(warehouse, bill, account_id, window).await?;
        refuse(bill, "the same money", of_file(of_bill))?;
        let of_analytics = days_by_analytics(warehouse, account_id, window, None).await?;
        return refuse(analytics, "the same money", of_file(of_analytics));
    }
    let events = cursor::usage_events::SOURCE;
    let loaded = loaded_days(warehouse, events, account_id, window).await?;
    refuse(events, "the same money", of_file(loaded))
}

/// A period may be there again, and may be taken back together with others; one that has a part of another may not.
async fn refuse_other_periods(
    warehouse: &dyn Warehouse,
    account_id: &AccountId,
    contents: &Contents,
) -> Result<(), Failure> {
    let window = contents.window;
    let known = spend_periods(warehouse, account_id, window).await?;
    let is_withdrawn_whole =
        |(from, to): &(Day, Day)| contents.lines == 0 && window.from() <= *from && *to <= window.to();
    let other = known
        .iter()
        .find(|(from, to)| (*from, *to) != (window.from(), window.to()) && !is_withdrawn_whole(&(*from, *to)));
    let Some((from, to)) = other else { return Ok(()) };
    Err(Failure::usage(anyhow!(
        "the period {} to {} overlaps that of {from} to {to}, which is imported for account `{account_id}`: its spend would \
         be counted twice on the days of both. Export the file for {from} to {to} or for days beside it; or take that period \
         back first: `everycent import claude-spend --withdraw --from {from} --to {to}`",
        window.from(),
        window.to(),
    )))
}

fn refuse_days(
    api: Source,
    money: &str,
    source: Source,
    account_id: &AccountId,
    window: Window,
    days: &BTreeSet<Day>,
) -> Result<(), Failure> {
    if days.is_empty() {
        return Ok(());
    }
    let advice = if source == claude_spend::SOURCE {
        "Export the file for a period without these days"
    } else {
        "Leave these days out of the file"
    };
    Err(Failure::usage(anyhow!(
        "the file is of {} to {}, and {api} of account `{account_id}` reports {money} for {}: it would be counted twice. {advice}",
        window.from(),
        window.to(),
        ranges(days),
    )))
}

/// Days that are named; more are counted.
const RANGES: usize = 5;

/// `2026-11-03 to 2026-11-05, 2026-11-09`.
fn ranges(days: &BTreeSet<Day>) -> String {
    let longest = u32::try_from(days.len()).unwrap_or(u32::MAX);
    let windows = Window::fewest(days.iter().copied(), longest);
    let range = |window: &Window| match window.from() == window.to() {
        true => window.from().to_string(),
        false => format!("{} to {}", window.from(), window.to()),
    };
    let named: Vec<String> = windows.iter().take(RANGES).map(range).collect();
    let more = if windows.len() > RANGES { ", and more" } else { "" };
    named.join(", ") + more
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_are_named_as_ranges() {
        let day = |day| Day::new(2026, 11, day).unwrap();
        assert_eq!(ranges(&[3, 4, 5, 9].map(day).into()), "2026-11-03 to 2026-11-05, 2026-11-09");
        assert!(ranges(&[1, 3, 5, 7, 9, 11].map(day).into()).ends_with("2026-11-09, and more"));
    }
}
