//! Windows that were asked for, until coverage has an answer for each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use everycent_domain::manifest::snapshot_id;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::{Day, Timestamp};
use tokio_util::sync::CancellationToken;

use super::Silence;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::progress::Watcher;
use crate::scope::Feed;

/// How often coverage is read: soon after something came, and then less and less often.
const SOON: Duration = Duration::from_secs(1);
const SELDOM: Duration = Duration::from_secs(15);

/// What came of the windows.
#[derive(Debug, Default)]
pub struct Answers {
    /// Rows and rejects of the answered windows.
    pub rows: i64,
    pub rejects: i64,
    /// Windows without an answer.
    pub left: BTreeSet<(Feed, Window)>,
}

/// Waits until all windows are answered or failed. `before` is coverage as it was before they were asked for.
pub async fn until_answered(
    deployment: &Deployment,
    asked: BTreeSet<(Feed, Window)>,
    before: &[CoverageRow],
    asked_at: Timestamp,
    watcher: &Watcher,
    stop: &CancellationToken,
) -> Result<Answers, Failure> {
    let before = Known::of(before);
    let mut answers = Answers { left: asked, ..Answers::default() };
    let mut silence = Silence::begin(asked_at);
    let mut wait = SOON;
    while let Some(days) = days_of(&answers.left) {
        let coverage = deployment.warehouse.coverage(days.from(), days.to()).await?;
        let came = answers.take(&before, &Known::of(&coverage));
        for (feed, window, word) in &came {
            match word {
                Word::Answered => watcher.answered(feed, *window),
                Word::Failed => watcher.failed(feed, *window),
            }
        }
        if !came.is_empty() {
            silence.ends();
            wait = SOON;
        }
        if answers.left.is_empty() || silence.is_final(deployment, answers.left.len(), watcher).await? {
            break;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(wait) => wait = (wait * 2).min(SELDOM),
        }
    }
    Ok(answers)
}

fn days_of(windows: &BTreeSet<(Feed, Window)>) -> Option<Window> {
    let first = windows.iter().map(|(_, window)| window.from()).min()?;
    let last = windows.iter().map(|(_, window)| window.to()).max()?;
    Window::new(first, last).ok()
}

/// What the services said of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Answered,
    Failed,
}

/// Coverage by feed and day.
struct Known<'a>(BTreeMap<(&'a str, &'a str, Day), &'a CoverageRow>);

impl<'a> Known<'a> {
    fn of(rows: &'a [CoverageRow]) -> Self {
        let keyed = rows.iter().map(|row| ((row.source.as_str(), row.account_id.as_str(), row.activity_date), row));
        Self(keyed.collect())
    }

    fn get(&self, feed: &Feed, day: Day) -> Option<&'a CoverageRow> {
        self.0.get(&(feed.source.name(), feed.account_id.as_str(), day)).copied()
    }
}

impl Answers {
    /// Takes the windows that have an answer since `before`.
    fn take(&mut self, before: &Known<'_>, now: &Known<'_>) -> Vec<(Feed, Window, Word)> {
        let mut came = Vec::new();
        for (feed, window) in &self.left {
            if let Some(word) = word(before, now, feed, *window) {
                came.push((feed.clone(), *window, word));
            }
        }
        for (feed, window, _) in &came {
            self.left.remove(&(feed.clone(), *window));
            let rows = window.days().filter_map(|day| now.get(feed, day));
            for row in rows {
                self.rows += row.rows.unwrap_or_default();
                self.rejects += row.rejects.unwrap_or_default();
            }
        }
        came
    }
}

/// All days of an answer come in one transaction, so one of them is enough, if it is the answer to this window; an
/// answer to another window is enough where it leaves no day out. Clocks of other machines are not compared with ours.
fn word(before: &Known<'_>, now: &Known<'_>, feed: &Feed, window: Window) -> Option<Word> {
    let (mut all, mut of_this_window, mut failed) = (true, false, false);
    for day in window.days() {
        let (old, new) = (before.get(feed, day), now.get(feed, day));
        let answer =
            |row: Option<&CoverageRow>| row.map(|row| (row.fetched_at, row.snapshot_id.clone(), row.normalized_at));
        let is_new = new.is_some_and(|row| row.snapshot_id.is_some()) && answer(old) != answer(new);
        let has_failed =
            new.is_some_and(|row| row.state == "failed" && old.and_then(|old| old.failed_at) != row.failed_at);
        all &= is_new || has_failed;
        failed |= has_failed;
        of_this_window |= is_new && new.is_some_and(|row| answers(row, feed, window));
    }
    match (all || of_this_window || failed, failed) {
        (false, _) => None,
        (true, false) => Some(Word::Answered),
        (true, true) => Some(Word::Failed),
    }
}

