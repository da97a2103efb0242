//! Lines of the bill, shared out among keys.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rusqlite::types::Value;

use super::inserted::{Inserted, n, t};

const SHARES: &str = "SELECT cost_row_id, api_key_id, share_basis, tokens, cost_nano_usd, platform, platform_basis
                      FROM claude_cost_shares_nano ORDER BY 1, 2";

type Cells<'a> = Vec<(&'a str, Value)>;

/// A line of output tokens of one model.
fn line<'a>(row_id: &'a str, nanos: i64, more: &[(&'a str, Value)]) -> Cells<'a> {
    let usual = [
        ("row_id", t(row_id)),
        ("amount_usd", n(nanos)),
        ("cost_type", t("tokens")),
        ("model", t("sonnet")),
        ("token_type", t("output_tokens")),
        ("service_tier", t("standard")),
        ("context_window", t("0-200k")),
        ("platform", t("unattributed")),
    ];
    with(usual.to_vec(), more)
}

/// Output tokens that a key used of the same model.
fn used<'a>(row_id: &'a str, key: &'a str, tokens: i64, more: &[(&'a str, Value)]) -> Cells<'a> {
    let usual = [
        ("row_id", t(row_id)),
        ("api_key_id", t(key)),
        ("output_tokens", n(tokens)),
        ("model", t("sonnet")),
        ("service_tier", t("standard")),
        ("context_window", t("0-200k")),
        ("platform", t("unattributed")),
    ];
    with(usual.to_vec(), more)
}

