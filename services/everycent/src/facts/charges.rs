//! Whether charges are up to date.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::derived::input;
use everycent_domain::reconcile::ChargeFact;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse, WarehouseError, differing_charges, stale_charges};
use everycent_schemas::{AccountId, Day};

/// Days whose charges are compared: their facts are read, which takes as long as making them.
const DAYS_COMPARED: u32 = 31;

/// Of each account that charges are made for: which days are stale, of all there are, and which rows differ in the last days
/// of the window and in one of the months before them. Which month that is changes from day to day, so all have their turn.
pub async fn charges(
    warehouse: &dyn Warehouse,
    window: Window,
    today: Day,
    coverage: &[CoverageRow],
) -> Result<Vec<ChargeFact>, WarehouseError> {
    let mut days: BTreeMap<(Vendor, AccountId), BTreeSet<Day>> = BTreeMap::new();
    for row in coverage.iter().filter(|row| row.snapshot_id.is_some()) {
        if let Some(source) = input(&row.source) {
            days.entry((source.vendor(), row.account_id.clone())).or_default().insert(row.activity_date);
        }
    }
    let mut stale: BTreeMap<(Vendor, AccountId), BTreeSet<Day>> = BTreeMap::new();
    for bucket in stale_charges(warehouse).await? {
        if let Some(source) = input(&bucket.source) {
            stale.entry((source.vendor(), bucket.account_id)).or_default().insert(bucket.activity_date);
        }
    }
    let last = Window::new(window.from().max(window.to().minus(DAYS_COMPARED - 1)), window.to()).unwrap_or(window);
    let mut facts = Vec::new();
    for ((vendor, account_id), days) in days {
        let mut differing = BTreeMap::new();
        let of_window = days.iter().copied().filter(|day| last.contains(*day));
        let of_month = month_in_turn(&days, last, today);
        for part in Window::fewest(of_month.into_iter().chain(of_window), DAYS_COMPARED) {
            differing.extend(differing_charges(warehouse, vendor, &account_id, part).await?);
        }
        let stale = stale.remove(&(vendor, account_id.clone())).unwrap_or_default();
        facts.push(ChargeFact { vendor, account_id, stale, differing });
    }
    Ok(facts)
}

/// The days of one of the months before the window, as far as they lie before it.
fn month_in_turn(days: &BTreeSet<Day>, window: Window, today: Day) -> BTreeSet<Day> {
    let earlier = || days.iter().copied().filter(|day| *day < window.from());
    let months: BTreeSet<String> = earlier().map(Day::month).collect();
    let turn = usize::try_from(today.epoch_days()).unwrap_or_default() % months.len().max(1);
    let Some(month) = months.into_iter().nth(turn) else { return BTreeSet::new() };
    earlier().filter(|day| day.month() == month).collect()
}
