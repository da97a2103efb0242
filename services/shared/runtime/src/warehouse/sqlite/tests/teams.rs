//! Whose address, which team, and that both are looked up.

use rusqlite::types::Value;

use super::inserted::{Inserted, n, t};

const UPLOADED: &str = "2025-11-02T00:00:00.000000Z";

/// A dollar of a Cursor user on a day of October.
fn spend(file: &Inserted, day: u32, address: &str) {
    let row = [
        ("activity_date", t(&format!("2025-10-{day:02}"))),
        ("vendor", t("cursor")),
        ("account_id", t("acme")),
        ("spend_id", t(address)),
        ("person", t(address)),
        ("platform", t("cursor")),
        ("basis", t("events_charged")),
        ("on_demand_usd", n(1_000_000_000)),
    ];
    file.put("spend_daily", &row);
}

fn on(day: Option<u32>) -> Value {
    day.map_or(Value::Null, |day| t(&format!("2025-10-{day:02}")))
}

fn person(file: &Inserted, email: &str, team: Option<&str>, days: (Option<u32>, Option<u32>), uploaded: &str) {
    let row = [
        ("email", t(email)),
        ("row_id", t(&format!("{:?}", days.0))),
        ("team", team.map_or(Value::Null, t)),
        ("valid_from", on(days.0)),
        ("valid_to", on(days.1)),
        ("last_seen_at", t(uploaded)),
    ];
    file.put("people", &row);
}

fn alias(file: &Inserted, address: &str, email: &str, days: (Option<u32>, Option<u32>), uploaded: &str) {
    let row = [
        ("address", t(address)),
        ("row_id", t(email)),
        ("email", t(email)),
        ("valid_from", on(days.0)),
        ("valid_to", on(days.1)),
        ("last_seen_at", t(uploaded)),
    ];
    file.put("people_aliases", &row);
}

#[tokio::test]
async fn an_address_that_is_handed_on_is_each_ones_on_their_days_and_its_own_between() {
    let file = Inserted::nothing().await;
    for day in [1, 2, 3] {
        spend(&file, day, "oncall@example.com");
        spend(&file, day, "ada@example.com");
    }
    person(&file, "ada@example.com", Some("Search"), (None, None), UPLOADED);
    person(&file, "bob@example.com", Some("Ads"), (Some(3), None), UPLOADED);
    alias(&file, "oncall@example.com", "ada@example.com", (None, Some(1)), UPLOADED);
    alias(&file, "oncall@example.com", "bob@example.com", (Some(3), None), UPLOADED);
    let people = file.told("SELECT expense_date, person, cost_usd FROM ai_spend_by_person ORDER BY 1, 2");
    let expected = [
        "2025-10-01 | ada@example.com | 2.0",
        "2025-10-02 | ada@example.com | 1.0",
        "2025-10-02 | oncall@example.com | 1.0",
        "2025-10-03 | ada@example.com | 1.0",
        "2025-10-03 | bob@example.com | 1.0",
    ];
    assert_eq!(people, expected);
    let teams = file.told("SELECT team, team_basis, SUM(cost_usd) FROM ai_spend_by_team GROUP BY 1, 2 ORDER BY 1");
    assert_eq!(teams, ["Ads | person | 1.0", "Search | person | 4.0", "unassigned | - | 1.0"]);
}

#[tokio::test]
async fn a_file_without_other_addresses_takes_those_of_earlier_files_away() {
    let file = Inserted::nothing().await;
    spend(&file, 1, "ada.l@example.com");
    person(&file, "ada@example.com", Some("Search"), (None, None), UPLOADED);
    alias(&file, "ada.l@example.com", "ada@example.com", (None, None), "2025-11-01T00:00:00.000000Z");
    assert_eq!(file.told("SELECT person FROM ai_spend_by_person"), ["ada.l@example.com"]);
    assert_eq!(file.told("SELECT team FROM ai_spend_by_team"), ["unassigned"]);
}

#[tokio::test]
async fn a_team_that_is_named_as_what_is_of_none_is_told_apart_by_its_basis() {
    let file = Inserted::nothing().await;
    spend(&file, 1, "ada@example.com");
    spend(&file, 1, "bob@example.com");
    person(&file, "ada@example.com", Some("unassigned"), (None, None), UPLOADED);
    let teams = file.told("SELECT team, team_basis, cost_usd FROM ai_spend_by_team ORDER BY 2");
    assert_eq!(teams, ["unassigned | - | 1.0", "unassigned | person | 1.0"]);
}

#[tokio::test]
async fn teams_and_people_are_looked_up_and_nothing_but_the_sums_by_day_is_read() {
    let file = Inserted::nothing().await;
    for view in ["ai_spend_by_team", "ai_spend_by_cost_center", "ai_spend_by_person"] {
        let plan = file.told(&format!(
            "EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE expense_date BETWEEN '2025-01-01' AND '2025-12-31'"
        ));
        let has = |words: &str| plan.iter().any(|step| step.contains(words));
        assert!(has("USING PRIMARY KEY (activity_date"), "{view}: {plan:#?}");
        for other in ["charges", "events", "claude_", "SCAN spend", "SCAN people "] {
            assert!(!has(other), "{view} has {other}: {plan:#?}");
        }
        assert!(view == "ai_spend_by_person" || has("SEARCH people USING PRIMARY KEY (email=?)"), "{view}: {plan:#?}");
        assert!(has("SEARCH people_aliases USING PRIMARY KEY (address=?)"), "{view}: {plan:#?}");
    }
}
