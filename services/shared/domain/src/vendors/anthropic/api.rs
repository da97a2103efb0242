//! What the reports of the API have in common.

use everycent_schemas::Day;

/// The version of the API that the reports are documented with.
pub const VERSION: &str = "2023-06-01";

/// The only currency that the reports are documented to use.
pub const USD: &str = "USD";

/// Midnight UTC at which the day begins, as the vendor writes it.
pub fn midnight(day: Day) -> String {
    format!("{day}T00:00:00Z")
}

/// The day that begins at this RFC 3339 instant; `None` if it is not a midnight in UTC.
pub fn bucket_day(starting_at: &str) -> Option<Day> {
    let instant: everycent_schemas::Timestamp = starting_at.parse().ok()?;
    Some(instant.day()).filter(|day| day.start() == instant)
}
