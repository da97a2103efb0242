//! A trial of rules: what they would take of cost that is loaded, before anything is made again.
//!
//! It decides as the normalizer and the views do, from the same evidence, and changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use everycent_schemas::Usd;

use super::{Attribution, BY_PRODUCT, Evidence, Platform, Rules};
use crate::workspaces::{Place, Workspaces};

/// Cost that has the same evidence, and what the tables say of it now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// `None` where no rule looks at it.
    pub account_id: Option<String>,
    pub product: Option<String>,
    /// `None` is the default workspace.
    pub workspace_id: Option<String>,
    /// What is known of the account's workspaces.
    pub workspaces: Option<Arc<Workspaces>>,
    pub model: Option<String>,
    pub service_tier: Option<String>,
    pub description: Option<String>,
    pub cost_type: Option<String>,
    /// The use that a share of a cost line is for; `None` where no use is known to explain the line.
    pub usage: Option<Usage>,
    /// Platform and basis in the tables.
    pub platform: String,
    pub platform_basis: Option<String>,
    pub amount_usd: Usd,
}

/// What the usage report tells of a key.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    pub api_key_id: Option<String>,
    pub model: Option<String>,
    pub service_tier: Option<String>,
}

/// Who decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Decider {
    /// A configured rule, with its place from 1.
    Rule(i64, String),
    /// The vendor's own product, where no rule matches.
    Product,
    /// A rule in the tables that is not configured: its rows were made before.
    Gone(String),
    Nobody,
}

/// What one decider takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub decider: Decider,
    /// Platforms that it gives, in order; a rule that changed has another in the tables than it would give.
    pub platforms: Vec<String>,
    /// The product of what it takes, in a trial of the analytics.
    pub product: Option<String>,
    /// After a replay.
    pub would_usd: Usd,
    /// In the tables.
    pub now_usd: Usd,
}

/// Cost that nobody would decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub workspace_id: Option<String>,
    pub model: Option<String>,
    pub cost_type: Option<String>,
    pub amount_usd: Usd,
}

impl Rules {
    /// What decides the share of a cost line that a use explains: the line or the use, whichever an earlier rule matches.
    pub fn attribute_share(&self, line: &Evidence<'_>, usage: &Evidence<'_>) -> Attribution<'_> {
        let (by_line, by_usage) = (self.attribute(line), self.attribute(usage));
        let rank = |by: &Attribution<'_>| by.rank.unwrap_or(i64::MAX);
        if rank(&by_usage) < rank(&by_line) { by_usage } else { by_line }
    }
}

impl Line {
    fn place(&self) -> Place<'_> {
        let workspace_id = self.workspace_id.as_deref();
        self.workspaces.as_ref().map_or(Place::unknown(workspace_id), |known| known.place(workspace_id))
    }

    /// What decides a share of the cost report.
    fn decide_cost<'r>(&self, rules: &'r Rules) -> Attribution<'r> {
        let workspace = self.place();
        let account = self.account_id.as_deref();
        let line = Evidence {
            account,
            workspace,
            description: self.description.as_deref(),
            model: self.model.as_deref(),
            service_tier: self.service_tier.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        };
        let Some(usage) = &self.usage else { return rules.attribute(&line) };
        let usage = Evidence {
            account,
            workspace,
            api_key_id: usage.api_key_id.as_deref(),
            model: usage.model.as_deref(),
            service_tier: usage.service_tier.as_deref(),
            ..Evidence::default()
        };
        rules.attribute_share(&line, &usage)
    }

    /// What decides a row of the analytics.
    fn decide_analytics<'r>(&self, rules: &'r Rules) -> Attribution<'r> {
        rules.attribute_or_by_product(&Evidence {
            account: self.account_id.as_deref(),
            product: self.product.as_deref(),
            workspace: self.place(),
            api_key_id: self.usage.as_ref().and_then(|usage| usage.api_key_id.as_deref()),
            model: self.model.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        })
    }
}

