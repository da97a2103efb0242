//! Reading the cost report: buckets of a day, each with its results.
//!
//! `amount` is a decimal string in cents. A null `workspace_id` in the grouped report is the default workspace.

use std::collections::HashMap;

use everycent_schemas::Day;
use everycent_schemas::rows::{ClaudeCost, ClaudeCostTotal};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::cost_report::bucket_day;
use crate::attribution::{Attribution, Evidence, Rules};
use crate::identity::{Id, IdHasher};
use crate::money::usd_from_cents;
use crate::normalize::{NormalizeError, Output, PageContext, Position, RowMaker, read_alone};
use crate::vendors::{Text, without_content};

/// The only currency that the report is documented to use.
pub(super) const USD: &str = "USD";

/// Makes rows of the grouped or of the ungrouped report.
pub struct CostRows<'r> {
    /// `None` for the ungrouped report, whose rows have no platform.
    rules: Option<&'r Rules>,
    last_day: Option<Day>,
    twins: HashMap<Id, i64>,
}

impl<'r> CostRows<'r> {
    pub fn grouped(rules: &'r Rules) -> Self {
        Self { rules: Some(rules), last_day: None, twins: HashMap::new() }
    }

    pub fn totals() -> Self {
        Self { rules: None, last_day: None, twins: HashMap::new() }
    }

    fn take_page<'p, R>(
        &mut self,
        page: &PageContext<'_>,
        buckets: &'p [Bucket<'p, R>],
        record_of: impl Fn(&'p R) -> Result<&'p CostRecord<'p>, &'p String>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        for (bucket_index, bucket) in buckets.iter().enumerate() {
            let day = self.begin_bucket(page, &bucket.starting_at, output)?;
            for (index, result) in bucket.results.iter().enumerate() {
                let outcome = match record_of(result) {
                    Ok(record) => self.take_record(day, record, output),
                    Err(reason) => Err(reason.clone()),
                };
                if let Err(reason) = outcome {
                    output.reject(page, Position::InBucket(bucket_index, index), Some(day), &reason);
                }
            }
        }
        Ok(())
    }

    fn begin_bucket(
        &mut self,
        page: &PageContext<'_>,
        starting_at: &str,
        output: &Output<'_>,
    ) -> Result<Day, NormalizeError> {
        let day = bucket_day(starting_at).ok_or_else(|| page.not_whole("starting_at is not a midnight"))?;
        if !output.covers(day) || self.last_day.is_some_and(|last| last >= day) {
            return Err(page.not_whole(format!("{day} is not covered, or comes twice")));
        }
        self.last_day = Some(day);
        self.twins.clear();
        Ok(day)
    }

    fn take_record(&mut self, day: Day, record: &CostRecord<'_>, output: &mut Output<'_>) -> Result<(), String> {
        let amount_usd = usd_from_cents(&record.amount).map_err(|e| format!("amount: {e}"))?;
        let currency = record.currency.as_deref().unwrap_or(USD);
        if currency != USD {
            return Err(format!("currency `{currency}` is not {USD}"));
        }
        let row_id = self.row_id(record).hex();
        let (manifest, normalized_at) = (output.manifest(), output.normalized_at());
        let Some(rules) = self.rules else {
            let total = ClaudeCostTotal {
                organization_id: &manifest.account_id,
                activity_date: day,
                row_id: row_id.as_str(),
                currency,
                amount_cents: &record.amount,
                amount_usd,
                snapshot_id: &manifest.snapshot_id,
                fetched_at: manifest.fetched_at,
                ingestion_timestamp: normalized_at,
            };
            output.row(day, &total);
            return Ok(());
        };
        let Attribution { platform, basis: platform_basis, rank: platform_rank } = rules.attribute(&record.evidence());
        let cost = ClaudeCost {
            organization_id: &manifest.account_id,
            activity_date: day,
            row_id: row_id.as_str(),
            workspace_id: record.workspace_id.as_deref(),
            description: record.description.as_deref(),
            cost_type: record.cost_type.as_deref(),
            model: record.model.as_deref(),
            token_type: record.token_type.as_deref(),
            service_tier: record.service_tier.as_deref(),
            context_window: record.context_window.as_deref(),
            inference_geo: record.inference_geo.as_deref(),
            currency,
            amount_cents: &record.amount,
            amount_usd,
            platform: platform.name(),
            platform_basis,
            platform_rank,
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: normalized_at,
        };
        output.row(day, &cost);
        Ok(())
    }

    /// Dimensions, and for a twin its ordinal among the rows of the day that share them all. Never the amount.
    fn row_id(&mut self, record: &CostRecord<'_>) -> Id {
        let dimensions = [
            &record.workspace_id,
            &record.description,
            &record.cost_type,
            &record.model,
            &record.token_type,
            &record.service_tier,
            &record.context_window,
            &record.inference_geo,
        ];
        let hasher = dimensions
            .into_iter()
            .fold(IdHasher::new("claude_costs"), |hasher, dimension| hasher.optional(dimension.as_deref()));
        let first = hasher.finish();
        let ordinal = self.twins.entry(first).or_default();
        *ordinal += 1;
        match *ordinal {
            1 => first,
            twin => hasher.number(twin).finish(),
        }
    }
}

impl RowMaker for CostRows<'_> {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        if let Ok(report) = serde_json::from_str::<Page<'_, CostRecord<'_>>>(body) {
            return self.take_page(page, &report.data, Ok, output);
        }
        let report: Page<'_, &RawValue> =
            serde_json::from_str(body).map_err(|e| page.not_whole(without_content(&e)))?;
        let buckets: Vec<_> = report.data.into_iter().map(Bucket::read_each_alone).collect();
        self.take_page(page, &buckets, Result::as_ref, output)
    }
}

#[derive(Deserialize)]
#[serde(bound = "'de: 'a, R: Deserialize<'de>")]
struct Page<'a, R> {
    data: Vec<Bucket<'a, R>>,
}

#[derive(Deserialize)]
#[serde(bound = "'de: 'a, R: Deserialize<'de>")]
struct Bucket<'a, R> {
    starting_at: Text<'a>,
    results: Vec<R>,
}

impl<'a> Bucket<'a, &'a RawValue> {
    fn read_each_alone(self) -> Bucket<'a, Result<CostRecord<'a>, String>> {
        let results = self.results.into_iter().map(read_alone).collect();
        Bucket { starting_at: self.starting_at, results }
    }
}

/// One result. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
struct CostRecord<'a> {
    #[serde(borrow)]
    amount: Text<'a>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    workspace_id: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    #[serde(borrow)]
    cost_type: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    token_type: Option<Text<'a>>,
    #[serde(borrow)]
    service_tier: Option<Text<'a>>,
    #[serde(borrow)]
    context_window: Option<Text<'a>>,
    #[serde(borrow)]
    inference_geo: Option<Text<'a>>,
}

impl CostRecord<'_> {
    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            workspace_id: self.workspace_id.as_deref(),
            description: self.description.as_deref(),
            model: self.model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        }
    }
}
