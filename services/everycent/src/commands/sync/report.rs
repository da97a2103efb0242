//! How a sync ended, for people and for machines.

use std::collections::BTreeSet;

use chrono::Duration;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::{AccountId, Day, Timestamp};
use serde::Serialize;

use crate::admission::RefusedAccount;
use crate::deployment::Deployment;
use crate::elsewhere::Answers;
use crate::peak_memory;
use crate::progress::Tally;
use crate::scope::Feed;
use crate::show::{Grid, count, given_up_text, heading, word};
use crate::silent::{self, SilentReport};

/// Failed windows that are shown.
const SHOWN: usize = 10;

#[derive(Debug, Serialize)]
pub struct Report {
    pub home: String,
    pub warehouse: String,
    /// Windows that were asked for.
    pub windows: usize,
    /// Windows whose answer is stored, also such as an earlier run had asked for.
    pub windows_fetched: usize,
    pub rows: i64,
    pub rejects: i64,
    /// What was odd and cost no row.
    pub remarks: i64,
    /// What was done here; services that work elsewhere tell it in their logs and metrics.
    #[serde(flatten)]
    pub work: Option<Work>,
    /// Accounts that were asked for nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedAccount>,
    pub failed: Vec<WindowReport>,
    /// Reports of money of which records became no row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejected_money: Vec<RejectedMoney>,
    /// Reports that are not open to the key of their account.
    pub unavailable: Vec<ClosedReport>,
    /// Accounts of which no report of money is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_money: Vec<AccountReport>,
    /// Days that the vendors usually report by now and have not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<WindowReport>,
    /// Reports that answer and have nothing, since this sync.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<SilentReport>,
    /// Days that report more than ten times what was believed of them before, and lists that came back much shorter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rises: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shorter_lists: Vec<String>,
    /// Days that had settled and were restated all the same.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub restated: Vec<String>,
    /// Reports whose vendor no longer remembers days that are in the tables, when that was seen for the first time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub forgetful: Vec<String>,
    /// Windows that services elsewhere have not answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unanswered: Vec<WindowReport>,
    pub dead_letters: u64,
    /// What attribution rules name and may not mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    pub interrupted: bool,
    /// How much the vendor's clock is ahead of this machine's in seconds, negative for behind, if they disagree.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_offset_s: Option<i64>,
    /// The last day, by the vendor's clock, that was not asked for because by this machine's it has not begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_asked_until: Option<Day>,
    /// The most memory that this process held so far, where the system tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_memory_bytes: Option<u64>,
}

#[derive(Debug, Serialize)]
pub struct Work {
    pub pages: u64,
    pub body_bytes: u64,
    /// Rows inserted or updated because they differed.
    pub rows_written: u64,
    /// Rows deleted because the vendor no longer tells them.
    pub rows_deleted: u64,
    pub tables: Vec<TableReport>,
}

#[derive(Debug, Serialize)]
pub struct TableReport {
    pub table: &'static str,
    pub rows_written: u64,
    pub rows_deleted: u64,
}

/// A report that the vendor refuses to a key, with its words.
#[derive(Debug, Serialize)]
pub struct ClosedReport {
    pub source: String,
    pub account_id: AccountId,
    pub reason: String,
}

#[derive(Debug, Serialize)]
pub struct AccountReport {
    pub vendor: &'static str,
    pub account_id: AccountId,
}

/// Records that may hold money and are in no table.
#[derive(Debug, Serialize)]
pub struct RejectedMoney {
    pub source: String,
    pub account_id: AccountId,
    pub records: i64,
    pub days: usize,
    pub first_day: Day,
}

/// A window that was not loaded.
#[derive(Debug, Serialize)]
pub struct WindowReport {
    pub source: String,
    pub account_id: AccountId,
    pub from: Day,
    pub to: Day,
    /// How many of its days were not.
    pub days: usize,
    pub reason: String,
}

impl WindowReport {
    pub(super) fn new(feed: &Feed, window: Window, days: usize, reason: String) -> Self {
        let (source, account_id) = (feed.source.name().to_owned(), feed.account_id.clone());
        Self { source, account_id, from: window.from(), to: window.to(), days, reason }
    }
}

/// How a sync ended.
pub(super) struct Ended {
    /// Nobody named the days: all that are over were meant.
    pub of_due_days: bool,
    pub windows: usize,
    pub refused: Vec<RefusedAccount>,
    pub failed: Vec<WindowReport>,
    pub rejected_money: Vec<RejectedMoney>,
    pub unavailable: Vec<((String, AccountId), String)>,
    pub without_money: Vec<(Vendor, AccountId)>,
    pub late: Vec<WindowReport>,
    pub silent: Vec<SilentReport>,
    pub rises: Vec<String>,
    pub shorter_lists: Vec<String>,
    pub restated: Vec<String>,
    pub forgetful: Vec<String>,
    pub dead_letters: u64,
    pub rules: Vec<String>,
    pub interrupted: bool,
}

