//! What the Claude API and Claude Code were used for, as the simulated world knows it: every row, every count, every
//! estimate.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use support::{Scene, assert_tells_claude_code, assert_tells_usage, company_days, days_of, sorted, usage_of};
use vendor_sim::{ApiKey, CostRow, Endpoint, Fault, FaultKind, RequestRecord, User, When, Workspace, World, worlds};

const USAGE: &str = "anthropic/usage_messages";
const CLAUDE_CODE: &str = "anthropic/claude_code";

fn asking(scene: Scene, source: &str) -> Scene {
    let mut scene = scene.with_sources("anthropic", &[source]);
    scene.unset("CURSOR_API_KEY");
    scene
}

fn synced(source: &str, range: &str) -> Scene {
    let scene = asking(Scene::company(), source);
    scene.run(&format!("sync {range}")).exits(0);
    scene
}

fn asked(scene: &Scene, endpoint: Endpoint) -> Vec<RequestRecord> {
    scene.simulator.requests().into_iter().filter(|request| request.endpoint == Some(endpoint)).collect()
}

// Tokens of the Claude API

#[test]
fn tokens_of_each_key_and_of_the_console_are_those_of_the_world() {
    let (first, last) = company_days();
    let scene = synced(USAGE, &format!("--from {first} --to {last}"));
    assert_tells_usage(&scene, first, last);
    let tables = scene.tables();
    for some in ["api_key_id IS NULL", "workspace_id IS NULL", "service_tier = 'batch'", "context_window = '200k-1M'"] {
        assert!(tables.count(&format!("SELECT COUNT(*) FROM claude_usage_tokens WHERE {some}")) > 0, "{some}");
    }
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_usage_tokens WHERE platform <> 'unattributed'"), 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn a_window_is_four_full_pages_of_a_week() {
    let scene = synced(USAGE, "--from 2025-08-01 --to 2025-08-28");
    let requests = asked(&scene, Endpoint::AnthropicUsageMessages);
    let paged = requests.iter().filter(|request| request.query.iter().any(|(name, _)| name == "page"));
    assert_eq!((requests.len(), paged.count()), (4, 3));
    assert_tells_usage(&scene, "2025-08-01", "2025-08-28");
}

#[test]
fn a_restated_day_replaces_its_tokens_and_what_vanished_is_gone() {
    let scene = synced(USAGE, "--from 2025-09-01 --to 2025-09-10");
    let day: NaiveDate = "2025-09-04".parse().unwrap();
    let rows = "SELECT COUNT(*) FROM claude_usage_tokens WHERE activity_date = '2025-09-04'";
    let of_a_batch = format!("{rows} AND service_tier = 'batch'");
    assert!(scene.tables().count(&of_a_batch) > 0);
    let others = || {
        let sql =
            "SELECT * FROM claude_usage_tokens WHERE activity_date <> '2025-09-04' ORDER BY activity_date, row_id";
        scene.tables().rows(sql)
    };
    let before = others();
    scene.simulator.with_world(|world| {
        world.restate_day(day);
        while let Some(index) = world.cost_rows(day).iter().position(|row| row.service_tier.as_deref() == Some("batch"))
        {
            world.remove_cost_row(day, index).unwrap();
        }
    });
    scene.run("sync --from 2025-09-01 --to 2025-09-10").exits(0);
    assert_tells_usage(&scene, "2025-09-01", "2025-09-10");
    assert_eq!(scene.tables().count(&of_a_batch), 0);
    assert_eq!(others(), before);
    scene.run("reconcile").exits(0);
}

