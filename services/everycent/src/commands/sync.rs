//! `everycent sync`: asks for what is due, lets the services work until nothing is left, and tells how it ended.

mod report;

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_domain::wanted;
use everycent_domain::wanted::plan;
use everycent_domain::window::Window;
use everycent_runtime::bus::DeadLetter;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::events::FetchRequested;
use everycent_schemas::{CoverageState, Timestamp};
use tokio_util::sync::CancellationToken;

use report::{Ended, WindowReport};
pub use report::{Report, text};

use crate::begun::{Asked, Begun, Command};
use crate::cli::SyncArgs;
use crate::deployment::{Deployment, Services};
use crate::elsewhere::{self, Question};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::scope::{self, Days, Feed};
use crate::show;

pub async fn sync(
    deployment: &Deployment,
    args: &SyncArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let days = Days::parse(args.from, args.to, deployment.since(), deployment.clock.now().day())?;
    let watcher = Watcher::new(!json);
    let report = once(deployment, days, &args.sources, &watcher, stop).await?;
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    if report.is_clean() { Ok(()) } else { Err(Failure::Reported) }
}

/// One sync from plan to report.
pub async fn once(
    deployment: &Deployment,
    days: Days,
    sources: &[Source],
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<Report, Failure> {
    let feeds = scope::feeds(&deployment.config, sources)?;
    let now = deployment.clock.now();
    let begun = Begun::begin(deployment.home.data_dir(), Command::Sync, &Asked::new(days, sources), now)?;
    if deployment.services == Services::Here && pipeline::has_work(deployment, Part::Whole).await? {
        watcher.say("finishing what an earlier run left in the queue");
        pipeline::drain(deployment, Part::Whole, watcher.observer(), stop.clone()).await?;
    }
    let before = deployment.whole_coverage().await?;
    // Who is interrupted here asks for nothing more, or it would be asked for twice.
    let windows = match stop.is_cancelled() {
        true => Vec::new(),
        false => {
            let since = wanted::Since { begun_at: begun.begun_at, now: deployment.clock.now() };
            plan_windows(deployment, &before, days, &feeds, since)?
        }
    };
    if !stop.is_cancelled() {
        watcher.begin(windows.len(), begun.resumed);
    }
    let requested_at = match deployment.services {
        Services::Here => now,
        // What an interrupted sync asked for may be under way still; stored since, it is not asked of the vendor again.
        Services::Elsewhere => begun.begun_at,
    };
    for (feed, window) in &windows {
        publish(deployment.bus.as_ref(), &request(feed, *window, requested_at)).await?;
    }
    let windows: BTreeSet<(Feed, Window)> = windows.into_iter().collect();
    let answers = match deployment.services {
        Services::Here => {
            pipeline::drain(deployment, Part::Whole, watcher.observer(), stop.clone()).await?;
            None
        }
        Services::Elsewhere => {
            let question = Question { windows: windows.clone(), requested_at, before: &before };
            Some(elsewhere::until_answered(deployment, question, watcher, &stop).await?)
        }
    };
    watcher.end();
    let interrupted = stop.is_cancelled();
    if !interrupted {
        begun.end()?;
    }
    // Windows of this question that are over, and those that an earlier run had left.
    let is_left = |asked: &(Feed, Window)| answers.as_ref().is_some_and(|answers| answers.left.contains(asked));
    let over: BTreeSet<(Feed, Window)> = windows.iter().filter(|asked| !is_left(asked)).cloned().collect();
    let coverage = deployment.whole_coverage().await?;
    let late = late_windows(&coverage, &over, deployment.clock.now());
    let failed = failed_windows(&coverage, &over.into_iter().chain(watcher.tally().failed).collect());
    let is_ours = |letter: &DeadLetter| match deployment.services {
        Services::Here => true,
        Services::Elsewhere => elsewhere::is_about(letter, &windows),
    };
    let dead_letters = pipeline::dead_letters_since(deployment, now, is_ours).await?;
    let of_due_days = matches!(days, Days::Due { .. });
    let ended = Ended { of_due_days, windows: windows.len(), failed, late, dead_letters, interrupted };
    Ok(Report::new(deployment, watcher.tally(), answers, ended))
}

/// The windows that answer the question, as far as they were not answered since it was first asked.
fn plan_windows(
    deployment: &Deployment,
    coverage: &[CoverageRow],
    days: Days,
    feeds: &[Feed],
    since: wanted::Since,
) -> Result<Vec<(Feed, Window)>, Failure> {
    let known = scope::known_days(coverage);
    let today = since.now.day();
    let range = days.window(today);
    let mut windows = Vec::new();
    for feed in feeds {
        let states =
            known.get(&(feed.source.name().to_owned(), feed.account_id.clone())).map_or(&[][..], Vec::as_slice);
        let mut wanted = match (feed.source.kind(), days) {
            (Kind::PointInTime, _) => wanted::reading(today, states, since).into_iter().collect(),
            (_, Days::Named(range)) => wanted::named(range, states, since),
            (_, Days::Due { .. }) => wanted::due(feed.source.kind(), deployment.history(range, states)?, states, since),
        };
        wanted.retain(|day| feed.source.reaches(*day, today));
        windows.extend(plan(feed.source, wanted).into_iter().map(|window| (feed.clone(), window)));
    }
    Ok(windows)
}

fn request(feed: &Feed, window: Window, requested_at: Timestamp) -> FetchRequested {
    FetchRequested {
        source: feed.source.name().to_owned(),
        trailing_days: 0,
        account_id: Some(feed.account_id.clone()),
        from_date: Some(window.from()),
        to_date: Some(window.to()),
        requested_at: Some(requested_at),
    }
}

/// Windows of which a day's last attempt failed, as coverage has it.
fn failed_windows(coverage: &[CoverageRow], asked: &BTreeSet<(Feed, Window)>) -> Vec<WindowReport> {
    let mut failed = Vec::new();
    for (feed, window) in asked {
        let mut days = coverage.iter().filter(|row| is_failed(row, feed, *window)).peekable();
        let Some(first) = days.peek() else { continue };
        let held = first
            .held
            .as_ref()
            .filter(|_| first.state == CoverageState::Held)
            .map(|held| format!("held: {held}; `everycent history {}` shows its answers", first.activity_date));
        let reason = held.or_else(|| first.failure.clone()).unwrap_or_default();
        failed.push(WindowReport::new(feed, *window, days.count(), reason));
    }
    failed
}

/// Days of these windows that the vendor has not reported though it usually has by now.
fn late_windows(coverage: &[CoverageRow], asked: &BTreeSet<(Feed, Window)>, now: Timestamp) -> Vec<WindowReport> {
    let known = scope::known_days(coverage);
    let mut by_feed: BTreeMap<&Feed, Vec<Window>> = BTreeMap::new();
    for (feed, window) in asked {
        by_feed.entry(feed).or_default().push(*window);
    }
    let mut late = Vec::new();
    for (feed, windows) in by_feed {
        let Some(states) = known.get(&(feed.source.name().to_owned(), feed.account_id.clone())) else { continue };
        for window in plan(feed.source, wanted::late(feed.source, &windows, states, now.day())) {
            let reason = "not in the vendor's answer".to_owned();
            late.push(WindowReport::new(feed, window, window.days().count(), reason));
        }
    }
    late
}

fn is_failed(row: &CoverageRow, feed: &Feed, window: Window) -> bool {
    matches!(row.state, CoverageState::Failed | CoverageState::Held)
        && row.source == feed.source.name()
        && row.account_id == feed.account_id
        && window.contains(row.activity_date)
}
