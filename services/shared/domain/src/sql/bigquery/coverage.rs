//! Coverage, the answers and the verdicts: what is loaded, what failed, what became of each answer, what a check said.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::events::FetchFailed;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::stored::{AnswerRow, CoverageRow, ReconciliationRow};
use everycent_schemas::tables::{Column, Group, Table};
use everycent_schemas::{AccountId, AnswerVerdict, CoverageState, Day, SnapshotId, Timestamp};

use super::BigQuery;
use super::condition::{bounds, in_buckets, of_account, same_key};
use super::derived::remake_months;
use super::literal::{date, literal, timestamp};
use super::names::text_literal;
use super::turn::{in_turn, turn_table};
use crate::acceptance::AnswerId;
use crate::bucket::BucketId;
use crate::future::horizon;
use crate::merge_plan::CoverageUpdate;
use crate::reconcile::Verdict;
use crate::sql::columns::lines;
use crate::sql::stored::{
    KNOWN_COLUMNS, coverage_columns, failed_values, kept_tables, merge_groups, merged_values, table, tables_of_days,
    verdict_values,
};
use crate::sql::{self, Dialect};
use crate::vendor::Vendor;

fn coverage_table(dataset: &str) -> String {
    BigQuery { dataset }.table(table::<CoverageRow>())
}

/// What coverage says of the buckets, of which there is at least one: `source`, `account_id`, `activity_date`, the columns
/// that `known` takes, null. In one row more the turn, with nulls before it.
pub fn known_of_buckets(dataset: &str, buckets: &BTreeSet<BucketId>) -> String {
    let columns: Vec<String> = KNOWN_COLUMNS.iter().map(|name| format!("`{name}`")).collect();
    let nulls = vec!["NULL"; KNOWN_COLUMNS.len() + 3];
    format!(
        "SELECT `source`, `account_id`, `activity_date`, {}, CAST(NULL AS INT64) AS `turn`\nFROM {}\nWHERE {}\n\
         UNION ALL\nSELECT {}, `turn`\nFROM {}",
        columns.join(", "),
        coverage_table(dataset),
        in_buckets(buckets),
        nulls.join(", "),
        turn_table(dataset),
    )
}

/// All answers about the buckets, of which there is at least one: all columns, in their order.
pub fn answers_of_buckets(dataset: &str, buckets: &BTreeSet<BucketId>) -> String {
    format!(
        "SELECT {}\nFROM {}\nWHERE {}",
        quoted_names(&table::<AnswerRow>().columns).join(", "),
        answers_table(dataset),
        in_buckets(buckets),
    )
}

fn answers_table(dataset: &str) -> String {
    BigQuery { dataset }.table(table::<AnswerRow>())
}

/// Coverage of the days from `from` to `to`: all columns, in their order.
pub fn coverage_between(dataset: &str, from: Day, to: Day) -> String {
    format!(
        "SELECT {}\nFROM {}\nWHERE `activity_date` BETWEEN {} AND {}\nORDER BY `source`, `account_id`, `activity_date`",
        quoted_names(&table::<CoverageRow>().columns).join(", "),
        coverage_table(dataset),
        date(from),
        date(to),
    )
}

/// Records failed windows, of which there is at least one. Only the latest failure of a day counts, so that any order of
/// them ends the same; of two at the same time the reason decides.
pub fn record_failures(dataset: &str, failures: &[FetchFailed]) -> String {
    let columns = coverage_columns(&[Group::Failure]);
    let windows: Vec<String> = failures.iter().map(|failure| failed_window(&columns, failure)).collect();
    let days = failures.iter().flat_map(|failure| [failure.from_date, failure.to_date]);
    let told = columns.iter().map(|column| match column.name.as_str() {
        "activity_date" => "`activity_date`".to_owned(),
        name => format!("F.`{name}`"),
    });
    // An earlier release did not say which answer is the newest. A day that was answered is open to the key, so a refusal of
    // it is a failure.
    let newest = "COALESCE(T.`newest_fetched_at`, T.`fetched_at`)";
    let state = format!(
        "CASE WHEN {newest} IS NULL THEN S.`state` WHEN S.`failed_at` > {newest} THEN '{}' ELSE T.`state` END",
        CoverageState::Failed
    );
    let merge = format!(
        "MERGE {coverage} AS T\nUSING (\n  SELECT {told}\n  FROM UNNEST([\n{windows}\n  ]) AS F\n  \
         CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(F.from_date, F.to_date)) AS `activity_date`\n  WHERE TRUE\n  \
         QUALIFY ROW_NUMBER() OVER (PARTITION BY F.`source`, F.`account_id`, `activity_date` \
         ORDER BY F.`failed_at` DESC, F.`failure` DESC) = 1\n) AS S\n\
         ON {same}\n  AND {bounds}\n\
         WHEN MATCHED AND (T.`failed_at` IS NULL OR T.`failed_at` < S.`failed_at` \
         OR (T.`failed_at` = S.`failed_at` AND T.`failure` < S.`failure`)) THEN UPDATE SET\n{set}\n{insert}",
        coverage = coverage_table(dataset),
        told = told.collect::<Vec<_>>().join(", "),
        windows = windows.join(",\n"),
        same = same_key(table::<CoverageRow>()),
        bounds = bounds(days, "T.`activity_date`"),
        set = set(table::<CoverageRow>(), &columns, Some(&state)),
        insert = insert(&columns),
    );
    in_turn(dataset, [merge]).join(";\n\n")
}

