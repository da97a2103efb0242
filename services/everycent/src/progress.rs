//! Progress of a sync: bars on a terminal, plain lines elsewhere, and the sums for the report.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stderr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::Duration;
use everycent_domain::window::Window;
use everycent_runtime::progress::{Observer, Progress};
use everycent_schemas::events::BatchMerged;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::scope::Feed;

use crate::show::{self, count};

/// What was done so far.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Windows whose answer is stored.
    pub windows: usize,
    pub pages: u64,
    pub body_bytes: u64,
    pub rows: i64,
    pub rejects: i64,
    pub remarks: i64,
    /// Windows that could not be fetched.
    pub failed: Vec<(Feed, Window)>,
    /// How much a vendor's clock is ahead of this machine's, where that is worth a warning.
    pub clock_offset: Option<Duration>,
    /// Rows written and deleted, by table.
    pub tables: BTreeMap<&'static str, (u64, u64)>,
}

impl Tally {
    fn take(&mut self, progress: &Progress) {
        match progress {
            Progress::PageKept { body_bytes, .. } => {
                self.pages += 1;
                self.body_bytes += body_bytes;
            }
            Progress::Normalized { rows, rejects, remarks, .. } => {
                self.rows += rows;
                self.rejects += rejects;
                self.remarks += remarks;
            }
            Progress::Merged { tables, .. } => {
                for change in tables {
                    let (written, deleted) = self.tables.entry(change.table).or_default();
                    *written += change.written;
                    *deleted += change.deleted;
                }
            }
            Progress::Stored { .. } => self.windows += 1,
            Progress::Failed { source, account_id, window, .. } => {
                self.failed.push((Feed { source: *source, account_id: account_id.clone() }, *window));
            }
            Progress::ClockIsOff { offset, .. } => {
                self.clock_offset = self.clock_offset.filter(|known| known.abs() >= offset.abs()).or(Some(*offset));
            }
            Progress::Asking { .. } | Progress::Unavailable { .. } => {}
        }
    }
}

/// Lines of progress in a log.
const LINES_MAX: u64 = 20;

/// Watches the services and shows what they do on standard error.
pub struct Watcher {
    shown: bool,
    bar: ProgressBar,
    tally: Arc<Mutex<Tally>>,
}

impl Watcher {
    /// With `shown` false it only counts.
    pub fn new(shown: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        if !shown {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let style = "{elapsed_precise} {bar:30} {pos}/{len} windows  {wide_msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("invariant: the template is well-formed"));
        Self { shown, bar, tally: Arc::default() }
    }

    /// Says how much there is to do.
    pub fn begin(&self, windows: usize, resumed: bool) {
        self.bar.set_length(windows as u64);
        match (windows, resumed) {
            (0, false) => self.say("nothing is due"),
            (0, true) => self.say("nothing else is left to ask for"),
            (_, true) => {
                self.say(&format!("going on with an interrupted sync; left to ask for: {}", count(windows, "window")))
            }
            (_, false) => self.say(&format!("asking for {}", count(windows, "window"))),
        }
    }

    pub fn say(&self, line: &str) {
        if self.shown {
            say(&self.bar, line);
        }
    }

    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// A window was answered by services that work elsewhere.
    pub fn answered(&self, feed: &Feed, window: Window) {
        lock(&self.tally).windows += 1;
        self.advance(&format!("{} of {}, {window}", feed.source, feed.account_id));
    }

    /// A window is of a report that is not open to the key.
    pub fn unavailable(&self) {
        self.bar.inc(1);
    }

    /// A window could not be fetched elsewhere.
    pub fn failed(&self, feed: &Feed, window: Window) {
        lock(&self.tally).failed.push((feed.clone(), window));
        self.bar.inc(1);
        self.say(&format!("failed {} of {}, {window}", feed.source, feed.account_id));
    }

    /// A snapshot was merged elsewhere.
    pub fn merged(&self, batch: &BatchMerged) {
        let BatchMerged { source, account_id, from_date, to_date, .. } = batch;
        self.advance(&format!("{source} of {account_id}, {from_date}..{to_date}"));
    }

    fn advance(&self, what: &str) {
        self.bar.inc(1);
        self.bar.set_message(show::word(what));
        if self.shown && !stderr().is_terminal() && is_worth_a_line(&self.bar) {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
            self.say(&format!("{done} of {all}: {what}"));
        }
    }

    /// How many steps the bar has.
    pub fn expect(&self, steps: usize) {
        self.bar.set_length(steps as u64);
    }

    pub fn tally(&self) -> Tally {
        lock(&self.tally).clone()
    }

    pub fn observer(&self) -> Observer {
        let (shown, bar, tally) = (self.shown, self.bar.clone(), Arc::clone(&self.tally));
        Observer::new(move |progress| {
            lock(&tally).take(&progress);
            if shown {
                show(&bar, &progress);
            }
        })
    }
}

/// A panic while counting leaves counts that are still worth showing.
fn lock(tally: &Mutex<Tally>) -> MutexGuard<'_, Tally> {
    tally.lock().unwrap_or_else(PoisonError::into_inner)
}

fn say(bar: &ProgressBar, line: &str) {
    if stderr().is_terminal() {
        bar.println(show::word(line));
    } else {
        show::tell(line);
    }
}

/// Whether to say where it stands, into a log: every window if they are few, else now and then.
fn is_worth_a_line(bar: &ProgressBar) -> bool {
    let every = bar.length().unwrap_or_default() / LINES_MAX + 1;
    bar.position().is_multiple_of(every)
}

fn show(bar: &ProgressBar, progress: &Progress) {
    match progress {
        Progress::Asking { source, account_id, window } => {
            bar.set_message(show::word(format!("{source} of {account_id}, {window}")))
        }
        Progress::Stored { source, account_id, window, pages } => {
            bar.inc(1);
            if !stderr().is_terminal() && is_worth_a_line(bar) {
                let (done, all) = (bar.position(), bar.length().unwrap_or_default());
                say(bar, &format!("{done} of {all}: {source} of {account_id}, {window}, pages: {pages}"));
            }
        }
        Progress::Failed { source, account_id, window, .. } => {
            bar.inc(1);
            say(bar, &format!("failed {source} of {account_id}, {window}"));
        }
        Progress::Unavailable { .. } => bar.inc(1),
        Progress::PageKept { .. }
        | Progress::ClockIsOff { .. }
        | Progress::Normalized { .. }
        | Progress::Merged { .. } => {}
    }
}
