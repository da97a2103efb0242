//! `everycent report`: what the money went to, and what came of it.

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::Day;
use serde::Serialize;

use crate::cli::ReportArgs;
use crate::completeness::{self, Asked, Completeness, FeedState, ever, look};
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::{Failure, is_out_of_range};
use crate::report::Report;
use crate::show;

pub async fn report(deployment: &Deployment, args: &ReportArgs, json: bool) -> Result<(), Failure> {
    let feeds = completeness::feeds(deployment).await?;
    refuse_an_unknown_account(&feeds, args)?;
    if feeds.iter().all(|feed| feed.loaded.is_none()) {
        return Err(nothing_loaded(deployment).await?);
    }
    let (warehouse, days) = (deployment.warehouse.as_ref(), window(&feeds, args)?);
    let rests_on = Completeness::read(deployment, &feeds, &asked(deployment, args, days)).await?;
    let shown = deployment.config.people_shown;
    let figures = match Report::read(warehouse, days, args.account.clone(), shown).await {
        Err(error) if is_out_of_range(&error) => return Err(named(warehouse, error).await),
        figures => figures?,
    };
    let is_enough = rests_on.complete || !args.strict;
    if json {
        show::print_json(&Document { complete: rests_on.complete, rests_on, figures });
    } else if figures.is_empty() {
        show::print(&format!("{}\nnothing is loaded of these days; `everycent sync` loads them\n", rests_on.text()));
    } else {
        show::print(&(rests_on.text() + &figures.text()));
    }
    if is_enough { Ok(()) } else { Err(Failure::Reported) }
}

#[derive(Debug, Serialize)]
struct Document {
    /// Whether nothing is known to be missing in the figures.
    complete: bool,
    rests_on: Completeness,
    #[serde(flatten)]
    figures: Report,
}

/// Nothing is in the tables; it may be stored all the same.
async fn nothing_loaded(deployment: &Deployment) -> Result<Failure, Failure> {
    let ever = ever(deployment.clock.now().day());
    let stored = look(deployment, ever, None, &[]).await?.unloaded;
    let mend = match stored.iter().map(|of| of.days.len()).max() {
        None => "run `everycent sync` first".to_owned(),
        Some(days) => format!("answers about {} are stored: `everycent replay` loads them", show::count(days, "day")),
    };
    Ok(Failure::Failed(anyhow!("nothing is loaded yet; {mend}")))
}

fn asked(deployment: &Deployment, args: &ReportArgs, days: Window) -> Asked {
    let ever = ever(deployment.clock.now().day());
    let (first, last) = (args.from.unwrap_or(ever.from()), args.to.unwrap_or(ever.to()));
    let stored = Window::new(first, last).unwrap_or(days);
    let wanted_from = args.from.map(|from| deployment.config.since.map_or(from, |since| since.max(from)));
    Asked { days, wanted_from, stored, account_id: args.account.clone() }
}

/// The range that was named, completed by what is loaded, or was asked for in vain: figures lack those days. What is not
/// open to the key is no part of them.
fn window(feeds: &[FeedState], args: &ReportArgs) -> Result<Window, Failure> {
    let known = || feeds.iter().filter(|feed| feed.closed.is_none() && !feed.is_retired).filter_map(|feed| feed.known);
    let days = || feeds.iter().filter_map(|feed| feed.loaded).chain(known());
    let nothing = || Failure::Failed(anyhow!("nothing is loaded yet; run `everycent sync` first"));
    let from: Day = args.from.or_else(|| days().map(|(first, _)| first).min()).ok_or_else(nothing)?;
    let to: Day = args.to.or_else(|| days().map(|(_, last)| last).max()).ok_or_else(nothing)?;
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
    let places: Vec<String> =
        found.iter().take(NAMED).map(|rows| format!("\n  {}", show::word(rows.explanation()))).collect();
    let more = match found.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("\n  and {}; `everycent reconcile` names all", show::count(more, "more day")),
    };
    Failure::Failed(anyhow!("{error:#}{}{more}", places.concat()))
}

/// A mistyped account is not one without spend.
fn refuse_an_unknown_account(feeds: &[FeedState], args: &ReportArgs) -> Result<(), Failure> {
    let Some(account_id) = &args.account else { return Ok(()) };
    let of_accounts = feeds.iter().filter(|feed| feed.source.company_account().is_none());
    let known: BTreeSet<&str> = of_accounts.map(|feed| feed.account_id.as_str()).collect();
    if known.contains(account_id.as_str()) {
        return Ok(());
    }
    let known = Vec::from_iter(known).join(", ");
    Err(Failure::usage(anyhow!("--account: nothing was ever loaded of `{account_id}`; known are: {known}")))
}
