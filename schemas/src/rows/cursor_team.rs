//! Rows of a Cursor team: its members, and what each spent in the billing cycle.

use serde::Serialize;

use super::{Row, total};
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorSpend<'a> {
    pub account_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub cycle_started_at: Timestamp,
    pub billing_cycle_start: Day,
    pub user_id: Option<&'a str>,
    /// In lower case.
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub role: Option<&'a str>,
    /// The vendor's own text: on demand only.
    pub spend_cents: &'a str,
    pub spend_usd: Usd,
    /// The vendor's own text: on demand and included.
    pub overall_spend_cents: Option<&'a str>,
    pub overall_spend_usd: Option<Usd>,
    pub fast_premium_requests: Option<i64>,
    pub hard_limit_override_usd: Option<Usd>,
    pub monthly_limit_usd: Option<Usd>,
    pub effective_per_user_limit_usd: Option<Usd>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for CursorSpend<'_> {
    const TABLE: &'static str = "cursor_spend";

    fn amount(&self) -> Option<Usd> {
        total([Some(self.spend_usd), self.overall_spend_usd])
    }

    fn quantity(&self) -> i64 {
        self.fast_premium_requests.unwrap_or_default()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorMember<'a> {
    pub account_id: &'a str,
    /// The vendor's id, or the e-mail address where an answer has none.
    pub member_id: &'a str,
    /// In lower case.
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub role: Option<&'a str>,
    /// `None` in answers from before the vendor told it.
    pub is_removed: Option<bool>,
    pub last_seen_at: Timestamp,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for CursorMember<'_> {
    const TABLE: &'static str = "dim_cursor_members";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_rows_fit_their_tables_with_their_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(CursorSpend {
                account_id: "x",
                activity_date: day,
                row_id: "x",
                cycle_started_at: at,
                billing_cycle_start: day,
                user_id: some,
                email: "x",
                name: some,
                role: some,
                spend_cents: "x",
                spend_usd: Usd::from_nanos(11),
                overall_spend_cents: some,
                overall_spend_usd: some.map(|_| Usd::from_nanos(13)),
                fast_premium_requests: some.map(|_| 14),
                hard_limit_override_usd: some.map(|_| Usd::from_nanos(15)),
                monthly_limit_usd: some.map(|_| Usd::from_nanos(16)),
                effective_per_user_limit_usd: some.map(|_| Usd::from_nanos(17)),
                snapshot_id: "x",
                fetched_at: at,
                ingestion_timestamp: at,
            });
            fits::check(CursorMember {
                account_id: "x",
                member_id: "x",
                email: "x",
                name: some,
                role: some,
                is_removed: some.map(|_| true),
                last_seen_at: at,
                snapshot_id: "x",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
