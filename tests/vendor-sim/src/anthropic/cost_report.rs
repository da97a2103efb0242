//! `GET /v1/organizations/cost_report`: cost by UTC day, in fractional cents.
//!
//! Owns grouping and the form of the answer. Grouped by both dimensions the rows are the world's own, twins
//! included; any coarser grouping adds them up exactly.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::buckets::{self, Buckets};
use super::query::Query;
use super::refusal::Refusal;
use crate::exchange::{Reply, Request};
use crate::world::{CostRow, World};

pub(super) fn answer(world: &World, request: &Request) -> Result<Reply, Refusal> {
    let query = Query::read(request, &buckets::PARAMETERS, &["group_by[]"])?;
    let buckets = Buckets::read(&query, world, request)?;
    let grouping = Grouping::read(&query)?;
    Ok(buckets.reply(request, |day| results(world, day, grouping)))
}

#[derive(Clone, Copy, Debug, Default)]
struct Grouping {
    by_workspace: bool,
    by_description: bool,
}

impl Grouping {
    fn read(query: &Query<'_>) -> Result<Grouping, Refusal> {
        let mut grouping = Grouping::default();
        for name in query.list("group_by[]") {
            match name {
                "workspace_id" => grouping.by_workspace = true,
                "description" => grouping.by_description = true,
                _ => {
                    return Err(Refusal::invalid("group_by: Input should be 'workspace_id' or 'description'"));
                }
            }
        }
        Ok(grouping)
    }

    /// What of a row this grouping shows; rows that show the same are added up.
    fn shown(self, world: &World, row: &CostRow) -> Dimensions {
        let described = |text: &Option<String>| {
            if self.by_description { text.clone() } else { None }
        };
        Dimensions {
            workspace_id: if self.by_workspace { world.older_workspace_id(row.workspace_id.as_deref()) } else { None },
            description: described(&Some(row.description.clone())),
            cost_type: described(&Some(row.cost_type.clone())),
            model: described(&row.model),
            token_type: described(&row.token_type),
            context_window: described(&row.context_window),
            service_tier: described(&row.service_tier),
            inference_geo: described(&row.inference_geo),
        }
    }
}

#[derive(Serialize)]
struct Row {
    amount: String,
    currency: &'static str,
    #[serde(flatten)]
    dimensions: Dimensions,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Dimensions {
    workspace_id: Option<String>,
    description: Option<String>,
    cost_type: Option<String>,
    model: Option<String>,
    token_type: Option<String>,
    context_window: Option<String>,
    service_tier: Option<String>,
    inference_geo: Option<String>,
}

fn results(world: &World, day: NaiveDate, grouping: Grouping) -> Vec<Row> {
    let rows = world.cost_rows(day).iter().map(|row| (grouping.shown(world, row), row.amount_cents));
    let shown: Vec<(Dimensions, Decimal)> = if grouping.by_workspace && grouping.by_description {
        rows.collect()
    } else {
        let mut sums = BTreeMap::new();
        for (dimensions, amount) in rows {
            *sums.entry(dimensions).or_insert(Decimal::ZERO) += amount;
        }
        sums.into_iter().collect()
    };
    shown.into_iter().map(|(dimensions, amount)| row(dimensions, amount)).collect()
}

fn row(dimensions: Dimensions, amount: Decimal) -> Row {
    Row { amount: amount.to_string(), currency: "USD", dimensions }
}
