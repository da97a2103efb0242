//! The bill shared out as the vendor's analytics tell it, and what only they report.

use rusqlite::types::Value;

use super::inserted::{Inserted, answered, n, t};

type Cells<'a> = Vec<(&'a str, Value)>;

const BY_KEY: &str =
    "SELECT api_key_id, SUM(cost_nano_usd), SUM(tokens) FROM claude_cost_shares_nano GROUP BY 1 ORDER BY 1";
const DOLLAR: i64 = 1_000_000_000;

fn with<'a>(usual: &[(&'a str, Value)], more: &[(&'a str, Value)]) -> Cells<'a> {
    let mut cells = usual.to_vec();
    cells.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
    cells.extend_from_slice(more);
    cells
}

/// A line of output tokens of one model.
fn line<'a>(row_id: &'a str, nanos: i64, more: &[(&'a str, Value)]) -> Cells<'a> {
    let usual = [
        ("row_id", t(row_id)),
        ("amount_usd", n(nanos)),
        ("cost_type", t("tokens")),
        ("model", t("opus")),
        ("token_type", t("output_tokens")),
        ("service_tier", t("standard")),
        ("platform", t("unattributed")),
    ];
    with(&usual, more)
}

fn used<'a>(row_id: &'a str, key: &'a str, tokens: i64) -> Cells<'a> {
    let usual = [
        ("row_id", t(row_id)),
        ("api_key_id", t(key)),
        ("output_tokens", n(tokens)),
        ("model", t("opus")),
        ("service_tier", t("standard")),
        ("platform", t("unattributed")),
    ];
    usual.to_vec()
}

/// What the analytics tell of output tokens of the same model.
fn told<'a>(row_id: &'a str, key: &'a str, nanos: i64, more: &[(&'a str, Value)]) -> Cells<'a> {
    let usual = [
        ("row_id", t(row_id)),
        ("api_key_id", t(key)),
        ("amount_usd", n(nanos)),
        ("product", t("messages_api")),
        ("cost_type", t("tokens")),
        ("model", t("opus")),
        ("token_type", t("output_tokens")),
        ("platform", t("claude_api")),
        ("platform_basis", t("product")),
    ];
    with(&usual, more)
}

/// A file of an account whose bill is loaded.
async fn billed() -> Inserted {
    let file = Inserted::nothing().await;
    file.put("coverage", &answered("anthropic/cost_report"));
    file
}

