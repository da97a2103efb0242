//! Workspaces, API keys and users, as Anthropic lists them.
#![allow(clippy::unwrap_used)]

mod harness;

use harness::{API_KEYS, COST, Harness, USAGE, USERS, WORKSPACES, day, told};
use serde_json::{Value, json};
use vendor_sim::{ApiKey, ApiKeyShape, DefaultWorkspace, User, Workspace, World, worlds};

async fn company() -> Harness {
    Harness::start(worlds::company(7, day("2026-10-31"), 61)).await
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

/// Three users, to page through by hand.
async fn three() -> Harness {
    let mut world = World::empty(day("2026-10-31"));
    for id in ["user_a", "user_b", "user_c"] {
        world.add_user(User::new(id, &format!("{id}@example.com"), id, "user"));
    }
    Harness::start(world).await
}

#[tokio::test]
async fn page_holds_twenty_unless_asked_otherwise_and_any_size_tells_all() {
    let harness = company().await;
    let all: Vec<String> = harness.simulator.with_world(|world| world.users().iter().map(|u| u.id.clone()).collect());
    assert_eq!(all.len(), 24);
    let first = harness.read(USERS, &[]).await;
    assert_eq!(first["data"].as_array().unwrap().len(), 20);
    assert_eq!((&first["has_more"], &first["last_id"]), (&json!(true), &json!(all[19])));
    for limit in ["1", "7", "24", "1000"] {
        assert_eq!(ids(&harness.listed(USERS, &[("limit", limit)]).await), all, "{limit}");
    }
}

#[tokio::test]
async fn after_and_before_lead_both_ways() {
    let harness = three().await;
    let page = async |query: &[(&str, &str)]| {
        let body = harness.read(USERS, query).await;
        let [first, last] = ["first_id", "last_id"].map(|name| body[name].as_str().map(str::to_owned));
        let ids = ids(body["data"].as_array().unwrap()).join(",");
        assert_eq!(first.as_deref(), ids.split(',').next().filter(|id| !id.is_empty()));
        assert_eq!(last.as_deref(), ids.rsplit(',').next().filter(|id| !id.is_empty()));
        (ids, body["has_more"].as_bool().unwrap())
    };
    assert_eq!(page(&[("limit", "2")]).await, ("user_a,user_b".to_owned(), true));
    assert_eq!(page(&[("limit", "2"), ("after_id", "user_b")]).await, ("user_c".to_owned(), false));
    assert_eq!(page(&[("limit", "2"), ("after_id", "user_c")]).await, (String::new(), false));
    assert_eq!(page(&[("limit", "1"), ("before_id", "user_c")]).await, ("user_b".to_owned(), true));
    assert_eq!(page(&[("limit", "2"), ("before_id", "user_c")]).await, ("user_a,user_b".to_owned(), false));
}

#[tokio::test]
async fn bad_parameters_are_refused() {
    let harness = three().await;
    for (path, query, expected) in [
        (USERS, &[("limit", "0")][..], "between 1 and 1000"),
        (USERS, &[("limit", "1001")], "between 1 and 1000"),
        (USERS, &[("limit", "all")], "valid integer"),
        (USERS, &[("page", "2")], "page: Extra inputs"),
        (USERS, &[("include_archived", "true")], "include_archived: Extra inputs"),
        (USERS, &[("after_id", "user_x")], "after_id"),
        (USERS, &[("after_id", "user_a"), ("before_id", "user_c")], "Only one of"),
        (WORKSPACES, &[("include_archived", "yes")], "include_archived: Input"),
        (API_KEYS, &[("status", "deleted")], "status: Input"),
    ] {
        let message = harness.refusal(path, query).await;
        assert!(message.contains(expected), "{path} {query:?}: {message}");
    }
}

#[tokio::test]
async fn default_workspace_is_listed_by_its_real_id_where_it_is_asked_for() {
    let harness = company().await;
    let listed = harness.listed(WORKSPACES, &[("include_default", "true")]).await;
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    let found: Vec<&Value> = listed.iter().filter(|workspace| workspace["id"] == default).collect();
    assert_eq!((listed.len(), found.len(), &found[0]["name"]), (5, 1, &json!("Default")));
    assert!(listed.iter().all(|workspace| workspace["compartment_id"].is_string()));
}

#[tokio::test]
async fn default_workspace_goes_by_its_id_where_the_world_says_so() {
    let harness = company().await;
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    let by_id = async |behaviour: DefaultWorkspace| {
        harness.simulator.with_world(|world| world.options.default_workspace = behaviour);
        let listed = harness.listed(WORKSPACES, &[("include_default", "true")]).await;
        let mut found = vec![ids(&listed).contains(&&*default)];
        for (path, grouped) in [(COST, "description"), (USAGE, "model")] {
            let url = format!("{}{path}", harness.simulator.url());
            let request = harness.client.get(url).header("x-api-key", harness.simulator.anthropic_key());
            let query =
                [("starting_at", "2026-10-30T00:00:00Z"), ("group_by[]", "workspace_id"), ("group_by[]", grouped)];
            let body = told(request.header("anthropic-version", "2023-06-01").query(&query)).await.body;
            let results = body["data"][0]["results"].as_array().unwrap().clone();
            let ids: Vec<Value> = results.into_iter().map(|result| result["workspace_id"].clone()).collect();
            assert_ne!(ids.contains(&Value::Null), ids.contains(&json!(default)), "{path} {behaviour:?}");
            found.push(ids.contains(&json!(default)));
        }
        found
    };
    assert_eq!(by_id(DefaultWorkspace::AsDocumented).await, [true, false, false]);
    assert_eq!(by_id(DefaultWorkspace::Unlisted).await, [false, false, false]);
    assert_eq!(by_id(DefaultWorkspace::ByIdEverywhere).await, [true, true, true]);
}

#[tokio::test]
async fn workspace_that_is_made_again_has_the_name_and_another_id() {
    let mut world = World::empty(day("2026-10-31"));
    world.add_workspace(Workspace::named("wrkspc_a", "A"));
    world.recreate_workspace("wrkspc_a", "wrkspc_b", day("2026-10-05"));
    let harness = Harness::start(world).await;
    let named = |listed: Vec<Value>| -> Vec<(Value, Value)> {
        listed.into_iter().map(|item| (item["id"].clone(), item["name"].clone())).collect()
    };
    assert_eq!(named(harness.listed(WORKSPACES, &[]).await), [(json!("wrkspc_b"), json!("A"))]);
    assert_eq!(harness.listed(WORKSPACES, &[("include_archived", "true")]).await.len(), 2);
}

#[tokio::test]
async fn default_workspace_is_not_listed_and_archived_ones_on_request() {
    let harness = company().await;
    let listed = harness.listed(WORKSPACES, &[]).await;
    assert_eq!(listed.len(), 4);
    assert!(listed.iter().all(|workspace| workspace["archived_at"].is_null() && workspace["name"] != "Default"));
    let all = harness.listed(WORKSPACES, &[("include_archived", "true"), ("limit", "2")]).await;
    assert_eq!(all.len(), 5);
    assert_eq!((&all[4]["name"], &all[4]["type"]), (&json!("Prototype"), &json!("workspace")));
    assert!(all[4]["archived_at"].as_str().unwrap().ends_with("T00:00:00Z"));
}

#[tokio::test]
async fn key_names_its_workspace_in_the_shape_of_version_and_option() {
    let mut world = World::empty(day("2026-10-31"));
    world.add_workspace(Workspace::named("wrkspc_a", "A"));
    world.add_api_key(ApiKey::new("apikey_1", "one", Some("wrkspc_a"), Some("user_a")));
    world.add_api_key(ApiKey::new("apikey_2", "two", None, None));
    let harness = Harness::start(world).await;
    let default = harness.simulator.with_world(|world| world.options.default_workspace_id.clone());
    let keys = async |shape: ApiKeyShape, version: &str| {
        harness.simulator.with_world(|world| world.options.api_key_shape = shape);
        let url = format!("{}{API_KEYS}", harness.simulator.url());
        let request = harness.client.get(url).header("x-api-key", harness.simulator.anthropic_key());
        told(request.header("anthropic-version", version)).await.body["data"].as_array().unwrap().clone()
    };
    let scope = |id: &str| json!({"type": "workspace", "workspace_id": id});
    let old = keys(ApiKeyShape::WorkspaceId, "2023-06-01").await;
    assert_eq!(old.iter().map(|key| key["workspace_id"].clone()).collect::<Vec<_>>(), [json!("wrkspc_a"), Value::Null]);
    assert!(old.iter().all(|key| key.get("scope").is_none()));
    assert_eq!(old[0]["created_by"], json!({"id": "user_a", "type": "user"}));
    assert!(old[1]["created_by"].is_null());
    for new in [keys(ApiKeyShape::Scope, "2023-06-01").await, keys(ApiKeyShape::WorkspaceId, "2026-10-21").await] {
        assert_eq!(
            new.iter().map(|key| key["scope"].clone()).collect::<Vec<_>>(),
            [scope("wrkspc_a"), scope(&default)]
        );
        assert!(new.iter().all(|key| key.get("workspace_id").is_none()));
    }
    let both = keys(ApiKeyShape::Both, "2023-06-01").await;
    assert_eq!((&both[1]["workspace_id"], &both[1]["scope"]), (&Value::Null, &scope(&default)));
}

#[tokio::test]
async fn keys_of_all_statuses_are_listed_and_filtered() {
    let harness = company().await;
    harness.simulator.with_world(|world| world.set_api_key_status("apikey_01Program06", "archived"));
    let all = harness.listed(API_KEYS, &[]).await;
    assert_eq!(all.len(), 16);
    let archived = harness.listed(API_KEYS, &[("status", "archived")]).await;
    assert_eq!(ids(&archived), ["apikey_01Program06"]);
    let research = harness.listed(API_KEYS, &[("workspace_id", "wrkspc_01Research")]).await;
    assert_eq!(ids(&research), ["apikey_01Program02", "apikey_01Program03"]);
    let by_ada = harness.listed(API_KEYS, &[("created_by_user_id", "user_01Ada")]).await;
    assert_eq!(ids(&by_ada), ["apikey_01ClaudeCodeAda", "apikey_01Program06"]);
}

#[tokio::test]
async fn person_who_left_is_not_listed_but_their_key_is() {
    let harness = company().await;
    let (users, keys) = (harness.listed(USERS, &[]).await, harness.listed(API_KEYS, &[]).await);
    let orphans: Vec<&Value> = keys
        .iter()
        .filter(|key| key["created_by"]["id"].as_str().is_some_and(|id| !ids(&users).contains(&id)))
        .collect();
    assert_eq!(orphans.len(), 1);
    assert_eq!(orphans[0]["name"], "evals");
    harness.simulator.with_world(|world| world.remove_user("user_01Ada"));
    assert_eq!(harness.listed(USERS, &[]).await.len(), users.len() - 1);
    assert_eq!(harness.listed(API_KEYS, &[]).await, keys);
    let grace = harness.listed(USERS, &[("email", "grace@example.com")]).await;
    assert_eq!(ids(&grace), ["user_01Grace"]);
    assert!(harness.listed(USERS, &[("roles[]", "admin")]).await.iter().all(|user| user["role"] == "admin"));
}

#[tokio::test]
async fn list_can_repeat_a_page_and_lead_to_itself() {
    let harness = three().await;
    harness.simulator.inject("anthropic/users:next-page-loop@page=3".parse().unwrap());
    let last = harness.read(USERS, &[("limit", "1"), ("after_id", "user_b")]).await;
    assert_eq!((&last["has_more"], &last["last_id"]), (&json!(true), &json!("user_b")));
    harness.simulator.clear_faults();
    harness.simulator.inject("anthropic/users:repeated-page@page=2".parse().unwrap());
    let repeated = harness.read(USERS, &[("limit", "1"), ("after_id", "user_a")]).await;
    assert_eq!(ids(repeated["data"].as_array().unwrap()), ["user_a"]);
}
