//! Pages in, rows and rejects out.
#![allow(clippy::unwrap_used)]

mod support;

use everycent_domain::attribution::{Platform, Rule, Rules};
use everycent_domain::normalize::{FinishedFile, NormalizeError, Normalizer};
use everycent_domain::prices::{CursorPrice, CursorPrices, CycleDay, Plan};
use everycent_domain::recipe::Recipe;
use everycent_domain::vendors::{anthropic, cursor};
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{Timestamp, Usd};
use serde_json::{Value, json};
use support::{RowMap, day, manifest, normalize, text};

/// A date as a row file holds it.
fn date(text: &str) -> Cell {
    Cell::Integer(day(text).epoch_days().into())
}

fn bucket(day: &str, results: Value) -> Value {
    json!({"starting_at": format!("{day}T00:00:00Z"), "ending_at": "later", "results": results})
}

fn cost(amount: Value, workspace: Value) -> Value {
    json!({"amount": amount, "currency": "USD", "workspace_id": workspace, "description": "Claude Sonnet 4.5 Usage - Input Tokens",
        "cost_type": "tokens", "model": "claude-sonnet-4-5", "token_type": "uncached_input_tokens",
        "context_window": "0-200k", "service_tier": "standard", "inference_geo": null, "a_new_field": {"x": 1}})
}

#[test]
fn cents_become_dollars_and_the_null_workspace_is_kept_as_the_default_one() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-04", 1);
    let page = json!({"data": [
        bucket("2025-10-03", json!([cost(json!("3.73"), Value::Null), cost(json!("28.97"), json!("wrkspc_1"))])),
        bucket("2025-10-04", json!([])),
    ], "has_more": false, "next_page": null});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    let rows = normalized.rows("claude_costs");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["amount_usd"], Cell::Money(Usd::from_nanos(37_300_000)));
    assert_eq!(text(&rows[0], "amount_cents"), "3.73");
    assert_eq!(rows[0]["workspace_id"], Cell::Null);
    assert_eq!(text(&rows[1], "workspace_id"), "wrkspc_1");
    assert_eq!((text(&rows[0], "platform"), text(&rows[0], "platform_basis")), ("unattributed".into(), "null".into()));
    let buckets: Vec<_> =
        normalized.batch.buckets.iter().map(|b| (b.activity_date.to_string(), b.rows, b.amount_usd)).collect();
    assert_eq!(
        buckets,
        [("2025-10-03".into(), 2, Some(Usd::from_nanos(327_000_000))), ("2025-10-04".into(), 0, None),]
    );
}

#[test]
fn a_record_that_does_not_read_is_rejected_and_its_neighbours_load() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let bad = [json!("abc"), json!(true), Value::Null, json!("1,000")];
    let mut results: Vec<Value> = bad.iter().map(|amount| cost(amount.clone(), Value::Null)).collect();
    let mut euro = cost(json!("5"), Value::Null);
    euro["currency"] = json!("EUR");
    results.extend([json!("no object"), euro, cost(json!("1"), Value::Null)]);
    let page = json!({"data": [bucket("2025-10-03", json!(results))], "has_more": false});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.rows("claude_costs").len(), 1);
    let rejects = normalized.rows("rejected_records");
    let positions: Vec<String> = rejects.iter().map(|row| text(row, "position")).collect();
    assert_eq!(positions, (0..6).map(|index| format!("/data/0/results/{index}")).collect::<Vec<_>>());
    assert!(text(&rejects[0], "reason").contains("`abc` is not a decimal number"));
    assert!(text(&rejects[1], "reason").contains("`true` is not"), "{}", text(&rejects[1], "reason"));
    assert!(text(&rejects[5], "reason").contains("EUR"));
    assert!(text(&rejects[0], "object").ends_with("/page-00001.json.zst"));
    assert_eq!((normalized.batch.buckets[0].rows, normalized.batch.buckets[0].rejects), (1, 6));
}

