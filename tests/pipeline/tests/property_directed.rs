//! One story, told in every way it may come in: struck at each call of each port, shuffled, repeated and replayed. It
//! must end in the same tables, row for row.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use everycent_pipeline_tests::driver::first_day;
use everycent_pipeline_tests::fate::Blow;
use everycent_pipeline_tests::model::Report;
use everycent_pipeline_tests::pipeline::{Pipeline, Service, Settings};
use everycent_pipeline_tests::tables::{self, Record};
use everycent_runtime::bus::Topic;
use everycent_schemas::Day;
use vendor_sim::{Endpoint, Fault, FaultKind, When, World, worlds};

const DAYS: u32 = 4;
const COSTS: &str = "anthropic/cost_report";
const USAGE: &str = "cursor/daily_usage";

/// The reports that the story is about.
fn reports() -> [&'static Report; 3] {
    [COSTS, "anthropic/cost_totals", USAGE].map(|source| Report::named(source).unwrap())
}

type Contents = BTreeMap<String, Vec<Record>>;

fn last_day() -> Day {
    first_day().plus(DAYS - 1)
}

/// Members enough for several pages, days of several rows.
fn world() -> World {
    let world = worlds::random(6, first_day().date(), DAYS);
    assert!(world.members().len() > 2, "one page of members is too few");
    assert!(first_day().through(last_day()).all(|day| !world.cost_rows(day.date()).is_empty()), "a day is empty");
    world
}

/// History is loaded; then a day is restated, rows vanish and come late, one report is refused by the vendor and a
/// record of another can't be read.
async fn begin(settings: Settings) -> Pipeline {
    let mut pipeline = Pipeline::start(world(), settings).await.unwrap();
    pipeline.request_all(&reports(), first_day(), last_day()).await.unwrap();
    pipeline.drain().await.unwrap();
    pipeline.simulator().with_world(|world| {
        let day = |number| first_day().plus(number).date();
        world.restate_day(day(0));
        world.remove_cost_row(day(1), 0).unwrap();
        world.add_late_cost_rows(day(2), 2);
        world.restate_cursor_day(day(0));
        let erased = world.members()[0].user_id;
        world.remove_member(erased).unwrap();
    });
    let cost = |kind, containing: &str| Fault::on(Endpoint::AnthropicCostReport, kind).containing(containing);
    pipeline.simulator().inject(cost(FaultKind::Status(401), "!group_by"));
    pipeline.simulator().inject(cost(FaultKind::AmountText, "group_by").when(When::Page(1)));
    pipeline.request_all(&reports(), first_day(), last_day()).await.unwrap();
    pipeline
}

fn contents(pipeline: &Pipeline) -> Contents {
    tables::contents(&pipeline.warehouse_file()).unwrap()
}

/// What is in the tables is what the model says.
async fn end(pipeline: &Pipeline) -> Contents {
    let (found, expected) = (pipeline.tables().unwrap(), pipeline.expected().unwrap());
    assert_eq!(found.difference(&expected), None);
    pipeline.assert_no_dead_letter().await.unwrap();
    contents(pipeline)
}

async fn straight() -> Contents {
    let mut pipeline = begin(Settings::default()).await;
    pipeline.rest().await.unwrap();
    end(&pipeline).await
}

/// Strikes each call that the story's second half makes, each in a run of its own.
async fn strike_every_call(blow: Blow) {
    let mut pipeline = begin(Settings::default()).await;
    let before = pipeline.fate().calls().len();
    pipeline.rest().await.unwrap();
    let clean = end(&pipeline).await;
    let calls = pipeline.fate().calls().split_off(before);
    for operation in ["create", "read", "publish", "pull", "ack", "merge", "record_failures"] {
        assert!(calls.contains(&operation), "the story makes no call of {operation}");
    }
    for (skip, operation) in calls.iter().enumerate() {
        let mut pipeline = begin(Settings::default()).await;
        pipeline.fate().strike(None, skip, blow);
        pipeline.rest().await.unwrap();
        assert!(!pipeline.fate().is_awaited(), "call {skip} was not made");
        let found = end(&pipeline).await;
        assert!(found == clean, "{blow:?} at call {skip}, {operation}: the tables differ from the clean run's");
    }
}

