//! `everycent repair-clock`: dates anew what a clock that was ahead has dated in the future.
//!
//! When such an answer was really fetched is not known, only that it was before now, and before the answers that have taken
//! its place on some of its days. So it is dated to just before the first of these, else to now, in the order in which the
//! answers came: what the tables hold stays, and whatever is fetched from now on outranks it. Its days count as open, and
//! the next sync asks for them. The pages are not touched; the manifest says which time it had.

use std::collections::BTreeSet;

use chrono::Duration;
use everycent_domain::future::{after, is_future};
use everycent_domain::manifest::Manifest;
use everycent_domain::objects::ManifestName;
use everycent_domain::reconcile::{FutureStamps, StampsByFeed, future_stamps};
use everycent_domain::replay::stored;
use everycent_domain::source::Source;
use everycent_runtime::store::Store;
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::{AccountId, SnapshotId, Timestamp};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::cli::RepairClockArgs;
use crate::deployment::{Deployment, Services};
use crate::elsewhere::{Order, until_merged};
use crate::failure::Failure;
use crate::pipeline::{self, Part};
use crate::progress::Watcher;
use crate::show::{self, Grid, count};
use crate::stamps::{add_stored, stored_in_the_future};

/// Snapshots that may be on their way at once where the services work elsewhere.
const AT_ONCE: usize = 32;

