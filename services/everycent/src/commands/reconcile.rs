//! `everycent reconcile`: facts from the warehouse, verdicts from the domain, stored and shown.

mod judge;
mod question;
mod report;

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::reconcile::Verdict;
use everycent_domain::vendors::anthropic::checks::{Expectation, Workspace};
use everycent_domain::window::Window;
use everycent_schemas::Day;

pub use question::Question;
pub use report::text;

use crate::cli::ReconcileArgs;
use crate::deployment::Deployment;
use crate::facts;
use crate::facts::claude::CostScope;
use crate::failure::Failure;
use crate::show;
use judge::judge;
use report::Report;

pub async fn reconcile(deployment: &Deployment, args: &ReconcileArgs, json: bool) -> Result<(), Failure> {
    let expectation = args.expect.as_deref().map(Expectation::parse).transpose().map_err(Failure::usage)?;
    let window = window(deployment, args).await?;
    let scope = CostScope { account_id: args.account.clone(), workspace: Workspace::parse(args.workspace.as_deref()) };
    let question = Question {
        window,
        expected: expectation.map(|expectation| (expectation, scope)),
        wanted_from: args.from.map(|from| deployment.config.since.map_or(from, |since| since.max(from))),
    };
    let verdicts = check(deployment, &question).await?;
    if json {
        show::print_json(&Report::new(window, &verdicts));
    } else {
        show::print(&text(window, &verdicts));
    }
    if verdicts.iter().all(|verdict| verdict.passed) { Ok(()) } else { Err(Failure::Reported) }
}

/// The range that was named, completed by what is covered or has rows.
async fn window(deployment: &Deployment, args: &ReconcileArgs) -> Result<Window, Failure> {
    let coverage = deployment.whole_coverage().await?;
    let stored = facts::stored_days(deployment.warehouse.as_ref()).await?;
    let days: BTreeSet<Day> = coverage.iter().map(|row| row.activity_date).chain(stored).collect();
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from = args.from.or_else(|| days.first().copied()).ok_or_else(nothing)?;
    let to = args.to.or_else(|| days.last().copied()).ok_or_else(nothing)?;
    Window::new(from, to).map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

/// Runs every check on the range and stores the verdicts. When somebody merged meanwhile, the facts may not belong
/// together, so they are read again.
pub async fn check(deployment: &Deployment, question: &Question) -> Result<Vec<Verdict>, Failure> {
    let mut coverage = deployment.whole_coverage().await?;
    loop {
        let verdicts = judge(deployment, question, &coverage).await?;
        let after = deployment.whole_coverage().await?;
        if after == coverage {
            deployment.warehouse.store_verdicts(&verdicts, deployment.clock.now()).await?;
            return Ok(verdicts);
        }
        coverage = after;
    }
}
