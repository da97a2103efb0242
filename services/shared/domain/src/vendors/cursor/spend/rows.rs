//! Reading spend: one record for each person in the current billing cycle. Every reading is kept.
//!
//! `...Cents` are JSON numbers of fractional cents, `...Dollars` of dollars.

use std::collections::{HashMap, HashSet};

use everycent_schemas::Usd;
use everycent_schemas::rows::CursorSpend;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::identity::{Id, IdHasher};
use crate::room;
use crate::rows::{Mended, NormalizeError, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly};
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::{Millis, Moment};
use crate::vendors::cursor::seat_reading::SeatReading;
use crate::vendors::cursor::user_id::UserId;
use crate::vendors::{Address, Amount, Label, Text};

/// Makes rows of spend.
pub struct SpendRows;

/// The records of a page so far. A person stands on one page only, as the paging made sure.
#[derive(Default)]
struct Seen<'p> {
    records: HashMap<Id, Money<'p>>,
    members: HashSet<String>,
}

impl Seen<'_> {
    /// Whether nothing was kept of the member's seat yet: one id may come with two addresses.
    fn keep(&mut self, member_id: &str) -> bool {
        self.members.insert(member_id.to_owned())
    }
}

/// The amounts as the vendor wrote them: what tells a repeated record from a contradiction.
type Money<'p> = [Option<&'p str>; 2];

impl RowMaker for SpendRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        let answer: Page<'_> = body.records().map_err(|reason| page.not_whole(reason))?;
        let reads = |text: &str| serde_json::from_str::<SpendRecord<'_>>(text).map(drop);
        let mended: Vec<_> = answer.team_member_spend.iter().map(|raw| mend_openly(raw, reads)).collect();
        let mut seen = Seen::default();
        for (index, mended) in mended.iter().enumerate() {
            let position = Position::InList("teamMemberSpend", index);
            output.at(page, position);
            let outcome = mended.as_ref().map_err(Clone::clone).map(Mended::read);
            let outcome = outcome.and_then(|Read { record, oddities }| {
                take(&record, answer.subscription_cycle_start, &mut seen, output)?;
                output.remark_all(None, oddities);
                Ok(())
            });
            if let Err(reason) = outcome {
                output.reject(page, position, None, &reason);
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
    let email = record.email.as_ref().and_then(Address::person);
    let user_id = record.user_id.as_ref().map(UserId::text);
    if email.is_none() && user_id.is_none() {
        return Err("it has neither `userId` nor `email`".to_owned());
    }
    let Figures { spend_usd, overall_usd, included_usd } = Figures::of(record)?;
    let (spend, overall) = (record.spend_cents.map(Amount::text), record.overall_spend_cents.map(Amount::text));
    let id = IdHasher::new("cursor_spend")
        .optional(user_id.as_deref())
        .part(email.unwrap_or_default())
        .number(cycle_start.0)
        .number(manifest.fetched_at.micros())
        .finish();
    match seen.records.insert(id, [spend, overall]) {
        Some(twin) if twin == [spend, overall] => return Ok(()),
        Some(_) => return Err("a second record of the same person, with other figures".into()),
        None => {}
    }
    if spend.is_none() {
        output.remark(None, "spendCents", "it is null or missing; what was spent is not known");
    }
    if record.included_spend_cents.is_some() && included_usd.is_none() {
        output.remark(None, "includedSpendCents", "it is no amount; left empty");
    }
    let mut limit = |field: &str, dollars: Option<Amount<'_>>| {
        let limit = dollars.map(Amount::usd_from_dollars);
        if matches!(limit, Some(Err(_))) {
            output.remark(None, field, "it is no amount; left empty");
        }
        limit.and_then(Result::ok)
    };
    let hard_limit_override_usd = limit("hardLimitOverrideDollars", record.hard_limit_override_dollars);
    let monthly_limit_usd = limit("monthlyLimitDollars", record.monthly_limit_dollars);
    let effective_per_user_limit_usd = limit("effectivePerUserLimitDollars", record.effective_per_user_limit_dollars);
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
        email,
        name: record.name.as_deref(),
        role: record.role.as_deref(),
        spend_cents: spend,
        spend_usd,
        overall_spend_cents: overall,
        overall_spend_usd: overall_usd,
        included_spend_cents: included_usd.and(record.included_spend_cents).map(Amount::text),
        included_spend_usd: included_usd,
        billing_tier: record.billing_tier.as_deref(),
        removed_at: record.removed_at.map(|Moment(at)| at),
        fast_premium_requests: record.fast_premium_requests.map(Count::get),
        hard_limit_override_usd,
        monthly_limit_usd,
        effective_per_user_limit_usd,
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(day, &row)?;
    let member_id = user_id.as_deref().or(email).unwrap_or_default();
    if seen.keep(member_id) {
        let reading = SeatReading {
            member_id,
            email,
            role: record.role.as_deref(),
            billing_tier: record.billing_tier.as_deref(),
            is_removed: None,
            removed_on: record.removed_at.map(|Moment(at)| at.day()),
        };
        reading.keep(output);
    }
    Ok(())
}

/// What a person has spent; `None` is not known, and never nothing.
struct Figures {
    spend_usd: Option<Usd>,
    overall_usd: Option<Usd>,
    included_usd: Option<Usd>,
}

impl Figures {
    fn of(record: &SpendRecord<'_>) -> Result<Self, String> {
        let usd = |field: &str, cents: Option<Amount<'_>>| {
            cents.map(Amount::usd_from_cents).transpose().map_err(|e| format!("{field}: {e}"))
        };
        let spend_usd = usd("spendCents", record.spend_cents)?;
        let told = usd("overallSpendCents", record.overall_spend_cents)?;
        // It is the overall figure that carries the money; this one is a part of it.
        let included_usd = record.included_spend_cents.and_then(|cents| cents.usd_from_cents().ok());
        let overall_usd = told.or_else(|| Some(spend_usd? + included_usd?));
        Ok(Self { spend_usd, overall_usd, included_usd })
    }
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
    email: Option<Address<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    #[serde(borrow)]
    spend_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    overall_spend_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    included_spend_cents: Option<Amount<'a>>,
    #[serde(borrow)]
    billing_tier: Option<Label<'a>>,
    removed_at: Option<Moment>,
    fast_premium_requests: Option<Count>,
    #[serde(borrow)]
    hard_limit_override_dollars: Option<Amount<'a>>,
    #[serde(borrow)]
    monthly_limit_dollars: Option<Amount<'a>>,
    #[serde(borrow)]
    effective_per_user_limit_dollars: Option<Amount<'a>>,
}
