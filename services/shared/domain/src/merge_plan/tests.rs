#![allow(clippy::unwrap_used)]

use everycent_schemas::events::Reported;
use proptest::prelude::*;

use super::*;
use tables_in_memory::Tables;

mod judged;
mod tables_in_memory;
mod thinned;

const NOW: Timestamp = Timestamp::from_micros(3_600_000_000_000);
/// Hours later.
const FUTURE: i64 = 9_000_000_000_000;
const COSTS: &str = "anthropic/cost_report";

fn day(offset: u32) -> Day {
    Day::new(2025, 10, 1).unwrap().plus(offset)
}

/// A batch of cost rows over the days `from..=to`, with one file of them.
fn batch(snapshot_id: &str, fetched: i64, normalized: i64, from: u32, to: u32) -> BatchNormalized {
    let bucket = |offset| Bucket {
        activity_date: day(offset),
        settled: offset < 2,
        rows: fetched,
        rejects: 0,
        amount_usd: Some(Usd::from_nanos(normalized.into())),
        quantity: 0,
        reported: Some(Reported {
            usd: Some(Usd::from_nanos(1)),
            tokens: None,
            count: None,
            before_first: false,
            first_at: None,
        }),
        content_hash: None,
        remarks: 0,
        filled: None,
    };
    BatchNormalized {
        snapshot_id: snapshot_id.into(),
        source: COSTS.into(),
        account_id: "acme".into(),
        from_date: day(from),
        to_date: day(to),
        fetched_at: Timestamp::from_micros(fetched),
        normalized_at: Timestamp::from_micros(normalized),
        recipe: "r".into(),
        normalizer: Some(1),
        rows_omitted: false,
        buckets: (from..=to).map(bucket).collect(),
        files: vec![RowFile {
            table: "claude_costs".into(),
            object: format!("rows/claude_costs/{snapshot_id}/{normalized}.avro"),
            rows: 1,
            bytes: 1,
        }],
    }
}

fn plan_from_nothing(batches: &[BatchNormalized]) -> MergePlan {
    Tables::default().plan(batches, &[]).unwrap()
}

fn days(offsets: impl IntoIterator<Item = u32>) -> Vec<Day> {
    offsets.into_iter().map(day).collect()
}

#[test]
fn the_later_answer_wins_where_two_overlap_and_the_earlier_keeps_the_rest() {
    let plan = plan_from_nothing(&[batch("b", 2, 3, 2, 4), batch("a", 1, 9, 0, 3)]);
    assert_eq!(plan.outcomes[0], Outcome { won: days(2..=4), ..Outcome::default() });
    assert_eq!(plan.outcomes[1], Outcome { won: days(0..=1), lost: days(2..=3), held: vec![] });
    let costs = &plan.tables[0];
    assert_eq!(costs.table.name, "claude_costs");
    assert_eq!(costs.won.iter().map(|won| won.batch).collect::<Vec<_>>(), [1, 1, 0, 0, 0]);
    assert_eq!(costs.files.iter().map(|staged| staged.batch).collect::<Vec<_>>(), [0, 1]);
    let loaded = || plan.coverage.iter().map(|update| update.loaded.as_ref().unwrap());
    assert_eq!(loaded().map(|loaded| loaded.rows).collect::<Vec<_>>(), [1, 1, 2, 2, 2]);
    assert_eq!(loaded().map(|loaded| loaded.settled).collect::<Vec<_>>(), [true, true, false, false, false]);
}

#[test]
fn a_replay_wins_over_the_same_answer_and_loses_against_a_later_one() {
    let mut tables = Tables::default();
    tables.merge(&[batch("a", 5, 6, 0, 0), batch("b", 7, 8, 1, 1)]);
    let replayed = tables.merge(&[batch("a", 5, 99, 0, 1)]);
    assert_eq!(replayed.outcomes, [Outcome { won: days([0]), lost: days([1]), held: vec![] }]);
}