#[tokio::test]
async fn a_process_that_dies_before_any_call_ends_in_the_tables_of_one_that_lives() {
    strike_every_call(Blow::DieBefore).await;
}

#[tokio::test]
async fn a_process_that_dies_after_any_call_ends_in_the_tables_of_one_that_lives() {
    strike_every_call(Blow::DieAfter).await;
}

#[tokio::test]
async fn a_call_that_fails_anywhere_ends_in_the_same_tables() {
    strike_every_call(Blow::FailBefore).await;
}

#[tokio::test]
async fn a_reply_that_is_lost_anywhere_ends_in_the_same_tables() {
    strike_every_call(Blow::FailAfter).await;
}

#[tokio::test]
async fn deliveries_in_any_order_and_grouping_end_in_the_same_tables() {
    let clean = straight().await;
    for seed in 0..20 {
        let mut pipeline = begin(Settings { shuffle_seed: Some(seed), on_disk: false }).await;
        pipeline.rest().await.unwrap();
        assert!(end(&pipeline).await == clean, "shuffled by {seed}, the tables differ");
    }
}

#[tokio::test]
async fn the_store_on_disk_ends_in_the_same_tables() {
    let mut pipeline = begin(Settings { on_disk: true, shuffle_seed: None }).await;
    pipeline.crash(true).await.unwrap();
    pipeline.rest().await.unwrap();
    assert!(end(&pipeline).await == straight().await);
}

#[tokio::test]
async fn a_replay_of_everything_changes_no_row() {
    let mut pipeline = begin(Settings::default()).await;
    pipeline.rest().await.unwrap();
    let before = end(&pipeline).await;
    pipeline.replay(None).await.unwrap();
    pipeline.drain().await.unwrap();
    assert!(end(&pipeline).await == before);
}

#[tokio::test]
async fn every_message_delivered_five_times_changes_no_row() {
    let mut pipeline = begin(Settings { shuffle_seed: Some(1), on_disk: false }).await;
    pipeline.rest().await.unwrap();
    let before = end(&pipeline).await;
    for (topic, message) in pipeline.messages() {
        for _ in 0..5 {
            pipeline.deliver_again(topic, message.clone()).await.unwrap();
        }
    }
    pipeline.rest().await.unwrap();
    assert!(end(&pipeline).await == before);
}

#[tokio::test]
async fn a_lease_that_nobody_holds_runs_out_and_its_message_comes_again() {
    let mut pipeline = begin(Settings::default()).await;
    pipeline.fate().strike(Some("pull"), 0, Blow::FailAfter);
    pipeline.step(Service::Fetcher).await.unwrap();
    pipeline.crash(false).await.unwrap();
    pipeline.rest().await.unwrap();
    assert!(end(&pipeline).await == straight().await);
}

/// Two snapshots of the same days lie in the queue, and the older one comes last.
#[tokio::test]
async fn an_older_snapshot_that_comes_after_a_newer_one_changes_nothing() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    for _ in 0..2 {
        pipeline.request(COSTS, Some("acme"), first_day(), last_day()).await.unwrap();
        pipeline.step(Service::Fetcher).await.unwrap();
        pipeline.simulator().with_world(|world| world.restate_day(first_day().date()));
    }
    pipeline.fate().strike(Some("pull"), 0, Blow::FailAfter);
    for service in [Service::Normalizer, Service::Normalizer, Service::Loader] {
        pipeline.step(service).await.unwrap();
    }
    let before = contents(&pipeline);
    let newer = pipeline.expected().unwrap().rows("claude_costs").to_vec();
    assert_eq!(pipeline.tables().unwrap().rows("claude_costs"), newer, "the newer one is loaded");
    pipeline.drain().await.unwrap();
    assert_eq!(end(&pipeline).await, before);
    assert_eq!(batches_normalized(&pipeline), 2, "the older one was normalized too");
}

