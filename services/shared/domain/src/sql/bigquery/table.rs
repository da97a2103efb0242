//! The statements that bring one table to what the winning batches say.

use std::collections::BTreeMap;

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::Table;
use everycent_schemas::{AccountId, Day, Timestamp};

use super::literal::{ROW_VERSION, bounds, dates, lower, timestamp};
use super::names::text_literal;
use crate::future::horizon;
use crate::merge_plan::TablePlan;
use crate::sql::columns::{key_order, lines};

/// How many rows tell the batch that won their bucket. Before the merge none did, for its version is higher.
pub(super) fn rows_that_tell_the_batch(plan: &TablePlan, batches: &[BatchNormalized], target: &str) -> String {
    let rows = winning_rows(plan, batches);
    let days = plan.won.iter().map(|won| won.bucket.activity_date);
    let bounds = bounds(days, &format!("`{}`", plan.table.day_column()));
    format!("  SELECT COUNT(*) FROM {target}\n  WHERE {bounds}\n    AND {rows}")
}

/// How many of the latest staged rows are new, or later and other than what is there.
pub(super) fn rows_that_say_something_else(table: &Table, staging: &str, target: &str, now: Timestamp) -> String {
    let differs: Vec<String> =
        table.content().map(|column| format!("T.`{0}` IS DISTINCT FROM S.`{0}`", column.name)).collect();
    format!(
        "  SELECT COUNT(*)\n  FROM {latest} AS S\n  LEFT JOIN {target} AS T ON {same}\n  \
         WHERE T.`fetched_at` IS NULL OR (({lower}) AND ({differs}))",
        latest = latest_staged(table, staging, now),
        same = same_key(table),
        lower = lower(ROW_VERSION, "T.", "S.", now),
        differs = differs.join(" OR "),
    )
}

/// Of each key the row of the latest answer, whether it was staged now or is there already.
pub(super) fn keep_rows(table: &Table, staging: &str, target: &str, now: Timestamp) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = quoted_key(table);
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    format!(
        "MERGE {target} AS T\nUSING {latest} AS S\nON {same}\n\
         WHEN MATCHED AND ({lower}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        latest = latest_staged(table, staging, now),
        same = same_key(table),
        lower = lower(ROW_VERSION, "T.", "S.", now),
        set = lines(set),
        columns = names.join(", "),
        values = values.join(", "),
    )
}

fn latest_staged(table: &Table, staging: &str, now: Timestamp) -> String {
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let [fetched, snapshot, made] = ROW_VERSION;
    let not_future = |name: &str| format!("`{name}` <= {} DESC, `{name}` DESC", timestamp(horizon(now)));
    let latest = format!("{}, `{snapshot}` DESC, {}", not_future(fetched), not_future(made));
    format!(
        "(\n  SELECT {}\n  FROM {staging}\n  WHERE TRUE\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {latest}) = 1\n)",
        names.join(", "),
        quoted_key(table).join(", "),
    )
}

fn quoted_key(table: &Table) -> Vec<String> {
    key_order(table).into_iter().map(|name| format!("`{name}`")).collect()
}

fn same_key(table: &Table) -> String {
    let same: Vec<String> = quoted_key(table).iter().map(|name| format!("T.{name} = S.{name}")).collect();
    same.join(" AND ")
}

pub(super) fn merge_table(plan: &TablePlan, batches: &[BatchNormalized], staging: &str, target: &str) -> String {
    let table = plan.table;
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = quoted_key(table);
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
        same = same_key(table),
        bounds = won_bounds(plan, "T."),
        differs = differs.join(" OR "),
        set = lines(set),
        values = values.join(", "),
    );
    // The bounds once more: without them, what does not match is looked for in every partition.
    merge.push_str(&format!(
        "\nWHEN NOT MATCHED BY SOURCE AND {}\n  AND {} THEN DELETE",
        won_bounds(plan, "T."),
        won(plan, "T.")
    ));
    merge
}

/// The partitions that a statement about the won buckets reads, as literals, so that BigQuery knows them beforehand.
pub(super) fn won_bounds(plan: &TablePlan, of: &str) -> String {
    bounds(plan.won.iter().map(|won| won.bucket.activity_date), &format!("{of}`{}`", plan.table.day_column()))
}

/// The won buckets, as literals.
pub(super) fn won(plan: &TablePlan, of: &str) -> String {
    let table = plan.table;
    let mut days: BTreeMap<(&str, &AccountId), Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        let source = if has_source(table) { won.bucket.source.as_str() } else { "" };
        days.entry((source, &won.bucket.account_id)).or_default().push(won.bucket.activity_date);
    }
    let buckets = days.iter().map(|((source, account), days)| {
        let source =
            if has_source(table) { format!("{of}`source` = {} AND ", text_literal(source)) } else { String::new() };
        format!(
            "({source}{of}`{}` = {} AND {of}`{}` IN ({}))",
            table.account_column(),
            text_literal(account.as_str()),
            table.day_column(),
            dates(days)
        )
    });
    format!("({})", buckets.collect::<Vec<_>>().join("\n  OR "))
}

/// Of the staged rows, those of the batch that won their bucket.
pub(super) fn winning_rows(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    let mut days: BTreeMap<usize, Vec<Day>> = BTreeMap::new();
    for won in &plan.won {
        days.entry(won.batch).or_default().push(won.bucket.activity_date);
    }
    let rows = days.iter().map(|(index, days)| {
        let batch = &batches[*index];
        format!(
            "(`snapshot_id` = {} AND `ingestion_timestamp` = {} AND `{}` IN ({}))",
            text_literal(batch.snapshot_id.as_str()),
            timestamp(batch.normalized_at),
            plan.table.day_column(),
            dates(days)
        )
    });
    format!("({})", rows.collect::<Vec<_>>().join("\n    OR "))
}

pub(super) fn has_source(table: &Table) -> bool {
    table.bucket.iter().any(|name| name == "source")
}
