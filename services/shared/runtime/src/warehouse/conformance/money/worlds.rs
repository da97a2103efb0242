//! Seeded worlds: accounts of both vendors, answers about windows of days in any order, and later ones that restate some
//! of them in the middle of a billing cycle.

use std::ops::Range;

use everycent_domain::merge_plan::MergeInput;
use everycent_schemas::events::{BatchNormalized, RowFile};

use super::super::world::{Answer, RowStore, at};
use super::dice::Dice;
use super::{claude, cursor, directories, seats};
use crate::warehouse::Warehouse;

/// Days of a world, and of a window that is asked for at first.
const DAYS: u32 = 36;
const WINDOW: u32 = 9;
/// Merges until all answers are in.
pub(super) const STEPS: usize = 6;
/// Teams of Cursor in a world, each of another kind.
const TEAMS: u64 = 3;

/// An answer to come: what it is about follows from the seed, the day, and its version.
#[derive(Debug, Clone)]
struct Coming {
    answer: Answer,
    seeds: [u64; 2],
    version: u64,
}

/// Several worlds in one warehouse, for one may be slow to make.
#[derive(Debug)]
pub(super) struct Worlds {
    steps: Vec<Vec<Coming>>,
    /// Whether it is known who has which seat.
    has_seats: bool,
}

impl Worlds {
    pub fn of(seeds: Range<u64>) -> Self {
        let mut steps = vec![Vec::new(); STEPS];
        for seed in seeds {
            let mut dice = Dice::of(&[seed]);
            for (account, source) in sources(seed) {
                let mut coming: Vec<Coming> = answers(seed, account, source, &mut dice).collect();
                while !coming.is_empty() {
                    let next = usize::try_from(dice.below(u64::try_from(coming.len()).unwrap())).unwrap();
                    let step = usize::try_from(dice.below(u64::try_from(STEPS).unwrap())).unwrap();
                    steps[step].push(coming.swap_remove(next));
                }
            }
        }
        Self { steps, has_seats: false }
    }

    /// The same, with what lists of members and the plan say of seats.
    pub fn with_seats(mut self) -> Self {
        self.has_seats = true;
        let members = self.steps.iter().flatten().filter(|coming| coming.answer.source == directories::MEMBERS);
        let first = members.filter(|coming| coming.version == 0).cloned().collect::<Vec<_>>();
        for (coming, (days, place)) in
            first.iter().flat_map(|coming| seats::READINGS.into_iter().zip(2..).map(move |of| (coming, of)))
        {
            let step = place % STEPS;
            let version = u64::try_from(place).unwrap();
            let snapshot_id: &'static str = format!("{}-members-{place}", coming.answer.account).leak();
            let fetched = 10 + 10 * i64::try_from(place).unwrap();
            let weight = [(days.0, "weight", 100_000_000_000)];
            let answer = Answer {
                account: coming.answer.account,
                source: coming.answer.source,
                ..Answer::new(snapshot_id, fetched, days, &weight)
            };
            self.steps[step].push(Coming { answer, seeds: coming.seeds, version });
        }
        self
    }

    pub async fn merge(&self, step: usize, warehouse: &dyn Warehouse, store: &RowStore) {
        let batches: Vec<BatchNormalized> =
            self.steps[step].iter().map(|coming| coming.batch(store, self.has_seats)).collect();
        let merged_at = at(1_000_000 + i64::try_from(step).unwrap());
        let report = warehouse.merge(store, MergeInput::of(&batches), merged_at).await.unwrap();
        assert!(
            report.batches.iter().all(|merged| merged.held.is_empty()),
            "an answer is held, so nothing is restated"
        );
    }
}

/// The account's number in its world, and the source.
fn sources(seed: u64) -> Vec<(u64, &'static str)> {
    let claude = [claude::COSTS, claude::USAGE].into_iter().chain(directories::CLAUDE);
    // Of the last team of every second world no event is ever loaded: its requests are counted.
    let is_told = move |team: u64, source: &str| source != cursor::EVENTS || team + 1 < TEAMS || seed.is_multiple_of(2);
    let of_team = |team| [cursor::STATS, cursor::EVENTS, directories::MEMBERS].map(|source| (team, source));
    let cursor = (0..TEAMS).flat_map(of_team).filter(move |(team, source)| is_told(*team, source));
    claude.map(|source| (TEAMS, source)).chain(cursor).collect()
}

