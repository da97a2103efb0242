//! Rows of days that have a price. A day without one gives nothing and waits for it; the other days are made.

use everycent_schemas::Day;

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