fn with<'a>(mut cells: Cells<'a>, more: &[(&'a str, Value)]) -> Cells<'a> {
    cells.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    cells.extend_from_slice(more);
    cells
}

#[tokio::test]
async fn a_line_is_shared_out_by_the_tokens_of_its_token_type() {
    let file = Inserted::nothing().await;
    // A dollar for 1 + 2 + 1 tokens, one part of them by the console.
    file.put("claude_costs", &line("c1", 1_000_000_000, &[]))
        .put("claude_usage_tokens", &used("u1", "k1", 1, &[("uncached_input_tokens", n(500))]))
        .put("claude_usage_tokens", &used("u2", "k2", 2, &[]))
        .put("claude_usage_tokens", &used("u3", "", 1, &[("api_key_id", Value::Null)]))
        .put("claude_usage_tokens", &used("u4", "k4", 0, &[("cache_read_input_tokens", n(7))]));
    let expected = [
        "c1 | - | tokens | 1 | 250000000 | unattributed | -",
        "c1 | k1 | tokens | 1 | 250000000 | unattributed | -",
        "c1 | k2 | tokens | 2 | 500000000 | unattributed | -",
    ];
    assert_eq!(file.told(SHARES), expected);
}

#[tokio::test]
async fn what_cannot_be_divided_evenly_adds_up_all_the_same() {
    let file = Inserted::nothing().await;
    file.put("claude_costs", &line("c1", 100, &[])).put("claude_costs", &line("c2", -100, &[("model", t("opus"))]));
    for (place, key) in ["k1", "k2", "k3"].into_iter().enumerate() {
        let ids = [format!("s{place}"), format!("o{place}")];
        file.put("claude_usage_tokens", &used(&ids[0], key, 1, &[]));
        file.put("claude_usage_tokens", &used(&ids[1], key, 1, &[("model", t("opus"))]));
    }
    // 33.3, 66.6 and 100 so far, cut off: 33, 66 and 100.
    let amounts = file.told("SELECT cost_row_id, api_key_id, cost_nano_usd FROM claude_cost_shares_nano ORDER BY 1, 2");
    let expected = ["c1 | k1 | 33", "c1 | k2 | 33", "c1 | k3 | 34", "c2 | k1 | -33", "c2 | k2 | -33", "c2 | k3 | -34"];
    assert_eq!(amounts, expected);
}

#[tokio::test]
async fn only_use_of_the_same_day_workspace_model_tier_and_window_explains_a_line() {
    let other: [(&str, Value); 6] = [
        ("organization_id", t("other")),
        ("activity_date", t("2025-10-02")),
        ("workspace_id", t("wrkspc_1")),
        ("model", Value::Null),
        ("service_tier", t("batch")),
        ("context_window", Value::Null),
    ];
    for dimension in other {
        let file = Inserted::nothing().await;
        file.put("claude_costs", &line("c1", 5, &[]));
        file.put("claude_usage_tokens", &used("u1", "k1", 1, std::slice::from_ref(&dimension)));
        assert_eq!(file.told(SHARES), ["c1 | - | residual | - | 5 | unattributed | -"], "{dimension:?}");

        let file = Inserted::nothing().await;
        file.put("claude_costs", &line("c1", 5, std::slice::from_ref(&dimension)));
        file.put("claude_usage_tokens", &used("u1", "k1", 1, std::slice::from_ref(&dimension)));
        assert_eq!(file.told(SHARES), ["c1 | k1 | tokens | 1 | 5 | unattributed | -"], "{dimension:?}");
    }
}

#[tokio::test]
async fn searches_of_the_web_are_shared_out_by_their_number_in_the_workspace() {
    let file = Inserted::nothing().await;
    let none = || Value::Null;
    let searches = [
        ("cost_type", t("web_search")),
        ("model", none()),
        ("token_type", none()),
        ("service_tier", none()),
        ("context_window", none()),
    ];
    file.put("claude_costs", &line("c1", 40_000_000, &searches))
        .put("claude_usage_tokens", &used("u1", "k1", 9, &[("web_search_requests", n(3))]))
        .put("claude_usage_tokens", &used("u2", "k2", 9, &[("web_search_requests", n(1)), ("model", t("opus"))]))
        .put("claude_usage_tokens", &used("u3", "k3", 9, &[("web_search_requests", n(4)), ("workspace_id", t("w"))]));
    let expected = [
        "c1 | k1 | web_searches | - | 30000000 | unattributed | -",
        "c1 | k2 | web_searches | - | 10000000 | unattributed | -",
    ];
    assert_eq!(file.told(SHARES), expected);
}

#[tokio::test]
async fn a_cost_that_is_of_no_tokens_stays_one_row_without_a_key() {
    let file = Inserted::nothing().await;
    let session = [("cost_type", t("session_usage")), ("token_type", Value::Null), ("model", Value::Null)];
    file.put("claude_costs", &line("c1", 7, &session))
        .put("claude_costs", &line("c2", 8, &[("token_type", t("a_new_kind"))]))
        .put("claude_usage_tokens", &used("u1", "k1", 9, &[("web_search_requests", n(3))]));
    let rows =
        file.told("SELECT cost_row_id, api_key_id, share_basis, cost_nano_usd FROM claude_cost_shares_nano ORDER BY 1");
    assert_eq!(rows, ["c1 | - | residual | 7", "c2 | - | residual | 8"]);
}

#[tokio::test]
async fn a_credit_goes_where_its_tokens_are_and_one_that_is_of_none_is_nobodys() {
    let file = Inserted::nothing().await;
    let of_nothing = ["cost_type", "model", "token_type", "service_tier", "context_window"];
    let of_nothing: Vec<(&str, Value)> = of_nothing.iter().map(|name| (*name, Value::Null)).collect();
    file.put("claude_costs", &line("bill", 100, &[]))
        .put("claude_costs", &line("less", -20, &[]))
        .put("claude_costs", &line("zgift", -15, &of_nothing))
        .put("claude_usage_tokens", &used("u1", "k1", 3, &[]))
        .put("claude_usage_tokens", &used("u2", "k2", 1, &[]));
    let rows = file.told("SELECT cost_row_id, api_key_id, cost_nano_usd FROM claude_cost_shares_nano ORDER BY 1, 2");
    assert_eq!(rows, ["bill | k1 | 75", "bill | k2 | 25", "less | k1 | -15", "less | k2 | -5", "zgift | - | -15"]);
}

#[tokio::test]
async fn tokens_that_several_lines_bill_are_divided_by_amount_and_counted_once() {
    let file = Inserted::nothing().await;
    // 100 tokens in two places of inference, three quarters of the money in the first; each amount has one nano more as
    // its weight, so the parts are 100 * 3000001 / 4000002 = 74.99 and the rest.
    file.put("claude_costs", &line("c1", 3_000_000, &[("inference_geo", t("us"))]))
        .put("claude_costs", &line("c2", 1_000_000, &[("inference_geo", t("global"))]))
        .put("claude_costs", &line("c3", 0, &[("model", t("opus"))]))
        .put("claude_usage_tokens", &used("u1", "k1", 100, &[]))
        .put("claude_usage_tokens", &used("u2", "k1", 9, &[("model", t("opus"))]));
    let rows = file.told("SELECT cost_row_id, tokens, cost_nano_usd FROM claude_cost_shares_nano ORDER BY 1");
    assert_eq!(rows, ["c1 | 74 | 3000000", "c2 | 26 | 1000000", "c3 | 9 | 0"]);
}

#[tokio::test]
async fn the_earlier_rule_decides_the_platform_whether_of_the_line_or_of_the_key() {
    let ranked = |platform: &str, rule: &str, rank: i64| {
        [("platform", t(platform)), ("platform_basis", t(rule)), ("platform_rank", n(rank))]
    };
    let [early, late] = [ranked("claude_code", "early", 1), ranked("claude_api", "late", 2)];
    let cases: [(&[_], &[_], &str); 5] = [
        (&[], &[], "unattributed | -"),
        (&early, &[], "claude_code | early"),
        (&[], &late, "claude_api | late"),
        (&early, &late, "claude_code | early"),
        (&late, &early, "claude_code | early"),
    ];
    for (of_line, of_key, expected) in cases {
        let file = Inserted::nothing().await;
        file.put("claude_costs", &line("c1", 5, of_line)).put("claude_usage_tokens", &used("u1", "k1", 1, of_key));
        let rows = file.told("SELECT platform, platform_basis FROM claude_expenses");
        assert_eq!(rows, [expected]);
    }
}

#[tokio::test]
async fn a_share_is_looked_up_by_organization_and_day_without_reading_the_rest() {
    let file = Inserted::nothing().await;
    for view in ["claude_cost_shares", "claude_expenses", "api_usage_expenses"] {
        let plan = file.told(&format!(
            "EXPLAIN QUERY PLAN SELECT * FROM {view} WHERE organization_id = 'acme' AND expense_date = '2025-10-01'"
        ));
        assert!(
            !plan
                .iter()
                .any(|step| ["charges", "share", "expense"].iter().any(|of| step.contains(&format!("SCAN {of}")))),
            "{view}: {plan:#?}"
        );
        assert!(!plan.iter().any(|step| step.contains("claude_")), "{view}: {plan:#?}");
        let by_day = "USING PRIMARY KEY (activity_date=? AND vendor=? AND account_id=?)";
        assert!(plan.iter().any(|step| step.contains(by_day)), "{view}: {plan:#?}");
    }
}

/// Amounts as a vendor could bill them and beyond, tokens as an organization could use in a day and beyond.
fn bills() -> impl Strategy<Value = (Vec<i64>, Vec<i64>)> {
    let amount = prop_oneof![
        -1_000_i64..1_000,
        any::<i32>().prop_map(i64::from),
        -4_000_000_000_000_000_000_i64..4_000_000_000_000_000_000
    ];
    let tokens = prop_oneof![0_i64..4, 0_i64..100_000_000, 0_i64..1_000_000_000_000_000];
    (proptest::collection::vec(amount, 1..3), proptest::collection::vec(tokens, 0..12))
}

#[tokio::test]
async fn shares_add_up_to_the_bill_and_follow_the_tokens() {
    let file = Inserted::nothing().await;
    let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&bills(), |(amounts, tokens)| {
        file.connection.execute_batch("DELETE FROM claude_costs_nano; DELETE FROM claude_usage_tokens").unwrap();
        // Lines of different models, so that each has all the tokens of its own.
        for (place, amount) in amounts.iter().enumerate() {
            let model = format!("m{place}");
            file.put("claude_costs", &line(&model, *amount, &[("model", t(&model))]));
            for (key, units) in tokens.iter().enumerate() {
                let (id, key) = (format!("{model}-{key:02}"), format!("k{key:02}"));
                file.put("claude_usage_tokens", &used(&id, &key, *units, &[("model", t(&model))]));
            }
        }
        for (place, amount) in amounts.iter().enumerate() {
            check_shares(&file, &format!("m{place}"), *amount, &tokens)?;
        }
        Ok(())
    });
    outcome.unwrap();
}

fn check_shares(file: &Inserted, line: &str, amount: i64, tokens: &[i64]) -> Result<(), TestCaseError> {
    let sql = format!(
        "SELECT COALESCE(substr(api_key_id, 2), ''), cost_nano_usd, COALESCE(tokens, 0), typeof(cost_nano_usd)
         FROM claude_cost_shares_nano WHERE cost_row_id = '{line}' ORDER BY 1"
    );
    let (amount, of_all) = (i128::from(amount), tokens.iter().map(|units| i128::from(*units)).sum::<i128>());
    let (mut sum, mut counted) = (0_i128, 0_i128);
    for row in file.told(&sql) {
        let cells: Vec<&str> = row.split(" | ").collect();
        prop_assert_eq!(cells[3], "integer");
        let (share, units): (i128, i128) = (cells[1].parse().unwrap(), cells[2].parse().unwrap());
        (sum, counted) = (sum + share, counted + units);
        if of_all > 0 {
            prop_assert_eq!(units, i128::from(tokens[cells[0].parse::<usize>().unwrap()]));
            // Cut off by less than a nano-dollar at both ends, and by 2 billionths of the amount where units are scaled.
            let off = (share * of_all - amount * units).abs();
            let allowed = if of_all < 1_000_000_000 { 2 } else { 4 + 4 * amount.abs() / 1_000_000_000 };
            prop_assert!(off <= allowed * of_all, "{line}: {share} of {amount} for {units} of {of_all}");
        }
    }
    prop_assert_eq!(sum, amount);
    prop_assert_eq!(counted, of_all);
    Ok(())
}
