//! Names and owners: what is joined when it is read.

use everycent_schemas::events::RowFile;
use everycent_schemas::rows::{ApiKeyOwner, CursorMember, DimApiKey, DimUser, DimWorkspace, EarlierApiKeyOwner};

use super::super::world::{Answer, RowStore, at, day};

pub(super) const CLAUDE: [&str; 4] =
    ["anthropic/workspaces", "anthropic/api_keys", "anthropic/users", "upload/api_key_owners"];
pub(super) const MEMBERS: &str = "cursor/members";

/// The rows of a reading: the second one has other owners.
pub(super) fn files(store: &RowStore, answer: &Answer, is_second: bool) -> Vec<RowFile> {
    let owner = if is_second { "gil@example.com" } else { "fay@example.com" };
    match answer.source {
        "anthropic/workspaces" => file(store.file(answer, &[workspace(answer, "w1"), workspace(answer, "w2")])),
        "anthropic/api_keys" => file(store.file(answer, &[key(answer, "k1"), key(answer, "k2")])),
        "anthropic/users" => file(store.file(answer, &[user(answer)])),
        MEMBERS => file(store.file(answer, &[member(answer, "ann@example.com"), member(answer, "bob@example.com")])),
        _ => {
            let owners = store.file(answer, &[key_owner(answer, owner)]);
            file(owners).into_iter().chain(file(store.file(answer, &[earlier_owner(answer)]))).collect()
        }
    }
}

fn file(file: Option<RowFile>) -> Vec<RowFile> {
    file.into_iter().collect()
}

fn workspace(answer: &Answer, workspace_id: &'static str) -> DimWorkspace<'static> {
    DimWorkspace {
        organization_id: answer.account,
        workspace_id,
        name: (workspace_id == "w1").then_some("Research"),
        is_default: workspace_id == "w2",
        created_at: None,
        archived_at: None,
        display_color: None,
        workspace_geo: None,
        default_inference_geo: None,
        tags: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn key(answer: &Answer, api_key_id: &'static str) -> DimApiKey<'static> {
    DimApiKey {
        organization_id: answer.account,
        api_key_id,
        name: Some("a key"),
        status: None,
        scope_type: None,
        workspace_id: None,
        created_at: None,
        expires_at: None,
        partial_key_hint: None,
        created_by_type: None,
        created_by_id: Some("u1"),
        principal_type: None,
        principal_id: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn user(answer: &Answer) -> DimUser<'static> {
    DimUser {
        organization_id: answer.account,
        user_id: "u1",
        email: Some("eve@example.com"),
        name: None,
        role: None,
        added_at: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn key_owner(answer: &Answer, owner_email: &'static str) -> ApiKeyOwner<'static> {
    ApiKeyOwner {
        organization_id: answer.account,
        api_key_id: "k1",
        owner_email,
        team: Some("a team"),
        note: None,
        valid_from: Some(day(10)),
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn earlier_owner(answer: &Answer) -> EarlierApiKeyOwner<'static> {
    EarlierApiKeyOwner {
        organization_id: answer.account,
        api_key_id: "k1",
        valid_until: day(10),
        valid_from: Some(day(3)),
        owner_email: "ann@example.com",
        team: None,
        note: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn member(answer: &Answer, email: &'static str) -> CursorMember<'static> {
    CursorMember {
        account_id: answer.account,
        member_id: email,
        email: Some(email),
        name: Some("A Member"),
        role: None,
        is_removed: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}
