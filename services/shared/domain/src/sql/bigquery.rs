//! The script of a merge into BigQuery: one transaction over all tables and coverage.
//!
//! Row files are loaded whole into staging tables before it, so it takes from them only the rows of the batch that won
//! the bucket. Days are literals, so that only their partitions are read.

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::{self, Absence, Table};
use everycent_schemas::{Day, Timestamp};

use super::Dialect;
use super::ddl::key_order;
use super::names::{bigquery_text, lines, physical_name};
use crate::merge_plan::{BucketId, CoverageUpdate, MergePlan, TablePlan, Version};

/// The columns that tell the version of a bucket in coverage, and of a row.
const BUCKET_VERSION: [&str; 3] = ["fetched_at", "snapshot_id", "normalized_at"];
const ROW_VERSION: [&str; 3] = ["fetched_at", "snapshot_id", "ingestion_timestamp"];

/// The script. `staging` gives the full name of the table that a plan's files were loaded into; it is asked only for
/// plans with files.
pub fn merge_script(
    dataset: &str,
    plan: &MergePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    merged_at: Timestamp,
) -> String {
    let dialect = Dialect::BigQuery { dataset: dataset.to_owned() };
    let mut statements = vec!["BEGIN TRANSACTION".to_owned()];
    if !plan.coverage.is_empty() {
        statements.push(merge_coverage(&plan.coverage, merged_at, &dialect));
        statements.push(assert_coverage(&plan.coverage, &dialect));
    }
    for table in &plan.tables {
        statements.extend(replace_buckets(table, batches, &staging, &dialect));
    }
    statements.push("COMMIT TRANSACTION".to_owned());
    statements.join(";\n\n") + ";\n"
}

fn replace_buckets(
    plan: &TablePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    dialect: &Dialect,
) -> Option<String> {
    let target = physical_name(plan.table, dialect);
    match (plan.files.is_empty(), plan.table.absence) {
        (false, Absence::Delete) => Some(merge_table(plan, batches, &staging(plan.table), &target)),
        (true, Absence::Delete) => Some(format!("DELETE FROM {target} AS T\nWHERE {}", won(plan, "T."))),
        (false, Absence::Keep) => Some(keep_rows(plan.table, &staging(plan.table), &target)),
        (true, Absence::Keep) => None,
    }
}

/// Of each key the row of the latest answer, whether it was staged now or is there already.
fn keep_rows(table: &Table, staging: &str, target: &str) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key: Vec<String> = key_order(table).into_iter().map(|name| format!("`{name}`")).collect();
    let same: Vec<String> = key.iter().map(|name| format!("T.{name} = S.{name}")).collect();
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let latest = ROW_VERSION.map(|name| format!("`{name}` DESC")).join(", ");
    format!(
        "MERGE {target} AS T\nUSING (\n  SELECT {columns}\n  FROM {staging}\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY {latest}) = 1\n) AS S\n\
         ON {same}\n\
         WHEN MATCHED AND ({lower}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        columns = names.join(", "),
        key = key.join(", "),
        same = same.join(" AND "),
        lower = lower(ROW_VERSION, "T.", "S."),
        set = lines(set),
        values = values.join(", "),
    )
}

fn merge_table(plan: &TablePlan, batches: &[BatchNormalized], staging: &str, target: &str) -> String {
    let table = plan.table;
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = key_order(table).into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>();
    let same: Vec<String> = key.iter().map(|name| format!("T.{name} = S.{name}")).collect();
    let differs: Vec<String> =
        table.content().map(|column| format!("T.`{0}` IS DISTINCT FROM S.`{0}`", column.name)).collect();
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let mut merge = format!(
        "MERGE {target} AS T\nUSING (\n  SELECT {columns}\n  FROM {staging}\n  WHERE {winning}\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY `row_id`) = 1\n) AS S\n\
         ON {same}\n  AND {bounds}\n\
         WHEN MATCHED AND ({differs}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        columns = names.join(", "),
        winning = winning_rows(plan, batches),
        key = key.join(", "),
        same = same.join(" AND "),
        bounds = bounds(plan.won.iter().map(|won| won.bucket.activity_date), &format!("T.`{}`", table.day_column())),
        differs = differs.join(" OR "),
        set = lines(set),
        values = values.join(", "),
    );
    merge.push_str(&format!("\nWHEN NOT MATCHED BY SOURCE AND {} THEN DELETE", won(plan, "T.")));
    merge
}

/// The won buckets, as literals.
fn won(plan: &TablePlan, of: &str) -> String {
    let table = plan.table;
    let mut days: BTreeMap<(&str, &str), Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        let source = if has_source(table) { won.bucket.source.as_str() } else { "" };
        days.entry((source, &won.bucket.account_id)).or_default().push(won.bucket.activity_date);
    }
    let buckets = days.iter().map(|((source, account), days)| {
        let source =
            if has_source(table) { format!("{of}`source` = {} AND ", bigquery_text(source)) } else { String::new() };
        format!(
            "({source}{of}`{}` = {} AND {of}`{}` IN ({}))",
            table.account_column(),
            bigquery_text(account),
            table.day_column(),
            dates(days)
        )
    });
    format!("({})", buckets.collect::<Vec<_>>().join("\n  OR "))
}

/// Of the staged rows, those of the batch that won their bucket.
fn winning_rows(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    let mut days: BTreeMap<usize, Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        days.entry(won.batch).or_default().push(won.bucket.activity_date);
    }
    let rows = days.iter().map(|(index, days)| {
        let batch = &batches[*index];
        format!(
            "(`snapshot_id` = {} AND `ingestion_timestamp` = {} AND `{}` IN ({}))",
            bigquery_text(&batch.snapshot_id),
            timestamp(batch.normalized_at),
            plan.table.day_column(),
            dates(days)
        )
    });
    format!("({})", rows.collect::<Vec<_>>().join("\n    OR "))
}

