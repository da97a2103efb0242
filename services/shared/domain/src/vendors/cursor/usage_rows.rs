//! Reading daily usage: one record for each user and day. It holds counts; what they and the seat cost comes from the
//! price table.

use std::borrow::Cow;
use std::fmt;

use everycent_schemas::rows::CursorUsageStat;
use everycent_schemas::{Day, Timestamp, Usd};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};
use serde_json::value::RawValue;

use super::usage_order::{Entry, Listed, User};
use crate::attribution::Platform;
use crate::normalize::{NormalizeError, Output, PageContext, Position, RowMaker, read_alone};
use crate::prices::{PlanDay, PlanDays, PriceError};
use crate::room;
use crate::vendors::{Text, without_content};

/// Says that the vendor itself is the evidence for the platform.
pub(super) const BASIS: &str = "vendor";

/// Makes rows of daily usage.
pub struct UsageRows<'r> {
    prices: PlanDays<'r>,
}

/// Why a record gives no row.
enum Refusal {
    Reject(String),
    Stop(NormalizeError),
}

impl<'r> UsageRows<'r> {
    pub fn new(prices: PlanDays<'r>) -> Self {
        Self { prices }
    }

    fn take_page<'p>(
        &self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<&'p UsageRecord<'p>, &'p Unread>>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        // A user stands on one page only, as the paging made sure, so twins are on the same page.
        let mut listed = Listed::new();
        for (index, record) in records.enumerate() {
            match record.map_err(Unread::clone).and_then(|record| Ok((covered_day(record, output)?, record))) {
                Ok((day, record)) => listed.add(index, day, record),
                Err(Unread { day, reason }) => output.reject(page, Position::InData(index), day, &reason),
            }
        }
        listed.sort();
        for (entry, user, twin) in listed.iter() {
            match self.take_record(entry, user, twin, output) {
                Ok(()) => {}
                Err(Refusal::Reject(reason)) => {
                    output.reject(page, Position::InData(entry.index), Some(entry.day), &reason);
                }
                Err(Refusal::Stop(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn take_record(
        &self,
        entry: &Entry<'_>,
        user: &User<'_>,
        twin: Option<&UsageRecord<'_>>,
        output: &mut Output<'_>,
    ) -> Result<(), Refusal> {
        let Entry { day, record, .. } = *entry;
        match twin {
            Some(twin) if twin == record => return Ok(()),
            Some(_) => {
                return Err(Refusal::Reject("a second record of the same user and day, with other figures".into()));
            }
            None => {}
        }
        let (paid, estimated_cost_usd) = self.price(day, record).map_err(|error| match error {
            PriceError::Unpriced { .. } => Refusal::Stop(NormalizeError::Unpriced(error)),
            PriceError::Absurd { .. } => Refusal::Reject(error.to_string()),
        })?;
        let manifest = output.manifest();
        let row = CursorUsageStat {
            account_id: &manifest.account_id,
            activity_date: day,
            row_id: user.row_id.as_str(),
            user_id: user.user_id.as_deref(),
            email: &user.email,
            is_active: record.is_active,
            total_lines_added: record.total_lines_added.0,
            total_lines_deleted: record.total_lines_deleted.0,
            accepted_lines_added: record.accepted_lines_added.0,
            accepted_lines_deleted: record.accepted_lines_deleted.0,
            total_applies: record.total_applies.0,
            total_accepts: record.total_accepts.0,
            total_rejects: record.total_rejects.0,
            total_tabs_shown: record.total_tabs_shown.0,
            total_tabs_accepted: record.total_tabs_accepted.0,
            composer_requests: record.composer_requests.0,
            chat_requests: record.chat_requests.0,
            agent_requests: record.agent_requests.0,
            cmdk_usages: record.cmdk_usages.0,
            bugbot_usages: record.bugbot_usages.0,
            subscription_included_reqs: record.subscription_included_reqs.0,
            usage_based_reqs: record.usage_based_reqs.0,
            api_key_reqs: record.api_key_reqs.0,
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
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row);
        Ok(())
    }

    /// What the seat means on the day, which is paid whether the person was active or not, and what the requests cost.
    fn price(&self, day: Day, record: &UsageRecord<'_>) -> Result<(PlanDay, Option<Usd>), PriceError> {
        let paid = self.prices.on(day)?;
        Ok((paid, paid.estimate(record.usage_based_reqs.0)?))
    }
}

impl RowMaker for UsageRows<'_> {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        if let Ok(answer) = serde_json::from_str::<Page<UsageRecord<'_>>>(body) {
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

/// A record that can't be listed, and the day that it tells all the same.
#[derive(Clone)]
struct Unread {
    day: Option<Day>,
    reason: String,
}

fn read<'a>(raw: &'a RawValue) -> Result<UsageRecord<'a>, Unread> {
    read_alone(raw).map_err(|reason| {
        let told: Option<ToldDay<'a>> = read_alone(raw).ok();
        Unread { day: told.and_then(|told| day_of(told.day.as_deref(), told.date).ok()), reason }
    })
}

/// The day of a record, which the page must have been asked for.
fn covered_day(record: &UsageRecord<'_>, output: &Output<'_>) -> Result<Day, Unread> {
    let day = day_of(record.day.as_deref(), record.date).map_err(|reason| Unread { day: None, reason })?;
    match output.covers(day) {
        true => Ok(day),
        false => Err(Unread { day: Some(day), reason: format!("{day} was not asked for") }),
    }
}

#[derive(Deserialize)]
struct ToldDay<'a> {
    #[serde(borrow)]
    day: Option<Text<'a>>,
    date: Option<i64>,
}

/// `day` as the vendor tells it today, or the older `date`.
fn day_of(day: Option<&str>, date: Option<i64>) -> Result<Day, String> {
    match (day, date) {
        (Some(day), _) => day.parse().map_err(|e| format!("day: {e}")),
        (None, Some(millis)) => Ok(Timestamp::from_micros(millis.saturating_mul(1000)).day()),
        (None, None) => Err("it has neither `day` nor `date`".into()),
    }
}

/// One user on one day. Fields that the vendor adds are left in the page.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct UsageRecord<'a> {
    #[serde(borrow)]
    pub(super) user_id: Option<UserId<'a>>,
    #[serde(borrow)]
    pub(super) email: Text<'a>,
    #[serde(borrow)]
    day: Option<Text<'a>>,
    /// Midnight UTC, in milliseconds since 1970.
    date: Option<i64>,
    is_active: Option<bool>,
    #[serde(default)]
    total_lines_added: Count,
    #[serde(default)]
    total_lines_deleted: Count,
    #[serde(default)]
    accepted_lines_added: Count,
    #[serde(default)]
    accepted_lines_deleted: Count,
    #[serde(default)]
    total_applies: Count,
    #[serde(default)]
    total_accepts: Count,
    #[serde(default)]
    total_rejects: Count,
    #[serde(default)]
    total_tabs_shown: Count,
    #[serde(default)]
    total_tabs_accepted: Count,
    #[serde(default)]
    composer_requests: Count,
    #[serde(default)]
    chat_requests: Count,
    #[serde(default)]
    agent_requests: Count,
    #[serde(default)]
    cmdk_usages: Count,
    #[serde(default)]
    bugbot_usages: Count,
    #[serde(default)]
    subscription_included_reqs: Count,
    #[serde(default)]
    usage_based_reqs: Count,
    #[serde(default)]
    api_key_reqs: Count,
    #[serde(borrow)]
    most_used_model: Option<Text<'a>>,
    #[serde(borrow)]
    apply_most_used_extension: Option<Text<'a>>,
    #[serde(borrow)]
    tab_most_used_extension: Option<Text<'a>>,
    #[serde(borrow)]
    client_version: Option<Text<'a>>,
}

/// The vendor's id of a user: a number in this report, text in others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum UserId<'a> {
    Number(i64),
    Text(Text<'a>),
}

impl UserId<'_> {
    pub(super) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Number(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }
}

