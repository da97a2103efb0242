//! What Cursor costs, by plan and by what is known of a day.

use rusqlite::types::Value;

use super::inserted::{Inserted, n, t};

const ADA: &str = "ada@example.com";
const CENT: i64 = 10_000_000;
const UNIT: i64 = 1_000_000;

type Cells<'a> = Vec<(&'a str, Value)>;

/// On a request plan: three included units, four cents a unit over them.
fn request_plan(day: &str, email: &str) -> Cells<'static> {
    let plan = [
        ("activity_date", t(day)),
        ("row_id", t(&format!("{day} {email}"))),
        ("email", t(email)),
        ("plan", t("request")),
        ("billing_cycle_start", t(if day < "2025-10-05" { "2025-09-05" } else { "2025-10-05" })),
        ("included_requests", n(3)),
        ("request_usd", n(4 * CENT)),
    ];
    plan.to_vec()
}

fn counted(day: &str, included: i64, usage_based: i64) -> Cells<'static> {
    let counts = [
        ("seat_usd", n(129 * CENT)),
        ("user_id", t("7")),
        ("subscription_included_reqs", n(included)),
        ("usage_based_reqs", n(usage_based)),
    ];
    [request_plan(day, ADA), counts.to_vec()].concat()
}

fn event(plan: Cells<'static>, row_id: &str, more: &[(&'static str, Value)]) -> Cells<'static> {
    let mut cells: Cells = plan.into_iter().filter(|(name, _)| *name != "row_id").collect();
    cells.push(("row_id", t(row_id)));
    cells.extend_from_slice(more);
    cells
}

fn units(day: &str, row_id: &str, billing: &str, micro: i64) -> Cells<'static> {
    event(request_plan(day, ADA), row_id, &[("billing", t(billing)), ("request_micro_units", n(micro))])
}

fn token_plan(email: &str) -> Cells<'static> {
    vec![("row_id", t(email)), ("email", t(email)), ("plan", t("token")), ("billing_cycle_start", t("2025-09-20"))]
}

