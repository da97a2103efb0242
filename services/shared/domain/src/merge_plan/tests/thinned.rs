//! What is left of the lines of answers some time after a day settled.

use everycent_schemas::events::{AnswerDecided, Reported};
use everycent_schemas::{AnswerVerdict, Decision};
use proptest::prelude::*;

use super::super::*;
use super::tables_in_memory::Tables;
use super::{batch, day};
use crate::acceptance::State;

const HOUR: i64 = 3_600_000_000;
/// Hours after the day, of which a bill settles after 30 days, and from when on lines are thinned: seven days later.
const SETTLED: i64 = 30 * 24;
const DUE: i64 = SETTLED + 7 * 24;

fn hours_after(hours: i64) -> Timestamp {
    Timestamp::from_micros(day(0).next().start().micros() + hours * HOUR)
}

/// An answer of so many hours after the day.
fn answer(hours: i64, cents: i64) -> BatchNormalized {
    let at = hours_after(hours).micros();
    let mut batch = batch(&format!("s{hours:05}"), at, at + 1, 0, 0);
    let usd = Some(Usd::from_nanos(i128::from(cents) * 10_000_000));
    batch.buckets[0].reported = Some(Reported { usd, tokens: None, count: None, before_first: false, first_at: None });
    batch.buckets[0].content_hash = Some(cents.to_string());
    batch
}

/// Merges an answer about a later day of the same report, as each sync does.
fn a_sync(tables: &mut Tables, hours: i64) -> MergePlan {
    let at = hours_after(hours).micros();
    tables.now = Some(hours_after(hours));
    tables.merge(&[batch(&format!("t{hours:05}"), at, at, 40, 40)])
}

/// Merges each as it comes.
fn told(answers: &[BatchNormalized]) -> Tables {
    let mut tables = Tables::default();
    for answer in answers {
        tables.now = Some(answer.normalized_at);
        tables.merge(std::slice::from_ref(answer));
    }
    tables
}

fn snapshots(tables: &Tables) -> Vec<String> {
    tables.answers(day(0)).map(|row| row.snapshot_id.to_string()).collect()
}

#[test]
fn of_equal_answers_the_first_and_the_last_stay_seven_days_after_the_day_settled() {
    let story = [(1, 10), (2, 10), (3, 10), (4, 12), (5, 12), (6, 10), (7, 10), (8, 10), (9, 10)];
    let all = story.map(|(hours, cents)| answer(hours, cents));
    let mut tables = told(&all);
    assert!(a_sync(&mut tables, DUE - 1).thinned.is_empty());
    let plan = a_sync(&mut tables, DUE);
    assert_eq!(plan.thinned.len(), 1);
    let left = ["s00001", "s00003", "s00004", "s00005", "s00006", "s00008", "s00009"];
    assert_eq!(snapshots(&tables), left, "the accepted one is of another verdict");
    assert_eq!(tables.loaded(day(0)), "s00009");
    let again = a_sync(&mut tables, DUE + 1);
    assert!(again.thinned.is_empty() && again.coverage.len() == 1, "the day is not read again");
}

#[test]
fn a_day_that_is_still_asked_for_waits_until_nothing_has_come_for_seven_days() {
    let late = DUE - 24;
    let all = [1, 2, 3, late].map(|hours| answer(hours, 10));
    let mut tables = told(&all);
    a_sync(&mut tables, DUE);
    assert_eq!(snapshots(&tables).len(), 4);
    a_sync(&mut tables, late + 7 * 24 + 1);
    assert_eq!(snapshots(&tables), ["s00001", "s00003", format!("s{late:05}").as_str()]);
}

#[test]
fn an_old_day_waits_seven_days_after_an_older_answer_too() {
    let mut tables = told(&[2, 3, 4, 5].map(|hours| answer(hours, 10)));
    tables.now = Some(hours_after(DUE - 1));
    tables.merge(&[BatchNormalized { normalized_at: hours_after(DUE - 1), ..answer(1, 10) }]);
    a_sync(&mut tables, DUE);
    assert_eq!(snapshots(&tables).len(), 5, "others that waited as long may follow it");
    a_sync(&mut tables, DUE - 1 + 7 * 24);
    assert_eq!(snapshots(&tables), ["s00001", "s00004", "s00005"]);
}