/// Three answers about the same days wait for the loader, in every order and grouping.
#[tokio::test]
async fn of_several_answers_in_one_merge_the_latest_wins_in_whatever_order_they_come() {
    for seed in 0..30 {
        let settings = Settings { shuffle_seed: Some(seed), on_disk: false };
        let mut pipeline = Pipeline::start(world(), settings).await.unwrap();
        for _ in 0..3 {
            pipeline.request(COSTS, Some("acme"), first_day(), last_day()).await.unwrap();
            pipeline.step(Service::Fetcher).await.unwrap();
            pipeline.simulator().with_world(|world| world.restate_day(first_day().date()));
        }
        for _ in 0..3 {
            pipeline.step(Service::Normalizer).await.unwrap();
        }
        pipeline.drain().await.unwrap();
        end(&pipeline).await;
    }
}

#[tokio::test]
async fn a_failure_that_is_recorded_after_a_later_answer_does_not_fail_the_day() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    pipeline.simulator().inject(Fault::on(Endpoint::CursorDailyUsageData, FaultKind::Status(401)).times(1));
    for _ in 0..2 {
        pipeline.request(USAGE, None, first_day(), last_day()).await.unwrap();
        pipeline.step(Service::Fetcher).await.unwrap();
    }
    for service in [Service::Normalizer, Service::Loader, Service::FailureRecorder] {
        assert_eq!(pipeline.step(service).await.unwrap(), 1, "{service:?}");
    }
    end(&pipeline).await;
    assert!(
        pipeline.tables().unwrap().coverage.values().all(|known| known.state == "open" && known.failed_at.is_some())
    );
}

/// Until it answers again: then the next request heals the days, and nothing that was loaded is lost meanwhile.
#[tokio::test]
async fn a_vendor_that_fails_fails_its_days_and_takes_no_row_away() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    let mut states = Vec::new();
    for fails in [false, true, false] {
        if fails {
            let second_page = Fault::on(Endpoint::CursorDailyUsageData, FaultKind::Status(500)).when(When::Page(2));
            pipeline.simulator().inject(second_page);
        }
        pipeline.request(USAGE, None, first_day(), last_day()).await.unwrap();
        pipeline.rest().await.unwrap();
        pipeline.simulator().clear_faults();
        end(&pipeline).await;
        let tables = pipeline.tables().unwrap();
        assert_eq!(tables.rows("cursor_usage_stats").len(), world().members().len() * DAYS as usize);
        states.extend(tables.coverage.into_values().map(|known| known.state).collect::<BTreeSet<_>>());
    }
    assert_eq!(states, ["open", "failed", "open"]);
}

fn batches_normalized(pipeline: &Pipeline) -> usize {
    pipeline.messages().iter().filter(|(topic, _)| *topic == Topic::BatchNormalized).count()
}

#[tokio::test]
async fn a_day_whose_row_vanished_at_the_vendor_loses_it() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    pipeline.request_all(&reports(), first_day(), last_day()).await.unwrap();
    pipeline.drain().await.unwrap();
    let day = last_day();
    let rows = pipeline.tables().unwrap().rows("claude_costs").len();
    pipeline.simulator().with_world(|world| world.remove_cost_row(day.date(), 0)).unwrap();
    pipeline.request(COSTS, None, day, day).await.unwrap();
    pipeline.drain().await.unwrap();
    end(&pipeline).await;
    assert_eq!(pipeline.tables().unwrap().rows("claude_costs").len(), rows - 2, "one row of each of the two accounts");
}