fn charged(row_id: &str, billing: &str, charge: Option<i64>, more: &[(&'static str, Value)]) -> Cells<'static> {
    let charge = charge.map_or(Value::Null, n);
    event(token_plan(ADA), row_id, &[&[("billing", t(billing)), ("charged_usd", charge)], more].concat())
}

fn loaded(day: &str) -> Cells<'static> {
    let at = t("2025-11-01T00:00:00.000000Z");
    vec![("source", t("cursor/usage_events")), ("activity_date", t(day)), ("state", t("settled")), ("fetched_at", at)]
}

#[tokio::test]
async fn requests_over_the_included_ones_of_the_cycle_cost_their_price() {
    let file = Inserted::nothing().await;
    // 2 + 3 requests with 3 included: the second day pays for two. The next cycle begins anew.
    file.put("cursor_usage_stats", &counted("2025-10-03", 2, 0))
        .put("cursor_usage_stats", &counted("2025-10-04", 2, 1))
        .put("cursor_usage_stats", &counted("2025-10-05", 3, 1));
    let rows = file.told(
        "SELECT expense_date, seat_usd, included_usage_usd, on_demand_usd, request_micro_units, total_usd, basis
         FROM cursor_expenses ORDER BY 1",
    );
    let expected = [
        "2025-10-03 | 1.29 | - | 0.0 | 2000000 | 1.29 | request_counts",
        "2025-10-04 | 1.29 | - | 0.08 | 3000000 | 1.37 | request_counts",
        "2025-10-05 | 1.29 | - | 0.04 | 4000000 | 1.33 | request_counts",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn units_of_events_go_before_raw_counts_where_the_day_is_loaded() {
    let file = Inserted::nothing().await;
    // Loaded, and nothing happened: the 50 requests that were counted are worth no unit.
    file.put("cursor_usage_stats", &counted("2025-10-06", 50, 0)).put("coverage", &loaded("2025-10-06"));
    // 2.5 units, then 1.4: 0.9 over. What is not charged counts for nothing.
    file.put("cursor_usage_stats", &counted("2025-10-07", 9, 0))
        .put("coverage", &loaded("2025-10-07"))
        .put("cursor_usage_events", &units("2025-10-07", "a", "included", 2 * UNIT))
        .put("cursor_usage_events", &units("2025-10-07", "b", "included", UNIT / 2))
        .put("cursor_usage_events", &units("2025-10-07", "c", "not_charged", 9 * UNIT))
        .put("cursor_usage_stats", &counted("2025-10-08", 0, 9))
        .put("coverage", &loaded("2025-10-08"))
        .put("cursor_usage_events", &units("2025-10-08", "a", "on_demand", 1_400_000));
    // An attempt that failed has loaded nothing.
    let mut failed = loaded("2025-10-09");
    failed.retain(|(name, _)| *name != "fetched_at");
    file.put("cursor_usage_stats", &counted("2025-10-09", 1, 0)).put("coverage", &failed);
    let rows = file.told(
        "SELECT expense_date, on_demand_nano_usd, request_micro_units, basis FROM cursor_expenses_nano ORDER BY 1",
    );
    let expected = [
        "2025-10-06 | 0 | 0 | events_units",
        "2025-10-07 | 0 | 2500000 | events_units",
        "2025-10-08 | 36000000 | 1400000 | events_units",
        "2025-10-09 | 40000000 | 1000000 | request_counts",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_day_that_is_told_anew_changes_what_later_days_of_its_cycle_cost() {
    let file = Inserted::nothing().await;
    file.put("cursor_usage_stats", &counted("2025-10-06", 3, 0))
        .put("cursor_usage_stats", &counted("2025-10-07", 1, 0));
    let cost = "SELECT on_demand_usd FROM cursor_expenses ORDER BY expense_date";
    assert_eq!(file.told(cost), ["0.0", "0.04"]);
    let restated =
        "UPDATE cursor_usage_stats_nano SET subscription_included_reqs = 2 WHERE activity_date = '2025-10-06'";
    file.connection.execute_batch(restated).unwrap();
    assert_eq!(file.told(cost), ["0.0", "0.0"]);
}

#[tokio::test]
async fn charges_of_events_are_the_cost_on_a_token_plan_and_hold_the_fee_already() {
    let file = Inserted::nothing().await;
    let fee = |cents: i64| ("cursor_token_fee_usd", n(cents * CENT));
    let seat = [token_plan(ADA), vec![("seat_usd", n(133 * CENT)), ("usage_based_reqs", n(99))]].concat();
    file.put("cursor_usage_stats", &seat)
        .put("cursor_usage_events", &charged("a", "included", Some(50 * CENT), &[fee(5)]))
        .put("cursor_usage_events", &charged("b", "on_demand", Some(30 * CENT), &[fee(2)]))
        // An older event without a charge: the cost of the model and the fee.
        .put("cursor_usage_events", &charged("c", "on_demand", None, &[("token_cost_usd", n(10 * CENT)), fee(1)]))
        .put("cursor_usage_events", &charged("d", "unknown", Some(7 * CENT), &[]))
        .put("cursor_usage_events", &charged("e", "not_charged", Some(40 * CENT), &[fee(4)]));
    let rows = file.told(
        "SELECT seat_usd, included_usage_usd, on_demand_usd, unknown_kind_usd, token_fee_usd, request_micro_units,
         total_usd, basis FROM cursor_expenses",
    );
    // 1.33 + 0.30 + 0.11 + 0.07.
    assert_eq!(rows, ["1.33 | 0.5 | 0.41 | 0.07 | 0.08 | - | 1.81 | events_charged"]);
}

#[tokio::test]
async fn an_unknown_kind_costs_what_it_is_charged_and_nothing_else() {
    let file = Inserted::nothing().await;
    let charge = [("billing", t("unknown")), ("request_micro_units", n(9 * UNIT)), ("charged_usd", n(6 * CENT))];
    file.put("cursor_usage_events", &units("2025-10-07", "a", "unknown", 4 * UNIT))
        .put("cursor_usage_events", &event(request_plan("2025-10-07", ADA), "b", &charge));
    let without = [("token_cost_usd", n(10 * CENT)), ("cursor_token_fee_usd", n(CENT))];
    file.put("cursor_usage_events", &charged("c", "unknown", None, &without));
    let rows = file.told(
        "SELECT plan, on_demand_usd, unknown_kind_usd, token_fee_usd, request_micro_units, total_usd FROM cursor_expenses
         ORDER BY 1",
    );
    assert_eq!(rows, ["request | 0.0 | 0.06 | 0.0 | 0 | 0.06", "token | 0.0 | 0.0 | 0.0 | - | 0.0"]);
}

#[tokio::test]
async fn on_a_request_plan_an_events_own_charge_goes_before_its_units() {
    let file = Inserted::nothing().await;
    let with_charge = |row_id: &str, billing: &str, micro: i64, charge: i64| {
        let told = [("billing", t(billing)), ("request_micro_units", n(micro)), ("charged_usd", n(charge))];
        event(request_plan("2025-10-08", ADA), row_id, &told)
    };
    // Three units are included. What is charged by its tokens is charged, and its units are neither included nor over.
    file.put("cursor_usage_events", &units("2025-10-07", "a", "included", 3 * UNIT))
        .put("cursor_usage_events", &with_charge("b", "on_demand", UNIT, 375 * CENT / 10))
        .put("cursor_usage_events", &with_charge("c", "on_demand", UNIT, 375 * CENT / 10))
        .put("cursor_usage_events", &with_charge("d", "included", 9 * UNIT, 8 * CENT))
        .put("cursor_usage_events", &units("2025-10-09", "e", "on_demand", UNIT));
    let rows = file.told("SELECT expense_date, on_demand_usd, request_micro_units FROM cursor_expenses ORDER BY 1");
    assert_eq!(rows, ["2025-10-07 | 0.0 | 3000000", "2025-10-08 | 0.75 | 0", "2025-10-09 | 0.04 | 1000000"]);
    // One that reports neither charge nor units costs what its model did.
    let model = [("billing", t("on_demand")), ("computed_charge_usd", n(5 * CENT))];
    file.put("cursor_usage_events", &event(request_plan("2025-10-10", ADA), "f", &model));
    let last = "SELECT on_demand_usd FROM cursor_expenses WHERE expense_date = '2025-10-10'";
    assert_eq!(file.told(last), ["0.05"]);
}

#[tokio::test]
async fn nobody_has_no_included_requests_and_the_vendors_word_decides_what_is_over() {
    let file = Inserted::nothing().await;
    let nobodys = |day: &str, row_id: &str, billing: &str, more: &[(&'static str, Value)]| {
        let cells = [&[("email", Value::Null), ("billing", t(billing))], more].concat();
        let plan = request_plan(day, ADA).into_iter().filter(|(name, _)| *name != "email").collect();
        event(plan, row_id, &cells)
    };
    let used = |units: i64| ("request_micro_units", n(units * UNIT));
    // Of two people who left: three included units each, and one on demand. None of it is one person's.
    for (day, row_id) in [("2025-10-07", "a"), ("2025-10-07", "b"), ("2025-10-08", "c")] {
        file.put("cursor_usage_events", &nobodys(day, row_id, "included", &[used(3)]));
    }
    file.put("cursor_usage_events", &nobodys("2025-10-08", "d", "on_demand", &[used(1)]))
        .put("cursor_usage_events", &nobodys("2025-10-09", "e", "on_demand", &[used(9), ("charged_usd", n(5 * CENT))]))
        .put("cursor_usage_events", &units("2025-10-08", "f", "on_demand", 3 * UNIT));
    let rows = file.told(
        "SELECT expense_date, email, on_demand_usd, request_micro_units, total_usd FROM cursor_expenses ORDER BY 1, 2",
    );
    let expected = [
        "2025-10-07 | - | 0.0 | 6000000 | 0.0",
        "2025-10-08 | - | 0.04 | 4000000 | 0.04",
        "2025-10-08 | ada@example.com | 0.0 | 3000000 | 0.0",
        "2025-10-09 | - | 0.05 | 0 | 0.05",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn people_without_an_address_are_told_apart_by_their_number() {
    let file = Inserted::nothing().await;
    for (user, requests) in [("7", 3), ("8", 4)] {
        let mut cells = counted("2025-10-06", requests, 0);
        cells.retain(|(name, _)| !["email", "row_id", "user_id"].contains(name));
        cells.extend([("row_id", t(user)), ("user_id", t(user))]);
        file.put("cursor_usage_stats", &cells);
    }
    let rows = file.told("SELECT user_id, email, seat_usd, on_demand_usd, total_usd FROM cursor_expenses ORDER BY 1");
    assert_eq!(rows, ["7 | - | 1.29 | 0.0 | 1.29", "8 | - | 1.29 | 0.04 | 1.33"]);
}

#[tokio::test]
async fn of_use_with_an_own_key_only_the_fee_is_the_vendors() {
    let file = Inserted::nothing().await;
    let cost = [("token_cost_usd", n(300 * CENT)), ("computed_charge_usd", n(302 * CENT))];
    let fee = ("cursor_token_fee_usd", n(2 * CENT));
    file.put("cursor_usage_events", &charged("a", "own_key", None, &[&cost[..], std::slice::from_ref(&fee)].concat()))
        .put("cursor_usage_events", &charged("b", "own_key", Some(300 * CENT), &[]))
        .put("cursor_usage_events", &charged("c", "on_demand", Some(150 * CENT), &[]));
    let own = [("billing", t("own_key")), ("request_micro_units", n(9 * UNIT)), fee];
    file.put("cursor_usage_events", &event(request_plan("2025-10-07", ADA), "d", &own));
    let rows = file.told("SELECT plan, on_demand_usd, token_fee_usd, total_usd FROM cursor_expenses ORDER BY 1");
    assert_eq!(rows, ["request | 0.02 | 0.02 | 0.02", "token | 1.52 | 0.02 | 1.52"]);
}

#[tokio::test]
async fn a_computed_charge_has_the_discount_and_goes_before_the_cost_of_the_model() {
    let file = Inserted::nothing().await;
    let computed = [("token_cost_usd", n(10 * CENT)), ("computed_charge_usd", n(8 * CENT))];
    file.put("cursor_usage_events", &charged("a", "on_demand", None, &computed));
    assert_eq!(file.told("SELECT on_demand_usd FROM cursor_expenses"), ["0.08"]);
}

#[tokio::test]
async fn use_without_a_seat_and_seats_without_use_are_both_there() {
    let file = Inserted::nothing().await;
    let service = [("billing", t("on_demand")), ("charged_usd", n(CENT)), ("service_account_name", t("Nightly"))];
    file.put("cursor_usage_stats", &[token_plan(ADA), vec![("seat_usd", n(CENT)), ("user_id", t("7"))]].concat())
        .put("cursor_usage_events", &event(token_plan("bot@example.com"), "a", &service))
        .put("cursor_usage_events", &event(token_plan("gone@example.com"), "b", &service[..2]));
    // Removed and invited anew: two members, one address.
    for id in ["user_1", "user_2"] {
        file.put("dim_cursor_members", &[("member_id", t(id)), ("email", t(ADA)), ("name", t("Ada"))]);
    }
    let rows =
        file.told("SELECT email, user_id, name, seat_usd, total_usd, basis, platform FROM cursor_expenses ORDER BY 1");
    let expected = [
        "ada@example.com | 7 | Ada | 0.01 | 0.01 | seat_only | cursor",
        "bot@example.com | - | Nightly | 0.0 | 0.01 | events_charged | cursor",
        "gone@example.com | - | - | 0.0 | 0.01 | events_charged | cursor",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn a_fraction_of_a_unit_costs_its_part_and_a_cycle_adds_up_to_the_nano_dollar() {
    let file = Inserted::nothing().await;
    // A third of a unit on each of 27 days, at a price that has no third: 3 are included, so 6 units are over.
    for day in 1..=27 {
        let (date, micro) = (format!("2025-11-{day:02}"), if day % 3 == 0 { 333_334 } else { 333_333 });
        let mut cells = units(&date, &date, "included", micro);
        cells.retain(|(name, _)| !["request_usd", "billing_cycle_start"].contains(name));
        cells.extend([("request_usd", n(40_000_001)), ("billing_cycle_start", t("2025-11-01"))]);
        file.put("cursor_usage_events", &cells);
    }
    let total = "SELECT SUM(on_demand_nano_usd), MIN(on_demand_nano_usd), MAX(typeof(on_demand_nano_usd)) FROM cursor_expenses_nano";
    assert_eq!(file.told(total), ["240000006 | 0 | integer"]);
}
