//! Page tokens: opaque to the caller, bound to the query that they came from.
//!
//! Owns their encoding. It must never accept one under other parameters.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDate;

use super::range::midnight;
use super::refusal::Refusal;
use crate::exchange::Request;

const PREFIX: &str = "page_";

/// Where a page starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub first_day: NaiveDate,
    /// From 1.
    pub page: u32,
}

pub(super) fn write(position: Position, request: &Request) -> String {
    let Position { first_day, page } = position;
    let plain = format!("{}|{page}|{:016x}", midnight(first_day), fingerprint(request));
    format!("{PREFIX}{}", STANDARD.encode(plain))
}

pub(super) fn read(token: &str, request: &Request) -> Result<Position, Refusal> {
    let (position, bound_to) = decode(token).ok_or_else(|| Refusal::invalid("page: Invalid page token"))?;
    if bound_to != fingerprint(request) {
        return Err(Refusal::invalid("page: Page token does not match the query parameters"));
    }
    Ok(position)
}

/// The token that would lead to the first page, which nobody is ever given in earnest.
pub(super) fn of_first_page(request: &Request) -> String {
    let start = request.query.iter().find(|(name, _)| name == "starting_at");
    let first_day = start.and_then(|(_, text)| text.get(..10)?.parse().ok()).unwrap_or_default();
    write(Position { first_day, page: 1 }, request)
}

fn decode(token: &str) -> Option<(Position, u64)> {
    let plain = String::from_utf8(STANDARD.decode(token.strip_prefix(PREFIX)?).ok()?).ok()?;
    let mut parts = plain.split('|');
    let first_day = parts.next()?.split('T').next()?.parse().ok()?;
    let page = parts.next()?.parse().ok().filter(|page| *page > 0)?;
    let bound_to = u64::from_str_radix(parts.next()?, 16).ok()?;
    Some((Position { first_day, page }, bound_to))
}

/// FNV-1a over path and parameters, the page aside, whatever their order.
fn fingerprint(request: &Request) -> u64 {
    let mut parts: Vec<String> = request
        .query
        .iter()
        .filter(|(name, _)| name != "page")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    parts.sort();
    parts.push(request.path.clone());
    parts
        .join("&")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn asking(query: &[(&str, &str)]) -> Request {
        let query = query.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Request { path: "/v1/organizations/cost_report".to_owned(), query, ..Request::default() }
    }

    #[test]
    fn token_leads_back_to_its_position_in_any_order_of_the_parameters() {
        let position = Position { first_day: NaiveDate::from_ymd_opt(2025, 10, 10).unwrap(), page: 3 };
        let token = write(position, &asking(&[("limit", "7"), ("group_by[]", "description")]));
        let next = asking(&[("group_by[]", "description"), ("limit", "7"), ("page", &token)]);
        assert_eq!(read(&token, &next), Ok(position));
    }

    #[test]
    fn token_is_refused_under_another_query_and_when_it_is_garbage() {
        let position = Position { first_day: NaiveDate::from_ymd_opt(2025, 10, 10).unwrap(), page: 2 };
        let token = write(position, &asking(&[("limit", "7")]));
        assert!(read(&token, &asking(&[("limit", "8")])).is_err());
        for garbage in ["", "page_", "page_!!", "2025-10-10", "page_MjAyNQ=="] {
            assert!(read(garbage, &asking(&[("limit", "7")])).is_err(), "{garbage}");
        }
    }
}