impl Report {
    pub(super) fn new(deployment: &Deployment, tally: Tally, answers: Option<Answers>, ended: Ended) -> Self {
        let (work, rows, rejects, remarks, left) = match answers {
            None => (Some(Work::of(&tally)), tally.rows, tally.rejects, tally.remarks, BTreeSet::new()),
            Some(Answers { rows, rejects, remarks, left }) => (None, rows, rejects, remarks, left),
        };
        let unanswered = left.iter().map(|(feed, window)| {
            WindowReport::new(feed, *window, window.days().count(), "no answer in the tables yet".to_owned())
        });
        let closed = ended.unavailable.into_iter();
        let closed = closed.map(|((source, account_id), reason)| ClosedReport { source, account_id, reason });
        let poor = ended.without_money.into_iter();
        let poor = poor.map(|(vendor, account_id)| AccountReport { vendor: vendor.name(), account_id });
        Self {
            home: deployment.home.data_dir().display().to_string(),
            warehouse: deployment.warehouse.address(),
            windows: ended.windows,
            windows_fetched: tally.windows,
            rows,
            rejects,
            remarks,
            work,
            refused: ended.refused,
            failed: ended.failed,
            rejected_money: ended.rejected_money,
            unavailable: closed.collect(),
            without_money: poor.collect(),
            late: ended.late,
            silent: ended.silent,
            rises: ended.rises,
            shorter_lists: ended.shorter_lists,
            restated: ended.restated,
            forgetful: ended.forgetful,
            unanswered: unanswered.collect(),
            dead_letters: ended.dead_letters,
            rules: ended.rules,
            interrupted: ended.interrupted,
            clock_offset_s: tally.clock_offset.map(|offset| offset.num_seconds()),
            not_asked_until: tally
                .clock_offset
                .filter(|_| ended.of_due_days)
                .and_then(|offset| not_asked_until(deployment.clock.now(), offset)),
            peak_memory_bytes: peak_memory::bytes(),
        }
    }

    pub fn is_clean(&self) -> bool {
        self.refused.is_empty()
            && self.failed.is_empty()
            && self.rejected_money.is_empty()
            && self.without_money.is_empty()
            && self.unanswered.is_empty()
            && self.dead_letters == 0
            && !self.interrupted
            && self.not_asked_until.is_none()
    }
}

/// Where this machine's clock is behind, the days that are over by the vendor's and not by its own are missing.
fn not_asked_until(now: Timestamp, offset: Duration) -> Option<Day> {
    let (here, there) = (now.day(), now.plus(offset).day());
    (here < there).then(|| there.minus(1))
}

/// What a person does about a clock.
fn clock_text(report: &Report) -> String {
    let Some(offset_s) = report.clock_offset_s else { return String::new() };
    let (size, side) = (duration_text(offset_s.unsigned_abs()), if offset_s < 0 { "ahead of" } else { "behind" });
    let missing = report.not_asked_until.map_or_else(String::new, |day| {
        format!(" Days up to {day} are over there and were not asked for: sync again once it is right.")
    });
    format!(
        "\nThis machine's clock is {size} {side} the vendor's, by which answers are dated. Set it, for example with \
         `timedatectl set-ntp true`.{missing}\n"
    )
}

fn duration_text(seconds: u64) -> String {
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let (size, unit) = units.into_iter().find(|(size, _)| seconds >= 2 * size).unwrap_or((1, "second"));
    let rounded = seconds.saturating_add(size / 2) / size;
    count(rounded, unit)
}

impl Work {
    fn of(tally: &Tally) -> Self {
        let table = |(table, (rows_written, rows_deleted)): (&&'static str, &(u64, u64))| TableReport {
            table,
            rows_written: *rows_written,
            rows_deleted: *rows_deleted,
        };
        Self {
            pages: tally.pages,
            body_bytes: tally.body_bytes,
            rows_written: tally.tables.values().map(|(written, _)| written).sum(),
            rows_deleted: tally.tables.values().map(|(_, deleted)| deleted).sum(),
            tables: tally.tables.iter().map(table).collect(),
        }
    }
}

