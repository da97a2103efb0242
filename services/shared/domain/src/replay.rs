//! Replaying: which stored snapshots decide the days of a range, and the event that announces one again.

use std::collections::BTreeSet;

use everycent_schemas::events::SnapshotStored;
use everycent_schemas::stored::CoverageRow;
use everycent_schemas::{Day, SnapshotId, Timestamp};

use crate::acceptance::{AnswerId, State};
use crate::future::horizon;
use crate::manifest::Manifest;
use crate::objects::ManifestName;
use crate::sums::Filled;
use crate::window::Window;

/// Finds the snapshots that decide a range: for each day the latest answer that covers it. Older answers would lose
/// every merge, so they are not read, unless the rows of the source stay when it no longer tells them.
#[derive(Debug)]
pub struct ReplayPlan {
    /// Newest last.
    candidates: Vec<ManifestName>,
    undecided: BTreeSet<Day>,
    /// Every answer is wanted.
    every: bool,
}

impl ReplayPlan {
    /// A plan for the manifests of one source and account. An answer of the future decides no day that another one does.
    pub fn new(range: Window, manifests: impl IntoIterator<Item = ManifestName>, now: Timestamp) -> Self {
        Self::of_days(range.days(), manifests, now)
    }

    /// A plan for the manifests of one source and account, for some days.
    pub fn of_days(
        days: impl IntoIterator<Item = Day>,
        manifests: impl IntoIterator<Item = ManifestName>,
        now: Timestamp,
    ) -> Self {
        let undecided: BTreeSet<Day> = days.into_iter().collect();
        let is_about = |manifest: &ManifestName| manifest.window.days().any(|day| undecided.contains(&day));
        let mut candidates: Vec<ManifestName> = manifests.into_iter().filter(is_about).collect();
        candidates.sort_by_cached_key(|name| (!name.is_fetched_since(horizon(now)), name.version.clone()));
        Self { candidates, undecided, every: false }
    }

    /// A plan of every answer about the range, for a source that keeps its rows.
    #[must_use]
    pub fn of_every_answer(self) -> Self {
        Self { every: true, ..self }
    }

    /// The next manifest to read, from new to old.
    pub fn next_candidate(&mut self) -> Option<ManifestName> {
        while let Some(candidate) = self.candidates.pop() {
            if self.every || candidate.window.days().any(|day| self.undecided.contains(&day)) {
                return Some(candidate);
            }
        }
        None
    }

    /// Says which days the manifest covers; true when its snapshot decides one of them and so is replayed.
    pub fn decide(&mut self, covered: &[Day]) -> bool {
        let decided = covered.iter().filter(|day| self.undecided.remove(day)).count();
        self.every || decided > 0
    }
}

/// What coverage says of the answers about a day, as the names of manifests spell them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    pub accepted: String,
    pub newest: String,
    /// The answer whose rows are loaded, where it is said.
    pub loaded: Option<String>,
}

impl Answered {
    /// None where nothing was accepted yet.
    pub fn of(row: &CoverageRow) -> Option<Self> {
        let loaded = answer(row.fetched_at, row.snapshot_id.as_ref());
        let newest = answer(row.newest().0, row.newest().1);
        let state = row.judgement.as_deref();
        let state = state.and_then(|text| State::from_text(text, loaded.clone(), newest.clone(), None));
        let accepted = state.and_then(|state| state.accepted).map(|accepted| accepted.id).or(loaded.clone())?;
        Some(Self {
            accepted: accepted.version(),
            newest: newest.unwrap_or(accepted).version(),
            loaded: loaded.map(|loaded| loaded.version()),
        })
    }
}

fn answer(fetched_at: Option<Timestamp>, snapshot_id: Option<&SnapshotId>) -> Option<AnswerId> {
    Some(AnswerId { fetched_at: fetched_at?, snapshot_id: snapshot_id?.clone() })
}

/// What one answer knows of a day of what is not unlearned, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowing {
    pub manifest: ManifestName,
    pub filled: Filled,
}

/// Of the answers about one day, those whose pages have to be read again for what they know beside the accepted one. Of
/// answers that say the same it is the newest. `accepted` is the version of the accepted one, where it is known: if it
/// fills every row, no earlier answer has anything to add.
pub fn knowing_more(mut answers: Vec<Knowing>, accepted: Option<&str>, now: Timestamp) -> Vec<ManifestName> {
    let rank = |name: &ManifestName| (!name.is_fetched_since(horizon(now)), name.version.clone());
    answers.sort_by_cached_key(|answer| rank(&answer.manifest));
    let place = accepted.and_then(|version| answers.iter().position(|answer| answer.manifest.version == version));
    let is_full = |filled: &Filled| filled.filled == Some(filled.rows);
    let first = place.filter(|place| is_full(&answers[*place].filled)).unwrap_or(0);
    let mut contents = BTreeSet::new();
    let mut knowing = Vec::new();
    for answer in answers.drain(first..).rev() {
        let is_first = answer.filled.content_hash.is_none_or(|hash| contents.insert(hash));
        let is_accepted = accepted == Some(answer.manifest.version.as_str());
        if is_first && !is_accepted && answer.filled.filled != Some(0) {
            knowing.push(answer.manifest);
        }
    }
    knowing
}