#[tokio::test]
async fn a_fast_mode_that_no_report_of_tokens_tells_is_paid_by_the_key_that_used_it() {
    let file = billed().await;
    // Nine million tokens at 25 dollars a million, and one million at twice that: the same in all that tokens are told by.
    file.put("claude_costs", &line("c1", 225 * DOLLAR, &[]))
        .put("claude_costs", &line("c2", 50 * DOLLAR, &[("description", t("fast"))]))
        .put("claude_usage_tokens", &used("u1", "a", 9_000_000))
        .put("claude_usage_tokens", &used("u2", "b", 1_000_000))
        .put("claude_analytics_costs", &told("r1", "a", 225 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r2", "b", 50 * DOLLAR, &[]));
    assert_eq!(file.told(BY_KEY), ["a | 225000000000 | 9000000", "b | 50000000000 | 1000000"]);
    let lines = file.told("SELECT cost_row_id, SUM(cost_nano_usd) FROM claude_cost_shares_nano GROUP BY 1 ORDER BY 1");
    assert_eq!(lines, ["c1 | 225000000000", "c2 | 50000000000"]);
    let shares = file.told("SELECT DISTINCT share_basis, platform, platform_basis FROM claude_cost_shares");
    assert_eq!(shares, ["analytics | claude_api | product"]);
}

#[tokio::test]
async fn what_the_analytics_tell_less_stays_in_sight_and_what_they_tell_more_is_scaled_to_the_bill() {
    let file = billed().await;
    file.put("claude_costs", &line("c1", 10 * DOLLAR, &[]))
        .put("claude_costs", &line("c2", 20 * DOLLAR, &[("description", t("two"))]))
        .put("claude_usage_tokens", &used("u1", "a", 7))
        .put("claude_analytics_costs", &told("r1", "a", 6 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r2", "b", 3 * DOLLAR, &[]));
    let rows = file.told(
        "SELECT api_key_id, share_basis, SUM(cost_nano_usd), SUM(tokens) FROM claude_cost_shares_nano GROUP BY 1, 2 ORDER BY 1",
    );
    // The tokens of the key are divided between the two lines, and are counted once.
    let expected =
        ["- | residual | 21000000000 | -", "a | analytics | 6000000000 | 7", "b | analytics | 3000000000 | -"];
    assert_eq!(rows, expected);

    let file = billed().await;
    file.put("claude_costs", &line("c1", 10 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r1", "a", 30 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r2", "b", 10 * DOLLAR, &[]));
    assert_eq!(file.told(BY_KEY), ["a | 7500000000 | -", "b | 2500000000 | -"]);
}

#[tokio::test]
async fn a_pool_that_the_analytics_do_not_tell_is_shared_out_by_tokens_beside_one_that_they_do() {
    let file = billed().await;
    let other = [("model", t("haiku"))];
    file.put("claude_costs", &line("c1", 4 * DOLLAR, &[]))
        .put("claude_costs", &line("c2", 3 * DOLLAR, &other))
        .put("claude_usage_tokens", &used("u1", "a", 1))
        .put("claude_usage_tokens", &with(&used("u2", "a", 1), &other))
        .put("claude_usage_tokens", &with(&used("u3", "b", 2), &other))
        .put("claude_analytics_costs", &told("r1", "b", 4 * DOLLAR, &[]))
        // Neither nothing nor a credit says who used anything.
        .put("claude_analytics_costs", &told("r2", "a", 0, &other))
        .put("claude_analytics_costs", &told("r3", "a", -DOLLAR, &other));
    let rows = file.told(
        "SELECT cost_row_id, api_key_id, share_basis, cost_nano_usd, tokens FROM claude_cost_shares_nano ORDER BY 1, 2",
    );
    let expected = [
        "c1 | a | analytics | 0 | 1",
        "c1 | b | analytics | 4000000000 | -",
        "c2 | a | tokens | 1000000000 | 1",
        "c2 | b | tokens | 2000000000 | 2",
    ];
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn searches_of_the_web_are_shared_out_whether_or_not_the_analytics_name_a_model() {
    let file = billed().await;
    let search = [("cost_type", t("web_search")), ("token_type", Value::Null)];
    file.put("claude_costs", &with(&line("c1", 5 * DOLLAR, &search), &[("model", Value::Null)]))
        .put("claude_analytics_costs", &told("r1", "a", 2 * DOLLAR, &search))
        .put("claude_analytics_costs", &told("r2", "b", 3 * DOLLAR, &with(&search, &[("model", t("sonnet"))])));
    assert_eq!(file.told(BY_KEY), ["a | 2000000000 | -", "b | 3000000000 | -"]);
}

#[tokio::test]
async fn the_person_of_the_analytics_is_known_where_no_owner_of_the_key_is() {
    let file = billed().await;
    let (ada, bob) = ([("actor_email", t("ada@example.com"))], [("actor_email", t("bob@example.com"))]);
    file.put("claude_costs", &line("c1", 10 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r1", "a", 6 * DOLLAR, &ada))
        .put("claude_analytics_costs", &told("r2", "b", 4 * DOLLAR, &bob))
        .put("dim_api_key_owners", &[("api_key_id", t("b")), ("owner_email", t("eve@example.com"))]);
    let rows = file.told("SELECT person, person_basis, cost_nano_usd FROM ai_spend_by_person_nano ORDER BY 1");
    assert_eq!(rows, ["ada@example.com | actor | 6000000000", "eve@example.com | upload | 4000000000"]);
}

#[tokio::test]
async fn use_of_claude_ai_is_charged_beside_the_bill_and_no_other_product_is() {
    let file = billed().await;
    let chat = [("product", t("chat")), ("platform", t("claude.ai")), ("api_key_id", Value::Null)];
    file.put("claude_costs", &line("c1", 10 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r1", "a", 10 * DOLLAR, &[]))
        .put("claude_analytics_costs", &told("r2", "", 3 * DOLLAR, &with(&chat, &[("list_amount_usd", n(4 * DOLLAR))])))
        .put("claude_analytics_costs", &told("r3", "", DOLLAR, &with(&chat, &[("product", t("cowork"))])));
    let daily = "SELECT platform, basis, cost_nano_usd FROM ai_spend_daily_nano ORDER BY 1, 2";
    assert_eq!(file.told(daily), ["claude.ai | analytics | 4000000000", "claude_api | cost_report | 10000000000"]);
    // The names of the API's bill hold no more than before.
    assert_eq!(file.told("SELECT SUM(cost_nano_usd) FROM claude_total_expenses_nano"), ["10000000000"]);
    assert_eq!(file.told("SELECT SUM(cost_nano_usd) FROM api_usage_expenses_nano"), ["10000000000"]);
    assert_eq!(file.told("SELECT SUM(cost_nano_usd) FROM claude_expenses_nano"), ["14000000000"]);
    let listed =
        file.told("SELECT cost_nano_usd, list_cost_nano_usd FROM charges_nano WHERE list_cost_nano_usd IS NOT NULL");
    assert_eq!(listed, ["3000000000 | 4000000000"]);
}

#[tokio::test]
async fn the_analytics_are_the_fact_until_the_cost_report_has_answered_for_the_first_time() {
    let file = Inserted::nothing().await;
    let on = |row_id, day| with(&told(row_id, "a", DOLLAR, &[]), &[("activity_date", t(day))]);
    file.put("claude_analytics_costs", &on("r1", "2025-10-01"))
        .put("claude_analytics_costs", &on("r2", "2025-10-02"))
        .put("claude_analytics_costs", &on("r3", "2025-10-03"));
    let daily = "SELECT expense_date, basis, cost_nano_usd FROM ai_spend_daily_nano ORDER BY 1";
    let all = ["2025-10-01", "2025-10-02", "2025-10-03"].map(|day| format!("{day} | analytics | 1000000000"));
    assert_eq!(file.told(daily), all);
    // The second day is billed at nothing, and an outage on the third makes the analytics no fact again.
    let on_the_second = [("activity_date", t("2025-10-02"))];
    file.put("coverage", &with(&answered("anthropic/cost_report"), &on_the_second));
    let failed = [("source", t("anthropic/cost_report")), ("state", t("failed")), ("activity_date", t("2025-10-03"))];
    file.put("coverage", &failed);
    assert_eq!(file.told(daily), all[..1]);
}

#[tokio::test]
async fn from_the_day_that_the_configuration_says_the_analytics_decide_and_the_bill_is_a_control() {
    let file = billed().await;
    let said = [("money_from", t("analytics"))];
    file.put("claude_costs", &line("c1", 10 * DOLLAR, &said))
        .put("claude_usage_tokens", &used("u1", "a", 7))
        .put("claude_analytics_costs", &told("r1", "a", 9 * DOLLAR, &said));
    let daily = "SELECT platform, basis, cost_nano_usd FROM ai_spend_daily_nano ORDER BY 1";
    assert_eq!(file.told(daily), ["claude_api | analytics | 9000000000"]);
    assert_eq!(file.told("SELECT cost_nano_usd FROM claude_total_expenses_nano"), ["10000000000"]);
}