/// The report for people.
pub fn text(report: &Report) -> String {
    let mut text = match &report.work {
        Some(work) => work_text(report, work),
        None => {
            let windows = count(report.windows_fetched, "window");
            format!("{windows} of {} answered; {} rows in them\n", report.windows, report.rows)
        }
    };
    text += &refused_text(&report.refused);
    text += &odd_text(
        "Attribution rules that may not mean what they name; `everycent replay` applies other ones",
        &report.rules,
    );
    text += &odd_text("Believed, and far above what was known: is it the same unit?", &report.rises);
    text += &odd_text("Lists that came back much shorter: does the key still see all of them?", &report.shorter_lists);
    text +=
        &odd_text("Restated by the vendor after they had settled; the tables hold what it says now", &report.restated);
    text += &odd_text("The vendor's memory ends within the days that were asked for", &report.forgetful);
    text += &windows_text("Failed, and asked for again by the next sync", &report.failed);
    text += &windows_text("Late: the vendor has not reported these days yet; the next sync asks again", &report.late);
    text += &rejected_money_text(&report.rejected_money);
    text += &silent::text(&report.silent);
    text += &windows_text("Not answered yet; the services may still work on it", &report.unanswered);
    for AccountReport { vendor, account_id } in &report.without_money {
        text += &format!(
            "\n✗ No report of money of {vendor} account {account_id} is open to its key; use the key of an administrator\n"
        );
    }
    if !report.unavailable.is_empty() {
        text += &heading("Not available to the key, which fails nothing");
        for ClosedReport { source, account_id, reason } in &report.unavailable {
            text += &format!("  {source} of {account_id}\n    {}\n", word(reason));
        }
    }
    if report.rejects > 0 {
        let records = count(report.rejects, "record");
        text += &format!("\nRejected: {records} that could not become rows; `everycent status` shows where and why\n");
    }
    if report.remarks > 0 {
        let things = count(report.remarks, "thing");
        text += &format!(
            "\nRemarked: {things} beside the money that were odd and cost no row; `everycent status` shows what\n"
        );
    }
    if report.dead_letters > 0 {
        text += &format!("\n{}", given_up_text(report.dead_letters));
    }
    text += &clock_text(report);
    text += &match (report.interrupted, &report.work) {
        (true, Some(_)) => "\nInterrupted. Run the same command again to go on.\n".to_owned(),
        (true, None) => "\nInterrupted. The services go on; the same command asks only for what is left.\n".to_owned(),
        (false, _) => format!("\nTables: {}\n", report.warehouse),
    };
    text
}

fn work_text(report: &Report, work: &Work) -> String {
    let mut text = format!(
        "{} fetched in {}; {} rows read, {} written, {} deleted\n",
        count(report.windows_fetched, "window"),
        count(work.pages, "page"),
        report.rows,
        work.rows_written,
        work.rows_deleted
    );
    let mut grid = Grid::new(&["table", ">written", ">deleted"]);
    for table in work.tables.iter().filter(|table| table.rows_written + table.rows_deleted > 0) {
        grid.row([table.table.to_owned(), table.rows_written.to_string(), table.rows_deleted.to_string()]);
    }
    if !grid.is_empty() {
        text += &format!("\n{}", grid.text());
    }
    text
}

fn refused_text(refused: &[RefusedAccount]) -> String {
    if refused.is_empty() {
        return String::new();
    }
    let lines = refused.iter().map(|account| format!("  ✗ {}\n", word(&account.reason)));
    heading("Accounts that were not asked, and have nothing new in the tables") + &lines.collect::<String>()
}

fn odd_text(title: &str, odd: &[String]) -> String {
    if odd.is_empty() {
        return String::new();
    }
    let lines = odd.iter().take(SHOWN).map(|words| format!("  ! {}\n", word(words)));
    let mut text = heading(title) + &lines.collect::<String>();
    if odd.len() > SHOWN {
        text += &format!("  and {} more; --json lists all\n", odd.len() - SHOWN);
    }
    text
}

fn rejected_money_text(rejected: &[RejectedMoney]) -> String {
    if rejected.is_empty() {
        return String::new();
    }
    let mut text = heading("Rejected, and may hold money that is in no table; `everycent status` shows where and why");
    for RejectedMoney { source, account_id, records, days, first_day } in rejected {
        let records = count(*records, "record");
        text += &format!("  ✗ {source} of {account_id}: {records} of {}, from {first_day}\n", count(*days, "day"));
    }
    text
}

fn windows_text(title: &str, windows: &[WindowReport]) -> String {
    if windows.is_empty() {
        return String::new();
    }
    let mut text = heading(title);
    for window in windows.iter().take(SHOWN) {
        text += &format!(
            "  ✗ {} of {}, {} to {} ({})\n    {}\n",
            window.source,
            window.account_id,
            window.from,
            window.to,
            count(window.days, "day"),
            word(&window.reason)
        );
    }
    if windows.len() > SHOWN {
        text += &format!("  and {}; --json lists all\n", count(windows.len() - SHOWN, "more window"));
    }
    text
}