#[test]
fn an_answer_of_the_future_loses_against_any_other_whoever_comes_first() {
    let (future, real) = (batch("f", FUTURE, FUTURE, 0, 1), batch("a", 5, 6, 1, 2));
    for batches in [[future.clone(), real.clone()], [real.clone(), future.clone()]] {
        let mut tables = Tables::default();
        for batch in batches {
            tables.merge(&[batch]);
        }
        assert_eq!([0, 1, 2].map(|offset| tables.loaded(day(offset))), ["f", "a", "a"]);
    }
}

#[test]
fn rows_that_were_made_in_the_future_are_replaced_by_a_replay_and_by_no_older_answer() {
    let mut tables = Tables::default();
    tables.merge(&[batch("b", 5, FUTURE, 0, 0)]);
    let older = tables.merge(&[batch("a", 4, 9, 0, 0)]);
    assert!(older.outcomes[0].won.is_empty());
    let replayed = tables.merge(&[batch("b", 5, 9, 0, 0)]);
    assert_eq!(replayed.outcomes[0].won, days([0]));
}

#[test]
fn a_sum_that_no_warehouse_holds_is_refused_by_name() {
    let mut huge = batch("a", 1, 1, 0, 0);
    huge.buckets[0].amount_usd = Some(Usd::from_nanos(18_000_000_000_000_000_000));
    let error = Tables::default().plan(&[huge], &[]).unwrap_err().to_string();
    let place = "anthropic/cost_report of account `acme` on 2025-10-01: out of range";
    assert!(error.starts_with(place), "{error}");
}

#[test]
fn a_batch_that_comes_again_decides_what_it_decided_and_changes_nothing() {
    let first = batch("a", 5, 6, 0, 1);
    let mut tables = Tables::default();
    tables.merge(std::slice::from_ref(&first));
    let again = tables.merge(&[first.clone(), first]);
    assert!(again.tables.is_empty() && again.coverage.is_empty() && again.answers.is_empty());
    assert!(again.outcomes.iter().all(|outcome| outcome.won == days(0..=1) && outcome.lost.is_empty()));
}

#[test]
fn a_batch_without_a_file_still_empties_every_table_that_its_source_feeds() {
    let mut empty = batch("a", 5, 6, 0, 1);
    empty.files.clear();
    let plan = plan_from_nothing(&[empty]);
    assert_eq!(
        plan.tables.iter().map(|t| t.table.name).collect::<Vec<_>>(),
        ["claude_costs", "rejected_records", "remarks"]
    );
    assert!(plan.tables.iter().all(|table| table.won.len() == 2 && table.files.is_empty()));
}

#[test]
fn a_batch_that_won_nothing_is_not_read() {
    let plan = plan_from_nothing(&[batch("a", 1, 1, 0, 1), batch("b", 2, 2, 0, 1)]);
    assert_eq!(plan.tables[0].files.iter().map(|staged| staged.batch).collect::<Vec<_>>(), [1]);
}

/// A batch of events, with a file of them and one of the people that they name.
fn naming(snapshot_id: &str, fetched: i64) -> BatchNormalized {
    let batch = batch(snapshot_id, fetched, fetched, 0, 1);
    let file = |table: &str| RowFile {
        table: table.into(),
        object: format!("rows/{table}/{snapshot_id}/1.avro"),
        rows: 1,
        bytes: 1,
    };
    let files = ["cursor_usage_events", "cursor_event_people"].map(file).to_vec();
    BatchNormalized { source: "cursor/usage_events".into(), files, ..batch }
}

#[test]
fn a_batch_that_loses_is_read_for_what_is_not_unlearned_and_its_days_are_filled_again() {
    let mut tables = Tables::default();
    tables.merge(&[naming("b", 2)]);
    let lost = tables.merge(&[naming("a", 1)]);
    assert_eq!(lost.outcomes[0].lost, days(0..=1));
    let read: Vec<&str> = lost.tables.iter().map(|table| table.table.name).collect();
    assert_eq!(read, ["cursor_event_people"]);
    assert!(lost.tables[0].files[0].may_be_gone);
    let filled: Vec<(&str, usize)> = lost.fills.iter().map(|fill| (fill.table, fill.buckets.len())).collect();
    assert_eq!(filled, [("cursor_usage_events", 2)]);
}

