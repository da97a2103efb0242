//! `everycent sync`: asks for what is due, lets the services work until nothing is left, and tells how it ended.

use std::collections::BTreeSet;

use everycent_domain::source::{Reading, Source};
use everycent_domain::wanted;
use everycent_domain::window::{Window, plan};
use everycent_runtime::warehouse::CoverageRow;
use everycent_runtime::worker::publish;
use everycent_schemas::events::FetchRequested;
use everycent_schemas::{Day, Timestamp};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::begun::{Asked, Begun};
use crate::cli::SyncArgs;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::peak_memory;
use crate::pipeline::{self, Part};
use crate::progress::{Tally, Watcher};
use crate::scope::{self, Days, Feed};
use crate::show::{self, Grid, count, heading};

/// Failed windows that are shown.
const SHOWN: usize = 10;

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
    let dead_before = pipeline::dead_letters(deployment).await?;
    let begun = Begun::begin(deployment.home.data_dir(), &Asked::new(days, sources), now)?;
    if pipeline::has_work(deployment, Part::Whole).await? {
        watcher.say("finishing what an earlier run left in the queue");
        pipeline::drain(deployment, Part::Whole, watcher.observer(), stop.clone()).await?;
    }
    // Who is interrupted here asks for nothing more, or it would be asked for twice.
    let windows = match stop.is_cancelled() {
        true => Vec::new(),
        false => plan_windows(deployment, days, &feeds, begun.begun_at).await?,
    };
    if !stop.is_cancelled() {
        watcher.begin(windows.len(), begun.resumed);
    }
    for (feed, window) in &windows {
        publish(deployment.bus.as_ref(), &request(feed, *window, now)).await?;
    }
    pipeline::drain(deployment, Part::Whole, watcher.observer(), stop.clone()).await?;
    watcher.end();
    let interrupted = stop.is_cancelled();
    if !interrupted {
        begun.end()?;
    }
    // Windows of this question, and those that an earlier run had left.
    let asked: BTreeSet<(Feed, Window)> = windows.iter().cloned().chain(watcher.tally().failed).collect();
    let failed = failed_windows(deployment, &asked).await?;
    let dead = pipeline::dead_letters(deployment).await?.saturating_sub(dead_before);
    Ok(Report::new(deployment, watcher.tally(), windows.len(), failed, dead, interrupted))
}

