//! What plans would leave behind in coverage and answers, without a warehouse.

use everycent_schemas::AnswerVerdict;
use everycent_schemas::events::AnswerDecided;

use super::super::*;
use super::NOW;
use crate::acceptance::{AnswerId, State};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tables {
    /// What time it is for the next merge, if it is not [`NOW`].
    pub(super) now: Option<Timestamp>,
    recorded: BTreeMap<BucketId, Known>,
    answers: BTreeMap<BucketId, BTreeMap<(Timestamp, SnapshotId), AnswerRow>>,
    states: BTreeMap<BucketId, CoverageState>,
}

impl Tables {
    pub(super) fn plan(
        &self,
        batches: &[BatchNormalized],
        decisions: &[AnswerDecided],
    ) -> Result<MergePlan, PlanError> {
        let (input, now) = (MergeInput { decisions, ..MergeInput::of(batches) }, self.now.unwrap_or(NOW));
        let looked_up = input.buckets_to_look_up(now);
        let recorded = self.recorded.iter().filter(|(bucket, _)| looked_up.contains(bucket));
        let recorded = recorded.map(|(bucket, known)| (bucket.clone(), known.clone())).collect();
        let to_read = input.buckets_to_read(&recorded, now).into_iter();
        let answers = to_read.map(|bucket| {
            let of_bucket = self.answers.get(&bucket).into_iter().flat_map(BTreeMap::values).cloned().collect();
            (bucket, of_bucket)
        });
        plan(input, &recorded, &answers.collect(), now)
    }

    pub(super) fn merge(&mut self, batches: &[BatchNormalized]) -> MergePlan {
        self.merge_all(batches, &[])
    }

    pub(super) fn merge_all(&mut self, batches: &[BatchNormalized], decisions: &[AnswerDecided]) -> MergePlan {
        let plan = self.plan(batches, decisions).unwrap();
        self.apply(&plan);
        plan
    }

    fn apply(&mut self, plan: &MergePlan) {
        for update in &plan.coverage {
            let known = self.recorded.entry(update.bucket.clone()).or_default();
            if let Some(loaded) = &update.loaded {
                (known.loaded, known.settled) = (Some(loaded.version.clone()), loaded.settled);
                known.recipe = Some(loaded.recipe.clone());
            }
            let judged = update.judged.clone();
            let loaded = known.loaded.as_ref().map(Version::answer);
            known.state = Some(State::from_text(&judged.judgement, loaded, judged.newest, judged.held).unwrap());
            self.states.insert(update.bucket.clone(), update.state);
        }
        for answer in &plan.answers {
            let bucket = BucketId::of_answer(answer);
            let key = (answer.fetched_at, answer.snapshot_id.clone());
            self.answers.entry(bucket).or_default().insert(key, answer.clone());
        }
        for (bucket, taken_out) in &plan.thinned {
            let of_bucket = self.answers.get_mut(bucket).unwrap();
            of_bucket.retain(|(_, snapshot_id), _| !taken_out.contains(snapshot_id));
        }
        for (bucket, AnswerId { fetched_at, snapshot_id }) in &plan.superseding {
            let earlier = self.answers.entry(bucket.clone()).or_default();
            for (_, answer) in earlier.range_mut(..(*fetched_at, snapshot_id.clone())) {
                answer.verdict = AnswerVerdict::Superseded;
            }
        }
    }

    /// What a release without answers left behind of a batch.
    pub(super) fn written_by_an_earlier_release(batch: &BatchNormalized) -> Self {
        let mut tables = Self::default();
        tables.merge(std::slice::from_ref(batch));
        tables.recorded.values_mut().for_each(|known| known.state = None);
        tables.answers.clear();
        tables
    }

    /// Days whose rows were made by another recipe than rows of them that were made later.
    pub(super) fn outdated(&self) -> Vec<Day> {
        let is_outdated = |(bucket, known): &(&BucketId, &Known)| {
            let loaded = known.loaded.as_ref().unwrap();
            let later = self.answers[bucket].values().filter(|row| row.normalized_at > Some(loaded.normalized_at));
            later.max_by_key(|row| row.normalized_at).is_some_and(|row| row.recipe != known.recipe)
        };
        self.recorded.iter().filter(is_outdated).map(|(bucket, _)| bucket.activity_date).collect()
    }

    /// The tables without what depends on when and how often rows were made.
    pub(super) fn without_times_of_work(mut self) -> Self {
        let zero = Timestamp::from_micros(0);
        for known in self.recorded.values_mut() {
            known.recipe = None;
            known.loaded.iter_mut().for_each(|loaded| loaded.normalized_at = zero);
        }
        for answer in self.answers.values_mut().flat_map(BTreeMap::values_mut) {
            answer.normalized_at = answer.normalized_at.map(|_| zero);
            answer.recipe = None;
        }
        self
    }

    /// The answers about the day, in order.
    pub(super) fn answers(&self, day: Day) -> impl Iterator<Item = &AnswerRow> {
        let of_day = self.answers.iter().filter(move |(bucket, _)| bucket.activity_date == day);
        of_day.flat_map(|(_, answers)| answers.values())
    }

    /// What the judgement of the day's next answer rests on, whether its lines were thinned or not.
    pub(super) fn judged(&self, day: Day) -> State {
        let known = self.recorded.iter().find(|(bucket, _)| bucket.activity_date == day).unwrap().1;
        State { sealed: None, ..known.state.clone().unwrap() }
    }

    pub(super) fn state(&self, day: Day) -> CoverageState {
        let of_day = self.states.iter().find(|(bucket, _)| bucket.activity_date == day);
        *of_day.unwrap().1
    }

    /// The recipe by which the day's rows were made.
    pub(super) fn recipe(&self, day: Day) -> &str {
        let known = self.recorded.iter().find(|(bucket, _)| bucket.activity_date == day).unwrap().1;
        known.recipe.as_deref().unwrap()
    }

    /// The snapshot whose rows the day holds.
    pub(super) fn loaded(&self, day: Day) -> &str {
        let known = self.recorded.iter().find(|(bucket, _)| bucket.activity_date == day).unwrap().1;
        known.loaded.as_ref().unwrap().snapshot_id.as_str()
    }

    /// Verdicts of the day's answers, in order.
    pub(super) fn verdicts(&self, day: Day) -> Vec<AnswerVerdict> {
        self.answers(day).map(|answer| answer.verdict).collect()
    }
}
