//! Coverage and the verdicts: what is loaded, what failed, what a check said.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::events::FetchFailed;
use everycent_schemas::tables::{self, Table};
use everycent_schemas::{Day, Timestamp};

use super::literal::{BUCKET_VERSION, bounds, date, dates, lower, timestamp};
use super::turn::{in_turn, turn_table};
use crate::merge_plan::{BucketId, CoverageUpdate, Version};
use crate::reconcile::Verdict;
use crate::sql::Dialect;
use crate::sql::names::{bigquery_text, lines, physical_name};

fn shipped(name: &str) -> &'static Table {
    tables::find(name).expect("invariant: the table is shipped")
}

fn coverage_table(dataset: &str) -> String {
    physical_name(shipped("coverage"), &Dialect::BigQuery { dataset: dataset.to_owned() })
}

/// The versions that coverage holds of the buckets, of which there is at least one: `source`, `account_id`,
/// `activity_date`, `fetched_at`, `snapshot_id`, `normalized_at`, null. In one row more the turn, with nulls before it.
pub fn loaded_versions(dataset: &str, buckets: &BTreeSet<BucketId>) -> String {
    let mut days: BTreeMap<(&str, &str), Vec<Day>> = BTreeMap::new();
    for BucketId { source, account_id, activity_date } in buckets {
        days.entry((source, account_id)).or_default().push(*activity_date);
    }
    let asked = days.iter().map(|((source, account), days)| {
        format!(
            "(`source` = {} AND `account_id` = {} AND `activity_date` IN ({}))",
            bigquery_text(source),
            bigquery_text(account),
            dates(days)
        )
    });
    format!(
        "SELECT `source`, `account_id`, `activity_date`, `fetched_at`, `snapshot_id`, `normalized_at`, \
         CAST(NULL AS INT64) AS `turn`\nFROM {}\n\
         WHERE {}\n  AND `fetched_at` IS NOT NULL\n  AND ({})\n\
         UNION ALL\nSELECT NULL, NULL, NULL, NULL, NULL, NULL, `turn`\nFROM {}",
        coverage_table(dataset),
        bounds(buckets.iter().map(|bucket| bucket.activity_date), "`activity_date`"),
        asked.collect::<Vec<_>>().join("\n    OR "),
        turn_table(dataset),
    )
}

/// Coverage of the days from `from` to `to`, in the order of the port's row.
pub fn coverage_between(dataset: &str, from: Day, to: Day) -> String {
    format!(
        "SELECT `source`, `account_id`, `activity_date`, `state`, `fetched_at`, `snapshot_id`, `normalized_at`, `recipe`, `rows`, \
         `rejects`,\n  `amount_usd`, `quantity`, `failed_at`, `failure`\nFROM {}\n\
         WHERE `activity_date` BETWEEN {} AND {}\nORDER BY `source`, `account_id`, `activity_date`",
        coverage_table(dataset),
        date(from),
        date(to),
    )
}

/// Records failed windows, of which there is at least one. Only the latest failure of a day counts, so that any order of
/// them ends the same; of two at the same time the reason decides.
pub fn record_failures(dataset: &str, failures: &[FetchFailed]) -> String {
    let windows: Vec<String> = failures.iter().map(failed_window).collect();
    let days = failures.iter().flat_map(|failure| [failure.from_date, failure.to_date]);
    let merge = format!(
        "MERGE {coverage} AS T\nUSING (\n  \
         SELECT F.source, F.account_id, activity_date, F.failed_at, F.failure\n  FROM UNNEST([\n{windows}\n  ]) AS F\n  \
         CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(F.from_date, F.to_date)) AS activity_date\n  WHERE TRUE\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY F.source, F.account_id, activity_date \
         ORDER BY F.failed_at DESC, F.failure DESC) = 1\n) AS S\n\
         ON T.`source` = S.source AND T.`account_id` = S.account_id AND T.`activity_date` = S.activity_date\n  AND {bounds}\n\
         WHEN MATCHED AND (T.`failed_at` IS NULL OR T.`failed_at` < S.failed_at \
         OR (T.`failed_at` = S.failed_at AND T.`failure` < S.failure)) THEN UPDATE SET\n  \
         `failed_at` = S.failed_at,\n  `failure` = S.failure,\n  \
         `state` = IF(T.`fetched_at` IS NULL OR S.failed_at > T.`fetched_at`, 'failed', T.`state`)\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT (`source`, `account_id`, `activity_date`, `state`, `failed_at`, `failure`)\n  \
         VALUES (S.source, S.account_id, S.activity_date, 'failed', S.failed_at, S.failure)",
        coverage = coverage_table(dataset),
        windows = windows.join(",\n"),
        bounds = bounds(days, "T.`activity_date`"),
    );
    in_turn(dataset, [merge]).join(";\n\n")
}

fn failed_window(failure: &FetchFailed) -> String {
    format!(
        "    STRUCT({} AS source, {} AS account_id, {} AS from_date, {} AS to_date, {} AS failed_at, {} AS failure)",
        bigquery_text(&failure.source),
        bigquery_text(&failure.account_id),
        date(failure.from_date),
        date(failure.to_date),
        timestamp(failure.failed_at),
        bigquery_text(&failure.reason),
    )
}

