//! Whether charges are up to date.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::bucket::BucketId;
use everycent_domain::derived::DerivedDays;
use everycent_domain::reconcile::ChargeFact;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse, WarehouseError, differing_charges, stale_charges};
use everycent_schemas::Day;

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
    let loaded: Vec<BucketId> = coverage.iter().filter(|row| row.snapshot_id.is_some()).map(BucketId::of).collect();
    let (loaded, stale) = (DerivedDays::of(&loaded), DerivedDays::of(&stale_charges(warehouse).await?));
    let last = Window::new(window.from().max(window.to().minus(DAYS_COMPARED - 1)), window.to()).unwrap_or(window);
    let mut facts = Vec::new();
    for (vendor, account_id, _) in loaded.accounts() {
        let days = loaded.days_of(vendor, account_id);
        let of_window = days.iter().copied().filter(|day| last.contains(*day));
        let of_month = month_in_turn(&days, last, today);
        let mut differing = BTreeMap::new();
        for part in Window::fewest(of_month.into_iter().chain(of_window), DAYS_COMPARED) {
            differing.extend(differing_charges(warehouse, vendor, account_id, part).await?);
        }
        let stale = stale.days_of(vendor, account_id);
        facts.push(ChargeFact { vendor, account_id: account_id.clone(), stale, differing });
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
