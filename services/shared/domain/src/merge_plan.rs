//! What a merge will do: which batch decides which bucket, what has to be staged, and what coverage will say.
//!
//! A decision only: nothing here reads a row or writes a table.

mod input;
mod judging;
mod known;
mod lines;
mod made;
mod thinning;

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::events::{BatchNormalized, Bucket, RowFile};
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::tables::{self, Absence, Table};
use everycent_schemas::{AccountId, CoverageState, Day, SnapshotId, Timestamp, Usd};

use crate::acceptance::AnswerId;
use crate::bucket::BucketId;
use crate::derived;
use crate::money;
use crate::window::Window;
use judging::{BucketJudgement, News, Place, judge};
use lines::Rules;

pub use input::{Acceptance, MergeInput};
pub use known::{Answers, Known, Recorded, Version};

/// What a merge will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MergePlan {
    /// One for each batch, in their order.
    pub outcomes: Vec<Outcome>,
    /// The tables that may change, in the order of [`tables::all`].
    pub tables: Vec<TablePlan>,
    /// Buckets whose sticky column may change once the tables did, in the order of [`tables::all`].
    pub fills: Vec<Fill>,
    /// Buckets whose charges may have to be made again once the tables did change.
    pub derived: BTreeSet<BucketId>,
    /// In order of bucket.
    pub coverage: Vec<CoverageUpdate>,
    /// Answers that are new, or of which something else is said now.
    pub answers: Vec<AnswerRow>,
    /// Buckets of which every answer before this version is superseded, whatever was said of it.
    pub superseding: Vec<(BucketId, AnswerId)>,
    /// Answers whose lines are taken out, for they say what those before and after them say.
    pub thinned: Vec<(BucketId, Vec<SnapshotId>)>,
    /// Snapshots whose rows, or figures, have to be made again.
    pub replays: Vec<Replay>,
}

/// A snapshot that has to be normalized again, for some of its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    pub source: String,
    pub account_id: AccountId,
    pub snapshot_id: SnapshotId,
    pub fetched_at: Timestamp,
    /// The window that was asked for; `None` where an earlier release loaded it.
    pub window: Option<Window>,
    /// The first and the last of the days that are wanted.
    pub days: Window,
    /// When its rows were last made: they are to be made later than that.
    pub normalized_at: Option<Timestamp>,
}

/// What becomes of one batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Days that the batch decides, in order.
    pub won: Vec<Day>,
    /// Days that another answer decides.
    pub lost: Vec<Day>,
    /// Those of them for which it waits, for another answer or for a person.
    pub held: Vec<Day>,
}

/// What becomes of one table.
#[derive(Debug, Clone)]
pub struct TablePlan {
    pub table: &'static Table,
    /// The buckets to replace. One that the batch has no row for becomes empty. None in a table that keeps its rows:
    /// there the answers decide row by row.
    pub won: Vec<WonBucket>,
    /// The files that may hold rows of won buckets; for a table that keeps its rows, those of every answer.
    pub files: Vec<StagedFile>,
}

impl PartialEq for TablePlan {
    fn eq(&self, other: &Self) -> bool {
        (self.table.name, &self.won, &self.files) == (other.table.name, &other.won, &other.files)
    }
}

impl Eq for TablePlan {}

/// Buckets of a table whose sticky column has to be filled again from what all answers reported in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fill {
    pub table: &'static str,
    pub buckets: BTreeSet<BucketId>,
}

/// A bucket and the batch that decides it, by its place among the batches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WonBucket {
    pub bucket: BucketId,
    pub batch: usize,
}

/// A file to read. Of its rows only those of days that its batch won count, unless the table keeps its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedFile {
    pub batch: usize,
    pub file: RowFile,
    /// Its batch lost, so it may have been merged before, and be deleted since.
    pub may_be_gone: bool,
}

