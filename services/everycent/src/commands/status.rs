//! `everycent status`: what is loaded, what is not, and what waits.

use std::collections::BTreeMap;

use everycent_domain::reconcile::{ADVICE, FutureStamps, future_stamps};
use everycent_domain::report::Kind;
use everycent_domain::source::Source;
use everycent_domain::wanted;
use everycent_domain::window::Window;
use everycent_runtime::bus::{DeadLetter, Depth};
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{AccountId, CoverageState, Day, Timestamp};
use serde::Serialize;

use crate::completeness::{self, Asked, Completeness, ever};
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::healed;
use crate::pipeline;
use crate::rejects::{self, RejectRow};
use crate::remarks::{self, RemarkRow};
use crate::scope;
use crate::show::{self, Grid, count, heading, word};
use crate::silent::{self, SilentReport, silent_reports};

/// Failed days, rejected records and dead letters that are shown.
const SHOWN: usize = 10;

pub async fn status(deployment: &Deployment, json: bool) -> Result<(), Failure> {
    let coverage = deployment.whole_coverage().await?;
    let depths = match deployment.services {
        Services::Here => Some(deployment.bus.depths().await?),
        Services::Elsewhere => None,
    };
    let letters = deployment.bus.dead_letters(pipeline::LETTERS_MAX).await?;
    // A bus between machines keeps them for a while.
    let (_, mut dead) = healed::split(deployment, letters, &coverage).await?;
    dead.truncate(SHOWN);
    let rejects = rejects::latest(deployment.warehouse.as_ref(), SHOWN).await?;
    let remarks = remarks::latest(deployment.warehouse.as_ref(), SHOWN).await?;
    let rests_on = rests_on(deployment, &coverage).await?;
    let report = Report::new(deployment, &coverage, (rejects, remarks), (depths.as_deref(), &dead), rests_on);
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    Ok(())
}

