//! Lists that are paged by the ids of their items.
//!
//! Owns `after_id`, `before_id` and the envelope. It must never know what an item is.

use serde_json::{Value, json};

use super::query::Query;
use super::refusal::Refusal;
use super::rows;
use crate::exchange::{Covers, Reply};

/// The parameters that every list takes.
pub(super) const PAGING: [&str; 3] = ["after_id", "before_id", "limit"];

/// The page of the items that is asked for; each item has its `id`.
pub(super) fn page(query: &Query<'_>, items: &[Value]) -> Result<Reply, Refusal> {
    let limit = rows::limit(query)?;
    let place = |name| query.single(name).map(|id| place_of(items, name, id)).transpose();
    let (start, end, has_more) = match (place("after_id")?, place("before_id")?) {
        (Some(_), Some(_)) => return Err(Refusal::invalid("Only one of after_id and before_id may be given")),
        (None, Some(before)) => {
            let start = before.saturating_sub(limit);
            (start, before, start > 0)
        }
        (after, None) => {
            let start = after.map_or(0, |after| after + 1);
            let end = (start + limit).min(items.len());
            (start, end, end < items.len())
        }
    };
    let data = &items[start..end];
    let id = |item: Option<&Value>| item.map(|item| item["id"].clone());
    let body = json!({"data": data, "has_more": has_more, "first_id": id(data.first()), "last_id": id(data.last())});
    let mut reply = Reply::json(200, &body);
    reply.covers = Some(Covers::no_day(u32::try_from(start.div_ceil(limit) + 1).unwrap_or(u32::MAX)));
    Ok(reply)
}

fn place_of(items: &[Value], name: &str, id: &str) -> Result<usize, Refusal> {
    let found = items.iter().position(|item| item["id"] == id);
    found.ok_or_else(|| Refusal::invalid(format!("{name}: No item with this id")))
}