#[test]
fn the_use_of_a_key_is_attributed_by_a_rule_about_the_key() {
    let mut scene = asking(Scene::company(), USAGE);
    scene.configure(
        "[[attribution.rules]]\nid = \"batches\"\nplatform = \"claude_api\"\nservice_tier = \"batch\"\n
         [[attribution.rules]]\nid = \"ada\"\nplatform = \"claude_code\"\napi_key_id = \"apikey_01ClaudeCodeAda\"\n",
    );
    scene.run("sync --from 2025-09-01 --to 2025-09-10").exits(0);
    let mut expected: BTreeMap<[&str; 3], i64> = BTreeMap::new();
    scene.simulator.with_world(|world| {
        for row in days_of("2025-09-01", "2025-09-10").flat_map(|day| usage_of(world, day)) {
            let decided = match (row[1].as_str(), row[4].as_str()) {
                (_, "batch") => ["claude_api", "batches", "1"],
                ("apikey_01ClaudeCodeAda", _) => ["claude_code", "ada", "2"],
                _ => ["unattributed", "NULL", "NULL"],
            };
            *expected.entry(decided).or_default() += 1;
        }
    });
    assert_eq!(expected.len(), 3);
    let expected: Vec<Vec<String>> = expected
        .into_iter()
        .map(|([platform, basis, rank], rows)| vec![platform.into(), basis.into(), rank.into(), rows.to_string()])
        .collect();
    let sql = "SELECT platform, platform_basis, platform_rank, COUNT(*) FROM claude_usage_tokens GROUP BY 1, 2, 3";
    assert_eq!(sorted(scene.tables().rows(sql)), expected);
}

#[test]
fn tokens_that_are_reported_flat_are_kept_and_remarked() {
    let scene = asking(Scene::company(), USAGE);
    let day = When::Day("2025-09-04".parse().unwrap());
    scene.simulator.inject(Fault::on(Endpoint::AnthropicUsageMessages, FaultKind::FlatCacheCreation).when(day));
    scene.run("sync --from 2025-09-01 --to 2025-09-05").exits(0).says(&["Remarked: 1 thing"]);
    let remarks = scene.tables().rows("SELECT source, activity_date, position, field FROM remarks");
    assert_eq!(remarks, [[USAGE, "2025-09-04", "/data/3/results/0", "cache_creation"]]);
    let told = scene.simulator.with_world(|world| usage_of(world, "2025-09-04".parse().unwrap()).len() as i64);
    let kept = scene.tables().count("SELECT COUNT(*) FROM claude_usage_tokens WHERE activity_date = '2025-09-04'");
    assert_eq!(kept, told);
    scene.run("status").exits(0).says(&["cache_creation_input_tokens, in its place, are taken for those of 5 minutes"]);
    scene.run("reconcile").exits(0).says(&["Odd beside the money, and kept", "cache_creation"]);
    scene.simulator.clear_faults();
    scene.run("sync --from 2025-09-01 --to 2025-09-05").exits(0);
    assert_tells_usage(&scene, "2025-09-01", "2025-09-05");
}

// Claude Code