impl fmt::Display for UserId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for UserId<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrText;

        impl<'de> Visitor<'de> for NumberOrText {
            type Value = UserId<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a user's id")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<UserId<'de>, E> {
                Ok(UserId::Number(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<UserId<'de>, E> {
                i64::try_from(number).map(UserId::Number).map_err(E::custom)
            }

            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<UserId<'de>, E> {
                Ok(UserId::Text(Text::from(text)))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<UserId<'de>, E> {
                Ok(UserId::Text(Text::from(text.to_owned())))
            }
        }

        deserializer.deserialize_any(NumberOrText)
    }
}

/// A count. An inactive user's may be null or left out, which is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Count(i64);

impl Count {
    pub(super) fn get(self) -> i64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;

        impl Visitor<'_> for Whole {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Count, E> {
                match number {
                    0.. => Ok(Count(number)),
                    _ => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Count, E> {
                i64::try_from(number).map(Count).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_unit<E: Error>(self) -> Result<Count, E> {
                Ok(Count(0))
            }
        }

        deserializer.deserialize_any(Whole)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_count_is_whole_or_none() {
        let read = |text: &str| serde_json::from_str::<Count>(text).map(|count| count.0).ok();
        let cases = [
            ("7", Some(7)),
            ("null", Some(0)),
            ("-1", None),
            ("1.5", None),
            ("\"7\"", None),
            ("18446744073709551615", None),
        ];
        for (text, count) in cases {
            assert_eq!(read(text), count, "{text}");
        }
    }

    #[test]
    fn a_user_id_may_be_a_number_or_text() {
        let read = |text: &'static str| serde_json::from_str::<UserId<'_>>(text).unwrap().to_string();
        assert_eq!(read("12345"), "12345");
        assert_eq!(read("\"user_Ab\""), "user_Ab");
    }
}