#[test]
fn an_amount_is_read_in_every_form_of_a_number_and_rounded_where_it_has_more_digits_than_a_row() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let cases = [
        (json!("3187.50031875"), "3187.50031875", 31_875_003_188),
        (json!("0E-8"), "0E-8", 0),
        (json!("5.5E-7"), "5.5E-7", 6),
        (json!("0.00000025"), "0.00000025", 2),
        (json!(250.5), "250.5", 2_505_000_000),
        (json!(7), "7", 70_000_000),
        (json!("+1.5"), "+1.5", 15_000_000),
        (json!("-0"), "-0", 0),
    ];
    let results: Vec<Value> = cases.iter().map(|(amount, ..)| cost(amount.clone(), Value::Null)).collect();
    let page = json!({"data": [bucket("2025-10-03", json!(results))], "has_more": false});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.rows("rejected_records").len(), 0);
    for (row, (_, vendors, nanos)) in normalized.rows("claude_costs").iter().zip(&cases) {
        assert_eq!(
            (text(row, "amount_cents"), &row["amount_usd"]),
            ((*vendors).into(), &Cell::Money(Usd::from_nanos(*nanos)))
        );
    }
    assert_eq!(normalized.batch.buckets[0].amount_usd, Some(Usd::from_nanos(34_465_003_196)));
}

#[test]
fn an_odd_field_beside_the_amount_is_left_empty_and_remarked_and_whose_it_is_must_read() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let of = |field: &str, value: Value| {
        let mut odd = cost(json!("100"), json!("wrkspc_1"));
        odd[field] = value;
        let page = json!({"data": [bucket("2025-10-03", json!([odd, cost(json!("1"), Value::Null)]))]});
        normalize(&manifest, &Recipe::default(), &[page]).unwrap()
    };
    let beside = ["description", "cost_type", "model", "token_type", "context_window", "service_tier", "inference_geo"];
    for field in beside {
        for value in [json!({"x": [1, "}"]}), json!([]), json!(true), json!(0.5)] {
            let normalized = of(field, value.clone());
            assert_eq!(
                normalized.column("claude_costs", "amount_usd"),
                ["1.000000000", "0.010000000"],
                "{field} {value}"
            );
            assert_eq!((normalized.odd_fields(), normalized.rows("rejected_records").len()), (vec![field.into()], 0));
        }
        assert_eq!(of(field, json!(200_000)).column("claude_costs", field)[0], "200000");
    }
    for (field, value) in [("workspace_id", json!({})), ("workspace_id", json!(false)), ("currency", json!(7))] {
        let normalized = of(field, value);
        assert_eq!(normalized.column("claude_costs", "amount_usd"), ["0.010000000"]);
        let reasons = normalized.column("rejected_records", "reason");
        assert!(reasons[0].starts_with(&format!("{field}: it can't be left empty")), "{reasons:?}");
    }
    let session = of("cost_type", json!("session_usage"));
    assert_eq!((session.column("claude_costs", "cost_type")[0].as_str(), session.remarks()), ("session_usage", vec![]));
}

#[test]
fn daily_usage_is_kept_whatever_is_odd_beside_what_is_billed() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-10-01", "2025-10-01", 1);
    let of = |field: &str, value: Value| {
        let mut odd = usage("ann@example.com", "2025-10-01", 5);
        odd[field] = value;
        normalize(&manifest, &Recipe::default(), &[json!({"data": [odd, usage("bob@example.com", "2025-10-01", 0)]})])
            .unwrap()
    };
    for (field, value) in [
        ("totalLinesAdded", json!("many")),
        ("totalLinesAdded", json!(-4)),
        ("acceptedLinesAdded", json!(1.5)),
        ("isActive", json!("sometimes")),
        ("clientVersion", json!({"major": 1})),
        ("mostUsedModel", json!([])),
        ("userId", json!([12345])),
        ("email", Value::Null),
        ("email", json!("")),
    ] {
        let normalized = of(field, value.clone());
        assert_eq!(normalized.rows("cursor_usage_stats").len(), 2, "{field} {value}");
        assert_eq!(normalized.odd_fields(), [field], "{field} {value}");
    }
    for (field, value) in [("totalLinesAdded", json!("10")), ("totalLinesAdded", json!(10.0)), ("isActive", json!(1))] {
        let normalized = of(field, value);
        let row = &normalized.rows("cursor_usage_stats")[0];
        assert_eq!((&row["total_lines_added"], &row["is_active"]), (&Cell::Integer(10), &Cell::Boolean(true)));
        assert_eq!(normalized.remarks(), []);
    }
    let billed = of("usageBasedReqs", json!("many"));
    assert_eq!((billed.rows("cursor_usage_stats").len(), billed.rows("rejected_records").len()), (1, 1));
}

