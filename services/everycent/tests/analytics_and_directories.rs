//! Cost by product, person and key, and the directories that name them: each row is the simulated world's.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, Utc};
use rust_decimal::Decimal;
use support::Scene;
use vendor_sim::{
    Actor, ApiKey, ApiKeyShape, CostShare, Endpoint, Fault, FaultKind, RequestRecord, User, When, World, worlds,
};

const ANALYTICS: &str = "anthropic/analytics_cost";
const DIRECTORIES: [&str; 3] = ["anthropic/workspaces", "anthropic/api_keys", "anthropic/users"];

/// The 31 days up to yesterday: the vendor answers no day that is older than a year. The world's clock is ahead, so
/// that midnight may pass.
fn recent() -> (Scene, Vec<NaiveDate>) {
    let today = Utc::now().date_naive();
    let mut world = worlds::company(7, today - Days::new(1), 31);
    world.options.today = today + Days::new(2);
    let mut scene = Scene::of(world).with_sources("anthropic", &[ANALYTICS]);
    scene.unset("CURSOR_API_KEY");
    (scene, (today - Days::new(31)).iter_days().take(31).collect())
}

fn sync(days: &[NaiveDate]) -> String {
    format!("sync --from {} --to {}", days[0], days[days.len() - 1])
}

fn nanos(cents: Decimal) -> String {
    let nanos = cents * Decimal::from(10_000_000);
    assert!(nanos.is_integer(), "{cents} cents are whole nano-dollars");
    nanos.normalize().to_string()
}

fn or_null(text: Option<&String>) -> String {
    text.cloned().unwrap_or_else(|| "NULL".to_owned())
}

fn analytics_requests(scene: &Scene) -> Vec<RequestRecord> {
    let requests = scene.simulator.requests();
    requests.into_iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicAnalyticsCost)).collect()
}

fn is_first_page(request: &RequestRecord) -> bool {
    request.query.iter().all(|(name, _)| name != "page")
}

/// The cost of each day is the world's.
#[track_caller]
fn assert_costs(scene: &Scene, days: &[NaiveDate]) {
    let tables = scene.tables();
    for day in days {
        let expected = nanos(scene.simulator.with_world(|world| world.cost_cents(*day, *day)));
        let sql = format!("SELECT SUM(amount_nano_usd) FROM claude_analytics_costs_nano WHERE activity_date = '{day}'");
        assert_eq!(tables.one(&sql), expected, "{day}");
    }
}

/// The columns of a share's group, in the order of the query below.
fn group(world: &World, day: NaiveDate, share: &CostShare) -> Vec<String> {
    let (kind, id) = match &share.actor {
        Some(Actor::User(id)) => ("user_actor", id.clone()),
        Some(Actor::ApiKey(id)) => ("api_actor", id.clone()),
        None => ("NULL", "NULL".to_owned()),
    };
    let user = Some(&id).filter(|_| kind == "user_actor").and_then(|id| world.user(id));
    let platform = match share.product.as_str() {
        "claude_code" => "claude_code",
        "messages_api" | "message_batches_api" | "managed_agents_api" | "claude_console" => "claude_api",
        other => panic!("a product that no case was made for: {other}"),
    };
    vec![
        day.to_string(),
        share.product.clone(),
        kind.to_owned(),
        id.clone(),
        or_null(user.map(|user| &user.email)),
        or_null(user.map(|user| &user.name)),
        or_null(share.api_key_id.as_ref()),
        or_null(share.workspace_id.as_ref()),
        or_null(share.model.as_ref()),
        share.cost_type.clone(),
        or_null(share.token_type.as_ref()),
        platform.to_owned(),
        "product".to_owned(),
    ]
}

