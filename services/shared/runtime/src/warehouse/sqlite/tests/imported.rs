//! Files of money that a person has imported, as charges: on days and for products that no API reports.

use rusqlite::types::Value;

use super::inserted::{Inserted, answered, n, t};

const DOLLAR: i64 = 1_000_000_000;
const DAILY: &str = "SELECT expense_date, platform, basis, cost_nano_usd FROM ai_spend_daily_nano ORDER BY 1, 2, 3";
const DAYS: [&str; 2] = ["2025-10-01", "2025-10-02"];

fn on<'a>(usual: &[(&'a str, Value)], day: &'a str) -> Vec<(&'a str, Value)> {
    let mut cells = usual.to_vec();
    cells.retain(|(name, _)| *name != "activity_date");
    cells.push(("activity_date", t(day)));
    cells
}

/// A line of the spend file.
fn spent<'a>(product: &'a str, platform: &'a str, day: &'a str) -> Vec<(&'a str, Value)> {
    let usual = [
        ("row_id", t(product)),
        ("product", t(product)),
        ("platform", t(platform)),
        ("email", t("ada@example.com")),
        ("net_usd", n(DOLLAR)),
        ("gross_usd", n(2 * DOLLAR)),
    ];
    on(&usual, day)
}

fn analytics<'a>(product: &'a str, platform: &'a str, day: &'a str) -> Vec<(&'a str, Value)> {
    let usual =
        [("row_id", t(product)), ("product", t(product)), ("platform", t(platform)), ("amount_usd", n(5 * DOLLAR))];
    on(&usual, day)
}

/// Both days of chats, Claude Code and the API in the spend file.
async fn spend() -> Inserted {
    let file = Inserted::nothing().await;
    for day in DAYS {
        file.put("claude_imported_spend", &spent("chat", "claude.ai", day))
            .put("claude_imported_spend", &spent("claude_code", "claude_code", day))
            .put("claude_imported_spend", &spent("messages_api", "claude_api", day));
    }
    file
}

#[tokio::test]
async fn a_spend_file_is_billed_with_its_people_and_list_cost_and_in_no_sum_of_the_bill_of_the_api() {
    let file = spend().await;
    let rows = file.told(
        "SELECT activity_date, kind, billing, basis, platform, product, person, person_basis, allocation, cost_nano_usd,
           list_cost_nano_usd
         FROM charges_nano WHERE product = 'chat' ORDER BY 1",
    );
    let charge = |day: &str| {
        format!(
            "{day} | usage | billed | spend_file | claude.ai | chat | ada@example.com | file | days | 1000000000 | 2000000000"
        )
    };
    assert_eq!(rows, DAYS.map(charge));
    let by_person =
        "SELECT person, person_basis, basis, SUM(cost_nano_usd) FROM ai_spend_by_person_nano GROUP BY 1, 2, 3";
    assert_eq!(file.told(by_person), ["ada@example.com | file | spend_file | 6000000000"]);
    let monthly =
        "SELECT month, basis, SUM(cost_nano_usd), SUM(list_cost_nano_usd) FROM spend_monthly_nano GROUP BY 1, 2";
    assert_eq!(file.told(monthly), ["2025-10-01 | spend_file | 6000000000 | 12000000000"]);
    for view in ["claude_total_expenses", "claude_daily_cost", "claude_expenses", "api_usage_expenses"] {
        assert_eq!(file.told(&format!("SELECT COUNT(*) FROM {view}")), ["0"], "{view}");
    }
}

#[tokio::test]
async fn money_of_claude_ai_by_the_api_stands_for_all_of_the_day_of_a_spend_file() {
    let file = spend().await;
    file.put("claude_analytics_costs", &analytics("cowork", "claude.ai", DAYS[0]));
    let expected = [
        "2025-10-01 | claude.ai | analytics | 5000000000",
        "2025-10-02 | claude.ai | spend_file | 1000000000",
        "2025-10-02 | claude_api | spend_file | 1000000000",
        "2025-10-02 | claude_code | spend_file | 1000000000",
    ];
    assert_eq!(file.told(DAILY), expected);
    assert_eq!(file.told("SELECT COUNT(*) FROM claude_imported_spend"), ["6"], "the rows of the file stay");
}

#[tokio::test]
async fn another_product_by_the_api_stands_for_itself_and_the_bill_for_the_api_alone() {
    let file = spend().await;
    file.put("claude_analytics_costs", &analytics("claude_code", "claude_code", DAYS[0]))
        .put("claude_analytics_costs", &analytics("claude_code", "claude_code", DAYS[1]))
        .put("coverage", &on(&answered("anthropic/cost_report"), DAYS[1]));
    // On the second day Claude Code is use of the API in the analytics, which are a control of the bill.
    let expected = [
        "2025-10-01 | claude.ai | spend_file | 1000000000",
        "2025-10-01 | claude_api | spend_file | 1000000000",
        "2025-10-01 | claude_code | analytics | 5000000000",
        "2025-10-02 | claude.ai | spend_file | 1000000000",
        "2025-10-02 | claude_code | spend_file | 1000000000",
    ];
    assert_eq!(file.told(DAILY), expected);
}