/// The windows that answer the question, as far as they were not answered since it was first asked.
async fn plan_windows(
    deployment: &Deployment,
    days: Days,
    feeds: &[Feed],
    begun_at: Timestamp,
) -> Result<Vec<(Feed, Window)>, Failure> {
    let known = scope::known_days(&deployment.whole_coverage().await?);
    let today = deployment.clock.now().day();
    let range = days.window(today);
    let mut windows = Vec::new();
    for feed in feeds {
        let states =
            known.get(&(feed.source.name().to_owned(), feed.account_id.clone())).map_or(&[][..], Vec::as_slice);
        let mut wanted = match (feed.source.reading(), days) {
            (Reading::Now, _) => wanted::reading(today, states, begun_at).into_iter().collect(),
            (_, Days::Named(range)) => wanted::named(range, states, begun_at),
            (_, Days::Due { .. }) => wanted::due(deployment.history(range, states)?, states, begun_at),
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
async fn failed_windows(
    deployment: &Deployment,
    asked: &BTreeSet<(Feed, Window)>,
) -> Result<Vec<FailedWindow>, Failure> {
    let coverage = deployment.whole_coverage().await?;
    let mut failed = Vec::new();
    for (feed, window) in asked {
        let mut days = coverage.iter().filter(|row| is_failed(row, feed, *window)).peekable();
        let Some(first) = days.peek() else { continue };
        failed.push(FailedWindow {
            source: feed.source.name().to_owned(),
            account_id: feed.account_id.clone(),
            from: window.from(),
            to: window.to(),
            reason: first.failure.clone().unwrap_or_default(),
            days: days.count(),
        });
    }
    Ok(failed)
}

fn is_failed(row: &CoverageRow, feed: &Feed, window: Window) -> bool {
    row.state == "failed"
        && row.source == feed.source.name()
        && row.account_id == feed.account_id
        && window.contains(row.activity_date)
}

#[derive(Debug, Serialize)]
pub struct Report {
    pub home: String,
    pub warehouse: String,
    /// Windows that were asked for.
    pub windows: usize,
    /// Windows whose answer is stored, also such as an earlier run had asked for.
    pub windows_fetched: usize,
    pub pages: u64,
    pub body_bytes: u64,
    pub rows: i64,
    pub rejects: i64,
    /// Rows inserted or updated because they differed.
    pub rows_written: u64,
    /// Rows deleted because the vendor no longer tells them.
    pub rows_deleted: u64,
    pub tables: Vec<TableReport>,
    pub failed: Vec<FailedWindow>,
    pub dead_letters: u64,
    pub interrupted: bool,
    /// The most memory that this process held so far, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct TableReport {
    pub table: &'static str,
    pub rows_written: u64,
    pub rows_deleted: u64,
}

#[derive(Debug, Serialize)]
pub struct FailedWindow {
    pub source: String,
    pub account_id: String,
    pub from: Day,
    pub to: Day,
    pub days: usize,
    pub reason: String,
}

impl Report {
    fn new(
        deployment: &Deployment,
        tally: Tally,
        windows: usize,
        failed: Vec<FailedWindow>,
        dead_letters: u64,
        interrupted: bool,
    ) -> Self {
        let table = |(table, (rows_written, rows_deleted)): (&&'static str, &(u64, u64))| TableReport {
            table,
            rows_written: *rows_written,
            rows_deleted: *rows_deleted,
        };
        Self {
            home: deployment.home.data_dir().display().to_string(),
            warehouse: deployment.warehouse.address(),
            windows,
            windows_fetched: tally.windows,
            pages: tally.pages,
            body_bytes: tally.body_bytes,
            rows: tally.rows,
            rejects: tally.rejects,
            rows_written: tally.tables.values().map(|(written, _)| written).sum(),
            rows_deleted: tally.tables.values().map(|(_, deleted)| deleted).sum(),
            tables: tally.tables.iter().map(table).collect(),
            failed,
            dead_letters,
            interrupted,
            peak_memory_bytes: peak_memory::bytes(),
        }
    }

    pub fn is_clean(&self) -> bool {
        self.failed.is_empty() && self.dead_letters == 0 && !self.interrupted
    }
}

/// The report for people.
pub fn text(report: &Report) -> String {
    let mut text = format!(
        "{} fetched in {}; {} rows read, {} written, {} deleted\n",
        count(report.windows_fetched, "window"),
        count(usize::try_from(report.pages).unwrap_or(usize::MAX), "page"),
        report.rows,
        report.rows_written,
        report.rows_deleted
    );
    let mut grid = Grid::new(&["table", ">written", ">deleted"]);
    for table in report.tables.iter().filter(|table| table.rows_written + table.rows_deleted > 0) {
        grid.row([table.table.to_owned(), table.rows_written.to_string(), table.rows_deleted.to_string()]);
    }
    if !grid.is_empty() {
        text += &format!("\n{}", grid.text());
    }
    text += &failed_text(&report.failed);
    if report.rejects > 0 {
        let records = count(usize::try_from(report.rejects).unwrap_or(usize::MAX), "record");
        text += &format!("\nRejected: {records} that could not become rows; `everycent status` shows where and why\n");
    }
    if report.dead_letters > 0 {
        let messages = count(usize::try_from(report.dead_letters).unwrap_or(usize::MAX), "message");
        text += &format!("\n{messages} given up; `everycent status` tells why\n");
    }
    text += &match report.interrupted {
        true => "\nInterrupted. Run the same command again to go on.\n".to_owned(),
        false => format!("\nTables: {}\n", report.warehouse),
    };
    text
}

fn failed_text(failed: &[FailedWindow]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    let mut text = heading("Failed, and asked for again by the next sync");
    for window in failed.iter().take(SHOWN) {
        text += &format!(
            "  ✗ {} of {}, {} to {} ({})\n    {}\n",
            window.source,
            window.account_id,
            window.from,
            window.to,
            count(window.days, "day"),
            window.reason
        );
    }
    if failed.len() > SHOWN {
        text += &format!("  and {}; --json lists all\n", count(failed.len() - SHOWN, "more window"));
    }
    text
}
