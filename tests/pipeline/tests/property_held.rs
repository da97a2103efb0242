//! Short stories of answers that take away what was known: held, decided about by a person, and made again from the raw
//! store alone.
#![allow(clippy::unwrap_used)]

use chrono::Duration;
use everycent_pipeline_tests::driver::first_day;
use everycent_pipeline_tests::fate::Blow;
use everycent_pipeline_tests::model::Word;
use everycent_pipeline_tests::pipeline::{Pipeline, Service, Settings};
use everycent_pipeline_tests::tables;
use everycent_runtime::bus::Topic;
use everycent_schemas::Day;
use vendor_sim::{CostRow, World};

const COSTS: &str = "anthropic/cost_report";

/// A day of two lines, of 80 and of 20 dollars.
fn world() -> World {
    let day = first_day();
    let mut world = World::empty(day.plus(1).date());
    for (cost_type, cents) in [("web_search", 8_000), ("code_execution", 2_000)] {
        world.add_cost_row(day.date(), CostRow::other(cost_type, cents.into()));
    }
    world
}

async fn ask(pipeline: &Pipeline) {
    pipeline.request(COSTS, Some("acme"), first_day(), first_day()).await.unwrap();
}

fn forget_the_first_line(pipeline: &Pipeline) {
    pipeline.simulator().with_world(|world| world.remove_cost_row(first_day().date(), 0)).unwrap();
}

/// The day is loaded; then the vendor forgets the larger line.
async fn begin() -> Pipeline {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    ask(&pipeline).await;
    pipeline.drain().await.unwrap();
    forget_the_first_line(&pipeline);
    ask(&pipeline).await;
    pipeline
}

/// What is in the tables is what the model says, and how many rows that is.
async fn check(pipeline: &Pipeline, state: &str) -> usize {
    let (found, expected) = (pipeline.tables().unwrap(), pipeline.expected().unwrap());
    assert_eq!(found.difference(&expected), None);
    pipeline.assert_no_dead_letter().await.unwrap();
    assert!(found.coverage.values().all(|known| known.state == state), "{:?}", found.coverage);
    found.rows("claude_costs").len()
}

async fn decide(pipeline: &Pipeline, word: Word) {
    let held = tables::held(&pipeline.warehouse_file()).unwrap();
    pipeline.decide(held.last().unwrap(), word, false).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_lost_much_is_held_until_a_person_accepts_it() {
    let mut pipeline = begin().await;
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "held").await, 2);
    decide(&pipeline, Word::Accept).await;
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 1);
}

#[tokio::test]
async fn what_a_person_did_not_believe_stays_out() {
    let mut pipeline = begin().await;
    pipeline.drain().await.unwrap();
    decide(&pipeline, Word::Keep).await;
    ask(&pipeline).await;
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 2);
}

/// The raw store alone has what was held and what was decided.
#[tokio::test]
async fn tables_that_were_lost_are_made_again_with_what_was_held_and_what_was_decided() {
    let mut pipeline = begin().await;
    pipeline.drain().await.unwrap();
    pipeline.lose_the_tables().await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "held").await, 2);
    decide(&pipeline, Word::Accept).await;
    pipeline.drain().await.unwrap();
    pipeline.lose_the_tables().await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 1);
}

/// The row files of an answer that was held are gone once it was merged. Its batch comes again after a person accepted it
/// and before its rows were made again.
#[tokio::test]
async fn a_held_batch_that_comes_again_once_it_is_accepted_waits_for_its_rows() {
    let mut pipeline = begin().await;
    pipeline.drain().await.unwrap();
    let (topic, batch) = pipeline.messages().into_iter().rfind(|(of, _)| *of == Topic::BatchNormalized).unwrap();
    decide(&pipeline, Word::Accept).await;
    pipeline.step(Service::DecisionRecorder).await.unwrap();
    pipeline.deliver_again(topic, batch).await.unwrap();
    pipeline.step(Service::Loader).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 1);
}

/// The person's program died once the decision was stored.
#[tokio::test]
async fn a_decision_that_was_never_announced_is_found_by_a_replay() {
    let mut pipeline = begin().await;
    pipeline.drain().await.unwrap();
    let held = tables::held(&pipeline.warehouse_file()).unwrap();
    pipeline.decide(held.last().unwrap(), Word::Accept, true).await.unwrap();
    pipeline.replay(None).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 1);
}

