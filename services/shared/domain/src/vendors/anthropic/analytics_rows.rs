//! Reading cost by analytics: one record for each day, product, actor, key, workspace, model and line of cost.
//!
//! Both amounts are decimal strings in cents. A null actor is nobody who can be named, and there may be several.

use std::borrow::Cow;

use everycent_schemas::Day;
use everycent_schemas::rows::ClaudeAnalyticsCost;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::USD;
use super::buckets::bucket_day;
use crate::attribution::{Attribution, Evidence, Rules};
use crate::identity::{Id, IdHasher, Twins};
use crate::money::usd_from_cents;
use crate::normalize::{NormalizeError, Output, PageContext, Position, RowMaker, read_alone};
use crate::room;
use crate::vendors::{Text, lower_case, without_content};

/// Makes rows of cost by analytics.
pub struct AnalyticsRows<'r> {
    rules: &'r Rules,
    day: Option<Day>,
    /// Of that day.
    twins: Twins,
}

/// A record that gives no row.
struct Refusal {
    day: Option<Day>,
    reason: String,
}

impl<'r> AnalyticsRows<'r> {
    pub fn new(rules: &'r Rules) -> Self {
        Self { rules, day: None, twins: Twins::default() }
    }

    fn take_page<'p>(
        &mut self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<&'p Record<'p>, &'p Refusal>>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        for (index, record) in records.enumerate() {
            let (day, outcome) = match record {
                Ok(record) => {
                    let day = self.day_of(page, record)?;
                    (Some(day), self.take_record(day, record, output))
                }
                Err(refusal) => (refusal.day, Err(refusal.reason.clone())),
            };
            if let Err(reason) = outcome {
                output.reject(page, Position::InData(index), day, &reason);
            }
        }
        Ok(())
    }

    /// Days come in order; with each, counting twins begins anew.
    fn day_of(&mut self, page: &PageContext<'_>, record: &Record<'_>) -> Result<Day, NormalizeError> {
        let day = bucket_day(&record.starting_at).ok_or_else(|| page.not_whole("starting_at is not a midnight"))?;
        if !page.manifest.window.contains(day) || self.day.is_some_and(|last| last > day) {
            return Err(page.not_whole(format!("{day} was not asked for, or comes too late")));
        }
        if self.day.replace(day) != Some(day) {
            self.twins.clear();
        }
        Ok(day)
    }

    fn take_record(&mut self, day: Day, record: &Record<'_>, output: &mut Output<'_>) -> Result<(), String> {
        let Record { group, cost, .. } = record;
        let amount_usd = usd_from_cents(&cost.amount).map_err(|e| format!("amount: {e}"))?;
        let list_amount_usd = usd_from_cents(&cost.list_amount).map_err(|e| format!("list_amount: {e}"))?;
        let currency = cost.currency.as_deref().unwrap_or(USD);
        if currency != USD {
            return Err(format!("currency `{currency}` is not {USD}"));
        }
        let row_id = self.row_id(group).hex();
        let nobody = Actor::default();
        let actor = group.actor.as_ref().unwrap_or(&nobody);
        let email = actor.email();
        let Attribution { platform, basis: platform_basis, rank: platform_rank } =
            self.rules.attribute_or_by_product(&group.evidence());
        let manifest = output.manifest();
        let row = ClaudeAnalyticsCost {
            organization_id: &manifest.account_id,
            activity_date: day,
            row_id: row_id.as_str(),
            product: group.product.as_deref(),
            actor_type: actor.kind.as_deref(),
            actor_id: actor.id(),
            actor_email: email.as_deref(),
            actor_name: actor.name.as_deref(),
            api_key_id: group.api_key_id.as_deref(),
            workspace_id: group.workspace_id.as_deref(),
            model: group.model.as_deref(),
            cost_type: group.cost_type.as_deref(),
            token_type: group.token_type.as_deref(),
            requests: cost.requests,
            currency,
            amount_cents: &cost.amount,
            amount_usd,
            list_amount_cents: &cost.list_amount,
            list_amount_usd,
            platform: platform.name(),
            platform_basis,
            platform_rank,
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        // A day that is told and not covered is told in part: its rows are left in the page.
        output.row(day, &row);
        Ok(())
    }

    /// Dimensions, and for a twin its ordinal among the rows of the day that share them all. Never an amount, and no
    /// name or address of a person, which may change.
    fn row_id(&mut self, group: &Group<'_>) -> Id {
        let actor = group.actor.as_ref();
        let dimensions = [
            group.product.as_deref(),
            actor.and_then(|actor| actor.kind.as_deref()),
            actor.and_then(|actor| actor.provider.as_deref()),
            actor.and_then(Actor::id),
            group.api_key_id.as_deref(),
            group.workspace_id.as_deref(),
            group.model.as_deref(),
            group.cost_type.as_deref(),
            group.token_type.as_deref(),
        ];
        self.twins.next(dimensions.into_iter().fold(IdHasher::new("claude_analytics_costs"), IdHasher::optional))
    }
}

