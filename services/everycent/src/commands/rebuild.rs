//! `everycent rebuild`: makes charges and their sums again, of the facts that are loaded.
//!
//! Merges keep them up to date, and every command makes those that an earlier release has left. So this is for tables that
//! somebody wrote to, and to see that it changes nothing.

use everycent_domain::window::Window;
use everycent_runtime::warehouse::{Rebuild, rebuild as make, stale_charges};
use serde::Serialize;

use crate::cli::RebuildArgs;
use crate::deployment::{Deployment, tell_days};
use crate::facts;
use crate::failure::Failure;
use crate::show::{self, count};

/// What was done.
#[derive(Debug, Serialize)]
struct Report {
    /// Days of accounts whose charges were made.
    days: usize,
    /// Days of reports whose charges can't be made: a sum of them leaves the range of the warehouse.
    not_made: usize,
    /// Rows that are not what their definition makes, of the last month: there are none, or something writes beside.
    differing: i64,
}

pub async fn rebuild(deployment: &Deployment, args: &RebuildArgs, json: bool) -> Result<(), Failure> {
    let warehouse = deployment.warehouse.as_ref();
    let which = if args.all { Rebuild::All } else { Rebuild::Stale };
    let days = make(warehouse, which, if json { &|_, _| {} } else { &tell_days }).await?;
    let report = Report {
        days,
        not_made: stale_charges(warehouse).await?.len(),
        differing: differing_of_the_last_month(deployment).await?,
    };
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    if report.not_made == 0 && report.differing == 0 { Ok(()) } else { Err(Failure::Reported) }
}

async fn differing_of_the_last_month(deployment: &Deployment) -> Result<i64, Failure> {
    let coverage = deployment.whole_coverage().await?;
    let all = coverage.iter().map(|row| Window::of(row.activity_date)).reduce(Window::union);
    let Some(all) = all else { return Ok(0) };
    let facts = facts::charges(deployment.warehouse.as_ref(), all, deployment.clock.now().day(), &coverage).await?;
    Ok(facts.iter().flat_map(|fact| fact.differing.values()).sum())
}

fn text(report: &Report) -> String {
    let Report { days, not_made, differing } = report;
    let mut text = match days {
        0 => "Charges are up to date; --all makes all of them again.\n".to_owned(),
        days => format!("Charges of {} made.\n", count(*days, "day")),
    };
    if *not_made > 0 {
        text.push_str(&format!(
            "Those of {} can't be made, for their sums leave the range of the warehouse: `everycent reconcile` names the \
             figures.\n",
            count(*not_made, "day")
        ));
    }
    if *differing > 0 {
        text.push_str(&format!(
            "{} that are not what the facts make: does something else write to the tables?\n",
            count(*differing, "row")
        ));
    }
    text
}
