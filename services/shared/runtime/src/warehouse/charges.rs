//! Charges that are not made of what is loaded, or are not what their definition makes: found through the port, and made
//! again.

use std::collections::{BTreeMap, BTreeSet};

use everycent_domain::bucket::BucketId;
use everycent_domain::derived::{DerivedDays, inputs};
use everycent_domain::sql::derived::{self, Scope};
use everycent_domain::vendor::Vendor;
use everycent_domain::window::Window;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::{AccountId, Day};

use super::{Warehouse, WarehouseError};

const ACTION: &str = "make charges";
/// Days of accounts in one transaction: so much is done again if it is stopped. On BigQuery each is a job of some seconds.
const DAYS_AT_ONCE: usize = 62;

/// Which charges are made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// Those that are not made of what is loaded, or in another way than now.
    Stale,
    All,
}

/// Makes charges again, the latest days first; what was done is kept when it is stopped. `told` is told after each part how
/// many days of how many are done. Gives how many days of accounts that were.
pub async fn rebuild(
    warehouse: &dyn Warehouse,
    which: Rebuild,
    told: &(dyn Fn(usize, usize) + Send + Sync),
) -> Result<usize, WarehouseError> {
    let query = match which {
        Rebuild::Stale => derived::stale(),
        Rebuild::All => derived::made_of(),
    };
    let mut to_make = buckets(warehouse, &query).await?;
    if let Some(query) = derived::touched_by_readings(&to_make) {
        to_make.extend(buckets(warehouse, &query).await?);
    }
    let buckets = to_make;
    let days = DerivedDays::of(&buckets);
    let (all, mut done) = (days.len(), 0);
    for part in days.in_parts(DAYS_AT_ONCE) {
        let of_part = buckets.iter().filter(|bucket| part.has(bucket)).cloned().collect();
        warehouse.derive(&of_part).await?;
        done += part.len();
        told(done, all);
    }
    Ok(done)
}

/// The buckets that are loaded and whose charges are not made of that.
pub async fn stale_charges(warehouse: &dyn Warehouse) -> Result<BTreeSet<BucketId>, WarehouseError> {
    buckets(warehouse, &derived::stale()).await
}

/// How many rows of charges and of their sums are not what their definition makes of the facts, by account and day, or
/// first day of a month. The definition is read over the days that are asked about, which takes as long as making them.
pub async fn differing_charges(
    warehouse: &dyn Warehouse,
    vendor: Vendor,
    account_id: &AccountId,
    window: Window,
) -> Result<BTreeMap<Day, i64>, WarehouseError> {
    let mut differing = BTreeMap::new();
    for query in derived::differences(vendor, Scope(&[(account_id, window)])) {
        for row in warehouse.query(&query).await?.rows {
            let Some((Cell::Text(day), Cell::Integer(rows))) = pair(row) else { return Err(strange()) };
            *differing.entry(day.parse().map_err(|_| strange())?).or_default() += rows;
        }
    }
    Ok(differing)
}

async fn buckets(warehouse: &dyn Warehouse, query: &str) -> Result<BTreeSet<BucketId>, WarehouseError> {
    let bucket = |row: Vec<Cell>| match <[Cell; 3]>::try_from(row) {
        Ok([Cell::Text(source), Cell::Text(account_id), Cell::Text(day)]) => {
            let activity_date = day.parse().map_err(|_| strange())?;
            Ok(BucketId { source, account_id: account_id.into(), activity_date })
        }
        _ => Err(strange()),
    };
    warehouse.query(query).await?.rows.into_iter().map(bucket).collect()
}

fn pair(row: Vec<Cell>) -> Option<(Cell, Cell)> {
    <[Cell; 2]>::try_from(row).ok().map(|[first, second]| (first, second))
}

fn strange() -> WarehouseError {
    let reports: Vec<&str> = inputs().iter().map(|source| source.name()).collect();
    let reason = format!("coverage of {} is not what this version reads", reports.join(", "));
    WarehouseError::Refused { action: ACTION, reason: reason.into() }
}
