//! Pages that are counted in rows.
//!
//! Owns their limit and their bounds. It must never know what a row is.

use super::query::Query;
use super::refusal::Refusal;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1_000;

pub(super) fn limit(query: &Query<'_>) -> Result<usize, Refusal> {
    match query.single("limit").map(str::parse::<usize>) {
        None => Ok(DEFAULT_LIMIT),
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        Some(Ok(_)) => Err(Refusal::invalid(format!("limit: Input should be between 1 and {MAX_LIMIT}"))),
        Some(Err(_)) => Err(Refusal::invalid("limit: Input should be a valid integer")),
    }
}

/// The rows on a page, counted from 1, and whether more follow.
pub(super) fn page<T>(rows: &[T], page: u32, limit: usize) -> (&[T], bool) {
    let start = (page as usize - 1).saturating_mul(limit).min(rows.len());
    let end = start.saturating_add(limit).min(rows.len());
    (&rows[start..end], end < rows.len())
}
