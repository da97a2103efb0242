//! What people see.

use everycent_domain::merge_plan::MergeInput;
use everycent_schemas::events::{BatchNormalized, Bucket, RowFile};
use everycent_schemas::rowfile::RowFileWriter;
use everycent_schemas::rows::{ClaudeCost, CursorUsageStat, Row};
use everycent_schemas::{Day, Timestamp, Usd};
use rusqlite::Connection;
use rusqlite::types::Value;

use super::*;
use crate::warehouse::conformance::world::{RowStore, at, day};

/// A file with a day of costs, as a program of somebody else opens it.
struct Merged {
    _folder: TempDir,
    connection: Connection,
}

impl Merged {
    async fn of<R: Row>(source: &str, rows: &[(u32, R)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let (warehouse, store) = (SqliteWarehouse::open(&path).unwrap(), RowStore::default());
        warehouse.migrate().await.unwrap();
        let mut writer = RowFileWriter::new::<R>();
        rows.iter().for_each(|(_, row)| writer.append(row));
        let body = writer.finish();
        let bytes = i64::try_from(body.len()).unwrap();
        store.put("rows/x.avro", body);
        let count = i64::try_from(rows.len()).unwrap();
        let batch = BatchNormalized {
            snapshot_id: "s".into(),
            source: source.into(),
            account_id: "acme".into(),
            from_date: day(0),
            to_date: day(40),
            fetched_at: at(1),
            normalized_at: at(2),
            recipe: "r".into(),
            normalizer: None,
            rows_omitted: false,
            buckets: day(0).through(day(40)).map(bucket).collect(),
            files: vec![RowFile { table: R::TABLE.into(), object: "rows/x.avro".into(), rows: count, bytes }],
        };
        warehouse.merge(&store, MergeInput::of(&[batch]), at(3)).await.unwrap();
        Self { connection: Connection::open(path).unwrap(), _folder: folder }
    }

    fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        let mut statement = self.connection.prepare(sql).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| (0..columns).map(|place| row.get(place)).collect()).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    }
}

fn bucket(activity_date: Day) -> Bucket {
    Bucket {
        activity_date,
        settled: true,
        rows: 0,
        rejects: 0,
        amount_usd: None,
        quantity: 0,
        reported: None,
        content_hash: None,
        remarks: 0,
        filled: None,
    }
}