/// The first answer waits at the loader, its rows made by the rules of then, while the second one is loaded and made again
/// by other rules.
#[tokio::test]
async fn a_late_answer_that_is_accepted_is_shown_by_the_rules_of_today() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    ask(&pipeline).await;
    pipeline.step(Service::Fetcher).await.unwrap();
    pipeline.step(Service::Normalizer).await.unwrap();
    pipeline.fate().strike(Some("pull"), 0, Blow::FailAfter);
    pipeline.step(Service::Loader).await.unwrap();
    forget_the_first_line(&pipeline);
    ask(&pipeline).await;
    for service in [Service::Fetcher, Service::Normalizer, Service::Loader] {
        pipeline.step(service).await.unwrap();
    }
    assert_eq!(pipeline.tables().unwrap().rows("claude_costs").len(), 1, "the second one alone is loaded");
    pipeline.change_rules(1).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "held").await, 2);
}

fn snapshots_of_the_first_day(pipeline: &Pipeline) -> usize {
    let lines = &tables::everything(&pipeline.warehouse_file()).unwrap()["answers"];
    lines.iter().filter(|line| line["activity_date"] == first_day().to_string()).count()
}

/// A sync some weeks later, of another day of the same report, takes them out.
#[tokio::test]
async fn of_equal_answers_about_a_day_that_settled_long_ago_the_first_and_the_last_stay() {
    let mut pipeline = begin().await;
    for _ in 0..4 {
        ask(&pipeline).await;
        pipeline.drain().await.unwrap();
    }
    pipeline.advance(Duration::days(40));
    let lines = snapshots_of_the_first_day(&pipeline);
    let another = first_day().plus(30);
    pipeline.request(COSTS, Some("acme"), another, another).await.unwrap();
    pipeline.drain().await.unwrap();
    // One that is accepted, and of those that are held the first and the last.
    assert_eq!((lines, snapshots_of_the_first_day(&pipeline)), (5, 3));
    let (found, expected) = (pipeline.tables().unwrap(), pipeline.expected().unwrap());
    assert_eq!(found.difference(&expected), None);
    decide(&pipeline, Word::Accept).await;
    pipeline.drain().await.unwrap();
    // Lines that went are not there to be told from those that the decision leaves; all else is what the model says.
    let (found, expected) = (pipeline.tables().unwrap(), pipeline.expected().unwrap());
    assert_eq!(found.coverage, expected.coverage);
    assert_eq!(found.rows("claude_costs"), expected.rows("claude_costs"));
    assert_eq!(pipeline.tables().unwrap().rows("claude_costs").len(), 1, "what is left is judged as all were");
}

/// Each acknowledgement and each other call of the story, in a run of its own.
#[tokio::test]
async fn a_decision_that_is_struck_anywhere_ends_in_the_tables_of_one_that_is_not() {
    for blow in Blow::ALL {
        for skip in 0.. {
            let mut pipeline = begin().await;
            pipeline.drain().await.unwrap();
            decide(&pipeline, Word::Accept).await;
            pipeline.fate().strike(None, skip, blow);
            pipeline.rest().await.unwrap();
            assert_eq!(check(&pipeline, "open").await, 1, "{blow:?} at call {skip}");
            if pipeline.fate().is_awaited() {
                break;
            }
        }
    }
}

/// The vendor forgets the older of two days, and later remembers it again.
#[tokio::test]
async fn a_day_that_the_vendor_no_longer_remembers_keeps_its_rows() {
    let (older, newer) = (Day::new(2025, 9, 12).unwrap(), first_day());
    let mut full = world();
    full.add_cost_row(older.date(), CostRow::other("web_search", 5_000.into()));
    let mut pipeline = Pipeline::start(full.clone(), Settings::default()).await.unwrap();
    ask_and_check(&mut pipeline, (older, newer)).await;
    pipeline.simulator().with_world(|world| world.remove_cost_row(older.date(), 0)).unwrap();
    ask_and_check(&mut pipeline, (older, newer)).await;
    ask_and_check(&mut pipeline, (older, newer)).await;
    pipeline.lose_the_tables().await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(&pipeline, "open").await, 3);
    pipeline.simulator().with_world(|world| *world = full);
    ask_and_check(&mut pipeline, (older, newer)).await;
}

/// Whatever the vendor remembers, there are three lines.
async fn ask_and_check(pipeline: &mut Pipeline, (from, to): (Day, Day)) {
    pipeline.request(COSTS, Some("acme"), from, to).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(check(pipeline, "open").await, 3);
}
