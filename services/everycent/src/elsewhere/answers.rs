//! Windows that were asked for, until coverage has an answer for each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use everycent_domain::bucket::BucketId;
use everycent_domain::manifest::snapshot_id;
use everycent_domain::window::Window;
use everycent_fetcher::answered_since;
use everycent_runtime::backoff::Backoff;
use everycent_runtime::bus::DeadLetter;
use everycent_runtime::warehouse::{CoverageRow, WarehouseError};
use everycent_schemas::{CoverageState, Day, Timestamp};
use tokio_util::sync::CancellationToken;

use super::{Silence, Verdict};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::letters;
use crate::progress::Watcher;
use crate::scope::Feed;

/// How often coverage is read: soon after something came, and then less and less often.
const LOOKS: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(15)).exact();

/// What came of the windows.
#[derive(Debug, Default)]
pub struct Answers {
    /// Rows, rejects and remarks of the answered windows.
    pub rows: i64,
    pub rejects: i64,
    pub remarks: i64,
    /// Windows without an answer.
    pub left: BTreeSet<(Feed, Window)>,
}

/// What was asked for.
#[derive(Debug)]
pub struct Question<'a> {
    pub windows: BTreeSet<(Feed, Window)>,
    /// As the requests say it.
    pub requested_at: Timestamp,
    /// Coverage as it was before.
    pub before: &'a [CoverageRow],
}

/// Waits until all windows are answered or failed.
pub async fn until_answered(
    deployment: &Deployment,
    question: Question<'_>,
    watcher: &Watcher,
    stop: &CancellationToken,
) -> Result<Answers, Failure> {
    let since = question.requested_at;
    let before = Known::of(question.before);
    let mut answers = Answers { left: question.windows, ..Answers::default() };
    let mut silence = Silence::begin(deployment.clock.now());
    let mut looks = LOOKS.waits();
    while let Some(days) = days_of(&answers.left) {
        let came = match deployment.warehouse.coverage(days.from(), days.to()).await {
            Ok(coverage) => answers.take(&before, &Known::of(&coverage), since),
            // It is the services that work; who only looks can look again.
            Err(error @ WarehouseError::Unavailable { .. }) => {
                tracing::warn!(error = %error, "coverage not read");
                Vec::new()
            }
            Err(error) => return Err(error.into()),
        };
        for (feed, window, word) in &came {
            match word {
                Word::Answered => watcher.answered(feed, *window),
                Word::Failed => watcher.failed(feed, *window),
                Word::Unavailable => watcher.unavailable(),
            }
        }
        if !came.is_empty() {
            silence.ends();
            looks = LOOKS.waits();
        }
        if silence.is_due() {
            answers.take_empty(deployment, since, watcher).await?;
            let is_ours = |letter: &DeadLetter| letters::is_about(letter, &answers.left);
            if silence.verdict(deployment, answers.left.len(), is_ours, watcher).await? != Verdict::WaitOn {
                break;
            }
        }
        if answers.left.is_empty() {
            break;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(looks.next().unwrap_or_default()) => {}
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
    /// The report is not open to the key.
    Unavailable,
}

/// Coverage by feed and day.
struct Known<'a>(BTreeMap<BucketId, &'a CoverageRow>);

impl<'a> Known<'a> {
    fn of(rows: &'a [CoverageRow]) -> Self {
        Self(rows.iter().map(|row| (BucketId::of(row), row)).collect())
    }

    fn get(&self, feed: &Feed, day: Day) -> Option<&'a CoverageRow> {
        self.0.get(&feed.bucket(day)).copied()
    }
}

impl Answers {
    /// Takes the windows that have an answer since `before`.
    fn take(&mut self, before: &Known<'_>, now: &Known<'_>, since: Timestamp) -> Vec<(Feed, Window, Word)> {
        let mut came = Vec::new();
        for (feed, window) in &self.left {
            if let Some(word) = word(before, now, since, (feed, *window)) {
                came.push((feed.clone(), *window, word));
            }
        }
        for (feed, window, word) in &came {
            self.left.remove(&(feed.clone(), *window));
            if *word != Word::Answered {
                continue;
            }
            let rows = window.days().filter_map(|day| now.get(feed, day));
            for row in rows {
                self.rows += row.rows.unwrap_or_default();
                self.rejects += row.rejects.unwrap_or_default();
                self.remarks += row.remarks.unwrap_or_default();
            }
        }
        came
    }

    /// An answer that covers no day leaves no trace in coverage, so the store is asked for it.
    async fn take_empty(
        &mut self,
        deployment: &Deployment,
        since: Timestamp,
        watcher: &Watcher,
    ) -> Result<(), Failure> {
        for (feed, window) in self.left.clone() {
            let store = deployment.store.as_ref();
            let now = deployment.clock.now();
            let stored = answered_since(store, feed.source, &feed.account_id, window, Some(since), now).await?;
            if stored.answer.is_some_and(|manifest| manifest.covered.is_empty()) {
                watcher.answered(&feed, window);
                self.left.remove(&(feed, window));
            }
        }
        Ok(())
    }
}