/// What coverage will say of a bucket. A failure that is recorded there stays recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageUpdate {
    pub bucket: BucketId,
    /// Without regard to failures.
    pub state: CoverageState,
    /// `None` where the rows stay as they are.
    pub loaded: Option<Loaded>,
    pub judged: Judged,
}

/// What coverage says of the rows of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub version: Version,
    pub recipe: String,
    pub settled: bool,
    pub rows: i64,
    pub rejects: i64,
    pub amount_usd: Option<Usd>,
    pub quantity: i64,
    pub remarks: i64,
}

/// What coverage says of the answers about a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// There is always one: a decision alone makes no day.
    pub newest: Option<AnswerId>,
    /// Since when, and in words.
    pub held: Option<(Timestamp, String)>,
    /// The state of the fold, as JSON.
    pub judgement: String,
}

/// A batch contradicts itself or the tables; trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("batch {snapshot_id} says two things about {day}")]
    DayTwice { snapshot_id: SnapshotId, day: Day },
    #[error("row file {object} is for table {table}, which {source_name} does not feed")]
    WrongTable { object: String, table: String, source_name: String },
    #[error(
        "{source_name} of account `{account_id}` on {day}: out of range: the day's money, {amount_usd} USD, is more than a warehouse holds"
    )]
    OutOfRange { source_name: String, account_id: AccountId, day: Day, amount_usd: Usd },
}

/// What time it is for a merge: the loader's clock says, unless a batch was made later than that. A loader whose clock is
/// behind must not take what was fetched just now for something of the future.
pub fn time_of(batches: &[BatchNormalized], merged_at: Timestamp) -> Timestamp {
    batches.iter().map(|batch| batch.normalized_at).fold(merged_at, Timestamp::max)
}

/// Decides what merging the input now does where so much is recorded. `answers` are those of the buckets that
/// [`MergeInput::buckets_to_read`] names.
pub fn plan(
    input: MergeInput<'_>,
    recorded: &Recorded,
    answers: &Answers,
    now: Timestamp,
) -> Result<MergePlan, PlanError> {
    let batches = input.batches;
    let judgements = judgements(input, recorded, answers, now)?;
    let won = judgements.iter().filter_map(|(bucket, judgement)| Some((bucket.clone(), judgement.winner?)));
    let winners: Winners = won.collect();
    let replays = judgements.values().flat_map(|judgement| &judgement.to_replay);
    let superseding = judgements.iter().filter_map(|(bucket, judgement)| {
        let accepted = judgement.state.accepted.as_ref().filter(|_| judgement.supersedes)?;
        Some((bucket.clone(), accepted.id.clone()))
    });
    let thinned = judgements.iter().filter(|(_, judgement)| !judgement.thinned.is_empty());
    let thinned = thinned.map(|(bucket, judgement)| (bucket.clone(), judgement.thinned.clone()));
    Ok(MergePlan {
        outcomes: outcomes(batches, &winners, &judgements, recorded),
        tables: table_plans(batches, &winners, recorded)?,
        fills: fills(batches),
        derived: derived_buckets(input),
        coverage: coverage_updates(&judgements, batches, recorded),
        superseding: superseding.collect(),
        thinned: thinned.collect(),
        replays: grouped(replays),
        answers: judgements.into_values().flat_map(|judgement| judgement.answers).collect(),
    })
}

fn loaded(place: Place, batches: &[BatchNormalized]) -> Loaded {
    let batch = &batches[place.batch];
    let said = &batch.buckets[place.bucket];
    Loaded {
        version: Version::of(batch),
        recipe: batch.recipe.clone(),
        settled: said.settled,
        rows: said.rows,
        rejects: said.rejects,
        amount_usd: said.amount_usd,
        quantity: said.quantity,
        remarks: said.remarks,
    }
}

type Winners = BTreeMap<BucketId, Place>;
type Judgements = BTreeMap<BucketId, BucketJudgement>;

