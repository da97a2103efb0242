//! `everycent history`: what the vendor reported about a day, or a month, and when.

mod day;
mod figures;
mod month;
mod pruned;

use anyhow::anyhow;
use everycent_domain::window::Window;

use crate::answers::{self, Of};
use crate::cli::HistoryArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::period::Period;

pub async fn history(deployment: &Deployment, args: &HistoryArgs, json: bool) -> Result<(), Failure> {
    let of = Of { source: args.source.map(everycent_domain::source::Source::name), account_id: args.account.as_ref() };
    let warehouse = deployment.warehouse.as_ref();
    match (args.period, args.since) {
        (Period::Day(day), None) => {
            let answers = answers::about(warehouse, Window::of(day), of).await?;
            let pruned = pruned::pruned(deployment.store.as_ref(), &answers).await?;
            day::show(day, answers, &pruned, json);
        }
        (Period::Month(month), Some(since)) => {
            let answers = answers::about(warehouse, month, of).await?;
            month::show(&deployment.config.acceptance, month, since, answers, json);
        }
        (Period::Day(_), Some(_)) => {
            return Err(Failure::usage(anyhow!(
                "--since is for a month, such as 2025-10; of a day all answers are shown"
            )));
        }
        (Period::Month(_), None) => {
            return Err(Failure::usage(anyhow!("a month needs --since DAY: from when on changes are shown")));
        }
    }
    Ok(())
}