#[test]
fn each_row_is_a_product_a_person_and_a_key_of_the_world() {
    let (scene, days) = recent();
    scene.simulator.with_world(|world| {
        world.options.analytics_list_markup_percent = 25;
        world.remove_user("user_01Ada");
    });
    scene.run(&sync(&days)).exits(0);
    let expected: Vec<Vec<String>> = scene.simulator.with_world(|world| {
        let mut groups = BTreeMap::<Vec<String>, Decimal>::new();
        for day in &days {
            for share in world.cost_shares(*day) {
                *groups.entry(group(world, *day, &share)).or_default() += share.amount_cents;
            }
        }
        let list = |cents: Decimal| (cents * Decimal::new(125, 2)).round_dp(6);
        let with_amounts =
            |(group, cents): (Vec<String>, Decimal)| [group, vec![nanos(cents), nanos(list(cents))]].concat();
        groups.into_iter().map(with_amounts).collect()
    });
    let mut found = scene.tables().rows(
        "SELECT activity_date, product, actor_type, actor_id, actor_email, actor_name, api_key_id, workspace_id, model,
           cost_type, token_type, platform, platform_basis, amount_nano_usd, list_amount_nano_usd
         FROM claude_analytics_costs_nano",
    );
    found.sort();
    assert!(expected.len() > 2_000, "{}", expected.len());
    assert!(found == expected, "{} rows, {} expected", found.len(), expected.len());
    assert_costs(&scene, &days);
    assert!(analytics_requests(&scene).len() > 1, "more than one page");
}

#[test]
fn amounts_stand_in_the_view_in_dollars_and_in_the_vendors_cents() {
    let (scene, days) = recent();
    scene.run(&sync(&days)).exits(0);
    let tables = scene.tables();
    let cents = tables.usd("SELECT amount_cents FROM claude_analytics_costs");
    let expected = scene.simulator.with_world(|world| world.cost_cents(days[0], days[30]));
    assert_eq!(cents, expected);
    let of_ada = "SELECT DISTINCT actor_email FROM claude_analytics_costs WHERE actor_id = 'user_01Ada'";
    assert_eq!(tables.one(of_ada), "ada@example.com");
}

#[test]
fn several_rows_of_nobody_and_the_older_name_of_an_address_lose_nothing() {
    let (scene, days) = recent();
    scene.run(&sync(&days)).exits(0);
    let nobody = "SELECT COUNT(*) FROM claude_analytics_costs WHERE actor_type IS NULL";
    let addresses = "SELECT COUNT(*) FROM claude_analytics_costs WHERE actor_email LIKE '%@example.com'";
    let before = (scene.tables().count(nobody), scene.tables().count(addresses));
    scene.simulator.with_world(|world| {
        world.options.analytics_nobody_rows = 3;
        world.options.analytics_email_is_older = true;
    });
    scene.run(&sync(&days)).exits(0);
    assert!(before.0 > 0 && before.1 > 0);
    assert_eq!((scene.tables().count(nobody), scene.tables().count(addresses)), (3 * before.0, before.1));
    assert_costs(&scene, &days);
}

#[test]
fn an_expired_cursor_is_answered_by_beginning_again() {
    let (scene, days) = recent();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicAnalyticsCost, FaultKind::ExpiredCursor).times(1));
    scene.run(&sync(&days)).exits(0);
    let requests = analytics_requests(&scene);
    assert_eq!(requests.iter().filter(|request| is_first_page(request)).count(), 2);
    assert!(requests[1..].iter().any(|request| !is_first_page(request)));
    assert_eq!(scene.manifests(ANALYTICS).len(), 1);
    assert_costs(&scene, &days);
}

#[test]
fn a_cursor_that_always_expires_fails_its_days_and_says_so() {
    let (scene, days) = recent();
    scene.simulator.inject(Fault::on(Endpoint::AnthropicAnalyticsCost, FaultKind::ExpiredCursor));
    scene.run(&sync(&days)).exits(1).says(&["anthropic/analytics_cost", "cursor has expired"]);
    let tables = scene.tables();
    assert_eq!(tables.count("SELECT COUNT(*) FROM coverage WHERE state = 'failed'"), 31);
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_analytics_costs"), 0);
}

