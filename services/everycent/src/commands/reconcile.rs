//! `everycent reconcile`: facts from the warehouse, verdicts from the domain, stored and shown.

mod expected;
mod judge;
mod question;
mod report;
mod wanted;

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::reconcile::Verdict;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::Day;

pub use question::Question;
pub use report::text;

use crate::cli::ReconcileArgs;
use crate::completeness::ever;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::Failure;
use crate::remarks::{self, RemarkRow};
use crate::report::Scope;
use crate::show;
use judge::judge;
use report::Report;

/// Kinds of remarks that are read; the table has all.
const REMARKS_MAX: usize = 1000;

pub async fn reconcile(deployment: &Deployment, args: &ReconcileArgs, json: bool) -> Result<(), Failure> {
    let coverage = deployment.whole_coverage().await?;
    let expected = expected::asked(deployment, args, &coverage)?;
    let window = window(deployment, args, &coverage).await?;
    let question = Question {
        window,
        stored: stored(window, (args.from, args.to), deployment.clock.now().day()),
        expected,
        wanted_from: args.from.map(|from| deployment.config.since.map_or(from, |since| since.max(from))),
    };
    let verdicts = check(deployment, &question).await?;
    let remarks = remarked(deployment, window).await?;
    if json {
        show::print_json(&Report::new(window, &verdicts, remarks));
    } else {
        show::print(&text(window, &verdicts, &remarks));
    }
    if verdicts.iter().all(|verdict| verdict.passed) { Ok(()) } else { Err(Failure::Reported) }
}

/// The range that was named, completed by what is covered or has rows.
async fn window(deployment: &Deployment, args: &ReconcileArgs, coverage: &[CoverageRow]) -> Result<Window, Failure> {
    let stored = facts::stored_days(deployment.warehouse.as_ref()).await?;
    let days: BTreeSet<Day> = coverage.iter().map(|row| row.activity_date).chain(stored).collect();
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from = args.from.or_else(|| days.first().copied()).ok_or_else(nothing)?;
    let to = args.to.or_else(|| days.last().copied()).ok_or_else(nothing)?;
    Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

/// The days about which stored answers are to be in the tables: those that were named, and without a name all there are.
fn stored(window: Window, (from, to): (Option<Day>, Option<Day>), today: Day) -> Window {
    let ever = ever(today);
    let first = from.map_or(ever.from(), |_| window.from());
    let last = to.map_or(ever.to(), |_| window.to());
    Window::new(first, last).unwrap_or(window)
}

/// What was odd in the range and cost no row, by field and reason.
pub async fn remarked(deployment: &Deployment, window: Window) -> Result<Vec<RemarkRow>, Failure> {
    let scope = Scope { days: window, account_id: None };
    Ok(remarks::of(deployment.warehouse.as_ref(), &scope, REMARKS_MAX).await?)
}

/// Runs every check on the range and stores the verdicts.
pub async fn check(deployment: &Deployment, question: &Question) -> Result<Vec<Verdict>, Failure> {
    let coverage = async || deployment.whole_coverage().await;
    let verdicts = steady(coverage, async |coverage: &Vec<_>| judge(deployment, question, coverage).await).await?;
    deployment.warehouse.store_verdicts(&verdicts, deployment.clock.now()).await?;
    Ok(verdicts)
}

/// How often the tables are read before it is said that they do not hold still.
const READINGS: u32 = 4;

/// What comes of facts that belong together: when coverage changed while they were read, somebody merged, and they are
/// read again.
async fn steady<C: PartialEq, T>(
    coverage: impl AsyncFn() -> Result<C, Failure>,
    read: impl AsyncFn(&C) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut before = coverage().await?;
    for _ in 0..READINGS {
        let found = read(&before).await?;
        let after = coverage().await?;
        if after == before {
            return Ok(found);
        }
        before = after;
    }
    Err(Failure::Failed(anyhow!(
        "the tables changed during each of {READINGS} readings, so nothing can be said of them; run `everycent reconcile` \
         again when nothing is being loaded"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use super::*;

    /// Reads while coverage changes so many times; gives what was read last, and how often it was read.
    async fn read(changes: u32) -> (Result<u32, Failure>, u32) {
        let (looks, readings) = (Cell::new(0), Cell::new(0));
        let coverage = async || Ok(looks.replace(looks.get() + 1).min(changes));
        let found = steady(coverage, async |coverage: &u32| {
            readings.set(readings.get() + 1);
            Ok(*coverage)
        });
        let found = found.await;
        (found, readings.get())
    }

    #[tokio::test]
    async fn what_changes_meanwhile_is_read_again_until_it_holds_still() {
        for changes in 0..READINGS {
            let (found, readings) = read(changes).await;
            assert_eq!((found.unwrap(), readings), (changes, changes + 1));
        }
    }

    #[tokio::test]
    async fn tables_that_never_hold_still_are_a_failure_and_no_endless_reading() {
        let (found, readings) = read(u32::MAX).await;
        let Err(Failure::Failed(error)) = found else { panic!("{found:?}") };
        assert_eq!(readings, READINGS);
        assert!(error.to_string().contains("run `everycent reconcile` again when nothing is being loaded"), "{error}");
    }
}