pub async fn repair_clock(
    deployment: &Deployment,
    args: &RepairClockArgs,
    json: bool,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let now = deployment.clock.now();
    let coverage = deployment.whole_coverage().await?;
    let found = stored_in_the_future(deployment.store.as_ref(), now).await?;
    let mut stamps = future_stamps(&coverage, now);
    add_stored(&mut stamps, &found);
    let mut report = Report::new(now, &stamps);
    if args.yes && !report.feeds.is_empty() {
        let last_made = coverage.iter().filter_map(|row| row.normalized_at).filter(|at| !is_future(*at, now)).max();
        let redated = redate(deployment.store.as_ref(), &found, &coverage, now).await?;
        let watcher = Watcher::new(!json);
        report.not_merged = merge_again(deployment, redated, after(last_made, now), &watcher, stop).await?;
        let left = future_stamps(&deployment.whole_coverage().await?, now);
        report.done = true;
        report.files = found.iter().filter(|name| name.source.starts_with("upload/")).count();
        report.days_left = left.values().map(|stamps| stamps.days).sum();
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    if report.not_merged == 0 { Ok(()) } else { Err(Failure::Reported) }
}

/// An answer with its new time, and the snapshot that it was before.
struct Redated {
    manifest: Manifest,
    before: SnapshotId,
}

/// Writes each manifest anew before it deletes the old one, so that whoever dies here loses no answer.
async fn redate(
    store: &dyn Store,
    found: &[ManifestName],
    coverage: &[CoverageRow],
    now: Timestamp,
) -> Result<Vec<Redated>, Failure> {
    let mut redated = Vec::with_capacity(found.len());
    // From new to old, so that of two that are dated to the same instant the older one comes out earlier.
    for (name, older) in found.iter().rev().zip(1..) {
        let manifest = Manifest::from_json(&store.read(&name.object).await?)?;
        let before = manifest.snapshot_id.clone();
        let latest = latest_possible(&manifest, coverage, now);
        let is_of_a_moment = manifest.source.parse().is_ok_and(Source::keeps_rows);
        let manifest = manifest.redated(latest.plus(Duration::microseconds(-older)), is_of_a_moment);
        store.create(&manifest.folder().manifest(), manifest.to_json().into()).await?;
        store.delete(&name.object).await?;
        redated.push(Redated { manifest, before });
    }
    redated.reverse();
    Ok(redated)
}

/// Now, or when the first answer was fetched that decides one of its days in its place.
fn latest_possible(manifest: &Manifest, coverage: &[CoverageRow], now: Timestamp) -> Timestamp {
    let of_feed = coverage.iter().filter(|row| row.source == manifest.source && row.account_id == manifest.account_id);
    let of_days = of_feed.filter(|row| manifest.covered.binary_search(&row.activity_date).is_ok());
    let in_its_place = of_days.filter_map(|row| row.fetched_at).filter(|at| !is_future(*at, now));
    in_its_place.min().unwrap_or(now).min(now)
}

/// Brings the tables to what the answers with their new times say; gives how many of them were not merged.
async fn merge_again(
    deployment: &Deployment,
    redated: Vec<Redated>,
    published_at: Timestamp,
    watcher: &Watcher,
    stop: CancellationToken,
) -> Result<usize, Failure> {
    let snapshots: Vec<_> = redated.iter().map(|redated| stored(&redated.manifest, published_at, None)).collect();
    let not_merged = match deployment.services {
        Services::Here => {
            let began_at = deployment.clock.now();
            for snapshot in &snapshots {
                publish(deployment.bus.as_ref(), snapshot).await?;
            }
            pipeline::drain(deployment, Part::FromStored, watcher.observer(), stop.clone()).await?;
            let given_up = pipeline::dead_letters_since(deployment, began_at, |_| true).await?;
            if stop.is_cancelled() { snapshots.len() } else { usize::try_from(given_up).unwrap_or(usize::MAX) }
        }
        Services::Elsewhere => {
            watcher.expect(snapshots.len());
            let order = Order { snapshots, published_at, at_once: AT_ONCE };
            until_merged(deployment, order, watcher, &stop).await?.not_merged
        }
    };
    watcher.end();
    if not_merged == 0 {
        let before: BTreeSet<SnapshotId> = redated.into_iter().map(|redated| redated.before).collect();
        let before: Vec<SnapshotId> = before.into_iter().collect();
        deployment.warehouse.forget_future(&before, deployment.clock.now().day()).await?;
    }
    Ok(not_merged)
}

#[derive(Debug, Serialize)]
struct Report {
    /// By this machine's clock. If it is wrong, nothing here is right.
    now: Timestamp,
    feeds: Vec<FeedStamps>,
    /// False for a look.
    done: bool,
    /// Answers that are dated anew and not in the tables yet.
    not_merged: usize,
    /// Imported files among the answers: no vendor can be asked for them again.
    files: usize,
    /// Days that still carry a stamp of the future: their answer is not stored any more.
    days_left: usize,
}

#[derive(Debug, Serialize)]
struct FeedStamps {
    source: String,
    account_id: AccountId,
    /// Days in coverage.
    days: usize,
    /// Stored answers.
    answers: usize,
    latest: Option<Timestamp>,
}

impl Report {
    fn new(now: Timestamp, stamps: &StampsByFeed) -> Self {
        let ahead = stamps.iter().filter(|(_, stamps)| stamps.latest.is_some());
        let feed =
            |((source, account_id), stamps): (&(String, AccountId), &_)| FeedStamps::of(source, account_id, stamps);
        Self { now, feeds: ahead.map(feed).collect(), done: false, not_merged: 0, files: 0, days_left: 0 }
    }
}

impl FeedStamps {
    fn of(source: &str, account_id: &AccountId, stamps: &FutureStamps) -> Self {
        let FutureStamps { days, answers, latest } = *stamps;
        Self { source: source.to_owned(), account_id: account_id.clone(), days, answers, latest }
    }
}

fn text(report: &Report) -> String {
    let now = report.now;
    if report.feeds.is_empty() {
        return format!("Nothing is dated in the future. It is {now}, by this machine's clock.\n");
    }
    let mut grid = Grid::new(&["source", "account", ">days", ">stored answers", "dated up to"]);
    for feed in &report.feeds {
        grid.row([
            feed.source.clone(),
            feed.account_id.to_string(),
            feed.days.to_string(),
            feed.answers.to_string(),
            feed.latest.map(|at| at.to_string()).unwrap_or_default(),
        ]);
    }
    let head = format!("It is {now}, by this machine's clock. Dated in the future:\n\n{}\n", grid.text());
    head + &outcome(report)
}

fn outcome(report: &Report) -> String {
    if !report.done {
        return "Nothing was done. If this machine's clock is right, run it again with --yes: each of these answers is dated to \
                now, in the order in which they came. The tables keep what they hold, the days count as open, and the next \
                `everycent sync` asks the vendor for them again.\n"
            .to_owned();
    }
    let mut text = match report.not_merged {
        0 => "Dated to now. `everycent sync` asks the vendor for these days again.\n".to_owned(),
        left => format!(
            "{} dated to now and not in the tables yet; `everycent status` tells why, `everycent replay` loads them\n",
            count(left, "answer")
        ),
    };
    if report.files > 0 {
        text += "Imported files are among them, and which of several was the last is not known: import the last ones again\n";
    }
    if report.days_left > 0 {
        text += &format!(
            "{} still dated in the future, for want of a stored answer; `everycent sync` asks for them\n",
            count(report.days_left, "day")
        );
    }
    text
}
