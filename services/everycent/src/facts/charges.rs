//! Whether charges are up to date.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::derived::input;
use everycent_domain::reconcile::ChargeFact;
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse, WarehouseError, differing_charges, stale_charges};
use everycent_schemas::{AccountId, Day};

/// Days whose charges are compared at once: their facts are read.
const DAYS_AT_ONCE: u32 = 31;

/// Of each account that charges are made for: which days are stale, of all there are, and which rows differ in the window
/// and in one of the months before it. Which month that is changes from day to day, so all of them have their turn.
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
    let mut facts = Vec::new();
    for ((vendor, account_id), days) in days {
        let mut differing = BTreeMap::new();
        let of_window = days.iter().copied().filter(|day| window.contains(*day));
        let of_month = month_in_turn(&days, window, today);
        for part in Window::fewest(of_month.into_iter().chain(of_window), DAYS_AT_ONCE) {
            differing.extend(differing_charges(warehouse, vendor, &account_id, part).await?);
        }
        let stale = stale.remove(&(vendor, account_id.clone())).unwrap_or_default();
        facts.push(ChargeFact { vendor, account_id, stale, differing });
    }
    Ok(facts)
}

/// The days of one of the months before the window.
fn month_in_turn(days: &BTreeSet<Day>, window: Window, today: Day) -> BTreeSet<Day> {
    let earlier = || days.iter().copied().filter(|day| *day < window.from());
    let months: BTreeSet<String> = earlier().map(Day::month).collect();
    let turn = usize::try_from(today.epoch_days()).unwrap_or_default() % months.len().max(1);
    let Some(month) = months.into_iter().nth(turn) else { return BTreeSet::new() };
    earlier().filter(|day| day.month() == month).collect()
}
