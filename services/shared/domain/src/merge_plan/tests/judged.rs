//! What a merge does with answers that take away what was known, in whatever order they come.

use everycent_schemas::events::{AnswerDecided, Reported};
use everycent_schemas::{AnswerVerdict, Decision};
use proptest::prelude::*;

use super::super::*;
use super::tables_in_memory::Tables;
use super::{NOW, batch, day, days};
use crate::recipe::NORMALIZER_VERSION;

const HOUR: i64 = 3_600_000_000;
const RULES_OF_TODAY: &str = "rules of today";

/// An answer of this hour about the first days of October, with so many cents for each.
fn answer(hour: i64, cents: &[i64]) -> BatchNormalized {
    let last = u32::try_from(cents.len()).unwrap() - 1;
    let mut batch = batch(&format!("s{hour:04}"), hour * HOUR, hour * HOUR + 1, 0, last);
    batch.normalizer = Some(NORMALIZER_VERSION);
    for (bucket, cents) in batch.buckets.iter_mut().zip(cents) {
        bucket.reported = Some(Reported {
            usd: Some(cents_usd(*cents)),
            tokens: None,
            count: None,
            before_first: false,
            first_at: None,
        });
    }
    batch
}

fn by_rules_of_today(batch: BatchNormalized) -> BatchNormalized {
    BatchNormalized { recipe: RULES_OF_TODAY.into(), ..batch }
}

fn cents_usd(cents: i64) -> Usd {
    Usd::from_nanos(i128::from(cents) * 10_000_000)
}

fn decided(hour: i64, decision: Decision, at: i64) -> AnswerDecided {
    AnswerDecided {
        source: super::COSTS.into(),
        account_id: "acme".into(),
        activity_date: day(0),
        snapshot_id: format!("s{hour:04}").as_str().into(),
        fetched_at: Timestamp::from_micros(hour * HOUR),
        decision: decision.to_string(),
        decided_at: Timestamp::from_micros(at),
        note: None,
    }
}

/// The rows of a replay, made later than those of the batch.
fn made_again(batch: &BatchNormalized, replay: &Replay) -> BatchNormalized {
    let mut again = batch.clone();
    let made_at = replay.normalized_at.max(Some(batch.normalized_at)).unwrap();
    again.normalized_at = Timestamp::from_micros(made_at.micros() + 1_000);
    again.normalizer = Some(NORMALIZER_VERSION);
    again.rows_omitted = false;
    again.buckets.retain(|bucket| replay.days.contains(bucket.activity_date));
    by_rules_of_today(again)
}

/// Merges, and serves what the plans ask for until nothing is left.
fn settle(tables: &mut Tables, all: &[BatchNormalized], batches: &[BatchNormalized], decisions: &[AnswerDecided]) {
    let mut replays = tables.merge_all(batches, decisions).replays;
    for _ in 0..100 {
        let again: Vec<BatchNormalized> = replays
            .iter()
            .map(|replay| made_again(all.iter().find(|batch| batch.snapshot_id == replay.snapshot_id).unwrap(), replay))
            .collect();
        if again.is_empty() {
            return;
        }
        replays = tables.merge(&again).replays;
    }
    panic!("the plans go on asking for replays");
}

