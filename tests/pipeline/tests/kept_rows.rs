//! Short stories of what the other tests tell at random: rows that a day loses, and rows that stay in a directory.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use everycent_pipeline_tests::driver::first_day;
use everycent_pipeline_tests::fate::Blow;
use everycent_pipeline_tests::model::Sheet;
use everycent_pipeline_tests::pipeline::{Pipeline, Service, Settings};
use vendor_sim::{ApiKey, CostRow, User, Workspace, World, worlds};

const WORKSPACES: &str = "anthropic/workspaces";
const CODE: &str = "anthropic/claude_code";

/// One day, on which Ann uses Claude Code.
fn world() -> World {
    let mut world = worlds::random(6, first_day().date(), 1);
    world.add_user(User::new("user_01Ann", "Ann@Example.com", "Ann", "developer"));
    world.add_api_key(ApiKey::new("apikey_01Ann", "ann", None, Some("user_01Ann")).for_claude_code());
    let day = first_day().date();
    let row = world.cost_rows(day).iter().find(|row| row.token_type.is_some()).unwrap().clone();
    world.add_cost_row(day, CostRow { workspace_id: None, amount_cents: 100_000.into(), ..row });
    world
}

async fn pipeline() -> Pipeline {
    Pipeline::start(world(), Settings::default()).await.unwrap()
}

/// Asks, and works until the tables are what the model says.
async fn sync(pipeline: &mut Pipeline, source: &str) {
    let today = pipeline.today();
    let (from, to) = if source == CODE { (first_day(), first_day()) } else { (today, today) };
    pipeline.request(source, Some("acme"), from, to).await.unwrap();
    settle(pipeline).await;
}

async fn settle(pipeline: &mut Pipeline) {
    pipeline.drain().await.unwrap();
    assert_eq!(pipeline.tables().unwrap().difference(&pipeline.expected().unwrap()), None);
    pipeline.assert_no_dead_letter().await.unwrap();
}

fn column(pipeline: &Pipeline, table: &str, column: &str) -> Vec<String> {
    let tables = pipeline.tables().unwrap();
    let mut values: Vec<String> = tables.rows(table).iter().filter_map(|row| row.get(column).cloned()).collect();
    values.sort();
    values
}

#[tokio::test]
async fn a_person_who_is_no_longer_told_is_gone_from_both_tables_of_claude_code() {
    let mut pipeline = pipeline().await;
    sync(&mut pipeline, CODE).await;
    let is_ann = |email: &String| email == "ann@example.com";
    for table in ["claude_code_usage_stats", "claude_code_model_usage"] {
        assert!(column(&pipeline, table, "actor_email").iter().any(is_ann), "{table}");
    }
    pipeline.simulator().with_world(|world| {
        world.remove_api_key("apikey_01Ann").unwrap();
        world.remove_user("user_01Ann").unwrap();
    });
    sync(&mut pipeline, CODE).await;
    for table in ["claude_code_usage_stats", "claude_code_model_usage"] {
        assert!(!column(&pipeline, table, "actor_email").iter().any(is_ann), "{table}");
    }
}

#[tokio::test]
async fn a_key_that_vanished_stays_as_it_was_last_told() {
    let mut pipeline = pipeline().await;
    sync(&mut pipeline, "anthropic/api_keys").await;
    let before = column(&pipeline, "dim_api_keys", "api_key_id");
    pipeline.simulator().with_world(|world| world.remove_api_key("apikey_01Ann")).unwrap();
    sync(&mut pipeline, "anthropic/api_keys").await;
    assert_eq!(column(&pipeline, "dim_api_keys", "api_key_id"), before);
}

/// The newer reading is loaded when the older one comes, in which a workspace still has its old name.
#[tokio::test]
async fn an_older_reading_that_comes_late_does_not_rename_a_workspace_back() {
    let mut pipeline = pipeline().await;
    pipeline.simulator().with_world(|world| {
        world.add_workspace(Workspace::named("wrkspc_01Both", "Before"));
    });
    let today = pipeline.today();
    for _ in 0..2 {
        pipeline.request(WORKSPACES, Some("acme"), today, today).await.unwrap();
        pipeline.step(Service::Fetcher).await.unwrap();
        pipeline.simulator().with_world(|world| world.rename_workspace("wrkspc_01Both", "After"));
    }
    pipeline.fate().strike(Some("pull"), 0, Blow::FailAfter);
    for service in [Service::Normalizer, Service::Normalizer, Service::Loader] {
        pipeline.step(service).await.unwrap();
    }
    assert!(column(&pipeline, "dim_workspaces", "name").contains(&"After".to_owned()), "the newer one is loaded");
    settle(&mut pipeline).await;
    assert!(column(&pipeline, "dim_workspaces", "name").contains(&"After".to_owned()));
}

#[tokio::test]
async fn a_sheet_of_some_days_takes_the_place_of_an_earlier_one_on_these_days_only() {
    let mut pipeline = pipeline().await;
    let sheet = |lines: &[(u32, &str)]| {
        let line = |(day, email): &(u32, &str)| ((first_day().plus(*day).date(), (*email).to_owned()), [1, 2, 3, 4]);
        Sheet::ClaudeUsage(lines.iter().map(line).collect())
    };
    pipeline.upload("acme", &sheet(&[(0, "ann@example.com"), (1, "ann@example.com")]), false).await.unwrap();
    settle(&mut pipeline).await;
    pipeline.upload("acme", &sheet(&[(1, "bob@example.com")]), false).await.unwrap();
    settle(&mut pipeline).await;
    assert_eq!(column(&pipeline, "claude_usage_stats", "email"), ["ann@example.com", "bob@example.com"]);
}

#[tokio::test]
async fn an_owner_stays_when_a_later_sheet_has_other_keys_and_a_lost_sheet_is_replayed() {
    let mut pipeline = pipeline().await;
    let sheet = |key: &str, owner: &str| {
        let cells = [owner.to_owned(), String::new(), String::new()];
        Sheet::ApiKeyOwners(BTreeMap::from([((key.to_owned(), None), cells)]))
    };
    pipeline.upload("acme", &sheet("apikey_01A", "Ann@example.com"), false).await.unwrap();
    pipeline.upload("acme", &sheet("apikey_01B", "bob@example.com"), true).await.unwrap();
    settle(&mut pipeline).await;
    assert_eq!(column(&pipeline, "dim_api_key_owners", "owner_email"), ["ann@example.com"]);
    pipeline.replay(None).await.unwrap();
    settle(&mut pipeline).await;
    assert_eq!(column(&pipeline, "dim_api_key_owners", "owner_email"), ["ann@example.com", "bob@example.com"]);
}
