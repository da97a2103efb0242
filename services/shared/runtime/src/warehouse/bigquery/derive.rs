//! Charges that an earlier release has not made, or a loader that was stopped.

use std::collections::BTreeSet;

use everycent_domain::bucket::BucketId;
use everycent_domain::derived::DerivedDays;
use everycent_domain::sql::bigquery::derive_script;
use everycent_domain::sql::{self, BigQuery};
use everycent_schemas::rowfile::Cell;

use super::connection::Connection;
use crate::warehouse::WarehouseError;

const ACTION: &str = "make charges";
/// Days of accounts in a job: each job costs seconds, whatever it makes.
const DAYS_OF_A_JOB: usize = 366;

/// Makes the charges of everything that a query names, job by job. Gives how many days that were.
pub(super) async fn rebuild(connection: &Connection, which: &str) -> Result<usize, WarehouseError> {
    let dataset = connection.name();
    let select = sql::query(which, &BigQuery { dataset: &dataset }).expect("invariant: shipped templates render");
    let rows = connection.select(&select).await.map_err(|failure| failure.during(ACTION))?.rows;
    let buckets: BTreeSet<BucketId> = rows.into_iter().map(bucket).collect::<Result<_, _>>()?;
    let days = DerivedDays::of(&buckets);
    let (all, mut done) = (days.len(), 0);
    for part in days.in_parts(DAYS_OF_A_JOB) {
        let of_part: BTreeSet<BucketId> = buckets.iter().filter(|bucket| part.has(bucket)).cloned().collect();
        connection.change(ACTION, &derive_script(&dataset, &of_part)).await?;
        done += part.len();
        tracing::info!("charges: {done} of {all} days made");
    }
    Ok(done)
}

fn bucket(row: Vec<Cell>) -> Result<BucketId, WarehouseError> {
    let refused = |what: String| WarehouseError::Refused { action: ACTION, reason: what.into() };
    match <[Cell; 3]>::try_from(row) {
        Ok([Cell::Text(source), Cell::Text(account_id), Cell::Text(day)]) => {
            let activity_date = day.parse().map_err(|_| refused(format!("coverage has the day `{day}`")))?;
            Ok(BucketId { source, account_id: account_id.into(), activity_date })
        }
        other => Err(refused(format!("coverage says {other:?}"))),
    }
}