/// The event that announces a snapshot, now or again. With `only`, just these days of it.
pub fn stored(manifest: &Manifest, published_at: Timestamp, only: Option<Window>) -> SnapshotStored {
    SnapshotStored {
        snapshot_id: manifest.snapshot_id.clone(),
        source: manifest.source.clone(),
        account_id: manifest.account_id.clone(),
        from_date: manifest.window.from(),
        to_date: manifest.window.to(),
        fetched_at: manifest.fetched_at,
        manifest: manifest.folder().manifest().to_string(),
        pages: i32::try_from(manifest.pages.len()).unwrap_or(i32::MAX),
        body_bytes: i64::try_from(manifest.body_bytes()).unwrap_or(i64::MAX),
        published_at,
        only_from: only.map(|days| days.from()),
        only_to: only.map(|days| days.to()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::objects::SnapshotFolder;

    const NOW: Timestamp = Timestamp::from_micros(1_000);

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    fn manifest(from: u32, to: u32, fetched_at: i64) -> ManifestName {
        let at = Timestamp::from_micros(fetched_at);
        let folder = SnapshotFolder::new("anthropic/cost_report", &"acme".into(), day(from), day(to), at, &"s".into());
        ManifestName::parse(&folder.manifest()).unwrap()
    }

    #[test]
    fn only_the_latest_answer_of_each_day_is_replayed() {
        let range = Window::new(day(3), day(9)).unwrap();
        let manifests = [manifest(1, 9, 1), manifest(8, 9, 2), manifest(3, 7, 3), manifest(20, 25, 9)];
        let mut plan = ReplayPlan::new(range, manifests, NOW);
        let mut replayed = Vec::new();
        while let Some(candidate) = plan.next_candidate() {
            let covered: Vec<Day> = candidate.window.days().collect();
            assert!(plan.decide(&covered));
            replayed.push(candidate.window.to_string());
        }
        assert_eq!(replayed, ["2025-10-03..2025-10-07", "2025-10-08..2025-10-09"]);
    }

    #[test]
    fn a_day_that_the_latest_answer_leaves_out_is_taken_from_the_one_before() {
        let range = Window::new(day(3), day(4)).unwrap();
        let mut plan = ReplayPlan::new(range, [manifest(3, 4, 1), manifest(3, 4, 2)], NOW);
        assert_eq!(plan.next_candidate().unwrap().version, "19700101T000000.000002Z_s");
        assert!(plan.decide(&[day(3)]));
        assert_eq!(plan.next_candidate().unwrap().version, "19700101T000000.000001Z_s");
        assert!(plan.decide(&[day(3), day(4)]));
        assert_eq!(plan.next_candidate(), None);
    }

    #[test]
    fn of_a_directory_every_reading_is_replayed() {
        let range = Window::new(day(3), day(4)).unwrap();
        let readings = [manifest(3, 3, 1), manifest(3, 3, 2), manifest(4, 4, 3), manifest(5, 5, 4)];
        let mut plan = ReplayPlan::new(range, readings, NOW).of_every_answer();
        let replayed =
            std::iter::from_fn(|| plan.next_candidate().filter(|reading| plan.decide(&[reading.window.to()])));
        assert_eq!(replayed.count(), 3);
    }

    #[test]
    fn an_answer_of_the_future_is_taken_only_where_there_is_no_other() {
        let range = Window::new(day(3), day(5)).unwrap();
        let future = 7_200_000_000;
        let mut plan = ReplayPlan::new(range, [manifest(3, 5, future), manifest(3, 4, 2)], NOW);
        assert_eq!(plan.next_candidate().unwrap().window.to_string(), "2025-10-03..2025-10-04");
        assert!(plan.decide(&[day(3), day(4)]));
        assert_eq!(plan.next_candidate().unwrap().window.to_string(), "2025-10-03..2025-10-05");
    }

    /// Answers about a day, each with its hour, how many of two events it names somebody for, and its content.
    fn knowing(answers: &[(i64, Option<i64>, &str)], accepted: Option<i64>) -> Vec<i64> {
        let version = |at: i64| manifest(3, 3, at);
        let of = |(at, filled, content): &(i64, Option<i64>, &str)| Knowing {
            manifest: version(*at),
            filled: Filled { day: day(3), rows: 2, filled: *filled, content_hash: Some((*content).to_owned()) },
        };
        let accepted = accepted.map(|at| version(at).version);
        let more = knowing_more(answers.iter().map(of).collect(), accepted.as_deref(), NOW);
        let hour =
            |name: &ManifestName| answers.iter().find(|(at, ..)| version(*at).version == name.version).unwrap().0;
        more.iter().map(hour).collect()
    }

    #[test]
    fn an_answer_that_names_more_people_than_the_accepted_one_is_read_as_well() {
        let forgotten = [(1, Some(2), "whole"), (2, Some(2), "whole"), (3, Some(1), "part"), (4, Some(0), "none")];
        assert_eq!(knowing(&forgotten, Some(4)), [3, 2]);
        assert_eq!(knowing(&forgotten, Some(2)), [3], "it fills every row, so only a later answer may add something");
        assert_eq!(knowing(&forgotten, None), [3, 2]);
    }

    #[test]
    fn where_nothing_was_counted_each_content_is_read_once() {
        let earlier = [(1, None, "a"), (2, None, "a"), (3, None, "b"), (4, None, "b")];
        assert_eq!(knowing(&earlier, Some(4)), [2]);
        assert_eq!(knowing(&[(1, Some(2), "a"), (9_000_000_000, Some(2), "a")], None), [1], "of the future");
    }
}