/// Takes an account out of every table, as if nothing had ever come of it.
pub fn forget_account(dataset: &str, vendor: Vendor, account_id: &AccountId) -> String {
    in_turn(dataset, sql::forget_account(vendor, account_id, &BigQuery { dataset })).join(";\n\n")
}

/// A row for all days of the window, which has its ends in place of a day.
fn failed_window(columns: &[&Column], failure: &FetchFailed) -> String {
    let values = columns.iter().zip(failed_values(failure, failure.from_date));
    let days = [("from_date", failure.from_date), ("to_date", failure.to_date)];
    let of_all_days = values.filter(|(column, _)| column.name != "activity_date");
    let named = of_all_days.map(|(column, value)| named(column, &value));
    let named = named.chain(days.map(|(name, day)| format!("{} AS {name}", date(day))));
    format!("    STRUCT({})", named.collect::<Vec<_>>().join(", "))
}

/// Deletes the rows of these snapshots from every table that keeps its rows, and what is of a later day from every table of
/// days.
pub fn forget_future(dataset: &str, snapshots: &[SnapshotId], last: Day) -> String {
    let dialect = BigQuery { dataset };
    let ids: Vec<String> = snapshots.iter().map(|id| text_literal(id.as_str())).collect();
    let of_snapshots = kept_tables()
        .filter(|_| !ids.is_empty())
        .map(|table| format!("DELETE FROM {} WHERE `snapshot_id` IN ({})", dialect.table(table), ids.join(", ")));
    let of_days = tables_of_days()
        .map(|table| format!("DELETE FROM {} WHERE `activity_date` > {}", dialect.table(table), date(last)));
    in_turn(dataset, of_snapshots.chain(of_days).chain(remake_months(dataset, last))).join(";\n\n")
}

/// Stores verdicts, of which there is at least one, each in place of the earlier one; of two with the same key the last.
pub fn store_verdicts(dataset: &str, verdicts: &[Verdict], checked_at: Timestamp) -> String {
    let table = table::<ReconciliationRow>();
    let columns: Vec<&Column> = table.columns.iter().collect();
    let key_of = |verdict: &Verdict| {
        (verdict.check.id(), verdict.source.clone(), verdict.account_id.clone(), verdict.activity_date)
    };
    let last: BTreeMap<_, &Verdict> = verdicts.iter().map(|verdict| (key_of(verdict), verdict)).collect();
    let rows = last.values().map(|verdict| row(&columns, verdict_values(verdict, checked_at)));
    let merge = format!(
        "MERGE {target} AS T\nUSING (\n  SELECT * FROM UNNEST([\n{rows}\n  ])\n) AS S\nON {same}\n  AND {bounds}\n\
         WHEN MATCHED THEN UPDATE SET\n{set}\n{insert}",
        target = BigQuery { dataset }.table(table),
        rows = rows.collect::<Vec<_>>().join(",\n"),
        same = same_key(table),
        bounds = bounds(verdicts.iter().map(|verdict| verdict.activity_date), "T.`activity_date`"),
        set = set(table, &columns, None),
        insert = insert(&columns),
    );
    in_turn(dataset, [merge]).join(";\n\n")
}

/// What coverage says of the buckets from now on: of those whose rows change, and of the others.
pub(super) fn merge_coverage(
    updates: &[CoverageUpdate],
    merged_at: Timestamp,
    now: Timestamp,
    dataset: &str,
) -> Vec<String> {
    // A failure of the future outweighs nothing, and is forgotten: no later one could take its place.
    let horizon = timestamp(horizon(now));
    let failed = CoverageState::Failed;
    let state =
        format!("IF(T.`failed_at` > S.`newest_fetched_at` AND T.`failed_at` <= {horizon}, '{failed}', S.`state`)");
    let kept = |name: &str| format!("  `{name}` = IF(T.`failed_at` <= {horizon}, T.`{name}`, NULL)");
    let statement = |rows_change: bool| {
        let columns = coverage_columns(merge_groups(rows_change));
        let updates: Vec<_> = updates.iter().filter(|update| update.loaded.is_some() == rows_change).collect();
        let rows: Vec<String> = updates.iter().map(|update| row(&columns, merged_values(update, merged_at))).collect();
        if rows.is_empty() {
            return None;
        }
        let set = [set(table::<CoverageRow>(), &columns, Some(&state)), kept("failed_at"), kept("failure")];
        Some(format!(
            "MERGE {coverage} AS T\nUSING (\n  SELECT * FROM UNNEST([\n{rows}\n  ])\n) AS S\n\
             ON {same}\n  AND {bounds}\nWHEN MATCHED THEN UPDATE SET\n{set}\n{insert}",
            coverage = coverage_table(dataset),
            rows = rows.join(",\n"),
            same = same_key(table::<CoverageRow>()),
            bounds = bounds(updates.iter().map(|update| update.bucket.activity_date), "T.`activity_date`"),
            set = set.join(",\n"),
            insert = insert(&columns),
        ))
    };
    [true, false].into_iter().filter_map(statement).collect()
}