/// What all that is loaded rests on; `None` where nothing is, and nothing is stored.
async fn rests_on(deployment: &Deployment, coverage: &[CoverageRow]) -> Result<Option<Completeness>, Failure> {
    let feeds = completeness::feeds(deployment).await?;
    let stored = ever(deployment.clock.now().day());
    let days = coverage.iter().map(|row| Window::of(row.activity_date)).reduce(Window::union);
    let asked = Asked { days: days.unwrap_or(stored), wanted_from: None, stored, account_id: None };
    match days {
        Some(_) => Completeness::judge(deployment, &feeds, coverage, &asked).await.map(Some),
        // Nobody asked for anything yet.
        None => {
            let rests_on = Completeness::judge(deployment, &[], coverage, &asked).await?;
            Ok((!rests_on.complete).then_some(rests_on))
        }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    warehouse: String,
    /// Whether nothing is known to be missing in what is loaded; what it rests on says more.
    complete: bool,
    rests_on: Option<Completeness>,
    coverage: Vec<FeedCoverage>,
    failed: Vec<FailedDay>,
    /// Days that the vendor usually reports by now and has not.
    late: Vec<LateDay>,
    /// Reports that answer and have nothing.
    silent: Vec<SilentReport>,
    /// What is dated in the future.
    future_stamps: Vec<FutureStamp>,
    /// Reports that are not open to the key of their account.
    unavailable: Vec<Closed>,
    /// Some of the rejected records; coverage counts them all.
    rejects: Vec<RejectRow>,
    /// Some of what was odd and cost no row; the table `remarks` has all.
    remarks: Vec<RemarkRow>,
    /// Of a queue that can be counted.
    queue: Option<Vec<Queue>>,
    dead_letters: Vec<Dead>,
}

/// Coverage of one source of one account.
#[derive(Debug, Serialize)]
pub struct FeedCoverage {
    pub source: String,
    pub account_id: AccountId,
    pub first_day: Option<Day>,
    pub last_day: Option<Day>,
    pub settled_days: usize,
    pub open_days: usize,
    pub failed_days: usize,
    /// Days of which a later answer takes away too much.
    pub held_days: usize,
    /// Refused to the key.
    pub unavailable_days: usize,
    /// Days between the first and the last that were never loaded and never failed.
    pub missing_days: usize,
    pub rows: i64,
    pub rejects: i64,
    pub remarks: i64,
}

#[derive(Debug, Serialize)]
struct Closed {
    source: String,
    account_id: AccountId,
    /// The vendor's words.
    reason: String,
}

#[derive(Debug, Serialize)]
struct FailedDay {
    source: String,
    account_id: AccountId,
    activity_date: Day,
    failure: String,
}

#[derive(Debug, Serialize)]
struct LateDay {
    source: String,
    account_id: AccountId,
    activity_date: Day,
}

#[derive(Debug, Serialize)]
struct FutureStamp {
    source: String,
    account_id: AccountId,
    days: usize,
    latest: Timestamp,
}

#[derive(Debug, Serialize)]
struct Queue {
    topic: &'static str,
    ready: u64,
    leased: u64,
    dead: u64,
}

#[derive(Debug, Serialize)]
struct Dead {
    topic: &'static str,
    message_id: String,
    attempts: u32,
    reason: String,
    at: String,
}

impl Report {
    fn new(
        deployment: &Deployment,
        coverage: &[CoverageRow],
        (rejects, remarks): (Vec<RejectRow>, Vec<RemarkRow>),
        (depths, dead): (Option<&[Depth]>, &[DeadLetter]),
        rests_on: Option<Completeness>,
    ) -> Self {
        let closed = scope::unavailable(coverage);
        let is_closed = |row: &CoverageRow| closed.contains_key(&(row.source.clone(), row.account_id.clone()));
        let failed = coverage.iter().filter(|row| is_failed(row) && !is_closed(row) && !is_read_since(row, coverage));
        let unavailable = closed.iter().map(|((source, account_id), reason)| Closed {
            source: source.clone(),
            account_id: account_id.clone(),
            reason: reason.clone(),
        });
        Self {
            warehouse: deployment.warehouse.address(),
            complete: rests_on.as_ref().is_some_and(|rests_on| rests_on.complete),
            rests_on,
            coverage: by_feed(coverage),
            failed: failed.map(FailedDay::of).collect(),
            late: late_days(coverage),
            silent: silent_reports(coverage),
            future_stamps: future_stamps(coverage, deployment.clock.now())
                .into_iter()
                .filter_map(FutureStamp::of)
                .collect(),
            unavailable: unavailable.collect(),
            rejects,
            remarks,
            queue: depths.map(|depths| depths.iter().map(Queue::of).collect()),
            dead_letters: dead.iter().map(Dead::of).collect(),
        }
    }
}

/// A day of a report that answers others, and was refused, waits to be asked for like one that failed.
fn is_failed(row: &CoverageRow) -> bool {
    matches!(row.state, CoverageState::Failed | CoverageState::Unavailable)
}

fn late_days(coverage: &[CoverageRow]) -> Vec<LateDay> {
    let mut late = Vec::new();
    for ((source, account_id), known) in scope::known_days(coverage) {
        let days = source.parse().map(|source: Source| wanted::late_by(source, &known)).unwrap_or_default();
        late.extend(days.into_iter().map(|activity_date| LateDay {
            source: source.clone(),
            account_id: account_id.clone(),
            activity_date,
        }));
    }
    late
}

/// Whether a failed reading of how things stand was followed by another, which is as good.
fn is_read_since(row: &CoverageRow, coverage: &[CoverageRow]) -> bool {
    let same_feed = |later: &&CoverageRow| (&later.source, &later.account_id) == (&row.source, &row.account_id);
    tells_of_now(&row.source) && coverage.iter().filter(same_feed).any(|later| later.activity_date > row.activity_date)
}

fn tells_of_now(source: &str) -> bool {
    source.parse().is_ok_and(|source: Source| !matches!(source.kind(), Kind::Days(_)))
}

impl FailedDay {
    fn of(row: &CoverageRow) -> Self {
        Self {
            source: row.source.clone(),
            account_id: row.account_id.clone(),
            activity_date: row.activity_date,
            failure: row.failure.clone().unwrap_or_default(),
        }
    }

    fn is_alike(&self, other: &Self) -> bool {
        (&self.source, &self.account_id, &self.failure) == (&other.source, &other.account_id, &other.failure)
    }
}

impl FutureStamp {
    fn of(((source, account_id), stamps): ((String, AccountId), FutureStamps)) -> Option<Self> {
        let FutureStamps { days, latest, .. } = stamps;
        latest.map(|latest| Self { source, account_id, days, latest })
    }
}

impl Queue {
    fn of(depth: &Depth) -> Self {
        Self { topic: depth.topic.name(), ready: depth.ready, leased: depth.leased, dead: depth.dead }
    }
}

impl Dead {
    fn of(letter: &DeadLetter) -> Self {
        Self {
            topic: letter.topic.name(),
            message_id: letter.message_id.clone(),
            attempts: letter.attempts,
            reason: letter.reason.clone(),
            at: letter.at.to_string(),
        }
    }
}

/// Coverage summed up for each source and account.
pub fn by_feed(coverage: &[CoverageRow]) -> Vec<FeedCoverage> {
    let mut feeds: BTreeMap<(&str, &AccountId), FeedCoverage> = BTreeMap::new();
    for row in coverage {
        let feed = feeds.entry((&row.source, &row.account_id)).or_insert_with(|| FeedCoverage::of(row));
        feed.first_day = Some(feed.first_day.map_or(row.activity_date, |day| day.min(row.activity_date)));
        feed.last_day = Some(feed.last_day.map_or(row.activity_date, |day| day.max(row.activity_date)));
        match row.state {
            CoverageState::Settled => feed.settled_days += 1,
            CoverageState::Failed | CoverageState::Unavailable if is_read_since(row, coverage) => {}
            CoverageState::Failed => feed.failed_days += 1,
            CoverageState::Unavailable => feed.unavailable_days += 1,
            CoverageState::Held => feed.held_days += 1,
            CoverageState::Open | CoverageState::Replaying => feed.open_days += 1,
        }
        feed.rows += row.rows.unwrap_or_default();
        feed.rejects += row.rejects.unwrap_or_default();
        feed.remarks += row.remarks.unwrap_or_default();
    }
    feeds.into_values().map(FeedCoverage::with_missing_days).collect()
}

impl FeedCoverage {
    /// The feed of the row, without any day yet.
    fn of(row: &CoverageRow) -> Self {
        Self {
            source: row.source.clone(),
            account_id: row.account_id.clone(),
            first_day: None,
            last_day: None,
            settled_days: 0,
            open_days: 0,
            failed_days: 0,
            held_days: 0,
            unavailable_days: 0,
            missing_days: 0,
            rows: 0,
            rejects: 0,
            remarks: 0,
        }
    }

    fn with_missing_days(mut self) -> Self {
        // Nobody misses a day on which nobody looked.
        if let (Some(first), Some(last), false) = (self.first_day, self.last_day, tells_of_now(&self.source)) {
            let known = self.settled_days + self.open_days + self.failed_days + self.held_days + self.unavailable_days;
            self.missing_days = first.through(last).count().saturating_sub(known);
        }
        self
    }
}

/// Coverage as a table.
pub fn coverage_text(feeds: &[FeedCoverage]) -> String {
    let mut grid = Grid::new(&[
        "source",
        "account",
        "first day",
        "last day",
        ">settled",
        ">open",
        ">failed",
        ">held",
        ">missing",
        ">rows",
        ">rejects",
        ">remarks",
    ]);
    for feed in feeds {
        let day = |day: Option<Day>| day.map(|day| day.to_string()).unwrap_or_default();
        grid.row([
            feed.source.clone(),
            feed.account_id.to_string(),
            day(feed.first_day),
            day(feed.last_day),
            feed.settled_days.to_string(),
            feed.open_days.to_string(),
            feed.failed_days.to_string(),
            feed.held_days.to_string(),
            feed.missing_days.to_string(),
            feed.rows.to_string(),
            feed.rejects.to_string(),
            feed.remarks.to_string(),
        ]);
    }
    grid.text()
}

fn text(report: &Report) -> String {
    let mut text = format!("EveryCent status of {}\n", report.warehouse);
    if let Some(rests_on) = &report.rests_on {
        text += &format!("\n{}", rests_on.text());
    }
    text += &heading("Coverage, in days (UTC)");
    if report.coverage.is_empty() {
        text += "  nothing is loaded yet; run `everycent sync`\n";
    } else {
        text += &coverage_text(&report.coverage);
    }
    text += &failed_text(&report.failed);
    text += &late_text(&report.late);
    text += &silent::text(&report.silent);
    text += &future_text(&report.future_stamps);
    text += &closed_text(&report.unavailable);
    text += &rejects_text(report);
    if !report.remarks.is_empty() {
        text += &heading("Remarks: odd beside the money, and kept; the table remarks has all");
        text += &remarks::text(&report.remarks);
    }
    text += &heading("Queue");
    text += &match &report.queue {
        None => "  in Pub/Sub, whose metric `num_undelivered_messages` tells how many messages wait\n".to_owned(),
        Some(queues) if queues.iter().all(|queue| queue.ready + queue.leased == 0) => "  empty\n".to_owned(),
        Some(queues) => queue_text(queues),
    };
    text + &dead_text(&report.dead_letters)
}

fn rejects_text(report: &Report) -> String {
    if report.rejects.is_empty() {
        return String::new();
    }
    let all: i64 = report.coverage.iter().map(|feed| feed.rejects).sum();
    let more = match usize::try_from(all).unwrap_or_default().saturating_sub(report.rejects.len()) {
        0 => String::new(),
        more => format!("  and {}; the table rejected_records has all\n", count(more, "more record")),
    };
    format!("{}{}{more}", heading("Rejected records, which could not become rows"), rejects::text(&report.rejects))
}

fn closed_text(closed: &[Closed]) -> String {
    if closed.is_empty() {
        return String::new();
    }
    let each = closed
        .iter()
        .map(|Closed { source, account_id, reason }| format!("  {source} of {account_id}\n    {}\n", word(reason)));
    heading("Not available to the key; each `everycent sync` asks once whether that has changed")
        + &each.collect::<String>()
}

fn failed_text(failed: &[FailedDay]) -> String {
    if failed.is_empty() {
        return String::new();
    }
    let mut runs: Vec<(&FailedDay, Day, usize)> = Vec::new();
    for day in failed {
        match runs.last_mut() {
            Some((first, last, days)) if last.next() == day.activity_date && first.is_alike(day) => {
                (*last, *days) = (day.activity_date, *days + 1);
            }
            _ => runs.push((day, day.activity_date, 1)),
        }
    }
    let mut text = heading("Failed days; `everycent sync` asks for them again");
    for (first, last, days) in runs.iter().take(SHOWN) {
        let FailedDay { source, account_id, activity_date, failure } = first;
        let days = count(*days, "day");
        text += &format!("  ✗ {source} of {account_id}, {activity_date} to {last} ({days})\n    {}\n", word(failure));
    }
    match runs.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text}  and {}; --json lists all\n", count(more, "more failure")),
    }
}

