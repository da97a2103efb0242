//! `everycent report`: what the money went to, and what came of it.

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse};
use everycent_schemas::Day;

use crate::cli::ReportArgs;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::{Failure, is_out_of_range};
use crate::report::Report;
use crate::show;

pub async fn report(deployment: &Deployment, args: &ReportArgs, json: bool) -> Result<(), Failure> {
    let coverage = deployment.whole_coverage().await?;
    let (warehouse, days) = (deployment.warehouse.as_ref(), window(&coverage, args)?);
    refuse_an_unknown_account(&coverage, args)?;
    let report = match Report::read(warehouse, days, args.account.clone()).await {
        Err(error) if is_out_of_range(&error) => return Err(named(warehouse, error).await),
        report => report?,
    };
    if json {
        show::print_json(&report);
    } else if report.is_empty() {
        show::print("nothing is loaded of these days; `everycent sync` loads them\n");
    } else {
        show::print(&report.text());
    }
    Ok(())
}

/// The range that was named, completed by what is loaded.
fn window(coverage: &[CoverageRow], args: &ReportArgs) -> Result<Window, Failure> {
    let loaded = || coverage.iter().filter(|row| row.fetched_at.is_some()).map(|row| row.activity_date);
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from: Day = args.from.or_else(|| loaded().min()).ok_or_else(nothing)?;
    let to: Day = args.to.or_else(|| loaded().max()).ok_or_else(nothing)?;
    Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

/// Figures out of range that are named.
const NAMED: usize = 5;

/// The failure with the account and the day of each figure that is to blame. It may lie outside of the days that were
/// asked for, since views look back to the beginning of a billing cycle.
async fn named(warehouse: &dyn Warehouse, error: anyhow::Error) -> Failure {
    let ever = Day::new(1, 1, 1).zip(Day::new(9999, 12, 31)).expect("invariant: days of the calendar");
    let ever = Window::new(ever.0, ever.1).expect("invariant: the first is not after the last");
    let found = facts::culprits(warehouse, ever).await.unwrap_or_default();
    let places: Vec<String> = found.iter().take(NAMED).map(|rows| format!("\n  {}", rows.explanation())).collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {}; `everycent reconcile` names all", show::count(more, "more day")),
    };
    Failure::Failed(anyhow!("{error:#}{}{more}", places.concat()))
}

/// A mistyped account is not one without spend.
fn refuse_an_unknown_account(coverage: &[CoverageRow], args: &ReportArgs) -> Result<(), Failure> {
    let Some(account_id) = &args.account else { return Ok(()) };
    let known: BTreeSet<&str> = coverage.iter().map(|row| row.account_id.as_str()).collect();
    if known.contains(account_id.as_str()) {
        return Ok(());
    }
    let known = Vec::from_iter(known).join(", ");
    Err(Failure::usage(anyhow!("--account: nothing was ever loaded of `{account_id}`; known are: {known}")))
}