/// Writes answers, of which there is at least one and which were loaded into `staging`, in place of what was said of them.
pub(super) fn merge_answers(answers: &[AnswerRow], staging: &str, dataset: &str) -> String {
    let columns: Vec<&Column> = table::<AnswerRow>().columns.iter().collect();
    format!(
        "MERGE {target} AS T\nUSING {staging} AS S\nON {same}\n  AND {bounds}\nWHEN MATCHED THEN UPDATE SET\n{set}\n{insert}",
        target = answers_table(dataset),
        same = same_key(table::<AnswerRow>()),
        bounds = bounds(answers.iter().map(|answer| answer.activity_date), "T.`activity_date`"),
        set = set(table::<AnswerRow>(), &columns, None),
        insert = insert(&columns),
    )
}

/// Marks the answers before the accepted ones.
pub(super) fn supersede_answers(superseding: &[(BucketId, AnswerId)], dataset: &str) -> Option<String> {
    let mut days: BTreeMap<(&str, &AccountId, Timestamp, &SnapshotId), Vec<Day>> = BTreeMap::new();
    for (BucketId { source, account_id, activity_date }, accepted) in superseding {
        let AnswerId { fetched_at, snapshot_id } = accepted;
        days.entry((source, account_id, *fetched_at, snapshot_id)).or_default().push(*activity_date);
    }
    let earlier = days.iter().map(|((source, account, fetched_at, snapshot_id), days)| {
        let (at, snapshot) = (timestamp(*fetched_at), text_literal(snapshot_id.as_str()));
        let earlier = format!(" AND (`fetched_at` < {at} OR (`fetched_at` = {at} AND `snapshot_id` < {snapshot}))");
        of_account(source, account, days, &earlier)
    });
    let superseded = AnswerVerdict::Superseded;
    (!superseding.is_empty()).then(|| {
        format!(
            "UPDATE {} SET `verdict` = '{superseded}'\nWHERE {}\n  AND `verdict` <> '{superseded}'\n  AND ({})",
            answers_table(dataset),
            bounds(superseding.iter().map(|(bucket, ..)| bucket.activity_date), "`activity_date`"),
            earlier.collect::<Vec<_>>().join("\n    OR "),
        )
    })
}

/// Takes out the lines of answers.
pub(super) fn delete_answers(thinned: &[(BucketId, Vec<SnapshotId>)], dataset: &str) -> Option<String> {
    let lines = thinned.iter().map(|(BucketId { source, account_id, activity_date }, snapshots)| {
        let snapshots: Vec<String> = snapshots.iter().map(|snapshot| text_literal(snapshot.as_str())).collect();
        let taken_out = format!(" AND `snapshot_id` IN ({})", snapshots.join(", "));
        of_account(source, account_id, &[*activity_date], &taken_out)
    });
    (!thinned.is_empty()).then(|| {
        format!(
            "DELETE FROM {}\nWHERE {}\n  AND ({})",
            answers_table(dataset),
            bounds(thinned.iter().map(|(bucket, _)| bucket.activity_date), "`activity_date`"),
            lines.collect::<Vec<_>>().join("\n    OR "),
        )
    })
}

fn quoted_names<'t>(columns: impl IntoIterator<Item = &'t Column>) -> Vec<String> {
    columns.into_iter().map(|column| format!("`{}`", column.name)).collect()
}

/// Every column but the key, `state` by its own rule if there is one.
fn set(table: &Table, columns: &[&Column], state: Option<&str>) -> String {
    let values = columns.iter().filter(|column| !table.key.contains(&column.name));
    lines(values.map(|column| match (column.name.as_str(), state) {
        ("state", Some(state)) => format!("`state` = {state}"),
        (name, _) => format!("`{name}` = S.`{name}`"),
    }))
}

fn insert(columns: &[&Column]) -> String {
    let names = quoted_names(columns.iter().copied());
    let values: Vec<String> = names.iter().map(|name| format!("S.{name}")).collect();
    format!("WHEN NOT MATCHED BY TARGET THEN INSERT ({})\n  VALUES ({})", names.join(", "), values.join(", "))
}

fn row(columns: &[&Column], values: Vec<Cell>) -> String {
    let named: Vec<String> = columns.iter().zip(&values).map(|(column, value)| named(column, value)).collect();
    format!("    STRUCT({})", named.join(", "))
}

fn named(column: &Column, value: &Cell) -> String {
    format!("{} AS `{}`", literal(column.kind, value), column.name)
}
