//! Which answers were read for what is not unlearned.

use std::collections::BTreeSet;

use everycent_domain::source::Source;
use everycent_runtime::bus::DeadLetter;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{Day, SnapshotId};

use crate::facts;
use crate::letters;

/// Days of answers whose rows were read, whether they won or lost.
pub(super) type Read = BTreeSet<(SnapshotId, Day)>;

/// Of the days of letters about answers that may name somebody.
pub(super) async fn rows_read(warehouse: &dyn Warehouse, dead: &[DeadLetter]) -> anyhow::Result<Read> {
    let days = dead
        .iter()
        .filter_map(letters::about)
        .filter(|about| about.snapshot_id.is_some() && about.source.parse().is_ok_and(Source::remembers));
    let days = days.filter_map(|about| about.days).reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
    let Some((from, to)) = days else { return Ok(Read::new()) };
    let query = format!(
        "SELECT snapshot_id, activity_date FROM [[table:answers]] \
         WHERE filled IS NOT NULL AND activity_date BETWEEN '{from}' AND '{to}'"
    );
    let rows = warehouse.query(&query).await?;
    facts::each(&rows).map(|fact| Ok((fact.text("snapshot_id")?.into(), fact.day("activity_date")?))).collect()
}