/// Stores verdicts, of which there is at least one, each in place of the earlier one; of two with the same key the last.
pub fn store_verdicts(dataset: &str, verdicts: &[Verdict], checked_at: Timestamp) -> String {
    let table = shipped("reconciliation");
    let key_of = |verdict: &Verdict| {
        (verdict.check.id(), verdict.source.clone(), verdict.account_id.clone(), verdict.activity_date)
    };
    let last: BTreeMap<_, &Verdict> = verdicts.iter().map(|verdict| (key_of(verdict), verdict)).collect();
    let rows: Vec<String> = last.values().map(|verdict| verdict_row(table, verdict, checked_at)).collect();
    let names: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
    let same: Vec<String> = table.key.iter().map(|name| format!("T.`{name}` = S.`{name}`")).collect();
    let values = table.columns.iter().filter(|column| !table.key.contains(&column.name));
    let inserted: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    let merge = format!(
        "MERGE {target} AS T\nUSING (\n  SELECT * FROM UNNEST([\n{rows}\n  ])\n) AS S\nON {same}\n  AND {bounds}\n\
         WHEN MATCHED THEN UPDATE SET\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({names})\n  VALUES ({inserted})",
        target = physical_name(table, &Dialect::BigQuery { dataset: dataset.to_owned() }),
        rows = rows.join(",\n"),
        same = same.join(" AND "),
        bounds = bounds(verdicts.iter().map(|verdict| verdict.activity_date), "T.`activity_date`"),
        set = lines(values.map(|column| format!("`{0}` = S.`{0}`", column.name))),
        names = names.join(", "),
        inserted = inserted.join(", "),
    );
    in_turn(dataset, [merge]).join(";\n\n")
}

fn verdict_row(table: &Table, verdict: &Verdict, checked_at: Timestamp) -> String {
    let values = [
        bigquery_text(verdict.check.id()),
        bigquery_text(&verdict.source),
        bigquery_text(&verdict.account_id),
        date(verdict.activity_date),
        date(verdict.from_date),
        bigquery_text(&verdict.expected.text()),
        bigquery_text(&verdict.found.text()),
        bigquery_text(&verdict.difference().text()),
        bigquery_text(verdict.expected.unit()),
        bigquery_text(verdict.word()),
        bigquery_text(&verdict.explanation),
        timestamp(checked_at),
    ];
    let named = table.columns.iter().zip(values).map(|(column, value)| format!("{value} AS `{}`", column.name));
    format!("    STRUCT({})", named.collect::<Vec<_>>().join(", "))
}

/// What coverage says of the buckets from now on.
pub(super) fn merge_coverage(updates: &[CoverageUpdate], merged_at: Timestamp, dataset: &str) -> String {
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
        "MERGE {coverage} AS T\nUSING (\n  SELECT * FROM UNNEST([\n{rows}\n  ])\n) AS S\n\
         ON T.`source` = S.`source` AND T.`account_id` = S.`account_id` AND T.`activity_date` = S.`activity_date`\n  AND {bounds}\n\
         WHEN MATCHED AND (T.`fetched_at` IS NULL OR {lower}) THEN UPDATE SET\n  \
         `state` = IF(T.`failed_at` > S.`fetched_at`, 'failed', S.`state`),\n{set}\n\
         WHEN NOT MATCHED BY TARGET THEN INSERT ({names})\n  VALUES ({inserted})",
        coverage = coverage_table(dataset),
        rows = rows.join(",\n"),
        bounds = bounds(updates.iter().map(|update| update.bucket.activity_date), "T.`activity_date`"),
        lower = lower(BUCKET_VERSION, "T.", "S."),
        set = lines(set),
        names = names.join(", "),
        inserted = inserted.join(", "),
    )
}

fn update_row(update: &CoverageUpdate, merged_at: Timestamp) -> String {
    let CoverageUpdate { bucket, version, .. } = update;
    let amount = update.amount_usd.map_or("CAST(NULL AS NUMERIC)".to_owned(), |amount| format!("NUMERIC '{amount}'"));
    let state = if update.settled { "settled" } else { "open" };
    format!(
        "    STRUCT({} AS source, {} AS account_id, {} AS activity_date, '{state}' AS state, {} AS settled, \
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

/// Fails the transaction if another merge changed coverage after this one was planned, be it with other rows of the same
/// version.
pub(super) fn assert_coverage(updates: &[CoverageUpdate], dataset: &str) -> String {
    let coverage = coverage_table(dataset);
    let mut days: BTreeMap<(&str, &str, &Version, &str), Vec<Day>> = BTreeMap::new();
    for CoverageUpdate { bucket: BucketId { source, account_id, activity_date }, version, recipe, .. } in updates {
        days.entry((source, account_id, version, recipe)).or_default().push(*activity_date);
    }
    let mine = days.iter().map(|((source, account, version, recipe), days)| {
        format!(
            "(`source` = {} AND `account_id` = {} AND `snapshot_id` = {} AND `normalized_at` = {} AND `recipe` = {} AND `activity_date` IN ({}))",
            bigquery_text(source),
            bigquery_text(account),
            bigquery_text(&version.snapshot_id),
            timestamp(version.normalized_at),
            bigquery_text(recipe),
            dates(days)
        )
    });
    format!(
        "ASSERT (\n  SELECT COUNT(*) FROM {coverage}\n  WHERE {}\n    AND ({})\n) = {} AS 'coverage has changed since the merge was planned'",
        bounds(updates.iter().map(|update| update.bucket.activity_date), "`activity_date`"),
        mine.collect::<Vec<_>>().join("\n    OR "),
        updates.len(),
    )
}
