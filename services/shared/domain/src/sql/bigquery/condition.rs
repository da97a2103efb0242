//! Conditions that several statements have: the partitions of days, the days of an account, the same key.

use std::collections::{BTreeMap, BTreeSet};

use everycent_schemas::tables::Table;
use everycent_schemas::{AccountId, Day};

use super::literal::{date, dates};
use super::names::text_literal;
use crate::bucket::BucketId;
use crate::sql::columns::key_order;

/// The partitions that the days lie in, so that no other is read. There is at least one day.
pub(super) fn bounds(days: impl Iterator<Item = Day> + Clone, column: &str) -> String {
    let first = days.clone().min().expect("invariant: a statement is about one day at least");
    let last = days.max().expect("invariant: a statement is about one day at least");
    format!("{column} BETWEEN {} AND {}", date(first), date(last))
}

/// Whether a row is of one of the buckets, in no other partition than theirs.
pub(super) fn in_buckets(buckets: &BTreeSet<BucketId>) -> String {
    let mut days: BTreeMap<(&str, &AccountId), Vec<Day>> = BTreeMap::new();
    for BucketId { source, account_id, activity_date } in buckets {
        days.entry((source, account_id)).or_default().push(*activity_date);
    }
    let asked = days.iter().map(|((source, account), days)| of_account(source, account, days, ""));
    format!(
        "{}\n  AND ({})",
        bounds(buckets.iter().map(|bucket| bucket.activity_date), "`activity_date`"),
        asked.collect::<Vec<_>>().join("\n    OR "),
    )
}

/// Whether a row is of these days of an account, and what else is asked for.
pub(super) fn of_account(source: &str, account: &AccountId, days: &[Day], and: &str) -> String {
    format!(
        "(`source` = {} AND `account_id` = {} AND `activity_date` IN ({}){and})",
        text_literal(source),
        text_literal(account.as_str()),
        dates(days)
    )
}

pub(super) fn same_key(table: &Table) -> String {
    let same: Vec<String> = quoted_key(table).iter().map(|name| format!("T.{name} = S.{name}")).collect();
    same.join(" AND ")
}

pub(super) fn quoted_key(table: &Table) -> Vec<String> {
    key_order(table).into_iter().map(|name| format!("`{name}`")).collect()
}