/// All answers of a source: of every window, then of some days in any place again, one of which is fetched before another.
fn answers(seed: u64, account: u64, source: &'static str, dice: &mut Dice) -> impl Iterator<Item = Coming> {
    let name: &'static str = format!("world-{seed}-{account}").leak();
    let is_directory = directories::CLAUDE.contains(&source) || source == directories::MEMBERS;
    let mut windows: Vec<(u32, u32)> = match is_directory {
        true => vec![(0, 0), (1, 1)],
        false => (0..DAYS / WINDOW).map(|window| (window * WINDOW, window * WINDOW + WINDOW - 1)).collect(),
    };
    if !is_directory {
        windows.extend((0..4).map(|_| {
            let from = u32::try_from(dice.below(DAYS.into())).unwrap();
            (from, (from + u32::try_from(dice.below(5)).unwrap()).min(DAYS - 1))
        }));
    }
    windows.into_iter().zip(0..).map(move |(days, version)| {
        let fetched = 10 + 10 * i64::try_from(version).unwrap();
        let snapshot_id: &'static str = format!("{name}-{}-{version}", source.replace('/', "-")).leak();
        // The same weight on every day, so that no answer is held.
        let weight: Vec<(u32, &str, i128)> = (days.0..=days.1).map(|day| (day, "weight", 100_000_000_000)).collect();
        let answer = Answer { account: name, source, ..Answer::new(snapshot_id, fetched, days, &weight) };
        Coming { answer, seeds: [seed, account], version }
    })
}

impl Coming {
    fn batch(&self, store: &RowStore, with_seats: bool) -> BatchNormalized {
        let mut batch = store.batch(&self.answer);
        batch.files = self.files(store);
        if with_seats {
            batch.files.extend(self.files_of_seats(store));
        }
        batch
    }

    fn files_of_seats(&self, store: &RowStore) -> Option<RowFile> {
        let (answer, [_, kind]) = (&self.answer, self.seeds);
        match answer.source {
            directories::MEMBERS => store.file(answer, &seats::readings(answer)),
            cursor::STATS => {
                let plan = |day| cursor::plan_name(kind, day, self.dice(day)[0].clone());
                let days = answer.days.0..=answer.days.1;
                let days: Vec<_> = days.filter_map(|day| Some(seats::plan_day(answer, day, plan(day)?))).collect();
                store.file(answer, &days)
            }
            _ => None,
        }
    }

    fn files(&self, store: &RowStore) -> Vec<RowFile> {
        let answer = &self.answer;
        let [_, kind] = self.seeds;
        let days = answer.days.0..=answer.days.1;
        match answer.source {
            claude::COSTS => {
                let rows: Vec<_> = days.flat_map(|day| claude::costs(answer, day, self.dice(day))).collect();
                store.file(answer, &rows).into_iter().collect()
            }
            claude::USAGE => {
                let rows: Vec<_> = days.flat_map(|day| claude::usage(answer, day, self.dice(day))).collect();
                store.file(answer, &rows).into_iter().collect()
            }
            cursor::STATS => {
                let rows: Vec<_> = days.flat_map(|day| cursor::stats(answer, (kind, day), self.dice(day))).collect();
                store.file(answer, &rows).into_iter().collect()
            }
            cursor::EVENTS => {
                let rows: Vec<_> = days.flat_map(|day| cursor::events(answer, (kind, day), self.dice(day))).collect();
                let people = store.file(answer, &cursor::people(&rows));
                store.file(answer, &rows).into_iter().chain(people).collect()
            }
            _ => directories::files(store, answer, self.version > 0),
        }
    }

    /// What a day holds, and what this answer makes of it.
    fn dice(&self, day: u32) -> [Dice; 2] {
        let source = u64::from(self.answer.source.as_bytes()[self.answer.source.len() - 2]);
        let [seed, account] = self.seeds;
        let of_day = [seed, account, source, day.into()];
        [Dice::of(&of_day), Dice::of(&[&of_day[..], &[self.version + 1]].concat())]
    }
}
