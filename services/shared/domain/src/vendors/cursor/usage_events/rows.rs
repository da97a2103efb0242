//! Reading usage events: one record for each request to a model. They have no id.
//!
//! Amounts are JSON numbers of fractional cents. `chargedCents` holds the token fee already and is not zero for
//! included use; `requestsCosts` are units, not money.

use everycent_schemas::Day;
use everycent_schemas::rows::{CursorEventPerson, CursorUsageEvent, Row};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::billing::Billing;
use super::figures::Figures;
use super::ids::EventIds;
use super::record::EventRecord;
use crate::attribution::Platform;
use crate::identity::IdHasher;
use crate::prices::{PlanDay, PlanDays};
use crate::room;
use crate::rows::{
    Mended, NormalizeError, Oddity, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly, read_alone,
};
use crate::vendors::cursor::api::BASIS;
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::priced::Priced;
use crate::vendors::{Address, Amount, Flag};

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
        records: impl Iterator<Item = Result<(&'p EventRecord<'p>, &'p [Oddity]), &'p Refusal>>,
        output: &mut Output<'_>,
    ) {
        for (index, record) in records.enumerate() {
            let position = Position::InList("usageEvents", index);
            output.at(page, position);
            if let Err((day, reason)) = self.take(record, output) {
                self.prices.reject(output, page, position, (day, &reason));
            }
        }
    }

    /// Makes the row of a record; or says why it has none, and of which day it is.
    fn take(
        &mut self,
        record: Result<(&EventRecord<'_>, &[Oddity]), &Refusal>,
        output: &mut Output<'_>,
    ) -> Result<(), (Option<Day>, String)> {
        let (record, oddities) = record.map_err(|refusal| (refusal.day, refusal.reason.clone()))?;
        let day = record.timestamp.timestamp().day();
        if !output.covers(day) {
            return Err((Some(day), format!("{day} was not asked for")));
        }
        let Some(paid) = self.prices.on(day, output) else { return Ok(()) };
        self.take_record(day, &paid, record, output).map_err(|reason| (Some(day), reason))?;
        output.remark_all(Some(day), oddities);
        Ok(())
    }

    fn take_record(
        &mut self,
        day: Day,
        paid: &PlanDay,
        record: &EventRecord<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), String> {
        let tokens = record.token_usage.as_ref();
        let billing = Billing::of_kind(record.kind.as_deref());
        let figures = Figures::of(record, billing)?;
        figures.remark(record, billing, day, output);
        let email = record.user_email.as_ref().and_then(Address::person);
        let dimensions = dimensions(record);
        let event_id = dimensions.finish().short();
        let row_id = self.ids.id(record.timestamp.0, dimensions);
        let manifest = output.manifest();
        let mut row = CursorUsageEvent {
            account_id: manifest.account_id.as_str(),
            activity_date: day,
            row_id: row_id.as_str(),
            event_id: Some(&event_id),
            twin_id: None,
            occurred_at: record.timestamp.timestamp(),
            email: None,
            service_account_id: record.service_account_id.as_deref(),
            service_account_name: record.service_account_name.as_deref(),
            cloud_agent_id: record.cloud_agent_id.as_deref(),
            automation_id: record.automation_id.as_deref(),
            conversation_id: record.conversation_id.as_deref(),
            model: record.model.as_deref(),
            kind: record.kind.as_deref(),
            billing: billing.name(),
            max_mode: record.max_mode.map(|Flag(flag)| flag),
            is_token_based_call: record.is_token_based_call.map(|Flag(flag)| flag),
            is_chargeable: record.is_chargeable.map(|Flag(flag)| flag),
            is_headless: record.is_headless.map(|Flag(flag)| flag),
            requests_costs: figures.request_micro_units.and(record.requests_costs).map(Amount::text),
            request_micro_units: figures.request_micro_units,
            input_tokens: tokens.and_then(|tokens| tokens.input_tokens).map(Count::get),
            output_tokens: tokens.and_then(|tokens| tokens.output_tokens).map(Count::get),
            cache_write_tokens: tokens.and_then(|tokens| tokens.cache_write_tokens).map(Count::get),
            cache_read_tokens: tokens.and_then(|tokens| tokens.cache_read_tokens).map(Count::get),
            token_cost_cents: figures.token_cost_usd.and(record.token_cost()).map(Amount::text),
            token_cost_usd: figures.token_cost_usd,
            discount_percent_off: figures.discount.and(record.discount()).map(Amount::text),
            charged_cents: record.charged_cents.map(Amount::text),
            charged_usd: figures.charged_usd,
            computed_charge_usd: figures.computed_charge_usd(),
            cursor_token_fee_cents: figures.fee_usd.and(record.cursor_token_fee).map(Amount::text),
            cursor_token_fee_usd: figures.fee_usd,
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
        let twin_id = twin_id(&row);
        (row.email, row.twin_id) = (email, Some(twin_id.as_str()));
        output.row(day, &row)?;
        output.happened(day, row.occurred_at);
        if let Some(email) = email {
            let alike = IdHasher::new("person").part(&event_id).part(&twin_id).part(email);
            let ordinal = self.ids.ordinal(&alike);
            output.remember(day, &person(&row, &event_id, &twin_id, email, ordinal));
        }
        Ok(())
    }
}

/// What identifies an event. Never an amount, and not the person, whom a later answer may no longer name.
fn dimensions(record: &EventRecord<'_>) -> IdHasher {
    IdHasher::new("cursor_usage_events")
        .number(record.timestamp.0)
        .optional(record.service_account_id.as_deref())
        .optional(record.model.as_deref())
        .optional(record.kind.as_deref())
        .number(record.max_mode.map_or(-1, |Flag(flag)| i64::from(flag)))
        .optional(record.conversation_id.as_deref())
        .optional(record.cloud_agent_id.as_deref())
        .optional(record.automation_id.as_deref())
}

/// All that is reported in a row that names nobody yet.
fn twin_id(row: &CursorUsageEvent<'_>) -> String {
    let mut reported = Vec::new();
    row.content(&mut reported);
    IdHasher::new("twin").bytes(&reported).finish().short()
}

fn person<'a>(
    row: &CursorUsageEvent<'a>,
    event_id: &'a str,
    twin_id: &'a str,
    email: &'a str,
    ordinal: i64,
) -> CursorEventPerson<'a> {
    CursorEventPerson {
        account_id: row.account_id,
        activity_date: row.activity_date,
        event_id,
        twin_id,
        email,
        ordinal,
        snapshot_id: row.snapshot_id,
        fetched_at: row.fetched_at,
        ingestion_timestamp: row.ingestion_timestamp,
    }
}

