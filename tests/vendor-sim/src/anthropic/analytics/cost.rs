//! `GET /v1/organizations/analytics/cost`: its sums are those of the cost report.
//!
//! Owns amounts and what they are ranked by.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::facets::{Facets, Organization};
use super::measure::Measure;
use crate::world::{CostShare, SHARE_DECIMALS, World};

#[derive(Clone, Copy, Default)]
pub(super) struct Cost {
    cents: Decimal,
    requests: u64,
}

impl Measure for Cost {
    type Fact = CostShare;

    const FIELD: &'static str = "cost";
    const FANNED_OUT: &'static [&'static str] = &["cost_type", "token_type"];
    const RANKINGS: &'static [&'static str] = &["amount", "list_amount"];

    fn facts(world: &World, organization: &Organization<'_>, day: NaiveDate) -> Vec<CostShare> {
        if organization.is_enterprise { world.enterprise_shares(day) } else { world.cost_shares(day) }
    }

    fn facets(share: &CostShare) -> Facets<'_> {
        Facets {
            workspace_id: share.workspace_id.as_deref(),
            api_key_id: share.api_key_id.as_deref(),
            actor: share.actor.as_ref(),
            product: &share.product,
            cost_type: Some(&share.cost_type),
            model: share.model.as_deref(),
            token_type: share.token_type.as_deref(),
            context_window: share.context_window.as_deref(),
            service_tier: share.service_tier.as_deref(),
            inference_geo: share.inference_geo.as_deref(),
            is_fast: share.is_fast,
        }
    }

    fn add(&mut self, share: &CostShare) {
        self.cents += share.amount_cents;
        self.requests += share.requests();
    }

    /// Amounts and list amounts have the same order, since one is a multiple of the other.
    fn rank(&self, _place: usize) -> Decimal {
        self.cents
    }

    fn split(self, count: u32) -> Vec<Cost> {
        let piece = Cost { cents: (self.cents / Decimal::from(count)).round_dp(SHARE_DECIMALS), requests: 0 };
        let others = vec![piece; count as usize - 1];
        let taken: Decimal = others.iter().map(|piece| piece.cents).sum();
        [Cost { cents: self.cents - taken, requests: self.requests }].into_iter().chain(others).collect()
    }

    /// A request has all types of cost and tokens, so none is counted for one type.
    fn shown(&self, world: &World, is_fanned_out: bool) -> Value {
        json!({
            "amount": self.cents.to_string(),
            "list_amount": self.list_cents(world).to_string(),
            "currency": "USD",
            "requests": if is_fanned_out { Value::Null } else { json!(self.requests) },
        })
    }
}

impl Cost {
    fn list_cents(&self, world: &World) -> Decimal {
        let percent = 100 + i64::from(world.options.analytics_list_markup_percent);
        (world.undiscounted(self.cents) * Decimal::new(percent, 2)).round_dp(SHARE_DECIMALS)
    }
}
