//! Rows of who and what belongs to an Anthropic organization.

use serde::Serialize;

use super::Row;
use crate::{Timestamp, Usd};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DimWorkspace<'a> {
    pub organization_id: &'a str,
    pub workspace_id: &'a str,
    pub name: &'a str,
    pub is_default: bool,
    pub created_at: Option<Timestamp>,
    pub archived_at: Option<Timestamp>,
    pub display_color: Option<&'a str>,
    pub workspace_geo: Option<&'a str>,
    pub default_inference_geo: Option<&'a str>,
    /// JSON, names in order.
    pub tags: Option<&'a str>,
    pub last_seen_at: Timestamp,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DimApiKey<'a> {
    pub organization_id: &'a str,
    pub api_key_id: &'a str,
    pub name: &'a str,
    pub status: Option<&'a str>,
    pub scope_type: Option<&'a str>,
    /// `None` is the default workspace, or none at all for a key of the whole organization.
    pub workspace_id: Option<&'a str>,
    pub created_at: Option<Timestamp>,
    pub expires_at: Option<Timestamp>,
    pub partial_key_hint: Option<&'a str>,
    pub created_by_type: Option<&'a str>,
    pub created_by_id: Option<&'a str>,
    pub principal_type: Option<&'a str>,
    pub principal_id: Option<&'a str>,
    pub last_seen_at: Timestamp,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DimUser<'a> {
    pub organization_id: &'a str,
    pub user_id: &'a str,
    /// In lower case.
    pub email: &'a str,
    pub name: Option<&'a str>,
    pub role: Option<&'a str>,
    pub added_at: Option<Timestamp>,
    pub last_seen_at: Timestamp,
    pub snapshot_id: &'a str,
    pub fetched_at: Timestamp,
    pub ingestion_timestamp: Timestamp,
}

/// A directory has nothing to add up.
macro_rules! uncounted {
    ($($row:ident feeds $table:literal;)*) => {
        $(impl Row for $row<'_> {
            const TABLE: &'static str = $table;

            fn amount(&self) -> Option<Usd> {
                None
            }

            fn quantity(&self) -> i64 {
                0
            }
        })*
    };
}

uncounted! {
    DimWorkspace feeds "dim_workspaces";
    DimApiKey feeds "dim_api_keys";
    DimUser feeds "dim_users";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rowfile::fits;

    const AT: Timestamp = Timestamp::from_micros(1);

    #[test]
    fn the_rows_fit_their_tables_with_their_options_full_and_empty() {
        for some in [None, Some("x")] {
            let at = some.map(|_| AT);
            fits::check(DimWorkspace {
                organization_id: "a",
                workspace_id: "w",
                name: "n",
                is_default: some.is_some(),
                created_at: at,
                archived_at: at,
                display_color: some,
                workspace_geo: some,
                default_inference_geo: some,
                tags: some,
                last_seen_at: AT,
                snapshot_id: "s",
                fetched_at: AT,
                ingestion_timestamp: AT,
            });
            fits::check(DimApiKey {
                organization_id: "a",
                api_key_id: "k",
                name: "n",
                status: some,
                scope_type: some,
                workspace_id: some,
                created_at: at,
                expires_at: at,
                partial_key_hint: some,
                created_by_type: some,
                created_by_id: some,
                principal_type: some,
                principal_id: some,
                last_seen_at: AT,
                snapshot_id: "s",
                fetched_at: AT,
                ingestion_timestamp: AT,
            });
            fits::check(DimUser {
                organization_id: "a",
                user_id: "u",
                email: "ada@example.com",
                name: some,
                role: some,
                added_at: at,
                last_seen_at: AT,
                snapshot_id: "s",
                fetched_at: AT,
                ingestion_timestamp: AT,
            });
        }
    }
}
