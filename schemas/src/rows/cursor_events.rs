//! Rows of events of use in Cursor.

use serde::Serialize;

use super::{Row, total};
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CursorUsageEvent<'a> {
    pub account_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    pub occurred_at: Timestamp,
    /// In lower case.
    pub email: Option<&'a str>,
    pub service_account_id: Option<&'a str>,
    pub service_account_name: Option<&'a str>,
    pub cloud_agent_id: Option<&'a str>,
    pub automation_id: Option<&'a str>,
    pub conversation_id: Option<&'a str>,
    pub model: Option<&'a str>,
    pub kind: Option<&'a str>,
    /// What `kind` means: `included`, `on_demand`, `not_charged` or `unknown`.
    pub billing: &'a str,
    pub max_mode: Option<bool>,
    pub is_token_based_call: Option<bool>,
    pub is_chargeable: Option<bool>,
    pub is_headless: Option<bool>,
    /// The vendor's own text; units, not money.
    pub requests_costs: Option<&'a str>,
    pub request_micro_units: Option<i64>,
    pub input_tokens: Option<i64>,
    pub output_tokens: Option<i64>,
    pub cache_write_tokens: Option<i64>,
    pub cache_read_tokens: Option<i64>,
    /// The vendor's own text, before discount and fee.
    pub token_cost_cents: Option<&'a str>,
    pub token_cost_usd: Option<Usd>,
    pub discount_percent_off: Option<&'a str>,
    /// The vendor's own text, fee included.
    pub charged_cents: Option<&'a str>,
    pub charged_usd: Option<Usd>,
    /// The vendor's own text, a part of the charge.
    pub cursor_token_fee_cents: Option<&'a str>,
    pub cursor_token_fee_usd: Option<Usd>,
    pub plan: Option<&'a str>,
    pub billing_cycle_start: Option<Day>,
    pub included_requests: Option<i64>,
    pub request_usd: Option<Usd>,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for CursorUsageEvent<'_> {
    const TABLE: &'static str = "cursor_usage_events";

    fn amount(&self) -> Option<Usd> {
        total([self.token_cost_usd, self.charged_usd, self.cursor_token_fee_usd])
    }

    fn quantity(&self) -> i64 {
        [
            self.request_micro_units,
            self.input_tokens,
            self.output_tokens,
            self.cache_write_tokens,
            self.cache_read_tokens,
        ]
        .into_iter()
        .flatten()
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
            fits::check(CursorUsageEvent {
                account_id: "x",
                activity_date: day,
                row_id: "x",
                occurred_at: at,
                email: some,
                service_account_id: some,
                service_account_name: some,
                cloud_agent_id: some,
                automation_id: some,
                conversation_id: some,
                model: some,
                kind: some,
                billing: "x",
                max_mode: some.map(|_| true),
                is_token_based_call: some.map(|_| true),
                is_chargeable: some.map(|_| true),
                is_headless: some.map(|_| true),
                requests_costs: some,
                request_micro_units: some.map(|_| 19),
                input_tokens: some.map(|_| 20),
                output_tokens: some.map(|_| 21),
                cache_write_tokens: some.map(|_| 22),
                cache_read_tokens: some.map(|_| 23),
                token_cost_cents: some,
                token_cost_usd: some.map(|_| Usd::from_nanos(25)),
                discount_percent_off: some,
                charged_cents: some,
                charged_usd: some.map(|_| Usd::from_nanos(28)),
                cursor_token_fee_cents: some,
                cursor_token_fee_usd: some.map(|_| Usd::from_nanos(30)),
                plan: some,
                billing_cycle_start: some.map(|_| day),
                included_requests: some.map(|_| 33),
                request_usd: some.map(|_| Usd::from_nanos(34)),
                platform: "x",
                platform_basis: some,
                snapshot_id: "x",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
