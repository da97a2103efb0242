//! `GET /v1/organizations/analytics/usage`: its tokens are those of the messages usage report, its
//! requests those of the cost by analytics.
//!
//! Owns counts and what they are ranked by. It has neither money nor a split by type of token.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::facets::{Facets, Organization};
use super::measure::Measure;
use crate::anthropic::tokens;
use crate::world::{AnalyticsUsage, UsageCounts, World};

#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    counts: UsageCounts,
    requests: u64,
}

impl Measure for Usage {
    type Fact = AnalyticsUsage;

    const FIELD: &'static str = "usage";
    const FANNED_OUT: &'static [&'static str] = &[];
    const RANKINGS: &'static [&'static str] = &["total_tokens", "output_tokens", "requests", "uncached_input_tokens"];

    fn facts(world: &World, organization: &Organization<'_>, day: NaiveDate) -> Vec<AnalyticsUsage> {
        if organization.is_enterprise { world.enterprise_usage(day) } else { world.analytics_usage(day) }
    }

    fn facets(used: &AnalyticsUsage) -> Facets<'_> {
        Facets {
            workspace_id: used.key.workspace_id.as_deref(),
            api_key_id: used.key.api_key_id.as_deref(),
            actor: used.actor.as_ref(),
            product: &used.product,
            cost_type: None,
            model: Some(&used.key.model),
            token_type: None,
            context_window: Some(&used.key.context_window),
            service_tier: Some(&used.key.service_tier),
            inference_geo: Some(&used.key.inference_geo),
            is_fast: used.key.is_fast,
        }
    }

    fn add(&mut self, used: &AnalyticsUsage) {
        self.counts.add(used.counts);
        self.requests += used.requests;
    }

    fn rank(&self, place: usize) -> Decimal {
        Decimal::from(match Self::RANKINGS.get(place) {
            Some(&"output_tokens") => self.counts.output,
            Some(&"requests") => self.requests,
            Some(&"uncached_input_tokens") => self.counts.uncached_input,
            _ => self.counts.total_tokens(),
        })
    }

    fn split(self, count: u32) -> Vec<Usage> {
        let piece = Usage { counts: self.counts.part(count), requests: self.requests / u64::from(count) };
        let others = u64::from(count) - 1;
        let first = Usage {
            counts: self.counts.without(piece.counts, others),
            requests: self.requests - piece.requests * others,
        };
        [first].into_iter().chain(vec![piece; others as usize]).collect()
    }

    fn shown(&self, _world: &World, _is_fanned_out: bool) -> Value {
        let mut figures = tokens::figures(self.counts);
        figures.insert("total_tokens".to_owned(), json!(self.counts.total_tokens()));
        figures.insert("requests".to_owned(), json!(self.requests));
        Value::Object(figures)
    }
}