/// Judges each bucket that the input speaks of.
fn judgements(
    input: MergeInput<'_>,
    recorded: &Recorded,
    answers: &Answers,
    now: Timestamp,
) -> Result<Judgements, PlanError> {
    let mut news: BTreeMap<BucketId, News<'_>> = BTreeMap::new();
    for (index, batch) in input.batches.iter().enumerate() {
        refuse_a_day_twice(batch)?;
        refuse_a_sum_out_of_range(batch)?;
        for (place, said) in batch.buckets.iter().enumerate() {
            let of_bucket = news.entry(BucketId::of_batch(batch, said.activity_date)).or_default();
            of_bucket.batches.push((Place { batch: index, bucket: place }, batch));
        }
    }
    for decided in input.decisions {
        news.entry(BucketId::of_decision(decided)).or_default().decisions.push(decided);
    }
    let unknown = Known::default();
    let judged = news.into_iter().map(|(bucket, news)| {
        let known = recorded.get(&bucket).unwrap_or(&unknown);
        let turns = Acceptance::turns(&bucket.source, bucket.activity_date);
        let rules = Rules { now, limits: input.acceptance.limits(&bucket.source), turns };
        let read = answers.get(&bucket).map(Vec::as_slice);
        let judgement = judge(&bucket, &news, known, read, rules);
        (bucket, judgement)
    });
    let mut judgements: Judgements = judged.collect();
    thin(&mut judgements, recorded, answers, now);
    Ok(judgements)
}

/// Thins the buckets that were read for that: nothing else is said of them.
fn thin(judgements: &mut Judgements, recorded: &Recorded, answers: &Answers, now: Timestamp) {
    let mut lines = 0;
    for (bucket, read) in answers {
        let known = recorded.get(bucket).filter(|_| lines < thinning::MOST_LINES && !judgements.contains_key(bucket));
        let Some(judgement) = known.and_then(|known| judging::thin(bucket, known, read, now)) else { continue };
        lines += judgement.thinned.len();
        judgements.insert(bucket.clone(), judgement);
    }
}

fn coverage_updates(judgements: &Judgements, batches: &[BatchNormalized], recorded: &Recorded) -> Vec<CoverageUpdate> {
    let update = |(bucket, judgement): (&BucketId, &BucketJudgement)| {
        let known = recorded.get(bucket);
        let loaded = judgement.winner.map(|place| loaded(place, batches));
        let version = loaded.as_ref().map(|loaded| &loaded.version).or(known.and_then(|known| known.loaded.as_ref()));
        let loaded_id = version.map(Version::answer);
        let settled = loaded.as_ref().map_or(known.is_some_and(|known| known.settled), |loaded| loaded.settled);
        let state = &judgement.state;
        let accepted_id = state.accepted.as_ref().map(|accepted| &accepted.id);
        let coverage_state = match &state.held {
            _ if state.waits || judgement.is_outdated || accepted_id != loaded_id.as_ref() => CoverageState::Replaying,
            Some(_) => CoverageState::Held,
            None => CoverageState::loaded(settled),
        };
        CoverageUpdate {
            bucket: bucket.clone(),
            state: coverage_state,
            loaded,
            judged: Judged {
                newest: state.newest.clone(),
                held: state.held.as_ref().map(|held| (held.since, held.words.clone())),
                judgement: state.to_text(loaded_id.as_ref()),
            },
        }
    };
    let answered = judgements.iter().filter(|(_, judgement)| judgement.state.newest.is_some());
    answered.map(update).filter(|update| changes(update, recorded)).collect()
}

/// Whether the update says anything that is not recorded yet.
fn changes(update: &CoverageUpdate, recorded: &Recorded) -> bool {
    let known = recorded.get(&update.bucket).and_then(|known| Some((known, known.state.as_ref()?)));
    update.loaded.is_some()
        || known.is_none_or(|(known, state)| {
            let loaded = known.loaded.as_ref().map(Version::answer);
            let held = state.held.as_ref().map(|held| (held.since, held.words.clone()));
            update.judged != Judged { newest: state.newest.clone(), held, judgement: state.to_text(loaded.as_ref()) }
        })
}

