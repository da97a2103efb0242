//! Reading cost by analytics: one record for each day, product, actor, key, workspace, model and line of cost.
//!
//! Both amounts are decimal numbers of cents, as a rule in strings. A null actor is nobody who can be named, and there may be several.

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeAnalyticsCost;
use serde::Deserialize;

use crate::attribution::{Attribution, Rules};
use crate::identity::{IdHasher, Twins};
use crate::rows::{Output, read_needed};
use crate::vendors::anthropic::analytics::{AnalyticsRows, Dated, Group};
use crate::vendors::anthropic::api::currency;
use crate::vendors::anthropic::bucket_rows::ResultRows;
use crate::vendors::{Amount, Tally, Text};

/// Makes rows of cost by analytics.
pub struct CostRows<'r> {
    rules: &'r Rules,
}

impl<'r> CostRows<'r> {
    pub fn of(rules: &'r Rules) -> AnalyticsRows<Self> {
        AnalyticsRows::of(Self { rules })
    }
}

impl ResultRows for CostRows<'_> {
    type Record<'p> = Record<'p>;

    fn take(&self, day: Day, record: &Record<'_>, twins: &mut Twins, output: &mut Output<'_>) -> Result<(), String> {
        let Record { group, cost, .. } = record;
        let amount_usd = cost.amount.usd_from_cents().map_err(|e| format!("amount: {e}"))?;
        let list_amount = cost.list_amount.and_then(|amount| Some((amount.text(), amount.usd_from_cents().ok()?)));
        if list_amount.is_none() {
            output.remark(Some(day), "cost.list_amount", "it is no amount; left empty");
        }
        let currency = currency(cost.currency.as_deref())?;
        let place = output.workspace_by_id(day, group.workspace_id.as_deref());
        let row_id = twins.next(group.dimensions(place, IdHasher::new("claude_analytics_costs"))).hex();
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute_or_by_product(&group.evidence(place).of_account(&output.manifest().account_id));
        let manifest = output.manifest();
        let row = ClaudeAnalyticsCost {
            organization_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            product: group.product.as_deref(),
            actor_type: group.actor_type(),
            actor_id: group.actor_id(),
            actor_email: group.actor_email(),
            actor_name: group.actor_name(),
            api_key_id: group.api_key_id.as_deref(),
            workspace_id: place.workspace_id,
            model: group.model.as_deref(),
            cost_type: group.cost_type.as_deref(),
            token_type: group.token_type.as_deref(),
            requests: cost.requests.map(|requests| requests.0),
            currency,
            amount_cents: cost.amount.text(),
            amount_usd,
            list_amount_cents: list_amount.map(|(text, _)| text),
            list_amount_usd: list_amount.map(|(_, usd)| usd),
            platform: platform.name(),
            platform_basis,
            platform_rank,
            money_from: self.rules.money_from().on(&manifest.account_id, day),
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        // A day that is told and not covered is told in part: its rows are left in the page.
        Ok(output.row(day, &row)?)
    }
}

/// One row. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
pub struct Record<'a> {
    #[serde(borrow)]
    starting_at: Text<'a>,
    #[serde(borrow)]
    group: Group<'a>,
    #[serde(borrow)]
    cost: Cost<'a>,
}

impl Dated for Record<'_> {
    fn starting_at(&self) -> &str {
        &self.starting_at
    }
}

#[derive(Debug, Deserialize)]
struct Cost<'a> {
    #[serde(borrow)]
    amount: Amount<'a>,
    #[serde(borrow)]
    list_amount: Option<Amount<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    currency: Option<Text<'a>>,
    requests: Option<Tally>,
}
