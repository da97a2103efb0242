//! Usage by product, person and key: each row is the simulated world's, and its tokens are those of the usage report.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, Utc};
use support::Scene;
use vendor_sim::{Actor, AnalyticsUsage, Endpoint, Fault, FaultKind, Federation, IdentityProvider, World, worlds};

const USAGE: &str = "anthropic/analytics_usage";
const TOKENS: &str = "anthropic/usage_messages";
const COUNTS: &str = "requests, uncached_input_tokens, cache_read_input_tokens,
    cache_creation_ephemeral_5m_input_tokens, cache_creation_ephemeral_1h_input_tokens, output_tokens,
    total_tokens, web_search_requests";

/// The days up to yesterday: the vendor answers no day that is older than a year. The world's clock is ahead, so that
/// midnight may pass.
fn recent(days: u64, sources: &[&str]) -> (Scene, Vec<NaiveDate>) {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(7, today - Days::new(1), 31);
    world.options.today = today + Days::new(2);
    let mut scene = Scene::of(world).with_sources("anthropic", sources);
    scene.unset("CURSOR_API_KEY");
    (scene, (today - Days::new(days)).iter_days().take(days as usize).collect())
}

fn sync(days: &[NaiveDate]) -> String {
    format!("sync --from {} --to {}", days[0], days[days.len() - 1])
}

fn or_null(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "NULL".to_owned())
}

/// The dimensions that are asked for, as the table has them.
fn group(world: &World, day: NaiveDate, usage: &AnalyticsUsage) -> [String; 9] {
    let (kind, id) = match &usage.actor {
        Some(Actor::User(id)) => ("user_actor", id.clone()),
        Some(Actor::ApiKey(id)) if world.federation(id).is_some() => {
            ("federated_actor", world.federation(id).unwrap().subject.clone().unwrap())
        }
        Some(Actor::ApiKey(id)) => ("api_actor", id.clone()),
        None => ("NULL", "NULL".to_owned()),
    };
    let user = Some(&id).filter(|_| kind == "user_actor").and_then(|id| world.user(id));
    let platform = if usage.product == "claude_code" { "claude_code" } else { "claude_api" };
    let workspace = usage.key.workspace_id.clone();
    [
        day.to_string(),
        usage.product.clone(),
        kind.to_owned(),
        id.clone(),
        or_null(user.map(|user| &user.email)),
        or_null(usage.key.api_key_id.as_ref()),
        or_null(workspace.as_ref()),
        usage.key.model.clone(),
        platform.to_owned(),
    ]
}

fn counts(usage: &AnalyticsUsage) -> [u64; 8] {
    let counts = &usage.counts;
    let numbers =
        [counts.uncached_input, counts.cache_read, counts.cache_write_5m, counts.cache_write_1h, counts.output];
    let [input, read, five, hour, output] = numbers;
    [usage.requests, input, read, five, hour, output, numbers.iter().sum(), counts.web_searches]
}

#[test]
fn each_row_is_a_product_a_person_and_a_key_of_the_world() {
    let (scene, days) = recent(31, &[USAGE]);
    scene.simulator.with_world(|world| world.remove_user("user_01Ada"));
    scene.run(&sync(&days)).exits(0);
    let expected: Vec<Vec<String>> = scene.simulator.with_world(|world| {
        let mut groups = BTreeMap::<[String; 9], [u64; 8]>::new();
        for day in &days {
            for usage in world.analytics_usage(*day) {
                let sums = groups.entry(group(world, *day, &usage)).or_default();
                for (sum, count) in sums.iter_mut().zip(counts(&usage)) {
                    *sum += count;
                }
            }
        }
        let row = |(group, counts): ([String; 9], [u64; 8])| {
            group.into_iter().chain(counts.map(|count| count.to_string())).collect()
        };
        groups.into_iter().map(row).collect()
    });
    let mut found = scene.tables().rows(&format!(
        "SELECT activity_date, product, actor_type, actor_id, actor_email, api_key_id, workspace_id, model, platform,
           {COUNTS}
         FROM claude_analytics_usage"
    ));
    found.sort();
    assert!(expected.len() > 500, "{}", expected.len());
    assert!(found == expected, "{} rows, {} expected", found.len(), expected.len());
}

#[test]
fn the_tokens_of_a_day_are_those_of_the_usage_report() {
    let (scene, days) = recent(5, &[USAGE, TOKENS]);
    scene.run(&sync(&days)).exits(0);
    let sum = |table: &str| {
        format!(
            "SELECT activity_date, SUM(uncached_input_tokens), SUM(cache_read_input_tokens),
               SUM(cache_creation_ephemeral_5m_input_tokens), SUM(cache_creation_ephemeral_1h_input_tokens),
               SUM(output_tokens), SUM(web_search_requests) FROM {table} GROUP BY activity_date ORDER BY activity_date"
        )
    };
    let (by_analytics, by_report) =
        (scene.tables().rows(&sum("claude_analytics_usage")), scene.tables().rows(&sum("claude_usage_tokens")));
    assert_eq!(by_analytics.len(), 5);
    assert_eq!(by_analytics, by_report);
    scene.run("reconcile").exits(0);
}

#[test]
fn the_question_names_five_dimensions_and_the_vendor_takes_it() {
    let (scene, days) = recent(3, &[USAGE]);
    scene.run(&sync(&days)).exits(0);
    let requests = scene.simulator.requests();
    let asked: Vec<_> =
        requests.iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicAnalyticsUsage)).collect();
    assert!(!asked.is_empty());
    for request in asked {
        let dimensions = request.query.iter().filter(|(name, _)| name == "group_by[]").count();
        assert_eq!(dimensions, 5);
    }
}

#[test]
fn an_identity_of_another_provider_has_its_row() {
    let (scene, days) = recent(3, &[USAGE]);
    let key = scene.simulator.with_world(|world| {
        let usage = days.iter().flat_map(|day| world.analytics_usage(*day));
        let keys = usage.filter_map(|usage| match usage.actor {
            Some(Actor::ApiKey(id)) => Some(id),
            _ => None,
        });
        let key = keys.min().unwrap();
        let provider = IdentityProvider::Aws {
            account_id: "123456789012".to_owned(),
            signed_principal: "arn:aws:iam::123456789012:role/build".to_owned(),
        };
        world.federate(&key, Federation { provider, subject: Some("build".to_owned()) });
        key
    });
    scene.run(&sync(&days)).exits(0);
    let tables = scene.tables();
    let of_key = format!("FROM claude_analytics_usage WHERE api_key_id = '{key}' AND actor_type = 'federated_actor'");
    assert!(tables.count(&format!("SELECT COUNT(*) {of_key}")) > 0);
    assert_eq!(tables.one(&format!("SELECT DISTINCT actor_id {of_key}")), "build");
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records"), 0);
}

#[test]
fn a_scope_that_is_missing_fails_the_days_by_name_and_a_later_sync_heals_them() {
    let (scene, days) = recent(3, &[USAGE]);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicAnalyticsUsage, FaultKind::MissingScope).times(1));
    scene.run(&sync(&days)).exits(1).says(&[USAGE]);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM claude_analytics_usage"), 0);
    scene.run(&sync(&days)).exits(0);
    assert!(scene.tables().count("SELECT COUNT(*) FROM claude_analytics_usage") > 0);
}
