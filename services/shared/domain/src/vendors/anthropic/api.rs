//! What the reports of the API have in common.

use everycent_schemas::Day;

/// The version of the API that the reports are documented with.
pub const VERSION: &str = "2023-06-01";

/// The only currency that the reports are documented to use.
const USD: &str = "USD";

/// The currency of an amount, which is dollars where none is named. Another one is no part of any sum.
pub fn currency(named: Option<&str>) -> Result<&'static str, String> {
    match named.map(str::trim) {
        None | Some("") => Ok(USD),
        Some(named) if named.eq_ignore_ascii_case(USD) => Ok(USD),
        Some(other) => Err(format!("currency `{}` is not {USD}", other.chars().take(12).collect::<String>())),
    }
}

/// Midnight UTC at which the day begins, as the vendor writes it.
pub fn midnight(day: Day) -> String {
    format!("{day}T00:00:00Z")
}

/// The day that begins at this RFC 3339 instant; `None` if it is not a midnight in UTC.
pub fn bucket_day(starting_at: &str) -> Option<Day> {
    let instant: everycent_schemas::Timestamp = starting_at.parse().ok()?;
    Some(instant.day()).filter(|day| day.start() == instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_dollars_in_any_case_and_where_no_currency_is_named() {
        for named in [None, Some(""), Some(" "), Some("USD"), Some("usd"), Some(" Usd ")] {
            assert_eq!(currency(named), Ok("USD"), "{named:?}");
        }
        for named in ["EUR", "US", "USDC", "$"] {
            assert_eq!(currency(Some(named)), Err(format!("currency `{named}` is not USD")));
        }
    }
}