impl RowMaker for AnalyticsRows<'_> {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        if let Ok(answer) = serde_json::from_str::<Page<Record<'_>>>(body) {
            return self.take_page(page, answer.data.iter().map(Ok), output);
        }
        let answer: Page<&RawValue> = serde_json::from_str(body).map_err(|e| page.not_whole(without_content(&e)))?;
        let records: Vec<_> = answer.data.into_iter().map(read).collect();
        self.take_page(page, records.iter().map(Result::as_ref), output)
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Page<R> {
    #[serde(deserialize_with = "room::read_list")]
    data: Vec<R>,
}

fn read<'a>(raw: &'a RawValue) -> Result<Record<'a>, Refusal> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        starting_at: Text<'a>,
    }
    read_alone(raw).map_err(|reason| {
        let told: Option<Told<'a>> = read_alone(raw).ok();
        Refusal { day: told.and_then(|told| bucket_day(&told.starting_at)), reason }
    })
}

/// One row. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    starting_at: Text<'a>,
    #[serde(borrow)]
    group: Group<'a>,
    #[serde(borrow)]
    cost: Cost<'a>,
}

#[derive(Debug, Deserialize)]
struct Group<'a> {
    #[serde(borrow)]
    product: Option<Text<'a>>,
    #[serde(borrow)]
    actor: Option<Actor<'a>>,
    #[serde(borrow)]
    api_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    workspace_id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    cost_type: Option<Text<'a>>,
    #[serde(borrow)]
    token_type: Option<Text<'a>>,
}

impl Group<'_> {
    fn evidence(&self) -> Evidence<'_> {
        Evidence {
            workspace_id: self.workspace_id.as_deref(),
            api_key_id: self.api_key_id.as_deref(),
            model: self.model.as_deref(),
            product: self.product.as_deref(),
            cost_type: self.cost_type.as_deref(),
            ..Evidence::default()
        }
    }
}

/// A user, a service account, somebody of a federated provider, or a key. Which fields there are depends on which.
#[derive(Debug, Default, Deserialize)]
struct Actor<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    service_account_id: Option<Text<'a>>,
    #[serde(borrow)]
    provider: Option<Text<'a>>,
    #[serde(borrow)]
    subject: Option<Text<'a>>,
    #[serde(borrow)]
    api_key_id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    email_address: Option<Text<'a>>,
    /// What `email_address` is called in older answers.
    #[serde(borrow)]
    email: Option<Text<'a>>,
}

impl Actor<'_> {
    fn id(&self) -> Option<&str> {
        [&self.user_id, &self.service_account_id, &self.subject, &self.api_key_id]
            .into_iter()
            .find_map(|id| id.as_deref())
    }

    /// In lower case.
    fn email(&self) -> Option<Cow<'_, str>> {
        self.email_address.as_deref().or(self.email.as_deref()).map(lower_case)
    }
}

#[derive(Debug, Deserialize)]
struct Cost<'a> {
    #[serde(borrow)]
    amount: Text<'a>,
    #[serde(borrow)]
    list_amount: Text<'a>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    requests: Option<i64>,
}
