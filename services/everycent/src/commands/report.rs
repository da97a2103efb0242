//! `everycent report`: what the money went to, and what came of it.

use anyhow::anyhow;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Day;

use crate::cli::ReportArgs;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::{Failure, is_out_of_range};
use crate::report::Report;
use crate::show;

pub async fn report(deployment: &Deployment, args: &ReportArgs, json: bool) -> Result<(), Failure> {
    let (warehouse, window) = (deployment.warehouse.as_ref(), window(deployment, args).await?);
    let report = match Report::read(warehouse, window).await {
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
async fn window(deployment: &Deployment, args: &ReportArgs) -> Result<Window, Failure> {
    let coverage = deployment.whole_coverage().await?;
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
