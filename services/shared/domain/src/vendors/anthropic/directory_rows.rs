//! Reading the lists of workspaces, API keys and users: one record for each.
//!
//! A record of a key holds a hint at the key, which goes into its own column and nowhere else: no reason for a reject
//! quotes a record.

use std::collections::{BTreeMap, HashMap};

use everycent_schemas::rows::{DimApiKey, DimUser, DimWorkspace};
use everycent_schemas::{Day, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::normalize::{NormalizeError, Output, PageContext, Position, RowMaker, read_discreetly};
use crate::vendors::{Text, lower_case, without_content};

/// Makes rows of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRows {
    Workspaces,
    ApiKeys,
    Users,
}

impl RowMaker for ListRows {
    fn page(&mut self, page: &PageContext<'_>, body: &str, output: &mut Output<'_>) -> Result<(), NormalizeError> {
        match self {
            Self::Workspaces => take_page::<Workspace<'_>>(page, body, output),
            Self::ApiKeys => take_page::<ApiKey<'_>>(page, body, output),
            Self::Users => take_page::<User<'_>>(page, body, output),
        }
    }
}

/// A record of a list.
trait Item<'p>: Deserialize<'p> {
    fn id(&self) -> &str;
    fn put(&self, day: Day, output: &mut Output<'_>);
}

fn take_page<'p, R: Item<'p>>(
    page: &PageContext<'_>,
    body: &'p str,
    output: &mut Output<'_>,
) -> Result<(), NormalizeError> {
    let list: Page<'p> = serde_json::from_str(body).map_err(|e| page.not_whole(without_content(&e)))?;
    let day = *page.manifest.covered.first().ok_or_else(|| page.not_whole("the manifest covers no day"))?;
    // An item stands on one page only, as the paging made sure, so twins are on the same page.
    let mut seen = HashMap::with_capacity(list.data.len());
    for (index, raw) in list.data.into_iter().enumerate() {
        if let Err(reason) = take_record::<R>(day, raw, &mut seen, output) {
            output.reject(page, Position::InData(index), Some(day), &reason);
        }
    }
    Ok(())
}

fn take_record<'p, R: Item<'p>>(
    day: Day,
    raw: &'p RawValue,
    seen: &mut HashMap<String, &'p str>,
    output: &mut Output<'_>,
) -> Result<(), String> {
    let record: R = read_discreetly(raw)?;
    match seen.insert(record.id().to_owned(), raw.get()) {
        Some(twin) if twin == raw.get() => Ok(()),
        Some(_) => Err("a second record of the same id, with other content".into()),
        None => {
            record.put(day, output);
            Ok(())
        }
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Workspace<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
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

    fn put(&self, day: Day, output: &mut Output<'_>) {
        let manifest = output.manifest();
        let tags = self.tags_json();
        let nowhere = DataResidency::default();
        let residency = self.data_residency.as_ref().unwrap_or(&nowhere);
        let row = DimWorkspace {
            organization_id: &manifest.account_id,
            workspace_id: &self.id,
            name: &self.name,
            // The default workspace is in no list.
            is_default: false,
            created_at: self.created_at,
            archived_at: self.archived_at,
            display_color: self.display_color.as_deref(),
            workspace_geo: residency.workspace_geo.as_deref(),
            default_inference_geo: residency.default_inference_geo.as_deref(),
            tags: tags.as_deref(),
            last_seen_at: manifest.fetched_at,
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row);
    }
}

#[derive(Deserialize)]
struct ApiKey<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    name: Text<'a>,
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
    #[serde(borrow)]
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
    Option::deserialize(deserializer).map(Some)
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
    /// Where both fields are told, the one that names the default workspace as the reports do.
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

    fn put(&self, day: Day, output: &mut Output<'_>) {
        let manifest = output.manifest();
        let row = DimApiKey {
            organization_id: &manifest.account_id,
            api_key_id: &self.id,
            name: &self.name,
            status: self.status.as_deref(),
            scope_type: self.scope.as_ref().and_then(|scope| scope.kind.as_deref()),
            workspace_id: self.workspace_id(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            partial_key_hint: self.partial_key_hint.as_deref(),
            created_by_type: self.created_by.as_ref().and_then(Someone::kind),
            created_by_id: self.created_by.as_ref().and_then(Someone::id),
            principal_type: self.principal.as_ref().and_then(Someone::kind),
            principal_id: self.principal.as_ref().and_then(Someone::id),
            last_seen_at: manifest.fetched_at,
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row);
    }
}

#[derive(Deserialize)]
struct User<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    email: Text<'a>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    role: Option<Text<'a>>,
    added_at: Option<Timestamp>,
}

impl<'p> Item<'p> for User<'p> {
    fn id(&self) -> &str {
        &self.id
    }

    fn put(&self, day: Day, output: &mut Output<'_>) {
        let manifest = output.manifest();
        let row = DimUser {
            organization_id: &manifest.account_id,
            user_id: &self.id,
            email: &lower_case(&self.email),
            name: self.name.as_deref(),
            role: self.role.as_deref(),
            added_at: self.added_at,
            last_seen_at: manifest.fetched_at,
            snapshot_id: &manifest.snapshot_id,
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.row(day, &row);
    }
}