#[test]
fn what_a_person_decided_and_what_was_said_of_an_answer_stays() {
    let all = [(1, 1_000), (2, 400), (3, 400), (4, 400), (30, 400), (31, 400), (32, 400)];
    let mut tables = told(&all.map(|(hours, cents)| answer(hours, cents)));
    assert_eq!(tables.loaded(day(0)), "s00032");
    a_sync(&mut tables, DUE);
    assert_eq!(snapshots(&tables), ["s00001", "s00002", "s00004", "s00030", "s00031", "s00032"]);
}

#[test]
fn an_older_answer_is_judged_until_the_lines_were_thinned_and_kept_as_superseded_after_that() {
    let story = [(10, 1_000), (11, 1_000), (12, 1_000), (13, 1_000)].map(|(hours, cents)| answer(hours, cents));
    for is_late in [false, true] {
        let mut tables = told(&story);
        if is_late {
            a_sync(&mut tables, DUE);
        }
        let before = tables.clone();
        // It comes before all others, and they are more than tenfold.
        let old = BatchNormalized { normalized_at: hours_after(DUE + 1), ..answer(9, 5_000) };
        tables.now = Some(hours_after(DUE + 1));
        let plan = tables.merge(std::slice::from_ref(&old));
        assert_eq!(plan.outcomes[0].lost.is_empty(), !is_late);
        let line = tables.answers(day(0)).next().unwrap().clone();
        let verdict = if is_late { AnswerVerdict::Superseded } else { AnswerVerdict::Accepted };
        assert_eq!((line.verdict, line.reason.is_some()), (verdict, is_late));
        let loaded = if is_late { "s00013" } else { "s00009" };
        assert_eq!(tables.loaded(day(0)), loaded, "held, if it was judged");
        let came = tables.clone();
        tables.merge(&[old]);
        assert_eq!(tables, came, "once more");
        // Between equal ones it would have been taken out with them.
        let between = BatchNormalized { snapshot_id: "s00011x".into(), ..answer(11, 1_000) };
        let mut tables = before;
        let lines = snapshots(&tables).len();
        tables.now = Some(hours_after(DUE + 1));
        tables.merge(&[between]);
        assert_eq!(snapshots(&tables).len(), if is_late { lines } else { lines + 1 });
    }
}

fn decided(hours: i64, decision: Decision) -> AnswerDecided {
    AnswerDecided {
        source: super::COSTS.into(),
        account_id: "acme".into(),
        activity_date: day(0),
        snapshot_id: format!("s{hours:05}").as_str().into(),
        fetched_at: hours_after(hours),
        decision: decision.to_string(),
        decided_at: hours_after(DUE + 1),
        note: None,
    }
}

proptest! {
    #[test]
    fn what_is_left_is_judged_as_all_were(
        cents in prop::collection::vec(prop::sample::select(vec![0, 30, 300, 500, 600, 5_000]), 1..12),
        gaps in prop::collection::vec(prop::sample::select(vec![1, 12, 25]), 12),
        later in prop::collection::vec(prop::sample::select(vec![0, 300, 600, 5_000]), 0..3),
        decision in prop::option::of((any::<bool>(), 0..12_usize)),
    ) {
        let mut hours = 0;
        let answers: Vec<BatchNormalized> = cents.iter().zip(gaps).map(|(cents, gap)| {
            hours += gap;
            answer(hours, *cents)
        }).collect();
        let mut all = told(&answers);
        let mut thinned = all.clone();
        a_sync(&mut thinned, DUE);
        all.now = thinned.now;
        let left = snapshots(&thinned);
        let decision = decision.map(|(accepts, place)| {
            let snapshot = &left[place % left.len()];
            let hours = snapshot[1..].parse().unwrap();
            decided(hours, if accepts { Decision::Accept } else { Decision::Keep })
        });
        for tables in [&mut all, &mut thinned] {
            tables.merge_all(&[], decision.as_slice());
            for (place, cents) in later.iter().enumerate() {
                let hours = DUE + 2 + 20 * i64::try_from(place).unwrap();
                tables.now = Some(hours_after(hours));
                tables.merge(&[answer(hours, *cents)]);
            }
        }
        // What was said of a rise rests on each answer before it; what is believed does not.
        let believed = |tables: &Tables| State { rise: None, ..tables.judged(day(0)) };
        prop_assert_eq!(believed(&all), believed(&thinned));
        // A decision may give another reason to one of those that were taken out.
        let verdicts = |tables: &Tables| -> Vec<(String, AnswerVerdict)> {
            let of = tables.answers(day(0)).filter(|row| left.contains(&row.snapshot_id.to_string()));
            of.map(|row| (row.snapshot_id.to_string(), row.verdict)).collect()
        };
        prop_assert_eq!(verdicts(&all), verdicts(&thinned));
    }
}