#[test]
fn what_people_and_robots_did_with_claude_code_is_what_the_world_knows() {
    let scene = synced(CLAUDE_CODE, "--from 2025-09-01 --to 2025-09-30");
    assert_tells_claude_code(&scene, "2025-09-01", "2025-09-30");
    assert_eq!(asked(&scene, Endpoint::AnthropicClaudeCode).len(), 30);
    let tables = scene.tables();
    for some in ["actor_type = 'api_actor'", "customer_type = 'subscription'", "is_remote"] {
        assert!(tables.count(&format!("SELECT COUNT(*) FROM claude_code_usage_stats WHERE {some}")) > 0, "{some}");
    }
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn estimates_are_dollars_where_people_read_them() {
    let scene = synced(CLAUDE_CODE, "--from 2025-09-08 --to 2025-09-08");
    let day = "2025-09-08".parse().unwrap();
    let cents: Decimal = scene.simulator.with_world(|world| {
        let rows = world.claude_code_rows(day);
        rows.iter().flat_map(|row| row.models.values()).map(|model| model.estimated_cents).sum()
    });
    let found = scene.tables().usd("SELECT estimated_cost_usd FROM claude_code_model_usage");
    assert_eq!(found, cents / Decimal::ONE_HUNDRED);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_costs"), 0);
}

#[test]
fn answers_in_the_form_of_2025_load_with_rows_that_it_can_not_tell_apart() {
    let scene = asking(Scene::company(), CLAUDE_CODE);
    scene.simulator.with_world(|world| world.options.claude_code_as_in_2025 = true);
    scene.run("sync --from 2025-09-01 --to 2025-09-14").exits(0);
    assert_tells_claude_code(&scene, "2025-09-01", "2025-09-14");
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM rejected_records"), 0);
}

#[test]
fn a_restated_day_of_claude_code_replaces_estimates_and_drops_who_and_what_vanished() {
    let scene = synced(CLAUDE_CODE, "--from 2025-09-01 --to 2025-09-05");
    let day: NaiveDate = "2025-09-03".parse().unwrap();
    let of_opus = "SELECT COUNT(*) FROM claude_code_model_usage
        WHERE activity_date = '2025-09-03' AND model LIKE 'claude-opus%'";
    assert!(scene.tables().count(of_opus) > 0);
    scene.simulator.with_world(|world| {
        world.restate_day(day);
        let is_opus = |row: &CostRow| row.model.as_deref().is_some_and(|model| model.starts_with("claude-opus"));
        while let Some(index) = world.cost_rows(day).iter().position(is_opus) {
            world.remove_cost_row(day, index).unwrap();
        }
        // Her key stays, and speaks for itself from now on.
        world.remove_user("user_01Ada").unwrap();
    });
    scene.run("sync --from 2025-09-01 --to 2025-09-05").exits(1);
    assert!(scene.tables().count(of_opus) > 0, "what took away so much is held");
    assert!(scene.accept_held() > 0);
    assert_tells_claude_code(&scene, "2025-09-01", "2025-09-05");
    assert_eq!(scene.tables().count(of_opus), 0);
    let by_key = "SELECT COUNT(*) FROM claude_code_usage_stats WHERE api_key_name = 'claude_code_key_ada'";
    assert!(scene.tables().count(by_key) > 0);
    scene.run("reconcile").exits(0);
}

#[test]
fn a_day_that_is_not_over_is_left_for_later() {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(11, today, 5);
    // The simulated clock is ahead: the vendor tells what there is of today.
    world.options.today = today + Days::new(2);
    let scene = asking(Scene::of(world), CLAUDE_CODE);
    let yesterday = today - Days::new(1);
    scene.run(&format!("sync --from {yesterday} --to {today}")).exits(0);
    if Utc::now().date_naive() != today {
        // Midnight came meanwhile, and today was over.
        return;
    }
    assert_eq!(asked(&scene, Endpoint::AnthropicClaudeCode).len(), 1);
    assert_tells_claude_code(&scene, &yesterday.to_string(), &yesterday.to_string());
    let tables = scene.tables();
    for table in ["claude_code_usage_stats", "claude_code_model_usage", "coverage", "rejected_records"] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE activity_date = '{today}'");
        assert_eq!(tables.count(&sql), 0, "{table}");
    }
}

/// A day of Claude Code by more people than a page has room for.
fn crowd() -> (World, NaiveDate) {
    let day: NaiveDate = "2025-09-30".parse().unwrap();
    let mut world = World::empty(day + Days::new(1));
    world.add_workspace(Workspace::named("wrkspc_01Crowd", "Crowd"));
    for number in 0..1_300 {
        let user = format!("user_01Crowd{number}");
        world.add_user(User::new(&user, &format!("person-{number}@example.com"), "Somebody", "developer"));
        let key = ApiKey::new(&format!("apikey_01Crowd{number}"), "crowd", Some("wrkspc_01Crowd"), Some(&user));
        world.add_api_key(key.for_claude_code());
    }
    let row = CostRow {
        workspace_id: Some("wrkspc_01Crowd".into()),
        model: Some("claude-opus-4-6".into()),
        token_type: Some("output_tokens".into()),
        ..CostRow::other("tokens", Decimal::from(5_000_000))
    };
    world.add_cost_row(day, row);
    let told = world.claude_code_rows(day).len();
    assert!((1_001..=2_000).contains(&told), "{told} rows are not two pages");
    (world, day)
}