fn cost<'a>(
    offset: u32,
    row_id: &'a str,
    workspace_id: Option<&'a str>,
    token_type: Option<&'a str>,
    nanos: i128,
) -> (u32, ClaudeCost<'a>) {
    let row = ClaudeCost {
        organization_id: "acme",
        activity_date: day(offset),
        row_id,
        workspace_id,
        description: Some("line"),
        cost_type: Some("tokens"),
        model: Some("claude-sonnet-4-5"),
        token_type,
        service_tier: Some("standard"),
        context_window: None,
        inference_geo: None,
        currency: "USD",
        amount_cents: "1",
        amount_usd: Usd::from_nanos(nanos),
        platform: "claude_api",
        platform_basis: Some("rule"),
        platform_rank: Some(1),
        money_from: None,
        snapshot_id: "s",
        fetched_at: Timestamp::from_micros(1),
        ingestion_timestamp: Timestamp::from_micros(2),
    };
    (offset, row)
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

#[tokio::test]
async fn totals_are_dollars_of_all_workspaces_by_day_and_by_month() {
    // 1, 31 October and 1 November 2025; a tenth of a dollar three times is no 0.30000000000000004.
    let merged = Merged::of(
        "anthropic/cost_report",
        &[
            cost(0, "a", None, Some("output_tokens"), 100_000_000),
            cost(0, "b", Some("wrkspc_1"), Some("output_tokens"), 100_000_000),
            cost(0, "c", Some("wrkspc_2"), None, 100_000_000),
            cost(30, "d", None, None, 222_730_000_000),
            cost(31, "e", None, None, 1_000_000_001),
        ],
    )
    .await;
    let total = merged.rows("SELECT organization_id, expense_date, cost_usd, currency, ingestion_timestamp FROM claude_total_expenses ORDER BY 2");
    let stamp = text("1970-01-01T00:00:00.000002Z");
    let row = |day: &str, dollars| vec![text("acme"), text(day), Value::Real(dollars), text("USD"), stamp.clone()];
    assert_eq!(total, [row("2025-10-01", 0.3), row("2025-10-31", 222.73), row("2025-11-01", 1.000000001)]);

    let daily = merged.rows("SELECT expense_date, cost_usd, month_to_date_usd FROM claude_daily_cost ORDER BY 1");
    let row = |day: &str, cost, month| vec![text(day), Value::Real(cost), Value::Real(month)];
    let expected =
        [row("2025-10-01", 0.3, 0.3), row("2025-10-31", 222.73, 223.03), row("2025-11-01", 1.000000001, 1.000000001)];
    assert_eq!(daily, expected);
    assert_eq!(
        merged.rows("SELECT typeof(amount_usd), COUNT(*) FROM claude_costs"),
        [[text("real"), Value::Integer(5)]]
    );
}

#[tokio::test]
async fn the_summary_splits_every_cent_by_kind_of_token() {
    let merged = Merged::of(
        "anthropic/cost_report",
        &[
            cost(0, "a", None, Some("uncached_input_tokens"), 1_000_000_000),
            cost(0, "b", None, Some("output_tokens"), 2_000_000_000),
            cost(0, "c", None, Some("cache_read_input_tokens"), 3_000_000_000),
            cost(0, "d", None, Some("cache_creation.ephemeral_5m_input_tokens"), 4_000_000_000),
            cost(0, "e", None, Some("cache_creation.ephemeral_1h_input_tokens"), 5_000_000_000),
            cost(0, "f", None, Some("a_new_kind"), 6_000_000_000),
            cost(0, "g", None, None, 7_000_000_000),
            cost(0, "h", Some("wrkspc_1"), None, 8_000_000_000),
        ],
    )
    .await;
    let split = merged.rows("SELECT workspace_id, input_usd, output_usd, cache_read_usd, cache_write_usd, other_usd, total_usd FROM claude_daily_summary ORDER BY 1");
    let amounts = |of: Value, dollars: [f64; 6]| [vec![of], dollars.map(Value::Real).to_vec()].concat();
    let expected = [
        amounts(Value::Null, [1.0, 2.0, 3.0, 9.0, 13.0, 28.0]),
        amounts(text("wrkspc_1"), [0.0, 0.0, 0.0, 0.0, 8.0, 8.0]),
    ];
    assert_eq!(split, expected);
}

#[tokio::test]
async fn expenses_have_a_row_for_each_line_with_its_platform_and_why() {
    let merged = Merged::of(
        "anthropic/cost_report",
        &[cost(0, "a", None, Some("output_tokens"), 37_338_000), cost(0, "b", None, Some("output_tokens"), 37_338_000)],
    )
    .await;
    let lines = merged.rows(
        "SELECT expense_date, platform, platform_basis, workspace_id, api_key_id, model, cost_usd, cost_type, token_type,
         service_tier, description, currency, ingestion_timestamp FROM claude_expenses",
    );
    let line = vec![
        text("2025-10-01"),
        text("claude_api"),
        text("rule"),
        Value::Null,
        Value::Null,
        text("claude-sonnet-4-5"),
        Value::Real(0.037338),
        text("tokens"),
        text("output_tokens"),
        text("standard"),
        text("line"),
        text("USD"),
        text("1970-01-01T00:00:00.000002Z"),
    ];
    assert_eq!(lines, [line.clone(), line]);
}

#[tokio::test]
async fn rates_of_acceptance_are_null_where_nothing_was_offered() {
    let usage = |row_id, of: i64| CursorUsageStat {
        account_id: "acme",
        activity_date: day(0),
        row_id,
        user_id: None,
        email: Some("ada@example.com"),
        is_active: Some(of > 0),
        total_lines_added: 4 * of,
        total_lines_deleted: 0,
        accepted_lines_added: of,
        accepted_lines_deleted: 0,
        total_applies: 2 * of,
        total_accepts: 2 * of,
        total_rejects: 0,
        total_tabs_shown: 8 * of,
        total_tabs_accepted: of,
        composer_requests: 0,
        chat_requests: 0,
        agent_requests: 0,
        cmdk_usages: 0,
        bugbot_usages: 0,
        subscription_included_reqs: 0,
        usage_based_reqs: 0,
        api_key_reqs: 0,
        most_used_model: None,
        apply_most_used_extension: None,
        tab_most_used_extension: None,
        client_version: None,
        estimated_cost_usd: Some(Usd::from_nanos(40_000_000)),
        plan: None,
        billing_cycle_start: None,
        seat_usd: None,
        included_requests: None,
        request_usd: None,
        platform: "cursor",
        platform_basis: None,
        snapshot_id: "s",
        fetched_at: at(1),
        ingestion_timestamp: at(2),
    };
    let merged = Merged::of("cursor/daily_usage", &[(0, usage("a", 3)), (0, usage("b", 0))]).await;
    let rates = merged.rows(
        "SELECT is_active, line_acceptance_rate, tab_acceptance_rate, apply_acceptance_rate, estimated_cost_usd
         FROM cursor_daily_user_usage ORDER BY is_active DESC",
    );
    let cents = Value::Real(0.04);
    let active = vec![Value::Integer(1), Value::Real(0.25), Value::Real(0.125), Value::Real(1.0), cents.clone()];
    assert_eq!(rates, [active, vec![Value::Integer(0), Value::Null, Value::Null, Value::Null, cents]]);
}