#[test]
fn dollars_are_dollars_in_any_case_or_unnamed_and_another_currency_is_named() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let of = |currency: Value| {
        let mut cost = cost(json!("100"), Value::Null);
        cost["currency"] = currency;
        cost
    };
    let currencies = [json!("usd"), json!(" USD "), Value::Null, json!(""), json!("EUR")];
    let page = json!({"data": [bucket("2025-10-03", json!(currencies.map(of)))], "has_more": false});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.column("claude_costs", "currency"), ["USD"; 4]);
    assert_eq!(normalized.column("rejected_records", "reason"), ["currency `EUR` is not USD"]);
}

#[test]
fn twins_in_a_bucket_are_all_kept_and_their_ids_do_not_depend_on_amounts() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let ids = |amounts: [&str; 3]| {
        let results: Vec<Value> = amounts.iter().map(|amount| cost(json!(amount), Value::Null)).collect();
        let page = json!({"data": [bucket("2025-10-03", json!(results))]});
        let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
        normalized.rows("claude_costs").iter().map(|row| text(row, "row_id")).collect::<Vec<_>>()
    };
    let first = ids(["1", "1", "2"]);
    let distinct: std::collections::BTreeSet<&String> = first.iter().collect();
    assert_eq!(distinct.len(), 3);
    assert_eq!(first, ids(["5", "6", "7"]));
}

#[test]
fn rules_attribute_a_cost_and_keep_the_evidence() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let rule = Rule { workspace_id: Some("wrkspc_1".into()), ..Rule::new("team-code", Platform::ClaudeCode) };
    let recipe = Recipe { rules: Rules::new(vec![rule]), ..Recipe::default() };
    let page = json!({"data": [bucket("2025-10-03", json!([cost(json!("1"), json!("wrkspc_1"))]))]});
    let normalized = normalize(&manifest, &recipe, &[page]).unwrap();
    let row = &normalized.rows("claude_costs")[0];
    assert_eq!((text(row, "platform"), text(row, "platform_basis")), ("claude_code".into(), "team-code".into()));
    assert_eq!(normalized.batch.recipe, recipe.fingerprint_of_rules());
}

