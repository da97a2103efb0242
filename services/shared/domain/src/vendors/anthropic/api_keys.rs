//! API keys of every status: `GET /v1/organizations/api_keys`.
//!
//! A record holds a hint at the key, which goes into its own column and nowhere else: no reason for a reject quotes a
//! record.
//!
//! Source: platform.claude.com/docs, Admin API.

use everycent_schemas::rows::DimApiKey;
use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;

use super::lists::{Item, ListOf, ListPager, ListReport, ListRows, SCHEDULE, take_page};
use crate::report::{Kind, MakeRows, Origin, Report};
use crate::rows::{OutOfRange, Output, read_needed};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::vendors::{Label, Text};

const REPORT: ListReport = ListReport { path: "/v1/organizations/api_keys", filters: &[] };

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/api_keys",
    vendor: Vendor::Anthropic,
    about: "the API keys as they are now, inactive ones too",
    kind: Kind::PointInTime,
    origin: Origin::Api { pager: |task| Box::new(ListPager::new(REPORT, task.window)), schedule: SCHEDULE },
    rows: MakeRows::Plain(|| Box::new(ListRows(take_page::<ApiKeys>))),
    tables: &["dim_api_keys"],
    weighs: &[],
    control: None,
});

/// The list of them.
struct ApiKeys;

impl ListOf for ApiKeys {
    type Item<'p> = ApiKey<'p>;
}

#[derive(Deserialize)]
struct ApiKey<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Option<Label<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    created_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    #[serde(borrow)]
    partial_key_hint: Option<Text<'a>>,
    #[serde(borrow)]
    created_by: Option<Someone<'a>>,
    #[serde(borrow)]
    principal: Option<Someone<'a>>,
    /// Null is the default workspace; newer answers leave it out.
    #[serde(default, borrow, deserialize_with = "told")]
    workspace_id: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    scope: Option<Scope<'a>>,
}

/// Names the default workspace by its id.
#[derive(Deserialize)]
struct Scope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(default, borrow, deserialize_with = "read_needed")]
    workspace_id: Option<Text<'a>>,
}

/// `{id, type}`, or in newer answers `{user_id, type: "user_actor"}` and the like.
#[derive(Deserialize)]
struct Someone<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    user_id: Option<Text<'a>>,
    #[serde(borrow)]
    service_account_id: Option<Text<'a>>,
}

/// A field that is there, be it null.
fn told<'de: 'a, 'a, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Text<'a>>>, D::Error> {
    read_needed(deserializer).map(Some)
}

impl Someone<'_> {
    /// The same word in both shapes.
    fn kind(&self) -> Option<&str> {
        let kind = self.kind.as_deref()?;
        Some(kind.strip_suffix("_actor").unwrap_or(kind))
    }

    fn id(&self) -> Option<&str> {
        [&self.id, &self.user_id, &self.service_account_id].into_iter().find_map(|id| id.as_deref())
    }
}

impl ApiKey<'_> {
    /// Where both fields are told, the one that names the default workspace as most reports do.
    fn workspace_id(&self) -> Option<&str> {
        match (&self.workspace_id, &self.scope) {
            (Some(workspace_id), _) => workspace_id.as_deref(),
            (None, scope) => scope.as_ref()?.workspace_id.as_deref(),
        }
    }
}

impl<'p> Item<'p> for ApiKey<'p> {
    fn id(&self) -> &str {
        &self.id
    }

    fn put(&self, day: Day, output: &mut Output<'_>) -> Result<(), OutOfRange> {
        let manifest = output.manifest();
        let row = DimApiKey {
            organization_id: manifest.account_id.as_str(),
            api_key_id: &self.id,
            name: self.name.as_deref(),
            status: self.status.as_deref(),
            scope_type: self.scope.as_ref().and_then(|scope| scope.kind.as_deref()),
            workspace_id: output.workspace(self.workspace_id()).workspace_id,
            created_at: self.created_at,
            expires_at: self.expires_at,
            partial_key_hint: self.partial_key_hint.as_deref(),
            created_by_type: self.created_by.as_ref().and_then(Someone::kind),
            created_by_id: self.created_by.as_ref().and_then(Someone::id),
            principal_type: self.principal.as_ref().and_then(Someone::kind),
            principal_id: self.principal.as_ref().and_then(Someone::id),
            last_seen_at: manifest.fetched_at,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row)
    }
}