#[test]
fn a_day_of_more_people_than_a_page_holds_is_read_to_its_last_page() {
    let (world, day) = crowd();
    let scene = asking(Scene::of(world), CLAUDE_CODE);
    scene.run(&format!("sync --from {day} --to {day}")).exits(0);
    assert_eq!(asked(&scene, Endpoint::AnthropicClaudeCode).len(), 2);
    assert_tells_claude_code(&scene, &day.to_string(), &day.to_string());
}

#[test]
fn a_page_that_comes_again_is_not_counted_twice() {
    let (world, day) = crowd();
    let scene = asking(Scene::of(world), CLAUDE_CODE);
    let fault = Fault::on(Endpoint::AnthropicClaudeCode, FaultKind::RepeatedPage).when(When::Page(2));
    scene.simulator.inject(fault.clone());
    scene.run(&format!("sync --from {day} --to {day}")).exits(1).says(&["page 2 came before"]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_code_usage_stats"), 0);
    scene.simulator.clear_faults();
    scene.simulator.inject(fault.times(1));
    scene.run(&format!("sync --from {day} --to {day}")).exits(0);
    assert_tells_claude_code(&scene, &day.to_string(), &day.to_string());
}

#[test]
fn a_day_whose_last_page_fails_has_no_rows_rather_than_some() {
    let (world, day) = crowd();
    let scene = asking(Scene::of(world), CLAUDE_CODE);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicClaudeCode, FaultKind::Status(500)).when(When::Page(2)));
    scene.run(&format!("sync --from {day} --to {day}")).exits(1);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_code_usage_stats"), 0);
    assert_eq!(tables.one("SELECT state FROM coverage"), "failed");
}

// Both

#[test]
fn what_no_documentation_knows_costs_no_record_and_is_kept_as_it_is() {
    let scene = asking(Scene::company(), USAGE).with_sources("anthropic", &[USAGE, CLAUDE_CODE]);
    scene.simulator.inject(Fault::anywhere(FaultKind::UnknownFields));
    scene.simulator.inject(Fault::on(Endpoint::AnthropicUsageMessages, FaultKind::UnknownValues));
    scene.simulator.inject(Fault::on(Endpoint::AnthropicClaudeCode, FaultKind::UnknownValues));
    scene.run("sync --from 2025-09-08 --to 2025-09-08").exits(0);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
    for (table, column, value) in [
        ("claude_usage_tokens", "model", "claude-of-tomorrow"),
        ("claude_usage_tokens", "service_tier", "flex_discount"),
        ("claude_usage_tokens", "context_window", "1M-10M"),
        ("claude_code_usage_stats", "customer_type", "dreamt"),
        ("claude_code_usage_stats", "terminal_type", "terminal-of-tomorrow"),
        ("claude_code_model_usage", "model", "claude-of-tomorrow"),
    ] {
        let sql = format!("SELECT COUNT(*) FROM {table} WHERE {column} = '{value}'");
        assert!(tables.count(&sql) > 0, "{table}.{column}");
    }
}

#[test]
fn a_replay_makes_the_same_rows_without_asking() {
    let scene = asking(Scene::company(), USAGE).with_sources("anthropic", &[USAGE, CLAUDE_CODE]);
    scene.run("sync --from 2025-09-01 --to 2025-09-05").exits(0);
    let asked = scene.request_count();
    scene.run("replay").exits(0);
    assert_eq!(scene.request_count(), asked);
    assert_tells_usage(&scene, "2025-09-01", "2025-09-05");
    assert_tells_claude_code(&scene, "2025-09-01", "2025-09-05");
}