/// What each rule takes of the cost report, in the order of the rules, those that take nothing too.
pub fn of_costs(rules: &Rules, lines: &[Line]) -> Vec<Outcome> {
    let mut outcomes = Outcomes::default();
    for (rule, rank) in rules.list.iter().zip(1..) {
        outcomes.would(Decider::Rule(rank, rule.id.clone()), None, rule.platform, Usd::ZERO);
    }
    for line in lines {
        outcomes.take(rules, line, None, line.decide_cost(rules));
    }
    outcomes.would(Decider::Nobody, None, Platform::Unattributed, Usd::ZERO);
    outcomes.list()
}

/// What each rule and each product takes of the analytics, by product.
pub fn of_analytics(rules: &Rules, lines: &[Line]) -> Vec<Outcome> {
    let mut outcomes = Outcomes::default();
    for line in lines {
        outcomes.take(rules, line, line.product.clone(), line.decide_analytics(rules));
    }
    outcomes.list()
}

/// What nobody would decide of the cost report, by workspace, model and cost type; the largest first.
pub fn leftovers(rules: &Rules, lines: &[Line]) -> Vec<Leftover> {
    let mut groups: BTreeMap<[Option<&str>; 3], Usd> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.decide_cost(rules).basis.is_none()) {
        let group = [&line.workspace_id, &line.model, &line.cost_type].map(Option::as_deref);
        let amount = groups.entry(group).or_default();
        *amount = *amount + line.amount_usd;
    }
    let leftover = |(group, amount_usd): ([Option<&str>; 3], Usd)| {
        let [workspace_id, model, cost_type] = group.map(|text| text.map(str::to_owned));
        Leftover { workspace_id, model, cost_type, amount_usd }
    };
    let mut leftovers: Vec<Leftover> = groups.into_iter().map(leftover).collect();
    leftovers.sort_by_key(|leftover| -leftover.amount_usd);
    leftovers
}

/// Sums by product and decider.
#[derive(Default)]
struct Outcomes(BTreeMap<(Option<String>, Decider), Sums>);

#[derive(Default)]
struct Sums {
    platforms: Vec<String>,
    would_usd: Usd,
    now_usd: Usd,
}

impl Outcomes {
    fn take(&mut self, rules: &Rules, line: &Line, product: Option<String>, decided: Attribution<'_>) {
        let rule = |rank| rules.list.iter().zip(1..).find(|(_, place)| *place == rank);
        let decider = match (decided.rank.and_then(rule), decided.basis) {
            (Some((rule, rank)), _) => Decider::Rule(rank, rule.id.clone()),
            (None, Some(_)) => Decider::Product,
            (None, None) => Decider::Nobody,
        };
        self.would(decider, product.clone(), decided.platform, line.amount_usd);
        let now = self.sums(now(rules, line), product, &line.platform);
        now.now_usd = now.now_usd + line.amount_usd;
    }

    fn would(&mut self, decider: Decider, product: Option<String>, platform: Platform, amount_usd: Usd) {
        let sums = self.sums(decider, product, platform.name());
        sums.would_usd = sums.would_usd + amount_usd;
    }

    fn sums(&mut self, decider: Decider, product: Option<String>, platform: &str) -> &mut Sums {
        let sums = self.0.entry((product, decider)).or_default();
        if sums.platforms.iter().all(|known| known != platform) {
            sums.platforms.push(platform.to_owned());
            sums.platforms.sort();
        }
        sums
    }

    fn list(self) -> Vec<Outcome> {
        let outcome = |((product, decider), Sums { platforms, would_usd, now_usd })| Outcome {
            decider,
            platforms,
            product,
            would_usd,
            now_usd,
        };
        self.0.into_iter().map(outcome).collect()
    }
}

/// Who decided the line in the tables.
fn now(rules: &Rules, line: &Line) -> Decider {
    let Some(basis) = &line.platform_basis else { return Decider::Nobody };
    match rules.list.iter().zip(1..).find(|(rule, _)| rule.id == *basis || rule.basis() == *basis) {
        Some((rule, rank)) => Decider::Rule(rank, rule.id.clone()),
        None if basis == BY_PRODUCT => Decider::Product,
        None => Decider::Gone(basis.clone()),
    }
}

#[cfg(test)]
mod tests;
