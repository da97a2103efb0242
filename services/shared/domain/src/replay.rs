//! Replaying: which stored snapshots decide the days of a range.

use std::collections::BTreeSet;

use everycent_schemas::Day;

use crate::objects::ManifestName;
use crate::window::Window;

/// Finds the snapshots that decide a range: for each day the latest answer that covers it. Older answers would lose
/// every merge, so they are not read.
#[derive(Debug)]
pub struct ReplayPlan {
    /// Newest last.
    candidates: Vec<ManifestName>,
    undecided: BTreeSet<Day>,
}

impl ReplayPlan {
    /// A plan for the manifests of one source and account.
    pub fn new(range: Window, manifests: impl IntoIterator<Item = ManifestName>) -> Self {
        let mut candidates: Vec<ManifestName> =
            manifests.into_iter().filter(|manifest| manifest.window.overlaps(&range)).collect();
        candidates.sort_by(|a, b| a.version.cmp(&b.version));
        Self { candidates, undecided: range.days().collect() }
    }

    /// The next manifest to read, from new to old.
    pub fn next_candidate(&mut self) -> Option<ManifestName> {
        while let Some(candidate) = self.candidates.pop() {
            if candidate.window.days().any(|day| self.undecided.contains(&day)) {
                return Some(candidate);
            }
        }
        None
    }

    /// Says which days the manifest covers; true when its snapshot decides one of them and so is replayed.
    pub fn decide(&mut self, covered: &[Day]) -> bool {
        let decided = covered.iter().filter(|day| self.undecided.remove(day)).count();
        decided > 0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::objects::SnapshotFolder;
    use everycent_schemas::Timestamp;

    fn day(number: u32) -> Day {
        Day::new(2025, 10, number).unwrap()
    }

    fn manifest(from: u32, to: u32, fetched_at: i64) -> ManifestName {
        let at = Timestamp::from_micros(fetched_at);
        let folder = SnapshotFolder::new("anthropic/cost_report", "acme", day(from), day(to), at, "s");
        ManifestName::parse(&folder.manifest()).unwrap()
    }

    #[test]
    fn only_the_latest_answer_of_each_day_is_replayed() {
        let range = Window::new(day(3), day(9)).unwrap();
        let manifests = [manifest(1, 9, 1), manifest(8, 9, 2), manifest(3, 7, 3), manifest(20, 25, 9)];
        let mut plan = ReplayPlan::new(range, manifests);
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
        let mut plan = ReplayPlan::new(range, [manifest(3, 4, 1), manifest(3, 4, 2)]);
        assert_eq!(plan.next_candidate().unwrap().version, "19700101T000000.000002Z_s");
        assert!(plan.decide(&[day(3)]));
        assert_eq!(plan.next_candidate().unwrap().version, "19700101T000000.000001Z_s");
        assert!(plan.decide(&[day(3), day(4)]));
        assert_eq!(plan.next_candidate(), None);
    }
}
