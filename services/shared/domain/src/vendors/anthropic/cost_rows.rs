//! Reading the cost report: buckets of a day, each with its results.
//!
//! `amount` is a decimal number of cents, as a rule in a string. A null `workspace_id` in the grouped report is the default workspace.

use everycent_schemas::Day;
use everycent_schemas::rows::{ClaudeCost, ClaudeCostTotal};
use serde::Deserialize;

use super::api::currency;
use super::bucket_rows::{BucketRows, ResultRows};
use crate::attribution::{Attribution, Evidence, Rules};
use crate::identity::{IdHasher, Twins};
use crate::rows::{Output, read_needed};
use crate::vendors::{Amount, Label, Text};
use crate::workspaces::Place;

/// Makes rows of the grouped or of the ungrouped report.
pub struct CostRows<'r> {
    /// `None` for the ungrouped report, whose rows have no platform.
    rules: Option<&'r Rules>,
}

impl<'r> CostRows<'r> {
    pub fn grouped(rules: &'r Rules) -> BucketRows<Self> {
        BucketRows::of(Self { rules: Some(rules) })
    }

    pub fn totals() -> BucketRows<Self> {
        BucketRows::of(Self { rules: None })
    }
}

impl ResultRows for CostRows<'_> {
    type Record<'p> = CostRecord<'p>;

    fn take(
        &self,
        day: Day,
        record: &CostRecord<'_>,
        twins: &mut Twins,
        output: &mut Output<'_>,
    ) -> Result<(), String> {
        let amount_usd = record.amount.usd_from_cents().map_err(|e| format!("amount: {e}"))?;
        let currency = currency(record.currency.as_deref())?;
        let place = output.workspace(record.workspace_id.as_deref());
        let row_id = twins.next(record.dimensions(place)).hex();
        let (manifest, normalized_at) = (output.manifest(), output.normalized_at());
        let Some(rules) = self.rules else {
            let total = ClaudeCostTotal {
                organization_id: manifest.account_id.as_str(),
                activity_date: day,
                row_id: row_id.as_str(),
                currency,
                amount_cents: record.amount.text(),
                amount_usd,
                snapshot_id: manifest.snapshot_id.as_str(),
                fetched_at: manifest.fetched_at,
                ingestion_timestamp: normalized_at,
            };
            return Ok(output.row(day, &total)?);
        };
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            rules.attribute(&record.evidence(place).of_account(&manifest.account_id));
        let cost = ClaudeCost {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            workspace_id: place.workspace_id,
            description: record.description.as_deref(),
            cost_type: record.cost_type.as_deref(),
            model: record.model.as_deref(),
            token_type: record.token_type.as_deref(),
            service_tier: record.service_tier.as_deref(),
            context_window: record.context_window.as_deref(),
            inference_geo: record.inference_geo.as_deref(),
            currency,
            amount_cents: record.amount.text(),
            amount_usd,
            platform: platform.name(),
            platform_basis,
            platform_rank,
            money_from: rules.money_from().on(&manifest.account_id, day),
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: normalized_at,
        };
        Ok(output.row(day, &cost)?)
    }
}

/// One result. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
pub struct CostRecord<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    currency: Option<Text<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    workspace_id: Option<Label<'a>>,
    #[serde(borrow)]
    description: Option<Label<'a>>,
    #[serde(borrow)]
    cost_type: Option<Label<'a>>,
    #[serde(borrow)]
    model: Option<Label<'a>>,
    #[serde(borrow)]
    token_type: Option<Label<'a>>,
    #[serde(borrow)]
    service_tier: Option<Label<'a>>,
    #[serde(borrow)]
    context_window: Option<Label<'a>>,
    #[serde(borrow)]
    inference_geo: Option<Label<'a>>,
}

impl CostRecord<'_> {
    /// All but the amount, which must never be part of an identity.
    fn dimensions(&self, place: Place<'_>) -> IdHasher {
        [
            &self.description,
            &self.cost_type,
            &self.model,
            &self.token_type,
            &self.service_tier,
            &self.context_window,
            &self.inference_geo,
        ]
        .into_iter()
        .fold(IdHasher::new("claude_costs").optional(place.workspace_id), |hasher, dimension| {
            hasher.optional(dimension.as_deref())
        })
    }

    fn evidence<'e>(&'e self, place: Place<'e>) -> Evidence<'e> {
        Evidence {
            workspace: place,
            description: self.description.as_deref(),
            model: self.model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        }
    }
}