/// One replay for each snapshot.
fn grouped<'a>(wanted: impl Iterator<Item = &'a AnswerRow>) -> Vec<Replay> {
    let mut replays: BTreeMap<(&str, &AccountId, Timestamp, &SnapshotId), Replay> = BTreeMap::new();
    for row in wanted {
        let day = Window::of(row.activity_date);
        let window = row.from_date.zip(row.to_date).and_then(|(from, to)| Window::new(from, to).ok());
        let replay = replays.entry((&row.source, &row.account_id, row.fetched_at, &row.snapshot_id));
        let replay = replay.or_insert_with(|| Replay {
            source: row.source.clone(),
            account_id: row.account_id.clone(),
            snapshot_id: row.snapshot_id.clone(),
            fetched_at: row.fetched_at,
            window,
            days: day,
            normalized_at: None,
        });
        replay.days = replay.days.union(day);
        replay.normalized_at = replay.normalized_at.max(row.normalized_at);
        replay.window = replay.window.or(window);
    }
    replays.into_values().collect()
}

/// A batch of an earlier version: today's normalizer rejects what would make such a sum.
fn refuse_a_sum_out_of_range(batch: &BatchNormalized) -> Result<(), PlanError> {
    let day = |said: &Bucket| Some((said.activity_date, said.amount_usd.filter(|sum| !money::is_storable(*sum))?));
    match batch.buckets.iter().find_map(day) {
        Some((day, amount_usd)) => Err(PlanError::OutOfRange {
            source_name: batch.source.clone(),
            account_id: batch.account_id.clone(),
            day,
            amount_usd,
        }),
        None => Ok(()),
    }
}

fn refuse_a_day_twice(batch: &BatchNormalized) -> Result<(), PlanError> {
    let mut days = BTreeSet::new();
    match batch.buckets.iter().find(|bucket| !days.insert(bucket.activity_date)) {
        Some(bucket) => Err(PlanError::DayTwice { snapshot_id: batch.snapshot_id.clone(), day: bucket.activity_date }),
        None => Ok(()),
    }
}

/// A batch that comes again decides what it decided: whether its first merge went through is not always known.
fn outcomes(
    batches: &[BatchNormalized],
    winners: &Winners,
    judgements: &Judgements,
    recorded: &Recorded,
) -> Vec<Outcome> {
    let is_loaded = |bucket: &BucketId, batch: &BatchNormalized| {
        let loaded = recorded.get(bucket).and_then(|known| known.loaded.as_ref());
        !winners.contains_key(bucket) && loaded == Some(&Version::of(batch))
    };
    let outcome = |(index, batch): (usize, &BatchNormalized)| {
        let mut outcome = Outcome::default();
        for (place, said) in batch.buckets.iter().enumerate() {
            let (place, bucket) =
                (Place { batch: index, bucket: place }, BucketId::of_batch(batch, said.activity_date));
            let is_won = winners.get(&bucket) == Some(&place) || is_loaded(&bucket, batch);
            let days = if is_won { &mut outcome.won } else { &mut outcome.lost };
            days.push(said.activity_date);
            if judgements.get(&bucket).is_some_and(|judgement| judgement.held.contains(&place)) {
                outcome.held.push(said.activity_date);
            }
        }
        [&mut outcome.won, &mut outcome.lost, &mut outcome.held].into_iter().for_each(|days| days.sort_unstable());
        outcome
    };
    batches.iter().enumerate().map(outcome).collect()
}