#[test]
fn an_answer_that_takes_away_much_is_held_and_the_earlier_rows_stay() {
    let mut tables = Tables::default();
    tables.merge(&[answer(1, &[600, 600])]);
    let plan = tables.merge(&[answer(2, &[200, 590])]);
    assert_eq!(plan.outcomes, [Outcome { won: days([1]), lost: days([0]), held: days([0]) }]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"));
    assert_eq!(tables.loaded(day(1)), "s0002");
    assert_eq!(tables.verdicts(day(0)), [AnswerVerdict::Accepted, AnswerVerdict::Held]);
    let held = &plan.answers.iter().find(|answer| answer.activity_date == day(0)).unwrap().reason;
    let words = "fell from 6.00 dollars to 2.00 dollars; it is accepted once an answer of a day later reports no less";
    assert_eq!(held.as_deref(), Some(words));
}

#[test]
fn a_held_loss_is_believed_when_an_answer_of_a_day_later_reports_no_less() {
    let mut tables = Tables::default();
    tables.merge(&[answer(1, &[600])]);
    tables.merge(&[answer(2, &[200])]);
    tables.merge(&[answer(25, &[200])]);
    assert_eq!(tables.loaded(day(0)), "s0001", "23 hours later is no day");
    tables.merge(&[answer(26, &[200])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Settled, "s0026"));
    let superseded = AnswerVerdict::Superseded;
    assert_eq!(tables.verdicts(day(0)), [superseded, superseded, superseded, AnswerVerdict::Accepted]);
}

#[test]
fn a_large_loss_and_an_empty_day_wait_for_a_person() {
    for (before, after) in [(10_000, 4_000), (50, 0), (10_000, 0)] {
        let mut tables = Tables::default();
        tables.merge(&[answer(1, &[before])]);
        for hour in [2, 50, 500] {
            tables.merge(&[answer(hour, &[after])]);
        }
        assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"), "{before} {after}");
    }
}

#[test]
fn a_small_loss_is_accepted_and_so_is_an_empty_answer_where_little_lay() {
    for (before, after) in [(49, 0), (400, 300), (399, 300), (10_000, 7_500), (200, 101)] {
        let mut tables = Tables::default();
        tables.merge(&[answer(1, &[before])]);
        tables.merge(&[answer(2, &[after])]);
        assert_eq!(tables.loaded(day(0)), "s0002", "{before} {after}");
    }
}

#[test]
fn slow_erosion_adds_up() {
    let mut tables = Tables::default();
    for (hour, cents) in [(1, 1_000), (2, 900), (3, 800), (4, 700)] {
        tables.merge(&[answer(hour, &[cents])]);
    }
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0003"));
    tables.merge(&[answer(28, &[700])]);
    assert_eq!(tables.loaded(day(0)), "s0028");
    tables.merge(&[answer(29, &[600])]);
    assert_eq!(tables.loaded(day(0)), "s0029", "a loss that was believed is where the next one is measured from");
}

#[test]
fn what_a_person_accepts_is_made_again_and_loaded() {
    let all = [answer(1, &[10_000]), answer(2, &[100])];
    let mut tables = Tables::default();
    settle(&mut tables, &all, &all, &[]);
    let plan = tables.merge_all(&[], &[decided(2, Decision::Accept, 7)]);
    assert_eq!(tables.state(day(0)), CoverageState::Replaying);
    assert_eq!(plan.replays.iter().map(|replay| replay.snapshot_id.as_str()).collect::<Vec<_>>(), ["s0002"]);
    tables.merge(&[made_again(&all[1], &plan.replays[0])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Settled, "s0002"));
}

#[test]
fn what_a_person_did_not_believe_is_not_held_again_and_what_is_not_like_it_is() {
    for (kept, like, unlike) in [(30, 0..=130, 131), (2_000, 1_500..=2_666, 1_499), (2_000, 1_900..=2_100, 2_667)] {
        for cents in [*like.start(), *like.end(), unlike] {
            let mut tables = Tables::default();
            tables.merge(&[answer(1, &[10_000]), answer(2, &[kept])]);
            tables.merge_all(&[], &[decided(2, Decision::Keep, 7)]);
            tables.merge(&[answer(40, &[cents])]);
            let state = if cents == unlike { CoverageState::Held } else { CoverageState::Settled };
            assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (state, "s0001"), "{cents} after {kept}");
        }
    }
}