fn has_source(table: &Table) -> bool {
    table.bucket.iter().any(|name| name == "source")
}

fn bounds(days: impl Iterator<Item = Day> + Clone, column: &str) -> String {
    let first = days.clone().min().expect("invariant: a plan names a table only if a bucket of it is won");
    let last = days.max().expect("invariant: a plan names a table only if a bucket of it is won");
    format!("{column} BETWEEN {} AND {}", date(first), date(last))
}

/// Coverage goes first: if another merge is at it, both can't commit, and this one has not read a row yet.
fn merge_coverage(updates: &[CoverageUpdate], merged_at: Timestamp, dialect: &Dialect) -> String {
    let coverage = physical_name(tables::find("coverage").expect("invariant: the table is shipped"), dialect);
    let rows: Vec<String> = updates.iter().map(|update| update_row(update, merged_at)).collect();
    let values = [
        "settled",
        "fetched_at",
        "snapshot_id",
        "normalized_at",
        "recipe",
        "rows",
        "rejects",
        "amount_usd",
        "quantity",
        "merged_at",
    ];
    let set = values.iter().map(|name| format!("`{name}` = S.`{name}`"));
    let names: Vec<String> = ["source", "account_id", "activity_date", "state"]
        .iter()
        .chain(&values)
        .map(|name| format!("`{name}`"))
        .collect();
    let inserted: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    format!(
        "MERGE {coverage} AS T\nUSING UNNEST([\n{rows}\n]) AS S\n\
         ON T.`source` = S.`source` AND T.`account_id` = S.`account_id` AND T.`activity_date` = S.`activity_date`\n  AND {bounds}\n\
         WHEN MATCHED AND (T.`fetched_at` IS NULL OR {lower}) THEN UPDATE SET\n  \
         `state` = IF(T.`failed_at` > S.`fetched_at`, 'failed', S.`state`),\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({names})\n  VALUES ({inserted})",
        rows = rows.join(",\n"),
        bounds = bounds(updates.iter().map(|update| update.bucket.activity_date), "T.`activity_date`"),
        lower = lower(BUCKET_VERSION, "T.", "S."),
        set = lines(set),
        names = names.join(", "),
        inserted = inserted.join(", "),
    )
}

/// Whether the version of `this` is lower than that of `other`.
fn lower(version: [&str; 3], this: &str, other: &str) -> String {
    let [fetched, snapshot, normalized] = version.map(|name| (format!("{this}`{name}`"), format!("{other}`{name}`")));
    format!(
        "{a} < {b} OR ({a} = {b} AND ({c} < {d} OR ({c} = {d} AND {e} < {f})))",
        a = fetched.0,
        b = fetched.1,
        c = snapshot.0,
        d = snapshot.1,
        e = normalized.0,
        f = normalized.1,
    )
}

fn update_row(update: &CoverageUpdate, merged_at: Timestamp) -> String {
    let CoverageUpdate { bucket, version, .. } = update;
    let amount = update.amount_usd.map_or("CAST(NULL AS NUMERIC)".to_owned(), |amount| format!("NUMERIC '{amount}'"));
    let state = if update.settled { "settled" } else { "open" };
    format!(
        "  STRUCT({} AS source, {} AS account_id, {} AS activity_date, '{state}' AS state, {} AS settled, \
         {} AS fetched_at, {} AS snapshot_id, {} AS normalized_at, {} AS recipe, {} AS `rows`, {} AS rejects, \
         {amount} AS amount_usd, {} AS quantity, {} AS merged_at)",
        bigquery_text(&bucket.source),
        bigquery_text(&bucket.account_id),
        date(bucket.activity_date),
        update.settled,
        timestamp(version.fetched_at),
        bigquery_text(&version.snapshot_id),
        timestamp(version.normalized_at),
        bigquery_text(&update.recipe),
        update.rows,
        update.rejects,
        update.quantity,
        timestamp(merged_at),
    )
}

/// Fails the transaction if another merge changed coverage after this one was planned.
fn assert_coverage(updates: &[CoverageUpdate], dialect: &Dialect) -> String {
    let coverage = physical_name(tables::find("coverage").expect("invariant: the table is shipped"), dialect);
    let mut days: BTreeMap<(&str, &str, &Version), Vec<Day>> = BTreeMap::new();
    for CoverageUpdate { bucket: BucketId { source, account_id, activity_date }, version, .. } in updates {
        days.entry((source, account_id, version)).or_default().push(*activity_date);
    }
    let mine = days.iter().map(|((source, account, version), days)| {
        format!(
            "(`source` = {} AND `account_id` = {} AND `snapshot_id` = {} AND `normalized_at` = {} AND `activity_date` IN ({}))",
            bigquery_text(source),
            bigquery_text(account),
            bigquery_text(&version.snapshot_id),
            timestamp(version.normalized_at),
            dates(days)
        )
    });
    format!(
        "ASSERT (\n  SELECT COUNT(*) FROM {coverage}\n  WHERE {}\n) = {} AS 'coverage has changed since the merge was planned'",
        mine.collect::<Vec<_>>().join("\n    OR "),
        updates.len(),
    )
}

fn date(day: Day) -> String {
    format!("DATE '{day}'")
}

fn dates(days: &[Day]) -> String {
    days.iter().map(|day| date(*day)).collect::<Vec<_>>().join(", ")
}

fn timestamp(at: Timestamp) -> String {
    format!("TIMESTAMP '{at}'")
}
