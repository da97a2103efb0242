//! Days and instants as literals, and versions in order.

use everycent_schemas::rowfile::Cell;
use everycent_schemas::tables::Kind;
use everycent_schemas::{Day, Timestamp};

use super::names::{shown_type, text_literal};
use crate::future::horizon;

/// The columns that tell the version of a row.
pub(super) const ROW_VERSION: [&str; 3] = ["fetched_at", "snapshot_id", "ingestion_timestamp"];

pub(super) fn date(day: Day) -> String {
    format!("DATE '{day}'")
}

pub(super) fn dates(days: &[Day]) -> String {
    days.iter().map(|day| date(*day)).collect::<Vec<_>>().join(", ")
}

pub(super) fn timestamp(at: Timestamp) -> String {
    format!("TIMESTAMP '{at}'")
}

/// A value of a column. Dates and timestamps are texts.
pub(super) fn literal(kind: Kind, value: &Cell) -> String {
    match (value, kind) {
        (Cell::Null, _) => format!("CAST(NULL AS {})", shown_type(kind)),
        (Cell::Boolean(value), _) => value.to_string(),
        (Cell::Integer(value), _) => value.to_string(),
        (Cell::Money(amount), _) => format!("NUMERIC '{amount}'"),
        (Cell::Text(day), Kind::Date) => format!("DATE {}", text_literal(day)),
        (Cell::Text(at), Kind::Timestamp) => format!("TIMESTAMP {}", text_literal(at)),
        (Cell::Text(text), _) => text_literal(text),
    }
}

/// Whether the version of `this` is lower than that of `other`. What lies in the future is lower than what does not.
pub(super) fn lower(version: [&str; 3], this: &str, other: &str, now: Timestamp) -> String {
    let [fetched, snapshot, normalized] = version;
    let horizon = timestamp(horizon(now));
    let parts = |of: &str| {
        let not_future = |name: &str| format!("({of}`{name}` <= {horizon})");
        let plain = |name: &str| format!("{of}`{name}`");
        [not_future(fetched), plain(fetched), plain(snapshot), not_future(normalized), plain(normalized)]
    };
    let pairs: Vec<(String, String)> = parts(this).into_iter().zip(parts(other)).collect();
    let (last, before) = pairs.split_last().expect("invariant: a version has parts");
    let is_less = |(a, b): &(String, String)| format!("{a} < {b}");
    before.iter().rev().fold(is_less(last), |rest, pair| {
        let (a, b) = pair;
        format!("{} OR ({a} = {b} AND ({rest}))", is_less(pair))
    })
}
