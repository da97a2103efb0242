//! `everycent report`: what the money went to, and what came of it.

use anyhow::anyhow;
use everycent_domain::window::Window;
use everycent_schemas::Day;

use crate::cli::ReportArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::report::Report;
use crate::show;

pub async fn report(deployment: &Deployment, args: &ReportArgs, json: bool) -> Result<(), Failure> {
    let report = Report::read(deployment.warehouse.as_ref(), window(deployment, args).await?).await?;
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
