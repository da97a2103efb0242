//! `everycent history`: what the vendor reported about a day, or a month, and when.

mod day;
mod month;

use anyhow::anyhow;
use everycent_domain::acceptance::Measure;
use everycent_domain::window::Window;
use everycent_schemas::events::Reported;
use everycent_schemas::stored::AnswerRow;

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
            day::show(day, answers, json);
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

/// What an answer reported.
fn reported(row: &AnswerRow) -> Reported {
    Reported { usd: row.reported_usd, tokens: row.reported_tokens, count: row.reported_count }
}

/// By what the figures of these answers are shown: money where there is any, else tokens, else what is counted.
fn measure<'a>(rows: impl IntoIterator<Item = &'a AnswerRow>) -> Measure {
    rows.into_iter().filter_map(|row| Measure::of(&reported(row))).min().unwrap_or(Measure::Usd)
}

fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Usd => "USD",
        Measure::Tokens => "tokens",
        Measure::Count => "count",
    }
}

/// An amount in the unit of its measure.
fn figure(measure: Measure, amount: i128) -> String {
    match measure {
        Measure::Usd => everycent_schemas::Usd::from_nanos(amount).short(),
        Measure::Tokens | Measure::Count => amount.to_string(),
    }
}

/// With a sign, or nothing where nothing changed.
fn change(measure: Measure, amount: i128) -> String {
    match amount {
        0 => String::new(),
        more if more > 0 => format!("+{}", figure(measure, more)),
        less => figure(measure, less),
    }
}
