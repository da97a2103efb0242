//! `everycent report`: what the money went to, and what came of it.

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::Day;

use crate::cli::ReportArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::report::Report;
use crate::show;

pub async fn report(deployment: &Deployment, args: &ReportArgs, json: bool) -> Result<(), Failure> {
    let coverage = deployment.whole_coverage().await?;
    let days = window(&coverage, args)?;
    refuse_an_unknown_account(&coverage, args)?;
    let report = Report::read(deployment.warehouse.as_ref(), days, args.account.clone()).await?;
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