fn table_plans(
    batches: &[BatchNormalized],
    winners: &Winners,
    recorded: &Recorded,
) -> Result<Vec<TablePlan>, PlanError> {
    let winning: BTreeSet<usize> = winners.values().map(|place| place.batch).collect();
    let unrecorded: BTreeSet<usize> =
        (0..batches.len()).filter(|index| !is_recorded(&batches[*index], recorded)).collect();
    for index in winning.union(&unrecorded) {
        refuse_a_file_of_another_table(&batches[*index])?;
    }
    let files = |of: &BTreeSet<usize>, table: &'static Table| {
        let files = of.iter().flat_map(|index| files_of(*index, &batches[*index], table, !winning.contains(index)));
        files.collect()
    };
    let plan = |table: &'static Table| match table.absence {
        Absence::Delete => TablePlan { table, won: won(winners, table), files: files(&winning, table) },
        Absence::Keep => TablePlan { table, won: Vec::new(), files: files(&unrecorded, table) },
    };
    Ok(tables::all().iter().map(plan).filter(|plan| !plan.won.is_empty() || !plan.files.is_empty()).collect())
}

/// What a batch reports in a sticky column counts whether it wins or loses. One that was merged before may be back because
/// nothing was filled then.
fn fills(batches: &[BatchNormalized]) -> Vec<Fill> {
    let with_rows = batches.iter().filter(|batch| !batch.rows_omitted);
    let sticky = tables::all().iter().filter(|table| table.memory.is_some());
    let fill = |table: &'static Table| {
        let of_table = with_rows.clone().filter(|batch| table.is_fed_by(&batch.source));
        let bucket = |batch: &BatchNormalized, said: &Bucket| BucketId::of_batch(batch, said.activity_date);
        let buckets = of_table.flat_map(|batch| batch.buckets.iter().map(|said| bucket(batch, said)));
        Fill { table: table.name, buckets: buckets.collect() }
    };
    sticky.map(fill).filter(|fill| !fill.buckets.is_empty()).collect()
}

/// What the input speaks of, be it merged now or before: one that comes again may be back because its charges were not made.
fn derived_buckets(input: MergeInput<'_>) -> BTreeSet<BucketId> {
    let batches = input.batches.iter().filter(|batch| derived::is_input(&batch.source));
    let of_batch = |batch: &BatchNormalized| {
        let bucket = |said: &Bucket| BucketId::of_batch(batch, said.activity_date);
        batch.buckets.iter().map(bucket).collect::<Vec<_>>()
    };
    let decided = input.decisions.iter().filter(|decided| derived::is_input(&decided.source));
    batches.flat_map(of_batch).chain(decided.map(BucketId::of_decision)).collect()
}

/// Whether the batch is what coverage says of every bucket of its: it was merged, and nothing after it.
fn is_recorded(batch: &BatchNormalized, recorded: &Recorded) -> bool {
    let version = Version::of(batch);
    let loaded = |said: &Bucket| recorded.get(&BucketId::of_batch(batch, said.activity_date))?.loaded.as_ref();
    batch.buckets.iter().all(|said| loaded(said) == Some(&version))
}

fn won(winners: &Winners, table: &Table) -> Vec<WonBucket> {
    let of_table = winners.iter().filter(|(bucket, _)| table.is_fed_by(&bucket.source));
    of_table.map(|(bucket, place)| WonBucket { bucket: bucket.clone(), batch: place.batch }).collect()
}

fn files_of(
    index: usize,
    batch: &BatchNormalized,
    table: &Table,
    may_be_gone: bool,
) -> impl Iterator<Item = StagedFile> {
    let of_table = batch.files.iter().filter(move |file| file.table == table.name);
    of_table.map(move |file| StagedFile { batch: index, file: file.clone(), may_be_gone })
}

fn refuse_a_file_of_another_table(batch: &BatchNormalized) -> Result<(), PlanError> {
    let not_fed = |file: &&RowFile| !tables::fed_by(&batch.source).any(|table| table.name == file.table);
    match batch.files.iter().find(not_fed) {
        Some(file) => Err(PlanError::WrongTable {
            object: file.object.clone(),
            table: file.table.clone(),
            source_name: batch.source.clone(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
