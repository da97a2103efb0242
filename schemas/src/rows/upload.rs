//! Rows of what people keep in sheets, because no API tells it.

use serde::Serialize;

use super::Row;
use crate::{Day, Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaudeUsageStat<'a> {
    pub organization_id: &'a str,
    pub activity_date: Day,
    pub row_id: &'a str,
    /// In lower case.
    pub email: &'a str,
    pub conversations: i64,
    pub projects: i64,
    pub files: i64,
    pub messages: i64,
    pub platform: &'a str,
    pub platform_basis: Option<&'a str>,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ClaudeUsageStat<'_> {
    const TABLE: &'static str = "claude_usage_stats";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        [self.conversations, self.projects, self.files, self.messages].into_iter().fold(0, i64::saturating_add)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKeyOwner<'a> {
    pub organization_id: &'a str,
    pub api_key_id: &'a str,
    /// In lower case.
    pub owner_email: &'a str,
    pub team: Option<&'a str>,
    pub note: Option<&'a str>,
    pub last_seen_at: Timestamp,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

impl Row for ApiKeyOwner<'_> {
    const TABLE: &'static str = "dim_api_key_owners";

    fn amount(&self) -> Option<Usd> {
        None
    }

    fn quantity(&self) -> i64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    #[test]
    fn the_rows_fit_their_tables_with_their_options_full_and_empty() {
        let (day, at) = (Day::from_epoch_days(1).expect("a day"), Timestamp::from_micros(1));
        for some in [None, Some("x")] {
            fits::check(ClaudeUsageStat {
                organization_id: "a",
                activity_date: day,
                row_id: "r",
                email: "ada@example.com",
                conversations: 1,
                projects: 2,
                files: 3,
                messages: 4,
                platform: "claude.ai",
                platform_basis: some,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
            fits::check(ApiKeyOwner {
                organization_id: "a",
                api_key_id: "apikey_01",
                owner_email: "ada@example.com",
                team: some,
                note: some,
                last_seen_at: at,
                snapshot_id: "s",
                fetched_at: at,
                ingestion_timestamp: at,
            });
        }
    }
}
