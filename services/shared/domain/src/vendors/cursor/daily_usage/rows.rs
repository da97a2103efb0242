//! Reading daily usage: one record for each user and day. It holds counts; what they and the seat cost comes from the
//! price table.

use everycent_schemas::Day;
use everycent_schemas::rows::CursorUsageStat;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::order::{Entry, Listed, User};
use super::record::{ToldDay, UsageRecord, day_of};
use crate::attribution::Platform;
use crate::prices::{PlanDay, PlanDays};
use crate::room;
use crate::rows::{
    Mended, NormalizeError, Oddity, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly, read_alone,
};
use crate::vendors::Flag;
use crate::vendors::cursor::api::BASIS;
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::priced::Priced;

/// More requests than anybody makes in a day, so that millionths of them, multiplied by a price, stay within 64 bits.
const REQUESTS_MAX: i64 = 10_000_000;

/// Makes rows of daily usage.
pub struct UsageRows<'r> {
    prices: Priced<'r>,
}

impl<'r> UsageRows<'r> {
    pub fn new(prices: PlanDays<'r>) -> Self {
        Self { prices: Priced::new(prices) }
    }

    fn take_page<'p>(
        &self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<(&'p UsageRecord<'p>, &'p [Oddity]), &'p Unread>>,
        output: &mut Output<'_>,
    ) {
        // A user stands on one page only, as the paging made sure, so twins are on the same page.
        let mut listed = Listed::new();
        for (index, record) in records.enumerate() {
            match record.map_err(Unread::clone).and_then(|record| Ok((covered_day(record.0, output)?, record))) {
                Ok((day, (record, oddities))) => listed.add(index, day, record, oddities),
                Err(Unread { day, reason }) => {
                    self.prices.reject(output, page, Position::InData(index), (day, &reason));
                }
            }
        }
        listed.sort();
        for (entry, user, twin) in listed.iter() {
            let Some(paid) = self.prices.on(entry.day, output) else { continue };
            output.at(page, Position::InData(entry.index));
            if let Err(reason) = take_record(entry, user, twin, paid, output) {
                output.reject(page, Position::InData(entry.index), Some(entry.day), &reason);
            }
        }
    }
}

fn take_record(
    entry: &Entry<'_>,
    user: &User<'_>,
    twin: Option<&UsageRecord<'_>>,
    paid: PlanDay,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let Entry { day, record, .. } = *entry;
    match twin {
        Some(twin) if twin == record => return Ok(()),
        Some(_) => {
            return Err("a second record of the same user and day, with other figures".to_owned());
        }
        None => {}
    }
    plausible("subscriptionIncludedReqs", record.subscription_included_reqs)?;
    plausible("usageBasedReqs", record.usage_based_reqs)?;
    // The seat is paid whether the person was active or not.
    let estimated_cost_usd = paid.estimate(record.usage_based_reqs.get()).map_err(|error| error.to_string())?;
    let manifest = output.manifest();
    let row = CursorUsageStat {
        account_id: manifest.account_id.as_str(),
        activity_date: day,
        row_id: user.row_id.as_str(),
        user_id: user.user_id.as_deref(),
        email: user.email,
        is_active: record.is_active.map(|Flag(is_active)| is_active),
        total_lines_added: record.total_lines_added.get(),
        total_lines_deleted: record.total_lines_deleted.get(),
        accepted_lines_added: record.accepted_lines_added.get(),
        accepted_lines_deleted: record.accepted_lines_deleted.get(),
        total_applies: record.total_applies.get(),
        total_accepts: record.total_accepts.get(),
        total_rejects: record.total_rejects.get(),
        total_tabs_shown: record.total_tabs_shown.get(),
        total_tabs_accepted: record.total_tabs_accepted.get(),
        composer_requests: record.composer_requests.get(),
        chat_requests: record.chat_requests.get(),
        agent_requests: record.agent_requests.get(),
        cmdk_usages: record.cmdk_usages.get(),
        bugbot_usages: record.bugbot_usages.get(),
        subscription_included_reqs: record.subscription_included_reqs.get(),
        usage_based_reqs: record.usage_based_reqs.get(),
        api_key_reqs: record.api_key_reqs.get(),
        most_used_model: record.most_used_model.as_deref(),
        apply_most_used_extension: record.apply_most_used_extension.as_deref(),
        tab_most_used_extension: record.tab_most_used_extension.as_deref(),
        client_version: record.client_version.as_deref(),
        estimated_cost_usd,
        plan: Some(paid.plan),
        billing_cycle_start: Some(paid.billing_cycle_start),
        seat_usd: Some(paid.seat_usd),
        included_requests: paid.included_requests,
        request_usd: paid.request_usd,
        platform: Platform::Cursor.name(),
        platform_basis: Some(BASIS),
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    };
    output.row(day, &row)?;
    if user.email.is_none() {
        output.remark(Some(day), "email", "it is empty; the user is known by the id alone");
    }
    output.remark_all(Some(day), entry.oddities);
    Ok(())
}

fn plausible(field: &str, requests: Count) -> Result<(), String> {
    match requests.get() {
        ..=REQUESTS_MAX => Ok(()),
        number => {
            Err(format!("{field}: out of range: {number} are more than {REQUESTS_MAX} requests of a person a day"))
        }
    }
}

impl RowMaker for UsageRows<'_> {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        self.prices.keep_days(page, output);
        if let Some(answer) = body.whole::<Page<UsageRecord<'_>>>() {
            self.take_page(page, answer.data.iter().map(|record| Ok((record, &[][..]))), output);
            return Ok(());
        }
        let answer: Page<&RawValue> = body.records().map_err(|reason| page.not_whole(reason))?;
        let mended: Vec<_> = answer.data.into_iter().map(read).collect();
        let records: Vec<Result<Read<'_, UsageRecord<'_>>, &Unread>> =
            mended.iter().map(|mended| mended.as_ref().map(Mended::read)).collect();
        let records = records.iter().map(|read| Read::parts(read).map_err(|reason| *reason));
        self.take_page(page, records, output);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Page<R> {
    #[serde(deserialize_with = "room::read_list")]
    data: Vec<R>,
}

/// A record that can't be listed, and the day that it tells all the same.
#[derive(Clone)]
struct Unread {
    day: Option<Day>,
    reason: String,
}

fn read<'a>(raw: &'a RawValue) -> Result<Mended<'a>, Unread> {
    mend_openly(raw, |text| serde_json::from_str::<UsageRecord<'_>>(text).map(drop)).map_err(|reason| {
        let told: Option<ToldDay<'a>> = read_alone(raw).ok();
        Unread { day: told.and_then(|told| day_of(told.day.as_deref(), told.date).ok()), reason }
    })
}

/// The day of a record, which the page must have been asked for.
fn covered_day(record: &UsageRecord<'_>, output: &Output<'_>) -> Result<Day, Unread> {
    let day = day_of(record.day.as_deref(), record.date).map_err(|reason| Unread { day: None, reason })?;
    if record.address().is_none() && record.user_id.is_none() {
        return Err(Unread { day: Some(day), reason: "email: it names nobody, and there is no userId".to_owned() });
    }
    match output.covers(day) {
        true => Ok(day),
        false => Err(Unread { day: Some(day), reason: format!("{day} was not asked for") }),
    }
}
