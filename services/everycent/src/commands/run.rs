//! `everycent run`: syncs on a schedule until a signal comes.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::sync;
use crate::cli::RunArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::scope::Days;
use crate::show;

pub async fn run(deployment: &Deployment, args: &RunArgs, json: bool, stop: CancellationToken) -> Result<(), Failure> {
    while !stop.is_cancelled() {
        let days = Days::Due { since: deployment.since() };
        let watcher = Watcher::new(!json);
        let report = sync::once(deployment, days, &args.sources, &watcher, stop.clone()).await?;
        if json {
            show::print_json_line(&report);
        } else {
            show::print(&sync::text(&report));
        }
        wait(args.every, &stop).await;
    }
    Ok(())
}

async fn wait(every: Duration, stop: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(every) => {}
        () = stop.cancelled() => {}
    }
}
