//! The control sums of rows: those of the columns that count.

use everycent_schemas::rows::{CursorSpend, RejectedRecord, Row};
use everycent_schemas::{Day, Timestamp, Usd};

const AT: Timestamp = Timestamp::from_micros(1);

fn day() -> Day {
    Day::from_epoch_days(1).expect("a day")
}

/// With prices and limits, which count for nothing.
fn spend(overall_spend_usd: Option<Usd>, fast_premium_requests: Option<i64>) -> CursorSpend<'static> {
    CursorSpend {
        account_id: "a",
        activity_date: day(),
        row_id: "r",
        cycle_started_at: AT,
        billing_cycle_start: day(),
        user_id: None,
        email: Some("ada@example.com"),
        name: None,
        role: None,
        spend_cents: Some("1"),
        spend_usd: Some(Usd::from_nanos(11)),
        overall_spend_cents: None,
        overall_spend_usd,
        included_spend_cents: None,
        included_spend_usd: Some(Usd::from_nanos(800)),
        billing_tier: None,
        removed_at: None,
        fast_premium_requests,
        hard_limit_override_usd: Some(Usd::from_nanos(100)),
        monthly_limit_usd: Some(Usd::from_nanos(200)),
        effective_per_user_limit_usd: Some(Usd::from_nanos(400)),
        snapshot_id: "s",
        fetched_at: AT,
        ingestion_timestamp: AT,
    }
}

#[test]
fn what_is_there_is_added_up_but_for_columns_that_do_not_count() {
    let full = spend(Some(Usd::from_nanos(13)), Some(14));
    assert_eq!((full.amount(), full.quantity()), (Some(Usd::from_nanos(24)), 14));
    let empty = spend(None, None);
    assert_eq!((empty.amount(), empty.quantity()), (Some(Usd::from_nanos(11)), 0));
}

#[test]
fn a_row_without_money_has_no_amount_and_a_small_integer_counts_too() {
    let reject = RejectedRecord {
        source: "a/b",
        account_id: "a",
        activity_date: day(),
        row_id: "r",
        page: 7,
        position: "/data/0",
        reason: "why",
        object: "raw/x",
        snapshot_id: "s",
        fetched_at: AT,
        ingestion_timestamp: AT,
    };
    assert_eq!((reject.amount(), reject.quantity()), (None, 7));
}