impl RowMaker for EventRows<'_> {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        self.prices.keep_days(page, output);
        if let Some(answer) = body.whole::<Page<EventRecord<'_>>>() {
            self.take_page(page, answer.usage_events.iter().map(|record| Ok((record, &[][..]))), output);
            return Ok(());
        }
        let answer: Page<&RawValue> = body.records().map_err(|reason| page.not_whole(reason))?;
        let mended: Vec<_> = answer.usage_events.into_iter().map(read).collect();
        let records: Vec<Result<Read<'_, EventRecord<'_>>, &Refusal>> =
            mended.iter().map(|mended| mended.as_ref().map(Mended::read)).collect();
        let records = records.iter().map(|read| Read::parts(read).map_err(|reason| *reason));
        self.take_page(page, records, output);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>", rename_all = "camelCase")]
struct Page<R> {
    #[serde(deserialize_with = "room::read_list")]
    usage_events: Vec<R>,
}

fn read<'a>(raw: &'a RawValue) -> Result<Mended<'a>, Refusal> {
    mend_openly(raw, |text| serde_json::from_str::<EventRecord<'_>>(text).map(drop)).map_err(|reason| {
        let told: Option<ToldInstant> = read_alone(raw).ok();
        Refusal { day: told.map(|told| told.timestamp.timestamp().day()), reason }
    })
}

#[derive(Deserialize)]
struct ToldInstant {
    timestamp: Millis,
}