fn late_text(late: &[LateDay]) -> String {
    if late.is_empty() {
        return String::new();
    }
    let mut text = heading("Late days, which the vendor has not reported yet; `everycent sync` asks for them again");
    for LateDay { source, account_id, activity_date } in late {
        text += &format!("  {source} of {account_id}, {activity_date}\n");
    }
    text
}

fn future_text(stamps: &[FutureStamp]) -> String {
    if stamps.is_empty() {
        return String::new();
    }
    let mut text = heading("Dated in the future");
    for FutureStamp { source, account_id, days, latest } in stamps {
        text += &format!("  ✗ {source} of {account_id}: {}, up to {latest}\n", count(*days, "day"));
    }
    format!("{text}    {ADVICE}\n")
}

fn queue_text(queues: &[Queue]) -> String {
    let mut grid = Grid::new(&["topic", ">ready", ">leased", ">dead"]);
    for queue in queues {
        grid.row([queue.topic.to_owned(), queue.ready.to_string(), queue.leased.to_string(), queue.dead.to_string()]);
    }
    grid.text()
}

fn dead_text(letters: &[Dead]) -> String {
    if letters.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&["topic", "message", ">attempts", "reason"]);
    for letter in letters {
        let cells =
            [letter.topic.to_owned(), letter.message_id.clone(), letter.attempts.to_string(), letter.reason.clone()];
        grid.row(cells);
    }
    let title = "Dead letters: messages that were given up; `everycent dead-letters` shows, resends or forgets them";
    format!("{}{}", heading(title), grid.text())
}