/// All days of an answer come in one transaction, so one of them is enough, if it is the answer to this window; an
/// answer to another window is enough where it leaves no day out. An answer that was there before is none, also when it
/// is normalized again, unless it was fetched since.
fn word(before: &Known<'_>, now: &Known<'_>, since: Timestamp, (feed, window): (&Feed, Window)) -> Option<Word> {
    let (mut all, mut of_this_window, mut failed, mut refused) = (true, false, false, false);
    for day in window.days() {
        let (old, new) = (before.get(feed, day), now.get(feed, day));
        let is_again = |row: &CoverageRow| {
            row.newest().0 >= Some(since) && old.and_then(|old| old.normalized_at) != row.normalized_at
        };
        let is_new = new.is_some_and(|row| {
            row.newest().1.is_some() && (old.map(CoverageRow::newest) != Some(row.newest()) || is_again(row))
        });
        let ended_as =
            |state| new.is_some_and(|row| row.state == state && old.and_then(|old| old.failed_at) != row.failed_at);
        let (has_failed, is_refused) = (ended_as(CoverageState::Failed), ended_as(CoverageState::Unavailable));
        all &= is_new || has_failed || is_refused;
        failed |= has_failed;
        refused |= is_refused;
        of_this_window |= is_new && new.is_some_and(|row| answers(row, feed, window));
    }
    match (all || of_this_window || failed || refused, failed, refused) {
        (false, ..) => None,
        (true, true, _) => Some(Word::Failed),
        (true, false, true) => Some(Word::Unavailable),
        (true, false, false) => Some(Word::Answered),
    }
}

/// Whether the row was decided by an answer to just this window; its id tells.
fn answers(row: &CoverageRow, feed: &Feed, window: Window) -> bool {
    let (fetched_at, newest) = row.newest();
    let id = fetched_at.map(|fetched_at| snapshot_id(feed.source.name(), &feed.account_id, window, fetched_at));
    id.is_some() && id.as_ref() == newest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use everycent_domain::vendors::anthropic;

    fn feed() -> Feed {
        Feed { source: anthropic::cost_report::SOURCE, account_id: "acme".into() }
    }

    fn window(from: u32, to: u32) -> Window {
        let day = |number| Day::new(2025, 10, number).unwrap();
        Window::new(day(from), day(to)).unwrap()
    }

    /// Days of an answer to `window`, fetched at this moment.
    fn loaded(window: Window, fetched_at: i64) -> Vec<CoverageRow> {
        let at = Timestamp::from_micros(fetched_at);
        let id = snapshot_id(feed().source.name(), &"acme".into(), window, at);
        let row = |day| CoverageRow {
            settled: Some(false),
            fetched_at: Some(at),
            snapshot_id: Some(id.clone()),
            normalized_at: Some(at),
            recipe: Some("r".to_owned()),
            rows: Some(2),
            rejects: Some(0),
            merged_at: Some(at),
            ..CoverageRow::bare(feed().source.name(), &"acme".into(), day, CoverageState::Open)
        };
        window.days().map(row).collect()
    }

    fn failed(mut rows: Vec<CoverageRow>, failed_at: i64) -> Vec<CoverageRow> {
        for row in &mut rows {
            row.state = CoverageState::Failed;
            row.failed_at = Some(Timestamp::from_micros(failed_at));
        }
        rows
    }

    fn said(before: &[CoverageRow], now: &[CoverageRow]) -> Option<Word> {
        word(&Known::of(before), &Known::of(now), Timestamp::from_micros(10), (&feed(), window(3, 6)))
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
    fn a_replay_of_what_was_there_is_no_answer_and_one_of_what_was_fetched_since_is() {
        let again = |mut rows: Vec<CoverageRow>| {
            rows.iter_mut().for_each(|row| row.normalized_at = Some(Timestamp::from_micros(99)));
            rows
        };
        let (old, fresh) = (loaded(window(3, 6), 9), loaded(window(3, 6), 10));
        assert_eq!(said(&old, &again(old.clone())), None);
        assert_eq!(said(&fresh, &again(fresh.clone())), Some(Word::Answered));
    }

    #[test]
    fn a_failure_since_counts() {
        let before = failed(loaded(window(3, 6), 10), 11);
        assert_eq!(said(&before, &failed(loaded(window(3, 6), 10), 12)), Some(Word::Failed));
    }

    #[test]
    fn a_refusal_since_counts_and_is_no_failure() {
        let mut refused = failed(loaded(window(3, 6), 10), 12);
        refused.iter_mut().for_each(|row| row.state = CoverageState::Unavailable);
        assert_eq!(said(&[], &refused), Some(Word::Unavailable));
        assert_eq!(said(&refused, &refused), None);
    }

    #[test]
    fn rows_of_what_was_answered_are_summed_and_the_rest_is_left() {
        let asked = [(feed(), window(3, 6)), (feed(), window(7, 9))].into();
        let mut answers = Answers { left: asked, ..Answers::default() };
        let now = loaded(window(3, 6), 10);
        let came = answers.take(&Known::of(&[]), &Known::of(&now), Timestamp::from_micros(10));
        assert_eq!(came, [(feed(), window(3, 6), Word::Answered)]);
        assert_eq!((answers.rows, answers.left.len()), (8, 1));
        let now: Vec<CoverageRow> = now.into_iter().chain(failed(loaded(window(7, 9), 10), 11)).collect();
        assert_eq!(answers.take(&Known::of(&[]), &Known::of(&now), Timestamp::from_micros(10)).len(), 1);
        assert_eq!((answers.rows, answers.left.len()), (8, 0), "rows of a failed window are of an earlier answer");
    }
}
