//! Reading usage events: one record for each request to a model. They have no id.
//!
//! Amounts are JSON numbers of fractional cents. `chargedCents` holds the token fee already and is not zero for
//! included use; `requestsCosts` are units, not money.

use everycent_schemas::Day;
use everycent_schemas::rows::CursorUsageEvent;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::billing::Billing;
use super::ids::EventIds;
use crate::attribution::Platform;
use crate::identity::{HexId, IdHasher};
use crate::number::in_units;
use crate::prices::{PlanDay, PlanDays};
use crate::room;
use crate::rows::{NormalizeError, Output, PageContext, Position, RowMaker, read_alone};
use crate::vendors::cursor::api::BASIS;
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::priced::Priced;
use crate::vendors::{Amount, Text, lower_case, without_content};

/// Decimals of a request unit that are counted.
const UNIT_DECIMALS: i32 = 6;

/// Makes rows of usage events.
#[derive(Debug)]
pub struct EventRows<'r> {
    prices: Priced<'r>,
    ids: EventIds,
}

/// Why a record gives no row.
struct Refusal {
    day: Option<Day>,
    reason: String,
}

impl<'r> EventRows<'r> {
    pub fn new(prices: PlanDays<'r>) -> Self {
        Self { prices: Priced::new(prices), ids: EventIds::default() }
    }

    fn take_page<'p>(
        &mut self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<&'p EventRecord<'p>, &'p Refusal>>,
        output: &mut Output<'_>,
    ) {
        for (index, record) in records.enumerate() {
            if let Err((day, reason)) = self.take(record, output) {
                self.prices.reject(output, page, Position::InList("usageEvents", index), (day, &reason));
            }
        }
    }

    /// Makes the row of a record; or says why it has none, and of which day it is.
    fn take(
        &mut self,
        record: Result<&EventRecord<'_>, &Refusal>,
        output: &mut Output<'_>,
    ) -> Result<(), (Option<Day>, String)> {
        let record = record.map_err(|refusal| (refusal.day, refusal.reason.clone()))?;
        let day = record.timestamp.timestamp().day();
        if !output.covers(day) {
            return Err((Some(day), format!("{day} was not asked for")));
        }
        let Some(paid) = self.prices.on(day, output) else { return Ok(()) };
        self.take_record(day, &paid, record, output).map_err(|reason| (Some(day), reason))
    }

    fn take_record(
        &mut self,
        day: Day,
        paid: &PlanDay,
        record: &EventRecord<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), String> {
        let tokens = record.token_usage.as_ref();
        let requests = record.requests_costs.map(Amount::text);
        let token_cost = tokens.and_then(|tokens| tokens.total_cents);
        let charged = record.charged_cents;
        let fee = record.cursor_token_fee;
        let request_micro_units = requests.map(micro_units).transpose()?;
        let token_cost_usd = usd("tokenUsage.totalCents", token_cost)?;
        let charged_usd = usd("chargedCents", charged)?;
        let cursor_token_fee_usd = usd("cursorTokenFee", fee)?;
        let email = record.user_email.as_deref().map(lower_case);
        let row_id = self.row_id(record, email.as_deref());
        let manifest = output.manifest();
        let row = CursorUsageEvent {
            account_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            occurred_at: record.timestamp.timestamp(),
            email: email.as_deref(),
            service_account_id: record.service_account_id.as_deref(),
            service_account_name: record.service_account_name.as_deref(),
            cloud_agent_id: record.cloud_agent_id.as_deref(),
            automation_id: record.automation_id.as_deref(),
            conversation_id: record.conversation_id.as_deref(),
            model: record.model.as_deref(),
            kind: record.kind.as_deref(),
            billing: Billing::of_kind(record.kind.as_deref()).name(),
            max_mode: record.max_mode,
            is_token_based_call: record.is_token_based_call,
            is_chargeable: record.is_chargeable,
            is_headless: record.is_headless,
            requests_costs: requests,
            request_micro_units,
            input_tokens: tokens.and_then(|tokens| tokens.input_tokens).map(Count::get),
            output_tokens: tokens.and_then(|tokens| tokens.output_tokens).map(Count::get),
            cache_write_tokens: tokens.and_then(|tokens| tokens.cache_write_tokens).map(Count::get),
            cache_read_tokens: tokens.and_then(|tokens| tokens.cache_read_tokens).map(Count::get),
            token_cost_cents: token_cost.map(Amount::text),
            token_cost_usd,
            discount_percent_off: tokens.and_then(|tokens| tokens.discount_percent_off).map(Amount::text),
            charged_cents: charged.map(Amount::text),
            charged_usd,
            cursor_token_fee_cents: fee.map(Amount::text),
            cursor_token_fee_usd,
            plan: Some(paid.plan),
            billing_cycle_start: Some(paid.billing_cycle_start),
            included_requests: paid.included_requests,
            request_usd: paid.request_usd,
            platform: Platform::Cursor.name(),
            platform_basis: Some(BASIS),
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row);
        Ok(())
    }

    /// Dimensions, and what tells twins apart. Never an amount.
    fn row_id(&mut self, record: &EventRecord<'_>, email: Option<&str>) -> HexId {
        let instant = record.timestamp.0;
        let dimensions = IdHasher::new("cursor_usage_events")
            .number(instant)
            .optional(email)
            .optional(record.service_account_id.as_deref())
            .optional(record.model.as_deref())
            .optional(record.kind.as_deref())
            .number(record.max_mode.map_or(-1, i64::from))
            .optional(record.conversation_id.as_deref())
            .optional(record.cloud_agent_id.as_deref())
            .optional(record.automation_id.as_deref());
        self.ids.id(instant, dimensions)
    }
}