#[test]
fn what_comes_again_is_filled_again_and_nothing_is_by_sums_nor_of_a_report_that_may_be_unlearned() {
    let mut tables = Tables::default();
    let first = tables.merge(&[naming("b", 2)]).fills;
    assert_eq!(first.len(), 1);
    assert_eq!(tables.merge(&[naming("b", 2)]).fills, first, "the first time it may not have been done");
    let sums = BatchNormalized { rows_omitted: true, files: vec![], ..naming("a", 1) };
    assert_eq!(tables.merge(&[sums, batch("c", 3, 3, 0, 1)]).fills, []);
}

#[test]
fn other_accounts_and_sources_are_other_buckets() {
    let mut other_account = batch("b", 2, 2, 0, 0);
    other_account.account_id = "other".into();
    let mut other_source = batch("c", 3, 3, 0, 0);
    other_source.source = "anthropic/cost_totals".into();
    other_source.files[0].table = "claude_cost_totals".into();
    let plan = plan_from_nothing(&[batch("a", 1, 1, 0, 0), other_account, other_source]);
    assert!(plan.outcomes.iter().all(|outcome| outcome.won == days([0]) && outcome.lost.is_empty()));
    let won: Vec<(&str, usize)> = plan.tables.iter().map(|table| (table.table.name, table.won.len())).collect();
    assert_eq!(won, [("claude_costs", 2), ("claude_cost_totals", 1), ("rejected_records", 3), ("remarks", 3)]);
}

#[test]
fn a_batch_that_contradicts_itself_is_refused_by_name() {
    let mut twice = batch("a", 1, 1, 0, 0);
    twice.buckets.push(twice.buckets[0].clone());
    let error = Tables::default().plan(&[twice], &[]).unwrap_err();
    assert_eq!(error.to_string(), "batch a says two things about 2025-10-01");

    let mut foreign = batch("a", 1, 1, 0, 0);
    foreign.files[0].table = "cursor_usage_stats".into();
    let error = Tables::default().plan(&[foreign], &[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "row file rows/claude_costs/a/1.avro is for table cursor_usage_stats, which anthropic/cost_report does not feed"
    );
}

fn any_batch() -> impl Strategy<Value = BatchNormalized> {
    let instant = || prop_oneof![4 => 0..4_i64, 1 => FUTURE..FUTURE + 2];
    (instant(), instant(), 0..6_u32, 0..4_u32).prop_map(|(fetched, normalized, from, length)| {
        batch(&format!("s{fetched}{from}{length}"), fetched, normalized, from, from + length)
    })
}

proptest! {
    #[test]
    fn any_order_and_any_grouping_of_the_same_batches_gives_the_same_winners(
        (batches, shuffled) in prop::collection::vec(any_batch(), 1..12)
            .prop_flat_map(|batches| (Just(batches.clone()), Just(batches).prop_shuffle())),
        cuts in prop::collection::vec(any::<bool>(), 12),
    ) {
        let (mut at_once, mut step_by_step) = (Tables::default(), Tables::default());
        at_once.merge(&batches);
        let mut group = Vec::new();
        for (batch, cut) in shuffled.into_iter().zip(cuts) {
            group.push(batch);
            if cut {
                step_by_step.merge(&std::mem::take(&mut group));
            }
        }
        step_by_step.merge(&group);
        prop_assert_eq!(at_once, step_by_step);
    }

    #[test]
    fn every_day_of_every_batch_is_either_won_or_lost(batches in prop::collection::vec(any_batch(), 1..8)) {
        let plan = plan_from_nothing(&batches);
        for (batch, outcome) in batches.iter().zip(&plan.outcomes) {
            prop_assert_eq!(outcome.won.len() + outcome.lost.len(), batch.buckets.len());
        }
        let won: usize = plan.outcomes.iter().map(|outcome| outcome.won.len()).sum();
        prop_assert_eq!(won, plan.coverage.len());
    }
}
