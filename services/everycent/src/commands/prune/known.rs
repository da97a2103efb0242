//! What the tables know of the answers of a source.

use std::collections::BTreeMap;

use anyhow::anyhow;
use everycent_domain::acceptance::AnswerId;
use everycent_domain::prune::Known;
use everycent_domain::source::Source;
use everycent_domain::sql;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::AccountId;

use crate::deployment::Deployment;
use crate::facts;
use crate::failure::Failure;

/// By account. Days are those of coverage, and the answers all that have a line.
pub(super) async fn known(
    deployment: &Deployment,
    source: Source,
    coverage: &[CoverageRow],
) -> Result<BTreeMap<AccountId, Known>, Failure> {
    let mut known: BTreeMap<AccountId, Known> = BTreeMap::new();
    for row in coverage.iter().filter(|row| row.source == source.name()) {
        known.entry(row.account_id.clone()).or_default().add_day(row);
    }
    // A line that only a decision has written is no answer yet.
    let query = format!(
        "SELECT account_id, activity_date, fetched_at, snapshot_id, verdict, content_hash FROM [[table:answers]] \
         WHERE source = {} AND normalized_at IS NOT NULL",
        sql::text(source.name())
    );
    for answer in facts::each(&deployment.warehouse.query(&query).await?) {
        let id =
            AnswerId { fetched_at: answer.timestamp("fetched_at")?, snapshot_id: answer.text("snapshot_id")?.into() };
        let verdict = answer.text("verdict")?.parse().map_err(|error| anyhow!("column verdict: {error}"))?;
        let (account_id, day) = (answer.text("account_id")?.into(), answer.day("activity_date")?);
        known.entry(account_id).or_default().add_answer(day, &id, verdict, answer.optional("content_hash")?);
    }
    Ok(known)
}