/// Request units in millionths. What lies beyond is the noise of the vendor's arithmetic.
fn micro_units(number: &str) -> Result<i64, String> {
    let units = in_units(number, UNIT_DECIMALS).map_err(|e| format!("requestsCosts: {e}"))?;
    i64::try_from(units).map_err(|_| "requestsCosts: it is more than a row can hold".to_owned())
}

fn usd(field: &str, cents: Option<Amount<'_>>) -> Result<Option<everycent_schemas::Usd>, String> {
    cents.map(Amount::usd_from_cents).transpose().map_err(|e| format!("{field}: {e}"))
}

impl RowMaker for EventRows<'_> {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        if let Ok(answer) = serde_json::from_str::<Page<EventRecord<'_>>>(body) {
            self.take_page(page, answer.usage_events.iter().map(Ok), output);
            return Ok(());
        }
        let answer: Page<&RawValue> = serde_json::from_str(body).map_err(|e| page.not_whole(without_content(&e)))?;
        let records: Vec<_> = answer.usage_events.into_iter().map(read).collect();
        self.take_page(page, records.iter().map(Result::as_ref), output);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>", rename_all = "camelCase")]
struct Page<R> {
    #[serde(deserialize_with = "room::read_list")]
    usage_events: Vec<R>,
}

fn read<'a>(raw: &'a RawValue) -> Result<EventRecord<'a>, Refusal> {
    read_alone(raw).map_err(|reason| {
        let told: Option<ToldInstant> = read_alone(raw).ok();
        Refusal { day: told.map(|told| told.timestamp.timestamp().day()), reason }
    })
}

#[derive(Deserialize)]
struct ToldInstant {
    timestamp: Millis,
}

/// One request to a model. Fields that the vendor adds are left in the page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    timestamp: Millis,
    #[serde(borrow)]
    user_email: Option<Text<'a>>,
    #[serde(borrow)]
    service_account_id: Option<Text<'a>>,
    #[serde(borrow)]
    service_account_name: Option<Text<'a>>,
    #[serde(borrow)]
    cloud_agent_id: Option<Text<'a>>,
    #[serde(borrow)]
    automation_id: Option<Text<'a>>,
    #[serde(borrow)]
    conversation_id: Option<Text<'a>>,
    #[serde(borrow)]
    model: Option<Text<'a>>,
    #[serde(borrow)]
    kind: Option<Text<'a>>,
    max_mode: Option<bool>,
    is_token_based_call: Option<bool>,
    is_chargeable: Option<bool>,
    is_headless: Option<bool>,
    #[serde(borrow)]
    requests_costs: Option<Amount<'a>>,
    #[serde(borrow)]
    token_usage: Option<TokenUsage<'a>>,
    #[serde(borrow)]
    charged_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    cursor_token_fee: Option<Amount<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TokenUsage<'a> {
    input_tokens: Option<Count>,
    output_tokens: Option<Count>,
    cache_write_tokens: Option<Count>,
    cache_read_tokens: Option<Count>,
    #[serde(borrow)]
    total_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    discount_percent_off: Option<Amount<'a>>,
}