#[tokio::test]
async fn a_cost_file_counts_on_days_that_neither_the_bill_nor_the_analytics_of_the_api_report() {
    let file = Inserted::nothing().await;
    let days = ["2025-10-01", "2025-10-02", "2025-10-03", "2025-10-04"];
    for day in days {
        let line = [
            ("row_id", t("c")),
            ("api_key_id", t("apikey_01A")),
            ("workspace_name", t("Research")),
            ("platform", t("unattributed")),
            ("amount_usd", n(DOLLAR)),
            ("list_amount_usd", n(2 * DOLLAR)),
        ];
        file.put("claude_imported_costs", &on(&line, day));
    }
    let owner = [("api_key_id", t("apikey_01A")), ("owner_email", t("grace@example.com"))];
    file.put("dim_api_key_owners", &owner)
        .put("coverage", &on(&answered("anthropic/cost_report"), days[1]))
        .put("claude_analytics_costs", &analytics("messages_api", "claude_api", days[0]))
        .put("claude_analytics_costs", &analytics("chat", "claude.ai", days[2]))
        .put("claude_analytics_costs", &analytics("messages_api", "claude_api", days[3]));
    // The bill has begun by the last day, and has not answered about it: the analytics are not charged for it.
    let expected = [
        "2025-10-01 | claude_api | analytics | 5000000000",
        "2025-10-03 | claude.ai | analytics | 5000000000",
        "2025-10-03 | unattributed | console_file | 1000000000",
        "2025-10-04 | unattributed | console_file | 1000000000",
    ];
    assert_eq!(file.told(DAILY), expected);
    let people =
        "SELECT person, SUM(cost_nano_usd) FROM ai_spend_by_person_nano WHERE basis = 'console_file' GROUP BY 1";
    assert_eq!(file.told(people), ["grace@example.com | 2000000000"]);
    let places = "SELECT DISTINCT workspace_id, list_cost_nano_usd FROM charges_nano WHERE basis = 'console_file'";
    assert_eq!(file.told(places), ["Research | 2000000000"]);
}

/// What a person used by the usage file of Cursor.
fn event<'a>(row_id: &'a str, billing: &'a str, cost: Option<i64>, day: &'a str) -> Vec<(&'a str, Value)> {
    let usual = [
        ("row_id", t(row_id)),
        ("email", t("ann@example.com")),
        ("model", t("m")),
        ("billing", t(billing)),
        ("cost_usd", cost.map_or(Value::Null, n)),
    ];
    on(&usual, day)
}

#[tokio::test]
async fn a_usage_file_of_cursor_charges_what_is_on_demand_on_days_without_events_of_the_api() {
    let file = Inserted::nothing().await;
    for day in DAYS {
        file.put("cursor_imported_events", &event("e1", "on_demand", Some(DOLLAR), day))
            .put("cursor_imported_events", &event("e2", "on_demand", None, day))
            .put("cursor_imported_events", &event("e3", "unknown", Some(DOLLAR / 2), day))
            .put("cursor_imported_events", &event("e4", "included", Some(7 * DOLLAR), day))
            .put("cursor_imported_events", &event("e5", "own_key", Some(7 * DOLLAR), day))
            .put("cursor_imported_events", &event("e6", "not_charged", Some(7 * DOLLAR), day));
    }
    file.put("coverage", &on(&answered("cursor/usage_events"), DAYS[1]));
    assert_eq!(file.told(DAILY), ["2025-10-01 | cursor | usage_file | 1500000000"]);
    let charges = "SELECT billing, basis, events, cost_nano_usd FROM charges_nano ORDER BY 1";
    let expected = [
        "billed | usage_file | 3 | 1000000000",
        "included | usage_file | 1 | 7000000000",
        "not_charged | usage_file | 1 | 0",
        "unknown | usage_file | 1 | 500000000",
    ];
    assert_eq!(file.told(charges), expected);
    let sums = "SELECT on_demand_nano_usd, unknown_kind_nano_usd, total_nano_usd FROM cursor_expenses_nano";
    assert_eq!(file.told(sums), ["1000000000 | 500000000 | 1500000000"]);
}

#[tokio::test]
async fn on_a_request_plan_the_charges_of_a_file_count_once_and_no_request_of_its_days_is_over_the_included_ones() {
    let file = Inserted::nothing().await;
    // Six requests a day at two dollars, of which four a cycle are included; the file has the second day alone.
    for day in DAYS {
        for (id, email) in [("s1", "ann@example.com"), ("s2", "bob@example.com")] {
            let seat = [
                ("row_id", t(id)),
                ("user_id", t(id)),
                ("email", t(email)),
                ("usage_based_reqs", n(6)),
                ("plan", t("request")),
                ("billing_cycle_start", t("2025-10-01")),
                ("included_requests", n(4)),
                ("request_usd", n(2 * DOLLAR)),
            ];
            file.put("cursor_usage_stats", &on(&seat, day));
        }
    }
    let fetched = [("fetched_at", t("2025-11-01T00:00:00.000000Z"))];
    file.put("cursor_imported_events", &event("e1", "on_demand", Some(DOLLAR), DAYS[1]))
        .put("coverage", &on(&[&answered("upload/cursor_usage")[..], &fetched].concat(), DAYS[1]));
    let rows = file.told(
        "SELECT activity_date, person, basis, on_demand_nano_usd, over_included_nano_usd FROM spend_daily_nano ORDER BY 1, 2",
    );
    let expected = [
        "2025-10-01 | ann@example.com | request_counts | 0 | 4000000000",
        "2025-10-01 | bob@example.com | request_counts | 0 | 4000000000",
        "2025-10-02 | ann@example.com | usage_file | 1000000000 | 0",
        "2025-10-02 | bob@example.com | events_units | 0 | 0",
    ];
    assert_eq!(rows, expected);
}
