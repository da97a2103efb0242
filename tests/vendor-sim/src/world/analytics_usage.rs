//! Claude token use by actor and product as well as by key: the ground truth of usage by analytics.
//!
//! Owns the finest grain of token use, from which the messages usage report adds up its own. It must
//! never price anything.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::prices::SONNET_4_5;
use super::{Actor, CostShare, UsageCounts, UsageKey, World};

/// What one actor has used on a day through one product, at the finest grain that can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnalyticsUsage {
    /// Workspace, key, model, tier, context window and geography.
    pub key: UsageKey,
    /// The same actor as that of the cost; none if no actor is known.
    pub actor: Option<Actor>,
    /// Such as `claude_code` or `messages_api`.
    pub product: String,
    /// `fast` or `standard`.
    pub speed: String,
    pub counts: UsageCounts,
    pub requests: u64,
}

impl World {
    /// The token use of a day by key, actor and product, in this order. Its sums by key are
    /// [`World::claude_usage`]; what has no tokens, such as code execution, is not in it.
    pub fn analytics_usage(&self, day: NaiveDate) -> Vec<AnalyticsUsage> {
        self.usage_of(self.cost_shares(day))
    }

    /// The same of these shares.
    pub(super) fn usage_of(&self, shares: Vec<CostShare>) -> Vec<AnalyticsUsage> {
        let mut rows: BTreeMap<Grain, (UsageCounts, u64)> = BTreeMap::new();
        let (searches, tokens): (Vec<CostShare>, Vec<CostShare>) =
            shares.into_iter().partition(|share| share.web_searches > 0);
        for share in tokens.iter().filter(|share| share.tokens > 0) {
            add(&mut rows, Grain::of(share), share);
        }
        for share in &searches {
            let grain = Grain::of_search(&rows, share);
            add(&mut rows, grain, share);
        }
        rows.into_iter().map(|(grain, (counts, requests))| self.analytics_row(grain, counts, requests)).collect()
    }

    /// The speed that a model is used at, as the fast mode or because it always is; none for what has no model.
    pub(crate) fn speed(&self, model: Option<&str>, is_fast: bool) -> Option<&'static str> {
        let is_always = |model: &str| self.options.fast_models.iter().any(|fast| fast == model);
        model.map(|model| if is_fast || is_always(model) { "fast" } else { "standard" })
    }

    fn analytics_row(&self, grain: Grain, counts: UsageCounts, requests: u64) -> AnalyticsUsage {
        let Grain { key, actor, product } = grain;
        let speed = self.speed(Some(&key.model), key.is_fast).unwrap_or_default().to_owned();
        AnalyticsUsage { key, actor, product, speed, counts, requests }
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Grain {
    key: UsageKey,
    actor: Option<Actor>,
    product: String,
}

impl Grain {
    fn of(share: &CostShare) -> Grain {
        Grain { key: key_of(share), actor: share.actor.clone(), product: share.product.clone() }
    }

    /// Searches have no model in the cost report, but they happen in the course of some model's use.
    fn of_search(rows: &BTreeMap<Grain, (UsageCounts, u64)>, share: &CostShare) -> Grain {
        let is_its_own = |grain: &&Grain| {
            let key = &grain.key;
            (&key.workspace_id, &key.api_key_id, &grain.product)
                == (&share.workspace_id, &share.api_key_id, &share.product)
        };
        let alone = Grain::of(share);
        let key = rows.keys().find(is_its_own).map(|grain| grain.key.clone());
        Grain { key: key.unwrap_or(alone.key), ..alone }
    }
}

fn key_of(share: &CostShare) -> UsageKey {
    let text = |text: &Option<String>, fallback: &str| text.clone().unwrap_or_else(|| fallback.to_owned());
    UsageKey {
        workspace_id: share.workspace_id.clone(),
        api_key_id: share.api_key_id.clone(),
        model: text(&share.model, SONNET_4_5.id),
        service_tier: text(&share.service_tier, "standard"),
        context_window: text(&share.context_window, "0-200k"),
        inference_geo: text(&share.inference_geo, "not_available"),
        is_fast: share.is_fast,
    }
}

fn add(rows: &mut BTreeMap<Grain, (UsageCounts, u64)>, grain: Grain, share: &CostShare) {
    let (counts, requests) = rows.entry(grain).or_default();
    counts.add(UsageCounts::of(share));
    *requests += share.requests();
}
