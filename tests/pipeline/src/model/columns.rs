//! How the tables spell what the world says.

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::tables::Record;

/// A record with the columns that have a value.
pub(super) fn record<const N: usize>(columns: [(&str, Option<String>); N]) -> Record {
    columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A time as the tables have it, from microseconds since 1970.
pub(super) fn instant(micros: i64) -> String {
    let instant = DateTime::from_timestamp_micros(micros).expect("invariant: a time of the calendar");
    instant.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The beginning of a day.
pub(super) fn midnight(day: NaiveDate) -> String {
    instant(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())
}

/// Of an amount that is told as text, and so exactly.
pub(super) fn dollars(cents: Decimal) -> String {
    (cents / Decimal::ONE_HUNDRED).normalize().to_string()
}

/// Of an amount that is told as a JSON number: kept to the nano-dollar.
pub(super) fn nearest_dollars(cents: Decimal) -> String {
    let exact = cents / Decimal::ONE_HUNDRED;
    exact.round_dp_with_strategy(9, RoundingStrategy::MidpointNearestEven).normalize().to_string()
}
