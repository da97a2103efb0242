//! A record of daily usage as the vendor reports it: one user on one day.

use everycent_schemas::Day;
use serde::Deserialize;

use crate::rows::read_needed;
use crate::vendors::cursor::count::Count;
use crate::vendors::cursor::instant::Millis;
use crate::vendors::cursor::user_id::UserId;
use crate::vendors::{Address, Flag, Label, Text};

/// One user on one day. Fields that the vendor adds are left in the page.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsageRecord<'a> {
    #[serde(borrow)]
    pub user_id: Option<UserId<'a>>,
    #[serde(borrow)]
    pub email: Option<Address<'a>>,
    #[serde(borrow)]
    pub day: Option<Text<'a>>,
    /// Midnight UTC.
    pub date: Option<Millis>,
    pub is_active: Option<Flag>,
    #[serde(default)]
    pub total_lines_added: Count,
    #[serde(default)]
    pub total_lines_deleted: Count,
    #[serde(default)]
    pub accepted_lines_added: Count,
    #[serde(default)]
    pub accepted_lines_deleted: Count,
    #[serde(default)]
    pub total_applies: Count,
    #[serde(default)]
    pub total_accepts: Count,
    #[serde(default)]
    pub total_rejects: Count,
    #[serde(default)]
    pub total_tabs_shown: Count,
    #[serde(default)]
    pub total_tabs_accepted: Count,
    #[serde(default)]
    pub composer_requests: Count,
    #[serde(default)]
    pub chat_requests: Count,
    #[serde(default)]
    pub agent_requests: Count,
    #[serde(default)]
    pub cmdk_usages: Count,
    #[serde(default)]
    pub bugbot_usages: Count,
    /// On a request plan money is computed of these two.
    #[serde(default, deserialize_with = "read_needed")]
    pub subscription_included_reqs: Count,
    #[serde(default, deserialize_with = "read_needed")]
    pub usage_based_reqs: Count,
    #[serde(default)]
    pub api_key_reqs: Count,
    #[serde(borrow)]
    pub most_used_model: Option<Label<'a>>,
    #[serde(borrow)]
    pub apply_most_used_extension: Option<Label<'a>>,
    #[serde(borrow)]
    pub tab_most_used_extension: Option<Label<'a>>,
    #[serde(borrow)]
    pub client_version: Option<Label<'a>>,
}

impl UsageRecord<'_> {
    /// The address that names the user.
    pub fn address(&self) -> Option<&str> {
        self.email.as_ref().and_then(Address::person)
    }
}

#[derive(Deserialize)]
pub struct ToldDay<'a> {
    #[serde(borrow)]
    pub day: Option<Text<'a>>,
    pub date: Option<Millis>,
}

/// `day` as the vendor tells it today, or the older `date`.
pub fn day_of(day: Option<&str>, date: Option<Millis>) -> Result<Day, String> {
    match (day, date) {
        (Some(day), _) => day.parse().map_err(|e| format!("day: {e}")),
        (None, Some(date)) => Ok(date.timestamp().day()),
        (None, None) => Err("it has neither `day` nor `date`".into()),
    }
}