#[test]
fn a_page_that_comes_again_is_asked_for_from_the_start() {
    for kind in [FaultKind::RepeatedPage, FaultKind::NextPageLoop] {
        let (scene, days) = recent();
        scene.simulator.inject(Fault::on(Endpoint::AnthropicAnalyticsCost, kind.clone()).when(When::Page(2)).times(1));
        scene.run(&sync(&days)).exits(0);
        let first_pages = analytics_requests(&scene).iter().filter(|request| is_first_page(request)).count();
        assert_eq!(first_pages, 2, "{kind:?}");
        assert_costs(&scene, &days);
    }
}

#[test]
fn a_day_that_was_not_over_at_the_last_refresh_waits_for_the_next_one() {
    let (scene, days) = recent();
    let (last, before) = days.split_last().unwrap();
    scene.simulator.with_world(|world| world.options.analytics_refreshed_on = Some(*last));
    scene.run(&sync(&days)).exits(0);
    let of_last = format!("FROM claude_analytics_costs WHERE activity_date = '{last}'");
    assert_eq!(scene.tables().count(&format!("SELECT COUNT(*) {of_last}")), 0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage"), 30);
    assert_costs(&scene, before);

    scene.run(&sync(&days[30..])).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage"), 30);

    scene.simulator.with_world(|world| world.options.analytics_refreshed_on = None);
    scene.run(&sync(&days[30..])).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM coverage"), 31);
    assert_costs(&scene, &days);
}

#[test]
fn a_day_without_cost_is_loaded_and_one_that_lost_all_its_cost_is_empty() {
    let (scene, days) = recent();
    let remove_all = |day: NaiveDate| {
        scene.simulator.with_world(|world| {
            for _ in 0..world.cost_rows(day).len() {
                world.remove_cost_row(day, 0);
            }
        });
    };
    remove_all(days[0]);
    scene.run(&sync(&days)).exits(0);
    remove_all(days[5]);
    scene.run(&sync(&days)).exits(1).says(&["a person has to accept it"]);
    assert_eq!(scene.accept_held(), 1);
    let tables = scene.tables();
    for day in [days[0], days[5]] {
        assert_eq!(tables.one(&format!("SELECT rows FROM coverage WHERE activity_date = '{day}'")), "0");
        let rows = format!("SELECT COUNT(*) FROM claude_analytics_costs WHERE activity_date = '{day}'");
        assert_eq!(tables.count(&rows), 0);
    }
    assert_costs(&scene, &days[6..]);
}

#[test]
fn days_that_the_vendor_does_not_answer_are_not_asked_for() {
    let (scene, days) = recent();
    let (from, to) = (days[0] - Days::new(380), days[0] - Days::new(350));
    scene.run(&format!("sync --from {from} --to {to}")).exits(0);
    assert_eq!(analytics_requests(&scene).len(), 0);
}

#[test]
fn a_missing_scope_fails_its_source_alone() {
    let (scene, days) = recent();
    let scene = scene.with_sources("anthropic", &[ANALYTICS, "anthropic/users"]);
    scene.simulator.inject(Fault::on(Endpoint::AnthropicAnalyticsCost, FaultKind::MissingScope));
    scene.run(&sync(&days)).exits(1).says(&["anthropic/analytics_cost", "read:analytics"]);
    let expected = scene.simulator.with_world(|world| world.users().len());
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM dim_users"), i64::try_from(expected).unwrap());
}

#[test]
fn bad_and_unknown_values_cost_only_themselves() {
    let (scene, days) = recent();
    let on = |kind| Fault::on(Endpoint::AnthropicAnalyticsCost, kind).times(1);
    scene.simulator.inject(on(FaultKind::UnknownFields));
    scene.simulator.inject(on(FaultKind::UnknownValues));
    scene.simulator.inject(on(FaultKind::AmountText).when(When::Page(2)));
    scene.run(&sync(&days)).exits(1).says(&["1 record"]);
    let tables = scene.tables();
    let unknown = "SELECT platform FROM claude_analytics_costs WHERE product = 'claude_dreams'";
    assert_eq!(tables.rows(unknown), [["unattributed"]]);
    assert_eq!(tables.count("SELECT COUNT(*) FROM claude_analytics_costs WHERE actor_type = 'dream_actor'"), 1);
    assert_eq!(tables.count("SELECT COUNT(*) FROM rejected_records WHERE reason LIKE 'amount: %'"), 1);
}

/// A scene that asks for the directories only.
fn directories(shape: ApiKeyShape) -> (Scene, String) {
    let (scene, days) = recent();
    scene.simulator.with_world(|world| world.options.api_key_shape = shape);
    (scene.with_sources("anthropic", &DIRECTORIES), sync(&days))
}

/// A midnight as the tables have it.
fn midnight(day: NaiveDate) -> String {
    day.and_hms_opt(0, 0, 0).unwrap().and_utc().format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

/// The rows of a query, in order.
fn sorted(mut rows: Vec<Vec<String>>) -> Vec<Vec<String>> {
    rows.sort();
    rows
}

#[test]
fn workspaces_are_all_there_archived_ones_too() {
    let (scene, words) = directories(ApiKeyShape::WorkspaceId);
    scene.run(&words).exits(0);
    let expected = scene.simulator.with_world(|world| {
        let named = world.workspaces().iter().filter_map(|workspace| Some((workspace.id.clone()?, workspace)));
        let row = |(id, workspace): (String, &vendor_sim::Workspace)| {
            let archived = or_null(workspace.archived_on.map(midnight).as_ref());
            vec![id, workspace.name.clone(), midnight(workspace.created_on), archived, "us".into(), "{}".into()]
        };
        named.map(row).collect::<Vec<_>>()
    });
    let found = scene.tables().rows(
        "SELECT workspace_id, name, created_at, archived_at, workspace_geo, tags FROM dim_workspaces
         WHERE NOT is_default AND organization_id = 'default'",
    );
    assert!(expected.iter().any(|row| row[3] != "NULL") && expected.len() == 5);
    assert_eq!(sorted(found), sorted(expected));
}

#[test]
fn keys_name_their_workspace_and_creator_in_every_shape() {
    for shape in [ApiKeyShape::WorkspaceId, ApiKeyShape::Scope, ApiKeyShape::Both] {
        let (scene, words) = directories(shape);
        scene.simulator.with_world(|world| world.set_api_key_status("apikey_01Program01", "archived"));
        scene.run(&words).exits(0);
        let expected = scene.simulator.with_world(|world| {
            let scope_type = if shape == ApiKeyShape::WorkspaceId { "NULL" } else { "workspace" };
            let row = |key: &ApiKey| {
                let creator = if key.created_by.is_some() { "user" } else { "NULL" };
                vec![
                    key.id.clone(),
                    key.name.clone(),
                    key.status.clone(),
                    or_null(key.workspace_id.as_ref()),
                    scope_type.to_owned(),
                    midnight(key.created_on),
                    "NULL".to_owned(),
                    creator.to_owned(),
                    or_null(key.created_by.as_ref()),
                ]
            };
            world.api_keys().iter().map(row).collect::<Vec<_>>()
        });
        let found = scene.tables().rows(
            "SELECT api_key_id, name, status, workspace_id, scope_type, created_at, expires_at, created_by_type,
               created_by_id FROM dim_api_keys",
        );
        assert_eq!(sorted(found), sorted(expected), "{shape:?}");
    }
}

#[test]
fn a_list_of_several_pages_is_read_to_its_end() {
    let (scene, words) = directories(ApiKeyShape::Both);
    scene.simulator.with_world(|world| {
        for number in 0..2_100 {
            let (id, email) = (format!("user_09Many{number:04}"), format!("Many-{number}@Example.com"));
            world.add_user(User::new(&id, &email, "Many", "developer"));
        }
    });
    scene.run(&words).exits(0);
    let expected = scene.simulator.with_world(|world| {
        let row = |user: &User| {
            vec![
                user.id.clone(),
                user.email.to_lowercase(),
                user.name.clone(),
                user.role.clone(),
                midnight(user.added_on),
            ]
        };
        world.users().iter().map(row).collect::<Vec<_>>()
    });
    let found = scene.tables().rows("SELECT user_id, email, name, role, added_at FROM dim_users");
    assert!(sorted(found) == sorted(expected));
    let pages = scene.simulator.requests();
    assert_eq!(pages.iter().filter(|request| request.endpoint == Some(Endpoint::AnthropicUsers)).count(), 3);
}

#[test]
fn who_vanished_stays_with_the_time_they_were_last_seen() {
    let (scene, words) = directories(ApiKeyShape::Both);
    scene.run(&words).exits(0);
    let seen = |user: &str| scene.tables().one(&format!("SELECT last_seen_at FROM dim_users WHERE user_id = '{user}'"));
    let (ada, grace) = (seen("user_01Ada"), seen("user_01Grace"));
    assert_eq!(ada, grace);
    scene.simulator.with_world(|world| {
        world.remove_user("user_01Ada");
        let found = world.user("user_01Grace").cloned().unwrap();
        world.remove_user("user_01Grace");
        world.add_user(User { role: "billing".to_owned(), ..found });
        world.archive_workspace("wrkspc_01Research", "2026-01-02".parse().unwrap());
    });
    scene.run(&words).exits(0);
    assert_eq!(seen("user_01Ada"), ada);
    assert!(seen("user_01Grace") > grace);
    let tables = scene.tables();
    assert_eq!(tables.one("SELECT role FROM dim_users WHERE user_id = 'user_01Grace'"), "billing");
    let archived = "SELECT archived_at FROM dim_workspaces WHERE workspace_id = 'wrkspc_01Research'";
    assert_eq!(tables.one(archived), midnight("2026-01-02".parse().unwrap()));
}

#[test]
fn a_hint_at_a_key_is_in_its_column_and_nowhere_else() {
    let (mut scene, words) = directories(ApiKeyShape::Both);
    scene.set("RUST_LOG", "trace");
    let ended = scene.run(&words).exits(0).says_nothing_of(&["sk-ant-api03"]);
    drop(ended);
    scene.run("status").exits(0).says_nothing_of(&["sk-ant-api03"]);
    let tables = scene.tables();
    let with_hint = "SELECT COUNT(*) FROM dim_api_keys WHERE partial_key_hint LIKE 'sk-ant-api03-%'";
    let keys = scene.simulator.with_world(|world| world.api_keys().len());
    assert_eq!(tables.count(with_hint), i64::try_from(keys).unwrap());
    for manifest in scene.manifests("anthropic/api_keys") {
        assert!(!std::fs::read_to_string(manifest).unwrap().contains("sk-ant"));
    }
}

#[test]
fn a_list_whose_pages_repeat_is_asked_for_from_the_start() {
    let (scene, words) = directories(ApiKeyShape::Both);
    scene.simulator.with_world(|world| {
        for number in 0..1_100 {
            world.add_api_key(ApiKey::new(&format!("apikey_09Many{number:04}"), "many", None, None));
        }
    });
    let expected = scene.simulator.with_world(|world| world.api_keys().len());
    for kind in [FaultKind::RepeatedPage, FaultKind::NextPageLoop] {
        scene.simulator.inject(Fault::on(Endpoint::AnthropicApiKeys, kind).when(When::Page(2)).times(1));
    }
    scene.run(&words).exits(0);
    assert_eq!(scene.tables().count("SELECT COUNT(*) FROM dim_api_keys"), i64::try_from(expected).unwrap());
    assert_eq!(scene.manifests("anthropic/api_keys").len(), 1);
}