#[tokio::test]
async fn a_member_who_was_erased_at_the_vendor_is_gone_from_every_day() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    for _ in 0..2 {
        pipeline.request(USAGE, None, first_day(), last_day()).await.unwrap();
        pipeline.drain().await.unwrap();
        end(&pipeline).await;
        pipeline.simulator().with_world(|world| {
            let erased = world.members()[1].user_id;
            world.remove_member(erased)
        });
    }
    let members = world().members().len() - 1;
    assert_eq!(pipeline.tables().unwrap().rows("cursor_usage_stats").len(), members * DAYS as usize);
}

/// Other rules change the platform of the rows that are loaded, and nothing else of them.
#[tokio::test]
async fn a_snapshot_that_is_replayed_under_other_rules_changes_its_platforms_only() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    pipeline.request(COSTS, None, first_day(), last_day()).await.unwrap();
    pipeline.drain().await.unwrap();
    let asked = pipeline.simulator().requests().len();
    let before = contents(&pipeline);
    for rule_set in [1, 2, 3] {
        pipeline.change_rules(rule_set).await.unwrap();
        pipeline.drain().await.unwrap();
        let after = end(&pipeline).await;
        assert_ne!(after, before, "rule set {rule_set} decides something");
        assert_eq!(without_platform(after), without_platform(before.clone()));
    }
    pipeline.change_rules(0).await.unwrap();
    pipeline.drain().await.unwrap();
    assert_eq!(end(&pipeline).await, before);
    assert_eq!(pipeline.simulator().requests().len(), asked, "the vendor is not asked");
}

/// Its rows lie in the store by the old rules and are announced by the new ones.
#[tokio::test]
async fn a_snapshot_whose_rules_changed_while_it_was_normalized_is_loaded_by_the_new_ones() {
    let mut pipeline = Pipeline::start(world(), Settings::default()).await.unwrap();
    pipeline.request(COSTS, Some("acme"), first_day(), last_day()).await.unwrap();
    pipeline.step(Service::Fetcher).await.unwrap();
    pipeline.fate().strike(Some("publish"), 0, Blow::DieBefore);
    pipeline.step(Service::Normalizer).await.unwrap();
    pipeline.change_rules(1).await.unwrap();
    for service in [Service::Normalizer, Service::Loader] {
        pipeline.step(service).await.unwrap();
    }
    let rows = pipeline.tables().unwrap();
    assert_eq!(
        rows.rows("claude_costs"),
        pipeline.expected().unwrap().rows("claude_costs"),
        "before the replay is loaded"
    );
    pipeline.drain().await.unwrap();
    end(&pipeline).await;
}

fn without_platform(mut contents: Contents) -> Contents {
    // Sums by platform are other sums where the platform is another one.
    contents.retain(|table, _| !["spend_daily", "spend_monthly"].contains(&table.as_str()));
    for row in contents.values_mut().flatten() {
        for column in ["platform", "platform_basis", "platform_rank", "recipe"] {
            row.remove(column);
        }
    }
    contents.values_mut().for_each(|rows| rows.sort());
    contents
}

/// The request is one message and several windows; whoever dies between them asks again for all.
#[tokio::test]
async fn a_request_longer_than_a_window_survives_a_death_between_its_windows() {
    let long = || worlds::random(3, first_day().date(), 40);
    let last = first_day().plus(39);
    let mut contents_of = Vec::new();
    for strike in [None, Some(Blow::DieBefore), Some(Blow::DieAfter)] {
        let mut pipeline = Pipeline::start(long(), Settings::default()).await.unwrap();
        pipeline.request_all(&reports(), first_day(), last).await.unwrap();
        if let Some(blow) = strike {
            pipeline.fate().strike(Some("publish"), 0, blow);
        }
        pipeline.rest().await.unwrap();
        contents_of.push(end(&pipeline).await);
    }
    assert!(contents_of.iter().all(|contents| *contents == contents_of[0]));
}
