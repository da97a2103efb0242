//! Reading spend: one record for each person in the current billing cycle. Every reading is kept.
//!
//! `...Cents` are JSON numbers of fractional cents, `...Dollars` of dollars.

use std::collections::HashMap;

use everycent_schemas::Usd;
use everycent_schemas::rows::CursorSpend;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::identity::{Id, IdHasher};
use crate::money::InvalidAmount;
use crate::room;
use crate::rows::{NormalizeError, Output, PageContext, Position, RowMaker, read_alone};
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::user_id::UserId;
use crate::vendors::{Amount, Text, lower_case, without_content};

/// Makes rows of spend.
pub struct SpendRows;

/// The records of a page so far. A person stands on one page only, as the paging made sure.
type Seen<'p> = HashMap<Id, Money<'p>>;

/// The amounts as the vendor wrote them: what tells a repeated record from a contradiction.
type Money<'p> = [Option<&'p str>; 2];

impl RowMaker for SpendRows {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        let answer: Page<'_> = serde_json::from_str(body).map_err(|e| page.not_whole(without_content(&e)))?;
        let mut seen = Seen::new();
        for (index, raw) in answer.team_member_spend.iter().enumerate() {
            let outcome = read_alone(raw)
                .and_then(|record: SpendRecord<'_>| take(&record, answer.subscription_cycle_start, &mut seen, output));
            if let Err(reason) = outcome {
                output.reject(page, Position::InList("teamMemberSpend", index), None, &reason);
            }
        }
        Ok(())
    }
}

fn take<'p>(
    record: &SpendRecord<'p>,
    cycle_start: Millis,
    seen: &mut Seen<'p>,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let manifest = output.manifest();
    let email = lower_case(&record.email);
    let user_id = record.user_id.as_ref().map(UserId::text);
    let overall = record.overall_spend_cents.map(Amount::text);
    let spend = record.spend_cents.text();
    let spend_usd = record.spend_cents.usd_from_cents().map_err(|e| format!("spendCents: {e}"))?;
    let overall_spend_usd = record.overall_spend_cents.map(Amount::usd_from_cents).transpose();
    let overall_spend_usd = overall_spend_usd.map_err(|e| format!("overallSpendCents: {e}"))?;
    let id = IdHasher::new("cursor_spend")
        .optional(user_id.as_deref())
        .part(&email)
        .number(cycle_start.0)
        .number(manifest.fetched_at.micros())
        .finish();
    match seen.insert(id, [Some(spend), overall]) {
        Some(twin) if twin == [Some(spend), overall] => return Ok(()),
        Some(_) => return Err("a second record of the same person, with other figures".into()),
        None => {}
    }
    let row_id = id.hex();
    // The day of the reading is the bucket that it answers.
    let day = manifest.window.from();
    let row = CursorSpend {
        account_id: manifest.account_id.as_str(),
        activity_date: day,
        row_id: row_id.as_str(),
        cycle_started_at: cycle_start.timestamp(),
        billing_cycle_start: cycle_start.timestamp().day(),
        user_id: user_id.as_deref(),
        email: &email,
        name: record.name.as_deref(),
        role: record.role.as_deref(),
        spend_cents: spend,
        spend_usd,
        overall_spend_cents: overall,
        overall_spend_usd,
        fast_premium_requests: record.fast_premium_requests.map(Count::get),
        hard_limit_override_usd: limit("hardLimitOverrideDollars", record.hard_limit_override_dollars)?,
        monthly_limit_usd: limit("monthlyLimitDollars", record.monthly_limit_dollars)?,
        effective_per_user_limit_usd: limit("effectivePerUserLimitDollars", record.effective_per_user_limit_dollars)?,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(day, &row);
    Ok(())
}

fn limit(field: &str, dollars: Option<Amount<'_>>) -> Result<Option<Usd>, String> {
    dollars.map(Amount::usd_from_dollars).transpose().map_err(|e: InvalidAmount| format!("{field}: {e}"))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    #[serde(borrow, deserialize_with = "room::read_list")]
    team_member_spend: Vec<&'a RawValue>,
    subscription_cycle_start: Millis,
}

/// One person in the cycle. Fields that the vendor adds are left in the page.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpendRecord<'a> {
    #[serde(borrow)]
    user_id: Option<UserId<'a>>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    #[serde(borrow)]
    spend_cents: Amount<'a>,
    #[serde(borrow)]
    overall_spend_cents: Option<Amount<'a>>,
    fast_premium_requests: Option<Count>,
    #[serde(borrow)]
    hard_limit_override_dollars: Option<Amount<'a>>,
    #[serde(borrow)]
    monthly_limit_dollars: Option<Amount<'a>>,
    #[serde(borrow)]
    effective_per_user_limit_dollars: Option<Amount<'a>>,
}
