//! Names, owners and the daily totals over both vendors.

use everycent_domain::sql::{Sqlite, query};
use everycent_schemas::views;
use rusqlite::types::Value;

use super::inserted::{Inserted, answered, n, t};

/// A dollar for each of these keys on 1 October, in the default workspace.
async fn spent(keys: &[&str]) -> Inserted {
    let file = Inserted::nothing().await;
    for key in keys {
        let line = [
            ("row_id", t(key)),
            ("amount_usd", n(1_000_000_000)),
            ("model", t(key)),
            ("cost_type", t("tokens")),
            ("token_type", t("output_tokens")),
            ("platform", t("claude_api")),
            ("platform_basis", t("rule")),
            ("platform_rank", n(1)),
        ];
        let usage = [("row_id", t(key)), ("api_key_id", t(key)), ("model", t(key)), ("output_tokens", n(10))];
        file.put("claude_costs", &line).put("claude_usage_tokens", &usage);
    }
    file
}

fn key<'a>(id: &'a str, name: &str, creator: &str) -> [(&'a str, Value); 3] {
    [("api_key_id", t(id)), ("name", t(name)), ("created_by_id", t(creator))]
}

fn owner<'a>(id: &str, email: &str, uploaded_on: &str) -> [(&'a str, Value); 4] {
    let at = format!("{uploaded_on}T00:00:00.000000Z");
    [("api_key_id", t(id)), ("owner_email", t(email)), ("team", t("search")), ("last_seen_at", t(&at))]
}

#[tokio::test]
async fn a_key_belongs_to_whom_the_latest_upload_says_else_to_its_creator_else_to_nobody() {
    let file = spent(&["k1", "k2", "k3", "k4"]).await;
    file.put("dim_users", &[("user_id", t("user_1")), ("email", t("ada@example.com"))]);
    for id in ["k1", "k2"] {
        file.put("dim_api_keys", &key(id, "batch", "user_1"));
    }
    file.put("dim_api_keys", &key("k3", "old", "user_gone"));
    // The later upload no longer has k2, nor the other organization's key of the same id.
    file.put("dim_api_key_owners", &owner("k1", "grace@example.com", "2025-11-02"));
    file.put("dim_api_key_owners", &owner("k2", "alan@example.com", "2025-11-01"));
    let other = [&owner("k4", "eve@example.com", "2025-11-03")[..], &[("organization_id", t("other"))]].concat();
    file.put("dim_api_key_owners", &other);

    let rows = file.told(
        "SELECT api_key_id, key_name, owner_email, owner_basis, owner_team, tokens, cost_usd, share_basis, platform
         FROM api_usage_expenses ORDER BY 1",
    );
    let expected = [
        "k1 | batch | grace@example.com | upload | search | 10 | 1.0 | tokens | claude_api",
        "k2 | batch | ada@example.com | creator | - | 10 | 1.0 | tokens | claude_api",
        "k3 | old | - | - | - | 10 | 1.0 | tokens | claude_api",
        "k4 | - | - | - | - | 10 | 1.0 | tokens | claude_api",
    ];
    assert_eq!(rows, expected);
    let persons = file.told("SELECT person, person_basis, platform, cost_usd FROM ai_spend_by_person ORDER BY 1");
    let expected = [
        "- | - | claude_api | 2.0",
        "ada@example.com | creator | claude_api | 1.0",
        "grace@example.com | upload | claude_api | 1.0",
    ];
    assert_eq!(persons, expected);
}

#[tokio::test]
async fn what_a_key_cost_stays_its_own_after_it_was_archived() {
    let file = spent(&["k1", "k2"]).await;
    file.put("dim_users", &[("user_id", t("user_1")), ("email", t("ada@example.com"))]);
    for (id, status) in [("k1", "archived"), ("k2", "active")] {
        file.put("dim_api_keys", &[&key(id, "laptop", "user_1")[..], &[("status", t(status))]].concat());
    }
    let rows = file.told("SELECT api_key_id, key_name, owner_email, cost_usd FROM api_usage_expenses ORDER BY 1");
    assert_eq!(rows, ["k1 | laptop | ada@example.com | 1.0", "k2 | laptop | ada@example.com | 1.0"]);
}