#[test]
fn the_ungrouped_report_feeds_the_control_total_alone() {
    let manifest = manifest(anthropic::cost_totals::SOURCE, "2025-10-03", "2025-10-03", 1);
    let page = json!({"data": [bucket("2025-10-03", json!([{"amount": "32.7", "currency": "USD"}]))]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.tables.keys().collect::<Vec<_>>(), ["claude_cost_totals"]);
    assert_eq!(normalized.rows("claude_cost_totals")[0]["amount_usd"], Cell::Money(Usd::from_nanos(327_000_000)));
}

fn usage(email: &str, day: &str, usage_based: i64) -> Value {
    json!({"userId": 12345, "day": day, "date": 0, "email": email, "isActive": true, "totalLinesAdded": 10, "acceptedLinesAdded": 4,
        "usageBasedReqs": usage_based, "mostUsedModel": null, "clientVersion": "1.2.3"})
}

#[test]
fn cursor_requests_over_the_plan_are_priced_and_emails_are_lower_case() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-09-01", "2025-09-02", 1);
    let page = json!({"data": [usage("Ann@Example.com", "2025-09-01", 5), usage("ann@example.com", "2025-09-02", 0)]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    let rows = normalized.rows("cursor_usage_stats");
    assert_eq!(text(&rows[0], "email"), "ann@example.com");
    assert_eq!(text(&rows[0], "row_id"), text(&rows[1], "row_id"));
    assert_eq!(rows[0]["estimated_cost_usd"], Cell::Money(Usd::from_nanos(200_000_000)));
    assert_eq!(rows[0]["total_lines_added"], Cell::Integer(10));
    assert_eq!(rows[0]["bugbot_usages"], Cell::Integer(0));
    assert_eq!(text(&rows[0], "user_id"), "12345");
    let quantity: Vec<i64> = normalized.batch.buckets.iter().map(|bucket| bucket.quantity).collect();
    assert_eq!(quantity, [19, 14]);
}

#[test]
fn two_spellings_of_a_cursor_user_are_one_who_is_counted_once() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-09-01", "2025-09-01", 1);
    let page =
        json!({"data": [usage("ann@example.com", "2025-09-01", 5), usage(" ANN@example.com ", "2025-09-01", 5)]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.column("cursor_usage_stats", "email"), ["ann@example.com"]);
    assert_eq!(normalized.rows("rejected_records"), []);
}

#[test]
fn a_row_has_the_plan_of_its_day_and_a_part_of_the_seat_whether_the_person_was_active_or_not() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-09-14", "2025-09-15", 1);
    let idle = json!({"userId": 7, "day": "2025-09-15", "date": 0, "email": "bob@example.com", "isActive": false});
    let page =
        json!({"data": [usage("ann@example.com", "2025-09-14", 5), usage("ann@example.com", "2025-09-15", 5), idle]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    let [request, token, idle] = normalized.rows("cursor_usage_stats") else { panic!("three rows") };
    let dollars = |nanos| Cell::Money(Usd::from_nanos(nanos));
    // 14 and 15 of 30 parts of 40 dollars are 18.666666666 and 20: what was lost to the 14th comes to the 15th.
    for (row, seat) in [(request, 1_333_333_333), (token, 1_333_333_334), (idle, 1_333_333_334)] {
        assert_eq!(row["seat_usd"], dollars(seat));
        assert_eq!(row["billing_cycle_start"], date("2025-09-01"));
    }
    let plan = |row: &RowMap| {
        (
            text(row, "plan"),
            row["estimated_cost_usd"].clone(),
            row["included_requests"].clone(),
            row["request_usd"].clone(),
        )
    };
    assert_eq!(plan(request), ("request".into(), dollars(200_000_000), Cell::Integer(500), dollars(40_000_000)));
    assert_eq!(plan(token), ("token".into(), Cell::Null, Cell::Null, Cell::Null));
    assert_eq!(plan(idle), plan(token));
    let amounts: Vec<_> = normalized.batch.buckets.iter().map(|bucket| bucket.amount_usd.unwrap().nanos()).collect();
    assert_eq!(amounts, [1_533_333_333, 2_666_666_668]);
}

#[test]
fn each_account_has_its_own_prices() {
    let price = CursorPrice {
        from: day("2025-01-01"),
        seat_usd: Usd::from_nanos(30_000_000_000),
        premium_seat_usd: None,
        cycle_day: CycleDay::new(15).unwrap(),
        plan: Plan::Request { included_requests: 300, request_usd: Usd::from_nanos(1) },
    };
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-09-14", "2025-09-14", 1);
    let page = json!({"data": [usage("ann@example.com", "2025-09-14", 5)]});
    let row_of = |account: &str| {
        let cursor_prices = CursorPrices::overridden([(Some(account.into()), price)]);
        let recipe = Recipe { cursor_prices, ..Recipe::default() };
        let normalized = normalize(&manifest, &recipe, std::slice::from_ref(&page)).unwrap();
        let row = &normalized.rows("cursor_usage_stats")[0];
        (row["billing_cycle_start"].clone(), row["included_requests"].clone())
    };
    assert_eq!(row_of("acme"), (date("2025-08-15"), Cell::Integer(300)));
    assert_eq!(row_of("another"), (date("2025-09-01"), Cell::Integer(500)));
}

#[test]
fn a_record_that_comes_twice_counts_once_and_one_that_contradicts_it_is_rejected() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-10-01", "2025-10-01", 1);
    let one = usage("ann@example.com", "2025-10-01", 1);
    let page = json!({"data": [one, one, usage("ann@example.com", "2025-10-01", 2), usage("bob@example.com", "2025-09-30", 0)]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(normalized.rows("cursor_usage_stats").len(), 1);
    let mut rejects: Vec<String> =
        normalized.rows("rejected_records").iter().map(|row| text(row, "position")).collect();
    rejects.sort();
    assert_eq!(rejects, ["/data/2", "/data/3"]);
}

#[test]
fn of_three_records_that_contradict_each_other_the_first_on_the_page_counts() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-10-01", "2025-10-01", 1);
    let told = [3, 1, 2].map(|usage_based| usage("ann@example.com", "2025-10-01", usage_based));
    let page = json!({"data": told.to_vec()});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    let kept: Vec<&Cell> = normalized.rows("cursor_usage_stats").iter().map(|row| &row["usage_based_reqs"]).collect();
    assert_eq!(kept, [&Cell::Integer(3)]);
    let rejects: Vec<String> = normalized.rows("rejected_records").iter().map(|row| text(row, "position")).collect();
    assert_eq!(rejects, ["/data/1", "/data/2"]);
}

#[test]
fn usage_comes_in_the_order_of_the_tables_key_whatever_the_order_of_the_page() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2025-10-01", "2025-10-03", 1);
    let users = ["ann@example.com", "bob@example.com", "cem@example.com", "dee@example.com"];
    let days = ["2025-10-03", "2025-10-01", "2025-10-02"];
    let told: Vec<Value> = users.iter().flat_map(|user| days.map(|day| usage(user, day, 0))).collect();
    let normalized = normalize(&manifest, &Recipe::default(), &[json!({"data": told})]).unwrap();
    let key = |row: &RowMap| (format!("{:?}", row["activity_date"]), text(row, "row_id"));
    let keys: Vec<_> = normalized.rows("cursor_usage_stats").iter().map(key).collect();
    assert_eq!(keys.len(), 12);
    assert!(keys.is_sorted(), "{keys:?}");
}

#[test]
fn a_snapshot_of_days_without_a_price_gives_no_batch_and_names_the_first() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2022-10-01", "2022-10-01", 1);
    let page = json!({"data": [usage("ann@example.com", "2022-10-01", 1)]});
    let error = normalize(&manifest, &Recipe::default(), &[page]).err().unwrap();
    assert!(matches!(error, NormalizeError::Unpriced(_)));
    assert!(error.to_string().contains("2022-10-01"));
}

/// The two days around the first public price, on two pages, with records that do not read.
fn around_the_first_price(only: Option<(&str, &str)>) -> (Vec<String>, BatchNormalized, Vec<RowMap>, Vec<RowMap>) {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2022-12-31", "2023-01-02", 2);
    let recipe = Recipe::default();
    let mut normalizer = Normalizer::new(&manifest, &recipe, manifest.fetched_at).unwrap();
    if let Some((from, to)) = only {
        normalizer = normalizer.only(day(from), day(to));
    }
    let broken = |day: &str| json!({"day": day, "email": "eve@example.com", "usageBasedReqs": "many"});
    let pages = [
        json!({"data": [broken("2022-12-31"), broken("2023-01-01"), usage("ann@example.com", "2023-01-01", 1)]}),
        json!({"data": [usage("bob@example.com", "2022-12-31", 1), usage("bob@example.com", "2023-01-02", 1)]}),
    ];
    let mut files = Vec::new();
    for page in pages {
        files.extend(normalizer.page(page.to_string().as_bytes()).unwrap());
    }
    let unpriced = normalizer.unpriced().keys().map(ToString::to_string).collect();
    let (last, batch) = normalizer.finish().unwrap();
    files.extend(last);
    let rows = |table: &str| {
        let of_table = |file: &&FinishedFile| file.object.as_str().contains(table);
        files.iter().filter(of_table).flat_map(|file| support::rows_of(&file.body)).collect()
    };
    let (stats, rejects) = (rows("cursor_usage_stats"), rows("rejected_records"));
    (unpriced, batch, stats, rejects)
}

#[test]
fn a_day_without_a_price_is_left_out_with_its_rejects_and_the_others_are_made() {
    let (unpriced, batch, stats, rejects) = around_the_first_price(None);
    assert_eq!(unpriced, ["2022-12-31"]);
    let buckets: Vec<String> = batch.buckets.iter().map(|bucket| bucket.activity_date.to_string()).collect();
    assert_eq!(buckets, ["2023-01-01", "2023-01-02"]);
    assert_eq!(
        stats.iter().map(|row| row["activity_date"].clone()).collect::<Vec<_>>(),
        [date("2023-01-01"), date("2023-01-02")]
    );
    let rejected: Vec<_> = rejects.iter().map(|row| row["activity_date"].clone()).collect();
    assert_eq!(rejected, [date("2023-01-01")], "a file holds rows of buckets of its batch only");
}

#[test]
fn a_day_that_is_not_wanted_needs_no_price() {
    let (unpriced, batch, stats, _) = around_the_first_price(Some(("2023-01-01", "2023-01-02")));
    assert_eq!((unpriced.len(), batch.buckets.len(), stats.len()), (0, 2, 2));
}

#[test]
fn pages_that_are_not_what_the_manifest_says_give_no_batch() {
    let ungrouped = |pages| manifest(anthropic::cost_totals::SOURCE, "2025-10-03", "2025-10-03", pages);
    let page = || json!({"data": [bucket("2025-10-03", json!([]))]});
    let strange = json!({"data": [bucket("2025-10-09", json!([]))]});
    let cases = [
        (2, vec![page()]),
        (1, vec![page(), page()]),
        (2, vec![page(), page()]),
        (1, vec![strange]),
        (1, vec![json!([])]),
    ];
    for (pages, bodies) in cases {
        let error = normalize(&ungrouped(pages), &Recipe::default(), &bodies).err().unwrap();
        assert!(matches!(error, NormalizeError::NotWhole { .. }), "{error}");
    }
}

#[test]
fn the_same_snapshot_at_the_same_time_gives_the_same_batch() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-03", 1);
    let page = json!({"data": [bucket("2025-10-03", json!([cost(json!("1"), Value::Null)]))]});
    let once = normalize(&manifest, &Recipe::default(), std::slice::from_ref(&page)).unwrap();
    let again = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    assert_eq!(once.tables, again.tables);
    let names = |batch: &BatchNormalized| batch.files.iter().map(|file| file.object.clone()).collect::<Vec<_>>();
    assert_eq!(names(&once.batch), names(&again.batch));
}