#[test]
fn what_a_person_did_not_believe_counts_until_an_answer_is_believed() {
    let mut tables = Tables::default();
    tables.merge(&[answer(1, &[10_000]), answer(2, &[0])]);
    tables.merge_all(&[], &[decided(2, Decision::Keep, 7)]);
    tables.merge(&[answer(3, &[6_000])]);
    assert_eq!(tables.state(day(0)), CoverageState::Held, "a person has not seen that");
    tables.merge(&[answer(4, &[0])]);
    assert_eq!(tables.state(day(0)), CoverageState::Settled);
    tables.merge(&[answer(5, &[10_000])]);
    tables.merge(&[answer(6, &[0])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0005"));
}

#[test]
fn answers_before_one_that_a_person_did_not_believe_are_no_longer_held() {
    use AnswerVerdict::{Accepted, Held, Superseded};
    let mut tables = Tables::default();
    tables.merge(&[answer(1, &[10_000]), answer(2, &[100]), answer(3, &[0])]);
    tables.merge_all(&[], &[decided(3, Decision::Keep, 7)]);
    assert_eq!(tables.verdicts(day(0)), [Accepted, Superseded, Superseded]);
    tables.merge(&[answer(4, &[6_000])]);
    assert_eq!(tables.verdicts(day(0)), [Accepted, Superseded, Superseded, Held]);
    tables.merge(&[answer(5, &[0])]);
    assert_eq!(tables.verdicts(day(0)), [Accepted, Superseded, Superseded, Superseded, Superseded]);
}

#[test]
fn a_loss_is_believed_by_the_first_answer_that_was_as_low_a_day_ago() {
    // Hours and cents, and which answer is believed at last.
    let stories: [(&[(i64, i64)], &str); 6] = [
        (&[(2, 600), (14, 400), (26, 600)], "s0026"),
        (&[(2, 600), (14, 400), (26, 400)], "s0001"),
        (&[(2, 600), (14, 400), (26, 400), (38, 400)], "s0038"),
        (&[(2, 600), (3, 400), (27, 500)], "s0027"),
        (&[(2, 600), (26, 599), (49, 598)], "s0001"),
        (&[(2, 600), (26, 599), (50, 599)], "s0050"),
    ];
    for (story, believed) in stories {
        let mut tables = Tables::default();
        tables.merge(&[answer(1, &[1_000])]);
        for (hour, cents) in story {
            tables.merge(&[answer(*hour, &[*cents])]);
        }
        assert_eq!(tables.loaded(day(0)), believed, "{story:?}");
    }
}

#[test]
fn an_answer_that_needs_a_person_starts_no_clock() {
    let mut tables = Tables::default();
    tables.merge(&[answer(1, &[10_000]), answer(2, &[0])]);
    tables.merge(&[answer(26, &[6_000])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"));
    tables.merge(&[answer(49, &[6_000])]);
    assert_eq!(tables.loaded(day(0)), "s0001");
    tables.merge(&[answer(50, &[6_000])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Settled, "s0050"));
}

#[test]
fn a_decision_alone_makes_no_day() {
    let all = [answer(1, &[10_000]), answer(2, &[0])];
    let mut tables = Tables::default();
    let plan = tables.merge_all(&[], &[decided(2, Decision::Accept, 7)]);
    assert!(plan.coverage.is_empty());
    settle(&mut tables, &all, &all[..1], &[]);
    settle(&mut tables, &all, &all[1..], &[]);
    assert_eq!(
        (tables.state(day(0)), tables.loaded(day(0))),
        (CoverageState::Settled, "s0002"),
        "it was not forgotten"
    );
}

#[test]
fn an_older_answer_that_comes_late_takes_its_place_among_the_others() {
    let all = [answer(1, &[600]), answer(2, &[200]), answer(3, &[300])];
    let mut late = Tables::default();
    settle(&mut late, &all, &all[1..], &[]);
    assert_eq!(late.loaded(day(0)), "s0003");
    settle(&mut late, &all, &all[..1], &[]);
    assert_eq!((late.state(day(0)), late.loaded(day(0))), (CoverageState::Held, "s0001"));
}

#[test]
fn figures_of_another_normalizer_are_compared_once_the_accepted_answer_was_made_again() {
    let mut old = answer(1, &[600]);
    old.normalizer = Some(NORMALIZER_VERSION - 1);
    let all = [old, answer(2, &[200])];
    let mut tables = Tables::default();
    tables.merge(&all[..1]);
    let plan = tables.merge(&all[1..]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Replaying, "s0001"));
    assert_eq!(plan.replays.iter().map(|replay| replay.snapshot_id.as_str()).collect::<Vec<_>>(), ["s0001"]);
    settle(&mut tables, &all, &[made_again(&all[0], &plan.replays[0])], &[]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"));
}

#[test]
fn what_an_earlier_release_loaded_is_the_first_answer() {
    let first = answer(1, &[600, 600]);
    let all = [first.clone(), answer(2, &[200, 590])];
    let mut tables = Tables::written_by_an_earlier_release(&first);
    settle(&mut tables, &all, &all[1..], &[]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"));
    assert_eq!((tables.state(day(1)), tables.loaded(day(1))), (CoverageState::Settled, "s0002"));
}

#[test]
fn rows_by_older_rules_that_become_the_accepted_ones_are_made_again_by_the_last() {
    let all = [answer(2, &[10_000]), answer(3, &[200]), by_rules_of_today(answer(40, &[200]))];
    // The second answer is loaded and made again by new rules; the first one comes late.
    let mut late = Tables::default();
    late.merge(&all[1..2]);
    late.merge(&[by_rules_of_today(BatchNormalized { normalized_at: NOW, ..all[1].clone() })]);
    let plan = late.merge(&all[..1]);
    assert_eq!((late.state(day(0)), late.loaded(day(0))), (CoverageState::Replaying, "s0002"));
    assert_eq!(plan.replays[0].normalized_at, Some(NOW), "later than what was made by the new rules");
    settle(&mut late, &all, &all[..1], &[]);
    assert_eq!((late.state(day(0)), late.recipe(day(0))), (CoverageState::Held, RULES_OF_TODAY));

    // A newer answer that is held was made by new rules, and those before it are not read.
    let mut held = Tables::default();
    held.merge(&all[..1]);
    let plan = held.merge(&all[2..]);
    assert_eq!(plan.replays.iter().map(|replay| replay.snapshot_id.as_str()).collect::<Vec<_>>(), ["s0002"]);
    settle(&mut held, &all, &[made_again(&all[0], &plan.replays[0])], &[]);
    assert_eq!((held.state(day(0)), held.recipe(day(0))), (CoverageState::Held, RULES_OF_TODAY));
}

#[test]
fn an_answer_announced_without_rows_is_judged_and_its_rows_are_asked_for() {
    let rows = [answer(1, &[600]), answer(2, &[200])];
    let announced = rows.clone().map(|batch| BatchNormalized { rows_omitted: true, files: vec![], ..batch });
    let mut tables = Tables::default();
    settle(&mut tables, &rows, &announced, &[]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Held, "s0001"));
}

#[test]
fn rows_that_were_made_again_while_their_answer_was_not_accepted_are_asked_for_once_it_is() {
    let mut tables = Tables::default();
    let (first, second) = (answer(1, &[10_000]), answer(2, &[9_900]));
    tables.merge(std::slice::from_ref(&first));
    // The second one is accepted before its rows are there, so those of the first one are no longer wanted.
    let second_announced = BatchNormalized { rows_omitted: true, files: vec![], ..second };
    let plan = tables.merge(&[second_announced]);
    assert_eq!(plan.replays.len(), 1);
    let again = BatchNormalized { normalized_at: Timestamp::from_micros(HOUR * 90), ..first };
    tables.merge(&[again]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Replaying, "s0001"));
    let plan = tables.merge_all(&[], &[decided(2, Decision::Keep, 7)]);
    assert_eq!(plan.replays.iter().map(|replay| replay.snapshot_id.as_str()).collect::<Vec<_>>(), ["s0001"]);
    assert_eq!(plan.replays[0].normalized_at, Some(Timestamp::from_micros(HOUR * 90)));
}

#[test]
fn an_answer_judged_again_after_its_rows_were_made_has_them_made_again_in_either_order() {
    let made = answer(1, &[600]);
    let asked_at = Timestamp::from_micros(HOUR * 90);
    let judged = BatchNormalized { rows_omitted: true, files: vec![], normalized_at: asked_at, ..made.clone() };
    let orders = [[made.clone(), judged.clone()], [judged, made]];
    for order in orders {
        let mut tables = Tables::default();
        tables.merge(&order[..1]);
        let plan = tables.merge(&order[1..]);
        let made_at: Vec<_> = plan.replays.iter().map(|replay| replay.normalized_at).collect();
        assert_eq!(made_at, [Some(asked_at)]);
    }
}

#[test]
fn figures_of_another_normalizer_are_asked_for_where_both_answers_come_at_once() {
    let mut old = answer(1, &[600]);
    old.normalizer = Some(NORMALIZER_VERSION - 1);
    let mut tables = Tables::default();
    let plan = tables.merge(&[old, answer(2, &[200])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Replaying, "s0001"));
    assert_eq!(plan.replays.iter().map(|replay| replay.snapshot_id.as_str()).collect::<Vec<_>>(), ["s0001"]);
}

#[test]
fn a_batch_that_comes_again_once_its_answer_is_accepted_is_not_loaded_for_its_files_are_gone() {
    let mut tables = Tables::default();
    let held = answer(2, &[100]);
    tables.merge(&[answer(1, &[10_000]), held.clone()]);
    tables.merge_all(&[], &[decided(2, Decision::Accept, 7)]);
    let plan = tables.merge(std::slice::from_ref(&held));
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Replaying, "s0001"));
    assert!(plan.tables.is_empty(), "no file is read");
    tables.merge(&[made_again(&held, &plan.replays[0])]);
    assert_eq!((tables.state(day(0)), tables.loaded(day(0))), (CoverageState::Settled, "s0002"));
}

#[derive(Debug, Clone)]
enum News {
    Batch(BatchNormalized),
    Decided(AnswerDecided),
}

fn any_news() -> impl Strategy<Value = Vec<News>> {
    let cents = prop::sample::select(vec![0, 30, 60, 100, 200, 300, 500, 600, 2_000, 5_000, 10_000]);
    let batch = (1..60_i64, prop::collection::vec(cents, 1..3)).prop_map(|(hour, cents)| {
        let batch = answer(hour, &cents);
        if hour < 30 { batch } else { by_rules_of_today(batch) }
    });
    let decision = (1..60_i64, any::<bool>(), 1..100_i64)
        .prop_map(|(hour, accepts, at)| decided(hour, if accepts { Decision::Accept } else { Decision::Keep }, at));
    let news = prop_oneof![8 => batch.prop_map(News::Batch), 1 => decision.prop_map(News::Decided)];
    // One snapshot an hour.
    prop::collection::vec(news, 1..14).prop_map(|mut news| {
        let mut hours = BTreeSet::new();
        news.retain(|news| match news {
            News::Batch(batch) => hours.insert(batch.fetched_at),
            News::Decided(_) => true,
        });
        news
    })
}

fn come(tables: &mut Tables, all: &[BatchNormalized], news: &[News]) {
    let batches: Vec<_> = news
        .iter()
        .filter_map(|news| match news {
            News::Batch(batch) => Some(batch.clone()),
            News::Decided(_) => None,
        })
        .collect();
    let decisions: Vec<_> = news
        .iter()
        .filter_map(|news| match news {
            News::Decided(decided) => Some(decided.clone()),
            News::Batch(_) => None,
        })
        .collect();
    settle(tables, all, &batches, &decisions);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_any_grouping_of_answers_and_decisions_ends_in_the_same_tables(
        (news, shuffled) in any_news().prop_flat_map(|news| (Just(news.clone()), Just(news).prop_shuffle())),
        cuts in prop::collection::vec(any::<bool>(), 14),
        twice in prop::collection::vec(any::<bool>(), 14),
    ) {
        let all: Vec<_> = news.iter().filter_map(|news| match news {
            News::Batch(batch) => Some(batch.clone()),
            News::Decided(_) => None,
        }).collect();
        let (mut at_once, mut step_by_step) = (Tables::default(), Tables::default());
        come(&mut at_once, &all, &news);
        let mut group = Vec::new();
        for ((news, cut), twice) in shuffled.iter().zip(cuts).zip(twice) {
            group.push(news.clone());
            if twice {
                group.push(news.clone());
            }
            if cut {
                come(&mut step_by_step, &all, &std::mem::take(&mut group));
            }
        }
        come(&mut step_by_step, &all, &group);
        prop_assert_eq!((at_once.outdated(), step_by_step.outdated()), (vec![], vec![]));
        prop_assert_eq!(at_once.without_times_of_work(), step_by_step.without_times_of_work());
    }
}
