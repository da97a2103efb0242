//! `everycent prune`: takes stored answers out of `raw/` that no day rests on any more. Their sums stay.

mod known;
mod report;

use anyhow::anyhow;
use chrono::Duration;
use everycent_domain::source::Source;
use everycent_runtime::prune::{self, AccountPrune};
use tokio_util::sync::CancellationToken;

use crate::cli::PruneArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::show;
use known::known;
use report::Report;

/// Objects that are deleted between two looks at a signal.
const STEP: usize = 500;

pub async fn prune(
    deployment: &Deployment,
    args: &PruneArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let plans = plans(deployment, args).await?;
    refuse_what_is_not_known(&plans)?;
    let mut report = Report::new(deployment, args, &plans);
    if args.yes && !args.dry_run {
        let watcher = Watcher::new(!json);
        watcher.say(&report.intent());
        report.interrupted = !carry_out(deployment, &plans, &stop).await?;
        watcher.end();
        report.done = !report.interrupted;
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text());
    }
    if report.interrupted { Err(Failure::Reported) } else { Ok(()) }
}

/// What would go, of every source and account that is stored.
async fn plans(deployment: &Deployment, args: &PruneArgs) -> Result<Vec<AccountPrune>, Failure> {
    let (store, now) = (deployment.store.as_ref(), deployment.clock.now());
    let before = now.plus(-Duration::days(args.older_than.into()));
    let coverage = deployment.whole_coverage().await?;
    let mut plans = Vec::new();
    for source in Source::ALL {
        let known = known(deployment, *source, &coverage).await?;
        plans.extend(prune::plan(store, *source, &known, before, now).await?);
    }
    Ok(plans)
}

/// The tables say which answers a day rests on. Where they do not, a page that is needed could go.
fn refuse_what_is_not_known(plans: &[AccountPrune]) -> Result<(), Failure> {
    let unknown: Vec<String> = plans
        .iter()
        .filter_map(|plan| {
            let (first, last) = (plan.unknown_days.first()?, plan.unknown_days.last()?);
            let AccountPrune { source, account_id, .. } = plan;
            Some(format!("{source} of {account_id}, {first} to {last}"))
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Failure::Failed(anyhow!(
        "nothing was pruned: the tables do not know which stored answers these days rest on: {}; load them first with \
         `everycent replay`",
        unknown.join("; ")
    )))
}

/// False if a signal came first.
async fn carry_out(deployment: &Deployment, plans: &[AccountPrune], stop: &CancellationToken) -> Result<bool, Failure> {
    for objects in plans.iter().flat_map(|plan| plan.objects.chunks(STEP)) {
        if stop.is_cancelled() {
            return Ok(false);
        }
        prune::carry_out(deployment.store.as_ref(), objects).await?;
    }
    Ok(true)
}
