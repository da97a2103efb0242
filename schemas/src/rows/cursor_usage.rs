//! Rows of what people do in Cursor.

use serde::Serialize;

use super::{Row, total};
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorUsageStat<'a> {
    pub account_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub user_id: Option<&'a str>,
    /// In lower case.
    pub email: &'a str,
    pub is_active: Option<bool>,
    pub total_lines_added: i64,
    pub total_lines_deleted: i64,
    pub accepted_lines_added: i64,
    pub accepted_lines_deleted: i64,
    pub total_applies: i64,
    pub total_accepts: i64,
    pub total_rejects: i64,
    pub total_tabs_shown: i64,
    pub total_tabs_accepted: i64,
    pub composer_requests: i64,
    pub chat_requests: i64,
    pub agent_requests: i64,
    pub cmdk_usages: i64,
    pub bugbot_usages: i64,
    /// A raw count, not billable units; so are the next two.
    pub subscription_included_reqs: i64,
    pub usage_based_reqs: i64,
    pub api_key_reqs: i64,
    pub most_used_model: Option<&'a str>,
    pub apply_most_used_extension: Option<&'a str>,
    pub tab_most_used_extension: Option<&'a str>,
    pub client_version: Option<&'a str>,
    /// `None` on a token plan.
    pub estimated_cost_usd: Option<Usd>,
    pub plan: Option<&'a str>,
    pub billing_cycle_start: Option<Day>,
    pub seat_usd: Option<Usd>,
    pub included_requests: Option<i64>,
    pub request_usd: Option<Usd>,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for CursorUsageStat<'_> {
    const TABLE: &'static str = "cursor_usage_stats";

    fn amount(&self) -> Option<Usd> {
        total([self.estimated_cost_usd, self.seat_usd])
    }

    fn quantity(&self) -> i64 {
        [
            self.total_lines_added,
            self.total_lines_deleted,
            self.accepted_lines_added,
            self.accepted_lines_deleted,
            self.total_applies,
            self.total_accepts,
            self.total_rejects,
            self.total_tabs_shown,
            self.total_tabs_accepted,
            self.composer_requests,
            self.chat_requests,
            self.agent_requests,
            self.cmdk_usages,
            self.bugbot_usages,
            self.subscription_included_reqs,
            self.usage_based_reqs,
            self.api_key_reqs,
        ]
        .into_iter()
        .fold(0, i64::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_row_fits_its_table_with_its_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(CursorUsageStat {
                account_id: "a",
                activity_date: day,
                row_id: "r",
                user_id: some,
                email: "p@example.com",
                is_active: some.map(|_| true),
                total_lines_added: 1,
                total_lines_deleted: 2,
                accepted_lines_added: 3,
                accepted_lines_deleted: 4,
                total_applies: 5,
                total_accepts: 6,
                total_rejects: 7,
                total_tabs_shown: 8,
                total_tabs_accepted: 9,
                composer_requests: 10,
                chat_requests: 11,
                agent_requests: 12,
                cmdk_usages: 13,
                bugbot_usages: 14,
                subscription_included_reqs: 15,
                usage_based_reqs: 16,
                api_key_reqs: 17,
                most_used_model: some,
                apply_most_used_extension: some,
                tab_most_used_extension: some,
                client_version: some,
                estimated_cost_usd: some.map(|_| Usd::from_nanos(7)),
                plan: some,
                billing_cycle_start: some.map(|_| day),
                seat_usd: some.map(|_| Usd::from_nanos(8)),
                included_requests: some.map(|_| 18),
                request_usd: some.map(|_| Usd::from_nanos(9)),
                platform: "cursor",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
