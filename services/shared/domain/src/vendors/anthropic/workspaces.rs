//! Workspaces: `GET /v1/organizations/workspaces`. The default workspace is in the list on request only.
//!
//! Source: platform.claude.com/docs, Admin API.

mod listing;

use std::collections::BTreeMap;

use everycent_schemas::rows::DimWorkspace;
use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::lists::{Item, ListOf, ListPager, ListReport, ListRows, SCHEDULE, take_page};
use crate::report::{Kind, MakeRows, Origin, Report};
use crate::rows::{OutOfRange, Output};
use crate::source::Source;
use crate::vendor::Vendor;
use crate::vendors::{Label, Text};

pub use listing::Listing;

const REPORT: ListReport = ListReport {
    path: "/v1/organizations/workspaces",
    filters: &[("include_archived", "true"), ("include_default", "true")],
};

pub const SOURCE: Source = Source::of(&Report {
    name: "anthropic/workspaces",
    vendor: Vendor::Anthropic,
    about: "the workspaces as they are now, archived ones too",
    kind: Kind::PointInTime,
    origin: Origin::Api { pager: |task| Box::new(ListPager::new(REPORT, task.window)), schedule: SCHEDULE },
    rows: MakeRows::Plain(|| Box::new(ListRows(take_page::<Workspaces>))),
    tables: &["dim_workspaces"],
    weighs: &[],
    control: None,
});

/// The list of them.
struct Workspaces;

impl ListOf for Workspaces {
    type Item<'p> = Workspace<'p>;
}

#[derive(Deserialize)]
struct Workspace<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Option<Label<'a>>,
    created_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
    #[serde(borrow)]
    display_color: Option<Text<'a>>,
    #[serde(default, borrow)]
    data_residency: Option<DataResidency<'a>>,
    /// In order of name, whatever order the vendor tells them in.
    #[serde(borrow)]
    tags: Option<BTreeMap<Text<'a>, &'a RawValue>>,
}

#[derive(Default, Deserialize)]
struct DataResidency<'a> {
    #[serde(borrow)]
    workspace_geo: Option<Text<'a>>,
    #[serde(borrow)]
    default_inference_geo: Option<Text<'a>>,
}

impl Workspace<'_> {
    fn tags_json(&self) -> Option<String> {
        let tags: BTreeMap<&str, &RawValue> =
            self.tags.as_ref()?.iter().map(|(name, value)| (&**name, *value)).collect();
        Some(serde_json::to_string(&tags).expect("invariant: a map of texts to JSON is JSON"))
    }
}

impl<'p> Item<'p> for Workspace<'p> {
    fn id(&self) -> &str {
        &self.id
    }

    fn put(&self, day: Day, output: &mut Output<'_>) -> Result<(), OutOfRange> {
        let manifest = output.manifest();
        let tags = self.tags_json();
        let nowhere = DataResidency::default();
        let residency = self.data_residency.as_ref().unwrap_or(&nowhere);
        let row = DimWorkspace {
            organization_id: manifest.account_id.as_str(),
            workspace_id: &self.id,
            name: self.name.as_deref(),
            is_default: output.is_default_workspace(&self.id),
            created_at: self.created_at,
            archived_at: self.archived_at,
            display_color: self.display_color.as_deref(),
            workspace_geo: residency.workspace_geo.as_deref(),
            default_inference_geo: residency.default_inference_geo.as_deref(),
            tags: tags.as_deref(),
            last_seen_at: manifest.fetched_at,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row)
    }
}