/// Whether the row was decided by an answer to just this window; its id tells.
fn answers(row: &CoverageRow, feed: &Feed, window: Window) -> bool {
    let id = row.fetched_at.map(|fetched_at| snapshot_id(feed.source, &feed.account_id, window, fetched_at));
    id.is_some() && id == row.snapshot_id
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use everycent_domain::source::Source;

    use super::*;

    fn feed() -> Feed {
        Feed { source: Source::AnthropicCostReport, account_id: "acme".to_owned() }
    }

    fn window(from: u32, to: u32) -> Window {
        let day = |number| Day::new(2025, 10, number).unwrap();
        Window::new(day(from), day(to)).unwrap()
    }

    /// Days of an answer to `window`, fetched at this moment.
    fn loaded(window: Window, fetched_at: i64) -> Vec<CoverageRow> {
        let at = Timestamp::from_micros(fetched_at);
        let id = snapshot_id(feed().source, "acme", window, at);
        let row = |day| CoverageRow {
            source: feed().source.name().to_owned(),
            account_id: "acme".to_owned(),
            activity_date: day,
            state: "open".to_owned(),
            fetched_at: Some(at),
            snapshot_id: Some(id.clone()),
            normalized_at: Some(at),
            rows: Some(2),
            rejects: Some(0),
            amount_usd: None,
            quantity: None,
            failed_at: None,
            failure: None,
        };
        window.days().map(row).collect()
    }

    fn failed(mut rows: Vec<CoverageRow>, failed_at: i64) -> Vec<CoverageRow> {
        for row in &mut rows {
            row.state = "failed".to_owned();
            row.failed_at = Some(Timestamp::from_micros(failed_at));
        }
        rows
    }

    fn said(before: &[CoverageRow], now: &[CoverageRow]) -> Option<Word> {
        word(&Known::of(before), &Known::of(now), &feed(), window(3, 6))
    }

    #[test]
    fn what_was_there_before_is_no_answer() {
        let before = loaded(window(3, 6), 10);
        assert_eq!(said(&before, &before), None);
        let failed = failed(before, 11);
        assert_eq!(said(&failed, &failed), None);
        assert_eq!(said(&[], &[]), None);
    }

    #[test]
    fn an_answer_to_the_window_counts_even_if_it_leaves_out_days() {
        let now = loaded(window(3, 6), 10);
        assert_eq!(said(&[], &now), Some(Word::Answered));
        assert_eq!(said(&[], &now[..1]), Some(Word::Answered));
    }

    #[test]
    fn answers_to_other_windows_count_when_together_they_leave_out_no_day() {
        let early = loaded(window(1, 4), 10);
        assert_eq!(said(&[], &early), None);
        let both: Vec<CoverageRow> = early.into_iter().chain(loaded(window(5, 9), 11)).collect();
        assert_eq!(said(&[], &both), Some(Word::Answered));
    }

    #[test]
    fn a_failure_since_counts() {
        let before = failed(loaded(window(3, 6), 10), 11);
        assert_eq!(said(&before, &failed(loaded(window(3, 6), 10), 12)), Some(Word::Failed));
    }

    #[test]
    fn rows_of_what_was_answered_are_summed_and_the_rest_is_left() {
        let asked = [(feed(), window(3, 6)), (feed(), window(7, 9))].into();
        let mut answers = Answers { left: asked, ..Answers::default() };
        let now = loaded(window(3, 6), 10);
        let came = answers.take(&Known::of(&[]), &Known::of(&now));
        assert_eq!(came, [(feed(), window(3, 6), Word::Answered)]);
        assert_eq!((answers.rows, answers.left.len()), (8, 1));
    }
}