/// The bill of a key on the 9th to the 11th, a dollar a day, with who it belongs to.
async fn owners_by_day(put: impl FnOnce(&Inserted)) -> Vec<String> {
    let file = Inserted::nothing().await;
    for date in ["2025-10-09", "2025-10-10", "2025-10-11"] {
        let on = ("activity_date", t(date));
        let line = [
            on.clone(),
            ("row_id", t("l")),
            ("amount_usd", n(1_000_000_000)),
            ("model", t("m")),
            ("cost_type", t("tokens")),
            ("token_type", t("output_tokens")),
        ];
        let usage = [on, ("row_id", t("u")), ("api_key_id", t("k1")), ("model", t("m")), ("output_tokens", n(10))];
        file.put("claude_costs", &line).put("claude_usage_tokens", &usage);
    }
    put(&file);
    let by_key = file.told("SELECT expense_date, owner_email, owner_team, cost_usd FROM api_usage_expenses ORDER BY 1");
    let persons = file.told("SELECT expense_date, person, cost_usd FROM ai_spend_by_person ORDER BY 1");
    assert_eq!(persons.len(), by_key.len(), "{persons:?}");
    by_key
}

fn on<'a>(columns: &[(&'a str, Value)], days: &[(&'a str, &str)]) -> Vec<(&'a str, Value)> {
    columns.iter().cloned().chain(days.iter().map(|(name, day)| (*name, t(day)))).collect()
}

#[tokio::test]
async fn a_key_that_was_handed_over_on_the_tenth_is_the_earlier_owners_before_it() {
    let uploaded = "2025-11-02";
    let rows = owners_by_day(|file| {
        let (grace, ada) = (owner("k1", "grace@example.com", uploaded), owner("k1", "ada@example.com", uploaded));
        file.put("dim_api_key_owners", &on(&grace, &[("valid_from", "2025-10-10")]))
            .put("dim_api_key_earlier_owners", &on(&ada, &[("valid_until", "2025-10-10")]));
    });
    let expected = [
        "2025-10-09 | ada@example.com | search | 1.0",
        "2025-10-10 | grace@example.com | search | 1.0",
        "2025-10-11 | grace@example.com | search | 1.0",
    ];
    assert_eq!(rows.await, expected);
}

#[tokio::test]
async fn each_owner_of_a_key_has_its_own_days_and_what_an_earlier_upload_said_is_forgotten() {
    let uploaded = "2025-11-02";
    let rows = owners_by_day(|file| {
        let of = |email: &'static str, uploaded| owner("k1", email, uploaded);
        file.put("dim_api_key_owners", &on(&of("carl@example.com", uploaded), &[("valid_from", "2025-10-11")]))
            .put(
                "dim_api_key_earlier_owners",
                &on(&of("bob@example.com", uploaded), &[("valid_from", "2025-10-10"), ("valid_until", "2025-10-11")]),
            )
            .put(
                "dim_api_key_earlier_owners",
                &on(&of("eve@example.com", "2025-11-01"), &[("valid_until", "2025-10-10")]),
            );
    });
    let expected = [
        "2025-10-09 | - | - | 1.0",
        "2025-10-10 | bob@example.com | search | 1.0",
        "2025-10-11 | carl@example.com | search | 1.0",
    ];
    assert_eq!(rows.await, expected);
}

#[tokio::test]
async fn the_default_workspace_has_its_name_without_being_in_the_list() {
    let file = Inserted::nothing().await;
    for (row, id) in [("a", Value::Null), ("b", t("w1")), ("c", t("w2")), ("d", t("w3"))] {
        file.put("claude_costs", &[("row_id", t(row)), ("workspace_id", id), ("amount_usd", n(1))]);
    }
    file.put("dim_workspaces", &[("workspace_id", t("w1")), ("name", t("Claude Code"))])
        .put("dim_workspaces", &[("workspace_id", t("w2")), ("name", t("Main")), ("is_default", n(1))])
        .put("dim_workspaces", &[("workspace_id", t("w3")), ("name", t("Else")), ("organization_id", t("other"))]);
    for view in ["claude_expenses", "api_usage_expenses", "claude_daily_summary"] {
        let names = file.told(&format!("SELECT workspace_id, workspace_name FROM {view} ORDER BY 1"));
        assert_eq!(names, ["- | Default", "w1 | Claude Code", "w2 | Default", "w3 | -"], "{view}");
    }
}

#[tokio::test]
async fn tokens_of_a_day_are_all_tokens_whatever_their_segment() {
    let file = Inserted::nothing().await;
    for (row, factor) in [("a", 1), ("b", 10)] {
        let counts = [
            ("row_id", t(row)),
            ("api_key_id", t(row)),
            ("uncached_input_tokens", n(factor)),
            ("cache_read_input_tokens", n(2 * factor)),
            ("cache_creation_ephemeral_5m_input_tokens", n(3 * factor)),
            ("cache_creation_ephemeral_1h_input_tokens", n(4 * factor)),
            ("output_tokens", n(5 * factor)),
            ("web_search_requests", n(6 * factor)),
        ];
        file.put("claude_usage_tokens", &counts);
    }
    let rows = file.told("SELECT * FROM claude_daily_tokens");
    assert_eq!(rows, ["acme | 2025-10-01 | 11 | 22 | 33 | 44 | 55 | 165 | 66 | 2025-11-01T00:00:00.000000Z"]);
}

#[tokio::test]
async fn both_vendors_are_in_one_place_and_nothing_is_told_twice() {
    let file = spent(&["k1"]).await;
    // The same money told another way, and an estimate of it.
    file.put("coverage", &answered("anthropic/cost_report"))
        .put("claude_analytics_costs", &[("amount_usd", n(1_000_000_000)), ("platform", t("claude_code"))])
        .put("claude_cost_totals", &[("amount_usd", n(1_000_000_000))])
        .put("claude_code_model_usage", &[("estimated_cost_usd", n(1_000_000_000))])
        .put("cursor_spend", &[("spend_usd", n(500_000_000))])
        .put(
            "cursor_usage_stats",
            &[("email", t("ada@example.com")), ("plan", t("token")), ("seat_usd", n(2_000_000_000))],
        )
        .put(
            "cursor_usage_events",
            &[
                ("email", Value::Null),
                ("plan", t("token")),
                ("billing", t("on_demand")),
                ("charged_usd", n(500_000_000)),
            ],
        );
    let daily = file.told("SELECT * FROM ai_spend_daily ORDER BY 2, 5");
    let expected = [
        "2025-10-01 | anthropic | acme | claude_api | cost_report | 1.0",
        "2025-10-01 | cursor | acme | cursor | events_charged | 0.5",
        "2025-10-01 | cursor | acme | cursor | seat_only | 2.0",
    ];
    assert_eq!(daily, expected);
    let persons =
        file.told("SELECT vendor, person, person_basis, basis, cost_usd FROM ai_spend_by_person ORDER BY 1, 2");
    let expected = [
        "anthropic | - | - | cost_report | 1.0",
        "cursor | - | - | events_charged | 0.5",
        "cursor | ada@example.com | user | seat_only | 2.0",
    ];
    assert_eq!(persons, expected);
}

#[tokio::test]
async fn the_documented_columns_of_a_view_are_its_columns() {
    let file = Inserted::nothing().await;
    let columns = |name: &str| file.told(&format!("SELECT name FROM pragma_table_info('{name}')"));
    for view in views::all() {
        let documented: Vec<&str> = view.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(columns(view.name), documented, "{}", view.name);
        let exact = query(&format!("SELECT * FROM [[table:{}]]", view.name), &Sqlite).unwrap();
        let exact = columns(exact.strip_prefix("SELECT * FROM ").unwrap());
        let shown: Vec<String> = exact.iter().map(|name| name.replace("_nano_usd", "_usd")).collect();
        assert_eq!(shown, documented, "{}", view.name);
    }
}
