//! Rows of days that have a price. A day without one gives nothing and waits for it; the other days are made.

use everycent_schemas::Day;
use everycent_schemas::rows::CursorPlanDay;

use crate::prices::{PlanDay, PlanDays};
use crate::rows::{Output, PageContext, Position};

/// What an account pays, asked for only on days that are wanted.
#[derive(Debug)]
pub(super) struct Priced<'r>(PlanDays<'r>);

impl<'r> Priced<'r> {
    pub(super) fn new(prices: PlanDays<'r>) -> Self {
        Self(prices)
    }

    /// What the seat means on the day; `None` where no rows of it are to be made.
    pub(super) fn on(&self, day: Day, output: &mut Output<'_>) -> Option<PlanDay> {
        if !output.wants(day) {
            return None;
        }
        self.0.on(day).map_err(|unpriced| output.leave_out(day, unpriced)).ok()
    }

    /// Says with the first page what the plan asks on each day of the snapshot, be there records of it or not.
    pub(super) fn keep_days(&self, page: &PageContext<'_>, output: &mut Output<'_>) {
        if page.number != 1 {
            return;
        }
        let manifest = output.manifest();
        for day in manifest.covered.iter().filter(|day| output.wants(**day)).copied().collect::<Vec<_>>() {
            // A day without a record needs no price.
            let Ok(paid) = self.0.on(day) else { continue };
            let row = CursorPlanDay {
                source: &manifest.source,
                account_id: manifest.account_id.as_str(),
                activity_date: day,
                plan: paid.plan,
                billing_cycle_start: paid.billing_cycle_start,
                billing_cycle_end: paid.billing_cycle_end,
                included_requests: paid.included_requests,
                request_usd: paid.request_usd,
                standard_seat_usd: paid.seat_usd,
                premium_seat_usd: paid.premium_seat_usd,
                standard_seat_basis: paid.seat_price_basis.name(),
                premium_seat_basis: paid.premium_seat_price_basis.name(),
                snapshot_id: manifest.snapshot_id.as_str(),
                fetched_at: manifest.fetched_at,
                ingestion_timestamp: output.normalized_at(),
            };
            output.remember(day, &row);
        }
    }

    /// Rejects a record, unless its day waits for a price: the record is read again with the others of the day.
    pub(super) fn reject(
        &self,
        output: &mut Output<'_>,
        page: &PageContext<'_>,
        position: Position,
        (day, reason): (Option<Day>, &str),
    ) {
        let counted = output.counted_for(day);
        if counted.is_some_and(|day| self.on(day, output).is_some()) {
            output.reject(page, position, counted, reason);
        }
    }
}
