//! The statements that bring one table to what the winning batches say.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::events::BatchNormalized;
use everycent_schemas::tables::Table;
use everycent_schemas::{AccountId, Day, Timestamp};

use super::condition::{bounds, quoted_key, same_key};
use super::literal::{ROW_VERSION, dates, lower, timestamp};
use super::names::text_literal;
use crate::bucket::BucketId;
use crate::future::horizon;
use crate::merge_plan::TablePlan;
use crate::sql::columns::lines;
use crate::sql::sticky::{self, Filling};

/// How many rows tell the batch that won their bucket. Before the merge none did, for its version is higher.
pub(super) fn rows_that_tell_the_batch(plan: &TablePlan, batches: &[BatchNormalized], target: &str) -> String {
    let rows = winning_rows(plan, batches);
    let days = plan.won.iter().map(|won| won.bucket.activity_date);
    let bounds = bounds(days, &format!("`{}`", plan.table.day_column()));
    format!("  SELECT COUNT(*) FROM {target}\n  WHERE {bounds}\n    AND {rows}")
}

/// How many of the latest staged rows are new, or later and other than what is there.
pub(super) fn rows_that_say_something_else(
    plan: &TablePlan,
    batches: &[BatchNormalized],
    staging: &str,
    target: &str,
    now: Timestamp,
) -> String {
    let table = plan.table;
    let differs = says_something_else(table);
    format!(
        "  SELECT COUNT(*)\n  FROM {latest} AS S\n  LEFT JOIN {target} AS T ON {same}\n  \
         WHERE T.`fetched_at` IS NULL OR (({lower}) AND ({differs}))",
        latest = latest_staged(table, staging, now),
        same = same_kept(plan, batches),
        lower = lower(ROW_VERSION, "T.", "S.", now),
        differs = if differs.is_empty() { "FALSE".to_owned() } else { differs.join(" OR ") },
    )
}

/// Fills the sticky column of the buckets again. Rows whose value is right are not written.
pub(super) fn fill(table: &Table, buckets: &BTreeSet<BucketId>, [target, memory]: [&str; 2], now: Timestamp) -> String {
    let (column, _) = table.sticky().expect("invariant: only a table with a sticky column is filled");
    let bounds_of =
        |of: &str| bounds(buckets.iter().map(|bucket| bucket.activity_date), &format!("{of}`{}`", table.day_column()));
    let in_buckets = format!("{} AND {}", bounds_of(""), in_buckets(table, buckets.iter(), ""));
    let horizon = timestamp(horizon(now));
    let filling = Filling { rows: target, memory, in_buckets: &in_buckets, horizon: &horizon };
    format!(
        "MERGE {target} AS T\nUSING (\n{query}\n) AS S\nON {same}\n  AND {bounds}\n\
         WHEN MATCHED AND T.`{value}` IS DISTINCT FROM S.`{value}` THEN UPDATE SET `{value}` = S.`{value}`",
        query = sticky::query(table, &filling),
        same = same_key(table),
        bounds = bounds_of("T."),
        value = column.name,
    )
}

/// Of each key the row of the latest answer, whether it was staged now or is there already.
pub(super) fn keep_rows(
    plan: &TablePlan,
    batches: &[BatchNormalized],
    staging: &str,
    target: &str,
    now: Timestamp,
) -> String {
    let table = plan.table;
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = quoted_key(table);
    let set = names.iter().filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    format!(
        "MERGE {target} AS T\nUSING {latest} AS S\nON {same}\n\
         WHEN MATCHED AND ({lower}) THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({columns})\n  VALUES ({values})",
        latest = latest_staged(table, staging, now),
        same = same_kept(plan, batches),
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

/// For each column of the contents, whether it is not what is there.
fn says_something_else(table: &Table) -> Vec<String> {
    table.content().map(|column| format!("T.`{0}` IS DISTINCT FROM S.`{0}`", column.name)).collect()
}

/// The same key, in the partitions that the batches are about where the table has some.
fn same_kept(plan: &TablePlan, batches: &[BatchNormalized]) -> String {
    let same = same_key(plan.table);
    let Some(partition) = &plan.table.partition else { return same };
    let buckets = plan.files.iter().flat_map(|staged| &batches[staged.batch].buckets);
    let days = buckets.map(|bucket| bucket.activity_date);
    format!("{same}\n  AND {}", bounds(days, &format!("T.`{partition}`")))
}

pub(super) fn merge_table(plan: &TablePlan, batches: &[BatchNormalized], staging: &str, target: &str) -> String {
    let table = plan.table;
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let key = quoted_key(table);
    let differs = says_something_else(table);
    let set = table.columns.iter().filter(|column| !column.sticky).map(|column| format!("`{}`", column.name));
    let set = set.filter(|name| !key.contains(name)).map(|name| format!("{name} = S.{name}"));
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let mut merge = format!(
        "MERGE {target} AS T\nUSING (\n  SELECT {columns}\n  FROM {staging}\n  WHERE {winning}\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY {key} ORDER BY `{tie_breaker}`) = 1\n) AS S\n\
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
        tie_breaker = tie_breaker(table),
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
    in_buckets(plan.table, plan.won.iter().map(|won| &won.bucket), of)
}

fn in_buckets<'a>(table: &Table, buckets: impl Iterator<Item = &'a BucketId>, of: &str) -> String {
    let mut days: BTreeMap<(&str, &AccountId), Vec<Day>> = BTreeMap::new();
    for bucket in buckets {
        let source = if has_source(table) { bucket.source.as_str() } else { "" };
        days.entry((source, &bucket.account_id)).or_default().push(bucket.activity_date);
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

/// What rows of one key are put in order by: the id of the row, or the key itself where that says it all.
pub(super) fn tie_breaker(table: &Table) -> &str {
    let id = table.column("row_id").map(|column| column.name.as_str());
    id.or(table.key.first().map(String::as_str)).expect("invariant: a table has a key")
}

pub(super) fn has_source(table: &Table) -> bool {
    table.bucket.iter().any(|name| name == "source")
}