#[test]
fn a_replay_of_some_days_makes_rows_and_rejects_of_no_other() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-05", 1);
    let recipe = Recipe::default();
    let bucket_of = |day: &str| bucket(day, json!([cost(json!("1"), Value::Null), cost(json!("x"), Value::Null)]));
    let page = json!({"data": [bucket_of("2025-10-03"), bucket_of("2025-10-04"), bucket_of("2025-10-05")]});
    let normalizer = Normalizer::new(&manifest, &recipe, Timestamp::from_micros(1)).unwrap();
    let mut normalizer = normalizer.only(day("2025-10-04"), day("2025-10-04"));
    normalizer.page(page.to_string().as_bytes()).unwrap();
    let (files, batch) = normalizer.finish().unwrap();
    let buckets: Vec<_> = batch.buckets.iter().map(|b| (b.activity_date.to_string(), b.rows, b.rejects)).collect();
    assert_eq!(buckets, [("2025-10-04".to_owned(), 1, 1)]);
    assert_eq!(batch.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(files.len(), 2);
}

#[test]
fn rows_of_other_days_of_a_snapshot_made_at_the_same_time_are_other_files() {
    let manifest = manifest(anthropic::cost_report::SOURCE, "2025-10-03", "2025-10-05", 1);
    let recipe = Recipe::default();
    let bucket_of = |day: &str| bucket(day, json!([cost(json!("1"), Value::Null)]));
    let page = json!({"data": [bucket_of("2025-10-03"), bucket_of("2025-10-04"), bucket_of("2025-10-05")]});
    let files = |only: Option<(&str, &str)>| {
        let normalizer = Normalizer::new(&manifest, &recipe, Timestamp::from_micros(1)).unwrap();
        let mut normalizer = match only {
            Some((from, to)) => normalizer.only(day(from), day(to)),
            None => normalizer,
        };
        normalizer.page(page.to_string().as_bytes()).unwrap();
        normalizer.finish().unwrap().0.into_iter().map(|file| file.object.to_string()).collect::<Vec<_>>()
    };
    let announced = [None, Some(("2025-10-03", "2025-10-04")), Some(("2025-10-04", "2025-10-05"))];
    let names: std::collections::BTreeSet<String> = announced.into_iter().flat_map(files).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn what_was_odd_about_an_answer_is_a_remark() {
    let mut manifest = manifest(cursor::daily_usage::SOURCE, "2025-10-01", "2025-10-01", 1);
    manifest.remarks.push("the vendor counts 2 users and tells of 1".into());
    let page = json!({"data": [usage("ann@example.com", "2025-10-01", 1)]});
    let normalized = normalize(&manifest, &Recipe::default(), &[page]).unwrap();
    let remark = &normalized.rows("remarks")[0];
    assert!(text(remark, "reason").contains("counts 2 users"));
    let bucket = &normalized.batch.buckets[0];
    assert_eq!((text(remark, "position"), bucket.rejects, bucket.remarks), (String::new(), 0, 1));
}

#[test]
fn each_day_that_is_asked_for_says_what_the_plan_asks_be_there_people_on_it_or_not() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2026-05-31", "2026-06-02", 1);
    let page = json!({"data": [usage("ann@example.com", "2026-06-01", 0)]});
    let normalized = normalize(&manifest, &Recipe::default(), std::slice::from_ref(&page)).unwrap();
    let days = normalized.rows("cursor_plan_days");
    let dates = ["activity_date", "billing_cycle_start", "billing_cycle_end"];
    let told: Vec<_> = days.iter().map(|row| dates.map(|column| row[column].clone())).collect();
    let expected = [
        ["2026-05-31", "2026-05-01", "2026-05-31"],
        ["2026-06-01", "2026-06-01", "2026-06-30"],
        ["2026-06-02", "2026-06-01", "2026-06-30"],
    ];
    assert_eq!(told, expected.map(|row| row.map(date)));
    let nanos = |nanos: i128| Cell::Money(Usd::from_nanos(nanos));
    // 40/31 and 40/30 dollars, and three times that once there are two tiers.
    let prices: Vec<_> =
        days.iter().map(|row| (row["standard_seat_usd"].clone(), row["premium_seat_usd"].clone())).collect();
    assert_eq!(prices[0], (nanos(1_290_322_581), nanos(1_290_322_581)));
    assert_eq!(prices[1], (nanos(1_333_333_333), nanos(4_000_000_000)));
    assert!(days.iter().all(|row| text(row, "premium_seat_basis") == "public"));
    // They count as no rows of their days.
    let rows: Vec<i64> = normalized.batch.buckets.iter().map(|bucket| bucket.rows).collect();
    assert_eq!(rows, [0, 1, 0]);
}

#[test]
fn a_day_without_people_and_without_a_price_is_loaded_all_the_same() {
    let manifest = manifest(cursor::daily_usage::SOURCE, "2022-12-31", "2023-01-01", 1);
    let normalized = normalize(&manifest, &Recipe::default(), &[json!({"data": []})]).unwrap();
    assert_eq!((normalized.batch.buckets.len(), normalized.rows("cursor_plan_days").len()), (2, 1));
}
